/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the raw log: rawlog.c (open, lanes, notes in meta), append.c, retain.c, scan.c. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "state/rawlog/rawlog.h"

#define FB_RAWLOG_NAME_BYTES 160

/* As it lies in the store, little-endian, without `next`. */
struct fb_rawlog_import {
	uint64_t from_seq;
	uint64_t to_seq;
	int64_t at_ns;
	struct fb_rawlog_import *next;
};

struct lane {
	uint32_t stream;
	uint32_t core;
	struct fb_rawlog_span *spans; /* [first, end), ascending */
	uint32_t first;
	uint32_t end;
	uint32_t cap;
	struct fb_rawlog_span tail; /* block_cnt 0: none */
	uint64_t gone_seq;          /* the first that retention has not deleted */
	struct fb_rawlog_import *imports;
	struct lane *next;
};

struct stream_name {
	uint32_t id;
	char table[FB_RAWLOG_NAME_BYTES];
	struct stream_name *next; /* by id */
};

struct fb_rawlog {
	struct fb_store *store;
	/* Guards everything below, and that tail, files and notes are seen to change together. */
	pthread_mutex_t lock;
	struct lane *lanes; /* by stream and core */
	struct stream_name *streams;
	struct fb_rawlog_damage damage;
};

/* All with the lock held. */
struct lane *fb_rawlog_find_lane(const struct fb_rawlog *log, uint32_t stream, uint32_t core);
/* Made if it is not there; NULL: no memory. */
struct lane *fb_rawlog_need_lane(struct fb_rawlog *log, uint32_t stream, uint32_t core);
/* The number of the next datagram: behind the tail, the files, and what retention has deleted. */
uint64_t fb_rawlog_lane_end(const struct lane *lane);
int fb_rawlog_reserve_span(struct lane *lane);
/* After reserve: cannot fail. */
void fb_rawlog_push_span(struct lane *lane, const struct fb_rawlog_span *span);

/* retain.c */
int fb_rawlog_load_imports(struct fb_rawlog *log) FB_MUST_CHECK;
void fb_rawlog_free_imports(struct lane *lane);

void fb_rawlog_note_span(struct fb_store_batch *batch, const struct fb_rawlog_span *span);
/* With where the lane goes on: an empty one has nothing else that tells. */
void fb_rawlog_forget_span(struct fb_store_batch *batch, const struct fb_rawlog_span *span);

void fb_rawlog_span_add_block(struct fb_rawlog_span *span, const struct fb_block_header *header);
void fb_rawlog_span_add(struct fb_rawlog_span *span, const struct fb_rawlog_span *more);
