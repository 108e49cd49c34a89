/* SPDX-License-Identifier: Apache-2.0 */
/* Window assignment: semantics 1.1. Each case has the name of its rule. */
#include "harness.h"

#define ONE_WINDOW(size)                                                                \
	"EXPLAIN SELECT window_start, window_end, COUNT(*) FROM TABLE(TUMBLE(TABLE s, " \
	"DESCRIPTOR(ts), " size ")) GROUP BY window_start, window_end;"
#define ROW_AT(time) "x,1,1,1,1,1,1,1,true,2020-01-01," time "\n"

Test(window, w1_start_is_aligned_to_the_epoch)
{
	struct rows rows = answer(SOURCE, ONE_WINDOW("INTERVAL '10' SECOND"),
		ROW_AT("1970-01-01 00:00:13.500") ROW_AT("1970-01-01 00:00:10.000")
			ROW_AT("1970-01-01 00:00:19.999"));

	rows_expect(&rows, "10000|20000|3", NULL);
}

Test(window, w1_end_is_exclusive)
{
	struct rows rows = answer(SOURCE, ONE_WINDOW("INTERVAL '10' SECOND"),
		ROW_AT("1970-01-01 00:00:09.999") ROW_AT("1970-01-01 00:00:10.000"));

	rows_expect(&rows, "0|10000|1", "10000|20000|1", NULL);
}

Test(window, w1_floor_mod_before_the_epoch)
{
	struct rows rows = answer(SOURCE, ONE_WINDOW("INTERVAL '10' SECOND"),
		ROW_AT("1969-12-31 23:59:59.999") ROW_AT("1969-12-31 23:59:50.000")
			ROW_AT("1969-12-31 23:59:49.999") ROW_AT("1970-01-01 00:00:00.000"));

	rows_expect(&rows, "-10000|0|2", "-20000|-10000|1", "0|10000|1", NULL);
}

/* 1970-01-01 is a Thursday; 2024-01-01 a Monday, its week began on 2023-12-28. */
Test(window, w1_weeks_begin_on_thursdays)
{
	struct rows rows = answer(SOURCE, ONE_WINDOW("INTERVAL '7' DAY"),
		ROW_AT("2023-12-27 23:59:59.999") ROW_AT("2023-12-28 00:00:00.000")
			ROW_AT("2024-01-01 00:00:00.000"));

	rows_expect(&rows, "1703721600000|1704326400000|2", "1703116800000|1703721600000|1", NULL);
}

Test(window, w1_many_windows_in_one_batch)
{
	char csv[200 * 64];
	struct rows want = {0};
	size_t len = 0;
	char time[32];

	/* Not in order, several windows of several rows each: 20 windows of 10. No row is late:
	 * delay 1 hour. */
	for (int i = 0; i < 200; i++)
		len += (size_t)sprintf(csv + len, "x,1,1,1,1,1,1,1,true,2020-01-01,%s\n",
			time_text(1000000 + (i * 37 % 200) * 1000 / 1, time));
	for (int w = 0; w < 20; w++)
		rows_add(&want, "%d|%d|10", 1000000 + w * 10000, 1010000 + w * 10000);

	struct rows rows = answer(SOURCE_WITH("'1' HOUR"), ONE_WINDOW("INTERVAL '10' SECOND"), csv);

	rows_expect_equal(&rows, &want, "windows");
	rows_fini(&rows);
	rows_fini(&want);
}

/* Day windows of TIMESTAMP_LTZ start at local midnight; the columns are local wall clock (W2, W12).
 */
Test(window, w2_ltz_days_start_at_local_midnight)
{
	static const char source[] = "SET 'table.local-time-zone' = '+05:30';\n"
				     "CREATE TABLE s (k STRING, ts TIMESTAMP_LTZ(3), WATERMARK FOR "
				     "ts AS ts) WITH ('connector'='udp', "
				     "'port'='5000', 'format'='csv');\n";
	static const char sql[] = ONE_WINDOW("INTERVAL '1' DAY");
	struct planned planned = plan_sql(source, sql);
	struct instance at = instance_open(&planned, NULL);
	struct rows rows;

	/* 18:29:59.999Z is the last millisecond of 1 January in +05:30. */
	feed(&at, "a,2024-01-01 18:29:59.997Z\nb,2024-01-01 18:29:59.998Z\n");
	rows = take_fired(&at, 0);
	cr_assert_eq(rows.cnt, 0);
	feed(&at, "c,2024-01-01 18:29:59.999Z\n");
	rows = take_fired(&at, 0);
	rows_expect(&rows, "1704067200000|1704153600000|3", NULL);
	feed(&at, "d,2024-01-01 18:30:00Z\n");
	rows = take_all(&at);
	rows_expect(&rows, "1704153600000|1704240000000|1", NULL);
	instance_close(&at);
	planned_fini(&planned);
}

/* Several local days in one batch, with a late row among them: each is assigned on its own. */
Test(window, w2_ltz_days_in_one_batch)
{
	static const char source[] = "SET 'table.local-time-zone' = '-03:00';\n"
				     "CREATE TABLE s (k STRING, ts TIMESTAMP_LTZ(3), WATERMARK FOR "
				     "ts AS ts - INTERVAL '1' HOUR) "
				     "WITH ('connector'='udp', 'port'='5000', 'format'='csv');\n";
	static const char sql[] = ONE_WINDOW("INTERVAL '1' DAY");
	struct planned planned = plan_sql(source, sql);
	struct instance at = instance_open(&planned, NULL);
	struct rows rows;

	/* 03:00Z is local midnight: 1 January has 2, 2 January has 2, and the last comes when 1
	 * January has fired. */
	feed(&at, "a,2024-01-01 03:00:00Z\nb,2024-01-02 02:59:59.999Z\nc,2024-01-02 "
		  "03:00:00Z\nd,2024-01-02 "
		  "04:00:00Z\ne,2024-01-02 02:59:59Z\n");
	cr_expect_eq(count_of(&at, 0, FB_REC_LATE), 1);
	rows = take_all(&at);
	rows_expect(&rows, "1704067200000|1704153600000|2", "1704153600000|1704240000000|2", NULL);
	instance_close(&at);
	planned_fini(&planned);
}

/* Event time is cut to milliseconds toward the past, before assignment, also before 1970. */
Test(window, w4_resolution_is_milliseconds)
{
	struct rows rows = answer(SOURCE, ONE_WINDOW("INTERVAL '1' SECOND"),
		ROW_AT("1969-12-31 23:59:59.9996") ROW_AT("1970-01-01 00:00:00.9999999")
			ROW_AT("1970-01-01 00:00:01"));

	rows_expect(&rows, "-1000|0|1", "0|1000|1", "1000|2000|1", NULL);
}

Test(window, w4_computed_rowtime_is_cut_too)
{
	static const char source[] = "CREATE TABLE s (t STRING, ts AS TO_TIMESTAMP(t), WATERMARK "
				     "FOR ts AS ts) WITH ('connector'='udp', "
				     "'port'='5000', 'format'='csv');\n";
	struct rows rows = answer(source, ONE_WINDOW("INTERVAL '1' SECOND"),
		"1969-12-31 23:59:59.9996\n1970-01-01 00:00:00.9999\n");

	rows_expect(&rows, "-1000|0|1", "0|1000|1", NULL);
}

/* The windows are [start, end) with start = ts - floormod(ts - offset, size); an offset of a size
 * or more is normalised. */
Test(window, w5_offset)
{
	struct rows rows = answer(SOURCE, ONE_WINDOW("INTERVAL '10' SECOND, INTERVAL '3' SECOND"),
		ROW_AT("1970-01-01 00:00:02.999") ROW_AT("1970-01-01 00:00:03.000")
			ROW_AT("1970-01-01 00:00:12.999"));

	rows_expect(&rows, "-7000|3000|1", "3000|13000|2", NULL);
	rows = answer(SOURCE, ONE_WINDOW("INTERVAL '10' SECOND, INTERVAL '-4' SECOND"),
		ROW_AT("1970-01-01 00:00:05.999") ROW_AT("1970-01-01 00:00:06.000"));
	rows_expect(&rows, "-4000|6000|1", "6000|16000|1", NULL);
	rows = answer(SOURCE, ONE_WINDOW("INTERVAL '10' SECOND, INTERVAL '23' SECOND"),
		ROW_AT("1970-01-01 00:00:02.999"));
	rows_expect(&rows, "-7000|3000|1", NULL);
}

Test(window, w8_only_windows_with_rows)
{
	struct rows rows = answer(SOURCE, ONE_WINDOW("INTERVAL '10' SECOND"),
		ROW_AT("1970-01-01 00:00:05.000") ROW_AT("1970-01-01 01:00:05.000"));

	rows_expect(&rows, "0|10000|1", "3600000|3610000|1", NULL);
	rows = answer(SOURCE, ONE_WINDOW("INTERVAL '10' SECOND"), "");
	rows_expect(&rows, NULL);
}

Test(window, w12_window_time_is_end_minus_a_millisecond)
{
	struct rows rows = answer(SOURCE,
		"EXPLAIN SELECT k, window_start, window_end, window_time, COUNT(*)" TUMBLE_10S
		"GROUP BY k, window_start, window_end, window_time;",
		ROW_AT("1970-01-01 00:00:05.000"));

	rows_expect(&rows, "x|0|10000|9999|1", NULL);
}

/* Of TIMESTAMP_LTZ it is the instant; window_start is wall clock of the zone: midnight of 1 January is
 * 18:30 in UTC. */
Test(window, w12_window_time_of_ltz_is_an_instant)
{
	struct rows rows = answer("SET 'table.local-time-zone' = '+05:30';\n"
				  "CREATE TABLE s (k STRING, ts TIMESTAMP_LTZ(3), WATERMARK FOR ts "
				  "AS ts) WITH ('connector'='udp', 'port'='5000', "
				  "'format'='csv');\n",
		"EXPLAIN SELECT window_start, window_end, window_time, COUNT(*) FROM "
		"TABLE(TUMBLE(TABLE s, DESCRIPTOR(ts), INTERVAL '1' DAY)) GROUP BY window_start, "
		"window_end, window_time;",
		"a,2024-01-01 12:00:00Z\n");

	rows_expect(&rows, "1704067200000|1704153600000|1704133799999|1", NULL);
}

Test(window, w14_null_event_time_is_counted_and_dropped)
{
	struct planned planned = plan_sql(SOURCE, ONE_WINDOW("INTERVAL '10' SECOND"));
	struct instance at = instance_open(&planned, NULL);
	struct rows rows;

	feed(&at, ROW_AT("~") ROW_AT("1970-01-01 00:00:05.000") ROW_AT("~"));
	feed(&at, ROW_AT("~"));
	cr_expect_eq(count_of(&at, 0, FB_REC_NULL_TIME), 3);
	cr_expect_eq(count_of(&at, 0, FB_REC_ACCEPTED), 1);
	expect_ledger(&at, 0);
	rows = take_all(&at);
	rows_expect(&rows, "0|10000|1", NULL);
	instance_close(&at);
	planned_fini(&planned);
}

/* Portable advice of W14: COALESCE in the computed column gives such rows a time. */
Test(window, w14_coalesce_gives_a_time)
{
	static const char source[] = "CREATE TABLE s (t STRING, ts AS COALESCE(TO_TIMESTAMP(t), "
				     "TIMESTAMP '1970-01-01 00:00:01'), "
				     "WATERMARK FOR ts AS ts) WITH ('connector'='udp', "
				     "'port'='5000', 'format'='csv');\n";
	struct rows rows = answer(
		source, ONE_WINDOW("INTERVAL '1' SECOND"), "1970-01-01 00:00:00.5\nrubbish\n");

	rows_expect(&rows, "0|1000|1", "1000|2000|1", NULL);
}

/* Times that no clock shows are refused by name, and cannot upset the arithmetic of windows. */
Test(window, times_out_of_range)
{
	static const char source[] = "SET 'table.local-time-zone' = 'UTC';\n"
				     "CREATE TABLE s (n BIGINT, ts AS TO_TIMESTAMP_LTZ(n, 3), "
				     "WATERMARK FOR ts AS ts) WITH ('connector'='udp', "
				     "'port'='5000', 'format'='csv');\n";
	struct planned planned = plan_sql(source, ONE_WINDOW("INTERVAL '10' SECOND"));
	struct instance at = instance_open(&planned, NULL);
	struct rows rows;

	/* TO_TIMESTAMP_LTZ knows the years 0 to 9999; beyond it is NULL. */
	feed(&at, "9223372036854775807\n-9223372036854775808\n253402300800000\n-"
		  "62167219200001\n5000\n");
	cr_expect_eq(count_of(&at, 0, FB_REC_NULL_TIME), 4);
	rows = take_fired(&at, 0);
	rows_expect(&rows, NULL);
	feed(&at, "253402300799999\n-62167219200000\n");
	cr_expect_eq(count_of(&at, 0, FB_REC_ACCEPTED), 2);
	cr_expect_eq(count_of(&at, 0, FB_REC_LATE), 1);
	rows = take_all(&at);
	rows_expect(&rows, "0|10000|1", "253402300790000|253402300800000|1", NULL);
	expect_ledger(&at, 0);
	instance_close(&at);
	planned_fini(&planned);
}
