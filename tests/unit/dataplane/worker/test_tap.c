/* SPDX-License-Identifier: Apache-2.0 */
/* The raw-log tap: packets of a kept stream go to another thread whole, with what it has to know,
 * and none is lost uncounted. */
#include <rte_ethdev.h>
#include <unistd.h>

#include "config/tables/disposition.h"
#include "dataplane/worker/tap.h"
#include "tests/unit/dataplane/net/packet.h"
#include "tests/unit/dataplane/port/lab.h"
#include "tests/unit/dataplane/worker/query.h"

#define TAP_CAP 64

static struct lab lab;
static struct query query;
static struct fb_worker *worker;
static struct fb_worker_snapshot snapshot;
static struct frame f;
static struct fb_tap_burst burst; /* of the packet that was taken last, if its note has one */

static void setup(void)
{
	lab_init(&lab, 1);
	lab_port(&lab, "net_ring0", 1);
	lab_eal(&lab);
	lab_open(&lab);
	query_init(&query, 1);
}

static void teardown(void)
{
	fb_worker_destroy(worker);
	query_fini(&query);
	lab_fini(&lab);
}

TestSuite(tap, .init = setup, .fini = teardown);

/* Stream 0 is kept, stream 1 (the next UDP port) is not. */
static void create_worker(bool back_off, uint64_t first_seq)
{
	struct fb_worker_queue queue = {lab.open[0], 0};
	struct fb_worker_stream streams[] = {
		{.port = lab.open[0],
			.udp_port = STREAM_UDP_PORT,
			.stream = 0,
			.kept = true,
			.back_off = back_off},
		{.port = lab.open[0], .udp_port = STREAM_UDP_PORT + 1, .stream = 1},
	};
	uint64_t seqs[] = {first_seq, 0};
	struct fb_worker_conf conf = {.core = fb_eal_worker_lcore(0),
		.queues = &queue,
		.queue_cnt = 1,
		.streams = streams,
		.stream_cnt = 2,
		.tap_seqs = seqs,
		.tap_cap = TAP_CAP};

	cr_assert_eq(fb_worker_create(&conf, &worker), 0);
}

static void send_to(uint16_t udp_port, const char *text)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(lab.open[0]->pool);

	stream_frame(&f, text, (uint32_t)strlen(text));
	put16(f.bytes + f.l4 + 2, udp_port);
	seal_udp(&f);
	cr_assert_not_null(mbuf);
	memcpy(rte_pktmbuf_append(mbuf, (uint16_t)f.len), f.bytes, f.len);
	cr_assert_eq(rte_eth_tx_burst(lab.open[0]->id, 0, &mbuf, 1), 1);
}

static void settle(void)
{
	uint64_t published;

	fb_worker_snapshot(worker, &snapshot);
	published = snapshot.published;
	for (int i = 0; i < 10000; i++) {
		fb_worker_turn(worker);
		fb_worker_snapshot(worker, &snapshot);
		if (snapshot.published >= published + 3)
			return;
		usleep(100);
	}
	cr_assert_fail("the worker does not publish");
}

/* The next packet of the tap: its note; its text is compared, and it is freed. */
static struct fb_tap_note take(const char *text)
{
	struct fb_tap_note note;
	void *item = NULL;
	struct rte_mbuf *mbuf;

	cr_assert(fb_spsc_poll(fb_worker_tap(worker), &item), "nothing on the tap");
	mbuf = item;
	note = fb_tap_read(mbuf);
	if (note.burst == FB_TAP_BURST_KNOWN)
		burst = fb_tap_read_burst(mbuf);
	cr_assert_eq(rte_pktmbuf_data_len(mbuf), strlen(text));
	cr_assert_eq(rte_pktmbuf_pkt_len(mbuf), strlen(text));
	cr_assert_eq(memcmp(rte_pktmbuf_mtod(mbuf, void *), text, strlen(text)), 0);
	rte_pktmbuf_free(mbuf);
	return note;
}

Test(tap, packets_of_kept_streams_come_whole_and_in_order)
{
	unsigned before = rte_mempool_avail_count(lab.open[0]->pool);
	uint64_t tsc = rte_rdtsc();
	void *item;
	char text[32];

	create_worker(false, 1000);
	for (int i = 0; i < 40; i++) {
		snprintf(text, sizeof(text), "kept,%d\n", i);
		send_to(STREAM_UDP_PORT, text);
		send_to(STREAM_UDP_PORT + 1, "not kept\n");
	}
	settle();
	for (int i = 0; i < 40; i++) {
		struct fb_tap_note note;

		snprintf(text, sizeof(text), "kept,%d\n", i);
		note = take(text);
		cr_assert_eq(note.seq, 1000u + (uint64_t)i);
		cr_assert_eq(note.stream, 0);
		cr_assert_geq(note.arrival_tsc, tsc);
		cr_assert_eq(note.watermark_ms, FB_TIME_MIN, "nobody reads it");
		cr_assert(note.burst == FB_TAP_BURST_UNKNOWN || (i > 0 && note.burst == FB_TAP_BURST_SAME));
		/* As the frame had them. */
		stream_frame(&f, "x", 1);
		cr_assert_eq(note.source_ip,
			(uint32_t)f.bytes[f.l4 - 8] << 24 | (uint32_t)f.bytes[f.l4 - 7] << 16 |
				(uint32_t)f.bytes[f.l4 - 6] << 8 | f.bytes[f.l4 - 5]);
		cr_assert_eq(note.source_port, f.bytes[f.l4] << 8 | f.bytes[f.l4 + 1]);
	}
	cr_assert_not(fb_spsc_poll(fb_worker_tap(worker), &item));
	cr_assert_eq(snapshot.streams[0].tapped_datagrams, 40);
	cr_assert_eq(snapshot.streams[0].tapped_bytes, snapshot.streams[0].bytes);
	cr_assert_eq(snapshot.streams[1].datagrams, 40);
	cr_assert_eq(snapshot.streams[1].tapped_datagrams, 0);
	cr_assert_eq(rte_mempool_avail_count(lab.open[0]->pool), before,
		"a packet was freed twice or never");
}

Test(tap, readers_see_what_the_tap_sees_and_notes_tell_their_watermark)
{
	struct fb_mail add = {
		.kind = FB_MAIL_READER_ADD, .reader = query_reader(&query), .board = query.board};
	struct fb_event_definition definition = fb_reader_event_definition(add.reader);
	struct fb_report report;
	struct fb_tap_note note;

	create_worker(false, 0);
	cr_assert_eq(fb_worker_send(worker, &add), 0);
	settle();
	send_to(STREAM_UDP_PORT, "a,1500\nb,2500\nc,x\n");
	settle();
	send_to(STREAM_UDP_PORT, "a,9500\n");
	settle();
	send_to(STREAM_UDP_PORT, "a,x\n");
	settle();
	note = take("a,1500\nb,2500\nc,x\n");
	cr_assert_eq(note.watermark_ms, FB_TIME_MIN, "as it came there was none");
	cr_assert_eq(note.burst, FB_TAP_BURST_KNOWN);
	cr_assert_neq(definition.hash, 0);
	cr_assert_eq(burst.definition, definition.hash);
	cr_assert_eq(burst.fields, definition.fields);
	cr_assert_eq(burst.oldest_ms, 1500);
	cr_assert_eq(burst.newest_ms, 2500);
	note = take("a,9500\n");
	cr_assert_eq(note.watermark_ms, 1500, "2500 less the delay of a second");
	cr_assert_eq(note.burst, FB_TAP_BURST_KNOWN);
	cr_assert_eq(burst.oldest_ms, 9500);
	cr_assert_eq(burst.newest_ms, 9500);
	note = take("a,x\n");
	cr_assert_eq(note.burst, FB_TAP_BURST_KNOWN);
	cr_assert_gt(burst.oldest_ms, burst.newest_ms, "no record had an event time");
	cr_assert_eq(snapshot.readers[0].decode.decoded, 3);
	cr_assert_eq(snapshot.readers[0].decode.records, 5);
	cr_assert_eq(fb_worker_send(worker, &(struct fb_mail){.kind = FB_MAIL_READER_END}), 0);
	settle();
	while (fb_worker_receive(worker, &report))
		if (report.kind == FB_REPORT_READER_DONE)
			fb_reader_destroy(report.reader);
}

/* FB_RAW_RING_FULL: what does not fit is freed and counted, has a number all the same, and is read.
 */
Test(tap, a_full_tap_drops_the_newest_and_counts_them)
{
	unsigned before = rte_mempool_avail_count(lab.open[0]->pool);
	void *item;
	uint64_t last = 0;

	create_worker(false, 0);
	for (int i = 0; i < 100; i++)
		send_to(STREAM_UDP_PORT, "text");
	settle();
	cr_assert_eq(snapshot.streams[0].datagrams, 100);
	cr_assert_eq(snapshot.streams[0].tapped_datagrams, TAP_CAP);
	cr_assert_eq(snapshot.streams[0].tap_full_datagrams, 100 - TAP_CAP);
	cr_assert_eq(snapshot.streams[0].tap_full_bytes, 4 * (100 - TAP_CAP));
	for (int i = 0; i < TAP_CAP; i++)
		last = take("text").seq;
	cr_assert_eq(last, TAP_CAP - 1);
	cr_assert_not(fb_spsc_poll(fb_worker_tap(worker), &item));
	send_to(STREAM_UDP_PORT, "text");
	settle();
	cr_assert_eq(take("text").seq, 100, "the gap is what was lost");
	cr_assert_eq(rte_mempool_avail_count(lab.open[0]->pool), before);
}

Test(tap, back_off_leaves_packets_on_the_wire_instead)
{
	create_worker(true, 0);
	for (int i = 0; i < 200; i++)
		send_to(STREAM_UDP_PORT, "text");
	settle();
	cr_assert_eq(
		snapshot.streams[0].datagrams, TAP_CAP, "no more than the tap holds is received");
	cr_assert_gt(snapshot.tap_back_offs, 0);
	for (uint64_t seq = 0; seq < 200; seq++) {
		if (seq % TAP_CAP == 0)
			settle();
		cr_assert_eq(take("text").seq, seq);
	}
	settle();
	cr_assert_eq(snapshot.streams[0].tapped_datagrams, 200);
	cr_assert_eq(snapshot.streams[0].tap_full_datagrams, 0);
}
