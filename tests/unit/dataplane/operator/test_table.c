/* SPDX-License-Identifier: Apache-2.0 */
/* The table of a slice: growth, keys that are too long, a pool that is used up, bytes for the
 * store. */
#include "harness.h"

#include <stdlib.h>

#include "dataplane/operator/slice_private.h"

#define T_SOURCE                                                                                   \
	"CREATE TABLE s (k STRING, g BIGINT, v STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - " \
	"INTERVAL '1' HOUR) WITH "                                                                 \
	"('connector'='udp', 'port'='5000', 'format'='csv', 'csv.null-literal'='~');\n"
#define TIME ",1970-01-01 00:00:05\n"

static struct planned planned;
static struct instance at;

static void open_sql(const char *items, const char *keys, uint64_t state_bytes, enum fb_isa isa)
{
	struct instance_conf conf = {.isa = isa, .state_bytes = state_bytes};
	char sql[512];

	snprintf(sql, sizeof(sql), "EXPLAIN SELECT %s" TUMBLE_10S BY_WINDOW "%s;", items, keys);
	planned = plan_sql(T_SOURCE, sql);
	at = instance_open(&planned, &conf);
}

static void finish(void)
{
	struct rows rest = take_all(&at);

	expect_ledger(&at, 0);
	cr_expect_eq(
		fb_reader_query_counters(at.reader, 0)->state_used_bytes, 0, "pages are missing");
	rows_fini(&rest);
	instance_close(&at);
	planned_fini(&planned);
}

static char *letters(uint32_t len, char letter)
{
	char *text = malloc(len + 1);

	cr_assert_not_null(text);
	memset(text, letter, len);
	text[len] = 0;
	return text;
}

static void feed_long(const char *k, const char *g, const char *v)
{
	struct fb_buf csv = {0};

	fb_buf_printf(&csv, "%s,%s,%s" TIME, k, g, v);
	feed_bytes(&at, csv.p, csv.len);
	fb_buf_fini(&csv);
}

/* ---- growth ---- */

/* `cnt` keys, each seen `times` over; text keys are short and long in turn. */
static void grow(uint32_t cnt, uint32_t times, enum fb_isa isa)
{
	struct rows want = {0};
	struct rows got;

	open_sql("k, g, COUNT(*), SUM(g)", ", k, g", 256u << 20, isa);
	for (uint32_t round = 0; round < times; round++) {
		struct fb_buf csv = {0};

		for (uint32_t i = 0; i < cnt; i++)
			fb_buf_printf(&csv,
				i % 3 == 2 ? "\"a longer text, %u\",%u,x" TIME : "k%u,%u,x" TIME, i,
				i / 5);
		feed_bytes(&at, csv.p, csv.len);
		fb_buf_fini(&csv);
	}
	cr_expect_eq(fb_reader_query_counters(at.reader, 0)->open_groups, cnt);
	cr_expect_eq(count_of(&at, 0, FB_REC_ACCEPTED), (uint64_t)cnt * times);
	for (uint32_t i = 0; i < cnt; i++)
		rows_add(&want, i % 3 == 2 ? "a longer text, %u|%u|%u|%u" : "k%u|%u|%u|%u", i,
			i / 5, times, i / 5 * times);
	got = take_all(&at);
	rows_expect_equal(&got, &want, "growth");
	rows_fini(&got);
	rows_fini(&want);
	finish();
}

Test(table, growth)
{
	/* Around the first split (1331 of 2048 slots), the directory's move into pages (beyond 16
	 * segments), and well beyond. */
	static const uint32_t cnts[] = {1, 2, 8, 9, 1330, 1331, 1332, 2663, 5000, 30000};

	for (uint32_t i = 0; i < FB_ARRAY_LEN(cnts); i++)
		grow(cnts[i], 2, fb_isa_detect());
}

Test(table, growth_to_200000_keys)
{
	grow(200000, 2, fb_isa_detect());
}

Test(table, growth_scalar)
{
	grow(40000, 2, FB_ISA_SCALAR);
}

/* The kernels themselves: the same keys in the same order find the same entries. */
Test(table, kernels_agree)
{
	struct fb_key_batch *keys = calloc(1, sizeof(*keys));
	struct fb_slice_pool *pool[3];
	struct fb_slice *slice[3];
	int64_t values[FB_BATCH_ROWS];
	uint64_t valid[FB_BATCH_WORDS];
	struct fb_column column = {.i64 = values, .valid = valid, .has_null = true};
	const struct fb_column *columns[] = {&column};
	struct random random = {12345};
	int kernels = (int)fb_isa_detect() + 1;
	uint16_t sel[FB_BATCH_ROWS];

	open_sql("g, COUNT(*)", ", g", 0, FB_ISA_SCALAR);
	for (int i = 0; i < kernels; i++) {
		cr_assert_eq(fb_slice_pool_create(16u << 20, &pool[i]), 0);
		slice[i] = fb_slice_open(pool[i], planned.layouts[0], 0);
	}
	for (int batch = 0; batch < 200; batch++) {
		uint64_t offsets[3][FB_BATCH_ROWS];
		uint32_t cnt = 0;

		for (uint16_t row = 0; row < FB_BATCH_ROWS; row++) {
			values[row] = (int64_t)random_below(&random, 20000);
			fb_column_set_valid(&column, row, random_below(&random, 50) != 0);
			if (random_below(&random, 4) != 0)
				sel[cnt++] = row;
		}
		for (int i = 0; i < kernels; i++) {
			memset(keys->refused, 0, sizeof(keys->refused));
			fb_key_batch_choose(keys, (enum fb_isa)i);
			fb_key_batch_fill(planned.layouts[0], columns, sel, cnt, keys);
			keys->find(slice[i], sel, cnt, keys);
			for (uint32_t n = 0; n < cnt; n++) {
				cr_assert_not_null(keys->entries[sel[n]]);
				offsets[i][n] = (uint64_t)(keys->entries[sel[n]] - pool[i]->base);
			}
			if (i > 0)
				cr_assert_eq(memcmp(offsets[i], offsets[0], cnt * sizeof(uint64_t)),
					0, "%s", fb_isa_name((enum fb_isa)i));
		}
	}
	cr_expect_gt(fb_slice_group_cnt(slice[0]), 15000);
	for (int i = 1; i < kernels; i++)
		cr_expect_eq(fb_slice_group_cnt(slice[i]), fb_slice_group_cnt(slice[0]));
	for (int i = 0; i < kernels; i++) {
		fb_slice_close(slice[i]);
		cr_expect_eq(fb_slice_pool_used_bytes(pool[i]), 0);
		fb_slice_pool_destroy(pool[i]);
	}
	free(keys);
	finish();
}

/* Text keys with equal hashes of all that the first word holds. */
Test(table, one_bucket_for_many)
{
	struct rows want = {0};
	struct rows got;

	open_sql("v, COUNT(*)", ", v", 0, fb_isa_detect());
	for (int i = 0; i < 600; i++) {
		char text[64];

		snprintf(text, sizeof(text), "same beginning %s%d", i % 2 ? "and more " : "", i);
		feed_long("x", "1", text);
		feed_long("x", "1", text);
		rows_add(&want, "%s|2", text);
	}
	got = take_all(&at);
	rows_expect_equal(&got, &want, "texts");
	rows_fini(&got);
	rows_fini(&want);
	finish();
}

/* ---- limits ---- */

Test(limit, key_too_long)
{
	char *page = letters(FB_PAGE_BYTES, 'p');
	char *longer = letters(FB_PAGE_BYTES + 1, 'q');

	open_sql("k, COUNT(*)", ", k", 0, fb_isa_detect());
	feed_long(page, "1", "x");
	feed_long(longer, "1", "x");
	feed_long(page, "1", "x");
	feed_long("short", "1", "x");
	feed_long(longer, "1", "x");
	cr_expect_eq(count_of(&at, 0, FB_REC_KEY_TOO_LONG), 2);
	cr_expect_eq(count_of(&at, 0, FB_REC_ACCEPTED), 3);
	expect_ledger(&at, 0);

	struct rows rows = take_all(&at);

	cr_expect_eq(rows.cnt, 2);
	rows_sort(&rows);
	cr_expect_eq(strlen(rows.text[0]), FB_PAGE_BYTES + 2);
	cr_expect_str_eq(rows.text[1], "short|1");
	rows_fini(&rows);
	free(page);
	free(longer);
	finish();
}

/* A refused key may have been given a new page of entries, which stays empty: walking over the
 * groups ends all the same. */
Test(limit, walk_over_an_empty_last_page)
{
	char *longer = letters(FB_PAGE_BYTES + 1, 'q');

	uint32_t words;

	open_sql("g, k, COUNT(*)", ", g, k", 0, FB_ISA_SCALAR);
	words = fb_slice_layout_entry_bytes(planned.layouts[0]) / 8;
	finish();
	/* All counts around a first page that is full to the last entry; the head of the slice
	 * takes some of it. */
	for (uint32_t cnt = (FB_PAGE_UNITS - 128) / words; cnt <= FB_PAGE_UNITS / words; cnt++) {
		struct fb_buf csv = {0};
		struct rows rows;

		open_sql("g, k, COUNT(*)", ", g, k", 0, FB_ISA_SCALAR);
		for (uint32_t i = 0; i < cnt; i++)
			fb_buf_printf(&csv, "x,%u,x" TIME, i);
		fb_buf_printf(&csv, "%s,1,x" TIME, longer);
		feed_bytes(&at, csv.p, csv.len);
		fb_buf_fini(&csv);
		cr_expect_eq(count_of(&at, 0, FB_REC_KEY_TOO_LONG), 1);
		rows = take_all(&at);
		cr_expect_eq(rows.cnt, cnt);
		rows_fini(&rows);
		finish();
	}
	free(longer);
}

/* When the pool is used up new keys are FB_REC_STATE_FULL; known keys go on, and nothing is lost of
 * them. */
static void exhaust(const char *items, const char *keys, const char *shape)
{
	struct fb_buf csv = {0};
	uint64_t known;
	struct rows rows;
	uint64_t sum = 0;

	open_sql(items, keys, 512 << 10, fb_isa_detect());
	for (uint32_t i = 0; i < 40000; i++)
		fb_buf_printf(&csv, shape, i, i);
	feed_bytes(&at, csv.p, csv.len);
	known = count_of(&at, 0, FB_REC_ACCEPTED);
	cr_expect_gt(known, 100);
	cr_expect_gt(count_of(&at, 0, FB_REC_STATE_FULL), 1000);
	cr_expect_eq(known + count_of(&at, 0, FB_REC_STATE_FULL), 40000);
	expect_ledger(&at, 0);
	feed_bytes(&at, csv.p, csv.len);
	cr_expect_eq(count_of(&at, 0, FB_REC_ACCEPTED), 2 * known,
		"known keys go on, new ones are refused again");
	expect_ledger(&at, 0);
	fb_buf_fini(&csv);
	rows = take_all(&at);
	cr_expect_eq(rows.cnt, known);
	for (size_t i = 0; i < rows.cnt; i++)
		sum += strtoul(strrchr(rows.text[i], '|') + 1, NULL, 10);
	cr_expect_eq(sum, 2 * known);
	rows_fini(&rows);
	/* The pages come back: a new window has room again. */
	cr_expect_eq(fb_reader_query_counters(at.reader, 0)->state_used_bytes, 0);
	finish();
}

Test(limit, state_full_of_numbers)
{
	exhaust("g, COUNT(*)", ", g", "x,%u,%u" TIME);
}

Test(limit, state_full_of_short_texts)
{
	exhaust("k, COUNT(*)", ", k", "k%u,%u,x" TIME);
}

Test(limit, state_full_of_long_texts)
{
	exhaust("k, COUNT(*)", ", k", "a text that is longer than twelve bytes %u,%u,x" TIME);
}

/* Wherever the pool ends, be it at a split, at the directory's growth, at a page of texts or of
 * entries: nothing is lost. */
static void exhaust_at(uint32_t pages, uint32_t records)
{
	struct fb_buf csv = {0};
	uint64_t known;
	uint64_t sum = 0;
	struct rows rows;

	open_sql("k, MIN(v), COUNT(*)", ", k", (uint64_t)pages * FB_PAGE_BYTES, fb_isa_detect());
	for (uint32_t i = 0; i < records; i++)
		fb_buf_printf(&csv,
			i % 3 ? "key %05u,%u,value" TIME
			      : "a longer key so to speak %05u,%u,a longer value" TIME,
			i, i);
	feed_bytes(&at, csv.p, csv.len);
	known = count_of(&at, 0, FB_REC_ACCEPTED);
	cr_expect_eq(known + count_of(&at, 0, FB_REC_STATE_FULL), records);
	feed_bytes(&at, csv.p, csv.len);
	cr_expect_geq(count_of(&at, 0, FB_REC_ACCEPTED), 2 * known);
	expect_ledger(&at, 0);
	known = count_of(&at, 0, FB_REC_ACCEPTED);
	fb_buf_fini(&csv);
	rows = take_all(&at);
	for (size_t i = 0; i < rows.cnt; i++)
		sum += strtoul(strrchr(rows.text[i], '|') + 1, NULL, 10);
	cr_expect_eq(sum, known, "%u pages: %lu records in rows, %lu accepted", pages, sum, known);
	rows_fini(&rows);
	finish();
}

Test(limit, state_full_anywhere)
{
	for (uint32_t pages = 3; pages < 50; pages++)
		exhaust_at(pages, 6000);
	for (uint32_t pages = 110; pages < 170; pages += 4)
		exhaust_at(pages, 30000);
}

/* No page for another window: its records are refused, the open one goes on. */
Test(limit, state_full_of_windows)
{
	struct fb_buf csv = {0};
	char time[32];

	open_sql("COUNT(*)", "", 16 * FB_PAGE_BYTES, fb_isa_detect());
	for (int i = 0; i < 100; i++)
		fb_buf_printf(&csv, "x,1,x,%s\n", time_text(5000 + 10000 * i, time));
	feed_bytes(&at, csv.p, csv.len);
	cr_expect_eq(count_of(&at, 0, FB_REC_ACCEPTED), 8, "two pages each of sixteen");
	cr_expect_eq(count_of(&at, 0, FB_REC_STATE_FULL), 92);
	feed(&at, "x,1,x" TIME);
	cr_expect_eq(count_of(&at, 0, FB_REC_ACCEPTED), 9);
	fb_buf_fini(&csv);
	finish();
}

/* More open windows than a reader keeps are refused too, however much memory there is. */
Test(limit, open_windows)
{
	struct fb_buf csv = {0};
	char time[32];

	open_sql("COUNT(*)", "", 64u << 20, fb_isa_detect());
	for (int i = 0; i < 1100; i++)
		fb_buf_printf(&csv, "x,1,x,%s\n", time_text(-5000 - 10000 * (int64_t)i, time));
	feed_bytes(&at, csv.p, csv.len);
	cr_expect_eq(count_of(&at, 0, FB_REC_ACCEPTED), 1024);
	cr_expect_eq(count_of(&at, 0, FB_REC_STATE_FULL), 76);
	fb_buf_fini(&csv);
	finish();
}

/* ---- texts as states ---- */

/* Two texts of one record that fit a page each, but not both one page. */
Test(limit, long_texts_of_one_record)
{
	char *a = letters(9000, 'a');
	char *b = letters(9000, 'b');

	open_sql("MIN(v), MAX(v)", "", 0, fb_isa_detect());
	feed_long("x", "1", b);
	feed_long("x", "1", a);
	cr_expect_eq(count_of(&at, 0, FB_REC_ACCEPTED), 2);
	cr_expect_eq(count_of(&at, 0, FB_REC_STATE_FULL), 0);

	struct rows rows = take_all(&at);

	cr_assert_eq(rows.cnt, 1);
	cr_expect_eq(strlen(rows.text[0]), 18001);
	cr_expect_eq(rows.text[0][0], 'a');
	cr_expect_eq(rows.text[0][9001], 'b');
	rows_fini(&rows);
	free(a);
	free(b);
	finish();
}

/* A text that no page holds, as MIN or MAX: refused by name where it would be kept, and there is no
 * group without records. */
Test(limit, text_of_a_state_too_long)
{
	char *longer = letters(FB_PAGE_BYTES + 1, 'q');
	struct rows rows;

	open_sql("k, COUNT(*), MIN(v), COUNT(v)", ", k", 0, fb_isa_detect());
	feed_long("new", "1", longer);
	feed_long("old", "1", "a");
	feed_long("old", "1", longer);
	feed_long("old", "1", "~");
	cr_expect_eq(count_of(&at, 0, FB_REC_KEY_TOO_LONG), 1);
	cr_expect_eq(count_of(&at, 0, FB_REC_ACCEPTED), 3);
	expect_ledger(&at, 0);
	rows = take_all(&at);
	rows_expect(&rows, "old|3|a|2", NULL);
	free(longer);
	finish();
}

/* Room for texts is used up: records whose text would be kept are refused, all others go on. */
Test(limit, state_full_of_extremes)
{
	char *text = letters(8000, 'm');
	char *low = letters(8100, 'b');
	struct rows rows;
	uint64_t accepted;

	open_sql("k, COUNT(*), MIN(v)", ", k", 12 * FB_PAGE_BYTES, fb_isa_detect());
	for (int i = 0; i < 40; i++) {
		char key[8];

		snprintf(key, sizeof(key), "%02d", i);
		feed_long(key, "1", text);
	}
	accepted = count_of(&at, 0, FB_REC_ACCEPTED);
	cr_expect_eq(accepted, 20, "two texts to a page, ten pages: %lu", accepted);
	cr_expect_eq(count_of(&at, 0, FB_REC_STATE_FULL), 20);
	feed_long("00", "1", text); /* wins nothing */
	feed_long("00", "1", "z");
	feed_long("00", "1", "~");
	cr_expect_eq(count_of(&at, 0, FB_REC_ACCEPTED), accepted + 3);
	feed_long("00", "1", low); /* wins, and is longer than what is there */
	cr_expect_eq(count_of(&at, 0, FB_REC_STATE_FULL), 21);
	low[7000] = 0;
	feed_long("00", "1", low); /* wins, and fits in its place */
	feed_long("01", "1", "c");
	cr_expect_eq(count_of(&at, 0, FB_REC_ACCEPTED), accepted + 5);
	expect_ledger(&at, 0);
	rows = take_all(&at);
	cr_expect_eq(rows.cnt, accepted);
	rows_sort(&rows);
	cr_expect_eq(strncmp(rows.text[0], "00|5|bbb", 8), 0, "%.20s", rows.text[0]);
	cr_expect_eq(strlen(rows.text[0]), 7005);
	cr_expect_str_eq(rows.text[1], "01|2|c");
	rows_fini(&rows);
	free(text);
	free(low);
	finish();
}

/* A merge that finds no room says so, and gives all pages back. */
Test(limit, merge_into_a_small_pool)
{
	struct fb_slice_pool *small;
	struct fb_buf csv = {0};
	struct fb_slice *slice;
	struct fb_slice *into;
	uint32_t number;

	open_sql("k, COUNT(*)", ", k", 0, fb_isa_detect());
	for (uint32_t i = 0; i < 20000; i++)
		fb_buf_printf(&csv, "a text that is longer than twelve bytes %u,1,x" TIME, i);
	feed_bytes(&at, csv.p, csv.len);
	fb_buf_fini(&csv);
	fb_reader_set_watermark(at.reader, FB_TIME_MAX);
	slice = fb_reader_take_sealed(at.reader, &number);
	cr_assert_not_null(slice);
	cr_assert_eq(fb_slice_pool_create(256 << 10, &small), 0);
	into = fb_slice_open(small, planned.layouts[0], 0);
	cr_expect_eq(fb_slice_merge(into, slice), FB_E_FULL);
	fb_slice_close(into);
	cr_expect_eq(fb_slice_pool_used_bytes(small), 0);
	fb_slice_pool_destroy(small);
	fb_reader_return_slice(at.reader, number, slice);
	finish();
}
