/* SPDX-License-Identifier: Apache-2.0 */
#include "reference.h"

#include <errno.h>
#include <stdlib.h>

enum state { FIELD_BEGIN, PLAIN, PLAIN_ESCAPE, QUOTED, QUOTED_ESCAPE, QUOTE_SEEN, BEHIND_QUOTE };

struct row {
	const struct reference *reference;
	struct fb_buf fields[64]; /* of the first ones */
	uint32_t field_cnt;       /* complete ones */
	enum fb_record_disposition error;
};

static bool ends_field(const struct reference *reference, uint8_t c)
{
	return c == reference->delimiter;
}

static bool ends_row(const struct reference *reference, uint8_t c)
{
	return reference->framing == FB_FRAMING_DATAGRAM && (c == '\n' || c == '\r');
}

static void put(struct row *row, uint8_t c)
{
	if (row->field_cnt < 64)
		fb_buf_add_char(&row->fields[row->field_cnt], (char)c);
}

static uint8_t meant(uint8_t c)
{
	const char *names = "0nrt";
	const char *values = "\0\n\r\t";
	const char *at = c ? strchr(names, c) : NULL;

	return at ? (uint8_t)values[at - names] : c;
}

/* One byte. False: the row ends in front of it, or is wrong. */
static bool step(struct row *row, enum state *state, uint8_t c)
{
	const struct reference *reference = row->reference;

	if (*state == QUOTE_SEEN) {
		if (c == reference->quote) {
			put(row, c);
			*state = QUOTED;
			return true;
		}
		*state = BEHIND_QUOTE;
	}
	switch (*state) {
	case PLAIN_ESCAPE:
	case QUOTED_ESCAPE:
		put(row, meant(c));
		*state = *state == PLAIN_ESCAPE ? PLAIN : QUOTED;
		return true;
	case QUOTED:
		if (c == reference->quote)
			*state = QUOTE_SEEN;
		else if (c == reference->escape)
			*state = QUOTED_ESCAPE;
		else
			put(row, c);
		return true;
	case BEHIND_QUOTE:
	case FIELD_BEGIN:
	case PLAIN:
		if (ends_field(reference, c)) {
			row->field_cnt++;
			*state = FIELD_BEGIN;
			return true;
		}
		if (ends_row(reference, c))
			return false;
		break;
	default:
		abort();
	}
	if (*state == BEHIND_QUOTE) {
		if (c > ' ')
			row->error = FB_REC_QUOTE;
		return c <= ' ';
	}
	if (*state == FIELD_BEGIN && c == reference->quote) {
		*state = QUOTED;
	} else if (c == reference->escape) {
		*state = PLAIN_ESCAPE;
	} else {
		put(row, c);
		*state = PLAIN;
	}
	return true;
}

/* The field behind the last one may be there where it is blank. */
static bool too_many(const struct row *row, bool ended)
{
	uint32_t allowed = row->reference->field_cnt;

	if (row->field_cnt > allowed + 1 || (row->field_cnt == allowed + 1 && !ended))
		return true;
	for (size_t i = 0; row->field_cnt == allowed + 1 && i < row->fields[allowed].len; i++)
		if ((uint8_t)row->fields[allowed].p[i] > ' ')
			return true;
	return false;
}

static void parse_row(struct row *row, const uint8_t *data, uint32_t len)
{
	enum state state = FIELD_BEGIN;

	for (uint32_t i = 0; i < len && step(row, &state, data[i]); i++)
		if (state == FIELD_BEGIN && too_many(row, false)) {
			row->error = FB_REC_ARITY; /* seen before what is wrong behind it */
			return;
		}
	if (state == QUOTED || state == QUOTED_ESCAPE || state == PLAIN_ESCAPE)
		row->error = FB_REC_QUOTE;
	if (row->error)
		return;
	row->field_cnt++;
	if (too_many(row, true))
		row->error = FB_REC_ARITY;
}

/* Java's Long.parseLong after String.trim, by the C library. */
static bool read_integer(const struct fb_buf *text, long long *ret)
{
	const char *p = text->p ? text->p : "";
	size_t len = text->len;
	char copy[512];
	char *end;

	while (len && (uint8_t)*p <= ' ')
		p++, len--;
	while (len && (uint8_t)p[len - 1] <= ' ')
		len--;
	if (len == 0 || len >= sizeof(copy))
		return false;
	memcpy(copy, p, len);
	copy[len] = '\0';
	for (size_t i = 0; i < len; i++)
		if (!((copy[i] >= '0' && copy[i] <= '9') ||
			    (i == 0 && (copy[i] == '-' || copy[i] == '+'))))
			return false;
	errno = 0;
	*ret = strtoll(copy, &end, 10);
	return errno == 0 && end == copy + len && end[-1] >= '0';
}

static void print_field(struct row *row, uint32_t i, struct fb_buf *line)
{
	const struct reference *reference = row->reference;
	const struct fb_buf *text = &row->fields[i];
	struct fb_str literal = fb_str_from(reference->null_literal ? reference->null_literal : "");
	long long number;

	if (i >= row->field_cnt ||
		(reference->null_literal && text->len == literal.len &&
			memcmp(text->p ? text->p : "", literal.p, literal.len) == 0)) {
		fb_buf_add_char(line, '~');
	} else if (!(reference->integers >> i & 1)) {
		fb_buf_add(line, text->p ? text->p : "", text->len);
	} else if (read_integer(text, &number)) {
		fb_buf_printf(line, "%lld", number);
	} else if (reference->ignore_errors) {
		fb_buf_add_char(line, '~');
	} else {
		row->error = FB_REC_NUMBER;
	}
}

static void finish_row(struct row *row, struct fb_buf *rows, uint64_t rejected[FB_REC_CNT])
{
	const struct reference *reference = row->reference;
	uint64_t all = (1ull << reference->field_cnt) - 1;
	struct fb_buf line = {0};

	if (!row->error && row->field_cnt < reference->field_cnt &&
		(reference->needed & all) == all && !reference->ignore_errors)
		row->error = FB_REC_ARITY;
	for (uint32_t i = 0; i < reference->field_cnt && !row->error; i++) {
		if (!(reference->needed >> i & 1))
			continue;
		if (reference->needed & ((1ull << i) - 1))
			fb_buf_add_char(&line, '|');
		print_field(row, i, &line);
	}
	if (row->error) {
		rejected[row->error]++;
	} else {
		fb_buf_add(rows, line.p ? line.p : "", line.len);
		fb_buf_add_char(rows, '\n');
	}
	fb_buf_fini(&line);
}

static void decode_row(const struct reference *reference, const uint8_t *data, uint32_t len,
	struct fb_buf *rows, uint64_t rejected[FB_REC_CNT])
{
	struct row row = {.reference = reference};
	bool comment = false;
	uint32_t start = 0;

	for (; reference->comments && start < len; start++) {
		if (ends_row(reference, data[start]))
			comment = false;
		else if (data[start] == '#')
			comment = true;
		else if (!comment && data[start] != ' ')
			break;
	}
	if (reference->comments && start == len)
		return;
	parse_row(&row, data + start, len - start);
	finish_row(&row, rows, rejected);
	for (uint32_t i = 0; i < 64; i++)
		fb_buf_fini(&row.fields[i]);
}

void reference_decode(const struct reference *reference, const uint8_t *data, uint32_t len,
	struct fb_buf *rows, uint64_t rejected[FB_REC_CNT])
{
	uint32_t start = 0;

	if (reference->framing == FB_FRAMING_DATAGRAM) {
		if (len == 0)
			rejected[FB_REC_ARITY]++;
		else
			decode_row(reference, data, len, rows, rejected);
		return;
	}
	for (uint32_t i = 0; i <= len; i++) {
		if (i < len ? data[i] != '\n' : start == len)
			continue;

		uint32_t end = i > start && data[i - 1] == '\r' ? i - 1 : i;

		decode_row(reference, data + start, end - start, rows, rejected);
		start = i + 1;
	}
}
