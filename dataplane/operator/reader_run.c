/* SPDX-License-Identifier: Apache-2.0 */
/* A reader at work. Hot. */
#include "dataplane/operator/reader_private.h"
#include "dataplane/operator/window.h"

void fb_drop_failed(struct fb_query_run *query, struct fb_batch *batch, const uint64_t *failed)
{
	uint64_t any = 0;
	uint32_t kept = 0;
	uint32_t before = batch->sel_cnt;

	for (uint32_t w = 0; w < FB_BATCH_WORDS; w++)
		any |= failed[w];
	if (FB_LIKELY(any == 0))
		return;
	for (uint32_t i = 0; i < before; i++) {
		uint16_t row = batch->sel[i];

		if (!fb_row_failed(failed, row))
			batch->sel[kept++] = row;
	}
	batch->sel_cnt = kept;
	fb_count(query, FB_REC_EXPRESSION, before - kept);
}

/* ---- watermark ---- */

/* A watermark is emitted only when it is above 0, the value that Flink's assigner begins with (rule
 * M1). */
static inline int64_t advance(int64_t own_ms, int64_t time_ms, int64_t delay_ms)
{
	int64_t watermark = time_ms - delay_ms;

	return watermark > 0 && watermark > own_ms ? watermark : own_ms;
}

static inline bool has_rowtime(const struct fb_reader *reader, uint32_t row)
{
	int64_t time = reader->rowtimes->i64[row];

	return fb_column_is_valid(reader->rowtimes, row) &&
	       !fb_row_failed(reader->rowtime_failed, row) && time > -FB_TIME_LIMIT_MS &&
	       time < FB_TIME_LIMIT_MS;
}

/* Rows that a WHERE drops later advance the watermark too (rule M1): it is the source's, not the
 * query's. */
static void track(struct fb_reader *reader)
{
	const struct fb_batch *batch = &reader->batch;
	int64_t oldest = FB_TIME_MAX;
	int64_t newest = FB_TIME_MIN;
	uint64_t failed = 0;

	memset(reader->rowtime_failed, 0, sizeof(reader->rowtime_failed));
	reader->rowtimes = fb_program_run(reader->rowtime_program, batch, reader->rowtime_failed);
	reader->before_ready = false;
	for (uint32_t w = 0; w < FB_BATCH_WORDS; w++)
		failed |= reader->rowtime_failed[w];
	if (!reader->rowtimes->has_null && failed == 0) {
		reader->span = fb_span_of(reader->rowtimes->i64, batch->sel, batch->sel_cnt);
		reader->span_known = fb_span_is_of_times(reader->span);
	}
	if (reader->span_known) {
		oldest = reader->span.min;
		newest = reader->span.max;
	}
	for (uint32_t i = 0; !reader->span_known && i < batch->sel_cnt; i++)
		if (has_rowtime(reader, batch->sel[i])) {
			oldest = FB_MIN(oldest, reader->rowtimes->i64[batch->sel[i]]);
			newest = FB_MAX(newest, reader->rowtimes->i64[batch->sel[i]]);
		}
	reader->oldest_ms = FB_MIN(reader->oldest_ms, oldest);
	reader->newest_ms = FB_MAX(reader->newest_ms, newest);
	reader->batch_ms = newest == FB_TIME_MIN ? FB_TIME_MIN
						 : advance(FB_TIME_MIN, newest, reader->delay_ms);
}

uint32_t fb_reader_pending(const struct fb_reader *reader)
{
	return fb_decoder_pending(reader->decoder);
}

/* Selected rows [from, to) by their numbers, which ascend. */
static uint32_t first_of(const struct fb_batch *batch, uint32_t row)
{
	uint32_t low = 0;
	uint32_t high = batch->sel_cnt;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (batch->sel[middle] < row)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int64_t fb_reader_newest(const struct fb_reader *reader, uint32_t from, uint32_t to)
{
	const struct fb_batch *batch = &reader->batch;
	int64_t newest = FB_TIME_MIN;

	if (!reader->tracks)
		return FB_TIME_MIN;
	for (uint32_t i = first_of(batch, from); i < batch->sel_cnt && batch->sel[i] < to; i++)
		if (has_rowtime(reader, batch->sel[i]))
			newest = FB_MAX(newest, reader->rowtimes->i64[batch->sel[i]]);
	return newest == FB_TIME_MIN ? FB_TIME_MIN : advance(FB_TIME_MIN, newest, reader->delay_ms);
}

/* Fills before_ms part by part; returns the highest of it. */
static int64_t judge_parts(struct fb_reader *reader, const struct fb_reader_part *parts, uint32_t cnt)
{
	const struct fb_batch *batch = &reader->batch;
	int64_t highest = FB_TIME_MIN;
	uint32_t i = 0;

	for (uint32_t p = 0; p < cnt; p++) {
		int64_t own = parts[p].own_ms;
		int64_t global = FB_MAX(reader->global_ms, parts[p].global_ms);

		for (; i < batch->sel_cnt && batch->sel[i] < parts[p].end; i++) {
			uint32_t row = batch->sel[i];

			reader->before_ms[row] = FB_MAX(global, FB_MIN(own, parts[p].others_ms));
			highest = FB_MAX(highest, reader->before_ms[row]);
			if (reader->tracks && has_rowtime(reader, row))
				own = advance(own, reader->rowtimes->i64[row], reader->delay_ms);
		}
	}
	reader->before_ready = true;
	return highest;
}

void fb_watermarks_before(struct fb_reader *reader)
{
	const struct fb_batch *batch = &reader->batch;
	int64_t own = reader->own_ms;

	if (reader->before_ready)
		return;
	reader->before_ready = true;
	for (uint32_t i = 0; i < batch->sel_cnt; i++) {
		uint32_t row = batch->sel[i];

		reader->before_ms[row] = FB_MAX(reader->global_ms, FB_MIN(own, reader->others_ms));
		if (reader->tracks && has_rowtime(reader, row))
			own = advance(own, reader->rowtimes->i64[row], reader->delay_ms);
	}
}

/* Which values of a grid the watermark takes as the rows of the batch come. */
static void note_marks(struct fb_reader *reader)
{
	const struct fb_batch *batch = &reader->batch;
	int64_t own = reader->own_ms;

	for (uint32_t i = 0; i < batch->sel_cnt; i++) {
		uint32_t row = batch->sel[i];
		int64_t before = own;
		bool on_grid = false;

		if (!has_rowtime(reader, row))
			continue;
		own = advance(own, reader->rowtimes->i64[row], reader->delay_ms);
		for (uint32_t g = 0; own != before && g < reader->grid_cnt; g++)
			on_grid |= fb_floor_mod(own - reader->grids[g].offset_ms, reader->grids[g].step_ms) == 0;
		if (on_grid && reader->mark_cnt < FB_READER_MARKS_MAX)
			reader->marks[reader->mark_cnt++] = own;
	}
}

uint32_t fb_reader_take_marks(struct fb_reader *reader, const int64_t **ret_marks)
{
	uint32_t cnt = reader->mark_cnt - reader->mark_at;

	*ret_marks = reader->marks + reader->mark_at;
	reader->mark_at = reader->mark_cnt = 0;
	return cnt;
}

void fb_reader_set_metadata(struct fb_reader *reader, uint16_t input, struct fb_value value)
{
	struct fb_column *column = &reader->batch.columns[input];
	bool is_text = fb_type_phys(fb_table_input_type(reader->source, input)) == FB_PHYS_STR;

	/* The decoder leaves it as it is. */
	for (uint32_t row = 0; column->data != NULL && row < FB_BATCH_ROWS; row++)
		if (is_text)
			column->str[row] = value.str;
		else
			column->i64[row] = value.i64;
}

bool fb_reader_take_mark(struct fb_reader *reader, int64_t *ret_mark_ms)
{
	if (reader->mark_at == reader->mark_cnt)
		return false;
	*ret_mark_ms = reader->marks[reader->mark_at++];
	if (reader->mark_at == reader->mark_cnt)
		reader->mark_at = reader->mark_cnt = 0;
	return true;
}

struct fb_event_definition fb_reader_event_definition(const struct fb_reader *reader)
{
	return reader->definition;
}

void fb_reader_take_event_times(struct fb_reader *reader, int64_t *ret_oldest_ms, int64_t *ret_newest_ms)
{
	*ret_oldest_ms = reader->oldest_ms;
	*ret_newest_ms = reader->newest_ms;
	reader->oldest_ms = FB_TIME_MAX;
	reader->newest_ms = FB_TIME_MIN;
}

void fb_reader_set_others(struct fb_reader *reader, int64_t watermark_ms)
{
	reader->others_ms = watermark_ms;
}

void fb_reader_resume(struct fb_reader *reader, int64_t own_ms)
{
	reader->own_ms = own_ms;
	reader->batch_own_ms = own_ms;
}

int64_t fb_reader_own_watermark(const struct fb_reader *reader)
{
	return reader->own_ms;
}

void fb_reader_set_watermark(struct fb_reader *reader, int64_t watermark_ms)
{
	reader->global_ms = FB_MAX(reader->global_ms, watermark_ms);
}

int64_t fb_reader_watermark(const struct fb_reader *reader)
{
	return reader->global_ms;
}

/* ---- batches ---- */

static void run_filter(
	struct fb_query_run *query, struct fb_batch *batch, struct fb_program *filter)
{
	uint64_t failed[FB_BATCH_WORDS] = {0};
	const struct fb_column *condition;

	if (filter == NULL)
		return;
	condition = fb_program_run(filter, batch, failed);
	fb_drop_failed(query, batch, failed);
	fb_count(query, FB_REC_FILTERED, fb_batch_filter(batch, condition));
}

/* Records of the source to those of the query: what the branch selects. */
static void run_branch(struct fb_query_run *query, struct fb_batch *batch)
{
	uint64_t failed[FB_BATCH_WORDS] = {0};

	run_filter(query, batch, query->branch_filter);
	for (uint32_t i = 0; batch->sel_cnt > 0 && i < query->branch->select_cnt; i++)
		if (query->branch_select[i] != NULL)
			query->branch_columns[i] =
				*fb_program_run(query->branch_select[i], batch, failed);
	fb_drop_failed(query, batch, failed);
	batch->columns = query->branch_columns;
	batch->column_cnt = query->branch->select_cnt;
}

static void run_query(struct fb_reader *reader, struct fb_query_run *query)
{
	struct fb_batch batch = reader->batch;

	memcpy(query->sel, reader->batch.sel, batch.sel_cnt * sizeof(*query->sel));
	batch.sel = query->sel;
	if (query->branch != NULL)
		run_branch(query, &batch);
	if (batch.sel_cnt > 0)
		run_filter(query, &batch, query->filter);
	if (batch.sel_cnt == 0)
		return;
	if (query->layout != NULL)
		fb_window_run(reader, query, &batch);
	else if (query->assign != NULL)
		fb_assign_run(query, &batch);
	else
		fb_plain_run(query, &batch);
}

int64_t fb_reader_decode(struct fb_reader *reader)
{
	reader->batch_ms = FB_TIME_MIN;
	reader->span_known = false;
	reader->batch.sel_cnt = 0;
	if (fb_decoder_pending(reader->decoder) == 0)
		return FB_TIME_MIN;
	fb_decoder_finish(reader->decoder, &reader->batch);
	if (reader->tracks && reader->batch.sel_cnt > 0)
		track(reader);
	return reader->batch_ms;
}

void fb_reader_run(struct fb_reader *reader, int64_t own_ms)
{
	reader->own_ms = own_ms;
	reader->batch_own_ms = FB_MAX(own_ms, reader->batch_ms);
	if (reader->grid_cnt > 0 && reader->batch.sel_cnt > 0)
		note_marks(reader);
	for (uint32_t i = 0; reader->batch.sel_cnt > 0 && i < reader->query_cnt; i++)
		run_query(reader, &reader->queries[i]);
	reader->own_ms = reader->batch_own_ms;
}

void fb_reader_run_parts(struct fb_reader *reader, const struct fb_reader_part *parts, uint32_t cnt)
{
	/* Queries ask what the batch ends with before they look at rows: the highest that any row is judged by. */
	reader->others_ms = FB_TIME_MAX;
	reader->batch_own_ms = judge_parts(reader, parts, cnt);
	for (uint32_t i = 0; reader->batch.sel_cnt > 0 && i < reader->query_cnt; i++)
		run_query(reader, &reader->queries[i]);
	reader->own_ms = reader->batch_own_ms;
}

void fb_reader_flush(struct fb_reader *reader)
{
	if (fb_decoder_pending(reader->decoder) == 0)
		return;
	fb_reader_decode(reader);
	fb_reader_run(reader, reader->own_ms);
}

void fb_reader_run_rows(struct fb_reader *reader, const struct fb_batch *rows)
{
	reader->batch = *rows;
	reader->before_ready = false;
	reader->span_known = false;
	for (uint32_t i = 0; rows->sel_cnt > 0 && i < reader->query_cnt; i++)
		run_query(reader, &reader->queries[i]);
	reader->batch = (struct fb_batch){0};
}

bool fb_reader_add(struct fb_reader *reader, const uint8_t *data, uint32_t len, uint32_t *pos)
{
	return fb_decoder_add(reader->decoder, data, len, pos);
}

enum fb_decoder_seen fb_reader_take_seen(struct fb_reader *reader)
{
	return fb_decoder_take_seen(reader->decoder);
}

void fb_reader_forget(struct fb_reader *reader, const struct fb_decode_counters *before)
{
	fb_decoder_forget(reader->decoder, before);
	reader->batch_ms = FB_TIME_MIN;
	reader->batch.sel_cnt = 0;
}

void fb_reader_feed(struct fb_reader *reader, const uint8_t *data, uint32_t len)
{
	uint32_t pos = 0;

	while (!fb_decoder_add(reader->decoder, data, len, &pos))
		fb_reader_flush(reader);
}

/* ---- hand-over ---- */

static struct fb_slice *take(struct fb_query_run *query)
{
	struct fb_slice *slice = query->open[0];

	query->open_cnt--;
	memmove(query->open, query->open + 1, query->open_cnt * sizeof(*query->open));
	query->counters.sealed_rows += fb_slice_row_cnt(slice);
	return slice;
}

struct fb_slice *fb_reader_take_sealed(struct fb_reader *reader, uint32_t *ret_query)
{
	for (uint32_t i = 0; i < reader->query_cnt; i++) {
		struct fb_query_run *query = &reader->queries[i];

		if (query->past_cnt > 0)
			fb_session_unwatch(reader, query);
		if (query->open_cnt == 0)
			continue;

		/* Rule M4, in the domain of instants (rule W2). */
		int64_t watermark = fb_window_clock(query->plan, reader->global_ms);

		if (query->open[0]->first_end_ms - 1 > watermark)
			continue;
		*ret_query = i;
		struct fb_slice *slice = take(query);

		query->counters.slices_sealed++;
		if (query->plan->window.kind == FB_WINDOW_SESSION)
			fb_session_watch(query, slice);
		return slice;
	}
	return NULL;
}

struct fb_slice *fb_reader_take_open(struct fb_reader *reader, uint32_t *ret_query)
{
	for (uint32_t i = 0; i < reader->query_cnt; i++)
		if (reader->queries[i].open_cnt > 0) {
			*ret_query = i;
			return take(&reader->queries[i]);
		}
	return NULL;
}

struct fb_slice *fb_reader_take_checkpoint(struct fb_reader *reader, uint32_t *ret_query)
{
	struct fb_slice *slice = fb_reader_take_open(reader, ret_query);

	if (slice != NULL && reader->queries[*ret_query].plan->window.kind == FB_WINDOW_SESSION)
		fb_session_watch(&reader->queries[*ret_query], slice);
	return slice;
}

bool fb_reader_can_checkpoint(const struct fb_reader *reader)
{
	for (uint32_t i = 0; i < reader->query_cnt; i++)
		if (reader->queries[i].plan->window.kind == FB_WINDOW_SESSION &&
			!fb_session_has_room(&reader->queries[i]))
			return false;
	return true;
}

void fb_reader_return_slice(struct fb_reader *reader, uint32_t query, struct fb_slice *slice)
{
	(void)reader;
	(void)query;
	if (slice->watched)
		slice->returned = true;
	else
		fb_slice_close(slice);
}

/* ---- numbers ---- */

const struct fb_decode_counters *fb_reader_decode_counters(const struct fb_reader *reader)
{
	return fb_decoder_counters(reader->decoder);
}

uint32_t fb_reader_query_cnt(const struct fb_reader *reader)
{
	return reader->query_cnt;
}

const struct fb_query_counters *fb_reader_query_counters(struct fb_reader *reader, uint32_t number)
{
	struct fb_query_run *query = &reader->queries[number];
	struct fb_query_counters *counters = &query->counters;

	counters->open_slices = query->open_cnt;
	counters->open_rows = 0;
	counters->open_groups = 0;
	for (uint32_t i = 0; i < query->open_cnt; i++) {
		counters->open_rows += query->open[i]->row_cnt;
		counters->open_groups += query->open[i]->group_cnt;
	}
	if (query->pool != NULL)
		counters->state_used_bytes = fb_slice_pool_used_bytes(query->pool);
	return counters;
}
