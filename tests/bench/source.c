/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_udp.h>

#include "config/base/calendar.h"
#include "tests/bench/bench.h"

#define HEADERS_BYTES (sizeof(struct rte_ether_hdr) + sizeof(struct rte_ipv4_hdr) + sizeof(struct rte_udp_hdr))
#define TIME_TEXT_BYTES 7 /* "HH:mm:s" of "yyyy-MM-dd HH:mm:ss.SSS"; the last digit of the second stays */

struct packet {
	struct rte_mbuf *mbuf;
	uint16_t time_at[FB_SOURCE_RECORDS_PER_PACKET]; /* offsets in the payload */
	uint16_t key_at[FB_SOURCE_RECORDS_PER_PACKET];
	uint16_t len;
};

struct fb_source {
	struct fb_source_conf conf;
	struct fb_port port;
	struct fb_port_conf port_conf;
	struct packet *packets;
	char (*digits)[4]; /* "000" … "999" */
	uint32_t at;
	uint64_t random;
	uint64_t window_records;
	int64_t window_start_s;
	char time_text[16];
	double record_bytes;
};

/* ---- a mempool whose free does nothing once the source is live ---- */

struct stack {
	uint32_t cnt;
	bool live;
	void *objects[];
};

static int pool_alloc(struct rte_mempool *pool)
{
	pool->pool_data = calloc(1, sizeof(struct stack) + pool->size * sizeof(void *));
	return pool->pool_data ? 0 : -1;
}

static void pool_free(struct rte_mempool *pool)
{
	free(pool->pool_data);
}

static int pool_enqueue(struct rte_mempool *pool, void *const *objects, unsigned cnt)
{
	struct stack *stack = pool->pool_data;

	if (stack->live)
		return 0;
	memcpy(stack->objects + stack->cnt, objects, cnt * sizeof(*objects));
	stack->cnt += cnt;
	return 0;
}

static int pool_dequeue(struct rte_mempool *pool, void **objects, unsigned cnt)
{
	struct stack *stack = pool->pool_data;

	if (stack->cnt < cnt)
		return -1;
	stack->cnt -= cnt;
	memcpy(objects, stack->objects + stack->cnt, cnt * sizeof(*objects));
	return 0;
}

static unsigned pool_count(const struct rte_mempool *pool)
{
	return ((const struct stack *)pool->pool_data)->cnt;
}

static struct rte_mempool_ops nop_ops = {
	.name = "nop_recycle",
	.alloc = pool_alloc,
	.free = pool_free,
	.enqueue = pool_enqueue,
	.dequeue = pool_dequeue,
	.get_count = pool_count,
};

RTE_MEMPOOL_REGISTER_OPS(nop_ops);

/* ---- packets ---- */

static void fail(const char *what)
{
	fprintf(stderr, "bench source: %s\n", what);
	exit(1);
}

static void set_time_text(struct fb_source *source)
{
	int64_t s = source->window_start_s % 86400;

	snprintf(source->time_text, sizeof(source->time_text), "%02u:%02u:%u", (unsigned)(s / 3600) % 24u,
		(unsigned)(s / 60) % 60u, (unsigned)(s % 60) / 10u);
}

/* What the packet carries next: event time of the running window, and a key drawn from key_cnt. */
static inline void refresh(struct fb_source *source, struct packet *packet)
{
	char *payload = rte_pktmbuf_mtod_offset(packet->mbuf, char *, HEADERS_BYTES);
	bool draw = source->conf.key_cnt > 100;

	for (uint32_t i = 0; i < FB_SOURCE_RECORDS_PER_PACKET; i++) {
		memcpy(payload + packet->time_at[i], source->time_text, TIME_TEXT_BYTES);
		if (draw) {
			source->random = source->random * 6364136223846793005u + 1442695040888963407u;

			uint32_t key = (uint32_t)(((source->random >> 32) * source->conf.key_cnt) >> 32);

			memcpy(payload + packet->key_at[i], source->digits[key / 1000], 3);
			memcpy(payload + packet->key_at[i] + 3, source->digits[key % 1000], 3);
		}
	}
}

static uint16_t receive(uint16_t port, uint16_t queue, struct rte_mbuf **packets, uint16_t cnt, uint16_t max, void *arg)
{
	struct fb_source *source = arg;

	RTE_SET_USED(port);
	RTE_SET_USED(queue);
	RTE_SET_USED(cnt);
	max = RTE_MIN(max, (uint16_t)32);
	for (uint16_t i = 0; i < max; i++) {
		struct packet *packet = &source->packets[source->at];

		source->at = source->at + 1 == source->conf.packet_cnt ? 0 : source->at + 1;
		refresh(source, packet);
		/* As a driver does for every descriptor. */
		packet->mbuf->data_off = RTE_PKTMBUF_HEADROOM;
		packet->mbuf->data_len = packet->len;
		packet->mbuf->pkt_len = packet->len;
		packets[i] = packet->mbuf;
	}
	source->window_records += (uint64_t)max * FB_SOURCE_RECORDS_PER_PACKET;
	if (source->window_records >= source->conf.records_per_window) {
		source->window_records = 0;
		/* Days do not roll: 8,640 windows are more than any bench needs. */
		source->window_start_s += 10;
		set_time_text(source);
	}
	return max;
}

static void make_packet(struct fb_source *source, struct packet *packet, uint32_t first_id)
{
	char *frame = rte_pktmbuf_mtod(packet->mbuf, char *);
	struct rte_ether_hdr *ether = (struct rte_ether_hdr *)frame;
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(ether + 1);
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(ip + 1);
	char *payload = (char *)(udp + 1);
	uint32_t len = 0;

	for (uint32_t i = 0; i < FB_SOURCE_RECORDS_PER_PACKET; i++) {
		uint32_t start = len;
		uint32_t key_at;
		uint32_t time_at;

		len += fb_bench_record(payload + len, first_id + i, &key_at, &time_at);
		packet->key_at[i] = (uint16_t)(start + key_at);
		packet->time_at[i] = (uint16_t)(start + time_at);
	}
	source->record_bytes += len;

	memset(frame, 0, HEADERS_BYTES);
	memcpy(ether->dst_addr.addr_bytes, source->port.mac, 6);
	ether->src_addr.addr_bytes[0] = 2;
	ether->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
	ip->version_ihl = 0x45;
	ip->total_length = rte_cpu_to_be_16((uint16_t)(sizeof(*ip) + sizeof(*udp) + len));
	ip->time_to_live = 64;
	ip->next_proto_id = IPPROTO_UDP;
	ip->src_addr = rte_cpu_to_be_32(RTE_IPV4(10, 0, 0, 2));
	ip->dst_addr = rte_cpu_to_be_32(source->port.addresses[0].ip);
	udp->src_port = rte_cpu_to_be_16(40000);
	udp->dst_port = rte_cpu_to_be_16(FB_SOURCE_UDP_PORT);
	udp->dgram_len = rte_cpu_to_be_16((uint16_t)(sizeof(*udp) + len));
	/* A NIC has verified the checksums and says so. */
	packet->mbuf->ol_flags = RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	packet->len = (uint16_t)(HEADERS_BYTES + len);
	packet->mbuf->data_len = packet->len;
	packet->mbuf->pkt_len = packet->len;
}

static void open_port(struct fb_source *source)
{
	char *args[] = {"bench", "-l", "0", "--no-pci", "--no-huge", "-m", "512", "--no-telemetry", "--iova-mode=va",
		"--log-level=*:error", "--vdev=net_null0,no-rx=1", "--no-shconf"};
	struct rte_eth_conf eth = {0};
	struct rte_ether_addr mac;

	if (rte_eal_init(RTE_DIM(args), args) < 0)
		fail("EAL does not start");
	source->port.pool = rte_pktmbuf_pool_create_by_ops(
		"source", source->conf.packet_cnt, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY, "nop_recycle");
	if (source->port.pool == NULL || rte_eth_dev_configure(0, 1, 1, &eth) != 0 ||
		rte_eth_rx_queue_setup(0, 0, 64, SOCKET_ID_ANY, NULL, source->port.pool) != 0 ||
		rte_eth_tx_queue_setup(0, 0, 64, SOCKET_ID_ANY, NULL) != 0 || rte_eth_dev_start(0) != 0 ||
		rte_eth_macaddr_get(0, &mac) != 0)
		fail("the null port does not start");

	source->port_conf = (struct fb_port_conf){.name = "bench", .queues = 1};
	source->port.conf = &source->port_conf;
	source->port.queue_cnt = 1;
	memcpy(source->port.mac, mac.addr_bytes, 6);
	source->port.mac[0] = 2; /* net_null says 00:00:00:00:00:00 */
	source->port.rx_checksum_ip = true;
	source->port.rx_checksum_udp = true;
	source->port.address_cnt = 1;
	source->port.addresses[0] = (struct fb_port_address){RTE_IPV4(10, 0, 0, 1), 24};
}

struct fb_source *fb_source_create(const struct fb_source_conf *conf)
{
	struct fb_source *source = calloc(1, sizeof(*source));

	if (source == NULL)
		fail("no memory");
	source->conf = *conf;
	source->packets = calloc(conf->packet_cnt, sizeof(*source->packets));
	source->digits = calloc(1000, sizeof(*source->digits));
	if (source->packets == NULL || source->digits == NULL)
		fail("no memory");
	for (int i = 0; i < 1000; i++)
		snprintf(source->digits[i], sizeof(source->digits[i]), "%03u", (unsigned)i % 1000u);
	open_port(source);
	for (uint32_t i = 0; i < conf->packet_cnt; i++) {
		source->packets[i].mbuf = rte_pktmbuf_alloc(source->port.pool);
		if (source->packets[i].mbuf == NULL)
			fail("no mbuf");
		make_packet(source, &source->packets[i], i * FB_SOURCE_RECORDS_PER_PACKET);
	}
	source->record_bytes /= (double)conf->packet_cnt * FB_SOURCE_RECORDS_PER_PACKET;
	((struct stack *)source->port.pool->pool_data)->live = true;
	fb_source_configure(source, conf);
	if (rte_eth_add_rx_callback(0, 0, receive, source) == NULL)
		fail("no RX callback");
	return source;
}

void fb_source_configure(struct fb_source *source, const struct fb_source_conf *conf)
{
	source->conf.key_cnt = conf->key_cnt;
	source->conf.records_per_window = conf->records_per_window;
	for (uint32_t p = 0; p < source->conf.packet_cnt; p++) {
		struct packet *packet = &source->packets[p];
		char *payload = rte_pktmbuf_mtod_offset(packet->mbuf, char *, HEADERS_BYTES);

		for (uint32_t i = 0; i < FB_SOURCE_RECORDS_PER_PACKET; i++) {
			uint32_t key = (p * FB_SOURCE_RECORDS_PER_PACKET + i) * 7919u % conf->key_cnt;

			memcpy(payload + packet->key_at[i], source->digits[key / 1000], 3);
			memcpy(payload + packet->key_at[i] + 3, source->digits[key % 1000], 3);
		}
	}
	source->window_records = 0;
	source->window_start_s += 10;
	set_time_text(source);
}

const struct fb_port *fb_source_port(const struct fb_source *source)
{
	return &source->port;
}

double fb_source_record_bytes(const struct fb_source *source)
{
	return source->record_bytes;
}
