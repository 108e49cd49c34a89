/* SPDX-License-Identifier: Apache-2.0 */
/* The disk thread: sealed blocks into the log, flushes in time, retention. It may wait for the
 * disk. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "config/base/calendar.h"
#include "control/rawlog/keeper_private.h"

#define ROUND_NS 10000000
#define RETRY_NS 200000000
#define RETENTION_INTERVAL_NS 1000000000
#define DELETES_PER_FLUSH 8
#define LAST_TRIES 5

static void append_block(struct fb_keeper *keeper, struct keeper_buffer *buffer)
{
	struct keeper_lane *lane = buffer->lane;
	uint64_t datagrams = buffer->fill.header.datagram_cnt;
	uint64_t bytes = buffer->fill.header.payload_bytes;
	int64_t begun = buffer->begun_ns;

	if (fb_rawlog_append(lane->appender, &buffer->fill) != 0) {
		keeper_drop(lane, FB_RAW_DISK_ERROR, datagrams, bytes);
		return;
	}
	if (lane->pending_since_ns == 0)
		lane->pending_since_ns = begun;
}

static void say(struct fb_keeper *keeper, int code, const struct fb_buf *message)
{
	pthread_mutex_lock(&keeper->lock);
	if (code == 0)
		keeper->error[0] = '\0';
	else
		snprintf(keeper->error, sizeof(keeper->error), "%s%s%.150s",
			code == FB_E_FULL ? "the disk of the store is full" : fb_strerror(code),
			message->p ? ": " : "", message->p ? message->p : "");
	pthread_mutex_unlock(&keeper->lock);
}

/* The oldest files make room, as many as it takes. */
static int flush_over_old(struct keeper_lane *lane, struct fb_rawlog *log, struct fb_buf *message)
{
	int rc = FB_E_FULL;

	for (int i = 0; i < DELETES_PER_FLUSH && rc == FB_E_FULL; i++) {
		if (fb_rawlog_delete_oldest(log, lane->stream_id) != 0)
			break;
		fb_buf_clear(message);
		rc = fb_rawlog_flush(lane->appender, message);
	}
	return rc;
}

/* Nothing is pending: all that was appended is durable or given up. */
static void settle(struct keeper_lane *lane)
{
	uint64_t seq = fb_rawlog_appender_next_seq(lane->appender);

	lane->pending_since_ns = 0;
	/* Not below where the engine began: the log may end before that. */
	if (seq > atomic_load_explicit(&lane->settled_seq, memory_order_relaxed))
		atomic_store_explicit(&lane->settled_seq, seq, memory_order_release);
}

static void flush_lane(struct fb_keeper *keeper, struct keeper_lane *lane, int64_t now)
{
	struct fb_buf message = {0};
	bool had_error = lane->retry_ns > 0;
	int rc = fb_rawlog_flush(lane->appender, &message);

	if (rc == FB_E_FULL && lane->conf->retention_when_full == FB_RAW_DELETE_OLDEST)
		rc = flush_over_old(lane, keeper->log, &message);
	if (rc == 0) {
		settle(lane);
		lane->retry_ns = 0;
		if (had_error)
			say(keeper, 0, NULL);
	} else {
		lane->retry_ns = now + RETRY_NS;
		say(keeper, rc, &message);
		if (fb_rawlog_is_heavy(lane->appender)) {
			uint64_t datagrams, bytes;

			fb_rawlog_discard(lane->appender, &datagrams, &bytes);
			keeper_drop(lane, rc == FB_E_FULL ? FB_RAW_DISK_FULL : FB_RAW_DISK_ERROR,
				datagrams, bytes);
			settle(lane);
		}
	}
	fb_buf_fini(&message);
}

/* A flush with nothing pending is for a tail that has grown old. */
static void flush_due(struct fb_keeper *keeper)
{
	for (uint32_t i = 0; i < keeper->lane_cnt; i++) {
		struct keeper_lane *lane = &keeper->lanes[i];
		int64_t now = fb_clock_monotonic_ns();
		bool due = lane->pending_since_ns == 0 ||
			   now - lane->pending_since_ns >= keeper->flush_ns * 3 / 4;

		if ((due || fb_rawlog_is_heavy(lane->appender)) && now >= lane->retry_ns)
			flush_lane(keeper, lane, now);
	}
}

static void retain(struct fb_keeper *keeper)
{
	for (uint32_t i = 0; i < keeper->lane_cnt; i++) {
		const struct keeper_lane *lane = &keeper->lanes[i];
		struct fb_rawlog_retention retention = {
			.age_ns = (int64_t)lane->conf->retention_age_s * 1000000000,
			.bytes = lane->conf->retention_mb * 1000000,
		};

		/* Of the whole stream: once is enough. An error is that of the store, and the
		 * flushes report it. */
		if (i == 0 || keeper->lanes[i - 1].stream != lane->stream)
			FB_IGNORE(fb_rawlog_retain(keeper->log, lane->stream_id, &retention,
				fb_clock_realtime_ns(), NULL));
	}
}

static struct keeper_buffer *wait_for_blocks(struct fb_keeper *keeper, bool *ret_last)
{
	struct keeper_buffer *blocks;
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += ROUND_NS;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&keeper->lock);
	if (keeper->queue == NULL && !atomic_load(&keeper->taps_empty))
		pthread_cond_timedwait(&keeper->filled, &keeper->lock, &until);
	blocks = keeper->queue;
	keeper->queue = NULL;
	keeper->queue_end = &keeper->queue;
	*ret_last = atomic_load(&keeper->taps_empty);
	pthread_mutex_unlock(&keeper->lock);
	return blocks;
}

/* What cannot be written now never will be. */
static void finish_lane(struct fb_keeper *keeper, struct keeper_lane *lane)
{
	struct timespec pause = {.tv_nsec = RETRY_NS};
	uint64_t datagrams, bytes;
	int rc = FB_E_AGAIN;

	for (int i = 0; i < LAST_TRIES && rc != 0; i++) {
		if (i > 0)
			nanosleep(&pause, NULL);
		rc = fb_rawlog_flush(lane->appender, NULL);
		if (rc == FB_E_FULL && lane->conf->retention_when_full == FB_RAW_DELETE_OLDEST)
			FB_IGNORE(fb_rawlog_delete_oldest(keeper->log, lane->stream_id));
	}
	fb_rawlog_discard(lane->appender, &datagrams, &bytes);
	keeper_drop(lane, rc == FB_E_FULL ? FB_RAW_DISK_FULL : FB_RAW_DISK_ERROR, datagrams, bytes);
	settle(lane);
}

void *keeper_write(void *arg)
{
	struct fb_keeper *keeper = arg;
	int64_t retained_ns = fb_clock_monotonic_ns();
	bool last = false;

	while (!last) {
		struct keeper_buffer *blocks = wait_for_blocks(keeper, &last);

		while (blocks != NULL) {
			struct keeper_buffer *block = blocks;
			const struct keeper_lane *lane = block->lane;

			/* Appended, it may be in the collector's hands again. */
			blocks = block->next;
			append_block(keeper, block);
			if (fb_rawlog_is_heavy(lane->appender))
				flush_due(keeper);
		}
		flush_due(keeper);
		if (fb_clock_monotonic_ns() - retained_ns >= RETENTION_INTERVAL_NS) {
			retained_ns = fb_clock_monotonic_ns();
			retain(keeper);
		}
	}
	for (uint32_t i = 0; i < keeper->lane_cnt; i++)
		finish_lane(keeper, &keeper->lanes[i]);
	return NULL;
}
