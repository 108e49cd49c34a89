/* SPDX-License-Identifier: Apache-2.0 */
/* DISTINCT and FILTER over random records against an answer that keeps every value in a tree; any
 * split over readers, a restart, and a pool that is used up. */
#include "oracle.h"

#include <inttypes.h>
#include <search.h>
#include <stdlib.h>

#include "config/base/calendar.h"
#include "dataplane/operator/slice_private.h"

#define AT ",true,2020-01-01,1970-01-01 00:00:05\n"
#define R(fields) fields AT

static void expect_one(const char *select, const char *csv, const char *want)
{
	char sql[512];
	struct rows rows;

	snprintf(sql, sizeof(sql), "EXPLAIN SELECT %s" TUMBLE_10S BY_WINDOW ";", select);
	rows = answer(SOURCE, sql, csv);
	rows_expect(&rows, want, NULL);
}

/* ---- by hand ---- */

Test(distinct, every_type)
{
	expect_one("COUNT(DISTINCT k), COUNT(DISTINCT g), COUNT(DISTINCT y), COUNT(DISTINCT d), "
		   "COUNT(DISTINCT f), COUNT(DISTINCT ok), COUNT(DISTINCT dt), COUNT(DISTINCT ts)",
		"a,1,1,1,1,1,0.5,1,true,1970-01-02,1970-01-01 00:00:05\n"
		"a,1,1,1,2,1,0.5,2,false,1970-01-03,1970-01-01 00:00:05.001\n"
		"b,2,1,1,1,1,1.5,1,true,1970-01-02,1970-01-01 00:00:05\n"
		"c,1,1,1,1,1,2.5,1,true,1970-01-02,1970-01-01 00:00:05\n"
		"c,1,1,1,1,1,0.5,1,true,1970-01-02,1970-01-01 00:00:05\n",
		"3|2|2|3|2|2|2|2");
}

Test(distinct, nulls_are_no_value)
{
	expect_one("COUNT(DISTINCT a), COUNT(DISTINCT k), SUM(DISTINCT a), COUNT(*)",
		R("~,1,~,1,1,1,1,1") R("~,1,7,1,1,1,1,1") R(",1,7,1,1,1,1,1"), "1|1|7|3");
	expect_one("COUNT(DISTINCT a), SUM(DISTINCT a), AVG(DISTINCT d)",
		R("x,1,~,1,1,1,~,1") R("x,1,~,1,1,1,~,1"), "0|NULL|NULL");
}

/* Texts by bytes: short and long ones, equal beginnings. */
Test(distinct, texts)
{
	expect_one("COUNT(DISTINCT k)",
		R("twelve bytes,1,1,1,1,1,1,1") R("twelve bytes!,1,1,1,1,1,1,1")
			R("twelve bytes?,1,1,1,1,1,1,1") R("twelve bytes!,1,1,1,1,1,1,1")
				R("Twelve bytes!,1,1,1,1,1,1,1") R(",1,1,1,1,1,1,1"),
		"5");
}

/* What is one group is one value. */
Test(distinct, doubles)
{
	expect_one("COUNT(DISTINCT d)",
		R("x,1,1,1,1,1,0,1") R("x,1,1,1,1,1,-0.0,1") R("x,1,1,1,1,1,NaN,1")
			R("x,1,1,1,1,1,NaN,1"),
		"2");
}

Test(distinct, sums_and_averages)
{
	expect_one(
		"SUM(DISTINCT a), AVG(DISTINCT a), SUM(a), AVG(a), SUM(DISTINCT d), AVG(DISTINCT "
		"f), MIN(DISTINCT a), MAX(DISTINCT a)",
		R("x,1,2,1,1,1,0.5,1") R("x,1,2,1,1,1,0.5,1") R("x,1,7,1,1,1,0.25,2"),
		"9|4|11|3|0.75|1.5|2|7");
	/* SUM wraps at the width of its type. */
	expect_one("SUM(DISTINCT y)",
		R("x,1,1,1,127,1,1,1") R("x,1,1,1,127,1,1,1") R("x,1,1,1,1,1,1,1"), "-128");
}

/* One column with and without FILTER: a set for each. */
Test(distinct, filters)
{
	expect_one("COUNT(DISTINCT a), COUNT(DISTINCT a) FILTER (WHERE b > 1), COUNT(DISTINCT a) "
		   "FILTER "
		   "(WHERE b > 2), COUNT(a) FILTER (WHERE b > 1)",
		R("x,1,1,1,1,1,1,1") R("x,1,1,2,1,1,1,1") R("x,1,2,2,1,1,1,1") R("x,1,2,3,1,1,1,1")
			R("x,1,3,~,1,1,1,1"),
		"3|2|1|3");
}

Test(distinct, values_belong_to_their_groups)
{
	struct rows rows =
		answer(SOURCE, "EXPLAIN SELECT k, COUNT(DISTINCT a)" TUMBLE_10S BY_WINDOW ", k;",
			R("a,1,1,1,1,1,1,1") R("b,1,1,1,1,1,1,1") R("a,1,2,1,1,1,1,1")
				R("b,1,1,1,1,1,1,1") R("~,1,1,1,1,1,1,1") R("~,1,1,1,1,1,1,1"));

	rows_expect(&rows, "a|2", "b|1", "NULL|1", NULL);
}

/* ---- against a slow answer ---- */

#define DISTINCT_SQL                                                                            \
	"EXPLAIN SELECT window_start, k, COUNT(*), COUNT(DISTINCT a), COUNT(DISTINCT s), "      \
	"COUNT(DISTINCT d) FILTER (WHERE a > 10), COUNT(DISTINCT a) FILTER (WHERE b > 0), "     \
	"SUM(DISTINCT b), SUM(b) FILTER (WHERE a > 10), COUNT(*) FILTER (WHERE b > 0 AND a IS " \
	"NOT "                                                                                  \
	"NULL), MAX(s) FILTER (WHERE b > 0), AVG(DISTINCT d) FROM TABLE(TUMBLE(TABLE s, "       \
	"DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, k;"
#define SIZE_MS 10000

enum value { A, S, D_A, A_B, B, D, VALUE_CNT };

struct answer_group {
	char name[96];
	uint64_t rows, cnt[VALUE_CNT], pass, sum_b_cnt;
	int64_t sum_distinct_b, sum_b;
	double sum_d;
	char max_s[ORACLE_TEXT_MAX];
	bool has_max;
};

static struct planned planned;
static struct records records;
static struct rows want;
static void *seen;
static void *groups;

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int compare_groups(const void *a, const void *b)
{
	return strcmp(
		((const struct answer_group *)a)->name, ((const struct answer_group *)b)->name);
}

/* Whether no record of the group had this value before. */
static bool is_new(const char *group, enum value which, const char *fmt, ...) FB_PRINTF(3, 4);
static bool is_new(const char *group, enum value which, const char *fmt, ...)
{
	char value[128];
	char *text;
	va_list args;
	bool first;

	va_start(args, fmt);
	vsnprintf(value, sizeof(value), fmt, args);
	va_end(args);
	cr_assert_geq(asprintf(&text, "%s#%d#%s", group, which, value), 0);
	first = *(char **)tsearch(text, &seen, compare_names) == text;
	if (!first)
		free(text);
	return first;
}

static void add_record(struct answer_group *group, const struct record *record)
{
	bool a_large = !record->a_null && record->a > 10;
	bool b_large = !record->b_null && record->b > 0;

	group->rows++;
	if (!record->a_null) {
		group->cnt[A] += is_new(group->name, A, "%d", record->a);
		if (b_large)
			group->cnt[A_B] += is_new(group->name, A_B, "%d", record->a);
	}
	if (!record->s_null) {
		group->cnt[S] += is_new(group->name, S, "%s", record->s);
		if (b_large && (!group->has_max || strcmp(record->s, group->max_s) > 0)) {
			strcpy(group->max_s, record->s);
			group->has_max = true;
		}
	}
	if (!record->d_null) {
		if (a_large)
			group->cnt[D_A] += is_new(group->name, D_A, "%.17g", record->d);
		if (is_new(group->name, D, "%.17g", record->d)) {
			group->cnt[D]++;
			group->sum_d += record->d;
		}
	}
	if (!record->b_null) {
		if (is_new(group->name, B, "%" PRId64, record->b)) {
			group->cnt[B]++;
			group->sum_distinct_b =
				(int64_t)((uint64_t)group->sum_distinct_b + (uint64_t)record->b);
		}
		if (a_large) {
			group->sum_b = (int64_t)((uint64_t)group->sum_b + (uint64_t)record->b);
			group->sum_b_cnt++;
		}
	}
	group->pass += b_large && !record->a_null;
}

static void put_group(const void *node, VISIT which, int depth)
{
	const struct answer_group *group = *(struct answer_group *const *)node;
	char sum_distinct[32] = "NULL", sum[32] = "NULL", average[32] = "NULL";

	(void)depth;
	if (which != leaf && which != postorder)
		return;
	if (group->cnt[B])
		snprintf(sum_distinct, 32, "%" PRId64, group->sum_distinct_b);
	if (group->sum_b_cnt)
		snprintf(sum, 32, "%" PRId64, group->sum_b);
	if (group->cnt[D])
		snprintf(average, 32, "%.17g", group->sum_d / (double)group->cnt[D]);
	rows_add(&want,
		"%s|%" PRIu64 "|%" PRIu64 "|%" PRIu64 "|%" PRIu64 "|%" PRIu64 "|%s|%s|%" PRIu64
		"|%s|%s",
		group->name, group->rows, group->cnt[A], group->cnt[S], group->cnt[D_A],
		group->cnt[A_B], sum_distinct, sum, group->pass,
		group->has_max ? group->max_s : "NULL", average);
}

static void prepare(size_t cnt, uint64_t seed, uint64_t key_cnt)
{
	struct records_conf conf = {.cnt = cnt,
		.seed = seed,
		.key_cnt = key_cnt,
		.span_ms = 40000,
		.jitter_ms = 15000,
		.nulls = true};

	planned = plan_sql(ORACLE_SOURCE("'1' HOUR"), DISTINCT_SQL);
	records = records_make(&conf);
	for (size_t i = 0; i < records.cnt; i++) {
		const struct record *record = &records.at[i];
		struct answer_group *group;
		void *found;

		if (record->ts_null)
			continue;
		group = calloc(1, sizeof(*group));
		cr_assert_not_null(group);
		snprintf(group->name, sizeof(group->name), "%" PRId64 "|%s",
			record->ts / SIZE_MS * SIZE_MS, record->k_null ? "NULL" : record->k);
		found = tsearch(group, &groups, compare_groups);
		if (*(struct answer_group **)found != group)
			free(group);
		add_record(*(struct answer_group **)found, record);
	}
	twalk(groups, put_group);
	cr_assert_gt(want.cnt, 50);
}

static void finish(void)
{
	tdestroy(seen, free);
	tdestroy(groups, free);
	seen = groups = NULL;
	rows_fini(&want);
	records_fini(&records);
	planned_fini(&planned);
}

static void feed_range(struct instance *at, size_t from, size_t to)
{
	struct fb_buf csv = {0};

	records_csv(&records, from, to, &csv);
	feed_bytes(at, csv.p, csv.len);
	fb_buf_fini(&csv);
}

Test(distinct, every_kernel_and_batch_size)
{
	static const size_t pieces[] = {1, 7, 511, 512, 2000};

	prepare(12000, 4711, 40);
	for (uint32_t i = 0; i < FB_ARRAY_LEN(pieces); i++) {
		struct instance_conf conf = {
			.isa = (enum fb_isa)(i % ((uint32_t)fb_isa_detect() + 1))};
		struct instance at = instance_open(&planned, &conf);
		struct rows got;

		for (size_t from = 0; from < records.cnt; from += pieces[i])
			feed_range(&at, from, FB_MIN(from + pieces[i], records.cnt));
		got = take_all(&at);
		rows_expect_equal(&got, &want, fb_isa_name(conf.isa));
		expect_ledger(&at, 0);
		cr_expect_eq(fb_reader_query_counters(at.reader, 0)->state_used_bytes, 0);
		rows_fini(&got);
		instance_close(&at);
	}
	finish();
}

/* ---- several slices ---- */

struct merged {
	struct fb_slice_pool *pool;
	struct fb_slice *slices[16];
	uint32_t cnt;
};

static struct fb_slice *window_of(struct merged *merged, int64_t start_ms)
{
	uint32_t i = 0;

	while (i < merged->cnt && fb_slice_start_ms(merged->slices[i]) != start_ms)
		i++;
	if (i == merged->cnt) {
		cr_assert_lt(i, FB_ARRAY_LEN(merged->slices));
		merged->slices[merged->cnt++] =
			fb_slice_open(merged->pool, planned.layouts[0], start_ms);
		cr_assert_not_null(merged->slices[i]);
	}
	return merged->slices[i];
}

static void take_into(struct merged *merged, struct instance *at, bool by_bytes)
{
	struct fb_slice *slice;
	uint32_t number;

	while ((slice = fb_reader_take_open(at->reader, &number)) != NULL) {
		struct fb_slice *into = window_of(merged, fb_slice_start_ms(slice));
		struct fb_buf bytes = {0};

		if (by_bytes) {
			fb_slice_export(slice, &bytes);
			cr_assert_not(bytes.failed);
			cr_assert_eq(fb_slice_import(into, (const uint8_t *)bytes.p, bytes.len), 0);
			fb_buf_fini(&bytes);
		} else {
			cr_assert_eq(fb_slice_merge(into, slice), 0);
		}
		fb_reader_return_slice(at->reader, number, slice);
	}
}

/* Every record to a reader by chance, the readers' slices together by merge or through bytes. */
Test(distinct, any_split_merges_to_the_same)
{
	prepare(12000, 99, 300);
	for (uint32_t readers = 1; readers <= 8; readers++) {
		struct random random = {readers * 12345};
		struct instance at[8];
		struct merged merged = {0};
		struct rows got = {0};

		for (uint32_t i = 0; i < readers; i++)
			at[i] = instance_open(&planned, NULL);
		cr_assert_eq(fb_slice_pool_create(32u << 20, &merged.pool), 0);
		for (size_t from = 0; from < records.cnt;) {
			size_t some = 1 + random_below(&random, 60);
			size_t to = FB_MIN(from + some, records.cnt);

			feed_range(&at[random_below(&random, readers)], from, to);
			from = to;
		}
		for (uint32_t i = 0; i < readers; i++) {
			take_into(&merged, &at[i], (i + readers) % 2);
			expect_ledger(&at[i], 0);
			instance_close(&at[i]);
		}
		for (uint32_t i = 0; i < merged.cnt; i++) {
			rows_of_slice(planned.queries[0], merged.slices[i], &got);
			fb_slice_close(merged.slices[i]);
		}
		char what[32];

		snprintf(what, sizeof(what), "%u readers", readers);
		rows_expect_equal(&got, &want, what);
		cr_expect_eq(fb_slice_pool_used_bytes(merged.pool), 0);
		rows_fini(&got);
		fb_slice_pool_destroy(merged.pool);
	}
	finish();
}

/* What comes out of bytes is what went in, under another seed too, and cut bytes are no slice. */
Test(distinct, bytes_of_a_slice)
{
	struct merged merged = {0};
	struct rows got = {0};
	struct instance at;
	struct fb_slice *slice;
	uint32_t number;

	prepare(4000, 5, 60);
	at = instance_open(&planned, NULL);
	cr_assert_eq(fb_slice_pool_create(32u << 20, &merged.pool), 0);
	feed_range(&at, 0, records.cnt);
	while ((slice = fb_reader_take_open(at.reader, &number)) != NULL) {
		struct fb_buf bytes = {0};
		struct fb_buf again = {0};
		struct fb_slice *copy;
		struct fb_slice *broken;

		fb_slice_export(slice, &bytes);
		fb_slice_seed();
		copy = window_of(&merged, fb_slice_start_ms(slice));
		cr_assert_eq(fb_slice_import(copy, (const uint8_t *)bytes.p, bytes.len), 0);
		fb_slice_export(copy, &again);
		cr_assert_eq(bytes.len, again.len);
		for (size_t len = 0; len < bytes.len; len += 8 + bytes.len / 50 / 8 * 8) {
			broken = fb_slice_open(merged.pool, planned.layouts[0], 0);
			cr_assert_eq(fb_slice_import(broken, (const uint8_t *)bytes.p, len),
				FB_E_CORRUPT, "%zu of %zu", len, bytes.len);
			fb_slice_close(broken);
		}
		/* The last value names a group that is not there. */
		broken = fb_slice_open(merged.pool, planned.layouts[0], 0);
		memset(bytes.p + bytes.len - 16, 0xff, 8);
		cr_assert_eq(
			fb_slice_import(broken, (const uint8_t *)bytes.p, bytes.len), FB_E_CORRUPT);
		fb_slice_close(broken);
		fb_buf_fini(&bytes);
		fb_buf_fini(&again);
		fb_reader_return_slice(at.reader, number, slice);
	}
	instance_close(&at);
	for (uint32_t i = 0; i < merged.cnt; i++) {
		rows_of_slice(planned.queries[0], merged.slices[i], &got);
		fb_slice_close(merged.slices[i]);
	}
	rows_expect_equal(&got, &want, "bytes");
	rows_fini(&got);
	fb_slice_pool_destroy(merged.pool);
	finish();
}

/* ---- a pool that is used up ---- */

#define FULL_SOURCE                                                                               \
	"CREATE TABLE s (k BIGINT, v STRING, w BIGINT, u STRING, ts TIMESTAMP(3), WATERMARK FOR " \
	"ts "                                                                                     \
	"AS ts - INTERVAL '1' HOUR) WITH ('connector'='udp', 'port'='5000', 'format'='csv');\n"
#define FULL_ROWS 20000

/*
 * Values until the pool is used up, in batches of `piece` rows. What was accepted is told by the
 * counters of each group itself: COUNT(*) and the three sets are to agree with the records that the
 * ledger calls accepted, so nothing is half counted. Every value comes twice, so that a refused
 * record's value must count when another with it is accepted.
 */
static void fill_up(uint64_t pages, size_t piece, bool texts)
{
	struct instance_conf conf = {.state_bytes = pages * FB_PAGE_BYTES};
	struct instance at;
	struct rows got;
	uint64_t accepted;

	planned = plan_sql(FULL_SOURCE,
		texts ? "EXPLAIN SELECT COUNT(*), COUNT(DISTINCT v), COUNT(DISTINCT w), "
			"COUNT(DISTINCT u), MAX(u)" TUMBLE_10S BY_WINDOW ";"
		      : "EXPLAIN SELECT COUNT(*), COUNT(DISTINCT v), COUNT(DISTINCT w), "
			"COUNT(DISTINCT u)" TUMBLE_10S BY_WINDOW ";");
	at = instance_open(&planned, &conf);
	for (size_t from = 0; from < FULL_ROWS; from += piece) {
		struct fb_buf csv = {0};

		for (size_t i = from; i < from + piece; i++)
			fb_buf_printf(&csv,
				"1,value number %zu of many,%zu,%s%zu,1970-01-01 00:00:05\n", i / 2,
				i / 2, i % 4 ? "other " : "another and longer value ", i / 2);
		feed_bytes(&at, csv.p, csv.len);
		fb_buf_fini(&csv);
	}
	accepted = count_of(&at, 0, FB_REC_ACCEPTED);
	cr_expect_gt(count_of(&at, 0, FB_REC_STATE_FULL), 0);
	cr_expect_gt(accepted, 100);
	cr_expect_eq(accepted + count_of(&at, 0, FB_REC_STATE_FULL), FULL_ROWS);
	expect_ledger(&at, 0);

	/* Known values go on: the very first ones are accepted again, and count no more. */
	struct fb_buf csv = {0};

	fb_buf_printf(&csv,
		"1,value number 0 of many,0,another and longer value 0,1970-01-01 00:00:05\n");
	feed_bytes(&at, csv.p, csv.len);
	fb_buf_fini(&csv);
	cr_expect_eq(count_of(&at, 0, FB_REC_ACCEPTED), accepted + 1);
	got = take_all(&at);
	cr_assert_eq(got.cnt, 1);
	/* i / 2: two records share v and w; u is the same for the odd pairs only. */
	uint64_t rows, v, w, u;

	cr_assert_eq(sscanf(got.text[0], "%" SCNu64 "|%" SCNu64 "|%" SCNu64 "|%" SCNu64, &rows, &v,
			     &w, &u),
		4);
	cr_expect_eq(rows, accepted + 1);
	cr_expect_eq(v, w, "%s", got.text[0]);
	cr_expect_leq(v, rows);
	cr_expect_geq(2 * v + 1, rows, "%s", got.text[0]);
	cr_expect_geq(u, v, "%s", got.text[0]);
	rows_fini(&got);
	cr_expect_eq(fb_reader_query_counters(at.reader, 0)->state_used_bytes, 0);
	instance_close(&at);
	planned_fini(&planned);
}

Test(distinct, a_full_pool_counts_nothing_by_halves)
{
	for (uint64_t pages = 12; pages < 40; pages += 3) {
		fill_up(pages, 1, false);
		fill_up(pages, 500, false);
		fill_up(pages, 500, true);
	}
}

/* A value longer than a page finds no room anywhere. */
Test(distinct, value_too_long)
{
	char *text = malloc(FB_PAGE_BYTES + 2);
	struct fb_buf csv = {0};
	struct instance at;
	struct rows got;

	cr_assert_not_null(text);
	memset(text, 'x', FB_PAGE_BYTES + 1);
	text[FB_PAGE_BYTES + 1] = 0;
	planned = plan_sql(FULL_SOURCE,
		"EXPLAIN SELECT COUNT(*), COUNT(DISTINCT w), COUNT(DISTINCT v)" TUMBLE_10S BY_WINDOW
		";");
	at = instance_open(&planned, NULL);
	fb_buf_printf(&csv, "1,a,1,,1970-01-01 00:00:05\n1,%s,2,,1970-01-01 00:00:05\n", text);
	fb_buf_printf(&csv, "1,%s,3,,1970-01-01 00:00:05\n1,b,3,,1970-01-01 00:00:05\n", text);
	feed_bytes(&at, csv.p, csv.len);
	fb_buf_fini(&csv);
	cr_expect_eq(count_of(&at, 0, FB_REC_KEY_TOO_LONG), 2);
	expect_ledger(&at, 0);
	got = take_all(&at);
	rows_expect(&got, "2|2|2", NULL);
	instance_close(&at);
	planned_fini(&planned);
	free(text);
}
