/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of a reader.
 *
 *   reader.c        making it (control plane)
 *   reader_run.c    hot: feed, flush, watermark, hand-over
 *   window.c        hot: a batch into the slices of a windowed query
 *   session.c       hot: the same for SESSION
 *   plain.c         hot: a batch into the row pages of a plain query
 *   assign.c        hot: the same, each record once for each of its windows
 */
#pragma once

#include "config/base/calendar.h"
#include "dataplane/operator/expr.h"
#include "dataplane/operator/reader.h"
#include "dataplane/operator/row.h"
#include "dataplane/operator/slice_private.h"

#define FB_OPEN_SLICES_MAX 1024
#define FB_ROW_PAGE_BYTES 65536
/* Event times beyond are no times (year 36 million): window arithmetic cannot overflow within. */
#define FB_TIME_LIMIT_MS (1ll << 50)

/* Of a window function without GROUP BY: pairs of record and window as a batch of their own. */
struct fb_assign_run {
	struct fb_batch pairs; /* the record's columns, those that are read, and three of the window */
	struct fb_type *types;
	struct fb_program *filter;
	const struct fb_batch *records;
	uint16_t record[FB_BATCH_ROWS]; /* of a pair */
	uint8_t outcome[FB_BATCH_ROWS]; /* of a record; see assign.c */
};

struct fb_query_run {
	const struct fb_query_plan *plan;
	const struct fb_slice_layout *layout; /* NULL: plain */
	struct fb_program *filter;
	struct fb_program *time;
	struct fb_program *keys[FB_KEY_MAX];
	struct fb_program *args[FB_ARG_MAX];
	/* a branch of a UNION ALL below: records to those of the query */
	const struct fb_query_plan *branch; /* NULL: there is none */
	struct fb_program *branch_filter;
	struct fb_program **branch_select; /* entry NULL: nobody reads the column */
	struct fb_column *branch_columns;
	struct fb_query_counters counters;
	uint16_t sel[FB_BATCH_ROWS];
	/* windowed */
	struct fb_slice_pool *pool;
	struct fb_slice **open; /* in the order in which they are sealed */
	uint32_t open_cnt;
	struct fb_slice **past; /* SESSION: handed over, but looked into still */
	uint32_t past_cnt;
	/* plain */
	struct fb_program **select;
	const struct fb_column **columns;
	struct fb_type *types;
	struct fb_row_page *page; /* being filled */
	struct fb_row_page *free_pages;
	struct fb_row_page *ready_head;
	struct fb_row_page *ready_tail;
	struct fb_row_page **stock; /* all pages, for freeing */
	uint32_t stock_cnt;
	uint32_t index;
	struct fb_assign_run *assign; /* NULL: a record is a row */
};

/* Least and greatest of some values. */
struct fb_span {
	int64_t min;
	int64_t max;
};

/* Of four rows a step, so that no comparison waits for the one before. Hot. */
static inline struct fb_span fb_span_of(const int64_t *values, const uint16_t *sel, uint32_t sel_cnt)
{
	struct fb_span spans[4];
	uint32_t i = 0;

	for (int k = 0; k < 4; k++)
		spans[k] = (struct fb_span){INT64_MAX, INT64_MIN};
	for (; i + 4 <= sel_cnt; i += 4)
		for (int k = 0; k < 4; k++) {
			spans[k].min = FB_MIN(spans[k].min, values[sel[i + k]]);
			spans[k].max = FB_MAX(spans[k].max, values[sel[i + k]]);
		}
	for (; i < sel_cnt; i++) {
		spans[0].min = FB_MIN(spans[0].min, values[sel[i]]);
		spans[0].max = FB_MAX(spans[0].max, values[sel[i]]);
	}
	for (int k = 1; k < 4; k++) {
		spans[0].min = FB_MIN(spans[0].min, spans[k].min);
		spans[0].max = FB_MAX(spans[0].max, spans[k].max);
	}
	return spans[0];
}

static inline bool fb_span_is_of_times(struct fb_span span)
{
	return span.min > -FB_TIME_LIMIT_MS && span.max < FB_TIME_LIMIT_MS;
}

struct fb_reader {
	const struct fb_table *source;
	struct fb_decoder *decoder;
	struct fb_batch batch;
	uint64_t *needed;
	struct fb_key_batch *keys; /* scratch, shared by the queries */
	/* watermark */
	bool tracks; /* some query is windowed */
	struct fb_expr rowtime_input;
	const struct fb_expr *rowtime;
	struct fb_program *rowtime_program;
	int64_t delay_ms;
	int64_t own_ms;                   /* FB_TIME_MIN: none yet */
	int64_t others_ms;                /* minimum of the other active partitions */
	int64_t global_ms;                /* what has fired has fired by this */
	const struct fb_column *rowtimes; /* of the batch being run */
	uint64_t rowtime_failed[FB_BATCH_WORDS];
	struct fb_span span;  /* of these times; only where span_known, and then all are times */
	bool span_known;
	struct fb_event_definition definition;
	int64_t oldest_ms; /* of the event times since they were taken */
	int64_t newest_ms;
	int64_t batch_ms;     /* the watermark that the rows of the batch make; FB_TIME_MIN: none */
	int64_t batch_own_ms; /* own watermark after the batch */
	bool before_ready;
	int64_t before_ms[FB_BATCH_ROWS]; /* watermark that a row is judged against */
	uint32_t grid_cnt;
	struct fb_reader_grid *grids;
	int64_t *marks; /* with grids */
	uint32_t mark_at; /* those before are taken */
	uint32_t mark_cnt;
	uint32_t query_cnt;
	struct fb_query_run *queries;
};

static inline void fb_count(
	struct fb_query_run *query, enum fb_record_disposition disposition, uint64_t rows)
{
	query->counters.disposition[disposition] += rows;
}

static inline bool fb_row_failed(const uint64_t *failed, uint32_t row)
{
	return failed[row / 64] >> (row % 64) & 1;
}

/* Which slice a row goes to. Rows of one step are kept apart by the first window that gets them; of
 * SESSION by generation. */
struct fb_slice_place {
	int64_t start_ms;
	int64_t first_end_ms;
	uint32_t generation;
};

/* Number of open slices that are sealed before this place's. Hot. */
uint32_t fb_window_lower_bound(const struct fb_query_run *query, struct fb_slice_place place);
/* Found or opened; NULL: no page, or too many are open. Hot. */
struct fb_slice *fb_window_get_slice(struct fb_query_run *query, struct fb_slice_place place);

/* Rows with their times and keys (reader->keys), into fragments. Hot. */
struct fb_session_batch {
	struct fb_batch *batch;
	const struct fb_column *const *args;
	const struct fb_column *times;
	int64_t min_ms; /* of the times, as they stand in the column */
};
void fb_session_run(
	struct fb_reader *reader, struct fb_query_run *query, const struct fb_session_batch *rows);
/* Whether what is open can be handed over at a checkpoint and be watched. Hot. */
bool fb_session_has_room(const struct fb_query_run *query);
/* A slice on its way out is watched until no record can touch what is in it. Hot. */
void fb_session_watch(struct fb_query_run *query, struct fb_slice *slice);
void fb_session_unwatch(const struct fb_reader *reader, struct fb_query_run *query);

/* Takes failed rows out of the selection and counts them. Hot. */
void fb_drop_failed(struct fb_query_run *query, struct fb_batch *batch, const uint64_t *failed);
/* Hot. batch: the reader's, with a selection of the query's own. */
void fb_window_run(struct fb_reader *reader, struct fb_query_run *query, struct fb_batch *batch);
void fb_plain_run(struct fb_query_run *query, struct fb_batch *batch);
void fb_assign_run(struct fb_query_run *query, struct fb_batch *batch);
/* Writes a row of query->columns; false: no page has room. Hot. */
bool fb_plain_put(struct fb_query_run *query, uint32_t row);

/* Event times of a batch, on the clock of the session zone. */
struct fb_times {
	const struct fb_column *column;
	int64_t shift_ms;
	int64_t min_ms;
	int64_t max_ms;
};

static inline int64_t fb_time_of(const struct fb_times *times, uint32_t row)
{
	return times->column->i64[row] + times->shift_ms;
}

/* Rows without an event time leave the selection (rule W14); those out of all range too. Hot. */
void fb_check_times(struct fb_query_run *query, struct fb_batch *batch, struct fb_times *times);
/* Fills reader->before_ms. Hot. */
void fb_watermarks_before(struct fb_reader *reader);
