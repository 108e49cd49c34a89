/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Backfill: a pipeline reads the raw log from a position on while the workers receive and append, and goes over to live at an
 * exact position of each lane.
 *
 *     reading --> switching --> over
 *        ^------------'  state of the live readers would not suffice: they are thrown away, and it is tried again later
 *
 *   reading    A thread of its own (backfill.c) reads the log in rounds, through readers of its own (lanes.h). A round ends with
 *              what had arrived when it began, so each is shorter than the one before. Windows are published as they complete,
 *              and before more is read, so that memory is bounded as it is live; checkpoints are written as they are live.
 *   switching  When a round was short, live readers are attached (switch.c). Worker w says with READER_ADDED which datagram X_w is
 *              its first. What they report is held; the thread reads each lane up to X_w, when the log is settled that far.
 *   over       In this order: what the log's readers have open goes to the assemblies, windows complete at X are published and
 *              closed, what the live readers have reported is taken. From then on the pipeline is like any other.
 *
 * Guarantee: each datagram of the log from the start on, and each that arrives, goes through exactly one reader: those before X_w
 * the log's, the others the worker's. Result rows are those of the whole range as a stream (semantics, 1.6, class 3): of a source
 * on one queue to the row, late records included. With several queues a record that is late by less than the watermarks of the
 * other queues moved during the switch (one flush of the raw log) may be judged differently; one that is not late never is.
 * A live reader does not know the watermark M of the records between the last round and X. A record that only M makes late it
 * accepts, and the closed windows refuse: it is in no result, but is counted as accepted instead of late.
 *
 * A crash or stop while reading or switching: the next start goes on from the last checkpoint, or the beginning; nothing that was
 * published is published twice.
 *
 * All functions: with the engine's lock, unless they say so.
 */
#pragma once

#include <pthread.h>

#include "control/pipeline/lanes.h"

enum backfill_phase {
	BACKFILL_READING,
	BACKFILL_WAITING,     /* reads on until it may take another one's place (replace.h) */
	BACKFILL_TAKING_OVER, /* that one has ended */
	BACKFILL_SWITCHING,
	BACKFILL_OVER,
};

/* A slice on its way back to a reader that the thread may be feeding. */
struct returned_slice {
	uint32_t lane;
	uint32_t query;
	struct fb_slice *slice;
};

struct backfill_lane {
	struct fb_reader_epoch now; /* as of the last handing over */
	uint64_t from_seq;          /* where it began */
	uint64_t target_seq;        /* where the log was when the round began */
	uint64_t lent_cnt;          /* slices that are not back */
};

struct backfill {
	struct fb_engine *engine;
	struct pipeline *pipeline;
	pthread_t thread;
	_Atomic bool quit; /* leave at the next burst */
	/* the thread's, until it has finished */
	struct fb_lanes lanes;
	int64_t paced_ns; /* since when `bytes_per_s` counts */
	uint64_t paced_bytes;
	/* guarded by the lock */
	enum backfill_phase phase;
	bool finished; /* the thread touches nothing any more: readers are whoever's has the lock */
	struct backfill_lane *state; /* per lane */
	struct returned_slice *returned;
	uint32_t returned_cnt, returned_cap;
	uint64_t bytes_per_s; /* 0: no limit */
	int64_t begun_ns;     /* monotonic */
	uint64_t bytes;
	char error[160]; /* why it does not go on at the moment; "" if it does */
};

/* `from` of slices (assembly.h) that are a log's reader's: behind those of workers; its lane, and its query. */
#define FB_BACKFILL_FROM (1u << 16)
#define FB_BACKFILL_QUERY_BITS 4

/*
 * For a pipeline whose sources say from where each lane is to be read (source_run.lanes): makes readers, and the epochs that say
 * where they are. The pipeline is BACKFILLING then; nothing is read before it is started. FB_E_NO_MEMORY, FB_E_NOT_FOUND (the log
 * has never heard of the stream); fb_backfill_destroy undoes it.
 */
int fb_backfill_prepare(struct fb_engine *engine, struct pipeline *pipeline) FB_MUST_CHECK;
int fb_backfill_start(struct pipeline *pipeline, uint64_t bytes_per_s) FB_MUST_CHECK;
/*
 * Ends the thread, letting go of the lock meanwhile; what it has read is in the assemblies and in the epochs, and kept in the
 * store. FB_E_BUSY: somebody else is at it.
 */
int fb_backfill_stop(struct fb_engine *engine, struct pipeline *pipeline) FB_MUST_CHECK;
/* After the assemblies gave their slices back, or with all of them lost. */
void fb_backfill_destroy(struct pipeline *pipeline);
/* Frees what is over and lent nothing. Engine thread. */
void fb_backfill_sweep(struct fb_engine *engine);

/* A slice, or a page of rows, that one of its readers has lent. */
void fb_backfill_return_slice(struct backfill *backfill, uint32_t from, struct fb_slice *slice);
void fb_backfill_return_rows(struct backfill *backfill, const struct source_run *source, uint32_t worker, struct fb_row_page *page);

/* Numbers of its readers for a source, to be added to those of live ones. */
void fb_backfill_add_decode(const struct backfill *backfill, const struct source_run *source, struct fb_decode_counters *sum);
void fb_backfill_add_query(const struct backfill *backfill, const struct query_run *query, struct fb_query_counters *sum);
uint64_t fb_backfill_datagrams(const struct backfill *backfill, const struct source_run *source);
void fb_backfill_view(const struct backfill *backfill, struct fb_backfill_view *view);

/* ---- between backfill.c and switch.c ---- */

bool fb_backfill_is_quit(const struct backfill *backfill);
/* Without the lock: waits until the log is settled up to the target of each lane. False: it is to leave. */
bool fb_backfill_wait_settled(struct backfill *backfill);
/* Without the lock: from where each lane is to its end_seq and lanes.until_ns, handing over on the way. FB_E_AGAIN: it is to leave. */
int fb_backfill_read(struct backfill *backfill) FB_MUST_CHECK;
/* Hands over what is complete, with `open` everything, and publishes; lets go of the lock between steps. */
void fb_backfill_hand_over(struct backfill *backfill, bool open);

/* Publishes all of a pipeline that is complete; lets go of the lock between steps. FB_E_AGAIN: it is to leave, and not all is written. */
int fb_backfill_publish(struct backfill *backfill, struct pipeline *pipeline) FB_MUST_CHECK;
/* Everything is with the assemblies, and the epochs of the sources say what that is. */
void fb_backfill_note_epochs(struct backfill *backfill);

/* switch.c. Without the lock. 1: over; 0: not yet; or why not. */
int fb_switch_try(struct backfill *backfill) FB_MUST_CHECK;
