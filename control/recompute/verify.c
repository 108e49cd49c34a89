/* SPDX-License-Identifier: Apache-2.0 */
#include "control/recompute/verify.h"

#include <stdlib.h>
#include <string.h>

#include "config/base/calendar.h"

struct fb_verify {
	struct fb_verify_conf conf;
	struct fb_row_keys keys;
	bool sessions;
	/* what is published: one entry per window and revision, those of a window together, in the order of ends */
	struct fb_store_window *windows;
	size_t window_cnt, window_cap;
	size_t at;           /* those before are compared */
	int64_t retained_ms; /* windows that end before this are not there any more */
	int64_t done_ms;
	struct fb_keyed_rows published;
	struct fb_keyed_rows recomputed;
	/* of the window at hand */
	struct fb_verify_difference *differences;
	size_t difference_cnt, difference_cap;
	struct fb_verify_numbers numbers;
};

/* ---- which windows are published ---- */

static bool in_range(const struct fb_verify *verify, int64_t start_ms, int64_t end_ms)
{
	const struct fb_replay_range *range = &verify->conf.range;

	return start_ms >= range->from_ms && end_ms <= range->to_ms;
}

/* A round of sessions counts if any of it may be in the range. */
static bool is_wanted(const struct fb_verify *verify, const struct fb_store_window *window)
{
	const struct fb_replay_range *range = &verify->conf.range;

	if (verify->sessions)
		return window->start_ms <= range->to_ms && window->end_ms >= range->from_ms;
	return in_range(verify, window->start_ms, window->end_ms) && window->end_ms > verify->conf.done_ms;
}

static int add_window(void *arg, const struct fb_store_window *window)
{
	struct fb_verify *verify = arg;

	if (window->first_seq >= verify->conf.published.next_seq)
		return 1;
	/* First published in the order of their ends: what retention has taken ended before the first that is left. */
	if (window->revision == 0 && verify->retained_ms == FB_TIME_MIN && verify->conf.published.retained_from > 0)
		verify->retained_ms = window->end_ms;
	if (!is_wanted(verify, window))
		return 0;
	if (verify->window_cnt == verify->window_cap) {
		size_t cap = FB_MAX(verify->window_cap * 2, (size_t)256);
		struct fb_store_window *windows = realloc(verify->windows, cap * sizeof(*windows));

		if (windows == NULL)
			return FB_E_NO_MEMORY;
		verify->windows = windows;
		verify->window_cap = cap;
	}
	verify->windows[verify->window_cnt++] = *window;
	return 0;
}

static int order_windows(const void *one, const void *other)
{
	const struct fb_store_window *a = one;
	const struct fb_store_window *b = other;

	if (a->end_ms != b->end_ms)
		return a->end_ms < b->end_ms ? -1 : 1;
	if (a->start_ms != b->start_ms)
		return a->start_ms < b->start_ms ? -1 : 1;
	return a->first_seq < b->first_seq ? -1 : a->first_seq > b->first_seq;
}

int fb_verify_open(const struct fb_verify_conf *conf, struct fb_verify **ret)
{
	struct fb_verify *verify;
	int rc;

	if (conf->plan->window.kind == FB_WINDOW_NONE)
		return FB_E_UNSUPPORTED;
	verify = calloc(1, sizeof(*verify));
	if (verify == NULL)
		return FB_E_NO_MEMORY;
	verify->conf = *conf;
	verify->sessions = conf->plan->window.kind == FB_WINDOW_SESSION;
	verify->retained_ms = FB_TIME_MIN;
	verify->done_ms = conf->done_ms;
	rc = fb_row_keys_init(&verify->keys, conf->plan);
	if (rc == 0 && verify->sessions && (verify->keys.start_column < 0 || verify->keys.end_column < 0))
		rc = FB_E_UNSUPPORTED;
	if (rc == 0)
		rc = fb_store_scan_windows(conf->store, conf->published.query_id, 0, add_window, verify);
	if (rc < 0) {
		fb_verify_close(verify);
		return rc;
	}
	/* Of what retention has taken all of, no window is left to say from when on it is there. */
	if (verify->retained_ms == FB_TIME_MIN && conf->published.retained_from > 0)
		verify->retained_ms = FB_TIME_MAX;
	/* Rounds stay in the order in which they were published. */
	if (!verify->sessions && verify->window_cnt > 1)
		qsort(verify->windows, verify->window_cnt, sizeof(*verify->windows), order_windows);
	*ret = verify;
	return 0;
}

void fb_verify_close(struct fb_verify *verify)
{
	if (verify == NULL)
		return;
	fb_keyed_clear(&verify->published);
	fb_keyed_clear(&verify->recomputed);
	fb_row_keys_fini(&verify->keys);
	free(verify->differences);
	free(verify->windows);
	free(verify);
}

/* ---- their rows ---- */

struct loader {
	struct fb_verify *verify;
	const struct fb_store_window *window;
	struct fb_keyed_rows *rows;
	uint64_t found;
};

/*
 * A session that begins within a gap of the range's begin may have had records before it; one that ends beyond the end may have
 * more. Live ones that may still be open are not published.
 */
static bool is_outside(const struct fb_verify *verify, const uint8_t *bytes, size_t len, int *ret_rc)
{
	const struct fb_replay_range *range = &verify->conf.range;
	int64_t gap = verify->conf.plan->window.size_ms;
	int64_t start_ms, end_ms;

	*ret_rc = fb_row_keys_bounds(&verify->keys, bytes, len, &start_ms, &end_ms);
	if (*ret_rc != 0)
		return true;
	return (range->from_ms != FB_TIME_MIN && start_ms < range->from_ms + gap) || end_ms > range->to_ms ||
		end_ms < verify->retained_ms || end_ms > verify->conf.published.published_ms;
}

static int load_row(void *arg, uint64_t seq, const uint8_t *row, size_t len)
{
	struct loader *loader = arg;
	struct fb_verify *verify = loader->verify;
	int rc = 0;

	if (seq >= loader->window->first_seq + loader->window->row_cnt)
		return 1;
	loader->found++;
	if (verify->sessions && is_outside(verify, row, len, &rc))
		return rc;
	return fb_keyed_add(loader->rows, &verify->keys, fb_store_window_change(loader->window, seq), row, len);
}

/* The rows of some entries, each applied to those before it. FB_E_NOT_FOUND: retention has taken some. */
static int load_published(struct fb_verify *verify, const struct fb_store_window *windows, size_t cnt)
{
	struct fb_keyed_rows correction = {0};
	int rc = 0;

	fb_keyed_clear(&verify->published);
	for (size_t i = 0; rc == 0 && i < cnt; i++) {
		struct loader loader = {.verify = verify, .window = &windows[i],
			.rows = windows[i].revision == 0 ? &verify->published : &correction};

		rc = fb_store_scan_results(
			verify->conf.store, verify->conf.published.query_id, windows[i].first_seq, false, load_row, &loader);
		rc = FB_MIN(rc, 0);
		if (rc == 0 && loader.found < windows[i].row_cnt)
			rc = FB_E_NOT_FOUND;
		if (rc == 0 && windows[i].revision > 0)
			rc = fb_keyed_apply(&verify->published, &correction);
	}
	fb_keyed_clear(&correction);
	return rc;
}

/* ---- comparing ---- */

static int add_difference(void *arg, enum fb_difference kind, const struct fb_keyed_row *published,
	const struct fb_keyed_row *recomputed)
{
	struct fb_verify *verify = arg;

	if (verify->difference_cnt == verify->difference_cap) {
		size_t cap = FB_MAX(verify->difference_cap * 2, (size_t)256);
		struct fb_verify_difference *differences = realloc(verify->differences, cap * sizeof(*differences));

		if (differences == NULL)
			return FB_E_NO_MEMORY;
		verify->differences = differences;
		verify->difference_cap = cap;
	}
	verify->differences[verify->difference_cnt++] = (struct fb_verify_difference){kind, published, recomputed};
	verify->numbers.rows[kind]++;
	return 0;
}

/* From the begin of the first session that differs to the end of the last. */
static int span_sessions(struct fb_verify *verify, struct fb_verify_window *window)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < verify->difference_cnt; i++) {
		const struct fb_verify_difference *difference = &verify->differences[i];
		const struct fb_keyed_row *row = difference->published ? difference->published : difference->recomputed;
		int64_t start_ms = 0, end_ms = 0;

		rc = fb_row_keys_bounds(&verify->keys, row->bytes, row->len, &start_ms, &end_ms);
		window->start_ms = FB_MIN(window->start_ms, start_ms);
		window->end_ms = FB_MAX(window->end_ms, end_ms);
	}
	return rc;
}

static int compare(struct fb_verify *verify, struct fb_verify_window *window)
{
	int rc;

	verify->numbers.windows++;
	verify->difference_cnt = 0;
	rc = fb_keyed_compare(&verify->published, &verify->recomputed, &verify->keys, add_difference, verify);
	if (rc == 0 && verify->sessions)
		rc = span_sessions(verify, window);
	if (rc != 0 || verify->difference_cnt == 0)
		return rc;
	verify->numbers.different++;
	window->cnt = verify->difference_cnt;
	window->differences = verify->differences;
	return verify->conf.fn(verify->conf.arg, window);
}

static size_t group_cnt(const struct fb_verify *verify, size_t at)
{
	size_t end = at + 1;

	while (end < verify->window_cnt && verify->windows[end].end_ms == verify->windows[at].end_ms &&
		verify->windows[end].start_ms == verify->windows[at].start_ms)
		end++;
	return end - at;
}

/* A window against what the replay made of it, which is in `recomputed`. cnt 0: it was not published. */
static int compare_window(struct fb_verify *verify, int64_t start_ms, int64_t end_ms, size_t cnt)
{
	const struct fb_store_window *windows = &verify->windows[verify->at];
	struct fb_verify_window window = {.start_ms = start_ms, .end_ms = end_ms};
	int rc = 0;

	if (end_ms < verify->retained_ms) {
		verify->numbers.expired++;
	} else if (end_ms > verify->conf.published.published_ms) {
		verify->numbers.unpublished++;
	} else {
		for (size_t i = 0; i < cnt; i++)
			window.revision = FB_MAX(window.revision, windows[i].revision);
		rc = load_published(verify, windows, cnt);
		if (rc == FB_E_NOT_FOUND) {
			verify->numbers.expired++;
			rc = 0;
		} else if (rc == 0) {
			rc = compare(verify, &window);
		}
	}
	verify->at += cnt;
	fb_keyed_clear(&verify->recomputed);
	fb_keyed_clear(&verify->published);
	return rc;
}

static bool comes_before(const struct fb_store_window *window, int64_t start_ms, int64_t end_ms)
{
	return window->end_ms != end_ms ? window->end_ms < end_ms : window->start_ms < start_ms;
}

/* Published windows that the replay would have given before this one, if it had had rows for them. */
static int compare_lonely(struct fb_verify *verify, int64_t start_ms, int64_t end_ms)
{
	struct fb_keyed_rows held = verify->recomputed;
	int rc = 0;

	verify->recomputed = (struct fb_keyed_rows){0};
	while (rc == 0 && verify->at < verify->window_cnt && comes_before(&verify->windows[verify->at], start_ms, end_ms)) {
		const struct fb_store_window *window = &verify->windows[verify->at];

		rc = compare_window(verify, window->start_ms, window->end_ms, group_cnt(verify, verify->at));
	}
	verify->recomputed = held;
	return rc;
}

/* ---- sessions ---- */

static int add_sessions(struct fb_verify *verify, const struct fb_replay_rows *rows)
{
	int rc = 0;

	for (size_t at = 0; rc == 0 && at < rows->len;) {
		uint32_t len;

		memcpy(&len, rows->bytes + at, sizeof(len));
		len += (uint32_t)sizeof(len);
		if (!is_outside(verify, rows->bytes + at, len, &rc))
			rc = fb_keyed_add(&verify->recomputed, &verify->keys, FB_STORE_INSERT, rows->bytes + at, len);
		at += len;
	}
	return rc;
}

static int compare_sessions(struct fb_verify *verify)
{
	struct fb_verify_window window = {.start_ms = FB_TIME_MAX, .end_ms = FB_TIME_MIN};
	int rc = load_published(verify, verify->windows, verify->window_cnt);

	if (rc == FB_E_NOT_FOUND) {
		verify->numbers.expired++;
		return 0;
	}
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < verify->window_cnt; i++)
		window.revision = FB_MAX(window.revision, verify->windows[i].revision);
	return compare(verify, &window);
}

/* ---- rows ---- */

static int add_rows(struct fb_verify *verify, const struct fb_replay_rows *rows)
{
	int rc = 0;

	for (size_t at = 0; rc == 0 && at < rows->len;) {
		uint32_t len;

		memcpy(&len, rows->bytes + at, sizeof(len));
		len += (uint32_t)sizeof(len);
		rc = fb_keyed_add(&verify->recomputed, &verify->keys, FB_STORE_INSERT, rows->bytes + at, len);
		at += len;
	}
	return rc;
}

int fb_verify_rows(struct fb_verify *verify, const struct fb_replay_rows *rows)
{
	size_t cnt = 0;
	int rc;

	if (verify->sessions)
		return add_sessions(verify, rows);
	if (rows->window_end_ms <= verify->conf.done_ms || !in_range(verify, rows->window_start_ms, rows->window_end_ms))
		return 0;
	rc = add_rows(verify, rows);
	if (rc != 0 || !rows->last)
		return rc;
	rc = compare_lonely(verify, rows->window_start_ms, rows->window_end_ms);
	if (rc != 0)
		return rc;
	if (verify->at < verify->window_cnt && verify->windows[verify->at].end_ms == rows->window_end_ms &&
		verify->windows[verify->at].start_ms == rows->window_start_ms)
		cnt = group_cnt(verify, verify->at);
	rc = compare_window(verify, rows->window_start_ms, rows->window_end_ms, cnt);
	verify->done_ms = rows->window_end_ms;
	return rc;
}

int fb_verify_finish(struct fb_verify *verify)
{
	return verify->sessions ? compare_sessions(verify) : compare_lonely(verify, FB_TIME_MAX, FB_TIME_MAX);
}

int64_t fb_verify_done_ms(const struct fb_verify *verify)
{
	return verify->done_ms;
}

const struct fb_verify_numbers *fb_verify_numbers(const struct fb_verify *verify)
{
	return &verify->numbers;
}
