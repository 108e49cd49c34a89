/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of a slice, each into a slice of its own choice. Control plane. */
#include <stdlib.h>

#include "dataplane/operator/fragment.h"
#include "dataplane/operator/slice_private.h"

static void texts_of(const struct fb_slice *slice, const uint64_t *entry, const char **texts)
{
	const struct fb_slice_layout *layout = slice->layout;

	for (uint32_t k = 0; k < layout->key_cnt; k++)
		if (layout->keys[k].phys == FB_PHYS_STR)
			texts[k] = fb_text_get(slice->pool,
				entry + FB_ENTRY_KEY_WORD + layout->keys[k].word)
					   .p;
}

uint32_t fb_fragment_list(const struct fb_slice *slice, uint32_t number, struct fb_fragment *to)
{
	const struct fb_slice_layout *layout = slice->layout;
	struct fb_entry_cursor at = {0};
	const uint64_t *entry;
	uint32_t cnt = 0;

	for (uint32_t i = 0; (entry = fb_slice_entry(slice, &at)) != NULL; i++) {
		if (entry[layout->rows_word] == 0)
			continue;
		to[cnt++] = (struct fb_fragment){.hash = entry[0],
			.first_ms = fb_entry_time_min(layout, entry),
			.last_ms = fb_entry_time_max(layout, entry),
			.block_ms = fb_entry_session_block(layout, entry),
			.born_ms = fb_entry_session_born(layout, entry),
			.rows = entry[layout->rows_word],
			.entry = entry,
			.slice = number,
			.number = i};
	}
	return cnt;
}

bool fb_fragment_same_key(const struct fb_slice *a, const struct fb_fragment *in_a,
	const struct fb_slice *b, const struct fb_fragment *in_b)
{
	const char *texts[FB_KEY_MAX];
	struct fb_key_view key = {in_b->entry + FB_ENTRY_KEY_WORD, texts};

	texts_of(b, in_b->entry, texts);
	return in_a->hash == in_b->hash && fb_table_key_equals(a, in_a->entry, &key);
}

static int scatter_groups(
	const struct fb_slice *from, struct fb_slice *const *targets, uint64_t **groups)
{
	struct fb_entry_cursor at = {0};
	const uint64_t *entry;

	for (uint32_t i = 0; (entry = fb_slice_entry(from, &at)) != NULL; i++) {
		const char *texts[FB_KEY_MAX];
		struct fb_key_view key = {entry + FB_ENTRY_KEY_WORD, texts};
		struct fb_slice *into = targets[i];
		uint64_t *mine = NULL;

		if (into != NULL) {
			texts_of(from, entry, texts);
			if (fb_table_insert(into, entry[0], &key, &mine) != FB_INSERT_OK ||
				!fb_state_merge(into, mine, from, entry))
				return FB_E_FULL;
			into->row_cnt += entry[from->layout->rows_word];
		}
		groups[i] = mine;
	}
	return 0;
}

static int scatter_set(const struct fb_slice *set, uint32_t number,
	const struct fb_numbering *numbering, struct fb_slice *const *targets,
	uint64_t *const *groups)
{
	bool text = set->layout->keys[1].phys == FB_PHYS_STR;
	struct fb_entry_cursor at = {0};
	const uint64_t *entry;

	while ((entry = fb_slice_entry(set, &at)) != NULL) {
		const uint64_t *value = entry + FB_SET_VALUE_WORD;
		uint32_t owner;

		if (entry[FB_SET_OWNER_WORD] == 0)
			continue;
		owner = fb_numbering_get(numbering, entry[FB_SET_OWNER_WORD]);
		if (groups[owner] != NULL &&
			!fb_distinct_add(targets[owner], number, groups[owner], value,
				text ? fb_text_get(set->pool, value).p : NULL))
			return FB_E_FULL;
	}
	return 0;
}

int fb_slice_scatter(const struct fb_slice *from, struct fb_slice *const *targets)
{
	struct fb_numbering numbering = {0};
	uint64_t **groups = malloc((from->group_cnt + 1) * sizeof(*groups));
	int rc = groups ? scatter_groups(from, targets, groups) : FB_E_NO_MEMORY;

	if (rc == 0 && from->layout->set_cnt > 0)
		rc = fb_numbering_init(&numbering, from);
	for (uint32_t i = 0; rc == 0 && i < from->layout->set_cnt; i++)
		if (from->sets[i] != NULL)
			rc = scatter_set(from->sets[i], i, &numbering, targets, groups);
	fb_numbering_fini(&numbering);
	free(groups);
	return rc;
}
