/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two loops of JSON decoding that see every byte: positions of quotes and newlines 64 bytes at
 * a time, and comparison of a record with a known shape. Built once per instruction set; the three
 * must agree on every input (tests/unit/dataplane/format).
 */
#include "dataplane/format/json.h"
#include "dataplane/format/block64.h"

#define SCAN FB_KERNEL(fb_json_scan)
#define TAKE FB_KERNEL(fb_json_take)

/* Bits of the bytes that a backslash escapes. */
static inline uint64_t find_escaped(uint64_t backslashes, bool *escaped)
{
	uint64_t bits = *escaped;

	backslashes &= ~bits;
	*escaped = false;
	while (backslashes) {
		int at = __builtin_ctzll(backslashes);

		if (at == 63) {
			*escaped = true;
			break;
		}
		bits |= 2ull << at;
		backslashes &= ~(3ull << at);
	}
	return bits;
}

/* One block: its positions to `out`; returns their bits. `within`: the bytes of the payload. */
static inline uint64_t scan_block(const uint8_t *data, uint64_t within, uint8_t line_end,
	struct fb_json_scan *scan, uint64_t *ret_ends, uint8_t *ret_special)
{
	block bytes = load(data);
	uint64_t backslashes = equal(bytes, '\\') & within;
	uint64_t wide = above_ascii(bytes) & within;
	uint64_t ends = line_end == '"' ? 0 : equal(bytes, '\n') & within;
	uint64_t quotes = equal(bytes, '"') & within;

	*ret_ends = ends;
	*ret_special = 0;
	if (__builtin_expect((backslashes | wide) != 0 || scan->escaped, 0)) {
		*ret_special = (uint8_t)((backslashes ? FB_JSON_BACKSLASH : 0) |
					 (wide ? FB_JSON_WIDE : 0));
		scan->blocks |= *ret_special;
		quotes &= ~find_escaped(backslashes, &scan->escaped);
	}
	return quotes | ends;
}

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* Where the scan stands. */
struct at {
	uint32_t offset;
	uint32_t position_cnt;
	uint32_t newline_cnt;
};

/*
 * Whole blocks of plain text, which is what most are: without backslashes and bytes above 0x7f. On to the first that is
 * not, to the last bytes, or to where rows or positions are full.
 */
ALWAYS_INLINE void scan_plain(struct at *at, const uint8_t *data, uint32_t limit, uint32_t row_max,
	uint32_t *positions, const bool lines)
{
	uint32_t *out = positions + at->position_cnt;
	uint32_t *full = positions + FB_JSON_POSITIONS - 64;
	uint32_t newline_cnt = at->newline_cnt;
	uint32_t offset = at->offset;

	for (; limit - offset >= 64 && newline_cnt < row_max && out <= full; offset += 64) {
		block bytes = load(data + offset);
		uint64_t ends = lines ? equal(bytes, '\n') : 0;
		uint64_t bits = equal(bytes, '"') | ends;

		if (__builtin_expect((equal(bytes, '\\') | above_ascii(bytes)) != 0, 0))
			break;
		put_positions(out, bits, offset);
		out += __builtin_popcountll(bits);
		newline_cnt += (uint32_t)__builtin_popcountll(ends);
	}
	*at = (struct at){offset, (uint32_t)(out - positions), newline_cnt};
}

void SCAN(const uint8_t *data, uint32_t len, uint8_t line_end, uint32_t row_max,
	struct fb_json_scan *scan, uint32_t *positions, uint8_t *blocks)
{
	uint32_t from = scan->from;
	uint32_t limit = len - from < FB_JSON_SCAN_BYTES ? len : from + FB_JSON_SCAN_BYTES;
	struct at at = {.offset = from};

	scan->blocks = 0;
	while (at.offset < limit && at.newline_cnt < row_max && at.position_cnt <= FB_JSON_POSITIONS - 64) {
		uint32_t before = at.offset;
		uint64_t within;
		uint64_t ends;
		uint64_t bits;

		if (!scan->escaped && line_end != '"')
			scan_plain(&at, data, limit, row_max, positions, true);
		else if (!scan->escaped)
			scan_plain(&at, data, limit, row_max, positions, false);
		memset(blocks + (before - from) / 64, 0, (at.offset - before) / 64);
		if (at.offset != before)
			continue;
		within = len - before < 64 ? (1ull << (len - before)) - 1 : ~0ull;
		bits = scan_block(data + before, within, line_end, scan, &ends, &blocks[(before - from) / 64]);
		put_positions(positions + at.position_cnt, bits, before);
		at.position_cnt += (uint32_t)__builtin_popcountll(bits);
		at.newline_cnt += (uint32_t)__builtin_popcountll(ends);
		at.offset += 64;
	}
	scan->end = at.offset < len ? at.offset : len;
	scan->position_cnt = at.position_cnt;
	scan->newline_cnt = at.newline_cnt;
}

/* ---- shapes ---- */

#if defined(FB_KERNEL_AVX512) || defined(FB_KERNEL_AVX2)
typedef __m256i difference;

static inline difference no_difference(void)
{
	return _mm256_setzero_si256();
}

static inline difference compare(
	difference before, const struct fb_json_piece *piece, const uint8_t *data)
{
	__m256i bytes = _mm256_xor_si256(_mm256_loadu_si256((const __m256i *)data),
		_mm256_load_si256((const __m256i *)piece->bytes));

	return _mm256_or_si256(
		before, _mm256_and_si256(bytes, _mm256_load_si256((const __m256i *)piece->mask)));
}

static inline bool is_same(difference all)
{
	return _mm256_testz_si256(all, all);
}
#else
typedef uint64_t difference;

static inline difference no_difference(void)
{
	return 0;
}

static inline difference compare(
	difference before, const struct fb_json_piece *piece, const uint8_t *data)
{
	for (uint32_t i = 0; i < FB_JSON_PIECE_BYTES; i += sizeof(before)) {
		uint64_t word;
		uint64_t want;
		uint64_t mask;

		memcpy(&word, data + i, sizeof(word));
		memcpy(&want, piece->bytes + i, sizeof(want));
		memcpy(&mask, piece->mask + i, sizeof(mask));
		before |= (word ^ want) & mask;
	}
	return before;
}

static inline bool is_same(difference all)
{
	return all == 0;
}
#endif

/* All of data[0, len) are digits, with none in front that may not be. */
static inline bool is_digits(const uint8_t *data, uint32_t len)
{
#if defined(FB_KERNEL_AVX512) || defined(FB_KERNEL_AVX2)
	__m128i values = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)data), _mm_set1_epi8('0'));
	__m128i low = _mm_cmpeq_epi8(values, _mm_min_epu8(values, _mm_set1_epi8(9)));
	uint32_t others = ~(uint32_t)_mm_movemask_epi8(low);

	return len - 1 < 16 && !(others & ((1u << len) - 1)) && (data[0] != '0' || len == 1);
#else
	for (uint32_t i = 0; i < len; i++)
		if (data[i] < '0' || data[i] > '9')
			return false;
	return len - 1 < 16 && (data[0] != '0' || len == 1);
#endif
}

static inline uint32_t spot_at(struct fb_json_spot spot, const uint32_t *positions)
{
	return positions[spot.position] + (uint32_t)spot.offset;
}

/* A spot is no further in front of a position than a run of pieces is long. */
#define SPOT_FRONT_MAX (2 * FB_JSON_PIECE_BYTES)

/*
 * All pieces but the first. Nothing is read outside of the payload and its padding: a spot is not further behind a position
 * than a piece is long, and where one could be in front of the payload (of a record that has another shape) it is moved to
 * the record's start.
 */
ALWAYS_INLINE difference compare_pieces(difference all, const struct fb_json_shape *shape, const uint8_t *data,
	const uint32_t *positions, uint32_t start, const bool clamp)
{
	for (uint32_t i = 1; i < shape->piece_cnt; i++) {
		uint32_t at = spot_at(shape->spots[i], positions);

		if (clamp)
			at = (int32_t)at < (int32_t)start ? start : at;
		all = compare(all, &shape->pieces[i], data + at);
	}
	return all;
}

static inline bool has_shape(const struct fb_json_shape *shape, const uint8_t *data,
	const uint32_t *positions, uint32_t start)
{
	difference all = compare(no_difference(), &shape->pieces[0], data + start);

	/* The first name already tells most other shapes; all else is asked at once. */
	if (!is_same(all))
		return false;
	/* What is in front of a record that does not begin the payload can be read. */
	all = FB_LIKELY(start >= SPOT_FRONT_MAX) ? compare_pieces(all, shape, data, positions, start, false)
						 : compare_pieces(all, shape, data, positions, start, true);
	if (!is_same(all) ||
		spot_at(shape->end, positions) != positions[shape->quote_cnt] + shape->end_bytes)
		return false;
	for (uint32_t i = 0; i < shape->gap_cnt; i++) {
		uint32_t from = spot_at(shape->gaps[i].start, positions);
		uint32_t to = spot_at(shape->gaps[i].end, positions);

		if ((int32_t)(to - from) <= 0 ||
			(!is_digits(data + from, to - from) &&
				fb_json_scalar_end(data + from, data + to) != data + to))
			return false;
	}
	return true;
}

static inline bool is_special(const struct fb_json_take *take, uint32_t start, uint32_t end)
{
	for (uint32_t i = (start - take->blocks_from) / 64; i <= (end - take->blocks_from) / 64;
		i++)
		if (take->blocks[i])
			return true;
	return false;
}

/* True: one of them is NULL. */
static inline bool pick_values(const struct fb_json_shape *shape, const uint8_t *data,
	const uint32_t *positions, uint32_t row)
{
	bool any_null = false;

	for (uint32_t i = 0; i < shape->pick_cnt; i++) {
		const struct fb_json_pick *pick = &shape->picks[i];
		struct fb_str text = {NULL, 0};
		uint8_t kind = FB_REF_TEXT;

		if (pick->what == FB_JSON_QUOTED) {
			uint32_t open = positions[pick->at];

			text = (struct fb_str){
				(const char *)data + open + 1, positions[pick->at + 1] - open - 1};
		} else if (pick->what == FB_JSON_SCALAR) {
			const struct fb_json_gap *gap = &shape->gaps[pick->at];
			uint32_t at = spot_at(gap->start, positions);

			if (data[at] != 'n')
				text = (struct fb_str){
					(const char *)data + at, spot_at(gap->end, positions) - at};
			kind = data[at] == 't' || data[at] == 'f' ? FB_REF_LITERAL : FB_REF_NUMBER;
		}
		pick->refs[row] = text;
		pick->kinds[row] = kind;
		any_null |= text.p == NULL;
	}
	return any_null;
}

uint32_t TAKE(const struct fb_json_shape *shape, const struct fb_json_take *take)
{
	const uint32_t *positions = take->positions;
	const uint32_t *last = take->positions + take->position_cnt;
	uint32_t start = take->start;
	uint32_t rows = 0;
	bool any_null = false;

	while (rows < take->row_max && positions + shape->quote_cnt < last &&
		has_shape(shape, take->data, positions, start)) {
		uint32_t end = positions[shape->quote_cnt];

		if (take->blocks != NULL && end > start && is_special(take, start, end - 1))
			break;
		any_null |= pick_values(shape, take->data, positions, take->row + rows);
		start = end + 1;
		positions += shape->quote_cnt + 1;
		rows++;
	}
	*take->any_null |= any_null;
	return rows;
}
