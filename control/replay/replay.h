/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounded input through the operators of the data plane: the files of one source table, all queries that read it, as many
 * cores as asked for, no packet. The rows are those that one core gives that takes one record after the other.
 *
 *     input -> blocks of lines -> core (reader: decode … slices) -> windows -> rows -> the caller
 *              numbered           order: which watermark a block begins with
 *
 * Stream: the file is one partition of a source (rules M1–M5, M10). A row is late by the newest event time of all rows before
 * it in the file, also those that another core had: each core decodes its block, tells the newest time in it, learns what
 * came before, and only then runs the queries. Batch: nothing is late (rule M11).
 *
 * Memory is bounded: blocks in their buffers, state in pools of a budget, rows in pages. A core whose rows or slices have
 * not been taken yet waits.
 */
#pragma once

#include "config/base/buf.h"
#include "config/base/isa.h"
#include "control/window/assembly.h"
#include "dataplane/operator/reader.h"

#define FB_REPLAY_THREADS_MAX 256

struct fb_replay_progress {
	uint64_t bytes;       /* of the input, taken */
	uint64_t total_bytes; /* 0: not known */
	uint64_t records;
	uint64_t result_rows;
};

/*
 * Rows of one query, encoded one behind the other (dataplane/operator/row.h, types of the select list). Called by the thread
 * that called fb_replay_run. Plain queries: in the order of the file. Windows: by their end, in each window groups in any
 * order. Not 0 stops the run with that error.
 */
typedef int (*fb_replay_rows_fn)(void *arg, uint32_t query, const uint8_t *bytes, size_t len, uint64_t row_cnt);

struct fb_replay_conf {
	const struct fb_table *source;
	const struct fb_query_plan *const *queries; /* all read this source */
	uint32_t query_cnt;
	const char *path; /* of the table's files, or "-" */
	bool batch;
	uint32_t threads; /* 1 … FB_REPLAY_THREADS_MAX */
	uint64_t state_bytes; /* for groups of open windows, all queries and threads */
	uint32_t block_bytes; /* 0: what is fastest; tests take odd ones */
	enum fb_isa isa;
	fb_replay_rows_fn rows;
	void (*progress)(void *arg, const struct fb_replay_progress *progress); /* some times a second; may be NULL */
	void *arg;
};

struct fb_replay_query {
	struct fb_query_counters counters; /* summed over the cores */
	uint64_t windows;        /* published */
	uint64_t window_rows;    /* records in them: = counters.disposition[FB_REC_ACCEPTED] */
	uint64_t dropped_groups; /* HAVING or select list failed (division by zero), on any level */
	uint64_t result_rows;
	uint32_t level_cnt; /* of windows: 1, of a cascade more */
	struct fb_assembly_level levels[FB_CASCADE_MAX];
};

struct fb_replay_numbers {
	struct fb_decode_counters decode; /* summed over the cores */
	uint64_t file_cnt;
	uint64_t input_bytes; /* with header lines */
	int64_t watermark_ms; /* at the end of the last row; FB_TIME_MIN: none */
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
