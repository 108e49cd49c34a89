/* SPDX-License-Identifier: Apache-2.0 */
/* Pipelines: made of a plan, and applied. */
#include <stdlib.h>
#include <string.h>

#include "config/base/calendar.h"
#include "control/pipeline/replace.h"
#include "control/pipeline/history.h"
#include "dataplane/operator/values.h"

#define FIRST_CHECKPOINT_MS 5000
#define GRID_STEP_MIN_MS 100
#define ASSEMBLY_SLACK_BYTES (64ull << 20)
#define ASSEMBLY_MAX_BYTES (32ull << 30) /* what references of a pool reach */

struct pipeline *fb_engine_find(struct fb_engine *engine, const char *name)
{
	for (struct pipeline *pipeline = engine->pipelines; pipeline != NULL; pipeline = pipeline->next)
		if (strcmp(pipeline->name, name) == 0)
			return pipeline;
	return NULL;
}

/* ---- the runtime of a plan ---- */

/* What the slices of all workers can come to when they are merged, and room for copies (assembly.h). */
static uint64_t assembly_bytes(const struct fb_engine *engine, const struct fb_query_plan *plan)
{
	uint64_t lent =
		((uint64_t)engine->appliance->memory.state_mb << 20) * engine->worker_cnt * fb_query_input_cnt(plan);

	return FB_MIN(2 * lent + ASSEMBLY_SLACK_BYTES, (uint64_t)ASSEMBLY_MAX_BYTES);
}

static uint32_t lane_cnt(const struct fb_engine *engine, uint32_t stream)
{
	uint32_t port = 0;
	uint32_t cnt = 0;

	while (port < engine->port_cnt && engine->ports[port] != engine->streams[stream].port)
		port++;
	for (uint32_t w = 0; w < engine->worker_cnt; w++)
		cnt += engine->owns_queue[w][port];
	return cnt;
}

/*
 * Whether the watermark took a value between two windows is known of one core alone: the minimum of several depends on which
 * was seen first. And what a core has to tell of it has to be told before there is no room.
 */
static int check_levels(const struct fb_engine *engine, const struct query_run *query, struct fb_diags *diags)
{
	struct fb_reader_grid grids[FB_CASCADE_MAX];
	uint32_t cnt = fb_assembly_grids(query->plan, grids);
	const char *why = NULL;

	for (uint32_t i = 0; i < cnt; i++)
		if (grids[i].step_ms < GRID_STEP_MIN_MS)
			why = "where that is shorter than 100 ms";
	if (cnt > 0 && lane_cnt(engine, query->inputs[0].source->stream) > 1)
		why = "of a stream that several workers receive";
	if (why == NULL)
		return 0;
	fb_diags_add(diags, FB_ERROR_SEVERITY, query->plan->place,
		"take a gap that is no multiple of the length, slide or step below; 'forebay run' computes it over files",
		"SESSION over the result of a window, with a gap of whole windows, is not possible as a pipeline %s", why);
	return FB_E_UNSUPPORTED;
}

static int init_query(struct fb_engine *engine, struct query_run *query, const struct fb_query_plan *plan)
{
	struct fb_assembly_conf conf = {
		.plan = plan, .pool_bytes = assembly_bytes(engine, plan), .isa = engine->isa, .release = fb_merge_release, .arg = query};
	int rc;

	query->plan = plan;
	query->engine = engine;
	query->published_ms = FB_TIME_MIN;
	query->settled_ms = FB_TIME_MIN;
	query->types = calloc(plan->select_cnt, sizeof(*query->types));
	if (query->types == NULL)
		return FB_E_NO_MEMORY;
	for (uint32_t i = 0; i < plan->select_cnt; i++)
		query->types[i] = plan->sink->fields[i]->type;
	if (plan->window.kind == FB_WINDOW_NONE)
		return 0;
	rc = fb_slice_layout_create(fb_query_first_level(plan), &query->layout);
	if (rc != 0)
		return rc;
	conf.layout = query->layout;
	return fb_assembly_create(&conf, &query->assembly);
}

/* FB_MAX_QUERIES of a snapshot: the published numbers of a reader have room for so many. */
static int check_size(const struct fb_plan *plan, struct fb_diags *diags)
{
	const uint32_t max = FB_ARRAY_LEN(((struct fb_reader_snapshot *)0)->queries);

	if (plan->query_cnt > 0 && plan->query_cnt <= max)
		return 0;
	fb_diags_add(diags, FB_ERROR_SEVERITY, (struct fb_place){0}, NULL,
		plan->query_cnt ? "the file makes %u queries (each INSERT, each side of a UNION ALL); a pipeline takes at most %u"
				: "the file has no INSERT statement (%u queries of at most %u)",
		plan->query_cnt, max);
	return FB_E_SYNTAX;
}

int fb_pipeline_create(struct fb_engine *engine, struct fb_plan *plan, const char *name, struct fb_diags *diags,
	struct pipeline **ret)
{
	struct pipeline *pipeline = calloc(1, sizeof(*pipeline));
	int rc = check_size(plan, diags);

	if (pipeline == NULL || rc != 0) {
		free(pipeline);
		fb_plan_destroy(plan);
		return rc ? rc : FB_E_NO_MEMORY;
	}
	pipeline->plan = plan;
	pipeline->name = strdup(name);
	pipeline->replaces = fb_replace_target(name);
	pipeline->file = strdup(plan->file);
	pipeline->sql = strdup(plan->text);
	pipeline->applied_ms = fb_clock_realtime_ns() / 1000000;
	pipeline->sink_name = strndup(name, strcspn(name, "~"));
	pipeline->query_cnt = plan->query_cnt;
	pipeline->queries = calloc(plan->query_cnt, sizeof(*pipeline->queries));
	pipeline->sources = calloc(fb_sources_cap(plan) + 1u, sizeof(*pipeline->sources));
	if (!pipeline->name || !pipeline->file || !pipeline->sql || !pipeline->queries || !pipeline->sources)
		rc = FB_E_NO_MEMORY;
	for (uint32_t i = 0; rc == 0 && i < plan->query_cnt; i++) {
		pipeline->queries[i].pipeline = pipeline;
		rc = init_query(engine, &pipeline->queries[i], plan->queries[i]);
		if (rc == 0)
			rc = fb_sources_assign(engine, pipeline, &pipeline->queries[i], diags);
		if (rc == 0)
			rc = check_levels(engine, &pipeline->queries[i], diags);
	}
	if (rc != 0) {
		fb_pipeline_destroy(engine, pipeline);
		return rc;
	}
	*ret = pipeline;
	return 0;
}

int fb_pipeline_open_sinks(struct fb_engine *engine, struct pipeline *pipeline, struct fb_diags *diags)
{
	for (uint32_t i = 0; i < pipeline->query_cnt; i++) {
		struct query_run *query = &pipeline->queries[i];
		struct fb_buf message = {0};
		struct fb_sink_conf conf = {
			.query = query->plan,
			.appliance = engine->appliance,
			.pipeline = pipeline->sink_name,
			.query_id = query->query_id,
			.commit_interval_ms = pipeline->plan->settings.checkpoint_interval_ms,
			.store = engine->store,
		};
		int rc = fb_delivery_start(&conf, &message, &query->delivery);

		if (rc != 0) {
			fb_diags_add(diags, FB_ERROR_SEVERITY, query->plan->sink->place, NULL, "sink '%s': %s",
				query->plan->sink->name, message.p ? message.p : fb_strerror(rc));
			fb_buf_fini(&message);
			return rc;
		}
		fb_buf_fini(&message);
		fb_delivery_notify(query->delivery, query->next_seq);
	}
	return 0;
}

static void destroy_query(struct query_run *query)
{
	if (query->delivery != NULL)
		fb_delivery_stop(query->delivery);
	fb_assembly_destroy(query->assembly);
	free(query->types);
}

void fb_pipeline_destroy(struct fb_engine *engine, struct pipeline *pipeline)
{
	for (uint32_t i = 0; pipeline->queries != NULL && i < pipeline->query_cnt; i++)
		destroy_query(&pipeline->queries[i]);
	fb_backfill_destroy(pipeline);
	if (pipeline->sources != NULL)
		fb_pipeline_free_readers(engine, pipeline);
	for (uint32_t i = 0; pipeline->queries != NULL && i < pipeline->query_cnt; i++) {
		free(pipeline->queries[i].inputs);
		fb_slice_layout_destroy(pipeline->queries[i].layout);
	}
	fb_sources_free(pipeline);
	free(pipeline->queries);
	free(pipeline->name);
	free(pipeline->sink_name);
	free(pipeline->replaces);
	free(pipeline->file);
	free(pipeline->sql);
	fb_plan_destroy(pipeline->plan);
	free(pipeline);
}

/* ---- commands ---- */

void fb_command_begin(struct fb_engine *engine)
{
	while (engine->commanded)
		fb_engine_wait(engine, fb_clock_monotonic_ns() + 10000000);
	engine->commanded = true;
}

void fb_command_end(struct fb_engine *engine)
{
	engine->commanded = false;
	pthread_cond_broadcast(&engine->changed);
}

/* "people.sql" -> "people". */
char *fb_engine_pipeline_name(const char *wanted, const struct fb_plan *plan)
{
	const char *name = wanted ? wanted : plan->settings.pipeline_name;

	if (name != NULL && name[0] != '\0')
		return strdup(name);

	const char *base = strrchr(plan->file, '/');
	const char *end;

	base = base ? base + 1 : plan->file;
	end = strrchr(base, '.');
	return strndup(base, end && end > base ? (size_t)(end - base) : strlen(base));
}

static bool name_is_good(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= 128 &&
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == len;
}

/* ---- rows of constants ---- */

struct constants {
	struct query_run *query;
	struct fb_store_batch *batch;
};

static int put_constant(void *arg, const uint8_t *bytes, uint32_t len)
{
	struct constants *constants = arg;

	fb_store_put_result(constants->batch, constants->query->query_id, constants->query->next_seq++, bytes, len);
	return 0;
}

/*
 * INSERT … VALUES: its rows are made once, in the commit that makes the pipeline. So they are there when the pipeline is,
 * and no later start writes them again.
 */
static int put_constants(
	struct fb_engine *engine, struct pipeline *pipeline, struct fb_store_batch *batch, struct fb_diags *diags)
{
	for (uint32_t i = 0; i < pipeline->query_cnt; i++) {
		struct query_run *query = &pipeline->queries[i];
		struct constants constants = {query, batch};
		uint32_t row = 0;
		int rc;

		if (query->plan->source != NULL)
			continue;
		rc = fb_values_run(query->plan, put_constant, &constants, &row);
		if (rc == FB_E_INVALID)
			fb_diags_add(diags, FB_ERROR_SEVERITY, query->plan->values[(size_t)row * query->plan->select_cnt]->place,
				"a division by zero, or a CAST of text that does not read so: TRY_CAST gives NULL",
				"row %u of the constants of '%s' cannot be computed", row + 1, query->plan->name);
		if (rc != 0)
			return rc;
		fb_persist_query(engine, query, batch);
	}
	return 0;
}

/* Live from the next record on. */
static int begin_live(struct fb_engine *engine, struct pipeline *pipeline, struct fb_store_batch *batch, struct fb_diags *diags)
{
	int rc = fb_persist_pipeline(engine, pipeline, batch);

	if (rc == 0)
		rc = fb_pipeline_open_sinks(engine, pipeline, diags);
	if (rc == 0)
		rc = fb_pipeline_create_readers(engine, pipeline);
	if (rc == 0)
		rc = fb_pipeline_attach(engine, pipeline);
	return rc ? rc : fb_begin_persist(engine, pipeline);
}

/* The first epoch says from where on the log is to be read: it is in the commit that makes the pipeline. */
static int begin_backfill(struct fb_engine *engine, struct pipeline *pipeline, const struct fb_apply_conf *conf,
	struct fb_store_batch *batch, struct fb_diags *diags)
{
	uint64_t bytes;
	int rc = fb_history_check(pipeline, diags);

	if (rc == 0 && pipeline->replaces != NULL)
		rc = fb_replace_check(engine, pipeline, diags);
	if (rc == 0)
		rc = fb_history_find(engine, pipeline, conf->from_ns, diags);
	if (rc == 0)
		rc = fb_backfill_prepare(engine, pipeline);
	if (rc == 0) {
		fb_begin_put(pipeline, batch);
		rc = fb_persist_epoch_with(engine, pipeline, batch, &bytes);
	}
	if (rc == 0)
		rc = fb_pipeline_open_sinks(engine, pipeline, diags);
	return rc ? rc : fb_backfill_start(pipeline, conf->bytes_per_s);
}

static int begin(struct fb_engine *engine, struct pipeline *pipeline, const struct fb_apply_conf *conf, struct fb_diags *diags)
{
	struct fb_store_batch *batch = fb_store_batch_create(engine->store);
	int rc = batch == NULL ? FB_E_NO_MEMORY : pipeline->replaces ? 0 : put_constants(engine, pipeline, batch, diags);

	if (rc == 0)
		rc = conf->backfill && pipeline->source_cnt > 0 ? begin_backfill(engine, pipeline, conf, batch, diags)
								: begin_live(engine, pipeline, batch, diags);
	if (rc != 0) {
		FB_IGNORE(fb_pipeline_detach(engine, pipeline, FB_MAIL_READER_KEEP));
		if (batch != NULL) {
			fb_persist_forget(pipeline, batch);
			FB_IGNORE(fb_store_commit(batch, true));
		}
	}
	if (batch != NULL)
		fb_store_batch_destroy(batch);
	return rc;
}

static int deploy(struct fb_engine *engine, struct fb_plan *plan, const char *name, const struct fb_apply_conf *conf,
	struct fb_diags *diags)
{
	struct pipeline *pipeline;
	char full[FB_REPLACE_NAME_BYTES];

	if (!name_is_good(name) || (!conf->replace && fb_engine_find(engine, name) != NULL)) {
		bool exists = name_is_good(name);

		fb_diags_add(diags, FB_ERROR_SEVERITY, (struct fb_place){0},
			exists ? "replace it with --replace, drop it first, or apply under another --name"
			       : "take letters, digits, '_', '-' and '.', at most 128",
			exists ? "a pipeline '%s' is running already" : "'%s' cannot be the name of a pipeline", name);
		fb_plan_destroy(plan);
		return exists ? FB_E_EXISTS : FB_E_INVALID;
	}

	fb_replace_name(name, full);

	int rc = fb_pipeline_create(engine, plan, conf->replace ? full : name, diags, &pipeline);

	if (rc != 0)
		return rc;
	for (uint32_t i = 0; i < pipeline->query_cnt; i++)
		pipeline->queries[i].query_id = engine->next_query_id++;

	rc = begin(engine, pipeline, conf, diags);
	if (rc != 0) {
		fb_pipeline_destroy(engine, pipeline);
		return rc;
	}
	pipeline->next = engine->pipelines;
	engine->pipelines = pipeline;
	return 0;
}

int fb_engine_apply(struct fb_engine *engine, const char *name, const char *file, struct fb_str sql,
	struct fb_diags *diags, struct fb_buf *ret_name)
{
	return fb_engine_apply_conf(engine, &(struct fb_apply_conf){.name = name, .file = file, .sql = sql}, diags, ret_name);
}

int fb_engine_apply_conf(
	struct fb_engine *engine, const struct fb_apply_conf *conf, struct fb_diags *diags, struct fb_buf *ret_name)
{
	struct fb_plan *plan;
	int rc = fb_sql_plan(conf->file, conf->sql, diags, &plan);
	char *full_name;

	if (rc == 0 && (rc = fb_sql_check_start(plan, false, diags)) != 0)
		fb_plan_destroy(plan);
	if (rc != 0)
		return rc;
	full_name = fb_engine_pipeline_name(conf->name, plan);
	if (full_name == NULL) {
		fb_plan_destroy(plan);
		return FB_E_NO_MEMORY;
	}
	fb_engine_lock(engine);
	fb_command_begin(engine);
	rc = deploy(engine, plan, full_name, conf, diags);
	fb_command_end(engine);
	/* From here on a crash loses nothing that is in the raw log. If it cannot be written now, it will be later. */
	if (rc == 0 && !conf->backfill)
		FB_IGNORE(fb_checkpoint_wait(engine, full_name, FIRST_CHECKPOINT_MS));
	fb_engine_unlock(engine);
	if (rc == 0)
		fb_buf_add_text(ret_name, full_name);
	else if (diags->error_cnt == 0)
		fb_diags_add(diags, FB_ERROR_SEVERITY, (struct fb_place){0},
			rc == FB_E_NO_MEMORY ? "lower memory.state_mb, or drop a pipeline" : NULL,
			"the pipeline cannot be started: %s", fb_strerror(rc));
	free(full_name);
	return rc;
}
