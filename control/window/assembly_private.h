/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of an assembly.
 *
 *   assembly.c   parts: added, merged, given back, kept over a restart
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
	uint64_t rows_in;
	struct stored_name *gone; /* of parts of all levels below that were published: not deleted in the store yet */
	int64_t *marks; /* SESSION: values that the watermark took, in any order */
	size_t mark_cnt, mark_cap;
};

struct fb_assembly {
	struct fb_assembly_conf conf;
	struct cascade cascade; /* .below NULL: the first level */
	struct fb_assembly *above; /* NULL: the last level */
	struct fb_slice_pool *pool;
	struct part *parts;       /* sorted by start */
	int64_t done_ms;          /* end of the last window published */
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
	uint64_t kept_rows;
	struct hop hop;
	/* the window being read */
	bool reading;
	struct fb_assembly_window window;
	struct fb_slice *slice;  /* what is read: a part's, or `merged` */
	struct fb_slice *merged; /* in the pool */
	const struct part *part; /* SESSION: whose slice it is */
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
int fb_session_begin(struct fb_assembly *assembly, int64_t watermark_ms);
uint64_t fb_session_finish(struct fb_assembly *assembly);

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

/*
 * The parts that had these names are published. Of the last level the rows and the names change in one commit; what a
 * level below publishes is not in the store before the next stop, and so its names stay until then.
 */
void fb_names_published(struct fb_assembly *assembly, struct stored_name *names);
void fb_names_free(struct stored_name *names);

/* cascade.c: what a level above the first has besides */
int fb_cascade_open(struct fb_assembly *assembly);
void fb_cascade_close(struct fb_assembly *assembly);
/*
 * The next window of the level below goes in, or its watermark. 1: this level may have a window now; 0: there
 * is nothing more at this watermark of the source.
 */
int fb_cascade_advance(struct fb_assembly *assembly, int64_t watermark_ms) FB_MUST_CHECK;
/* Slices that the reader still has open, to keep them. */
int fb_cascade_close_slices(struct fb_assembly *assembly) FB_MUST_CHECK;
struct fb_assembly *fb_cascade_first(struct fb_assembly *assembly);

/* session.c: what begin has published up to: sessions to come end there or later. Wall clock. */
int64_t fb_session_limit(const struct fb_assembly *assembly, int64_t watermark_ms);

/* result.c */
int fb_result_open(struct fb_assembly *assembly);
void fb_result_close(struct fb_assembly *assembly);

/* assembly.c */
struct part *fb_part_add(
	struct fb_assembly *assembly, struct fb_slice *slice, uint32_t from, int64_t start_ms);
/* fb_assembly_add to this level itself. */
int fb_part_take(struct fb_assembly *assembly, struct fb_slice *slice, uint32_t from);
/* Unlinked already. */
void fb_part_free(struct fb_assembly *assembly, struct part *part);
/* Merges `from` into `into`, which lies in the own pool, if that has room for sure. FB_E_FULL: nothing has
 * changed. */
int fb_part_merge(struct fb_assembly *assembly, struct fb_slice *into, const struct fb_slice *from);
/* `*link` becomes part of `into`, with the names that it has in the store. FB_E_FULL: nothing has changed. */
int fb_part_absorb(struct fb_assembly *assembly, struct part *into, struct part **link);
