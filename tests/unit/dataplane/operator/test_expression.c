/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions by semantics 1.3 and 1.4, as plain queries over real CSV. */
#include "harness.h"

#include <stdio.h>

#include "config/base/calendar.h"

#define WIDE                                                                                       \
	"CREATE TABLE s (k STRING, g BIGINT, a INT, b BIGINT, y TINYINT, m SMALLINT, d DOUBLE, f " \
	"FLOAT, ok BOOLEAN, "                                                                      \
	"dt DATE, t3 TIMESTAMP(3), t6 TIMESTAMP(6), v VARCHAR(4)) WITH ('connector'='udp', "       \
	"'port'='5000', "                                                                          \
	"'format'='csv', 'csv.null-literal'='~');\n"

/* One item over one record: its columns are k,g,a,b,y,m,d,f,ok,dt,t3,t6,v. */
struct item {
	const char *sql;
	const char *record;
	const char *want; /* NULL: the record ends as FB_REC_EXPRESSION */
};

#define NULLS "~,~,~,~,~,~,~,~,~,~,~,~,~"
#define ONES "x,1,1,1,1,1,1,1,true,1970-01-02,1970-01-01 00:00:01.5,1970-01-01 00:00:01.5,x"
#define A(a) "x,1," a ",1,1,1,1,1,true,1970-01-02,1970-01-01 00:00:01.5,1970-01-01 00:00:01.5,x"
#define B(b) "x,1,1," b ",1,1,1,1,true,1970-01-02,1970-01-01 00:00:01.5,1970-01-01 00:00:01.5,x"
#define AB(a, b) \
	"x,1," a "," b ",1,1,1,1,true,1970-01-02,1970-01-01 00:00:01.5,1970-01-01 00:00:01.5,x"
#define YM(y, m) \
	"x,1,1,1," y "," m ",1,1,true,1970-01-02,1970-01-01 00:00:01.5,1970-01-01 00:00:01.5,x"
#define DF(d, f) \
	"x,1,1,1,1,1," d "," f ",true,1970-01-02,1970-01-01 00:00:01.5,1970-01-01 00:00:01.5,x"
#define K(k) k ",1,1,1,1,1,1,1,true,1970-01-02,1970-01-01 00:00:01.5,1970-01-01 00:00:01.5,x"
#define T(dt, t3, t6) "x,1,1,1,1,1,1,1,true," dt "," t3 "," t6 ",x"

static void expect_items(const struct item *items, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		struct planned planned;
		struct instance at;
		struct rows rows;
		char sql[256];

		snprintf(sql, sizeof(sql), "EXPLAIN SELECT %s AS z FROM s;", items[i].sql);
		planned = plan_sql(WIDE, sql);
		at = instance_open(&planned, NULL);
		feed(&at, items[i].record);
		rows = take_plain(&at, 0);
		cr_expect_eq(count_of(&at, 0, FB_REC_EXPRESSION), items[i].want == NULL, "%s of %s",
			items[i].sql, items[i].record);
		cr_expect_eq(
			rows.cnt, items[i].want != NULL, "%s of %s", items[i].sql, items[i].record);
		if (rows.cnt == 1 && items[i].want != NULL)
			cr_expect_str_eq(rows.text[0], items[i].want, "%s of %s is %s, not %s",
				items[i].sql, items[i].record, rows.text[0], items[i].want);
		expect_ledger(&at, 0);
		rows_fini(&rows);
		instance_close(&at);
		planned_fini(&planned);
	}
}

Test(expression, integers_wrap)
{
	static const struct item items[] = {
		{"a + 1", A("2147483647"), "-2147483648"},
		{"a - 1", A("-2147483648"), "2147483647"},
		{"a * a", A("65536"), "0"},
		{"a * 3", A("1431655766"), "2"},
		{"- a", A("-2147483648"), "-2147483648"},
		{"b + 1", B("9223372036854775807"), "-9223372036854775808"},
		{"b - 1", B("-9223372036854775808"), "9223372036854775807"},
		{"b * b", B("4294967296"), "0"},
		{"- b", B("-9223372036854775808"), "-9223372036854775808"},
		{"y + y", YM("127", "1"), "-2"},
		{"- y", YM("-128", "1"), "-128"},
		{"m * m", YM("1", "256"), "0"},
		{"m + y", YM("1", "32767"), "-32768"},
		{"a + b", AB("2147483647", "1"), "2147483648"},
	};

	expect_items(items, FB_ARRAY_LEN(items));
}

Test(expression, division)
{
	static const struct item items[] = {
		{"a / 2", A("7"), "3"},
		{"a / 2", A("-7"), "-3"},
		{"a / -2", A("7"), "-3"},
		{"a / 0", A("1"), NULL},
		{"a / 0", A("0"), NULL},
		{"a / -1", A("-2147483648"), "-2147483648"},
		{"b / -1", B("-9223372036854775808"), "-9223372036854775808"},
		{"b / a", AB("-1", "-9223372036854775808"), "-9223372036854775808"},
		{"b / a", AB("0", "5"), NULL},
		{"b / a", AB("~", "5"), "NULL"},
		{"b / a", AB("0", "~"), "NULL"},
		{"a % 3", A("7"), "1"},
		{"a % 3", A("-7"), "-1"},
		{"a % -3", A("7"), "1"},
		{"a % 0", A("7"), NULL},
		{"a % -1", A("-2147483648"), "0"},
		{"b % -1", B("-9223372036854775808"), "0"},
		{"MOD(b, a)", AB("7", "100"), "2"},
		{"MOD(b, a)", AB("0", "100"), NULL},
		{"d / 0", DF("1", "1"), "inf"},
		{"d / 0", DF("-1", "1"), "-inf"},
		{"d / 0", DF("0", "1"), "nan"},
		{"d / 4", DF("1", "1"), "0.25"},
		{"f * d", DF("0.1", "1"), "0.10000000149011612"}, /* FLOAT * DOUBLE is FLOAT */
		{"d * f", DF("0.1", "1"), "0.10000000000000001"},
		{"f + f", DF("1", "0.1"), "0.20000000298023224"},
		{"- d", DF("0", "1"), "-0"},
	};

	expect_items(items, FB_ARRAY_LEN(items));
}

/* The left side of AND and OR decides whether the right is looked at. */
Test(expression, failures_behind_a_decision_are_none)
{
	static const struct item items[] = {
		{"a <> 0 AND 10 / a > 1", A("0"), "0"},
		{"a <> 0 AND 10 / a > 1", A("5"), "1"},
		{"a = 0 OR 10 / a > 1", A("0"), "1"},
		{"a = 0 OR 10 / a > 1", A("20"), "0"},
		{"10 / a > 1 AND a <> 0", A("0"), NULL},
		{"10 / a > 1 OR a = 0", A("0"), NULL},
		{"b > 0 AND 10 / a > 1", AB("0", "~"), NULL}, /* NULL decides nothing */
		{"a = 0 OR b = 0 OR 10 / a > 1", AB("0", "1"), "1"},
		{"NOT (a <> 0 AND 10 / a > 1) AND CAST(k AS INT) = 1", A("0"), NULL},
		{"COALESCE(a, 1) / a", A("~"), "NULL"},
	};

	expect_items(items, FB_ARRAY_LEN(items));
}

Test(expression, three_valued_logic)
{
	/* p, q of TRUE, FALSE, NULL as a and b of 1, 0, NULL. */
	static const char *const values[] = {"1", "0", "~"};
	static const char *const and[] = {"1", "0", "NULL", "0", "0", "0", "NULL", "0", "NULL"};
	static const char *const or [] = {"1", "1", "1", "1", "0", "NULL", "1", "NULL", "NULL"};
	static const char *const not [] = {"0", "1", "NULL"};

	for (int p = 0; p < 3; p++)
		for (int q = 0; q < 3; q++) {
			char record[256];

			snprintf(record, sizeof(record), AB("%s", "%s"), values[p], values[q]);

			struct item items[] = {
				{"a = 1 AND b = 1", record, and[3 * p + q]},
				{"a = 1 OR b = 1", record, or [3 * p + q]},
				{"NOT (a = 1)", record, not [p]},
				{"(a = 1 AND b = 1) IS NULL", record,
					and[3 * p + q][0] == 'N' ? "1" : "0"},
				{"a IS NOT NULL", record, p < 2 ? "1" : "0"},
				{"a = b", record,
					p == 2 || q == 2 ? "NULL"
					: p == q         ? "1"
							 : "0"},
				{"a IS DISTINCT FROM b", record, p != q ? "1" : "0"},
			};

			expect_items(items, FB_ARRAY_LEN(items));
		}
}

/* WHERE keeps only TRUE: FALSE and NULL are FB_REC_FILTERED. */
Test(expression, where_is_three_valued)
{
	struct planned planned =
		plan_sql(WIDE, "EXPLAIN SELECT a FROM s WHERE a > 1 AND NOT (b = 2);");
	struct instance at = instance_open(&planned, NULL);
	struct rows rows;

	feed(&at, AB("2", "1") "\n" AB("2", "2") "\n" AB("2", "~") "\n" AB("~", "1") "\n" AB(
			  "1", "~") "\n");
	cr_expect_eq(count_of(&at, 0, FB_REC_FILTERED), 4);
	cr_expect_eq(count_of(&at, 0, FB_REC_ACCEPTED), 1);
	rows = take_plain(&at, 0);
	rows_expect(&rows, "2", NULL);
	expect_ledger(&at, 0);
	instance_close(&at);
	planned_fini(&planned);
}

/* A WHERE that fails is FB_REC_EXPRESSION, not FILTERED; its neighbours are not touched. */
Test(expression, where_that_fails)
{
	struct planned planned = plan_sql(WIDE, "EXPLAIN SELECT a FROM s WHERE 10 / a >= 2;");
	struct instance at = instance_open(&planned, NULL);
	struct rows rows;

	feed(&at, A("5") "\n" A("0") "\n" A("10") "\n" A("~") "\n" A("0") "\n" A("2") "\n");
	cr_expect_eq(count_of(&at, 0, FB_REC_EXPRESSION), 2);
	cr_expect_eq(count_of(&at, 0, FB_REC_FILTERED), 2);
	rows = take_plain(&at, 0);
	rows_expect(&rows, "5", "2", NULL);
	expect_ledger(&at, 0);
	instance_close(&at);
	planned_fini(&planned);
}

Test(expression, comparisons)
{
	static const struct item items[] = {
		{"k < 'b'", K("a"), "1"},
		{"k < 'a'", K("a"), "0"},
		{"k < 'a0'", K("a"), "1"},
		{"k > 'z'", K("\303\274"), "1"}, /* unsigned bytes */
		{"k = ''", K(""), "1"},
		{"k = 'a rather long text'", K("a rather long text"), "1"},
		{"k = 'a rather long text'", K("a rather long texT"), "0"},
		{"k BETWEEN 'a' AND 'c'", K("b"), "1"},
		{"k IN ('x', 'y')", K("y"), "1"},
		{"k NOT IN ('x', 'y')", K("~"), "NULL"},
		{"a IN (1, 2, 3)", A("4"), "0"},
		{"a BETWEEN 2 AND 3", A("1"), "0"},
		{"a NOT BETWEEN 2 AND 3", A("1"), "1"},
		{"d = d", DF("NaN", "1"), "0"},
		{"d > 1", DF("NaN", "1"), "0"},
		{"d <> d", DF("NaN", "1"), "1"},
		{"d = 0", DF("-0.0", "1"), "1"},
		{"f = 0.5E0", DF("1", "0.5"), "1"},
		{"t3 < t6",
			T("1970-01-02", "1970-01-01 00:00:01.001", "1970-01-01 00:00:01.001001"),
			"1"},
		{"dt = DATE '1970-01-03'", T("1970-01-03", "~", "~"), "1"},
		{"t3 + INTERVAL '1' DAY > TIMESTAMP '1970-01-02 00:00:01'", ONES, "1"},
		{"ok", ONES, "1"},
		{"ok IS TRUE", NULLS, "0"},
		{"ok IS NOT TRUE", NULLS, "1"},
	};

	expect_items(items, FB_ARRAY_LEN(items));
}

Test(expression, casts_of_text)
{
	static const struct item items[] = {
		{"CAST(k AS INT)", K(" 42 "), "42"},
		{"CAST(k AS INT)", K("1.5"), "1"},
		{"CAST(k AS INT)", K("-1.9"), "-1"},
		{"CAST(k AS INT)", K("+7"), "7"},
		{"CAST(k AS INT)", K("2147483648"), NULL},
		{"CAST(k AS INT)", K("-2147483648"), "-2147483648"},
		{"CAST(k AS TINYINT)", K("128"), NULL},
		{"CAST(k AS BIGINT)", K("9223372036854775807"), "9223372036854775807"},
		{"CAST(k AS BIGINT)", K("9223372036854775808"), NULL},
		{"CAST(k AS BIGINT)", K("99999999999999999999999999"), NULL},
		{"CAST(k AS INT)", K("x"), NULL},
		{"CAST(k AS INT)", K(""), NULL},
		{"CAST(k AS INT)", K("-"), NULL},
		{"CAST(k AS INT)", K("~"), "NULL"},
		{"TRY_CAST(k AS INT)", K("x"), "NULL"},
		{"TRY_CAST(k AS INT)", K("12"), "12"},
		{"CAST(k AS DOUBLE)", K(" 1.5 "), "1.5"},
		{"CAST(k AS DOUBLE)", K("1.5x"), NULL},
		{"CAST(k AS BOOLEAN)", K("Yes"), "1"},
		{"CAST(k AS BOOLEAN)", K("T"), "1"},
		{"CAST(k AS BOOLEAN)", K("0"), "0"},
		{"CAST(k AS BOOLEAN)", K("n"), "0"},
		{"CAST(k AS BOOLEAN)", K("on"), NULL},
		{"CAST(k AS DATE)", K("1970-01-11"), "10"},
		{"CAST(k AS DATE)", K("1970-1-2"), "1"},
		{"CAST(k AS TIMESTAMP(3))", K("1970-01-01 00:00:01.2345"), "1234"},
		{"CAST(k AS TIMESTAMP(3))", K("1969-12-31 23:59:59.9996"), "-1"},
		{"CAST(k AS TIMESTAMP(6))", K("1970-01-01 00:00:01.234567"), "1234567"},
		{"CAST(k AS TIMESTAMP(3))", K("rubbish"), NULL},
		{"TO_TIMESTAMP(k)", K("2023-02-31 00:00:00"), "1677542400000"},
		{"TO_TIMESTAMP(k)", K("1970-1-2 3:4:5"), "97445000"},
		{"TO_TIMESTAMP(k)", K("1970-01-02"), "86400000"},
		{"TO_TIMESTAMP(k)", K("1970-01-01T00:00:00"), "NULL"},
		{"TO_TIMESTAMP(k)", K("1970-13-01 00:00:00"), "NULL"},
		{"TO_TIMESTAMP(k)", K("rubbish"), "NULL"},
	};

	expect_items(items, FB_ARRAY_LEN(items));
}

/* Flink cuts to n characters, and fills CHAR(n) up with blanks. */
Test(expression, casts_to_lengths)
{
	static const struct item items[] = {
		{"CAST(k AS VARCHAR(3))", K("\303\274ber"), "\303\274be"},
		{"CAST(k AS VARCHAR(3))", K("\303\274b"), "\303\274b"},
		{"CAST(k AS CHAR(5))", K("ab"), "ab   "},
		{"CAST(k AS CHAR(5))", K("\303\274b"), "\303\274b   "},
		{"CAST(k AS CHAR(5))", K(""), "     "},
		{"CAST(k AS CHAR(2))", K("abc"), "ab"},
		{"CAST(k AS CHAR(2))", K("\303\274\303\274\303\274"), "\303\274\303\274"},
		{"CAST(k AS CHAR(2))", K("~"), "NULL"},
		/* No UTF-8: not one character, whatever its length. */
		{"CAST(k AS CHAR(2))", K("\200\200\200\200\200\200\200\200\200\200"),
			"\200\200\200\200\200\200\200\200\200\200"},
		{"CAST(a AS VARCHAR(2))", A("-345"), "-3"},
		{"CAST(a AS CHAR(6))", A("-345"), "-345  "},
		{"CAST(ok AS VARCHAR(2))", ONES, "TR"},
		{"CAST(ok AS CHAR(6))", ONES, "TRUE  "},
		{"CAST(dt AS CHAR(4))", ONES, "1970"},
		{"CAST(t3 AS CHAR(40))", ONES, "1970-01-01 00:00:01.500                 "},
	};

	expect_items(items, FB_ARRAY_LEN(items));
}

Test(expression, casts_of_numbers)
{
	static const struct item items[] = {
		{"CAST(b AS INT)", B("4294967297"), "1"},
		{"CAST(b AS TINYINT)", B("128"), "-128"},
		{"CAST(b AS SMALLINT)", B("65535"), "-1"},
		{"CAST(d AS INT)", DF("1e20", "1"), "2147483647"},
		{"CAST(d AS INT)", DF("-1e20", "1"), "-2147483648"},
		{"CAST(d AS INT)", DF("NaN", "1"), "0"},
		{"CAST(d AS INT)", DF("-1.9", "1"), "-1"},
		{"CAST(d AS BIGINT)", DF("1e20", "1"), "9223372036854775807"},
		{"CAST(d AS BIGINT)", DF("-1e20", "1"), "-9223372036854775808"},
		{"CAST(d AS BIGINT)", DF("9223372036854775807", "1"), "9223372036854775807"},
		{"CAST(d AS FLOAT)", DF("0.1", "1"), "0.10000000149011612"},
		{"CAST(f AS DOUBLE)", DF("1", "0.1"), "0.10000000149011612"},
		{"CAST(b AS DOUBLE)", B("9007199254740993"), "9007199254740992"},
		{"CAST(a AS BOOLEAN)", A("0"), "0"},
		{"CAST(a AS BOOLEAN)", A("-3"), "1"},
		{"CAST(ok AS INT)", ONES, "1"},
		{"CAST(ok AS STRING)", ONES, "TRUE"},
		{"CAST(a AS STRING)", A("-2147483648"), "-2147483648"},
		{"CAST(b AS STRING)", B("-9223372036854775808"), "-9223372036854775808"},
		{"CAST(b AS STRING)", B("0"), "0"},
		{"CAST(t3 AS STRING)", ONES, "1970-01-01 00:00:01.500"},
		{"CAST(t6 AS STRING)", ONES, "1970-01-01 00:00:01.500000"},
		{"CAST(t3 AS STRING)", T("~", "1969-12-31 23:59:59.999", "~"),
			"1969-12-31 23:59:59.999"},
		{"CAST(dt AS STRING)", T("0001-02-03", "~", "~"), "0001-02-03"},
		{"CAST(dt AS TIMESTAMP(3))", ONES, "86400000"},
		{"CAST(t3 AS DATE)", T("~", "1969-12-31 23:59:59.999", "~"), "-1"},
		{"CAST(t6 AS TIMESTAMP(3))", T("~", "~", "1969-12-31 23:59:59.999999"), "-1"},
		{"CAST(t3 AS TIMESTAMP(0))", T("~", "1969-12-31 23:59:59.999", "~"), "-1000"},
		{"COALESCE(a, 5)", A("~"), "5"},
		{"COALESCE(k, v, 'z')", NULLS, "z"},
		{"COALESCE(d, f)", DF("~", "0.5"), "0.5"},
		{"IFNULL(b, 7)", B("~"), "7"},
	};

	expect_items(items, FB_ARRAY_LEN(items));
}

/* A text that a function makes has FB_TEXT_RESULT_MAX bytes at most: the row of a longer one fails, its
 * neighbours do not, and a whole batch of the longest has room. */
Test(expression, made_texts_are_bounded)
{
	struct planned planned = plan_sql(
		WIDE, "EXPLAIN SELECT CONCAT(k, k), CHAR_LENGTH(UPPER(k)), k || 'x' FROM s;");
	struct instance at = instance_open(
		&planned, &(struct instance_conf){.output_bytes = (FB_BATCH_ROWS + 8) * 16384u});
	uint32_t half = FB_TEXT_RESULT_MAX / 2;
	struct fb_buf csv = {0};
	struct rows rows;

	for (uint32_t row = 0; row < FB_BATCH_ROWS; row++) {
		uint32_t len = row == 100 ? half + 1 : half;

		memset(fb_buf_reserve(&csv, len), 'a' + (int)(row % 26), len);
		csv.len += len;
		fb_buf_add_text(&csv, ",1,1,1,1,1,1,1,true,1970-01-02,1970-01-01 00:00:01.5,1970-01-01 "
				      "00:00:01.5,x\n");
	}
	feed_bytes(&at, csv.p, csv.len);
	cr_expect_eq(count_of(&at, 0, FB_REC_EXPRESSION), 1);
	rows = take_plain(&at, 0);
	cr_assert_eq(rows.cnt, FB_BATCH_ROWS - 1);
	for (uint32_t row = 0; row < rows.cnt; row++) {
		char letter = (char)('a' + (row < 100 ? row : row + 1) % 26);
		const char *second = strchr(rows.text[row], '|');

		cr_assert_eq(second - rows.text[row], FB_TEXT_RESULT_MAX);
		cr_assert(rows.text[row][0] == letter && second[-1] == letter, "row %u", row);
	}
	expect_ledger(&at, 0);
	rows_fini(&rows);
	fb_buf_fini(&csv);
	instance_close(&at);
	planned_fini(&planned);
}

/* Texts made of failed or missing ones are never read. */
Test(expression, texts_of_rows_that_fail)
{
	static const struct item items[] = {
		{"UPPER(CAST(CAST(k AS INT) AS STRING))", K("x"), NULL},
		{"CONCAT(k, CAST(10 / a AS STRING))", A("0"), NULL},
		{"CONCAT_WS(',', k, CAST(10 / a AS STRING))", A("0"), NULL},
		{"CASE WHEN a = 0 THEN 'none' ELSE CAST(10 / a AS STRING) END", A("0"), "none"},
		{"CASE WHEN a = 0 THEN 'none' ELSE UPPER(CAST(10 / a AS STRING)) END", A("0"), "none"},
		{"CASE WHEN 10 / a > 1 THEN 'x' ELSE 'y' END", A("0"), NULL},
		{"CAST(10 / a AS STRING) = '5'", A("0"), NULL},
		{"CAST(10 / a AS STRING) LIKE '5%'", A("0"), NULL},
		{"k LIKE v ESCAPE '!'", "a%,1,1,1,1,1,1,1,true,1970-01-02,1970-01-01 00:00:01.5,1970-01-01 "
					"00:00:01.5,a!%",
			"1"},
		{"k LIKE v ESCAPE '!'", "a%,1,1,1,1,1,1,1,true,1970-01-02,1970-01-01 00:00:01.5,1970-01-01 "
					"00:00:01.5,a!b",
			NULL},
		{"ROUND(d, 1)", DF("NaN", "1"), NULL},
		{"CAST(d AS DECIMAL(5, 2))", DF("Infinity", "1"), NULL},
		{"TRY_CAST(d AS DECIMAL(5, 2)) IS NULL", DF("NaN", "1"), "1"},
	};

	expect_items(items, FB_ARRAY_LEN(items));
}

/* Read once for a batch: not before the test began, not after it ended, and the same in all of it. */
Test(expression, current_timestamp_is_the_wall_clock)
{
	struct planned planned =
		plan_sql("SET 'table.local-time-zone' = 'UTC';\n" WIDE, "EXPLAIN SELECT CURRENT_TIMESTAMP, NOW(), CURRENT_DATE FROM s;");
	struct instance at = instance_open(&planned, NULL);
	int64_t before = fb_clock_realtime_ns() / 1000000, now, again, day;
	struct rows rows;

	feed(&at, A("1") "\n" A("2") "\n");
	rows = take_plain(&at, 0);
	cr_assert_eq(rows.cnt, 2);
	cr_assert_str_eq(rows.text[0], rows.text[1]);
	cr_assert_eq(sscanf(rows.text[0], "%ld|%ld|%ld", &now, &again, &day), 3);
	cr_assert(now >= before && now <= fb_clock_realtime_ns() / 1000000);
	cr_assert(again >= now && day == now / 86400000);
	rows_fini(&rows);
	instance_close(&at);
	planned_fini(&planned);
}

/* Where forebay is not Flink, and why (semantics, "where Flink is not the oracle"). */
Test(expression, deviations_from_flink)
{
	static const struct item items[] = {
		/* Flink: 0, a date in the year 1705471, and rubbish; what is no number is none. */
		{"TRY_CAST(k AS DECIMAL(5, 2))", K("x"), "NULL"},
		{"TO_DATE(k, 'yyyy-MM-dd')", K("bad"), "NULL"},
		{"TO_DATE(k)", K("99999999999"), "NULL"},
		/* Flink: 10.0 in a DECIMAL(2, 1), which its own sinks refuse. */
		{"TRY_CAST(k AS DECIMAL(2, 1))", K("9.99"), "NULL"},
		{"TO_TIMESTAMP(k, 'yyyy-MM-dd HH:mm:ss.SSSSSS')", K("1970-01-01 00:00:00.000999"), "0"},
	};

	expect_items(items, FB_ARRAY_LEN(items));
}

/* SimpleDateFormat is in the Julian calendar before 15 October 1582: rows of Flink 2.2.0. */
Test(expression, simple_patterns_are_julian_before_1582)
{
	static const struct item items[] = {
		{"UNIX_TIMESTAMP(k, 'yyyy-MM-dd')", K("1582-10-15"), "-12219292800"},
		{"UNIX_TIMESTAMP(k, 'yyyy-MM-dd')", K("1582-10-10"), "-12218860800"},
		{"UNIX_TIMESTAMP(k, 'yyyy-MM-dd')", K("0001-01-01"), "-62135769600"},
		{"FROM_UNIXTIME(b, 'yyyy-MM-dd')", B("-62135596800"), "0001-01-03"},
		{"FROM_UNIXTIME(b)", B("-12219292801"), "1582-10-04 23:59:59"},
		{"FROM_UNIXTIME(b)", B("-12219292800"), "1582-10-15 00:00:00"},
	};

	expect_items(items, FB_ARRAY_LEN(items));
}
