/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the log knows of itself, under text keys of the store's meta:
 *
 *   raw/stream/TABLE                   number of the stream, u32
 *   raw/import/STREAM/CORE/SEQUENCE    datagrams of a capture from there on: last number, when it was imported
 *   raw/gone/STREAM/CORE               sequence number below which retention has deleted
 * everything, u64 raw/span/STREAM/CORE/SEQUENCE      struct fb_rawlog_span of one file; numbers in
 * hexadecimal, so that they sort
 */
#include "state/rawlog/rawlog_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define STREAM_PREFIX "raw/stream/"
#define SPAN_PREFIX "raw/span/"
#define GONE_PREFIX "raw/gone/"

/* ---- spans ---- */

static void start_span(struct fb_rawlog_span *span, const struct fb_rawlog_span *from)
{
	*span = *from;
	span->block_cnt = 0;
	span->datagram_cnt = 0;
	span->payload_bytes = 0;
	span->stored_bytes = 0;
}

/* Not known of one, or of other definitions: not known of all. A range holds for who needs the fields of all of them. */
static void add_event_times(struct fb_rawlog_span *span, const struct fb_rawlog_span *more)
{
	if (span->event_times_by.definition != more->event_times_by.definition) {
		span->event_times_by = (struct fb_event_times_by){0};
		span->min_event_ms = FB_TIME_MIN;
		span->max_event_ms = FB_TIME_MAX;
		return;
	}
	span->event_times_by.fields |= more->event_times_by.fields;
	span->min_event_ms = FB_MIN(span->min_event_ms, more->min_event_ms);
	span->max_event_ms = FB_MAX(span->max_event_ms, more->max_event_ms);
}

void fb_rawlog_span_add(struct fb_rawlog_span *span, const struct fb_rawlog_span *more)
{
	if (more->block_cnt == 0)
		return;
	if (span->block_cnt == 0)
		start_span(span, more);
	span->first_seq = FB_MIN(span->first_seq, more->first_seq);
	span->last_seq = FB_MAX(span->last_seq, more->last_seq);
	span->first_arrival_ns = FB_MIN(span->first_arrival_ns, more->first_arrival_ns);
	span->last_arrival_ns = FB_MAX(span->last_arrival_ns, more->last_arrival_ns);
	add_event_times(span, more);
	span->block_cnt += more->block_cnt;
	span->datagram_cnt += more->datagram_cnt;
	span->payload_bytes += more->payload_bytes;
	span->stored_bytes += more->stored_bytes;
}

void fb_rawlog_span_add_block(struct fb_rawlog_span *span, const struct fb_block_header *header)
{
	fb_rawlog_span_add(
		span, &(struct fb_rawlog_span){
			      .stream = header->stream,
			      .core = header->core,
			      .first_seq = header->first_seq,
			      .last_seq = header->last_seq,
			      .first_arrival_ns = header->first_arrival_ns,
			      .last_arrival_ns = header->last_arrival_ns,
			      .min_event_ms = header->min_event_ms,
			      .max_event_ms = header->max_event_ms,
			      .event_times_by = header->event_times_by,
			      .watermark_ms = header->watermark_ms,
			      .block_cnt = 1,
			      .datagram_cnt = header->datagram_cnt,
			      .payload_bytes = header->payload_bytes,
			      .stored_bytes = FB_BLOCK_HEADER_BYTES + header->stored_bytes,
		      });
}

static void span_key(char key[80], const struct fb_rawlog_span *span)
{
	snprintf(key, 80, SPAN_PREFIX "%08" PRIx32 "/%08" PRIx32 "/%016" PRIx64, span->stream,
		span->core, span->first_seq);
}

void fb_rawlog_note_span(struct fb_store_batch *batch, const struct fb_rawlog_span *span)
{
	char key[80];

	span_key(key, span);
	fb_store_put_meta(batch, key, span, sizeof(*span));
}

void fb_rawlog_forget_span(struct fb_store_batch *batch, const struct fb_rawlog_span *span)
{
	char key[80];

	uint64_t gone_seq = span->last_seq + 1;

	span_key(key, span);
	fb_store_delete_meta(batch, key);
	snprintf(
		key, sizeof(key), GONE_PREFIX "%08" PRIx32 "/%08" PRIx32, span->stream, span->core);
	fb_store_put_meta(batch, key, &gone_seq, sizeof(gone_seq));
}

/* ---- lanes ---- */

static int compare(const struct lane *lane, uint32_t stream, uint32_t core)
{
	if (lane->stream != stream)
		return lane->stream < stream ? -1 : 1;
	return (lane->core > core) - (lane->core < core);
}

struct lane *fb_rawlog_find_lane(const struct fb_rawlog *log, uint32_t stream, uint32_t core)
{
	for (struct lane *lane = log->lanes; lane != NULL; lane = lane->next)
		if (compare(lane, stream, core) == 0)
			return lane;
	return NULL;
}

struct lane *fb_rawlog_need_lane(struct fb_rawlog *log, uint32_t stream, uint32_t core)
{
	struct lane **at = &log->lanes;
	struct lane *lane;

	while (*at != NULL && compare(*at, stream, core) < 0)
		at = &(*at)->next;
	if (*at != NULL && compare(*at, stream, core) == 0)
		return *at;
	lane = calloc(1, sizeof(*lane));
	if (lane == NULL)
		return NULL;
	lane->stream = stream;
	lane->core = core;
	lane->next = *at;
	*at = lane;
	return lane;
}

int fb_rawlog_reserve_span(struct lane *lane)
{
	uint32_t cnt = lane->end - lane->first;
	uint32_t cap;
	struct fb_rawlog_span *spans;

	if (lane->end < lane->cap)
		return 0;
	/* Half of it deleted: what is left moves to the front; else it grows. */
	cap = cnt < lane->cap / 2 ? lane->cap : FB_MAX(lane->cap * 2, 16u);
	spans = malloc(cap * sizeof(*spans));
	if (spans == NULL)
		return FB_E_NO_MEMORY;
	if (cnt > 0)
		memcpy(spans, lane->spans + lane->first, cnt * sizeof(*spans));
	free(lane->spans);
	lane->spans = spans;
	lane->first = 0;
	lane->end = cnt;
	lane->cap = cap;
	return 0;
}

void fb_rawlog_push_span(struct lane *lane, const struct fb_rawlog_span *span)
{
	lane->spans[lane->end++] = *span;
}

/* Of its files. */
static uint64_t files_end(const struct lane *lane)
{
	return lane->end > lane->first ? lane->spans[lane->end - 1].last_seq + 1 : lane->gone_seq;
}

uint64_t fb_rawlog_lane_end(const struct lane *lane)
{
	return lane->tail.block_cnt > 0 ? lane->tail.last_seq + 1 : files_end(lane);
}

/* ---- open ---- */

static int add_stream(struct fb_rawlog *log, uint32_t id, const char *table)
{
	struct stream_name **at = &log->streams;
	struct stream_name *name = calloc(1, sizeof(*name));

	if (name == NULL)
		return FB_E_NO_MEMORY;
	name->id = id;
	strcpy(name->table, table);
	while (*at != NULL && (*at)->id < id)
		at = &(*at)->next;
	name->next = *at;
	*at = name;
	return 0;
}

static int load_stream(void *arg, const char *key, const uint8_t *bytes, size_t len)
{
	uint32_t id;

	if (len != sizeof(id) || strlen(key) - strlen(STREAM_PREFIX) >= FB_RAWLOG_NAME_BYTES)
		return FB_E_CORRUPT;
	memcpy(&id, bytes, sizeof(id));
	return add_stream(arg, id, key + strlen(STREAM_PREFIX));
}

static int load_gone(void *arg, const char *key, const uint8_t *bytes, size_t len)
{
	struct fb_rawlog *log = arg;
	struct lane *lane;
	uint32_t stream, core;

	if (len != sizeof(lane->gone_seq) ||
		sscanf(key, GONE_PREFIX "%8" SCNx32 "/%8" SCNx32, &stream, &core) != 2)
		return FB_E_CORRUPT;
	lane = fb_rawlog_need_lane(log, stream, core);
	if (lane == NULL)
		return FB_E_NO_MEMORY;
	memcpy(&lane->gone_seq, bytes, len);
	return 0;
}

static int load_span(void *arg, const char *key, const uint8_t *bytes, size_t len)
{
	struct fb_rawlog *log = arg;
	struct fb_rawlog_span span = {0};
	struct lane *lane;
	int rc;

	if (len != sizeof(span) && len != offsetof(struct fb_rawlog_span, event_times_by))
		return FB_E_CORRUPT;
	memcpy(&span, bytes, len);
	lane = fb_rawlog_need_lane(log, span.stream, span.core);
	rc = lane ? fb_rawlog_reserve_span(lane) : FB_E_NO_MEMORY;
	if (rc == 0)
		fb_rawlog_push_span(lane, &span);
	return rc;
}

/* Files are deleted before their notes: a note whose file is gone is dropped. They go oldest first.
 */
static int drop_stale(
	struct fb_rawlog *log, struct fb_store_raw_iter *iter, struct fb_store_batch *batch)
{
	for (struct lane *lane = log->lanes; lane != NULL; lane = lane->next)
		while (lane->first < lane->end) {
			const struct fb_rawlog_span *span = &lane->spans[lane->first];
			struct fb_store_raw_key key = {
				.stream = lane->stream, .core = lane->core, .seq = span->first_seq};
			const uint8_t *bytes;
			size_t len;
			int rc = fb_store_raw_iter_seek(iter, &key);

			if (rc == FB_E_CORRUPT)
				break; /* it is there, damaged */
			if (rc != 0 && rc != FB_E_NOT_FOUND)
				return rc;
			if (rc == 0)
				fb_store_raw_iter_get(iter, &key, &bytes, &len);
			if (rc == 0 && key.stream == lane->stream && key.core == lane->core &&
				key.seq <= span->last_seq)
				break;
			fb_rawlog_forget_span(batch, span);
			lane->gone_seq = span->last_seq + 1;
			lane->first++;
		}
	return 0;
}

/* One span of all blocks of a lane behind those that are noted: a crash came between a file and its
 * note. */
static int adopt(struct fb_rawlog *log, struct fb_store_raw_iter *iter, struct fb_store_raw_key *at,
	struct lane *lane, struct fb_store_batch *batch)
{
	struct fb_rawlog_span span = {0};
	int rc;

	for (at->seq = files_end(lane), at->part = FB_STORE_RAW_HEADER;;) {
		struct fb_store_raw_key key;
		struct fb_block_header header;
		const uint8_t *bytes;
		size_t len;

		rc = fb_store_raw_iter_seek(iter, at);
		if (rc != 0)
			break;
		fb_store_raw_iter_get(iter, &key, &bytes, &len);
		if (key.stream != lane->stream || key.core != lane->core)
			break;
		if (key.part == FB_STORE_RAW_HEADER &&
			fb_block_header_read(bytes, len, &header) == 0) {
			fb_rawlog_span_add_block(&span, &header);
			at->seq = FB_MAX(header.last_seq, key.seq) + 1;
		} else {
			at->seq = key.seq + 1;
		}
	}
	if (span.block_cnt > 0) {
		rc = fb_rawlog_reserve_span(lane);
		if (rc != 0)
			return rc;
		fb_rawlog_push_span(lane, &span);
		fb_rawlog_note_span(batch, &span);
		rc = 0;
	}
	return rc == FB_E_NOT_FOUND || rc == FB_E_CORRUPT ? 0 : rc;
}

static int adopt_all(
	struct fb_rawlog *log, struct fb_store_raw_iter *iter, struct fb_store_batch *batch)
{
	struct fb_store_raw_key at = {0};

	for (;;) {
		struct fb_store_raw_key key;
		const uint8_t *bytes;
		struct lane *lane;
		size_t len;
		int rc = fb_store_raw_iter_seek(iter, &at);

		if (rc == FB_E_NOT_FOUND || rc == FB_E_CORRUPT)
			return 0;
		if (rc != 0)
			return rc;
		fb_store_raw_iter_get(iter, &key, &bytes, &len);
		lane = fb_rawlog_need_lane(log, key.stream, key.core);
		if (lane == NULL)
			return FB_E_NO_MEMORY;
		at = (struct fb_store_raw_key){.stream = key.stream, .core = key.core};
		rc = adopt(log, iter, &at, lane, batch);
		if (rc != 0)
			return rc;
		at = (struct fb_store_raw_key){.stream = key.stream, .core = key.core + 1};
	}
}

/* What a file holds already is dropped from the tail; the rest is its lane's tail. */
static int load_tail(struct fb_rawlog *log, struct fb_store_batch *batch)
{
	struct fb_store_raw_iter *iter;
	struct fb_store_raw_key at = {0};
	int rc = fb_store_raw_iter_create(log->store, FB_STORE_TAIL_READ, &iter);

	if (rc != 0)
		return rc;
	for (rc = fb_store_raw_iter_seek(iter, &at); rc == 0; rc = fb_store_raw_iter_next(iter)) {
		struct fb_block_header header;
		const uint8_t *bytes;
		struct lane *lane;
		size_t len;

		fb_store_raw_iter_get(iter, &at, &bytes, &len);
		if (at.part != FB_STORE_RAW_HEADER ||
			fb_block_header_read(bytes, len, &header) != 0)
			continue;
		lane = fb_rawlog_need_lane(log, at.stream, at.core);
		if (lane == NULL) {
			rc = FB_E_NO_MEMORY;
			break;
		}
		if (at.seq < files_end(lane))
			fb_store_delete_tail(batch, at.stream, at.core, files_end(lane));
		else
			fb_rawlog_span_add_block(&lane->tail, &header);
	}
	fb_store_raw_iter_destroy(iter);
	return rc == FB_E_NOT_FOUND ? 0 : rc;
}

/* A repaired store may have lost the note of a stream's table, but not its datagrams. */
static int name_streams(struct fb_rawlog *log, struct fb_store_batch *batch)
{
	for (const struct lane *lane = log->lanes; lane != NULL; lane = lane->next) {
		const struct stream_name *name = log->streams;
		char key[64];
		int rc;

		while (name != NULL && name->id != lane->stream)
			name = name->next;
		if (name != NULL)
			continue;
		snprintf(key, sizeof(key), STREAM_PREFIX "stream_%" PRIu32, lane->stream);
		rc = add_stream(log, lane->stream, key + strlen(STREAM_PREFIX));
		if (rc != 0)
			return rc;
		fb_store_put_meta(batch, key, &lane->stream, sizeof(lane->stream));
	}
	return 0;
}

static int load(struct fb_rawlog *log)
{
	struct fb_store_batch *batch = fb_store_batch_create(log->store);
	struct fb_store_raw_iter *iter = NULL;
	int rc = batch ? fb_store_scan_meta(log->store, STREAM_PREFIX, load_stream, log)
		       : FB_E_NO_MEMORY;

	if (rc == 0)
		rc = fb_store_scan_meta(log->store, GONE_PREFIX, load_gone, log);
	if (rc == 0)
		rc = fb_store_scan_meta(log->store, SPAN_PREFIX, load_span, log);
	if (rc == 0)
		rc = fb_rawlog_load_imports(log);
	if (rc == 0)
		rc = fb_store_raw_iter_create(log->store, FB_STORE_RAW_READ_HEADERS, &iter);
	if (rc == 0)
		rc = drop_stale(log, iter, batch);
	if (rc == 0)
		rc = adopt_all(log, iter, batch);
	fb_store_raw_iter_destroy(iter);
	if (rc == 0)
		rc = load_tail(log, batch);
	if (rc == 0)
		rc = name_streams(log, batch);
	if (rc == 0)
		rc = fb_store_commit(batch, false);
	fb_store_batch_destroy(batch);
	return rc;
}

int fb_rawlog_open(struct fb_store *store, struct fb_rawlog **ret)
{
	struct fb_rawlog *log = calloc(1, sizeof(*log));
	int rc;

	if (log == NULL)
		return FB_E_NO_MEMORY;
	log->store = store;
	pthread_mutex_init(&log->lock, NULL);
	rc = load(log);
	if (rc != 0) {
		fb_rawlog_close(log);
		return rc;
	}
	*ret = log;
	return 0;
}

void fb_rawlog_close(struct fb_rawlog *log)
{
	if (log == NULL)
		return;
	while (log->lanes != NULL) {
		struct lane *lane = log->lanes;

		log->lanes = lane->next;
		free(lane->spans);
		fb_rawlog_free_imports(lane);
		free(lane);
	}
	while (log->streams != NULL) {
		struct stream_name *name = log->streams;

		log->streams = name->next;
		free(name);
	}
	pthread_mutex_destroy(&log->lock);
	free(log);
}

/* ---- streams ---- */

static int make_stream(struct fb_rawlog *log, const char *table, uint32_t *ret_id)
{
	struct fb_store_batch *batch;
	char key[sizeof(STREAM_PREFIX) + FB_RAWLOG_NAME_BYTES];
	uint32_t id = 1;
	int rc;

	if (strlen(table) >= FB_RAWLOG_NAME_BYTES)
		return FB_E_INVALID;
	for (const struct stream_name *name = log->streams; name != NULL; name = name->next)
		id = name->id + 1;
	snprintf(key, sizeof(key), STREAM_PREFIX "%s", table);
	batch = fb_store_batch_create(log->store);
	if (batch == NULL)
		return FB_E_NO_MEMORY;
	fb_store_put_meta(batch, key, &id, sizeof(id));
	rc = fb_store_commit(batch, true);
	fb_store_batch_destroy(batch);
	if (rc == 0)
		rc = load_stream(log, key, (const uint8_t *)&id, sizeof(id));
	if (rc == 0)
		*ret_id = id;
	return rc;
}

int fb_rawlog_stream_id(struct fb_rawlog *log, const char *table, bool make, uint32_t *ret_id)
{
	int rc = FB_E_NOT_FOUND;

	pthread_mutex_lock(&log->lock);
	for (const struct stream_name *name = log->streams; name != NULL && rc != 0;
		name = name->next)
		if (strcmp(name->table, table) == 0) {
			*ret_id = name->id;
			rc = 0;
		}
	if (rc != 0 && make)
		rc = make_stream(log, table, ret_id);
	pthread_mutex_unlock(&log->lock);
	return rc;
}

int fb_rawlog_streams(struct fb_rawlog *log, fb_rawlog_stream_fn fn, void *arg)
{
	int rc = 0;

	pthread_mutex_lock(&log->lock);
	for (const struct stream_name *name = log->streams; name != NULL && rc == 0;
		name = name->next)
		rc = fn(arg, name->id, name->table);
	pthread_mutex_unlock(&log->lock);
	return rc;
}

int fb_rawlog_spans(struct fb_rawlog *log, uint32_t stream, fb_rawlog_span_fn fn, void *arg)
{
	int rc = 0;

	pthread_mutex_lock(&log->lock);
	for (const struct lane *lane = log->lanes; lane != NULL && rc == 0; lane = lane->next) {
		if (lane->stream != stream)
			continue;
		for (uint32_t i = lane->first; i < lane->end && rc == 0; i++)
			rc = fn(arg, &lane->spans[i], false);
		if (rc == 0 && lane->tail.block_cnt > 0)
			rc = fn(arg, &lane->tail, true);
	}
	pthread_mutex_unlock(&log->lock);
	return rc;
}

int fb_rawlog_total(
	struct fb_rawlog *log, uint32_t stream, uint32_t core, struct fb_rawlog_span *ret)
{
	struct fb_rawlog_span total = {0};

	pthread_mutex_lock(&log->lock);
	for (const struct lane *lane = log->lanes; lane != NULL; lane = lane->next) {
		if (lane->stream != stream || (core != FB_RAWLOG_ALL_CORES && lane->core != core))
			continue;
		for (uint32_t i = lane->first; i < lane->end; i++)
			fb_rawlog_span_add(&total, &lane->spans[i]);
		fb_rawlog_span_add(&total, &lane->tail);
	}
	pthread_mutex_unlock(&log->lock);
	if (total.block_cnt == 0)
		return FB_E_NOT_FOUND;
	*ret = total;
	return 0;
}

void fb_rawlog_damage(struct fb_rawlog *log, struct fb_rawlog_damage *ret)
{
	pthread_mutex_lock(&log->lock);
	*ret = log->damage;
	pthread_mutex_unlock(&log->lock);
}
