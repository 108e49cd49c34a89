/* SPDX-License-Identifier: Apache-2.0 */
/* Ports: opening, starting, closing. EAL is in eal.c, what the wire counted in stats.c. */
#include "dataplane/port/port_private.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#define TX_DESCRIPTORS 512
#define POOL_CACHE 256
#define FRAME_OVERHEAD (RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN + 8) /* two VLAN tags */

static int fail(struct fb_diags *diags, const struct fb_port_conf *conf, const char *hint,
	const char *what, int rc)
{
	fb_diags_add(diags, FB_ERROR_SEVERITY, (struct fb_place){0}, hint, "port %s (%s): %s%s%s",
		conf->name, conf->device, what, rc < 0 ? ": " : "",
		rc < 0 ? rte_strerror(-rc) : "");
	return FB_E_DEVICE;
}

/* ---- configuration ---- */

static int parse_addresses(struct fb_port *port, struct fb_diags *diags)
{
	for (uint32_t i = 0; i < port->conf->addresses_count; i++) {
		char text[64];
		struct in_addr ip;
		char *slash;

		snprintf(text, sizeof(text), "%s", port->conf->addresses[i]);
		slash = strchr(text, '/');
		if (slash != NULL)
			*slash = '\0';
		if (port->address_cnt == FB_PORT_ADDRESS_MAX || inet_pton(AF_INET, text, &ip) != 1)
			return fail(diags, port->conf,
				"write IPv4 addresses with prefix, such as 10.9.0.1/24; at most 8",
				"an address is not valid", 0);
		port->addresses[port->address_cnt++] =
			(struct fb_port_address){.ip = ntohl(ip.s_addr),
				.prefix_len = (uint8_t)(slash ? atoi(slash + 1) : 32)};
	}
	return 0;
}

static struct rte_eth_conf device_conf(
	const struct fb_port *port, const struct rte_eth_dev_info *info)
{
	struct rte_eth_conf eth = {0};
	uint64_t wanted = RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM;

	/* Checksums where the device offers them; merges of packets (LRO, GRO) never: payload
	 * borders would be lost. */
	eth.rxmode.offloads = info->rx_offload_capa & wanted;
	if (port->queue_cnt > 1 && info->flow_type_rss_offloads != 0) {
		eth.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		eth.rx_adv_conf.rss_conf.rss_hf = info->flow_type_rss_offloads &
						  (RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_UDP);
	}
	return eth;
}

static int create_pool(
	struct fb_port *port, const struct fb_appliance *appliance, uint16_t rx_descriptors)
{
	uint32_t payload = FB_MAX(port->conf->mtu + FRAME_OVERHEAD + FB_PORT_PAD_BYTES, 2048u);
	uint32_t room = RTE_PKTMBUF_HEADROOM + (payload + 63) / 64 * 64;
	uint32_t element = room + (uint32_t)sizeof(struct rte_mbuf) + 64;
	uint32_t needed =
		port->queue_cnt * (rx_descriptors + TX_DESCRIPTORS + 2 * 32u + POOL_CACHE * 2u);
	uint32_t wanted = (uint32_t)(((uint64_t)appliance->memory.packet_mb << 20) / element);
	char name[RTE_MEMPOOL_NAMESIZE];

	port->spare_packets = FB_MAX(needed, wanted) - needed;
	snprintf(name, sizeof(name), "fb_port_%u", port->id);
	port->pool = rte_pktmbuf_pool_create(name, FB_MAX(needed, wanted), POOL_CACHE, 0,
		(uint16_t)FB_MIN(room, 65535u), port->socket);
	return port->pool ? 0 : FB_E_NO_MEMORY;
}

static int setup_queues(struct fb_port *port, const struct rte_eth_dev_info *info,
	struct fb_diags *diags, const struct fb_appliance *appliance)
{
	struct rte_eth_conf eth = device_conf(port, info);
	uint16_t rx = (uint16_t)port->conf->rx_descriptors;
	uint16_t tx = TX_DESCRIPTORS;
	int rc = rte_eth_dev_configure(port->id, port->queue_cnt, port->queue_cnt, &eth);

	if (rc != 0)
		return fail(diags, port->conf, "set queues to what the device has",
			"the device refuses its configuration", rc);
	port->rx_checksum_ip = eth.rxmode.offloads & RTE_ETH_RX_OFFLOAD_IPV4_CKSUM;
	port->rx_checksum_udp = eth.rxmode.offloads & RTE_ETH_RX_OFFLOAD_UDP_CKSUM;
	/* Virtual devices often cannot set what they do not limit. */
	rc = rte_eth_dev_set_mtu(port->id, (uint16_t)port->conf->mtu);
	if (rc != 0 && rc != -ENOTSUP && info->max_mtu != 0 && port->conf->mtu > info->max_mtu) {
		char what[96];

		snprintf(what, sizeof(what), "MTU %u is too large; the device takes %u",
			port->conf->mtu, info->max_mtu);
		return fail(diags, port->conf, "lower mtu", what, rc);
	}
	rte_eth_dev_adjust_nb_rx_tx_desc(port->id, &rx, &tx);
	if (create_pool(port, appliance, rx) != 0) {
		fail(diags, port->conf,
			"raise memory.packet_mb or lower rx_descriptors; with hugepages, reserve "
			"more",
			"no memory for packet buffers", 0);
		return FB_E_NO_MEMORY;
	}
	for (uint16_t q = 0; q < port->queue_cnt; q++) {
		rc = rte_eth_rx_queue_setup(
			port->id, q, rx, (unsigned)port->socket, NULL, port->pool);
		if (rc == 0)
			rc = rte_eth_tx_queue_setup(port->id, q, tx, (unsigned)port->socket, NULL);
		if (rc != 0)
			return fail(diags, port->conf, NULL, "a queue cannot be set up", rc);
	}
	return 0;
}

static int set_mac(struct fb_port *port, struct fb_diags *diags)
{
	struct rte_ether_addr mac;
	int rc;

	if (port->conf->mac != NULL && port->conf->mac[0] != '\0') {
		if (rte_ether_unformat_addr(port->conf->mac, &mac) != 0)
			return fail(diags, port->conf, "write it as 02:00:00:00:00:01",
				"mac is not valid", 0);
		rc = rte_eth_dev_default_mac_addr_set(port->id, &mac);
		if (rc != 0)
			return fail(diags, port->conf, "leave mac out to use the device's own",
				"mac cannot be set", rc);
	}
	rc = rte_eth_macaddr_get(port->id, &mac);
	if (rc != 0)
		return fail(diags, port->conf, NULL, "the MAC cannot be read", rc);
	memcpy(port->mac, mac.addr_bytes, sizeof(port->mac));
	return 0;
}

static int open_device(
	struct fb_port *port, const struct fb_appliance *appliance, struct fb_diags *diags)
{
	const struct fb_port_conf *conf = port->conf;
	struct rte_eth_dev_info info;
	char name[64];
	int rc;

	fb_port_device_name(conf->device, name, sizeof(name));
	if (rte_eth_dev_get_port_by_name(name, &port->id) != 0)
		return fail(diags, conf,
			"a PCI device must be bound to vfio-pci (dpdk-devbind.py); a vdev string "
			"begins with its driver, "
			"such as net_tap0,iface=forebay0",
			"no such device", 0);
	rc = rte_eth_dev_info_get(port->id, &info);
	if (rc != 0)
		return fail(diags, conf, NULL, "the device does not answer", rc);
	if (conf->queues > info.max_rx_queues || conf->queues > info.max_tx_queues) {
		char what[96];

		snprintf(what, sizeof(what), "%u queues asked for, but the device has %u",
			conf->queues, FB_MIN(info.max_rx_queues, info.max_tx_queues));
		return fail(diags, conf, "lower queues", what, 0);
	}
	port->queue_cnt = (uint16_t)conf->queues;
	port->socket = rte_eth_dev_socket_id(port->id);
	snprintf(port->driver, sizeof(port->driver), "%s", info.driver_name);
	rc = setup_queues(port, &info, diags, appliance);
	return rc ? rc : set_mac(port, diags);
}

int fb_port_open(const struct fb_port_conf *conf, const struct fb_appliance *appliance,
	struct fb_diags *diags, struct fb_port **ret)
{
	struct fb_port *port = calloc(1, sizeof(*port));
	char carrier[64];
	int rc;

	if (port == NULL)
		return FB_E_NO_MEMORY;
	port->conf = conf;
	port->socket = SOCKET_ID_ANY;
	port->id = UINT16_MAX;
	fb_port_interface(conf->device, port->interface, sizeof(port->interface));
	if (!conf->force && fb_port_carries_default_route(conf->device, carrier, sizeof(carrier))) {
		fb_diags_add(diags, FB_ERROR_SEVERITY, (struct fb_place){0},
			"take another device; or set force: true, and this machine's network goes "
			"through forebay's hands",
			"port %s (%s) carries this machine's default route (interface %s)",
			conf->name, conf->device, carrier);
		free(port);
		return FB_E_PERMISSION;
	}
	rc = parse_addresses(port, diags);
	if (rc == 0)
		rc = open_device(port, appliance, diags);
	if (rc != 0) {
		fb_port_close(port);
		return rc;
	}
	*ret = port;
	return 0;
}

int fb_port_start(struct fb_port *port, struct fb_diags *diags)
{
	int rc;

	port->interface_base = fb_port_wire_count(port);
	rc = rte_eth_dev_start(port->id);
	if (rc != 0)
		return fail(diags, port->conf, NULL, "the device does not start", rc);
	port->started = true;
	rc = port->conf->promiscuous ? rte_eth_promiscuous_enable(port->id)
				     : rte_eth_promiscuous_disable(port->id);
	if (rc != 0 && rc != -ENOTSUP && port->conf->promiscuous)
		return fail(diags, port->conf, "set promiscuous: false",
			"promiscuous mode cannot be set", rc);
	return 0;
}

void fb_port_close(struct fb_port *port)
{
	if (port == NULL)
		return;
	if (port->id != UINT16_MAX) {
		if (port->started)
			rte_eth_dev_stop(port->id);
		rte_eth_dev_close(port->id);
	}
	rte_mempool_free(port->pool);
	free(port);
}
