/* SPDX-License-Identifier: Apache-2.0 */
/* Packets of a capture: classified and fed as those of a port, with their own times on the tap, and none is taken without room. */
#include <rte_ethdev.h>
#include <unistd.h>

#include "config/tables/disposition.h"
#include "dataplane/worker/import.h"
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

static void setup(void)
{
	struct fb_worker_queue queue;
	struct fb_worker_stream streams[1];
	struct fb_worker_conf conf = {.queues = &queue, .queue_cnt = 1, .streams = streams, .stream_cnt = 1, .tap_cap = TAP_CAP};

	lab_init(&lab, 1);
	lab_port(&lab, "net_ring0", 1);
	lab_eal(&lab);
	lab_open(&lab);
	query_init(&query, 1);
	queue = (struct fb_worker_queue){lab.open[0], 0};
	streams[0] = (struct fb_worker_stream){.port = lab.open[0], .udp_port = STREAM_UDP_PORT, .kept = true};
	conf.core = fb_eal_worker_lcore(0);
	cr_assert_eq(fb_worker_create(&conf, &worker), 0);
}

static void teardown(void)
{
	fb_worker_import_end(worker);
	fb_worker_destroy(worker);
	query_fini(&query);
	lab_fini(&lab);
}

TestSuite(import, .init = setup, .fini = teardown);

static struct rte_mbuf *packet_of(const struct frame *frame)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(lab.open[0]->pool);

	cr_assert_not_null(mbuf);
	memcpy(rte_pktmbuf_append(mbuf, (uint16_t)frame->len), frame->bytes, frame->len);
	return mbuf;
}

static void settle(void)
{
	uint64_t published;

	fb_worker_snapshot(worker, &snapshot);
	published = snapshot.published;
	for (int i = 0; i < 10000 && snapshot.published < published + 3; i++) {
		fb_worker_turn(worker);
		fb_worker_snapshot(worker, &snapshot);
		usleep(100);
	}
}

static uint32_t empty_tap(int64_t *ret_last_ns)
{
	uint32_t cnt = 0;
	void *item;

	for (; fb_spsc_poll(fb_worker_tap(worker), &item); cnt++) {
		struct fb_tap_note note = fb_tap_read(item);

		cr_assert(note.imported);
		cr_assert_eq(note.seq, (uint64_t)note.arrival_tsc % 1000, "in the order of the capture");
		*ret_last_ns = (int64_t)note.arrival_tsc;
		rte_pktmbuf_free(item);
	}
	return cnt;
}

Test(import, packets_keep_their_times_and_wait_for_room)
{
	unsigned before = rte_mempool_avail_count(lab.open[0]->pool);
	uint32_t tapped = 0;
	int64_t last_ns = 0;

	cr_assert_eq(fb_worker_import_begin(worker, lab.open[0], UINT32_MAX), 0);
	stream_frame(&f, "1,a\n", 4);
	for (int i = 0; i < 200; i++)
		cr_assert(fb_worker_try_import(worker, packet_of(&f), 5000 + i));
	settle();
	/* The tap has room for a burst or it is not begun: nothing is dropped there. */
	cr_assert_gt(fb_worker_import_waiting(worker), 0);
	cr_assert_eq(fb_worker_import_begin(worker, lab.open[0], UINT32_MAX), FB_E_BUSY);
	for (int i = 0; i < 100 && tapped < 200; i++) {
		tapped += empty_tap(&last_ns);
		settle();
	}
	cr_assert_eq(tapped, 200u);
	cr_assert_eq(last_ns, 5199);
	cr_assert_eq(snapshot.imported.packets, 200u);
	cr_assert_eq(snapshot.imported.disposition[FB_PKT_STREAM], 200u);
	cr_assert_eq(snapshot.streams[0].datagrams, 200u);
	cr_assert_eq(snapshot.streams[0].tap_full_datagrams, 0u);
	cr_assert_eq(snapshot.net[0].packets, 0u, "they are none of the port's");
	cr_assert_eq(rte_mempool_avail_count(lab.open[0]->pool), before);
}

Test(import, a_stream_takes_what_was_sent_to_another_address_and_nothing_is_answered)
{
	int64_t last_ns;

	stream_frame(&f, "1,a\n", 4);
	put16(f.bytes + f.l4 + 2, STREAM_UDP_PORT + 7);
	seal_udp(&f);
	cr_assert_eq(fb_worker_import_begin(worker, lab.open[0], UINT32_MAX), 0);
	cr_assert(fb_worker_try_import(worker, packet_of(&f), 5000));
	settle();
	cr_assert_eq(snapshot.imported.disposition[FB_PKT_UDP_PORT], 1u);
	cr_assert_eq(fb_worker_import_begin(worker, lab.open[0], 0), 0);
	cr_assert(fb_worker_try_import(worker, packet_of(&f), 5000));
	settle();
	cr_assert_eq(snapshot.imported.disposition[FB_PKT_STREAM], 1u);
	cr_assert_eq(snapshot.imported.packets, 2u, "numbers go on over imports");
	cr_assert_eq(empty_tap(&last_ns), 1u);
	cr_assert_eq(snapshot.net[0].replies_sent, 0u);
}
