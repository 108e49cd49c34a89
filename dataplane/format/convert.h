/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Field text to value, by Flink's rules (semantics 1.4, 1.5). Hot: no allocation. Texts have
 * FB_PAYLOAD_PAD_BYTES readable bytes behind them (batch.h); *ret is untouched unless FB_CONVERTED.
 */
#pragma once

#include <string.h>

#include "config/sql/types.h"

enum fb_convert_result {
	FB_CONVERTED,
	FB_CONVERT_NUMBER,   /* FB_REC_NUMBER */
	FB_CONVERT_DATETIME, /* FB_REC_DATETIME */
	FB_CONVERT_NULL,     /* reads, but has more digits than the type: NULL */
};

enum fb_convert_result fb_convert_integer(struct fb_str text, enum fb_type_kind kind, int64_t *ret);

/* The greatest number of an integer type. */
static inline uint64_t fb_convert_integer_max(enum fb_type_kind kind)
{
	switch (kind) {
	case FB_T_TINYINT:
		return INT8_MAX;
	case FB_T_SMALLINT:
		return INT16_MAX;
	case FB_T_INT:
		return INT32_MAX;
	default:
		return INT64_MAX;
	}
}

/* Whether all eight bytes are digits. */
static inline bool fb_convert_is_digits(uint64_t word)
{
	return ((word & 0xf0f0f0f0f0f0f0f0u) |
		       (((word + 0x0606060606060606u) & 0xf0f0f0f0f0f0f0f0u) >> 4)) == 0x3333333333333333u;
}

/* Their number, in three multiplications (Langdale and Lemire 2019, section 3.1.4). */
static inline uint64_t fb_convert_eight_digits(uint64_t word)
{
	word = (word & 0x0f0f0f0f0f0f0f0fu) * 2561 >> 8;
	word = (word & 0x00ff00ff00ff00ffu) * 6553601 >> 16;
	return (word & 0x0000ffff0000ffffu) * 42949672960001u >> 32;
}

/*
 * The common shape of an integer: up to 16 digits and nothing else. False: it has another, or is above `max`. Shorter
 * texts are filled up with '0' in front; what is read behind them is the payload's padding.
 */
static inline bool fb_convert_plain_integer(struct fb_str text, uint64_t max, int64_t *ret)
{
	uint64_t high;
	uint64_t low;
	uint64_t value;

	if (text.len - 1 < 8) {
		memcpy(&low, text.p, sizeof(low));
		/* Two shifts: one by 64 would be undefined. */
		low = low << (64 - text.len * 8) | 0x3030303030303030u >> 8 >> (text.len * 8 - 8);
		if (!fb_convert_is_digits(low))
			return false;
		value = fb_convert_eight_digits(low);
	} else if (text.len - 9 < 8) {
		memcpy(&high, text.p, sizeof(high));
		memcpy(&low, text.p + text.len - 8, sizeof(low));
		high = high << (128 - text.len * 8) | 0x3030303030303030u >> 8 >> (text.len * 8 - 72);
		if (!fb_convert_is_digits(high) || !fb_convert_is_digits(low))
			return false;
		value = fb_convert_eight_digits(high) * 100000000 + fb_convert_eight_digits(low);
	} else {
		return false;
	}
	if (value > max)
		return false;
	*ret = (int64_t)value;
	return true;
}
enum fb_convert_result fb_convert_double(struct fb_str text, bool single, double *ret);
enum fb_convert_result fb_convert_date(struct fb_str text, int64_t *ret_days);
/* `type` says unit and whether a trailing Z is demanded. */
enum fb_convert_result fb_convert_timestamp(struct fb_str text, struct fb_type type, int64_t *ret);
int64_t fb_convert_boolean(struct fb_str text);
/* The grammar of BigDecimal, HALF_UP to the type's scale. Not trimmed; see fb_convert_trim. */
enum fb_convert_result fb_convert_decimal(struct fb_str text, struct fb_type type, fb_i128 *ret);

/* ---- where JSON differs ---- */

/* A JSON number with a fraction or exponent: by way of a double towards zero, as Jackson does. INT
 * and BIGINT only: to narrower types Flink takes integers alone. */
enum fb_convert_result fb_convert_fraction(
	struct fb_str text, enum fb_type_kind kind, int64_t *ret);
/* Java's ISO_LOCAL_DATE: no clamping, no Julian calendar. */
enum fb_convert_result fb_convert_iso_date(struct fb_str text, int64_t *ret_days);
/*
 * json.timestamp-format.standard: SQL as fb_convert_timestamp, but not trimmed; ISO-8601 with T,
 * and seconds that may be left out. Days behind the end of a month clamp, but for ISO-8601 without
 * zone.
 */
enum fb_convert_result fb_convert_json_timestamp(
	struct fb_str text, struct fb_type type, bool iso, int64_t *ret);

/*
 * The text with its digits of other scripts as ASCII, in `room`. False: there are none, or it holds something else that is not
 * ASCII, or it is longer than any number that would read.
 */
#define FB_CONVERT_DIGITS_MAX 1024
bool fb_convert_digits(struct fb_str text, char room[FB_CONVERT_DIGITS_MAX], struct fb_str *ret);

/* String.trim(): without what is not above a blank. */
struct fb_str fb_convert_trim(struct fb_str text);
