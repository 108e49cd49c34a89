/* SPDX-License-Identifier: Apache-2.0 */
/* Result rows of a query, and which of them are one window, as the store has them. */
#include <stdlib.h>
#include <string.h>

#include "control/pipeline/engine_private.h"
#include "dataplane/operator/row.h"

struct result_scan {
	const struct query_run *query;
	struct fb_value *values;
	const uint8_t **rows; /* newest first */
	size_t *lens;
	uint64_t *seqs;
	uint32_t cnt;
	uint32_t limit;
	uint64_t end;
};

static int collect_row(void *arg, uint64_t seq, const uint8_t *row, size_t len)
{
	struct result_scan *scan = arg;
	uint8_t *copy;

	if (scan->cnt == scan->limit)
		return 1;
	if (seq >= scan->end)
		return 0;
	copy = malloc(len);
	if (copy == NULL)
		return FB_E_NO_MEMORY;
	memcpy(copy, row, len);
	scan->rows[scan->cnt] = copy;
	scan->lens[scan->cnt] = len;
	scan->seqs[scan->cnt++] = seq;
	return 0;
}

static int show_rows(const struct result_scan *scan, fb_engine_row_fn fn, void *arg)
{
	int rc = 0;

	for (uint32_t i = scan->cnt; rc == 0 && i-- > 0;) {
		int64_t used = fb_row_decode(
			scan->rows[i], scan->lens[i], scan->query->types, scan->query->plan->select_cnt, scan->values);

		rc = used < 0 ? (int)used : fn(arg, scan->query->plan, scan->seqs[i], scan->values);
	}
	return rc;
}

struct query_run *fb_engine_find_query(struct fb_engine *engine, const char *pipeline_name, const char *name)
{
	struct pipeline *pipeline = fb_engine_find(engine, pipeline_name);

	for (uint32_t i = 0; pipeline != NULL && i < pipeline->query_cnt; i++)
		if (name == NULL || strcmp(pipeline->queries[i].plan->name, name) == 0)
			return &pipeline->queries[i];
	return NULL;
}

int fb_engine_results(struct fb_engine *engine, const char *pipeline, const char *query, uint64_t before_seq,
	uint32_t limit, fb_engine_row_fn fn, void *arg)
{
	struct result_scan scan = {.limit = limit};
	int rc = FB_E_NOT_FOUND;

	fb_engine_lock(engine);
	scan.query = fb_engine_find_query(engine, pipeline, query);
	if (scan.query != NULL) {
		/* Rows of a window that is still being written are nobody's yet. */
		scan.end = FB_MIN(before_seq, scan.query->next_seq);
		scan.values = calloc(scan.query->plan->select_cnt, sizeof(*scan.values));
		scan.rows = calloc(limit + 1u, sizeof(*scan.rows));
		scan.lens = calloc(limit + 1u, sizeof(*scan.lens));
		scan.seqs = calloc(limit + 1u, sizeof(*scan.seqs));
		rc = !scan.values || !scan.rows || !scan.lens || !scan.seqs ? FB_E_NO_MEMORY : 0;
	}
	if (rc == 0 && scan.end > 0)
		rc = fb_store_scan_results(
			engine->store, scan.query->query_id, scan.end - 1, true, collect_row, &scan);
	if (rc >= 0)
		rc = show_rows(&scan, fn, arg);
	fb_engine_unlock(engine);
	for (uint32_t i = 0; i < scan.cnt; i++)
		free((void *)(uintptr_t)scan.rows[i]);
	free(scan.rows);
	free(scan.lens);
	free(scan.seqs);
	free(scan.values);
	return rc;
}

struct window_scan {
	uint64_t end;
	fb_store_window_fn fn;
	void *arg;
};

static int pass_window(void *arg, const struct fb_store_window *window)
{
	const struct window_scan *scan = arg;

	return window->first_seq >= scan->end ? 1 : scan->fn(scan->arg, window);
}

int fb_engine_windows(struct fb_engine *engine, const char *pipeline, const char *query, uint64_t from_seq,
	fb_store_window_fn fn, void *arg)
{
	struct window_scan scan = {.fn = fn, .arg = arg};
	const struct query_run *run;
	uint32_t query_id = 0;
	int rc = FB_E_NOT_FOUND;

	fb_engine_lock(engine);
	run = fb_engine_find_query(engine, pipeline, query);
	if (run != NULL) {
		query_id = run->query_id;
		scan.end = run->next_seq;
	}
	fb_engine_unlock(engine);
	/* What is published stays as it is: the lock is not needed. */
	if (run != NULL)
		rc = fb_store_scan_windows(engine->store, query_id, from_seq, pass_window, &scan);
	return FB_MIN(rc, 0);
}
