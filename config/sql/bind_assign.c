/* SPDX-License-Identifier: Apache-2.0 */
/* A window function without GROUP BY: its rows are the query's, window by window. */
#include "config/sql/bind.h"

bool fb_expr_reads_record(const struct fb_expr *expr)
{
	bool reads = expr->op == FB_OP_INPUT;

	for (uint16_t i = 0; !reads && i < expr->arg_cnt; i++)
		reads = fb_expr_reads_record(expr->args[i]);
	return reads;
}

bool fb_bind_assigner(struct fb_binder *b, const struct fb_rel *rel, struct fb_query_plan *plan)
{
	/* When a session ends is known with its last record only: its rows would be state. */
	if (rel->window.kind == FB_WINDOW_SESSION) {
		fb_bind_planned(b, rel->window_place,
			"add GROUP BY window_start, window_end and the columns of PARTITION BY",
			"SESSION without GROUP BY");
		return false;
	}
	if (rel->upstream != NULL) {
		fb_bind_planned(b, rel->window_place, "add GROUP BY window_start, window_end",
			"a window function without GROUP BY over the result of a window");
		return false;
	}
	plan->assigner = rel->window;
	if (rel->window_where == NULL)
		return true;
	plan->window_filter = fb_bind_assigned(b, plan, rel->window_where);
	return plan->window_filter != NULL;
}

const struct fb_expr *fb_bind_assigned(
	struct fb_binder *b, const struct fb_query_plan *plan, const struct fb_expr *expr)
{
	const struct fb_expr **args;

	if (expr == NULL || !fb_bound_of(expr)->has_window)
		return expr;
	if (expr->op == (enum fb_op)FB_OPX_WINDOW)
		return fb_expr_leaf(b, FB_OP_INPUT,
			(uint16_t)(fb_query_window_input(plan) + expr->input), expr->type,
			expr->place);
	args = FB_ARENA_ARRAY(b->arena, const struct fb_expr *, expr->arg_cnt);
	if (args == NULL)
		return NULL;
	for (uint16_t i = 0; i < expr->arg_cnt; i++) {
		args[i] = fb_bind_assigned(b, plan, expr->args[i]);
		if (args[i] == NULL)
			return NULL;
	}
	return fb_expr_new(b, expr->op, expr->type, args, expr->arg_cnt, expr->place);
}
