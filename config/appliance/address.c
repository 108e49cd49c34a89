/* SPDX-License-Identifier: Apache-2.0 */
#include "config/appliance/address.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* Digits only, no sign, no leading zero; up to max. */
static bool parse_small(const char *text, unsigned max, unsigned *ret)
{
	unsigned value = 0;

	if (text[0] == '\0' || (text[0] == '0' && text[1] != '\0'))
		return false;
	for (const char *p = text; *p; p++) {
		if (*p < '0' || *p > '9')
			return false;
		value = value * 10 + (unsigned)(*p - '0');
		if (value > max)
			return false;
	}
	*ret = value;
	return true;
}

int fb_address_parse(const char *text, uint32_t *ret_ip, uint8_t *ret_prefix_len)
{
	const char *slash = strchr(text, '/');
	char host[INET_ADDRSTRLEN];
	struct in_addr address;
	unsigned prefix_len;
	uint32_t ip;

	if (slash == NULL || (size_t)(slash - text) >= sizeof(host) ||
		!parse_small(slash + 1, 32, &prefix_len))
		return FB_E_INVALID;
	memcpy(host, text, (size_t)(slash - text));
	host[slash - text] = '\0';
	if (inet_pton(AF_INET, host, &address) != 1 || prefix_len == 0)
		return FB_E_INVALID;
	ip = ntohl(address.s_addr);
	if (ip >> 24 == 0 || ip >> 24 == 127 ||
		ip >> 28 >= 0xe) /* this network, loopback, multicast and above */
		return FB_E_INVALID;
	if (prefix_len <= 30) {
		uint32_t host_bits = ip & (UINT32_MAX >> prefix_len);

		if (host_bits == 0 || host_bits == UINT32_MAX >> prefix_len)
			return FB_E_INVALID; /* the network itself, or its broadcast address */
	}
	*ret_ip = ip;
	*ret_prefix_len = (uint8_t)prefix_len;
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int fb_mac_parse(const char *text, uint8_t ret_mac[6])
{
	uint8_t mac[6], any = 0;

	if (strlen(text) != 17)
		return FB_E_INVALID;
	for (int i = 0; i < 6; i++) {
		int high = hex_digit(text[i * 3]), low = hex_digit(text[i * 3 + 1]);

		if (high < 0 || low < 0 || (i < 5 && text[i * 3 + 2] != ':'))
			return FB_E_INVALID;
		mac[i] = (uint8_t)(high << 4 | low);
		any |= mac[i];
	}
	if (any == 0 || mac[0] & 1)
		return FB_E_INVALID;
	memcpy(ret_mac, mac, 6);
	return 0;
}

int fb_listen_parse(const char *text, char ret_host[64], uint16_t *ret_port, bool *ret_loopback)
{
	const char *colon = strrchr(text, ':');
	bool brackets = text[0] == '[';
	size_t len = colon ? (size_t)(colon - text) : 0;
	struct in6_addr six;
	struct in_addr four;
	unsigned port;

	if (colon == NULL || len == 0 || len >= 64 || !parse_small(colon + 1, 65535, &port) ||
		port == 0)
		return FB_E_INVALID;
	if (brackets && (len < 3 || text[len - 1] != ']'))
		return FB_E_INVALID;
	memcpy(ret_host, text + brackets, len - 2 * brackets);
	ret_host[len - 2 * brackets] = '\0';
	*ret_port = (uint16_t)port;
	if (brackets) {
		if (inet_pton(AF_INET6, ret_host, &six) != 1)
			return FB_E_INVALID;
		*ret_loopback = IN6_IS_ADDR_LOOPBACK(&six);
		return 0;
	}
	*ret_loopback = strcmp(ret_host, "localhost") == 0;
	if (*ret_loopback)
		return 0;
	if (inet_pton(AF_INET, ret_host, &four) != 1)
		return FB_E_INVALID;
	*ret_loopback = ntohl(four.s_addr) >> 24 == 127;
	return 0;
}
