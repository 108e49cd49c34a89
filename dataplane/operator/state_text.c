/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MIN and MAX of texts. Hot. A record whose texts win and find no room is refused as a whole, so
 * the room for all texts of a row is asked for before any state of it is touched.
 */
#include "dataplane/operator/slice_private.h"

static inline bool is_text_state(const struct fb_state *state)
{
	return state->phys == FB_PHYS_STR && (state->min || state->max);
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

static void merge_text(struct fb_slice *slice, const struct fb_state *state, uint64_t *entry,
	struct fb_str low, struct fb_str high, bool first)
{
	if (state->min && wins(slice, entry + state->min, low, first, -1))
		put_text(slice, entry + state->min, low);
	if (state->max && wins(slice, entry + state->max, high, first, 1))
		put_text(slice, entry + state->max, high);
}

/* Lengths of the texts for which merge_text would take new room: those that are long, win, and do
 * not fit where the old are. */
static uint32_t need_room(const struct fb_slice *slice, const struct fb_state *state,
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

/* A record that wins nothing needs no room. */
static bool has_text_room(const struct fb_slice *slice, const struct fb_column *const *columns,
	uint32_t row, const uint64_t *entry)
{
	const struct fb_slice_layout *layout = slice->layout;
	uint32_t lens[2 * FB_STATE_MAX];
	uint32_t cnt = 0;

	for (uint32_t i = 0; i < layout->state_cnt; i++) {
		const struct fb_state *state = &layout->states[i];

		if (is_text_state(state) && fb_state_takes(state, columns, row)) {
			struct fb_str text = columns[state->arg]->str[row];

			if (text.len > FB_TEXT_INLINE_MAX)
				cnt += need_room(slice, state, entry, text, text,
					fb_state_seen(layout, state, entry) == 0, lens + cnt);
		}
	}
	return fb_table_has_room(slice, lens, cnt);
}

/* Whether a text of the row is longer than any page: then more memory would not help. */
static bool has_endless_text(
	const struct fb_slice_layout *layout, const struct fb_column *const *columns, uint32_t row)
{
	for (uint32_t i = 0; i < layout->state_cnt; i++) {
		const struct fb_state *state = &layout->states[i];

		if (is_text_state(state) && fb_state_takes(state, columns, row) &&
			columns[state->arg]->str[row].len > FB_PAGE_BYTES)
			return true;
	}
	return false;
}

/*
 * Row by row, because each may take room that the next then lacks. With text states records are
 * counted here, so that the next row of the batch is told from the first.
 */
void fb_state_update_texts(struct fb_slice *slice, const struct fb_column *const *columns,
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
			fb_key_refuse(keys, row,
				has_endless_text(layout, columns, row) ? FB_REC_KEY_TOO_LONG
								       : FB_REC_STATE_FULL);
			continue;
		}
		for (uint32_t s = 0; s < layout->state_cnt; s++) {
			const struct fb_state *state = &layout->states[s];

			if (!is_text_state(state) || !fb_state_takes(state, columns, row))
				continue;

			struct fb_str text = columns[state->arg]->str[row];

			merge_text(slice, state, entry, text, text,
				fb_state_seen(layout, state, entry) == 0);
			if (state->counts)
				entry[state->count]++;
		}
		entry[layout->rows_word]++;
	}
}

bool fb_state_merge_texts(struct fb_slice *into, const struct fb_state *state, uint64_t *entry,
	const struct fb_slice *from, const uint64_t *other, bool first)
{
	struct fb_str low = state->min ? fb_text_get(from->pool, other + state->min) : FB_STR("");
	struct fb_str high = state->max ? fb_text_get(from->pool, other + state->max) : FB_STR("");
	uint32_t lens[2];

	if (!fb_table_has_room(into, lens, need_room(into, state, entry, low, high, first, lens)))
		return false;
	merge_text(into, state, entry, low, high, first);
	return true;
}
