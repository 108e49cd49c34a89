/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recovery: what the raw log has since the epoch goes through the readers again before they are attached, in the order in which
 * it arrived (lanes.h). The readers then go to the workers as they are, open slices included.
 */
#include <string.h>

#include "config/base/calendar.h"
#include "control/pipeline/lanes.h"

/* Of a source, or of several that have a watermark together. */
struct recovery {
	struct fb_engine *engine;
	struct source_run *first;
	struct fb_lanes lanes;
};

bool fb_recover_has_log(const struct fb_engine *engine, const struct source_run *source)
{
	bool any = false;

	for (uint32_t w = 0; w < FB_WORKER_MAX; w++)
		any |= source->lanes[w].used;
	return any && fb_checkpoint_can(source->queries[0]->pipeline) && fb_stream_is_kept(&engine->appliance->streams[source->stream]);
}

/* ---- feeding ---- */

/* Everything that is complete is published at once, so that memory is bounded as it is live. */
static int publish(struct recovery *recovery)
{
	for (uint32_t i = 0; i < recovery->lanes.cnt; i++) {
		struct fb_lane *lane = &recovery->lanes.items[i];

		fb_reader_set_watermark(lane->reader, fb_lanes_watermark(&recovery->lanes, recovery->first));
		fb_merge_take(lane->source, lane->worker);
	}
	while (fb_merge_step_pipeline(recovery->engine, recovery->first->queries[0]->pipeline))
		if (recovery->engine->store_error[0] != '\0')
			return FB_E_IO;
	return 0;
}

static int feed_all(struct recovery *recovery)
{
	int64_t published_s = FB_TIME_MIN;
	struct fb_lane *lane;
	int rc = 0;

	for (uint32_t bursts = 1; rc == 0 && (rc = fb_lanes_feed(&recovery->lanes, &lane)) == 0; bursts++)
		if (fb_reader_watermark(lane->reader) / 1000 != published_s || bursts % 64 == 0) {
			published_s = fb_reader_watermark(lane->reader) / 1000;
			rc = publish(recovery);
		}
	return rc != FB_E_NOT_FOUND ? rc : publish(recovery);
}

/* ---- sources ---- */

static void report(const struct recovery *recovery, const struct source_run *source, struct fb_diags *diags)
{
	uint64_t missing = 0;

	for (uint32_t i = 0; i < recovery->lanes.cnt; i++)
		if (recovery->lanes.items[i].source == source)
			missing += recovery->lanes.items[i].missing;
	if (missing > 0)
		fb_diags_add(diags, FB_WARNING, (struct fb_place){0},
			"give the stream a longer retention, or checkpoints a shorter interval",
			"source '%s': %llu datagrams since the last checkpoint are not in the raw log any more",
			source->table->name, (unsigned long long)missing);
}

static void add_lane(struct recovery *recovery, struct source_run *source, uint32_t worker, uint32_t stream_id)
{
	struct fb_lane *lane = fb_lanes_add(&recovery->lanes);

	lane->source = source;
	lane->worker = worker;
	lane->reader = source->readers[worker];
	lane->stream_id = stream_id;
	lane->seq = source->lanes[worker].log_seq;
	lane->active = source->lanes[worker].own_ms != FB_TIME_MIN;
	lane->idle_ns = fb_source_idle_timeout_ms(recovery->engine, source) * 1000000;
}

static int add_source(struct recovery *recovery, struct source_run *source)
{
	struct fb_engine *engine = recovery->engine;
	uint32_t stream_id;
	int rc = fb_rawlog_stream_id(fb_keeper_log(engine->keeper), engine->appliance->streams[source->stream].table, false,
		&stream_id);

	for (uint32_t w = 0; rc == 0 && w < FB_WORKER_MAX; w++) {
		if (!source->lanes[w].used || source->readers[w] == NULL)
			continue;
		/* Until it is attached the reader is ours: slices go back to it without a mail. */
		source->done[w] = true;
		add_lane(recovery, source, w, stream_id);
	}
	return rc == FB_E_NOT_FOUND ? 0 : rc;
}

static void end_source(const struct recovery *recovery, struct source_run *source, struct fb_diags *diags)
{
	memset(source->done, 0, sizeof(source->done));
	/* Rows that were published and that the log has lost do not come again. */
	for (uint32_t i = 0; i < source->query_cnt; i++)
		memset(source->queries[i]->skip_rows, 0, sizeof(source->queries[i]->skip_rows));
	for (uint32_t i = 0; i < recovery->lanes.cnt; i++)
		if (recovery->lanes.items[i].source == source)
			source->datagrams_base += recovery->lanes.items[i].datagrams;
	report(recovery, source, diags);
}

static int recover_sources(struct fb_engine *engine, struct source_run *first, struct fb_diags *diags, uint64_t *datagrams)
{
	struct recovery recovery = {.engine = engine, .first = first};
	int rc = fb_lanes_init(&recovery.lanes, fb_keeper_log(engine->keeper), FB_WORKER_MAX * first->together_cnt);

	if (rc != 0)
		return rc;
	for (uint32_t i = 0; rc == 0 && i < first->together_cnt; i++)
		if (fb_recover_has_log(engine, &first[i]))
			rc = add_source(&recovery, &first[i]);
	if (rc == 0)
		rc = fb_lanes_open(&recovery.lanes);
	if (rc == 0)
		rc = feed_all(&recovery);
	for (uint32_t i = 0; i < first->together_cnt; i++)
		if (fb_recover_has_log(engine, &first[i]))
			end_source(&recovery, &first[i], diags);
	*datagrams += recovery.lanes.datagrams;
	fb_lanes_fini(&recovery.lanes);
	return rc == FB_E_NOT_FOUND ? 0 : rc;
}

int fb_recover_pipeline(struct fb_engine *engine, struct pipeline *pipeline, struct fb_diags *diags)
{
	struct fb_checkpoint_view *numbers = &pipeline->checkpoint.last;
	int64_t begun_ns = fb_clock_monotonic_ns();
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < pipeline->source_cnt; i++)
		if (pipeline->sources[i].first == &pipeline->sources[i])
			rc = recover_sources(engine, &pipeline->sources[i], diags, &numbers->recovered_datagrams);
	numbers->recovery_ns = fb_clock_monotonic_ns() - begun_ns;
	return rc;
}
