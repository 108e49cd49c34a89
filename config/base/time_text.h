/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dates and timestamps as CAST, TO_DATE and TO_TIMESTAMP read and CAST writes them (semantics 1.4).
 * Pure; fit for a poll-mode core. Patterns are in time_pattern.h, the formats' layouts in
 * dataplane/format/convert.h.
 */
#pragma once

#include "config/base/str.h"

/*
 * yyyy-[M]M-[d]d[ [H]H:[m]m:[s]s[.f{0,9}]] and nothing around, years from 1: microseconds since 1970.
 * A day beyond its month's end is the end (2023-02-31: 02-28); 24:00:00 is the next day.
 */
bool fb_time_from_text(struct fb_str text, int64_t *ret_us);
/* y[-M[-d]] of years 0 to 9999, and what is behind a blank is not read: days since 1970. A day that
 * does not exist is none. */
bool fb_date_from_text(struct fb_str text, int64_t *ret_days);

#define FB_TIME_CAST_BYTES 40
/* Each returns the length written; not terminated. All digits of the precision are printed. */
uint32_t fb_date_to_text(int64_t days, char text[FB_TIME_CAST_BYTES]);
/* `micros` within the day `days`. */
uint32_t fb_time_to_text(
	int64_t days, int64_t micros, unsigned digits, char text[FB_TIME_CAST_BYTES]);
