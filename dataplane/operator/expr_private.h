/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of expressions: a program is the tree's nodes in the order of evaluation, each with its
 * result column.
 *
 * A node computes whole columns where that is faster, but texts only of selected rows: those of
 * others may be gone. Rows that are NULL or that failed hold no text that may be read.
 */
#pragma once

#include "dataplane/operator/expr.h"

#define FB_CAST_TEXT_BYTES 64 /* a number, date or timestamp as text */

struct fb_like;
struct fb_time_pattern;

struct fb_node {
	const struct fb_expr *expr;
	struct fb_node **args;
	uint32_t arg_cnt;
	struct fb_column own;          /* result memory; unused by INPUT */
	const struct fb_column *value; /* after evaluation: own, or a column of the batch */
	/* Where an operation writes texts of its own: the longest, for each row of a batch. */
	char *text;
	uint32_t text_row_bytes;
	uint32_t text_used;
	/* What a literal argument was compiled to. */
	struct fb_like *like;
	struct fb_time_pattern *pattern;
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

static inline bool fb_node_has_failed(const struct fb_node *node, uint32_t row)
{
	return node->may_fail && (node->failed[row / 64] >> (row % 64) & 1);
}

static inline void fb_node_set_null(struct fb_node *node, uint32_t row)
{
	node->own.has_null = true;
	fb_column_set_valid(&node->own, row, false);
}

/* Room for a text of up to text_row_bytes; fb_node_keep makes it the row's. */
static inline char *fb_node_room(struct fb_node *node)
{
	return node->text + node->text_used;
}

static inline void fb_node_keep(struct fb_node *node, uint32_t row, uint32_t len)
{
	node->own.str[row] = (struct fb_str){fb_node_room(node), len};
	node->text_used += len;
}

/* The row's text would be longer than there is room: it fails. */
static inline void fb_node_too_long(const struct fb_eval *eval, struct fb_node *node, uint32_t row)
{
	node->own.str[row] = FB_STR("");
	fb_fail_row(eval, row);
}

/* Validity of the result where every argument must be there: AND of the arguments'. */
void fb_node_valid_all(struct fb_node *node);

/* Hot: one per family of operations. */
void fb_eval_arithmetic(const struct fb_eval *eval, struct fb_node *node);
void fb_eval_decimal(const struct fb_eval *eval, struct fb_node *node);
void fb_eval_number(const struct fb_eval *eval, struct fb_node *node);
void fb_eval_compare(const struct fb_eval *eval, struct fb_node *node);
void fb_eval_compare_decimal(const struct fb_eval *eval, struct fb_node *node);
void fb_eval_logic(const struct fb_eval *eval, struct fb_node *node);
void fb_eval_cast(const struct fb_eval *eval, struct fb_node *node);
void fb_eval_time(const struct fb_eval *eval, struct fb_node *node);
void fb_eval_text(const struct fb_eval *eval, struct fb_node *node);
void fb_eval_like(const struct fb_eval *eval, struct fb_node *node);

/* UPPER, LOWER of one text. Returns its length, UINT32_MAX: longer than `cap`. */
uint32_t fb_text_change_case(struct fb_str text, bool upper, char *out, uint32_t cap);

/* DECIMAL to and from everything else, one row. False: the row fails; *ret_null: it is NULL. */
bool fb_cast_to_decimal(struct fb_node *node, const struct fb_column *from, struct fb_type from_type,
	uint32_t row, bool *ret_null);
void fb_cast_from_decimal(struct fb_node *node, fb_i128 value, struct fb_type from_type, uint32_t row);

static inline int64_t fb_to_micros(int64_t value, struct fb_type type)
{
	return type.precision <= 3 ? value * 1000 : value;
}

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
