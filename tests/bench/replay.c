/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replay of the raw log: people records as CSV, ten a datagram, in LZ4 blocks, through TUMBLE 10 s GROUP BY city with COUNT, SUM, MIN,
 * MAX, AVG over 100 keys.
 *   read       reading, checking and unpacking the blocks, and nothing else
 *   operators  the same datagrams from memory, through a reader as a worker has it
 *   replay     both, and windows to rows: as stream and as batch, on one core and on two. The limit is what reading and operators
 *              cost one after the other
 * Costs are CPU time of all threads, because the machine is shared; `wall` says what the clock on the wall did. Cold: the kernel was
 * told to forget the files.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config/sql/sql.h"
#include "control/replay/replay_log.h"
#include "state/rawlog/rawlog.h"
#include "tests/bench/bench.h"

#define RECORDS_PER_DATAGRAM 10
#define PAYLOAD_MAX 4096
#define BURST 32
#define RECORDS_PER_MS 10 /* of event time */
#define SQL                                                                                                             \
	"SET 'table.local-time-zone' = 'UTC';\n"                                                                        \
	"CREATE TABLE people (id BIGINT, name STRING, age INT, gender STRING, birthday DATE, email STRING,\n"           \
	"  phone STRING, address STRING, city STRING, country STRING, ts TIMESTAMP(3),\n"                               \
	"  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND) WITH ('connector'='filesystem', 'path'='/-', 'format'='csv');\n" \
	"SELECT window_start, city, COUNT(*), SUM(age), MIN(age), MAX(age), AVG(age)\n"                                 \
	"FROM TABLE(TUMBLE(TABLE people, DESCRIPTOR(ts), INTERVAL '10' SECOND))\n"                                      \
	"GROUP BY window_start, window_end, city;\n"

static void fail(const char *what)
{
	fprintf(stderr, "bench replay: %s\n", what);
	exit(1);
}

struct bench {
	char folder[64];
	struct fb_store *store;
	struct fb_rawlog *log;
	uint32_t stream;
	struct fb_plan *plan;
	uint64_t records;
	uint64_t bytes; /* of payload */
	uint64_t stored_bytes;
	struct fb_reader *reader;
	struct fb_slice_layout *layout;
	/* a block's worth, for the operators alone */
	uint8_t *payloads;
	uint32_t len[1024];
	uint32_t payload_cnt;
	uint64_t payload_bytes;
	uint64_t rows;
};

struct cost {
	struct fb_bench_series gb;      /* of payload per CPU second */
	struct fb_bench_series records; /* million per CPU second */
	struct fb_bench_series wall;    /* GB/s */
};

static double seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void cost_add(struct cost *cost, const struct bench *bench, double cpu, double wall)
{
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	fb_bench_add(&cost->gb, (double)bench->bytes / 1e9 / cpu);
	fb_bench_add(&cost->records, (double)bench->records / 1e6 / cpu);
	fb_bench_add(&cost->wall, (double)bench->bytes / 1e9 / (seconds(CLOCK_MONOTONIC) - wall));
}

/* ---- the log ---- */

static void release(void *arg, uint8_t *bytes)
{
	(void)arg;
	free(bytes);
}

/* Ten records; event time goes on with their number. */
static uint32_t make_payload(char *out, uint64_t first)
{
	uint32_t len = 0;

	for (uint64_t i = first; i < first + RECORDS_PER_DATAGRAM; i++) {
		uint32_t key_at, time_at;
		uint64_t ms = i / RECORDS_PER_MS;
		char time[24];

		snprintf(time, sizeof(time), "%02u:%02u:%02u.%03u", (unsigned)(ms / 3600000 % 24), (unsigned)(ms / 60000 % 60),
			(unsigned)(ms / 1000 % 60), (unsigned)(ms % 1000));
		uint32_t bytes = fb_bench_record(out + len, (uint32_t)i, &key_at, &time_at);

		memcpy(out + len + time_at, time, 12);
		len += bytes;
	}
	return len;
}

static struct fb_event_times_by times_of(const struct bench *bench)
{
	struct fb_reader_conf conf = {.source = bench->plan->queries[0]->source,
		.queries = bench->plan->queries,
		.query_cnt = bench->plan->query_cnt,
		.framing = FB_FRAMING_NEWLINE};
	struct fb_event_definition definition = fb_event_definition_of(&conf);

	return (struct fb_event_times_by){definition.hash, definition.fields};
}

static int64_t event_ms(uint64_t record)
{
	return 1767225600000 + (int64_t)(record / RECORDS_PER_MS); /* 2026-01-01 */
}

static void seal(struct bench *bench, struct fb_rawlog_appender *appender, struct fb_block_fill *fill, uint64_t first, uint64_t end)
{
	fb_block_note_event_times(fill, times_of(bench), event_ms(first), event_ms(end - 1));
	if (fb_rawlog_append(appender, fill) != 0 || (fb_rawlog_is_heavy(appender) && fb_rawlog_flush(appender, NULL) != 0))
		fail("cannot write the log");
}

static void fill_log(struct bench *bench, uint64_t datagrams)
{
	struct fb_rawlog_appender_conf conf = {.stream = bench->stream, .codec = FB_BLOCK_LZ4, .release = release};
	struct fb_rawlog_appender *appender;
	struct fb_block_fill fill = {0};
	char payload[PAYLOAD_MAX];
	struct fb_rawlog_span total;
	uint64_t first = 0;

	if (fb_rawlog_appender_create(bench->log, &conf, &appender) != 0)
		fail("no appender");
	for (uint64_t i = 0; i < datagrams; i++) {
		uint64_t record = i * RECORDS_PER_DATAGRAM;
		struct fb_block_datagram datagram = {.seq = i,
			.arrival_ns = 1767225600000000000 + (int64_t)(i / BURST) * 20000,
			.watermark_ms = FB_TIME_MIN,
			.len = make_payload(payload, record),
			.data = (const uint8_t *)payload};

		fb_block_map_ipv4(datagram.source, 1);
		if (fill.bytes != NULL && !fb_block_try_add(&fill, &datagram)) {
			seal(bench, appender, &fill, first, record);
			fill.bytes = NULL;
		} else if (fill.bytes != NULL) {
			continue;
		}
		first = record;
		fb_block_begin(&fill, malloc(FB_BLOCK_BYTES), bench->stream, 0);
		if (!fb_block_try_add(&fill, &datagram))
			fail("a datagram does not fit");
	}
	seal(bench, appender, &fill, first, datagrams * RECORDS_PER_DATAGRAM);
	if (fb_rawlog_roll(appender, NULL) != 0)
		fail("cannot write the log");
	fb_rawlog_appender_destroy(appender);
	if (fb_rawlog_total(bench->log, bench->stream, 0, &total) != 0)
		fail("nothing was written");
	bench->records = datagrams * RECORDS_PER_DATAGRAM;
	bench->bytes = total.payload_bytes;
	bench->stored_bytes = total.stored_bytes;
}

static void forget_files(const struct bench *bench)
{
	char path[512];
	DIR *folder;
	const struct dirent *entry;

	snprintf(path, sizeof(path), "%s/store", bench->folder);
	folder = opendir(path);
	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		int file;

		snprintf(path, sizeof(path), "%s/store/%s", bench->folder, entry->d_name);
		file = open(path, O_RDONLY);
		if (file >= 0 && fdatasync(file) == 0)
			FB_IGNORE(posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED));
		if (file >= 0)
			close(file);
	}
	if (folder != NULL)
		closedir(folder);
}

/* ---- limits ---- */

static void read_trial(struct bench *bench, struct cost *cost)
{
	struct fb_rawlog_range range = FB_RAWLOG_RANGE_ALL(bench->stream, 0);
	double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
	struct fb_block_reader reader = {0};
	struct fb_block_header header;
	struct fb_rawlog_fetch *fetch;
	struct fb_rawlog_scan *scan;
	uint64_t bytes = 0;

	range.headers_only = true;
	if (fb_rawlog_scan_create(bench->log, &range, &scan) != 0 || fb_rawlog_fetch_create(bench->log, &fetch) != 0)
		fail("no scan");
	while (fb_rawlog_scan_header(scan, &header) == 0) {
		if (fb_rawlog_fetch_block(fetch, &header, &reader) != 0)
			fail("a block cannot be read");
		bytes += reader.header.payload_bytes;
	}
	fb_block_close(&reader);
	fb_rawlog_fetch_destroy(fetch);
	fb_rawlog_scan_destroy(scan);
	if (bytes != bench->bytes)
		fail("what comes back is not what was written");
	cost_add(cost, bench, cpu, wall);
}

static void make_payloads(struct bench *bench)
{
	uint32_t used = 0;

	bench->payloads = calloc(1, FB_BLOCK_BYTES + PAYLOAD_MAX);
	while (bench->payload_cnt < FB_ARRAY_LEN(bench->len) && used + PAYLOAD_MAX < FB_BLOCK_BYTES) {
		bench->len[bench->payload_cnt] =
			make_payload((char *)bench->payloads + used, (uint64_t)bench->payload_cnt * RECORDS_PER_DATAGRAM);
		used += bench->len[bench->payload_cnt++];
	}
	bench->payload_bytes = used;
}

static void open_reader(struct bench *bench)
{
	const struct fb_slice_layout *layouts[1];
	struct fb_reader_conf conf = {.source = bench->plan->queries[0]->source,
		.queries = bench->plan->queries,
		.layouts = layouts,
		.query_cnt = 1,
		.framing = FB_FRAMING_NEWLINE,
		.isa = fb_isa_detect(),
		.state_bytes = 64u << 20,
		.watermark_ms = FB_TIME_MIN};

	if (fb_slice_layout_create(bench->plan->queries[0], &bench->layout) != 0)
		fail("no layout");
	layouts[0] = bench->layout;
	if (fb_reader_create(&conf, &bench->reader) != 0)
		fail("no reader");
}

/* The block's worth over and over, as many bytes as the log has. */
static void operator_trial(struct bench *bench, struct cost *cost)
{
	double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);

	for (uint64_t bytes = 0; bytes < bench->bytes; bytes += bench->payload_bytes) {
		const uint8_t *at = bench->payloads;

		for (uint32_t i = 0; i < bench->payload_cnt; at += bench->len[i++]) {
			fb_reader_feed(bench->reader, at, bench->len[i]);
			if (i % BURST == BURST - 1)
				fb_reader_flush(bench->reader);
		}
		fb_reader_flush(bench->reader);
	}
	cost_add(cost, bench, cpu, wall);
}

/* ---- replay ---- */

static int take(void *arg, const struct fb_replay_rows *rows)
{
	((struct bench *)arg)->rows += rows->row_cnt;
	return 0;
}

static void replay_trial(struct bench *bench, bool batch, uint32_t threads, struct cost *cost)
{
	struct fb_replay_conf conf = {.source = bench->plan->queries[0]->source,
		.queries = bench->plan->queries,
		.query_cnt = 1,
		.batch = batch,
		.threads = threads,
		.state_bytes = 256u << 20,
		.isa = fb_isa_detect(),
		.rows = take,
		.arg = bench};
	struct fb_replay_log log = {.log = bench->log,
		.stream = bench->stream,
		.framing = FB_FRAMING_NEWLINE,
		.from_ns = INT64_MIN,
		.to_ns = INT64_MAX};
	double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
	struct fb_replay_numbers numbers;
	struct fb_buf message = {0};

	if (fb_replay_run_log(&conf, &log, &message, &numbers) != 0)
		fail(message.p);
	cost_add(cost, bench, cpu, wall);
	if (numbers.queries[0].window_rows != bench->records || !fb_replay_balanced(&numbers, NULL))
		fail("records are missing");
	fb_replay_numbers_fini(&numbers);
}

/* ---- figures ---- */

static void print(const char *name, const struct cost *cost, const struct cost *limit, const char *note)
{
	char text[96];

	fb_bench_print(&(struct fb_bench_row){"replay", name, "GB/CPU-s", &cost->gb, limit ? &limit->gb : NULL, true, note});
	snprintf(text, sizeof(text), "%s, records", name);
	fb_bench_print(&(struct fb_bench_row){"replay", text, "M/CPU-s", &cost->records, limit ? &limit->records : NULL, true, NULL});
	snprintf(text, sizeof(text), "%s, wall", name);
	fb_bench_print(&(struct fb_bench_row){"replay", text, "GB/s", &cost->wall, limit ? &limit->wall : NULL, true, NULL});
}

/* What reading and operators cost together, had they nothing to do with each other. */
static void add_limit(struct cost *limit, const struct cost *read, const struct cost *operators)
{
	uint32_t i = read->gb.cnt - 1;

	fb_bench_add(&limit->gb, 1 / (1 / read->gb.value[i] + 1 / operators->gb.value[i]));
	fb_bench_add(&limit->records, 1 / (1 / read->records.value[i] + 1 / operators->records.value[i]));
	fb_bench_add(&limit->wall, 1 / (1 / read->wall.value[i] + 1 / operators->wall.value[i]));
}

int main(void)
{
	const char *parent = getenv("FB_BENCH_DIR");
	uint64_t datagrams = (uint64_t)fb_bench_trials(16) * 12500;
	uint32_t trials = fb_bench_trials(9);
	struct cost read = {0}, operators = {0}, limit = {0}, cold = {0};
	struct cost replayed[2][2] = {0};
	struct bench bench = {0};
	struct fb_buf message = {0};
	struct fb_diags diags;
	char path[128], command[256], note[160];

	fb_diags_init(&diags, "bench.sql");
	if (fb_sql_plan_run("bench.sql", fb_str_from(SQL), &diags, &bench.plan) != 0)
		fail(diags.items[0].message);
	fb_diags_fini(&diags);
	snprintf(bench.folder, sizeof(bench.folder), "%s/fb-bench-replay-XXXXXX", parent ? parent : "/tmp");
	if (mkdtemp(bench.folder) == NULL)
		fail("no folder");
	snprintf(path, sizeof(path), "%s/store", bench.folder);
	if (fb_store_open(&(struct fb_store_conf){.path = path}, &message, &bench.store) != 0 ||
		fb_rawlog_open(bench.store, &bench.log) != 0 || fb_rawlog_stream_id(bench.log, "people", true, &bench.stream) != 0)
		fail("no log");
	fill_log(&bench, datagrams);
	make_payloads(&bench);
	open_reader(&bench);
	for (uint32_t t = 0; t < trials; t++) {
		read_trial(&bench, &read);
		operator_trial(&bench, &operators);
		add_limit(&limit, &read, &operators);
		for (int batch = 0; batch < 2; batch++)
			for (uint32_t threads = 1; threads <= 2; threads++)
				replay_trial(&bench, batch, threads, &replayed[batch][threads - 1]);
		forget_files(&bench);
		replay_trial(&bench, true, 1, &cold);
	}
	snprintf(note, sizeof(note), "%.0f MB of payload, %.2f times smaller on disk, %llu records",
		(double)bench.bytes / 1e6, (double)bench.bytes / (double)bench.stored_bytes, (unsigned long long)bench.records);
	print("read and unpack", &read, NULL, note);
	print("operators", &operators, NULL, "the same datagrams from memory");
	print("stream, 1 core", &replayed[0][0], &limit, "limit: read and operators, one after the other");
	print("stream, 2 cores", &replayed[0][1], &limit, NULL);
	print("batch, 1 core", &replayed[1][0], &limit, NULL);
	print("batch, 2 cores", &replayed[1][1], &limit, NULL);
	print("batch, 1 core, cold", &cold, &limit, NULL);
	fb_reader_destroy(bench.reader);
	fb_slice_layout_destroy(bench.layout);
	fb_rawlog_close(bench.log);
	fb_store_close(bench.store);
	fb_plan_destroy(bench.plan);
	free(bench.payloads);
	snprintf(command, sizeof(command), "rm -rf '%s'", bench.folder);
	return system(command) == 0 ? 0 : 1;
}
