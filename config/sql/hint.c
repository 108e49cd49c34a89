/* SPDX-License-Identifier: Apache-2.0 */
/* The hint OPTIONS(…) behind a table's name: the same table with other options, for this one use of
 * it. */
#include "config/sql/bind.h"

static const struct fb_option *find(const struct fb_option *options, uint16_t cnt, const char *key)
{
	for (uint16_t i = 0; i < cnt; i++)
		if (strcmp(options[i].key, key) == 0)
			return &options[i];
	return NULL;
}

/* Options of the hint take the place of the table's; of two in one hint the last one counts, as in
 * Flink. */
static bool merge_options(
	struct fb_binder *b, struct fb_table *table, const struct fb_ast_options *list)
{
	uint16_t base = table->option_cnt;
	struct fb_option *merged;

	if (list->cnt > FB_COLUMNS_MAX) {
		fb_bind_error(
			b, list->first->key_place, NULL, "more than %d options", FB_COLUMNS_MAX);
		return false;
	}
	merged = fb_options_copy(b, list, base);
	if (merged == NULL)
		return false;
	memcpy(merged, table->options, base * sizeof(*merged));
	table->option_cnt = base;
	for (uint32_t i = base; i < base + list->cnt; i++) {
		struct fb_option option = merged[i];
		const struct fb_option *there = find(merged, table->option_cnt, option.key);

		if (strcmp(option.key, "connector") == 0) {
			fb_bind_error(b, option.place, "declare another table",
				"a hint cannot change the connector");
			return false;
		}
		if (there != NULL)
			merged[there - merged] = option;
		else
			merged[table->option_cnt++] = option;
	}
	table->options = merged;
	return true;
}

static bool same_options(const struct fb_table *a, const struct fb_table *b)
{
	if (a->option_cnt != b->option_cnt)
		return false;
	for (uint16_t i = 0; i < a->option_cnt; i++) {
		const struct fb_option *other = find(b->options, b->option_cnt, a->options[i].key);

		if (other == NULL || strcmp(other->value, a->options[i].value) != 0)
			return false;
	}
	return true;
}

const struct fb_table *fb_bind_hint(struct fb_binder *b, const struct fb_table *table,
	const struct fb_ast_options *options, struct fb_place hint)
{
	struct fb_table *made = FB_ARENA_NEW(b->arena, struct fb_table);
	struct fb_hinted *hinted = FB_ARENA_NEW(b->arena, struct fb_hinted);

	if (made == NULL || hinted == NULL || !fb_bind_charge(b, table->option_cnt + 1ull, hint))
		return NULL;
	*made = *table;
	made->hinted = true;
	if (!merge_options(b, made, options) || !fb_options_check(b, made, hint))
		return NULL;
	if (same_options(made, table))
		return table;
	/* One table for equal hints, so that the source is read once. */
	for (const struct fb_hinted *at = b->hinted; at != NULL; at = at->next)
		if (at->base == table && same_options(at->table, made))
			return at->table;
	*hinted = (struct fb_hinted){.next = b->hinted, .base = table, .table = made};
	b->hinted = hinted;
	return made;
}
