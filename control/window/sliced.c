/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TUMBLE, HOP and CUMULATE: parts to windows.
 *
 * Parts with the same last window are one from the first window on that needs them all: the slices of
 * several partitions, rows that came too late for the windows before, and for CUMULATE all steps of a
 * window so far. What is merged once is not merged again, and lent slices go back early.
 *
 * Parts of a few cores that no other window needs are not copied into one: groups that several have are added up in one of
 * them, and the parts are read one after the other.
 */
#include <stdlib.h>

#include "control/window/assembly_private.h"

/* Of the parts with this last window: the one to merge into, made if there is none in the own pool. */
static struct part *find_own(struct fb_assembly *assembly, const struct part *like, int64_t end_ms)
{
	struct fb_slice *slice;
	struct part *part;

	for (part = assembly->parts; fb_part_may_be_needed(part, end_ms); part = part->next)
		if (part->from == FB_PART_OWN && part->last_end_ms == like->last_end_ms &&
			fb_part_is_needed(part, end_ms))
			return part;
	slice = fb_slice_open(assembly->pool, assembly->conf.layout, like->start_ms);
	if (slice == NULL)
		return NULL;
	part = fb_part_add(assembly, slice, FB_PART_OWN, like->start_ms);
	if (part == NULL)
		fb_slice_close(slice);
	else
		part->first_end_ms = end_ms;
	return part;
}

/* All parts with this last window that the window needs become one. */
static int unite(struct fb_assembly *assembly, const struct part *like, int64_t end_ms)
{
	int64_t last_end_ms = like->last_end_ms;
	uint32_t cnt = 0;
	struct part *into;
	int rc = 0;

	for (const struct part *part = assembly->parts; fb_part_may_be_needed(part, end_ms); part = part->next)
		cnt += part->last_end_ms == last_end_ms && fb_part_is_needed(part, end_ms);
	if (cnt < 2)
		return 0;
	into = find_own(assembly, like, end_ms);
	if (into == NULL)
		return FB_E_FULL;
	into->first_end_ms = end_ms;
	for (struct part **link = &assembly->parts; rc == 0 && fb_part_may_be_needed(*link, end_ms);) {
		if (*link != into && (*link)->last_end_ms == last_end_ms && fb_part_is_needed(*link, end_ms))
			rc = fb_part_absorb(assembly, into, link);
		else
			link = &(*link)->next;
	}
	return rc;
}

static int unite_all(struct fb_assembly *assembly, int64_t end_ms)
{
	int64_t last_end_ms = FB_TIME_MIN;
	int rc = 0;

	/* The list is in the order of starts, and so of last windows; uniting takes parts out of it. */
	while (rc == 0) {
		const struct part *next = NULL;

		for (const struct part *part = assembly->parts; next == NULL && fb_part_may_be_needed(part, end_ms);
			part = part->next)
			if (part->last_end_ms > last_end_ms && fb_part_is_needed(part, end_ms))
				next = part;
		if (next == NULL)
			break;
		last_end_ms = next->last_end_ms;
		rc = unite(assembly, next, end_ms);
	}
	return rc;
}

/* HOP: the parts of a window lie in several slices. Without stacks, or when there is no room for them. */
static int merge_slices(struct fb_assembly *assembly, int64_t end_ms)
{
	struct fb_slice *merged =
		fb_slice_open(assembly->pool, assembly->conf.layout, end_ms);
	int rc = merged ? 0 : FB_E_FULL;

	for (const struct part *part = assembly->parts; rc == 0 && fb_part_may_be_needed(part, end_ms); part = part->next)
		if (fb_part_is_needed(part, end_ms))
			rc = fb_part_merge(assembly, merged, part->slice);
	if (rc != 0 && merged != NULL)
		fb_slice_close(merged);
	if (rc == 0)
		assembly->slice = assembly->merged = merged;
	return rc;
}

static int merge_parts(struct fb_assembly *assembly, int64_t end_ms)
{
	if (fb_hop_is_used(assembly)) {
		if (fb_hop_merge(assembly, end_ms) == 0)
			return 0;
		fb_hop_reset(assembly);
	}
	return merge_slices(assembly, end_ms);
}

/* ---- parts side by side ---- */

/* Each group is looked for in all parts before its own: from some number on, merging them costs less. */
#define SIDE_BY_SIDE_MAX 4

static struct part *next_needed(struct part *part, int64_t end_ms)
{
	while (fb_part_may_be_needed(part, end_ms) && !fb_part_is_needed(part, end_ms))
		part = part->next;
	return fb_part_may_be_needed(part, end_ms) ? part : NULL;
}

static bool stand_side_by_side(const struct fb_assembly *assembly, int64_t end_ms)
{
	uint32_t cnt = 0;

	if (!fb_slice_can_part(assembly->conf.layout))
		return false;
	for (const struct part *part = assembly->parts; fb_part_may_be_needed(part, end_ms); part = part->next) {
		if (!fb_part_is_needed(part, end_ms))
			continue;
		if (part->last_end_ms != end_ms)
			return false;
		cnt++;
	}
	return cnt >= 2 && cnt <= SIDE_BY_SIDE_MAX;
}

static void part_groups(struct fb_assembly *assembly, int64_t end_ms)
{
	struct part *first = next_needed(assembly->parts, end_ms);

	for (struct part *from = next_needed(first->next, end_ms); from != NULL; from = next_needed(from->next, end_ms)) {
		for (struct part *into = first; into != from; into = next_needed(into->next, end_ms)) {
			fb_slice_part(into->slice, from->slice);
			into->changed = true;
		}
		from->changed = true;
	}
	assembly->part = first;
	assembly->slice = first->slice;
}

bool fb_sliced_next_slice(struct fb_assembly *assembly)
{
	struct part *part = assembly->part ? next_needed(assembly->part->next, assembly->window.end_ms) : NULL;

	if (part == NULL)
		return false;
	assembly->part = part;
	assembly->slice = part->slice;
	assembly->cursor = 0;
	return true;
}

/* ---- windows ---- */

static void find_next(struct fb_assembly *assembly)
{
	assembly->next_end_ms = FB_TIME_MAX;
	/* No window of a part ends where it begins or before. */
	for (const struct part *part = assembly->parts; fb_part_may_be_needed(part, assembly->next_end_ms); part = part->next)
		assembly->next_end_ms = FB_MIN(assembly->next_end_ms, part->first_end_ms);
}

/* What the window reads is left in assembly->slice; *ret_last_end_ms is that of its parts. */
static int gather(struct fb_assembly *assembly, int64_t end_ms, int64_t *ret_last_end_ms)
{
	const struct part *only = NULL;
	uint32_t cnt = 0;
	int rc = unite_all(assembly, end_ms);

	for (const struct part *part = assembly->parts; rc == 0 && fb_part_may_be_needed(part, end_ms); part = part->next)
		if (fb_part_is_needed(part, end_ms)) {
			only = part;
			cnt++;
		}
	assembly->slice = only ? only->slice : NULL;
	if (rc == 0 && cnt > 1)
		rc = merge_parts(assembly, end_ms);
	if (rc == 0)
		*ret_last_end_ms = only->last_end_ms;
	return rc;
}

int fb_sliced_begin(struct fb_assembly *assembly, int64_t watermark_ms)
{
	const struct fb_query_plan *plan = assembly->conf.plan;
	int64_t end_ms = assembly->next_end_ms;
	int64_t last_end_ms = end_ms;
	int rc = 0;

	if (end_ms == FB_TIME_MAX || end_ms - 1 > fb_window_clock(plan, watermark_ms))
		return 0;
	if (fb_hop_is_used(assembly) && fb_hop_add_late(assembly, end_ms) != 0)
		fb_hop_reset(assembly);
	assembly->part = NULL;
	if (stand_side_by_side(assembly, end_ms))
		part_groups(assembly, end_ms);
	else
		rc = gather(assembly, end_ms, &last_end_ms);
	if (rc != 0)
		return rc;
	assembly->window = (struct fb_assembly_window){
		.start_ms = fb_window_start_of(&plan->window, end_ms, last_end_ms),
		.end_ms = end_ms,
		.done_ms = end_ms};
	return 1;
}

uint64_t fb_sliced_finish(struct fb_assembly *assembly)
{
	int64_t step_ms = assembly->conf.plan->window.step_ms;
	int64_t end_ms = assembly->window.end_ms;
	uint64_t rows = 0;

	for (struct part **link = &assembly->parts; fb_part_may_be_needed(*link, end_ms);) {
		struct part *part = *link;

		if (part->first_end_ms > end_ms) {
			link = &part->next;
			continue;
		}
		part->first_end_ms = end_ms + step_ms;
		if (part->first_end_ms <= part->last_end_ms) {
			link = &part->next;
			continue;
		}
		*link = part->next;
		rows += fb_slice_row_cnt(part->slice);
		fb_part_free(assembly, part);
	}
	if (assembly->parts == NULL)
		fb_hop_reset(assembly);
	assembly->part = NULL;
	assembly->done_ms = FB_MAX(assembly->done_ms, end_ms);
	find_next(assembly);
	return rows;
}
