/* SPDX-License-Identifier: Apache-2.0 */
/* The raw log replayed: rows are those of the definition in replay_log.h, whatever the cores, units, lanes and blocks. */
#include <time.h>

#include "log_lab.h"

#define SIZE_MS 1000
#define TUMBLE                                                                                                    \
	"SELECT window_end, k, COUNT(*), SUM(v) FROM TABLE(TUMBLE(TABLE s, DESCRIPTOR(ts), INTERVAL '1' SECOND)) " \
	"WHERE v <> 7 GROUP BY window_start, window_end, k;\n"
#define ALL_KINDS                                                                                                         \
	TUMBLE                                                                                                            \
	"SELECT window_end, k, COUNT(*) FROM TABLE(HOP(TABLE s, DESCRIPTOR(ts), INTERVAL '0.25' SECOND, INTERVAL '2' " \
	"SECOND)) GROUP BY window_start, window_end, k;\n"                                                                \
	"SELECT window_end, COUNT(*), MAX(v) FROM TABLE(CUMULATE(TABLE s, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '3' " \
	"SECOND)) GROUP BY window_start, window_end;\n"                                                                   \
	"SELECT k, v, ms FROM s WHERE v > 8;\n"
#define SESSION                                                                                                          \
	"SELECT window_end, k, COUNT(*), SUM(v) FROM TABLE(SESSION(TABLE s PARTITION BY k, DESCRIPTOR(ts), INTERVAL " \
	"'0.05' SECOND)) GROUP BY window_start, window_end, k;\n"

/* ---- the obvious answer ---- */

struct group {
	int64_t end_ms;
	char key[8];
	int64_t cnt, sum;
};

struct answer {
	struct lines rows;
	uint64_t late, bad, filtered;
};

struct lane_state {
	bool active;
	int64_t own;
	int64_t seen_ns;
};

static int64_t minimum(const struct lane_state *lanes, uint32_t cnt, uint32_t except)
{
	int64_t least = INT64_MAX;

	for (uint32_t i = 0; i < cnt; i++)
		if (i != except && lanes[i].active && lanes[i].own < least)
			least = lanes[i].own;
	return least;
}

/* What lanes were silent for too long before `now`: one after the other. */
static void fall_silent(struct lane_state *lanes, uint32_t cnt, int64_t now_ns, int64_t idle_ms, int64_t *global)
{
	uint32_t oldest;

	do {
		oldest = cnt;
		for (uint32_t i = 0; i < cnt; i++)
			if (lanes[i].active && lanes[i].seen_ns < now_ns - idle_ms * 1000000 &&
				(oldest == cnt || lanes[i].seen_ns < lanes[oldest].seen_ns))
				oldest = i;
		if (oldest == cnt)
			break;
		lanes[oldest].active = false;
		if (minimum(lanes, cnt, cnt) != INT64_MAX)
			*global = FB_MAX(*global, minimum(lanes, cnt, cnt));
	} while (true);
}

static void count(struct group *groups, size_t *group_cnt, const struct record *record, int64_t end)
{
	size_t g = 0;

	while (g < *group_cnt && (groups[g].end_ms != end || strcmp(groups[g].key, record->key) != 0))
		g++;
	if (g == *group_cnt) {
		groups[g].end_ms = end;
		strcpy(groups[g].key, record->key);
		(*group_cnt)++;
	}
	groups[g].cnt++;
	groups[g].sum += record->value;
}

/* Which burst comes next: the earliest, of one time that of the lowest lane; a lane's own order holds. */
static uint32_t next_burst(const struct traffic *traffic, const bool *done)
{
	uint32_t best = UINT32_MAX;
	bool seen[LAB_LANES_MAX] = {false};

	for (uint32_t i = 0; i < traffic->record_cnt; i++) {
		const struct record *record = &traffic->records[i];

		if (done[i] || seen[record->lane])
			continue;
		seen[record->lane] = true;
		if (best == UINT32_MAX || record->arrival_ns < traffic->records[best].arrival_ns ||
			(record->arrival_ns == traffic->records[best].arrival_ns && record->lane < traffic->records[best].lane))
			best = i;
		if (record->arrival_ns > traffic->records[best].arrival_ns)
			break;
	}
	return best;
}

static struct answer obvious(const struct traffic *traffic, bool batch, int64_t idle_ms)
{
	struct group *groups = calloc(traffic->record_cnt + 1, sizeof(*groups));
	bool *done = calloc(traffic->record_cnt + 1, sizeof(*done));
	struct lane_state lanes[LAB_LANES_MAX];
	struct answer answer = {0};
	int64_t global = INT64_MIN;
	size_t group_cnt = 0;
	uint32_t first, from = 0;

	for (uint32_t i = 0; i < LAB_LANES_MAX; i++)
		lanes[i] = (struct lane_state){.own = INT64_MIN};
	while ((first = next_burst(&(struct traffic){.record_cnt = traffic->record_cnt - from, .records = traffic->records + from},
			done + from)) != UINT32_MAX) {
		const struct record *burst = &traffic->records[from + first];
		struct lane_state *lane = &lanes[burst->lane];
		int64_t others, before_global;

		if (idle_ms > 0)
			fall_silent(lanes, traffic->lane_cnt, burst->arrival_ns, idle_ms, &global);
		others = minimum(lanes, traffic->lane_cnt, burst->lane);
		before_global = global;
		for (uint32_t i = from + first; i < traffic->record_cnt && traffic->records[i].arrival_ns == burst->arrival_ns; i++) {
			const struct record *record = &traffic->records[i];
			int64_t end = (record->ms / SIZE_MS + 1) * SIZE_MS;
			int64_t before = FB_MAX(before_global, FB_MIN(lane->own, others));

			if (record->lane != burst->lane)
				continue;
			done[i] = true;
			answer.bad += record->bad;
			if (record->bad)
				continue;
			lane->own = FB_MAX(lane->own, record->ms - LAB_DELAY_MS);
			answer.filtered += record->value == 7;
			if (record->value == 7)
				continue;
			if (!batch && before >= end - 1)
				answer.late++;
			else
				count(groups, &group_cnt, record, end);
		}
		lane->active = true;
		lane->seen_ns = burst->arrival_ns;
		global = FB_MAX(global, minimum(lanes, traffic->lane_cnt, traffic->lane_cnt));
		while (from < traffic->record_cnt && done[from])
			from++;
	}
	for (size_t g = 0; g < group_cnt; g++) {
		struct fb_buf line = {0};

		fb_buf_printf(&line, "%lld|%s|%lld|%lld|", (long long)groups[g].end_ms, groups[g].key, (long long)groups[g].cnt,
			(long long)groups[g].sum);
		lines_add(&answer.rows, line.p);
	}
	free(groups);
	free(done);
	lines_sort(&answer.rows);
	return answer;
}

/* ---- as stream and as batch ---- */

static void check(const struct traffic *shape, uint64_t seed, int64_t idle_ms)
{
	struct taken taken = {.plan = lab_plan(LAB_TABLE TUMBLE)};
	struct traffic traffic = *shape;
	struct lab lab = {0};

	traffic_make(&traffic, seed);
	lab_open(&lab, traffic.lane_cnt);
	lab_fill(&lab, &traffic, 5 + (uint32_t)seed * 7);
	for (int batch = 0; batch < 2; batch++) {
		struct answer want = obvious(&traffic, batch, idle_ms);

		for (uint32_t threads = 1; threads <= 8; threads = threads * 2 + (threads == 1)) {
			for (uint32_t bytes = 0; bytes <= 700; bytes = bytes * 13 + 50) {
				struct fb_replay_numbers numbers;
				struct setup setup = {
					.batch = batch, .threads = threads, .block_bytes = bytes, .idle_timeout_ms = idle_ms};
				const uint64_t *disposition;
				char what[128];

				snprintf(what, sizeof(what), "seed %llu, batch %d, %u cores, units of %u", (unsigned long long)seed,
					batch, threads, bytes);
				lab_expect_run(&lab, &setup, &taken, &numbers);
				lines_sort(&taken.rows[0]);
				lines_expect(&taken.rows[0], &want.rows, what);
				disposition = numbers.queries[0].counters.disposition;
				cr_assert_eq(disposition[FB_REC_LATE], want.late, "%s: %llu late, expected %llu", what,
					(unsigned long long)disposition[FB_REC_LATE], (unsigned long long)want.late);
				cr_assert_eq(disposition[FB_REC_FILTERED], want.filtered);
				cr_assert_eq(numbers.decode.rejected[FB_REC_NUMBER], want.bad);
				cr_assert_eq(numbers.decode.records, traffic.record_cnt);
				cr_assert_eq(numbers.log.datagrams, numbers.decode.payloads);
				cr_assert_eq(taken.windows, numbers.queries[0].windows);
				taken_reset(&taken);
				fb_replay_numbers_fini(&numbers);
			}
		}
		cr_assert(batch || want.late > 0, "a test of late rows without any");
		lines_free(&want.rows);
	}
	fb_plan_destroy(taken.plan);
	free(traffic.records);
	lab_close(&lab);
}

Test(replay_log, one_lane_is_what_one_core_makes_of_it)
{
	for (uint64_t seed = 1; seed <= 4; seed++)
		check(&(struct traffic){.lane_cnt = 1, .record_cnt = 9000, .disorder_ms = 1200, .step_ms = 3}, seed, 0);
}

Test(replay_log, several_lanes_are_judged_by_each_others_watermarks)
{
	for (uint64_t seed = 1; seed <= 6; seed++)
		check(&(struct traffic){.lane_cnt = 2 + seed % 3, .record_cnt = 6000, .disorder_ms = 1200, .step_ms = 3}, seed, 0);
}

Test(replay_log, lanes_that_fall_silent_hold_nobody_back)
{
	for (uint64_t seed = 1; seed <= 4; seed++)
		check(&(struct traffic){.lane_cnt = 3, .record_cnt = 6000, .disorder_ms = 1200, .step_ms = 3, .silences = true}, seed,
			300);
}

/* Any number of cores gives what one gives, for the kinds of window whose answer is not made here. */
static void check_same(const char *sql, uint32_t lane_cnt, int64_t disorder_ms, bool stream)
{
	struct taken taken = {.plan = lab_plan(sql)};
	struct traffic traffic = {.lane_cnt = lane_cnt, .record_cnt = 5000, .disorder_ms = disorder_ms, .step_ms = 3};
	struct fb_replay_numbers numbers;
	struct lab lab = {0};

	traffic_make(&traffic, lane_cnt);
	lab_open(&lab, lane_cnt);
	lab_fill(&lab, &traffic, 31);
	for (int batch = !stream; batch < 2; batch++) {
		struct taken one = {.plan = taken.plan};

		lab_expect_run(&lab, &(struct setup){.batch = batch, .threads = 1, .block_bytes = 1}, &one, &numbers);
		fb_replay_numbers_fini(&numbers);
		for (uint32_t threads = 1; threads <= 5; threads += 2) {
			lab_expect_run(&lab, &(struct setup){.batch = batch, .threads = threads}, &taken, &numbers);
			fb_replay_numbers_fini(&numbers);
			for (uint16_t q = 0; q < taken.plan->query_cnt; q++) {
				char what[64];

				snprintf(what, sizeof(what), "query %u, batch %d, %u lanes, %u cores", q, batch, lane_cnt, threads);
				cr_assert_gt(one.rows[q].cnt, 0u);
				lines_sort(&one.rows[q]);
				lines_sort(&taken.rows[q]);
				lines_expect(&taken.rows[q], &one.rows[q], what);
			}
			taken_reset(&taken);
		}
		taken_reset(&one);
	}
	fb_plan_destroy(taken.plan);
	free(traffic.records);
	lab_close(&lab);
}

Test(replay_log, all_kinds_of_windows)
{
	check_same(LAB_TABLE ALL_KINDS, 1, 1200, true);
	check_same(LAB_TABLE ALL_KINDS, 3, 1200, true);
}

Test(replay_log, sessions)
{
	check_same(LAB_TABLE SESSION, 1, 1200, false);
	check_same(LAB_TABLE SESSION, 2, 1200, false);
}

Test(replay_log, it_can_be_cancelled)
{
	struct taken taken = {.plan = lab_plan(LAB_TABLE TUMBLE), .cancel_at = 2};
	struct traffic traffic = {.lane_cnt = 2, .record_cnt = 20000, .disorder_ms = 1200, .step_ms = 3};
	struct fb_replay_numbers numbers;
	struct fb_buf message = {0};
	struct lab lab = {0};

	traffic_make(&traffic, 1);
	lab_open(&lab, 2);
	lab_fill(&lab, &traffic, 50);
	cr_assert_eq(lab_run(&lab, &(struct setup){.threads = 3}, &taken, &message, &numbers), FB_E_CANCELLED);
	cr_assert_eq(taken.calls, 2u, "nothing is given after that");
	cr_assert_str_eq(message.p, "cancelled");
	fb_replay_numbers_fini(&numbers);
	fb_buf_fini(&message);
	taken_reset(&taken);
	fb_plan_destroy(taken.plan);
	free(traffic.records);
	lab_close(&lab);
}

/* ---- ranges of event time ---- */

/* Rows of windows in the range only; window_end is the first column. */
static void keep_range(struct lines *rows, const struct fb_replay_range *range)
{
	size_t kept = 0;

	for (size_t i = 0; i < rows->cnt; i++) {
		int64_t end = atoll(rows->text[i]);

		if (end - SIZE_MS >= range->from_ms && end <= range->to_ms)
			rows->text[kept++] = rows->text[i];
		else
			free(rows->text[i]);
	}
	rows->cnt = kept;
}

/* Blocks say what times they have, all or most of them: rows are the same, and what is not needed is not read. */
static void check_ranges(uint32_t lane_cnt, uint32_t silent_blocks, bool in_range)
{
	struct fb_replay_range range = {LAB_BASE_MS + 6000, LAB_BASE_MS + 11000};
	struct taken taken = {.plan = lab_plan(LAB_TABLE TUMBLE)};
	struct traffic traffic = {.lane_cnt = lane_cnt, .record_cnt = 8000, .disorder_ms = 700, .step_ms = 3};
	struct lab lab = {.noted = lab_times_of(taken.plan), .silent_blocks = silent_blocks};
	struct answer want;

	traffic_make(&traffic, lane_cnt);
	lab_open(&lab, lane_cnt);
	lab_fill(&lab, &traffic, 12);
	want = obvious(&traffic, true, 0);
	if (in_range)
		keep_range(&want.rows, &range);
	for (uint32_t threads = 1; threads <= 4; threads++) {
		struct fb_replay_numbers numbers;

		lab_expect_run(&lab,
			&(struct setup){.batch = true, .threads = threads, .windows = in_range ? &range : NULL}, &taken, &numbers);
		lines_sort(&taken.rows[0]);
		lines_expect(&taken.rows[0], &want.rows, "in a range");
		cr_assert_eq(numbers.queries[0].counters.disposition[FB_REC_LATE], 0u);
		cr_assert_eq(numbers.log.blocks + numbers.log.pruned_blocks, lab.sealed);
		cr_assert_eq(numbers.log.pruned_blocks > 0, in_range);
		cr_assert_eq(numbers.log.unranged_blocks > 0, silent_blocks > 0);
		taken_reset(&taken);
		fb_replay_numbers_fini(&numbers);
	}
	lines_free(&want.rows);
	fb_plan_destroy(taken.plan);
	free(traffic.records);
	lab_close(&lab);
}

Test(replay_log, blocks_tell_their_event_times)
{
	for (uint32_t lanes = 1; lanes <= 3; lanes += 2)
		for (uint32_t silent = 0; silent <= 9; silent += 9) {
			check_ranges(lanes, silent, false);
			check_ranges(lanes, silent, true);
		}
}

/* Other times, or of a reader that would not have counted all records: nothing can be left out, and nothing is wrong. */
Test(replay_log, ranges_of_other_readers_are_not_believed)
{
	struct fb_replay_range range = {LAB_BASE_MS + 6000, LAB_BASE_MS + 11000};
	struct taken taken = {.plan = lab_plan(LAB_TABLE TUMBLE)};
	struct traffic traffic = {.lane_cnt = 1, .record_cnt = 4000, .disorder_ms = 700, .step_ms = 3};
	struct fb_event_times_by noted = lab_times_of(taken.plan);

	traffic_make(&traffic, 1);
	for (int i = 0; i < 2; i++) {
		struct lab lab = {.noted = noted};
		struct answer want = obvious(&traffic, true, 0);
		struct fb_replay_numbers numbers;

		lab.noted.definition += i == 0;
		lab.noted.fields |= i == 1 ? 1ull << 40 : 0;
		keep_range(&want.rows, &range);
		lab_open(&lab, 1);
		lab_fill(&lab, &traffic, 12);
		/* As if there had been nothing in them. */
		lab_expect_run(&lab, &(struct setup){.batch = true, .threads = 2, .windows = &range}, &taken, &numbers);
		lines_sort(&taken.rows[0]);
		lines_expect(&taken.rows[0], &want.rows, "with ranges of others");
		cr_assert_eq(numbers.log.unranged_blocks, lab.sealed);
		cr_assert_eq(numbers.log.pruned_blocks, 0u);
		taken_reset(&taken);
		fb_replay_numbers_fini(&numbers);
		lines_free(&want.rows);
		lab_close(&lab);
	}
	fb_plan_destroy(taken.plan);
	free(traffic.records);
}

/* 3000 windows with a state that holds some dozens: with ranges they come as they are complete. */
Test(replay_log, memory_is_bounded_by_the_disorder)
{
	struct taken taken = {.plan = lab_plan(LAB_TABLE TUMBLE)};
	struct traffic traffic = {.lane_cnt = 2, .record_cnt = 30000, .disorder_ms = 1200, .step_ms = 100};

	traffic_make(&traffic, 1);
	for (int ranged = 0; ranged < 2; ranged++) {
		struct lab lab = {.noted = ranged ? lab_times_of(taken.plan) : (struct fb_event_times_by){0}};
		struct setup setup = {.batch = true, .threads = 2, .state_bytes = 32u << 20};
		struct fb_replay_numbers numbers;
		struct fb_buf message = {0};

		lab_open(&lab, 2);
		lab_fill(&lab, &traffic, 20);
		cr_assert_eq(lab_run(&lab, &setup, &taken, &message, &numbers), ranged ? 0 : FB_E_FULL, "%s", message.p);
		cr_assert(!ranged || numbers.queries[0].windows >= 2900u);
		fb_buf_fini(&message);
		fb_replay_numbers_fini(&numbers);
		taken_reset(&taken);
		lab_close(&lab);
	}
	fb_plan_destroy(taken.plan);
	free(traffic.records);
}

static int by_group(const void *a, const void *b)
{
	const struct record *x = a, *y = b;
	int64_t p = x->ms / SIZE_MS, q = y->ms / SIZE_MS;

	return p != q ? (p > q) - (p < q) : strcmp(x->key, y->key);
}

/* What batch makes of it, for more groups than a list is good for. Puts the records in another order. */
static struct lines sorted_answer(struct traffic *traffic)
{
	struct lines rows = {0};
	uint32_t kept = 0;

	for (uint32_t i = 0; i < traffic->record_cnt; i++)
		if (!traffic->records[i].bad && traffic->records[i].value != 7)
			traffic->records[kept++] = traffic->records[i];
	qsort(traffic->records, kept, sizeof(struct record), by_group);
	for (uint32_t i = 0; i < kept;) {
		const struct record *first = &traffic->records[i];
		struct fb_buf line = {0};
		int64_t sum = 0;
		uint32_t cnt = 0;

		for (; i < kept && by_group(first, &traffic->records[i]) == 0; i++, cnt++)
			sum += traffic->records[i].value;
		fb_buf_printf(&line, "%lld|%s|%u|%lld|", (long long)(first->ms / SIZE_MS + 1) * SIZE_MS, first->key, cnt, (long long)sum);
		lines_add(&rows, line.p);
	}
	lines_sort(&rows);
	return rows;
}

/* Each batch of records has hundreds of windows, all of them again and again: the state needed is that of the windows. */
Test(replay_log, thousands_of_windows_at_once, .timeout = 60)
{
	struct taken taken = {.plan = lab_plan(LAB_TABLE TUMBLE)};
	struct traffic traffic = {.lane_cnt = 2, .record_cnt = 40000, .disorder_ms = 3000 * SIZE_MS, .step_ms = 1};
	struct setup setup = {.batch = true, .state_bytes = 1ull << 30};
	struct fb_replay_numbers numbers;
	struct lab lab = {0};
	struct lines want;

	traffic_make(&traffic, 1);
	for (uint32_t i = 0; i < traffic.record_cnt; i++)
		traffic.records[i].ms += 3000 * SIZE_MS; /* all after 1970 */
	lab_open(&lab, 2);
	lab_fill(&lab, &traffic, 300);
	want = sorted_answer(&traffic);
	for (setup.threads = 1; setup.threads <= 3; setup.threads += 2) {
		lab_expect_run(&lab, &setup, &taken, &numbers);
		cr_assert_geq(numbers.queries[0].windows, 3000u);
		lines_sort(&taken.rows[0]);
		lines_expect(&taken.rows[0], &want, "of thousands of windows");
		fb_replay_numbers_fini(&numbers);
		taken_reset(&taken);
	}
	lines_free(&want);
	fb_plan_destroy(taken.plan);
	free(traffic.records);
	lab_close(&lab);
}

/* ---- bounds and damage ---- */

Test(replay_log, lanes_and_bounds_can_be_chosen)
{
	struct taken taken = {.plan = lab_plan(LAB_TABLE "SELECT k, v, ms FROM s;\n")};
	struct traffic traffic = {.lane_cnt = 3, .record_cnt = 3000, .disorder_ms = 10, .step_ms = 3};
	struct fb_replay_lane lanes[] = {{.core = 4, .from_seq = 20, .to_seq = 119}, {.core = 0, .from_seq = 15, .to_seq = 15}};
	struct fb_replay_log log = {.from_ns = INT64_MIN, .to_ns = INT64_MAX, .lanes = lanes, .lane_cnt = 2};
	struct fb_replay_numbers numbers;
	struct fb_buf message = {0};
	struct lab lab = {0};

	traffic_make(&traffic, 7);
	lab_open(&lab, 3);
	lab_fill(&lab, &traffic, 13);
	lab_expect_run(&lab, &(struct setup){.threads = 2, .log = &log}, &taken, &numbers);
	cr_assert_eq(numbers.log.datagrams, 101u);
	fb_replay_numbers_fini(&numbers);
	taken_reset(&taken);
	log.lane_cnt = 0;
	log.from_ns = traffic.records[1000].arrival_ns;
	log.to_ns = traffic.records[2000].arrival_ns;
	lab_expect_run(&lab, &(struct setup){.threads = 2, .log = &log}, &taken, &numbers);
	{
		uint64_t want = 0;

		for (uint32_t i = 0; i < traffic.record_cnt; i++)
			want += traffic.records[i].arrival_ns >= log.from_ns && traffic.records[i].arrival_ns <= log.to_ns;
		cr_assert_eq(numbers.decode.records, want);
	}
	fb_replay_numbers_fini(&numbers);
	taken_reset(&taken);
	lanes[0].core = 3;
	log.lane_cnt = 1;
	cr_assert_eq(lab_run(&lab, &(struct setup){.threads = 2, .log = &log}, &taken, &message, &numbers), FB_E_NOT_FOUND);
	cr_assert_str_eq(message.p, "the raw log has nothing of core 3");
	fb_buf_fini(&message);
	fb_plan_destroy(taken.plan);
	free(traffic.records);
	lab_close(&lab);
}

/* A byte of the last file is turned over: its block is missing, and counted; all others are there. */
Test(replay_log, damage_costs_a_block)
{
	struct taken taken = {.plan = lab_plan(LAB_TABLE "SELECT k, v, ms FROM s;\n")};
	struct traffic traffic = {.lane_cnt = 1, .record_cnt = 40000, .disorder_ms = 10, .step_ms = 3};
	struct fb_replay_numbers whole, numbers;
	char command[512];
	struct lab lab = {0};

	traffic_make(&traffic, 7);
	lab_open(&lab, 1);
	lab_fill(&lab, &traffic, 2000);
	cr_assert_eq(fb_rawlog_roll(lab.appenders[0], NULL), 0);
	lab_expect_run(&lab, &(struct setup){.threads = 1}, &taken, &whole);
	taken_reset(&taken);
	lab_shut(&lab);
	snprintf(command, sizeof(command),
		"f=$(ls -S '%s'/*.sst | head -1) && printf '\\377' | dd of=\"$f\" bs=1 seek=$(($(stat -c %%s \"$f\") / 2)) conv=notrunc "
		"2>/dev/null",
		lab.path);
	cr_assert_eq(system(command), 0);
	lab_reopen(&lab);
	lab_expect_run(&lab, &(struct setup){.threads = 3}, &taken, &numbers);
	cr_assert_eq(numbers.log.damaged_blocks, 1u);
	cr_assert_gt(numbers.log.damaged_datagrams, 0u);
	cr_assert_eq(numbers.log.datagrams + numbers.log.damaged_datagrams, whole.log.datagrams);
	fb_replay_numbers_fini(&whole);
	fb_replay_numbers_fini(&numbers);
	taken_reset(&taken);
	fb_plan_destroy(taken.plan);
	free(traffic.records);
	lab_close(&lab);
}

/* ---- budget ---- */

/* At a tenth of what is stored a second it takes near ten seconds; cancelled after the first rows it is over at once. */
Test(replay_log, reading_keeps_to_its_budget_and_waits_for_nobody_who_cancels)
{
	struct taken taken = {.plan = lab_plan(LAB_TABLE "SELECT k, v, ms FROM s;\n")};
	struct traffic traffic = {.lane_cnt = 2, .record_cnt = 30000, .disorder_ms = 10, .step_ms = 3};
	struct setup setup = {.threads = 3};
	struct fb_replay_numbers numbers;
	struct fb_buf message = {0};
	struct lab lab = {0};
	uint64_t stored;
	int64_t begun;

	traffic_make(&traffic, 7);
	lab_open(&lab, 2);
	lab_fill(&lab, &traffic, 100);
	lab_expect_run(&lab, &setup, &taken, &numbers);
	stored = numbers.log.stored_bytes;
	cr_assert_gt(numbers.log.blocks, 20u);
	fb_replay_numbers_fini(&numbers);
	taken_reset(&taken);
	setup.budget.read_bytes_per_s = stored * 2;
	begun = fb_clock_monotonic_ns();
	lab_expect_run(&lab, &setup, &taken, &numbers);
	cr_assert_gt(fb_clock_monotonic_ns() - begun, 400000000, "half a second's worth of reading, less the last block");
	fb_replay_numbers_fini(&numbers);
	taken_reset(&taken);
	setup.budget.read_bytes_per_s = stored / 60;
	taken.cancel_at = 1;
	begun = fb_clock_monotonic_ns();
	cr_assert_eq(lab_run(&lab, &setup, &taken, &message, &numbers), FB_E_CANCELLED);
	cr_assert_lt(fb_clock_monotonic_ns() - begun, 15000000000, "not the minute that the rest would take");
	fb_replay_numbers_fini(&numbers);
	fb_buf_fini(&message);
	taken_reset(&taken);
	fb_plan_destroy(taken.plan);
	free(traffic.records);
	lab_close(&lab);
}

Test(replay_log, cores_keep_to_their_share)
{
	struct taken taken = {.plan = lab_plan(LAB_TABLE TUMBLE)};
	struct traffic traffic = {.lane_cnt = 1, .record_cnt = 60000, .disorder_ms = 700, .step_ms = 3};
	struct setup setup = {.threads = 1, .budget = {.cpu_percent = 10, .low_priority = true}};
	struct fb_replay_numbers numbers;
	struct timespec used;
	struct lab lab = {0};
	int64_t begun, cpu;

	traffic_make(&traffic, 7);
	lab_open(&lab, 1);
	lab_fill(&lab, &traffic, 100);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	cpu = used.tv_sec * 1000000000 + used.tv_nsec;
	begun = fb_clock_monotonic_ns();
	lab_expect_run(&lab, &setup, &taken, &numbers);
	begun = fb_clock_monotonic_ns() - begun;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	cpu = used.tv_sec * 1000000000 + used.tv_nsec - cpu;
	/* Two threads of a tenth each; what is saved up at the begin and the end is some milliseconds. */
	cr_assert_lt(cpu, begun / 4 + 20000000, "%lld ms of CPU in %lld ms", (long long)cpu / 1000000, (long long)begun / 1000000);
	cr_assert_gt(begun, 50000000, "too short to tell");
	fb_replay_numbers_fini(&numbers);
	taken_reset(&taken);
	fb_plan_destroy(taken.plan);
	free(traffic.records);
	lab_close(&lab);
}

/* ---- epochs ---- */

/* Stopped at every epoch and gone on from there: rows and numbers are those of a run in one piece. */
static void check_epochs(const char *sql, uint32_t lane_cnt, bool batch, bool silences)
{
	struct fb_replay_log log = {.from_ns = INT64_MIN, .to_ns = INT64_MAX, .epoch_ms = 1};
	struct taken taken = {.plan = lab_plan(sql), .stop_at_epoch = true};
	struct taken one = {.plan = taken.plan};
	struct traffic traffic = {
		.lane_cnt = lane_cnt, .record_cnt = 12000, .disorder_ms = 1200, .step_ms = 3, .silences = silences};
	struct setup setup = {
		.batch = batch, .threads = 1, .idle_timeout_ms = silences ? 300 : 0, .budget = {.cpu_percent = 10}};
	struct fb_replay_numbers want, numbers;
	struct fb_buf resume = {0};
	struct lab lab = {0};
	uint32_t epochs = 0;
	int rc;

	traffic_make(&traffic, 5);
	lab_open(&lab, lane_cnt);
	lab_fill(&lab, &traffic, 40);
	lab_expect_run(&lab, &setup, &one, &want);
	setup.log = &log;
	do {
		struct fb_buf message = {0};

		setup.threads = 1 + epochs % 3;
		setup.block_bytes = 40;
		rc = lab_run(&lab, &setup, &taken, &message, &numbers);
		cr_assert(rc == 0 || rc == FB_E_BUSY, "%s (batch %d, %u lanes, %u epochs, %zu bytes)", message.p, batch, lane_cnt, epochs, resume.len);
		fb_buf_fini(&message);
		fb_buf_fini(&resume);
		resume = taken.epoch;
		taken.epoch = (struct fb_buf){0};
		log.resume = (const uint8_t *)resume.p;
		log.resume_len = resume.len;
		if (rc == 0)
			break;
		fb_replay_numbers_fini(&numbers);
		cr_assert_lt(++epochs, 100000u, "it does not come to its end");
	} while (true);
	cr_assert_gt(epochs, 3u, "%u epochs are no test", epochs);
	for (uint16_t q = 0; q < taken.plan->query_cnt; q++) {
		char what[64];

		snprintf(what, sizeof(what), "query %u, batch %d, %u lanes, %u epochs", q, batch, lane_cnt, epochs);
		lines_sort(&one.rows[q]);
		lines_sort(&taken.rows[q]);
		lines_expect(&taken.rows[q], &one.rows[q], what);
		for (int d = 0; d < FB_REC_CNT; d++)
			cr_assert_eq(numbers.queries[q].counters.disposition[d], want.queries[q].counters.disposition[d]);
		cr_assert_eq(numbers.queries[q].windows, want.queries[q].windows);
		cr_assert_eq(numbers.queries[q].result_rows, want.queries[q].result_rows);
	}
	cr_assert_eq(numbers.decode.records, want.decode.records);
	cr_assert_eq(numbers.log.datagrams, want.log.datagrams);
	cr_assert_eq(numbers.input_bytes, want.input_bytes);
	{
		struct fb_buf what = {0};

		cr_assert(fb_replay_balanced(&numbers, &what), "%s", what.p);
		fb_buf_fini(&what);
	}
	fb_buf_fini(&resume);
	fb_replay_numbers_fini(&numbers);
	fb_replay_numbers_fini(&want);
	taken_reset(&taken);
	taken_reset(&one);
	fb_plan_destroy(taken.plan);
	free(traffic.records);
	lab_close(&lab);
}

#define CASCADE                                                                                                          \
	"CREATE VIEW fifths AS SELECT window_time AS rt, k, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE s, DESCRIPTOR(ts), "    \
	"INTERVAL '0.2' SECOND)) GROUP BY window_start, window_end, window_time, k;\n"                                   \
	"SELECT window_end, k, SUM(n) FROM TABLE(HOP(TABLE fifths, DESCRIPTOR(rt), INTERVAL '1' SECOND, INTERVAL '2' "    \
	"SECOND)) GROUP BY window_start, window_end, k;\n"

Test(replay_log, it_goes_on_from_every_epoch)
{
	for (int batch = 0; batch < 2; batch++) {
		check_epochs(LAB_TABLE ALL_KINDS, 1, batch, false);
		check_epochs(LAB_TABLE ALL_KINDS, 3, batch, true);
		check_epochs(LAB_TABLE CASCADE, 2, batch, false);
	}
}

Test(replay_log, sessions_have_no_epochs)
{
	for (int batch = 0; batch < 2; batch++) {
		struct fb_replay_log log = {.from_ns = INT64_MIN, .to_ns = INT64_MAX, .epoch_ms = 1};
		struct taken taken = {.plan = lab_plan(LAB_TABLE SESSION)};
		struct traffic traffic = {.lane_cnt = 1, .record_cnt = 1000, .step_ms = 3};
		struct setup setup = {.batch = batch, .threads = 1, .log = &log};
		struct fb_replay_numbers numbers;
		struct fb_buf message = {0};
		struct lab lab = {0};

		traffic_make(&traffic, 5);
		lab_open(&lab, 1);
		lab_fill(&lab, &traffic, 40);
		cr_assert_eq(lab_run(&lab, &setup, &taken, &message, &numbers), FB_E_UNSUPPORTED);
		fb_buf_fini(&message);
		taken_reset(&taken);
		fb_plan_destroy(taken.plan);
		free(traffic.records);
		lab_close(&lab);
	}
}

Test(replay_log, what_it_cannot_go_on_from_is_refused)
{
	struct fb_replay_log log = {.from_ns = INT64_MIN, .to_ns = INT64_MAX, .epoch_ms = 1};
	struct taken taken = {.plan = lab_plan(LAB_TABLE TUMBLE), .stop_at_epoch = true};
	struct traffic traffic = {.lane_cnt = 2, .record_cnt = 20000, .disorder_ms = 1200, .step_ms = 3};
	struct setup setup = {.threads = 1, .block_bytes = 40, .log = &log};
	struct fb_replay_numbers numbers;
	struct fb_buf message = {0};
	struct fb_buf resume;
	struct lab lab = {0};

	traffic_make(&traffic, 5);
	lab_open(&lab, 2);
	lab_fill(&lab, &traffic, 40);
	cr_assert_eq(lab_run(&lab, &setup, &taken, &message, &numbers), FB_E_BUSY);
	fb_replay_numbers_fini(&numbers);
	resume = taken.epoch;
	taken.epoch = (struct fb_buf){0};
	log.resume = (const uint8_t *)resume.p;
	for (log.resume_len = 0; log.resume_len < resume.len; log.resume_len += 1 + log.resume_len / 3) {
		fb_buf_clear(&message);
		cr_assert_eq(lab_run(&lab, &setup, &taken, &message, &numbers), FB_E_CORRUPT);
		cr_assert_str_eq(message.p, "the state to go on from is damaged");
	}
	log.resume_len = resume.len;
	resume.p[resume.len / 2] ^= 1;
	cr_assert_eq(lab_run(&lab, &setup, &taken, &message, &numbers), FB_E_CORRUPT);
	resume.p[resume.len / 2] ^= 1;
	setup.batch = true;
	fb_buf_clear(&message);
	cr_assert_eq(lab_run(&lab, &setup, &taken, &message, &numbers), FB_E_CONFIG);
	cr_assert_str_eq(message.p, "the state to go on from is of another run");
	fb_buf_fini(&message);
	fb_buf_fini(&resume);
	taken_reset(&taken);
	fb_plan_destroy(taken.plan);
	free(traffic.records);
	lab_close(&lab);
}
