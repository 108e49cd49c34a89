/* SPDX-License-Identifier: Apache-2.0 */
/* Pipelines are drained and dropped. */
#include <time.h>

#include "config/base/calendar.h"
#include "control/pipeline/replace.h"

/* ---- drain ---- */

/* The end of input is behind the history: a backfill is waited for. */
static void wait_live(struct fb_engine *engine, const char *name, int64_t until_ns)
{
	struct pipeline *pipeline = fb_engine_find(engine, name);

	while (pipeline != NULL && pipeline->state == FB_PIPELINE_BACKFILLING && fb_clock_monotonic_ns() < until_ns) {
		fb_engine_wait(engine, FB_MIN(until_ns, fb_clock_monotonic_ns() + 10000000));
		pipeline = fb_engine_find(engine, name);
	}
}

/* Readers end. *ret_id: the query that the pipeline is found by from here on. */
static int end_input(struct fb_engine *engine, const char *name, uint32_t *ret_id)
{
	struct pipeline *pipeline;
	int rc = 0;

	fb_command_begin(engine);
	pipeline = fb_engine_find(engine, name);
	if (pipeline == NULL)
		rc = FB_E_NOT_FOUND;
	else if (pipeline->state == FB_PIPELINE_BACKFILLING)
		rc = FB_E_TIMEOUT;
	else if (fb_replace_is_under_way(engine, pipeline))
		rc = FB_E_BUSY;
	else
		*ret_id = pipeline->queries[0].query_id;
	if (rc == 0 && pipeline->state == FB_PIPELINE_RUNNING) {
		pipeline->state = FB_PIPELINE_DRAINING;
		rc = fb_pipeline_detach(engine, pipeline, FB_MAIL_READER_END);
	}
	fb_command_end(engine);
	return rc;
}

/* While the lock was let go it may have been dropped, and another made under its name. */
static struct pipeline *find_again(struct fb_engine *engine, const char *name, uint32_t query_id)
{
	struct pipeline *pipeline = fb_engine_find(engine, name);

	return pipeline != NULL && !pipeline->dropping && pipeline->queries[0].query_id == query_id ? pipeline : NULL;
}

/* All its windows are in the store, and it is drained. */
static int wait_merged(struct fb_engine *engine, const char *name, uint32_t query_id, int64_t until_ns)
{
	struct pipeline *pipeline;
	uint64_t bytes;

	while ((pipeline = find_again(engine, name, query_id)) != NULL && !fb_merge_is_idle(pipeline))
		if (!fb_engine_wait(engine, FB_MIN(until_ns, fb_clock_monotonic_ns() + 10000000)) &&
			fb_clock_monotonic_ns() >= until_ns)
			return FB_E_TIMEOUT;
	if (pipeline == NULL)
		return FB_E_NOT_FOUND;
	if (pipeline->state == FB_PIPELINE_DRAINING) {
		pipeline->state = FB_PIPELINE_DRAINED;
		fb_pipeline_free_readers(engine, pipeline);
		FB_IGNORE(fb_persist_epoch(engine, pipeline, &bytes));
	}
	return 0;
}

/* Sinks have all rows. The lock is not held while they empty. */
static int wait_delivered(struct fb_engine *engine, const char *name, uint32_t query_id, int64_t until_ns)
{
	struct timespec pause = {.tv_nsec = 1000000};

	for (;;) {
		struct pipeline *pipeline;
		bool empty = true;

		fb_engine_lock(engine);
		pipeline = find_again(engine, name, query_id);
		for (uint32_t i = 0; pipeline != NULL && i < pipeline->query_cnt; i++)
			if (fb_delivery_drain(pipeline->queries[i].delivery, 1) != 0)
				empty = false;
		fb_engine_unlock(engine);
		if (empty)
			return 0;
		if (fb_clock_monotonic_ns() > until_ns)
			return FB_E_TIMEOUT;
		/* Asking without a pause would keep their threads from what is asked of them. */
		nanosleep(&pause, NULL);
	}
}

int fb_engine_drain(struct fb_engine *engine, const char *name, int timeout_ms)
{
	int64_t until_ns = fb_clock_monotonic_ns() + (int64_t)timeout_ms * 1000000;
	uint32_t query_id = 0;
	int rc;

	fb_engine_lock(engine);
	wait_live(engine, name, until_ns);
	rc = end_input(engine, name, &query_id);
	if (rc == 0)
		rc = wait_merged(engine, name, query_id, until_ns);
	fb_engine_unlock(engine);
	return rc ? rc : wait_delivered(engine, name, query_id, until_ns);
}

/* ---- drop ---- */

int fb_pipeline_forget(struct fb_engine *engine, struct pipeline *pipeline)
{
	struct fb_store_batch *batch = fb_store_batch_create(engine->store);
	struct pipeline **link = &engine->pipelines;
	int rc = batch == NULL ? FB_E_NO_MEMORY : 0;

	while (*link != pipeline)
		link = &(*link)->next;
	*link = pipeline->next;
	for (uint32_t i = 0; i < pipeline->query_cnt; i++) {
		fb_delivery_stop(pipeline->queries[i].delivery);
		pipeline->queries[i].delivery = NULL;
	}
	if (rc == 0) {
		fb_persist_forget(pipeline, batch);
		rc = fb_store_commit(batch, true);
		fb_store_batch_destroy(batch);
	}
	fb_pipeline_destroy(engine, pipeline);
	return rc;
}

int fb_engine_drop(struct fb_engine *engine, const char *name)
{
	struct pipeline *pipeline;
	int rc;

	fb_engine_lock(engine);
	fb_command_begin(engine);
	pipeline = fb_engine_find(engine, name);
	rc = pipeline == NULL ? FB_E_NOT_FOUND : fb_replace_is_under_way(engine, pipeline) ? FB_E_BUSY : 0;
	if (rc == 0) {
		pipeline->dropping = true;
		rc = fb_backfill_stop(engine, pipeline);
		if (rc == 0)
			rc = fb_pipeline_detach(engine, pipeline, FB_MAIL_READER_KEEP);
	}
	if (rc == 0)
		rc = fb_pipeline_forget(engine, pipeline);
	fb_command_end(engine);
	fb_engine_unlock(engine);
	return rc;
}
