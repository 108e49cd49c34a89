/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values that DISTINCT aggregates have seen. Hot, but for the end. A batch goes through each set in
 * the passes of the group table: key words and hashes, prefetch and lookup, insertion of what is
 * new.
 */
#include "dataplane/operator/slice_private.h"

static struct fb_slice *get_set(struct fb_slice *slice, uint32_t number)
{
	if (slice->sets[number] == NULL)
		slice->sets[number] =
			fb_slice_open(slice->pool, slice->layout->sets[number], slice->start_ms);
	return slice->sets[number];
}

static void refuse(struct fb_key_batch *keys, uint32_t row, uint8_t disposition)
{
	keys->groups[row] = 0;
	fb_key_refuse(keys, row, disposition);
}

/* One set; the rows that were refused before are left out, and have no part in what follows. */
static void look_up(struct fb_slice *slice, uint32_t number, const struct fb_column *const *columns,
	const uint16_t *sel, uint32_t sel_cnt, struct fb_key_batch *keys)
{
	const struct fb_state *state = &slice->layout->states[slice->layout->state_of_set[number]];
	const struct fb_column groups = {.i64 = keys->groups};
	const struct fb_column *pair[] = {&groups, columns[state->arg]};
	struct fb_slice *set = get_set(slice, number);
	uint8_t *is_first = keys->is_first[number];
	uint16_t rows[FB_BATCH_ROWS];
	uint32_t cnt = 0;

	for (uint32_t i = 0; i < sel_cnt; i++) {
		uint32_t row = sel[i];

		keys->made[row] = is_first[row] = 0;
		rows[cnt] = (uint16_t)row;
		cnt += keys->groups[row] != 0 && fb_state_takes(state, columns, row);
	}
	if (set == NULL) {
		for (uint32_t i = 0; i < cnt; i++)
			refuse(keys, rows[i], FB_REC_STATE_FULL);
		return;
	}
	fb_key_batch_fill(set->layout, pair, rows, cnt, keys);
	keys->find(set, rows, cnt, keys);
	for (uint32_t i = 0; i < cnt; i++) {
		uint32_t row = rows[i];

		keys->values[number][row] = keys->entries[row];
		is_first[row] = keys->made[row];
		if (FB_UNLIKELY(keys->entries[row] == NULL))
			refuse(keys, row, keys->refused[row]);
	}
}

void fb_distinct_update(struct fb_slice *slice, const struct fb_column *const *columns,
	const uint16_t *sel, uint32_t sel_cnt, struct fb_key_batch *keys)
{
	uint64_t *base = slice->pool->base;

	for (uint32_t i = 0; i < sel_cnt; i++) {
		uint64_t *entry = keys->entries[sel[i]];

		keys->groups[sel[i]] = entry ? entry - base : 0;
	}
	for (uint32_t number = 0; number < slice->layout->set_cnt; number++)
		look_up(slice, number, columns, sel, sel_cnt, keys);
	for (uint32_t i = 0; i < sel_cnt; i++) {
		int64_t group = keys->groups[sel[i]];

		keys->entries[sel[i]] = group ? base + group : NULL;
	}
}

/* ---- rows that were refused after all ---- */

/* The value counts for the next row that has it; without such a row it was never seen. */
static void take_out(struct fb_slice *set, uint32_t number, const uint16_t *sel, uint32_t sel_cnt,
	uint32_t from, struct fb_key_batch *keys)
{
	uint64_t *value = keys->values[number][sel[from]];

	keys->is_first[number][sel[from]] = 0;
	for (uint32_t i = from + 1; i < sel_cnt; i++)
		if (keys->entries[sel[i]] != NULL && keys->values[number][sel[i]] == value) {
			keys->is_first[number][sel[i]] = 1;
			return;
		}
	/* No group has this reference: the entry is found no more, and passed over by walks. */
	value[FB_SET_OWNER_WORD] = 0;
	set->group_cnt--;
}

void fb_distinct_settle(
	struct fb_slice *slice, const uint16_t *sel, uint32_t sel_cnt, struct fb_key_batch *keys)
{
	for (uint32_t i = 0; i < sel_cnt; i++) {
		if (keys->entries[sel[i]] != NULL)
			continue;
		for (uint32_t number = 0; number < slice->layout->set_cnt; number++)
			if (keys->is_first[number][sel[i]])
				take_out(slice->sets[number], number, sel, sel_cnt, i, keys);
	}
}

/* ---- control plane ---- */

static void add_value(const struct fb_state *state, uint64_t *entry, const uint64_t *value)
{
	entry[state->count]++;
	switch (state->phys) {
	case FB_PHYS_I64:
		if (state->sum)
			entry[state->sum] += value[0];
		break;
	case FB_PHYS_F64:
		if (state->sum)
			entry[state->sum] = fb_double_word(
				fb_word_double(entry[state->sum]) + fb_word_double(value[0]));
		if (state->single)
			entry[state->single] = fb_double_word(
				(double)(float)(fb_word_double(entry[state->single]) +
						fb_word_double(value[0])));
		break;
	case FB_PHYS_I128:
		if (state->sum)
			fb_sum_add(entry + state->sum, fb_words_i128(value),
				(int64_t)value[1] < 0 ? -1 : 0, state->wide);
		break;
	case FB_PHYS_STR:
		break;
	}
}

bool fb_distinct_add(struct fb_slice *into, uint32_t number, uint64_t *entry, const uint64_t *value,
	const char *text)
{
	const struct fb_state *state = &into->layout->states[into->layout->state_of_set[number]];
	struct fb_slice *set = get_set(into, number);
	const char *texts[] = {NULL, text};
	uint64_t words[3] = {(uint64_t)(entry - into->pool->base), value[0]};
	struct fb_key_view key = {words, texts};
	uint64_t before;
	uint64_t *made;

	if (set == NULL)
		return false;
	if (set->layout->key_words == 3)
		words[2] = value[1];
	before = set->group_cnt;
	if (fb_table_insert(set, fb_key_hash(set->layout, &key), &key, &made) != FB_INSERT_OK)
		return false;
	if (set->group_cnt != before)
		add_value(state, entry, value);
	return true;
}
