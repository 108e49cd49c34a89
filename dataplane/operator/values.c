/* SPDX-License-Identifier: Apache-2.0 */
#include "dataplane/operator/values.h"

#include <stdlib.h>

#include "dataplane/operator/expr.h"
#include "dataplane/operator/row.h"

/* One row: its programs own the values until it is encoded. */
struct row {
	struct fb_batch one; /* a batch of one row without columns */
	struct fb_program **programs;
	const struct fb_column **columns;
	struct fb_type *types;
	uint32_t cnt;
};

static int compute(const struct fb_batch *one, const struct fb_expr *expr,
	struct fb_program **ret_program, const struct fb_column **ret_column)
{
	uint64_t failed[FB_BATCH_WORDS] = {0};
	int rc = fb_program_create(expr, ret_program);

	if (rc != 0)
		return rc;
	*ret_column = fb_program_run(*ret_program, one, failed);
	return failed[0] & 1 ? FB_E_INVALID : 0;
}

/* 1: the row is wanted; 0: it is not. */
static int judge(const struct fb_batch *one, const struct fb_expr *filter)
{
	struct fb_program *program = NULL;
	const struct fb_column *column;
	int rc;

	if (filter == NULL)
		return 1;
	rc = compute(one, filter, &program, &column);
	if (rc == 0)
		rc = fb_column_is_valid(column, 0) && column->i64[0] != 0;
	fb_program_destroy(program);
	return rc;
}

static void clear(struct row *row)
{
	for (uint32_t i = 0; row->programs != NULL && i < row->cnt; i++) {
		fb_program_destroy(row->programs[i]);
		row->programs[i] = NULL;
	}
}

static int run_row(const struct fb_query_plan *query, uint32_t number, struct row *row,
	struct fb_buf *bytes, fb_values_fn fn, void *arg)
{
	const struct fb_expr **values = query->values + (size_t)number * query->select_cnt;
	int rc = judge(&row->one, query->value_filters ? query->value_filters[number] : NULL);
	uint32_t len;
	char *out;

	if (rc <= 0)
		return rc;
	rc = 0;
	for (uint32_t i = 0; rc == 0 && i < row->cnt; i++)
		rc = compute(&row->one, values[i], &row->programs[i], &row->columns[i]);
	if (rc != 0)
		return rc;
	fb_buf_clear(bytes);
	len = fb_row_bytes(row->columns, row->types, row->cnt, 0);
	out = fb_buf_reserve(bytes, len);
	if (out == NULL)
		return FB_E_NO_MEMORY;
	len = fb_row_encode(row->columns, row->types, row->cnt, 0, (uint8_t *)out);
	return fn(arg, (const uint8_t *)out, len);
}

static int open_row(const struct fb_query_plan *query, struct row *row)
{
	int rc = fb_batch_init(&row->one, NULL, 0, NULL);

	if (rc != 0)
		return rc;
	row->one.row_cnt = row->one.sel_cnt = 1;
	row->one.sel[0] = 0;
	row->cnt = query->select_cnt;
	row->programs = calloc(row->cnt + 1u, sizeof(*row->programs));
	row->columns = calloc(row->cnt + 1u, sizeof(*row->columns));
	row->types = calloc(row->cnt + 1u, sizeof(*row->types));
	if (row->programs == NULL || row->columns == NULL || row->types == NULL)
		return FB_E_NO_MEMORY;
	for (uint32_t i = 0; i < row->cnt; i++)
		row->types[i] = query->select[i]->type;
	return 0;
}

int fb_values_run(const struct fb_query_plan *query, fb_values_fn fn, void *arg, uint32_t *ret_row)
{
	struct row row = {0};
	struct fb_buf bytes = {0};
	int rc = open_row(query, &row);

	for (uint32_t i = 0; rc == 0 && i < query->value_row_cnt; i++) {
		rc = run_row(query, i, &row, &bytes, fn, arg);
		clear(&row);
		if (rc != 0)
			*ret_row = i;
	}
	fb_batch_fini(&row.one);
	fb_buf_fini(&bytes);
	free(row.programs);
	free(row.columns);
	free(row.types);
	return rc;
}
