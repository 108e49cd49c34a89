/* SPDX-License-Identifier: Apache-2.0 */
/* Aggregates and group keys by semantics 1.3. */
#include "harness.h"

#include <stdlib.h>

#include "dataplane/operator/slice_private.h"

#define AT ",true,2020-01-01,1970-01-01 00:00:05\n"
/* k,g,a,b,y,m,d,f in one window */
#define R(fields) fields AT

static void expect_one(const char *select, const char *csv, const char *want)
{
	char sql[512];
	struct rows rows;

	snprintf(sql, sizeof(sql), "EXPLAIN SELECT %s" TUMBLE_10S BY_WINDOW ";", select);
	rows = answer(SOURCE, sql, csv);
	cr_assert_eq(rows.cnt, 1, "%s: %zu rows", select, rows.cnt);
	cr_expect_str_eq(rows.text[0], want, "%s is %s, not %s", select, rows.text[0], want);
	rows_fini(&rows);
}

Test(aggregate, sums_have_the_width_of_their_input)
{
	static const char csv[] =
		R("x,1,2147483647,9223372036854775807,127,32767,1,1") R("x,1,1,1,1,1,1,1");

	expect_one("SUM(a), SUM(b), SUM(y), SUM(m)", csv,
		"-2147483648|-9223372036854775808|-128|-32768");
	expect_one("SUM(CAST(a AS BIGINT))", csv, "2147483648");
	expect_one("SUM(CAST(y AS INT))", csv, "128");
}

/* BIGINT wraps and counts. */
Test(aggregate, overflows_are_counted)
{
	struct planned planned =
		plan_sql(SOURCE, "EXPLAIN SELECT SUM(b), AVG(b)" TUMBLE_10S BY_WINDOW ";");
	struct instance at = instance_open(&planned, NULL);
	struct rows rows;

	feed(&at,
		R("x,1,1,9223372036854775807,1,1,1,1") R("x,1,1,1,1,1,1,1") R("x,1,1,-1,1,1,1,1"));
	cr_expect_eq(fb_reader_query_counters(at.reader, 0)->sum_overflows, 2);
	rows = take_all(&at);
	rows_expect(&rows, "9223372036854775807|3074457345618258602", NULL);
	instance_close(&at);
	planned_fini(&planned);
}

/* BIGINT sum by count, toward zero, cast back: it does not wrap where SUM does. */
Test(aggregate, avg_of_integers)
{
	expect_one("AVG(a), AVG(b), AVG(y), AVG(m)", R("x,1,1,1,1,1,1,1") R("x,1,2,2,2,2,1,1"),
		"1|1|1|1");
	expect_one("AVG(a), AVG(b), AVG(y), AVG(m)",
		R("x,1,-1,-1,-1,-1,1,1") R("x,1,-2,-2,-2,-2,1,1"), "-1|-1|-1|-1");
	expect_one("AVG(a), AVG(y)",
		R("x,1,2147483647,1,127,1,1,1") R("x,1,2147483645,1,125,1,1,1"), "2147483646|126");
	expect_one("AVG(CAST(a AS DOUBLE))", R("x,1,1,1,1,1,1,1") R("x,1,2,1,1,1,1,1"), "1.5");
}

Test(aggregate, floats_and_doubles)
{
	expect_one("SUM(d), AVG(d), SUM(f), AVG(f)",
		R("x,1,1,1,1,1,0.5,0.5") R("x,1,1,1,1,1,0.25,0.25"), "0.75|0.375|0.75|0.375");
	expect_one("AVG(f)", R("x,1,1,1,1,1,1,1") R("x,1,1,1,1,1,1,1") R("x,1,1,1,1,1,1,0"),
		"0.66666668653488159");
	/* NaN is the greatest. */
	expect_one("MIN(d), MAX(d)",
		R("x,1,1,1,1,1,NaN,1") R("x,1,1,1,1,1,1,1") R("x,1,1,1,1,1,-2,1"), "-2|nan");
	expect_one("MIN(d), MAX(d)", R("x,1,1,1,1,1,1,1") R("x,1,1,1,1,1,NaN,1"), "1|nan");
	expect_one("MIN(d), MAX(d)", R("x,1,1,1,1,1,NaN,1"), "nan|nan");
	expect_one("MIN(d), MAX(d)", R("x,1,1,1,1,1,Infinity,1"), "inf|inf");
	expect_one("MIN(d), MAX(d)", R("x,1,1,1,1,1,-Infinity,1"), "-inf|-inf");
	/* -0.0 is below 0.0, whichever comes first. */
	expect_one("MIN(d), MAX(d)", R("x,1,1,1,1,1,0.0,1") R("x,1,1,1,1,1,-0.0,1"), "-0|0");
	expect_one("MIN(d), MAX(d)", R("x,1,1,1,1,1,-0.0,1") R("x,1,1,1,1,1,0.0,1"), "-0|0");
	expect_one("SUM(d)", R("x,1,1,1,1,1,Infinity,1") R("x,1,1,1,1,1,-Infinity,1"), "nan");
}

/* SUM of FLOAT is rounded after every step, as Flink's FloatSumAggFunction; AVG sums as DOUBLE. */
Test(aggregate, sums_of_floats_round_at_each_step)
{
	expect_one("SUM(f), AVG(f)",
		R("x,1,1,1,1,1,1,16777216") R("x,1,1,1,1,1,1,1") R("x,1,1,1,1,1,1,1"),
		"16777216|5592406");
	/* The sum of nothing but -0.0; the average's sum begins at 0.0. */
	expect_one("SUM(d), AVG(d), SUM(f)", R("x,1,1,1,1,1,-0.0,-0.0"), "-0|0|-0");
}

Test(aggregate, extremes_of_every_type)
{
	expect_one("MIN(a), MAX(a), MIN(b), MAX(b), MIN(y), MAX(m)",
		R("x,1,-2147483648,-9223372036854775808,-128,-32768,1,1"),
		"-2147483648|-2147483648|-9223372036854775808|-9223372036854775808|-128|-32768");
	expect_one("MIN(b), MAX(b)", R("x,1,1,9223372036854775807,1,1,1,1"),
		"9223372036854775807|9223372036854775807");
	expect_one("MIN(dt), MAX(dt), MIN(ok), MAX(ok), MIN(ts), MAX(ts)",
		"x,1,1,1,1,1,1,1,true,1970-01-02,1970-01-01 "
		"00:00:05\nx,1,1,1,1,1,1,1,false,1969-12-31,1970-01-01 00:00:04\n",
		"-1|1|0|1|4000|5000");
}

Test(aggregate, texts_compare_as_unsigned_bytes)
{
	expect_one("MIN(k), MAX(k), COUNT(k)",
		R("b,1,1,1,1,1,1,1") R("\303\274,1,1,1,1,1,1,1") R("a,1,1,1,1,1,1,1"),
		"a|\303\274|3");
	/* Shorter first; 12 and 13 bytes lie differently in memory. */
	expect_one("MIN(k), MAX(k)",
		R("twelve bytes,1,1,1,1,1,1,1") R("twelve bytes!,1,1,1,1,1,1,1")
			R("twelve byte,1,1,1,1,1,1,1"),
		"twelve byte|twelve bytes!");
	expect_one("MIN(k), MAX(k)",
		R("a long text of more than twelve,1,1,1,1,1,1,1")
			R("a long text of more,1,1,1,1,1,1,1"),
		"a long text of more|a long text of more than twelve");
	expect_one("MIN(k), MAX(k)", R(",1,1,1,1,1,1,1") R("~,1,1,1,1,1,1,1"), "|");
}

Test(aggregate, nulls_are_not_counted)
{
	expect_one("COUNT(*), COUNT(a), SUM(a), MIN(a), MAX(a), AVG(a)",
		R("x,1,~,1,1,1,1,1") R("x,1,5,1,1,1,1,1") R("x,1,~,1,1,1,1,1"), "3|1|5|5|5|5");
	expect_one("COUNT(d), SUM(d), MIN(d), MAX(d), AVG(d)",
		R("x,1,1,1,1,1,~,1") R("x,1,1,1,1,1,2,1"), "1|2|2|2|2");
	/* A group of nothing but NULL. */
	expect_one("COUNT(*), COUNT(a), SUM(a), MIN(a), MAX(a), AVG(a)",
		R("x,1,~,1,1,1,1,1") R("x,1,~,1,1,1,1,1"), "2|0|NULL|NULL|NULL|NULL");
	expect_one("COUNT(d), SUM(d), MIN(d), MAX(d), AVG(d), COUNT(k), MIN(k), MAX(k)",
		R("~,1,1,1,1,1,~,1"), "0|NULL|NULL|NULL|NULL|0|NULL|NULL");
}

Test(aggregate, arguments_are_expressions)
{
	expect_one("SUM(a * 2 + g), MAX(a - g), SUM(a * 2 + g) / COUNT(*)",
		R("x,1,10,1,1,1,1,1") R("x,2,20,1,1,1,1,1"), "63|18|31");
	expect_one("COUNT(*) + 1, MAX(a) - MIN(a)", R("x,1,10,1,1,1,1,1") R("x,2,25,1,1,1,1,1"),
		"3|15");
}

/* Equal arguments share their states; those that differ in a column, a literal or a type do not. */
Test(aggregate, states_are_shared_only_by_the_same)
{
	expect_one("SUM(g), SUM(b), SUM(g), SUM(a + 1), SUM(a + 2), SUM(a - 1), SUM(CAST(a AS "
		   "BIGINT)), SUM(a)",
		R("x,1,2147483647,100,1,1,1,1") R("x,2,1,200,1,1,1,1"),
		"3|300|3|-2147483646|-2147483644|2147483646|2147483648|-2147483648");
	expect_one("MIN(COALESCE(k, 'p')), MIN(COALESCE(k, 'q')), SUM(d * 0.5E0), SUM(d * 0.25E0)",
		R("~,1,1,1,1,1,4,1"), "p|q|2|1");
}

/* ---- FILTER ---- */

/* Only TRUE lets a record in: neither FALSE nor NULL. */
Test(filter, only_true_counts)
{
	expect_one(
		"COUNT(*), COUNT(*) FILTER (WHERE a > 1), COUNT(a) FILTER (WHERE a > 1), "
		"COUNT(k) FILTER (WHERE a > 1), COUNT(*) FILTER (WHERE NOT a > 1), COUNT(*) FILTER "
		"(WHERE a IS NULL)",
		R("x,1,1,1,1,1,1,1") R("x,1,2,1,1,1,1,1") R("x,1,~,1,1,1,1,1") R("~,1,3,1,1,1,1,1"),
		"4|2|2|1|1|1");
}

/* One argument under several conditions: a state for each. */
Test(filter, states_of_one_argument)
{
	expect_one(
		"SUM(b), SUM(b) FILTER (WHERE a = 1), SUM(b) FILTER (WHERE a = 2), MIN(b) FILTER "
		"(WHERE a = 2), MAX(b) FILTER (WHERE a = 1), AVG(b) FILTER (WHERE a = 2), AVG(b), "
		"COUNT(b) FILTER (WHERE a = 2)",
		R("x,1,1,10,1,1,1,1") R("x,1,2,20,1,1,1,1") R("x,1,2,41,1,1,1,1")
			R("x,1,2,~,1,1,1,1"),
		"71|10|61|20|10|30|23|2");
	expect_one(
		"SUM(d) FILTER (WHERE a = 1), MIN(d) FILTER (WHERE a = 2), SUM(f) FILTER (WHERE a "
		"= 2), AVG(f) FILTER (WHERE a = 1)",
		R("x,1,1,1,1,1,0.5,0.5") R("x,1,2,1,1,1,0.25,0.25") R("x,1,1,1,1,1,4,4"),
		"4.5|0.25|0.25|2.25");
	expect_one(
		"MIN(k) FILTER (WHERE a = 1), MAX(k) FILTER (WHERE a = 1), MAX(k), COUNT(k) FILTER "
		"(WHERE a = 2)",
		R("b,1,1,1,1,1,1,1") R("a long text of more than twelve,1,1,1,1,1,1,1")
			R("zzz,1,2,1,1,1,1,1"),
		"a long text of more than twelve|b|zzz|1");
}

/* A column that is both argument and condition. */
Test(filter, a_condition_may_be_an_argument)
{
	expect_one("COUNT(ok), COUNT(ok) FILTER (WHERE ok), COUNT(*) FILTER (WHERE ok), MAX(ok)",
		"x,1,1,1,1,1,1,1,true,1970-01-02,1970-01-01 00:00:05\n"
		"x,1,1,1,1,1,1,1,~,1970-01-02,1970-01-01 00:00:05\n"
		"x,1,1,1,1,1,1,1,false,1970-01-02,1970-01-01 00:00:05\n",
		"2|1|1|1");
}

/* Nothing passes: the group is there, the aggregate NULL. NOT NULL arguments too. */
Test(filter, nothing_passes)
{
	expect_one("COUNT(*), COUNT(*) FILTER (WHERE a > 9), SUM(a) FILTER (WHERE a > 9), MIN(k) "
		   "FILTER (WHERE a > 9), AVG(d) FILTER (WHERE a > 9), SUM(COALESCE(a, 0)) FILTER "
		   "(WHERE a > 9), MAX(COALESCE(k, '')) FILTER (WHERE a > 9)",
		R("x,1,1,1,1,1,1,1") R("y,1,2,1,1,1,1,1"), "2|0|NULL|NULL|NULL|NULL|NULL");
}

/* As in Flink, what stands before an aggregate is computed for every record of the group: a failing
 * argument takes its record along, whatever FILTER says. */
Test(filter, a_failing_part_takes_its_record_along)
{
	expect_one(
		"COUNT(*), SUM(10 / a) FILTER (WHERE a <> 0), COUNT(*) FILTER (WHERE 10 / a > 1)",
		R("x,1,0,1,1,1,1,1") R("x,1,5,1,1,1,1,1") R("x,1,10,1,1,1,1,1"), "2|3|1");
}

/* A key or an argument that fails takes its record along, and only that. */
Test(aggregate, failing_arguments)
{
	struct planned planned =
		plan_sql(SOURCE, "EXPLAIN SELECT COUNT(*), SUM(10 / a)" TUMBLE_10S BY_WINDOW ";");
	struct instance at = instance_open(&planned, NULL);
	struct rows rows;

	feed(&at, R("x,1,0,1,1,1,1,1") R("x,1,5,1,1,1,1,1") R("x,1,0,1,1,1,1,1")
			  R("x,1,~,1,1,1,1,1"));
	cr_expect_eq(count_of(&at, 0, FB_REC_EXPRESSION), 2);
	expect_ledger(&at, 0);
	rows = take_all(&at);
	rows_expect(&rows, "2|2", NULL);
	instance_close(&at);
	planned_fini(&planned);
}

/* ---- keys ---- */

Test(key, no_key_is_one_group)
{
	expect_one("COUNT(*)", R("x,1,1,1,1,1,1,1") R("y,2,1,1,1,1,1,1"), "2");
}

Test(key, nulls_form_one_group)
{
	struct rows rows = answer(SOURCE,
		"EXPLAIN SELECT k, g, COUNT(*)" TUMBLE_10S BY_WINDOW ", k, g;",
		R("~,1,1,1,1,1,1,1") R("~,~,1,1,1,1,1,1") R(",1,1,1,1,1,1,1") R("~,1,1,1,1,1,1,1")
			R("~,0,1,1,1,1,1,1") R(",~,1,1,1,1,1,1") R("~,~,1,1,1,1,1,1"));

	rows_expect(&rows, "NULL|1|2", "NULL|NULL|2", "|1|1", "NULL|0|1", "|NULL|1", NULL);
}

Test(key, texts_near_each_other)
{
	struct rows rows = answer(SOURCE, "EXPLAIN SELECT k, COUNT(*)" TUMBLE_10S BY_WINDOW ", k;",
		R(",1,1,1,1,1,1,1") R("a,1,1,1,1,1,1,1") R("aa,1,1,1,1,1,1,1")
			R("abcd,1,1,1,1,1,1,1") R("abcde,1,1,1,1,1,1,1")
				R("twelve bytes,1,1,1,1,1,1,1") R("twelve bytes!,1,1,1,1,1,1,1")
					R("twelve bytes?,1,1,1,1,1,1,1") R("a,1,1,1,1,1,1,1")
						R("twelve bytes!,1,1,1,1,1,1,1")
							R("twelve bytes,1,1,1,1,1,1,1"));

	rows_expect(&rows, "|1", "a|2", "aa|1", "abcd|1", "abcde|1", "twelve bytes|2",
		"twelve bytes!|2", "twelve bytes?|1", NULL);
}

/* All NaN are one group, and so are 0.0 and -0.0, which are equal (Flink has two). */
Test(key, doubles)
{
	struct rows rows = answer(SOURCE,
		"EXPLAIN SELECT d, f, COUNT(*)" TUMBLE_10S BY_WINDOW ", d, f;",
		R("x,1,1,1,1,1,0,1.5") R("x,1,1,1,1,1,-0.0,1.5") R("x,1,1,1,1,1,NaN,1.5")
			R("x,1,1,1,1,1,NaN,1.5") R("x,1,1,1,1,1,~,1.5") R("x,1,1,1,1,1,0,-1.5"));

	rows_expect(&rows, "0|1.5|2", "nan|1.5|2", "NULL|1.5|1", "0|-1.5|1", NULL);
}

/* Every type as a key, alone NULL and all together, twice each. */
Test(key, every_type)
{
	static const char source[] = "SET 'table.local-time-zone' = 'UTC';\n"
				     "CREATE TABLE s (c0 BOOLEAN, c1 TINYINT, c2 SMALLINT, c3 INT, "
				     "c4 BIGINT, c5 FLOAT, c6 DOUBLE, c7 CHAR(3), "
				     "c8 VARCHAR(40), c9 STRING, c10 DATE, c11 TIMESTAMP(3), c12 "
				     "TIMESTAMP(6), c13 TIMESTAMP_LTZ(3), ts TIMESTAMP(3), "
				     "WATERMARK FOR ts AS ts) WITH ('connector'='udp', "
				     "'port'='5000', 'format'='csv', 'csv.null-literal'='~');\n";
	static const char keys[] = "c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13";
	static const char *const fields[] = {"true", "-128", "32767", "-2147483648",
		"9223372036854775807", "0.5", "-1e300", "abc", "a text of more than twelve",
		"short", "1970-01-02", "1970-01-01 00:00:00.001", "1970-01-01 00:00:00.000001",
		"1970-01-01 00:00:00.002Z"};
	static const char *const printed[] = {"1", "-128", "32767", "-2147483648",
		"9223372036854775807", "0.5", "-1.0000000000000001e+300", "abc",
		"a text of more than twelve", "short", "1", "1", "1", "2"};
	struct fb_buf csv = {0};
	struct rows want = {0};
	struct rows rows;
	char sql[512];

	for (int null = -1; null < (int)FB_ARRAY_LEN(fields); null++) {
		struct fb_buf row = {0};

		for (int copy = 0; copy < 2; copy++) {
			for (int i = 0; i < (int)FB_ARRAY_LEN(fields); i++)
				fb_buf_printf(&csv, "%s,", i == null ? "~" : fields[i]);
			fb_buf_add_text(&csv, "1970-01-01 00:00:05\n");
		}
		for (int i = 0; i < (int)FB_ARRAY_LEN(fields); i++)
			fb_buf_printf(&row, "%s|", i == null ? "NULL" : printed[i]);
		rows_add(&want, "%s2", row.p);
		fb_buf_fini(&row);
	}
	snprintf(sql, sizeof(sql), "EXPLAIN SELECT %s, COUNT(*)" TUMBLE_10S BY_WINDOW ", %s;", keys,
		keys);
	rows = answer(source, sql, csv.p);
	rows_expect_equal(&rows, &want, "every type");
	rows_fini(&rows);
	rows_fini(&want);
	fb_buf_fini(&csv);
}

/* A quoted text with quotes inside is decoded into scratch memory, not read from the payload. */
Test(key, unquoted_text)
{
	struct rows rows =
		answer(SOURCE, "EXPLAIN SELECT k, COUNT(*), MAX(k)" TUMBLE_10S BY_WINDOW ", k;",
			R("\"a \"\"b\"\" c\",1,1,1,1,1,1,1") R("\"a \"\"b\"\" c\",1,1,1,1,1,1,1")
				R("\"\",1,1,1,1,1,1,1"));

	rows_expect(&rows, "a \"b\" c|2|a \"b\" c", "|1|", NULL);
}

/* What a layout does not hold is refused, not cut: 17 keys, 33 different arguments, 17 sets. One
 * less of each it holds. */
Test(key, layout_limits)
{
	for (int extra = 0; extra < 2; extra++) {
		struct fb_buf keys = {0};
		struct fb_buf sums = {0};
		struct fb_buf sets = {0};
		struct fb_buf source = {0};
		struct fb_buf sql = {0};
		struct fb_slice_layout *layout;
		struct fb_diags diags;
		struct fb_plan *plan;

		fb_buf_add_text(&source, "CREATE TABLE s (");
		for (int i = 0; i < 16 + extra; i++) {
			fb_buf_printf(&source, "c%d INT, ", i);
			fb_buf_printf(&keys, ", c%d", i);
			fb_buf_printf(&sets, ", COUNT(DISTINCT c0) FILTER (WHERE c0 > %d)", i);
		}
		for (int i = 0; i < 32 + extra; i++)
			fb_buf_printf(&sums, ", SUM(c0 + %d)", i);
		fb_buf_add_text(&source, "ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH "
					 "('connector'='udp', 'port'='5000', 'format'='csv');");
		fb_buf_printf(&sql, "%s EXPLAIN SELECT COUNT(*)" TUMBLE_10S BY_WINDOW "%s; ",
			source.p, keys.p);
		fb_buf_printf(&sql, "EXPLAIN SELECT COUNT(*)%s" TUMBLE_10S BY_WINDOW ";", sums.p);
		fb_buf_printf(&sql, "EXPLAIN SELECT COUNT(*)%s" TUMBLE_10S BY_WINDOW ";", sets.p);
		fb_diags_init(&diags, "test.sql");
		int rc = fb_sql_plan("test.sql", fb_str_from(sql.p), &diags, &plan);

		/* One more of either is refused where the file is planned. */
		cr_assert_eq(rc, extra ? FB_E_SYNTAX : 0);
		cr_assert_eq(diags.error_cnt, extra ? 3 : 0);
		for (int i = 0; i < 3 && rc == 0; i++) {
			cr_assert_eq(
				fb_slice_layout_create(plan->explains[i], &layout), 0, "%d", i);
			fb_slice_layout_destroy(layout);
		}
		if (rc == 0)
			fb_plan_destroy(plan);
		fb_diags_fini(&diags);
		fb_buf_fini(&keys);
		fb_buf_fini(&sums);
		fb_buf_fini(&sets);
		fb_buf_fini(&source);
		fb_buf_fini(&sql);
	}
}

/* A layout for sessions keeps the event times of each group, beside what the query asks for; where
 * MIN and MAX of the time are asked for too, these are columns of their own. */
Test(layout, keeps_event_times)
{
	struct planned planned =
		plan_sql(SOURCE, "EXPLAIN SELECT k, COUNT(*), MIN(ts)" TUMBLE_10S BY_WINDOW ", k;");
	struct fb_slice_layout *layout;
	struct instance at;
	struct fb_slice *slice;
	struct fb_entry_cursor cursor = {0};
	const uint64_t *entry;
	uint32_t query;
	uint32_t groups = 0;

	fb_slice_layout_destroy(planned.layouts[0]);
	cr_assert_eq(fb_slice_layout_create_timed(planned.queries[0], &planned.layouts[0]), 0);
	layout = planned.layouts[0];
	at = instance_open(&planned, NULL);
	feed(&at, "x,1,1,1,1,1,1,1,true,1970-01-02,1970-01-01 00:00:05\n"
		  "y,1,1,1,1,1,1,1,true,1970-01-02,1970-01-01 00:00:06.5\n"
		  "x,1,1,1,1,1,1,1,true,1970-01-02,1970-01-01 00:00:07\n"
		  "x,1,1,1,1,1,1,1,true,1970-01-02,1970-01-01 00:00:06\n");
	slice = fb_reader_take_open(at.reader, &query);
	cr_assert_not_null(slice);
	while ((entry = fb_slice_entry(slice, &cursor)) != NULL) {
		bool is_x = fb_text_get(slice->pool, entry + FB_ENTRY_KEY_WORD).p[0] == 'x';

		cr_expect_eq(fb_entry_time_min(layout, entry), is_x ? 5000 : 6500);
		cr_expect_eq(fb_entry_time_max(layout, entry), is_x ? 7000 : 6500);
		groups++;
	}
	cr_expect_eq(groups, 2);

	struct rows rows = {0};

	rows_of_slice(planned.queries[0], slice, &rows);
	rows_expect(&rows, "x|3|5000", "y|1|6500", NULL);
	fb_reader_return_slice(at.reader, query, slice);
	instance_close(&at);
	planned_fini(&planned);
}
