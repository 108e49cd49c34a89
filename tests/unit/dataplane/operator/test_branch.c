/* SPDX-License-Identifier: Apache-2.0 */
/* Branches of a UNION ALL below a window: each makes records of its own of those that the reader decodes. */
#include "harness.h"

#include <stdlib.h>

#define UNION_OF(sides) "CREATE VIEW u AS " sides ";"
#define COUNTS                                                                                    \
	"EXPLAIN SELECT window_start, k, COUNT(*), SUM(x) FROM TABLE(TUMBLE(TABLE u, DESCRIPTOR(ts), " \
	"INTERVAL '10' SECOND)) WHERE x <> 7 GROUP BY window_start, window_end, k;"

struct branches {
	struct planned planned;
	struct fb_reader *reader;
	uint32_t cnt;
};

/* One reader, with a query for each branch. */
static struct branches branches_open(const char *sql)
{
	struct branches at = {.planned = plan_sql(SOURCE, sql)};
	const struct fb_query_plan *query = at.planned.queries[0];
	const struct fb_query_plan *queries[QUERY_MAX];
	const struct fb_slice_layout *layouts[QUERY_MAX];
	struct fb_reader_conf conf = {.source = query->source,
		.queries = queries,
		.branches = query->branches,
		.layouts = layouts,
		.query_cnt = query->branch_cnt,
		.framing = FB_FRAMING_NEWLINE,
		.isa = fb_isa_detect(),
		.state_bytes = 1 << 20,
		.output_bytes = 1 << 20,
		.watermark_ms = FB_TIME_MIN};

	at.cnt = query->branch_cnt;
	for (uint32_t i = 0; i < at.cnt; i++) {
		queries[i] = query;
		layouts[i] = at.planned.layouts[0];
	}
	cr_assert_eq(fb_reader_create(&conf, &at.reader), 0);
	return at;
}

static void branches_close(struct branches *at)
{
	fb_reader_destroy(at->reader);
	planned_fini(&at->planned);
}

static void branches_feed(struct branches *at, const char *csv)
{
	size_t len = strlen(csv);
	uint8_t *bytes = calloc(1, len + FB_PAYLOAD_PAD_BYTES);

	cr_assert_not_null(bytes);
	memcpy(bytes, csv, len);
	fb_reader_feed(at->reader, bytes, (uint32_t)len);
	fb_reader_flush(at->reader);
	free(bytes);
}

/* Rows of the slices of each branch, with its number in front; the ledger of each. */
static struct rows branches_end(struct branches *at)
{
	const struct fb_decode_counters *decode = fb_reader_decode_counters(at->reader);
	struct fb_slice *slice;
	struct rows all = {0};
	uint32_t number;

	fb_reader_set_watermark(at->reader, FB_TIME_MAX);
	while ((slice = fb_reader_take_sealed(at->reader, &number)) != NULL) {
		struct rows rows = {0};

		rows_of_slice(at->planned.queries[0], slice, &rows);
		for (size_t i = 0; i < rows.cnt; i++)
			rows_add(&all, "%u: %s", number, rows.text[i]);
		rows_fini(&rows);
		fb_reader_return_slice(at->reader, number, slice);
	}
	for (uint32_t i = 0; i < at->cnt; i++) {
		const struct fb_query_counters *counters = fb_reader_query_counters(at->reader, i);
		uint64_t sum = 0;

		for (int d = 0; d < FB_REC_CNT; d++)
			sum += counters->disposition[d];
		cr_expect_eq(sum, decode->decoded);
		cr_expect_eq(counters->disposition[FB_REC_ACCEPTED], counters->sealed_rows);
	}
	return all;
}

static uint64_t branch_count(struct branches *at, uint32_t branch, enum fb_record_disposition disposition)
{
	return fb_reader_query_counters(at->reader, branch)->disposition[disposition];
}

/* Columns are the branch's expressions; filters of a branch and of the rows of all both count as filtered. */
Test(branch, select_and_filters)
{
	struct branches at = branches_open(UNION_OF("SELECT k, b AS x, ts FROM s WHERE a > 1 UNION ALL "
						    "SELECT 'g', g * 10, ts FROM s WHERE ok") COUNTS);
	struct rows rows;

	branches_feed(&at,
		"k1,1,2,5,1,1,1,1,true,2020-01-01,1970-01-01 00:00:05\n"
		"k1,2,2,6,1,1,1,1,true,2020-01-01,1970-01-01 00:00:06\n"
		"k2,3,0,6,1,1,1,1,false,2020-01-01,1970-01-01 00:00:06\n"
		"k3,4,2,7,1,1,1,1,false,2020-01-01,1970-01-01 00:00:06\n");
	rows = branches_end(&at);
	rows_expect(&rows, "0: 0|k1|2|11", "1: 0|g|2|30", NULL);
	cr_expect_eq(branch_count(&at, 0, FB_REC_FILTERED), 2);
	cr_expect_eq(branch_count(&at, 1, FB_REC_FILTERED), 2);
	branches_close(&at);
}

/* The watermark is the source's: a record that one branch drops makes another's late. */
Test(branch, late_by_records_that_nobody_takes)
{
	struct branches at = branches_open(UNION_OF("SELECT k, b AS x, ts FROM s WHERE a > 1 UNION ALL "
						    "SELECT 'g', g, ts FROM s WHERE a < 1") COUNTS);
	struct rows rows;

	branches_feed(&at,
		"k1,1,2,5,1,1,1,1,true,2020-01-01,1970-01-01 00:00:05\n"
		"k1,1,1,5,1,1,1,1,true,2020-01-01,1970-01-01 00:00:12\n"
		"k1,1,2,5,1,1,1,1,true,2020-01-01,1970-01-01 00:00:09\n"
		"k1,1,0,5,1,1,1,1,true,2020-01-01,1970-01-01 00:00:09\n"
		"k1,1,0,5,1,1,1,1,true,2020-01-01,1970-01-01 00:00:11\n");
	rows = branches_end(&at);
	rows_expect(&rows, "0: 0|k1|1|5", "1: 10000|g|1|1", NULL);
	cr_expect_eq(branch_count(&at, 0, FB_REC_LATE), 1);
	cr_expect_eq(branch_count(&at, 1, FB_REC_LATE), 1);
	branches_close(&at);
}

/* What cannot be computed is dropped by the branch that computes it; a column that nobody reads is not computed. */
Test(branch, failures)
{
	struct branches at = branches_open(UNION_OF("SELECT k, 10 / a AS x, ts, 1 / g AS unread FROM s UNION ALL "
						    "SELECT k, a, ts, 1 FROM s") COUNTS);
	struct rows rows;

	branches_feed(&at,
		"k1,0,2,5,1,1,1,1,true,2020-01-01,1970-01-01 00:00:05\n"
		"k1,0,0,5,1,1,1,1,true,2020-01-01,1970-01-01 00:00:05\n"
		"k2,1,5,5,1,1,1,1,true,2020-01-01,~\n");
	rows = branches_end(&at);
	rows_expect(&rows, "0: 0|k1|1|5", "1: 0|k1|2|2", NULL);
	cr_expect_eq(branch_count(&at, 0, FB_REC_EXPRESSION), 1);
	cr_expect_eq(branch_count(&at, 1, FB_REC_EXPRESSION), 0);
	cr_expect_eq(branch_count(&at, 0, FB_REC_NULL_TIME), 1);
	branches_close(&at);
}
