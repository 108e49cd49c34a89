/* SPDX-License-Identifier: Apache-2.0 */
/* Replay jobs (control/recompute) as the views of the engine have them: for the API, the metrics and the ledger. */
#pragma once

#include "control/sink/sink.h"
#include "dataplane/operator/reader.h"

enum fb_replay_state {
	FB_REPLAY_RUNNING,
	FB_REPLAY_DELIVERING, /* all rows are made; the sink has not taken all of them */
	FB_REPLAY_DONE,
	FB_REPLAY_FAILED,
	FB_REPLAY_CANCELLED,
};

/* A query of a replay job (control/recompute). */
struct fb_replay_query_view {
	const char *name;
	bool windowed;
	bool stored;   /* its rows are kept, for who asked or for a sink */
	bool finished; /* the numbers below are whole: its source was read to the end */
	struct fb_query_counters counters;
	uint64_t decoded;
	uint64_t windows;
	uint64_t window_rows;
	uint64_t dropped_groups;
	uint64_t result_rows; /* as the replay counts them */
	uint64_t stored_rows; /* in the store */
	bool delivers;
	struct fb_delivery_status delivery;
	/* compared with what is published */
	bool verified;
	uint64_t compared_windows;
	uint64_t different_windows;
	uint64_t missing_rows, extra_rows, changed_rows;
	uint64_t unpublished_windows; /* left out: not published yet */
	uint64_t expired_windows;     /* left out: retention has removed published rows */
	uint64_t corrected_rows;      /* rows appended to the published results */
};

struct fb_replay_job_view {
	uint64_t id;
	const char *name; /* of the file, or of the pipeline that is repaired */
	const char *against; /* the pipeline that it is compared with; "" if none */
	const char *into;    /* sink table; "" if none */
	enum fb_replay_state state;
	bool batch;
	bool verifies;
	bool publishes;
	bool repair;
	int64_t from_ms, to_ms;
	int64_t created_ms, ended_ms; /* wall clock; ended 0: not yet */
	int64_t run_ns;               /* it has worked for so long, of all runs of the daemon */
	uint32_t threads, read_mb_s, cpu_percent;
	uint64_t bytes, total_bytes, records;
	double share; /* of the work, 0 … 1 */
	uint64_t missing_datagrams, damaged_datagrams; /* of the range, not in the log any more, or unreadable */
	struct fb_decode_counters decode; /* of sources that were read to their end */
	const char *error;
	uint32_t query_cnt;
	const struct fb_replay_query_view *queries;
};
