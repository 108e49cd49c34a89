/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of constants: INSERT … VALUES and SELECT without FROM. The expressions of the plan become
 * rows of bytes, by the same programs that run over records. Control thread: memory is taken for
 * each expression and given back.
 */
#pragma once

#include "config/base/errcode.h"
#include "config/sql/plan.h"

/* A row as fb_row_encode writes it, valid during the call. What is returned but 0 ends the run. */
typedef int (*fb_values_fn)(void *arg, const uint8_t *bytes, uint32_t len);

/*
 * Calls fn for each row whose filter is TRUE, in the order written. FB_E_INVALID: row *ret_row
 * (from 0) cannot be computed (division by zero, CAST of bad text), where Flink's job would fail;
 * FB_E_NO_MEMORY, FB_E_UNSUPPORTED.
 */
int fb_values_run(const struct fb_query_plan *query, fb_values_fn fn, void *arg,
	uint32_t *ret_row) FB_MUST_CHECK;
