/* SPDX-License-Identifier: Apache-2.0 */
/* Statements that make several queries, or none with a source: UNION ALL, VALUES, hints. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/control/pipeline/lab.h"

#define TABLES                                                                                   \
	"CREATE TABLE people (id INT, city STRING) WITH ('connector'='udp', 'port'='5000', "     \
	"'format'='csv');"                                                                       \
	"CREATE TABLE trucks (city STRING, wheels INT) WITH ('connector'='udp', 'port'='5001', " \
	"'format'='csv');"                                                                       \
	"CREATE TABLE o (x BIGINT, y STRING) WITH ('connector'='blackhole');"

static struct lab lab;

static void setup(void)
{
	lab_make(&lab, 1);
}

static void cleanup(void)
{
	lab_remove(&lab);
}

static void expect_rows(const char *file, const char *expected)
{
	char *found = lab_sorted(&lab, file);

	cr_expect_str_eq(found, expected);
	free(found);
}

/* ---- VALUES ---- */

#define VALUES                                                                                    \
	TABLES "INSERT INTO o VALUES (1, 'a'), (1 + 1, CAST(NULL AS STRING)), (3, 'long enough "  \
	       "to be a text');"                                                                  \
	       "INSERT INTO o (y) SELECT y FROM (VALUES (1, 'in'), (2, 'out')) AS v(x, y) WHERE " \
	       "x = 1;"

static void run_values(struct lab *of, struct fb_engine *engine, void *arg)
{
	struct fb_engine_view view;

	if (arg != NULL)
		lab_apply(engine, "p", VALUES);
	LAB_CHECK(fb_engine_view(engine, &view) == 0);
	LAB_CHECK(
		view.pipelines[0].query_cnt == 2 && view.pipelines[0].queries[0].result_rows == 3);
	LAB_CHECK(view.pipelines[0].stream[0] == 0);
	fb_engine_view_fini(&view);
	lab_receive(engine);
	lab_check_ledger(engine);
	lab_save_rows(of, engine, "p", "o", arg ? "rows" : "again");
	lab_save_rows(of, engine, "p", "o_2", arg ? "rows" : "again");
	LAB_CHECK(fb_engine_drain(engine, "p", 5000) == 0);
	lab_check_ledger(engine);
}

Test(statements, rows_of_constants_are_there_once, .init = setup, .fini = cleanup)
{
	lab_run(&lab, run_values, "apply");
	expect_rows("rows", "1,a\n2,NULL\n3,long enough to be a text\nNULL,in\n");
	/* A later start does not write them again. */
	lab_run(&lab, run_values, NULL);
	expect_rows("again", "1,a\n2,NULL\n3,long enough to be a text\nNULL,in\n");
}

static void run_bad_values(struct lab *of, struct fb_engine *engine, void *arg)
{
	struct fb_engine_view view;
	char message[512];

	LAB_CHECK(lab_try_apply(engine, "p", TABLES "INSERT INTO o VALUES (1, 'a'), (1 / 0, 'b');",
			  message) == FB_E_INVALID);
	LAB_CHECK(strstr(message, "row 2 of the constants of 'o'") != NULL, "%s", message);
	LAB_CHECK(fb_engine_view(engine, &view) == 0 && view.pipeline_cnt == 0);
	fb_engine_view_fini(&view);
	/* The name is free, and nothing of the first row is left. */
	lab_apply(engine, "p", TABLES "INSERT INTO o VALUES (7, 'z');");
	lab_save_rows(of, engine, "p", "o", "rows");
}

Test(statements, constants_that_cannot_be_computed_refuse_the_pipeline, .init = setup,
	.fini = cleanup)
{
	lab_run(&lab, run_bad_values, NULL);
	expect_rows("rows", "7,z\n");
}

/* ---- UNION ALL ---- */

#define UNION                                                                                     \
	TABLES "INSERT INTO o SELECT id, city FROM people WHERE id > 1 UNION ALL SELECT wheels, " \
	       "city FROM trucks "                                                                \
	       "UNION ALL SELECT id + 100, city FROM people /*+ "                                 \
	       "OPTIONS('csv.field-delimiter'=';') */ UNION ALL VALUES (0, '-');"

static void run_union(struct lab *of, struct fb_engine *engine, void *arg)
{
	struct fb_engine_view view;

	lab_apply(engine, "p", UNION);
	lab_receive(engine);
	/* 3 people, read by two readers, and 2 trucks */
	lab_wait_records(engine, 3 + 3 + 2);
	LAB_CHECK(fb_engine_drain(engine, "p", 5000) == 0 && fb_engine_view(engine, &view) == 0);
	LAB_CHECK(view.pipelines[0].query_cnt == 4);
	LAB_CHECK(view.pipelines[0].queries[0].decoded == 2 &&
			  view.pipelines[0].queries[1].decoded == 2,
		"%lu %lu", view.pipelines[0].queries[0].decoded,
		view.pipelines[0].queries[1].decoded);
	fb_engine_view_fini(&view);
	lab_check_ledger(engine);
	lab_save_rows(of, engine, "p", "o", "rows");
	lab_save_rows(of, engine, "p", "o_2", "rows");
	lab_save_rows(of, engine, "p", "o_3", "rows");
	lab_save_rows(of, engine, "p", "o_4", "rows");
}

/* Each side is a query of its own; the ledger of each balances against its own source. */
Test(statements, sides_of_a_union_meet_in_the_sink, .init = setup, .fini = cleanup)
{
	lab_datagram(&lab, 0, 5000, "1,rome\n2,oslo\n3;bern\n");
	lab_datagram(&lab, 0, 5001, "bonn,4\nkyiv,6\n");
	lab_run(&lab, run_union, NULL);
	expect_rows("rows", "0,-\n103,bern\n2,oslo\n4,bonn\n6,kyiv\n");
}

/* ---- what comes later ---- */

static void run_later(struct lab *of, struct fb_engine *engine, void *arg)
{
	char message[512];

	LAB_CHECK(lab_try_apply(engine, "p",
			  "CREATE TABLE i (k STRING, v STRING) WITH ('connector'='kafka', "
			  "'topic'='i', "
			  "'properties.bootstrap.servers'='h:1', 'key.format'='raw', "
			  "'key.fields'='k', 'value.format'='raw', "
			  "'value.fields-include'='EXCEPT_KEY'); CREATE TABLE o (k STRING, v "
			  "STRING) WITH "
			  "('connector'='blackhole'); INSERT INTO o SELECT k, v FROM i;",
			  message) == FB_E_UNSUPPORTED);
	LAB_CHECK(strstr(message, "option 'key.format' of a source is planned") != NULL, "%s",
		message);
	LAB_CHECK(lab_try_apply(engine, "p",
			  "CREATE TABLE people (id INT) WITH ('connector'='filesystem', "
			  "'path'='/x', 'format'='csv', "
			  "'csv.ignore-first-line'='true'); CREATE TABLE o (k INT) WITH "
			  "('connector'='blackhole'); "
			  "INSERT INTO o SELECT id FROM people;",
			  message) == FB_E_UNSUPPORTED);
	LAB_CHECK(strstr(message, "option 'csv.ignore-first-line' is for files") != NULL, "%s",
		message);
}

Test(statements, what_is_right_elsewhere_is_refused_by_name, .init = setup, .fini = cleanup)
{
	lab_run(&lab, run_later, NULL);
}
