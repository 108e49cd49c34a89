/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows over UNION ALL of two streams in whole engines (rule M3). What comes in one burst is judged by what the
 * other stream had told before it, so records that are to see one another lie in bursts of their own.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/net/net.h"
#include "tests/unit/control/pipeline/lab.h"

#define PEOPLE 5000
#define TRUCKS 5001

#define TABLES(delay)                                                                             \
	"CREATE TABLE people (id INT, city STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL " delay \
	") WITH ('connector'='udp', 'port'='5000', 'format'='csv');"                              \
	"CREATE TABLE trucks (ts TIMESTAMP(3), wheels BIGINT, town STRING, WATERMARK FOR ts AS ts - INTERVAL " \
	delay ") WITH ('connector'='udp', 'port'='5001', 'format'='csv');"                        \
	"CREATE TABLE w (ws TIMESTAMP(3), city STRING, n BIGINT, s BIGINT) WITH ('connector'='blackhole');"
#define BOTH                                                                                      \
	"CREATE VIEW both_of_them AS SELECT id, city, ts FROM people UNION ALL SELECT wheels, town, ts FROM " \
	"trucks WHERE wheels > 0;"
#define INTO(table, source)                                                                       \
	"INSERT INTO " table " SELECT window_start, city, COUNT(*), SUM(id) FROM TABLE(TUMBLE(TABLE " source \
	", DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, city;"

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

static void send_person(uint32_t id, const char *city, uint32_t s)
{
	char text[128];

	snprintf(text, sizeof(text), "%u,%s,1970-01-01 00:%02u:%02u\n", id, city, s / 60, s % 60);
	lab_datagram(&lab, 0, PEOPLE, text);
}

static void send_truck(uint32_t wheels, const char *town, uint32_t s)
{
	char text[128];

	snprintf(text, sizeof(text), "1970-01-01 00:%02u:%02u,%u,%s\n", s / 60, s % 60, wheels, town);
	lab_datagram(&lab, 0, TRUCKS, text);
}

/* What was sent before and what comes behind are in different bursts. */
static void end_burst(void)
{
	for (int i = 0; i < FB_NET_BURST; i++)
		lab_datagram(&lab, 0, 9, "nobody reads this");
}

static void expect_rows(const char *file, const char *expected)
{
	char *found = lab_sorted(&lab, file);

	cr_expect_str_eq(found, expected);
	free(found);
}

struct run {
	const char *sql;
	uint32_t records;
	uint64_t late;
	uint64_t before_drain; /* rows published while both streams run */
	uint32_t silence_ms;   /* before anything comes */
};

static uint64_t published(struct fb_engine *engine)
{
	struct fb_engine_view view;
	uint64_t rows;

	LAB_CHECK(fb_engine_view(engine, &view) == 0);
	rows = view.pipelines[0].queries[0].result_rows;
	fb_engine_view_fini(&view);
	return rows;
}

static void run_union(struct lab *of, struct fb_engine *engine, void *arg)
{
	const struct run *run = arg;
	const struct fb_query_view *query;
	struct fb_engine_view view;

	lab_apply(engine, "p", run->sql);
	usleep(run->silence_ms * 1000);
	lab_receive(engine);
	lab_wait_records(engine, run->records);
	for (int i = 0; i < 200 && published(engine) < run->before_drain; i++)
		usleep(10000);
	usleep(50000);
	LAB_CHECK(published(engine) == run->before_drain, "%lu rows", published(engine));
	LAB_CHECK(fb_engine_drain(engine, "p", 5000) == 0);
	lab_check_ledger(engine);
	LAB_CHECK(fb_engine_view(engine, &view) == 0);
	query = &view.pipelines[0].queries[0];
	LAB_CHECK(query->counters.disposition[FB_REC_LATE] == run->late, "%lu late",
		query->counters.disposition[FB_REC_LATE]);
	LAB_CHECK(query->merged_rows == query->counters.sealed_rows);
	fb_engine_view_fini(&view);
	lab_save_rows(of, engine, "p", "w", "rows");
}

/* The watermark is the lower of both; one that has sent nothing holds it back. */
Test(union_all, late_by_the_lower_watermark, .init = setup, .fini = cleanup)
{
	struct run run = {TABLES("'1' SECOND") BOTH INTO("w", "both_of_them"), 10, 2, 3};

	send_person(1, "rome", 5);
	end_burst();
	send_person(2, "rome", 100);
	end_burst();
	send_person(4, "rome", 7); /* far behind its own stream: nothing has fired */
	send_truck(8, "rome", 15);
	end_burst(); /* 14 s: [0,10) fires */
	send_person(16, "rome", 8); /* late */
	send_person(32, "oslo", 12);
	send_truck(64, "oslo", 9); /* late */
	send_truck(0, "oslo", 13); /* filtered */
	end_burst();
	send_truck(128, "oslo", 21); /* 20 s: [10,20) fires */
	send_truck(256, "rome", 22);
	/* published: rome of [0,10); oslo and rome of [10,20) */
	lab_run(&lab, run_union, &run);
	expect_rows("rows",
		"1970-01-01 00:00:00.000,rome,2,5\n1970-01-01 00:00:10.000,oslo,1,32\n"
		"1970-01-01 00:00:10.000,rome,1,8\n1970-01-01 00:00:20.000,oslo,1,128\n"
		"1970-01-01 00:00:20.000,rome,1,256\n1970-01-01 00:01:40.000,rome,1,2\n");
}

/* Nothing comes out while the other stream is silent and no timeout is set; at the end everything does. */
Test(union_all, a_silent_stream_holds_windows_back, .init = setup, .fini = cleanup)
{
	struct run run = {TABLES("'1' SECOND") BOTH INTO("w", "both_of_them"), 3, 0, 0};

	send_person(1, "rome", 5);
	send_person(2, "rome", 100);
	end_burst();
	send_person(3, "rome", 6);
	lab_run(&lab, run_union, &run);
	expect_rows("rows", "1970-01-01 00:00:00.000,rome,2,4\n1970-01-01 00:01:40.000,rome,1,2\n");
}

/* Rule M8: after the timeout it does not. */
Test(union_all, m8_a_stream_that_never_spoke_is_idle, .init = setup, .fini = cleanup)
{
	struct run run = {"SET 'table.exec.source.idle-timeout' = '300 ms';" TABLES("'1' SECOND") BOTH INTO("w", "both_of_them"),
		2, 0, 1, 1000};

	send_person(1, "rome", 5);
	send_person(2, "rome", 100);
	lab_run(&lab, run_union, &run);
	expect_rows("rows", "1970-01-01 00:00:00.000,rome,1,1\n1970-01-01 00:01:40.000,rome,1,2\n");
}

/* Branches of one table are read by one reader: it is late by the table's own watermark, record by record. */
Test(union_all, branches_of_one_table, .init = setup, .fini = cleanup)
{
	struct run run = {TABLES("'1' SECOND") "CREATE VIEW sides AS SELECT id, city, ts FROM people WHERE id > 2 "
						"UNION ALL SELECT id * 100, 'all', ts FROM people;" INTO("w", "sides"),
		4, 2, 2};

	send_person(1, "rome", 5);
	send_person(3, "rome", 6);
	send_person(4, "oslo", 11); /* 10 s */
	send_person(5, "oslo", 9);  /* late on both sides */
	lab_run(&lab, run_union, &run);
	expect_rows("rows",
		"1970-01-01 00:00:00.000,all,2,400\n1970-01-01 00:00:00.000,rome,1,3\n"
		"1970-01-01 00:00:10.000,all,1,400\n1970-01-01 00:00:10.000,oslo,1,4\n");
}

/* A query of one table alone is late by that alone, also beside a union with it. */
Test(union_all, beside_a_query_of_one_of_its_tables, .init = setup, .fini = cleanup)
{
	struct run run = {TABLES("'1' SECOND") BOTH INTO("w", "people") INTO("w", "both_of_them"), 6, 1, 1};

	send_person(1, "rome", 5);
	send_person(2, "rome", 100); /* fires [0,10) of people alone */
	end_burst();
	send_person(3, "rome", 6);
	lab_run(&lab, run_union, &run);
	expect_rows("rows", "1970-01-01 00:00:00.000,rome,1,1\n1970-01-01 00:01:40.000,rome,1,2\n");
}

/* ---- over stops ---- */

struct part {
	const char *sql;
	uint32_t records;
	bool last;
};

static void run_part(struct lab *of, struct fb_engine *engine, void *arg)
{
	const struct part *part = arg;
	struct fb_engine_view view;
	bool first;

	LAB_CHECK(fb_engine_view(engine, &view) == 0);
	first = view.pipeline_cnt == 0;
	fb_engine_view_fini(&view);
	if (first)
		lab_apply(engine, "p", part->sql);
	lab_receive(engine);
	lab_wait_records(engine, part->records);
	if (part->last) {
		LAB_CHECK(fb_engine_drain(engine, "p", 5000) == 0);
		lab_save_rows(of, engine, "p", "w", "rows");
	}
	lab_check_ledger(engine);
}

/* Positions and watermarks of both streams go on, and so does what holds the windows back. */
Test(union_all, open_windows_survive_a_stop, .init = setup, .fini = cleanup)
{
	struct part part = {TABLES("'1' SECOND") BOTH INTO("w", "both_of_them"), 3, false};

	send_person(1, "rome", 5);
	send_truck(2, "rome", 6);
	end_burst();
	send_person(4, "rome", 50);
	lab_run(&lab, run_part, &part);
	lab_clear(&lab);
	send_person(8, "rome", 7); /* trucks stand at 5 s since before the stop */
	end_burst();
	send_truck(16, "rome", 30);
	end_burst();
	send_person(32, "rome", 8); /* late */
	part.records = 6;
	lab_run(&lab, run_part, &part);
	lab_clear(&lab);
	send_person(64, "oslo", 51);
	part.records = 7;
	part.last = true;
	lab_run(&lab, run_part, &part);
	expect_rows("rows",
		"1970-01-01 00:00:00.000,rome,3,11\n1970-01-01 00:00:30.000,rome,1,16\n"
		"1970-01-01 00:00:50.000,oslo,1,64\n1970-01-01 00:00:50.000,rome,1,4\n");
}

/* ---- several workers ---- */

#define RECORDS 3000

static void run_many(struct lab *of, struct fb_engine *engine, void *arg)
{
	lab_apply(engine, "p", arg);
	lab_receive(engine);
	lab_wait_records(engine, 2 * RECORDS);
	LAB_CHECK(fb_engine_drain(engine, "p", 5000) == 0);
	lab_check_ledger(engine);
	lab_save_rows(of, engine, "p", "w", "rows");
}

/* Two workers, two streams, all in time; rows by an obvious loop over both. */
Test(union_all, two_workers_equal_the_obvious_loop, .init = setup_two, .fini = cleanup)
{
	static char sql[] = TABLES("'1' HOUR") BOTH INTO("w", "both_of_them");
	static uint64_t n[10][5], sum[10][5];
	struct fb_buf want = {0};

	for (uint32_t i = 0; i < RECORDS; i++) {
		uint32_t s = 100 + i * 7 % 100, t = 100 + i * 13 % 100, city = i % 5, town = i / 3 % 5;
		char text[128];

		snprintf(text, sizeof(text), "%u,c%u,1970-01-01 00:%02u:%02u\n", i, city, s / 60, s % 60);
		lab_datagram(&lab, i / 2 % 2, PEOPLE, text);
		snprintf(text, sizeof(text), "1970-01-01 00:%02u:%02u,%u,c%u\n", t / 60, t % 60, i + 1, town);
		lab_datagram(&lab, i / 5 % 2, TRUCKS, text);
		n[(s - 100) / 10][city]++;
		sum[(s - 100) / 10][city] += i;
		n[(t - 100) / 10][town]++;
		sum[(t - 100) / 10][town] += i + 1;
	}
	for (uint32_t w = 0; w < 10; w++)
		for (uint32_t c = 0; c < 5; c++)
			if (n[w][c] > 0)
				fb_buf_printf(&want, "1970-01-01 00:%02u:%02u.000,c%u,%lu,%lu\n", (100 + w * 10) / 60,
					(100 + w * 10) % 60, c, n[w][c], sum[w][c]);
	lab_run(&lab, run_many, sql);
	expect_rows("rows", want.p);
	fb_buf_fini(&want);
}
