/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replay of the raw log: the datagrams of one stream through the operators that ran live (replay.h), again, on as many cores
 * as asked for.
 *
 * Which datagrams: those of the lanes (a lane is the stream on one core, state/rawlog) that are in the range of arrival and of
 * sequence numbers. The end of what is read is fixed when the run is made: what comes later is not in it.
 *
 * Stream: the late decisions are those that the workers made, as far as the log tells. Datagrams of one lane with one arrival
 * time are a burst, as the poll had it. Bursts of all lanes come in the order of arrival; lanes with the same time in the
 * order of their cores. A row is judged by
 *
 *     max(global, min(own, others))    own     of its lane, over all rows before it
 *                                      others  minimum of the other active lanes, as the burst began
 *                                      global  the highest that the minimum of all active lanes was after any burst before
 *
 * A lane is active from the end of its first burst on; one that was silent for the idle timeout is not, until its next burst
 * is through (rule M8). With one lane, that is what it was live. With several, a worker had seen the others' watermarks as of
 * some moment within a burst; here it is that of its arrival (as control/pipeline/recover.c has it).
 * At the end of the range all windows are complete (rule M10). A range that begins in the middle of a lane begins without a
 * watermark: nothing is late for what came before it.
 *
 * One lane runs on all cores, several too. Only SESSION asks more: whether a record is late depends on the sessions that its
 * worker had open (rule M6), so there each lane has a reader of its own and all of it is one thread's work. With several lanes
 * there is no one answer then, as there is none live: a session of one lane that has fired, and a record of the same key that
 * came late by another lane and would have joined it, are one or two sessions, depending on when they meet.
 *
 * Batch: nothing is late. A window is complete when no block that is still to come can hold a record for it, which the ranges
 * of event time in the blocks' headers tell; blocks that no window of conf->windows needs are passed over. So memory is bounded
 * by the real disorder. A block that does not tell, or whose times were noted by another definition of event time than the
 * query's (state/rawlog/block.h), holds all windows until it is through: that is right, too, but costs memory.
 *
 * Damage is passed over and counted (fb_replay_numbers.log), never an error.
 *
 * Epochs: if asked for, the run comes to a barrier every epoch_ms: all windows that are complete are given to the caller, then
 * fb_replay_epoch_fn gets one blob of bytes: positions of the lanes, watermarks, counters, groups of open windows. A later run
 * with the same configuration and that blob as `resume` goes on from there: rows that were given before the epoch are
 * never given again, rows of after it come again, and all together they are those of a run without interruption. The caller
 * makes blob and rows durable together. threads, block_bytes, budget and windows' callbacks may be others in the later run;
 * source, queries, lanes, ranges and batch must be the same (FB_E_CONFIG).
 */
#pragma once

#include "control/replay/replay.h"

struct fb_rawlog;

struct fb_replay_lane {
	uint32_t core;
	uint64_t from_seq; /* inclusive; 0 and UINT64_MAX: all */
	uint64_t to_seq;
};

/*
 * Bytes that are a run's state at a barrier, valid during the call; the rows given until now are before it. Not 0 stops the
 * run with that error. Called by the thread that called fb_replay_run_log.
 */
typedef int (*fb_replay_epoch_fn)(void *arg, const uint8_t *bytes, size_t len);

struct fb_replay_log {
	struct fb_rawlog *log; /* it outlives the run; it may be appended to and retained meanwhile */
	uint32_t stream;       /* its number in the log: fb_rawlog_stream_id */
	enum fb_framing framing; /* of the stream, as the appliance file has it */
	const struct fb_layout *record_layout; /* of binary records; NULL: the source's format */
	int64_t idle_timeout_ms; /* as the pipeline has it (rule M8); 0: never idle */
	int64_t from_ns; /* arrival, inclusive; INT64_MIN and INT64_MAX: all */
	int64_t to_ns;
	const struct fb_replay_lane *lanes; /* which, with bounds */
	uint32_t lane_cnt; /* 0: all that the log has, whole */
	uint32_t epoch_ms; /* 0: no epochs */
	fb_replay_epoch_fn epoch;
	const uint8_t *resume; /* what an epoch of an earlier run gave; NULL: from the start */
	size_t resume_len;
};

/*
 * conf->path is not used; conf->arg is the argument of `epoch`, too. Errors as fb_replay_run, and: FB_E_NOT_FOUND: the log has
 * nothing of the stream or of a lane that is named; FB_E_IO: the store cannot be read now; FB_E_CORRUPT, FB_E_CONFIG: `resume`
 * is damaged, or of another run; FB_E_UNSUPPORTED: epochs were asked for and a query cannot be resumed
 * (fb_replay_can_resume).
 */
int fb_replay_run_log(const struct fb_replay_conf *conf, const struct fb_replay_log *log, struct fb_buf *message,
	struct fb_replay_numbers *ret) FB_MUST_CHECK;

/*
 * Whether a run of these queries can have epochs: not with SESSION, at any level. Sessions that go on are parts of each epoch, and
 * without a watermark to join them by they would add up until the state budget is used.
 */
bool fb_replay_can_resume(const struct fb_query_plan *const *queries, uint32_t query_cnt);
