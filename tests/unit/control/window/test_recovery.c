/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checkpoints and crashes anywhere, on any number of partitions: the rows are those of the slow program that knows of
 * neither. What was published is kept with its window; records since the last checkpoint come once more, and windows at
 * other moments than before.
 */
#include <stdlib.h>

#include "config/base/calendar.h"
#include "pairs.h"

static struct lab lab;

/* What a partition gets at once. Before and after a crash it is the same: a burst of the log. */
struct burst {
	size_t from, to;
	uint32_t partition;
};

struct bursts {
	struct burst *at;
	size_t cnt;
};

static struct bursts cut(const struct events *events, uint32_t partition_cnt, size_t most, struct random *random)
{
	struct bursts bursts = {calloc(events->cnt, sizeof(struct burst)), 0};

	cr_assert_not_null(bursts.at);
	for (size_t from = 0; from < events->cnt; from = bursts.at[bursts.cnt++].to) {
		size_t to = from + 1 + random_below(random, most);

		bursts.at[bursts.cnt] = (struct burst){
			from, FB_MIN(to, events->cnt), (uint32_t)random_below(random, partition_cnt)};
	}
	return bursts;
}

static void feed_burst(const struct events *events, const struct burst *burst)
{
	char *csv = events_csv(events, burst->from, burst->to);

	lab_feed(&lab, burst->partition, csv);
	free(csv);
}

static void live_and_die(const struct events *events, const struct bursts *bursts, struct random *random)
{
	uint64_t every = 1 + bursts->cnt / 12;
	uint32_t crashes = 0;
	size_t epoch = 0;
	size_t known = 0; /* bursts up to here were fed before */

	for (size_t at = 0; at < bursts->cnt;) {
		/* Recovery publishes when it gets to it. */
		lab.lazy = random_below(random, at < known ? 3 : 20) != 0 && at < known;
		feed_burst(events, &bursts->at[at++]);
		if (crashes < 12 && (lab.dead || random_below(random, every) == 0)) {
			lab_crash(&lab);
			crashes++;
			known = FB_MAX(known, at);
			at = epoch;
			/* Also in the middle of recovery. */
			lab.dies_in = crashes < 11 && random_below(random, 2) ? 1 + random_below(random, 6) : 0;
		} else if (random_below(random, every) == 0) {
			lab_checkpoint(&lab);
			epoch = at;
		}
	}
	cr_assert_gt(crashes, 0);
	lab.lazy = false;
	lab.dies_in = 0;
}

static void expect(const struct events *events, uint32_t partitions, size_t most, uint64_t seed, struct rows *want,
	const char *what)
{
	struct random random = {seed};
	struct bursts bursts = cut(events, partitions, most, &random);

	live_and_die(events, &bursts, &random);
	lab_end(&lab);
	rows_expect_equal(&lab.rows, want, what);
	lab_close(&lab);
	free(bursts.at);
}

static void expect_query(const struct events *events, const char *delay, const char *tvf, const struct fb_window *window,
	int64_t delay_ms, uint32_t partitions, uint64_t seed)
{
	struct reference_counts counts;
	struct rows want = reference_answer(events, window, delay_ms, &counts);
	char what[160];

	/* What is late on several partitions is a matter of their watermarks. */
	cr_assert(partitions == 1 || counts.late == 0);
	snprintf(what, sizeof(what), "%s, seed %d, %u partitions", tvf, (int)seed, partitions);
	lab = (struct lab){0};
	lab_open(&lab, delay, tvf, partitions);
	expect(events, partitions, seed % 3 ? 40 : 1, seed, &want, what);
	rows_fini(&want);
}

static const struct query {
	const char *tvf;
	struct fb_window window;
} queries[] = {
	{"TUMBLE(TABLE s, DESCRIPTOR(ts), INTERVAL '5' SECOND)", {FB_WINDOW_TUMBLE, 5000, 5000, 0}},
	{"HOP(TABLE s, DESCRIPTOR(ts), INTERVAL '2' SECOND, INTERVAL '20' SECOND)", {FB_WINDOW_HOP, 20000, 2000, 0}},
	{"CUMULATE(TABLE s, DESCRIPTOR(ts), INTERVAL '2' SECOND, INTERVAL '10' SECOND)",
		{FB_WINDOW_CUMULATE, 10000, 2000, 0}},
	{"SESSION(TABLE s PARTITION BY k, DESCRIPTOR(ts), INTERVAL '1' SECOND)", {FB_WINDOW_SESSION, 1000, 1000, 0}},
	{"SESSION(TABLE s PARTITION BY k, DESCRIPTOR(ts), INTERVAL '10' SECOND)", {FB_WINDOW_SESSION, 10000, 10000, 0}},
};

/* Late for some windows and for all, and late but of a session that is open (rule M6). */
Test(recovery, crashes_anywhere_change_no_row_of_one_partition)
{
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct random random = {seed * 7919};
		struct events events = events_make(&(struct events_conf){.cnt = 800,
			.seed = seed,
			.key_cnt = 1 + (uint32_t)random_below(&random, 12),
			.span_ms = 60000 + (int64_t)random_below(&random, 400000),
			.jitter_ms = 4000 + (int64_t)random_below(&random, 30000)});

		for (size_t i = 0; i < FB_ARRAY_LEN(queries); i++)
			expect_query(&events, "'0.5' SECOND", queries[i].tvf, &queries[i].window, 500, 1, seed);
		events_fini(&events);
	}
}

Test(recovery, crashes_anywhere_change_no_row_of_several_partitions)
{
	for (uint64_t seed = 1; seed <= 14; seed++) {
		struct events events = events_make(&(struct events_conf){.cnt = 1200,
			.seed = seed,
			.key_cnt = 30,
			.span_ms = 200000,
			.jitter_ms = 15000});

		for (size_t i = 0; i < FB_ARRAY_LEN(queries); i++)
			expect_query(&events, "'16' SECOND", queries[i].tvf, &queries[i].window, 16000,
				2 + (uint32_t)seed % (LAB_PARTITIONS_MAX - 1), seed);
		events_fini(&events);
	}
}

static void expect_pair(const struct events *events, const struct pair *pair, const char *delay, int64_t delay_ms,
	uint32_t partitions, uint64_t seed)
{
	struct rows want = reference_cascade(events, &pair->first, &pair->second, delay_ms);
	char what[200];

	cr_assert_gt(want.cnt, 10);
	snprintf(what, sizeof(what), "%s over kind %d, seed %d, %u partitions", pair->tvf, (int)pair->first.kind, (int)seed,
		partitions);
	lab = (struct lab){0};
	lab_open_cascade(&lab, delay, pair->view, pair->tvf, partitions);
	expect(events, partitions, seed % 3 ? 40 : 1, seed, &want, what);
	rows_fini(&want);
}

Test(recovery, crashes_anywhere_change_no_row_of_a_cascade)
{
	for (uint64_t seed = 1; seed <= 8; seed++) {
		struct events events = events_make(&(struct events_conf){.cnt = 1000,
			.seed = seed + 100,
			.key_cnt = 20,
			.span_ms = 100000,
			.jitter_ms = 12000});

		for (size_t i = 0; i < pair_cnt; i++) {
			expect_pair(&events, &pairs[i], "'2' SECOND", 2000, 1, seed);
			if (!pairs[i].exact)
				expect_pair(&events, &pairs[i], "'13' SECOND", 13000, 2 + (uint32_t)seed % 7, seed);
		}
		events_fini(&events);
	}
}

/* Rows exactly a gap apart, of one session unless the watermark stood between them: that has to outlive the crash, too. */
Test(recovery, crashes_anywhere_do_not_forget_single_watermarks)
{
	static const struct pair pair = {VIEW("TUMBLE(TABLE s, DESCRIPTOR(ts), INTERVAL '0.010' SECOND)"),
		{FB_WINDOW_TUMBLE, 10, 10, 0}, "SESSION(TABLE below PARTITION BY k, DESCRIPTOR(rt), INTERVAL '0.020' SECOND)",
		{FB_WINDOW_SESSION, 20, 20, 0}, true};

	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct events events = events_make(&(struct events_conf){.cnt = 600,
			.seed = seed + 200,
			.key_cnt = 1 + (uint32_t)seed % 4,
			.span_ms = 2000 + 100 * (int64_t)seed,
			.jitter_ms = seed % 2 ? 4 : 60});

		expect_pair(&events, &pair, "'0.003' SECOND", 3, 1, seed);
		events_fini(&events);
	}
}
