/* SPDX-License-Identifier: Apache-2.0 */
/* Replay of the raw log: what of it a run needs. */
#include "control/replay/epoch.h"
#include "control/replay/replay_private.h"

#include <stdlib.h>

/*
 * Event times that windows of the range are made of. They are of the clock of the windows; of sessions, what is a gap away
 * decides where they begin and end. A plain query needs all.
 */
static void add_range(const struct fb_query_plan *query, const struct fb_replay_range *range, struct fb_log_source_conf *source)
{
	const struct fb_query_plan *first = fb_query_first_level(query);
	int64_t reach_ms = 0;
	int64_t from_ms, to_ms;

	for (const struct fb_query_plan *level = query; level != NULL; level = level->upstream)
		reach_ms += level->window.kind == FB_WINDOW_SESSION || level != query ? 2 * level->window.size_ms : 0;
	if (query->window.kind == FB_WINDOW_NONE || range == NULL) {
		source->from_ms = FB_TIME_MIN;
		source->to_ms = FB_TIME_MAX;
		return;
	}
	from_ms = range->from_ms == FB_TIME_MIN ? FB_TIME_MIN : range->from_ms - first->time_shift_ms - reach_ms;
	to_ms = range->to_ms == FB_TIME_MAX ? FB_TIME_MAX : range->to_ms - first->time_shift_ms + reach_ms;
	source->from_ms = FB_MIN(source->from_ms, from_ms);
	source->to_ms = FB_MAX(source->to_ms, to_ms);
}

static void say_what_is_needed(const struct fb_replay *replay, struct fb_log_source_conf *source)
{
	const struct fb_replay_conf *conf = replay->conf;
	struct fb_reader_conf reader = {.source = conf->source,
		.queries = replay->sides[0].first_levels,
		.branches = replay->sides[0].branches,
		.query_cnt = replay->sides[0].query_cnt,
		.framing = replay->log->framing,
		.record_layout = replay->log->record_layout};
	struct fb_event_definition definition;

	source->from_ms = FB_TIME_MAX;
	source->to_ms = FB_TIME_MIN;
	for (uint32_t i = 0; i < conf->query_cnt; i++)
		add_range(conf->queries[i], conf->windows, source);
	definition = fb_event_definition_of(&reader);
	source->event_times_by = (struct fb_event_times_by){definition.hash, definition.fields};
}

static int open_log(struct fb_replay *replay, const struct fb_side *side, struct fb_unit_source **ret)
{
	const struct fb_replay_conf *conf = replay->conf;
	struct fb_replay_lane *lanes = NULL;
	int rc = 0;

	(void)side; /* the only one */

	struct fb_log_source_conf source = {.log = replay->log,
		.budget = &conf->budget,
		.batch = conf->batch,
		.threads = conf->threads,
		.unit_bytes_max = fb_replay_unit_bytes(conf),
		.unit_bytes = conf->block_bytes,
		.from_ms = FB_TIME_MIN,
		.to_ms = FB_TIME_MAX};

	for (uint32_t i = 0; i < conf->query_cnt; i++)
		source.has_windows |= conf->queries[i]->window.kind != FB_WINDOW_NONE;
	if (conf->batch)
		say_what_is_needed(replay, &source);
	if (replay->log->resume != NULL)
		rc = fb_epoch_lanes(replay, &lanes, &source);
	if (rc == 0)
		rc = fb_log_source_open(&source, replay->message, ret);
	free(lanes);
	return rc;
}

bool fb_replay_can_resume(const struct fb_query_plan *const *queries, uint32_t query_cnt)
{
	for (uint32_t i = 0; i < query_cnt; i++)
		for (const struct fb_query_plan *level = queries[i]; level != NULL; level = level->upstream)
			if (level->window.kind == FB_WINDOW_SESSION)
				return false;
	return true;
}

int fb_replay_run_log(const struct fb_replay_conf *conf, const struct fb_replay_log *log, struct fb_buf *message,
	struct fb_replay_numbers *ret)
{
	struct fb_replay_input input = {.open = open_log,
		.log = log,
		.restore = log->resume ? fb_epoch_restore : NULL,
		.epoch = log->epoch_ms > 0 ? fb_epoch_take : NULL};

	*ret = (struct fb_replay_numbers){0};
	if ((input.restore != NULL || input.epoch != NULL) && !fb_replay_can_resume(conf->queries, conf->query_cnt)) {
		fb_buf_add_text(message, "a query with SESSION windows cannot be resumed here");
		return FB_E_UNSUPPORTED;
	}
	return fb_replay_run_input(conf, &input, message, ret);
}
