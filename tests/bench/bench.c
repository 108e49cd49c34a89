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
