/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Payloads to records: lines or datagrams, each of them one object or an array of objects. Records
 * of a known shape are taken many at a time; the others one by one, and the last of these becomes a
 * shape. Hot: no allocation, no system call.
 */
#include "dataplane/format/json.h"

static void start_scan(struct fb_json_decoder *decoder, uint32_t from, uint32_t row_max)
{
	struct fb_json_scan *scan = &decoder->scan;

	*scan = (struct fb_json_scan){.from = from};
	decoder->scan_fn(decoder->data, decoder->len, decoder->line_end, row_max, scan,
		decoder->positions, decoder->blocks);
	/* What ends a datagram. */
	decoder->positions[scan->position_cnt] = decoder->len;
	decoder->next = 0;
	decoder->scan_number++;
}

/* ---- known shapes ---- */

/* Records at `start`; returns how many. The next positions are theirs. */
static uint32_t take_shape(struct fb_json_decoder *decoder, uint32_t start, uint32_t row_max)
{
	struct fb_decoder *base = &decoder->base;
	const struct fb_json_scan *scan = &decoder->scan;
	struct fb_json_take take = {
		.data = decoder->data,
		.positions = decoder->positions + decoder->next,
		.position_cnt =
			scan->position_cnt - decoder->next + (base->framing == FB_FRAMING_DATAGRAM),
		.start = start,
		.row = base->row_cnt,
		.row_max = row_max,
		.blocks = scan->blocks ? decoder->blocks : NULL,
		.blocks_from = scan->from,
		.any_null = &base->any_null,
	};

	for (uint32_t i = 0; i < FB_JSON_SHAPES; i++) {
		uint32_t number = (decoder->shape + i) % FB_JSON_SHAPES;
		const struct fb_json_shape *shape = &decoder->shapes[number];
		uint32_t rows = shape->piece_cnt > 0 ? decoder->take_fn(shape, &take) : 0;

		if (rows == 0)
			continue;
		base->row_cnt += rows;
		base->counters.records += rows;
		decoder->next += rows * (shape->quote_cnt + 1);
		decoder->shape = number;
		decoder->learn_pause -= decoder->learn_pause > 0;
		return rows;
	}
	return 0;
}

/* ---- any record ---- */

/* The object at decoder->at. False: the batch has to be finished first. */
static bool read_row(struct fb_json_decoder *decoder, uint32_t depth, bool *ret_broken)
{
	struct fb_decoder *base = &decoder->base;
	uint32_t scratch_len = base->scratch_len;
	uint32_t error = fb_json_object(decoder, depth);

	if (error)
		base->scratch_len = scratch_len;
	if (error == FB_REC_CNT) {
		if (base->row_cnt > 0)
			return false;
		error = FB_REC_JSON; /* more changed text than a batch of the largest datagrams can
					hold */
	}
	*ret_broken = error == FB_REC_JSON;
	fb_decoder_put_row(base, error);
	return true;
}

/* An element of an array. What is no object is a malformed record, and the array goes on. False:
 * finish first. */
static bool read_element(struct fb_json_decoder *decoder)
{
	uint32_t at = fb_json_skip_blanks(decoder, decoder->at);
	bool broken;

	decoder->at = at;
	if (at < decoder->len && decoder->data[at] == '{') {
		if (!read_row(decoder, 2, &broken))
			return false;
	} else {
		broken = fb_json_skip_value(decoder, 1, &at) != 0;
		decoder->at = at;
		fb_decoder_put_row(&decoder->base, FB_REC_JSON);
	}
	decoder->place = broken ? FB_JSON_OUTSIDE : FB_JSON_SEPARATOR;
	return true;
}

/* What is behind an element. */
static void read_separator(struct fb_json_decoder *decoder)
{
	uint32_t at = fb_json_skip_blanks(decoder, decoder->at);
	uint8_t c = at < decoder->len ? decoder->data[at] : 0;

	decoder->place = c == ',' ? FB_JSON_ELEMENT : FB_JSON_OUTSIDE;
	decoder->at = at + (c == ',');
	if (c != ',' && c != ']')
		fb_decoder_put_row(&decoder->base, FB_REC_JSON);
}

static bool read_array(struct fb_json_decoder *decoder)
{
	while (decoder->place != FB_JSON_OUTSIDE) {
		if (decoder->base.row_cnt == FB_BATCH_ROWS)
			return false;
		if (decoder->place == FB_JSON_SEPARATOR)
			read_separator(decoder);
		else if (!read_element(decoder))
			return false;
	}
	return true;
}

/* The document at decoder->at, where there is one more row. False: finish first; decoder->at is
 * where it goes on. */
static bool read_document(struct fb_json_decoder *decoder)
{
	uint32_t at = decoder->at;
	bool broken;
	uint8_t c;

	if (decoder->place != FB_JSON_OUTSIDE)
		return read_array(decoder);
	if (decoder->len - at >= 3 && memcmp(decoder->data + at, "\xef\xbb\xbf", 3) == 0)
		at += 3; /* the byte order mark of other systems' editors */
	at = fb_json_skip_blanks(decoder, at);
	c = at < decoder->len ? decoder->data[at] : 0;
	if (c == '{') {
		decoder->at = at;
		return read_row(decoder, 1, &broken);
	}
	if (c != '[') {
		fb_decoder_put_row(&decoder->base, FB_REC_JSON);
		return true;
	}
	at = fb_json_skip_blanks(decoder, at + 1);
	decoder->at = at;
	if (at < decoder->len && decoder->data[at] == ']')
		return true;
	decoder->place = FB_JSON_ELEMENT;
	return read_array(decoder);
}

static bool has_special(const struct fb_json_decoder *decoder, uint32_t start, uint32_t end)
{
	const struct fb_json_scan *scan = &decoder->scan;

	if (scan->blocks == 0)
		return false;
	for (uint32_t i = (start - scan->from) / 64; i <= (end - 1 - scan->from) / 64; i++)
		if (decoder->blocks[i])
			return true;
	return false;
}

/* ---- lines ---- */

/* Behind the line end; its rest is not read. */
static uint32_t skip_line(struct fb_json_decoder *decoder)
{
	for (;;) {
		uint32_t at = fb_json_peek(decoder);

		if (at == FB_JSON_NONE)
			return decoder->len;
		decoder->next++;
		if (decoder->data[at] == '\n')
			return at + 1;
	}
}

/* "\n" and "\r\n" alone are no records; the line end is the next position. */
static bool skip_empty(struct fb_json_decoder *decoder, uint32_t *pos)
{
	uint32_t at = *pos + (decoder->data[*pos] == '\r');

	if (at < decoder->len && decoder->data[at] != '\n')
		return false;
	*pos = skip_line(decoder);
	return true;
}

/* The next line, or as many as have a known shape. False: finish first. */
static bool add_line(struct fb_json_decoder *decoder, uint32_t *pos)
{
	struct fb_decoder *base = &decoder->base;
	uint32_t start = *pos;
	uint32_t first = decoder->next;
	uint32_t row = base->row_cnt;
	uint32_t scan_number = decoder->scan_number;
	bool one = decoder->place == FB_JSON_OUTSIDE;

	if (row == FB_BATCH_ROWS)
		return false;
	if (one && take_shape(decoder, start, FB_BATCH_ROWS - row) > 0) {
		*pos = decoder->positions[decoder->next - 1] + 1;
		return true;
	}
	if (one && skip_empty(decoder, pos))
		return true;
	decoder->at = start;
	if (!read_document(decoder)) {
		*pos = decoder->at;
		return false;
	}
	*pos = skip_line(decoder);
	if (one && base->row_cnt == row + 1 && base->rejected[row] == 0 &&
		decoder->data[start] == '{' && scan_number == decoder->scan_number &&
		decoder->data[*pos - 1] == '\n' && !has_special(decoder, start, *pos))
		fb_json_learn(decoder, start, first, *pos);
	return true;
}

static bool add_lines(struct fb_json_decoder *decoder, uint32_t *pos)
{
	while (*pos < decoder->len || decoder->place != FB_JSON_OUTSIDE) {
		uint32_t room = FB_BATCH_ROWS - decoder->base.row_cnt;

		if (room == 0)
			return false;
		start_scan(decoder, *pos, room);
		do {
			if (!add_line(decoder, pos))
				return false;
		} while (*pos < decoder->len && decoder->next < decoder->scan.position_cnt);
	}
	return true;
}

/* ---- datagrams ---- */

static bool add_datagram(struct fb_json_decoder *decoder, uint32_t *pos)
{
	struct fb_decoder *base = &decoder->base;
	uint32_t start = *pos;
	uint32_t row = base->row_cnt;
	bool one = decoder->place == FB_JSON_OUTSIDE;
	uint32_t scan_number;

	if (start == decoder->len && one)
		return true; /* empty: no record, as Flink has it with a Kafka message */
	if (row == FB_BATCH_ROWS)
		return false;
	start_scan(decoder, start, UINT32_MAX);
	scan_number = decoder->scan_number;
	if (one && decoder->scan.end == decoder->len && take_shape(decoder, start, 1) > 0) {
		*pos = decoder->len;
		return true;
	}
	decoder->at = start;
	if (!read_document(decoder)) {
		*pos = decoder->at;
		return false;
	}
	*pos = decoder->len;
	if (one && base->row_cnt == row + 1 && base->rejected[row] == 0 &&
		decoder->data[start] == '{' && scan_number == decoder->scan_number &&
		decoder->scan.end == decoder->len && !has_special(decoder, start, decoder->len)) {
		decoder->next = decoder->scan.position_cnt;
		fb_json_learn(decoder, start, 0, decoder->len);
	}
	return true;
}

bool fb_json_add(struct fb_decoder *base, const uint8_t *data, uint32_t len, uint32_t *pos)
{
	struct fb_json_decoder *decoder = fb_json_of(base);

	decoder->data = data;
	decoder->len = len;
	if (*pos == 0)
		decoder->place = FB_JSON_OUTSIDE;
	return base->framing == FB_FRAMING_NEWLINE ? add_lines(decoder, pos)
						   : add_datagram(decoder, pos);
}
