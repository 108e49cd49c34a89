/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams that a test can make again: number n of a seed always has the same bytes, source and
 * arrival. */
#pragma once

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state/rawlog/block.h"

#define TRAFFIC_PAYLOAD_MAX 2048

struct traffic {
	uint64_t seed;
	bool ipv6; /* every seventh comes from an IPv6 address */
	bool text; /* compressible */
	uint32_t len_max;
	uint8_t payload[TRAFFIC_PAYLOAD_MAX];
};

static inline uint64_t traffic_random(uint64_t x)
{
	/* splitmix64, Steele et al., OOPSLA 2014 */
	x += 0x9e3779b97f4a7c15ull;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

static inline struct fb_block_datagram traffic_make(struct traffic *traffic, uint64_t seq)
{
	uint64_t random = traffic_random(traffic->seed ^ seq * 31);
	struct fb_block_datagram datagram = {
		.seq = seq,
		.arrival_ns = 1700000000000000000 + (int64_t)seq * 1000,
		.watermark_ms = 1700000000000 + (int64_t)seq,
		.source_port = (uint16_t)random,
		.port = (uint8_t)(random >> 16),
		.queue = (uint8_t)(random >> 24),
		.len = (uint32_t)((random >> 32) % (traffic->len_max + 1)),
		.data = traffic->payload,
	};

	fb_block_map_ipv4(datagram.source, (uint32_t)(random >> 8));
	if (traffic->ipv6 && seq % 7 == 0)
		for (int i = 0; i < 16; i++)
			datagram.source[i] = (uint8_t)(0x20 + i * (int)(random & 15));
	for (uint32_t i = 0; i < datagram.len; i++)
		traffic->payload[i] =
			(uint8_t)(traffic->text ? 'a' + (seq + i) % 7 : traffic_random(random + i));
	return datagram;
}

static inline void traffic_expect(
	struct traffic *traffic, uint64_t seq, const struct fb_block_datagram *got)
{
	struct fb_block_datagram want = traffic_make(traffic, seq);

	cr_assert_eq(got->seq, want.seq, "datagram %llu instead of %llu",
		(unsigned long long)got->seq, (unsigned long long)want.seq);
	cr_assert_eq(got->arrival_ns, want.arrival_ns);
	cr_assert_eq(got->source_port, want.source_port);
	cr_assert_eq(got->port, want.port);
	cr_assert_eq(got->queue, want.queue);
	cr_assert_eq(memcmp(got->source, want.source, 16), 0);
	cr_assert_eq(got->len, want.len);
	cr_assert_eq(memcmp(got->data, want.data, want.len), 0, "bytes of datagram %llu",
		(unsigned long long)seq);
}
