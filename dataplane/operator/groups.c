/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of a slice as result columns: what HAVING and the select list are evaluated over. Control
 * plane. */
#include "dataplane/operator/slice_private.h"

uint32_t fb_slice_group_types(const struct fb_query_plan *plan, struct fb_type *types, uint32_t cap)
{
	uint32_t cnt = 0;

	for (int i = 0; i < FB_GROUP_KEYS; i++)
		if (cnt < cap)
			types[cnt++] = (struct fb_type){
				.kind = i == FB_GROUP_WINDOW_TIME ? plan->time->type.kind
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
		column->i128[row] = (fb_i128)((unsigned __int128)words[part->word + 1] << 64 |
					      words[part->word]);
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

static void put_sum(const struct fb_agg *agg, const struct fb_arg_state *state, uint64_t word,
	uint64_t seen, struct fb_column *column, uint32_t row)
{
	bool average = agg->func == FB_AGG_AVG;

	if (state->phys == FB_PHYS_I64) {
		int64_t sum = (int64_t)word;

		/* AVG sums as BIGINT, divides toward zero, then casts back. */
		column->i64[row] = wrap(average ? sum / (int64_t)seen : sum, agg->type.kind);
		return;
	}

	double sum;

	memcpy(&sum, &word, sizeof(sum));
	if (average)
		sum /= (double)seen;
	column->f64[row] = agg->type.kind == FB_T_FLOAT ? (double)(float)sum : sum;
}

static void put_agg(const struct fb_slice *slice, uint32_t number, const uint64_t *entry,
	struct fb_column *column, uint32_t row)
{
	const struct fb_slice_layout *layout = slice->layout;
	const struct fb_agg *agg = &layout->plan->aggs[number];
	const struct fb_arg_state *state;
	uint64_t seen;

	if (agg->func == FB_AGG_COUNT_STAR) {
		column->i64[row] = (int64_t)entry[layout->rows_word];
		return;
	}
	state = &layout->args[layout->arg_of_agg[number]];
	seen = entry[state->nonnull ? state->nonnull : layout->rows_word];
	if (agg->func == FB_AGG_COUNT) {
		column->i64[row] = (int64_t)seen;
		return;
	}
	if (seen == 0) {
		put_null(column, row);
		if (state->phys == FB_PHYS_STR)
			column->str[row] = FB_STR("");
		return;
	}
	if (agg->func == FB_AGG_SUM || agg->func == FB_AGG_AVG) {
		put_sum(agg, state, entry[state->sum], seen, column, row);
		return;
	}

	uint16_t word = agg->func == FB_AGG_MIN ? state->min : state->max;

	if (state->phys == FB_PHYS_STR)
		column->str[row] = fb_text_get(slice->pool, entry + word);
	else
		column->i64[row] = (int64_t)entry[word];
}

bool fb_slice_groups(const struct fb_slice *slice, int64_t window_start_ms, int64_t window_end_ms,
	uint64_t *cursor, struct fb_batch *batch)
{
	const struct fb_query_plan *plan = slice->layout->plan;
	struct fb_entry_cursor at = {(uint32_t)(*cursor >> 32), (uint32_t)*cursor};
	const uint64_t *entry;
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
		batch->columns[FB_GROUP_WINDOW_START].i64[row] = window_start_ms;
		batch->columns[FB_GROUP_WINDOW_END].i64[row] = window_end_ms;
		/* An instant where the time column holds instants (rule W12). */
		batch->columns[FB_GROUP_WINDOW_TIME].i64[row] =
			window_end_ms - 1 - plan->time_shift_ms;
		for (uint32_t k = 0; k < plan->key_cnt; k++)
			put_key(slice, k, entry, column++, row);
		for (uint32_t a = 0; a < plan->agg_cnt; a++)
			put_agg(slice, a, entry, column++, row);
		batch->sel[row] = (uint16_t)row;
		row++;
	}
	*cursor = (uint64_t)at.page << 32 | at.unit;
	batch->row_cnt = batch->sel_cnt = row;
	return row > 0;
}
