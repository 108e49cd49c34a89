/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fragments of sessions as the control plane sees them: the groups of a slice of SESSION one by one, and
 * each group into a slice of its own choice. Control thread.
 */
#pragma once

#include "dataplane/operator/slice.h"

/* One group: the records of a key in one bucket of event time, or a session joined of such. */
struct fb_fragment {
	uint64_t hash;      /* of the key */
	int64_t first_ms;   /* least and greatest event time, instants */
	int64_t last_ms;
	int64_t block_ms;   /* what it touches and ends here or before had fired when it came */
	int64_t born_ms;    /* the watermark when it came; FB_TIME_MIN: its records were ahead */
	uint64_t rows;
	const uint64_t *entry;
	uint32_t slice;     /* as the caller numbers them */
	uint32_t number;    /* of the group in its slice, in order of first sight */
};

/* All fragments that hold records; `to` has room for fb_slice_group_cnt. Returns how many. */
uint32_t fb_fragment_list(const struct fb_slice *slice, uint32_t number, struct fb_fragment *to);
bool fb_fragment_same_key(const struct fb_slice *a, const struct fb_fragment *in_a,
	const struct fb_slice *b, const struct fb_fragment *in_b);
/*
 * Adds group i of the slice to targets[i] (same layout; NULL: to none). FB_E_FULL, FB_E_NO_MEMORY: the
 * targets are only good for fb_slice_close.
 */
int fb_slice_scatter(
	const struct fb_slice *from, struct fb_slice *const *targets) FB_MUST_CHECK;
