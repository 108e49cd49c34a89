/* SPDX-License-Identifier: Apache-2.0 */
/* A piece of text or bytes that somebody else owns; not terminated. */
#pragma once

#include <string.h>

#include "config/base/macro.h"

struct fb_str {
	const char *p;
	uint32_t len; /* bytes */
};

#define FB_STR(literal) ((struct fb_str){(literal), sizeof(literal) - 1})

static inline struct fb_str fb_str_from(const char *terminated)
{
	return (struct fb_str){terminated, (uint32_t)strlen(terminated)};
}

static inline bool fb_str_eq(struct fb_str a, struct fb_str b)
{
	return a.len == b.len && memcmp(a.p, b.p, a.len) == 0;
}

/* Order of unsigned bytes, shorter first: the order of STRING in SQL (semantics 1.3, MIN/MAX). */
static inline int fb_str_cmp(struct fb_str a, struct fb_str b)
{
	int order = memcmp(a.p, b.p, FB_MIN(a.len, b.len));

	return order ? order : (a.len > b.len) - (a.len < b.len);
}
