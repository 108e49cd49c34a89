/* SPDX-License-Identifier: Apache-2.0 */
/* HOP and CUMULATE. Each case has the name of its rule; properties come last. */
#include <stdio.h>
#include <stdlib.h>

#include "config/base/calendar.h"
#include "lab.h"

#define HOP_10_30 "HOP(TABLE s, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '30' SECOND)"
#define CUMULATE_10_30 "CUMULATE(TABLE s, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '30' SECOND)"
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

/* A row is in size / slide windows, and those that start before the first row exist. */
Test(sliced, w6_hop_assigns_to_every_window)
{
	lab_open(&lab, "'0' SECOND", HOP_10_30, 1);
	lab_feed(&lab, 0, AT(a, 5, "00:35.000"));
	expect_all("10000|40000|a|1|5|5|5\n20000|50000|a|1|5|5|5\n30000|60000|a|1|5|5|5");
}

Test(sliced, w6_hop_with_offset)
{
	lab_open(&lab, "'0' SECOND",
		"HOP(TABLE s, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '20' SECOND, INTERVAL '3' "
		"SECOND)",
		1);
	lab_feed(&lab, 0, AT(a, 1, "00:42.999") AT(a, 2, "00:43.000"));
	expect_all("23000|43000|a|1|1|1|1\n33000|53000|a|2|3|1|2\n43000|63000|a|1|2|2|2");
}

Test(sliced, w6_hop_before_the_epoch)
{
	lab_open(&lab, "'0' SECOND", HOP_10_30, 1);
	lab_feed(&lab, 0, "a,1,1969-12-31 23:59:59.999\n");
	expect_all("-30000|0|a|1|1|1|1\n-20000|10000|a|1|1|1|1\n-10000|20000|a|1|1|1|1");
}

/* A key is in every later step even without new rows, not in steps before its first row. */
Test(sliced, w7_cumulate_repeats_a_key)
{
	lab_open(&lab, "'0' SECOND", CUMULATE_10_30, 1);
	lab_feed(&lab, 0, AT(a, 1, "01:01.000") AT(b, 2, "01:15.000") AT(a, 3, "01:29.000"));
	expect_all("60000|70000|a|1|1|1|1\n60000|80000|a|1|1|1|1\n60000|80000|b|1|2|2|2\n"
		   "60000|90000|a|2|4|1|3\n60000|90000|b|1|2|2|2");
}

/* The window of CUMULATE begins at multiples of its size, not of its step. */
Test(sliced, w7_cumulate_with_offset)
{
	lab_open(&lab, "'0' SECOND",
		"CUMULATE(TABLE s, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '30' SECOND, INTERVAL "
		"'10' SECOND)",
		1);
	lab_feed(&lab, 0, AT(a, 1, "01:05.000") AT(a, 2, "01:10.000"));
	expect_all("40000|70000|a|1|1|1|1\n70000|80000|a|1|2|2|2\n70000|90000|a|1|2|2|2\n"
		   "70000|100000|a|1|2|2|2");
}

Test(sliced, w8_a_key_without_rows_gives_none)
{
	lab_open(&lab, "'0' SECOND", HOP_10_30, 1);
	lab_feed(&lab, 0, AT(a, 1, "00:35.000") AT(b, 2, "10:35.000"));
	expect_all("10000|40000|a|1|1|1|1\n20000|50000|a|1|1|1|1\n30000|60000|a|1|1|1|1\n"
		   "610000|640000|b|1|2|2|2\n620000|650000|b|1|2|2|2\n630000|660000|b|1|2|2|2");
}

/* A row is added to those of its windows that have not fired, and late only when all have. */
Test(sliced, m5_hop_late_for_some_windows)
{
	lab_open(&lab, "'0' SECOND", HOP_10_30, 1);
	lab_feed(&lab, 0, AT(a, 1, "00:35.000") AT(a, 2, "00:41.000")); /* fires [10,40) */
	cr_expect_eq(lab.windows, 1);
	lab_feed(&lab, 0, AT(a, 4, "00:36.000")); /* not in [10,40) any more */
	lab_feed(&lab, 0, AT(a, 8, "00:50.500")); /* fires [20,50) */
	lab_feed(&lab, 0, AT(a, 16, "00:37.000")); /* only in [30,60) */
	lab_feed(&lab, 0, AT(a, 32, "01:00.000"));
	lab_feed(&lab, 0, AT(a, 64, "00:38.000")); /* late for all */
	cr_expect_eq(lab_count(&lab, FB_REC_LATE), 1);
	cr_expect_eq(lab_count(&lab, FB_REC_ACCEPTED), 6);
	cr_expect_eq(lab_late_pairs(&lab), 1 + 2 + 3);
	expect_all("10000|40000|a|1|1|1|1\n20000|50000|a|3|7|1|4\n30000|60000|a|5|31|1|16\n"
		   "40000|70000|a|3|42|2|32\n50000|80000|a|2|40|8|32\n60000|90000|a|1|32|32|32");
}

/* The same within one payload: each row is judged by the watermark before it. */
Test(sliced, m5_hop_within_a_payload)
{
	lab_open(&lab, "'0' SECOND", HOP_10_30, 1);
	lab_feed(&lab, 0,
		AT(a, 1, "00:35.000") AT(a, 2, "00:41.000") AT(a, 4, "00:36.000")
			AT(a, 8, "00:50.500") AT(a, 16, "00:37.000") AT(a, 32, "01:00.000")
				AT(a, 64, "00:38.000"));
	cr_expect_eq(lab_count(&lab, FB_REC_LATE), 1);
	expect_all("10000|40000|a|1|1|1|1\n20000|50000|a|3|7|1|4\n30000|60000|a|5|31|1|16\n"
		   "40000|70000|a|3|42|2|32\n50000|80000|a|2|40|8|32\n60000|90000|a|1|32|32|32");
}

Test(sliced, m5_cumulate_late_for_some_steps)
{
	lab_open(&lab, "'0' SECOND", CUMULATE_10_30, 1);
	lab_feed(&lab, 0, AT(a, 1, "00:01.000") AT(a, 2, "00:12.000")); /* fires [0,10) */
	lab_feed(&lab, 0, AT(a, 4, "00:03.000"));                       /* from [0,20) on */
	lab_feed(&lab, 0, AT(a, 8, "00:25.000"));                       /* fires [0,20) */
	lab_feed(&lab, 0, AT(b, 16, "00:04.000"));                      /* only in [0,30) */
	lab_feed(&lab, 0, AT(a, 32, "00:30.000"));
	lab_feed(&lab, 0, AT(a, 64, "00:05.000"));
	cr_expect_eq(lab_count(&lab, FB_REC_LATE), 1);
	cr_expect_eq(lab_late_pairs(&lab), 1 + 2 + 3);
	expect_all("0|10000|a|1|1|1|1\n0|20000|a|3|7|1|4\n0|30000|a|4|15|1|8\n0|30000|b|1|16|16|16\n"
		   "30000|40000|a|1|32|32|32\n30000|50000|a|1|32|32|32\n30000|60000|a|1|32|32|32");
}

/* What several windows need does not stay with its reader; there is one slice per slide, whatever the
 * overlap. */
Test(sliced, slices_go_home_early)
{
	lab_open(&lab, "'0' SECOND",
		"HOP(TABLE s, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '60' SECOND)", 1);
	for (int i = 0; i < 50; i++) {
		char line[64], time[32];

		snprintf(line, sizeof(line), "a,1,%s\n", time_text(60000 + i * 1000, time));
		lab_feed(&lab, 0, line);
		cr_expect_leq(fb_reader_query_counters(lab.at[0].reader, 0)->state_used_bytes,
			2 * FB_PAGE_BYTES, "one open slice");
	}
	cr_expect_eq(lab_count(&lab, FB_REC_ACCEPTED), 50);
	cr_expect_eq(fb_reader_query_counters(lab.at[0].reader, 0)->slices_sealed, 49);
	cr_expect_gt(fb_assembly_waiting_rows(lab.assembly), 0);
	lab_end(&lab);
	cr_expect_eq(lab.finished_rows, 50);
	cr_expect_eq(lab.rows.cnt, 50 + 59);
	lab_close(&lab);
}

/* When the pool has no room for copies, slices stay lent, and all comes out the same. */
Test(sliced, a_small_pool_borrows)
{
	lab.pool_bytes = 3u << 20;
	lab_open(&lab, "'0' SECOND",
		"HOP(TABLE s, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '60' SECOND)", 1);
	for (int i = 0; i < 100; i++) {
		char line[64], time[32];

		snprintf(line, sizeof(line), "a,1,%s\n", time_text(60000 + i * 1000, time));
		lab_feed(&lab, 0, line);
	}
	cr_expect_gt(fb_reader_query_counters(lab.at[0].reader, 0)->state_used_bytes,
		2 * FB_PAGE_BYTES, "some are lent");
	lab_end(&lab);
	cr_expect_eq(lab.rows.cnt, 100 + 59);
	lab_close(&lab);
}

/* ---- properties ---- */

struct property {
	const char *tvf;
	struct fb_window window;
};

static const struct property properties[] = {
	{"TUMBLE(TABLE s, DESCRIPTOR(ts), INTERVAL '10' SECOND)",
		{FB_WINDOW_TUMBLE, 10000, 10000, 0}},
	{"TUMBLE(TABLE s, DESCRIPTOR(ts), INTERVAL '7' SECOND, INTERVAL '3' SECOND)",
		{FB_WINDOW_TUMBLE, 7000, 7000, 3000}},
	{HOP_10_30, {FB_WINDOW_HOP, 30000, 10000, 0}},
	{"HOP(TABLE s, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '20' SECOND)",
		{FB_WINDOW_HOP, 20000, 1000, 0}},
	{"HOP(TABLE s, DESCRIPTOR(ts), INTERVAL '3' SECOND, INTERVAL '12' SECOND, INTERVAL '1' "
	 "SECOND)",
		{FB_WINDOW_HOP, 12000, 3000, 1000}},
	{CUMULATE_10_30, {FB_WINDOW_CUMULATE, 30000, 10000, 0}},
	{"CUMULATE(TABLE s, DESCRIPTOR(ts), INTERVAL '2' SECOND, INTERVAL '14' SECOND, INTERVAL '5' "
	 "SECOND)",
		{FB_WINDOW_CUMULATE, 14000, 2000, 5000}},
};

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

/* One partition, any batch size, rows that come late for some windows or for all: the reference, row by
 * row. */
Test(sliced, m5_any_batch_size_equals_one_record_at_a_time)
{
	static const size_t pieces[] = {1, 3, 64, 700, 4000};
	struct events events = events_make(&(struct events_conf){
		.cnt = 4000, .seed = 5, .key_cnt = 20, .span_ms = 120000, .jitter_ms = 50000});

	for (size_t i = 0; i < FB_ARRAY_LEN(properties); i++) {
		struct reference_counts counts;
		struct rows want =
			reference_answer(&events, &properties[i].window, 4000, &counts);

		cr_assert_gt(counts.late, 100);
		for (size_t k = 0; k < FB_ARRAY_LEN(pieces); k++) {
			struct random random = {77};

			lab = (struct lab){0};
			lab_open(&lab, "'4' SECOND", properties[i].tvf, 1);
			feed_by_chance(&events, &random, pieces[k], false);
			cr_expect_eq(lab_count(&lab, FB_REC_LATE), counts.late);
			cr_expect_eq(lab_count(&lab, FB_REC_ACCEPTED), counts.accepted);
			cr_expect_eq(lab_late_pairs(&lab), counts.late_pairs);
			lab_end(&lab);
			cr_expect_eq(lab.finished_rows, counts.accepted);
			rows_expect_equal(&lab.rows, &want, properties[i].tvf);
			lab_close(&lab);
		}
		rows_fini(&want);
	}
	events_fini(&events);
}

/* Any split over 1 to 8 partitions equals one. Nothing is late. */
Test(sliced, m3_any_split_over_partitions_equals_one)
{
	struct events events = events_make(&(struct events_conf){
		.cnt = 3000, .seed = 6, .key_cnt = 30, .span_ms = 100000, .jitter_ms = 15000});

	for (size_t i = 0; i < FB_ARRAY_LEN(properties); i++) {
		struct reference_counts counts;
		struct rows want =
			reference_answer(&events, &properties[i].window, 20000, &counts);

		cr_assert_eq(counts.late, 0);
		for (uint32_t partitions = 1; partitions <= LAB_PARTITIONS_MAX; partitions++) {
			struct random random = {partitions * 991};

			lab = (struct lab){0};
			lab_open(&lab, "'20' SECOND", properties[i].tvf, partitions);
			feed_by_chance(&events, &random, 60, false);
			lab_end(&lab);
			rows_expect_equal(&lab.rows, &want, properties[i].tvf);
			lab_close(&lab);
		}
		rows_fini(&want);
	}
	events_fini(&events);
}

/* What is open at a stop, and what waits for its last window, goes on after the restart. */
Test(sliced, a_restart_changes_nothing)
{
	struct events events = events_make(&(struct events_conf){
		.cnt = 2000, .seed = 8, .key_cnt = 30, .span_ms = 100000, .jitter_ms = 8000});

	for (size_t i = 0; i < FB_ARRAY_LEN(properties); i++) {
		struct reference_counts counts;
		struct rows want =
			reference_answer(&events, &properties[i].window, 10000, &counts);
		struct random random = {4};

		lab = (struct lab){0};
		lab_open(&lab, "'10' SECOND", properties[i].tvf, 2);
		feed_by_chance(&events, &random, 50, true);
		lab_end(&lab);
		rows_expect_equal(&lab.rows, &want, properties[i].tvf);
		rows_fini(&want);
		lab_close(&lab);
	}
	events_fini(&events);
}

static struct rows run_whole(const struct events *events, const char *tvf)
{
	struct random random = {3};
	struct rows rows;

	lab = (struct lab){0};
	lab_open(&lab, "'5' SECOND", tvf, 1);
	feed_by_chance(events, &random, 100, false);
	lab_end(&lab);
	rows = lab.rows;
	lab.rows = (struct rows){0};
	lab_close(&lab);
	return rows;
}

/* HOP is the union of TUMBLEs that are shifted by the slide. */
Test(sliced, w6_hop_is_the_union_of_shifted_tumbles)
{
	struct events events = events_make(&(struct events_conf){
		.cnt = 2000, .seed = 9, .key_cnt = 10, .span_ms = 100000, .jitter_ms = 4000});
	struct rows hop = run_whole(&events, HOP_10_30);
	struct rows all = {0};

	for (int shift = 0; shift < 30; shift += 10) {
		char tvf[160];
		struct rows some;

		snprintf(tvf, sizeof(tvf),
			"TUMBLE(TABLE s, DESCRIPTOR(ts), INTERVAL '30' SECOND, INTERVAL '%d' SECOND)",
			shift);
		some = run_whole(&events, tvf);
		for (size_t i = 0; i < some.cnt; i++)
			rows_add(&all, "%s", some.text[i]);
		rows_fini(&some);
	}
	rows_expect_equal(&hop, &all, "HOP");
	rows_fini(&hop);
	rows_fini(&all);
	events_fini(&events);
}

/* The last step of CUMULATE is TUMBLE. */
Test(sliced, w7_the_last_step_of_cumulate_is_tumble)
{
	struct events events = events_make(&(struct events_conf){
		.cnt = 2000, .seed = 10, .key_cnt = 10, .span_ms = 100000, .jitter_ms = 4000});
	struct rows cumulate = run_whole(&events, CUMULATE_10_30);
	struct rows tumble =
		run_whole(&events, "TUMBLE(TABLE s, DESCRIPTOR(ts), INTERVAL '30' SECOND)");
	struct rows last = {0};

	for (size_t i = 0; i < cumulate.cnt; i++) {
		long long start, end;

		cr_assert_eq(sscanf(cumulate.text[i], "%lld|%lld", &start, &end), 2);
		if (end - start == 30000)
			rows_add(&last, "%s", cumulate.text[i]);
	}
	rows_expect_equal(&last, &tumble, "the last step");
	rows_fini(&cumulate);
	rows_fini(&tumble);
	rows_fini(&last);
	events_fini(&events);
}

/* Checkpoints between any two payloads: the rows are those without, nothing stays lent, and what one writes does
 * not grow with how many there were before it. */
Test(sliced, checkpoints_change_nothing)
{
	struct events events = events_make(&(struct events_conf){
		.cnt = 3000, .seed = 11, .key_cnt = 30, .span_ms = 100000, .jitter_ms = 30000});

	for (size_t i = 0; i < FB_ARRAY_LEN(properties); i++) {
		struct reference_counts counts;
		struct rows want =
			reference_answer(&events, &properties[i].window, 4000, &counts);

		uint32_t most = 0;

		cr_assert_gt(counts.late, 100);
		lab = (struct lab){0};
		lab_open(&lab, "'4' SECOND", properties[i].tvf, 1);
		for (size_t from = 0; from < events.cnt; from += 25) {
			char *csv = events_csv(&events, from, FB_MIN(from + 25, events.cnt));
			uint32_t parts;

			lab_feed(&lab, 0, csv);
			free(csv);
			parts = lab_checkpoint(&lab);
			most = FB_MAX(most, parts);
			cr_assert_eq(lab_checkpoint(&lab), 0, "nothing has changed");
		}
		/* HOP of 20 s by 1 s has the most open at a time: 31 by a run. */
		cr_expect_leq(most, 40, "%u parts in a checkpoint", most);
		cr_expect_eq(lab_count(&lab, FB_REC_LATE), counts.late);
		lab_end(&lab);
		rows_expect_equal(&lab.rows, &want, properties[i].tvf);
		rows_fini(&want);
		lab_close(&lab);
	}
	events_fini(&events);
}
