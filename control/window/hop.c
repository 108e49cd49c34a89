/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HOP with much overlap: a window is not merged from all its slices each time. Two stacks do it, as for a
 * queue with an aggregate (Tangwongsan, Hirzel, Schneider, Wu, "General incremental sliding-window
 * aggregation", PVLDB 8(7), 2015): `front` holds for each older slice the merge of it and all up to the
 * flip, `back` the merge of those after it. A window is one of the first and the other. When the front is
 * used up it is made anew from the slices at hand. So a slice is merged three times or so, whatever the
 * overlap.
 *
 * Rows that came too late for the first windows of a slice are merged into all that hold the slice when
 * they count for the first time: what is in the stacks is what the parts hold.
 */
#include <stdlib.h>

#include "control/window/assembly_private.h"

#define OVERLAP_MIN 4 /* below, merging all is as cheap */

bool fb_hop_is_used(const struct fb_assembly *assembly)
{
	const struct fb_window *window = &assembly->conf.plan->window;

	return window->kind == FB_WINDOW_HOP && window->size_ms / window->step_ms >= OVERLAP_MIN;
}

/* ---- stacks ---- */

static void drop_front(struct hop *hop, int64_t end_ms)
{
	while (hop->front_at < hop->front_cnt && hop->front[hop->front_at].last_end_ms < end_ms)
		fb_slice_close(hop->front[hop->front_at++].slice);
}

void fb_hop_reset(struct fb_assembly *assembly)
{
	struct hop *hop = &assembly->hop;
	int64_t covered_ms = hop->covered_ms; /* nothing behind it is in the stacks */

	drop_front(hop, FB_TIME_MAX);
	free(hop->front);
	if (hop->back != NULL)
		fb_slice_close(hop->back);
	*hop = (struct hop){.covered_ms = FB_TIME_MIN};
	for (struct part *part = assembly->parts; fb_part_may_be_needed(part, covered_ms); part = part->next)
		part->stacked = false;
}

static int copy_slice(struct fb_assembly *assembly, const struct fb_slice *a,
	const struct fb_slice *b, struct fb_slice **ret)
{
	struct fb_slice *copy = fb_slice_open(
		assembly->pool, assembly->conf.layout, fb_slice_start_ms(a));
	int rc = copy ? fb_part_merge(assembly, copy, a) : FB_E_FULL;

	if (rc == 0 && b != NULL)
		rc = fb_part_merge(assembly, copy, b);
	if (rc != 0) {
		if (copy != NULL)
			fb_slice_close(copy);
		return rc;
	}
	*ret = copy;
	return 0;
}

/* A part of a slice that the stacks hold already. */
static int add_late(struct fb_assembly *assembly, const struct part *part)
{
	struct hop *hop = &assembly->hop;
	int rc = 0;

	for (uint32_t i = hop->front_at; rc == 0 && i < hop->front_cnt; i++)
		if (hop->front[i].last_end_ms <= part->last_end_ms &&
			part->last_end_ms <= hop->flip_ms)
			rc = fb_part_merge(assembly, hop->front[i].slice, part->slice);
	if (rc == 0 && part->last_end_ms > hop->flip_ms)
		rc = hop->back ? fb_part_merge(assembly, hop->back, part->slice)
			       : copy_slice(assembly, part->slice, NULL, &hop->back);
	return rc;
}

/*
 * A late part may be of a slice that had no rows before: then there is no table that begins with it, and
 * the one before would stand for it in windows that it is not in. The front is made anew.
 */
static bool has_place(const struct hop *hop, const struct part *part)
{
	if (part->last_end_ms > hop->flip_ms)
		return true;
	for (uint32_t i = hop->front_at; i < hop->front_cnt; i++)
		if (hop->front[i].last_end_ms == part->last_end_ms)
			return true;
	return false;
}

/* From the newest slice that the window needs to the oldest. */
static int flip(struct fb_assembly *assembly, int64_t end_ms)
{
	struct hop *hop = &assembly->hop;
	const struct part **parts;
	uint32_t cnt = 0;
	int rc = 0;

	fb_hop_reset(assembly);
	for (const struct part *part = assembly->parts; fb_part_may_be_needed(part, end_ms); part = part->next)
		cnt += fb_part_is_needed(part, end_ms);
	parts = calloc(cnt + 1, sizeof(*parts));
	hop->front = calloc(cnt + 1, sizeof(*hop->front));
	if (parts == NULL || hop->front == NULL) {
		free(parts);
		return FB_E_NO_MEMORY;
	}
	cnt = 0;
	for (struct part *part = assembly->parts; fb_part_may_be_needed(part, end_ms); part = part->next)
		if (fb_part_is_needed(part, end_ms)) {
			part->stacked = true;
			parts[cnt++] = part;
		}
	hop->front_at = hop->front_cnt = cnt;
	for (uint32_t i = cnt; rc == 0 && i-- > 0;) {
		rc = copy_slice(assembly, parts[i]->slice,
			i + 1 < cnt ? hop->front[i + 1].slice : NULL, &hop->front[i].slice);
		hop->front[i].last_end_ms = parts[i]->last_end_ms;
		hop->front_at = rc == 0 ? i : hop->front_at;
	}
	hop->flip_ms = hop->covered_ms = cnt > 0 ? parts[cnt - 1]->last_end_ms : FB_TIME_MIN;
	free(parts);
	return rc;
}

/* ---- a window ---- */

int fb_hop_add_late(struct fb_assembly *assembly, int64_t end_ms)
{
	struct hop *hop = &assembly->hop;

	drop_front(hop, end_ms);
	for (struct part *part = assembly->parts; fb_part_may_be_needed(part, end_ms); part = part->next) {
		int rc;

		if (part->stacked || !fb_part_is_needed(part, end_ms) ||
			part->last_end_ms > hop->covered_ms)
			continue;
		rc = has_place(hop, part) ? add_late(assembly, part) : FB_E_NOT_FOUND;
		if (rc != 0)
			return rc;
		part->stacked = true;
	}
	return 0;
}

static int add_new(struct fb_assembly *assembly, int64_t end_ms)
{
	struct hop *hop = &assembly->hop;
	int rc = 0;

	for (struct part *part = assembly->parts; rc == 0 && fb_part_may_be_needed(part, end_ms); part = part->next) {
		if (part->stacked || !fb_part_is_needed(part, end_ms))
			continue;
		rc = hop->back ? fb_part_merge(assembly, hop->back, part->slice)
			       : copy_slice(assembly, part->slice, NULL, &hop->back);
		part->stacked = true;
		hop->covered_ms = FB_MAX(hop->covered_ms, part->last_end_ms);
	}
	return rc;
}

int fb_hop_merge(struct fb_assembly *assembly, int64_t end_ms)
{
	struct hop *hop = &assembly->hop;
	const struct fb_slice *front;
	int rc = 0;

	if (hop->front_at == hop->front_cnt)
		rc = flip(assembly, end_ms);
	else
		rc = add_new(assembly, end_ms);
	if (rc != 0)
		return rc;
	front = hop->front[hop->front_at].slice;
	if (hop->back == NULL) {
		assembly->slice = hop->front[hop->front_at].slice;
		return 0;
	}
	rc = copy_slice(assembly, front, hop->back, &assembly->merged);
	assembly->slice = assembly->merged;
	return rc;
}
