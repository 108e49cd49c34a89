/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lookup of a batch of keys in passes: buckets are prefetched, then compared eight tags at a time while entries are
 * prefetched, then keys are verified. What is not found so is looked for once more, one by one, and inserted; what does
 * not lie in its first bucket, has a long text or needs memory goes through table.c. Built once per instruction set with
 * FB_KERNEL_<set> defined.
 */
#include "dataplane/operator/slice_private.h"

#if defined(FB_KERNEL_AVX512) || defined(FB_KERNEL_AVX2)
#include <immintrin.h>

#ifdef FB_KERNEL_AVX512
#define FIND fb_table_find_avx512
#else
#define FIND fb_table_find_avx2
#endif

/* No mask register of AVX-512: gcc 12 spills eight bits of it and reads 32 back. */
static inline uint32_t match(const struct fb_bucket *bucket, uint32_t tag)
{
	__m256i equal = _mm256_cmpeq_epi32(
		_mm256_load_si256((const __m256i *)bucket->tags), _mm256_set1_epi32((int)tag));

	return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(equal));
}
#else
#define FIND fb_table_find_scalar

static inline uint32_t match(const struct fb_bucket *bucket, uint32_t tag)
{
	uint32_t bits = 0;

	for (int i = 0; i < 8; i++)
		bits |= (uint32_t)(bucket->tags[i] == tag) << i;
	return bits;
}
#endif

/* Words of the entry against those of the row. Long texts never match here: their second words
 * differ in meaning. */
static inline bool equal_words(const uint64_t *entry, const struct fb_key_batch *keys, uint32_t row,
	const uint32_t key_words)
{
	uint64_t difference = entry[0] ^ keys->hashes[row];

	for (uint32_t w = 0; w < key_words; w++)
		difference |= entry[FB_ENTRY_KEY_WORD + w] ^ keys->words[w][row];
	return difference == 0;
}

#define ALWAYS_INLINE static inline __attribute__((always_inline))

ALWAYS_INLINE uint32_t row_of(const uint16_t *sel, uint32_t i, const bool dense)
{
	return dense ? i : sel[i];
}

static inline bool has_long_text(
	const struct fb_slice_layout *layout, const struct fb_key_batch *keys, uint32_t row)
{
	for (uint32_t k = 0; k < layout->key_cnt; k++)
		if (layout->keys[k].phys == FB_PHYS_STR &&
			(uint32_t)keys->words[layout->keys[k].word][row] > FB_TEXT_INLINE_MAX)
			return true;
	return false;
}

/* The key is in its bucket, or it is new and there is room for it. False: only the slow way can tell. */
ALWAYS_INLINE bool find_or_add(
	struct fb_slice *slice, uint32_t row, struct fb_key_batch *keys, const uint32_t key_words)
{
	const struct fb_slice_layout *layout = slice->layout;
	struct fb_slice_pool *pool = slice->pool;
	uint64_t hash = keys->hashes[row];
	uint32_t page = fb_segment_page(slice, hash);
	struct fb_bucket *bucket = &fb_segment_buckets(slice, page)[fb_hash_bucket(hash)];
	uint32_t bits = match(bucket, fb_hash_tag(hash));
	uint32_t free_bits = match(bucket, 0);
	uint64_t *entry;
	uint32_t ref;

	for (; bits != 0; bits &= bits - 1) {
		entry = fb_ref(pool, bucket->refs[__builtin_ctz(bits)]);
		if (!equal_words(entry, keys, row, key_words))
			continue;
		keys->entries[row] = entry;
		keys->made[row] = 0;
		return true;
	}
	if (free_bits == 0 || pool->pages[page].used >= FB_SEGMENT_FULL || has_long_text(layout, keys, row))
		return false;
	entry = fb_entry_new(slice, &ref);
	if (entry == NULL)
		return false;
	entry[0] = hash;
	for (uint32_t w = 0; w < key_words; w++)
		entry[FB_ENTRY_KEY_WORD + w] = keys->words[w][row];
	fb_state_init(layout, entry);
	bucket->tags[__builtin_ctz(free_bits)] = fb_hash_tag(hash);
	bucket->refs[__builtin_ctz(free_bits)] = ref;
	pool->pages[page].used++;
	slice->group_cnt++;
	keys->entries[row] = entry;
	keys->made[row] = 1;
	return true;
}

ALWAYS_INLINE void verify(struct fb_slice *slice, const uint16_t *sel, uint32_t sel_cnt,
	struct fb_key_batch *keys, const uint32_t key_words, const bool dense)
{
	for (uint32_t i = 0; i < sel_cnt; i++) {
		uint32_t row = row_of(sel, i, dense);

		if (FB_UNLIKELY(keys->entries[row] == NULL ||
				!equal_words(keys->entries[row], keys, row, key_words)) &&
			!find_or_add(slice, row, keys, key_words))
			fb_table_find_slow(slice, row, keys);
	}
}

/* Numbers of buckets from the pool's base, 256 a page. A directory of up to 2^12 lies in one piece.
 */
ALWAYS_INLINE void locate(const struct fb_slice *slice, const uint16_t *sel, uint32_t sel_cnt,
	const uint64_t *hashes, uint32_t *buckets, const bool dense)
{
	const uint32_t *directory = slice->depth <= FB_INLINE_DEPTH
					    ? slice->directory_inline
					    : (const uint32_t *)fb_ref(slice->pool,
						      slice->directory_pages[0] * FB_PAGE_UNITS);
	uint32_t shift = 63 - slice->depth;

	if (slice->depth > FB_DIRECTORY_PAGE_DEPTH) {
		for (uint32_t i = 0; i < sel_cnt; i++) {
			uint64_t hash = hashes[row_of(sel, i, dense)];

			buckets[i] = fb_segment_page(slice, hash) * FB_SEGMENT_BUCKETS +
				     fb_hash_bucket(hash);
		}
		return;
	}
	for (uint32_t i = 0; i < sel_cnt; i++) {
		uint64_t hash = hashes[row_of(sel, i, dense)];

		buckets[i] =
			directory[hash >> 1 >> shift] * FB_SEGMENT_BUCKETS + fb_hash_bucket(hash);
	}
}

ALWAYS_INLINE void find(struct fb_slice *slice, const uint16_t *sel, uint32_t sel_cnt,
	struct fb_key_batch *keys, const bool dense)
{
	uint64_t *base = slice->pool->base;
	const struct fb_bucket *all = (const struct fb_bucket *)base;
	/* An entry may begin anywhere in a line. */
	uint32_t last_word = slice->layout->entry_words - 1u;
	bool has_middle = last_word >= 8;
	uint32_t buckets[FB_BATCH_ROWS];

	locate(slice, sel, sel_cnt, keys->hashes, buckets, dense);
	for (uint32_t i = 0; i < sel_cnt; i++)
		__builtin_prefetch(&all[buckets[i]]);
	for (uint32_t i = 0; i < sel_cnt; i++) {
		uint32_t row = row_of(sel, i, dense);
		const struct fb_bucket *bucket = &all[buckets[i]];
		uint32_t bits = match(bucket, fb_hash_tag(keys->hashes[row]));
		uint64_t *entry = NULL;

		if (FB_LIKELY(bits != 0)) {
			entry = base + bucket->refs[__builtin_ctz(bits)];
			__builtin_prefetch(entry, 1);
			__builtin_prefetch(entry + last_word, 1);
			if (has_middle)
				__builtin_prefetch(entry + 8, 1);
		}
		keys->entries[row] = entry;
	}
	/* One or two words are the rule: a number, or a text. */
	switch (slice->layout->key_words) {
	case 1:
		verify(slice, sel, sel_cnt, keys, 1, dense);
		break;
	case 2:
		verify(slice, sel, sel_cnt, keys, 2, dense);
		break;
	case 3:
		verify(slice, sel, sel_cnt, keys, 3, dense);
		break;
	default:
		verify(slice, sel, sel_cnt, keys, slice->layout->key_words, dense);
		break;
	}
}

void FIND(struct fb_slice *slice, const uint16_t *sel, uint32_t sel_cnt, struct fb_key_batch *keys)
{
	if (fb_sel_is_dense(sel, sel_cnt))
		find(slice, sel, sel_cnt, keys, true);
	else
		find(slice, sel, sel_cnt, keys, false);
}
