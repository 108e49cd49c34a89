/* SPDX-License-Identifier: Apache-2.0 */
/* Slices as wholes: opening, closing, walking. Hot. */
#include "dataplane/operator/slice_private.h"

_Static_assert(
	FB_SLICE_HEAD_UNITS < FB_PAGE_UNITS / 4, "the head lies in the first page of entries");

struct fb_slice *fb_slice_open(
	struct fb_slice_pool *pool, const struct fb_slice_layout *layout, int64_t start_ms)
{
	struct fb_slice *slice;
	uint32_t entries;
	uint32_t segment;

	if (pool->free_cnt < 2)
		return NULL;
	entries = fb_page_get(pool);
	segment = fb_page_get(pool);
	slice = (struct fb_slice *)fb_ref(pool, entries * FB_PAGE_UNITS);
	*slice = (struct fb_slice){
		.pool = pool,
		.layout = layout,
		.start_ms = start_ms,
		.first_entry_page = entries,
		.entry_page = entries,
		.text_page = FB_NO_PAGE,
		.pages_head = segment,
	};
	pool->pages[entries].used = FB_SLICE_HEAD_UNITS;
	slice->directory_inline[0] = segment;
	memset(fb_segment_buckets(slice, segment), 0, FB_PAGE_BYTES);
	return slice;
}

static void free_pages(struct fb_slice_pool *pool, uint32_t page)
{
	while (page != FB_NO_PAGE) {
		uint32_t next = pool->pages[page].next;

		pool->pages[page].next = pool->free_head;
		pool->free_head = page;
		pool->free_cnt++;
		page = next;
	}
}

void fb_slice_close(struct fb_slice *slice)
{
	struct fb_slice_pool *pool = slice->pool;
	uint32_t others = slice->pages_head;

	for (uint32_t i = 0; i < FB_DISTINCT_MAX; i++)
		if (slice->sets[i] != NULL)
			fb_slice_close(slice->sets[i]);
	/* The head goes with the first of the entry pages. */
	free_pages(pool, slice->first_entry_page);
	free_pages(pool, others);
}

int64_t fb_slice_start_ms(const struct fb_slice *slice)
{
	return slice->start_ms;
}

int64_t fb_slice_first_end_ms(const struct fb_slice *slice)
{
	return slice->first_end_ms;
}

static uint32_t count_pages(const struct fb_slice_pool *pool, uint32_t page)
{
	uint32_t cnt = 0;

	for (; page != FB_NO_PAGE; page = pool->pages[page].next)
		cnt++;
	return cnt;
}

uint32_t fb_slice_page_cnt(const struct fb_slice *slice)
{
	uint32_t cnt = count_pages(slice->pool, slice->first_entry_page) +
		       count_pages(slice->pool, slice->pages_head);

	for (uint32_t i = 0; i < FB_DISTINCT_MAX; i++)
		if (slice->sets[i] != NULL)
			cnt += fb_slice_page_cnt(slice->sets[i]);
	return cnt;
}

uint64_t fb_slice_row_cnt(const struct fb_slice *slice)
{
	return slice->row_cnt;
}

uint64_t fb_slice_group_cnt(const struct fb_slice *slice)
{
	return slice->group_cnt;
}

/* ---- walking ---- */

const uint64_t *fb_slice_entry(const struct fb_slice *slice, struct fb_entry_cursor *at)
{
	const struct fb_slice_pool *pool = slice->pool;
	uint32_t words = slice->layout->entry_words;

	/* Page 0 is nobody's: a cursor that stands on a page without entries is not one that
	 * begins. */
	if (at->page == 0)
		*at = (struct fb_entry_cursor){slice->first_entry_page, FB_SLICE_HEAD_UNITS};
	while (at->unit + words > pool->pages[at->page].used) {
		if (at->page == slice->entry_page)
			return NULL;
		*at = (struct fb_entry_cursor){pool->pages[at->page].next, 0};
	}

	const uint64_t *entry = fb_ref(pool, at->page * FB_PAGE_UNITS + at->unit);

	at->unit += words;
	return entry;
}
