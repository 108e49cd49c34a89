/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 64 bytes at a time, for the kernels of this room only: load them, ask for each whether it is a byte, write
 * down where. One body per instruction set, chosen by FB_KERNEL_<set> as meson.build sets it for a file;
 * FB_KERNEL(name) is the name of a function in the set being built.
 */
#pragma once

#include <stdint.h>

#if defined(FB_KERNEL_AVX512) || defined(FB_KERNEL_AVX2)
#include <immintrin.h>
#endif

#if defined(FB_KERNEL_AVX512)
#define FB_KERNEL(name) name##_avx512
typedef __m512i block;

static inline block load(const uint8_t *data)
{
	return _mm512_loadu_si512(data);
}

static inline uint64_t equal(block bytes, uint8_t c)
{
	return _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8((char)c));
}

static inline uint64_t above_ascii(block bytes)
{
	return _mm512_movepi8_mask(bytes);
}

/* Compresses the indices of the set bits, then widens them: no branch per position. */
static inline void put_positions(uint32_t *out, uint64_t bits, uint32_t base)
{
	static const uint8_t indices[64] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
		16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36,
		37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57,
		58, 59, 60, 61, 62, 63};
	__m512i packed = _mm512_maskz_compress_epi8(bits, _mm512_loadu_si512(indices));
	__m512i bases = _mm512_set1_epi32((int)base);

	_mm512_storeu_si512(
		out, _mm512_add_epi32(bases, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(packed))));
	if (__builtin_expect(__builtin_popcountll(bits) > 16, 0)) {
		_mm512_storeu_si512(out + 16,
			_mm512_add_epi32(
				bases, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(packed, 1))));
		_mm512_storeu_si512(out + 32,
			_mm512_add_epi32(
				bases, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(packed, 2))));
		_mm512_storeu_si512(out + 48,
			_mm512_add_epi32(
				bases, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(packed, 3))));
	}
}

#elif defined(FB_KERNEL_AVX2)
#define FB_KERNEL(name) name##_avx2
typedef struct {
	__m256i low, high;
} block;

static inline block load(const uint8_t *data)
{
	return (block){_mm256_loadu_si256((const __m256i *)data),
		_mm256_loadu_si256((const __m256i *)(data + 32))};
}

static inline uint64_t equal(block bytes, uint8_t c)
{
	__m256i want = _mm256_set1_epi8((char)c);
	uint32_t low = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes.low, want));
	uint32_t high = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes.high, want));

	return low | (uint64_t)high << 32;
}

static inline uint64_t above_ascii(block bytes)
{
	return (uint32_t)_mm256_movemask_epi8(bytes.low) |
	       (uint64_t)(uint32_t)_mm256_movemask_epi8(bytes.high) << 32;
}

#else
#define FB_KERNEL(name) name##_scalar
typedef const uint8_t *block;

static inline block load(const uint8_t *data)
{
	return data;
}

static inline uint64_t equal(block bytes, uint8_t c)
{
	uint64_t bits = 0;

	for (int i = 0; i < 64; i++)
		bits |= (uint64_t)(bytes[i] == c) << i;
	return bits;
}

static inline uint64_t above_ascii(block bytes)
{
	uint64_t bits = 0;

	for (int i = 0; i < 64; i++)
		bits |= (uint64_t)(bytes[i] >> 7) << i;
	return bits;
}

#endif

#if !defined(FB_KERNEL_AVX512)
/* Eight at a time, so that the loop's branch is taken by count and not by position. */
static inline void put_positions(uint32_t *out, uint64_t bits, uint32_t base)
{
	int left = __builtin_popcountll(bits);

	for (; left > 0; left -= 8, out += 8)
		for (int i = 0; i < 8; i++) {
			out[i] = base + (bits ? (uint32_t)__builtin_ctzll(bits) : 0);
			bits &= bits - 1;
		}
}
#endif
