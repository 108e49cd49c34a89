/* SPDX-License-Identifier: Apache-2.0 */
/* Literals, arithmetic and CAST. Typing: semantics 1.3. */
#include "config/sql/bind.h"
#include "config/sql/literal.h"

#include "config/base/calendar.h"

/* ---- literals ---- */

static const struct fb_expr *make_literal(struct fb_scope *scope, const struct fb_ast_expr *ast,
	struct fb_type type, struct fb_value value)
{
	return fb_expr_literal(scope->b, type, &value, ast->text, ast->place);
}

static const struct fb_expr *bind_integer(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	struct fb_value value = {0};

	if (fb_literal_integer(ast->text, &value.i64) == 0)
		return make_literal(scope, ast,
			fb_type_of(value.i64 <= INT32_MAX ? FB_T_INT : FB_T_BIGINT), value);
	fb_bind_error(scope->b, ast->place, "write it with .0 for a DECIMAL, or with E0 for a DOUBLE",
		"%.*s is too large for BIGINT", (int)FB_MIN(ast->text.len, 60u), ast->text.p);
	return NULL;
}

static const struct fb_expr *bind_number(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	struct fb_type type = fb_type_of(ast->kind == FB_AST_DECIMAL ? FB_T_DECIMAL : FB_T_DOUBLE);
	struct fb_value value = {0};
	int err = ast->kind == FB_AST_DECIMAL
			  ? fb_literal_decimal(ast->text, &value.i128, &type.precision, &type.scale)
			  : fb_literal_double(ast->text, &value.f64);

	if (err != 0) {
		fb_bind_error(scope->b, ast->place, NULL, "number is out of range");
		return NULL;
	}
	return make_literal(scope, ast, type, value);
}

static uint32_t count_characters(struct fb_str text)
{
	uint32_t cnt = 0;

	for (uint32_t i = 0; i < text.len; i++)
		cnt += ((unsigned char)text.p[i] & 0xc0) != 0x80;
	return cnt;
}

static const struct fb_expr *bind_text(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	struct fb_type type = {
		.kind = FB_T_CHAR, .length = FB_MAX(count_characters(ast->text), 1u)};
	struct fb_value value = {.str = ast->text};

	if (ast->text.len == 0)
		type = (struct fb_type){.kind = FB_T_VARCHAR, .length = FB_STRING_LENGTH};
	return make_literal(scope, ast, type, value);
}

static const struct fb_expr *bind_moment(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	struct fb_value value = {0};
	unsigned digits = 0;

	if (ast->kind == FB_AST_DATE) {
		if (fb_literal_date(ast->text, &value.i64) == 0)
			return make_literal(scope, ast, fb_type_of(FB_T_DATE), value);
		fb_bind_error(scope->b, ast->place, "write DATE '2024-01-31'", "'%.*s' is no date",
			(int)FB_MIN(ast->text.len, 60u), ast->text.p);
		return NULL;
	}
	if (fb_literal_timestamp(ast->text, &value.i64, &digits) != 0) {
		fb_bind_error(scope->b, ast->place,
			"write TIMESTAMP '2024-01-31 12:00:00.000', at most 6 digits of a fraction",
			"'%.*s' is no timestamp", (int)FB_MIN(ast->text.len, 60u), ast->text.p);
		return NULL;
	}

	struct fb_type type = {.kind = FB_T_TIMESTAMP, .precision = (uint8_t)digits};

	if (digits <= 3)
		value.i64 = fb_floor_div(value.i64, 1000);
	return make_literal(scope, ast, type, value);
}

static const struct fb_expr *bind_interval(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	struct fb_value value = {0};
	const char *problem = NULL;

	if (fb_literal_interval(scope->b->arena, ast->text, &ast->interval, &value.i64, &problem) !=
		0) {
		fb_bind_error(scope->b, ast->place, NULL, "'%.*s': %s",
			(int)FB_MIN(ast->text.len, 60u), ast->text.p,
			problem ? problem : "no interval");
		return NULL;
	}
	return make_literal(scope, ast, fb_type_of(FB_T_INTERVAL), value);
}

const struct fb_expr *fb_bind_literal(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	struct fb_value null = {.is_null = true};

	switch (ast->kind) {
	case FB_AST_INTEGER:
		return bind_integer(scope, ast);
	case FB_AST_DECIMAL:
	case FB_AST_APPROX:
		return bind_number(scope, ast);
	case FB_AST_STRING:
		return bind_text(scope, ast);
	case FB_AST_BOOLEAN:
		return fb_expr_boolean(scope->b, ast->flag, ast->place);
	case FB_AST_DATE:
	case FB_AST_TIMESTAMP:
		return bind_moment(scope, ast);
	case FB_AST_INTERVAL:
		return bind_interval(scope, ast);
	default: /* NULL, UNKNOWN */
		return make_literal(
			scope, ast, fb_type_of(ast->flag ? FB_T_BOOLEAN : FB_T_NULL), null);
	}
}

/* ---- arithmetic ---- */

static bool is_time(struct fb_type type)
{
	return fb_type_is_timestamp(type) || type.kind == FB_T_DATE;
}

static const struct fb_expr *report_operands(struct fb_scope *scope, const char *op,
	const struct fb_expr *x, const struct fb_expr *y, struct fb_place place)
{
	char a[FB_TYPE_TEXT_BYTES], c[FB_TYPE_TEXT_BYTES];
	struct fb_type left = x->type, right = y->type;

	left.not_null = right.not_null = false;
	fb_bind_error(scope->b, place,
		fb_type_is_text(left) || fb_type_is_text(right) ? "CAST the text to a number"
		: is_time(left) || is_time(right)                ? "write INTERVAL '5' SECOND for a time that passes"
								 : NULL,
		"cannot compute %s %s %s", fb_type_format(left, a), op, fb_type_format(right, c));
	return NULL;
}

/*
 * A timestamp or date plus or minus an INTERVAL literal: the literal becomes one of the same type
 * and unit, so that the operator needs to know nothing of intervals.
 */
static const struct fb_expr *bind_shift(struct fb_scope *scope, enum fb_op op,
	const struct fb_expr *moment, const struct fb_expr *interval, struct fb_place place)
{
	struct fb_binder *b = scope->b;
	struct fb_type type = moment->type;
	struct fb_value value = interval->literal;
	const struct fb_expr *args[2] = {moment, NULL};

	if (interval->op != FB_OP_LITERAL ||
		(type.kind != FB_T_DATE && !fb_type_is_timestamp(type)))
		return report_operands(scope, op == FB_OP_ADD ? "+" : "-", moment, interval, place);
	if (type.kind == FB_T_DATE) {
		value.i64 /= FB_MS_PER_DAY; /* what is below a day is cut off, as Flink does */
	} else if (__builtin_mul_overflow(
			   value.i64, fb_type_ticks_per_s(type) / 1000, &value.i64)) {
		fb_bind_error(b, place, NULL, "interval is too long");
		return NULL;
	}
	args[1] = fb_expr_literal(b, type, &value, (struct fb_str){0}, interval->place);
	return fb_expr_new(b, op, type, args, 2, place);
}

/* A DATE or timestamp plus or minus YEARs and MONTHs: the day gives way at the month's end. */
static const struct fb_expr *bind_months(struct fb_scope *scope, bool minus,
	const struct fb_expr *moment, const struct fb_ast_expr *interval, struct fb_place place)
{
	struct fb_binder *b = scope->b;
	struct fb_value months = {0};
	const char *problem = NULL;
	const struct fb_expr *args[2] = {moment, NULL};

	if (moment == NULL)
		return NULL;
	if (fb_literal_months(
		    b->arena, interval->text, &interval->interval, &months.i64, &problem) != 0) {
		fb_bind_error(b, interval->place, NULL, "'%.*s': %s",
			(int)FB_MIN(interval->text.len, 60u), interval->text.p,
			problem ? problem : "no interval");
		return NULL;
	}
	if (moment->type.kind != FB_T_DATE && !fb_type_is_timestamp(moment->type)) {
		char type[FB_TYPE_TEXT_BYTES];

		fb_bind_error(b, place, NULL, "months are added to a DATE or TIMESTAMP, this is %s",
			fb_type_format(moment->type, type));
		return NULL;
	}
	if (minus)
		months.i64 = -months.i64;
	args[1] = fb_expr_literal(
		b, fb_type_of(FB_T_BIGINT), &months, (struct fb_str){0}, interval->place);
	/* Of a TIMESTAMP_LTZ too: Flink takes the months of UTC, not of the wall clock. */
	return fb_expr_new(b, FB_OP_ADD_MONTHS, moment->type, args, 2, place);
}

static bool is_months(const struct fb_ast_expr *ast)
{
	return ast->kind == FB_AST_INTERVAL && ast->interval.from <= FB_UNIT_MONTH &&
	       ast->interval.to <= FB_UNIT_MONTH && ast->interval.to >= ast->interval.from;
}

static struct fb_type type_of_result(enum fb_op op, struct fb_type x, struct fb_type y)
{
	struct fb_decimal_type a = fb_type_decimal(x), c = fb_type_decimal(y);

	switch (op) {
	case FB_OP_MUL:
		return fb_type_of_decimal(fb_decimal_type_mul(a, c));
	case FB_OP_DIV:
		return fb_type_of_decimal(fb_decimal_type_div(a, c));
	case FB_OP_MOD:
		return fb_type_of_decimal(fb_decimal_type_mod(a, c));
	default:
		return fb_type_of_decimal(fb_decimal_type_add(a, c));
	}
}

/* Each side keeps its own precision and scale. */
static const struct fb_expr *bind_decimal(struct fb_scope *scope, enum fb_op op,
	const struct fb_expr *x, const struct fb_expr *y, struct fb_place place)
{
	struct fb_binder *b = scope->b;
	struct fb_type type = type_of_result(op, x->type, y->type);
	const struct fb_expr *args[2] = {
		fb_expr_cast(b, x, fb_type_of_decimal(fb_type_decimal(x->type))),
		fb_expr_cast(b, y, fb_type_of_decimal(fb_type_decimal(y->type)))};

	return fb_expr_new(b, op, type, args, 2, place);
}

/* MOD(x, y) and x % y: exact numbers; of integers the result has the type of the divisor, and always
 * fits it. */
static const struct fb_expr *bind_mod(struct fb_scope *scope, const struct fb_expr *x,
	const struct fb_expr *y, struct fb_place place)
{
	struct fb_binder *b = scope->b;
	struct fb_type type = x->type.kind > y->type.kind ? x->type : y->type;
	struct fb_type result = y->type;

	if (fb_type_is_float(x->type) || fb_type_is_float(y->type)) {
		fb_bind_error(b, place, "CAST both sides to BIGINT or DECIMAL",
			"%% and MOD take exact numbers, not FLOAT or DOUBLE");
		return NULL;
	}
	if (type.kind == FB_T_DECIMAL)
		return bind_decimal(scope, FB_OP_MOD, x, y, place);
	type.not_null = x->type.not_null && y->type.not_null;

	const struct fb_expr *args[2] = {fb_expr_cast(b, x, type), fb_expr_cast(b, y, type)};

	result.not_null = type.not_null;
	return fb_expr_cast(b, fb_expr_new(b, FB_OP_MOD, type, args, 2, place), result);
}

static const struct fb_expr *compute(struct fb_scope *scope, enum fb_op op, const struct fb_expr *x,
	const struct fb_expr *y, struct fb_place place)
{
	static const char *const signs[] = {[FB_OP_ADD] = "+",
		[FB_OP_SUB] = "-",
		[FB_OP_MUL] = "*",
		[FB_OP_DIV] = "/",
		[FB_OP_MOD] = "%"};
	struct fb_binder *b = scope->b;
	struct fb_type type;

	if (x == NULL || y == NULL)
		return NULL;
	if (y->type.kind == FB_T_INTERVAL && (op == FB_OP_ADD || op == FB_OP_SUB))
		return bind_shift(scope, op, x, y, place);
	if (x->type.kind == FB_T_INTERVAL && op == FB_OP_ADD)
		return bind_shift(scope, op, y, x, place);

	if (!fb_type_is_numeric(x->type) || !fb_type_is_numeric(y->type) ||
		!fb_type_common(x->type, y->type, &type))
		return report_operands(scope, signs[op], x, y, place);
	if (op == FB_OP_MOD)
		return bind_mod(scope, x, y, place);
	if (type.kind == FB_T_DECIMAL)
		return bind_decimal(scope, op, x, y, place);

	const struct fb_expr *args[2] = {fb_expr_cast(b, x, type), fb_expr_cast(b, y, type)};

	return fb_expr_new(b, op, type, args, 2, place);
}

static const struct fb_expr *bind_negate(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	struct fb_binder *b = scope->b;
	const struct fb_expr *x = fb_bind_expr(scope, ast->args);
	char type[FB_TYPE_TEXT_BYTES];

	if (x == NULL)
		return NULL;
	if (x->op == FB_OP_LITERAL && !x->literal.is_null &&
		(fb_type_is_numeric(x->type) || x->type.kind == FB_T_INTERVAL)) {
		struct fb_value value = x->literal;
		struct fb_str text = fb_bound_of(x)->text;

		if (fb_type_is_float(x->type))
			value.f64 = -value.f64;
		else if (x->type.kind == FB_T_DECIMAL)
			value.i128 = -value.i128;
		else
			value.i64 = -value.i64; /* literals are at most 2^63 - 1, folded or not */
		if (text.len > 0 && text.p[0] == '-')
			text = (struct fb_str){text.p + 1, text.len - 1};
		else if (text.len > 0)
			text = fb_str_from(
				fb_arena_printf(b->arena, "-%.*s", (int)text.len, text.p) ?: "");
		return fb_expr_literal(b, x->type, &value, text, ast->place);
	}
	if (!fb_type_is_numeric(x->type)) {
		fb_bind_error(b, ast->place, NULL, "only numbers have a sign, this is %s",
			fb_type_format(x->type, type));
		return NULL;
	}
	return fb_expr_new(b, FB_OP_NEG, x->type, &x, 1, ast->place);
}

const struct fb_expr *fb_bind_arithmetic(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	static const enum fb_op ops[] = {
		[FB_AST_ADD] = FB_OP_ADD,
		[FB_AST_SUB] = FB_OP_SUB,
		[FB_AST_MUL] = FB_OP_MUL,
		[FB_AST_DIV] = FB_OP_DIV,
		[FB_AST_MOD] = FB_OP_MOD,
	};

	if (ast->kind == FB_AST_NEGATE)
		return bind_negate(scope, ast);

	if (ast->kind == FB_AST_BINARY && (ast->op == FB_AST_ADD || ast->op == FB_AST_SUB) &&
		is_months(ast->last))
		return bind_months(scope, ast->op == FB_AST_SUB, fb_bind_expr(scope, ast->args),
			ast->last, ast->place);
	if (ast->kind == FB_AST_BINARY && ast->op == FB_AST_ADD && is_months(ast->args))
		return bind_months(
			scope, false, fb_bind_expr(scope, ast->last), ast->args, ast->place);

	const struct fb_expr *x = fb_bind_expr(scope, ast->args);
	const struct fb_expr *y = fb_bind_expr(scope, ast->last);

	return compute(
		scope, ast->kind == FB_AST_CALL ? FB_OP_MOD : ops[ast->op], x, y, ast->place);
}

/* ---- CAST ---- */

/* True if every value of `from` is one of `to` as it is. */
static bool is_wider(struct fb_type from, struct fb_type to)
{
	if (fb_type_is_text(from) && to.kind == FB_T_VARCHAR)
		return to.length >= from.length;
	if (fb_type_is_text(from) || fb_type_is_text(to))
		return fb_type_same(from, to);
	return fb_type_same_values(from, to) &&
	       (!fb_type_is_timestamp(to) || to.precision >= from.precision);
}

bool fb_bind_zone(struct fb_binder *b, struct fb_place at, const char *what, int64_t *ret_ms)
{
	if (!b->plan->settings.zone_is_set) {
		fb_bind_error(b, at, "write SET 'table.local-time-zone' = 'UTC'; in front",
			"%s needs a time zone that is set", what);
		return false;
	}
	b->zone_used = true;
	*ret_ms = b->plan->settings.zone_offset_ms;
	return true;
}

const struct fb_expr *fb_bind_clock(
	struct fb_binder *b, const struct fb_expr *x, enum fb_type_kind kind)
{
	struct fb_value offset = {0};
	const struct fb_expr *args[2] = {x, NULL};
	struct fb_type type;

	if (x == NULL || !fb_type_is_timestamp(x->type) || x->type.kind == kind)
		return x;
	if (!fb_bind_zone(b, x->place, "TIMESTAMP_LTZ", &offset.i64))
		return NULL;
	type = x->type;
	type.kind = (uint8_t)kind;
	if (kind == FB_T_TIMESTAMP_LTZ)
		offset.i64 = -offset.i64;
	args[1] = fb_expr_literal(
		b, fb_type_of(FB_T_BIGINT), &offset, (struct fb_str){0}, x->place);
	return fb_expr_new(b, FB_OP_CAST, type, args, 2, x->place);
}

/* The day's start of the wall clock: of a TIMESTAMP_LTZ the date before 1970 is right in Flink, too. */
static const struct fb_expr *day_of(struct fb_binder *b, const struct fb_expr *x)
{
	struct fb_value unit = {.i64 = FB_TIME_DAY};
	const struct fb_expr *args[2] = {fb_bind_clock(b, x, FB_T_TIMESTAMP),
		fb_expr_literal(b, fb_type_of(FB_T_INT), &unit, (struct fb_str){0}, x->place)};

	if (args[0] == NULL)
		return NULL;
	return fb_expr_new(b, FB_OP_FLOOR_TO, args[0]->type, args, 2, x->place);
}

/* Numbers and NULL: what can be known now is; the rest is computed like a column. */
static const struct fb_expr *cast_literal(struct fb_scope *scope, const struct fb_expr *x,
	struct fb_type type, const struct fb_ast_expr *ast)
{
	const struct fb_expr *folded = fb_expr_cast(scope->b, x, type);

	if (folded == NULL || folded->op == FB_OP_LITERAL)
		return folded;
	return fb_expr_new(
		scope->b, ast->flag ? FB_OP_TRY_CAST : FB_OP_CAST, type, &x, 1, ast->place);
}

const struct fb_expr *fb_bind_cast(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	struct fb_binder *b = scope->b;
	const struct fb_expr *x = fb_bind_expr(scope, ast->args);
	char from[FB_TYPE_TEXT_BYTES], to[FB_TYPE_TEXT_BYTES];
	struct fb_type type;

	if (x == NULL || !fb_bind_type(b, ast->type, &type))
		return NULL;

	struct fb_type from_type = x->type;
	enum fb_cast_rule rule = fb_type_cast_rule(x->type, type);

	from_type.not_null = type.not_null = false;
	if (rule == FB_CAST_PLANNED) {
		fb_bind_planned(b, ast->place, NULL, "CAST from %s to %s",
			fb_type_format(from_type, from), fb_type_format(type, to));
		return NULL;
	}
	if (rule == FB_CAST_NO) {
		fb_bind_error(b, ast->place,
			fb_type_is_numeric(from_type) && fb_type_is_timestamp(type)
				? "use TO_TIMESTAMP_LTZ(n, 0|3)"
				: NULL,
			"cannot cast %s to %s", fb_type_format(from_type, from),
			fb_type_format(type, to));
		return NULL;
	}
	if (x->op == FB_OP_LITERAL &&
		(x->literal.is_null || (fb_type_is_numeric(x->type) && fb_type_is_numeric(type))))
		return cast_literal(scope, x, type, ast);
	return fb_bind_convert(b, x, type, ast->flag, ast->place);
}

const struct fb_expr *fb_bind_convert(
	struct fb_binder *b, const struct fb_expr *x, struct fb_type type, bool try, struct fb_place place)
{
	/* TIMESTAMP_LTZ to anything else is read on the wall clock; what becomes one was on it. */
	enum fb_type_kind clock = type.kind;

	if (type.kind == FB_T_TIMESTAMP_LTZ && x->type.kind != FB_T_TIMESTAMP_LTZ)
		type.kind = FB_T_TIMESTAMP;
	else if (x->type.kind == FB_T_TIMESTAMP_LTZ && type.kind == FB_T_DATE)
		x = day_of(b, x);
	else if (type.kind != FB_T_TIMESTAMP_LTZ)
		x = fb_bind_clock(b, x, FB_T_TIMESTAMP);
	if (x == NULL)
		return NULL;
	/* What is too long for a DECIMAL is NULL. */
	type.not_null = x->type.not_null && !try && type.kind != FB_T_DECIMAL;
	if (!fb_type_same(x->type, type))
		x = is_wider(x->type, type) && x->op == FB_OP_LITERAL
			    ? fb_expr_cast(b, x, type)
			    : fb_expr_new(b, try ? FB_OP_TRY_CAST : FB_OP_CAST, type, &x, 1, place);
	return fb_bind_clock(b, x, clock);
}
