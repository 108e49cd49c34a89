/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The watermark that each block begins with: the running maximum over all blocks before it, whichever cores have them. A
 * core passes here once for each block, between decoding and running it (turn.h).
 */
#pragma once

#include "config/base/calendar.h"
#include "control/replay/turn.h"

struct fb_order {
	struct fb_turn turn;
	int64_t watermark_ms; /* of all blocks before; written by the core whose turn it is */
};

void fb_order_init(struct fb_order *order);
void fb_order_fini(struct fb_order *order);
/* Waits for block `seq`'s turn; the watermark before it. It must then pass. FB_TIME_MAX: broken, nothing waits any more. */
int64_t fb_order_enter(struct fb_order *order, uint64_t seq);
/* The block is through: after it the watermark is this (or what it was, if that is higher). */
void fb_order_pass(struct fb_order *order, uint64_t seq, int64_t watermark_ms);
/* Nobody waits any more: the run has failed. Any thread. */
void fb_order_break(struct fb_order *order);
