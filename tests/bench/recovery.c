/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A start after a crash: what the raw log has since the last checkpoint goes through the operators again before the appliance receives.
 * The store is made as a crash leaves it: a pipeline is applied and its process ends without a stop; then the log gets a
 * gigabyte of people records, more than any checkpoint interval should leave. Each run recovers a copy. The limit is reading
 * the same log (checksums and decompression).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "control/pipeline/engine.h"
#include "state/rawlog/rawlog.h"
#include "tests/bench/bench.h"

#define SQL                                                                                        \
	"CREATE TABLE people (id BIGINT, name STRING, age INT, gender STRING, birthday DATE, email STRING,\n" \
	"  phone STRING, address STRING, city STRING, country STRING, ts TIMESTAMP(3),\n"          \
	"  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND)\n"                                        \
	"WITH ('connector'='udp', 'port'='5000', 'format'='csv');\n"                               \
	"CREATE TABLE sums (ws TIMESTAMP(3), city STRING, n BIGINT, s INT, lo INT, hi INT, a INT) WITH "    \
	"('connector'='blackhole');\n"                                                                 \
	"INSERT INTO sums SELECT window_start, city, COUNT(*), SUM(age), MIN(age), MAX(age), AVG(age)\n"    \
	"FROM TABLE(TUMBLE(TABLE people, DESCRIPTOR(ts), INTERVAL '10' SECOND))\n"                     \
	"GROUP BY window_start, window_end, city;\n"

#define RECORDS_PER_DATAGRAM 10
#define DATAGRAMS_PER_MS 10 /* of event time and of arrival */

static char folder[4096];
static uint64_t datagrams, payload_bytes;

struct recovered {
	uint64_t datagrams;
	uint64_t windows;
	double seconds;
};

_Noreturn static void fail(const char *what)
{
	fprintf(stderr, "bench recovery: %s\n", what);
	exit(1);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void shell(const char *fmt, const char *a, const char *b)
{
	char command[3 * sizeof(folder)];

	snprintf(command, sizeof(command), fmt, a, b);
	if (system(command) != 0)
		fail(command);
}

/* ---- engines, each in a process of its own ---- */

static struct fb_engine *start(const char *store)
{
	struct fb_buf text = {0};
	struct fb_appliance *appliance;
	struct fb_engine *engine;
	struct fb_diags diags;

	fb_buf_printf(&text,
		"name: bench\nstore: {path: %s}\nhttp: {socket: %s/s, listen: \"\"}\ncores: {main: 0, workers: [1]}\n"
		"memory: {packet_mb: 16, state_mb: 64, output_mb: 4}\n"
		"ports:\n  - {name: p0, device: \"net_null0,no-rx=1\", addresses: [10.9.0.1/24]}\n"
		"streams:\n  - {table: people, port: p0, udp_port: 5000, framing: newline, retention_mb: 100000}\n",
		store, folder);
	fb_diags_init(&diags, "bench.yaml");
	if (fb_appliance_parse("bench.yaml", (struct fb_str){text.p, (uint32_t)text.len}, &diags, &appliance) != 0 ||
		fb_engine_start(appliance, &diags, &engine) != 0) {
		fb_diags_print(&diags, text.p, stderr);
		fail("no engine");
	}
	return engine;
}

/* Ends without a stop, as a crash does. */
static void apply(const char *store)
{
	struct fb_engine *engine = start(store);
	struct fb_buf name = {0};
	struct fb_diags diags;

	fb_diags_init(&diags, "bench.sql");
	if (fb_engine_apply(engine, "bench", "bench.sql", FB_STR(SQL), &diags, &name) != 0) {
		fb_diags_print(&diags, SQL, stderr);
		fail("the pipeline is not applied");
	}
	_exit(0);
}

static void recover(const char *store, int out)
{
	struct fb_engine *engine = start(store);
	struct fb_engine_view view;
	struct recovered found;

	if (fb_engine_view(engine, &view) != 0 || view.pipeline_cnt != 1)
		fail("the pipeline is not there");
	found = (struct recovered){.datagrams = view.pipelines[0].checkpoint.recovered_datagrams,
		.windows = view.pipelines[0].queries[0].merged_windows,
		.seconds = (double)view.pipelines[0].checkpoint.recovery_ns / 1e9};
	if (write(out, &found, sizeof(found)) != sizeof(found))
		fail("no pipe");
	_exit(0);
}

static void in_child(void (*apply_to)(const char *store), const char *store, struct recovered *ret)
{
	int ends[2], status;
	pid_t pid;

	if (pipe(ends) != 0)
		fail("no pipe");
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		if (apply_to != NULL)
			apply_to(store);
		recover(store, ends[1]);
	}
	close(ends[1]);
	if (ret != NULL && read(ends[0], ret, sizeof(*ret)) != sizeof(*ret))
		fail("it did not recover");
	close(ends[0]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail("an engine failed");
}

/* ---- the log ---- */

static void release(void *arg, uint8_t *bytes)
{
	free(bytes);
}

static uint32_t make_payload(char *out, uint64_t datagram)
{
	uint64_t ms = datagram / DATAGRAMS_PER_MS;
	uint32_t len = 0, key_at, time_at;
	char text[16];

	snprintf(text, sizeof(text), "%02u:%02u:%02u.%03u", (unsigned)(ms / 3600000 % 24), (unsigned)(ms / 60000 % 60),
		(unsigned)(ms / 1000 % 60), (unsigned)(ms % 1000));
	for (uint32_t i = 0; i < RECORDS_PER_DATAGRAM; i++) {
		uint32_t record = fb_bench_record(out + len, (uint32_t)(datagram * RECORDS_PER_DATAGRAM + i), &key_at, &time_at);

		memcpy(out + len + time_at, text, 12);
		len += record;
	}
	return len;
}

static void append(struct fb_rawlog_appender *appender, struct fb_block_fill *fill)
{
	if (fb_rawlog_append(appender, fill) != 0 ||
		(fb_rawlog_is_heavy(appender) && fb_rawlog_flush(appender, NULL) != 0))
		fail("cannot append");
}

static void fill_log(struct fb_rawlog *log, uint32_t stream, uint64_t bytes)
{
	struct fb_rawlog_appender_conf conf = {.stream = stream, .codec = FB_BLOCK_LZ4, .release = release};
	struct fb_rawlog_appender *appender;
	struct fb_block_fill fill = {0};
	char payload[4096];

	if (fb_rawlog_appender_create(log, &conf, &appender) != 0)
		fail("no appender");
	for (; payload_bytes < bytes; datagrams++) {
		struct fb_block_datagram datagram = {.seq = datagrams,
			.arrival_ns = 1767225600000000000 + (int64_t)(datagrams * (1000000 / DATAGRAMS_PER_MS)),
			.watermark_ms = FB_TIME_MIN,
			.len = make_payload(payload, datagrams),
			.data = (const uint8_t *)payload};

		payload_bytes += datagram.len;
		fb_block_map_ipv4(datagram.source, 0x0a090002);
		if (fill.bytes != NULL && fb_block_try_add(&fill, &datagram))
			continue;
		if (fill.bytes != NULL)
			append(appender, &fill);
		fb_block_begin(&fill, malloc(FB_BLOCK_BYTES), stream, 0);
		if (!fb_block_try_add(&fill, &datagram))
			fail("a datagram does not fit");
	}
	append(appender, &fill);
	if (fb_rawlog_roll(appender, NULL) != 0)
		fail("cannot flush");
	fb_rawlog_appender_destroy(appender);
}

static double scan_seconds(struct fb_rawlog *log, uint32_t stream)
{
	struct fb_rawlog_range range = FB_RAWLOG_RANGE_ALL(stream, 0);
	double begun = seconds();
	struct fb_rawlog_scan *scan;
	struct fb_block_datagram datagram;
	uint64_t bytes = 0;

	if (fb_rawlog_scan_create(log, &range, &scan) != 0)
		fail("no scan");
	while (fb_rawlog_scan_datagram(scan, &datagram) == 0)
		bytes += datagram.len;
	fb_rawlog_scan_destroy(scan);
	if (bytes != payload_bytes)
		fail("the log has not what was written");
	return seconds() - begun;
}

/* The log as the crash left it; scans: null, or how long reading it takes. */
static void with_log(const char *store, uint64_t bytes, struct fb_bench_series *scans)
{
	struct fb_store_conf conf = {.path = store};
	struct fb_store *opened;
	struct fb_rawlog *log;
	uint32_t stream;

	if (fb_store_open(&conf, NULL, &opened) != 0 || fb_rawlog_open(opened, &log) != 0 ||
		fb_rawlog_stream_id(log, "people", true, &stream) != 0)
		fail("no log");
	if (scans == NULL)
		fill_log(log, stream, bytes);
	else
		fb_bench_add(scans, (double)payload_bytes / 1e9 / scan_seconds(log, stream));
	fb_rawlog_close(log);
	fb_store_close(opened);
}

int main(void)
{
	struct fb_bench_series rate = {0}, records = {0}, limit = {0};
	const char *tmp = getenv("TMPDIR");
	char crashed[sizeof(folder) + 16], copy[sizeof(folder) + 16], note[256];
	struct recovered found;

	snprintf(folder, sizeof(folder), "%s/fb-bench-XXXXXX", tmp ? tmp : "/tmp");
	if (mkdtemp(folder) == NULL)
		fail("no folder");
	snprintf(crashed, sizeof(crashed), "%s/crashed", folder);
	snprintf(copy, sizeof(copy), "%s/copy", folder);
	in_child(apply, crashed, NULL);
	with_log(crashed, fb_bench_trials(10) * 100000000ull, NULL);
	for (uint32_t run = 0; run < fb_bench_trials(5); run++) {
		shell("cp -a '%s' '%s'", crashed, copy);
		with_log(copy, 0, &limit);
		in_child(NULL, copy, &found);
		/* A window fires when the newest record is 2 s behind its end. */
		if (found.datagrams != datagrams || found.windows != ((datagrams - 1) / DATAGRAMS_PER_MS - 1999) / 10000)
			fail("not all of the log was recovered");
		fb_bench_add(&rate, (double)payload_bytes / 1e9 / found.seconds);
		fb_bench_add(&records, (double)datagrams * RECORDS_PER_DATAGRAM / found.seconds);
		shell("rm -rf '%s'%s", copy, "");
	}
	snprintf(note, sizeof(note), "%.2f GB of CSV datagrams, LZ4, %llu windows; one thread; limit: reading the log", (double)payload_bytes / 1e9,
		(unsigned long long)found.windows);
	fb_bench_print(&(struct fb_bench_row){"recovery", "log to windows", "GB/s", &rate, &limit, true, note});
	fb_bench_print(&(struct fb_bench_row){"recovery", "log to windows", "records/s", &records, NULL, true, NULL});
	shell("rm -rf '%s'%s", folder, "");
	return 0;
}
