/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LIKE: % is any text, _ one character but no line end (Flink makes a regular expression of it, in
 * which . stands for _). Literal patterns of one piece have kernels of their own. Hot.
 */
#include "dataplane/operator/expr_private.h"
#include "dataplane/operator/like.h"

static uint32_t character_len(struct fb_str text, uint32_t at)
{
	uint8_t lead = (uint8_t)text.p[at];
	uint32_t len = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;

	return FB_MIN(len, text.len - at);
}

/* Carriage return, line feed, U+0085, U+2028, U+2029. */
static bool is_line_end(struct fb_str text, uint32_t at)
{
	const uint8_t *p = (const uint8_t *)text.p + at;
	uint32_t left = text.len - at;

	return p[0] == '\n' || p[0] == '\r' || (left >= 2 && p[0] == 0xc2 && p[1] == 0x85) ||
	       (left >= 3 && p[0] == 0xe2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9));
}

static bool is_escape(struct fb_str pattern, uint32_t at, struct fb_str escape)
{
	return escape.len > 0 && pattern.len - at >= escape.len &&
	       memcmp(pattern.p + at, escape.p, escape.len) == 0;
}

/* Behind an escape stands %, _ or the escape itself: its length; 0: something else. */
static uint32_t escaped_len(struct fb_str pattern, uint32_t at, struct fb_str escape)
{
	if (at < pattern.len && (pattern.p[at] == '%' || pattern.p[at] == '_'))
		return 1;
	return is_escape(pattern, at, escape) ? escape.len : 0;
}

static bool is_well_formed(struct fb_str pattern, struct fb_str escape)
{
	for (uint32_t at = 0; escape.len > 0 && at < pattern.len;) {
		uint32_t len = 1;

		if (is_escape(pattern, at, escape)) {
			at += escape.len;
			len = escaped_len(pattern, at, escape);
			if (len == 0)
				return false;
		}
		at += len;
	}
	return true;
}

/* One step of the pattern at *p and the text at *t; false: they differ. */
static bool step(struct fb_str text, uint32_t *t, struct fb_str pattern, uint32_t *p, struct fb_str escape)
{
	uint32_t len = 1;
	bool escaped = is_escape(pattern, *p, escape);

	if (*t == text.len)
		return false;
	if (!escaped && pattern.p[*p] == '_') {
		if (is_line_end(text, *t))
			return false;
		++*p;
		*t += character_len(text, *t);
		return true;
	}
	if (escaped) {
		*p += escape.len;
		len = escaped_len(pattern, *p, escape);
	}
	if (text.len - *t < len || memcmp(text.p + *t, pattern.p + *p, len) != 0)
		return false;
	*p += len;
	*t += len;
	return true;
}

/* What stood behind the last % is tried at each character: no earlier % need give way again. */
static bool matches(struct fb_str text, struct fb_str pattern, struct fb_str escape)
{
	uint32_t t = 0, p = 0, retry_t = 0, retry_p = UINT32_MAX;

	for (;;) {
		if (p < pattern.len && pattern.p[p] == '%' && !is_escape(pattern, p, escape)) {
			retry_p = ++p;
			retry_t = t;
			continue;
		}
		if (p == pattern.len && t == text.len)
			return true;
		if (p < pattern.len && step(text, &t, pattern, &p, escape))
			continue;
		if (retry_p == UINT32_MAX || retry_t == text.len)
			return false;
		retry_t += character_len(text, retry_t);
		t = retry_t;
		p = retry_p;
	}
}

static bool matches_compiled(struct fb_str text, const struct fb_like *like)
{
	struct fb_str piece = like->piece;

	switch (like->kind) {
	case FB_LIKE_ALL:
		return true;
	case FB_LIKE_EQUAL:
		return fb_str_eq(text, piece);
	case FB_LIKE_PREFIX:
		return text.len >= piece.len && memcmp(text.p, piece.p, piece.len) == 0;
	case FB_LIKE_SUFFIX:
		return text.len >= piece.len &&
		       memcmp(text.p + text.len - piece.len, piece.p, piece.len) == 0;
	case FB_LIKE_INSIDE:
		return memmem(text.p, text.len, piece.p, piece.len) != NULL;
	default:
		return matches(text, like->pattern, like->escape);
	}
}

void fb_eval_like(const struct fb_eval *eval, struct fb_node *node)
{
	const struct fb_column *text = node->args[0]->value;
	const struct fb_column *pattern = node->args[1]->value;
	struct fb_str escape = node->arg_cnt == 3 ? node->args[2]->expr->literal.str : FB_LIKE_ESCAPE;

	fb_node_valid_all(node);
	for (uint32_t i = 0; i < eval->batch->sel_cnt; i++) {
		uint32_t row = eval->batch->sel[i];

		if (!fb_column_is_valid(&node->own, row) || fb_node_has_failed(node->args[0], row) ||
			fb_node_has_failed(node->args[1], row))
			continue;
		if (node->like != NULL)
			node->own.i64[row] = matches_compiled(text->str[row], node->like);
		else if (is_well_formed(pattern->str[row], escape))
			node->own.i64[row] = matches(text->str[row], pattern->str[row], escape);
		else
			fb_fail_row(eval, row);
	}
}
