/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row that differs, as it lies in the store (little-endian): u32 length of what follows; u8 enum fb_difference; i64 start and end
 * of the window; u32 length and bytes of the published row, of the recomputed row (0: there is none).
 */
#include <stdlib.h>
#include <string.h>

#include "control/recompute/job.h"

const char *const fb_difference_names[FB_DIFFERENCE_CNT] = {
	[FB_DIFFERENCE_MISSING] = "missing",
	[FB_DIFFERENCE_EXTRA] = "extra",
	[FB_DIFFERENCE_CHANGED] = "changed",
};

#define HEAD_BYTES (1 + 2 * sizeof(int64_t))

static void add_row(struct fb_buf *out, const struct fb_keyed_row *row)
{
	uint32_t len = row ? row->len : 0;

	fb_buf_add(out, &len, sizeof(len));
	if (row != NULL)
		fb_buf_add(out, row->bytes, row->len);
}

static void encode(const struct fb_verify_window *window, const struct fb_verify_difference *difference, struct fb_buf *out)
{
	uint32_t len = (uint32_t)HEAD_BYTES + 2 * (uint32_t)sizeof(len);
	uint8_t kind = (uint8_t)difference->kind;

	len += difference->published ? difference->published->len : 0;
	len += difference->recomputed ? difference->recomputed->len : 0;
	fb_buf_clear(out);
	fb_buf_add(out, &len, sizeof(len));
	fb_buf_add(out, &kind, sizeof(kind));
	fb_buf_add(out, &window->start_ms, sizeof(window->start_ms));
	fb_buf_add(out, &window->end_ms, sizeof(window->end_ms));
	add_row(out, difference->published);
	add_row(out, difference->recomputed);
}

static bool take_row(const uint8_t **at, size_t *left, const uint8_t **ret_row, size_t *ret_len)
{
	uint32_t len;

	if (*left < sizeof(len))
		return false;
	memcpy(&len, *at, sizeof(len));
	if (*left - sizeof(len) < len)
		return false;
	*ret_row = len > 0 ? *at + sizeof(len) : NULL;
	*ret_len = len;
	*at += sizeof(len) + len;
	*left -= sizeof(len) + len;
	return true;
}

int fb_difference_decode(const uint8_t *bytes, size_t len, struct fb_stored_difference *ret)
{
	const uint8_t *at = bytes + sizeof(uint32_t);
	size_t left = len - sizeof(uint32_t);

	if (len < sizeof(uint32_t) + HEAD_BYTES || *at >= FB_DIFFERENCE_CNT)
		return FB_E_CORRUPT;
	ret->kind = (enum fb_difference) * at;
	memcpy(&ret->start_ms, at + 1, sizeof(ret->start_ms));
	memcpy(&ret->end_ms, at + 1 + sizeof(ret->start_ms), sizeof(ret->end_ms));
	at += HEAD_BYTES;
	left -= HEAD_BYTES;
	return take_row(&at, &left, &ret->published, &ret->published_len) &&
			take_row(&at, &left, &ret->recomputed, &ret->recomputed_len) && left == 0
		? 0
		: FB_E_CORRUPT;
}

/* ---- corrections ---- */

static struct fb_sink_row row_of(const struct fb_keyed_row *row)
{
	return (struct fb_sink_row){.bytes = row->bytes, .len = row->len};
}

/* In the order of fb_store_window: rows that are no more, rows that take the place of another, new rows. */
static void fill_correction(const struct fb_verify_window *window, struct fb_sink_row *rows, struct fb_correction *correction)
{
	struct fb_store_window *to = &correction->window;
	uint64_t cnt = 0;

	for (size_t i = 0; i < window->cnt; i++)
		if (window->differences[i].kind == FB_DIFFERENCE_EXTRA)
			rows[cnt++] = row_of(window->differences[i].published);
	to->delete_cnt = cnt;
	for (size_t i = 0; i < window->cnt; i++)
		if (window->differences[i].kind == FB_DIFFERENCE_CHANGED)
			rows[cnt++] = row_of(window->differences[i].recomputed);
	to->update_cnt = cnt - to->delete_cnt;
	for (size_t i = 0; i < window->cnt; i++)
		if (window->differences[i].kind == FB_DIFFERENCE_MISSING)
			rows[cnt++] = row_of(window->differences[i].recomputed);
	to->row_cnt = cnt;
	to->start_ms = window->start_ms;
	to->end_ms = window->end_ms;
	to->revision = window->revision + 1;
	correction->rows = rows;
}

/* With the differences that say it, and with the note that the window is through: all of it or nothing. */
static int publish(struct fb_job_query *query, const struct fb_verify_window *window)
{
	struct fb_job *job = query->job;
	struct fb_recompute *recompute = job->recompute;
	struct fb_sink_row *rows = calloc(window->cnt, sizeof(*rows));
	struct fb_job_progress before = query->kept;
	struct fb_job_progress after = before;
	struct fb_correction correction = {0};
	int rc;

	if (rows == NULL)
		return FB_E_NO_MEMORY;
	fill_correction(window, rows, &correction);
	rc = fb_output_put(&query->differences, job->batch_of_thread);
	fb_job_take_verified(query);
	query->now.corrected_rows += correction.window.row_cnt;
	after.difference_seq = query->differences.next_seq;
	after.verify = query->now.verify;
	after.corrected_rows = query->now.corrected_rows;
	if (query->plan->window.kind != FB_WINDOW_SESSION)
		after.done_ms = window->end_ms;
	pthread_mutex_lock(&recompute->lock);
	query->kept = after;
	fb_keep_progress(job, job->batch_of_thread);
	query->kept = before;
	pthread_mutex_unlock(&recompute->lock);
	if (rc == 0)
		rc = fb_engine_correct(recompute->engine, job->definition.against, query->published.query_id, &correction,
			job->batch_of_thread);
	else
		fb_store_batch_clear(job->batch_of_thread);
	free(rows);
	if (rc != 0)
		return rc;
	fb_output_written(&query->differences);
	pthread_mutex_lock(&recompute->lock);
	query->kept = after;
	pthread_mutex_unlock(&recompute->lock);
	return 0;
}

int fb_job_differs(void *arg, const struct fb_verify_window *window)
{
	struct fb_job_query *query = arg;
	struct fb_buf bytes = {0};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < window->cnt; i++) {
		encode(window, &window->differences[i], &bytes);
		rc = bytes.failed ? FB_E_NO_MEMORY : fb_job_put(query->job, &query->differences, bytes.p, bytes.len, 1);
	}
	fb_buf_fini(&bytes);
	return rc == 0 && query->job->definition.publish ? publish(query, window) : rc;
}
