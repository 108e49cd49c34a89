/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the CSV decoder: what its parts share.
 *
 *   csv_kernel.c   positions of delimiters and newlines, one build per instruction set
 *   csv_rows.c     payloads to rows and fields, by those positions
 *   csv_extent.c   where a record of a file ends, whose values may hold line ends
 *   csv_row.c      one row by the rules of Jackson's CSV parser, byte by byte: quotes, escapes,
 *                  comments
 *   csv.c          options, memory
 */
#pragma once

#include "dataplane/format/csv_extent.h"
#include "dataplane/format/decoder_private.h"

/* ---- structural scan ---- */

enum fb_csv_scan_flags {
	FB_CSV_QUOTED = 1,    /* fields may be quoted: look at their first byte */
	FB_CSV_IRREGULAR = 2, /* a quote or escape in a place that only csv_row.c understands */
};

struct fb_csv_scan {
	uint32_t position_cnt; /* delimiters and newlines found, in order */
	uint32_t newline_cnt;  /* of them newlines */
	uint32_t scanned; /* bytes looked at; less than len when the positions or rows are full, or
			     it is irregular */
	uint32_t flags;
};

struct fb_csv_chars {
	uint8_t delimiter;
	uint8_t quote;  /* = delimiter where quoting is off */
	uint8_t escape; /* = quote where there is none */
};

#define FB_CSV_POSITIONS 16384
/* A kernel may write up to so many positions behind the last it counts. */
#define FB_CSV_POSITION_PAD 64
/* Room in front of them, so that they begin with a line of the cache. */
#define FB_CSV_POSITION_FRONT 16

/*
 * Finds structural characters in data[0, len) until there are row_max newlines. Reads up to
 * FB_PAYLOAD_PAD_BYTES behind len, but counts nothing there.
 */
typedef struct fb_csv_scan (*fb_csv_scan_fn)(const uint8_t *data, uint32_t len,
	struct fb_csv_chars chars, uint32_t row_max, uint32_t *positions);

struct fb_csv_scan fb_csv_scan_scalar(const uint8_t *data, uint32_t len, struct fb_csv_chars chars,
	uint32_t row_max, uint32_t *positions);
struct fb_csv_scan fb_csv_scan_avx2(const uint8_t *data, uint32_t len, struct fb_csv_chars chars,
	uint32_t row_max, uint32_t *positions);
struct fb_csv_scan fb_csv_scan_avx512(const uint8_t *data, uint32_t len, struct fb_csv_chars chars,
	uint32_t row_max, uint32_t *positions);

/* ---- decoder ---- */

struct fb_csv_decoder {
	struct fb_decoder base; /* first: fb_csv_of() */
	fb_csv_scan_fn scan;
	struct fb_csv_chars chars;
	bool quoting;
	bool escaping;
	bool comments;
	bool null_set;
	bool spans_lines; /* a record ends as csv_extent.h says, not with its line */
	struct fb_csv_lines lines;
	bool binary; /* a needed column is Base64 */
	bool all_needed; /* every field is read: too few fields are an error (semantics 1.5, arity)
			  */
	struct fb_str null_literal;
	uint32_t *positions; /* with room for one in front */
};

static inline struct fb_csv_decoder *fb_csv_of(struct fb_decoder *decoder)
{
	return (struct fb_csv_decoder *)decoder;
}

/* Payload to refs: the add() of a CSV decoder. */
bool fb_csv_add(struct fb_decoder *decoder, const uint8_t *data, uint32_t len, uint32_t *pos);

/*
 * One row from data[0, len). Fills the refs of row `row`. Under newline framing the data is one
 * line without its end; under datagram framing the row goes to the first line end that is neither
 * quoted nor escaped. Returns 0 or the disposition; FB_REC_CNT: no scratch left (finish first, then
 * again).
 */
uint32_t fb_csv_row(
	struct fb_csv_decoder *decoder, const uint8_t *data, uint32_t len, uint32_t row);

/* With csv.allow-comments: how much of data[0, len) is comments, empty lines and blanks in front of
 * a row; len: no row. */
uint32_t fb_csv_skip_comments(
	const struct fb_csv_decoder *decoder, const uint8_t *data, uint32_t len);

/* Text between quotes with doubled quotes undone. NULL p: no scratch left. */
struct fb_str fb_csv_unquote(struct fb_csv_decoder *decoder, struct fb_str inner);

/*
 * Sets a ref: NULL literal, the text, or the bytes that it says. 0; FB_REC_BASE64: it says none, and errors are not ignored;
 * FB_REC_CNT: no scratch left.
 */
static inline uint32_t fb_csv_set(struct fb_csv_decoder *decoder, struct fb_decoder_column *column,
	uint32_t row, struct fb_str text)
{
	uint32_t error = 0;

	if (decoder->null_set && fb_str_eq(text, decoder->null_literal))
		text = (struct fb_str){NULL, 0};
	else if (FB_UNLIKELY(fb_type_is_binary(column->type)))
		error = fb_decoder_base64(&decoder->base, &text);
	if (error == FB_REC_BASE64) {
		text = (struct fb_str){NULL, 0};
		if (decoder->base.ignore_errors) {
			decoder->base.counters.null_fields++;
			error = 0;
		}
	}
	decoder->base.any_null |= text.p == NULL;
	column->refs[row] = text;
	return error;
}
