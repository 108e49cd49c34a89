/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An assembly is one windowed query behind its cores: sealed slices of any number of partitions and a
 * watermark in, result rows of complete windows out (HAVING and select list done). It knows neither
 * threads nor store nor workers: the engine, `forebay run` and replay drive the same one.
 *
 *     add, import --> waiting --(begin)--> reading --(finish)--> gone
 *                        ^---------------(abort)----'
 *
 * A cascade (plan.h, rule W13) is a chain of assemblies inside of this one, level upon level: slices are
 * added to the first, rows are read from the last, and the windows of the levels between are published
 * to the level above, in the order of their ends, by fb_assembly_begin. The watermark of a level follows
 * the rows of the one below: when all windows that end at e are through, it is e - 2 ms; when there are no
 * more at watermark w, it is w. So a row between levels is never late.
 *
 * Windows come in the order of their ends. A window is complete when the watermark that all partitions
 * have reported reaches its end - 1 (rule M4), and all slices that they sealed until then were added.
 *
 * Memory: slices are lent by their readers. Those of one window are merged into the assembly's own pool
 * when there are several, and given back; so are slices that more than one window needs, as long as half
 * of the pool is free. Beyond that they stay lent, so the readers' budgets are what refuses new keys.
 *
 * One thread at a time; may block on memory only.
 */
#pragma once

#include "dataplane/operator/reader.h"

struct fb_assembly;

/* Gives a slice back to whoever lent it: `from` is what was said at fb_assembly_add. */
typedef void (*fb_assembly_release_fn)(void *arg, struct fb_slice *slice, uint32_t from);

struct fb_assembly_conf {
	const struct fb_query_plan *plan; /* windowed; it and the layout outlive the assembly */
	const struct fb_slice_layout *layout; /* of the plan's first level: what slices are added with */
	uint64_t pool_bytes; /* address space; pages that are never used cost nothing. Of a cascade: of each
				of fb_assembly_pool_cnt */
	enum fb_isa isa; /* of the levels above the first */
	fb_assembly_release_fn release;
	void *arg;
};

/* FB_E_NO_MEMORY, FB_E_UNSUPPORTED. */
int fb_assembly_create(const struct fb_assembly_conf *conf, struct fb_assembly **ret) FB_MUST_CHECK;
/* Pools that an assembly of this plan has: one, and two more for each level above the first. */
uint32_t fb_assembly_pool_cnt(const struct fb_query_plan *plan);
/*
 * SESSION above another level: a row exactly a gap after the last one of its session joins that only if the watermark
 * did not stand between the two, at window_end - 2 ms of the row, when the row came (rules W9, M6). That is a matter
 * of single records, so readers must be asked for it: instants that fb_assembly_mark wants to know of if the watermark
 * takes them. Returns how many grids there are, at most FB_CASCADE_MAX.
 */
uint32_t fb_assembly_grids(const struct fb_query_plan *plan, struct fb_reader_grid *grids);
/* The watermark of the source took this value. Before one beyond it is given to begin. FB_E_NO_MEMORY. */
int fb_assembly_mark(struct fb_assembly *assembly, int64_t watermark_ms) FB_MUST_CHECK;
/* Gives lent slices back. */
void fb_assembly_destroy(struct fb_assembly *assembly);

/* What an earlier run published: done_ms of its last window. Before the first import and the first add. */
void fb_assembly_skip_to(struct fb_assembly *assembly, int64_t done_ms);
/* Windows that are complete at this watermark get nothing that is added later, also where they had no records. Not of SESSION. */
void fb_assembly_close_to(struct fb_assembly *assembly, int64_t watermark_ms);

/*
 * Takes a slice, sealed or (at a checkpoint or a stop) still open. Windows published already do not get it
 * (recovery reads records once more that are in them); one that no window needs is given back at once.
 * FB_E_NO_MEMORY: it stays the caller's.
 */
int fb_assembly_add(
	struct fb_assembly *assembly, struct fb_slice *slice, uint32_t from) FB_MUST_CHECK;
/*
 * While records still come for slices that were handed over open (checkpoints): what is of the same slice and
 * for the same windows becomes one part of the own pool, and lent slices go back, as far as there is room.
 * Not while a window is read. Returns how many parts there are then, of the last level.
 */
uint32_t fb_assembly_gather(struct fb_assembly *assembly);
/* Records in slices that no window needed, since the last call. Of a cascade also those of windows of the
 * first level that are through: fb_assembly_finish returns none of them. */
uint64_t fb_assembly_take_skipped(struct fb_assembly *assembly);

/* Groups of levels below the last whose HAVING or select list failed, since the last call. */
uint64_t fb_assembly_take_dropped(struct fb_assembly *assembly);

/* ---- results ---- */

struct fb_assembly_window {
	int64_t start_ms; /* SESSION: of the earliest in this round */
	int64_t end_ms;   /* SESSION: of the latest */
	/* For fb_assembly_skip_to, once it is published: end_ms; SESSION: what ends before this is published, and
	 * whatever comes will end there or later */
	int64_t done_ms;
};

/* Result rows: columns[i] is of the plan's select[i], at the rows sel[0 … sel_cnt). */
struct fb_assembly_rows {
	const struct fb_column *const *columns;
	const uint16_t *sel;
	uint32_t sel_cnt;
	uint32_t failed; /* groups whose HAVING or select list failed (division by zero): no rows */
	uint64_t wrapped; /* SUMs of their groups that wrapped at the width of their type, also of those that HAVING drops */
};

/*
 * The next window that is complete at this watermark. 1: it can be read; 0: there is none yet;
 * FB_E_FULL: the pool has no room to merge its slices, FB_E_NO_MEMORY: nothing has changed, try again.
 * SESSION: all sessions that a round found to be over are one window.
 */
int fb_assembly_begin(struct fb_assembly *assembly, int64_t watermark_ms,
	struct fb_assembly_window *ret_window) FB_MUST_CHECK;
/*
 * The same in steps, for who must not be kept by the windows of a level below: after that many batches of rows between
 * levels FB_E_AGAIN, and the next call goes on.
 */
int fb_assembly_try_begin(struct fb_assembly *assembly, int64_t watermark_ms, uint32_t batches,
	struct fb_assembly_window *ret_window) FB_MUST_CHECK;
/* The window of a level below that try_begin is in the middle of, to its end, and no other. 0; FB_E_AGAIN, FB_E_NO_MEMORY. */
int fb_assembly_settle(struct fb_assembly *assembly, uint32_t batches) FB_MUST_CHECK;
bool fb_assembly_is_reading(const struct fb_assembly *assembly);
/* The next rows of the window; valid until the next call. False: it has no more. */
bool fb_assembly_read(struct fb_assembly *assembly, struct fb_assembly_rows *ret_rows);
/* The window is published. Returns the records in slices that no window needs any more. */
uint64_t fb_assembly_finish(struct fb_assembly *assembly);
/* It could not be published: begin gives it again. */
void fb_assembly_abort(struct fb_assembly *assembly);

/* ---- over a restart ---- */

/*
 * Names of parts in a store: unique together with the slice's start. The engine keeps every part at an epoch (a
 * checkpoint or a stop). Of TUMBLE, HOP and CUMULATE it deletes one with its last window. Of SESSION, and of all levels
 * of a cascade, what an epoch has stays until the next one: what was published since is no matter of parts, so recovery
 * makes it once more from them and from the records since, and the last level leaves out what done_ms says.
 */
struct fb_assembly_part {
	int64_t start_ms;
	uint32_t number;
};

/* What fb_assembly_export wrote, back; `part` is its name in the store. FB_E_CORRUPT, FB_E_FULL. */
int fb_assembly_import(struct fb_assembly *assembly, struct fb_assembly_part part,
	const uint8_t *bytes, size_t len) FB_MUST_CHECK;
/*
 * Every part that is not in the store as it is: bytes to keep under a name of its own; of the levels of a cascade also
 * where they stand, under names that stay the same. What the store has then is noted with fb_assembly_kept, when it has
 * been written for good. Settled, gathered, and what is stale asked for before. FB_E_NO_MEMORY; FB_E_FULL: a level has handed over
 * too many slices of sessions (fb_reader_can_checkpoint).
 */
typedef int (*fb_assembly_export_fn)(
	void *arg, struct fb_assembly_part part, const uint8_t *bytes, size_t len);
int fb_assembly_export(
	struct fb_assembly *assembly, fb_assembly_export_fn fn, void *arg) FB_MUST_CHECK;
void fb_assembly_kept(struct fb_assembly *assembly);
/*
 * After the last import and before anything is fed: tells a reader of the first level what it must know of sessions that are
 * not published (rule M6). Levels above see to theirs. FB_E_FULL, FB_E_NO_MEMORY: it knows less, so that some late records
 * that touch one of those are not kept.
 */
int fb_assembly_recall(struct fb_assembly *assembly, struct fb_reader *reader, uint32_t query) FB_MUST_CHECK;
/* For who keeps all parts each time: the next export is of every part, also of those that were imported. */
void fb_assembly_forget_kept(struct fb_assembly *assembly);
/* Parts of the store that are of no use: `exported`: because of what was just exported; else: once the
 * window being read is published. */
typedef void (*fb_assembly_part_fn)(void *arg, struct fb_assembly_part part);
void fb_assembly_stale(
	const struct fb_assembly *assembly, bool exported, fb_assembly_part_fn fn, void *arg);

/* ---- numbers ---- */

/*
 * A level of a cascade, or the only one. A record of a level above the first is a row of the one below, and
 * has a disposition as a record of the source has:
 *
 *     rows_in = sum of counters.disposition;  ACCEPTED = sealed_rows + open_rows;
 *     sealed_rows + kept_rows = finished_rows + waiting_rows;  rows_in = rows_out of the level below
 *
 * All since it was made: an assembly that takes up what an earlier one kept begins at zero.
 */
struct fb_assembly_level {
	const struct fb_query_plan *plan;
	struct fb_query_counters counters; /* zero for the first, but for sums that wrapped in its results: they are the readers' */
	uint64_t rows_in;
	uint64_t kept_rows; /* came with fb_assembly_import */
	uint64_t waiting_rows;
	uint64_t finished_rows;
	uint64_t windows; /* published */
	uint64_t rows_out; /* of a level below another one */
	uint64_t dropped_groups; /* of a level below another one: HAVING or select list failed */
};

/* level: 0 the first … fb_query_level_cnt(plan) - 1 */
void fb_assembly_level(struct fb_assembly *assembly, uint32_t level, struct fb_assembly_level *ret);

/* Records in slices that wait for a window (with overlap: for their last); of a cascade: of the first level. */
uint64_t fb_assembly_waiting_rows(const struct fb_assembly *assembly);
bool fb_assembly_is_empty(const struct fb_assembly *assembly);
uint64_t fb_assembly_used_bytes(const struct fb_assembly *assembly);
