/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of expressions: a program is the tree's nodes in the order of evaluation, each with its
 * result column. */
#pragma once

#include "dataplane/operator/expr.h"

#define FB_CAST_TEXT_BYTES 32 /* a number, date or timestamp as text */

struct fb_node {
	const struct fb_expr *expr;
	struct fb_node **args;
	uint32_t arg_cnt;
	struct fb_column own;          /* result memory; unused by INPUT */
	const struct fb_column *value; /* after evaluation: own, or a column of the batch */
	char *text;                    /* text_bytes per row, for casts that make a text */
	uint32_t text_bytes;
	bool may_fail; /* this or an argument can fail for a row; then `failed` is kept */
	uint64_t failed[FB_BATCH_WORDS];
};

struct fb_program {
	struct fb_node *nodes;
	uint32_t node_cnt;
};

struct fb_eval {
	const struct fb_batch *batch;
	uint64_t *failed; /* of the node being evaluated */
};

static inline void fb_fail_row(const struct fb_eval *eval, uint32_t row)
{
	eval->failed[row / 64] |= 1ull << (row % 64);
}

/* Validity of the result where every argument must be there: AND of the arguments'. */
void fb_node_valid_all(struct fb_node *node);

/* Hot: one per family of operations. */
void fb_eval_arithmetic(const struct fb_eval *eval, struct fb_node *node);
void fb_eval_compare(const struct fb_eval *eval, struct fb_node *node);
void fb_eval_logic(const struct fb_eval *eval, struct fb_node *node);
void fb_eval_cast(const struct fb_eval *eval, struct fb_node *node);
void fb_eval_time(const struct fb_eval *eval, struct fb_node *node);

/* Integer wrapped to the width of its type. */
static inline int64_t fb_wrap_integer(int64_t value, uint8_t kind)
{
	switch (kind) {
	case FB_T_TINYINT:
		return (int8_t)value;
	case FB_T_SMALLINT:
		return (int16_t)value;
	case FB_T_INT:
		return (int32_t)value;
	default:
		return value;
	}
}
