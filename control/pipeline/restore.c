/* SPDX-License-Identifier: Apache-2.0 */
/* Pipelines as the store remembers them (persist.c says under which keys), taken up at the start. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/base/calendar.h"
#include "config/base/codec.h"
#include "control/pipeline/backfill.h"

/* ---- small encodings ---- */

/* `earlier`: what stores of earlier versions have, whose counters end before those added since; what they lack is 0. */
static void get_counters(struct fb_cursor *in, void *counters, size_t bytes, size_t earlier)
{
	uint64_t stored = fb_get_u64(in);

	if ((stored != bytes && stored != earlier) || in->left < stored) {
		in->bad = true;
		return;
	}
	memset(counters, 0, bytes);
	memcpy(counters, in->p, stored);
	in->p += stored;
	in->left -= stored;
}

/* ---- pipelines ---- */

struct stored_definition {
	struct stored_definition *next;
	char *name;
	struct fb_buf bytes;
};

static int collect_definition(void *arg, const char *key, const uint8_t *bytes, size_t len)
{
	struct stored_definition **head = arg;
	struct stored_definition *item = calloc(1, sizeof(*item));

	if (item == NULL)
		return FB_E_NO_MEMORY;
	item->name = strdup(key + strlen("pipeline/"));
	fb_buf_add(&item->bytes, bytes, len);
	item->next = *head;
	*head = item;
	return 0;
}

static int restore_slice(void *arg, int64_t start_ms, uint32_t part, const uint8_t *bytes, size_t len)
{
	struct query_run *query = arg;
	struct fb_assembly_part name = {start_ms, part};

	return query->assembly ? fb_assembly_import(query->assembly, name, bytes, len) : FB_E_CORRUPT;
}

/* What recovery makes a second time is not written a second time. */
static int restore_written(struct fb_engine *engine, struct query_run *query)
{
	struct fb_buf bytes = {0};
	char key[64];
	int rc;

	snprintf(key, sizeof(key), "written/%" PRIu32, query->query_id);
	rc = fb_store_get_meta(engine->store, key, &bytes);
	if (rc == 0 && bytes.len == sizeof(query->written_rows))
		memcpy(query->written_rows, bytes.p, sizeof(query->written_rows));
	else if (rc == 0)
		rc = FB_E_CORRUPT;
	memcpy(query->skip_rows, query->written_rows, sizeof(query->skip_rows));
	fb_buf_fini(&bytes);
	return rc == FB_E_NOT_FOUND ? 0 : rc;
}

static int restore_query(struct fb_engine *engine, struct query_run *query)
{
	struct fb_store_batch *batch = engine->batch;
	struct fb_buf bytes = {0};
	char key[64];
	struct fb_cursor in;
	int rc;

	snprintf(key, sizeof(key), "query/%" PRIu32, query->query_id);
	if (fb_store_get_meta(engine->store, key, &bytes) == 0) {
		in = (struct fb_cursor){.p = (const uint8_t *)bytes.p, .left = bytes.len};
		query->next_seq = fb_get_u64(&in);
		query->merged_windows = fb_get_u64(&in);
		query->dropped_groups = fb_get_u64(&in);
		query->published_ms = (int64_t)fb_get_u64(&in);
		query->retained_from = fb_get_u64(&in);
		if (in.bad) {
			fb_buf_fini(&bytes);
			return FB_E_CORRUPT;
		}
	}
	fb_buf_clear(&bytes);
	snprintf(key, sizeof(key), "ledger/%" PRIu32, query->query_id);
	if (fb_store_get_meta(engine->store, key, &bytes) == 0) {
		in = (struct fb_cursor){.p = (const uint8_t *)bytes.p, .left = bytes.len};
		query->merged_rows = fb_get_u64(&in);
		get_counters(&in, &query->base, sizeof(query->base), offsetof(struct fb_query_counters, extra_rows));
		/* Versions that did not keep cascades over a crash end here. */
		if (in.left > 0)
			query->dropped_below = fb_get_u64(&in);
		if (in.left > 0)
			query->withheld_rows = fb_get_u64(&in);
		query->dropped_groups += query->dropped_below;
		if (in.bad) {
			fb_buf_fini(&bytes);
			return FB_E_UNSUPPORTED;
		}
	}
	fb_buf_fini(&bytes);
	if (query->assembly != NULL)
		fb_assembly_skip_to(query->assembly, query->published_ms);
	rc = restore_written(engine, query);
	if (rc == 0)
		rc = fb_store_scan_slices(engine->store, query->query_id, restore_slice, query);
	if (rc != 0)
		return rc;

	/* What an earlier run had open has been handed over by it. State in use is that of running readers only. */
	query->base.open_rows = 0;
	query->base.open_slices = 0;
	query->base.open_groups = 0;
	query->base.state_used_bytes = 0;
	/* After a crash kept slices may have been published since: what is not pending any more was merged. */
	if (query->layout != NULL)
		query->merged_rows = query->base.sealed_rows - fb_merge_pending_rows(query);
	/* Rows of a window that was not finished. */
	fb_store_delete_results(batch, query->query_id, query->next_seq, UINT64_MAX);
	return fb_store_commit(batch, true);
}

static void restore_lanes(struct source_run *source, struct fb_cursor *in)
{
	uint64_t cnt = fb_get_u64(in);

	for (uint64_t i = 0; i < cnt && !in->bad; i++) {
		uint64_t worker = fb_get_u64(in);
		struct source_lane lane = {.used = true, .log_seq = fb_get_u64(in)};

		lane.own_ms = (int64_t)fb_get_u64(in);
		lane.watermark_ms = (int64_t)fb_get_u64(in);
		if (in->bad || worker >= FB_WORKER_MAX)
			in->bad = true;
		else
			source->lanes[worker] = lane;
	}
}

/* Without a log the watermark starts behind what was published, so that no window is published a second time. */
static void skip_published(struct source_run *source)
{
	for (uint32_t i = 0; i < source->query_cnt; i++) {
		const struct query_run *query = source->queries[i];

		if (query->published_ms != FB_TIME_MIN && query->published_ms != FB_TIME_MAX)
			source->kept_ms =
				FB_MAX(source->kept_ms, query->published_ms - 1 - query->plan->time_shift_ms);
	}
	for (uint32_t w = 0; w < FB_WORKER_MAX; w++)
		source->lanes[w].watermark_ms = FB_MAX(source->lanes[w].watermark_ms, source->kept_ms);
}

static int restore_source(struct fb_engine *engine, struct pipeline *pipeline, struct source_run *source)
{
	struct fb_buf bytes = {0};
	char key[FB_META_KEY_BYTES];
	int rc = 0;

	fb_persist_source_key(pipeline, source, key);
	if (fb_store_get_meta(engine->store, key, &bytes) == 0) {
		struct fb_cursor in = {.p = (const uint8_t *)bytes.p, .left = bytes.len};

		source->kept_ms = (int64_t)fb_get_u64(&in);
		source->datagrams_base = fb_get_u64(&in);
		get_counters(&in, &source->base, sizeof(source->base), sizeof(source->base));
		restore_lanes(source, &in);
		rc = in.bad ? FB_E_UNSUPPORTED : 0;
	}
	fb_buf_fini(&bytes);
	if (!fb_recover_has_log(engine, source))
		skip_published(source);
	return rc ? rc : fb_begin_restore(engine, pipeline, source);
}

/* Sessions that are not published: readers must know of them before they are fed. */
static void recall_sessions(struct pipeline *pipeline, struct fb_diags *diags)
{
	for (uint32_t i = 0; i < pipeline->query_cnt; i++) {
		const struct query_run *query = &pipeline->queries[i];
		int rc = 0;

		/* SESSION has one input. */
		for (uint32_t w = 0; rc == 0 && query->assembly != NULL && w < FB_WORKER_MAX; w++)
			if (query->inputs[0].source->readers[w] != NULL)
				rc = fb_assembly_recall(
					query->assembly, query->inputs[0].source->readers[w], query->inputs[0].index);
		if (rc != 0)
			fb_diags_add(diags, FB_WARNING, query->plan->place, "raise memory.state_mb",
				"sessions that were open are not all known to the workers (%s): records that are late and touch one "
				"of them are not kept",
				fb_strerror(rc));
	}
}

static int restore_pipeline(struct fb_engine *engine, const struct stored_definition *item, struct fb_diags *diags)
{
	struct fb_cursor in = {.p = (const uint8_t *)item->bytes.p, .left = item->bytes.len};
	enum fb_pipeline_state state = (enum fb_pipeline_state)fb_get_u64(&in);
	int64_t applied_ms = (int64_t)fb_get_u64(&in);
	struct fb_str file = fb_get_text(&in);
	struct fb_str sql = fb_get_text(&in);
	uint64_t query_cnt = fb_get_u64(&in);
	struct pipeline *pipeline;
	struct fb_plan *plan;
	struct fb_buf name = {0};
	int rc;

	if (in.bad)
		return FB_E_CORRUPT;
	fb_buf_add(&name, file.p, file.len);
	rc = fb_sql_plan(name.p ? name.p : "-", sql, diags, &plan);
	fb_buf_fini(&name);
	if (rc == 0)
		rc = fb_pipeline_create(engine, plan, item->name, diags, &pipeline);
	if (rc != 0)
		return rc;
	pipeline->applied_ms = applied_ms;
	/* A drain that a crash cut short is taken up as running: its input has not ended for good. */
	pipeline->state = state == FB_PIPELINE_DRAINED || state == FB_PIPELINE_BACKFILLING ? state : FB_PIPELINE_RUNNING;
	rc = query_cnt == pipeline->query_cnt ? 0 : FB_E_CORRUPT;
	for (uint32_t i = 0; rc == 0 && i < pipeline->query_cnt; i++) {
		pipeline->queries[i].query_id = (uint32_t)fb_get_u64(&in);
		rc = in.bad ? FB_E_CORRUPT : restore_query(engine, &pipeline->queries[i]);
	}
	for (uint32_t i = 0; rc == 0 && i < pipeline->source_cnt; i++)
		rc = restore_source(engine, pipeline, &pipeline->sources[i]);
	if (rc == 0)
		rc = fb_pipeline_open_sinks(engine, pipeline, diags);
	if (rc == 0 && pipeline->state == FB_PIPELINE_RUNNING)
		rc = fb_pipeline_create_readers(engine, pipeline);
	if (rc == 0 && pipeline->state == FB_PIPELINE_RUNNING)
		recall_sessions(pipeline, diags);
	if (rc == 0 && pipeline->state == FB_PIPELINE_RUNNING)
		rc = fb_recover_pipeline(engine, pipeline, diags);
	if (rc == 0 && pipeline->state == FB_PIPELINE_RUNNING)
		rc = fb_pipeline_attach(engine, pipeline);
	if (rc == 0 && pipeline->state == FB_PIPELINE_BACKFILLING)
		rc = fb_backfill_prepare(engine, pipeline);
	if (rc == 0 && pipeline->state == FB_PIPELINE_BACKFILLING)
		rc = fb_backfill_start(pipeline, 0);
	if (rc != 0) {
		FB_IGNORE(fb_pipeline_detach(engine, pipeline, FB_MAIL_READER_KEEP));
		fb_pipeline_destroy(engine, pipeline);
		return rc;
	}

	/* Newest first, as they were applied; the store has them by name. */
	struct pipeline **link = &engine->pipelines;

	while (*link != NULL && (*link)->applied_ms > applied_ms)
		link = &(*link)->next;
	pipeline->next = *link;
	*link = pipeline;
	return 0;
}

/* What a kill or a power cut took, as far as the store can tell. */
static void report_unclean(const struct fb_engine *engine, struct fb_diags *diags)
{
	char last[FB_TIME_TEXT_BYTES];
	char written[FB_TIME_TEXT_BYTES];
	struct fb_store_stats stats;

	fb_store_stats(engine->store, &stats);
	fb_time_format_us(stats.written_ms * 1000, 3, written);
	fb_diags_add(diags, FB_WARNING, (struct fb_place){0}, NULL,
		"the run before this one did not stop in order; its store was last written at %s UTC, %llu bytes of that were not whole",
		written, (unsigned long long)stats.torn_bytes);
	for (uint32_t i = 0; i < FB_MIN(engine->appliance->streams_count, (uint32_t)FB_NET_STREAM_MAX); i++) {
		if (engine->log_end_ms[i] == 0)
			continue;
		fb_time_format_us(engine->log_end_ms[i] * 1000, 3, last);
		fb_diags_add(diags, FB_WARNING, (struct fb_place){0}, NULL,
			"stream %s: its raw log ends with what arrived at %s UTC; what came after that is lost: at most %u ms "
			"(store.raw_flush_ms) and the time of one flush",
			engine->appliance->streams[i].table, last, engine->appliance->store.raw_flush_ms);
	}
}

/* A pipeline that cannot be taken up (its stream is gone, say) stays in the store, and the others run. */
int fb_persist_restore(struct fb_engine *engine, struct fb_diags *diags)
{
	struct stored_definition *items = NULL;
	int rc;

	engine->run = (uint32_t)fb_persist_number(engine->store, "run", 0) + 1;
	engine->unclean = fb_persist_number(engine->store, "clean", 1) == 0;
	engine->next_query_id = (uint32_t)fb_persist_number(engine->store, "next_query_id", 1);
	if (engine->unclean)
		report_unclean(engine, diags);
	rc = fb_store_scan_meta(engine->store, "pipeline/", collect_definition, &items);
	while (items != NULL) {
		struct stored_definition *item = items;
		struct fb_diags own;

		fb_diags_init(&own, item->name);

		int failed = rc == 0 ? restore_pipeline(engine, item, &own) : 0;

		if (failed != 0)
			fb_diags_add(diags, FB_WARNING, (struct fb_place){0},
				"its state stays in the store; mend the cause and start again",
				"pipeline '%s' was not taken up: %s", item->name,
				own.cnt && own.items[0].message ? own.items[0].message : fb_strerror(failed));
		fb_diags_fini(&own);
		items = item->next;
		free(item->name);
		fb_buf_fini(&item->bytes);
		free(item);
	}
	return rc ? rc : fb_persist_clean(engine, false);
}
