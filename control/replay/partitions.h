/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The watermarks of the lanes of a source, burst by burst (rules M3, M8; replay_log.h says which is which). It is the sequential
 * part of a stream of several lanes, and small: a core passes here once for each unit, in the order of units (order.h).
 */
#pragma once

#include "config/base/calendar.h"
#include "config/base/errcode.h"

struct fb_partition {
	bool active;
	int64_t own_ms;     /* FB_TIME_MIN: none yet */
	int64_t arrival_ns; /* of its last burst; INT64_MIN: none yet */
	int64_t others_ms;  /* as its burst began */
	int64_t before_ms;  /* global, as its burst began */
};

struct fb_partitions {
	uint32_t cnt;
	uint32_t burst; /* partition whose burst has not ended; cnt: none */
	int64_t idle_ns; /* 0: never idle */
	int64_t global_ms;
	struct fb_partition *at;
};

int fb_partitions_init(struct fb_partitions *partitions, uint32_t cnt, int64_t idle_timeout_ms) FB_MUST_CHECK;
void fb_partitions_fini(struct fb_partitions *partitions);
/* A burst of a lane begins, and the one before ends. */
void fb_partitions_begin(struct fb_partitions *partitions, uint32_t lane, int64_t arrival_ns);
/* Rows of its burst made this watermark; FB_TIME_MIN: none. */
void fb_partitions_advance(struct fb_partitions *partitions, uint32_t lane, int64_t watermark_ms);
