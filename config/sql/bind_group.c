/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GROUP BY over a window. Keys, aggregates, HAVING and the select list are bound over the record
 * first, with window columns and aggregates as leaves of their own; then what stands above keys and
 * aggregates is rewritten to the group level (plan.h). What is left over of the record there is the
 * classical mistake: a column that is neither grouped by nor inside an aggregate.
 */
#include "config/sql/bind.h"

struct grouping {
	struct fb_binder *b;
	const struct fb_rel *from;
	const struct fb_expr **keys;
	uint16_t key_cnt;
	bool has_start;
	bool has_end;
	bool has_time;
};

static bool add_key(struct grouping *g, const struct fb_expr *key, struct fb_place at)
{
	if (key->op == (enum fb_op)FB_OPX_WINDOW) {
		g->has_start |= key->input == FB_GROUP_WINDOW_START;
		g->has_end |= key->input == FB_GROUP_WINDOW_END;
		g->has_time |= key->input == FB_GROUP_WINDOW_TIME;
		return true;
	}
	if (fb_bound_of(key)->has_window) {
		fb_bind_planned(g->b, at, "group by window_start, window_end and compute in SELECT",
			"an expression over window columns in GROUP BY");
		return false;
	}
	if (key->type.kind == FB_T_NULL || key->type.kind == FB_T_INTERVAL) {
		fb_bind_error(g->b, at, NULL, "cannot group by this");
		return false;
	}
	for (uint16_t i = 0; i < g->key_cnt; i++)
		if (fb_expr_equal(g->keys[i], key))
			return true;
	if (g->key_cnt == FB_KEY_MAX) {
		fb_bind_error(g->b, at, NULL, "more than %d columns in GROUP BY", FB_KEY_MAX);
		return false;
	}
	g->keys[g->key_cnt++] = key;
	return true;
}

static bool bind_keys(struct grouping *g, const struct fb_ast_query *query)
{
	struct fb_scope scope = {.b = g->b, .rel = g->from, .clause = "GROUP BY"};

	if (query->group_by.cnt > FB_COLUMNS_MAX) {
		fb_bind_error(g->b, query->group_place, NULL, "more than %d keys", FB_COLUMNS_MAX);
		return false;
	}
	g->keys = FB_ARENA_ARRAY(
		g->b->arena, const struct fb_expr *, (size_t)query->group_by.cnt + 2);
	if (g->keys == NULL)
		return false;
	if (g->from->same_start != NULL)
		g->keys[g->key_cnt++] = g->from->same_start;
	for (const struct fb_ast_expr *at = query->group_by.first; at != NULL; at = at->next) {
		const struct fb_expr *key;

		if (at->kind == FB_AST_INTEGER) {
			fb_bind_error(g->b, at->place, "name the column",
				"GROUP BY does not count columns");
			return false;
		}
		key = fb_bind_expr(&scope, at);
		if (key == NULL || !add_key(g, key, at->place))
			return false;
	}
	if (!g->has_start || !g->has_end) {
		struct fb_place at =
			query->group_place.line ? query->group_place : fb_first_aggregate(query);

		if (at.line == 0)
			at = query->place;
		fb_bind_error(g->b, at, "write GROUP BY window_start, window_end, …",
			"GROUP BY over a window must hold window_start and window_end");
		return false;
	}
	return true;
}

static bool holds(const struct fb_expr *const *exprs, uint32_t cnt, const struct fb_expr *expr)
{
	for (uint32_t i = 0; i < cnt; i++)
		if (fb_expr_equal(exprs[i], expr))
			return true;
	return false;
}

/* Sessions are of the keys in PARTITION BY (rule W10): groups are them, neither parts nor sums of them. */
static bool check_session_keys(struct grouping *g, const struct fb_ast_query *query)
{
	const struct fb_rel *from = g->from;

	if (from->window.kind != FB_WINDOW_SESSION)
		return true;
	for (uint16_t i = 0; i < from->partition_cnt; i++)
		if (!holds(g->keys, g->key_cnt, from->partition[i])) {
			fb_bind_error(g->b, query->group_place,
				"write GROUP BY window_start, window_end and all columns of "
				"PARTITION BY",
				"GROUP BY over SESSION must hold the columns of PARTITION BY");
			return false;
		}
	for (uint16_t i = 0; i < g->key_cnt; i++)
		if (!holds(from->partition, from->partition_cnt, g->keys[i])) {
			fb_bind_planned(g->b, g->keys[i]->place, "add it to PARTITION BY",
				"a key of GROUP BY that is not in PARTITION BY of SESSION");
			return false;
		}
	return true;
}

/* ---- to the group level ---- */

static const struct fb_expr *rewrite(struct grouping *g, const struct fb_expr *expr);

static const struct fb_expr *rewrite_window(struct grouping *g, const struct fb_expr *expr)
{
	/* Of the same windows again the start is a key, always the first one. */
	if (expr->input == FB_GROUP_WINDOW_START && g->from->same_start != NULL)
		return fb_expr_leaf(g->b, FB_OP_INPUT, FB_GROUP_KEYS, expr->type, expr->place);
	if (expr->input == FB_GROUP_WINDOW_TIME && !g->has_time) {
		fb_bind_error(g->b, expr->place, "add window_time to GROUP BY",
			"window_time is not in GROUP BY");
		return NULL;
	}
	return fb_expr_leaf(g->b, FB_OP_INPUT, expr->input, expr->type, expr->place);
}

static const struct fb_expr *report_ungrouped(struct grouping *g, const struct fb_expr *expr)
{
	const struct fb_rel *from = g->from;
	struct fb_str name = from->united ? from->united->columns[expr->input].name
			     : fb_str_from(from->upstream
						   ? from->upstream->select_names[expr->input]
						   : from->source->fields[expr->input]->name);

	fb_bind_error(g->b, expr->place, "add it to GROUP BY, or take MIN or MAX of it",
		"column '%.*s' is neither in GROUP BY nor inside an aggregate",
		(int)FB_MIN(name.len, 100u), name.p);
	return NULL;
}

static const struct fb_expr *rewrite_args(struct grouping *g, const struct fb_expr *expr)
{
	const struct fb_expr **args =
		FB_ARENA_ARRAY(g->b->arena, const struct fb_expr *, expr->arg_cnt);
	const struct fb_expr *made;

	if (args == NULL)
		return NULL;
	for (uint16_t i = 0; i < expr->arg_cnt; i++) {
		args[i] = rewrite(g, expr->args[i]);
		if (args[i] == NULL)
			return NULL;
	}
	made = fb_expr_new(g->b, expr->op, expr->type, args, expr->arg_cnt, expr->place);
	return made;
}

static const struct fb_expr *rewrite(struct grouping *g, const struct fb_expr *expr)
{
	for (uint16_t i = 0; i < g->key_cnt; i++)
		if (fb_expr_equal(g->keys[i], expr))
			return fb_expr_leaf(g->b, FB_OP_INPUT, (uint16_t)(FB_GROUP_KEYS + i),
				expr->type, expr->place);
	switch ((int)expr->op) {
	case FB_OPX_WINDOW:
		return rewrite_window(g, expr);
	case FB_OPX_AGG:
		return fb_expr_leaf(g->b, FB_OP_INPUT,
			(uint16_t)(FB_GROUP_KEYS + g->key_cnt + expr->input), expr->type,
			expr->place);
	case FB_OP_LITERAL:
		return expr;
	case FB_OP_INPUT:
		return report_ungrouped(g, expr);
	default:
		return rewrite_args(g, expr);
	}
}

static const struct fb_expr *rewrite_item(void *arg, const struct fb_expr *expr)
{
	return rewrite(arg, expr);
}

struct fb_rel *fb_bind_group(
	struct fb_binder *b, const struct fb_ast_query *query, const struct fb_rel *from)
{
	struct grouping g = {.b = b, .from = from};
	struct fb_agg_list aggs = {0};
	struct fb_scope scope = {.b = b, .rel = from, .aggs = &aggs, .clause = "SELECT"};
	struct fb_rel *rel = FB_ARENA_NEW(b->arena, struct fb_rel);

	if (rel == NULL || !bind_keys(&g, query) || !check_session_keys(&g, query))
		return NULL;
	*rel = *from;
	if (!fb_bind_items(&scope, query, rewrite_item, &g, rel))
		return NULL;
	for (uint32_t i = 0; i < rel->column_cnt; i++) {
		if (rel->columns[i].expr == NULL)
			return fb_bind_read(b, &rel->columns[i], rel->columns[i].place), NULL;
		rel->columns[i].rowtime = false;
	}
	rel->having = NULL;
	if (query->having != NULL) {
		const struct fb_expr *having;

		scope.clause = "HAVING";
		having = fb_bind_condition(&scope, query->having);
		rel->having = having ? rewrite(&g, having) : NULL;
		if (rel->having == NULL)
			return NULL;
	}
	if (from->window_where != NULL) {
		const struct fb_expr *condition;

		/* Windows alone: then it holds for whole groups. */
		if (fb_expr_reads_record(from->window_where)) {
			fb_bind_planned(b, from->window_where->place,
				"compare window columns with constants, or use HAVING",
				"a condition of WHERE that compares window columns with others");
			return NULL;
		}
		g.has_time = true; /* WHERE may ask for it without GROUP BY */
		condition = rewrite(&g, from->window_where);
		rel->having = rel->having == NULL ? condition
						  : fb_expr_logic(b, FB_OP_AND, condition, rel->having,
							    from->window_where->place);
		if (rel->having == NULL)
			return NULL;
	}
	rel->window_where = NULL;
	rel->grouped = true;
	rel->start_input = from->same_start ? FB_GROUP_KEYS : FB_GROUP_WINDOW_START;
	rel->keys = g.keys;
	rel->key_cnt = g.key_cnt;
	rel->aggs = aggs.aggs;
	rel->agg_cnt = (uint16_t)aggs.cnt;
	return rel;
}
