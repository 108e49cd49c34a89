/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of a batch as key words. Built once per instruction set with FB_KERNEL_<set> defined. */
#include "dataplane/operator/slice_private.h"

#if defined(FB_KERNEL_AVX512)
#include <immintrin.h>

#define TEXTS fb_key_texts_avx512

/* Length, and behind it the bytes: one load that leaves out what is not of the text. */
static inline void put_words(struct fb_str text, uint64_t *first, uint64_t *second)
{
	__mmask16 mask = (__mmask16)(((1u << text.len) - 1) << 4);
	__m128i words = _mm_or_si128(
		_mm_maskz_loadu_epi8(mask, text.p - 4), _mm_cvtsi32_si128((int)text.len));

	_mm_storel_epi64((__m128i *)first, words);
	_mm_storeh_pd((double *)second, _mm_castsi128_pd(words));
}
#else
#if defined(FB_KERNEL_AVX2)
#define TEXTS fb_key_texts_avx2
#else
#define TEXTS fb_key_texts_scalar
#endif

/* The first 12 bytes in two loads; what lies behind the text is masked off. */
static inline void put_words(struct fb_str text, uint64_t *first, uint64_t *second)
{
	uint32_t len = text.len;
	uint64_t low;
	uint32_t high;

	memcpy(&low, text.p, sizeof(low));
	memcpy(&high, text.p + 8, sizeof(high));
	low &= len >= 8 ? ~0ull : (1ull << (len * 8)) - 1;
	high &= len >= 12 ? ~0u : len > 8 ? (1u << ((len - 8) * 8)) - 1 : 0;
	*first = len | low << 32;
	*second = low >> 32 | (uint64_t)high << 32;
}
#endif

uint32_t TEXTS(const struct fb_str *texts, uint32_t row, uint32_t row_cnt, uint64_t *first, uint64_t *second)
{
	for (; row < row_cnt && FB_LIKELY(texts[row].len <= FB_TEXT_INLINE_MAX); row++)
		put_words(texts[row], &first[row], &second[row]);
	return row;
}
