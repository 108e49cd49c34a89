/* SPDX-License-Identifier: Apache-2.0 */
/* A literal LIKE pattern, compiled when the program is made. Private to this room. */
#pragma once

#include "config/base/str.h"

enum fb_like_kind {
	FB_LIKE_ALL,    /* % */
	FB_LIKE_EQUAL,  /* piece; Flink takes the empty literal for %, Spark and we do not */
	FB_LIKE_PREFIX, /* piece% */
	FB_LIKE_SUFFIX, /* %piece */
	FB_LIKE_INSIDE, /* %piece% */
	FB_LIKE_ANY,    /* anything else: pattern and escape as written */
};

/*
 * Without ESCAPE a backslash is one all the same, but only where Flink makes a regular expression: of a
 * pattern that is no literal, or has a _.
 */
#define FB_LIKE_ESCAPE FB_STR("\\")

struct fb_like {
	enum fb_like_kind kind;
	struct fb_str piece; /* points into the pattern, which the plan owns */
	struct fb_str pattern;
	struct fb_str escape; /* empty: none */
};

/* No allocation: `ret` is the caller's. */
static inline void fb_like_init(struct fb_like *ret, struct fb_str pattern, struct fb_str escape)
{
	uint32_t begin = 0, end = pattern.len;

	*ret = (struct fb_like){.kind = FB_LIKE_ANY, .pattern = pattern, .escape = escape};
	if (pattern.len > 0 && memchr(pattern.p, '_', pattern.len) != NULL && escape.len == 0)
		ret->escape = FB_LIKE_ESCAPE;
	if (escape.len > 0)
		return;
	while (begin < end && pattern.p[begin] == '%')
		begin++;
	while (end > begin && pattern.p[end - 1] == '%')
		end--;
	ret->piece = (struct fb_str){pattern.p + begin, end - begin};
	for (uint32_t i = 0; i < ret->piece.len; i++)
		if (ret->piece.p[i] == '%' || ret->piece.p[i] == '_')
			return;
	if (ret->piece.len == 0 && pattern.len > 0)
		ret->kind = FB_LIKE_ALL;
	else if (begin > 0)
		ret->kind = end < pattern.len ? FB_LIKE_INSIDE : FB_LIKE_SUFFIX;
	else
		ret->kind = end < pattern.len ? FB_LIKE_PREFIX : FB_LIKE_EQUAL;
}
