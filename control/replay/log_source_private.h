/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the log as a source: log_source.c (lanes, claiming, numbers), log_block.c (one block), log_cut.c (units). */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "control/replay/log_plan.h"
#include "control/replay/log_source.h"

enum raw_block_state { RAW_BLOCK_CLAIMED, RAW_BLOCK_READY };

/* A block on its way from the log to units. Under the lock, but for the one who unpacks it. */
struct raw_block {
	struct raw_block *next; /* of the lane, or of the free ones */
	enum raw_block_state state;
	struct fb_block_header header;
	struct fb_block_reader reader;
	struct fb_payload *payloads; /* those in the range */
	uint32_t cnt, cap;
	uint32_t cut;    /* those before are in units */
	uint32_t users;  /* units that have some of it, and one while it is not cut up */
	int64_t floor_ms; /* of it and everything behind it */
	int rc;
};

struct log_lane {
	uint32_t core;
	struct fb_log_plan plan;
	struct raw_block *head, **tail; /* claimed, oldest first */
	uint64_t next_seq; /* behind what is cut */
};

struct log_source {
	struct fb_unit_source base;
	struct fb_log_source_conf conf;
	uint64_t total_bytes;
	_Atomic uint64_t taken_bytes;
	pthread_mutex_t lock; /* everything below */
	pthread_cond_t changed;
	uint32_t waiting;
	bool stopped;
	int failed;
	struct fb_buf error;
	struct log_lane *lanes;
	struct raw_block *free;
	uint32_t ahead;     /* claimed blocks that are not cut up */
	uint32_t ahead_max;
	uint64_t seq;       /* of the next unit */
	uint32_t last_lane; /* that something was cut from as stream, and when that had arrived */
	int64_t last_arrival_ns;
	uint64_t learnt_bytes, learnt_records;
	int64_t read_at_ns; /* budget: when the next block may be read */
	struct fb_replay_log_numbers numbers;
};

/* ---- log_block.c ---- */

/* Reads, unpacks and lists the payloads that are in the range. Without the lock. FB_E_NOT_FOUND: deleted; FB_E_CORRUPT. */
int fb_raw_block_unpack(struct log_source *source, struct log_lane *lane, struct raw_block *block);
void fb_raw_block_free(struct raw_block *block);
static inline int64_t fb_raw_block_arrival(const struct raw_block *block, uint32_t number)
{
	return block->header.first_arrival_ns + block->payloads[number].after_ns;
}

/* ---- log_cut.c; with the lock ---- */

/*
 * The lane whose turn it is; NULL: all are used up. It may have no block that is ready: *ret_block NULL: not even claimed.
 * Negative: its plan failed.
 */
int fb_log_turn(struct log_source *source, struct log_lane **ret_lane, struct raw_block **ret_block);
/* Takes from ready blocks as much as a unit should have; at least one payload is there to be taken. */
int fb_log_cut(struct log_source *source, struct fb_unit *unit);
/* A block that nothing more is cut from leaves its lane. */
void fb_log_leave(struct log_source *source, struct log_lane *lane, struct raw_block *block);
void fb_log_put(struct log_source *source, struct raw_block *block);
