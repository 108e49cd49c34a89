/* SPDX-License-Identifier: Apache-2.0 */
/* Values as text; shared by the writers and the CLI-facing printer. Not on a poll-mode core. */
#pragma once

#include "config/base/buf.h"
#include "config/sql/types.h"

/*
 * Shortest text that reads back as the same number, in Java's layout: 1.0E10, 0.001, NaN, Infinity.
 * Of one digit or of two the nearest of two: 4.9E-324 (Double.toString since JDK 19).
 */
void fb_text_double(double value, bool single, struct fb_buf *out);
/*
 * Unscaled value with its point and all digits of the scale, never scientific; strip: without
 * trailing zeros and maybe scientific, as BigDecimal.stripTrailingZeros prints.
 */
void fb_text_decimal(fb_i128 value, uint32_t scale, bool strip, struct fb_buf *out);
/* Base64 of RFC 4648 with padding, in one line. */
void fb_text_base64(struct fb_str bytes, struct fb_buf *out);
/* yyyy-MM-dd; years below 0 and above 9999 with their sign, as Java's LocalDate prints them. */
void fb_text_date(int64_t days, struct fb_buf *out);
/* That, <separator>, HH:mm:ss[.f] with trailing zeros of the fraction trimmed (semantics 1.4: the
 * format printers). */
void fb_text_timestamp(struct fb_type type, int64_t value, char separator, struct fb_buf *out);
