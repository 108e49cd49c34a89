/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deliveries and the sinks that need no service: every row once and in order, whatever happened
 * between a file's rename and the cursor. Kafka and HDFS: tests/services, against real ones.
 */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/base/calendar.h"
#include "config/base/errcode.h"
#include "tests/unit/control/sink/lab.h"

#define FILES "'connector'='filesystem', 'path'='file://%s/out', 'format'='csv'"

static void expect_rows(struct lab *lab, uint64_t cnt)
{
	struct fb_buf got = {0};
	struct fb_buf want = {0};

	lab_read_files(lab, "out", &got);
	for (uint64_t i = 0; i < cnt; i++)
		lab_expected(i, &want);
	cr_assert_eq(got.len, want.len, "%zu bytes, expected %zu", got.len, want.len);
	cr_assert_eq(memcmp(got.p ? got.p : "", want.p ? want.p : "", want.len), 0);
	fb_buf_fini(&got);
	fb_buf_fini(&want);
}

Test(filesystem, rows_become_a_file_at_a_commit)
{
	struct lab lab;
	struct fb_buf text = {0};

	lab_make(&lab, FILES);
	lab_add_rows(&lab, 10000);
	lab_deliver(&lab);
	cr_assert_eq(lab_read_files(&lab, "out", &text), 1, "one commit, one file");
	cr_assert_eq(lab_hidden_files(&lab, "out"), 0);
	expect_rows(&lab, 10000);
	cr_assert_eq(lab_cursor(&lab), 10000);
	fb_buf_fini(&text);
	lab_remove(&lab);
}

Test(filesystem, nothing_is_visible_before_a_commit)
{
	struct lab lab;
	struct fb_buf text = {0};
	struct fb_delivery *delivery;
	struct fb_delivery_status status;

	lab_make(&lab, FILES);
	lab_add_rows(&lab, 100);
	delivery = lab_start(&lab);
	usleep(200000);
	cr_assert_eq(lab_read_files(&lab, "out", &text), 0);
	fb_delivery_status(delivery, &status);
	cr_assert_eq(status.cursor, 0);
	cr_assert_eq(status.end, 100);
	cr_assert_eq(fb_delivery_drain(delivery, 20000), 0);
	fb_delivery_stop(delivery);
	expect_rows(&lab, 100);
	fb_buf_fini(&text);
	lab_remove(&lab);
}

/* Stopped without a drain: what was gathered is in the store, and comes with the next start. */
Test(filesystem, stop_loses_nothing)
{
	struct lab lab;

	lab_make(&lab, FILES);
	for (int i = 0; i < 5; i++) {
		lab_add_rows(&lab, 50);
		fb_delivery_stop(lab_start(&lab));
		lab_add_rows(&lab, 50);
		lab_deliver(&lab);
	}
	expect_rows(&lab, 500);
	lab_remove(&lab);
}

/* A crash between the rename and the cursor: the rows are in the file, the cursor says that they are not. */
Test(filesystem, crash_between_rename_and_cursor_doubles_nothing)
{
	struct lab lab;

	lab_make(&lab, FILES);
	lab_add_rows(&lab, 300);
	lab_deliver(&lab);
	lab_set_cursor(&lab, 0);
	lab_add_rows(&lab, 200);
	lab_deliver(&lab);
	expect_rows(&lab, 500);
	cr_assert_eq(lab_cursor(&lab), 500);
	lab_remove(&lab);
}

/* A crash between the intent and the rename: the file is not there, so the rows are written again. */
Test(filesystem, crash_between_intent_and_rename_loses_nothing)
{
	struct lab lab;
	char command[256];

	lab_make(&lab, FILES);
	lab_add_rows(&lab, 300);
	lab_deliver(&lab);
	lab_set_cursor(&lab, 0);
	snprintf(command, sizeof(command), "cd %s/out && for f in part-*; do mv $f .$f.inprogress.csv; done", lab.folder);
	cr_assert_eq(system(command), 0);
	lab_deliver(&lab);
	expect_rows(&lab, 300);
	lab_remove(&lab);
}

/* The folder of an earlier appliance, whose rows had the same numbers and other contents. */
Test(filesystem, files_of_another_store_stay)
{
	struct lab lab;
	struct fb_buf text = {0};
	char command[256];

	lab_make(&lab, FILES);
	lab_add_rows(&lab, 10);
	lab_deliver(&lab);
	fb_store_close(lab.store);
	snprintf(command, sizeof(command), "rm -rf %s/store", lab.folder);
	cr_assert_eq(system(command), 0);

	struct fb_store_conf conf = {.path = command + strlen("rm -rf ")};

	cr_assert_eq(fb_store_open(&conf, NULL, &lab.store), 0);
	lab.conf.store = lab.store;
	lab.row_cnt = 0;
	lab_add_rows(&lab, 20);
	lab_deliver(&lab);
	cr_assert_eq(lab_read_files(&lab, "out", &text), 2, "the earlier file and the new one");
	fb_buf_fini(&text);
	lab_remove(&lab);
}

/* A path that cannot be written is a sink that is away: rows wait, words say why, and it goes on when it is mended. */
Test(filesystem, away_and_back)
{
	struct lab lab;
	struct fb_delivery *delivery;
	struct fb_delivery_status status = {0};
	char command[256];

	lab_make(&lab, FILES);
	lab_add_rows(&lab, 1000);
	lab.conf.commit_interval_ms = 10;
	delivery = lab_start(&lab);
	cr_assert_eq(fb_delivery_drain(delivery, 20000), 0);
	/* A file in the place of the folder: nobody, root neither, can write into that. */
	snprintf(command, sizeof(command), "cd %s && mv out kept && touch out", lab.folder);
	cr_assert_eq(system(command), 0);
	lab_add_rows(&lab, 1000);
	fb_delivery_notify(delivery, lab.row_cnt);
	for (int i = 0; i < 200 && !status.waiting; i++) {
		usleep(50000);
		fb_delivery_status(delivery, &status);
	}
	cr_assert(status.waiting);
	cr_assert_not_null(strstr(status.message, "out"), "%s", status.message);
	cr_assert_eq(status.cursor, 1000);
	snprintf(command, sizeof(command), "cd %s && rm out && mv kept out", lab.folder);
	cr_assert_eq(system(command), 0);
	cr_assert_eq(fb_delivery_drain(delivery, 20000), 0);
	fb_delivery_stop(delivery);
	expect_rows(&lab, 2000);
	lab_remove(&lab);
}

Test(filesystem, a_path_that_cannot_be_made_is_refused_at_once)
{
	struct lab lab;
	struct fb_buf message = {0};
	struct fb_delivery *delivery;

	lab_make(&lab, "'connector'='filesystem', 'path'='file:///dev/null/out%.0s', 'format'='csv'");
	cr_assert_lt(fb_delivery_start(&lab.conf, &message, &delivery), 0);
	cr_assert_not_null(strstr(message.p, "/dev/null/out"), "%s", message.p);
	fb_buf_fini(&message);
	lab_remove(&lab);
}

Test(filesystem, hdfs_needs_an_address)
{
	struct lab lab;
	struct fb_buf message = {0};
	struct fb_delivery *delivery;

	lab_make(&lab, "'connector'='filesystem', 'path'='hdfs://nn:8020/people%.0s', 'format'='csv'");
	cr_assert_eq(fb_delivery_start(&lab.conf, &message, &delivery), FB_E_CONFIG);
	cr_assert_not_null(strstr(message.p, "hdfs.webhdfs"), "%s", message.p);
	fb_buf_fini(&message);
	lab_remove(&lab);
}

Test(blackhole, takes_everything)
{
	struct lab lab;

	lab_make(&lab, "'connector'='blackhole'%.0s");
	lab_add_rows(&lab, 50000);
	lab_deliver(&lab);
	cr_assert_eq(lab_cursor(&lab), 50000);
	lab_remove(&lab);
}

/* A file takes nothing back: rows that are no more are passed over, and the cursor goes on. */
Test(filesystem, of_a_correction_only_what_is_there_is_written)
{
	struct lab lab;
	struct fb_buf text = {0};

	lab_make(&lab, FILES);
	lab_add_rows(&lab, 2);
	lab_correct(&lab, 3, 1, 1);
	lab_deliver(&lab);
	lab_correct(&lab, 2, 2, 0); /* nothing to write at all */
	lab_deliver(&lab);
	cr_expect_eq(lab_cursor(&lab), 7);
	lab_read_files(&lab, "out", &text);
	cr_expect_str_eq(text.p, "0,\n1,\"row 1\"\n3,\n4,\"row 4\"\n", "%s", text.p);
	cr_expect_eq(lab_hidden_files(&lab, "out"), 0);
	fb_buf_fini(&text);
	lab_remove(&lab);
}

Test(print, changes_as_flink_prints_them)
{
	struct lab lab;
	char path[128];
	char text[512] = {0};
	FILE *file;

	lab_make(&lab, "'connector'='print', 'standard-error'='true'%.0s");
	lab_add_rows(&lab, 1);
	lab_correct(&lab, 4, 1, 2);
	lab_add_rows(&lab, 1);
	snprintf(path, sizeof(path), "%s/printed", lab.folder);
	cr_assert_not_null(freopen(path, "w", stderr));
	lab_deliver(&lab);
	fflush(stderr);
	file = fopen(path, "r");
	cr_assert_gt(fread(text, 1, sizeof(text) - 1, file), 0);
	fclose(file);
	cr_assert_str_eq(text, "+I[0, NULL]\n-D[1, row 1]\n+U[2, row 2]\n+U[3, NULL]\n+I[4, row 4]\n+I[5, row 5]\n");
	lab_remove(&lab);
}

Test(print, rows_as_flink_prints_them)
{
	struct lab lab;
	char path[128];
	char text[512] = {0};
	FILE *file;

	lab_make(&lab, "'connector'='print', 'print-identifier'='here', 'standard-error'='true'%.0s");
	lab_add_rows(&lab, 3);
	snprintf(path, sizeof(path), "%s/printed", lab.folder);
	cr_assert_not_null(freopen(path, "w", stderr));
	lab_deliver(&lab);
	fflush(stderr);
	file = fopen(path, "r");
	cr_assert_gt(fread(text, 1, sizeof(text) - 1, file), 0);
	fclose(file);
	cr_assert_str_eq(text, "here> +I[0, NULL]\nhere> +I[1, row 1]\nhere> +I[2, row 2]\n");
	lab_remove(&lab);
}

/* Rows below the cursor are not asked for again: retention may have taken them. */
Test(delivery, begins_at_its_cursor)
{
	struct lab lab;
	struct fb_store_batch *batch;

	lab_make(&lab, FILES);
	lab_add_rows(&lab, 100);
	lab_deliver(&lab);
	batch = fb_store_batch_create(lab.store);
	fb_store_delete_results(batch, LAB_QUERY_ID, 0, 100);
	cr_assert_eq(fb_store_commit(batch, true), 0);
	fb_store_batch_destroy(batch);
	lab_add_rows(&lab, 100);
	lab_deliver(&lab);
	expect_rows(&lab, 200);
	lab_remove(&lab);
}

/* A cursor that is none of ours is not taken for 0: that would publish everything a second time. */
Test(delivery, a_damaged_cursor_is_said)
{
	struct lab lab;
	struct fb_buf message = {0};
	struct fb_delivery *delivery;
	struct fb_store_batch *batch;

	lab_make(&lab, FILES);
	batch = fb_store_batch_create(lab.store);
	fb_store_put_meta(batch, "cursor/7", "abc", 3);
	cr_assert_eq(fb_store_commit(batch, true), 0);
	fb_store_batch_destroy(batch);
	cr_assert_eq(fb_delivery_start(&lab.conf, &message, &delivery), FB_E_CORRUPT);
	fb_buf_fini(&message);
	lab_remove(&lab);
}

Test(delivery, drain_gives_up_in_time)
{
	struct lab lab;
	struct fb_delivery *delivery;
	char command[256];
	int64_t start;

	lab_make(&lab, FILES);
	lab_add_rows(&lab, 10);
	delivery = lab_start(&lab);
	snprintf(command, sizeof(command), "cd %s && rm -rf out && touch out", lab.folder);
	cr_assert_eq(system(command), 0);
	start = fb_clock_monotonic_ns();
	cr_assert_eq(fb_delivery_drain(delivery, 300), FB_E_TIMEOUT);
	cr_assert_lt(fb_clock_monotonic_ns() - start, 10000000000);
	fb_delivery_stop(delivery);
	lab_remove(&lab);
}
