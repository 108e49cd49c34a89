/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Partitions (readers) and one assembly behind them, driven as the engine drives them; and beside it the
 * answer of a slow and obvious program that follows the rules row by row and shares nothing with them.
 */
#pragma once

#include "control/window/assembly.h"
#include "tests/unit/dataplane/operator/harness.h"

#define LAB_PARTITIONS_MAX 8

/* What a store would have: parts by name, and of each partition the watermarks of the last epoch. */
struct lab_store {
	struct lab_part {
		struct fb_assembly_part name;
		struct fb_buf bytes;
	} *parts;
	size_t cnt, cap;
	int64_t own_ms[LAB_PARTITIONS_MAX];
	int64_t watermark_ms[LAB_PARTITIONS_MAX];
	int64_t done_ms; /* written with each window */
	bool has_epoch;
};

struct lab {
	struct planned planned;
	uint32_t partition_cnt;
	struct instance at[LAB_PARTITIONS_MAX];
	struct fb_assembly *assembly;
	uint64_t pool_bytes; /* of the assembly; 0: 64 MiB */
	struct rows rows;
	bool marks; /* readers tell of watermarks: one partition only */
	uint64_t finished_rows; /* records in slices that no window needs any more */
	uint64_t windows;
	int64_t last_end_ms;
	struct lab_store store;
	uint64_t dies_in; /* windows; in the middle of the last one. 0: it does not */
	bool dead;        /* it has: nothing happens until lab_crash */
	bool lazy;        /* what partitions have is handed over and published at the next feed without */
};

/* `tvf` without TABLE( ) around it, over table s (k, v, ts). */
void lab_open(struct lab *lab, const char *delay, const char *tvf, uint32_t partition_cnt);
/* The query over `view`, a query of its own that gives rt, k and v, in place of table s; `tvf` is over TABLE below. */
void lab_open_cascade(struct lab *lab, const char *delay, const char *view, const char *tvf, uint32_t partition_cnt);
void lab_close(struct lab *lab);
/* One payload to a partition, then everything that it allows: seal, hand over, publish. */
void lab_feed(struct lab *lab, uint32_t partition, const char *csv);
/* End of input (rule M10). Checks the ledger and that no memory is held. */
void lab_end(struct lab *lab);
/* A checkpoint: open slices are handed over and kept as bytes, and everything goes on. Returns the parts written. */
uint32_t lab_checkpoint(struct lab *lab);
/* New readers and a new assembly take up what the store has: the last checkpoint, and which windows were published since. */
void lab_crash(struct lab *lab);
/* Stops in order: a checkpoint, and nothing since. */
void lab_restart(struct lab *lab);
uint64_t lab_count(struct lab *lab, enum fb_record_disposition disposition);
uint64_t lab_late_pairs(struct lab *lab);

/* ---- records and the reference ---- */

struct event {
	uint32_t k; /* the key's text is "key-<k>" */
	int64_t v;
	int64_t ts;
};

struct events {
	struct event *at;
	size_t cnt;
};

struct events_conf {
	size_t cnt;
	uint64_t seed;
	uint32_t key_cnt;
	int64_t span_ms;
	int64_t jitter_ms;
};

struct events events_make(const struct events_conf *conf);
void events_fini(struct events *events);
/* CSV of events [from, to); the caller's to free. */
char *events_csv(const struct events *events, size_t from, size_t to);

struct reference_counts {
	uint64_t accepted, late, late_pairs;
};

/* Rows of the query of lab_open for a window, as one partition gives them record by record. */
struct rows reference_answer(const struct events *events, const struct fb_window *window, int64_t delay_ms,
	struct reference_counts *ret_counts);
/*
 * Rows of the query of lab_open_cascade, where the view sums v per key of `first`, window by window. At each
 * watermark the rows of the first level come before the watermark does.
 */
struct rows reference_cascade(const struct events *events, const struct fb_window *first, const struct fb_window *second,
	int64_t delay_ms);
