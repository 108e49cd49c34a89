/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the control plane and a worker say to each other. Control talks to a core through its
 * mailbox, a core answers through one report ring; nothing else is shared but the published
 * counters and watermarks.
 *
 * A message passes ownership of what it points to. The sender of a mail allocates it, the receiver
 * of a report gives its memory back: reports are FB_REPORT_* structs of the worker's own stock,
 * returned by FB_MAIL_REPORT_FREE.
 */
#pragma once

#include <stdatomic.h>

#include "dataplane/operator/reader.h"

enum fb_mail_kind {
	FB_MAIL_RECEIVE, /* the ports have been started: announce and poll them (worker conf.paused)
			  */
	FB_MAIL_PAUSE,   /* the ports are not polled any more, until RECEIVE */
	FB_MAIL_READER_ADD,  /* reader, slot, stream: starts to feed it; answered by READER_ADDED */
	FB_MAIL_READER_END,  /* slot: end of input, watermark +infinity, all slices sealed; answered
				by READER_DONE */
	FB_MAIL_READER_KEEP, /* slot, epoch (or NULL): stops, hands over all open slices as they
				are; answered by READER_DONE */
	FB_MAIL_CHECKPOINT,  /* slot, epoch: hands over rows and all open slices as they are, and goes
				on with new ones; answered by CHECKPOINT */
	FB_MAIL_READER_RAISE, /* slot, watermark_ms: the reader's own watermark goes on from here, if it is
				not beyond it */
	FB_MAIL_SLICE_FREE,  /* slot, query, slice: back to its pool */
	FB_MAIL_ROWS_FREE,   /* slot, rows */
	FB_MAIL_STOP,        /* leave the poll loop; answered by STOPPED */
};

struct fb_mail {
	enum fb_mail_kind kind;
	uint32_t slot; /* reader slot, the same number on every worker */
	uint32_t query;
	uint32_t stream;
	struct fb_reader *reader;
	struct fb_slice *slice;
	struct fb_row_page *rows;
	struct fb_watermark_board *board; /* READER_ADD */
	struct fb_reader_epoch *epoch;    /* CHECKPOINT, READER_KEEP */
	int64_t idle_timeout_ms; /* READER_ADD: the query's own (rule M8); 0 = the stream's */
	bool active; /* READER_ADD: it had received something before, and holds the others' watermark back at once */
	int64_t watermark_ms; /* READER_RAISE */
};

enum fb_report_kind {
	FB_REPORT_READER_ADDED,
	FB_REPORT_SLICE,       /* slot, query, slice: sealed */
	FB_REPORT_SLICE_OPEN,  /* slot, query, slice: still open, after READER_KEEP or CHECKPOINT */
	FB_REPORT_ROWS,        /* slot, rows */
	FB_REPORT_MARK,        /* slot, watermark_ms: the reader's own took this value, on a grid of its configuration;
				  before a watermark beyond */
	FB_REPORT_WATERMARK,   /* slot, watermark_ms: everything that it completes has been reported
				  before */
	FB_REPORT_CHECKPOINT,  /* slot: the epoch is filled; what it counts was reported before */
	FB_REPORT_READER_DONE, /* slot: the reader is the control plane's again */
	FB_REPORT_STOPPED,
};

struct fb_report {
	enum fb_report_kind kind;
	uint32_t worker;
	uint32_t slot;
	uint32_t query;
	uint64_t log_seq; /* what it tells of came before this datagram of the reader's stream on this
			     worker */
	int64_t watermark_ms;
	struct fb_slice *slice;
	struct fb_row_page *rows;
	struct fb_reader *reader;
};

#define FB_WORKER_MAX 64

enum fb_line_state {
	FB_LINE_WAITING, /* nothing received yet */
	FB_LINE_ACTIVE,
	FB_LINE_IDLE, /* silent for the idle timeout, or ended */
};

/*
 * The watermarks of one source table, one line per worker: each worker writes its own, all read
 * all. Relaxed stores and loads: a stale value is lower, and a lower one only delays.
 *
 * The watermark is the minimum over the lines that are active: a queue that nothing was sent to does not
 * hold it back. The sources of a UNION ALL below a window have one watermark together (rule M3): their boards
 * form a ring, and the minimum is over all of them. There a source whose lines all wait does hold it back,
 * until it has sent something or its idle timeout is over.
 */
struct fb_watermark_board {
	uint32_t worker_cnt;
	struct fb_watermark_board *next; /* of the ring; NULL: alone */
	struct {
		FB_CACHE_ALIGNED _Atomic int64_t own_ms; /* FB_TIME_MIN: nothing yet */
		_Atomic uint32_t state;                  /* enum fb_line_state */
	} lines[FB_WORKER_MAX];
};
