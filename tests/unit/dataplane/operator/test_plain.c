/* SPDX-License-Identifier: Apache-2.0 */
/* Queries without a window, rows as bytes, and slices as bytes that somebody has damaged. */
#include "harness.h"

#include <stdlib.h>

#define P_SOURCE                                                                               \
	"CREATE TABLE s (id BIGINT, n STRING, a INT) WITH ('connector'='udp', 'port'='5000', " \
	"'format'='csv', "                                                                     \
	"'csv.null-literal'='~');\n"

Test(plain, projection_and_where)
{
	struct rows rows = answer(P_SOURCE, "EXPLAIN SELECT n, id + 1, a * 2 FROM s WHERE a > 1;",
		"1,one,1\n2,two,2\n~,~,3\n4,,~\n5,\"a, \"\"b\"\"\",5\n");

	rows_expect(&rows, "two|3|4", "NULL|NULL|6", "a, \"b\"|6|10", NULL);
}

Test(plain, rows_keep_their_order)
{
	struct planned planned = plan_sql(P_SOURCE, "EXPLAIN SELECT id, n FROM s;");
	struct instance at = instance_open(&planned, NULL);
	struct fb_buf csv = {0};
	struct rows rows;

	for (int i = 0; i < 3000; i++)
		fb_buf_printf(&csv, "%d,name %d,1\n", i, i);
	feed_bytes(&at, csv.p, csv.len);
	cr_expect_eq(fb_reader_query_counters(at.reader, 0)->rows_waiting, 3000);
	rows = take_plain(&at, 0);
	cr_assert_eq(rows.cnt, 3000);
	for (int i = 0; i < 3000; i++) {
		char want[32];

		snprintf(want, sizeof(want), "%d|name %d", i, i);
		cr_assert_str_eq(rows.text[i], want);
	}
	expect_ledger(&at, 0);
	rows_fini(&rows);
	fb_buf_fini(&csv);
	instance_close(&at);
	planned_fini(&planned);
}

/* Pages that nobody takes: rows are refused as FB_REC_OUTPUT_FULL, and go on when pages come back.
 */
Test(plain, output_full)
{
	struct instance_conf conf = {.output_bytes = 4 * 65536};
	struct planned planned = plan_sql(P_SOURCE, "EXPLAIN SELECT id, n FROM s;");
	struct instance at = instance_open(&planned, &conf);
	struct fb_buf csv = {0};
	struct rows rows;
	uint64_t accepted;

	for (int i = 0; i < 30000; i++)
		fb_buf_printf(&csv, "%d,name %d,1\n", i, i);
	feed_bytes(&at, csv.p, csv.len);
	accepted = count_of(&at, 0, FB_REC_ACCEPTED);
	cr_expect_gt(accepted, 5000);
	cr_expect_eq(accepted + count_of(&at, 0, FB_REC_OUTPUT_FULL), 30000);
	expect_ledger(&at, 0);
	rows = take_plain(&at, 0);
	cr_expect_eq(rows.cnt, accepted);
	rows_fini(&rows);
	feed(&at, "1,again,1\n");
	cr_expect_eq(count_of(&at, 0, FB_REC_ACCEPTED), accepted + 1);
	rows = take_plain(&at, 0);
	rows_expect(&rows, "1|again", NULL);
	fb_buf_fini(&csv);
	instance_close(&at);
	planned_fini(&planned);
}

/* A row that no page holds is refused; its neighbours are not. */
Test(plain, row_longer_than_a_page)
{
	struct planned planned = plan_sql(P_SOURCE, "EXPLAIN SELECT n, n, id FROM s;");
	struct instance at = instance_open(&planned, NULL);
	struct fb_buf csv = {0};
	struct rows rows;

	fb_buf_add_text(&csv, "1,a,1\n2,");
	for (int i = 0; i < 40000; i++)
		fb_buf_add_char(&csv, 'x');
	fb_buf_add_text(&csv, ",1\n3,c,1\n");
	feed_bytes(&at, csv.p, csv.len);
	cr_expect_eq(count_of(&at, 0, FB_REC_OUTPUT_FULL), 1);
	rows = take_plain(&at, 0);
	rows_expect(&rows, "a|a|1", "c|c|3", NULL);
	expect_ledger(&at, 0);
	fb_buf_fini(&csv);
	instance_close(&at);
	planned_fini(&planned);
}

/* Only pages that are full, unless asked otherwise. */
Test(plain, pages)
{
	struct planned planned = plan_sql(P_SOURCE, "EXPLAIN SELECT id FROM s;");
	struct instance at = instance_open(&planned, NULL);
	struct fb_row_page *page;

	feed(&at, "1,a,1\n");
	cr_expect_null(fb_reader_take_rows(at.reader, false));
	page = fb_reader_take_rows(at.reader, true);
	cr_assert_not_null(page);
	cr_expect_eq(page->row_cnt, 1);
	fb_reader_return_rows(at.reader, page);
	cr_expect_null(fb_reader_take_rows(at.reader, true));
	instance_close(&at);
	planned_fini(&planned);
}

/* Several queries over one source: each has its own ledger. */
Test(plain, beside_windows)
{
	struct planned planned = plan_sql(SOURCE,
		"EXPLAIN SELECT COUNT(*)" TUMBLE_10S BY_WINDOW
		"; EXPLAIN SELECT a FROM s WHERE a > 1; EXPLAIN SELECT k, 10 / a FROM s;");
	struct instance at = instance_open(&planned, NULL);
	struct rows rows;

	feed(&at, "x,1,2,1,1,1,1,1,true,2020-01-01,1970-01-01 "
		  "00:00:05\ny,1,0,1,1,1,1,1,true,2020-01-01,~\n");
	cr_expect_eq(count_of(&at, 0, FB_REC_ACCEPTED), 1);
	cr_expect_eq(count_of(&at, 0, FB_REC_NULL_TIME), 1);
	cr_expect_eq(count_of(&at, 1, FB_REC_FILTERED), 1);
	cr_expect_eq(count_of(&at, 2, FB_REC_EXPRESSION), 1);
	for (uint32_t i = 0; i < 3; i++)
		expect_ledger(&at, i);
	rows = take_fired(&at, 0);
	rows_expect(&rows, NULL);
	rows = take_all(&at);
	rows_expect(&rows, "1", NULL);
	instance_close(&at);
	planned_fini(&planned);
}

/* What the decoder refuses never reaches a query. */
Test(plain, refused_by_the_decoder)
{
	static const char source[] = "CREATE TABLE s (id BIGINT NOT NULL, n STRING, t "
				     "TIMESTAMP(3)) WITH ('connector'='udp', 'port'='5000', "
				     "'format'='csv', 'csv.null-literal'='~');\n";
	struct planned planned = plan_sql(source, "EXPLAIN SELECT id, n, t FROM s;");
	struct instance at = instance_open(&planned, NULL);
	const uint64_t *rejected = fb_reader_decode_counters(at.reader)->rejected;
	struct rows rows;

	feed(&at, "1,a,1970-01-01 00:00:00\n2,b\nx,c,1970-01-01 "
		  "00:00:00\n4,d,yesterday\n~,e,1970-01-01 00:00:00\n"
		  "6,\"f\"f,1970-01-01 00:00:00\n7,g,1970-01-01 00:00:00\n");
	cr_expect_eq(rejected[FB_REC_ARITY], 1);
	cr_expect_eq(rejected[FB_REC_NUMBER], 1);
	cr_expect_eq(rejected[FB_REC_DATETIME], 1);
	cr_expect_eq(rejected[FB_REC_NULL_VIOLATION], 1);
	cr_expect_eq(rejected[FB_REC_QUOTE], 1);
	rows = take_plain(&at, 0);
	rows_expect(&rows, "1|a|0", "7|g|0", NULL);
	expect_ledger(&at, 0);
	instance_close(&at);
	planned_fini(&planned);
}

/* ---- damaged bytes ---- */

/* Every cut and every flipped byte of a row: an error or other values, never a read outside. */
Test(damage, rows)
{
	struct fb_type types[] = {{.kind = FB_T_BIGINT}, {.kind = FB_T_VARCHAR, .length = 100},
		{.kind = FB_T_DOUBLE}};
	int64_t id = 77;
	struct fb_str name = FB_STR("a name of some length");
	double d = 0.5;
	uint64_t valid = 1;
	struct fb_column column[] = {{.i64 = &id, .valid = &valid}, {.str = &name, .valid = &valid},
		{.f64 = &d, .valid = &valid}};
	const struct fb_column *columns[] = {&column[0], &column[1], &column[2]};
	uint8_t bytes[128];
	uint32_t len = fb_row_encode(columns, types, 3, 0, bytes);
	struct fb_value values[3];

	cr_assert_eq(len, fb_row_bytes(columns, types, 3, 0));
	cr_assert_eq(fb_row_decode(bytes, len, types, 3, values), len);
	cr_expect_eq(values[0].i64, 77);
	cr_expect(fb_str_eq(values[1].str, name));
	for (uint32_t cut = 0; cut < len; cut++) {
		uint8_t *copy = malloc(cut + 1);

		memcpy(copy, bytes, cut);
		copy = realloc(copy, cut ? cut : 1);
		cr_expect_eq(
			fb_row_decode(copy, cut, types, 3, values), FB_E_CORRUPT, "cut at %u", cut);
		free(copy);
	}
	for (uint32_t at = 0; at < len * 8; at++) {
		uint8_t *copy = malloc(len);

		memcpy(copy, bytes, len);
		copy[at / 8] ^= (uint8_t)(1u << (at % 8));

		int64_t used = fb_row_decode(copy, len, types, 3, values);

		cr_expect(used == len || used == FB_E_CORRUPT);
		free(copy);
	}
}

static void import_damaged(
	const struct planned *planned, struct fb_slice_pool *pool, const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len + 1);
	struct fb_slice *into = fb_slice_open(pool, planned->layouts[0], 0);
	struct rows rows = {0};

	cr_assert_not_null(into);
	memcpy(copy, bytes, len);
	/* Whatever comes of it can be read. */
	if (fb_slice_import(into, copy, len) == 0)
		rows_of_slice(planned->queries[0], into, &rows);
	free(copy);
	rows_fini(&rows);
	fb_slice_close(into);
}

Test(damage, slices)
{
	struct planned planned = plan_sql(SOURCE,
		"EXPLAIN SELECT k, g, COUNT(*), AVG(b), MIN(k), MAX(k), SUM(d)" TUMBLE_10S BY_WINDOW
		", k, g;");
	struct instance at = instance_open(&planned, NULL);
	struct fb_slice_pool *pool;
	struct fb_slice *slice;
	struct fb_buf bytes = {0};
	struct random random = {5};
	uint32_t number;

	feed(&at, "a text of more than "
		  "twelve,1,2,-9223372036854775808,1,1,1,1,true,2020-01-01,1970-01-01 00:00:05\n"
		  "short,1,0,1,1,1,1,1,true,2020-01-01,1970-01-01 "
		  "00:00:05\n~,~,~,~,1,1,~,1,true,2020-01-01,1970-01-01 00:00:05\n");
	slice = fb_reader_take_open(at.reader, &number);
	cr_assert_not_null(slice);
	fb_slice_export(slice, &bytes);
	fb_reader_return_slice(at.reader, number, slice);
	cr_assert_eq(fb_slice_pool_create(1 << 20, &pool), 0);
	for (size_t cut = 0; cut < bytes.len; cut++) {
		struct fb_slice *into = fb_slice_open(pool, planned.layouts[0], 0);

		cr_expect_eq(fb_slice_import(into, (const uint8_t *)bytes.p, cut), FB_E_CORRUPT,
			"cut at %zu", cut);
		fb_slice_close(into);
	}
	for (size_t bit = 0; bit < bytes.len * 8; bit++) {
		bytes.p[bit / 8] ^= (char)(1u << (bit % 8));
		import_damaged(&planned, pool, (const uint8_t *)bytes.p, bytes.len);
		bytes.p[bit / 8] ^= (char)(1u << (bit % 8));
	}
	/* Whole words: all ones, as a count or a length would be at its worst. */
	for (int i = 0; i < 2000; i++) {
		struct fb_buf copy = {0};

		fb_buf_add(&copy, bytes.p, bytes.len);
		for (uint64_t n = 1 + random_below(&random, 3); n > 0; n--)
			memset(copy.p + 8 * random_below(&random, bytes.len / 8),
				random_below(&random, 2) ? 0xff : 0x7f, 8);
		import_damaged(&planned, pool, (const uint8_t *)copy.p, copy.len);
		fb_buf_fini(&copy);
	}
	cr_expect_eq(fb_slice_pool_used_bytes(pool), 0);
	fb_slice_pool_destroy(pool);
	fb_buf_fini(&bytes);
	instance_close(&at);
	planned_fini(&planned);
}
