/* SPDX-License-Identifier: Apache-2.0 */
/* Answers to ARP and ping, byte by byte; and what gets none. */
#include <criterion/criterion.h>

#include "tests/unit/dataplane/net/packet.h"

static struct desk desk;
static struct frame f;

static void setup(void)
{
	desk_init(&desk, FB_CHECKSUM_DROP);
}

TestSuite(arp, .init = setup);
TestSuite(echo, .init = setup);

#define expect(name) cr_assert_eq(classify(&desk, &f, 0), name)
#define expect_as(name, ...) cr_assert_eq(classify(&desk, &f, 0), name, __VA_ARGS__)

/* ---- ARP ---- */

Test(arp, request_is_answered)
{
	static const uint8_t reply[] = {
		0x02,
		0,
		0,
		0,
		0,
		0x99, /* to who asked */
		0x02,
		0,
		0,
		0,
		0,
		0x01, /* from us */
		0x08,
		0x06, /* ARP */
		0,
		1,
		0x08,
		0,
		6,
		4, /* Ethernet, IPv4 */
		0,
		2, /* reply */
		0x02,
		0,
		0,
		0,
		0,
		0x01, /* our MAC */
		10,
		9,
		0,
		1, /* has the address asked for */
		0x02,
		0,
		0,
		0,
		0,
		0x99, /* target: who asked */
		10,
		9,
		0,
		2,
	};

	arp_frame(&f, broadcast_mac, 1, OUR_IP);
	expect(FB_PKT_ARP_ANSWERED);
	cr_assert_eq(desk.mbuf.data_len, sizeof(reply));
	cr_assert_eq(memcmp(answer(&desk), reply, sizeof(reply)), 0);
	arp_frame(&f, our_mac, 1, OUR_IP);
	expect_as(FB_PKT_ARP_ANSWERED, "asked of us alone (a cache that is about to expire)");
	cr_assert_eq(memcmp(answer(&desk), reply, sizeof(reply)), 0);
	arp_frame(&f, broadcast_mac, 1, OUR_IP_2);
	expect(FB_PKT_ARP_ANSWERED);
	cr_assert_eq(
		memcmp(answer(&desk) + 28, "\xc0\0\2\5", 4), 0, "the address that was asked for");
}

Test(arp, answer_keeps_tags_and_padding)
{
	struct frame plain;

	arp_frame(&plain, broadcast_mac, 1, OUR_IP);
	ether(&f, broadcast_mac, 0x0806);
	tag(&f, 0x88a8, 0x2064);
	tag(&f, 0x8100, 0x0065);
	add(&f, plain.bytes + 14, 28);
	memset(f.bytes + f.len, 0, 14);
	f.len = 64;
	expect(FB_PKT_ARP_ANSWERED);
	cr_assert_eq(desk.mbuf.data_len, 64);
	cr_assert_eq(memcmp(answer(&desk) + 12, "\x88\xa8\x20\x64\x81\0\0\x65\x08\x06", 10), 0);
	cr_assert_eq(get16(answer(&desk) + 22 + 6), 2, "a reply behind two tags");
	cr_assert_eq(memcmp(answer(&desk) + 22 + 8, our_mac, 6), 0);
}

/* RFC 5227: a probe has no sender address yet; the answer tells it that the address is taken. */
Test(arp, probe_is_answered)
{
	arp_frame(&f, broadcast_mac, 1, OUR_IP);
	put32(f.bytes + 14 + 14, 0);
	expect(FB_PKT_ARP_ANSWERED);
	cr_assert_eq(memcmp(answer(&desk) + 14 + 24, "\0\0\0\0", 4), 0);
}

Test(arp, what_asks_nothing_of_us)
{
	arp_frame(&f, broadcast_mac, 1, OUR_IP ^ 4);
	expect_as(FB_PKT_ARP_OTHER, "for somebody else");
	arp_frame(&f, our_mac, 2, OUR_IP);
	expect_as(FB_PKT_ARP_OTHER, "a reply");
	arp_frame(&f, broadcast_mac, 3, OUR_IP);
	expect_as(FB_PKT_ARP_OTHER, "reverse ARP");
	for (uint32_t at = 0; at < 6; at++) {
		arp_frame(&f, broadcast_mac, 1, OUR_IP);
		f.bytes[14 + at] ^= 0x40;
		expect_as(FB_PKT_ARP_OTHER, "another hardware, protocol or length (byte %u)", at);
	}
}

Test(arp, nobody_to_answer)
{
	arp_frame(&f, broadcast_mac, 1, OUR_IP);
	memcpy(f.bytes + 6, our_mac, 6);
	expect_as(FB_PKT_ARP_ANSWERED, "the kernel's side of a TAP port has the MAC of ours");
	arp_frame(&f, broadcast_mac, 1, OUR_IP);
	put32(f.bytes + 14 + 14, OUR_IP);
	expect_as(FB_PKT_ARP_OTHER, "our own announcement, come back by a loop");
	memcpy(f.bytes + 6, broadcast_mac, 6);
	expect_as(FB_PKT_ARP_OTHER, "an answer to everybody would multiply");
	memcpy(f.bytes + 6, "\1\0\x5e\0\0\1", 6);
	expect(FB_PKT_ARP_OTHER);
}

/* ---- echo ---- */

static void expect_echo_reply(const void *data, uint32_t len)
{
	uint8_t expected[FRAME_CAP];
	uint8_t *ip = expected + f.ip;
	uint8_t *icmp = expected + f.l4;

	memcpy(expected, f.bytes, f.len);
	memcpy(expected, peer_mac, 6);
	memcpy(expected + 6, our_mac, 6);
	put32(ip + 12, OUR_IP);
	put32(ip + 16, PEER_IP);
	ip[8] = 64;
	put16(ip + 10, 0);
	put16(ip + 10, ~sum16(0, ip, (ip[0] & 15u) * 4));
	icmp[0] = 0;
	cr_assert_eq(memcmp(icmp + 8, data, len), 0);
	cr_assert_eq(sum16(0, answer(&desk) + f.l4, 8 + len), 0xffff, "the ICMP checksum is right");
	memcpy(icmp + 2, answer(&desk) + f.l4 + 2, 2);
	cr_assert_eq(desk.mbuf.data_len, f.len);
	cr_assert_eq(memcmp(answer(&desk), expected, f.len), 0, "nothing else has changed");
}

Test(echo, request_is_answered)
{
	uint8_t data[1400];

	for (uint32_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i ^ 0x5a);
	for (uint32_t len = 0; len <= sizeof(data); len = len * 3 + 1) {
		desk.echoes = 0;
		echo_frame(&f, data, len);
		expect_as(FB_PKT_ECHO_ANSWERED, "%u bytes", len);
		expect_echo_reply(data, len);
	}
}

/* Every value that the checksum can have, so every carry. */
Test(echo, checksum_at_every_carry)
{
	for (uint32_t identifier = 0; identifier < 65536; identifier++) {
		desk.echoes = 0;
		echo_frame(&f, "", 0);
		put16(f.bytes + f.l4 + 4, identifier);
		seal_icmp(&f, 8);
		cr_assert_eq(classify(&desk, &f, 0), FB_PKT_ECHO_ANSWERED);
		if (sum16(0, answer(&desk) + f.l4, 8) != 0xffff)
			cr_assert_fail("identifier %04x", identifier);
	}
}

Test(echo, options_padding_and_tags)
{
	ether(&f, our_mac, 0x0800);
	tag(&f, 0x8100, 9);
	ipv4(&f, OUR_IP, 1, 8, 8 + 2);
	add(&f, "\x08\0\0\0\0\1\0\2hi", 10);
	seal_icmp(&f, 10);
	memset(f.bytes + f.len, 0xcc, 4);
	f.len += 4;
	expect(FB_PKT_ECHO_ANSWERED);
	expect_echo_reply("hi", 2);
}

/* A damaged question is not made whole by its answer: the asker must see the damage. */
Test(echo, wrong_icmp_checksum_stays_wrong)
{
	echo_frame(&f, "abcd", 4);
	f.bytes[f.l4 + 9] ^= 1;
	expect(FB_PKT_ECHO_ANSWERED);
	cr_assert_neq(sum16(0, answer(&desk) + f.l4, 12), 0xffff);
}

Test(echo, what_asks_nothing_of_us)
{
	for (uint32_t type = 0; type < 256; type++) {
		echo_frame(&f, "", 0);
		f.bytes[f.l4] = (uint8_t)type;
		seal_icmp(&f, 8);
		if (type != 8)
			expect_as(FB_PKT_ICMP_OTHER, "type %u", type);
	}
	echo_frame(&f, "", 0);
	f.bytes[f.l4 + 1] = 1;
	seal_icmp(&f, 8);
	expect_as(FB_PKT_ICMP_OTHER, "code 1");
	echo_frame(&f, "", 0);
	memcpy(f.bytes, broadcast_mac, 6);
	expect_as(FB_PKT_ICMP_OTHER, "asked of everybody (RFC 1122, 3.2.2.6)");
	echo_frame(&f, "", 0);
	put32(f.bytes + f.ip + 16, OUR_IP ^ 2);
	seal_ip(&f);
	expect(FB_PKT_NOT_OUR_IP);
}

Test(echo, nobody_to_answer)
{
	static const uint32_t nobodies[] = {
		0, 0x00000001, 0x7f000001, 0xe0000001, 0xf0000001, 0xffffffff};

	for (size_t i = 0; i < FB_ARRAY_LEN(nobodies); i++) {
		echo_frame(&f, "", 0);
		put32(f.bytes + f.ip + 12, nobodies[i]);
		seal_ip(&f);
		expect_as(FB_PKT_ICMP_OTHER, "from %08x", nobodies[i]);
	}
	echo_frame(&f, "", 0);
	memcpy(f.bytes + 6, broadcast_mac, 6);
	expect(FB_PKT_ICMP_OTHER);
	echo_frame(&f, "", 0);
	put32(f.bytes + f.ip + 12, OUR_IP_2);
	seal_ip(&f);
	expect_as(FB_PKT_ICMP_OTHER, "from ourselves");
}

Test(echo, too_short_and_damaged_headers)
{
	for (uint32_t len = 0; len < 8; len++) {
		echo_frame(&f, "", 0);
		put16(f.bytes + f.ip + 2, 20 + len);
		seal_ip(&f);
		expect_as(FB_PKT_TRUNCATED, "%u bytes of ICMP", len);
	}
	desk_init(&desk, FB_CHECKSUM_COUNT);
	echo_frame(&f, "", 0);
	f.bytes[f.ip + 11] ^= 1;
	expect_as(FB_PKT_ICMP_OTHER,
		"policy count takes records, it does not answer damaged questions");
}

Test(echo, a_flood_costs_no_more_than_a_few_answers_in_a_burst)
{
	for (uint32_t i = 0; i < FB_NET_BURST; i++) {
		echo_frame(&f, "", 0);
		expect_as(i < 8 ? FB_PKT_ECHO_ANSWERED : FB_PKT_ICMP_OTHER, "request %u", i);
	}
	cr_assert_eq(desk.echoes, 8);
}
