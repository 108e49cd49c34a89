/* SPDX-License-Identifier: Apache-2.0 */
/* An expression as SQL text, with no more parentheses than it needs. */
#include "config/sql/sql.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/base/calendar.h"

/* How tightly an operator binds; a looser one inside a tighter one is put in parentheses. */
enum { OR = 1, AND, NOT, IS, COMPARE, ADD, MUL, UNARY, PRIMARY };

struct op_text {
	const char *text;
	int level;
};

static const struct op_text op_texts[FB_OP_CNT] = {
	[FB_OP_INPUT] = {"", PRIMARY},
	[FB_OP_LITERAL] = {"", PRIMARY},
	[FB_OP_ADD] = {" + ", ADD},
	[FB_OP_SUB] = {" - ", ADD},
	[FB_OP_MUL] = {" * ", MUL},
	[FB_OP_DIV] = {" / ", MUL},
	[FB_OP_MOD] = {" % ", MUL},
	[FB_OP_NEG] = {"-", UNARY},
	[FB_OP_EQ] = {" = ", COMPARE},
	[FB_OP_NE] = {" <> ", COMPARE},
	[FB_OP_LT] = {" < ", COMPARE},
	[FB_OP_LE] = {" <= ", COMPARE},
	[FB_OP_GT] = {" > ", COMPARE},
	[FB_OP_GE] = {" >= ", COMPARE},
	[FB_OP_AND] = {" AND ", AND},
	[FB_OP_OR] = {" OR ", OR},
	[FB_OP_NOT] = {"NOT ", NOT},
	[FB_OP_IS_NULL] = {" IS NULL", IS},
	[FB_OP_IS_NOT_NULL] = {" IS NOT NULL", IS},
	[FB_OP_CAST] = {"CAST", PRIMARY},
	[FB_OP_TRY_CAST] = {"TRY_CAST", PRIMARY},
	[FB_OP_COALESCE] = {"COALESCE", PRIMARY},
	[FB_OP_TO_TIMESTAMP] = {"TO_TIMESTAMP", PRIMARY},
	[FB_OP_TO_TIMESTAMP_LTZ] = {"TO_TIMESTAMP_LTZ", PRIMARY},
	[FB_OP_CASE] = {"CASE", PRIMARY},
	[FB_OP_ABS] = {"ABS", PRIMARY},
	[FB_OP_CEIL] = {"CEIL", PRIMARY},
	[FB_OP_FLOOR] = {"FLOOR", PRIMARY},
	[FB_OP_ROUND] = {"ROUND", PRIMARY},
	[FB_OP_LIKE] = {" LIKE ", COMPARE},
	[FB_OP_UPPER] = {"UPPER", PRIMARY},
	[FB_OP_LOWER] = {"LOWER", PRIMARY},
	[FB_OP_TRIM] = {"BOTH", PRIMARY},
	[FB_OP_LTRIM] = {"LEADING", PRIMARY},
	[FB_OP_RTRIM] = {"TRAILING", PRIMARY},
	[FB_OP_SUBSTRING] = {"SUBSTRING", PRIMARY},
	[FB_OP_CHAR_LENGTH] = {"CHAR_LENGTH", PRIMARY},
	[FB_OP_CONCAT] = {"CONCAT", PRIMARY},
	[FB_OP_CONCAT_WS] = {"CONCAT_WS", PRIMARY},
	[FB_OP_SPLIT_INDEX] = {"SPLIT_INDEX", PRIMARY},
	[FB_OP_EXTRACT] = {"EXTRACT", PRIMARY},
	[FB_OP_FLOOR_TO] = {"FLOOR", PRIMARY},
	[FB_OP_CEIL_TO] = {"CEIL", PRIMARY},
	[FB_OP_ADD_MONTHS] = {" + ", ADD},
	[FB_OP_TO_DATE] = {"TO_DATE", PRIMARY},
	[FB_OP_DATE_FORMAT] = {"DATE_FORMAT", PRIMARY},
	[FB_OP_FROM_UNIXTIME] = {"FROM_UNIXTIME", PRIMARY},
	[FB_OP_UNIX_TIMESTAMP] = {"UNIX_TIMESTAMP", PRIMARY},
	[FB_OP_CURRENT_TIMESTAMP] = {"CURRENT_TIMESTAMP", PRIMARY},
};

static void add_text(struct fb_str text, struct fb_buf *out)
{
	fb_buf_add_char(out, '\'');
	for (uint32_t i = 0; i < text.len; i++) {
		if (text.p[i] == '\'')
			fb_buf_add_char(out, '\'');
		fb_buf_add_char(out, text.p[i]);
	}
	fb_buf_add_char(out, '\'');
}

/* The shortest digits that read back as the same number, always with an exponent: so it is no
 * DECIMAL. */
static void add_double(double value, struct fb_buf *out)
{
	char text[40];

	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*e", digits - 1, value);
		if (strtod(text, NULL) == value)
			break;
	}

	char *e = strchr(text, 'e');

	if (e == NULL) {
		fb_buf_add_text(out, text);
		return;
	}
	*e = 0;
	fb_buf_printf(out, "%sE%d", text, atoi(e + 1));
}

/* In the largest unit that leaves a whole number of it. */
static void add_interval(int64_t ms, struct fb_buf *out)
{
	const char *sign = ms < 0 ? "-" : "";
	uint64_t size = ms < 0 ? -(uint64_t)ms : (uint64_t)ms;

	if (size % 86400000 == 0 && size != 0)
		fb_buf_printf(
			out, "INTERVAL '%s%llu' DAY", sign, (unsigned long long)(size / 86400000));
	else if (size % 3600000 == 0 && size != 0)
		fb_buf_printf(
			out, "INTERVAL '%s%llu' HOUR", sign, (unsigned long long)(size / 3600000));
	else if (size % 60000 == 0 && size != 0)
		fb_buf_printf(
			out, "INTERVAL '%s%llu' MINUTE", sign, (unsigned long long)(size / 60000));
	else if (size % 1000 == 0)
		fb_buf_printf(
			out, "INTERVAL '%s%llu' SECOND", sign, (unsigned long long)(size / 1000));
	else
		fb_buf_printf(out, "INTERVAL '%s%llu.%03llu' SECOND", sign,
			(unsigned long long)(size / 1000), (unsigned long long)(size % 1000));
}

static void add_literal(const struct fb_expr *expr, struct fb_buf *out)
{
	char text[FB_TIME_TEXT_BYTES];
	int64_t value = expr->literal.i64;

	if (expr->literal.is_null) {
		fb_buf_add_text(out, "NULL");
		return;
	}
	switch (expr->type.kind) {
	case FB_T_BOOLEAN:
		fb_buf_add_text(out, value ? "TRUE" : "FALSE");
		break;
	case FB_T_FLOAT:
	case FB_T_DOUBLE:
		add_double(expr->literal.f64, out);
		break;
	case FB_T_CHAR:
	case FB_T_VARCHAR:
		add_text(expr->literal.str, out);
		break;
	case FB_T_DECIMAL: {
		char digits[FB_DECIMAL_TEXT_BYTES];

		fb_buf_add(out, digits,
			fb_decimal_format(expr->literal.i128, expr->type.scale, digits));
		break;
	}
	case FB_T_DATE:
		fb_date_format(value, text);
		fb_buf_printf(out, "DATE '%s'", text);
		break;
	case FB_T_TIMESTAMP:
	case FB_T_TIMESTAMP_LTZ:
		fb_time_format_us(expr->type.precision <= 3 ? value * 1000 : value,
			expr->type.precision, text);
		fb_buf_printf(out, "TIMESTAMP '%s'", text);
		break;
	case FB_T_INTERVAL:
		add_interval(value, out);
		break;
	default:
		fb_buf_printf(out, "%lld", (long long)value);
		break;
	}
}

/* The second argument of a timestamp's + and - is an interval in the timestamp's own unit
 * (bind_value.c). */
static bool is_shift(const struct fb_expr *expr)
{
	return (expr->op == FB_OP_ADD || expr->op == FB_OP_SUB) &&
	       (expr->type.kind == FB_T_DATE || fb_type_is_timestamp(expr->type));
}

static void add_shift(const struct fb_expr *expr, struct fb_buf *out)
{
	int64_t value = expr->args[1]->literal.i64;

	fb_buf_add_text(out, op_texts[expr->op].text);
	if (expr->type.kind == FB_T_DATE)
		add_interval(value * 86400000, out);
	else
		add_interval(value / (fb_type_ticks_per_s(expr->type) / 1000), out);
}

static void add_expr(
	const struct fb_expr *expr, const char *const *names, int around, struct fb_buf *out);

static const char *unit_of(const struct fb_expr *expr)
{
	return fb_time_unit_name((enum fb_time_unit)expr->args[1]->literal.i64);
}

/* CASE WHEN c THEN x … ELSE y END */
static void add_case(const struct fb_expr *expr, const char *const *names, struct fb_buf *out)
{
	fb_buf_add_text(out, "CASE");
	for (uint16_t i = 0; i + 1 < expr->arg_cnt; i += 2) {
		fb_buf_add_text(out, " WHEN ");
		add_expr(expr->args[i], names, 0, out);
		fb_buf_add_text(out, " THEN ");
		add_expr(expr->args[i + 1], names, 0, out);
	}
	fb_buf_add_text(out, " ELSE ");
	add_expr(expr->args[expr->arg_cnt - 1], names, 0, out);
	fb_buf_add_text(out, " END");
}

/* What has words between its arguments, as one writes it. False: f(x, y). */
static bool add_worded(const struct fb_expr *expr, const char *const *names, struct fb_buf *out)
{
	switch (expr->op) {
	case FB_OP_CASE:
		add_case(expr, names, out);
		return true;
	case FB_OP_CURRENT_TIMESTAMP:
		fb_buf_add_text(out, "CURRENT_TIMESTAMP");
		return true;
	case FB_OP_TRIM ... FB_OP_RTRIM:
		fb_buf_printf(out, "TRIM(%s ", op_texts[expr->op].text);
		add_expr(expr->args[1], names, 0, out);
		fb_buf_add_text(out, " FROM ");
		add_expr(expr->args[0], names, 0, out);
		break;
	case FB_OP_EXTRACT:
		fb_buf_printf(out, "EXTRACT(%s FROM ", unit_of(expr));
		add_expr(expr->args[0], names, 0, out);
		break;
	case FB_OP_FLOOR_TO:
	case FB_OP_CEIL_TO:
		fb_buf_printf(out, "%s(", op_texts[expr->op].text);
		add_expr(expr->args[0], names, 0, out);
		fb_buf_printf(out, " TO %s", unit_of(expr));
		break;
	default:
		return false;
	}
	fb_buf_add_char(out, ')');
	return true;
}

/* The last argument of these is the time zone's offset, which is no part of the text. */
static uint16_t shown_args(const struct fb_expr *expr)
{
	bool zoned = expr->op == FB_OP_FROM_UNIXTIME || expr->op == FB_OP_UNIX_TIMESTAMP ||
		     (expr->op == FB_OP_CAST && expr->arg_cnt == 2);

	return expr->arg_cnt - zoned;
}

static void add_call(const struct fb_expr *expr, const char *const *names, struct fb_buf *out)
{
	char type[FB_TYPE_TEXT_BYTES];
	struct fb_type to = expr->type;

	if (add_worded(expr, names, out))
		return;
	to.not_null = false;
	fb_buf_printf(out, "%s(", op_texts[expr->op].text);
	for (uint16_t i = 0; i < shown_args(expr); i++) {
		fb_buf_add_text(out, i ? ", " : "");
		add_expr(expr->args[i], names, 0, out);
	}
	if (expr->op == FB_OP_CAST || expr->op == FB_OP_TRY_CAST)
		fb_buf_printf(out, " AS %s", fb_type_format(to, type));
	fb_buf_add_char(out, ')');
}

static void add_operator(const struct fb_expr *expr, const char *const *names, struct fb_buf *out)
{
	const struct op_text *op = &op_texts[expr->op];

	if (expr->arg_cnt == 1 && op->level == IS) {
		add_expr(expr->args[0], names, IS, out);
		fb_buf_add_text(out, op->text);
		return;
	}
	if (expr->arg_cnt == 1) {
		fb_buf_add_text(out, op->text);
		add_expr(expr->args[0], names, op->level + (expr->op == FB_OP_NEG), out);
		return;
	}
	add_expr(expr->args[0], names, op->level, out);
	if (is_shift(expr)) {
		add_shift(expr, out);
		return;
	}
	if (expr->op == FB_OP_ADD_MONTHS) {
		int64_t months = expr->args[1]->literal.i64;

		fb_buf_printf(out, " %c INTERVAL '%lld' MONTH", months < 0 ? '-' : '+',
			(long long)(months < 0 ? -months : months));
		return;
	}
	if (expr->op == FB_OP_LIKE) {
		fb_buf_add_text(out, op->text);
		add_expr(expr->args[1], names, op->level + 1, out);
		if (expr->arg_cnt == 3) {
			fb_buf_add_text(out, " ESCAPE ");
			add_expr(expr->args[2], names, op->level + 1, out);
		}
		return;
	}
	/* left to right: the same level on the right needs parentheses */
	for (uint16_t i = 1; i < expr->arg_cnt; i++) {
		fb_buf_add_text(out, op->text);
		add_expr(expr->args[i], names, op->level + 1, out);
	}
}

static void add_expr(
	const struct fb_expr *expr, const char *const *names, int around, struct fb_buf *out)
{
	const struct op_text *op = &op_texts[expr->op];

	if (expr->op == FB_OP_INPUT) {
		fb_buf_add_text(out, names[expr->input]);
	} else if (expr->op == FB_OP_LITERAL) {
		add_literal(expr, out);
	} else if (op->level == PRIMARY) {
		add_call(expr, names, out);
	} else {
		bool parens = op->level < around;

		if (parens)
			fb_buf_add_char(out, '(');
		add_operator(expr, names, out);
		if (parens)
			fb_buf_add_char(out, ')');
	}
}

void fb_explain_expr(const struct fb_expr *expr, const char *const *names, struct fb_buf *out)
{
	add_expr(expr, names, 0, out);
}
