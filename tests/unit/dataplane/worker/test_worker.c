/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workers over a ring device: what is sent on queue q is received on queue q, by worker q. Turns
 * are made by the test itself, so that each step is where the test wants it; test_cores.c has them
 * on cores of their own.
 */
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <unistd.h>

#include "tests/unit/dataplane/net/packet.h"
#include "tests/unit/dataplane/port/lab.h"
#include "tests/unit/dataplane/worker/query.h"

#define WORKERS 2

static struct lab lab;
static struct query query;
static struct fb_worker *workers[WORKERS];
static struct fb_worker_snapshot snapshot;
static struct frame f;
static struct fb_worker_stream streams[2];

static void create_workers(bool paused, int64_t idle_timeout_ms)
{
	streams[0] = (struct fb_worker_stream){lab.open[0], STREAM_UDP_PORT, 0, idle_timeout_ms};
	streams[1] = (struct fb_worker_stream){lab.open[0], STREAM_UDP_PORT + 1, 1, 0};
	for (uint16_t i = 0; i < WORKERS; i++) {
		struct fb_worker_queue queue = {lab.open[0], i};
		struct fb_worker_conf conf = {.index = i,
			.core = fb_eal_worker_lcore(i),
			.paused = paused,
			.queues = &queue,
			.queue_cnt = 1,
			.streams = streams,
			.stream_cnt = 2};

		cr_assert_eq(fb_worker_create(&conf, &workers[i]), 0);
	}
}

static void setup(void)
{
	lab_init(&lab, WORKERS);
	lab_port(&lab, "net_ring0", WORKERS);
	lab_eal(&lab);
	lab_open(&lab);
	query_init(&query, WORKERS);
}

static void teardown(void)
{
	for (int i = 0; i < WORKERS; i++)
		fb_worker_destroy(workers[i]);
	query_fini(&query);
	lab_fini(&lab);
}

TestSuite(worker, .init = setup, .fini = teardown);

static void send_frame(uint16_t queue, const struct frame *frame)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(lab.open[0]->pool);

	cr_assert_not_null(mbuf);
	memcpy(rte_pktmbuf_append(mbuf, (uint16_t)frame->len), frame->bytes, frame->len);
	cr_assert_eq(rte_eth_tx_burst(lab.open[0]->id, queue, &mbuf, 1), 1);
}

static void send_text(uint16_t queue, const char *text)
{
	stream_frame(&f, text, (uint32_t)strlen(text));
	send_frame(queue, &f);
}

/* Until the worker has nothing to receive and has published since. */
static void settle(struct fb_worker *worker)
{
	uint64_t published;
	uint64_t polls;

	fb_worker_snapshot(worker, &snapshot);
	published = snapshot.published;
	polls = snapshot.empty_polls;
	for (int i = 0; i < 10000; i++) {
		fb_worker_turn(worker);
		fb_worker_snapshot(worker, &snapshot);
		if (snapshot.published >= published + 2 && snapshot.empty_polls > polls + 2)
			return;
		usleep(100);
	}
	cr_assert_fail("the worker does not publish");
}

static void mail(uint32_t worker, struct fb_mail text)
{
	cr_assert_eq(fb_worker_send(workers[worker], &text), 0);
}

static struct fb_report expect_report(uint32_t worker, enum fb_report_kind kind)
{
	struct fb_report report;

	cr_assert(fb_worker_receive(workers[worker], &report), "no report, expected kind %d", kind);
	cr_assert_eq(report.kind, kind, "kind %d, expected %d", report.kind, kind);
	cr_assert_eq(report.worker, worker);
	return report;
}

static void expect_no_report(uint32_t worker)
{
	struct fb_report report;

	cr_assert_not(
		fb_worker_receive(workers[worker], &report), "a report of kind %d", report.kind);
}

/* A reader of stream 0 on the worker, in slot 0. */
static int64_t query_idle_ms; /* of the readers that add_reader adds; 0: the stream's */

static struct fb_reader *add_reader(uint32_t worker)
{
	struct fb_reader *reader = query_reader(&query);

	mail(worker, (struct fb_mail){.kind = FB_MAIL_READER_ADD,
			     .reader = reader,
			     .board = query.board,
			     .idle_timeout_ms = query_idle_ms});
	settle(workers[worker]);
	expect_report(worker, FB_REPORT_READER_ADDED);
	return reader;
}

/* Readers on all workers, all active: nobody is ahead alone. Their watermark is 500 ms. */
static void add_active_readers(struct fb_reader **readers)
{
	struct fb_report report;

	for (uint32_t i = 0; i < WORKERS; i++)
		readers[i] = add_reader(i);
	for (uint32_t i = 0; i < WORKERS; i++) {
		send_text((uint16_t)i, "z,1500\n");
		settle(workers[i]);
	}
	for (uint32_t i = 0; i < WORKERS; i++) {
		settle(workers[i]);
		while (fb_worker_receive(workers[i], &report))
			cr_assert_eq(report.watermark_ms, 500);
	}
}

/* packets = sum of dispositions; stream datagrams are those of net; payloads those of the reader.
 */
static void expect_ledger(void)
{
	uint64_t sum = 0;
	uint64_t datagrams = 0;

	for (int i = 0; i < FB_PKT_CNT; i++)
		sum += snapshot.net[0].disposition[i];
	for (int i = 0; i < 2; i++)
		datagrams += snapshot.streams[i].datagrams;
	cr_assert_eq(snapshot.net[0].packets, sum);
	cr_assert_eq(snapshot.net[0].disposition[FB_PKT_STREAM], datagrams);
	if (snapshot.readers[0].used) {
		const struct fb_query_counters *counters = &snapshot.readers[0].queries[0];
		uint64_t records = 0;

		for (int i = 0; i < FB_REC_CNT; i++)
			records += counters->disposition[i];
		cr_assert_eq(snapshot.readers[0].datagrams, snapshot.readers[0].decode.payloads);
		cr_assert_eq(snapshot.readers[0].decode.decoded, records);
		cr_assert_eq(counters->disposition[FB_REC_ACCEPTED],
			counters->sealed_rows + counters->open_rows);
	}
}

/* ---- counting ---- */

Test(worker, each_packet_is_counted_once_by_the_worker_of_its_queue)
{
	create_workers(false, 0);
	for (uint32_t i = 0; i < 100; i++) {
		send_text(i % 4 == 3, "a,1\nb,2\n");
		if (i % 10 == 0) {
			stream_frame(&f, "x", 1);
			put16(f.bytes + f.l4 + 2, STREAM_UDP_PORT + 1);
			seal_udp(&f);
			send_frame(1, &f);
		}
		if (i % 20 == 0) {
			stream_frame(&f, "x", 1);
			put16(f.bytes + f.l4 + 2, 9);
			seal_udp(&f);
			send_frame(0, &f);
		}
	}
	settle(workers[1]);
	expect_ledger();
	cr_assert_eq(snapshot.net[0].packets, 25 + 10);
	cr_assert_eq(snapshot.streams[0].datagrams, 25);
	cr_assert_eq(snapshot.streams[0].bytes, 25 * 8);
	cr_assert_eq(snapshot.streams[1].datagrams, 10);
	cr_assert_eq(snapshot.streams[1].unread_datagrams, 10);
	settle(workers[0]);
	expect_ledger();
	cr_assert_eq(snapshot.net[0].packets, 75 + 5);
	cr_assert_eq(snapshot.streams[0].datagrams, 75);
	cr_assert_eq(snapshot.streams[0].unread_datagrams, 75, "nobody reads it");
	cr_assert_eq(snapshot.net[0].disposition[FB_PKT_UDP_PORT], 5);
	cr_assert_eq(snapshot.net_cnt, 1);
	cr_assert_eq(snapshot.polls, snapshot.empty_polls + snapshot.bursts,
		"one queue: a poll brings a burst or nothing");
	cr_assert_eq(snapshot.bursts, 3, "80 packets in bursts of 32");
}

Test(worker, a_burst_never_leaks_a_packet_buffer)
{
	unsigned before = rte_mempool_avail_count(lab.open[0]->pool);

	create_workers(false, 0);
	add_reader(0);
	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < 40; i++)
			send_text(0, "a,1000\n");
		settle(workers[0]);
	}
	cr_assert_eq(snapshot.readers[0].datagrams, 2000);
	cr_assert_eq(rte_mempool_avail_count(lab.open[0]->pool), before);
	mail(0, (struct fb_mail){.kind = FB_MAIL_READER_END});
	settle(workers[0]);
	for (struct fb_report report; fb_worker_receive(workers[0], &report);)
		if (report.kind == FB_REPORT_READER_DONE)
			fb_reader_destroy(report.reader);
}

/* ---- mail ---- */

Test(worker, paused_until_receive_then_it_announces)
{
	create_workers(true, 0);
	send_text(0, "a,1\n");
	for (int i = 0; i < 10; i++)
		fb_worker_turn(workers[0]);
	settle(workers[0]);
	cr_assert_eq(snapshot.net[0].packets, 0, "it does not touch the port");
	mail(0, (struct fb_mail){.kind = FB_MAIL_RECEIVE});
	settle(workers[0]);
	expect_ledger();
	cr_assert_eq(snapshot.streams[0].datagrams, 1);
	cr_assert_eq(snapshot.net[0].replies_sent, 2, "an announcement for each address");
	cr_assert_eq(
		snapshot.net[0].disposition[FB_PKT_ARP_OTHER], 2, "which the ring brings back");
}

Test(worker, mail_that_cannot_be)
{
	create_workers(false, 0);
	cr_assert_eq(fb_worker_send(workers[0], &(struct fb_mail){.slot = FB_WORKER_READER_MAX}),
		FB_E_INVALID);
	cr_assert_eq(fb_worker_send(workers[0],
			     &(struct fb_mail){.kind = FB_MAIL_READER_ADD, .stream = 2}),
		FB_E_INVALID);
	/* What refers to readers that are not there is no event. */
	for (uint32_t slot = 0; slot < FB_WORKER_READER_MAX; slot++) {
		mail(0, (struct fb_mail){.kind = FB_MAIL_READER_END, .slot = slot});
		mail(0, (struct fb_mail){.kind = FB_MAIL_READER_KEEP, .slot = slot});
		mail(0, (struct fb_mail){.kind = FB_MAIL_SLICE_FREE, .slot = slot});
		mail(0, (struct fb_mail){.kind = FB_MAIL_ROWS_FREE, .slot = slot});
	}
	settle(workers[0]);
	expect_no_report(0);
}

Test(worker, a_full_mailbox_refuses)
{
	int sent = 0;

	create_workers(false, 0);
	while (sent < 100000 &&
		fb_worker_send(workers[0], &(struct fb_mail){.kind = FB_MAIL_READER_END}) == 0)
		sent++;
	cr_assert_eq(sent, 4096);
	fb_worker_turn(workers[0]);
	mail(0, (struct fb_mail){.kind = FB_MAIL_READER_END});
}

Test(worker, windows_are_sealed_by_the_watermark_of_all_workers)
{
	struct fb_reader *readers[WORKERS];
	struct fb_report report;

	create_workers(false, 0);
	add_active_readers(readers);
	/* Worker 0 alone is far ahead: nothing fires before the other one has followed. */
	send_text(0, "a,5000\nb,9000\n");
	settle(workers[0]);
	send_text(0, "a,30000\n");
	settle(workers[0]);
	cr_assert_eq(snapshot.readers[0].own_watermark_ms, 29000);
	cr_assert_eq(snapshot.readers[0].watermark_ms, 500, "the other's");
	expect_no_report(0);
	send_text(1, "c,11000\n");
	settle(workers[1]);
	for (uint32_t i = 0; i < WORKERS; i++) {
		settle(workers[i]);
		cr_assert_eq(snapshot.readers[0].watermark_ms, 10000);
		report = expect_report(i, FB_REPORT_SLICE);
		cr_assert_eq(fb_slice_start_ms(report.slice), 0);
		cr_assert_eq(fb_slice_row_cnt(report.slice), i == 0 ? 3 : 1);
		mail(i, (struct fb_mail){.kind = FB_MAIL_SLICE_FREE, .slice = report.slice});
		report = expect_report(i, FB_REPORT_WATERMARK);
		cr_assert_eq(report.watermark_ms, 10000, "after what it completes");
		settle(workers[i]);
		expect_ledger();
		expect_no_report(i);
	}
	/* END hands over the rest; what comes after it is nobody's. */
	for (uint32_t i = 0; i < WORKERS; i++) {
		mail(i, (struct fb_mail){.kind = FB_MAIL_READER_END});
		settle(workers[i]);
		report = expect_report(i, FB_REPORT_SLICE);
		cr_assert_eq(fb_slice_start_ms(report.slice), i == 0 ? 30000 : 10000);
		report = expect_report(i, FB_REPORT_WATERMARK);
		cr_assert_eq(report.watermark_ms, FB_TIME_MAX);
		report = expect_report(i, FB_REPORT_READER_DONE);
		cr_assert_eq(report.reader, readers[i]);
		expect_no_report(i);
		fb_reader_destroy(readers[i]);
		send_text((uint16_t)i, "late,1\n");
		settle(workers[i]);
		cr_assert_not(snapshot.readers[0].used);
		cr_assert_eq(snapshot.streams[0].unread_datagrams, 1);
	}
}

Test(worker, keep_hands_over_open_slices_as_they_are)
{
	struct fb_reader *reader;
	struct fb_report report;

	create_workers(false, 0);
	reader = add_reader(0);
	send_text(0, "a,21000\na,22000\nb,31000\n"); /* watermark 30 s: the first slice is over */
	settle(workers[0]);
	report = expect_report(0, FB_REPORT_SLICE);
	cr_assert_eq(fb_slice_row_cnt(report.slice), 2);
	expect_report(0, FB_REPORT_WATERMARK);
	mail(0, (struct fb_mail){.kind = FB_MAIL_READER_KEEP});
	settle(workers[0]);
	report = expect_report(0, FB_REPORT_SLICE_OPEN);
	cr_assert_eq(fb_slice_start_ms(report.slice), 30000);
	cr_assert_eq(fb_slice_row_cnt(report.slice), 1);
	report = expect_report(0, FB_REPORT_READER_DONE);
	cr_assert_eq(report.reader, reader);
	cr_assert_eq(atomic_load(&query.board->lines[0].state), FB_LINE_IDLE,
		"a reader that has left holds nobody back");
	expect_no_report(0);
	fb_reader_destroy(reader);
}

/* Open slices change hands, what comes next begins new ones, and the epoch says what was before. */
Test(worker, a_checkpoint_hands_over_what_is_open_and_goes_on)
{
	static struct fb_reader_epoch epoch;
	struct fb_reader *reader;
	struct fb_report report;

	create_workers(false, 0);
	send_text(0, "a,1000\n");
	settle(workers[0]);
	reader = add_reader(0);
	send_text(0, "a,2000\nb,3000\n");
	settle(workers[0]);
	expect_report(0, FB_REPORT_WATERMARK);
	mail(0, (struct fb_mail){.kind = FB_MAIL_CHECKPOINT, .epoch = &epoch});
	settle(workers[0]);
	report = expect_report(0, FB_REPORT_SLICE_OPEN);
	cr_assert_eq(fb_slice_row_cnt(report.slice), 2);
	mail(0, (struct fb_mail){.kind = FB_MAIL_SLICE_FREE, .slice = report.slice});
	report = expect_report(0, FB_REPORT_CHECKPOINT);
	cr_assert_eq(report.log_seq, 2, "the datagram before the reader was there counts, too");
	cr_assert_eq(epoch.log_seq, 2);
	cr_assert_eq(epoch.datagrams, 1);
	cr_assert_eq(epoch.decode.records, 2);
	cr_assert_eq(epoch.queries[0].sealed_rows, 2);
	cr_assert_eq(epoch.queries[0].open_rows, 0);
	cr_assert_eq(epoch.own_watermark_ms, fb_reader_own_watermark(reader));

	send_text(0, "a,4000\n");
	settle(workers[0]);
	expect_ledger();
	expect_report(0, FB_REPORT_WATERMARK);
	mail(0, (struct fb_mail){.kind = FB_MAIL_READER_KEEP, .epoch = &epoch});
	settle(workers[0]);
	report = expect_report(0, FB_REPORT_SLICE_OPEN);
	cr_assert_eq(fb_slice_row_cnt(report.slice), 1, "only what came behind the checkpoint");
	expect_report(0, FB_REPORT_READER_DONE);
	cr_assert_eq(epoch.log_seq, 3);
	cr_assert_eq(epoch.datagrams, 2);
	fb_reader_destroy(reader);
}

/* Each reader counts from its own beginning, also in a slot that was used before. */
Test(worker, a_slot_is_used_again)
{
	create_workers(false, 0);
	send_text(0, "a,1000\n");
	settle(workers[0]);
	for (uint64_t round = 1; round <= 3; round++) {
		struct fb_reader *reader = add_reader(0);

		for (uint64_t i = 0; i < round; i++)
			send_text(0, "a,1000\n");
		settle(workers[0]);
		expect_ledger();
		cr_assert_eq(snapshot.readers[0].datagrams, round);
		mail(0, (struct fb_mail){.kind = FB_MAIL_READER_KEEP});
		settle(workers[0]);
		expect_report(0, FB_REPORT_SLICE_OPEN);
		cr_assert_eq(expect_report(0, FB_REPORT_READER_DONE).reader, reader);
		fb_reader_destroy(reader);
	}
	settle(workers[0]);
	cr_assert_eq(snapshot.streams[0].datagrams, 1 + 1 + 2 + 3);
	cr_assert_eq(snapshot.streams[0].unread_datagrams, 1);
}

Test(worker, several_readers_of_one_stream_each_get_everything)
{
	struct fb_reader *readers[3];

	create_workers(false, 0);
	for (uint32_t i = 0; i < 3; i++) {
		readers[i] = query_reader(&query);
		mail(0, (struct fb_mail){.kind = FB_MAIL_READER_ADD,
				.slot = i * 31,
				.stream = i == 2,
				.reader = readers[i],
				.board = query.board});
	}
	settle(workers[0]);
	send_text(0, "a,1000\nb,2000\n");
	settle(workers[0]);
	for (uint32_t i = 0; i < 3; i++) {
		const struct fb_reader_snapshot *reader = &snapshot.readers[i * 31];

		cr_assert(reader->used);
		cr_assert_eq(reader->datagrams, i < 2);
		cr_assert_eq(reader->decode.records, i < 2 ? 2 : 0);
	}
	cr_assert_eq(snapshot.streams[0].datagrams, 1);
	cr_assert_eq(snapshot.streams[0].unread_datagrams, 0);
	for (uint32_t i = 0; i < 3; i++)
		mail(0, (struct fb_mail){.kind = FB_MAIL_READER_KEEP, .slot = i * 31});
	settle(workers[0]);
	for (uint32_t i = 0; i < 3; i++)
		fb_reader_destroy(readers[i]);
}

/* A queue that is silent for its timeout does not hold the others back (rule M8). */
static void expect_silent_worker_leaves(int64_t stream_idle_ms)
{
	struct fb_reader *readers[WORKERS];

	create_workers(false, stream_idle_ms);
	add_active_readers(readers);
	send_text(0, "a,40000\n");
	settle(workers[0]);
	cr_assert(snapshot.readers[0].active);
	cr_assert_eq(snapshot.readers[0].watermark_ms, 500);
	usleep(220000);
	settle(workers[1]);
	cr_assert_not(snapshot.readers[0].active);
	send_text(0, "a,41000\n");
	settle(workers[0]);
	cr_assert_eq(snapshot.readers[0].watermark_ms, 40000, "its own alone");
	for (uint32_t i = 0; i < WORKERS; i++) {
		mail(i, (struct fb_mail){.kind = FB_MAIL_READER_KEEP});
		settle(workers[i]);
		for (struct fb_report report; fb_worker_receive(workers[i], &report);)
			if (report.kind == FB_REPORT_READER_DONE)
				fb_reader_destroy(report.reader);
	}
}

Test(worker, m8_a_silent_worker_leaves_the_board)
{
	expect_silent_worker_leaves(200);
}

/* What the query says comes before what the stream says. */
Test(worker, m8_by_the_timeout_of_the_query)
{
	query_idle_ms = 200;
	expect_silent_worker_leaves(3600000);
}

/*
 * The control plane takes no reports: the ring of 4096 fills with watermarks, then the reader keeps
 * what it has. Nothing is lost and nothing overtakes.
 */
Test(worker, reports_wait_in_order_for_a_control_plane_that_is_behind)
{
	struct fb_reader *reader;
	int64_t last = -1;
	int64_t watermark = FB_TIME_MIN;
	uint64_t rows = 0;
	bool done = false;

	create_workers(false, 0);
	reader = add_reader(0);
	for (uint32_t i = 0; i < 5000; i++) {
		char text[32];

		snprintf(text, sizeof(text), "a,%u\n", i * 100 + 1500);
		send_text(0, text);
		fb_worker_turn(workers[0]);
	}
	settle(workers[0]);
	expect_ledger();
	cr_assert_gt(snapshot.report_ring_full, 0);
	mail(0, (struct fb_mail){.kind = FB_MAIL_READER_END});
	fb_worker_turn(workers[0]);
	for (int i = 0; i < 10; i++) {
		send_text(0, "a,1\n"); /* while the reader is on its way out: not its any more */
		fb_worker_turn(workers[0]);
	}
	settle(workers[0]);
	cr_assert(snapshot.readers[0].used, "nobody has taken it");
	cr_assert_eq(snapshot.streams[0].datagrams, 5010);
	cr_assert_eq(snapshot.streams[0].unread_datagrams, 10);
	expect_ledger();
	for (int turns = 0; turns < 20000 && !done; turns++) {
		struct fb_report report;

		while (fb_worker_receive(workers[0], &report)) {
			cr_assert_not(done, "nothing comes after DONE");
			if (report.kind == FB_REPORT_READER_DONE)
				done = true;
			if (report.kind == FB_REPORT_WATERMARK) {
				cr_assert_gt(report.watermark_ms, watermark);
				watermark = report.watermark_ms;
			}
			if (report.kind != FB_REPORT_SLICE)
				continue;
			cr_assert_gt(fb_slice_start_ms(report.slice), last, "oldest first");
			cr_assert_lt(watermark, fb_slice_start_ms(report.slice) + 9999,
				"a watermark comes after what it completes");
			last = fb_slice_start_ms(report.slice);
			rows += fb_slice_row_cnt(report.slice);
			mail(0, (struct fb_mail){
					.kind = FB_MAIL_SLICE_FREE, .slice = report.slice});
		}
		fb_worker_turn(workers[0]);
	}
	cr_assert(done);
	settle(workers[0]);

	const struct fb_query_counters *counters = fb_reader_query_counters(reader, 0);

	cr_assert_eq(
		counters->disposition[FB_REC_ACCEPTED] + counters->disposition[FB_REC_STATE_FULL],
		5000);
	cr_assert_eq(rows, counters->disposition[FB_REC_ACCEPTED]);
	cr_assert_gt(rows, 0);
	fb_reader_destroy(reader);
}

Test(worker, too_much_of_it)
{
	struct fb_worker_queue queues[9] = {{lab.open[0], 0}};
	struct fb_worker_stream twice[2] = {{lab.open[0], 5000, 0, 0}, {lab.open[0], 5000, 1, 0}};
	struct fb_worker *worker = NULL;

	cr_assert_eq(fb_worker_create(
			     &(struct fb_worker_conf){.queues = queues, .queue_cnt = 9}, &worker),
		FB_E_FULL);
	cr_assert_eq(fb_worker_create(&(struct fb_worker_conf){.index = FB_WORKER_MAX}, &worker),
		FB_E_FULL);
	cr_assert_eq(fb_worker_create(
			     &(struct fb_worker_conf){.streams = twice, .stream_cnt = 65}, &worker),
		FB_E_FULL);
	cr_assert_eq(fb_worker_create(&(struct fb_worker_conf){.queues = queues,
					      .queue_cnt = 1,
					      .streams = twice,
					      .stream_cnt = 2},
			     &worker),
		FB_E_EXISTS, "one UDP port for two streams");
	cr_assert_null(worker);
}
