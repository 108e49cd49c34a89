/* SPDX-License-Identifier: Apache-2.0 */
/* Insertion, splits and texts. Hot: all memory is pages of the pool. */
#include "dataplane/operator/slice_private.h"

uint32_t fb_page_get(struct fb_slice_pool *pool)
{
	uint32_t page = pool->free_head;

	if (page == FB_NO_PAGE || pool->free_cnt == 0)
		return FB_NO_PAGE;
	pool->free_head = pool->pages[page].next;
	pool->free_cnt--;
	pool->pages[page] = (struct fb_page_info){.next = FB_NO_PAGE};
	return page;
}

/* A page of the slice that holds no entries: only closing needs to find it. */
static uint32_t other_page(struct fb_slice *slice)
{
	uint32_t page = fb_page_get(slice->pool);

	if (page != FB_NO_PAGE) {
		slice->pool->pages[page].next = slice->pages_head;
		slice->pages_head = page;
	}
	return page;
}

/* ---- texts ---- */

bool fb_table_has_room(const struct fb_slice *slice, const uint32_t *lens, uint32_t cnt)
{
	uint32_t used = slice->text_page == FB_NO_PAGE ? FB_PAGE_UNITS
						       : slice->pool->pages[slice->text_page].used;
	uint32_t pages = 0;

	for (uint32_t i = 0; i < cnt; i++) {
		uint32_t units = lens[i] / 8 + (lens[i] % 8 != 0);

		if (units > FB_PAGE_UNITS)
			return false;
		if (used + units > FB_PAGE_UNITS) {
			used = 0;
			pages++;
		}
		used += units;
	}
	return pages <= slice->pool->free_cnt;
}

uint32_t fb_table_put_text(struct fb_slice *slice, const char *bytes, uint32_t len)
{
	uint32_t units = len / 8 + (len % 8 != 0);

	if (slice->text_page == FB_NO_PAGE ||
		slice->pool->pages[slice->text_page].used + units > FB_PAGE_UNITS) {
		uint32_t page = units <= FB_PAGE_UNITS ? other_page(slice) : FB_NO_PAGE;

		if (page == FB_NO_PAGE)
			return 0;
		slice->text_page = page;
	}

	struct fb_page_info *info = &slice->pool->pages[slice->text_page];
	uint32_t ref = slice->text_page * FB_PAGE_UNITS + info->used;

	info->used = (uint16_t)(info->used + units);
	memcpy(fb_ref(slice->pool, ref), bytes, len);
	return ref;
}

/* ---- entries ---- */

static void drop_entry(struct fb_slice *slice)
{
	slice->pool->pages[slice->entry_page].used -= slice->layout->entry_words;
}

bool fb_table_key_equals(
	const struct fb_slice *slice, const uint64_t *entry, const struct fb_key_view *key)
{
	const struct fb_slice_layout *layout = slice->layout;
	const uint64_t *words = entry + FB_ENTRY_KEY_WORD;

	if (layout->null_word != UINT16_MAX &&
		words[layout->null_word] != key->words[layout->null_word])
		return false;
	for (uint32_t k = 0; k < layout->key_cnt; k++) {
		const struct fb_key_part *part = &layout->keys[k];
		const uint64_t *a = words + part->word;
		const uint64_t *b = key->words + part->word;
		uint32_t len = (uint32_t)b[0];

		if (a[0] != b[0])
			return false;
		if (part->phys == FB_PHYS_STR && len > FB_TEXT_INLINE_MAX) {
			if (memcmp(fb_ref(slice->pool, (uint32_t)a[1]), key->texts[k], len) != 0)
				return false;
		} else if (part->phys != FB_PHYS_I64 && part->phys != FB_PHYS_F64 && a[1] != b[1]) {
			return false;
		}
	}
	return true;
}

static enum fb_insert_result fill_key(
	struct fb_slice *slice, uint64_t *entry, uint64_t hash, const struct fb_key_view *key)
{
	const struct fb_slice_layout *layout = slice->layout;

	entry[0] = hash;
	for (uint32_t w = 0; w < layout->key_words; w++)
		entry[FB_ENTRY_KEY_WORD + w] = key->words[w];
	for (uint32_t k = 0; k < layout->key_cnt; k++) {
		const struct fb_key_part *part = &layout->keys[k];
		uint32_t len = (uint32_t)key->words[part->word];
		uint32_t ref;

		if (part->phys != FB_PHYS_STR || len <= FB_TEXT_INLINE_MAX)
			continue;
		if (len > FB_PAGE_BYTES)
			return FB_INSERT_TOO_LONG;
		ref = fb_table_put_text(slice, key->texts[k], len);
		if (ref == 0)
			return FB_INSERT_FULL;
		entry[FB_ENTRY_KEY_WORD + part->word + 1] = ref;
	}
	return FB_INSERT_OK;
}

/* ---- directory ---- */

static void directory_set(struct fb_slice *slice, uint32_t index, uint32_t page)
{
	if (slice->depth <= FB_INLINE_DEPTH) {
		slice->directory_inline[index] = page;
		return;
	}

	uint32_t *at = (uint32_t *)fb_ref(slice->pool,
		slice->directory_pages[index >> FB_DIRECTORY_PAGE_DEPTH] * FB_PAGE_UNITS);

	at[index & ((1u << FB_DIRECTORY_PAGE_DEPTH) - 1)] = page;
}

/* Every entry twice, from the end, so that the old ones are read before they are overwritten. */
static bool directory_double(struct fb_slice *slice)
{
	uint32_t old_depth = slice->depth;
	uint32_t new_depth = old_depth + 1;
	uint32_t have = old_depth <= FB_INLINE_DEPTH ? 0 : 1u << (FB_MAX(old_depth, 12u) - 12);
	uint32_t need = new_depth <= FB_INLINE_DEPTH ? 0 : 1u << (FB_MAX(new_depth, 12u) - 12);

	if (new_depth > FB_DEPTH_MAX || slice->pool->free_cnt < need - have + 1)
		return false;
	for (; have < need; have++)
		slice->directory_pages[have] = other_page(slice);
	for (uint32_t i = 1u << old_depth; i-- > 0;) {
		uint32_t page;

		slice->depth = old_depth;
		page = fb_directory_get(slice, i);
		slice->depth = new_depth;
		directory_set(slice, 2 * i + 1, page);
		directory_set(slice, 2 * i, page);
	}
	slice->depth = new_depth;
	return true;
}

/* ---- segments ---- */

static void put_slot(struct fb_bucket *buckets, uint64_t hash, uint32_t tag, uint32_t ref)
{
	for (uint32_t at = fb_hash_bucket(hash);; at = (at + 1) % FB_SEGMENT_BUCKETS)
		for (int i = 0; i < 8; i++)
			if (buckets[at].tags[i] == 0) {
				buckets[at].tags[i] = tag;
				buckets[at].refs[i] = ref;
				return;
			}
}

#define SPLIT_AHEAD 4

static inline void prefetch_entries(
	const struct fb_slice_pool *pool, const struct fb_bucket *bucket)
{
	for (int i = 0; i < 8 && bucket->tags[i] != 0; i++)
		__builtin_prefetch(fb_ref(pool, bucket->refs[i]));
}

/* The full segment keeps the hashes whose next bit is 0; those with 1 go to a new one. False: no
 * page or depth left. */
static bool split(struct fb_slice *slice, uint64_t hash)
{
	struct fb_slice_pool *pool = slice->pool;
	uint32_t page = fb_segment_page(slice, hash);
	uint32_t depth = pool->pages[page].depth;
	struct fb_bucket old[FB_SEGMENT_BUCKETS];
	struct fb_bucket *low = fb_segment_buckets(slice, page);
	struct fb_bucket *high;
	uint32_t high_page;

	if (depth == slice->depth && !directory_double(slice))
		return false;
	high_page = other_page(slice);
	if (high_page == FB_NO_PAGE)
		return false;
	high = fb_segment_buckets(slice, high_page);
	memcpy(old, low, sizeof(old));
	memset(low, 0, sizeof(old));
	memset(high, 0, sizeof(old));
	pool->pages[page].depth = pool->pages[high_page].depth = (uint8_t)(depth + 1);
	pool->pages[page].used = 0;
	/* The hashes are in the entries, which may be anywhere: fetched some buckets ahead. */
	for (uint32_t b = 0; b < SPLIT_AHEAD; b++)
		prefetch_entries(pool, &old[b]);
	for (uint32_t b = 0; b < FB_SEGMENT_BUCKETS; b++) {
		prefetch_entries(pool, &old[(b + SPLIT_AHEAD) % FB_SEGMENT_BUCKETS]);
		for (int i = 0; i < 8 && old[b].tags[i] != 0; i++) {
			uint64_t moved = *fb_ref(pool, old[b].refs[i]);
			bool up = moved >> (63 - depth) & 1;

			put_slot(up ? high : low, moved, old[b].tags[i], old[b].refs[i]);
			pool->pages[up ? high_page : page].used++;
		}
	}

	/* The directory entries that end in 1 at the new bit, under the old segment's prefix. */
	uint32_t span = 1u << (slice->depth - depth - 1);
	uint32_t first = (uint32_t)(hash >> 1 >> (63 - depth)) * 2 * span + span;

	for (uint32_t i = 0; i < span; i++)
		directory_set(slice, first + i, high_page);
	return true;
}

static enum fb_insert_result add_entry(
	struct fb_slice *slice, uint64_t hash, const struct fb_key_view *key, uint64_t **ret_entry)
{
	uint32_t page = fb_segment_page(slice, hash);
	uint32_t ref;
	uint64_t *entry;
	enum fb_insert_result result;

	/* Splitting may leave all on one side: again, until there is room or no way to make it. */
	while (slice->pool->pages[page].used >= FB_SEGMENT_FULL && split(slice, hash))
		page = fb_segment_page(slice, hash);
	if (slice->pool->pages[page].used >= FB_SEGMENT_SLOTS - 8)
		return FB_INSERT_FULL;
	entry = fb_entry_new(slice, &ref);
	if (entry == NULL)
		return FB_INSERT_FULL;
	result = fill_key(slice, entry, hash, key);
	if (result != FB_INSERT_OK) {
		drop_entry(slice);
		return result;
	}
	fb_state_init(slice->layout, entry);
	put_slot(fb_segment_buckets(slice, page), hash, fb_hash_tag(hash), ref);
	slice->pool->pages[page].used++;
	slice->group_cnt++;
	*ret_entry = entry;
	return FB_INSERT_OK;
}

enum fb_insert_result fb_table_insert(
	struct fb_slice *slice, uint64_t hash, const struct fb_key_view *key, uint64_t **ret_entry)
{
	const struct fb_bucket *buckets = fb_segment_buckets(slice, fb_segment_page(slice, hash));
	uint32_t tag = fb_hash_tag(hash);
	bool free_slot = false;

	for (uint32_t at = fb_hash_bucket(hash); !free_slot; at = (at + 1) % FB_SEGMENT_BUCKETS)
		for (int i = 0; i < 8; i++) {
			uint64_t *entry = fb_ref(slice->pool, buckets[at].refs[i]);

			if (buckets[at].tags[i] == 0) {
				free_slot = true;
				break;
			}
			if (buckets[at].tags[i] == tag && entry[0] == hash &&
				fb_table_key_equals(slice, entry, key)) {
				*ret_entry = entry;
				return FB_INSERT_OK;
			}
		}
	return add_entry(slice, hash, key, ret_entry);
}

uint64_t *fb_table_get(const struct fb_slice *slice, uint64_t hash, const struct fb_key_view *key)
{
	const struct fb_bucket *buckets = fb_segment_buckets(slice, fb_segment_page(slice, hash));
	uint32_t tag = fb_hash_tag(hash);

	for (uint32_t at = fb_hash_bucket(hash);; at = (at + 1) % FB_SEGMENT_BUCKETS)
		for (int i = 0; i < 8; i++) {
			uint64_t *entry = fb_ref(slice->pool, buckets[at].refs[i]);

			if (buckets[at].tags[i] == 0)
				return NULL;
			if (buckets[at].tags[i] == tag && entry[0] == hash &&
				fb_table_key_equals(slice, entry, key))
				return entry;
		}
}

void fb_table_find_slow(struct fb_slice *slice, uint32_t row, struct fb_key_batch *keys)
{
	const struct fb_slice_layout *layout = slice->layout;
	uint64_t words[FB_KEY_WORDS_MAX];
	const char *texts[FB_KEY_MAX];
	struct fb_key_view key = {words, texts};
	uint64_t *entry = NULL;
	uint64_t before = slice->group_cnt;

	for (uint32_t w = 0; w < layout->key_words; w++)
		words[w] = keys->words[w][row];
	for (uint32_t k = 0; k < layout->key_cnt; k++)
		texts[k] = keys->texts[k][row];
	switch (fb_table_insert(slice, keys->hashes[row], &key, &entry)) {
	case FB_INSERT_OK:
		break;
	case FB_INSERT_FULL:
		fb_key_refuse(keys, row, FB_REC_STATE_FULL);
		break;
	case FB_INSERT_TOO_LONG:
		fb_key_refuse(keys, row, FB_REC_KEY_TOO_LONG);
		break;
	}
	keys->entries[row] = entry;
	keys->made[row] = slice->group_cnt != before;
}
