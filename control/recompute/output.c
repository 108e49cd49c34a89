/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the replay into the store. Rows are written as they come, beyond what is there for good; an epoch moves that mark and keeps
 * the state of the replay in the same batch, and only then the sinks are told.
 */
#include <string.h>

#include "control/recompute/job.h"

#define PENDING_BYTES_MAX (1u << 20)

int fb_output_put(const struct fb_job_output *output, struct fb_store_batch *batch)
{
	const char *at = output->pending.p;
	uint64_t seq = output->written_seq;

	for (size_t left = output->pending.len; left > 0;) {
		uint32_t len;

		if (left < sizeof(len))
			return FB_E_INTERNAL;
		memcpy(&len, at, sizeof(len));
		len += (uint32_t)sizeof(len);
		if (left < len)
			return FB_E_INTERNAL;
		fb_store_put_result(batch, output->query_id, seq++, at, len);
		at += len;
		left -= len;
	}
	return seq == output->next_seq ? 0 : FB_E_INTERNAL;
}

void fb_output_written(struct fb_job_output *output)
{
	output->written_seq = output->next_seq;
	fb_buf_clear(&output->pending);
}

static int put_all(struct fb_job *job)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < job->query_cnt; i++) {
		rc = fb_output_put(&job->queries[i].rows, job->batch_of_thread);
		if (rc == 0)
			rc = fb_output_put(&job->queries[i].differences, job->batch_of_thread);
	}
	if (rc != 0)
		fb_store_batch_clear(job->batch_of_thread);
	return rc;
}

static void all_written(struct fb_job *job)
{
	for (uint32_t i = 0; i < job->query_cnt; i++) {
		fb_output_written(&job->queries[i].rows);
		fb_output_written(&job->queries[i].differences);
	}
}

static uint64_t pending_bytes(const struct fb_job *job)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < job->query_cnt; i++)
		bytes += job->queries[i].rows.pending.len + job->queries[i].differences.pending.len;
	return bytes;
}

int fb_job_put(struct fb_job *job, struct fb_job_output *output, const void *bytes, size_t len, uint64_t row_cnt)
{
	int rc;

	fb_buf_add(&output->pending, bytes, len);
	if (output->pending.failed)
		return FB_E_NO_MEMORY;
	output->next_seq += row_cnt;
	if (pending_bytes(job) < PENDING_BYTES_MAX)
		return 0;
	rc = put_all(job);
	if (rc == 0)
		rc = fb_store_commit(job->batch_of_thread, false);
	if (rc == 0)
		all_written(job);
	return rc;
}

/* Numbers of the verification of this run and of those before. */
static void take_progress(struct fb_job_query *query)
{
	struct fb_job_progress *now = &query->now;

	now->next_seq = query->rows.next_seq;
	now->difference_seq = query->differences.next_seq;
	if (query->verify != NULL)
		fb_job_take_verified(query);
}

void fb_job_take_verified(struct fb_job_query *query)
{
	struct fb_verify_numbers *to = &query->now.verify;
	const struct fb_verify_numbers *from = fb_verify_numbers(query->verify);

	*to = query->verified_before;
	to->windows += from->windows;
	to->different += from->different;
	to->unpublished += from->unpublished;
	to->expired += from->expired;
	for (int i = 0; i < FB_DIFFERENCE_CNT; i++)
		to->rows[i] += from->rows[i];
	query->now.done_ms = fb_verify_done_ms(query->verify);
}

/* Views show what is in the store: `kept` is what is being written only while it is written down. */
static int commit_progress(struct fb_job *job, const uint8_t *epoch, size_t len)
{
	struct fb_recompute *recompute = job->recompute;
	int rc;

	pthread_mutex_lock(&recompute->lock);
	for (uint32_t i = 0; i < job->query_cnt; i++) {
		struct fb_job_query *query = &job->queries[i];

		take_progress(query);
		query->before = query->kept;
		query->kept = query->now;
	}
	fb_keep_progress(job, job->batch_of_thread);
	for (uint32_t i = 0; i < job->query_cnt; i++)
		job->queries[i].kept = job->queries[i].before;
	pthread_mutex_unlock(&recompute->lock);
	fb_keep_epoch(job, epoch, len, job->batch_of_thread);
	rc = fb_store_commit(job->batch_of_thread, true);
	if (rc != 0)
		return rc;
	pthread_mutex_lock(&recompute->lock);
	for (uint32_t i = 0; i < job->query_cnt; i++)
		job->queries[i].kept = job->queries[i].now;
	pthread_mutex_unlock(&recompute->lock);
	return 0;
}

int fb_job_keep(struct fb_job *job, const uint8_t *epoch, size_t len)
{
	int rc = put_all(job);

	if (rc == 0)
		rc = commit_progress(job, epoch, len);
	if (rc != 0)
		return rc;
	all_written(job);
	for (uint32_t i = 0; i < job->query_cnt; i++)
		if (job->queries[i].delivery != NULL)
			fb_delivery_notify(job->queries[i].delivery, job->queries[i].rows.next_seq);
	return 0;
}
