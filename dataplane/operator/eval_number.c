/* SPDX-License-Identifier: Apache-2.0 */
/* ABS, CEIL, FLOOR, ROUND of integers and floating numbers. Hot. */
#include <math.h>

#include "config/base/shortest.h"
#include "dataplane/operator/expr_private.h"

/* Half up, away from 0, in decimal digits in front of the point; wraps at its width as Java does. */
static int64_t round_integer(int64_t value, int64_t digits, uint8_t kind)
{
	int64_t unit = 1, rest;
	uint64_t rounded;

	if (digits >= 0)
		return value;
	if (digits < -18)
		return digits == -19 && (value >= 5000000000000000000 || value <= -5000000000000000000)
			       ? (int64_t)(value < 0 ? 0 - 10000000000000000000u : 10000000000000000000u)
			       : 0;
	for (int64_t i = digits; i < 0; i++)
		unit *= 10;
	rest = value % unit;
	rounded = (uint64_t)value - (uint64_t)rest;
	if (rest >= unit - rest)
		rounded += (uint64_t)unit;
	else if (-rest >= unit + rest)
		rounded -= (uint64_t)unit;
	return fb_wrap_integer((int64_t)rounded, kind);
}

static void integers(const struct fb_eval *eval, struct fb_node *node)
{
	const int64_t *a = node->args[0]->value->i64;
	int64_t *out = node->own.i64;
	uint32_t cnt = eval->batch->row_cnt;
	uint8_t kind = node->expr->type.kind;

	if (node->expr->op == FB_OP_ABS) {
		for (uint32_t row = 0; row < cnt; row++)
			out[row] = fb_wrap_integer(
				(int64_t)(a[row] < 0 ? 0 - (uint64_t)a[row] : (uint64_t)a[row]), kind);
		return;
	}
	for (uint32_t row = 0; row < cnt; row++)
		out[row] = round_integer(a[row], node->args[1]->expr->literal.i64, kind);
}

/* Through the shortest text, as BigDecimal.valueOf does: 1.005 to two digits is 1.01. */
static void round_doubles(const struct fb_eval *eval, struct fb_node *node)
{
	const double *a = node->args[0]->value->f64;
	int64_t digits = node->args[1]->expr->literal.i64;
	bool single = node->expr->type.kind == FB_T_FLOAT;

	for (uint32_t i = 0; i < eval->batch->sel_cnt; i++) {
		uint32_t row = eval->batch->sel[i];
		double *out = &node->own.f64[row];

		*out = 0;
		if (!fb_column_is_valid(&node->own, row))
			continue;
		if (!fb_double_round(a[row], false, (int32_t)FB_MAX(FB_MIN(digits, 400), -400), out))
			fb_fail_row(eval, row);
		if (single)
			*out = (double)(float)*out;
	}
}

void fb_eval_number(const struct fb_eval *eval, struct fb_node *node)
{
	const double *a = node->args[0]->value->f64;
	double *out = node->own.f64;
	uint32_t cnt = eval->batch->row_cnt;

	fb_node_valid_all(node);
	if (fb_type_phys(node->expr->type) == FB_PHYS_I64) {
		integers(eval, node);
		return;
	}
	switch (node->expr->op) {
	case FB_OP_ABS:
		for (uint32_t row = 0; row < cnt; row++)
			out[row] = fabs(a[row]);
		break;
	case FB_OP_CEIL:
		for (uint32_t row = 0; row < cnt; row++)
			out[row] = ceil(a[row]);
		break;
	case FB_OP_FLOOR:
		for (uint32_t row = 0; row < cnt; row++)
			out[row] = floor(a[row]);
		break;
	default:
		round_doubles(eval, node);
		break;
	}
}
