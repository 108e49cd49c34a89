/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions of time. TIMESTAMP_LTZ is read on the wall clock of the file's time zone, and what
 * counts seconds since 1970 knows that zone, too. Patterns are literals: they are checked here.
 */
#include "config/base/nearest.h"
#include "config/base/time_pattern.h"
#include "config/sql/bind.h"

static const char *const unit_names[FB_TIME_UNIT_CNT] = {
	[FB_TIME_MILLENNIUM] = "MILLENNIUM",
	[FB_TIME_CENTURY] = "CENTURY",
	[FB_TIME_DECADE] = "DECADE",
	[FB_TIME_YEAR] = "YEAR",
	[FB_TIME_QUARTER] = "QUARTER",
	[FB_TIME_MONTH] = "MONTH",
	[FB_TIME_WEEK] = "WEEK",
	[FB_TIME_DAY] = "DAY",
	[FB_TIME_HOUR] = "HOUR",
	[FB_TIME_MINUTE] = "MINUTE",
	[FB_TIME_SECOND] = "SECOND",
	[FB_TIME_MILLISECOND] = "MILLISECOND",
	[FB_TIME_MICROSECOND] = "MICROSECOND",
	[FB_TIME_DOY] = "DOY",
	[FB_TIME_DOW] = "DOW",
	[FB_TIME_ISODOW] = "ISODOW",
	[FB_TIME_ISOYEAR] = "ISOYEAR",
	[FB_TIME_EPOCH] = "EPOCH",
};

const char *fb_time_unit_name(enum fb_time_unit unit)
{
	return unit_names[unit];
}

static const struct fb_expr *integer_literal(
	struct fb_binder *b, enum fb_type_kind kind, int64_t number, struct fb_place place)
{
	struct fb_value value = {.i64 = number};

	return fb_expr_literal(b, fb_type_of(kind), &value, (struct fb_str){0}, place);
}

static bool bind_args(struct fb_scope *scope, const struct fb_ast_expr *ast, const struct fb_expr **args)
{
	uint32_t cnt = 0;

	for (const struct fb_ast_expr *at = ast->args; at != NULL; at = at->next)
		if ((args[cnt++] = fb_bind_expr(scope, at)) == NULL)
			return false;
	return true;
}

static bool refuse(struct fb_scope *scope, const struct fb_ast_expr *ast, const struct fb_expr *arg,
	const char *what, const char *hint)
{
	char type[FB_TYPE_TEXT_BYTES];
	struct fb_type have = arg->type;

	have.not_null = false;
	fb_bind_error(scope->b, arg->place, hint, "%.*s takes %s, this is %s", (int)ast->text.len,
		ast->text.p, what, fb_type_format(have, type));
	return false;
}

static bool takes_text(
	struct fb_scope *scope, const struct fb_ast_expr *ast, const struct fb_expr *arg)
{
	return fb_type_is_text(arg->type) || refuse(scope, ast, arg, "text", "CAST it to STRING");
}

/* A literal pattern of one kind. */
static bool takes_pattern(struct fb_scope *scope, const struct fb_ast_expr *ast,
	const struct fb_expr *arg, enum fb_pattern_kind kind)
{
	struct fb_time_pattern pattern;
	const char *problem;

	if (!takes_text(scope, ast, arg))
		return false;
	if (arg->op != FB_OP_LITERAL || arg->literal.is_null) {
		fb_bind_error(scope->b, arg->place, "write it as text: 'yyyy-MM-dd'",
			"the pattern of %.*s is a literal", (int)ast->text.len, ast->text.p);
		return false;
	}
	problem = fb_time_pattern_init(&pattern, kind, arg->literal.str);
	if (problem != NULL)
		fb_bind_error(scope->b, arg->place, "letters: y M d H m s S, E, a, D, h, k, K, Q",
			"%s", problem);
	return problem == NULL;
}

static const struct fb_expr *text_literal(
	struct fb_binder *b, struct fb_str text, struct fb_place place)
{
	struct fb_type type = {.kind = FB_T_CHAR, .length = text.len};
	struct fb_value value = {.str = text};

	return fb_expr_literal(b, type, &value, (struct fb_str){0}, place);
}

/* UTC where the file sets none. */
static int64_t file_zone(struct fb_binder *b)
{
	b->zone_used = true;
	return b->plan->settings.zone_offset_ms;
}

/* ---- text to time ---- */

/* Never NOT NULL, since bad text gives NULL. */
static const struct fb_expr *bind_to_timestamp(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	struct fb_type type = {.kind = FB_T_TIMESTAMP, .precision = 3};
	const struct fb_expr *args[2];

	if (!bind_args(scope, ast, args))
		return NULL;
	if (!fb_type_is_text(args[0]->type)) {
		refuse(scope, ast, args[0], "text",
			"for a number of seconds or milliseconds: TO_TIMESTAMP_LTZ(n, 0|3)");
		return NULL;
	}
	if (ast->arg_cnt == 2 && !takes_pattern(scope, ast, args[1], FB_PATTERN_FORMATTER))
		return NULL;
	return fb_expr_new(scope->b, FB_OP_TO_TIMESTAMP, type, args, ast->arg_cnt, ast->place);
}

static const struct fb_expr *bind_to_date(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	const struct fb_expr *args[2];

	if (!bind_args(scope, ast, args) || !takes_text(scope, ast, args[0]) ||
		(ast->arg_cnt == 2 && !takes_pattern(scope, ast, args[1], FB_PATTERN_SIMPLE)))
		return NULL;
	return fb_expr_new(
		scope->b, FB_OP_TO_DATE, fb_type_of(FB_T_DATE), args, ast->arg_cnt, ast->place);
}

/* A text is read as TO_TIMESTAMP reads it, and taken as UTC whatever the file's time zone. */
static const struct fb_expr *text_to_ltz(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	struct fb_type type = {.kind = FB_T_TIMESTAMP_LTZ, .precision = 3};
	const struct fb_expr *args[2] = {bind_to_timestamp(scope, ast),
		integer_literal(scope->b, FB_T_BIGINT, 0, ast->place)};

	return fb_expr_new(scope->b, FB_OP_CAST, type, args, 2, ast->place);
}

static const struct fb_expr *bind_to_timestamp_ltz(
	struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	struct fb_binder *b = scope->b;
	struct fb_type type = {.kind = FB_T_TIMESTAMP_LTZ, .precision = 3};
	const struct fb_expr *args[2];

	if (!bind_args(scope, ast, args))
		return NULL;
	if (fb_type_is_text(args[0]->type))
		return text_to_ltz(scope, ast);
	if (ast->arg_cnt == 1)
		args[1] = integer_literal(b, FB_T_INT, 3, ast->place);
	if (args[1] == NULL)
		return NULL;
	if (!fb_type_is_integer(args[0]->type)) {
		refuse(scope, ast, args[0], "an integer", "CAST it to BIGINT");
		return NULL;
	}
	if (args[1]->op != FB_OP_LITERAL || !fb_type_is_integer(args[1]->type) ||
		(args[1]->literal.i64 != 0 && args[1]->literal.i64 != 3)) {
		fb_bind_error(b, ast->last->place, "0: seconds, 3: milliseconds",
			"the second argument of TO_TIMESTAMP_LTZ is 0 or 3");
		return NULL;
	}
	args[0] = fb_expr_cast(b, args[0], fb_type_of(FB_T_BIGINT));
	return fb_expr_new(b, FB_OP_TO_TIMESTAMP_LTZ, type, args, 2, ast->place);
}

static const struct fb_expr *bind_unix_timestamp(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	struct fb_binder *b = scope->b;
	struct fb_type type = fb_type_of(FB_T_BIGINT);
	const struct fb_expr *args[3] = {
		NULL, text_literal(b, FB_STR("yyyy-MM-dd HH:mm:ss"), ast->place), NULL};
	int64_t zone;

	if (ast->arg_cnt == 0) {
		fb_bind_error(b, ast->place, "CURRENT_TIMESTAMP is the same as a TIMESTAMP_LTZ(3)",
			"UNIX_TIMESTAMP() without a text is not in the subset");
		return NULL;
	}
	if (!bind_args(scope, ast, args) || !takes_text(scope, ast, args[0]) ||
		!takes_pattern(scope, ast, args[1], FB_PATTERN_SIMPLE))
		return NULL;
	zone = file_zone(b);
	args[2] = integer_literal(b, FB_T_BIGINT, zone, ast->place);
	type.not_null = args[0]->type.not_null;
	return fb_expr_new(b, FB_OP_UNIX_TIMESTAMP, type, args, 3, ast->place);
}

/* ---- time to text ---- */

static struct fb_type string_type(void)
{
	return (struct fb_type){.kind = FB_T_VARCHAR, .length = FB_STRING_LENGTH};
}

static const struct fb_expr *bind_from_unixtime(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	struct fb_binder *b = scope->b;
	struct fb_type type = string_type();
	const struct fb_expr *args[3] = {
		NULL, text_literal(b, FB_STR("yyyy-MM-dd HH:mm:ss"), ast->place), NULL};
	int64_t zone;

	if (!bind_args(scope, ast, args))
		return NULL;
	if (!fb_type_is_integer(args[0]->type)) {
		refuse(scope, ast, args[0], "an integer", "CAST it to BIGINT");
		return NULL;
	}
	if (!takes_pattern(scope, ast, args[1], FB_PATTERN_SIMPLE))
		return NULL;
	zone = file_zone(b);
	args[0] = fb_expr_cast(b, args[0], fb_type_of(FB_T_BIGINT));
	args[2] = integer_literal(b, FB_T_BIGINT, zone, ast->place);
	type.not_null = args[0] != NULL && args[0]->type.not_null;
	return fb_expr_new(b, FB_OP_FROM_UNIXTIME, type, args, 3, ast->place);
}

/* Of a text: read as yyyy-MM-dd HH:mm:ss, and bad text is NULL. */
static const struct fb_expr *bind_date_format(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	struct fb_binder *b = scope->b;
	struct fb_type type = string_type();
	const struct fb_expr *args[2];

	if (!bind_args(scope, ast, args))
		return NULL;
	if (!fb_type_is_text(args[0]->type) && !fb_type_is_timestamp(args[0]->type)) {
		refuse(scope, ast, args[0], "a TIMESTAMP", "CAST it to TIMESTAMP(3)");
		return NULL;
	}
	if (!takes_pattern(scope, ast, args[1],
		    fb_type_is_text(args[0]->type) ? FB_PATTERN_SIMPLE : FB_PATTERN_FORMATTER))
		return NULL;
	args[0] = fb_bind_clock(b, args[0], FB_T_TIMESTAMP);
	if (args[0] == NULL)
		return NULL;
	type.not_null = args[0]->type.not_null && !fb_type_is_text(args[0]->type);
	return fb_expr_new(b, FB_OP_DATE_FORMAT, type, args, 2, ast->place);
}

/* ---- parts of a time ---- */

static bool find_unit(struct fb_scope *scope, const struct fb_ast_expr *ast, enum fb_time_unit *ret)
{
	const char *near;

	for (int i = 0; i < FB_TIME_UNIT_CNT; i++) {
		if (fb_str_is(ast->text, unit_names[i])) {
			*ret = (enum fb_time_unit)i;
			return true;
		}
	}
	near = fb_nearest_name(ast->text, unit_names, FB_TIME_UNIT_CNT);
	fb_bind_error(scope->b, ast->place,
		near ? fb_arena_printf(scope->b->arena, "did you mean %s?", near)
		     : "units: YEAR, QUARTER, MONTH, WEEK, DAY, HOUR, MINUTE, SECOND",
		"'%.*s' is no unit of time", (int)FB_MIN(ast->text.len, 60u), ast->text.p);
	return false;
}

static bool takes_moment(
	struct fb_scope *scope, const struct fb_ast_expr *ast, const struct fb_expr *arg)
{
	return arg->type.kind == FB_T_DATE || fb_type_is_timestamp(arg->type) ||
	       refuse(scope, ast, arg, "a DATE or TIMESTAMP", NULL);
}

static const struct fb_expr *make_extract(struct fb_scope *scope, const struct fb_ast_expr *ast,
	const struct fb_expr *x, enum fb_time_unit unit)
{
	struct fb_binder *b = scope->b;
	struct fb_type type = fb_type_of(FB_T_BIGINT);
	const struct fb_expr *args[2];

	if (x == NULL || !takes_moment(scope, ast, x))
		return NULL;
	args[0] = fb_bind_clock(b, x, FB_T_TIMESTAMP);
	args[1] = integer_literal(b, FB_T_INT, unit, ast->place);
	type.not_null = x->type.not_null;
	return fb_expr_new(b, FB_OP_EXTRACT, type, args, 2, ast->place);
}

static const struct fb_expr *bind_extract(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	enum fb_time_unit unit;

	if (ast->kind == FB_AST_CALL) {
		fb_bind_error(scope->b, ast->place, NULL, "write EXTRACT(YEAR FROM ts)");
		return NULL;
	}
	if (!find_unit(scope, ast->last, &unit))
		return NULL;
	return make_extract(scope, ast, fb_bind_expr(scope, ast->args), unit);
}

/* YEAR(ts) and the like. */
static const struct fb_expr *bind_part(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	static const struct {
		const char *name;
		enum fb_time_unit unit;
	} parts[] = {{"YEAR", FB_TIME_YEAR}, {"QUARTER", FB_TIME_QUARTER}, {"MONTH", FB_TIME_MONTH},
		{"WEEK", FB_TIME_WEEK}, {"DAYOFYEAR", FB_TIME_DOY}, {"DAYOFMONTH", FB_TIME_DAY},
		{"DAYOFWEEK", FB_TIME_DOW}, {"HOUR", FB_TIME_HOUR}, {"MINUTE", FB_TIME_MINUTE},
		{"SECOND", FB_TIME_SECOND}};
	size_t i = 0;

	while (!fb_str_is(ast->text, parts[i].name))
		i++;
	return make_extract(scope, ast, fb_bind_expr(scope, ast->args), parts[i].unit);
}

/* FLOOR(x TO unit), CEIL(x TO unit). */
static const struct fb_expr *bind_floor_to(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	struct fb_binder *b = scope->b;
	bool floor = fb_str_is(ast->text, "FLOOR");
	const struct fb_expr *x, *args[2], *result;
	enum fb_time_unit unit;

	if (!floor && !fb_str_is(ast->text, "CEIL") && !fb_str_is(ast->text, "CEILING")) {
		fb_bind_error(b, ast->place, NULL, "only FLOOR and CEIL take a unit: FLOOR(ts TO HOUR)");
		return NULL;
	}
	if (!find_unit(scope, ast->last, &unit))
		return NULL;
	x = fb_bind_expr(scope, ast->args);
	if (x == NULL || !takes_moment(scope, ast, x))
		return NULL;
	if (unit > FB_TIME_MILLISECOND) {
		fb_bind_error(b, ast->last->place, "units: YEAR, QUARTER, MONTH, WEEK, DAY, HOUR, …",
			"cannot round to %s", unit_names[unit]);
		return NULL;
	}
	args[0] = fb_bind_clock(b, x, FB_T_TIMESTAMP);
	if (args[0] == NULL)
		return NULL;
	args[1] = integer_literal(b, FB_T_INT, unit, ast->place);
	result = fb_expr_new(
		b, floor ? FB_OP_FLOOR_TO : FB_OP_CEIL_TO, args[0]->type, args, 2, ast->place);
	return fb_bind_clock(b, result, x->type.kind);
}

/* ---- now ---- */

static const struct fb_expr *bind_now(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	struct fb_binder *b = scope->b;
	struct fb_type type = {.kind = FB_T_TIMESTAMP_LTZ, .not_null = true, .precision = 3};
	const struct fb_expr *now =
		fb_expr_new(b, FB_OP_CURRENT_TIMESTAMP, type, NULL, 0, ast->place);

	if (fb_str_is(ast->text, "CURRENT_TIMESTAMP") || fb_str_is(ast->text, "NOW"))
		return now;
	now = fb_bind_clock(b, now, FB_T_TIMESTAMP);
	if (now == NULL || fb_str_is(ast->text, "LOCALTIMESTAMP"))
		return now;
	type = (struct fb_type){.kind = FB_T_DATE, .not_null = true};
	return fb_expr_new(b, FB_OP_CAST, type, &now, 1, ast->place);
}

const struct fb_expr *fb_bind_time_function(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	static const struct {
		const char *name;
		const struct fb_expr *(*bind)(struct fb_scope *, const struct fb_ast_expr *);
	} binders[] = {{"TO_TIMESTAMP", bind_to_timestamp}, {"TO_TIMESTAMP_LTZ", bind_to_timestamp_ltz},
		{"TO_DATE", bind_to_date}, {"UNIX_TIMESTAMP", bind_unix_timestamp},
		{"FROM_UNIXTIME", bind_from_unixtime}, {"DATE_FORMAT", bind_date_format},
		{"EXTRACT", bind_extract}, {"YEAR", bind_part}, {"QUARTER", bind_part}, {"MONTH", bind_part},
		{"WEEK", bind_part}, {"DAYOFYEAR", bind_part}, {"DAYOFMONTH", bind_part},
		{"DAYOFWEEK", bind_part}, {"HOUR", bind_part}, {"MINUTE", bind_part},
		{"SECOND", bind_part}, {"CURRENT_TIMESTAMP", bind_now}, {"NOW", bind_now},
		{"LOCALTIMESTAMP", bind_now}, {"CURRENT_DATE", bind_now}};

	if (ast->kind == FB_AST_SPECIAL && ast->flag)
		return bind_floor_to(scope, ast);
	for (size_t i = 0; i < FB_ARRAY_LEN(binders); i++)
		if (fb_str_is(ast->text, binders[i].name))
			return binders[i].bind(scope, ast);
	return NULL; /* function.def names nothing else */
}
