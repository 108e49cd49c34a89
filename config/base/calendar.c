/* SPDX-License-Identifier: Apache-2.0 */
#include "config/base/calendar.h"

#include <stdio.h>
#include <time.h>

int64_t fb_days_from_civil(int32_t year, uint32_t month, uint32_t day)
{
	int64_t y = (int64_t)year - (month <= 2);
	int64_t era = fb_floor_div(y, 400);
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * 146097 + doe - 719468 + ((int64_t)day - 1);
}

struct fb_civil fb_civil_from_days(int64_t days)
{
	int64_t z = days + 719468;
	int64_t era = fb_floor_div(z, 146097);
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	int64_t month = mp < 10 ? mp + 3 : mp - 9;

	return (struct fb_civil){
		.year = (int32_t)(yoe + era * 400 + (month <= 2)),
		.month = (uint8_t)month,
		.day = (uint8_t)(doy - (153 * mp + 2) / 5 + 1),
	};
}

uint32_t fb_days_in_month(int32_t year, uint32_t month)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

size_t fb_date_format(int64_t days, char text[FB_TIME_TEXT_BYTES])
{
	struct fb_civil civil = fb_civil_from_days(days);

	return (size_t)snprintf(
		text, FB_TIME_TEXT_BYTES, "%04d-%02u-%02u", civil.year, civil.month, civil.day);
}

size_t fb_time_format_us(int64_t us, unsigned digits, char text[FB_TIME_TEXT_BYTES])
{
	static const uint32_t units[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
	int64_t day_us = FB_MS_PER_DAY * 1000;
	int64_t days = fb_floor_div(us, day_us);
	int64_t rest = us - days * day_us;
	size_t len = fb_date_format(days, text);
	unsigned secs = (unsigned)(rest / 1000000);

	len += (size_t)snprintf(text + len, FB_TIME_TEXT_BYTES - len, " %02u:%02u:%02u",
		secs / 3600, secs / 60 % 60, secs % 60);
	if (digits)
		len += (size_t)snprintf(text + len, FB_TIME_TEXT_BYTES - len, ".%0*u", (int)digits,
			(unsigned)(rest % 1000000) / units[digits]);
	return len;
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t fb_clock_realtime_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

int64_t fb_clock_monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}
