/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports of workers that have to wait, per reader in their order, for one of these:
 *
 *   the raw log     of a stream that is kept nothing is published that is not in the log for good: whatever was published can be
 *                   computed again, and a crash leaves no row behind that nothing accounts for. It costs a flush interval of
 *                   delay. A log that cannot be written must not stop live windows: after MAX_WAIT_NS they go on without it.
 *   a checkpoint    what came behind a worker's part of one that is not written yet belongs to the next.
 *   a backfill      what came before has not been read to its end (backfill.h).
 */
#include <stdlib.h>

#include "config/base/calendar.h"
#include "control/pipeline/engine_private.h"

#define MAX_WAIT_NS 2000000000

static bool must_wait(const struct fb_engine *engine, const struct source_run *source, const struct held_report *held)
{
	const struct pipeline *pipeline = source->queries[0]->pipeline;
	uint32_t worker = held->report.worker;

	if (source->discard)
		return false;
	if (pipeline->switching || (pipeline->checkpoint.active && source->epoch_taken[worker]))
		return true;
	return !fb_keeper_is_settled(engine->keeper, source->stream, worker, held->report.log_seq) &&
		fb_clock_monotonic_ns() - held->since_ns < MAX_WAIT_NS;
}

bool fb_hold(struct fb_engine *engine, const struct fb_report *report)
{
	struct source_run *source = engine->slot_sources[report->slot];
	struct held_queue *queue = &source->held[report->worker];
	struct held_report item = {.since_ns = fb_clock_monotonic_ns(), .report = *report};
	struct held_report *held;

	if (report->kind == FB_REPORT_READER_ADDED || (queue->head == NULL && !must_wait(engine, source, &item)))
		return false;
	held = malloc(sizeof(*held));
	if (held == NULL) {
		/* It is taken too early, before those that wait: no checkpoint may be made of that. */
		source->queries[0]->pipeline->checkpoint.spoiled = true;
		return false;
	}
	*held = item;
	if (queue->head == NULL)
		queue->tail = &queue->head;
	*queue->tail = held;
	queue->tail = &held->next;
	return true;
}

void fb_hold_release_source(struct fb_engine *engine, struct source_run *source)
{
	for (uint32_t w = 0; w < engine->worker_cnt; w++) {
		struct held_queue *queue = &source->held[w];

		while (queue->head != NULL && !must_wait(engine, source, queue->head)) {
			struct held_report *held = queue->head;

			queue->head = held->next;
			fb_merge_take_report(engine, &held->report);
			free(held);
		}
	}
}

void fb_hold_release(struct fb_engine *engine)
{
	for (uint32_t slot = 0; slot < FB_WORKER_READER_MAX; slot++)
		if (engine->slot_sources[slot] != NULL)
			fb_hold_release_source(engine, engine->slot_sources[slot]);
}

static uint64_t held_rows(const struct query_input *input, bool pages)
{
	uint64_t rows = 0;

	for (uint32_t w = 0; w < FB_WORKER_MAX; w++)
		for (const struct held_report *at = input->source->held[w].head; at != NULL; at = at->next) {
			if (pages && at->report.rows != NULL && at->report.rows->query == input->index)
				rows += at->report.rows->row_cnt;
			if (!pages && at->report.slice != NULL && at->report.query == input->index)
				rows += fb_slice_row_cnt(at->report.slice);
		}
	return rows;
}

uint64_t fb_hold_rows(const struct query_run *query, bool pages)
{
	uint64_t rows = 0;

	for (uint32_t i = 0; i < query->input_cnt; i++)
		rows += held_rows(&query->inputs[i], pages);
	return rows;
}

void fb_hold_free(struct source_run *source)
{
	for (uint32_t w = 0; w < FB_WORKER_MAX; w++)
		while (source->held[w].head != NULL) {
			struct held_report *held = source->held[w].head;

			source->held[w].head = held->next;
			free(held);
		}
}
