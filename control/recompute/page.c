/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs as others see them: numbers, and pages of what they have made. */
#include <stdlib.h>
#include <string.h>

#include "config/base/calendar.h"
#include "control/recompute/job.h"
#include "dataplane/operator/row.h"

/* ---- views ---- */

static void view_query(const struct fb_job_query *query, struct fb_arena *arena, struct fb_replay_query_view *view)
{
	const struct fb_job *job = query->job;
	const struct fb_job_progress *kept = &query->kept;

	*view = (struct fb_replay_query_view){
		.name = fb_arena_strdup(arena, fb_str_from(query->plan->name)),
		.windowed = query->plan->window.kind != FB_WINDOW_NONE,
		.stored = job->keeps_rows && job->state != FB_REPLAY_CANCELLED,
		.finished = kept->finished && job->state != FB_REPLAY_CANCELLED,
		.counters = kept->counters,
		.decoded = kept->decoded,
		.windows = kept->windows,
		.window_rows = kept->window_rows,
		.dropped_groups = kept->dropped_groups,
		.result_rows = kept->result_rows,
		.stored_rows = kept->next_seq,
		.delivers = job->definition.into[0] != '\0' && job->state != FB_REPLAY_CANCELLED,
		.delivery = query->delivered,
		.verified = job->definition.verify,
		.compared_windows = kept->verify.windows,
		.different_windows = kept->verify.different,
		.missing_rows = kept->verify.rows[FB_DIFFERENCE_MISSING],
		.extra_rows = kept->verify.rows[FB_DIFFERENCE_EXTRA],
		.changed_rows = kept->verify.rows[FB_DIFFERENCE_CHANGED],
		.unpublished_windows = kept->verify.unpublished,
		.expired_windows = kept->verify.expired,
		.corrected_rows = kept->corrected_rows,
	};
	if (query->delivery != NULL)
		fb_delivery_status(query->delivery, &view->delivery);
	/* A delivery is told after the rows are there, and it is not there before its thread has begun. */
	view->delivery.end = kept->next_seq;
}

static int view_job(const struct fb_job *job, struct fb_arena *arena, struct fb_replay_job_view *view)
{
	const struct fb_job_definition *definition = &job->definition;
	struct fb_replay_query_view *queries = FB_ARENA_ARRAY(arena, struct fb_replay_query_view, job->query_cnt + 1u);
	uint32_t passes = FB_MAX(job->pass_cnt, 1u);
	double share = job->progress.total_bytes ? (double)job->progress.bytes / (double)job->progress.total_bytes : 0;

	*view = (struct fb_replay_job_view){
		.id = job->id,
		.name = fb_arena_strdup(arena, fb_str_from(definition->repair ? definition->against : definition->file)),
		.against = fb_arena_strdup(arena, fb_str_from(definition->against)),
		.into = fb_arena_strdup(arena, fb_str_from(definition->into)),
		.state = job->state,
		.batch = job->batch,
		.verifies = definition->verify,
		.publishes = definition->publish,
		.repair = definition->repair,
		.from_ms = definition->from_ms,
		.to_ms = definition->to_ms,
		.created_ms = definition->created_ms,
		.ended_ms = job->ended_ms,
		.run_ns = job->run_ns + (job->begun_ns ? fb_clock_monotonic_ns() - job->begun_ns : 0),
		.threads = (uint32_t)definition->threads,
		.read_mb_s = (uint32_t)definition->read_mb_s,
		.cpu_percent = (uint32_t)definition->cpu_percent,
		.bytes = job->progress.bytes,
		.total_bytes = job->progress.total_bytes,
		.records = job->progress.records,
		.share = job->pass >= job->pass_cnt ? 1 : (job->pass + FB_MIN(share, 1.0)) / passes,
		.missing_datagrams = job->missing_datagrams,
		.damaged_datagrams = job->damaged_datagrams,
		.decode = job->decode,
		.error = fb_arena_strdup(arena, fb_str_from(job->error ? job->error : "")),
		.query_cnt = job->query_cnt,
		.queries = queries,
	};
	if (arena->failed)
		return FB_E_NO_MEMORY;
	for (uint32_t i = 0; i < job->query_cnt; i++)
		view_query(&job->queries[i], arena, &queries[i]);
	return arena->failed ? FB_E_NO_MEMORY : 0;
}

int fb_recompute_view(struct fb_recompute *recompute, uint64_t id, struct fb_arena *arena,
	const struct fb_replay_job_view **ret, uint32_t *ret_cnt)
{
	struct fb_replay_job_view *views;
	uint32_t cnt = 0;
	int rc = 0;

	pthread_mutex_lock(&recompute->lock);
	for (const struct fb_job *job = recompute->jobs; job != NULL; job = job->next)
		cnt += id == 0 || job->id == id;
	views = FB_ARENA_ARRAY(arena, struct fb_replay_job_view, cnt + 1u);
	if (views == NULL)
		rc = FB_E_NO_MEMORY;
	cnt = 0;
	for (const struct fb_job *job = recompute->jobs; rc == 0 && job != NULL; job = job->next)
		if (id == 0 || job->id == id)
			rc = view_job(job, arena, &views[cnt++]);
	pthread_mutex_unlock(&recompute->lock);
	if (rc != 0)
		return rc;
	*ret = views;
	*ret_cnt = cnt;
	return 0;
}

int fb_recompute_fill_view(
	void *recompute, struct fb_arena *arena, const struct fb_replay_job_view **ret, uint32_t *ret_cnt)
{
	return fb_recompute_view(recompute, 0, arena, ret, ret_cnt);
}

/* ---- pages ---- */

struct reading {
	struct fb_job *job;
	const struct fb_job_query *query;
	uint64_t end;
	uint32_t left;
	fb_recompute_row_fn row;
	fb_recompute_difference_fn difference;
	void *arg;
	struct fb_value *values; /* of two rows */
};

/* The job is not freed until it is left. */
static int enter(struct fb_recompute *recompute, uint64_t id, const struct fb_recompute_page *page, bool rows,
	struct reading *reading)
{
	struct fb_job *job;
	int rc = FB_E_NOT_FOUND;

	pthread_mutex_lock(&recompute->lock);
	job = fb_job_find(recompute, id);
	if (job != NULL && page->query < job->query_cnt && job->plan != NULL && (!rows || job->keeps_rows)) {
		const struct fb_job_query *query = &job->queries[page->query];

		*reading = (struct reading){.job = job, .query = query, .left = page->limit,
			.end = rows ? query->kept.next_seq : query->kept.difference_seq};
		job->reader_cnt++;
		rc = 0;
	}
	pthread_mutex_unlock(&recompute->lock);
	if (rc != 0)
		return rc;
	reading->values = calloc(2u * reading->query->plan->select_cnt + 1u, sizeof(*reading->values));
	return 0;
}

static void leave(struct fb_recompute *recompute, struct reading *reading)
{
	pthread_mutex_lock(&recompute->lock);
	reading->job->reader_cnt--;
	pthread_cond_broadcast(&recompute->changed);
	pthread_mutex_unlock(&recompute->lock);
	free(reading->values);
}

static int decode(const struct reading *reading, const uint8_t *bytes, size_t len, struct fb_value *values)
{
	int64_t used = fb_row_decode(bytes, len, reading->query->types, reading->query->plan->select_cnt, values);

	return used < 0 ? (int)used : 0;
}

static int read_row(void *arg, uint64_t seq, const uint8_t *row, size_t len)
{
	struct reading *reading = arg;
	int rc;

	if (seq >= reading->end || reading->left-- == 0)
		return 1;
	rc = decode(reading, row, len, reading->values);
	return rc ? rc : reading->row(reading->arg, reading->query->plan, seq, reading->values);
}

static int read_difference(void *arg, uint64_t seq, const uint8_t *row, size_t len)
{
	struct reading *reading = arg;
	struct fb_value *other = reading->values + reading->query->plan->select_cnt;
	struct fb_stored_difference stored;
	struct fb_recompute_difference difference;
	int rc;

	if (seq >= reading->end || reading->left-- == 0)
		return 1;
	rc = fb_difference_decode(row, len, &stored);
	if (rc == 0 && stored.published != NULL)
		rc = decode(reading, stored.published, stored.published_len, reading->values);
	if (rc == 0 && stored.recomputed != NULL)
		rc = decode(reading, stored.recomputed, stored.recomputed_len, other);
	if (rc != 0)
		return rc;
	difference = (struct fb_recompute_difference){
		.seq = seq,
		.kind = fb_difference_names[stored.kind],
		.start_ms = stored.start_ms,
		.end_ms = stored.end_ms,
		.published = stored.published ? reading->values : NULL,
		.recomputed = stored.recomputed ? other : NULL,
	};
	return reading->difference(reading->arg, reading->query->plan, &difference);
}

static int read_page(struct fb_recompute *recompute, const struct reading *reading, uint32_t query_id, uint64_t from,
	fb_store_result_fn fn)
{
	int rc;

	if (reading->values == NULL)
		return FB_E_NO_MEMORY;
	rc = fb_store_scan_results(
		fb_engine_store(recompute->engine), query_id, from, false, fn, (void *)(uintptr_t)reading);
	return FB_MIN(rc, 0);
}

int fb_recompute_rows(struct fb_recompute *recompute, uint64_t id, const struct fb_recompute_page *page,
	fb_recompute_row_fn fn, void *arg)
{
	struct reading reading;
	int rc = enter(recompute, id, page, true, &reading);

	if (rc != 0)
		return rc;
	reading.row = fn;
	reading.arg = arg;
	/* Where there is no row the columns are told nevertheless. */
	rc = fn(arg, reading.query->plan, page->from, NULL);
	if (rc == 0)
		rc = read_page(recompute, &reading, reading.query->rows.query_id, page->from, read_row);
	leave(recompute, &reading);
	return rc;
}

int fb_recompute_differences(struct fb_recompute *recompute, uint64_t id, const struct fb_recompute_page *page,
	fb_recompute_difference_fn fn, void *arg)
{
	struct reading reading;
	int rc = enter(recompute, id, page, false, &reading);

	if (rc != 0)
		return rc;
	reading.difference = fn;
	reading.arg = arg;
	rc = fn(arg, reading.query->plan, NULL);
	if (rc == 0)
		rc = read_page(recompute, &reading, reading.query->differences.query_id, page->from, read_difference);
	leave(recompute, &reading);
	return rc;
}
