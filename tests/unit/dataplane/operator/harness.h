/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the operator tests share: SQL text to plan, CSV text through a reader, result rows as text.
 * The rows' text is columns joined by '|'; NULL is "NULL", times are their integers, numbers are
 * printed with %.17g.
 */
#pragma once

#include <criterion/criterion.h>

#include "config/base/errcode.h"
#include "config/sql/sql.h"
#include "dataplane/operator/reader.h"
#include "dataplane/operator/row.h"

#define QUERY_MAX 8

/* The table that most cases read. "~" is NULL. The last column in the text is the event time. */
#define SOURCE_WITH(delay)                                                                         \
	"CREATE TABLE s (k STRING, g BIGINT, a INT, b BIGINT, y TINYINT, m SMALLINT, d DOUBLE, f " \
	"FLOAT, ok BOOLEAN, "                                                                      \
	"dt DATE, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL " delay                       \
	") WITH ('connector'='udp', "                                                              \
	"'port'='5000', 'format'='csv', 'csv.null-literal'='~');\n"
#define SOURCE SOURCE_WITH("'2' SECOND")
#define TUMBLE_10S " FROM TABLE(TUMBLE(TABLE s, DESCRIPTOR(ts), INTERVAL '10' SECOND)) "
#define BY_WINDOW "GROUP BY window_start, window_end"

struct planned {
	struct fb_plan *plan;
	const struct fb_query_plan *queries[QUERY_MAX];
	struct fb_slice_layout *layouts[QUERY_MAX]; /* of their first levels: what readers run */
	uint32_t query_cnt;
};

/* All EXPLAINed queries of the text; fails the test if it does not plan. */
struct planned plan_sql(const char *prelude, const char *sql);
void planned_fini(struct planned *planned);

struct rows {
	char **text;
	size_t cnt;
	size_t cap;
};

void rows_add(struct rows *rows, const char *fmt, ...) FB_PRINTF(2, 3);
void rows_sort(struct rows *rows);
/* As multisets; reports the first difference with `what`. */
void rows_expect_equal(struct rows *got, struct rows *want, const char *what);
/* The rows, in any order, and no others. Frees `got`. Ends with NULL. */
void rows_expect(struct rows *got, ...);
void rows_fini(struct rows *rows);

struct instance {
	const struct planned *planned;
	struct fb_reader *reader;
};

struct instance_conf {
	enum fb_isa isa;
	uint64_t state_bytes;  /* 0: 8 MiB */
	uint64_t output_bytes; /* 0: 1 MiB */
	int64_t watermark_ms;  /* where a restart begins; with `restarts` */
	bool restarts;
	const struct fb_reader_grid *grids;
	uint32_t grid_cnt;
};

struct instance instance_open(const struct planned *planned, const struct instance_conf *conf);
void instance_close(struct instance *at);
/* Feeds a payload that lies in memory of exactly its size and padding, and flushes. The memory is
 * overwritten after. */
void feed_bytes(struct instance *at, const char *csv, size_t len);
void feed(struct instance *at, const char *csv);
/* The global watermark to what this partition alone allows; then all sealed slices of query `query`
 * as rows. */
struct rows take_fired(struct instance *at, uint32_t query);
/* The end of input (rule M10), and all rows of query 0. */
struct rows take_all(struct instance *at);
/* HAVING is not applied: it is the control plane's. */
void rows_of_slice(
	const struct fb_query_plan *query, const struct fb_slice *slice, struct rows *rows);
/* Rows of a plain query. */
struct rows take_plain(struct instance *at, uint32_t query);

uint64_t count_of(struct instance *at, uint32_t query, enum fb_record_disposition disposition);
/* decoded = the sum of dispositions, accepted = the rows in slices: the ledger of a reader. */
void expect_ledger(struct instance *at, uint32_t query);

/* Plans `sql` over SOURCE, feeds `csv`, ends the input and returns the rows of the only query. */
struct rows answer(const char *prelude, const char *sql, const char *csv);

/* Deterministic random numbers: xorshift64*. */
struct random {
	uint64_t state;
};
uint64_t random_next(struct random *random);
uint64_t random_below(struct random *random, uint64_t bound);

/* yyyy-MM-dd HH:mm:ss.SSS of milliseconds since 1970, by the C library; 24 bytes. */
const char *time_text(int64_t ms, char text[32]);
