/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reference: every row is put into every window it belongs to, one after the other; windows are kept in
 * a list; a session is found by looking at all of them. Rules W1, W6, W7, W9, M1, M4, M5, M6 as they are
 * written in the semantics.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lab.h"

struct events events_make(const struct events_conf *conf)
{
	struct events events = {calloc(conf->cnt + 1, sizeof(struct event)), conf->cnt};
	struct random random = {conf->seed};

	cr_assert_not_null(events.at);
	for (size_t i = 0; i < conf->cnt; i++)
		events.at[i] = (struct event){
			.k = (uint32_t)random_below(&random, conf->key_cnt),
			.v = (int64_t)random_below(&random, 1000) - 500,
			.ts = 1000000 + (int64_t)i * conf->span_ms / (int64_t)conf->cnt -
			      (conf->jitter_ms ? (int64_t)random_below(
							 &random, (uint64_t)conf->jitter_ms)
					       : 0)};
	return events;
}

void events_fini(struct events *events)
{
	free(events->at);
}

char *events_csv(const struct events *events, size_t from, size_t to)
{
	struct fb_buf out = {0};
	char time[32];

	for (size_t i = from; i < to; i++)
		fb_buf_printf(&out, "key-%u,%lld,%s\n", events->at[i].k, (long long)events->at[i].v,
			time_text(events->at[i].ts, time));
	fb_buf_add(&out, "", 1);
	cr_assert_not(out.failed);
	return out.p;
}

struct group {
	uint32_t k;
	int64_t start, end;
	uint64_t cnt;
	int64_t sum, min, max;
	bool open;
	bool passed; /* its row went to the level above */
};

struct groups {
	struct group *at;
	size_t cnt, cap;
	size_t first_open; /* all before have fired */
};

static void add_value(struct group *group, int64_t v)
{
	group->min = group->cnt && group->min < v ? group->min : v;
	group->max = group->cnt && group->max > v ? group->max : v;
	group->sum += v;
	group->cnt++;
}

static struct group *new_group(struct groups *groups, uint32_t k, int64_t start, int64_t end)
{
	if (groups->cnt == groups->cap) {
		groups->cap = groups->cap ? 2 * groups->cap : 256;
		groups->at = realloc(groups->at, groups->cap * sizeof(*groups->at));
		cr_assert_not_null(groups->at);
	}
	groups->at[groups->cnt] = (struct group){.k = k, .start = start, .end = end, .open = true};
	return &groups->at[groups->cnt++];
}

static void into_window(struct groups *groups, const struct event *event, int64_t start, int64_t end)
{
	for (size_t i = groups->first_open; i < groups->cnt; i++) {
		struct group *group = &groups->at[i];

		if (group->k == event->k && group->start == start && group->end == end) {
			add_value(group, event->v);
			return;
		}
	}
	add_value(new_group(groups, event->k, start, end), event->v);
}

static int64_t floor_to(int64_t ts, int64_t offset, int64_t size)
{
	return ts - (((ts - offset) % size) + size) % size;
}

static void into_windows(struct groups *groups, const struct event *event,
	const struct fb_window *window, int64_t watermark, struct reference_counts *counts)
{
	bool cumulate = window->kind == FB_WINDOW_CUMULATE;
	int64_t base = floor_to(
		event->ts, window->offset_ms, cumulate ? window->size_ms : window->step_ms);
	uint64_t fired = 0, open = 0;

	/* HOP: all windows that begin at the last start or up to a size before; CUMULATE: all that begin
	 * at the base and end behind the row. */
	for (int64_t i = 0; i < window->size_ms / window->step_ms; i++) {
		int64_t start = cumulate ? base : base - i * window->step_ms;
		int64_t end = cumulate ? base + (i + 1) * window->step_ms : start + window->size_ms;

		if (end <= event->ts)
			continue;
		if (end - 1 <= watermark) {
			fired++;
			continue;
		}
		into_window(groups, event, start, end);
		open++;
	}
	counts->late_pairs += fired;
	counts->late += open == 0;
	counts->accepted += open > 0;
}

static void into_session(struct groups *groups, const struct event *event, int64_t gap,
	int64_t watermark, struct reference_counts *counts)
{
	int64_t start = event->ts, end = event->ts + gap;
	struct group *mine = NULL;

	for (size_t i = groups->first_open; i < groups->cnt; i++) {
		struct group *group = &groups->at[i];

		if (!group->open || group->k != event->k || group->end - 1 <= watermark ||
			group->start > end || group->end < start)
			continue;
		if (mine == NULL) {
			mine = group;
			continue;
		}
		/* The row bridges two sessions: they become one. */
		mine->start = FB_MIN(mine->start, group->start);
		mine->end = FB_MAX(mine->end, group->end);
		mine->sum += group->sum;
		mine->cnt += group->cnt;
		mine->min = FB_MIN(mine->min, group->min);
		mine->max = FB_MAX(mine->max, group->max);
		group->open = false;
		group->cnt = 0;
	}
	if (mine == NULL && end - 1 <= watermark) {
		counts->late++;
		counts->late_pairs++;
		return;
	}
	counts->accepted++;
	if (mine == NULL)
		mine = new_group(groups, event->k, start, end);
	mine->start = FB_MIN(mine->start, start);
	mine->end = FB_MAX(mine->end, end);
	add_value(mine, event->v);
}

static struct rows rows_of(const struct groups *groups)
{
	struct rows rows = {0};

	for (size_t i = 0; i < groups->cnt; i++)
		if (groups->at[i].cnt > 0)
			rows_add(&rows, "%lld|%lld|key-%u|%llu|%lld|%lld|%lld",
				(long long)groups->at[i].start, (long long)groups->at[i].end,
				groups->at[i].k, (unsigned long long)groups->at[i].cnt,
				(long long)groups->at[i].sum, (long long)groups->at[i].min,
				(long long)groups->at[i].max);
	return rows;
}

static void into(struct groups *groups, const struct event *event, const struct fb_window *window, int64_t watermark,
	struct reference_counts *counts)
{
	if (window->kind == FB_WINDOW_SESSION)
		into_session(groups, event, window->size_ms, watermark, counts);
	else
		into_windows(groups, event, window, watermark, counts);
}

struct rows reference_cascade(
	const struct events *events, const struct fb_window *first, const struct fb_window *second, int64_t delay_ms)
{
	struct groups low = {0}, high = {0};
	struct reference_counts counts = {0}, above = {0};
	int64_t watermark = 0;
	struct rows rows;

	for (size_t i = 0; i <= events->cnt; i++) {
		bool end = i == events->cnt;
		int64_t next = end ? INT64_MAX : FB_MAX(watermark, events->at[i].ts - delay_ms);

		if (!end)
			into(&low, &events->at[i], first, watermark, &counts);
		for (size_t g = 0; g < low.cnt; g++) {
			struct group *group = &low.at[g];
			struct event row = {.k = group->k, .v = group->sum, .ts = group->end - 1};

			if (group->passed || group->cnt == 0 || row.ts > next)
				continue;
			group->passed = true;
			into(&high, &row, second, watermark, &above);
		}
		watermark = next;
	}
	cr_assert_eq(above.late_pairs, 0);
	rows = rows_of(&high);
	free(low.at);
	free(high.at);
	return rows;
}

struct rows reference_answer(const struct events *events, const struct fb_window *window, int64_t delay_ms,
	struct reference_counts *counts)
{
	struct groups groups = {0};
	struct rows rows;
	int64_t watermark = 0;

	*counts = (struct reference_counts){0};
	for (size_t i = 0; i < events->cnt; i++) {
		const struct event *event = &events->at[i];

		into(&groups, event, window, watermark, counts);
		watermark = FB_MAX(watermark, event->ts - delay_ms);
		while (groups.first_open < groups.cnt &&
			(groups.at[groups.first_open].cnt == 0 ||
				groups.at[groups.first_open].end - 1 <= watermark))
			groups.first_open++;
	}
	rows = rows_of(&groups);
	free(groups.at);
	return rows;
}
