/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UNION ALL and VALUES: lists of branches with the same columns. Column names are those of the
 * first branch, types the "least restrictive" over all of them; Flink knows no implicit cast beyond
 * that here, and neither do we.
 */
#include "config/sql/bind.h"

/* The branches that are to become one relation. */
struct uniting {
	struct fb_binder *b;
	struct fb_rel *first;
	struct fb_rel *last;
	const char *what; /* "UNION ALL", "VALUES" */
};

static void append(struct uniting *u, struct fb_rel *rel)
{
	if (u->first == NULL)
		u->first = rel;
	else
		u->last->next = rel;
	while (rel->next != NULL)
		rel = rel->next;
	u->last = rel;
}

/* The type of column i over all branches. */
static bool common_type(struct uniting *u, uint32_t i, struct fb_place at, struct fb_type *ret_type)
{
	char left[FB_TYPE_TEXT_BYTES], right[FB_TYPE_TEXT_BYTES];
	struct fb_type type = u->first->columns[i].expr->type;

	for (const struct fb_rel *rel = u->first->next; rel != NULL; rel = rel->next) {
		struct fb_type next = rel->columns[i].expr->type;

		if (fb_type_common(type, next, &type))
			continue;
		type.not_null = next.not_null = false;
		fb_bind_error(u->b, rel->columns[i].place.line ? rel->columns[i].place : at,
			"CAST one of them to the type of the other",
			"column %u of %s is %s here and %s before", i + 1, u->what,
			fb_type_format(next, right), fb_type_format(type, left));
		return false;
	}
	*ret_type = type;
	return true;
}

static bool reconcile_column(struct uniting *u, uint32_t i, struct fb_place at)
{
	struct fb_str name = u->first->columns[i].name;
	bool rowtime = true;
	struct fb_type type;

	for (struct fb_rel *rel = u->first; rel != NULL; rel = rel->next) {
		struct fb_rel_column *column = &rel->columns[i];

		column->expr = fb_bind_read(u->b, column, column->place.line ? column->place : at);
		if (column->expr == NULL)
			return false;
		rowtime = rowtime && column->rowtime;
	}
	if (!common_type(u, i, at, &type))
		return false;
	for (struct fb_rel *rel = u->first; rel != NULL; rel = rel->next) {
		struct fb_rel_column *column = &rel->columns[i];

		column->name = name;
		column->rowtime = rowtime;
		if (!fb_type_same(column->expr->type, type))
			column->expr = fb_expr_cast(u->b, column->expr, type);
		if (column->expr == NULL)
			return false;
	}
	return true;
}

/* ---- UNION ALL ---- */

static bool check_columns(struct uniting *u, const struct fb_rel *right, struct fb_place at)
{
	if (u->first == NULL || u->first->column_cnt == right->column_cnt)
		return true;
	fb_bind_error(u->b, at, "both sides need the same columns",
		"UNION ALL of %u and %u columns", u->first->column_cnt, right->column_cnt);
	return false;
}

/* A chain a UNION ALL b UNION ALL c leans to the left and may be as long as the text: no recursion
 * along it. */
static const struct fb_ast_query **list_sides(
	struct fb_binder *b, const struct fb_ast_query *query, uint32_t *ret_cnt)
{
	const struct fb_ast_query **sides;
	const struct fb_ast_query *at = query;
	uint32_t cnt = 1;

	for (; at->kind == FB_QUERY_UNION_ALL && (at == query || at->with == NULL); at = at->left)
		cnt++;
	sides = FB_ARENA_ARRAY(b->arena, const struct fb_ast_query *, cnt);
	*ret_cnt = cnt;
	if (sides == NULL)
		return NULL;
	sides[0] = at;
	for (at = query; cnt > 1; at = at->left)
		sides[--cnt] = at->right;
	return sides;
}

struct fb_rel *fb_bind_union(struct fb_binder *b, const struct fb_ast_query *query)
{
	struct uniting u = {.b = b, .what = "UNION ALL"};
	uint32_t cnt;
	const struct fb_ast_query **sides = list_sides(b, query, &cnt);

	for (uint32_t i = 0; i < cnt; i++) {
		struct fb_rel *rel = sides ? fb_bind_query(b, sides[i]) : NULL;

		if (rel == NULL || !check_columns(&u, rel, query->place))
			return NULL;
		append(&u, rel);
	}
	for (uint32_t i = 0; i < u.first->column_cnt; i++)
		if (!reconcile_column(&u, i, query->place))
			return NULL;
	return u.first;
}

/* ---- VALUES ---- */

static struct fb_rel *bind_row(struct fb_binder *b, const struct fb_ast_row *row)
{
	struct fb_scope scope = {.b = b, .clause = "VALUES"};
	struct fb_rel *rel = FB_ARENA_NEW(b->arena, struct fb_rel);
	uint32_t i = 0;

	if (rel == NULL || !fb_bind_charge(b, row->values.cnt + 1ull, row->place))
		return NULL;
	rel->columns = FB_ARENA_ARRAY(b->arena, struct fb_rel_column, row->values.cnt);
	if (rel->columns == NULL)
		return NULL;
	for (const struct fb_ast_expr *at = row->values.first; at != NULL; at = at->next, i++) {
		struct fb_rel_column *column = &rel->columns[i];
		const char *name = fb_arena_printf(b->arena, "EXPR$%u", i);

		column->expr = fb_bind_expr(&scope, at);
		column->name = fb_str_from(name ? name : "");
		column->place = at->place;
		if (column->expr == NULL || name == NULL || !fb_bind_has_type(b, column->expr))
			return NULL;
	}
	rel->column_cnt = i;
	return rel;
}

struct fb_rel *fb_bind_values(struct fb_binder *b, const struct fb_ast_query *query)
{
	struct uniting u = {.b = b, .what = "VALUES"};
	uint32_t cnt = query->rows->values.cnt;

	if (cnt > FB_COLUMNS_MAX) {
		fb_bind_error(b, query->rows->place, NULL, "more than %d columns in VALUES",
			FB_COLUMNS_MAX);
		return NULL;
	}
	for (const struct fb_ast_row *row = query->rows; row != NULL; row = row->next) {
		struct fb_rel *rel;

		if (row->values.cnt != cnt) {
			fb_bind_error(b, row->place, NULL,
				"VALUES: this row has %u value%s, the first has %u",
				row->values.cnt, row->values.cnt == 1 ? "" : "s", cnt);
			return NULL;
		}
		rel = bind_row(b, row);
		if (rel == NULL)
			return NULL;
		append(&u, rel);
	}
	for (uint32_t i = 0; i < cnt; i++)
		if (!reconcile_column(&u, i, query->place))
			return NULL;
	return u.first;
}
