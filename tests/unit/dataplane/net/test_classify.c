/* SPDX-License-Identifier: Apache-2.0 */
/* Each packet disposition by name, with packets made by hand. No EAL: classification needs none. */
#include <criterion/criterion.h>

#include "tests/unit/dataplane/net/packet.h"

static struct desk desk;
static struct frame f;

static void setup(void)
{
	desk_init(&desk, FB_CHECKSUM_DROP);
}

TestSuite(ether, .init = setup);
TestSuite(ip, .init = setup);
TestSuite(udp, .init = setup);
TestSuite(mbuf, .init = setup);

#define expect(name, flags) cr_assert_eq(classify(&desk, &f, flags), name)
/* The same with words about the case. */
#define expect_as(name, flags, ...) cr_assert_eq(classify(&desk, &f, flags), name, __VA_ARGS__)

static void expect_payload(const void *payload, uint32_t len)
{
	cr_assert_eq(desk.out.len, len);
	cr_assert_eq(memcmp(desk.out.data, payload, len), 0);
	cr_assert_eq(desk.out.stream, STREAM_NUMBER);
	cr_assert_eq(desk.out.source_ip, PEER_IP);
	cr_assert_eq(desk.out.source_port, PEER_UDP_PORT);
}

/* ---- Ethernet and tags ---- */

Test(ether, a_datagram_of_a_stream)
{
	stream_frame(&f, "a,b,c\n", 6);
	expect(FB_PKT_STREAM, 0);
	expect_payload("a,b,c\n", 6);
	cr_assert_eq(desk.out.data, answer(&desk) + 14 + 20 + 8, "the payload stays where it is");
	stream_frame(&f, "", 0);
	expect_as(FB_PKT_STREAM, 0, "an empty datagram is one, too");
	cr_assert_eq(desk.out.len, 0);
}

static void tagged_stream(int tags, uint32_t outer, uint32_t tci)
{
	ether(&f, our_mac, 0x0800);
	for (int i = 0; i < tags; i++)
		tag(&f, i == 0 ? outer : 0x8100, tci);
	ipv4(&f, OUR_IP, 17, 0, 8 + 3);
	udp(&f, STREAM_UDP_PORT, "x\ny", 3);
}

Test(ether, zero_one_and_two_tags)
{
	for (int tags = 0; tags <= 2; tags++) {
		tagged_stream(tags, 0x8100, 100);
		expect_as(FB_PKT_STREAM, 0, "%d tags of 802.1Q", tags);
		expect_payload("x\ny", 3);
		tagged_stream(tags, 0x88a8, 4094);
		expect_as(FB_PKT_STREAM, 0, "%d tags, 802.1ad outside", tags);
		expect_payload("x\ny", 3);
	}
	tagged_stream(1, 0x8100, 0xe000);
	expect_as(FB_PKT_STREAM, 0, "priority 7, VLAN 0");
	tagged_stream(3, 0x8100, 1);
	expect(FB_PKT_VLAN_DEPTH, 0);
	tagged_stream(3, 0x88a8, 1);
	expect(FB_PKT_VLAN_DEPTH, 0);
}

Test(ether, every_cut_of_a_tagged_frame_is_truncated)
{
	uint32_t whole;

	tagged_stream(2, 0x88a8, 5);
	whole = f.len;
	for (f.len = 0; f.len < whole; f.len++)
		expect_as(FB_PKT_TRUNCATED, 0, "cut to %u bytes", f.len);
	expect(FB_PKT_STREAM, 0);
	tagged_stream(3, 0x8100, 1);
	f.len = 14 + 8;
	expect_as(FB_PKT_VLAN_DEPTH, 0, "the third tag is seen in the second's type");
}

Test(ether, every_cut_of_an_arp_and_an_echo_is_truncated)
{
	uint32_t whole;

	arp_frame(&f, broadcast_mac, 1, OUR_IP);
	for (whole = f.len, f.len = 0; f.len < whole; f.len++)
		expect_as(FB_PKT_TRUNCATED, 0, "ARP cut to %u bytes", f.len);
	echo_frame(&f, "ping", 4);
	for (whole = f.len, f.len = 0; f.len < whole; f.len++)
		expect_as(FB_PKT_TRUNCATED, 0, "echo cut to %u bytes", f.len);
}

Test(ether, types_that_are_not_taken)
{
	ether(&f, our_mac, 0x86dd);
	add(&f, "\x60\0\0\0\0\0\x3b\x40", 8);
	expect(FB_PKT_IPV6, 0);
	ether(&f, our_mac, 0x86dd);
	tag(&f, 0x8100, 7);
	expect(FB_PKT_IPV6, 0);
	ether(&f, our_mac, 0x88cc); /* LLDP */
	expect(FB_PKT_ETHER_TYPE, 0);
	ether(&f, our_mac, 46); /* a length: IEEE 802.3 with LLC */
	expect(FB_PKT_ETHER_TYPE, 0);
	ether(&f, broadcast_mac, 0);
	expect(FB_PKT_ETHER_TYPE, 0);
}

Test(ether, another_mac)
{
	static const uint8_t group[6] = {0x01, 0, 0x5e, 0, 0, 1};

	stream_frame(&f, "a", 1);
	f.bytes[5] ^= 1;
	expect(FB_PKT_NOT_OUR_MAC, 0);
	memcpy(f.bytes, group, 6);
	expect(FB_PKT_NOT_OUR_MAC, 0);
	memcpy(f.bytes, broadcast_mac, 6);
	expect_as(FB_PKT_STREAM, 0, "everybody is us, too");
}

Test(ether, a_promiscuous_port_takes_other_macs_but_does_not_answer_for_them)
{
	desk.conf.promiscuous = true;
	fb_net_init(&desk.net, &desk.port, 0);
	cr_assert_eq(fb_net_bind(&desk.net, STREAM_UDP_PORT, STREAM_NUMBER), 0);
	stream_frame(&f, "a,b\n", 4);
	f.bytes[5] ^= 1;
	expect(FB_PKT_STREAM, 0);
	expect_payload("a,b\n", 4);
	echo_frame(&f, "", 0);
	f.bytes[5] ^= 1;
	expect(FB_PKT_ICMP_OTHER, 0);
	arp_frame(&f, our_mac, 1, OUR_IP);
	expect(FB_PKT_ARP_ANSWERED, 0);
	f.bytes[5] ^= 1;
	expect(FB_PKT_ARP_OTHER, 0);
}

/* ---- IPv4 ---- */

Test(ip, header_that_cannot_be)
{
	for (uint32_t ihl = 0; ihl < 5; ihl++) {
		stream_frame(&f, "abc", 3);
		f.bytes[f.ip] = (uint8_t)(0x40 | ihl);
		expect_as(FB_PKT_IP_HEADER, 0, "header length %u", ihl * 4);
	}
	for (uint32_t version = 0; version < 16; version++) {
		stream_frame(&f, "abc", 3);
		f.bytes[f.ip] = (uint8_t)(version << 4 | 5);
		seal_ip(&f);
		if (version != 4)
			expect_as(FB_PKT_IP_HEADER, 0, "version %u", version);
	}
	for (uint32_t total = 0; total < 20; total++) {
		stream_frame(&f, "abc", 3);
		put16(f.bytes + f.ip + 2, total);
		seal_ip(&f);
		expect_as(FB_PKT_IP_HEADER, 0, "total length %u", total);
	}
	stream_frame(&f, "abc", 3);
	f.bytes[f.ip] = 0x4f; /* 60 bytes, the packet has 31 */
	expect(FB_PKT_IP_HEADER, 0);
}

Test(ip, total_length_beyond_the_frame)
{
	stream_frame(&f, "abc", 3);
	put16(f.bytes + f.ip + 2, 20 + 8 + 4);
	seal_ip(&f);
	expect(FB_PKT_TRUNCATED, 0);
	put16(f.bytes + f.ip + 2, 65535);
	seal_ip(&f);
	expect(FB_PKT_TRUNCATED, 0);
}

Test(ip, checksum)
{
	for (uint32_t bit = 0; bit < 20 * 8; bit++) {
		uint32_t byte = bit / 8;

		if (byte < 4) /* version and lengths have dispositions of their own */
			continue;
		stream_frame(&f, "abc", 3);
		f.bytes[f.ip + byte] ^= (uint8_t)(1u << bit % 8);
		expect_as(FB_PKT_IP_CHECKSUM, 0, "bit %u flipped", bit);
	}
	stream_frame(&f, "abc", 3);
	expect_as(FB_PKT_IP_CHECKSUM, RTE_MBUF_F_RX_IP_CKSUM_BAD,
		"the device has looked and knows better");
	f.bytes[f.ip + 10] ^= 1;
	expect_as(FB_PKT_STREAM, RTE_MBUF_F_RX_IP_CKSUM_GOOD, "the device says good");
	expect_as(FB_PKT_STREAM, RTE_MBUF_F_RX_IP_CKSUM_NONE, "not filled in, but verified");
	expect(FB_PKT_IP_CHECKSUM, RTE_MBUF_F_RX_IP_CKSUM_UNKNOWN);
	cr_assert_eq(desk.net.counters.checksum_wrong_taken, 0);
}

Test(ip, policy_count_takes_a_wrong_checksum_and_counts_the_datagram_once)
{
	desk_init(&desk, FB_CHECKSUM_COUNT);
	stream_frame(&f, "abc", 3);
	expect(FB_PKT_STREAM, 0);
	cr_assert_eq(desk.net.counters.checksum_wrong_taken, 0);
	f.bytes[f.ip + 10] ^= 1;
	expect(FB_PKT_STREAM, 0);
	expect_payload("abc", 3);
	cr_assert_eq(desk.net.counters.checksum_wrong_taken, 1);
	f.bytes[f.l4 + 6] ^= 1;
	expect_as(FB_PKT_STREAM, 0, "both are wrong: one datagram");
	cr_assert_eq(desk.net.counters.checksum_wrong_taken, 2);
	put16(f.bytes + f.l4 + 2, 9);
	expect(FB_PKT_UDP_PORT, 0);
	cr_assert_eq(desk.net.counters.checksum_wrong_taken, 2, "it was not taken");
}

Test(ip, another_address)
{
	static const uint32_t others[] = {
		OUR_IP ^ 1, OUR_IP ^ 0x80000000, 0, 0xffffffff, 0x0a0900ff, 0xe0000001, 0x7f000001};

	for (size_t i = 0; i < FB_ARRAY_LEN(others); i++) {
		ether(&f, our_mac, 0x0800);
		ipv4(&f, others[i], 17, 0, 9);
		udp(&f, STREAM_UDP_PORT, "a", 1);
		expect_as(FB_PKT_NOT_OUR_IP, 0, "%08x", others[i]);
	}
	ether(&f, our_mac, 0x0800);
	ipv4(&f, OUR_IP_2, 17, 0, 9);
	udp(&f, STREAM_UDP_PORT, "a", 1);
	expect_as(FB_PKT_STREAM, 0, "a second address of the port");
}

Test(ip, fragments)
{
	static const struct {
		uint32_t field;
		enum fb_packet_disposition disposition;
	} cases[] = {
		{0x2000, FB_PKT_FRAGMENT},                          /* first: more follow */
		{0x2001, FB_PKT_FRAGMENT},                          /* middle */
		{0x0001, FB_PKT_FRAGMENT},                          /* last */
		{0x1fff, FB_PKT_FRAGMENT}, {0x4000, FB_PKT_STREAM}, /* do not fragment */
		{0x8000, FB_PKT_STREAM}, /* the reserved bit says nothing of fragments */
	};

	for (size_t i = 0; i < FB_ARRAY_LEN(cases); i++) {
		stream_frame(&f, "abc", 3);
		put16(f.bytes + f.ip + 6, cases[i].field);
		seal_ip(&f);
		expect_as(cases[i].disposition, 0, "%04x", cases[i].field);
	}
}

Test(ip, options)
{
	for (uint32_t options = 4; options <= 40; options += 4) {
		ether(&f, our_mac, 0x0800);
		ipv4(&f, OUR_IP, 17, options, 8 + 5);
		udp(&f, STREAM_UDP_PORT, "1,2,3", 5);
		expect_as(FB_PKT_STREAM, 0, "%u bytes of options", options);
		expect_payload("1,2,3", 5);
		f.bytes[f.ip + 20 + options - 1] ^= 0x40;
		expect_as(FB_PKT_IP_CHECKSUM, 0, "the checksum covers the last of %u", options);
	}
}

Test(ip, protocols_that_are_not_taken)
{
	for (uint32_t protocol = 0; protocol < 256; protocol++) {
		if (protocol == 1 || protocol == 17)
			continue;
		ether(&f, our_mac, 0x0800);
		ipv4(&f, OUR_IP, (uint8_t)protocol, 0, 8);
		udp(&f, STREAM_UDP_PORT, "", 0);
		expect_as(FB_PKT_IP_PROTOCOL, 0, "protocol %u", protocol);
	}
}

/* ---- UDP ---- */

Test(udp, lengths_that_lie)
{
	static const uint32_t lies[] = {0, 1, 7, 12, 13, 1000, 65535};

	for (size_t i = 0; i < FB_ARRAY_LEN(lies); i++) {
		stream_frame(&f, "abc", 3); /* 11 is the truth */
		put16(f.bytes + f.l4 + 4, lies[i]);
		put16(f.bytes + f.l4 + 6, 0);
		expect_as(FB_PKT_UDP_LENGTH, 0, "UDP length %u", lies[i]);
	}
	for (uint32_t room = 0; room < 8; room++) {
		stream_frame(&f, "abc", 3);
		put16(f.bytes + f.ip + 2, 20 + room);
		seal_ip(&f);
		expect_as(FB_PKT_UDP_LENGTH, 0, "%u bytes for a header of 8", room);
	}
	/* Shorter than the packet is not a lie: the rest is not the datagram's. */
	stream_frame(&f, "abc", 3);
	put16(f.bytes + f.l4 + 4, 8 + 2);
	seal_udp(&f);
	expect(FB_PKT_STREAM, 0);
	expect_payload("ab", 2);
}

Test(udp, padding_of_short_frames)
{
	stream_frame(&f, "ab", 2);
	memset(f.bytes + f.len, 0xee, 60 - f.len);
	f.len = 60; /* Ethernet's shortest, without its check sequence */
	expect(FB_PKT_STREAM, 0);
	expect_payload("ab", 2);
	/* An odd payload: neither its checksum nor its length takes in the first byte of the
	 * padding. */
	stream_frame(&f, "abc", 3);
	memset(f.bytes + f.len, 0xee, 60 - f.len);
	f.len = 60;
	expect(FB_PKT_STREAM, 0);
	expect_payload("abc", 3);
}

Test(udp, checksum_good_bad_zero_unknown)
{
	static const struct {
		const char *name;
		uint64_t flag;
		bool field_bad, field_zero;
		enum fb_packet_disposition drop, count;
		uint64_t counted;
	} cases[] = {
		{"device: good", RTE_MBUF_F_RX_L4_CKSUM_GOOD, true, false, FB_PKT_STREAM,
			FB_PKT_STREAM, 0},
		{"device: bad", RTE_MBUF_F_RX_L4_CKSUM_BAD, false, false, FB_PKT_UDP_CHECKSUM,
			FB_PKT_STREAM, 1},
		{"device: verified, field unset", RTE_MBUF_F_RX_L4_CKSUM_NONE, true, false,
			FB_PKT_STREAM, FB_PKT_STREAM, 0},
		{"unknown, right", 0, false, false, FB_PKT_STREAM, FB_PKT_STREAM, 0},
		{"unknown, wrong", 0, true, false, FB_PKT_UDP_CHECKSUM, FB_PKT_STREAM, 1},
		{"zero", 0, false, true, FB_PKT_STREAM, FB_PKT_STREAM, 0},
		{"zero, device: bad", RTE_MBUF_F_RX_L4_CKSUM_BAD, false, true, FB_PKT_STREAM,
			FB_PKT_STREAM, 0},
	};

	for (size_t i = 0; i < FB_ARRAY_LEN(cases); i++)
		for (int policy = FB_CHECKSUM_DROP; policy <= FB_CHECKSUM_COUNT; policy++) {
			desk_init(&desk, (enum fb_checksum_policy)policy);
			stream_frame(&f, "a,b,c\nd,e,f\n", 12);
			if (cases[i].field_bad)
				f.bytes[f.l4 + 7] ^= 0x10;
			if (cases[i].field_zero)
				put16(f.bytes + f.l4 + 6, 0);
			expect_as(policy == FB_CHECKSUM_DROP ? cases[i].drop : cases[i].count,
				cases[i].flag, "%s, policy %d", cases[i].name, policy);
			cr_assert_eq(desk.net.counters.checksum_wrong_taken,
				policy == FB_CHECKSUM_DROP ? 0 : cases[i].counted, "%s",
				cases[i].name);
		}
}

/* One changed bit anywhere is noticed, at every length and so at every rest of the 4-byte steps. */
Test(udp, checksum_covers_every_byte)
{
	uint8_t payload[1472];

	for (uint32_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 37 + 11);
	for (uint32_t len = 0; len <= 70; len++) {
		stream_frame(&f, payload, len);
		expect_as(FB_PKT_STREAM, 0, "%u bytes", len);
		for (uint32_t at = 0; at < len; at++) {
			f.bytes[f.l4 + 8 + at] ^= 0x81;
			expect_as(FB_PKT_UDP_CHECKSUM, 0, "byte %u of %u", at, len);
			f.bytes[f.l4 + 8 + at] ^= 0x81;
		}
	}
	memset(payload, 0xff, sizeof(payload)); /* as many carries as can be */
	stream_frame(&f, payload, sizeof(payload));
	expect(FB_PKT_STREAM, 0);
	/* The pseudo header, too: another source, the header's own checksum right. */
	stream_frame(&f, "abc", 3);
	f.bytes[f.ip + 15] ^= 1;
	seal_ip(&f);
	expect(FB_PKT_UDP_CHECKSUM, 0);
}

/* A sum of 0 is sent as ffff (RFC 768), and is right. */
Test(udp, checksum_ffff)
{
	uint8_t payload[2] = {0, 0};

	stream_frame(&f, payload, 2);
	memcpy(payload, f.bytes + f.l4 + 6, 2); /* now the sum is all ones without the field */
	stream_frame(&f, payload, 2);
	cr_assert_eq(get16(f.bytes + f.l4 + 6), 0xffff);
	expect(FB_PKT_STREAM, 0);
	expect_payload(payload, 2);
}

Test(udp, ports)
{
	stream_frame(&f, "abc", 3);
	put16(f.bytes + f.l4 + 2, 5001);
	seal_udp(&f);
	expect(FB_PKT_UDP_PORT, 0);
	put16(f.bytes + f.l4 + 2, 4999);
	seal_udp(&f);
	expect(FB_PKT_STREAM, 0);
	cr_assert_eq(desk.out.stream, 3, "the other stream");
	put16(f.bytes + f.l4, STREAM_UDP_PORT);
	put16(f.bytes + f.l4 + 2, 0);
	seal_udp(&f);
	expect_as(FB_PKT_UDP_PORT, 0, "the source port chooses nothing");
}

Test(udp, binding)
{
	cr_assert_eq(fb_net_bind(&desk.net, STREAM_UDP_PORT, 9), FB_E_EXISTS);
	for (uint32_t i = 2; i < FB_NET_STREAM_MAX; i++)
		cr_assert_eq(fb_net_bind(&desk.net, (uint16_t)(10000 + i), i), 0);
	cr_assert_eq(fb_net_bind(&desk.net, 1, 1), FB_E_FULL);
	stream_frame(&f, "z", 1);
	put16(f.bytes + f.l4 + 2, 10000 + FB_NET_STREAM_MAX - 1);
	seal_udp(&f);
	expect(FB_PKT_STREAM, 0);
	cr_assert_eq(desk.out.stream, FB_NET_STREAM_MAX - 1, "the last one");
}

/* ---- the mbuf ---- */

Test(mbuf, segments_and_room_for_reading_ahead)
{
	struct rte_mbuf second = {.buf_addr = desk.buffer, .nb_segs = 1};

	stream_frame(&f, "abc", 3);
	expect(FB_PKT_STREAM, 0);
	desk.mbuf.nb_segs = 2;
	desk.mbuf.next = &second;
	cr_assert_eq(
		fb_net_classify(&desk.net, &desk.mbuf, &desk.echoes, &desk.out), FB_PKT_TRUNCATED);
	desk.mbuf.nb_segs = 1;
	desk.mbuf.next = NULL;
	/* Decoders may read 64 bytes behind a payload: 64 are enough, 63 are not. */
	desk.mbuf.buf_len = (uint16_t)(RTE_PKTMBUF_HEADROOM + f.len + 64);
	cr_assert_eq(
		fb_net_classify(&desk.net, &desk.mbuf, &desk.echoes, &desk.out), FB_PKT_STREAM);
	desk.mbuf.buf_len--;
	cr_assert_eq(
		fb_net_classify(&desk.net, &desk.mbuf, &desk.echoes, &desk.out), FB_PKT_TRUNCATED);
}
