/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the options of connector 'datagen' say of one column, as Flink 2.2's DataGenTableSourceFactory has it: kinds, bounds and
 * lengths by type, which option goes with which type, and their defaults.
 */
#pragma once

#include "config/sql/plan.h"

#define FB_DATAGEN_LENGTH_MAX 65535

struct fb_datagen_field {
	struct fb_type type;
	bool sequence;
	double null_rate; /* 0 … 1, random ones alone */
	/* by type: integers, and the numbers of a sequence */
	int64_t min, max;
	/* FLOAT, DOUBLE; DECIMAL as unscaled values */
	double min_f64, max_f64;
	fb_i128 min_i128, max_i128;
	uint32_t length;     /* of a text or of bytes … */
	bool var_len;        /* … at most, at least 1 */
	int64_t max_past_ms;  /* of a timestamp */
};

/*
 * A physical column. NULL: *ret is filled in. Else what is wrong, in static memory; *ret_key (may be NULL) is the part behind
 * "fields.NAME." of the option that it is wrong with, NULL where it is missing.
 */
const char *fb_datagen_read(const struct fb_table *table, uint16_t field, struct fb_datagen_field *ret, const char **ret_key);

/* Rows that come before the table ends: of number-of-rows and all sequences the least; -1: it never does. */
int64_t fb_datagen_row_cnt(const struct fb_table *table);
int64_t fb_datagen_rows_per_second(const struct fb_table *table);
