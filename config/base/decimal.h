/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exact decimal numbers: DECIMAL(p, s) of SQL is an integer of 128 bits, the value times 10^s, with
 * fewer than p + 1 digits. The types of results and the rounding are Flink's: LogicalTypeMerging
 * (the rules of Hive and of SQL Server) and DecimalDataUtils. Steps between may need twice as many
 * digits; they have 256 bits. Pure: no allocation, any thread.
 *
 * A bool result is false where the result has more digits than its type: SQL's NULL. Then *ret is
 * untouched. Arguments are within their types: less than 10^38 without their sign.
 */
#pragma once

#include "config/base/str.h"

typedef __int128 fb_i128;
typedef unsigned __int128 fb_u128;

#define FB_DECIMAL_DIGITS_MAX 38
#define FB_DECIMAL_TEXT_BYTES 48 /* of any value in any of the layouts below */

struct fb_decimal_type {
	uint8_t precision; /* digits, 1–38 */
	uint8_t scale;     /* of these, behind the point */
};

enum fb_decimal_result {
	FB_DECIMAL_DONE,
	FB_DECIMAL_OVERFLOW, /* more digits than the type has: NULL */
	FB_DECIMAL_INVALID,  /* by zero, or no number: the row fails */
};

/* 10^exponent, exponent 0–38. */
fb_i128 fb_decimal_power(uint32_t exponent);
/* Digits without leading zeros; 1 for 0. */
uint32_t fb_decimal_digits(fb_i128 value);

/* ---- types of results; also for subtraction ---- */

struct fb_decimal_type fb_decimal_type_add(struct fb_decimal_type a, struct fb_decimal_type b);
struct fb_decimal_type fb_decimal_type_mul(struct fb_decimal_type a, struct fb_decimal_type b);
struct fb_decimal_type fb_decimal_type_div(struct fb_decimal_type a, struct fb_decimal_type b);
struct fb_decimal_type fb_decimal_type_mod(struct fb_decimal_type a, struct fb_decimal_type b);
/* ROUND(a, digits); digits may be negative. */
struct fb_decimal_type fb_decimal_type_round(struct fb_decimal_type a, int32_t digits);
/* What holds both, as COALESCE and comparison need it: scale gives way to digits before the point. */
struct fb_decimal_type fb_decimal_type_common(struct fb_decimal_type a, struct fb_decimal_type b);

/* ---- arithmetic; a_scale and b_scale are the arguments' ---- */

/* The same number in another type, HALF_UP. */
bool fb_decimal_rescale(fb_i128 value, uint32_t scale, struct fb_decimal_type to, fb_i128 *ret);
/* Subtraction: pass -b. */
bool fb_decimal_add(fb_i128 a, uint32_t a_scale, fb_i128 b, uint32_t b_scale,
	struct fb_decimal_type to, fb_i128 *ret);
bool fb_decimal_mul(fb_i128 a, uint32_t a_scale, fb_i128 b, uint32_t b_scale,
	struct fb_decimal_type to, fb_i128 *ret);
/* A quotient of 38 digits, HALF_UP, and that rounded to `to`. */
enum fb_decimal_result fb_decimal_div(fb_i128 a, uint32_t a_scale, fb_i128 b, uint32_t b_scale,
	struct fb_decimal_type to, fb_i128 *ret);
/* Sign of the dividend. INVALID also where the quotient has more than 38 digits that count. */
enum fb_decimal_result fb_decimal_mod(fb_i128 a, uint32_t a_scale, fb_i128 b, uint32_t b_scale,
	struct fb_decimal_type to, fb_i128 *ret);
/* < 0, 0, > 0. */
int fb_decimal_compare(fb_i128 a, uint32_t a_scale, fb_i128 b, uint32_t b_scale);
/* The integers below and above, with scale 0. */
fb_i128 fb_decimal_floor(fb_i128 value, uint32_t scale);
fb_i128 fb_decimal_ceil(fb_i128 value, uint32_t scale);
/* HALF_UP to so many digits behind the point; `to` = fb_decimal_type_round. */
bool fb_decimal_round(
	fb_i128 value, uint32_t scale, int32_t digits, struct fb_decimal_type to, fb_i128 *ret);

/* ---- to and from other types ---- */

/* What is behind the point is cut off; wraps at 64 bits, as Java's longValue. */
int64_t fb_decimal_to_integer(fb_i128 value, uint32_t scale);
/* The nearest double; up to 18 digits of precision by one division, as Flink does. */
double fb_decimal_to_double(fb_i128 value, struct fb_decimal_type type);
/*
 * [+-]digits[.digits][e[+-]digits], nothing around it: the grammar of Java's BigDecimal; rounded
 * HALF_UP. INVALID: something else.
 */
enum fb_decimal_result fb_decimal_from_text(
	struct fb_str text, struct fb_decimal_type to, fb_i128 *ret);

/* ---- text; each returns the length written, less than FB_DECIMAL_TEXT_BYTES; not terminated ---- */

/* The point and all digits of the scale, never scientific: CAST to STRING. */
uint32_t fb_decimal_format(fb_i128 value, uint32_t scale, char text[FB_DECIMAL_TEXT_BYTES]);
/* Without trailing zeros, and then as BigDecimal.toString: 10.00 is 1E+1 (semantics 1.5: CSV). */
uint32_t fb_decimal_format_stripped(
	fb_i128 value, uint32_t scale, char text[FB_DECIMAL_TEXT_BYTES]);
