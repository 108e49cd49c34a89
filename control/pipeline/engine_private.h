/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the engine. Everything here is guarded by fb_engine.data; take it with fb_engine_lock, which is fair, so that
 * the engine thread and the callers of the API alternate.
 *
 *   engine.c    start, receive, stop, the thread and its lock
 *   deploy.c    apply, drain, drop: pipelines and their readers
 *   merge.c     slices and row pages -> result rows in the store
 *   persist.c   what the store remembers of pipelines, and the way back
 *   view.c      copies for the API; ledger.c the equations
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "control/pipeline/engine.h"
#include "control/rawlog/keeper.h"
#include "control/window/assembly.h"
#include "dataplane/operator/row.h"

#define FB_ENGINE_PORT_MAX 16

/* Retention is exact to 1/FB_RETENTION_MARKS of its length. */
#define FB_RETENTION_MARKS 32

/* The window that is being written out, some batches at a time. */
struct publish_job {
	bool active;
	struct fb_assembly_window window;
	uint64_t seq; /* of the next row */
	uint64_t dropped_groups;
};

struct query_run {
	const struct fb_query_plan *plan;
	struct pipeline *pipeline;
	struct source_run *source; /* NULL: rows of constants */
	uint32_t query_id;
	uint32_t index; /* among the queries of its reader */
	struct fb_slice_layout *layout;   /* NULL: plain */
	struct fb_assembly *assembly;     /* slices to windows; with layout */
	struct fb_engine *engine;         /* for slices on their way back */
	struct fb_type *types; /* of the result */
	struct publish_job job;
	uint64_t next_seq;                 /* rows below are in the store for good */
	uint64_t merged_windows;
	uint64_t merged_rows;
	uint64_t dropped_groups;
	int64_t published_ms; /* end of the last window published */
	struct fb_query_counters base; /* of earlier runs */
	struct fb_query_counters last; /* of readers that are done */
	struct fb_delivery *delivery;
	uint64_t retained_from; /* oldest row that retention has left */
	struct {
		int64_t ns;
		uint64_t seq;
	} marks[FB_RETENTION_MARKS]; /* which row was the next at what time: a ring */
	uint32_t mark_cnt;
};

/* One source table of a pipeline: a reader on every worker that has a queue of its port. */
struct source_run {
	const struct fb_table *table;
	uint32_t slot;
	uint32_t stream;
	uint32_t query_cnt;
	struct query_run **queries;
	struct fb_watermark_board *board;
	struct fb_reader *readers[FB_WORKER_MAX]; /* NULL: that worker has no queue of the port */
	bool added[FB_WORKER_MAX];
	bool done[FB_WORKER_MAX];
	int64_t watermark_ms[FB_WORKER_MAX]; /* as reported */
	struct fb_row_page *rows_head[FB_WORKER_MAX]; /* pages that wait to be written, in order of arrival */
	struct fb_row_page *rows_tail[FB_WORKER_MAX];
	int64_t kept_ms;                     /* global watermark of an earlier run */
	uint64_t datagrams_base;             /* of its streams: earlier runs, and readers that are done */
	struct fb_decode_counters base;
	struct fb_decode_counters last;
};

struct pipeline {
	struct pipeline *next;
	char *name;
	char *file;
	char *sql;
	struct fb_plan *plan;
	enum fb_pipeline_state state;
	bool dropping; /* what its readers still hand over is thrown away */
	int64_t applied_ms;
	uint32_t source_cnt;
	struct source_run *sources;
	uint32_t query_cnt;
	struct query_run *queries;
};

struct fb_engine {
	const struct fb_appliance *appliance;
	struct fb_store *store;
	struct fb_keeper *keeper; /* of the raw log */
	enum fb_isa isa;
	double tsc_hz;
	int64_t started_ms;
	bool unclean;
	bool receiving;
	uint32_t port_cnt;
	struct fb_port *ports[FB_ENGINE_PORT_MAX];
	uint32_t worker_cnt;
	struct fb_worker *workers[FB_WORKER_MAX];
	bool owns_queue[FB_WORKER_MAX][FB_ENGINE_PORT_MAX];
	bool worker_stopped[FB_WORKER_MAX];
	struct fb_worker_stream *streams;
	uint32_t next_query_id;
	uint32_t run; /* counts starts: part numbers of stored slices are unique by it */
	struct pipeline *pipelines;
	struct pipeline *slots[FB_WORKER_READER_MAX];
	struct source_run *slot_sources[FB_WORKER_READER_MAX];
	struct fb_store_batch *batch; /* of the engine thread */
	struct fb_worker_snapshot *snapshots; /* one per worker, scratch of the views */
	struct fb_worker_snapshot *earlier;   /* the same, a moment before */
	char store_error[256];
	int64_t store_retry_ns;
	int64_t retention_ns;
	/* threads */
	pthread_t thread;
	bool thread_started;
	_Atomic bool quit;
	pthread_mutex_t turn;
	pthread_mutex_t data;
	pthread_cond_t changed; /* with data: a report has changed something */
};

void fb_engine_lock(struct fb_engine *engine);
void fb_engine_unlock(struct fb_engine *engine);
/* Waits (locked) until something changes, at most until the monotonic time given. False: time is up. */
bool fb_engine_wait(struct fb_engine *engine, int64_t until_ns);

/* deploy.c; locked */
struct pipeline *fb_engine_find(struct fb_engine *engine, const char *name);
/* Makes the runtime of a planned pipeline, not yet attached. On failure everything is undone. */
int fb_pipeline_create(struct fb_engine *engine, struct fb_plan *plan, const char *name, struct fb_diags *diags,
	struct pipeline **ret);
int fb_pipeline_open_sinks(struct fb_engine *engine, struct pipeline *pipeline, struct fb_diags *diags);
int fb_pipeline_attach(struct fb_engine *engine, struct pipeline *pipeline);
/* Ends its readers with END or KEEP and waits until they are done. FB_E_TIMEOUT. */
int fb_pipeline_detach(struct fb_engine *engine, struct pipeline *pipeline, enum fb_mail_kind how);
void fb_pipeline_free_readers(struct fb_engine *engine, struct pipeline *pipeline);
void fb_pipeline_destroy(struct fb_engine *engine, struct pipeline *pipeline);

/* merge.c; locked */
void fb_merge_report(struct fb_engine *engine, const struct fb_report *report);
/* Takes what the workers have reported; true if there was anything. */
bool fb_merge_receive(struct fb_engine *engine);
/* Some work on windows that are complete; true if there was any. */
bool fb_merge_step(struct fb_engine *engine);
bool fb_merge_is_idle(const struct pipeline *pipeline);
/* Gives a slice back to the reader of its worker: fb_assembly_release_fn of a query_run. */
void fb_merge_release(void *arg, struct fb_slice *slice, uint32_t worker);
uint64_t fb_merge_pending_rows(const struct query_run *query);

/* Deletes rows that every sink has and that are older than the retention. */
void fb_retention_round(struct fb_engine *engine);

/* persist.c; locked */
int fb_persist_pipeline(struct fb_engine *engine, struct pipeline *pipeline, struct fb_store_batch *batch);
/* The numbers of a query and the watermark of its source, as they stand now. */
void fb_persist_query(struct fb_engine *engine, struct query_run *query, struct fb_store_batch *batch, bool clean);
/* Open and waiting slices, watermarks and counters: everything that the next start takes up again. */
int fb_persist_keep(struct fb_engine *engine, struct pipeline *pipeline);
void fb_persist_forget(struct pipeline *pipeline, struct fb_store_batch *batch);
int fb_persist_clean(struct fb_engine *engine, bool clean);
int fb_persist_restore(struct fb_engine *engine, struct fb_diags *diags);

/* Sums b into a, counter by counter. */
void fb_decode_counters_add(struct fb_decode_counters *a, const struct fb_decode_counters *b);
void fb_query_counters_add(struct fb_query_counters *a, const struct fb_query_counters *b);
