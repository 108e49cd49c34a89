/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A slice as bytes for the store, and back. Little-endian words: magic, words of an entry, records,
 * groups; then each entry without its hash (its seed ends with the process), followed by the bytes
 * of its long texts, each filled up to 8.
 */
#include "dataplane/operator/slice_private.h"

#include <stdlib.h>

#define MAGIC 0x31656369736c6266u /* "fblslice1" cut to eight bytes: format 1 */

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
	for (uint32_t a = 0; a < layout->arg_cnt; a++) {
		const struct fb_arg_state *state = &layout->args[a];

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

void fb_slice_export(const struct fb_slice *slice, struct fb_buf *out)
{
	const struct fb_slice_layout *layout = slice->layout;
	struct exporter exporter = {slice->pool, out};
	struct header header = {MAGIC, layout->entry_words, slice->row_cnt, slice->group_cnt};
	struct fb_entry_cursor at = {0};
	const uint64_t *entry;

	fb_buf_add(out, &header, sizeof(header));
	while ((entry = fb_slice_entry(slice, &at)) != NULL) {
		fb_buf_add(out, entry + 1, (layout->entry_words - 1u) * sizeof(*entry));
		each_text(layout, (uint64_t *)(uintptr_t)entry, export_text, &exporter);
	}
}

/* Long texts of the entry being read: their bytes follow it; references are made to point there. */
struct importer {
	const uint8_t *at;
	const uint8_t *end;
	const char *key_texts[FB_KEY_MAX];
	const uint64_t *base;
};

static bool import_text(void *arg, uint64_t *words, int key)
{
	struct importer *importer = arg;
	uint32_t len = (uint32_t)words[0];
	uint64_t padded = ((uint64_t)len + 7) & ~7ull;

	if (len <= FB_TEXT_INLINE_MAX)
		return true;
	if ((uint64_t)(importer->end - importer->at) < padded)
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

	for (uint32_t a = 0; a < layout->arg_cnt; a++)
		if (layout->args[a].nonnull && entry[layout->args[a].nonnull] > rows)
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

		if ((size_t)(importer->end - importer->at) < entry_bytes) {
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
	}
	free(entry);
	return rc == 0 && (importer->at != importer->end || rows_left != 0) ? FB_E_CORRUPT : rc;
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

	rc = import_entries(into, &header, &importer);
	if (rc == 0)
		into->row_cnt += header.row_cnt;
	free(aligned);
	return rc;
}
