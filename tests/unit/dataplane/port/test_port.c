/* SPDX-License-Identifier: Apache-2.0 */
/* Opening virtual devices: what is touched, what is refused in which words, queues, counters. */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include "tests/unit/dataplane/port/lab.h"
#include "tests/unit/dataplane/port/netns.h"

static struct lab lab;

static void setup(void)
{
	lab_init(&lab, 2);
}

static void teardown(void)
{
	lab_fini(&lab);
}

TestSuite(port, .init = setup, .fini = teardown);

static void expect_balance(const struct fb_port_stats *stats)
{
	cr_assert_eq(stats->wire_packets, stats->missed_packets + stats->no_mbuf +
						  stats->rx_errors + stats->received_packets);
}

/* Receives up to cnt packets from a queue; how many came, their bytes in *ret_bytes. */
static uint32_t receive(
	const struct fb_port *port, uint16_t queue, uint32_t cnt, uint64_t *ret_bytes)
{
	uint32_t received = 0;

	*ret_bytes = 0;
	for (int polls = 0; polls < 2000 && received < cnt; polls++) {
		struct rte_mbuf *mbuf;

		if (rte_eth_rx_burst(port->id, queue, &mbuf, 1) == 0) {
			usleep(50);
			continue;
		}
		received++;
		*ret_bytes += rte_pktmbuf_pkt_len(mbuf);
		rte_pktmbuf_free(mbuf);
	}
	return received;
}

/* ---- what is touched ---- */

Test(port, only_devices_of_the_file_exist)
{
	struct fb_port_conf stranger = {.name = "px",
		.device = "net_null9",
		.queues = 1,
		.mtu = 1500,
		.rx_descriptors = 64};
	struct fb_port *port = NULL;

	lab_port(&lab, "net_null0,size=64", 1);
	lab_port(&lab, "net_ring0", 1);
	lab_eal(&lab);
	cr_assert_eq(rte_eth_dev_count_avail(), 2, "no NIC of this machine has been looked at");
	cr_assert_eq(rte_lcore_count(), 3, "the control plane's and two workers'");
	cr_assert(rte_lcore_is_enabled(fb_eal_worker_lcore(1)));
	cr_assert_eq(fb_port_open(&stranger, &lab.appliance, &lab.diags, &port), FB_E_DEVICE);
	cr_assert_null(port);
	cr_assert_str_eq(lab_words(&lab), "port px (net_null9): no such device");
	lab_open(&lab);
	cr_assert_str_eq(lab.open[0]->driver, "net_null");
	cr_assert_str_eq(lab.open[1]->driver, "net_ring");
	cr_assert_neq(lab.open[0]->id, lab.open[1]->id);
}

Test(port, a_driver_that_is_not_there)
{
	lab_port(&lab, "net_nonsense0", 1);
	cr_assert_eq(fb_eal_start(&lab.appliance, &lab.diags), FB_E_DEVICE);
	cr_assert_eq(lab.diags.error_cnt, 1);
	cr_assert_eq(strncmp(lab_words(&lab), "DPDK does not start", 19), 0);
	cr_assert_not_null(lab.diags.items[0].hint);
}

/* ---- what is refused ---- */

static int try_open(struct fb_port_conf *conf)
{
	struct fb_port *port = NULL;
	int rc = fb_port_open(conf, &lab.appliance, &lab.diags, &port);

	cr_assert_neq(rc, 0);
	cr_assert_null(port, "untouched on failure");
	return rc;
}

Test(port, queues_that_the_device_does_not_have)
{
	struct fb_port_conf *conf = lab_port(&lab, "net_ring0", 17);

	lab_eal(&lab);
	cr_assert_eq(try_open(conf), FB_E_DEVICE);
	cr_assert_str_eq(
		lab_words(&lab), "port p0 (net_ring0): 17 queues asked for, but the device has 16");
}

Test(port, addresses)
{
	static char *bad[] = {(char *)"10.9.0/24"};
	static char *nine[] = {(char *)"10.0.0.1/8", (char *)"10.0.0.2/8", (char *)"10.0.0.3/8",
		(char *)"10.0.0.4/8", (char *)"10.0.0.5/8", (char *)"10.0.0.6/8",
		(char *)"10.0.0.7/8", (char *)"10.0.0.8/8", (char *)"10.0.0.9/8"};
	struct fb_port_conf *conf = lab_port(&lab, "net_null0", 1);

	lab_eal(&lab);
	conf->addresses = bad;
	conf->addresses_count = 1;
	cr_assert_eq(try_open(conf), FB_E_DEVICE);
	cr_assert_str_eq(lab_words(&lab), "port p0 (net_null0): an address is not valid");
	conf->addresses = nine;
	conf->addresses_count = 9;
	cr_assert_eq(try_open(conf), FB_E_DEVICE);
	conf->addresses_count = 8;
	lab_open(&lab);
	cr_assert_eq(lab.open[0]->address_cnt, 8);
	cr_assert_eq(lab.open[0]->addresses[7].ip, 0x0a000008);
	cr_assert_eq(lab.open[0]->addresses[7].prefix_len, 8);
}

Test(port, mac_that_is_none)
{
	struct fb_port_conf *conf = lab_port(&lab, "net_null0", 1);

	lab_eal(&lab);
	conf->mac = (char *)"02:00:00:00:00:zz";
	cr_assert_eq(try_open(conf), FB_E_DEVICE);
	cr_assert_str_eq(lab_words(&lab), "port p0 (net_null0): mac is not valid");
}

Test(port, packet_buffers_without_memory)
{
	struct fb_port_conf *conf = lab_port(&lab, "net_null0", 16);

	lab_eal(&lab);
	conf->rx_descriptors = 32768; /* 16 queues of them: about 1.2 GB */
	cr_assert_eq(try_open(conf), FB_E_NO_MEMORY);
	cr_assert_str_eq(lab_words(&lab), "port p0 (net_null0): no memory for packet buffers");
	cr_assert_not_null(strstr(lab.diags.items[0].hint, "memory.packet_mb"));
}

/* ---- devices ---- */

Test(port, null_device_with_four_queues)
{
	struct fb_port_stats stats;
	uint64_t bytes;

	lab_port(&lab, "net_null0,size=200", 4);
	lab_eal(&lab);
	lab_open(&lab);
	cr_assert_eq(lab.open[0]->queue_cnt, 4);
	fb_port_stats(lab.open[0], &stats);
	cr_assert_eq(stats.wire_packets, 0);
	for (uint16_t q = 0; q < 4; q++) {
		cr_assert_eq(receive(lab.open[0], q, 10u * (q + 1u), &bytes), 10u * (q + 1u));
		cr_assert_eq(bytes, 200 * 10 * (q + 1));
	}
	fb_port_stats(lab.open[0], &stats);
	cr_assert_eq(stats.received_packets, 100);
	cr_assert_eq(stats.wire_known, false, "nobody below counts");
	expect_balance(&stats);
}

Test(port, ring_device_counts_both_ways)
{
	struct fb_port_stats stats;
	uint64_t bytes;

	lab_port(&lab, "net_ring0", 2);
	lab_eal(&lab);
	lab_open(&lab);
	for (uint16_t i = 0; i < 7; i++) {
		struct rte_mbuf *mbuf = rte_pktmbuf_alloc(lab.open[0]->pool);

		cr_assert_not_null(mbuf);
		cr_assert_not_null(rte_pktmbuf_append(mbuf, 60));
		cr_assert_eq(rte_eth_tx_burst(lab.open[0]->id, 1, &mbuf, 1), 1);
	}
	cr_assert_eq(receive(lab.open[0], 1, 7, &bytes), 7);
	fb_port_stats(lab.open[0], &stats);
	cr_assert_eq(stats.sent_packets, 7);
	cr_assert_eq(stats.received_packets, 7);
	cr_assert_eq(stats.link_up, true);
	cr_assert_eq(stats.link_flap_cnt, 0);
	expect_balance(&stats);
}

/* Mbufs hold the largest frame (MTU, Ethernet, two tags) and what decoders read ahead. */
Test(port, buffers_fit_the_mtu)
{
	uint16_t room;

	lab_port(&lab, "net_null0", 1)->mtu = 9000;
	lab_port(&lab, "net_null1", 1);
	lab_eal(&lab);
	lab_open(&lab);
	room = rte_pktmbuf_data_room_size(lab.open[0]->pool);
	cr_assert_geq(room, RTE_PKTMBUF_HEADROOM + 9000 + 14 + 8 + 64);
	room = rte_pktmbuf_data_room_size(lab.open[1]->pool);
	cr_assert_geq(room, RTE_PKTMBUF_HEADROOM + 1500 + 14 + 8 + 64);
	cr_assert_leq(room, 2048 + RTE_PKTMBUF_HEADROOM);
}

/* `detour` makes the path longer without changing what it means. */
static void play_file(int detour)
{
	/* Magic of microseconds, version 2.4, snap length, Ethernet; then records of 60 bytes. */
	static const uint32_t header[] = {0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1};
	static const uint32_t record[] = {1700000000, 0, 60, 60};
	uint8_t frame[60] = {2};
	char path[] = "/tmp/forebay-pcap.XXXXXX";
	char device[1000] = "net_pcap0,rx_pcap=/tmp";
	int fd = mkstemp(path);
	struct fb_port_stats stats;
	uint64_t bytes;

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, header, sizeof(header)), (ssize_t)sizeof(header));
	for (int i = 0; i < 5; i++) {
		cr_assert_eq(write(fd, record, sizeof(record)), (ssize_t)sizeof(record));
		cr_assert_eq(write(fd, frame, sizeof(frame)), (ssize_t)sizeof(frame));
	}
	close(fd);
	for (int i = 0; i < detour; i++)
		strcat(device, "/.");
	strcat(device, strrchr(path, '/'));
	lab_port(&lab, device, 1);
	lab_eal(&lab);
	lab_open(&lab);
	cr_assert_eq(receive(lab.open[0], 0, 5, &bytes), 5);
	cr_assert_eq(bytes, 300);
	cr_assert_eq(receive(lab.open[0], 0, 1, &bytes), 0, "played once");
	fb_port_stats(lab.open[0], &stats);
	cr_assert_eq(stats.received_packets, 5);
	cr_assert_str_eq(lab.open[0]->interface, "");
	expect_balance(&stats);
	unlink(path);
}

Test(port, pcap_file)
{
	play_file(0);
}

Test(port, a_device_string_of_nearly_a_thousand_bytes)
{
	play_file(450);
}

/* ---- a TAP: the kernel is the wire, and counts it ---- */

static void send_frames(const char *interface, int cnt)
{
	int fd = socket(AF_PACKET, SOCK_RAW, 0);
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
		.sll_halen = 6,
		.sll_ifindex = (int)if_nametoindex(interface)};
	uint8_t frame[100] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5};

	cr_assert_geq(fd, 0);
	for (int i = 0; i < cnt; i++)
		cr_assert_eq(
			sendto(fd, frame, sizeof(frame), 0, (struct sockaddr *)&to, sizeof(to)),
			(ssize_t)sizeof(frame));
	close(fd);
}

Test(port, tap_wire_is_what_the_kernel_counted)
{
	struct fb_port_stats stats;
	uint64_t bytes;

	netns_enter();
	lab_port(&lab, "net_tap0,iface=fbtap0", 1)->mac = (char *)"02:00:00:00:00:0a";
	lab_eal(&lab);
	cr_assert_eq(fb_port_open(&lab.ports[0], &lab.appliance, &lab.diags, &lab.open[0]), 0, "%s",
		lab_words(&lab));
	cr_assert_eq(memcmp(lab.open[0]->mac, "\2\0\0\0\0\x0a", 6), 0, "the MAC of the file");
	cr_assert_eq(fb_port_start(lab.open[0], &lab.diags), 0);
	receive(lab.open[0], 0, 1000,
		&bytes); /* what the kernel says by itself when an interface comes up */
	fb_port_stats(lab.open[0], &stats);
	cr_assert(stats.wire_known);
	cr_assert_eq(stats.missed_packets, 0);
	expect_balance(&stats);

	uint64_t before = stats.wire_packets;

	send_frames("fbtap0", 20);
	fb_port_stats(lab.open[0], &stats);
	expect_balance(&stats);
	cr_assert_eq(receive(lab.open[0], 0, 20, &bytes), 20);
	cr_assert_eq(bytes, 2000);
	fb_port_stats(lab.open[0], &stats);
	cr_assert_eq(stats.wire_packets, before + 20);
	cr_assert_eq(stats.missed_packets, 0);
	expect_balance(&stats);

	/* Nobody takes them: the kernel's queue is full at some point, and what it drops is missed.
	 */
	before = stats.wire_packets;
	{
		int fd = socket(AF_PACKET, SOCK_RAW, 0);
		struct sockaddr_ll to = {.sll_family = AF_PACKET,
			.sll_halen = 6,
			.sll_ifindex = (int)if_nametoindex("fbtap0")};
		uint8_t frame[100] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5};

		for (int i = 0; i < 3000; i++)
			FB_IGNORE(sendto(fd, frame, sizeof(frame), MSG_DONTWAIT,
				(struct sockaddr *)&to, sizeof(to)));
		close(fd);
	}

	uint64_t taken = receive(lab.open[0], 0, 3000, &bytes);

	fb_port_stats(lab.open[0], &stats);
	cr_assert_eq(stats.wire_packets, before + taken + stats.missed_packets);
	expect_balance(&stats);
}

Test(port, interface_that_is_taken_away)
{
	struct fb_port_stats stats;
	uint64_t bytes;

	netns_enter();
	netns_run("ip link add fbv0 type veth peer name fbv1");
	netns_run("ip link set fbv0 up");
	netns_run("ip link set fbv1 up");
	send_frames("fbv1", 50); /* before the start: not ours */
	lab_port(&lab, "net_af_packet0,iface=fbv0", 1);
	lab_eal(&lab);
	lab_open(&lab);
	send_frames("fbv1", 10);
	cr_assert_geq(receive(lab.open[0], 0, 10, &bytes), 10);
	fb_port_stats(lab.open[0], &stats);
	cr_assert_geq(stats.wire_packets, 10);
	cr_assert_lt(stats.wire_packets, 50, "the interface had counted before");
	cr_assert_eq(stats.missed_packets, stats.wire_packets - stats.received_packets);
	cr_assert(stats.link_up);
	netns_run("ip link set fbv1 down");
	fb_port_stats(lab.open[0], &stats);
	netns_run("ip link del fbv1");
	fb_port_stats(lab.open[0], &stats);
	expect_balance(&stats);
	cr_assert_lt(stats.missed_packets, 1000, "not the 2^64 of a counter that has vanished");
}

Test(port, af_packet_ring_holds_jumbo_frames)
{
	uint64_t bytes;
	int fd;
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_halen = 6};
	uint8_t frame[9014] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5};

	netns_enter();
	netns_run("ip link add fbv0 mtu 9000 type veth peer name fbv1 mtu 9000");
	netns_run("ip link set fbv0 up");
	netns_run("ip link set fbv1 up");
	lab_port(&lab, "net_af_packet0,iface=fbv0", 2)->mtu = 9000;
	lab_eal(&lab);
	lab_open(&lab);
	cr_assert_eq(lab.open[0]->queue_cnt, 2);
	to.sll_ifindex = (int)if_nametoindex("fbv1");
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	cr_assert_eq(sendto(fd, frame, sizeof(frame), 0, (struct sockaddr *)&to, sizeof(to)),
		(ssize_t)sizeof(frame));
	close(fd);
	for (int i = 0; i < 1000; i++)
		for (uint16_t q = 0; q < 2; q++) {
			struct rte_mbuf *mbuf;

			if (rte_eth_rx_burst(lab.open[0]->id, q, &mbuf, 1) == 0) {
				usleep(50);
				continue;
			}
			bytes = rte_pktmbuf_pkt_len(mbuf);
			rte_pktmbuf_free(mbuf);
			if (bytes == sizeof(frame))
				return;
		}
	cr_assert_fail("the frame of 9014 bytes did not come whole");
}
