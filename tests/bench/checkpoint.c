/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A checkpoint with a million open keys.
 *   pause   what a worker's poll loop waits: the longest turn from asking for the epoch on, against the longest of as many turns
 *           before it
 *   epoch   what the control plane does with it: gather, export and one synced commit of the store, against write() and fdatasync of
 *           the same bytes into a file beside it
 * Turns are timed by the thread's CPU time, page faults included: what the machine gives to others in the middle of one is no pause
 * of the worker's making.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config/sql/sql.h"
#include "control/window/assembly.h"
#include "dataplane/worker/worker.h"
#include "state/store/store.h"
#include "tests/bench/bench.h"
#include "tests/bench/source.h"

#define SQL                                                                                        \
	FB_SOURCE_SQL                                                                              \
	"CREATE TABLE sums (ws TIMESTAMP(3), city STRING, n BIGINT, s INT, lo INT, hi INT, a INT) WITH "    \
	"('connector'='blackhole');\n"                                                                 \
	"INSERT INTO sums SELECT window_start, city, COUNT(*), SUM(age), MIN(age), MAX(age), AVG(age)\n"    \
	"FROM TABLE(TUMBLE(TABLE people, DESCRIPTOR(ts), INTERVAL '10' SECOND))\n"                     \
	"GROUP BY window_start, window_end, city;\n"

#define PACKETS 4096
#define KEYS 1000000u
#define OPEN_GROUPS 950000u
#define RECORDS_PER_WINDOW 12000000u /* more than it takes to open so many groups */
#define TURNS 4000
#define STATE_BYTES (1ull << 30)

struct bench {
	struct fb_source *source;
	struct fb_plan *plan;
	const struct fb_query_plan *query;
	struct fb_slice_layout *layout;
	struct fb_reader *reader;
	struct fb_worker *worker;
	struct fb_watermark_board *board;
	struct fb_reader_epoch *epoch;
	struct fb_slice *slices[64]; /* of the checkpoint */
	uint32_t slice_cnt;
	bool taken; /* the epoch is filled */
	char folder[4096];
	struct fb_store *store;
	struct fb_bench_series turn, pause, after, before, write_ms, plain_ms, cpu_ms;
	uint64_t bytes;
};

_Noreturn static void fail(const char *what)
{
	fprintf(stderr, "bench checkpoint: %s\n", what);
	exit(1);
}

static double seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- the worker ---- */

static void free_slice(void *arg, struct fb_slice *slice, uint32_t from)
{
	struct bench *bench = arg;
	struct fb_mail mail = {.kind = FB_MAIL_SLICE_FREE, .slice = slice};

	while (fb_worker_send(bench->worker, &mail) == FB_E_AGAIN)
		fb_worker_turn(bench->worker);
}

static void take_reports(struct bench *bench)
{
	struct fb_report report;

	while (fb_worker_receive(bench->worker, &report)) {
		bench->taken |= report.kind == FB_REPORT_CHECKPOINT;
		if (report.kind == FB_REPORT_SLICE)
			free_slice(bench, report.slice, 0);
		if (report.kind != FB_REPORT_SLICE_OPEN)
			continue;
		if (bench->slice_cnt == FB_ARRAY_LEN(bench->slices))
			fail("too many slices");
		bench->slices[bench->slice_cnt++] = report.slice;
	}
}

static void start_worker(struct bench *bench)
{
	const struct fb_port *port = fb_source_port(bench->source);
	struct fb_worker_queue queue = {.port = port};
	struct fb_worker_stream stream = {.port = port, .udp_port = FB_SOURCE_UDP_PORT};
	struct fb_worker_conf conf = {.queues = &queue, .queue_cnt = 1, .streams = &stream, .stream_cnt = 1};
	struct fb_reader_conf reader = {.queries = &bench->query,
		.query_cnt = 1,
		.isa = fb_isa_detect(),
		.state_bytes = STATE_BYTES,
		.watermark_ms = FB_TIME_MIN};
	struct fb_diags diags;

	fb_diags_init(&diags, "bench.sql");
	if (fb_sql_plan("bench.sql", FB_STR(SQL), &diags, &bench->plan) != 0)
		fail("the query does not plan");
	bench->query = bench->plan->queries[0];
	if (fb_slice_layout_create(bench->query, &bench->layout) != 0)
		fail("no layout");
	reader.source = bench->query->source;
	reader.layouts = (const struct fb_slice_layout *const *)&bench->layout;
	bench->epoch = calloc(1, sizeof(*bench->epoch));
	bench->board = aligned_alloc(FB_CACHE_LINE_BYTES, sizeof(*bench->board));
	if (bench->epoch == NULL || bench->board == NULL || fb_reader_create(&reader, &bench->reader) != 0 ||
		fb_worker_create(&conf, &bench->worker) != 0)
		fail("no worker");
	memset(bench->board, 0, sizeof(*bench->board));
	bench->board->worker_cnt = 1;
	bench->board->lines[0].own_ms = FB_TIME_MIN;

	struct fb_mail mail = {.kind = FB_MAIL_READER_ADD, .reader = bench->reader, .board = bench->board};

	if (fb_worker_send(bench->worker, &mail) != 0)
		fail("mailbox full");
}

static void open_groups(struct bench *bench)
{
	const struct fb_query_counters *counters = fb_reader_query_counters(bench->reader, 0);

	for (uint32_t turn = 0; fb_reader_query_counters(bench->reader, 0)->open_groups < OPEN_GROUPS; turn++) {
		fb_worker_turn(bench->worker);
		take_reports(bench);
		if (turn > RECORDS_PER_WINDOW / FB_SOURCE_RECORDS_PER_PACKET)
			fail("the groups do not open");
	}
	if (counters->disposition[FB_REC_STATE_FULL] > 0)
		fail("the budget is too small");
}

/* Some turns: the longest and the mean, in microseconds. */
static void time_turns(struct bench *bench, struct fb_bench_series *longest, struct fb_bench_series *mean)
{
	double most = 0, sum = 0;

	for (uint32_t i = 0; i < TURNS; i++) {
		double start = fb_bench_cpu_ns(), spent;

		fb_worker_turn(bench->worker);
		spent = fb_bench_cpu_ns() - start;
		most = FB_MAX(most, spent);
		sum += spent;
		take_reports(bench);
	}
	fb_bench_add(longest, most / 1e3);
	fb_bench_add(mean, sum / 1e3 / TURNS);
}

/* ---- the control plane ---- */

static int put_part(void *arg, struct fb_assembly_part part, const uint8_t *bytes, size_t len)
{
	struct bench *bench = ((void **)arg)[0];

	fb_store_put_slice(((void **)arg)[1], 1, part.start_ms, part.number, bytes, len);
	bench->bytes += len;
	return 0;
}

static void write_epoch(struct bench *bench)
{
	struct fb_assembly_conf conf = {.plan = bench->query,
		.layout = bench->layout,
		.pool_bytes = 2 * STATE_BYTES,
		.isa = fb_isa_detect(),
		.release = free_slice,
		.arg = bench};
	struct fb_store_batch *batch = fb_store_batch_create(bench->store);
	struct fb_assembly *assembly;
	void *arg[] = {bench, batch};
	double wall, cpu;

	if (batch == NULL || fb_assembly_create(&conf, &assembly) != 0)
		fail("no assembly");
	for (uint32_t i = 0; i < bench->slice_cnt; i++)
		if (fb_assembly_add(assembly, bench->slices[i], 0) != 0)
			fail("a slice is not taken");
	bench->slice_cnt = 0;
	bench->bytes = 0;
	wall = seconds(CLOCK_MONOTONIC);
	cpu = seconds(CLOCK_THREAD_CPUTIME_ID);
	fb_assembly_gather(assembly);
	if (fb_assembly_export(assembly, put_part, arg) != 0 || fb_store_commit(batch, true) != 0)
		fail("the epoch is not written");
	fb_bench_add(&bench->cpu_ms, (seconds(CLOCK_THREAD_CPUTIME_ID) - cpu) * 1e3);
	fb_bench_add(&bench->write_ms, (seconds(CLOCK_MONOTONIC) - wall) * 1e3);
	fb_store_delete_query(batch, 1);
	if (fb_store_commit(batch, true) != 0)
		fail("the epoch is not deleted");
	fb_store_batch_destroy(batch);
	fb_assembly_destroy(assembly);
}

static void write_plain(struct bench *bench)
{
	char path[4200];
	uint8_t *bytes = malloc(bench->bytes);
	double wall;
	int file;

	snprintf(path, sizeof(path), "%s/plain", bench->folder);
	file = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
	if (bytes == NULL || file < 0)
		fail("no file");
	memset(bytes, 7, bench->bytes);
	wall = seconds(CLOCK_MONOTONIC);
	if (write(file, bytes, bench->bytes) != (ssize_t)bench->bytes || fdatasync(file) != 0)
		fail("cannot write");
	fb_bench_add(&bench->plain_ms, (seconds(CLOCK_MONOTONIC) - wall) * 1e3);
	close(file);
	unlink(path);
	free(bytes);
}

static void trial(struct bench *bench)
{
	struct fb_mail mail = {.kind = FB_MAIL_CHECKPOINT, .epoch = bench->epoch};
	struct fb_source_conf conf = {PACKETS, KEYS, RECORDS_PER_WINDOW};

	/* The next window: what is open of the last one goes with its end. */
	fb_source_configure(bench->source, &conf);
	open_groups(bench);
	time_turns(bench, &bench->turn, &bench->before);
	bench->taken = false;
	if (fb_worker_send(bench->worker, &mail) != 0)
		fail("mailbox full");
	time_turns(bench, &bench->pause, &bench->after);
	if (!bench->taken || bench->slice_cnt == 0)
		fail("there was no checkpoint");
	write_epoch(bench);
	write_plain(bench);
}

static void report(struct bench *bench)
{
	char note[256];

	snprintf(note, sizeof(note), "longest of %d turns, %u open groups, %u mbufs; limit: the longest of as many without a checkpoint", TURNS,
		OPEN_GROUPS, PACKETS);
	fb_bench_print(&(struct fb_bench_row){
		"checkpoint", "pause of the worker", "us", &bench->pause, &bench->turn, false, note});
	fb_bench_print(&(struct fb_bench_row){"checkpoint", "a turn behind it", "us", &bench->after, &bench->before, false,
		"mean; limit: before it, when all keys had their place already"});
	snprintf(note, sizeof(note), "%.1f MB; limit: write() and fdatasync of the same bytes", (double)bench->bytes / 1e6);
	fb_bench_print(
		&(struct fb_bench_row){"checkpoint", "epoch, durable", "ms", &bench->write_ms, &bench->plain_ms, false, note});
	fb_bench_print(&(struct fb_bench_row){"checkpoint", "epoch, CPU", "ms", &bench->cpu_ms, NULL, false, NULL});
}

int main(void)
{
	struct fb_source_conf conf = {PACKETS, KEYS, RECORDS_PER_WINDOW};
	struct bench *bench = calloc(1, sizeof(*bench));
	const char *tmp = getenv("TMPDIR");
	struct fb_store_conf store;
	char command[4200];

	if (bench == NULL)
		fail("no memory");
	bench->source = fb_source_create(&conf);
	start_worker(bench);
	snprintf(bench->folder, sizeof(bench->folder), "%s/fb-bench-XXXXXX", tmp ? tmp : "/tmp");
	if (mkdtemp(bench->folder) == NULL)
		fail("no folder");
	store = (struct fb_store_conf){.path = bench->folder};
	if (fb_store_open(&store, NULL, &bench->store) != 0)
		fail("no store");
	for (uint32_t run = 0; run < fb_bench_trials(9); run++)
		trial(bench);
	report(bench);
	fb_store_close(bench->store);
	snprintf(command, sizeof(command), "rm -rf '%s'", bench->folder);
	return system(command) != 0;
}
