/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the JSON decoder: what its parts share.
 *
 *   json_kernel.c   positions of quotes and newlines, and records of a known shape; one build per
 *                   instruction set
 *   json_rows.c     payloads to records: lines, datagrams, arrays; the known shapes first
 *   json_record.c   any object, by the grammar of RFC 8259 as Jackson takes it
 *   json_text.c     escapes, UTF-8 and Base64
 *   json_compact.c  an object or array as text
 *   json_shape.c    a record's shape, to be compared with the next ones
 *   json.c          options, memory, names
 */
#pragma once

#include "dataplane/format/decoder_private.h"

/* Jackson's limits (StreamReadConstraints), within which Flink reads. */
#define FB_JSON_DEPTH_MAX 1000
#define FB_JSON_NUMBER_DIGITS_MAX 1000
#define FB_JSON_NAME_BYTES_MAX 50000

/* ---- scan: quotes that no backslash is in front of, and line ends ---- */

#define FB_JSON_POSITIONS 16384
/* A kernel may write up to so many positions behind the last it counts. */
#define FB_JSON_POSITION_PAD 64
#define FB_JSON_SCAN_BYTES 65536
#define FB_JSON_BLOCKS (FB_JSON_SCAN_BYTES / 64)

/* What is in 64 bytes of a scan. */
enum fb_json_block { FB_JSON_BACKSLASH = 1, FB_JSON_WIDE = 2 /* a byte above 0x7f */ };

struct fb_json_scan {
	uint32_t from; /* in: offset in the payload where it begins */
	uint32_t end;  /* offset behind what it looked at */
	uint32_t position_cnt;
	uint32_t newline_cnt;
	uint32_t blocks; /* all blocks' enum fb_json_block together */
	bool escaped;    /* in and out: the next byte has an odd number of backslashes before it */
};

/*
 * Scans data[scan->from, len) until there are row_max newlines or the room is used up. Positions
 * are offsets in data. line_end: '\n', or '"' where newlines do not count. Reads up to
 * FB_PAYLOAD_PAD_BYTES behind len, but counts nothing there.
 */
typedef void (*fb_json_scan_fn)(const uint8_t *data, uint32_t len, uint8_t line_end,
	uint32_t row_max, struct fb_json_scan *scan, uint32_t *positions, uint8_t *blocks);

void fb_json_scan_scalar(const uint8_t *data, uint32_t len, uint8_t line_end, uint32_t row_max,
	struct fb_json_scan *scan, uint32_t *positions, uint8_t *blocks);
void fb_json_scan_avx2(const uint8_t *data, uint32_t len, uint8_t line_end, uint32_t row_max,
	struct fb_json_scan *scan, uint32_t *positions, uint8_t *blocks);
void fb_json_scan_avx512(const uint8_t *data, uint32_t len, uint8_t line_end, uint32_t row_max,
	struct fb_json_scan *scan, uint32_t *positions, uint8_t *blocks);

/* ---- shape: what the bytes of a flat record are, but for its values ---- */

#define FB_JSON_PIECE_MAX 64
#define FB_JSON_PIECE_BYTES 32

/* A place in a record: so many bytes from one of its positions on. */
struct fb_json_spot {
	uint32_t position; /* number in the record; its quote_cnt is the record's end */
	int32_t offset;
};

/*
 * Bytes between two values, in pieces of at most 32: the end of a value, a name, the begin of the
 * next value. One cache line each, so that a comparison is two loads and no mask register.
 */
struct fb_json_piece {
	uint8_t bytes[FB_JSON_PIECE_BYTES];
	uint8_t mask[FB_JSON_PIECE_BYTES]; /* 0xff where a byte counts */
};

/* A number or literal: what is between two pieces. */
struct fb_json_gap {
	struct fb_json_spot start;
	struct fb_json_spot end;
};

/* A needed column: which value it is. */
struct fb_json_pick {
	struct fb_str *refs; /* of the column */
	uint8_t *kinds;
	enum { FB_JSON_ABSENT, FB_JSON_QUOTED, FB_JSON_SCALAR } what;
	uint32_t at; /* QUOTED: position of the opening quote; SCALAR: number of the gap */
};

/*
 * A record has it if all pieces are there and all scalars between them are valid: then it is a
 * valid object with the same members. Why positions and bytes agree: a piece holds its quotes, and
 * the positions are all quotes in their order; so if a piece is where its first position says, the
 * next position is the first quote behind it. Texts need no look, but for blocks with
 * enum fb_json_block bits: records with these are no matter of shapes.
 */
struct fb_json_shape {
	struct fb_json_piece pieces[FB_JSON_PIECE_MAX] __attribute__((aligned(64)));
	struct fb_json_spot spots[FB_JSON_PIECE_MAX]; /* of the pieces; the first is at the start */
	struct fb_json_gap gaps[FB_JSON_PIECE_MAX];
	struct fb_json_spot end; /* must be the record's end: behind its newline, if it has one */
	uint32_t end_bytes;      /* of the newline */
	uint32_t quote_cnt;      /* positions of a record; the next one is its end */
	uint32_t piece_cnt;      /* 0: no shape */
	uint32_t gap_cnt;
	uint32_t pick_cnt;
	struct fb_json_pick *picks;
};

struct fb_json_take {
	const uint8_t *data;
	const uint32_t *positions; /* from the first of the record on */
	uint32_t position_cnt;
	uint32_t start; /* offset of the record */
	uint32_t row;   /* of the first record */
	uint32_t row_max;
	const uint8_t *blocks; /* of the scan; NULL: nothing special in any */
	uint32_t blocks_from;  /* offset of the first block */
	bool *any_null;        /* set where a value is NULL */
};

/*
 * Takes records from take->start on as long as they have the shape: their refs and kinds are set.
 * Returns how many.
 */
typedef uint32_t (*fb_json_take_fn)(
	const struct fb_json_shape *shape, const struct fb_json_take *take);

uint32_t fb_json_take_scalar(const struct fb_json_shape *shape, const struct fb_json_take *take);
uint32_t fb_json_take_avx2(const struct fb_json_shape *shape, const struct fb_json_take *take);
uint32_t fb_json_take_avx512(const struct fb_json_shape *shape, const struct fb_json_take *take);

/* ---- decoder ---- */

#define FB_JSON_SHAPES 4
#define FB_JSON_MEMBER_MAX 48

/* A member of the object read last, for json_shape.c. */
struct fb_json_member {
	uint32_t value; /* offset of its first byte, the quote of a text */
	uint32_t end;
	int32_t column; /* -1: not needed */
	bool is_text;
};

/* Where a document goes on after a batch that was full. */
enum fb_json_place { FB_JSON_OUTSIDE, FB_JSON_ELEMENT, FB_JSON_SEPARATOR };

/* Name of a needed column. */
struct fb_json_name {
	struct fb_str text;
	uint64_t head;
};

/* The first 8 bytes of a name, with zeros behind a shorter one. Reads 8 bytes. */
static inline uint64_t fb_json_name_head(struct fb_str name)
{
	uint64_t head;

	memcpy(&head, name.p, sizeof(head));
	return name.len >= 8 ? head : head & ((1ull << name.len * 8) - 1);
}

static inline uint32_t fb_json_name_hash(uint64_t head, uint32_t len)
{
	return (uint32_t)((head + len) * 0x9e3779b97f4a7c15ull >> 40);
}

struct fb_json_decoder {
	struct fb_decoder base; /* first: fb_json_of() */
	fb_json_scan_fn scan_fn;
	fb_json_take_fn take_fn;
	uint8_t line_end;
	uint64_t blanks; /* bit c: byte c is white space */
	bool fail_on_missing;
	bool decimals;   /* numbers inside of a text column's objects are DECIMALs, not DOUBLEs */
	bool shapes_off; /* a needed column cannot be taken from the payload as it is */

	struct fb_json_name *names; /* by column */
	uint16_t *name_table;       /* hash table of column + 1 */
	uint32_t name_mask;

	/* The payload that is being added. */
	const uint8_t *data;
	uint32_t len;
	uint32_t at; /* offset of what comes next */
	enum fb_json_place place;
	struct fb_json_scan scan;
	uint32_t next;        /* number of the next position */
	uint32_t scan_number; /* changes with each scan */
	uint32_t *positions;
	uint8_t *blocks;

	/* The record that is being read. */
	uint32_t *seen; /* by column: the number of the record that had it last */
	uint32_t record;
	uint32_t found;       /* needed columns that it has */
	uint32_t field_error; /* disposition of a field, where errors are not ignored */
	uint32_t member_cnt;  /* FB_JSON_MEMBER_MAX: too many, or not flat */
	struct fb_json_member members[FB_JSON_MEMBER_MAX];

	struct fb_json_shape shapes[FB_JSON_SHAPES];
	uint32_t shape;      /* the one that fitted last */
	uint32_t shape_next; /* to be replaced */
	uint32_t learn_wait; /* records that are not learned */
	uint32_t learn_pause;
};

static inline struct fb_json_decoder *fb_json_of(struct fb_decoder *decoder)
{
	return (struct fb_json_decoder *)decoder;
}

#define FB_JSON_NONE UINT32_MAX

/* Offset of the next quote or line end; FB_JSON_NONE: there is no more. It stays the next. */
uint32_t fb_json_peek_slow(struct fb_json_decoder *decoder);
static inline uint32_t fb_json_peek(struct fb_json_decoder *decoder)
{
	if (FB_LIKELY(decoder->next < decoder->scan.position_cnt))
		return decoder->positions[decoder->next];
	return fb_json_peek_slow(decoder);
}

static inline bool fb_json_is_blank(const struct fb_json_decoder *decoder, uint8_t c)
{
	return c <= ' ' && (decoder->blanks >> c & 1);
}

static inline uint32_t fb_json_skip_blanks(const struct fb_json_decoder *decoder, uint32_t at)
{
	while (at < decoder->len && fb_json_is_blank(decoder, decoder->data[at]))
		at++;
	return at;
}

bool fb_json_add(struct fb_decoder *decoder, const uint8_t *data, uint32_t len, uint32_t *pos);

/*
 * The object that begins at decoder->at, into row base.row_cnt. 0: decoder->at is behind it. Else
 * the disposition; FB_REC_CNT: no scratch left (finish first, then again from its begin).
 */
uint32_t fb_json_object(struct fb_json_decoder *decoder, uint32_t depth);
/* Any value at *at, which goes behind it; it is inside of `depth` others. 0 or a disposition. */
uint32_t fb_json_skip_value(struct fb_json_decoder *decoder, uint32_t depth, uint32_t *at);
/* End of the number or literal at p; p: it is none. Nothing behind end is read. */
const uint8_t *fb_json_scalar_end(const uint8_t *p, const uint8_t *end);

/*
 * Inner text of a string that holds backslashes or bytes above 0x7f, as Java would have it. Where
 * it differs from the payload it is in the scratch. wanted: false where only its validity counts.
 * 0, FB_REC_JSON or FB_REC_CNT.
 */
uint32_t fb_json_text(struct fb_json_decoder *decoder, bool wanted, struct fb_str *text);
/* A valid object or array without blanks, as Jackson's tree model prints it, in the scratch. 0 or
 * FB_REC_CNT. */
uint32_t fb_json_compact(struct fb_json_decoder *decoder, struct fb_str *text);

/* Characters as UTF-16 units, written as UTF-8: what Java's strings do to pairs and lone halves. */
struct fb_json_units {
	struct fb_decoder *decoder;
	uint32_t high; /* first half of a pair; 0: none */
	bool quoting;  /* with the escapes that JSON needs */
	bool full;     /* no scratch left */
};

void fb_json_put_unit(struct fb_json_units *units, uint32_t unit);
void fb_json_end_units(struct fb_json_units *units);
/* The inner text of a valid string. */
void fb_json_put_text(struct fb_json_units *units, struct fb_str raw);

/* The record data[start, end) was read without error, its positions begin at number `first`: next
 * time it is known. */
void fb_json_learn(struct fb_json_decoder *decoder, uint32_t start, uint32_t first, uint32_t end);
