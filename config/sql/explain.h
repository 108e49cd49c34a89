/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of explain and the sizes that it shows. Private to this room and its tests. */
#pragma once

#include "config/sql/sql.h"

/* Key words of one group: 8 bytes for each key of fixed size, 16 for a text (pointer and length, or
 * the text itself). */
uint32_t fb_explain_key_bytes(const struct fb_query_plan *query);
/*
 * An estimate of one group in one slice: key words; 8 for hash and NULL bits; per aggregate 8 for a
 * COUNT, SUM, MIN or MAX of a fixed type, 16 for MIN or MAX of a text and for AVG (sum and count); 40
 * for what a fragment of a session knows of itself.
 * Index and page headers are not in it; what a query really takes is fb_slice_layout_entry_bytes.
 */
uint32_t fb_explain_state_bytes(const struct fb_query_plan *query);

/* A line with its label in front. */
void fb_explain_label(struct fb_buf *out, const char *text);
/* "10 s", "1 min", "1.5 s", "1 day". */
void fb_explain_duration(struct fb_buf *out, int64_t ms);
void fb_explain_watermark(const struct fb_query_plan *query, struct fb_buf *out);
/* Window, firing, lateness and slices; `names` are the record's fields. */
void fb_explain_window(
	const struct fb_query_plan *query, const char *const *names, struct fb_buf *out);
/* The windows that records of a plain query go out by. */
void fb_explain_assigner(
	const struct fb_query_plan *query, const char *const *names, struct fb_buf *out);
/* What one state is kept for: "open window". */
const char *fb_explain_unit(const struct fb_window *window);
