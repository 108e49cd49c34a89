/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records and fields: json_flink.txt holds what Flink 2.2.0's
 * JsonParserRowDataDeserializationSchema gave for the same bytes; the tables below hold where
 * forebay decides otherwise, with the reason. Every case runs with every instruction set and, where
 * it has no newline inside, under both framings and between neighbours.
 */
#include "harness.h"

#include <ctype.h>
#include <stdlib.h>

struct record {
	const char *types;
	const char *options;
	struct fb_str data;
	struct fb_str rows;   /* as harness.h prints them */
	uint32_t disposition; /* 0: nothing is rejected, else one */
};

static void check_counters(const struct record *record, const struct decoded *decoded,
	uint32_t times, const char *where, uint32_t isa)
{
	uint64_t rejected = decoded->counters.records - decoded->counters.decoded;

	cr_expect_eq(rejected, record->disposition ? times : 0,
		"%s, %s: <%.*s> of %s: %lu rejected", where, fb_isa_name(isa),
		(int)record->data.len, record->data.p, record->types, (unsigned long)rejected);
	if (record->disposition)
		cr_expect_eq(decoded->counters.rejected[record->disposition], times,
			"%s, %s: <%.*s> of %s is not %s", where, fb_isa_name(isa),
			(int)record->data.len, record->data.p, record->types,
			fb_record_dispositions[record->disposition].label);
}

static void check_rows(const struct record *record, const struct decoded *decoded,
	const struct fb_buf *want, const char *where, uint32_t isa)
{
	bool same = want->len == decoded->rows.len &&
		    memcmp(want->p ? want->p : "", decoded->rows.p, want->len) == 0;

	cr_expect(same, "%s, %s: <%.*s> of %s %s gives\n%s\nnot\n%.*s", where, fb_isa_name(isa),
		(int)record->data.len, record->data.p, record->types, record->options,
		decoded->rows.p, (int)want->len, want->p ? want->p : "");
}

/* `times` copies in one payload, each with its line end. */
static void check_copies(const struct record *record, enum fb_framing framing, const char *end,
	uint32_t times, const char *where)
{
	struct fb_buf bytes = {0};
	struct fb_buf want = {0};
	struct table table;

	table_init(&table, "json", record->types, record->options);
	for (uint32_t i = 0; i < times; i++) {
		fb_buf_add(&bytes, record->data.p, record->data.len);
		fb_buf_add_text(&bytes, end);
		fb_buf_add(&want, record->rows.p, record->rows.len);
	}
	for (uint32_t isa = 0; isa < isa_cnt(); isa++) {
		struct payload payload =
			payload_make(bytes.p ? bytes.p : "", (uint32_t)bytes.len, 1, '"');
		struct decoded decoded = decode(&table, framing, isa, &payload, 1);

		check_rows(record, &decoded, &want, where, isa);
		check_counters(record, &decoded, times, where, isa);
		decoded_free(&decoded);
		payload_free(&payload);
	}
	fb_buf_fini(&bytes);
	fb_buf_fini(&want);
}

static void check_record(const struct record *record)
{
	bool one_line = memchr(record->data.p, '\n', record->data.len) == NULL;

	check_copies(record, FB_FRAMING_DATAGRAM, "", 1, "datagram");
	if (!one_line || record->data.len == 0)
		return;
	check_copies(record, FB_FRAMING_NEWLINE, "", 1, "line");
	check_copies(record, FB_FRAMING_NEWLINE, "\n", 4, "four lines");
	check_copies(record, FB_FRAMING_NEWLINE, "\r\n\n", 3, "three lines");
}

/* ---- what Flink gave ---- */

/* %XX is a byte; with rows, ';' ends one. */
static struct fb_str unescape(char *text, bool rows)
{
	char *out = text;

	for (char *p = text; *p; p++) {
		if (*p == '%' && isxdigit(p[1]) && isxdigit(p[2])) {
			char hex[3] = {p[1], p[2], '\0'};

			*out++ = (char)strtoul(hex, NULL, 16);
			p += 2;
		} else {
			*out++ = rows && *p == ';' ? '\n' : *p;
		}
	}
	return (struct fb_str){text, (uint32_t)(out - text)};
}

static const char *option_text(const char *word)
{
	if (strcmp(word, "ign") == 0)
		return "json.ignore-parse-errors=true";
	if (strcmp(word, "miss") == 0)
		return "json.fail-on-missing-field=true";
	if (strcmp(word, "iso") == 0)
		return "json.timestamp-format.standard=ISO-8601";
	cr_assert_str_eq(word, "-");
	return "";
}

static uint32_t disposition_of(const char *label)
{
	if (strcmp(label, "-") == 0)
		return 0;
	for (uint32_t i = 0; i < FB_REC_CNT; i++)
		if (strcmp(fb_record_dispositions[i].label, label) == 0)
			return i;
	cr_assert_fail("no disposition %s", label);
	return 0;
}

static void check_line(char *line)
{
	struct record record;
	char *fields[5];
	char rows[4096];

	for (int i = 0; i < 5; i++) {
		fields[i] = line;
		line = strpbrk(line, "\t\n");
		cr_assert_not_null(line);
		*line++ = '\0';
	}
	snprintf(rows, sizeof(rows), "%s%s", strcmp(fields[3], "-") ? fields[3] : "",
		strcmp(fields[3], "-") ? ";" : "");
	record = (struct record){.types = fields[0],
		.options = option_text(fields[1]),
		.data = unescape(fields[2], false),
		.rows = unescape(rows, true),
		.disposition = disposition_of(fields[4])};
	check_record(&record);
}

Test(json, gives_what_flink_gave, .timeout = 100)
{
	FILE *in = fopen(FB_JSON_FLINK, "re");
	char line[8192];
	uint32_t cnt = 0;

	cr_assert_not_null(in, "%s", FB_JSON_FLINK);
	for (; fgets(line, sizeof(line), in); cnt++)
		check_line(line);
	fclose(in);
	cr_assert_gt(cnt, 1100);
}

/* ---- rules of our own ---- */

struct rule {
	const char *types;
	const char *options;
	const char *data;
	const char *rows;
	enum fb_record_disposition disposition;
};

static void check_rules(const struct rule *rules, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		struct record record = {.types = rules[i].types,
			.options = rules[i].options,
			.data = fb_str_from(rules[i].data),
			.rows = fb_str_from(rules[i].rows),
			.disposition = rules[i].disposition};

		check_record(&record);
	}
}

#define CHECK(...)                                                \
	do {                                                      \
		static const struct rule rules[] = {__VA_ARGS__}; \
		check_rules(rules, FB_ARRAY_LEN(rules));          \
	} while (0)

#define IGNORE "json.ignore-parse-errors=true"
#define MISSING "json.fail-on-missing-field=true"

/* Flink's default parser counts the members it knows and stops at the number of needed columns: it
 * gives 1, 2 and no f1 here. Its other one, and semantics 1.5, take the last. */
Test(json, the_last_of_members_with_one_name_counts)
{
	CHECK({"INT", "", "{\"f0\":1,\"f0\":2}", "2\n", 0},
		{"INT STRING", "", "{\"f0\":1,\"f0\":2,\"f1\":\"a\"}", "2|a\n", 0},
		{"INT STRING", "", "{\"f0\":1,\"f1\":\"a\",\"f1\":null}", "1|~\n", 0},
		{"INT STRING", MISSING, "{\"f0\":1,\"f0\":2,\"f1\":\"a\"}", "2|a\n", 0},
		{"INT STRING", MISSING, "{\"f0\":1,\"f0\":2}", "", FB_REC_MISSING_FIELD},
		{"STRING", "", "{\"f0\":{\"a\":1,\"b\":2,\"a\":[3]}}", "{\"a\":[3],\"b\":2}\n", 0},
		{"INT", "", "{\"f0\":\"x\",\"f0\":2}", "2\n", 0},
		{"BYTES", "", "{\"f0\":\"x\",\"f0\":\"AQID\"}", "", FB_REC_BASE64});
}

/* Flink goes on inside of an object that it cannot convert; the members behind it are lost there.
 */
Test(json, an_object_that_does_not_convert_is_one_bad_field)
{
	CHECK({"INT STRING", IGNORE, "{\"f0\":{\"a\":1},\"f1\":\"a\"}", "~|a\n", 0},
		{"BIGINT STRING", IGNORE, "{\"f0\":[1,2],\"f1\":\"a\"}", "~|a\n", 0},
		{"DATE STRING", IGNORE, "{\"f0\":{\"f1\":1},\"f1\":\"a\"}", "~|a\n", 0},
		{"BOOLEAN STRING", "", "{\"f0\":[true],\"f1\":\"a\"}", "0|a\n", 0},
		{"BYTES STRING", IGNORE, "{\"f0\":[1],\"f1\":\"a\"}", "~|a\n", 0},
		{"BYTES STRING", IGNORE, "{\"f0\":1234,\"f1\":\"a\"}", "~|a\n", 0},
		{"BYTES STRING", "", "{\"f0\":true,\"f1\":\"a\"}", "", FB_REC_BASE64});
}

/* Where Flink fails, the elements around a bad one are rows, and the bad one is counted. */
Test(json, an_array_is_as_many_records_as_elements)
{
	CHECK({"INT", "", "[{\"f0\":1},7,{\"f0\":2}]", "1\n2\n", FB_REC_JSON},
		{"INT", "", "[{\"f0\":1},{\"f0\":\"x\"},{\"f0\":2}]", "1\n2\n", FB_REC_NUMBER},
		{"INT", "", "[[{\"f0\":1}],{\"f0\":2}]", "2\n", FB_REC_JSON},
		{"INT", "", "[{\"f0\":1},null]", "1\n", FB_REC_JSON},
		{"INT", MISSING, "[{\"f0\":1},{},{\"f0\":2}]", "1\n2\n", FB_REC_MISSING_FIELD},
		{"INT", IGNORE, "[{\"f0\":1},{\"f0\":2},{\"f0\"]", "1\n2\n", FB_REC_JSON},
		{"INT!", "", "[{\"f0\":1},{},{\"f0\":2}]", "1\n2\n", FB_REC_NULL_VIOLATION});
}

Test(json, null_in_a_column_that_must_not_be)
{
	CHECK({"INT!", "", "{\"f0\":null}", "", FB_REC_NULL_VIOLATION},
		{"INT!", "", "{}", "", FB_REC_NULL_VIOLATION},
		{"INT!", IGNORE, "{\"f0\":\"x\"}", "", FB_REC_NULL_VIOLATION},
		{"DECIMAL(10,2)!", "", "{\"f0\":1e10}", "", FB_REC_NULL_VIOLATION},
		{"BYTES!", IGNORE, "{\"f0\":\"x\"}", "", FB_REC_NULL_VIOLATION},
		{"INT", "", "{\"f0\":\"x\"}", "", FB_REC_NUMBER},
		{"DATE", "", "{\"f0\":\"x\"}", "", FB_REC_DATETIME});
}

/* Columns that are not needed are checked for their grammar, not for their value. */
Test(json, only_needed_columns_are_converted)
{
	CHECK({"-INT STRING", "", "{\"f0\":\"x\",\"f1\":\"a\"}", "a\n", 0},
		{"-INT STRING", MISSING, "{\"f1\":\"a\"}", "a\n", 0},
		{"-INT STRING", "", "{\"f0\":01,\"f1\":\"a\"}", "", FB_REC_JSON},
		{"-INT", "", "{\"f0\":1}", "\n", 0}, {"-INT", MISSING, "{}", "\n", 0});
}

/* ---- limits ---- */

static void check_depth(uint32_t brackets, const char *rows, uint32_t disposition)
{
	struct fb_buf text = {0};
	struct record record = {.types = "-STRING INT", .options = ""};

	fb_buf_add_text(&text, "{\"f0\":");
	for (uint32_t i = 0; i < brackets; i++)
		fb_buf_add_char(&text, '[');
	for (uint32_t i = 0; i < brackets; i++)
		fb_buf_add_char(&text, ']');
	fb_buf_add_text(&text, ",\"f1\":1}");
	record.data = (struct fb_str){text.p, (uint32_t)text.len};
	record.rows = fb_str_from(rows);
	record.disposition = disposition;
	check_record(&record);
	fb_buf_fini(&text);
}

static void check_digits(const char *before, uint32_t digits, const char *rows)
{
	struct fb_buf text = {0};
	struct record record = {.types = "-DOUBLE INT", .options = ""};

	fb_buf_printf(&text, "{\"f0\":%s", before);
	for (uint32_t i = 0; i < digits; i++)
		fb_buf_add_char(&text, '1');
	fb_buf_add_text(&text, ",\"f1\":1}");
	record.data = (struct fb_str){text.p, (uint32_t)text.len};
	record.rows = fb_str_from(rows);
	record.disposition = rows[0] ? 0 : FB_REC_JSON;
	check_record(&record);
	fb_buf_fini(&text);
}

/* Those of Jackson 2.18 in Flink 2.2.0. */
Test(json, limits_are_jacksons)
{
	check_depth(999, "1\n", 0);
	check_depth(1000, "", FB_REC_JSON);
	check_digits("", 1000, "1\n");
	check_digits("", 1001, "");
	check_digits("-", 1000, "1\n");
	check_digits("0.", 999, "1\n");
	check_digits("0.", 1000, "");
}

/* Lines longer than a scan, before and behind short ones. */
Test(json, lines_of_any_length)
{
	for (uint32_t len = 60000; len < 300000; len += 70001) {
		struct fb_buf text = {0};
		struct payload payload;
		struct table table;

		for (int row = 0; row < 3; row++) {
			fb_buf_printf(&text, "{\"f0\":%d,\"f1\":\"b\"}\n{\"f2\":\"", row);
			for (uint32_t i = 0; i < len; i++)
				fb_buf_add_text(&text, i % 1000 == 999 ? "\\\"" : "a");
			fb_buf_printf(&text, "\",\"f1\":\"c\\n\",\"f0\":%d}\n", row + 10);
		}
		table_init(&table, "json", "INT STRING -STRING", "");
		payload = payload_make(text.p, (uint32_t)text.len, 0, '"');
		for (uint32_t isa = 0; isa < isa_cnt(); isa++) {
			struct decoded decoded =
				decode(&table, FB_FRAMING_NEWLINE, isa, &payload, 1);

			cr_expect_str_eq(decoded.rows.p, "0|b\n10|c\n\n1|b\n11|c\n\n2|b\n12|c\n\n",
				"%u", len);
			decoded_free(&decoded);
		}
		payload_free(&payload);
		fb_buf_fini(&text);
	}
}

/* More rows than a batch: from one array, from lines of one shape, and from any. */
Test(json, more_rows_than_a_batch)
{
	static const char *const patterns[] = {
		"[", "{\"f0\":%u}\n", "{\"f0\":%u}\n\n{\"f1\":1,\"f0\":\"%u\"}\r\n"};

	for (uint32_t p = 0; p < FB_ARRAY_LEN(patterns); p++) {
		struct fb_buf text = {0};
		struct fb_buf rows = {0};
		struct payload payload;
		struct table table;

		for (uint32_t i = 0; i < 1600; i++) {
			if (p == 0)
				fb_buf_printf(&text, "%s{\"f0\":%u}", i ? " , " : "[", i);
			else
				fb_buf_printf(&text, patterns[p], i, i);
			for (uint32_t k = 0; k < (p == 2 ? 2 : 1); k++)
				fb_buf_printf(&rows, "%u\n", i);
		}
		fb_buf_add_text(&text, p == 0 ? "]" : "");
		fb_buf_add_char(&rows, '\0');
		table_init(&table, "json", "INT", "");
		payload = payload_make(text.p, (uint32_t)text.len, 0, '"');
		for (uint32_t isa = 0; isa < isa_cnt(); isa++) {
			struct decoded decoded =
				decode(&table, FB_FRAMING_NEWLINE, isa, &payload, 1);

			cr_expect_str_eq(decoded.rows.p, rows.p, "pattern %u", p);
			decoded_free(&decoded);
		}
		payload_free(&payload);
		fb_buf_fini(&text);
		fb_buf_fini(&rows);
	}
}

/* Changed text is kept in the decoder: its room ends a batch early, and only a record that alone
 * needs more is lost. */
Test(json, changed_text_of_many_rows_and_of_one)
{
	for (uint32_t len = 100000; len <= 300000; len += 100000) {
		struct fb_buf text = {0};
		struct payload payload;
		struct decoded decoded;
		struct table table;

		for (int row = 0; row < 5; row++) {
			fb_buf_add_text(&text, "{\"f0\":\"\\n");
			for (uint32_t i = 0; i < len; i++)
				fb_buf_add_char(&text, 'a');
			fb_buf_add_text(&text, "\"}\n{\"f0\":\"b\"}\n");
		}
		table_init(&table, "json", "STRING", "");
		payload = payload_make(text.p, (uint32_t)text.len, 0, '"');
		decoded = decode(&table, FB_FRAMING_NEWLINE, fb_isa_detect(), &payload, 1);
		cr_assert_eq(decoded.counters.rejected[FB_REC_JSON], len > 256 * 1024 ? 5 : 0);
		cr_assert_eq(decoded.counters.decoded, len > 256 * 1024 ? 5 : 10);
		decoded_free(&decoded);
		payload_free(&payload);
		fb_buf_fini(&text);
	}
}
