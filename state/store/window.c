/* SPDX-License-Identifier: Apache-2.0 */
/* Which rows of results are one window. Keys are those of results; a value is the numbers below, little-endian. */
#include <string.h>

#include "state/store/store_private.h"

struct stored_window {
	int64_t start_ms;
	int64_t end_ms;
	uint64_t row_cnt;
	uint64_t revision;
	uint64_t delete_cnt;
	uint64_t update_cnt;
};

void fb_store_put_window(struct fb_store_batch *batch, uint32_t query_id, const struct fb_store_window *window)
{
	const struct stored_window value = {
		.start_ms = window->start_ms,
		.end_ms = window->end_ms,
		.row_cnt = window->row_cnt,
		.revision = window->revision,
		.delete_cnt = window->delete_cnt,
		.update_cnt = window->update_cnt,
	};
	uint8_t key[FB_STORE_RESULT_KEY_BYTES];

	fb_store_result_key(key, query_id, window->first_seq);
	fb_store_put(batch, FB_STORE_WINDOWS, key, sizeof(key), &value, sizeof(value));
}

/* False: it is of another query, or there is none. */
static bool read_window(
	const rocksdb_iterator_t *at, uint32_t query_id, struct fb_store_window *ret, int *ret_rc)
{
	uint8_t from[FB_STORE_RESULT_KEY_BYTES];
	struct stored_window value;
	uint64_t seq;
	size_t key_len, len;
	const char *key, *bytes;

	if (!rocksdb_iter_valid(at))
		return false;
	key = rocksdb_iter_key(at, &key_len);
	bytes = rocksdb_iter_value(at, &len);
	fb_store_result_key(from, query_id, 0);
	if (key_len != sizeof(from) || memcmp(key, from, sizeof(query_id)) != 0)
		return false;
	if (len != sizeof(value)) {
		*ret_rc = FB_E_CORRUPT;
		return false;
	}
	memcpy(&value, bytes, sizeof(value));
	memcpy(&seq, key + sizeof(query_id), sizeof(seq));
	*ret = (struct fb_store_window){
		.first_seq = __builtin_bswap64(seq),
		.row_cnt = value.row_cnt,
		.start_ms = value.start_ms,
		.end_ms = value.end_ms,
		.revision = value.revision,
		.delete_cnt = value.delete_cnt,
		.update_cnt = value.update_cnt,
	};
	return true;
}

int fb_store_scan_windows(
	struct fb_store *store, uint32_t query_id, uint64_t from_seq, fb_store_window_fn fn, void *arg)
{
	rocksdb_iterator_t *at = fb_store_scan_begin(store, FB_STORE_WINDOWS);
	uint8_t from[FB_STORE_RESULT_KEY_BYTES];
	struct fb_store_window window;
	int rc = 0;

	if (at == NULL)
		return FB_E_IO;
	fb_store_result_key(from, query_id, from_seq);
	/* The window before may reach over from_seq. */
	rocksdb_iter_seek_for_prev(at, (const char *)from, sizeof(from));
	if (!read_window(at, query_id, &window, &rc) || window.first_seq + window.row_cnt <= from_seq)
		rocksdb_iter_seek(at, (const char *)from, sizeof(from));
	while (rc == 0 && read_window(at, query_id, &window, &rc)) {
		rc = fn(arg, &window);
		rocksdb_iter_next(at);
	}
	return fb_store_scan_finish(store, at, rc);
}
