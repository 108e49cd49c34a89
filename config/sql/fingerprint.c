/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A number for "the same query": XXH3 over a canonical text of all that decides slices and rows,
 * with inputs by position and type. The text is written for this purpose only, so that explain may
 * change its words freely.
 */
#include <xxhash.h>

#include "config/base/buf.h"
#include "config/sql/bind.h"

static void add_type(struct fb_buf *out, struct fb_type type)
{
	char text[FB_TYPE_TEXT_BYTES];

	fb_buf_printf(out, "%s;", fb_type_format(type, text));
}

static void add_bytes(struct fb_buf *out, const char *text)
{
	if (text == NULL)
		fb_buf_add_text(out, "-;");
	else
		fb_buf_printf(out, "%zu:%s;", strlen(text), text);
}

static void add_literal(struct fb_buf *out, const struct fb_expr *expr)
{
	if (expr->literal.is_null)
		fb_buf_add_text(out, "NULL;");
	else if (fb_type_phys(expr->type) == FB_PHYS_STR) {
		fb_buf_printf(out, "%u:", expr->literal.str.len);
		fb_buf_add(out, expr->literal.str.p, expr->literal.str.len);
	} else {
		if (fb_type_phys(expr->type) == FB_PHYS_I128)
			fb_buf_printf(out, "%016llx",
				(unsigned long long)((fb_u128)expr->literal.i128 >> 64));
		fb_buf_printf(out, "%016llx;", (unsigned long long)expr->literal.i64);
	}
}

static void add_expr(struct fb_buf *out, const struct fb_expr *expr)
{
	if (expr == NULL) {
		fb_buf_add_text(out, "-;");
		return;
	}
	fb_buf_printf(out, "(%d %u ", (int)expr->op, expr->input);
	add_type(out, expr->type);
	if (expr->op == FB_OP_LITERAL)
		add_literal(out, expr);
	for (uint16_t i = 0; i < expr->arg_cnt; i++)
		add_expr(out, expr->args[i]);
	fb_buf_add_char(out, ')');
}

static void add_table(struct fb_buf *out, const struct fb_table *table)
{
	if (table == NULL) {
		fb_buf_add_text(out, "-;");
		return;
	}
	add_bytes(out, table->name);
	add_bytes(out, table->connector);
	for (uint16_t i = 0; i < table->field_cnt; i++) {
		add_bytes(out, table->fields[i]->name);
		add_type(out, table->fields[i]->type);
	}
	for (uint16_t i = 0; i < table->option_cnt; i++) {
		add_bytes(out, table->options[i].key);
		add_bytes(out, table->options[i].value);
	}
	fb_buf_printf(out, "%d %u %lld;", table->has_watermark, table->rowtime,
		(long long)table->watermark_delay_ms);
}

uint64_t fb_query_fingerprint(const struct fb_query_plan *query)
{
	struct fb_buf out = {0};
	uint64_t hash;

	add_bytes(&out, query->name);
	add_table(&out, query->source);
	add_table(&out, query->sink);
	if (query->upstream != NULL)
		fb_buf_printf(&out, "over %016llx;", (unsigned long long)query->upstream->fingerprint);
	for (uint16_t i = 0; i < query->branch_cnt; i++)
		fb_buf_printf(&out, "of %016llx;", (unsigned long long)query->branches[i]->fingerprint);
	add_expr(&out, query->filter);
	fb_buf_printf(&out, "%d %lld %lld %lld %lld;", (int)query->window.kind,
		(long long)query->window.size_ms, (long long)query->window.step_ms,
		(long long)query->window.offset_ms, (long long)query->time_shift_ms);
	add_expr(&out, query->time);
	if (query->assigner.kind != FB_WINDOW_NONE) {
		fb_buf_printf(&out, "rows %d %lld %lld %lld;", (int)query->assigner.kind,
			(long long)query->assigner.size_ms, (long long)query->assigner.step_ms,
			(long long)query->assigner.offset_ms);
		add_expr(&out, query->window_filter);
	}
	for (uint16_t i = 0; i < query->key_cnt; i++)
		add_expr(&out, query->keys[i]);
	for (uint16_t i = 0; i < query->agg_cnt; i++) {
		fb_buf_printf(
			&out, "agg %d %d ", (int)query->aggs[i].func, query->aggs[i].distinct);
		add_type(&out, query->aggs[i].type);
		add_expr(&out, query->aggs[i].arg);
		add_expr(&out, query->aggs[i].filter);
	}
	add_expr(&out, query->having);
	for (uint16_t i = 0; i < query->select_cnt; i++) {
		add_bytes(&out, query->select_names[i]);
		add_expr(&out, query->select[i]);
	}
	for (size_t i = 0; i < (size_t)query->value_row_cnt * query->select_cnt; i++)
		add_expr(&out, query->values[i]);
	for (uint32_t i = 0; i < query->value_row_cnt; i++)
		add_expr(&out, query->value_filters[i]);
	hash = XXH3_64bits(out.p ? out.p : "", out.len);
	fb_buf_fini(&out);
	return hash;
}

/* "csv.field-delimiter", …: not what the connector is told. */
static bool is_of_format(const struct fb_table *table, const char *key)
{
	size_t len = table->format ? strlen(table->format) : 0;

	return len > 0 && strncmp(key, table->format, len) == 0 && key[len] == '.';
}

uint64_t fb_table_time_fingerprint(const struct fb_table *table)
{
	const struct fb_table_column *column;
	struct fb_buf out = {0};
	uint64_t hash;

	if (!table->has_watermark)
		return 0;
	column = &table->columns[table->rowtime];
	add_bytes(&out, table->format);
	for (uint16_t i = 0; i < table->field_cnt; i++) {
		add_bytes(&out, table->fields[i]->name);
		add_type(&out, table->fields[i]->type);
	}
	for (uint16_t i = 0; i < table->option_cnt; i++)
		if (is_of_format(table, table->options[i].key)) {
			add_bytes(&out, table->options[i].key);
			add_bytes(&out, table->options[i].value);
		}
	if (column->kind == FB_COLUMN_COMPUTED)
		add_expr(&out, column->value);
	else
		fb_buf_printf(&out, "field %u;", column->field);
	hash = out.failed ? 0 : XXH3_64bits(out.p ? out.p : "", out.len);
	fb_buf_fini(&out);
	return hash;
}
