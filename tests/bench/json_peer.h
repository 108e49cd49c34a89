/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The peer of bench-format for JSON: simdjson (Langdale and Lemire, VLDB Journal 2019) over the same datagrams, on demand,
 * the way its documentation says is fastest for lines: iterate_many over a datagram, fields asked for in their order.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct fb_simdjson;

struct fb_simdjson_row {
	int64_t age;
	const char *city; /* in the datagram; of 16 bytes at most the first eight count */
	uint32_t city_bytes;
	int64_t ts_ms;
};

struct fb_simdjson *fb_simdjson_create(void);
void fb_simdjson_destroy(struct fb_simdjson *parser);
/* age, city and ts ("yyyy-MM-dd HH:mm:ss.SSS") of each record to rows; how many; -1: one did not parse. 64 bytes behind
 * len are readable. */
int fb_simdjson_datagram(struct fb_simdjson *parser, const uint8_t *data, uint32_t len, struct fb_simdjson_row *rows, int cap);
/* Which of its kernels it has chosen. */
const char *fb_simdjson_kernel(void);

#ifdef __cplusplus
}
#endif
