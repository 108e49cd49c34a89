/* SPDX-License-Identifier: Apache-2.0 */
/* Rows as Flink's CSV and JSON formats write them (semantics 1.5). */
#include "dataplane/format/writer.h"

#include <math.h>
#include <stdlib.h>
#include <strings.h>

#include "config/base/calendar.h"
#include "config/base/errcode.h"
#include "dataplane/format/option.h"
#include "dataplane/format/value_text.h"

/* Jackson quotes without looking any value that is longer (CsvEncoder, MAX_QUOTE_CHECK). */
#define QUOTE_CHECK_UTF16_MAX 24

struct fb_writer {
	const struct fb_table *table;
	void (*write)(struct fb_writer *writer, const struct fb_value *values, struct fb_buf *out);
	/* csv */
	uint8_t delimiter;
	uint8_t quote;
	bool quoting;
	int escape; /* -1: none */
	const char *null_literal;
	/* json */
	bool plain_decimal;
	bool ignore_null;
	bool iso_timestamps;
};

/* ---- csv ---- */

static uint32_t utf16_units(struct fb_str text)
{
	uint32_t units = 0;

	/* Every lead byte is a unit, four-byte sequences are two. */
	for (uint32_t i = 0; i < text.len; i++)
		units += ((text.p[i] & 0xc0) != 0x80) + ((uint8_t)text.p[i] >= 0xf0);
	return units;
}

static bool needs_quotes(const struct fb_writer *writer, struct fb_str text)
{
	uint8_t limit = FB_MAX(writer->delimiter, writer->quote);
	uint8_t escape = writer->escape < 0 ? '\\' : (uint8_t)writer->escape;

	if (utf16_units(text) > QUOTE_CHECK_UTF16_MAX)
		return true;
	for (uint32_t i = 0; i < text.len; i++)
		if ((uint8_t)text.p[i] <= limit || (uint8_t)text.p[i] == escape)
			return true;
	return false;
}

/*
 * Length of the UTF-8 sequence at p[0, len), *ret its character. 0xFFFD for what is none; its
 * length is then that of the longest beginning of one (Unicode 15, section 3.9, as Java's decoder).
 */
static uint32_t utf8_next(const uint8_t *p, uint32_t len, uint32_t *ret)
{
	uint32_t want = p[0] < 0x80   ? 1
			: p[0] < 0xc2 ? 0
			: p[0] < 0xe0 ? 2
			: p[0] < 0xf0 ? 3
			: p[0] < 0xf5 ? 4
				      : 0;
	uint32_t c = want == 1 ? p[0] : p[0] & (0x7fu >> want);

	*ret = 0xfffd;
	if (want == 0)
		return 1;
	for (uint32_t i = 1; i < want; i++) {
		/* Behind the first byte: no overlong form, no surrogate, nothing above U+10FFFF. */
		uint8_t low = i > 1 ? 0x80 : p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
		uint8_t high = i > 1 ? 0xbf : p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;

		if (i == len || p[i] < low || p[i] > high)
			return i;
		c = c << 6 | (p[i] & 0x3f);
	}
	*ret = c;
	return want;
}

/* A byte that is no UTF-8 became U+FFFD when Flink decoded it: so a file stays one of text. False: all of it is UTF-8. */
static bool replace_damage(struct fb_str text, struct fb_buf *out)
{
	bool damaged = false;
	uint32_t c;

	for (uint32_t i = 0; i < text.len;) {
		uint32_t len = utf8_next((const uint8_t *)text.p + i, text.len - i, &c);
		bool is_one = c != 0xfffd || (len == 3 && memcmp(text.p + i, "\xef\xbf\xbd", 3) == 0);

		if (!is_one && !damaged)
			fb_buf_add(out, text.p, i);
		damaged |= !is_one;
		if (damaged && is_one)
			fb_buf_add(out, text.p + i, len);
		else if (damaged)
			fb_buf_add_text(out, "\xef\xbf\xbd");
		i += len;
	}
	return damaged;
}

static bool is_ascii(struct fb_str text)
{
	uint8_t all = 0;

	for (uint32_t i = 0; i < text.len; i++)
		all |= (uint8_t)text.p[i];
	return all < 0x80;
}

static void csv_utf8(const struct fb_writer *writer, struct fb_str text, struct fb_buf *out)
{
	if (!writer->quoting || !needs_quotes(writer, text)) {
		fb_buf_add(out, text.p, text.len);
		return;
	}
	fb_buf_add_char(out, (char)writer->quote);
	for (uint32_t i = 0; i < text.len; i++) {
		uint8_t c = (uint8_t)text.p[i];

		/* Doubled, both: a quote is never escaped with the escape character. */
		if (c == writer->quote || c == writer->escape)
			fb_buf_add_char(out, (char)c);
		fb_buf_add_char(out, (char)c);
	}
	fb_buf_add_char(out, (char)writer->quote);
}

static void csv_text(const struct fb_writer *writer, struct fb_str text, struct fb_buf *out)
{
	struct fb_buf whole = {0};

	if (!is_ascii(text) && replace_damage(text, &whole))
		text = (struct fb_str){whole.p, (uint32_t)whole.len};
	csv_utf8(writer, text, out);
	fb_buf_fini(&whole);
}

/* Numbers and booleans are never quoted; times are texts with blanks, so they are. */
static void csv_value(const struct fb_writer *writer, struct fb_type type,
	const struct fb_value *value, struct fb_buf *out)
{
	struct fb_buf text = {0};

	switch (type.kind) {
	case FB_T_BOOLEAN:
		fb_buf_add_text(out, value->i64 ? "true" : "false");
		return;
	case FB_T_DECIMAL:
		fb_text_decimal(value->i128, type.scale, true, out);
		return;
	case FB_T_CHAR:
	case FB_T_VARCHAR:
		csv_text(writer, value->str, out);
		return;
	case FB_T_BINARY:
	case FB_T_VARBINARY:
		fb_text_base64(value->str, &text);
		break;
	case FB_T_TIMESTAMP:
	case FB_T_TIMESTAMP_LTZ:
		fb_text_timestamp(type, value->i64, ' ', &text);
		if (type.kind == FB_T_TIMESTAMP_LTZ)
			fb_buf_add_char(&text, 'Z');
		break;
	case FB_T_DATE:
		fb_text_date(value->i64, &text);
		break;
	default:
		fb_value_format(type, value, out);
		return;
	}
	csv_text(writer, (struct fb_str){text.p, (uint32_t)text.len}, out);
	fb_buf_fini(&text);
}

static void csv_row(struct fb_writer *writer, const struct fb_value *values, struct fb_buf *out)
{
	for (uint32_t i = 0; i < writer->table->field_cnt; i++) {
		if (i > 0)
			fb_buf_add_char(out, (char)writer->delimiter);
		if (!values[i].is_null)
			csv_value(writer, writer->table->fields[i]->type, &values[i], out);
		else if (writer->null_literal != NULL)
			fb_buf_add_text(out, writer->null_literal);
	}
}

/* ---- json ---- */

/* One character that is not plain ASCII. Jackson writes what needs two UTF-16 units as escapes, the
 * rest as it is. */
static void json_character(struct fb_str text, uint32_t c, struct fb_buf *out)
{
	if (c == 0xfffd)
		fb_buf_add_text(out, "\xef\xbf\xbd");
	else if (c >= 0x10000)
		fb_buf_printf(out, "\\u%04X\\u%04X", 0xd800 + ((c - 0x10000) >> 10),
			0xdc00 + ((c - 0x10000) & 0x3ff));
	else
		fb_buf_add(out, text.p, text.len);
}

static void json_text(struct fb_str text, struct fb_buf *out)
{
	static const char *const short_escapes[32] = {
		['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f", ['\r'] = "\\r"};

	fb_buf_add_char(out, '"');
	for (uint32_t i = 0; i < text.len;) {
		uint32_t c;
		uint32_t len = utf8_next((const uint8_t *)text.p + i, text.len - i, &c);

		if (c >= 0x80)
			json_character((struct fb_str){text.p + i, len}, c, out);
		else if (c == '"' || c == '\\')
			fb_buf_printf(out, "\\%c", (char)c);
		else if (c >= 32)
			fb_buf_add_char(out, (char)c);
		else if (short_escapes[c] != NULL)
			fb_buf_add_text(out, short_escapes[c]);
		else
			fb_buf_printf(out, "\\u%04X", c);
		i += len;
	}
	fb_buf_add_char(out, '"');
}

static void json_value(const struct fb_writer *writer, struct fb_type type,
	const struct fb_value *value, struct fb_buf *out)
{
	struct fb_buf text = {0};

	switch (type.kind) {
	case FB_T_BOOLEAN:
		fb_buf_add_text(out, value->i64 ? "true" : "false");
		return;
	case FB_T_DECIMAL:
		fb_text_decimal(value->i128, type.scale, !writer->plain_decimal, out);
		return;
	case FB_T_FLOAT:
	case FB_T_DOUBLE:
		/* JSON has no word for these: Jackson writes them as texts. */
		if (isnan(value->f64) || isinf(value->f64))
			break;
		fb_value_format(type, value, out);
		return;
	case FB_T_CHAR:
	case FB_T_VARCHAR:
		json_text(value->str, out);
		return;
	case FB_T_BINARY:
	case FB_T_VARBINARY:
		fb_buf_add_char(out, '"');
		fb_text_base64(value->str, out);
		fb_buf_add_char(out, '"');
		return;
	case FB_T_TIMESTAMP:
	case FB_T_TIMESTAMP_LTZ:
		fb_text_timestamp(type, value->i64, writer->iso_timestamps ? 'T' : ' ', &text);
		if (type.kind == FB_T_TIMESTAMP_LTZ)
			fb_buf_add_char(&text, 'Z');
		json_text((struct fb_str){text.p, (uint32_t)text.len}, out);
		fb_buf_fini(&text);
		return;
	case FB_T_DATE:
		fb_text_date(value->i64, &text);
		json_text((struct fb_str){text.p, (uint32_t)text.len}, out);
		fb_buf_fini(&text);
		return;
	default:
		fb_value_format(type, value, out);
		return;
	}
	fb_value_format(type, value, &text);
	json_text((struct fb_str){text.p, (uint32_t)text.len}, out);
	fb_buf_fini(&text);
}

static void json_row(struct fb_writer *writer, const struct fb_value *values, struct fb_buf *out)
{
	bool first = true;

	fb_buf_add_char(out, '{');
	for (uint32_t i = 0; i < writer->table->field_cnt; i++) {
		const struct fb_table_column *field = writer->table->fields[i];

		if (values[i].is_null && writer->ignore_null)
			continue;
		if (!first)
			fb_buf_add_char(out, ',');
		first = false;
		json_text(fb_str_from(field->name), out);
		fb_buf_add_char(out, ':');
		if (values[i].is_null)
			fb_buf_add_text(out, "null");
		else
			json_value(writer, field->type, &values[i], out);
	}
	fb_buf_add_char(out, '}');
}

/* ---- making one ---- */

int fb_writer_create(const struct fb_table *table, struct fb_writer **ret)
{
	const char *format = table->format ? table->format : "csv";
	bool csv = strcmp(format, "csv") == 0;
	const char *escape = fb_table_option(table, "csv.escape-character");
	const char *standard = fb_table_option(table, "json.timestamp-format.standard");
	struct fb_writer *writer;

	if (!csv && strcmp(format, "json") != 0)
		return FB_E_UNSUPPORTED;
	for (uint16_t i = 0; i < table->field_cnt; i++) {
		uint8_t kind = table->fields[i]->type.kind;

		if (kind == FB_T_INTERVAL)
			return FB_E_UNSUPPORTED;
	}
	writer = calloc(1, sizeof(*writer));
	if (writer == NULL)
		return FB_E_NO_MEMORY;
	*writer = (struct fb_writer){
		.table = table,
		.write = csv ? csv_row : json_row,
		.delimiter = fb_option_char(table, "csv.field-delimiter", ','),
		.quote = fb_option_char(table, "csv.quote-character", '"'),
		.quoting = !fb_option_is_true(table, "csv.disable-quote-character"),
		.escape = escape ? fb_option_char(table, "csv.escape-character", '\\') : -1,
		.null_literal = fb_table_option(table, "csv.null-literal"),
		.plain_decimal = fb_option_is_true(table, "json.encode.decimal-as-plain-number"),
		.ignore_null = fb_option_is_true(table, "json.encode.ignore-null-fields"),
		.iso_timestamps = standard != NULL && strcasecmp(standard, "ISO-8601") == 0,
	};
	*ret = writer;
	return 0;
}

void fb_writer_destroy(struct fb_writer *writer)
{
	free(writer);
}

void fb_writer_row(struct fb_writer *writer, const struct fb_value *values, struct fb_buf *out)
{
	writer->write(writer, values, out);
}
