/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON kernels agree with each other, the decoder with a parser that goes byte by byte, and on
 * valid documents with jansson. */
#include "dataplane/format/json.h"

#include <jansson.h>
#include <stdlib.h>

#include "harness.h"
#include "json_reference.h"

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static uint32_t below(uint64_t *state, uint32_t bound)
{
	return (uint32_t)(next_random(state) % bound);
}

/* ---- kernels ---- */

static const fb_json_scan_fn scans[] = {
	fb_json_scan_scalar, fb_json_scan_avx2, fb_json_scan_avx512};

struct found {
	struct fb_json_scan scan;
	uint32_t positions[FB_JSON_POSITIONS + FB_JSON_POSITION_PAD];
	uint8_t blocks[FB_JSON_BLOCKS];
};

/* One byte after the other. */
static void scan_plainly(
	const uint8_t *data, uint32_t len, uint8_t line_end, uint32_t row_max, struct found *found)
{
	struct fb_json_scan *scan = &found->scan;
	bool escaped = scan->escaped;
	uint32_t at = scan->from;

	scan->position_cnt = 0;
	scan->newline_cnt = 0;
	scan->blocks = 0;
	memset(found->blocks, 0, sizeof(found->blocks));
	for (; at < len; at++) {
		uint8_t *block = &found->blocks[(at - scan->from) / 64];

		if ((at - scan->from) % 64 == 0 &&
			(scan->newline_cnt >= row_max || at - scan->from >= FB_JSON_SCAN_BYTES ||
				scan->position_cnt > FB_JSON_POSITIONS - 64))
			break;
		if (data[at] == '\\')
			*block |= FB_JSON_BACKSLASH;
		if (data[at] > 127)
			*block |= FB_JSON_WIDE;
		if ((data[at] == '"' && !escaped) || (data[at] == '\n' && line_end == '\n'))
			found->positions[scan->position_cnt++] = at;
		scan->newline_cnt += data[at] == '\n' && line_end == '\n';
		escaped = data[at] == '\\' && !escaped;
		scan->blocks |= *block;
	}
	scan->escaped = escaped;
	scan->end = at;
}

static void check_scans(
	const uint8_t *data, uint32_t len, uint32_t from, uint8_t line_end, uint32_t row_max)
{
	static struct found want;
	static struct found got;

	want.scan = (struct fb_json_scan){.from = from, .escaped = from % 7 == 3};
	scan_plainly(data, len, line_end, row_max, &want);
	for (uint32_t isa = 0; isa < isa_cnt(); isa++) {
		uint32_t blocks;

		got.scan = (struct fb_json_scan){.from = from, .escaped = from % 7 == 3};
		scans[isa](data, len, line_end, row_max, &got.scan, got.positions, got.blocks);
		cr_assert_eq(got.scan.end, want.scan.end, "%s", fb_isa_name(isa));
		cr_assert_eq(got.scan.position_cnt, want.scan.position_cnt, "%s", fb_isa_name(isa));
		cr_assert_eq(got.scan.newline_cnt, want.scan.newline_cnt, "%s", fb_isa_name(isa));
		cr_assert_eq(got.scan.blocks, want.scan.blocks, "%s", fb_isa_name(isa));
		/* Behind the payload there is nothing to escape. */
		if (got.scan.end < len)
			cr_assert_eq(got.scan.escaped, want.scan.escaped, "%s", fb_isa_name(isa));
		cr_assert_eq(memcmp(got.positions, want.positions,
				     want.scan.position_cnt * sizeof(uint32_t)),
			0, "%s", fb_isa_name(isa));
		blocks = (want.scan.end - from + 63) / 64;
		cr_assert_eq(memcmp(got.blocks, want.blocks, blocks), 0, "%s", fb_isa_name(isa));
	}
}

Test(json_kernels, agree_with_one_byte_after_the_other)
{
	static const char alphabet[] = "\\\\\"\"\nab{}:,\xc3\xa9";
	uint64_t state = 0x6a736f6e;
	static uint8_t bytes[1000];

	for (int i = 0; i < 30000; i++) {
		uint32_t len = below(&state, i % 16 ? 300 : sizeof(bytes));
		uint32_t kinds = 2 + below(&state, sizeof(alphabet) - 3);
		uint32_t from = i % 3 ? 0 : below(&state, len + 1);
		struct payload payload;

		for (uint32_t k = 0; k < len; k++)
			bytes[k] = (uint8_t)alphabet[below(&state, kinds)];
		payload = payload_make(bytes, len, below(&state, 64), i % 2 ? '"' : '\\');
		check_scans(payload.data, len, from, '\n', i % 4 ? 1 + below(&state, 9) : 1000);
		check_scans(payload.data, len, from, '"', 1000);
		payload_free(&payload);
	}
}

Test(json_kernels, stop_when_there_is_no_room)
{
	static uint8_t bytes[200000];
	static const uint8_t fillings[] = {'"', 'a', '\\', '\n'};

	for (uint32_t i = 0; i < FB_ARRAY_LEN(fillings); i++) {
		struct payload payload;

		memset(bytes, fillings[i], sizeof(bytes));
		payload = payload_make(bytes, sizeof(bytes), 3, '"');
		check_scans(payload.data, payload.len, 0, '\n', UINT32_MAX);
		check_scans(payload.data, payload.len, 100, '"', UINT32_MAX);
		payload_free(&payload);
	}
}

/* ---- documents ---- */

static void put_random_text(struct fb_buf *out, uint64_t *state, bool plain)
{
	static const char *const pieces[] = {"a", "Zürich", "city-000042", " ", ",", "{", "}", ":",
		"]", "7", "\t", "", "\\n", "\\\"", "\\\\", "\\/", "\\u0041", "\\u00e9", "\\ud83d",
		"\\ude00", "\xf0\x9f\x98\x80", "\xed\xa0\xbd", "\xc0\x80", "\xf4\x90\x80\x80",
		"\xff", "\xe2\x82", "\\x", "\\u12"};
	uint32_t kinds = plain ? 11 : below(state, 8) ? 22 : FB_ARRAY_LEN(pieces);

	fb_buf_add_char(out, '"');
	for (uint32_t i = below(state, 5); i > 0; i--)
		fb_buf_add_text(out, pieces[below(state, kinds)]);
	fb_buf_add_char(out, '"');
}

static void put_random_value(struct fb_buf *out, uint64_t *state, uint32_t depth, bool plain)
{
	static const char *const scalars[] = {"0", "7", "-12", "1234567", "12345678901234567",
		"7.5", "1e3", "-0", "true", "false", "null", "99999999999999999999"};
	static const char *const wrong[] = {"01", "-", "1.", "1e", "tru", "nulll", "NaN", "+1", ""};

	switch (below(state, depth > 3 || plain ? 6 : 8)) {
	case 0:
	case 1:
	case 2:
		put_random_text(out, state, plain);
		break;
	case 6:
		fb_buf_add_char(out, '[');
		for (uint32_t i = below(state, 4); i > 0; i--) {
			put_random_text(out, state, true);
			fb_buf_add_text(out, i > 1 ? "," : "");
		}
		fb_buf_add_text(out, "]");
		break;
	case 7:
		fb_buf_add_text(out, "{ ");
		for (uint32_t i = below(state, 4); i > 0; i--) {
			fb_buf_printf(out, "\"%c%u\" : ", i % 2 ? 'f' : 'x', i);
			if (below(state, 4))
				fb_buf_add_text(out, scalars[below(state, 5)]);
			else
				put_random_value(out, state, depth + 1, false);
			fb_buf_add_text(out, i > 1 ? " , " : "");
		}
		fb_buf_add_text(out, " }");
		break;
	default:
		if (!plain && below(state, 40) == 0)
			fb_buf_add_text(out, wrong[below(state, FB_ARRAY_LEN(wrong))]);
		else
			fb_buf_add_text(
				out, scalars[below(state, depth > 0 ? 5 : FB_ARRAY_LEN(scalars))]);
	}
}

/* kind 0: as a program writes them, always the same members; 1: any members; 2: with blanks. */
static void put_random_object(struct fb_buf *out, uint64_t *state, uint32_t kind, bool plain)
{
	uint32_t cnt = kind == 0 ? 6 : below(state, 9);
	const char *blank = kind == 2 ? " " : "";

	fb_buf_printf(out, "%s{%s", blank, blank);
	for (uint32_t i = 0; i < cnt; i++) {
		uint32_t name = kind == 0 ? i : below(state, 8);
		bool other = name > 4;

		if (i > 0)
			fb_buf_printf(out, "%s,%s", blank, blank);
		if (kind != 0 && below(state, 60) == 0)
			fb_buf_printf(out, "\"\\u0066%u\"%s:", name, blank);
		else
			fb_buf_printf(
				out, "\"%s%u\"%s:%s", other ? "other" : "f", name, blank, blank);
		/* The first member of a program's objects is a number. */
		if (kind == 0 && i % 3 == 0)
			fb_buf_printf(out, "%u", below(state, 100000));
		else if (kind == 0)
			put_random_text(out, state, true);
		else
			put_random_value(out, state, 0, plain);
	}
	fb_buf_printf(out, "%s}%s", blank, blank);
}

static void put_random_document(struct fb_buf *out, uint64_t *state, uint32_t kind)
{
	static const char *const others[] = {"", " ", "7", "\"x\"", "null", "[]", "[1]", "{}", "]",
		"\xef\xbb\xbf{\"f0\":1}", "{\"f0\":1}{\"f0\":2}", "{\"f0\":\"x"};
	uint32_t choice = below(state, 20);

	if (choice == 0) {
		fb_buf_add_text(out, others[below(state, FB_ARRAY_LEN(others))]);
	} else if (choice == 1) {
		fb_buf_add_char(out, '[');
		for (uint32_t i = below(state, 5); i > 0; i--) {
			if (below(state, 8))
				put_random_object(out, state, kind, false);
			else
				put_random_value(out, state, 0, false);
			fb_buf_add_text(out, i > 1 ? "," : "");
		}
		fb_buf_add_text(out, "]");
	} else {
		put_random_object(out, state, kind, false);
	}
}

static void spoil(struct fb_buf *text, uint64_t *state)
{
	static const char bytes[] = "\"\\{}[]:,0a \n\r\x80\xc3";

	if (text->len > 0 && below(state, 2))
		text->p[below(state, (uint32_t)text->len)] = bytes[below(state, sizeof(bytes) - 1)];
	else if (text->len > 0)
		text->len = below(state, (uint32_t)text->len);
}

static void make_payload(struct fb_buf *text, enum fb_framing framing, uint64_t *state)
{
	static const char *const ends[] = {"\n", "\n", "\n", "\r\n", "\n\n", " \n"};
	uint32_t lines = framing == FB_FRAMING_DATAGRAM ? 1 : 1 + below(state, 12);
	uint32_t kind = below(state, 3);

	fb_buf_clear(text);
	while (lines-- > 0) {
		struct fb_buf line = {0};

		put_random_document(&line, state, below(state, 6) ? kind : below(state, 3));
		if (below(state, 8) == 0)
			spoil(&line, state);
		fb_buf_add(text, line.p ? line.p : "", line.len);
		if (framing == FB_FRAMING_NEWLINE && (lines > 0 || below(state, 2)))
			fb_buf_add_text(text, ends[below(state, FB_ARRAY_LEN(ends))]);
		fb_buf_fini(&line);
	}
}

/* ---- the decoder and the reference ---- */

struct setting {
	struct json_reference reference;
	struct table table;
};

static void choose_setting(struct setting *setting, uint64_t *state)
{
	struct json_reference *reference = &setting->reference;
	struct fb_buf types = {0};
	const char *options = "";

	*reference = (struct json_reference){.field_cnt = 1 + below(state, 5)};
	reference->framing = below(state, 4) ? FB_FRAMING_NEWLINE : FB_FRAMING_DATAGRAM;
	for (uint32_t i = 0; i < reference->field_cnt; i++) {
		bool needed = below(state, 4) != 0;
		bool integer = below(state, 3) == 0;

		reference->needed |= (uint64_t)needed << i;
		reference->integers |= (uint64_t)integer << i;
		fb_buf_printf(&types, "%s%s ", needed ? "" : "-", integer ? "BIGINT" : "STRING");
	}
	if (below(state, 4) == 0) {
		reference->ignore_errors = true;
		options = "json.ignore-parse-errors=true\n";
	} else if (below(state, 4) == 0) {
		reference->fail_on_missing = true;
		options = "json.fail-on-missing-field=true\n";
	}
	table_init(&setting->table, "json", types.p, options);
	fb_buf_fini(&types);
}

static void check_with_reference(
	const struct setting *setting, const struct payload *payloads, uint32_t cnt)
{
	struct fb_buf rows = {0};
	uint64_t rejected[FB_REC_CNT] = {0};

	for (uint32_t i = 0; i < cnt; i++)
		json_reference_decode(
			&setting->reference, payloads[i].data, payloads[i].len, &rows, rejected);
	for (uint32_t isa = 0; isa < isa_cnt(); isa++) {
		struct decoded decoded =
			decode(&setting->table, setting->reference.framing, isa, payloads, cnt);
		bool same = rows.len == decoded.rows.len &&
			    memcmp(rows.p ? rows.p : "", decoded.rows.p, rows.len) == 0;

		cr_assert(same, "%s: %u fields of %lx, options %s\n<%.*s>\ngives\n%s\nnot\n%.*s",
			fb_isa_name(isa), setting->reference.field_cnt,
			(unsigned long)setting->reference.needed, setting->table.text,
			(int)payloads[0].len, payloads[0].data, decoded.rows.p, (int)rows.len,
			rows.p ? rows.p : "");
		for (uint32_t i = 0; i < FB_REC_CNT; i++)
			cr_assert_eq(decoded.counters.rejected[i], rejected[i],
				"%s: %s %lu, not %lu: <%.*s>", fb_isa_name(isa),
				fb_record_dispositions[i].label,
				(unsigned long)decoded.counters.rejected[i],
				(unsigned long)rejected[i], (int)payloads[0].len, payloads[0].data);
		decoded_free(&decoded);
	}
	fb_buf_fini(&rows);
}

Test(json_decoder, is_the_reference_on_random_payloads, .timeout = 100)
{
	uint64_t state = 0x6465636f646572;
	struct fb_buf text = {0};

	for (int i = 0; i < 20000; i++) {
		struct setting setting;
		struct payload payloads[4];
		uint32_t cnt = 1 + below(&state, 4);

		choose_setting(&setting, &state);
		for (uint32_t p = 0; p < cnt; p++) {
			make_payload(&text, setting.reference.framing, &state);
			payloads[p] = payload_make(text.p ? text.p : "", (uint32_t)text.len,
				below(&state, 64), "\"\\\n1"[p]);
		}
		check_with_reference(&setting, payloads, cnt);
		for (uint32_t p = 0; p < cnt; p++)
			payload_free(&payloads[p]);
	}
	fb_buf_fini(&text);
}

Test(json_decoder, is_the_reference_on_any_bytes)
{
	static const char alphabet[] = "\"\"\"f0f1::,,{}[]\\ 12\n";
	uint64_t state = 0x6279746573;

	for (int i = 0; i < 30000; i++) {
		uint8_t bytes[120];
		uint32_t len = below(&state, sizeof(bytes));
		struct setting setting;
		struct payload payload;

		choose_setting(&setting, &state);
		for (uint32_t k = 0; k < len; k++)
			bytes[k] = i % 8 ? (uint8_t)alphabet[below(&state, sizeof(alphabet) - 1)]
					 : (uint8_t)next_random(&state);
		if (len > 6 && i % 2)
			memcpy(bytes, "{\"f0\":", 6);
		payload = payload_make(bytes, len, below(&state, 64), '"');
		check_with_reference(&setting, &payload, 1);
		payload_free(&payload);
	}
}

/* ---- jansson ---- */

static void print_jansson(const json_t *object, uint32_t field_cnt, struct fb_buf *rows)
{
	for (uint32_t i = 0; i < field_cnt; i++) {
		char name[8];
		const json_t *value;

		snprintf(name, sizeof(name), "f%u", i);
		value = json_object_get(object, name);
		if (i > 0)
			fb_buf_add_char(rows, '|');
		if (json_is_string(value))
			fb_buf_add(rows, json_string_value(value), json_string_length(value));
		else if (json_is_integer(value))
			fb_buf_printf(rows, "%lld", (long long)json_integer_value(value));
		else if (json_is_boolean(value))
			fb_buf_add_text(rows, json_is_true(value) ? "true" : "false");
		else
			fb_buf_add_char(rows, '~');
	}
	fb_buf_add_char(rows, '\n');
}

/* What jansson takes is taken, with the same values. (It refuses more than Jackson: control
 * characters, bytes that are no UTF-8. And it does not keep how a number with a fraction was
 * written.) */
Test(json_decoder, reads_what_jansson_reads)
{
	uint64_t state = 0x6a616e73736f6e;
	struct fb_buf text = {0};
	uint32_t read = 0;

	for (int i = 0; i < 20000; i++) {
		struct fb_buf rows = {0};
		struct payload payload;
		struct table table;
		json_t *object;

		fb_buf_clear(&text);
		put_random_object(&text, &state, below(&state, 3), true);
		object = json_loadb(text.p, text.len, 0, NULL);
		if (object == NULL || memmem(text.p, text.len, ".", 1) != NULL ||
			memmem(text.p, text.len, "1e", 2) != NULL ||
			memmem(text.p, text.len, "-0", 2) != NULL) {
			json_decref(object);
			continue;
		}
		read++;
		table_init(&table, "json", "STRING STRING STRING STRING STRING", NULL);
		print_jansson(object, 5, &rows);
		payload = payload_make(text.p, (uint32_t)text.len, 0, '"');
		for (uint32_t isa = 0; isa < isa_cnt(); isa++) {
			struct decoded decoded =
				decode(&table, FB_FRAMING_DATAGRAM, isa, &payload, 1);

			cr_assert(rows.len == decoded.rows.len &&
					  memcmp(rows.p, decoded.rows.p, rows.len) == 0,
				"%s: <%.*s>\ngives %s\nnot   %.*s", fb_isa_name(isa), (int)text.len,
				text.p, decoded.rows.p, (int)rows.len, rows.p);
			decoded_free(&decoded);
		}
		payload_free(&payload);
		json_decref(object);
		fb_buf_fini(&rows);
	}
	cr_assert_gt(read, 5000);
	fb_buf_fini(&text);
}
