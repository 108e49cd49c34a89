/* SPDX-License-Identifier: Apache-2.0 */
/* Replay of the raw log: what of it a run needs. */
#include "control/replay/log_source.h"
#include "control/replay/replay_private.h"

static int open_log(struct fb_replay *replay, struct fb_unit_source **ret)
{
	const struct fb_replay_conf *conf = replay->conf;
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
	return fb_log_source_open(&source, replay->message, ret);
}

int fb_replay_run_log(const struct fb_replay_conf *conf, const struct fb_replay_log *log, struct fb_buf *message,
	struct fb_replay_numbers *ret)
{
	return fb_replay_run_source(conf, log, open_log, message, ret);
}
