/* SPDX-License-Identifier: Apache-2.0 */
/* Function calls: aggregates here, the functions of a row in bind_function.c and bind_time.c. */
#include "config/base/nearest.h"
#include "config/sql/bind.h"
#include "config/sql/mistake.h"

enum status { AGGREGATE, SCALAR, PLANNED, RELEASE2 };

struct function {
	const char *name;
	enum status status;
	uint32_t arg_min;
	uint32_t arg_max;
};

static const struct function functions[] = {
#define FB_FUNCTION(name, status, arg_min, arg_max) {name, status, arg_min, arg_max},
#include "config/sql/function.def"
#undef FB_FUNCTION
};

static const char *const function_names[] = {
#define FB_FUNCTION(name, status, arg_min, arg_max) name,
#include "config/sql/function.def"
#undef FB_FUNCTION
};

static const struct function *find_function(struct fb_str name)
{
	for (size_t i = 0; i < FB_ARRAY_LEN(functions); i++)
		if (fb_str_is(name, functions[i].name))
			return &functions[i];
	return NULL;
}

static bool is_aggregate(const struct fb_ast_expr *ast)
{
	const struct function *function =
		ast->kind == FB_AST_CALL ? find_function(ast->text) : NULL;

	return function != NULL && function->status == AGGREGATE;
}

static const struct fb_ast_expr *find_aggregate(const struct fb_ast_expr *ast)
{
	if (is_aggregate(ast))
		return ast;
	for (const struct fb_ast_expr *at = ast->args; at != NULL; at = at->next) {
		const struct fb_ast_expr *found = find_aggregate(at);

		if (found != NULL)
			return found;
	}
	return NULL;
}

bool fb_has_aggregate(const struct fb_ast_expr *ast)
{
	return find_aggregate(ast) != NULL;
}

struct fb_place fb_first_aggregate(const struct fb_ast_query *query)
{
	for (const struct fb_ast_item *item = query->items; item != NULL; item = item->next) {
		const struct fb_ast_expr *found = find_aggregate(item->value);

		if (found != NULL)
			return found->place;
	}
	return (struct fb_place){0};
}

/* ---- aggregates ---- */

static bool check_aggregate(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	struct fb_binder *b = scope->b;
	int len = (int)ast->text.len;
	const char *name = ast->text.p;

	if (scope->in_agg)
		fb_bind_error(b, ast->place, NULL, "an aggregate cannot stand inside another");
	else if (scope->aggs == NULL)
		fb_bind_error(b, ast->place,
			scope->clause && strcmp(scope->clause, "WHERE") == 0
				? "write it into HAVING"
				: NULL,
			"%.*s cannot stand in %s", len, name,
			scope->clause ? scope->clause : "this place");
	else
		return true;
	return false;
}

static bool is_sum(const struct fb_agg *agg)
{
	return agg->func == FB_AGG_SUM || agg->func == FB_AGG_AVG;
}

/* What the aggregate can take, as Flink's AggFunctionFactory has it. */
static bool check_argument(
	struct fb_scope *scope, const struct fb_ast_expr *ast, const struct fb_agg *agg)
{
	struct fb_type type = agg->arg->type;
	bool number = fb_type_is_numeric(type);
	char text[FB_TYPE_TEXT_BYTES];

	if (type.kind == FB_T_NULL || type.kind == FB_T_INTERVAL) {
		fb_bind_error(scope->b, ast->place, "CAST it to a type", "%.*s cannot take %s",
			(int)ast->text.len, ast->text.p, fb_type_format(type, text));
		return false;
	}
	type.not_null = false;
	if (is_sum(agg) && !number) {
		fb_bind_error(scope->b, ast->place,
			fb_type_is_text(type) ? "CAST it to a number" : NULL,
			"%.*s takes numbers, this is %s", (int)ast->text.len, ast->text.p,
			fb_type_format(type, text));
		return false;
	}
	if (agg->distinct && fb_type_is_binary(type)) {
		fb_bind_error(scope->b, ast->place, "CAST it to STRING", "DISTINCT cannot take %s",
			fb_type_format(type, text));
		return false;
	}
	if ((agg->func == FB_AGG_MIN || agg->func == FB_AGG_MAX) && fb_type_is_binary(type)) {
		fb_bind_error(scope->b, ast->place, "COUNT and GROUP BY can take it",
			"%.*s cannot compare %s", (int)ast->text.len, ast->text.p,
			fb_type_format(type, text));
		return false;
	}
	return true;
}

/* Semantics 1.3. A group is never empty, but what passes FILTER may be; a sum of DECIMAL that has
 * too many digits is NULL. */
static struct fb_type agg_type(const struct fb_agg *agg)
{
	struct fb_type type;

	if (agg->func == FB_AGG_COUNT || agg->func == FB_AGG_COUNT_STAR)
		return (struct fb_type){.kind = FB_T_BIGINT, .not_null = true};
	type = agg->arg->type;
	if (agg->filter != NULL)
		type.not_null = false;
	if (is_sum(agg) && type.kind == FB_T_DECIMAL) {
		type.precision = 38;
		type.scale = agg->func == FB_AGG_AVG ? FB_MAX(type.scale, (uint8_t)6) : type.scale;
		type.not_null = false;
	}
	return type;
}

static bool same_expr(const struct fb_expr *a, const struct fb_expr *b)
{
	return a == b || (a != NULL && b != NULL && fb_expr_equal(a, b));
}

static bool is_column_of(const struct fb_agg *agg, const struct fb_expr *expr)
{
	return same_expr(agg->arg, expr) || same_expr(agg->filter, expr);
}

/* Aggregates share an argument or a condition that they have in common. */
static uint32_t count_columns(const struct fb_agg_list *list)
{
	uint32_t cnt = 0;

	for (uint32_t i = 0; i < list->cnt; i++) {
		const struct fb_agg *agg = &list->aggs[i];
		bool arg = agg->arg != NULL;
		bool filter = agg->filter != NULL && !same_expr(agg->arg, agg->filter);

		for (uint32_t j = 0; j < i; j++) {
			arg = arg && !is_column_of(&list->aggs[j], agg->arg);
			filter = filter && !is_column_of(&list->aggs[j], agg->filter);
		}
		cnt += arg + filter;
	}
	return cnt;
}

/* Sets of values to keep. */
static uint32_t count_distinct(const struct fb_agg_list *list)
{
	uint32_t cnt = 0;

	for (uint32_t i = 0; i < list->cnt; i++) {
		const struct fb_agg *agg = &list->aggs[i];
		bool first = agg->distinct;

		for (uint32_t j = 0; first && j < i; j++)
			first = !list->aggs[j].distinct ||
				!same_expr(list->aggs[j].arg, agg->arg) ||
				!same_expr(list->aggs[j].filter, agg->filter);
		cnt += first;
	}
	return cnt;
}

static bool check_bounds(
	struct fb_scope *scope, const struct fb_agg_list *list, struct fb_place place)
{
	if (count_columns(list) > FB_AGG_ARG_MAX)
		fb_bind_error(scope->b, place, "write a second query",
			"aggregates over more than %d different arguments and conditions",
			FB_AGG_ARG_MAX);
	else if (count_distinct(list) > FB_DISTINCT_MAX)
		fb_bind_error(scope->b, place, "write a second query",
			"DISTINCT over more than %d different arguments", FB_DISTINCT_MAX);
	else
		return true;
	return false;
}

static const struct fb_expr *add_aggregate(
	struct fb_scope *scope, const struct fb_agg *agg, struct fb_place place)
{
	struct fb_agg_list *list = scope->aggs;
	uint32_t i;

	for (i = 0; i < list->cnt; i++) {
		const struct fb_agg *other = &list->aggs[i];

		if (other->func == agg->func && other->distinct == agg->distinct &&
			same_expr(other->arg, agg->arg) && same_expr(other->filter, agg->filter))
			break;
	}
	if (i == list->cnt) {
		if (list->cnt == FB_AGG_MAX) {
			fb_bind_error(scope->b, place, "write a second query",
				"more than %d aggregates", FB_AGG_MAX);
			return NULL;
		}
		if (list->cnt == list->cap) {
			uint32_t cap = list->cap ? list->cap * 2 : 8;
			struct fb_agg *aggs = FB_ARENA_ARRAY(scope->b->arena, struct fb_agg, cap);

			if (aggs == NULL)
				return NULL;
			if (list->cnt)
				memcpy(aggs, list->aggs, list->cnt * sizeof(*aggs));
			list->aggs = aggs;
			list->cap = cap;
		}
		list->aggs[list->cnt++] = *agg;
		if (!check_bounds(scope, list, place))
			return NULL;
	}
	return fb_expr_leaf(scope->b, FB_OPX_AGG, (uint16_t)i, list->aggs[i].type, place);
}

/* A record-level part of an aggregate: its argument, or the condition of its FILTER. */
static const struct fb_expr *bind_part(
	struct fb_scope *scope, const struct fb_ast_expr *ast, bool condition)
{
	const char *clause = scope->clause;
	const struct fb_expr *expr;

	scope->in_agg = true;
	scope->clause = condition ? "FILTER" : clause;
	expr = condition ? fb_bind_condition(scope, ast) : fb_bind_expr(scope, ast);
	scope->clause = clause;
	scope->in_agg = false;
	if (expr == NULL)
		return NULL;
	if (fb_bound_of(expr)->has_window) {
		fb_bind_planned(scope->b, ast->place,
			"window columns are the same for the whole group",
			"an aggregate over window columns");
		return NULL;
	}
	return expr;
}

static bool bind_argument(struct fb_scope *scope, const struct fb_ast_expr *ast, struct fb_agg *agg)
{
	if (ast->args->kind == FB_AST_STAR) {
		if (agg->func != FB_AGG_COUNT || ast->flag) {
			fb_bind_error(scope->b, ast->place, NULL,
				ast->flag ? "%.*s(DISTINCT *): name the column"
					  : "%.*s(*): only COUNT takes *",
				(int)ast->text.len, ast->text.p);
			return false;
		}
		agg->func = FB_AGG_COUNT_STAR;
		return true;
	}
	agg->arg = bind_part(scope, ast->args, false);
	/* The least of all values is the least of the different ones. */
	agg->distinct = ast->flag && agg->func != FB_AGG_MIN && agg->func != FB_AGG_MAX;
	return agg->arg != NULL && check_argument(scope, ast, agg);
}

static const struct fb_expr *bind_aggregate(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	struct fb_agg agg = {.func = fb_str_is(ast->text, "COUNT") ? FB_AGG_COUNT
				     : fb_str_is(ast->text, "SUM") ? FB_AGG_SUM
				     : fb_str_is(ast->text, "MIN") ? FB_AGG_MIN
				     : fb_str_is(ast->text, "MAX") ? FB_AGG_MAX
								   : FB_AGG_AVG};

	if (!check_aggregate(scope, ast) || !bind_argument(scope, ast, &agg))
		return NULL;
	if (ast->filter != NULL) {
		agg.filter = bind_part(scope, ast->filter, true);
		if (agg.filter == NULL)
			return NULL;
	}
	agg.type = agg_type(&agg);
	return add_aggregate(scope, &agg, ast->place);
}

/* ---- calls ---- */

static void report_unknown(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	const char *near = fb_nearest_name(ast->text, function_names, FB_ARRAY_LEN(function_names));
	const char *hint = fb_mistake_function(ast->text);

	if (hint == NULL && near != NULL)
		hint = fb_arena_printf(scope->b->arena, "did you mean %s?", near);

	if (fb_str_is(ast->text, "TUMBLE") || fb_str_is(ast->text, "HOP") ||
		fb_str_is(ast->text, "SESSION") || fb_str_is(ast->text, "CUMULATE") ||
		fb_str_is(ast->text, "DESCRIPTOR"))
		fb_bind_error(scope->b, ast->place,
			"write FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '10' SECOND)) "
			"GROUP BY window_start, window_end",
			"%.*s as a function of a row or a group comes with release 2",
			(int)ast->text.len, ast->text.p);
	else
		fb_bind_error(scope->b, ast->place, hint, "there is no function %.*s",
			(int)FB_MIN(ast->text.len, 100u), ast->text.p);
}

const struct fb_expr *fb_bind_call(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	const struct function *function = find_function(ast->text);
	struct fb_binder *b = scope->b;

	if (function == NULL) {
		report_unknown(scope, ast);
		return NULL;
	}
	if (function->status == PLANNED) {
		fb_bind_planned(b, ast->place, NULL, "function %s", function->name);
		return NULL;
	}
	if (function->status == RELEASE2) {
		fb_bind_error(
			b, ast->place, NULL, "function %s comes with release 2", function->name);
		return NULL;
	}
	if (ast->arg_cnt < function->arg_min || ast->arg_cnt > function->arg_max) {
		const char *more = function->arg_max == function->arg_min ? ""
				   : function->arg_max == FB_ARGS_MAX
					   ? " or more"
					   : fb_arena_printf(b->arena, " or %u", function->arg_max);

		fb_bind_error(b, ast->place, NULL, "%s takes %u%s argument%s, not %u",
			function->name, function->arg_min, more ? more : "",
			function->arg_max == 1 ? "" : "s", ast->arg_cnt);
		return NULL;
	}
	if (function->status == AGGREGATE)
		return bind_aggregate(scope, ast);
	if (ast->flag || ast->filter != NULL) {
		fb_bind_error(b, ast->place, NULL,
			"%s is no aggregate: DISTINCT and FILTER have no meaning", function->name);
		return NULL;
	}
	return fb_bind_function(scope, ast);
}
