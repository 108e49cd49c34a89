/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Group keys of a batch as words, and their hashes: column by column, so that each loop does one
 * thing. Hash: words folded by 64x64->128 multiplications with a seed (the family of Wang Yi's
 * wyhash); long texts by XXH3.
 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "dataplane/operator/slice_private.h"

uint64_t fb_key_seed[2] = {0x9e3779b97f4a7c15u, 0xd6e8feb86659fd93u};

static inline uint64_t fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Equal numbers are one group: -0.0 is 0.0, every NaN is the NaN. (Flink compares bits, and has two
 * groups of zeros that are equal.) */
static inline uint64_t double_word(double value)
{
	uint64_t word;

	value = value == 0 ? 0 : value;
	if (value != value)
		return 0x7ff8000000000000u;
	memcpy(&word, &value, sizeof(word));
	return word;
}

void fb_key_batch_choose(struct fb_key_batch *keys, enum fb_isa isa)
{
	switch (isa) {
	case FB_ISA_AVX512:
		keys->find = fb_table_find_avx512;
		keys->words_of_texts = fb_key_texts_avx512;
		break;
	case FB_ISA_AVX2:
		keys->find = fb_table_find_avx2;
		keys->words_of_texts = fb_key_texts_avx2;
		break;
	default:
		keys->find = fb_table_find_scalar;
		keys->words_of_texts = fb_key_texts_scalar;
		break;
	}
}

/* Any text, by its length and first bytes; of a long one the hash of all of them. */
static inline void fill_text(const struct fb_key_part *part, struct fb_str text, uint32_t number,
	uint32_t row, struct fb_key_batch *keys)
{
	uint64_t words[2];

	fb_text_words(text.p, text.len, words);
	if (text.len > FB_TEXT_INLINE_MAX) {
		words[0] = (uint64_t)text.len | words[0] >> 32 << 32;
		words[1] = XXH3_64bits_withSeed(text.p, text.len, fb_key_seed[0]);
	}
	keys->texts[number][row] = text.p;
	keys->words[part->word][row] = words[0];
	keys->words[part->word + 1][row] = words[1];
}

static void fill_texts(const struct fb_key_part *part, const struct fb_column *column,
	uint32_t number, const uint16_t *sel, uint32_t sel_cnt, struct fb_key_batch *keys)
{
	if (part->padded && !column->has_null && fb_sel_is_dense(sel, sel_cnt)) {
		for (uint32_t row = 0; row < sel_cnt; row++) {
			row = keys->words_of_texts(column->str, row, sel_cnt,
				keys->words[part->word], keys->words[part->word + 1]);
			if (row < sel_cnt)
				fill_text(part, column->str[row], number, row, keys);
		}
		return;
	}
	for (uint32_t i = 0; i < sel_cnt; i++) {
		uint32_t row = sel[i];

		if (FB_UNLIKELY(!fb_column_is_valid(column, row)))
			fill_text(part, FB_STR(""), number, row, keys);
		else if (!part->padded || keys->words_of_texts(column->str, row, row + 1,
						   keys->words[part->word],
						   keys->words[part->word + 1]) == row)
			fill_text(part, column->str[row], number, row, keys);
	}
}

static void fill_part(const struct fb_key_part *part, const struct fb_column *column,
	uint32_t number, const uint16_t *sel, uint32_t sel_cnt, struct fb_key_batch *keys)
{
	uint64_t *words = keys->words[part->word];

	switch (part->phys) {
	case FB_PHYS_STR:
		fill_texts(part, column, number, sel, sel_cnt, keys);
		break;
	case FB_PHYS_F64:
		for (uint32_t i = 0; i < sel_cnt; i++)
			words[sel[i]] = double_word(column->f64[sel[i]]);
		break;
	case FB_PHYS_I128:
		for (uint32_t i = 0; i < sel_cnt; i++) {
			words[sel[i]] = (uint64_t)column->i128[sel[i]];
			keys->words[part->word + 1][sel[i]] =
				(uint64_t)(column->i128[sel[i]] >> 64);
		}
		break;
	default:
		if (fb_sel_is_dense(sel, sel_cnt)) {
			memcpy(words, column->i64, sel_cnt * sizeof(*words));
			break;
		}
		for (uint32_t i = 0; i < sel_cnt; i++)
			words[sel[i]] = (uint64_t)column->i64[sel[i]];
		break;
	}
}

/*
 * All NULLs of a key are one group (semantics 1.3): zero words and a bit in the NULL word, which is the last. It goes into
 * the hash only where a bit is set: mostly none is.
 */
static inline uint64_t hash_nulls(uint64_t hash, uint64_t nulls)
{
	return nulls ? fold(hash ^ nulls, fb_key_seed[0]) : hash;
}

static void clear_nulls(const struct fb_slice_layout *layout, const struct fb_column *const *columns,
	const uint16_t *sel, uint32_t sel_cnt, struct fb_key_batch *keys)
{
	uint64_t *nulls = keys->words[layout->null_word];

	if (fb_sel_is_dense(sel, sel_cnt))
		memset(nulls, 0, sel_cnt * sizeof(*nulls));
	else
		for (uint32_t i = 0; i < sel_cnt; i++)
			nulls[sel[i]] = 0;
	for (uint32_t k = 0; k < layout->key_cnt; k++) {
		const struct fb_key_part *part = &layout->keys[k];
		bool two = part->phys == FB_PHYS_STR || part->phys == FB_PHYS_I128;

		for (uint32_t i = 0; columns[k]->has_null && i < sel_cnt; i++) {
			if (fb_column_is_valid(columns[k], sel[i]))
				continue;
			nulls[sel[i]] |= 1ull << k;
			keys->words[part->word][sel[i]] = 0;
			if (two)
				keys->words[part->word + 1][sel[i]] = 0;
		}
	}
}

/* Two words a step; the last one alone is folded with the seed. */
static void hash_words(
	uint32_t words, const uint16_t *sel, uint32_t sel_cnt, struct fb_key_batch *keys)
{
	for (uint32_t i = 0; i < sel_cnt; i++)
		keys->hashes[sel[i]] = fb_key_seed[1];
	for (uint32_t w = 0; w < words; w += 2) {
		const uint64_t *a = keys->words[w];
		const uint64_t *b = keys->words[w + 1 < words ? w + 1 : w];

		for (uint32_t i = 0; i < sel_cnt; i++) {
			uint32_t row = sel[i];

			keys->hashes[row] =
				fold(a[row] ^ keys->hashes[row], b[row] ^ fb_key_seed[0]);
		}
	}
}

/* The same for the keys that are the rule, one number or one text, without a word in between. */
static inline __attribute__((always_inline)) void hash_few(const uint64_t *a, const uint64_t *b,
	const uint16_t *sel, uint32_t sel_cnt, uint64_t *hashes)
{
	uint64_t seed0 = fb_key_seed[0];
	uint64_t seed1 = fb_key_seed[1];

	if (fb_sel_is_dense(sel, sel_cnt))
		for (uint32_t row = 0; row < sel_cnt; row++)
			hashes[row] = fold(a[row] ^ seed1, b[row] ^ seed0);
	else
		for (uint32_t i = 0; i < sel_cnt; i++)
			hashes[sel[i]] = fold(a[sel[i]] ^ seed1, b[sel[i]] ^ seed0);
}

/* Words of the keys, which the hash is of; without keys it is of the NULL word, the only one. */
static inline uint32_t hashed_words(const struct fb_slice_layout *layout)
{
	return layout->key_words - (layout->null_word != UINT16_MAX && layout->key_cnt > 0);
}

void fb_key_batch_fill(const struct fb_slice_layout *layout, const struct fb_column *const *columns,
	const uint16_t *sel, uint32_t sel_cnt, struct fb_key_batch *keys)
{
	uint32_t words = hashed_words(layout);
	bool any_null = false;

	for (uint32_t k = 0; k < layout->key_cnt; k++) {
		fill_part(&layout->keys[k], columns[k], k, sel, sel_cnt, keys);
		any_null |= columns[k]->has_null;
	}
	if (layout->null_word != UINT16_MAX)
		clear_nulls(layout, columns, sel, sel_cnt, keys);
	if (words <= 2)
		hash_few(keys->words[0], keys->words[words - 1], sel, sel_cnt, keys->hashes);
	else
		hash_words(words, sel, sel_cnt, keys);
	for (uint32_t i = 0; words < layout->key_words && any_null && i < sel_cnt; i++)
		keys->hashes[sel[i]] = hash_nulls(
			keys->hashes[sel[i]], keys->words[layout->null_word][sel[i]]);
}

uint64_t fb_key_hash(const struct fb_slice_layout *layout, const struct fb_key_view *key)
{
	uint64_t words[FB_KEY_WORDS_MAX];
	uint64_t hash = fb_key_seed[1];
	uint32_t cnt = hashed_words(layout);

	memcpy(words, key->words, layout->key_words * sizeof(*words));
	for (uint32_t k = 0; k < layout->key_cnt; k++) {
		uint32_t len = (uint32_t)words[layout->keys[k].word];

		if (layout->keys[k].phys == FB_PHYS_STR && len > FB_TEXT_INLINE_MAX)
			words[layout->keys[k].word + 1] =
				XXH3_64bits_withSeed(key->texts[k], len, fb_key_seed[0]);
	}
	for (uint32_t w = 0; w < cnt; w += 2)
		hash = fold(words[w] ^ hash, words[w + 1u < cnt ? w + 1u : w] ^ fb_key_seed[0]);
	return cnt < layout->key_words ? hash_nulls(hash, words[layout->null_word]) : hash;
}
