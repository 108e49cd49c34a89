/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The window update alone: batches of columns into one slice, in the passes of the reader (key
 * words and hashes, lookup, states), for 1, 3, 4 and 10 aggregates over 100 to 10,000,000 keys that
 * come by chance, all alike or by Zipf's law (exponent 1.1). The limit is an array of the same
 * states with the key as its index, prefetched for a batch: no hash, no comparison. Both must hold
 * the same in the end. Time is that of the thread: others may use the machine.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "config/sql/sql.h"
#include "dataplane/operator/slice_private.h"
#include "tests/bench/bench.h"

#define BATCHES 2048u
#define ROWS (BATCHES * FB_BATCH_ROWS) /* of a trial */
#define KEYS_MAX 10000000u
#define KEY_ROWS ((KEYS_MAX / ROWS + 2) * ROWS) /* every key once, then a trial by chance */
#define TEXT_BYTES 32                           /* "city-000042" and what may be read behind it */

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
	{"4 aggregates", "COUNT(*), SUM(a), MIN(a), MAX(a)"},
	{"10 aggregates",
		"COUNT(*), SUM(a), MIN(a), MAX(a), SUM(b), MIN(b), MAX(b), SUM(c), MIN(c), MAX(c)"},
	{"COUNT(DISTINCT a)", "COUNT(*), COUNT(DISTINCT a)"},
};

#define VALUE_CNT 1000 /* different ones of a, b and c */

enum spread { UNIFORM, ZIPF };

/* One line of the table of cases. */
struct bench_case {
	const char *keys;
	uint32_t key_cnt;
	enum spread spread;
	uint32_t with; /* of aggregates */
	bool by_text;
	bool every_isa;
	bool fresh; /* also: every record is the first of its key */
	bool quick; /* with FB_BENCH_QUICK=1 too */
};

static const struct bench_case cases[] = {
	{"100", 100, UNIFORM, 0, false, false, false, true},
	{"100", 100, UNIFORM, 2, false, false, false, true},
	{"100", 100, UNIFORM, 3, false, false, false, false},
	{"10,000", 10000, UNIFORM, 0, false, false, false, false},
	{"10,000", 10000, UNIFORM, 1, true, false, false, true},
	{"10,000", 10000, UNIFORM, 2, false, true, false, true},
	{"10,000", 10000, UNIFORM, 3, false, false, false, true},
	{"10,000", 10000, ZIPF, 2, false, false, false, false},
	{"100", 100, UNIFORM, 4, false, false, false, false},
	{"10,000", 10000, UNIFORM, 4, false, false, true, false},
	{"1,000,000", 1000000, UNIFORM, 0, false, false, false, false},
	{"1,000,000", 1000000, UNIFORM, 1, true, false, true, false},
	{"1,000,000", 1000000, UNIFORM, 2, false, false, true, true},
	{"1,000,000", 1000000, UNIFORM, 3, false, false, false, false},
	{"1,000,000", 1000000, ZIPF, 2, false, false, false, false},
	{"10,000,000", 10000000, UNIFORM, 2, false, false, false, false},
	{"10,000,000", 10000000, UNIFORM, 3, false, false, false, false},
	{"10,000,000", 10000000, ZIPF, 2, false, false, false, false},
};

/* What all cases read: KEY_ROWS keys, ROWS values of each other field. */
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
	bool by_text;
	/* the limit */
	int64_t *array;
	uint8_t *pairs; /* DISTINCT: a byte per key and value */
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
	input->keys = take(KEY_ROWS * sizeof(int64_t));
	input->texts = take(ROWS * sizeof(struct fb_str));
	input->text_bytes = take((size_t)ROWS * TEXT_BYTES);
	for (int i = 0; i < 3; i++) {
		input->values[i] = take(ROWS * sizeof(int64_t));
		for (uint32_t row = 0; row < ROWS; row++)
			input->values[i][row] =
				(int64_t)((row * 2654435761u) >> (8 + i)) % VALUE_CNT;
	}
}

static uint64_t next_random(uint64_t *random)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return *random >> 32;
}

/* A key of 0 … cnt - 1; number n comes n^-1.1 times as often as number 1: the inverse of the
 * continuous law, which is near enough. */
static int64_t next_key(uint64_t *random, const struct bench_case *with)
{
	uint64_t chance = next_random(random);

	if (with->spread == UNIFORM)
		return (int64_t)(chance * with->key_cnt >> 32);

	double top = pow(with->key_cnt, -0.1);
	double key = pow(1 - (1 - top) * ((double)chance / 4294967296.0), -10);

	return FB_MIN((int64_t)key - 1, (int64_t)with->key_cnt - 1);
}

/* The first key_cnt rows hold every key once, in no order; the rest keys by chance. */
static void make_keys(struct input *input, const struct bench_case *with)
{
	uint64_t random = 88172645463325252u;

	input->key_cnt = with->key_cnt;
	for (uint32_t row = 0; row < KEY_ROWS; row++)
		input->keys[row] = row < with->key_cnt ? row : next_key(&random, with);
	for (uint32_t row = with->key_cnt - 1; row > 0; row--) {
		uint32_t other = (uint32_t)(next_random(&random) * (row + 1) >> 32);
		int64_t swap = input->keys[row];

		input->keys[row] = input->keys[other];
		input->keys[other] = swap;
	}
	for (uint32_t row = 0; with->by_text && row < ROWS; row++) {
		char *text = input->text_bytes + (size_t)row * TEXT_BYTES;

		input->texts[row] = (struct fb_str){
			text, (uint32_t)sprintf(text, "city-%06u", (uint32_t)input->keys[row])};
	}
}

/* Batches that hold every key once; then those with keys by chance. */
static uint32_t first_batches(const struct bench *bench)
{
	return (bench->input.key_cnt + FB_BATCH_ROWS - 1) / FB_BATCH_ROWS;
}

/* ---- what is measured ---- */

static void point(const struct bench *bench, uint32_t batch, struct fb_column columns[FIELD_CNT])
{
	size_t row = (size_t)batch % BATCHES * FB_BATCH_ROWS;

	columns[FIELD_K] =
		(struct fb_column){.i64 = bench->input.keys + (size_t)batch * FB_BATCH_ROWS};
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
	bench->keys->find(bench->slice, sel, FB_BATCH_ROWS, bench->keys);
	if (fb_state_update(bench->slice, args, sel, FB_BATCH_ROWS, bench->keys, &overflows) !=
		FB_BATCH_ROWS)
		fail("the pool is too small");
}

/* The limit of DISTINCT: has the key had the value? */
static void touch_pairs(struct bench *bench, uint32_t batch)
{
	const int64_t *keys = bench->input.keys + (size_t)batch * FB_BATCH_ROWS;
	const int64_t *values = bench->input.values[0] + (size_t)batch % BATCHES * FB_BATCH_ROWS;

	for (uint32_t row = 0; row < FB_BATCH_ROWS; row++) {
		__builtin_prefetch(bench->array + 2 * keys[row], 1);
		__builtin_prefetch(bench->pairs + keys[row] * VALUE_CNT + values[row], 1);
	}
	for (uint32_t row = 0; row < FB_BATCH_ROWS; row++) {
		uint8_t *pair = bench->pairs + keys[row] * VALUE_CNT + values[row];

		bench->array[2 * keys[row]]++;
		bench->array[2 * keys[row] + 1] += !*pair;
		*pair = 1;
	}
}

/* Per key: records, then per argument how many, sum, and where the query has them min and max. */
static void touch(struct bench *bench, uint32_t batch)
{
	const struct fb_slice_layout *layout = bench->layout;
	const int64_t *keys = bench->input.keys + (size_t)batch * FB_BATCH_ROWS;
	int64_t *array = bench->array;
	uint32_t stride = bench->stride;
	uint32_t at = 1;

	if (layout->set_cnt > 0) {
		touch_pairs(bench, batch);
		return;
	}
	for (uint32_t row = 0; row < FB_BATCH_ROWS; row++) {
		__builtin_prefetch(array + (size_t)keys[row] * stride, 1);
		if (stride > 8)
			__builtin_prefetch(array + (size_t)keys[row] * stride + 8, 1);
	}
	for (uint32_t row = 0; row < FB_BATCH_ROWS; row++)
		array[(size_t)keys[row] * stride]++;
	for (uint32_t a = 0; a < layout->arg_cnt; a++) {
		const int64_t *values =
			bench->input.values[a] + (size_t)batch % BATCHES * FB_BATCH_ROWS;
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

/* ns per record. The keys are those by chance where there are enough of them. */
static double trial(struct bench *bench, void (*fn)(struct bench *, uint32_t))
{
	uint32_t batches = KEY_ROWS / FB_BATCH_ROWS;
	uint32_t from = bench->by_text ? 0 : FB_MIN(first_batches(bench), batches - BATCHES);
	double start = fb_bench_cpu_ns();

	for (uint32_t batch = from; batch < from + BATCHES; batch++)
		fn(bench, batch);
	return (fb_bench_cpu_ns() - start) / ROWS;
}

/* Every key once, so that both hold all. */
static void fill(struct bench *bench)
{
	for (uint32_t batch = 0; batch < first_batches(bench); batch++) {
		update(bench, batch);
		touch(bench, batch);
	}
}

/* A new window: every key is new until all have come. */
static double trial_fresh(struct bench *bench)
{
	uint32_t batches = FB_MIN(bench->input.key_cnt, ROWS) / FB_BATCH_ROWS;
	double start = fb_bench_cpu_ns();

	fb_slice_close(bench->slice);
	bench->slice = fb_slice_open(bench->pool, bench->layout, 0);
	for (uint32_t batch = 0; batch < batches; batch++)
		update(bench, batch);
	return (fb_bench_cpu_ns() - start) / (batches * FB_BATCH_ROWS);
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
	fb_key_batch_choose(bench->keys, isa);
	/* Entries, and index segments that may just have split. */
	bytes = (uint64_t)bench->input.key_cnt * (fb_slice_layout_entry_bytes(bench->layout) + 32) +
		(4u << 20);
	if (bench->layout->set_cnt > 0)
		bytes += (uint64_t)FB_MIN(bench->input.key_cnt * VALUE_CNT, KEY_ROWS) * 64;
	if (fb_slice_pool_create_touched(bytes, &bench->pool) != 0)
		fail("no pool");
	bench->slice = fb_slice_open(bench->pool, bench->layout, 0);
	bench->stride = 1;
	for (uint32_t a = 0; a < bench->layout->arg_cnt; a++)
		bench->stride += bench->layout->states[a].min ? 4 : 3;
	/* 1, 4 or 16 words: no state lies across two lines. */
	bench->stride = bench->stride > 8 ? 16 : bench->stride;
	bench->pairs = NULL;
	if (bench->layout->set_cnt > 0) {
		bench->stride = 2;
		bench->pairs = (uint8_t *)take_array((size_t)bench->input.key_cnt * VALUE_CNT);
	}
	bench->array = take_array((size_t)bench->input.key_cnt * bench->stride * sizeof(int64_t));
}

static void close_case(struct bench *bench)
{
	fb_slice_close(bench->slice);
	fb_slice_pool_destroy(bench->pool);
	fb_slice_layout_destroy(bench->layout);
	fb_plan_destroy(bench->plan);
	free(bench->array);
	free(bench->pairs);
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
			(layout->set_cnt > 0 &&
				(int64_t)entry[layout->states[0].count] != states[1]) ||
			(layout->state_cnt > 0 && layout->states[0].sum &&
				(int64_t)entry[layout->states[0].sum] != states[2]))
			fail("the slice and the array differ");
	}
	if (fb_slice_group_cnt(bench->slice) != bench->input.key_cnt ||
		(!bench->by_text && keys != bench->input.key_cnt))
		fail("keys are missing");
}

static void print(const char *name, const char *note, const struct fb_bench_series *cost,
	const struct fb_bench_series *limit)
{
	fb_bench_print(&(struct fb_bench_row){
		"operator", name, "CPU ns/record", cost, limit, false, note});
}

static void name_case(
	char name[96], const struct bench_case *with, const char *what, enum fb_isa isa)
{
	snprintf(name, 96, "%s %s%skeys%s, %s, %s", with->keys, what, with->by_text ? "text " : "",
		with->spread == ZIPF ? " (Zipf)" : "", aggregates[with->with].name,
		fb_isa_name(isa));
}

static void run_case(struct bench *bench, const struct bench_case *with, enum fb_isa isa)
{
	struct fb_bench_series cost = {0};
	struct fb_bench_series limit = {0};
	struct fb_bench_series fresh = {0};
	char name[96];
	char note[160];

	open_case(bench, &aggregates[with->with], isa, with->by_text);
	fill(bench);
	for (uint32_t run = 0; run < fb_bench_trials(15); run++) {
		fb_bench_add(&limit, trial(bench, touch));
		fb_bench_add(&cost, trial(bench, update));
	}
	check(bench);
	name_case(name, with, "", isa);
	snprintf(note, sizeof(note),
		"%u records in batches of %u, entry of %u B; limit: array of the same states, "
		"prefetched",
		ROWS, FB_BATCH_ROWS, fb_slice_layout_entry_bytes(bench->layout));
	print(name, note, &cost, &limit);
	for (uint32_t run = 0; with->fresh && run < fb_bench_trials(7); run++)
		fb_bench_add(&fresh, trial_fresh(bench));
	name_case(name, with, "new ", isa);
	if (with->fresh)
		print(name, "every record is the first of its key in a new window", &fresh, NULL);
	close_case(bench);
}

int main(int argc, char **argv)
{
	struct bench bench = {.keys = take(sizeof(*bench.keys))};
	enum fb_isa best = fb_isa_detect();

	make_input(&bench.input);
	for (uint16_t row = 0; row < FB_BATCH_ROWS; row++)
		sel[row] = row;
	for (uint32_t i = 0; i < FB_ARRAY_LEN(cases); i++) {
		const struct bench_case *with = &cases[i];

		/* Only the cases of so many keys. */
		if (argc > 1 && strcmp(argv[1], with->keys) != 0)
			continue;
		if (!with->quick && fb_bench_trials(15) < 15)
			continue;
		make_keys(&bench.input, with);
		run_case(&bench, with, best);
		for (int isa = FB_ISA_SCALAR; with->every_isa && isa < (int)best; isa++)
			run_case(&bench, with, (enum fb_isa)isa);
	}
	return 0;
}
