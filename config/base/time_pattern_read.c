/* SPDX-License-Identifier: Apache-2.0 */
/* Text to a time, by a pattern: strictly, as DateTimeFormatter does, or leniently, as SimpleDateFormat does. */
#include "config/base/time_pattern_private.h"

struct fields {
	int64_t year, month, day, day_of_year, hour, half_hour, minute, second, us;
	int64_t half;     /* 0 AM, 1 PM, -1 not there */
	int64_t week_day; /* 0 Monday; -1 not there */
	bool has_year, has_day, has_day_of_year, has_hour, has_half_hour;
};

static bool is_number(const struct fb_pattern_item *item)
{
	if (item->letter == 0 || strchr("GEa", item->letter) != NULL)
		return false;
	return item->cnt < 3 || strchr("MLQq", item->letter) == NULL;
}

/* Digits that a field has in any case: how many those in front of it must leave. */
static uint32_t fixed_width(const struct fb_pattern_item *item)
{
	if (!is_number(item))
		return 0;
	if (item->letter == 'S')
		return item->cnt;
	return item->cnt == 2 || (item->letter == 'D' && item->cnt == 3) ? item->cnt : 0;
}

static uint32_t count_digits(struct fb_str text, uint32_t at)
{
	uint32_t cnt = 0;

	while (at + cnt < text.len && text.p[at + cnt] >= '0' && text.p[at + cnt] <= '9')
		cnt++;
	return cnt;
}

static int64_t number_of(struct fb_str text, uint32_t at, uint32_t cnt)
{
	int64_t value = 0;

	for (uint32_t i = 0; i < cnt; i++)
		value = FB_MIN(value * 10 + (text.p[at + i] - '0'), (int64_t)1 << 40);
	return value;
}

/* Number.intValue of Java: a long wraps, what is longer is the largest. */
static int32_t int_of(struct fb_str text, uint32_t at, uint32_t cnt, bool minus)
{
	uint64_t value = 0;

	if (cnt > 18)
		return minus ? INT32_MIN : INT32_MAX;
	for (uint32_t i = 0; i < cnt; i++)
		value = value * 10 + (uint64_t)(text.p[at + i] - '0');
	return (int32_t)(uint32_t)(minus ? 0 - value : value);
}

static bool starts_with(struct fb_str text, uint32_t at, const char *word, uint32_t len, bool any_case)
{
	if (text.len - at < len)
		return false;
	for (uint32_t i = 0; i < len; i++) {
		char a = text.p[at + i], b = word[i];

		if (a != b && (!any_case || (a | 0x20) != (b | 0x20)))
			return false;
	}
	return true;
}

/* SIMPLE takes the long name or the short one, FORMATTER what the pattern says. */
static bool read_name(const struct fb_time_pattern *pattern, const struct fb_pattern_item *item,
	struct fb_str text, uint32_t *at, int64_t *ret)
{
	const char *const *names = item->letter == 'E' ? fb_week_day_names : fb_month_names;
	uint32_t cnt = item->letter == 'E' ? 7 : 12;
	bool simple = pattern->kind == FB_PATTERN_SIMPLE;

	for (int pass = simple || item->cnt == 4 ? 0 : 1; pass < (simple || item->cnt < 4 ? 2 : 1);
		pass++)
		for (uint32_t i = 0; i < cnt; i++) {
			uint32_t len = pass == 0 ? (uint32_t)strlen(names[i]) : 3;

			if (!starts_with(text, *at, names[i], len, simple))
				continue;
			*at += len;
			*ret = i;
			return true;
		}
	return false;
}

static bool read_half(const struct fb_time_pattern *pattern, struct fb_str text, uint32_t *at,
	struct fields *fields)
{
	bool any_case = pattern->kind == FB_PATTERN_SIMPLE;

	fields->half = starts_with(text, *at, "AM", 2, any_case)   ? 0
		       : starts_with(text, *at, "PM", 2, any_case) ? 1
								   : -1;
	*at += 2;
	return fields->half >= 0;
}

static void store(struct fields *fields, char letter, int64_t value)
{
	switch (letter) {
	case 'y':
	case 'u':
		fields->year = value;
		fields->has_year = true;
		break;
	case 'M':
	case 'L':
		fields->month = value;
		break;
	case 'd':
		fields->day = value;
		fields->has_day = true;
		break;
	case 'D':
		fields->day_of_year = value;
		fields->has_day_of_year = true;
		break;
	case 'H':
		fields->hour = value;
		fields->has_hour = true;
		break;
	case 'k':
		fields->hour = value == 24 ? 0 : value;
		fields->has_hour = true;
		break;
	case 'h':
		fields->half_hour = value == 12 ? 0 : value;
		fields->has_half_hour = true;
		break;
	case 'K':
		fields->half_hour = value;
		fields->has_half_hour = true;
		break;
	case 'm':
		fields->minute = value;
		break;
	case 's':
		fields->second = value;
		break;
	default:
		break;
	}
}

/* Of DateTimeFormatter: the width is the pattern's; a field without one takes what those directly
 * behind it leave. */
static bool read_exact(const struct fb_time_pattern *pattern, uint32_t i, struct fb_str text,
	uint32_t *at, struct fields *fields)
{
	const struct fb_pattern_item *item = &pattern->items[i];
	bool year = item->letter == 'y' || item->letter == 'u';
	bool minus = year && item->cnt != 2 && *at < text.len && text.p[*at] == '-';
	bool plus = year && item->cnt >= 4 && *at < text.len && text.p[*at] == '+';
	uint32_t min = item->cnt, width, reserved = 0;
	int64_t value;

	*at += minus || plus;
	width = count_digits(text, *at);
	if (fixed_width(item) > 0) {
		if (width < fixed_width(item))
			return false;
		width = fixed_width(item);
	} else {
		while (++i < pattern->cnt && fixed_width(&pattern->items[i]) > 0)
			reserved += fixed_width(&pattern->items[i]);
		width = width > min + reserved ? width - reserved : FB_MIN(width, min);
		if (width < min || width > 19 || (plus && width <= 4) ||
			(year && item->cnt == 4 && !plus && !minus && width > 4))
			return false;
	}
	value = number_of(text, *at, width);
	if (item->letter == 'S') {
		for (uint32_t digits = width; digits < 6; digits++)
			value *= 10;
		for (uint32_t digits = width; digits > 6; digits--)
			value /= 10;
		fields->us = value;
	}
	*at += width;
	if (year && item->cnt == 2)
		value += 2000;
	if (item->letter == 'y' && (minus || value == 0))
		return false; /* years of the era begin with 1 */
	store(fields, item->letter, minus ? -value : value);
	return true;
}

/* Of SimpleDateFormat: blanks in front, a sign, digits; where the next field follows at once no more
 * characters than letters. */
static bool read_lenient(const struct fb_time_pattern *pattern, uint32_t i, struct fb_str text,
	uint32_t *at, struct fields *fields)
{
	const struct fb_pattern_item *item = &pattern->items[i];
	bool adjacent = i + 1 < pattern->cnt && is_number(&pattern->items[i + 1]);
	uint32_t width;
	int64_t value;
	bool minus;

	if (adjacent) { /* blanks in front count */
		if (text.len - *at < item->cnt)
			return false;
		text.len = *at + item->cnt;
	}
	while (*at < text.len && (text.p[*at] == ' ' || text.p[*at] == '\t'))
		++*at;
	minus = *at < text.len && text.p[*at] == '-';
	*at += minus;
	width = count_digits(text, *at);
	if (width == 0)
		return false;
	value = int_of(text, *at, width, minus);
	*at += width;
	if (item->letter == 'y' && item->cnt <= 2 && width == 2 && !minus) {
		value += pattern->century_from / 100 * 100;
		value += value < pattern->century_from ? 100 : 0;
	}
	if (item->letter == 'S')
		fields->us = value * 1000;
	store(fields, item->letter, value);
	return true;
}

static bool read_item(const struct fb_time_pattern *pattern, uint32_t i, struct fb_str text, uint32_t *at,
	struct fields *fields)
{
	const struct fb_pattern_item *item = &pattern->items[i];
	int64_t value = 0;

	if (item->letter == 0) {
		if (!starts_with(text, *at, item->text.p, item->text.len, false))
			return false;
		*at += item->text.len;
		return true;
	}
	if (item->letter == 'a')
		return read_half(pattern, text, at, fields);
	if (item->letter == 'G') {
		*at += 2;
		return starts_with(text, *at - 2, "AD", 2, true);
	}
	if (!is_number(item)) {
		if (!read_name(pattern, item, text, at, &value))
			return false;
		if (item->letter == 'E')
			fields->week_day = value;
		else
			fields->month = value + 1;
		return true;
	}
	return pattern->kind == FB_PATTERN_SIMPLE ? read_lenient(pattern, i, text, at, fields)
						  : read_exact(pattern, i, text, at, fields);
}

/* What fields mean together, each in its range. False: nothing. */
static bool resolve(const struct fields *f, int64_t *ret_days, int64_t *ret_hour)
{
	int64_t hour = f->has_hour ? f->hour : f->half >= 0 && f->has_half_hour ? f->half_hour + 12 * f->half
										: 0;
	int32_t year = (int32_t)f->year;

	if (f->year < -999999 || f->year > 999999 || f->month < 1 || f->month > 12 || f->day < 1 ||
		f->day > 31 || hour < 0 || hour > 24 || f->minute > 59 || f->second > 59)
		return false;
	if (hour == 24 && (f->minute != 0 || f->second != 0 || f->us != 0))
		return false;
	if (f->has_hour && f->half >= 0 && f->half != hour / 12)
		return false;
	if (f->has_day_of_year && !f->has_day) {
		if (f->day_of_year < 1 || f->day_of_year > 366)
			return false;
		*ret_days = fb_days_from_civil(year, 1, 1) + f->day_of_year - 1;
	} else {
		*ret_days = fb_days_from_civil(year, (uint32_t)f->month,
			FB_MIN((uint32_t)f->day, fb_days_in_month(year, (uint32_t)f->month)));
	}
	*ret_hour = hour;
	return f->week_day < 0 || f->week_day == fb_floor_mod(*ret_days + 3, 7);
}

/* The same, where everything beyond its range is carried over. */
static bool resolve_lenient(const struct fields *f, int64_t *ret_days, int64_t *ret_hour)
{
	int64_t months_in = f->year * 12 + f->month - 1;
	int64_t year, month;

	if (f->year < -999999 || f->year > 999999 || f->month < -9999999 || f->month > 9999999)
		return false;
	year = fb_floor_div(months_in, 12);
	month = fb_floor_mod(months_in, 12) + 1;
	*ret_days = fb_days_from_civil((int32_t)year, (uint32_t)month, 1) + f->day - 1;
	if (*ret_days < GREGORIAN_FROM)
		*ret_days = julian_days(year, month, 1) + f->day - 1;
	if (f->has_day_of_year && !f->has_day)
		*ret_days = fb_days_from_civil((int32_t)f->year, 1, 1) + f->day_of_year - 1;
	*ret_hour = f->has_hour ? f->hour : f->half_hour + 12 * FB_MAX(f->half, 0);
	return true;
}

bool fb_time_pattern_parse(
	const struct fb_time_pattern *pattern, struct fb_str text, int64_t *ret_us)
{
	struct fields f = {.year = 1970, .month = 1, .day = 1, .half = -1, .week_day = -1};
	bool simple = pattern->kind == FB_PATTERN_SIMPLE;
	int64_t days, hour, seconds;
	uint32_t at = 0;

	for (uint32_t i = 0; i < pattern->cnt; i++)
		if (!read_item(pattern, i, text, &at, &f))
			return false;
	if (!simple && at != text.len)
		return false;
	if (!(simple ? resolve_lenient(&f, &days, &hour) : resolve(&f, &days, &hour)))
		return false;
	seconds = days * 86400 + hour * 3600 + f.minute * 60 + f.second;
	return !__builtin_mul_overflow(seconds, US_PER_S, ret_us) &&
	       !__builtin_add_overflow(*ret_us, f.us, ret_us);
}
