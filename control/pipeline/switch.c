/* SPDX-License-Identifier: Apache-2.0 */
/* From the log's readers to live ones, at an exact position of each lane (backfill.h says in what order). */
#include <string.h>
#include <time.h>

#include "config/base/calendar.h"
#include "control/pipeline/backfill.h"

/* While reports are held nothing comes back to the live readers: beyond this part of their state it is tried again. */
#define STATE_NUMERATOR 3
#define STATE_DENOMINATOR 4
#define RETRY_NS 200000000

/* ---- there ---- */

/* Live readers go on from where the log's are. */
static void set_lanes(struct backfill *backfill)
{
	struct pipeline *pipeline = backfill->pipeline;

	for (uint32_t i = 0; i < pipeline->source_cnt; i++)
		memset(pipeline->sources[i].lanes, 0, sizeof(pipeline->sources[i].lanes));
	for (uint32_t i = 0; i < backfill->lanes.cnt; i++) {
		const struct fb_lane *lane = &backfill->lanes.items[i];
		int64_t watermark_ms = fb_lanes_watermark(&backfill->lanes, lane->source);

		lane->source->kept_ms = FB_MAX(lane->source->kept_ms, watermark_ms);
		if (lane->closed)
			continue;
		lane->source->begins_active[lane->worker] = lane->active;
		lane->source->lanes[lane->worker] = (struct source_lane){
			.used = true,
			.log_seq = lane->seq,
			.own_ms = fb_reader_own_watermark(lane->reader),
			.watermark_ms = fb_reader_watermark(lane->reader),
		};
	}
}

static int attach(struct backfill *backfill)
{
	struct pipeline *pipeline = backfill->pipeline;
	int rc;

	set_lanes(backfill);
	backfill->phase = BACKFILL_SWITCHING;
	pipeline->switching = true;
	rc = fb_pipeline_create_readers(backfill->engine, pipeline);
	if (rc == 0)
		rc = fb_pipeline_attach(backfill->engine, pipeline);
	backfill->lanes.until_ns = INT64_MAX;
	for (uint32_t i = 0; rc == 0 && i < backfill->lanes.cnt; i++) {
		struct fb_lane *lane = &backfill->lanes.items[i];

		if (lane->closed)
			continue;
		lane->end_seq = lane->source->added_seq[lane->worker];
		backfill->state[i].target_seq = lane->end_seq;
	}
	return rc;
}

/* ---- back ---- */

/* What the live readers have, and what they have reported, is thrown away: the log has it. */
static int abandon(struct backfill *backfill)
{
	struct pipeline *pipeline = backfill->pipeline;
	int rc;

	for (uint32_t i = 0; i < pipeline->source_cnt; i++)
		pipeline->sources[i].discard = true;
	rc = fb_pipeline_detach(backfill->engine, pipeline, FB_MAIL_READER_KEEP);
	if (rc != 0)
		return rc;
	fb_pipeline_free_readers(backfill->engine, pipeline);
	for (uint32_t i = 0; i < pipeline->source_cnt; i++) {
		struct source_run *source = &pipeline->sources[i];

		source->discard = false;
		memset(source->added, 0, sizeof(source->added));
		memset(source->done, 0, sizeof(source->done));
		fb_source_clear_board(source);
	}
	pipeline->switching = false;
	backfill->phase = BACKFILL_READING;
	return 0;
}

/* A core that does not answer has the reader: nothing can go on without it. */
static void abandon_for_sure(struct backfill *backfill)
{
	struct timespec pause = {.tv_nsec = RETRY_NS};

	while (abandon(backfill) != 0) {
		fb_engine_unlock(backfill->engine);
		nanosleep(&pause, NULL);
		fb_engine_lock(backfill->engine);
	}
}

/* ---- over ---- */

static bool has_lost(const struct fb_query_counters *counters)
{
	return counters->disposition[FB_REC_STATE_FULL] > 0 || counters->disposition[FB_REC_OUTPUT_FULL] > 0;
}

static bool is_tight(const struct backfill *backfill, const struct fb_query_counters *counters)
{
	uint64_t budget = (uint64_t)backfill->engine->appliance->memory.state_mb << 20;

	return has_lost(counters) || counters->state_used_bytes > budget / STATE_DENOMINATOR * STATE_NUMERATOR;
}

/*
 * Whether a live reader had to refuse records, or is about to, because what it reported is held. Where the log's reader had to, too,
 * the state is too small anyway.
 */
static bool is_short(const struct backfill *backfill)
{
	bool tight = false;
	bool lost = false;

	fb_view_fresh(backfill->engine);
	for (uint32_t i = 0; i < backfill->lanes.cnt; i++) {
		const struct fb_lane *lane = &backfill->lanes.items[i];
		const struct fb_reader_snapshot *live;

		for (uint32_t q = 0; q < lane->source->query_cnt; q++)
			lost |= has_lost(&backfill->state[i].now.queries[q]);
		if (lane->closed)
			continue;
		live = &backfill->engine->snapshots[lane->worker].readers[lane->source->slot];
		for (uint32_t q = 0; q < lane->source->query_cnt; q++)
			tight |= is_tight(backfill, &live->queries[q]);
	}
	return tight && !lost;
}

/* The numbers of the log's readers are those of readers that are done. */
static void add_numbers(struct backfill *backfill, uint32_t number)
{
	struct source_run *source = backfill->lanes.items[number].source;
	struct fb_reader_epoch *now = &backfill->state[number].now;

	source->datagrams_base += now->datagrams;
	fb_decode_counters_add(&source->last, &now->decode);
	for (uint32_t i = 0; i < source->query_cnt; i++) {
		now->queries[i].open_rows = 0;
		now->queries[i].open_slices = 0;
		now->queries[i].open_groups = 0;
		now->queries[i].state_used_bytes = 0;
		fb_query_counters_add(&source->queries[i]->last, &now->queries[i]);
	}
	source->catching[backfill->lanes.items[number].worker] = false;
}

/* What comes later for a window that is complete at the end of the log's part is late. */
static void close_windows(struct pipeline *pipeline)
{
	for (uint32_t i = 0; i < pipeline->query_cnt; i++) {
		struct query_run *query = &pipeline->queries[i];

		if (query->assembly != NULL)
			fb_assembly_close_to(query->assembly, query->inputs[0].source->caught_ms);
		memset(query->skip_rows, 0, sizeof(query->skip_rows));
	}
}

static void raise_watermarks(const struct backfill *backfill)
{
	for (uint32_t i = 0; i < backfill->lanes.cnt; i++) {
		const struct fb_lane *lane = &backfill->lanes.items[i];
		struct fb_mail mail = {.kind = FB_MAIL_READER_RAISE,
			.slot = lane->source->slot,
			.watermark_ms = fb_reader_own_watermark(lane->reader)};

		if (!lane->closed)
			FB_IGNORE(fb_worker_send(backfill->engine->workers[lane->worker], &mail));
	}
}

static int go_over(struct backfill *backfill)
{
	struct pipeline *pipeline = backfill->pipeline;

	fb_backfill_hand_over(backfill, true);
	/* A stop while the store takes nothing: pages that are not written are the log's readers', and must not go to the live ones. */
	if (!fb_checkpoint_is_written_out(pipeline))
		return FB_E_AGAIN;
	close_windows(pipeline);
	for (uint32_t i = 0; i < backfill->lanes.cnt; i++)
		add_numbers(backfill, i);
	raise_watermarks(backfill);
	backfill->phase = BACKFILL_OVER;
	pipeline->backfilled_datagrams = backfill->lanes.datagrams;
	pipeline->switching = false;
	pipeline->state = FB_PIPELINE_RUNNING;
	/* Until that is written a crash goes back to reading. */
	pipeline->checkpoint.wanted = true;
	for (uint32_t i = 0; i < pipeline->source_cnt; i++)
		fb_hold_release_source(backfill->engine, &pipeline->sources[i]);
	return 0;
}

int fb_switch_try(struct backfill *backfill)
{
	int rc;

	fb_engine_lock(backfill->engine);
	rc = attach(backfill);
	fb_engine_unlock(backfill->engine);
	if (rc == 0)
		rc = fb_backfill_wait_settled(backfill) ? fb_backfill_read(backfill) : FB_E_AGAIN;
	fb_engine_lock(backfill->engine);
	if (rc == 0 && is_short(backfill))
		rc = FB_E_FULL;
	if (rc == 0)
		rc = go_over(backfill);
	if (rc != 0)
		abandon_for_sure(backfill);
	fb_engine_unlock(backfill->engine);
	return rc ? rc : 1;
}
