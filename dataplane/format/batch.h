/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A column batch: up to FB_BATCH_ROWS records as typed arrays, the unit that decoders fill and
 * operators read. It holds no DPDK type; replay and `forebay run` use it as the poll-mode cores do.
 *
 * Strings point into the payloads they were decoded from: the batch is valid as long as those are.
 * One batch belongs to one core.
 */
#pragma once

#include "config/sql/types.h"

#define FB_BATCH_ROWS 512
#define FB_BATCH_WORDS (FB_BATCH_ROWS / 64)

/* A decoder may read up to this many bytes behind a payload: the buffer's owner keeps them
 * readable. */
#define FB_PAYLOAD_PAD_BYTES 64

struct fb_column {
	union {
		int64_t *i64;
		double *f64;
		fb_i128 *i128;
		struct fb_str *str;
		void *data; /* NULL: the column is not materialised */
	};
	uint64_t *valid; /* bit set = not NULL; only meaningful where has_null */
	bool has_null;   /* some row may be NULL */
};

struct fb_batch {
	uint32_t row_cnt; /* rows in the columns */
	uint32_t sel_cnt; /* rows that take part */
	uint16_t *sel;    /* their numbers, ascending; always filled */
	uint32_t column_cnt;
	struct fb_column *columns;
};

/*
 * Memory for a batch of `cnt` columns; column i is materialised where needed == NULL or its bit is
 * set. Control thread. FB_E_NO_MEMORY.
 */
int fb_batch_init(struct fb_batch *batch, const struct fb_type *types, uint32_t cnt,
	const uint64_t *needed) FB_MUST_CHECK;
void fb_batch_fini(struct fb_batch *batch);

static inline bool fb_column_is_valid(const struct fb_column *column, uint32_t row)
{
	return !column->has_null || (column->valid[row / 64] >> (row % 64) & 1);
}

static inline void fb_column_set_valid(struct fb_column *column, uint32_t row, bool valid)
{
	uint64_t bit = 1ull << (row % 64);

	column->valid[row / 64] = (column->valid[row / 64] & ~bit) | (valid ? bit : 0);
}
