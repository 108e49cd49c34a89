/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts of the common shape to values, many rows at a time: integers of up to eight digits, and timestamps of one day.
 * What has another shape is left to column.c. Built once per instruction set with FB_KERNEL_<set> defined; the three
 * must agree on every input (tests/unit/dataplane/format).
 */
#include "dataplane/format/decoder_private.h"

#if defined(FB_KERNEL_AVX512)
#include <immintrin.h>

#define FB_KERNEL(name) name##_avx512
#define OP(name) _mm512_##name
#define _mm512_or_vector _mm512_or_si512
#define _mm512_xor_vector _mm512_xor_si512
#define _mm512_storeu_vector _mm512_storeu_si512
#define VECTOR_BYTES 64
typedef __m512i vector;

static inline vector repeat(const void *bytes16)
{
	return _mm512_broadcast_i32x4(_mm_loadu_si128(bytes16));
}

static inline bool any_above_u8(vector a, vector b)
{
	return _mm512_cmpgt_epu8_mask(a, b) != 0;
}

static inline bool any_above_i32(vector a, vector b)
{
	return _mm512_cmpgt_epi32_mask(a, b) != 0;
}

static inline bool any_above_i64(vector a, vector b)
{
	return _mm512_cmpgt_epi64_mask(a, b) != 0;
}

/* Sixteen bytes from `offset` of each of four texts on. */
static inline vector load_lanes(const struct fb_str *refs, uint32_t offset)
{
	const __m128i lanes[] = {
		_mm_loadu_si128((const __m128i *)(refs[0].p + offset)),
		_mm_loadu_si128((const __m128i *)(refs[1].p + offset)),
		_mm_loadu_si128((const __m128i *)(refs[2].p + offset)),
		_mm_loadu_si128((const __m128i *)(refs[3].p + offset)),
	};
	__m256i low = _mm256_inserti128_si256(_mm256_castsi128_si256(lanes[0]), lanes[1], 1);
	__m256i high = _mm256_inserti128_si256(_mm256_castsi128_si256(lanes[2]), lanes[3], 1);

	return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

/* The lower half of each lane. */
static inline void store_lanes(int64_t *values, vector lanes)
{
	_mm256_storeu_si256((__m256i *)values,
		_mm512_castsi512_si256(_mm512_maskz_compress_epi64(0x55, lanes)));
}

/* The first eight bytes of each text, and their lengths. */
static inline vector load_words(const struct fb_str *refs, vector *ret_lens)
{
	vector low = _mm512_loadu_si512(refs);
	vector high = _mm512_loadu_si512(refs + 4);
	vector odd = _mm512_set_epi64(15, 13, 11, 9, 7, 5, 3, 1);
	int64_t words[8];

	for (int i = 0; i < 8; i++)
		memcpy(&words[i], refs[i].p, sizeof(words[i]));
	*ret_lens = _mm512_and_si512(
		_mm512_permutex2var_epi64(low, odd, high), _mm512_set1_epi64(UINT32_MAX));
	return _mm512_set_epi64(words[7], words[6], words[5], words[4], words[3], words[2], words[1], words[0]);
}
#elif defined(FB_KERNEL_AVX2)
#include <immintrin.h>

#define FB_KERNEL(name) name##_avx2
#define OP(name) _mm256_##name
#define _mm256_or_vector _mm256_or_si256
#define _mm256_xor_vector _mm256_xor_si256
#define _mm256_storeu_vector _mm256_storeu_si256
#define _mm256_set1_epi64 _mm256_set1_epi64x
#define VECTOR_BYTES 32
typedef __m256i vector;

static inline vector repeat(const void *bytes16)
{
	return _mm256_broadcastsi128_si256(_mm_loadu_si128(bytes16));
}

static inline bool any_above_u8(vector a, vector b)
{
	return _mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_max_epu8(a, b), b)) != -1;
}

static inline bool any_above_i32(vector a, vector b)
{
	return _mm256_movemask_epi8(_mm256_cmpgt_epi32(a, b)) != 0;
}

static inline bool any_above_i64(vector a, vector b)
{
	return _mm256_movemask_epi8(_mm256_cmpgt_epi64(a, b)) != 0;
}

static inline vector load_lanes(const struct fb_str *refs, uint32_t offset)
{
	__m128i low = _mm_loadu_si128((const __m128i *)(refs[0].p + offset));

	return _mm256_inserti128_si256(_mm256_castsi128_si256(low),
		_mm_loadu_si128((const __m128i *)(refs[1].p + offset)), 1);
}

static inline void store_lanes(int64_t *values, vector lanes)
{
	_mm_storeu_si128((__m128i *)values,
		_mm256_castsi256_si128(_mm256_permute4x64_epi64(lanes, 0x08)));
}

static inline vector load_words(const struct fb_str *refs, vector *ret_lens)
{
	int64_t words[4];

	for (int i = 0; i < 4; i++)
		memcpy(&words[i], refs[i].p, sizeof(words[i]));
	*ret_lens = _mm256_set_epi64x(refs[3].len, refs[2].len, refs[1].len, refs[0].len);
	return _mm256_set_epi64x(words[3], words[2], words[1], words[0]);
}
#else
#define FB_KERNEL(name) name##_scalar
#endif

/* ---- integers ---- */

#ifdef OP
/*
 * Digits are put together in pairs, fours and eights (the reading of 16 digits in Lemire's and Muła's notes). False: some
 * text has no digits, too many, or others than digits.
 */
static inline bool read_integers(const struct fb_str *refs, uint64_t max, int64_t *values)
{
	vector lens;
	vector words = load_words(refs, &lens);
	vector bits = OP(slli_epi64)(lens, 3);
	vector zeros = OP(set1_epi64)(0x3030303030303030);
	vector digits;
	vector sum;

	/* A shift by 64 gives 0 here. */
	words = OP(sllv_epi64)(words, OP(sub_epi64)(OP(set1_epi64)(64), bits));
	words = OP(or_vector)(words, OP(srlv_epi64)(zeros, bits));
	digits = OP(xor_vector)(words, zeros);
	if (any_above_u8(digits, OP(set1_epi8)(9)) || any_above_i64(lens, OP(set1_epi64)(8)) ||
		any_above_i64(OP(set1_epi64)(1), lens))
		return false;
	sum = OP(maddubs_epi16)(digits, OP(set1_epi16)(0x010a));
	sum = OP(madd_epi16)(sum, OP(set1_epi32)(0x00010064));
	sum = OP(add_epi64)(OP(mul_epu32)(sum, OP(set1_epi64)(10000)), OP(srli_epi64)(sum, 32));
	if (any_above_i64(sum, OP(set1_epi64)((int64_t)max)))
		return false;
	OP(storeu_vector)((void *)values, sum);
	return true;
}
#endif

uint32_t FB_KERNEL(fb_column_integers)(
	const struct fb_str *refs, uint32_t row, uint32_t row_cnt, uint64_t max, int64_t *values)
{
#ifdef OP
	const uint32_t step = VECTOR_BYTES / 8;
#else
	const uint32_t step = 1;
#endif

	while (row < row_cnt) {
		uint32_t end = FB_MIN(row + step, row_cnt);

#ifdef OP
		if (row + step <= row_cnt && FB_LIKELY(read_integers(refs + row, max, values + row))) {
			row += step;
			continue;
		}
#endif
		for (; row < end; row++)
			if (FB_UNLIKELY(!fb_convert_plain_integer(refs[row], max, &values[row])))
				return row;
	}
	return row;
}

/* ---- timestamps ---- */

#ifdef OP
struct clock_consts {
	vector expected; /* of the bytes; of digits the least */
	vector limit;    /* by so much a byte may be above */
	vector order;
	vector pairs;
	vector fours;
	vector minutes_max;
	vector weights;
};

static inline struct clock_consts make_consts(const struct fb_date_cache *dates)
{
	static const uint8_t limit[16] = {0, 0, 0, 0, 2, 9, 0, 5, 9, 0, 5, 9, 0, 9, 9, 9};
	static const uint8_t order[16] = {
		4, 5, 7, 8, 10, 11, 13, 14, 15, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80};
	static const int8_t pairs[16] = {10, 1, 10, 1, 10, 1, 100, 10, 1};
	static const int16_t fours[8] = {60, 1, 1000, 1, 1};
	static const int32_t minutes_max[4] = {1439, INT32_MAX, INT32_MAX, INT32_MAX};
	static const int64_t weights[2] = {60000, 1};
	char expected[] = "-dd 00:00:00.000";

	memcpy(expected, &dates->tail, sizeof(dates->tail));
	return (struct clock_consts){repeat(expected), repeat(limit), repeat(order), repeat(pairs), repeat(fours),
		repeat(minutes_max), repeat(weights)};
}

/* "-dd HH:mm:ss.SSS" in every lane. False: one is another. */
static inline bool read_clocks(
	const struct fb_str *refs, const struct fb_date_cache *dates, const struct clock_consts *consts, int64_t *values)
{
	vector bytes = OP(sub_epi8)(load_lanes(refs, 7), consts->expected);
	uint64_t other = 0;
	vector sum;
	bool bad;

	for (uint32_t i = 0; i < VECTOR_BYTES / 16; i++) {
		uint64_t head;

		memcpy(&head, refs[i].p, sizeof(head));
		other |= (head ^ dates->head) | (refs[i].len ^ 23u);
	}
	sum = OP(maddubs_epi16)(OP(shuffle_epi8)(bytes, consts->order), consts->pairs);
	/* Minutes; the milliseconds but for the last digit; that. */
	sum = OP(madd_epi16)(sum, consts->fours);
	/* 24:00 rolls into the next day and is left out. */
	bad = other != 0;
	bad |= any_above_u8(bytes, consts->limit);
	bad |= any_above_i32(sum, consts->minutes_max);
	if (bad)
		return false;
	sum = OP(add_epi64)(OP(mul_epu32)(sum, consts->weights), OP(srli_epi64)(sum, 32));
	sum = OP(add_epi64)(sum, OP(unpackhi_epi64)(sum, sum));
	store_lanes(values, OP(add_epi64)(sum, OP(set1_epi64)(dates->day_ms)));
	return true;
}
#endif

/* The same for one text, its bytes side by side in two words. */
static inline bool read_clock(const struct fb_date_cache *dates, struct fb_str text, int64_t *ret)
{
	uint64_t head;
	uint32_t tail;
	uint64_t clock;  /* "HH:mm:ss" */
	uint32_t millis; /* ".SSS" */

	if (FB_UNLIKELY(text.len != 23))
		return false;
	memcpy(&head, text.p, sizeof(head));
	memcpy(&tail, text.p + 7, sizeof(tail));
	memcpy(&clock, text.p + 11, sizeof(clock));
	memcpy(&millis, text.p + 19, sizeof(millis));

	/* Separators in their places, digits elsewhere. */
	bool good = head == dates->head && tail == dates->tail &&
		    (clock & 0x0000ff0000ff0000u) == 0x00003a00003a0000u && (millis & 0xff) == '.';
	uint64_t digits = (clock & 0xffff00ffff00ffffu) | 0x0000300000300000u;

	good &= fb_convert_is_digits(digits);
	good &= fb_convert_is_digits((uint64_t)(millis >> 8) << 32 | 0x3000000030303030u);
	digits &= 0x0f0f0f0f0f0f0f0fu;
	millis &= 0x0f0f0f0fu;
	digits = digits * 10 + (digits >> 8);

	uint64_t hours = digits & 0xff;
	uint64_t minutes = digits >> 24 & 0xff;
	uint64_t seconds = digits >> 48 & 0xff;

	if (FB_UNLIKELY(!(good & (hours < 24) & (minutes < 60) & (seconds < 60))))
		return false;
	*ret = dates->day_ms +
	       (int64_t)((hours * 60 + minutes) * 60000 + seconds * 1000 + (millis >> 8 & 0xff) * 100 +
			 (millis >> 16 & 0xff) * 10 + (millis >> 24));
	return true;
}

uint32_t FB_KERNEL(fb_column_timestamps)(const struct fb_str *refs, uint32_t row, uint32_t row_cnt,
	const struct fb_date_cache *dates, int64_t *values)
{
#ifdef OP
	const struct clock_consts consts = make_consts(dates);
	const uint32_t step = VECTOR_BYTES / 16;
#else
	const uint32_t step = 1;
#endif

	while (row < row_cnt) {
		uint32_t end = FB_MIN(row + step, row_cnt);

#ifdef OP
		if (row + step <= row_cnt && FB_LIKELY(read_clocks(refs + row, dates, &consts, values + row))) {
			row += step;
			continue;
		}
#endif
		for (; row < end; row++)
			if (FB_UNLIKELY(!read_clock(dates, refs[row], &values[row])))
				return row;
	}
	return row;
}
