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

/* Without CASTs of integers to wider ones: they are the same numbers. */
static const struct fb_expr *skip_widening(const struct fb_expr *expr)
{
	while (expr->op == FB_OP_CAST && fb_type_is_integer(expr->type) &&
		fb_type_is_integer(expr->args[0]->type) &&
		expr->type.kind >= expr->args[0]->type.kind)
		expr = expr->args[0];
	return expr;
}

/* Without CASTs that give NULL for NULL alone: of integers to floating point, too. */
static const struct fb_expr *skip_total(const struct fb_expr *expr)
{
	expr = skip_widening(expr);
	while (expr->op == FB_OP_CAST && fb_type_is_integer(expr->args[0]->type) &&
		(expr->type.kind == FB_T_FLOAT || expr->type.kind == FB_T_DOUBLE))
		expr = skip_widening(expr->args[0]);
	return expr;
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

/* The number of the column that holds `expr`; FB_NO_COLUMN: there are too many. */
static uint8_t find_column(struct fb_slice_layout *layout, const struct fb_expr *expr)
{
	expr = skip_widening(expr);
	for (uint8_t i = 0; i < layout->arg_cnt; i++)
		if (expr_equals(layout->args[i].arg, expr))
			return i;
	if (layout->arg_cnt == FB_ARG_MAX)
		return FB_NO_COLUMN;
	layout->args[layout->arg_cnt].arg = expr;
	return layout->arg_cnt++;
}

/* ---- states ---- */

/* MIN and MAX are the same with DISTINCT and without. */
static bool is_distinct(const struct fb_agg *agg)
{
	return agg->distinct && agg->func != FB_AGG_MIN && agg->func != FB_AGG_MAX;
}

/* The state over these columns; aggregates that have them in common share it. FB_NO_STATE: too
 * many. */
static uint8_t find_state(
	struct fb_slice_layout *layout, uint8_t arg, uint8_t filter, bool distinct)
{
	struct fb_state *state;

	for (uint8_t i = 0; i < layout->state_cnt; i++)
		if (layout->states[i].arg == arg && layout->states[i].filter == filter &&
			(layout->states[i].set != FB_NO_SET) == distinct)
			return i;
	if (layout->state_cnt == FB_STATE_MAX || (distinct && layout->set_cnt == FB_DISTINCT_MAX))
		return FB_NO_STATE;
	state = &layout->states[layout->state_cnt];
	*state = (struct fb_state){.arg = arg, .filter = filter, .set = FB_NO_SET};
	state->type = arg == FB_NO_COLUMN ? (struct fb_type){.kind = FB_T_BIGINT, .not_null = true}
					  : layout->args[arg].arg->type;
	state->phys = fb_type_phys(state->type);
	state->count = !state->type.not_null || filter != FB_NO_COLUMN || distinct;
	if (distinct) {
		state->set = layout->set_cnt++;
		layout->state_of_set[state->set] = layout->state_cnt;
	}
	return layout->state_cnt++;
}

/* Which words the aggregate needs; they are given out when all are known. */
static bool mark_words(struct fb_state *state, const struct fb_agg *agg)
{
	bool sums = agg->func == FB_AGG_SUM || agg->func == FB_AGG_AVG;

	if (sums && state->phys == FB_PHYS_STR)
		return false;
	if (agg->func == FB_AGG_SUM && state->type.kind == FB_T_FLOAT)
		state->single = 1;
	else
		state->sum |= sums;
	state->min |= agg->func == FB_AGG_MIN;
	state->max |= agg->func == FB_AGG_MAX;
	return true;
}

static int mark_states(struct fb_slice_layout *layout)
{
	const struct fb_query_plan *plan = layout->plan;

	if (plan->agg_cnt > FB_AGG_MAX)
		return FB_E_UNSUPPORTED;
	for (uint32_t i = 0; i < plan->agg_cnt; i++) {
		const struct fb_agg *agg = &plan->aggs[i];
		uint8_t arg = FB_NO_COLUMN;
		uint8_t filter = FB_NO_COLUMN;

		layout->state_of_agg[i] = FB_NO_STATE;
		if (agg->func == FB_AGG_COUNT_STAR && agg->filter == NULL)
			continue;
		if (agg->func != FB_AGG_COUNT_STAR) {
			arg = find_column(layout, agg->arg);
			if (arg == FB_NO_COLUMN)
				return FB_E_UNSUPPORTED;
		}
		if (agg->filter != NULL) {
			filter = find_column(layout, agg->filter);
			if (filter == FB_NO_COLUMN)
				return FB_E_UNSUPPORTED;
		}
		layout->state_of_agg[i] = find_state(layout, arg, filter, is_distinct(agg));
		if (layout->state_of_agg[i] == FB_NO_STATE ||
			!mark_words(&layout->states[layout->state_of_agg[i]], agg))
			return FB_E_UNSUPPORTED;
	}
	return 0;
}

/* No aggregate shares this one: MIN(ts) of the query is over the time as the select list has it. */
static int mark_time(struct fb_slice_layout *layout)
{
	uint8_t arg = find_column(layout, layout->plan->time);

	if (arg == FB_NO_COLUMN || layout->state_cnt == FB_STATE_MAX)
		return FB_E_UNSUPPORTED;
	layout->time_state = layout->state_cnt++;
	layout->states[layout->time_state] = (struct fb_state){.type = layout->plan->time->type,
		.phys = FB_PHYS_I64,
		.arg = arg,
		.filter = FB_NO_COLUMN,
		.set = FB_NO_SET,
		.min = 1,
		.max = 1};
	return 0;
}

static uint16_t take_words(struct fb_slice_layout *layout, bool wanted, uint16_t words)
{
	uint16_t at = layout->entry_words;

	if (!wanted)
		return 0;
	layout->entry_words += words;
	return at;
}

/* The state in front of this one that counts the same values. NULL: none. */
static const struct fb_state *find_count(
	const struct fb_slice_layout *layout, const struct fb_state *state)
{
	const struct fb_expr *root;

	if (state->arg == FB_NO_COLUMN || state->set != FB_NO_SET || state->phys == FB_PHYS_STR)
		return NULL;
	root = skip_total(layout->args[state->arg].arg);
	for (const struct fb_state *other = layout->states; other < state; other++)
		if (other->counts && other->arg != FB_NO_COLUMN && other->set == FB_NO_SET &&
			other->phys != FB_PHYS_STR && other->filter == state->filter &&
			expr_equals(skip_total(layout->args[other->arg].arg), root))
			return other;
	return NULL;
}

static void place_count(struct fb_slice_layout *layout, struct fb_state *state)
{
	const struct fb_state *other = state->count ? find_count(layout, state) : NULL;

	state->counts = state->count && other == NULL;
	state->count = other ? other->count : take_words(layout, state->count, 1);
}

static void place_states(struct fb_slice_layout *layout)
{
	layout->rows_word = (uint16_t)(FB_ENTRY_KEY_WORD + layout->key_words);
	layout->entry_words = layout->rows_word + 1;
	for (uint32_t i = 0; i < layout->state_cnt; i++) {
		struct fb_state *state = &layout->states[i];
		bool two = state->phys == FB_PHYS_STR || state->phys == FB_PHYS_I128;

		/* Up to 19 digits no sum of 2^64 values has more than 38. */
		state->wide =
			state->sum && state->phys == FB_PHYS_I128 && state->type.precision > 19;
		place_count(layout, state);
		state->sum = take_words(
			layout, state->sum, state->phys == FB_PHYS_I128 ? 2 + state->wide : 1);
		state->single = take_words(layout, state->single, 1);
		state->min = take_words(layout, state->min, two ? 2 : 1);
		state->max = take_words(layout, state->max, two ? 2 : 1);
		layout->has_text_state |= state->phys == FB_PHYS_STR && (state->min || state->max);
	}
	/* A word more, and no entry lies across two lines. */
	if (layout->entry_words % 8 == 7)
		layout->entry_words++;
}

static int make_init(struct fb_slice_layout *layout)
{
	uint32_t words = layout->entry_words;
	uint64_t *entry = calloc(words + 1u, sizeof(*entry));

	layout->init = calloc(words - layout->rows_word + 1u, sizeof(*layout->init));
	if (entry == NULL || layout->init == NULL) {
		free(entry);
		return FB_E_NO_MEMORY;
	}
	fb_state_first(layout, entry);
	memcpy(layout->init, entry + layout->rows_word, (words - layout->rows_word) * sizeof(*entry));
	free(entry);
	return 0;
}

/* ---- sets ---- */

static int add_sets(struct fb_slice_layout *layout)
{
	for (uint32_t i = 0; i < layout->set_cnt; i++) {
		const struct fb_state *state = &layout->states[layout->state_of_set[i]];
		struct fb_slice_layout *set = layout->sets[i] = calloc(1, sizeof(*set));

		if (set == NULL)
			return FB_E_NO_MEMORY;
		set->plan = layout->plan;
		set->key_cnt = 2;
		set->keys[0].type = (struct fb_type){.kind = FB_T_BIGINT, .not_null = true};
		set->keys[0].phys = FB_PHYS_I64;
		set->keys[1].type = state->type;
		set->keys[1].phys = state->phys;
		set->keys[1].word = 1;
		set->keys[1].padded = layout->args[state->arg].arg->op == FB_OP_INPUT;
		set->key_words = state->phys == FB_PHYS_STR || state->phys == FB_PHYS_I128 ? 3 : 2;
		set->null_word = UINT16_MAX;
		set->time_state = FB_NO_STATE;
		set->entry_words = (uint16_t)(FB_ENTRY_KEY_WORD + set->key_words);
		set->rows_word = set->entry_words;
	}
	return 0;
}

static int create(const struct fb_query_plan *plan, bool with_time, struct fb_slice_layout **ret)
{
	struct fb_slice_layout *layout = calloc(1, sizeof(*layout));
	int rc;

	if (layout == NULL)
		return FB_E_NO_MEMORY;
	layout->plan = plan;
	layout->time_state = FB_NO_STATE;
	rc = add_keys(layout);
	if (rc == 0)
		rc = mark_states(layout);
	if (rc == 0 && with_time)
		rc = mark_time(layout);
	if (rc == 0)
		rc = add_sets(layout);
	if (rc != 0) {
		fb_slice_layout_destroy(layout);
		return rc;
	}
	place_states(layout);
	if (plan->window.kind == FB_WINDOW_SESSION)
		layout->session_word = take_words(layout, true, 3);
	rc = make_init(layout);
	if (rc != 0) {
		fb_slice_layout_destroy(layout);
		return rc;
	}
	*ret = layout;
	return 0;
}

int fb_slice_layout_create(const struct fb_query_plan *plan, struct fb_slice_layout **ret)
{
	return create(plan, plan->window.kind == FB_WINDOW_SESSION, ret);
}

int fb_slice_layout_create_timed(const struct fb_query_plan *plan, struct fb_slice_layout **ret)
{
	return create(plan, true, ret);
}

void fb_slice_layout_destroy(struct fb_slice_layout *layout)
{
	if (layout == NULL)
		return;
	for (uint32_t i = 0; i < layout->set_cnt; i++)
		free(layout->sets[i]);
	free(layout->init);
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
