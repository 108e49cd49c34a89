/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch into row pages, each record once for each of its windows: a window function without GROUP BY. Hot.
 *
 * Pairs of record and window are gathered into a batch of their own, the windows of a record one after the
 * other. So the order of the rows does not depend on where batches end: recovery leaves out as many as there
 * are already.
 */
#include "dataplane/operator/reader_private.h"
#include "dataplane/operator/window.h"

/* What became of a record; the greatest over its windows counts. */
enum {
	OUTCOME_FILTERED, /* none of its rows was wanted */
	OUTCOME_ACCEPTED,
	OUTCOME_FULL,   /* some row found no room */
	OUTCOME_FAILED, /* some row could not be computed */
};

static const enum fb_record_disposition dispositions[] = {
	[OUTCOME_FILTERED] = FB_REC_FILTERED,
	[OUTCOME_ACCEPTED] = FB_REC_ACCEPTED,
	[OUTCOME_FULL] = FB_REC_OUTPUT_FULL,
	[OUTCOME_FAILED] = FB_REC_EXPRESSION,
};

/* ---- pairs ---- */

static void gather(struct fb_column *to, const struct fb_column *from, enum fb_phys phys,
	const uint16_t *record, uint32_t cnt)
{
	for (uint32_t i = 0; i < cnt; i++)
		if (phys == FB_PHYS_STR)
			to->str[i] = from->str[record[i]];
		else if (phys == FB_PHYS_I128)
			to->i128[i] = from->i128[record[i]];
		else
			to->i64[i] = from->i64[record[i]];
	to->has_null = from->has_null;
	for (uint32_t i = 0; from->has_null && i < cnt; i++)
		fb_column_set_valid(to, i, fb_column_is_valid(from, record[i]));
}

static void gather_records(struct fb_query_run *query, uint32_t cnt)
{
	struct fb_assign_run *assign = query->assign;
	uint32_t windows = fb_query_window_input(query->plan);

	for (uint32_t i = 0; i < windows; i++)
		if (assign->pairs.columns[i].data != NULL)
			gather(&assign->pairs.columns[i], &assign->records->columns[i],
				fb_type_phys(assign->types[i]), assign->record, cnt);
	assign->pairs.row_cnt = assign->pairs.sel_cnt = cnt;
	for (uint32_t i = 0; i < cnt; i++)
		assign->pairs.sel[i] = (uint16_t)i;
}

static void note(struct fb_assign_run *assign, uint32_t pair, uint8_t outcome)
{
	uint8_t *of = &assign->outcome[assign->record[pair]];

	*of = FB_MAX(*of, outcome);
}

/* Pairs whose row failed leave the selection. */
static void drop_failed(struct fb_assign_run *assign, const uint64_t *failed)
{
	struct fb_batch *pairs = &assign->pairs;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < pairs->sel_cnt; i++) {
		uint16_t pair = pairs->sel[i];

		if (fb_row_failed(failed, pair))
			note(assign, pair, OUTCOME_FAILED);
		else
			pairs->sel[kept++] = pair;
	}
	pairs->sel_cnt = kept;
}

static void run_pairs(struct fb_query_run *query, uint32_t cnt)
{
	struct fb_assign_run *assign = query->assign;
	struct fb_batch *pairs = &assign->pairs;
	uint64_t failed[FB_BATCH_WORDS] = {0};
	uint64_t rows = 0;

	gather_records(query, cnt);
	if (assign->filter != NULL) {
		const struct fb_column *condition = fb_program_run(assign->filter, pairs, failed);

		drop_failed(assign, failed);
		fb_batch_filter(pairs, condition);
		memset(failed, 0, sizeof(failed));
	}
	for (uint32_t i = 0; i < query->plan->select_cnt; i++)
		query->columns[i] = fb_program_run(query->select[i], pairs, failed);
	drop_failed(assign, failed);
	for (uint32_t i = 0; i < pairs->sel_cnt; i++) {
		bool put = fb_plain_put(query, pairs->sel[i]);

		rows += put;
		note(assign, pairs->sel[i], put ? OUTCOME_ACCEPTED : OUTCOME_FULL);
	}
	query->counters.rows_waiting += rows;
	query->counters.extra_rows += rows;
}

/* ---- a batch ---- */

static void put_pair(struct fb_query_run *query, uint32_t pair, uint16_t record, int64_t start, int64_t end)
{
	struct fb_assign_run *assign = query->assign;
	struct fb_column *columns = assign->pairs.columns + fb_query_window_input(query->plan);
	bool instant = query->plan->time->type.kind == FB_T_TIMESTAMP_LTZ;

	assign->record[pair] = record;
	columns[FB_GROUP_WINDOW_START].i64[pair] = start;
	columns[FB_GROUP_WINDOW_END].i64[pair] = end;
	/* Rule W12: of the time column's type. */
	columns[FB_GROUP_WINDOW_TIME].i64[pair] = end - 1 - (instant ? query->plan->time_shift_ms : 0);
}

/* Records whose rows all came out are counted once, and their other rows are extra. */
static void count(struct fb_query_run *query, const struct fb_batch *batch)
{
	uint64_t counts[FB_ARRAY_LEN(dispositions)] = {0};

	for (uint32_t i = 0; i < batch->sel_cnt; i++)
		counts[query->assign->outcome[batch->sel[i]]]++;
	for (uint32_t i = 0; i < FB_ARRAY_LEN(dispositions); i++)
		fb_count(query, dispositions[i], counts[i]);
	query->counters.extra_rows -= counts[OUTCOME_ACCEPTED];
}

void fb_assign_run(struct fb_query_run *query, struct fb_batch *batch)
{
	const struct fb_window *window = &query->plan->assigner;
	struct fb_assign_run *assign = query->assign;
	struct fb_times times = {.shift_ms = query->plan->time_shift_ms};
	uint64_t failed[FB_BATCH_WORDS] = {0};
	uint32_t cnt = 0;

	times.column = fb_program_run(query->time, batch, failed);
	fb_drop_failed(query, batch, failed);
	fb_check_times(query, batch, &times);
	assign->records = batch;
	memset(assign->outcome, OUTCOME_FILTERED, sizeof(assign->outcome));
	for (uint32_t i = 0; i < batch->sel_cnt; i++) {
		int64_t slice = fb_window_slice_start(window, fb_time_of(&times, batch->sel[i]));
		int64_t last_end = fb_window_last_end(window, slice);

		for (int64_t end = slice + window->step_ms; end <= last_end; end += window->step_ms) {
			if (cnt == FB_BATCH_ROWS) {
				run_pairs(query, cnt);
				cnt = 0;
			}
			put_pair(query, cnt++, batch->sel[i], fb_window_start_of(window, end, last_end), end);
		}
	}
	if (cnt > 0)
		run_pairs(query, cnt);
	count(query, batch);
}
