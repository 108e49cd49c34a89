/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The raw log.
 *   tap     what handing packets over costs the worker: its turn with the stream kept, less its turn without
 *   write   datagrams to durable blocks, per codec, one thread, flushed every 100 ms' worth; against write() and fdatasync of
 *           the same bytes into a file beside the store, and (lz4) against LZ4 alone over the same blocks
 *   scan    back again, checksums and decompression included; against LZ4 alone, or copying the same bytes
 * Costs are thread CPU time, because the machine is shared and its disk wanders; `wall` says what the clock on the wall did.
 */
#include <fcntl.h>
#include <lz4.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "dataplane/worker/tap.h"
#include "dataplane/worker/worker.h"
#include "state/rawlog/rawlog.h"
#include "tests/bench/bench.h"
#include "tests/bench/source.h"

#define PACKETS 4096
#define TAP_TURNS 20000
#define TAP_CAP 1024
#define DATAGRAMS 4096
#define BLOCKS_PER_FLUSH 96 /* 100 ms at a gigabyte a second */

static void fail(const char *what)
{
	fprintf(stderr, "bench rawlog: %s\n", what);
	exit(1);
}

static double seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- tap ---- */

/* The source hands out the same mbufs again: what the note has overwritten is put back, outside the
 * measured time. */
static void put_back(struct fb_worker *worker, uint8_t header[42])
{
	void *items[TAP_CAP];
	uint32_t cnt = fb_spsc_poll_many(fb_worker_tap(worker), items, TAP_CAP);

	for (uint32_t i = 0; i < cnt; i++) {
		struct rte_mbuf *mbuf = items[i];
		uint8_t *start = rte_pktmbuf_mtod(mbuf, uint8_t *) - 42;
		uint16_t payload = mbuf->data_len;

		mbuf->data_off = (uint16_t)(mbuf->data_off - 42);
		mbuf->data_len = (uint16_t)(payload + 42);
		mbuf->pkt_len = mbuf->data_len;
		memcpy(start, header, 42);
		/* The lengths differ from packet to packet, the rest of the headers does not. */
		start[16] = (uint8_t)((payload + 28) >> 8);
		start[17] = (uint8_t)(payload + 28);
		start[38] = (uint8_t)((payload + 8) >> 8);
		start[39] = (uint8_t)(payload + 8);
	}
}

static double tap_trial(struct fb_worker *worker, bool kept, uint8_t header[42])
{
	uint64_t cycles = 0;

	for (uint32_t i = 0; i < TAP_TURNS; i++) {
		uint64_t start = fb_bench_tsc();

		fb_worker_turn(worker);
		cycles += fb_bench_tsc() - start;
		if (kept)
			put_back(worker, header);
	}
	return (double)cycles / TAP_TURNS / FB_NET_BURST;
}

static struct fb_worker *make_worker(const struct fb_port *port, bool kept)
{
	struct fb_worker_queue queue = {.port = port};
	struct fb_worker_stream stream = {
		.port = port, .udp_port = FB_SOURCE_UDP_PORT, .kept = kept};
	struct fb_worker_conf conf = {.queues = &queue,
		.queue_cnt = 1,
		.streams = &stream,
		.stream_cnt = 1,
		.tap_cap = TAP_CAP};
	struct fb_worker *worker;

	if (fb_worker_create(&conf, &worker) != 0)
		fail("no worker");
	return worker;
}

static void bench_tap(void)
{
	struct fb_source_conf conf = {PACKETS, 100, 1000000};
	struct fb_source *source = fb_source_create(&conf);
	const struct fb_port *port = fb_source_port(source);
	struct fb_worker *plain = make_worker(port, false);
	struct fb_worker *kept = make_worker(port, true);
	struct fb_bench_series with = {0}, without = {0}, cost = {0};
	struct fb_worker_snapshot *snapshot = calloc(1, sizeof(*snapshot));
	struct rte_mbuf *packets[FB_NET_BURST];
	uint8_t header[42];

	if (rte_eth_rx_burst(port->id, 0, packets, FB_NET_BURST) == 0)
		fail("no packet");
	memcpy(header, rte_pktmbuf_mtod(packets[0], void *), 42);
	for (uint32_t run = 0; run < fb_bench_trials(25); run++) {
		fb_bench_add(&without, tap_trial(plain, false, header));
		fb_bench_add(&with, tap_trial(kept, true, header));
		fb_bench_add(&cost, with.value[with.cnt - 1] - without.value[without.cnt - 1]);
	}
	for (int i = 0; i < 1000; i++) {
		fb_worker_turn(kept);
		put_back(kept, header);
	}
	fb_worker_snapshot(kept, snapshot);
	if (snapshot->streams[0].tap_full_datagrams > 0 ||
		snapshot->streams[0].tapped_datagrams == 0 ||
		snapshot->streams[0].tapped_datagrams != snapshot->net[0].packets)
		fail("packets are missing on the tap");
	fb_bench_print(&(struct fb_bench_row){"rawlog", "tap, cost on the worker",
		"TSC cycles/packet", &cost, NULL, false,
		"receive, classify and hand over less receive, classify and free; 4096 mbufs"});
	fb_bench_print(&(struct fb_bench_row){"rawlog", "tap, the worker's whole turn",
		"TSC cycles/packet", &with, &without, false, "limit: the same without the tap"});
	free(snapshot);
}

/* ---- write and scan ---- */

struct set {
	uint8_t *bytes[DATAGRAMS];
	uint32_t len[DATAGRAMS];
	uint64_t payload_bytes;
};

static void make_set(struct set *set)
{
	for (uint32_t i = 0; i < DATAGRAMS; i++) {
		uint32_t key_at, time_at;

		set->bytes[i] = malloc(4096);
		if (set->bytes[i] == NULL)
			fail("no memory");
		for (uint32_t k = 0; k < 10; k++)
			set->len[i] += fb_bench_record(
				(char *)set->bytes[i] + set->len[i], i * 10 + k, &key_at, &time_at);
		set->payload_bytes += set->len[i];
	}
}

#define FREE_MAX 256
static uint8_t *free_buffers[FREE_MAX];
static uint32_t free_cnt;

static void release(void *arg, uint8_t *bytes)
{
	if (free_cnt == FREE_MAX)
		fail("too many buffers");
	free_buffers[free_cnt++] = bytes;
}

static uint8_t *get_buffer(void)
{
	uint8_t *bytes = free_cnt > 0 ? free_buffers[--free_cnt] : malloc(FB_BLOCK_BYTES);

	if (bytes == NULL)
		fail("no memory");
	return bytes;
}

struct log {
	char folder[4096];
	struct fb_store *store;
	struct fb_rawlog *log;
	struct fb_rawlog_appender *appender;
	struct fb_block_fill fill;
	uint64_t seq;
	uint32_t blocks; /* since the last flush */
	uint32_t stream;
};

static void open_log(struct log *log, enum fb_block_codec codec)
{
	struct fb_store_conf conf = {.path = log->folder};
	struct fb_rawlog_appender_conf appender = {.codec = codec, .release = release};
	const char *tmp = getenv("TMPDIR");

	snprintf(log->folder, sizeof(log->folder), "%s/fb-bench-XXXXXX", tmp ? tmp : "/tmp");
	if (mkdtemp(log->folder) == NULL || fb_store_open(&conf, NULL, &log->store) != 0 ||
		fb_rawlog_open(log->store, &log->log) != 0 ||
		fb_rawlog_stream_id(log->log, "people", true, &log->stream) != 0)
		fail("no store");
	appender.stream = log->stream;
	if (fb_rawlog_appender_create(log->log, &appender, &log->appender) != 0)
		fail("no appender");
}

static void close_log(struct log *log)
{
	char command[4200];

	fb_rawlog_appender_destroy(log->appender);
	fb_rawlog_close(log->log);
	fb_store_close(log->store);
	snprintf(command, sizeof(command), "rm -rf '%s'", log->folder);
	if (system(command) != 0)
		fail("cannot remove the store");
}

static void flush(struct log *log)
{
	if (fb_rawlog_flush(log->appender, NULL) != 0)
		fail("cannot flush");
	log->blocks = 0;
}

static void seal(struct log *log)
{
	if (fb_rawlog_append(log->appender, &log->fill) != 0)
		fail("cannot append");
	/* As the disk thread does it: by bytes, else by time. */
	if (fb_rawlog_is_heavy(log->appender) || ++log->blocks >= BLOCKS_PER_FLUSH)
		flush(log);
}

static void add(struct log *log, const struct set *set, uint32_t i)
{
	struct fb_block_datagram datagram = {.seq = log->seq,
		.arrival_ns = 1700000000000000000 + (int64_t)log->seq * 1000,
		.watermark_ms = FB_TIME_MIN,
		.len = set->len[i],
		.data = set->bytes[i]};

	log->seq++;
	fb_block_map_ipv4(datagram.source, 0x0a000002);
	if (log->fill.bytes != NULL && fb_block_try_add(&log->fill, &datagram))
		return;
	if (log->fill.bytes != NULL)
		seal(log);
	fb_block_begin(&log->fill, get_buffer(), log->stream, 0);
	if (!fb_block_try_add(&log->fill, &datagram))
		fail("a datagram does not fit");
}

struct cost {
	struct fb_bench_series cpu; /* GB of payload per second of this thread */
	struct fb_bench_series wall;
};

static void cost_add(struct cost *cost, double gb, double cpu, double wall)
{
	fb_bench_add(&cost->cpu, gb / (seconds(CLOCK_THREAD_CPUTIME_ID) - cpu));
	fb_bench_add(&cost->wall, gb / (seconds(CLOCK_MONOTONIC) - wall));
}

static void write_trial(struct log *log, const struct set *set, uint32_t rounds, struct cost *cost)
{
	double cpu = seconds(CLOCK_THREAD_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);

	for (uint32_t r = 0; r < rounds; r++)
		for (uint32_t i = 0; i < DATAGRAMS; i++)
			add(log, set, i);
	seal(log);
	flush(log);
	cost_add(cost, (double)set->payload_bytes * rounds / 1e9, cpu, wall);
}

/* The same bytes, a megabyte at a time, synced as often. */
static void plain_trial(
	const struct log *log, const struct set *set, uint32_t rounds, struct cost *cost)
{
	char path[4200];
	uint8_t *block = get_buffer();
	uint32_t used = 0, blocks = 0;
	double cpu, wall;
	int file;

	snprintf(path, sizeof(path), "%s/plain", log->folder);
	file = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
	cpu = seconds(CLOCK_THREAD_CPUTIME_ID);
	wall = seconds(CLOCK_MONOTONIC);
	for (uint32_t r = 0; r < rounds; r++)
		for (uint32_t i = 0; i < DATAGRAMS; i++) {
			if (used + set->len[i] > FB_BLOCK_BYTES) {
				if (write(file, block, used) != (ssize_t)used)
					fail("cannot write");
				used = 0;
				if (++blocks % BLOCKS_PER_FLUSH == 0 && fdatasync(file) != 0)
					fail("cannot sync");
			}
			memcpy(block + used, set->bytes[i], set->len[i]);
			used += set->len[i];
		}
	if (write(file, block, used) != (ssize_t)used || fdatasync(file) != 0)
		fail("cannot write");
	cost_add(cost, (double)set->payload_bytes * rounds / 1e9, cpu, wall);
	close(file);
	unlink(path);
	release(NULL, block);
}

/* One block's worth of payload, compressed and decompressed over and over: what LZ4 costs by
 * itself. */
static void lz4_trial(const struct set *set, uint32_t rounds, struct cost *there, struct cost *back)
{
	uint8_t *block = get_buffer(), *out = malloc(FB_BLOCK_SEALED_MAX);
	uint32_t used = 0, times;
	int stored = 0;
	double cpu, wall;

	for (uint32_t i = 0; i < DATAGRAMS && used + set->len[i] <= FB_BLOCK_BYTES; i++) {
		memcpy(block + used, set->bytes[i], set->len[i]);
		used += set->len[i];
	}
	times = (uint32_t)(set->payload_bytes * rounds / used);
	cpu = seconds(CLOCK_THREAD_CPUTIME_ID);
	wall = seconds(CLOCK_MONOTONIC);
	for (uint32_t i = 0; i < times; i++)
		stored = LZ4_compress_default(
			(const char *)block, (char *)out, (int)used, FB_BLOCK_SEALED_MAX);
	cost_add(there, (double)used * times / 1e9, cpu, wall);
	cpu = seconds(CLOCK_THREAD_CPUTIME_ID);
	wall = seconds(CLOCK_MONOTONIC);
	for (uint32_t i = 0; i < times; i++)
		if (LZ4_decompress_safe((const char *)out, (char *)block, stored, FB_BLOCK_BYTES) !=
			(int)used)
			fail("lz4");
	cost_add(back, (double)used * times / 1e9, cpu, wall);
	release(NULL, block);
	free(out);
}

static void scan_trial(struct log *log, uint64_t bytes, struct cost *cost)
{
	struct fb_rawlog_range range = FB_RAWLOG_RANGE_ALL(log->stream, 0);
	double cpu = seconds(CLOCK_THREAD_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
	struct fb_rawlog_scan *scan;
	struct fb_block_datagram datagram;
	uint64_t got = 0, cnt = 0;

	if (fb_rawlog_scan_create(log->log, &range, &scan) != 0)
		fail("no scan");
	while (fb_rawlog_scan_datagram(scan, &datagram) == 0) {
		got += datagram.len;
		cnt++;
	}
	if (got != bytes || cnt != log->seq || fb_rawlog_scan_damage(scan)->block_cnt != 0)
		fail("what comes back is not what was written");
	fb_rawlog_scan_destroy(scan);
	cost_add(cost, (double)bytes / 1e9, cpu, wall);
}

static void print(const char *what, const char *codec, const struct cost *cost,
	const struct cost *limit, const char *note)
{
	char name[96];

	snprintf(name, sizeof(name), "%s, %s", what, codec);
	fb_bench_print(&(struct fb_bench_row){
		"rawlog", name, "GB/CPU-s", &cost->cpu, limit ? &limit->cpu : NULL, true, note});
	snprintf(name, sizeof(name), "%s, %s, wall", what, codec);
	fb_bench_print(&(struct fb_bench_row){
		"rawlog", name, "GB/s", &cost->wall, limit ? &limit->wall : NULL, true, NULL});
}

static void bench_codec(const struct set *set, enum fb_block_codec codec)
{
	uint32_t rounds = fb_bench_trials(24), trials = fb_bench_trials(5);
	struct cost written = {0}, plain = {0}, compressed = {0}, decompressed = {0}, scanned = {0};
	struct log log = {0};
	struct fb_rawlog_span total;
	char note[160];

	open_log(&log, codec);
	for (uint32_t t = 0; t < trials; t++) {
		plain_trial(&log, set, rounds, &plain);
		lz4_trial(set, rounds, &compressed, &decompressed);
		write_trial(&log, set, rounds, &written);
		scan_trial(&log, set->payload_bytes * rounds * (t + 1), &scanned);
	}
	if (fb_rawlog_total(log.log, log.stream, 0, &total) != 0)
		fail("nothing was written");
	snprintf(note, sizeof(note),
		"CSV datagrams of %llu B, %.2f times smaller on disk; limit: write() and fdatasync "
		"of the same bytes",
		(unsigned long long)(set->payload_bytes / DATAGRAMS),
		(double)total.payload_bytes / (double)total.stored_bytes);
	print("write", fb_block_codec_name(codec), &written, &plain, note);
	if (codec == FB_BLOCK_LZ4) {
		print("write against LZ4 alone", "lz4", &written, &compressed, NULL);
		print("scan back", "lz4", &scanned, &decompressed,
			"limit: LZ4 decompression alone, of one block in cache");
	} else {
		print("scan back", fb_block_codec_name(codec), &scanned, NULL, NULL);
	}
	close_log(&log);
}

int main(void)
{
	struct set *set = calloc(1, sizeof(*set));

	bench_tap();
	make_set(set);
	for (int codec = FB_BLOCK_NONE; codec < FB_BLOCK_CODEC_CNT; codec++)
		bench_codec(set, (enum fb_block_codec)codec);
	return 0;
}
