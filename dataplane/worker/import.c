/* SPDX-License-Identifier: Apache-2.0 */
/* Packets of captures, as the worker takes them. Hot. */
#include "dataplane/worker/import.h"

#include <string.h>

#include <rte_mbuf.h>

#include "dataplane/worker/worker_private.h"

/* Right before the frame: the headroom is nobody's. */
static int64_t time_of(const struct rte_mbuf *packet)
{
	int64_t ns;

	memcpy(&ns, rte_pktmbuf_mtod(packet, const uint8_t *) - sizeof(ns), sizeof(ns));
	return ns;
}

static bool has_room(const struct fb_worker *worker)
{
	for (uint32_t i = 0; i < worker->slot_end; i++)
		if (worker->slots[i].state == SLOT_RUNNING && !fb_reader_has_room(worker->slots[i].reader))
			return false;
	return worker->waiting_cnt == 0;
}

/* Packets of streams, compacted to the front; the others are counted and freed. Returns how many were looked at. */
uint16_t fb_worker_take_import(struct fb_worker *worker, struct rte_mbuf **packets, struct fb_datagram *datagrams,
	int64_t *arrival_ns, uint16_t *ret_cnt)
{
	struct fb_net *net = &worker->import_net;
	uint16_t taken;
	uint16_t cnt = 0;
	uint32_t echoes = 0;

	*ret_cnt = 0;
	if (fb_spsc_count(&worker->import) == 0 || !has_room(worker) ||
		(worker->has_tap && !fb_spsc_has_room(&worker->tap, FB_NET_BURST)))
		return 0;
	taken = (uint16_t)fb_spsc_poll_many(&worker->import, (void **)packets, FB_NET_BURST);
	for (uint16_t i = 0; i < taken; i++) {
		struct rte_mbuf *packet = packets[i];
		enum fb_packet_disposition disposition;

		arrival_ns[cnt] = time_of(packet);
		net->counters.packets++;
		net->counters.bytes += rte_pktmbuf_pkt_len(packet);
		disposition = fb_net_classify(net, packet, &echoes, &datagrams[cnt]);
		net->counters.disposition[disposition]++;
		if (disposition == FB_PKT_STREAM)
			packets[cnt++] = packet;
		else
			rte_pktmbuf_free(packet);
	}
	*ret_cnt = cnt;
	return taken;
}
