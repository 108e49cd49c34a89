/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions of texts. Positions are characters (code points), as Flink counts them. What is cut out of
 * a text points into it; what is made new goes into the node's memory, at most FB_TEXT_RESULT_MAX bytes
 * a row. Hot.
 */
#include "dataplane/operator/expr_private.h"

static uint32_t count_characters(struct fb_str text)
{
	uint32_t cnt = 0;

	for (uint32_t i = 0; i < text.len; i++)
		cnt += ((uint8_t)text.p[i] & 0xc0) != 0x80;
	return cnt;
}

/* Where character number `cnt` begins, or the end. */
static uint32_t skip_characters(struct fb_str text, uint32_t from, uint64_t cnt)
{
	uint32_t at = from;

	while (cnt > 0 && at < text.len) {
		at++;
		while (at < text.len && ((uint8_t)text.p[at] & 0xc0) == 0x80)
			at++;
		cnt--;
	}
	return at;
}

/* From 1; 0 is 1, too; negative from the end, and beyond the front there is nothing. */
static struct fb_str substring(struct fb_str text, int64_t from, int64_t cnt)
{
	int64_t total = count_characters(text);
	int64_t start = from > 0 ? from - 1 : from == 0 ? 0 : total + from;
	uint32_t begin;

	if (start < 0 || start >= total)
		return FB_STR("");
	begin = skip_characters(text, 0, (uint64_t)start);
	return (struct fb_str){text.p + begin, skip_characters(text, begin, (uint64_t)cnt) - begin};
}

static void substrings(const struct fb_eval *eval, struct fb_node *node, uint32_t row)
{
	int64_t from = node->args[1]->value->i64[row];
	int64_t cnt = node->arg_cnt == 3 ? node->args[2]->value->i64[row] : INT32_MAX;

	if (cnt < 0)
		fb_node_set_null(node, row);
	else
		node->own.str[row] = substring(node->args[0]->value->str[row], from, cnt);
}

/* ---- TRIM ---- */

static bool is_one_of(struct fb_str set, const char *character, uint32_t len)
{
	for (uint32_t i = 0; i < set.len;) {
		uint32_t end = skip_characters(set, i, 1);

		if (end - i == len && memcmp(set.p + i, character, len) == 0)
			return true;
		i = end;
	}
	return false;
}

static struct fb_str trim(struct fb_str text, struct fb_str set, enum fb_op op)
{
	uint32_t begin = 0, end = text.len;

	while (op != FB_OP_RTRIM && begin < end) {
		uint32_t next = skip_characters(text, begin, 1);

		if (!is_one_of(set, text.p + begin, next - begin))
			break;
		begin = next;
	}
	while (op != FB_OP_LTRIM && end > begin) {
		uint32_t last = end - 1;

		while (last > begin && ((uint8_t)text.p[last] & 0xc0) == 0x80)
			last--;
		if (!is_one_of(set, text.p + last, end - last))
			break;
		end = last;
	}
	return (struct fb_str){text.p + begin, end - begin};
}

/* ---- SPLIT_INDEX ---- */

/* No separator: a blank. The empty text has no parts. */
static bool split(struct fb_str text, struct fb_str by, int64_t index, struct fb_str *ret)
{
	uint32_t at = 0;

	if (by.len == 0)
		by = FB_STR(" ");
	if (text.len == 0 || index < 0)
		return false;
	for (;; index--) {
		const char *found = memmem(text.p + at, text.len - at, by.p, by.len);
		uint32_t end = found ? (uint32_t)(found - text.p) : text.len;

		if (index == 0) {
			*ret = (struct fb_str){text.p + at, end - at};
			return true;
		}
		if (found == NULL)
			return false;
		at = end + by.len;
		/* What would be behind a separator at the very end is a part: 'a,' has two. */
	}
}

/* ---- CONCAT ---- */

static bool append(struct fb_node *node, uint32_t *len, struct fb_str text)
{
	if (text.len > node->text_row_bytes - *len)
		return false;
	memcpy(fb_node_room(node) + *len, text.p, text.len);
	*len += text.len;
	return true;
}

/* CONCAT_WS leaves NULLs out; CONCAT is not asked where there is one. */
static void join(const struct fb_eval *eval, struct fb_node *node, uint32_t row)
{
	bool separated = node->expr->op == FB_OP_CONCAT_WS;
	bool first = true, fits = true;
	uint32_t len = 0;

	for (uint32_t i = separated; fits && i < node->arg_cnt; i++) {
		const struct fb_column *arg = node->args[i]->value;

		if (!fb_column_is_valid(arg, row))
			continue;
		if (separated && !first)
			fits = append(node, &len, node->args[0]->value->str[row]);
		fits = fits && append(node, &len, arg->str[row]);
		first = false;
	}
	if (fits)
		fb_node_keep(node, row, len);
	else
		fb_node_too_long(eval, node, row);
}

static void change_case(const struct fb_eval *eval, struct fb_node *node, uint32_t row)
{
	uint32_t len = fb_text_change_case(node->args[0]->value->str[row],
		node->expr->op == FB_OP_UPPER, fb_node_room(node), node->text_row_bytes);

	if (len == UINT32_MAX)
		fb_node_too_long(eval, node, row);
	else
		fb_node_keep(node, row, len);
}

static bool any_failed(const struct fb_node *node, uint32_t row)
{
	for (uint32_t i = 0; i < node->arg_cnt; i++)
		if (fb_node_has_failed(node->args[i], row))
			return true;
	return false;
}

static void eval_row(const struct fb_eval *eval, struct fb_node *node, uint32_t row)
{
	const struct fb_column *text = node->args[0]->value;

	switch (node->expr->op) {
	case FB_OP_CHAR_LENGTH:
		node->own.i64[row] = count_characters(text->str[row]);
		break;
	case FB_OP_SUBSTRING:
		substrings(eval, node, row);
		break;
	case FB_OP_TRIM ... FB_OP_RTRIM:
		node->own.str[row] = trim(
			text->str[row], node->args[1]->value->str[row], node->expr->op);
		break;
	case FB_OP_SPLIT_INDEX:
		if (!split(text->str[row], node->args[1]->value->str[row],
			    node->args[2]->value->i64[row], &node->own.str[row]))
			fb_node_set_null(node, row);
		break;
	case FB_OP_UPPER:
	case FB_OP_LOWER:
		change_case(eval, node, row);
		break;
	default:
		join(eval, node, row);
		break;
	}
}

void fb_eval_text(const struct fb_eval *eval, struct fb_node *node)
{
	if (node->expr->op == FB_OP_CONCAT_WS) {
		/* Only the separator decides. */
		const struct fb_column *separator = node->args[0]->value;

		node->own.has_null = separator->has_null;
		if (separator->has_null)
			memcpy(node->own.valid, separator->valid, FB_BATCH_WORDS * sizeof(uint64_t));
		else
			memset(node->own.valid, 0xff, FB_BATCH_WORDS * sizeof(uint64_t));
	} else {
		fb_node_valid_all(node);
	}
	node->text_used = 0;
	for (uint32_t i = 0; i < eval->batch->sel_cnt; i++) {
		uint32_t row = eval->batch->sel[i];

		if (!fb_column_is_valid(&node->own, row))
			continue;
		if (FB_UNLIKELY(node->may_fail) && any_failed(node, row)) {
			if (fb_type_phys(node->expr->type) == FB_PHYS_STR)
				node->own.str[row] = FB_STR("");
			continue;
		}
		eval_row(eval, node, row);
	}
}
