/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second phase of decoding: the texts of whole columns to values, by the rules of the format.
 * Hot: no allocation, no system call.
 */
#include "config/base/calendar.h"
#include "dataplane/format/decoder_private.h"

static void set_null(struct fb_decoder *decoder, const struct fb_decoder_column *from,
	struct fb_column *to, uint32_t row)
{
	to->has_null = true;
	fb_column_set_valid(to, row, false);
	if (from->type.not_null)
		fb_decoder_reject(decoder, row, FB_REC_NULL_VIOLATION);
}

/* A field that does not read: NULL where errors are ignored, else the end of its row. */
static void bad_field(struct fb_decoder *decoder, const struct fb_decoder_column *from,
	struct fb_column *to, uint32_t row, uint32_t disposition)
{
	if (!decoder->ignore_errors) {
		fb_decoder_reject(decoder, row, disposition);
		return;
	}
	decoder->counters.null_fields++;
	set_null(decoder, from, to, row);
}

static void find_nulls(
	struct fb_decoder *decoder, const struct fb_decoder_column *from, struct fb_column *to)
{
	to->has_null = false;
	memset(to->valid, 0xff, FB_BATCH_WORDS * sizeof(uint64_t));
	for (uint32_t row = 0; row < decoder->row_cnt; row++) {
		if (FB_LIKELY(from->refs[row].p != NULL) || decoder->rejected[row] != 0)
			continue;
		set_null(decoder, from, to, row);
	}
}

static inline bool skip(
	const struct fb_decoder *decoder, const struct fb_decoder_column *from, uint32_t row)
{
	return decoder->rejected[row] != 0 || from->refs[row].p == NULL;
}

static void convert_integers(
	struct fb_decoder *decoder, const struct fb_decoder_column *from, struct fb_column *to)
{
	enum fb_type_kind kind = (enum fb_type_kind)from->type.kind;

	for (uint32_t row = 0; row < decoder->row_cnt; row++) {
		if (skip(decoder, from, row) ||
			fb_convert_integer(from->refs[row], kind, &to->i64[row]) == FB_CONVERTED)
			continue;
		if (from->kinds == NULL || from->kinds[row] != FB_REF_NUMBER ||
			fb_convert_fraction(from->refs[row], kind, &to->i64[row]) != FB_CONVERTED)
			bad_field(decoder, from, to, row, FB_REC_NUMBER);
	}
}

static void convert_decimals(
	struct fb_decoder *decoder, const struct fb_decoder_column *from, struct fb_column *to)
{
	for (uint32_t row = 0; row < decoder->row_cnt; row++) {
		enum fb_convert_result result;

		if (skip(decoder, from, row))
			continue;
		result = fb_convert_decimal(decoder->rules == FB_TEXT_CSV
						    ? from->refs[row]
						    : fb_convert_trim(from->refs[row]),
			from->type, &to->i128[row]);
		if (result == FB_CONVERT_NULL)
			set_null(decoder, from, to, row);
		else if (result != FB_CONVERTED)
			bad_field(decoder, from, to, row, FB_REC_NUMBER);
	}
}

/*
 * "yyyy-MM-dd HH:mm:ss.SSS", whose first 16 bytes are mostly those of the row before: then only
 * seconds and milliseconds are read, from one word.
 */
static inline bool timestamp_fast(struct fb_decoder_column *from, struct fb_str text, int64_t *ret)
{
	uint64_t head[2];
	uint64_t tail;

	if (text.len != 23)
		return false;
	memcpy(head, text.p, sizeof(head));
	if (head[0] != from->dates.text[0] || head[1] != from->dates.text[1])
		return false;
	memcpy(&tail, text.p + 15, sizeof(tail)); /* "m:ss.SSS" */
	/* Separators in their places, digits elsewhere. */
	if ((tail & 0x000000ff0000ff00u) != 0x0000002e00003a00u)
		return false;

	uint64_t digits = (tail & 0xffffff00ffff00ffu) | 0x0000003000003000u;

	if (((digits & 0xf0f0f0f0f0f0f0f0u) |
		    (((digits + 0x0606060606060606u) & 0xf0f0f0f0f0f0f0f0u) >> 4)) !=
		0x3333333333333333u)
		return false;
	digits &= 0x0f0f0f0f0f0f0f0fu;

	uint64_t seconds = (digits >> 16 & 0xf) * 10 + (digits >> 24 & 0xf);

	if (seconds > 59)
		return false;
	*ret = from->dates.minute_ms + (int64_t)(seconds * 1000 + (digits >> 40 & 0xf) * 100 +
						 (digits >> 48 & 0xf) * 10 + (digits >> 56 & 0xf));
	return true;
}

static enum fb_convert_result read_timestamp(
	const struct fb_decoder *decoder, struct fb_str text, struct fb_type type, int64_t *ret)
{
	if (decoder->rules == FB_TEXT_CSV)
		return fb_convert_timestamp(text, type, ret);
	return fb_convert_json_timestamp(text, type, decoder->rules == FB_TEXT_JSON_ISO, ret);
}

static void convert_timestamps(
	struct fb_decoder *decoder, struct fb_decoder_column *from, struct fb_column *to)
{
	bool fast = from->type.kind == FB_T_TIMESTAMP && from->type.precision == 3;
	char separator = decoder->rules == FB_TEXT_JSON_ISO ? 'T' : ' ';

	for (uint32_t row = 0; row < decoder->row_cnt; row++) {
		struct fb_str text = from->refs[row];

		if (skip(decoder, from, row) || (fast && timestamp_fast(from, text, &to->i64[row])))
			continue;
		if (read_timestamp(decoder, text, from->type, &to->i64[row]) != FB_CONVERTED) {
			bad_field(decoder, from, to, row, FB_REC_DATETIME);
		} else if (fast && text.len == 23 && text.p[10] == separator &&
			   (text.p[11] != '2' || text.p[12] < '4')) {
			/* 24:00 rolls into the next day and is left out. */
			memcpy(from->dates.text, text.p, sizeof(from->dates.text));
			from->dates.minute_ms = fb_floor_div(to->i64[row], 60000) * 60000;
		}
	}
}

static void convert_dates(
	struct fb_decoder *decoder, const struct fb_decoder_column *from, struct fb_column *to)
{
	enum fb_convert_result (*read)(struct fb_str, int64_t *) =
		decoder->rules == FB_TEXT_CSV ? fb_convert_date : fb_convert_iso_date;

	for (uint32_t row = 0; row < decoder->row_cnt; row++)
		if (!skip(decoder, from, row) &&
			read(from->refs[row], &to->i64[row]) != FB_CONVERTED)
			bad_field(decoder, from, to, row, FB_REC_DATETIME);
}

static void convert_doubles(
	struct fb_decoder *decoder, const struct fb_decoder_column *from, struct fb_column *to)
{
	for (uint32_t row = 0; row < decoder->row_cnt; row++)
		if (!skip(decoder, from, row) &&
			fb_convert_double(from->refs[row], from->type.kind == FB_T_FLOAT,
				&to->f64[row]) != FB_CONVERTED)
			bad_field(decoder, from, to, row, FB_REC_NUMBER);
}

static void convert_booleans(
	struct fb_decoder *decoder, const struct fb_decoder_column *from, struct fb_column *to)
{
	for (uint32_t row = 0; row < decoder->row_cnt; row++)
		if (!skip(decoder, from, row))
			to->i64[row] = fb_convert_boolean(from->refs[row]);
}

/* Texts of rows that are NULL or rejected are empty, not old pointers: a kernel may look at all
 * rows. */
static void copy_texts(
	struct fb_decoder *decoder, const struct fb_decoder_column *from, struct fb_column *to)
{
	memcpy(to->str, from->refs, decoder->row_cnt * sizeof(*to->str));
	for (uint32_t row = 0; (to->has_null || decoder->any_rejected) && row < decoder->row_cnt;
		row++)
		if (skip(decoder, from, row))
			to->str[row] = FB_STR("");
}

static void convert_column(
	struct fb_decoder *decoder, struct fb_decoder_column *from, struct fb_column *to)
{
	find_nulls(decoder, from, to);
	switch (from->type.kind) {
	case FB_T_BOOLEAN:
		convert_booleans(decoder, from, to);
		break;
	case FB_T_FLOAT:
	case FB_T_DOUBLE:
		convert_doubles(decoder, from, to);
		break;
	case FB_T_DATE:
		convert_dates(decoder, from, to);
		break;
	case FB_T_TIMESTAMP:
	case FB_T_TIMESTAMP_LTZ:
		convert_timestamps(decoder, from, to);
		break;
	case FB_T_DECIMAL:
		convert_decimals(decoder, from, to);
		break;
	case FB_T_CHAR:
	case FB_T_VARCHAR:
	case FB_T_BINARY: /* decoded already, see fb_decoder_base64 */
	case FB_T_VARBINARY:
		copy_texts(decoder, from, to);
		break;
	default:
		convert_integers(decoder, from, to);
		break;
	}
}

void fb_column_finish(struct fb_decoder *decoder, struct fb_batch *batch)
{
	for (uint32_t c = 0; c < decoder->column_cnt; c++)
		convert_column(
			decoder, &decoder->columns[c], &batch->columns[decoder->columns[c].field]);
	fb_decoder_select(decoder, batch);
}

void fb_decoder_select(struct fb_decoder *decoder, struct fb_batch *batch)
{
	uint32_t selected = decoder->any_rejected ? 0 : decoder->row_cnt;

	for (uint32_t row = 0; row < selected; row++)
		batch->sel[row] = (uint16_t)row;
	for (uint32_t row = 0; decoder->any_rejected && row < decoder->row_cnt; row++) {
		uint32_t disposition = decoder->rejected[row];

		batch->sel[selected] = (uint16_t)row;
		selected += disposition == 0;
		if (FB_UNLIKELY(disposition != 0))
			decoder->counters.rejected[disposition]++;
	}
	decoder->counters.decoded += selected;
	batch->row_cnt = decoder->row_cnt;
	batch->sel_cnt = selected;
	decoder->row_cnt = 0;
	decoder->any_rejected = false;
	decoder->scratch_len = 0;
}

/* ---- the two phases of any format ---- */

bool fb_decoder_add(struct fb_decoder *decoder, const uint8_t *data, uint32_t len, uint32_t *pos)
{
	bool done = decoder->add(decoder, data, len, pos);

	if (done) {
		decoder->counters.payloads++;
		decoder->counters.payload_bytes += len;
	}
	return done;
}

void fb_decoder_finish(struct fb_decoder *decoder, struct fb_batch *batch)
{
	decoder->finish(decoder, batch);
}

enum fb_decoder_seen fb_decoder_take_seen(struct fb_decoder *decoder)
{
	uint8_t seen = decoder->seen;

	decoder->seen = FB_SEEN_NOTHING;
	return (enum fb_decoder_seen)seen;
}

void fb_decoder_forget(struct fb_decoder *decoder, const struct fb_decode_counters *before)
{
	decoder->row_cnt = 0;
	decoder->any_rejected = false;
	decoder->scratch_len = 0;
	decoder->seen = FB_SEEN_NOTHING;
	decoder->counters = *before;
}
