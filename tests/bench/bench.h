/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every bench shares: repeated trials, medians, one JSON line per figure (tests/bench/run reads them).
 * A trial is short (tens of milliseconds) and there are many, because the machines are shared: the median and the
 * ratio to a limit measured in turn with it hold, single absolute times do not.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/base/macro.h"

#define FB_BENCH_TRIAL_MAX 101

struct fb_bench_series {
	double value[FB_BENCH_TRIAL_MAX];
	uint32_t cnt;
};

struct fb_bench_row {
	const char *bench;
	const char *name; /* "case" */
	const char *unit;
	const struct fb_bench_series *value;
	const struct fb_bench_series *limit; /* what the machine can do at best; NULL: none */
	bool higher_is_better;               /* decides how the ratio is formed: value/limit, or limit/value for costs */
	const char *note;                    /* input, mbuf count, what the limit is; NULL: none */
};

/* Trials to run: fewer when FB_BENCH_QUICK=1. */
uint32_t fb_bench_trials(uint32_t full);
void fb_bench_add(struct fb_bench_series *series, double value);
double fb_bench_median(const struct fb_bench_series *series);
/* (max - min) / median */
double fb_bench_spread(const struct fb_bench_series *series);
/* ratio: 1.0 = as good as the limit, less = worse, whatever the unit. */
void fb_bench_print(const struct fb_bench_row *row);

/* TSC ticks per second, measured against CLOCK_MONOTONIC. Takes 50 ms the first time. */
double fb_bench_tsc_hz(void);

/*
 * One CSV people record with its newline, about 130 bytes, into out (256 bytes); returns its length. *ret_key_at is the
 * offset of the six digits of "city-000042" (id modulo 100), *ret_time_at that of the time of day in "2026-01-01 00:00:0d.ddd".
 */
uint32_t fb_bench_record(char *out, uint32_t id, uint32_t *ret_key_at, uint32_t *ret_time_at);

/* The same record as a JSON object on a line, about 225 bytes; shuffled: with its members in another order every time. */
uint32_t fb_bench_json_record(char *out, uint32_t id, bool shuffled);

/* CPU time of this thread, in ns and in TSC ticks: what others run on a shared machine does not count. A trial is long
 * enough for the clock, which costs a system call. */
double fb_bench_cpu_ns(void);
double fb_bench_cpu_cycles(void);

static inline uint64_t fb_bench_tsc(void)
{
	return __builtin_ia32_rdtsc();
}
