/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replay jobs: a SQL file over the raw log of this appliance, with the operators that run live, while it runs.
 *
 *     create -> running -> (delivering) -> done         rows and differences can be read as soon as they are in the store
 *                  |  \------------------> failed       (resume goes on from the last epoch)
 *                  '-(cancel)------------> cancelled
 *
 * A job has a thread of its own, and as many below it as it was given; they have low priority and keep to a budget. What it makes
 * lies in the store under query ids of its own: rows that were asked for, or that a sink gets (by the same delivery as a
 * pipeline's), and differences to what a pipeline has published. Definition and progress are in the store, too: every few
 * seconds an epoch is written in one batch with the rows made until then, and after a stop or a crash the job goes on
 * from there by itself. Rows behind the last epoch are nobody's: no sink gets them, and they are made again.
 *
 * A query that cannot be resumed (fb_replay_can_resume) has no epochs: it begins anew after a restart, and its rows are there at its
 * end only.
 *
 * Corrections are appended to the published results window by window (fb_engine_correct). Each compares with what is published by
 * then, so what was corrected before is no difference any more, and doing it twice changes nothing.
 *
 * Jobs that have ended are forgotten after store.results_retention_s. All functions may be called from any control thread.
 */
#pragma once

#include "control/pipeline/engine.h"

#define FB_RECOMPUTE_RUNNING_MAX 4 /* jobs at work at one time */
#define FB_RECOMPUTE_THREADS_MAX 256

struct fb_recompute;

enum fb_recompute_mode { FB_RECOMPUTE_FILE, FB_RECOMPUTE_STREAM, FB_RECOMPUTE_BATCH };

/* What is asked for. Texts are copied. */
struct fb_recompute_spec {
	const char *file; /* its name, for errors; with `repair` not used, nor is sql: they are the pipeline's */
	struct fb_str sql;
	int64_t from_ms, to_ms; /* windows: from <= start, end <= to; FB_TIME_MIN and FB_TIME_MAX: all */
	enum fb_recompute_mode mode; /* FILE: as its execution.runtime-mode says */
	const char *into;    /* sink table of the file that gets the rows; NULL: they are kept to be read */
	bool verify;         /* compare with what is published; the rows themselves are kept only with `into` */
	const char *against; /* by which pipeline; NULL: by the one of the file's name */
	bool publish;        /* and publish what differs as corrections */
	bool repair;         /* late records of the pipeline `against`: as batch, publish, and nothing if none came since the last */
	uint32_t threads, read_mb_s, cpu_percent; /* 0: replay.* of the appliance file */
};

/* Takes up the jobs of the store. FB_E_NO_MEMORY, FB_E_IO. */
int fb_recompute_start(
	struct fb_engine *engine, const struct fb_appliance *appliance, struct fb_recompute **ret) FB_MUST_CHECK;
/* Jobs stop within moments; the next start goes on with them. Before the engine stops. */
void fb_recompute_stop(struct fb_recompute *recompute);

/*
 * Checks everything that can be known, and starts. Errors in words, with the place in the file, in diags: FB_E_SYNTAX;
 * FB_E_UNSUPPORTED; FB_E_NOT_FOUND (stream not kept, nothing in the log, no such sink, pipeline or query); FB_E_INVALID (an empty
 * range, columns that differ); FB_E_BUSY: as many jobs as may be are at
 * work, or another one publishes corrections of the same pipeline.
 */
int fb_recompute_create(struct fb_recompute *recompute, const struct fb_recompute_spec *spec, struct fb_diags *diags,
	uint64_t *ret_id) FB_MUST_CHECK;
/* A job at work ends, and its rows are removed; one that has ended is forgotten. FB_E_NOT_FOUND. */
int fb_recompute_cancel(struct fb_recompute *recompute, uint64_t id) FB_MUST_CHECK;
/* One that has failed goes on from its last epoch. FB_E_NOT_FOUND; FB_E_INVALID: it has not failed; FB_E_BUSY. */
int fb_recompute_resume(struct fb_recompute *recompute, uint64_t id) FB_MUST_CHECK;

/* All jobs in the order of their ids; of one id (0: all). The arena is the caller's. */
int fb_recompute_view(struct fb_recompute *recompute, uint64_t id, struct fb_arena *arena,
	const struct fb_replay_job_view **ret, uint32_t *ret_cnt) FB_MUST_CHECK;

/* A page of what a job has made. */
struct fb_recompute_page {
	uint32_t query; /* in the order of the view */
	uint64_t from;  /* first row */
	uint32_t limit;
};

/* Of a row of the query's own, in the types of its select list. */
typedef int (*fb_recompute_row_fn)(
	void *arg, const struct fb_query_plan *plan, uint64_t seq, const struct fb_value *values);
/*
 * Rows in the store for good. First fn is called without one (values NULL), for its plan. FB_E_NOT_FOUND: no such job or query, or its
 * rows are not kept.
 */
int fb_recompute_rows(struct fb_recompute *recompute, uint64_t id, const struct fb_recompute_page *page,
	fb_recompute_row_fn fn, void *arg) FB_MUST_CHECK;

/* A row that differs. published or recomputed is NULL where there is none. */
struct fb_recompute_difference {
	uint64_t seq;
	const char *kind; /* missing, extra, changed */
	int64_t start_ms, end_ms;
	const struct fb_value *published;
	const struct fb_value *recomputed;
};
typedef int (*fb_recompute_difference_fn)(
	void *arg, const struct fb_query_plan *plan, const struct fb_recompute_difference *difference);
/* As fb_recompute_rows; the first call is without a difference (NULL). */
int fb_recompute_differences(struct fb_recompute *recompute, uint64_t id, const struct fb_recompute_page *page,
	fb_recompute_difference_fn fn, void *arg) FB_MUST_CHECK;
