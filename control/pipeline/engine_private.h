/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the engine. Everything here is guarded by fb_engine.data; take it with fb_engine_lock, which is fair, so that
 * the engine thread and the callers of the API alternate.
 *
 *   engine.c    start, receive, stop, the thread and its lock
 *   deploy.c    apply: the runtime of a plan; end.c: drain and drop
 *   sources.c   what its queries read; attach.c: the readers, made, to the workers and back
 *   merge.c     slices and row pages -> result rows in the store
 *   persist.c   what the store remembers of pipelines; restore.c: the way back
 *   hold.c      reports that have to wait for the raw log or for a checkpoint
 *   checkpoint.c  an epoch while it runs; recover.c: the raw log since the epoch
 *   begin.c       where in the raw log a pipeline began
 *   correct.c     corrections of published windows
 *   replace.c   one pipeline takes the place of another
 *   backfill.c  history of the raw log while records come; switch.c: from there to live; lanes.c: what both read it with
 *   view.c      copies for the API; results.c rows and windows; ledger.c the equations
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
	uint64_t wrapped_sums;
};

/* What a query reads: a source; of a UNION ALL below a window one for each branch. */
struct query_input {
	const struct fb_query_plan *plan; /* fb_query_input */
	struct source_run *source;
	uint32_t index; /* among the queries of its reader */
};

struct query_run {
	const struct fb_query_plan *plan;
	struct pipeline *pipeline;
	struct query_input *inputs;
	uint32_t input_cnt; /* 0: rows of constants. Without a window: 1 at most */
	uint32_t query_id;
	struct fb_slice_layout *layout;   /* NULL: plain */
	struct fb_assembly *assembly;     /* slices to windows; with layout */
	struct fb_engine *engine;         /* for slices on their way back */
	struct fb_type *types; /* of the result */
	struct publish_job job;
	bool stepping; /* a level below the last one is half-way (fb_assembly_try_begin) */
	uint64_t next_seq;                 /* rows below are in the store for good */
	uint64_t merged_windows;
	uint64_t merged_rows;
	uint64_t dropped_groups;
	uint64_t dropped_below; /* of those, groups of levels below the last one: recovery makes them once more */
	int64_t published_ms; /* fb_assembly_window.done_ms of the last one published */
	int64_t settled_ms;   /* all windows that are complete at this watermark are published; since the start */
	struct fb_query_counters base; /* of earlier runs */
	struct fb_query_counters last; /* of readers that are done */
	struct fb_delivery *delivery;
	/* plain: rows of each worker's reader in the store since the epoch; those of them that recovery makes again */
	uint64_t written_rows[FB_WORKER_MAX];
	uint64_t skip_rows[FB_WORKER_MAX];
	uint64_t withheld_rows; /* plain: rows that are another's, while it was to replace that */
	uint64_t retained_from; /* oldest row that retention has left */
	struct {
		int64_t ns;
		uint64_t seq;
	} marks[FB_RETENTION_MARKS]; /* which row was the next at what time: a ring */
	uint32_t mark_cnt;
};

/* A source on one worker as of the epoch that the store has. */
struct source_lane {
	bool used;
	uint64_t log_seq; /* in the raw log of the stream on that worker: what is behind was not fed yet */
	int64_t own_ms;
	int64_t watermark_ms;
};

/* A report that waits (hold.c). */
struct held_report {
	struct held_report *next;
	int64_t since_ns;
	struct fb_report report;
};

struct held_queue {
	struct held_report *head;
	struct held_report **tail;
};

/*
 * One source table of a pipeline: a reader on every worker that has a queue of its port. Queries over a UNION ALL
 * of several tables have sources of their own, the same for the same tables: such have one watermark together.
 */
struct source_run {
	const struct fb_table *table;
	uint32_t slot;
	uint32_t stream;
	uint32_t query_cnt;
	struct query_run **queries; /* of the reader, in its order; one with several branches of the table comes again */
	uint32_t *inputs;           /* which of the query's inputs that is */
	struct fb_watermark_board *board;
	struct source_run *first; /* of those that have a watermark together, which lie side by side; itself if alone */
	uint32_t together_cnt;    /* of the first */
	struct fb_reader *readers[FB_WORKER_MAX]; /* NULL: that worker has no queue of the port */
	bool added[FB_WORKER_MAX];
	uint64_t added_seq[FB_WORKER_MAX]; /* in the raw log: the first datagram that it was fed */
	bool done[FB_WORKER_MAX];
	bool leaving;                      /* its readers were told to end */
	bool begins_active[FB_WORKER_MAX]; /* when it is added: it goes on where another reader has received */
	bool catching[FB_WORKER_MAX];      /* the lane is read by the pipeline's backfill */
	int64_t caught_ms;                 /* watermark that the backfill has come to */
	int64_t first_caught_ms;           /* the first that there was */
	bool discard;                      /* what its readers report is thrown away, and not counted */
	int64_t watermark_ms[FB_WORKER_MAX]; /* as reported */
	struct fb_row_page *rows_head[FB_WORKER_MAX]; /* pages that wait to be written, in order of arrival */
	struct fb_row_page *rows_tail[FB_WORKER_MAX];
	int64_t kept_ms;                     /* global watermark of an earlier run */
	uint64_t datagrams_base;             /* of its streams: earlier runs, and readers that are done */
	struct fb_decode_counters base;
	struct fb_decode_counters last;
	struct source_lane lanes[FB_WORKER_MAX];         /* at the start */
	/* where in the raw log the pipeline began, for good: what came before is in none of its windows */
	struct fb_published_lane begin[FB_WORKER_MAX];
	uint32_t begin_cnt;
	struct fb_reader_epoch *epochs[FB_WORKER_MAX];   /* filled by the workers; NULL: no reader there */
	bool epoch_asked[FB_WORKER_MAX];
	bool epoch_taken[FB_WORKER_MAX]; /* and not written yet: what the worker reports now is held */
	struct held_queue held[FB_WORKER_MAX];
};

struct pipeline {
	struct pipeline *next;
	char *name;
	char *sink_name; /* what sinks know it by, whatever it is called meanwhile */
	char *replaces;  /* whose place it is to take: until then it publishes nothing; NULL: nobody's */
	char *file;
	char *sql;
	struct fb_plan *plan;
	enum fb_pipeline_state state;
	struct backfill *backfill; /* NULL: none */
	bool switching;            /* what its readers report waits for the backfill */
	uint64_t backfilled_datagrams; /* of one that is over, since the start */
	bool dropping; /* what its readers still hand over is thrown away */
	int64_t applied_ms;
	struct {
		bool active;
		bool spoiled;     /* something could not be held: it must not be written */
		bool wanted;      /* now, not when it is due */
		int64_t due_ns;   /* monotonic */
		int64_t begun_ns;
		struct fb_checkpoint_view last;
	} checkpoint;
	uint32_t source_cnt;
	struct source_run *sources;
	uint32_t query_cnt;
	struct query_run *queries;
};

struct fb_import;
struct fb_import_view;

/* import.c. An import ends, and its thread; before the workers stop. */
void fb_import_fini(struct fb_engine *engine);
/* After the workers have stopped. */
void fb_import_destroy(struct fb_engine *engine);
void fb_import_view(struct fb_engine *engine, const struct fb_net_counters *counters, struct fb_import_view *view);

struct fb_engine {
	const struct fb_appliance *appliance;
	struct fb_store *store;
	struct fb_keeper *keeper; /* of the raw log */
	enum fb_isa isa;
	double tsc_hz;
	int64_t started_ms;
	bool unclean;
	int64_t log_end_ms[FB_NET_STREAM_MAX]; /* of the run before: last datagram of a stream in the raw log; 0: none */
	bool receiving;
	uint32_t port_cnt;
	struct fb_port *ports[FB_ENGINE_PORT_MAX];
	uint32_t worker_cnt;
	struct fb_worker *workers[FB_WORKER_MAX];
	bool owns_queue[FB_WORKER_MAX][FB_ENGINE_PORT_MAX];
	bool worker_stopped[FB_WORKER_MAX];
	struct fb_worker_stream *streams;
	uint64_t first_seqs[FB_WORKER_MAX][FB_NET_STREAM_MAX]; /* in the raw log, of what is received since the start */
	uint64_t epoch_seqs[FB_WORKER_MAX][FB_NET_STREAM_MAX]; /* and the highest that an epoch of any pipeline names */
	struct fb_import *import; /* import.c; NULL: none yet */
	uint32_t next_query_id;
	uint32_t run; /* counts starts: part numbers of stored slices are unique by it */
	struct pipeline *pipelines;
	struct pipeline *slots[FB_WORKER_READER_MAX];
	struct source_run *slot_sources[FB_WORKER_READER_MAX];
	struct fb_store_batch *batch; /* of the engine thread */
	struct fb_store_batch *swap;  /* of a replacement, while its commit is made */
	int64_t swept_ns;
	struct fb_worker_snapshot *snapshots; /* one per worker, scratch of the views */
	struct fb_worker_snapshot *earlier;   /* the same, a moment before */
	char store_error[256];
	int64_t store_retry_ns;
	int64_t retention_ns;
	fb_engine_replays_fn replays;
	void *replays_arg;
	/* threads */
	pthread_t thread;
	bool thread_started;
	_Atomic bool quit;
	pthread_mutex_t turn;
	pthread_mutex_t data;
	pthread_cond_t changed; /* with data: a report has changed something */
	bool commanded;         /* a pipeline is being made or ended (fb_command_begin) */
};

void fb_engine_lock(struct fb_engine *engine);
void fb_engine_unlock(struct fb_engine *engine);
/* Waits (locked) until something changes, at most until the monotonic time given. False: time is up. */
bool fb_engine_wait(struct fb_engine *engine, int64_t until_ns);

/* sources.c; locked */
/* The sources of the query's inputs, made if no other query has them. What is wrong is said. */
int fb_sources_assign(
	struct fb_engine *engine, struct pipeline *pipeline, struct query_run *query, struct fb_diags *diags) FB_MUST_CHECK;
/* What all of them make together. */
uint32_t fb_sources_cap(const struct fb_plan *plan);
void fb_sources_free(struct pipeline *pipeline);

/* deploy.c; locked */
/*
 * Around what makes or ends a pipeline: that lets go of the lock where it waits for the workers, and what it looked up before (a name
 * that is free, a pipeline) must not change meanwhile. One is done after the other; what was looked up before begin may have changed.
 */
void fb_command_begin(struct fb_engine *engine);
void fb_command_end(struct fb_engine *engine);
struct pipeline *fb_engine_find(struct fb_engine *engine, const char *name);
/* results.c; locked. name NULL: the first. NULL: there is none. */
struct query_run *fb_engine_find_query(struct fb_engine *engine, const char *pipeline_name, const char *name);
/* Makes the runtime of a planned pipeline, not yet attached. On failure everything is undone. */
int fb_pipeline_create(struct fb_engine *engine, struct fb_plan *plan, const char *name, struct fb_diags *diags,
	struct pipeline **ret);
int fb_pipeline_open_sinks(struct fb_engine *engine, struct pipeline *pipeline, struct fb_diags *diags);
int fb_pipeline_create_readers(struct fb_engine *engine, struct pipeline *pipeline);
/* A reader that no worker has got, and that starts from this global watermark; grows: reader.h. */
int fb_pipeline_make_reader(struct fb_engine *engine, struct source_run *source, int64_t watermark_ms, bool grows,
	struct fb_reader **ret);
bool fb_source_has_queue(const struct fb_engine *engine, const struct source_run *source, uint32_t worker);
/* Nobody has received anything. No worker looks at it. */
void fb_source_clear_board(struct source_run *source);
int fb_pipeline_attach(struct fb_engine *engine, struct pipeline *pipeline);
/* Ends its readers with END or KEEP and waits until they are done. FB_E_TIMEOUT. */
int fb_pipeline_detach(struct fb_engine *engine, struct pipeline *pipeline, enum fb_mail_kind how);
void fb_pipeline_free_readers(struct fb_engine *engine, struct pipeline *pipeline);
/* After how long a silent queue does not hold the watermark back (rule M8); 0: never. */
int64_t fb_source_idle_timeout_ms(const struct fb_engine *engine, const struct source_run *source);
void fb_pipeline_destroy(struct fb_engine *engine, struct pipeline *pipeline);
/* end.c: of the list, the store and memory: of one whose readers have ended. */
int fb_pipeline_forget(struct fb_engine *engine, struct pipeline *pipeline);

/* merge.c; locked */
void fb_merge_report(struct fb_engine *engine, const struct fb_report *report);
/* The same of one that has waited. */
void fb_merge_take_report(struct fb_engine *engine, const struct fb_report *report);
/* Takes what the workers have reported; true if there was anything. */
bool fb_merge_receive(struct fb_engine *engine);
/* Some work on windows that are complete; true if there was any. */
bool fb_merge_step(struct fb_engine *engine);
/* The same for one pipeline. */
bool fb_merge_step_pipeline(struct fb_engine *engine, struct pipeline *pipeline);
bool fb_merge_is_idle(const struct pipeline *pipeline);
/* Slices and rows that a reader has to hand over: of a reader that no worker has. */
void fb_merge_take(struct source_run *source, uint32_t worker);
/* A slice, or page of rows, of a lane; from: merge.c, and backfill.h. */
void fb_merge_add_slice(struct query_run *query, struct fb_slice *slice, uint32_t from);
void fb_merge_add_rows(struct source_run *source, uint32_t worker, struct fb_row_page *page);
bool fb_merge_has_rows(const struct pipeline *pipeline);
/* What all workers that read a source have reported; FB_TIME_MIN: none does. */
int64_t fb_merge_source_watermark(const struct fb_engine *engine, const struct source_run *source);
/* Gives a slice back to the reader of its worker: fb_assembly_release_fn of a query_run. from: merge.c. */
void fb_merge_release(void *arg, struct fb_slice *slice, uint32_t from);
uint64_t fb_merge_pending_rows(const struct query_run *query);

/* Deletes rows that every sink has and that are older than the retention. */
void fb_retention_round(struct fb_engine *engine);

/* persist.c; locked */
int fb_persist_pipeline(struct fb_engine *engine, struct pipeline *pipeline, struct fb_store_batch *batch);
/* The progress of a query as it stands now. */
void fb_persist_query(struct fb_engine *engine, struct query_run *query, struct fb_store_batch *batch);
/* The id that the next query gets. */
void fb_persist_next_query(uint32_t id, struct fb_store_batch *batch);
/* Rows of a plain query since its epoch. */
void fb_persist_written(struct query_run *query, struct fb_store_batch *batch);
/*
 * Everything that the next start takes up again, as one batch: slices, watermarks, positions and counters, as of what the
 * epochs of the sources say. *ret_bytes: of slices.
 */
int fb_persist_epoch(struct fb_engine *engine, struct pipeline *pipeline, uint64_t *ret_bytes);
/* The same, in the commit of what is in the batch already. */
int fb_persist_epoch_with(
	struct fb_engine *engine, struct pipeline *pipeline, struct fb_store_batch *batch, uint64_t *ret_bytes);
/* The sequence number that the log of a stream on a worker must not begin before: an epoch names it. */
uint64_t fb_persist_lane(struct fb_engine *engine, const char *stream, uint32_t worker);
void fb_persist_forget(struct pipeline *pipeline, struct fb_store_batch *batch);
/* All that is under its name; what is under the ids of its queries stays. */
void fb_persist_forget_name(const struct pipeline *pipeline, struct fb_store_batch *batch);
/* What fb_persist_pipeline commits, into the batch. */
int fb_persist_definition(struct fb_engine *engine, const struct pipeline *pipeline, struct fb_store_batch *batch);
int fb_persist_clean(struct fb_engine *engine, bool clean);
/* A number under a key of meta; `missing` if there is none. */
uint64_t fb_persist_number(struct fb_store *store, const char *key, uint64_t missing);
#define FB_META_KEY_BYTES 512
/* Of what an epoch has of a source. */
void fb_persist_source_key(
	const struct pipeline *pipeline, const struct source_run *source, char key[FB_META_KEY_BYTES]);

/* view.c; locked. Of earlier runs, of readers that are done, and of those that run as they said last. */
struct fb_query_counters fb_view_counters(const struct fb_engine *engine, const struct query_run *query);

/* restore.c; locked */
int fb_persist_restore(struct fb_engine *engine, struct fb_diags *diags);

/* checkpoint.c; locked */
/* Asks for what is due and writes what is complete; true if there was anything to do. */
bool fb_checkpoint_step(struct fb_engine *engine);
/* Whether there is anything to checkpoint: it reads a stream. */
bool fb_checkpoint_can(const struct pipeline *pipeline);
/* Waits (letting go of the lock) until one that begins now is written. FB_E_NOT_FOUND, FB_E_TIMEOUT, FB_E_IO, FB_E_UNSUPPORTED. */
int fb_checkpoint_wait(struct fb_engine *engine, const char *name, int timeout_ms) FB_MUST_CHECK;
/* Taken by all and not written: no window is begun. */
bool fb_checkpoint_is_ready(const struct pipeline *pipeline);
/* Writes what the epochs of the sources say: of a pipeline whose backfill has handed everything over. */
void fb_checkpoint_write(struct fb_engine *engine, struct pipeline *pipeline);
/* Nothing is on its way into the store. */
bool fb_checkpoint_is_written_out(const struct pipeline *pipeline);
/* Before readers are ended: nothing is written. */
void fb_checkpoint_abandon(struct fb_engine *engine, struct pipeline *pipeline);

/* begin.c; locked */
/* A reader was attached for the first time: its first datagram has this number. */
void fb_begin_note(struct source_run *source, uint32_t worker, uint64_t log_seq);
void fb_begin_put(const struct pipeline *pipeline, struct fb_store_batch *batch);
/* The same, in a commit of its own. */
int fb_begin_persist(struct fb_engine *engine, const struct pipeline *pipeline);
int fb_begin_restore(struct fb_engine *engine, const struct pipeline *pipeline, struct source_run *source);
void fb_begin_forget(const struct pipeline *pipeline, const struct source_run *source, struct fb_store_batch *batch);

/* hold.c; locked */
/* True: the report is kept until it may be taken. */
bool fb_hold(struct fb_engine *engine, const struct fb_report *report);
/* Takes what need not wait any longer. */
void fb_hold_release(struct fb_engine *engine);
void fb_hold_release_source(struct fb_engine *engine, struct source_run *source);
/* Rows in slices, or in pages of rows, that a query has waiting here. */
uint64_t fb_hold_rows(const struct query_run *query, bool pages);
void fb_hold_free(struct source_run *source);

/* recover.c; locked */
/* Whether the stream of a source is kept, and its epoch says from where on it is to be read. */
bool fb_recover_has_log(const struct fb_engine *engine, const struct source_run *source);
/* Feeds the readers of a pipeline, not yet attached, with what the raw log has since the epoch. What is missing is a warning. */
int fb_recover_pipeline(struct fb_engine *engine, struct pipeline *pipeline, struct fb_diags *diags);

/* view.c; locked */
/* Brings fb_engine.snapshots to numbers that are newer than the call. */
void fb_view_fresh(struct fb_engine *engine);
/* As of the snapshots: the number in the raw log of the next datagram of a stream on a worker. */
uint64_t fb_engine_log_position(const struct fb_engine *engine, uint32_t stream, uint32_t worker);

/* Sums b into a, counter by counter. */
void fb_decode_counters_add(struct fb_decode_counters *a, const struct fb_decode_counters *b);
void fb_query_counters_add(struct fb_query_counters *a, const struct fb_query_counters *b);
