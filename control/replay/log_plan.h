/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which blocks of a lane are to be read, in order, and what is to come behind each: from spans and headers alone. Headers are
 * read a span at a time, so a lane may be of any length.
 *
 * One thread at a time.
 */
#pragma once

#include "config/base/calendar.h"
#include "state/rawlog/rawlog.h"

struct fb_log_plan_conf {
	struct fb_rawlog *log;
	uint32_t stream;
	uint32_t core;
	uint64_t from_seq; /* inclusive, as the next three */
	uint64_t to_seq;
	int64_t from_ns;
	int64_t to_ns;
	/* As batch: whose ranges can be used, and what is needed at all; definition 0: nothing can be. */
	struct fb_event_times_by event_times_by;
	int64_t from_ms;
	int64_t to_ms;
};

struct fb_log_plan {
	struct fb_log_plan_conf conf;
	struct fb_rawlog_span *spans; /* that the range touches */
	int64_t *floors_ms;           /* of each span and all behind it: no event is older; FB_TIME_MIN: not known */
	uint32_t span_cnt;
	uint32_t span; /* whose headers are at hand; span_cnt: the end */
	struct fb_block_header *headers;
	int64_t *header_floors_ms;
	uint32_t header_cnt, header_cap;
	uint32_t at;
	uint64_t total_bytes; /* of payload, of the spans */
	uint64_t pruned_blocks;
	uint64_t pruned_bytes; /* of payload */
	uint64_t missing_datagrams; /* of the range, deleted by retention */
	uint64_t damaged_blocks; /* headers that could not be read */
	uint64_t damaged_datagrams;
};

/* Fixes the end: conf.to_seq becomes what the lane has now, if that is less, unless it was fixed before. FB_E_NOT_FOUND: the
 * lane has nothing at all, and was not known before. */
int fb_log_plan_open(const struct fb_log_plan_conf *conf, bool is_fixed, struct fb_log_plan *plan) FB_MUST_CHECK;
void fb_log_plan_close(struct fb_log_plan *plan);
/* The next block; FB_E_NOT_FOUND: no more. Valid until the next call but one of fb_log_plan_next. */
int fb_log_plan_peek(struct fb_log_plan *plan, const struct fb_block_header **ret) FB_MUST_CHECK;
void fb_log_plan_next(struct fb_log_plan *plan);
/* The oldest event that the next block or one behind it may have; FB_TIME_MAX: there is none. After a peek. */
int64_t fb_log_plan_floor(const struct fb_log_plan *plan);
