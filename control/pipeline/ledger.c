/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The equations of the design, over one view. Each line compares two counts that were made in different places of the code,
 * so that a record lost between them shows.
 */
#include <string.h>

#include "control/pipeline/engine.h"

struct maker {
	struct fb_ledger *ledger;
	uint32_t cap;
};

/* in_flight: how much the left side may be ahead because the numbers of two counters cannot be read at once. */
static void add_line(struct maker *maker, const char *scope, const char *name, uint64_t left, uint64_t right, uint64_t in_flight)
{
	struct fb_ledger *ledger = maker->ledger;
	struct fb_ledger_line *line = &ledger->lines[ledger->line_cnt];

	if (ledger->line_cnt == maker->cap)
		return;
	ledger->line_cnt++;
	*line = (struct fb_ledger_line){
		.scope = scope,
		.name = name,
		.left = left,
		.right = right,
		.in_flight = left >= right ? FB_MIN(left - right, in_flight) : 0,
	};
	line->balanced = left == right + line->in_flight;
	ledger->balanced &= line->balanced;
}

static uint64_t sum(const uint64_t *values, uint32_t cnt)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < cnt; i++)
		total += values[i];
	return total;
}

static void port_lines(struct maker *maker, const struct fb_port_view *port)
{
	struct fb_arena *arena = &maker->ledger->view.arena;
	const char *scope = fb_arena_printf(arena, "port %s", port->name);
	const struct fb_port_stats *stats = &port->stats;
	/* A packet that came between the two readings of the device may or may not be in the workers' numbers. */
	uint64_t moving = stats->received_packets - FB_MIN(port->received_before, stats->received_packets);

	if (stats->wire_known)
		add_line(maker, scope, "on the wire = missed + no mbuf + errors + received", stats->wire_packets,
			stats->missed_packets + stats->no_mbuf + stats->rx_errors + stats->received_packets, 0);
	add_line(maker, scope, "received = classified by workers", stats->received_packets, port->net.packets,
		moving ? moving + port->ring_packets : 0);
	add_line(maker, scope, "classified = sum of dispositions", port->net.packets,
		sum(port->net.disposition, FB_PKT_CNT), 0);
}

/* What a capture gave to the worker. */
static void import_lines(struct maker *maker, const struct fb_import_view *import)
{
	if (!import->any)
		return;
	add_line(maker, "import", "imported = classified by worker", import->all_packets, import->all.packets,
		import->active ? import->all_packets - import->all.packets : 0);
	add_line(maker, "import", "classified = sum of dispositions", import->all.packets, sum(import->all.disposition, FB_PKT_CNT), 0);
}

static void stream_line(struct maker *maker)
{
	const struct fb_engine_view *view = &maker->ledger->view;
	uint64_t packets = view->import.all.disposition[FB_PKT_STREAM];
	uint64_t datagrams = 0;

	for (uint32_t i = 0; i < view->port_cnt; i++)
		packets += view->ports[i].net.disposition[FB_PKT_STREAM];
	for (uint32_t i = 0; i < view->stream_cnt; i++)
		datagrams += view->streams[i].counters.datagrams;
	if (view->stream_cnt > 0)
		add_line(maker, "streams", "stream packets of all ports = datagrams of all streams", packets, datagrams, 0);
}

/* The right side is read first: it is behind by what was tapped meanwhile, what is on a tap, and what is in blocks. */
static void raw_lines(struct maker *maker, const struct fb_stream_view *stream)
{
	const struct fb_keeper_stream *raw = &stream->raw;
	const char *scope = fb_arena_printf(&maker->ledger->view.arena, "stream %s", stream->table);

	if (!raw->kept)
		return;
	add_line(maker, scope, "bytes = for the raw log + ring full", stream->counters.bytes,
		stream->counters.tapped_bytes + raw->bytes[FB_RAW_RING_FULL], 0);
	add_line(maker, scope, "for the raw log = logged + dropped", stream->counters.tapped_bytes,
		sum(raw->bytes, FB_RAW_CNT) - raw->bytes[FB_RAW_RING_FULL],
		stream->tap_moving_bytes + raw->buffered_bytes + raw->tap_packets * UINT16_MAX);
}

/* A level of a cascade, of which the rows of the one below are the records; since the start. */
static void level_lines(struct maker *maker, const char *query, uint32_t number, const struct fb_assembly_level *below,
	const struct fb_assembly_level *level)
{
	const char *scope = fb_arena_printf(&maker->ledger->view.arena, "%s level %u", query, number);
	const struct fb_query_counters *counters = &level->counters;

	add_line(maker, scope, "rows of the level below = sum of dispositions", below->rows_out,
		sum(counters->disposition, FB_REC_CNT), 0);
	add_line(maker, scope, "accepted = in slices handed over + open", counters->disposition[FB_REC_ACCEPTED],
		counters->sealed_rows + counters->open_rows, 0);
	add_line(maker, scope, "in slices handed over and kept = in windows published + waiting",
		counters->sealed_rows + level->kept_rows, level->finished_rows + level->waiting_rows, 0);
	add_line(maker, scope, "late = none", counters->disposition[FB_REC_LATE], 0, 0);
}

static void query_lines(struct maker *maker, const struct fb_pipeline_view *pipeline, const struct fb_query_view *query)
{
	struct fb_arena *arena = &maker->ledger->view.arena;
	const char *scope = fb_arena_printf(arena, "query %s/%s", pipeline->name, query->name);
	const struct fb_query_counters *counters = &query->counters;
	const struct fb_delivery_status *delivery = &query->delivery;

	if (!query->constant)
		add_line(maker, scope, "decoded = sum of dispositions", query->decoded,
			sum(counters->disposition, FB_REC_CNT), 0);
	if (query->constant) {
		/* nothing but result rows */
	} else if (!query->windowed) {
		add_line(maker, scope, "accepted + rows of further windows = rows handed over + waiting",
			counters->disposition[FB_REC_ACCEPTED] + counters->extra_rows,
			counters->rows_out + counters->rows_waiting, 0);
		add_line(maker, scope, "rows handed over = result rows + queued", counters->rows_out + query->again_rows,
			query->result_rows + query->withheld_rows + query->queued_rows, query->moving_rows);
	} else {
		add_line(maker, scope, "accepted = in slices handed over + open", counters->disposition[FB_REC_ACCEPTED],
			counters->sealed_rows + counters->open_rows, 0);
		add_line(maker, scope, "in slices handed over = in windows published + waiting", counters->sealed_rows,
			query->merged_rows + query->pending_rows, query->moving_rows);
	}
	for (uint32_t i = 1; i < query->level_cnt; i++)
		level_lines(maker, scope, i + 1, &query->levels[i - 1], &query->levels[i]);
	add_line(maker, scope, "result rows = delivered + pending", query->result_rows,
		delivery->delivered + (delivery->end - FB_MIN(delivery->cursor, delivery->end)), 0);
}

/* The equations of a replay; of a source that is still read nothing is known yet but that it is. */
static void replay_lines(struct maker *maker, const struct fb_replay_job_view *job)
{
	struct fb_arena *arena = &maker->ledger->view.arena;

	for (uint32_t q = 0; q < job->query_cnt; q++) {
		const struct fb_replay_query_view *query = &job->queries[q];
		const char *scope = fb_arena_printf(arena, "replay %llu/%s", (unsigned long long)job->id, query->name);
		const struct fb_query_counters *counters = &query->counters;
		const struct fb_delivery_status *delivery = &query->delivery;

		if (query->finished) {
			add_line(maker, scope, "decoded = sum of dispositions", query->decoded,
				sum(counters->disposition, FB_REC_CNT), 0);
			if (query->windowed)
				add_line(maker, scope, "accepted = in windows", counters->disposition[FB_REC_ACCEPTED],
					query->window_rows, 0);
			if (query->stored)
				add_line(maker, scope, "rows made = rows kept", query->result_rows, query->stored_rows, 0);
		}
		if (query->delivers)
			add_line(maker, scope, "rows kept = delivered + pending", query->stored_rows,
				delivery->delivered + (delivery->end - FB_MIN(delivery->cursor, delivery->end)), 0);
	}
}

int fb_ledger_make(struct fb_engine_view *view, struct fb_ledger *ret)
{
	struct fb_ledger ledger = {.view = *view, .balanced = true};
	struct maker maker = {.ledger = &ledger, .cap = 3 * view->port_cnt + 3 + 2 * view->stream_cnt};
	struct fb_arena *arena = &ledger.view.arena;

	for (uint32_t i = 0; i < view->pipeline_cnt; i++)
		maker.cap += 2 + (4 + 4 * FB_CASCADE_MAX) * view->pipelines[i].query_cnt;
	for (uint32_t i = 0; i < view->replay_cnt; i++)
		maker.cap += 4 * view->replays[i].query_cnt;
	ledger.lines = FB_ARENA_ARRAY(arena, struct fb_ledger_line, maker.cap);
	if (ledger.lines == NULL) {
		view->arena = *arena;
		return FB_E_NO_MEMORY;
	}
	for (uint32_t i = 0; i < view->port_cnt; i++)
		port_lines(&maker, &view->ports[i]);
	import_lines(&maker, &view->import);
	stream_line(&maker);
	for (uint32_t i = 0; i < view->stream_cnt; i++)
		raw_lines(&maker, &view->streams[i]);
	for (uint32_t i = 0; i < view->pipeline_cnt; i++) {
		const struct fb_pipeline_view *pipeline = &view->pipelines[i];
		const char *scope = fb_arena_printf(arena, "pipeline %s", pipeline->name);

		add_line(&maker, scope, "datagrams of its streams = payloads read", pipeline->attached_datagrams,
			pipeline->decode.payloads, 0);
		add_line(&maker, scope, "records framed = decoded + rejected", pipeline->decode.records,
			pipeline->decode.decoded + sum(pipeline->decode.rejected, FB_REC_CNT), 0);
		for (uint32_t q = 0; q < pipeline->query_cnt; q++)
			query_lines(&maker, pipeline, &pipeline->queries[q]);
	}
	for (uint32_t i = 0; i < view->replay_cnt; i++)
		replay_lines(&maker, &view->replays[i]);
	if (arena->failed) {
		view->arena = *arena;
		return FB_E_NO_MEMORY;
	}
	memset(view, 0, sizeof(*view));
	*ret = ledger;
	return 0;
}

void fb_ledger_fini(struct fb_ledger *ledger)
{
	fb_engine_view_fini(&ledger->view);
	*ledger = (struct fb_ledger){0};
}
