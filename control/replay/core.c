/* SPDX-License-Identifier: Apache-2.0 */
/* One core of a run: takes units, gives slices and row pages. What it does with a unit is core_run.c. */
#include <stdlib.h>

#include "control/replay/replay_private.h"

#define PAGES_OUT_MAX (FB_REPLAY_PAGE_BYTES / 65536 / 2) /* the other half is room for one unit */

void fb_replay_stop(struct fb_replay *replay)
{
	atomic_store(&replay->stop, true);
	for (uint32_t i = 0; i < replay->side_cnt; i++) {
		fb_order_break(&replay->sides[i].order);
		replay->sides[i].units->ops->stop(replay->sides[i].units);
	}
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
		/* Any reader of the core: a slice knows its pool. */
		fb_reader_return_slice(core->readers[0], part->query, part->slice);
		free(part);
		core->parts_out--;
	}
	while (core->returned_pages != NULL) {
		struct fb_row_page *page = core->returned_pages;

		core->returned_pages = page->next;
		fb_reader_return_rows(core->readers[0], page);
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
	if (atomic_load(&replay->published_ms) >= atomic_load_explicit(&core->watermark_ms, memory_order_relaxed) &&
		atomic_load(&core->parts_seen) == core->parts_given)
		return false;
	for (uint32_t r = 0; core->parts_out > 0 && r < core->reader_cnt; r++)
		for (uint32_t i = 0; i < fb_reader_query_cnt(core->readers[r]); i++)
			if (fb_core_side_of(core, r)->layouts[i] != NULL &&
				fb_reader_query_counters(core->readers[r], i)->state_used_bytes > replay->pool_bytes / 2)
				return true;
	return false;
}

/*
 * Before a unit is taken, never with one in hand: the others go on meanwhile, and with them the watermark that lets
 * the taker return what is out.
 */
static void wait_for_room(struct fb_core *core)
{
	struct fb_replay *replay = core->replay;

	if (core->parts_out == 0 && core->pages_out == 0)
		return;
	pthread_mutex_lock(&replay->lock);
	take_back(core);
	while (is_short(core) && !atomic_load(&replay->stop) && !atomic_load(&replay->pausing)) {
		pthread_cond_wait(&core->returned, &replay->lock);
		take_back(core);
	}
	pthread_mutex_unlock(&replay->lock);
}

/* A barrier (fb_replay_pause): what is open is handed over, and nothing begun until it is lifted. */
static int park(struct fb_core *core)
{
	struct fb_replay *replay = core->replay;
	int rc = fb_core_give_open(core);

	pthread_mutex_lock(&replay->lock);
	core->parked = true;
	pthread_cond_signal(&replay->arrived);
	while (rc == 0 && atomic_load(&replay->pausing) && !atomic_load(&replay->stop)) {
		pthread_cond_wait(&core->returned, &replay->lock);
		take_back(core);
	}
	core->parked = false;
	pthread_mutex_unlock(&replay->lock);
	return rc;
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

bool fb_core_give_slice(struct fb_core *core, uint32_t query, struct fb_slice *slice)
{
	bool given = give_part(core, &(struct fb_part){.core = core, .query = query, .slice = slice});

	core->parts_out += given;
	core->parts_given += given;
	return given;
}

bool fb_core_give_mark(struct fb_core *core, int64_t mark_ms)
{
	return give_part(core, &(struct fb_part){.core = core, .mark_ms = mark_ms});
}

bool fb_core_give_rows(struct fb_core *core, struct fb_row_page *pages)
{
	struct fb_replay *replay = core->replay;
	struct fb_rows_of_unit *rows = malloc(sizeof(*rows));

	if (rows == NULL)
		return false;
	*rows = (struct fb_rows_of_unit){.core = core, .seq = core->unit->seq, .pages = pages};
	pthread_mutex_lock(&replay->lock);
	*replay->rows_tail = rows;
	replay->rows_tail = &rows->next;
	pthread_cond_signal(&replay->arrived);
	pthread_mutex_unlock(&replay->lock);
	return true;
}

/* The side whose watermark is the lowest, of those that may have more; false: none has. */
static bool choose_side(struct fb_core *core)
{
	const struct fb_replay *replay = core->replay;
	int64_t lowest = FB_TIME_MAX;
	bool any = false;

	for (uint32_t i = 0; i < replay->side_cnt; i++) {
		int64_t watermark = atomic_load_explicit(&replay->sides[i].watermark_ms, memory_order_relaxed);

		if (core->ended[i] || (any && watermark >= lowest))
			continue;
		any = true;
		lowest = watermark;
		core->side = i;
		core->unit = &core->units[i];
	}
	return any;
}

/* 1: there is one; 0: there are no more. */
static int next_unit(struct fb_core *core)
{
	int rc = 0;

	while (rc == 0 && choose_side(core)) {
		struct fb_unit_source *units = core->replay->sides[core->side].units;

		rc = units->ops->next(units, core->unit);
		if (rc != 0)
			break;
		core->ended[core->side] = true;
		rc = fb_core_end_side(core);
	}
	return rc;
}

static int run_units(struct fb_core *core)
{
	struct fb_replay *replay = core->replay;
	int rc = 0;

	fb_core_begin(core);
	while (rc == 0 && !atomic_load_explicit(&replay->stop, memory_order_relaxed)) {
		fb_pace_rest(&core->pace, &replay->stop);
		wait_for_room(core);
		if (atomic_load(&replay->pausing)) {
			rc = park(core);
			continue;
		}
		rc = next_unit(core);
		if (rc != 1)
			break;
		rc = fb_core_run(core);
	}
	if (rc != 0 || atomic_load(&replay->stop))
		return rc;
	return fb_core_end(core);
}

void *fb_core_main(void *arg)
{
	struct fb_core *core = arg;

	if (core->replay->conf->budget.low_priority)
		fb_pace_give_way();
	core->rc = run_units(core);
	if (core->rc != 0)
		fb_replay_stop(core->replay);
	atomic_store(&core->watermark_ms, FB_TIME_MAX);
	atomic_store(&core->done, true);
	pthread_mutex_lock(&core->replay->lock);
	pthread_cond_signal(&core->replay->arrived);
	pthread_mutex_unlock(&core->replay->lock);
	return NULL;
}
