/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole files and what EXPLAIN says of them: golden/NAME.sql and golden/NAME.txt. Tutorials are
 * those of the semantics; the answers in show.txt are what Flink 2.2.0 printed for the same tables.
 * Made new by `forebay explain golden/NAME.sql > golden/NAME.txt`, and read before it is committed.
 */
#include "harness.h"

#include <stdlib.h>

static char *read_file(const char *name, const char *ending)
{
	const char *root = getenv("FB_SOURCE_ROOT");
	char path[1024];
	char *text;
	size_t len;
	FILE *file;

	snprintf(path, sizeof(path), "%s/tests/unit/config/sql/golden/%s%s", root ? root : ".",
		name, ending);
	file = fopen(path, "r");
	cr_assert_not_null(file, "%s", path);
	text = calloc(1, 1 << 18);
	len = fread(text, 1, (1 << 18) - 1, file);
	text[len] = '\0';
	fclose(file);
	return text;
}

static void check(const char *name)
{
	char *sql = read_file(name, ".sql");
	char *expected = read_file(name, ".txt");
	struct planned planned = plan_ok("", sql);

	fb_buf_add_char(&planned.explain, '\0');
	if (strcmp(planned.explain.p, expected) != 0) {
		size_t same = 0, line;

		while (planned.explain.p[same] == expected[same])
			same++;
		for (line = same; line > 0 && expected[line - 1] != '\n';)
			line--;
		cr_expect(false, "%s\n   expected: %.*s\n   is:       %.*s", name,
			(int)strcspn(expected + line, "\n"), expected + line,
			(int)strcspn(planned.explain.p + line, "\n"), planned.explain.p + line);
	}
	planned_fini(&planned);
	free(expected);
	free(sql);
}

Test(golden, tutorials)
{
	check("tutorial_json_to_hdfs");
	check("tutorial_key_value");
}

Test(golden, windows_over_unions)
{
	check("unite");
}

Test(golden, rows_of_windows)
{
	check("assigner");
}

Test(golden, a_cascade)
{
	check("cascade");
}

Test(golden, show_and_describe)
{
	check("show");
}

Test(golden, unions_and_constants)
{
	check("union");
}

Test(golden, statement_sets_and_explains)
{
	check("sets");
}

/* ---- what the text does not show ---- */

/* Sides of a union into one sink, and a hint written twice: each source is one table, so it is read
 * once. */
Test(golden, one_table_for_equal_hints)
{
	struct planned planned = plan_ok(PRELUDE,
		"INSERT INTO p SELECT a FROM nw UNION ALL SELECT a + 1 FROM nw"
		" UNION ALL SELECT a FROM nw /*+ OPTIONS('csv.field-delimiter' = ';') */"
		" UNION ALL SELECT a + 1 FROM nw /*+ options('csv.field-delimiter' = ',', "
		"'csv.field-delimiter' = ';') */"
		" UNION ALL SELECT a FROM nw /*+ OPTIONS('format' = 'csv') */;");
	const struct fb_query_plan *const *queries = planned.plan->queries;

	cr_assert_eq(planned.plan->query_cnt, 5);
	cr_assert_eq(queries[0]->source, queries[1]->source);
	cr_assert_eq(queries[2]->source, queries[3]->source);
	cr_assert_neq(queries[0]->source, queries[2]->source);
	cr_assert_eq(queries[0]->source, queries[4]->source,
		"a hint that changes nothing makes no other table");
	cr_assert_str_eq(fb_table_option(queries[3]->source, "csv.field-delimiter"), ";");
	cr_assert_null(fb_table_option(queries[0]->source, "csv.field-delimiter"));
	for (uint16_t i = 0; i < 5; i++) {
		cr_assert_str_eq(queries[i]->sink->name, "p");
		for (uint16_t j = 0; j < i; j++)
			cr_assert_str_neq(queries[i]->name, queries[j]->name);
	}
	planned_fini(&planned);
}

/* Behind the table of a window function, too, as Flink takes it. */
Test(golden, a_hint_inside_a_window_function)
{
	struct planned planned = plan_ok(PRELUDE,
		"INSERT INTO p SELECT COUNT(*) FROM TABLE(TUMBLE(TABLE t /*+ "
		"OPTIONS('csv.null-literal' = '-') */, "
		"DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;");

	cr_assert_str_eq(
		fb_table_option(planned.plan->queries[0]->source, "csv.null-literal"), "-");
	cr_assert_str_eq(explain_line(&planned, "source"), "t (kafka, csv, options by hint)");
	planned_fini(&planned);
}

/* A setting holds for queries behind it; a hint of a sink is of that INSERT alone. */
Test(golden, a_hint_of_a_sink)
{
	struct planned planned = plan_ok(PRELUDE, "INSERT INTO p /*+ OPTIONS('print-identifier' = "
						  "'x') */ VALUES (1); INSERT INTO p VALUES (2);");

	cr_assert_str_eq(fb_table_option(planned.plan->queries[0]->sink, "print-identifier"), "x");
	cr_assert_null(fb_table_option(planned.plan->queries[1]->sink, "print-identifier"));
	planned_fini(&planned);
}

/* Where types differ INSERT casts, as Flink does: cut to VARCHAR(n), fill up to CHAR(n); elsewhere
 * nothing is touched. */
Test(golden, texts_fit_their_columns)
{
	struct planned planned =
		plan_ok(PRELUDE, "CREATE TABLE q (a VARCHAR(2), b CHAR(3), c VARCHAR(10), d "
				 "STRING) WITH ('connector' = 'print');"
				 "INSERT INTO q SELECT n, 'x', v, v FROM t;");
	const struct fb_query_plan *query = planned.plan->queries[0];

	cr_assert_eq(query->select[0]->op, FB_OP_CAST);
	cr_assert_eq(query->select[0]->type.length, 2);
	cr_assert_eq(query->select[1]->op, FB_OP_CAST);
	cr_assert_eq(query->select[1]->type.kind, FB_T_CHAR);
	cr_assert_eq(query->select[2]->op, FB_OP_INPUT);
	cr_assert_eq(query->select[3]->op, FB_OP_INPUT);
	planned_fini(&planned);
}

/* What asks about windows alone is the same before and behind GROUP BY. */
Test(golden, window_columns_in_where)
{
	struct planned planned = plan_ok(PRELUDE,
		"INSERT INTO p SELECT COUNT(*) FROM (SELECT * FROM (SELECT a, ts, window_start AS "
		"ws, window_start, window_end, "
		"window_time FROM " TUMBLE_T
		") WHERE a > 1 AND ws > TIMESTAMP '2024-01-01 00:00:00' AND (window_time < "
		"TIMESTAMP '2024-02-01 00:00:00' OR window_end IS NULL)) WHERE a < 9 GROUP BY "
		"window_start, window_end HAVING "
		"COUNT(*) > 1;");

	cr_expect_str_eq(explain_line(&planned, "filter"), "a > 1 AND a < 9");
	cr_expect_str_eq(explain_line(&planned, "having"),
		"window_start > TIMESTAMP '2024-01-01 00:00:00.000' AND (window_time < TIMESTAMP "
		"'2024-02-01 00:00:00.000' OR "
		"window_end IS NULL) AND COUNT(*) > 1");
	planned_fini(&planned);
}

/* A chain as long as the text allows is no deep recursion, and is bounded by the plan's size. */
Test(golden, a_long_union)
{
	struct fb_buf sql = {0};
	struct planned planned;

	fb_buf_add_text(&sql, "INSERT INTO p SELECT 1");
	for (int i = 0; i < 40000; i++)
		fb_buf_add_text(&sql, " UNION ALL SELECT 1");
	fb_buf_add(&sql, ";", 2);
	planned = plan_text(PRELUDE, sql.p);
	cr_assert_eq(planned.err, 0, "%s", planned.diags.cnt ? planned.diags.items[0].message : "");
	cr_assert_eq(planned.plan->query_cnt, 1);
	cr_assert_eq(planned.plan->queries[0]->value_row_cnt, 40001);
	planned_fini(&planned);
	/* Twice as many at every view: refused, not worked on for ever. */
	fb_buf_clear(&sql);
	fb_buf_add_text(&sql, "CREATE VIEW v0 AS SELECT a FROM t;");
	for (int i = 1; i < 40; i++)
		fb_buf_printf(&sql,
			"CREATE VIEW v%d AS SELECT a FROM v%d UNION ALL SELECT a FROM v%d;", i,
			i - 1, i - 1);
	fb_buf_add_text(&sql, "INSERT INTO p SELECT a FROM v39;");
	fb_buf_add(&sql, "", 1);
	planned = plan_text(PRELUDE, sql.p);
	cr_assert_eq(planned.err, FB_E_SYNTAX);
	cr_assert(strstr(planned.diags.items[0].message, "asks for too much") != NULL, "%s",
		planned.diags.items[0].message);
	planned_fini(&planned);
	fb_buf_fini(&sql);
}

Test(golden, metadata)
{
	check("metadata");
}
