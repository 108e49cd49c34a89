/* SPDX-License-Identifier: Apache-2.0 */
/* Internet checksums (RFC 1071) of received packets, for ports whose device does not verify them.
 * Hot. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rte_ip.h>
#include <rte_udp.h>

/* Ones' complement sum in 32-bit steps; the order of bytes does not matter to it (RFC 1071, section
 * 2). */
static inline uint64_t fb_checksum_add(uint64_t sum, const void *bytes, uint32_t len)
{
	const uint8_t *at = bytes;
	uint64_t more = 0;
	uint32_t i = 0;

	for (; i + 4 <= len; i += 4) {
		uint32_t word;

		memcpy(&word, at + i, sizeof(word));
		more += word;
	}
	if (i < len) {
		uint32_t word = 0;

		memcpy(&word, at + i, len - i);
		more += word;
	}
	return sum + more;
}

/* True if the sum with its checksum field is all ones. */
static inline bool fb_checksum_is_good(uint64_t sum)
{
	sum = (sum >> 32) + (sum & 0xffffffff);
	sum = (sum >> 32) + (sum & 0xffffffff);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return sum == 0xffff;
}

static inline bool fb_ip_checksum_ok(const struct rte_ipv4_hdr *ip, uint32_t header_len)
{
	return fb_checksum_is_good(fb_checksum_add(0, ip, header_len));
}

/* len: of header and payload, as the UDP header says. */
static inline bool fb_udp_checksum_ok(
	const struct rte_ipv4_hdr *ip, const struct rte_udp_hdr *udp, uint32_t len)
{
	/* The pseudo header: addresses, protocol, UDP length. */
	uint64_t sum = fb_checksum_add(0, &ip->src_addr, 8);

	sum += rte_cpu_to_be_16(IPPROTO_UDP);
	sum += udp->dgram_len;
	return fb_checksum_is_good(fb_checksum_add(sum, udp, len));
}
