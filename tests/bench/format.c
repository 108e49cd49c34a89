/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoding alone: datagrams of people records, columns age, city and ts, for each kernel that this processor has. CSV, JSON as
 * a program writes it, JSON whose members stand in another order in each record, which is what any object costs, and
 * binary records of 64 bytes (no kernels: the compiler's code for each type).
 * The limit is touching every line of the same datagrams. Two working sets: one that stays in L2 and one that does not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/sql/sql.h"
#include "dataplane/format/decoder.h"
#include "tests/bench/bench.h"
#ifdef FB_BENCH_SIMDJSON
#include "tests/bench/json_peer.h"
#endif

#define BINARY_BYTES 64
#define SLOT_BYTES 2048 /* as in an mbuf */
#define TRIAL_RECORDS 1000000u

enum input { CSV, JSON, JSON_SHUFFLED, BINARY };

struct datagrams {
	enum input input;
	uint32_t records; /* in each */
	uint8_t *memory;
	uint32_t *order; /* slots in the order in which they are read */
	uint32_t *len;
	uint32_t cnt;
	double record_bytes;
};

static uint64_t ignored;

static void fail(const char *what)
{
	fprintf(stderr, "bench format: %s\n", what);
	exit(1);
}

/* id, age, a city of eight bytes, the time in milliseconds; the rest is other fields. */
static uint32_t make_binary(char *out, uint32_t id)
{
	uint64_t number = id;
	uint32_t age = 18 + id * 2654435761u / 64 % 70;
	int64_t time = 1767225600000 + id;
	char city[16];

	memset(out, 0x55, BINARY_BYTES);
	memcpy(out, &number, 8);
	memcpy(out + 8, &age, 4);
	snprintf(city, sizeof(city), "c%06u", id % 100);
	memcpy(out + 16, city, 8);
	memcpy(out + 24, &time, 8);
	return BINARY_BYTES;
}

static struct fb_layout_field binary_fields[] = {
	{.name = (char *)"age", .type = FB_LAYOUT_INT32, .offset = 8, .bytes = 4},
	{.name = (char *)"city", .type = FB_LAYOUT_TEXT, .offset = 16, .bytes = 8},
	{.name = (char *)"ts", .type = FB_LAYOUT_INT64, .offset = 24, .bytes = 8},
};
static const struct fb_layout binary_layout = {
	.record_bytes = BINARY_BYTES, .fields = binary_fields, .field_cnt = FB_ARRAY_LEN(binary_fields)};

static uint32_t make_record(enum input input, char *out, uint32_t id)
{
	uint32_t key_at;
	uint32_t time_at;

	if (input == BINARY)
		return make_binary(out, id);
	if (input == CSV)
		return fb_bench_record(out, id, &key_at, &time_at);
	return fb_bench_json_record(out, id, input == JSON_SHUFFLED);
}

static struct datagrams make_datagrams(enum input input, uint32_t cnt)
{
	struct datagrams set = {
		.input = input,
		.records = input == BINARY ? 23 : input == CSV ? 10 : 6, /* as many as fit into 1472 bytes */
		.memory = aligned_alloc(4096, (size_t)cnt * SLOT_BYTES),
		.order = calloc(cnt, sizeof(uint32_t)),
		.len = calloc(cnt, sizeof(uint32_t)),
		.cnt = cnt,
	};

	if (set.memory == NULL || set.order == NULL || set.len == NULL)
		fail("no memory");
	memset(set.memory, 0, (size_t)cnt * SLOT_BYTES);
	for (uint32_t i = 0; i < cnt; i++) {
		for (uint32_t k = 0; k < set.records; k++)
			set.len[i] += make_record(
				input, (char *)set.memory + (size_t)i * SLOT_BYTES + set.len[i], i * set.records + k);
		set.record_bytes += set.len[i];
		set.order[i] = i;
	}
	set.record_bytes /= (double)cnt * set.records;
	for (uint32_t i = cnt - 1, random = 1; i > 0; i--) {
		random = random * 1664525 + 1013904223;

		uint32_t other = (uint32_t)(((uint64_t)random * (i + 1)) >> 32);
		uint32_t swap = set.order[i];

		set.order[i] = set.order[other];
		set.order[other] = swap;
	}
	return set;
}

static inline const uint8_t *slot(const struct datagrams *set, uint32_t at, uint32_t *ret_len)
{
	uint32_t number = set->order[at % set->cnt];

	*ret_len = set->len[number];
	return set->memory + (size_t)number * SLOT_BYTES;
}

static inline void prefetch(const struct datagrams *set, uint32_t at)
{
	uint32_t len;
	const uint8_t *data = slot(set, at, &len);

	for (uint32_t i = 0; i < len; i += 64)
		__builtin_prefetch(data + i);
}

static double trial_touch(const struct datagrams *set)
{
	double start = fb_bench_cpu_cycles();

	for (uint32_t at = 0; at < TRIAL_RECORDS / set->records; at++) {
		uint32_t len;
		const uint8_t *data = slot(set, at, &len);

		prefetch(set, at + 3);
		for (uint32_t i = 0; i < len; i += 64)
			ignored += data[i];
	}
	return (fb_bench_cpu_cycles() - start) / TRIAL_RECORDS;
}

static double trial_decode(const struct datagrams *set, struct fb_decoder *decoder, struct fb_batch *batch)
{
	double start = fb_bench_cpu_cycles();

	for (uint32_t at = 0; at < TRIAL_RECORDS / set->records; at++) {
		uint32_t len;
		uint32_t pos = 0;
		const uint8_t *data = slot(set, at, &len);

		prefetch(set, at + 3);
		while (!fb_decoder_add(decoder, data, len, &pos)) {
			fb_decoder_finish(decoder, batch);
			ignored += batch->sel_cnt;
		}
		/* A burst of 32 datagrams is what a worker flushes. */
		if (at % 32 == 31) {
			fb_decoder_finish(decoder, batch);
			ignored += batch->sel_cnt;
		}
	}
	fb_decoder_finish(decoder, batch);
	return (fb_bench_cpu_cycles() - start) / TRIAL_RECORDS;
}

static void name_case(char name[96], enum input input, enum fb_isa isa, const char *where)
{
	static const char *const names[] = {"csv", "json", "json in any order", "binary"};

	snprintf(name, 96, "%s %s, %s", names[input], fb_isa_name(isa), where);
}

static bool is_wanted(int argc, char **argv, enum input input, enum fb_isa isa, const char *where)
{
	char name[96];
	bool wanted = argc == 1;

	name_case(name, input, isa, where);
	for (int i = 1; i < argc; i++)
		wanted |= strncmp(name, argv[i], strlen(argv[i])) == 0;
	return wanted;
}

static void bench_case(const struct fb_query_plan *query, const struct datagrams *set, enum fb_isa isa, const char *where)
{
	struct fb_decoder_conf conf = {.table = query->source, .needed = query->fields_needed, .isa = isa,
		.layout = set->input == BINARY ? &binary_layout : NULL};
	struct fb_decoder *decoder;
	struct fb_batch batch;
	struct fb_type types[16];
	struct fb_bench_series cost = {0};
	struct fb_bench_series limit = {0};
	struct fb_bench_series ns = {0};
	char name[96];
	char note[160];

	for (uint32_t i = 0; i < query->source->field_cnt; i++)
		types[i] = query->source->fields[i]->type;
	if (fb_decoder_create(&conf, &decoder) != 0 ||
		fb_batch_init(&batch, types, query->source->field_cnt, query->fields_needed) != 0)
		fail("no decoder");
	trial_decode(set, decoder, &batch);
	for (uint32_t run = 0; run < fb_bench_trials(31); run++) {
		fb_bench_add(&limit, trial_touch(set));
		fb_bench_add(&cost, trial_decode(set, decoder, &batch));
		fb_bench_add(&ns, cost.value[run] / fb_bench_tsc_hz() * 1e9);
	}

	const struct fb_decode_counters *counters = fb_decoder_counters(decoder);

	if (counters->decoded != counters->records || counters->records != counters->payloads * set->records)
		fail("records are missing");
	name_case(name, set->input, isa, where);
	snprintf(note, sizeof(note), "%u datagrams of %u records of %.0f B, 3 of 11 fields; limit: touching every line", set->cnt,
		set->records, set->record_bytes);
	fb_bench_print(&(struct fb_bench_row){"format", name, "TSC cycles/record", &cost, &limit, false, note});
	fb_bench_print(&(struct fb_bench_row){"format", name, "ns/record", &ns, NULL, false, NULL});
	fb_decoder_destroy(decoder);
	fb_batch_fini(&batch);
}

#ifdef FB_BENCH_SIMDJSON
static double trial_simdjson(const struct datagrams *set, struct fb_simdjson *parser, int64_t *ret_sum)
{
	double start = fb_bench_cpu_cycles();

	for (uint32_t at = 0; at < TRIAL_RECORDS / set->records; at++) {
		struct fb_simdjson_row rows[16];
		uint32_t len;
		const uint8_t *data = slot(set, at, &len);

		prefetch(set, at + 3);
		if (fb_simdjson_datagram(parser, data, len, rows, FB_ARRAY_LEN(rows)) != (int)set->records)
			fail("simdjson does not find the records");
		for (uint32_t i = 0; i < set->records; i++)
			*ret_sum += rows[i].age + rows[i].ts_ms + rows[i].city_bytes;
	}
	return (fb_bench_cpu_cycles() - start) / TRIAL_RECORDS;
}

/* The same columns by ours, so that both are known to read the same. */
static double trial_sum(const struct datagrams *set, const struct fb_query_plan *query, struct fb_decoder *decoder,
	struct fb_batch *batch, int64_t *ret_sum)
{
	uint32_t fields[3] = {0};
	double start = fb_bench_cpu_cycles();

	for (uint32_t i = 0; i < query->source->field_cnt; i++) {
		const char *name = query->source->fields[i]->name;

		fields[strcmp(name, "age") == 0 ? 0 : strcmp(name, "city") == 0 ? 1 : 2] = i;
	}
	for (uint32_t at = 0; at < TRIAL_RECORDS / set->records; at++) {
		uint32_t len;
		uint32_t pos = 0;
		const uint8_t *data = slot(set, at, &len);

		prefetch(set, at + 3);
		if (!fb_decoder_add(decoder, data, len, &pos))
			fail("a datagram is more than a batch");
		if (at % 32 != 31 && at + 1 < TRIAL_RECORDS / set->records)
			continue;
		fb_decoder_finish(decoder, batch);
		for (uint32_t i = 0; i < batch->row_cnt; i++)
			*ret_sum += batch->columns[fields[0]].i64[i] + batch->columns[fields[1]].str[i].len +
				    batch->columns[fields[2]].i64[i];
	}
	return (fb_bench_cpu_cycles() - start) / TRIAL_RECORDS;
}

static void bench_simdjson(const struct fb_query_plan *query, const struct datagrams *set, const char *where)
{
	struct fb_decoder_conf conf = {.table = query->source, .needed = query->fields_needed, .isa = fb_isa_detect()};
	struct fb_simdjson *parser = fb_simdjson_create();
	struct fb_decoder *decoder;
	struct fb_batch batch;
	struct fb_type types[16];
	struct fb_bench_series ours = {0};
	struct fb_bench_series theirs = {0};
	char name[96];
	char note[160];

	for (uint32_t i = 0; i < query->source->field_cnt; i++)
		types[i] = query->source->fields[i]->type;
	if (fb_decoder_create(&conf, &decoder) != 0 ||
		fb_batch_init(&batch, types, query->source->field_cnt, query->fields_needed) != 0)
		fail("no decoder");
	for (uint32_t run = 0; run < fb_bench_trials(15); run++) {
		int64_t sum = 0;
		int64_t other = 0;

		fb_bench_add(&theirs, trial_simdjson(set, parser, &other));
		fb_bench_add(&ours, trial_sum(set, query, decoder, &batch, &sum));
		if (sum != other)
			fail("simdjson reads other values");
	}
	snprintf(name, sizeof(name), "json beside simdjson, %s", where);
	snprintf(note, sizeof(note), "in place of the limit stands simdjson %s (%s), iterate_many, fields in their order",
		"on demand", fb_simdjson_kernel());
	fb_bench_print(&(struct fb_bench_row){"format", name, "TSC cycles/record", &ours, &theirs, false, note});
	fb_decoder_destroy(decoder);
	fb_batch_fini(&batch);
	fb_simdjson_destroy(parser);
}
#endif

static const struct fb_query_plan *make_plan(enum input input)
{
	static const char sql[] =
		"CREATE TABLE people (id BIGINT, name STRING, age INT, gender STRING, birthday DATE, email STRING,\n"
		"  phone STRING, address STRING, city STRING, country STRING, ts TIMESTAMP(3),\n"
		"  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND) WITH ('connector'='udp', 'port'='5000', 'format'='%s');\n"
		"CREATE TABLE sums (ws TIMESTAMP(3), city STRING, s INT) WITH ('connector'='blackhole');\n"
		"INSERT INTO sums SELECT window_start, city, SUM(age)\n"
		"FROM TABLE(TUMBLE(TABLE people, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, city;\n";
	char text[sizeof(sql) + 16];
	struct fb_diags diags;
	struct fb_plan *plan;

	snprintf(text, sizeof(text), sql, input == CSV ? "csv" : "json"); /* of binary records the layout counts */
	fb_diags_init(&diags, "bench.sql");
	if (fb_sql_plan("bench.sql", fb_str_from(text), &diags, &plan) != 0) {
		fb_diags_print(&diags, text, stderr);
		fail("the query does not plan");
	}
	return plan->queries[0];
}

/* Without arguments all cases; else those whose names begin with one of them: `bench-format "csv avx512"`. */
int main(int argc, char **argv)
{
	static const struct {
		uint32_t cnt;
		const char *text;
	} sizes[] = {{512, "1 MB"}, {65536, "128 MB"}};

	for (int input = CSV; input <= BINARY; input++) {
		const struct fb_query_plan *query = make_plan((enum input)input);

		/* Making the large set takes longer than a short run may. */
		for (uint32_t i = 0; i < (fb_bench_trials(31) == 31 ? FB_ARRAY_LEN(sizes) : 1); i++) {
			struct datagrams set = make_datagrams((enum input)input, sizes[i].cnt);

			for (int isa = input == BINARY ? (int)fb_isa_detect() : FB_ISA_SCALAR; isa <= (int)fb_isa_detect(); isa++)
				if (is_wanted(argc, argv, (enum input)input, (enum fb_isa)isa, sizes[i].text))
					bench_case(query, &set, (enum fb_isa)isa, sizes[i].text);
#ifdef FB_BENCH_SIMDJSON
			if (input == JSON && (argc == 1 || strcmp(argv[1], "simdjson") == 0))
				bench_simdjson(query, &set, sizes[i].text);
#endif
			free(set.memory);
			free(set.order);
			free(set.len);
		}
	}
	return ignored == 1;
}
