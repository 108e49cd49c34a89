/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of a run.
 *
 *   files.c, input.c, file_source.c   paths to blocks of lines to units
 *   datagen.c                         rows of connector datagen, as a pipe
 *   cut.c                             where each block's records begin, where they may span lines
 *   log_plan.c, log_source.c          headers of the raw log to blocks to units
 *   order.c, partitions.c             the watermarks that each unit begins with
 *   pace.c                            a thread's share of its core
 *   epoch.c                           a run's state to bytes, and back
 *   turn.c                            all three: one unit after the other
 *   core.c, core_run.c                one core: units to slices and row pages
 *   sides.c                           the tables of the run
 *   windows.c                         slices of all cores to windows to rows
 *   replay.c                          making it, the thread that takes from the cores
 *   numbers.c                         numbers and ledger
 *
 * The calling thread is the taker: it alone publishes, calls the caller, and has the windows. A core owns its reader; what it
 * hands over comes back to it by a list, since only the owner may return pages to a pool.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "config/base/calendar.h"
#include "control/replay/order.h"
#include "control/replay/pace.h"
#include "control/replay/partitions.h"
#include "control/replay/replay_log.h"
#include "control/replay/unit.h"
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

/* The rows that plain queries made of one unit. */
struct fb_rows_of_unit {
	struct fb_rows_of_unit *next;
	struct fb_core *core;
	uint64_t seq;
	struct fb_row_page *pages;
};

/* A table of the run, and what its readers do. Of a UNION ALL over several tables there are as many. */
struct fb_side {
	const struct fb_table *source; /* as the plans name it */
	const struct fb_table *table;  /* as it is read */
	const char *path; /* of files */
	struct fb_unit_source *units;
	struct fb_order order;
	_Atomic int64_t watermark_ms; /* of what the cores have run of it */
	/* queries of its readers: one for each branch that reads the table */
	uint32_t query_cnt;
	uint32_t *queries; /* which of the run's it is */
	const struct fb_query_plan **first_levels;
	const struct fb_query_plan **branches; /* NULL: none */
	const struct fb_slice_layout **layouts;
};

struct fb_core {
	struct fb_replay *replay;
	uint32_t index;
	pthread_t thread;
	bool started;
	struct fb_reader **readers;
	uint32_t reader_cnt; /* for each side 1; of SESSION as stream: a reader for each lane */
	uint32_t side;       /* of the unit in hand */
	struct fb_unit *units; /* for each side 1 */
	struct fb_unit *unit;  /* in hand */
	bool *ended;           /* sides of which nothing comes any more */
	const struct fb_input_facts *facts; /* that the reader gives as metadata; NULL: none, as of a log */
	struct fb_row_page **pages_tail; /* of the unit's rows */
	int unit_rc; /* the unit could not be cut */
	int rc;
	/* written by the core, read by the taker */
	FB_CACHE_ALIGNED _Atomic int64_t watermark_ms; /* no slice of a window that this completes comes any more */
	_Atomic uint64_t records;
	_Atomic bool done;
	_Atomic uint64_t parts_seen; /* by the taker, of those given: their slices came back if they were to */
	/* under the replay's lock: on the way back */
	struct fb_part *returned_parts;
	struct fb_row_page *returned_pages;
	pthread_cond_t returned;
	bool marks_lost;    /* no memory to hand them over */
	bool slices_lost;
	uint64_t parts_given;
	uint32_t parts_out; /* handed over and not returned */
	uint32_t pages_out;
	bool parked; /* under the lock: at the barrier */
	struct fb_pace pace;
};

/* A query behind the cores. The taker's. */
struct fb_query_out {
	struct fb_replay *replay;
	uint32_t index;
	const struct fb_query_plan *plan;
	struct fb_slice_layout *layout; /* NULL: plain */
	struct fb_assembly *assembly;   /* of windows */
	uint32_t fresh_parts;           /* added since they were gathered */
	uint32_t gather_at;             /* with so many they are again */
	struct fb_part *spare;          /* as many as slices are lent to the assembly */
	struct fb_type *types;          /* of the select list */
	struct fb_buf rows;             /* encoded, on their way to the caller */
	uint64_t row_cnt;
	int64_t published_ms; /* end of the last window; FB_TIME_MIN: none */
	struct fb_replay_query numbers;
};

struct fb_replay {
	const struct fb_replay_conf *conf;
	struct fb_buf *message;
	struct fb_side *sides;
	uint32_t side_cnt;
	const struct fb_replay_log *log; /* NULL: files */
	struct fb_partitions partitions; /* between entering and passing the order */
	struct fb_reader_grid *grids; /* with several lanes: what fb_assembly_mark wants to know of */
	uint32_t grid_cnt;
	uint64_t pool_bytes; /* of state, per query and reader */
	bool ordered; /* units pass the order: windows, as a stream, on several cores */
	bool parted;  /* windows, as a stream, of several lanes */
	bool has_windows;
	bool has_plain;
	uint32_t thread_cnt;
	uint32_t reader_cnt; /* of each core */
	uint32_t core_cnt;
	struct fb_core *cores;
	struct fb_query_out *queries;
	_Atomic bool stop; /* the run has failed */
	_Atomic bool pausing; /* cores are to come to the barrier */
	_Atomic int64_t published_ms; /* windows complete by this are published, and what they alone needed is returned */
	pthread_mutex_t lock; /* of the lists and of the cores' */
	pthread_cond_t arrived;
	struct fb_part *parts_head, **parts_tail;
	struct fb_rows_of_unit *rows_head, **rows_tail;
	/* the taker's */
	struct fb_pace pace;
	int (*epoch)(struct fb_replay *replay); /* at a barrier; NULL: none. Of a log (epoch.c) */
	int64_t epoch_at_ns;
	struct fb_replay_numbers base; /* of the runs before; queries NULL: there is none */
	struct fb_rows_of_unit *rows_waiting; /* by number */
	uint64_t next_seq;
	uint64_t result_rows;
};

/*
 * No record to come is older than the floor: what ends there is complete. And 1 ms more: a session that ends where a record
 * is would have it, and a watermark 1 ms below the record says that it has fired (rules M4, W9).
 */
#define FB_REPLAY_FLOOR_MS 2
#define FB_REPLAY_PAGE_BYTES (16u << 20) /* of rows, per plain query and core */

/* The body of a core's thread. */
void *fb_core_main(void *core);
/* To its owner, to be returned to its pool. Taker. */
void fb_core_return_part(struct fb_part *part);
void fb_core_return_pages(struct fb_core *core, struct fb_row_page *pages);
/* Of its owner. False: no memory. Rows: of each unit, also one without, since the taker puts them in order. */
bool fb_core_give_slice(struct fb_core *core, uint32_t query, struct fb_slice *slice);
bool fb_core_give_mark(struct fb_core *core, int64_t mark_ms);
bool fb_core_give_rows(struct fb_core *core, struct fb_row_page *pages);
/* Ends the run; cores stop at their next unit. Any thread. */
void fb_replay_stop(struct fb_replay *replay);

/* ---- core_run.c; of the core ---- */

void fb_core_begin(struct fb_core *core);
/* The unit that it has taken. */
int fb_core_run(struct fb_core *core) FB_MUST_CHECK;
/* What its readers have open goes to the taker. */
int fb_core_give_open(struct fb_core *core) FB_MUST_CHECK;
/* Of its side there are no more. */
int fb_core_end_side(struct fb_core *core) FB_MUST_CHECK;
/* There are no more at all. */
int fb_core_end(struct fb_core *core) FB_MUST_CHECK;

/* ---- sides.c ---- */

int fb_sides_open(struct fb_replay *replay) FB_MUST_CHECK;
/* When the queries are made: their layouts. */
void fb_sides_assign(struct fb_replay *replay);
/* Also of what was made half. */
void fb_sides_close(struct fb_replay *replay);

/* ---- numbers.c ---- */

/* With those of the runs before. */
int fb_numbers_sum(struct fb_replay *replay, struct fb_replay_numbers *ret) FB_MUST_CHECK;

/* ---- replay.c ---- */

/* Of all rows so far, when no core is at work: as stream. */
int64_t fb_replay_watermark(const struct fb_replay *replay);
/* As many as a unit should have at most. */
uint32_t fb_replay_unit_bytes(const struct fb_replay_conf *conf);
struct fb_replay_input {
	int (*open)(struct fb_replay *replay, const struct fb_side *side, struct fb_unit_source **ret);
	const struct fb_replay_log *log; /* NULL: files */
	int (*restore)(struct fb_replay *replay); /* when all is made; NULL: it begins at the beginning */
	int (*epoch)(struct fb_replay *replay);   /* NULL: no epochs */
};
int fb_replay_run_input(const struct fb_replay_conf *conf, const struct fb_replay_input *input, struct fb_buf *message,
	struct fb_replay_numbers *ret) FB_MUST_CHECK;

/* To the caller, counted. Taker. */
int fb_replay_give(struct fb_query_out *query, const struct fb_replay_rows *rows) FB_MUST_CHECK;

/* Of the readers of a core: whose units it takes. */
static inline const struct fb_side *fb_core_side_of(const struct fb_core *core, uint32_t reader)
{
	return &core->replay->sides[core->replay->side_cnt > 1 ? reader : 0];
}

static inline bool fb_replay_is_cancelled(const struct fb_replay *replay)
{
	return replay->conf->cancel != NULL && atomic_load_explicit(replay->conf->cancel, memory_order_relaxed);
}

/* ---- windows.c; all of the taker ---- */

int fb_windows_open(struct fb_query_out *query, uint64_t pool_bytes) FB_MUST_CHECK;
void fb_windows_close(struct fb_query_out *query);
/* Takes the part, also where it fails. */
int fb_windows_add(struct fb_query_out *query, struct fb_part *part) FB_MUST_CHECK;
/* Of all queries. */
int fb_windows_mark(struct fb_replay *replay, int64_t mark_ms) FB_MUST_CHECK;
/* Publishes what is complete by this watermark, oldest first. */
int fb_windows_publish(struct fb_query_out *query, int64_t watermark_ms) FB_MUST_CHECK;

/* The query's numbers, with those of the levels of a cascade. */
void fb_windows_numbers(const struct fb_query_out *query, struct fb_replay_query *ret);
