/* SPDX-License-Identifier: Apache-2.0 */
/* One windowed query and its readers and board, for tests of workers: what the control plane makes
 * of a pipeline file. */
#pragma once

#include <criterion/criterion.h>
#include <stdlib.h>

#include "config/sql/sql.h"
#include "dataplane/worker/worker.h"

/* Event time is in milliseconds: "key,12000" is at 12 s. */
#define QUERY_SQL                                                                                  \
	"CREATE TABLE s (k STRING, ms BIGINT, ts AS TO_TIMESTAMP_LTZ(ms, 3), WATERMARK FOR ts AS " \
	"ts - INTERVAL '1' SECOND) "                                                               \
	"WITH ('connector'='udp', 'port'='5000', 'format'='csv');\n"                               \
	"CREATE TABLE o (w TIMESTAMP(3), k STRING, n BIGINT) WITH "                                \
	"('connector'='blackhole');\n"                                                             \
	"SET 'table.local-time-zone' = 'UTC';\n"                                                   \
	"INSERT INTO o SELECT window_start, k, COUNT(*) FROM TABLE(TUMBLE(TABLE s, "               \
	"DESCRIPTOR(ts), INTERVAL '10' SECOND)) "                                                  \
	"GROUP BY window_start, window_end, k;\n"

struct query {
	struct fb_plan *plan;
	const struct fb_query_plan *query;
	struct fb_slice_layout *layout;
	struct fb_watermark_board *board;
};

static inline void query_init_sql(struct query *query, struct fb_str sql, uint32_t worker_cnt)
{
	struct fb_diags diags;

	fb_diags_init(&diags, "query.sql");
	cr_assert_eq(fb_sql_plan("query.sql", sql, &diags, &query->plan), 0, "%s",
		diags.cnt ? diags.items[0].message : "");
	fb_diags_fini(&diags);
	query->query = query->plan->queries[0];
	cr_assert_eq(fb_slice_layout_create(query->query, &query->layout), 0);
	query->board = aligned_alloc(64, sizeof(*query->board));
	cr_assert_not_null(query->board);
	memset(query->board, 0, sizeof(*query->board));
	query->board->worker_cnt = worker_cnt;
	for (uint32_t i = 0; i < worker_cnt; i++)
		query->board->lines[i].own_ms = FB_TIME_MIN;
}

static inline void query_init(struct query *query, uint32_t worker_cnt)
{
	query_init_sql(query, FB_STR(QUERY_SQL), worker_cnt);
}

static inline void query_fini(struct query *query)
{
	free(query->board);
	fb_slice_layout_destroy(query->layout);
	fb_plan_destroy(query->plan);
}

static inline struct fb_reader *query_reader(const struct query *query)
{
	const struct fb_slice_layout *layout = query->layout;
	struct fb_reader_conf conf = {
		.source = query->query->source,
		.queries = &query->query,
		.layouts = &layout,
		.query_cnt = 1,
		.framing = FB_FRAMING_NEWLINE,
		.isa = FB_ISA_SCALAR,
		.state_bytes = 4 << 20,
		.output_bytes = 1 << 20,
		.watermark_ms = FB_TIME_MIN,
	};
	struct fb_reader *reader;

	cr_assert_eq(fb_reader_create(&conf, &reader), 0);
	return reader;
}
