/* SPDX-License-Identifier: Apache-2.0 */
#include "control/recompute/recompute.h"

#include <stdlib.h>
#include <string.h>

#include "config/base/calendar.h"
#include "control/recompute/job.h"

#define ROUND_NS 1000000000
#define CANCEL_NS 20000000000

static const struct fb_place no_place;

/* ---- jobs ---- */

struct fb_job *fb_job_create(struct fb_recompute *recompute)
{
	struct fb_job *job = calloc(1, sizeof(*job));

	if (job != NULL)
		job->recompute = recompute;
	return job;
}

static void free_definition(struct fb_job_definition *definition)
{
	free(definition->file);
	free(definition->sql);
	free(definition->into);
	free(definition->against);
}

void fb_job_free(struct fb_job *job)
{
	for (uint32_t i = 0; i < job->query_cnt; i++) {
		free(job->queries[i].types);
		fb_buf_fini(&job->queries[i].rows.pending);
		fb_buf_fini(&job->queries[i].differences.pending);
	}
	for (uint32_t i = 0; i < job->pass_cnt; i++) {
		free(job->passes[i].plans);
		free(job->passes[i].queries);
	}
	if (job->batch_of_thread != NULL)
		fb_store_batch_destroy(job->batch_of_thread);
	free(job->queries);
	free(job->passes);
	fb_plan_destroy(job->plan);
	free_definition(&job->definition);
	fb_buf_fini(&job->epoch);
	free(job->error);
	free(job);
}

struct fb_job *fb_job_find(struct fb_recompute *recompute, uint64_t id)
{
	for (struct fb_job *job = recompute->jobs; job != NULL; job = job->next)
		if (job->id == id && !job->leaving)
			return job;
	return NULL;
}

static uint32_t at_work_cnt(const struct fb_recompute *recompute)
{
	uint32_t cnt = 0;

	for (const struct fb_job *job = recompute->jobs; job != NULL; job = job->next)
		cnt += fb_job_is_at_work(job);
	return cnt;
}

/*
 * Whether another job corrects the same pipeline. A job compares with what was published as it began: two at one time would both
 * publish what differs.
 */
static bool is_corrected(const struct fb_recompute *recompute, const struct fb_job *job)
{
	for (const struct fb_job *other = recompute->jobs; other != NULL; other = other->next)
		if (other != job && fb_job_is_at_work(other) && other->definition.publish && job->definition.publish &&
			strcmp(other->definition.against, job->definition.against) == 0)
			return true;
	return false;
}

static int say_busy(struct fb_diags *diags)
{
	fb_diags_add(diags, FB_ERROR_SEVERITY, no_place, "`forebay replay list` shows them; wait, or cancel one",
		"%d replays are at work already", FB_RECOMPUTE_RUNNING_MAX);
	return FB_E_BUSY;
}

/* ---- create ---- */

static char *copy(const char *text)
{
	return strdup(text ? text : "");
}

static int define(struct fb_job *job, const struct fb_recompute_spec *spec)
{
	const struct fb_appliance *appliance = job->recompute->appliance;
	struct fb_job_definition *definition = &job->definition;

	*definition = (struct fb_job_definition){
		.file = copy(spec->file),
		.sql = strndup(spec->sql.p ? spec->sql.p : "", spec->sql.len),
		.into = copy(spec->into),
		.against = copy(spec->against),
		.from_ms = spec->from_ms,
		.to_ms = spec->to_ms,
		.mode = spec->repair ? FB_RECOMPUTE_BATCH : spec->mode,
		.verify = spec->verify || spec->publish || spec->repair,
		.publish = spec->publish || spec->repair,
		.repair = spec->repair,
		.threads = spec->threads ? spec->threads : appliance->replay.threads,
		.read_mb_s = spec->read_mb_s ? spec->read_mb_s : appliance->replay.read_mb_s,
		.cpu_percent = spec->cpu_percent ? spec->cpu_percent : appliance->replay.cpu_percent,
		.created_ms = fb_clock_realtime_ns() / 1000000,
	};
	return definition->file && definition->sql && definition->into && definition->against ? 0 : FB_E_NO_MEMORY;
}

/* The SQL of a pipeline that is repaired. */
static int take_pipeline(struct fb_job *job, struct fb_diags *diags)
{
	struct fb_job_definition *definition = &job->definition;
	char *sql = NULL, *file = NULL;
	int rc = fb_engine_pipeline_text(job->recompute->engine, definition->against, &file, &sql);

	if (rc == FB_E_NOT_FOUND)
		fb_diags_add(diags, FB_ERROR_SEVERITY, no_place, "`forebay status` lists the pipelines",
			"there is no pipeline '%s'", definition->against);
	if (rc != 0)
		return rc;
	free(definition->sql);
	free(definition->file);
	definition->sql = sql;
	definition->file = file;
	return 0;
}

static int prepare(struct fb_job *job, const struct fb_recompute_spec *spec, struct fb_diags *diags)
{
	struct fb_job_definition *definition = &job->definition;
	int rc = define(job, spec);

	if (rc == 0 && spec->repair)
		rc = take_pipeline(job, diags);
	if (rc == 0)
		rc = fb_job_plan(job, diags);
	if (rc == 0 && definition->verify && definition->against[0] == '\0') {
		free(definition->against);
		definition->against = fb_engine_pipeline_name(NULL, job->plan);
		rc = definition->against == NULL ? FB_E_NO_MEMORY : 0;
	}
	if (rc == 0)
		rc = fb_job_check(job, diags);
	for (uint32_t i = 0; i < job->query_cnt; i++)
		job->queries[i].late_rows = job->queries[i].published.late_rows;
	return rc;
}

static void name_outputs(struct fb_job *job, uint32_t first)
{
	job->definition.first_query_id = first;
	for (uint32_t i = 0; i < job->query_cnt; i++) {
		job->queries[i].rows.query_id = first + 2 * i;
		job->queries[i].differences.query_id = first + 2 * i + 1;
	}
}

static void unlink_job(struct fb_recompute *recompute, struct fb_job *job)
{
	struct fb_job **link = &recompute->jobs;

	while (*link != job)
		link = &(*link)->next;
	*link = job->next;
}

/* Into the list and the store, and to work. */
static int launch(struct fb_recompute *recompute, struct fb_job *job, struct fb_diags *diags)
{
	struct fb_store_batch *batch = fb_store_batch_create(fb_engine_store(recompute->engine));
	struct fb_job **link = &recompute->jobs;
	int rc = batch == NULL ? FB_E_NO_MEMORY : 0;

	pthread_mutex_lock(&recompute->lock);
	if (rc == 0 && at_work_cnt(recompute) >= FB_RECOMPUTE_RUNNING_MAX)
		rc = say_busy(diags);
	if (rc == 0 && is_corrected(recompute, job)) {
		fb_diags_add(diags, FB_ERROR_SEVERITY, no_place, "`forebay replay list` shows it; wait, or cancel it",
			"another replay publishes corrections of '%s'", job->definition.against);
		rc = FB_E_BUSY;
	}
	if (rc == 0) {
		job->id = recompute->next_id++;
		fb_keep_definition(job, batch);
		fb_keep_progress(job, batch);
		fb_keep_next_id(recompute, batch);
		rc = fb_store_commit(batch, true);
	}
	if (rc == 0) {
		while (*link != NULL)
			link = &(*link)->next;
		*link = job;
		rc = fb_job_start(job);
		if (rc != 0) {
			unlink_job(recompute, job);
			fb_keep_forget(job, batch);
			FB_IGNORE(fb_store_commit(batch, true));
		}
	}
	pthread_mutex_unlock(&recompute->lock);
	if (batch != NULL)
		fb_store_batch_destroy(batch);
	return rc;
}

int fb_recompute_create(
	struct fb_recompute *recompute, const struct fb_recompute_spec *spec, struct fb_diags *diags, uint64_t *ret_id)
{
	struct fb_job *job = fb_job_create(recompute);
	uint64_t id = 0;
	uint32_t first;
	int rc;

	if (job == NULL)
		return FB_E_NO_MEMORY;
	rc = prepare(job, spec, diags);
	if (rc == 0 && spec->repair && fb_repair_late(recompute, job) == 0) {
		fb_job_free(job);
		*ret_id = 0;
		return 0;
	}
	if (rc == 0)
		rc = fb_engine_reserve_queries(recompute->engine, 2 * job->query_cnt, &first);
	if (rc == 0) {
		name_outputs(job, first);
		rc = launch(recompute, job, diags);
		id = job->id;
	}
	if (rc != 0) {
		if (diags->error_cnt == 0)
			fb_diags_add(diags, FB_ERROR_SEVERITY, no_place, NULL, "the replay cannot be started: %s", fb_strerror(rc));
		fb_job_free(job);
		return rc;
	}
	*ret_id = id;
	return 0;
}

/* ---- cancel, resume, forget ---- */

/* Locked. The thread of a job that has ended. */
static void join(struct fb_job *job)
{
	if (job->started && job->ended) {
		pthread_join(job->thread, NULL);
		job->started = false;
	}
}

/* Locked, of a job that has ended: its thread may still be writing that down. */
static bool is_in_use(const struct fb_job *job)
{
	return job->reader_cnt > 0 || (job->started && !job->ended);
}

/* Locked, of a job that has ended: out of the list and the store. It is freed when nobody uses it. */
static int forget(struct fb_recompute *recompute, struct fb_job *job)
{
	struct fb_store_batch *batch = fb_store_batch_create(fb_engine_store(recompute->engine));
	int rc = batch == NULL ? FB_E_NO_MEMORY : 0;

	job->leaving = true;
	while (rc == 0 && is_in_use(job))
		pthread_cond_wait(&recompute->changed, &recompute->lock);
	if (rc == 0) {
		fb_keep_forget(job, batch);
		rc = fb_store_commit(batch, true);
		fb_store_batch_destroy(batch);
	}
	if (rc == 0) {
		join(job);
		unlink_job(recompute, job);
		fb_job_free(job);
	} else {
		job->leaving = false;
	}
	return rc;
}

static void wait_until(struct fb_recompute *recompute, int64_t until_ns)
{
	struct timespec until = {.tv_sec = until_ns / 1000000000, .tv_nsec = until_ns % 1000000000};

	pthread_cond_timedwait(&recompute->changed, &recompute->lock, &until);
}

int fb_recompute_cancel(struct fb_recompute *recompute, uint64_t id)
{
	int64_t until_ns = fb_clock_monotonic_ns() + CANCEL_NS;
	struct fb_job *job;
	int rc = 0;

	pthread_mutex_lock(&recompute->lock);
	job = fb_job_find(recompute, id);
	if (job == NULL)
		rc = FB_E_NOT_FOUND;
	else if (!fb_job_is_at_work(job))
		rc = forget(recompute, job);
	else if (job->started && !job->ended) {
		atomic_store(&job->cancel, true);
		atomic_store(&job->stop, true);
		/* Looked up each time: it may be forgotten meanwhile. */
		while ((job = fb_job_find(recompute, id)) != NULL && !job->ended && rc == 0) {
			wait_until(recompute, fb_clock_monotonic_ns() + ROUND_NS);
			if (fb_clock_monotonic_ns() > until_ns)
				rc = FB_E_TIMEOUT;
		}
	}
	pthread_mutex_unlock(&recompute->lock);
	return rc;
}

int fb_recompute_resume(struct fb_recompute *recompute, uint64_t id)
{
	struct fb_job *job;
	int rc = 0;

	pthread_mutex_lock(&recompute->lock);
	/* Looked up each time: it may be forgotten meanwhile. */
	while ((job = fb_job_find(recompute, id)) != NULL && job->state == FB_REPLAY_FAILED && job->started && !job->ended)
		pthread_cond_wait(&recompute->changed, &recompute->lock);
	if (job == NULL)
		rc = FB_E_NOT_FOUND;
	else if (job->state != FB_REPLAY_FAILED || job->pass_cnt == 0)
		rc = FB_E_INVALID;
	else if (at_work_cnt(recompute) >= FB_RECOMPUTE_RUNNING_MAX || is_corrected(recompute, job))
		rc = FB_E_BUSY;
	if (rc == 0) {
		join(job);
		rc = fb_keep_reload(job);
	}
	if (rc == 0) {
		job->state = FB_REPLAY_RUNNING;
		job->ended_ms = 0;
		atomic_store(&job->stop, recompute->quit);
		atomic_store(&job->cancel, false);
		rc = fb_job_start(job);
		if (rc != 0)
			job->state = FB_REPLAY_FAILED;
	}
	pthread_mutex_unlock(&recompute->lock);
	return rc;
}

/* ---- housekeeping ---- */

static void forget_expired(struct fb_recompute *recompute)
{
	int64_t keep_ms = (int64_t)recompute->appliance->store.results_retention_s * 1000;
	int64_t now_ms = fb_clock_realtime_ns() / 1000000;
	struct fb_job *next;

	for (struct fb_job *job = recompute->jobs; job != NULL; job = next) {
		next = job->next;
		if (fb_job_is_at_work(job))
			continue;
		join(job);
		if (!job->leaving && job->ended_ms > 0 && now_ms - job->ended_ms > keep_ms && !is_in_use(job))
			FB_IGNORE(forget(recompute, job));
	}
}

static void *keep_house(void *arg)
{
	struct fb_recompute *recompute = arg;

	pthread_mutex_lock(&recompute->lock);
	while (!recompute->quit) {
		forget_expired(recompute);
		pthread_mutex_unlock(&recompute->lock);
		fb_repair_round(recompute);
		pthread_mutex_lock(&recompute->lock);
		if (!recompute->quit)
			wait_until(recompute, fb_clock_monotonic_ns() + ROUND_NS);
	}
	pthread_mutex_unlock(&recompute->lock);
	return NULL;
}

/* ---- start, stop ---- */

int fb_recompute_start(struct fb_engine *engine, const struct fb_appliance *appliance, struct fb_recompute **ret)
{
	struct fb_recompute *recompute = calloc(1, sizeof(*recompute));
	pthread_condattr_t attr;
	int rc;

	if (recompute == NULL)
		return FB_E_NO_MEMORY;
	pthread_mutex_init(&recompute->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&recompute->changed, &attr);
	pthread_condattr_destroy(&attr);
	recompute->engine = engine;
	recompute->appliance = appliance;
	rc = fb_keep_restore(recompute);
	for (struct fb_job *job = recompute->jobs; rc == 0 && job != NULL; job = job->next) {
		if (fb_job_is_at_work(job))
			rc = fb_job_start(job);
	}
	fb_engine_set_replays(engine, fb_recompute_fill_view, recompute);
	if (rc == 0) {
		rc = pthread_create(&recompute->thread, NULL, keep_house, recompute) ? FB_E_NO_MEMORY : 0;
		recompute->thread_started = rc == 0;
	}
	if (rc != 0) {
		fb_recompute_stop(recompute);
		return rc;
	}
	*ret = recompute;
	return 0;
}

void fb_recompute_stop(struct fb_recompute *recompute)
{
	fb_engine_set_replays(recompute->engine, NULL, NULL);
	pthread_mutex_lock(&recompute->lock);
	recompute->quit = true;
	for (struct fb_job *job = recompute->jobs; job != NULL; job = job->next)
		atomic_store(&job->stop, true);
	pthread_cond_broadcast(&recompute->changed);
	pthread_mutex_unlock(&recompute->lock);
	if (recompute->thread_started)
		pthread_join(recompute->thread, NULL);
	while (recompute->jobs != NULL) {
		struct fb_job *job = recompute->jobs;

		recompute->jobs = job->next;
		if (job->started)
			pthread_join(job->thread, NULL);
		fb_job_free(job);
	}
	pthread_mutex_destroy(&recompute->lock);
	pthread_cond_destroy(&recompute->changed);
	free(recompute);
}
