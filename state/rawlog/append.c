/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Appending. Blocks are compressed as they come and wait in memory; a flush makes them durable in
 * one of two ways:
 *
 *   as a file    when 16 MiB or more are pending, or the tail would grow past 64 MiB: tail and
 * pending together become an SST file. Written once, without a log. in the tail  else: one synced
 * batch through the store's log. These bytes are written a second time, with the file that they
 *                become part of; at most 16 MiB per flush are, so that the cost is bounded whatever
 * the rate.
 *
 * On small disks all of it is smaller.
 *
 * One file for each flush interval of 100 ms would be 864 000 a day on a stream that carries next
 * to nothing.
 */
#include <stdlib.h>

#include "state/rawlog/rawlog_private.h"

/* In units of the store (32 MiB). */
#define DIRECT_BYTES(unit) ((unit) / 2)
#define FILE_BYTES(unit) ((unit)*2)
#define PENDING_BYTES_MAX(unit) (unit)
#define TAIL_AGE_NS 300000000000

struct pending {
	struct pending *next;
	struct fb_block_header header;
	uint8_t *bytes;
	size_t len;
	bool filled_here; /* the caller's memory, to be released; else malloc'ed */
};

struct fb_rawlog_appender {
	struct fb_rawlog *log;
	struct fb_rawlog_appender_conf conf;
	struct fb_store_batch *batch;
	struct pending *head;
	struct pending **end;
	uint64_t unit_bytes;
	uint64_t pending_stored;
	struct fb_rawlog_span pending_span;
	uint64_t next_seq;
	int64_t tail_since_ns; /* monotonic; of the oldest block of the tail as this run knows it */
	uint8_t *scratch;
	/* written by the thread of the appender, read by any */
	struct {
		_Atomic uint64_t logged_datagrams, logged_bytes, stored_bytes, pending_datagrams,
			pending_bytes, block_cnt, file_cnt, tail_commits, flush_errors, flush_ns;
	} stats;
};

static void count(_Atomic uint64_t *counter, uint64_t more)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + more,
		memory_order_release);
}

int fb_rawlog_appender_create(struct fb_rawlog *log, const struct fb_rawlog_appender_conf *conf,
	struct fb_rawlog_appender **ret)
{
	struct fb_rawlog_appender *appender = calloc(1, sizeof(*appender));
	const struct lane *lane;

	if (appender == NULL)
		return FB_E_NO_MEMORY;
	appender->log = log;
	appender->unit_bytes = fb_store_unit_bytes(log->store);
	appender->conf = *conf;
	appender->end = &appender->head;
	if (appender->conf.tail_age_ns == 0)
		appender->conf.tail_age_ns = TAIL_AGE_NS;
	appender->batch = fb_store_batch_create(log->store);
	appender->scratch = conf->codec == FB_BLOCK_NONE ? NULL : malloc(FB_BLOCK_SEALED_MAX);
	pthread_mutex_lock(&log->lock);
	lane = fb_rawlog_need_lane(log, conf->stream, conf->core);
	if (lane != NULL)
		appender->next_seq = fb_rawlog_lane_end(lane);
	pthread_mutex_unlock(&log->lock);
	if (lane == NULL || appender->batch == NULL ||
		(conf->codec != FB_BLOCK_NONE && appender->scratch == NULL)) {
		fb_rawlog_appender_destroy(appender);
		return FB_E_NO_MEMORY;
	}
	appender->tail_since_ns = fb_clock_monotonic_ns();
	*ret = appender;
	return 0;
}

static void forget_pending(struct fb_rawlog_appender *appender)
{
	while (appender->head != NULL) {
		struct pending *block = appender->head;

		appender->head = block->next;
		if (block->filled_here)
			appender->conf.release(appender->conf.arg, block->bytes);
		else
			free(block->bytes);
		free(block);
	}
	appender->end = &appender->head;
	appender->pending_stored = 0;
	appender->pending_span = (struct fb_rawlog_span){0};
	atomic_store_explicit(&appender->stats.pending_datagrams, 0, memory_order_relaxed);
	atomic_store_explicit(&appender->stats.pending_bytes, 0, memory_order_relaxed);
}

void fb_rawlog_appender_destroy(struct fb_rawlog_appender *appender)
{
	if (appender == NULL)
		return;
	forget_pending(appender);
	fb_store_batch_destroy(appender->batch);
	free(appender->scratch);
	free(appender);
}

uint64_t fb_rawlog_appender_next_seq(const struct fb_rawlog_appender *appender)
{
	return appender->next_seq;
}

/* ---- append ---- */

/* The caller may have `fill` in the memory that is released: then it is somebody else's already. */
static struct pending *make_pending(struct fb_rawlog_appender *appender, struct fb_block_fill *fill)
{
	uint8_t *filled = fill->bytes;
	struct pending *block = calloc(1, sizeof(*block));
	const uint8_t *bytes;

	if (block == NULL || fb_block_seal(fill, appender->conf.codec, appender->conf.level,
				     appender->scratch, &bytes, &block->len) != 0)
		goto fail;
	block->header = fill->header;
	block->filled_here = bytes == filled;
	if (block->filled_here) {
		block->bytes = filled;
		return block;
	}
	block->bytes = malloc(block->len);
	if (block->bytes == NULL)
		goto fail;
	memcpy(block->bytes, bytes, block->len);
	appender->conf.release(appender->conf.arg, filled);
	return block;
fail:
	free(block);
	fill->bytes = NULL;
	appender->conf.release(appender->conf.arg, filled);
	return NULL;
}

int fb_rawlog_append(struct fb_rawlog_appender *appender, struct fb_block_fill *fill)
{
	struct pending *block = make_pending(appender, fill);

	if (block == NULL)
		return FB_E_NO_MEMORY;
	*appender->end = block;
	appender->end = &block->next;
	appender->pending_stored += block->len;
	fb_rawlog_span_add_block(&appender->pending_span, &block->header);
	appender->next_seq = block->header.last_seq + 1;
	count(&appender->stats.pending_datagrams, block->header.datagram_cnt);
	count(&appender->stats.pending_bytes, block->header.payload_bytes);
	return 0;
}

bool fb_rawlog_is_heavy(const struct fb_rawlog_appender *appender)
{
	return appender->pending_stored >= PENDING_BYTES_MAX(appender->unit_bytes);
}

void fb_rawlog_discard(
	struct fb_rawlog_appender *appender, uint64_t *ret_datagrams, uint64_t *ret_bytes)
{
	*ret_datagrams = appender->pending_span.datagram_cnt;
	*ret_bytes = appender->pending_span.payload_bytes;
	forget_pending(appender);
}

/* ---- flush ---- */

static struct fb_store_raw_key key_of(const struct pending *block, enum fb_store_raw_part part)
{
	return (struct fb_store_raw_key){.stream = block->header.stream,
		.core = block->header.core,
		.seq = block->header.first_seq,
		.part = part};
}

static int write_tail(
	struct fb_rawlog_appender *appender, struct lane *lane, struct fb_buf *message)
{
	int rc;

	for (const struct pending *block = appender->head; block != NULL; block = block->next) {
		struct fb_store_raw_key header = key_of(block, FB_STORE_RAW_HEADER);
		struct fb_store_raw_key whole = key_of(block, FB_STORE_RAW_BLOCK);

		fb_store_put_tail(appender->batch, &header, block->bytes, FB_BLOCK_HEADER_BYTES);
		fb_store_put_tail(appender->batch, &whole, block->bytes, block->len);
	}
	pthread_mutex_lock(&appender->log->lock);
	rc = fb_store_commit(appender->batch, true);
	if (rc == 0) {
		if (lane->tail.block_cnt == 0)
			appender->tail_since_ns = fb_clock_monotonic_ns();
		fb_rawlog_span_add(&lane->tail, &appender->pending_span);
		count(&appender->stats.tail_commits, 1);
	} else if (message != NULL) {
		fb_buf_add_text(message, fb_store_batch_error(appender->batch));
	}
	pthread_mutex_unlock(&appender->log->lock);
	return rc;
}

static int copy_tail(struct fb_rawlog_appender *appender, struct fb_store_raw_file *file)
{
	struct fb_store_raw_key at = {.stream = appender->conf.stream, .core = appender->conf.core};
	struct fb_store_raw_iter *iter;
	int rc = fb_store_raw_iter_create(appender->log->store, FB_STORE_TAIL_READ, &iter);

	if (rc != 0)
		return rc;
	for (rc = fb_store_raw_iter_seek(iter, &at); rc == 0; rc = fb_store_raw_iter_next(iter)) {
		const uint8_t *bytes;
		size_t len;

		fb_store_raw_iter_get(iter, &at, &bytes, &len);
		if (at.stream != appender->conf.stream || at.core != appender->conf.core)
			break;
		rc = fb_store_raw_file_add(file, &at, bytes, len);
		if (rc != 0)
			break;
	}
	fb_store_raw_iter_destroy(iter);
	return rc == FB_E_NOT_FOUND ? 0 : rc;
}

static int fill_file(struct fb_rawlog_appender *appender, const struct lane *lane,
	struct fb_store_raw_file *file)
{
	int rc = lane->tail.block_cnt > 0 ? copy_tail(appender, file) : 0;

	for (const struct pending *block = appender->head; block != NULL && rc == 0;
		block = block->next) {
		struct fb_store_raw_key header = key_of(block, FB_STORE_RAW_HEADER);
		struct fb_store_raw_key whole = key_of(block, FB_STORE_RAW_BLOCK);

		rc = fb_store_raw_file_add(file, &header, block->bytes, FB_BLOCK_HEADER_BYTES);
		if (rc == 0)
			rc = fb_store_raw_file_add(file, &whole, block->bytes, block->len);
	}
	return rc;
}

/* The file is in; if its note cannot be written now, the next open finds it (rawlog.c). */
static void note_file(struct fb_rawlog_appender *appender, struct lane *lane)
{
	struct fb_rawlog_span span = lane->tail;

	fb_rawlog_span_add(&span, &appender->pending_span);
	fb_rawlog_note_span(appender->batch, &span);
	fb_store_delete_tail(appender->batch, span.stream, span.core, span.last_seq + 1);
	if (fb_store_commit(appender->batch, false) != 0)
		count(&appender->stats.flush_errors, 1);
	fb_rawlog_push_span(lane, &span);
	lane->tail = (struct fb_rawlog_span){0};
	count(&appender->stats.file_cnt, 1);
}

static int write_file(
	struct fb_rawlog_appender *appender, struct lane *lane, struct fb_buf *message)
{
	struct fb_store_raw_file *file;
	int rc = fb_store_raw_file_create(appender->log->store, &file);

	if (rc != 0)
		return rc;
	/* Only this thread changes the lane's tail: it can be read without the lock. */
	rc = fill_file(appender, lane, file);
	if (rc != 0) {
		fb_store_raw_file_abort(file);
		return rc;
	}
	pthread_mutex_lock(&appender->log->lock);
	rc = fb_rawlog_reserve_span(lane);
	if (rc == 0)
		rc = fb_store_raw_file_ingest(file, message);
	else
		fb_store_raw_file_abort(file);
	if (rc == 0)
		note_file(appender, lane);
	pthread_mutex_unlock(&appender->log->lock);
	return rc;
}

static void flushed(struct fb_rawlog_appender *appender)
{
	const struct fb_rawlog_span *span = &appender->pending_span;

	count(&appender->stats.logged_datagrams, span->datagram_cnt);
	count(&appender->stats.logged_bytes, span->payload_bytes);
	count(&appender->stats.stored_bytes, span->stored_bytes);
	count(&appender->stats.block_cnt, span->block_cnt);
	forget_pending(appender);
}

static int flush(struct fb_rawlog_appender *appender, bool roll, struct fb_buf *message)
{
	int64_t start = fb_clock_monotonic_ns();
	struct lane *lane;
	uint64_t tail;
	bool file;
	int rc;

	pthread_mutex_lock(&appender->log->lock);
	lane = fb_rawlog_find_lane(appender->log, appender->conf.stream, appender->conf.core);
	tail = lane->tail.block_cnt ? lane->tail.stored_bytes : 0;
	pthread_mutex_unlock(&appender->log->lock);

	roll |= tail > 0 && start - appender->tail_since_ns > appender->conf.tail_age_ns;
	file = appender->pending_stored >= DIRECT_BYTES(appender->unit_bytes) ||
	       tail + appender->pending_stored >= FILE_BYTES(appender->unit_bytes) || roll;
	if (appender->head == NULL && (tail == 0 || !file))
		return 0;
	rc = file ? write_file(appender, lane, message) : write_tail(appender, lane, message);
	if (rc == 0)
		flushed(appender);
	else
		count(&appender->stats.flush_errors, 1);
	count(&appender->stats.flush_ns, (uint64_t)(fb_clock_monotonic_ns() - start));
	return rc;
}

int fb_rawlog_flush(struct fb_rawlog_appender *appender, struct fb_buf *message)
{
	return flush(appender, false, message);
}

int fb_rawlog_roll(struct fb_rawlog_appender *appender, struct fb_buf *message)
{
	return flush(appender, true, message);
}

void fb_rawlog_appender_stats(
	const struct fb_rawlog_appender *appender, struct fb_rawlog_appender_stats *ret)
{
#define GET(name) .name = atomic_load_explicit(&appender->stats.name, memory_order_acquire)
	*ret = (struct fb_rawlog_appender_stats){
		GET(logged_datagrams),
		GET(logged_bytes),
		GET(stored_bytes),
		GET(pending_datagrams),
		GET(pending_bytes),
		GET(block_cnt),
		GET(file_cnt),
		GET(tail_commits),
		GET(flush_errors),
		GET(flush_ns),
	};
#undef GET
}
