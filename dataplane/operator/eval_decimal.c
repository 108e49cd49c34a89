/* SPDX-License-Identifier: Apache-2.0 */
/* DECIMAL: arithmetic, comparison, rounding, and CAST from and to it (semantics 1.3). Hot. */
#include "config/base/shortest.h"
#include "dataplane/operator/expr_private.h"

static struct fb_decimal_type decimal_of(struct fb_type type)
{
	return (struct fb_decimal_type){type.precision, type.scale};
}

static struct fb_str trim_blanks(struct fb_str text)
{
	while (text.len && (text.p[0] == ' ' || text.p[0] == '\n' || text.p[0] == '\t')) {
		text.p++;
		text.len--;
	}
	while (text.len && (text.p[text.len - 1] == ' ' || text.p[text.len - 1] == '\n' ||
				   text.p[text.len - 1] == '\t'))
		text.len--;
	return text;
}

/* ---- arithmetic ---- */

static enum fb_decimal_result compute(enum fb_op op, fb_i128 a, uint32_t a_scale, fb_i128 b,
	uint32_t b_scale, struct fb_decimal_type to, fb_i128 *ret)
{
	bool fits;

	switch (op) {
	case FB_OP_ADD:
		fits = fb_decimal_add(a, a_scale, b, b_scale, to, ret);
		break;
	case FB_OP_SUB:
		fits = fb_decimal_add(a, a_scale, -b, b_scale, to, ret);
		break;
	case FB_OP_MUL:
		fits = fb_decimal_mul(a, a_scale, b, b_scale, to, ret);
		break;
	case FB_OP_DIV:
		return fb_decimal_div(a, a_scale, b, b_scale, to, ret);
	default:
		return fb_decimal_mod(a, a_scale, b, b_scale, to, ret);
	}
	return fits ? FB_DECIMAL_DONE : FB_DECIMAL_OVERFLOW;
}

static void binary(const struct fb_eval *eval, struct fb_node *node)
{
	const fb_i128 *a = node->args[0]->value->i128;
	const fb_i128 *b = node->args[1]->value->i128;
	uint32_t a_scale = node->args[0]->expr->type.scale;
	uint32_t b_scale = node->args[1]->expr->type.scale;
	struct fb_decimal_type to = decimal_of(node->expr->type);

	for (uint32_t i = 0; i < eval->batch->sel_cnt; i++) {
		uint32_t row = eval->batch->sel[i];

		if (!fb_column_is_valid(&node->own, row))
			continue;
		switch (compute(node->expr->op, a[row], a_scale, b[row], b_scale, to,
			&node->own.i128[row])) {
		case FB_DECIMAL_DONE:
			break;
		case FB_DECIMAL_OVERFLOW:
			fb_node_set_null(node, row);
			break;
		default:
			fb_fail_row(eval, row);
			break;
		}
	}
}

static bool unary(const struct fb_node *node, fb_i128 value, fb_i128 *ret)
{
	uint32_t scale = node->args[0]->expr->type.scale;

	switch (node->expr->op) {
	case FB_OP_NEG:
		*ret = -value;
		return true;
	case FB_OP_ABS:
		*ret = value < 0 ? -value : value;
		return true;
	case FB_OP_FLOOR:
		*ret = fb_decimal_floor(value, scale);
		return true;
	case FB_OP_CEIL:
		*ret = fb_decimal_ceil(value, scale);
		return true;
	default: {
		int64_t digits = node->args[1]->expr->literal.i64;

		return fb_decimal_round(value, scale, (int32_t)FB_MAX(FB_MIN(digits, 100), -100),
			decimal_of(node->expr->type), ret);
	}
	}
}

void fb_eval_decimal(const struct fb_eval *eval, struct fb_node *node)
{
	const fb_i128 *a = node->args[0]->value->i128;

	fb_node_valid_all(node);
	if (node->expr->op >= FB_OP_ADD && node->expr->op <= FB_OP_MOD) {
		binary(eval, node);
		return;
	}
	for (uint32_t i = 0; i < eval->batch->sel_cnt; i++) {
		uint32_t row = eval->batch->sel[i];

		if (fb_column_is_valid(&node->own, row) &&
			!unary(node, a[row], &node->own.i128[row]))
			fb_node_set_null(node, row);
	}
}

/* ---- comparison ---- */

static int64_t holds(int order, enum fb_op op)
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

void fb_eval_compare_decimal(const struct fb_eval *eval, struct fb_node *node)
{
	const fb_i128 *a = node->args[0]->value->i128;
	const fb_i128 *b = node->args[1]->value->i128;
	uint32_t a_scale = node->args[0]->expr->type.scale;
	uint32_t b_scale = node->args[1]->expr->type.scale;

	for (uint32_t i = 0; i < eval->batch->sel_cnt; i++) {
		uint32_t row = eval->batch->sel[i];

		if (fb_column_is_valid(&node->own, row))
			node->own.i64[row] = holds(
				fb_decimal_compare(a[row], a_scale, b[row], b_scale), node->expr->op);
	}
}

/* ---- CAST ---- */

/*
 * Where both text and type are short, Flink counts the digits as written: '007.50' has too many for
 * DECIMAL(3, 1), '1.0e-400' lies beyond its powers of ten; both fail like text that is no number.
 */
static bool is_beyond(struct fb_str text, struct fb_decimal_type to)
{
	int32_t digits = 0, behind = 0, exponent = 0, change;
	bool point = false, negative = false;
	uint32_t i = 0;

	if (to.precision > 18 || text.len > 18)
		return false;
	for (; i < text.len && (text.p[i] | 0x20) != 'e'; i++) {
		point |= text.p[i] == '.';
		if (text.p[i] >= '0' && text.p[i] <= '9') {
			digits++;
			behind += point;
		}
	}
	for (; i < text.len; i++) {
		negative |= text.p[i] == '-';
		if (text.p[i] >= '0' && text.p[i] <= '9' && exponent < 40)
			exponent = exponent * 10 + (text.p[i] - '0');
	}
	change = (negative ? -exponent : exponent) - behind + to.scale;
	return digits + change > to.precision || change < -18;
}

bool fb_cast_to_decimal(struct fb_node *node, const struct fb_column *from, struct fb_type from_type,
	uint32_t row, bool *ret_null)
{
	struct fb_decimal_type to = decimal_of(node->expr->type);
	fb_i128 *out = &node->own.i128[row];
	enum fb_decimal_result result;

	switch (fb_type_phys(from_type)) {
	case FB_PHYS_STR: {
		struct fb_str text = trim_blanks(from->str[row]);

		/* Of a text also what is too long fails. */
		return !is_beyond(text, to) &&
		       fb_decimal_from_text(text, to, out) == FB_DECIMAL_DONE;
	}
	case FB_PHYS_F64:
		/* A FLOAT is taken as the double that it is. */
		result = fb_decimal_from_double(from->f64[row], false, to, out);
		break;
	case FB_PHYS_I128:
		result = fb_decimal_rescale(from->i128[row], from_type.scale, to, out)
				 ? FB_DECIMAL_DONE
				 : FB_DECIMAL_OVERFLOW;
		break;
	default:
		result = fb_decimal_rescale(from->i64[row], 0, to, out) ? FB_DECIMAL_DONE
									: FB_DECIMAL_OVERFLOW;
		break;
	}
	*ret_null = result == FB_DECIMAL_OVERFLOW;
	return result != FB_DECIMAL_INVALID;
}

void fb_cast_from_decimal(struct fb_node *node, fb_i128 value, struct fb_type from_type, uint32_t row)
{
	struct fb_type to = node->expr->type;

	switch (fb_type_phys(to)) {
	case FB_PHYS_F64: {
		double number = fb_decimal_to_double(value, decimal_of(from_type));

		node->own.f64[row] = to.kind == FB_T_FLOAT ? (double)(float)number : number;
		break;
	}
	case FB_PHYS_STR:
		fb_node_keep(
			node, row, fb_decimal_format(value, from_type.scale, fb_node_room(node)));
		break;
	default:
		node->own.i64[row] =
			to.kind == FB_T_BOOLEAN
				? value != 0
				: fb_wrap_integer(
					  fb_decimal_to_integer(value, from_type.scale), to.kind);
		break;
	}
}
