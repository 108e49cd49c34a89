/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks pass one after the other, in the order of their numbers, whichever cores have them. The core with the lowest number
 * never waits, so there is always one that goes on. What is handed from one to the next stands beside the turn: it is
 * written by the core whose turn it is.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "config/base/errcode.h"

struct fb_turn {
	FB_CACHE_ALIGNED _Atomic uint64_t next; /* the block whose turn it is */
	_Atomic uint32_t waiting;
	_Atomic bool broken;
	pthread_mutex_t lock;
	pthread_cond_t changed;
};

void fb_turn_init(struct fb_turn *turn);
void fb_turn_fini(struct fb_turn *turn);
/* Waits for block `seq`'s turn; it must then pass. False: broken, nothing waits any more. */
bool fb_turn_enter(struct fb_turn *turn, uint64_t seq);
void fb_turn_pass(struct fb_turn *turn, uint64_t seq);
/* Nobody waits any more: the run has failed. Any thread. */
void fb_turn_break(struct fb_turn *turn);
