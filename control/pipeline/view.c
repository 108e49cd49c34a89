/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of the engine's numbers, taken so that they belong to one moment. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/base/calendar.h"
#include "control/pipeline/backfill.h"

#define FRESH_TIMEOUT_NS 20000000

static void add_words(void *a, const void *b, size_t bytes)
{
	uint64_t *to = a;
	const uint64_t *from = b;

	for (size_t i = 0; i < bytes / sizeof(*to); i++)
		to[i] += from[i];
}

void fb_decode_counters_add(struct fb_decode_counters *a, const struct fb_decode_counters *b)
{
	add_words(a, b, sizeof(*a));
}

void fb_query_counters_add(struct fb_query_counters *a, const struct fb_query_counters *b)
{
	add_words(a, b, sizeof(*a));
}

/*
 * Numbers that are newer than the call: two publications later, the second of which began after it. A worker that
 * sleeps still publishes every millisecond; one that has stopped keeps what it said last.
 */
static void fresh_snapshots(struct fb_engine *engine, struct fb_worker_snapshot *snapshots)
{
	int64_t until = fb_clock_monotonic_ns() + FRESH_TIMEOUT_NS;
	struct timespec pause = {.tv_nsec = 200000};

	for (uint32_t i = 0; i < engine->worker_cnt; i++) {
		uint64_t first;

		fb_worker_snapshot(engine->workers[i], &snapshots[i]);
		first = snapshots[i].published;
		while (!engine->worker_stopped[i] && snapshots[i].published < first + 2 &&
			fb_clock_monotonic_ns() < until) {
			nanosleep(&pause, NULL);
			fb_worker_snapshot(engine->workers[i], &snapshots[i]);
		}
	}
}

void fb_view_fresh(struct fb_engine *engine)
{
	fresh_snapshots(engine, engine->snapshots);
}

/* Numbers are given by the worker, as it counts. */
uint64_t fb_engine_log_position(const struct fb_engine *engine, uint32_t stream, uint32_t worker)
{
	return engine->first_seqs[worker][stream] + engine->snapshots[worker].streams[stream].datagrams;
}

static void view_port(struct fb_engine *engine, uint32_t number, struct fb_port_view *view)
{
	struct fb_port *port = engine->ports[number];
	uint64_t before = view->received_before;

	*view = (struct fb_port_view){
		.name = port->conf->name,
		.device = port->conf->device,
		.driver = port->driver,
		.queue_cnt = port->queue_cnt,
		.received_before = before,
		.ring_packets = port->queue_cnt * port->conf->rx_descriptors,
	};
	memcpy(view->mac, port->mac, sizeof(view->mac));
	fb_port_stats(port, &view->stats);
	/* Queue by queue in the order of the worker's conf, which is the order of ports. */
	for (uint32_t w = 0; w < engine->worker_cnt; w++) {
		uint32_t at = 0;

		for (uint32_t p = 0; p < number; p++)
			at += engine->owns_queue[w][p];
		if (engine->owns_queue[w][number])
			add_words(&view->net, &engine->snapshots[w].net[at], sizeof(view->net));
	}
}

static void add_running(struct fb_query_view *view, const struct fb_reader_snapshot *earlier,
	const struct fb_reader_snapshot *now, uint32_t index)
{
	const struct fb_query_counters *before = &earlier->queries[index];
	const struct fb_query_counters *after = &now->queries[index];

	fb_query_counters_add(&view->counters, after);
	view->moving_rows += after->sealed_rows - before->sealed_rows + after->rows_out - before->rows_out;
}

/* A reader that was told to end is gone from its worker before the report of that is taken; its last numbers stay in the snapshot. */
static bool is_running(const struct fb_engine *engine, const struct source_run *source, uint32_t worker)
{
	if (source->slot == UINT32_MAX || source->readers[worker] == NULL || source->done[worker] || source->discard)
		return false;
	return engine->snapshots[worker].readers[source->slot].used || (source->leaving && source->added[worker]);
}

struct fb_query_counters fb_view_counters(const struct fb_engine *engine, const struct query_run *query)
{
	struct fb_query_counters counters = query->base;

	fb_query_counters_add(&counters, &query->last);
	for (uint32_t w = 0; query->input_cnt > 0 && w < engine->worker_cnt; w++)
		fb_worker_snapshot(engine->workers[w], &engine->snapshots[w]);
	for (uint32_t i = 0; i < query->input_cnt; i++) {
		const struct query_input *input = &query->inputs[i];

		for (uint32_t w = 0; w < engine->worker_cnt; w++)
			if (is_running(engine, input->source, w))
				fb_query_counters_add(&counters,
					&engine->snapshots[w].readers[input->source->slot].queries[input->index]);
	}
	return counters;
}

static uint64_t queued_rows(const struct query_run *query)
{
	uint64_t rows = 0;

	for (uint32_t i = 0; i < query->input_cnt; i++)
		for (uint32_t w = 0; w < FB_WORKER_MAX; w++)
			for (const struct fb_row_page *page = query->inputs[i].source->rows_head[w]; page != NULL; page = page->next)
				rows += page->query == query->inputs[i].index ? page->row_cnt : 0;
	rows += fb_hold_rows(query, true);
	return rows;
}

static void view_running(const struct fb_engine *engine, const struct query_input *input, struct fb_query_view *view)
{
	const struct source_run *source = input->source;

	for (uint32_t w = 0; w < engine->worker_cnt; w++)
		if (is_running(engine, source, w))
			add_running(view, &engine->earlier[w].readers[source->slot],
				&engine->snapshots[w].readers[source->slot], input->index);
}

/* What the decoders of one source count: earlier runs, readers that are done, and those that run. */
static void sum_decode(const struct fb_engine *engine, const struct source_run *source, struct fb_decode_counters *sum)
{
	fb_decode_counters_add(sum, &source->base);
	fb_decode_counters_add(sum, &source->last);
	fb_backfill_add_decode(source->queries[0]->pipeline->backfill, source, sum);
	for (uint32_t w = 0; w < engine->worker_cnt; w++)
		if (is_running(engine, source, w))
			fb_decode_counters_add(sum, &engine->snapshots[w].readers[source->slot].decode);
}

static void view_levels(const struct query_run *query, struct fb_arena *arena, struct fb_query_view *view)
{
	uint32_t cnt = fb_query_level_cnt(query->plan);
	struct fb_assembly_level *levels = FB_ARENA_ARRAY(arena, struct fb_assembly_level, cnt);

	for (uint32_t i = 0; levels != NULL && i < cnt; i++)
		fb_assembly_level(query->assembly, i, &levels[i]);
	view->levels = levels;
	view->level_cnt = levels ? cnt : 0;
}

static void view_query(
	struct fb_engine *engine, const struct query_run *query, struct fb_arena *arena, struct fb_query_view *view)
{
	struct fb_decode_counters decode = {0};

	for (uint32_t i = 0; i < query->input_cnt; i++)
		sum_decode(engine, query->inputs[i].source, &decode);
	*view = (struct fb_query_view){
		.name = fb_arena_strdup(arena, fb_str_from(query->plan->name)),
		.sink = fb_arena_strdup(arena, fb_str_from(query->plan->sink->name)),
		.connector = fb_arena_strdup(arena, fb_str_from(query->plan->sink->connector)),
		.windowed = query->plan->window.kind != FB_WINDOW_NONE,
		.constant = query->input_cnt == 0,
		.decoded = decode.decoded,
		.query_id = query->query_id,
		.counters = query->base,
		.merged_windows = query->merged_windows,
		.merged_rows = query->merged_rows,
		.pending_rows = fb_merge_pending_rows(query),
		.dropped_groups = query->dropped_groups,
		.result_rows = query->next_seq,
	};
	fb_query_counters_add(&view->counters, &query->last);
	for (uint32_t i = 0; i < query->input_cnt; i++)
		view_running(engine, &query->inputs[i], view);
	fb_backfill_add_query(query->pipeline->backfill, query, &view->counters);
	if (!view->windowed) {
		view->queued_rows = queued_rows(query);
		view->withheld_rows = query->withheld_rows;
		for (uint32_t w = 0; w < FB_WORKER_MAX; w++)
			view->again_rows += query->skip_rows[w];
	}
	if (query->plan->upstream != NULL)
		view_levels(query, arena, view);
	if (query->delivery != NULL)
		fb_delivery_status(query->delivery, &view->delivery);
}

static int view_pipeline(
	struct fb_engine *engine, const struct pipeline *pipeline, struct fb_arena *arena, struct fb_pipeline_view *view)
{
	*view = (struct fb_pipeline_view){
		.name = fb_arena_strdup(arena, fb_str_from(pipeline->name)),
		.sql = fb_arena_strdup(arena, fb_str_from(pipeline->sql)),
		.state = pipeline->state,
		.stream = fb_arena_strdup(arena, fb_str_from(pipeline->source_cnt ? pipeline->sources[0].table->name : "")),
		.applied_ms = pipeline->applied_ms,
		.watermark_ms = pipeline->source_cnt ? FB_TIME_MAX : FB_TIME_MIN,
		.replaces = fb_arena_strdup(arena, fb_str_from(pipeline->replaces ? pipeline->replaces : "")),
		.backfilled_datagrams = pipeline->backfilled_datagrams,
		.checkpoint = pipeline->checkpoint.last,
		.query_cnt = pipeline->query_cnt,
		.queries = FB_ARENA_ARRAY(arena, struct fb_query_view, pipeline->query_cnt),
	};
	if (arena->failed)
		return FB_E_NO_MEMORY;
	for (uint32_t i = 0; i < pipeline->source_cnt; i++) {
		const struct source_run *source = &pipeline->sources[i];
		int64_t watermark = source->kept_ms;

		view->attached_datagrams += source->datagrams_base + fb_backfill_datagrams(pipeline->backfill, source);
		if (pipeline->state == FB_PIPELINE_BACKFILLING)
			watermark = FB_MAX(watermark, source->caught_ms);
		sum_decode(engine, source, &view->decode);
		for (uint32_t w = 0; w < engine->worker_cnt; w++) {
			if (!is_running(engine, source, w))
				continue;

			const struct fb_reader_snapshot *reader = &engine->snapshots[w].readers[source->slot];

			view->attached_datagrams += reader->datagrams;
			watermark = FB_MAX(watermark, reader->watermark_ms);
		}
		view->watermark_ms = FB_MIN(view->watermark_ms, watermark);
	}
	fb_backfill_view(pipeline->backfill, &view->backfill);
	for (uint32_t i = 0; i < pipeline->query_cnt; i++)
		view_query(engine, &pipeline->queries[i], arena, &view->queries[i]);
	return 0;
}

static void view_worker(const struct fb_engine *engine, uint32_t number, struct fb_worker_view *view)
{
	const struct fb_worker_snapshot *numbers = &engine->snapshots[number];

	*view = (struct fb_worker_view){
		.index = number,
		.core = engine->appliance->cores.workers[number],
		.polls = numbers->polls,
		.empty_polls = numbers->empty_polls,
		.busy_cycles = numbers->busy_cycles,
		.idle_cycles = numbers->idle_cycles,
		.sleeps = numbers->sleeps,
		.longest_gap_cycles = numbers->longest_gap_cycles,
		.report_ring_full = numbers->report_ring_full,
		.tap_back_offs = numbers->tap_back_offs,
	};
	for (uint32_t i = 0; i < numbers->net_cnt; i++)
		view->packets += numbers->net[i].packets;
}

static void view_stream(struct fb_engine *engine, uint32_t number, struct fb_stream_view *view)
{
	const struct fb_stream_conf *conf = &engine->appliance->streams[number];
	struct fb_keeper_stream raw = view->raw;

	*view = (struct fb_stream_view){
		.table = conf->table,
		.port = conf->port,
		.udp_port = (uint16_t)conf->udp_port,
		.raw = raw,
		.log_end_ms = number < FB_NET_STREAM_MAX ? engine->log_end_ms[number] : 0,
	};
	for (uint32_t w = 0; w < engine->worker_cnt; w++) {
		const struct fb_stream_counters *now = &engine->snapshots[w].streams[number];

		add_words(&view->counters, now, sizeof(*now));
		view->tap_moving_bytes += now->tapped_bytes - engine->earlier[w].streams[number].tapped_bytes;
	}
	view->raw.datagrams[FB_RAW_RING_FULL] = view->counters.tap_full_datagrams;
	view->raw.bytes[FB_RAW_RING_FULL] = view->counters.tap_full_bytes;
}

static int fill_view(struct fb_engine *engine, struct fb_engine_view *view)
{
	struct fb_arena *arena = &view->arena;
	uint32_t pipeline_cnt = 0;
	uint32_t at = 0;
	int rc = 0;

	for (const struct pipeline *p = engine->pipelines; p != NULL; p = p->next)
		pipeline_cnt++;
	view->ports = FB_ARENA_ARRAY(arena, struct fb_port_view, engine->port_cnt);
	view->streams = FB_ARENA_ARRAY(arena, struct fb_stream_view, engine->appliance->streams_count);
	view->workers = FB_ARENA_ARRAY(arena, struct fb_worker_view, engine->worker_cnt);
	view->pipelines = FB_ARENA_ARRAY(arena, struct fb_pipeline_view, pipeline_cnt);
	if (arena->failed)
		return FB_E_NO_MEMORY;

	/*
	 * Each count is read before and after the one it is compared with: what moved meanwhile is known, and nothing else
	 * may differ (ledger.c).
	 */
	for (uint32_t i = 0; i < engine->port_cnt; i++) {
		struct fb_port_stats stats;

		fb_port_stats(engine->ports[i], &stats);
		view->ports[i].received_before = stats.received_packets;
	}
	fresh_snapshots(engine, engine->earlier);
	fb_merge_receive(engine);
	for (uint32_t i = 0; i < engine->appliance->streams_count; i++)
		fb_keeper_view_stream(engine->keeper, i, &view->streams[i].raw);
	fb_keeper_error(engine->keeper, view->raw_error);
	fb_rawlog_damage(fb_keeper_log(engine->keeper), &view->raw_damage);
	fresh_snapshots(engine, engine->snapshots);
	for (uint32_t i = 0; i < engine->port_cnt; i++)
		view_port(engine, i, &view->ports[view->port_cnt++]);
	for (uint32_t i = 0; i < engine->worker_cnt; i++)
		view_worker(engine, i, &view->workers[view->worker_cnt++]);
	for (uint32_t i = 0; i < engine->appliance->streams_count; i++)
		view_stream(engine, i, &view->streams[view->stream_cnt++]);
	/* Pipelines are kept newest first; people read oldest first. */
	for (const struct pipeline *p = engine->pipelines; rc == 0 && p != NULL; p = p->next)
		rc = view_pipeline(engine, p, arena, &view->pipelines[pipeline_cnt - ++at]);
	view->pipeline_cnt = pipeline_cnt;
	fb_store_stats(engine->store, &view->store);
	/* After the snapshots: what is given is not behind what was taken. */
	fb_import_view(engine, &engine->snapshots[0].imported, &view->import);
	return rc ? rc : arena->failed ? FB_E_NO_MEMORY : 0;
}

void fb_engine_set_replays(struct fb_engine *engine, fb_engine_replays_fn fn, void *arg)
{
	fb_engine_lock(engine);
	engine->replays = fn;
	engine->replays_arg = arg;
	fb_engine_unlock(engine);
}

int fb_engine_view(struct fb_engine *engine, struct fb_engine_view *ret)
{
	struct fb_engine_view view = {
		.name = engine->appliance->name,
		.started_ms = engine->started_ms,
		.isa = engine->isa,
		.tsc_hz = engine->tsc_hz,
		.unclean = engine->unclean,
	};
	int rc;

	fb_engine_lock(engine);
	memcpy(view.store_error, engine->store_error, sizeof(view.store_error));
	rc = fill_view(engine, &view);
	fb_engine_unlock(engine);
	view.now_ms = fb_clock_realtime_ns() / 1000000;
	if (rc == 0 && engine->replays != NULL)
		rc = engine->replays(engine->replays_arg, &view.arena, &view.replays, &view.replay_cnt);
	if (rc != 0) {
		fb_arena_fini(&view.arena);
		return rc;
	}
	*ret = view;
	return 0;
}

void fb_engine_view_fini(struct fb_engine_view *view)
{
	fb_arena_fini(&view->arena);
	*view = (struct fb_engine_view){0};
}
