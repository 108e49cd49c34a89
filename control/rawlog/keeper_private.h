/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the keeper: keeper.c (life, numbers), collect.c (taps to blocks), disk.c (blocks to the
 * log). */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "config/base/spsc.h"
#include "control/rawlog/keeper.h"
#include "dataplane/worker/tap.h"

#define FB_KEEPER_TAP_BATCH 64

/* A block's memory. In one place at a time: free list, a lane (being filled), queue, or the log's
 * (pending). */
struct keeper_buffer {
	struct keeper_buffer *next;
	struct keeper_lane *lane;
	struct fb_block_fill fill;
	struct fb_tap_burst times; /* of all its bursts; definition 0: not known, or none yet */
	int64_t begun_ns; /* monotonic */
	uint8_t bytes[FB_BLOCK_BYTES];
};

/* A kept stream on a worker. */
struct keeper_lane {
	const struct fb_stream_conf *conf;
	uint32_t stream; /* index in the appliance file */
	uint32_t worker;
	uint32_t stream_id;
	uint8_t port;
	struct fb_rawlog_appender *appender;
	/* the collector's */
	struct keeper_buffer *open;
	struct fb_tap_burst burst; /* of the last datagram; definition 0: not known */
	int64_t last_arrival_ns;
	/* the disk thread's */
	int64_t pending_since_ns; /* monotonic; 0: nothing is pending */
	int64_t retry_ns;         /* after an error: not before */
	/* written by one of them, read by any */
	_Atomic uint64_t settled_seq; /* datagrams before it are durable, or given up and counted */
	_Atomic uint64_t taken_datagrams, taken_bytes;
	_Atomic uint64_t dropped_datagrams[FB_RAW_CNT], dropped_bytes[FB_RAW_CNT];
};

struct keeper_tap {
	struct fb_spsc *ring;
	void *packets[FB_KEEPER_TAP_BATCH];
	uint32_t at; /* of cnt: those before are in a block, or dropped */
	uint32_t cnt;
};

struct fb_keeper {
	const struct fb_appliance *appliance;
	struct fb_rawlog *log;
	int64_t flush_ns;
	uint32_t lane_cnt;
	struct keeper_lane *lanes;
	struct keeper_lane **by_stream; /* [stream * workers + worker]; NULL: not kept there */
	uint32_t worker_cnt;
	struct keeper_tap taps[FB_WORKER_MAX];
	double ns_per_tsc;
	pthread_t collector;
	pthread_t disk;
	bool started;
	_Atomic bool quit;       /* the collector drains and ends */
	_Atomic bool taps_empty; /* it has: the disk thread flushes and ends */
	pthread_mutex_t lock;    /* everything below */
	pthread_cond_t filled;
	struct keeper_buffer *free;
	struct keeper_buffer *queue; /* sealed by the collector, oldest first */
	struct keeper_buffer **queue_end;
	uint32_t buffer_cnt; /* made so far */
	uint32_t buffer_max;
	char error[FB_KEEPER_ERROR_BYTES];
};

static inline void keeper_count(_Atomic uint64_t *counter, uint64_t more)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + more,
		memory_order_release);
}

static inline void keeper_drop(
	struct keeper_lane *lane, enum fb_raw_disposition why, uint64_t datagrams, uint64_t bytes)
{
	keeper_count(&lane->dropped_datagrams[why], datagrams);
	keeper_count(&lane->dropped_bytes[why], bytes);
}

/* NULL: all are in use. */
struct keeper_buffer *keeper_get_buffer(struct fb_keeper *keeper);
void keeper_put_buffer(struct fb_keeper *keeper, struct keeper_buffer *buffer);

void *keeper_collect(void *keeper);
void *keeper_write(void *keeper);
