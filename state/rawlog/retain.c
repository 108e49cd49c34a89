/* SPDX-License-Identifier: Apache-2.0 */
/* Retention: whole files, oldest first. The tail becomes a file in time and is then subject to it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state/rawlog/rawlog_private.h"

/* ---- imports ---- */

#define IMPORT_PREFIX "raw/import/"
#define IMPORT_KEY_BYTES 64

static int set_import(struct lane *lane, uint64_t from_seq, uint64_t to_seq, int64_t at_ns)
{
	struct fb_rawlog_import *import = lane->imports;

	while (import != NULL && import->from_seq != from_seq)
		import = import->next;
	if (import == NULL) {
		import = calloc(1, sizeof(*import));
		if (import == NULL)
			return FB_E_NO_MEMORY;
		import->from_seq = from_seq;
		import->next = lane->imports;
		lane->imports = import;
	}
	import->to_seq = to_seq;
	import->at_ns = at_ns;
	return 0;
}

static int load_import(void *arg, const char *key, const uint8_t *bytes, size_t len)
{
	uint32_t stream, core;
	uint64_t from_seq;
	uint64_t value[2];
	struct lane *lane;

	if (len != sizeof(value) ||
		sscanf(key, IMPORT_PREFIX "%8" SCNx32 "/%8" SCNx32 "/%16" SCNx64, &stream, &core, &from_seq) != 3)
		return FB_E_CORRUPT;
	memcpy(value, bytes, sizeof(value));
	lane = fb_rawlog_need_lane(arg, stream, core);
	return lane ? set_import(lane, from_seq, value[0], (int64_t)value[1]) : FB_E_NO_MEMORY;
}

int fb_rawlog_load_imports(struct fb_rawlog *log)
{
	return fb_store_scan_meta(log->store, IMPORT_PREFIX, load_import, log);
}

void fb_rawlog_free_imports(struct lane *lane)
{
	while (lane->imports != NULL) {
		struct fb_rawlog_import *import = lane->imports;

		lane->imports = import->next;
		free(import);
	}
}

static void import_key(char key[IMPORT_KEY_BYTES], uint32_t stream, uint32_t core, uint64_t from_seq)
{
	snprintf(key, IMPORT_KEY_BYTES, IMPORT_PREFIX "%08" PRIx32 "/%08" PRIx32 "/%016" PRIx64, stream, core, from_seq);
}

/* Imports that have nothing behind `last_seq`: with a batch their notes go, without one they are forgotten. */
static void drop_imports(struct lane *lane, uint64_t last_seq, struct fb_store_batch *batch)
{
	struct fb_rawlog_import **at = &lane->imports;

	while (*at != NULL) {
		struct fb_rawlog_import *import = *at;
		char key[IMPORT_KEY_BYTES];

		if (import->to_seq > last_seq) {
			at = &import->next;
		} else if (batch != NULL) {
			import_key(key, lane->stream, lane->core, import->from_seq);
			fb_store_delete_meta(batch, key);
			at = &import->next;
		} else {
			*at = import->next;
			free(import);
		}
	}
}

int fb_rawlog_note_import(
	struct fb_rawlog *log, uint32_t stream, uint32_t core, uint64_t from_seq, uint64_t to_seq, int64_t at_ns)
{
	struct fb_store_batch *batch = fb_store_batch_create(log->store);
	uint64_t value[2] = {to_seq, (uint64_t)at_ns};
	struct lane *lane;
	char key[IMPORT_KEY_BYTES];
	int rc;

	if (batch == NULL)
		return FB_E_NO_MEMORY;
	import_key(key, stream, core, from_seq);
	fb_store_put_meta(batch, key, value, sizeof(value));
	pthread_mutex_lock(&log->lock);
	lane = fb_rawlog_need_lane(log, stream, core);
	rc = lane ? set_import(lane, from_seq, to_seq, at_ns) : FB_E_NO_MEMORY;
	if (rc == 0)
		rc = fb_store_commit(batch, true);
	pthread_mutex_unlock(&log->lock);
	fb_store_batch_destroy(batch);
	return rc;
}

/* When the newest datagram of a span came into the log. */
static int64_t came_ns(const struct lane *lane, const struct fb_rawlog_span *span)
{
	int64_t came = span->last_arrival_ns;

	for (const struct fb_rawlog_import *import = lane->imports; import != NULL; import = import->next)
		if (import->from_seq <= span->last_seq && import->to_seq >= span->first_seq)
			came = FB_MAX(came, import->at_ns);
	return came;
}

/* ---- files ---- */

/* The lane of the stream whose oldest file is the oldest; NULL: it has no file. */
static struct lane *oldest_lane(const struct fb_rawlog *log, uint32_t stream)
{
	struct lane *oldest = NULL;

	for (struct lane *lane = log->lanes; lane != NULL; lane = lane->next)
		if (lane->stream == stream && lane->first < lane->end &&
			(oldest == NULL || came_ns(lane, &lane->spans[lane->first]) <
						   came_ns(oldest, &oldest->spans[oldest->first])))
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
		drop_imports(lane, span->last_seq, batch);
		rc = fb_store_commit(batch, false);
	}
	if (rc == 0) {
		drop_imports(lane, span->last_seq, NULL);
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
			retention->age_ns > 0 && came_ns(lane, &span) < now_ns - retention->age_ns;

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
