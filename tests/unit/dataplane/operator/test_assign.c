/* SPDX-License-Identifier: Apache-2.0 */
/* Window functions without GROUP BY: a row for each window of a record. Times are milliseconds. */
#include "harness.h"

#include <stdlib.h>

#define A_SOURCE                                                                                  \
	"CREATE TABLE s (id BIGINT, n STRING, d DECIMAL(30, 2), ts TIMESTAMP(3), WATERMARK FOR ts AS ts) " \
	"WITH ('connector'='udp', 'port'='5000', 'format'='csv', 'csv.null-literal'='~');\n"
#define OF(tvf, rest) "(" tvf "(TABLE s, DESCRIPTOR(ts), " rest "))"
#define SECONDS(n) "INTERVAL '" #n "' SECOND"

/* Late records have their windows as all others have. */
Test(assign, tumble)
{
	struct rows rows = answer(A_SOURCE,
		"EXPLAIN SELECT id, n, d, window_start, window_end, window_time FROM TABLE" OF("TUMBLE", SECONDS(10)) ";",
		"1,a,0.5,1970-01-01 00:00:25\n2,~,~,1970-01-01 00:00:09.999\n3,c,1,1969-12-31 23:59:59\n");

	rows_expect(&rows, "1|a|0.50|20000|30000|29999", "2|NULL|NULL|0|10000|9999", "3|c|1.00|-10000|0|-1", NULL);
}

Test(assign, hop_has_every_window_of_a_record)
{
	struct rows rows = answer(A_SOURCE,
		"EXPLAIN SELECT id, window_start, window_end FROM TABLE" OF("HOP", SECONDS(5) ", " SECONDS(15)) ";",
		"1,a,0,1970-01-01 00:00:22\n2,b,0,1970-01-01 00:00:20\n");

	rows_expect(&rows, "1|20000|35000", "1|15000|30000", "1|10000|25000", "2|20000|35000", "2|15000|30000",
		"2|10000|25000", NULL);
}

Test(assign, cumulate_ends_every_step_after_the_record)
{
	struct rows rows = answer(A_SOURCE,
		"EXPLAIN SELECT id, window_start, window_end FROM TABLE" OF("CUMULATE", SECONDS(5) ", " SECONDS(15)) ";",
		"1,a,0,1970-01-01 00:00:15\n2,b,0,1970-01-01 00:00:29.999\n");

	rows_expect(&rows, "1|15000|20000", "1|15000|25000", "1|15000|30000", "2|15000|30000", NULL);
}

/* One disposition for each record: accepted with a row at least, failed where one of its rows fails. */
Test(assign, dispositions)
{
	struct planned planned = plan_sql(A_SOURCE,
		"EXPLAIN SELECT id, 10 / EXTRACT(SECOND FROM window_start) FROM TABLE" OF("HOP", SECONDS(5) ", " SECONDS(10))
		" WHERE id < 9 AND window_end > TIMESTAMP '1970-01-01 00:00:15' AND ts >= window_start + INTERVAL '1' SECOND;");
	struct instance at = instance_open(&planned, NULL);
	struct rows rows;

	feed(&at, "1,both windows,0,1970-01-01 00:00:21\n"
		  "2,only the one that began 5 s before,0,1970-01-01 00:00:20\n"
		  "3,its windows end too early,0,1970-01-01 00:00:02\n"
		  "9,filtered as a record,0,1970-01-01 00:00:21\n"
		  "4,no time,0,~\n"
		  "5,one of its windows starts at second 0,0,1970-01-01 00:01:06\n");
	cr_expect_eq(count_of(&at, 0, FB_REC_ACCEPTED), 2);
	cr_expect_eq(count_of(&at, 0, FB_REC_FILTERED), 2);
	cr_expect_eq(count_of(&at, 0, FB_REC_NULL_TIME), 1);
	cr_expect_eq(count_of(&at, 0, FB_REC_EXPRESSION), 1);
	expect_ledger(&at, 0);
	rows = take_plain(&at, 0);
	rows_expect(&rows, "1|0", "1|0", "2|0", "5|2", NULL);
	cr_expect_eq(fb_reader_query_counters(at.reader, 0)->extra_rows, 2);
	instance_close(&at);
	planned_fini(&planned);
}

/* Recovery leaves out rows by their number: batches of any size give them in one order. */
Test(assign, order_of_rows_does_not_depend_on_batches)
{
	struct planned planned = plan_sql(A_SOURCE,
		"EXPLAIN SELECT id, n, window_start FROM TABLE" OF("HOP", SECONDS(1) ", " SECONDS(7)) ";");
	struct instance at[2] = {instance_open(&planned, NULL), instance_open(&planned, NULL)};
	struct fb_buf csv = {0};
	struct rows rows[2];

	for (int i = 0; i < 700; i++) {
		size_t before = csv.len;

		fb_buf_printf(&csv, "%d,name %d,0,1970-01-01 00:00:%02d\n", i, i, 10 + i % 50);
		feed_bytes(&at[1], csv.p + before, csv.len - before);
	}
	feed_bytes(&at[0], csv.p, csv.len);
	for (int i = 0; i < 2; i++) {
		expect_ledger(&at[i], 0);
		rows[i] = take_plain(&at[i], 0);
		cr_assert_eq(rows[i].cnt, 4900);
	}
	for (size_t i = 0; i < rows[0].cnt; i++)
		cr_assert_str_eq(rows[0].text[i], rows[1].text[i]);
	for (int i = 0; i < 2; i++) {
		rows_fini(&rows[i]);
		instance_close(&at[i]);
	}
	fb_buf_fini(&csv);
	planned_fini(&planned);
}

/* Rows without room: the record counts as refused, whatever of it came out, and the ledger holds. */
Test(assign, output_full)
{
	struct instance_conf conf = {.output_bytes = 2 * 65536};
	struct planned planned = plan_sql(A_SOURCE,
		"EXPLAIN SELECT id, window_start FROM TABLE" OF("HOP", SECONDS(1) ", " SECONDS(59)) ";");
	struct instance at = instance_open(&planned, &conf);
	struct fb_buf csv = {0};
	struct rows rows;

	for (int i = 0; i < 3000; i++)
		fb_buf_printf(&csv, "%d,a,0,1970-01-01 00:00:30\n", i);
	feed_bytes(&at, csv.p, csv.len);
	cr_expect_gt(count_of(&at, 0, FB_REC_OUTPUT_FULL), 0);
	cr_expect_eq(count_of(&at, 0, FB_REC_ACCEPTED) + count_of(&at, 0, FB_REC_OUTPUT_FULL), 3000);
	expect_ledger(&at, 0);
	rows = take_plain(&at, 0);
	cr_expect_geq(rows.cnt, 59 * count_of(&at, 0, FB_REC_ACCEPTED));
	cr_expect_lt(rows.cnt, 59 * (count_of(&at, 0, FB_REC_ACCEPTED) + 1));
	rows_fini(&rows);
	fb_buf_fini(&csv);
	instance_close(&at);
	planned_fini(&planned);
}
