/* SPDX-License-Identifier: Apache-2.0 */
#include "dataplane/format/batch.h"

#include <stdlib.h>

#include "config/base/errcode.h"

static size_t value_bytes(struct fb_type type)
{
	switch (fb_type_phys(type)) {
	case FB_PHYS_STR:
		return sizeof(struct fb_str);
	case FB_PHYS_I128:
		return sizeof(fb_i128);
	default:
		return sizeof(int64_t);
	}
}

int fb_batch_init(
	struct fb_batch *batch, const struct fb_type *types, uint32_t cnt, const uint64_t *needed)
{
	*batch = (struct fb_batch){
		.column_cnt = cnt,
		.columns = calloc(cnt ? cnt : 1, sizeof(*batch->columns)),
		.sel = calloc(FB_BATCH_ROWS, sizeof(*batch->sel)),
	};
	bool ok = batch->columns != NULL && batch->sel != NULL;

	for (uint32_t i = 0; ok && i < cnt; i++) {
		struct fb_column *column = &batch->columns[i];

		if (needed != NULL && !(needed[i / 64] >> (i % 64) & 1))
			continue;
		/* 64-byte alignment and a whole number of vectors: kernels may work on full
		 * registers. */
		column->data = aligned_alloc(64, FB_BATCH_ROWS * value_bytes(types[i]));
		column->valid = aligned_alloc(64, FB_BATCH_WORDS * sizeof(uint64_t));
		ok = column->data != NULL && column->valid != NULL;
		if (ok) {
			memset(column->data, 0, FB_BATCH_ROWS * value_bytes(types[i]));
			memset(column->valid, 0xff, FB_BATCH_WORDS * sizeof(uint64_t));
		}
	}
	if (!ok) {
		fb_batch_fini(batch);
		return FB_E_NO_MEMORY;
	}
	return 0;
}

void fb_batch_fini(struct fb_batch *batch)
{
	for (uint32_t i = 0; batch->columns != NULL && i < batch->column_cnt; i++) {
		free(batch->columns[i].data);
		free(batch->columns[i].valid);
	}
	free(batch->columns);
	free(batch->sel);
	*batch = (struct fb_batch){0};
}
