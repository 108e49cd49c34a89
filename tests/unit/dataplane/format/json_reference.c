/* SPDX-License-Identifier: Apache-2.0 */
#include "json_reference.h"

#include <errno.h>
#include <stdlib.h>

enum kind { ABSENT, TEXT, NUMBER, LITERAL, NOTHING, CONTAINER };

struct value {
	enum kind kind;
	struct fb_buf text;
};

struct parser {
	const struct json_reference *reference;
	const uint8_t *p;
	const uint8_t *end;
	uint32_t depth;
	bool failed;
};

static int peek(const struct parser *parser)
{
	return parser->p < parser->end ? *parser->p : -1;
}

static bool take(struct parser *parser, int c)
{
	if (peek(parser) != c)
		return false;
	parser->p++;
	return true;
}

static void blanks(struct parser *parser)
{
	while (peek(parser) == ' ' || peek(parser) == '\t' || peek(parser) == '\r' ||
		peek(parser) == '\n')
		parser->p++;
}

static void expect(struct parser *parser, int c)
{
	if (!take(parser, c))
		parser->failed = true;
}

/* ---- texts: to UTF-16, and from there to UTF-8 ---- */

struct units {
	uint16_t *unit;
	size_t cnt;
};

static void add_unit(struct units *units, uint32_t unit)
{
	units->unit = realloc(units->unit, (units->cnt + 1) * sizeof(uint16_t));
	units->unit[units->cnt++] = (uint16_t)unit;
}

static void encode(const struct units *units, struct fb_buf *out)
{
	for (size_t i = 0; i < units->cnt; i++) {
		uint32_t c = units->unit[i];

		if (c >= 0xd800 && c < 0xdc00 && i + 1 < units->cnt &&
			units->unit[i + 1] >= 0xdc00 && units->unit[i + 1] < 0xe000)
			c = 0x10000 + (c - 0xd800) * 0x400 + (units->unit[++i] - 0xdc00u);
		else if (c >= 0xd800 && c < 0xe000)
			c = '?';
		if (c < 0x80) {
			fb_buf_add_char(out, (char)c);
		} else if (c < 0x800) {
			fb_buf_add_char(out, (char)(0xc0 + c / 64));
			fb_buf_add_char(out, (char)(0x80 + c % 64));
		} else if (c < 0x10000) {
			fb_buf_add_char(out, (char)(0xe0 + c / 4096));
			fb_buf_add_char(out, (char)(0x80 + c / 64 % 64));
			fb_buf_add_char(out, (char)(0x80 + c % 64));
		} else {
			fb_buf_add_char(out, (char)(0xf0 + c / 262144));
			fb_buf_add_char(out, (char)(0x80 + c / 4096 % 64));
			fb_buf_add_char(out, (char)(0x80 + c / 64 % 64));
			fb_buf_add_char(out, (char)(0x80 + c % 64));
		}
	}
}

static void escape(struct parser *parser, struct units *units)
{
	static const char names[] = "\"\\/bfnrt";
	static const char meant[] = "\"\\/\b\f\n\r\t";
	int c = peek(parser);
	uint32_t unit = 0;

	parser->p++;
	if (c != 'u') {
		const char *at = c > 0 ? strchr(names, c) : NULL;

		if (at == NULL)
			parser->failed = true;
		else
			add_unit(units, (uint8_t)meant[at - names]);
		return;
	}
	for (int i = 0; i < 4; i++, parser->p++) {
		char digit[2] = {(char)peek(parser), 0};

		if (peek(parser) < 0 || strspn(digit, "0123456789abcdefABCDEF") != 1) {
			parser->failed = true;
			return;
		}
		unit = unit * 16 + (uint32_t)strtoul(digit, NULL, 16);
	}
	add_unit(units, unit);
}

/* By the form of the bytes alone. */
static void wide(struct parser *parser, int first, struct units *units)
{
	int more = (first & 0xe0) == 0xc0   ? 1
		   : (first & 0xf0) == 0xe0 ? 2
		   : (first & 0xf8) == 0xf0 ? 3
					    : 0;
	int32_t c = first & (more == 1 ? 0x1f : more == 2 ? 0xf : 7);

	parser->failed |= more == 0;
	for (int i = 0; i < more && !parser->failed; i++, parser->p++) {
		if (peek(parser) < 0 || (peek(parser) & 0xc0) != 0x80)
			parser->failed = true;
		else
			c = c * 64 + (peek(parser) & 0x3f);
	}
	if (more < 3) {
		add_unit(units, (uint32_t)c);
		return;
	}
	c -= 0x10000;
	add_unit(units, 0xd800u | (uint32_t)(c >> 10));
	add_unit(units, 0xdc00u | ((uint32_t)c & 0x3ff));
}

static void text(struct parser *parser, struct fb_buf *out)
{
	struct units units = {0};

	expect(parser, '"');
	while (!parser->failed && peek(parser) != '"') {
		int c = peek(parser);

		parser->p++;
		if (c < 0)
			parser->failed = true;
		else if (c == '\\')
			escape(parser, &units);
		else if (c > 127)
			wide(parser, c, &units);
		else
			add_unit(&units, (uint32_t)c);
	}
	parser->p++;
	encode(&units, out);
	free(units.unit);
}

/* ---- the rest ---- */

static bool digits(struct parser *parser)
{
	const uint8_t *from = parser->p;

	while (peek(parser) >= '0' && peek(parser) <= '9')
		parser->p++;
	return parser->p > from;
}

static void number(struct parser *parser)
{
	take(parser, '-');
	if (take(parser, '0')) {
		if (peek(parser) >= '0' && peek(parser) <= '9')
			parser->failed = true;
	} else if (!digits(parser)) {
		parser->failed = true;
	}
	if (take(parser, '.') && !digits(parser))
		parser->failed = true;
	if (take(parser, 'e') || take(parser, 'E')) {
		if (!take(parser, '+'))
			take(parser, '-');
		if (!digits(parser))
			parser->failed = true;
	}
}

/* A value inside of an object or array that is a text itself. */
static void put_inner(struct fb_buf *out, const struct value *inner)
{
	static const char controls[] = "\b\f\n\r\t";

	if (inner->kind != TEXT) {
		fb_buf_add(out, inner->text.p ? inner->text.p : "", inner->text.len);
		return;
	}
	fb_buf_add_char(out, '"');
	for (size_t i = 0; i < inner->text.len; i++) {
		uint8_t c = (uint8_t)inner->text.p[i];
		const char *at = c ? strchr(controls, c) : NULL;

		if (at != NULL)
			fb_buf_printf(out, "\\%c", "bfnrt"[at - controls]);
		else if (c < 32)
			fb_buf_printf(out, "\\u%04X", c);
		else if (c == '"' || c == '\\')
			fb_buf_printf(out, "\\%c", c);
		else
			fb_buf_add_char(out, (char)c);
	}
	fb_buf_add_char(out, '"');
}

static void value(struct parser *parser, struct value *ret);

static void members(struct parser *parser, struct value fields[], struct fb_buf *out)
{
	bool first = true;

	expect(parser, '{');
	blanks(parser);
	if (take(parser, '}'))
		return;
	do {
		struct fb_buf name = {0};
		struct value ignored = {0};
		uint32_t field = UINT32_MAX;

		blanks(parser);
		text(parser, &name);
		blanks(parser);
		expect(parser, ':');
		blanks(parser);
		if (fields != NULL && name.len == 2 && name.p[0] == 'f')
			field = (uint32_t)(name.p[1] - '0');
		if (field < parser->reference->field_cnt) {
			fb_buf_clear(&fields[field].text);
			if (!parser->failed)
				value(parser, &fields[field]);
		} else if (!parser->failed) {
			value(parser, &ignored);
		}
		if (out != NULL) {
			fb_buf_add_text(out, first ? "" : ",");
			put_inner(out, &(struct value){TEXT, name});
			fb_buf_add_char(out, ':');
			put_inner(out, &ignored);
		}
		first = false;
		fb_buf_fini(&name);
		fb_buf_fini(&ignored.text);
		blanks(parser);
	} while (!parser->failed && take(parser, ','));
	expect(parser, '}');
}

static void elements(struct parser *parser, struct fb_buf *out)
{
	bool first = true;

	expect(parser, '[');
	blanks(parser);
	if (take(parser, ']'))
		return;
	do {
		struct value element = {0};

		blanks(parser);
		value(parser, &element);
		fb_buf_add_text(out, first ? "" : ",");
		put_inner(out, &element);
		first = false;
		fb_buf_fini(&element.text);
		blanks(parser);
	} while (!parser->failed && take(parser, ','));
	expect(parser, ']');
}

static void value(struct parser *parser, struct value *ret)
{
	static const char *const words[] = {"true", "false", "null"};
	const uint8_t *from = parser->p;
	int c = peek(parser);

	if (c == '"') {
		ret->kind = TEXT;
		text(parser, &ret->text);
		return;
	}
	if (c == '{' || c == '[') {
		ret->kind = CONTAINER;
		parser->depth++;
		if (parser->depth > 1000)
			parser->failed = true;
		if (parser->failed)
			return;
		fb_buf_add_char(&ret->text, (char)c);
		if (c == '{')
			members(parser, NULL, &ret->text);
		else
			elements(parser, &ret->text);
		fb_buf_add_char(&ret->text, c == '{' ? '}' : ']');
		parser->depth--;
		return;
	}
	if (c == '-' || (c >= '0' && c <= '9')) {
		ret->kind = NUMBER;
		number(parser);
		fb_buf_add(&ret->text, (const char *)from, (size_t)(parser->p - from));
		return;
	}
	for (int i = 0; i < 3; i++) {
		size_t len = strlen(words[i]);

		if ((size_t)(parser->end - parser->p) >= len &&
			memcmp(parser->p, words[i], len) == 0) {
			ret->kind = i == 2 ? NOTHING : LITERAL;
			fb_buf_add_text(&ret->text, words[i]);
			parser->p += len;
			return;
		}
	}
	parser->failed = true;
}

/* ---- rows ---- */

/* Java's Long.parseLong after String.trim; a number of JSON may have a fraction. */
static bool read_integer(const struct value *value, long long *ret)
{
	size_t from = 0;
	size_t to = value->text.len;
	char copy[64] = "";
	char *end;
	bool ok;

	while (from < to && (uint8_t)value->text.p[from] <= ' ')
		from++;
	while (from < to && (uint8_t)value->text.p[to - 1] <= ' ')
		to--;
	if (from == to || to - from >= sizeof(copy) || memchr(value->text.p + from, 0, to - from))
		return false;
	memcpy(copy, value->text.p + from, to - from);
	errno = 0;
	*ret = strtoll(copy, &end, 10);
	ok = errno == 0 && end == copy + (to - from) && (uint8_t)copy[0] > ' ';
	if (!ok && value->kind == NUMBER && strpbrk(copy, ".eE")) {
		double real = strtod(copy, NULL);

		ok = real >= -0x1p63 && real <= 0x1p63;
		*ret = !ok ? 0 : real == 0x1p63 ? INT64_MAX : (long long)real;
	}
	return ok;
}

static uint32_t print_row(
	const struct json_reference *reference, const struct value fields[], struct fb_buf *line)
{
	bool first = true;
	uint32_t error = 0;

	for (uint32_t i = 0; i < reference->field_cnt; i++) {
		const struct value *field = &fields[i];
		long long integer;

		if (!(reference->needed >> i & 1))
			continue;
		if (!first)
			fb_buf_add_char(line, '|');
		first = false;
		if (field->kind == ABSENT && reference->fail_on_missing)
			return FB_REC_MISSING_FIELD;
		if (field->kind == ABSENT || field->kind == NOTHING)
			fb_buf_add_char(line, '~');
		else if (!(reference->integers >> i & 1))
			fb_buf_add(line, field->text.p ? field->text.p : "", field->text.len);
		else if (read_integer(field, &integer))
			fb_buf_printf(line, "%lld", integer);
		else if (reference->ignore_errors)
			fb_buf_add_char(line, '~');
		else
			error = FB_REC_NUMBER;
	}
	fb_buf_add_char(line, '\n');
	return error;
}

/* An object is a row. False: what is behind it cannot be read. */
static bool row(struct parser *parser, struct fb_buf *rows, uint64_t rejected[FB_REC_CNT])
{
	struct value fields[16] = {0};
	struct fb_buf line = {0};
	uint32_t error = 0;

	parser->depth++;
	members(parser, fields, NULL);
	parser->depth--;
	error = parser->failed ? (uint32_t)FB_REC_JSON
			       : print_row(parser->reference, fields, &line);
	if (error)
		rejected[error]++;
	else
		fb_buf_add(rows, line.p, line.len);
	for (int i = 0; i < 16; i++)
		fb_buf_fini(&fields[i].text);
	fb_buf_fini(&line);
	return !parser->failed;
}

static void array(struct parser *parser, struct fb_buf *rows, uint64_t rejected[FB_REC_CNT])
{
	parser->p++;
	parser->depth++;
	blanks(parser);
	if (peek(parser) == ']')
		return;
	for (;;) {
		blanks(parser);
		if (peek(parser) == '{') {
			if (!row(parser, rows, rejected))
				return;
		} else {
			struct value other = {0};

			value(parser, &other);
			fb_buf_fini(&other.text);
			rejected[FB_REC_JSON]++;
			if (parser->failed)
				return;
		}
		blanks(parser);
		if (take(parser, ','))
			continue;
		if (!take(parser, ']'))
			rejected[FB_REC_JSON]++;
		return;
	}
}

static void document(const struct json_reference *reference, const uint8_t *data, uint32_t len,
	struct fb_buf *rows, uint64_t rejected[FB_REC_CNT])
{
	struct parser parser = {.reference = reference, .p = data, .end = data + len};

	if (len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
		parser.p += 3;
	blanks(&parser);
	if (peek(&parser) == '{')
		row(&parser, rows, rejected);
	else if (peek(&parser) == '[')
		array(&parser, rows, rejected);
	else
		rejected[FB_REC_JSON]++;
}

void json_reference_decode(const struct json_reference *reference, const uint8_t *data,
	uint32_t len, struct fb_buf *rows, uint64_t rejected[FB_REC_CNT])
{
	uint32_t start = 0;

	if (reference->framing == FB_FRAMING_DATAGRAM) {
		if (len > 0)
			document(reference, data, len, rows, rejected);
		return;
	}
	for (uint32_t i = 0; i <= len; i++) {
		if (i < len ? data[i] != '\n' : start == len)
			continue;

		uint32_t end = i > start && data[i - 1] == '\r' ? i - 1 : i;

		if (end > start)
			document(reference, data + start, end - start, rows, rejected);
		start = i + 1;
	}
}
