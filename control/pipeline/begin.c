/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in the raw log the readers of a pipeline began, of each worker: a replay that is to give the rows that the pipeline
 * published has to begin there, too.
 */
#include <string.h>

#include "control/pipeline/engine_private.h"

static void begin_key(const struct pipeline *pipeline, const struct source_run *source, char key[FB_META_KEY_BYTES])
{
	static const char prefix[] = "begin/";

	fb_persist_source_key(pipeline, source, key);
	memmove(key + sizeof(prefix) - 1, key, FB_META_KEY_BYTES - sizeof(prefix) + 1);
	memcpy(key, prefix, sizeof(prefix) - 1);
	key[FB_META_KEY_BYTES - 1] = '\0';
}

void fb_begin_note(struct source_run *source, uint32_t worker, uint64_t log_seq)
{
	for (uint32_t i = 0; i < source->begin_cnt; i++)
		if (source->begin[i].core == worker)
			return;
	if (source->begin_cnt < FB_WORKER_MAX)
		source->begin[source->begin_cnt++] = (struct fb_published_lane){worker, log_seq};
}

void fb_begin_put(const struct pipeline *pipeline, struct fb_store_batch *batch)
{
	for (uint32_t i = 0; i < pipeline->source_cnt; i++) {
		const struct source_run *source = &pipeline->sources[i];
		char key[FB_META_KEY_BYTES];

		begin_key(pipeline, source, key);
		fb_store_put_meta(batch, key, source->begin, source->begin_cnt * sizeof(source->begin[0]));
	}
}

int fb_begin_persist(struct fb_engine *engine, const struct pipeline *pipeline)
{
	struct fb_store_batch *batch = fb_store_batch_create(engine->store);
	int rc;

	if (batch == NULL)
		return FB_E_NO_MEMORY;
	fb_begin_put(pipeline, batch);
	rc = fb_store_commit(batch, true);
	fb_store_batch_destroy(batch);
	return rc;
}

/* A worker that has come since begins where it is attached. */
int fb_begin_restore(struct fb_engine *engine, const struct pipeline *pipeline, struct source_run *source)
{
	struct fb_buf bytes = {0};
	char key[FB_META_KEY_BYTES];
	int rc;

	begin_key(pipeline, source, key);
	rc = fb_store_get_meta(engine->store, key, &bytes);
	if (rc == 0 && (bytes.len % sizeof(source->begin[0]) != 0 || bytes.len > sizeof(source->begin)))
		rc = FB_E_CORRUPT;
	if (rc == 0 && bytes.len > 0) {
		memcpy(source->begin, bytes.p, bytes.len);
		source->begin_cnt = (uint32_t)(bytes.len / sizeof(source->begin[0]));
	}
	fb_buf_fini(&bytes);
	return rc == FB_E_NOT_FOUND ? 0 : rc;
}

void fb_begin_forget(const struct pipeline *pipeline, const struct source_run *source, struct fb_store_batch *batch)
{
	char key[FB_META_KEY_BYTES];

	begin_key(pipeline, source, key);
	fb_store_delete_meta(batch, key);
}
