/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Binary records to columns: where the records are while payloads are added, one loop for each
 * column when the batch is finished. Hot: no allocation, no system call.
 */
#include "dataplane/format/binary.h"

/* ---- phase 1 ---- */

/* What a rejected record reads as. */
static const uint8_t nothing[FB_LAYOUT_RECORD_BYTES_MAX + FB_PAYLOAD_PAD_BYTES];

static inline uint64_t load_unsigned(const uint8_t *p, uint32_t bytes, bool big_endian)
{
	uint64_t value = 0;

	memcpy(&value, p, bytes);
	return big_endian ? __builtin_bswap64(value) >> (64 - bytes * 8) : value;
}

static uint64_t header_value(const struct fb_layout_field *field, const uint8_t *data)
{
	return load_unsigned(data + field->offset, field->bytes, field->big_endian);
}

static void reject(struct fb_binary_decoder *decoder, uint32_t disposition)
{
	decoder->records[decoder->base.row_cnt] = nothing;
	fb_decoder_put_row(&decoder->base, disposition);
}

/* So far apart that it is another sender's count, or one that began anew. */
#define SEQUENCE_RESTART 100000

/* Lost: a step forward. What comes later than its place, or twice, is counted apart. */
static void follow_sequence(struct fb_binary_decoder *decoder, uint64_t sequence, uint64_t records)
{
	const struct fb_layout *layout = decoder->layout;
	struct fb_decode_counters *counters = &decoder->base.counters;
	uint32_t shift = 64 - layout->sequence.bytes * 8;
	uint64_t unit = layout->sequence_counts_records ? records : 1;
	/* Signed in the width of the field, so that it may wrap. */
	int64_t gap = (int64_t)((sequence - decoder->sequence_next) << shift) >> shift;

	if (!decoder->sequence_known || gap > SEQUENCE_RESTART || gap < -SEQUENCE_RESTART) {
		counters->sequence_restarts += decoder->sequence_known;
		gap = 0;
		decoder->sequence_known = true;
	}
	if (gap < 0) {
		counters->sequence_late++;
		return;
	}
	counters->sequence_gaps += gap > 0;
	counters->sequence_lost += (uint64_t)gap;
	decoder->sequence_next = sequence + unit;
}

/* False: the datagram is one malformed record. */
static bool read_header(struct fb_binary_decoder *decoder, const uint8_t *data, uint32_t len)
{
	const struct fb_layout *layout = decoder->layout;
	uint64_t records;

	if (len < layout->header_bytes)
		return false;
	if (layout->has_magic && header_value(&layout->magic, data) != layout->magic_value)
		return false;
	records = (len - layout->header_bytes) / layout->record_bytes;
	if (layout->has_count && header_value(&layout->count, data) != records)
		return false;
	if (layout->has_sequence)
		follow_sequence(decoder, header_value(&layout->sequence, data), records);
	return true;
}

bool fb_binary_add(struct fb_decoder *base, const uint8_t *data, uint32_t len, uint32_t *pos)
{
	struct fb_binary_decoder *decoder = fb_binary_of(base);
	const struct fb_layout *layout = decoder->layout;
	uint32_t room = FB_BATCH_ROWS - base->row_cnt;
	uint32_t cnt;

	if (room == 0 && *pos < len)
		return false;
	if (*pos == 0 && layout->header_bytes > 0 && len > 0) {
		if (!read_header(decoder, data, len)) {
			reject(decoder, FB_REC_HEADER);
			*pos = len;
			return true;
		}
		*pos = layout->header_bytes;
	}
	cnt = FB_MIN((len - *pos) / layout->record_bytes, room);
	if (cnt > 0) {
		for (uint32_t i = 0; i < cnt; i++)
			decoder->records[base->row_cnt + i] =
				data + *pos + (size_t)i * layout->record_bytes;
		memset(base->rejected + base->row_cnt, 0, cnt);
		base->row_cnt += cnt;
		base->counters.records += cnt;
		*pos += cnt * layout->record_bytes;
	}
	if (*pos == len)
		return true;
	if (base->row_cnt == FB_BATCH_ROWS)
		return false;
	reject(decoder, FB_REC_REMAINDER);
	*pos = len;
	return true;
}

/* ---- phase 2 ---- */

/* One loop per width, sign and byte order: the flags are constants where this is inlined. */
__attribute__((always_inline)) static inline void read_integers_as(
	const struct fb_binary_decoder *decoder, const struct fb_binary_column *column,
	uint32_t bytes, bool is_signed, bool big_endian, int64_t *out)
{
	uint32_t shift = is_signed ? 64 - bytes * 8 : 0;
	uint32_t offset = column->field.offset;

	for (uint32_t row = 0; row < decoder->base.row_cnt; row++) {
		uint64_t value = load_unsigned(decoder->records[row] + offset, bytes, big_endian);

		out[row] = (int64_t)(value << shift) >> shift;
	}
}

__attribute__((always_inline)) static inline void read_integers_in(
	const struct fb_binary_decoder *decoder, const struct fb_binary_column *column,
	bool big_endian, int64_t *out)
{
	switch (column->field.type) {
	case FB_LAYOUT_INT8:
		read_integers_as(decoder, column, 1, true, false, out);
		break;
	case FB_LAYOUT_INT16:
		read_integers_as(decoder, column, 2, true, big_endian, out);
		break;
	case FB_LAYOUT_INT32:
		read_integers_as(decoder, column, 4, true, big_endian, out);
		break;
	case FB_LAYOUT_UINT8:
		read_integers_as(decoder, column, 1, false, false, out);
		break;
	case FB_LAYOUT_UINT16:
		read_integers_as(decoder, column, 2, false, big_endian, out);
		break;
	case FB_LAYOUT_UINT32:
		read_integers_as(decoder, column, 4, false, big_endian, out);
		break;
	default: /* unsigned ones are told apart by refuse_negatives */
		read_integers_as(decoder, column, 8, false, big_endian, out);
		break;
	}
}

/* What is above the range of BIGINT is negative here. */
static void refuse_negatives(struct fb_binary_decoder *decoder, const int64_t *values)
{
	int64_t all = 0;

	for (uint32_t row = 0; row < decoder->base.row_cnt; row++)
		all |= values[row];
	for (uint32_t row = 0; all < 0 && row < decoder->base.row_cnt; row++)
		if (values[row] < 0)
			fb_decoder_reject(&decoder->base, row, FB_REC_NUMBER);
}

static void read_integers(
	struct fb_binary_decoder *decoder, const struct fb_binary_column *column, int64_t *out)
{
	if (column->field.big_endian)
		read_integers_in(decoder, column, true, out);
	else
		read_integers_in(decoder, column, false, out);
	if (column->field.type == FB_LAYOUT_UINT64)
		refuse_negatives(decoder, out);
	for (uint32_t row = 0; column->type.kind == FB_T_BOOLEAN && row < decoder->base.row_cnt;
		row++)
		out[row] = out[row] != 0;
}

static void read_floats(
	const struct fb_binary_decoder *decoder, const struct fb_binary_column *column, double *out)
{
	const struct fb_layout_field *field = &column->field;

	for (uint32_t row = 0; row < decoder->base.row_cnt; row++) {
		uint64_t bits = load_unsigned(
			decoder->records[row] + field->offset, field->bytes, field->big_endian);
		uint32_t single_bits = (uint32_t)bits;
		float single;

		memcpy(&single, &single_bits, sizeof(single));
		memcpy(&out[row], &bits, sizeof(bits));
		out[row] = field->type == FB_LAYOUT_FLOAT32 ? (double)single : out[row];
	}
}

/* Bytes in front of the first zero, of at most 8. */
static inline uint32_t short_len(const uint8_t *p, uint32_t bytes)
{
	uint64_t word;
	uint64_t zeros;

	memcpy(&word, p, sizeof(word)); /* reads behind the field: at most into the padding */
	zeros = (word - 0x0101010101010101u) & ~word & 0x8080808080808080u;
	zeros |= bytes < 8 ? 0x80ull << bytes * 8 : 0;
	return zeros ? (uint32_t)__builtin_ctzll(zeros) / 8 : 8;
}

static uint32_t long_len(const uint8_t *p, uint32_t bytes)
{
	const uint8_t *end = memchr(p, 0, bytes);

	return end ? (uint32_t)(end - p) : bytes;
}

static void read_texts(const struct fb_binary_decoder *decoder,
	const struct fb_binary_column *column, struct fb_str *out)
{
	uint32_t bytes = column->field.bytes;

	for (uint32_t row = 0; row < decoder->base.row_cnt; row++) {
		const uint8_t *p = decoder->records[row] + column->field.offset;
		uint32_t len = bytes <= 8 ? short_len(p, bytes) : long_len(p, bytes);

		out[row] = (struct fb_str){(const char *)p, len};
	}
}

static void read_bytes(const struct fb_binary_decoder *decoder,
	const struct fb_binary_column *column, struct fb_str *out)
{
	for (uint32_t row = 0; row < decoder->base.row_cnt; row++) {
		const uint8_t *p = decoder->records[row];
		uint32_t len = p == nothing ? 0 : column->field.bytes;

		out[row] = (struct fb_str){(const char *)p + column->field.offset, len};
	}
}

static void read_column(struct fb_binary_decoder *decoder, const struct fb_binary_column *column,
	struct fb_column *to)
{
	to->has_null = false;
	switch (column->field.type) {
	case FB_LAYOUT_TEXT:
		read_texts(decoder, column, to->str);
		break;
	case FB_LAYOUT_BYTES:
		read_bytes(decoder, column, to->str);
		break;
	case FB_LAYOUT_FLOAT32:
	case FB_LAYOUT_FLOAT64:
		read_floats(decoder, column, to->f64);
		break;
	default:
		read_integers(decoder, column, to->i64);
		break;
	}
}

void fb_binary_finish(struct fb_decoder *base, struct fb_batch *batch)
{
	struct fb_binary_decoder *decoder = fb_binary_of(base);

	for (uint32_t c = 0; c < base->column_cnt; c++)
		read_column(
			decoder, &decoder->columns[c], &batch->columns[decoder->columns[c].column]);
	fb_decoder_select(base, batch);
}
