/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that carries rows of a query from the store to its sink. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/base/calendar.h"
#include "control/sink/sink.h"

#define ROWS_PER_READ 4096
#define BYTES_PER_READ (4u << 20)
#define POLL_MS 50
#define IDLE_MS 500
#define BACK_OFF_FIRST_MS 100
#define BACK_OFF_MAX_MS 5000

struct fb_delivery {
	struct fb_sink_conf conf;
	const struct fb_sink_ops *ops;
	struct fb_sink *sink;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool stop;
	bool drain;
	struct fb_delivery_status status; /* guarded by mutex */
	/* the thread's own */
	uint64_t end;      /* as seen at the last look */
	uint64_t position; /* next row to hand over */
	uint64_t saved;    /* cursor as the store has it */
	uint32_t back_off_ms;
	struct fb_store_batch *batch;
	struct fb_sink_row *rows;
	struct fb_buf bytes;
	uint32_t row_cnt;
	uint32_t marked; /* of them, while they are marked */
};

/* ---- cursor ---- */

static void cursor_key(const struct fb_delivery *delivery, char key[64])
{
	snprintf(key, 64, "cursor/%" PRIu32, delivery->conf.query_id);
}

static int load_cursor(struct fb_delivery *delivery)
{
	struct fb_buf value = {0};
	char key[64];
	int rc;

	cursor_key(delivery, key);
	rc = fb_store_get_meta(delivery->conf.store, key, &value);
	if (rc == 0 && value.len == sizeof(delivery->saved))
		memcpy(&delivery->saved, value.p, sizeof(delivery->saved));
	else if (rc == 0)
		rc = FB_E_CORRUPT;
	fb_buf_fini(&value);
	return rc == FB_E_NOT_FOUND ? 0 : rc;
}

/* Synced: a cursor that fell back at a power cut would deliver rows a second time. */
static int save_cursor(struct fb_delivery *delivery, uint64_t cursor)
{
	char key[64];
	int rc;

	cursor_key(delivery, key);
	fb_store_put_meta(delivery->batch, key, &cursor, sizeof(cursor));
	rc = fb_store_commit(delivery->batch, true);
	if (rc == 0)
		delivery->saved = cursor;
	return rc;
}

/* ---- reading ---- */

static int collect(void *arg, uint64_t seq, const uint8_t *row, size_t len)
{
	struct fb_delivery *delivery = arg;

	if (seq >= delivery->end || delivery->row_cnt == ROWS_PER_READ ||
		(delivery->row_cnt > 0 && delivery->bytes.len + len > BYTES_PER_READ))
		return 1;
	/* The buffer may move while it grows: offsets now, pointers when all is there. */
	delivery->rows[delivery->row_cnt++] = (struct fb_sink_row){
		.seq = seq, .bytes = (const uint8_t *)(uintptr_t)delivery->bytes.len, .len = (uint32_t)len};
	fb_buf_add(&delivery->bytes, row, len);
	return delivery->bytes.failed ? FB_E_NO_MEMORY : 0;
}

/* Rows of a correction are told from those that were published first. */
static int mark_window(void *arg, const struct fb_store_window *window)
{
	struct fb_delivery *delivery = arg;
	uint64_t end = window->first_seq + window->row_cnt;

	if (window->first_seq > delivery->rows[delivery->row_cnt - 1].seq)
		return 1;
	while (delivery->marked < delivery->row_cnt && delivery->rows[delivery->marked].seq < end) {
		struct fb_sink_row *row = &delivery->rows[delivery->marked++];

		if (window->revision == 0 || row->seq < window->first_seq)
			continue;
		row->revision = window->revision;
		row->change = fb_store_window_change(window, row->seq);
	}
	return 0;
}

static int mark_rows(struct fb_delivery *delivery)
{
	int rc;

	delivery->marked = 0;
	if (delivery->row_cnt == 0)
		return 0;
	rc = fb_store_scan_windows(
		delivery->conf.store, delivery->conf.query_id, delivery->rows[0].seq, mark_window, delivery);
	return FB_MIN(rc, 0);
}

static int read_rows(struct fb_delivery *delivery)
{
	int rc;

	delivery->row_cnt = 0;
	fb_buf_clear(&delivery->bytes);
	rc = fb_store_scan_results(
		delivery->conf.store, delivery->conf.query_id, delivery->position, false, collect, delivery);
	for (uint32_t i = 0; i < delivery->row_cnt; i++)
		delivery->rows[i].bytes = (const uint8_t *)delivery->bytes.p + (uintptr_t)delivery->rows[i].bytes;
	return rc < 0 ? rc : mark_rows(delivery);
}

/* ---- status ---- */

static void note_error(struct fb_delivery *delivery, int rc, const struct fb_buf *message)
{
	pthread_mutex_lock(&delivery->mutex);
	delivery->status.waiting = true;
	delivery->status.retries++;
	snprintf(delivery->status.message, sizeof(delivery->status.message), "%s",
		message->p != NULL && message->len > 0 ? message->p : fb_strerror(rc));
	pthread_mutex_unlock(&delivery->mutex);
	delivery->back_off_ms = FB_MIN(FB_MAX(delivery->back_off_ms * 2, (uint32_t)BACK_OFF_FIRST_MS), (uint32_t)BACK_OFF_MAX_MS);
}

static void note_cursor(struct fb_delivery *delivery, uint64_t cursor)
{
	pthread_mutex_lock(&delivery->mutex);
	if (cursor > delivery->status.cursor) {
		delivery->status.last_ok_ms = fb_clock_realtime_ns() / 1000000;
		delivery->status.cursor = delivery->status.delivered = cursor;
	}
	delivery->status.waiting = false;
	delivery->status.message[0] = '\0';
	pthread_cond_broadcast(&delivery->changed);
	pthread_mutex_unlock(&delivery->mutex);
	delivery->back_off_ms = 0;
}

/* ---- the thread ---- */

static int hand_over(struct fb_delivery *delivery, struct fb_buf *message, bool *ret_more)
{
	uint32_t taken = 0;
	int rc = read_rows(delivery);

	*ret_more = false;
	if (rc != 0 || delivery->row_cnt == 0)
		return rc;
	rc = delivery->ops->write(delivery->sink, delivery->rows, delivery->row_cnt, &taken, message);
	if (taken > 0)
		delivery->position = delivery->rows[taken - 1].seq + 1;
	*ret_more = taken == delivery->row_cnt;
	return rc;
}

static int step(struct fb_delivery *delivery, bool flush, bool *ret_more)
{
	struct fb_buf message = {0};
	uint64_t next_seq = delivery->saved;
	bool more = false;
	int rc = 0;

	if (delivery->position < delivery->end)
		rc = hand_over(delivery, &message, &more);
	if (rc == 0)
		rc = delivery->ops->poll(delivery->sink, flush && !more, more ? 0 : POLL_MS, &next_seq, &message);
	/* Also when the sink has gone away: what has arrived has arrived. */
	if (next_seq > delivery->saved) {
		int saved = save_cursor(delivery, next_seq);

		rc = rc ? rc : saved;
	}
	if (rc == FB_E_CANCELLED) {
		/* The sink has to begin anew: what has not arrived is read again from the store. */
		delivery->ops->close(delivery->sink);
		delivery->sink = NULL;
		delivery->position = delivery->saved;
	}
	if (rc == 0)
		note_cursor(delivery, delivery->saved);
	else
		note_error(delivery, rc, &message);
	fb_buf_fini(&message);
	*ret_more = more;
	return rc;
}

static int reopen(struct fb_delivery *delivery)
{
	struct fb_buf message = {0};
	int rc = delivery->ops->open(&delivery->conf, delivery->saved, &message, &delivery->sink);

	if (rc != 0) {
		delivery->sink = NULL;
		note_error(delivery, rc, &message);
	}
	fb_buf_fini(&message);
	return rc;
}

/* With the mutex held. */
static void wait_ms(struct fb_delivery *delivery, uint32_t ms)
{
	int64_t until_ns = fb_clock_monotonic_ns() + (int64_t)ms * 1000000;
	struct timespec until = {.tv_sec = until_ns / 1000000000, .tv_nsec = until_ns % 1000000000};

	pthread_cond_timedwait(&delivery->changed, &delivery->mutex, &until);
}

static void *delivery_main(void *arg)
{
	struct fb_delivery *delivery = arg;
	bool more = false;

	pthread_mutex_lock(&delivery->mutex);
	while (!delivery->stop) {
		bool drain = delivery->drain;
		bool idle = delivery->status.end == delivery->saved;

		if (delivery->back_off_ms > 0)
			wait_ms(delivery, delivery->back_off_ms);
		else if (idle && !more)
			wait_ms(delivery, IDLE_MS);
		if (delivery->stop)
			break;
		delivery->end = delivery->status.end;
		pthread_mutex_unlock(&delivery->mutex);
		if (delivery->sink != NULL || reopen(delivery) == 0)
			(void)step(delivery, drain, &more);
		pthread_mutex_lock(&delivery->mutex);
	}
	pthread_mutex_unlock(&delivery->mutex);
	return NULL;
}

/* ---- control ---- */

static void destroy(struct fb_delivery *delivery)
{
	if (delivery->sink != NULL)
		delivery->ops->close(delivery->sink);
	if (delivery->batch != NULL)
		fb_store_batch_destroy(delivery->batch);
	fb_buf_fini(&delivery->bytes);
	free(delivery->rows);
	pthread_mutex_destroy(&delivery->mutex);
	pthread_cond_destroy(&delivery->changed);
	free(delivery);
}

int fb_delivery_start(const struct fb_sink_conf *conf, struct fb_buf *message, struct fb_delivery **ret)
{
	struct fb_delivery *delivery = calloc(1, sizeof(*delivery));
	pthread_condattr_t attr;
	int rc;

	if (delivery == NULL)
		return FB_E_NO_MEMORY;
	pthread_mutex_init(&delivery->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&delivery->changed, &attr);
	pthread_condattr_destroy(&attr);
	delivery->conf = *conf;
	delivery->ops = fb_sink_find(conf->query->sink->connector);
	delivery->rows = calloc(ROWS_PER_READ, sizeof(*delivery->rows));
	delivery->batch = fb_store_batch_create(conf->store);
	rc = delivery->ops == NULL ? FB_E_UNSUPPORTED : 0;
	if (rc == 0 && (delivery->rows == NULL || delivery->batch == NULL))
		rc = FB_E_NO_MEMORY;
	if (rc == 0)
		rc = load_cursor(delivery);
	if (rc == 0)
		rc = delivery->ops->open(conf, delivery->saved, message, &delivery->sink);
	if (rc == 0) {
		delivery->position = delivery->saved;
		delivery->status.cursor = delivery->status.delivered = delivery->status.end = delivery->saved;
		rc = pthread_create(&delivery->thread, NULL, delivery_main, delivery) ? FB_E_NO_MEMORY : 0;
	}
	if (rc != 0) {
		destroy(delivery);
		return rc;
	}
	*ret = delivery;
	return 0;
}

void fb_delivery_notify(struct fb_delivery *delivery, uint64_t end)
{
	pthread_mutex_lock(&delivery->mutex);
	if (end > delivery->status.end) {
		delivery->status.end = end;
		/* A sink that is away is asked again in its own time. */
		if (delivery->back_off_ms == 0)
			pthread_cond_broadcast(&delivery->changed);
	}
	pthread_mutex_unlock(&delivery->mutex);
}

int fb_delivery_drain(struct fb_delivery *delivery, int timeout_ms)
{
	int64_t until_ns = fb_clock_monotonic_ns() + (int64_t)timeout_ms * 1000000;
	int rc = 0;

	pthread_mutex_lock(&delivery->mutex);
	delivery->drain = true;
	pthread_cond_broadcast(&delivery->changed);
	while (rc == 0 && delivery->status.cursor < delivery->status.end) {
		/* Rounded up: a wait of less than 1 ms must wait, and let the thread have the mutex. */
		int64_t left_ms = (until_ns - fb_clock_monotonic_ns() + 999999) / 1000000;

		if (left_ms <= 0)
			rc = FB_E_TIMEOUT;
		else
			wait_ms(delivery, (uint32_t)left_ms);
	}
	delivery->drain = rc != 0; /* a caller that asks again finds it under way */
	pthread_mutex_unlock(&delivery->mutex);
	return rc;
}

void fb_delivery_stop(struct fb_delivery *delivery)
{
	pthread_mutex_lock(&delivery->mutex);
	delivery->stop = true;
	pthread_cond_broadcast(&delivery->changed);
	pthread_mutex_unlock(&delivery->mutex);
	pthread_join(delivery->thread, NULL);
	destroy(delivery);
}

void fb_delivery_status(struct fb_delivery *delivery, struct fb_delivery_status *ret)
{
	pthread_mutex_lock(&delivery->mutex);
	*ret = delivery->status;
	pthread_mutex_unlock(&delivery->mutex);
}
