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
	for (uint32_t row = 0; decoder->any_null && row < decoder->row_cnt; row++) {
		if (FB_LIKELY(from->refs[row].p != NULL) || decoder->rejected[row] != 0)
			continue;
		set_null(decoder, from, to, row);
	}
}

/* No row of the column is to be passed over: then the loops do not ask. */
static inline bool is_whole(const struct fb_decoder *decoder, const struct fb_column *to)
{
	return !decoder->any_rejected && !to->has_null;
}

static inline bool skip(
	const struct fb_decoder *decoder, const struct fb_decoder_column *from, uint32_t row)
{
	return decoder->rejected[row] != 0 || from->refs[row].p == NULL;
}

/* What is more than digits. */
static void convert_integer(struct fb_decoder *decoder, const struct fb_decoder_column *from,
	struct fb_column *to, uint32_t row)
{
	enum fb_type_kind kind = (enum fb_type_kind)from->type.kind;
	struct fb_str text = from->refs[row];

	if (fb_convert_integer(text, kind, &to->i64[row]) == FB_CONVERTED)
		return;
	if (from->kinds == NULL || from->kinds[row] != FB_REF_NUMBER ||
		fb_convert_fraction(text, kind, &to->i64[row]) != FB_CONVERTED)
		bad_field(decoder, from, to, row, FB_REC_NUMBER);
}

static void convert_integers(
	struct fb_decoder *decoder, const struct fb_decoder_column *from, struct fb_column *to)
{
	uint64_t max = fb_convert_integer_max((enum fb_type_kind)from->type.kind);
	bool whole = is_whole(decoder, to);

	for (uint32_t row = 0; row < decoder->row_cnt; row++) {
		if (whole)
			row = decoder->integers(from->refs, row, decoder->row_cnt, max, to->i64);
		if (row < decoder->row_cnt && !skip(decoder, from, row))
			convert_integer(decoder, from, to, row);
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

static enum fb_convert_result read_timestamp(
	const struct fb_decoder *decoder, struct fb_str text, struct fb_type type, int64_t *ret)
{
	if (decoder->rules == FB_TEXT_CSV)
		return fb_convert_timestamp(text, type, ret);
	return fb_convert_json_timestamp(text, type, decoder->rules == FB_TEXT_JSON_ISO, ret);
}

/* By the rules of the format; its date is that of the next ones. */
static void convert_timestamp(struct fb_decoder *decoder, struct fb_decoder_column *from,
	struct fb_column *to, uint32_t row)
{
	char separator = decoder->rules == FB_TEXT_JSON_ISO ? 'T' : ' ';
	struct fb_str text = from->refs[row];

	if (read_timestamp(decoder, text, from->type, &to->i64[row]) != FB_CONVERTED) {
		bad_field(decoder, from, to, row, FB_REC_DATETIME);
	} else if (text.len == 23 && text.p[10] == separator &&
		   (text.p[11] != '2' || text.p[12] < '4')) {
		memcpy(&from->dates.head, text.p, sizeof(from->dates.head));
		memcpy(&from->dates.tail, text.p + 7, sizeof(from->dates.tail));
		from->dates.day_ms = fb_floor_div(to->i64[row], FB_MS_PER_DAY) * FB_MS_PER_DAY;
	}
}

static void convert_timestamps(
	struct fb_decoder *decoder, struct fb_decoder_column *from, struct fb_column *to)
{
	bool fast = from->type.kind == FB_T_TIMESTAMP && from->type.precision == 3 && is_whole(decoder, to);

	if (from->dates.head == 0) {
		memcpy(&from->dates.head, "1970-01-", sizeof(from->dates.head));
		memcpy(&from->dates.tail, decoder->rules == FB_TEXT_JSON_ISO ? "-01T" : "-01 ",
			sizeof(from->dates.tail));
	}
	for (uint32_t row = 0; row < decoder->row_cnt; row++) {
		if (fast)
			row = decoder->timestamps(from->refs, row, decoder->row_cnt, &from->dates, to->i64);
		if (row < decoder->row_cnt && !skip(decoder, from, row))
			convert_timestamp(decoder, from, to, row);
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
	for (uint32_t row = 0; !is_whole(decoder, to) && row < decoder->row_cnt; row++)
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
	if (decoder->any_rejected)
		memset(decoder->rejected, 0, decoder->row_cnt);
	decoder->counters.decoded += selected;
	batch->row_cnt = decoder->row_cnt;
	batch->sel_cnt = selected;
	decoder->row_cnt = 0;
	decoder->any_rejected = false;
	decoder->any_null = false;
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
