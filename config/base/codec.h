/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small values as bytes of the store, one behind the other: integers little-endian, texts with their length in front. A cursor reads
 * them back; what is not there reads as zero and sets `bad`, so that one look at the end is enough. Any thread.
 */
#pragma once

#include <string.h>

#include "config/base/buf.h"
#include "config/base/str.h"

static inline void fb_put_u64(struct fb_buf *out, uint64_t value)
{
	fb_buf_add(out, &value, sizeof(value));
}

static inline void fb_put_text(struct fb_buf *out, const char *text)
{
	fb_put_u64(out, strlen(text));
	fb_buf_add_text(out, text);
}

/* With its size in front: another version's struct is noticed, not misread. */
static inline void fb_put_struct(struct fb_buf *out, const void *bytes, size_t len)
{
	fb_put_u64(out, len);
	fb_buf_add(out, bytes, len);
}

struct fb_cursor {
	const uint8_t *p;
	size_t left;
	bool bad;
};

static inline uint64_t fb_get_u64(struct fb_cursor *in)
{
	uint64_t value = 0;

	if (in->left < sizeof(value)) {
		in->bad = true;
		return 0;
	}
	memcpy(&value, in->p, sizeof(value));
	in->p += sizeof(value);
	in->left -= sizeof(value);
	return value;
}

/* Lies in the bytes that are read. */
static inline struct fb_str fb_get_text(struct fb_cursor *in)
{
	uint64_t len = fb_get_u64(in);
	struct fb_str text = {(const char *)in->p, (uint32_t)len};

	if (in->bad || len > in->left) {
		in->bad = true;
		return FB_STR("");
	}
	in->p += len;
	in->left -= len;
	return text;
}
