/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a replay makes of a query against what is published of it, window by window in the order of their ends.
 *
 *     fb_verify_rows (as the replay gives them) -> a window is whole -> its published rows, corrections applied -> differences
 *
 * Compared are windows inside of the range that the query has published and the store still has. Left out and counted: those that
 * are not published yet, and those whose rows retention has removed. The others: one that only one side has differs in all of
 * its rows.
 *
 * SESSION: sessions of one replay come in other rounds than live, so all of them are compared at once at the end, by the bounds
 * that their rows select; and those that the range may have cut are left out.
 *
 * Memory: a window's rows of both sides (SESSION: all rows of the range). One thread.
 */
#pragma once

#include "control/pipeline/engine.h"
#include "control/recompute/keyed.h"
#include "control/replay/replay.h"

struct fb_verify;

struct fb_verify_difference {
	enum fb_difference kind;
	const struct fb_keyed_row *published;  /* NULL: MISSING */
	const struct fb_keyed_row *recomputed; /* NULL: EXTRA */
};

/* A window that differs. */
struct fb_verify_window {
	int64_t start_ms; /* SESSION: of the earliest session that differs */
	int64_t end_ms;
	uint64_t revision; /* of what is published */
	size_t cnt;
	const struct fb_verify_difference *differences;
};

/* Valid during the call. Not 0 ends the verification with that. */
typedef int (*fb_verify_fn)(void *arg, const struct fb_verify_window *window);

struct fb_verify_conf {
	struct fb_store *store;
	const struct fb_query_plan *plan; /* of the replay */
	struct fb_published published;
	struct fb_replay_range range;
	int64_t done_ms; /* windows that end there or before were compared by an earlier run; FB_TIME_MIN: none */
	fb_verify_fn fn;
	void *arg;
};

struct fb_verify_numbers {
	uint64_t windows;   /* compared; SESSION: 1 */
	uint64_t different; /* of them */
	uint64_t rows[FB_DIFFERENCE_CNT];
	uint64_t unpublished; /* windows that are not published yet */
	uint64_t expired;     /* windows whose published rows are not all there any more */
};

/*
 * FB_E_UNSUPPORTED: the query has no window, or SESSION without selecting window_start and window_end; FB_E_NO_MEMORY, and what
 * the store says.
 */
int fb_verify_open(const struct fb_verify_conf *conf, struct fb_verify **ret) FB_MUST_CHECK;
void fb_verify_close(struct fb_verify *verify);
int fb_verify_rows(struct fb_verify *verify, const struct fb_replay_rows *rows) FB_MUST_CHECK;
/* The replay is through: what is published beyond its windows. */
int fb_verify_finish(struct fb_verify *verify) FB_MUST_CHECK;
/* Windows that end here or before are compared. */
int64_t fb_verify_done_ms(const struct fb_verify *verify);
const struct fb_verify_numbers *fb_verify_numbers(const struct fb_verify *verify);
