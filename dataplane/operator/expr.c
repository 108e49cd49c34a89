/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling expressions. Evaluation is in expr_run.c and the eval_*.c files. */
#include <stdlib.h>

#include "config/base/errcode.h"
#include "config/base/time_pattern.h"
#include "dataplane/operator/expr_private.h"
#include "dataplane/operator/like.h"

static uint32_t count_nodes(const struct fb_expr *expr)
{
	uint32_t cnt = 1;

	for (uint32_t i = 0; i < expr->arg_cnt; i++)
		cnt += count_nodes(expr->args[i]);
	return cnt;
}

static bool is_known(const struct fb_expr *expr)
{
	/* The longest text that a CAST to a fixed length makes is bounded. */
	if (expr->type.kind == FB_T_CHAR || expr->type.kind == FB_T_BINARY)
		if ((expr->op == FB_OP_CAST || expr->op == FB_OP_TRY_CAST) &&
			expr->type.length > FB_CAST_CHAR_MAX)
			return false;
	return expr->op < FB_OP_CNT;
}

/* Whether the operation itself can fail for a row: division by 0, CAST that reads text, ROUND of NaN,
 * a text that is too long. */
static bool can_fail(const struct fb_expr *expr)
{
	enum fb_phys to = fb_type_phys(expr->type);

	switch (expr->op) {
	case FB_OP_DIV:
	case FB_OP_MOD:
		return to != FB_PHYS_F64;
	case FB_OP_CAST:
		return (fb_type_phys(expr->args[0]->type) == FB_PHYS_STR && to != FB_PHYS_STR) ||
		       (fb_type_phys(expr->args[0]->type) == FB_PHYS_F64 && to == FB_PHYS_I128);
	case FB_OP_ROUND:
		return to == FB_PHYS_F64;
	case FB_OP_LIKE: /* a pattern that is no literal may hold a wrong escape */
		return expr->args[1]->op != FB_OP_LITERAL;
	case FB_OP_UPPER:
	case FB_OP_LOWER:
	case FB_OP_CONCAT:
	case FB_OP_CONCAT_WS:
	case FB_OP_DATE_FORMAT:
	case FB_OP_FROM_UNIXTIME:
		return true;
	default:
		return false;
	}
}

static size_t value_bytes(struct fb_type type)
{
	return fb_type_phys(type) == FB_PHYS_STR || fb_type_phys(type) == FB_PHYS_I128 ? 16 : 8;
}

/* The longest text that a node writes, rather than points to. */
static uint32_t text_row_bytes(const struct fb_expr *expr)
{
	uint32_t bytes = 0;

	if (fb_type_phys(expr->type) != FB_PHYS_STR)
		return 0;
	switch (expr->op) {
	case FB_OP_UPPER:
	case FB_OP_LOWER:
	case FB_OP_CONCAT:
	case FB_OP_CONCAT_WS:
	case FB_OP_DATE_FORMAT:
	case FB_OP_FROM_UNIXTIME:
		return FB_TEXT_RESULT_MAX;
	case FB_OP_CAST:
	case FB_OP_TRY_CAST:
		if (fb_type_phys(expr->args[0]->type) != FB_PHYS_STR)
			bytes = FB_CAST_TEXT_BYTES;
		/* digits or blanks behind, and what stood there before */
		if (expr->type.kind == FB_T_CHAR)
			bytes += 4 * expr->type.length;
		else if (expr->type.kind == FB_T_BINARY)
			bytes += expr->type.length;
		return bytes;
	default:
		return 0;
	}
}

static int take_memory(struct fb_node *node)
{
	const struct fb_expr *expr = node->expr;

	if (expr->op == FB_OP_INPUT)
		return 0;
	node->own.data = aligned_alloc(64, FB_BATCH_ROWS * value_bytes(expr->type));
	node->own.valid = aligned_alloc(64, FB_BATCH_WORDS * sizeof(uint64_t));
	node->text_row_bytes = text_row_bytes(expr);
	if (node->text_row_bytes > 0)
		node->text = calloc(1,
			(size_t)FB_BATCH_ROWS * node->text_row_bytes + FB_PAYLOAD_PAD_BYTES);
	if (node->own.data == NULL || node->own.valid == NULL ||
		(node->text_row_bytes > 0 && node->text == NULL))
		return FB_E_NO_MEMORY;
	memset(node->own.data, 0, FB_BATCH_ROWS * value_bytes(expr->type));
	memset(node->own.valid, 0xff, FB_BATCH_WORDS * sizeof(uint64_t));
	node->value = &node->own;
	return 0;
}

/* A literal is a column that never changes. */
static void fill_literal(struct fb_node *node)
{
	const struct fb_expr *expr = node->expr;

	for (uint32_t row = 0; row < FB_BATCH_ROWS; row++) {
		switch (fb_type_phys(expr->type)) {
		case FB_PHYS_STR:
			node->own.str[row] = expr->literal.is_null ? FB_STR("") : expr->literal.str;
			break;
		case FB_PHYS_F64:
			node->own.f64[row] = expr->literal.is_null ? 0 : expr->literal.f64;
			break;
		case FB_PHYS_I128:
			node->own.i128[row] = expr->literal.is_null ? 0 : expr->literal.i128;
			break;
		default:
			node->own.i64[row] = expr->literal.is_null ? 0 : expr->literal.i64;
			break;
		}
	}
	node->own.has_null = expr->literal.is_null;
	if (expr->literal.is_null)
		memset(node->own.valid, 0, FB_BATCH_WORDS * sizeof(uint64_t));
}

static bool has_pattern(enum fb_op op)
{
	return (op == FB_OP_TO_TIMESTAMP || op == FB_OP_TO_DATE ||
				   op == FB_OP_DATE_FORMAT || op == FB_OP_FROM_UNIXTIME ||
				   op == FB_OP_UNIX_TIMESTAMP);
}

/* The binder has checked the pattern. */
static int compile_pattern(struct fb_node *node)
{
	const struct fb_expr *expr = node->expr;
	bool of_moment = expr->op == FB_OP_DATE_FORMAT &&
			 fb_type_phys(expr->args[0]->type) != FB_PHYS_STR;
	enum fb_pattern_kind kind = of_moment || expr->op == FB_OP_TO_TIMESTAMP
					    ? FB_PATTERN_FORMATTER
					    : FB_PATTERN_SIMPLE;

	node->pattern = calloc(1, sizeof(*node->pattern));
	if (node->pattern == NULL)
		return FB_E_NO_MEMORY;
	return fb_time_pattern_init(node->pattern, kind, expr->args[1]->literal.str) == NULL
		       ? 0
		       : FB_E_UNSUPPORTED;
}

static int compile_literals(struct fb_node *node)
{
	const struct fb_expr *expr = node->expr;
	struct fb_str none = {0};

	if (expr->arg_cnt > 1 && has_pattern(expr->op))
		return compile_pattern(node);
	if (expr->op != FB_OP_LIKE || expr->args[1]->op != FB_OP_LITERAL ||
		expr->args[1]->literal.is_null)
		return 0;
	node->like = calloc(1, sizeof(*node->like));
	if (node->like == NULL)
		return FB_E_NO_MEMORY;
	fb_like_init(node->like, expr->args[1]->literal.str,
		expr->arg_cnt == 3 ? expr->args[2]->literal.str : none);
	return 0;
}

static int add_node(struct fb_program *program, const struct fb_expr *expr, struct fb_node **ret)
{
	struct fb_node **args = calloc(expr->arg_cnt + 1u, sizeof(*args));
	struct fb_node *node;
	int rc = args == NULL ? FB_E_NO_MEMORY : is_known(expr) ? 0 : FB_E_UNSUPPORTED;

	for (uint32_t i = 0; rc == 0 && i < expr->arg_cnt; i++)
		rc = add_node(program, expr->args[i], &args[i]);
	if (rc != 0) {
		free(args);
		return rc;
	}
	node = &program->nodes[program->node_cnt++];
	node->expr = expr;
	node->arg_cnt = expr->arg_cnt;
	node->args = args;
	node->may_fail = can_fail(expr);
	for (uint32_t i = 0; i < expr->arg_cnt; i++)
		node->may_fail |= args[i]->may_fail;
	rc = take_memory(node);
	if (rc == 0)
		rc = compile_literals(node);
	if (rc == 0 && expr->op == FB_OP_LITERAL)
		fill_literal(node);
	*ret = node;
	return rc;
}

int fb_program_create(const struct fb_expr *expr, struct fb_program **ret)
{
	struct fb_program *program = calloc(1, sizeof(*program));
	struct fb_node *root;
	int rc = FB_E_NO_MEMORY;

	if (program != NULL)
		program->nodes = calloc(count_nodes(expr), sizeof(*program->nodes));
	if (program != NULL && program->nodes != NULL)
		rc = add_node(program, expr, &root);
	if (rc != 0) {
		fb_program_destroy(program);
		return rc;
	}
	*ret = program;
	return 0;
}

void fb_program_destroy(struct fb_program *program)
{
	if (program == NULL)
		return;
	for (uint32_t i = 0; program->nodes != NULL && i < program->node_cnt; i++) {
		free(program->nodes[i].own.data);
		free(program->nodes[i].own.valid);
		free(program->nodes[i].text);
		free(program->nodes[i].like);
		free(program->nodes[i].pattern);
		free(program->nodes[i].args);
	}
	free(program->nodes);
	free(program);
}
