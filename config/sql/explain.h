/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes that explain shows. Private to this room and its tests. */
#pragma once

#include "config/sql/plan.h"

/* Key words of one group: 8 bytes for each key of fixed size, 16 for a text (pointer and length, or
 * the text itself). */
uint32_t fb_explain_key_bytes(const struct fb_query_plan *query);
/*
 * An estimate of one group in one slice: key words; 8 for hash and NULL bits; per aggregate 8 for a
 * COUNT, SUM, MIN or MAX of a fixed type, 16 for MIN or MAX of a text and for AVG (sum and count).
 * Index and page headers are not in it; what a query really takes is fb_slice_layout_entry_bytes.
 */
uint32_t fb_explain_state_bytes(const struct fb_query_plan *query);
