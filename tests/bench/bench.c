/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/base/calendar.h"

uint32_t fb_bench_trials(uint32_t full)
{
	const char *quick = getenv("FB_BENCH_QUICK");

	return quick != NULL && strcmp(quick, "1") == 0 ? 3 : FB_MIN(full, (uint32_t)FB_BENCH_TRIAL_MAX);
}

void fb_bench_add(struct fb_bench_series *series, double value)
{
	if (series->cnt < FB_BENCH_TRIAL_MAX)
		series->value[series->cnt++] = value;
}

static int compare_double(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static struct fb_bench_series sorted(const struct fb_bench_series *series)
{
	struct fb_bench_series copy = *series;

	qsort(copy.value, copy.cnt, sizeof(copy.value[0]), compare_double);
	return copy;
}

double fb_bench_median(const struct fb_bench_series *series)
{
	struct fb_bench_series copy = sorted(series);

	return copy.cnt ? copy.value[copy.cnt / 2] : 0;
}

double fb_bench_spread(const struct fb_bench_series *series)
{
	struct fb_bench_series copy = sorted(series);
	double median = fb_bench_median(series);

	return copy.cnt && median != 0 ? (copy.value[copy.cnt - 1] - copy.value[0]) / median : 0;
}

void fb_bench_print(const struct fb_bench_row *row)
{
	double value = fb_bench_median(row->value);

	printf("{\"bench\":\"%s\",\"case\":\"%s\",\"value\":%.6g,\"unit\":\"%s\"", row->bench, row->name, value,
		row->unit);
	if (row->limit != NULL && row->limit->cnt) {
		/* Pair by pair: both were measured in turn, so that a slow moment hits both. */
		struct fb_bench_series ratio = {0};
		double limit = fb_bench_median(row->limit);

		for (uint32_t i = 0; i < FB_MIN(row->value->cnt, row->limit->cnt); i++)
			fb_bench_add(&ratio,
				row->higher_is_better ? row->value->value[i] / row->limit->value[i]
						      : row->limit->value[i] / row->value->value[i]);
		printf(",\"limit\":%.6g,\"peer\":null,\"ratio\":%.4g", limit, fb_bench_median(&ratio));
	} else {
		printf(",\"limit\":null,\"peer\":null,\"ratio\":null");
	}
	printf(",\"runs\":%u,\"spread\":%.4g", row->value->cnt, fb_bench_spread(row->value));
	if (row->note != NULL)
		printf(",\"note\":\"%s\"", row->note);
	printf("}\n");
	fflush(stdout);
}

double fb_bench_tsc_hz(void)
{
	static double hz;

	if (hz == 0) {
		struct timespec pause = {.tv_nsec = 50000000};
		int64_t ns = fb_clock_monotonic_ns();
		uint64_t tsc = fb_bench_tsc();

		nanosleep(&pause, NULL);
		ns = fb_clock_monotonic_ns() - ns;
		hz = (double)(fb_bench_tsc() - tsc) * 1e9 / (double)ns;
	}
	return hz;
}

double fb_bench_cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

double fb_bench_cpu_cycles(void)
{
	return fb_bench_cpu_ns() * fb_bench_tsc_hz() / 1e9;
}

uint32_t fb_bench_record(char *out, uint32_t id, uint32_t *ret_key_at, uint32_t *ret_time_at)
{
	static const char *const first[] = {"Ada", "Grace", "Edsger", "Barbara", "Donald", "Margaret", "Ken", "Frances"};
	static const char *const last[] = {"Lovelace", "Hopper", "Dijkstra", "Liskov", "Knuth", "Hamilton", "Allen"};
	uint32_t r = id * 2654435761u;
	int len = sprintf(out, "%u,%s %s,%u,%c,19%02u-%02u-%02u,user%u@example.org,+49 30 %07u,%u Harbour Street,",
		1000000 + id, first[r % 8], last[r / 8 % 7], 18 + r / 64 % 70, r & 1024 ? 'f' : 'm', 30 + r / 100 % 70,
		1 + r / 7 % 12, 1 + r / 11 % 28, id, r % 10000000, 1 + r / 13 % 200);

	len += sprintf(out + len, "city-%06u", id % 100);
	*ret_key_at = (uint32_t)len - 6;
	len += sprintf(out + len, ",Germany,2026-01-01 00:00:0%u.%03u\n", id % 10, r / 17 % 1000);
	*ret_time_at = (uint32_t)len - 13;
	return (uint32_t)len;
}

uint32_t fb_bench_json_record(char *out, uint32_t id, bool shuffled)
{
	static const char *const names[] = {"id", "name", "age", "gender", "birthday", "email", "phone", "address", "city",
		"country", "ts"};
	const char *fields[11];
	char csv[256];
	char *rest = NULL;
	char *text = out;
	uint32_t key_at;
	uint32_t time_at;
	uint32_t cnt = 0;
	uint32_t order = shuffled ? id * 2654435761u : 0;

	fb_bench_record(csv, id, &key_at, &time_at);
	for (char *word = strtok_r(csv, ",\n", &rest); word && cnt < 11; word = strtok_r(NULL, ",\n", &rest))
		fields[cnt++] = word;
	for (uint32_t i = 0; i < cnt; i++) {
		/* Any step below 11, a prime, visits all members. */
		uint32_t at = shuffled ? (i * (1 + order % 10) + order / 10) % 11 : i;
		const char *quote = at == 0 || at == 2 ? "" : "\"";

		text += sprintf(text, "%s\"%s\":%s%s%s", i ? "," : "{", names[at], quote, fields[at], quote);
	}
	text += sprintf(text, "}\n");
	return (uint32_t)(text - out);
}
