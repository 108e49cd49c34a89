/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the CSV decoder: what its parts share.
 *
 *   csv_kernel.c   positions of delimiters and newlines, one build per instruction set
 *   csv_row.c      one row by the rules of Jackson's CSV parser, byte by byte: quotes, escapes,
 * comments convert.c      field text -> value, by Flink's rules (semantics 1.4, 1.5) decoder_hot.c
 * the two phases decoder.c      options, memory
 */
#pragma once

#include "dataplane/format/convert.h"
#include "dataplane/format/decoder.h"

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

/* Days of the last date text seen, so that a run of equal dates is parsed once. */
struct fb_date_cache {
	uint64_t text[2]; /* "yyyy-MM-dd HH:mm" */
	int64_t minute_ms;
};

struct fb_csv_column {
	uint16_t field; /* position in the record */
	struct fb_type type;
	struct fb_str *refs; /* FB_BATCH_ROWS; p == NULL: NULL */
	struct fb_date_cache dates;
};

struct fb_decoder {
	fb_csv_scan_fn scan;
	struct fb_csv_chars chars;
	bool quoting;
	bool escaping;
	bool comments;
	bool ignore_errors;
	bool null_set;
	bool all_needed; /* every field is read: too few fields are an error (semantics 1.5, arity)
			  */
	enum fb_framing framing;
	struct fb_str null_literal;
	uint32_t field_cnt;
	uint32_t column_cnt; /* needed ones, ascending by field */
	struct fb_csv_column *columns;
	int16_t *column_of_field; /* -1: not needed */
	uint32_t row_cnt;         /* waiting */
	uint8_t *rejected;        /* per waiting row: 0 or the disposition */
	bool any_rejected;        /* of the waiting rows, already when they were added */
	uint32_t *positions;
	/* Unescaped text of fields with doubled quotes or escapes, until the next finish. */
	char *scratch;
	uint32_t scratch_len;
	uint32_t scratch_cap;
	struct fb_decode_counters counters;
};

/*
 * One row from data[0, len). Fills the refs of row `row`. Under newline framing the data is one
 * line without its end; under datagram framing the row goes to the first line end that is neither
 * quoted nor escaped. Returns 0 or the disposition; FB_REC_CNT: no scratch left (finish first, then
 * again).
 */
uint32_t fb_csv_row(struct fb_decoder *decoder, const uint8_t *data, uint32_t len, uint32_t row);

/* With csv.allow-comments: how much of data[0, len) is comments, empty lines and blanks in front of
 * a row; len: no row. */
uint32_t fb_csv_skip_comments(const struct fb_decoder *decoder, const uint8_t *data, uint32_t len);

/* Text between quotes with doubled quotes undone. NULL p: no scratch left. */
struct fb_str fb_csv_unquote(struct fb_decoder *decoder, struct fb_str inner);

/* Sets a ref: NULL literal, or the text. */
static inline void fb_csv_set(
	struct fb_decoder *decoder, struct fb_csv_column *column, uint32_t row, struct fb_str text)
{
	if (decoder->null_set && fb_str_eq(text, decoder->null_literal))
		text = (struct fb_str){NULL, 0};
	column->refs[row] = text;
}
