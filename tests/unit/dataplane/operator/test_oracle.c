/* SPDX-License-Identifier: Apache-2.0 */
/* Random records against the oracle: one reader, any batch size, every kernel, several readers
 * merged, a restart. */
#include "oracle.h"

#include <stdlib.h>

#include "config/base/calendar.h"

static struct planned planned;
static struct records records;
static struct rows want;
static struct oracle_counts counts;

static void prepare(const struct records_conf *conf, const char *prelude, int64_t delay_ms)
{
	planned = plan_sql(prelude, ORACLE_SQL);
	records = records_make(conf);
	want = oracle_answer(&records, delay_ms, &counts);
	cr_assert_gt(want.cnt, 0);
}

static void finish(void)
{
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

static void expect_counts(struct instance *at)
{
	cr_expect_eq(count_of(at, 0, FB_REC_ACCEPTED), counts.accepted);
	cr_expect_eq(count_of(at, 0, FB_REC_FILTERED), counts.filtered);
	cr_expect_eq(count_of(at, 0, FB_REC_LATE), counts.late);
	cr_expect_eq(count_of(at, 0, FB_REC_NULL_TIME), counts.null_time);
	cr_expect_eq(fb_reader_query_counters(at->reader, 0)->sum_overflows, counts.sum_overflows);
	expect_ledger(at, 0);
}

/* All records in pieces of `piece`; fired windows are taken after each. */
static void run_pieces(const struct instance_conf *conf, size_t piece, const char *what)
{
	struct instance at = instance_open(&planned, conf);
	struct rows got = {0};

	for (size_t from = 0; from < records.cnt; from += piece) {
		struct rows fired;

		feed_range(&at, from, FB_MIN(from + piece, records.cnt));
		fired = take_fired(&at, 0);
		for (size_t i = 0; i < fired.cnt; i++)
			rows_add(&got, "%s", fired.text[i]);
		rows_fini(&fired);
	}

	struct rows rest = take_all(&at);

	for (size_t i = 0; i < rest.cnt; i++)
		rows_add(&got, "%s", rest.text[i]);
	rows_fini(&rest);
	rows_expect_equal(&got, &want, what);
	expect_counts(&at);
	cr_expect_eq(
		fb_reader_query_counters(at.reader, 0)->state_used_bytes, 0, "pages are missing");
	rows_fini(&got);
	instance_close(&at);
}

static const struct records_conf late_and_null = {.cnt = 6000,
	.seed = 4711,
	.key_cnt = 60,
	.span_ms = 100000,
	.jitter_ms = 9000,
	.nulls = true};

Test(oracle, records_with_nulls_and_late_ones)
{
	prepare(&late_and_null, ORACLE_SOURCE("'3' SECOND"), 3000);
	cr_assert_gt(counts.late, 100);
	cr_assert_gt(counts.filtered, 100);
	cr_assert_gt(counts.null_time, 20);
	cr_assert_gt(counts.sum_overflows, 10);
	run_pieces(NULL, records.cnt, "one payload");
	finish();
}

Test(oracle, any_batch_size_equals_one_record_at_a_time)
{
	static const size_t pieces[] = {1, 2, 7, 64, 511, 512, 513, 1000};

	prepare(&late_and_null, ORACLE_SOURCE("'3' SECOND"), 3000);
	for (size_t i = 0; i < FB_ARRAY_LEN(pieces); i++) {
		char what[32];

		snprintf(what, sizeof(what), "pieces of %zu", pieces[i]);
		run_pieces(NULL, pieces[i], what);
	}
	finish();
}

Test(oracle, every_kernel_gives_the_same)
{
	struct records_conf conf = {.cnt = 30000,
		.seed = 99,
		.key_cnt = 3000,
		.span_ms = 60000,
		.jitter_ms = 9000,
		.nulls = true};

	prepare(&conf, ORACLE_SOURCE("'5' SECOND"), 5000);
	for (int isa = FB_ISA_SCALAR; isa <= (int)fb_isa_detect(); isa++) {
		struct instance_conf with = {.isa = (enum fb_isa)isa, .state_bytes = 32u << 20};

		run_pieces(&with, 700, fb_isa_name((enum fb_isa)isa));
	}
	finish();
}

/* ---- several readers ---- */

/* Slices of all readers by window, merged in a pool of the test. */
struct merged {
	struct fb_slice_pool *pool;
	struct fb_slice *slices[64];
	uint32_t cnt;
};

static void merge_into(struct merged *merged, const struct fb_slice *from)
{
	uint32_t i = 0;

	while (i < merged->cnt && fb_slice_start_ms(merged->slices[i]) != fb_slice_start_ms(from))
		i++;
	if (i == merged->cnt) {
		cr_assert_lt(i, FB_ARRAY_LEN(merged->slices));
		merged->slices[merged->cnt++] =
			fb_slice_open(merged->pool, planned.layouts[0], fb_slice_start_ms(from));
		cr_assert_not_null(merged->slices[i]);
	}
	cr_assert_eq(fb_slice_merge(merged->slices[i], from), 0);
}

static void merged_expect(struct merged *merged, const char *what)
{
	struct rows got = {0};
	uint64_t rows = 0;

	for (uint32_t i = 0; i < merged->cnt; i++) {
		rows_of_slice(planned.queries[0], merged->slices[i], &got);
		rows += fb_slice_row_cnt(merged->slices[i]);
		fb_slice_close(merged->slices[i]);
	}
	rows_expect_equal(&got, &want, what);
	cr_expect_eq(rows, counts.accepted);
	cr_expect_eq(fb_slice_pool_used_bytes(merged->pool), 0);
	rows_fini(&got);
	fb_slice_pool_destroy(merged->pool);
}

static void take_into(struct merged *merged, struct instance *at, bool open)
{
	struct fb_slice *slice;
	uint32_t number;

	while ((slice = open ? fb_reader_take_open(at->reader, &number)
			     : fb_reader_take_sealed(at->reader, &number)) != NULL) {
		merge_into(merged, slice);
		fb_reader_return_slice(at->reader, number, slice);
	}
}

/* Each record goes to a reader by chance. Nothing is late: the delay is longer than all records. */
Test(oracle, merge_of_readers_equals_one)
{
	struct records_conf conf = {.cnt = 12000,
		.seed = 7,
		.key_cnt = 500,
		.span_ms = 60000,
		.jitter_ms = 20000,
		.nulls = true};

	prepare(&conf, ORACLE_SOURCE("'1' HOUR"), 3600000);
	cr_assert_eq(counts.late, 0);
	for (uint32_t readers = 1; readers <= 8; readers++) {
		struct random random = {readers * 77777};
		struct instance at[8];
		struct merged merged = {0};
		char what[32];

		for (uint32_t i = 0; i < readers; i++)
			at[i] = instance_open(&planned, NULL);
		cr_assert_eq(fb_slice_pool_create(16u << 20, &merged.pool), 0);
		for (size_t from = 0; from < records.cnt;) {
			size_t some = 1 + random_below(&random, 40);
			size_t to = FB_MIN(from + some, records.cnt);

			feed_range(&at[random_below(&random, readers)], from, to);
			from = to;
		}
		for (uint32_t i = 0; i < readers; i++) {
			fb_reader_set_watermark(at[i].reader, FB_TIME_MAX);
			take_into(&merged, &at[i], false);
			expect_ledger(&at[i], 0);
			instance_close(&at[i]);
		}
		snprintf(what, sizeof(what), "%u readers", readers);
		merged_expect(&merged, what);
	}
	finish();
}

/* ---- restart ---- */

static void export_open(struct instance *at, struct merged *merged)
{
	struct fb_slice *slice;
	uint32_t number;

	while ((slice = fb_reader_take_open(at->reader, &number)) != NULL) {
		struct fb_buf bytes = {0};
		struct fb_slice *copy =
			fb_slice_open(merged->pool, planned.layouts[0], fb_slice_start_ms(slice));
		uint8_t *odd;

		fb_slice_export(slice, &bytes);
		cr_assert_not(bytes.failed);
		fb_reader_return_slice(at->reader, number, slice);
		/* Hashes do not outlive the process: the next one has another seed. */
		fb_slice_seed();
		/* What the store gives back lies at any address. */
		odd = malloc(bytes.len + 1);
		memcpy(odd + 1, bytes.p, bytes.len);
		cr_assert_eq(fb_slice_import(copy, odd + 1, bytes.len), 0);
		free(odd);
		fb_buf_fini(&bytes);
		merge_into(merged, copy);
		fb_slice_close(copy);
	}
}

Test(oracle, export_and_import_across_a_restart)
{
	struct merged merged = {0};
	struct records_conf conf = {.cnt = 8000,
		.seed = 31,
		.key_cnt = 900,
		.span_ms = 60000,
		.jitter_ms = 9000,
		.nulls = true};
	int64_t watermark;

	prepare(&conf, ORACLE_SOURCE("'4' SECOND"), 4000);
	cr_assert_gt(counts.late, 0);
	cr_assert_eq(fb_slice_pool_create(16u << 20, &merged.pool), 0);

	struct instance at = instance_open(&planned, NULL);
	struct rows got;

	feed_range(&at, 0, 5000);
	got = take_fired(&at, 0);
	watermark = fb_reader_watermark(at.reader);
	export_open(&at, &merged);
	expect_ledger(&at, 0);
	instance_close(&at);

	struct instance_conf restart = {.restarts = true, .watermark_ms = watermark};

	at = instance_open(&planned, &restart);
	/* Slices of before were hashed with the old seed: they are read through export too. */
	struct fb_buf kept[64] = {0};
	int64_t starts[64];
	uint32_t cnt = merged.cnt;

	for (uint32_t i = 0; i < cnt; i++) {
		starts[i] = fb_slice_start_ms(merged.slices[i]);
		fb_slice_export(merged.slices[i], &kept[i]);
		fb_slice_close(merged.slices[i]);
	}
	merged.cnt = 0;
	feed_range(&at, 5000, records.cnt);
	fb_reader_set_watermark(at.reader, FB_TIME_MAX);
	take_into(&merged, &at, false);
	for (uint32_t i = 0; i < cnt; i++) {
		uint32_t k = 0;

		while (k < merged.cnt && fb_slice_start_ms(merged.slices[k]) != starts[i])
			k++;
		if (k == merged.cnt)
			merged.slices[merged.cnt++] =
				fb_slice_open(merged.pool, planned.layouts[0], starts[i]);
		/* Into a slice that holds groups already. */
		cr_assert_eq(
			fb_slice_import(merged.slices[k], (const uint8_t *)kept[i].p, kept[i].len),
			0);
		fb_buf_fini(&kept[i]);
	}
	for (uint32_t i = 0; i < merged.cnt; i++) {
		rows_of_slice(planned.queries[0], merged.slices[i], &got);
		fb_slice_close(merged.slices[i]);
	}
	rows_expect_equal(&got, &want, "after a restart");
	rows_fini(&got);
	fb_slice_pool_destroy(merged.pool);
	expect_ledger(&at, 0);
	instance_close(&at);
	finish();
}
