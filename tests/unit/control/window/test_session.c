/* SPDX-License-Identifier: Apache-2.0 */
/* SESSION. Each case has the name of its rule; properties come last. */
#include <stdio.h>
#include <stdlib.h>

#include "config/base/calendar.h"
#include "lab.h"

#define SESSION_10 "SESSION(TABLE s PARTITION BY k, DESCRIPTOR(ts), INTERVAL '10' SECOND)"
#define AT(k, v, time) #k "," #v ",1970-01-01 00:" time "\n"

static struct lab lab;

static void expect_all(const char *want)
{
	struct rows rows = {0};
	char *copy = strdup(want);
	char *save = NULL;

	lab_end(&lab);
	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		rows_add(&rows, "%s", line);
	rows_expect_equal(&lab.rows, &rows, "rows");
	rows_fini(&rows);
	free(copy);
	lab_close(&lab);
}

/* A row exactly a gap after the last still joins; a millisecond more does not. The end is the last time
 * plus the gap. */
Test(session, w9_the_gap_is_inclusive)
{
	lab_open(&lab, "'60' SECOND", SESSION_10, 1);
	lab_feed(&lab, 0,
		AT(a, 1, "00:05.000") AT(a, 2, "00:15.000") AT(b, 4, "00:05.000")
			AT(b, 8, "00:15.001"));
	expect_all("5000|25000|a|2|3|1|2\n5000|15000|b|1|4|4|4\n15001|25001|b|1|8|8|8");
}

/* A row between two sessions makes them one, in whatever order they come. */
Test(session, w9_a_row_bridges_two_sessions)
{
	lab_open(&lab, "'60' SECOND", SESSION_10, 1);
	lab_feed(&lab, 0, AT(a, 1, "00:05.000"));
	lab_feed(&lab, 0, AT(a, 2, "00:23.000"));
	lab_feed(&lab, 0, AT(a, 4, "00:14.000"));
	expect_all("5000|33000|a|3|7|1|4");
}

Test(session, w9_a_long_chain_of_fragments)
{
	lab_open(&lab, "'0' SECOND", SESSION_10, 1);
	for (int i = 0; i < 500; i++) {
		char line[64], time[32];

		snprintf(line, sizeof(line), "a,1,%s\n", time_text(1000 + i * 7000, time));
		lab_feed(&lab, 0, line);
	}
	cr_expect_eq(lab.rows.cnt, 0);
	cr_expect_leq(fb_reader_query_counters(lab.at[0].reader, 0)->state_used_bytes,
		8 * FB_PAGE_BYTES, "a core keeps the last gaps only");
	expect_all("1000|3504000|a|500|500|1|1");
}

Test(session, w9_before_the_epoch)
{
	lab_open(&lab, "'0' SECOND", SESSION_10, 1);
	lab_feed(&lab, 0, "a,1,1969-12-31 23:59:55.000\na,2,1970-01-01 00:00:03.000\n");
	expect_all("-5000|13000|a|2|3|1|2");
}

/* Rows of one key on different cores. */
Test(session, w9_fragments_of_several_cores_are_one_session)
{
	lab_open(&lab, "'0' SECOND", SESSION_10, 3);
	lab_feed(&lab, 0, AT(a, 1, "00:05.000") AT(b, 1, "00:06.000"));
	lab_feed(&lab, 1, AT(a, 2, "00:14.000"));
	lab_feed(&lab, 2, AT(a, 4, "00:22.000"));
	lab_feed(&lab, 0, AT(z, 0, "02:00.000"));
	lab_feed(&lab, 1, AT(z, 0, "02:00.000"));
	cr_expect_eq(lab.rows.cnt, 1, "that of b; one partition holds a back");
	lab_feed(&lab, 2, AT(z, 0, "02:00.000"));
	cr_expect_eq(lab.rows.cnt, 2);
	expect_all("5000|32000|a|3|7|1|4\n6000|16000|b|1|1|1|1\n120000|130000|z|3|0|0|0");
}

/* Without PARTITION BY all rows are of one session. */
Test(session, w10_global_session)
{
	static const char source[] = "CREATE TABLE s (k STRING, v BIGINT, ts TIMESTAMP(3), WATERMARK "
				     "FOR ts AS ts) WITH ('connector'='udp', 'port'='5000', "
				     "'format'='csv');\n";
	struct planned planned = plan_sql(source,
		"EXPLAIN SELECT window_start, window_end, window_time, COUNT(*) FROM "
		"SESSION(TABLE s, DESCRIPTOR(ts), INTERVAL '10' SECOND) GROUP BY window_start, "
		"window_end, window_time;");
	struct instance at = instance_open(&planned, NULL);
	struct fb_slice *slice;
	struct rows rows = {0};
	uint32_t query;

	feed(&at, AT(a, 1, "00:05.000") AT(b, 2, "00:09.000"));
	fb_reader_set_watermark(at.reader, FB_TIME_MAX);
	slice = fb_reader_take_sealed(at.reader, &query);
	cr_assert_not_null(slice);
	rows_of_slice(planned.queries[0], slice, &rows);
	rows_expect(&rows, "5000|19000|18999|2", NULL);
	fb_reader_return_slice(at.reader, 0, slice);
	instance_close(&at);
	planned_fini(&planned);
}

/* Local time of the zone in window_start, the instant in window_time. */
Test(session, w12_ltz)
{
	static const char source[] = "SET 'table.local-time-zone' = '+01:00';\n"
				     "CREATE TABLE s (k STRING, ts TIMESTAMP_LTZ(3), WATERMARK FOR "
				     "ts AS ts) WITH ('connector'='udp', 'port'='5000', "
				     "'format'='csv');\n";
	struct planned planned = plan_sql(source,
		"EXPLAIN SELECT window_start, window_end, window_time, COUNT(*) FROM "
		"SESSION(TABLE s PARTITION BY k, DESCRIPTOR(ts), INTERVAL '10' SECOND) GROUP BY "
		"window_start, window_end, window_time, k;");
	struct instance at = instance_open(&planned, NULL);
	struct fb_slice *slice;
	struct rows rows = {0};
	uint32_t query;

	feed(&at, "a,1970-01-01 00:00:05Z\n");
	fb_reader_set_watermark(at.reader, FB_TIME_MAX);
	slice = fb_reader_take_sealed(at.reader, &query);
	cr_assert_not_null(slice);
	rows_of_slice(planned.queries[0], slice, &rows);
	rows_expect(&rows, "3605000|3615000|14999|1", NULL);
	fb_reader_return_slice(at.reader, 0, slice);
	instance_close(&at);
	planned_fini(&planned);
}

/* Merge first, then test the merged session: a late row that touches an open session is kept. */
Test(session, m6_a_late_row_that_touches_an_open_session_is_kept)
{
	lab_open(&lab, "'0' SECOND", SESSION_10, 1);
	lab_feed(&lab, 0, AT(a, 1, "00:10.000") AT(a, 2, "00:20.000"));
	lab_feed(&lab, 0, AT(z, 0, "00:29.998")); /* [10,30) fires at 29.999 */
	lab_feed(&lab, 0, AT(a, 4, "00:01.000")); /* its own window ended long ago */
	cr_expect_eq(lab_count(&lab, FB_REC_LATE), 0);
	lab_feed(&lab, 0, AT(z, 0, "00:29.999"));
	lab_feed(&lab, 0, AT(a, 8, "00:19.000"));
	cr_expect_eq(lab_count(&lab, FB_REC_LATE), 1);
	expect_all("1000|30000|a|3|7|1|4\n29998|39999|z|2|0|0|0");
}

/* The same, when the session began long before what the core still has. */
Test(session, m6_in_the_middle_of_a_long_session)
{
	lab_open(&lab, "'0' SECOND", SESSION_10, 1);
	for (int i = 0; i < 30; i++) {
		char line[64], time[32];

		snprintf(line, sizeof(line), "a,1,%s\n", time_text(100000 + i * 9000, time));
		lab_feed(&lab, 0, line);
	}
	lab_feed(&lab, 0, AT(a, 100, "01:35.000")); /* five seconds before its first record */
	lab_feed(&lab, 0, AT(a, 100, "02:35.000"));
	lab_feed(&lab, 0, AT(b, 100, "02:35.000"));
	cr_expect_eq(lab_count(&lab, FB_REC_LATE), 1, "of key b there is no session");
	expect_all("95000|371000|a|32|230|1|100");
}

/* A row that overlaps a session which has fired begins a new one. */
Test(session, m6_a_session_that_has_fired_is_not_joined)
{
	lab_open(&lab, "'0' SECOND", SESSION_10, 1);
	lab_feed(&lab, 0, AT(a, 1, "00:00.000") AT(z, 0, "00:09.999")); /* fires [0,10) of a */
	lab_feed(&lab, 0, AT(a, 2, "00:05.000"));
	lab_feed(&lab, 0, AT(a, 4, "00:12.000"));
	lab_feed(&lab, 0, AT(z, 0, "00:22.000"));
	lab_feed(&lab, 0, AT(a, 8, "00:21.000")); /* touches the fired [5,22), and is not late */
	cr_expect_eq(lab_count(&lab, FB_REC_LATE), 0);
	expect_all("0|10000|a|1|1|1|1\n5000|22000|a|2|6|2|4\n21000|31000|a|1|8|8|8\n"
		   "9999|19999|z|1|0|0|0\n22000|32000|z|1|0|0|0");
}

Test(session, m6_between_an_open_and_a_fired_one)
{
	lab_open(&lab, "'0' SECOND", SESSION_10, 1);
	lab_feed(&lab, 0, AT(a, 1, "00:08.000") AT(a, 2, "00:24.900"));
	lab_feed(&lab, 0, AT(a, 4, "00:15.000")); /* [8,18) has fired, [24.9,34.9) has not */
	cr_expect_eq(lab_count(&lab, FB_REC_LATE), 0);
	lab_feed(&lab, 0, AT(a, 8, "00:16.000"));
	expect_all("8000|18000|a|1|1|1|1\n15000|34900|a|3|14|2|8");
}

/* Checkpoints without end while event time stands still: a core does not look into any number of slices. */
Test(session, m6_a_core_says_when_it_has_handed_over_too_many_slices)
{
	uint32_t checkpoints = 0;

	lab_open(&lab, "'0' SECOND", SESSION_10, 1);
	lab_feed(&lab, 0, AT(a, 1, "00:05.000"));
	while (fb_reader_can_checkpoint(lab.at[0].reader)) {
		lab_checkpoint(&lab);
		lab_feed(&lab, 0, AT(a, 1, "00:05.000"));
		checkpoints++;
	}
	cr_expect_gt(checkpoints, 400);
	lab_feed(&lab, 0, AT(z, 1, "00:40.000"));
	cr_expect(fb_reader_can_checkpoint(lab.at[0].reader), "three gaps later they do not matter");
	lab_end(&lab);
	cr_expect_eq(lab.rows.cnt, 2);
	lab_close(&lab);
}

/* ---- properties ---- */

static const struct fb_window session_10 = {FB_WINDOW_SESSION, 10000, 10000, 0};
static const struct fb_window session_1 = {FB_WINDOW_SESSION, 1000, 1000, 0};

static void feed_by_chance(
	const struct events *events, struct random *random, size_t most, bool restart)
{
	size_t half = events->cnt / 2;

	for (size_t from = 0; from < events->cnt;) {
		size_t some = 1 + random_below(random, most);
		size_t to = FB_MIN(from + some, events->cnt);
		char *csv = events_csv(events, from, to);

		lab_feed(&lab, (uint32_t)random_below(random, lab.partition_cnt), csv);
		free(csv);
		if (restart && from < half && to >= half)
			lab_restart(&lab);
		from = to;
	}
}

static void one_partition(const struct events_conf *conf, const char *tvf,
	const struct fb_window *window, const char *delay, int64_t delay_ms)
{
	static const size_t pieces[] = {1, 2, 9, 100, 5000};
	struct events events = events_make(conf);
	struct reference_counts counts;
	struct rows want = reference_answer(&events, window, delay_ms, &counts);

	cr_assert_gt(counts.late, 50);
	for (size_t k = 0; k < FB_ARRAY_LEN(pieces); k++) {
		struct random random = {77};

		lab = (struct lab){0};
		lab_open(&lab, delay, tvf, 1);
		feed_by_chance(&events, &random, pieces[k], false);
		cr_expect_eq(lab_count(&lab, FB_REC_LATE), counts.late);
		cr_expect_eq(lab_count(&lab, FB_REC_ACCEPTED), counts.accepted);
		lab_end(&lab);
		cr_expect_eq(lab.finished_rows, counts.accepted);
		rows_expect_equal(&lab.rows, &want, tvf);
		lab_close(&lab);
	}
	rows_fini(&want);
	events_fini(&events);
}

#define SESSION_1 "SESSION(TABLE s PARTITION BY k, DESCRIPTOR(ts), INTERVAL '1' SECOND)"

/* Out of order by more than the delay, by about a gap, by many gaps; busy keys and idle ones. */
Test(session, m6_any_batch_size_equals_one_record_at_a_time)
{
	one_partition(&(struct events_conf){.cnt = 4000,
			      .seed = 15,
			      .key_cnt = 40,
			      .span_ms = 600000,
			      .jitter_ms = 25000},
		SESSION_10, &session_10, "'4' SECOND", 4000);
	one_partition(&(struct events_conf){.cnt = 4000,
			      .seed = 16,
			      .key_cnt = 300,
			      .span_ms = 600000,
			      .jitter_ms = 12000},
		SESSION_10, &session_10, "'0' SECOND", 0);
	one_partition(&(struct events_conf){.cnt = 4000,
			      .seed = 17,
			      .key_cnt = 12,
			      .span_ms = 60000,
			      .jitter_ms = 9000},
		SESSION_1, &session_1, "'0.3' SECOND", 300);
	one_partition(&(struct events_conf){.cnt = 4000,
			      .seed = 18,
			      .key_cnt = 3,
			      .span_ms = 900000,
			      .jitter_ms = 3000},
		SESSION_1, &session_1, "'0' SECOND", 0);
	one_partition(&(struct events_conf){.cnt = 3000,
			      .seed = 19,
			      .key_cnt = 2,
			      .span_ms = 300000,
			      .jitter_ms = 100000},
		SESSION_1, &session_1, "'2' SECOND", 2000);
}

/* Small cases of all shapes: how dense the keys are, how late the rows. */
Test(session, m6_many_shapes)
{
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct random random = {seed * 7919};
		struct events_conf conf = {.cnt = 400,
			.seed = seed,
			.key_cnt = 1 + (uint32_t)random_below(&random, 8),
			.span_ms = 40000 + (int64_t)random_below(&random, 400000),
			.jitter_ms = 1 + (int64_t)random_below(&random, 20000)};
		struct events events = events_make(&conf);
		struct reference_counts counts;
		struct rows want = reference_answer(&events, &session_1, 500, &counts);
		char what[32];

		snprintf(what, sizeof(what), "seed %d", (int)seed);
		lab = (struct lab){0};
		lab_open(&lab, "'0.5' SECOND", SESSION_1, 1);
		feed_by_chance(&events, &random, 1 + random_below(&random, 300), false);
		cr_expect_eq(lab_count(&lab, FB_REC_LATE), counts.late, "%s", what);
		lab_end(&lab);
		rows_expect_equal(&lab.rows, &want, what);
		lab_close(&lab);
		rows_fini(&want);
		events_fini(&events);
	}
}

Test(session, m3_any_split_over_partitions_equals_one)
{
	struct events events = events_make(&(struct events_conf){
		.cnt = 3000, .seed = 21, .key_cnt = 60, .span_ms = 300000, .jitter_ms = 15000});
	struct reference_counts counts;
	struct rows want = reference_answer(&events, &session_10, 20000, &counts);

	cr_assert_eq(counts.late, 0);
	for (uint32_t partitions = 1; partitions <= LAB_PARTITIONS_MAX; partitions++) {
		struct random random = {partitions * 991};

		lab = (struct lab){0};
		lab_open(&lab, "'20' SECOND", SESSION_10, partitions);
		feed_by_chance(&events, &random, 60, false);
		lab_end(&lab);
		rows_expect_equal(&lab.rows, &want, "partitions");
		lab_close(&lab);
	}
	rows_fini(&want);
	events_fini(&events);
}

Test(session, a_restart_changes_nothing)
{
	struct events events = events_make(&(struct events_conf){
		.cnt = 2000, .seed = 22, .key_cnt = 40, .span_ms = 300000, .jitter_ms = 8000});
	struct reference_counts counts;
	struct rows want = reference_answer(&events, &session_10, 10000, &counts);
	struct random random = {4};

	lab = (struct lab){0};
	lab_open(&lab, "'10' SECOND", SESSION_10, 2);
	feed_by_chance(&events, &random, 50, true);
	lab_end(&lab);
	rows_expect_equal(&lab.rows, &want, "restart");
	rows_fini(&want);
	lab_close(&lab);
	events_fini(&events);
}
