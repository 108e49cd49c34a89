/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arithmetic of windows, all in wall clock of the session zone (rules W1, W2, W5–W7): which slice
 * a time falls into, and which windows a slice is part of.
 *
 * A slice is one step long (TUMBLE: the window; HOP: the slide; CUMULATE: the step; SESSION: the gap).
 * The windows that hold it end at slice_start + step, + 2 step, … last_end. A row whose first windows
 * have fired when it comes counts for the rest only (rule M5): so rows of one slice are kept apart by
 * the end of the first window that gets them, `first_end`.
 */
#pragma once

#include "config/base/calendar.h"
#include "config/sql/plan.h"

static inline int64_t fb_window_slice_start(const struct fb_window *window, int64_t time_ms)
{
	return time_ms - fb_floor_mod(time_ms - window->offset_ms, window->step_ms);
}

/* End of the last window that holds the slice. */
static inline int64_t fb_window_last_end(const struct fb_window *window, int64_t slice_start_ms)
{
	if (window->kind == FB_WINDOW_CUMULATE)
		slice_start_ms -= fb_floor_mod(slice_start_ms - window->offset_ms, window->size_ms);
	return slice_start_ms + window->size_ms;
}

/*
 * End of the first window of the slice that has not fired at this watermark (rule M4: a window fires
 * at end - 1); beyond last_end: all have.
 */
static inline int64_t fb_window_first_end(
	const struct fb_window *window, int64_t slice_start_ms, int64_t watermark_ms)
{
	int64_t end = slice_start_ms + window->step_ms;

	if (end - 1 > watermark_ms)
		return end;
	/* The last one that has fired, and one step more; FB_TIME_MAX is "all". */
	watermark_ms = FB_MIN(watermark_ms, fb_window_last_end(window, slice_start_ms) - 1);
	return end + ((watermark_ms + 1 - end) / window->step_ms + 1) * window->step_ms;
}

/* Start of the window that ends at `end_ms` and holds the slice. */
static inline int64_t fb_window_start_of(
	const struct fb_window *window, int64_t end_ms, int64_t last_end_ms)
{
	return (window->kind == FB_WINDOW_CUMULATE ? last_end_ms : end_ms) - window->size_ms;
}

/* A watermark is an instant; windows end by the clock of the session zone (rule W2). */
static inline int64_t fb_window_clock(const struct fb_query_plan *plan, int64_t watermark_ms)
{
	if (watermark_ms == FB_TIME_MIN || watermark_ms == FB_TIME_MAX)
		return watermark_ms;
	return watermark_ms + plan->time_shift_ms;
}
