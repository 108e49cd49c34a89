/* SPDX-License-Identifier: Apache-2.0 */
#include "config/sql/literal.h"

#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <strings.h>

#include "config/base/calendar.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Exactly `cnt` digits at *at, which is moved behind them. */
static bool read_digits(struct fb_str text, uint32_t *at, uint32_t cnt, uint32_t *ret_value)
{
	uint32_t value = 0;

	if (text.len - *at < cnt)
		return false;
	for (uint32_t i = 0; i < cnt; i++) {
		char c = text.p[*at + i];

		if (!is_digit(c))
			return false;
		value = value * 10 + (uint32_t)(c - '0');
	}
	*at += cnt;
	*ret_value = value;
	return true;
}

static bool read_sign(struct fb_str text, uint32_t *at, char sign)
{
	if (*at >= text.len || text.p[*at] != sign)
		return false;
	(*at)++;
	return true;
}

static bool read_date(struct fb_str text, uint32_t *at, int64_t *ret_days)
{
	uint32_t year = 0, month = 0, day = 0;

	if (!read_digits(text, at, 4, &year) || !read_sign(text, at, '-') ||
		!read_digits(text, at, 2, &month) || !read_sign(text, at, '-') ||
		!read_digits(text, at, 2, &day))
		return false;
	if (year < 1 || month < 1 || month > 12 || day < 1 ||
		day > fb_days_in_month((int32_t)year, month))
		return false;
	*ret_days = fb_days_from_civil((int32_t)year, month, day);
	return true;
}

int fb_literal_date(struct fb_str text, int64_t *ret_days)
{
	uint32_t at = 0;
	int64_t days;

	if (!read_date(text, &at, &days) || at != text.len)
		return FB_E_SYNTAX;
	*ret_days = days;
	return 0;
}

/* Up to six digits of a fraction as microseconds; more are FB_E_SYNTAX for timestamps. */
static uint32_t scale_fraction(uint32_t value, uint32_t digits)
{
	for (; digits < 6; digits++)
		value *= 10;
	return value;
}

int fb_literal_timestamp(struct fb_str text, int64_t *ret_us, unsigned *ret_digits)
{
	uint32_t at = 0, hour = 0, minute = 0, second = 0, fraction = 0, digits = 0;
	int64_t days;

	if (!read_date(text, &at, &days) || !read_sign(text, &at, ' ') ||
		!read_digits(text, &at, 2, &hour) || !read_sign(text, &at, ':') ||
		!read_digits(text, &at, 2, &minute) || !read_sign(text, &at, ':') ||
		!read_digits(text, &at, 2, &second) || hour > 23 || minute > 59 || second > 59)
		return FB_E_SYNTAX;
	if (read_sign(text, &at, '.')) {
		digits = text.len - at;
		if (digits == 0 || digits > 6 || !read_digits(text, &at, digits, &fraction))
			return FB_E_SYNTAX;
	}
	if (at != text.len)
		return FB_E_SYNTAX;
	*ret_us = (days * 86400 + hour * 3600 + minute * 60 + second) * 1000000 +
		  scale_fraction(fraction, digits);
	*ret_digits = digits;
	return 0;
}

int fb_literal_double(struct fb_str text, double *ret_value)
{
	char *copy = strndup(text.p, text.len);
	locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	double value = NAN;

	if (copy != NULL && c_locale != (locale_t)0)
		value = strtod_l(copy, NULL, c_locale);
	if (c_locale != (locale_t)0)
		freelocale(c_locale);
	free(copy);
	if (!isfinite(value))
		return FB_E_SYNTAX;
	*ret_value = value;
	return 0;
}

int fb_literal_decimal(
	struct fb_str text, fb_i128 *ret_value, uint8_t *ret_precision, uint8_t *ret_scale)
{
	fb_i128 value = 0;
	uint32_t digits = 0, scale = 0, written = 0;
	bool behind_point = false;

	for (uint32_t i = 0; i < text.len; i++) {
		if (text.p[i] == '.') {
			behind_point = true;
			continue;
		}
		scale += behind_point;
		written++;
		if (value == 0 && text.p[i] == '0' && !behind_point)
			continue;
		if (++digits > 38)
			return FB_E_SYNTAX;
		value = value * 10 + (text.p[i] - '0');
	}
	*ret_value = value;
	/* As written, with the zeros in front: 0.3 is DECIMAL(2, 1), as Calcite has it. */
	*ret_precision = (uint8_t)FB_MAX(FB_MIN(written, 38u), 1u);
	*ret_scale = (uint8_t)scale;
	return 0;
}

int fb_literal_integer(struct fb_str text, int64_t *ret_value)
{
	int64_t value = 0;

	if (text.len == 0)
		return FB_E_SYNTAX;
	for (uint32_t i = 0; i < text.len; i++) {
		if (!is_digit(text.p[i]) || __builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, text.p[i] - '0', &value))
			return FB_E_SYNTAX;
	}
	*ret_value = value;
	return 0;
}

/* ---- intervals ---- */

static const char *const unit_names[] = {"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"};
static const int64_t unit_ms[] = {0, 0, FB_MS_PER_DAY, 3600000, 60000, 1000};
static const uint32_t unit_max[] = {0, 11, 0, 23, 59, 59};

static uint32_t count_digits(struct fb_str text, uint32_t at)
{
	uint32_t cnt = 0;

	while (at + cnt < text.len && is_digit(text.p[at + cnt]))
		cnt++;
	return cnt;
}

static bool read_fraction(struct fb_str text, uint32_t *at, uint32_t *ret_ms)
{
	uint32_t digits, us;

	*ret_ms = 0;
	if (!read_sign(text, at, '.'))
		return true;
	digits = count_digits(text, *at);
	if (digits == 0 || digits > 6 || !read_digits(text, at, digits, &us))
		return false;
	*ret_ms = scale_fraction(us, digits) / 1000;
	return true;
}

/* The fields behind the leading one: "h:m:s" of DAY TO SECOND. */
static bool read_fields(
	struct fb_str text, uint32_t *at, const struct fb_ast_interval *as, int64_t *ms)
{
	uint32_t value, fraction = 0;

	for (int unit = (int)as->from + 1; unit <= (int)as->to; unit++) {
		uint32_t digits;

		if (!read_sign(text, at, unit == FB_UNIT_HOUR ? ' ' : ':'))
			return false;
		digits = count_digits(text, *at);
		if (digits == 0 || digits > 2 || !read_digits(text, at, digits, &value) ||
			value > unit_max[unit])
			return false;
		*ms += value * unit_ms[unit];
	}
	if (as->to == FB_UNIT_SECOND && !read_fraction(text, at, &fraction))
		return false;
	*ms += fraction;
	return *at == text.len;
}

int fb_literal_months(struct fb_arena *arena, struct fb_str text, const struct fb_ast_interval *as,
	int64_t *ret_months, const char **ret_problem)
{
	const char *from = unit_names[as->from];
	bool negative = as->negative;
	uint32_t at = 0, value = 0, months = 0, digits;

	if (text.len > 0 && (text.p[0] == '-' || text.p[0] == '+')) {
		negative ^= text.p[0] == '-';
		at = 1;
	}
	digits = count_digits(text, at);
	if (digits > (uint32_t)(as->precision < 0 ? 2 : FB_MIN(as->precision, 9))) {
		*ret_problem = fb_arena_printf(
			arena, "an interval of %s has fewer digits: write %s(%u)", from, from, digits);
		return FB_E_SYNTAX;
	}
	if (digits == 0 || !read_digits(text, &at, digits, &value) ||
		(as->to != as->from &&
			(as->to != FB_UNIT_MONTH || !read_sign(text, &at, '-') ||
				(digits = count_digits(text, at)) == 0 || digits > 2 ||
				!read_digits(text, &at, digits, &months) || months > 11)) ||
		at != text.len) {
		*ret_problem = as->from == as->to ? "not a number of months or years"
						  : "not of the form YEAR TO MONTH: '1-6'";
		return FB_E_SYNTAX;
	}
	*ret_months = as->from == FB_UNIT_YEAR ? (int64_t)value * 12 + months : value;
	if (negative)
		*ret_months = -*ret_months;
	return 0;
}

int fb_literal_interval(struct fb_arena *arena, struct fb_str text,
	const struct fb_ast_interval *as, int64_t *ret_ms, const char **ret_problem)
{
	const char *from = unit_names[as->from], *to = unit_names[as->to];
	int32_t precision = as->precision < 0 ? 2 : as->precision;
	bool negative = as->negative;
	uint32_t at = 0, value;
	int64_t ms;

	if (as->to < as->from || (as->from <= FB_UNIT_MONTH) != (as->to <= FB_UNIT_MONTH)) {
		*ret_problem = fb_arena_printf(arena, "there is no interval of %s TO %s", from, to);
		return FB_E_SYNTAX;
	}
	if (as->from <= FB_UNIT_MONTH) {
		*ret_problem =
			"months and years have no fixed length: write DAY, HOUR, MINUTE or SECOND";
		return FB_E_SYNTAX;
	}
	if (precision < 1 || precision > 9) {
		*ret_problem = "an interval has 1 to 9 digits";
		return FB_E_SYNTAX;
	}
	if (text.len > 0 && (text.p[0] == '-' || text.p[0] == '+')) {
		negative ^= text.p[0] == '-';
		at = 1;
	}

	uint32_t digits = count_digits(text, at);

	if (digits > (uint32_t)precision) {
		*ret_problem = fb_arena_printf(arena,
			"an interval of %s has %d digits: write a larger unit, or %s(%u)", from,
			precision, from, digits);
		return FB_E_SYNTAX;
	}
	if (digits == 0 || !read_digits(text, &at, digits, &value)) {
		*ret_problem = fb_arena_printf(arena, "not a number of %s", from);
		return FB_E_SYNTAX;
	}
	ms = value * unit_ms[as->from];
	if (!read_fields(text, &at, as, &ms)) {
		*ret_problem =
			as->from == as->to
				? fb_arena_printf(arena, "not a number of %s", from)
				: fb_arena_printf(arena, "not of the form %s TO %s", from, to);
		return FB_E_SYNTAX;
	}
	*ret_ms = negative ? -ms : ms;
	return 0;
}

/* ---- durations and sizes ---- */

struct unit {
	const char *name;
	int64_t factor; /* 0: below one */
};

static int read_with_unit(
	struct fb_str text, const struct unit *units, size_t cnt, int64_t *ret_value)
{
	uint32_t at = 0, digits;
	int64_t value;

	while (text.len > 0 && isspace((unsigned char)text.p[text.len - 1]))
		text.len--;
	while (at < text.len && isspace((unsigned char)text.p[at]))
		at++;
	digits = count_digits(text, at);
	if (digits == 0 || fb_literal_integer((struct fb_str){text.p + at, digits}, &value) != 0)
		return FB_E_SYNTAX;
	at += digits;
	while (at < text.len && isspace((unsigned char)text.p[at]))
		at++;
	for (size_t i = 0; i < cnt; i++) {
		if (strlen(units[i].name) != text.len - at ||
			strncasecmp(units[i].name, text.p + at, text.len - at) != 0)
			continue;
		if (__builtin_mul_overflow(value, units[i].factor, &value))
			return FB_E_SYNTAX;
		*ret_value = value;
		return 0;
	}
	return FB_E_SYNTAX;
}

int fb_literal_duration(struct fb_str text, int64_t *ret_ms)
{
	static const struct unit units[] = {
		{"", 1},
		{"ms", 1},
		{"milli", 1},
		{"millis", 1},
		{"millisecond", 1},
		{"milliseconds", 1},
		{"s", 1000},
		{"sec", 1000},
		{"secs", 1000},
		{"second", 1000},
		{"seconds", 1000},
		{"m", 60000},
		{"min", 60000},
		{"minute", 60000},
		{"minutes", 60000},
		{"h", 3600000},
		{"hour", 3600000},
		{"hours", 3600000},
		{"d", FB_MS_PER_DAY},
		{"day", FB_MS_PER_DAY},
		{"days", FB_MS_PER_DAY},
	};

	return read_with_unit(text, units, FB_ARRAY_LEN(units), ret_ms);
}

int fb_literal_bytes(struct fb_str text, int64_t *ret_bytes)
{
	static const struct unit units[] = {
		{"", 1},
		{"b", 1},
		{"bytes", 1},
		{"k", 1 << 10},
		{"kb", 1 << 10},
		{"kibibytes", 1 << 10},
		{"m", 1 << 20},
		{"mb", 1 << 20},
		{"mebibytes", 1 << 20},
		{"g", 1 << 30},
		{"gb", 1 << 30},
		{"gibibytes", 1 << 30},
		{"t", 1LL << 40},
		{"tb", 1LL << 40},
		{"tebibytes", 1LL << 40},
	};

	return read_with_unit(text, units, FB_ARRAY_LEN(units), ret_bytes);
}
