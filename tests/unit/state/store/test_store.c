/* SPDX-License-Identifier: Apache-2.0 */
#include "folder.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

/* ---- what a scan saw ---- */

struct seen {
	uint32_t cnt;
	uint64_t seqs[64];
	int64_t starts[64];
	uint32_t parts[64];
	char texts[64][32];
	uint32_t stop_after; /* 0: never */
};

static int see_result(void *arg, uint64_t seq, const uint8_t *row, size_t len)
{
	struct seen *seen = arg;

	cr_assert_lt(seen->cnt, 64);
	seen->seqs[seen->cnt] = seq;
	snprintf(seen->texts[seen->cnt++], sizeof(seen->texts[0]), "%.*s", (int)len, row);
	return seen->cnt == seen->stop_after ? 7 : 0;
}

static int see_slice(void *arg, int64_t start_ms, uint32_t part, const uint8_t *bytes, size_t len)
{
	struct seen *seen = arg;

	cr_assert_lt(seen->cnt, 64);
	seen->starts[seen->cnt] = start_ms;
	seen->parts[seen->cnt] = part;
	snprintf(seen->texts[seen->cnt++], sizeof(seen->texts[0]), "%.*s", (int)len, bytes);
	return 0;
}

static int see_meta(void *arg, const char *key, const uint8_t *bytes, size_t len)
{
	struct seen *seen = arg;

	cr_assert_lt(seen->cnt, 64);
	snprintf(seen->texts[seen->cnt++], sizeof(seen->texts[0]), "%s=%.*s", key, (int)len, bytes);
	return 0;
}

static void put_row(struct fb_store_batch *batch, uint32_t query, uint64_t seq)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%u/%llu", query, (unsigned long long)seq);

	fb_store_put_result(batch, query, seq, text, (size_t)len);
}

static struct seen scan(struct fb_store *store, uint32_t query, uint64_t from, bool reverse)
{
	struct seen seen = {0};

	cr_assert_eq(fb_store_scan_results(store, query, from, reverse, see_result, &seen), 0);
	return seen;
}

/* ---- results ---- */

Test(store, results_come_in_order_of_number_in_both_directions)
{
	static const uint64_t seqs[] = {256, 0, UINT64_MAX - 1, 255, 1ull << 32, 1, (1ull << 63) + 5};
	static const uint64_t sorted[] = {0, 1, 255, 256, 1ull << 32, (1ull << 63) + 5, UINT64_MAX - 1};
	char path[64];
	folder_make(path);
	struct fb_store *store = store_open(path);
	struct fb_store_batch *batch = fb_store_batch_create(store);

	for (size_t i = 0; i < FB_ARRAY_LEN(seqs); i++)
		put_row(batch, 7, seqs[i]);
	put_row(batch, 6, 3);
	put_row(batch, 8, 0);
	put_row(batch, 0x01000007, 0); /* would follow 7 if bytes were little-endian */
	cr_assert_eq(fb_store_commit(batch, false), 0);

	struct seen seen = scan(store, 7, 0, false);

	cr_assert_eq(seen.cnt, FB_ARRAY_LEN(sorted));
	for (size_t i = 0; i < FB_ARRAY_LEN(sorted); i++)
		cr_assert_eq(seen.seqs[i], sorted[i]);
	cr_assert_str_eq(seen.texts[3], "7/256");
	seen = scan(store, 7, UINT64_MAX, true);
	cr_assert_eq(seen.cnt, FB_ARRAY_LEN(sorted));
	for (size_t i = 0; i < FB_ARRAY_LEN(sorted); i++)
		cr_assert_eq(seen.seqs[i], sorted[FB_ARRAY_LEN(sorted) - 1 - i]);

	/* From the middle: the bound belongs to it, or is between two rows. */
	seen = scan(store, 7, 256, false);
	cr_assert_eq(seen.cnt, 4);
	cr_assert_eq(seen.seqs[0], 256);
	seen = scan(store, 7, 257, false);
	cr_assert_eq(seen.seqs[0], 1ull << 32);
	seen = scan(store, 7, 256, true);
	cr_assert_eq(seen.cnt, 4);
	cr_assert_eq(seen.seqs[0], 256);
	seen = scan(store, 7, 254, true);
	cr_assert_eq(seen.cnt, 2);
	cr_assert_eq(seen.seqs[0], 1);
	cr_assert_eq(scan(store, 9, 0, false).cnt, 0);
	cr_assert_eq(scan(store, 5, UINT64_MAX, true).cnt, 0);
	fb_store_batch_destroy(batch);
	fb_store_close(store);
	folder_remove(path);
}

Test(store, a_callback_stops_the_scan_with_its_value)
{
	char path[64];
	folder_make(path);
	struct fb_store *store = store_open(path);
	struct fb_store_batch *batch = fb_store_batch_create(store);
	struct seen seen = {.stop_after = 2};

	for (uint64_t seq = 0; seq < 5; seq++)
		put_row(batch, 1, seq);
	cr_assert_eq(fb_store_commit(batch, false), 0);
	cr_assert_eq(fb_store_scan_results(store, 1, 0, false, see_result, &seen), 7);
	cr_assert_eq(seen.cnt, 2);
	fb_store_batch_destroy(batch);
	fb_store_close(store);
	folder_remove(path);
}

Test(store, ranges_of_results_are_deleted)
{
	char path[64];
	folder_make(path);
	struct fb_store *store = store_open(path);
	struct fb_store_batch *batch = fb_store_batch_create(store);

	for (uint64_t seq = 0; seq < 10; seq++) {
		put_row(batch, 1, seq);
		put_row(batch, 2, seq);
	}
	cr_assert_eq(fb_store_commit(batch, false), 0);
	fb_store_delete_results(batch, 1, 0, 7);
	fb_store_delete_results(batch, 2, 5, 5); /* nothing */
	fb_store_delete_results(batch, 2, 6, 5); /* nothing */
	cr_assert_eq(fb_store_commit(batch, false), 0);

	struct seen seen = scan(store, 1, 0, false);

	cr_assert_eq(seen.cnt, 3);
	cr_assert_eq(seen.seqs[0], 7);
	cr_assert_eq(scan(store, 2, 0, false).cnt, 10);
	fb_store_batch_destroy(batch);
	fb_store_close(store);
	folder_remove(path);
}

/* ---- windows ---- */

struct seen_windows {
	uint32_t cnt;
	struct fb_store_window at[8];
};

static int see_window(void *arg, const struct fb_store_window *window)
{
	struct seen_windows *seen = arg;

	cr_assert_lt(seen->cnt, 8);
	seen->at[seen->cnt++] = *window;
	return 0;
}

static struct seen_windows scan_windows(struct fb_store *store, uint32_t query, uint64_t from)
{
	struct seen_windows seen = {0};

	cr_assert_eq(fb_store_scan_windows(store, query, from, see_window, &seen), 0);
	return seen;
}

Test(store, windows_are_found_by_any_of_their_rows)
{
	char path[64];
	folder_make(path);
	struct fb_store *store = store_open(path);
	struct fb_store_batch *batch = fb_store_batch_create(store);
	const struct fb_store_window windows[] = {
		{.first_seq = 0, .row_cnt = 3, .start_ms = -1000, .end_ms = 0},
		{.first_seq = 3, .row_cnt = 1, .start_ms = 0, .end_ms = 1000},
		/* 4 … 5 are no window's */
		{.first_seq = 6, .row_cnt = 4, .start_ms = 0, .end_ms = 1000, .revision = 1, .delete_cnt = 1, .update_cnt = 2},
	};

	for (int i = 0; i < 3; i++)
		fb_store_put_window(batch, 7, &windows[i]);
	fb_store_put_window(batch, 8, &windows[0]);
	cr_assert_eq(fb_store_commit(batch, false), 0);

	struct seen_windows seen = scan_windows(store, 7, 0);

	cr_assert_eq(seen.cnt, 3);
	cr_expect_eq(seen.at[0].start_ms, -1000);
	cr_expect_eq(seen.at[0].end_ms, 0);
	cr_expect_eq(seen.at[1].first_seq, 3);
	cr_expect_eq(seen.at[2].row_cnt, 4);
	cr_expect_eq(seen.at[2].revision, 1);
	cr_expect_eq(fb_store_window_change(&seen.at[2], 6), FB_STORE_DELETE);
	cr_expect_eq(fb_store_window_change(&seen.at[2], 7), FB_STORE_UPDATE);
	cr_expect_eq(fb_store_window_change(&seen.at[2], 8), FB_STORE_UPDATE);
	cr_expect_eq(fb_store_window_change(&seen.at[2], 9), FB_STORE_INSERT);
	cr_expect_eq(fb_store_window_change(&seen.at[0], 0), FB_STORE_INSERT);
	cr_expect_eq(scan_windows(store, 7, 2).at[0].first_seq, 0);
	cr_expect_eq(scan_windows(store, 7, 3).at[0].first_seq, 3);
	cr_expect_eq(scan_windows(store, 7, 4).at[0].first_seq, 6);
	cr_expect_eq(scan_windows(store, 7, 9).at[0].first_seq, 6);
	cr_expect_eq(scan_windows(store, 7, 10).cnt, 0);
	cr_expect_eq(scan_windows(store, 9, 0).cnt, 0);
	/* They go with the rows that they begin with. */
	fb_store_delete_results(batch, 7, 0, 2);
	cr_assert_eq(fb_store_commit(batch, false), 0);
	cr_expect_eq(scan_windows(store, 7, 0).cnt, 2);
	fb_store_delete_query(batch, 7);
	cr_assert_eq(fb_store_commit(batch, false), 0);
	cr_expect_eq(scan_windows(store, 7, 0).cnt, 0);
	cr_expect_eq(scan_windows(store, 8, 0).cnt, 1);
	fb_store_batch_destroy(batch);
	fb_store_close(store);
	folder_remove(path);
}

/* ---- slices ---- */

Test(store, slices_come_in_order_of_time_also_before_1970)
{
	static const int64_t starts[] = {10000, -10000, 0, INT64_MIN, INT64_MAX, -1};
	static const int64_t sorted[] = {INT64_MIN, -10000, -1, 0, 10000, 10000, INT64_MAX};
	char path[64];
	folder_make(path);
	struct fb_store *store = store_open(path);
	struct fb_store_batch *batch = fb_store_batch_create(store);
	struct seen seen = {0};

	for (size_t i = 0; i < FB_ARRAY_LEN(starts); i++)
		fb_store_put_slice(batch, 3, starts[i], 1, "slice", 5);
	fb_store_put_slice(batch, 3, 10000, 0, "first", 5);
	fb_store_put_slice(batch, 4, -5, 0, "other", 5);
	cr_assert_eq(fb_store_commit(batch, true), 0);
	cr_assert_eq(fb_store_scan_slices(store, 3, see_slice, &seen), 0);
	cr_assert_eq(seen.cnt, FB_ARRAY_LEN(sorted));
	for (size_t i = 0; i < FB_ARRAY_LEN(sorted); i++)
		cr_assert_eq(seen.starts[i], sorted[i]);
	cr_assert_eq(seen.parts[4], 0);
	cr_assert_str_eq(seen.texts[4], "first");
	cr_assert_eq(seen.parts[5], 1);

	fb_store_delete_slice(batch, 3, 10000, 0);
	cr_assert_eq(fb_store_commit(batch, true), 0);
	seen = (struct seen){0};
	cr_assert_eq(fb_store_scan_slices(store, 3, see_slice, &seen), 0);
	cr_assert_eq(seen.cnt, FB_ARRAY_LEN(sorted) - 1);
	fb_store_batch_destroy(batch);
	fb_store_close(store);
	folder_remove(path);
}

Test(store, a_query_is_deleted_without_its_neighbours)
{
	char path[64];
	folder_make(path);
	struct fb_store *store = store_open(path);
	struct fb_store_batch *batch = fb_store_batch_create(store);

	for (uint32_t query = 1; query <= 3; query++) {
		put_row(batch, query, 0);
		put_row(batch, query, 1ull << 60);
		fb_store_put_slice(batch, query, INT64_MIN, 0, "x", 1);
		fb_store_put_slice(batch, query, 50, 9, "x", 1);
	}
	cr_assert_eq(fb_store_commit(batch, false), 0);
	fb_store_delete_query(batch, 2);
	cr_assert_eq(fb_store_commit(batch, false), 0);
	for (uint32_t query = 1; query <= 3; query++) {
		struct seen slices = {0};

		cr_assert_eq(fb_store_scan_slices(store, query, see_slice, &slices), 0);
		cr_assert_eq(slices.cnt, query == 2 ? 0 : 2);
		cr_assert_eq(scan(store, query, 0, false).cnt, query == 2 ? 0 : 2);
	}
	fb_store_batch_destroy(batch);
	fb_store_close(store);
	folder_remove(path);
}

/* ---- meta ---- */

Test(store, meta_is_read_by_key_and_by_prefix)
{
	char path[64];
	folder_make(path);
	struct fb_store *store = store_open(path);
	struct fb_store_batch *batch = fb_store_batch_create(store);
	struct fb_buf value = {0};
	struct seen seen = {0};

	fb_store_put_meta(batch, "pipeline/b", "2", 1);
	fb_store_put_meta(batch, "pipeline/a", "1", 1);
	fb_store_put_meta(batch, "pipelinf", "no", 2);
	fb_store_put_meta(batch, "pipeline", "no", 2);
	fb_store_put_meta(batch, "empty", "", 0);
	cr_assert_eq(fb_store_commit(batch, false), 0);
	cr_assert_eq(fb_store_scan_meta(store, "pipeline/", see_meta, &seen), 0);
	cr_assert_eq(seen.cnt, 2);
	cr_assert_str_eq(seen.texts[0], "pipeline/a=1");
	cr_assert_str_eq(seen.texts[1], "pipeline/b=2");
	fb_buf_add_text(&value, "has ");
	cr_assert_eq(fb_store_get_meta(store, "pipeline/b", &value), 0);
	cr_assert_str_eq(value.p, "has 2");
	cr_assert_eq(fb_store_get_meta(store, "empty", &value), 0);
	cr_assert_eq(value.len, 5);
	cr_assert_eq(fb_store_get_meta(store, "pipeline/c", &value), FB_E_NOT_FOUND);
	fb_store_delete_meta(batch, "pipeline/b");
	cr_assert_eq(fb_store_commit(batch, false), 0);
	cr_assert_eq(fb_store_get_meta(store, "pipeline/b", &value), FB_E_NOT_FOUND);
	fb_buf_fini(&value);
	fb_store_batch_destroy(batch);
	fb_store_close(store);
	folder_remove(path);
}

/* ---- batches ---- */

Test(store, a_batch_shows_at_once_or_not_at_all)
{
	char path[64];
	folder_make(path);
	struct fb_store *store = store_open(path);
	struct fb_store_batch *batch = fb_store_batch_create(store);
	struct fb_store_stats stats;

	put_row(batch, 1, 0);
	fb_store_put_meta(batch, "next", "1", 1);
	cr_assert_eq(scan(store, 1, 0, false).cnt, 0);
	fb_store_batch_clear(batch);
	cr_assert_eq(fb_store_commit(batch, false), 0);
	cr_assert_eq(scan(store, 1, 0, false).cnt, 0);
	put_row(batch, 1, 0);
	fb_store_put_meta(batch, "next", "1", 1);
	cr_assert_eq(fb_store_commit(batch, false), 0);
	cr_assert_eq(scan(store, 1, 0, false).cnt, 1);
	/* Commit has emptied it: the row is not put again. */
	fb_store_delete_results(batch, 1, 0, 10);
	cr_assert_eq(fb_store_commit(batch, false), 0);
	cr_assert_eq(fb_store_commit(batch, false), 0);
	cr_assert_eq(scan(store, 1, 0, false).cnt, 0);
	fb_store_stats(store, &stats);
	cr_assert_eq(stats.commits, 5); /* the format was the first */
	cr_assert_eq(stats.commit_errors, 0);
	cr_assert_eq(stats.write_stall, 0);
	fb_store_batch_destroy(batch);
	fb_store_close(store);
	folder_remove(path);
}

Test(store, everything_is_there_after_closing_and_opening)
{
	char path[64];
	folder_make(path);

	for (uint64_t round = 0; round < 3; round++) {
		struct fb_store *store = store_open(path);
		struct fb_store_batch *batch = fb_store_batch_create(store);

		cr_assert_eq(scan(store, 1, 0, false).cnt, round);
		put_row(batch, 1, round);
		cr_assert_eq(fb_store_commit(batch, false), 0);
		fb_store_batch_destroy(batch);
		fb_store_close(store);
	}
	folder_remove(path);
}

/* ---- two at a time ---- */

Test(store, a_second_writer_is_refused_and_a_reader_is_not)
{
	char path[64];
	folder_make(path);
	struct fb_store *store = store_open(path);
	struct fb_store_batch *batch = fb_store_batch_create(store);
	struct fb_store *other = NULL;
	struct fb_buf message = {0};

	put_row(batch, 1, 5);
	cr_assert_eq(fb_store_commit(batch, true), 0);
	cr_assert_eq(store_try_open(path, false, &message, &other), FB_E_BUSY);
	cr_assert_null(other);
	cr_assert_gt(message.len, 0);
	cr_assert_eq(store_try_open(path, false, NULL, &other), FB_E_BUSY);
	cr_assert_eq(store_try_open(path, true, &message, &other), 0);
	cr_assert_eq(scan(other, 1, 0, false).cnt, 1);

	struct fb_store_batch *refused = fb_store_batch_create(other);

	put_row(refused, 1, 6);
	cr_assert_neq(fb_store_commit(refused, true), 0);
	cr_assert_gt(strlen(fb_store_batch_error(refused)), 0);
	fb_store_batch_destroy(refused);
	fb_store_close(other);
	fb_buf_fini(&message);
	fb_store_batch_destroy(batch);
	fb_store_close(store);
	folder_remove(path);
}

/* ---- kill -9 ---- */

/* Writes row after row with its count, and tells each one through the pipe when it is synced. */
static void child_writes(const char *path, int out)
{
	struct fb_store *store = store_open(path);
	struct fb_store_batch *batch = fb_store_batch_create(store);

	for (uint64_t seq = 0;; seq++) {
		put_row(batch, 1, 2 * seq);
		put_row(batch, 1, 2 * seq + 1);
		fb_store_put_meta(batch, "count", &seq, sizeof(seq));
		if (fb_store_commit(batch, true) != 0 || write(out, &seq, sizeof(seq)) != sizeof(seq))
			_exit(1);
	}
}

static int count_result(void *arg, uint64_t seq, const uint8_t *row, size_t len)
{
	uint64_t *next = arg;

	cr_assert_eq(seq, *next);
	++*next;
	return 0;
}

Test(store, a_killed_writer_leaves_whole_batches_and_every_synced_one, .timeout = 60)
{
	char path[64];
	folder_make(path);

	for (int round = 0; round < 5; round++) {
		int pipes[2];
		uint64_t told = 0;
		uint64_t rows = 0;
		uint64_t count;
		struct fb_buf value = {0};
		char sub[96];

		snprintf(sub, sizeof(sub), "%s%d", path, round);
		cr_assert_eq(pipe(pipes), 0);

		pid_t pid = fork();

		if (pid == 0)
			child_writes(sub, pipes[1]);
		close(pipes[1]);
		for (int i = 0; i < 20 * round + 3; i++)
			cr_assert_eq(read(pipes[0], &told, sizeof(told)), sizeof(told));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		while (read(pipes[0], &told, sizeof(told)) == sizeof(told))
			;
		close(pipes[0]);

		struct fb_store *store = store_open(sub);

		cr_assert_eq(fb_store_get_meta(store, "count", &value), 0);
		memcpy(&count, value.p, sizeof(count));
		cr_assert_geq(count, told);
		cr_assert_eq(fb_store_scan_results(store, 1, 0, false, count_result, &rows), 0);
		cr_assert_eq(rows, 2 * (count + 1), "%llu rows, count %llu", (unsigned long long)rows,
			(unsigned long long)count);
		fb_buf_fini(&value);
		fb_store_close(store);
	}
	folder_remove(path);
}
