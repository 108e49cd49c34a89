/* SPDX-License-Identifier: Apache-2.0 */
/* Windows over the result of a window, of all kinds. */
#pragma once

#include "lab.h"

#define VIEW(tvf)                                                                                        \
	"SELECT window_time AS rt, k, SUM(v) AS v FROM TABLE(" tvf ") GROUP BY window_start, window_end, " \
	"window_time, k"
#define TUMBLE_5 VIEW("TUMBLE(TABLE s, DESCRIPTOR(ts), INTERVAL '5' SECOND)")
#define HOP_4_12 VIEW("HOP(TABLE s, DESCRIPTOR(ts), INTERVAL '4' SECOND, INTERVAL '12' SECOND, INTERVAL '1' SECOND)")
#define CUMULATE_2_6 VIEW("CUMULATE(TABLE s, DESCRIPTOR(ts), INTERVAL '2' SECOND, INTERVAL '6' SECOND)")
#define SESSION_1 VIEW("SESSION(TABLE s PARTITION BY k, DESCRIPTOR(ts), INTERVAL '0.3' SECOND)")
#define ONE_MS VIEW("TUMBLE(TABLE s, DESCRIPTOR(ts), INTERVAL '0.001' SECOND)")

struct pair {
	const char *view;
	struct fb_window first;
	const char *tvf;
	struct fb_window second;
	bool exact; /* one partition only: what joins is a matter of single watermarks */
};

extern const struct pair pairs[]; /* test_cascade.c */
extern const size_t pair_cnt;
