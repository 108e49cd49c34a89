/* SPDX-License-Identifier: Apache-2.0 */
/* Results that every sink has are kept for `forebay windows` until they are older than store.results_retention_s. */
#include "config/base/calendar.h"
#include "control/pipeline/engine_private.h"

/* Remembers which row is the next now; the oldest mark is overwritten, which only keeps rows longer. */
static void mark(struct query_run *query, int64_t now_ns, int64_t retention_ns)
{
	uint32_t last = (query->mark_cnt + FB_RETENTION_MARKS - 1) % FB_RETENTION_MARKS;

	if (query->mark_cnt > 0 && now_ns - query->marks[last].ns < retention_ns / FB_RETENTION_MARKS)
		return;
	query->marks[query->mark_cnt % FB_RETENTION_MARKS].ns = now_ns;
	query->marks[query->mark_cnt % FB_RETENTION_MARKS].seq = query->next_seq;
	query->mark_cnt++;
}

/* Rows below were there a whole retention ago. */
static uint64_t expired_below(const struct query_run *query, int64_t now_ns, int64_t retention_ns)
{
	uint64_t seq = 0;

	for (uint32_t i = 0; i < FB_MIN(query->mark_cnt, (uint32_t)FB_RETENTION_MARKS); i++)
		if (now_ns - query->marks[i].ns >= retention_ns)
			seq = FB_MAX(seq, query->marks[i].seq);
	return seq;
}

static int begin_of_window(void *arg, const struct fb_store_window *window)
{
	uint64_t *below = arg;

	*below = FB_MIN(*below, window->first_seq);
	return 1;
}

/* Not in the middle of a window: what is left of a correction would not be known as one, and its sink gets it still. */
static int whole_windows(struct fb_engine *engine, const struct query_run *query, uint64_t *below)
{
	return FB_MIN(fb_store_scan_windows(engine->store, query->query_id, *below, begin_of_window, below), 0);
}

void fb_retention_round(struct fb_engine *engine)
{
	int64_t now = fb_clock_monotonic_ns();
	int64_t retention = (int64_t)engine->appliance->store.results_retention_s * 1000000000;

	for (struct pipeline *pipeline = engine->pipelines; pipeline != NULL; pipeline = pipeline->next)
		for (uint32_t i = 0; i < pipeline->query_cnt; i++) {
			struct query_run *query = &pipeline->queries[i];
			struct fb_delivery_status status;

			mark(query, now, retention);
			fb_delivery_status(query->delivery, &status);

			uint64_t below = FB_MIN(expired_below(query, now, retention), status.cursor);

			if (below <= query->retained_from || whole_windows(engine, query, &below) != 0 ||
				below <= query->retained_from)
				continue;
			fb_store_delete_results(engine->batch, query->query_id, query->retained_from, below);
			if (fb_store_commit(engine->batch, false) == 0)
				query->retained_from = below;
		}
}
