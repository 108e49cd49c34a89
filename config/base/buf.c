/* SPDX-License-Identifier: Apache-2.0 */
#include "config/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void fb_buf_fini(struct fb_buf *buf)
{
	free(buf->p);
	*buf = (struct fb_buf){0};
}

char *fb_buf_reserve(struct fb_buf *buf, size_t more)
{
	if (buf->p == NULL || buf->cap - buf->len <= more) {
		size_t cap = FB_MAX(buf->cap * 2, buf->len + more + 1);
		char *p = realloc(buf->p, FB_MAX(cap, (size_t)64));

		if (p == NULL) {
			buf->failed = true;
			return NULL;
		}
		buf->p = p;
		buf->cap = FB_MAX(cap, (size_t)64);
	}
	return buf->p + buf->len;
}

void fb_buf_add(struct fb_buf *buf, const void *bytes, size_t len)
{
	char *at = fb_buf_reserve(buf, len);

	if (at == NULL)
		return;
	if (len)
		memcpy(at, bytes, len);
	at[len] = '\0';
	buf->len += len;
}

void fb_buf_printf(struct fb_buf *buf, const char *fmt, ...)
{
	va_list args;
	va_list again;

	va_start(args, fmt);
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, fmt, args);
	char *at = len < 0 ? NULL : fb_buf_reserve(buf, (size_t)len + 1);

	if (at != NULL) {
		vsnprintf(at, (size_t)len + 1, fmt, again);
		buf->len += (size_t)len;
	}
	va_end(again);
	va_end(args);
}
