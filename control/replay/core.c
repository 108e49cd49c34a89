/* SPDX-License-Identifier: Apache-2.0 */
/* One core of a run: takes blocks, gives slices and row pages. */
#include <stdlib.h>

#include "control/replay/replay_private.h"

#define PAGES_OUT_MAX (FB_REPLAY_PAGE_BYTES / 65536 / 2) /* the other half is room for one block */
/* A reader has room for 1024: with so many, the oldest are handed over as they are, down to the lower number. */
#define OPEN_SLICES_MANY 768
#define OPEN_SLICES_FEW 256

void fb_replay_stop(struct fb_replay *replay)
{
	atomic_store(&replay->stop, true);
	fb_order_break(&replay->order);
	fb_cut_break(&replay->cut);
	pthread_mutex_lock(&replay->lock);
	for (uint32_t i = 0; i < replay->core_cnt; i++)
		pthread_cond_signal(&replay->cores[i].returned);
	pthread_cond_signal(&replay->arrived);
	pthread_mutex_unlock(&replay->lock);
}

/* ---- there and back ---- */

void fb_core_return_part(struct fb_part *part)
{
	struct fb_core *core = part->core;

	pthread_mutex_lock(&core->replay->lock);
	part->next = core->returned_parts;
	core->returned_parts = part;
	pthread_cond_signal(&core->returned);
	pthread_mutex_unlock(&core->replay->lock);
}

void fb_core_return_pages(struct fb_core *core, struct fb_row_page *pages)
{
	pthread_mutex_lock(&core->replay->lock);
	while (pages != NULL) {
		struct fb_row_page *next = pages->next;

		pages->next = core->returned_pages;
		core->returned_pages = pages;
		pages = next;
	}
	pthread_cond_signal(&core->returned);
	pthread_mutex_unlock(&core->replay->lock);
}

/* Gives back to the reader what has come. Under the lock. */
static void take_back(struct fb_core *core)
{
	while (core->returned_parts != NULL) {
		struct fb_part *part = core->returned_parts;

		core->returned_parts = part->next;
		fb_reader_return_slice(core->reader, part->query, part->slice);
		free(part);
		core->parts_out--;
	}
	while (core->returned_pages != NULL) {
		struct fb_row_page *page = core->returned_pages;

		core->returned_pages = page->next;
		fb_reader_return_rows(core->reader, page);
		core->pages_out--;
	}
}

/*
 * So much state is in use that new groups might find no room, although some is only waiting to be published. What later
 * windows need too stays out: that is no reason to wait.
 */
static bool is_short(struct fb_core *core)
{
	struct fb_replay *replay = core->replay;

	if (core->pages_out > PAGES_OUT_MAX)
		return true;
	if (atomic_load(&replay->published_ms) >= atomic_load_explicit(&core->watermark_ms, memory_order_relaxed))
		return false;
	for (uint32_t i = 0; core->parts_out > 0 && i < replay->conf->query_cnt; i++)
		if (replay->queries[i].layout != NULL &&
			fb_reader_query_counters(core->reader, i)->state_used_bytes > replay->pool_bytes / 2)
			return true;
	return false;
}

/*
 * Before a block is taken, never with one in hand: the others go on meanwhile, and with them the watermark that lets
 * the taker return what is out.
 */
static void wait_for_room(struct fb_core *core)
{
	struct fb_replay *replay = core->replay;

	if (core->parts_out == 0 && core->pages_out == 0)
		return;
	pthread_mutex_lock(&replay->lock);
	take_back(core);
	while (is_short(core) && !atomic_load(&replay->stop)) {
		pthread_cond_wait(&core->returned, &replay->lock);
		take_back(core);
	}
	pthread_mutex_unlock(&replay->lock);
}

static bool give_part(struct fb_core *core, const struct fb_part *what)
{
	struct fb_replay *replay = core->replay;
	struct fb_part *part = malloc(sizeof(*part));

	if (part == NULL)
		return false;
	*part = *what;
	pthread_mutex_lock(&replay->lock);
	*replay->parts_tail = part;
	replay->parts_tail = &part->next;
	pthread_cond_signal(&replay->arrived);
	pthread_mutex_unlock(&replay->lock);
	return true;
}

static bool give_slice(struct fb_core *core, uint32_t query, struct fb_slice *slice)
{
	bool given = give_part(core, &(struct fb_part){.core = core, .query = query, .slice = slice});

	core->parts_out += given;
	return given;
}

static bool give_marks(struct fb_core *core)
{
	const int64_t *marks;
	uint32_t cnt = fb_reader_take_marks(core->reader, &marks);
	bool given = true;

	for (uint32_t i = 0; given && i < cnt; i++)
		given = give_part(core, &(struct fb_part){.core = core, .mark_ms = marks[i]});
	return given;
}

/* Every block is told of, also one without rows: the taker puts them in order. */
static bool give_rows(struct fb_core *core, struct fb_row_page *pages)
{
	struct fb_replay *replay = core->replay;
	struct fb_rows_of_block *rows = malloc(sizeof(*rows));

	if (rows == NULL)
		return false;
	*rows = (struct fb_rows_of_block){.core = core, .seq = core->block.seq, .pages = pages};
	pthread_mutex_lock(&replay->lock);
	*replay->rows_tail = rows;
	replay->rows_tail = &rows->next;
	pthread_cond_signal(&replay->arrived);
	pthread_mutex_unlock(&replay->lock);
	return true;
}

/*
 * Open slices beyond what a reader can have: many windows at once, as batch, or with a long delay. Windows that get more of them
 * later are put together from several slices of one core.
 */
static bool give_oldest(struct fb_core *core)
{
	const struct fb_replay_conf *conf = core->replay->conf;
	uint64_t excess = 0;
	uint32_t query;

	for (uint32_t i = 0; i < conf->query_cnt; i++) {
		uint64_t open = fb_reader_query_counters(core->reader, i)->open_slices;

		if (open > OPEN_SLICES_MANY)
			excess = FB_MAX(excess, open - OPEN_SLICES_FEW);
	}
	/* They come query by query: of each, what the one with the most has too many. */
	for (uint32_t i = 0; excess > 0 && i < conf->query_cnt; i++)
		for (uint64_t n = 0; n < excess; n++) {
			struct fb_slice *slice = fb_reader_take_open(core->reader, &query);

			if (slice == NULL)
				return true;
			if (!give_slice(core, query, slice))
				return false;
		}
	return true;
}

static bool give_sealed(struct fb_core *core)
{
	struct fb_slice *slice;
	uint32_t query;

	while ((slice = fb_reader_take_sealed(core->reader, &query)) != NULL)
		if (!give_slice(core, query, slice))
			return false;
	return true;
}

/* ---- blocks ---- */

static void collect_pages(struct fb_core *core, bool any, struct fb_row_page ***tail)
{
	struct fb_row_page *page;

	while ((page = fb_reader_take_rows(core->reader, any)) != NULL) {
		page->next = NULL;
		**tail = page;
		*tail = &page->next;
		core->pages_out++;
	}
}

/* What the decoder has seen in all of the block, of which it had the part in front of `pos`. */
static enum fb_decoder_seen seen_in(struct fb_core *core, uint32_t pos)
{
	const struct fb_block *block = &core->block;
	enum fb_decoder_seen seen = fb_reader_take_seen(core->reader);

	if (!block->walked && fb_csv_first_quoted(&core->replay->lines, block->data + pos, block->len - pos) != NULL)
		seen = FB_SEEN_IRREGULAR;
	return seen;
}

/*
 * The first batch of the block is decoded, and again if the block did not begin or end with a record. Returns the watermark that its
 * rows make; *ret_all: it is all of the block, else *ret_pos is where it ends.
 */
static int64_t decode_first(struct fb_core *core, uint32_t *ret_pos, bool *ret_all, int *ret_rc)
{
	struct fb_replay *replay = core->replay;
	struct fb_block *block = &core->block;
	struct fb_decode_counters before;
	int64_t newest;

	*ret_pos = 0;
	*ret_rc = 0;
	if (replay->spans_lines)
		before = *fb_reader_decode_counters(core->reader);
	*ret_all = fb_reader_add(core->reader, block->data, block->len, ret_pos);
	newest = fb_reader_decode(core->reader);
	if (!replay->spans_lines)
		return newest;
	*ret_rc = fb_cut_settle(&replay->cut, replay->input, block, seen_in(core, *ret_pos));
	if (*ret_rc != 1)
		return newest;
	*ret_rc = 0;
	*ret_pos = 0;
	fb_reader_forget(core->reader, &before);
	*ret_all = fb_reader_add(core->reader, block->data, block->len, ret_pos);
	newest = fb_reader_decode(core->reader);
	FB_IGNORE(fb_reader_take_seen(core->reader));
	return newest;
}

/* Batch by batch; own watermark as it stands, or as the order says. Returns it as it is after the block. */
static int64_t run_batches(struct fb_core *core, struct fb_row_page ***tail, int *ret_rc)
{
	struct fb_replay *replay = core->replay;
	const struct fb_block *block = &core->block;
	uint32_t pos;
	bool all;
	int64_t newest = decode_first(core, &pos, &all, ret_rc);
	int64_t before = fb_reader_own_watermark(core->reader);

	if (*ret_rc != 0)
		return FB_TIME_MIN;
	if (replay->ordered) {
		before = fb_order_enter(&replay->order, block->seq);
		if (before == FB_TIME_MAX)
			return FB_TIME_MIN;
		/* Mostly the block is one batch: then the next core may go on while this one runs its own. */
		if (all)
			fb_order_pass(&replay->order, block->seq, newest);
	}
	fb_reader_run(core->reader, before);
	core->marks_lost |= !give_marks(core);
	collect_pages(core, false, tail);
	if (all)
		return fb_reader_own_watermark(core->reader);
	while (!all) {
		all = fb_reader_add(core->reader, block->data, block->len, &pos);
		fb_reader_decode(core->reader);
		fb_reader_run(core->reader, fb_reader_own_watermark(core->reader));
		core->marks_lost |= !give_marks(core);
		collect_pages(core, false, tail);
	}
	if (replay->ordered)
		fb_order_pass(&replay->order, block->seq, fb_reader_own_watermark(core->reader));
	return fb_reader_own_watermark(core->reader);
}

/* What found no room: then the rows would be wrong, and the run ends before they are published. */
static int check_room(struct fb_core *core)
{
	for (uint32_t i = 0; i < core->replay->conf->query_cnt; i++) {
		const struct fb_query_counters *counters = fb_reader_query_counters(core->reader, i);

		if (counters->disposition[FB_REC_STATE_FULL] > 0 || counters->disposition[FB_REC_OUTPUT_FULL] > 0)
			return FB_E_FULL;
	}
	return 0;
}

static int run_block(struct fb_core *core)
{
	struct fb_replay *replay = core->replay;
	uint64_t before = fb_reader_decode_counters(core->reader)->records;
	struct fb_row_page *pages = NULL;
	struct fb_row_page **tail = &pages;
	int rc;
	int64_t watermark = run_batches(core, &tail, &rc);
	uint64_t records = fb_reader_decode_counters(core->reader)->records;

	if (rc != 0)
		return rc;
	if (core->marks_lost)
		return FB_E_NO_MEMORY;
	if (check_room(core) != 0)
		return FB_E_FULL;
	core->block.lines = (uint32_t)(records - before);
	atomic_store_explicit(&core->records, records, memory_order_relaxed);
	if (replay->has_plain) {
		collect_pages(core, true, &tail);
		if (!give_rows(core, pages))
			return FB_E_NO_MEMORY;
	}
	if (!replay->has_windows)
		return 0;
	if (!replay->conf->batch) {
		fb_reader_set_watermark(core->reader, watermark);
		if (!give_sealed(core))
			return FB_E_NO_MEMORY;
	}
	if (!give_oldest(core))
		return FB_E_NO_MEMORY;
	atomic_store(&core->watermark_ms, fb_reader_watermark(core->reader));
	return 0;
}

static int run_blocks(struct fb_core *core)
{
	struct fb_replay *replay = core->replay;
	int rc = 0;

	if (replay->conf->batch)
		fb_reader_set_others(core->reader, FB_TIME_MIN);
	while (rc == 0 && !atomic_load_explicit(&replay->stop, memory_order_relaxed)) {
		wait_for_room(core);
		rc = fb_input_next(replay->input, &core->block);
		if (rc != 1)
			break;
		rc = run_block(core);
	}
	if (rc != 0 || atomic_load(&replay->stop))
		return rc;
	fb_reader_set_watermark(core->reader, FB_TIME_MAX);
	return give_sealed(core) ? 0 : FB_E_NO_MEMORY;
}

void *fb_core_main(void *arg)
{
	struct fb_core *core = arg;

	core->rc = run_blocks(core);
	if (core->rc != 0)
		fb_replay_stop(core->replay);
	atomic_store(&core->watermark_ms, FB_TIME_MAX);
	atomic_store(&core->done, true);
	pthread_mutex_lock(&core->replay->lock);
	pthread_cond_signal(&core->replay->arrived);
	pthread_mutex_unlock(&core->replay->lock);
	return NULL;
}
