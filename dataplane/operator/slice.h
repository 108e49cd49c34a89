/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slices: the partial aggregates of one query over one piece of event time, private to a core while
 * open.
 *
 *     open --(watermark >= first_end - 1)--> sealed --(ring)--> merged by the control plane
 * --(mailbox)--> free
 *
 * A slice is a hash table from group key to aggregate states. All its memory is pages of
 * FB_PAGE_BYTES from the pool that its core got at start: a directory, index segments that split in
 * two when they fill (extendible hashing: Fagin et al., ACM TODS 4(3), 1979), pages of entries in
 * order of first sight, and pages for long keys. So growing never stops the core for longer than
 * one segment's split, and a sealed slice is a list of pages.
 *
 * The pool is the budget: when it is used up new keys are refused (FB_REC_STATE_FULL), known keys
 * go on, but for records with a long text that would become a MIN or MAX, or with a value that
 * DISTINCT has not seen. Keys and such texts beyond a page are FB_REC_KEY_TOO_LONG. A refused
 * record is in no aggregate.
 */
#pragma once

#include "config/base/buf.h"
#include "config/sql/plan.h"
#include "dataplane/format/batch.h"

#define FB_PAGE_BYTES 16384

struct fb_slice_layout; /* key words and states of a query: made once from its plan, shared
			   read-only */
struct fb_slice_pool;   /* pages and slice heads of one core and query */
struct fb_slice;

/* Control thread. The plan must outlive it. FB_E_NO_MEMORY. */
int fb_slice_layout_create(
	const struct fb_query_plan *plan, struct fb_slice_layout **ret) FB_MUST_CHECK;
/* Of SESSION they are fragments, which know their times. The same, and every group keeps the least and the greatest event time (plan->time) of its
 * records: two words more, which slice_private.h reads. For sessions. */
int fb_slice_layout_create_timed(
	const struct fb_query_plan *plan, struct fb_slice_layout **ret) FB_MUST_CHECK;
void fb_slice_layout_destroy(struct fb_slice_layout *layout);
/* Bytes of one entry: key words and states. */
uint32_t fb_slice_layout_entry_bytes(const struct fb_slice_layout *layout);

/*
 * Gives the hash of group keys a random seed of this process: records come from strangers. Once,
 * before any slice is made.
 */
void fb_slice_seed(void);

/*
 * Memory of `bytes` (rounded to pages, huge pages where the kernel gives them); at most 32 GiB.
 * `touched`: every page is mapped now, so that a poll-mode core never waits for the kernel.
 */
int fb_slice_pool_create_touched(uint64_t bytes, struct fb_slice_pool **ret) FB_MUST_CHECK;
int fb_slice_pool_create(uint64_t bytes, struct fb_slice_pool **ret) FB_MUST_CHECK;
void fb_slice_pool_destroy(struct fb_slice_pool *pool);
uint64_t fb_slice_pool_bytes(const struct fb_slice_pool *pool);
uint64_t fb_slice_pool_used_bytes(const struct fb_slice_pool *pool);

/* Owner of the pool only. NULL: no page left. */
struct fb_slice *fb_slice_open(
	struct fb_slice_pool *pool, const struct fb_slice_layout *layout, int64_t start_ms);
/* Gives all pages back to the slice's pool; by the pool's owner only. */
void fb_slice_close(struct fb_slice *slice);

int64_t fb_slice_start_ms(const struct fb_slice *slice);
/* End of the first window that gets these rows (window.h): the slice is sealed when that fires. */
int64_t fb_slice_first_end_ms(const struct fb_slice *slice);
/* Of its groups and of their DISTINCT values. */
uint32_t fb_slice_page_cnt(const struct fb_slice *slice);
uint64_t fb_slice_row_cnt(const struct fb_slice *slice);   /* records counted into it */
uint64_t fb_slice_group_cnt(const struct fb_slice *slice); /* keys */

/*
 * Control thread: adds the groups of a sealed slice to `into` (same layout, other pool). FB_E_FULL:
 * the pool of `into` is used up; FB_E_NO_MEMORY. It then holds part of `from` and is only good for
 * fb_slice_close.
 */
int fb_slice_merge(struct fb_slice *into, const struct fb_slice *from) FB_MUST_CHECK;

/*
 * Control thread: groups of `from` that `into` has, too, are added to it where they stand, and are empty in `from` then: no
 * group is in both any more, and reading one after the other gives what a merge would. Their records count for `into` then. It
 * needs no memory; both must have been handed over for good. Only where fb_slice_can_part says so: DISTINCT values and texts
 * would need room.
 */
bool fb_slice_can_part(const struct fb_slice_layout *layout);
void fb_slice_part(struct fb_slice *into, struct fb_slice *from);

/*
 * Control thread: the groups as group-level batches (plan.h: window columns, keys, aggregates),
 * FB_BATCH_ROWS at a time. *cursor starts at 0 and is advanced; false at the end. Strings point
 * into the slice. `batch` was initialised for fb_slice_group_types. *ret_wrapped (may be NULL): SUMs in it that
 * wrapped, since the type of their argument does not hold them (semantics 1.3).
 */
bool fb_slice_groups(const struct fb_slice *slice, int64_t window_start_ms, int64_t window_end_ms,
	uint64_t *cursor, struct fb_batch *batch, uint64_t *ret_wrapped);
uint32_t fb_slice_group_types(
	const struct fb_query_plan *plan, struct fb_type *types, uint32_t cap);

/* Bytes for the store, and back into a slice (which may hold groups already). FB_E_CORRUPT,
 * FB_E_FULL, FB_E_NO_MEMORY. */
void fb_slice_export(const struct fb_slice *slice, struct fb_buf *out);
int fb_slice_import(struct fb_slice *into, const uint8_t *bytes, size_t len) FB_MUST_CHECK;
