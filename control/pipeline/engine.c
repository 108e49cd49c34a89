/* SPDX-License-Identifier: Apache-2.0 */
#include "control/pipeline/replace.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/base/calendar.h"

#define IDLE_WAIT_NS 500000 /* of the engine thread: short against a window, long against a poll */
#define RETENTION_INTERVAL_NS 10000000000
#define SWEEP_INTERVAL_NS 100000000
#define STOP_TIMEOUT_NS 10000000000

/*
 * Two mutexes make the lock fair: whoever waits for `data` holds `turn`, so that the one that has just let go cannot take it
 * again at once.
 */
void fb_engine_lock(struct fb_engine *engine)
{
	pthread_mutex_lock(&engine->turn);
	pthread_mutex_lock(&engine->data);
	pthread_mutex_unlock(&engine->turn);
}

void fb_engine_unlock(struct fb_engine *engine)
{
	pthread_mutex_unlock(&engine->data);
}

bool fb_engine_wait(struct fb_engine *engine, int64_t until_ns)
{
	struct timespec until = {.tv_sec = until_ns / 1000000000, .tv_nsec = until_ns % 1000000000};

	return pthread_cond_timedwait(&engine->changed, &engine->data, &until) == 0;
}

/* ---- the engine thread ---- */

/* Deletes what every sink has and what is older than the retention: rows carry no time, so ages are taken per round. */
static void apply_retention(struct fb_engine *engine)
{
	int64_t now = fb_clock_monotonic_ns();

	if (now - engine->retention_ns < RETENTION_INTERVAL_NS)
		return;
	engine->retention_ns = now;
	fb_retention_round(engine);
}

/* Sinks are asked now and then: each time is some work for them. */
static void sweep_replaced(struct fb_engine *engine)
{
	int64_t now = fb_clock_monotonic_ns();

	if (now - engine->swept_ns < SWEEP_INTERVAL_NS)
		return;
	engine->swept_ns = now;
	fb_replace_sweep(engine);
}

static void *engine_main(void *arg)
{
	struct fb_engine *engine = arg;
	struct timespec pause = {.tv_nsec = IDLE_WAIT_NS};

	while (!atomic_load_explicit(&engine->quit, memory_order_acquire)) {
		fb_engine_lock(engine);

		bool busy = fb_merge_receive(engine);

		fb_hold_release(engine);

		if (fb_merge_step(engine)) {
			busy = true;
			pthread_cond_broadcast(&engine->changed);
		}
		if (fb_checkpoint_step(engine))
			pthread_cond_broadcast(&engine->changed);
		fb_backfill_sweep(engine);
		sweep_replaced(engine);
		apply_retention(engine);
		fb_engine_unlock(engine);
		if (!busy)
			nanosleep(&pause, NULL);
	}
	return NULL;
}

/* ---- start ---- */

static int open_ports(struct fb_engine *engine, struct fb_diags *diags)
{
	const struct fb_appliance *appliance = engine->appliance;

	if (appliance->ports_count > FB_ENGINE_PORT_MAX) {
		fb_diags_add(diags, FB_ERROR_SEVERITY, (struct fb_place){0}, NULL, "%u ports, but at most %u are supported",
			appliance->ports_count, FB_ENGINE_PORT_MAX);
		return FB_E_CONFIG;
	}
	for (uint32_t i = 0; i < appliance->ports_count; i++) {
		int rc = fb_port_open(&appliance->ports[i], appliance, diags, &engine->ports[i]);

		if (rc != 0)
			return rc;
		engine->port_cnt++;
	}
	return 0;
}

/* Packets that wait for the raw log are taken from what the queues do not need. A power of two, as rings are. */
#define TAP_CAP_MIN 256u
#define TAP_CAP_MAX 65536u

static uint32_t tap_cap(const struct fb_engine *engine)
{
	uint32_t spare = TAP_CAP_MAX;
	uint32_t cap = TAP_CAP_MIN;

	if (!fb_keeper_is_used(engine->keeper))
		return 0;
	for (uint32_t i = 0; i < engine->port_cnt; i++)
		spare = FB_MIN(spare, engine->ports[i]->spare_packets / FB_MAX((uint32_t)engine->ports[i]->queue_cnt, 1u));
	while (cap * 2 <= spare)
		cap *= 2;
	return cap;
}

static struct fb_port *find_port(struct fb_engine *engine, const char *name)
{
	for (uint32_t i = 0; i < engine->port_cnt; i++)
		if (strcmp(engine->ports[i]->conf->name, name) == 0)
			return engine->ports[i];
	return NULL;
}

/* Queue q of each port goes to worker q: a port's queues are spread over as many cores as it has queues. */
static int create_workers(struct fb_engine *engine)
{
	const struct fb_appliance *appliance = engine->appliance;

	engine->streams = calloc(appliance->streams_count + 1, sizeof(*engine->streams));
	engine->snapshots = calloc(appliance->cores.workers_count, sizeof(*engine->snapshots));
	engine->earlier = calloc(appliance->cores.workers_count, sizeof(*engine->earlier));
	if (engine->streams == NULL || engine->snapshots == NULL || engine->earlier == NULL)
		return FB_E_NO_MEMORY;
	for (uint32_t i = 0; i < appliance->streams_count; i++)
		engine->streams[i] = (struct fb_worker_stream){
			.port = find_port(engine, appliance->streams[i].port),
			.udp_port = (uint16_t)appliance->streams[i].udp_port,
			.stream = i,
			.idle_timeout_ms = appliance->streams[i].queue_idle_timeout_ms,
			.kept = fb_stream_is_kept(&appliance->streams[i]),
			.back_off = appliance->streams[i].retention_when_slow == FB_RAW_BACK_OFF,
		};

	for (uint32_t w = 0; w < appliance->cores.workers_count; w++) {
		struct fb_worker_queue queues[FB_ENGINE_PORT_MAX];
		uint64_t tap_seqs[FB_NET_STREAM_MAX] = {0};
		struct fb_worker_conf conf = {
			.index = w,
			.core = fb_eal_worker_lcore(w),
			.idle_sleep_us = appliance->cores.idle_sleep_us,
			.paused = true,
			.queues = queues,
			.streams = engine->streams,
			.stream_cnt = appliance->streams_count,
			.tap_seqs = tap_seqs,
			.tap_cap = tap_cap(engine),
		};

		for (uint32_t i = 0; i < FB_MIN(appliance->streams_count, (uint32_t)FB_NET_STREAM_MAX); i++) {
			/* An epoch may be ahead of a log that has lost its last blocks: numbers are not given twice. */
			tap_seqs[i] = FB_MAX(fb_keeper_next_seq(engine->keeper, i, w),
				fb_persist_lane(engine, appliance->streams[i].table, w));
			fb_keeper_resume(engine->keeper, i, w, tap_seqs[i]);
			engine->first_seqs[w][i] = tap_seqs[i];
			engine->epoch_seqs[w][i] = tap_seqs[i];
		}

		for (uint32_t p = 0; p < engine->port_cnt; p++)
			if (w < engine->ports[p]->queue_cnt) {
				queues[conf.queue_cnt++] =
					(struct fb_worker_queue){.port = engine->ports[p], .queue = (uint16_t)w};
				engine->owns_queue[w][p] = true;
			}

		int rc = fb_worker_create(&conf, &engine->workers[w]);

		if (rc != 0)
			return rc;
		engine->worker_cnt++;
	}
	return 0;
}

/* What was put right, a line each. */
static void report_store(const struct fb_engine *engine, struct fb_diags *diags)
{
	const char *line = fb_store_report(engine->store);

	while (*line != '\0') {
		size_t len = strcspn(line, "\n");

		fb_diags_add(diags, FB_WARNING, (struct fb_place){0}, NULL, "store %s: %.*s", engine->appliance->store.path, (int)len,
			line);
		line += len + (line[len] == '\n');
	}
}

static void note_log_ends(struct fb_engine *engine)
{
	for (uint32_t i = 0; i < FB_MIN(engine->appliance->streams_count, (uint32_t)FB_NET_STREAM_MAX); i++) {
		struct fb_keeper_stream stream;

		fb_keeper_view_stream(engine->keeper, i, &stream);
		if (stream.kept && stream.stored_datagrams > 0)
			engine->log_end_ms[i] = stream.last_arrival_ns / 1000000;
	}
}

static int open_store(struct fb_engine *engine, struct fb_diags *diags)
{
	struct fb_store_conf conf = {.path = engine->appliance->store.path};
	struct fb_buf message = {0};
	int rc = fb_store_open(&conf, &message, &engine->store);

	if (rc != 0)
		fb_diags_add(diags, FB_ERROR_SEVERITY, (struct fb_place){0},
			rc == FB_E_BUSY ? "is another forebayd running on it? each appliance needs a store of its own" : NULL,
			"store %s: %s", conf.path, message.p ? message.p : fb_strerror(rc));
	fb_buf_fini(&message);
	if (rc != 0)
		return rc;
	report_store(engine, diags);
	engine->batch = fb_store_batch_create(engine->store);
	rc = engine->batch ? fb_keeper_open(engine->appliance, engine->store, diags, &engine->keeper) : FB_E_NO_MEMORY;
	if (rc == 0)
		note_log_ends(engine);
	return rc;
}

static int start_all(struct fb_engine *engine, struct fb_diags *diags)
{
	int rc = fb_isa_parse(engine->appliance->kernels, &engine->isa);

	/* First EAL: it binds this thread to the main core, and the store's threads are to stay off the workers' too. */
	if (rc == 0)
		rc = fb_eal_start(engine->appliance, diags);
	if (rc == 0)
		rc = open_store(engine, diags);
	if (rc == 0)
		rc = open_ports(engine, diags);
	if (rc == 0)
		rc = create_workers(engine);
	if (rc != 0)
		return rc;
	fb_slice_seed();
	engine->tsc_hz = fb_worker_tsc_hz();
	for (uint32_t i = 0; i < engine->worker_cnt; i++) {
		rc = fb_worker_start(engine->workers[i]);
		if (rc != 0)
			return rc;
	}
	rc = fb_keeper_start(engine->keeper, engine->workers, engine->worker_cnt);
	if (rc != 0)
		return rc;
	if (pthread_create(&engine->thread, NULL, engine_main, engine) != 0)
		return FB_E_NO_MEMORY;
	engine->thread_started = true;
	fb_engine_lock(engine);
	rc = fb_persist_restore(engine, diags);
	fb_engine_unlock(engine);
	return rc;
}

static void destroy(struct fb_engine *engine)
{
	atomic_store(&engine->quit, true);
	if (engine->thread_started)
		pthread_join(engine->thread, NULL);
	fb_keeper_close(engine->keeper); /* its packets go back to the ports' pools */
	while (engine->pipelines != NULL) {
		struct pipeline *pipeline = engine->pipelines;

		engine->pipelines = pipeline->next;
		fb_pipeline_destroy(engine, pipeline);
	}
	fb_import_destroy(engine);
	for (uint32_t i = 0; i < engine->worker_cnt; i++)
		fb_worker_destroy(engine->workers[i]);
	for (uint32_t i = 0; i < engine->port_cnt; i++)
		fb_port_close(engine->ports[i]);
	if (engine->batch != NULL)
		fb_store_batch_destroy(engine->batch);
	if (engine->store != NULL)
		fb_store_close(engine->store);
	fb_eal_stop();
	free(engine->streams);
	free(engine->snapshots);
	free(engine->earlier);
	pthread_mutex_destroy(&engine->turn);
	pthread_mutex_destroy(&engine->data);
	pthread_cond_destroy(&engine->changed);
	free(engine);
}

static void send_all(struct fb_engine *engine, enum fb_mail_kind kind, int64_t until)
{
	for (uint32_t i = 0; i < engine->worker_cnt; i++) {
		struct fb_mail mail = {.kind = kind};

		while (fb_worker_send(engine->workers[i], &mail) == FB_E_AGAIN && fb_clock_monotonic_ns() < until)
			sched_yield();
	}
}

static void stop_workers(struct fb_engine *engine)
{
	int64_t until = fb_clock_monotonic_ns() + STOP_TIMEOUT_NS;

	send_all(engine, FB_MAIL_STOP, until);
	for (uint32_t i = 0; i < engine->worker_cnt; i++)
		while (engine->thread_started && !engine->worker_stopped[i] && fb_clock_monotonic_ns() < until)
			fb_engine_wait(engine, fb_clock_monotonic_ns() + 10000000);
}

int fb_engine_start(const struct fb_appliance *appliance, struct fb_diags *diags, struct fb_engine **ret)
{
	struct fb_engine *engine = calloc(1, sizeof(*engine));
	pthread_condattr_t attr;

	if (engine == NULL)
		return FB_E_NO_MEMORY;
	pthread_mutex_init(&engine->turn, NULL);
	pthread_mutex_init(&engine->data, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&engine->changed, &attr);
	pthread_condattr_destroy(&attr);
	engine->appliance = appliance;
	engine->next_query_id = 1;
	engine->started_ms = fb_clock_realtime_ns() / 1000000;
	engine->retention_ns = fb_clock_monotonic_ns();

	int rc = start_all(engine, diags);

	if (rc != 0) {
		if (diags->error_cnt == 0)
			fb_diags_add(diags, FB_ERROR_SEVERITY, (struct fb_place){0}, NULL, "the engine does not start: %s",
				fb_strerror(rc));
		fb_engine_lock(engine);
		stop_workers(engine);
		fb_engine_unlock(engine);
		for (uint32_t i = 0; i < engine->worker_cnt; i++)
			fb_worker_join(engine->workers[i]);
		destroy(engine);
		return rc;
	}
	*ret = engine;
	return 0;
}

int fb_engine_receive(struct fb_engine *engine, struct fb_diags *diags)
{
	for (uint32_t i = 0; i < engine->port_cnt; i++) {
		int rc = fb_port_start(engine->ports[i], diags);

		if (rc != 0)
			return rc;
	}
	fb_engine_lock(engine);
	for (uint32_t i = 0; i < engine->worker_cnt; i++)
		FB_IGNORE(fb_worker_send(engine->workers[i], &(struct fb_mail){.kind = FB_MAIL_RECEIVE}));
	engine->receiving = true;
	fb_engine_unlock(engine);
	return 0;
}

struct fb_rawlog *fb_engine_rawlog(struct fb_engine *engine)
{
	return fb_keeper_log(engine->keeper);
}

struct fb_store *fb_engine_store(struct fb_engine *engine)
{
	return engine->store;
}

/* ---- stop ---- */

static void last_ledger(struct fb_engine *engine, struct fb_ledger *ret)
{
	struct fb_engine_view view;

	*ret = (struct fb_ledger){0};
	if (fb_engine_view(engine, &view) == 0 && fb_ledger_make(&view, ret) != 0)
		fb_engine_view_fini(&view);
}

/*
 * A drain whose time was over before its windows were published has ended the input for good: where they are published by now, it is
 * done. Else the last checkpoint counts: readers at the end of their input would take every later record for late.
 */
static int keep_pipeline(struct fb_engine *engine, struct pipeline *pipeline)
{
	uint64_t bytes;

	if (pipeline->state == FB_PIPELINE_DRAINING) {
		if (!fb_merge_is_idle(pipeline))
			return FB_E_TIMEOUT;
		pipeline->state = FB_PIPELINE_DRAINED;
		fb_pipeline_free_readers(engine, pipeline);
	}
	return fb_persist_epoch(engine, pipeline, &bytes);
}

int fb_engine_stop(struct fb_engine *engine, int sink_timeout_ms, struct fb_ledger *ret_ledger)
{
	int64_t until = fb_clock_monotonic_ns() + (int64_t)sink_timeout_ms * 1000000;
	int rc = 0;

	fb_import_fini(engine);
	fb_engine_lock(engine);
	/* Else what comes while one pipeline is stopped is received and counted, and none reads it. */
	send_all(engine, FB_MAIL_PAUSE, until);
	for (struct pipeline *pipeline = engine->pipelines; pipeline != NULL; pipeline = pipeline->next)
		FB_IGNORE(fb_backfill_stop(engine, pipeline));
	for (struct pipeline *pipeline = engine->pipelines; pipeline != NULL; pipeline = pipeline->next) {
		if (pipeline->state == FB_PIPELINE_RUNNING &&
			fb_pipeline_detach(engine, pipeline, FB_MAIL_READER_KEEP) != 0)
			continue;
		/* Windows that were complete already are published before the rest is kept. */
		while (!fb_merge_is_idle(pipeline) && engine->store_error[0] == '\0' && fb_clock_monotonic_ns() < until)
			fb_engine_wait(engine, fb_clock_monotonic_ns() + 10000000);
	}
	stop_workers(engine);
	fb_engine_unlock(engine);
	for (uint32_t i = 0; i < engine->worker_cnt; i++)
		fb_worker_join(engine->workers[i]);
	fb_keeper_stop(engine->keeper);

	/* No engine thread from here on: nobody else touches the pipelines. */
	atomic_store(&engine->quit, true);
	if (engine->thread_started)
		pthread_join(engine->thread, NULL);
	engine->thread_started = false;
	for (struct pipeline *pipeline = engine->pipelines; pipeline != NULL; pipeline = pipeline->next) {
		int failed = keep_pipeline(engine, pipeline);

		rc = rc ? rc : failed;
		for (uint32_t q = 0; q < pipeline->query_cnt; q++) {
			int64_t left_ms = (until - fb_clock_monotonic_ns()) / 1000000;

			if (pipeline->queries[q].delivery != NULL)
				FB_IGNORE(fb_delivery_drain(pipeline->queries[q].delivery, (int)FB_MAX(left_ms, (int64_t)1)));
		}
	}
	if (rc == 0)
		rc = fb_persist_clean(engine, true);
	last_ledger(engine, ret_ledger);
	destroy(engine);
	return rc;
}
