/* SPDX-License-Identifier: Apache-2.0 */
#include "config/base/time_pattern.h"

#include "config/base/calendar.h"

#define US_PER_S 1000000LL
#define US_PER_DAY (86400 * US_PER_S)

static const char *const months[] = {"January", "February", "March", "April", "May", "June", "July",
	"August", "September", "October", "November", "December"};
static const char *const week_days[] = {
	"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};

/* ---- the Julian calendar, in which SimpleDateFormat lives before 15 October 1582 ---- */

#define GREGORIAN_FROM (-141427) /* days since 1970 */
#define JULIAN_EPOCH 2440588     /* the Julian day number of 1970-01-01 */

static int64_t julian_days(int64_t year, int64_t month, int64_t day)
{
	int64_t early = month < 3; /* such months belong to the year before, which begins in March */
	int64_t y = year + 4800 - early;

	return day + (153 * (month + 12 * early - 3) + 2) / 5 + 365 * y + fb_floor_div(y, 4) - 32083 -
	       JULIAN_EPOCH;
}

static struct fb_civil julian_civil(int64_t days)
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

/* ---- compiling ---- */

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static const char *check_letter(enum fb_pattern_kind kind, char letter, uint32_t cnt)
{
	const char *letters = kind == FB_PATTERN_SIMPLE ? "GyMLdDEaHhKkmsSu" : "GyuMLdDEaHhKkmsSAnNQq";
	uint32_t max = 19;

	if (letter == 'Y')
		return "Y is the year of a week, which depends on the country: write yyyy for that of the day";
	if (strchr("wWec", letter) != NULL)
		return "weeks of a pattern depend on the country: use EXTRACT(WEEK FROM …)";
	if (strchr("zZxXVOv", letter) != NULL)
		return "a timestamp has no time zone that a pattern could show";
	if (strchr(letters, letter) == NULL)
		return "the pattern has an unknown letter; text is put in quotes: ''T''";
	if (kind == FB_PATTERN_FORMATTER)
		max = strchr("dHhKkms", letter) != NULL ? 2
		      : letter == 'a'           ? 1
		      : letter == 'D'           ? 3
		      : letter == 'S'           ? 9
		      : strchr("GMLEQq", letter) != NULL ? 5
						 : 19;
	return cnt > max ? "the pattern repeats a letter too often" : NULL;
}

static const char *add_item(struct fb_time_pattern *to, char letter, uint32_t cnt, struct fb_str text)
{
	if (to->cnt == FB_PATTERN_ITEMS_MAX)
		return "the pattern is too long";
	to->items[to->cnt++] = (struct fb_pattern_item){letter, (uint8_t)cnt, text};
	return NULL;
}

/* 'text', '' inside and outside is one quote. */
static const char *add_quoted(struct fb_time_pattern *to, struct fb_str text, uint32_t *at)
{
	uint32_t begin = ++*at;
	const char *problem = NULL;

	if (*at < text.len && text.p[*at] == '\'')
		return add_item(to, 0, 1, (struct fb_str){text.p + (*at)++, 1});
	for (; problem == NULL && *at < text.len; ++*at) {
		if (text.p[*at] != '\'')
			continue;
		problem = add_item(to, 0, 1, (struct fb_str){text.p + begin, *at - begin});
		if (*at + 1 == text.len || text.p[*at + 1] != '\'') {
			++*at;
			return problem;
		}
		begin = ++*at; /* the quote itself begins the next part */
	}
	return problem != NULL ? problem : "a quote of the pattern is not closed";
}

const char *fb_time_pattern_init(
	struct fb_time_pattern *ret, enum fb_pattern_kind kind, struct fb_str text)
{
	const char *problem = NULL;
	uint32_t at = 0;

	*ret = (struct fb_time_pattern){.kind = kind};
	ret->century_from =
		fb_civil_from_days(fb_floor_div(fb_clock_realtime_ns(), US_PER_DAY * 1000)).year - 80;
	while (problem == NULL && at < text.len) {
		uint32_t begin = at;
		char c = text.p[at];

		if (c == '\'') {
			problem = add_quoted(ret, text, &at);
		} else if (is_letter(c)) {
			while (at < text.len && text.p[at] == c)
				at++;
			problem = check_letter(kind, c, at - begin);
			if (problem == NULL)
				problem = add_item(ret, c, at - begin, (struct fb_str){0});
		} else if (kind == FB_PATTERN_FORMATTER && strchr("[]{}#", c) != NULL) {
			problem = "the pattern has a reserved character: [ ] { } #";
		} else {
			while (at < text.len && !is_letter(text.p[at]) && text.p[at] != '\'' &&
				(kind == FB_PATTERN_SIMPLE || strchr("[]{}#", text.p[at]) == NULL))
				at++;
			problem = add_item(ret, 0, 1, (struct fb_str){text.p + begin, at - begin});
		}
	}
	return problem;
}

/* ---- writing ---- */

struct moment {
	struct fb_civil civil;
	int64_t days;
	int64_t us; /* of the day */
};

struct out {
	char *p;
	uint32_t len;
	uint32_t cap;
	bool full;
};

static void put(struct out *out, const char *text, size_t len)
{
	if (len > out->cap - out->len) {
		out->full = true;
		return;
	}
	memcpy(out->p + out->len, text, len);
	out->len += (uint32_t)len;
}

static void put_number(struct out *out, int64_t value, uint32_t width)
{
	char digits[24];
	uint32_t at = sizeof(digits);
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	do
		digits[--at] = (char)('0' + rest % 10);
	while ((rest /= 10) != 0 || sizeof(digits) - at < FB_MIN(width, 20u));
	if (value < 0)
		put(out, "-", 1);
	put(out, digits + at, sizeof(digits) - at);
}

static void put_year(struct out *out, const struct fb_time_pattern *pattern, uint32_t cnt, int32_t year)
{
	if (cnt == 2) {
		put_number(out, fb_floor_mod(year, 100), 2);
		return;
	}
	if (pattern->kind == FB_PATTERN_FORMATTER && cnt >= 4 && year > 9999)
		put(out, "+", 1);
	put_number(out, year, cnt);
}

/* Short, long, or one letter. */
static void put_name(struct out *out, const char *name, uint32_t cnt, bool narrow)
{
	put(out, name, cnt < 4 ? 3 : cnt == 5 && narrow ? 1 : strlen(name));
}

static void put_quarter(struct out *out, uint32_t cnt, uint32_t quarter)
{
	static const char *const names[] = {"1st quarter", "2nd quarter", "3rd quarter", "4th quarter"};

	if (cnt == 4) {
		put(out, names[quarter - 1], strlen(names[quarter - 1]));
		return;
	}
	if (cnt == 3)
		put(out, "Q", 1);
	put_number(out, quarter, cnt == 2 ? 2 : 1);
}

static void put_date_letter(struct out *out, const struct fb_time_pattern *pattern,
	const struct fb_pattern_item *item, const struct moment *m)
{
	bool narrow = pattern->kind == FB_PATTERN_FORMATTER;
	int32_t year = m->civil.year;
	uint32_t week_day = (uint32_t)fb_floor_mod(m->days + 3, 7);

	switch (item->letter) {
	case 'G':
		if (narrow && item->cnt == 4)
			put(out, year > 0 ? "Anno Domini" : "Before Christ", year > 0 ? 11 : 13);
		else
			put(out, year > 0 ? "AD" : "BC", narrow && item->cnt == 5 ? 1 : 2);
		break;
	case 'y':
		put_year(out, pattern, item->cnt, year > 0 ? year : 1 - year);
		break;
	case 'u':
		if (pattern->kind == FB_PATTERN_SIMPLE)
			put_number(out, week_day + 1, item->cnt);
		else
			put_year(out, pattern, item->cnt, year);
		break;
	case 'M':
	case 'L':
		if (item->cnt > 2)
			put_name(out, months[m->civil.month - 1], item->cnt, narrow);
		else
			put_number(out, m->civil.month, item->cnt);
		break;
	case 'd':
		put_number(out, m->civil.day, item->cnt);
		break;
	case 'D':
		put_number(out, m->days - fb_days_from_civil(year, 1, 1) + 1, item->cnt);
		break;
	case 'E':
		put_name(out, week_days[week_day], item->cnt, narrow);
		break;
	default:
		put_quarter(out, item->cnt, (m->civil.month + 2u) / 3);
		break;
	}
}

static void put_time_letter(
	struct out *out, enum fb_pattern_kind kind, const struct fb_pattern_item *item, int64_t us)
{
	static const int64_t units[] = {0, 100000, 10000, 1000, 100, 10, 1};
	int64_t hour = us / (3600 * US_PER_S);

	switch (item->letter) {
	case 'a':
		put(out, hour < 12 ? "AM" : "PM", 2);
		break;
	case 'H':
		put_number(out, hour, item->cnt);
		break;
	case 'h':
		put_number(out, (hour + 11) % 12 + 1, item->cnt);
		break;
	case 'K':
		put_number(out, hour % 12, item->cnt);
		break;
	case 'k':
		put_number(out, (hour + 23) % 24 + 1, item->cnt);
		break;
	case 'm':
		put_number(out, us / (60 * US_PER_S) % 60, item->cnt);
		break;
	case 's':
		put_number(out, us / US_PER_S % 60, item->cnt);
		break;
	case 'A':
		put_number(out, us / 1000, item->cnt);
		break;
	case 'n':
		put_number(out, us % US_PER_S * 1000, item->cnt);
		break;
	case 'N':
		put_number(out, us * 1000, item->cnt);
		break;
	default: /* S: a number of milliseconds, or digits of the fraction */
		if (kind == FB_PATTERN_SIMPLE) {
			put_number(out, us % US_PER_S / 1000, item->cnt);
			break;
		}
		put_number(out, us % US_PER_S / units[FB_MIN(item->cnt, (uint8_t)6)],
			FB_MIN(item->cnt, (uint8_t)6));
		put(out, "000", item->cnt > 6 ? item->cnt - 6u : 0);
		break;
	}
}

uint32_t fb_time_pattern_format(
	const struct fb_time_pattern *pattern, int64_t us, char *out, uint32_t cap)
{
	struct out to = {out, 0, cap, false};
	struct moment m = {.days = fb_floor_div(us, US_PER_DAY)};

	m.us = us - m.days * US_PER_DAY;
	m.civil = pattern->kind == FB_PATTERN_SIMPLE && m.days < GREGORIAN_FROM
			  ? julian_civil(m.days)
			  : fb_civil_from_days(m.days);
	for (uint32_t i = 0; i < pattern->cnt; i++) {
		const struct fb_pattern_item *item = &pattern->items[i];

		if (item->letter == 0)
			put(&to, item->text.p, item->text.len);
		else if (strchr("GyuMLdDEQq", item->letter) != NULL)
			put_date_letter(&to, pattern, item, &m);
		else
			put_time_letter(&to, pattern->kind, item, m.us);
	}
	return to.full ? UINT32_MAX : to.len;
}

/* ---- reading ---- */

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
	const char *const *names = item->letter == 'E' ? week_days : months;
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
