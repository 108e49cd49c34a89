/* SPDX-License-Identifier: Apache-2.0 */
#include "control/cli/capture.h"

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/udp.h>

struct file_header {
	uint32_t magic;
	uint16_t version_major, version_minor;
	uint32_t zone, accuracy, snap_bytes, link_type;
};

struct frame_header {
	uint32_t time_s, time_us, kept_bytes, wire_bytes;
};

struct frame {
	struct ether_header ether;
	struct iphdr ip;
	struct udphdr udp;
} __attribute__((packed));

_Static_assert(sizeof(struct frame) == FB_CAPTURE_FRAME_EXTRA, "headers of a frame");

void fb_capture_begin(struct fb_buf *out)
{
	struct file_header header = {.magic = 0xa1b2c3d4,
		.version_major = 2,
		.version_minor = 4,
		.snap_bytes = 65535,
		.link_type = 1};

	fb_buf_add(out, &header, sizeof(header));
}

/* Sum of 16-bit words, carries not folded yet (RFC 1071). */
static uint64_t sum_words(const void *bytes, size_t len, uint64_t sum)
{
	const uint8_t *p = bytes;

	for (; len > 1; len -= 2, p += 2)
		sum += (uint32_t)p[0] << 8 | p[1];
	return len ? sum + ((uint32_t)p[0] << 8) : sum;
}

static uint16_t fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

void fb_capture_add(struct fb_buf *out, const struct fb_capture_flow *flow, int64_t time_us,
	struct fb_str payload)
{
	uint16_t udp_len = (uint16_t)(sizeof(struct udphdr) + payload.len);
	struct frame frame = {
		.ether = {.ether_type = htons(ETHERTYPE_IP)},
		.ip = {.version = 4,
			.ihl = 5,
			.tot_len = htons((uint16_t)(sizeof(struct iphdr) + udp_len)),
			.frag_off = htons(IP_DF),
			.ttl = 64,
			.protocol = IPPROTO_UDP,
			.saddr = htonl(flow->src_ip),
			.daddr = htonl(flow->dst_ip)},
		.udp = {.source = htons(flow->src_port),
			.dest = htons(flow->dst_port),
			.len = htons(udp_len)},
	};
	struct frame_header header = {
		.time_s = (uint32_t)(time_us / 1000000),
		.time_us = (uint32_t)(time_us % 1000000),
		.kept_bytes = (uint32_t)sizeof(frame) + payload.len,
		.wire_bytes = (uint32_t)sizeof(frame) + payload.len,
	};
	uint64_t sum = IPPROTO_UDP + (uint64_t)udp_len;
	uint16_t checksum;

	memcpy(frame.ether.ether_dhost, flow->dst_mac, 6);
	memcpy(frame.ether.ether_shost, flow->src_mac, 6);
	frame.ip.check = htons(fold(
		sum_words((const uint8_t *)&frame + sizeof(frame.ether), sizeof(frame.ip), 0)));
	sum += (flow->src_ip >> 16) + (flow->src_ip & 0xffff) + (flow->dst_ip >> 16) +
	       (flow->dst_ip & 0xffff);
	sum += (uint64_t)flow->src_port + flow->dst_port + udp_len;
	checksum = fold(sum_words(payload.p, payload.len, sum));
	frame.udp.check = htons(checksum ? checksum : 0xffff); /* 0 would say: none */

	fb_buf_add(out, &header, sizeof(header));
	fb_buf_add(out, &frame, sizeof(frame));
	fb_buf_add(out, payload.p, payload.len);
}
