/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One CSV row, byte by byte, by the rules of Jackson's CSV parser 2.18, which Flink uses: a quote
 * counts only as the first byte of a field; inside, a doubled quote is a quote; blanks and control
 * characters behind the closing quote are passed over; the escape character gives the next byte as
 * it is, quoted or not, but for 0, n, r and t, which mean what they mean in C; one blank field too
 * many is a trailing delimiter. Used where the scan says that a payload is irregular, and for
 * escapes, comments and datagrams.
 */
#include "dataplane/format/csv.h"

struct fb_str fb_csv_unquote(struct fb_csv_decoder *decoder, struct fb_str inner)
{
	char *start = decoder->base.scratch + decoder->base.scratch_len;

	for (uint32_t i = 0; i < inner.len; i++) {
		if (!fb_decoder_scratch_put(&decoder->base, inner.p[i]))
			return (struct fb_str){NULL, 0};
		if ((uint8_t)inner.p[i] == decoder->chars.quote)
			i++;
	}
	return (struct fb_str){
		start, (uint32_t)(decoder->base.scratch + decoder->base.scratch_len - start)};
}

struct field {
	struct fb_str text;
	uint32_t next; /* offset of the delimiter or line end behind it, or len */
	uint32_t error;
};

/* A field while it is read: a piece of the payload, or from its first changed byte on a copy in the
 * scratch. */
struct reading {
	const uint8_t *data;
	uint32_t start;
	char *copy;
};

static bool is_row_end(const struct fb_csv_decoder *decoder, uint8_t c)
{
	return decoder->base.framing == FB_FRAMING_DATAGRAM && (c == '\n' || c == '\r');
}

static bool start_copy(struct fb_csv_decoder *decoder, struct reading *reading, uint32_t at)
{
	uint32_t len = at - reading->start;

	if (reading->copy != NULL)
		return true;
	if (len > decoder->base.scratch_cap - decoder->base.scratch_len)
		return false;
	reading->copy = decoder->base.scratch + decoder->base.scratch_len;
	memcpy(reading->copy, reading->data + reading->start, len);
	decoder->base.scratch_len += len;
	return true;
}

static struct fb_str end_reading(
	const struct fb_csv_decoder *decoder, const struct reading *reading, uint32_t at)
{
	if (reading->copy != NULL)
		return (struct fb_str){
			reading->copy, (uint32_t)(decoder->base.scratch +
						  decoder->base.scratch_len - reading->copy)};
	return (struct fb_str){(const char *)reading->data + reading->start, at - reading->start};
}

static char unescaped(uint8_t c)
{
	switch (c) {
	case '0':
		return '\0';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return (char)c;
	}
}

/* The byte behind an escape character at `at`. 0 or the error. */
static uint32_t put_escaped(struct fb_csv_decoder *decoder, struct reading *reading,
	const uint8_t *data, uint32_t len, uint32_t at)
{
	if (at + 1 >= len)
		return FB_REC_QUOTE;
	if (!start_copy(decoder, reading, at) ||
		!fb_decoder_scratch_put(&decoder->base, unescaped(data[at + 1])))
		return FB_REC_CNT;
	return 0;
}

static struct field quoted_field(
	struct fb_csv_decoder *decoder, const uint8_t *data, uint32_t len, uint32_t at)
{
	struct reading reading = {.data = data, .start = ++at};
	struct fb_str text = {NULL, 0};

	for (; at < len; at++) {
		uint8_t c = data[at];

		if (c == decoder->chars.quote) {
			if (at + 1 >= len || data[at + 1] != decoder->chars.quote) {
				text = end_reading(decoder, &reading, at++);
				break;
			}
			if (!start_copy(decoder, &reading, at))
				return (struct field){.error = FB_REC_CNT};
			at++;
		} else if (decoder->escaping && c == decoder->chars.escape) {
			uint32_t error = put_escaped(decoder, &reading, data, len, at++);

			if (error)
				return (struct field){.error = error};
			continue;
		}
		if (reading.copy != NULL && !fb_decoder_scratch_put(&decoder->base, (char)c))
			return (struct field){.error = FB_REC_CNT};
	}
	while (at < len && data[at] <= ' ' && data[at] != decoder->chars.delimiter &&
		!is_row_end(decoder, data[at]))
		at++;
	if (text.p == NULL || (at < len && data[at] != decoder->chars.delimiter &&
				      !is_row_end(decoder, data[at])))
		return (struct field){.error = FB_REC_QUOTE};
	return (struct field){.text = text, .next = at};
}

static struct field plain_field(
	struct fb_csv_decoder *decoder, const uint8_t *data, uint32_t len, uint32_t at)
{
	struct reading reading = {.data = data, .start = at};

	for (; at < len && data[at] != decoder->chars.delimiter && !is_row_end(decoder, data[at]);
		at++) {
		if (decoder->escaping && data[at] == decoder->chars.escape) {
			uint32_t error = put_escaped(decoder, &reading, data, len, at++);

			if (error)
				return (struct field){.error = error};
		} else if (reading.copy != NULL &&
			   !fb_decoder_scratch_put(&decoder->base, (char)data[at])) {
			return (struct field){.error = FB_REC_CNT};
		}
	}
	return (struct field){.text = end_reading(decoder, &reading, at), .next = at};
}

uint32_t fb_csv_skip_comments(
	const struct fb_csv_decoder *decoder, const uint8_t *data, uint32_t len)
{
	uint32_t at = 0;

	while (at < len) {
		if (data[at] == '#') {
			while (at < len && !is_row_end(decoder, data[at]))
				at++;
		} else if (data[at] != ' ' && !is_row_end(decoder, data[at])) {
			break;
		} else {
			at++;
		}
	}
	return at;
}

static bool is_blank(struct fb_str text)
{
	for (uint32_t i = 0; i < text.len; i++)
		if ((uint8_t)text.p[i] > ' ')
			return false;
	return true;
}

uint32_t fb_csv_row(struct fb_csv_decoder *decoder, const uint8_t *data, uint32_t len, uint32_t row)
{
	uint32_t at = 0;
	uint32_t field_cnt = 0;
	uint32_t wrong = 0;

	for (;;) {
		bool quoted = decoder->quoting && at < len && data[at] == decoder->chars.quote;
		struct field field = quoted ? quoted_field(decoder, data, len, at)
					    : plain_field(decoder, data, len, at);
		bool last = field.error || field.next >= len ||
			    data[field.next] != decoder->chars.delimiter;

		if (field.error)
			return field.error;
		if (field_cnt == decoder->base.field_cnt) {
			/* A trailing delimiter is forgiven; more is too much, errors ignored or
			 * not. */
			if (!last || !is_blank(field.text))
				return FB_REC_ARITY;
			break;
		}
		if (decoder->base.column_of_field[field_cnt] >= 0) {
			uint32_t error = fb_csv_set(decoder,
				&decoder->base.columns[decoder->base.column_of_field[field_cnt]],
				row, field.text);

			if (error == FB_REC_CNT)
				return error;
			wrong = wrong ? wrong : error;
		}
		field_cnt++;
		if (last)
			break;
		at = field.next + 1;
	}
	if (field_cnt < decoder->base.field_cnt && decoder->all_needed &&
		!decoder->base.ignore_errors)
		return FB_REC_ARITY;
	/* Fields that are not there are NULL. */
	for (uint32_t i = 0; i < decoder->base.column_cnt; i++)
		if (decoder->base.columns[i].field >= field_cnt) {
			decoder->base.columns[i].refs[row] = (struct fb_str){NULL, 0};
			decoder->base.any_null = true;
		}
	return wrong;
}
