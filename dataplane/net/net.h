/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets to datagrams of streams: decode, classify, answer ARP and ping. Every packet gets exactly
 * one disposition. Ethernet with 0–2 VLAN tags (IEEE 802.1Q, 802.1ad), IPv4 (RFC 791), UDP (RFC
 * 768), ARP (RFC 826, announcement RFC 5227), ICMP echo (RFC 792).
 *
 * Hot and free of allocation; one struct fb_net per core and port queue.
 */
#pragma once

#include "config/tables/disposition.h"
#include "dataplane/port/port.h"

struct rte_mbuf;

#define FB_NET_BURST 32
#define FB_NET_STREAM_MAX 64

/* UDP payload of a stream, inside an mbuf of the burst. */
struct fb_datagram {
	const uint8_t *data;
	uint32_t len;
	uint32_t stream; /* index given to fb_net_bind */
	uint32_t source_ip;
	uint16_t source_port;
};

struct fb_net_counters {
	uint64_t packets; /* = the sum of disposition */
	uint64_t bytes;
	uint64_t disposition[FB_PKT_CNT];
	uint64_t checksum_wrong_taken; /* policy FB_CHECKSUM_COUNT: stream datagrams with a wrong
					  IPv4 or UDP checksum */
	uint64_t replies_sent;
	uint64_t replies_unsent; /* TX queue full */
};

struct fb_net {
	const struct fb_port *port;
	uint16_t queue;
	bool checksum_drop;
	bool promiscuous; /* takes what is addressed to other MACs; answers none of it */
	bool passive;     /* answers nothing: packets of the past */
	bool any_address; /* takes what is addressed to other IPv4 addresses and UDP ports: the first
			     stream's */
	uint32_t stream_cnt;
	uint16_t udp_ports[FB_NET_STREAM_MAX]; /* host byte order; index = stream slot */
	uint32_t streams[FB_NET_STREAM_MAX];
	struct fb_net_counters counters;
};

void fb_net_init(struct fb_net *net, const struct fb_port *port, uint16_t queue);
/* Control thread, before the worker runs. FB_E_FULL, FB_E_EXISTS. */
int fb_net_bind(struct fb_net *net, uint16_t udp_port, uint32_t stream) FB_MUST_CHECK;

/*
 * Hot. Classifies a burst of at most FB_NET_BURST. Answers are sent on the same queue; packets that
 * are not a stream's are freed or sent. Those of streams are left in `packets` (compacted to the
 * front, *packet_cnt is set) together with their payloads in `out` (same order): the caller frees
 * them when it is done with the payloads.
 */
void fb_net_burst(struct fb_net *net, struct rte_mbuf **packets, uint16_t *packet_cnt,
	struct fb_datagram *out);

/*
 * Hot. One packet: its disposition, and for FB_PKT_STREAM its payload in *out. An answer is written
 * into the packet itself, to be sent by the caller. *echoes counts the echo requests answered in
 * this burst. Part of fb_net_burst; fuzzed by itself.
 */
enum fb_packet_disposition fb_net_classify(
	struct fb_net *net, struct rte_mbuf *mbuf, uint32_t *echoes, struct fb_datagram *out);

/* Hot. Gratuitous ARP for every address (RFC 5227, section 3): at start and after link-up. */
void fb_net_announce(struct fb_net *net);
