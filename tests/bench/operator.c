/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The window update alone: batches of columns into one slice, in the passes of the reader (key
 * words and hashes, lookup, states), for 1, 3 and 10 aggregates over 100 to 1,000,000 keys that
 * come by chance. The limit is an array of the same states with the key as its index, prefetched
 * for a batch: no hash, no comparison. Both must hold the same in the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "config/sql/sql.h"
#include "dataplane/operator/slice_private.h"
#include "tests/bench/bench.h"

#define BATCHES 2048u
#define ROWS (BATCHES * FB_BATCH_ROWS)
#define TEXT_BYTES 32 /* "city-000042" and what may be read behind it */

#define TABLE                                                                                      \
	"CREATE TABLE s (k BIGINT, t STRING, a INT, b INT, c INT, ts TIMESTAMP(3), WATERMARK FOR " \
	"ts AS ts) WITH "                                                                          \
	"('connector'='udp', 'port'='5000', 'format'='csv');\n"
#define FROM                                                                           \
	" FROM TABLE(TUMBLE(TABLE s, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY " \
	"window_start, window_end, "

enum field { FIELD_K, FIELD_T, FIELD_A, FIELD_B, FIELD_C, FIELD_CNT };

struct aggregates {
	const char *name;
	const char *sql;
};

static const struct aggregates aggregates[] = {
	{"1 aggregate", "COUNT(*)"},
	{"3 aggregates", "COUNT(*), SUM(a), MAX(a)"},
	{"10 aggregates",
		"COUNT(*), SUM(a), MIN(a), MAX(a), SUM(b), MIN(b), MAX(b), SUM(c), MIN(c), MAX(c)"},
};

/* What all cases read: ROWS values of each field. */
struct input {
	int64_t *keys;
	struct fb_str *texts;
	char *text_bytes;
	int64_t *values[3]; /* a, b, c */
	uint32_t key_cnt;
};

struct bench {
	struct input input;
	struct fb_plan *plan;
	struct fb_slice_layout *layout;
	struct fb_slice_pool *pool;
	struct fb_slice *slice;
	struct fb_key_batch *keys;
	fb_table_find_fn find;
	bool by_text;
	/* the limit */
	int64_t *array;
	uint32_t stride;
};

static uint16_t sel[FB_BATCH_ROWS];

static void fail(const char *what)
{
	fprintf(stderr, "bench operator: %s\n", what);
	exit(1);
}

static void *take(size_t bytes)
{
	void *memory = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);

	if (memory == NULL)
		fail("no memory");
	memset(memory, 0, bytes);
	return memory;
}

/* Huge pages where the kernel gives them, as the pool has: else the limit would pay for page
 * tables. */
static int64_t *take_array(size_t bytes)
{
	size_t whole = (bytes + (2u << 20) - 1) >> 21 << 21;
	int64_t *array = aligned_alloc(2u << 20, whole);

	if (array == NULL)
		fail("no memory");
	FB_IGNORE(madvise(array, whole, MADV_HUGEPAGE));
	memset(array, 0, whole);
	return array;
}

static void make_input(struct input *input)
{
	input->keys = take(ROWS * sizeof(int64_t));
	input->texts = take(ROWS * sizeof(struct fb_str));
	input->text_bytes = take((size_t)ROWS * TEXT_BYTES);
	for (int i = 0; i < 3; i++) {
		input->values[i] = take(ROWS * sizeof(int64_t));
		for (uint32_t row = 0; row < ROWS; row++)
			input->values[i][row] = (int64_t)((row * 2654435761u) >> (8 + i)) % 1000;
	}
}

/* The first key_cnt rows hold every key once, the rest keys by chance. */
static void make_keys(struct input *input, uint32_t key_cnt)
{
	uint64_t random = 88172645463325252u;

	input->key_cnt = key_cnt;
	for (uint32_t row = 0; row < ROWS; row++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		input->keys[row] = row < key_cnt ? row : (int64_t)((random >> 32) * key_cnt >> 32);
	}
	/* Every key once, but not in their order. */
	for (uint32_t row = FB_MIN(key_cnt, ROWS) - 1; row > 0; row--) {
		random = random * 6364136223846793005u + 1442695040888963407u;

		uint32_t other = (uint32_t)((random >> 32) * (row + 1) >> 32);
		int64_t swap = input->keys[row];

		input->keys[row] = input->keys[other];
		input->keys[other] = swap;
	}
	for (uint32_t row = 0; row < ROWS; row++) {
		char *text = input->text_bytes + (size_t)row * TEXT_BYTES;

		input->texts[row] = (struct fb_str){
			text, (uint32_t)sprintf(text, "city-%06u", (uint32_t)input->keys[row])};
	}
}

/* ---- what is measured ---- */

static void point(const struct bench *bench, uint32_t batch, struct fb_column columns[FIELD_CNT])
{
	size_t row = (size_t)batch * FB_BATCH_ROWS;

	columns[FIELD_K] = (struct fb_column){.i64 = bench->input.keys + row};
	columns[FIELD_T] = (struct fb_column){.str = bench->input.texts + row};
	for (int i = 0; i < 3; i++)
		columns[FIELD_A + i] = (struct fb_column){.i64 = bench->input.values[i] + row};
}

static void update(struct bench *bench, uint32_t batch)
{
	const struct fb_slice_layout *layout = bench->layout;
	struct fb_column columns[FIELD_CNT];
	const struct fb_column *key = &columns[bench->by_text ? FIELD_T : FIELD_K];
	const struct fb_column *args[FB_ARG_MAX];
	uint64_t overflows = 0;

	point(bench, batch, columns);
	for (uint32_t i = 0; i < layout->arg_cnt; i++)
		args[i] = &columns[layout->args[i].arg->input];
	fb_key_batch_fill(layout, &key, sel, FB_BATCH_ROWS, bench->keys);
	bench->find(bench->slice, sel, FB_BATCH_ROWS, bench->keys);
	if (fb_state_update(bench->slice, args, sel, FB_BATCH_ROWS, bench->keys, &overflows) !=
		FB_BATCH_ROWS)
		fail("the pool is too small");
}

/* Per key: records, then per argument how many, sum, and where the query has them min and max. */
static void touch(struct bench *bench, uint32_t batch)
{
	const struct fb_slice_layout *layout = bench->layout;
	const int64_t *keys = bench->input.keys + (size_t)batch * FB_BATCH_ROWS;
	int64_t *array = bench->array;
	uint32_t stride = bench->stride;
	uint32_t at = 1;

	for (uint32_t row = 0; row < FB_BATCH_ROWS; row++) {
		__builtin_prefetch(array + (size_t)keys[row] * stride, 1);
		if (stride > 8)
			__builtin_prefetch(array + (size_t)keys[row] * stride + 8, 1);
	}
	for (uint32_t row = 0; row < FB_BATCH_ROWS; row++)
		array[(size_t)keys[row] * stride]++;
	for (uint32_t a = 0; a < layout->arg_cnt; a++) {
		const int64_t *values = bench->input.values[a] + (size_t)batch * FB_BATCH_ROWS;
		bool min = layout->states[a].min != 0;

		for (uint32_t row = 0; row < FB_BATCH_ROWS; row++) {
			int64_t *state = array + (size_t)keys[row] * stride + at;

			state[0]++;
			state[1] += values[row];
			state[2] = FB_MAX(state[2], values[row]);
			if (min)
				state[3] = FB_MIN(state[3], values[row]);
		}
		at += min ? 4 : 3;
	}
}

/* TSC ticks per record. */
static double trial(struct bench *bench, void (*fn)(struct bench *, uint32_t))
{
	uint64_t start = fb_bench_tsc();

	for (uint32_t batch = 0; batch < BATCHES; batch++)
		fn(bench, batch);
	return (double)(fb_bench_tsc() - start) / ROWS;
}

/* A new window: every key is new until all have come. */
static double trial_fresh(struct bench *bench)
{
	uint64_t start = fb_bench_tsc();

	fb_slice_close(bench->slice);
	bench->slice = fb_slice_open(bench->pool, bench->layout, 0);
	for (uint32_t batch = 0; batch < bench->input.key_cnt / FB_BATCH_ROWS; batch++)
		update(bench, batch);
	return (double)(fb_bench_tsc() - start) /
	       (bench->input.key_cnt / FB_BATCH_ROWS * FB_BATCH_ROWS);
}

/* ---- cases ---- */

static void open_case(
	struct bench *bench, const struct aggregates *with, enum fb_isa isa, bool by_text)
{
	struct fb_diags diags;
	uint64_t bytes;
	char sql[1024];

	snprintf(sql, sizeof(sql), TABLE "EXPLAIN SELECT %s, %s" FROM "%s;", by_text ? "t" : "k",
		with->sql, by_text ? "t" : "k");
	fb_diags_init(&diags, "bench.sql");
	if (fb_sql_plan("bench.sql", fb_str_from(sql), &diags, &bench->plan) != 0) {
		fb_diags_print(&diags, sql, stderr);
		fail("the query does not plan");
	}
	fb_diags_fini(&diags);
	if (fb_slice_layout_create(bench->plan->explains[0], &bench->layout) != 0)
		fail("no layout");
	bench->by_text = by_text;
	bench->find = fb_table_find_choose(isa);
	/* Entries, and index segments that may just have split. */
	bytes = (uint64_t)bench->input.key_cnt * (fb_slice_layout_entry_bytes(bench->layout) + 32) +
		(4u << 20);
	if (fb_slice_pool_create_touched(bytes, &bench->pool) != 0)
		fail("no pool");
	bench->slice = fb_slice_open(bench->pool, bench->layout, 0);
	bench->stride = 1;
	for (uint32_t a = 0; a < bench->layout->arg_cnt; a++)
		bench->stride += bench->layout->states[a].min ? 4 : 3;
	/* 1, 4 or 16 words: no state lies across two lines. */
	bench->stride = bench->stride > 8 ? 16 : bench->stride;
	bench->array = take_array((size_t)bench->input.key_cnt * bench->stride * sizeof(int64_t));
}

static void close_case(struct bench *bench)
{
	fb_slice_close(bench->slice);
	fb_slice_pool_destroy(bench->pool);
	fb_slice_layout_destroy(bench->layout);
	fb_plan_destroy(bench->plan);
	free(bench->array);
}

/* Both hold the same: as many keys, records and sums. */
static void check(const struct bench *bench)
{
	const struct fb_slice_layout *layout = bench->layout;
	struct fb_entry_cursor at = {0};
	const uint64_t *entry;
	uint64_t keys = 0;

	while (!bench->by_text && (entry = fb_slice_entry(bench->slice, &at)) != NULL) {
		const int64_t *states =
			bench->array + (size_t)entry[FB_ENTRY_KEY_WORD] * bench->stride;

		keys++;
		if ((int64_t)entry[layout->rows_word] != states[0] ||
			(layout->arg_cnt > 0 && (int64_t)entry[layout->states[0].sum] != states[2]))
			fail("the slice and the array differ");
	}
	if (fb_slice_group_cnt(bench->slice) != bench->input.key_cnt ||
		(!bench->by_text && keys != bench->input.key_cnt))
		fail("keys are missing");
}

static void print(const char *name, const char *note, const struct fb_bench_series *cost,
	const struct fb_bench_series *limit)
{
	struct fb_bench_series ns = {0};
	struct fb_bench_series limit_ns = {0};

	for (uint32_t i = 0; i < cost->cnt; i++)
		fb_bench_add(&ns, cost->value[i] / fb_bench_tsc_hz() * 1e9);
	for (uint32_t i = 0; limit != NULL && i < limit->cnt; i++)
		fb_bench_add(&limit_ns, limit->value[i] / fb_bench_tsc_hz() * 1e9);
	fb_bench_print(&(struct fb_bench_row){
		"operator", name, "TSC cycles/record", cost, limit, false, note});
	fb_bench_print(&(struct fb_bench_row){
		"operator", name, "ns/record", &ns, limit ? &limit_ns : NULL, false, NULL});
}

static void bench_case(struct bench *bench, const char *keys, const struct aggregates *with,
	enum fb_isa isa, bool by_text)
{
	struct fb_bench_series cost = {0};
	struct fb_bench_series limit = {0};
	struct fb_bench_series fresh = {0};
	char name[96];
	char note[160];

	open_case(bench, with, isa, by_text);
	trial(bench, update);
	trial(bench, touch);
	for (uint32_t run = 0; run < fb_bench_trials(15); run++) {
		fb_bench_add(&limit, trial(bench, touch));
		fb_bench_add(&cost, trial(bench, update));
	}
	check(bench);
	snprintf(name, sizeof(name), "%s %skeys, %s, %s", keys, by_text ? "text " : "", with->name,
		fb_isa_name(isa));
	snprintf(note, sizeof(note),
		"%u records in batches of %u, entry of %u B; limit: array of the same states, "
		"prefetched",
		ROWS, FB_BATCH_ROWS, fb_slice_layout_entry_bytes(bench->layout));
	print(name, note, &cost, &limit);
	if (bench->input.key_cnt >= ROWS / 2 && with == &aggregates[1]) {
		for (uint32_t run = 0; run < fb_bench_trials(7); run++)
			fb_bench_add(&fresh, trial_fresh(bench));
		snprintf(name, sizeof(name), "%s new %skeys, %s, %s", keys, by_text ? "text " : "",
			with->name, fb_isa_name(isa));
		print(name, "every record is the first of its key in a new window", &fresh, NULL);
	}
	close_case(bench);
}

int main(void)
{
	static const struct {
		const char *name;
		uint32_t cnt;
	} keys[] = {{"100", 100}, {"10,000", 10000}, {"1,000,000", 1000000}};
	struct bench bench = {.keys = take(sizeof(*bench.keys))};
	enum fb_isa best = fb_isa_detect();

	make_input(&bench.input);
	for (uint16_t row = 0; row < FB_BATCH_ROWS; row++)
		sel[row] = row;
	for (uint32_t k = 0; k < FB_ARRAY_LEN(keys); k++) {
		make_keys(&bench.input, keys[k].cnt);
		for (uint32_t a = 0; a < FB_ARRAY_LEN(aggregates); a++)
			bench_case(&bench, keys[k].name, &aggregates[a], best, false);
		bench_case(&bench, keys[k].name, &aggregates[1], best, true);
		for (int isa = FB_ISA_SCALAR; isa < (int)best; isa++)
			bench_case(&bench, keys[k].name, &aggregates[1], (enum fb_isa)isa, false);
	}
	return 0;
}
