/* SPDX-License-Identifier: Apache-2.0 */
/* Slices of one window without a group in common: read one after the other they give the rows of their merge. */
#include "harness.h"

#include "dataplane/operator/slice_private.h"

#define READERS 3
#define SQL                                                                                                      \
	"EXPLAIN SELECT k, g, COUNT(*), COUNT(a), SUM(a), MIN(a), MAX(a), SUM(CAST(a AS BIGINT)), "              \
	"AVG(CAST(a AS DOUBLE)), SUM(b) FILTER (WHERE ok), MIN(d), MAX(d), SUM(CAST(a AS DECIMAL(38, 2))), "      \
	"MIN(CAST(b AS DECIMAL(20, 0)))" TUMBLE_10S BY_WINDOW ", k, g;"

static struct planned planned;
static struct instance at[READERS];
static struct fb_slice *slices[READERS];

/* Records by chance, many of them with NULLs, with keys that are short, long and NULL; `keys` apart or in common. */
static void feed_by_chance(uint32_t reader, uint32_t records, uint32_t keys, uint32_t first_key)
{
	struct random random = {reader * 7919 + 17};

	for (uint32_t i = 0; i < records; i++) {
		uint32_t key = first_key + (uint32_t)random_below(&random, keys);
		char line[256];
		char name[64];
		char a[16];

		snprintf(name, sizeof(name), key % 7 == 0 ? "a name beyond twelve bytes %u" : "k%u", key);
		snprintf(a, sizeof(a), random_below(&random, 3) ? "%d" : "~", (int)random_below(&random, 2000) - 1000);
		snprintf(line, sizeof(line), "%s,%u,%s,%d,1,1,%d.5,1,%s,2020-01-01,1970-01-01 00:00:05\n",
			key % 11 == 0 ? "~" : name, key % 5, a, (int)random_below(&random, 1000) - 500,
			(int)random_below(&random, 64), key % 2 ? "true" : "false");
		feed(&at[reader], line);
	}
}

static void open_all(void)
{
	planned = plan_sql(SOURCE, SQL);
	for (uint32_t i = 0; i < READERS; i++)
		at[i] = instance_open(&planned, NULL);
}

static void take_all_slices(void)
{
	uint32_t query;

	for (uint32_t i = 0; i < READERS; i++) {
		slices[i] = fb_reader_take_open(at[i].reader, &query);
		cr_assert_not_null(slices[i]);
		cr_assert_null(fb_reader_take_open(at[i].reader, &query));
	}
}

static void close_all(void)
{
	for (uint32_t i = 0; i < READERS; i++) {
		fb_reader_return_slice(at[i].reader, 0, slices[i]);
		instance_close(&at[i]);
	}
	planned_fini(&planned);
}

static void part_all(void)
{
	for (uint32_t from = 1; from < READERS; from++)
		for (uint32_t into = 0; into < from; into++)
			fb_slice_part(slices[into], slices[from]);
}

static void expect_merge_and_parts_equal(const char *what)
{
	struct fb_slice_pool *pool;
	struct fb_slice *merged;
	struct rows want = {0};
	struct rows got = {0};
	uint64_t row_cnt = 0;

	cr_assert(fb_slice_can_part(planned.layouts[0]));
	cr_assert_eq(fb_slice_pool_create(16u << 20, &pool), 0);
	merged = fb_slice_open(pool, planned.layouts[0], slices[0]->start_ms);
	for (uint32_t i = 0; i < READERS; i++)
		cr_assert_eq(fb_slice_merge(merged, slices[i]), 0);
	rows_of_slice(planned.queries[0], merged, &want);

	/* Twice: what was added up already is not added again. */
	part_all();
	part_all();
	for (uint32_t i = 0; i < READERS; i++) {
		rows_of_slice(planned.queries[0], slices[i], &got);
		row_cnt += fb_slice_row_cnt(slices[i]);
	}
	rows_expect_equal(&got, &want, what);
	cr_expect_eq(row_cnt, fb_slice_row_cnt(merged));
	rows_fini(&got);
	rows_fini(&want);
	fb_slice_close(merged);
	fb_slice_pool_destroy(pool);
}

Test(part, reads_as_the_merge)
{
	static const struct {
		uint32_t records, keys, apart;
		const char *what;
	} cases[] = {{300, 40, 0, "all in common"}, {300, 40, 1000, "none in common"}, {300, 200, 100, "some in common"},
		{3000, 3000, 700, "more than a segment"}};

	for (uint32_t c = 0; c < FB_ARRAY_LEN(cases); c++) {
		open_all();
		for (uint32_t i = 0; i < READERS; i++)
			feed_by_chance(i, cases[c].records, cases[c].keys, 1 + i * cases[c].apart);
		take_all_slices();
		expect_merge_and_parts_equal(cases[c].what);
		close_all();
	}
}

/* What is empty now can be stored and comes back empty. */
Test(part, survives_the_store)
{
	struct rows want = {0};
	struct rows got = {0};

	open_all();
	for (uint32_t i = 0; i < READERS; i++)
		feed_by_chance(i, 300, 60, 1 + i * 20);
	take_all_slices();
	part_all();
	for (uint32_t i = 0; i < READERS; i++) {
		struct fb_slice_pool *pool;
		struct fb_slice *copy;
		struct fb_buf bytes = {0};

		cr_assert_eq(fb_slice_pool_create(4u << 20, &pool), 0);
		copy = fb_slice_open(pool, planned.layouts[0], slices[i]->start_ms);
		fb_slice_export(slices[i], &bytes);
		cr_assert_eq(fb_slice_import(copy, (const uint8_t *)bytes.p, bytes.len), 0);
		rows_of_slice(planned.queries[0], slices[i], &want);
		rows_of_slice(planned.queries[0], copy, &got);
		fb_buf_fini(&bytes);
		fb_slice_close(copy);
		fb_slice_pool_destroy(pool);
	}
	rows_expect_equal(&got, &want, "out of the store");
	rows_fini(&got);
	rows_fini(&want);
	close_all();
}

Test(part, is_not_for_texts_and_distinct_values)
{
	static const char *const sql[] = {"EXPLAIN SELECT COUNT(DISTINCT a)" TUMBLE_10S BY_WINDOW ";",
		"EXPLAIN SELECT MIN(k)" TUMBLE_10S BY_WINDOW ";"};

	for (uint32_t i = 0; i < FB_ARRAY_LEN(sql); i++) {
		struct planned other = plan_sql(SOURCE, sql[i]);

		cr_expect_not(fb_slice_can_part(other.layouts[0]), "%s", sql[i]);
		planned_fini(&other);
	}
}
