/* SPDX-License-Identifier: Apache-2.0 */
/* Slices of all cores to windows to rows. The taker's. */
#include <stdlib.h>

#include "control/replay/replay_private.h"

#define ROWS_BYTES (256u << 10) /* encoded rows that go to the caller at once */

/* The assembly needs a slice no more: back to the core that lent it. */
static void release(void *arg, struct fb_slice *slice, uint32_t from)
{
	struct fb_query_out *query = arg;
	struct fb_part *part = query->spare;

	query->spare = part->next;
	part->core = &query->replay->cores[from];
	part->query = query->index;
	part->slice = slice;
	fb_core_return_part(part);
}

int fb_windows_open(struct fb_query_out *query, uint64_t pool_bytes)
{
	struct fb_assembly_conf conf = {.plan = query->plan,
		.layout = query->layout,
		.pool_bytes = pool_bytes / fb_assembly_pool_cnt(query->plan),
		.isa = query->replay->conf->isa,
		.release = release,
		.arg = query};

	return fb_assembly_create(&conf, &query->assembly);
}

void fb_windows_close(struct fb_query_out *query)
{
	if (query->assembly != NULL)
		fb_assembly_destroy(query->assembly);
	while (query->spare != NULL) {
		struct fb_part *next = query->spare->next;

		free(query->spare);
		query->spare = next;
	}
}

int fb_windows_add(struct fb_query_out *query, struct fb_part *part)
{
	struct fb_slice *slice = part->slice;
	uint32_t from = part->core->index;
	int rc;

	part->next = query->spare;
	query->spare = part;
	rc = fb_assembly_add(query->assembly, slice, from);
	if (rc != 0)
		release(query, slice, from);
	return rc;
}

int fb_windows_mark(struct fb_replay *replay, int64_t mark_ms)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < replay->conf->query_cnt; i++)
		if (replay->queries[i].assembly != NULL)
			rc = fb_assembly_mark(replay->queries[i].assembly, mark_ms);
	return rc;
}

/* Whether the caller wants the window. Sessions come in rounds: whatever touches the range. */
static bool is_wanted(const struct fb_query_out *query, const struct fb_assembly_window *window)
{
	const struct fb_replay_range *range = query->replay->conf->windows;

	if (range == NULL)
		return true;
	if (query->plan->window.kind == FB_WINDOW_SESSION)
		return window->end_ms >= range->from_ms && window->start_ms <= range->to_ms;
	return window->start_ms >= range->from_ms && window->end_ms <= range->to_ms;
}

static int flush(struct fb_query_out *query, const struct fb_assembly_window *window, bool last)
{
	struct fb_replay_rows rows = {.query = query->index,
		.has_window = true,
		.last = last,
		.window_start_ms = window->start_ms,
		.window_end_ms = window->end_ms,
		.row_cnt = query->row_cnt,
		.bytes = (const uint8_t *)query->rows.p,
		.len = query->rows.len};
	int rc = fb_replay_give(query, &rows);

	query->row_cnt = 0;
	fb_buf_clear(&query->rows);
	return rc;
}

static int put_rows(struct fb_query_out *query, const struct fb_assembly_window *window, const struct fb_assembly_rows *rows)
{
	uint32_t cnt = query->plan->select_cnt;

	for (uint32_t i = 0; i < rows->sel_cnt; i++) {
		uint32_t bytes = fb_row_bytes(rows->columns, query->types, cnt, rows->sel[i]);
		char *out = fb_buf_reserve(&query->rows, bytes);

		if (out == NULL)
			return FB_E_NO_MEMORY;
		query->rows.len += fb_row_encode(rows->columns, query->types, cnt, rows->sel[i], (uint8_t *)out);
	}
	query->row_cnt += rows->sel_cnt;
	return query->rows.len < ROWS_BYTES ? 0 : flush(query, window, false);
}

/* What found no room in a level of a cascade: the rows above would be wrong (as core.c has it for records). */
static int check_levels(struct fb_query_out *query)
{
	struct fb_assembly_level level;
	int rc = 0;

	for (uint32_t i = 1; rc == 0 && i < fb_query_level_cnt(query->plan); i++) {
		fb_assembly_level(query->assembly, i, &level);
		rc = level.counters.disposition[FB_REC_STATE_FULL] > 0 ? FB_E_FULL : 0;
	}
	return rc;
}

static int publish_window(struct fb_query_out *query, const struct fb_assembly_window *window)
{
	bool wanted = is_wanted(query, window);
	struct fb_assembly_rows rows;
	int rc = check_levels(query);

	while (rc == 0 && fb_assembly_read(query->assembly, &rows)) {
		query->numbers.dropped_groups += rows.failed;
		query->numbers.counters.sum_overflows += rows.wrapped;
		if (wanted)
			rc = put_rows(query, window, &rows);
	}
	if (rc == 0 && wanted)
		rc = flush(query, window, true);
	query->numbers.windows_left_out += rc == 0 && !wanted;
	return rc;
}

int fb_windows_publish(struct fb_query_out *query, int64_t watermark_ms)
{
	struct fb_assembly_window window;
	int rc;

	while ((rc = fb_assembly_begin(query->assembly, watermark_ms, &window)) == 1) {
		rc = publish_window(query, &window);
		if (rc != 0) {
			fb_assembly_abort(query->assembly);
			return rc;
		}
		query->numbers.windows++;
		query->published_ms = FB_MAX(query->published_ms, window.done_ms);
		query->numbers.window_rows += fb_assembly_finish(query->assembly);
	}
	query->numbers.window_rows += fb_assembly_take_skipped(query->assembly);
	return rc ? rc : check_levels(query);
}

void fb_windows_numbers(const struct fb_query_out *query, struct fb_replay_query *ret)
{
	*ret = query->numbers;
	ret->level_cnt = query->assembly ? fb_query_level_cnt(query->plan) : 0;
	for (uint32_t i = 0; i < ret->level_cnt; i++) {
		fb_assembly_level(query->assembly, i, &ret->levels[i]);
		ret->dropped_groups += ret->levels[i].dropped_groups;
	}
	if (ret->level_cnt > 1)
		ret->counters.sum_overflows += ret->levels[0].counters.sum_overflows;
}
