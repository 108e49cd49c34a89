/* SPDX-License-Identifier: Apache-2.0 */
/* Values as text; shared by the writers and the CLI-facing printer. Not on a poll-mode core. */
#pragma once

#include "config/base/buf.h"
#include "config/sql/types.h"

/* Shortest text that reads back as the same number, in Java's layout: 1.0E10, 0.001, NaN, Infinity. */
void fb_text_double(double value, bool single, struct fb_buf *out);
/* Unscaled value with its point; strip: without trailing zeros and maybe scientific, as BigDecimal.stripTrailingZeros prints. */
void fb_text_decimal(fb_i128 value, uint32_t scale, bool strip, struct fb_buf *out);
/* yyyy-MM-dd<separator>HH:mm:ss[.f] with trailing zeros of the fraction trimmed (semantics 1.4: the format printers). */
void fb_text_timestamp(struct fb_type type, int64_t value, char separator, struct fb_buf *out);
