/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A window over a UNION ALL (rule M3). Groups go over all branches: so the list of branches becomes one
 * relation, whose rows are theirs, with columns that are inputs by number. What is windowed and grouped is
 * bound once, and the plan has a plan for each branch below.
 */
#include "config/sql/bind.h"

/* ---- branches to one relation ---- */

static bool check_branch(struct fb_binder *b, const struct fb_rel *branch, struct fb_place at)
{
	if (branch->grouped || branch->upstream != NULL) {
		fb_bind_planned(b, at, "window and group each side, and add up behind the sink",
			"a window over a UNION ALL of windows");
		return false;
	}
	if (branch->window.kind != FB_WINDOW_NONE) {
		fb_bind_planned(b, at, "unite the tables first, and give that to the window function",
			"a window function over a UNION ALL of others");
		return false;
	}
	if (branch->source == NULL) {
		fb_bind_error(b, at, "windows are over tables with a WATERMARK",
			"rows of VALUES have no time column");
		return false;
	}
	return true;
}

/* Column i of all branches: of one type but for NOT NULL (bind_union.c). */
static bool unite_column(struct fb_binder *b, struct fb_rel *rel, uint32_t i)
{
	struct fb_rel_column *column = &rel->columns[i];
	struct fb_type type = column->expr->type;

	for (const struct fb_rel *branch = rel->united; branch != NULL; branch = branch->next)
		type.not_null = type.not_null && branch->columns[i].expr->type.not_null;
	column->expr = fb_expr_leaf(b, FB_OP_INPUT, (uint16_t)i, type, column->place);
	return column->expr != NULL;
}

struct fb_rel *fb_bind_unite(struct fb_binder *b, struct fb_rel *branches, struct fb_place at)
{
	struct fb_rel *rel = FB_ARENA_NEW(b->arena, struct fb_rel);
	/* room for the three columns of a window */
	struct fb_rel_column *columns = FB_ARENA_ARRAY(
		b->arena, struct fb_rel_column, (size_t)branches->column_cnt + 3);
	uint32_t cnt = 0;

	if (rel == NULL || columns == NULL || !fb_bind_charge(b, branches->column_cnt + 1ull, at))
		return NULL;
	for (const struct fb_rel *branch = branches; branch != NULL; branch = branch->next, cnt++)
		if (!check_branch(b, branch, at))
			return NULL;
	if (cnt > FB_UNION_MAX) {
		fb_bind_error(b, at, NULL, "a window over a UNION ALL of more than %d sides", FB_UNION_MAX);
		return NULL;
	}
	*rel = (struct fb_rel){.source = branches->source,
		.source_dropped = branches->source_dropped,
		.columns = columns,
		.column_cnt = branches->column_cnt,
		.united = branches};
	memcpy(columns, branches->columns, branches->column_cnt * sizeof(*columns));
	for (uint32_t i = 0; i < rel->column_cnt; i++)
		if (!unite_column(b, rel, i))
			return NULL;
	return rel;
}

/* ---- one relation to the branches of a plan ---- */

static bool add_branch(struct fb_binder *b, const struct fb_rel *rel, struct fb_query_plan *plan,
	const struct fb_query_plan **ret)
{
	struct fb_query_plan *branch = FB_ARENA_NEW(b->arena, struct fb_query_plan);

	if (branch == NULL || !fb_bind_charge(b, rel->column_cnt + 1ull, plan->place))
		return false;
	*branch = (struct fb_query_plan){
		.name = fb_arena_printf(b->arena, "input %u", plan->branch_cnt + 1u),
		.source = rel->source,
		.filter = rel->filter,
		.place = plan->place,
		.select_cnt = (uint16_t)rel->column_cnt,
		.select = FB_ARENA_ARRAY(b->arena, const struct fb_expr *, rel->column_cnt),
		.select_names = FB_ARENA_ARRAY(b->arena, const char *, rel->column_cnt),
	};
	if (branch->name == NULL || branch->select == NULL || branch->select_names == NULL)
		return false;
	for (uint32_t i = 0; i < rel->column_cnt; i++) {
		branch->select[i] = rel->columns[i].expr;
		branch->select_names[i] = fb_arena_strdup(b->arena, rel->columns[i].name);
		if (branch->select_names[i] == NULL)
			return false;
	}
	*ret = branch;
	return true;
}

bool fb_bind_branches(struct fb_binder *b, const struct fb_rel *rel, struct fb_query_plan *plan)
{
	uint32_t cnt = 0;

	for (const struct fb_rel *branch = rel->united; branch != NULL; branch = branch->next)
		cnt++;
	if (cnt == 0)
		return true;
	plan->branches = FB_ARENA_ARRAY(b->arena, const struct fb_query_plan *, cnt);
	if (plan->branches == NULL)
		return false;
	for (const struct fb_rel *branch = rel->united; branch != NULL; branch = branch->next) {
		if (!add_branch(b, branch, plan, &plan->branches[plan->branch_cnt]))
			return false;
		plan->branch_cnt++;
	}
	return true;
}

/* ---- and back: without GROUP BY the sides go their own ways ---- */

/* An expression over the relation's rows as one over the records of a branch. */
static const struct fb_expr *over_branch(
	struct fb_binder *b, const struct fb_rel *branch, const struct fb_expr *expr)
{
	const struct fb_expr **args;

	if (expr == NULL || !fb_expr_reads_record(expr))
		return expr;
	if (expr->op == FB_OP_INPUT)
		return branch->columns[expr->input].expr;
	args = FB_ARENA_ARRAY(b->arena, const struct fb_expr *, expr->arg_cnt);
	if (args == NULL)
		return NULL;
	for (uint16_t i = 0; i < expr->arg_cnt; i++) {
		args[i] = over_branch(b, branch, expr->args[i]);
		if (args[i] == NULL)
			return NULL;
	}
	return fb_expr_new(b, expr->op, expr->type, args, expr->arg_cnt, expr->place);
}

static struct fb_rel *part_of(
	struct fb_binder *b, const struct fb_rel *rel, const struct fb_rel *branch)
{
	struct fb_rel *part = FB_ARENA_NEW(b->arena, struct fb_rel);
	const struct fb_expr *filter = over_branch(b, branch, rel->filter);
	const struct fb_expr *where = over_branch(b, branch, rel->window_where);

	if (part == NULL || !fb_bind_charge(b, rel->column_cnt + 1ull, rel->window_place) ||
		(rel->filter != NULL && filter == NULL) || (rel->window_where != NULL && where == NULL))
		return NULL;
	*part = *rel;
	part->next = NULL;
	part->united = NULL;
	part->source = branch->source;
	part->source_dropped = branch->source_dropped;
	part->window_where = where;
	part->time = over_branch(b, branch, rel->time);
	part->filter = filter == NULL || branch->filter == NULL
			       ? (filter ? filter : branch->filter)
			       : fb_expr_logic(b, FB_OP_AND, branch->filter, filter, filter->place);
	part->columns = FB_ARENA_ARRAY(b->arena, struct fb_rel_column, rel->column_cnt);
	if (part->time == NULL || part->columns == NULL ||
		((filter != NULL || branch->filter != NULL) && part->filter == NULL))
		return NULL;
	for (uint32_t i = 0; i < rel->column_cnt; i++) {
		part->columns[i] = rel->columns[i];
		part->columns[i].expr = over_branch(b, branch, rel->columns[i].expr);
		if (part->columns[i].expr == NULL)
			return NULL;
	}
	return part;
}

struct fb_rel *fb_bind_parts(struct fb_binder *b, struct fb_rel *rel)
{
	struct fb_rel *first = NULL;
	struct fb_rel **tail = &first;

	for (struct fb_rel *next; rel != NULL; rel = next) {
		const struct fb_rel *branch = rel->grouped ? NULL : rel->united;

		next = rel->next;
		if (branch == NULL) {
			rel->next = NULL;
			*tail = rel;
			tail = &rel->next;
		}
		for (; branch != NULL; branch = branch->next, tail = &(*tail)->next)
			if ((*tail = part_of(b, rel, branch)) == NULL)
				return NULL;
	}
	return first;
}
