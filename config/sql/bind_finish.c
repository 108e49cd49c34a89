/* SPDX-License-Identifier: Apache-2.0 */
/* What holds for a query as a whole, once all its expressions are made: its size, its zone, the
 * fields that it reads. */
#include "config/sql/bind.h"

static bool uses_zone(const struct fb_expr *expr, struct fb_place *at)
{
	if (expr == NULL)
		return false;
	if (expr->type.kind == FB_T_TIMESTAMP_LTZ) {
		*at = expr->place;
		return true;
	}
	for (uint16_t i = 0; i < expr->arg_cnt; i++)
		if (uses_zone(expr->args[i], at))
			return true;
	return false;
}

/* Everything that is evaluated over the record, one after the other; NULL at the end. */
static const struct fb_expr *record_expr(const struct fb_query_plan *plan, uint32_t i)
{
	uint32_t select_cnt = plan->window.kind == FB_WINDOW_NONE ? plan->select_cnt : 0;

	if (i < plan->key_cnt)
		return plan->keys[i];
	i -= plan->key_cnt;
	if (i < select_cnt)
		return plan->select[i];
	i -= select_cnt;
	if (i == 0)
		return plan->filter;
	if (i == 1)
		return plan->time;
	i -= 2;
	if (i < plan->agg_cnt)
		return plan->aggs[i].arg;
	i -= plan->agg_cnt;
	if (i < plan->agg_cnt)
		return plan->aggs[i].filter;
	return i == plan->agg_cnt ? plan->window_filter : NULL;
}

static uint32_t record_expr_cnt(const struct fb_query_plan *plan)
{
	return plan->key_cnt + plan->select_cnt + 3u + 2u * plan->agg_cnt;
}

static bool check_zone(struct fb_binder *b, const struct fb_query_plan *plan)
{
	struct fb_place at = {0};

	if (b->plan->settings.zone_is_set)
		return true;
	for (uint32_t i = 0; i < record_expr_cnt(plan) && at.line == 0; i++)
		uses_zone(record_expr(plan, i), &at);
	for (uint16_t i = 0; i < plan->select_cnt && at.line == 0; i++)
		uses_zone(plan->select[i], &at);
	if (at.line == 0)
		return true;
	fb_bind_error(b, at, "write SET 'table.local-time-zone' = 'UTC'; in front",
		"TIMESTAMP_LTZ needs a time zone that is set");
	return false;
}

/* A query's whole work is bounded, however views multiply it. */
static bool check_size(struct fb_binder *b, const struct fb_query_plan *plan)
{
	uint64_t size = plan->having ? fb_bound_of(plan->having)->size : 0;

	for (uint32_t i = 0; i < record_expr_cnt(plan); i++) {
		const struct fb_expr *expr = record_expr(plan, i);

		size += expr ? fb_bound_of(expr)->size : 0;
	}
	for (uint16_t i = 0; plan->window.kind != FB_WINDOW_NONE && i < plan->select_cnt; i++)
		size += fb_bound_of(plan->select[i])->size;
	return fb_bind_charge(b, size, plan->place);
}

static uint32_t input_cnt(const struct fb_query_plan *plan)
{
	if (plan->upstream != NULL)
		return plan->upstream->select_cnt;
	if (plan->branch_cnt > 0)
		return plan->branches[0]->select_cnt;
	return plan->source ? fb_table_input_cnt(plan->source) : 1;
}

static bool note_fields(struct fb_binder *b, struct fb_query_plan *plan)
{
	uint32_t inputs = input_cnt(plan);
	uint32_t windows = plan->assigner.kind == FB_WINDOW_NONE ? 0 : FB_GROUP_KEYS;
	size_t words = ((size_t)inputs + windows + 63) / 64;

	plan->fields_needed = FB_ARENA_ARRAY(b->arena, uint64_t, words);
	if (plan->fields_needed == NULL)
		return false;
	for (uint32_t i = 0; i < record_expr_cnt(plan); i++)
		fb_expr_fields(record_expr(plan, i), plan->fields_needed);
	/* Window columns are no fields. */
	for (uint32_t i = inputs; i < inputs + windows; i++)
		plan->fields_needed[i / 64] &= ~(1ull << (i % 64));
	return true;
}

/* Of a branch only what is read of its rows. */
static bool finish_branch(
	struct fb_binder *b, const struct fb_query_plan *plan, struct fb_query_plan *branch)
{
	size_t words = ((size_t)input_cnt(branch) + 63) / 64;

	branch->fields_needed = FB_ARENA_ARRAY(b->arena, uint64_t, words);
	if (branch->fields_needed == NULL || !check_size(b, branch) || !check_zone(b, branch))
		return false;
	fb_expr_fields(branch->filter, branch->fields_needed);
	for (uint16_t i = 0; i < branch->select_cnt; i++)
		if (fb_query_needs_field(plan, i))
			fb_expr_fields(branch->select[i], branch->fields_needed);
	branch->fingerprint = fb_query_fingerprint(branch);
	return true;
}

bool fb_bind_finish(struct fb_binder *b, struct fb_query_plan *plan)
{
	if (!check_size(b, plan) || !check_zone(b, plan) || !note_fields(b, plan))
		return false;
	for (uint16_t i = 0; i < plan->branch_cnt; i++)
		if (!finish_branch(b, plan, (struct fb_query_plan *)plan->branches[i]))
			return false;
	return true;
}
