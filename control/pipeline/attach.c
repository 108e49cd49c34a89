/* SPDX-License-Identifier: Apache-2.0 */
/* Readers of a pipeline: made, given to the workers by mail, and taken back. */
#include <stdlib.h>
#include <string.h>

#include "config/base/calendar.h"
#include "config/sql/literal.h"
#include "control/pipeline/engine_private.h"

#define ANSWER_TIMEOUT_NS 10000000000
#define IDLE_NEVER_MS (1ll << 40) /* 34 years */

static uint32_t port_index(const struct fb_engine *engine, const struct fb_port *port)
{
	uint32_t i = 0;

	while (i < engine->port_cnt && engine->ports[i] != port)
		i++;
	return i;
}

/* What a worker had open is taken up by the same worker: it must still have a queue of the port. */
static int check_lanes(const struct fb_engine *engine, const struct source_run *source, uint32_t port)
{
	for (uint32_t w = 0; w < FB_WORKER_MAX; w++)
		if (source->lanes[w].used && (w >= engine->worker_cnt || !engine->owns_queue[w][port]))
			return FB_E_CONFIG;
	return 0;
}

bool fb_source_has_queue(const struct fb_engine *engine, const struct source_run *source, uint32_t worker)
{
	return worker < engine->worker_cnt && engine->owns_queue[worker][port_index(engine, engine->streams[source->stream].port)];
}

int fb_pipeline_make_reader(struct fb_engine *engine, struct source_run *source, int64_t watermark_ms, bool grows,
	struct fb_reader **ret)
{
	const struct fb_appliance *appliance = engine->appliance;
	const struct fb_stream_conf *stream = &appliance->streams[source->stream];
	const struct fb_query_plan *plans[FB_ARRAY_LEN(((struct fb_reader_snapshot *)0)->queries)];
	const struct fb_query_plan *branches[FB_ARRAY_LEN(plans)];
	const struct fb_slice_layout *layouts[FB_ARRAY_LEN(plans)];
	struct fb_reader_grid grids[FB_ARRAY_LEN(plans) * FB_CASCADE_MAX];
	struct fb_reader_conf conf = {
		.source = source->table,
		.queries = plans,
		.branches = branches,
		.layouts = layouts,
		.query_cnt = source->query_cnt,
		.record_layout = stream->layout,
		.framing = strcmp(stream->framing, "datagram") == 0 ? FB_FRAMING_DATAGRAM : FB_FRAMING_NEWLINE,
		.isa = engine->isa,
		.state_bytes = (uint64_t)appliance->memory.state_mb << 20,
		.output_bytes = (uint64_t)appliance->memory.output_mb << 20,
		.watermark_ms = watermark_ms,
		.grows = grows,
		.grids = grids,
	};

	for (uint32_t i = 0; i < source->query_cnt; i++) {
		plans[i] = fb_query_first_level(source->queries[i]->plan);
		branches[i] = plans[i]->branch_cnt > 0 ? plans[i]->branches[source->inputs[i]] : NULL;
		layouts[i] = source->queries[i]->layout;
		conf.grid_cnt += fb_assembly_grids(source->queries[i]->plan, grids + conf.grid_cnt);
	}
	return fb_reader_create(&conf, ret);
}

static int create_readers(struct fb_engine *engine, struct source_run *source)
{
	uint32_t port = port_index(engine, engine->streams[source->stream].port);

	source->leaving = false;
	for (uint32_t w = 0; w < engine->worker_cnt; w++) {
		const struct source_lane *lane = &source->lanes[w];
		int64_t watermark_ms = lane->used ? lane->watermark_ms : source->kept_ms;

		source->watermark_ms[w] = watermark_ms;
		if (!engine->owns_queue[w][port])
			continue;

		int rc = fb_pipeline_make_reader(engine, source, watermark_ms, false, &source->readers[w]);

		if (rc != 0)
			return rc;
		if (lane->used)
			fb_reader_resume(source->readers[w], lane->own_ms);
		if (source->epochs[w] == NULL)
			source->epochs[w] = calloc(1, sizeof(*source->epochs[w]));
		if (source->epochs[w] == NULL)
			return FB_E_NO_MEMORY;
	}
	return check_lanes(engine, source, port);
}

static int send_mail(struct fb_engine *engine, uint32_t worker, const struct fb_mail *mail)
{
	int64_t until = fb_clock_monotonic_ns() + ANSWER_TIMEOUT_NS;
	int rc;

	while ((rc = fb_worker_send(engine->workers[worker], mail)) == FB_E_AGAIN) {
		if (fb_clock_monotonic_ns() > until)
			return FB_E_TIMEOUT;
		fb_engine_wait(engine, fb_clock_monotonic_ns() + 1000000);
	}
	return rc;
}

int64_t fb_engine_idle_timeout_ms(
	const struct fb_plan *plan, const struct fb_table *table, const struct fb_stream_conf *stream)
{
	const char *option = fb_table_option(table, "scan.watermark.idle-timeout");
	int64_t ms = 0;

	if (option != NULL && fb_literal_duration(fb_str_from(option), &ms) == 0 && ms != 0)
		return ms;
	ms = plan->settings.source_idle_timeout_ms;
	return ms ? ms : stream->queue_idle_timeout_ms;
}

int64_t fb_source_idle_timeout_ms(const struct fb_engine *engine, const struct source_run *source)
{
	static const struct fb_stream_conf silent;
	int64_t ms;

	if (source->first->together_cnt == 1)
		return fb_engine_idle_timeout_ms(
			source->queries[0]->pipeline->plan, source->table, &engine->appliance->streams[source->stream]);
	/* What the appliance says is of queues beside one another. That a table is silent is another matter: only the SQL
	 * says that the others of a UNION ALL need not wait for it. */
	ms = fb_engine_idle_timeout_ms(source->queries[0]->pipeline->plan, source->table, &silent);
	return ms ? ms : IDLE_NEVER_MS;
}

static bool all_answered(const struct fb_engine *engine, const struct source_run *source, const bool *answered)
{
	for (uint32_t w = 0; w < engine->worker_cnt; w++)
		if (source->readers[w] != NULL && !answered[w])
			return false;
	return true;
}

static int attach_source(struct fb_engine *engine, struct pipeline *pipeline, struct source_run *source)
{
	uint32_t slot = 0;
	int64_t until = fb_clock_monotonic_ns() + ANSWER_TIMEOUT_NS;

	while (slot < FB_WORKER_READER_MAX && engine->slots[slot] != NULL)
		slot++;
	if (slot == FB_WORKER_READER_MAX)
		return FB_E_FULL;
	source->slot = slot;
	engine->slots[slot] = pipeline;
	engine->slot_sources[slot] = source;
	for (uint32_t w = 0; w < engine->worker_cnt; w++) {
		struct fb_mail mail = {
			.kind = FB_MAIL_READER_ADD,
			.slot = slot,
			.stream = source->stream,
			.reader = source->readers[w],
			.board = source->board,
			.idle_timeout_ms = fb_source_idle_timeout_ms(engine, source),
			.active = source->begins_active[w] || (source->board->next != NULL && source->lanes[w].used &&
								      source->lanes[w].own_ms != FB_TIME_MIN),
		};
		int rc = source->readers[w] != NULL ? send_mail(engine, w, &mail) : 0;

		if (rc != 0)
			return rc;
	}
	while (!all_answered(engine, source, source->added)) {
		if (fb_clock_monotonic_ns() > until)
			return FB_E_TIMEOUT;
		fb_engine_wait(engine, fb_clock_monotonic_ns() + 10000000);
	}
	return 0;
}

int fb_pipeline_create_readers(struct fb_engine *engine, struct pipeline *pipeline)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < pipeline->source_cnt; i++)
		rc = create_readers(engine, &pipeline->sources[i]);
	return rc;
}

int fb_pipeline_attach(struct fb_engine *engine, struct pipeline *pipeline)
{
	for (uint32_t i = 0; i < pipeline->source_cnt; i++) {
		int rc = attach_source(engine, pipeline, &pipeline->sources[i]);

		if (rc != 0)
			return rc;
	}
	return 0;
}

/* A reader that no worker has got needs no answer. */
static bool all_done(const struct fb_engine *engine, const struct source_run *source)
{
	for (uint32_t w = 0; w < engine->worker_cnt; w++)
		if (source->added[w] && !source->done[w])
			return false;
	return true;
}

int fb_pipeline_detach(struct fb_engine *engine, struct pipeline *pipeline, enum fb_mail_kind how)
{
	int64_t until = fb_clock_monotonic_ns() + ANSWER_TIMEOUT_NS;

	fb_checkpoint_abandon(engine, pipeline);
	for (uint32_t i = 0; i < pipeline->source_cnt; i++) {
		struct source_run *source = &pipeline->sources[i];

		source->leaving = true;
		for (uint32_t w = 0; w < engine->worker_cnt; w++) {
			struct fb_mail mail = {
				.kind = how, .slot = source->slot, .epoch = source->discard ? NULL : source->epochs[w]};
			int rc = source->added[w] && !source->done[w] ? send_mail(engine, w, &mail) : 0;

			if (rc != 0)
				return rc;
		}
	}
	for (uint32_t i = 0; i < pipeline->source_cnt; i++)
		while (!all_done(engine, &pipeline->sources[i])) {
			if (fb_clock_monotonic_ns() > until)
				return FB_E_TIMEOUT;
			fb_engine_wait(engine, fb_clock_monotonic_ns() + 10000000);
		}
	return 0;
}

void fb_pipeline_free_readers(struct fb_engine *engine, struct pipeline *pipeline)
{
	for (uint32_t i = 0; i < pipeline->source_cnt; i++) {
		struct source_run *source = &pipeline->sources[i];

		for (uint32_t w = 0; w < engine->worker_cnt; w++) {
			fb_reader_destroy(source->readers[w]);
			source->readers[w] = NULL;
		}
		if (source->slot != UINT32_MAX) {
			engine->slots[source->slot] = NULL;
			engine->slot_sources[source->slot] = NULL;
			source->slot = UINT32_MAX;
		}
	}
}
