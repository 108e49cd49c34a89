/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A port: one DPDK ethdev, PCI or virtual alike, with one RX and one TX queue per worker.
 * Only devices named in the appliance file are touched; one that carries the machine's default
 * route is refused.
 *
 * open, start, close and stats: control thread. Receiving is done by the worker straight through
 * rte_eth_rx_burst.
 */
#pragma once

#include "config/appliance/appliance.h"
#include "config/base/diag.h"
#include "config/base/errcode.h"

#define FB_PORT_MAC_BYTES 6
#define FB_PORT_ADDRESS_MAX 8

struct fb_port_address {
	uint32_t ip; /* host byte order */
	uint8_t prefix_len;
};

struct fb_port {
	const struct fb_port_conf *conf;
	uint16_t id; /* DPDK port id */
	uint16_t queue_cnt;
	uint8_t mac[FB_PORT_MAC_BYTES];
	bool rx_checksum_ip;  /* the device verifies IPv4 header checksums */
	bool rx_checksum_udp; /* and UDP's */
	uint32_t address_cnt;
	struct fb_port_address addresses[FB_PORT_ADDRESS_MAX];
	char driver[32];
	char interface[32]; /* kernel interface behind a virtual device (tap, af_packet, af_xdp);
			       else "" */
	int socket;         /* NUMA node, -1 unknown */
	struct rte_mempool *pool;
	uint32_t spare_packets; /* of the pool, beyond what queues and caches may hold */
	uint64_t interface_base; /* what the interface had counted before the start */
	uint64_t link_flap_cnt;
	bool started;
	bool link_known;
	bool link_up; /* at the last look */
};

/*
 * What the wire brought: wire = missed + no_mbuf + errors + received, where `wire` is counted below
 * us (NIC, or the kernel's counter of the interface behind a virtual device) and missed is what the
 * device says, or the rest.
 */
struct fb_port_stats {
	uint64_t wire_packets;
	uint64_t received_packets;
	uint64_t received_bytes;
	uint64_t missed_packets;
	uint64_t no_mbuf;
	uint64_t rx_errors;
	uint64_t sent_packets;
	uint64_t sent_bytes;
	bool wire_known; /* false: nobody below us counts; wire is then taken as the sum of the rest
			  */
	bool link_up;
	uint32_t link_mbps;
	uint64_t link_flap_cnt;
};

/* Starts EAL for the appliance (allow-list, memory, cores). Once per process. Errors in diags.
 * FB_E_DEVICE. */
int fb_eal_start(const struct fb_appliance *appliance, struct fb_diags *diags) FB_MUST_CHECK;
void fb_eal_stop(void);
/* The lcore of worker `index`: what fb_worker_conf.core takes. */
static inline uint32_t fb_eal_worker_lcore(uint32_t index)
{
	return index + 1;
}

/* Opens and configures, but does not receive yet. FB_E_DEVICE, FB_E_PERMISSION (default route),
 * FB_E_NO_MEMORY. */
int fb_port_open(const struct fb_port_conf *conf, const struct fb_appliance *appliance,
	struct fb_diags *diags, struct fb_port **ret) FB_MUST_CHECK;
int fb_port_start(struct fb_port *port, struct fb_diags *diags) FB_MUST_CHECK;
void fb_port_close(struct fb_port *port);
void fb_port_stats(struct fb_port *port, struct fb_port_stats *ret_stats);
