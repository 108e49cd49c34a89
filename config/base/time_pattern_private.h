/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of time patterns.
 *
 *   time_pattern.c        a pattern's text to items, and writing by them
 *   time_pattern_read.c   reading by them
 */
#pragma once

#include "config/base/calendar.h"
#include "config/base/time_pattern.h"

#define US_PER_S 1000000LL
#define US_PER_DAY (86400 * US_PER_S)

/* English, in full: January first, Monday first. */
extern const char *const fb_month_names[12];
extern const char *const fb_week_day_names[7];

/* ---- the Julian calendar, in which SimpleDateFormat lives before 15 October 1582 ---- */

#define GREGORIAN_FROM (-141427) /* days since 1970 */
#define JULIAN_EPOCH 2440588     /* the Julian day number of 1970-01-01 */

static inline int64_t julian_days(int64_t year, int64_t month, int64_t day)
{
	int64_t early = month < 3; /* such months belong to the year before, which begins in March */
	int64_t y = year + 4800 - early;

	return day + (153 * (month + 12 * early - 3) + 2) / 5 + 365 * y + fb_floor_div(y, 4) - 32083 -
	       JULIAN_EPOCH;
}

static inline struct fb_civil julian_civil(int64_t days)
{
	int64_t c = days + JULIAN_EPOCH + 32082;
	int64_t y = fb_floor_div(4 * c + 3, 1461);
	int64_t rest = c - fb_floor_div(1461 * y, 4);
	int64_t month = (5 * rest + 2) / 153;

	return (struct fb_civil){
		.year = (int32_t)(y - 4800 + month / 10),
		.month = (uint8_t)(month + 3 - 12 * (month / 10)),
		.day = (uint8_t)(rest - (153 * month + 2) / 5 + 1),
	};
}
