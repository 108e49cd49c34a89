/* SPDX-License-Identifier: Apache-2.0 */
/* Windows of a replay against published ones in a store: which are compared, which are left out, and how they differ. */
#include <stdlib.h>
#include <unistd.h>

#include "config/base/calendar.h"
#include "control/recompute/verify.h"
#include "tests/unit/control/recompute/lab.h"

#define QUERY_ID 5

struct fixture {
	char folder[64];
	struct fb_store *store;
	struct fb_store_batch *batch;
	struct fb_plan *plan;
	uint64_t seq;
	uint64_t first; /* of the window that is being published */
	struct fb_verify_conf conf;
	struct fb_verify *verify;
	struct fb_buf rows; /* of the window that the replay gives */
	uint64_t row_cnt;
	struct fb_buf said;
};

static int say(void *arg, const struct fb_verify_window *window)
{
	struct fixture *f = arg;

	fb_buf_printf(&f->said, "[%lld %lld) r%llu\n", (long long)window->start_ms / 1000, (long long)window->end_ms / 1000,
		(unsigned long long)window->revision);
	for (size_t i = 0; i < window->cnt; i++)
		lab_difference(&f->said, window->differences[i].kind, window->differences[i].published,
			window->differences[i].recomputed);
	return 0;
}

static void open_fixture(struct fixture *f, const char *sql)
{
	struct fb_store_conf conf = {.path = f->folder};

	memset(f, 0, sizeof(*f));
	strcpy(f->folder, "/tmp/fb-verify-XXXXXX");
	cr_assert_not_null(mkdtemp(f->folder));
	cr_assert_eq(fb_store_open(&conf, NULL, &f->store), 0);
	f->batch = fb_store_batch_create(f->store);
	f->plan = lab_plan(sql);
	f->conf = (struct fb_verify_conf){.store = f->store, .plan = f->plan->queries[0], .done_ms = FB_TIME_MIN,
		.range = {FB_TIME_MIN, FB_TIME_MAX}, .fn = say, .arg = f};
	f->conf.published = (struct fb_published){.query_id = QUERY_ID, .published_ms = FB_TIME_MIN};
}

static void close_fixture(struct fixture *f)
{
	char command[96];

	fb_verify_close(f->verify);
	fb_store_batch_destroy(f->batch);
	fb_store_close(f->store);
	fb_plan_destroy(f->plan);
	fb_buf_fini(&f->rows);
	fb_buf_fini(&f->said);
	snprintf(command, sizeof(command), "rm -rf '%s'", f->folder);
	cr_assert_eq(system(command), 0);
}

/* ---- what is published ---- */

static void publish_row(struct fixture *f, int64_t ws, int64_t we, const char *city, int64_t n)
{
	struct fb_buf row = {0};

	lab_row(&row, ws, we, city, n, 1);
	fb_store_put_result(f->batch, QUERY_ID, f->seq++, row.p, row.len);
	fb_buf_fini(&row);
}

static void publish_window(struct fixture *f, int64_t ws, int64_t we, uint64_t revision, uint64_t deletes, uint64_t updates)
{
	struct fb_store_window window = {.first_seq = f->first, .row_cnt = f->seq - f->first, .start_ms = ws * 1000,
		.end_ms = we * 1000, .revision = revision, .delete_cnt = deletes, .update_cnt = updates};

	fb_store_put_window(f->batch, QUERY_ID, &window);
	cr_assert_eq(fb_store_commit(f->batch, false), 0);
	f->first = f->conf.published.next_seq = f->seq;
	if (revision == 0)
		f->conf.published.published_ms = we * 1000;
}

/* Windows of 10 s from 0 on, with two rows each. */
static void publish_windows(struct fixture *f, int cnt)
{
	for (int i = 0; i < cnt; i++) {
		publish_row(f, i * 10, i * 10 + 10, "Rome", i);
		publish_row(f, i * 10, i * 10 + 10, "Oslo", i);
		publish_window(f, i * 10, i * 10 + 10, 0, 0, 0);
	}
}

/* ---- what the replay gives ---- */

static void begin(struct fixture *f)
{
	cr_assert_eq(fb_verify_open(&f->conf, &f->verify), 0);
}

static void give(struct fixture *f, int64_t ws, int64_t we, const char *city, int64_t n)
{
	lab_row(&f->rows, ws, we, city, n, 1);
	f->row_cnt++;
}

/* In two calls, where it has two rows. */
static void give_window(struct fixture *f, int64_t ws, int64_t we)
{
	struct fb_replay_rows rows = {.has_window = true, .window_start_ms = ws * 1000, .window_end_ms = we * 1000};
	uint32_t len = 0;

	if (f->row_cnt > 1) {
		memcpy(&len, f->rows.p, sizeof(len));
		len += (uint32_t)sizeof(len);
		rows.bytes = (const uint8_t *)f->rows.p;
		rows.len = len;
		rows.row_cnt = 1;
		cr_assert_eq(fb_verify_rows(f->verify, &rows), 0);
	}
	rows.bytes = (const uint8_t *)f->rows.p + len;
	rows.len = f->rows.len - len;
	rows.row_cnt = f->row_cnt - (len > 0);
	rows.last = true;
	cr_assert_eq(fb_verify_rows(f->verify, &rows), 0);
	fb_buf_clear(&f->rows);
	f->row_cnt = 0;
}

static void give_windows(struct fixture *f, int from, int to)
{
	for (int i = from; i < to; i++) {
		give(f, i * 10, i * 10 + 10, "Oslo", i);
		give(f, i * 10, i * 10 + 10, "Rome", i);
		give_window(f, i * 10, i * 10 + 10);
	}
}

static void expect(struct fixture *f, const char *want)
{
	cr_assert_eq(fb_verify_finish(f->verify), 0);
	cr_expect_str_eq(f->said.len ? f->said.p : "", want, "%s", f->said.p);
}

/* ---- windows ---- */

Test(verify, what_is_equal_is_no_difference)
{
	struct fixture f;

	open_fixture(&f, LAB_TUMBLE);
	publish_windows(&f, 5);
	begin(&f);
	give_windows(&f, 0, 5);
	expect(&f, "");
	cr_expect_eq(fb_verify_numbers(f.verify)->windows, 5);
	cr_expect_eq(fb_verify_numbers(f.verify)->different, 0);
	close_fixture(&f);
}

Test(verify, rows_that_differ_are_told_by_window)
{
	struct fixture f;

	open_fixture(&f, LAB_TUMBLE);
	publish_windows(&f, 3);
	begin(&f);
	give_windows(&f, 0, 1);
	give(&f, 10, 20, "Rome", 4);
	give(&f, 10, 20, "Lima", 1);
	give_window(&f, 10, 20);
	give_windows(&f, 2, 3);
	expect(&f, "[10 20) r0\nmissing: - | Lima 1\nextra: Oslo 1 | -\nchanged: Rome 1 | Rome 4\n");
	cr_expect_eq(fb_verify_numbers(f.verify)->different, 1);
	cr_expect_eq(fb_verify_numbers(f.verify)->rows[FB_DIFFERENCE_CHANGED], 1);
	close_fixture(&f);
}

/* A window that only one side has differs in all of its rows, wherever it is. */
Test(verify, windows_of_one_side)
{
	struct fixture f;

	open_fixture(&f, LAB_TUMBLE);
	publish_windows(&f, 2);
	f.seq += 0;
	publish_row(&f, 40, 50, "Bonn", 9);
	publish_window(&f, 40, 50, 0, 0, 0);
	begin(&f);
	give_windows(&f, 1, 2);
	give(&f, 20, 30, "Lima", 7);
	give_window(&f, 20, 30);
	expect(&f, "[0 10) r0\nextra: Oslo 0 | -\nextra: Rome 0 | -\n"
		   "[20 30) r0\nmissing: - | Lima 7\n"
		   "[40 50) r0\nextra: Bonn 9 | -\n");
	close_fixture(&f);
}

Test(verify, corrections_count_and_their_revision_is_told)
{
	struct fixture f;

	open_fixture(&f, LAB_TUMBLE);
	publish_windows(&f, 2);
	publish_row(&f, 0, 10, "Oslo", 0);
	publish_row(&f, 0, 10, "Rome", 5);
	publish_row(&f, 0, 10, "Lima", 6);
	publish_window(&f, 0, 10, 1, 1, 1);
	begin(&f);
	give(&f, 0, 10, "Lima", 6);
	give(&f, 0, 10, "Rome", 6);
	give_window(&f, 0, 10);
	give_windows(&f, 1, 2);
	expect(&f, "[0 10) r1\nchanged: Rome 5 | Rome 6\n");
	close_fixture(&f);
}

Test(verify, what_is_not_published_yet_and_what_retention_took_is_left_out)
{
	struct fixture f;

	open_fixture(&f, LAB_TUMBLE);
	publish_windows(&f, 4);
	/* In the middle of the second window. */
	fb_store_delete_results(f.batch, QUERY_ID, 0, 3);
	cr_assert_eq(fb_store_commit(f.batch, false), 0);
	f.conf.published.retained_from = 3;
	begin(&f);
	give_windows(&f, 0, 6);
	expect(&f, "");
	cr_expect_eq(fb_verify_numbers(f.verify)->windows, 2);
	cr_expect_eq(fb_verify_numbers(f.verify)->expired, 2);
	cr_expect_eq(fb_verify_numbers(f.verify)->unpublished, 2);
	close_fixture(&f);
}

Test(verify, where_retention_took_all_nothing_is_compared)
{
	struct fixture f;

	open_fixture(&f, LAB_TUMBLE);
	publish_windows(&f, 2);
	/* A correction that came later is still there. */
	publish_row(&f, 0, 10, "Rome", 5);
	publish_window(&f, 0, 10, 1, 0, 1);
	fb_store_delete_results(f.batch, QUERY_ID, 0, 4);
	cr_assert_eq(fb_store_commit(f.batch, false), 0);
	f.conf.published.retained_from = 4;
	begin(&f);
	give_windows(&f, 0, 2);
	cr_assert_eq(fb_verify_finish(f.verify), 0);
	expect(&f, "");
	cr_expect_eq(fb_verify_numbers(f.verify)->windows, 0);
	cr_expect_eq(fb_verify_numbers(f.verify)->expired, 2);
	close_fixture(&f);
}

Test(verify, a_range_and_what_an_earlier_run_compared)
{
	struct fixture f;

	open_fixture(&f, LAB_TUMBLE);
	publish_windows(&f, 6);
	f.conf.range = (struct fb_replay_range){10000, 50000};
	f.conf.done_ms = 20000;
	begin(&f);
	give_windows(&f, 2, 4);
	give(&f, 50, 60, "Rome", 99); /* beyond */
	give_window(&f, 50, 60);
	expect(&f, "[40 50) r0\nextra: Oslo 4 | -\nextra: Rome 4 | -\n");
	cr_expect_eq(fb_verify_done_ms(f.verify), 40000);
	close_fixture(&f);
}

Test(verify, what_has_no_window_cannot_be_compared)
{
	struct fixture f;

	open_fixture(&f, "CREATE TABLE a (id INT) WITH ('connector'='udp', 'port'='5000', 'format'='csv');"
			 "CREATE TABLE b (id INT) WITH ('connector'='blackhole'); INSERT INTO b SELECT id FROM a;");
	cr_expect_eq(fb_verify_open(&f.conf, &f.verify), FB_E_UNSUPPORTED);
	close_fixture(&f);
}

/* ---- sessions ---- */

/* Live they came in two rounds, here in one: they are compared by what they are. */
Test(verify, sessions_are_compared_by_their_bounds)
{
	struct fixture f;

	open_fixture(&f, LAB_SESSION);
	publish_row(&f, 0, 7, "Rome", 2);
	publish_row(&f, 1, 8, "Oslo", 1);
	publish_window(&f, 0, 8, 0, 0, 0);
	publish_row(&f, 20, 30, "Rome", 3);
	publish_window(&f, 20, 30, 0, 0, 0);
	begin(&f);
	give(&f, 20, 30, "Rome", 4);
	give(&f, 0, 7, "Rome", 2);
	give(&f, 1, 8, "Oslo", 1);
	give(&f, 10, 16, "Oslo", 1);
	give(&f, 40, 50, "Oslo", 1); /* not published yet */
	give_window(&f, 0, 50);
	expect(&f, "[10 30) r0\nmissing: - | Oslo 1\nchanged: Rome 3 | Rome 4\n");
	close_fixture(&f);
}

/* One that begins within a gap of the range may have had records before it. */
Test(verify, sessions_that_the_range_may_have_cut_are_left_out)
{
	struct fixture f;

	open_fixture(&f, LAB_SESSION);
	publish_row(&f, 8, 20, "Rome", 9);
	publish_row(&f, 30, 36, "Rome", 2);
	publish_row(&f, 38, 44, "Oslo", 2);
	publish_window(&f, 8, 44, 0, 0, 0);
	f.conf.range = (struct fb_replay_range){10000, 40000};
	begin(&f);
	give(&f, 10, 20, "Rome", 7);
	give(&f, 30, 36, "Rome", 2);
	give(&f, 38, 43, "Oslo", 1);
	give_window(&f, 10, 43);
	expect(&f, "");
	close_fixture(&f);
}
