/* SPDX-License-Identifier: Apache-2.0 */
/* Payloads to rows and fields. Hot: no allocation, no system call. */
#include "dataplane/format/csv.h"

/* A field between two breaks of a payload that may hold quotes, but only regular ones. As fb_csv_set. */
static inline uint32_t set_field(struct fb_csv_decoder *decoder, struct fb_decoder_column *column,
	uint32_t row, struct fb_str text, bool quoted)
{
	if (quoted && text.len >= 2 && (uint8_t)text.p[0] == decoder->chars.quote) {
		struct fb_str inner = {text.p + 1, text.len - 2};

		if (memchr(inner.p, decoder->chars.quote, inner.len) == NULL) {
			text = inner;
		} else {
			text = fb_csv_unquote(decoder, inner);
			if (text.p == NULL)
				return FB_REC_CNT;
		}
	}
	return fb_csv_set(decoder, column, row, text);
}

/* What is left of a scan. */
struct rows {
	uint32_t *positions; /* of delimiters and newlines; in front of them is room for one */
	uint32_t position_cnt;
	uint32_t newline_cnt;
	uint32_t start; /* offset of the first row */
};

/*
 * Rows whose every field_cnt-th structural character is a newline: column by column, without a look
 * at what is between. The common case: all rows of a well-formed payload without a NULL literal or
 * quote.
 */
static inline void set_rows_plain(struct fb_csv_decoder *decoder, const uint8_t *data,
	const struct rows *rows, uint32_t row_cnt)
{
	uint32_t step = decoder->base.field_cnt;

	for (uint32_t c = 0; c < decoder->base.column_cnt; c++) {
		struct fb_str *refs = decoder->base.columns[c].refs + decoder->base.row_cnt;
		const uint32_t *end = rows->positions + decoder->base.columns[c].field;

		for (uint32_t row = 0; row < row_cnt; row++, end += step)
			refs[row] = (struct fb_str){
				(const char *)data + (uint32_t)(end[-1] + 1), end[0] - end[-1] - 1};
	}
}

/* "\r\n": the carriage return is part of the line's end. Only the last field can hold it. */
static void strip_returns(struct fb_csv_decoder *decoder, uint32_t row_cnt)
{
	int16_t last = decoder->base.column_of_field[decoder->base.field_cnt - 1];

	for (uint32_t row = 0; last >= 0 && row < row_cnt; row++) {
		struct fb_str *ref = &decoder->base.columns[last].refs[decoder->base.row_cnt + row];

		ref->len -= ref->len > 0 && ref->p[ref->len - 1] == '\r';
	}
}

/* Rows at the front that have exactly field_cnt fields each; whether a carriage return may be in front of a line's end. */
static inline uint32_t regular_rows(const struct fb_csv_decoder *decoder, const uint8_t *data,
	const struct rows *rows, bool *ret_returns)
{
	uint32_t step = decoder->base.field_cnt;
	uint32_t max = FB_MIN(rows->newline_cnt, rows->position_cnt / step);
	uint32_t row = 0;

	*ret_returns = true;
	/*
	 * All of the payload regular is the rule: then the counts agree, and every step-th position
	 * is a newline. Asked at its front only, so that bad rows cost no more than their own
	 * length.
	 */
	if (rows->start == 0 && max == rows->newline_cnt) {
		const uint32_t *end = rows->positions + step - 1;
		bool bad = false;
		bool returns = false;

		for (row = 0; row < max; row++, end += step) {
			bad |= data[*end] != '\n';
			returns |= data[*end - (*end > 0)] == '\r';
		}
		*ret_returns = returns;
		if (!bad)
			return max;
	}
	for (row = 0; row < max; row++)
		for (uint32_t i = 0; i < step; i++)
			if ((data[rows->positions[row * step + i]] == '\n') != (i == step - 1))
				return row;
	return row;
}

/* The row in data[0, len), if there is one. False: the batch has to be finished first. */
static bool add_row(struct fb_csv_decoder *decoder, const uint8_t *data, uint32_t len)
{
	uint32_t scratch_len = decoder->base.scratch_len;
	uint32_t start = 0;
	uint32_t error;

	if (decoder->comments) {
		start = fb_csv_skip_comments(decoder, data, len);
		if (start == len)
			return true;
	}
	error = fb_csv_row(decoder, data + start, len - start, decoder->base.row_cnt);
	if (error)
		decoder->base.scratch_len = scratch_len;
	if (error == FB_REC_CNT) {
		if (decoder->base.row_cnt > 0)
			return false;
		error = FB_REC_QUOTE; /* more quoted or escaped text than a batch of the largest
					 datagrams can hold */
	}
	fb_decoder_put_row(&decoder->base, error);
	return true;
}

/* Regular rows of a payload with quotes, a NULL literal or Base64. Returns how many could be taken: all,
 * unless scratch ran out. */
static uint32_t set_rows_checked(struct fb_csv_decoder *decoder, const uint8_t *data,
	const struct rows *rows, uint32_t row_cnt, bool quoted)
{
	const uint32_t *positions = rows->positions;
	uint32_t step = decoder->base.field_cnt;

	for (uint32_t row = 0; row < row_cnt; row++) {
		uint32_t scratch_len = decoder->base.scratch_len;

		for (uint32_t c = 0; c < decoder->base.column_cnt; c++) {
			uint32_t at = row * step + decoder->base.columns[c].field;
			uint32_t from = positions[(int32_t)at - 1] + 1;
			uint32_t to = positions[at];
			uint32_t error;

			if (decoder->base.columns[c].field == step - 1 && to > from &&
				data[to - 1] == '\r')
				to--;
			error = set_field(decoder, &decoder->base.columns[c],
				decoder->base.row_cnt + row,
				(struct fb_str){(const char *)data + from, to - from}, quoted);
			if (error == FB_REC_CNT) {
				decoder->base.scratch_len = scratch_len;
				decoder->base.rejected[decoder->base.row_cnt + row] = 0;
				return row;
			}
			if (error)
				fb_decoder_reject(
					&decoder->base, decoder->base.row_cnt + row, error);
		}
	}
	return row_cnt;
}

/* Bytes of the line that begins at `line`, with its end; of a file: of the record. */
static uint32_t line_extent(const struct fb_csv_decoder *decoder, const uint8_t *line, uint32_t len)
{
	const uint8_t *end;
	bool open;

	if (decoder->spans_lines)
		return (uint32_t)fb_csv_extent(&decoder->lines, line, len, true, &open);
	end = memchr(line, '\n', len);
	return end ? (uint32_t)(end - line) + 1 : len;
}

/* The next line, alone. False: the batch has to be finished first. */
static bool add_line(
	struct fb_csv_decoder *decoder, const uint8_t *data, uint32_t len, uint32_t *pos)
{
	const uint8_t *line = data + *pos;
	uint32_t extent = line_extent(decoder, line, len - *pos);
	uint32_t line_len = extent - (extent > 0 && line[extent - 1] == '\n');

	if (decoder->base.row_cnt == FB_BATCH_ROWS ||
		!add_row(decoder, line, line_len - (line_len > 0 && line[line_len - 1] == '\r')))
		return false;
	*pos += extent;
	return true;
}

/* The regular rows at the front of `rows`. False: the batch has to be finished first. */
static bool add_regular(struct fb_csv_decoder *decoder, const uint8_t *base, struct rows *rows,
	bool quoted, uint32_t *ret_taken)
{
	uint32_t step = decoder->base.field_cnt;
	bool returns;
	uint32_t found = FB_MIN(
		regular_rows(decoder, base, rows, &returns), FB_BATCH_ROWS - decoder->base.row_cnt);
	uint32_t taken = found;

	/* The end of what is in front of the first row, so that all fields have one. */
	rows->positions[-1] = rows->start - 1;
	if (quoted || decoder->null_set || decoder->binary) {
		taken = set_rows_checked(decoder, base, rows, found, quoted);
	} else {
		set_rows_plain(decoder, base, rows, found);
		if (returns)
			strip_returns(decoder, found);
	}
	decoder->base.row_cnt += taken;
	decoder->base.counters.records += taken;
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
static bool add_scanned(struct fb_csv_decoder *decoder, const uint8_t *data, uint32_t len,
	uint32_t *pos, const struct fb_csv_scan *scan)
{
	const uint8_t *base = data + *pos;
	uint32_t from = *pos;
	struct rows rows = {decoder->positions, scan->position_cnt, scan->newline_cnt, 0};

	while (rows.newline_cnt > 0) {
		uint32_t taken;
		bool all = add_regular(decoder, base, &rows, scan->flags & FB_CSV_QUOTED, &taken);

		*pos = from + rows.start;
		if (!all && decoder->base.row_cnt > 0)
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

static uint8_t seen_of(const struct fb_csv_scan *scan)
{
	return scan->flags & FB_CSV_IRREGULAR ? FB_SEEN_IRREGULAR
	       : scan->flags & FB_CSV_QUOTED  ? FB_SEEN_QUOTES
					      : FB_SEEN_NOTHING;
}

static bool add_lines(
	struct fb_csv_decoder *decoder, const uint8_t *data, uint32_t len, uint32_t *pos)
{
	bool lone = decoder->comments || decoder->escaping;

	while (*pos < len) {
		uint32_t room = FB_BATCH_ROWS - decoder->base.row_cnt;

		if (room == 0)
			return false;
		if (lone) {
			decoder->base.seen = FB_SEEN_IRREGULAR;
			if (!add_line(decoder, data, len, pos))
				return false;
			continue;
		}

		struct fb_csv_scan scan = decoder->scan(
			data + *pos, len - *pos, decoder->chars, room, decoder->positions);

		decoder->base.seen = FB_MAX(decoder->base.seen, seen_of(&scan));
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
	struct fb_csv_decoder *decoder, const uint8_t *data, uint32_t len, uint32_t *pos)
{
	if (decoder->base.row_cnt == FB_BATCH_ROWS)
		return false;
	if (len == 0)
		fb_decoder_put_row(
			&decoder->base, FB_REC_ARITY); /* not one empty field, but none */
	else if (!add_row(decoder, data, len))
		return false;
	*pos = len;
	return true;
}

bool fb_csv_add(struct fb_decoder *base, const uint8_t *data, uint32_t len, uint32_t *pos)
{
	struct fb_csv_decoder *decoder = fb_csv_of(base);

	return base->framing == FB_FRAMING_NEWLINE ? add_lines(decoder, data, len, pos)
						   : add_datagram(decoder, data, len, pos);
}
