/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions of CREATE TABLE in Flink's words, for SHOW CREATE TABLE and DESCRIBE: names in
 * backticks, functions in upper case, no more parentheses than needed, CASE and NULLIF in their
 * long form. What has no such words here is shown as it was written.
 */
#include <ctype.h>

#include "config/base/buf.h"
#include "config/sql/bind.h"

/* How tightly a form binds. */
enum level { LOW, OR, AND, NOT, IS, COMPARE, RANGE, SUM, PRODUCT, SIGN, ATOM };

/* Long forms repeat operands, so nesting can multiply the text. */
#define UNPARSED_MAX 8192

struct unparsing {
	struct fb_buf out;
	bool unknown; /* met something that has no words here */
};

static void add(struct unparsing *u, const struct fb_ast_expr *expr, enum level around);

static enum level level_of(const struct fb_ast_expr *expr)
{
	switch (expr->kind) {
	case FB_AST_OR:
		return OR;
	case FB_AST_AND:
		return AND;
	case FB_AST_NOT:
		return NOT;
	case FB_AST_IS:
	case FB_AST_DISTINCT:
		return IS;
	case FB_AST_BETWEEN:
	case FB_AST_IN:
	case FB_AST_LIKE:
		return RANGE;
	case FB_AST_NEGATE:
		return SIGN;
	case FB_AST_BINARY:
		return expr->op >= FB_AST_EQ                              ? COMPARE
		       : expr->op == FB_AST_ADD || expr->op == FB_AST_SUB ? SUM
									  : PRODUCT;
	default:
		return ATOM;
	}
}

static void add_quoted(struct unparsing *u, struct fb_str text, char quote)
{
	fb_buf_add_char(&u->out, quote);
	for (uint32_t i = 0; i < text.len; i++) {
		if (text.p[i] == quote)
			fb_buf_add_char(&u->out, quote);
		fb_buf_add_char(&u->out, text.p[i]);
	}
	fb_buf_add_char(&u->out, quote);
}

static void add_upper(struct unparsing *u, struct fb_str text)
{
	for (uint32_t i = 0; i < text.len; i++)
		fb_buf_add_char(&u->out, (char)toupper((unsigned char)text.p[i]));
}

static void add_list(struct unparsing *u, const struct fb_ast_expr *first, const char *between,
	enum level around)
{
	for (const struct fb_ast_expr *at = first; at != NULL; at = at->next) {
		if (at != first)
			fb_buf_add_text(&u->out, between);
		add(u, at, at == first ? around : around + (around != LOW));
	}
}

static void add_column(struct unparsing *u, const struct fb_ast_expr *expr)
{
	for (const struct fb_ast_name *name = expr->name.first; name != NULL; name = name->next) {
		if (name != expr->name.first)
			fb_buf_add_char(&u->out, '.');
		add_quoted(u, name->text, '`');
	}
}

static void add_interval(struct unparsing *u, const struct fb_ast_expr *expr)
{
	static const char *const units[] = {"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"};
	const struct fb_ast_interval *interval = &expr->interval;

	fb_buf_printf(&u->out, "INTERVAL %s", interval->negative ? "-" : "");
	add_quoted(u, expr->text, '\'');
	fb_buf_printf(&u->out, " %s", units[interval->from]);
	if (interval->precision >= 0)
		fb_buf_printf(&u->out, "(%d)", interval->precision);
	if (interval->to != interval->from)
		fb_buf_printf(&u->out, " TO %s", units[interval->to]);
}

static void add_call(struct unparsing *u, const struct fb_ast_expr *expr)
{
	const struct fb_ast_expr *x = expr->args;

	if (fb_str_is(expr->text, "NULLIF") && expr->arg_cnt == 2) {
		fb_buf_add_text(&u->out, "CASE WHEN ");
		add(u, x, COMPARE);
		fb_buf_add_text(&u->out, " = ");
		add(u, x->next, COMPARE + 1);
		fb_buf_add_text(&u->out, " THEN NULL ELSE ");
		add(u, x, LOW);
		fb_buf_add_text(&u->out, " END");
		return;
	}
	if (expr->flag || expr->filter != NULL)
		u->unknown = true;
	/* The one function of release 1 that Calcite does not know itself. */
	if (fb_str_is(expr->text, "TO_TIMESTAMP_LTZ"))
		fb_buf_add_text(&u->out, "`TO_TIMESTAMP_LTZ`");
	else
		add_upper(u, expr->text);
	if (expr->arg_cnt == 0 && fb_str_is(expr->text, "CURRENT_TIMESTAMP"))
		return;
	fb_buf_add_char(&u->out, '(');
	add_list(u, x, ", ", LOW);
	fb_buf_add_char(&u->out, ')');
}

static void add_cast(struct unparsing *u, const struct fb_ast_expr *expr)
{
	const struct fb_ast_type *type = expr->type;
	struct fb_type made = {.kind = type->kind};
	char text[FB_TYPE_TEXT_BYTES];

	fb_buf_add_text(&u->out, expr->flag ? "TRY_CAST(" : "CAST(");
	add(u, expr->args, LOW);
	fb_buf_add_text(&u->out, " AS ");
	if (type->kind == FB_T_INT) {
		fb_buf_add_text(&u->out, "INTEGER");
	} else if (type->kind == FB_T_DECIMAL || fb_type_is_timestamp(made)) {
		/* Precisions as written, none where none is. */
		made.kind == FB_T_DECIMAL     ? fb_buf_add_text(&u->out, "DECIMAL")
		: made.kind == FB_T_TIMESTAMP ? fb_buf_add_text(&u->out, "TIMESTAMP")
					      : fb_buf_add_text(&u->out, "TIMESTAMP_LTZ");
		if (type->args[0] >= 0)
			fb_buf_printf(&u->out, "(%d", type->args[0]);
		if (type->args[1] >= 0)
			fb_buf_printf(&u->out, ", %d", type->args[1]);
		fb_buf_add_text(&u->out, type->args[0] >= 0 ? ")" : "");
	} else {
		made.length = type->args[0] < 0 ? 1 : (uint32_t)type->args[0];
		fb_buf_add_text(&u->out, fb_type_format(made, text));
	}
	fb_buf_add_char(&u->out, ')');
}

static void add_case(struct unparsing *u, const struct fb_ast_expr *expr)
{
	const struct fb_ast_expr *operand = expr->has_operand ? expr->last : NULL;
	const struct fb_ast_expr *at = expr->args;

	fb_buf_add_text(&u->out, "CASE");
	for (; at != operand && at->next != operand; at = at->next->next) {
		fb_buf_add_text(&u->out, " WHEN ");
		if (operand != NULL) {
			add(u, operand, COMPARE);
			fb_buf_add_text(&u->out, " = ");
		}
		add(u, at, operand ? COMPARE + 1 : LOW);
		fb_buf_add_text(&u->out, " THEN ");
		add(u, at->next, LOW);
	}
	fb_buf_add_text(&u->out, " ELSE ");
	if (at != operand)
		add(u, at, LOW);
	else
		fb_buf_add_text(&u->out, "NULL");
	fb_buf_add_text(&u->out, " END");
}

static void add_is(struct unparsing *u, const struct fb_ast_expr *expr)
{
	static const char *const words[] = {"NULL", "TRUE", "FALSE", "UNKNOWN"};

	add(u, expr->args, IS);
	fb_buf_printf(&u->out, " IS %s%s", expr->flag ? "NOT " : "", words[expr->is]);
}

static void add_range(struct unparsing *u, const struct fb_ast_expr *expr)
{
	const char *not = expr->flag ? " NOT" : "";
	const struct fb_ast_expr *value = expr->args;

	add(u, value, RANGE);
	if (expr->kind == FB_AST_BETWEEN) {
		fb_buf_printf(&u->out, "%s BETWEEN %s ", not,
			expr->symmetric ? "SYMMETRIC" : "ASYMMETRIC");
		add_list(u, value->next, " AND ", RANGE + 1);
	} else if (expr->kind == FB_AST_IN) {
		fb_buf_printf(&u->out, "%s IN (", not );
		add_list(u, value->next, ", ", LOW);
		fb_buf_add_char(&u->out, ')');
	} else {
		fb_buf_printf(&u->out, "%s LIKE ", not );
		add_list(u, value->next, " ESCAPE ", RANGE + 1);
	}
}

static void add_binary(struct unparsing *u, const struct fb_ast_expr *expr)
{
	static const char *const signs[] = {[FB_AST_ADD] = "+",
		[FB_AST_SUB] = "-",
		[FB_AST_MUL] = "*",
		[FB_AST_DIV] = "/",
		[FB_AST_MOD] = "%",
		[FB_AST_CONCAT] = "||",
		[FB_AST_EQ] = "=",
		[FB_AST_NE] = "<>",
		[FB_AST_LT] = "<",
		[FB_AST_LE] = "<=",
		[FB_AST_GT] = ">",
		[FB_AST_GE] = ">="};
	enum level level = level_of(expr);

	add(u, expr->args, level);
	fb_buf_printf(&u->out, " %s ", signs[expr->op]);
	add(u, expr->last, level + 1);
}

static void add_form(struct unparsing *u, const struct fb_ast_expr *expr)
{
	switch (expr->kind) {
	case FB_AST_INTEGER:
	case FB_AST_DECIMAL:
		fb_buf_add(&u->out, expr->text.p, expr->text.len);
		break;
	case FB_AST_APPROX:
		add_upper(u, expr->text);
		break;
	case FB_AST_STRING:
		add_quoted(u, expr->text, '\'');
		break;
	case FB_AST_DATE:
	case FB_AST_TIMESTAMP:
		fb_buf_add_text(&u->out, expr->kind == FB_AST_DATE ? "DATE " : "TIMESTAMP ");
		add_quoted(u, expr->text, '\'');
		break;
	case FB_AST_BOOLEAN:
		fb_buf_add_text(&u->out, expr->flag ? "TRUE" : "FALSE");
		break;
	case FB_AST_NULL:
		fb_buf_add_text(&u->out, expr->flag ? "UNKNOWN" : "NULL");
		break;
	case FB_AST_INTERVAL:
		add_interval(u, expr);
		break;
	case FB_AST_COLUMN:
		add_column(u, expr);
		break;
	case FB_AST_CALL:
		add_call(u, expr);
		break;
	case FB_AST_CAST:
		add_cast(u, expr);
		break;
	case FB_AST_BINARY:
		add_binary(u, expr);
		break;
	case FB_AST_NEGATE:
	case FB_AST_NOT:
		fb_buf_add_text(&u->out, expr->kind == FB_AST_NOT ? "NOT " : "- ");
		add(u, expr->args, level_of(expr));
		break;
	case FB_AST_AND:
	case FB_AST_OR:
		add_list(
			u, expr->args, expr->kind == FB_AST_AND ? " AND " : " OR ", level_of(expr));
		break;
	case FB_AST_IS:
		add_is(u, expr);
		break;
	case FB_AST_DISTINCT:
		add(u, expr->args, IS);
		fb_buf_printf(&u->out, " IS %sDISTINCT FROM ", expr->flag ? "NOT " : "");
		add(u, expr->last, IS + 1);
		break;
	case FB_AST_BETWEEN:
	case FB_AST_IN:
	case FB_AST_LIKE:
		add_range(u, expr);
		break;
	case FB_AST_CASE:
		add_case(u, expr);
		break;
	default:
		u->unknown = true;
		break;
	}
}

static void add(struct unparsing *u, const struct fb_ast_expr *expr, enum level around)
{
	bool parens = level_of(expr) < around;

	u->unknown = u->unknown || u->out.len > UNPARSED_MAX;
	if (u->unknown)
		return;
	if (parens)
		fb_buf_add_char(&u->out, '(');
	add_form(u, expr);
	if (parens)
		fb_buf_add_char(&u->out, ')');
}

const char *fb_unparse(struct fb_binder *b, const struct fb_ast_expr *expr, struct fb_str text)
{
	struct unparsing u = {0};
	const char *made;

	add(&u, expr, LOW);
	if (!u.unknown && !u.out.failed && u.out.p != NULL)
		text = (struct fb_str){u.out.p, (uint32_t)u.out.len};
	made = fb_arena_strdup(b->arena, text);
	fb_buf_fini(&u.out);
	return made ? made : "";
}
