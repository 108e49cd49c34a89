/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <rte_ethdev.h>

#include "dataplane/port/port_private.h"

void fb_port_stats(struct fb_port *port, struct fb_port_stats *ret)
{
	struct rte_eth_stats stats = {0};
	struct rte_eth_link link = {0};

	rte_eth_stats_get(port->id, &stats);
	rte_eth_link_get_nowait(port->id, &link);
	*ret = (struct fb_port_stats){
		.received_packets = stats.ipackets,
		.received_bytes = stats.ibytes,
		.missed_packets = stats.imissed,
		.no_mbuf = stats.rx_nombuf,
		.rx_errors = stats.ierrors,
		.sent_packets = stats.opackets,
		.sent_bytes = stats.obytes,
		.link_up = link.link_status == RTE_ETH_LINK_UP,
		.link_mbps = link.link_speed == RTE_ETH_SPEED_NUM_UNKNOWN ? 0 : link.link_speed,
	};
	if (port->link_known && ret->link_up != port->link_up)
		port->link_flap_cnt++;
	port->link_known = true;
	port->link_up = ret->link_up;
	ret->link_flap_cnt = port->link_flap_cnt;

	/*
	 * Virtual devices do not say what they lost (imissed stays 0), but the kernel counts what
	 * it gave them. The kernel is read last: what arrived meanwhile shows as missed until the
	 * next look.
	 */
	if (port->interface[0] != '\0' && port->started) {
		/* An interface that somebody has removed counts nothing any more. */
		uint64_t count = fb_port_wire_count(port);
		uint64_t below = FB_MAX(count, port->interface_base) - port->interface_base;
		uint64_t known = ret->received_packets + ret->no_mbuf + ret->rx_errors;

		ret->wire_known = true;
		ret->wire_packets = FB_MAX(below, known);
		ret->missed_packets = ret->wire_packets - known;
	} else {
		ret->wire_known = fb_device_is_pci(port->conf->device);
		ret->wire_packets =
			ret->received_packets + ret->missed_packets + ret->no_mbuf + ret->rx_errors;
	}
}
