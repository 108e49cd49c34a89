/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The watermark that each block begins with: the running maximum over all blocks before it, whichever cores have them. A
 * core passes here once for each block, between decoding and running it; the blocks pass in the order of their numbers. The
 * core with the lowest number never waits, so there is always one that goes on.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "config/base/calendar.h"

struct fb_order {
	FB_CACHE_ALIGNED _Atomic uint64_t turn; /* the block that is next; written by the core whose turn it is */
	int64_t watermark_ms;                   /* of all blocks before; likewise */
	_Atomic uint32_t waiting;
	_Atomic bool broken;
	pthread_mutex_t lock;
	pthread_cond_t changed;
};

void fb_order_init(struct fb_order *order);
void fb_order_fini(struct fb_order *order);
/* Waits for block `seq`'s turn; the watermark before it. It must then pass. FB_TIME_MAX: broken, nothing waits any more. */
int64_t fb_order_enter(struct fb_order *order, uint64_t seq);
/* The block is through: after it the watermark is this (or what it was, if that is higher). */
void fb_order_pass(struct fb_order *order, uint64_t seq, int64_t watermark_ms);
/* Nobody waits any more: the run has failed. Any thread. */
void fb_order_break(struct fb_order *order);
