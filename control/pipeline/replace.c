/* SPDX-License-Identifier: Apache-2.0 */
#include "control/pipeline/replace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/base/calendar.h"
#include "dataplane/operator/window.h"

#define RETRY_NS 200000000

/* ---- names: '~' is in no name that people give ---- */

#define NEW_SUFFIX "~new"
#define OLD_SUFFIX "~old"

void fb_replace_name(const char *name, char full[FB_REPLACE_NAME_BYTES])
{
	snprintf(full, FB_REPLACE_NAME_BYTES, "%s" NEW_SUFFIX, name);
}

static bool ends_with(const char *name, const char *suffix)
{
	size_t len = strlen(name), end = strlen(suffix);

	return len > end && strcmp(name + len - end, suffix) == 0;
}

char *fb_replace_target(const char *full)
{
	return ends_with(full, NEW_SUFFIX) ? strndup(full, strlen(full) - strlen(NEW_SUFFIX)) : NULL;
}

static struct pipeline *find_with(struct fb_engine *engine, const char *name, const char *suffix)
{
	char full[FB_REPLACE_NAME_BYTES];

	snprintf(full, sizeof(full), "%s%s", name, suffix);
	return fb_engine_find(engine, full);
}

bool fb_replace_is_under_way(struct fb_engine *engine, const struct pipeline *pipeline)
{
	return find_with(engine, pipeline->name, NEW_SUFFIX) != NULL ||
	       (pipeline->backfill != NULL && pipeline->backfill->phase == BACKFILL_TAKING_OVER);
}

/* ---- what can ---- */

static int refuse(struct fb_diags *diags, int rc, const char *hint, const char *fmt, const char *name)
{
	char text[512];

	snprintf(text, sizeof(text), fmt, name);
	fb_diags_add(diags, FB_ERROR_SEVERITY, (struct fb_place){0}, hint, "%s", text);
	return rc;
}

/* Whose windows are complete in the order of their ends, and whose rows come from records. */
static int check_plans(const struct pipeline *pipeline, struct fb_diags *diags)
{
	const char *hint = "drop the running one, and apply this one";

	for (uint32_t i = 0; i < pipeline->query_cnt; i++) {
		const struct query_run *query = &pipeline->queries[i];

		if (query->input_cnt == 0)
			return refuse(diags, FB_E_UNSUPPORTED, hint,
				"'%s' has rows of constants: they would be written a second time", query->plan->name);
		if (query->plan->window.kind == FB_WINDOW_SESSION || query->plan->upstream != NULL)
			return refuse(diags, FB_E_UNSUPPORTED, hint,
				"'%s' cannot be replaced, or replace another, while records come: SESSION windows and windows over windows "
				"have no instant at which all before it are published and all after it are not",
				query->plan->name);
	}
	return 0;
}

int fb_replace_check(struct fb_engine *engine, const struct pipeline *pipeline, struct fb_diags *diags)
{
	const char *name = pipeline->replaces;
	struct pipeline *old = fb_engine_find(engine, name);
	int rc;

	if (old == NULL)
		return refuse(diags, FB_E_NOT_FOUND, "apply it without --replace", "there is no pipeline '%s' to replace", name);
	if (find_with(engine, name, NEW_SUFFIX) != NULL)
		return refuse(diags, FB_E_EXISTS, "`forebay status` says how far it is; dropping NAME~new leaves the running one as it is",
			"'%s' is being replaced already", name);
	if (find_with(engine, name, OLD_SUFFIX) != NULL)
		return refuse(diags, FB_E_BUSY, "`forebay status` shows its sinks",
			"what '%s' replaced last has rows that its sinks do not have yet", name);
	if (old->state != FB_PIPELINE_RUNNING)
		return refuse(diags, FB_E_BUSY, NULL, "'%s' is not running: it reads its history, or is drained", name);
	rc = check_plans(old, diags);
	return rc ? rc : check_plans(pipeline, diags);
}

/* ---- whose a window is ---- */

static const struct source_run *same_stream(const struct pipeline *old, uint32_t stream)
{
	for (uint32_t i = 0; i < old->source_cnt; i++)
		if (old->sources[i].stream == stream)
			return &old->sources[i];
	return NULL;
}

/* The old one's watermark of what the query reads; FB_TIME_MIN: it has none. */
static int64_t old_watermark(struct fb_engine *engine, const struct pipeline *old, const struct query_run *query)
{
	int64_t watermark_ms = FB_TIME_MAX;

	for (uint32_t i = 0; i < query->input_cnt; i++) {
		const struct source_run *source = same_stream(old, query->inputs[i].source->stream);

		watermark_ms = FB_MIN(watermark_ms, source ? fb_merge_source_watermark(engine, source) : FB_TIME_MIN);
	}
	return watermark_ms;
}

int64_t fb_replace_watermark(struct fb_engine *engine, const struct query_run *query)
{
	const struct pipeline *pipeline = query->pipeline;
	struct pipeline *old = fb_engine_find(engine, pipeline->replaces);
	int64_t caught_ms = query->inputs[0].source->caught_ms;
	int64_t old_ms;

	/* At a start it may not have been taken up yet. */
	if (old == NULL)
		return FB_TIME_MIN;
	old_ms = old_watermark(engine, old, query);
	/* What was complete before the old one had anything is history: nobody has asked for that. */
	if (old_ms == FB_TIME_MIN)
		return caught_ms;
	return pipeline->backfill->phase == BACKFILL_TAKING_OVER ? old_ms : FB_MIN(caught_ms, old_ms);
}

/* ---- whether windows would be whole ---- */

static bool has_all(const struct source_run *source)
{
	for (uint32_t i = 0; i < source->begin_cnt; i++)
		if (source->begin[i].from_seq != 0)
			return false;
	return true;
}

/*
 * Records that are not in its history have event times before `first` watermark and twice the delay, or were late: the newest of them is
 * at most a delay behind the first that is there, or that one was late. Windows that begin later are whole.
 */
static bool is_whole(struct fb_engine *engine, const struct pipeline *old, const struct query_run *query)
{
	int64_t watermark_ms = old_watermark(engine, old, query);

	for (uint32_t i = 0; i < query->input_cnt; i++) {
		const struct source_run *source = query->inputs[i].source;

		if (query->layout == NULL || has_all(source))
			continue;
		if (source->first_caught_ms == FB_TIME_MIN ||
			watermark_ms < source->first_caught_ms + 2 * source->table->watermark_delay_ms + query->plan->window.size_ms)
			return false;
	}
	return true;
}

static bool is_ready(struct fb_engine *engine, const struct pipeline *old, const struct pipeline *pipeline)
{
	for (uint32_t i = 0; i < pipeline->query_cnt; i++)
		if (!is_whole(engine, old, &pipeline->queries[i]))
			return false;
	return true;
}

/* ---- taking over ---- */

static void aim_at(struct backfill *backfill, const struct pipeline *old)
{
	backfill->lanes.until_ns = INT64_MAX;
	for (uint32_t i = 0; i < backfill->lanes.cnt; i++) {
		struct fb_lane *lane = &backfill->lanes.items[i];
		const struct source_run *source = same_stream(old, lane->source->stream);

		if (lane->closed)
			continue;
		lane->end_seq = lane->seq;
		if (source != NULL && source->readers[lane->worker] != NULL && source->epochs[lane->worker] != NULL)
			lane->end_seq = FB_MAX(lane->seq, source->epochs[lane->worker]->log_seq);
		backfill->state[i].target_seq = lane->end_seq;
	}
}

/* The old one's readers end, and all that is complete is in the store. */
static int end_old(struct backfill *backfill, struct pipeline *old)
{
	int rc = fb_pipeline_detach(backfill->engine, old, FB_MAIL_READER_KEEP);

	return rc ? rc : fb_backfill_publish(backfill, old);
}

/* What came before and is complete is thrown away, now also where this watermark is behind the old one's. */
static int cut(struct backfill *backfill)
{
	struct pipeline *pipeline = backfill->pipeline;

	fb_backfill_note_epochs(backfill);
	for (uint32_t i = 0; i < pipeline->query_cnt; i++) {
		struct query_run *query = &pipeline->queries[i];
		int64_t watermark_ms = fb_replace_watermark(backfill->engine, query);

		if (query->assembly == NULL || watermark_ms == FB_TIME_MIN)
			continue;
		fb_assembly_close_to(query->assembly, watermark_ms);
		query->published_ms = FB_MAX(query->published_ms, fb_window_clock(query->plan, watermark_ms) + 1);
	}
	return fb_checkpoint_is_written_out(pipeline) ? 0 : FB_E_AGAIN;
}

static int drop_slice(void *arg, int64_t start_ms, uint32_t part, const uint8_t *bytes, size_t len)
{
	const struct query_run *query = arg;

	(void)bytes;
	(void)len;
	fb_store_delete_slice(query->engine->swap, query->query_id, start_ms, part);
	return 0;
}

/* Rows that its sinks lack stay; what it had open does not. */
static int put_old(struct fb_engine *engine, struct pipeline *old, struct fb_store_batch *batch)
{
	int rc = fb_persist_definition(engine, old, batch);

	for (uint32_t i = 0; rc == 0 && i < old->query_cnt; i++) {
		fb_persist_query(engine, &old->queries[i], batch);
		rc = fb_store_scan_slices(engine->store, old->queries[i].query_id, drop_slice, &old->queries[i]);
	}
	return rc;
}

struct names {
	char *old_name, *new_name, *replaces;
};

/* On failure all is as before. */
static int swap(struct backfill *backfill, struct pipeline *old)
{
	struct fb_engine *engine = backfill->engine;
	struct pipeline *pipeline = backfill->pipeline;
	struct names before = {old->name, pipeline->name, pipeline->replaces};
	char full[FB_REPLACE_NAME_BYTES];
	char *old_name;
	uint64_t bytes;
	int rc;

	snprintf(full, sizeof(full), "%s" OLD_SUFFIX, old->name);
	old_name = strdup(full);
	engine->swap = fb_store_batch_create(engine->store);
	rc = old_name == NULL || engine->swap == NULL ? FB_E_NO_MEMORY : 0;
	if (rc == 0) {
		fb_persist_forget_name(old, engine->swap);
		fb_persist_forget_name(pipeline, engine->swap);
		old->name = old_name;
		old->state = FB_PIPELINE_DRAINED;
		pipeline->name = before.replaces;
		pipeline->replaces = NULL;
		rc = put_old(engine, old, engine->swap);
	}
	if (rc == 0) {
		fb_begin_put(pipeline, engine->swap);
		rc = fb_persist_epoch_with(engine, pipeline, engine->swap, &bytes);
	}
	if (rc == 0) {
		free(before.old_name);
		free(before.new_name);
	} else {
		old->name = before.old_name;
		old->state = FB_PIPELINE_RUNNING;
		pipeline->name = before.new_name;
		pipeline->replaces = before.replaces;
		free(old_name);
	}
	if (engine->swap != NULL)
		fb_store_batch_destroy(engine->swap);
	engine->swap = NULL;
	return rc;
}

static int take_over(struct backfill *backfill, struct pipeline *old)
{
	struct fb_engine *engine = backfill->engine;
	int rc = end_old(backfill, old);

	if (rc != 0)
		return rc;
	aim_at(backfill, old);
	fb_engine_unlock(engine);
	rc = fb_backfill_wait_settled(backfill) ? fb_backfill_read(backfill) : FB_E_AGAIN;
	fb_engine_lock(engine);
	if (rc == 0)
		rc = cut(backfill);
	return rc ? rc : swap(backfill, old);
}

/* The old one takes nothing any more: only a stop ends this before it is done. */
static int insist(struct backfill *backfill, struct pipeline *old)
{
	struct timespec pause = {.tv_nsec = RETRY_NS};
	int rc;

	while ((rc = take_over(backfill, old)) != 0) {
		snprintf(backfill->error, sizeof(backfill->error), "%s", fb_strerror(rc));
		if (fb_backfill_is_quit(backfill))
			return FB_E_AGAIN;
		fb_engine_unlock(backfill->engine);
		nanosleep(&pause, NULL);
		fb_engine_lock(backfill->engine);
	}
	backfill->error[0] = '\0';
	return 1;
}

int fb_replace_try(struct backfill *backfill)
{
	struct fb_engine *engine = backfill->engine;
	struct pipeline *old;
	int rc = 0;

	fb_engine_lock(engine);
	old = fb_engine_find(engine, backfill->pipeline->replaces);
	/* It is being dropped, or all stops: the running one has to stay as it is. */
	if (fb_backfill_is_quit(backfill)) {
		rc = FB_E_AGAIN;
	} else if (old == NULL || old->state != FB_PIPELINE_RUNNING || old->dropping) {
		rc = FB_E_NOT_FOUND;
	} else if (is_ready(engine, old, backfill->pipeline)) {
		backfill->phase = BACKFILL_TAKING_OVER;
		rc = insist(backfill, old);
		backfill->phase = BACKFILL_READING;
	} else {
		backfill->phase = BACKFILL_WAITING;
	}
	fb_engine_unlock(engine);
	return rc;
}

/* ---- the old one ---- */

static bool is_delivered(const struct pipeline *pipeline)
{
	bool empty = true;

	for (uint32_t i = 0; i < pipeline->query_cnt; i++)
		empty &= fb_delivery_drain(pipeline->queries[i].delivery, 0) == 0;
	return empty;
}

void fb_replace_sweep(struct fb_engine *engine)
{
	for (struct pipeline *pipeline = engine->pipelines; pipeline != NULL; pipeline = pipeline->next)
		if (ends_with(pipeline->name, OLD_SUFFIX) && !pipeline->dropping && is_delivered(pipeline)) {
			pipeline->dropping = true;
			FB_IGNORE(fb_pipeline_forget(engine, pipeline));
			return;
		}
}
