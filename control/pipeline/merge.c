/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports of the workers: slices to the assemblies of their queries, and windows and row pages to rows in the store.
 *
 * A window is written some thousand rows at a time, so that one of a million keys does not hold the lock; it counts only
 * with its last batch, which also moves next_seq. Rows at or above next_seq are nobody's: a restart deletes them, and the
 * sinks are told of a window only when it is whole.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/base/calendar.h"
#include "control/pipeline/replace.h"

#define BATCHES_PER_STEP 32
#define PAGES_PER_STEP 16
#define RETRY_NS 1000000000

/* ---- slices ---- */

/* Who lent a slice: a worker, for one of the query's inputs. */
static uint32_t lender(uint32_t input, uint32_t worker)
{
	return input * FB_WORKER_MAX + worker;
}

void fb_merge_release(void *arg, struct fb_slice *slice, uint32_t from)
{
	struct query_run *query = arg;

	if (from >= FB_BACKFILL_FROM) {
		fb_backfill_return_slice(query->pipeline->backfill, from, slice);
		return;
	}

	const struct query_input *input = &query->inputs[from / FB_WORKER_MAX];
	struct source_run *source = input->source;
	uint32_t worker = from % FB_WORKER_MAX;
	struct fb_mail mail = {
		.kind = FB_MAIL_SLICE_FREE, .slot = source->slot, .query = input->index, .slice = slice};

	/* A worker takes its mail every few microseconds; once it is done with the reader, the reader is ours. */
	while (!source->done[worker] && fb_worker_send(query->engine->workers[worker], &mail) == FB_E_AGAIN)
		sched_yield();
	if (source->done[worker])
		fb_reader_return_slice(source->readers[worker], input->index, slice);
}

uint64_t fb_merge_pending_rows(const struct query_run *query)
{
	return (query->assembly ? fb_assembly_waiting_rows(query->assembly) : 0) + fb_hold_rows(query, false);
}

/* ---- reports ---- */

void fb_merge_add_slice(struct query_run *query, struct fb_slice *slice, uint32_t from)
{
	if (query->pipeline->dropping || fb_assembly_add(query->assembly, slice, from) != 0)
		fb_merge_release(query, slice, from);
	/* Windows that they are in were published: before a crash, or before a backfill was over. */
	query->merged_rows += fb_assembly_take_skipped(query->assembly);
}

/* Out of memory: a row exactly a gap behind its session joins it then, whatever the watermark was. */
static void take_mark(struct source_run *source, int64_t watermark_ms)
{
	for (uint32_t i = 0; i < source->query_cnt; i++)
		if (source->queries[i]->assembly != NULL)
			FB_IGNORE(fb_assembly_mark(source->queries[i]->assembly, watermark_ms));
}

void fb_merge_add_rows(struct source_run *source, uint32_t worker, struct fb_row_page *page)
{
	page->next = NULL;
	if (source->rows_head[worker] == NULL)
		source->rows_head[worker] = page;
	else
		source->rows_tail[worker]->next = page;
	source->rows_tail[worker] = page;
}

bool fb_merge_has_rows(const struct pipeline *pipeline)
{
	for (uint32_t i = 0; i < pipeline->source_cnt; i++)
		for (uint32_t w = 0; w < FB_WORKER_MAX; w++)
			if (pipeline->sources[i].rows_head[w] != NULL)
				return true;
	return false;
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

static void return_live_rows(struct fb_engine *engine, struct source_run *source, uint32_t worker, struct fb_row_page *page)
{
	struct fb_mail mail = {.kind = FB_MAIL_ROWS_FREE, .slot = source->slot, .rows = page};

	while (!source->done[worker] && fb_worker_send(engine->workers[worker], &mail) == FB_E_AGAIN)
		sched_yield();
	if (source->done[worker])
		fb_reader_return_rows(source->readers[worker], page);
}

/* Of a reader that is thrown away: what it lent goes back, as if it had never been. */
static void discard_report(struct fb_engine *engine, struct source_run *source, const struct fb_report *report)
{
	if (report->slice != NULL)
		fb_merge_release(source->queries[report->query], report->slice,
			lender(source->inputs[report->query], report->worker));
	if (report->rows != NULL)
		return_live_rows(engine, source, report->worker, report->rows);
	source->done[report->worker] |= report->kind == FB_REPORT_READER_DONE;
	source->added[report->worker] |= report->kind == FB_REPORT_READER_ADDED;
}

void fb_merge_take_report(struct fb_engine *engine, const struct fb_report *report)
{
	struct pipeline *pipeline = engine->slots[report->slot];
	struct source_run *source = engine->slot_sources[report->slot];

	if (source->discard) {
		discard_report(engine, source, report);
		return;
	}
	switch (report->kind) {
	case FB_REPORT_READER_ADDED:
		source->added[report->worker] = true;
		fb_begin_note(source, report->worker, report->log_seq);
		source->added_seq[report->worker] = report->log_seq;
		break;
	case FB_REPORT_SLICE:
	case FB_REPORT_SLICE_OPEN:
		fb_merge_add_slice(source->queries[report->query], report->slice,
			lender(source->inputs[report->query], report->worker));
		break;
	case FB_REPORT_ROWS:
		fb_merge_add_rows(source, report->worker, report->rows);
		break;
	case FB_REPORT_MARK:
		take_mark(source, report->watermark_ms);
		break;
	case FB_REPORT_WATERMARK:
		source->watermark_ms[report->worker] = report->watermark_ms;
		break;
	case FB_REPORT_CHECKPOINT:
		source->epoch_taken[report->worker] = pipeline->checkpoint.active;
		break;
	case FB_REPORT_READER_DONE:
		reader_done(engine, source, report->worker);
		break;
	case FB_REPORT_STOPPED:
		break;
	}
}

void fb_merge_report(struct fb_engine *engine, const struct fb_report *report)
{
	if (report->kind == FB_REPORT_STOPPED)
		engine->worker_stopped[report->worker] = true;
	else if (engine->slots[report->slot] != NULL && !fb_hold(engine, report))
		fb_merge_take_report(engine, report);
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

/* Until a backfill is over, pages that wait to be written are its readers': those of live ones are held. */
static void return_rows(struct fb_engine *engine, struct source_run *source, uint32_t worker, struct fb_row_page *page)
{
	if (source->catching[worker])
		fb_backfill_return_rows(source->queries[0]->pipeline->backfill, source, worker, page);
	else
		return_live_rows(engine, source, worker, page);
}

/* The first `skip` rows are in the store already. */
static int put_page(struct fb_engine *engine, struct query_run *query, const struct fb_row_page *page, uint64_t skip,
	uint64_t *seq)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < page->row_cnt; i++) {
		uint32_t len;

		if (page->len - at < sizeof(len))
			return FB_E_INTERNAL;
		memcpy(&len, page->bytes + at, sizeof(len));
		if (page->len - at - sizeof(len) < len)
			return FB_E_INTERNAL;
		if (i >= skip)
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

		if (pipeline->replaces != NULL) {
			query->withheld_rows += page->row_cnt;
		} else if (!pipeline->dropping) {
			uint64_t skip = FB_MIN(query->skip_rows[worker], (uint64_t)page->row_cnt);
			uint64_t seq = next_seq;
			int rc = put_page(engine, query, page, skip, &seq);

			query->next_seq = seq;
			query->written_rows[worker] += page->row_cnt - skip;
			fb_persist_query(engine, query, engine->batch);
			fb_persist_written(query, engine->batch);
			if (rc == 0)
				rc = fb_store_commit(engine->batch, false);
			if (rc != 0) {
				fb_store_batch_clear(engine->batch);
				query->next_seq = next_seq;
				query->written_rows[worker] -= page->row_cnt - skip;
				store_failed(engine, rc);
				return any;
			}
			query->skip_rows[worker] -= skip;
			fb_delivery_notify(query->delivery, query->next_seq);
		}
		source->rows_head[worker] = page->next;
		return_rows(engine, source, worker, page);
		any = true;
	}
	return any;
}

/* ---- windows ---- */

static bool add_reported(const struct fb_engine *engine, const struct source_run *source, int64_t *watermark)
{
	bool any = false;

	for (uint32_t w = 0; w < engine->worker_cnt; w++)
		if (source->readers[w] != NULL) {
			*watermark = FB_MIN(*watermark, source->watermark_ms[w]);
			any = true;
		}
	return any;
}

int64_t fb_merge_source_watermark(const struct fb_engine *engine, const struct source_run *source)
{
	int64_t watermark = FB_TIME_MAX;

	return add_reported(engine, source, &watermark) ? watermark : FB_TIME_MIN;
}

/* What all workers that read its sources have reported: by the order of reports all slices that it completes are here. */
static int64_t reported_watermark(struct fb_engine *engine, const struct query_run *query)
{
	int64_t watermark = FB_TIME_MAX;
	bool any = false;

	if (query->pipeline->replaces != NULL)
		return fb_replace_watermark(engine, query);
	if (query->pipeline->state == FB_PIPELINE_BACKFILLING)
		return query->inputs[0].source->caught_ms;
	for (uint32_t i = 0; i < query->input_cnt; i++)
		any |= add_reported(engine, query->inputs[i].source, &watermark);
	return any ? watermark : FB_TIME_MIN;
}

/* One batch of rows into the store's batch. */
static void put_rows(struct fb_engine *engine, struct query_run *query, const struct fb_assembly_rows *rows,
	struct fb_buf *bytes)
{
	struct publish_job *job = &query->job;
	uint32_t cnt = query->plan->select_cnt;

	job->dropped_groups += rows->failed;
	job->wrapped_sums += rows->wrapped;
	for (uint32_t i = 0; i < rows->sel_cnt; i++) {
		uint32_t at = rows->sel[i];
		uint32_t len = fb_row_bytes(rows->columns, query->types, cnt, at);
		char *out;

		fb_buf_clear(bytes);
		out = fb_buf_reserve(bytes, len);
		if (out == NULL) {
			job->dropped_groups++;
			continue;
		}
		len = fb_row_encode(rows->columns, query->types, cnt, at, (uint8_t *)out);
		fb_store_put_result(engine->batch, query->query_id, job->seq++, out, len);
	}
}

static void delete_part(void *arg, struct fb_assembly_part part)
{
	struct query_run *query = arg;

	fb_store_delete_slice(query->engine->batch, query->query_id, part.start_ms, part.number);
}

static void finish_job(struct fb_engine *engine, struct query_run *query)
{
	query->merged_rows += fb_assembly_finish(query->assembly);
	query->job.active = false;
	engine->store_error[0] = '\0';
	fb_delivery_notify(query->delivery, query->next_seq);
}

/* Which rows are this window: with it verification and corrections find what was published. */
static void put_window(struct fb_engine *engine, const struct query_run *query)
{
	const struct publish_job *job = &query->job;
	struct fb_store_window window = {
		.first_seq = query->next_seq,
		.row_cnt = job->seq - query->next_seq,
		.start_ms = job->window.start_ms,
		.end_ms = job->window.end_ms,
	};

	if (window.row_cnt > 0)
		fb_store_put_window(engine->batch, query->query_id, &window);
}

static void step_job(struct fb_engine *engine, struct query_run *query)
{
	struct publish_job *job = &query->job;
	struct fb_assembly_rows rows;
	struct fb_buf bytes = {0};
	/* A window of the one that it is to replace: its records are through, and that is all. */
	bool withheld = query->pipeline->replaces != NULL;
	bool more = !withheld;

	for (int i = 0; i < BATCHES_PER_STEP && more; i++) {
		more = fb_assembly_read(query->assembly, &rows);
		if (more)
			put_rows(engine, query, &rows, &bytes);
	}
	fb_buf_fini(&bytes);

	uint64_t next_seq = query->next_seq;
	uint64_t dropped = query->dropped_groups;
	uint64_t wrapped = query->base.sum_overflows;
	int64_t published = query->published_ms;

	if (!more) {
		put_window(engine, query);
		query->next_seq = job->seq;
		query->merged_windows += !withheld;
		query->dropped_groups += job->dropped_groups;
		query->base.sum_overflows += job->wrapped_sums;
		query->published_ms = FB_MAX(query->published_ms, job->window.done_ms);
		fb_persist_query(engine, query, engine->batch);
		fb_assembly_stale(query->assembly, false, delete_part, query);
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
	query->base.sum_overflows = wrapped;
	query->published_ms = published;
	query->merged_windows -= !more && !withheld;
	fb_assembly_abort(query->assembly);
	job->active = false;
	store_failed(engine, rc);
}

/* Some work towards the next window. Before a checkpoint is written, none is begun, on no level. 1: there is one. */
static int begin_job(struct fb_engine *engine, struct query_run *query)
{
	struct publish_job job = {.active = true, .seq = query->next_seq};
	/* Kept parts of a stop are not published: their watermark has not passed. */
	int64_t watermark = reported_watermark(engine, query);
	bool waits = fb_checkpoint_is_ready(query->pipeline);
	uint64_t dropped;
	int rc;

	rc = waits ? fb_assembly_settle(query->assembly, BATCHES_PER_STEP)
		   : fb_assembly_try_begin(query->assembly, watermark, BATCHES_PER_STEP, &job.window);
	if (rc == 0 && !waits)
		query->settled_ms = watermark;
	query->stepping = rc == FB_E_AGAIN;
	/* What went up to the next level of a cascade meanwhile. */
	query->merged_rows += fb_assembly_take_skipped(query->assembly);
	dropped = fb_assembly_take_dropped(query->assembly);
	query->dropped_groups += dropped;
	query->dropped_below += dropped;
	if (rc == 1)
		query->job = job;
	if (rc < 0 && rc != FB_E_AGAIN)
		store_failed(engine, rc);
	return rc;
}

static bool step_query(struct fb_engine *engine, struct query_run *query)
{
	if (query->assembly == NULL)
		return false;
	if (!query->job.active) {
		int rc = query->pipeline->dropping ? 0 : begin_job(engine, query);

		if (rc != 1)
			return rc == FB_E_AGAIN;
	}
	step_job(engine, query);
	return true;
}

bool fb_merge_step_pipeline(struct fb_engine *engine, struct pipeline *pipeline)
{
	bool any = false;

	for (uint32_t i = 0; i < pipeline->source_cnt; i++)
		for (uint32_t w = 0; w < FB_WORKER_MAX; w++)
			any |= write_pages(engine, pipeline, &pipeline->sources[i], w);
	for (uint32_t i = 0; i < pipeline->query_cnt; i++)
		any |= step_query(engine, &pipeline->queries[i]);
	return any;
}

bool fb_merge_step(struct fb_engine *engine)
{
	bool any = false;

	if (engine->store_error[0] != '\0' && fb_clock_monotonic_ns() < engine->store_retry_ns)
		return false;
	for (struct pipeline *pipeline = engine->pipelines; pipeline != NULL; pipeline = pipeline->next)
		any |= fb_merge_step_pipeline(engine, pipeline);
	return any;
}

void fb_merge_take(struct source_run *source, uint32_t worker)
{
	struct fb_row_page *page;
	struct fb_slice *slice;
	uint32_t query;
	int64_t mark_ms;

	while (fb_reader_take_mark(source->readers[worker], &mark_ms))
		take_mark(source, mark_ms);
	while ((slice = fb_reader_take_sealed(source->readers[worker], &query)) != NULL)
		fb_merge_add_slice(source->queries[query], slice, lender(source->inputs[query], worker));
	while ((page = fb_reader_take_rows(source->readers[worker], true)) != NULL)
		fb_merge_add_rows(source, worker, page);
	source->watermark_ms[worker] = fb_reader_watermark(source->readers[worker]);
}

bool fb_merge_is_idle(const struct pipeline *pipeline)
{
	if (fb_merge_has_rows(pipeline))
		return false;
	for (uint32_t i = 0; i < pipeline->query_cnt; i++) {
		const struct query_run *query = &pipeline->queries[i];

		if (query->job.active || query->stepping)
			return false;
		/* While draining everything is complete; at a stop what is left is what the watermark has not passed. */
		if (query->assembly != NULL && !fb_assembly_is_empty(query->assembly) &&
			pipeline->state == FB_PIPELINE_DRAINING)
			return false;
	}
	return true;
}
