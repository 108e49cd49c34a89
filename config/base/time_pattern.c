/* SPDX-License-Identifier: Apache-2.0 */
#include "config/base/time_pattern_private.h"

const char *const fb_month_names[12] = {"January", "February", "March", "April", "May", "June", "July",
	"August", "September", "October", "November", "December"};
const char *const fb_week_day_names[7] = {
	"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};

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
			put_name(out, fb_month_names[m->civil.month - 1], item->cnt, narrow);
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
		put_name(out, fb_week_day_names[week_day], item->cnt, narrow);
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
