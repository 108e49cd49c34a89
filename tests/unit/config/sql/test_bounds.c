/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that are too long, too deep or nothing at all: an error in good time, never a crash. */
#include "harness.h"

#include <stdlib.h>
#include <time.h>

#define EXAMPLES "config/examples/"

static struct fb_buf repeat(const char *head, const char *part, size_t cnt, const char *tail)
{
	struct fb_buf text = {0};

	fb_buf_add_text(&text, head);
	for (size_t i = 0; i < cnt; i++)
		fb_buf_add_text(&text, part);
	fb_buf_add_text(&text, tail);
	cr_assert_not(text.failed);
	return text;
}

/* Plans it; returns the first error ("" if there is none) in memory of the test. */
static const char *first_error(struct fb_buf *text)
{
	static char message[512];
	struct planned planned = plan_text(PRELUDE, text->p);

	message[0] = 0;
	for (size_t i = 0; i < planned.diags.cnt && message[0] == 0; i++)
		if (planned.diags.items[i].severity == FB_ERROR_SEVERITY)
			snprintf(message, sizeof(message), "%s", planned.diags.items[i].message);
	planned_fini(&planned);
	fb_buf_fini(text);
	return message;
}

#define DEEP "expression is nested more than 200 deep"

Test(bounds, depth)
{
	struct fb_buf text;

	text = repeat("EXPLAIN SELECT ", "(", 1000, "a");
	for (int i = 0; i < 1000; i++)
		fb_buf_add_char(&text, ')');
	fb_buf_add_text(&text, " FROM t;");
	cr_expect_str_eq(first_error(&text), "", "parentheses alone are not deep");
	text = repeat("EXPLAIN SELECT ", "(", 100000, "a FROM t;");
	cr_expect_str_eq(first_error(&text), "nested too deeply");
	text = repeat("EXPLAIN SELECT ", "- ", 199, "a AS z FROM t;");
	cr_expect_str_eq(first_error(&text), "");
	text = repeat("EXPLAIN SELECT ", "- ", 300, "a FROM t;");
	cr_expect_str_eq(first_error(&text), DEEP);
	text = repeat("EXPLAIN SELECT ", "NOT ", 300, "ok FROM t;");
	cr_expect_str_eq(first_error(&text), DEEP);
	text = repeat("EXPLAIN SELECT a", " + a", 300, " FROM t;");
	cr_expect_str_eq(first_error(&text), DEEP);
	text = repeat("EXPLAIN SELECT ok", " IS NOT FALSE", 190, " FROM t;");
	cr_expect_str_eq(first_error(&text), "");
	text = repeat("EXPLAIN SELECT a FROM t WHERE a = 0", " OR a = 1", 900, ";");
	cr_expect_str_eq(first_error(&text), "", "chains are wide, not deep");
	text = repeat("EXPLAIN SELECT a FROM t WHERE a = 0", " OR a = 1", 2000, ";");
	cr_expect_str_eq(first_error(&text), "more than 1000 parts in one expression");
	text = repeat("EXPLAIN SELECT a FROM t WHERE a IN (0", ", 1", 2000, ");");
	cr_expect_str_eq(first_error(&text), "more than 1000 values in IN");
	text = repeat("EXPLAIN SELECT a FROM ", "(SELECT a FROM ", 20, "t");
	for (int i = 0; i < 20; i++)
		fb_buf_add_char(&text, ')');
	cr_expect_str_eq(first_error(&text), "");
	text = repeat("EXPLAIN SELECT a FROM ", "(SELECT a FROM ", 40, "t");
	for (int i = 0; i < 40; i++)
		fb_buf_add_char(&text, ')');
	cr_expect_str_eq(first_error(&text), "queries are nested more than 32 deep");
}

Test(bounds, size)
{
	struct fb_buf text;

	text = repeat("--", "x", 1 << 20, "\n");
	cr_expect_str_eq(first_error(&text), "the text is longer than 1048576 bytes");
	text = repeat("EXPLAIN SELECT a", ", a", 1500, " FROM t;");
	cr_expect_str_eq(first_error(&text), "more than 1024 columns in SELECT");
	text = repeat("EXPLAIN SELECT a FROM nw;", "EXPLAIN SELECT a FROM nw;", 1200, "");
	cr_expect_str_eq(first_error(&text), "more than 1000 queries");

	text = (struct fb_buf){0};
	for (int i = 0; i < 1200; i++)
		fb_buf_printf(&text, "CREATE VIEW v%d AS SELECT a FROM nw;", i);
	cr_expect_str_eq(first_error(&text), "more than 1000 tables and views");

	text = (struct fb_buf){0};
	fb_buf_add_text(&text, "CREATE TABLE q (");
	for (int i = 0; i < 1100; i++)
		fb_buf_printf(&text, "%sc%d INT", i ? ", " : "", i);
	fb_buf_add_text(&text, ") WITH ('connector' = 'print');");
	cr_expect_str_eq(first_error(&text), "more than 1024 columns");
}

/* Each view doubles the expression: written out the last would have 2^30 parts. */
Test(bounds, views_cannot_explode)
{
	struct fb_buf text = {0};

	fb_buf_add_text(&text, "CREATE VIEW v0 AS SELECT a AS x FROM nw;");
	for (int i = 1; i <= 30; i++)
		fb_buf_printf(&text, "CREATE VIEW v%d AS SELECT x + x AS x FROM v%d;", i, i - 1);
	fb_buf_add_text(&text, "EXPLAIN SELECT x FROM v30;");
	cr_expect_str_eq(
		first_error(&text), "expression is too large: more than 10000 parts or 400 levels");

	text = (struct fb_buf){0};
	fb_buf_add_text(&text, "CREATE VIEW v0 AS SELECT a AS x FROM nw;");
	for (int i = 1; i <= 12; i++)
		fb_buf_printf(&text, "CREATE VIEW v%d AS SELECT x + x AS x FROM v%d;", i, i - 1);
	for (int i = 1; i <= 200; i++)
		fb_buf_add_text(&text, "EXPLAIN SELECT x FROM v12;");
	cr_expect_str_eq(first_error(&text),
		"the file asks for too much: more than 500000 parts in its plan");
}

/* A megabyte of the worst kind is read in well under ten seconds, also with sanitizers. */
Test(bounds, no_text_takes_long)
{
	static const char *const parts[] = {"/*", "*/", "'", "`", "(", "((a,", "a ", "a.", ";",
		"a;", "SELECT ", "-", "1.", "0x", "/*+ ", "'a'='b',", "CASE WHEN ",
		"BEGIN STATEMENT SET;", "NOT ", "\"", "--\n", "EXPLAIN SELECT a FROM ("};

	for (size_t i = 0; i < FB_ARRAY_LEN(parts); i++) {
		struct timespec start, end;
		struct fb_buf text =
			repeat("", parts[i], ((1 << 20) - 2000) / strlen(parts[i]), "");

		clock_gettime(CLOCK_MONOTONIC, &start);
		first_error(&text);
		clock_gettime(CLOCK_MONOTONIC, &end);
		cr_expect_lt(end.tv_sec - start.tv_sec, 10, "%s", parts[i]);
	}
}

Test(bounds, errors_are_collected_but_not_without_end)
{
	struct planned planned =
		plan_text(PRELUDE, "SELEC 1;\nINSERT INTO p SELECT a FROM t;\nFOO;\nSET 'x' y;");

	cr_expect_eq(planned.err, FB_E_SYNTAX);
	cr_assert_eq(planned.diags.error_cnt, 3);
	cr_expect_eq(planned.diags.items[0].place.line, 3);
	cr_expect_eq(planned.diags.items[1].place.line, 5);
	cr_expect_eq(planned.diags.items[2].place.line, 6);
	planned_fini(&planned);

	planned = plan_text(
		PRELUDE, "INSERT INTO p SELECT aa FROM t;\nINSERT INTO p SELECT bb FROM t;");
	cr_expect_eq(planned.diags.error_cnt, 2, "the binder goes on, too");
	planned_fini(&planned);

	struct fb_buf text = repeat("", "FOO;", 1000, "");

	planned = plan_text("", text.p);
	cr_expect_eq(planned.diags.error_cnt, 50);
	cr_expect_str_eq(planned.diags.items[50].message, "too many errors, the rest is not read");
	planned_fini(&planned);
	fb_buf_fini(&text);
}

Test(bounds, nothing_at_all)
{
	static const char *const texts[] = {"", ";", ";;;", "  \n", "-- only a comment"};

	for (size_t i = 0; i < FB_ARRAY_LEN(texts); i++) {
		struct planned planned = plan_ok("", texts[i]);

		cr_expect_eq(planned.plan->query_cnt, 0);
		cr_assert_eq(planned.diags.cnt, 1);
		cr_expect_str_eq(planned.diags.items[0].message,
			"the file has no INSERT: there is nothing to run");
		planned_fini(&planned);
	}
}

Test(bounds, text_that_is_no_text)
{
	static const struct {
		const char *bytes;
		uint32_t len, line, column;
		const char *message;
	} cases[] = {
		{"SET\n \0;", 7, 2, 2, "byte 0x00 is no text"},
		{"a\xff", 2, 1, 2, "byte 0xff is no text"},
		{"\xc0\x80", 2, 1, 1, "byte 0xc0 is no text"},
		{"\xed\xa0\x80", 3, 1, 1, "byte 0xed is no text"},
		{"\xe2\x82", 2, 1, 1, "byte 0xe2 is no text"},
	};

	for (size_t i = 0; i < FB_ARRAY_LEN(cases); i++) {
		struct fb_diags diags;
		struct fb_plan *plan = NULL;

		fb_diags_init(&diags, "x");
		cr_expect_eq(fb_sql_plan("x", (struct fb_str){cases[i].bytes, cases[i].len}, &diags,
				     &plan),
			FB_E_SYNTAX);
		cr_assert_eq(diags.cnt, 1);
		cr_expect_str_eq(diags.items[0].message, cases[i].message);
		cr_expect_eq(diags.items[0].place.line, cases[i].line);
		cr_expect_eq(diags.items[0].place.column, cases[i].column);
		cr_expect_null(plan);
		fb_diags_fini(&diags);
	}
}

/* A good text with a piece cut out anywhere is planned or refused. */
Test(bounds, damaged_texts)
{
	static const char good[] = "SET 'table.local-time-zone'='UTC'; CREATE VIEW z (q, r) AS "
				   "SELECT n, a FROM t; INSERT INTO w "
				   "SELECT window_start, n, SUM(a) * -2 + COUNT(*) FROM "
				   "TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), "
				   "INTERVAL '1' MINUTE, INTERVAL '5' SECOND)) WHERE a IN (1, 2) "
				   "AND CAST(d AS INT) > 1.5E0 GROUP BY "
				   "window_start, window_end, n HAVING MAX(t6) IS NOT NULL; "
				   "EXPLAIN SELECT q FROM z AS y WHERE y.r "
				   "BETWEEN 1 AND 2 OR q = 'it''s';";

	for (size_t cut = 1; cut <= 9; cut += 4) {
		for (size_t at = 0; at + cut < sizeof(good); at++) {
			char text[sizeof(good)];

			memcpy(text, good, at);
			memcpy(text + at, good + at + cut, sizeof(good) - at - cut);

			struct planned planned = plan_text(PRELUDE, text);

			if (planned.plan != NULL)
				fb_explain_plan(planned.plan, &planned.explain);
			planned_fini(&planned);
		}
	}
}

static void check_example(const char *name, const char *pipeline, enum fb_window_kind window)
{
	char path[256];
	const char *top = getenv("FB_SOURCE_ROOT");
	struct fb_buf text = {0};
	FILE *file;
	size_t got;

	snprintf(path, sizeof(path), "%s/" EXAMPLES "%s", top ? top : ".", name);
	file = fopen(path, "r");
	cr_assert_not_null(file, "%s", path);
	got = fread(fb_buf_reserve(&text, 65536), 1, 65535, file);
	fclose(file);
	text.len += got;
	fb_buf_add_char(&text, 0);

	struct planned planned = plan_ok("", text.p);

	cr_expect_eq(planned.diags.cnt, 0, "%s: no warnings in an example", name);
	cr_expect_str_eq(planned.plan->settings.pipeline_name, pipeline);
	cr_expect_eq(first_query(&planned)->window.kind, window);
	planned_fini(&planned);
	fb_buf_fini(&text);
}

Test(bounds, examples)
{
	check_example("quickstart.sql", "quickstart", FB_WINDOW_TUMBLE);
	check_example("people_to_kafka.sql", "people_to_kafka", FB_WINDOW_TUMBLE);
	check_example("people_copy.sql", "people_copy", FB_WINDOW_NONE);
}
