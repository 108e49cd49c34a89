/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers of a run, and its ledger. */
#include <stdlib.h>

#include "control/replay/replay_private.h"

/* Both kinds of counters are nothing but u64. */
static void add_counters(void *to, const void *from, size_t bytes)
{
	for (size_t i = 0; i < bytes / sizeof(uint64_t); i++)
		((uint64_t *)to)[i] += ((const uint64_t *)from)[i];
}

_Static_assert(sizeof(struct fb_decode_counters) % sizeof(uint64_t) == 0, "nothing but u64");
_Static_assert(sizeof(struct fb_query_counters) % sizeof(uint64_t) == 0, "nothing but u64");

int64_t fb_replay_watermark(const struct fb_replay *replay)
{
	int64_t lowest = FB_TIME_MAX;

	if (replay->parted)
		return replay->partitions.global_ms;
	for (uint32_t side = 0; side < replay->side_cnt; side++) {
		int64_t watermark = replay->sides[side].order.watermark_ms;

		for (uint32_t i = 0; i < replay->core_cnt; i++)
			watermark = FB_MAX(watermark, fb_reader_own_watermark(replay->cores[i].readers[side]));
		lowest = FB_MIN(lowest, watermark);
	}
	return lowest;
}

/* What counts on from the queries' own numbers is in these already. Levels begin at zero with what was kept. */
static void add_base(const struct fb_replay_numbers *base, struct fb_replay_numbers *numbers)
{
	add_counters(&numbers->decode, &base->decode, sizeof(numbers->decode));
	add_counters(&numbers->log, &base->log, sizeof(numbers->log));
	numbers->input_bytes += base->input_bytes;
	for (uint32_t q = 0; q < numbers->query_cnt; q++) {
		struct fb_replay_query *query = &numbers->queries[q];

		add_counters(&query->counters, &base->queries[q].counters, sizeof(query->counters));
		query->decoded += base->queries[q].decoded;
		for (uint32_t i = 0; i < query->level_cnt; i++) {
			const struct fb_assembly_level *from = &base->queries[q].levels[i];
			struct fb_assembly_level *level = &query->levels[i];

			add_counters(&level->counters, &from->counters, sizeof(level->counters));
			level->rows_in += from->rows_in;
			level->finished_rows += from->finished_rows;
			level->windows += from->windows;
			level->rows_out += from->rows_out;
			level->dropped_groups += from->dropped_groups;
			query->dropped_groups += from->dropped_groups;
		}
	}
}

int fb_numbers_sum(struct fb_replay *replay, struct fb_replay_numbers *ret)
{
	uint32_t query_cnt = replay->conf->query_cnt;
	struct fb_replay_numbers numbers = {
		.watermark_ms = replay->conf->batch ? FB_TIME_MIN : fb_replay_watermark(replay), .query_cnt = query_cnt, .queries = calloc(query_cnt, sizeof(*numbers.queries))};

	if (numbers.queries == NULL)
		return FB_E_NO_MEMORY;
	for (uint32_t i = 0; i < replay->side_cnt; i++)
		replay->sides[i].units->ops->numbers(replay->sides[i].units, &numbers);
	for (uint32_t q = 0; q < query_cnt; q++)
		fb_windows_numbers(&replay->queries[q], &numbers.queries[q]);
	for (uint32_t i = 0; i < replay->core_cnt; i++)
		for (uint32_t r = 0; r < replay->cores[i].reader_cnt; r++) {
			struct fb_reader *reader = replay->cores[i].readers[r];
			const struct fb_decode_counters *decode = fb_reader_decode_counters(reader);

			add_counters(&numbers.decode, decode, sizeof(numbers.decode));
			for (uint32_t q = 0; q < fb_reader_query_cnt(reader); q++) {
				uint32_t number = fb_core_side_of(&replay->cores[i], r)->queries[q];
				struct fb_replay_query *query = &numbers.queries[number];

				query->decoded += decode->decoded;
				add_counters(&query->counters, fb_reader_query_counters(reader, q), sizeof(query->counters));
			}
		}
	if (replay->base.queries != NULL)
		add_base(&replay->base, &numbers);
	*ret = numbers;
	return 0;
}

void fb_replay_numbers_fini(struct fb_replay_numbers *numbers)
{
	free(numbers->queries);
	*numbers = (struct fb_replay_numbers){0};
}

static bool equation(uint64_t left, uint64_t right, const char *what, struct fb_buf *ret_what)
{
	if (left != right && ret_what != NULL)
		fb_buf_printf(ret_what, "%s: %llu against %llu; ", what, (unsigned long long)left, (unsigned long long)right);
	return left == right;
}

/* Rows between the levels of a cascade: each has a disposition, none is late, and all went through windows. */
static bool levels_balanced(const struct fb_replay_query *query, struct fb_buf *ret_what)
{
	bool ok = true;

	for (uint32_t i = 1; i < query->level_cnt; i++) {
		const struct fb_assembly_level *level = &query->levels[i];
		const struct fb_query_counters *counters = &level->counters;
		uint64_t sum = 0;

		for (int d = 0; d < FB_REC_CNT; d++)
			sum += counters->disposition[d];
		ok &= equation(query->levels[i - 1].rows_out, level->rows_in, "rows of a level = records of the next", ret_what);
		ok &= equation(level->rows_in, sum, "records of a level = sum of dispositions", ret_what);
		ok &= equation(counters->disposition[FB_REC_LATE], 0, "late between levels = none", ret_what);
		ok &= equation(counters->disposition[FB_REC_ACCEPTED], counters->sealed_rows + counters->open_rows,
			"accepted by a level = in slices", ret_what);
		ok &= equation(counters->sealed_rows, level->finished_rows + level->waiting_rows,
			"in slices of a level = in its windows", ret_what);
		ok &= equation(level->waiting_rows, 0, "waiting in a level = none", ret_what);
	}
	return ok;
}

bool fb_replay_balanced(const struct fb_replay_numbers *numbers, struct fb_buf *ret_what)
{
	const struct fb_decode_counters *decode = &numbers->decode;
	uint64_t rejected = 0;
	bool ok = true;

	for (int d = 0; d < FB_REC_CNT; d++)
		rejected += decode->rejected[d];
	ok &= equation(decode->records, decode->decoded + rejected, "records = decoded + malformed", ret_what);
	for (uint32_t q = 0; q < numbers->query_cnt; q++) {
		const struct fb_replay_query *query = &numbers->queries[q];
		const struct fb_query_counters *counters = &query->counters;
		uint64_t sum = 0;

		for (int d = 0; d < FB_REC_CNT; d++)
			sum += counters->disposition[d];
		ok &= equation(query->decoded, sum, "decoded = sum of dispositions", ret_what);
		ok &= equation(counters->disposition[FB_REC_ACCEPTED] + counters->extra_rows,
			counters->sealed_rows + counters->open_rows + counters->rows_out + counters->rows_waiting,
			"accepted + rows of further windows = rows in slices + rows out", ret_what);
		ok &= equation(counters->sealed_rows, query->window_rows, "rows in slices = rows in windows", ret_what);
		if (counters->rows_out > 0)
			ok &= equation(counters->rows_out, query->result_rows, "rows out = result rows", ret_what);
		ok &= levels_balanced(query, ret_what);
	}
	return ok;
}
