/* SPDX-License-Identifier: Apache-2.0 */
/* Corrections: rows that a replay appends to what a query has published; and what it needs to know for that. */
#include <stdlib.h>
#include <string.h>

#include "config/base/calendar.h"
#include "control/pipeline/engine_private.h"

#define WAIT_NS 10000000000
#define WAIT_STEP_NS 10000000

int fb_engine_reserve_queries(struct fb_engine *engine, uint32_t cnt, uint32_t *ret_first)
{
	struct fb_store_batch *batch = fb_store_batch_create(engine->store);
	int rc;

	if (batch == NULL)
		return FB_E_NO_MEMORY;
	fb_engine_lock(engine);
	fb_persist_next_query(engine->next_query_id + cnt, batch);
	rc = fb_store_commit(batch, true);
	if (rc == 0) {
		*ret_first = engine->next_query_id;
		engine->next_query_id += cnt;
	}
	fb_engine_unlock(engine);
	fb_store_batch_destroy(batch);
	return rc;
}

/* ---- what is published ---- */

static bool rows_are_alike(const struct fb_query_plan *a, const struct fb_query_plan *b)
{
	if (a->select_cnt != b->select_cnt)
		return false;
	for (uint16_t i = 0; i < a->select_cnt; i++) {
		struct fb_type one = a->select[i]->type;
		struct fb_type other = b->select[i]->type;

		if (fb_type_phys(one) != fb_type_phys(other) || fb_type_is_timestamp(one) != fb_type_is_timestamp(other) ||
			(one.kind == FB_T_DECIMAL && one.scale != other.scale) ||
			(fb_type_is_timestamp(one) && fb_type_ticks_per_s(one) != fb_type_ticks_per_s(other)))
			return false;
	}
	return true;
}

/* A window that only late records fell into is complete, too, and is never published by itself. */
static int64_t published_until(const struct query_run *query)
{
	int64_t until = query->published_ms;

	/* SESSION: what ends before that is published. */
	if (query->plan->window.kind == FB_WINDOW_SESSION && until != FB_TIME_MIN && until != FB_TIME_MAX)
		until--;
	if (query->settled_ms == FB_TIME_MIN)
		return until;
	if (query->settled_ms == FB_TIME_MAX)
		return FB_TIME_MAX;
	return FB_MAX(until, query->settled_ms + query->plan->time_shift_ms + 1);
}

int fb_engine_published(struct fb_engine *engine, const char *pipeline, const char *query, const struct fb_query_plan *like,
	struct fb_published *ret)
{
	const struct query_run *run;
	int rc = FB_E_NOT_FOUND;

	fb_engine_lock(engine);
	run = fb_engine_find_query(engine, pipeline, query);
	if (run != NULL)
		rc = like != NULL && !rows_are_alike(run->plan, like) ? FB_E_INVALID : 0;
	if (rc == 0) {
		struct fb_query_counters counters = fb_view_counters(engine, run);
		const struct source_run *source = run->input_cnt > 0 ? run->inputs[0].source : NULL;

		*ret = (struct fb_published){
			.query_id = run->query_id,
			.next_seq = run->next_seq,
			.retained_from = run->retained_from,
			.published_ms = published_until(run),
			.late_rows = counters.disposition[FB_REC_LATE],
			.lane_cnt = source ? source->begin_cnt : 0,
		};
		if (source != NULL)
			memcpy(ret->lanes, source->begin, sizeof(ret->lanes));
	}
	fb_engine_unlock(engine);
	return rc;
}

int fb_engine_pipeline_text(struct fb_engine *engine, const char *pipeline, char **ret_file, char **ret_sql)
{
	const struct pipeline *found;
	char *file = NULL, *sql = NULL;
	int rc = 0;

	fb_engine_lock(engine);
	found = fb_engine_find(engine, pipeline);
	if (found != NULL) {
		file = strdup(found->file);
		sql = strdup(found->sql);
	}
	fb_engine_unlock(engine);
	if (found == NULL)
		rc = FB_E_NOT_FOUND;
	else if (file == NULL || sql == NULL)
		rc = FB_E_NO_MEMORY;
	if (rc != 0) {
		free(file);
		free(sql);
		return rc;
	}
	*ret_file = file;
	*ret_sql = sql;
	return 0;
}

void fb_engine_late_repairs(struct fb_engine *engine, fb_engine_late_repair_fn fn, void *arg)
{
	fb_engine_lock(engine);
	for (const struct pipeline *pipeline = engine->pipelines; pipeline != NULL; pipeline = pipeline->next)
		if (pipeline->state == FB_PIPELINE_RUNNING && pipeline->plan->settings.late_repair_interval_ms > 0)
			fn(arg, pipeline->name, pipeline->plan->settings.late_repair_interval_ms);
	fb_engine_unlock(engine);
}

/* ---- corrections ---- */

static struct query_run *find_query(struct fb_engine *engine, const char *name, uint32_t query_id)
{
	struct pipeline *pipeline = fb_engine_find(engine, name);

	for (uint32_t i = 0; pipeline != NULL && i < pipeline->query_cnt; i++)
		if (pipeline->queries[i].query_id == query_id)
			return &pipeline->queries[i];
	return NULL;
}

/* The numbers behind next_seq belong to the window that is being written. */
static int wait_for_turn(struct fb_engine *engine, const char *name, uint32_t query_id, struct query_run **ret)
{
	int64_t until = fb_clock_monotonic_ns() + WAIT_NS;

	for (;;) {
		struct query_run *query = find_query(engine, name, query_id);

		if (query == NULL || query->pipeline->dropping)
			return FB_E_NOT_FOUND;
		if (!query->job.active) {
			*ret = query;
			return 0;
		}
		if (fb_clock_monotonic_ns() > until)
			return FB_E_TIMEOUT;
		fb_engine_wait(engine, fb_clock_monotonic_ns() + WAIT_STEP_NS);
	}
}

static int append(struct fb_engine *engine, struct query_run *query, struct fb_correction *correction,
	struct fb_store_batch *batch)
{
	uint64_t next_seq = query->next_seq;
	int rc;

	correction->window.first_seq = next_seq;
	for (uint64_t i = 0; i < correction->window.row_cnt; i++)
		fb_store_put_result(
			batch, query->query_id, query->next_seq++, correction->rows[i].bytes, correction->rows[i].len);
	fb_store_put_window(batch, query->query_id, &correction->window);
	fb_persist_query(engine, query, batch);
	rc = fb_store_commit(batch, true);
	if (rc != 0)
		query->next_seq = next_seq;
	else
		fb_delivery_notify(query->delivery, query->next_seq);
	return rc;
}

int fb_engine_correct(struct fb_engine *engine, const char *pipeline, uint32_t query_id, struct fb_correction *correction,
	struct fb_store_batch *batch)
{
	struct query_run *query;
	int rc;

	fb_engine_lock(engine);
	rc = wait_for_turn(engine, pipeline, query_id, &query);
	if (rc == 0)
		rc = append(engine, query, correction, batch);
	else
		fb_store_batch_clear(batch);
	fb_engine_unlock(engine);
	return rc;
}
