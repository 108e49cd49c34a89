/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the decoders: what the formats share. A format's own object begins with struct
 * fb_decoder and fills refs (texts) or whatever its finish() converts from.
 *
 *   csv.h     csv_rows.c, csv_row.c, csv_kernel.c
 *   json.h    json_rows.c, json_record.c, json_text.c, json_shape.c, json_kernel.c
 *   base64.c  texts of binary columns to bytes, for both
 *   column.c, column_kernel.c   texts of whole columns to values, for both
 */
#pragma once

#include "dataplane/format/convert.h"
#include "dataplane/format/decoder.h"

/* Room for the unescaped fields of a whole batch of the largest datagrams; a batch ends early when
 * it is used up. */
#define FB_DECODER_SCRATCH_BYTES (256u * 1024)

/* The day of the last timestamp, so that a run of equal dates is parsed once. */
struct fb_date_cache {
	uint64_t head; /* "yyyy-MM-" */
	uint32_t tail; /* "-dd " */
	int64_t day_ms;
};

/*
 * Kernels for columns without NULLs and rejected rows: they convert rows from `row` on, as long as their texts have the
 * common shape (column_kernel.c), and return the first that has not, or row_cnt.
 */
typedef uint32_t (*fb_column_integers_fn)(
	const struct fb_str *refs, uint32_t row, uint32_t row_cnt, uint64_t max, int64_t *values);
typedef uint32_t (*fb_column_timestamps_fn)(const struct fb_str *refs, uint32_t row, uint32_t row_cnt,
	const struct fb_date_cache *dates, int64_t *values);

#define FB_COLUMN_KERNEL(set)                                                                           \
	uint32_t fb_column_integers_##set(const struct fb_str *refs, uint32_t row, uint32_t row_cnt,    \
		uint64_t max, int64_t *values);                                                         \
	uint32_t fb_column_timestamps_##set(const struct fb_str *refs, uint32_t row, uint32_t row_cnt,  \
		const struct fb_date_cache *dates, int64_t *values);
FB_COLUMN_KERNEL(scalar)
FB_COLUMN_KERNEL(avx2)
FB_COLUMN_KERNEL(avx512)
#undef FB_COLUMN_KERNEL

/* By which format's rules texts become values. */
enum fb_text_rules { FB_TEXT_CSV, FB_TEXT_JSON_SQL, FB_TEXT_JSON_ISO };

/* What a text was in JSON. In CSV all are FB_REF_TEXT. */
enum fb_ref_kind { FB_REF_TEXT, FB_REF_NUMBER, FB_REF_LITERAL, FB_REF_CONTAINER };

struct fb_decoder_column {
	uint16_t field; /* position in table->fields */
	struct fb_type type;
	struct fb_str *refs; /* FB_BATCH_ROWS; p == NULL: NULL */
	uint8_t *kinds;      /* FB_BATCH_ROWS of enum fb_ref_kind; NULL: all FB_REF_TEXT */
	struct fb_date_cache dates;
};

struct fb_decoder {
	bool (*add)(struct fb_decoder *decoder, const uint8_t *data, uint32_t len, uint32_t *pos);
	void (*finish)(struct fb_decoder *decoder, struct fb_batch *batch);
	void (*destroy)(struct fb_decoder *decoder); /* of what the format has beside this */
	fb_column_integers_fn integers;
	fb_column_timestamps_fn timestamps;
	enum fb_framing framing;
	enum fb_text_rules rules;
	bool ignore_errors;
	bool any_rejected;   /* of the waiting rows */
	uint8_t seen;        /* enum fb_decoder_seen */
	bool any_null;       /* some ref of theirs may be NULL */
	uint32_t field_cnt;  /* of the table */
	uint32_t column_cnt; /* needed ones, ascending by field */
	struct fb_decoder_column *columns;
	int16_t *column_of_field; /* -1: not needed */
	uint32_t row_cnt;         /* waiting */
	uint8_t *rejected;        /* per waiting row: 0 or the disposition; behind them 0 */
	/* Texts that differ from the payload's bytes, until the next finish. */
	char *scratch;
	uint32_t scratch_len;
	uint32_t scratch_cap;
	struct fb_decode_counters counters;
};

/* ---- making one; control thread (decoder.c) ---- */

/*
 * `bytes` of zeroed memory that begin with a struct fb_decoder, with columns, scratch and rejected.
 * FB_E_NO_MEMORY; FB_E_UNSUPPORTED: a needed column has no conversion from text.
 */
int fb_decoder_alloc(
	const struct fb_decoder_conf *conf, size_t bytes, struct fb_decoder **ret) FB_MUST_CHECK;

int fb_csv_create(const struct fb_decoder_conf *conf, struct fb_decoder **ret) FB_MUST_CHECK;
int fb_json_create(const struct fb_decoder_conf *conf, struct fb_decoder **ret) FB_MUST_CHECK;

/* ---- hot ---- */

/* One more row; its refs are set. */
static inline void fb_decoder_put_row(struct fb_decoder *decoder, uint32_t disposition)
{
	decoder->rejected[decoder->row_cnt++] = (uint8_t)disposition;
	decoder->any_rejected |= disposition != 0;
	decoder->counters.records++;
}

static inline void fb_decoder_reject(struct fb_decoder *decoder, uint32_t row, uint32_t disposition)
{
	if (decoder->rejected[row] == 0)
		decoder->rejected[row] = (uint8_t)disposition;
	decoder->any_rejected = true;
}

static inline bool fb_decoder_scratch_put(struct fb_decoder *decoder, char c)
{
	if (decoder->scratch_len == decoder->scratch_cap)
		return false;
	decoder->scratch[decoder->scratch_len++] = c;
	return true;
}

/* Bytes of a Base64 text (RFC 2045, padded; blanks only between groups of four), in the scratch. At
 * add(), since only then there may be too little scratch. 0, FB_REC_BASE64 or FB_REC_CNT. */
uint32_t fb_decoder_base64(struct fb_decoder *decoder, struct fb_str *text);
/* The add() of raw (raw.c). */
bool fb_raw_add(struct fb_decoder *decoder, const uint8_t *data, uint32_t len, uint32_t *pos);
/* A batch from refs (column.c). */
void fb_column_finish(struct fb_decoder *decoder, struct fb_batch *batch);
/* The rows that are not rejected, and the counters; the decoder is empty then. */
void fb_decoder_select(struct fb_decoder *decoder, struct fb_batch *batch);
