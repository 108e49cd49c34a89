/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of a worker: shared by its poll loop (worker.c) and its control side (worker_control.c).
 */
#pragma once

#include "dataplane/worker/mail_ring.h"
#include "dataplane/worker/tap.h"
#include "dataplane/worker/worker.h"

#define FB_WORKER_QUEUE_MAX 8
#define FB_WORKER_MAIL_CAP 4096
#define FB_WORKER_WAITING_MAX 512

/* What the tap knows of a stream. */
struct tap_stream {
	bool kept;
	uint64_t first_seq; /* of this run */
	uint64_t next_seq;
	int64_t watermark_ms; /* of a reader, before the burst: what its records were judged by */
	int64_t seen_ms;      /* the same, after the burst */
	struct fb_tap_burst burst; /* event times of the burst at hand; definition 0: not known */
	bool begun; /* its first datagram has told of them */
};

enum slot_state {
	SLOT_FREE,
	SLOT_RUNNING,
	SLOT_ENDING,  /* end of input: hands over what is sealed, then everything is */
	SLOT_KEEPING, /* stops: hands over open slices as they are */
};

struct reader_slot {
	enum slot_state state;
	uint32_t stream;
	uint32_t query_cnt;
	struct fb_reader *reader;
	struct fb_watermark_board *board;
	struct fb_reader_epoch *epoch; /* a checkpoint is asked for; NULL: none */
	uint32_t epoch_cnt;  /* checkpoints taken */
	uint64_t datagrams;  /* fed to the reader */
	int64_t reported_ms; /* watermark that the control plane knows */
	int64_t idle_timeout_ms; /* 0 = never idle */
	uint64_t received_tsc;
	uint64_t rows_tsc;
	enum fb_line_state line; /* as on the board */
	bool touched; /* fed in this turn */
};

struct fb_worker {
	/* the poll-mode core's */
	uint32_t index;
	uint32_t queue_cnt;
	uint32_t stream_cnt;
	bool stopped;
	bool paused;
	bool was_busy; /* the last poll brought something */
	bool slept;    /* since the last poll */
	uint64_t turns;
	uint64_t last_tsc;
	uint64_t housekeeping_tsc;
	uint64_t publish_tsc;
	uint64_t tsc_per_ms;
	struct fb_worker_queue queues[FB_WORKER_QUEUE_MAX];
	struct fb_net nets[FB_WORKER_QUEUE_MAX];
	struct fb_worker_stream streams[FB_NET_STREAM_MAX];
	struct reader_slot slots[FB_WORKER_READER_MAX];
	uint32_t slot_end; /* slots below may be in use */
	bool has_tap;
	bool tap_back_off;
	struct tap_stream taps[FB_NET_STREAM_MAX];
	struct fb_spsc tap;
	struct fb_spsc import;     /* import.h: packets of a capture */
	struct fb_net import_net;  /* written by control while the ring is empty */
	struct fb_report waiting[FB_WORKER_WAITING_MAX];
	uint32_t waiting_at;
	uint32_t waiting_cnt;
	struct fb_worker_snapshot numbers;
	/* between the core and the control plane */
	struct fb_mail_ring mail;
	struct fb_mail_ring reports;
	FB_CACHE_ALIGNED _Atomic uint32_t snapshot_seq; /* odd: being written */
	struct fb_worker_snapshot snapshot;
	/* the control plane's */
	uint32_t core;
	uint32_t idle_sleep_us;
	bool launched;
};

/* import.c. A burst of a capture: where its packets come from, to be fed as what a port brought. Hot. */
uint16_t fb_worker_take_import(struct fb_worker *worker, struct rte_mbuf **packets, struct fb_datagram *datagrams,
	int64_t *arrival_ns, uint16_t *ret_cnt);
/* One turn; true if packets came. Hot. */
bool fb_worker_poll(struct fb_worker *worker);
/* Copies the numbers to where fb_worker_snapshot reads them. Hot. */
void fb_worker_publish(struct fb_worker *worker);
