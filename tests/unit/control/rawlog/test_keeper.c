/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper between a tap that the test fills and a store on a disk that the test makes slow, full
 * or broken: every datagram ends in one disposition, and what is logged is what was tapped. Disks
 * are file systems in memory of a mount namespace.
 */
#include <criterion/criterion.h>
#include <pthread.h>
#include <sys/mount.h>
#include <unistd.h>

#include "config/base/calendar.h"
#include "control/rawlog/keeper.h"
#include "dataplane/worker/tap.h"
#include "tests/unit/dataplane/port/lab.h"

#define PAYLOAD_BYTES 1400
#define TAP_CAP 1024

static struct lab lab;
static struct fb_stream_conf stream;
static struct fb_worker *worker;
static struct fb_store *store;
static struct fb_keeper *keeper;
static uint64_t tapped;

static void setup(void)
{
	lab_init(&lab, 1);
	lab_port(&lab, "net_null0,no-rx=1", 1);
	lab.appliance.memory.rawlog_mb = 8;
	lab.appliance.store.raw_flush_ms = 50;
	stream = (struct fb_stream_conf){.table = (char *)"people",
		.port = (char *)"p0",
		.udp_port = 5000,
		.retention_mb = 10000};
	lab.appliance.streams = &stream;
	lab.appliance.streams_count = 1;
	lab_eal(&lab);
	lab_open(&lab);
}

static void teardown(void)
{
	if (keeper)
		fb_keeper_close(keeper);
	if (store)
		fb_store_close(store);
	fb_worker_destroy(worker);
	lab.appliance.streams = NULL;
	lab_fini(&lab);
}

TestSuite(keeper, .init = setup, .fini = teardown, .timeout = 120);

/* A disk of so many MB under /mnt, for this process only. */
static void disk(int mb)
{
	char options[32];

	if (unshare(CLONE_NEWNS) != 0)
		cr_skip_test("needs root for a mount namespace");
	snprintf(options, sizeof(options), "size=%dm", mb);
	cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	cr_assert_eq(mount("disk", "/mnt", "tmpfs", 0, options), 0);
}

static void start(void)
{
	struct fb_store_conf conf = {.path = "/mnt/store"};
	struct fb_worker_queue queue = {lab.open[0], 0};
	struct fb_worker_stream to = {.port = lab.open[0], .udp_port = 5000, .kept = true};
	uint64_t seq;
	struct fb_worker_conf worker_conf = {.core = fb_eal_worker_lcore(0),
		.queues = &queue,
		.queue_cnt = 1,
		.streams = &to,
		.stream_cnt = 1,
		.tap_seqs = &seq,
		.tap_cap = TAP_CAP};

	cr_assert_eq(fb_store_open(&conf, NULL, &store), 0);
	cr_assert_eq(fb_keeper_open(&lab.appliance, store, &lab.diags, &keeper), 0);
	cr_assert(fb_keeper_is_used(keeper));
	seq = fb_keeper_next_seq(keeper, 0, 0);
	tapped = seq;
	cr_assert_eq(fb_worker_create(&worker_conf, &worker), 0);
	cr_assert_eq(fb_keeper_start(keeper, &worker, 1), 0);
}

static void stop(void)
{
	fb_keeper_close(keeper);
	fb_store_close(store);
	fb_worker_destroy(worker);
	keeper = NULL;
	store = NULL;
	worker = NULL;
}

/* Bytes that do not compress (or do), the same for the same number. */
static bool compressible;
/* What goes with the next packet; KNOWN: times, too. */
static enum fb_tap_burst_kind burst_kind;
static struct fb_tap_burst burst;

static void payload(uint64_t seq, uint8_t bytes[PAYLOAD_BYTES])
{
	uint64_t x = seq * 0x9e3779b97f4a7c15ull + 1;

	for (int i = 0; i < PAYLOAD_BYTES; i += 8) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		if (compressible && i % 64 != 0)
			x = 0x2c2c2c2c2c2c2c2c;
		memcpy(bytes + i, &x, 8);
	}
}

/* As a worker would; false: the tap is full. */
static bool tap_one(void)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(lab.open[0]->pool);
	uint8_t bytes[PAYLOAD_BYTES];
	struct fb_tap_note note = {.seq = tapped,
		.arrival_tsc = rte_rdtsc(),
		.watermark_ms = FB_TIME_MIN,
		.source_ip = 0x0a090002,
		.source_port = 4000,
		.burst = (uint8_t)burst_kind};

	if (mbuf == NULL)
		return false;
	payload(tapped, bytes);
	memset(rte_pktmbuf_append(mbuf, 42), 0, 42);
	memcpy(rte_pktmbuf_append(mbuf, PAYLOAD_BYTES), bytes, PAYLOAD_BYTES);
	if (burst_kind == FB_TAP_BURST_KNOWN)
		fb_tap_write_burst(rte_pktmbuf_mtod_offset(mbuf, uint8_t *, 42), &burst);
	fb_tap_write(mbuf, rte_pktmbuf_mtod_offset(mbuf, uint8_t *, 42), PAYLOAD_BYTES, &note);
	if (!fb_spsc_try_publish(fb_worker_tap(worker), mbuf)) {
		rte_pktmbuf_free(mbuf);
		return false;
	}
	tapped++;
	return true;
}

static void tap(uint64_t cnt)
{
	for (uint64_t i = 0; i < cnt;) {
		if (tap_one())
			i++;
		else
			usleep(200);
	}
}

/* Nothing on the way any more; the sum of dispositions is what was tapped since the start. */
static struct fb_keeper_stream settle(uint64_t since)
{
	struct fb_keeper_stream view;
	uint64_t sum = 0;

	for (int i = 0; i < 3000; i++) {
		fb_keeper_view_stream(keeper, 0, &view);
		if (view.buffered_datagrams == 0 && view.tap_packets == 0)
			break;
		usleep(10000);
	}
	for (int why = 0; why < FB_RAW_CNT; why++) {
		sum += view.datagrams[why];
		cr_assert_eq(view.bytes[why], view.datagrams[why] * PAYLOAD_BYTES);
	}
	cr_assert_eq(sum, tapped - since, "%llu of %llu are accounted for", (unsigned long long)sum,
		(unsigned long long)(tapped - since));
	return view;
}

/* Every datagram of the log is the one of its number; returns how many. */
static uint64_t check_log(uint64_t *ret_first)
{
	struct fb_rawlog *log = fb_keeper_log(keeper);
	struct fb_rawlog_range range = FB_RAWLOG_RANGE_ALL(0, 0);
	struct fb_rawlog_scan *scan;
	struct fb_block_datagram datagram;
	uint8_t want[PAYLOAD_BYTES];
	uint64_t cnt = 0;
	uint64_t last = 0;

	cr_assert_eq(fb_rawlog_stream_id(log, "people", false, &range.stream), 0);
	cr_assert_eq(fb_rawlog_scan_create(log, &range, &scan), 0);
	while (fb_rawlog_scan_datagram(scan, &datagram) == 0) {
		if (cnt == 0 && ret_first != NULL)
			*ret_first = datagram.seq;
		cr_assert(cnt == 0 || datagram.seq > last);
		payload(datagram.seq, want);
		cr_assert_eq(datagram.len, (uint32_t)PAYLOAD_BYTES);
		cr_assert_eq(memcmp(datagram.data, want, PAYLOAD_BYTES), 0);
		last = datagram.seq;
		cnt++;
	}
	cr_assert_eq(fb_rawlog_scan_damage(scan)->block_cnt, 0u);
	fb_rawlog_scan_destroy(scan);
	return cnt;
}

/* FB_RAW_LOGGED */
Test(keeper, what_is_tapped_is_logged_within_the_flush_interval)
{
	struct fb_keeper_stream view;
	unsigned before;

	disk(512);
	before = rte_mempool_avail_count(lab.open[0]->pool);
	start();
	for (int round = 0; round < 10; round++) {
		int64_t since = fb_clock_monotonic_ns();

		tap(300);
		view = settle(0);
		cr_assert_lt(fb_clock_monotonic_ns() - since, 2000000000);
	}
	cr_assert_eq(view.datagrams[FB_RAW_LOGGED], 3000u);
	cr_assert_eq(check_log(NULL), 3000u);
	cr_assert_eq(rte_mempool_avail_count(lab.open[0]->pool), before, "a packet was not freed");
}

/* Compressed blocks give their memory back while they are appended: the collector fills it again at
 * once. */
Test(keeper, few_buffers_go_round_and_round)
{
	struct fb_keeper_stream view;

	disk(512);
	compressible = true;
	stream.retention_compression = FB_RAW_COMPRESSION_LZ4;
	stream.retention_when_slow = FB_RAW_BACK_OFF;
	start();
	tap(100000); /* 140 MB through 8 */
	view = settle(0);
	cr_assert_eq(view.datagrams[FB_RAW_LOGGED], 100000u);
	cr_assert_lt(view.stored_bytes, view.stored_payload_bytes / 2);
	cr_assert_eq(check_log(NULL), 100000u);
}

Test(keeper, a_stop_logs_what_is_on_the_way_and_the_next_start_goes_on)
{
	disk(512);
	start();
	for (uint64_t round = 1; round <= 3; round++) {
		tap(1000);
		fb_keeper_stop(keeper);
		settle((round - 1) * 1000);
		stop();
		start();
		cr_assert_eq(tapped, round * 1000);
		cr_assert_eq(check_log(NULL), round * 1000);
	}
}

/* ---- a disk that hangs: somebody holds the log, and no flush gets in ---- */

static _Atomic bool held;
static _Atomic bool let_go;

static int hold(void *arg, const struct fb_rawlog_span *span, bool is_tail)
{
	atomic_store(&held, true);
	while (!atomic_load(&let_go))
		usleep(1000);
	return 1;
}

static void *hold_log(void *arg)
{
	FB_IGNORE(fb_rawlog_spans(fb_keeper_log(keeper), 1, hold, NULL));
	return NULL;
}

static pthread_t hang(void)
{
	pthread_t thread;

	tap(1);
	settle(0);
	cr_assert_eq(pthread_create(&thread, NULL, hold_log, NULL), 0);
	while (!atomic_load(&held))
		usleep(1000);
	return thread;
}

static void release(pthread_t thread)
{
	atomic_store(&let_go, true);
	pthread_join(thread, NULL);
}

/* FB_RAW_DISK_SLOW */
Test(keeper, drop_newest_counts_what_a_hanging_disk_costs)
{
	struct fb_keeper_stream view;
	pthread_t thread;

	disk(512);
	start();
	thread = hang();
	tap(20000); /* 28 MB, and there is room for 8; the tap never stays full */
	release(thread);
	view = settle(0);
	cr_assert_gt(view.datagrams[FB_RAW_DISK_SLOW], 10000u);
	cr_assert_gt(view.datagrams[FB_RAW_LOGGED], 4000u);
	cr_assert_eq(view.datagrams[FB_RAW_LOGGED], check_log(NULL));
	tap(1000);
	cr_assert_eq(settle(0).datagrams[FB_RAW_LOGGED], view.datagrams[FB_RAW_LOGGED] + 1000,
		"it goes on");
}

Test(keeper, back_off_loses_nothing_and_leaves_the_tap_full)
{
	uint64_t before;
	pthread_t thread;

	disk(512);
	stream.retention_when_slow = FB_RAW_BACK_OFF;
	start();
	thread = hang();
	for (int idle = 0; idle < 500 && tapped < 20000;) {
		idle = tap_one() ? 0 : idle + 1;
		if (idle > 0)
			usleep(1000);
	}
	before = tapped;
	cr_assert_lt(before, 20000u, "the tap took all of it");
	cr_assert_gt(before, 5000u);
	release(thread);
	tap(1000);
	cr_assert_eq(settle(0).datagrams[FB_RAW_LOGGED], tapped);
	cr_assert_eq(check_log(NULL), tapped);
}

/* ---- full ---- */

Test(keeper, a_full_disk_deletes_the_oldest)
{
	struct fb_keeper_stream view;
	uint64_t first = 0;

	disk(64);
	start();
	for (int i = 0; i < 30; i++) {
		tap(4000); /* 168 MB in all */
		view = settle(0);
	}
	cr_assert_eq(view.datagrams[FB_RAW_LOGGED], 120000u, "%llu",
		(unsigned long long)view.datagrams[FB_RAW_LOGGED]);
	cr_assert_lt(view.stored_bytes, 64u << 20);
	cr_assert_gt(view.stored_bytes, 16u << 20);
	cr_assert_eq(check_log(&first), view.stored_datagrams);
	cr_assert_eq(first + view.stored_datagrams, 120000u, "the newest are all there");
}

/* FB_RAW_DISK_FULL */
Test(keeper, a_full_disk_stops_and_goes_on_when_there_is_room)
{
	char error[FB_KEEPER_ERROR_BYTES];
	struct fb_keeper_stream view;
	uint64_t logged;

	disk(64);
	stream.retention_when_full = FB_RAW_STOP;
	start();
	for (int i = 0; i < 20; i++) {
		tap(4000);
		usleep(100000);
	}
	for (int i = 0; i < 100; i++) {
		tap(800); /* what is pending is given up when there is too much of it */
		fb_keeper_view_stream(keeper, 0, &view);
		if (view.datagrams[FB_RAW_DISK_FULL] > 0)
			break;
		usleep(50000);
	}
	cr_assert_gt(view.datagrams[FB_RAW_DISK_FULL], 0u);
	cr_assert_eq(view.datagrams[FB_RAW_DISK_ERROR], 0u);
	fb_keeper_error(keeper, error);
	cr_assert_not_null(strstr(error, "full"), "%s", error);
	logged = view.datagrams[FB_RAW_LOGGED];
	for (int i = 0; i < 8; i++)
		cr_assert_eq(fb_rawlog_delete_oldest(fb_keeper_log(keeper), 1), 0);
	view = settle(0);
	tap(1000);
	view = settle(0);
	cr_assert_gt(view.datagrams[FB_RAW_LOGGED], logged + 999);
	fb_keeper_error(keeper, error);
	cr_assert_str_eq(error, "");
	check_log(NULL);
}

/* FB_RAW_DISK_ERROR: files cannot be made, since their folder is none. */
Test(keeper, another_error_of_the_store_is_counted_as_that)
{
	char error[FB_KEEPER_ERROR_BYTES];
	struct fb_keeper_stream view;

	disk(64);
	start();
	cr_assert_eq(system("rm -rf /mnt/store/incoming && touch /mnt/store/incoming"), 0);
	for (int i = 0; i < 100; i++) {
		tap(2000);
		fb_keeper_view_stream(keeper, 0, &view);
		if (view.datagrams[FB_RAW_DISK_ERROR] > 0)
			break;
		usleep(20000);
	}
	cr_assert_gt(view.datagrams[FB_RAW_DISK_ERROR], 0u);
	cr_assert_eq(view.datagrams[FB_RAW_DISK_FULL], 0u);
	fb_keeper_error(keeper, error);
	cr_assert_str_neq(error, "");
	cr_assert_eq(system("rm /mnt/store/incoming"), 0);
	settle(0);
	tap(2000);
	view = settle(0);
	fb_keeper_error(keeper, error);
	cr_assert_str_eq(error, "");
	cr_assert_eq(check_log(NULL), view.datagrams[FB_RAW_LOGGED]);
}

static void tap_burst(enum fb_tap_burst_kind kind, struct fb_tap_burst times, uint64_t cnt)
{
	burst_kind = kind;
	burst = times;
	tap(1);
	burst_kind = FB_TAP_BURST_SAME;
	tap(cnt - 1);
}

/* What readers saw of a block's bursts is in its header, if it is known of all of them and in the same way. */
Test(keeper, blocks_say_what_event_times_their_bursts_have)
{
	struct fb_rawlog_range range = FB_RAWLOG_RANGE_ALL(0, 0);
	struct fb_block_header header;
	struct fb_rawlog_scan *scan;
	uint32_t known = 0, unknown = 0;

	disk(512);
	start();
	tap_burst(FB_TAP_BURST_KNOWN, (struct fb_tap_burst){7, 0x1, 100, 200}, 10); /* 0 … 9 */
	tap_burst(FB_TAP_BURST_KNOWN, (struct fb_tap_burst){7, 0x2, 50, 150}, 10);
	settle(0);
	tap_burst(FB_TAP_BURST_KNOWN, (struct fb_tap_burst){7, 0x1, INT64_MAX, INT64_MIN}, 10); /* 20 … 29: no record had one */
	settle(0);
	tap_burst(FB_TAP_BURST_UNKNOWN, (struct fb_tap_burst){0}, 10); /* 30 … 39 */
	tap_burst(FB_TAP_BURST_KNOWN, (struct fb_tap_burst){8, 0x1, 100, 200}, 10); /* 40 … 49 */
	settle(0);
	cr_assert_eq(fb_rawlog_stream_id(fb_keeper_log(keeper), "people", false, &range.stream), 0);
	cr_assert_eq(fb_rawlog_scan_create(fb_keeper_log(keeper), &range, &scan), 0);
	while (fb_rawlog_scan_header(scan, &header) == 0) {
		bool is_known = header.event_times_by.definition != 0;

		known += is_known;
		unknown += !is_known;
		if (header.first_seq < 20) {
			cr_assert_eq(header.event_times_by.definition, 7u);
			cr_assert_leq(header.min_event_ms, header.last_seq >= 10 ? 50 : 100);
			cr_assert_geq(header.max_event_ms, header.first_seq < 10 ? 200 : 150);
			cr_assert(header.last_seq < 10 || header.event_times_by.fields & 0x2);
		} else if (header.last_seq < 30) {
			cr_assert_eq(header.event_times_by.definition, 7u);
			cr_assert_gt(header.min_event_ms, header.max_event_ms);
		} else if (header.first_seq < 40) {
			cr_assert_not(is_known, "a burst of it is not known");
			cr_assert_eq(header.min_event_ms, FB_TIME_MIN);
			cr_assert_eq(header.max_event_ms, FB_TIME_MAX);
		}
	}
	cr_assert_geq(known, 2u);
	cr_assert_geq(unknown, 1u);
	fb_rawlog_scan_destroy(scan);
}
