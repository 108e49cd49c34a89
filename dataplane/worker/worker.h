/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker: one poll-mode core. Receives bursts from its port queues, classifies them, feeds the
 * readers of each stream, seals, reports; answers its mailbox and publishes its numbers at a
 * housekeeping interval.
 *
 *     created --(fb_worker_start)--> polling --(FB_MAIL_STOP)--> stopped
 *
 * After start the core does no malloc, lock, system call or log. The one exception is the
 * micro-sleep of an idle core (cores.idle_sleep_us), entered only after many empty polls; idle and
 * busy time are counted apart.
 */
#pragma once

#include "config/base/spsc.h"
#include "dataplane/net/net.h"
#include "dataplane/worker/mail.h"

#define FB_WORKER_READER_MAX 64

struct fb_worker_queue {
	const struct fb_port *port;
	uint16_t queue;
};

/* A UDP port of a port, as a number that readers are attached to. */
struct fb_worker_stream {
	const struct fb_port *port;
	uint16_t udp_port;
	uint32_t stream;         /* its index in fb_worker_conf.streams */
	int64_t idle_timeout_ms; /* 0 = never idle */
	bool kept;               /* for the raw log: its packets are handed over on the tap */
	bool back_off;           /* its port is not polled while the tap is full */
};

struct fb_worker_conf {
	uint32_t index; /* 0 …: also its line on watermark boards */
	uint32_t core;  /* DPDK lcore */
	uint32_t idle_sleep_us;
	bool paused; /* do not touch the ports before FB_MAIL_RECEIVE */
	const struct fb_worker_queue *queues;
	uint32_t queue_cnt;
	const struct fb_worker_stream *streams;
	uint32_t stream_cnt;
	const uint64_t *tap_seqs; /* per stream: sequence number of its next datagram on this
				     worker; NULL: from 0 */
	uint32_t tap_cap;         /* packets on the tap; 0: there is none. At most half of what the
				     pools hold, or reception starves */
};

/* Numbers of one reader on one worker, as of one moment. */
struct fb_reader_snapshot {
	bool used;
	int64_t own_watermark_ms;
	int64_t watermark_ms;
	bool active;
	uint64_t datagrams; /* of its stream, from READER_ADD to END or KEEP: = decode.payloads */
	struct fb_decode_counters decode;
	uint32_t query_cnt;
	struct fb_query_counters queries[16];
};

/*
 * What a reader had done at a checkpoint: everything before log_seq, and nothing behind it, is in these
 * numbers and in the slices and rows that it has handed over. The memory is the control plane's; the
 * worker fills it between CHECKPOINT mail and CHECKPOINT report.
 */
struct fb_reader_epoch {
	bool refused; /* fb_reader_can_checkpoint: not all was handed over, so it must not be written */
	uint64_t log_seq; /* of its stream on this worker: the next datagram's */
	int64_t own_watermark_ms;
	int64_t watermark_ms;
	uint64_t datagrams;
	struct fb_decode_counters decode;
	struct fb_query_counters queries[16];
};

struct fb_stream_counters {
	uint64_t datagrams;
	uint64_t bytes;
	uint64_t unread_datagrams; /* no pipeline reads the stream */
	/* a kept stream: datagrams = tapped + tap_full */
	uint64_t tapped_datagrams; /* handed over */
	uint64_t tapped_bytes;
	uint64_t tap_full_datagrams; /* FB_RAW_RING_FULL */
	uint64_t tap_full_bytes;
};

/* All numbers of a worker as of one moment: they add up. */
struct fb_worker_snapshot {
	uint64_t published; /* how often numbers have been published: two more means all newer than
			       now */
	uint64_t polls;
	uint64_t empty_polls;
	uint64_t bursts;
	uint64_t busy_cycles; /* TSC */
	uint64_t idle_cycles;
	uint64_t sleeps;
	uint64_t longest_gap_cycles; /* between two polls that did not sleep */
	uint64_t report_ring_full;   /* times a report had to wait */
	uint64_t tap_back_offs; /* polls of a queue that were left out because the tap was full */
	uint32_t net_cnt;
	struct fb_net_counters net[8]; /* per queue of conf */
	struct fb_net_counters imported; /* packets of captures (import.h) */
	struct fb_stream_counters streams[FB_NET_STREAM_MAX];
	struct fb_reader_snapshot readers[FB_WORKER_READER_MAX];
};

struct fb_worker;

/* Control thread. FB_E_NO_MEMORY, FB_E_FULL (too many streams). */
int fb_worker_create(const struct fb_worker_conf *conf, struct fb_worker **ret) FB_MUST_CHECK;
/* Launches it on its lcore. FB_E_BUSY. */
int fb_worker_start(struct fb_worker *worker) FB_MUST_CHECK;
/* Waits for the core after FB_REPORT_STOPPED. */
void fb_worker_join(struct fb_worker *worker);
void fb_worker_destroy(struct fb_worker *worker);

/* One turn of the poll loop: what fb_worker_start repeats. For tests and benches. Hot. */
void fb_worker_turn(struct fb_worker *worker);

/* The tap: packets of kept streams, each with a note (tap.h), for one thread to take and free.
 * Lives as long as the worker. */
struct fb_spsc *fb_worker_tap(struct fb_worker *worker);

/* Control thread (one). Copies the mail. FB_E_AGAIN: mailbox full. FB_E_INVALID: no such slot or
 * stream. */
int fb_worker_send(struct fb_worker *worker, const struct fb_mail *mail) FB_MUST_CHECK;
/* Control thread (one). Copies the next report; false: none. */
bool fb_worker_receive(struct fb_worker *worker, struct fb_report *ret_report);

/* TSC ticks per second as measured, not as DPDK rounds them. Any thread. */
double fb_worker_tsc_hz(void);

/* Any thread: a consistent copy of the numbers as published last (at most one housekeeping interval
 * old). */
void fb_worker_snapshot(const struct fb_worker *worker, struct fb_worker_snapshot *ret);
