/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Field text to value, by Flink's rules (semantics 1.4, 1.5). Hot: no allocation. Texts have
 * FB_PAYLOAD_PAD_BYTES readable bytes behind them (batch.h); *ret is untouched unless FB_CONVERTED.
 */
#pragma once

#include "config/sql/types.h"

enum fb_convert_result {
	FB_CONVERTED,
	FB_CONVERT_NUMBER,   /* FB_REC_NUMBER */
	FB_CONVERT_DATETIME, /* FB_REC_DATETIME */
	FB_CONVERT_NULL,     /* reads, but has more digits than the type: NULL */
};

enum fb_convert_result fb_convert_integer(struct fb_str text, enum fb_type_kind kind, int64_t *ret);
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
