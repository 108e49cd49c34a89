/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of a slice as result columns: what HAVING and the select list are evaluated over. Control
 * plane. */
#include "config/base/decimal.h"
#include "dataplane/operator/slice_private.h"

uint32_t fb_slice_group_types(const struct fb_query_plan *plan, struct fb_type *types, uint32_t cap)
{
	uint32_t cnt = 0;

	for (int i = 0; i < FB_GROUP_KEYS; i++)
		if (cnt < cap)
			types[cnt++] = (struct fb_type){.kind = i == FB_GROUP_WINDOW_TIME
									? plan->time->type.kind
									: FB_T_TIMESTAMP,
				.precision = 3,
				.not_null = true};
	for (uint32_t i = 0; i < plan->key_cnt && cnt < cap; i++)
		types[cnt++] = plan->keys[i]->type;
	for (uint32_t i = 0; i < plan->agg_cnt && cnt < cap; i++)
		types[cnt++] = plan->aggs[i].type;
	return cnt;
}

static void put_null(struct fb_column *column, uint32_t row)
{
	column->has_null = true;
	fb_column_set_valid(column, row, false);
}

static void put_key(const struct fb_slice *slice, uint32_t number, const uint64_t *entry,
	struct fb_column *column, uint32_t row)
{
	const struct fb_slice_layout *layout = slice->layout;
	const struct fb_key_part *part = &layout->keys[number];
	const uint64_t *words = entry + FB_ENTRY_KEY_WORD;

	if (layout->null_word != UINT16_MAX && (words[layout->null_word] >> number & 1)) {
		put_null(column, row);
		if (part->phys == FB_PHYS_STR)
			column->str[row] = FB_STR("");
		return;
	}
	switch (part->phys) {
	case FB_PHYS_STR:
		column->str[row] = fb_text_get(slice->pool, words + part->word);
		break;
	case FB_PHYS_I128:
		column->i128[row] = fb_words_i128(words + part->word);
		break;
	default:
		column->i64[row] = (int64_t)words[part->word]; /* F64 too: the bits are the value */
		break;
	}
}

/* Wraps to the width of the type, as Flink's sums do (semantics 1.3). */
static int64_t wrap(int64_t value, uint8_t kind)
{
	switch (kind) {
	case FB_T_TINYINT:
		return (int8_t)value;
	case FB_T_SMALLINT:
		return (int16_t)value;
	case FB_T_INT:
		return (int32_t)value;
	default:
		return value;
	}
}

static void put_text_null(const struct fb_state *state, struct fb_column *column, uint32_t row)
{
	put_null(column, row);
	if (state->phys == FB_PHYS_STR)
		column->str[row] = FB_STR("");
}

/* True: a SUM that its type does not hold. (One that BIGINT does not hold was counted when it came to be.) */
static bool put_integer_sum(const struct fb_agg *agg, int64_t sum, uint64_t seen,
	struct fb_column *column, uint32_t row)
{
	/* AVG sums as BIGINT, divides toward zero, then casts back. */
	if (agg->func == FB_AGG_AVG)
		sum /= (int64_t)seen;
	column->i64[row] = wrap(sum, agg->type.kind);
	return column->i64[row] != sum;
}

static void put_double_sum(const struct fb_agg *agg, const struct fb_state *state,
	const uint64_t *entry, uint64_t seen, struct fb_column *column, uint32_t row)
{
	double sum;

	if (agg->func == FB_AGG_AVG) {
		/* Its sum begins at 0.0, so it is never -0.0. */
		sum = (0.0 + fb_word_double(entry[state->sum])) / (double)seen;
		column->f64[row] = agg->type.kind == FB_T_FLOAT ? (double)(float)sum : sum;
		return;
	}
	column->f64[row] = fb_word_double(entry[state->single ? state->single : state->sum]);
}

/* Sums have 38 digits; what has more is NULL, and so is its average. */
static void put_decimal_sum(const struct fb_agg *agg, const struct fb_state *state,
	const uint64_t *entry, uint64_t seen, struct fb_column *column, uint32_t row)
{
	struct fb_decimal_type to = {agg->type.precision, agg->type.scale};
	fb_i128 limit = fb_decimal_power(FB_DECIMAL_DIGITS_MAX);
	fb_i128 sum = fb_words_i128(entry + state->sum);
	bool fits = sum > -limit && sum < limit &&
		    (!state->wide || (int64_t)entry[state->sum + 2] == (sum < 0 ? -1 : 0));

	column->i128[row] = sum;
	if (fits && agg->func == FB_AGG_AVG)
		fits = fb_decimal_div(sum, state->type.scale, (fb_i128)seen, 0, to,
			       &column->i128[row]) == FB_DECIMAL_DONE;
	if (!fits)
		put_null(column, row);
}

static void put_extreme(const struct fb_slice *slice, const struct fb_state *state,
	const uint64_t *words, struct fb_column *column, uint32_t row)
{
	if (state->phys == FB_PHYS_STR)
		column->str[row] = fb_text_get(slice->pool, words);
	else if (state->phys == FB_PHYS_I128)
		column->i128[row] = fb_words_i128(words);
	else
		column->i64[row] = (int64_t)*words; /* F64 too */
}

/* True: a sum that wrapped. */
static bool put_agg(const struct fb_slice *slice, uint32_t number, const uint64_t *entry,
	struct fb_column *column, uint32_t row)
{
	const struct fb_slice_layout *layout = slice->layout;
	const struct fb_agg *agg = &layout->plan->aggs[number];
	const struct fb_state *state;
	uint64_t seen;

	if (layout->state_of_agg[number] == FB_NO_STATE) {
		column->i64[row] = (int64_t)entry[layout->rows_word];
		return false;
	}
	state = &layout->states[layout->state_of_agg[number]];
	seen = fb_state_seen(layout, state, entry);
	if (agg->func == FB_AGG_COUNT || agg->func == FB_AGG_COUNT_STAR) {
		column->i64[row] = (int64_t)seen;
	} else if (seen == 0) {
		put_text_null(state, column, row);
	} else if (agg->func == FB_AGG_MIN || agg->func == FB_AGG_MAX) {
		put_extreme(slice, state,
			entry + (agg->func == FB_AGG_MIN ? state->min : state->max), column, row);
	} else if (state->phys == FB_PHYS_I64) {
		return put_integer_sum(agg, (int64_t)entry[state->sum], seen, column, row);
	} else if (state->phys == FB_PHYS_F64) {
		put_double_sum(agg, state, entry, seen, column, row);
	} else {
		put_decimal_sum(agg, state, entry, seen, column, row);
	}
	return false;
}

bool fb_slice_groups(const struct fb_slice *slice, int64_t window_start_ms, int64_t window_end_ms,
	uint64_t *cursor, struct fb_batch *batch, uint64_t *ret_wrapped)
{
	const struct fb_query_plan *plan = slice->layout->plan;
	struct fb_entry_cursor at = {(uint32_t)(*cursor >> 32), (uint32_t)*cursor};
	const uint64_t *entry;
	uint64_t wrapped = 0;
	uint32_t row = 0;

	for (uint32_t c = 0; c < batch->column_cnt; c++) {
		batch->columns[c].has_null = false;
		memset(batch->columns[c].valid, 0xff, FB_BATCH_WORDS * sizeof(uint64_t));
	}
	while (row < FB_BATCH_ROWS && (entry = fb_slice_entry(slice, &at)) != NULL) {
		struct fb_column *column = &batch->columns[FB_GROUP_KEYS];

		/* Its only records found no room for their texts: a group that no record is in
		 * gives no row. */
		if (entry[slice->layout->rows_word] == 0)
			continue;
		if (slice->layout->session_word) {
			/* Each session has times of its own (rule W9). */
			window_start_ms = fb_entry_time_min(slice->layout, entry) +
					  plan->time_shift_ms;
			window_end_ms = fb_entry_time_max(slice->layout, entry) +
					plan->time_shift_ms + plan->window.size_ms;
		}
		batch->columns[FB_GROUP_WINDOW_START].i64[row] = window_start_ms;
		batch->columns[FB_GROUP_WINDOW_END].i64[row] = window_end_ms;
		/* An instant where the time column holds instants (rule W12). */
		batch->columns[FB_GROUP_WINDOW_TIME].i64[row] =
			window_end_ms - 1 - plan->time_shift_ms;
		for (uint32_t k = 0; k < plan->key_cnt; k++)
			put_key(slice, k, entry, column++, row);
		for (uint32_t a = 0; a < plan->agg_cnt; a++)
			wrapped += put_agg(slice, a, entry, column++, row);
		batch->sel[row] = (uint16_t)row;
		row++;
	}
	*cursor = (uint64_t)at.page << 32 | at.unit;
	batch->row_cnt = batch->sel_cnt = row;
	if (ret_wrapped != NULL)
		*ret_wrapped = wrapped;
	return row > 0;
}
