/* SPDX-License-Identifier: Apache-2.0 */
/* Rows by key: what differs between two multisets, and corrections. */
#include "tests/unit/control/recompute/lab.h"

struct fixture {
	struct fb_plan *plan;
	struct fb_row_keys keys;
	struct fb_keyed_rows a, b;
	struct fb_buf said;
};

static void open_fixture(struct fixture *f, const char *sql)
{
	*f = (struct fixture){.plan = lab_plan(sql)};
	cr_assert_eq(fb_row_keys_init(&f->keys, f->plan->queries[0]), 0);
}

static void close_fixture(struct fixture *f)
{
	fb_keyed_clear(&f->a);
	fb_keyed_clear(&f->b);
	fb_row_keys_fini(&f->keys);
	fb_plan_destroy(f->plan);
	fb_buf_fini(&f->said);
}

static void add(struct fixture *f, struct fb_keyed_rows *to, enum fb_store_change change, const char *city, int64_t n, double a)
{
	struct fb_buf row = {0};

	lab_row(&row, 0, 10, city, n, a);
	cr_assert_eq(fb_keyed_add(to, &f->keys, change, (const uint8_t *)row.p, row.len), 0);
	fb_buf_fini(&row);
}

static void put(struct fixture *f, struct fb_keyed_rows *to, const char *city, int64_t n)
{
	add(f, to, FB_STORE_INSERT, city, n, 1);
}

static void expect(struct fixture *f, const char *want)
{
	fb_buf_clear(&f->said);
	cr_assert_eq(fb_keyed_compare(&f->a, &f->b, &f->keys, lab_difference, &f->said), 0);
	cr_expect_str_eq(f->said.len ? f->said.p : "", want, "%s", f->said.p);
}

Test(keyed, key_columns_are_those_without_aggregates)
{
	static const bool want[] = {true, true, true, false, false};
	struct fixture f;

	open_fixture(&f, LAB_TUMBLE);
	for (int i = 0; i < 5; i++)
		cr_expect_eq(f.keys.is_key[i], want[i], "column %d", i);
	cr_expect(f.keys.unique && f.keys.has_reals);
	cr_expect_eq(f.keys.start_column, 0);
	cr_expect_eq(f.keys.end_column, 1);
	close_fixture(&f);

	/* The group key is computed with, or left out: it is not known which rows belong together. */
	open_fixture(&f, LAB_SOURCE "INSERT INTO w SELECT window_start, window_end, UPPER(city), COUNT(*), 1.0 FROM "
				    "TABLE(TUMBLE(TABLE people, DESCRIPTOR(ts), INTERVAL '10' SECOND)) "
				    "GROUP BY window_start, window_end, city;");
	cr_expect(f.keys.is_key[2] && f.keys.is_key[4] && !f.keys.is_key[3]);
	cr_expect_not(f.keys.unique);
	close_fixture(&f);
}

Test(keyed, equal_rows_in_any_order_are_no_difference)
{
	struct fixture f;

	open_fixture(&f, LAB_TUMBLE);
	for (int i = 0; i < 100; i++) {
		char city[16];

		snprintf(city, sizeof(city), "city %d", i);
		put(&f, &f.a, city, i);
		snprintf(city, sizeof(city), "city %d", i * 37 % 100);
		put(&f, &f.b, city, i * 37 % 100);
	}
	expect(&f, "");
	close_fixture(&f);
}

Test(keyed, changed_missing_and_extra)
{
	struct fixture f;

	open_fixture(&f, LAB_TUMBLE);
	put(&f, &f.a, "Rome", 3);
	put(&f, &f.a, "Oslo", 4);
	put(&f, &f.a, "Bonn", 5);
	put(&f, &f.b, "Rome", 7);
	put(&f, &f.b, "Bonn", 5);
	put(&f, &f.b, "Lima", 1);
	expect(&f, "missing: - | Lima 1\nextra: Oslo 4 | -\nchanged: Rome 3 | Rome 7\n");
	close_fixture(&f);
}

Test(keyed, a_null_is_no_number_and_last_digits_are_no_difference)
{
	struct fixture f;

	open_fixture(&f, LAB_TUMBLE);
	add(&f, &f.a, FB_STORE_INSERT, "A", 1, 0.1 + 0.2);
	add(&f, &f.b, FB_STORE_INSERT, "A", 1, 0.3);
	add(&f, &f.a, FB_STORE_INSERT, "B", 1, 0.3);
	add(&f, &f.b, FB_STORE_INSERT, "B", 1, 0.300001);
	add(&f, &f.a, FB_STORE_INSERT, "C", 1, 0);
	add(&f, &f.b, FB_STORE_INSERT, "C", 1, -1);
	expect(&f, "changed: B 1 | B 1\nchanged: C 1 | C 1\n");
	close_fixture(&f);
}

/* Without the group key several rows have one key: none takes the place of another. */
Test(keyed, rows_without_a_key_of_their_own_are_a_multiset)
{
	struct fixture f;

	open_fixture(&f, LAB_SOURCE "INSERT INTO w SELECT window_start, window_end, 'x', COUNT(*), 1.0 FROM "
				    "TABLE(TUMBLE(TABLE people, DESCRIPTOR(ts), INTERVAL '10' SECOND)) "
				    "GROUP BY window_start, window_end, city;");
	put(&f, &f.a, "x", 1);
	put(&f, &f.a, "x", 1);
	put(&f, &f.a, "x", 2);
	put(&f, &f.b, "x", 1);
	put(&f, &f.b, "x", 2);
	put(&f, &f.b, "x", 2);
	expect(&f, "extra: x 1 | -\nmissing: - | x 2\n");
	close_fixture(&f);
}

/* What is published after a correction is what the correction was made of. */
Test(keyed, a_correction_makes_one_side_the_other)
{
	struct fixture f;
	struct fb_keyed_rows correction = {0};

	open_fixture(&f, LAB_TUMBLE);
	put(&f, &f.a, "Rome", 3);
	put(&f, &f.a, "Oslo", 4);
	put(&f, &f.a, "Bonn", 5);
	add(&f, &correction, FB_STORE_DELETE, "Oslo", 4, 1);
	add(&f, &correction, FB_STORE_UPDATE, "Rome", 7, 1);
	add(&f, &correction, FB_STORE_INSERT, "Lima", 1, 1);
	put(&f, &f.b, "Rome", 7);
	put(&f, &f.b, "Bonn", 5);
	put(&f, &f.b, "Lima", 1);
	cr_assert_eq(fb_keyed_apply(&f.a, &correction), 0);
	cr_expect_eq(correction.cnt, 0);
	expect(&f, "");

	/* And a second one upon it. */
	add(&f, &correction, FB_STORE_UPDATE, "Rome", 8, 1);
	cr_assert_eq(fb_keyed_apply(&f.a, &correction), 0);
	expect(&f, "changed: Rome 8 | Rome 7\n");
	close_fixture(&f);
}

Test(keyed, of_equal_rows_a_deletion_takes_one)
{
	struct fixture f;
	struct fb_keyed_rows correction = {0};

	open_fixture(&f, LAB_SOURCE "INSERT INTO w SELECT window_start, window_end, 'x', COUNT(*), 1.0 FROM "
				    "TABLE(TUMBLE(TABLE people, DESCRIPTOR(ts), INTERVAL '10' SECOND)) "
				    "GROUP BY window_start, window_end, city;");
	put(&f, &f.a, "x", 1);
	put(&f, &f.a, "x", 1);
	add(&f, &correction, FB_STORE_DELETE, "x", 1, 1);
	add(&f, &correction, FB_STORE_INSERT, "x", 2, 1);
	cr_assert_eq(fb_keyed_apply(&f.a, &correction), 0);
	put(&f, &f.b, "x", 1);
	put(&f, &f.b, "x", 2);
	expect(&f, "");
	close_fixture(&f);
}

/* Rows of all groups have the same key: none of them is looked for among all others. */
Test(keyed, a_correction_of_many_rows_of_one_key, .timeout = 20)
{
	const int64_t cnt = 200000;
	struct fixture f;
	struct fb_keyed_rows correction = {0};

	open_fixture(&f, LAB_SOURCE "INSERT INTO w SELECT window_start, window_end, 'x', COUNT(*), 1.0 FROM "
				    "TABLE(TUMBLE(TABLE people, DESCRIPTOR(ts), INTERVAL '10' SECOND)) "
				    "GROUP BY window_start, window_end, city;");
	for (int64_t i = 0; i < cnt; i++) {
		put(&f, &f.a, "x", i);
		add(&f, &correction, FB_STORE_DELETE, "x", i, 1);
		add(&f, &correction, FB_STORE_INSERT, "x", i + 1, 1);
		put(&f, &f.b, "x", i + 1);
	}
	put(&f, &f.a, "x", 1);
	put(&f, &f.b, "x", 1);
	cr_assert_eq(fb_keyed_apply(&f.a, &correction), 0);
	cr_expect_eq(f.a.cnt, cnt + 1);
	expect(&f, "");
	close_fixture(&f);
}

Test(keyed, what_is_no_row_is_refused)
{
	static const uint8_t bytes[] = {3, 0, 0, 0, 1, 2, 3};
	struct fixture f;

	open_fixture(&f, LAB_TUMBLE);
	cr_expect_eq(fb_keyed_add(&f.a, &f.keys, FB_STORE_INSERT, bytes, sizeof(bytes)), FB_E_CORRUPT);
	cr_expect_eq(fb_keyed_add(&f.a, &f.keys, FB_STORE_INSERT, bytes, 2), FB_E_CORRUPT);
	cr_expect_eq(f.a.cnt, 0);
	close_fixture(&f);
}
