/* SPDX-License-Identifier: Apache-2.0 */
/* Making a reader. */
#include <stdlib.h>
#include <string.h>

#include "dataplane/operator/reader_private.h"

static void mark_inputs(const struct fb_expr *expr, uint64_t *needed)
{
	if (expr->op == FB_OP_INPUT)
		needed[expr->input / 64] |= 1ull << (expr->input % 64);
	for (uint32_t i = 0; i < expr->arg_cnt; i++)
		mark_inputs(expr->args[i], needed);
}

static int open_window(struct fb_query_run *query, const struct fb_reader_conf *conf)
{
	int rc = conf->grows ? fb_slice_pool_create(conf->state_bytes, &query->pool)
			     : fb_slice_pool_create_touched(conf->state_bytes, &query->pool);

	query->open = calloc(FB_OPEN_SLICES_MAX, sizeof(struct fb_slice *));
	query->past = calloc(FB_OPEN_SLICES_MAX, sizeof(struct fb_slice *));
	if (rc == 0 && (query->open == NULL || query->past == NULL))
		rc = FB_E_NO_MEMORY;
	if (rc == 0)
		rc = fb_program_create(query->plan->time, &query->time);
	for (uint32_t i = 0; rc == 0 && i < query->layout->key_cnt; i++)
		rc = fb_program_create(query->plan->keys[i], &query->keys[i]);
	for (uint32_t i = 0; rc == 0 && i < query->layout->arg_cnt; i++)
		rc = fb_program_create(query->layout->args[i].arg, &query->args[i]);
	return rc;
}

static int add_pages(struct fb_query_run *query, uint64_t bytes)
{
	query->stock_cnt = (uint32_t)FB_MAX(bytes / FB_ROW_PAGE_BYTES, (uint64_t)2);
	query->stock = calloc(query->stock_cnt, sizeof(struct fb_row_page *));
	for (uint32_t i = 0; query->stock != NULL && i < query->stock_cnt; i++) {
		struct fb_row_page *page = calloc(1, FB_ROW_PAGE_BYTES);

		if (page == NULL)
			return FB_E_NO_MEMORY;
		page->cap = FB_ROW_PAGE_BYTES - sizeof(*page);
		page->next = query->free_pages;
		query->free_pages = page;
		query->stock[i] = page;
	}
	return query->stock ? 0 : FB_E_NO_MEMORY;
}

static int open_assign(struct fb_query_run *query, const struct fb_table *source)
{
	struct fb_assign_run *assign = calloc(1, sizeof(*assign));
	const struct fb_query_plan *plan = query->plan;
	uint32_t windows = fb_query_window_input(plan);
	uint32_t cnt = windows + FB_GROUP_KEYS;
	struct fb_type moment = {.kind = FB_T_TIMESTAMP, .precision = 3};
	uint64_t *needed = calloc((cnt + 63u) / 64, sizeof(*needed));
	int rc;

	query->assign = assign;
	if (assign != NULL)
		assign->types = calloc(cnt, sizeof(*assign->types));
	if (assign == NULL || needed == NULL || assign->types == NULL) {
		free(needed);
		return FB_E_NO_MEMORY;
	}
	for (uint32_t i = 0; i < cnt; i++) {
		bool window = i >= windows;

		assign->types[i] = window ? moment : fb_table_input_type(source, (uint16_t)i);
		if (window || fb_query_needs_field(plan, i))
			needed[i / 64] |= 1ull << (i % 64);
	}
	rc = fb_batch_init(&assign->pairs, assign->types, cnt, needed);
	free(needed);
	if (rc == 0)
		rc = fb_program_create(plan->time, &query->time);
	if (rc == 0 && plan->window_filter != NULL)
		rc = fb_program_create(plan->window_filter, &assign->filter);
	return rc;
}

static int open_plain(struct fb_query_run *query, const struct fb_reader_conf *conf)
{
	const struct fb_query_plan *plan = query->plan;
	int rc;

	query->select = calloc(plan->select_cnt, sizeof(struct fb_program *));
	query->columns = calloc(plan->select_cnt, sizeof(struct fb_column *));
	query->types = calloc(plan->select_cnt, sizeof(*query->types));
	if (query->select == NULL || query->columns == NULL || query->types == NULL)
		return FB_E_NO_MEMORY;
	rc = add_pages(query, conf->output_bytes);
	for (uint32_t i = 0; rc == 0 && i < plan->select_cnt; i++) {
		query->types[i] = plan->select[i]->type;
		rc = fb_program_create(plan->select[i], &query->select[i]);
	}
	if (rc == 0 && plan->assigner.kind != FB_WINDOW_NONE)
		rc = open_assign(query, conf->source);
	return rc;
}

static int open_branch(struct fb_query_run *query)
{
	const struct fb_query_plan *branch = query->branch;
	int rc = 0;

	query->branch_select = calloc(branch->select_cnt + 1u, sizeof(struct fb_program *));
	query->branch_columns = calloc(branch->select_cnt + 1u, sizeof(*query->branch_columns));
	if (query->branch_select == NULL || query->branch_columns == NULL)
		return FB_E_NO_MEMORY;
	if (branch->filter != NULL)
		rc = fb_program_create(branch->filter, &query->branch_filter);
	for (uint32_t i = 0; rc == 0 && i < branch->select_cnt; i++)
		if (fb_query_needs_field(query->plan, i))
			rc = fb_program_create(branch->select[i], &query->branch_select[i]);
	return rc;
}

static int open_query(struct fb_reader *reader, const struct fb_reader_conf *conf, uint32_t number)
{
	struct fb_query_run *query = &reader->queries[number];
	uint32_t words = conf->source ? (fb_table_input_cnt(conf->source) + 63u) / 64 : 0;
	int rc = 0;

	query->plan = conf->queries[number];
	query->layout = conf->layouts ? conf->layouts[number] : NULL;
	query->index = number;
	query->branch = conf->branches ? conf->branches[number] : NULL;
	for (uint32_t w = 0; w < words; w++)
		reader->needed[w] |=
			(query->branch ? query->branch : query->plan)->fields_needed[w];
	if (query->branch != NULL)
		rc = open_branch(query);
	if (rc == 0 && query->plan->filter != NULL)
		rc = fb_program_create(query->plan->filter, &query->filter);
	if (rc != 0)
		return rc;
	if (query->plan->window.kind == FB_WINDOW_NONE)
		return open_plain(query, conf);
	if (query->layout == NULL)
		return FB_E_UNSUPPORTED;
	reader->tracks = conf->source != NULL;
	return open_window(query, conf);
}

static int open_watermark(struct fb_reader *reader, const struct fb_reader_conf *conf)
{
	const struct fb_table_column *column;

	if (!reader->tracks)
		return 0;
	if (conf->grid_cnt > 0) {
		reader->grids = calloc(conf->grid_cnt, sizeof(*reader->grids));
		reader->marks = calloc(FB_READER_MARKS_MAX, sizeof(*reader->marks));
		if (reader->grids == NULL || reader->marks == NULL)
			return FB_E_NO_MEMORY;
		memcpy(reader->grids, conf->grids, conf->grid_cnt * sizeof(*reader->grids));
		reader->grid_cnt = conf->grid_cnt;
	}
	column = &conf->source->columns[conf->source->rowtime];
	if (!conf->source->has_watermark)
		return FB_E_INVALID;
	reader->rowtime_input =
		(struct fb_expr){.op = FB_OP_INPUT, .type = column->type, .input = column->field};
	reader->rowtime =
		column->kind == FB_COLUMN_COMPUTED ? column->value : &reader->rowtime_input;
	reader->delay_ms = conf->source->watermark_delay_ms;
	mark_inputs(reader->rowtime, reader->needed);
	return fb_program_create(reader->rowtime, &reader->rowtime_program);
}

static int open_input(struct fb_reader *reader, const struct fb_reader_conf *conf)
{
	uint16_t input_cnt = fb_table_input_cnt(conf->source);
	struct fb_type *types = calloc(input_cnt + 1u, sizeof(*types));
	struct fb_decoder_conf decoder = {.table = conf->source,
		.needed = reader->needed,
		.framing = conf->framing,
		.layout = conf->record_layout,
		.isa = conf->isa};
	int rc;

	if (types == NULL)
		return FB_E_NO_MEMORY;
	for (uint16_t i = 0; i < input_cnt; i++)
		types[i] = fb_table_input_type(conf->source, i);
	rc = fb_batch_init(&reader->batch, types, input_cnt, reader->needed);
	free(types);
	if (rc == 0)
		rc = fb_decoder_create(&decoder, &reader->decoder);
	return rc;
}

int fb_reader_create(const struct fb_reader_conf *conf, struct fb_reader **ret)
{
	struct fb_reader *reader = calloc(1, sizeof(*reader));
	int rc = 0;

	if (reader == NULL)
		return FB_E_NO_MEMORY;
	reader->source = conf->source;
	reader->own_ms = FB_TIME_MIN;
	reader->batch_own_ms = FB_TIME_MIN;
	reader->oldest_ms = FB_TIME_MAX;
	reader->newest_ms = FB_TIME_MIN;
	reader->others_ms = FB_TIME_MAX;
	reader->global_ms = conf->watermark_ms;
	reader->query_cnt = conf->query_cnt;
	reader->queries = calloc(conf->query_cnt + 1u, sizeof(*reader->queries));
	reader->needed = calloc(
		((conf->source ? fb_table_input_cnt(conf->source) : 0u) + 63u) / 64 + 1, sizeof(*reader->needed));
	reader->keys = calloc(1, sizeof(*reader->keys));
	if (reader->queries == NULL || reader->needed == NULL || reader->keys == NULL)
		rc = FB_E_NO_MEMORY;
	else
		fb_key_batch_choose(reader->keys, conf->isa);
	for (uint32_t i = 0; rc == 0 && i < conf->query_cnt; i++)
		rc = open_query(reader, conf, i);
	if (rc == 0)
		rc = open_watermark(reader, conf);
	if (rc == 0 && conf->source != NULL)
		rc = open_input(reader, conf);
	if (rc != 0) {
		fb_reader_destroy(reader);
		return rc;
	}
	if (reader->tracks)
		reader->definition = fb_event_definition_of(conf);
	*ret = reader;
	return 0;
}

static void close_assign(struct fb_assign_run *assign)
{
	if (assign == NULL)
		return;
	fb_program_destroy(assign->filter);
	fb_batch_fini(&assign->pairs);
	free(assign->types);
	free(assign);
}

static void close_query(struct fb_query_run *query)
{
	close_assign(query->assign);
	fb_program_destroy(query->branch_filter);
	for (uint32_t i = 0; query->branch_select != NULL && i < query->branch->select_cnt; i++)
		fb_program_destroy(query->branch_select[i]);
	free(query->branch_select);
	free(query->branch_columns);
	fb_program_destroy(query->filter);
	fb_program_destroy(query->time);
	for (uint32_t i = 0; i < FB_KEY_MAX; i++)
		fb_program_destroy(query->keys[i]);
	for (uint32_t i = 0; i < FB_ARG_MAX; i++)
		fb_program_destroy(query->args[i]);
	for (uint32_t i = 0; query->select != NULL && i < query->plan->select_cnt; i++)
		fb_program_destroy(query->select[i]);
	for (uint32_t i = 0; query->stock != NULL && i < query->stock_cnt; i++)
		free(query->stock[i]);
	free(query->stock);
	free(query->select);
	free(query->columns);
	free(query->types);
	free(query->open);
	free(query->past);
	fb_slice_pool_destroy(query->pool);
}

void fb_reader_destroy(struct fb_reader *reader)
{
	if (reader == NULL)
		return;
	for (uint32_t i = 0; reader->queries != NULL && i < reader->query_cnt; i++)
		close_query(&reader->queries[i]);
	fb_program_destroy(reader->rowtime_program);
	fb_decoder_destroy(reader->decoder);
	if (reader->source != NULL)
		fb_batch_fini(&reader->batch);
	free(reader->queries);
	free(reader->grids);
	free(reader->marks);
	free(reader->needed);
	free(reader->keys);
	free(reader);
}
