/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a frame: one disposition, a payload inside the frame, an answer of the question's
 * length, and nothing written that is not an answer. The first byte chooses what surrounds the
 * frame: checksum policy, what the device says of checksums, promiscuous, segments.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/dataplane/net/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint64_t flags[] = {
	0,
	RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD,
	RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_BAD,
	RTE_MBUF_F_RX_IP_CKSUM_NONE | RTE_MBUF_F_RX_L4_CKSUM_NONE,
};

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_stream(const struct desk *desk, const uint8_t *frame, uint32_t len)
{
	uint32_t sum = 0;

	check(desk->out.data >= frame + 14 + 20 + 8);
	check(desk->out.len <= len && desk->out.data <= frame + len - desk->out.len);
	check(desk->out.stream == STREAM_NUMBER || desk->out.stream == 3);
	/* What decoders may read: the payload and 64 bytes behind it. */
	for (uint32_t i = 0; i < desk->out.len + 64; i++)
		sum += desk->out.data[i];
	check(sum < UINT32_MAX);
}

/* On the heap and not a byte longer than is promised, so that the sanitizer sees each step beside
 * it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct desk *desk;
	enum fb_packet_disposition disposition;
	uint8_t *buffer;
	uint8_t *frame;
	uint32_t len;

	if (size < 1 || size > 1 + 9600)
		return 0;
	len = (uint32_t)size - 1;
	desk = malloc(sizeof(*desk));
	buffer = malloc(RTE_PKTMBUF_HEADROOM + len + 64);
	check(desk != NULL && buffer != NULL);
	frame = buffer + RTE_PKTMBUF_HEADROOM;
	desk_init(desk, data[0] & 1 ? FB_CHECKSUM_COUNT : FB_CHECKSUM_DROP);
	desk->net.promiscuous = data[0] & 2;
	desk->echoes = data[0] & 16 ? 8 : 0;
	memset(buffer, 0, RTE_PKTMBUF_HEADROOM + len + 64);
	memcpy(frame, data + 1, len);
	desk->mbuf = (struct rte_mbuf){
		.buf_addr = buffer,
		.buf_len = (uint16_t)(RTE_PKTMBUF_HEADROOM + len + 64),
		.data_off = RTE_PKTMBUF_HEADROOM,
		.data_len = (uint16_t)len,
		.pkt_len = len,
		.nb_segs = data[0] & 32 ? 2 : 1,
		.ol_flags = flags[data[0] >> 2 & 3],
	};

	disposition = fb_net_classify(&desk->net, &desk->mbuf, &desk->echoes, &desk->out);
	check((uint32_t)disposition < FB_PKT_CNT);
	check(desk->mbuf.data_len == len && desk->mbuf.data_off == RTE_PKTMBUF_HEADROOM);
	check((data[0] & 32) == 0 || disposition == FB_PKT_TRUNCATED);
	if (disposition == FB_PKT_STREAM)
		check_stream(desk, frame, len);
	if (disposition == FB_PKT_ARP_ANSWERED || disposition == FB_PKT_ECHO_ANSWERED)
		check(memcmp(frame, data + 1 + 6, 6) == 0 && memcmp(frame + 6, our_mac, 6) == 0);
	else
		check(memcmp(frame, data + 1, len) == 0);
	free(buffer);
	free(desk);
	return 0;
}
