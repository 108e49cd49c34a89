/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the store remembers, all under text keys of `meta`, integers little-endian:
 *
 *   run, clean, next_query_id    numbers; clean = 1 only between an orderly stop and the next start
 *   pipeline/NAME                definition: state, applied time, file, SQL, ids of its queries in order
 *   query/ID                     progress, written with every window: next_seq, windows, end of the last window
 *   ledger/ID                    counters of a query as of its epoch
 *   written/ID                   rows of a plain query that are in the store since its epoch, by worker
 *   source/NAME/TABLE            watermarks, counters and lanes of a source as of its epoch
 *   lane/TABLE/WORKER            sequence number that the raw log of a stream goes on with at least
 *
 * An epoch is one batch: what a checkpoint or an orderly stop wrote of a pipeline. A lane is a source on one worker: what its
 * reader had seen and where that was in the raw log.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config/base/calendar.h"
#include "control/pipeline/engine_private.h"

#define SOURCE_KEY_BYTES 512

/* ---- small encodings ---- */

struct cursor {
	const uint8_t *p;
	size_t left;
	bool bad;
};

static void put_u64(struct fb_buf *out, uint64_t value)
{
	fb_buf_add(out, &value, sizeof(value));
}

static void put_text(struct fb_buf *out, const char *text)
{
	put_u64(out, strlen(text));
	fb_buf_add_text(out, text);
}

static uint64_t get_u64(struct cursor *in)
{
	uint64_t value = 0;

	if (in->left < sizeof(value)) {
		in->bad = true;
		return 0;
	}
	memcpy(&value, in->p, sizeof(value));
	in->p += sizeof(value);
	in->left -= sizeof(value);
	return value;
}

static struct fb_str get_text(struct cursor *in)
{
	uint64_t len = get_u64(in);
	struct fb_str text = {(const char *)in->p, (uint32_t)len};

	if (in->bad || len > in->left) {
		in->bad = true;
		return FB_STR("");
	}
	in->p += len;
	in->left -= len;
	return text;
}

/* A struct of u64 counters, with its size in front: another version's is noticed, not misread. */
static void put_counters(struct fb_buf *out, const void *counters, size_t bytes)
{
	put_u64(out, bytes);
	fb_buf_add(out, counters, bytes);
}

static void get_counters(struct cursor *in, void *counters, size_t bytes)
{
	if (get_u64(in) != bytes || in->left < bytes) {
		in->bad = true;
		return;
	}
	memcpy(counters, in->p, bytes);
	in->p += bytes;
	in->left -= bytes;
}

static void put_meta(struct fb_store_batch *batch, const struct fb_buf *value, const char *fmt, ...) FB_PRINTF(3, 4);
static void put_meta(struct fb_store_batch *batch, const struct fb_buf *value, const char *fmt, ...)
{
	char key[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(key, sizeof(key), fmt, args);
	va_end(args);
	fb_store_put_meta(batch, key, value->p, value->len);
}

static void put_number(struct fb_store_batch *batch, const char *key, uint64_t value)
{
	fb_store_put_meta(batch, key, &value, sizeof(value));
}

static uint64_t get_number(struct fb_store *store, const char *key, uint64_t missing)
{
	struct fb_buf bytes = {0};
	uint64_t value = missing;

	if (fb_store_get_meta(store, key, &bytes) == 0 && bytes.len == sizeof(value))
		memcpy(&value, bytes.p, sizeof(value));
	fb_buf_fini(&bytes);
	return value;
}

/* ---- writing ---- */

int fb_persist_pipeline(struct fb_engine *engine, struct pipeline *pipeline, struct fb_store_batch *batch)
{
	struct fb_buf value = {0};
	int rc;

	put_u64(&value, pipeline->state);
	put_u64(&value, (uint64_t)pipeline->applied_ms);
	put_text(&value, pipeline->file);
	put_text(&value, pipeline->sql);
	put_u64(&value, pipeline->query_cnt);
	for (uint32_t i = 0; i < pipeline->query_cnt; i++)
		put_u64(&value, pipeline->queries[i].query_id);
	put_meta(batch, &value, "pipeline/%s", pipeline->name);
	put_number(batch, "next_query_id", engine->next_query_id);
	rc = value.failed ? FB_E_NO_MEMORY : fb_store_commit(batch, true);
	fb_buf_fini(&value);
	return rc;
}

void fb_persist_query(struct fb_engine *engine, struct query_run *query, struct fb_store_batch *batch)
{
	struct fb_buf value = {0};

	put_u64(&value, query->next_seq);
	put_u64(&value, query->merged_windows);
	put_u64(&value, query->dropped_groups);
	put_u64(&value, (uint64_t)query->published_ms);
	put_u64(&value, query->retained_from);
	put_meta(batch, &value, "query/%" PRIu32, query->query_id);
	fb_buf_fini(&value);
}

void fb_persist_written(struct query_run *query, struct fb_store_batch *batch)
{
	struct fb_buf value = {0};

	fb_buf_add(&value, query->written_rows, sizeof(query->written_rows));
	put_meta(batch, &value, "written/%" PRIu32, query->query_id);
	fb_buf_fini(&value);
}

/* ---- an epoch ---- */

/* Which readers an epoch counts that still run: their numbers are in the epochs that their workers filled. */
static bool counts_epoch(const struct source_run *source, uint32_t worker)
{
	return source->readers[worker] != NULL && source->epochs[worker] != NULL && !source->done[worker];
}

static void keep_ledger(struct query_run *query, struct fb_store_batch *batch)
{
	const struct source_run *source = query->source;
	struct fb_query_counters counters = query->base;
	struct fb_buf value = {0};

	fb_query_counters_add(&counters, &query->last);
	for (uint32_t w = 0; source != NULL && w < FB_WORKER_MAX; w++)
		if (counts_epoch(source, w))
			fb_query_counters_add(&counters, &source->epochs[w]->queries[query->index]);
	put_u64(&value, query->merged_rows);
	put_counters(&value, &counters, sizeof(counters));
	put_meta(batch, &value, "ledger/%" PRIu32, query->query_id);
	fb_buf_fini(&value);
	/* Rows handed over before the epoch are in the store; those since are to be counted. */
	memset(query->written_rows, 0, sizeof(query->written_rows));
	if (query->layout == NULL)
		fb_persist_written(query, batch);
}

/*
 * A table that is read with other options (hint OPTIONS) is a source of its own under the same name: the second and
 * later ones have their number behind it. The order is the file's, so it is the same at each start.
 */
static void source_key(const struct pipeline *pipeline, const struct source_run *source, char key[SOURCE_KEY_BYTES])
{
	uint32_t before = 0;
	int len = snprintf(key, SOURCE_KEY_BYTES, "source/%s/%s", pipeline->name, source->table->name);

	for (const struct source_run *at = pipeline->sources; at != source; at++)
		before += strcmp(at->table->name, source->table->name) == 0;
	if (before > 0 && len < SOURCE_KEY_BYTES)
		snprintf(key + len, SOURCE_KEY_BYTES - (size_t)len, "/%" PRIu32, before);
}

static void keep_lane(const struct source_run *source, uint32_t worker, struct fb_store_batch *batch)
{
	const struct fb_reader_epoch *epoch = source->epochs[worker];
	char key[SOURCE_KEY_BYTES];

	snprintf(key, sizeof(key), "lane/%s/%" PRIu32, source->table->name, worker);
	put_number(batch, key, epoch->log_seq);
}

static void keep_source(const struct pipeline *pipeline, struct source_run *source, struct fb_store_batch *batch)
{
	struct fb_buf value = {0};
	struct fb_decode_counters counters = source->base;
	uint64_t datagrams = source->datagrams_base;
	uint32_t lane_cnt = 0;
	char key[SOURCE_KEY_BYTES];

	fb_decode_counters_add(&counters, &source->last);
	for (uint32_t w = 0; w < FB_WORKER_MAX; w++) {
		lane_cnt += source->readers[w] != NULL && source->epochs[w] != NULL;
		if (!counts_epoch(source, w))
			continue;
		fb_decode_counters_add(&counters, &source->epochs[w]->decode);
		datagrams += source->epochs[w]->datagrams;
		source->kept_ms = FB_MAX(source->kept_ms, source->epochs[w]->watermark_ms);
	}
	put_u64(&value, (uint64_t)source->kept_ms);
	put_u64(&value, datagrams);
	put_counters(&value, &counters, sizeof(counters));
	put_u64(&value, lane_cnt);
	for (uint32_t w = 0; w < FB_WORKER_MAX; w++) {
		const struct fb_reader_epoch *epoch = source->epochs[w];

		if (source->readers[w] == NULL || epoch == NULL)
			continue;
		put_u64(&value, w);
		put_u64(&value, epoch->log_seq);
		put_u64(&value, (uint64_t)epoch->own_watermark_ms);
		put_u64(&value, (uint64_t)epoch->watermark_ms);
		keep_lane(source, w, batch);
	}
	source_key(pipeline, source, key);
	put_meta(batch, &value, "%s", key);
	fb_buf_fini(&value);
}

struct part_keeper {
	struct query_run *query;
	struct fb_store_batch *batch;
	uint64_t bytes;
};

static int keep_part(void *arg, struct fb_assembly_part part, const uint8_t *bytes, size_t len)
{
	struct part_keeper *keeper = arg;

	fb_store_put_slice(keeper->batch, keeper->query->query_id, part.start_ms, part.number, bytes, len);
	keeper->bytes += len;
	return 0;
}

static void forget_part(void *arg, struct fb_assembly_part part)
{
	struct part_keeper *keeper = arg;

	fb_store_delete_slice(keeper->batch, keeper->query->query_id, part.start_ms, part.number);
}

static int keep_slices(struct query_run *query, struct fb_store_batch *batch, uint64_t *bytes)
{
	struct part_keeper keeper = {.query = query, .batch = batch};
	int rc;

	if (query->assembly == NULL)
		return 0;
	/* A window of a day would else be as many slices as there were checkpoints, in the memory of the workers. */
	fb_assembly_gather(query->assembly);
	fb_assembly_stale(query->assembly, true, forget_part, &keeper);
	rc = fb_assembly_export(query->assembly, keep_part, &keeper);
	*bytes += keeper.bytes;
	return rc;
}

int fb_persist_epoch(struct fb_engine *engine, struct pipeline *pipeline, uint64_t *ret_bytes)
{
	struct fb_store_batch *batch = fb_store_batch_create(engine->store);
	int rc = 0;

	*ret_bytes = 0;
	if (batch == NULL)
		return FB_E_NO_MEMORY;
	for (uint32_t i = 0; i < pipeline->source_cnt; i++)
		keep_source(pipeline, &pipeline->sources[i], batch);
	for (uint32_t i = 0; rc == 0 && i < pipeline->query_cnt; i++) {
		rc = keep_slices(&pipeline->queries[i], batch, ret_bytes);
		fb_persist_query(engine, &pipeline->queries[i], batch);
		keep_ledger(&pipeline->queries[i], batch);
	}
	if (rc == 0)
		rc = fb_persist_pipeline(engine, pipeline, batch);
	for (uint32_t i = 0; rc == 0 && i < pipeline->query_cnt; i++)
		if (pipeline->queries[i].assembly != NULL)
			fb_assembly_kept(pipeline->queries[i].assembly);
	fb_store_batch_destroy(batch);
	return rc;
}

uint64_t fb_persist_lane(struct fb_engine *engine, const char *table, uint32_t worker)
{
	char key[SOURCE_KEY_BYTES];

	snprintf(key, sizeof(key), "lane/%s/%" PRIu32, table, worker);
	return get_number(engine->store, key, 0);
}

int fb_persist_clean(struct fb_engine *engine, bool clean)
{
	put_number(engine->batch, "clean", clean);
	put_number(engine->batch, "run", engine->run);
	return fb_store_commit(engine->batch, true);
}

void fb_persist_forget(struct pipeline *pipeline, struct fb_store_batch *batch)
{
	char key[SOURCE_KEY_BYTES];

	snprintf(key, sizeof(key), "pipeline/%s", pipeline->name);
	fb_store_delete_meta(batch, key);
	for (uint32_t i = 0; i < pipeline->source_cnt; i++) {
		source_key(pipeline, &pipeline->sources[i], key);
		fb_store_delete_meta(batch, key);
	}
	for (uint32_t i = 0; i < pipeline->query_cnt; i++) {
		uint32_t id = pipeline->queries[i].query_id;

		fb_store_delete_query(batch, id);
		snprintf(key, sizeof(key), "query/%" PRIu32, id);
		fb_store_delete_meta(batch, key);
		snprintf(key, sizeof(key), "ledger/%" PRIu32, id);
		fb_store_delete_meta(batch, key);
		snprintf(key, sizeof(key), "written/%" PRIu32, id);
		fb_store_delete_meta(batch, key);
		snprintf(key, sizeof(key), "cursor/%" PRIu32, id);
		fb_store_delete_meta(batch, key);
		/* What file sinks remember (control/sink/filesystem.c). */
		snprintf(key, sizeof(key), "sink/%" PRIu32 "/intent", id);
		fb_store_delete_meta(batch, key);
		snprintf(key, sizeof(key), "sink/%" PRIu32 "/id", id);
		fb_store_delete_meta(batch, key);
	}
}

/* ---- reading back ---- */

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

static int drop_slice(void *arg, int64_t start_ms, uint32_t part, const uint8_t *bytes, size_t len)
{
	struct query_run *query = arg;

	(void)bytes;
	(void)len;
	fb_store_delete_slice(query->engine->batch, query->query_id, start_ms, part);
	return 0;
}

/*
 * After a crash the slices of a cascade are those of the last stop: windows since then were made of some of them and of
 * records that are lost. They are lost too, rather than published a second time.
 */
static int restore_slices(struct fb_engine *engine, struct query_run *query)
{
	bool drop = engine->unclean && query->plan->upstream != NULL;

	return fb_store_scan_slices(engine->store, query->query_id, drop ? drop_slice : restore_slice, query);
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
	struct cursor in;
	int rc;

	snprintf(key, sizeof(key), "query/%" PRIu32, query->query_id);
	if (fb_store_get_meta(engine->store, key, &bytes) == 0) {
		in = (struct cursor){.p = (const uint8_t *)bytes.p, .left = bytes.len};
		query->next_seq = get_u64(&in);
		query->merged_windows = get_u64(&in);
		query->dropped_groups = get_u64(&in);
		query->published_ms = (int64_t)get_u64(&in);
		query->retained_from = get_u64(&in);
		if (in.bad) {
			fb_buf_fini(&bytes);
			return FB_E_CORRUPT;
		}
	}
	fb_buf_clear(&bytes);
	snprintf(key, sizeof(key), "ledger/%" PRIu32, query->query_id);
	if (fb_store_get_meta(engine->store, key, &bytes) == 0) {
		in = (struct cursor){.p = (const uint8_t *)bytes.p, .left = bytes.len};
		query->merged_rows = get_u64(&in);
		get_counters(&in, &query->base, sizeof(query->base));
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
		rc = restore_slices(engine, query);
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

static void restore_lanes(struct source_run *source, struct cursor *in)
{
	uint64_t cnt = get_u64(in);

	for (uint64_t i = 0; i < cnt && !in->bad; i++) {
		uint64_t worker = get_u64(in);
		struct source_lane lane = {.used = true, .log_seq = get_u64(in)};

		lane.own_ms = (int64_t)get_u64(in);
		lane.watermark_ms = (int64_t)get_u64(in);
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
	char key[SOURCE_KEY_BYTES];
	int rc = 0;

	source_key(pipeline, source, key);
	if (fb_store_get_meta(engine->store, key, &bytes) == 0) {
		struct cursor in = {.p = (const uint8_t *)bytes.p, .left = bytes.len};

		source->kept_ms = (int64_t)get_u64(&in);
		source->datagrams_base = get_u64(&in);
		get_counters(&in, &source->base, sizeof(source->base));
		restore_lanes(source, &in);
		rc = in.bad ? FB_E_UNSUPPORTED : 0;
	}
	fb_buf_fini(&bytes);
	if (!fb_recover_has_log(engine, source))
		skip_published(source);
	return rc;
}

static int restore_pipeline(struct fb_engine *engine, const struct stored_definition *item, struct fb_diags *diags)
{
	struct cursor in = {.p = (const uint8_t *)item->bytes.p, .left = item->bytes.len};
	enum fb_pipeline_state state = (enum fb_pipeline_state)get_u64(&in);
	int64_t applied_ms = (int64_t)get_u64(&in);
	struct fb_str file = get_text(&in);
	struct fb_str sql = get_text(&in);
	uint64_t query_cnt = get_u64(&in);
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
	pipeline->state = state == FB_PIPELINE_DRAINED ? FB_PIPELINE_DRAINED : FB_PIPELINE_RUNNING;
	rc = query_cnt == pipeline->query_cnt ? 0 : FB_E_CORRUPT;
	for (uint32_t i = 0; rc == 0 && i < pipeline->query_cnt; i++) {
		pipeline->queries[i].query_id = (uint32_t)get_u64(&in);
		rc = in.bad ? FB_E_CORRUPT : restore_query(engine, &pipeline->queries[i]);
	}
	for (uint32_t i = 0; rc == 0 && i < pipeline->source_cnt; i++)
		rc = restore_source(engine, pipeline, &pipeline->sources[i]);
	if (rc == 0)
		rc = fb_pipeline_open_sinks(engine, pipeline, diags);
	if (rc == 0 && pipeline->state == FB_PIPELINE_RUNNING)
		rc = fb_pipeline_create_readers(engine, pipeline);
	if (rc == 0 && pipeline->state == FB_PIPELINE_RUNNING)
		rc = fb_recover_pipeline(engine, pipeline, diags);
	if (rc == 0 && pipeline->state == FB_PIPELINE_RUNNING)
		rc = fb_pipeline_attach(engine, pipeline);
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

/* A pipeline that cannot be taken up (its stream is gone, say) stays in the store, and the others run. */
int fb_persist_restore(struct fb_engine *engine, struct fb_diags *diags)
{
	struct stored_definition *items = NULL;
	int rc;

	engine->run = (uint32_t)get_number(engine->store, "run", 0) + 1;
	engine->unclean = get_number(engine->store, "clean", 1) == 0;
	engine->next_query_id = (uint32_t)get_number(engine->store, "next_query_id", 1);
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
