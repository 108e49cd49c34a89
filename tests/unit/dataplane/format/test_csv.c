/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records and fields: semantics 1.5, and where that is silent what Flink 2.2.0's
 * CsvRowDataDeserializationSchema gave for the same bytes. Every case runs with every instruction
 * set, under both framings where both must agree, and between neighbours.
 */
#include "harness.h"

enum where { BOTH, LINE, DATAGRAM };

struct record {
	const char *options; /* csv. is put in front of each */
	const char *types;
	const char *data;
	const char *row; /* NULL: rejected as `disposition`; "": no record */
	enum fb_record_disposition disposition;
	enum where where;
};

static struct decoded decode_text(const struct table *table, enum fb_framing framing,
	enum fb_isa isa, const char *bytes, size_t len)
{
	struct payload payload = payload_make(bytes, (uint32_t)len, 1, '"');
	struct decoded decoded = decode(table, framing, isa, &payload, 1);

	payload_free(&payload);
	return decoded;
}

static void check_alone(const struct record *record, const struct table *table,
	enum fb_framing framing, enum fb_isa isa)
{
	struct decoded decoded =
		decode_text(table, framing, isa, record->data, strlen(record->data));
	const char *name = framing == FB_FRAMING_NEWLINE ? "line" : "datagram";
	uint32_t expected = record->row == NULL || record->row[0] != '\0';

	cr_expect_str_eq(decoded.rows.p, record->row ? record->row : "", "%s <%s> of %s: %s", name,
		record->data, record->types, decoded.rows.p);
	cr_expect_eq(decoded.counters.records, expected, "%s <%s>: %lu records", name, record->data,
		(unsigned long)decoded.counters.records);
	if (record->row == NULL)
		cr_expect_eq(decoded.counters.rejected[record->disposition], 1, "%s <%s> is not %s",
			name, record->data, fb_record_dispositions[record->disposition].label);
	decoded_free(&decoded);
}

/* The same line three times in one payload: what is bad about one does not touch the next. */
static void check_among_lines(
	const struct record *record, const struct table *table, enum fb_isa isa)
{
	struct fb_buf text = {0};
	struct fb_buf rows = {0};
	struct decoded decoded;

	for (int i = 0; i < 3; i++) {
		fb_buf_printf(&text, "%s%s", record->data, i == 1 ? "\r\n" : "\n");
		fb_buf_add_text(&rows, record->row ? record->row : "");
	}
	fb_buf_add_char(&rows, '\0');
	decoded = decode_text(table, FB_FRAMING_NEWLINE, isa, text.p, text.len);
	cr_expect_str_eq(
		decoded.rows.p, rows.p, "three lines <%s>: %s", record->data, decoded.rows.p);
	if (record->row == NULL)
		cr_expect_eq(decoded.counters.rejected[record->disposition], 3, "three lines <%s>",
			record->data);
	decoded_free(&decoded);
	fb_buf_fini(&text);
	fb_buf_fini(&rows);
}

static void check_records(const struct record *records, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		struct table table;

		table_init(&table, "csv", records[i].types, records[i].options);
		for (uint32_t isa = 0; isa < isa_cnt(); isa++) {
			/* An empty payload holds no line. */
			if (records[i].where != DATAGRAM && records[i].data[0] != '\0')
				check_alone(&records[i], &table, FB_FRAMING_NEWLINE, isa);
			if (records[i].where != DATAGRAM &&
				strpbrk(records[i].data, "\r\n") == NULL)
				check_among_lines(&records[i], &table, isa);
			if (records[i].where != LINE)
				check_alone(&records[i], &table, FB_FRAMING_DATAGRAM, isa);
		}
	}
}

#define CHECK(...)                                                    \
	do {                                                          \
		static const struct record records[] = {__VA_ARGS__}; \
		check_records(records, FB_ARRAY_LEN(records));        \
	} while (0)

#define NUMBER NULL, FB_REC_NUMBER
#define ARITY NULL, FB_REC_ARITY
#define QUOTE NULL, FB_REC_QUOTE
#define DATETIME NULL, FB_REC_DATETIME
#define NULL_VIOLATION NULL, FB_REC_NULL_VIOLATION

#define QUOTE_OFF "csv.disable-quote-character=true"
#define QUOTE_SINGLE "csv.quote-character='"
#define ESCAPE "csv.escape-character=\\"
#define NULL_WORD "csv.null-literal=null"
#define IGNORE "csv.ignore-parse-errors=true"
#define COMMENTS "csv.allow-comments=true"

/* As recorded in tests/engines/recorded/csv_bytes.csv. */
Test(csv, base64)
{
	CHECK({NULL, "INT BYTES", "1,aGVsbG8=", "1|hello\n"},
		{NULL, "BYTES INT", "\"aGVs bG8=\",2", "hello|2\n"},
		{NULL, "BYTES INT", "aGVsbG8=,2\r\n", "hello|2\n"},
		{NULL, "BYTES INT", "\"aGVs\"\"bG8=\",2", NULL, FB_REC_BASE64},
		{NULL, "BYTES INT", ",2", "|2\n"},
		{NULL, "BYTES INT", "aGVsbG8,2", NULL, FB_REC_BASE64},
		{NULL, "BYTES INT", "-_-_,2", NULL, FB_REC_BASE64},
		{IGNORE, "BYTES INT", "****,2", "~|2\n"},
		{NULL_WORD, "BYTES INT", "null,2", "~|2\n"},
		{NULL, "BYTES! INT", "aGVsbG8=,x", NUMBER},
		{ESCAPE, "BYTES INT", "aGVs\\bG8=,2", "hello|2\n"});
}

Test(csv, quotes)
{
	CHECK({NULL, "INT STRING", "1,\"a\"", "1|a\n"},
		{NULL, "INT STRING", "1,\"a,b\"", "1|a,b\n"},
		{NULL, "INT STRING", "1,\"a\"\"b\"", "1|a\"b\n"},
		{NULL, "INT STRING", "1,\"\"", "1|\n"},
		{NULL, "STRING STRING", "\"\"\"\",\"\"\"\"\"\"", "\"|\"\"\n"},
		{NULL, "INT STRING", "\"1\",a", "1|a\n"}, {NULL, "INT STRING", "1,\"a", QUOTE},
		{NULL, "STRING STRING", "\"\",\"", QUOTE}, {NULL, "INT STRING", "1,\"a\"x", QUOTE},
		{NULL, "INT STRING", "1,\"a\" x", QUOTE},
		{NULL, "INT STRING", "1,\"a\"  ", "1|a\n"},
		{NULL, "STRING INT", "\"a\" \t,1", "a|1\n"},
		{NULL, "STRING INT", "\"a\"\x01\x0b,1", "a|1\n"},
		{NULL, "STRING STRING", "a,\"b\"\xc2\xa0", QUOTE},
		/* Only the first byte of a field opens. */
		{NULL, "STRING INT", " \"a\",1", " \"a\"|1\n"},
		{NULL, "STRING INT", "a\"b\",1", "a\"b\"|1\n"},
		{NULL, "STRING INT", "a\"b,1", "a\"b|1\n"},
		{NULL, "STRING INT", " a , 1 ", " a |1\n"});
}

Test(csv, another_quote_or_none)
{
	CHECK({QUOTE_SINGLE, "STRING STRING", "'a,''b',\"c\"", "a,'b|\"c\"\n"},
		{QUOTE_OFF, "STRING STRING", "\"a\",'b'", "\"a\"|'b'\n"},
		{QUOTE_OFF, "STRING STRING STRING", "\"a,b\",c", "\"a|b\"|c\n"},
		{QUOTE_OFF, "STRING STRING", "\"a,b", "\"a|b\n"});
}

Test(csv, quoted_line_ends_belong_to_a_datagram_but_end_a_line)
{
	CHECK({NULL, "INT STRING", "1,\"a\nb\"", "1|a\nb\n", .where = DATAGRAM},
		{NULL, "INT STRING", "1,\"a\r\nb\"\r\n", "1|a\r\nb\n", .where = DATAGRAM});

	struct table table;

	table_init(&table, "csv", "INT STRING", NULL);
	for (uint32_t isa = 0; isa < isa_cnt(); isa++) {
		const char *text = "1,a\n2,\"b\n3\",c\n4,d\n";
		struct decoded decoded =
			decode_text(&table, FB_FRAMING_NEWLINE, isa, text, strlen(text));

		/* 2,"b has an open quote; 3",c is a number with a quote in it. */
		cr_assert_str_eq(decoded.rows.p, "1|a\n4|d\n");
		cr_assert_eq(decoded.counters.rejected[FB_REC_QUOTE], 1);
		cr_assert_eq(decoded.counters.rejected[FB_REC_NUMBER], 1);
		decoded_free(&decoded);
	}
}

Test(csv, delimiters)
{
	CHECK({"csv.field-delimiter=;", "STRING INT", "a,b;3", "a,b|3\n"},
		{"csv.field-delimiter=\\t", "STRING INT", "a\t3", "a|3\n"},
		{"csv.field-delimiter=\\t", "STRING STRING", "\"a\"  \t\"b\"", "a|b\n"},
		{"csv.field-delimiter=\t", "STRING INT", "a\t3", "a|3\n"},
		{"csv.field-delimiter= ", "STRING INT", "\"a\" 3", "a|3\n"},
		{"csv.field-delimiter=|", "STRING STRING", "\"a|b\"|c", "a|b|c\n"},
		{"csv.field-delimiter=\x01", "STRING STRING", "\"a\" \x01\"b\"", "a|b\n"});
}

Test(csv, escapes)
{
	CHECK({ESCAPE, "STRING STRING", "a\\,b,c", "a,b|c\n"},
		{ESCAPE, "STRING STRING", "a\\nb,c\\tc", "a\nb|c\tc\n"},
		{ESCAPE, "STRING STRING", "a\\r,c\\\\", "a\r|c\\\n"},
		{ESCAPE, "STRING STRING", "\"a\\nb\",\"c\\\"d\"", "a\nb|c\"d\n"},
		{ESCAPE, "STRING STRING", "\\\"a\",b", "\"a\"|b\n"},
		{ESCAPE, "STRING STRING", "a\\\\b,\\x", "a\\b|x\n"},
		{ESCAPE, "STRING STRING", "\"a\"\"b\",c", "a\"b|c\n"},
		{ESCAPE, "STRING STRING", "a,b\\", QUOTE},
		{ESCAPE, "STRING STRING", "\"a\",\"b\\", QUOTE},
		{ESCAPE, "STRING STRING", "a,\"b\"\\", QUOTE},
		{ESCAPE "\n" QUOTE_OFF, "STRING STRING", "\"a\\,b\",c", "\"a,b\"|c\n"},
		{ESCAPE "\ncsv.null-literal=N", "STRING STRING", "\\N,N", "~|~\n"},
		{"csv.escape-character=\"", "STRING STRING", "\"a\",b", "a|b\n"},
		{"csv.escape-character=\"", "STRING STRING", "\"a\"\"b\",c\"d", "a\"b|cd\n"},
		{ESCAPE, "STRING STRING", "a,b\\\nc\n", "a|b\nc\n", .where = DATAGRAM},
		{ESCAPE, "STRING STRING", "a,b\\\r\nc\n", "a|b\r\n", .where = DATAGRAM},
		{ESCAPE, "STRING STRING", "a,\"b\\\n\"\n", "a|b\n\n", .where = DATAGRAM});
}

Test(csv, escaped_zero_is_a_zero_byte)
{
	struct table table;
	struct decoded decoded;

	table_init(&table, "csv", "STRING STRING", ESCAPE);
	decoded = decode_text(&table, FB_FRAMING_NEWLINE, FB_ISA_SCALAR, "a\\0b,c\n", 7);
	cr_assert_eq(decoded.rows.len, 6);
	cr_assert_arr_eq(decoded.rows.p, "a\0b|c\n", 6);
	decoded_free(&decoded);
}

Test(csv, null_and_empty)
{
	CHECK({NULL_WORD, "STRING INT", "null,null", "~|~\n"},
		{NULL_WORD, "STRING INT", "\"null\",\"null\"", "~|~\n"},
		{NULL_WORD, "STRING STRING", " null,NULL", " null|NULL\n"},
		{NULL_WORD, "STRING INT", "a, null", NUMBER},
		{NULL_WORD, "BOOLEAN DATE TIMESTAMP(3) DOUBLE", "null,null,null,null", "~|~|~|~\n"},
		{"csv.null-literal=", "STRING INT", ",", "~|~\n"},
		{"csv.null-literal=", "STRING INT", "\"\",\"\"", "~|~\n"},
		/* Unset: empty is empty, which no number, date or time is. */
		{NULL, "STRING STRING", ",", "|\n"}, {NULL, "STRING INT", "a,", NUMBER},
		{NULL, "STRING DOUBLE", "a,", NUMBER}, {NULL, "DATE STRING", ",a", DATETIME},
		{NULL, "TIMESTAMP(3) STRING", ",a", DATETIME},
		{NULL, "BOOLEAN STRING", ",a", "0|a\n"});
}

Test(csv, not_null_columns)
{
	CHECK({NULL_WORD, "INT! STRING", "null,a", NULL_VIOLATION},
		{NULL_WORD, "INT! STRING", "1,null", "1|~\n"},
		{NULL_WORD, "INT STRING!", "1,null", NULL_VIOLATION},
		{IGNORE, "INT! STRING", "x,a", NULL_VIOLATION},
		{IGNORE, "INT STRING!", "1", NULL_VIOLATION},
		{NULL, "INT! STRING!", "1,a", "1|a\n"});
}

Test(csv, arity)
{
	CHECK({NULL, "INT STRING", "1", ARITY}, {NULL, "INT STRING", "1,2,3", ARITY},
		{NULL, "INT STRING", "1,2,,", ARITY}, {NULL, "INT STRING", "1,2,3,\"x", ARITY},
		{NULL, "INT STRING", "1,2,\"x", QUOTE},
		/* One blank field too many is a trailing delimiter. */
		{NULL, "INT STRING", "1,2,", "1|2\n"}, {NULL, "INT STRING", "1,2,\"\"", "1|2\n"},
		{NULL, "INT STRING", "1,2, \t", "1|2\n"},
		{NULL, "INT STRING", "1,2,\"  \"", "1|2\n"}, {NULL, "STRING", ",", "\n"},
		{NULL_WORD, "INT STRING", "1,2,null", ARITY},
		/* Too few fail only where all are read; a bad field that is not read goes unseen.
		 */
		{NULL, "INT -STRING", "1", "1\n"}, {NULL, "-INT STRING", "1", "~\n"},
		{NULL, "-INT STRING", "x,1", "1\n"}, {NULL, "INT -STRING", "1,2,3", ARITY},
		{NULL, "-INT STRING", "1,2,3", ARITY}, {NULL, "INT -STRING", "1,2,", "1\n"},
		{NULL, "INT -STRING", "1,\"a", QUOTE},
		{NULL, "INT -STRING -INT", "1,\"a\"\"b\",x", "1\n"},
		{NULL, "INT STRING", "\n", ARITY}, {NULL, "INT STRING", "", ARITY, DATAGRAM},
		{NULL, "STRING", "", ARITY, DATAGRAM}, {NULL, "STRING", "\n", "\n"},
		{NULL, "STRING", "\r\n", "\n"});
}

Test(csv, ignored_errors)
{
	CHECK({IGNORE, "INT STRING", "a,b", "~|b\n"}, {IGNORE, "STRING INT", "a,b", "a|~\n"},
		{IGNORE, "STRING INT", ",", "|~\n"},
		{IGNORE, "DATE TIMESTAMP(3) DOUBLE", "x,y,z", "~|~|~\n"},
		{IGNORE, "INT STRING", "1", "1|~\n"}, {IGNORE, "INT STRING", "1,2,", "1|2\n"},
		{IGNORE, "-INT STRING", "x", "~\n"}, {IGNORE, "STRING STRING", "\n", "|~\n"},
		{IGNORE "\ncsv.null-literal=x", "STRING INT", "x,x", "~|~\n"},
		/* What is not one field's fault ends the record: Flink skips it. */
		{IGNORE, "INT STRING", "1,2,3", ARITY}, {IGNORE, "INT STRING", "1,2,,", ARITY},
		{IGNORE, "INT STRING", "1,\"a", QUOTE}, {IGNORE, "INT STRING", "1,\"a\"b", QUOTE});

	struct table table;
	struct decoded decoded;

	table_init(&table, "csv", "INT STRING", IGNORE);
	decoded = decode_text(&table, FB_FRAMING_NEWLINE, FB_ISA_SCALAR, "a,b\n1,c\nd,e\n", 12);
	cr_assert_eq(decoded.counters.null_fields, 2);
	cr_assert_eq(decoded.counters.decoded, 3);
	decoded_free(&decoded);
}

Test(csv, comments)
{
	CHECK({COMMENTS, "INT STRING", "#1,a", ""}, {COMMENTS, "INT STRING", " #1,a", ""},
		{COMMENTS, "INT STRING", "1,#a", "1|#a\n"},
		{COMMENTS, "STRING STRING", "\"#1\",a", "#1|a\n"},
		{COMMENTS, "STRING", "\"#\"", "#\n"}, {COMMENTS, "STRING STRING", "  a,b", "a|b\n"},
		{COMMENTS, "STRING STRING", "\t\"a\",b", "\t\"a\"|b\n"},
		{COMMENTS, "STRING", " ", ""},
		{COMMENTS "\ncsv.field-delimiter=\\t", "STRING STRING", "\t#1", "|#1\n"},
		{COMMENTS "\n" ESCAPE, "STRING STRING", "\\#a,b", "#a|b\n"},
		{COMMENTS, "INT STRING", "\n\n", ""},
		{COMMENTS, "INT STRING", "#x\n#y\n1,a", "1|a\n"},
		{COMMENTS, "INT STRING", " \n#\n1,a\n", "1|a\n"},
		{COMMENTS, "INT STRING", "#x\r1,a", "1|a\n", .where = DATAGRAM},
		{COMMENTS, "STRING STRING", "\r\n #a,b\r\n a,b", "a|b\n", .where = DATAGRAM},
		{NULL, "STRING STRING", "#1,a", "#1|a\n"});
}

Test(csv, line_framing)
{
	static const struct {
		const char *text;
		const char *rows;
		uint64_t records;
	} cases[] = {
		{"1,a\n2,b\n", "1|a\n2|b\n", 2},
		{"1,a\n2,b", "1|a\n2|b\n", 2},
		{"1,a\r\n2,b\r\n", "1|a\n2|b\n", 2},
		{"1,a\r\n2,b\r", "1|a\n2|b\n", 2},
		{"1,\"a\"\r\n2,\"b\"\r\n", "1|a\n2|b\n", 2},
		{"", "", 0},
		{"1,a\n\n2,b\n", "1|a\n2|b\n", 3},
		{"\n", "", 1},
		{"1,a\rb\n", "1|a\rb\n", 1},
		{"1,a\n2\n3,c\n4,d,e\n5,e\n", "1|a\n3|c\n5|e\n", 5},
		{"x,a\n2,b\ny,c", "2|b\n", 3},
		{"1,a,b\n2,b\n\"3,c\n4,d", "2|b\n4|d\n", 4},
		{"1,a,\n2,b,\n3,c\n", "1|a\n2|b\n3|c\n", 3},
	};
	struct table table;

	table_init(&table, "csv", "INT STRING", NULL);
	for (size_t i = 0; i < FB_ARRAY_LEN(cases); i++)
		for (uint32_t isa = 0; isa < isa_cnt(); isa++) {
			struct decoded decoded = decode_text(&table, FB_FRAMING_NEWLINE, isa,
				cases[i].text, strlen(cases[i].text));

			cr_expect_str_eq(decoded.rows.p, cases[i].rows, "<%s> gives %s",
				cases[i].text, decoded.rows.p);
			cr_expect_eq(
				decoded.counters.records, cases[i].records, "<%s>", cases[i].text);
			decoded_free(&decoded);
		}
}

Test(csv, datagram_framing)
{
	CHECK({NULL, "INT STRING", "1,a", "1|a\n"}, {NULL, "INT STRING", "1,a\n", "1|a\n"},
		{NULL, "INT STRING", "1,a\r\n", "1|a\n"}, {NULL, "INT STRING", "1,a\r", "1|a\n"},
		/* One message is one record: nothing behind the first line is read. */
		{NULL, "INT STRING", "1,a\n2,b", "1|a\n", .where = DATAGRAM},
		{NULL, "INT STRING", "1,a\n2,b,c,d", "1|a\n", .where = DATAGRAM},
		{NULL, "INT STRING", "1,a\rb", "1|a\n", .where = DATAGRAM},
		{NULL, "INT STRING", "1,\"a\"\r\n2,b", "1|a\n", .where = DATAGRAM},
		{NULL, "INT STRING", "1\n2,b", ARITY, DATAGRAM},
		{NULL, "INT STRING", "\n1,a", ARITY, DATAGRAM});
}

Test(csv, numbers_are_counted_by_column_and_first_fault)
{
	CHECK({NULL, "INT DATE", "x,y", NUMBER}, {NULL, "DATE INT", "x,y", DATETIME},
		{NULL_WORD, "INT! DATE", "null,y", NULL_VIOLATION},
		{NULL, "TIMESTAMP(3) INT", "2024-01-01,y", DATETIME});
}

/* Rows beyond a batch: the decoder says so, and goes on where it stopped. */
Test(csv, more_rows_than_a_batch)
{
	struct fb_buf text = {0};
	struct fb_buf rows = {0};
	struct table table;

	for (int i = 0; i < 2000; i++) {
		/* Regular, quoted, CRLF, bad, irregular. */
		static const char *const ends[] = {
			",a\n", ",\"a\"\n", ",a\r\n", ",a,b,c\n", ",\"a\" \n"};

		fb_buf_printf(&text, "%d%s", i, ends[i % 5]);
		if (i % 5 != 3)
			fb_buf_printf(&rows, "%d|a\n", i);
	}
	table_init(&table, "csv", "INT STRING", NULL);
	for (uint32_t isa = 0; isa < isa_cnt(); isa++) {
		struct decoded decoded =
			decode_text(&table, FB_FRAMING_NEWLINE, isa, text.p, text.len);

		cr_assert_str_eq(decoded.rows.p, rows.p);
		cr_assert_eq(decoded.counters.rejected[FB_REC_ARITY], 400);
		decoded_free(&decoded);
	}
	fb_buf_fini(&text);
	fb_buf_fini(&rows);
}

/* ---- raw ---- */

Test(raw, a_line_or_datagram_is_the_value)
{
	static const char text[] = "a,\"b\\\n\n\r\nc\r\nd\re";
	struct table table;

	table_init(&table, "raw", "STRING", NULL);
	for (int framing = FB_FRAMING_NEWLINE; framing <= FB_FRAMING_DATAGRAM; framing++) {
		struct decoded decoded = decode_text(
			&table, (enum fb_framing)framing, FB_ISA_SCALAR, text, sizeof(text) - 1);

		cr_expect_str_eq(decoded.rows.p, framing == FB_FRAMING_NEWLINE
							 ? "a,\"b\\\n\n\nc\nd\re\n"
							 : "a,\"b\\\n\n\r\nc\r\nd\re\n");
		decoded_free(&decoded);
	}
}

Test(raw, batches_and_types)
{
	struct fb_decoder *decoder = NULL;
	struct fb_buf text = {0};
	struct decoded decoded;
	struct table table;

	for (int i = 0; i < 1500; i++)
		fb_buf_add_text(&text, "x\n");
	table_init(&table, "raw", "BYTES!", NULL);
	decoded = decode_text(&table, FB_FRAMING_NEWLINE, FB_ISA_SCALAR, text.p, text.len);
	cr_expect_eq(decoded.counters.decoded, 1500);
	decoded_free(&decoded);
	decoded = decode_text(&table, FB_FRAMING_DATAGRAM, FB_ISA_SCALAR, "", 0);
	cr_expect_str_eq(decoded.rows.p, "\n");
	decoded_free(&decoded);
	fb_buf_fini(&text);
	for (int i = 0; i < 2; i++) {
		struct fb_decoder_conf conf = {.table = &table.table, .needed = &table.needed};

		table_init(&table, "raw", i ? "STRING STRING" : "BIGINT", NULL);
		cr_expect_eq(fb_decoder_create(&conf, &decoder), FB_E_UNSUPPORTED);
	}
}
