/* SPDX-License-Identifier: Apache-2.0 */
/* Whole engines over capture files: apply, windows, drain, restart, drop, several workers. Expected
 * rows by an obvious loop. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/control/pipeline/lab.h"

#define SOURCE_WITH(delay)                                                         \
	"CREATE TABLE people (id INT, city STRING, age INT, ts TIMESTAMP(3),"      \
	" WATERMARK FOR ts AS ts - INTERVAL " delay                                \
	") WITH ('connector'='udp', 'port'='5000', "                               \
	"'format'='csv');"
#define SOURCE SOURCE_WITH("'1' SECOND")
#define WINDOWS SOURCE WINDOWS_QUERY
/* Nothing is late, however far one worker is ahead before the other has begun. */
#define WINDOWS_PATIENT SOURCE_WITH("'1' HOUR") WINDOWS_QUERY
#define WINDOWS_QUERY                                                                 \
	"CREATE TABLE w (ws TIMESTAMP(3), city STRING, n BIGINT, s INT) WITH " \
	       "('connector'='blackhole');"                                           \
	       "INSERT INTO w SELECT window_start, city, COUNT(*), SUM(age) FROM "    \
	       "TABLE(TUMBLE(TABLE people, DESCRIPTOR(ts),"                           \
	       " INTERVAL '10' SECOND)) GROUP BY window_start, window_end, city;"

/* The same rows, of windows of 2 s in between (rule W13). */
#define CASCADE                                                                            \
	SOURCE "CREATE TABLE w (ws TIMESTAMP(3), city STRING, n BIGINT, s INT) WITH "      \
	       "('connector'='blackhole');"                                                \
	       "CREATE VIEW twos AS SELECT window_time AS rt, city, COUNT(*) AS n, "       \
	       "SUM(age) AS s FROM TABLE(TUMBLE(TABLE people, DESCRIPTOR(ts), "            \
	       "INTERVAL '2' SECOND)) GROUP BY window_start, window_end, window_time, "    \
	       "city;"                                                                     \
	       "INSERT INTO w SELECT window_start, city, SUM(n), SUM(s) FROM "             \
	       "TABLE(TUMBLE(TABLE twos, DESCRIPTOR(rt), INTERVAL '10' SECOND)) "          \
	       "GROUP BY window_start, window_end, city;"

#define CITIES 7
#define RECORDS 4000

static struct lab lab;

static void setup(void)
{
	lab_make(&lab, 1);
}

static void setup_two(void)
{
	lab_make(&lab, 2);
}

static void cleanup(void)
{
	lab_remove(&lab);
}

/* Record i: a city, an age, and a time 25 ms after the one before: 40 s in all from 100 s on. */
static void record(uint32_t i, char *text, size_t len)
{
	uint32_t ms = 100000 + i * 10;

	snprintf(text, len, "%u,city%u,%u,1970-01-01 00:%02u:%02u.%03u\n", i, i * i % CITIES,
		i % 90, ms / 60000, ms / 1000 % 60, ms % 1000);
}

static void send_records(uint32_t from, uint32_t to, uint32_t captures)
{
	char text[1400] = "";
	uint32_t datagram = 0;

	for (uint32_t i = from; i < to; i++) {
		record(i, text + strlen(text), sizeof(text) - strlen(text));
		if (strlen(text) > 1200 || i + 1 == to) {
			lab_datagram(&lab, datagram++ % captures, 5000, text);
			text[0] = '\0';
		}
	}
}

/* The rows of the windows that begin in [from_s, to_s). */
static char *expected_windows(uint32_t from_s, uint32_t to_s)
{
	char *rows = calloc(1, 1 << 16);
	char *at = rows;

	for (uint32_t start = from_s; start < to_s; start += 10)
		for (uint32_t city = 0; city < CITIES; city++) {
			uint32_t n = 0, sum = 0;

			for (uint32_t i = 0; i < RECORDS; i++)
				if (i * i % CITIES == city &&
					(100000 + i * 10) / 10000 == start / 10) {
					n++;
					sum += i % 90;
				}
			if (n > 0)
				at += sprintf(at, "1970-01-01 00:%02u:%02u.000,city%u,%u,%u\n",
					start / 60, start % 60, city, n, sum);
		}
	return rows;
}

static void expect_rows(const char *file, char *expected)
{
	char *found = lab_sorted(&lab, file);

	cr_expect_str_eq(found, expected);
	free(found);
	free(expected);
}

/* ---- one run ---- */

static void run_windows(struct lab *of, struct fb_engine *engine, void *arg)
{
	lab_apply(engine, "p", arg ? arg : WINDOWS);
	lab_receive(engine);
	lab_wait_records(engine, RECORDS);
	LAB_CHECK(fb_engine_drain(engine, "p", 5000) == 0);
	lab_check_ledger(engine);
	lab_save_rows(of, engine, "p", "w", "rows");
}

Test(engine, windows_equal_the_obvious_loop, .init = setup, .fini = cleanup)
{
	send_records(0, RECORDS, 1);
	lab_run(&lab, run_windows, NULL);
	expect_rows("rows", expected_windows(100, 140));
}

/* Windows as published: one after the other in time, and every row in one of them. */
struct windows {
	uint32_t cnt;
	uint64_t next_seq;
	int64_t next_ms;
};

static int check_window(void *arg, const struct fb_store_window *window)
{
	struct windows *windows = arg;

	LAB_CHECK(window->first_seq == windows->next_seq, "window at row %lu", window->first_seq);
	LAB_CHECK(window->start_ms == windows->next_ms && window->end_ms == windows->next_ms + 10000);
	LAB_CHECK(window->revision == 0 && window->row_cnt == CITIES - 3, "%lu rows", window->row_cnt);
	windows->next_seq += window->row_cnt;
	windows->next_ms += 10000;
	windows->cnt++;
	return 0;
}

static void run_extents(struct lab *of, struct fb_engine *engine, void *arg)
{
	struct windows windows = {.next_ms = 100000};
	struct fb_engine_view view;

	run_windows(of, engine, NULL);
	LAB_CHECK(fb_engine_windows(engine, "p", "nobody", 0, check_window, &windows) == FB_E_NOT_FOUND);
	LAB_CHECK(fb_engine_windows(engine, "p", NULL, 0, check_window, &windows) == 0);
	LAB_CHECK(windows.cnt == 4, "%u windows", windows.cnt);
	LAB_CHECK(fb_engine_view(engine, &view) == 0);
	LAB_CHECK(view.pipelines[0].queries[0].result_rows == windows.next_seq);
	fb_engine_view_fini(&view);
}

Test(engine, published_windows_are_found_with_their_rows, .init = setup, .fini = cleanup)
{
	send_records(0, RECORDS, 1);
	lab_run(&lab, run_extents, NULL);
}

Test(engine, two_workers_equal_one, .init = setup_two, .fini = cleanup)
{
	static char sql[] = WINDOWS_PATIENT;

	send_records(0, RECORDS, 2);
	lab_run(&lab, run_windows, sql);
	expect_rows("rows", expected_windows(100, 140));
}

/* ---- over a stop ---- */

struct part {
	const char *sql;
	uint32_t from, to;
};

static void run_part(struct lab *of, struct fb_engine *engine, void *arg)
{
	const struct part *part = arg;

	if (part->from == 0)
		lab_apply(engine, "p", part->sql);
	lab_receive(engine);
	lab_wait_records(engine, part->to);
	if (part->to == RECORDS) {
		LAB_CHECK(fb_engine_drain(engine, "p", 5000) == 0);
		lab_save_rows(of, engine, "p", "w", "rows");
	}
	lab_check_ledger(engine);
}

/* Stops in mid-window, three times: windows, counters and ledger go on as if there had been no
 * stop. */
static void run_in_parts(const char *sql)
{
	static const uint32_t stops[] = {0, 700, 1500, 3333, RECORDS};

	for (size_t i = 0; i + 1 < FB_ARRAY_LEN(stops); i++) {
		struct part part = {sql, stops[i], stops[i + 1]};

		lab_clear(&lab);
		send_records(part.from, part.to, 1);
		lab_run(&lab, run_part, &part);
	}
	expect_rows("rows", expected_windows(100, 140));
}

Test(engine, open_windows_survive_a_stop, .init = setup, .fini = cleanup)
{
	run_in_parts(WINDOWS);
}

/* The time of a drain is over before its windows are published: then it stops. */
static void run_drain_in_a_hurry(struct lab *of, struct fb_engine *engine, void *arg)
{
	(void)of;
	(void)arg;
	lab_apply(engine, "p", WINDOWS);
	lab_receive(engine);
	lab_wait_records(engine, RECORDS);
	FB_IGNORE(fb_engine_drain(engine, "p", 0));
}

static void run_drained(struct lab *of, struct fb_engine *engine, void *arg)
{
	struct fb_engine_view view;

	(void)arg;
	LAB_CHECK(fb_engine_view(engine, &view) == 0);
	LAB_CHECK(view.pipeline_cnt == 1 && view.pipelines[0].state == FB_PIPELINE_DRAINED, "state %d", view.pipelines[0].state);
	fb_engine_view_fini(&view);
	lab_save_rows(of, engine, "p", "w", "rows");
	lab_check_ledger(engine);
}

/* Its input has ended for good: as running it would take every record for late. */
Test(engine, a_drain_that_a_stop_cut_short_is_drained, .init = setup, .fini = cleanup)
{
	send_records(0, RECORDS, 1);
	lab_run(&lab, run_drain_in_a_hurry, NULL);
	lab_clear(&lab);
	lab_run(&lab, run_drained, NULL);
	expect_rows("rows", expected_windows(100, 140));
}

/* At each stop windows are open on both levels. */
Test(engine, w13_all_levels_of_a_cascade_survive_a_stop, .init = setup, .fini = cleanup)
{
	run_in_parts(CASCADE);
}

/* Every sum of a window is above 127, none above 32767: sixteen of the one kind wrap, each when its window is published. */
#define NARROW_SUMS                                                                          \
	SOURCE "CREATE TABLE w (ws TIMESTAMP(3), city STRING, n TINYINT, s SMALLINT) WITH "  \
	       "('connector'='blackhole');"                                                  \
	       "INSERT INTO w SELECT window_start, city, SUM(CAST(age AS TINYINT)), "        \
	       "SUM(CAST(age AS SMALLINT)) FROM TABLE(TUMBLE(TABLE people, DESCRIPTOR(ts)," \
	       " INTERVAL '10' SECOND)) GROUP BY window_start, window_end, city;"

static void run_narrow_sums(struct lab *of, struct fb_engine *engine, void *arg)
{
	const struct part *part = arg;
	struct fb_engine_view view;

	run_part(of, engine, arg);
	if (part->to < RECORDS)
		return;
	LAB_CHECK(fb_engine_view(engine, &view) == 0);
	LAB_CHECK(view.pipelines[0].queries[0].counters.sum_overflows == 16, "%lu",
		view.pipelines[0].queries[0].counters.sum_overflows);
	fb_engine_view_fini(&view);
}

Test(engine, sums_that_wrap_are_counted_once_over_a_stop, .init = setup, .fini = cleanup)
{
	static const uint32_t stops[] = {0, 1500, RECORDS};

	for (size_t i = 0; i + 1 < FB_ARRAY_LEN(stops); i++) {
		struct part part = {NARROW_SUMS, stops[i], stops[i + 1]};

		lab_clear(&lab);
		send_records(part.from, part.to, 1);
		lab_run(&lab, run_narrow_sums, &part);
	}
}

static void run_cascade(struct lab *of, struct fb_engine *engine, void *arg)
{
	const struct fb_query_view *query;
	struct fb_engine_view view;

	lab_apply(engine, "p", arg);
	lab_receive(engine);
	lab_wait_records(engine, RECORDS);
	LAB_CHECK(fb_engine_checkpoint(engine, "p", 5000) == 0);
	LAB_CHECK(fb_engine_drain(engine, "p", 5000) == 0);
	lab_check_ledger(engine);
	LAB_CHECK(fb_engine_view(engine, &view) == 0);
	query = &view.pipelines[0].queries[0];
	LAB_CHECK(query->level_cnt == 2 && query->levels[0].windows == 20 && query->levels[1].windows == 4);
	LAB_CHECK(query->merged_rows == query->counters.sealed_rows && query->merged_windows == 4);
	LAB_CHECK(query->levels[1].rows_in == query->levels[0].rows_out && query->levels[1].rows_in > 50);
	fb_engine_view_fini(&view);
	lab_save_rows(of, engine, "p", "w", "rows");
}

Test(engine, w13_a_cascade_equals_the_obvious_loop, .init = setup, .fini = cleanup)
{
	static char sql[] = CASCADE;

	send_records(0, RECORDS, 1);
	lab_run(&lab, run_cascade, sql);
	expect_rows("rows", expected_windows(100, 140));
}

/* ---- a statement set, HAVING, a division by zero, a plain query ---- */

#define SET_OF_TWO                                                                          \
	SOURCE "CREATE TABLE big (city STRING, n BIGINT) WITH ('connector'='blackhole');"   \
	       "CREATE TABLE q (city STRING, x INT) WITH ('connector'='blackhole');"        \
	       "CREATE TABLE elders (id INT, name STRING) WITH ('connector'='blackhole');"  \
	       "EXECUTE STATEMENT SET BEGIN "                                               \
	       "INSERT INTO big SELECT city, COUNT(*) FROM TABLE(TUMBLE(TABLE people, "     \
	       "DESCRIPTOR(ts), INTERVAL '10' SECOND))"                                     \
	       " GROUP BY window_start, window_end, city HAVING COUNT(*) >= 3;"             \
	       "INSERT INTO q SELECT city, 100 / MIN(age) FROM TABLE(TUMBLE(TABLE people, " \
	       "DESCRIPTOR(ts), INTERVAL '10' SECOND))"                                     \
	       " GROUP BY window_start, window_end, city;"                                  \
	       "INSERT INTO elders SELECT id, city FROM people WHERE age > 60; END;"

static void run_set(struct lab *of, struct fb_engine *engine, void *arg)
{
	struct fb_engine_view view;

	lab_apply(engine, "p", SET_OF_TWO);
	lab_receive(engine);
	lab_wait_records(engine, 6);
	LAB_CHECK(fb_engine_drain(engine, "p", 5000) == 0 && fb_engine_view(engine, &view) == 0);
	lab_check_ledger(engine);
	lab_save_rows(of, engine, "p", "big", "big");
	lab_save_rows(of, engine, "p", "q", "q");
	lab_save_rows(of, engine, "p", "elders", "elders");
	/* Group b: MIN(age) = 0, so 100 / 0 fails and its row is counted as dropped. */
	LAB_CHECK(view.pipelines[0].queries[1].dropped_groups == 1, "%lu",
		view.pipelines[0].queries[1].dropped_groups);
	/* Record 6 has no age: an empty number does not read, so it reaches no query. */
	LAB_CHECK(view.pipelines[0].decode.rejected[FB_REC_NUMBER] == 1, "%lu",
		view.pipelines[0].decode.rejected[FB_REC_NUMBER]);
	LAB_CHECK(view.pipelines[0].queries[2].counters.disposition[FB_REC_FILTERED] == 3, "%lu",
		view.pipelines[0].queries[2].counters.disposition[FB_REC_FILTERED]);
	fb_engine_view_fini(&view);
}

Test(engine, a_statement_set_reads_its_source_once, .init = setup, .fini = cleanup)
{
	lab_datagram(&lab, 0, 5000,
		"1,a,10,1970-01-01 00:00:01\n2,a,20,1970-01-01 00:00:02\n3,b,0,1970-01-01 "
		"00:00:02\n"
		"4,a,70,1970-01-01 00:00:03\n5,b,80,1970-01-01 00:00:04\n6,a,,1970-01-01 "
		"00:00:05\n");
	lab_run(&lab, run_set, NULL);

	char *expect[] = {strdup("a,3\n"), strdup("a,10\n"), strdup("4,a\n5,b\n")};

	expect_rows("big", expect[0]);
	expect_rows("q", expect[1]);
	expect_rows("elders", expect[2]);
}

/* ---- binary records ---- */

#define READINGS(types)                                                                            \
	"CREATE TABLE readings (" types ", WATERMARK FOR ts AS ts - INTERVAL '1' SECOND)"          \
	" WITH ('connector'='kafka', 'topic'='r', 'properties.bootstrap.servers'='x:1',"           \
	" 'format'='json');"                                                                       \
	"CREATE TABLE w (ws TIMESTAMP(3), city STRING, n BIGINT, s INT) WITH "                     \
	"('connector'='blackhole');"                                                               \
	"INSERT INTO w SELECT window_start, city, COUNT(*), SUM(age) FROM "                        \
	"TABLE(TUMBLE(TABLE readings, DESCRIPTOR(ts), INTERVAL '10' SECOND)) "                     \
	"GROUP BY window_start, window_end, city;"

/* The records of send_records, ten in a datagram. */
static void send_binary(uint32_t from, uint32_t to)
{
	uint8_t bytes[2 + 10 * 20] = {77};
	size_t len = 2;

	for (uint32_t i = from; i < to; i++) {
		uint64_t ms = __builtin_bswap64(100000 + i * 10);
		uint16_t age = (uint16_t)(i % 90);

		memset(bytes + len, 0, 20);
		memcpy(bytes + len, &ms, 8);
		snprintf((char *)bytes + len + 8, 6, "city%u", i * i % CITIES);
		memcpy(bytes + len + 14, &age, 2);
		memcpy(bytes + len + 16, &i, 4);
		len += 20;
		if (len == sizeof(bytes) || i + 1 == to) {
			lab_bytes(&lab, 0, 5002, bytes, len);
			bytes[1] = (uint8_t)(bytes[1] + 1);
			len = 2;
		}
	}
}

static void run_binary(struct lab *of, struct fb_engine *engine, void *arg)
{
	struct fb_engine_view view;
	char message[512];

	LAB_CHECK(lab_try_apply(engine, "p",
			  READINGS("id INT, city STRING, age SMALLINT, ts TIMESTAMP(3)"),
			  message) == FB_E_CONFIG);
	LAB_CHECK(strstr(message, "column 'age' of type SMALLINT cannot take the uint16"), "%s",
		message);
	LAB_CHECK(lab_try_apply(engine, "p",
			  READINGS("id INT, city STRING, AGE INT, age AS AGE, ts TIMESTAMP(3)"),
			  message) == FB_E_CONFIG);
	LAB_CHECK(strstr(message, "column 'AGE' has no field in the layout"), "%s", message);
	lab_apply(engine, "p",
		READINGS("id INT, city STRING, age INT, ts TIMESTAMP(3), unread DECIMAL(9, 2)"));
	lab_receive(engine);
	lab_wait_records(engine, RECORDS + 2);
	LAB_CHECK(fb_engine_drain(engine, "p", 5000) == 0);
	lab_check_ledger(engine);
	lab_save_rows(of, engine, "p", "w", "rows");
	LAB_CHECK(fb_engine_view(engine, &view) == 0);
	LAB_CHECK(view.pipelines[0].decode.rejected[FB_REC_HEADER] == 1);
	LAB_CHECK(view.pipelines[0].decode.rejected[FB_REC_REMAINDER] == 1);
	LAB_CHECK(view.pipelines[0].decode.sequence_gaps == 1);
	LAB_CHECK(view.pipelines[0].decode.sequence_lost == 1);
	fb_engine_view_fini(&view);
}

Test(engine, binary_records_by_the_layout_of_their_stream, .init = setup, .fini = cleanup)
{
	send_binary(0, RECORDS);
	lab_bytes(&lab, 0, 5002, "\x4e\x90zzzzzzzzzzzzzzzzzzzz", 22); /* another magic */
	lab_bytes(&lab, 0, 5002, "\x4d\x91zzzzzz", 8);                /* 0x90 is missing */
	lab_run(&lab, run_binary, NULL);
	expect_rows("rows", expected_windows(100, 140));
}

/* ---- refusals change nothing ---- */

#define STRAY                                                                                   \
	"CREATE TABLE cars (id INT) WITH ('connector'='kafka', 'topic'='cars',"                 \
	" 'properties.bootstrap.servers'='x:1', 'format'='csv');"                               \
	"CREATE TABLE o (id INT) WITH ('connector'='blackhole'); INSERT INTO o SELECT id FROM " \
	"cars;"

static void run_refusals(struct lab *of, struct fb_engine *engine, void *arg)
{
	char message[512];
	struct fb_engine_view view;

	LAB_CHECK(lab_try_apply(engine, "bad", "SELECT 1 FRM x;", message) == FB_E_SYNTAX);
	LAB_CHECK(lab_try_apply(engine, "stray", STRAY, message) == FB_E_NOT_FOUND);
	LAB_CHECK(strstr(message, "cars") != NULL);
	LAB_CHECK(lab_try_apply(engine, "../up", WINDOWS, message) == FB_E_INVALID);
	lab_apply(engine, "p", WINDOWS);
	LAB_CHECK(lab_try_apply(engine, "p", WINDOWS, message) == FB_E_EXISTS);
	LAB_CHECK(strstr(message, "'p'") != NULL);
	LAB_CHECK(fb_engine_drop(engine, "q") == FB_E_NOT_FOUND);
	LAB_CHECK(fb_engine_drain(engine, "q", 100) == FB_E_NOT_FOUND);
	LAB_CHECK(fb_engine_results(engine, "p", "nobody", UINT64_MAX, 1, NULL, NULL) ==
		  FB_E_NOT_FOUND);
	LAB_CHECK(fb_engine_view(engine, &view) == 0 && view.pipeline_cnt == 1);
	fb_engine_view_fini(&view);
	lab_receive(engine);
	lab_wait_records(engine, RECORDS);
	LAB_CHECK(fb_engine_drain(engine, "p", 5000) == 0);
	lab_save_rows(of, engine, "p", NULL, "rows");
}

Test(engine, a_refused_pipeline_changes_nothing, .init = setup, .fini = cleanup)
{
	send_records(0, RECORDS, 1);
	lab_run(&lab, run_refusals, NULL);
	expect_rows("rows", expected_windows(100, 140));
}

/* ---- drop ---- */

static void run_drop(struct lab *of, struct fb_engine *engine, void *arg)
{
	struct fb_engine_view view;

	lab_apply(engine, "p", WINDOWS);
	lab_apply(engine, "again", WINDOWS);
	lab_receive(engine);
	lab_wait_records(engine, RECORDS);
	LAB_CHECK(fb_engine_drop(engine, "p") == 0);
	lab_check_ledger(engine);
	LAB_CHECK(fb_engine_view(engine, &view) == 0 && view.pipeline_cnt == 1);
	LAB_CHECK(strcmp(view.pipelines[0].name, "again") == 0);
	fb_engine_view_fini(&view);
	LAB_CHECK(
		fb_engine_results(engine, "p", NULL, UINT64_MAX, 1, NULL, NULL) == FB_E_NOT_FOUND);
	LAB_CHECK(fb_engine_drain(engine, "again", 5000) == 0);
	lab_save_rows(of, engine, "again", "w", "rows");
	/* The name is free again; it begins with nothing. */
	lab_apply(engine, "p", WINDOWS);
	lab_save_rows(of, engine, "p", "w", "none");
}

static void run_nothing(struct lab *of, struct fb_engine *engine, void *arg)
{
	struct fb_engine_view view;

	LAB_CHECK(fb_engine_view(engine, &view) == 0 && view.pipeline_cnt == 2 && !view.unclean);
	lab_save_rows(of, engine, "again", "w", "later");
	LAB_CHECK(view.pipelines[0].state == FB_PIPELINE_DRAINED, "%s %d", view.pipelines[0].name,
		view.pipelines[0].state);
	LAB_CHECK(view.pipelines[1].state == FB_PIPELINE_RUNNING, "%s %d", view.pipelines[1].name,
		view.pipelines[1].state);
	fb_engine_view_fini(&view);
}

Test(engine, drop_takes_one_and_leaves_the_other, .init = setup, .fini = cleanup)
{
	send_records(0, RECORDS, 1);
	lab_run(&lab, run_drop, NULL);
	expect_rows("rows", expected_windows(100, 140));
	expect_rows("none", strdup(""));
	lab_clear(&lab);
	/* Drained is drained, also after a restart, and its rows are there. */
	lab_run(&lab, run_nothing, NULL);
	expect_rows("later", expected_windows(100, 140));
}

/* ---- a kill ---- */

/* Ends without any order while windows are open; what was published before is noted. */
static void run_and_die(struct lab *of, struct fb_engine *engine, void *arg)
{
	if (arg != NULL)
		lab_apply(engine, "p", arg);
	lab_receive(engine);
	lab_wait_records(engine, RECORDS);
	for (;;) {
		struct fb_engine_view view;

		LAB_CHECK(fb_engine_view(engine, &view) == 0);

		/* The watermark stands at 139 - 1 s: windows to 130 s are complete. */
		uint64_t windows = view.pipelines[0].queries[0].merged_windows;

		fb_engine_view_fini(&view);
		if (windows == 3)
			break;
	}
	lab_save_rows(of, engine, "p", "w", "before");
	_exit(0);
}

static void run_after_death(struct lab *of, struct fb_engine *engine, void *arg)
{
	struct fb_engine_view view;

	LAB_CHECK(fb_engine_view(engine, &view) == 0);
	LAB_CHECK(view.unclean, "the last run was killed");

	uint64_t counted = view.pipelines[0].decode.records;

	LAB_CHECK(counted == 0,
		"%lu: what a kill has cut off does not add up, so counting begins anew", counted);
	fb_engine_view_fini(&view);
	lab_check_ledger(engine);
	lab_save_rows(of, engine, "p", "w", "after");
	/* The same records again: those of published windows are late, and no window is published
	 * twice. */
	lab_receive(engine);
	lab_wait_records(engine, RECORDS);
	LAB_CHECK(fb_engine_drain(engine, "p", 5000) == 0);
	lab_check_ledger(engine);
	lab_save_rows(of, engine, "p", "w", "rows");
}

/*
 * Until there are checkpoints, a kill takes the window that was open (the last, 1000 records). What
 * was published stays, once, and the counters forget exactly what the window held.
 */
Test(engine, a_kill_takes_open_windows_and_nothing_else, .init = setup, .fini = cleanup)
{
	static char sql[] = WINDOWS;

	send_records(0, RECORDS, 1);
	lab_run(&lab, run_and_die, sql);
	expect_rows("before", expected_windows(100, 130));
	lab_run(&lab, run_after_death, NULL);
	expect_rows("after", expected_windows(100, 130));
	expect_rows("rows", expected_windows(100, 140));
}

Test(engine, w13_a_kill_takes_open_windows_of_a_cascade, .init = setup, .fini = cleanup)
{
	static char sql[] = CASCADE;

	send_records(0, RECORDS, 1);
	lab_run(&lab, run_and_die, sql);
	expect_rows("before", expected_windows(100, 130));
	lab_run(&lab, run_after_death, NULL);
	expect_rows("after", expected_windows(100, 130));
	expect_rows("rows", expected_windows(100, 140));
}

/* ---- a kill after a checkpoint ---- */

struct life {
	const char *sql;
	uint64_t rows; /* that are published before the checkpoint */
};

static void run_checkpoint_and_die(struct lab *of, struct fb_engine *engine, void *arg)
{
	const struct life *life = arg;
	uint64_t rows;

	lab_apply(engine, "p", life->sql);
	lab_receive(engine);
	lab_wait_records(engine, RECORDS);
	do {
		struct fb_engine_view view;

		LAB_CHECK(fb_engine_view(engine, &view) == 0);
		rows = view.pipelines[0].queries[0].result_rows;
		fb_engine_view_fini(&view);
	} while (rows < life->rows);
	LAB_CHECK(fb_engine_checkpoint(engine, "p", 5000) == 0);
	_exit(0);
}

/* Nothing comes any more: what is open is in the checkpoint, on all levels. */
static void run_to_the_end(struct lab *of, struct fb_engine *engine, void *arg)
{
	const struct life *life = arg;
	struct fb_engine_view view;

	LAB_CHECK(fb_engine_view(engine, &view) == 0);
	LAB_CHECK(view.unclean && view.pipelines[0].decode.records == RECORDS);
	LAB_CHECK(view.pipelines[0].queries[0].result_rows == life->rows);
	fb_engine_view_fini(&view);
	lab_check_ledger(engine);
	LAB_CHECK(fb_engine_drain(engine, "p", 5000) == 0);
	lab_check_ledger(engine);
	lab_save_rows(of, engine, "p", "w", "rows");
}

Test(engine, w13_a_checkpoint_has_all_levels_of_a_cascade, .init = setup, .fini = cleanup)
{
	struct life life = {CASCADE, 3 * 4};

	send_records(0, RECORDS, 1);
	lab_run(&lab, run_checkpoint_and_die, &life);
	lab_run(&lab, run_to_the_end, &life);
	expect_rows("rows", expected_windows(100, 140));
}

/* 4 s of records and a second of silence. */
#define SESSIONS                                                                              \
	SOURCE "CREATE TABLE w (ws TIMESTAMP(3), city STRING, n BIGINT, s INT) WITH "         \
	       "('connector'='blackhole');"                                                   \
	       "CREATE VIEW blocks AS SELECT * FROM people WHERE MOD(id, 500) < 400;"           \
	       "INSERT INTO w SELECT window_start, city, COUNT(*), SUM(age) FROM "            \
	       "TABLE(SESSION(TABLE blocks PARTITION BY city, DESCRIPTOR(ts), INTERVAL '0.5' SECOND)) " \
	       "GROUP BY window_start, window_end, city;"

static char *expected_sessions(void)
{
	char *rows = calloc(1, 1 << 16);
	char *at = rows;

	for (uint32_t from = 0; from < RECORDS; from += 500)
		for (uint32_t city = 0; city < CITIES; city++) {
			uint32_t n = 0, sum = 0, first_ms = 0;

			for (uint32_t i = from; i < from + 400; i++)
				if (i * i % CITIES == city) {
					first_ms = n++ ? first_ms : 100000 + i * 10;
					sum += i % 90;
				}
			if (n > 0)
				at += sprintf(at, "1970-01-01 00:%02u:%02u.%03u,city%u,%u,%u\n", first_ms / 60000,
					first_ms / 1000 % 60, first_ms % 1000, city, n, sum);
		}
	/* In the order in which rows are compared. */
	return rows;
}

static void expect_sessions(void)
{
	char *found = lab_sorted(&lab, "rows");
	char *expected = expected_sessions();
	FILE *out;
	char path[160];

	snprintf(path, sizeof(path), "%s/expected", lab.folder);
	out = fopen(path, "we");
	cr_assert_not_null(out);
	fputs(expected, out);
	fclose(out);
	free(expected);
	expected = lab_sorted(&lab, "expected");
	cr_expect_str_eq(found, expected);
	free(found);
	free(expected);
}

/* The last of each city is open: it ends at 139.5 s, and the watermark stands at 139. */
Test(engine, w9_a_checkpoint_has_open_sessions, .init = setup, .fini = cleanup)
{
	struct life life = {SESSIONS, 7 * 4};

	send_records(0, RECORDS, 1);
	lab_run(&lab, run_checkpoint_and_die, &life);
	lab_run(&lab, run_to_the_end, &life);
	expect_sessions();
}

/* ---- sessions with a gap of whole windows ---- */

#define SESSIONS_OF_TWOS                                                                                \
	SOURCE "CREATE TABLE w (ws TIMESTAMP(3), n BIGINT) WITH ('connector'='blackhole');"             \
	       "CREATE VIEW twos AS SELECT window_time AS rt FROM TABLE(TUMBLE(TABLE people, "          \
	       "DESCRIPTOR(ts), INTERVAL '2' SECOND)) GROUP BY window_start, window_end, window_time;"  \
	       "INSERT INTO w SELECT window_start, COUNT(*) FROM TABLE(SESSION(TABLE twos, "            \
	       "DESCRIPTOR(rt), INTERVAL '2' SECOND)) GROUP BY window_start, window_end;"

static void run_sessions_of_twos(struct lab *of, struct fb_engine *engine, void *arg)
{
	(void)arg;
	lab_apply(engine, "p", SESSIONS_OF_TWOS);
	lab_receive(engine);
	lab_wait_records(engine, RECORDS + 1);
	LAB_CHECK(fb_engine_drain(engine, "p", 5000) == 0);
	lab_check_ledger(engine);
	lab_save_rows(of, engine, "p", "w", "rows");
}

/*
 * Windows are exactly a gap apart, and so are of one session, unless the watermark stood between two of them: it is a second
 * behind, and takes 113.998 with the only record whose time does not end with a 0.
 */
Test(engine, w9_workers_tell_of_watermarks, .init = setup, .fini = cleanup)
{
	send_records(0, 1500, 1);
	lab_datagram(&lab, 0, 5000, "9999,city0,1,1970-01-01 00:01:54.998\n");
	send_records(1500, RECORDS, 1);
	lab_run(&lab, run_sessions_of_twos, NULL);
	expect_rows("rows", strdup("1970-01-01 00:01:41.999,6\n1970-01-01 00:01:53.999,14\n"));
}

static void refuse_sessions_of_twos(struct lab *of, struct fb_engine *engine, void *arg)
{
	char message[512];

	(void)of;
	(void)arg;
	LAB_CHECK(lab_try_apply(engine, "s", SESSIONS_OF_TWOS, message) == FB_E_UNSUPPORTED);
	LAB_CHECK(strstr(message, "several workers") != NULL, "%s", message);
}

Test(engine, w9_of_several_workers_watermarks_have_no_order, .init = setup_two, .fini = cleanup)
{
	lab_run(&lab, refuse_sessions_of_twos, NULL);
}
