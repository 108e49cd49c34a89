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

/* The first four bytes as a number that sorts as they do; bytes behind the end count as zero. */
static inline uint32_t text_head(struct fb_str text)
{
	uint32_t head = 0;

	memcpy(&head, text.p, FB_MIN(text.len, (uint32_t)sizeof(head)));
	return __builtin_bswap32(head);
}

/* Mostly the heads decide, one of which is in the words: then the text that won before is not looked at. */
static inline bool wins(const struct fb_slice *slice, const uint64_t *words, struct fb_str text,
	bool first, int order)
{
	uint32_t mine = text_head(text);
	uint32_t other = __builtin_bswap32((uint32_t)(words[0] >> 32));

	if (first)
		return true;
	if (mine != other)
		return (mine > other) == (order > 0);
	return fb_str_cmp(text, fb_text_get(slice->pool, words)) * order > 0;
}

/* What texts make of a state. */
enum { LOW_WINS = 1, HIGH_WINS = 2 };

static inline uint32_t judge(const struct fb_slice *slice, const struct fb_state *state,
	const uint64_t *entry, struct fb_str low, struct fb_str high, bool first)
{
	return (state->min && wins(slice, entry + state->min, low, first, -1) ? LOW_WINS : 0) |
	       (state->max && wins(slice, entry + state->max, high, first, 1) ? HIGH_WINS : 0);
}

static void put_winners(struct fb_slice *slice, const struct fb_state *state, uint64_t *entry,
	struct fb_str low, struct fb_str high, uint32_t won)
{
	if (won & LOW_WINS)
		put_text(slice, entry + state->min, low);
	if (won & HIGH_WINS)
		put_text(slice, entry + state->max, high);
}

/* Lengths of the texts for which put_winners will take new room: those that are long, and do not fit
 * where the old are. */
static uint32_t need_room(const struct fb_state *state, const uint64_t *entry, struct fb_str low,
	struct fb_str high, uint32_t won, uint32_t *lens)
{
	uint32_t cnt = 0;

	if ((won & LOW_WINS) && low.len > FB_TEXT_INLINE_MAX && low.len > (uint32_t)entry[state->min])
		lens[cnt++] = low.len;
	if ((won & HIGH_WINS) && high.len > FB_TEXT_INLINE_MAX && high.len > (uint32_t)entry[state->max])
		lens[cnt++] = high.len;
	return cnt;
}

/* Per state what its text makes of it. False: the row needs room that there is not; a record that wins nothing needs none. */
static bool judge_row(const struct fb_slice *slice, const struct fb_column *const *columns,
	uint32_t row, const uint64_t *entry, uint8_t *won)
{
	const struct fb_slice_layout *layout = slice->layout;
	uint32_t lens[2 * FB_STATE_MAX];
	uint32_t cnt = 0;

	for (uint32_t i = 0; i < layout->state_cnt; i++) {
		const struct fb_state *state = &layout->states[i];
		struct fb_str text;

		if (!is_text_state(state) || !fb_state_takes(state, columns, row))
			continue;
		text = columns[state->arg]->str[row];
		won[i] = (uint8_t)judge(
			slice, state, entry, text, text, fb_state_seen(layout, state, entry) == 0);
		if (won[i] != 0)
			cnt += need_room(state, entry, text, text, won[i], lens + cnt);
	}
	return cnt == 0 || fb_table_has_room(slice, lens, cnt);
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
		uint8_t won[FB_STATE_MAX];

		if (entry == NULL)
			continue;
		if (!judge_row(slice, columns, row, entry, won)) {
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

			if (won[s] != 0)
				put_winners(slice, state, entry, text, text, won[s]);
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
	uint32_t won = judge(into, state, entry, low, high, first);
	uint32_t lens[2];
	uint32_t cnt = need_room(state, entry, low, high, won, lens);

	if (cnt > 0 && !fb_table_has_room(into, lens, cnt))
		return false;
	put_winners(into, state, entry, low, high, won);
	return true;
}
