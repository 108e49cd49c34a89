/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PARTITIONED BY: names of folders as Flink 2.2 has written them, and each row once in its folder,
 * also over crashes at every point of a commit of many files.
 */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "control/sink/partition.h"
#include "tests/unit/control/sink/lab.h"

#define BY_TEXT "PARTITIONED BY (t)"
#define FILES "'connector'='filesystem', 'path'='file://%s/out', 'format'='csv'"

/* ---- names ---- */

/* One column must be left for the files, so the table has one more. */
static struct fb_plan *plan_table(void)
{
	struct fb_plan *plan;
	struct fb_diags diags;
	const char *sql =
		"CREATE TABLE o (dt DATE, ts TIMESTAMP(3), t6 TIMESTAMP(6), f FLOAT, d DOUBLE, bo "
		"BOOLEAN, "
		"`s=` STRING, n INT, x INT) PARTITIONED BY (dt, ts, t6, f, d, bo, `s=`, n) WITH "
		"('connector'='filesystem', 'path'='/x', 'format'='csv');";

	fb_diags_init(&diags, "o.sql");
	cr_assert_eq(fb_sql_plan("o.sql", fb_str_from(sql), &diags, &plan), 0, "%s",
		diags.cnt ? diags.items[0].message : "");
	fb_diags_fini(&diags);
	return plan;
}

static void expect_path(
	const struct fb_plan *plan, const struct fb_value *values, const char *expected)
{
	struct fb_buf out = {0};

	fb_partition_path(plan->tables[0], values, "none", &out);
	fb_buf_add_char(&out, '\0');
	cr_expect_str_eq(out.p, expected);
	fb_buf_fini(&out);
}

/* The first three are folders that Flink 2.2.0 made of the same values (DATE as days: so it is). */
Test(partition, names_as_flink_writes_them)
{
	struct fb_plan *plan = plan_table();
	struct fb_value a[] = {{.i64 = 19724}, {.i64 = 1704067200000}, {.i64 = 1704067201123456},
		{.f64 = 1.5}, {.f64 = 2.25}, {.i64 = 1}, {.str = FB_STR("x y")}, {.i64 = 7}, {0}};
	struct fb_value b[] = {{.i64 = -1}, {.i64 = 1704104430120}, {.i64 = -500000}, {.f64 = 1e10},
		{.f64 = 1e-5}, {.i64 = 0}, {.str = FB_STR("")}, {.i64 = -7}, {0}};
	struct fb_value c[] = {{.i64 = 19782}, {.i64 = 1704104400000}, {.i64 = 0}, {.f64 = 0.1f},
		{.f64 = 100}, {.i64 = 1}, {.str = FB_STR("%:/={}é")}, {.is_null = true}, {0}};
	struct fb_value d[] = {{.is_null = true}, {.is_null = true}, {.is_null = true},
		{.is_null = true}, {.is_null = true}, {.is_null = true},
		{.str = FB_STR("\"#'*?\\[]^\t\x7f|<>")}, {.i64 = 0}, {0}};

	expect_path(plan, a,
		"dt=19724/ts=2024-01-01T00%3A00/t6=2024-01-01T00%3A00%3A01.123456/f=1.5/d=2.25/"
		"bo=true/s%3D=x y/n=7");
	expect_path(plan, b,
		"dt=-1/ts=2024-01-01T10%3A20%3A30.120/t6=1969-12-31T23%3A59%3A59.500/f=1.0E10/"
		"d=1.0E-5/bo=false/s%3D=none/n=-7");
	expect_path(plan, c,
		"dt=19782/ts=2024-01-01T10%3A20/t6=1970-01-01T00%3A00/f=0.1/d=100.0/bo=true/"
		"s%3D=%25%3A%2F%3D%7B%7Dé/n=none");
	expect_path(plan, d,
		"dt=none/ts=none/t6=none/f=none/d=none/bo=none/"
		"s%3D=%22%23%27%2A%3F%5C%5B%5D%5E%09%7F|<>/n=0");
	fb_plan_destroy(plan);
}

/* ---- rows in their folders ---- */

static void run(const struct lab *lab, const char *fmt)
{
	char script[1024];
	char command[1200];

	snprintf(script, sizeof(script), fmt, lab->folder);
	snprintf(command, sizeof(command), "LC_ALL=C sh -c '%s'", script);
	cr_assert_eq(system(command), 0, "%s", command);
}

/* Rows as "folder/row", sorted, of all visible files; the text itself is only in the folder's name.
 */
static void expect_rows(struct lab *lab, uint64_t cnt)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/want", lab->folder);
	file = fopen(path, "w");
	cr_assert_not_null(file);
	for (uint64_t i = 0; i < cnt; i++) {
		if (i % 3 == 0)
			fprintf(file, "t=__DEFAULT_PARTITION__:%" PRIu64 "\n", i);
		else
			fprintf(file, "t=row %" PRIu64 ":%" PRIu64 "\n", i, i);
	}
	fclose(file);
	run(lab, "cd %s && sort want > wanted && cd out && grep -r \"\" --include=\"part-*\" . | "
		 "sed \"s,^./,,; s,/part-[^:]*,,\" | sort > ../got && cmp ../wanted ../got");
}

Test(partition, each_row_is_in_its_folder)
{
	struct lab lab;

	lab_make_partitioned(&lab, BY_TEXT, FILES);
	lab_add_rows(&lab, 30);
	lab_deliver(&lab);
	expect_rows(&lab, 30);
	/* More folders than one commit takes. */
	lab_add_rows(&lab, 3000);
	lab_deliver(&lab);
	expect_rows(&lab, 3030);
	run(&lab, "cd %s/out && test -z \"$(find . -name \".part*\")\"");
	cr_assert_eq(lab_cursor(&lab), 3030);
	lab_remove(&lab);
}

/* ---- crashes ---- */

/* The state that a crash leaves behind after the note: so many files of the commit are renamed
 * already. */
static void hide_files_but(struct lab *lab, const char *visible)
{
	char script[512];

	snprintf(script, sizeof(script),
		"cd %%s/out && find . -name \"part-*\" | sort | tail -n +%s | while read f; do "
		"mv \"$f\" \"$(dirname \"$f\")/.$(basename \"$f\" .csv).inprogress.csv\"; done",
		visible);
	run(lab, script);
	lab_set_cursor(lab, 0);
}

Test(partition, a_crash_between_renames_doubles_and_loses_nothing)
{
	static const char *const visible[] = {"1", "2", "7", "15", "21", "22"};

	for (size_t i = 0; i < FB_ARRAY_LEN(visible); i++) {
		struct lab lab;

		lab_make_partitioned(&lab, BY_TEXT, FILES);
		lab_add_rows(&lab, 30);
		lab_deliver(&lab);
		hide_files_but(&lab, visible[i]);
		lab_add_rows(&lab, 30);
		lab_deliver(&lab);
		expect_rows(&lab, 60);
		cr_assert_eq(lab_cursor(&lab), 60);
		lab_remove(&lab);
	}
}

/* Noted, and then all files of it gone: nothing has happened, the rows are written from the store.
 */
Test(partition, a_note_without_files_is_none)
{
	struct lab lab;

	lab_make_partitioned(&lab, BY_TEXT, FILES);
	lab_add_rows(&lab, 30);
	lab_deliver(&lab);
	run(&lab, "rm -r %s/out");
	lab_set_cursor(&lab, 0);
	lab_deliver(&lab);
	expect_rows(&lab, 30);
	lab_remove(&lab);
}

/* Some files of a noted commit are there and one is gone: writing it again would double rows, so it
 * is said. */
Test(partition, a_file_that_was_taken_away_is_said)
{
	struct lab lab;
	struct fb_delivery *delivery;
	struct fb_delivery_status status;

	lab_make_partitioned(&lab, BY_TEXT, FILES);
	lab_add_rows(&lab, 9);
	lab_deliver(&lab);
	run(&lab, "cd %s/out && rm \"t=row 4\"/part*");
	lab_set_cursor(&lab, 0);
	delivery = lab_start(&lab);
	for (int i = 0; i < 100; i++) {
		fb_delivery_status(delivery, &status);
		if (status.message[0])
			break;
		usleep(50000);
	}
	cr_assert(strstr(status.message, "is gone from") != NULL &&
			  strstr(status.message, "t=row 4") != NULL,
		"%s", status.message);
	fb_delivery_stop(delivery);
	lab_remove(&lab);
}
