/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions of time (semantics 1.4). Before 1970 Flink divides towards 0 in EXTRACT, CAST to DATE and FLOOR to
 * months, which gives negative hours and the day behind; here everything is towards the past, as in Spark. Hot.
 */
#include "config/base/calendar.h"
#include "config/base/time_pattern.h"
#include "config/base/time_text.h"
#include "dataplane/format/convert.h"
#include "dataplane/operator/expr_private.h"

#define MS_PER_HOUR 3600000

/* 0000-01-01 00:00:00.000 to 9999-12-31 23:59:59.999; beyond is NULL (Flink,
 * DateTimeUtils.toTimestampData). */
static bool number_to_millis(int64_t number, int64_t factor, int64_t *ret)
{
	return !__builtin_mul_overflow(number, factor, ret) && *ret >= -62167219200000 &&
	       *ret <= 253402300799999;
}

/* ---- text to time ---- */

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

/* One or two digits, and what stands behind them unless it is 0. */
static bool read_part(struct fb_str text, uint32_t *at, char behind, int64_t *ret)
{
	uint32_t cnt = 0;

	*ret = 0;
	while (cnt < 2 && *at < text.len && text.p[*at] >= '0' && text.p[*at] <= '9') {
		*ret = *ret * 10 + (text.p[(*at)++] - '0');
		cnt++;
	}
	if (cnt == 0 || (behind != 0 && (*at >= text.len || text.p[*at] != behind)))
		return false;
	*at += behind != 0;
	return true;
}

/* java.sql.Timestamp.valueOf: what is beyond its range is carried over, also hours to 99. */
static bool sql_timestamp(struct fb_str text, int64_t *ret_us)
{
	struct fb_str date = {text.p, 0};
	int64_t days, hour, minute, second, us = 0;
	uint32_t at, digits = 0;

	while (date.len < text.len && text.p[date.len] != ' ')
		date.len++;
	at = date.len + 1;
	if (fb_convert_date(date, &days) != FB_CONVERTED || !read_part(text, &at, ':', &hour) ||
		!read_part(text, &at, ':', &minute) || !read_part(text, &at, 0, &second))
		return false;
	if (at < text.len) {
		if (text.p[at++] != '.' || at == text.len)
			return false;
		for (; at < text.len && digits < 9 && text.p[at] >= '0' && text.p[at] <= '9';
			at++, digits++)
			us = digits < 6 ? us * 10 + (text.p[at] - '0') : us;
		for (; digits < 6; digits++)
			us *= 10;
	}
	if (at != text.len)
		return false;
	*ret_us = (days * 86400 + hour * 3600 + minute * 60 + second) * 1000000 + us;
	return true;
}

/* By the pattern, else as java.sql.Timestamp and Date are written: Flink's way back. */
static bool to_timestamp(const struct fb_node *node, struct fb_str text, int64_t *ret_us)
{
	int64_t days;

	if (node->pattern == NULL)
		return fb_time_from_text(text, ret_us);
	if (fb_time_pattern_parse(node->pattern, text, ret_us))
		return true;
	text = trim(text);
	if (text.len > 0 && memchr(text.p, ' ', text.len) != NULL)
		return sql_timestamp(text, ret_us);
	if (fb_convert_date(text, &days) != FB_CONVERTED)
		return false;
	*ret_us = days * FB_MS_PER_DAY * 1000;
	return true;
}

static bool to_date(const struct fb_node *node, struct fb_str text, int64_t *ret_days)
{
	int64_t us;

	if (node->pattern == NULL)
		return fb_date_from_text(text, ret_days);
	if (!fb_time_pattern_parse(node->pattern, text, &us))
		return false;
	*ret_days = fb_floor_div(us, FB_MS_PER_DAY * 1000);
	return true;
}

static int64_t unix_timestamp(const struct fb_node *node, struct fb_str text)
{
	int64_t zone_ms = node->args[2]->expr->literal.i64;
	int64_t us;

	if (!fb_time_pattern_parse(node->pattern, text, &us))
		return INT64_MIN; /* what Flink gives */
	return (fb_floor_div(us, 1000) - zone_ms) / 1000;
}

/* ---- parts ---- */

static int64_t iso_week(int64_t days, int64_t *ret_year)
{
	/* The week's Thursday is of the week's year. */
	int64_t thursday = days - fb_floor_mod(days + 3, 7) + 3;
	int32_t year = fb_civil_from_days(thursday).year;

	*ret_year = year;
	return (thursday - fb_days_from_civil(year, 1, 1)) / 7 + 1;
}

/* 21st century, 3rd millennium. */
static int64_t age(int32_t year, int32_t length)
{
	return year > 0 ? (year + length - 1) / length : (year - length + 1) / length;
}

static int64_t part_of_date(int64_t days, enum fb_time_unit unit)
{
	struct fb_civil civil = fb_civil_from_days(days);
	int64_t year;

	switch (unit) {
	case FB_TIME_MILLENNIUM:
		return age(civil.year, 1000);
	case FB_TIME_CENTURY:
		return age(civil.year, 100);
	case FB_TIME_DECADE:
		return civil.year / 10;
	case FB_TIME_YEAR:
		return civil.year;
	case FB_TIME_QUARTER:
		return (civil.month + 2) / 3;
	case FB_TIME_MONTH:
		return civil.month;
	case FB_TIME_WEEK:
		return iso_week(days, &year);
	case FB_TIME_DAY:
		return civil.day;
	case FB_TIME_DOY:
		return days - fb_days_from_civil(civil.year, 1, 1) + 1;
	case FB_TIME_DOW:
		return fb_floor_mod(days + 4, 7) + 1;
	case FB_TIME_ISODOW:
		return fb_floor_mod(days + 3, 7) + 1;
	default:
		iso_week(days, &year);
		return year;
	}
}

static int64_t extract(int64_t ms, int64_t us_behind, enum fb_time_unit unit)
{
	switch (unit) {
	case FB_TIME_HOUR:
		return fb_floor_mod(ms, FB_MS_PER_DAY) / MS_PER_HOUR;
	case FB_TIME_MINUTE:
		return fb_floor_mod(ms, MS_PER_HOUR) / 60000;
	case FB_TIME_SECOND:
		return fb_floor_mod(ms, 60000) / 1000;
	case FB_TIME_MILLISECOND:
		return fb_floor_mod(ms, 1000);
	case FB_TIME_MICROSECOND:
		return fb_floor_mod(ms, 1000) * 1000 + us_behind;
	case FB_TIME_EPOCH:
		return fb_floor_div(ms, 1000);
	default:
		return part_of_date(fb_floor_div(ms, FB_MS_PER_DAY), unit);
	}
}

/* ---- rounding ---- */

static int64_t month_start(int32_t year, int32_t month)
{
	return fb_days_from_civil(year + (month - 1) / 12, (uint32_t)(month - 1) % 12 + 1, 1);
}

static int64_t round_date(int64_t days, enum fb_time_unit unit, bool up)
{
	struct fb_civil c = fb_civil_from_days(days);
	int32_t month, week_day;

	switch (unit) {
	case FB_TIME_MILLENNIUM:
		return month_start((int32_t)age(c.year, 1000) * 1000 + (up ? 1 : -999), 1);
	case FB_TIME_CENTURY:
		return month_start((int32_t)age(c.year, 100) * 100 + (up ? 1 : -99), 1);
	case FB_TIME_DECADE:
		return month_start(c.year / 10 * 10 + (up ? 10 : 0), 1);
	case FB_TIME_YEAR:
		return month_start(c.year + (up && (c.month > 1 || c.day > 1)), 1);
	case FB_TIME_QUARTER:
		month = (c.month - 1) / 3 * 3 + 1;
		return month_start(c.year, month + (up && (c.month > month || c.day > 1) ? 3 : 0));
	case FB_TIME_MONTH:
		return month_start(c.year, c.month + (up && c.day > 1));
	case FB_TIME_WEEK: /* begins on Sunday */
		week_day = (int32_t)fb_floor_mod(days + 4, 7);
		return days - week_day + (up && week_day > 0 ? 7 : 0);
	default:
		return days;
	}
}

static int64_t round_time(int64_t value, struct fb_type type, enum fb_time_unit unit, bool up)
{
	static const int64_t units_ms[] = {[FB_TIME_DAY] = FB_MS_PER_DAY,
		[FB_TIME_HOUR] = MS_PER_HOUR,
		[FB_TIME_MINUTE] = 60000,
		[FB_TIME_SECOND] = 1000,
		[FB_TIME_MILLISECOND] = 1};
	int64_t per_ms = fb_type_ticks_per_s(type) / 1000;
	int64_t ms = fb_floor_div(value, per_ms);

	if (type.kind == FB_T_DATE)
		return round_date(value, unit, up);
	if (unit < FB_TIME_DAY)
		return round_date(fb_floor_div(ms, FB_MS_PER_DAY), unit, up) * FB_MS_PER_DAY * per_ms;
	if (unit == FB_TIME_MILLISECOND)
		ms += up && ms * per_ms != value;
	else
		ms = fb_floor_div(ms + (up ? units_ms[unit] - 1 : 0), units_ms[unit]) * units_ms[unit];
	return ms * per_ms;
}

static int64_t add_months(int64_t value, struct fb_type type, int64_t months)
{
	int64_t per_day = type.kind == FB_T_DATE ? 1 : fb_type_ticks_per_s(type) * 86400;
	int64_t days = fb_floor_div(value, per_day);
	struct fb_civil c = fb_civil_from_days(days);
	int64_t month = c.year * 12LL + c.month - 1 + months;
	int32_t year = (int32_t)fb_floor_div(month, 12);
	uint32_t in_year = (uint32_t)fb_floor_mod(month, 12) + 1;
	int64_t to = fb_days_from_civil(
		year, in_year, FB_MIN((uint32_t)c.day, fb_days_in_month(year, in_year)));

	return (int64_t)((uint64_t)value + (uint64_t)(to - days) * (uint64_t)per_day);
}

/* ---- time to text ---- */

static void format(const struct fb_eval *eval, struct fb_node *node, uint32_t row, int64_t us)
{
	uint32_t len = fb_time_pattern_format(
		node->pattern, us, fb_node_room(node), node->text_row_bytes);

	if (len == UINT32_MAX)
		fb_node_too_long(eval, node, row);
	else
		fb_node_keep(node, row, len);
}

static void date_format(const struct fb_eval *eval, struct fb_node *node, uint32_t row)
{
	static const struct fb_time_pattern plain = {.kind = FB_PATTERN_SIMPLE,
		.cnt = 11,
		.items = {{'y', 4, {0}}, {0, 1, {"-", 1}}, {'M', 2, {0}}, {0, 1, {"-", 1}}, {'d', 2, {0}},
			{0, 1, {" ", 1}}, {'H', 2, {0}}, {0, 1, {":", 1}}, {'m', 2, {0}},
			{0, 1, {":", 1}}, {'s', 2, {0}}}};
	const struct fb_column *from = node->args[0]->value;
	struct fb_type type = node->args[0]->expr->type;
	int64_t us;

	if (fb_type_phys(type) != FB_PHYS_STR)
		format(eval, node, row, fb_to_micros(from->i64[row], type));
	else if (fb_time_pattern_parse(&plain, from->str[row], &us))
		format(eval, node, row, us);
	else
		fb_node_set_null(node, row);
}

static void from_unixtime(const struct fb_eval *eval, struct fb_node *node, uint32_t row)
{
	uint64_t ms = (uint64_t)node->args[0]->value->i64[row] * 1000 +
		      (uint64_t)node->args[2]->expr->literal.i64;
	int64_t us;

	if (__builtin_mul_overflow((int64_t)ms, 1000, &us)) {
		fb_node_too_long(eval, node, row); /* a year of six digits and more */
		return;
	}
	format(eval, node, row, us);
}

/* ---- all of them ---- */

static void eval_text_to_time(struct fb_node *node, uint32_t row)
{
	const struct fb_column *from = node->args[0]->value;
	int64_t value = 0;
	bool known;

	switch (node->expr->op) {
	case FB_OP_TO_TIMESTAMP:
		known = to_timestamp(node, from->str[row], &value);
		value = fb_floor_div(value, 1000);
		break;
	case FB_OP_TO_TIMESTAMP_LTZ:
		known = number_to_millis(from->i64[row],
			node->args[1]->expr->literal.i64 == 3 ? 1 : 1000, &value);
		break;
	case FB_OP_TO_DATE:
		known = to_date(node, from->str[row], &value);
		break;
	default:
		known = true;
		value = unix_timestamp(node, from->str[row]);
		break;
	}
	node->own.i64[row] = value;
	if (!known)
		fb_node_set_null(node, row);
}

static void eval_row(const struct fb_eval *eval, struct fb_node *node, uint32_t row)
{
	const struct fb_expr *expr = node->expr;
	int64_t value = fb_type_phys(node->args[0]->expr->type) == FB_PHYS_I64
				? node->args[0]->value->i64[row]
				: 0;
	struct fb_type type = node->args[0]->expr->type;
	int64_t per_ms = fb_type_ticks_per_s(type) / 1000;
	enum fb_time_unit unit;

	switch (expr->op) {
	case FB_OP_EXTRACT:
		unit = (enum fb_time_unit)node->args[1]->expr->literal.i64;
		node->own.i64[row] =
			type.kind == FB_T_DATE
				? extract(value * FB_MS_PER_DAY, 0, unit)
				: extract(fb_floor_div(value, per_ms),
					  per_ms == 1 ? 0 : fb_floor_mod(value, per_ms), unit);
		break;
	case FB_OP_FLOOR_TO:
	case FB_OP_CEIL_TO:
		unit = (enum fb_time_unit)node->args[1]->expr->literal.i64;
		node->own.i64[row] = round_time(value, type, unit, expr->op == FB_OP_CEIL_TO);
		break;
	case FB_OP_ADD_MONTHS:
		node->own.i64[row] = add_months(value, type, node->args[1]->expr->literal.i64);
		break;
	case FB_OP_DATE_FORMAT:
		date_format(eval, node, row);
		break;
	case FB_OP_FROM_UNIXTIME:
		from_unixtime(eval, node, row);
		break;
	default:
		eval_text_to_time(node, row);
		break;
	}
}

static void eval_now(const struct fb_eval *eval, struct fb_node *node)
{
	int64_t now = fb_clock_realtime_ns() / 1000000;

	for (uint32_t row = 0; row < eval->batch->row_cnt; row++)
		node->own.i64[row] = now;
}

void fb_eval_time(const struct fb_eval *eval, struct fb_node *node)
{
	fb_node_valid_all(node);
	node->text_used = 0;
	if (node->expr->op == FB_OP_CURRENT_TIMESTAMP) {
		eval_now(eval, node);
		return;
	}
	for (uint32_t i = 0; i < eval->batch->sel_cnt; i++) {
		uint32_t row = eval->batch->sel[i];

		if (!fb_column_is_valid(&node->own, row))
			continue;
		if (FB_UNLIKELY(fb_node_has_failed(node->args[0], row))) {
			if (fb_type_phys(node->expr->type) == FB_PHYS_STR)
				node->own.str[row] = FB_STR("");
			continue;
		}
		eval_row(eval, node, row);
	}
}
