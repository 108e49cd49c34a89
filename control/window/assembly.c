/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of an assembly: added, merged, given back. */
#include <stdlib.h>
#include <string.h>

#include "control/window/assembly_private.h"

int fb_assembly_create(const struct fb_assembly_conf *conf, struct fb_assembly **ret)
{
	struct fb_assembly *assembly = calloc(1, sizeof(*assembly));
	int rc;

	if (assembly == NULL)
		return FB_E_NO_MEMORY;
	assembly->conf = *conf;
	assembly->done_ms = FB_TIME_MIN;
	assembly->next_end_ms = FB_TIME_MAX;
	assembly->joined_ms = FB_TIME_MIN;
	assembly->hop.covered_ms = FB_TIME_MIN;
	rc = fb_slice_pool_create(conf->pool_bytes, &assembly->pool);
	if (rc == 0 && conf->plan->upstream != NULL)
		rc = fb_cascade_open(assembly);
	if (rc == 0)
		rc = fb_result_open(assembly);
	if (rc != 0) {
		fb_assembly_destroy(assembly);
		return rc;
	}
	*ret = assembly;
	return 0;
}

void fb_assembly_destroy(struct fb_assembly *assembly)
{
	if (assembly == NULL)
		return;
	fb_assembly_abort(assembly);
	fb_hop_reset(assembly);
	while (assembly->parts != NULL) {
		struct part *part = assembly->parts;

		assembly->parts = part->next;
		fb_part_free(assembly, part);
	}
	fb_result_close(assembly);
	fb_slice_pool_destroy(assembly->pool);
	fb_cascade_close(assembly);
	fb_names_free(assembly->gone);
	free(assembly);
}

void fb_assembly_skip_to(struct fb_assembly *assembly, int64_t done_ms)
{
	assembly->done_ms = done_ms;
}

void fb_assembly_close_to(struct fb_assembly *assembly, int64_t watermark_ms)
{
	struct fb_assembly *first = fb_cascade_first(assembly);

	if (watermark_ms != FB_TIME_MIN && watermark_ms != FB_TIME_MAX)
		first->done_ms = FB_MAX(first->done_ms, fb_window_clock(first->conf.plan, watermark_ms) + 1);
}

/* ---- parts ---- */

struct part *fb_part_add(
	struct fb_assembly *assembly, struct fb_slice *slice, uint32_t from, int64_t start_ms)
{
	struct part **link = &assembly->parts;
	struct part *part = calloc(1, sizeof(*part));

	if (part == NULL)
		return NULL;
	part->slice = slice;
	part->from = from;
	part->changed = true;
	part->start_ms = start_ms;
	part->last_end_ms = fb_window_last_end(&assembly->conf.plan->window, start_ms);
	/* Slices come in ascending order, some hundreds at once. */
	if (assembly->newest != NULL && assembly->newest->start_ms < start_ms)
		link = &assembly->newest->next;
	while (*link != NULL && (*link)->start_ms < start_ms)
		link = &(*link)->next;
	part->next = *link;
	*link = part;
	assembly->newest = part;
	return part;
}

void fb_part_free(struct fb_assembly *assembly, struct part *part)
{
	if (assembly->newest == part)
		assembly->newest = NULL;
	fb_names_published(assembly, part->names);
	free(part->exported);
	if (part->from == FB_PART_OWN)
		fb_slice_close(part->slice);
	else
		assembly->conf.release(assembly->conf.arg, part->slice, part->from);
	free(part);
}

/*
 * A merge that runs out of pages half-way is lost, so the room is judged first: pages of `from` once for
 * its entries and texts and once for the splits they cause, and a directory that doubles.
 */
int fb_part_merge(struct fb_assembly *assembly, struct fb_slice *into, const struct fb_slice *from)
{
	uint64_t need = 2ull * fb_slice_page_cnt(from) + fb_slice_page_cnt(into) / 4 + 80;
	uint64_t left = fb_slice_pool_bytes(assembly->pool) - fb_slice_pool_used_bytes(assembly->pool);

	return left / FB_PAGE_BYTES < need ? FB_E_FULL : fb_slice_merge(into, from);
}

int fb_part_absorb(struct fb_assembly *assembly, struct part *into, struct part **link)
{
	struct part *gone = *link;
	struct stored_name **tail = &into->names;
	int rc = fb_part_merge(assembly, into->slice, gone->slice);

	if (rc != 0)
		return rc;
	while (*tail != NULL)
		tail = &(*tail)->next;
	*tail = gone->names;
	gone->names = NULL;
	into->changed = true;
	into->stacked |= gone->stacked;
	*link = gone->next;
	fb_part_free(assembly, gone);
	return 0;
}

static bool copy_fits(const struct fb_assembly *assembly, const struct fb_slice *slice)
{
	uint64_t used = fb_slice_pool_used_bytes(assembly->pool) +
			2ull * fb_slice_page_cnt(slice) * FB_PAGE_BYTES;

	return used < fb_slice_pool_bytes(assembly->pool) / 2;
}

/* A slice that several windows need does not stay in its reader's pool until the last of them. */
static void take_home(struct fb_assembly *assembly, struct part *part)
{
	struct fb_slice *copy;

	if (!copy_fits(assembly, part->slice))
		return;
	copy = fb_slice_open(assembly->pool, assembly->conf.layout, part->start_ms);
	if (copy == NULL)
		return;
	if (fb_part_merge(assembly, copy, part->slice) != 0) {
		fb_slice_close(copy);
		return;
	}
	assembly->conf.release(assembly->conf.arg, part->slice, part->from);
	part->slice = copy;
	part->from = FB_PART_OWN;
}

void fb_part_note_end(struct fb_assembly *assembly, const struct part *part)
{
	assembly->fresh = true;
	assembly->next_end_ms = FB_MIN(assembly->next_end_ms, part->first_end_ms);
}

int64_t fb_part_first_end(const struct fb_assembly *assembly, int64_t start_ms, int64_t first_end_ms)
{
	if (assembly->done_ms == FB_TIME_MIN || fb_assembly_is_session(assembly))
		return first_end_ms;
	return FB_MAX(first_end_ms,
		fb_window_first_end(&assembly->conf.plan->window, start_ms, assembly->done_ms - 1));
}

int fb_part_take(struct fb_assembly *assembly, struct fb_slice *slice, uint32_t from)
{
	int64_t start_ms = fb_slice_start_ms(slice);
	int64_t first_end_ms = fb_part_first_end(assembly, start_ms, fb_slice_first_end_ms(slice));
	struct part *part;

	if (!fb_assembly_is_session(assembly) && first_end_ms > fb_window_last_end(&assembly->conf.plan->window, start_ms)) {
		assembly->skipped_rows += fb_slice_row_cnt(slice);
		assembly->finished_rows += fb_slice_row_cnt(slice);
		assembly->conf.release(assembly->conf.arg, slice, from);
		return 0;
	}
	part = fb_part_add(assembly, slice, from, start_ms);
	if (part == NULL)
		return FB_E_NO_MEMORY;
	part->first_end_ms = first_end_ms;
	if (!fb_assembly_is_session(assembly) && part->first_end_ms != part->last_end_ms)
		take_home(assembly, part);
	fb_part_note_end(assembly, part);
	return 0;
}

int fb_assembly_add(struct fb_assembly *assembly, struct fb_slice *slice, uint32_t from)
{
	return fb_part_take(fb_cascade_first(assembly), slice, from);
}

/* ---- windows ---- */

static int begin_level(
	struct fb_assembly *assembly, int64_t watermark_ms, struct fb_assembly_window *ret)
{
	int rc = fb_assembly_is_session(assembly) ? fb_session_begin(assembly, watermark_ms)
				      : fb_sliced_begin(assembly, watermark_ms);

	if (rc != 1)
		return rc;
	assembly->cursor = 0;
	assembly->reading = true;
	*ret = assembly->window;
	return 1;
}

int fb_level_begin(struct fb_assembly *assembly, int64_t watermark_ms, uint32_t *batches,
	struct fb_assembly_window *ret)
{
	int rc;

	if (assembly->cascade.below == NULL)
		return begin_level(assembly, watermark_ms, ret);
	do {
		rc = begin_level(assembly, assembly->cascade.watermark_ms, ret);
		if (rc != 0)
			return rc;
		rc = fb_cascade_advance(assembly, watermark_ms, batches);
	} while (rc == 1);
	return rc;
}

int fb_assembly_try_begin(struct fb_assembly *assembly, int64_t watermark_ms, uint32_t batches,
	struct fb_assembly_window *ret)
{
	return fb_level_begin(assembly, watermark_ms, &batches, ret);
}

int fb_assembly_begin(
	struct fb_assembly *assembly, int64_t watermark_ms, struct fb_assembly_window *ret)
{
	int rc;

	do
		rc = fb_assembly_try_begin(assembly, watermark_ms, UINT32_MAX, ret);
	while (rc == FB_E_AGAIN);
	return rc;
}

int fb_assembly_settle(struct fb_assembly *assembly, uint32_t batches)
{
	int rc = 1;

	for (; rc == 1 && assembly->cascade.below != NULL; assembly = assembly->cascade.below)
		if (assembly->cascade.feeding)
			rc = fb_cascade_feed(assembly, &batches);
	return FB_MIN(rc, 0);
}

void fb_assembly_abort(struct fb_assembly *assembly)
{
	if (assembly->merged != NULL)
		fb_slice_close(assembly->merged);
	assembly->merged = NULL;
	assembly->slice = NULL;
	assembly->part = NULL;
	assembly->reading = false;
}

uint64_t fb_assembly_finish(struct fb_assembly *assembly)
{
	uint64_t rows;

	if (fb_assembly_is_session(assembly)) {
		rows = fb_session_finish(assembly);
		fb_assembly_abort(assembly);
	} else {
		fb_assembly_abort(assembly);
		rows = fb_sliced_finish(assembly);
	}
	assembly->windows++;
	assembly->finished_rows += rows;
	return assembly->cascade.below == NULL ? rows : 0;
}

/* A part of the own pool that gets what this one has: the same slice, for the same windows. `part`: the first that begins there. */
static struct part *find_same(struct part *part, const struct part *like)
{
	while (part != NULL && part->start_ms == like->start_ms &&
		(part == like || part->from != FB_PART_OWN || part->stacked || part->first_end_ms != like->first_end_ms))
		part = part->next;
	return part != NULL && part->start_ms == like->start_ms ? part : NULL;
}

uint32_t fb_assembly_gather(struct fb_assembly *assembly)
{
	struct part **link = &assembly->parts;
	struct part *first = NULL; /* of those that begin where *link does */
	uint32_t cnt = 0;

	if (assembly->cascade.below != NULL)
		fb_assembly_gather(assembly->cascade.below);
	if (fb_assembly_is_session(assembly) || assembly->reading)
		return 0;
	while (*link != NULL) {
		struct part *part = *link;
		struct part *next = part->next;
		struct part *into;

		if (first == NULL || first->start_ms != part->start_ms)
			first = part;
		into = part->stacked ? NULL : find_same(first, part);
		if (into != NULL && fb_part_absorb(assembly, into, link) == 0) {
			first = first == part ? next : first;
			continue;
		}
		if (part->from != FB_PART_OWN)
			take_home(assembly, part);
		link = &part->next;
		cnt++;
	}
	return cnt;
}

/* ---- numbers ---- */

void fb_assembly_forget_kept(struct fb_assembly *assembly)
{
	for (; assembly != NULL; assembly = assembly->cascade.below)
		for (struct part *part = assembly->parts; part != NULL; part = part->next)
			part->changed = true;
}

uint64_t fb_assembly_take_skipped(struct fb_assembly *assembly)
{
	struct fb_assembly *first = fb_cascade_first(assembly);
	uint64_t rows = first->skipped_rows;

	first->skipped_rows = 0;
	return rows;
}

uint64_t fb_assembly_take_dropped(struct fb_assembly *assembly)
{
	uint64_t groups = 0;

	for (struct fb_assembly *level = assembly->cascade.below; level != NULL; level = level->cascade.below) {
		groups += level->dropped_groups - level->dropped_told;
		level->dropped_told = level->dropped_groups;
	}
	return groups;
}

static uint64_t waiting_rows(const struct fb_assembly *level)
{
	uint64_t rows = level->cascade.held ? fb_slice_row_cnt(level->cascade.held) : 0;

	for (const struct part *part = level->parts; part != NULL; part = part->next)
		rows += fb_slice_row_cnt(part->slice);
	return rows;
}

uint64_t fb_assembly_waiting_rows(const struct fb_assembly *assembly)
{
	while (assembly->cascade.below != NULL)
		assembly = assembly->cascade.below;
	return waiting_rows(assembly);
}

void fb_assembly_level(struct fb_assembly *assembly, uint32_t number, struct fb_assembly_level *ret)
{
	struct fb_assembly *level = assembly;

	for (uint32_t i = fb_query_level_cnt(assembly->conf.plan) - 1; i > number; i--)
		level = level->cascade.below;
	*ret = (struct fb_assembly_level){.plan = level->conf.plan,
		.rows_in = level->cascade.rows_in,
		.waiting_rows = waiting_rows(level),
		.finished_rows = level->finished_rows,
		.windows = level->windows,
		.rows_out = level->rows_out,
		.kept_rows = level->kept_rows,
		.dropped_groups = level->dropped_groups};
	if (level->cascade.reader != NULL)
		ret->counters = *fb_reader_query_counters(level->cascade.reader, 0);
	ret->counters.sum_overflows += level->wrapped_sums;
}

bool fb_assembly_is_empty(const struct fb_assembly *assembly)
{
	bool empty = true;

	for (; empty && assembly != NULL; assembly = assembly->cascade.below)
		empty = assembly->parts == NULL && assembly->cascade.held == NULL &&
			(assembly->cascade.reader == NULL ||
				fb_reader_query_counters(assembly->cascade.reader, 0)->open_slices == 0);
	return empty;
}

bool fb_assembly_is_reading(const struct fb_assembly *assembly)
{
	return assembly->reading;
}

uint64_t fb_assembly_used_bytes(const struct fb_assembly *assembly)
{
	uint64_t bytes = 0;

	for (; assembly != NULL; assembly = assembly->cascade.below) {
		bytes += fb_slice_pool_used_bytes(assembly->pool);
		if (assembly->cascade.reader != NULL)
			bytes += fb_reader_query_counters(assembly->cascade.reader, 0)->state_used_bytes;
	}
	return bytes;
}
