/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lanes of the raw log through readers: datagrams in the order in which they arrived, a burst at a time as the workers had them.
 * What recovery (recover.c) and backfill (backfill.c) have in common.
 *
 *     add, from a position --> open (a range that the log has) --> feed, feed, … --> close --> open the next range --> …
 *
 * Of a source with one lane every record is judged by the watermark that it was judged by when it came. With several lanes a
 * worker had seen the watermarks of the others as of some moment within a burst; here it is that of the burst's arrival. A lane
 * that was silent for the idle timeout does not hold the others back (rule M8), by arrival times.
 *
 * Readers are the caller's. One thread at a time, without the engine's lock.
 */
#pragma once

#include "control/pipeline/engine_private.h"

struct fb_lane {
	struct source_run *source;
	uint32_t worker;
	struct fb_reader *reader;
	uint32_t stream_id; /* in the log */
	int64_t idle_ns;    /* 0: never idle */
	bool closed;        /* nothing comes any more behind what the log has: no worker has this queue now */
	uint64_t seq;       /* everything before was fed, or is missing */
	uint64_t missing;   /* datagrams that retention had deleted */
	uint64_t datagrams; /* fed */
	bool active;        /* has received something */
	int64_t arrival_ns; /* of what was fed last */
	int64_t judged_ns;  /* with judged: of the burst that it knows the watermark of the others for */
	bool judged;
	/* between open and close */
	uint64_t end_seq;
	struct fb_rawlog_scan *scan;
	struct fb_block_reader *block; /* of the scan; NULL: no more */
	struct fb_block_datagram next;
	bool has_next;
};

struct fb_lanes {
	struct fb_rawlog *log;
	uint32_t cnt;
	struct fb_lane *items;
	int64_t until_ns; /* what arrived later is not fed in this range */
	uint64_t datagrams; /* fed */
	uint64_t bytes;
};

/* Room for the lanes of a pipeline. FB_E_NO_MEMORY. */
int fb_lanes_init(struct fb_lanes *lanes, struct fb_rawlog *log, uint32_t cap) FB_MUST_CHECK;
void fb_lanes_fini(struct fb_lanes *lanes);
/* The next of the room, empty. */
struct fb_lane *fb_lanes_add(struct fb_lanes *lanes);

/*
 * From where each lane is to its end_seq (exclusive), as far as the log has it now, and no further than until_ns. After a
 * failure close it. FB_E_NO_MEMORY, FB_E_IO.
 */
int fb_lanes_open(struct fb_lanes *lanes) FB_MUST_CHECK;
/* Feeds the earliest burst; its lane is told. FB_E_NOT_FOUND: the range is at its end; FB_E_NO_MEMORY, FB_E_IO. */
int fb_lanes_feed(struct fb_lanes *lanes, struct fb_lane **ret_lane) FB_MUST_CHECK;
/* `whole`: the range was read to its end, so a lane stands at its end_seq even where the last datagrams are in no log. */
void fb_lanes_close(struct fb_lanes *lanes, bool whole);

/* The global watermark of a source, with those that it has one together with: FB_TIME_MIN before something was received. */
int64_t fb_lanes_watermark(const struct fb_lanes *lanes, const struct source_run *source);
