/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs of files. The answer to compare with is made here in the obvious way: one record after the other, one watermark,
 * a list of groups; it shares no code with the operators.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/sql/sql.h"
#include "control/replay/replay.h"
#include "dataplane/operator/row.h"

#define TABLE(delay)                                                                                                      \
	"CREATE TABLE s (k STRING, v BIGINT, ms BIGINT, ts AS TO_TIMESTAMP_LTZ(ms, 3), WATERMARK FOR ts AS ts - INTERVAL " \
	delay ") WITH ('connector'='filesystem', 'path'='/none', 'format'='csv');\n"
#define ZONE "SET 'table.local-time-zone' = 'UTC';\n"
#define WINDOWED                                                                                                 \
	"SELECT window_end, k, COUNT(*), SUM(v) FROM TABLE(TUMBLE(TABLE s, DESCRIPTOR(ts), INTERVAL '1' SECOND)) " \
	"WHERE v <> 7 GROUP BY window_start, window_end, k;\n"
#define DELAY_MS 500
#define SIZE_MS 1000

/* ---- rows as text ---- */

struct lines {
	char **text;
	size_t cnt, cap;
};

static void add_line(struct lines *lines, char *text)
{
	if (lines->cnt == lines->cap) {
		lines->cap = FB_MAX(lines->cap * 2, (size_t)64);
		lines->text = realloc(lines->text, lines->cap * sizeof(char *));
	}
	lines->text[lines->cnt++] = text;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_lines(struct lines *lines)
{
	qsort(lines->text, lines->cnt, sizeof(char *), by_text);
}

static void free_lines(struct lines *lines)
{
	for (size_t i = 0; i < lines->cnt; i++)
		free(lines->text[i]);
	free(lines->text);
	*lines = (struct lines){0};
}

static void expect_lines(const struct lines *got, const struct lines *want, const char *what)
{
	for (size_t i = 0; i < FB_MIN(got->cnt, want->cnt); i++)
		cr_assert_str_eq(got->text[i], want->text[i], "%s, row %zu", what, i);
	cr_assert_eq(got->cnt, want->cnt, "%s: %zu rows, expected %zu", what, got->cnt, want->cnt);
}

/* ---- a run ---- */

struct taken {
	struct fb_plan *plan;
	struct lines rows[4];
	int fail_after; /* > 0: the rows function fails at that call */
};

static int take(void *arg, const struct fb_replay_rows *rows)
{
	struct taken *taken = arg;
	uint32_t query = rows->query;
	const uint8_t *bytes = rows->bytes;
	size_t len = rows->len;
	const struct fb_query_plan *plan = taken->plan->queries[query];
	struct fb_type types[16];
	struct fb_value values[16];
	uint64_t seen = 0;

	if (taken->fail_after > 0 && --taken->fail_after == 0)
		return FB_E_REFUSED;
	for (uint16_t i = 0; i < plan->select_cnt; i++)
		types[i] = plan->select[i]->type;
	for (size_t at = 0; at < len; seen++) {
		int64_t used = fb_row_decode(bytes + at, len - at, types, plan->select_cnt, values);
		struct fb_buf line = {0};

		cr_assert_gt(used, 0);
		at += (size_t)used;
		for (uint16_t i = 0; i < plan->select_cnt; i++)
			if (fb_type_phys(types[i]) == FB_PHYS_STR)
				fb_buf_printf(&line, "%.*s|", (int)values[i].str.len, values[i].str.p);
			else
				fb_buf_printf(&line, "%lld|", (long long)values[i].i64);
		add_line(&taken->rows[query], line.p);
	}
	cr_assert_eq(seen, rows->row_cnt);
	return 0;
}

struct setup {
	const char *path;
	bool batch;
	uint32_t threads;
	uint32_t block_bytes;
	uint64_t state_bytes;
};

static struct fb_plan *plan_of(const char *sql)
{
	struct fb_diags diags;
	struct fb_plan *plan = NULL;

	fb_diags_init(&diags, "test.sql");
	cr_assert_eq(fb_sql_plan_run("test.sql", fb_str_from(sql), &diags, &plan), 0, "%s",
		diags.cnt ? diags.items[0].message : "");
	fb_diags_fini(&diags);
	return plan;
}

static int run(const struct setup *setup, struct taken *taken, struct fb_buf *message, struct fb_replay_numbers *numbers)
{
	struct fb_replay_conf conf = {.source = taken->plan->queries[0]->source,
		.queries = taken->plan->queries,
		.query_cnt = taken->plan->query_cnt,
		.path = setup->path,
		.batch = setup->batch,
		.threads = setup->threads,
		.state_bytes = setup->state_bytes ? setup->state_bytes : 64u << 20,
		.block_bytes = setup->block_bytes,
		.isa = fb_isa_detect(),
		.rows = take,
		.arg = taken};

	return fb_replay_run(&conf, message, numbers);
}

/* ---- records and the obvious answer ---- */

static uint64_t random_state;

static uint32_t random_below(uint32_t bound)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)((random_state * 0x2545f4914f6cdd1dull >> 33) % bound);
}

struct record {
	char key[8];
	int64_t value;
	int64_t ms;
	bool bad;
};

static char path[64];

static size_t write_records(struct record *records, uint32_t cnt, uint64_t seed)
{
	int fd;
	FILE *out;

	random_state = seed * 2654435761u + 1;
	strcpy(path, "/tmp/fb-replay.XXXXXX");
	fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	out = fdopen(fd, "wb");
	for (uint32_t i = 0; i < cnt; i++) {
		struct record *record = &records[i];

		snprintf(record->key, sizeof(record->key), "k%u", random_below(9));
		record->value = (int64_t)random_below(10);
		/* Disorder of up to 1.2 s against a delay of 0.5 s; now and then a leap ahead. */
		record->ms = 1000000 + (int64_t)i * 3 - (int64_t)random_below(1200) + (random_below(500) == 0 ? 3000 : 0);
		record->bad = random_below(50) == 0;
		fprintf(out, "%s,%lld%s,%lld\n", record->key, (long long)record->value, record->bad ? "x" : "",
			(long long)record->ms);
	}
	fclose(out);
	return cnt;
}

struct group {
	int64_t end_ms;
	char key[8];
	int64_t cnt, sum;
};

struct answer {
	struct lines rows;
	uint64_t late, bad, filtered;
};

static struct answer obvious(const struct record *records, uint32_t cnt, bool batch)
{
	struct group *groups = calloc(cnt + 1, sizeof(*groups));
	struct answer answer = {0};
	int64_t watermark = INT64_MIN;
	size_t group_cnt = 0;

	for (uint32_t i = 0; i < cnt; i++) {
		const struct record *record = &records[i];
		int64_t end = (record->ms / SIZE_MS + 1) * SIZE_MS;
		int64_t before = watermark;
		size_t g;

		answer.bad += record->bad;
		if (record->bad)
			continue;
		watermark = FB_MAX(watermark, record->ms - DELAY_MS);
		answer.filtered += record->value == 7;
		if (record->value == 7)
			continue;
		if (!batch && before >= end - 1) {
			answer.late++;
			continue;
		}
		for (g = 0; g < group_cnt; g++)
			if (groups[g].end_ms == end && strcmp(groups[g].key, record->key) == 0)
				break;
		if (g == group_cnt) {
			groups[group_cnt].end_ms = end;
			strcpy(groups[group_cnt++].key, record->key);
		}
		groups[g].cnt++;
		groups[g].sum += record->value;
	}
	for (size_t g = 0; g < group_cnt; g++) {
		struct fb_buf line = {0};

		fb_buf_printf(&line, "%lld|%s|%lld|%lld|", (long long)groups[g].end_ms, groups[g].key, (long long)groups[g].cnt,
			(long long)groups[g].sum);
		add_line(&answer.rows, line.p);
	}
	free(groups);
	sort_lines(&answer.rows);
	return answer;
}

static void expect_balanced(const struct fb_replay_numbers *numbers)
{
	struct fb_buf what = {0};

	cr_assert(fb_replay_balanced(numbers, &what), "%s", what.p);
	fb_buf_fini(&what);
}

/* Rules M1, M2, M4, M5, M10 and M11: rows and the counts of what was dropped, for any number of cores and any blocks. */
Test(replay, cores_and_blocks_do_not_change_the_rows)
{
	static const uint32_t blocks[] = {0, 5, 60, 333, 4096, 100000};
	static const uint32_t threads[] = {1, 2, 5};
	enum { CNT = 4000 };
	static struct record records[CNT];

	for (uint64_t seed = 1; seed <= 2; seed++) {
		write_records(records, CNT, seed);
		for (int batch = 0; batch < 2; batch++) {
			struct answer want = obvious(records, CNT, batch);

			cr_assert(batch || want.late > 100, "the records are in disorder");
			for (size_t t = 0; t < FB_ARRAY_LEN(threads); t++)
				for (size_t b = 0; b < FB_ARRAY_LEN(blocks); b++) {
					struct taken taken = {.plan = plan_of(ZONE TABLE("'0.5' SECOND") WINDOWED)};
					struct setup setup = {path, batch, threads[t], blocks[b], 0};
					struct fb_replay_numbers numbers;
					struct fb_buf message = {0};
					char what[100];

					snprintf(what, sizeof(what), "seed %d, %s, %u threads, blocks of %u", (int)seed,
						batch ? "batch" : "stream", threads[t], blocks[b]);
					cr_assert_eq(run(&setup, &taken, &message, &numbers), 0, "%s: %s", what, message.p);
					sort_lines(&taken.rows[0]);
					expect_lines(&taken.rows[0], &want.rows, what);
					cr_assert_eq(numbers.queries[0].counters.disposition[FB_REC_LATE], want.late, "%s", what);
					cr_assert_eq(numbers.queries[0].counters.disposition[FB_REC_FILTERED], want.filtered);
					cr_assert_eq(numbers.decode.rejected[FB_REC_NUMBER], want.bad);
					cr_assert_eq(numbers.decode.records, CNT);
					expect_balanced(&numbers);
					fb_replay_numbers_fini(&numbers);
					fb_plan_destroy(taken.plan);
					free_lines(&taken.rows[0]);
				}
			free_lines(&want.rows);
		}
		unlink(path);
	}
}

/* Rule W13: levels above the first, among them sessions that a single watermark decides; one core is the measure. */
Test(replay, cores_and_blocks_do_not_change_the_rows_of_a_cascade)
{
	static const char *const sql = ZONE TABLE("'0.5' SECOND")
		"CREATE VIEW fifths AS SELECT window_time AS rt, k, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE s, DESCRIPTOR(ts), "
		"INTERVAL '0.02' SECOND)) GROUP BY window_start, window_end, window_time, k;\n"
		"CREATE VIEW chats AS SELECT window_time AS rt, k, SUM(n) AS n FROM TABLE(SESSION(TABLE fifths PARTITION BY k, "
		"DESCRIPTOR(rt), INTERVAL '0.02' SECOND)) GROUP BY window_start, window_end, window_time, k;\n"
		"SELECT window_end, COUNT(*), MAX(n), SUM(n) FROM TABLE(HOP(TABLE chats, DESCRIPTOR(rt), INTERVAL '0.1' SECOND, "
		"INTERVAL '0.2' SECOND)) GROUP BY window_start, window_end;\n";
	enum { CNT = 4000 };
	static struct record records[CNT];
	struct lines want[2] = {0};

	write_records(records, CNT, 5);
	for (int i = 0; i < 24; i++) {
		static const uint32_t threads[] = {1, 2, 5};
		static const uint32_t blocks[] = {0, 60, 333, 100000};
		struct taken taken = {.plan = plan_of(sql)};
		struct setup setup = {path, i % 2, threads[i / 8], blocks[i / 2 % 4], 1u << 30};
		struct lines *first = &want[i % 2];
		struct fb_replay_numbers numbers;
		struct fb_buf message = {0};

		cr_assert_eq(run(&setup, &taken, &message, &numbers), 0, "%s", message.p);
		expect_balanced(&numbers);
		cr_assert_eq(numbers.queries[0].level_cnt, 3);
		cr_assert_gt(numbers.queries[0].levels[2].rows_in, 200);
		sort_lines(&taken.rows[0]);
		if (i < 2)
			*first = taken.rows[0];
		else
			expect_lines(&taken.rows[0], first, "cascade");
		if (i >= 2)
			free_lines(&taken.rows[0]);
		fb_replay_numbers_fini(&numbers);
		fb_plan_destroy(taken.plan);
	}
	cr_assert_gt(want[0].cnt, 20);
	free_lines(&want[0]);
	free_lines(&want[1]);
	unlink(path);
}

/* What fails on a level above the first is counted there, like a record's. */
Test(replay, a_row_between_levels_has_a_disposition)
{
	static const char *const sql = ZONE TABLE("'0.5' SECOND")
		"CREATE VIEW tens AS SELECT window_time AS rt, k, MIN(v) AS least FROM TABLE(TUMBLE(TABLE s, DESCRIPTOR(ts), "
		"INTERVAL '0.05' SECOND)) GROUP BY window_start, window_end, window_time, k HAVING COUNT(*) > 1;\n"
		"SELECT window_end, COUNT(*), SUM(100 / (least - 1)) FROM TABLE(TUMBLE(TABLE tens, DESCRIPTOR(rt), "
		"INTERVAL '1' SECOND)) WHERE least <> 3 GROUP BY window_start, window_end;\n";
	enum { CNT = 2000 };
	static struct record records[CNT];
	struct taken taken = {.plan = plan_of(sql)};
	struct setup setup = {path, false, 2, 0, 0};
	const struct fb_assembly_level *level;
	struct fb_replay_numbers numbers;
	struct fb_buf message = {0};
	uint64_t rows = 0;

	write_records(records, CNT, 9);
	cr_assert_eq(run(&setup, &taken, &message, &numbers), 0, "%s", message.p);
	expect_balanced(&numbers);
	level = &numbers.queries[0].levels[1];
	cr_expect_gt(level->counters.disposition[FB_REC_EXPRESSION], 0, "least is 1 in some");
	cr_expect_gt(level->counters.disposition[FB_REC_FILTERED], 0);
	cr_expect_eq(level->rows_in, level->counters.disposition[FB_REC_EXPRESSION] +
					     level->counters.disposition[FB_REC_FILTERED] +
					     level->counters.disposition[FB_REC_ACCEPTED]);
	for (size_t i = 0; i < taken.rows[0].cnt; i++) {
		unsigned long long end, cnt;

		cr_assert_eq(sscanf(taken.rows[0].text[i], "%llu|%llu|", &end, &cnt), 2);
		rows += cnt;
	}
	cr_expect_eq(rows, level->counters.disposition[FB_REC_ACCEPTED]);
	fb_replay_numbers_fini(&numbers);
	fb_plan_destroy(taken.plan);
	free_lines(&taken.rows[0]);
	unlink(path);
}

Test(replay, plain_rows_keep_the_order_of_the_file)
{
	enum { CNT = 20000 };
	static struct record records[CNT];
	struct lines want = {0};

	write_records(records, CNT, 77);
	for (uint32_t i = 0; i < CNT; i++) {
		struct fb_buf line = {0};

		if (records[i].bad || records[i].value < 5)
			continue;
		fb_buf_printf(&line, "%s|%lld|", records[i].key, (long long)records[i].ms);
		add_line(&want, line.p);
	}
	for (uint32_t threads = 1; threads <= 4; threads++) {
		struct taken taken = {.plan = plan_of(ZONE TABLE("'0.5' SECOND") "SELECT k, ms FROM s WHERE v >= 5;")};
		struct setup setup = {path, false, threads, 700 * threads, 0};
		struct fb_replay_numbers numbers;
		struct fb_buf message = {0};

		cr_assert_eq(run(&setup, &taken, &message, &numbers), 0, "%s", message.p);
		expect_lines(&taken.rows[0], &want, "plain");
		expect_balanced(&numbers);
		cr_assert_eq(numbers.queries[0].result_rows, want.cnt);
		fb_replay_numbers_fini(&numbers);
		fb_plan_destroy(taken.plan);
		free_lines(&taken.rows[0]);
	}
	free_lines(&want);
	unlink(path);
}

/* SUM has the type of its argument and wraps at its width (semantics 1.3); how often is told. */
Test(replay, sums_that_wrap_are_counted)
{
	static const char sql[] =
		ZONE TABLE("'0' SECOND") "SELECT k, SUM(CAST(v AS TINYINT)), SUM(v), AVG(CAST(v AS TINYINT)) FROM TABLE(TUMBLE(TABLE s, "
					 "DESCRIPTOR(ts), INTERVAL '1' SECOND)) GROUP BY window_start, window_end, k;";
	FILE *file;

	strcpy(path, "/tmp/fb-replay.XXXXXX");
	file = fdopen(mkstemp(path), "wb");
	/* a: 128, wraps; b: 127; c: -129 and again, wraps in two windows. */
	fputs("a,100,1000\nb,100,1001\na,28,1002\nb,27,1003\nc,-100,1004\nc,-29,1005\nc,-128,2000\nc,-1,2001\n", file);
	fclose(file);
	for (uint32_t threads = 1; threads <= 2; threads++) {
		struct taken taken = {.plan = plan_of(sql)};
		struct setup setup = {path, false, threads, 16, 0};
		struct fb_replay_numbers numbers;
		struct fb_buf message = {0};

		cr_assert_eq(run(&setup, &taken, &message, &numbers), 0, "%s", message.p);
		sort_lines(&taken.rows[0]);
		cr_assert_eq(taken.rows[0].cnt, 4u);
		cr_expect_str_eq(taken.rows[0].text[0], "a|-128|128|64|");
		cr_expect_str_eq(taken.rows[0].text[1], "b|127|127|63|");
		cr_expect_str_eq(taken.rows[0].text[2], "c|127|-129|-64|");
		cr_expect_str_eq(taken.rows[0].text[3], "c|127|-129|-64|");
		cr_expect_eq(numbers.queries[0].counters.sum_overflows, 3);
		fb_replay_numbers_fini(&numbers);
		fb_plan_destroy(taken.plan);
		free_lines(&taken.rows[0]);
	}
	unlink(path);
}

/* Windowed and plain queries over one source at once: each gets what it would get alone. */
Test(replay, queries_of_one_source_read_it_together)
{
	enum { CNT = 5000 };
	static struct record records[CNT];
	struct taken both, alone;
	struct fb_replay_numbers numbers;
	struct fb_buf message = {0};

	write_records(records, CNT, 5);
	both = (struct taken){.plan = plan_of(ZONE TABLE("'0.5' SECOND") WINDOWED "SELECT v, k FROM s WHERE k = 'k3';")};
	alone = (struct taken){.plan = plan_of(ZONE TABLE("'0.5' SECOND") WINDOWED)};
	cr_assert_eq(run(&(struct setup){path, false, 3, 500, 0}, &both, &message, &numbers), 0, "%s", message.p);
	expect_balanced(&numbers);
	cr_assert_gt(both.rows[1].cnt, 100);
	fb_replay_numbers_fini(&numbers);
	cr_assert_eq(run(&(struct setup){path, false, 1, 0, 0}, &alone, &message, &numbers), 0, "%s", message.p);
	fb_replay_numbers_fini(&numbers);
	sort_lines(&both.rows[0]);
	sort_lines(&alone.rows[0]);
	expect_lines(&both.rows[0], &alone.rows[0], "both");
	free_lines(&both.rows[0]);
	free_lines(&both.rows[1]);
	free_lines(&alone.rows[0]);
	fb_plan_destroy(both.plan);
	fb_plan_destroy(alone.plan);
	unlink(path);
}

/* More groups than the budget holds: an error with words, never rows that are wrong (FB_REC_STATE_FULL). */
Test(replay, state_that_does_not_fit_is_an_error)
{
	struct taken taken = {.plan = plan_of(ZONE TABLE("'0.5' SECOND") WINDOWED)};
	struct fb_replay_numbers numbers;
	struct fb_buf message = {0};
	FILE *out;

	strcpy(path, "/tmp/fb-replay.XXXXXX");
	out = fdopen(mkstemp(path), "wb");
	for (int i = 0; i < 200000; i++)
		fprintf(out, "key-%d,1,1000000\n", i);
	fclose(out);
	for (uint32_t threads = 1; threads <= 3; threads += 2) {
		fb_buf_clear(&message);
		cr_assert_eq(run(&(struct setup){path, false, threads, 0, 1u << 20}, &taken, &message, &numbers), FB_E_FULL);
		cr_assert_not_null(strstr(message.p, "state"));
		cr_assert_eq(taken.rows[0].cnt, 0);
		fb_replay_numbers_fini(&numbers);
	}
	cr_assert_eq(run(&(struct setup){path, false, 2, 0, 256u << 20}, &taken, &message, &numbers), 0);
	cr_assert_eq(taken.rows[0].cnt, 200000);
	fb_replay_numbers_fini(&numbers);
	free_lines(&taken.rows[0]);
	fb_plan_destroy(taken.plan);
	fb_buf_fini(&message);
	unlink(path);
}

/* State of windows that are over is used again: the budget holds what is open, not what there was. */
Test(replay, state_of_windows_that_are_over_is_used_again)
{
	struct taken taken = {.plan = plan_of(ZONE TABLE("'0.5' SECOND") WINDOWED)};
	struct fb_replay_numbers numbers;
	struct fb_buf message = {0};
	FILE *out;

	strcpy(path, "/tmp/fb-replay.XXXXXX");
	out = fdopen(mkstemp(path), "wb");
	for (int i = 0; i < 300000; i++)
		fprintf(out, "key-%d,1,%d\n", i, 1000000 + i);
	fclose(out);
	for (uint32_t threads = 1; threads <= 3; threads++) {
		cr_assert_eq(run(&(struct setup){path, false, threads, 0, 8u << 20}, &taken, &message, &numbers), 0, "%s",
			message.p);
		cr_assert_eq(taken.rows[0].cnt, 300000);
		expect_balanced(&numbers);
		fb_replay_numbers_fini(&numbers);
		free_lines(&taken.rows[0]);
	}
	fb_plan_destroy(taken.plan);
	unlink(path);
}

Test(replay, a_sink_that_fails_ends_the_run)
{
	enum { CNT = 20000 };
	static struct record records[CNT];

	write_records(records, CNT, 8);
	for (uint32_t threads = 1; threads <= 4; threads++) {
		struct taken taken = {.plan = plan_of(ZONE TABLE("'0.5' SECOND") "SELECT k, ms FROM s;"), .fail_after = 3};
		struct fb_replay_numbers numbers;
		struct fb_buf message = {0};

		cr_assert_eq(run(&(struct setup){path, false, threads, 300, 0}, &taken, &message, &numbers), FB_E_REFUSED);
		cr_assert_gt(message.len, 0);
		fb_replay_numbers_fini(&numbers);
		fb_plan_destroy(taken.plan);
		free_lines(&taken.rows[0]);
		fb_buf_fini(&message);
	}
	unlink(path);
}

Test(replay, a_header_is_no_record)
{
	struct taken taken = {.plan = plan_of("CREATE TABLE s (a INT, b INT) WITH ('connector'='filesystem', 'path'='/none', "
					      "'format'='csv', 'csv.ignore-first-line'='true'); SELECT b FROM s;")};
	struct fb_replay_numbers numbers;
	struct fb_buf message = {0};
	FILE *out;

	strcpy(path, "/tmp/fb-replay.XXXXXX");
	out = fdopen(mkstemp(path), "wb");
	fputs("a,b\n1,2\n3,4", out);
	fclose(out);
	cr_assert_eq(run(&(struct setup){path, false, 1, 0, 0}, &taken, &message, &numbers), 0, "%s", message.p);
	cr_assert_eq(taken.rows[0].cnt, 2);
	cr_assert_str_eq(taken.rows[0].text[1], "4|");
	cr_assert_eq(numbers.decode.records, 2);
	fb_replay_numbers_fini(&numbers);
	fb_plan_destroy(taken.plan);
	free_lines(&taken.rows[0]);
	unlink(path);
}
