/* SPDX-License-Identifier: Apache-2.0 */
/* Retention: whole files, oldest first. The tail becomes a file in time and is then subject to it.
 */
#include "state/rawlog/rawlog_private.h"

/* The lane of the stream whose oldest file is the oldest; NULL: it has no file. */
static struct lane *oldest_lane(const struct fb_rawlog *log, uint32_t stream)
{
	struct lane *oldest = NULL;

	for (struct lane *lane = log->lanes; lane != NULL; lane = lane->next)
		if (lane->stream == stream && lane->first < lane->end &&
			(oldest == NULL || lane->spans[lane->first].last_arrival_ns <
						   oldest->spans[oldest->first].last_arrival_ns))
			oldest = lane;
	return oldest;
}

/* The file first: a note without a file is dropped at the next open, a file without a note would be
 * taken up again. */
static int delete_first(struct fb_rawlog *log, struct lane *lane)
{
	const struct fb_rawlog_span *span = &lane->spans[lane->first];
	struct fb_store_batch *batch = fb_store_batch_create(log->store);
	int rc = batch ? fb_store_delete_raw_files(log->store, lane->stream, lane->core,
				 span->first_seq, span->last_seq + 1)
		       : FB_E_NO_MEMORY;

	if (rc == 0) {
		fb_rawlog_forget_span(batch, span);
		rc = fb_store_commit(batch, false);
	}
	if (rc == 0) {
		lane->gone_seq = span->last_seq + 1;
		lane->first++;
	}
	fb_store_batch_destroy(batch);
	return rc;
}

static uint64_t stored_bytes(const struct fb_rawlog *log, uint32_t stream)
{
	uint64_t bytes = 0;

	for (const struct lane *lane = log->lanes; lane != NULL; lane = lane->next)
		if (lane->stream == stream) {
			for (uint32_t i = lane->first; i < lane->end; i++)
				bytes += lane->spans[i].stored_bytes;
			bytes += lane->tail.stored_bytes;
		}
	return bytes;
}

int fb_rawlog_retain(struct fb_rawlog *log, uint32_t stream,
	const struct fb_rawlog_retention *retention, int64_t now_ns,
	struct fb_rawlog_span *ret_deleted)
{
	struct lane *lane;
	uint64_t bytes;
	int rc = 0;

	pthread_mutex_lock(&log->lock);
	bytes = stored_bytes(log, stream);
	while (rc == 0 && (lane = oldest_lane(log, stream)) != NULL) {
		struct fb_rawlog_span span = lane->spans[lane->first];
		bool old =
			retention->age_ns > 0 && span.last_arrival_ns < now_ns - retention->age_ns;

		if (!old && (retention->bytes == 0 || bytes <= retention->bytes))
			break;
		rc = delete_first(log, lane);
		if (rc == 0) {
			bytes -= span.stored_bytes;
			if (ret_deleted != NULL)
				fb_rawlog_span_add(ret_deleted, &span);
		}
	}
	pthread_mutex_unlock(&log->lock);
	return rc;
}

int fb_rawlog_delete_oldest(struct fb_rawlog *log, uint32_t stream)
{
	struct lane *lane;
	int rc;

	pthread_mutex_lock(&log->lock);
	lane = oldest_lane(log, stream);
	rc = lane ? delete_first(log, lane) : FB_E_NOT_FOUND;
	pthread_mutex_unlock(&log->lock);
	return rc;
}
