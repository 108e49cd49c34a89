/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lookup of a batch of keys in passes: buckets are prefetched, then compared eight tags at a time
 * while entries are prefetched, then keys are verified. What is not found so is inserted one by
 * one. Built once per instruction set with FB_KERNEL_<set> defined.
 */
#include "dataplane/operator/slice_private.h"

#if defined(FB_KERNEL_AVX512) || defined(FB_KERNEL_AVX2)
#include <immintrin.h>
#endif

#if defined(FB_KERNEL_AVX512)
#define FIND fb_table_find_avx512

static inline uint32_t match(const struct fb_bucket *bucket, uint32_t tag)
{
	return _mm256_cmpeq_epi32_mask(
		_mm256_load_si256((const __m256i *)bucket->tags), _mm256_set1_epi32((int)tag));
}
#elif defined(FB_KERNEL_AVX2)
#define FIND fb_table_find_avx2

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

static inline __attribute__((always_inline)) void verify(struct fb_slice *slice,
	const uint16_t *sel, uint32_t sel_cnt, struct fb_key_batch *keys, const uint32_t key_words)
{
	for (uint32_t i = 0; i < sel_cnt; i++) {
		uint32_t row = sel[i];

		if (FB_UNLIKELY(keys->entries[row] == NULL ||
				!equal_words(keys->entries[row], keys, row, key_words)))
			fb_table_find_slow(slice, row, keys);
	}
}

void FIND(struct fb_slice *slice, const uint16_t *sel, uint32_t sel_cnt, struct fb_key_batch *keys)
{
	const struct fb_bucket *buckets[FB_BATCH_ROWS];
	uint64_t *base = slice->pool->base;
	bool two_lines = slice->layout->entry_words > 8;

	for (uint32_t i = 0; i < sel_cnt; i++) {
		uint64_t hash = keys->hashes[sel[i]];

		buckets[i] = fb_segment_buckets(slice, fb_segment_page(slice, hash)) +
			     fb_hash_bucket(hash);
		__builtin_prefetch(buckets[i]);
	}
	for (uint32_t i = 0; i < sel_cnt; i++) {
		uint32_t row = sel[i];
		uint32_t bits = match(buckets[i], fb_hash_tag(keys->hashes[row]));
		uint64_t *entry = NULL;

		if (bits != 0) {
			entry = base + buckets[i]->refs[__builtin_ctz(bits)];
			__builtin_prefetch(entry, 1);
			if (two_lines)
				__builtin_prefetch(entry + 8, 1);
		}
		keys->entries[row] = entry;
	}
	/* One or two words are the rule: a number, or a text. */
	switch (slice->layout->key_words) {
	case 1:
		verify(slice, sel, sel_cnt, keys, 1);
		break;
	case 2:
		verify(slice, sel, sel_cnt, keys, 2);
		break;
	case 3:
		verify(slice, sel, sel_cnt, keys, 3);
		break;
	default:
		verify(slice, sel, sel_cnt, keys, slice->layout->key_words);
		break;
	}
}
