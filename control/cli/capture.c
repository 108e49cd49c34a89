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

static void add_frame(struct fb_buf *out, const struct fb_capture_flow *flow, struct fb_str payload)
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

	fb_buf_add(out, &frame, sizeof(frame));
	fb_buf_add(out, payload.p, payload.len);
}

void fb_capture_add(struct fb_buf *out, const struct fb_capture_flow *flow, int64_t time_us,
	struct fb_str payload)
{
	struct frame_header header = {
		.time_s = (uint32_t)(time_us / 1000000),
		.time_us = (uint32_t)(time_us % 1000000),
		.kept_bytes = (uint32_t)sizeof(struct frame) + payload.len,
		.wire_bytes = (uint32_t)sizeof(struct frame) + payload.len,
	};

	fb_buf_add(out, &header, sizeof(header));
	add_frame(out, flow, payload);
}

/* ---- pcapng: each block has its length in front and behind, and is padded to 4 bytes ---- */

struct section_block {
	uint32_t type, len, magic;
	uint16_t version_major, version_minor;
	int64_t section_len;
	uint32_t len_again;
} __attribute__((packed));

struct interface_block {
	uint32_t type, len;
	uint16_t link_type, zero;
	uint32_t snap_bytes;
	uint16_t resolution_code, resolution_len;
	uint8_t resolution, pad[3]; /* 10^-9 s */
	uint32_t end_of_options;
	uint32_t len_again;
};

struct packet_block {
	uint32_t type, len, interface, time_high, time_low, kept_bytes, wire_bytes;
};

void fb_capture_ng_begin(struct fb_buf *out)
{
	struct section_block section = {.type = 0x0a0d0d0a,
		.len = sizeof(section),
		.magic = 0x1a2b3c4d,
		.version_major = 1,
		.section_len = -1,
		.len_again = sizeof(section)};
	struct interface_block interface = {.type = 1,
		.len = sizeof(interface),
		.link_type = 1,
		.snap_bytes = 0,
		.resolution_code = 9,
		.resolution_len = 1,
		.resolution = 9,
		.len_again = sizeof(interface)};

	_Static_assert(sizeof(section) == 28 && sizeof(interface) == 32, "as in the draft");
	fb_buf_add(out, &section, sizeof(section));
	fb_buf_add(out, &interface, sizeof(interface));
}

void fb_capture_ng_add(struct fb_buf *out, const struct fb_capture_flow *flow, int64_t time_ns,
	struct fb_str payload)
{
	static const uint8_t zero[4];
	uint32_t frame_len = (uint32_t)sizeof(struct frame) + payload.len;
	uint32_t pad = (4 - frame_len % 4) % 4;
	struct packet_block block = {
		.type = 6,
		.len = (uint32_t)sizeof(block) + frame_len + pad + 4,
		.time_high = (uint32_t)((uint64_t)time_ns >> 32),
		.time_low = (uint32_t)time_ns,
		.kept_bytes = frame_len,
		.wire_bytes = frame_len,
	};

	fb_buf_add(out, &block, sizeof(block));
	add_frame(out, flow, payload);
	fb_buf_add(out, zero, pad);
	fb_buf_add(out, &block.len, sizeof(block.len));
}
