/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Aggregates and keys of DECIMAL by semantics 1.3, from columns to groups: sums of 38 digits that
 * are exact in any order, averages of a quotient of 38 digits, and NULL where the result has more.
 */
#include "harness.h"

#include <stdlib.h>

#include "config/base/decimal.h"
#include "dataplane/operator/slice_private.h"

enum { SUM, AVG, MIN, MAX, COUNT_D, SUM_D, AGG_CNT };

struct fixture {
	struct fb_expr input;
	struct fb_expr time;
	const struct fb_expr *keys[1];
	struct fb_agg aggs[AGG_CNT];
	struct fb_query_plan plan;
	struct fb_slice_layout *layout;
	struct fb_slice_pool *pool;
	struct fb_key_batch *keys_of_batch;
};

/* All aggregates over a column of DECIMAL(precision, scale), as the binder types them. */
static void fixture_init(struct fixture *at, uint8_t precision, uint8_t scale, bool by_value)
{
	static const enum fb_agg_func funcs[AGG_CNT] = {
		FB_AGG_SUM, FB_AGG_AVG, FB_AGG_MIN, FB_AGG_MAX, FB_AGG_COUNT, FB_AGG_SUM};
	struct fb_type type = {.kind = FB_T_DECIMAL, .precision = precision, .scale = scale};
	struct fb_type sum = {.kind = FB_T_DECIMAL, .precision = 38, .scale = scale};
	struct fb_type average = {
		.kind = FB_T_DECIMAL, .precision = 38, .scale = FB_MAX(scale, (uint8_t)6)};
	struct fb_type count = {.kind = FB_T_BIGINT, .not_null = true};
	struct fb_type types[AGG_CNT] = {sum, average, type, type, count, sum};

	*at = (struct fixture){.input = {.op = FB_OP_INPUT, .type = type},
		.time = {.op = FB_OP_INPUT, .type = {.kind = FB_T_TIMESTAMP, .precision = 3}}};
	at->keys[0] = &at->input;
	for (int i = 0; i < AGG_CNT; i++)
		at->aggs[i] = (struct fb_agg){.func = funcs[i],
			.distinct = i >= COUNT_D,
			.type = types[i],
			.arg = &at->input};
	at->plan = (struct fb_query_plan){.time = &at->time,
		.keys = at->keys,
		.key_cnt = by_value,
		.aggs = at->aggs,
		.agg_cnt = AGG_CNT};
	cr_assert_eq(fb_slice_layout_create(&at->plan, &at->layout), 0);
	cr_assert_eq(fb_slice_pool_create(8u << 20, &at->pool), 0);
	at->keys_of_batch = calloc(1, sizeof(*at->keys_of_batch));
	cr_assert_not_null(at->keys_of_batch);
	fb_key_batch_choose(at->keys_of_batch, fb_isa_detect());
}

static void fixture_fini(struct fixture *at)
{
	cr_expect_eq(fb_slice_pool_used_bytes(at->pool), 0);
	free(at->keys_of_batch);
	fb_slice_pool_destroy(at->pool);
	fb_slice_layout_destroy(at->layout);
}

struct input {
	fb_i128 values[FB_BATCH_ROWS];
	uint64_t valid[FB_BATCH_WORDS];
	uint32_t cnt;
	bool has_null;
};

/* "~" is NULL; else a number of the column's type. */
static void add_text(struct input *input, const char *text, uint8_t precision, uint8_t scale)
{
	struct fb_decimal_type type = {precision, scale};
	uint32_t row = input->cnt++;

	cr_assert_lt(row, FB_BATCH_ROWS);
	if (text[0] == '~')
		input->has_null = true;
	else
		cr_assert_eq(fb_decimal_from_text(fb_str_from(text), type, &input->values[row]),
			FB_DECIMAL_DONE, "%s", text);
	input->valid[row / 64] |= (uint64_t)(text[0] != '~') << row % 64;
}

static void add_rows(struct fixture *at, struct fb_slice *slice, struct input *input)
{
	struct fb_column column = {
		.i128 = input->values, .valid = input->valid, .has_null = input->has_null};
	const struct fb_column *columns[] = {&column};
	uint16_t sel[FB_BATCH_ROWS];
	uint64_t overflows = 0;

	for (uint16_t i = 0; i < input->cnt; i++)
		sel[i] = i;
	fb_key_batch_fill(at->layout, columns, sel, input->cnt, at->keys_of_batch);
	at->keys_of_batch->find(slice, sel, input->cnt, at->keys_of_batch);
	cr_assert_eq(
		fb_state_update(slice, columns, sel, input->cnt, at->keys_of_batch, &overflows),
		input->cnt);
}

/* The groups: each column as text, with the digits of its scale. */
static struct rows rows_of(struct fixture *at, const struct fb_slice *slice)
{
	struct fb_type types[FB_GROUP_KEYS + 1 + AGG_CNT];
	struct rows rows = {0};
	struct fb_batch batch;
	uint64_t cursor = 0;
	uint32_t cnt = fb_slice_group_types(&at->plan, types, FB_ARRAY_LEN(types));

	cr_assert_eq(fb_batch_init(&batch, types, cnt, NULL), 0);
	while (fb_slice_groups(slice, 0, 1, &cursor, &batch, NULL))
		for (uint32_t row = 0; row < batch.row_cnt; row++) {
			struct fb_buf line = {0};

			for (uint32_t c = FB_GROUP_KEYS; c < cnt; c++) {
				const struct fb_column *column = &batch.columns[c];
				char text[FB_DECIMAL_TEXT_BYTES];

				fb_buf_add(&line, "|", c > FB_GROUP_KEYS);
				if (!fb_column_is_valid(column, row))
					fb_buf_add_text(&line, "NULL");
				else if (types[c].kind == FB_T_DECIMAL)
					fb_buf_add(&line, text,
						fb_decimal_format(
							column->i128[row], types[c].scale, text));
				else
					fb_buf_printf(&line, "%lld", (long long)column->i64[row]);
			}
			rows_add(&rows, "%.*s", (int)line.len, line.p);
			fb_buf_fini(&line);
		}
	fb_batch_fini(&batch);
	return rows;
}

/* One group of these values. Also value by value, each in a slice of its own, merged in this order
 * and from the end, and through bytes. */
static void expect_group(
	uint8_t precision, uint8_t scale, const char *const *values, const char *want)
{
	struct fixture at;
	struct input all = {0};
	struct fb_slice *slice;
	struct rows rows;
	uint32_t cnt = 0;

	fixture_init(&at, precision, scale, false);
	while (values[cnt] != NULL)
		add_text(&all, values[cnt++], precision, scale);
	slice = fb_slice_open(at.pool, at.layout, 0);
	add_rows(&at, slice, &all);
	rows = rows_of(&at, slice);
	rows_expect(&rows, want, NULL);
	fb_slice_close(slice);
	for (int round = 0; round < 3; round++) {
		slice = fb_slice_open(at.pool, at.layout, 0);
		for (uint32_t i = 0; i < cnt; i++) {
			struct fb_slice *part = fb_slice_open(at.pool, at.layout, 0);
			struct input one = {0};
			struct fb_buf bytes = {0};

			add_text(&one, values[round == 1 ? cnt - 1 - i : i], precision, scale);
			add_rows(&at, part, &one);
			fb_slice_export(part, &bytes);
			cr_assert_eq(round == 2 ? fb_slice_import(slice, (const uint8_t *)bytes.p,
							  bytes.len)
						: fb_slice_merge(slice, part),
				0);
			fb_buf_fini(&bytes);
			fb_slice_close(part);
		}
		rows = rows_of(&at, slice);
		rows_expect(&rows, want, NULL);
		fb_slice_close(slice);
	}
	fixture_fini(&at);
}

#define VALUES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NINES "99999999999999999999999999999999999999"

Test(decimal, sums_averages_and_extremes)
{
	expect_group(10, 2, VALUES("1.00", "2.00", "2.00"), "5.00|1.666667|1.00|2.00|2|3.00");
	expect_group(10, 2, VALUES("-1.00", "-2.00", "~", "-2.00"),
		"-5.00|-1.666667|-2.00|-1.00|2|-3.00");
	expect_group(10, 0, VALUES("1", "0"), "1|0.500000|0|1|2|1");
	/* Half a unit of the last digit goes away from zero. */
	expect_group(12, 6, VALUES("0.000001", "0.000000"),
		"0.000001|0.000001|0.000000|0.000001|2|0.000001");
	expect_group(12, 6, VALUES("-0.000001", "0.000000"),
		"-0.000001|-0.000001|-0.000001|0.000000|2|-0.000001");
	expect_group(20, 8, VALUES("1.00000001", "1.00000002"),
		"2.00000003|1.00000002|1.00000001|1.00000002|2|2.00000003");
}

Test(decimal, nulls)
{
	expect_group(10, 2, VALUES("~", "~"), "NULL|NULL|NULL|NULL|0|NULL");
	expect_group(10, 2, VALUES("~", "0.00"), "0.00|0.000000|0.00|0.00|1|0.00");
}

/* DECIMAL(19) has two words of sum, which no number of rows can fill. */
Test(decimal, largest_of_each_width)
{
	expect_group(19, 0, VALUES("9999999999999999999", "9999999999999999999"),
		"19999999999999999998|9999999999999999999.000000|9999999999999999999|"
		"9999999999999999999|1|9999999999999999999");
	expect_group(38, 0, VALUES(NINES, "0"), NINES "|NULL|0|" NINES "|2|" NINES);
}

/* What has more than 38 digits is NULL; what comes back below in the end was never gone. */
Test(decimal, overflow_is_null)
{
	expect_group(38, 0, VALUES(NINES, "1"), "NULL|NULL|1|" NINES "|2|NULL");
	expect_group(38, 0, VALUES("-" NINES, "-1"), "NULL|NULL|-" NINES "|-1|2|NULL");
	expect_group(38, 0, VALUES(NINES, NINES, NINES, NINES, NINES),
		"NULL|NULL|" NINES "|" NINES "|1|" NINES);
	expect_group(38, 2,
		VALUES("999999999999999999999999999999999999.99",
			"999999999999999999999999999999999999.99",
			"999999999999999999999999999999999999.99",
			"-999999999999999999999999999999999999.99",
			"-999999999999999999999999999999999999.99", "-1.00"),
		"999999999999999999999999999999999998.99|NULL|"
		"-999999999999999999999999999999999999.99|"
		"999999999999999999999999999999999999.99|3|-1.00");
}

/* Group keys: equal numbers, whatever lies in the upper word. */
Test(decimal, keys)
{
	static const char *const values[] = {"1.00", "-1.00", "1.0", "~", "~",
		"184467440737095516.16", "368934881474191032.32", "0.00", "-0.00",
		"184467440737095516.16"};
	struct fixture at;
	struct input input = {0};
	struct fb_slice *slice;
	struct rows rows;

	fixture_init(&at, 30, 2, true);
	for (uint32_t i = 0; i < FB_ARRAY_LEN(values); i++)
		add_text(&input, values[i], 30, 2);
	slice = fb_slice_open(at.pool, at.layout, 0);
	add_rows(&at, slice, &input);
	rows = rows_of(&at, slice);
	rows_expect(&rows, "1.00|2.00|1.000000|1.00|1.00|1|1.00",
		"-1.00|-1.00|-1.000000|-1.00|-1.00|1|-1.00", "NULL|NULL|NULL|NULL|NULL|0|NULL",
		"184467440737095516.16|368934881474191032.32|184467440737095516.160000|"
		"184467440737095516.16|184467440737095516.16|1|184467440737095516.16",
		"368934881474191032.32|368934881474191032.32|368934881474191032.320000|"
		"368934881474191032.32|368934881474191032.32|1|368934881474191032.32",
		"0.00|0.00|0.000000|0.00|0.00|1|0.00", NULL);
	fb_slice_close(slice);
	fixture_fini(&at);
}

/* Random values of all sizes against sums of three words of the test's own. */
Test(decimal, random_sums)
{
	struct random random = {4242};

	for (int round = 0; round < 200; round++) {
		uint8_t precision = (uint8_t)(1 + random_below(&random, 38));
		fb_i128 limit = fb_decimal_power(precision);
		struct fixture at;
		struct input input = {0};
		struct fb_slice *slice;
		struct rows rows;
		/* The sum as upper * 10^30 + lower. */
		fb_i128 upper = 0, lower = 0, unit = fb_decimal_power(30);
		char want[FB_DECIMAL_TEXT_BYTES] = "NULL";

		fixture_init(&at, precision, 0, false);
		for (uint32_t i = 0; i < 300; i++) {
			fb_i128 value = (fb_i128)((unsigned __int128)random_next(&random) << 64 |
						  random_next(&random));

			value %= limit;
			input.values[input.cnt++] = value;
			input.valid[i / 64] |= 1ull << i % 64;
			upper += value / unit;
			lower += value % unit;
		}
		upper += lower / unit;
		lower %= unit;
		if (upper > 0 && lower < 0) {
			upper--;
			lower += unit;
		} else if (upper < 0 && lower > 0) {
			upper++;
			lower -= unit;
		}
		if (upper < 100000000 && upper > -100000000)
			want[fb_decimal_format(upper * unit + lower, 0, want)] = 0;
		slice = fb_slice_open(at.pool, at.layout, 0);
		add_rows(&at, slice, &input);
		rows = rows_of(&at, slice);
		cr_assert_eq(rows.cnt, 1);
		*strchr(rows.text[0], '|') = 0;
		cr_expect_str_eq(rows.text[0], want, "DECIMAL(%d)", precision);
		rows_fini(&rows);
		fb_slice_close(slice);
		fixture_fini(&at);
	}
}
