/* SPDX-License-Identifier: Apache-2.0 */
#include "config/sql/ast.h"

#include <stdarg.h>
#include <stdio.h>

bool fb_parse_is_full(const struct fb_parse *parse)
{
	return parse->diags->error_cnt >= FB_SQL_ERRORS_MAX;
}

static void report(
	struct fb_parse *parse, struct fb_place at, const char *hint, const char *fmt, va_list args)
{
	char message[512];

	if (fb_parse_is_full(parse))
		return;
	vsnprintf(message, sizeof(message), fmt, args);
	fb_diags_add(parse->diags, FB_ERROR_SEVERITY, at, hint, "%s", message);
	if (fb_parse_is_full(parse))
		fb_diags_add(
			parse->diags, FB_NOTE, at, NULL, "too many errors, the rest is not read");
}

void fb_parse_error(
	struct fb_parse *parse, struct fb_span at, const char *hint, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	report(parse, fb_span_place(at), hint, fmt, args);
	va_end(args);
}

void fb_parse_error_at(
	struct fb_parse *parse, struct fb_place at, const char *hint, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	report(parse, at, hint, fmt, args);
	va_end(args);
}

void fb_parse_release2(
	struct fb_parse *parse, struct fb_span at, const char *what, const char *hint)
{
	fb_parse_error(parse, at, hint, "%s comes with release 2", what);
}

struct fb_ast_name *fb_ast_name(struct fb_parse *parse, struct fb_str text, struct fb_span at)
{
	struct fb_ast_name *name = FB_ARENA_NEW(parse->arena, struct fb_ast_name);

	if (name == NULL)
		return NULL;
	name->text = text;
	name->place = fb_span_place(at);
	return name;
}

struct fb_ast_names fb_ast_names_one(struct fb_ast_name *name, struct fb_span at)
{
	struct fb_ast_names names = {.place = fb_span_place(at)};

	if (name != NULL) {
		names.first = name;
		names.tail = &name->next;
		names.cnt = 1;
	}
	return names;
}

void fb_ast_names_add(struct fb_ast_names *names, struct fb_ast_name *name, struct fb_span at)
{
	if (name == NULL)
		return;
	if (names->tail == NULL)
		names->first = name;
	else
		*names->tail = name;
	names->tail = &name->next;
	names->cnt++;
	names->place = fb_span_place(at);
}

struct fb_ast_expr *fb_ast_expr(struct fb_parse *parse, enum fb_ast_kind kind, struct fb_span at)
{
	struct fb_ast_expr *expr = FB_ARENA_NEW(parse->arena, struct fb_ast_expr);

	if (expr == NULL)
		return NULL;
	expr->kind = kind;
	expr->depth = 1;
	expr->place = fb_span_place(at);
	return expr;
}

struct fb_ast_expr *fb_ast_leaf(
	struct fb_parse *parse, enum fb_ast_kind kind, struct fb_str text, struct fb_span at)
{
	struct fb_ast_expr *expr = fb_ast_expr(parse, kind, at);

	if (expr != NULL)
		expr->text = text;
	return expr;
}

bool fb_ast_add(struct fb_parse *parse, struct fb_ast_expr *to, struct fb_ast_expr *arg)
{
	if (to == NULL || arg == NULL)
		return false;
	if (arg->depth >= FB_SQL_DEPTH_MAX) {
		fb_parse_error_at(parse, arg->place, "split it with a subquery in FROM",
			"expression is nested more than %d deep", FB_SQL_DEPTH_MAX);
		return false;
	}
	if (to->last == NULL)
		to->args = arg;
	else
		to->last->next = arg;
	to->last = arg;
	to->arg_cnt++;
	to->depth = FB_MAX(to->depth, arg->depth + 1);
	return true;
}

bool fb_ast_add_all(struct fb_parse *parse, struct fb_ast_expr *to, struct fb_ast_exprs list)
{
	struct fb_ast_expr *next;

	for (struct fb_ast_expr *at = list.first; at != NULL; at = next) {
		next = at->next;
		at->next = NULL;
		if (!fb_ast_add(parse, to, at))
			return false;
	}
	return true;
}

struct fb_ast_expr *fb_ast_unary(
	struct fb_parse *parse, enum fb_ast_kind kind, struct fb_ast_expr *a, struct fb_span at)
{
	struct fb_ast_expr *expr = fb_ast_expr(parse, kind, at);

	return fb_ast_add(parse, expr, a) ? expr : NULL;
}

struct fb_ast_expr *fb_ast_binary(struct fb_parse *parse, enum fb_ast_op op, struct fb_ast_expr *a,
	struct fb_ast_expr *b, struct fb_span at)
{
	struct fb_ast_expr *expr = fb_ast_expr(parse, FB_AST_BINARY, at);

	if (expr != NULL)
		expr->op = op;
	return fb_ast_add(parse, expr, a) && fb_ast_add(parse, expr, b) ? expr : NULL;
}

struct fb_ast_expr *fb_ast_chain(struct fb_parse *parse, enum fb_ast_kind kind,
	struct fb_ast_expr *a, struct fb_ast_expr *b, struct fb_span at)
{
	if (a != NULL && a->kind == kind && !a->in_parens) {
		a->place = fb_span_place(at);
		return fb_ast_add(parse, a, b) ? a : NULL;
	}

	struct fb_ast_expr *expr = fb_ast_expr(parse, kind, at);

	return fb_ast_add(parse, expr, a) && fb_ast_add(parse, expr, b) ? expr : NULL;
}

void fb_ast_exprs_add(struct fb_ast_exprs *list, struct fb_ast_expr *expr)
{
	if (expr == NULL)
		return;
	if (list->last == NULL)
		list->first = expr;
	else
		list->last->next = expr;
	list->last = expr;
	list->cnt++;
}

struct fb_ast_statement *fb_ast_statement(
	struct fb_parse *parse, enum fb_ast_statement_kind kind, struct fb_span at)
{
	struct fb_ast_statement *statement = FB_ARENA_NEW(parse->arena, struct fb_ast_statement);

	if (statement == NULL)
		return NULL;
	statement->kind = kind;
	statement->place = fb_span_place(at);
	return statement;
}

void fb_ast_statements_add(struct fb_ast_statements *list, struct fb_ast_statement *statement)
{
	if (statement == NULL)
		return;
	if (list->last == NULL)
		list->first = statement;
	else
		list->last->next = statement;
	while (statement->next != NULL)
		statement = statement->next;
	list->last = statement;
}

struct fb_ast_column *fb_ast_column(struct fb_parse *parse, int kind, struct fb_ast_name *name)
{
	struct fb_ast_column *column = FB_ARENA_NEW(parse->arena, struct fb_ast_column);
	struct fb_ast_table *table = parse->table;

	if (column == NULL || name == NULL)
		return NULL;
	column->kind = kind;
	column->name = name;
	if (table->last_column == NULL)
		table->columns = column;
	else
		table->last_column->next = column;
	table->last_column = column;
	table->column_cnt++;
	return column;
}

void fb_ast_table_watermark(struct fb_parse *parse, struct fb_ast_name *column,
	struct fb_ast_expr *value, struct fb_span at)
{
	struct fb_ast_table *table = parse->table;

	if (table->watermark != NULL) {
		fb_parse_error(parse, at, NULL, "a table has one WATERMARK");
		return;
	}
	table->watermark_column = column;
	table->watermark = value;
	table->watermark_place = fb_span_place(at);
}

void fb_ast_table_key(
	struct fb_parse *parse, struct fb_ast_names columns, bool enforced, struct fb_span at)
{
	struct fb_ast_table *table = parse->table;

	if (table->key_place.line != 0) {
		fb_parse_error(parse, at, NULL, "a table has one PRIMARY KEY");
		return;
	}
	table->primary_key = columns;
	table->enforced = enforced;
	table->key_place = fb_span_place(at);
}

struct fb_str fb_ast_unquote(struct fb_parse *parse, struct fb_str quoted)
{
	struct fb_str inner = {quoted.p + 1, quoted.len - 2};
	char quote = quoted.p[0];

	if (memchr(inner.p, quote, inner.len) == NULL)
		return inner;

	char *copy = fb_arena_alloc(parse->arena, (size_t)inner.len + 1);
	uint32_t len = 0;

	if (copy == NULL)
		return (struct fb_str){"", 0};
	for (uint32_t i = 0; i < inner.len; i++) {
		copy[len++] = inner.p[i];
		i += inner.p[i] == quote; /* the second of a pair */
	}
	return (struct fb_str){copy, len};
}
