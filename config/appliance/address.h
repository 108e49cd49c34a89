/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses as the appliance file writes them. Any thread. */
#pragma once

#include "config/base/errcode.h"

/* "10.9.0.1/24": a unicast host address (RFC 1122, 3.2.1.3) with a prefix of 1 to 32 bits. Host
 * byte order. FB_E_INVALID. */
int fb_address_parse(const char *text, uint32_t *ret_ip, uint8_t *ret_prefix_len) FB_MUST_CHECK;
/* "02:00:00:00:00:02": unicast and not zero. FB_E_INVALID. */
int fb_mac_parse(const char *text, uint8_t ret_mac[6]) FB_MUST_CHECK;

/*
 * "127.0.0.1:9471", "[::1]:9471", "localhost:9471": *ret_host (room for 64) without brackets.
 * FB_E_INVALID: no such form. *ret_loopback: only this machine can reach it.
 */
int fb_listen_parse(
	const char *text, char ret_host[64], uint16_t *ret_port, bool *ret_loopback) FB_MUST_CHECK;
