/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the store remembers of replay jobs, under text keys of `meta`, integers little-endian; numbers have ten digits, so that they
 * sort:
 *
 *   replay_next_id        number of the next job
 *   replay/ID             definition: what was asked for
 *   replay_progress/ID    state, pass, and of each query how far it is (struct fb_job_progress)
 *   replay_epoch/ID       state of the replay of the pass at hand (control/replay/replay_log.h)
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/base/calendar.h"
#include "config/base/codec.h"
#include "control/recompute/job.h"

#define KEY_BYTES 64

static void key_of(const struct fb_job *job, const char *what, char key[KEY_BYTES])
{
	snprintf(key, KEY_BYTES, "%s/%010" PRIu64, what, job->id);
}

/* ---- small encodings ---- */

static char *copy_text(struct fb_cursor *in)
{
	struct fb_str text = fb_get_text(in);
	char *copy = strndup(text.p, text.len);

	in->bad |= copy == NULL;
	return copy;
}

static void get_struct(struct fb_cursor *in, void *bytes, size_t len)
{
	if (fb_get_u64(in) != len || in->left < len) {
		in->bad = true;
		return;
	}
	memcpy(bytes, in->p, len);
	in->p += len;
	in->left -= len;
}

/* ---- writing ---- */

void fb_keep_next_id(const struct fb_recompute *recompute, struct fb_store_batch *batch)
{
	fb_store_put_meta(batch, "replay_next_id", &recompute->next_id, sizeof(recompute->next_id));
}

void fb_keep_definition(const struct fb_job *job, struct fb_store_batch *batch)
{
	const struct fb_job_definition *definition = &job->definition;
	struct fb_buf value = {0};
	char key[KEY_BYTES];

	fb_put_text(&value, definition->file);
	fb_put_text(&value, definition->sql);
	fb_put_text(&value, definition->into);
	fb_put_text(&value, definition->against);
	fb_put_u64(&value, (uint64_t)definition->from_ms);
	fb_put_u64(&value, (uint64_t)definition->to_ms);
	fb_put_u64(&value, definition->mode);
	fb_put_u64(&value, definition->verify);
	fb_put_u64(&value, definition->publish);
	fb_put_u64(&value, definition->repair);
	fb_put_u64(&value, definition->threads);
	fb_put_u64(&value, definition->read_mb_s);
	fb_put_u64(&value, definition->cpu_percent);
	fb_put_u64(&value, (uint64_t)definition->created_ms);
	fb_put_u64(&value, definition->first_query_id);
	key_of(job, "replay", key);
	fb_store_put_meta(batch, key, value.p, value.len);
	fb_buf_fini(&value);
}

void fb_keep_progress(const struct fb_job *job, struct fb_store_batch *batch)
{
	struct fb_buf value = {0};
	char key[KEY_BYTES];

	fb_put_u64(&value, job->state);
	fb_put_text(&value, job->error ? job->error : "");
	fb_put_u64(&value, job->pass);
	fb_put_u64(&value, (uint64_t)job->ended_ms);
	fb_put_u64(&value, (uint64_t)(job->run_ns + (job->begun_ns ? fb_clock_monotonic_ns() - job->begun_ns : 0)));
	fb_put_u64(&value, job->progress.bytes);
	fb_put_u64(&value, job->progress.total_bytes);
	fb_put_u64(&value, job->progress.records);
	fb_put_u64(&value, job->missing_datagrams);
	fb_put_u64(&value, job->damaged_datagrams);
	fb_put_struct(&value, &job->decode, sizeof(job->decode));
	fb_put_u64(&value, job->query_cnt);
	for (uint32_t i = 0; i < job->query_cnt; i++) {
		fb_put_u64(&value, job->queries[i].late_rows);
		fb_put_u64(&value, job->queries[i].delivered.cursor);
		fb_put_struct(&value, &job->queries[i].kept, sizeof(job->queries[i].kept));
	}
	key_of(job, "replay_progress", key);
	fb_store_put_meta(batch, key, value.p, value.len);
	fb_buf_fini(&value);
}

void fb_keep_epoch(const struct fb_job *job, const uint8_t *bytes, size_t len, struct fb_store_batch *batch)
{
	char key[KEY_BYTES];

	key_of(job, "replay_epoch", key);
	if (len > 0)
		fb_store_put_meta(batch, key, bytes, len);
	else
		fb_store_delete_meta(batch, key);
}

void fb_keep_drop_rows(const struct fb_job *job, struct fb_store_batch *batch)
{
	for (uint32_t i = 0; i < job->query_cnt; i++) {
		fb_engine_forget_query(job->queries[i].rows.query_id, batch);
		fb_engine_forget_query(job->queries[i].differences.query_id, batch);
	}
	fb_keep_epoch(job, NULL, 0, batch);
}

void fb_keep_forget(const struct fb_job *job, struct fb_store_batch *batch)
{
	char key[KEY_BYTES];

	fb_keep_drop_rows(job, batch);
	key_of(job, "replay", key);
	fb_store_delete_meta(batch, key);
	key_of(job, "replay_progress", key);
	fb_store_delete_meta(batch, key);
}

/* ---- reading ---- */

static bool read_definition(struct fb_job *job, struct fb_cursor in)
{
	struct fb_job_definition *definition = &job->definition;

	definition->file = copy_text(&in);
	definition->sql = copy_text(&in);
	definition->into = copy_text(&in);
	definition->against = copy_text(&in);
	definition->from_ms = (int64_t)fb_get_u64(&in);
	definition->to_ms = (int64_t)fb_get_u64(&in);
	definition->mode = fb_get_u64(&in);
	definition->verify = fb_get_u64(&in) != 0;
	definition->publish = fb_get_u64(&in) != 0;
	definition->repair = fb_get_u64(&in) != 0;
	definition->threads = fb_get_u64(&in);
	definition->read_mb_s = fb_get_u64(&in);
	definition->cpu_percent = fb_get_u64(&in);
	definition->created_ms = (int64_t)fb_get_u64(&in);
	definition->first_query_id = (uint32_t)fb_get_u64(&in);
	return !in.bad;
}

/* What is beyond the last epoch is nobody's. */
static void begin_output(struct fb_job_output *output, uint64_t next_seq, struct fb_store_batch *batch)
{
	output->next_seq = output->written_seq = next_seq;
	fb_buf_clear(&output->pending);
	fb_store_delete_results(batch, output->query_id, next_seq, UINT64_MAX);
}

static bool read_progress(struct fb_job *job, struct fb_cursor in, struct fb_store_batch *batch)
{
	uint64_t query_cnt;

	job->state = (enum fb_replay_state)fb_get_u64(&in);
	free(job->error);
	job->error = copy_text(&in);
	job->pass = (uint32_t)fb_get_u64(&in);
	job->ended_ms = (int64_t)fb_get_u64(&in);
	job->run_ns = (int64_t)fb_get_u64(&in);
	job->progress.bytes = fb_get_u64(&in);
	job->progress.total_bytes = fb_get_u64(&in);
	job->progress.records = fb_get_u64(&in);
	job->missing_datagrams = fb_get_u64(&in);
	job->damaged_datagrams = fb_get_u64(&in);
	get_struct(&in, &job->decode, sizeof(job->decode));
	query_cnt = fb_get_u64(&in);
	if (in.bad || query_cnt != job->query_cnt || job->state > FB_REPLAY_CANCELLED)
		return false;
	for (uint32_t i = 0; i < job->query_cnt && !in.bad; i++) {
		struct fb_job_query *query = &job->queries[i];

		query->late_rows = fb_get_u64(&in);
		query->delivered.cursor = query->delivered.delivered = fb_get_u64(&in);
		get_struct(&in, &query->kept, sizeof(query->kept));
		query->delivered.end = query->kept.next_seq;
		query->now = query->kept;
		query->verified_before = query->kept.verify;
		begin_output(&query->rows, query->kept.next_seq, batch);
		begin_output(&query->differences, query->kept.difference_seq, batch);
	}
	return !in.bad;
}

static int read_meta(const struct fb_job *job, const char *what, struct fb_buf *ret)
{
	char key[KEY_BYTES];

	key_of(job, what, key);
	return fb_store_get_meta(fb_engine_store(job->recompute->engine), key, ret);
}

static int read_kept(struct fb_job *job, struct fb_store_batch *batch)
{
	struct fb_buf bytes = {0};
	int rc = read_meta(job, "replay_progress", &bytes);

	if (rc == 0 && !read_progress(job, (struct fb_cursor){.p = (const uint8_t *)bytes.p, .left = bytes.len}, batch))
		rc = FB_E_CORRUPT;
	fb_buf_fini(&bytes);
	fb_buf_clear(&job->epoch);
	if (rc == 0 && read_meta(job, "replay_epoch", &job->epoch) != 0)
		fb_buf_clear(&job->epoch);
	return rc;
}

int fb_keep_reload(struct fb_job *job)
{
	struct fb_store_batch *batch = fb_store_batch_create(fb_engine_store(job->recompute->engine));
	int rc;

	if (batch == NULL)
		return FB_E_NO_MEMORY;
	rc = read_kept(job, batch);
	if (rc == 0)
		rc = fb_store_commit(batch, false);
	fb_store_batch_destroy(batch);
	return rc;
}

/* Without the rest of it, a job is listed as failed. */
static void restore_progress(struct fb_job *job, struct fb_store_batch *batch)
{
	struct fb_diags diags;
	int rc;

	fb_diags_init(&diags, job->definition.file);
	rc = fb_job_plan(job, &diags);
	if (rc == 0)
		rc = read_kept(job, batch);
	if (rc != 0) {
		job->state = FB_REPLAY_FAILED;
		free(job->error);
		job->error = strdup(diags.cnt > 0 && diags.items[0].message ? diags.items[0].message : fb_strerror(rc));
	}
	fb_diags_fini(&diags);
}

struct restore {
	struct fb_recompute *recompute;
	struct fb_job **link;
};

static int restore_job(void *arg, const char *key, const uint8_t *bytes, size_t len)
{
	struct restore *restore = arg;
	struct fb_job *job = fb_job_create(restore->recompute);

	if (job == NULL)
		return FB_E_NO_MEMORY;
	job->id = strtoull(strchr(key, '/') + 1, NULL, 10);
	if (!read_definition(job, (struct fb_cursor){.p = bytes, .left = len})) {
		fb_job_free(job);
		return 0;
	}
	*restore->link = job;
	restore->link = &job->next;
	return 0;
}

int fb_keep_restore(struct fb_recompute *recompute)
{
	struct fb_store *store = fb_engine_store(recompute->engine);
	struct restore restore = {recompute, &recompute->jobs};
	struct fb_store_batch *batch = fb_store_batch_create(store);
	struct fb_buf number = {0};
	int rc;

	if (batch == NULL)
		return FB_E_NO_MEMORY;
	recompute->next_id = 1;
	if (fb_store_get_meta(store, "replay_next_id", &number) == 0 && number.len == sizeof(recompute->next_id))
		memcpy(&recompute->next_id, number.p, number.len);
	fb_buf_fini(&number);
	rc = fb_store_scan_meta(store, "replay/", restore_job, &restore);
	for (struct fb_job *job = recompute->jobs; rc == 0 && job != NULL; job = job->next) {
		restore_progress(job, batch);
		recompute->next_id = FB_MAX(recompute->next_id, job->id + 1);
	}
	if (rc == 0)
		rc = fb_store_commit(batch, false);
	fb_store_batch_destroy(batch);
	return rc;
}
