/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the room.
 *
 *   recompute.c  the jobs: start, stop, create, cancel, resume; housekeeping
 *   check.c      what is asked for -> plan, queries, streams, with errors in words
 *   job.c        the thread of a job: its sources one after the other, then its sinks
 *   output.c     rows and differences on their way to the store, epochs
 *   difference.c a row that differs, as it lies in the store; corrections
 *   keep.c       definition and progress in the store
 *   page.c       views, and pages of rows
 *   verify.c, keyed.c  comparing with what is published
 *   repair.c     late records, on a schedule
 *
 * recompute->lock guards the list and what views show of a job: whatever the job's thread alone does not change. It is never held
 * while the engine is asked.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "control/recompute/recompute.h"
#include "control/recompute/verify.h"
#include "control/replay/replay_log.h"

/* Rows of one query id. */
struct fb_job_output {
	uint32_t query_id;
	uint64_t next_seq;     /* of the next row that is made */
	uint64_t written_seq;  /* rows below are in the store */
	struct fb_buf pending; /* those from there on: encoded, one behind the other */
};

/* What of a query an epoch has. */
struct fb_job_progress {
	uint64_t next_seq;    /* rows below are there for good */
	uint64_t difference_seq;
	int64_t done_ms;      /* windows that end here or before are compared */
	struct fb_verify_numbers verify;
	uint64_t corrected_rows;
	/* of the source, when it was read to its end */
	bool finished;
	uint64_t decoded;
	uint64_t windows;
	uint64_t window_rows;
	uint64_t dropped_groups;
	uint64_t result_rows;
	struct fb_query_counters counters;
};

struct fb_job_query {
	struct fb_job *job;
	const struct fb_query_plan *plan;
	struct fb_query_plan redirected; /* with the table of --into; else not used */
	uint32_t pass;
	struct fb_type *types; /* of the select list */
	struct fb_published published; /* as the pass began */
	uint64_t late_rows;            /* … as a repair began */
	struct fb_verify *verify;
	struct fb_verify_numbers verified_before; /* by earlier runs of the daemon */
	struct fb_job_output rows;
	struct fb_job_output differences;
	struct fb_job_progress now;  /* the thread's */
	struct fb_job_progress kept; /* as in the store; lock */
	struct fb_job_progress before; /* while it is written */
	struct fb_delivery *delivery; /* lock */
	struct fb_delivery_status delivered; /* when it was closed; lock */
};

/* One source: a reading of one stream for all queries of it. */
struct fb_job_pass {
	const struct fb_table *source;
	uint32_t stream;     /* of the appliance file */
	uint32_t log_stream; /* of the raw log */
	uint32_t query_cnt;
	const struct fb_query_plan **plans;
	struct fb_job_query **queries;
};

/* What is asked for, as it is kept. Texts are owned; "" where there is none. */
struct fb_job_definition {
	char *file;
	char *sql;
	char *into;
	char *against;
	int64_t from_ms, to_ms;
	uint64_t mode; /* enum fb_recompute_mode */
	bool verify, publish, repair;
	uint64_t threads, read_mb_s, cpu_percent;
	int64_t created_ms;
	uint32_t first_query_id; /* two for each query: rows, differences */
};

struct fb_job {
	struct fb_job *next;
	struct fb_recompute *recompute;
	uint64_t id;
	struct fb_job_definition definition;
	struct fb_plan *plan; /* NULL: it cannot be planned any more (a job that has ended) */
	bool batch;
	bool resumable;
	bool keeps_rows;
	uint32_t query_cnt;
	struct fb_job_query *queries;
	uint32_t pass_cnt;
	struct fb_job_pass *passes;
	/* progress; lock */
	enum fb_replay_state state;
	char *error;
	uint32_t pass; /* those before are through */
	int64_t ended_ms;
	int64_t run_ns;
	int64_t begun_ns; /* of this run; 0: it does not run */
	struct fb_replay_progress progress;
	struct fb_decode_counters decode;
	uint64_t missing_datagrams, damaged_datagrams;
	/* threads */
	struct fb_buf epoch; /* of the pass at hand; the thread's */
	struct fb_store_batch *batch_of_thread;
	pthread_t thread;
	bool started; /* and not joined */
	bool ended;   /* the thread is through; lock */
	bool leaving; /* it is being forgotten; lock */
	uint32_t reader_cnt; /* pages that are being read; lock */
	_Atomic bool stop;   /* end soon */
	_Atomic bool cancel; /* … for good */
};

#define FB_REPAIRS_MAX 64 /* pipelines with a schedule */

/* Housekeeping's. */
struct fb_repair_schedule {
	char name[129];
	int64_t looked_ns; /* monotonic; when it was due last */
	bool running; /* its pipeline was there in this round */
};

struct fb_recompute {
	struct fb_engine *engine;
	const struct fb_appliance *appliance;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct fb_job *jobs; /* in the order of their ids */
	uint64_t next_id;
	pthread_t thread; /* housekeeping */
	bool thread_started;
	bool quit;
	uint32_t repair_cnt;
	struct fb_repair_schedule repairs[FB_REPAIRS_MAX];
};

/* ---- check.c ---- */

/* Fills plan, queries and passes from the definition. Anything that is wrong is said in diags. */
int fb_job_plan(struct fb_job *job, struct fb_diags *diags) FB_MUST_CHECK;
/* Whether the log has what it needs, and the pipeline what it is compared with: when it is created. */
int fb_job_check(struct fb_job *job, struct fb_diags *diags) FB_MUST_CHECK;

/* query->published: of the query of the same name, else, if the job has one only, of the first. As fb_engine_published. */
int fb_job_find_published(struct fb_job_query *query) FB_MUST_CHECK;

/* ---- recompute.c ---- */

struct fb_job *fb_job_create(struct fb_recompute *recompute);
void fb_job_free(struct fb_job *job);
/* lock */
struct fb_job *fb_job_find(struct fb_recompute *recompute, uint64_t id);

/* ---- job.c ---- */

/* Starts the thread. */
int fb_job_start(struct fb_job *job) FB_MUST_CHECK;
bool fb_job_is_at_work(const struct fb_job *job);

/* ---- output.c ---- */

/* Takes encoded rows; in the store soon. */
int fb_job_put(struct fb_job *job, struct fb_job_output *output, const void *bytes, size_t len, uint64_t row_cnt) FB_MUST_CHECK;
/* Rows of one output into a batch. What they are then is noted with fb_output_written. */
int fb_output_put(const struct fb_job_output *output, struct fb_store_batch *batch) FB_MUST_CHECK;
void fb_output_written(struct fb_job_output *output);
/* Everything made until now, progress and the state of the replay, in one batch, durable. */
int fb_job_keep(struct fb_job *job, const uint8_t *epoch, size_t len) FB_MUST_CHECK;

/* query->now.verify and .done_ms as the verification stands. */
void fb_job_take_verified(struct fb_job_query *query);

/* ---- difference.c ---- */

/* fb_verify_fn of a fb_job_query: keeps the differences of a window and, if the job publishes, its correction with them. */
int fb_job_differs(void *arg, const struct fb_verify_window *window);
struct fb_stored_difference {
	enum fb_difference kind;
	int64_t start_ms, end_ms;
	const uint8_t *published; /* NULL: none */
	const uint8_t *recomputed;
	size_t published_len, recomputed_len;
};
int fb_difference_decode(const uint8_t *bytes, size_t len, struct fb_stored_difference *ret) FB_MUST_CHECK;
extern const char *const fb_difference_names[FB_DIFFERENCE_CNT];

/* ---- keep.c ---- */

void fb_keep_definition(const struct fb_job *job, struct fb_store_batch *batch);
/* State and progress as `kept` of the queries has it. */
void fb_keep_progress(const struct fb_job *job, struct fb_store_batch *batch);
/* The state of the replay; len 0: there is none. */
void fb_keep_epoch(const struct fb_job *job, const uint8_t *bytes, size_t len, struct fb_store_batch *batch);
void fb_keep_next_id(const struct fb_recompute *recompute, struct fb_store_batch *batch);
/* Everything of it. */
void fb_keep_forget(const struct fb_job *job, struct fb_store_batch *batch);
/* Rows and epoch only: of one that was cancelled. */
void fb_keep_drop_rows(const struct fb_job *job, struct fb_store_batch *batch);
/* Progress and epoch as the store has them; what was made since is removed. */
int fb_keep_reload(struct fb_job *job) FB_MUST_CHECK;
/* All jobs of the store, planned; what cannot be read is left alone. */
int fb_keep_restore(struct fb_recompute *recompute) FB_MUST_CHECK;

/* ---- repair.c ---- */

/* Records of the queries of a pipeline that came late, less those that a repair has seen. */
uint64_t fb_repair_late(struct fb_recompute *recompute, const struct fb_job *job);
/* The job is done: what it has seen is repaired. */
void fb_repair_note(const struct fb_job *job, struct fb_store_batch *batch);
/* Starts the repairs that are due. Housekeeping's thread. */
void fb_repair_round(struct fb_recompute *recompute);

/* ---- page.c ---- */

int fb_recompute_fill_view(
	void *recompute, struct fb_arena *arena, const struct fb_replay_job_view **ret, uint32_t *ret_cnt);
