/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Late records: they are in the raw log, but in no published window. A repair computes the windows of a pipeline again as batch,
 * where nothing is late, and publishes what differs: that is what came late. How many late records a repair has seen is
 * kept for each query under meta "repair/<query id>", so that the next one is for those that came since.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/base/calendar.h"
#include "control/recompute/job.h"

static void key_of(const struct fb_job_query *query, char key[48])
{
	snprintf(key, 48, "repair/%" PRIu32, query->published.query_id);
}

static uint64_t repaired(struct fb_store *store, const struct fb_job_query *query)
{
	struct fb_buf bytes = {0};
	uint64_t value = 0;
	char key[48];

	key_of(query, key);
	if (fb_store_get_meta(store, key, &bytes) == 0 && bytes.len == sizeof(value))
		memcpy(&value, bytes.p, sizeof(value));
	fb_buf_fini(&bytes);
	return value;
}

uint64_t fb_repair_late(struct fb_recompute *recompute, const struct fb_job *job)
{
	uint64_t late = 0;

	for (uint32_t i = 0; i < job->query_cnt; i++) {
		uint64_t before = repaired(fb_engine_store(recompute->engine), &job->queries[i]);

		late += job->queries[i].late_rows - FB_MIN(before, job->queries[i].late_rows);
	}
	return late;
}

void fb_repair_note(const struct fb_job *job, struct fb_store_batch *batch)
{
	/* Of a part of the windows: which of the late records it has seen is not known. */
	if (job->definition.from_ms != FB_TIME_MIN || job->definition.to_ms != FB_TIME_MAX)
		return;
	for (uint32_t i = 0; i < job->query_cnt; i++) {
		const struct fb_job_query *query = &job->queries[i];
		char key[48];

		key_of(query, key);
		fb_store_put_meta(batch, key, &query->late_rows, sizeof(query->late_rows));
	}
}

/* ---- the schedule: SET 'forebay.late-repair.interval' ---- */

#define DOUBLINGS_MAX 10 /* of the interval, after failures */

struct due {
	struct fb_recompute *recompute;
	struct fb_arena arena;
	const char *names[FB_REPAIRS_MAX];
	uint32_t cnt;
};

static struct fb_repair_schedule *schedule_of(struct fb_recompute *recompute, const char *name, int64_t now_ns)
{
	struct fb_repair_schedule *schedule = NULL;

	for (uint32_t i = 0; i < recompute->repair_cnt; i++)
		if (strcmp(recompute->repairs[i].name, name) == 0)
			return &recompute->repairs[i];
	if (recompute->repair_cnt < FB_REPAIRS_MAX) {
		schedule = &recompute->repairs[recompute->repair_cnt++];
		schedule->looked_ns = now_ns;
		snprintf(schedule->name, sizeof(schedule->name), "%s", name);
	}
	return schedule;
}

/* Repairs of a pipeline that failed since the last one that did not. */
static uint32_t failures(struct fb_recompute *recompute, const char *name)
{
	uint32_t cnt = 0;

	pthread_mutex_lock(&recompute->lock);
	for (const struct fb_job *job = recompute->jobs; job != NULL; job = job->next)
		if (job->definition.repair && strcmp(job->definition.against, name) == 0 && !fb_job_is_at_work(job))
			cnt = job->state == FB_REPLAY_FAILED ? cnt + 1 : 0;
	pthread_mutex_unlock(&recompute->lock);
	return cnt;
}

/* What fails is tried less and less often: every try leaves a job that says why. */
static void look(void *arg, const char *name, int64_t interval_ms)
{
	struct due *due = arg;
	int64_t now_ns = fb_clock_monotonic_ns();
	struct fb_repair_schedule *schedule = schedule_of(due->recompute, name, now_ns);
	uint32_t doublings = FB_MIN(failures(due->recompute, name), (uint32_t)DOUBLINGS_MAX);

	if (schedule == NULL)
		return;
	schedule->running = true;
	if ((now_ns - schedule->looked_ns) / 1000000 >> doublings < interval_ms)
		return;
	schedule->looked_ns = now_ns;
	due->names[due->cnt] = fb_arena_strdup(&due->arena, fb_str_from(name));
	due->cnt += due->names[due->cnt] != NULL;
}

/* One repair of a pipeline at a time. */
static bool is_repaired(struct fb_recompute *recompute, const char *name)
{
	bool found = false;

	pthread_mutex_lock(&recompute->lock);
	for (const struct fb_job *job = recompute->jobs; job != NULL; job = job->next)
		found |= fb_job_is_at_work(job) && job->definition.repair && strcmp(job->definition.against, name) == 0;
	pthread_mutex_unlock(&recompute->lock);
	return found;
}

static void forget_others(struct fb_recompute *recompute)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < recompute->repair_cnt; i++)
		if (recompute->repairs[i].running)
			recompute->repairs[kept++] = recompute->repairs[i];
	recompute->repair_cnt = kept;
	for (uint32_t i = 0; i < kept; i++)
		recompute->repairs[i].running = false;
}

void fb_repair_round(struct fb_recompute *recompute)
{
	struct due due = {.recompute = recompute};

	fb_engine_late_repairs(recompute->engine, look, &due);
	for (uint32_t i = 0; i < due.cnt; i++) {
		struct fb_recompute_spec spec = {
			.against = due.names[i], .repair = true, .from_ms = FB_TIME_MIN, .to_ms = FB_TIME_MAX};
		struct fb_diags diags;
		uint64_t id;

		if (is_repaired(recompute, due.names[i]))
			continue;
		/* What stands against it (nothing in the log yet, too many jobs) may be gone the next time. */
		fb_diags_init(&diags, due.names[i]);
		FB_IGNORE(fb_recompute_create(recompute, &spec, &diags, &id));
		fb_diags_fini(&diags);
	}
	forget_others(recompute);
	fb_arena_fini(&due.arena);
}
