/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of a row: choice (CASE, IF, COALESCE, NULLIF), numbers, texts. Typing: as Flink 2.2 does. */
#include "config/sql/bind.h"

/* ---- what the functions share ---- */

static bool bind_args(struct fb_scope *scope, const struct fb_ast_expr *ast, const struct fb_expr **args)
{
	uint32_t cnt = 0;

	for (const struct fb_ast_expr *at = ast->args; at != NULL; at = at->next, cnt++) {
		args[cnt] = fb_bind_expr(scope, at);
		if (args[cnt] == NULL)
			return false;
		if (args[cnt]->type.kind == FB_T_NULL) {
			fb_bind_error(scope->b, at->place, "CAST(NULL AS …) says of which type",
				"%.*s cannot take a NULL without type", (int)ast->text.len, ast->text.p);
			return false;
		}
	}
	return true;
}

static bool takes(struct fb_scope *scope, const struct fb_ast_expr *ast, const struct fb_expr *arg,
	bool fits, const char *what)
{
	char type[FB_TYPE_TEXT_BYTES];
	struct fb_type have = arg->type;

	if (fits)
		return true;
	have.not_null = false;
	fb_bind_error(scope->b, arg->place,
		fb_type_is_text(have) ? "CAST it to a number"
		: have.kind == FB_T_NULL ? NULL
					 : "CAST it to STRING",
		"%.*s takes %s, this is %s", (int)ast->text.len, ast->text.p, what,
		fb_type_format(have, type));
	return false;
}

static bool takes_text(
	struct fb_scope *scope, const struct fb_ast_expr *ast, const struct fb_expr *arg)
{
	return takes(scope, ast, arg, fb_type_is_text(arg->type), "text here");
}

static bool takes_integer(
	struct fb_scope *scope, const struct fb_ast_expr *ast, const struct fb_expr *arg)
{
	return takes(scope, ast, arg, fb_type_is_integer(arg->type), "an integer here");
}

static bool all_not_null(const struct fb_expr *const *args, uint32_t cnt)
{
	for (uint32_t i = 0; i < cnt; i++)
		if (!args[i]->type.not_null)
			return false;
	return true;
}

static struct fb_type string_type(void)
{
	return (struct fb_type){.kind = FB_T_VARCHAR, .length = FB_STRING_LENGTH};
}

bool fb_bind_same_type(struct fb_scope *scope, const char *what, const struct fb_expr **values,
	uint32_t cnt, struct fb_type *ret_type)
{
	struct fb_type type = fb_type_of(FB_T_NULL);
	bool not_null = true;

	for (uint32_t i = 0; i < cnt; i++) {
		char x[FB_TYPE_TEXT_BYTES], y[FB_TYPE_TEXT_BYTES];
		struct fb_type both;

		if (!fb_type_common(type, values[i]->type, &both)) {
			fb_bind_error(scope->b, values[i]->place, "CAST one to the type of the other",
				"%s of %s and %s", what, fb_type_format(type, x),
				fb_type_format(values[i]->type, y));
			return false;
		}
		type = both;
		not_null &= values[i]->type.not_null;
	}
	if (type.kind == FB_T_NULL) {
		fb_bind_error(scope->b, values[0]->place, "CAST(NULL AS …) says of which type",
			"%s of nothing but NULL", what);
		return false;
	}
	type.not_null = false;
	for (uint32_t i = 0; i < cnt; i++) {
		values[i] = fb_expr_cast(scope->b, values[i], type);
		if (values[i] == NULL)
			return false;
	}
	type.not_null = not_null;
	*ret_type = type;
	return true;
}

/* ---- choice ---- */

static const struct fb_expr *bind_coalesce(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	const struct fb_expr **args =
		FB_ARENA_ARRAY(scope->b->arena, const struct fb_expr *, ast->arg_cnt);
	struct fb_type type;
	uint32_t cnt = 0;
	bool not_null = false;

	if (args == NULL)
		return NULL;
	for (const struct fb_ast_expr *at = ast->args; at != NULL; at = at->next, cnt++) {
		args[cnt] = fb_bind_expr(scope, at);
		if (args[cnt] == NULL)
			return NULL;
		not_null |= args[cnt]->type.not_null;
	}
	if (!fb_bind_same_type(scope, "COALESCE", args, cnt, &type))
		return NULL;
	type.not_null = not_null;
	return fb_expr_new(scope->b, FB_OP_COALESCE, type, args, cnt, ast->place);
}

/* Conditions and values in turns, the last is what else; values are brought to one type. */
static const struct fb_expr *make_case(struct fb_scope *scope, const char *what,
	const struct fb_expr **parts, uint32_t cnt, struct fb_place place)
{
	struct fb_binder *b = scope->b;
	const struct fb_expr **values = FB_ARENA_ARRAY(b->arena, const struct fb_expr *, cnt / 2 + 1);
	struct fb_type type;

	if (values == NULL)
		return NULL;
	for (uint32_t i = 0; i < cnt / 2; i++)
		values[i] = parts[2 * i + 1];
	values[cnt / 2] = parts[cnt - 1];
	if (!fb_bind_same_type(scope, what, values, cnt / 2 + 1, &type))
		return NULL;
	for (uint32_t i = 0; i < cnt / 2; i++)
		parts[2 * i + 1] = values[i];
	parts[cnt - 1] = values[cnt / 2];
	return fb_expr_new(b, FB_OP_CASE, type, parts, cnt, place);
}

static const struct fb_expr *null_of(struct fb_binder *b, struct fb_type type, struct fb_place place)
{
	struct fb_value null = {.is_null = true};

	return fb_expr_literal(b, type, &null, (struct fb_str){0}, place);
}

const struct fb_expr *fb_bind_case(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	struct fb_binder *b = scope->b;
	const struct fb_ast_expr *at = ast->args;
	const struct fb_expr *operand = NULL;
	const struct fb_expr **parts =
		FB_ARENA_ARRAY(b->arena, const struct fb_expr *, ast->arg_cnt + 1);
	uint32_t given = ast->arg_cnt - ast->has_operand;
	uint32_t cnt = 0;

	if (parts == NULL)
		return NULL;
	if (ast->has_operand) {
		operand = fb_bind_expr(scope, ast->last);
		if (operand == NULL)
			return NULL;
	}
	for (; cnt < given; at = at->next, cnt++) {
		parts[cnt] = fb_bind_expr(scope, at);
		if (parts[cnt] != NULL && cnt % 2 == 0 && !(cnt + 1 == given && ast->has_else))
			parts[cnt] = operand ? fb_bind_compare(scope, FB_OP_EQ, operand, parts[cnt],
						       at->place)
					     : fb_bind_as_condition(scope, parts[cnt], "WHEN");
		if (parts[cnt] == NULL)
			return NULL;
	}
	if (!ast->has_else)
		parts[cnt++] = null_of(b, fb_type_of(FB_T_NULL), ast->place);
	return make_case(scope, "CASE", parts, cnt, ast->place);
}

static const struct fb_expr *bind_if(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	const struct fb_expr *parts[3];

	if (!bind_args(scope, ast, parts))
		return NULL;
	parts[0] = fb_bind_as_condition(scope, parts[0], "what IF asks");
	return parts[0] == NULL ? NULL : make_case(scope, "IF", parts, 3, ast->place);
}

static const struct fb_expr *bind_nullif(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	const struct fb_expr *x = fb_bind_expr(scope, ast->args);
	const struct fb_expr *y = fb_bind_expr(scope, ast->last);
	const struct fb_expr *parts[3] = {fb_bind_compare(scope, FB_OP_EQ, x, y, ast->place), NULL, x};

	if (parts[0] == NULL)
		return NULL;
	parts[1] = null_of(scope->b, fb_type_of(FB_T_NULL), ast->place);
	return make_case(scope, "NULLIF", parts, 3, ast->place);
}

/* ---- numbers ---- */

static const struct fb_expr *bind_number(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	enum fb_op op = fb_str_is(ast->text, "ABS")     ? FB_OP_ABS
			: fb_str_is(ast->text, "FLOOR") ? FB_OP_FLOOR
							: FB_OP_CEIL;
	const struct fb_expr *x;
	struct fb_type type;

	if (!bind_args(scope, ast, &x))
		return NULL;
	if (op != FB_OP_ABS && (x->type.kind == FB_T_DATE || fb_type_is_timestamp(x->type))) {
		fb_bind_error(scope->b, ast->place, "write FLOOR(ts TO HOUR)",
			"%.*s of a time needs a unit", (int)ast->text.len, ast->text.p);
		return NULL;
	}
	if (!takes(scope, ast, x, fb_type_is_numeric(x->type), "a number"))
		return NULL;
	type = x->type;
	if (op != FB_OP_ABS && fb_type_is_integer(type))
		return x;
	if (op != FB_OP_ABS)
		type.scale = 0;
	return fb_expr_new(scope->b, op, type, &x, 1, ast->place);
}

static const struct fb_expr *bind_round(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	struct fb_binder *b = scope->b;
	struct fb_value zero = {0};
	const struct fb_expr *args[2];
	struct fb_type type;

	if (!bind_args(scope, ast, args))
		return NULL;
	if (ast->arg_cnt == 1)
		args[1] = fb_expr_literal(b, fb_type_of(FB_T_INT), &zero, (struct fb_str){0}, ast->place);
	if (args[1] == NULL || !takes(scope, ast, args[0], fb_type_is_numeric(args[0]->type), "a number") ||
		!takes_integer(scope, ast, args[1]))
		return NULL;
	if (args[1]->op != FB_OP_LITERAL || args[1]->literal.is_null) {
		fb_bind_error(b, args[1]->place, "write the number of digits",
			"the second argument of ROUND is a literal");
		return NULL;
	}
	type = args[0]->type;
	if (type.kind == FB_T_DECIMAL) {
		int64_t digits = FB_MAX(FB_MIN(args[1]->literal.i64, 100), -100);

		type = fb_type_of_decimal(fb_decimal_type_round(fb_type_decimal(type), (int32_t)digits));
	}
	return fb_expr_new(b, FB_OP_ROUND, type, args, 2, ast->place);
}

/* ---- texts ---- */

static const struct fb_expr *bind_text_to_text(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	const struct fb_expr *x;
	struct fb_type type;

	if (!bind_args(scope, ast, &x) || !takes_text(scope, ast, x))
		return NULL;
	type = x->type;
	if (fb_str_is(ast->text, "UPPER") || fb_str_is(ast->text, "LOWER"))
		return fb_expr_new(scope->b, fb_str_is(ast->text, "UPPER") ? FB_OP_UPPER : FB_OP_LOWER,
			type, &x, 1, ast->place);
	type = fb_type_of(FB_T_INT);
	type.not_null = x->type.not_null;
	return fb_expr_new(scope->b, FB_OP_CHAR_LENGTH, type, &x, 1, ast->place);
}

static const struct fb_expr *bind_trim(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	struct fb_binder *b = scope->b;
	enum fb_op op = fb_str_is(ast->text, "LTRIM")   ? FB_OP_LTRIM
			: fb_str_is(ast->text, "RTRIM") ? FB_OP_RTRIM
							: FB_OP_TRIM;
	struct fb_value blank = {.str = FB_STR(" ")};
	struct fb_type one = {.kind = FB_T_CHAR, .length = 1};
	const struct fb_expr *args[2];
	struct fb_type type;

	if (!bind_args(scope, ast, args))
		return NULL;
	if (ast->arg_cnt == 1)
		args[1] = fb_expr_literal(b, one, &blank, (struct fb_str){0}, ast->place);
	if (args[1] == NULL || !takes_text(scope, ast, args[0]) || !takes_text(scope, ast, args[1]))
		return NULL;
	type = args[0]->type;
	type.kind = FB_T_VARCHAR;
	type.not_null = all_not_null(args, 2);
	return fb_expr_new(b, op, type, args, 2, ast->place);
}

static const struct fb_expr *bind_substring(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	const struct fb_expr *args[3];
	struct fb_type type;

	if (!bind_args(scope, ast, args))
		return NULL;
	if (!takes_text(scope, ast, args[0]))
		return NULL;
	for (uint32_t i = 1; i < ast->arg_cnt; i++)
		if (!takes(scope, ast, args[i],
			    fb_type_is_integer(args[i]->type) && args[i]->type.kind != FB_T_BIGINT,
			    "an INT here"))
			return NULL;
	type = args[0]->type;
	type.kind = FB_T_VARCHAR;
	type.not_null = ast->arg_cnt == 2 && all_not_null(args, 2); /* a negative length gives NULL */
	return fb_expr_new(scope->b, FB_OP_SUBSTRING, type, args, ast->arg_cnt, ast->place);
}

static const struct fb_expr *bind_concat(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	struct fb_binder *b = scope->b;
	bool separated = fb_str_is(ast->text, "CONCAT_WS");
	const struct fb_expr **args = FB_ARENA_ARRAY(b->arena, const struct fb_expr *, ast->arg_cnt);
	struct fb_type type = string_type();

	if (args == NULL || !bind_args(scope, ast, args))
		return NULL;
	for (uint32_t i = 0; i < ast->arg_cnt; i++)
		if (!takes_text(scope, ast, args[i]))
			return NULL;
	type.not_null = separated ? args[0]->type.not_null : all_not_null(args, ast->arg_cnt);
	return fb_expr_new(b, separated ? FB_OP_CONCAT_WS : FB_OP_CONCAT, type, args, ast->arg_cnt,
		ast->place);
}

const struct fb_expr *fb_bind_concat(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	const struct fb_expr *args[2] = {
		fb_bind_expr(scope, ast->args), fb_bind_expr(scope, ast->last)};
	char x[FB_TYPE_TEXT_BYTES], y[FB_TYPE_TEXT_BYTES];
	struct fb_type type;
	uint64_t length;

	if (args[0] == NULL || args[1] == NULL)
		return NULL;
	if (!fb_type_is_text(args[0]->type) || !fb_type_is_text(args[1]->type)) {
		fb_bind_error(scope->b, ast->place, "CAST it to STRING", "cannot join %s || %s",
			fb_type_format(args[0]->type, x), fb_type_format(args[1]->type, y));
		return NULL;
	}
	length = (uint64_t)args[0]->type.length + args[1]->type.length;
	type = (struct fb_type){
		.kind = args[0]->type.kind == FB_T_CHAR && args[1]->type.kind == FB_T_CHAR ? FB_T_CHAR
											    : FB_T_VARCHAR,
		.not_null = all_not_null(args, 2),
		.length = (uint32_t)FB_MIN(length, (uint64_t)FB_STRING_LENGTH)};
	return fb_expr_new(scope->b, FB_OP_CONCAT, type, args, 2, ast->place);
}

/* The separator may be the code of a character: 44 for a comma. */
static const struct fb_expr *separator_of(struct fb_scope *scope, const struct fb_expr *code)
{
	struct fb_type type = {.kind = FB_T_CHAR, .length = 1};
	struct fb_value value = {0};
	char *text;

	if (code->op != FB_OP_LITERAL || code->literal.i64 < 1 || code->literal.i64 > 127) {
		fb_bind_error(scope->b, code->place, "write it as text: ','",
			"a separator by number is a literal from 1 to 127");
		return NULL;
	}
	text = fb_arena_printf(scope->b->arena, "%c", (char)code->literal.i64);
	value.str = fb_str_from(text ? text : "");
	return fb_expr_literal(scope->b, type, &value, (struct fb_str){0}, code->place);
}

static const struct fb_expr *bind_split_index(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	const struct fb_expr *args[3];

	if (!bind_args(scope, ast, args))
		return NULL;
	if (fb_type_is_integer(args[1]->type))
		args[1] = separator_of(scope, args[1]);
	if (args[1] == NULL || !takes_text(scope, ast, args[0]) || !takes_text(scope, ast, args[1]) ||
		!takes_integer(scope, ast, args[2]))
		return NULL;
	return fb_expr_new(
		scope->b, FB_OP_SPLIT_INDEX, string_type(), args, 3, ast->place);
}

/* An escape stands in front of % or _ or itself: Flink fails on anything else, and so do we, here. */
static bool check_escapes(struct fb_scope *scope, const struct fb_expr *pattern, struct fb_str escape)
{
	struct fb_str text = pattern->literal.str;

	for (uint32_t i = 0; i + escape.len <= text.len; i++) {
		struct fb_str rest = {text.p + i + escape.len, text.len - i - escape.len};

		if (memcmp(text.p + i, escape.p, escape.len) != 0)
			continue;
		if (rest.len > 0 && (rest.p[0] == '%' || rest.p[0] == '_')) {
			i += escape.len;
		} else if (rest.len >= escape.len && memcmp(rest.p, escape.p, escape.len) == 0) {
			i += 2 * escape.len - 1;
		} else {
			fb_bind_error(scope->b, pattern->place, "behind it stands %, _ or itself",
				"wrong use of the ESCAPE character in the pattern");
			return false;
		}
	}
	return true;
}

const struct fb_expr *fb_bind_like(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	struct fb_binder *b = scope->b;
	struct fb_ast_expr named = *ast;
	struct fb_type type = fb_type_of(FB_T_BOOLEAN);
	const struct fb_expr *args[3], *like;

	named.text = FB_STR("LIKE");
	if (!bind_args(scope, &named, args))
		return NULL;
	for (uint32_t i = 0; i < ast->arg_cnt; i++)
		if (!takes_text(scope, &named, args[i]))
			return NULL;
	if (ast->arg_cnt == 2 && args[1]->op == FB_OP_LITERAL && !args[1]->literal.is_null &&
		args[1]->literal.str.len > 0 &&
		memchr(args[1]->literal.str.p, '_', args[1]->literal.str.len) != NULL &&
		!check_escapes(scope, args[1], FB_STR("\\"))) /* Flink's own where there is a _ */
		return NULL;
	if (ast->arg_cnt == 3) {
		struct fb_str escape = args[2]->literal.str;
		uint32_t characters = 0;

		for (uint32_t i = 0; args[2]->op == FB_OP_LITERAL && i < escape.len; i++)
			characters += ((unsigned char)escape.p[i] & 0xc0) != 0x80;
		if (args[2]->op != FB_OP_LITERAL || args[2]->literal.is_null || characters != 1) {
			fb_bind_error(b, args[2]->place, "write ESCAPE '!'",
				"ESCAPE is a literal of one character");
			return NULL;
		}
		if (args[1]->op == FB_OP_LITERAL && !args[1]->literal.is_null &&
			!check_escapes(scope, args[1], escape))
			return NULL;
	}
	type.not_null = all_not_null(args, 2);
	like = fb_expr_new(b, FB_OP_LIKE, type, args, ast->arg_cnt, ast->place);
	return ast->flag ? fb_expr_not(b, like, ast->place) : like;
}

const struct fb_expr *fb_bind_function(struct fb_scope *scope, const struct fb_ast_expr *ast)
{
	static const struct {
		const char *name;
		const struct fb_expr *(*bind)(struct fb_scope *, const struct fb_ast_expr *);
	} binders[] = {{"COALESCE", bind_coalesce}, {"IFNULL", bind_coalesce}, {"IF", bind_if},
		{"NULLIF", bind_nullif}, {"MOD", fb_bind_arithmetic}, {"ABS", bind_number},
		{"CEIL", bind_number}, {"CEILING", bind_number}, {"FLOOR", bind_number},
		{"ROUND", bind_round}, {"UPPER", bind_text_to_text}, {"LOWER", bind_text_to_text},
		{"CHAR_LENGTH", bind_text_to_text}, {"CHARACTER_LENGTH", bind_text_to_text},
		{"TRIM", bind_trim}, {"LTRIM", bind_trim}, {"RTRIM", bind_trim},
		{"SUBSTRING", bind_substring}, {"SUBSTR", bind_substring}, {"CONCAT", bind_concat},
		{"CONCAT_WS", bind_concat}, {"SPLIT_INDEX", bind_split_index}};

	for (size_t i = 0; i < FB_ARRAY_LEN(binders); i++)
		if (fb_str_is(ast->text, binders[i].name))
			return binders[i].bind(scope, ast);
	return fb_bind_time_function(scope, ast);
}
