/* SPDX-License-Identifier: Apache-2.0 */
/* Rows as text. What is expected was written by Flink 2.2.0's CSV and JSON formats, but for the
 * last digits of doubles (1.5). */
#include "harness.h"

#include <math.h>
#include <stdlib.h>

#define S(text) ((struct fb_value){.str = FB_STR(text)})
#define I(number) ((struct fb_value){.i64 = (number)})
#define D(number) ((struct fb_value){.f64 = (number)})
#define N ((struct fb_value){.is_null = true})
#define X(number) ((struct fb_value){.i128 = (number)})

struct line {
	const char *options;
	const char *types;
	struct fb_value values[2];
	const char *text;
};

static void check_lines(const char *format, const struct line *lines, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		struct table table;
		struct fb_writer *writer;
		struct fb_buf out = {0};

		table_init(&table, format, lines[i].types, lines[i].options);
		cr_assert_eq(fb_writer_create(&table.table, &writer), 0);
		fb_buf_add_char(&out, '>');
		fb_writer_row(writer, lines[i].values, &out);
		cr_expect_not(out.failed);
		cr_expect_str_eq(
			out.p + 1, lines[i].text, "%zu: %s is not %s", i, out.p + 1, lines[i].text);
		fb_writer_destroy(writer);
		fb_buf_fini(&out);
	}
}

#define CHECK(format, ...)                                       \
	do {                                                     \
		const struct line lines[] = {__VA_ARGS__};       \
		check_lines(format, lines, FB_ARRAY_LEN(lines)); \
	} while (0)

#define TWO "STRING STRING"
#define QUOTE_SINGLE "csv.quote-character='"
#define QUOTE_OFF "csv.disable-quote-character=true"
#define TAB "csv.field-delimiter=\\t"
#define E_ACUTE_6 "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
#define SMILE_4 "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80"

/* Quoted: longer than 24 UTF-16 units, or any character up to the larger of delimiter and quote, or
 * the escape character. */
Test(csv_writer, quotes)
{
	CHECK("csv", {NULL, TWO, {S("a"), S("b")}, "a,b"}, {NULL, TWO, {S(""), S("x")}, ",x"},
		{NULL, TWO, {S("a b"), S("a+b")}, "\"a b\",\"a+b\""},
		{NULL, TWO, {S("a-b"), S("a.b")}, "a-b,a.b"},
		{NULL, TWO, {S("a\"b"), S("a,b")}, "\"a\"\"b\",\"a,b\""},
		{NULL, TWO, {S("a\\b"), S("a'b")}, "\"a\\b\",\"a'b\""},
		{NULL, TWO, {S("a\nb"), S("a\tb")}, "\"a\nb\",\"a\tb\""},
		{NULL, TWO, {S("#a"), S("[a]")}, "\"#a\",[a]"},
		{NULL, TWO, {S("123456789012345678901234"), S("1234567890123456789012345")},
			"123456789012345678901234,\"1234567890123456789012345\""},
		{NULL, TWO,
			{S(E_ACUTE_6 E_ACUTE_6 E_ACUTE_6 E_ACUTE_6), S(SMILE_4 SMILE_4 SMILE_4)},
			E_ACUTE_6 E_ACUTE_6 E_ACUTE_6 E_ACUTE_6 "," SMILE_4 SMILE_4 SMILE_4},
		{NULL, "STRING", {S(E_ACUTE_6 E_ACUTE_6 E_ACUTE_6 E_ACUTE_6 "e")},
			"\"" E_ACUTE_6 E_ACUTE_6 E_ACUTE_6 E_ACUTE_6 "e\""},
		{NULL, "STRING", {S(SMILE_4 SMILE_4 SMILE_4 "e")},
			"\"" SMILE_4 SMILE_4 SMILE_4 "e\""},
		{"csv.field-delimiter=|", TWO, {S("abc"), S("\xc3\xa9")}, "\"abc\"|\xc3\xa9"},
		{TAB, TWO, {S("a,b"), S("a\"b")}, "a,b\t\"a\"\"b\""},
		{TAB, TWO, {S("a-b"), S("a\tb")}, "a-b\t\"a\tb\""},
		{"csv.field-delimiter=;", TWO, {S("a,b"), S("a:b")}, "\"a,b\";\"a:b\""},
		{QUOTE_SINGLE, TWO, {S("it's"), S("a\"b")}, "'it''s','a\"b'"},
		{QUOTE_OFF, TWO, {S("a,b"), S("a\"b c")}, "a,b,a\"b c"},
		{NULL, "CHAR(2) STRING", {S("ab"), S("c")}, "ab,c"},
		/* What is no UTF-8 is U+FFFD, once for each byte that begins nothing; a real one stays. */
		{NULL, TWO, {S("Z\xfcrich"), S("\xfb\xff\xbf")}, "Z\xef\xbf\xbdrich,\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
		{NULL, TWO, {S("\xef\xbf\xbd\xc3\xa9"), S("\xc3\xa9\xe2\x82")}, "\xef\xbf\xbd\xc3\xa9,\xc3\xa9\xef\xbf\xbd"});
}

/* Doubled, both the quote and the escape character. */
Test(csv_writer, escapes)
{
	CHECK("csv",
		{"csv.escape-character=\\", TWO, {S("a\\b"), S("a\"b")}, "\"a\\\\b\",\"a\"\"b\""},
		{"csv.escape-character=\\", TWO, {S("a\\b\"c d"), S("plain")},
			"\"a\\\\b\"\"c d\",plain"},
		{"csv.escape-character=!", TWO, {S("a!b"), S("a\\b")}, "\"a!!b\",a\\b"},
		{"csv.escape-character=~", TWO, {S("a\"~b"), S("a\nb")}, "\"a\"\"~~b\",\"a\nb\""},
		{"csv.escape-character=\\\n" QUOTE_OFF, TWO, {S("a,b"), S("a\"b\\c")},
			"a,b,a\"b\\c"});
}

Test(csv_writer, null)
{
	CHECK("csv", {NULL, TWO, {N, S("x")}, ",x"}, {NULL, "STRING INT", {N, N}, ","},
		{"csv.null-literal=null", "STRING INT", {N, N}, "null,null"},
		{"csv.null-literal=n,l", "STRING INT", {N, I(7)}, "n,l,7"},
		{"csv.null-literal=\\N", "STRING INT", {N, N}, "\\N,\\N"},
		{"csv.null-literal=null", "STRING INT", {S("null"), I(5)}, "null,5"});
}

/* Never quoted, whatever the delimiter; a date is a text. */
Test(csv_writer, numbers_booleans_dates)
{
	CHECK("csv", {NULL, "INT BIGINT", {I(-5), I(INT64_MIN)}, "-5,-9223372036854775808"},
		{"csv.field-delimiter=-", "INT BIGINT", {I(-5), I(12)}, "-5-12"},
		{"csv.field-delimiter=1", "INT STRING", {I(121), S("0")}, "1211\"0\""},
		{NULL, "BOOLEAN BOOLEAN", {I(1), I(0)}, "true,false"},
		{NULL, "DATE DATE", {I(19359), I(-141427)}, "2023-01-02,1582-10-15"},
		{"csv.field-delimiter=-", "DATE INT", {I(19359), I(1)}, "\"2023-01-02\"-1"},
		{NULL, "DATE DATE", {I(-719162), I(-354650)}, "0001-01-01,0999-01-01"},
		{NULL, "DATE DATE", {I(3789391), I(-719893)}, "\"+12345-01-01\",-0001-01-01"});
}

/* yyyy-MM-dd HH:mm:ss[.f], zeros trimmed; quoted, because there is a blank in it. */
Test(csv_writer, timestamps)
{
	CHECK("csv",
		{NULL, "TIMESTAMP(3) TIMESTAMP(6)", {I(1672653600000), I(1672653600120000)},
			"\"2023-01-02 10:00:00\",\"2023-01-02 10:00:00.12\""},
		{NULL, "TIMESTAMP(3) TIMESTAMP(3)", {I(1672653600500), I(-1)},
			"\"2023-01-02 10:00:00.5\",\"1969-12-31 23:59:59.999\""},
		{TAB, "TIMESTAMP(3)", {I(1672653600500)}, "\"2023-01-02 10:00:00.5\""},
		{QUOTE_OFF, "TIMESTAMP(3)", {I(1672653600500)}, "2023-01-02 10:00:00.5"},
		{NULL, "TIMESTAMP_LTZ(3)", {I(1672653600500)}, "\"2023-01-02 10:00:00.5Z\""},
		{NULL, "TIMESTAMP(3) TIMESTAMP(3)", {I(253402300800000), I(-62167219200001)},
			"\"+10000-01-01 00:00:00\",\"-0001-12-31 23:59:59.999\""},
		{NULL, "TIMESTAMP_LTZ(3)", {I(9223372036854775)},
			"\"+294247-01-10 04:00:54.775Z\""},
		{NULL, "TIMESTAMP(6) TIMESTAMP(6)", {I(INT64_MAX), I(-1)},
			"\"+294247-01-10 04:00:54.775807\",\"1969-12-31 23:59:59.999999\""},
		/* java.time.Instant.ofEpochMilli(Long.MAX_VALUE) and MIN_VALUE; Flink's own day
		   count runs over. */
		{NULL, "TIMESTAMP(3) TIMESTAMP(3)", {I(INT64_MAX), I(INT64_MIN)},
			"\"+292278994-08-17 07:12:55.807\",\"-292275055-05-16 16:47:04.192\""});
}

Test(csv_writer, decimals_are_stripped_and_maybe_scientific)
{
	CHECK("csv",
		{NULL, "DECIMAL(10,2) DECIMAL(10,2)", {X(1000), X(850496000)}, "1E+1,8.50496E+6"},
		{NULL, "DECIMAL(10,2) DECIMAL(10,2)", {X(0), X(-1230)}, "0,-12.3"},
		{NULL, "DECIMAL(10,2) DECIMAL(10,2)", {X(1), X(12345)}, "0.01,123.45"},
		{NULL, "DECIMAL(38,18) DECIMAL(38,18)", {X(1), X(1000000000000)}, "1E-18,0.000001"},
		{NULL, "DECIMAL(38,18) DECIMAL(38,18)", {X(100000000000), X(-120000000000)},
			"1E-7,-1.2E-7"},
		{NULL, "DECIMAL(38,0) DECIMAL(38,0)",
			{X((fb_i128)1 << 100), X(-((fb_i128)1 << 100))},
			"1267650600228229401496703205376,-1267650600228229401496703205376"});
}

static void check_double(double value, bool single, const char *text)
{
	struct fb_buf out = {0};

	fb_value_format(
		(struct fb_type){.kind = single ? FB_T_FLOAT : FB_T_DOUBLE}, &D(value), &out);
	cr_expect_str_eq(out.p, text, "%s is not %s", out.p, text);
	fb_buf_fini(&out);
}

/* Double.toString of JDK 19 and later; its documentation has the two-digit rule and 2.0E-3 versus
 * 0.001. */
Test(doubles, in_javas_layout)
{
	check_double(1, false, "1.0");
	check_double(100, false, "100.0");
	check_double(-0.0, false, "-0.0");
	check_double(0, false, "0.0");
	check_double(123456.789, false, "123456.789");
	check_double(9999999, false, "9999999.0");
	check_double(1e7, false, "1.0E7");
	check_double(1e10, false, "1.0E10");
	check_double(0.001, false, "0.001");
	check_double(0.0123, false, "0.0123");
	check_double(0.0009, false, "9.0E-4");
	check_double(1.5e-10, false, "1.5E-10");
	check_double(NAN, false, "NaN");
	check_double(INFINITY, false, "Infinity");
	check_double(-INFINITY, false, "-Infinity");
	check_double(4.9e-324, false, "4.9E-324");
	check_double(1.7976931348623157e308, false, "1.7976931348623157E308");
	check_double(2.2250738585072014e-308, false, "2.2250738585072014E-308");
	check_double(2e23, false, "2.0E23");
	check_double(9007199254740993.0, false, "9.007199254740992E15");
	check_double(1.0 / 3, false, "0.3333333333333333");
	check_double(9999999.999999998, false, "9999999.999999998");
	check_double((double)0.1f, true, "0.1");
	check_double(16777216, true, "1.6777216E7");
	check_double((double)3.4028235e38f, true, "3.4028235E38");
	check_double((double)1.4e-45f, true, "1.4E-45");
	check_double((double)1e7f, true, "1.0E7");
	check_double((double)(1.0f / 3), true, "0.33333334");
}

Test(doubles, read_back_as_the_same_number)
{
	uint64_t state = 0x646f75626c65;

	for (int i = 0; i < 50000; i++) {
		struct fb_buf out = {0};
		double value;
		double single;

		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		memcpy(&value, &state, sizeof(value));
		if (i % 2)
			value = (double)(int64_t)(state >> (state & 63)) / 1024;
		single = (double)(float)value;
		if (!isfinite(value) || !isfinite(single))
			continue;
		fb_value_format((struct fb_type){.kind = FB_T_DOUBLE}, &D(value), &out);
		cr_assert_eq(strtod(out.p, NULL), value, "%s", out.p);
		fb_buf_clear(&out);
		fb_value_format((struct fb_type){.kind = FB_T_FLOAT}, &D(single), &out);
		cr_assert_eq((double)strtof(out.p, NULL), single, "%s", out.p);
		fb_buf_fini(&out);
	}
}

#define IGNORE_NULL "json.encode.ignore-null-fields=true"
#define PLAIN "json.encode.decimal-as-plain-number=true"
#define ISO "json.timestamp-format.standard=ISO-8601"

Test(json_writer, texts)
{
	CHECK("json",
		{NULL, TWO, {S("a\"b\\c"), S("\t\n\r/")},
			"{\"f0\":\"a\\\"b\\\\c\",\"f1\":\"\\t\\n\\r/\"}"},
		{NULL, TWO, {S("\x1f\x1b\b\f"), S("")},
			"{\"f0\":\"\\u001F\\u001B\\b\\f\",\"f1\":\"\"}"},
		/* Characters of two UTF-16 units are escaped, all others stand as they are. */
		{NULL, TWO, {S("\x7f\xc3\xa9\xe2\x80\xa8"), S("\xf0\x9f\x98\x80z\xf4\x8f\xbf\xbf")},
			"{\"f0\":\"\x7f\xc3\xa9\xe2\x80\xa8\",\"f1\":"
			"\"\\uD83D\\uDE00z\\uDBFF\\uDFFF\"}"});
}

/* What is not UTF-8 becomes U+FFFD as in Java: the text is JSON whatever the sender wrote. */
Test(json_writer, broken_utf8)
{
	CHECK("json",
		{NULL, TWO, {S("a\xff\x62"), S("\xc3")},
			"{\"f0\":\"a\xef\xbf\xbd\x62\",\"f1\":\"\xef\xbf\xbd\"}"},
		{NULL, TWO, {S("\xc0\x80"), S("\xe2\x82z")},
			"{\"f0\":\"\xef\xbf\xbd\xef\xbf\xbd\",\"f1\":\"\xef\xbf\xbdz\"}"},
		{NULL, "STRING", {S("\xed\xa0\x80")},
			"{\"f0\":\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"}"},
		{NULL, "STRING", {S("\xf4\x90\x80\x80\"")},
			"{\"f0\":\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\\\"\"}"},
		{NULL, "STRING", {S("\xf0\x9f\x98")}, "{\"f0\":\"\xef\xbf\xbd\"}"});
}

Test(json_writer, null)
{
	CHECK("json", {NULL, "INT BIGINT", {N, I(-5)}, "{\"f0\":null,\"f1\":-5}"},
		{IGNORE_NULL, "STRING INT", {N, I(5)}, "{\"f1\":5}"},
		{IGNORE_NULL, "INT STRING", {I(5), N}, "{\"f0\":5}"},
		{IGNORE_NULL, "STRING INT", {N, N}, "{}"});
}

Test(json_writer, other_types)
{
	CHECK("json",
		{NULL, "BOOLEAN DATE", {I(1), I(19359)}, "{\"f0\":true,\"f1\":\"2023-01-02\"}"},
		{NULL, "DATE DATE", {I(3789391), I(-719893)},
			"{\"f0\":\"+12345-01-01\",\"f1\":\"-0001-01-01\"}"},
		{NULL, "TIMESTAMP(3) TIMESTAMP_LTZ(3)", {I(1672653600500), I(1672653600000)},
			"{\"f0\":\"2023-01-02 10:00:00.5\",\"f1\":\"2023-01-02 10:00:00Z\"}"},
		{ISO, "TIMESTAMP(3) TIMESTAMP_LTZ(3)", {I(1672653600500), I(1672653600000)},
			"{\"f0\":\"2023-01-02T10:00:00.5\",\"f1\":\"2023-01-02T10:00:00Z\"}"},
		{NULL, "DOUBLE DOUBLE", {D(1e10), D(NAN)}, "{\"f0\":1.0E10,\"f1\":\"NaN\"}"},
		{NULL, "DOUBLE FLOAT", {D(-INFINITY), D((double)0.1f)},
			"{\"f0\":\"-Infinity\",\"f1\":0.1}"},
		{NULL, "DECIMAL(10,2) DECIMAL(10,2)", {X(1000), X(850496000)},
			"{\"f0\":1E+1,\"f1\":8.50496E+6}"},
		{PLAIN, "DECIMAL(10,2) DECIMAL(10,2)", {X(1000), X(0)},
			"{\"f0\":10.00,\"f1\":0.00}"},
		{PLAIN, "DECIMAL(38,18)", {X(1)}, "{\"f0\":0.000000000000000001}"});
}

/* Base64 in one line; in CSV quoted as any text is. */
Test(writer, bytes)
{
	CHECK("json", {NULL, "BYTES BYTES", {S(""), S("\1")}, "{\"f0\":\"\",\"f1\":\"AQ==\"}"},
		{NULL, "BYTES BYTES", {S("\1\2\3"), S("\xfb\xff\xbf\xfb")},
			"{\"f0\":\"AQID\",\"f1\":\"+/+/+w==\"}"},
		{NULL, "BYTES INT", {N, I(1)}, "{\"f0\":null,\"f1\":1}"});
	CHECK("csv", {NULL, "BYTES BYTES", {S("\1\2"), S("\xfb\xff\xbf\xfb")}, "AQI=,\"+/+/+w==\""},
		{NULL, "BYTES INT", {S("any bytes, more than 18"), I(1)},
			"\"YW55IGJ5dGVzLCBtb3JlIHRoYW4gMTg=\",1"});
}

/* As CAST to STRING prints: all digits of the precision, upper-case booleans. */
Test(people, values)
{
	static const struct {
		struct fb_type type;
		struct fb_value value;
		const char *text;
	} cases[] = {
		{{.kind = FB_T_BOOLEAN}, {.i64 = 1}, "TRUE"},
		{{.kind = FB_T_BOOLEAN}, {.i64 = 0}, "FALSE"},
		{{.kind = FB_T_INT}, {.is_null = true}, "NULL"},
		{{.kind = FB_T_TIMESTAMP, .precision = 3}, {.i64 = 1672653600500},
			"2023-01-02 10:00:00.500"},
		{{.kind = FB_T_TIMESTAMP, .precision = 0}, {.i64 = 1672653600000},
			"2023-01-02 10:00:00"},
		{{.kind = FB_T_TIMESTAMP, .precision = 6}, {.i64 = -1},
			"1969-12-31 23:59:59.999999"},
		{{.kind = FB_T_TIMESTAMP, .precision = 3}, {.i64 = INT64_MAX},
			"292278994-08-17 07:12:55.807"},
		{{.kind = FB_T_DATE}, {.i64 = 19359}, "2023-01-02"},
		{{.kind = FB_T_DECIMAL, .precision = 10, .scale = 2}, {.i128 = 1000}, "10.00"},
		{{.kind = FB_T_DECIMAL, .precision = 38, .scale = 10}, {.i128 = 1}, "0.0000000001"},
		{{.kind = FB_T_VARCHAR}, {.str = {"a \"b", 4}}, "a \"b"},
	};

	for (size_t i = 0; i < FB_ARRAY_LEN(cases); i++) {
		struct fb_buf out = {0};

		fb_value_format(cases[i].type, &cases[i].value, &out);
		cr_expect_str_eq(out.p, cases[i].text, "%s is not %s", out.p, cases[i].text);
		fb_buf_fini(&out);
	}
}

Test(writer, what_has_no_text_form_is_refused)
{
	struct table table;
	struct fb_writer *writer = NULL;

	table_init(&table, "avro", "STRING", NULL);
	cr_assert_eq(fb_writer_create(&table.table, &writer), FB_E_UNSUPPORTED);
	fb_writer_destroy(NULL);
}
