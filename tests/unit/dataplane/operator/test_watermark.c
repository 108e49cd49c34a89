/* SPDX-License-Identifier: Apache-2.0 */
/* Watermarks, firing, lateness: semantics 1.2. Each case has the name of its rule. */
#include "harness.h"

#include "config/base/calendar.h"

#define COUNT_SQL "EXPLAIN SELECT window_start, COUNT(*), MIN(a), MAX(a)" TUMBLE_10S BY_WINDOW ";"

static struct planned planned;
static struct instance at;

static void open_with(const char *prelude, const char *sql)
{
	planned = plan_sql(prelude, sql);
	at = instance_open(&planned, NULL);
}

static void finish(void)
{
	expect_ledger(&at, 0);
	instance_close(&at);
	planned_fini(&planned);
}

/* One record with a = `a` at `ms`. */
static void record(int a, int64_t ms)
{
	char line[128];
	char time[32];

	snprintf(line, sizeof(line), "x,1,%d,1,1,1,1,1,true,2020-01-01,%s\n", a,
		time_text(ms, time));
	feed(&at, line);
}

static void expect_fired(const char *a, const char *b)
{
	struct rows rows = take_fired(&at, 0);

	rows_expect(&rows, a, b, NULL);
}

Test(watermark, m1_running_maximum_less_the_delay)
{
	open_with(SOURCE, COUNT_SQL);
	cr_expect_eq(fb_reader_own_watermark(at.reader), FB_TIME_MIN);
	record(1, 5000);
	cr_expect_eq(fb_reader_own_watermark(at.reader), 3000);
	record(2, 4000);
	cr_expect_eq(fb_reader_own_watermark(at.reader), 3000, "it does not go back");
	record(3, 7001);
	cr_expect_eq(fb_reader_own_watermark(at.reader), 5001, "no extra millisecond is taken off");
	finish();
}

/* Nothing at or below the epoch is ever emitted, and no row is late before. */
Test(watermark, m1_starts_at_zero)
{
	open_with(SOURCE, COUNT_SQL);
	record(1, 2000);
	cr_expect_eq(fb_reader_own_watermark(at.reader), FB_TIME_MIN);
	record(2, -100000);
	record(3, -200000);
	expect_fired(NULL, NULL);
	cr_expect_eq(count_of(&at, 0, FB_REC_LATE), 0);
	record(4, 2001);
	cr_expect_eq(fb_reader_own_watermark(at.reader), 1);
	/* Now both windows before the epoch have fired. */
	expect_fired("-100000|1|2|2", "-200000|1|3|3");
	record(5, -50000);
	cr_expect_eq(count_of(&at, 0, FB_REC_LATE), 1);
	finish();
}

Test(watermark, m1_rows_dropped_by_where_advance_it)
{
	open_with(SOURCE, "EXPLAIN SELECT window_start, COUNT(*), MIN(a), MAX(a)" TUMBLE_10S
			  "WHERE a < 100 " BY_WINDOW ";");
	record(1, 5000);
	record(100, 12000);
	cr_expect_eq(count_of(&at, 0, FB_REC_FILTERED), 1);
	cr_expect_eq(fb_reader_own_watermark(at.reader), 10000);
	expect_fired("0|1|1|1", NULL);
	record(2, 6000);
	cr_expect_eq(count_of(&at, 0, FB_REC_LATE), 1);
	finish();
}

/* A row whose time is NULL has none to advance it with. */
Test(watermark, m1_null_time_does_not_move_it)
{
	open_with(SOURCE, COUNT_SQL);
	feed(&at, "x,1,1,1,1,1,1,1,true,2020-01-01,~\n");
	cr_expect_eq(fb_reader_own_watermark(at.reader), FB_TIME_MIN);
	finish();
}

/* Rule M2: per record, so a row is late by what the row before it said, in the same payload. */
Test(watermark, m2_per_record_within_a_payload)
{
	open_with(SOURCE, COUNT_SQL);
	feed(&at, "x,1,1,1,1,1,1,1,true,2020-01-01,1970-01-01 00:00:05\n"
		  "x,1,2,1,1,1,1,1,true,2020-01-01,1970-01-01 00:00:11.998\n" /* watermark 9998 */
		  "x,1,3,1,1,1,1,1,true,2020-01-01,1970-01-01 00:00:09\n"
		  "x,1,4,1,1,1,1,1,true,2020-01-01,1970-01-01 00:00:11.999\n" /* watermark 9999:
										 fires */
		  "x,1,5,1,1,1,1,1,true,2020-01-01,1970-01-01 00:00:09\n");
	cr_expect_eq(count_of(&at, 0, FB_REC_LATE), 1);
	cr_expect_eq(count_of(&at, 0, FB_REC_ACCEPTED), 4);
	expect_fired("0|2|1|3", NULL);

	struct rows rows = take_all(&at);

	rows_expect(&rows, "10000|2|2|4", NULL);
	finish();
}

Test(watermark, m3_minimum_over_partitions)
{
	open_with(SOURCE, COUNT_SQL);
	fb_reader_set_others(at.reader, 4000);
	record(1, 5000);
	record(2, 50000);
	cr_expect_eq(fb_reader_own_watermark(at.reader), 48000, "its own does not know the others");
	record(3, 5000);
	cr_expect_eq(count_of(&at, 0, FB_REC_LATE), 0, "the slowest partition decides");
	fb_reader_set_others(at.reader, 9999);
	record(4, 5000);
	cr_expect_eq(count_of(&at, 0, FB_REC_LATE), 1);
	fb_reader_set_watermark(at.reader, 9999);

	uint32_t number;
	struct fb_slice *slice = fb_reader_take_sealed(at.reader, &number);

	cr_assert_not_null(slice);
	cr_expect_eq(fb_slice_start_ms(slice), 0);
	cr_expect_eq(fb_slice_row_cnt(slice), 2);
	fb_reader_return_slice(at.reader, number, slice);
	cr_expect_null(fb_reader_take_sealed(at.reader, &number));
	finish();
}

/* One payload: the first window has fired by the others, the second has not, whatever this
 * partition has seen itself. */
Test(watermark, m3_minimum_decides_row_by_row)
{
	open_with(SOURCE, COUNT_SQL);
	record(1, 50000);
	fb_reader_set_others(at.reader, 10500);
	feed(&at, "x,1,2,1,1,1,1,1,true,2020-01-01,1970-01-01 00:00:09\n"
		  "x,1,3,1,1,1,1,1,true,2020-01-01,1970-01-01 00:00:15\n"
		  "x,1,4,1,1,1,1,1,true,2020-01-01,1970-01-01 00:01:00\n"
		  "x,1,5,1,1,1,1,1,true,2020-01-01,1970-01-01 00:00:16\n");
	cr_expect_eq(count_of(&at, 0, FB_REC_LATE), 1);

	struct rows rows = take_all(&at);

	rows_expect(&rows, "50000|1|1|1", "10000|2|3|5", "60000|1|4|4", NULL);
	finish();
}

/* What has fired globally stays fired, even if another partition joins that is behind. */
Test(watermark, m3_never_goes_back)
{
	open_with(SOURCE, COUNT_SQL);
	record(1, 50000);
	expect_fired(NULL, NULL);
	cr_expect_eq(fb_reader_watermark(at.reader), 48000);
	fb_reader_set_others(at.reader, 100);
	fb_reader_set_watermark(at.reader, 100);
	cr_expect_eq(fb_reader_watermark(at.reader), 48000);
	record(2, 30000);
	cr_expect_eq(count_of(&at, 0, FB_REC_LATE), 1);
	finish();
}

Test(watermark, m4_fires_at_end_minus_a_millisecond)
{
	open_with(SOURCE, COUNT_SQL);
	record(1, 5000);
	record(2, 11998);
	expect_fired(NULL, NULL);
	record(3, 11999);
	expect_fired("0|1|1|1", NULL);
	expect_fired(NULL, NULL);
	finish();
}

Test(watermark, m4_oldest_first)
{
	uint32_t number;
	int64_t last = FB_TIME_MIN;

	open_with(SOURCE_WITH("'1' HOUR"), COUNT_SQL);
	for (int i = 0; i < 50; i++)
		record(i, 1000000 + i * 7919 % 50 * 10000);
	fb_reader_set_watermark(at.reader, FB_TIME_MAX);
	for (int i = 0; i < 50; i++) {
		struct fb_slice *slice = fb_reader_take_sealed(at.reader, &number);

		cr_assert_not_null(slice);
		cr_expect_gt(fb_slice_start_ms(slice), last);
		last = fb_slice_start_ms(slice);
		fb_reader_return_slice(at.reader, number, slice);
	}
	cr_expect_null(fb_reader_take_sealed(at.reader, &number));
	finish();
}

Test(watermark, m5_late_only_when_the_window_has_fired)
{
	open_with(SOURCE, COUNT_SQL);
	record(1, 11998); /* watermark 9998 */
	record(2, 0);     /* behind the watermark, but its window is open */
	cr_expect_eq(count_of(&at, 0, FB_REC_LATE), 0);
	record(3, 11999); /* watermark 9999 */
	record(4, 9999);
	record(5, 10000);
	cr_expect_eq(count_of(&at, 0, FB_REC_LATE), 1);
	cr_expect_eq(fb_reader_query_counters(at.reader, 0)->late_row_windows, 1);
	expect_fired("0|1|2|2", NULL);

	struct rows rows = take_all(&at);

	rows_expect(&rows, "10000|3|1|5", NULL);
	finish();
}

/* One batch in which rows come late and others open three windows. */
Test(watermark, m5_late_rows_among_others)
{
	open_with(SOURCE, COUNT_SQL);
	feed(&at, "x,1,1,1,1,1,1,1,true,2020-01-01,1970-01-01 00:00:25\n"
		  "x,1,2,1,1,1,1,1,true,2020-01-01,1970-01-01 00:00:05\n"
		  "x,1,3,1,1,1,1,1,true,2020-01-01,1970-01-01 00:00:19\n"
		  "x,1,4,1,1,1,1,1,true,2020-01-01,1970-01-01 00:00:20\n"
		  "x,1,5,1,1,1,1,1,true,2020-01-01,1970-01-01 00:00:35\n"
		  "x,1,6,1,1,1,1,1,true,2020-01-01,1970-01-01 00:00:29\n");
	cr_expect_eq(count_of(&at, 0, FB_REC_LATE), 3);

	struct rows rows = take_all(&at);

	rows_expect(&rows, "20000|2|1|4", "30000|1|5|5", NULL);
	finish();
}

/* Two queries over one source have one watermark; the late counter is each one's own. */
Test(watermark, m5_per_query)
{
	open_with(SOURCE, COUNT_SQL "EXPLAIN SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE "
				    "s, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) " BY_WINDOW ";");
	record(1, 5000);
	record(2, 30000);
	record(3, 5000);
	cr_expect_eq(count_of(&at, 0, FB_REC_LATE), 1);
	cr_expect_eq(count_of(&at, 1, FB_REC_LATE), 0);
	expect_ledger(&at, 1);
	finish();
}

/* An idle partition leaves the minimum: others_ms is then what is left, or nothing. */
Test(watermark, m8_idle_partitions)
{
	open_with(SOURCE, COUNT_SQL);
	fb_reader_set_others(at.reader, FB_TIME_MIN); /* another that has said nothing yet */
	record(1, 5000);
	record(2, 60000);
	record(3, 5000);
	cr_expect_eq(count_of(&at, 0, FB_REC_LATE), 0);
	fb_reader_set_others(at.reader, FB_TIME_MAX); /* it is idle */
	record(4, 5000);
	cr_expect_eq(count_of(&at, 0, FB_REC_LATE), 1);
	finish();
}

Test(watermark, m10_end_of_input_fires_all)
{
	struct rows rows;

	open_with(SOURCE, COUNT_SQL);
	record(1, 5000);
	record(2, 15000);
	record(3, -15000);
	rows = take_all(&at);
	/* The third came when the watermark was 13000. */
	rows_expect(&rows, "0|1|1|1", "10000|1|2|2", NULL);
	cr_expect_eq(count_of(&at, 0, FB_REC_LATE), 1);
	record(4, 99000000);
	cr_expect_eq(count_of(&at, 0, FB_REC_LATE), 2, "after the end all is late");
	finish();
}

/* The watermark that a restart kept. */
Test(watermark, restart_keeps_what_has_fired)
{
	struct instance_conf conf = {.restarts = true, .watermark_ms = 9999};

	planned = plan_sql(SOURCE, COUNT_SQL);
	at = instance_open(&planned, &conf);
	record(1, 9999);
	record(2, 10000);
	cr_expect_eq(count_of(&at, 0, FB_REC_LATE), 1);
	cr_expect_eq(count_of(&at, 0, FB_REC_ACCEPTED), 1);
	finish();
}

/* A bad timestamp is the decoder's to refuse: it moves nothing. */
Test(watermark, rejected_records_move_nothing)
{
	open_with(SOURCE, COUNT_SQL);
	feed(&at, "x,1,1,1,1,1,1,1,true,2020-01-01,2999-13-01 "
		  "00:00:00\nx,1,zz,1,1,1,1,1,true,2020-01-01,2999-01-01 00:00:00\n");
	cr_expect_eq(fb_reader_own_watermark(at.reader), FB_TIME_MIN);
	cr_expect_eq(fb_reader_decode_counters(at.reader)->rejected[FB_REC_DATETIME], 1);
	cr_expect_eq(fb_reader_decode_counters(at.reader)->rejected[FB_REC_NUMBER], 1);
	finish();
}
