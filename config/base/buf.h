/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing byte buffer for the control plane and for writers. One thread. After a failed allocation it
 * keeps what it had, swallows what is added, and says so in `failed`: check once, at the end.
 */
#pragma once

#include "config/base/str.h"

struct fb_buf {
	char *p; /* NULL until the first byte; then always followed by a zero byte that does not count */
	size_t len;
	size_t cap;
	bool failed;
};

void fb_buf_fini(struct fb_buf *buf);
/* Room for `more` bytes behind len; NULL if there is none. The caller writes there, then adds to len. */
char *fb_buf_reserve(struct fb_buf *buf, size_t more);
void fb_buf_add(struct fb_buf *buf, const void *bytes, size_t len);
void fb_buf_printf(struct fb_buf *buf, const char *fmt, ...) FB_PRINTF(2, 3);

static inline void fb_buf_add_char(struct fb_buf *buf, char c)
{
	fb_buf_add(buf, &c, 1);
}

static inline void fb_buf_add_text(struct fb_buf *buf, const char *text)
{
	fb_buf_add(buf, text, strlen(text));
}

static inline void fb_buf_clear(struct fb_buf *buf)
{
	buf->len = 0;
	buf->failed = false;
}
