/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Field text to value. Numbers: what Java's parsers take after trimming (semantics 1.5); dates and timestamps: exactly the
 * layouts of semantics 1.4. The common shapes have a path of their own; everything else is read byte by byte.
 */
#include <math.h>
#include <stdlib.h>

#include "config/base/calendar.h"
#include "dataplane/format/csv.h"

static struct fb_str trim(struct fb_str text)
{
	/* String.trim(): everything up to the blank. */
	while (text.len && (uint8_t)text.p[0] <= ' ') {
		text.p++;
		text.len--;
	}
	while (text.len && (uint8_t)text.p[text.len - 1] <= ' ')
		text.len--;
	return text;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* ---- integers ---- */

static const struct {
	int64_t min, max;
} ranges[] = {
	[FB_T_TINYINT] = {INT8_MIN, INT8_MAX},
	[FB_T_SMALLINT] = {INT16_MIN, INT16_MAX},
	[FB_T_INT] = {INT32_MIN, INT32_MAX},
	[FB_T_BIGINT] = {INT64_MIN, INT64_MAX},
};

static enum fb_convert_result integer_slow(struct fb_str text, enum fb_type_kind kind, int64_t *ret)
{
	bool negative = false;
	uint64_t value = 0;
	uint32_t at = 0;

	text = trim(text);
	if (text.len && (text.p[0] == '-' || text.p[0] == '+')) {
		negative = text.p[0] == '-';
		at = 1;
	}
	if (at == text.len)
		return FB_CONVERT_NUMBER;
	for (; at < text.len; at++) {
		if (!is_digit(text.p[at]) || __builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, (uint64_t)(text.p[at] - '0'), &value))
			return FB_CONVERT_NUMBER;
	}
	if (value > (uint64_t)ranges[kind].max + negative)
		return FB_CONVERT_NUMBER;
	*ret = negative ? (int64_t)(0 - value) : (int64_t)value;
	return FB_CONVERTED;
}

/* Eight digits in three multiplications (Langdale and Lemire 2019, section 3.1.4); shorter texts are filled with '0'. */
enum fb_convert_result fb_convert_integer(struct fb_str text, enum fb_type_kind kind, int64_t *ret)
{
	uint64_t word;
	uint32_t shift;

	if (text.len == 0 || text.len > 8 || kind < FB_T_INT)
		return integer_slow(text, kind, ret);
	memcpy(&word, text.p, sizeof(word)); /* reads behind short texts: the payload's padding */
	shift = 64 - text.len * 8;
	word = shift ? word << shift | 0x3030303030303030u >> (64 - shift) : word;
	if (((word & 0xf0f0f0f0f0f0f0f0u) | (((word + 0x0606060606060606u) & 0xf0f0f0f0f0f0f0f0u) >> 4)) !=
		0x3333333333333333u)
		return integer_slow(text, kind, ret);
	word = (word & 0x0f0f0f0f0f0f0f0fu) * 2561 >> 8;
	word = (word & 0x00ff00ff00ff00ffu) * 6553601 >> 16;
	*ret = (int64_t)((word & 0x0000ffff0000ffffu) * 42949672960001u >> 32);
	return FB_CONVERTED;
}

/* ---- floating point ---- */

static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
	1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static bool special_double(struct fb_str text, double *ret)
{
	bool negative = text.len && text.p[0] == '-';

	if (text.len && (text.p[0] == '-' || text.p[0] == '+')) {
		text.p++;
		text.len--;
	}
	if (fb_str_eq(text, FB_STR("Infinity")))
		*ret = negative ? -INFINITY : INFINITY;
	else if (fb_str_eq(text, FB_STR("NaN")))
		*ret = NAN;
	else
		return false;
	return true;
}

/*
 * Java's grammar: digits with a point, exponent, suffix d or f. Where 15 digits and a power of ten up to 22 hold the number
 * exactly, one operation rounds right (Clinger, PLDI 1990); else the C library reads the checked text.
 */
enum fb_convert_result fb_convert_double(struct fb_str text, bool single, double *ret)
{
	char copy[128];
	uint64_t digits = 0;
	uint32_t digit_cnt = 0;
	int exponent = 0;
	uint32_t at = 0;
	bool point = false;
	bool any = false;

	text = trim(text);
	if (special_double(text, ret))
		return FB_CONVERTED;
	if (text.len == 0 || text.len >= sizeof(copy))
		return FB_CONVERT_NUMBER;
	at += text.p[0] == '-' || text.p[0] == '+';
	for (; at < text.len && (is_digit(text.p[at]) || (text.p[at] == '.' && !point)); at++) {
		if (text.p[at] == '.') {
			point = true;
			continue;
		}
		any = true;
		exponent -= point;
		digit_cnt += digit_cnt || text.p[at] != '0';
		digits = digit_cnt <= 19 ? digits * 10 + (uint64_t)(text.p[at] - '0') : digits;
	}
	if (!any)
		return FB_CONVERT_NUMBER;
	if (at < text.len && (text.p[at] | 0x20) == 'e') {
		bool negative = at + 1 < text.len && text.p[at + 1] == '-';
		int written = 0;

		at += 1 + (at + 1 < text.len && (text.p[at + 1] == '-' || text.p[at + 1] == '+'));
		if (at == text.len || !is_digit(text.p[at]))
			return FB_CONVERT_NUMBER;
		for (; at < text.len && is_digit(text.p[at]); at++)
			written = written < 10000 ? written * 10 + (text.p[at] - '0') : written;
		exponent += negative ? -written : written;
	}

	uint32_t number_len = at;

	if (at < text.len && ((text.p[at] | 0x20) == 'd' || (text.p[at] | 0x20) == 'f'))
		at++;
	if (at != text.len)
		return FB_CONVERT_NUMBER;
	if (digit_cnt <= 15 && exponent >= -22 && exponent <= 22 && !single) {
		double value = (double)digits;

		value = exponent < 0 ? value / powers[-exponent] : value * powers[exponent];
		*ret = text.p[0] == '-' ? -value : value;
		return FB_CONVERTED;
	}
	memcpy(copy, text.p, number_len);
	copy[number_len] = '\0';
	*ret = single ? (double)strtof(copy, NULL) : strtod(copy, NULL);
	return FB_CONVERTED;
}

int64_t fb_convert_boolean(struct fb_str text)
{
	text = trim(text);
	return text.len == 4 && (text.p[0] | 0x20) == 't' && (text.p[1] | 0x20) == 'r' && (text.p[2] | 0x20) == 'u' &&
		(text.p[3] | 0x20) == 'e';
}

/* ---- dates ---- */

/* Reads `cnt` digits; false if there are not so many. */
static bool read_digits(const char **at, const char *end, int cnt, uint32_t *ret)
{
	uint32_t value = 0;

	if (end - *at < cnt)
		return false;
	for (int i = 0; i < cnt; i++) {
		if (!is_digit((*at)[i]))
			return false;
		value = value * 10 + (uint32_t)((*at)[i] - '0');
	}
	*at += cnt;
	*ret = value;
	return true;
}

static bool read_char(const char **at, const char *end, char c)
{
	if (*at == end || **at != c)
		return false;
	(*at)++;
	return true;
}

static bool read_one_or_two(const char **at, const char *end, uint32_t *ret)
{
	return read_digits(at, end, 2, ret) || read_digits(at, end, 1, ret);
}

/* java.sql.Date.valueOf: one-digit month and day, days to 31 roll over, the ten days of October 1582 are skipped. */
enum fb_convert_result fb_convert_date(struct fb_str text, int64_t *ret_days)
{
	const char *at = text.p;
	const char *end = text.p + text.len;
	uint32_t year;
	uint32_t month;
	uint32_t day;

	if (!read_digits(&at, end, 4, &year) || !read_char(&at, end, '-') || !read_one_or_two(&at, end, &month) ||
		!read_char(&at, end, '-') || !read_one_or_two(&at, end, &day) || at != end || month < 1 || month > 12 ||
		day < 1 || day > 31)
		return FB_CONVERT_DATETIME;
	if (year == 1582 && month == 10 && day >= 5 && day <= 14)
		day += 10;
	*ret_days = fb_days_from_civil((int32_t)year, month, day);
	return FB_CONVERTED;
}

/* yyyy-MM-dd HH:mm:ss[.f] with 0–9 digits; a day beyond its month's end is the end; 24:00:00 is the next day. */
enum fb_convert_result fb_convert_timestamp(struct fb_str text, struct fb_type type, int64_t *ret)
{
	uint32_t year;
	uint32_t month;
	uint32_t day;
	uint32_t hour;
	uint32_t minute;
	uint32_t second;
	uint32_t micros = 0;

	text = trim(text);

	const char *at = text.p;
	const char *end = text.p + text.len;

	if (!read_digits(&at, end, 4, &year) || !read_char(&at, end, '-') || !read_digits(&at, end, 2, &month) ||
		!read_char(&at, end, '-') || !read_digits(&at, end, 2, &day) || !read_char(&at, end, ' ') ||
		!read_digits(&at, end, 2, &hour) || !read_char(&at, end, ':') || !read_digits(&at, end, 2, &minute) ||
		!read_char(&at, end, ':') || !read_digits(&at, end, 2, &second))
		return FB_CONVERT_DATETIME;
	bool fraction = false;

	if (read_char(&at, end, '.')) {
		int digits = 0;

		for (; at < end && is_digit(*at) && digits < 9; at++, digits++) {
			fraction |= *at != '0';
			micros = digits < 6 ? micros * 10 + (uint32_t)(*at - '0') : micros;
		}
		for (; digits < 6; digits++)
			micros *= 10;
	}
	if (type.kind == FB_T_TIMESTAMP_LTZ && !read_char(&at, end, 'Z'))
		return FB_CONVERT_DATETIME;
	bool midnight = hour == 24 && minute == 0 && second == 0 && !fraction;

	if (at != end || month < 1 || month > 12 || day < 1 || day > 31 || (hour > 23 && !midnight) || minute > 59 ||
		second > 59)
		return FB_CONVERT_DATETIME;
	day = FB_MIN(day, fb_days_in_month((int32_t)year, month));

	int64_t seconds = fb_days_from_civil((int32_t)year, month, day) * 86400 + hour * 3600 + minute * 60 + second;

	/* Digits beyond the precision are cut off, also where it is below the unit. */
	static const uint32_t units[] = {1000000, 100000, 10000, 1000, 100, 10, 1};

	micros -= micros % units[FB_MIN(type.precision, (uint8_t)6)];
	*ret = type.precision <= 3 ? seconds * 1000 + micros / 1000 : seconds * 1000000 + micros;
	return FB_CONVERTED;
}
