/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A slice as bytes for the store, and back. Little-endian words: magic, words of an entry, records,
 * groups; then each entry without its hash (its seed ends with the process), followed by the bytes
 * of its long texts, each filled up to 8. Then for each set: how many values; and each value, as
 * the number of its group (in the order above), its words, and the bytes of a long text.
 */
#include "dataplane/operator/slice_private.h"

#include <stdlib.h>

#define MAGIC 0x32656369736c6266u /* "fblsice2": format 2 */

struct header {
	uint64_t magic;
	uint64_t entry_words;
	uint64_t row_cnt;
	uint64_t group_cnt;
};

/* Calls for the two words of every text of an entry. */
typedef bool (*text_fn)(void *arg, uint64_t *words, int key);

static bool each_text(const struct fb_slice_layout *layout, uint64_t *entry, text_fn fn, void *arg)
{
	for (uint32_t k = 0; k < layout->key_cnt; k++)
		if (layout->keys[k].phys == FB_PHYS_STR &&
			!fn(arg, entry + FB_ENTRY_KEY_WORD + layout->keys[k].word, (int)k))
			return false;
	for (uint32_t i = 0; i < layout->state_cnt; i++) {
		const struct fb_state *state = &layout->states[i];

		if (state->phys != FB_PHYS_STR)
			continue;
		if ((state->min && !fn(arg, entry + state->min, -1)) ||
			(state->max && !fn(arg, entry + state->max, -1)))
			return false;
	}
	return true;
}

struct exporter {
	const struct fb_slice_pool *pool;
	struct fb_buf *out;
};

static bool export_text(void *arg, uint64_t *words, int key)
{
	static const char zeros[8];
	struct exporter *exporter = arg;
	struct fb_str text = fb_text_get(exporter->pool, words);

	if (text.len > FB_TEXT_INLINE_MAX) {
		fb_buf_add(exporter->out, text.p, text.len);
		fb_buf_add(exporter->out, zeros, -text.len & 7);
	}
	return true;
}

static void export_set(
	const struct fb_slice *set, const struct fb_numbering *numbering, struct fb_buf *out)
{
	bool text = set->layout->keys[1].phys == FB_PHYS_STR;
	struct exporter exporter = {set->pool, out};
	struct fb_entry_cursor at = {0};
	const uint64_t *entry;

	while ((entry = fb_slice_entry(set, &at)) != NULL) {
		uint64_t group;

		if (entry[FB_SET_OWNER_WORD] == 0)
			continue;
		group = fb_numbering_get(numbering, entry[FB_SET_OWNER_WORD]);
		fb_buf_add(out, &group, sizeof(group));
		fb_buf_add(out, entry + FB_SET_VALUE_WORD,
			(set->layout->key_words - 1u) * sizeof(*entry));
		if (text)
			export_text(
				&exporter, (uint64_t *)(uintptr_t)(entry + FB_SET_VALUE_WORD), -1);
	}
}

static void export_sets(const struct fb_slice *slice, struct fb_buf *out)
{
	struct fb_numbering numbering;

	if (slice->layout->set_cnt == 0)
		return;
	if (fb_numbering_init(&numbering, slice) != 0) {
		out->failed = true;
		return;
	}
	for (uint32_t i = 0; i < slice->layout->set_cnt; i++) {
		uint64_t cnt = slice->sets[i] ? slice->sets[i]->group_cnt : 0;

		fb_buf_add(out, &cnt, sizeof(cnt));
		if (cnt > 0)
			export_set(slice->sets[i], &numbering, out);
	}
	fb_numbering_fini(&numbering);
}

static void add_words(const struct fb_slice_layout *layout, const uint64_t *entry, struct fb_buf *out)
{
	uint32_t before = layout->session_word ? layout->session_word : layout->entry_words;
	int64_t start_ms;

	fb_buf_add(out, entry + 1, (before - 1u) * sizeof(*entry));
	if (before == layout->entry_words)
		return;
	/* A core that watches the slice may be setting it. */
	start_ms = fb_entry_session_start(layout, entry);
	fb_buf_add(out, &start_ms, sizeof(start_ms));
	fb_buf_add(out, entry + before + 1, (layout->entry_words - before - 1u) * sizeof(*entry));
}

void fb_slice_export(const struct fb_slice *slice, struct fb_buf *out)
{
	const struct fb_slice_layout *layout = slice->layout;
	struct exporter exporter = {slice->pool, out};
	struct header header = {MAGIC, layout->entry_words, slice->row_cnt, slice->group_cnt};
	struct fb_entry_cursor at = {0};
	const uint64_t *entry;

	fb_buf_add(out, &header, sizeof(header));
	while ((entry = fb_slice_entry(slice, &at)) != NULL) {
		add_words(layout, entry, out);
		each_text(layout, (uint64_t *)(uintptr_t)entry, export_text, &exporter);
	}
	export_sets(slice, out);
}

/* Long texts of the entry being read: their bytes follow it; references are made to point there. */
struct importer {
	const uint8_t *at;
	const uint8_t *end;
	const char *key_texts[FB_KEY_MAX];
	const uint64_t *base;
	uint64_t **groups; /* by number; NULL: there are no sets */
};

static inline size_t bytes_left(const struct importer *importer)
{
	return (size_t)(importer->end - importer->at);
}

static bool import_text(void *arg, uint64_t *words, int key)
{
	struct importer *importer = arg;
	uint32_t len = (uint32_t)words[0];
	uint64_t padded = ((uint64_t)len + 7) & ~7ull;

	if (len <= FB_TEXT_INLINE_MAX)
		return true;
	if (bytes_left(importer) < padded)
		return false;
	words[1] = (uint64_t)((const uint64_t *)importer->at - importer->base);
	if (key >= 0)
		importer->key_texts[key] = (const char *)importer->at;
	importer->at += padded;
	return true;
}

/* What no export writes: more values than records, or more records than the slice has. */
static bool counts_hold(
	const struct fb_slice_layout *layout, const uint64_t *entry, uint64_t *rows_left)
{
	uint64_t rows = entry[layout->rows_word];

	for (uint32_t i = 0; i < layout->state_cnt; i++)
		if (layout->states[i].count && entry[layout->states[i].count] > rows)
			return false;
	if (rows > *rows_left)
		return false;
	*rows_left -= rows;
	return true;
}

static int import_entries(
	struct fb_slice *into, const struct header *header, struct importer *importer)
{
	const struct fb_slice_layout *layout = into->layout;
	/* Stands for the slice that the entry comes from: its references count from the imported
	 * bytes. */
	struct fb_slice_pool pool = {.base = (uint64_t *)(uintptr_t)importer->base};
	struct fb_slice from = {.pool = &pool, .layout = layout};
	size_t entry_bytes = (layout->entry_words - 1u) * sizeof(uint64_t);
	uint64_t *entry = calloc(layout->entry_words, sizeof(*entry));
	uint64_t rows_left = header->row_cnt;
	int rc = entry ? 0 : FB_E_NO_MEMORY;

	for (uint64_t i = 0; rc == 0 && i < header->group_cnt; i++) {
		struct fb_key_view key = {entry + FB_ENTRY_KEY_WORD, importer->key_texts};
		uint64_t *mine;

		if (bytes_left(importer) < entry_bytes) {
			rc = FB_E_CORRUPT;
			break;
		}
		memcpy(entry + 1, importer->at, entry_bytes);
		importer->at += entry_bytes;
		if (!counts_hold(layout, entry, &rows_left) ||
			!each_text(layout, entry, import_text, importer))
			rc = FB_E_CORRUPT;
		else if (fb_table_insert(into, fb_key_hash(layout, &key), &key, &mine) !=
				 FB_INSERT_OK ||
			 !fb_state_merge(into, mine, &from, entry))
			rc = FB_E_FULL;
		if (rc == 0 && importer->groups != NULL)
			importer->groups[i] = mine;
	}
	free(entry);
	return rc == 0 && rows_left != 0 ? FB_E_CORRUPT : rc;
}

static int import_set(struct fb_slice *into, uint32_t number, const struct header *header,
	struct importer *importer)
{
	const struct fb_slice_layout *set = into->layout->sets[number];
	bool text = set->keys[1].phys == FB_PHYS_STR;
	size_t value_bytes = set->key_words * sizeof(uint64_t);
	uint64_t cnt;

	if (bytes_left(importer) < sizeof(cnt))
		return FB_E_CORRUPT;
	memcpy(&cnt, importer->at, sizeof(cnt));
	importer->at += sizeof(cnt);
	for (uint64_t i = 0; i < cnt; i++) {
		uint64_t words[3];
		const char *bytes;

		if (bytes_left(importer) < value_bytes)
			return FB_E_CORRUPT;
		memcpy(words, importer->at, value_bytes);
		importer->at += value_bytes;
		bytes = (const char *)importer->at;
		if (words[0] >= header->group_cnt ||
			(text && !import_text(importer, words + 1, -1)))
			return FB_E_CORRUPT;
		if (!fb_distinct_add(into, number, importer->groups[words[0]], words + 1, bytes))
			return FB_E_FULL;
	}
	return 0;
}

static int import_all(struct fb_slice *into, const struct header *header, struct importer *importer)
{
	size_t entry_bytes = (into->layout->entry_words - 1u) * sizeof(uint64_t);
	int rc;

	if (header->group_cnt > bytes_left(importer) / entry_bytes)
		return FB_E_CORRUPT;
	if (into->layout->set_cnt > 0) {
		importer->groups = calloc(header->group_cnt + 1, sizeof(*importer->groups));
		if (importer->groups == NULL)
			return FB_E_NO_MEMORY;
	}
	rc = import_entries(into, header, importer);
	for (uint32_t i = 0; rc == 0 && i < into->layout->set_cnt; i++)
		rc = import_set(into, i, header, importer);
	free(importer->groups);
	return rc == 0 && importer->at != importer->end ? FB_E_CORRUPT : rc;
}

int fb_slice_import(struct fb_slice *into, const uint8_t *bytes, size_t len)
{
	struct header header;
	uint64_t *aligned;
	int rc;

	if (len < sizeof(header) || len % 8 != 0 || len / 8 > UINT32_MAX)
		return FB_E_CORRUPT;
	memcpy(&header, bytes, sizeof(header));
	if (header.magic != MAGIC || header.entry_words != into->layout->entry_words ||
		header.row_cnt > (uint64_t)INT64_MAX - into->row_cnt)
		return FB_E_CORRUPT;
	/* References are in words, so the bytes have to lie on a word; what the store gives may
	 * not. */
	aligned = malloc(len);
	if (aligned == NULL)
		return FB_E_NO_MEMORY;
	memcpy(aligned, bytes, len);

	struct importer importer = {.at = (const uint8_t *)aligned + sizeof(header),
		.end = (const uint8_t *)aligned + len,
		.base = aligned};

	rc = import_all(into, &header, &importer);
	if (rc == 0)
		into->row_cnt += header.row_cnt;
	free(aligned);
	return rc;
}
