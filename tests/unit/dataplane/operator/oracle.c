/* SPDX-License-Identifier: Apache-2.0 */
#include "oracle.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define MAP_SLOTS (1u << 18)
#define SIZE_MS 10000

struct group {
	struct group *next;
	char *name; /* window, k and g as they stand in the row */
	uint64_t rows, a_cnt, b_cnt, d_cnt, s_cnt;
	__int128 a_sum, b_sum;
	int32_t a_min, a_max;
	int64_t b_min;
	double d_sum, d_min, d_max;
	char s_min[ORACLE_TEXT_MAX], s_max[ORACLE_TEXT_MAX];
};

/* ---- records ---- */

static void make_text(struct random *random, uint64_t number, char *text)
{
	static const char *const shapes[] = {"%" PRIu64, "city-%06" PRIu64,
		"a rather long name, number %" PRIu64, "twelve%06" PRIu64, "thirteen%05" PRIu64,
		"\303\274ber-%" PRIu64};

	(void)random;
	if (number == 0)
		text[0] = 0;
	else
		snprintf(text, ORACLE_TEXT_MAX, shapes[number % FB_ARRAY_LEN(shapes)], number);
}

struct records records_make(const struct records_conf *conf)
{
	struct records records = {calloc(conf->cnt + 1, sizeof(struct record)), conf->cnt};
	struct random random = {conf->seed};

	cr_assert_not_null(records.at);
	for (size_t i = 0; i < conf->cnt; i++) {
		struct record *record = &records.at[i];
		uint64_t key = random_below(&random, conf->key_cnt);
		uint64_t nulls = conf->nulls ? random_next(&random) >> 8 : ~0ull;

		make_text(&random, key, record->k);
		record->g = (int64_t)(key % 7) - 3;
		record->a = random_below(&random, 10) == 0 ? (int32_t)random_next(&random)
							   : (int32_t)random_below(&random, 30);
		record->b = random_below(&random, 20) == 0
				    ? (int64_t)random_next(&random)
				    : (int64_t)random_below(&random, 1000) - 500;
		record->d = ((double)random_below(&random, 1u << 20) - (1 << 19)) / 64;
		make_text(&random, random_below(&random, 1000), record->s);
		record->ts =
			1000000 + (int64_t)i * conf->span_ms / (int64_t)conf->cnt -
			(conf->jitter_ms ? (int64_t)random_below(&random, (uint64_t)conf->jitter_ms)
					 : 0);
		record->k_null = (nulls & 31) == 0;
		record->g_null = (nulls >> 5 & 31) == 0;
		record->a_null = (nulls >> 10 & 3) == 0;
		record->b_null = (nulls >> 12 & 7) == 0;
		record->d_null = (nulls >> 15 & 7) == 0;
		record->s_null = (nulls >> 18 & 3) == 0;
		record->ts_null = (nulls >> 21 & 63) == 0;
	}
	return records;
}

void records_fini(struct records *records)
{
	free(records->at);
}

static void add_field(struct fb_buf *out, bool null, const char *fmt, ...) FB_PRINTF(3, 4);
static void add_field(struct fb_buf *out, bool null, const char *fmt, ...)
{
	char text[128];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fb_buf_add_text(out, null ? "~" : text);
	fb_buf_add_char(out, ',');
}

void records_csv(const struct records *records, size_t from, size_t to, struct fb_buf *out)
{
	for (size_t i = from; i < to; i++) {
		const struct record *record = &records->at[i];
		char time[32];

		/* Long names hold a comma: they are quoted. */
		add_field(out, record->k_null, strchr(record->k, ',') ? "\"%s\"" : "%s", record->k);
		add_field(out, record->g_null, "%" PRId64, record->g);
		add_field(out, record->a_null, "%" PRId32, record->a);
		add_field(out, record->b_null, "%" PRId64, record->b);
		add_field(out, record->d_null, "%.17g", record->d);
		add_field(out, record->s_null, strchr(record->s, ',') ? "\"%s\"" : "%s", record->s);
		add_field(out, record->ts_null, "%s", time_text(record->ts, time));
		out->p[out->len - 1] = '\n';
	}
	cr_assert_not(out->failed);
}

/* ---- the answer ---- */

static struct group *find(struct group **map, const char *name)
{
	uint64_t hash = 14695981039346656037u; /* FNV-1a */
	struct group *group;

	for (const char *p = name; *p; p++)
		hash = (hash ^ (uint8_t)*p) * 1099511628211u;
	for (group = map[hash % MAP_SLOTS]; group != NULL; group = group->next)
		if (strcmp(group->name, name) == 0)
			return group;
	group = calloc(1, sizeof(*group));
	cr_assert_not_null(group);
	group->name = strdup(name);
	group->next = map[hash % MAP_SLOTS];
	map[hash % MAP_SLOTS] = group;
	return group;
}

static void add(struct group *group, const struct record *record, struct oracle_counts *counts)
{
	group->rows++;
	if (!record->a_null) {
		group->a_min = group->a_cnt && group->a_min < record->a ? group->a_min : record->a;
		group->a_max = group->a_cnt && group->a_max > record->a ? group->a_max : record->a;
		group->a_sum += record->a;
		group->a_cnt++;
	}
	if (!record->b_null) {
		int64_t before = (int64_t)(uint64_t)group->b_sum;
		__int128 after = (__int128)before + record->b;

		counts->sum_overflows += after != (int64_t)after;
		group->b_min = group->b_cnt && group->b_min < record->b ? group->b_min : record->b;
		group->b_sum += record->b;
		group->b_cnt++;
	}
	if (!record->d_null) {
		group->d_min = group->d_cnt && group->d_min < record->d ? group->d_min : record->d;
		group->d_max = group->d_cnt && group->d_max > record->d ? group->d_max : record->d;
		group->d_sum += record->d;
		group->d_cnt++;
	}
	if (!record->s_null) {
		/* strcmp compares unsigned bytes. */
		if (group->s_cnt == 0 || strcmp(record->s, group->s_min) < 0)
			strcpy(group->s_min, record->s);
		if (group->s_cnt == 0 || strcmp(record->s, group->s_max) > 0)
			strcpy(group->s_max, record->s);
		group->s_cnt++;
	}
}

static const char *maybe(bool null, char *text)
{
	return null ? "NULL" : text;
}

static void put(struct rows *rows, const struct group *group)
{
	int64_t b_sum = (int64_t)(uint64_t)group->b_sum;
	char text[8][64];

	snprintf(text[0], 64, "%" PRId32, (int32_t)(uint32_t)group->a_sum);
	snprintf(text[1], 64, "%" PRId32, group->a_min);
	snprintf(text[2], 64, "%" PRId32, group->a_max);
	snprintf(text[3], 64, "%" PRId32,
		group->a_cnt ? (int32_t)((int64_t)group->a_sum / (int64_t)group->a_cnt) : 0);
	snprintf(text[4], 64, "%" PRId64 "|%" PRId64 "|%" PRId64, b_sum,
		group->b_cnt ? b_sum / (int64_t)group->b_cnt : 0, group->b_min);
	snprintf(text[5], 64, "%.17g", group->d_sum);
	snprintf(text[6], 64, "%.17g", group->d_min);
	snprintf(text[7], 64, "%.17g", group->d_max);
	rows_add(rows,
		"%s|%" PRIu64 "|%" PRIu64 "|%s|%s|%s|%s|%s|%" PRIu64 "|%s|%s|%s|%" PRIu64 "|%s|%s",
		group->name, group->rows, group->a_cnt, maybe(!group->a_cnt, text[0]),
		maybe(!group->a_cnt, text[1]), maybe(!group->a_cnt, text[2]),
		maybe(!group->a_cnt, text[3]), group->b_cnt ? text[4] : "NULL|NULL|NULL",
		group->d_cnt, maybe(!group->d_cnt, text[5]), maybe(!group->d_cnt, text[6]),
		maybe(!group->d_cnt, text[7]), group->s_cnt, group->s_cnt ? group->s_min : "NULL",
		group->s_cnt ? group->s_max : "NULL");
}

/* WHERE a <> 13 OR b > 0, where NULL is neither true nor false. */
static bool passes(const struct record *record)
{
	return (!record->a_null && record->a != 13) || (!record->b_null && record->b > 0);
}

struct rows oracle_answer(
	const struct records *records, int64_t delay_ms, struct oracle_counts *counts)
{
	struct group **map = calloc(MAP_SLOTS, sizeof(*map));
	struct rows rows = {0};
	int64_t watermark = 0;

	cr_assert_not_null(map);
	*counts = (struct oracle_counts){0};
	for (size_t i = 0; i < records->cnt; i++) {
		const struct record *record = &records->at[i];
		int64_t start = record->ts / SIZE_MS * SIZE_MS; /* all times are after 1970 */
		char name[256];
		char g[32];

		snprintf(g, sizeof(g), "%" PRId64, record->g);
		snprintf(name, sizeof(name), "%" PRId64 "|%s|%s", start,
			record->k_null ? "NULL" : record->k, record->g_null ? "NULL" : g);
		if (!passes(record)) {
			counts->filtered++;
		} else if (record->ts_null) {
			counts->null_time++;
		} else if (start + SIZE_MS - 1 <= watermark) {
			counts->late++;
		} else {
			counts->accepted++;
			add(find(map, name), record, counts);
		}
		if (!record->ts_null && record->ts - delay_ms > watermark)
			watermark = record->ts - delay_ms;
	}
	for (size_t slot = 0; slot < MAP_SLOTS; slot++) {
		struct group *group = map[slot];

		while (group != NULL) {
			struct group *next = group->next;

			put(&rows, group);
			free(group->name);
			free(group);
			group = next;
		}
	}
	free(map);
	return rows;
}
