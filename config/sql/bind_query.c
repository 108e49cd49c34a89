/* SPDX-License-Identifier: Apache-2.0 */
/* SELECT: nesting dissolves here, level by level, into one relation over one source. */
#include "config/sql/bind.h"

static bool has_window_leaf(const struct fb_expr *expr)
{
	return fb_bound_of(expr)->has_window;
}

/* ---- select list ---- */

static struct fb_str item_name(
	struct fb_binder *b, const struct fb_ast_item *item, uint32_t position)
{
	if (item->alias != NULL)
		return item->alias->text;
	if (item->value->kind == FB_AST_COLUMN) {
		const struct fb_ast_name *name = item->value->name.first;

		while (name->next != NULL)
			name = name->next;
		return name->text;
	}

	const char *made = fb_arena_printf(b->arena, "EXPR$%u", position);

	return fb_str_from(made ? made : "");
}

static bool add_star(struct fb_scope *scope, const struct fb_ast_expr *star, fb_item_fn map,
	void *arg, struct fb_rel *into)
{
	const struct fb_rel *rel = scope->rel;
	bool found = false;

	if (star->name.cnt > 1) {
		fb_bind_error(scope->b, star->place, "write table.*",
			"a * has one name in front at most");
		return false;
	}
	for (uint32_t i = 0; i < rel->column_cnt; i++) {
		struct fb_rel_column column = rel->columns[i];

		if (star->name.cnt == 1 &&
			(column.qualifier.p == NULL ||
				!fb_str_eq(column.qualifier, star->name.first->text)))
			continue;
		found = true;
		column.place = star->place;
		if (into->column_cnt == FB_COLUMNS_MAX)
			break;
		if (column.expr != NULL && map != NULL) {
			column.expr = map(arg, column.expr);
			if (column.expr == NULL)
				return false;
		}
		into->columns[into->column_cnt++] = column;
	}
	if (!found && star->name.cnt == 0)
		fb_bind_error(scope->b, star->place, "write SELECT * FROM table", "a * needs FROM");
	else if (!found)
		fb_bind_error(scope->b, star->place, NULL, "FROM has no '%.*s'",
			(int)FB_MIN(star->name.first->text.len, 100u), star->name.first->text.p);
	return found;
}

/* Flink: Illegal use of 'NULL'. */
bool fb_bind_has_type(struct fb_binder *b, const struct fb_expr *expr)
{
	if (expr->type.kind != FB_T_NULL)
		return true;
	fb_bind_error(b, expr->place, "write CAST(NULL AS INT), or whatever the column shall be",
		"a bare NULL has no type");
	return false;
}

/* A column alone is handed on as it is: still the time column, still unreadable. */
static bool add_item(struct fb_scope *scope, const struct fb_ast_item *item, fb_item_fn map,
	void *arg, struct fb_rel *into)
{
	struct fb_rel_column *column = &into->columns[into->column_cnt];
	const struct fb_rel_column *named = NULL;

	*column = (struct fb_rel_column){
		.name = item_name(scope->b, item, into->column_cnt), .place = item->value->place};
	if (item->value->kind == FB_AST_COLUMN) {
		named = fb_bind_column(scope, item->value);
		if (named == NULL)
			return false;
		column->rowtime = named->rowtime;
		column->unreadable = named->unreadable;
	}
	if (named == NULL || named->expr != NULL) {
		column->expr = fb_bind_expr(scope, item->value);
		if (column->expr != NULL && map != NULL)
			column->expr = map(arg, column->expr);
		if (column->expr == NULL || !fb_bind_has_type(scope->b, column->expr))
			return false;
	}
	into->column_cnt++;
	return true;
}

bool fb_bind_items(struct fb_scope *scope, const struct fb_ast_query *query, fb_item_fn map,
	void *arg, struct fb_rel *into)
{
	struct fb_binder *b = scope->b;
	uint64_t cnt = 0;

	for (const struct fb_ast_item *item = query->items; item != NULL; item = item->next)
		cnt += item->value->kind == FB_AST_STAR ? scope->rel->column_cnt : 1;
	if (cnt > FB_COLUMNS_MAX) {
		fb_bind_error(
			b, query->place, NULL, "more than %d columns in SELECT", FB_COLUMNS_MAX);
		return false;
	}
	into->column_cnt = 0;
	into->columns = FB_ARENA_ARRAY(b->arena, struct fb_rel_column, cnt);
	if (into->columns == NULL || !fb_bind_charge(b, cnt, query->place))
		return false;
	for (const struct fb_ast_item *item = query->items; item != NULL; item = item->next) {
		bool ok = item->value->kind == FB_AST_STAR
				  ? add_star(scope, item->value, map, arg, into)
				  : add_item(scope, item, map, arg, into);

		if (!ok)
			return false;
	}
	return true;
}

/* ---- SELECT ---- */

static bool add_condition(
	struct fb_binder *b, const struct fb_expr **to, const struct fb_expr *condition)
{
	*to = *to == NULL ? condition
			  : fb_expr_logic(b, FB_OP_AND, *to, condition, condition->place);
	return *to != NULL;
}

/* Of the rows of a window function: what asks about windows waits for GROUP BY, or for its end
 * without. */
static bool add_window_condition(
	struct fb_binder *b, struct fb_rel *rel, const struct fb_expr *condition)
{
	if (!has_window_leaf(condition))
		return add_condition(b, &rel->filter, condition);
	if (condition->op == FB_OP_AND && fb_expr_reads_record(condition)) {
		for (uint16_t i = 0; i < condition->arg_cnt; i++)
			if (!add_window_condition(b, rel, condition->args[i]))
				return false;
		return true;
	}
	return add_condition(b, &rel->window_where, condition);
}

/* Over groups WHERE is one more HAVING: both keep the rows for which the condition is TRUE. */
static bool apply_where(struct fb_binder *b, struct fb_rel *rel, const struct fb_ast_expr *where)
{
	struct fb_scope scope = {.b = b, .rel = rel, .clause = "WHERE"};
	const struct fb_expr *condition = fb_bind_condition(&scope, where);

	if (condition == NULL)
		return false;
	return rel->grouped ? add_condition(b, &rel->having, condition)
			    : add_window_condition(b, rel, condition);
}

static bool check_unbounded(struct fb_binder *b, const struct fb_ast_query *query)
{
	struct fb_place at = fb_first_aggregate(query);

	if (at.line == 0 && query->having != NULL && query->group_place.line == 0)
		at = query->having->place;
	if (query->group_place.line != 0)
		at = query->group_place;
	if (at.line == 0)
		return true;
	fb_bind_error(b, at,
		"write FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '10' SECOND)) "
		"GROUP BY window_start, window_end, …",
		"%s without a window comes with release 2",
		query->group_place.line ? "GROUP BY"
		: query->having         ? "HAVING"
					: "an aggregate");
	return false;
}

static struct fb_rel *bind_branch(
	struct fb_binder *b, const struct fb_ast_query *query, struct fb_rel *from, bool of_union)
{
	struct fb_rel *result;

	if ((query->where != NULL && !apply_where(b, from, query->where)))
		return NULL;

	bool aggregates = query->group_place.line != 0 || query->having != NULL ||
			  fb_first_aggregate(query).line != 0;

	/* Groups go over all sides: what one side has of them is not a row yet. */
	if (aggregates && of_union && (from->grouped || from->window.kind != FB_WINDOW_NONE)) {
		fb_bind_planned(b, query->place, "window and group each side, and add up behind the sink",
			"GROUP BY over a UNION ALL");
		return NULL;
	}
	if (aggregates && from->grouped && !fb_bind_same_window(b, from, query->place))
		return NULL;
	if (aggregates && from->window.kind != FB_WINDOW_NONE)
		return fb_bind_group(b, query, from);
	if (!check_unbounded(b, query))
		return NULL;

	struct fb_scope scope = {.b = b, .rel = from, .clause = "SELECT"};

	result = FB_ARENA_NEW(b->arena, struct fb_rel);
	if (result == NULL)
		return NULL;
	*result = *from;
	return fb_bind_items(&scope, query, NULL, NULL, result) ? result : NULL;
}

/* Without FROM it is one row, of what the list computes. */
struct fb_rel *fb_bind_select(struct fb_binder *b, const struct fb_ast_query *query)
{
	struct fb_rel *from =
		query->from ? fb_bind_from(b, query->from) : FB_ARENA_NEW(b->arena, struct fb_rel);
	bool of_union = from != NULL && from->next != NULL;
	struct fb_rel *first = NULL;
	struct fb_rel **tail = &first;

	while (from != NULL) {
		struct fb_rel *next = from->next;

		from->next = NULL;
		*tail = bind_branch(b, query, from, of_union);
		if (*tail == NULL)
			return NULL;
		tail = &(*tail)->next;
		from = next;
	}
	return first;
}

/* Named queries in front; each sees those before it. They are gone when the query is bound. */
static bool bind_withs(struct fb_binder *b, const struct fb_ast_query *query)
{
	for (const struct fb_ast_with *with = query->with; with != NULL; with = with->next) {
		struct fb_def *def = FB_ARENA_NEW(b->arena, struct fb_def);
		struct fb_rel *rel = fb_bind_query(b, with->query);

		if (def == NULL || rel == NULL || !fb_bind_rename(b, rel, &with->columns))
			return false;
		def->name = with->name->text;
		def->rel = rel;
		def->next = b->withs;
		b->withs = def;
	}
	return true;
}

struct fb_rel *fb_bind_query(struct fb_binder *b, const struct fb_ast_query *query)
{
	struct fb_def *withs = b->withs;
	struct fb_rel *rel = NULL;

	if (b->query_depth >= FB_SQL_NEST_MAX) {
		fb_bind_error(b, query->place, NULL, "queries are nested more than %d deep",
			FB_SQL_NEST_MAX);
		return NULL;
	}
	b->query_depth++;
	if (bind_withs(b, query))
		rel = query->kind == FB_QUERY_SELECT   ? fb_bind_select(b, query)
		      : query->kind == FB_QUERY_VALUES ? fb_bind_values(b, query)
						       : fb_bind_union(b, query);
	b->query_depth--;
	b->withs = withs;
	return rel;
}
