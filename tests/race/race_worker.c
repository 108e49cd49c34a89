/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealing across cores: two workers turn on threads of their own, a third thread is the control
 * plane. Readers, slices and watermarks change owners by mail and board only. The port is a
 * function that makes datagrams: no device, so that every instruction between packet and control
 * plane is instrumented.
 */
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "tests/race/race.h"
#include "tests/unit/dataplane/net/packet.h"
#include "tests/unit/dataplane/worker/query.h"

#define WORKERS 2
#define DATAGRAMS 4000 /* of each worker */
#define BURST 4
#define ROUNDS 3 /* readers come and go */

static struct fb_port_conf port_conf = {.name = "p0", .device = "none"};
static struct fb_port port;
static struct query query;

/* A queue is its worker's alone. */
struct queue {
	uint32_t number;
	uint64_t sent;
	uint64_t budget;
	struct rte_mbuf mbufs[BURST];
	uint8_t buffers[BURST][RTE_PKTMBUF_HEADROOM + 256];
};

static struct queue queues[WORKERS];
static void *queue_data[WORKERS] = {&queues[0], &queues[1]};
static struct rte_eth_rxtx_callback *no_callbacks[WORKERS];

struct worker_thread {
	struct fb_worker *worker;
	_Atomic uint64_t budget; /* datagrams it may receive so far */
	_Atomic bool over;
	pthread_t thread;
};

static struct worker_thread threads[WORKERS];

static uint16_t receive(void *data, struct rte_mbuf **packets, uint16_t max)
{
	struct queue *queue = data;
	uint64_t budget =
		atomic_load_explicit(&threads[queue->number].budget, memory_order_relaxed);
	uint16_t cnt = 0;

	for (; cnt < FB_MIN(max, (uint16_t)BURST) && queue->sent < budget; cnt++, queue->sent++) {
		struct rte_mbuf *mbuf = &queue->mbufs[cnt];
		struct frame frame;
		char text[64];
		int len = snprintf(text, sizeof(text), "k%lu,%lu\nk%lu,%lu\n", queue->sent % 7,
			queue->sent * 50 + 2000, queue->sent % 3, queue->sent * 50 + 2001);

		stream_frame(&frame, text, (uint32_t)len);
		memcpy(queue->buffers[cnt] + RTE_PKTMBUF_HEADROOM, frame.bytes, frame.len);
		/* The count of references never reaches 0: the memory is ours. */
		*mbuf = (struct rte_mbuf){.buf_addr = queue->buffers[cnt],
			.buf_len = sizeof(queue->buffers[cnt]),
			.data_off = RTE_PKTMBUF_HEADROOM,
			.data_len = (uint16_t)frame.len,
			.pkt_len = frame.len,
			.nb_segs = 1,
			.refcnt = 1000};
		packets[cnt] = mbuf;
	}
	return cnt;
}

static void *turn(void *arg)
{
	struct worker_thread *thread = arg;

	while (!atomic_load_explicit(&thread->over, memory_order_relaxed)) {
		fb_worker_turn(thread->worker);
		sched_yield();
	}
	return NULL;
}

static void setup(void)
{
	desk_port(&port, &port_conf);
	rte_eth_fp_ops[0].rx_pkt_burst = receive;
	rte_eth_fp_ops[0].rxq.data = queue_data;
	rte_eth_fp_ops[0].rxq.clbk = (void **)no_callbacks;
	query_init(&query, WORKERS);
	for (uint16_t i = 0; i < WORKERS; i++) {
		struct fb_worker_queue queue = {&port, i};
		struct fb_worker_stream stream = {.port = &port, .udp_port = STREAM_UDP_PORT};
		struct fb_worker_conf conf = {.index = i,
			.queues = &queue,
			.queue_cnt = 1,
			.streams = &stream,
			.stream_cnt = 1};

		queues[i].number = i;
		cr_assert_eq(fb_worker_create(&conf, &threads[i].worker), 0);
		threads[i].thread = race_start(turn, &threads[i]);
	}
}

static void teardown(void)
{
	for (int i = 0; i < WORKERS; i++) {
		atomic_store(&threads[i].over, true);
		race_join(threads[i].thread);
		fb_worker_destroy(threads[i].worker);
	}
	query_fini(&query);
}

TestSuite(sealing, .init = setup, .fini = teardown, .timeout = 200);

struct control {
	uint64_t rows, groups;
	int64_t watermark_ms;
	bool added, done;
};

static void take_reports(uint32_t number, struct control *control)
{
	struct fb_report report;

	while (fb_worker_receive(threads[number].worker, &report))
		switch (report.kind) {
		case FB_REPORT_READER_ADDED:
			control->added = true;
			break;
		case FB_REPORT_SLICE:
		case FB_REPORT_SLICE_OPEN:
			cr_assert_not(control->done);
			control->rows += fb_slice_row_cnt(report.slice);
			control->groups += fb_slice_group_cnt(report.slice);
			cr_assert_eq(fb_worker_send(threads[number].worker,
					     &(struct fb_mail){.kind = FB_MAIL_SLICE_FREE,
						     .slice = report.slice}),
				0);
			break;
		case FB_REPORT_WATERMARK:
			cr_assert_gt(report.watermark_ms, control->watermark_ms);
			control->watermark_ms = report.watermark_ms;
			break;
		case FB_REPORT_READER_DONE: {
			const struct fb_query_counters *counters =
				fb_reader_query_counters(report.reader, 0);

			cr_assert_eq(counters->disposition[FB_REC_ACCEPTED], control->rows);
			cr_assert_eq(counters->disposition[FB_REC_ACCEPTED] +
					     counters->disposition[FB_REC_LATE],
				fb_reader_decode_counters(report.reader)->records);
			fb_reader_destroy(report.reader);
			control->done = true;
			break;
		}
		default:
			cr_assert_fail("a report of kind %d", report.kind);
		}
}

/* What the control plane does from deploying to dropping a pipeline; a snapshot now and then. */
static void one_round(enum fb_mail_kind last_mail, uint64_t budget)
{
	static struct fb_worker_snapshot snapshot;
	struct control control[WORKERS] = {
		{.watermark_ms = FB_TIME_MIN}, {.watermark_ms = FB_TIME_MIN}};
	uint64_t received[WORKERS] = {0};

	for (uint32_t i = 0; i < WORKERS; i++)
		cr_assert_eq(fb_worker_send(threads[i].worker,
				     &(struct fb_mail){.kind = FB_MAIL_READER_ADD,
					     .reader = query_reader(&query),
					     .board = query.board}),
			0);
	while (!control[0].added || !control[1].added)
		for (uint32_t i = 0; i < WORKERS; i++)
			take_reports(i, &control[i]);
	for (uint32_t i = 0; i < WORKERS; i++)
		atomic_store_explicit(&threads[i].budget, budget, memory_order_relaxed);
	while (received[0] < budget || received[1] < budget)
		for (uint32_t i = 0; i < WORKERS; i++) {
			take_reports(i, &control[i]);
			fb_worker_snapshot(threads[i].worker, &snapshot);
			received[i] = snapshot.streams[0].datagrams;
			cr_assert_eq(snapshot.net[0].disposition[FB_PKT_STREAM], received[i]);
			cr_assert_eq(snapshot.net[0].packets, received[i]);
			cr_assert_eq(
				snapshot.readers[0].datagrams, snapshot.readers[0].decode.payloads);
		}
	for (uint32_t i = 0; i < WORKERS; i++)
		cr_assert_eq(
			fb_worker_send(threads[i].worker, &(struct fb_mail){.kind = last_mail}), 0);
	while (!control[0].done || !control[1].done)
		for (uint32_t i = 0; i < WORKERS; i++)
			take_reports(i, &control[i]);
	cr_assert_gt(control[0].groups, 0);
	cr_assert_gt(control[1].groups, 0);
}

Test(sealing, slices_readers_and_watermarks_change_owners)
{
	for (uint64_t round = 1; round <= ROUNDS; round++) {
		one_round(round % 2 ? FB_MAIL_READER_END : FB_MAIL_READER_KEEP, round * DATAGRAMS);
		for (int i = 0; i < WORKERS; i++)
			atomic_store_explicit(
				&query.board->lines[i].own_ms, FB_TIME_MIN, memory_order_relaxed);
	}
}
