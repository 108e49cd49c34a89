/* SPDX-License-Identifier: Apache-2.0 */
/* The values of literals. Each returns 0 or FB_E_SYNTAX. Private to this room. */
#pragma once

#include "config/base/errcode.h"
#include "config/sql/ast.h"
#include "config/sql/types.h"

/* yyyy-MM-dd, a day that exists: days since 1970. */
int fb_literal_date(struct fb_str text, int64_t *ret_days) FB_MUST_CHECK;
/* yyyy-MM-dd HH:mm:ss[.f{1,6}]: microseconds since 1970 and the digits of the fraction. */
int fb_literal_timestamp(struct fb_str text, int64_t *ret_us, unsigned *ret_digits) FB_MUST_CHECK;
/* 1.5, 1E10: the nearest double. Infinite values are an error. */
int fb_literal_double(struct fb_str text, double *ret_value) FB_MUST_CHECK;
/* 1.5: unscaled value with precision and scale. FB_E_SYNTAX: more than 38 digits. */
int fb_literal_decimal(struct fb_str text, fb_i128 *ret_value, uint8_t *ret_precision,
	uint8_t *ret_scale) FB_MUST_CHECK;
/* Digits: FB_E_SYNTAX if over 2^63 - 1. */
int fb_literal_integer(struct fb_str text, int64_t *ret_value) FB_MUST_CHECK;

/*
 * An interval of DAY to SECOND in milliseconds (what is below is cut off, as Flink does). On
 * failure *ret_problem is a sentence for the user, in static memory or in `arena`.
 */
int fb_literal_interval(struct fb_arena *arena, struct fb_str text,
	const struct fb_ast_interval *as, int64_t *ret_ms, const char **ret_problem) FB_MUST_CHECK;

/* An interval of YEAR to MONTH in months; as above. */
int fb_literal_months(struct fb_arena *arena, struct fb_str text,
	const struct fb_ast_interval *as, int64_t *ret_months,
	const char **ret_problem) FB_MUST_CHECK;

/* "10 s", "500 ms", "1 min", "2h", bare number = ms: milliseconds (Flink's TimeUtils). */
int fb_literal_duration(struct fb_str text, int64_t *ret_ms) FB_MUST_CHECK;
/* "128MB", "64 kb", bare number = bytes (Flink's MemorySize). */
int fb_literal_bytes(struct fb_str text, int64_t *ret_bytes) FB_MUST_CHECK;
