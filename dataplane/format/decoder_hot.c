/* SPDX-License-Identifier: Apache-2.0 */
/* The two phases of CSV decoding. Hot: no allocation, no system call. */
#include "config/base/calendar.h"
#include "dataplane/format/csv.h"

/* ---- phase 1: records and fields ---- */

/* A field between two breaks of a payload that may hold quotes, but only regular ones. False: no
 * scratch left. */
static inline bool set_field(struct fb_decoder *decoder, struct fb_csv_column *column, uint32_t row,
	struct fb_str text, bool quoted)
{
	if (quoted && text.len >= 2 && (uint8_t)text.p[0] == decoder->chars.quote) {
		struct fb_str inner = {text.p + 1, text.len - 2};

		if (memchr(inner.p, decoder->chars.quote, inner.len) == NULL) {
			text = inner;
		} else {
			text = fb_csv_unquote(decoder, inner);
			if (text.p == NULL)
				return false;
		}
	}
	fb_csv_set(decoder, column, row, text);
	return true;
}

/* What is left of a scan. */
struct rows {
	const uint32_t *positions; /* of delimiters and newlines */
	uint32_t position_cnt;
	uint32_t newline_cnt;
	uint32_t start; /* offset of the first row; 0: positions are from the scan's begin */
};

/*
 * Rows whose every field_cnt-th structural character is a newline: column by column, without a look
 * at what is between. The common case: all rows of a well-formed payload without a NULL literal or
 * quote.
 */
static inline void set_rows_plain(
	struct fb_decoder *decoder, const uint8_t *data, const struct rows *rows, uint32_t row_cnt)
{
	const uint32_t *positions = rows->positions;
	uint32_t step = decoder->field_cnt;

	for (uint32_t c = 0; c < decoder->column_cnt; c++) {
		uint32_t field = decoder->columns[c].field;
		struct fb_str *refs = decoder->columns[c].refs + decoder->row_cnt;
		const uint32_t *end = positions + field;

		for (uint32_t row = 0; row < row_cnt; row++, end += step) {
			uint32_t from = field == 0 && row == 0 ? rows->start : end[-1] + 1;

			refs[row] = (struct fb_str){(const char *)data + from, *end - from};
		}
	}
}

/* "\r\n": the carriage return is part of the line's end. Only the last field can hold it. */
static inline void strip_returns(struct fb_decoder *decoder, uint32_t row_cnt)
{
	int16_t last = decoder->column_of_field[decoder->field_cnt - 1];

	for (uint32_t row = 0; last >= 0 && row < row_cnt; row++) {
		struct fb_str *ref = &decoder->columns[last].refs[decoder->row_cnt + row];

		ref->len -= ref->len > 0 && ref->p[ref->len - 1] == '\r';
	}
}

/* Rows at the front that have exactly field_cnt fields each. */
static inline uint32_t regular_rows(
	const struct fb_decoder *decoder, const uint8_t *data, const struct rows *rows)
{
	uint32_t step = decoder->field_cnt;
	uint32_t max = FB_MIN(rows->newline_cnt, rows->position_cnt / step);
	uint32_t row = 0;

	/*
	 * All of the payload regular is the rule: then the counts agree, and every step-th position
	 * is a newline. Asked at its front only, so that bad rows cost no more than their own
	 * length.
	 */
	if (rows->start == 0 && max == rows->newline_cnt) {
		uint32_t bad = 0;

		for (row = 0; row < max; row++)
			bad |= data[rows->positions[row * step + step - 1]] != '\n';
		if (!bad)
			return max;
	}
	for (row = 0; row < max; row++)
		for (uint32_t i = 0; i < step; i++)
			if ((data[rows->positions[row * step + i]] == '\n') != (i == step - 1))
				return row;
	return row;
}

static void put_row(struct fb_decoder *decoder, uint32_t disposition)
{
	decoder->rejected[decoder->row_cnt++] = (uint8_t)disposition;
	decoder->any_rejected |= disposition != 0;
	decoder->counters.records++;
}

/* The row in data[0, len), if there is one. False: the batch has to be finished first. */
static bool add_row(struct fb_decoder *decoder, const uint8_t *data, uint32_t len)
{
	uint32_t scratch_len = decoder->scratch_len;
	uint32_t start = 0;
	uint32_t error;

	if (decoder->comments) {
		start = fb_csv_skip_comments(decoder, data, len);
		if (start == len)
			return true;
	}
	error = fb_csv_row(decoder, data + start, len - start, decoder->row_cnt);
	if (error)
		decoder->scratch_len = scratch_len;
	if (error == FB_REC_CNT) {
		if (decoder->row_cnt > 0)
			return false;
		error = FB_REC_QUOTE; /* more quoted or escaped text than a batch of the largest
					 datagrams can hold */
	}
	put_row(decoder, error);
	return true;
}

/* Regular rows of a payload with quotes or a NULL literal. Returns how many could be taken: all,
 * unless scratch ran out. */
static uint32_t set_rows_checked(struct fb_decoder *decoder, const uint8_t *data,
	const struct rows *rows, uint32_t row_cnt, bool quoted)
{
	const uint32_t *positions = rows->positions;
	uint32_t step = decoder->field_cnt;

	for (uint32_t row = 0; row < row_cnt; row++) {
		uint32_t scratch_len = decoder->scratch_len;

		for (uint32_t c = 0; c < decoder->column_cnt; c++) {
			uint32_t at = row * step + decoder->columns[c].field;
			uint32_t from = at == 0 ? rows->start : positions[at - 1] + 1;
			uint32_t to = positions[at];

			if (decoder->columns[c].field == step - 1 && to > from &&
				data[to - 1] == '\r')
				to--;
			if (!set_field(decoder, &decoder->columns[c], decoder->row_cnt + row,
				    (struct fb_str){(const char *)data + from, to - from},
				    quoted)) {
				decoder->scratch_len = scratch_len;
				return row;
			}
		}
	}
	return row_cnt;
}

/* The next line, alone. False: the batch has to be finished first. */
static bool add_line(struct fb_decoder *decoder, const uint8_t *data, uint32_t len, uint32_t *pos)
{
	const uint8_t *line = data + *pos;
	const uint8_t *end = memchr(line, '\n', len - *pos);
	uint32_t line_len = end ? (uint32_t)(end - line) : len - *pos;

	if (decoder->row_cnt == FB_BATCH_ROWS ||
		!add_row(decoder, line, line_len - (line_len > 0 && line[line_len - 1] == '\r')))
		return false;
	*pos += line_len + (end != NULL);
	return true;
}

/* The regular rows at the front of `rows`. False: the batch has to be finished first. */
static bool add_regular(struct fb_decoder *decoder, const uint8_t *base, struct rows *rows,
	bool quoted, uint32_t *ret_taken)
{
	uint32_t step = decoder->field_cnt;
	uint32_t found =
		FB_MIN(regular_rows(decoder, base, rows), FB_BATCH_ROWS - decoder->row_cnt);
	uint32_t taken = found;

	if (quoted || decoder->null_set) {
		taken = set_rows_checked(decoder, base, rows, found, quoted);
	} else {
		set_rows_plain(decoder, base, rows, found);
		strip_returns(decoder, found);
	}
	memset(decoder->rejected + decoder->row_cnt, 0, taken);
	decoder->row_cnt += taken;
	decoder->counters.records += taken;
	if (taken > 0) {
		rows->start = rows->positions[taken * step - 1] + 1;
		rows->positions += taken * step;
		rows->position_cnt -= taken * step;
		rows->newline_cnt -= taken;
	}
	*ret_taken = taken;
	return taken == found;
}

/* The lines of a scan that is not irregular. False: the batch has to be finished first. */
static bool add_scanned(struct fb_decoder *decoder, const uint8_t *data, uint32_t len,
	uint32_t *pos, const struct fb_csv_scan *scan)
{
	const uint8_t *base = data + *pos;
	uint32_t from = *pos;
	struct rows rows = {decoder->positions, scan->position_cnt, scan->newline_cnt, 0};

	while (rows.newline_cnt > 0) {
		uint32_t taken;
		bool all = add_regular(decoder, base, &rows, scan->flags & FB_CSV_QUOTED, &taken);

		*pos = from + rows.start;
		if (!all && decoder->row_cnt > 0)
			return false;
		if (rows.newline_cnt == 0)
			break;
		/* A line with another count of fields, or one that alone needs more than all of the
		 * scratch. */
		if (!add_line(decoder, data, len, pos))
			return false;
		rows.start = *pos - from;
		rows.newline_cnt--;
		for (; rows.position_cnt > 0 && *rows.positions < rows.start; rows.positions++)
			rows.position_cnt--;
	}
	/* A last line without its newline, or one with more fields than there are positions. */
	if (*pos < len && (*pos == from || from + scan->scanned == len))
		return add_line(decoder, data, len, pos);
	return true;
}

static bool add_lines(struct fb_decoder *decoder, const uint8_t *data, uint32_t len, uint32_t *pos)
{
	bool lone = decoder->comments || decoder->escaping;

	while (*pos < len) {
		uint32_t room = FB_BATCH_ROWS - decoder->row_cnt;

		if (room == 0)
			return false;
		if (lone) {
			if (!add_line(decoder, data, len, pos))
				return false;
			continue;
		}

		struct fb_csv_scan scan = decoder->scan(
			data + *pos, len - *pos, decoder->chars, room, decoder->positions);

		if (!(scan.flags & FB_CSV_IRREGULAR)) {
			if (!add_scanned(decoder, data, len, pos, &scan))
				return false;
			continue;
		}
		/* The masks mean nothing behind what is irregular: line by line as far as the scan
		 * went, then a new one. */
		for (uint32_t end = *pos + scan.scanned; *pos < end;)
			if (!add_line(decoder, data, len, pos))
				return false;
	}
	return true;
}

/* The payload is one record; quoted newlines belong to it. */
static bool add_datagram(
	struct fb_decoder *decoder, const uint8_t *data, uint32_t len, uint32_t *pos)
{
	if (decoder->row_cnt == FB_BATCH_ROWS)
		return false;
	if (len == 0)
		put_row(decoder, FB_REC_ARITY); /* not one empty field, but none */
	else if (!add_row(decoder, data, len))
		return false;
	*pos = len;
	return true;
}

bool fb_decoder_add(struct fb_decoder *decoder, const uint8_t *data, uint32_t len, uint32_t *pos)
{
	bool done = decoder->framing == FB_FRAMING_NEWLINE ? add_lines(decoder, data, len, pos)
							   : add_datagram(decoder, data, len, pos);

	if (done) {
		decoder->counters.payloads++;
		decoder->counters.payload_bytes += len;
	}
	return done;
}

/* ---- phase 2: values ---- */

static inline void reject(struct fb_decoder *decoder, uint32_t row, uint32_t disposition)
{
	if (decoder->rejected[row] == 0)
		decoder->rejected[row] = (uint8_t)disposition;
}

/* A field that does not read: NULL where errors are ignored, else the end of its row. */
static void bad_field(struct fb_decoder *decoder, const struct fb_csv_column *from,
	struct fb_column *to, uint32_t row, uint32_t disposition)
{
	if (!decoder->ignore_errors) {
		reject(decoder, row, disposition);
		return;
	}
	decoder->counters.null_fields++;
	if (from->type.not_null)
		reject(decoder, row, FB_REC_NULL_VIOLATION);
	to->has_null = true;
	fb_column_set_valid(to, row, false);
}

static void find_nulls(
	struct fb_decoder *decoder, const struct fb_csv_column *from, struct fb_column *to)
{
	to->has_null = false;
	memset(to->valid, 0xff, FB_BATCH_WORDS * sizeof(uint64_t));
	for (uint32_t row = 0; row < decoder->row_cnt; row++) {
		if (FB_LIKELY(from->refs[row].p != NULL) || decoder->rejected[row] != 0)
			continue;
		to->has_null = true;
		fb_column_set_valid(to, row, false);
		if (from->type.not_null)
			reject(decoder, row, FB_REC_NULL_VIOLATION);
	}
}

static inline bool skip(
	const struct fb_decoder *decoder, const struct fb_csv_column *from, uint32_t row)
{
	return decoder->rejected[row] != 0 || from->refs[row].p == NULL;
}

static void convert_integers(
	struct fb_decoder *decoder, const struct fb_csv_column *from, struct fb_column *to)
{
	enum fb_type_kind kind = (enum fb_type_kind)from->type.kind;

	for (uint32_t row = 0; row < decoder->row_cnt; row++)
		if (!skip(decoder, from, row) &&
			fb_convert_integer(from->refs[row], kind, &to->i64[row]) != FB_CONVERTED)
			bad_field(decoder, from, to, row, FB_REC_NUMBER);
}

/*
 * "yyyy-MM-dd HH:mm:ss.SSS", whose first 16 bytes are mostly those of the row before: then only
 * seconds and milliseconds are read, from one word.
 */
static inline bool timestamp_fast(struct fb_csv_column *from, struct fb_str text, int64_t *ret)
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

static void convert_timestamps(
	struct fb_decoder *decoder, struct fb_csv_column *from, struct fb_column *to)
{
	bool fast = from->type.kind == FB_T_TIMESTAMP && from->type.precision == 3;

	for (uint32_t row = 0; row < decoder->row_cnt; row++) {
		struct fb_str text = from->refs[row];

		if (skip(decoder, from, row) || (fast && timestamp_fast(from, text, &to->i64[row])))
			continue;
		if (fb_convert_timestamp(text, from->type, &to->i64[row]) != FB_CONVERTED) {
			bad_field(decoder, from, to, row, FB_REC_DATETIME);
		} else if (fast && text.len == 23 && text.p[10] == ' ' &&
			   (text.p[11] != '2' || text.p[12] < '4')) {
			/* 24:00 rolls into the next day and is left out. */
			memcpy(from->dates.text, text.p, sizeof(from->dates.text));
			from->dates.minute_ms = fb_floor_div(to->i64[row], 60000) * 60000;
		}
	}
}

static void convert_dates(
	struct fb_decoder *decoder, const struct fb_csv_column *from, struct fb_column *to)
{
	for (uint32_t row = 0; row < decoder->row_cnt; row++)
		if (!skip(decoder, from, row) &&
			fb_convert_date(from->refs[row], &to->i64[row]) != FB_CONVERTED)
			bad_field(decoder, from, to, row, FB_REC_DATETIME);
}

static void convert_doubles(
	struct fb_decoder *decoder, const struct fb_csv_column *from, struct fb_column *to)
{
	for (uint32_t row = 0; row < decoder->row_cnt; row++)
		if (!skip(decoder, from, row) &&
			fb_convert_double(from->refs[row], from->type.kind == FB_T_FLOAT,
				&to->f64[row]) != FB_CONVERTED)
			bad_field(decoder, from, to, row, FB_REC_NUMBER);
}

static void convert_booleans(
	struct fb_decoder *decoder, const struct fb_csv_column *from, struct fb_column *to)
{
	for (uint32_t row = 0; row < decoder->row_cnt; row++)
		if (!skip(decoder, from, row))
			to->i64[row] = fb_convert_boolean(from->refs[row]);
}

/* Texts of rows that are NULL or rejected are empty, not old pointers: a kernel may look at all
 * rows. */
static void copy_texts(
	struct fb_decoder *decoder, const struct fb_csv_column *from, struct fb_column *to)
{
	memcpy(to->str, from->refs, decoder->row_cnt * sizeof(*to->str));
	for (uint32_t row = 0; (to->has_null || decoder->any_rejected) && row < decoder->row_cnt;
		row++)
		if (skip(decoder, from, row))
			to->str[row] = FB_STR("");
}

static void convert_column(
	struct fb_decoder *decoder, struct fb_csv_column *from, struct fb_column *to)
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
	case FB_T_CHAR:
	case FB_T_VARCHAR:
		copy_texts(decoder, from, to);
		break;
	default:
		convert_integers(decoder, from, to);
		break;
	}
}

void fb_decoder_finish(struct fb_decoder *decoder, struct fb_batch *batch)
{
	uint32_t selected = 0;

	for (uint32_t c = 0; c < decoder->column_cnt; c++)
		convert_column(
			decoder, &decoder->columns[c], &batch->columns[decoder->columns[c].field]);
	for (uint32_t row = 0; row < decoder->row_cnt; row++) {
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
