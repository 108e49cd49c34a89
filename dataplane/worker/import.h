/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets of a capture, fed to a worker as if a port had brought them: the same classification, readers and tap, but with the time
 * of the capture as their arrival, and nothing is answered.
 *
 * A control thread puts them on a ring that the worker looks at in its housekeeping, when its ports are quiet or after some
 * hundred bursts; it does not take them while readers or tap have no room, so that the ring fills and the control thread waits:
 * of a capture nothing is lost to overload.
 *
 * All functions: one control thread at a time.
 */
#pragma once

#include "dataplane/worker/worker.h"

struct rte_mbuf;

#define FB_WORKER_IMPORT_CAP 256

/*
 * Before the first packet, and when all of an earlier capture have been taken. stream: every UDP datagram is this stream's, whatever
 * address and port it was sent to; UINT32_MAX: those are classified as on the port. FB_E_BUSY: not all have been taken.
 */
int fb_worker_import_begin(struct fb_worker *worker, const struct fb_port *port, uint32_t stream) FB_MUST_CHECK;
/*
 * A packet from the pool of a port, with 8 bytes of headroom, in which its time is noted (ns since 1970). False: the ring is full,
 * the packet stays the caller's.
 */
bool fb_worker_try_import(struct fb_worker *worker, struct rte_mbuf *packet, int64_t arrival_ns);
/* Packets that the worker has not taken yet. */
uint32_t fb_worker_import_waiting(const struct fb_worker *worker);
/* After the worker has stopped: gives back what it has not taken. */
void fb_worker_import_end(struct fb_worker *worker);
