/* SPDX-License-Identifier: Apache-2.0 */
/* AND, OR, NOT, IS NULL, COALESCE, CASE. Hot. */
#include "dataplane/operator/expr_private.h"

/*
 * FALSE wins in AND, TRUE in OR; else NULL if any argument is NULL. What stands behind the first
 * that wins is not evaluated in Flink's generated code, so its failure is none: x <> 0 AND 10 / x
 * > 1.
 */
static void and_or(const struct fb_eval *eval, struct fb_node *node)
{
	bool winner = node->expr->op == FB_OP_OR;

	node->own.has_null = false;
	for (uint32_t row = 0; row < eval->batch->row_cnt; row++) {
		bool won = false;
		bool null = false;

		for (uint32_t i = 0; i < node->arg_cnt; i++) {
			const struct fb_column *arg = node->args[i]->value;
			bool valid = fb_column_is_valid(arg, row);

			if (FB_UNLIKELY(node->args[i]->may_fail) && !won &&
				node->args[i]->failed[row / 64] >> (row % 64) & 1)
				fb_fail_row(eval, row);
			null |= !valid;
			won |= valid && (arg->i64[row] != 0) == winner;
		}
		node->own.i64[row] = won ? winner : !winner;
		null &= !won;
		node->own.has_null |= null;
		fb_column_set_valid(&node->own, row, !null);
	}
}

static inline void copy_value(struct fb_node *node, const struct fb_column *from, uint32_t row)
{
	bool valid = fb_column_is_valid(from, row);

	fb_column_set_valid(&node->own, row, valid);
	node->own.has_null |= !valid;
	switch (fb_type_phys(node->expr->type)) {
	case FB_PHYS_STR:
		node->own.str[row] = from->str[row];
		break;
	case FB_PHYS_I128:
		node->own.i128[row] = from->i128[row];
		break;
	default: /* F64 too: the bits are the value */
		node->own.i64[row] = from->i64[row];
		break;
	}
}

/* The first that is there. Flink evaluates all arguments, so each that fails does so. */
static void coalesce(const struct fb_eval *eval, struct fb_node *node)
{
	node->own.has_null = false;
	for (uint32_t row = 0; row < eval->batch->row_cnt; row++) {
		uint32_t i = 0;

		while (i + 1 < node->arg_cnt && !fb_column_is_valid(node->args[i]->value, row))
			i++;
		copy_value(node, node->args[i]->value, row);
	}
}

/* The value behind the first condition that is TRUE. Only what is on the way there can fail. */
static void choose(const struct fb_eval *eval, struct fb_node *node)
{
	node->own.has_null = false;
	for (uint32_t row = 0; row < eval->batch->row_cnt; row++) {
		uint32_t i = 0;

		for (; i + 1 < node->arg_cnt; i += 2) {
			const struct fb_column *condition = node->args[i]->value;

			if (FB_UNLIKELY(fb_node_has_failed(node->args[i], row)))
				fb_fail_row(eval, row);
			if (condition->i64[row] != 0 && fb_column_is_valid(condition, row)) {
				i++;
				break;
			}
		}
		if (FB_UNLIKELY(fb_node_has_failed(node->args[i], row)))
			fb_fail_row(eval, row);
		copy_value(node, node->args[i]->value, row);
	}
}

void fb_eval_logic(const struct fb_eval *eval, struct fb_node *node)
{
	const struct fb_column *arg = node->args[0]->value;

	switch (node->expr->op) {
	case FB_OP_AND:
	case FB_OP_OR:
		and_or(eval, node);
		break;
	case FB_OP_NOT:
		fb_node_valid_all(node);
		for (uint32_t row = 0; row < eval->batch->row_cnt; row++)
			node->own.i64[row] = !arg->i64[row];
		break;
	case FB_OP_IS_NULL:
	case FB_OP_IS_NOT_NULL:
		node->own.has_null = false;
		for (uint32_t row = 0; row < eval->batch->row_cnt; row++)
			node->own.i64[row] = fb_column_is_valid(arg, row) ==
					     (node->expr->op == FB_OP_IS_NOT_NULL);
		break;
	case FB_OP_CASE:
		choose(eval, node);
		break;
	default:
		coalesce(eval, node);
		break;
	}
}
