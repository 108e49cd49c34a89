/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling expressions. Evaluation is in expr_run.c and the eval_*.c files. */
#include <stdlib.h>

#include "config/base/errcode.h"
#include "dataplane/operator/expr_private.h"

static uint32_t count_nodes(const struct fb_expr *expr)
{
	uint32_t cnt = 1;

	for (uint32_t i = 0; i < expr->arg_cnt; i++)
		cnt += count_nodes(expr->args[i]);
	return cnt;
}

static bool cast_is_known(struct fb_type from, struct fb_type to)
{
	bool from_text = fb_type_phys(from) == FB_PHYS_STR;
	bool to_text = fb_type_phys(to) == FB_PHYS_STR;

	if (to.kind == FB_T_CHAR && to.length > FB_CAST_CHAR_MAX)
		return false;
	if (from.kind == FB_T_NULL || from.kind == to.kind)
		return true;
	if (fb_type_phys(from) == FB_PHYS_I128 || fb_type_phys(to) == FB_PHYS_I128 ||
		to.kind == FB_T_INTERVAL)
		return false;
	/* Shortest text of a double needs the C library's printer, which a poll-mode core may not
	 * call. */
	if (to_text)
		return from_text || fb_type_phys(from) == FB_PHYS_I64;
	return true;
}

static bool is_known(const struct fb_expr *expr)
{
	if (fb_type_phys(expr->type) == FB_PHYS_I128 && expr->op != FB_OP_INPUT)
		return false;
	switch (expr->op) {
	case FB_OP_CAST:
	case FB_OP_TRY_CAST:
		return cast_is_known(expr->args[0]->type, expr->type);
	case FB_OP_EQ ... FB_OP_GE:
		return fb_type_phys(expr->args[0]->type) != FB_PHYS_I128;
	default:
		return expr->op < FB_OP_CNT;
	}
}

/* Whether the operation itself can fail for a row: integer division, and CAST that reads text. */
static bool can_fail(const struct fb_expr *expr)
{
	switch (expr->op) {
	case FB_OP_DIV:
	case FB_OP_MOD:
		return fb_type_phys(expr->type) == FB_PHYS_I64;
	case FB_OP_CAST:
		return fb_type_phys(expr->args[0]->type) == FB_PHYS_STR &&
		       fb_type_phys(expr->type) != FB_PHYS_STR;
	default:
		return false;
	}
}

static size_t value_bytes(struct fb_type type)
{
	return fb_type_phys(type) == FB_PHYS_STR || fb_type_phys(type) == FB_PHYS_I128 ? 16 : 8;
}

/* What a cast needs per row for a text that it writes, rather than points to: digits, or blanks
 * behind. */
static uint32_t cast_text_bytes(const struct fb_expr *expr)
{
	uint32_t bytes = 0;

	if ((expr->op != FB_OP_CAST && expr->op != FB_OP_TRY_CAST) ||
		fb_type_phys(expr->type) != FB_PHYS_STR)
		return 0;
	if (fb_type_phys(expr->args[0]->type) != FB_PHYS_STR)
		bytes = FB_CAST_TEXT_BYTES;
	if (expr->type.kind == FB_T_CHAR)
		bytes = FB_MAX(bytes, 4 * expr->type.length);
	return bytes;
}

static int take_memory(struct fb_node *node)
{
	const struct fb_expr *expr = node->expr;

	if (expr->op == FB_OP_INPUT)
		return 0;
	node->own.data = aligned_alloc(64, FB_BATCH_ROWS * value_bytes(expr->type));
	node->own.valid = aligned_alloc(64, FB_BATCH_WORDS * sizeof(uint64_t));
	node->text_bytes = cast_text_bytes(expr);
	if (node->text_bytes > 0)
		node->text = calloc(FB_BATCH_ROWS, node->text_bytes);
	if (node->own.data == NULL || node->own.valid == NULL ||
		(node->text_bytes > 0 && node->text == NULL))
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
		default:
			node->own.i64[row] = expr->literal.is_null ? 0 : expr->literal.i64;
			break;
		}
	}
	node->own.has_null = expr->literal.is_null;
	if (expr->literal.is_null)
		memset(node->own.valid, 0, FB_BATCH_WORDS * sizeof(uint64_t));
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
		free(program->nodes[i].args);
	}
	free(program->nodes);
	free(program);
}
