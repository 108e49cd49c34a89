/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slices of the workers to windows, and windows and row pages to rows in the store.
 *
 * A window is complete when every worker that reads its source has reported a watermark at or behind its end - 1 (rule
 * M4): by the order of reports all its slices are here by then. It is written some thousand rows at a time, so that a
 * window of a million keys does not hold the lock; it counts only with its last batch, which also moves next_seq. Rows at
 * or above next_seq are nobody's: a restart deletes them, and the sinks are told of a window only when it is whole.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/base/calendar.h"
#include "control/pipeline/engine_private.h"

#define BATCHES_PER_STEP 32
#define PAGES_PER_STEP 16
#define RETRY_NS 1000000000
#define MERGE_SLACK_BYTES (1u << 20)

/* ---- parts ---- */

static void return_slice(struct fb_engine *engine, struct query_run *query, uint32_t worker, struct fb_slice *slice)
{
	struct source_run *source = query->source;
	struct fb_mail mail = {
		.kind = FB_MAIL_SLICE_FREE, .slot = source->slot, .query = query->index, .slice = slice};

	/* A worker takes its mail every few microseconds; once it is done with the reader, the reader is ours. */
	while (!source->done[worker] && fb_worker_send(engine->workers[worker], &mail) == FB_E_AGAIN)
		sched_yield();
	if (source->done[worker])
		fb_reader_return_slice(source->readers[worker], query->index, slice);
}

static void free_part(struct fb_engine *engine, struct query_run *query, struct window_part *part)
{
	if (part->worker != FB_PART_STORED)
		return_slice(engine, query, part->worker, part->slice);
	else if (part->pool != NULL)
		fb_slice_pool_destroy(part->pool);
	free(part);
}

void fb_merge_free_window(struct fb_engine *engine, struct query_run *query, struct pending_window *window)
{
	while (window->parts != NULL) {
		struct window_part *part = window->parts;

		window->parts = part->next;
		free_part(engine, query, part);
	}
	free(window);
}

static struct pending_window *find_window(struct query_run *query, int64_t start_ms)
{
	struct pending_window **link = &query->pending;

	while (*link != NULL && (*link)->start_ms < start_ms)
		link = &(*link)->next;
	if (*link == NULL || (*link)->start_ms != start_ms) {
		struct pending_window *window = calloc(1, sizeof(*window));

		if (window == NULL)
			return NULL;
		window->start_ms = start_ms;
		window->next = *link;
		*link = window;
	}
	return *link;
}

static int add_part(struct query_run *query, int64_t start_ms, struct window_part **ret)
{
	struct pending_window *window = find_window(query, start_ms);
	struct window_part *part = window ? calloc(1, sizeof(*part)) : NULL;

	if (part == NULL)
		return FB_E_NO_MEMORY;
	part->next = window->parts;
	window->parts = part;
	*ret = part;
	return 0;
}

int fb_merge_add_stored(struct query_run *query, int64_t start_ms, uint32_t part_number, const uint8_t *bytes, size_t len)
{
	struct window_part *part;
	int rc = add_part(query, start_ms, &part);

	if (rc != 0)
		return rc;
	part->worker = FB_PART_STORED;
	part->stored = part_number;
	/* The index of a slice takes up to as much as its entries: grow until it fits. */
	for (uint64_t size = 2 * len + MERGE_SLACK_BYTES;; size *= 2) {
		rc = fb_slice_pool_create(size, &part->pool);
		if (rc != 0)
			return rc;
		part->slice = fb_slice_open(part->pool, query->layout, start_ms);
		rc = part->slice == NULL ? FB_E_FULL : fb_slice_import(part->slice, bytes, len);
		if (rc == 0)
			return 0;
		fb_slice_pool_destroy(part->pool);
		part->pool = NULL;
		part->slice = NULL;
		if (rc != FB_E_FULL || size > 64 * ((uint64_t)len + MERGE_SLACK_BYTES))
			return rc;
	}
}

uint64_t fb_merge_pending_rows(const struct query_run *query)
{
	uint64_t rows = 0;

	for (const struct pending_window *window = query->pending; window != NULL; window = window->next)
		for (const struct window_part *part = window->parts; part != NULL; part = part->next)
			rows += part->slice ? fb_slice_row_cnt(part->slice) : 0;
	return rows;
}

/* ---- reports ---- */

static void take_slice(struct fb_engine *engine, struct pipeline *pipeline, const struct fb_report *report)
{
	struct source_run *source = engine->slot_sources[report->slot];
	struct query_run *query = source->queries[report->query];
	struct window_part *part;

	if (pipeline->dropping || add_part(query, fb_slice_start_ms(report->slice), &part) != 0) {
		return_slice(engine, query, report->worker, report->slice);
		return;
	}
	part->worker = report->worker;
	part->slice = report->slice;
}

static void take_rows(struct fb_engine *engine, const struct fb_report *report)
{
	struct source_run *source = engine->slot_sources[report->slot];

	report->rows->next = NULL;
	if (source->rows_head[report->worker] == NULL)
		source->rows_head[report->worker] = report->rows;
	else
		source->rows_tail[report->worker]->next = report->rows;
	source->rows_tail[report->worker] = report->rows;
}

static void reader_done(struct fb_engine *engine, struct source_run *source, uint32_t worker)
{
	struct fb_reader *reader = source->readers[worker];

	/* Published by the worker right before this report. */
	fb_worker_snapshot(engine->workers[worker], &engine->snapshots[worker]);
	source->datagrams_base += engine->snapshots[worker].readers[source->slot].datagrams;

	source->done[worker] = true;
	source->kept_ms = FB_MAX(source->kept_ms, fb_reader_watermark(reader));
	fb_decode_counters_add(&source->last, fb_reader_decode_counters(reader));
	for (uint32_t i = 0; i < source->query_cnt; i++)
		fb_query_counters_add(&source->queries[i]->last, fb_reader_query_counters(reader, i));
}

void fb_merge_report(struct fb_engine *engine, const struct fb_report *report)
{
	struct pipeline *pipeline = engine->slots[report->slot];
	struct source_run *source = engine->slot_sources[report->slot];

	if (report->kind == FB_REPORT_STOPPED)
		engine->worker_stopped[report->worker] = true;
	if (report->kind == FB_REPORT_STOPPED || pipeline == NULL)
		return;
	switch (report->kind) {
	case FB_REPORT_READER_ADDED:
		source->added[report->worker] = true;
		break;
	case FB_REPORT_SLICE:
	case FB_REPORT_SLICE_OPEN:
		take_slice(engine, pipeline, report);
		break;
	case FB_REPORT_ROWS:
		take_rows(engine, report);
		break;
	case FB_REPORT_WATERMARK:
		source->watermark_ms[report->worker] = report->watermark_ms;
		break;
	case FB_REPORT_READER_DONE:
		reader_done(engine, source, report->worker);
		break;
	case FB_REPORT_STOPPED:
		break;
	}
}

bool fb_merge_receive(struct fb_engine *engine)
{
	struct fb_report report;
	bool any = false;

	for (uint32_t i = 0; i < engine->worker_cnt; i++)
		for (int k = 0; k < 256 && fb_worker_receive(engine->workers[i], &report); k++) {
			fb_merge_report(engine, &report);
			any = true;
		}
	if (any)
		pthread_cond_broadcast(&engine->changed);
	return any;
}

/* ---- row pages of plain queries ---- */

static void store_failed(struct fb_engine *engine, int rc)
{
	snprintf(engine->store_error, sizeof(engine->store_error), "results cannot be written: %s", fb_strerror(rc));
	engine->store_retry_ns = fb_clock_monotonic_ns() + RETRY_NS;
}

static void return_rows(struct fb_engine *engine, struct source_run *source, uint32_t worker, struct fb_row_page *page)
{
	struct fb_mail mail = {.kind = FB_MAIL_ROWS_FREE, .slot = source->slot, .rows = page};

	while (!source->done[worker] && fb_worker_send(engine->workers[worker], &mail) == FB_E_AGAIN)
		sched_yield();
	if (source->done[worker])
		fb_reader_return_rows(source->readers[worker], page);
}

static int put_page(struct fb_engine *engine, struct query_run *query, const struct fb_row_page *page, uint64_t *seq)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < page->row_cnt; i++) {
		uint32_t len;

		if (page->len - at < sizeof(len))
			return FB_E_INTERNAL;
		memcpy(&len, page->bytes + at, sizeof(len));
		if (page->len - at - sizeof(len) < len)
			return FB_E_INTERNAL;
		fb_store_put_result(engine->batch, query->query_id, (*seq)++, page->bytes + at, sizeof(len) + len);
		at += (uint32_t)sizeof(len) + len;
	}
	return 0;
}

/* Pages stay queued until they are in the store; their readers' budget bounds how many there can be. */
static bool write_pages(struct fb_engine *engine, struct pipeline *pipeline, struct source_run *source, uint32_t worker)
{
	bool any = false;

	for (int i = 0; i < PAGES_PER_STEP && source->rows_head[worker] != NULL; i++) {
		struct fb_row_page *page = source->rows_head[worker];
		struct query_run *query = source->queries[page->query];
		uint64_t next_seq = query->next_seq;

		if (!pipeline->dropping) {
			uint64_t seq = next_seq;
			int rc = put_page(engine, query, page, &seq);

			query->next_seq = seq;
			fb_persist_query(engine, query, engine->batch, false);
			if (rc == 0)
				rc = fb_store_commit(engine->batch, false);
			if (rc != 0) {
				query->next_seq = next_seq;
				store_failed(engine, rc);
				return any;
			}
			fb_delivery_notify(query->delivery, query->next_seq);
		}
		source->rows_head[worker] = page->next;
		return_rows(engine, source, worker, page);
		any = true;
	}
	return any;
}

/* ---- windows ---- */

static int64_t window_end(const struct query_run *query, const struct pending_window *window)
{
	return window->start_ms + query->plan->window.size_ms;
}

static bool is_complete(const struct fb_engine *engine, const struct query_run *query, const struct pending_window *window)
{
	/* Watermarks are instants; the window's end is wall clock of the session zone (rule W2). */
	int64_t needed = window_end(query, window) - 1 - query->plan->time_shift_ms;

	for (uint32_t w = 0; w < engine->worker_cnt; w++)
		if (query->source->readers[w] != NULL && query->source->watermark_ms[w] < needed)
			return false;
	return true;
}

static void drop_merged(struct publish_job *job)
{
	if (job->pool != NULL)
		fb_slice_pool_destroy(job->pool);
	job->pool = NULL;
	job->merged = NULL;
}

/* Several parts are merged into a slice of the control plane's own. */
static int merge_parts(struct query_run *query, struct pending_window *window, struct publish_job *job)
{
	uint64_t bytes = MERGE_SLACK_BYTES;
	int rc = FB_E_FULL;

	for (const struct window_part *part = window->parts; part != NULL; part = part->next)
		bytes += fb_slice_group_cnt(part->slice) * (fb_slice_layout_entry_bytes(query->layout) + 32);
	for (int attempt = 0; attempt < 6 && rc == FB_E_FULL; attempt++, bytes *= 2) {
		drop_merged(job);
		rc = fb_slice_pool_create(bytes, &job->pool);
		if (rc != 0)
			return rc;
		job->merged = fb_slice_open(job->pool, query->layout, window->start_ms);
		rc = job->merged == NULL ? FB_E_FULL : 0;
		for (const struct window_part *part = window->parts; rc == 0 && part != NULL; part = part->next)
			rc = fb_slice_merge(job->merged, part->slice);
	}
	return rc;
}

static int start_job(struct query_run *query, struct pending_window *window)
{
	struct publish_job *job = &query->job;
	int rc = 0;

	*job = (struct publish_job){.window = window, .seq = query->next_seq};
	if (window->parts->next != NULL)
		rc = merge_parts(query, window, job);
	if (rc != 0) {
		drop_merged(job);
		job->window = NULL;
		return rc;
	}
	job->slice = job->merged ? job->merged : window->parts->slice;
	return 0;
}

/* HAVING and select list over one batch of groups; rows go into the store's batch. */
static void put_groups(struct fb_engine *engine, struct query_run *query, struct fb_buf *row)
{
	struct fb_batch *groups = &query->groups;
	struct publish_job *job = &query->job;
	uint64_t failed[FB_BATCH_WORDS] = {0};

	if (query->having != NULL)
		fb_batch_filter(groups, fb_program_run(query->having, groups, failed));
	for (uint32_t i = 0; i < query->plan->select_cnt; i++)
		query->columns[i] = fb_program_run(query->select[i], groups, failed);
	for (uint32_t i = 0; i < groups->sel_cnt; i++) {
		uint32_t at = groups->sel[i];

		if (failed[at / 64] >> (at % 64) & 1) {
			job->dropped_groups++;
			continue;
		}
		fb_buf_clear(row);

		uint32_t len = fb_row_bytes(query->columns, query->types, query->plan->select_cnt, at);
		char *out = fb_buf_reserve(row, len);

		if (out == NULL) {
			job->dropped_groups++;
			continue;
		}
		len = fb_row_encode(query->columns, query->types, query->plan->select_cnt, at, (uint8_t *)out);
		fb_store_put_result(engine->batch, query->query_id, job->seq++, out, len);
	}
}

static void finish_job(struct fb_engine *engine, struct query_run *query)
{
	struct publish_job *job = &query->job;
	struct pending_window *window = job->window;

	for (const struct window_part *part = window->parts; part != NULL; part = part->next)
		query->merged_rows += fb_slice_row_cnt(part->slice);
	query->pending = window->next;
	drop_merged(job);
	fb_merge_free_window(engine, query, window);
	job->window = NULL;
	engine->store_error[0] = '\0';
	fb_delivery_notify(query->delivery, query->next_seq);
}

static void step_job(struct fb_engine *engine, struct query_run *query)
{
	struct publish_job *job = &query->job;
	struct pending_window *window = job->window;
	struct fb_buf row = {0};
	bool more = true;

	for (int i = 0; i < BATCHES_PER_STEP && more; i++) {
		more = fb_slice_groups(
			job->slice, window->start_ms, window_end(query, window), &job->cursor, &query->groups);
		if (more)
			put_groups(engine, query, &row);
	}
	fb_buf_fini(&row);

	uint64_t next_seq = query->next_seq;
	uint64_t dropped = query->dropped_groups;
	int64_t published = query->published_ms;

	if (!more) {
		query->next_seq = job->seq;
		query->merged_windows++;
		query->dropped_groups += job->dropped_groups;
		query->published_ms = FB_MAX(query->published_ms, window_end(query, window));
		fb_persist_query(engine, query, engine->batch, false);
		for (const struct window_part *part = window->parts; part != NULL; part = part->next)
			if (part->worker == FB_PART_STORED)
				fb_store_delete_slice(engine->batch, query->query_id, window->start_ms, part->stored);
	}

	int rc = fb_store_commit(engine->batch, !more);

	if (rc == 0) {
		if (!more)
			finish_job(engine, query);
		return;
	}
	/* Nothing of this batch is there: begin the window anew later; its rows get the same numbers. */
	query->next_seq = next_seq;
	query->dropped_groups = dropped;
	query->published_ms = published;
	query->merged_windows -= !more;
	drop_merged(job);
	job->window = NULL;
	store_failed(engine, rc);
}

static bool step_query(struct fb_engine *engine, struct query_run *query)
{
	struct pending_window *window = query->pending;

	if (query->job.window == NULL) {
		/* Kept parts of a stop are not published: their watermark has not passed. */
		if (window == NULL || query->pipeline->dropping || !is_complete(engine, query, window))
			return false;

		int rc = start_job(query, window);

		if (rc != 0) {
			store_failed(engine, rc);
			return false;
		}
	}
	step_job(engine, query);
	return true;
}

bool fb_merge_step(struct fb_engine *engine)
{
	bool any = false;

	if (engine->store_error[0] != '\0' && fb_clock_monotonic_ns() < engine->store_retry_ns)
		return false;
	for (struct pipeline *pipeline = engine->pipelines; pipeline != NULL; pipeline = pipeline->next) {
		for (uint32_t i = 0; i < pipeline->source_cnt; i++)
			for (uint32_t w = 0; w < engine->worker_cnt; w++)
				any |= write_pages(engine, pipeline, &pipeline->sources[i], w);
		for (uint32_t i = 0; i < pipeline->query_cnt; i++)
			any |= step_query(engine, &pipeline->queries[i]);
	}
	return any;
}

bool fb_merge_is_idle(const struct pipeline *pipeline)
{
	for (uint32_t i = 0; i < pipeline->source_cnt; i++)
		for (uint32_t w = 0; w < FB_WORKER_MAX; w++)
			if (pipeline->sources[i].rows_head[w] != NULL)
				return false;
	for (uint32_t i = 0; i < pipeline->query_cnt; i++) {
		const struct query_run *query = &pipeline->queries[i];

		if (query->job.window != NULL)
			return false;
		/* While draining everything is complete; at a stop what is left is what the watermark has not passed. */
		if (query->pending != NULL && pipeline->state == FB_PIPELINE_DRAINING)
			return false;
	}
	return true;
}
