/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the store remembers (restore.c: and the way back), all under text keys of `meta`, integers little-endian:
 *
 *   run, clean, next_query_id    numbers; clean = 1 only between an orderly stop and the next start
 *   pipeline/NAME                definition: state, applied time, file, SQL, ids of its queries in order
 *   query/ID                     progress, written with every window: next_seq, windows, up to where they are published
 *   ledger/ID                    counters of a query as of its epoch
 *   written/ID                   rows of a plain query that are in the store since its epoch, by worker
 *   source/NAME/TABLE            watermarks, counters and lanes of a source as of its epoch
 *   begin/source/NAME/TABLE      where in the raw log its readers began (begin.c)
 *   lane/STREAM/WORKER           sequence number that the raw log of a stream goes on with at least
 *
 * An epoch is one batch: what a checkpoint or an orderly stop wrote of a pipeline. A lane is a source on one worker: what its
 * reader had seen and where that was in the raw log.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config/base/calendar.h"
#include "config/base/codec.h"
#include "control/pipeline/engine_private.h"

/* ---- small encodings ---- */

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

uint64_t fb_persist_number(struct fb_store *store, const char *key, uint64_t missing)
{
	struct fb_buf bytes = {0};
	uint64_t value = missing;

	if (fb_store_get_meta(store, key, &bytes) == 0 && bytes.len == sizeof(value))
		memcpy(&value, bytes.p, sizeof(value));
	fb_buf_fini(&bytes);
	return value;
}

/* ---- writing ---- */

int fb_persist_definition(struct fb_engine *engine, const struct pipeline *pipeline, struct fb_store_batch *batch)
{
	struct fb_buf value = {0};
	int rc;

	fb_put_u64(&value, pipeline->state);
	fb_put_u64(&value, (uint64_t)pipeline->applied_ms);
	fb_put_text(&value, pipeline->file);
	fb_put_text(&value, pipeline->sql);
	fb_put_u64(&value, pipeline->query_cnt);
	for (uint32_t i = 0; i < pipeline->query_cnt; i++)
		fb_put_u64(&value, pipeline->queries[i].query_id);
	put_meta(batch, &value, "pipeline/%s", pipeline->name);
	put_number(batch, "next_query_id", engine->next_query_id);
	rc = value.failed ? FB_E_NO_MEMORY : 0;
	fb_buf_fini(&value);
	return rc;
}

int fb_persist_pipeline(struct fb_engine *engine, struct pipeline *pipeline, struct fb_store_batch *batch)
{
	int rc = fb_persist_definition(engine, pipeline, batch);

	return rc ? rc : fb_store_commit(batch, true);
}

void fb_persist_next_query(uint32_t id, struct fb_store_batch *batch)
{
	put_number(batch, "next_query_id", id);
}

void fb_persist_query(struct fb_engine *engine, struct query_run *query, struct fb_store_batch *batch)
{
	struct fb_buf value = {0};

	fb_put_u64(&value, query->next_seq);
	fb_put_u64(&value, query->merged_windows);
	fb_put_u64(&value, query->dropped_groups - query->dropped_below);
	fb_put_u64(&value, (uint64_t)query->published_ms);
	fb_put_u64(&value, query->retained_from);
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

static bool has_lane(const struct source_run *source, uint32_t worker)
{
	return (source->readers[worker] != NULL || source->catching[worker]) && source->epochs[worker] != NULL;
}

/* Which readers an epoch counts that still run: their numbers are in the epochs that their workers, or the backfill, filled. */
static bool counts_epoch(const struct source_run *source, uint32_t worker)
{
	return has_lane(source, worker) && !source->done[worker];
}

static void keep_ledger(struct query_run *query, struct fb_store_batch *batch)
{
	struct fb_query_counters counters = query->base;
	struct fb_buf value = {0};

	fb_query_counters_add(&counters, &query->last);
	for (uint32_t i = 0; i < query->input_cnt; i++) {
		const struct query_input *input = &query->inputs[i];

		for (uint32_t w = 0; w < FB_WORKER_MAX; w++)
			if (counts_epoch(input->source, w))
				fb_query_counters_add(&counters, &input->source->epochs[w]->queries[input->index]);
	}
	fb_put_u64(&value, query->merged_rows);
	fb_put_struct(&value, &counters, sizeof(counters));
	fb_put_u64(&value, query->dropped_below);
	fb_put_u64(&value, query->withheld_rows);
	put_meta(batch, &value, "ledger/%" PRIu32, query->query_id);
	fb_buf_fini(&value);
	/* Rows handed over before the epoch are in the store; those since are to be counted. */
	memset(query->written_rows, 0, sizeof(query->written_rows));
	if (query->layout == NULL)
		fb_persist_written(query, batch);
}

/*
 * A table that is read with other options (hint OPTIONS), or below a UNION ALL, is a source of its own under the same
 * name: the second and later ones have their number behind it. The order is the file's, so it is the same at each start.
 */
void fb_persist_source_key(const struct pipeline *pipeline, const struct source_run *source, char key[FB_META_KEY_BYTES])
{
	uint32_t before = 0;
	int len = snprintf(key, FB_META_KEY_BYTES, "source/%s/%s", pipeline->name, source->table->name);

	for (const struct source_run *at = pipeline->sources; at != source; at++)
		before += strcmp(at->table->name, source->table->name) == 0;
	if (before > 0 && len < FB_META_KEY_BYTES)
		snprintf(key + len, FB_META_KEY_BYTES - (size_t)len, "/%" PRIu32, before);
}

/* Many sources read a stream, of one pipeline or of several, each a little further than another: none takes back what another named. */
static void keep_lane(struct fb_engine *engine, const struct source_run *source, uint32_t worker, struct fb_store_batch *batch)
{
	uint64_t *log_seq = &engine->epoch_seqs[worker][source->stream];
	char key[FB_META_KEY_BYTES];

	*log_seq = FB_MAX(*log_seq, source->epochs[worker]->log_seq);
	snprintf(key, sizeof(key), "lane/%s/%" PRIu32, engine->appliance->streams[source->stream].table, worker);
	put_number(batch, key, *log_seq);
}

static void keep_source(
	struct fb_engine *engine, const struct pipeline *pipeline, struct source_run *source, struct fb_store_batch *batch)
{
	struct fb_buf value = {0};
	struct fb_decode_counters counters = source->base;
	uint64_t datagrams = source->datagrams_base;
	uint32_t lane_cnt = 0;
	char key[FB_META_KEY_BYTES];

	fb_decode_counters_add(&counters, &source->last);
	for (uint32_t w = 0; w < FB_WORKER_MAX; w++) {
		lane_cnt += has_lane(source, w);
		if (!counts_epoch(source, w))
			continue;
		fb_decode_counters_add(&counters, &source->epochs[w]->decode);
		datagrams += source->epochs[w]->datagrams;
		source->kept_ms = FB_MAX(source->kept_ms, source->epochs[w]->watermark_ms);
	}
	fb_put_u64(&value, (uint64_t)source->kept_ms);
	fb_put_u64(&value, datagrams);
	fb_put_struct(&value, &counters, sizeof(counters));
	fb_put_u64(&value, lane_cnt);
	for (uint32_t w = 0; w < FB_WORKER_MAX; w++) {
		const struct fb_reader_epoch *epoch = source->epochs[w];

		if (!has_lane(source, w))
			continue;
		fb_put_u64(&value, w);
		fb_put_u64(&value, epoch->log_seq);
		fb_put_u64(&value, (uint64_t)epoch->own_watermark_ms);
		fb_put_u64(&value, (uint64_t)epoch->watermark_ms);
		/* A backfill is behind what others have of the stream. */
		if (!source->catching[w])
			keep_lane(engine, source, w, batch);
	}
	fb_persist_source_key(pipeline, source, key);
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
	/* At a stop that was in a hurry a level may be half-way. */
	do
		rc = fb_assembly_settle(query->assembly, UINT32_MAX);
	while (rc == FB_E_AGAIN);
	if (rc != 0)
		return rc;
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
	int rc = batch == NULL ? FB_E_NO_MEMORY : fb_persist_epoch_with(engine, pipeline, batch, ret_bytes);

	if (batch != NULL)
		fb_store_batch_destroy(batch);
	return rc;
}

int fb_persist_epoch_with(
	struct fb_engine *engine, struct pipeline *pipeline, struct fb_store_batch *batch, uint64_t *ret_bytes)
{
	int rc = 0;

	*ret_bytes = 0;
	for (uint32_t i = 0; i < pipeline->source_cnt; i++)
		keep_source(engine, pipeline, &pipeline->sources[i], batch);
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
	return rc;
}

uint64_t fb_persist_lane(struct fb_engine *engine, const char *stream, uint32_t worker)
{
	char key[FB_META_KEY_BYTES];

	snprintf(key, sizeof(key), "lane/%s/%" PRIu32, stream, worker);
	return fb_persist_number(engine->store, key, 0);
}

int fb_persist_clean(struct fb_engine *engine, bool clean)
{
	put_number(engine->batch, "clean", clean);
	put_number(engine->batch, "run", engine->run);
	return fb_store_commit(engine->batch, true);
}

void fb_engine_forget_query(uint32_t id, struct fb_store_batch *batch)
{
	/* The last two are what file sinks remember (control/sink/filesystem.c). */
	static const char *const keys[] = {"query/%" PRIu32, "ledger/%" PRIu32, "written/%" PRIu32, "cursor/%" PRIu32, "repair/%" PRIu32,
		"sink/%" PRIu32 "/intent", "sink/%" PRIu32 "/id"};
	char key[64];

	fb_store_delete_query(batch, id);
	for (size_t i = 0; i < FB_ARRAY_LEN(keys); i++) {
		snprintf(key, sizeof(key), keys[i], id);
		fb_store_delete_meta(batch, key);
	}
}

void fb_persist_forget_name(const struct pipeline *pipeline, struct fb_store_batch *batch)
{
	char key[FB_META_KEY_BYTES];

	snprintf(key, sizeof(key), "pipeline/%s", pipeline->name);
	fb_store_delete_meta(batch, key);
	for (uint32_t i = 0; i < pipeline->source_cnt; i++) {
		fb_persist_source_key(pipeline, &pipeline->sources[i], key);
		fb_store_delete_meta(batch, key);
		fb_begin_forget(pipeline, &pipeline->sources[i], batch);
	}
}

void fb_persist_forget(struct pipeline *pipeline, struct fb_store_batch *batch)
{
	fb_persist_forget_name(pipeline, batch);
	for (uint32_t i = 0; i < pipeline->query_cnt; i++)
		fb_engine_forget_query(pipeline->queries[i].query_id, batch);
}
