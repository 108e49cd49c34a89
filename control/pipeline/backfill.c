/* SPDX-License-Identifier: Apache-2.0 */
#include "control/pipeline/replace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "config/base/calendar.h"

#define NICENESS 10
#define POLL_NS 5000000
#define RETRY_NS 500000000
/* A round that took no longer is followed by the switch. */
#define NEAR_NS 200000000
/* Arrival times are as exact as the clock that was read for them (control/rawlog/collect.c). */
#define ARRIVAL_SLACK_NS 2000000
#define BURSTS_PER_HAND_OVER 64

static void pause_ns(int64_t ns)
{
	struct timespec pause = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};

	nanosleep(&pause, NULL);
}

bool fb_backfill_is_quit(const struct backfill *backfill)
{
	return atomic_load_explicit(&backfill->quit, memory_order_acquire);
}

/* ---- slices and rows on their way back ---- */

_Static_assert(FB_ARRAY_LEN(((struct fb_reader_epoch *)0)->queries) <= 1u << FB_BACKFILL_QUERY_BITS, "queries have bits");

static uint32_t lender(uint32_t lane, uint32_t query)
{
	return FB_BACKFILL_FROM + (lane << FB_BACKFILL_QUERY_BITS) + query;
}

void fb_backfill_return_slice(struct backfill *backfill, uint32_t from, struct fb_slice *slice)
{
	uint32_t name = from - FB_BACKFILL_FROM;
	struct returned_slice item = {
		name >> FB_BACKFILL_QUERY_BITS, name & ((1u << FB_BACKFILL_QUERY_BITS) - 1), slice};

	backfill->state[item.lane].lent_cnt--;
	if (backfill->finished) {
		fb_reader_return_slice(backfill->lanes.items[item.lane].reader, item.query, slice);
		return;
	}
	if (backfill->returned_cnt == backfill->returned_cap) {
		uint32_t cap = backfill->returned_cap ? 2 * backfill->returned_cap : 64;
		struct returned_slice *more = realloc(backfill->returned, cap * sizeof(*more));

		/* Its pages stay in use, in a reader that ends soon. */
		if (more == NULL)
			return;
		backfill->returned = more;
		backfill->returned_cap = cap;
	}
	backfill->returned[backfill->returned_cnt++] = item;
}

static void take_back(struct backfill *backfill)
{
	for (uint32_t i = 0; i < backfill->returned_cnt; i++) {
		const struct returned_slice *item = &backfill->returned[i];

		fb_reader_return_slice(backfill->lanes.items[item->lane].reader, item->query, item->slice);
	}
	backfill->returned_cnt = 0;
}

/* Pages are written, and so come back, by the thread only while it does not feed; or when it has finished. */
void fb_backfill_return_rows(
	struct backfill *backfill, const struct source_run *source, uint32_t worker, struct fb_row_page *page)
{
	for (uint32_t i = 0; i < backfill->lanes.cnt; i++)
		if (backfill->lanes.items[i].source == source && backfill->lanes.items[i].worker == worker)
			fb_reader_return_rows(backfill->lanes.items[i].reader, page);
}

/* ---- handing over ---- */

static void take_lane(struct backfill *backfill, uint32_t number, bool open)
{
	struct fb_lane *lane = &backfill->lanes.items[number];
	struct backfill_lane *state = &backfill->state[number];
	struct fb_row_page *page;
	struct fb_slice *slice;
	uint32_t query;

	fb_reader_set_watermark(lane->reader, fb_lanes_watermark(&backfill->lanes, lane->source));
	while ((slice = fb_reader_take_sealed(lane->reader, &query)) != NULL ||
		(open && (slice = fb_reader_take_open(lane->reader, &query)) != NULL)) {
		state->lent_cnt++;
		fb_merge_add_slice(lane->source->queries[query], slice, lender(number, query));
	}
	while ((page = fb_reader_take_rows(lane->reader, true)) != NULL)
		fb_merge_add_rows(lane->source, lane->worker, page);
}

/* What the numbers of a live reader are as of its epoch. */
static void count_lane(struct backfill *backfill, uint32_t number)
{
	const struct fb_lane *lane = &backfill->lanes.items[number];
	struct fb_reader_epoch *now = &backfill->state[number].now;

	now->log_seq = lane->seq;
	now->own_watermark_ms = fb_reader_own_watermark(lane->reader);
	now->watermark_ms = fb_reader_watermark(lane->reader);
	now->decode = *fb_reader_decode_counters(lane->reader);
	now->datagrams = now->decode.payloads;
	for (uint32_t i = 0; i < lane->source->query_cnt; i++)
		now->queries[i] = *fb_reader_query_counters(lane->reader, i);
}

/* The store may be unable to take rows: nothing more is read until it can. Pages are back before a reader is fed again. */
int fb_backfill_publish(struct backfill *backfill, struct pipeline *pipeline)
{
	struct fb_engine *engine = backfill->engine;

	for (;;) {
		bool more = fb_merge_step_pipeline(engine, pipeline);
		bool stuck = engine->store_error[0] != '\0';

		if (!more && !fb_merge_has_rows(pipeline))
			return stuck ? FB_E_AGAIN : 0;
		if (stuck && fb_backfill_is_quit(backfill))
			return FB_E_AGAIN;
		fb_engine_unlock(engine);
		if (stuck)
			pause_ns(POLL_NS);
		fb_engine_lock(engine);
	}
}

void fb_backfill_hand_over(struct backfill *backfill, bool open)
{
	struct pipeline *pipeline = backfill->pipeline;

	take_back(backfill);
	for (uint32_t i = 0; i < backfill->lanes.cnt; i++) {
		take_lane(backfill, i, open);
		count_lane(backfill, i);
	}
	for (uint32_t i = 0; i < pipeline->source_cnt; i++) {
		struct source_run *source = &pipeline->sources[i];

		source->caught_ms = FB_MAX(source->caught_ms, fb_lanes_watermark(&backfill->lanes, source));
		if (source->first_caught_ms == FB_TIME_MIN)
			source->first_caught_ms = source->caught_ms;
	}
	backfill->bytes = backfill->lanes.bytes;
	FB_IGNORE(fb_backfill_publish(backfill, pipeline));
}

/* ---- checkpoints ---- */

void fb_backfill_note_epochs(struct backfill *backfill)
{
	fb_backfill_hand_over(backfill, true);
	for (uint32_t i = 0; i < backfill->lanes.cnt; i++) {
		const struct fb_lane *lane = &backfill->lanes.items[i];

		*lane->source->epochs[lane->worker] = backfill->state[i].now;
	}
}

static void checkpoint(struct backfill *backfill, bool now)
{
	struct pipeline *pipeline = backfill->pipeline;

	if (!now && !pipeline->checkpoint.wanted && fb_clock_monotonic_ns() < pipeline->checkpoint.due_ns)
		return;
	pipeline->checkpoint.begun_ns = fb_clock_monotonic_ns();
	fb_backfill_note_epochs(backfill);
	if (fb_checkpoint_is_written_out(pipeline))
		fb_checkpoint_write(backfill->engine, pipeline);
}

/* ---- reading ---- */

/* As many bytes a second as it may, in pauses that are short against a flush. */
static void pace(struct backfill *backfill)
{
	int64_t due_ns;

	if (backfill->bytes_per_s == 0)
		return;
	due_ns = backfill->paced_ns + (int64_t)((double)(backfill->lanes.bytes - backfill->paced_bytes) /
						(double)backfill->bytes_per_s * 1e9);
	while (fb_clock_monotonic_ns() < due_ns && !fb_backfill_is_quit(backfill))
		pause_ns(FB_MIN(due_ns - fb_clock_monotonic_ns() + 1, (int64_t)50000000));
}

static void hand_over_now(struct backfill *backfill)
{
	fb_engine_lock(backfill->engine);
	fb_backfill_hand_over(backfill, false);
	if (backfill->phase == BACKFILL_READING || backfill->phase == BACKFILL_WAITING)
		checkpoint(backfill, false);
	fb_engine_unlock(backfill->engine);
}

/* Slices of a watermark can be complete where those of an earlier one were not. */
static int64_t step_of(const struct pipeline *pipeline, int64_t watermark_ms)
{
	int64_t step_ms = 3600000;

	for (uint32_t i = 0; i < pipeline->query_cnt; i++) {
		const struct fb_query_plan *plan = fb_query_first_level(pipeline->queries[i].plan);

		if (plan->window.kind != FB_WINDOW_NONE)
			step_ms = FB_MIN(step_ms, plan->window.step_ms);
	}
	return watermark_ms / FB_MAX(step_ms, (int64_t)1);
}

int fb_backfill_read(struct backfill *backfill)
{
	int64_t published = 0;
	struct fb_lane *lane;
	int rc = fb_lanes_open(&backfill->lanes);

	for (uint32_t bursts = 1; rc == 0; bursts++) {
		rc = fb_backfill_is_quit(backfill) ? FB_E_AGAIN : fb_lanes_feed(&backfill->lanes, &lane);
		if (rc == 0 && (step_of(backfill->pipeline, fb_reader_watermark(lane->reader)) != published ||
				       bursts % BURSTS_PER_HAND_OVER == 0)) {
			published = step_of(backfill->pipeline, fb_reader_watermark(lane->reader));
			hand_over_now(backfill);
			pace(backfill);
		}
	}
	fb_lanes_close(&backfill->lanes, rc == FB_E_NOT_FOUND);
	hand_over_now(backfill);
	return rc == FB_E_NOT_FOUND ? 0 : rc;
}

bool fb_backfill_wait_settled(struct backfill *backfill)
{
	for (uint32_t i = 0; i < backfill->lanes.cnt; i++) {
		const struct fb_lane *lane = &backfill->lanes.items[i];

		while (!lane->closed && !fb_keeper_is_settled(backfill->engine->keeper, lane->source->stream, lane->worker,
						lane->end_seq)) {
			if (fb_backfill_is_quit(backfill))
				return false;
			pause_ns(POLL_NS);
		}
	}
	return true;
}

/* Up to what has arrived by now. */
static void aim(struct backfill *backfill)
{
	fb_engine_lock(backfill->engine);
	backfill->lanes.until_ns = fb_clock_realtime_ns() - ARRIVAL_SLACK_NS;
	fb_view_fresh(backfill->engine);
	for (uint32_t i = 0; i < backfill->lanes.cnt; i++) {
		struct fb_lane *lane = &backfill->lanes.items[i];

		if (lane->closed)
			continue;
		lane->end_seq = fb_engine_log_position(backfill->engine, lane->source->stream, lane->worker);
		backfill->state[i].target_seq = lane->end_seq;
	}
	fb_engine_unlock(backfill->engine);
}

/* *ret_ns: how long reading took, the wait for the log left out. */
static int read_round(struct backfill *backfill, int64_t *ret_ns)
{
	int64_t begun_ns;
	int rc;

	aim(backfill);
	if (!fb_backfill_wait_settled(backfill))
		return FB_E_AGAIN;
	begun_ns = fb_clock_monotonic_ns();
	rc = fb_backfill_read(backfill);
	*ret_ns = fb_clock_monotonic_ns() - begun_ns;
	return rc;
}

/* ---- the thread ---- */

static void note_error(struct backfill *backfill, int rc)
{
	fb_engine_lock(backfill->engine);
	snprintf(backfill->error, sizeof(backfill->error), "%s",
		rc == 0 || rc == FB_E_AGAIN ? ""
		: rc == FB_E_NOT_FOUND ? "what it is to replace is not running"
		: rc == FB_E_FULL	    ? "memory.state_mb or memory.output_mb is too small for what comes during the switch"
					    : fb_strerror(rc));
	fb_engine_unlock(backfill->engine);
}

static int step(struct backfill *backfill)
{
	int64_t took_ns = 0;
	int rc = read_round(backfill, &took_ns);

	if (rc != 0 || took_ns >= NEAR_NS)
		return rc;
	if (backfill->pipeline->replaces == NULL)
		return fb_switch_try(backfill);
	rc = fb_replace_try(backfill);
	return rc < 0 ? rc : 0;
}

static void *backfill_main(void *arg)
{
	struct backfill *backfill = arg;
	struct fb_engine *engine = backfill->engine;

	/* Of this thread alone: what keeps the log, and what serves the sinks, comes first. */
	FB_IGNORE(setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS));
	while (!fb_backfill_is_quit(backfill)) {
		int rc = step(backfill);

		if (rc == 1)
			break;
		note_error(backfill, rc);
		if (rc != 0 && rc != FB_E_AGAIN)
			pause_ns(RETRY_NS);
	}
	fb_engine_lock(engine);
	if (backfill->phase != BACKFILL_OVER && !backfill->pipeline->dropping)
		checkpoint(backfill, true);
	take_back(backfill);
	backfill->finished = true;
	pthread_cond_broadcast(&engine->changed);
	fb_engine_unlock(engine);
	return NULL;
}

/* ---- start and stop ---- */

static int add_lane(struct backfill *backfill, struct source_run *source, uint32_t worker, uint32_t stream_id)
{
	const struct source_lane *from = &source->lanes[worker];
	struct fb_lane *lane = fb_lanes_add(&backfill->lanes);
	struct backfill_lane *state = &backfill->state[backfill->lanes.cnt - 1];
	int rc;

	lane->source = source;
	lane->worker = worker;
	lane->stream_id = stream_id;
	lane->closed = !fb_source_has_queue(backfill->engine, source, worker);
	lane->seq = state->from_seq = state->target_seq = from->log_seq;
	lane->active = from->used && from->own_ms != FB_TIME_MIN;
	lane->idle_ns = fb_source_idle_timeout_ms(backfill->engine, source) * 1000000;
	rc = fb_pipeline_make_reader(
		backfill->engine, source, from->used ? from->watermark_ms : FB_TIME_MIN, true, &lane->reader);
	if (rc != 0)
		return rc;
	if (lane->active)
		fb_reader_resume(lane->reader, from->own_ms);
	source->catching[worker] = true;
	if (source->epochs[worker] == NULL)
		source->epochs[worker] = calloc(1, sizeof(*source->epochs[worker]));
	return source->epochs[worker] ? 0 : FB_E_NO_MEMORY;
}

static int add_source(struct backfill *backfill, struct source_run *source)
{
	struct fb_engine *engine = backfill->engine;
	uint32_t stream_id;
	int rc = fb_rawlog_stream_id(
		backfill->lanes.log, engine->appliance->streams[source->stream].table, false, &stream_id);

	source->caught_ms = FB_TIME_MIN;
	source->first_caught_ms = FB_TIME_MIN;
	for (uint32_t w = 0; rc == 0 && w < FB_WORKER_MAX; w++)
		if (source->lanes[w].used || fb_source_has_queue(engine, source, w))
			rc = add_lane(backfill, source, w, stream_id);
	return rc;
}

int fb_backfill_prepare(struct fb_engine *engine, struct pipeline *pipeline)
{
	struct backfill *backfill = calloc(1, sizeof(*backfill));
	uint32_t cap = pipeline->source_cnt * FB_WORKER_MAX;
	int rc;

	if (backfill == NULL)
		return FB_E_NO_MEMORY;
	backfill->engine = engine;
	backfill->pipeline = pipeline;
	backfill->finished = true;
	pipeline->backfill = backfill;
	pipeline->state = FB_PIPELINE_BACKFILLING;
	rc = fb_lanes_init(&backfill->lanes, fb_keeper_log(engine->keeper), cap);
	if (rc == 0 && (backfill->state = calloc(cap, sizeof(*backfill->state))) == NULL)
		rc = FB_E_NO_MEMORY;
	for (uint32_t i = 0; rc == 0 && i < pipeline->source_cnt; i++)
		rc = add_source(backfill, &pipeline->sources[i]);
	for (uint32_t i = 0; rc == 0 && i < backfill->lanes.cnt; i++) {
		const struct fb_lane *lane = &backfill->lanes.items[i];

		count_lane(backfill, i);
		*lane->source->epochs[lane->worker] = backfill->state[i].now;
	}
	return rc;
}

int fb_backfill_start(struct pipeline *pipeline, uint64_t bytes_per_s)
{
	struct backfill *backfill = pipeline->backfill;

	backfill->bytes_per_s = bytes_per_s;
	backfill->begun_ns = backfill->paced_ns = fb_clock_monotonic_ns();
	backfill->finished = false;
	if (pthread_create(&backfill->thread, NULL, backfill_main, backfill) == 0)
		return 0;
	backfill->finished = true;
	return FB_E_NO_MEMORY;
}

static void join(struct backfill *backfill)
{
	if (backfill->thread != 0)
		pthread_join(backfill->thread, NULL);
	backfill->thread = 0;
}

int fb_backfill_stop(struct fb_engine *engine, struct pipeline *pipeline)
{
	struct backfill *backfill = pipeline->backfill;

	if (backfill == NULL)
		return 0;
	if (atomic_exchange(&backfill->quit, true) && !backfill->finished)
		return FB_E_BUSY;
	while (!backfill->finished)
		fb_engine_wait(engine, fb_clock_monotonic_ns() + 10000000);
	join(backfill);
	return 0;
}

void fb_backfill_destroy(struct pipeline *pipeline)
{
	struct backfill *backfill = pipeline->backfill;

	if (backfill == NULL)
		return;
	join(backfill);
	for (uint32_t i = 0; i < backfill->lanes.cnt; i++) {
		struct fb_lane *lane = &backfill->lanes.items[i];

		lane->source->catching[lane->worker] = false;
		fb_reader_destroy(lane->reader);
	}
	fb_lanes_fini(&backfill->lanes);
	free(backfill->state);
	free(backfill->returned);
	free(backfill);
	pipeline->backfill = NULL;
}

static bool is_spent(const struct backfill *backfill)
{
	bool spent = backfill->finished && backfill->phase == BACKFILL_OVER;

	for (uint32_t i = 0; spent && i < backfill->lanes.cnt; i++)
		spent = backfill->state[i].lent_cnt == 0;
	return spent;
}

void fb_backfill_sweep(struct fb_engine *engine)
{
	for (struct pipeline *pipeline = engine->pipelines; pipeline != NULL; pipeline = pipeline->next)
		if (pipeline->backfill != NULL && is_spent(pipeline->backfill))
			fb_backfill_destroy(pipeline);
}

/* ---- numbers ---- */

static bool counts(const struct backfill *backfill, const struct source_run *source, uint32_t lane)
{
	return backfill->phase != BACKFILL_OVER && backfill->lanes.items[lane].source == source;
}

void fb_backfill_add_decode(const struct backfill *backfill, const struct source_run *source, struct fb_decode_counters *sum)
{
	for (uint32_t i = 0; backfill != NULL && i < backfill->lanes.cnt; i++)
		if (counts(backfill, source, i))
			fb_decode_counters_add(sum, &backfill->state[i].now.decode);
}

void fb_backfill_add_query(const struct backfill *backfill, const struct query_run *query, struct fb_query_counters *sum)
{
	for (uint32_t i = 0; backfill != NULL && backfill->phase != BACKFILL_OVER && i < backfill->lanes.cnt; i++) {
		const struct source_run *source = backfill->lanes.items[i].source;

		for (uint32_t q = 0; q < source->query_cnt; q++)
			if (source->queries[q] == query)
				fb_query_counters_add(sum, &backfill->state[i].now.queries[q]);
	}
}

uint64_t fb_backfill_datagrams(const struct backfill *backfill, const struct source_run *source)
{
	uint64_t datagrams = 0;

	for (uint32_t i = 0; backfill != NULL && i < backfill->lanes.cnt; i++)
		if (counts(backfill, source, i))
			datagrams += backfill->state[i].now.datagrams;
	return datagrams;
}

void fb_backfill_view(const struct backfill *backfill, struct fb_backfill_view *view)
{
	double seconds;

	if (backfill == NULL || backfill->phase == BACKFILL_OVER)
		return;
	view->active = true;
	view->phase = backfill->phase == BACKFILL_SWITCHING      ? "switching"
		      : backfill->phase == BACKFILL_WAITING      ? "waiting"
		      : backfill->phase == BACKFILL_TAKING_OVER  ? "taking over"
								 : "reading";
	view->bytes = backfill->bytes;
	for (uint32_t i = 0; i < backfill->lanes.cnt; i++) {
		const struct backfill_lane *state = &backfill->state[i];
		uint64_t seq = FB_MAX(state->now.log_seq, state->from_seq);

		view->datagrams += state->now.datagrams;
		view->done += seq - state->from_seq;
		view->left += state->target_seq - FB_MIN(seq, state->target_seq);
		view->missing += backfill->lanes.items[i].missing;
	}
	seconds = (double)(fb_clock_monotonic_ns() - backfill->begun_ns) / 1e9;
	view->datagrams_per_s = seconds > 0 ? (double)view->datagrams / seconds : 0;
	view->bytes_per_s = seconds > 0 ? (double)view->bytes / seconds : 0;
	memcpy(view->error, backfill->error, sizeof(view->error));
}
