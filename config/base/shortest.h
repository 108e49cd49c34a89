/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shortest text of a floating number: the fewest decimal digits that read back as the same double or
 * float, and of these the nearest, as Double.toString gives since JDK 19. Exact arithmetic on
 * integers (Steele and White; Burger and Dybvig, PLDI 1996); no allocation, no C library, no locale:
 * fit for a poll-mode core.
 */
#pragma once

#include "config/base/decimal.h"

struct fb_digits {
	char digit[20];   /* '0'–'9', the first and the last not '0'; 0 is "0" */
	uint32_t cnt;     /* 1–17 */
	int32_t exponent; /* value = 0.DIGITS * 10^exponent */
};

/* `value` is finite and not negative; single: it is a float. */
void fb_shortest_digits(double value, bool single, struct fb_digits *ret);

#define FB_DOUBLE_TEXT_BYTES 32
/* Java's layout: 1.0E10, 0.001, NaN, -Infinity. Returns the length; not terminated. */
uint32_t fb_double_format(double value, bool single, char text[FB_DOUBLE_TEXT_BYTES]);

/* Through the shortest text, HALF_UP: BigDecimal.valueOf. INVALID: NaN, infinite. */
enum fb_decimal_result fb_decimal_from_double(
	double value, bool single, struct fb_decimal_type to, fb_i128 *ret);
/*
 * HALF_UP to so many digits behind the point, of the shortest text; digits may be negative. False:
 * NaN, infinite.
 */
bool fb_double_round(double value, bool single, int32_t digits, double *ret);
