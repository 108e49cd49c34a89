/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recovery: what the raw log has since the epoch goes through the readers again before they are attached, in the order in which
 * it arrived, a burst at a time as the workers had it. The readers then go to the workers as they are, open slices included.
 *
 * On one queue every record is judged by the watermark that it was judged by before. With several queues a worker had seen the
 * watermarks of the others as of some moment within a burst; here it is that of the burst's arrival.
 */
#include <stdlib.h>
#include <string.h>

#include "config/base/calendar.h"
#include "control/pipeline/engine_private.h"

struct lane {
	struct fb_reader *reader;
	struct fb_rawlog_scan *scan;
	struct fb_block_reader *block; /* of the scan; NULL: no more */
	struct fb_block_datagram next;
	uint64_t from_seq;
	uint64_t missing; /* datagrams that the log does not have any more */
	bool has_next;
	bool active; /* has received something */
};

struct recovery {
	struct fb_engine *engine;
	struct source_run *source;
	struct lane lanes[FB_WORKER_MAX];
	uint64_t datagrams;
};

bool fb_recover_has_log(const struct fb_engine *engine, const struct source_run *source)
{
	bool any = false;

	for (uint32_t w = 0; w < FB_WORKER_MAX; w++)
		any |= source->lanes[w].used;
	return any && fb_checkpoint_can(source->queries[0]->pipeline) && fb_stream_is_kept(&engine->appliance->streams[source->stream]);
}

/* ---- reading a lane ---- */

/* The next datagram at or behind the position. A payload is valid until the block is left: nothing may be waiting then. */
static int advance(struct lane *lane)
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
		if (lane->next.seq < lane->from_seq)
			continue;
		lane->has_next = true;
		return 0;
	}
}

static int open_lane(struct recovery *recovery, uint32_t worker, uint32_t stream_id)
{
	struct fb_rawlog *log = fb_keeper_log(recovery->engine->keeper);
	const struct source_lane *from = &recovery->source->lanes[worker];
	struct lane *lane = &recovery->lanes[worker];
	struct fb_rawlog_range range = FB_RAWLOG_RANGE_ALL(stream_id, worker);
	struct fb_rawlog_span all;
	int rc;

	lane->reader = recovery->source->readers[worker];
	lane->from_seq = from->log_seq;
	lane->active = from->own_ms != FB_TIME_MIN;
	if (fb_rawlog_total(log, stream_id, worker, &all) == 0 && all.first_seq > from->log_seq)
		lane->missing = all.first_seq - from->log_seq;
	range.from_seq = from->log_seq;
	rc = fb_rawlog_scan_create(log, &range, &lane->scan);
	return rc ? rc : advance(lane);
}

/* ---- feeding ---- */

/* Minimum of the own watermarks of the other lanes that have received something; FB_TIME_MAX: none has. */
static int64_t minimum(const struct recovery *recovery, uint32_t except)
{
	int64_t least = FB_TIME_MAX;

	for (uint32_t w = 0; w < FB_WORKER_MAX; w++)
		if (w != except && recovery->lanes[w].active)
			least = FB_MIN(least, fb_reader_own_watermark(recovery->lanes[w].reader));
	return least;
}

/* The global watermark of the source: nothing is known before something was received. */
static int64_t global_watermark(const struct recovery *recovery)
{
	int64_t least = minimum(recovery, FB_WORKER_MAX);

	return least == FB_TIME_MAX ? FB_TIME_MIN : least;
}

static uint32_t earliest(const struct recovery *recovery)
{
	uint32_t found = FB_WORKER_MAX;

	for (uint32_t w = 0; w < FB_WORKER_MAX; w++)
		if (recovery->lanes[w].has_next &&
			(found == FB_WORKER_MAX ||
				recovery->lanes[w].next.arrival_ns < recovery->lanes[found].next.arrival_ns))
			found = w;
	return found;
}

/* A burst has one arrival time: the poll's. */
static int feed_burst(struct recovery *recovery, uint32_t worker)
{
	struct lane *lane = &recovery->lanes[worker];
	int64_t arrival_ns = lane->next.arrival_ns;
	int rc = 0;

	fb_reader_set_others(lane->reader, minimum(recovery, worker));
	while (rc == 0 && lane->has_next && lane->next.arrival_ns == arrival_ns) {
		fb_reader_feed(lane->reader, lane->next.data, lane->next.len);
		recovery->datagrams++;
		rc = advance(lane);
	}
	fb_reader_flush(lane->reader);
	lane->active = true;
	fb_reader_set_watermark(lane->reader, global_watermark(recovery));
	return rc;
}

/* Everything that is complete is published at once, so that memory is bounded as it is live. */
static int publish(struct recovery *recovery)
{
	struct source_run *source = recovery->source;

	for (uint32_t w = 0; w < FB_WORKER_MAX; w++)
		if (recovery->lanes[w].reader != NULL) {
			fb_reader_set_watermark(source->readers[w], global_watermark(recovery));
			fb_merge_take(source, w);
		}
	while (fb_merge_step_pipeline(recovery->engine, source->queries[0]->pipeline))
		if (recovery->engine->store_error[0] != '\0')
			return FB_E_IO;
	return 0;
}

static int feed_all(struct recovery *recovery)
{
	int64_t published_ms = FB_TIME_MIN;
	uint32_t worker;
	int rc = 0;

	for (uint32_t bursts = 1; rc == 0 && (worker = earliest(recovery)) != FB_WORKER_MAX; bursts++) {
		rc = feed_burst(recovery, worker);
		if (fb_reader_watermark(recovery->lanes[worker].reader) / 1000 != published_ms || bursts % 64 == 0) {
			published_ms = fb_reader_watermark(recovery->lanes[worker].reader) / 1000;
			if (rc == 0)
				rc = publish(recovery);
		}
	}
	return rc ? rc : publish(recovery);
}

/* ---- a source ---- */

static void report(const struct recovery *recovery, struct fb_diags *diags)
{
	uint64_t missing = 0;

	for (uint32_t w = 0; w < FB_WORKER_MAX; w++)
		missing += recovery->lanes[w].missing;
	if (missing > 0)
		fb_diags_add(diags, FB_WARNING, (struct fb_place){0},
			"give the stream a longer retention, or checkpoints a shorter interval",
			"source '%s': %llu datagrams since the last checkpoint are not in the raw log any more",
			recovery->source->table->name, (unsigned long long)missing);
}

static int recover_source(struct fb_engine *engine, struct source_run *source, struct fb_diags *diags, uint64_t *datagrams)
{
	struct recovery *recovery = calloc(1, sizeof(*recovery));
	uint32_t stream_id;
	int rc;

	if (recovery == NULL)
		return FB_E_NO_MEMORY;
	recovery->engine = engine;
	recovery->source = source;
	rc = fb_rawlog_stream_id(
		fb_keeper_log(engine->keeper), engine->appliance->streams[source->stream].table, false, &stream_id);
	for (uint32_t w = 0; rc == 0 && w < FB_WORKER_MAX; w++) {
		if (!source->lanes[w].used || source->readers[w] == NULL)
			continue;
		/* Until it is attached the reader is ours: slices go back to it without a mail. */
		source->done[w] = true;
		rc = open_lane(recovery, w, stream_id);
	}
	if (rc == 0)
		rc = feed_all(recovery);
	for (uint32_t w = 0; w < FB_WORKER_MAX; w++) {
		if (recovery->lanes[w].scan != NULL)
			fb_rawlog_scan_destroy(recovery->lanes[w].scan);
		source->done[w] = false;
	}
	/* Rows that were published and that the log has lost do not come again. */
	for (uint32_t i = 0; i < source->query_cnt; i++)
		memset(source->queries[i]->skip_rows, 0, sizeof(source->queries[i]->skip_rows));
	source->datagrams_base += recovery->datagrams;
	*datagrams += recovery->datagrams;
	report(recovery, diags);
	free(recovery);
	return rc == FB_E_NOT_FOUND ? 0 : rc;
}

int fb_recover_pipeline(struct fb_engine *engine, struct pipeline *pipeline, struct fb_diags *diags)
{
	struct fb_checkpoint_view *numbers = &pipeline->checkpoint.last;
	int64_t begun_ns = fb_clock_monotonic_ns();
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < pipeline->source_cnt; i++)
		if (fb_recover_has_log(engine, &pipeline->sources[i]))
			rc = recover_source(engine, &pipeline->sources[i], diags, &numbers->recovered_datagrams);
	numbers->recovery_ns = fb_clock_monotonic_ns() - begun_ns;
	return rc;
}
