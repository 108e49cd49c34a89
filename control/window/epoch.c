/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept over a restart: parts under their names in a store, and where the levels of a cascade stand. */
#include <stdlib.h>
#include <string.h>

#include "control/window/assembly_private.h"

/* ---- names ---- */

void fb_names_free(struct stored_name *names)
{
	while (names != NULL) {
		struct stored_name *next = names->next;

		free(names);
		names = next;
	}
}

void fb_names_published(struct fb_assembly *assembly, struct stored_name *names)
{
	struct fb_assembly *last = assembly;

	if (!fb_assembly_keeps_epoch(assembly)) {
		fb_names_free(names);
		return;
	}
	while (last->above != NULL)
		last = last->above;
	while (names != NULL) {
		struct stored_name *next = names->next;

		names->next = last->gone;
		last->gone = names;
		names = next;
	}
}

/* ---- parts as bytes ---- */

/* Numbers of parts have their level in the upper bits: 0 is the last one. What a level has besides parts has the last one. */
#define LEVEL_SHIFT 28
#define STATE_NUMBER ((1u << LEVEL_SHIFT) - 1)
_Static_assert(FB_CASCADE_MAX <= 1 << (32 - LEVEL_SHIFT), "a level has a number");

void fb_level_skip_to(struct fb_assembly *assembly, int64_t done_ms)
{
	assembly->done_ms = done_ms;
	assembly->next_end_ms = FB_TIME_MAX;
	for (struct part *part = assembly->parts; part != NULL; part = part->next) {
		part->first_end_ms = FB_MIN(
			fb_part_first_end(assembly, part->start_ms, part->first_end_ms), part->last_end_ms);
		fb_part_note_end(assembly, part);
	}
}

static int import_slice(struct fb_assembly *assembly, struct fb_slice *slice, int64_t first_end_ms,
	struct stored_name *stored)
{
	int64_t start_ms = stored->part.start_ms;
	struct part *part;

	/* After a crash some of its windows may have been published since it was kept, or all. */
	first_end_ms = fb_part_first_end(assembly, start_ms, first_end_ms);
	if (!fb_assembly_is_session(assembly) &&
		first_end_ms > fb_window_last_end(&assembly->conf.plan->window, start_ms)) {
		fb_slice_close(slice);
		stored->next = assembly->gone;
		assembly->gone = stored;
		return 0;
	}
	part = fb_part_add(assembly, slice, FB_PART_OWN, start_ms);
	if (part == NULL)
		return FB_E_NO_MEMORY;
	part->first_end_ms = first_end_ms;
	part->changed = false;
	part->names = stored;
	assembly->kept_rows += fb_slice_row_cnt(slice);
	assembly->cascade.recalls = fb_assembly_is_session(assembly);
	fb_part_note_end(assembly, part);
	return 0;
}

/* In the store a part is its first_end_ms and the slice's bytes. */
static int import_part(
	struct fb_assembly *assembly, struct fb_assembly_part name, const uint8_t *bytes, size_t len)
{
	struct stored_name *stored = calloc(1, sizeof(*stored));
	struct fb_slice *slice = fb_slice_open(assembly->pool, assembly->conf.layout, name.start_ms);
	int64_t first_end_ms;
	int rc = stored == NULL ? FB_E_NO_MEMORY : slice == NULL ? FB_E_FULL : 0;

	if (rc == 0 && len < sizeof(first_end_ms))
		rc = FB_E_CORRUPT;
	if (rc == 0)
		rc = fb_slice_import(slice, bytes + sizeof(first_end_ms), len - sizeof(first_end_ms));
	if (rc == 0) {
		memcpy(&first_end_ms, bytes, sizeof(first_end_ms));
		stored->part = name;
		rc = import_slice(assembly, slice, first_end_ms, stored);
	}
	if (rc != 0) {
		if (slice != NULL)
			fb_slice_close(slice);
		free(stored);
		return rc;
	}
	assembly->next_number = FB_MAX(assembly->next_number, (name.number & STATE_NUMBER) + 1);
	return 0;
}

int fb_assembly_import(
	struct fb_assembly *assembly, struct fb_assembly_part name, const uint8_t *bytes, size_t len)
{
	for (uint32_t down = name.number >> LEVEL_SHIFT; down > 0 && assembly != NULL; down--)
		assembly = assembly->cascade.below;
	if (assembly == NULL)
		return FB_E_CORRUPT;
	return (name.number & STATE_NUMBER) == STATE_NUMBER ? fb_cascade_import(assembly, bytes, len)
							     : import_part(assembly, name, bytes, len);
}

int fb_assembly_recall(struct fb_assembly *assembly, struct fb_reader *reader, uint32_t query)
{
	return fb_session_recall(fb_cascade_first(assembly), reader, query);
}

static int export_state(
	const struct fb_assembly *assembly, uint32_t number, fb_assembly_export_fn fn, void *arg)
{
	struct fb_assembly_part name = {0, number | STATE_NUMBER};
	struct fb_buf bytes = {0};
	int rc;

	fb_cascade_export(assembly, &bytes);
	rc = bytes.failed ? FB_E_NO_MEMORY : fn(arg, name, (const uint8_t *)bytes.p, bytes.len);
	fb_buf_fini(&bytes);
	return rc;
}

static int export_level(
	struct fb_assembly *assembly, uint32_t number, fb_assembly_export_fn fn, void *arg)
{
	struct fb_buf bytes = {0};
	int rc = assembly->cascade.below ? fb_cascade_close_slices(assembly) : 0;

	for (struct part *part = assembly->parts; rc == 0 && part != NULL; part = part->next) {
		if (!part->changed)
			continue;
		if (part->exported == NULL)
			part->exported = calloc(1, sizeof(*part->exported));
		if (part->exported == NULL) {
			rc = FB_E_NO_MEMORY;
			break;
		}
		part->exported->part =
			(struct fb_assembly_part){part->start_ms, number | assembly->next_number++};
		fb_buf_clear(&bytes);
		fb_buf_add(&bytes, &part->first_end_ms, sizeof(part->first_end_ms));
		fb_slice_export(part->slice, &bytes);
		rc = bytes.failed ? FB_E_NO_MEMORY
				  : fn(arg, part->exported->part, (const uint8_t *)bytes.p,
					    bytes.len);
	}
	fb_buf_fini(&bytes);
	return rc == 0 && assembly->cascade.below ? export_state(assembly, number, fn, arg) : rc;
}

int fb_assembly_export(struct fb_assembly *assembly, fb_assembly_export_fn fn, void *arg)
{
	uint32_t number = 0;
	int rc = 0;

	for (; rc == 0 && assembly != NULL; assembly = assembly->cascade.below) {
		rc = export_level(assembly, number, fn, arg);
		number += 1u << LEVEL_SHIFT;
	}
	return rc;
}

void fb_assembly_kept(struct fb_assembly *assembly)
{
	fb_names_free(assembly->gone);
	assembly->gone = NULL;
	for (; assembly != NULL; assembly = assembly->cascade.below)
		for (struct part *part = assembly->parts; part != NULL; part = part->next) {
			if (part->exported == NULL)
				continue;
			fb_names_free(part->names);
			part->names = part->exported;
			part->exported = NULL;
			part->changed = false;
		}
}

static void stale_names(const struct stored_name *names, fb_assembly_part_fn fn, void *arg)
{
	for (; names != NULL; names = names->next)
		fn(arg, names->part);
}

void fb_assembly_stale(
	const struct fb_assembly *assembly, bool exported, fb_assembly_part_fn fn, void *arg)
{
	if (exported) {
		stale_names(assembly->gone, fn, arg);
		for (const struct fb_assembly *level = assembly->cascade.below; level != NULL;
			level = level->cascade.below)
			for (const struct part *part = level->parts; part != NULL; part = part->next)
				if (part->changed)
					stale_names(part->names, fn, arg);
	}
	for (const struct part *part = assembly->parts; part != NULL; part = part->next) {
		bool stale = exported ? part->changed
				      : assembly->reading && !fb_assembly_keeps_epoch(assembly) &&
						part->last_end_ms <= assembly->window.end_ms;

		if (stale)
			stale_names(part->names, fn, arg);
	}
}
