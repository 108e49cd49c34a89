/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One CSV row, byte by byte, by the rules of Jackson's CSV parser, which Flink uses: a quote counts only as the first byte of a
 * field; inside, a doubled quote is a quote; blanks behind the closing quote are passed over; the escape character takes the
 * next byte as it is, quoted or not. Used where the scan says that a payload is irregular, and for escapes and comments.
 */
#include "dataplane/format/csv.h"

static bool scratch_put(struct fb_decoder *decoder, char c)
{
	if (decoder->scratch_len == decoder->scratch_cap)
		return false;
	decoder->scratch[decoder->scratch_len++] = c;
	return true;
}

struct fb_str fb_csv_unquote(struct fb_decoder *decoder, struct fb_str inner)
{
	char *start = decoder->scratch + decoder->scratch_len;

	for (uint32_t i = 0; i < inner.len; i++) {
		if (!scratch_put(decoder, inner.p[i]))
			return (struct fb_str){NULL, 0};
		if ((uint8_t)inner.p[i] == decoder->chars.quote)
			i++;
	}
	return (struct fb_str){start, (uint32_t)(decoder->scratch + decoder->scratch_len - start)};
}

struct field {
	struct fb_str text;
	uint32_t next; /* offset of the delimiter behind it, or len */
	uint32_t error;
};

static struct field quoted_field(struct fb_decoder *decoder, const uint8_t *data, uint32_t len, uint32_t at)
{
	char *start = decoder->scratch + decoder->scratch_len;
	bool closed = false;

	for (at++; at < len && !closed; at++) {
		uint8_t c = data[at];

		if (decoder->escaping && c == decoder->chars.escape && at + 1 < len) {
			c = data[++at];
		} else if (c == decoder->chars.quote) {
			if (at + 1 >= len || data[at + 1] != decoder->chars.quote) {
				closed = true;
				continue;
			}
			at++;
		}
		if (!scratch_put(decoder, (char)c))
			return (struct field){.error = FB_REC_CNT};
	}
	while (at < len && data[at] == ' ')
		at++;
	if (!closed || (at < len && data[at] != decoder->chars.delimiter))
		return (struct field){.error = FB_REC_QUOTE};
	return (struct field){
		.text = {start, (uint32_t)(decoder->scratch + decoder->scratch_len - start)}, .next = at};
}

static struct field plain_field(struct fb_decoder *decoder, const uint8_t *data, uint32_t len, uint32_t at)
{
	uint32_t start = at;
	char *copy = NULL;

	for (; at < len && data[at] != decoder->chars.delimiter; at++) {
		if (decoder->escaping && data[at] == decoder->chars.escape && at + 1 < len) {
			if (copy == NULL) {
				copy = decoder->scratch + decoder->scratch_len;
				for (uint32_t i = start; i < at; i++)
					if (!scratch_put(decoder, (char)data[i]))
						return (struct field){.error = FB_REC_CNT};
			}
			at++;
		}
		if (copy != NULL && !scratch_put(decoder, (char)data[at]))
			return (struct field){.error = FB_REC_CNT};
	}
	if (copy != NULL)
		return (struct field){.text = {copy, (uint32_t)(decoder->scratch + decoder->scratch_len - copy)},
			.next = at};
	return (struct field){.text = {(const char *)data + start, at - start}, .next = at};
}

uint32_t fb_csv_row(struct fb_decoder *decoder, const uint8_t *data, uint32_t len, uint32_t row)
{
	uint32_t at = 0;
	uint32_t field_cnt = 0;

	for (;;) {
		bool quoted = decoder->quoting && at < len && data[at] == decoder->chars.quote;
		struct field field = quoted ? quoted_field(decoder, data, len, at) : plain_field(decoder, data, len, at);

		if (field.error)
			return field.error;
		if (field_cnt < decoder->field_cnt && decoder->column_of_field[field_cnt] >= 0)
			fb_csv_set(decoder, &decoder->columns[decoder->column_of_field[field_cnt]], row, field.text);
		field_cnt++;
		if (field.next >= len)
			break;
		at = field.next + 1;
	}
	if (!decoder->ignore_errors &&
		(field_cnt > decoder->field_cnt || (field_cnt < decoder->field_cnt && decoder->all_needed)))
		return FB_REC_ARITY;
	/* Fields that are not there are NULL. */
	for (uint32_t i = 0; i < decoder->column_cnt; i++)
		if (decoder->columns[i].field >= field_cnt)
			decoder->columns[i].refs[row] = (struct fb_str){NULL, 0};
	return 0;
}
