/* SPDX-License-Identifier: Apache-2.0 */
/* Windows of windows (rule W13): levels behind one another, against a program that takes record by record. */
#include <stdio.h>
#include <stdlib.h>

#include "config/base/calendar.h"
#include "pairs.h"

static struct lab lab;

const struct pair pairs[] = {
	{TUMBLE_5, {FB_WINDOW_TUMBLE, 5000, 5000, 0}, "TUMBLE(TABLE below, DESCRIPTOR(rt), INTERVAL '20' SECOND)",
		{FB_WINDOW_TUMBLE, 20000, 20000, 0}, false},
	{TUMBLE_5, {FB_WINDOW_TUMBLE, 5000, 5000, 0},
		"TUMBLE(TABLE below, DESCRIPTOR(rt), INTERVAL '7' SECOND, INTERVAL '3' SECOND)",
		{FB_WINDOW_TUMBLE, 7000, 7000, 3000}, false},
	{TUMBLE_5, {FB_WINDOW_TUMBLE, 5000, 5000, 0}, "TUMBLE(TABLE below, DESCRIPTOR(rt), INTERVAL '5' SECOND)",
		{FB_WINDOW_TUMBLE, 5000, 5000, 0}, false},
	{HOP_4_12, {FB_WINDOW_HOP, 12000, 4000, 1000},
		"HOP(TABLE below, DESCRIPTOR(rt), INTERVAL '10' SECOND, INTERVAL '30' SECOND)",
		{FB_WINDOW_HOP, 30000, 10000, 0}, false},
	{CUMULATE_2_6, {FB_WINDOW_CUMULATE, 6000, 2000, 0},
		"CUMULATE(TABLE below, DESCRIPTOR(rt), INTERVAL '3' SECOND, INTERVAL '9' SECOND)",
		{FB_WINDOW_CUMULATE, 9000, 3000, 0}, false},
	{SESSION_1, {FB_WINDOW_SESSION, 300, 300, 0}, "TUMBLE(TABLE below, DESCRIPTOR(rt), INTERVAL '8' SECOND)",
		{FB_WINDOW_TUMBLE, 8000, 8000, 0}, false},
	{SESSION_1, {FB_WINDOW_SESSION, 300, 300, 0},
		"HOP(TABLE below, DESCRIPTOR(rt), INTERVAL '0.050' SECOND, INTERVAL '1' SECOND)",
		{FB_WINDOW_HOP, 1000, 50, 0}, false},
	{TUMBLE_5, {FB_WINDOW_TUMBLE, 5000, 5000, 0},
		"SESSION(TABLE below PARTITION BY k, DESCRIPTOR(rt), INTERVAL '7' SECOND)",
		{FB_WINDOW_SESSION, 7000, 7000, 0}, false},
	{CUMULATE_2_6, {FB_WINDOW_CUMULATE, 6000, 2000, 0},
		"SESSION(TABLE below PARTITION BY k, DESCRIPTOR(rt), INTERVAL '8' SECOND)",
		{FB_WINDOW_SESSION, 8000, 8000, 0}, true},
	{ONE_MS, {FB_WINDOW_TUMBLE, 1, 1, 0},
		"SESSION(TABLE below PARTITION BY k, DESCRIPTOR(rt), INTERVAL '0.020' SECOND)",
		{FB_WINDOW_SESSION, 20, 20, 0}, true},
};
const size_t pair_cnt = FB_ARRAY_LEN(pairs);

static void feed_by_chance(const struct events *events, struct random *random, size_t most, int stops)
{
	size_t next = events->cnt / (size_t)(stops + 1);

	for (size_t from = 0; from < events->cnt;) {
		size_t to = FB_MIN(from + 1 + random_below(random, most), events->cnt);
		char *csv = events_csv(events, from, to);

		lab_feed(&lab, (uint32_t)random_below(random, lab.partition_cnt), csv);
		free(csv);
		if (stops > 0 && from < next && to >= next) {
			lab_restart(&lab);
			next += events->cnt / 4;
		}
		from = to;
	}
}

static void compare(const struct pair *pair, const struct events *events, const char *delay, uint32_t partitions,
	size_t most, int stops, struct rows *want)
{
	struct random random = {77 + most};

	lab = (struct lab){0};
	lab_open_cascade(&lab, delay, pair->view, pair->tvf, partitions);
	feed_by_chance(events, &random, most, stops);
	lab_end(&lab);
	rows_expect_equal(&lab.rows, want, pair->tvf);
	lab_close(&lab);
}

/* Rows that come late, for some windows of the first level or for all. Between levels none is. */
Test(cascade, w13_any_batch_size_equals_one_record_at_a_time)
{
	static const size_t pieces[] = {1, 3, 64, 500};
	struct events events = events_make(&(struct events_conf){
		.cnt = 3000, .seed = 21, .key_cnt = 40, .span_ms = 120000, .jitter_ms = 20000});

	for (size_t i = 0; i < FB_ARRAY_LEN(pairs); i++) {
		struct rows want = reference_cascade(&events, &pairs[i].first, &pairs[i].second, 4000);

		cr_assert_gt(want.cnt, 20);
		for (size_t k = 0; k < FB_ARRAY_LEN(pieces); k++)
			compare(&pairs[i], &events, "'4' SECOND", 1, pieces[k], 0, &want);
		rows_fini(&want);
	}
	events_fini(&events);
}

/* Nothing is late. */
Test(cascade, w13_any_split_over_partitions_equals_one)
{
	struct events events = events_make(&(struct events_conf){
		.cnt = 3000, .seed = 22, .key_cnt = 30, .span_ms = 100000, .jitter_ms = 15000});

	for (size_t i = 0; i < FB_ARRAY_LEN(pairs); i++) {
		struct rows want = reference_cascade(&events, &pairs[i].first, &pairs[i].second, 20000);

		for (uint32_t partitions = 2; !pairs[i].exact && partitions <= LAB_PARTITIONS_MAX; partitions += 3)
			compare(&pairs[i], &events, "'20' SECOND", partitions, 60, 0, &want);
		rows_fini(&want);
	}
	events_fini(&events);
}

/* What is open on any level at a stop goes on after it. */
Test(cascade, a_restart_changes_nothing)
{
	struct events events = events_make(&(struct events_conf){
		.cnt = 2000, .seed = 23, .key_cnt = 30, .span_ms = 100000, .jitter_ms = 8000});

	for (size_t i = 0; i < FB_ARRAY_LEN(pairs); i++) {
		struct rows want = reference_cascade(&events, &pairs[i].first, &pairs[i].second, 2000);

		compare(&pairs[i], &events, "'2' SECOND", 1, 60, 3, &want);
		compare(&pairs[i], &events, "'2' SECOND", 1, 1, 3, &want);
		rows_fini(&want);
	}
	events_fini(&events);
}

/* A row exactly a gap after its session: the watermark stood just before it, or it did not. */
Test(cascade, w9_a_watermark_between_two_windows_ends_a_session)
{
	static const char *const want[] = {
		"4999|14999|key-1|2|3|1|2", "4999|9999|key-1|1|1|1|1\n9999|14999|key-1|1|2|2|2"};

	for (int stops = 0; stops < 2; stops++) {
		struct rows rows = {0};
		char *copy = strdup(want[stops]);
		char *save = NULL;

		lab = (struct lab){0};
		lab_open_cascade(&lab, "'0' SECOND", TUMBLE_5,
			"SESSION(TABLE below PARTITION BY k, DESCRIPTOR(rt), INTERVAL '5' SECOND)", 1);
		lab_feed(&lab, 0, "key-1,1,1970-01-01 00:00:03.000\nkey-1,2,1970-01-01 00:00:07.000\n");
		lab_feed(&lab, 0, stops ? "key-2,0,1970-01-01 00:00:09.998\nkey-2,0,1970-01-01 00:01:00.000\n"
					: "key-2,0,1970-01-01 00:00:09.997\nkey-2,0,1970-01-01 00:01:00.000\n");
		lab_end(&lab);
		for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
			rows_add(&rows, "%s", line);
		rows_add(&rows, "9999|14999|key-2|1|0|0|0");
		rows_add(&rows, "64999|69999|key-2|1|0|0|0");
		rows_expect_equal(&lab.rows, &rows, "rows");
		rows_fini(&rows);
		free(copy);
		lab_close(&lab);
	}
}
