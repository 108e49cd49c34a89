/* SPDX-License-Identifier: Apache-2.0 */
/* The thread of a job: its sources one after the other, then what its sinks have not taken yet. */
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "config/base/calendar.h"
#include "control/recompute/job.h"

#define EPOCH_MS 5000
#define DRAIN_MS 100
#define MIB (1ull << 20)

bool fb_job_is_at_work(const struct fb_job *job)
{
	return job->state == FB_REPLAY_RUNNING || job->state == FB_REPLAY_DELIVERING;
}

/* Threads below inherit it. Workers have their cores to themselves; where that leaves none, priority has to do. */
static void give_way(const struct fb_appliance *appliance)
{
	long cnt = sysconf(_SC_NPROCESSORS_CONF);
	cpu_set_t set;

	CPU_ZERO(&set);
	for (long i = 0; i < cnt && i < CPU_SETSIZE; i++)
		CPU_SET((size_t)i, &set);
	for (uint32_t i = 0; i < appliance->cores.workers_count; i++)
		CPU_CLR(appliance->cores.workers[i], &set);
	if (CPU_COUNT(&set) > 0)
		FB_IGNORE(sched_setaffinity(0, sizeof(set), &set));
	FB_IGNORE(setpriority(PRIO_PROCESS, (id_t)gettid(), 19));
}

/* ---- what the replay tells ---- */

struct running {
	struct fb_job *job;
	struct fb_job_pass *pass;
	struct fb_replay_progress before; /* what the epoch has that it goes on from */
};

static int take_rows(void *arg, const struct fb_replay_rows *rows)
{
	const struct running *running = arg;
	struct fb_job_query *query = running->pass->queries[rows->query];
	int rc = 0;

	if (query->verify != NULL)
		rc = fb_verify_rows(query->verify, rows);
	if (rc == 0 && running->job->keeps_rows && rows->row_cnt > 0)
		rc = fb_job_put(running->job, &query->rows, rows->bytes, rows->len, rows->row_cnt);
	return rc;
}

static void take_progress(void *arg, const struct fb_replay_progress *progress)
{
	const struct running *running = arg;

	struct fb_replay_progress sum = *progress;

	/* A run that was resumed counts from there. */
	sum.records += running->before.records;
	sum.bytes += running->before.bytes;
	sum.total_bytes = FB_MAX(running->before.total_bytes, sum.total_bytes);
	pthread_mutex_lock(&running->job->recompute->lock);
	running->job->progress = sum;
	pthread_mutex_unlock(&running->job->recompute->lock);
}

static int take_epoch(void *arg, const uint8_t *bytes, size_t len)
{
	const struct running *running = arg;

	return fb_job_keep(running->job, bytes, len);
}

/* ---- a pass ---- */

static int open_verification(struct fb_job_query *query)
{
	struct fb_job *job = query->job;
	struct fb_verify_conf conf = {
		.store = fb_engine_store(job->recompute->engine),
		.plan = query->plan,
		.range = {job->definition.from_ms, job->definition.to_ms},
		.done_ms = query->kept.done_ms,
		.fn = fb_job_differs,
		.arg = query,
	};
	int rc = fb_job_find_published(query);

	if (rc != 0)
		return rc;
	query->verified_before = query->kept.verify;
	conf.published = query->published;
	return fb_verify_open(&conf, &query->verify);
}

/* What the pipeline began with, so that its first windows are as they were live. *ret: lanes that the log has of them. */
static struct fb_replay_lane *lanes_of(const struct fb_job *job, const struct fb_job_pass *pass, uint32_t *ret_cnt)
{
	const struct fb_published *published = &pass->queries[0]->published;
	struct fb_replay_lane *lanes = calloc(published->lane_cnt + 1, sizeof(*lanes));

	*ret_cnt = 0;
	for (uint32_t i = 0; lanes != NULL && i < published->lane_cnt; i++) {
		uint32_t core = (uint32_t)published->lanes[i].core;
		struct fb_rawlog_span span;

		if (fb_rawlog_total(fb_engine_rawlog(job->recompute->engine), pass->log_stream, core, &span) == 0)
			lanes[(*ret_cnt)++] = (struct fb_replay_lane){core, published->lanes[i].from_seq, UINT64_MAX};
	}
	return lanes;
}

static void add_words(void *a, const void *b, size_t bytes)
{
	uint64_t *to = a;
	const uint64_t *from = b;

	for (size_t i = 0; i < bytes / sizeof(*to); i++)
		to[i] += from[i];
}

/* What a pass that is through adds to. */
struct totals {
	struct fb_decode_counters decode;
	uint64_t missing_datagrams, damaged_datagrams;
	uint32_t pass;
};

/* Only the thread of the job changes them. */
static struct totals read_totals(const struct fb_job *job)
{
	return (struct totals){job->decode, job->missing_datagrams, job->damaged_datagrams, job->pass};
}

static void set_totals(struct fb_job *job, const struct totals *totals)
{
	pthread_mutex_lock(&job->recompute->lock);
	job->decode = totals->decode;
	job->missing_datagrams = totals->missing_datagrams;
	job->damaged_datagrams = totals->damaged_datagrams;
	job->pass = totals->pass;
	pthread_mutex_unlock(&job->recompute->lock);
}

/* What its end told of the source. */
static void take_numbers(struct fb_job *job, const struct fb_job_pass *pass, const struct fb_replay_numbers *numbers)
{
	for (uint32_t i = 0; i < pass->query_cnt; i++) {
		struct fb_job_progress *now = &pass->queries[i]->now;
		const struct fb_replay_query *query = &numbers->queries[i];

		now->finished = true;
		now->decoded = numbers->decode.decoded;
		now->windows = query->windows;
		now->window_rows = query->window_rows;
		now->dropped_groups = query->dropped_groups;
		now->result_rows = query->result_rows;
		now->counters = query->counters;
	}
	pthread_mutex_lock(&job->recompute->lock);
	add_words(&job->decode, &numbers->decode, sizeof(job->decode));
	job->missing_datagrams += numbers->log.missing_datagrams;
	job->damaged_datagrams += numbers->log.damaged_datagrams;
	job->progress.records = numbers->decode.records;
	job->progress.bytes = job->progress.total_bytes = numbers->input_bytes;
	job->pass++;
	pthread_mutex_unlock(&job->recompute->lock);
}

static int finish_pass(struct fb_job *job, const struct fb_job_pass *pass, const struct fb_replay_numbers *numbers,
	struct fb_buf *message)
{
	struct totals before;
	int rc = 0;

	if (!fb_replay_balanced(numbers, message))
		return FB_E_INTERNAL;
	for (uint32_t i = 0; rc == 0 && i < pass->query_cnt; i++)
		if (pass->queries[i]->verify != NULL)
			rc = fb_verify_finish(pass->queries[i]->verify);
	if (rc != 0)
		return rc;
	before = read_totals(job);
	take_numbers(job, pass, numbers);
	rc = fb_job_keep(job, NULL, 0);
	/* Not in the store: it is not through, and what resumes the job reads on from the last epoch. */
	if (rc != 0)
		set_totals(job, &before);
	return rc;
}

static int run_pass(struct fb_job *job, struct fb_job_pass *pass, struct fb_buf *message)
{
	const struct fb_job_definition *definition = &job->definition;
	const struct fb_appliance *appliance = job->recompute->appliance;
	const struct fb_stream_conf *stream = &appliance->streams[pass->stream];
	struct running running = {job, pass};
	struct fb_replay_range range = {definition->from_ms, definition->to_ms};
	struct fb_replay_conf conf = {
		.source = pass->source,
		.queries = pass->plans,
		.query_cnt = pass->query_cnt,
		.batch = job->batch,
		.threads = (uint32_t)definition->threads,
		.state_bytes = appliance->replay.state_mb * MIB,
		.isa = fb_isa_detect(),
		.windows = &range,
		.budget = {.read_bytes_per_s = definition->read_mb_s * 1000000,
			.cpu_percent = (uint32_t)definition->cpu_percent,
			.low_priority = true},
		.cancel = &job->stop,
		.rows = take_rows,
		.progress = take_progress,
		.arg = &running,
	};
	struct fb_replay_log log = {
		.log = fb_engine_rawlog(job->recompute->engine),
		.stream = pass->log_stream,
		.framing = strcmp(stream->framing, "datagram") == 0 ? FB_FRAMING_DATAGRAM : FB_FRAMING_NEWLINE,
		.record_layout = stream->layout,
		.idle_timeout_ms = fb_engine_idle_timeout_ms(job->plan, pass->source, stream),
		.from_ns = INT64_MIN,
		.to_ns = INT64_MAX,
		.epoch_ms = job->resumable ? EPOCH_MS : 0,
		.epoch = take_epoch,
		.resume = job->epoch.len > 0 ? (const uint8_t *)job->epoch.p : NULL,
		.resume_len = job->epoch.len,
	};
	struct fb_replay_numbers numbers = {0};
	struct fb_replay_lane *lanes = NULL;
	int rc = 0;

	if (log.resume != NULL)
		running.before = job->progress;
	for (uint32_t i = 0; rc == 0 && definition->verify && i < pass->query_cnt; i++) {
		rc = open_verification(pass->queries[i]);
		if (rc == FB_E_NOT_FOUND)
			fb_buf_printf(message, "pipeline '%s' is not there any more", definition->against);
		else if (rc == FB_E_UNSUPPORTED)
			fb_buf_printf(message, "'%s': sessions are compared by their bounds: select window_start and window_end",
				pass->plans[i]->name);
	}
	if (rc == 0 && definition->verify) {
		lanes = lanes_of(job, pass, &log.lane_cnt);
		log.lanes = lanes;
		rc = lanes == NULL ? FB_E_NO_MEMORY : 0;
	}
	if (rc == 0)
		rc = fb_replay_run_log(&conf, &log, message, &numbers);
	if (rc == 0)
		rc = finish_pass(job, pass, &numbers, message);
	fb_replay_numbers_fini(&numbers);
	for (uint32_t i = 0; i < pass->query_cnt; i++) {
		fb_verify_close(pass->queries[i]->verify);
		pass->queries[i]->verify = NULL;
	}
	fb_buf_clear(&job->epoch);
	free(lanes);
	return rc;
}

/* ---- sinks ---- */

static int open_sinks(struct fb_job *job, struct fb_buf *message)
{
	char name[160];
	int rc = 0;

	if (job->definition.into[0] == '\0')
		return 0;
	snprintf(name, sizeof(name), "replay-%llu", (unsigned long long)job->id);
	for (uint32_t i = 0; rc == 0 && i < job->query_cnt; i++) {
		struct fb_job_query *query = &job->queries[i];
		struct fb_sink_conf conf = {
			.query = query->plan,
			.appliance = job->recompute->appliance,
			.pipeline = name,
			.query_id = query->rows.query_id,
			.commit_interval_ms = job->plan->settings.checkpoint_interval_ms,
			.store = fb_engine_store(job->recompute->engine),
		};
		struct fb_delivery *delivery = NULL;

		rc = fb_delivery_start(&conf, message, &delivery);
		if (rc != 0)
			break;
		fb_delivery_notify(delivery, query->kept.next_seq);
		pthread_mutex_lock(&job->recompute->lock);
		query->delivery = delivery;
		pthread_mutex_unlock(&job->recompute->lock);
	}
	return rc;
}

/* The status stays: what has arrived. */
static void close_sinks(struct fb_job *job)
{
	for (uint32_t i = 0; i < job->query_cnt; i++) {
		struct fb_job_query *query = &job->queries[i];
		struct fb_delivery *delivery = query->delivery;

		if (delivery == NULL)
			continue;
		pthread_mutex_lock(&job->recompute->lock);
		fb_delivery_status(delivery, &query->delivered);
		query->delivery = NULL;
		pthread_mutex_unlock(&job->recompute->lock);
		fb_delivery_stop(delivery);
	}
}

static void drain_sinks(struct fb_job *job)
{
	for (uint32_t i = 0; i < job->query_cnt; i++)
		while (job->queries[i].delivery != NULL && !atomic_load(&job->stop) &&
			fb_delivery_drain(job->queries[i].delivery, DRAIN_MS) != 0)
			;
}

/* ---- the whole ---- */

static void set_state(struct fb_job *job, enum fb_replay_state state, const char *error)
{
	pthread_mutex_lock(&job->recompute->lock);
	job->state = state;
	free(job->error);
	job->error = error != NULL && error[0] != '\0' ? strdup(error) : NULL;
	if (!fb_job_is_at_work(job))
		job->ended_ms = fb_clock_realtime_ns() / 1000000;
	fb_keep_progress(job, job->batch_of_thread);
	pthread_mutex_unlock(&job->recompute->lock);
	if (state == FB_REPLAY_CANCELLED)
		fb_keep_drop_rows(job, job->batch_of_thread);
	if (state == FB_REPLAY_DONE && job->definition.repair)
		fb_repair_note(job, job->batch_of_thread);
	/* If it cannot be written, the next start finds the job as it was, and ends it again. */
	FB_IGNORE(fb_store_commit(job->batch_of_thread, true));
}

static const char *words_of(int rc, const struct fb_buf *message)
{
	if (message->len > 0)
		return message->p;
	return rc == FB_E_FULL ? "there is no room: in memory (replay.state_mb) or on the disk of the store" : fb_strerror(rc);
}

static int work(struct fb_job *job, struct fb_buf *message)
{
	int rc = open_sinks(job, message);

	while (rc == 0 && job->pass < job->pass_cnt)
		rc = atomic_load(&job->stop) ? FB_E_CANCELLED : run_pass(job, &job->passes[job->pass], message);
	if (rc == 0 && job->definition.into[0] != '\0') {
		set_state(job, FB_REPLAY_DELIVERING, NULL);
		drain_sinks(job);
		rc = atomic_load(&job->stop) ? FB_E_CANCELLED : 0;
	}
	close_sinks(job);
	return rc;
}

static void *job_main(void *arg)
{
	struct fb_job *job = arg;
	struct fb_recompute *recompute = job->recompute;
	struct fb_buf message = {0};
	int rc;

	give_way(recompute->appliance);
	rc = work(job, &message);
	pthread_mutex_lock(&recompute->lock);
	job->run_ns += fb_clock_monotonic_ns() - job->begun_ns;
	job->begun_ns = 0;
	pthread_mutex_unlock(&recompute->lock);
	if (atomic_load(&job->cancel))
		set_state(job, FB_REPLAY_CANCELLED, NULL);
	else if (rc == 0)
		set_state(job, FB_REPLAY_DONE, NULL);
	else if (!atomic_load(&job->stop))
		set_state(job, FB_REPLAY_FAILED, words_of(rc, &message));
	/* else: the daemon stops, and the next one goes on */
	fb_buf_fini(&message);
	pthread_mutex_lock(&recompute->lock);
	job->ended = true;
	pthread_cond_broadcast(&recompute->changed);
	pthread_mutex_unlock(&recompute->lock);
	return NULL;
}

int fb_job_start(struct fb_job *job)
{
	job->ended = false;
	job->begun_ns = fb_clock_monotonic_ns();
	if (job->batch_of_thread == NULL)
		job->batch_of_thread = fb_store_batch_create(fb_engine_store(job->recompute->engine));
	if (job->batch_of_thread == NULL || pthread_create(&job->thread, NULL, job_main, job) != 0) {
		job->begun_ns = 0;
		return FB_E_NO_MEMORY;
	}
	job->started = true;
	return 0;
}
