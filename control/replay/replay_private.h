/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of a run.
 *
 *   files.c, input.c   paths to blocks of lines
 *   cut.c              where each block's records begin, where they may span lines
 *   order.c            the watermark before each block
 *   turn.c             both: one block after the other
 *   core.c             one core: blocks to slices and row pages
 *   windows.c          slices of all cores to windows to rows
 *   replay.c           making it, the thread that takes from the cores, numbers
 *
 * The calling thread is the taker: it alone publishes, calls the caller, and has the windows. A core owns its reader; what it
 * hands over comes back to it by a list, since only the owner may return pages to a pool.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "config/base/calendar.h"
#include "control/replay/cut.h"
#include "control/replay/input.h"
#include "control/replay/order.h"
#include "control/replay/replay.h"
#include "control/window/assembly.h"
#include "dataplane/operator/expr.h"
#include "dataplane/operator/row.h"

/* A slice on its way from a core, or on its way back. */
struct fb_part {
	struct fb_part *next;
	struct fb_core *core;
	uint32_t query;
	struct fb_slice *slice; /* NULL: the watermark took the value mark_ms (fb_assembly_mark) */
	int64_t mark_ms;
};

/* The rows that plain queries made of one block. */
struct fb_rows_of_block {
	struct fb_rows_of_block *next;
	struct fb_core *core;
	uint64_t seq;
	struct fb_row_page *pages;
};

struct fb_core {
	struct fb_replay *replay;
	uint32_t index;
	pthread_t thread;
	bool started;
	struct fb_reader *reader;
	struct fb_block block;
	int rc;
	/* written by the core, read by the taker */
	FB_CACHE_ALIGNED _Atomic int64_t watermark_ms; /* no slice of a window that this completes comes any more */
	_Atomic uint64_t records;
	_Atomic bool done;
	/* under the replay's lock: on the way back */
	struct fb_part *returned_parts;
	struct fb_row_page *returned_pages;
	pthread_cond_t returned;
	bool marks_lost;    /* no memory to hand them over */
	uint32_t parts_out; /* handed over and not returned */
	uint32_t pages_out;
};

/* A query behind the cores. The taker's. */
struct fb_query_out {
	struct fb_replay *replay;
	uint32_t index;
	const struct fb_query_plan *plan;
	struct fb_slice_layout *layout; /* NULL: plain */
	struct fb_assembly *assembly;   /* of windows */
	struct fb_part *spare;          /* as many as slices are lent to the assembly */
	struct fb_type *types;          /* of the select list */
	struct fb_buf rows;             /* encoded, on their way to the caller */
	uint64_t row_cnt;
	struct fb_replay_query numbers;
};

struct fb_replay {
	const struct fb_replay_conf *conf;
	struct fb_buf *message;
	struct fb_input *input;
	struct fb_order order;
	struct fb_cut cut;
	struct fb_csv_lines lines;
	bool spans_lines; /* records may, by `lines`; blocks pass the cut */
	uint64_t pool_bytes; /* of state, per query and core */
	bool ordered; /* blocks pass the order: windows, as a stream, on several cores */
	bool has_windows;
	bool has_plain;
	uint32_t core_cnt;
	struct fb_core *cores;
	struct fb_query_out *queries;
	const struct fb_query_plan **first_levels; /* of the queries: what the cores run */
	_Atomic bool stop; /* the run has failed */
	_Atomic int64_t published_ms; /* windows complete by this are published, and what they alone needed is returned */
	pthread_mutex_t lock; /* of the lists and of the cores' */
	pthread_cond_t arrived;
	struct fb_part *parts_head, **parts_tail;
	struct fb_rows_of_block *rows_head, **rows_tail;
	/* the taker's */
	struct fb_rows_of_block *rows_waiting; /* by number */
	uint64_t next_seq;
	uint64_t result_rows;
};

#define FB_REPLAY_PAGE_BYTES (16u << 20) /* of rows, per plain query and core */

/* The body of a core's thread. */
void *fb_core_main(void *core);
/* To its owner, to be returned to its pool. Taker. */
void fb_core_return_part(struct fb_part *part);
void fb_core_return_pages(struct fb_core *core, struct fb_row_page *pages);
/* Ends the run; cores stop at their next block. Any thread. */
void fb_replay_stop(struct fb_replay *replay);

/* ---- windows.c; all of the taker ---- */

int fb_windows_open(struct fb_query_out *query, uint64_t pool_bytes) FB_MUST_CHECK;
void fb_windows_close(struct fb_query_out *query);
/* Takes the part, also where it fails. */
int fb_windows_add(struct fb_query_out *query, struct fb_part *part) FB_MUST_CHECK;
/* Of all queries. */
int fb_windows_mark(struct fb_replay *replay, int64_t mark_ms) FB_MUST_CHECK;
/* Publishes what is complete by this watermark, oldest first. */
int fb_windows_publish(struct fb_query_out *query, int64_t watermark_ms) FB_MUST_CHECK;

/* The numbers of the levels of a cascade; once, at the end. */
void fb_windows_levels(struct fb_query_out *query);

/* Gives the caller the rows gathered. */
int fb_query_out_flush(struct fb_query_out *query) FB_MUST_CHECK;
