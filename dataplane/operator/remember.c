/* SPDX-License-Identifier: Apache-2.0 */
/* What a core knows of sessions, over a restart (session.c). Control plane, before anything is fed. */
#include "dataplane/operator/fragment.h"
#include "dataplane/operator/reader_private.h"
#include "dataplane/operator/window.h"

static int64_t last_bucket(const struct fb_query_run *query, const uint64_t *entry)
{
	return fb_window_slice_start(
		&query->plan->window, fb_entry_time_max(query->layout, entry) + query->plan->time_shift_ms);
}

/* Joined sessions begin with their first record; the bucket of the last one says until when they matter. */
static void begin_anew(struct fb_query_run *query, struct fb_slice *slice)
{
	struct fb_entry_cursor at = {0};
	const uint64_t *entry;

	while ((entry = fb_slice_entry(slice, &at)) != NULL) {
		uint64_t *mine = fb_ref(slice->pool, (uint32_t)(entry - slice->pool->base));

		if (entry[query->layout->rows_word] == 0)
			continue;
		fb_entry_set_session_start(query->layout, mine, fb_entry_time_min(query->layout, entry));
		slice->start_ms = FB_MAX(slice->start_ms, last_bucket(query, entry));
	}
}

int fb_reader_remember(struct fb_reader *reader, uint32_t number, const struct fb_slice *sessions)
{
	struct fb_query_run *query = &reader->queries[number];
	struct fb_slice *slice;
	int rc;

	if (query->past_cnt >= FB_OPEN_SLICES_MAX / 2)
		return FB_E_FULL;
	slice = fb_slice_open(query->pool, query->layout, FB_TIME_MIN);
	if (slice == NULL)
		return FB_E_FULL;
	rc = fb_slice_merge(slice, sessions);
	if (rc != 0) {
		fb_slice_close(slice);
		return rc;
	}
	begin_anew(query, slice);
	slice->remembered = slice->watched = slice->returned = true;
	query->past[query->past_cnt++] = slice;
	return 0;
}
