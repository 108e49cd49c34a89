/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of an assembly.
 *
 *   assembly.c   parts: added, merged, given back
 *   epoch.c      parts and levels kept over a restart
 *   sliced.c     TUMBLE, HOP, CUMULATE: parts to windows
 *   hop.c        HOP with much overlap, incrementally
 *   session.c    SESSION: fragments to sessions
 *   result.c     groups to rows
 *   cascade.c    rows of the level below to slices of this one
 */
#pragma once

#include "config/base/calendar.h"
#include "config/base/errcode.h"
#include "control/window/assembly.h"
#include "dataplane/operator/expr.h"
#include "dataplane/operator/window.h"

/* `from` of a slice that lies in the assembly's own pool. */
#define FB_PART_OWN UINT32_MAX

struct stored_name {
	struct stored_name *next;
	struct fb_assembly_part part;
};

/* One slice, and the windows that need it: those that end at first_end_ms, + step … last_end_ms. */
struct part {
	struct part *next;
	struct fb_slice *slice;
	uint32_t from;
	bool changed; /* other than what the store has under its names */
	int64_t start_ms;
	int64_t first_end_ms;
	int64_t last_end_ms;
	bool stacked; /* HOP: in the stacks */
	bool whole; /* SESSION: nothing can join its sessions any more */
	struct stored_name *names; /* parts of the store that are in it */
	struct stored_name *exported; /* what it was exported as last, not known to be kept */
};

/* HOP: slices are named by the end of their last window. */
struct hop {
	struct {
		struct fb_slice *slice; /* of this slice and all up to flip_ms */
		int64_t last_end_ms;
	} *front; /* oldest first */
	uint32_t front_at; /* those before are gone */
	uint32_t front_cnt;
	struct fb_slice *back; /* of those after flip_ms; NULL: none */
	int64_t flip_ms;
	int64_t covered_ms; /* slices up to here are in */
};

/* Of a level above the first. */
struct cascade {
	struct fb_assembly *below;
	struct fb_slice_layout *layout;
	struct fb_reader *reader; /* its records are rows of `below` */
	struct fb_column *inputs; /* of the batch that is fed */
	struct fb_slice *held;    /* taken from the reader, and there was no memory to add it */
	int64_t watermark_ms;     /* rows of `below` up to here are in, and all slices that it completes */
	bool feeding;             /* a window of `below` is half in */
	struct fb_assembly_window window; /* that one */
	bool recalls;             /* SESSION: the reader does not know yet what was imported */
	uint64_t rows_in;
	int64_t *marks; /* SESSION: values that the watermark took, in any order */
	size_t mark_cnt, mark_cap;
};

struct fb_assembly {
	struct fb_assembly_conf conf;
	struct stored_name *gone; /* of the last level: of parts of all levels that are used up; the store has them yet */
	struct cascade cascade; /* .below NULL: the first level */
	struct fb_assembly *above; /* NULL: the last level */
	struct fb_slice_pool *pool;
	struct part *parts;       /* sorted by start */
	struct part *newest;      /* that was added last, where the next one often goes; NULL: it is gone */
	int64_t done_ms;          /* of the last window published */
	int64_t next_end_ms;      /* of the next window; FB_TIME_MAX: no part */
	int64_t joined_ms;        /* SESSION: fragments before this were joined */
	bool fresh;               /* SESSION: parts came since */
	uint32_t next_number;     /* above those of all parts in the store */
	uint64_t skipped_rows;
	uint64_t finished_rows;
	uint64_t windows;
	uint64_t rows_out;
	uint64_t dropped_groups;
	uint64_t dropped_told;
	uint64_t wrapped_sums; /* below another level */
	uint64_t kept_rows;
	struct hop hop;
	/* the window being read */
	bool reading;
	struct fb_assembly_window window;
	struct fb_slice *slice;  /* what is read: a part's, or `merged` */
	struct fb_slice *merged; /* in the pool */
	struct part *part; /* whose slice it is, where several are read one after the other; SESSION: always */
	uint64_t cursor;
	/* groups to rows */
	struct fb_batch groups;
	bool groups_ready;
	struct fb_program *having;
	struct fb_program **select;
	const struct fb_column **columns;
};

/* sliced.c, session.c: fb_assembly_begin and fb_assembly_finish of their kinds of window */
int fb_sliced_begin(struct fb_assembly *assembly, int64_t watermark_ms);
uint64_t fb_sliced_finish(struct fb_assembly *assembly);
bool fb_sliced_next_slice(struct fb_assembly *assembly);
int fb_session_begin(struct fb_assembly *assembly, int64_t watermark_ms);
uint64_t fb_session_finish(struct fb_assembly *assembly);
/* The next slice of the window that is read; false: that was the last. */
bool fb_session_next_slice(struct fb_assembly *assembly);
/* fb_assembly_recall of this level. */
int fb_session_recall(struct fb_assembly *assembly, struct fb_reader *reader, uint32_t query) FB_MUST_CHECK;

static inline bool fb_assembly_is_session(const struct fb_assembly *assembly)
{
	return assembly->conf.plan->window.kind == FB_WINDOW_SESSION;
}

/* Whether parts of an epoch stay in the store when they are used up, until the next one. */
static inline bool fb_assembly_keeps_epoch(const struct fb_assembly *assembly)
{
	return fb_assembly_is_session(assembly) || assembly->cascade.below != NULL || assembly->above != NULL;
}

/*
 * Parts that a window may need are the first of the list: of TUMBLE, HOP and CUMULATE a slice begins before all ends of its
 * windows. There may be tens of thousands behind them.
 */
static inline bool fb_part_may_be_needed(const struct part *part, int64_t end_ms)
{
	return part != NULL && part->start_ms < end_ms;
}

static inline bool fb_part_is_needed(const struct part *part, int64_t end_ms)
{
	return part->first_end_ms <= end_ms && end_ms <= part->last_end_ms;
}

/*
 * hop.c, for windows that are much overlapped. In this order: late parts before parts are united, then the
 * window, which is left in assembly->slice. Any failure: reset, and merge without.
 */
bool fb_hop_is_used(const struct fb_assembly *assembly);
int fb_hop_add_late(struct fb_assembly *assembly, int64_t end_ms) FB_MUST_CHECK;
int fb_hop_merge(struct fb_assembly *assembly, int64_t end_ms) FB_MUST_CHECK;
void fb_hop_reset(struct fb_assembly *assembly);

/* cascade.c: what a level above the first has besides */
int fb_cascade_open(struct fb_assembly *assembly);
void fb_cascade_close(struct fb_assembly *assembly);
/*
 * The next window of the level below goes in, or its watermark, at most *batches batches of rows. 1: this level may have a
 * window now; 0: there is nothing more at this watermark of the source; FB_E_AGAIN: *batches is 0 now.
 */
int fb_cascade_advance(struct fb_assembly *assembly, int64_t watermark_ms, uint32_t *batches) FB_MUST_CHECK;
/* What is left of the window that is half in. 1; FB_E_AGAIN, FB_E_NO_MEMORY. */
int fb_cascade_feed(struct fb_assembly *assembly, uint32_t *batches) FB_MUST_CHECK;
/* Slices that the reader still has open, to keep them. */
int fb_cascade_close_slices(struct fb_assembly *assembly) FB_MUST_CHECK;
/* Where a level above the first stands, as bytes to keep, and back. */
void fb_cascade_export(const struct fb_assembly *assembly, struct fb_buf *out);
int fb_cascade_import(struct fb_assembly *assembly, const uint8_t *bytes, size_t len) FB_MUST_CHECK;
struct fb_assembly *fb_cascade_first(struct fb_assembly *assembly);

/* session.c: what begin has published up to: sessions to come end there or later. Wall clock. */
int64_t fb_session_limit(const struct fb_assembly *assembly, int64_t watermark_ms);

/* result.c */
int fb_result_open(struct fb_assembly *assembly);
void fb_result_close(struct fb_assembly *assembly);

/* epoch.c */
/* The parts that had these names are published: the names have gone from the store with that, or go at the next epoch. */
void fb_names_published(struct fb_assembly *assembly, struct stored_name *names);
void fb_names_free(struct stored_name *names);
/* fb_assembly_skip_to of this level; parts may be there already. */
void fb_level_skip_to(struct fb_assembly *assembly, int64_t done_ms);

/* assembly.c */
struct part *fb_part_add(
	struct fb_assembly *assembly, struct fb_slice *slice, uint32_t from, int64_t start_ms);
/* fb_assembly_try_begin of this level and those below. */
int fb_level_begin(struct fb_assembly *assembly, int64_t watermark_ms, uint32_t *batches,
	struct fb_assembly_window *ret_window) FB_MUST_CHECK;
/* fb_assembly_add to this level itself. */
int fb_part_take(struct fb_assembly *assembly, struct fb_slice *slice, uint32_t from);
/* The first of the windows from first_end_ms on that has not been published; beyond the last: there is none. */
int64_t fb_part_first_end(const struct fb_assembly *assembly, int64_t start_ms, int64_t first_end_ms);
/* Its windows may be the next ones. */
void fb_part_note_end(struct fb_assembly *assembly, const struct part *part);
/* Unlinked already. */
void fb_part_free(struct fb_assembly *assembly, struct part *part);
/* Merges `from` into `into`, which lies in the own pool, if that has room for sure. FB_E_FULL: nothing has
 * changed. */
int fb_part_merge(struct fb_assembly *assembly, struct fb_slice *into, const struct fb_slice *from);
/* `*link` becomes part of `into`, with the names that it has in the store. FB_E_FULL: nothing has changed. */
int fb_part_absorb(struct fb_assembly *assembly, struct part *into, struct part **link);
