/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch into slices: window assignment (rule W1), lateness per row and window (M5), one update per
 * record whatever the overlap of windows. Hot.
 *
 * Mostly all rows of a batch belong to one open window and none can be late. One pass over the
 * event times shows it, and nothing is decided per row then.
 */
#include "dataplane/operator/reader_private.h"
#include "dataplane/operator/window.h"

/* ---- open slices ---- */

/* Open slices lie in the order in which they are sealed. */
static inline bool before(const struct fb_slice *slice, struct fb_slice_place place)
{
	if (slice->first_end_ms != place.first_end_ms)
		return slice->first_end_ms < place.first_end_ms;
	if (slice->start_ms != place.start_ms)
		return slice->start_ms < place.start_ms;
	return slice->generation < place.generation;
}

static inline bool is_at(const struct fb_slice *slice, struct fb_slice_place place)
{
	return slice->start_ms == place.start_ms && slice->first_end_ms == place.first_end_ms &&
	       slice->generation == place.generation;
}

uint32_t fb_window_lower_bound(const struct fb_query_run *query, struct fb_slice_place place)
{
	uint32_t low = 0;
	uint32_t high = query->open_cnt;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (before(query->open[middle], place))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct fb_slice *fb_window_get_slice(struct fb_query_run *query, struct fb_slice_place place)
{
	uint32_t at = fb_window_lower_bound(query, place);
	struct fb_slice *slice;

	if (at < query->open_cnt && is_at(query->open[at], place))
		return query->open[at];
	if (query->open_cnt == FB_OPEN_SLICES_MAX)
		return NULL;
	slice = fb_slice_open(query->pool, query->layout, place.start_ms);
	if (slice == NULL)
		return NULL;
	slice->first_end_ms = place.first_end_ms;
	slice->generation = place.generation;
	memmove(query->open + at + 1, query->open + at,
		(query->open_cnt - at) * sizeof(*query->open));
	query->open[at] = slice;
	query->open_cnt++;
	return slice;
}

/* ---- one slice ---- */

static void update(struct fb_reader *reader, struct fb_query_run *query,
	const struct fb_column *const *args, struct fb_slice_place place, const uint16_t *sel,
	uint32_t sel_cnt)
{
	struct fb_slice *slice = fb_window_get_slice(query, place);
	struct fb_key_batch *keys = reader->keys;
	uint32_t placed;

	if (slice == NULL) {
		fb_count(query, FB_REC_STATE_FULL, sel_cnt);
		return;
	}
	fb_key_batch_begin(keys);
	keys->find(slice, sel, sel_cnt, keys);
	placed = fb_state_update(slice, args, sel, sel_cnt, keys, &query->counters.sum_overflows);
	fb_count(query, FB_REC_ACCEPTED, placed);
	for (uint32_t i = 0; placed < sel_cnt && i < sel_cnt; i++)
		if (keys->refused[sel[i]])
			fb_count(query, (enum fb_record_disposition)keys->refused[sel[i]], 1);
}

/* ---- times ---- */

void fb_check_times(struct fb_query_run *query, struct fb_batch *batch, struct fb_times *times)
{
	uint32_t kept = 0;
	uint32_t null_cnt = 0;

	times->min_ms = FB_TIME_MAX;
	times->max_ms = FB_TIME_MIN;
	if (!times->column->has_null && batch->sel_cnt > 0) {
		struct fb_span span = fb_span_of(times->column->i64, batch->sel, batch->sel_cnt);

		if (FB_LIKELY(fb_span_is_of_times(span))) {
			times->min_ms = span.min + times->shift_ms;
			times->max_ms = span.max + times->shift_ms;
			return;
		}
	}

	uint32_t before = batch->sel_cnt;

	for (uint32_t i = 0; i < before; i++) {
		uint16_t row = batch->sel[i];
		int64_t time = times->column->i64[row];

		if (!fb_column_is_valid(times->column, row)) {
			null_cnt++;
			continue;
		}
		if (time <= -FB_TIME_LIMIT_MS || time >= FB_TIME_LIMIT_MS)
			continue;
		batch->sel[kept++] = row;
		times->min_ms = FB_MIN(times->min_ms, time + times->shift_ms);
		times->max_ms = FB_MAX(times->max_ms, time + times->shift_ms);
	}
	batch->sel_cnt = kept;
	fb_count(query, FB_REC_NULL_TIME, null_cnt);
	fb_count(query, FB_REC_EXPRESSION, before - kept - null_cnt);
}

/* ---- several slices or late rows ---- */

/*
 * Late for a window is what comes when that has fired, by the watermark before the row itself; late
 * altogether is what is late for all of its windows.
 */
static void judge(struct fb_reader *reader, struct fb_query_run *query, struct fb_batch *batch,
	struct fb_slice_place *places)
{
	const struct fb_window *window = &query->plan->window;
	uint32_t kept = 0;
	uint32_t before_cnt = batch->sel_cnt;

	fb_watermarks_before(reader);
	for (uint32_t i = 0; i < before_cnt; i++) {
		uint16_t row = batch->sel[i];
		struct fb_slice_place *place = &places[row];
		int64_t watermark = fb_window_clock(query->plan, reader->before_ms[row]);
		int64_t last_end;

		batch->sel[kept] = row;
		if (FB_LIKELY(place->first_end_ms - 1 > watermark)) {
			kept++;
			continue;
		}
		last_end = fb_window_last_end(window, place->start_ms);
		place->first_end_ms = fb_window_first_end(window, place->start_ms, watermark);
		kept += place->first_end_ms <= last_end;
		query->counters.late_row_windows +=
			(uint64_t)((place->first_end_ms - place->start_ms) / window->step_ms - 1);
	}
	batch->sel_cnt = kept;
	fb_count(query, FB_REC_LATE, before_cnt - kept);
}

static void run_mixed(struct fb_reader *reader, struct fb_query_run *query, struct fb_batch *batch,
	const struct fb_column *const *args, const struct fb_times *times, bool maybe_late)
{
	const struct fb_window *window = &query->plan->window;
	struct fb_slice_place places[FB_BATCH_ROWS];
	int64_t start = FB_TIME_MIN;

	for (uint32_t i = 0; i < batch->sel_cnt; i++) {
		int64_t time = fb_time_of(times, batch->sel[i]);

		/* A row mostly falls into the slice of the row before: no division then. */
		if (start == FB_TIME_MIN || time < start || time - start >= window->step_ms)
			start = fb_window_slice_start(window, time);
		places[batch->sel[i]] = (struct fb_slice_place){start, start + window->step_ms, 0};
	}
	if (maybe_late)
		judge(reader, query, batch, places);

	/* Slice by slice: the rows of the first one there, then of what is left. */
	while (batch->sel_cnt > 0) {
		struct fb_slice_place place = places[batch->sel[0]];
		uint16_t same[FB_BATCH_ROWS];
		uint32_t same_cnt = 0;
		uint32_t kept = 0;

		for (uint32_t i = 0; i < batch->sel_cnt; i++) {
			uint16_t row = batch->sel[i];

			if (places[row].start_ms == place.start_ms &&
				places[row].first_end_ms == place.first_end_ms)
				same[same_cnt++] = row;
			else
				batch->sel[kept++] = row;
		}
		batch->sel_cnt = kept;
		update(reader, query, args, place, same, same_cnt);
	}
}

/* ---- a batch ---- */

static void run_programs(struct fb_query_run *query, struct fb_batch *batch,
	const struct fb_column **columns, struct fb_program *const *programs, uint32_t cnt,
	uint64_t *failed)
{
	for (uint32_t i = 0; i < cnt; i++)
		columns[i] = fb_program_run(programs[i], batch, failed);
}

void fb_window_run(struct fb_reader *reader, struct fb_query_run *query, struct fb_batch *batch)
{
	const struct fb_slice_layout *layout = query->layout;
	const struct fb_column *keys[FB_KEY_MAX];
	const struct fb_column *args[FB_ARG_MAX];
	struct fb_times times = {.shift_ms = query->plan->time_shift_ms};
	uint64_t failed[FB_BATCH_WORDS] = {0};

	times.column = fb_program_run(query->time, batch, failed);
	run_programs(query, batch, keys, query->keys, layout->key_cnt, failed);
	run_programs(query, batch, args, query->args, layout->arg_cnt, failed);
	fb_drop_failed(query, batch, failed);
	if (reader->span_known && times.column == reader->rowtimes && batch->sel_cnt == reader->batch.sel_cnt) {
		/* The watermark's times, all of them. */
		times.min_ms = reader->span.min + times.shift_ms;
		times.max_ms = reader->span.max + times.shift_ms;
	} else {
		fb_check_times(query, batch, &times);
	}
	if (batch->sel_cnt == 0)
		return;
	fb_key_batch_fill(layout, keys, batch->sel, batch->sel_cnt, reader->keys);

	if (query->plan->window.kind == FB_WINDOW_SESSION) {
		fb_session_run(reader, query,
			&(struct fb_session_batch){
				batch, args, times.column, times.min_ms - times.shift_ms});
		return;
	}

	const struct fb_window *window = &query->plan->window;
	int64_t first = fb_window_slice_start(window, times.min_ms);
	int64_t after = FB_MAX(reader->global_ms, FB_MIN(reader->batch_own_ms, reader->others_ms));
	bool maybe_late =
		first + window->step_ms - 1 <= fb_window_clock(query->plan, after);

	if (!maybe_late && times.max_ms - first < window->step_ms)
		update(reader, query, args, (struct fb_slice_place){first, first + window->step_ms, 0},
			batch->sel, batch->sel_cnt);
	else
		run_mixed(reader, query, batch, args, &times, maybe_late);
}
