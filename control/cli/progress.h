/* SPDX-License-Identifier: Apache-2.0 */
/* How far long work has come, on stderr: a bar on a terminal, a plain line every second in a pipe, with rate and time left.
 * One thread. */
#pragma once

#include <stdio.h>

#include "config/base/macro.h"

struct fb_progress {
	FILE *out;
	const char *what; /* "sent", static */
	const char *unit; /* "records", static */
	uint64_t total;   /* 0 = not known */
	int64_t started_ns;
	int64_t next_ns;
	int64_t first_ns; /* of the first line, and how far it was then */
	double first_share;
	uint64_t last;
	int64_t last_ns;
	double rate; /* per second, as last shown */
	bool terminal;
	bool drawn;
};

void fb_progress_start(struct fb_progress *progress, FILE *out, const char *what, const char *unit,
	uint64_t total);
/* Cheap while nothing is due; share in [0, 1] of the work, < 0: done / total. now_ns:
 * fb_clock_monotonic_ns(). */
void fb_progress_update(struct fb_progress *progress, uint64_t done, double share, int64_t now_ns);
/* Takes a drawn bar away, so that what is printed next stands on a line of its own. */
void fb_progress_end(struct fb_progress *progress);
/* 1234567 as "1,234,567"; room for 27 bytes. */
const char *fb_grouped(uint64_t number, char room[27]);
