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

static void add_call(const struct fb_expr *expr, const char *const *names, struct fb_buf *out)
{
	char type[FB_TYPE_TEXT_BYTES];
	struct fb_type to = expr->type;

	to.not_null = false;
	fb_buf_printf(out, "%s(", op_texts[expr->op].text);
	for (uint16_t i = 0; i < expr->arg_cnt; i++) {
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
