/* SPDX-License-Identifier: Apache-2.0 */
/* A thread's share of its core: rests so that it computes no more than some percent of the time. One thread. */
#pragma once

#include <stdatomic.h>

#include "config/base/calendar.h"

struct fb_pace {
	uint32_t percent; /* 0 or 100: no limit */
	int64_t wall_ns;  /* since when; 0: not begun */
	int64_t cpu_ns;   /* what the thread had used then */
};

/* Between two pieces of work, holding nothing that others wait for. Comes back early when *stop is set. */
void fb_pace_rest(struct fb_pace *pace, const _Atomic bool *stop);
/* The calling thread gives way to all others: nice 19, the lowest of best-effort I/O. What is refused is left. */
void fb_pace_give_way(void);
