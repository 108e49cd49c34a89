/* SPDX-License-Identifier: Apache-2.0 */
/* What the queries of a pipeline read: which stream feeds a table, and which queries share a reader. */
#include <stdlib.h>
#include <string.h>

#include "config/base/calendar.h"
#include "control/pipeline/engine_private.h"

/* Queries of a reader: its published numbers have room for so many. */
#define QUERIES_MAX FB_ARRAY_LEN(((struct fb_reader_snapshot *)0)->queries)

/* ---- streams ---- */

int fb_engine_stream_of(const struct fb_appliance *appliance, const struct fb_table *table, uint32_t *ret_stream)
{
	const char *udp_port = strcmp(table->connector, "udp") == 0 ? fb_table_option(table, "port") : NULL;

	for (uint32_t i = 0; i < appliance->streams_count; i++)
		if (strcmp(appliance->streams[i].table, table->name) == 0 ||
			(udp_port != NULL && strtoul(udp_port, NULL, 10) == appliance->streams[i].udp_port)) {
			*ret_stream = i;
			return 0;
		}
	return FB_E_NOT_FOUND;
}

static void report_no_stream(
	struct fb_engine *engine, const struct fb_table *table, struct fb_place place, struct fb_diags *diags)
{
	struct fb_buf hint = {0};

	fb_buf_add_text(&hint, "streams of this appliance:");
	for (uint32_t i = 0; i < engine->appliance->streams_count; i++)
		fb_buf_printf(&hint, " %s (UDP %u)", engine->appliance->streams[i].table,
			engine->appliance->streams[i].udp_port);
	fb_diags_add(diags, FB_ERROR_SEVERITY, place, hint.p, "no stream feeds the source table '%s'", table->name);
	fb_buf_fini(&hint);
}

/* ---- sources ---- */

/* The tables that a query reads, each once. */
struct tables {
	const struct fb_table *at[FB_UNION_MAX];
	uint32_t cnt;
};

static void list_tables(const struct fb_query_plan *plan, struct tables *tables)
{
	tables->cnt = 0;
	for (uint32_t i = 0; i < fb_query_input_cnt(plan); i++) {
		const struct fb_table *table = fb_query_input(plan, i)->source;
		uint32_t k = 0;

		while (k < tables->cnt && tables->at[k] != table)
			k++;
		if (k == tables->cnt)
			tables->at[tables->cnt++] = table;
	}
}

static bool reads_these(const struct source_run *first, const struct tables *tables)
{
	bool same = first->first == first && first->together_cnt == tables->cnt;

	for (uint32_t i = 0; same && i < tables->cnt; i++)
		same = first[i].table == tables->at[i];
	return same;
}

void fb_source_clear_board(struct source_run *source)
{
	for (uint32_t i = 0; i < source->board->worker_cnt; i++) {
		atomic_init(&source->board->lines[i].own_ms, FB_TIME_MIN);
		atomic_init(&source->board->lines[i].state, FB_LINE_WAITING);
	}
}

static int add_source(struct fb_engine *engine, struct pipeline *pipeline, const struct fb_table *table, uint32_t stream)
{
	struct source_run *source = &pipeline->sources[pipeline->source_cnt++];
	uint32_t cap = fb_sources_cap(pipeline->plan);

	source->table = table;
	source->stream = stream;
	source->slot = UINT32_MAX;
	source->kept_ms = FB_TIME_MIN;
	source->queries = calloc(cap, sizeof(struct query_run *));
	source->inputs = calloc(cap, sizeof(*source->inputs));
	source->board = aligned_alloc(FB_CACHE_LINE_BYTES, sizeof(*source->board));
	if (source->queries == NULL || source->inputs == NULL || source->board == NULL)
		return FB_E_NO_MEMORY;
	memset(source->board, 0, sizeof(*source->board));
	source->board->worker_cnt = engine->worker_cnt;
	fb_source_clear_board(source);
	return 0;
}

static int add_together(struct fb_engine *engine, struct pipeline *pipeline, const struct query_run *query,
	const struct tables *tables, struct fb_diags *diags)
{
	struct source_run *first = &pipeline->sources[pipeline->source_cnt];

	for (uint32_t i = 0; i < tables->cnt; i++) {
		uint32_t stream;
		int rc = fb_engine_stream_of(engine->appliance, tables->at[i], &stream);

		if (rc != 0) {
			report_no_stream(engine, tables->at[i], query->plan->place, diags);
			return rc;
		}
		rc = add_source(engine, pipeline, tables->at[i], stream);
		if (rc != 0)
			return rc;
		first[i].first = first;
	}
	first->together_cnt = tables->cnt;
	for (uint32_t i = 0; tables->cnt > 1 && i < tables->cnt; i++)
		first[i].board->next = first[(i + 1) % tables->cnt].board;
	return 0;
}

static struct source_run *find_together(struct pipeline *pipeline, const struct tables *tables)
{
	for (uint32_t i = 0; i < pipeline->source_cnt; i++)
		if (reads_these(&pipeline->sources[i], tables))
			return &pipeline->sources[i];
	return NULL;
}

/* ---- inputs ---- */

/* Where the stream has binary records, each column that is read needs a field of its type. */
static int check_layout(const struct fb_engine *engine, const struct query_input *input, struct fb_diags *diags)
{
	uint32_t stream = input->source->stream;
	const struct fb_layout *layout = engine->appliance->streams[stream].layout;
	const struct fb_query_plan *plan = input->plan;
	char message[FB_LAYOUT_MESSAGE_BYTES];
	char hint[512];

	if (layout == NULL || fb_layout_fits(layout, plan->source, plan->fields_needed, message))
		return 0;
	snprintf(hint, sizeof(hint), "streams[%u].layout of %s", stream, engine->appliance->file);
	fb_diags_add(diags, FB_ERROR_SEVERITY, plan->source->place, hint, "source table '%s': %s", plan->source->name, message);
	return FB_E_CONFIG;
}

static int assign_input(const struct fb_engine *engine, struct query_run *query, struct source_run *source, struct fb_diags *diags)
{
	struct query_input *input = &query->inputs[query->input_cnt];

	if (source->query_cnt == QUERIES_MAX) {
		fb_diags_add(diags, FB_ERROR_SEVERITY, query->plan->place, "make two pipelines of it",
			"source '%s' is read more than %u times (each INSERT, each side of a UNION ALL)", source->table->name,
			(unsigned)QUERIES_MAX);
		return FB_E_SYNTAX;
	}
	*input = (struct query_input){.plan = fb_query_input(query->plan, query->input_cnt),
		.source = source,
		.index = source->query_cnt};
	source->queries[source->query_cnt] = query;
	source->inputs[source->query_cnt++] = query->input_cnt++;
	return check_layout(engine, input, diags);
}

/* A statement set reads each of its sources once. Rows of constants have none. */
int fb_sources_assign(struct fb_engine *engine, struct pipeline *pipeline, struct query_run *query, struct fb_diags *diags)
{
	uint32_t cnt = fb_query_input_cnt(query->plan);
	struct tables tables;
	struct source_run *first;
	int rc = 0;

	if (query->plan->source == NULL)
		return 0;
	query->inputs = calloc(cnt, sizeof(*query->inputs));
	if (query->inputs == NULL)
		return FB_E_NO_MEMORY;
	list_tables(query->plan, &tables);
	first = find_together(pipeline, &tables);
	if (first == NULL) {
		first = &pipeline->sources[pipeline->source_cnt];
		rc = add_together(engine, pipeline, query, &tables, diags);
	}
	for (uint32_t i = 0; rc == 0 && i < cnt; i++) {
		uint32_t k = 0;

		while (tables.at[k] != fb_query_input(query->plan, i)->source)
			k++;
		rc = assign_input(engine, query, &first[k], diags);
	}
	return rc;
}

uint32_t fb_sources_cap(const struct fb_plan *plan)
{
	uint32_t cnt = 0;

	for (uint16_t i = 0; i < plan->query_cnt; i++)
		cnt += fb_query_input_cnt(plan->queries[i]);
	return cnt;
}

void fb_sources_free(struct pipeline *pipeline)
{
	for (uint32_t i = 0; i < pipeline->source_cnt; i++) {
		struct source_run *source = &pipeline->sources[i];

		for (uint32_t w = 0; w < FB_WORKER_MAX; w++)
			free(source->epochs[w]);
		fb_hold_free(source);
		free(source->queries);
		free(source->inputs);
		free(source->board);
	}
	free(pipeline->sources);
}
