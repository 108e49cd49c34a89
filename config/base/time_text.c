/* SPDX-License-Identifier: Apache-2.0 */
#include "config/base/time_text.h"

#include "config/base/calendar.h"

struct scanner {
	const char *at;
	const char *end;
};

static struct fb_str trim(struct fb_str text)
{
	while (text.len && (uint8_t)text.p[0] <= ' ') {
		text.p++;
		text.len--;
	}
	while (text.len && (uint8_t)text.p[text.len - 1] <= ' ')
		text.len--;
	return text;
}

static bool digits(struct scanner *in, int min, int max, uint32_t *ret)
{
	uint32_t value = 0;
	int cnt = 0;

	for (; cnt < max && in->at < in->end && *in->at >= '0' && *in->at <= '9'; cnt++)
		value = value * 10 + (uint32_t)(*in->at++ - '0');
	*ret = value;
	return cnt >= min;
}

static bool character(struct scanner *in, char c)
{
	if (in->at == in->end || *in->at != c)
		return false;
	in->at++;
	return true;
}

/* Up to nine digits behind the point; those below a microsecond are cut off. */
static bool fraction(struct scanner *in, uint32_t *ret_us)
{
	bool below = false;
	uint32_t micros = 0;
	int cnt = 0;

	for (; cnt < 9 && in->at < in->end && *in->at >= '0' && *in->at <= '9'; cnt++, in->at++) {
		if (cnt < 6)
			micros = micros * 10 + (uint32_t)(*in->at - '0');
		else
			below |= *in->at != '0';
	}
	for (; cnt < 6; cnt++)
		micros *= 10;
	*ret_us = micros;
	return !below;
}

bool fb_time_from_text(struct fb_str text, int64_t *ret_us)
{
	struct scanner in = {text.p, text.p + text.len};
	uint32_t year, month, day, hour = 0, minute = 0, second = 0, micros = 0;
	bool whole = true; /* nothing below a microsecond */

	if (!digits(&in, 4, 4, &year) || !character(&in, '-') || !digits(&in, 1, 2, &month) ||
		!character(&in, '-') || !digits(&in, 1, 2, &day))
		return false;
	if (in.at != in.end) {
		if (!character(&in, ' ') || !digits(&in, 1, 2, &hour) || !character(&in, ':') ||
			!digits(&in, 1, 2, &minute) || !character(&in, ':') ||
			!digits(&in, 1, 2, &second))
			return false;
		if (character(&in, '.'))
			whole = fraction(&in, &micros);
	}
	if (in.at != in.end || year < 1 || month < 1 || month > 12 || day < 1 || day > 31 || minute > 59 ||
		second > 59)
		return false;
	if (hour > 23 && (hour > 24 || minute != 0 || second != 0 || micros != 0 || !whole))
		return false;
	day = FB_MIN(day, fb_days_in_month((int32_t)year, month));
	*ret_us = (fb_days_from_civil((int32_t)year, month, day) * 86400 + hour * 3600 +
			  minute * 60 + second) *
			  1000000 +
		  micros;
	return true;
}

/* Digits with blanks around, up to `max`; more: none. */
static bool whole_number(struct fb_str text, uint32_t max, uint32_t *ret)
{
	uint32_t value = 0;

	text = trim(text);
	if (text.len == 0)
		return false;
	for (uint32_t i = 0; i < text.len; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		value = FB_MIN(value * 10 + (uint32_t)(text.p[i] - '0'), 100000u);
	}
	*ret = value;
	return value <= max;
}

bool fb_date_from_text(struct fb_str text, int64_t *ret_days)
{
	struct fb_str parts[3] = {{0}};
	uint32_t values[3] = {0, 1, 1};
	uint32_t cnt = 0, begin = 0;
	const char *blank = text.len ? memchr(text.p, ' ', text.len) : NULL;

	if (blank != NULL && blank > text.p)
		text.len = (uint32_t)(blank - text.p);
	for (uint32_t i = 0; i <= text.len; i++) {
		if (i < text.len && (text.p[i] != '-' || cnt == 2))
			continue;
		parts[cnt++] = (struct fb_str){text.p + begin, i - begin};
		begin = i + 1;
	}
	for (uint32_t i = 0; i < cnt; i++)
		if (!whole_number(parts[i], i == 0 ? 9999 : 31, &values[i]))
			return false;
	if (values[1] < 1 || values[1] > 12 || values[2] < 1 ||
		values[2] > fb_days_in_month((int32_t)values[0], values[1]))
		return false;
	*ret_days = fb_days_from_civil((int32_t)values[0], values[1], values[2]);
	return true;
}

/* ---- writing ---- */

static uint32_t put_number(char *out, int64_t value, uint32_t min_digits)
{
	char reversed[24];
	uint32_t cnt = 0;
	uint32_t len = 0;
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	do
		reversed[cnt++] = (char)('0' + rest % 10);
	while ((rest /= 10) != 0 || cnt < min_digits);
	if (value < 0)
		out[len++] = '-';
	while (cnt > 0)
		out[len++] = reversed[--cnt];
	return len;
}

uint32_t fb_date_to_text(int64_t days, char text[FB_TIME_CAST_BYTES])
{
	struct fb_civil civil = fb_civil_from_days(days);
	uint32_t len = put_number(text, civil.year, 4);

	text[len++] = '-';
	len += put_number(text + len, civil.month, 2);
	text[len++] = '-';
	return len + put_number(text + len, civil.day, 2);
}

uint32_t fb_time_to_text(
	int64_t days, int64_t micros, unsigned precision, char text[FB_TIME_CAST_BYTES])
{
	static const int64_t units[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
	int64_t second = micros / 1000000;
	uint32_t len = fb_date_to_text(days, text);

	text[len++] = ' ';
	len += put_number(text + len, second / 3600, 2);
	text[len++] = ':';
	len += put_number(text + len, second / 60 % 60, 2);
	text[len++] = ':';
	len += put_number(text + len, second % 60, 2);
	if (precision == 0)
		return len;
	text[len++] = '.';
	return len + put_number(text + len, micros % 1000000 / units[precision], precision);
}
