/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames made by hand, byte by byte from the RFCs, and a port without a device to classify them
 * for. Checksums are computed here, in 16-bit steps, not by the code under test.
 */
#pragma once

#include <string.h>

#include <rte_mbuf.h>

#include "dataplane/net/net.h"

#define FRAME_CAP 2048

struct frame {
	uint8_t bytes[FRAME_CAP];
	uint32_t len;
	uint32_t ip; /* where the IPv4 header starts */
	uint32_t l4;
};

static const uint8_t our_mac[6] = {0x02, 0, 0, 0, 0, 0x01};
static const uint8_t peer_mac[6] = {0x02, 0, 0, 0, 0, 0x99};
static const uint8_t broadcast_mac[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

#define OUR_IP 0x0a090001u   /* 10.9.0.1 */
#define OUR_IP_2 0xc0000205u /* 192.0.2.5 */
#define PEER_IP 0x0a090002u  /* 10.9.0.2 */
#define STREAM_UDP_PORT 5000
#define STREAM_NUMBER 7
#define PEER_UDP_PORT 40000

static inline void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static inline void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value);
}

static inline uint32_t get16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

/* RFC 1071: the sum of 16-bit words, an odd last byte as the high one. */
static inline uint32_t sum16(uint32_t sum, const uint8_t *bytes, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static inline void add(struct frame *frame, const void *bytes, uint32_t len)
{
	memcpy(frame->bytes + frame->len, bytes, len);
	frame->len += len;
}

static inline void add16(struct frame *frame, uint32_t value)
{
	put16(frame->bytes + frame->len, value);
	frame->len += 2;
}

static inline void ether(struct frame *frame, const uint8_t *to, uint32_t type)
{
	frame->len = 0;
	add(frame, to, 6);
	add(frame, peer_mac, 6);
	add16(frame, type);
}

/* The EtherType that stands last becomes the inner one; `tci` of a new tag in front of it. */
static inline void tag(struct frame *frame, uint32_t tpid, uint32_t tci)
{
	uint32_t inner = get16(frame->bytes + frame->len - 2);

	put16(frame->bytes + frame->len - 2, tpid);
	add16(frame, tci);
	add16(frame, inner);
}

/* After any change to the header. */
static inline void seal_ip(struct frame *frame)
{
	uint8_t *ip = frame->bytes + frame->ip;

	put16(ip + 10, 0);
	put16(ip + 10, ~sum16(0, ip, (ip[0] & 15u) * 4));
}

/* A header of 20 bytes and `options` (a multiple of 4); total length for `payload` bytes behind
 * them. */
static inline void ipv4(
	struct frame *frame, uint32_t to, uint8_t protocol, uint32_t options, uint32_t payload)
{
	uint8_t *ip = frame->bytes + frame->len;

	frame->ip = frame->len;
	memset(ip, 0, 20);
	memset(ip + 20, 1, options); /* no-operation */
	ip[0] = (uint8_t)(0x40 | (20 + options) / 4);
	put16(ip + 2, 20 + options + payload);
	put16(ip + 4, 0x1234);
	ip[8] = 3; /* a short rest of life */
	ip[9] = protocol;
	put32(ip + 12, PEER_IP);
	put32(ip + 16, to);
	frame->len += 20 + options;
	frame->l4 = frame->len;
	seal_ip(frame);
}

/* After any change to the datagram; `len` is what the pseudo header says (RFC 768). */
static inline void seal_udp(struct frame *frame)
{
	uint8_t *ip = frame->bytes + frame->ip;
	uint8_t *udp = frame->bytes + frame->l4;
	uint8_t pseudo[12];
	uint32_t sum;

	memcpy(pseudo, ip + 12, 8);
	pseudo[8] = 0;
	pseudo[9] = 17;
	memcpy(pseudo + 10, udp + 4, 2);
	put16(udp + 6, 0);
	sum = ~sum16(sum16(0, pseudo, 12), udp, get16(udp + 4)) & 0xffff;
	put16(udp + 6, sum ? sum : 0xffff);
}

static inline void udp(struct frame *frame, uint32_t to_port, const void *payload, uint32_t len)
{
	add16(frame, PEER_UDP_PORT);
	add16(frame, to_port);
	add16(frame, 8 + len);
	add16(frame, 0);
	add(frame, payload, len);
	seal_udp(frame);
}

/* A right datagram for the stream: what tests damage. */
static inline void stream_frame(struct frame *frame, const void *payload, uint32_t len)
{
	ether(frame, our_mac, 0x0800);
	ipv4(frame, OUR_IP, 17, 0, 8 + len);
	udp(frame, STREAM_UDP_PORT, payload, len);
}

static inline void seal_icmp(struct frame *frame, uint32_t len)
{
	uint8_t *icmp = frame->bytes + frame->l4;

	put16(icmp + 2, 0);
	put16(icmp + 2, ~sum16(0, icmp, len));
}

static inline void echo_frame(struct frame *frame, const void *data, uint32_t len)
{
	ether(frame, our_mac, 0x0800);
	ipv4(frame, OUR_IP, 1, 0, 8 + len);
	add16(frame, 0x0800); /* type 8, code 0 */
	add16(frame, 0);
	add16(frame, 0xbeef); /* identifier */
	add16(frame, 1);
	add(frame, data, len);
	seal_icmp(frame, 8 + len);
}

/* RFC 826. */
static inline void arp_frame(
	struct frame *frame, const uint8_t *to, uint32_t opcode, uint32_t asked)
{
	static const uint8_t nobody[6];
	uint8_t ip[4];

	ether(frame, to, 0x0806);
	add16(frame, 1);
	add16(frame, 0x0800);
	add16(frame, 0x0604);
	add16(frame, opcode);
	add(frame, peer_mac, 6);
	put32(ip, PEER_IP);
	add(frame, ip, 4);
	add(frame, nobody, 6);
	put32(ip, asked);
	add(frame, ip, 4);
}

/* ---- a port without a device ---- */

struct desk {
	struct fb_port_conf conf;
	struct fb_port port;
	struct fb_net net;
	struct rte_mbuf mbuf;
	uint32_t echoes;
	struct fb_datagram out;
	_Alignas(64) uint8_t buffer[RTE_PKTMBUF_HEADROOM + FRAME_CAP + 64];
};

static inline void desk_port(struct fb_port *port, const struct fb_port_conf *conf)
{
	port->conf = conf;
	port->queue_cnt = 1;
	memcpy(port->mac, our_mac, 6);
	port->address_cnt = 2;
	port->addresses[0] = (struct fb_port_address){OUR_IP, 24};
	port->addresses[1] = (struct fb_port_address){OUR_IP_2, 32};
}

static inline void desk_init(struct desk *desk, enum fb_checksum_policy policy)
{
	memset(desk, 0, sizeof(*desk));
	desk->conf = (struct fb_port_conf){.name = "p0", .device = "none", .checksum = policy};
	desk_port(&desk->port, &desk->conf);
	fb_net_init(&desk->net, &desk->port, 0);
	FB_IGNORE(fb_net_bind(
		&desk->net, 4999, 3)); /* a neighbour that must not be taken for the stream */
	FB_IGNORE(fb_net_bind(&desk->net, STREAM_UDP_PORT, STREAM_NUMBER));
}

static inline enum fb_packet_disposition classify(
	struct desk *desk, const struct frame *frame, uint64_t flags)
{
	memset(desk->buffer, 0xa5, sizeof(desk->buffer));
	memcpy(desk->buffer + RTE_PKTMBUF_HEADROOM, frame->bytes, frame->len);
	desk->mbuf = (struct rte_mbuf){
		.buf_addr = desk->buffer,
		.buf_len = sizeof(desk->buffer),
		.data_off = RTE_PKTMBUF_HEADROOM,
		.data_len = (uint16_t)frame->len,
		.pkt_len = frame->len,
		.nb_segs = 1,
		.ol_flags = flags,
	};
	memset(&desk->out, 0, sizeof(desk->out));
	return fb_net_classify(&desk->net, &desk->mbuf, &desk->echoes, &desk->out);
}

/* The frame as it lies in the mbuf now. */
static inline const uint8_t *answer(const struct desk *desk)
{
	return desk->buffer + RTE_PKTMBUF_HEADROOM;
}
