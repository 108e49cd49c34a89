/* SPDX-License-Identifier: Apache-2.0 */
#include "control/pipeline/lanes.h"

#include <stdlib.h>

#include "config/base/calendar.h"

/* Datagrams between two flushes where the order of arrival is that of the only lane. */
#define ALONE_BURST 256

int fb_lanes_init(struct fb_lanes *lanes, struct fb_rawlog *log, uint32_t cap)
{
	*lanes = (struct fb_lanes){.log = log, .until_ns = INT64_MAX};
	lanes->items = calloc(cap + 1u, sizeof(*lanes->items));
	return lanes->items ? 0 : FB_E_NO_MEMORY;
}

void fb_lanes_fini(struct fb_lanes *lanes)
{
	fb_lanes_close(lanes, false);
	free(lanes->items);
	*lanes = (struct fb_lanes){0};
}

struct fb_lane *fb_lanes_add(struct fb_lanes *lanes)
{
	struct fb_lane *lane = &lanes->items[lanes->cnt++];

	*lane = (struct fb_lane){.end_seq = UINT64_MAX, .arrival_ns = INT64_MIN};
	return lane;
}

/* ---- reading a lane ---- */

/* The next datagram at or behind the position. A payload is valid until the block is left: nothing may be waiting then. */
static int advance(struct fb_lane *lane)
{
	for (;;) {
		int rc = lane->block ? fb_block_next(lane->block, &lane->next) : FB_E_NOT_FOUND;

		if (rc == FB_E_NOT_FOUND || rc == FB_E_CORRUPT) {
			fb_reader_flush(lane->reader);
			lane->block = NULL;
			rc = fb_rawlog_scan_block(lane->scan, &lane->block);
			lane->has_next = false;
			if (rc != 0)
				return rc == FB_E_NOT_FOUND ? 0 : rc;
			continue;
		}
		if (rc != 0)
			return rc;
		if (lane->next.seq < lane->seq)
			continue;
		lane->has_next = lane->next.seq < lane->end_seq;
		return 0;
	}
}

static int open_lane(struct fb_rawlog *log, struct fb_lane *lane)
{
	struct fb_rawlog_range range = FB_RAWLOG_RANGE_ALL(lane->stream_id, lane->worker);
	struct fb_rawlog_span all;
	int rc;

	if (lane->seq >= lane->end_seq)
		return 0;
	if (fb_rawlog_total(log, lane->stream_id, lane->worker, &all) == 0 && all.first_seq > lane->seq)
		lane->missing += all.first_seq - lane->seq;
	range.from_seq = lane->seq;
	range.to_seq = lane->end_seq - (lane->end_seq != UINT64_MAX);
	rc = fb_rawlog_scan_create(log, &range, &lane->scan);
	return rc ? rc : advance(lane);
}

int fb_lanes_open(struct fb_lanes *lanes)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < lanes->cnt; i++)
		rc = open_lane(lanes->log, &lanes->items[i]);
	return rc == FB_E_NOT_FOUND ? 0 : rc;
}

void fb_lanes_close(struct fb_lanes *lanes, bool whole)
{
	for (uint32_t i = 0; i < lanes->cnt; i++) {
		struct fb_lane *lane = &lanes->items[i];

		if (lane->scan != NULL)
			fb_rawlog_scan_destroy(lane->scan);
		lane->scan = NULL;
		lane->block = NULL;
		if (whole && !lane->has_next && lane->end_seq != UINT64_MAX)
			lane->seq = FB_MAX(lane->seq, lane->end_seq);
		lane->has_next = false;
	}
}

/* ---- feeding ---- */

static bool is_idle(const struct fb_lane *lane, int64_t now_ns)
{
	return (lane->closed && !lane->has_next) ||
		(lane->idle_ns != 0 && now_ns - lane->arrival_ns > lane->idle_ns);
}

/* Of a source that no log is read of: what its epoch says, since nothing comes of it before it is attached. */
static int64_t kept_minimum(const struct source_run *source)
{
	int64_t least = FB_TIME_MAX;

	for (uint32_t w = 0; w < FB_WORKER_MAX; w++)
		if (source->lanes[w].used && source->lanes[w].own_ms != FB_TIME_MIN)
			least = FB_MIN(least, source->lanes[w].own_ms);
	return least == FB_TIME_MAX ? FB_TIME_MIN : least;
}

/* As a worker has it on its board (mail.h): FB_TIME_MAX: no lane is active, and FB_TIME_MIN: all of them wait. */
static int64_t source_minimum(
	const struct fb_lanes *lanes, const struct source_run *source, const struct fb_lane *except, int64_t now_ns)
{
	int64_t least = FB_TIME_MAX;
	bool waiting = except == NULL || except->source != source;
	bool any = false;

	for (uint32_t i = 0; i < lanes->cnt; i++) {
		const struct fb_lane *lane = &lanes->items[i];

		if (lane->source != source)
			continue;
		any = true;
		if (lane == except || (!lane->active && !is_idle(lane, now_ns)))
			continue;
		waiting = false;
		if (lane->active && !is_idle(lane, now_ns))
			least = FB_MIN(least, fb_reader_own_watermark(lane->reader));
	}
	if (!any)
		return kept_minimum(source);
	return waiting ? FB_TIME_MIN : least;
}

/* Of all sources that have a watermark together, but for one lane; FB_TIME_MAX: no lane is active. */
static int64_t minimum(
	const struct fb_lanes *lanes, const struct source_run *source, const struct fb_lane *except, int64_t now_ns)
{
	int64_t least = FB_TIME_MAX;

	for (uint32_t i = 0; i < source->first->together_cnt; i++) {
		int64_t of_source = source_minimum(lanes, source->first + i, except, now_ns);

		least = FB_MIN(least, of_source);
	}
	return least;
}

int64_t fb_lanes_watermark(const struct fb_lanes *lanes, const struct source_run *source)
{
	int64_t now_ns = INT64_MIN;
	int64_t least;

	for (uint32_t i = 0; i < lanes->cnt; i++)
		if (lanes->items[i].source->first == source->first)
			now_ns = FB_MAX(now_ns, lanes->items[i].arrival_ns);
	least = minimum(lanes, source, NULL, now_ns);
	return least == FB_TIME_MAX ? FB_TIME_MIN : least;
}

static struct fb_lane *earliest(struct fb_lanes *lanes)
{
	struct fb_lane *found = NULL;

	for (uint32_t i = 0; i < lanes->cnt; i++) {
		struct fb_lane *lane = &lanes->items[i];

		if (lane->has_next && lane->next.arrival_ns <= lanes->until_ns &&
			(found == NULL || lane->next.arrival_ns < found->next.arrival_ns))
			found = lane;
	}
	return found;
}

/* A burst has one arrival time: the poll's. */
static bool is_of_burst(const struct fb_lanes *lanes, const struct fb_lane *lane, int64_t arrival_ns, uint32_t fed)
{
	if (!lane->has_next)
		return false;
	if (lanes->cnt == 1)
		return fed < ALONE_BURST && lane->next.arrival_ns <= lanes->until_ns;
	return lane->next.arrival_ns == arrival_ns;
}

/* When a lane that an epoch knows received last is in no epoch: it is taken as not silent yet. */
static void begin_silence(struct fb_lanes *lanes, int64_t now_ns)
{
	for (uint32_t i = 0; i < lanes->cnt; i++)
		if (lanes->items[i].arrival_ns == INT64_MIN)
			lanes->items[i].arrival_ns = now_ns;
}

/*
 * A burst may have datagrams of several sources: all that a worker had at once are judged by what the others had told
 * before it.
 */
static void judge_burst(struct fb_lanes *lanes, const struct fb_lane *first, int64_t arrival_ns)
{
	for (uint32_t i = 0; i < lanes->cnt; i++) {
		struct fb_lane *lane = &lanes->items[i];

		if (lane->source->first != first->source->first || lane->worker != first->worker || !lane->has_next ||
			lane->next.arrival_ns != arrival_ns || (lane->judged && lane->judged_ns == arrival_ns))
			continue;
		lane->judged = true;
		lane->judged_ns = arrival_ns;
		fb_reader_set_others(lane->reader, minimum(lanes, lane->source, lane, arrival_ns));
	}
}

int fb_lanes_feed(struct fb_lanes *lanes, struct fb_lane **ret_lane)
{
	struct fb_lane *lane = earliest(lanes);
	int64_t arrival_ns;
	int rc = 0;

	if (lane == NULL)
		return FB_E_NOT_FOUND;
	arrival_ns = lane->next.arrival_ns;
	begin_silence(lanes, arrival_ns);
	judge_burst(lanes, lane, arrival_ns);
	for (uint32_t fed = 0; rc == 0 && is_of_burst(lanes, lane, arrival_ns, fed); fed++) {
		fb_reader_feed(lane->reader, lane->next.data, lane->next.len);
		lane->seq = lane->next.seq + 1;
		lane->arrival_ns = lane->next.arrival_ns;
		lane->datagrams++;
		lanes->datagrams++;
		lanes->bytes += lane->next.len;
		rc = advance(lane);
	}
	fb_reader_flush(lane->reader);
	lane->active = true;
	if (lane->closed && !lane->has_next)
		lane->active = false;
	fb_reader_set_watermark(lane->reader, fb_lanes_watermark(lanes, lane->source));
	*ret_lane = lane;
	return rc;
}
