/* SPDX-License-Identifier: Apache-2.0 */
/* Decode and classify a burst; answer ARP and ping. Hot. */
#include "dataplane/net/net.h"

#include <rte_arp.h>
#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_icmp.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>
#include <rte_udp.h>

#include "dataplane/net/checksum.h"

/* A decoder may read so far behind a payload (dataplane/format/batch.h). */
#define PAYLOAD_PAD_BYTES 64
/* Echo requests answered in one burst: a flood of them costs no more than this (RFC 1812 4.3.2.8
 * asks for a limit). */
#define ECHO_PER_BURST 8
#define VLAN_TAGS_MAX 2
#define ANSWER_TTL 64 /* RFC 1700; what the question has left may not reach back */

struct packet {
	struct rte_mbuf *mbuf;
	uint8_t *l3; /* behind Ethernet and tags */
	uint32_t l3_len;
	bool broadcast;
	bool other_mac;      /* promiscuous: addressed to somebody else */
	bool wrong_checksum; /* and the policy takes it */
};

/* ---- Ethernet ---- */

static enum fb_packet_disposition classify_ether(
	const struct fb_net *net, struct packet *packet, uint16_t *ret_type)
{
	struct rte_mbuf *mbuf = packet->mbuf;
	const struct rte_ether_hdr *ether = rte_pktmbuf_mtod(mbuf, struct rte_ether_hdr *);
	uint32_t at = sizeof(*ether);
	uint16_t type;
	int tags = 0;

	if (rte_pktmbuf_data_len(mbuf) < sizeof(*ether))
		return FB_PKT_TRUNCATED;
	packet->broadcast = rte_is_broadcast_ether_addr(&ether->dst_addr);
	if (!packet->broadcast && memcmp(ether->dst_addr.addr_bytes, net->port->mac, 6) != 0) {
		if (!net->promiscuous)
			return FB_PKT_NOT_OUR_MAC;
		packet->other_mac = true;
	}
	type = rte_be_to_cpu_16(ether->ether_type);
	while (type == RTE_ETHER_TYPE_VLAN || type == RTE_ETHER_TYPE_QINQ) {
		const struct rte_vlan_hdr *tag =
			rte_pktmbuf_mtod_offset(mbuf, struct rte_vlan_hdr *, at);

		if (++tags > VLAN_TAGS_MAX)
			return FB_PKT_VLAN_DEPTH;
		if (rte_pktmbuf_data_len(mbuf) < at + sizeof(*tag))
			return FB_PKT_TRUNCATED;
		type = rte_be_to_cpu_16(tag->eth_proto);
		at += sizeof(*tag);
	}
	packet->l3 = rte_pktmbuf_mtod_offset(mbuf, uint8_t *, at);
	packet->l3_len = rte_pktmbuf_data_len(mbuf) - at;
	*ret_type = type;
	return FB_PKT_STREAM;
}

static bool is_our_ip(const struct fb_net *net, uint32_t ip)
{
	if (net->any_address)
		return true;
	for (uint32_t i = 0; i < net->port->address_cnt; i++)
		if (net->port->addresses[i].ip == ip)
			return true;
	return false;
}

/*
 * Whether its sender may get an answer: it asked us, is one station, and not ourselves (an
 * announcement that came back by a loop). An answer to a group address would multiply. We are known
 * by IP address: the kernel's side of a TAP port has the MAC of ours.
 */
static bool may_answer(const struct fb_net *net, const struct packet *packet, uint32_t sender_ip)
{
	const struct rte_ether_hdr *ether = rte_pktmbuf_mtod(packet->mbuf, struct rte_ether_hdr *);

	return !net->passive && !packet->other_mac && rte_is_unicast_ether_addr(&ether->src_addr) &&
	       !is_our_ip(net, sender_ip);
}

/* The answer goes back the way the question came, tags included. */
static void turn_ether(const struct fb_net *net, struct rte_mbuf *mbuf)
{
	struct rte_ether_hdr *ether = rte_pktmbuf_mtod(mbuf, struct rte_ether_hdr *);

	ether->dst_addr = ether->src_addr;
	memcpy(ether->src_addr.addr_bytes, net->port->mac, 6);
	mbuf->ol_flags &= ~(RTE_MBUF_F_TX_OFFLOAD_MASK);
}

/* ---- ARP (RFC 826) ---- */

static enum fb_packet_disposition handle_arp(const struct fb_net *net, struct packet *packet)
{
	struct rte_arp_hdr *arp = (struct rte_arp_hdr *)packet->l3;
	uint32_t asked;

	if (packet->l3_len < sizeof(*arp))
		return FB_PKT_TRUNCATED;
	asked = rte_be_to_cpu_32(arp->arp_data.arp_tip);
	if (arp->arp_hardware != rte_cpu_to_be_16(RTE_ARP_HRD_ETHER) ||
		arp->arp_protocol != rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4) ||
		arp->arp_hlen != RTE_ETHER_ADDR_LEN || arp->arp_plen != 4 ||
		arp->arp_opcode != rte_cpu_to_be_16(RTE_ARP_OP_REQUEST) || !is_our_ip(net, asked) ||
		!may_answer(net, packet, rte_be_to_cpu_32(arp->arp_data.arp_sip)))
		return FB_PKT_ARP_OTHER;

	arp->arp_opcode = rte_cpu_to_be_16(RTE_ARP_OP_REPLY);
	arp->arp_data.arp_tha = arp->arp_data.arp_sha;
	arp->arp_data.arp_tip = arp->arp_data.arp_sip;
	memcpy(arp->arp_data.arp_sha.addr_bytes, net->port->mac, 6);
	arp->arp_data.arp_sip = rte_cpu_to_be_32(asked);
	turn_ether(net, packet->mbuf);
	return FB_PKT_ARP_ANSWERED;
}

/* ---- IPv4 (RFC 791) ---- */

enum checksum_state { CHECKSUM_GOOD, CHECKSUM_BAD, CHECKSUM_UNKNOWN };

/*
 * What the device says. NONE: the field is not filled in, but the bytes are known to be whole (a
 * neighbour on the same host sent them: virtio, vhost).
 */
static enum checksum_state ip_checksum_state(uint64_t flags)
{
	switch (flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) {
	case RTE_MBUF_F_RX_IP_CKSUM_GOOD:
	case RTE_MBUF_F_RX_IP_CKSUM_NONE:
		return CHECKSUM_GOOD;
	case RTE_MBUF_F_RX_IP_CKSUM_BAD:
		return CHECKSUM_BAD;
	default:
		return CHECKSUM_UNKNOWN;
	}
}

static enum checksum_state l4_checksum_state(uint64_t flags)
{
	switch (flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) {
	case RTE_MBUF_F_RX_L4_CKSUM_GOOD:
	case RTE_MBUF_F_RX_L4_CKSUM_NONE:
		return CHECKSUM_GOOD;
	case RTE_MBUF_F_RX_L4_CKSUM_BAD:
		return CHECKSUM_BAD;
	default:
		return CHECKSUM_UNKNOWN;
	}
}

/* A wrong checksum is the packet's end, or by policy only noted. */
static bool checksum_stops(const struct fb_net *net, struct packet *packet)
{
	packet->wrong_checksum = true;
	return net->checksum_drop;
}

/* Not "this network", a loopback, multicast, reserved or broadcast address (RFC 1122, 3.2.1.3). */
static bool is_one_host(uint32_t ip)
{
	return ip >> 24 != 0 && ip >> 24 != 127 && ip >> 28 < 0xe;
}

static enum fb_packet_disposition handle_echo(
	const struct fb_net *net, struct packet *packet, uint32_t *echoes)
{
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)packet->l3;
	uint32_t header_len = rte_ipv4_hdr_len(ip);
	struct rte_icmp_hdr *icmp = (struct rte_icmp_hdr *)(packet->l3 + header_len);
	uint32_t len = packet->l3_len - header_len;
	uint32_t sum;
	uint32_t swap;

	if (len < sizeof(*icmp))
		return FB_PKT_TRUNCATED;
	if (icmp->icmp_type != RTE_IP_ICMP_ECHO_REQUEST || icmp->icmp_code != 0 ||
		packet->broadcast || packet->wrong_checksum ||
		!may_answer(net, packet, rte_be_to_cpu_32(ip->src_addr)) ||
		!is_one_host(rte_be_to_cpu_32(ip->src_addr)) || *echoes >= ECHO_PER_BURST)
		return FB_PKT_ICMP_OTHER;
	++*echoes;
	icmp->icmp_type = RTE_IP_ICMP_ECHO_REPLY;
	/* The type went from 8 to 0: the checksum grows by as much (RFC 1624, equation 3). */
	sum = (uint32_t)rte_be_to_cpu_16(icmp->icmp_cksum) + 0x0800;
	icmp->icmp_cksum = rte_cpu_to_be_16((uint16_t)(sum + (sum >> 16)));
	swap = ip->src_addr;
	ip->src_addr = ip->dst_addr;
	ip->dst_addr = swap;
	ip->time_to_live = ANSWER_TTL;
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	turn_ether(net, packet->mbuf);
	return FB_PKT_ECHO_ANSWERED;
}

static enum fb_packet_disposition handle_udp(
	struct fb_net *net, struct packet *packet, struct fb_datagram *out)
{
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)packet->l3;
	uint32_t header_len = rte_ipv4_hdr_len(ip);
	const struct rte_udp_hdr *udp = (const struct rte_udp_hdr *)(packet->l3 + header_len);
	uint32_t room = packet->l3_len - header_len;
	uint32_t len;
	uint16_t port;

	if (room < sizeof(*udp))
		return FB_PKT_UDP_LENGTH;
	len = rte_be_to_cpu_16(udp->dgram_len);
	if (len < sizeof(*udp) || len > room)
		return FB_PKT_UDP_LENGTH;
	/* No checksum (0) is allowed over IPv4 (RFC 768). */
	if (udp->dgram_cksum != 0) {
		enum checksum_state state = l4_checksum_state(packet->mbuf->ol_flags);

		if (state == CHECKSUM_UNKNOWN)
			state = fb_udp_checksum_ok(ip, udp, len) ? CHECKSUM_GOOD : CHECKSUM_BAD;
		if (state == CHECKSUM_BAD && checksum_stops(net, packet))
			return FB_PKT_UDP_CHECKSUM;
	}
	port = rte_be_to_cpu_16(udp->dst_port);
	for (uint32_t i = 0; i < net->stream_cnt; i++) {
		if (net->udp_ports[i] != port && !net->any_address)
			continue;
		*out = (struct fb_datagram){
			.data = (const uint8_t *)(udp + 1),
			.len = len - (uint32_t)sizeof(*udp),
			.stream = net->streams[i],
			.source_ip = rte_be_to_cpu_32(ip->src_addr),
			.source_port = rte_be_to_cpu_16(udp->src_port),
		};
		net->counters.checksum_wrong_taken += packet->wrong_checksum;
		return FB_PKT_STREAM;
	}
	return FB_PKT_UDP_PORT;
}

static enum fb_packet_disposition handle_ipv4(
	struct fb_net *net, struct packet *packet, uint32_t *echoes, struct fb_datagram *out)
{
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)packet->l3;
	enum checksum_state state;
	uint32_t header_len;
	uint32_t total;

	if (packet->l3_len < sizeof(*ip))
		return FB_PKT_TRUNCATED;
	header_len = rte_ipv4_hdr_len(ip);
	total = rte_be_to_cpu_16(ip->total_length);
	if (ip->version_ihl >> 4 != 4 || header_len < sizeof(*ip) || total < header_len)
		return FB_PKT_IP_HEADER;
	if (total > packet->l3_len)
		return FB_PKT_TRUNCATED;
	state = ip_checksum_state(packet->mbuf->ol_flags);
	if (state == CHECKSUM_UNKNOWN)
		state = fb_ip_checksum_ok(ip, header_len) ? CHECKSUM_GOOD : CHECKSUM_BAD;
	if (state == CHECKSUM_BAD && checksum_stops(net, packet))
		return FB_PKT_IP_CHECKSUM;
	if (!is_our_ip(net, rte_be_to_cpu_32(ip->dst_addr)))
		return FB_PKT_NOT_OUR_IP;
	if (ip->fragment_offset & rte_cpu_to_be_16(RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK))
		return FB_PKT_FRAGMENT;
	packet->l3_len = total; /* the rest fills a short frame up */
	switch (ip->next_proto_id) {
	case IPPROTO_UDP:
		return handle_udp(net, packet, out);
	case IPPROTO_ICMP:
		return handle_echo(net, packet, echoes);
	default:
		return FB_PKT_IP_PROTOCOL;
	}
}

enum fb_packet_disposition fb_net_classify(
	struct fb_net *net, struct rte_mbuf *mbuf, uint32_t *echoes, struct fb_datagram *out)
{
	struct packet packet = {.mbuf = mbuf};
	enum fb_packet_disposition disposition;
	uint16_t type = 0;

	/* One segment, with the padding that decoders are promised: what is larger does not fit the
	 * port's MTU. */
	if (mbuf->nb_segs > 1 || rte_pktmbuf_tailroom(mbuf) < PAYLOAD_PAD_BYTES)
		return FB_PKT_TRUNCATED;
	disposition = classify_ether(net, &packet, &type);
	if (disposition != FB_PKT_STREAM)
		return disposition;
	switch (type) {
	case RTE_ETHER_TYPE_IPV4:
		return handle_ipv4(net, &packet, echoes, out);
	case RTE_ETHER_TYPE_ARP:
		return handle_arp(net, &packet);
	case RTE_ETHER_TYPE_IPV6:
		return FB_PKT_IPV6;
	default:
		return FB_PKT_ETHER_TYPE;
	}
}

/* ---- a burst ---- */

static void send_answers(struct fb_net *net, struct rte_mbuf **answers, uint16_t cnt)
{
	uint16_t sent = cnt ? rte_eth_tx_burst(net->port->id, net->queue, answers, cnt) : 0;

	net->counters.replies_sent += sent;
	net->counters.replies_unsent += cnt - sent;
	if (sent < cnt)
		rte_pktmbuf_free_bulk(answers + sent, cnt - sent);
}

void fb_net_burst(struct fb_net *net, struct rte_mbuf **packets, uint16_t *packet_cnt,
	struct fb_datagram *out)
{
	struct rte_mbuf *answers[FB_NET_BURST];
	struct rte_mbuf *dropped[FB_NET_BURST];
	uint16_t cnt = *packet_cnt;
	uint16_t stream_cnt = 0;
	uint16_t answer_cnt = 0;
	uint16_t dropped_cnt = 0;
	uint32_t echoes = 0;

	for (uint16_t i = 0; i < cnt; i++)
		rte_prefetch0(rte_pktmbuf_mtod(packets[i], const void *));
	for (uint16_t i = 0; i < cnt; i++) {
		struct rte_mbuf *mbuf = packets[i];
		enum fb_packet_disposition disposition;

		net->counters.bytes += rte_pktmbuf_pkt_len(mbuf);
		disposition = fb_net_classify(net, mbuf, &echoes, &out[stream_cnt]);
		net->counters.disposition[disposition]++;
		if (FB_LIKELY(disposition == FB_PKT_STREAM))
			packets[stream_cnt++] = mbuf;
		else if (disposition == FB_PKT_ARP_ANSWERED || disposition == FB_PKT_ECHO_ANSWERED)
			answers[answer_cnt++] = mbuf;
		else
			dropped[dropped_cnt++] = mbuf;
	}
	net->counters.packets += cnt;
	*packet_cnt = stream_cnt;
	if (FB_UNLIKELY(answer_cnt > 0))
		send_answers(net, answers, answer_cnt);
	if (FB_UNLIKELY(dropped_cnt > 0))
		rte_pktmbuf_free_bulk(dropped, dropped_cnt);
}

/* ---- making one, announcing ---- */

void fb_net_init(struct fb_net *net, const struct fb_port *port, uint16_t queue)
{
	*net = (struct fb_net){
		.port = port,
		.queue = queue,
		.checksum_drop = port->conf->checksum == FB_CHECKSUM_DROP,
		.promiscuous = port->conf->promiscuous,
	};
}

int fb_net_bind(struct fb_net *net, uint16_t udp_port, uint32_t stream)
{
	for (uint32_t i = 0; i < net->stream_cnt; i++)
		if (net->udp_ports[i] == udp_port)
			return FB_E_EXISTS;
	if (net->stream_cnt == FB_NET_STREAM_MAX)
		return FB_E_FULL;
	net->udp_ports[net->stream_cnt] = udp_port;
	net->streams[net->stream_cnt++] = stream;
	return 0;
}

void fb_net_announce(struct fb_net *net)
{
	for (uint32_t i = 0; i < net->port->address_cnt; i++) {
		struct rte_mbuf *mbuf = rte_pktmbuf_alloc(net->port->pool);
		struct rte_ether_hdr *ether;
		struct rte_arp_hdr *arp;
		rte_be32_t ip = rte_cpu_to_be_32(net->port->addresses[i].ip);

		if (mbuf == NULL)
			return;
		ether = (struct rte_ether_hdr *)rte_pktmbuf_append(
			mbuf, sizeof(*ether) + sizeof(*arp));
		if (ether == NULL) {
			rte_pktmbuf_free(mbuf);
			return;
		}
		arp = (struct rte_arp_hdr *)(ether + 1);
		memset(ether->dst_addr.addr_bytes, 0xff, 6);
		memcpy(ether->src_addr.addr_bytes, net->port->mac, 6);
		ether->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_ARP);
		*arp = (struct rte_arp_hdr){
			.arp_hardware = rte_cpu_to_be_16(RTE_ARP_HRD_ETHER),
			.arp_protocol = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4),
			.arp_hlen = RTE_ETHER_ADDR_LEN,
			.arp_plen = 4,
			.arp_opcode = rte_cpu_to_be_16(RTE_ARP_OP_REQUEST),
			.arp_data = {.arp_sip = ip, .arp_tip = ip},
		};
		memcpy(arp->arp_data.arp_sha.addr_bytes, net->port->mac, 6);
		send_answers(net, &mbuf, 1);
	}
}
