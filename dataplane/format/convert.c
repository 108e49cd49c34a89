/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Field text to value. Numbers: what Java's parsers take after trimming (semantics 1.5); dates and
 * timestamps: exactly the layouts of semantics 1.4. The common shapes have a path of their own;
 * everything else is read byte by byte.
 */
#include <math.h>
#include <stdlib.h>

#include "config/base/calendar.h"
#include "config/base/decimal.h"
#include "dataplane/format/convert.h"
#include "dataplane/format/decoder_private.h"

struct fb_str fb_convert_trim(struct fb_str text)
{
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

static enum fb_convert_result integer_ascii(struct fb_str text, enum fb_type_kind kind, int64_t *ret)
{
	bool negative = false;
	uint64_t value = 0;
	uint32_t at = 0;

	text = fb_convert_trim(text);
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

static enum fb_convert_result integer_slow(struct fb_str text, enum fb_type_kind kind, int64_t *ret)
{
	enum fb_convert_result result = integer_ascii(text, kind, ret);
	char room[FB_CONVERT_DIGITS_MAX];

	if (FB_UNLIKELY(result != FB_CONVERTED) && fb_convert_digits(text, room, &text))
		result = integer_ascii(text, kind, ret);
	return result;
}

enum fb_convert_result fb_convert_integer(struct fb_str text, enum fb_type_kind kind, int64_t *ret)
{
	if (fb_convert_plain_integer(text, fb_convert_integer_max(kind), ret))
		return FB_CONVERTED;
	return integer_slow(text, kind, ret);
}

/* ---- floating point ---- */

static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12,
	1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

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

/* So many digits decide: a number halfway between two doubles has at most 767 (Hanrot et al.,
 * "MPFR"; IEEE 754). */
#define DIGITS_MAX 800

/*
 * Digits, maybe with a point, times 10 or 16 to their exponent, rounded once. The C library gets a
 * text without a point, so that no locale matters; digits that cannot decide are left out, but for
 * one that says that there was something.
 */
static double read_exactly(struct fb_str mantissa, int64_t exponent, bool hex, bool single)
{
	char copy[DIGITS_MAX + 24] = "0x";
	uint32_t start = hex ? 2 : 0;
	uint32_t cnt = start;
	int64_t per_digit = hex ? 4 : 1;
	bool rest = false;

	for (uint32_t i = 0; i < mantissa.len; i++) {
		char c = mantissa.p[i];

		if (c == '.' || (c == '0' && cnt == start))
			continue;
		if (cnt - start < DIGITS_MAX) {
			copy[cnt++] = c;
		} else {
			rest |= c != '0';
			exponent += per_digit;
		}
	}
	if (cnt == start)
		return 0;
	if (rest) {
		copy[cnt++] = '1';
		exponent -= per_digit;
	}
	copy[cnt++] = hex ? 'p' : 'e';
	copy[cnt++] = exponent < 0 ? '-' : '+';
	exponent = FB_MIN(exponent < 0 ? -exponent : exponent, (int64_t)99999);
	for (int64_t unit = 10000; unit > 0; unit /= 10)
		copy[cnt++] = (char)('0' + exponent / unit % 10);
	copy[cnt] = '\0';
	return single ? (double)strtof(copy, NULL) : strtod(copy, NULL);
}

/* What is behind the digits: exponent, suffix d or f, end. False: something else. */
static bool read_tail(struct fb_str text, uint32_t at, char mark, int64_t *exponent)
{
	if (at < text.len && (text.p[at] | 0x20) == mark) {
		bool negative = at + 1 < text.len && text.p[at + 1] == '-';
		int64_t written = 0;

		at += 1 + (at + 1 < text.len && (text.p[at + 1] == '-' || text.p[at + 1] == '+'));
		if (at >= text.len || !is_digit(text.p[at]))
			return false;
		for (; at < text.len && is_digit(text.p[at]); at++)
			written = written < INT32_MAX ? written * 10 + (text.p[at] - '0') : written;
		*exponent += negative ? -written : written;
	} else if (mark == 'p') {
		return false; /* Java's hexadecimal numbers must have one */
	}
	if (at < text.len && ((text.p[at] | 0x20) == 'd' || (text.p[at] | 0x20) == 'f'))
		at++;
	return at == text.len;
}

static bool is_hex_digit(char c)
{
	return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* 0x1.8p3; `text` begins behind the 0x. */
static enum fb_convert_result hex_double(
	struct fb_str text, bool negative, bool single, double *ret)
{
	int64_t exponent = 0;
	uint32_t at = 0;
	uint32_t digit_cnt = 0;
	bool point = false;

	for (; at < text.len && (is_hex_digit(text.p[at]) || (text.p[at] == '.' && !point)); at++) {
		if (text.p[at] == '.') {
			point = true;
			continue;
		}
		digit_cnt++;
		exponent -= point ? 4 : 0;
	}
	if (digit_cnt == 0 || !read_tail(text, at, 'p', &exponent))
		return FB_CONVERT_NUMBER;

	double value = read_exactly((struct fb_str){text.p, at}, exponent, true, single);

	*ret = negative ? -value : value;
	return FB_CONVERTED;
}

/*
 * Java's grammar: digits with a point, exponent, suffix d or f. Where 15 digits and a power of ten
 * up to 22 hold the number exactly, one operation rounds right (Clinger, PLDI 1990); else the C
 * library reads the checked text.
 */
enum fb_convert_result fb_convert_double(struct fb_str text, bool single, double *ret)
{
	uint64_t digits = 0;
	uint32_t digit_cnt = 0;
	int64_t exponent = 0;
	uint32_t at = 0;
	bool negative;
	bool point = false;
	bool any = false;
	double value;

	text = fb_convert_trim(text);
	if (special_double(text, ret))
		return FB_CONVERTED;
	if (text.len == 0)
		return FB_CONVERT_NUMBER;
	negative = text.p[0] == '-';
	if (negative || text.p[0] == '+') {
		text.p++;
		text.len--;
	}
	if (text.len > 2 && text.p[0] == '0' && (text.p[1] | 0x20) == 'x')
		return hex_double((struct fb_str){text.p + 2, text.len - 2}, negative, single, ret);
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
	if (!any || !read_tail(text, at, 'e', &exponent))
		return FB_CONVERT_NUMBER;
	if (digit_cnt <= 15 && exponent >= -22 && exponent <= 22 && !single)
		value = exponent < 0 ? (double)digits / powers[-exponent]
				     : (double)digits * powers[exponent];
	else
		value = read_exactly((struct fb_str){text.p, at}, exponent, false, single);
	*ret = negative ? -value : value;
	return FB_CONVERTED;
}

int64_t fb_convert_boolean(struct fb_str text)
{
	text = fb_convert_trim(text);
	return text.len == 4 && (text.p[0] | 0x20) == 't' && (text.p[1] | 0x20) == 'r' &&
	       (text.p[2] | 0x20) == 'u' && (text.p[3] | 0x20) == 'e';
}

enum fb_convert_result fb_convert_fraction(struct fb_str text, enum fb_type_kind kind, int64_t *ret)
{
	double value;

	bool fraction = false;

	/* An integer that is here is out of range. */
	for (uint32_t i = 0; i < text.len; i++)
		fraction |= text.p[i] == '.' || (text.p[i] | 0x20) == 'e';
	if (!fraction || (kind != FB_T_INT && kind != FB_T_BIGINT))
		return FB_CONVERT_NUMBER;
	if (fb_convert_double(text, false, &value) != FB_CONVERTED)
		return FB_CONVERT_NUMBER;
	if (value < (double)ranges[kind].min || value > (double)ranges[kind].max)
		return FB_CONVERT_NUMBER;
	/* The largest BIGINT is 2^63 as a double, which a cast of C may not see. */
	*ret = value >= 0x1p63 ? INT64_MAX : (int64_t)value;
	return FB_CONVERTED;
}

static enum fb_convert_result decimal_ascii(struct fb_str text, struct fb_type type, fb_i128 *ret)
{
	switch (fb_decimal_from_text(
		text, (struct fb_decimal_type){type.precision, type.scale}, ret)) {
	case FB_DECIMAL_DONE:
		return FB_CONVERTED;
	case FB_DECIMAL_OVERFLOW:
		return FB_CONVERT_NULL;
	default:
		return FB_CONVERT_NUMBER;
	}
}

enum fb_convert_result fb_convert_decimal(struct fb_str text, struct fb_type type, fb_i128 *ret)
{
	enum fb_convert_result result = decimal_ascii(text, type, ret);
	char room[FB_CONVERT_DIGITS_MAX];

	if (FB_UNLIKELY(result == FB_CONVERT_NUMBER) && fb_convert_digits(text, room, &text))
		result = decimal_ascii(text, type, ret);
	return result;
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

/* Integer.parseInt on a part of a date: a plus is allowed, a minus would be the next dash. */
static bool read_part(struct fb_str text, uint32_t *ret)
{
	const char *at = text.p;
	const char *end = text.p + text.len;

	at += text.len > 1 && *at == '+';
	return read_digits(&at, end, (int)(end - at), ret) && text.len > 0;
}

/* java.sql.Date lives in the Julian calendar before 15 October 1582. False: no date of the calendar
 * that SQL counts in. */
static bool from_julian(uint32_t *year, uint32_t *month, uint32_t *day)
{
	bool leap = *year % 4 == 0;

	*year = FB_MAX(*year,
		1u); /* 0 is the year 1 before Christ, whose number is taken without its era */
	if (*year == 1582 && *month == 10) {
		*day += *day >= 5 ? 10 : 0; /* the ten days that were skipped */
	} else if (*month == 2 && *day == 29 && leap) {
		return fb_days_in_month((int32_t)*year, 2) == 29;
	} else if (*month == 2 && *day > 28) {
		*day -= leap ? 29 : 28;
		*month = 3;
	}
	return true;
}

/* java.sql.Date.valueOf: one-digit month and day, days to 31 roll over. */
enum fb_convert_result fb_convert_date(struct fb_str text, int64_t *ret_days)
{
	uint32_t second = text.len > 6 && text.p[6] == '-' ? 6 : 7; /* dash */
	uint32_t year;
	uint32_t month;
	uint32_t day;

	if (text.len < second + 2 || text.len > second + 3 || text.p[4] != '-' ||
		text.p[second] != '-')
		return FB_CONVERT_DATETIME;
	if (!read_part((struct fb_str){text.p, 4}, &year) ||
		!read_part((struct fb_str){text.p + 5, second - 5}, &month) ||
		!read_part((struct fb_str){text.p + second + 1, text.len - second - 1}, &day) ||
		month < 1 || month > 12 || day < 1 || day > 31)
		return FB_CONVERT_DATETIME;
	if (year * 10000 + month * 100 + day < 15821015 && !from_julian(&year, &month, &day))
		return FB_CONVERT_DATETIME;
	*ret_days = fb_days_from_civil((int32_t)year, month, day);
	return FB_CONVERTED;
}

/* Four digits; with a minus four or more, with a plus more than four: ISO_LOCAL_DATE of Java. */
static bool read_year(const char **at, const char *end, int32_t *ret)
{
	bool negative = *at < end && **at == '-';
	bool plus = *at < end && **at == '+';
	uint32_t year;
	int cnt = 4;

	if (!negative && !plus) {
		if (!read_digits(at, end, 4, &year))
			return false;
		*ret = (int32_t)year;
		return true;
	}
	(*at)++;
	for (cnt = 0; *at + cnt < end && is_digit((*at)[cnt]); cnt++)
		if (cnt == 10)
			return false;
	if (cnt < 4 + plus || (cnt == 10 && **at != '0'))
		return false;
	if (!read_digits(at, end, cnt, &year) || year > 999999999 || (negative && year == 0))
		return false;
	*ret = negative ? -(int32_t)year : (int32_t)year;
	return true;
}

/* yyyy-MM-dd as Java's ISO_LOCAL_DATE writes it; the day may be wrong for its month. */
static bool read_date(
	const char **at, const char *end, int32_t *year, uint32_t *month, uint32_t *day)
{
	return read_year(at, end, year) && read_char(at, end, '-') &&
	       read_digits(at, end, 2, month) && read_char(at, end, '-') &&
	       read_digits(at, end, 2, day) && *month >= 1 && *month <= 12 && *day >= 1 &&
	       *day <= 31;
}

enum fb_convert_result fb_convert_iso_date(struct fb_str text, int64_t *ret_days)
{
	const char *at = text.p;
	const char *end = text.p + text.len;
	int32_t year;
	uint32_t month;
	uint32_t day;

	if (!read_date(&at, end, &year, &month, &day) || at != end ||
		day > fb_days_in_month(year, month))
		return FB_CONVERT_DATETIME;
	*ret_days = fb_days_from_civil(year, month, day);
	return FB_CONVERTED;
}

struct clock {
	uint32_t hour, minute, second, micros;
	bool below_micros; /* digits that are not in micros, not all zero */
};

/* HH:mm:ss[.f] with 0–9 digits; the seconds may be missing where they are `optional`. */
static bool read_clock(const char **at, const char *end, bool optional, struct clock *ret)
{
	int digits = 0;

	*ret = (struct clock){0};
	if (!read_digits(at, end, 2, &ret->hour) || !read_char(at, end, ':') ||
		!read_digits(at, end, 2, &ret->minute))
		return false;
	if (!read_char(at, end, ':'))
		return optional;
	if (!read_digits(at, end, 2, &ret->second))
		return false;
	if (read_char(at, end, '.')) {
		for (; *at < end && is_digit(**at) && digits < 9; (*at)++, digits++) {
			if (digits < 6)
				ret->micros = ret->micros * 10 + (uint32_t)(**at - '0');
			else
				ret->below_micros |= **at != '0';
		}
		for (; digits < 6; digits++)
			ret->micros *= 10;
	}
	return true;
}

/* Hours to 23; 24 only as the very midnight. */
static bool clock_is_valid(const struct clock *clock)
{
	bool zeros = clock->minute == 0 && clock->second == 0 && clock->micros == 0 &&
		     !clock->below_micros;

	return (clock->hour < 24 || (clock->hour == 24 && zeros)) && clock->minute < 60 &&
	       clock->second < 60;
}

/* What is read, as a value of the type. */
static enum fb_convert_result timestamp_value(
	int64_t days, const struct clock *clock, struct fb_type type, int64_t *ret)
{
	/* Digits beyond the precision are cut off, also where it is below the unit. */
	static const uint32_t units[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
	int64_t per_second = fb_type_ticks_per_s(type);
	int64_t seconds = days * 86400 + clock->hour * 3600 + clock->minute * 60 + clock->second;
	int64_t micros = clock->micros - clock->micros % units[FB_MIN(type.precision, (uint8_t)6)];
	int64_t ticks;

	/* Java's years reach further than a column's values. */
	if (__builtin_mul_overflow(seconds, per_second, &ticks) ||
		__builtin_add_overflow(ticks, micros * per_second / 1000000, &ticks))
		return FB_CONVERT_DATETIME;
	*ret = ticks;
	return FB_CONVERTED;
}

static bool read_separator(const char **at, const char *end, bool iso, bool strict)
{
	if (!iso)
		return read_char(at, end, ' ');
	/* ISO_LOCAL_DATE_TIME, of which the strict form is made, does not look at the case. */
	return read_char(at, end, 'T') || (strict && read_char(at, end, 't'));
}

/*
 * A day beyond its month's end is the end, and 24:00:00 is the next day; but not in ISO-8601
 * without zone, whose formatter resolves strictly.
 */
enum fb_convert_result fb_convert_json_timestamp(
	struct fb_str text, struct fb_type type, bool iso, int64_t *ret)
{
	bool strict = iso && type.kind == FB_T_TIMESTAMP;
	const char *at = text.p;
	const char *end = text.p + text.len;
	struct clock clock;
	int32_t year;
	uint32_t month;
	uint32_t day;

	if (!read_date(&at, end, &year, &month, &day) || !read_separator(&at, end, iso, strict) ||
		!read_clock(&at, end, iso, &clock))
		return FB_CONVERT_DATETIME;
	if (type.kind == FB_T_TIMESTAMP_LTZ && !read_char(&at, end, 'Z'))
		return FB_CONVERT_DATETIME;
	if (at != end || !clock_is_valid(&clock))
		return FB_CONVERT_DATETIME;
	if (strict && (clock.hour == 24 || day > fb_days_in_month(year, month)))
		return FB_CONVERT_DATETIME;
	day = FB_MIN(day, fb_days_in_month(year, month));
	return timestamp_value(fb_days_from_civil(year, month, day), &clock, type, ret);
}

enum fb_convert_result fb_convert_timestamp(struct fb_str text, struct fb_type type, int64_t *ret)
{
	return fb_convert_json_timestamp(fb_convert_trim(text), type, false, ret);
}
