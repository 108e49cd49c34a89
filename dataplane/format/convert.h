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
};

enum fb_convert_result fb_convert_integer(struct fb_str text, enum fb_type_kind kind, int64_t *ret);
enum fb_convert_result fb_convert_double(struct fb_str text, bool single, double *ret);
enum fb_convert_result fb_convert_date(struct fb_str text, int64_t *ret_days);
/* `type` says unit and whether a trailing Z is demanded. */
enum fb_convert_result fb_convert_timestamp(struct fb_str text, struct fb_type type, int64_t *ret);
int64_t fb_convert_boolean(struct fb_str text);
