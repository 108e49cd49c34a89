/* SPDX-License-Identifier: Apache-2.0 */
#include "config/base/calendar.h"
#include "config/base/nearest.h"
#include "config/base/time_text.h"
#include "config/sql/bind.h"

#include <strings.h>

bool fb_str_is(struct fb_str text, const char *word)
{
	return strlen(word) == text.len && strncasecmp(text.p, word, text.len) == 0;
}

/* ---- columns ---- */

static bool column_matches(
	const struct fb_rel_column *column, const struct fb_ast_names *path, struct fb_str name)
{
	if (!fb_str_eq(column->name, name))
		return false;
	return path->cnt == 1 ||
	       (column->qualifier.p != NULL && fb_str_eq(column->qualifier, path->first->text));
}

static const char *nearest_column(struct fb_binder *b, const struct fb_rel *rel, struct fb_str name)
{
	const char **names = FB_ARENA_ARRAY(b->arena, const char *, rel->column_cnt);

	if (names == NULL)
		return NULL;
	for (uint32_t i = 0; i < rel->column_cnt; i++) {
		names[i] = fb_arena_strdup(b->arena, rel->columns[i].name);
		if (names[i] == NULL)
			return NULL;
	}
	return fb_nearest_name(name, names, rel->column_cnt);
}

static void report_no_column(
	struct fb_scope *scope, const struct fb_ast_expr *ast, struct fb_str name)
{
	struct fb_binder *b = scope->b;
	const char *near = scope->rel ? nearest_column(b, scope->rel, name) : NULL;
	const char *hint = near ? fb_arena_printf(b->arena, "did you mean %s?", near) : NULL;
	struct fb_str table = ast->name.cnt > 1 ? ast->name.first->text : (struct fb_str){"", 0};

	if (near != NULL && fb_str_eq(fb_str_from(near), name))
		hint = fb_arena_printf(b->arena, "FROM has no '%.*s'; write %s",
			(int)FB_MIN(table.len, 100u), table.p, near);
	else if (scope->computed_column && near == NULL)
		hint = "a computed column reads the physical columns of its table";
	else if (near == NULL && scope->clause != NULL && strcmp(scope->clause, "GROUP BY") == 0)
		hint = "GROUP BY takes columns of FROM, not names given in SELECT";
	fb_bind_error(b, ast->place, hint, "there is no column '%.*s%s%.*s'",
		(int)FB_MIN(table.len, 100u), table.p, table.len ? "." : "",
		(int)FB_MIN(name.len, 100u), name.p);
}

const struct fb_rel_column *fb_bind_column(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	const struct fb_ast_names *path = &ast->name;
	const struct fb_ast_name *last = path->first;
	const struct fb_rel_column *found = NULL;

	if (path->cnt > 2) {
		fb_bind_error(scope->b, ast->place, "write table.column",
			"a column has one name in front at most");
		return NULL;
	}
	while (last->next != NULL)
		last = last->next;
	for (uint32_t i = 0; scope->rel != NULL && i < scope->rel->column_cnt; i++) {
		const struct fb_rel_column *column = &scope->rel->columns[i];

		if (!column_matches(column, path, last->text))
			continue;
		if (found != NULL) {
			fb_bind_error(scope->b, ast->place, "give one of them another name with AS",
				"column '%.*s' is there twice", (int)FB_MIN(last->text.len, 100u),
				last->text.p);
			return NULL;
		}
		found = column;
	}
	if (found == NULL)
		report_no_column(scope, ast, last->text);
	return found;
}

const struct fb_expr *fb_bind_read(
	struct fb_binder *b, const struct fb_rel_column *column, struct fb_place place)
{
	if (column->expr != NULL)
		return column->expr;
	fb_bind_planned(b, place, "leave it out of the query", "reading metadata column '%.*s'",
		(int)column->name.len, column->name.p);
	return NULL;
}

/* ---- logic ---- */

static bool is_boolean(const struct fb_expr *expr)
{
	return expr->type.kind == FB_T_BOOLEAN || expr->type.kind == FB_T_NULL;
}

const struct fb_expr *fb_bind_as_condition(
	struct fb_scope *scope, const struct fb_expr *expr, const char *what)
{
	char type[FB_TYPE_TEXT_BYTES];

	if (expr == NULL)
		return NULL;
	if (!is_boolean(expr)) {
		fb_bind_error(scope->b, expr->place, "compare it with something",
			"%s must be BOOLEAN, this is %s", what, fb_type_format(expr->type, type));
		return NULL;
	}
	return fb_expr_cast(scope->b, expr, fb_type_of(FB_T_BOOLEAN));
}

const struct fb_expr *fb_bind_condition(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	return fb_bind_as_condition(scope, fb_bind_expr(scope, ast), scope->clause);
}

static const struct fb_expr *bind_chain(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	enum fb_op op = ast->kind == FB_AST_AND ? FB_OP_AND : FB_OP_OR;
	const char *name = op == FB_OP_AND ? "a side of AND" : "a side of OR";
	const struct fb_expr **args =
		FB_ARENA_ARRAY(scope->b->arena, const struct fb_expr *, ast->arg_cnt);
	struct fb_type type = fb_type_of(FB_T_BOOLEAN);
	uint32_t cnt = 0;

	if (args == NULL)
		return NULL;
	type.not_null = true;
	for (const struct fb_ast_expr *at = ast->args; at != NULL; at = at->next) {
		args[cnt] = fb_bind_as_condition(scope, fb_bind_expr(scope, at), name);
		if (args[cnt] == NULL)
			return NULL;
		type.not_null &= args[cnt]->type.not_null;
		cnt++;
	}
	return fb_expr_new(scope->b, op, type, args, cnt, ast->place);
}

/* IS TRUE and the like never give NULL: what they say of NULL is put in its place first. */
static const struct fb_expr *bind_is(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	struct fb_binder *b = scope->b;
	const struct fb_expr *x = fb_bind_expr(scope, ast->args);
	struct fb_type type = {.kind = FB_T_BOOLEAN, .not_null = true};

	if (x == NULL)
		return NULL;
	if (ast->is != FB_AST_IS_NULL) {
		x = fb_bind_as_condition(scope, x, "what IS TRUE, FALSE or UNKNOWN asks about");
		if (x == NULL)
			return NULL;
	}
	if (x->type.kind == FB_T_NULL)
		x = fb_expr_cast(b, x, fb_type_of(FB_T_BOOLEAN));
	if (ast->is == FB_AST_IS_NULL || ast->is == FB_AST_IS_UNKNOWN)
		return fb_expr_new(
			b, ast->flag ? FB_OP_IS_NOT_NULL : FB_OP_IS_NULL, type, &x, 1, ast->place);

	bool is_true = ast->is == FB_AST_IS_TRUE;
	const struct fb_expr *parts[2] = {x, fb_expr_boolean(b, !is_true, ast->place)};
	const struct fb_expr *settled = fb_expr_new(b, FB_OP_COALESCE, type, parts, 2, ast->place);

	/* IS TRUE: x, NULL as FALSE. IS FALSE: not x, NULL as not TRUE. */
	return is_true != ast->flag ? settled : fb_expr_not(b, settled, ast->place);
}

static const struct fb_expr *is_null(
	struct fb_binder *b, enum fb_op op, const struct fb_expr *x, struct fb_place place)
{
	struct fb_type type = {.kind = FB_T_BOOLEAN, .not_null = true};

	if (x != NULL && x->type.kind == FB_T_NULL)
		x = fb_expr_cast(b, x, fb_type_of(FB_T_BOOLEAN));
	return fb_expr_new(b, op, type, &x, 1, place);
}

/* x IS NOT DISTINCT FROM y: equal and known, or both NULL. */
static const struct fb_expr *bind_distinct(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	struct fb_binder *b = scope->b;
	const struct fb_expr *x = fb_bind_expr(scope, ast->args);
	const struct fb_expr *y = fb_bind_expr(scope, ast->last);
	const struct fb_expr *parts[2] = {fb_bind_compare(scope, FB_OP_EQ, x, y, ast->place),
		fb_expr_boolean(b, false, ast->place)};
	struct fb_type type = {.kind = FB_T_BOOLEAN, .not_null = true};
	const struct fb_expr *equal = fb_expr_new(b, FB_OP_COALESCE, type, parts, 2, ast->place);
	const struct fb_expr *both_null =
		fb_expr_logic(b, FB_OP_AND, is_null(b, FB_OP_IS_NULL, x, ast->place),
			is_null(b, FB_OP_IS_NULL, y, ast->place), ast->place);
	const struct fb_expr *same = fb_expr_logic(b, FB_OP_OR, equal, both_null, ast->place);

	return ast->flag ? same : fb_expr_not(b, same, ast->place);
}

/* ---- comparison ---- */

static bool can_order(struct fb_type type)
{
	return type.kind != FB_T_INTERVAL;
}

static void report_mismatch(struct fb_scope *scope, const struct fb_expr *x,
	const struct fb_expr *y, struct fb_place place)
{
	char a[FB_TYPE_TEXT_BYTES], c[FB_TYPE_TEXT_BYTES];
	struct fb_type left = x->type, right = y->type;
	const char *hint = "CAST one side to the type of the other";

	left.not_null = right.not_null = false;
	fb_bind_error(scope->b, place, hint, "cannot compare %s with %s", fb_type_format(left, a),
		fb_type_format(right, c));
}

/* A text literal as the DATE or TIMESTAMP that it is compared with. */
static const struct fb_expr *read_literal(
	struct fb_scope *scope, const struct fb_expr *text, struct fb_type type)
{
	static const int64_t units[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
	struct fb_value value = {0};
	char name[FB_TYPE_TEXT_BYTES];
	bool known = type.kind == FB_T_DATE ? fb_date_from_text(text->literal.str, &value.i64)
					    : fb_time_from_text(text->literal.str, &value.i64);

	type.not_null = false;
	if (!known) {
		fb_bind_error(scope->b, text->place,
			"write DATE '2024-01-31' or TIMESTAMP '2024-01-31 12:00:00'", "'%.*s' is no %s",
			(int)FB_MIN(text->literal.str.len, 60u), text->literal.str.p,
			fb_type_format(type, name));
		return NULL;
	}
	if (type.kind == FB_T_TIMESTAMP) {
		value.i64 -= fb_floor_mod(value.i64, units[type.precision]);
		value.i64 = fb_floor_div(value.i64, 1000000 / fb_type_ticks_per_s(type));
	}
	return fb_expr_literal(scope->b, type, &value, (struct fb_str){0}, text->place);
}

/*
 * A side as one of the type compared in. DECIMALs keep their precision and scale, so that nothing is
 * cut off; a text beside a DATE or TIMESTAMP is read, and what cannot be read is NULL.
 */
static const struct fb_expr *as_side(
	struct fb_scope *scope, const struct fb_expr *x, struct fb_type type)
{
	struct fb_binder *b = scope->b;

	if (type.kind == FB_T_DECIMAL)
		return fb_expr_cast(b, x,
			x->type.kind == FB_T_NULL ? type
						  : fb_type_of_decimal(fb_type_decimal(x->type)));
	if (fb_type_is_text(x->type) && !fb_type_is_text(type))
		return x->op == FB_OP_LITERAL && !x->literal.is_null
			       ? read_literal(scope, x, type)
			       : fb_expr_new(b, FB_OP_TRY_CAST, type, &x, 1, x->place);
	if (fb_type_is_timestamp(type))
		x = fb_bind_clock(b, x, type.kind);
	return fb_expr_cast(b, x, type);
}

const struct fb_expr *fb_bind_compare(struct fb_scope *scope, enum fb_op op,
	const struct fb_expr *x, const struct fb_expr *y, struct fb_place place)
{
	struct fb_binder *b = scope->b;
	struct fb_type type;
	const struct fb_expr *sides[2];
	struct fb_type result = fb_type_of(FB_T_BOOLEAN);

	if (x == NULL || y == NULL)
		return NULL;
	if (!fb_type_comparable(x->type, y->type, &type) || !can_order(type)) {
		report_mismatch(scope, x, y, place);
		return NULL;
	}
	if (x->type.kind == FB_T_NULL || y->type.kind == FB_T_NULL)
		fb_bind_warn(b, place, "write IS NULL, or IS NOT NULL", "a comparison with NULL is never TRUE");
	if (type.kind == FB_T_NULL)
		type = fb_type_of(FB_T_BOOLEAN); /* NULL = NULL: unknown, whatever the type */
	/* FLOAT with DECIMAL is compared as DOUBLE: common_number has seen to that. */
	sides[0] = as_side(scope, x, type);
	sides[1] = as_side(scope, y, type);
	if (sides[0] == NULL || sides[1] == NULL)
		return NULL;
	result.not_null = sides[0]->type.not_null && sides[1]->type.not_null;
	return fb_expr_new(b, op, result, sides, 2, place);
}

static const struct fb_expr *bind_between(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	struct fb_binder *b = scope->b;
	const struct fb_expr *x = fb_bind_expr(scope, ast->args);
	const struct fb_expr *low = fb_bind_expr(scope, ast->args->next);
	const struct fb_expr *high = fb_bind_expr(scope, ast->last);
	const struct fb_expr *in;

	if (x == NULL || low == NULL || high == NULL)
		return NULL;
	in = fb_expr_logic(b, FB_OP_AND, fb_bind_compare(scope, FB_OP_GE, x, low, ast->place),
		fb_bind_compare(scope, FB_OP_LE, x, high, ast->place), ast->place);
	if (ast->symmetric)
		in = fb_expr_logic(b, FB_OP_OR, in,
			fb_expr_logic(b, FB_OP_AND,
				fb_bind_compare(scope, FB_OP_GE, x, high, ast->place),
				fb_bind_compare(scope, FB_OP_LE, x, low, ast->place), ast->place),
			ast->place);
	return ast->flag ? fb_expr_not(b, in, ast->place) : in;
}

static const struct fb_expr *bind_in(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	struct fb_binder *b = scope->b;
	const struct fb_expr *x = fb_bind_expr(scope, ast->args);
	uint32_t cnt = ast->arg_cnt - 1;
	const struct fb_expr **equals = FB_ARENA_ARRAY(b->arena, const struct fb_expr *, cnt);
	struct fb_type type = {.kind = FB_T_BOOLEAN, .not_null = true};
	const struct fb_expr *in;
	uint32_t i = 0;

	if (x == NULL || equals == NULL)
		return NULL;
	if (cnt > FB_ARGS_MAX) {
		fb_bind_error(
			b, ast->place, "split the query", "more than %d values in IN", FB_ARGS_MAX);
		return NULL;
	}
	for (const struct fb_ast_expr *at = ast->args->next; at != NULL; at = at->next, i++) {
		equals[i] = fb_bind_compare(scope, FB_OP_EQ, x, fb_bind_expr(scope, at), at->place);
		if (equals[i] == NULL)
			return NULL;
		type.not_null &= equals[i]->type.not_null;
	}
	in = cnt == 1 ? equals[0] : fb_expr_new(b, FB_OP_OR, type, equals, cnt, ast->place);
	return ast->flag ? fb_expr_not(b, in, ast->place) : in;
}

static const struct fb_expr *bind_binary(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	static const enum fb_op ops[] = {
		[FB_AST_EQ] = FB_OP_EQ,
		[FB_AST_NE] = FB_OP_NE,
		[FB_AST_LT] = FB_OP_LT,
		[FB_AST_LE] = FB_OP_LE,
		[FB_AST_GT] = FB_OP_GT,
		[FB_AST_GE] = FB_OP_GE,
	};

	if (ast->op == FB_AST_CONCAT)
		return fb_bind_concat(scope, ast);
	if (ast->op < FB_AST_EQ)
		return fb_bind_arithmetic(scope, ast);

	const struct fb_expr *x = fb_bind_expr(scope, ast->args);
	const struct fb_expr *y = fb_bind_expr(scope, ast->last);

	return fb_bind_compare(scope, ops[ast->op], x, y, ast->place);
}

static const struct fb_expr *bind_named(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	const struct fb_rel_column *column = fb_bind_column(scope, ast);
	const struct fb_expr *expr = column ? fb_bind_read(scope->b, column, ast->place) : NULL;
	const struct fb_bound *bound;
	struct fb_bound *copy;

	/* The same value, but messages point to where it is used. */
	if (expr == NULL || !fb_bind_charge(scope->b, 1, ast->place))
		return NULL;
	bound = fb_bound_of(expr);
	copy = FB_ARENA_NEW(scope->b->arena, struct fb_bound);
	if (copy == NULL)
		return NULL;
	*copy = *bound;
	copy->expr.place = ast->place;
	return &copy->expr;
}

const struct fb_expr *fb_bind_expr(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	switch (ast->kind) {
	case FB_AST_COLUMN:
		return bind_named(scope, ast);
	case FB_AST_CALL:
		return fb_bind_call(scope, ast);
	case FB_AST_CAST:
		return fb_bind_cast(scope, ast);
	case FB_AST_BINARY:
		return bind_binary(scope, ast);
	case FB_AST_NEGATE:
		return fb_bind_arithmetic(scope, ast);
	case FB_AST_NOT:
		return fb_expr_not(scope->b,
			fb_bind_as_condition(scope, fb_bind_expr(scope, ast->args), "what NOT negates"),
			ast->place);
	case FB_AST_AND:
	case FB_AST_OR:
		return bind_chain(scope, ast);
	case FB_AST_IS:
		return bind_is(scope, ast);
	case FB_AST_DISTINCT:
		return bind_distinct(scope, ast);
	case FB_AST_BETWEEN:
		return bind_between(scope, ast);
	case FB_AST_IN:
		return bind_in(scope, ast);
	case FB_AST_LIKE:
		return fb_bind_like(scope, ast);
	case FB_AST_CASE:
		return fb_bind_case(scope, ast);
	case FB_AST_SPECIAL:
		return ast->flag || fb_str_is(ast->text, "EXTRACT")
			       ? fb_bind_time_function(scope, ast)
			       : fb_bind_function(scope, ast);
	case FB_AST_STAR:
		fb_bind_error(
			scope->b, ast->place, NULL, "* stands in SELECT and in COUNT(*) only");
		return NULL;
	default:
		return fb_bind_literal(scope, ast);
	}
}
