/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A query from datagrams in memory to slices, without a port: what each format, kind of window, count of keys and of
 * aggregates costs a record, stage by stage. A pass over the datagrams is ten seconds of event time, across the end of a
 * window; after each trial the slices are handed over and returned, so that it begins with empty windows, as a stream does.
 *
 *   decode   the reader's decoder alone; limit: touching every line of the datagrams
 *   window   all but that; limit: a plain array with the state of the same keys, prefetched
 *   both     end to end; limit: touching
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/sql/sql.h"
#include "dataplane/operator/reader.h"
#include "tests/bench/bench.h"

#define SLOT_BYTES 2048 /* as in an mbuf */
#define BINARY_BYTES 64
#define BURST 32
#define PASS_FROM_MS 5000
#define PASS_MS 10000
#define START_MS 1767225600000 /* 2026-01-01 */
#define TRIAL_RECORDS 500000u

enum format { CSV, JSON, BINARY, FORMAT_CNT };
enum kind { TUMBLE, HOP, SESSION };

static const char *const format_names[] = {"csv", "json", "binary"};
static const uint32_t per_datagram[] = {10, 6, 23};
static const char *const kind_names[] = {"TUMBLE", "HOP by 60", "SESSION"};
static const char *const kind_sql[] = {
	"TUMBLE(TABLE people, DESCRIPTOR(ts), INTERVAL '10' SECOND)",
	"HOP(TABLE people, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '10' MINUTE)",
	"SESSION(TABLE people PARTITION BY city, DESCRIPTOR(ts), INTERVAL '10' SECOND)",
};

struct aggregates {
	uint32_t cnt;
	const char *sql;
	const char *columns;
};

static const struct aggregates one = {1, "COUNT(*)", "a1 BIGINT"};
static const struct aggregates three = {3, "COUNT(*), SUM(age), MAX(age)", "a1 BIGINT, a2 INT, a3 INT"};
static const struct aggregates ten = {10,
	"COUNT(*), COUNT(age), SUM(age), MIN(age), MAX(age), AVG(age), SUM(id), MIN(id), MAX(id), AVG(id)",
	"a1 BIGINT, a2 BIGINT, a3 INT, a4 INT, a5 INT, a6 INT, a7 BIGINT, a8 BIGINT, a9 BIGINT, a10 BIGINT"};

/* One line of the table of cases. */
struct bench_case {
	enum format format;
	enum kind kind;
	uint32_t key_cnt;
	bool zipf;
	const struct aggregates *aggregates;
	bool quick; /* with FB_BENCH_QUICK=1 too */
};

static const struct bench_case cases[] = {
	{CSV, TUMBLE, 100, false, &three, false},
	{CSV, TUMBLE, 10000, false, &one, false},
	{CSV, TUMBLE, 10000, false, &three, true},
	{CSV, TUMBLE, 10000, true, &three, false},
	{CSV, TUMBLE, 10000, false, &ten, false},
	{CSV, TUMBLE, 1000000, false, &three, false},
	{CSV, TUMBLE, 1000000, true, &three, false},
	{CSV, HOP, 10000, false, &three, true},
	{CSV, SESSION, 10000, false, &three, true},
	{JSON, TUMBLE, 100, false, &three, false},
	{JSON, TUMBLE, 10000, false, &three, true},
	{JSON, TUMBLE, 1000000, false, &three, false},
	{BINARY, TUMBLE, 100, false, &three, false},
	{BINARY, TUMBLE, 10000, false, &one, false},
	{BINARY, TUMBLE, 10000, false, &three, true},
	{BINARY, TUMBLE, 10000, true, &three, false},
	{BINARY, TUMBLE, 10000, false, &ten, false},
	{BINARY, TUMBLE, 1000000, false, &three, false},
	{BINARY, TUMBLE, 10000000, false, &three, false},
	{BINARY, HOP, 10000, false, &three, false},
	{BINARY, SESSION, 10000, false, &three, false},
};

static struct fb_layout_field binary_fields[] = {
	{.name = (char *)"id", .type = FB_LAYOUT_INT64, .offset = 0, .bytes = 8},
	{.name = (char *)"age", .type = FB_LAYOUT_INT32, .offset = 8, .bytes = 4},
	{.name = (char *)"city", .type = FB_LAYOUT_TEXT, .offset = 16, .bytes = 8},
	{.name = (char *)"ts", .type = FB_LAYOUT_INT64, .offset = 24, .bytes = 8},
};
static const struct fb_layout binary_layout = {
	.record_bytes = BINARY_BYTES, .fields = binary_fields, .field_cnt = FB_ARRAY_LEN(binary_fields)};

/* The datagrams of a pass, in the order of event time, each in a slot of its own somewhere. */
struct input {
	enum format format;
	uint32_t records; /* in a datagram */
	uint32_t cnt;     /* datagrams */
	uint8_t *memory;
	uint32_t *order;
	uint32_t *len;
	uint32_t *keys; /* by record */
	int64_t *array; /* the limit: four words a key */
	double record_bytes;
};

struct bench {
	const struct bench_case *with;
	struct input input;
	struct fb_plan *plan;
	struct fb_slice_layout *layout;
	struct fb_decoder *decoder;
	struct fb_batch batch;
	struct fb_reader *reader;
	uint64_t fed;
};

static uint64_t ignored;

static void fail(const char *what)
{
	fprintf(stderr, "bench query: %s\n", what);
	exit(1);
}

/* ---- input ---- */

static uint64_t next_random(uint64_t *random)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return *random >> 32;
}

/* Number n comes n^-1.1 times as often as number 1. */
static uint32_t next_key(uint64_t *random, const struct bench_case *with)
{
	uint64_t chance = next_random(random);
	double top;

	if (!with->zipf)
		return (uint32_t)(chance * with->key_cnt >> 32);
	top = pow(with->key_cnt, -0.1);
	return FB_MIN((uint32_t)pow(1 - (1 - top) * ((double)chance / 4294967296.0), -10) - 1, with->key_cnt - 1);
}

static void put_digits(char *to, uint32_t value, int digits)
{
	while (digits-- > 0) {
		to[digits] = (char)('0' + value % 10);
		value /= 10;
	}
}

static uint32_t make_binary(char *out, uint32_t id, uint32_t key, uint32_t at_ms)
{
	uint64_t number = id;
	int64_t time = START_MS + at_ms;
	uint32_t age = 18 + id * 2654435761u / 64 % 70;

	memset(out, 0x55, BINARY_BYTES);
	memcpy(out, &number, 8);
	memcpy(out + 8, &age, 4);
	out[16] = 'c';
	put_digits(out + 17, key, 7);
	memcpy(out + 24, &time, 8);
	return BINARY_BYTES;
}

static uint32_t make_record(enum format format, char *out, uint32_t id, uint32_t key, uint32_t at_ms)
{
	uint32_t key_at;
	uint32_t time_at;
	uint32_t len;
	char *time;

	if (format == BINARY)
		return make_binary(out, id, key, at_ms);
	len = format == CSV ? fb_bench_record(out, id, &key_at, &time_at) : fb_bench_json_record(out, id, false);
	out[len] = '\0';
	put_digits(strstr(out, "city-") + 5, key, 6);
	time = strstr(out, "2026-01-01 ");
	put_digits(time + 17, at_ms / 1000, 2);
	put_digits(time + 20, at_ms % 1000, 3);
	return len;
}

/* As many records as stay in the third cache, or so many that most keys come. */
static uint32_t datagram_cnt(const struct bench_case *with)
{
	uint32_t records = FB_MAX(TRIAL_RECORDS / 8, FB_MIN(with->key_cnt * 2, 2000000u));

	return records / per_datagram[with->format] + 1;
}

static void *take(size_t bytes)
{
	size_t whole = (bytes + 4095) / 4096 * 4096;
	void *memory = aligned_alloc(4096, whole);

	if (memory == NULL)
		fail("no memory");
	memset(memory, 0, whole);
	return memory;
}

static void make_input(struct input *input, const struct bench_case *with)
{
	uint64_t random = 88172645463325252u;

	*input = (struct input){.format = with->format, .records = per_datagram[with->format], .cnt = datagram_cnt(with)};
	input->memory = take((size_t)input->cnt * SLOT_BYTES + FB_PAYLOAD_PAD_BYTES);
	input->order = take(input->cnt * sizeof(*input->order));
	input->len = take(input->cnt * sizeof(*input->len));
	input->keys = take((size_t)input->cnt * input->records * sizeof(*input->keys));
	input->array = take((size_t)with->key_cnt * 4 * sizeof(*input->array));
	for (uint32_t i = 0; i < input->cnt; i++)
		input->order[i] = i;
	for (uint32_t i = input->cnt - 1; i > 0; i--) {
		uint32_t other = (uint32_t)(next_random(&random) * (i + 1) >> 32);
		uint32_t swap = input->order[i];

		input->order[i] = input->order[other];
		input->order[other] = swap;
	}
	for (uint32_t i = 0; i < input->cnt; i++) {
		char *slot = (char *)input->memory + (size_t)input->order[i] * SLOT_BYTES;

		for (uint32_t k = 0; k < input->records; k++) {
			uint32_t id = i * input->records + k;

			input->keys[id] = next_key(&random, with);
			input->len[i] += make_record(with->format, slot + input->len[i], id, input->keys[id],
				PASS_FROM_MS + (uint32_t)((uint64_t)i * PASS_MS / input->cnt));
		}
		input->record_bytes += input->len[i];
	}
	input->record_bytes /= (double)input->cnt * input->records;
}

static inline const uint8_t *slot(const struct input *input, uint32_t at)
{
	return input->memory + (size_t)input->order[at] * SLOT_BYTES;
}

static inline void prefetch(const struct input *input, uint32_t at)
{
	for (uint32_t i = 0; at < input->cnt && i < input->len[at]; i += 64)
		__builtin_prefetch(slot(input, at) + i);
}

/* ---- a pass over all datagrams ---- */

static void pass_touch(struct bench *bench)
{
	const struct input *input = &bench->input;

	for (uint32_t at = 0; at < input->cnt; at++) {
		prefetch(input, at + 3);
		for (uint32_t i = 0; i < input->len[at]; i += 64)
			ignored += slot(input, at)[i];
	}
}

static void pass_array(struct bench *bench)
{
	const struct input *input = &bench->input;
	uint32_t cnt = input->cnt * input->records;

	for (uint32_t from = 0; from < cnt; from += FB_BATCH_ROWS) {
		uint32_t to = FB_MIN(from + FB_BATCH_ROWS, cnt);

		for (uint32_t i = from; i < to; i++)
			__builtin_prefetch(input->array + (size_t)input->keys[i] * 4, 1);
		for (uint32_t i = from; i < to; i++) {
			int64_t *state = input->array + (size_t)input->keys[i] * 4;

			state[0]++;
			state[1] += i;
			state[2] = FB_MIN(state[2], (int64_t)i);
			state[3] = FB_MAX(state[3], (int64_t)i);
		}
	}
}

static void pass_decode(struct bench *bench)
{
	const struct input *input = &bench->input;

	for (uint32_t at = 0; at < input->cnt; at++) {
		uint32_t pos = 0;

		prefetch(input, at + 3);
		while (!fb_decoder_add(bench->decoder, slot(input, at), input->len[at], &pos)) {
			fb_decoder_finish(bench->decoder, &bench->batch);
			ignored += bench->batch.sel_cnt;
		}
		if (at % BURST == BURST - 1)
			fb_decoder_finish(bench->decoder, &bench->batch);
	}
	fb_decoder_finish(bench->decoder, &bench->batch);
}

static void pass_reader(struct bench *bench)
{
	const struct input *input = &bench->input;

	for (uint32_t at = 0; at < input->cnt; at++) {
		prefetch(input, at + 3);
		fb_reader_feed(bench->reader, slot(input, at), input->len[at]);
		if (at % BURST == BURST - 1)
			fb_reader_flush(bench->reader);
	}
	fb_reader_flush(bench->reader);
	bench->fed += (uint64_t)input->cnt * input->records;
}

/* Those of SESSION go on from pass to pass: time that goes back would be all that is measured. */
static uint32_t passes_of(const struct bench *bench)
{
	uint32_t records = bench->input.cnt * bench->input.records;

	return bench->with->kind == SESSION ? 1 : FB_MAX(TRIAL_RECORDS / records, 1u);
}

static void hand_over(struct bench *bench)
{
	struct fb_slice *slice;
	uint32_t query;

	while ((slice = fb_reader_take_open(bench->reader, &query)) != NULL)
		fb_reader_return_slice(bench->reader, query, slice);
}

/* TSC cycles of CPU time a record. */
static double trial(struct bench *bench, void (*pass)(struct bench *))
{
	uint32_t records = bench->input.cnt * bench->input.records;
	uint32_t passes = passes_of(bench);
	double start = fb_bench_cpu_cycles();

	for (uint32_t i = 0; i < passes; i++)
		pass(bench);
	hand_over(bench);
	return (fb_bench_cpu_cycles() - start) / ((double)passes * records);
}

/* ---- cases ---- */

/* An hour of delay: a pass that begins anew is not late, and everything is done for lateness but counting it. */
static void make_plan(struct bench *bench)
{
	const struct bench_case *with = bench->with;
	struct fb_diags diags;
	char sql[2048];

	snprintf(sql, sizeof(sql),
		"SET 'table.local-time-zone' = 'UTC';\n"
		"CREATE TABLE people (id BIGINT, name STRING, age INT, gender STRING, birthday DATE, email STRING,\n"
		"  phone STRING, address STRING, city STRING, country STRING, ts TIMESTAMP(3),\n"
		"  WATERMARK FOR ts AS ts - INTERVAL '1' HOUR) WITH ('connector'='udp', 'port'='5000', 'format'='%s');\n"
		"CREATE TABLE sums (ws TIMESTAMP(3), city STRING, %s) WITH ('connector'='blackhole');\n"
		"INSERT INTO sums SELECT window_start, city, %s FROM TABLE(%s)\n"
		"GROUP BY window_start, window_end, city;\n",
		with->format == JSON ? "json" : "csv", with->aggregates->columns, with->aggregates->sql, kind_sql[with->kind]);
	fb_diags_init(&diags, "bench.sql");
	if (fb_sql_plan("bench.sql", fb_str_from(sql), &diags, &bench->plan) != 0) {
		fb_diags_print(&diags, sql, stderr);
		fail("the query does not plan");
	}
	fb_diags_fini(&diags);
}

static void open_case(struct bench *bench)
{
	const struct fb_query_plan *query;
	struct fb_type types[16];

	make_plan(bench);
	query = bench->plan->queries[0];
	if (fb_slice_layout_create(query, &bench->layout) != 0)
		fail("no layout");

	const struct fb_layout *layout = bench->with->format == BINARY ? &binary_layout : NULL;
	struct fb_decoder_conf decoder = {
		.table = query->source, .needed = query->fields_needed, .isa = fb_isa_detect(), .layout = layout};
	struct fb_reader_conf reader = {.source = query->source,
		.queries = &query,
		.layouts = (const struct fb_slice_layout *const *)&bench->layout,
		.query_cnt = 1,
		.record_layout = layout,
		.isa = fb_isa_detect(),
		.state_bytes = 4ull << 30,
		.watermark_ms = FB_TIME_MIN,
		.grows = true};

	for (uint32_t i = 0; i < query->source->field_cnt; i++)
		types[i] = query->source->fields[i]->type;
	if (fb_decoder_create(&decoder, &bench->decoder) != 0 ||
		fb_batch_init(&bench->batch, types, query->source->field_cnt, query->fields_needed) != 0 ||
		fb_reader_create(&reader, &bench->reader) != 0)
		fail("no reader");
}

/* The numbers must add up here too. */
static void check(const struct bench *bench)
{
	const struct fb_decode_counters *decode = fb_reader_decode_counters(bench->reader);
	const struct fb_query_counters *query = fb_reader_query_counters(bench->reader, 0);

	if (decode->decoded != bench->fed || query->disposition[FB_REC_ACCEPTED] != bench->fed || query->sealed_rows != bench->fed)
		fail("records are missing");
}

static void close_case(struct bench *bench)
{
	fb_reader_destroy(bench->reader);
	fb_decoder_destroy(bench->decoder);
	fb_batch_fini(&bench->batch);
	fb_slice_layout_destroy(bench->layout);
	fb_plan_destroy(bench->plan);
	free(bench->input.memory);
	free(bench->input.order);
	free(bench->input.len);
	free(bench->input.keys);
	free(bench->input.array);
}

static void name_case(char name[96], const struct bench_case *with)
{
	snprintf(name, 96, "%s, %s, %u keys%s, %u aggregate%s", format_names[with->format], kind_names[with->kind],
		with->key_cnt, with->zipf ? " (Zipf)" : "", with->aggregates->cnt, with->aggregates->cnt > 1 ? "s" : "");
}

static void print(const char *name, const char *what, const char *note, const struct fb_bench_series *cost,
	const struct fb_bench_series *limit)
{
	char full[128];

	snprintf(full, sizeof(full), "%s: %s", name, what);
	fb_bench_print(&(struct fb_bench_row){"query", full, "TSC cycles/record", cost, limit, false, note});
}

static void run_case(const struct bench_case *with)
{
	struct bench bench = {.with = with};
	struct fb_bench_series touch = {0};
	struct fb_bench_series array = {0};
	struct fb_bench_series decode = {0};
	struct fb_bench_series window = {0};
	struct fb_bench_series both = {0};
	struct fb_bench_series rate = {0};
	struct fb_bench_series rate_limit = {0};
	char name[96];
	char note[192];

	make_input(&bench.input, with);
	open_case(&bench);
	trial(&bench, pass_reader);
	for (uint32_t run = 0; run < fb_bench_trials(9); run++) {
		fb_bench_add(&touch, trial(&bench, pass_touch));
		fb_bench_add(&array, trial(&bench, pass_array));
		fb_bench_add(&decode, trial(&bench, pass_decode));
		fb_bench_add(&both, trial(&bench, pass_reader));
		fb_bench_add(&window, both.value[run] - decode.value[run]);
		fb_bench_add(&rate, fb_bench_tsc_hz() / both.value[run] / 1e6);
		fb_bench_add(&rate_limit, fb_bench_tsc_hz() / touch.value[run] / 1e6);
	}
	check(&bench);
	name_case(name, with);
	snprintf(note, sizeof(note), "%u datagrams of %u records of %.0f B, %u records in two windows, %s kernels", bench.input.cnt,
		bench.input.records, bench.input.record_bytes,
		bench.input.cnt * bench.input.records * passes_of(&bench),
		fb_isa_name(fb_isa_detect()));
	fb_bench_print(&(struct fb_bench_row){"query", name, "M records/CPU s", &rate, &rate_limit, true, note});
	print(name, "both", NULL, &both, &touch);
	print(name, "decode", NULL, &decode, &touch);
	print(name, "window", NULL, &window, &array);
	close_case(&bench);
}

/* Without arguments all cases; else those whose names begin with one of them: `bench-query "csv, TUMBLE"`. */
int main(int argc, char **argv)
{
	for (uint32_t c = 0; c < FB_ARRAY_LEN(cases); c++) {
		bool wanted = argc == 1 && (cases[c].quick || fb_bench_trials(9) == 9);
		char name[96];

		name_case(name, &cases[c]);
		for (int i = 1; i < argc; i++)
			wanted |= strncmp(name, argv[i], strlen(argv[i])) == 0;
		if (wanted)
			run_case(&cases[c]);
	}
	return ignored == 1;
}
