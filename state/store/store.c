/* SPDX-License-Identifier: Apache-2.0 */
/* Keys, batches and commits. Opening is in open.c, reading in scan.c. */
#include "state/store/store_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- keys: big-endian, signed numbers with the sign bit flipped, so that bytes sort as numbers do ---- */

static void put_be32(uint8_t *at, uint32_t value)
{
	value = __builtin_bswap32(value);
	memcpy(at, &value, sizeof(value));
}

static void put_be64(uint8_t *at, uint64_t value)
{
	value = __builtin_bswap64(value);
	memcpy(at, &value, sizeof(value));
}

void fb_store_result_key(uint8_t key[FB_STORE_RESULT_KEY_BYTES], uint32_t query_id, uint64_t seq)
{
	put_be32(key, query_id);
	put_be64(key + 4, seq);
}

void fb_store_slice_key(uint8_t key[FB_STORE_SLICE_KEY_BYTES], uint32_t query_id, int64_t start_ms, uint32_t part)
{
	put_be32(key, query_id);
	put_be64(key + 4, (uint64_t)start_ms ^ (1ull << 63));
	put_be32(key + 12, part);
}

/* ---- write ---- */

struct fb_store_batch *fb_store_batch_create(struct fb_store *store)
{
	struct fb_store_batch *batch = calloc(1, sizeof(*batch));

	if (batch == NULL)
		return NULL;
	batch->store = store;
	batch->writes = rocksdb_writebatch_create();
	return batch;
}

void fb_store_batch_destroy(struct fb_store_batch *batch)
{
	if (batch == NULL)
		return;
	rocksdb_writebatch_destroy(batch->writes);
	free(batch);
}

void fb_store_batch_clear(struct fb_store_batch *batch)
{
	rocksdb_writebatch_clear(batch->writes);
	batch->row_bytes = 0;
	batch->meta_bytes = 0;
	batch->closed = false;
}

const char *fb_store_batch_error(const struct fb_store_batch *batch)
{
	return batch->error;
}

/* Deletes and meta (cursors) make room again: they may be written when rows may not. */
static int check_room(struct fb_store_batch *batch)
{
	uint64_t bytes = batch->row_bytes + batch->meta_bytes;

	if (fb_store_room(batch->store, batch->row_bytes == 0) > bytes)
		return 0;
	snprintf(batch->error, sizeof(batch->error), "the disk of the store is full: %s",
		batch->row_bytes ? "its reserve is kept for what makes room again" : "nothing is left of its reserve");
	return FB_E_FULL;
}

static int write_batch(struct fb_store_batch *batch, bool sync)
{
	struct fb_store *store = batch->store;
	char *error = NULL;

	if (batch->closed || !fb_store_enter(store)) {
		snprintf(batch->error, sizeof(batch->error), "the store is closed after an error");
		return FB_E_IO;
	}
	rocksdb_write(store->db, sync ? store->sync_options : store->write_options, batch->writes, &error);
	if (error != NULL)
		atomic_store(&store->failed, true);
	fb_store_leave(store);
	snprintf(batch->error, sizeof(batch->error), "%s", error ? error : "");
	return fb_store_error(error, NULL);
}

int fb_store_commit(struct fb_store_batch *batch, bool sync)
{
	struct fb_store *store = batch->store;
	int rc;

	fb_store_try_reopen(store);
	rc = check_room(batch);
	if (rc == 0)
		rc = write_batch(batch, sync);
	fb_store_batch_clear(batch);
	atomic_fetch_add_explicit(rc ? &store->commit_errors : &store->commits, 1, memory_order_relaxed);
	return rc;
}

void fb_store_put(struct fb_store_batch *batch, enum fb_store_family family, const void *key, size_t key_len,
	const void *bytes, size_t len)
{
	*(family == FB_STORE_META ? &batch->meta_bytes : &batch->row_bytes) += key_len + len;
	if (!fb_store_enter(batch->store)) {
		batch->closed = true;
		return;
	}
	rocksdb_writebatch_put_cf(batch->writes, batch->store->families[family], key, key_len, bytes, len);
	fb_store_leave(batch->store);
}

static void delete_key(struct fb_store_batch *batch, enum fb_store_family family, const void *key, size_t key_len)
{
	if (!fb_store_enter(batch->store)) {
		batch->closed = true;
		return;
	}
	rocksdb_writebatch_delete_cf(batch->writes, batch->store->families[family], key, key_len);
	fb_store_leave(batch->store);
}

void fb_store_delete_range(struct fb_store_batch *batch, enum fb_store_family family, const uint8_t *from, const uint8_t *to,
	size_t key_bytes)
{
	if (!fb_store_enter(batch->store)) {
		batch->closed = true;
		return;
	}
	rocksdb_writebatch_delete_range_cf(batch->writes, batch->store->families[family], (const char *)from, key_bytes,
		(const char *)to, key_bytes);
	fb_store_leave(batch->store);
}

void fb_store_put_result(struct fb_store_batch *batch, uint32_t query_id, uint64_t seq, const void *row, size_t len)
{
	uint8_t key[FB_STORE_RESULT_KEY_BYTES];

	fb_store_result_key(key, query_id, seq);
	fb_store_put(batch, FB_STORE_RESULTS, key, sizeof(key), row, len);
}

void fb_store_put_slice(
	struct fb_store_batch *batch, uint32_t query_id, int64_t start_ms, uint32_t part, const void *bytes, size_t len)
{
	uint8_t key[FB_STORE_SLICE_KEY_BYTES];

	fb_store_slice_key(key, query_id, start_ms, part);
	fb_store_put(batch, FB_STORE_SLICES, key, sizeof(key), bytes, len);
}

void fb_store_delete_slice(struct fb_store_batch *batch, uint32_t query_id, int64_t start_ms, uint32_t part)
{
	uint8_t key[FB_STORE_SLICE_KEY_BYTES];

	fb_store_slice_key(key, query_id, start_ms, part);
	delete_key(batch, FB_STORE_SLICES, key, sizeof(key));
}

void fb_store_put_meta(struct fb_store_batch *batch, const char *key, const void *bytes, size_t len)
{
	fb_store_put(batch, FB_STORE_META, key, strlen(key), bytes, len);
}

void fb_store_delete_meta(struct fb_store_batch *batch, const char *key)
{
	delete_key(batch, FB_STORE_META, key, strlen(key));
}

void fb_store_delete_results(struct fb_store_batch *batch, uint32_t query_id, uint64_t from_seq, uint64_t to_seq)
{
	uint8_t from[FB_STORE_RESULT_KEY_BYTES];
	uint8_t to[FB_STORE_RESULT_KEY_BYTES];

	if (from_seq >= to_seq)
		return;
	fb_store_result_key(from, query_id, from_seq);
	fb_store_result_key(to, query_id, to_seq);
	fb_store_delete_range(batch, FB_STORE_RESULTS, from, to, sizeof(from));
	fb_store_delete_range(batch, FB_STORE_WINDOWS, from, to, sizeof(from));
}

void fb_store_delete_query(struct fb_store_batch *batch, uint32_t query_id)
{
	uint8_t from[FB_STORE_SLICE_KEY_BYTES];
	uint8_t to[FB_STORE_SLICE_KEY_BYTES];

	fb_store_delete_results(batch, query_id, 0, UINT64_MAX);
	fb_store_slice_key(from, query_id, INT64_MIN, 0);
	fb_store_slice_key(to, query_id, INT64_MAX, UINT32_MAX);
	fb_store_delete_range(batch, FB_STORE_SLICES, from, to, sizeof(from));
}
