/* SPDX-License-Identifier: Apache-2.0 */
#include "dataplane/operator/slice_private.h"

#include <stdlib.h>
#include <sys/random.h>

static bool value_equals(struct fb_type type, const struct fb_value *a, const struct fb_value *b)
{
	if (a->is_null || b->is_null)
		return a->is_null == b->is_null;
	switch (fb_type_phys(type)) {
	case FB_PHYS_STR:
		return fb_str_eq(a->str, b->str);
	case FB_PHYS_I128:
		return a->i128 == b->i128;
	default:
		return a->i64 == b->i64;
	}
}

/* The same computation: aggregates over it share their states. */
static bool expr_equals(const struct fb_expr *a, const struct fb_expr *b)
{
	if (a->op != b->op || a->type.kind != b->type.kind ||
		a->type.precision != b->type.precision || a->type.scale != b->type.scale ||
		a->arg_cnt != b->arg_cnt)
		return false;
	if (a->op == FB_OP_INPUT && a->input != b->input)
		return false;
	if (a->op == FB_OP_LITERAL && !value_equals(a->type, &a->literal, &b->literal))
		return false;
	for (uint32_t i = 0; i < a->arg_cnt; i++)
		if (!expr_equals(a->args[i], b->args[i]))
			return false;
	return true;
}

static int add_keys(struct fb_slice_layout *layout)
{
	const struct fb_query_plan *plan = layout->plan;
	bool nullable = false;

	if (plan->key_cnt > FB_KEY_MAX)
		return FB_E_UNSUPPORTED;
	for (uint32_t i = 0; i < plan->key_cnt; i++) {
		struct fb_key_part *key = &layout->keys[layout->key_cnt++];

		key->type = plan->keys[i]->type;
		key->phys = fb_type_phys(key->type);
		key->word = layout->key_words;
		key->padded = plan->keys[i]->op == FB_OP_INPUT;
		layout->key_words += key->phys == FB_PHYS_STR || key->phys == FB_PHYS_I128 ? 2 : 1;
		nullable |= !key->type.not_null;
	}
	/* Without keys all records are one group: a constant word keeps the table as it is. */
	layout->null_word = nullable || plan->key_cnt == 0 ? layout->key_words++ : UINT16_MAX;
	return 0;
}

static int find_arg(struct fb_slice_layout *layout, const struct fb_expr *arg)
{
	for (uint32_t i = 0; i < layout->arg_cnt; i++)
		if (expr_equals(layout->args[i].arg, arg))
			return (int)i;
	if (layout->arg_cnt == FB_ARG_MAX)
		return -1;
	layout->args[layout->arg_cnt] = (struct fb_arg_state){
		.arg = arg, .type = arg->type, .phys = fb_type_phys(arg->type)};
	return layout->arg_cnt++;
}

/* Which states an aggregate needs; words are given out when all are known. */
static int mark_states(struct fb_slice_layout *layout)
{
	const struct fb_query_plan *plan = layout->plan;

	if (plan->agg_cnt > FB_ARRAY_LEN(layout->arg_of_agg))
		return FB_E_UNSUPPORTED;
	for (uint32_t i = 0; i < plan->agg_cnt; i++) {
		const struct fb_agg *agg = &plan->aggs[i];
		int at;

		layout->arg_of_agg[i] = UINT8_MAX;
		if (agg->distinct || agg->filter != NULL)
			return FB_E_UNSUPPORTED;
		if (agg->func == FB_AGG_COUNT_STAR)
			continue;
		at = find_arg(layout, agg->arg);
		if (at < 0)
			return FB_E_UNSUPPORTED;
		layout->arg_of_agg[i] = (uint8_t)at;

		struct fb_arg_state *state = &layout->args[at];

		if (state->phys == FB_PHYS_I128 ||
			(state->phys == FB_PHYS_STR &&
				(agg->func == FB_AGG_SUM || agg->func == FB_AGG_AVG)))
			return FB_E_UNSUPPORTED;
		state->nonnull = !state->type.not_null;
		state->sum |= agg->func == FB_AGG_SUM || agg->func == FB_AGG_AVG;
		state->min |= agg->func == FB_AGG_MIN;
		state->max |= agg->func == FB_AGG_MAX;
	}
	return 0;
}

static uint16_t take_words(struct fb_slice_layout *layout, bool wanted, uint16_t words)
{
	uint16_t at = layout->entry_words;

	if (!wanted)
		return FB_STATE_NONE;
	layout->entry_words += words;
	return at;
}

static void place_states(struct fb_slice_layout *layout)
{
	layout->rows_word = (uint16_t)(FB_ENTRY_KEY_WORD + layout->key_words);
	layout->entry_words = layout->rows_word + 1;
	for (uint32_t i = 0; i < layout->arg_cnt; i++) {
		struct fb_arg_state *state = &layout->args[i];
		uint16_t words = state->phys == FB_PHYS_STR ? 2 : 1;

		state->nonnull = take_words(layout, state->nonnull, 1);
		state->sum = take_words(layout, state->sum, 1);
		state->min = take_words(layout, state->min, words);
		state->max = take_words(layout, state->max, words);
		layout->has_text_state |= state->phys == FB_PHYS_STR && (state->min || state->max);
	}
}

int fb_slice_layout_create(const struct fb_query_plan *plan, struct fb_slice_layout **ret)
{
	struct fb_slice_layout *layout = calloc(1, sizeof(*layout));
	int rc;

	if (layout == NULL)
		return FB_E_NO_MEMORY;
	layout->plan = plan;
	rc = add_keys(layout);
	if (rc == 0)
		rc = mark_states(layout);
	if (rc != 0) {
		free(layout);
		return rc;
	}
	place_states(layout);
	*ret = layout;
	return 0;
}

void fb_slice_layout_destroy(struct fb_slice_layout *layout)
{
	free(layout);
}

uint32_t fb_slice_layout_entry_bytes(const struct fb_slice_layout *layout)
{
	return layout->entry_words * 8u;
}

void fb_slice_seed(void)
{
	/* Without entropy the seed stays what it is: predictable, but nothing fails. */
	FB_IGNORE(getrandom(fb_key_seed, sizeof(fb_key_seed), 0));
}
