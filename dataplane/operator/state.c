/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Aggregate states of a batch, state by state over the rows that have a value for it. Hot. Who has
 * a value is decided once, without branches; then one loop with constant flags per combination of
 * words, so that nothing is decided per row.
 */
#include "dataplane/operator/slice_private.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

void fb_state_first(const struct fb_slice_layout *layout, uint64_t *entry)
{
	memset(entry + layout->rows_word, 0,
		(layout->entry_words - layout->rows_word) * sizeof(*entry));
	for (uint32_t i = 0; i < layout->state_cnt; i++) {
		const struct fb_state *state = &layout->states[i];
		bool doubles = state->phys == FB_PHYS_F64;

		/* Text states begin empty; whether they hold anything is said by the counts. */
		if (state->phys == FB_PHYS_STR)
			continue;
		if (state->phys == FB_PHYS_I128) {
			if (state->min)
				fb_put_i128(entry + state->min, FB_I128_MAX);
			if (state->max)
				fb_put_i128(entry + state->max, -FB_I128_MAX);
			continue;
		}
		/* The sum of nothing but -0.0 is -0.0. */
		if (doubles && state->sum)
			entry[state->sum] = fb_double_word(-0.0);
		if (state->single)
			entry[state->single] = fb_double_word(-0.0);
		if (state->min)
			entry[state->min] =
				doubles ? fb_double_word(__builtin_nan("")) : (uint64_t)INT64_MAX;
		if (state->max)
			entry[state->max] =
				doubles ? fb_double_word(-__builtin_inf()) : (uint64_t)INT64_MIN;
	}
	if (layout->session_word) {
		entry[layout->session_word] = (uint64_t)INT64_MAX;
		entry[layout->session_word + 1] = (uint64_t)INT64_MIN;
		entry[layout->session_word + 2] = (uint64_t)INT64_MIN;
	}
}

/* ---- which rows ---- */

struct pass {
	const struct fb_state *state;
	const struct fb_column *column; /* NULL: COUNT(*) */
	const uint16_t *sel;
	uint32_t sel_cnt;
	uint64_t *const *entries;
	uint64_t overflows;
};

static uint32_t keep_valid(
	const struct fb_column *column, const uint16_t *sel, uint32_t sel_cnt, uint16_t *out)
{
	uint32_t cnt = 0;

	for (uint32_t i = 0; i < sel_cnt; i++) {
		out[cnt] = sel[i];
		cnt += column->valid[sel[i] / 64] >> (sel[i] % 64) & 1;
	}
	return cnt;
}

/* Only TRUE counts: neither FALSE nor NULL. */
static uint32_t keep_true(
	const struct fb_column *column, const uint16_t *sel, uint32_t sel_cnt, uint16_t *out)
{
	uint32_t cnt = 0;

	for (uint32_t i = 0; i < sel_cnt; i++) {
		out[cnt] = sel[i];
		cnt += column->i64[sel[i]] != 0;
	}
	return column->has_null ? keep_valid(column, out, cnt, out) : cnt;
}

static uint32_t keep_first(
	const uint8_t *is_first, const uint16_t *sel, uint32_t sel_cnt, uint16_t *out)
{
	uint32_t cnt = 0;

	for (uint32_t i = 0; i < sel_cnt; i++) {
		out[cnt] = sel[i];
		cnt += is_first[sel[i]];
	}
	return cnt;
}

/* Narrows the pass to the rows that have a value; `room` holds their numbers. */
static void choose(struct pass *pass, const struct fb_column *const *columns,
	const struct fb_key_batch *keys, uint16_t *room)
{
	const struct fb_state *state = pass->state;

	if (state->set != FB_NO_SET) {
		pass->sel_cnt =
			keep_first(keys->is_first[state->set], pass->sel, pass->sel_cnt, room);
		pass->sel = room;
		return;
	}
	if (state->filter != FB_NO_COLUMN) {
		pass->sel_cnt = keep_true(columns[state->filter], pass->sel, pass->sel_cnt, room);
		pass->sel = room;
	}
	if (pass->column != NULL && pass->column->has_null) {
		pass->sel_cnt = keep_valid(pass->column, pass->sel, pass->sel_cnt, room);
		pass->sel = room;
	}
}

/* ---- numbers ---- */

static void count_values(const struct pass *pass)
{
	for (uint32_t i = 0; pass->state->counts && i < pass->sel_cnt; i++)
		pass->entries[pass->sel[i]][pass->state->count]++;
}

ALWAYS_INLINE void update_i64(
	struct pass *pass, const bool count, const bool sum, const bool min, const bool max)
{
	const struct fb_state *state = pass->state;
	uint64_t overflows = 0;

	for (uint32_t i = 0; i < pass->sel_cnt; i++) {
		uint32_t row = pass->sel[i];
		uint64_t *entry = pass->entries[row];
		int64_t value = pass->column->i64[row];

		if (count)
			entry[state->count]++;
		if (sum) {
			int64_t total;

			overflows +=
				__builtin_add_overflow((int64_t)entry[state->sum], value, &total);
			entry[state->sum] = (uint64_t)total;
		}
		if (min)
			entry[state->min] = (uint64_t)FB_MIN((int64_t)entry[state->min], value);
		if (max)
			entry[state->max] = (uint64_t)FB_MAX((int64_t)entry[state->max], value);
	}
	pass->overflows += overflows;
}

ALWAYS_INLINE void update_i64_words(struct pass *pass, const bool count)
{
	const struct fb_state *state = pass->state;

	switch ((state->sum != 0) | (state->min != 0) << 1 | (state->max != 0) << 2) {
	case 0:
		count_values(pass);
		break;
	case 1:
		update_i64(pass, count, true, false, false);
		break;
	case 2:
		update_i64(pass, count, false, true, false);
		break;
	case 3:
		update_i64(pass, count, true, true, false);
		break;
	case 4:
		update_i64(pass, count, false, false, true);
		break;
	case 5:
		update_i64(pass, count, true, false, true);
		break;
	case 6:
		update_i64(pass, count, false, true, true);
		break;
	default:
		update_i64(pass, count, true, true, true);
		break;
	}
}

/* Sums alone, which AVG and SUM need. */
static void sum_doubles(struct pass *pass)
{
	const double *values = pass->column->f64;
	uint32_t sum = pass->state->sum;

	for (uint32_t i = 0; i < pass->sel_cnt; i++) {
		uint64_t *word = pass->entries[pass->sel[i]] + sum;

		*word = fb_double_word(fb_word_double(*word) + values[pass->sel[i]]);
	}
}

static void update_doubles(struct pass *pass)
{
	const struct fb_state *state = pass->state;

	if (state->sum && !state->single && !state->min && !state->max) {
		count_values(pass);
		sum_doubles(pass);
		return;
	}
	for (uint32_t i = 0; i < pass->sel_cnt; i++) {
		uint32_t row = pass->sel[i];
		uint64_t *entry = pass->entries[row];
		double value = pass->column->f64[row];

		if (state->counts)
			entry[state->count]++;
		if (state->sum)
			entry[state->sum] =
				fb_double_word(fb_word_double(entry[state->sum]) + value);
		if (state->single)
			entry[state->single] = fb_double_word(
				(double)(float)(fb_word_double(entry[state->single]) + value));
		if (state->min && fb_double_less(value, fb_word_double(entry[state->min])))
			entry[state->min] = fb_double_word(value);
		if (state->max && fb_double_less(fb_word_double(entry[state->max]), value))
			entry[state->max] = fb_double_word(value);
	}
}

static void update_decimals(struct pass *pass)
{
	const struct fb_state *state = pass->state;

	for (uint32_t i = 0; i < pass->sel_cnt; i++) {
		uint32_t row = pass->sel[i];
		uint64_t *entry = pass->entries[row];
		fb_i128 value = pass->column->i128[row];

		if (state->counts)
			entry[state->count]++;
		if (state->sum)
			fb_sum_add(entry + state->sum, value, value < 0 ? -1 : 0, state->wide);
		if (state->min && value < fb_words_i128(entry + state->min))
			fb_put_i128(entry + state->min, value);
		if (state->max && value > fb_words_i128(entry + state->max))
			fb_put_i128(entry + state->max, value);
	}
}

static void update_numbers(struct pass *pass)
{
	if (pass->column == NULL)
		count_values(pass);
	else if (pass->state->phys == FB_PHYS_F64)
		update_doubles(pass);
	else if (pass->state->phys == FB_PHYS_I128)
		update_decimals(pass);
	else if (pass->state->counts)
		update_i64_words(pass, true);
	else
		update_i64_words(pass, false);
}

/* ---- a batch ---- */

/* Rows whose lines of entries stay in the first cache from one state to the next. */
#define CHUNK_ROWS 128u

/* Rows that were not refused. */
static uint32_t place(
	const uint16_t *sel, uint32_t sel_cnt, const struct fb_key_batch *keys, uint16_t *placed)
{
	uint32_t cnt = 0;

	for (uint32_t i = 0; i < sel_cnt; i++) {
		placed[cnt] = sel[i];
		cnt += keys->entries[sel[i]] != NULL;
	}
	return cnt;
}

static void count_records(const struct fb_slice_layout *layout, const uint16_t *sel,
	uint32_t sel_cnt, const struct fb_key_batch *keys)
{
	uint32_t rows_word = layout->rows_word;

	for (uint32_t i = 0; i < sel_cnt; i++)
		keys->entries[sel[i]][rows_word]++;
}

static uint64_t update_state(const struct fb_state *state, const struct fb_column *const *columns,
	const uint16_t *sel, uint32_t sel_cnt, const struct fb_key_batch *keys)
{
	uint16_t room[CHUNK_ROWS];
	struct pass pass = {
		.state = state,
		.column = state->arg == FB_NO_COLUMN ? NULL : columns[state->arg],
		.sel = sel,
		.sel_cnt = sel_cnt,
		.entries = keys->entries,
	};

	choose(&pass, columns, keys, room);
	if (state->phys == FB_PHYS_STR)
		count_values(&pass);
	else
		update_numbers(&pass);
	return pass.overflows;
}

uint32_t fb_state_update(struct fb_slice *slice, const struct fb_column *const *columns,
	const uint16_t *sel, uint32_t sel_cnt, struct fb_key_batch *keys, uint64_t *overflows)
{
	const struct fb_slice_layout *layout = slice->layout;
	uint16_t room[FB_BATCH_ROWS];
	const uint16_t *placed = sel;
	uint32_t placed_cnt = sel_cnt;

	if (layout->set_cnt > 0)
		fb_distinct_update(slice, columns, sel, sel_cnt, keys);
	if (layout->has_text_state)
		fb_state_update_texts(slice, columns, sel, sel_cnt, keys);
	if (FB_UNLIKELY(keys->any_refused)) {
		placed_cnt = place(sel, sel_cnt, keys, room);
		placed = room;
	}
	if (layout->set_cnt > 0 && placed_cnt < sel_cnt)
		fb_distinct_settle(slice, sel, sel_cnt, keys);
	for (uint32_t from = 0; from < placed_cnt; from += CHUNK_ROWS) {
		uint32_t cnt = FB_MIN(CHUNK_ROWS, placed_cnt - from);

		if (!layout->has_text_state)
			count_records(layout, placed + from, cnt, keys);
		for (uint32_t i = 0; i < layout->state_cnt; i++) {
			const struct fb_state *state = &layout->states[i];

			/* MIN and MAX of texts are done above, row by row. */
			if (state->phys != FB_PHYS_STR || !(state->min || state->max))
				*overflows +=
					update_state(state, columns, placed + from, cnt, keys);
		}
	}
	slice->row_cnt += placed_cnt;
	return placed_cnt;
}
