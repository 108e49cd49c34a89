/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vectorised expressions: a typed tree of the plan compiled to a list of steps over whole columns.
 * Values, NULLs and wrap-around by semantics 1.3. Rows whose evaluation fails (integer division by
 * zero, CAST of bad text) are named in an error bitmap; they never stop the batch. AND and OR look
 * no further than the first argument that decides, as Flink's generated code does: a failure behind
 * it is none.
 */
#pragma once

#include "config/sql/plan.h"
#include "dataplane/format/batch.h"

struct fb_program;

/* Control thread. Memory for all intermediate columns is taken here. FB_E_NO_MEMORY,
 * FB_E_UNSUPPORTED. */
int fb_program_create(const struct fb_expr *expr, struct fb_program **ret) FB_MUST_CHECK;
void fb_program_destroy(struct fb_program *program);

/*
 * Hot. Evaluates for the selected rows of `batch` (others may be computed too, but never fail). The
 * column returned is the program's or the batch's own, valid until the next run or the batch's end.
 * Bits of failed rows are added to `failed` (FB_BATCH_WORDS words).
 */
const struct fb_column *fb_program_run(
	struct fb_program *program, const struct fb_batch *batch, uint64_t *failed);

/* Hot. Narrows the selection to the rows where `condition` is TRUE; returns how many went. */
uint32_t fb_batch_filter(struct fb_batch *batch, const struct fb_column *condition);
