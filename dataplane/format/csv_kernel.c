/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Structural scan of CSV, 64 bytes at a time: bit masks of delimiters, newlines and quotes, quoted
 * stretches by prefix XOR (Langdale and Lemire, "Parsing Gigabytes of JSON per Second", VLDB
 * Journal 2019, section 3.1.1), then the positions of what is left. Built once per instruction set
 * with FB_KERNEL_<set> defined; the three must agree on every input (tests/unit/dataplane/format).
 */
#include "dataplane/format/csv.h"
#include "dataplane/format/block64.h"

#define SCAN FB_KERNEL(fb_csv_scan)

/* Bit i of the result: parity of the bits up to and including i. */
static inline uint64_t prefix_xor(uint64_t bits)
{
#if defined(FB_KERNEL_AVX512) || defined(FB_KERNEL_AVX2)
	return (uint64_t)_mm_cvtsi128_si64(_mm_clmulepi64_si128(
		_mm_set_epi64x(0, (int64_t)bits), _mm_set1_epi8((char)0xff), 0));
#else
	for (int shift = 1; shift < 64; shift *= 2)
		bits ^= bits << shift;
	return bits;
#endif
}

/* What one block tells the next. */
struct carry {
	uint64_t quoted;      /* all ones: the block begins inside quotes */
	uint64_t after_break; /* bit 0: a field begins with the block */
	uint64_t after_close; /* bit 0: the last byte closed a quote */
	uint32_t flags;
};

/*
 * Takes what is quoted out of the masks. Irregular is: a newline inside quotes, a quote that opens
 * in mid-field, a closing quote with text behind it.
 */
static inline void mask_quoted(struct carry *carry, uint64_t quotes, uint64_t within,
	uint64_t *delimiters, uint64_t *newlines)
{
	uint64_t inside = prefix_xor(quotes) ^
			  carry->quoted; /* from an opening quote up to before its closing one */
	uint64_t open = quotes & inside;
	uint64_t close = quotes & ~inside;

	carry->flags |= FB_CSV_QUOTED;
	if (*newlines & inside)
		carry->flags |= FB_CSV_IRREGULAR;
	*delimiters &= ~inside;
	*newlines &= ~inside;

	uint64_t breaks = *delimiters | *newlines;
	uint64_t after_break = breaks << 1 | carry->after_break;
	uint64_t after_close = close << 1 | carry->after_close;

	/* A quote right behind a closing one is a doubled quote; nothing is behind the end of the
	 * payload. */
	if ((open & ~(after_break | after_close)) || (after_close & within & ~(breaks | quotes)))
		carry->flags |= FB_CSV_IRREGULAR;
	carry->after_close = close >> 63;
	carry->quoted = (uint64_t)((int64_t)inside >> 63);
}

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/*
 * Whole blocks without a quote, which is what most are: nothing is carried from one to the next. On to the first that has
 * one, to the last bytes, or to where rows or positions are full.
 */
ALWAYS_INLINE uint32_t scan_plain(struct fb_csv_scan *scan, const uint8_t *data, uint32_t at, uint32_t len,
	struct fb_csv_chars chars, uint32_t row_max, uint32_t *positions, const bool quoting, struct carry *carry)
{
	uint32_t *out = positions + scan->position_cnt;
	uint32_t *full = positions + FB_CSV_POSITIONS - 64;
	uint32_t newline_cnt = scan->newline_cnt;
	uint64_t both = carry->after_break << 63;

	for (; len - at >= 64 && newline_cnt < row_max && out <= full; at += 64) {
		block bytes = load(data + at);
		uint64_t newlines = equal(bytes, '\n');

		if (quoting && __builtin_expect(equal(bytes, chars.quote) != 0, 0))
			break;
		both = equal(bytes, chars.delimiter) | newlines;
		put_positions(out, both, at);
		out += __builtin_popcountll(both);
		newline_cnt += (uint32_t)__builtin_popcountll(newlines);
	}
	carry->after_break = both >> 63;
	scan->position_cnt = (uint32_t)(out - positions);
	scan->newline_cnt = newline_cnt;
	return at;
}

/* A block that may hold anything, or is the last. */
static inline void scan_block(struct fb_csv_scan *scan, const uint8_t *data, uint32_t at, uint32_t len,
	struct fb_csv_chars chars, uint32_t *positions, struct carry *carry)
{
	bool quoting = chars.quote != chars.delimiter;
	block bytes = load(data + at);
	uint64_t within = len - at < 64 ? (1ull << (len - at)) - 1 : ~0ull;
	uint64_t delimiters = equal(bytes, chars.delimiter) & within;
	uint64_t newlines = equal(bytes, '\n') & within;
	uint64_t both;

	if (quoting) {
		uint64_t quotes = equal(bytes, chars.quote) & within;

		if (quotes | carry->quoted | carry->after_close)
			mask_quoted(carry, quotes, within, &delimiters, &newlines);
		if (chars.escape != chars.quote && (equal(bytes, chars.escape) & within))
			carry->flags |= FB_CSV_IRREGULAR;
	}
	both = delimiters | newlines;
	carry->after_break = both >> 63;
	put_positions(positions + scan->position_cnt, both, at);
	scan->position_cnt += (uint32_t)__builtin_popcountll(both);
	scan->newline_cnt += (uint32_t)__builtin_popcountll(newlines);
}

struct fb_csv_scan SCAN(const uint8_t *data, uint32_t len, struct fb_csv_chars chars,
	uint32_t row_max, uint32_t *positions) {
	struct fb_csv_scan scan = {0};
	struct carry carry = {.after_break = 1};
	bool quoting = chars.quote != chars.delimiter;
	bool escaping = chars.escape != chars.quote && quoting;
	uint32_t at = 0;

	/*
	 * The last block may bring more rows than asked for, and up to 64 positions. What is
	 * irregular ends the scan: the masks behind it mean nothing, and an open quote does not
	 * make it run through all of a long payload again and again.
	 */
	while (at < len && scan.newline_cnt < row_max &&
		scan.position_cnt <= FB_CSV_POSITIONS - 64 && !(carry.flags & FB_CSV_IRREGULAR)) {
		uint32_t from = at;

		if (!quoting)
			at = scan_plain(&scan, data, at, len, chars, row_max, positions, false, &carry);
		else if (!escaping && !(carry.quoted | carry.after_close))
			at = scan_plain(&scan, data, at, len, chars, row_max, positions, true, &carry);
		if (at != from)
			continue;
		scan_block(&scan, data, at, len, chars, positions, &carry);
		at += 64;
	}
	scan.scanned = at < len ? at : len;
	if (carry.quoted && at >= len)
		carry.flags |= FB_CSV_IRREGULAR;
	scan.flags = carry.flags;
	return scan;
}
