/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pipelines that begin with the raw log: before, while and after records come, over stops and kills. Records come out of order,
 * some too late; what the rows must be is told by a loop over the records in the order in which they were sent.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/base/calendar.h"
#include "tests/unit/control/pipeline/lab.h"

#define SOURCE_WITH(delay)                                                   \
	"CREATE TABLE logged (id INT, city STRING, age INT, ts TIMESTAMP(3)," \
	" WATERMARK FOR ts AS ts - INTERVAL " delay ") WITH ('connector'='udp'," \
	" 'port'='5004', 'format'='csv');"
#define SOURCE SOURCE_WITH("'1' SECOND")
#define QUERIES                                                                                                            \
	"CREATE TABLE w (ws TIMESTAMP(3), city STRING, n BIGINT, s INT) WITH ('connector'='blackhole');"                   \
	"CREATE TABLE h (we TIMESTAMP(3), n BIGINT, s INT) WITH ('connector'='blackhole');"                                \
	"CREATE TABLE o (id INT, age INT) WITH ('connector'='blackhole');"                                                 \
	"CREATE TABLE c (we TIMESTAMP(3), n BIGINT, s INT) WITH ('connector'='blackhole');"                                \
	"CREATE VIEW ones AS SELECT window_time AS rt, city, COUNT(*) AS n, SUM(age) AS s FROM TABLE(TUMBLE(TABLE logged," \
	" DESCRIPTOR(ts), INTERVAL '1' SECOND)) GROUP BY window_start, window_end, window_time, city;"                     \
	"EXECUTE STATEMENT SET BEGIN "                                                                                     \
	"INSERT INTO w SELECT window_start, city, COUNT(*), SUM(age) FROM TABLE(TUMBLE(TABLE logged, DESCRIPTOR(ts),"      \
	" INTERVAL '5' SECOND)) GROUP BY window_start, window_end, city;"                                                  \
	"INSERT INTO h SELECT window_end, COUNT(*), SUM(age) FROM TABLE(HOP(TABLE logged, DESCRIPTOR(ts),"                 \
	" INTERVAL '2' SECOND, INTERVAL '6' SECOND)) GROUP BY window_start, window_end;"                                   \
	"INSERT INTO o SELECT id, age FROM logged WHERE age >= 80;"                                                        \
	"INSERT INTO c SELECT window_end, SUM(n), SUM(s) FROM TABLE(HOP(TABLE ones, DESCRIPTOR(rt), INTERVAL '2' SECOND,"  \
	" INTERVAL '6' SECOND)) GROUP BY window_start, window_end;"                                                        \
	"END;"
#define SQL SOURCE QUERIES
#define SQL_OVER_TIME                                                                                                    \
	SOURCE "CREATE TABLE w (ws TIMESTAMP(3), city STRING, n BIGINT) WITH ('connector'='blackhole');"                   \
	       "INSERT INTO w SELECT window_start, city, COUNT(*) FROM TABLE(TUMBLE(TABLE logged, DESCRIPTOR(ts),"         \
	       " INTERVAL '1' HOUR)) GROUP BY window_start, window_end, city;"
/* Two tables of one stream: each record comes twice, of two sources that have a watermark together. */
#define UNION                                                                                                              \
	"CREATE TABLE a (id INT, city STRING, age INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND)"     \
	" WITH ('connector'='udp', 'port'='5004', 'format'='csv');"                                                        \
	"CREATE TABLE b (id INT, city STRING, age INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND)"     \
	" WITH ('connector'='udp', 'port'='5004', 'format'='csv');"                                                        \
	"CREATE VIEW both_of_them AS SELECT city, age, ts FROM a UNION ALL SELECT city, age, ts FROM b;"
#define SQL_UNION                                                                                                          \
	UNION "CREATE TABLE w (ws TIMESTAMP(3), city STRING, n BIGINT, s INT) WITH ('connector'='blackhole');"             \
	      "INSERT INTO w SELECT window_start, city, COUNT(*) / 2, SUM(age) / 2 FROM TABLE(TUMBLE(TABLE both_of_them,"  \
	      " DESCRIPTOR(ts), INTERVAL '5' SECOND)) GROUP BY window_start, window_end, city;"
#define SQL_UNION_OVER_TIME                                                                                                \
	UNION "CREATE TABLE w (ws TIMESTAMP(3), city STRING, n BIGINT) WITH ('connector'='blackhole');"                    \
	      "INSERT INTO w SELECT window_start, city, COUNT(*) / 2 FROM TABLE(TUMBLE(TABLE both_of_them,"                \
	      " DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, city;"
/* Nothing is late, however far one worker is ahead before the other has begun. */
#define SQL_PATIENT SOURCE_WITH("'1' HOUR") QUERIES

#define CITIES 5
#define RECORDS 60000
#define STEP_MS 2
#define DELAY_MS 1000
#define SECONDS 140 /* windows begin within so many of the first record */
#define BEGIN_MS 100000

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

/* ---- records ---- */

static uint32_t mix(uint32_t x)
{
	x = (x ^ (x >> 16)) * 0x7feb352du;
	x = (x ^ (x >> 15)) * 0x846ca68bu;
	return x ^ (x >> 16);
}

/* Up to 0.9 s back; `late` of a thousand are up to 12 s. */
static uint32_t time_of(uint32_t i, uint32_t late)
{
	uint32_t back = mix(i) % 1000 < late ? mix(i + 1) % 12000 : mix(i + 2) % 900;

	return BEGIN_MS + 12000 + i * STEP_MS - back;
}

static uint32_t age_of(uint32_t i)
{
	return mix(i + 3) % 90;
}

static void send_records(uint32_t from, uint32_t to, uint32_t late, uint32_t captures)
{
	char text[1400] = "";
	uint32_t datagram = 0;

	for (uint32_t i = from; i < to; i++) {
		uint32_t ms = time_of(i, late);

		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%u,city%u,%u,1970-01-01 00:%02u:%02u.%03u\n", i,
			mix(i) % CITIES, age_of(i), ms / 60000, ms / 1000 % 60, ms % 1000);
		if (strlen(text) > 1200 || i + 1 == to) {
			lab_datagram(&lab, datagram++ % captures, 5004, text);
			text[0] = '\0';
		}
	}
}

/* ---- what the rows must be: rules M1, M4, M5, record by record ---- */

struct oracle {
	uint32_t tumble_n[SECONDS / 5][CITIES], tumble_s[SECONDS / 5][CITIES];
	uint32_t hop_n[SECONDS / 2 + 3], hop_s[SECONDS / 2 + 3];
	uint32_t over_n[SECONDS / 2 + 3], over_s[SECONDS / 2 + 3]; /* HOP over windows of a second: late for those is late for all */
};

static void count(struct oracle *oracle, uint32_t i, uint32_t ms, int64_t watermark_ms)
{
	uint32_t at = ms - BEGIN_MS;
	uint32_t tumble = at / 5000;

	if (BEGIN_MS + (int64_t)tumble * 5000 + 5000 - 1 > watermark_ms) {
		oracle->tumble_n[tumble][mix(i) % CITIES]++;
		oracle->tumble_s[tumble][mix(i) % CITIES] += age_of(i);
	}
	for (uint32_t hop = at / 2000; hop < at / 2000 + 3; hop++)
		if (BEGIN_MS + (int64_t)hop * 2000 + 2000 - 1 > watermark_ms) {
			oracle->hop_n[hop]++;
			oracle->hop_s[hop] += age_of(i);
		}
	for (uint32_t hop = at / 2000; hop < at / 2000 + 3; hop++)
		if (BEGIN_MS + (int64_t)(at / 1000) * 1000 + 1000 - 1 > watermark_ms) {
			oracle->over_n[hop]++;
			oracle->over_s[hop] += age_of(i);
		}
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *sorted_lines(char *text)
{
	char *lines[1 << 16];
	char *out = calloc(1, strlen(text) + 2);
	size_t cnt = 0;

	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
		lines[cnt++] = line;
	qsort(lines, cnt, sizeof(*lines), by_text);
	for (size_t i = 0, len = 0; i < cnt; i++)
		len += (size_t)sprintf(out + len, "%s\n", lines[i]);
	free(text);
	return out;
}

static char *tumble_rows(const struct oracle *oracle)
{
	char *text = calloc(1, 1 << 20), *at = text;

	for (uint32_t i = 0; i < SECONDS / 5; i++)
		for (uint32_t city = 0; city < CITIES; city++) {
			uint32_t s = BEGIN_MS / 1000 + i * 5;

			if (oracle->tumble_n[i][city] > 0)
				at += sprintf(at, "1970-01-01 00:%02u:%02u.000,city%u,%u,%u\n", s / 60, s % 60, city,
					oracle->tumble_n[i][city], oracle->tumble_s[i][city]);
		}
	return sorted_lines(text);
}

static char *hop_rows(const uint32_t *n, const uint32_t *sum)
{
	char *text = calloc(1, 1 << 20), *at = text;

	for (uint32_t i = 0; i < SECONDS / 2; i++) {
		uint32_t s = BEGIN_MS / 1000 + i * 2 + 2;

		if (n[i] > 0)
			at += sprintf(at, "1970-01-01 00:%02u:%02u.000,%u,%u\n", s / 60, s % 60, n[i], sum[i]);
	}
	return sorted_lines(text);
}

static char *plain_rows(uint32_t cnt)
{
	char *text = calloc(1, 1 << 20), *at = text;

	for (uint32_t i = 0; i < cnt; i++)
		if (age_of(i) >= 80)
			at += sprintf(at, "%u,%u\n", i, age_of(i));
	return sorted_lines(text);
}

static void expect_rows(const char *file, char *expected)
{
	char *found = lab_sorted(&lab, file);

	cr_expect(strcmp(found, expected) == 0, "rows of %s differ", file);
	free(found);
	free(expected);
}

/* The order of one queue decides what is late. */
static void expect_all(uint32_t cnt, uint32_t late)
{
	struct oracle *oracle = calloc(1, sizeof(*oracle));
	int64_t watermark_ms = 0;

	for (uint32_t i = 0; i < cnt; i++) {
		uint32_t ms = time_of(i, late);

		count(oracle, i, ms, watermark_ms);
		watermark_ms = FB_MAX(watermark_ms, (int64_t)ms - DELAY_MS);
	}
	expect_rows("w", tumble_rows(oracle));
	expect_rows("h", hop_rows(oracle->hop_n, oracle->hop_s));
	expect_rows("c", hop_rows(oracle->over_n, oracle->over_s));
	expect_rows("o", plain_rows(cnt));
	free(oracle);
}

/* ---- in the child ---- */

static void sleep_ms(int ms)
{
	nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

static int apply_from(struct fb_engine *engine, const char *text, int64_t from_ns, uint64_t bytes_per_s, char message[512])
{
	struct fb_apply_conf conf = {.name = "p",
		.file = "lab.sql",
		.sql = fb_str_from(text),
		.backfill = true,
		.from_ns = from_ns,
		.bytes_per_s = bytes_per_s};
	struct fb_buf name = {0};
	struct fb_diags diags;
	int rc;

	fb_diags_init(&diags, "lab.sql");
	rc = fb_engine_apply_conf(engine, &conf, &diags, &name);
	snprintf(message, 512, "%s", diags.cnt > 0 && diags.items[0].message ? diags.items[0].message : "");
	fb_buf_fini(&name);
	fb_diags_fini(&diags);
	return rc;
}

static void backfill(struct fb_engine *engine, const char *sql, uint64_t bytes_per_s)
{
	char message[512];
	int rc = apply_from(engine, sql, INT64_MIN, bytes_per_s, message);

	LAB_CHECK(rc == 0, "%s: %s", fb_strerror(rc), message);
}

static enum fb_pipeline_state state_of(struct fb_engine *engine)
{
	struct fb_engine_view view;
	enum fb_pipeline_state state;

	LAB_CHECK(fb_engine_view(engine, &view) == 0);
	LAB_CHECK(view.pipeline_cnt == 1, "%u pipelines", view.pipeline_cnt);
	state = view.pipelines[0].state;
	LAB_CHECK(view.pipelines[0].backfill.active == (state == FB_PIPELINE_BACKFILLING));
	fb_engine_view_fini(&view);
	return state;
}

/* The ledger balances at every moment on the way. */
static void wait_live(struct fb_engine *engine)
{
	for (int i = 0; i < 2000 && state_of(engine) == FB_PIPELINE_BACKFILLING; i++) {
		lab_check_ledger(engine);
		sleep_ms(5);
	}
	LAB_CHECK(state_of(engine) == FB_PIPELINE_RUNNING, "no end of the backfill");
}

static void wait_logged(struct fb_engine *engine, uint64_t datagrams)
{
	struct fb_engine_view view;
	uint64_t logged = 0;

	for (int i = 0; i < 2000 && logged < datagrams; i++) {
		sleep_ms(5);
		LAB_CHECK(fb_engine_view(engine, &view) == 0);
		for (uint32_t s = 0; s < view.stream_cnt; s++)
			if (strcmp(view.streams[s].table, "logged") == 0)
				logged = view.streams[s].raw.stored_datagrams;
		fb_engine_view_fini(&view);
	}
	LAB_CHECK(logged == datagrams, "%lu datagrams in the log, of %lu", logged, datagrams);
}

static void drain_and_save(struct lab *of, struct fb_engine *engine)
{
	int rc = fb_engine_drain(engine, "p", 10000);

	LAB_CHECK(rc == 0, "%s", fb_strerror(rc));
	lab_check_ledger(engine);
	lab_save_rows(of, engine, "p", "w", "w");
	lab_save_rows(of, engine, "p", "h", "h");
	lab_save_rows(of, engine, "p", "o", "o");
	lab_save_rows(of, engine, "p", "c", "c");
}

static uint64_t datagrams_of(uint32_t captures)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < captures; i++) {
		char path[128];
		FILE *file;
		uint32_t head[4];

		snprintf(path, sizeof(path), "%s/%u.pcap", lab.folder, i);
		file = fopen(path, "re");
		LAB_CHECK(file != NULL && fseek(file, 24, SEEK_SET) == 0);
		while (fread(head, sizeof(head), 1, file) == 1 && fseek(file, head[2], SEEK_CUR) == 0)
			bytes++;
		fclose(file);
	}
	return bytes;
}

/* ---- history alone ---- */

static void run_history(struct lab *of, struct fb_engine *engine, void *arg)
{
	lab_receive(engine);
	wait_logged(engine, datagrams_of(of->capture_cnt));
	backfill(engine, of->capture_cnt > 1 ? SQL_PATIENT : SQL, 0);
	wait_live(engine);
	lab_wait_records(engine, RECORDS);
	drain_and_save(of, engine);
}

Test(backfill, history, .init = setup, .fini = cleanup)
{
	send_records(0, RECORDS, 30, 1);
	lab_run(&lab, run_history, NULL);
	expect_all(RECORDS, 30);
}

Test(backfill, history_of_two_queues, .init = setup_two, .fini = cleanup)
{
	send_records(0, RECORDS, 0, 2);
	lab_run(&lab, run_history, NULL);
	expect_all(RECORDS, 0);
}

/* ---- windows over UNION ALL ---- */

/* What is late is no matter here: the two sources may differ in it by a burst. */
static void expect_union(void)
{
	struct oracle *oracle = calloc(1, sizeof(*oracle));

	for (uint32_t i = 0; i < RECORDS; i++)
		count(oracle, i, time_of(i, 0), 0);
	expect_rows("w", tumble_rows(oracle));
	free(oracle);
}

static void drain_union(struct lab *of, struct fb_engine *engine)
{
	wait_live(engine);
	lab_wait_records(engine, 2 * RECORDS);
	LAB_CHECK(fb_engine_drain(engine, "p", 10000) == 0);
	lab_check_ledger(engine);
	lab_save_rows(of, engine, "p", "w", "w");
}

static void run_union(struct lab *of, struct fb_engine *engine, void *arg)
{
	lab_receive(engine);
	if (arg == NULL)
		wait_logged(engine, datagrams_of(1));
	backfill(engine, SQL_UNION, 0);
	drain_union(of, engine);
}

static void run_union_stop(struct lab *of, struct fb_engine *engine, void *arg)
{
	(void)of;
	lab_receive(engine);
	wait_logged(engine, datagrams_of(1));
	backfill(engine, SQL_UNION, 4000000);
	sleep_ms(300);
	lab_check_ledger(engine);
	LAB_CHECK(state_of(engine) == FB_PIPELINE_BACKFILLING);
	if (arg != NULL)
		_exit(0);
}

static void run_union_rest(struct lab *of, struct fb_engine *engine, void *arg)
{
	(void)arg;
	lab_receive(engine);
	drain_union(of, engine);
}

Test(backfill, m3_union_all, .init = setup, .fini = cleanup)
{
	send_records(0, RECORDS, 0, 1);
	lab_run(&lab, run_union, NULL);
	expect_union();
	cleanup();
	setup();
	send_records(0, RECORDS, 0, 1);
	lab_run(&lab, run_union, "while records come");
	expect_union();
}

Test(backfill, m3_union_all_goes_on_after_a_stop_and_a_kill, .init = setup, .fini = cleanup)
{
	static const char *const ends[] = {NULL, "die"};

	for (size_t i = 0; i < FB_ARRAY_LEN(ends); i++) {
		cleanup();
		setup();
		send_records(0, RECORDS, 0, 1);
		lab_run(&lab, run_union_stop, (void *)ends[i]);
		lab_clear(&lab);
		lab_run(&lab, run_union_rest, NULL);
		expect_union();
	}
}

/* ---- history that grows ---- */

/* It begins before anything has come, and goes over while records come; `arg`: how many ms after the first. */
static void run_growing(struct lab *of, struct fb_engine *engine, void *arg)
{
	const char *text = of->capture_cnt > 1 ? SQL_PATIENT : SQL;
	const int *ms = arg;

	if (*ms < 0)
		backfill(engine, text, 0);
	lab_receive(engine);
	if (*ms >= 0) {
		sleep_ms(*ms);
		backfill(engine, text, 0);
	}
	wait_live(engine);
	lab_wait_records(engine, RECORDS);
	drain_and_save(of, engine);
}

Test(backfill, while_records_come, .init = setup, .fini = cleanup)
{
	static const int delays[] = {-1, 0, 3, 10, 20, 40};

	for (size_t i = 0; i < FB_ARRAY_LEN(delays); i++) {
		cleanup();
		setup();
		send_records(0, RECORDS, 30, 1);
		lab_run(&lab, run_growing, (void *)&delays[i]);
		expect_all(RECORDS, 30);
	}
}

Test(backfill, while_records_come_on_two_queues, .init = setup_two, .fini = cleanup)
{
	static const int delays[] = {-1, 5, 30};

	for (size_t i = 0; i < FB_ARRAY_LEN(delays); i++) {
		cleanup();
		setup_two();
		send_records(0, RECORDS, 0, 2);
		lab_run(&lab, run_growing, (void *)&delays[i]);
		expect_all(RECORDS, 0);
	}
}

/* ---- stops and kills on the way ---- */

static void run_stop(struct lab *of, struct fb_engine *engine, void *arg)
{
	lab_receive(engine);
	wait_logged(engine, datagrams_of(1));
	backfill(engine, SQL, 4000000);
	sleep_ms(arg ? 150 : 300);
	lab_check_ledger(engine);
	LAB_CHECK(state_of(engine) == FB_PIPELINE_BACKFILLING);
	if (arg != NULL)
		_exit(0);
}

static void run_rest(struct lab *of, struct fb_engine *engine, void *arg)
{
	LAB_CHECK(state_of(engine) == FB_PIPELINE_BACKFILLING);
	lab_receive(engine);
	wait_live(engine);
	lab_wait_records(engine, RECORDS);
	drain_and_save(of, engine);
}

Test(backfill, goes_on_after_a_stop, .init = setup, .fini = cleanup)
{
	send_records(0, RECORDS, 30, 1);
	lab_run(&lab, run_stop, NULL);
	lab_clear(&lab);
	lab_run(&lab, run_rest, NULL);
	expect_all(RECORDS, 30);
}

Test(backfill, goes_on_after_a_kill, .init = setup, .fini = cleanup)
{
	send_records(0, RECORDS, 30, 1);
	lab_run(&lab, run_stop, "die");
	lab_clear(&lab);
	lab_run(&lab, run_rest, NULL);
	expect_all(RECORDS, 30);
}

/* ---- drop, drain, refusals ---- */

static void run_drop(struct lab *of, struct fb_engine *engine, void *arg)
{
	lab_receive(engine);
	wait_logged(engine, datagrams_of(1));
	backfill(engine, SQL, 500000);
	sleep_ms(50);
	LAB_CHECK(fb_engine_drain(engine, "p", 50) == FB_E_TIMEOUT, "drained in the middle of history");
	LAB_CHECK(state_of(engine) == FB_PIPELINE_BACKFILLING);
	LAB_CHECK(fb_engine_drop(engine, "p") == 0);
	/* And the name is free again. */
	backfill(engine, SQL, 0);
	LAB_CHECK(fb_engine_drain(engine, "p", 20000) == 0);
	lab_save_rows(of, engine, "p", "w", "w");
	lab_save_rows(of, engine, "p", "h", "h");
	lab_save_rows(of, engine, "p", "o", "o");
	lab_save_rows(of, engine, "p", "c", "c");
}

Test(backfill, is_dropped_and_drained, .init = setup, .fini = cleanup)
{
	send_records(0, RECORDS, 30, 1);
	lab_run(&lab, run_drop, NULL);
	expect_all(RECORDS, 30);
}

static void run_refusals(struct lab *of, struct fb_engine *engine, void *arg)
{
	struct fb_engine_view view;
	char message[512];

	LAB_CHECK(apply_from(engine,
			  "CREATE TABLE people (id INT) WITH ('connector'='udp', 'port'='5000', 'format'='csv');"
			  "CREATE TABLE o (id INT) WITH ('connector'='blackhole'); INSERT INTO o SELECT id FROM people;",
			  INT64_MIN, 0, message) == FB_E_NOT_FOUND);
	LAB_CHECK(strstr(message, "'people' is not kept") != NULL, "%s", message);
	LAB_CHECK(apply_from(engine,
			  SOURCE "CREATE TABLE s (n BIGINT) WITH ('connector'='blackhole'); INSERT INTO s SELECT COUNT(*) FROM "
				 "TABLE(SESSION(TABLE logged PARTITION BY city, DESCRIPTOR(ts), INTERVAL '1' SECOND)) GROUP BY "
				 "city, window_start, window_end;",
			  INT64_MIN, 0, message) == FB_E_UNSUPPORTED);
	LAB_CHECK(strstr(message, "SESSION") != NULL, "%s", message);
	LAB_CHECK(apply_from(engine, SQL, INT64_MAX, 0, message) == FB_E_INVALID, "%s", message);
	LAB_CHECK(fb_engine_view(engine, &view) == 0);
	LAB_CHECK(view.pipeline_cnt == 0);
	fb_engine_view_fini(&view);
	/* An empty log is no error. */
	LAB_CHECK(apply_from(engine, SQL, 0, 0, message) == 0);
	LAB_CHECK(strstr(message, "is empty") != NULL, "%s", message);
	lab_receive(engine);
	wait_live(engine);
}

Test(backfill, refusals, .init = setup, .fini = cleanup)
{
	lab_run(&lab, run_refusals, NULL);
}

/* ---- replacing ---- */

static int replace(struct fb_engine *engine, const char *text, char message[512])
{
	struct fb_apply_conf conf = {.name = "p",
		.file = "lab.sql",
		.sql = fb_str_from(text),
		.backfill = true,
		.from_ns = INT64_MIN,
		.replace = true};
	struct fb_buf name = {0};
	struct fb_diags diags;
	int rc;

	fb_diags_init(&diags, "lab.sql");
	rc = fb_engine_apply_conf(engine, &conf, &diags, &name);
	snprintf(message, 512, "%s", diags.cnt > 0 && diags.items[0].message ? diags.items[0].message : "");
	LAB_CHECK(rc != 0 || strcmp(name.p, "p") == 0, "%s", name.p);
	fb_buf_fini(&name);
	fb_diags_fini(&diags);
	return rc;
}

static uint32_t pipelines(struct fb_engine *engine)
{
	struct fb_engine_view view;
	uint32_t cnt;

	LAB_CHECK(fb_engine_view(engine, &view) == 0);
	cnt = view.pipeline_cnt;
	fb_engine_view_fini(&view);
	return cnt;
}

static void wait_replaced(struct fb_engine *engine)
{
	for (int i = 0; i < 2000 && pipelines(engine) > 1; i++) {
		lab_check_ledger(engine);
		sleep_ms(5);
	}
	LAB_CHECK(pipelines(engine) == 1);
	wait_live(engine);
}

static void run_replace(struct lab *of, struct fb_engine *engine, void *arg)
{
	char message[512];

	LAB_CHECK(replace(engine, SQL_OVER_TIME, message) == FB_E_NOT_FOUND, "%s", message);
	LAB_CHECK(strstr(message, "no pipeline 'p'") != NULL, "%s", message);
	lab_apply(engine, "p", SQL_OVER_TIME);
	LAB_CHECK(replace(engine, SQL, message) == FB_E_UNSUPPORTED, "%s", message);
	LAB_CHECK(strstr(message, "windows over windows") != NULL, "%s", message);
	LAB_CHECK(replace(engine, SQL_OVER_TIME, message) == 0, "%s", message);
	LAB_CHECK(replace(engine, SQL_OVER_TIME, message) == FB_E_EXISTS, "%s", message);
	LAB_CHECK(fb_engine_drop(engine, "p") == FB_E_BUSY);
	LAB_CHECK(fb_engine_drain(engine, "p", 100) == FB_E_BUSY);
	lab_receive(engine);
	wait_replaced(engine);
	lab_wait_records(engine, RECORDS);
	LAB_CHECK(fb_engine_drain(engine, "p", 10000) == 0);
	lab_check_ledger(engine);
	lab_save_rows(of, engine, "p", "w", "w");
}

static void expect_over_time(void)
{
	uint32_t cnt[CITIES] = {0};
	char *text = calloc(1, 1 << 12), *at = text;

	for (uint32_t i = 0; i < RECORDS; i++)
		cnt[mix(i) % CITIES]++;
	for (uint32_t city = 0; city < CITIES; city++)
		at += sprintf(at, "1970-01-01 00:00:00.000,city%u,%u\n", city, cnt[city]);
	expect_rows("w", sorted_lines(text));
}

/* Nothing is published before all records are there: the windows are longer than they last. */
Test(backfill, is_replaced_at_once, .init = setup, .fini = cleanup)
{
	send_records(0, RECORDS, 0, 1);
	lab_run(&lab, run_replace, NULL);
	expect_over_time();
}

static void run_replace_union(struct lab *of, struct fb_engine *engine, void *arg)
{
	char message[512];

	(void)arg;
	lab_apply(engine, "p", SQL_OVER_TIME);
	lab_receive(engine);
	LAB_CHECK(replace(engine, SQL_UNION_OVER_TIME, message) == 0, "%s", message);
	wait_replaced(engine);
	lab_wait_records(engine, 2 * RECORDS);
	LAB_CHECK(fb_engine_drain(engine, "p", 10000) == 0);
	lab_check_ledger(engine);
	lab_save_rows(of, engine, "p", "w", "w");
}

Test(backfill, m3_union_all_takes_a_place, .init = setup, .fini = cleanup)
{
	send_records(0, RECORDS, 0, 1);
	lab_run(&lab, run_replace_union, NULL);
	expect_over_time();
}

/* ---- positions ---- */

/* Whatever a pipeline calls the table: after a log that has lost its end, numbers that an epoch names are not given again. */
static void run_position(struct lab *of, struct fb_engine *engine, void *arg)
{
	struct fb_buf bytes = {0};
	uint64_t seq = 0;

	(void)arg;
	lab_apply(engine, "p", SQL_UNION);
	lab_receive(engine);
	wait_logged(engine, datagrams_of(of->capture_cnt));
	LAB_CHECK(fb_engine_checkpoint(engine, "p", 10000) == 0);
	LAB_CHECK(fb_store_get_meta(fb_engine_store(engine), "lane/logged/0", &bytes) == 0 && bytes.len == sizeof(seq));
	memcpy(&seq, bytes.p, sizeof(seq));
	LAB_CHECK(seq == datagrams_of(of->capture_cnt), "%lu", seq);
	fb_buf_fini(&bytes);
}

Test(backfill, positions_are_the_stream_s, .init = setup, .fini = cleanup)
{
	send_records(0, 5000, 0, 1);
	lab_run(&lab, run_position, NULL);
}

/* ---- times ---- */

struct when {
	const char *text;
	int64_t ns; /* -1: refused */
};

Test(backfill, times_that_people_write)
{
	const int64_t now = 1767268800000000000; /* 2026-01-01 12:00 */
	const int64_t h = 3600000000000;
	const struct when cases[] = {
		{"begin", INT64_MIN},
		{"now", now},
		{"-2h", now - 2 * h},
		{"-90 min", now - h * 3 / 2},
		{"2026-01-01 12:00", now},
		{"2026-01-01 12:00:00", now},
		{"2026-01-01T12:00:00Z", now},
		{"2026-01-01T12:00:00.5Z", now + 500000000},
		{"2026-01-01T14:00:00+02:00", now},
		{"2026-01-01 09:30-02:30", now},
		{"2026-01-01", now - 12 * h},
		{"", -1},
		{"-", -1},
		{"-2 lightyears", -1},
		{"yesterday", -1},
		{"2999-01-01", -1},
		{"2026-01-01T12:00:00+2:00", -1},
		{"2026-01-01T12:00:00+25:00", -1},
		{"2026-01-01 12:00:00 and then some", -1},
	};

	for (size_t i = 0; i < FB_ARRAY_LEN(cases); i++) {
		int64_t ns = -1;
		int rc = fb_engine_parse_from(cases[i].text, now, &ns);

		cr_expect_eq(ns, cases[i].ns, "'%s': %ld", cases[i].text, ns);
		cr_expect_eq(rc != 0, cases[i].ns == -1, "'%s'", cases[i].text);
	}
}
