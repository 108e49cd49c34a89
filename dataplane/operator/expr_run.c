/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluation: node by node, each over the whole batch. Hot. */
#include <math.h>

#include "dataplane/operator/expr_private.h"

void fb_node_valid_all(struct fb_node *node)
{
	node->own.has_null = false;
	for (uint32_t i = 0; i < node->arg_cnt; i++) {
		const struct fb_column *arg = node->args[i]->value;

		if (!arg->has_null)
			continue;
		for (uint32_t w = 0; w < FB_BATCH_WORDS; w++)
			node->own.valid[w] =
				arg->valid[w] & (node->own.has_null ? node->own.valid[w] : ~0ull);
		node->own.has_null = true;
	}
	if (!node->own.has_null)
		memset(node->own.valid, 0xff, FB_BATCH_WORDS * sizeof(uint64_t));
}

static void add_failed(uint64_t *to, const struct fb_node *from)
{
	for (uint32_t w = 0; from->may_fail && w < FB_BATCH_WORDS; w++)
		to[w] |= from->failed[w];
}

static void run_node(const struct fb_eval *eval, struct fb_node *node)
{
	switch (node->expr->op) {
	case FB_OP_INPUT:
		node->value = &eval->batch->columns[node->expr->input];
		break;
	case FB_OP_LITERAL:
		break;
	case FB_OP_ADD ... FB_OP_NEG:
		fb_eval_arithmetic(eval, node);
		break;
	case FB_OP_EQ ... FB_OP_GE:
		fb_eval_compare(eval, node);
		break;
	case FB_OP_CAST:
	case FB_OP_TRY_CAST:
		fb_eval_cast(eval, node);
		break;
	case FB_OP_ABS ... FB_OP_ROUND:
		if (fb_type_phys(node->expr->type) == FB_PHYS_I128)
			fb_eval_decimal(eval, node);
		else
			fb_eval_number(eval, node);
		break;
	case FB_OP_LIKE:
		fb_eval_like(eval, node);
		break;
	case FB_OP_UPPER ... FB_OP_SPLIT_INDEX:
		fb_eval_text(eval, node);
		break;
	case FB_OP_TO_TIMESTAMP ... FB_OP_TO_TIMESTAMP_LTZ:
	case FB_OP_EXTRACT ... FB_OP_CURRENT_TIMESTAMP:
		fb_eval_time(eval, node);
		break;
	default:
		fb_eval_logic(eval, node);
		break;
	}
}

const struct fb_column *fb_program_run(
	struct fb_program *program, const struct fb_batch *batch, uint64_t *failed)
{
	const struct fb_node *root = &program->nodes[program->node_cnt - 1];

	for (uint32_t i = 0; i < program->node_cnt; i++) {
		struct fb_node *node = &program->nodes[i];
		struct fb_eval eval = {batch, node->failed};
		bool lazy = node->expr->op == FB_OP_AND || node->expr->op == FB_OP_OR ||
			    node->expr->op == FB_OP_CASE;

		if (FB_UNLIKELY(node->may_fail)) {
			memset(node->failed, 0, sizeof(node->failed));
			for (uint32_t a = 0; !lazy && a < node->arg_cnt; a++)
				add_failed(node->failed, node->args[a]);
		}
		run_node(&eval, node);
	}
	add_failed(failed, root);
	return root->value;
}

uint32_t fb_batch_filter(struct fb_batch *batch, const struct fb_column *condition)
{
	uint32_t kept = 0;
	uint32_t before = batch->sel_cnt;

	for (uint32_t i = 0; i < before; i++) {
		uint16_t row = batch->sel[i];

		batch->sel[kept] = row;
		kept += condition->i64[row] != 0 && fb_column_is_valid(condition, row);
	}
	batch->sel_cnt = kept;
	return before - kept;
}

/* ---- arithmetic ---- */

static void divide(const struct fb_eval *eval, struct fb_node *node)
{
	const struct fb_column *a = node->args[0]->value;
	const struct fb_column *b = node->args[1]->value;
	bool modulo = node->expr->op == FB_OP_MOD;
	uint8_t kind = node->expr->type.kind;

	for (uint32_t i = 0; i < eval->batch->sel_cnt; i++) {
		uint32_t row = eval->batch->sel[i];
		int64_t by = b->i64[row];

		if (!fb_column_is_valid(&node->own, row))
			continue;
		if (by == 0) {
			fb_fail_row(eval, row);
			node->own.i64[row] = 0;
		} else if (by == -1) {
			/* INT64_MIN / -1 traps; negation wraps as Java's division does. */
			node->own.i64[row] =
				modulo ? 0
				       : fb_wrap_integer(
						 (int64_t)(0 - (uint64_t)a->i64[row]), kind);
		} else {
			node->own.i64[row] =
				fb_wrap_integer(modulo ? a->i64[row] % by : a->i64[row] / by, kind);
		}
	}
}

static void integers(const struct fb_eval *eval, struct fb_node *node)
{
	const int64_t *a = node->args[0]->value->i64;
	const int64_t *b = node->arg_cnt > 1 ? node->args[1]->value->i64 : a;
	int64_t *out = node->own.i64;
	uint32_t cnt = eval->batch->row_cnt;
	uint8_t kind = node->expr->type.kind;

	/* Unsigned, because integers wrap (semantics 1.3). */
	switch (node->expr->op) {
	case FB_OP_ADD:
		for (uint32_t row = 0; row < cnt; row++)
			out[row] = (int64_t)((uint64_t)a[row] + (uint64_t)b[row]);
		break;
	case FB_OP_SUB:
		for (uint32_t row = 0; row < cnt; row++)
			out[row] = (int64_t)((uint64_t)a[row] - (uint64_t)b[row]);
		break;
	case FB_OP_MUL:
		for (uint32_t row = 0; row < cnt; row++)
			out[row] = (int64_t)((uint64_t)a[row] * (uint64_t)b[row]);
		break;
	case FB_OP_NEG:
		for (uint32_t row = 0; row < cnt; row++)
			out[row] = (int64_t)(0 - (uint64_t)a[row]);
		break;
	default:
		divide(eval, node);
		return;
	}
	if (kind == FB_T_INT)
		for (uint32_t row = 0; row < cnt; row++)
			out[row] = (int32_t)out[row];
	else if (kind == FB_T_TINYINT || kind == FB_T_SMALLINT)
		for (uint32_t row = 0; row < cnt; row++)
			out[row] = fb_wrap_integer(out[row], kind);
}

static void doubles(const struct fb_eval *eval, struct fb_node *node)
{
	const double *a = node->args[0]->value->f64;
	const double *b = node->arg_cnt > 1 ? node->args[1]->value->f64 : a;
	double *out = node->own.f64;
	uint32_t cnt = eval->batch->row_cnt;

	switch (node->expr->op) {
	case FB_OP_ADD:
		for (uint32_t row = 0; row < cnt; row++)
			out[row] = a[row] + b[row];
		break;
	case FB_OP_SUB:
		for (uint32_t row = 0; row < cnt; row++)
			out[row] = a[row] - b[row];
		break;
	case FB_OP_MUL:
		for (uint32_t row = 0; row < cnt; row++)
			out[row] = a[row] * b[row];
		break;
	case FB_OP_DIV:
		for (uint32_t row = 0; row < cnt; row++)
			out[row] = a[row] / b[row];
		break;
	case FB_OP_NEG:
		for (uint32_t row = 0; row < cnt; row++)
			out[row] = -a[row];
		break;
	default:
		for (uint32_t row = 0; row < cnt; row++)
			out[row] = fmod(a[row], b[row]);
		break;
	}
	/* FLOAT is rounded after every operation. */
	if (node->expr->type.kind == FB_T_FLOAT)
		for (uint32_t row = 0; row < cnt; row++)
			out[row] = (double)(float)out[row];
}

void fb_eval_arithmetic(const struct fb_eval *eval, struct fb_node *node)
{
	if (fb_type_phys(node->expr->type) == FB_PHYS_I128) {
		fb_eval_decimal(eval, node);
		return;
	}
	fb_node_valid_all(node);
	if (fb_type_phys(node->expr->type) == FB_PHYS_F64)
		doubles(eval, node);
	else
		integers(eval, node);
}

/* ---- comparison ---- */

#define COMPARE(type, a, b, out, cnt, op)          \
	for (uint32_t row = 0; row < (cnt); row++) \
	(out)[row] = (type)(a)[row] op(type)(b)[row]

#define COMPARE_ALL(type, a, b, out, cnt, operation) \
	switch (operation) {                         \
	case FB_OP_EQ:                               \
		COMPARE(type, a, b, out, cnt, ==);   \
		break;                               \
	case FB_OP_NE:                               \
		COMPARE(type, a, b, out, cnt, !=);   \
		break;                               \
	case FB_OP_LT:                               \
		COMPARE(type, a, b, out, cnt, <);    \
		break;                               \
	case FB_OP_LE:                               \
		COMPARE(type, a, b, out, cnt, <=);   \
		break;                               \
	case FB_OP_GT:                               \
		COMPARE(type, a, b, out, cnt, >);    \
		break;                               \
	default:                                     \
		COMPARE(type, a, b, out, cnt, >=);   \
		break;                               \
	}

static int64_t order_holds(int order, enum fb_op op)
{
	switch (op) {
	case FB_OP_EQ:
		return order == 0;
	case FB_OP_NE:
		return order != 0;
	case FB_OP_LT:
		return order < 0;
	case FB_OP_LE:
		return order <= 0;
	case FB_OP_GT:
		return order > 0;
	default:
		return order >= 0;
	}
}

/* Only rows that take part: texts of others may be gone. */
static void compare_texts(const struct fb_eval *eval, struct fb_node *node)
{
	const struct fb_column *a = node->args[0]->value;
	const struct fb_column *b = node->args[1]->value;
	bool may_fail = node->may_fail; /* an argument: comparing itself does not */

	for (uint32_t i = 0; i < eval->batch->sel_cnt; i++) {
		uint32_t row = eval->batch->sel[i];

		if (FB_UNLIKELY(may_fail) && (node->failed[row / 64] >> (row % 64) & 1))
			continue;
		if (fb_column_is_valid(&node->own, row))
			node->own.i64[row] =
				order_holds(fb_str_cmp(a->str[row], b->str[row]), node->expr->op);
	}
}

void fb_eval_compare(const struct fb_eval *eval, struct fb_node *node)
{
	const struct fb_column *a = node->args[0]->value;
	const struct fb_column *b = node->args[1]->value;
	uint32_t cnt = eval->batch->row_cnt;
	int64_t *out = node->own.i64;

	fb_node_valid_all(node);
	switch (fb_type_phys(node->args[0]->expr->type)) {
	case FB_PHYS_F64:
		COMPARE_ALL(double, a->f64, b->f64, out, cnt, node->expr->op);
		break;
	case FB_PHYS_STR:
		compare_texts(eval, node);
		break;
	case FB_PHYS_I128:
		fb_eval_compare_decimal(eval, node);
		break;
	default:
		COMPARE_ALL(int64_t, a->i64, b->i64, out, cnt, node->expr->op);
		break;
	}
}
