/* SPDX-License-Identifier: Apache-2.0 */
/* Workers on cores of their own: start, traffic, snapshots meanwhile, back-off, stop. */
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <unistd.h>

#include "tests/unit/dataplane/net/packet.h"
#include "tests/unit/dataplane/port/lab.h"
#include "tests/unit/dataplane/worker/query.h"

#define WORKERS 2
#define STEPS 3000 /* of 1 ms at most: how long a test waits for what must come */

static struct lab lab;
static struct query query;
static struct fb_worker *workers[WORKERS];
static struct fb_worker_snapshot snapshot;
static struct frame f;

static void setup(void)
{
	struct fb_worker_stream stream;

	lab_init(&lab, WORKERS);
	lab_port(&lab, "net_ring0", WORKERS);
	lab_eal(&lab);
	lab_open(&lab);
	query_init(&query, WORKERS);
	stream = (struct fb_worker_stream){.port = lab.open[0], .udp_port = STREAM_UDP_PORT};
	for (uint16_t i = 0; i < WORKERS; i++) {
		struct fb_worker_queue queue = {lab.open[0], i};
		struct fb_worker_conf conf = {.index = i,
			.core = fb_eal_worker_lcore(i),
			.idle_sleep_us = 250,
			.queues = &queue,
			.queue_cnt = 1,
			.streams = &stream,
			.stream_cnt = 1};

		cr_assert_eq(fb_worker_create(&conf, &workers[i]), 0);
		cr_assert_eq(fb_worker_start(workers[i]), 0);
	}
}

static void teardown(void)
{
	for (int i = 0; i < WORKERS; i++) {
		struct fb_report report;
		bool stopped = false;

		cr_assert_eq(
			fb_worker_send(workers[i], &(struct fb_mail){.kind = FB_MAIL_STOP}), 0);
		for (int step = 0; step < STEPS && !stopped; step++) {
			while (fb_worker_receive(workers[i], &report))
				stopped = report.kind == FB_REPORT_STOPPED;
			usleep(1000);
		}
		cr_assert(stopped);
		fb_worker_join(workers[i]);
		fb_worker_join(workers[i]); /* once more is no event */
		fb_worker_destroy(workers[i]);
	}
	query_fini(&query);
	lab_fini(&lab);
}

TestSuite(cores, .init = setup, .fini = teardown, .timeout = 60);

static void expect_consistent(void)
{
	uint64_t sum = 0;

	for (int i = 0; i < FB_PKT_CNT; i++)
		sum += snapshot.net[0].disposition[i];
	cr_assert_eq(snapshot.net[0].packets, sum);
	cr_assert_eq(snapshot.net[0].disposition[FB_PKT_STREAM], snapshot.streams[0].datagrams);
	cr_assert_eq(snapshot.polls, snapshot.empty_polls + snapshot.bursts);
	if (snapshot.readers[0].used) {
		const struct fb_query_counters *counters = &snapshot.readers[0].queries[0];

		cr_assert_eq(snapshot.readers[0].datagrams, snapshot.readers[0].decode.payloads);
		cr_assert_eq(snapshot.readers[0].decode.records,
			3 * snapshot.readers[0].decode.payloads);
		cr_assert_eq(counters->disposition[FB_REC_ACCEPTED],
			counters->sealed_rows + counters->open_rows);
	}
}

static void send_text(uint16_t queue, const char *text)
{
	struct rte_mbuf *mbuf = NULL;

	stream_frame(&f, text, (uint32_t)strlen(text));
	for (int step = 0; step < STEPS && (mbuf = rte_pktmbuf_alloc(lab.open[0]->pool)) == NULL;
		step++)
		usleep(1000);
	cr_assert_not_null(mbuf);
	memcpy(rte_pktmbuf_append(mbuf, (uint16_t)f.len), f.bytes, f.len);
	for (int step = 0; step < STEPS; step++) {
		if (rte_eth_tx_burst(lab.open[0]->id, queue, &mbuf, 1) == 1)
			return;
		usleep(1000);
	}
	cr_assert_fail("the worker does not empty its queue");
}

static void wait_for_datagrams(uint32_t worker, uint64_t cnt)
{
	for (int step = 0; step < STEPS; step++) {
		fb_worker_snapshot(workers[worker], &snapshot);
		expect_consistent();
		if (snapshot.streams[0].datagrams >= cnt)
			return;
		usleep(1000);
	}
	cr_assert_fail("%lu of %lu datagrams", snapshot.streams[0].datagrams, cnt);
}

/* What is sent before would be nobody's. */
static void add_reader(uint32_t worker)
{
	struct fb_mail mail = {
		.kind = FB_MAIL_READER_ADD, .reader = query_reader(&query), .board = query.board};
	struct fb_report report;

	cr_assert_eq(fb_worker_send(workers[worker], &mail), 0);
	for (int step = 0; step < STEPS; step++) {
		if (fb_worker_receive(workers[worker], &report)) {
			cr_assert_eq(report.kind, FB_REPORT_READER_ADDED);
			return;
		}
		usleep(1000);
	}
	cr_assert_fail("the worker does not read its mail");
}

Test(cores, nothing_is_lost_and_every_snapshot_adds_up)
{
	uint64_t rows[WORKERS] = {0};
	uint64_t sent[WORKERS] = {0};

	for (uint32_t i = 0; i < WORKERS; i++)
		add_reader(i);
	for (uint32_t i = 0; i < 6000; i++) {
		uint16_t queue = i % 3 == 0;
		struct fb_report report;
		char text[64];

		/* Fifty datagrams a second of event time. */
		snprintf(text, sizeof(text), "a,%u\nb,%u\nc,%u\n", i * 20 + 2000, i * 20 + 2001,
			i * 20 + 2002);
		send_text(queue, text);
		sent[queue]++;
		if (i % 50 == 0) {
			fb_worker_snapshot(workers[queue], &snapshot);
			expect_consistent();
			cr_assert_leq(snapshot.streams[0].datagrams, sent[queue]);
		}
		for (uint32_t w = 0; w < WORKERS; w++)
			while (fb_worker_receive(workers[w], &report)) {
				if (report.kind != FB_REPORT_SLICE)
					continue;
				rows[w] += fb_slice_row_cnt(report.slice);
				cr_assert_eq(fb_worker_send(workers[w],
						     &(struct fb_mail){.kind = FB_MAIL_SLICE_FREE,
							     .slice = report.slice}),
					0);
			}
	}
	for (uint32_t w = 0; w < WORKERS; w++) {
		bool done = false;

		wait_for_datagrams(w, sent[w]);
		cr_assert_eq(snapshot.streams[0].datagrams, sent[w]);
		cr_assert_eq(snapshot.net[0].packets, sent[w]);
		cr_assert_eq(snapshot.readers[0].queries[0].disposition[FB_REC_ACCEPTED] +
				     snapshot.readers[0].queries[0].disposition[FB_REC_LATE],
			sent[w] * 3);

		uint64_t accepted = snapshot.readers[0].queries[0].disposition[FB_REC_ACCEPTED];

		cr_assert_eq(
			fb_worker_send(workers[w], &(struct fb_mail){.kind = FB_MAIL_READER_END}),
			0);
		for (int step = 0; step < STEPS && !done; step++) {
			struct fb_report report;

			while (fb_worker_receive(workers[w], &report)) {
				if (report.kind == FB_REPORT_SLICE)
					rows[w] += fb_slice_row_cnt(report.slice);
				if (report.kind == FB_REPORT_READER_DONE) {
					done = true;
					fb_reader_destroy(report.reader);
				}
			}
			usleep(1000);
		}
		cr_assert(done);
		cr_assert_eq(rows[w], accepted, "what was accepted is in the slices handed over");
	}
}

Test(cores, a_running_core_is_busy)
{
	cr_assert_eq(fb_worker_start(workers[0]), FB_E_BUSY);
}

/* Without traffic a core sleeps, and still answers mail and takes packets at once. */
Test(cores, an_idle_core_sleeps_and_wakes)
{
	struct fb_worker_snapshot before;
	double hz = fb_worker_tsc_hz();

	usleep(200000);
	fb_worker_snapshot(workers[0], &before);
	cr_assert_gt(before.sleeps, 0);
	usleep(300000);
	fb_worker_snapshot(workers[0], &snapshot);
	cr_assert_gt(snapshot.sleeps, before.sleeps);
	cr_assert_eq(snapshot.busy_cycles, before.busy_cycles);
	/* 0.3 s were idle, as long as the machine is not overloaded ten times. */
	cr_assert_gt((double)(snapshot.idle_cycles - before.idle_cycles), 0.15 * hz);
	cr_assert_lt(
		snapshot.polls - before.polls, 30000, "it does not spin: a sleep for each poll");
	cr_assert_eq(snapshot.polls - before.polls, snapshot.sleeps - before.sleeps);
	send_text(0, "a,1\n");
	wait_for_datagrams(0, 1);
	cr_assert_gt(snapshot.busy_cycles, before.busy_cycles);
	/* TSC against the clock: within 2 %. */
	{
		uint64_t tsc = __builtin_ia32_rdtsc();
		int64_t ns = fb_clock_monotonic_ns();

		usleep(100000);
		tsc = __builtin_ia32_rdtsc() - tsc;
		ns = fb_clock_monotonic_ns() - ns;
		cr_assert_float_eq((double)tsc / (double)ns * 1e9 / hz, 1, 0.02);
	}
}
