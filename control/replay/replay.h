/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounded input through the operators of the data plane: one source table, all queries that read it, as many cores as asked
 * for, no packet. The rows are those that one core gives that takes one record after the other.
 *
 *     files, or datagrams of the raw log -> units -> core (reader: decode … slices) -> windows -> rows -> the caller
 *                                          numbered  order: which watermark a unit begins with
 *
 * Stream: a row is late by what came before it, also by what another core had: each core decodes its unit, tells the newest
 * time in it, learns what came before, and only then runs the queries. A file is one partition of a source (rules M1–M5,
 * M10), the lanes of a log are as many (replay_log.h). Batch: nothing is late, every window is complete (rule M11).
 *
 * Tables of a UNION ALL below a window are read side by side, the one whose watermark is lowest first: that is what sources do
 * whose watermarks are aligned to the record (rules M3, M9). A record is late by its own table's watermark then, in whatever
 * order and on however many cores blocks are read; windows are complete by the lower of both.
 *
 * Memory is bounded: units in their buffers, state in pools of a budget, rows in pages. A core whose rows or slices have
 * not been taken yet waits.
 *
 * This header and fb_replay_run are for files. For the raw log: replay_log.h, with the same configuration.
 */
#pragma once

#include <stdatomic.h>

#include "config/base/buf.h"
#include "config/base/isa.h"
#include "control/window/assembly.h"
#include "dataplane/operator/reader.h"

#define FB_REPLAY_THREADS_MAX 256

struct fb_replay_progress {
	uint64_t bytes;       /* of the input, taken; of a log: of payload */
	uint64_t total_bytes; /* 0: not known; of a log what the range may hold, also what is passed over unread */
	uint64_t records;
	uint64_t result_rows;
};

/*
 * Rows of one query, encoded one behind the other (dataplane/operator/row.h, types of the select list), valid during the
 * call. Called by the thread that called fb_replay_run.
 *
 * Plain queries: in the order of the input. Windows: by their end, in each window groups in any order; a window comes in one
 * call or several, which nothing else of its query comes between, the last of which has `last`. That one may be empty: a
 * window without rows (HAVING) is told of, too. A window that no record fell into is not.
 *
 * SESSION: sessions come in rounds, which are told of as if they were windows: of the earliest start to the latest end of
 * their sessions. A row's own bounds are those it selects.
 *
 * Not 0 stops the run with that error.
 */
struct fb_replay_rows {
	uint32_t query;
	bool has_window;         /* not of a plain query: then the next three are 0 */
	bool last;               /* the window is whole with this call */
	int64_t window_start_ms; /* wall clock of the session zone, as window_start */
	int64_t window_end_ms;
	uint64_t row_cnt;
	const uint8_t *bytes;
	size_t len;
};
typedef int (*fb_replay_rows_fn)(void *arg, const struct fb_replay_rows *rows);

/* Windows to be given: those with from_ms <= window_start and window_end <= to_ms, on the clock of struct fb_replay_rows. */
struct fb_replay_range {
	int64_t from_ms; /* FB_TIME_MIN: from the first */
	int64_t to_ms;   /* FB_TIME_MAX: to the last */
};

/* So that others are not disturbed. Zero: no limit. */
struct fb_replay_budget {
	uint64_t read_bytes_per_s; /* from the disk, as stored; of a log only */
	uint32_t cpu_percent;      /* of each core's time, 1 … 100; 0: 100. The calling thread keeps to it, too */
	bool low_priority;         /* the run's threads, not the caller's: nice 19, lowest best-effort I/O */
};

/* A further table of queries over a UNION ALL, as it is in the configuration. */
struct fb_replay_table {
	const struct fb_table *source;
	const struct fb_table *read_as;
	const char *path;
};

struct fb_replay_conf {
	const struct fb_table *source;
	const struct fb_table *read_as; /* connector and format in its place; NULL: its own */
	const struct fb_query_plan *const *queries; /* all read this source, and all others */
	uint32_t query_cnt;
	const char *path; /* of the table's files, or "-"; not used with a log */
	const struct fb_replay_table *others; /* with them queries have windows, and there is no log */
	uint32_t other_cnt;
	bool batch;
	uint32_t threads; /* 1 … FB_REPLAY_THREADS_MAX */
	uint64_t state_bytes; /* for groups of open windows, all queries and threads */
	uint32_t block_bytes; /* of a unit; 0: what is fastest; tests take odd ones */
	enum fb_isa isa;
	const struct fb_replay_range *windows; /* NULL: all. What is not in it is computed as far as the rest needs it. SESSION:
						  rounds that touch it. Plain queries: no effect */
	struct fb_replay_budget budget;
	/* Set by any thread, and never reset: the run ends with FB_E_CANCELLED within some 50 ms, but not while it is in one of
	 * the caller's functions. May be NULL. */
	const _Atomic bool *cancel;
	fb_replay_rows_fn rows;
	void (*progress)(void *arg, const struct fb_replay_progress *progress); /* some times a second; may be NULL */
	void *arg;
};

struct fb_replay_query {
	struct fb_query_counters counters; /* summed over the cores */
	uint64_t decoded;        /* records of its source; of a UNION ALL of those of each branch */
	uint64_t windows;        /* complete, also outside of the range */
	uint64_t window_rows;    /* records in them: = counters.disposition[FB_REC_ACCEPTED] */
	uint64_t windows_left_out; /* of them: not in the range, so not given to the caller */
	uint64_t dropped_groups; /* HAVING or select list failed (division by zero), on any level */
	uint64_t result_rows;    /* given to the caller */
	uint32_t level_cnt; /* of windows: 1, of a cascade more */
	struct fb_assembly_level levels[FB_CASCADE_MAX];
};

/* Of a log; 0 for files. What was read in an epoch before a resume counts, too. */
struct fb_replay_log_numbers {
	uint64_t datagrams; /* that were given to the queries: = decode.payloads */
	uint64_t blocks;    /* read */
	uint64_t stored_bytes; /* of them */
	uint64_t pruned_blocks; /* passed over by what their headers say */
	uint64_t damaged_blocks;
	uint64_t damaged_datagrams; /* in them, as headers and neighbours tell */
	uint64_t missing_datagrams; /* of the range, deleted by retention, before or while it ran */
	uint64_t unranged_blocks; /* batch: read without knowing their event times, so that windows waited for them */
};

struct fb_replay_numbers {
	struct fb_decode_counters decode; /* summed over the cores */
	uint64_t file_cnt;
	uint64_t input_bytes; /* with header lines; of a log: of payload */
	int64_t watermark_ms; /* at the end of the last row; FB_TIME_MIN: none, or as batch */
	struct fb_replay_log_numbers log;
	uint32_t query_cnt;
	struct fb_replay_query *queries; /* freed by fb_replay_numbers_fini */
};

/*
 * Runs to the end. Errors have their words in message: FB_E_NOT_FOUND, FB_E_IO, … of the input; FB_E_UNSUPPORTED for what the
 * operators do not do yet; FB_E_FULL: the state budget does not hold what the windows need; what the caller's rows
 * function returned. After a failure *ret has the numbers as far as it came; zeroed if it did not begin.
 */
int fb_replay_run(const struct fb_replay_conf *conf, struct fb_buf *message, struct fb_replay_numbers *ret) FB_MUST_CHECK;
void fb_replay_numbers_fini(struct fb_replay_numbers *numbers);

/*
 * The ledger of a run that came to its end: every byte, record and row accounted for. False: *ret_what (may be NULL) says
 * which equation does not hold.
 */
bool fb_replay_balanced(const struct fb_replay_numbers *numbers, struct fb_buf *ret_what);
