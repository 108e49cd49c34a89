/* SPDX-License-Identifier: Apache-2.0 */
/* Life of the keeper, and its numbers. */
#include <stdlib.h>
#include <string.h>

#include "config/base/calendar.h"
#include "control/rawlog/keeper_private.h"

_Static_assert((int)FB_RAW_COMPRESSION_NONE == (int)FB_BLOCK_NONE &&
		       (int)FB_RAW_COMPRESSION_LZ4 == (int)FB_BLOCK_LZ4 &&
		       (int)FB_RAW_COMPRESSION_ZSTD == (int)FB_BLOCK_ZSTD,
	"the setting and the format name the codecs in the same order");

/* ---- buffers ---- */

struct keeper_buffer *keeper_get_buffer(struct fb_keeper *keeper)
{
	struct keeper_buffer *buffer;
	bool make = false;

	pthread_mutex_lock(&keeper->lock);
	buffer = keeper->free;
	if (buffer != NULL) {
		keeper->free = buffer->next;
	} else if (keeper->buffer_cnt < keeper->buffer_max) {
		keeper->buffer_cnt++;
		make = true;
	}
	pthread_mutex_unlock(&keeper->lock);
	if (!make)
		return buffer;
	/* Memory is taken as it is first needed, and then kept. */
	buffer = malloc(sizeof(*buffer));
	if (buffer == NULL) {
		pthread_mutex_lock(&keeper->lock);
		keeper->buffer_cnt--;
		pthread_mutex_unlock(&keeper->lock);
	}
	return buffer;
}

void keeper_put_buffer(struct fb_keeper *keeper, struct keeper_buffer *buffer)
{
	pthread_mutex_lock(&keeper->lock);
	buffer->next = keeper->free;
	keeper->free = buffer;
	pthread_mutex_unlock(&keeper->lock);
}

static void release(void *arg, uint8_t *bytes)
{
	struct fb_keeper *keeper = arg;

	keeper_put_buffer(keeper,
		(struct keeper_buffer *)(void *)(bytes - offsetof(struct keeper_buffer, bytes)));
}

/* ---- open ---- */

static uint32_t port_of(const struct fb_appliance *appliance, const char *name)
{
	uint32_t i = 0;

	while (i + 1 < appliance->ports_count && strcmp(appliance->ports[i].name, name) != 0)
		i++;
	return i;
}

static int open_lane(struct fb_keeper *keeper, uint32_t stream, uint32_t worker)
{
	const struct fb_stream_conf *conf = &keeper->appliance->streams[stream];
	struct keeper_lane *lane = &keeper->lanes[keeper->lane_cnt];
	struct fb_rawlog_appender_conf appender = {
		.core = worker,
		.codec = (enum fb_block_codec)conf->retention_compression,
		/* A tail is not subject to retention: it becomes a file well before it would have
		   to go. */
		.tail_age_ns =
			conf->retention_age_s > 0
				? FB_MIN((int64_t)conf->retention_age_s * 250000000, 300000000000)
				: 0,
		.release = release,
		.arg = keeper,
	};
	int rc = fb_rawlog_stream_id(keeper->log, conf->table, true, &appender.stream);

	*lane = (struct keeper_lane){
		.conf = conf,
		.stream = stream,
		.worker = worker,
		.stream_id = appender.stream,
		.port = (uint8_t)port_of(keeper->appliance, conf->port),
	};
	if (rc == 0)
		rc = fb_rawlog_appender_create(keeper->log, &appender, &lane->appender);
	if (rc != 0)
		return rc;
	keeper->lane_cnt++;
	keeper->by_stream[stream * keeper->worker_cnt + worker] = lane;
	return 0;
}

static int open_lanes(struct fb_keeper *keeper)
{
	const struct fb_appliance *appliance = keeper->appliance;
	uint32_t lane_max = appliance->streams_count * keeper->worker_cnt;
	int rc = 0;

	keeper->lanes = calloc(lane_max + 1, sizeof(*keeper->lanes));
	keeper->by_stream = calloc(lane_max + 1, sizeof(struct keeper_lane *));
	if (keeper->lanes == NULL || keeper->by_stream == NULL)
		return FB_E_NO_MEMORY;
	for (uint32_t i = 0; i < appliance->streams_count; i++) {
		const struct fb_stream_conf *stream = &appliance->streams[i];
		uint32_t queues = appliance->ports[port_of(appliance, stream->port)].queues;

		for (uint32_t w = 0; rc == 0 && fb_stream_is_kept(stream) &&
				     w < FB_MIN(queues, keeper->worker_cnt);
			w++)
			rc = open_lane(keeper, i, w);
	}
	return rc;
}

int fb_keeper_open(const struct fb_appliance *appliance, struct fb_store *store,
	struct fb_diags *diags, struct fb_keeper **ret)
{
	struct fb_keeper *keeper = calloc(1, sizeof(*keeper));
	pthread_condattr_t attr;
	int rc;

	if (keeper == NULL)
		return FB_E_NO_MEMORY;
	keeper->appliance = appliance;
	keeper->worker_cnt = appliance->cores.workers_count;
	keeper->flush_ns = (int64_t)appliance->store.raw_flush_ms * 1000000;
	keeper->buffer_max = FB_MAX(
		(uint32_t)(((uint64_t)appliance->memory.rawlog_mb << 20) / FB_BLOCK_BYTES), 4u);
	keeper->queue_end = &keeper->queue;
	pthread_mutex_init(&keeper->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&keeper->filled, &attr);
	pthread_condattr_destroy(&attr);
	rc = fb_rawlog_open(store, &keeper->log);
	if (rc == 0)
		rc = open_lanes(keeper);
	if (rc != 0) {
		fb_diags_add(diags, FB_ERROR_SEVERITY, (struct fb_place){0}, NULL,
			"the raw log in %s: %s", appliance->store.path, fb_strerror(rc));
		fb_keeper_close(keeper);
		return rc;
	}
	*ret = keeper;
	return 0;
}

uint64_t fb_keeper_next_seq(const struct fb_keeper *keeper, uint32_t stream, uint32_t worker)
{
	const struct keeper_lane *lane = keeper->by_stream[stream * keeper->worker_cnt + worker];

	return lane ? fb_rawlog_appender_next_seq(lane->appender) : 0;
}

void fb_keeper_resume(struct fb_keeper *keeper, uint32_t stream, uint32_t worker, uint64_t seq)
{
	struct keeper_lane *lane = keeper->by_stream[stream * keeper->worker_cnt + worker];

	if (lane != NULL)
		atomic_store_explicit(&lane->settled_seq, seq, memory_order_relaxed);
}

bool fb_keeper_is_settled(const struct fb_keeper *keeper, uint32_t stream, uint32_t worker, uint64_t seq)
{
	const struct keeper_lane *lane = keeper->by_stream[stream * keeper->worker_cnt + worker];

	return lane == NULL || atomic_load_explicit(&lane->settled_seq, memory_order_acquire) >= seq;
}

bool fb_keeper_is_used(const struct fb_keeper *keeper)
{
	return keeper->lane_cnt > 0;
}

struct fb_rawlog *fb_keeper_log(const struct fb_keeper *keeper)
{
	return keeper->log;
}

int fb_keeper_start(struct fb_keeper *keeper, struct fb_worker *const *workers, uint32_t worker_cnt)
{
	if (keeper->lane_cnt == 0)
		return 0;
	keeper->ns_per_tsc = 1e9 / fb_worker_tsc_hz();
	for (uint32_t w = 0; w < worker_cnt; w++)
		keeper->taps[w].ring = fb_worker_tap(workers[w]);
	if (pthread_create(&keeper->disk, NULL, keeper_write, keeper) != 0)
		return FB_E_NO_MEMORY;
	if (pthread_create(&keeper->collector, NULL, keeper_collect, keeper) != 0) {
		atomic_store(&keeper->taps_empty, true);
		pthread_join(keeper->disk, NULL);
		return FB_E_NO_MEMORY;
	}
	keeper->started = true;
	return 0;
}

void fb_keeper_stop(struct fb_keeper *keeper)
{
	if (!keeper->started)
		return;
	atomic_store_explicit(&keeper->quit, true, memory_order_release);
	pthread_join(keeper->collector, NULL);
	pthread_join(keeper->disk, NULL);
	keeper->started = false;
}

void fb_keeper_close(struct fb_keeper *keeper)
{
	if (keeper == NULL)
		return;
	fb_keeper_stop(keeper);
	for (uint32_t i = 0; i < keeper->lane_cnt; i++)
		fb_rawlog_appender_destroy(keeper->lanes[i].appender);
	fb_rawlog_close(keeper->log);
	while (keeper->free != NULL) {
		struct keeper_buffer *buffer = keeper->free;

		keeper->free = buffer->next;
		free(buffer);
	}
	pthread_mutex_destroy(&keeper->lock);
	pthread_cond_destroy(&keeper->filled);
	free(keeper->lanes);
	free(keeper->by_stream);
	free(keeper);
}

/* ---- numbers ---- */

static uint64_t load(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_acquire);
}

/* Where datagrams ended is read before what was taken, so that the difference is never negative. */
static void view_lane(const struct keeper_lane *lane, struct fb_keeper_stream *view)
{
	struct fb_rawlog_appender_stats stats;
	uint64_t datagrams = 0;
	uint64_t bytes = 0;

	fb_rawlog_appender_stats(lane->appender, &stats);
	view->datagrams[FB_RAW_LOGGED] += stats.logged_datagrams;
	view->bytes[FB_RAW_LOGGED] += stats.logged_bytes;
	view->file_cnt += stats.file_cnt;
	view->tail_commits += stats.tail_commits;
	view->flush_errors += stats.flush_errors;
	datagrams += stats.logged_datagrams;
	bytes += stats.logged_bytes;
	for (int why = FB_RAW_LOGGED + 1; why < FB_RAW_CNT; why++) {
		uint64_t lost = load(&lane->dropped_datagrams[why]);
		uint64_t lost_bytes = load(&lane->dropped_bytes[why]);

		view->datagrams[why] += lost;
		view->bytes[why] += lost_bytes;
		datagrams += lost;
		bytes += lost_bytes;
	}
	view->buffered_datagrams += load(&lane->taken_datagrams) - datagrams;
	view->buffered_bytes += load(&lane->taken_bytes) - bytes;
}

void fb_keeper_view_stream(struct fb_keeper *keeper, uint32_t stream, struct fb_keeper_stream *ret)
{
	struct fb_rawlog_span total;
	uint32_t id;

	*ret = (struct fb_keeper_stream){
		.kept = fb_stream_is_kept(&keeper->appliance->streams[stream])};
	for (uint32_t i = 0; i < keeper->lane_cnt; i++)
		if (keeper->lanes[i].stream == stream)
			view_lane(&keeper->lanes[i], ret);
	for (uint32_t w = 0; keeper->started && w < keeper->worker_cnt; w++)
		ret->tap_packets += fb_spsc_count(keeper->taps[w].ring);
	if (fb_rawlog_stream_id(
		    keeper->log, keeper->appliance->streams[stream].table, false, &id) != 0 ||
		fb_rawlog_total(keeper->log, id, FB_RAWLOG_ALL_CORES, &total) != 0)
		return;
	ret->stored_bytes = total.stored_bytes;
	ret->stored_datagrams = total.datagram_cnt;
	ret->stored_payload_bytes = total.payload_bytes;
	ret->first_arrival_ns = total.first_arrival_ns;
	ret->last_arrival_ns = total.last_arrival_ns;
}

void fb_keeper_error(struct fb_keeper *keeper, char text[FB_KEEPER_ERROR_BYTES])
{
	pthread_mutex_lock(&keeper->lock);
	memcpy(text, keeper->error, FB_KEEPER_ERROR_BYTES);
	pthread_mutex_unlock(&keeper->lock);
}
