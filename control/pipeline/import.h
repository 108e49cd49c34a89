/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A capture file (pcap or pcapng, read by libpcap) as if its packets came now, with the times that it has. A thread reads it, copies
 * each packet into a buffer of the port's pool and gives it to worker 0 (dataplane/worker/import.h). It waits where worker, readers
 * or raw log have no room: nothing of a capture is lost to overload. One import at a time.
 */
#pragma once

#include "config/base/buf.h"
#include "config/base/errcode.h"
#include "dataplane/net/net.h"

struct fb_engine;

struct fb_import_conf {
	const char *path;       /* as the appliance sees it */
	const char *stream;     /* table: every UDP datagram is its, whatever address and port it was sent to. NULL: as on the first port */
	uint64_t packets_per_s; /* 0: no limit */
	double speed;           /* times the capture's own; 0: as fast as it goes */
};

/*
 * Begins it; what can be wrong with the file at its beginning is said at once, in `message`. FB_E_BUSY: one is under way;
 * FB_E_NOT_FOUND: no such file or stream; FB_E_UNSUPPORTED: not a capture of Ethernet; FB_E_PERMISSION, FB_E_IO, FB_E_NO_MEMORY.
 */
int fb_engine_import(struct fb_engine *engine, const struct fb_import_conf *conf, struct fb_buf *message) FB_MUST_CHECK;
/* The one under way ends with what it has given; returns when it has. */
void fb_engine_import_cancel(struct fb_engine *engine);

struct fb_import_view {
	bool any; /* since the start */
	bool active;
	bool cancelled;
	char path[256];
	char stream[128];    /* "": as on the port */
	char error[256];     /* why it ended before the end of the file; "" */
	uint64_t file_bytes;
	uint64_t read_bytes;
	uint64_t packets;    /* given to the worker */
	uint64_t oversized;  /* longer than a buffer of the port: left out */
	int64_t first_ns, last_ns; /* times of its packets, wall clock of the capture */
	double seconds;
	uint64_t disposition[FB_PKT_CNT]; /* what its packets became */
	/* over all imports since the start, for the ledger */
	uint64_t all_packets;
	struct fb_net_counters all;
};
