/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sinks: where result rows go. Rows wait in the store; a delivery thread per query reads them from its cursor and hands
 * them to its sink; the cursor moves when the sink says that they have arrived. So a sink that is away costs
 * nothing but disk, and reception never waits.
 *
 *     delivery: read rows >= cursor -> sink.write -> sink.poll says "all before N have arrived" -> cursor = N
 *
 * A sink object belongs to its delivery thread. Errors that may pass (broker away, NameNode restarting) are
 * FB_E_AGAIN or FB_E_UNREACHABLE: delivery retries with back-off, the text is shown by `forebay status`.
 */
#pragma once

#include "config/appliance/appliance.h"
#include "config/base/buf.h"
#include "config/sql/plan.h"
#include "state/store/store.h"

struct fb_sink;

struct fb_sink_conf {
	const struct fb_query_plan *query; /* sink table, its options and types */
	const struct fb_appliance *appliance;
	const char *pipeline;
	uint32_t query_id;
	int64_t commit_interval_ms; /* file sinks: rows become visible at least so often */
	struct fb_store *store;     /* for what a sink must remember across restarts, under meta "sink/<query id>/";
				       NULL: a run that is not taken up again */
};

struct fb_sink_row {
	uint64_t seq;
	const uint8_t *bytes; /* fb_row_encode, types of query->sink->fields */
	uint32_t len;
	/* of a window that was corrected: what the row is, and of which revision (state/store: fb_store_window); else 0 */
	enum fb_store_change change;
	uint64_t revision;
};

/* One row of the table in sink.c per connector. */
struct fb_sink_ops {
	const char *connector;
	/* Opens; `next_seq` is the cursor: the first row that will be written. May succeed while the service is away. */
	int (*open)(const struct fb_sink_conf *conf, uint64_t next_seq, struct fb_buf *message, struct fb_sink **ret);
	/* Takes rows in order; *ret_taken of them. 0 or an error that may pass, with its text in message. */
	int (*write)(struct fb_sink *sink, const struct fb_sink_row *rows, uint32_t cnt, uint32_t *ret_taken,
		struct fb_buf *message);
	/*
	 * Makes progress (acknowledgements, timed commits; waits at most timeout_ms). *ret_next_seq: all rows below have
	 * arrived for good. flush: commit now what was taken.
	 */
	int (*poll)(struct fb_sink *sink, bool flush, int timeout_ms, uint64_t *ret_next_seq, struct fb_buf *message);
	/* Gives up what has not arrived. */
	void (*close)(struct fb_sink *sink);
};

/* NULL: no such connector. */
const struct fb_sink_ops *fb_sink_find(const char *connector);

/* ---- delivery ---- */

struct fb_delivery;

struct fb_delivery_status {
	uint64_t cursor;        /* rows below have arrived */
	uint64_t end;           /* rows below are in the store */
	uint64_t delivered;     /* rows since the pipeline was made: = cursor */
	uint64_t retries;
	bool waiting;           /* the sink is away */
	char message[256];      /* its last error; "" if all is well */
	int64_t last_ok_ms;     /* wall clock of the last arrival */
};

/* Starts the thread. The cursor is read from meta "cursor/<query id>". */
int fb_delivery_start(const struct fb_sink_conf *conf, struct fb_buf *message, struct fb_delivery **ret) FB_MUST_CHECK;
/* Tells that rows below `end` are in the store now. Any thread. */
void fb_delivery_notify(struct fb_delivery *delivery, uint64_t end);
/* Waits until all rows have arrived, at most timeout_ms. FB_E_TIMEOUT. */
int fb_delivery_drain(struct fb_delivery *delivery, int timeout_ms) FB_MUST_CHECK;
/* Stops the thread; what has not arrived stays in the store. */
void fb_delivery_stop(struct fb_delivery *delivery);
void fb_delivery_status(struct fb_delivery *delivery, struct fb_delivery_status *ret);
