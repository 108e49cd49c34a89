/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any JSON object to refs, by RFC 8259 as Jackson takes it: control characters may stand in texts
 * as they are, the last of several members with one name counts, numbers have no leading zeros. All
 * of the object is checked, also what is not needed; what is behind it is not read. Ends of texts
 * come from the scan, everything else is read byte by byte. Hot: no allocation, no system call.
 */
#include "dataplane/format/json.h"

uint32_t fb_json_peek_slow(struct fb_json_decoder *decoder)
{
	while (decoder->next >= decoder->scan.position_cnt) {
		if (decoder->scan.end >= decoder->len)
			return FB_JSON_NONE;
		decoder->scan.from = decoder->scan.end;
		decoder->scan_fn(decoder->data, decoder->len, decoder->line_end, 1, &decoder->scan,
			decoder->positions, decoder->blocks);
		decoder->next = 0;
		decoder->scan_number++;
	}
	return decoder->positions[decoder->next];
}

/* ---- texts ---- */

static bool is_special(const struct fb_json_decoder *decoder, uint32_t open, uint32_t close)
{
	const struct fb_json_scan *scan = &decoder->scan;

	if (open < scan->from) /* the scan went on within it */
		return true;
	if (scan->blocks == 0)
		return false;
	for (uint32_t i = (open - scan->from) / 64; i <= (close - scan->from) / 64; i++)
		if (decoder->blocks[i])
			return true;
	return false;
}

/* The text whose opening quote is at `at`. FB_JSON_NONE: it is not closed. Else the offset of its
 * closing quote. */
static inline uint32_t close_text(struct fb_json_decoder *decoder)
{
	uint32_t close;

	if (fb_json_peek(decoder) == FB_JSON_NONE)
		return FB_JSON_NONE;
	decoder->next++;
	close = fb_json_peek(decoder);
	if (close == FB_JSON_NONE || decoder->data[close] != '"')
		return FB_JSON_NONE;
	decoder->next++;
	return close;
}

static inline uint32_t read_text(struct fb_json_decoder *decoder, uint32_t at, bool wanted,
	struct fb_str *ret, uint32_t *end)
{
	uint32_t close = close_text(decoder);

	if (close == FB_JSON_NONE)
		return FB_REC_JSON;
	*ret = (struct fb_str){(const char *)decoder->data + at + 1, close - at - 1};
	*end = close + 1;
	return is_special(decoder, at, close) ? fb_json_text(decoder, wanted, ret) : 0;
}

/* ---- numbers and literals ---- */

static bool is_digit(uint8_t c)
{
	return (uint8_t)(c - '0') <= 9;
}

static const uint8_t *number_end(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *at = p + (*p == '-');
	const uint8_t *digits = at;
	uint32_t signs = 0; /* that are no digits */

	if (at == end || !is_digit(*at) || (*at == '0' && at + 1 < end && is_digit(at[1])))
		return p;
	while (at < end && is_digit(*at))
		at++;
	if (at < end && *at == '.') {
		signs++;
		at++;
		if (at == end || !is_digit(*at))
			return p;
		while (at < end && is_digit(*at))
			at++;
	}
	if (at < end && (*at | 0x20) == 'e') {
		signs++;
		at++;
		if (at < end && (*at == '+' || *at == '-')) {
			signs++;
			at++;
		}
		if (at == end || !is_digit(*at))
			return p;
		while (at < end && is_digit(*at))
			at++;
	}
	return (size_t)(at - digits) - signs > FB_JSON_NUMBER_DIGITS_MAX ? p : at;
}

const uint8_t *fb_json_scalar_end(const uint8_t *p, const uint8_t *end)
{
	static const struct fb_str words[] = {{"true", 4}, {"null", 4}, {"false", 5}};

	if (p >= end)
		return p;
	if (*p == '-' || is_digit(*p))
		return number_end(p, end);
	for (uint32_t i = 0; i < FB_ARRAY_LEN(words); i++)
		if ((size_t)(end - p) >= words[i].len && memcmp(p, words[i].p, words[i].len) == 0)
			return p + words[i].len;
	return p;
}

/* ---- objects and arrays that are only checked ---- */

struct nest {
	uint64_t objects[FB_JSON_DEPTH_MAX / 64 + 1]; /* bit = depth: an object, else an array */
	uint32_t depth;
};

static inline bool in_object(const struct nest *nest)
{
	return nest->objects[nest->depth / 64] >> (nest->depth % 64) & 1;
}

static inline bool enter(struct nest *nest, bool object)
{
	uint64_t bit;

	if (nest->depth == FB_JSON_DEPTH_MAX)
		return false;
	nest->depth++;
	bit = 1ull << (nest->depth % 64);
	nest->objects[nest->depth / 64] =
		(nest->objects[nest->depth / 64] & ~bit) | (object ? bit : 0);
	return true;
}

static inline uint8_t byte_at(const struct fb_json_decoder *decoder, uint32_t at)
{
	return at < decoder->len ? decoder->data[at] : 0;
}

/* A name and its colon; *at goes behind it. */
static uint32_t skip_name(struct fb_json_decoder *decoder, uint32_t *at)
{
	struct fb_str name;
	uint32_t error;

	*at = fb_json_skip_blanks(decoder, *at);
	if (byte_at(decoder, *at) != '"')
		return FB_REC_JSON;
	error = read_text(decoder, *at, false, &name, at);
	if (error == 0 && name.len > FB_JSON_NAME_BYTES_MAX)
		error = FB_REC_JSON;
	*at = fb_json_skip_blanks(decoder, *at);
	if (error == 0 && byte_at(decoder, *at) != ':')
		error = FB_REC_JSON;
	*at += 1;
	return error;
}

/* Text, number or literal at *at, which goes behind it. */
static uint32_t skip_simple(struct fb_json_decoder *decoder, uint32_t *at)
{
	const uint8_t *end = decoder->data + decoder->len;
	struct fb_str text;
	const uint8_t *behind;

	if (byte_at(decoder, *at) == '"')
		return read_text(decoder, *at, false, &text, at);
	behind = fb_json_scalar_end(decoder->data + *at, end);
	if (behind == decoder->data + *at)
		return FB_REC_JSON;
	*at = (uint32_t)(behind - decoder->data);
	return 0;
}

/* Behind a value: the ends of what it closes, then a comma. True: another value follows. */
static bool next_value(struct fb_json_decoder *decoder, struct nest *nest, uint32_t floor,
	uint32_t *at, uint32_t *error)
{
	for (;;) {
		uint8_t c;

		if (nest->depth == floor)
			return false;
		*at = fb_json_skip_blanks(decoder, *at);
		c = byte_at(decoder, *at);
		if (c == ',') {
			*at += 1;
			if (in_object(nest))
				*error = skip_name(decoder, at);
			return *error == 0;
		}
		if (c != (in_object(nest) ? '}' : ']')) {
			*error = FB_REC_JSON;
			return false;
		}
		nest->depth--;
		*at += 1;
	}
}

/* A value: all of a simple one or of what is empty; else only its beginning, and *opened. */
static uint32_t begin_value(
	struct fb_json_decoder *decoder, struct nest *nest, uint32_t *at, bool *opened)
{
	uint8_t c;

	*opened = false;
	*at = fb_json_skip_blanks(decoder, *at);
	c = byte_at(decoder, *at);
	if (c != '{' && c != '[')
		return skip_simple(decoder, at);
	if (!enter(nest, c == '{'))
		return FB_REC_JSON;
	*at = fb_json_skip_blanks(decoder, *at + 1);
	if (byte_at(decoder, *at) == (c == '{' ? '}' : ']')) {
		nest->depth--;
		*at += 1;
		return 0;
	}
	*opened = true;
	return c == '{' ? skip_name(decoder, at) : 0;
}

uint32_t fb_json_skip_value(struct fb_json_decoder *decoder, uint32_t depth, uint32_t *at)
{
	struct nest nest;
	uint32_t error;
	bool opened;

	nest.depth = depth;
	do
		error = begin_value(decoder, &nest, at, &opened);
	while (error == 0 && (opened || next_value(decoder, &nest, depth, at, &error)));
	return error;
}

/* ---- the object of a record ---- */

/* Column of a name; -1: not needed. Names have at least 8 readable bytes. */
static inline int32_t find_column(const struct fb_json_decoder *decoder, struct fb_str name)
{
	uint64_t head = fb_json_name_head(name);

	for (uint32_t slot = fb_json_name_hash(head, name.len);; slot++) {
		uint32_t entry = decoder->name_table[slot & decoder->name_mask];
		const struct fb_json_name *known;

		if (entry == 0)
			return -1;
		known = &decoder->names[entry - 1];
		if (known->head == head && known->text.len == name.len &&
			(name.len <= 8 || memcmp(known->text.p + 8, name.p + 8, name.len - 8) == 0))
			return (int32_t)entry - 1;
	}
}

/* Binary columns are decoded here, since only now there may be too little scratch. */
static uint32_t set_binary(struct fb_json_decoder *decoder, struct fb_str *text, uint8_t kind)
{
	uint32_t error;

	if (text->p == NULL)
		return 0;
	error = kind == FB_REF_TEXT ? fb_decoder_base64(&decoder->base, text) : FB_REC_BASE64;
	if (error != FB_REC_BASE64)
		return error;
	if (decoder->base.ignore_errors)
		decoder->base.counters.null_fields++;
	else
		decoder->field_error = FB_REC_BASE64;
	*text = (struct fb_str){NULL, 0};
	return 0;
}

static inline uint32_t set_field(
	struct fb_json_decoder *decoder, uint32_t c, struct fb_str text, uint8_t kind)
{
	struct fb_decoder_column *column = &decoder->base.columns[c];
	uint32_t error = 0;

	if (FB_UNLIKELY(kind == FB_REF_CONTAINER) && fb_type_phys(column->type) == FB_PHYS_STR)
		error = fb_json_compact(decoder, &text);
	if (column->type.kind == FB_T_BINARY || column->type.kind == FB_T_VARBINARY)
		error = set_binary(decoder, &text, kind);
	decoder->base.any_null |= text.p == NULL;
	column->refs[decoder->base.row_cnt] = text;
	column->kinds[decoder->base.row_cnt] = kind;
	decoder->found += decoder->seen[c] != decoder->record;
	decoder->seen[c] = decoder->record;
	return error;
}

/* A value that is no text, at *at, which goes behind it. */
static uint32_t read_other(struct fb_json_decoder *decoder, uint32_t depth, uint32_t *at,
	struct fb_str *ret, uint8_t *ret_kind)
{
	const uint8_t *start = decoder->data + *at;
	const uint8_t *end = fb_json_scalar_end(start, decoder->data + decoder->len);
	uint8_t first = byte_at(decoder, *at);

	if (first == '{' || first == '[') {
		uint32_t error = fb_json_skip_value(decoder, depth, at);

		if (error)
			return error;
		decoder->member_cnt = FB_JSON_MEMBER_MAX; /* no flat record */
		*ret_kind = FB_REF_CONTAINER;
		end = decoder->data + *at;
	} else if (end == start) {
		return FB_REC_JSON;
	} else {
		*ret_kind = first == 't' || first == 'f' ? FB_REF_LITERAL : FB_REF_NUMBER;
		*at = (uint32_t)(end - decoder->data);
	}
	*ret = first == 'n' ? (struct fb_str){NULL, 0}
			    : (struct fb_str){(const char *)start, (uint32_t)(end - start)};
	return 0;
}

static inline void note_member(
	struct fb_json_decoder *decoder, uint32_t value, uint32_t end, int32_t column, bool is_text)
{
	if (decoder->member_cnt < FB_JSON_MEMBER_MAX)
		decoder->members[decoder->member_cnt++] =
			(struct fb_json_member){value, end, column, is_text};
}

/* "name" : value */
static inline uint32_t read_member(struct fb_json_decoder *decoder, uint32_t depth, uint32_t *at)
{
	uint32_t scratch_len = decoder->base.scratch_len;
	struct fb_str text;
	uint8_t kind = FB_REF_TEXT;
	int32_t column;
	uint32_t value;
	uint32_t error;

	if (byte_at(decoder, *at) != '"')
		return FB_REC_JSON;
	error = read_text(decoder, *at, true, &text, at);
	if (error)
		return error;
	if (text.len > FB_JSON_NAME_BYTES_MAX)
		return FB_REC_JSON;
	column = find_column(decoder, text);
	decoder->base.scratch_len = scratch_len;
	*at = fb_json_skip_blanks(decoder, *at);
	if (byte_at(decoder, *at) != ':')
		return FB_REC_JSON;
	*at = fb_json_skip_blanks(decoder, *at + 1);
	value = *at;
	if (byte_at(decoder, *at) == '"')
		error = read_text(decoder, *at, column >= 0, &text, at);
	else
		error = read_other(decoder, depth, at, &text, &kind);
	if (error)
		return error;
	note_member(decoder, value, *at, column, kind == FB_REF_TEXT);
	return column >= 0 ? set_field(decoder, (uint32_t)column, text, kind) : 0;
}

/* Columns that the object did not have are NULL. */
static uint32_t fill_missing(struct fb_json_decoder *decoder)
{
	struct fb_decoder *base = &decoder->base;

	if (FB_LIKELY(decoder->found == base->column_cnt))
		return 0;
	for (uint32_t c = 0; c < base->column_cnt; c++)
		if (decoder->seen[c] != decoder->record) {
			base->any_null = true;
			base->columns[c].refs[base->row_cnt] = (struct fb_str){NULL, 0};
			base->columns[c].kinds[base->row_cnt] = FB_REF_TEXT;
		}
	return decoder->fail_on_missing ? FB_REC_MISSING_FIELD : 0;
}

uint32_t fb_json_object(struct fb_json_decoder *decoder, uint32_t depth)
{
	uint32_t at = fb_json_skip_blanks(decoder, decoder->at + 1);
	uint32_t error;

	decoder->record++;
	decoder->found = 0;
	decoder->field_error = 0;
	decoder->member_cnt = 0;
	if (byte_at(decoder, at) != '}') {
		for (;;) {
			error = read_member(decoder, depth, &at);
			if (error)
				return error;
			at = fb_json_skip_blanks(decoder, at);
			if (byte_at(decoder, at) != ',')
				break;
			at = fb_json_skip_blanks(decoder, at + 1);
		}
		if (byte_at(decoder, at) != '}')
			return FB_REC_JSON;
	}
	decoder->at = at + 1;
	error = fill_missing(decoder);
	return decoder->field_error ? decoder->field_error : error;
}
