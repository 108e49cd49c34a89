/* SPDX-License-Identifier: Apache-2.0 */
/* Whole bursts over a ring device, where what is sent on a queue is received on it: order, answers,
 * memory, sums. */
#include <rte_ethdev.h>
#include <rte_mempool.h>

#include "tests/unit/dataplane/net/packet.h"
#include "tests/unit/dataplane/port/lab.h"

static struct lab lab;
static struct fb_net net;
static struct frame f;

static void setup(void)
{
	lab_init(&lab, 1);
	lab_port(&lab, "net_ring0", 1);
	lab_eal(&lab);
	lab_open(&lab);
	fb_net_init(&net, lab.open[0], 0);
	cr_assert_eq(fb_net_bind(&net, STREAM_UDP_PORT, STREAM_NUMBER), 0);
}

static void teardown(void)
{
	lab_fini(&lab);
}

TestSuite(burst, .init = setup, .fini = teardown);

static struct rte_mbuf *mbuf_of(const struct frame *frame)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(lab.open[0]->pool);
	char *to;

	cr_assert_not_null(mbuf);
	to = rte_pktmbuf_append(mbuf, (uint16_t)frame->len);
	cr_assert_not_null(to);
	memcpy(to, frame->bytes, frame->len);
	return mbuf;
}

static uint64_t sum_of_dispositions(void)
{
	uint64_t sum = 0;

	for (int i = 0; i < FB_PKT_CNT; i++)
		sum += net.counters.disposition[i];
	return sum;
}

static struct rte_mbuf *receive_one(void)
{
	struct rte_mbuf *mbuf;

	return rte_eth_rx_burst(lab.open[0]->id, 0, &mbuf, 1) == 1 ? mbuf : NULL;
}

Test(burst, streams_stay_in_order_answers_are_sent_the_rest_is_freed)
{
	uint32_t free_before = rte_mempool_avail_count(lab.open[0]->pool);
	struct rte_mbuf *packets[FB_NET_BURST];
	struct rte_mbuf *of_streams[FB_NET_BURST];
	struct fb_datagram out[FB_NET_BURST];
	struct rte_mbuf *mbuf;
	uint16_t cnt = 0;
	uint16_t stream_cnt = 0;
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < FB_NET_BURST; i++) {
		char text[16];
		int len = snprintf(text, sizeof(text), "record %u", i);

		switch (i % 4) {
		case 0:
			arp_frame(&f, broadcast_mac, 1, i % 8 ? OUR_IP : OUR_IP ^ 9);
			break;
		case 1:
			echo_frame(&f, text, (uint32_t)len);
			break;
		default:
			stream_frame(&f, text, (uint32_t)len);
			if (i % 16 == 15)
				f.bytes[f.l4 + 9] ^= 1;
		}
		packets[cnt] = mbuf_of(&f);
		bytes += f.len;
		if (i % 4 >= 2 && i % 16 != 15)
			of_streams[stream_cnt++] = packets[cnt];
		cnt++;
	}
	fb_net_burst(&net, packets, &cnt, out);
	cr_assert_eq(cnt, stream_cnt);
	for (uint16_t i = 0; i < cnt; i++) {
		char text[16];
		uint32_t nth = i + (i >= 7); /* 15, the eighth, was damaged */
		uint32_t number = nth / 2 * 4 + 2 + nth % 2;

		snprintf(text, sizeof(text), "record %u", number);
		cr_assert_eq(packets[i], of_streams[i]);
		cr_assert_eq(out[i].len, strlen(text));
		cr_assert_eq(memcmp(out[i].data, text, strlen(text)), 0, "%s", text);
		cr_assert_geq(out[i].data, rte_pktmbuf_mtod(packets[i], uint8_t *));
	}
	cr_assert_eq(net.counters.packets, FB_NET_BURST);
	cr_assert_eq(net.counters.bytes, bytes);
	cr_assert_eq(sum_of_dispositions(), FB_NET_BURST);
	cr_assert_eq(net.counters.disposition[FB_PKT_STREAM], 14);
	cr_assert_eq(net.counters.disposition[FB_PKT_UDP_CHECKSUM], 2);
	cr_assert_eq(net.counters.disposition[FB_PKT_ARP_ANSWERED], 4);
	cr_assert_eq(net.counters.disposition[FB_PKT_ARP_OTHER], 4);
	cr_assert_eq(net.counters.disposition[FB_PKT_ECHO_ANSWERED], 8);
	cr_assert_eq(net.counters.replies_sent, 12);
	cr_assert_eq(net.counters.replies_unsent, 0);

	/* The answers in the order of the questions. */
	for (int i = 0; i < 12; i++) {
		mbuf = receive_one();
		cr_assert_not_null(mbuf);
		cr_assert_eq(memcmp(rte_pktmbuf_mtod(mbuf, uint8_t *), peer_mac, 6), 0);
		rte_pktmbuf_free(mbuf);
	}
	cr_assert_null(receive_one());
	rte_pktmbuf_free_bulk(packets, cnt);
	cr_assert_eq(rte_mempool_avail_count(lab.open[0]->pool), free_before, "nothing is lost");
}

Test(burst, echo_limit_begins_anew_with_each_burst)
{
	struct fb_datagram out[FB_NET_BURST];

	for (uint64_t burst = 1; burst <= 3; burst++) {
		struct rte_mbuf *packets[FB_NET_BURST];
		uint16_t cnt = FB_NET_BURST;

		echo_frame(&f, "x", 1);
		for (uint16_t i = 0; i < cnt; i++)
			packets[i] = mbuf_of(&f);
		fb_net_burst(&net, packets, &cnt, out);
		cr_assert_eq(cnt, 0);
		cr_assert_eq(net.counters.disposition[FB_PKT_ECHO_ANSWERED], burst * 8);
		cr_assert_eq(
			net.counters.disposition[FB_PKT_ICMP_OTHER], burst * (FB_NET_BURST - 8));
	}
	cr_assert_eq(sum_of_dispositions(), net.counters.packets);
}

/* A sender that does not take its answers must not cost us memory. */
Test(burst, answers_that_cannot_be_sent_are_freed_and_counted)
{
	uint32_t free_before = rte_mempool_avail_count(lab.open[0]->pool);
	struct fb_datagram out[FB_NET_BURST];
	struct rte_mbuf *mbuf;

	for (int burst = 0; burst < 40; burst++) {
		struct rte_mbuf *packets[FB_NET_BURST];
		uint16_t cnt = FB_NET_BURST;

		arp_frame(&f, our_mac, 1, OUR_IP);
		for (uint16_t i = 0; i < cnt; i++)
			packets[i] = mbuf_of(&f);
		fb_net_burst(&net, packets, &cnt, out);
	}
	cr_assert_eq(net.counters.disposition[FB_PKT_ARP_ANSWERED], 40 * FB_NET_BURST);
	cr_assert_gt(net.counters.replies_unsent, 0);
	cr_assert_eq(net.counters.replies_sent + net.counters.replies_unsent, 40 * FB_NET_BURST);
	while ((mbuf = receive_one()) != NULL)
		rte_pktmbuf_free(mbuf);
	cr_assert_eq(rte_mempool_avail_count(lab.open[0]->pool), free_before);
}

/* RFC 5227, section 3: an ARP request whose sender and target address are the own one. */
Test(burst, announcement)
{
	static const uint8_t expected[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0, 0, 0, 0,
		0x01, 0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1, 0x02, 0, 0, 0, 0, 0x01, 10, 9, 0, 1, 0,
		0, 0, 0, 0, 0, 10, 9, 0, 1};
	struct fb_datagram out[FB_NET_BURST];
	struct rte_mbuf *packets[FB_NET_BURST];
	uint16_t cnt = 1;

	fb_net_announce(&net);
	packets[0] = receive_one();
	cr_assert_not_null(packets[0]);
	cr_assert_eq(packets[0]->data_len, sizeof(expected));
	cr_assert_eq(
		memcmp(rte_pktmbuf_mtod(packets[0], uint8_t *), expected, sizeof(expected)), 0);
	/* It comes back by a loop in the net: no question, and no answer to ourselves. */
	fb_net_burst(&net, packets, &cnt, out);
	cr_assert_eq(net.counters.disposition[FB_PKT_ARP_OTHER], 1);
	packets[0] = receive_one();
	cr_assert_not_null(packets[0], "one for each address");
	cr_assert_eq(memcmp(rte_pktmbuf_mtod(packets[0], uint8_t *) + 38, "\xc0\0\2\5", 4), 0);
	rte_pktmbuf_free(packets[0]);
	cr_assert_null(receive_one());
	cr_assert_eq(net.counters.replies_sent, 2);
}
