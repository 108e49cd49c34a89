/* SPDX-License-Identifier: Apache-2.0 */
/* Entry into entry, and slice into slice. Control plane. */
#include "dataplane/operator/slice_private.h"

#include <stdlib.h>

/* ---- entry into entry ---- */

static void merge_doubles(const struct fb_state *state, uint64_t *entry, const uint64_t *other)
{
	double low = state->min ? fb_word_double(other[state->min]) : 0;
	double high = state->max ? fb_word_double(other[state->max]) : 0;

	if (state->sum)
		entry[state->sum] = fb_double_word(
			fb_word_double(entry[state->sum]) + fb_word_double(other[state->sum]));
	if (state->single)
		entry[state->single] =
			fb_double_word((double)(float)(fb_word_double(entry[state->single]) +
						       fb_word_double(other[state->single])));
	if (state->min && fb_double_less(low, fb_word_double(entry[state->min])))
		entry[state->min] = fb_double_word(low);
	if (state->max && fb_double_less(fb_word_double(entry[state->max]), high))
		entry[state->max] = fb_double_word(high);
}

static void merge_integers(const struct fb_state *state, uint64_t *entry, const uint64_t *other)
{
	if (state->sum)
		entry[state->sum] += other[state->sum];
	if (state->min)
		entry[state->min] =
			(uint64_t)FB_MIN((int64_t)entry[state->min], (int64_t)other[state->min]);
	if (state->max)
		entry[state->max] =
			(uint64_t)FB_MAX((int64_t)entry[state->max], (int64_t)other[state->max]);
}

static void merge_decimals(const struct fb_state *state, uint64_t *entry, const uint64_t *other)
{
	if (state->sum)
		fb_sum_add(entry + state->sum, fb_words_i128(other + state->sum),
			state->wide ? (int64_t)other[state->sum + 2] : 0, state->wide);
	if (state->min && fb_words_i128(other + state->min) < fb_words_i128(entry + state->min))
		memcpy(entry + state->min, other + state->min, 2 * sizeof(*entry));
	if (state->max && fb_words_i128(other + state->max) > fb_words_i128(entry + state->max))
		memcpy(entry + state->max, other + state->max, 2 * sizeof(*entry));
}

static void merge_session(
	const struct fb_slice_layout *layout, uint64_t *entry, const uint64_t *other)
{
	uint64_t *mine = entry + layout->session_word;

	mine[0] = (uint64_t)FB_MIN(
		(int64_t)mine[0], fb_entry_session_start(layout, other));
	mine[1] = (uint64_t)FB_MAX(
		(int64_t)mine[1], fb_entry_session_block(layout, other));
	mine[2] = (uint64_t)FB_MAX(
		(int64_t)mine[2], fb_entry_session_born(layout, other));
}

bool fb_state_merge(
	struct fb_slice *into, uint64_t *entry, const struct fb_slice *from, const uint64_t *other)
{
	const struct fb_slice_layout *layout = into->layout;

	for (uint32_t i = 0; i < layout->state_cnt; i++) {
		const struct fb_state *state = &layout->states[i];

		if (state->set != FB_NO_SET || fb_state_seen(layout, state, other) == 0)
			continue;
		switch (state->phys) {
		case FB_PHYS_STR:
			if ((state->min || state->max) &&
				!fb_state_merge_texts(into, state, entry, from, other,
					fb_state_seen(layout, state, entry) == 0))
				return false;
			break;
		case FB_PHYS_F64:
			merge_doubles(state, entry, other);
			break;
		case FB_PHYS_I128:
			merge_decimals(state, entry, other);
			break;
		case FB_PHYS_I64:
			merge_integers(state, entry, other);
			break;
		}
		if (state->counts)
			entry[state->count] += other[state->count];
	}
	if (layout->session_word)
		merge_session(layout, entry, other);
	entry[layout->rows_word] += other[layout->rows_word];
	return true;
}

/* ---- numbers of entries ---- */

int fb_numbering_init(struct fb_numbering *numbering, const struct fb_slice *slice)
{
	const struct fb_slice_pool *pool = slice->pool;
	uint32_t words = slice->layout->entry_words;
	uint32_t page = slice->first_entry_page;
	uint32_t cnt = 0;

	numbering->slice = slice;
	numbering->first = malloc(pool->page_cnt * sizeof(*numbering->first));
	if (numbering->first == NULL)
		return FB_E_NO_MEMORY;
	for (;; page = pool->pages[page].next) {
		uint32_t from = page == slice->first_entry_page ? FB_SLICE_HEAD_UNITS : 0;

		numbering->first[page] = cnt;
		cnt += (pool->pages[page].used - from) / words;
		if (page == slice->entry_page)
			return 0;
	}
}

uint32_t fb_numbering_get(const struct fb_numbering *numbering, uint64_t ref)
{
	const struct fb_slice *slice = numbering->slice;
	uint32_t page = (uint32_t)(ref / FB_PAGE_UNITS);
	uint32_t from = page == slice->first_entry_page ? FB_SLICE_HEAD_UNITS : 0;

	return numbering->first[page] +
	       ((uint32_t)(ref % FB_PAGE_UNITS) - from) / slice->layout->entry_words;
}

void fb_numbering_fini(struct fb_numbering *numbering)
{
	free(numbering->first);
}

/* ---- slice into slice ---- */

static int merge_groups(struct fb_slice *into, const struct fb_slice *from, uint64_t **groups)
{
	const struct fb_slice_layout *layout = into->layout;
	struct fb_entry_cursor at = {0};
	const uint64_t *entry;

	while ((entry = fb_slice_entry(from, &at)) != NULL) {
		const char *texts[FB_KEY_MAX];
		struct fb_key_view key = {entry + FB_ENTRY_KEY_WORD, texts};
		uint64_t *mine;

		for (uint32_t k = 0; k < layout->key_cnt; k++)
			if (layout->keys[k].phys == FB_PHYS_STR)
				texts[k] =
					fb_text_get(from->pool, key.words + layout->keys[k].word).p;
		if (fb_table_insert(into, entry[0], &key, &mine) != FB_INSERT_OK ||
			!fb_state_merge(into, mine, from, entry))
			return FB_E_FULL;
		if (groups != NULL)
			*groups++ = mine;
	}
	return 0;
}

static int merge_set(struct fb_slice *into, uint32_t number, const struct fb_slice *set,
	const struct fb_numbering *numbering, uint64_t *const *groups)
{
	bool text = set->layout->keys[1].phys == FB_PHYS_STR;
	struct fb_entry_cursor at = {0};
	const uint64_t *entry;

	while ((entry = fb_slice_entry(set, &at)) != NULL) {
		const uint64_t *value = entry + FB_SET_VALUE_WORD;
		uint64_t owner = entry[FB_SET_OWNER_WORD];

		if (owner != 0 &&
			!fb_distinct_add(into, number, groups[fb_numbering_get(numbering, owner)],
				value, text ? fb_text_get(set->pool, value).p : NULL))
			return FB_E_FULL;
	}
	return 0;
}

static int merge_with_sets(struct fb_slice *into, const struct fb_slice *from)
{
	struct fb_numbering numbering = {0};
	uint64_t **groups = malloc((from->group_cnt + 1) * sizeof(*groups));
	int rc = groups ? fb_numbering_init(&numbering, from) : FB_E_NO_MEMORY;

	if (rc == 0)
		rc = merge_groups(into, from, groups);
	for (uint32_t i = 0; rc == 0 && i < into->layout->set_cnt; i++)
		if (from->sets[i] != NULL)
			rc = merge_set(into, i, from->sets[i], &numbering, groups);
	fb_numbering_fini(&numbering);
	free(groups);
	return rc;
}

int fb_slice_merge(struct fb_slice *into, const struct fb_slice *from)
{
	int rc = into->layout->set_cnt > 0 ? merge_with_sets(into, from)
					   : merge_groups(into, from, NULL);

	if (rc == 0)
		into->row_cnt += from->row_cnt;
	return rc;
}

/* ---- slices without a group in common ---- */

bool fb_slice_can_part(const struct fb_slice_layout *layout)
{
	return layout->set_cnt == 0 && !layout->has_text_state && layout->session_word == 0;
}

/* Entries looked up at a time, so that their lines are on the way together. */
#define PART_ENTRIES 128

/* Groups of `from` with their buckets in `into` asked for. */
static uint32_t next_entries(const struct fb_slice *into, const struct fb_slice *from, struct fb_entry_cursor *at,
	uint64_t *entries[PART_ENTRIES])
{
	const uint64_t *entry;
	uint32_t cnt = 0;

	while (cnt < PART_ENTRIES && (entry = fb_slice_entry(from, at)) != NULL) {
		if (entry[from->layout->rows_word] == 0)
			continue;
		__builtin_prefetch(&fb_segment_buckets(into, fb_segment_page(into, entry[0]))[fb_hash_bucket(entry[0])]);
		/* The entry is the slice's, and the slice the caller's. */
		entries[cnt++] = fb_ref(from->pool, (uint32_t)(entry - from->pool->base));
	}
	return cnt;
}

/* What is most likely the entry of the key: the first with its tag. */
static void prefetch_entry(const struct fb_slice *into, uint64_t hash)
{
	const struct fb_bucket *bucket =
		&fb_segment_buckets(into, fb_segment_page(into, hash))[fb_hash_bucket(hash)];
	const uint64_t *entry;
	uint32_t bits = 0;

	for (int i = 0; i < 8; i++)
		bits |= (uint32_t)(bucket->tags[i] == fb_hash_tag(hash)) << i;
	if (bits == 0)
		return;
	entry = fb_ref(into->pool, bucket->refs[__builtin_ctz(bits)]);
	__builtin_prefetch(entry, 1);
	__builtin_prefetch(entry + into->layout->entry_words - 1, 1);
}

void fb_slice_part(struct fb_slice *into, struct fb_slice *from)
{
	const struct fb_slice_layout *layout = into->layout;
	struct fb_entry_cursor at = {0};
	uint64_t *entries[PART_ENTRIES];
	uint32_t cnt;

	while ((cnt = next_entries(into, from, &at, entries)) > 0) {
		for (uint32_t i = 0; i < cnt; i++)
			prefetch_entry(into, entries[i][0]);
		for (uint32_t i = 0; i < cnt; i++) {
			const char *texts[FB_KEY_MAX];
			struct fb_key_view key = {entries[i] + FB_ENTRY_KEY_WORD, texts};
			uint64_t *mine;

			for (uint32_t k = 0; k < layout->key_cnt; k++)
				if (layout->keys[k].phys == FB_PHYS_STR)
					texts[k] = fb_text_get(from->pool, key.words + layout->keys[k].word).p;
			mine = fb_table_get(into, entries[i][0], &key);
			if (mine == NULL)
				continue;
			/* Without texts there is nothing that could find no room. */
			FB_IGNORE(fb_state_merge(into, mine, from, entries[i]));
			into->row_cnt += entries[i][layout->rows_word];
			from->row_cnt -= entries[i][layout->rows_word];
			fb_state_init(layout, entries[i]);
		}
	}
}
