/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calendar and clocks. Times of data are milliseconds (or microseconds) since 1970-01-01 00:00:00 of the
 * clock used, proleptic Gregorian, negative before it; days likewise.
 * Calendar arithmetic: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
 */
#pragma once

#include "config/base/str.h"

#define FB_MS_PER_DAY 86400000LL
#define FB_TIME_MIN INT64_MIN /* "no watermark yet" */
#define FB_TIME_MAX INT64_MAX /* "the input has ended" */

struct fb_civil {
	int32_t year;
	uint8_t month; /* 1–12 */
	uint8_t day;   /* 1–31 */
};

static inline int64_t fb_floor_div(int64_t a, int64_t b)
{
	int64_t q = a / b;

	return q - (a % b != 0 && (a < 0) != (b < 0));
}

static inline int64_t fb_floor_mod(int64_t a, int64_t b)
{
	return a - fb_floor_div(a, b) * b;
}

/* Month 1–12; day may be out of range and is then carried over. */
int64_t fb_days_from_civil(int32_t year, uint32_t month, uint32_t day);
struct fb_civil fb_civil_from_days(int64_t days);
/* Days in a month of the proleptic Gregorian calendar. */
uint32_t fb_days_in_month(int32_t year, uint32_t month);

#define FB_TIME_TEXT_BYTES 40
/*
 * yyyy-MM-dd HH:mm:ss.SSS; returns the length written, always < FB_TIME_TEXT_BYTES. digits = 0–6 of the
 * fraction, all printed (the CAST printer of semantics 1.4; the format printers trim).
 */
size_t fb_time_format_us(int64_t us, unsigned digits, char text[FB_TIME_TEXT_BYTES]);
size_t fb_date_format(int64_t days, char text[FB_TIME_TEXT_BYTES]);

/* CLOCK_REALTIME and CLOCK_MONOTONIC, through the vDSO: no system call. */
int64_t fb_clock_realtime_ns(void);
int64_t fb_clock_monotonic_ns(void);
