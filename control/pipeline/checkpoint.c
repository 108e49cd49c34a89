/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checkpoints of running pipelines (after Carbone et al., "Lightweight Asynchronous Snapshots for Distributed Dataflows", 2015,
 * with the position in the raw log in the place of barriers).
 *
 *     due -> asked: each worker hands over its open slices and says where it is
 *         -> taken by all: no window is begun, rows of plain queries are written out
 *         -> written: one batch of the store
 *
 * What a worker reports behind its part of the checkpoint belongs to the next one: it is held until this one is written, so
 * that no slice counts a record that the log gives once more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/base/calendar.h"
#include "control/pipeline/engine_private.h"

#define DEFAULT_INTERVAL_MS 10000
/* Of SESSION a core looks into all that it handed over in the last three gaps, so that must not be many slices. */
#define CHECKPOINTS_PER_GAP 16

static bool reads(const struct source_run *source, uint32_t worker)
{
	return source->readers[worker] != NULL && source->added[worker] && !source->done[worker];
}

bool fb_checkpoint_can(const struct pipeline *pipeline)
{
	return pipeline->source_cnt > 0;
}

static int64_t interval_of(const struct pipeline *pipeline)
{
	int64_t interval_ms = pipeline->plan->settings.checkpoint_interval_ms;

	if (interval_ms <= 0)
		interval_ms = DEFAULT_INTERVAL_MS;
	for (uint32_t i = 0; i < pipeline->query_cnt; i++)
		for (const struct fb_query_plan *level = pipeline->queries[i].plan; level != NULL; level = level->upstream)
			if (level->window.kind == FB_WINDOW_SESSION)
				interval_ms = FB_MAX(interval_ms, level->window.size_ms / CHECKPOINTS_PER_GAP);
	return interval_ms;
}

bool fb_checkpoint_is_ready(const struct pipeline *pipeline)
{
	if (!pipeline->checkpoint.active)
		return false;
	for (uint32_t i = 0; i < pipeline->source_cnt; i++)
		for (uint32_t w = 0; w < FB_WORKER_MAX; w++)
			if (reads(&pipeline->sources[i], w) && !pipeline->sources[i].epoch_taken[w])
				return false;
	return true;
}

static void finish(struct fb_engine *engine, struct pipeline *pipeline)
{
	pipeline->checkpoint.active = false;
	pipeline->checkpoint.spoiled = false;
	pipeline->checkpoint.wanted = false;
	pipeline->checkpoint.due_ns = fb_clock_monotonic_ns() + interval_of(pipeline) * 1000000;
	for (uint32_t i = 0; i < pipeline->source_cnt; i++) {
		struct source_run *source = &pipeline->sources[i];

		memset(source->epoch_asked, 0, sizeof(source->epoch_asked));
		memset(source->epoch_taken, 0, sizeof(source->epoch_taken));
		fb_hold_release_source(engine, source);
	}
}

void fb_checkpoint_abandon(struct fb_engine *engine, struct pipeline *pipeline)
{
	if (pipeline->checkpoint.active)
		finish(engine, pipeline);
}

/* ---- a checkpoint ---- */

static void ask(struct fb_engine *engine, struct pipeline *pipeline)
{
	for (uint32_t i = 0; i < pipeline->source_cnt; i++) {
		struct source_run *source = &pipeline->sources[i];

		for (uint32_t w = 0; w < engine->worker_cnt; w++) {
			struct fb_mail mail = {
				.kind = FB_MAIL_CHECKPOINT, .slot = source->slot, .epoch = source->epochs[w]};

			/* A full mailbox is asked again at the next step. */
			if (reads(source, w) && !source->epoch_asked[w])
				source->epoch_asked[w] = fb_worker_send(engine->workers[w], &mail) == 0;
		}
	}
}

bool fb_checkpoint_is_written_out(const struct pipeline *pipeline)
{
	if (fb_merge_has_rows(pipeline))
		return false;
	for (uint32_t i = 0; i < pipeline->query_cnt; i++)
		if (pipeline->queries[i].job.active || pipeline->queries[i].stepping)
			return false;
	return true;
}

static bool is_refused(const struct pipeline *pipeline)
{
	for (uint32_t i = 0; i < pipeline->source_cnt; i++)
		for (uint32_t w = 0; w < FB_WORKER_MAX; w++)
			if (pipeline->sources[i].epoch_taken[w] && pipeline->sources[i].epochs[w]->refused)
				return true;
	return false;
}

void fb_checkpoint_write(struct fb_engine *engine, struct pipeline *pipeline)
{
	struct fb_checkpoint_view *last = &pipeline->checkpoint.last;
	uint64_t bytes = 0;
	int rc = pipeline->checkpoint.spoiled ? FB_E_NO_MEMORY
		 : is_refused(pipeline)       ? FB_E_FULL
					      : fb_persist_epoch(engine, pipeline, &bytes);

	if (rc == 0) {
		last->cnt++;
		last->bytes = bytes;
		last->written_ms = fb_clock_realtime_ns() / 1000000;
		last->duration_ns = fb_clock_monotonic_ns() - pipeline->checkpoint.begun_ns;
		last->error[0] = '\0';
	} else {
		last->failed_cnt++;
		snprintf(last->error, sizeof(last->error), "not written: %s", fb_strerror(rc));
	}
	finish(engine, pipeline);
}

static bool step(struct fb_engine *engine, struct pipeline *pipeline)
{
	int64_t now = fb_clock_monotonic_ns();

	if (pipeline->state != FB_PIPELINE_RUNNING || pipeline->dropping || !fb_checkpoint_can(pipeline))
		return false;
	if (!pipeline->checkpoint.active) {
		if (now < pipeline->checkpoint.due_ns && !pipeline->checkpoint.wanted)
			return false;
		pipeline->checkpoint.active = true;
		pipeline->checkpoint.begun_ns = now;
	}
	if (!fb_checkpoint_is_ready(pipeline)) {
		ask(engine, pipeline);
		return false;
	}
	if (!fb_checkpoint_is_written_out(pipeline))
		return false;
	fb_checkpoint_write(engine, pipeline);
	return true;
}

bool fb_checkpoint_step(struct fb_engine *engine)
{
	bool any = false;

	for (struct pipeline *pipeline = engine->pipelines; pipeline != NULL; pipeline = pipeline->next)
		any |= step(engine, pipeline);
	return any;
}

/* ---- on demand ---- */

static uint64_t tries(const struct pipeline *pipeline)
{
	return pipeline->checkpoint.last.cnt + pipeline->checkpoint.last.failed_cnt;
}

/* Records: live ones, or those of the log (backfill.c writes its own). */
static bool takes(const struct pipeline *pipeline)
{
	return pipeline != NULL &&
	       (pipeline->state == FB_PIPELINE_RUNNING || pipeline->state == FB_PIPELINE_BACKFILLING);
}

/* One that is under way may have been asked for before the call: the next one counts then. */
int fb_checkpoint_wait(struct fb_engine *engine, const char *name, int timeout_ms)
{
	int64_t until = fb_clock_monotonic_ns() + (int64_t)timeout_ms * 1000000;
	struct pipeline *pipeline = fb_engine_find(engine, name);
	uint64_t target;

	if (!takes(pipeline))
		return FB_E_NOT_FOUND;
	if (!fb_checkpoint_can(pipeline))
		return FB_E_UNSUPPORTED;
	target = tries(pipeline) + 1 + pipeline->checkpoint.active;
	while (tries(pipeline) < target) {
		pipeline->checkpoint.wanted = true;
		if (!fb_engine_wait(engine, FB_MIN(until, fb_clock_monotonic_ns() + 5000000)) &&
			fb_clock_monotonic_ns() >= until)
			return FB_E_TIMEOUT;
		/* The lock was let go: it may have been dropped. */
		pipeline = fb_engine_find(engine, name);
		if (!takes(pipeline))
			return FB_E_NOT_FOUND;
	}
	return pipeline->checkpoint.last.error[0] == '\0' ? 0 : FB_E_IO;
}

int fb_engine_checkpoint(struct fb_engine *engine, const char *name, int timeout_ms)
{
	int rc = 0;

	fb_engine_lock(engine);
	if (name != NULL) {
		rc = fb_checkpoint_wait(engine, name, timeout_ms);
	} else {
		uint32_t at = 0;

		/* By number: the list may change while one is waited for. */
		for (bool more = true; rc == 0 && more; at++) {
			struct pipeline *pipeline = engine->pipelines;

			for (uint32_t i = 0; pipeline != NULL && i < at; i++)
				pipeline = pipeline->next;
			more = pipeline != NULL;
			if (!takes(pipeline))
				continue;

			/* It may be dropped while the lock is let go. */
			char *own = strdup(pipeline->name);

			rc = own ? fb_checkpoint_wait(engine, own, timeout_ms) : FB_E_NO_MEMORY;
			rc = rc == FB_E_NOT_FOUND || rc == FB_E_UNSUPPORTED ? 0 : rc;
			free(own);
		}
	}
	fb_engine_unlock(engine);
	return rc;
}
