/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows of windows (rule W13). A relation whose rows are groups becomes a plan of its own, the
 * upstream, and goes on as rows over that plan's select list. Of its columns only window_time is a
 * time column; window_start and window_end are values like others, unless the same windows are
 * grouped once more:
 *
 *     SELECT window_start, window_end, MAX(n) FROM (SELECT window_start, window_end, k, COUNT(*) AS n
 *     FROM TABLE(…) GROUP BY window_start, window_end, k) GROUP BY window_start, window_end
 *
 * All rows of a window come with one window_time, its end - 1 ms, and ends are a step apart. So that
 * is a TUMBLE of one step over window_time: it has the same ends, and the window's start is a key.
 */
#include "config/base/calendar.h"
#include "config/sql/bind.h"

/* The group-level input that a column is, unchanged. */
static bool is_input(const struct fb_expr *expr, uint16_t input)
{
	return expr->op == FB_OP_INPUT && expr->input == input;
}

static bool add_select(struct fb_binder *b, struct fb_query_plan *plan, struct fb_str name,
	const struct fb_expr *expr)
{
	const char *copy = fb_arena_strdup(b->arena, name);

	if (expr == NULL || copy == NULL)
		return false;
	plan->select[plan->select_cnt] = expr;
	plan->select_names[plan->select_cnt++] = copy;
	return true;
}

static struct fb_query_plan *plan_of(
	struct fb_binder *b, const struct fb_rel *rel, struct fb_place at)
{
	struct fb_query_plan *plan = FB_ARENA_NEW(b->arena, struct fb_query_plan);

	if (plan == NULL || !fb_bind_charge(b, rel->column_cnt + 1ull, at))
		return NULL;
	*plan = (struct fb_query_plan){
		.upstream = rel->upstream,
		.source = rel->source,
		.filter = rel->filter,
		.window = rel->window,
		.time = rel->time,
		.time_shift_ms = rel->time->type.kind == FB_T_TIMESTAMP_LTZ
					 ? b->plan->settings.zone_offset_ms
					 : 0,
		.keys = rel->keys,
		.key_cnt = rel->key_cnt,
		.aggs = rel->aggs,
		.agg_cnt = rel->agg_cnt,
		.having = rel->having,
		.place = at,
		/* two more than columns: what same_window adds */
		.select = FB_ARENA_ARRAY(
			b->arena, const struct fb_expr *, (size_t)rel->column_cnt + 2),
		.select_names = FB_ARENA_ARRAY(b->arena, const char *, (size_t)rel->column_cnt + 2),
	};
	plan->name = fb_arena_printf(b->arena, "level %u", fb_query_level_cnt(plan));
	if (plan->select == NULL || plan->select_names == NULL || plan->name == NULL ||
		!fb_bind_branches(b, rel, plan))
		return NULL;
	for (uint32_t i = 0; i < rel->column_cnt; i++)
		if (!add_select(b, plan, rel->columns[i].name, rel->columns[i].expr))
			return NULL;
	return plan;
}

/* The relation's columns are those of the plan, from here on. */
static bool read_plan(struct fb_binder *b, struct fb_rel *rel, const struct fb_query_plan *plan)
{
	for (uint32_t i = 0; i < rel->column_cnt; i++) {
		struct fb_rel_column *column = &rel->columns[i];

		column->rowtime = is_input(plan->select[i], FB_GROUP_WINDOW_TIME);
		column->expr = fb_expr_leaf(b, FB_OP_INPUT, (uint16_t)i, plan->select[i]->type,
			plan->select[i]->place);
		if (column->expr == NULL)
			return false;
	}
	rel->upstream = plan;
	rel->united = NULL;
	rel->grouped = false;
	rel->filter = rel->having = rel->window_where = NULL;
	rel->window = (struct fb_window){0};
	rel->time = rel->same_start = NULL;
	rel->start_input = FB_GROUP_WINDOW_START;
	rel->keys = NULL;
	rel->aggs = NULL;
	rel->partition = NULL;
	rel->key_cnt = rel->agg_cnt = rel->partition_cnt = 0;
	return true;
}

static bool finish(struct fb_binder *b, struct fb_query_plan *plan, struct fb_place at)
{
	if (fb_query_level_cnt(plan) == FB_CASCADE_MAX) {
		fb_bind_error(b, at, "write the rows to a table, and read that in another file",
			"more than %d windows over one another", FB_CASCADE_MAX);
		return false;
	}
	if (!fb_bind_finish(b, plan))
		return false;
	plan->fingerprint = fb_query_fingerprint(plan);
	return true;
}

bool fb_bind_lift(struct fb_binder *b, struct fb_rel *rel, struct fb_place at)
{
	struct fb_query_plan *plan = plan_of(b, rel, at);

	return plan != NULL && finish(b, plan, at) && read_plan(b, rel, plan);
}

/* ---- the same windows again ---- */

/* Column of the plan that is this group-level input; added where nobody selected it. */
static const struct fb_expr *column_of(struct fb_binder *b, struct fb_query_plan *plan,
	uint16_t input, struct fb_type type, const char *name)
{
	uint16_t at = 0;

	while (at < plan->select_cnt && !is_input(plan->select[at], input))
		at++;
	if (at == plan->select_cnt &&
		!add_select(b, plan, fb_str_from(name),
			fb_expr_leaf(b, FB_OP_INPUT, input, type, plan->place)))
		return NULL;
	return fb_expr_leaf(b, FB_OP_INPUT, at, type, plan->place);
}

/* The leaf that GROUP BY looks for. */
static bool mark_window_columns(struct fb_binder *b, struct fb_rel *rel,
	const struct fb_query_plan *plan, uint16_t start_input)
{
	for (uint32_t i = 0; i < rel->column_cnt; i++) {
		const struct fb_expr *below = plan->select[i];
		struct fb_rel_column *column = &rel->columns[i];
		uint16_t which;

		if (is_input(below, start_input))
			which = FB_GROUP_WINDOW_START;
		else if (is_input(below, FB_GROUP_WINDOW_END))
			which = FB_GROUP_WINDOW_END;
		else if (is_input(below, FB_GROUP_WINDOW_TIME))
			which = FB_GROUP_WINDOW_TIME;
		else
			continue;
		column->expr = fb_expr_leaf(
			b, FB_OPX_WINDOW, which, below->type, below->place);
		column->rowtime = false;
		if (column->expr == NULL)
			return false;
	}
	return true;
}

bool fb_bind_same_window(struct fb_binder *b, struct fb_rel *rel, struct fb_place at)
{
	struct fb_type moment = {.kind = FB_T_TIMESTAMP, .precision = 3, .not_null = true};
	uint16_t start_input = rel->start_input;
	struct fb_window window = rel->window;
	struct fb_place place = rel->window_place;
	const struct fb_expr *start, *time;
	struct fb_query_plan *plan;

	if (window.kind == FB_WINDOW_SESSION) {
		fb_bind_planned(b, at, "GROUP BY all of it at once",
			"a second GROUP BY over the windows of SESSION");
		return false;
	}
	plan = plan_of(b, rel, at);
	if (plan == NULL)
		return false;
	start = column_of(b, plan, start_input, moment, "window_start");
	moment.kind = rel->time->type.kind;
	time = column_of(b, plan, FB_GROUP_WINDOW_TIME, moment, "window_time");
	if (start == NULL || time == NULL || !finish(b, plan, at) || !read_plan(b, rel, plan) ||
		!mark_window_columns(b, rel, plan, start_input))
		return false;
	rel->window = (struct fb_window){.kind = FB_WINDOW_TUMBLE,
		.size_ms = window.step_ms,
		.step_ms = window.step_ms,
		.offset_ms = fb_floor_mod(window.offset_ms, window.step_ms)};
	rel->window_place = place;
	rel->time = time;
	rel->same_start = start;
	return true;
}
