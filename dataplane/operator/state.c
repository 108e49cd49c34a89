/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Aggregate states of a batch, argument by argument over all rows. Hot. One loop with constant
 * flags per combination of states, so that an entry's line is touched once per argument and nothing
 * is decided per row.
 */
#include "dataplane/operator/slice_private.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

static inline double word_double(uint64_t word)
{
	double value;

	memcpy(&value, &word, sizeof(value));
	return value;
}

static inline uint64_t double_bits(double value)
{
	uint64_t word;

	memcpy(&word, &value, sizeof(word));
	return word;
}

/* NaN is the greatest (semantics 1.3). */
static inline bool double_less(double a, double b)
{
	return a < b || (b != b && a == a);
}

void fb_state_init(const struct fb_slice_layout *layout, uint64_t *entry)
{
	memset(entry + layout->rows_word, 0,
		(layout->entry_words - layout->rows_word) * sizeof(*entry));
	for (uint32_t i = 0; i < layout->arg_cnt; i++) {
		const struct fb_arg_state *state = &layout->args[i];

		/* Text states begin empty; whether they hold anything is said by the counts. */
		if (state->phys == FB_PHYS_STR)
			continue;
		if (state->min)
			entry[state->min] = state->phys == FB_PHYS_F64
						    ? double_bits(__builtin_nan(""))
						    : (uint64_t)INT64_MAX;
		if (state->max)
			entry[state->max] = state->phys == FB_PHYS_F64
						    ? double_bits(-__builtin_inf())
						    : (uint64_t)INT64_MIN;
	}
}

/* ---- numbers ---- */

struct pass {
	const struct fb_arg_state *state;
	const struct fb_column *column;
	const uint16_t *sel;
	uint32_t sel_cnt;
	uint64_t *const *entries;
	uint64_t overflows;
};

ALWAYS_INLINE void update_i64(struct pass *pass, const bool count, const bool sum, const bool min,
	const bool max, const bool nulls)
{
	const struct fb_arg_state *state = pass->state;
	uint64_t overflows = 0;

	for (uint32_t i = 0; i < pass->sel_cnt; i++) {
		uint32_t row = pass->sel[i];
		uint64_t *entry = pass->entries[row];
		int64_t value = pass->column->i64[row];

		if (nulls && !fb_column_is_valid(pass->column, row))
			continue;
		if (count)
			entry[state->nonnull]++;
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

ALWAYS_INLINE void update_i64_states(struct pass *pass, const bool count, const bool nulls)
{
	const struct fb_arg_state *state = pass->state;

	switch ((state->sum != 0) | (state->min != 0) << 1 | (state->max != 0) << 2) {
	case 0:
		update_i64(pass, count, false, false, false, nulls);
		break;
	case 1:
		update_i64(pass, count, true, false, false, nulls);
		break;
	case 2:
		update_i64(pass, count, false, true, false, nulls);
		break;
	case 3:
		update_i64(pass, count, true, true, false, nulls);
		break;
	case 4:
		update_i64(pass, count, false, false, true, nulls);
		break;
	case 5:
		update_i64(pass, count, true, false, true, nulls);
		break;
	case 6:
		update_i64(pass, count, false, true, true, nulls);
		break;
	default:
		update_i64(pass, count, true, true, true, nulls);
		break;
	}
}

static void update_integers(struct pass *pass)
{
	bool nulls = pass->column->has_null;

	if (pass->state->nonnull && nulls)
		update_i64_states(pass, true, true);
	else if (pass->state->nonnull)
		update_i64_states(pass, true, false);
	else
		update_i64_states(pass, false, false);
}

static void update_doubles(struct pass *pass)
{
	const struct fb_arg_state *state = pass->state;

	for (uint32_t i = 0; i < pass->sel_cnt; i++) {
		uint32_t row = pass->sel[i];
		uint64_t *entry = pass->entries[row];
		double value = pass->column->f64[row];

		if (!fb_column_is_valid(pass->column, row))
			continue;
		if (state->nonnull)
			entry[state->nonnull]++;
		if (state->sum)
			entry[state->sum] = double_bits(word_double(entry[state->sum]) + value);
		if (state->min && double_less(value, word_double(entry[state->min])))
			entry[state->min] = double_bits(value);
		if (state->max && double_less(word_double(entry[state->max]), value))
			entry[state->max] = double_bits(value);
	}
}

/* ---- texts ---- */

/* How many values the state has seen: its own count, or all records where the argument is NOT NULL.
 */
static inline uint64_t seen(const struct fb_slice_layout *layout, const struct fb_arg_state *state,
	const uint64_t *entry)
{
	return entry[state->nonnull ? state->nonnull : layout->rows_word];
}

/* Writes a text into its two words; the old bytes are used again where they are long enough. Room
 * was checked before. */
static void put_text(struct fb_slice *slice, uint64_t *words, struct fb_str text)
{
	uint32_t old_len = (uint32_t)words[0];
	uint32_t old_ref = (uint32_t)words[1];

	fb_text_words(text.p, text.len, words);
	if (text.len <= FB_TEXT_INLINE_MAX)
		return;
	if (old_len > FB_TEXT_INLINE_MAX && old_len >= text.len) {
		memcpy(fb_ref(slice->pool, old_ref), text.p, text.len);
		words[1] = old_ref;
		return;
	}
	words[1] = fb_table_put_text(slice, text.p, text.len);
}

static inline bool wins(const struct fb_slice *slice, const uint64_t *words, struct fb_str text,
	bool first, int order)
{
	return first || fb_str_cmp(text, fb_text_get(slice->pool, words)) * order > 0;
}

static void merge_text(struct fb_slice *slice, const struct fb_arg_state *state, uint64_t *entry,
	struct fb_str low, struct fb_str high, bool first)
{
	if (state->min && wins(slice, entry + state->min, low, first, -1))
		put_text(slice, entry + state->min, low);
	if (state->max && wins(slice, entry + state->max, high, first, 1))
		put_text(slice, entry + state->max, high);
}

/* Lengths of the texts for which merge_text would take new room: those that are long, win, and do
 * not fit where the old are. */
static uint32_t need_room(const struct fb_slice *slice, const struct fb_arg_state *state,
	const uint64_t *entry, struct fb_str low, struct fb_str high, bool first, uint32_t *lens)
{
	const struct {
		uint16_t word;
		int order;
		struct fb_str text;
	} sides[] = {{state->min, -1, low}, {state->max, 1, high}};
	uint32_t cnt = 0;

	for (int i = 0; i < 2; i++) {
		const uint64_t *words = entry + sides[i].word;
		uint32_t len = sides[i].text.len;

		if (sides[i].word != 0 && len > FB_TEXT_INLINE_MAX && len > (uint32_t)words[0] &&
			wins(slice, words, sides[i].text, first, sides[i].order))
			lens[cnt++] = len;
	}
	return cnt;
}

/* Room for all texts of one row, before any state of the row is touched. A record that wins nothing
 * needs none. */
static bool has_text_room(struct fb_slice *slice, const struct fb_column *const *columns,
	uint32_t row, const uint64_t *entry)
{
	const struct fb_slice_layout *layout = slice->layout;
	uint32_t lens[2 * FB_ARG_MAX];
	uint32_t cnt = 0;

	for (uint32_t a = 0; a < layout->arg_cnt; a++) {
		const struct fb_arg_state *state = &layout->args[a];

		if (state->phys == FB_PHYS_STR && fb_column_is_valid(columns[a], row) &&
			columns[a]->str[row].len > FB_TEXT_INLINE_MAX)
			cnt += need_room(slice, state, entry, columns[a]->str[row],
				columns[a]->str[row], seen(layout, state, entry) == 0, lens + cnt);
	}
	return fb_table_has_room(slice, lens, cnt);
}

/* Whether a text of the row is longer than any page: then more memory would not help. */
static bool has_endless_text(
	const struct fb_slice_layout *layout, const struct fb_column *const *columns, uint32_t row)
{
	for (uint32_t a = 0; a < layout->arg_cnt; a++)
		if ((layout->args[a].phys == FB_PHYS_STR &&
			    (layout->args[a].min || layout->args[a].max)) &&
			fb_column_is_valid(columns[a], row) &&
			columns[a]->str[row].len > FB_PAGE_BYTES)
			return true;
	return false;
}

/*
 * Row by row, because each may take room that the next then lacks. The record count is still that
 * before the batch, so rows of the batch are told apart by the state itself: a first value is one
 * whose count is 0.
 */
static void update_texts(struct fb_slice *slice, const struct fb_column *const *columns,
	const uint16_t *sel, uint32_t sel_cnt, struct fb_key_batch *keys)
{
	const struct fb_slice_layout *layout = slice->layout;

	for (uint32_t i = 0; i < sel_cnt; i++) {
		uint32_t row = sel[i];
		uint64_t *entry = keys->entries[row];

		if (entry == NULL)
			continue;
		if (!has_text_room(slice, columns, row, entry)) {
			keys->entries[row] = NULL;
			keys->refused[row] = has_endless_text(layout, columns, row)
						     ? FB_REC_KEY_TOO_LONG
						     : FB_REC_STATE_FULL;
			continue;
		}
		for (uint32_t a = 0; a < layout->arg_cnt; a++) {
			const struct fb_arg_state *state = &layout->args[a];

			if (state->phys != FB_PHYS_STR || !fb_column_is_valid(columns[a], row))
				continue;
			merge_text(slice, state, entry, columns[a]->str[row], columns[a]->str[row],
				seen(layout, state, entry) == 0);
			if (state->nonnull)
				entry[state->nonnull]++;
		}
		/* With text states records are counted here, so that `seen` is right for the next
		 * row. */
		entry[layout->rows_word]++;
	}
}

/* COUNT of a text: its value is not looked at. */
static void count_texts(struct pass *pass)
{
	for (uint32_t i = 0; pass->state->nonnull && i < pass->sel_cnt; i++)
		if (fb_column_is_valid(pass->column, pass->sel[i]))
			pass->entries[pass->sel[i]][pass->state->nonnull]++;
}

/* ---- a batch ---- */

uint32_t fb_state_update(struct fb_slice *slice, const struct fb_column *const *columns,
	const uint16_t *sel, uint32_t sel_cnt, struct fb_key_batch *keys, uint64_t *overflows)
{
	const struct fb_slice_layout *layout = slice->layout;
	uint16_t placed[FB_BATCH_ROWS];
	uint32_t placed_cnt = 0;

	if (layout->has_text_state)
		update_texts(slice, columns, sel, sel_cnt, keys);
	for (uint32_t i = 0; i < sel_cnt; i++) {
		placed[placed_cnt] = sel[i];
		placed_cnt += keys->entries[sel[i]] != NULL;
	}
	for (uint32_t i = 0; !layout->has_text_state && i < placed_cnt; i++)
		keys->entries[placed[i]][layout->rows_word]++;
	for (uint32_t a = 0; a < layout->arg_cnt; a++) {
		struct pass pass = {
			.state = &layout->args[a],
			.column = columns[a],
			.sel = placed,
			.sel_cnt = placed_cnt,
			.entries = keys->entries,
		};

		if (pass.state->phys == FB_PHYS_I64)
			update_integers(&pass);
		else if (pass.state->phys == FB_PHYS_F64)
			update_doubles(&pass);
		else if (!layout->has_text_state)
			count_texts(&pass);
		*overflows += pass.overflows;
	}
	slice->row_cnt += placed_cnt;
	return placed_cnt;
}

/* ---- entry into entry ---- */

bool fb_state_merge(
	struct fb_slice *into, uint64_t *entry, const struct fb_slice *from, const uint64_t *other)
{
	const struct fb_slice_layout *layout = into->layout;

	for (uint32_t a = 0; a < layout->arg_cnt; a++) {
		const struct fb_arg_state *state = &layout->args[a];
		uint64_t had = seen(layout, state, entry);

		if (seen(layout, state, other) == 0)
			continue;
		if (state->phys == FB_PHYS_STR && (state->min || state->max)) {
			struct fb_str low = state->min ? fb_text_get(from->pool, other + state->min)
						       : FB_STR("");
			struct fb_str high = state->max
						     ? fb_text_get(from->pool, other + state->max)
						     : FB_STR("");

			uint32_t lens[2];

			if (!fb_table_has_room(into, lens,
				    need_room(into, state, entry, low, high, had == 0, lens)))
				return false;
			merge_text(into, state, entry, low, high, had == 0);
		} else if (state->phys == FB_PHYS_F64) {
			double low = state->min ? word_double(other[state->min]) : 0;
			double high = state->max ? word_double(other[state->max]) : 0;

			if (state->sum)
				entry[state->sum] = double_bits(word_double(entry[state->sum]) +
								word_double(other[state->sum]));
			if (state->min && double_less(low, word_double(entry[state->min])))
				entry[state->min] = double_bits(low);
			if (state->max && double_less(word_double(entry[state->max]), high))
				entry[state->max] = double_bits(high);
		} else if (state->phys == FB_PHYS_I64) {
			if (state->sum)
				entry[state->sum] += other[state->sum];
			if (state->min)
				entry[state->min] = (uint64_t)FB_MIN(
					(int64_t)entry[state->min], (int64_t)other[state->min]);
			if (state->max)
				entry[state->max] = (uint64_t)FB_MAX(
					(int64_t)entry[state->max], (int64_t)other[state->max]);
		}
		if (state->nonnull)
			entry[state->nonnull] += other[state->nonnull];
	}
	entry[layout->rows_word] += other[layout->rows_word];
	return true;
}
