/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that wait for a commit, as text: one for each folder of a partitioned table, one in all of
 * any other. One thread. */
#pragma once

#include "config/base/errcode.h"
#include "control/sink/partition.h"

#define FB_GATHER_MAX 1024 /* folders of one commit */

struct fb_gathered {
	char *folder; /* "" or "dt=…/city=…" */
	uint64_t hash;
	struct fb_buf text;
};

/* Zeroed before the first use. */
struct fb_gather {
	struct fb_gathered *at;
	uint32_t cnt;
	uint32_t last; /* where the row before went */
	size_t bytes;  /* of all texts; kept by who adds to them */
	struct fb_buf path;
};

/*
 * Where a row with these values goes (see fb_partition_path); *ret is valid until the next call.
 * FB_E_FULL: one folder more than FB_GATHER_MAX; FB_E_NO_MEMORY.
 */
int fb_gather_find(struct fb_gather *gather, const struct fb_table *table,
	const struct fb_value *values, const char *default_name,
	struct fb_gathered **ret) FB_MUST_CHECK;
void fb_gather_clear(struct fb_gather *gather);
void fb_gather_fini(struct fb_gather *gather);
