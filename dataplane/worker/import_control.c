/* SPDX-License-Identifier: Apache-2.0 */
/* Packets of captures, as the control plane gives them. */
#include "dataplane/worker/import.h"

#include <string.h>

#include <rte_mbuf.h>

#include "dataplane/worker/worker_private.h"

/* Right before the frame: the headroom is nobody's. */
static void note_time(struct rte_mbuf *packet, int64_t ns)
{
	memcpy(rte_pktmbuf_mtod(packet, uint8_t *) - sizeof(ns), &ns, sizeof(ns));
}

int fb_worker_import_begin(struct fb_worker *worker, const struct fb_port *port, uint32_t stream)
{
	struct fb_net_counters counters = worker->import_net.counters;
	struct fb_net *net = &worker->import_net;
	int rc = 0;

	/* With the ring empty the worker does not touch it; what it has counted was seen with the last packet that it took. */
	if (fb_worker_import_waiting(worker) > 0)
		return FB_E_BUSY;
	fb_net_init(net, port, 0);
	net->counters = counters;
	net->promiscuous = true;
	net->passive = true;
	net->any_address = stream != UINT32_MAX;
	for (uint32_t i = 0; rc == 0 && i < worker->stream_cnt; i++)
		if (stream == UINT32_MAX ? worker->streams[i].port == port : i == stream)
			rc = fb_net_bind(net, worker->streams[i].udp_port, i);
	return rc;
}

bool fb_worker_try_import(struct fb_worker *worker, struct rte_mbuf *packet, int64_t arrival_ns)
{
	note_time(packet, arrival_ns);
	return fb_spsc_try_publish(&worker->import, packet);
}

uint32_t fb_worker_import_waiting(const struct fb_worker *worker)
{
	return fb_spsc_count(&worker->import);
}

void fb_worker_import_end(struct fb_worker *worker)
{
	void *packet;

	while (fb_spsc_poll(&worker->import, &packet))
		rte_pktmbuf_free(packet);
}
