/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The raw log as a unit source. Blocks are read and unpacked by the cores that parse them, each where it is short of something
 * to do:
 *
 *     plan of each lane (headers) -> claim -> unpack -> ready -> cut -> units
 *                                    under the lock   alone       under the lock
 *
 * Blocks are claimed in the order in which they are needed, some ahead of what is cut; so cores that parse find the next block
 * unpacked, and the kernel reads ahead meanwhile. A unit is cut from the datagrams of a block (one lane, or as batch), or from
 * bursts of several lanes in the order of their arrival (as stream).
 */
#pragma once

#include "control/replay/replay_log.h"
#include "control/replay/unit.h"
#include "state/rawlog/block.h"

struct fb_log_source_conf {
	const struct fb_replay_log *log;
	const struct fb_replay_budget *budget;
	bool batch;
	bool has_windows;
	uint32_t threads;
	uint32_t unit_bytes_max;
	uint32_t unit_bytes; /* 0: as many as have about a batch of records */
	struct fb_event_times_by event_times_by; /* as batch */
	int64_t from_ms; /* as batch: events that are needed, inclusive */
	int64_t to_ms;
	/* Of a run that goes on: lanes with what is left of them, in place of those of the log, and the burst that was
	 * being cut. */
	const struct fb_replay_lane *resume;
	uint32_t resume_cnt; /* 0: it begins at the beginning */
	uint32_t last_lane;
	int64_t last_arrival_ns;
};

/* Errors as fb_replay_run_log. */
int fb_log_source_open(const struct fb_log_source_conf *conf, struct fb_buf *message, struct fb_unit_source **ret) FB_MUST_CHECK;
/* What resume needs: where the units end so far. While no core is at work. ret_lanes: lane_cnt of them. */
void fb_log_source_where(const struct fb_unit_source *source, struct fb_replay_lane *ret_lanes, uint32_t *ret_last_lane,
	int64_t *ret_last_arrival_ns);
