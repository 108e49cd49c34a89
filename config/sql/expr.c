/* SPDX-License-Identifier: Apache-2.0 */
#include "config/sql/bind.h"
#include "config/sql/literal.h"

static uint32_t mix(uint32_t hash, uint32_t value)
{
	return (hash ^ value) * 16777619u;
}

static struct fb_bound *make(
	struct fb_binder *b, int op, struct fb_type type, struct fb_place place)
{
	struct fb_bound *bound;

	if (!fb_bind_charge(b, 1, place))
		return NULL;
	bound = FB_ARENA_NEW(b->arena, struct fb_bound);
	if (bound == NULL)
		return NULL;
	bound->expr.op = (enum fb_op)op;
	bound->expr.type = type;
	bound->expr.place = place;
	bound->size = 1;
	bound->depth = 1;
	bound->hash = mix(mix(2166136261u, (uint32_t)op), type.kind);
	return bound;
}

const struct fb_expr *fb_expr_new(struct fb_binder *b, enum fb_op op, struct fb_type type,
	const struct fb_expr *const *args, uint32_t arg_cnt, struct fb_place place)
{
	struct fb_bound *bound;

	for (uint32_t i = 0; i < arg_cnt; i++)
		if (args[i] == NULL)
			return NULL;
	if (arg_cnt > FB_ARGS_MAX) {
		fb_bind_error(b, place, NULL, "more than %d parts in one expression", FB_ARGS_MAX);
		return NULL;
	}
	bound = make(b, op, type, place);
	if (bound == NULL)
		return NULL;
	bound->expr.args = FB_ARENA_ARRAY(b->arena, const struct fb_expr *, arg_cnt);
	if (bound->expr.args == NULL)
		return NULL;
	bound->expr.arg_cnt = (uint16_t)arg_cnt;
	for (uint32_t i = 0; i < arg_cnt; i++) {
		const struct fb_bound *arg = fb_bound_of(args[i]);

		bound->expr.args[i] = args[i];
		bound->size += arg->size;
		bound->depth = FB_MAX(bound->depth, (uint16_t)(arg->depth + 1));
		bound->hash = mix(bound->hash, arg->hash);
		bound->has_window |= arg->has_window;
		bound->has_agg |= arg->has_agg;
	}
	/* A NOT, a CAST or a COALESCE around what was written: so twice as deep as the text may be.
	 */
	if (bound->size > FB_EXPR_SIZE_MAX || bound->depth > 2 * FB_SQL_DEPTH_MAX) {
		fb_bind_error(b, place, "views are written out where they are used",
			"expression is too large: more than %d parts or %d levels",
			FB_EXPR_SIZE_MAX, 2 * FB_SQL_DEPTH_MAX);
		return NULL;
	}
	return &bound->expr;
}

const struct fb_expr *fb_expr_leaf(
	struct fb_binder *b, int op, uint16_t input, struct fb_type type, struct fb_place place)
{
	struct fb_bound *bound = make(b, op, type, place);

	if (bound == NULL)
		return NULL;
	bound->expr.input = input;
	bound->hash = mix(bound->hash, input);
	bound->has_window = op == FB_OPX_WINDOW;
	bound->has_agg = op == FB_OPX_AGG;
	return &bound->expr;
}

static uint32_t hash_value(uint32_t hash, struct fb_type type, const struct fb_value *value)
{
	if (value->is_null)
		return mix(hash, 1);
	if (fb_type_phys(type) == FB_PHYS_I128)
		hash = mix(hash, (uint32_t)((fb_u128)value->i128 >> 64));
	if (fb_type_phys(type) == FB_PHYS_STR) {
		for (uint32_t i = 0; i < value->str.len; i++)
			hash = mix(hash, (unsigned char)value->str.p[i]);
		return hash;
	}
	return mix(mix(hash, (uint32_t)value->i64), (uint32_t)((uint64_t)value->i64 >> 32));
}

const struct fb_expr *fb_expr_literal(struct fb_binder *b, struct fb_type type,
	const struct fb_value *value, struct fb_str text, struct fb_place place)
{
	struct fb_bound *bound;

	type.not_null = !value->is_null;
	bound = make(b, FB_OP_LITERAL, type, place);
	if (bound == NULL)
		return NULL;
	bound->expr.literal = *value;
	bound->text = text;
	bound->hash = hash_value(bound->hash, type, value);
	return &bound->expr;
}

const struct fb_expr *fb_expr_boolean(struct fb_binder *b, bool value, struct fb_place place)
{
	struct fb_value literal = {.i64 = value};

	return fb_expr_literal(b, fb_type_of(FB_T_BOOLEAN), &literal, (struct fb_str){0}, place);
}

/* AND and OR of two; chains of one kind stay flat. */
const struct fb_expr *fb_expr_logic(struct fb_binder *b, enum fb_op op, const struct fb_expr *x,
	const struct fb_expr *y, struct fb_place place)
{
	const struct fb_expr *sides[2] = {x, y};
	struct fb_type type = fb_type_of(FB_T_BOOLEAN);

	if (x == NULL || y == NULL)
		return NULL;
	type.not_null = x->type.not_null && y->type.not_null;
	return fb_expr_new(b, op, type, sides, 2, place);
}

const struct fb_expr *fb_expr_not(
	struct fb_binder *b, const struct fb_expr *x, struct fb_place place)
{
	return x == NULL ? NULL : fb_expr_new(b, FB_OP_NOT, x->type, &x, 1, place);
}

/* ---- casts ---- */

/* A literal as one of another type, where that is exact or what Flink's constant folding gives;
 * NULL otherwise. */
static const struct fb_expr *fold_cast(
	struct fb_binder *b, const struct fb_expr *expr, struct fb_type type)
{
	struct fb_value value = expr->literal;
	struct fb_type from = expr->type;

	if (value.is_null)
		return fb_expr_literal(b, type, &value, (struct fb_str){0}, expr->place);
	if (fb_type_is_integer(from) && fb_type_is_integer(type) && type.kind >= from.kind)
		return fb_expr_literal(b, type, &value, (struct fb_str){0}, expr->place);
	if (fb_type_is_float(type) && fb_type_is_numeric(from)) {
		if (fb_type_is_integer(from))
			value.f64 = type.kind == FB_T_FLOAT ? (double)(float)value.i64
							    : (double)value.i64;
		else if (from.kind == FB_T_DECIMAL)
			value.f64 = fb_decimal_to_double(
				value.i128, (struct fb_decimal_type){from.precision, from.scale});
		if (type.kind == FB_T_FLOAT)
			value.f64 = (double)(float)value.f64;
		return fb_expr_literal(b, type, &value, (struct fb_str){0}, expr->place);
	}
	if (type.kind == FB_T_DECIMAL && (from.kind == FB_T_DECIMAL || fb_type_is_integer(from))) {
		struct fb_decimal_type to = {type.precision, type.scale};

		if (!fb_decimal_rescale(from.kind == FB_T_DECIMAL ? value.i128 : value.i64,
			    from.kind == FB_T_DECIMAL ? from.scale : 0, to, &value.i128))
			value = (struct fb_value){.is_null = true};
		return fb_expr_literal(b, type, &value, (struct fb_str){0}, expr->place);
	}
	if (fb_type_is_text(from) && type.kind == FB_T_VARCHAR && type.length >= from.length)
		return fb_expr_literal(b, type, &value, (struct fb_str){0}, expr->place);
	if (from.kind == type.kind && fb_type_is_timestamp(type) &&
		type.precision >= from.precision) {
		value.i64 *= fb_type_ticks_per_s(type) / fb_type_ticks_per_s(from);
		return fb_expr_literal(b, type, &value, (struct fb_str){0}, expr->place);
	}
	return NULL;
}

const struct fb_expr *fb_expr_cast(
	struct fb_binder *b, const struct fb_expr *expr, struct fb_type type)
{
	if (expr == NULL || fb_type_same(expr->type, type))
		return expr;
	if (expr->op == FB_OP_LITERAL) {
		const struct fb_expr *folded = fold_cast(b, expr, type);

		if (folded != NULL)
			return folded;
	}
	if (fb_type_same_values(expr->type, type) &&
		!(fb_type_is_timestamp(type) && type.precision < expr->type.precision))
		return expr;
	type.not_null = expr->type.not_null;
	return fb_expr_new(b, FB_OP_CAST, type, &expr, 1, expr->place);
}

/* ---- questions ---- */

static bool equal_literal(const struct fb_expr *a, const struct fb_expr *b)
{
	if (a->literal.is_null || b->literal.is_null)
		return a->literal.is_null == b->literal.is_null;
	switch (fb_type_phys(a->type)) {
	case FB_PHYS_STR:
		return fb_str_eq(a->literal.str, b->literal.str);
	case FB_PHYS_I128:
		return a->literal.i128 == b->literal.i128;
	default: /* doubles bit by bit: 0.0 and -0.0 differ */
		return a->literal.i64 == b->literal.i64;
	}
}

bool fb_expr_equal(const struct fb_expr *a, const struct fb_expr *b)
{
	if (a == b)
		return true;
	if (fb_bound_of(a)->hash != fb_bound_of(b)->hash || a->op != b->op ||
		a->input != b->input || a->arg_cnt != b->arg_cnt || !fb_type_same(a->type, b->type))
		return false;
	if (a->op == FB_OP_LITERAL)
		return equal_literal(a, b);
	for (uint32_t i = 0; i < a->arg_cnt; i++)
		if (!fb_expr_equal(a->args[i], b->args[i]))
			return false;
	return true;
}

void fb_expr_fields(const struct fb_expr *expr, uint64_t *fields)
{
	if (expr == NULL)
		return;
	if (expr->op == FB_OP_INPUT)
		fields[expr->input / 64] |= 1ull << (expr->input % 64);
	for (uint32_t i = 0; i < expr->arg_cnt; i++)
		fb_expr_fields(expr->args[i], fields);
}
