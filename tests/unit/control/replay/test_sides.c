/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows over UNION ALL of two files. The answer is made in the obvious way: each file by itself, one record after the other, late
 * by its own watermark; groups are of both. It does not depend on threads, blocks, or which file is read when.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/sql/sql.h"
#include "control/replay/replay.h"
#include "dataplane/operator/row.h"

#define TABLE(name, delay)                                                                                             \
	"CREATE TABLE " name " (k INT, v BIGINT, ms BIGINT, ts AS TO_TIMESTAMP_LTZ(ms, 3), WATERMARK FOR ts AS ts - "  \
	"INTERVAL '" delay "' SECOND) WITH ('connector'='filesystem', 'path'='/none', 'format'='csv');\n"
#define SQL                                                                                                          \
	"SET 'table.local-time-zone' = 'UTC';\n" TABLE("a", "0.5") TABLE("b", "2")                                   \
	"CREATE VIEW u AS SELECT k, v, ts FROM a WHERE v <> 3 UNION ALL SELECT k + 1, -v, ts FROM b UNION ALL "      \
	"SELECT 100, v, ts FROM a;\n"                                                                                \
	"SELECT window_end, k, COUNT(*), SUM(v) FROM TABLE(TUMBLE(TABLE u, DESCRIPTOR(ts), INTERVAL '1' SECOND)) "   \
	"GROUP BY window_start, window_end, k;\n"

#define FILES 2
#define RECORDS 6000
#define KEYS 128
#define WINDOWS 64
#define FIRST_MS 1000000

struct group {
	int64_t cnt, sum;
};

static struct group want[WINDOWS][KEYS], got[WINDOWS][KEYS];
static uint64_t want_late;
static char paths[FILES][64];
static uint64_t state;

static uint32_t below(uint32_t bound)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((state >> 33) % bound);
}

static void add(struct group groups[WINDOWS][KEYS], int64_t end_ms, int64_t k, int64_t cnt, int64_t sum)
{
	int64_t window = end_ms / 1000 - FIRST_MS / 1000;

	cr_assert(window >= 0 && window < WINDOWS && k >= 0 && k < KEYS, "window %ld, key %ld", window, k);
	groups[window][k].cnt += cnt;
	groups[window][k].sum += sum;
}

/* A row of the union, judged by the watermark before its record. */
static void judge(int64_t ms, int64_t watermark, int64_t k, int64_t v, bool batch)
{
	int64_t end = ms / 1000 * 1000 + 1000;

	if (!batch && end - 1 <= watermark)
		want_late++;
	else
		add(want, end, k, 1, v);
}

static void make_file(uint32_t number, uint32_t cnt, int64_t pace_us, bool batch)
{
	static const int64_t delays[FILES] = {500, 2000};
	int64_t watermark = INT64_MIN;
	FILE *out;

	snprintf(paths[number], sizeof(paths[number]), "/tmp/fb-sides.XXXXXX");
	out = fdopen(mkstemp(paths[number]), "wb");
	cr_assert_not_null(out);
	for (uint32_t i = 0; i < cnt; i++) {
		int64_t k = below(20), v = below(8);
		int64_t ms = FIRST_MS + 2000 + (int64_t)i * pace_us / 1000 - below(2000);

		fprintf(out, "%ld,%ld,%ld\n", k, v, ms);
		if (number == 0) {
			if (v != 3)
				judge(ms, watermark, k, v, batch);
			judge(ms, watermark, 100, v, batch);
		} else {
			judge(ms, watermark, k + 1, -v, batch);
		}
		watermark = FB_MAX(watermark, ms - delays[number]);
	}
	fclose(out);
}

static int take(void *arg, const struct fb_replay_rows *rows)
{
	const struct fb_query_plan *query = arg;
	struct fb_type types[4];
	struct fb_value values[4];

	for (uint16_t i = 0; i < 4; i++)
		types[i] = query->select[i]->type;
	for (size_t at = 0; at < rows->len;) {
		int64_t used = fb_row_decode(rows->bytes + at, rows->len - at, types, 4, values);

		cr_assert_gt(used, 0);
		at += (size_t)used;
		add(got, values[0].i64, values[1].i64, values[2].i64, values[3].i64);
	}
	return 0;
}

static struct fb_replay_numbers run(const struct fb_plan *plan, uint32_t threads, uint32_t block_bytes, bool batch)
{
	const struct fb_query_plan *query = plan->queries[0];
	struct fb_replay_table other = {.source = fb_query_input(query, 1)->source, .path = paths[1]};
	struct fb_replay_conf conf = {.source = query->source,
		.queries = plan->queries,
		.query_cnt = 1,
		.path = paths[0],
		.others = &other,
		.other_cnt = 1,
		.batch = batch,
		.threads = threads,
		.state_bytes = 64u << 20,
		.block_bytes = block_bytes,
		.isa = fb_isa_detect(),
		.rows = take,
		.arg = (void *)(uintptr_t)query};
	struct fb_buf message = {0};
	struct fb_replay_numbers numbers;

	memset(got, 0, sizeof(got));
	cr_assert_eq(fb_replay_run(&conf, &message, &numbers), 0, "%s", message.p ? message.p : "");
	cr_expect(fb_replay_balanced(&numbers, &message), "%s", message.p ? message.p : "");
	fb_buf_fini(&message);
	return numbers;
}

/* cnt and pace: of the second file; the first has RECORDS, one each 5 ms. */
static void compare(uint32_t cnt, int64_t pace_us, bool batch)
{
	static const uint32_t blocks[] = {40, 700, 0};
	struct fb_diags diags;
	struct fb_plan *plan;

	memset(want, 0, sizeof(want));
	want_late = 0;
	state = cnt + (uint64_t)pace_us;
	fb_diags_init(&diags, "sides.sql");
	cr_assert_eq(fb_sql_plan_run("sides.sql", FB_STR(SQL), &diags, &plan), 0, "%s", diags.cnt ? diags.items[0].message : "");
	make_file(0, RECORDS, 5000, batch);
	make_file(1, cnt, pace_us, batch);
	for (uint32_t threads = 1; threads <= 4; threads++)
		for (size_t i = 0; i < FB_ARRAY_LEN(blocks); i++) {
			struct fb_replay_numbers numbers = run(plan, threads, blocks[i], batch);

			cr_expect_eq(memcmp(got, want, sizeof(got)), 0, "%u threads, blocks of %u", threads, blocks[i]);
			cr_expect_eq(numbers.queries[0].counters.disposition[FB_REC_LATE], want_late, "%u threads: %lu late, not %lu",
				threads, numbers.queries[0].counters.disposition[FB_REC_LATE], want_late);
			cr_expect_eq(numbers.decode.records, RECORDS + cnt);
			cr_expect_eq(numbers.queries[0].decoded, 2 * RECORDS + cnt);
			fb_replay_numbers_fini(&numbers);
		}
	for (uint32_t i = 0; i < FILES; i++)
		unlink(paths[i]);
	fb_plan_destroy(plan);
	fb_diags_fini(&diags);
}

Test(sides, both_of_a_length, .timeout = 100)
{
	compare(RECORDS, 5000, false);
	cr_expect_gt(want_late, 0);
}

Test(sides, one_ends_early, .timeout = 100)
{
	compare(500, 3000, false);
}

Test(sides, one_is_far_ahead, .timeout = 100)
{
	compare(3000, 15000, false);
}

Test(sides, one_is_empty, .timeout = 100)
{
	compare(0, 1, false);
}

Test(sides, as_batch_nothing_is_late, .timeout = 100)
{
	compare(RECORDS, 5000, true);
	cr_expect_eq(want_late, 0);
}
