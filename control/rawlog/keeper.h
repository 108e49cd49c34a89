/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper: takes the packets of kept streams from the workers' taps and puts them into the raw log.
 *
 *   worker --tap--> collector thread: copies into blocks, frees the packet
 *          --queue--> disk thread: compresses, flushes, retains
 *
 * Two threads, so that packets go back to their pool at the speed of memory while the disk pauses.
 * Between them are memory.rawlog_mb of blocks; when those are used up, the disk is slower than the
 * wire, and retention_when_slow decides.
 *
 * Every datagram that a worker has tapped ends in one of enum fb_raw_disposition; until then it is
 * buffered. What was received at time t is durable by t + store.raw_flush_ms and the time of one
 * flush, while the disk keeps up.
 *
 * Threads: open, start, stop, close: the engine's thread of control; the rest any.
 */
#pragma once

#include "config/appliance/appliance.h"
#include "config/tables/disposition.h"
#include "dataplane/worker/worker.h"
#include "state/rawlog/rawlog.h"

struct fb_keeper;

/* Opens the log (also when no stream is kept: it can be read). FB_E_NO_MEMORY, FB_E_IO,
 * FB_E_CORRUPT: words in diags. */
int fb_keeper_open(const struct fb_appliance *appliance, struct fb_store *store,
	struct fb_diags *diags, struct fb_keeper **ret) FB_MUST_CHECK;
/* The sequence number that the next datagram of a stream on a worker is to have:
 * fb_worker_conf.tap_seqs. */
uint64_t fb_keeper_next_seq(const struct fb_keeper *keeper, uint32_t stream, uint32_t worker);
/* Before the start: it will have this one, which is not lower. */
void fb_keeper_resume(struct fb_keeper *keeper, uint32_t stream, uint32_t worker, uint64_t seq);
/*
 * Whether every datagram before `seq` of a stream on a worker is durable, or was given up and counted. A stream that is not
 * kept has nothing to wait for. Some of what was given up is known only with the next flush.
 */
bool fb_keeper_is_settled(const struct fb_keeper *keeper, uint32_t stream, uint32_t worker, uint64_t seq);
/* Whether any stream is kept: then workers need taps. */
bool fb_keeper_is_used(const struct fb_keeper *keeper);
/* Starts the threads. The workers outlive them. FB_E_NO_MEMORY. */
int fb_keeper_start(struct fb_keeper *keeper, struct fb_worker *const *workers,
	uint32_t worker_cnt) FB_MUST_CHECK;
/* After the workers have stopped: takes what is left on the taps, flushes, ends the threads. */
void fb_keeper_stop(struct fb_keeper *keeper);
void fb_keeper_close(struct fb_keeper *keeper);

struct fb_rawlog *fb_keeper_log(const struct fb_keeper *keeper);

/* Numbers of one stream, summed over workers, since the start. */
struct fb_keeper_stream {
	bool kept;
	uint64_t datagrams[FB_RAW_CNT]; /* FB_RAW_RING_FULL is the workers' and 0 here */
	uint64_t bytes[FB_RAW_CNT];     /* of payload */
	uint64_t buffered_datagrams;    /* taken from the taps, not in any of the above yet */
	uint64_t buffered_bytes;
	uint64_t tap_packets; /* still on the taps, of all streams */
	uint64_t file_cnt;    /* written since the start */
	uint64_t tail_commits;
	uint64_t flush_errors;
	uint64_t stored_bytes; /* all of the stream in the log now */
	uint64_t stored_datagrams;
	uint64_t stored_payload_bytes;
	int64_t first_arrival_ns; /* 0: nothing is stored */
	int64_t last_arrival_ns;
};

void fb_keeper_view_stream(struct fb_keeper *keeper, uint32_t stream, struct fb_keeper_stream *ret);
/* Why nothing can be written at the moment; "" if it can. */
#define FB_KEEPER_ERROR_BYTES 256
void fb_keeper_error(struct fb_keeper *keeper, char text[FB_KEEPER_ERROR_BYTES]);
