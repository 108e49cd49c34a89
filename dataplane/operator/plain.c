/* SPDX-License-Identifier: Apache-2.0 */
/* A batch into row pages: projection without a window. Hot. */
#include "dataplane/operator/reader_private.h"

static void page_is_ready(struct fb_query_run *query)
{
	struct fb_row_page *page = query->page;

	page->next = NULL;
	if (query->ready_head == NULL)
		query->ready_head = page;
	else
		query->ready_tail->next = page;
	query->ready_tail = page;
	query->page = NULL;
}

/* Room for `bytes` in the page being filled; NULL: no page is free, or the row is longer than any
 * page. */
static uint8_t *page_room(struct fb_query_run *query, uint32_t bytes)
{
	if (query->page != NULL && query->page->cap - query->page->len < bytes)
		page_is_ready(query);
	if (query->page == NULL) {
		struct fb_row_page *page = query->free_pages;

		if (page == NULL || page->cap < bytes)
			return NULL;
		query->free_pages = page->next;
		page->row_cnt = 0;
		page->len = 0;
		page->query = query->index;
		query->page = page;
	}
	return query->page->bytes + query->page->len;
}

bool fb_plain_put(struct fb_query_run *query, uint32_t row)
{
	uint32_t column_cnt = query->plan->select_cnt;
	uint32_t bytes = fb_row_bytes(query->columns, query->types, column_cnt, row);
	uint8_t *out = page_room(query, bytes);

	if (out == NULL)
		return false;
	fb_row_encode(query->columns, query->types, column_cnt, row, out);
	query->page->len += bytes;
	query->page->row_cnt++;
	return true;
}

void fb_plain_run(struct fb_query_run *query, struct fb_batch *batch)
{
	uint32_t column_cnt = query->plan->select_cnt;
	uint64_t failed[FB_BATCH_WORDS] = {0};
	uint32_t refused = 0;

	for (uint32_t i = 0; i < column_cnt; i++)
		query->columns[i] = fb_program_run(query->select[i], batch, failed);
	fb_drop_failed(query, batch, failed);
	for (uint32_t i = 0; i < batch->sel_cnt; i++)
		refused += !fb_plain_put(query, batch->sel[i]);
	query->counters.rows_waiting += batch->sel_cnt - refused;
	fb_count(query, FB_REC_ACCEPTED, batch->sel_cnt - refused);
	fb_count(query, FB_REC_OUTPUT_FULL, refused);
}

#define BURST_PAGES 8 /* of 32 datagrams */

bool fb_reader_has_room(const struct fb_reader *reader)
{
	for (uint32_t i = 0; i < reader->query_cnt; i++) {
		const struct fb_query_run *query = &reader->queries[i];
		const struct fb_row_page *page = query->free_pages;
		uint32_t wanted = FB_MIN((uint32_t)BURST_PAGES, query->stock_cnt / 2);

		for (; page != NULL && wanted > 0; wanted--)
			page = page->next;
		if (wanted > 0)
			return false;
	}
	return true;
}

struct fb_row_page *fb_reader_take_rows(struct fb_reader *reader, bool any)
{
	for (uint32_t i = 0; i < reader->query_cnt; i++) {
		struct fb_query_run *query = &reader->queries[i];
		struct fb_row_page *page = query->ready_head;

		if (page == NULL && any && query->page != NULL && query->page->row_cnt > 0)
			page_is_ready(query);
		page = query->ready_head;
		if (page == NULL)
			continue;
		query->ready_head = page->next;
		query->counters.rows_waiting -= page->row_cnt;
		query->counters.rows_out += page->row_cnt;
		return page;
	}
	return NULL;
}

void fb_reader_return_rows(struct fb_reader *reader, struct fb_row_page *page)
{
	struct fb_query_run *query = &reader->queries[page->query];

	page->next = query->free_pages;
	query->free_pages = page;
}
