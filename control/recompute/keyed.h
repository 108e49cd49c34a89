/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of one window by their key, as a multiset: what was published, and what a replay made of it.
 *
 * The key columns of a query are those of its select list that no aggregate goes into: window bounds and group keys, or what is
 * computed of them. Where all group keys are among them, a key has one row in a window; else it may have several, and what differs
 * is then told as rows that are no more and new ones.
 *
 * Rows are equal if their bytes are (dataplane/operator/row.h), but for floating point: a sum that was added up in another order
 * may differ in its last digits, so there a difference of 1e-9 of the value is none.
 *
 * One thread; no I/O.
 */
#pragma once

#include "config/base/arena.h"
#include "config/base/errcode.h"
#include "config/sql/plan.h"
#include "state/store/store.h"

/* Of a query: what its keys are. */
struct fb_row_keys {
	const struct fb_query_plan *plan;
	struct fb_type *types; /* of the select list */
	bool *is_key;          /* per column */
	bool unique;           /* a key has one row in a window */
	bool has_reals;
	/* columns of the window's bounds as they are; -1: not selected */
	int32_t start_column;
	int32_t end_column;
	struct fb_value *values; /* scratch: two rows */
};

/* FB_E_NO_MEMORY. */
int fb_row_keys_init(struct fb_row_keys *keys, const struct fb_query_plan *plan) FB_MUST_CHECK;
void fb_row_keys_fini(struct fb_row_keys *keys);
/* The bounds that a row says itself (start_column, end_column). FB_E_CORRUPT. */
int fb_row_keys_bounds(const struct fb_row_keys *keys, const uint8_t *bytes, size_t len, int64_t *ret_start_ms,
	int64_t *ret_end_ms) FB_MUST_CHECK;

struct fb_keyed_row {
	const uint8_t *key;
	const uint8_t *bytes;
	uint32_t key_len;
	uint32_t len;
	enum fb_store_change change;
};

/* Begins as all zero. */
struct fb_keyed_rows {
	struct fb_arena arena; /* owns bytes and keys */
	struct fb_keyed_row *at;
	size_t cnt, cap;
	bool sorted;
};

/* Copies one row. FB_E_CORRUPT: it is no row of the query; FB_E_NO_MEMORY. */
int fb_keyed_add(struct fb_keyed_rows *rows, const struct fb_row_keys *keys, enum fb_store_change change,
	const uint8_t *bytes, size_t len) FB_MUST_CHECK;
/* Forgets the rows, and their memory. */
void fb_keyed_clear(struct fb_keyed_rows *rows);
/* rows become what they are after a correction; its rows go over to them. FB_E_NO_MEMORY. */
int fb_keyed_apply(struct fb_keyed_rows *rows, struct fb_keyed_rows *correction) FB_MUST_CHECK;

enum fb_difference {
	FB_DIFFERENCE_MISSING, /* recomputed, but not published */
	FB_DIFFERENCE_EXTRA,   /* published, but not recomputed */
	FB_DIFFERENCE_CHANGED, /* the one row of the key is another */
	FB_DIFFERENCE_CNT,
};

/* published NULL: MISSING; recomputed NULL: EXTRA. Not 0 ends the comparison with that. */
typedef int (*fb_difference_fn)(void *arg, enum fb_difference kind, const struct fb_keyed_row *published,
	const struct fb_keyed_row *recomputed);
/* In the order of keys. Sorts both. */
int fb_keyed_compare(struct fb_keyed_rows *published, struct fb_keyed_rows *recomputed, const struct fb_row_keys *keys,
	fb_difference_fn fn, void *arg) FB_MUST_CHECK;
