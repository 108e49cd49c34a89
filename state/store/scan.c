/* SPDX-License-Identifier: Apache-2.0 */
/* Reading: scans, single keys, numbers. */
#include "state/store/store_private.h"

#include <stdlib.h>
#include <string.h>

static uint32_t get_be32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return __builtin_bswap32(value);
}

static uint64_t get_be64(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return __builtin_bswap64(value);
}

rocksdb_iterator_t *fb_store_scan_begin(struct fb_store *store, enum fb_store_family family)
{
	if (!fb_store_enter(store))
		return NULL;
	return rocksdb_create_iterator_cf(store->db, store->read_options, store->families[family]);
}

int fb_store_scan_finish(struct fb_store *store, rocksdb_iterator_t *at, int rc)
{
	char *error = NULL;

	rocksdb_iter_get_error(at, &error);
	rocksdb_iter_destroy(at);
	fb_store_leave(store);

	int failed = fb_store_read_error(store, error);

	return failed ? failed : rc;
}

int fb_store_scan_results(struct fb_store *store, uint32_t query_id, uint64_t from_seq, bool reverse,
	fb_store_result_fn fn, void *arg)
{
	rocksdb_iterator_t *at = fb_store_scan_begin(store, FB_STORE_RESULTS);
	uint8_t from[FB_STORE_RESULT_KEY_BYTES];
	int rc = 0;

	if (at == NULL)
		return FB_E_IO;
	fb_store_result_key(from, query_id, from_seq);
	if (reverse)
		rocksdb_iter_seek_for_prev(at, (const char *)from, sizeof(from));
	else
		rocksdb_iter_seek(at, (const char *)from, sizeof(from));
	while (rc == 0 && rocksdb_iter_valid(at)) {
		size_t key_len;
		size_t len;
		const uint8_t *key = (const uint8_t *)rocksdb_iter_key(at, &key_len);
		const uint8_t *row = (const uint8_t *)rocksdb_iter_value(at, &len);

		if (key_len != FB_STORE_RESULT_KEY_BYTES || get_be32(key) != query_id)
			break;
		rc = fn(arg, get_be64(key + 4), row, len);
		if (reverse)
			rocksdb_iter_prev(at);
		else
			rocksdb_iter_next(at);
	}
	return fb_store_scan_finish(store, at, rc);
}

int fb_store_scan_slices(struct fb_store *store, uint32_t query_id, fb_store_slice_fn fn, void *arg)
{
	rocksdb_iterator_t *at = fb_store_scan_begin(store, FB_STORE_SLICES);
	uint8_t from[FB_STORE_SLICE_KEY_BYTES];
	int rc = 0;

	if (at == NULL)
		return FB_E_IO;
	fb_store_slice_key(from, query_id, INT64_MIN, 0);
	for (rocksdb_iter_seek(at, (const char *)from, sizeof(from)); rc == 0 && rocksdb_iter_valid(at);
		rocksdb_iter_next(at)) {
		size_t key_len;
		size_t len;
		const uint8_t *key = (const uint8_t *)rocksdb_iter_key(at, &key_len);
		const uint8_t *bytes = (const uint8_t *)rocksdb_iter_value(at, &len);

		if (key_len != FB_STORE_SLICE_KEY_BYTES || get_be32(key) != query_id)
			break;
		rc = fn(arg, (int64_t)(get_be64(key + 4) ^ (1ull << 63)), get_be32(key + 12), bytes, len);
	}
	return fb_store_scan_finish(store, at, rc);
}

int fb_store_scan_meta(struct fb_store *store, const char *prefix, fb_store_meta_fn fn, void *arg)
{
	rocksdb_iterator_t *at = fb_store_scan_begin(store, FB_STORE_META);
	size_t prefix_len = strlen(prefix);
	int rc = 0;

	if (at == NULL)
		return FB_E_IO;
	for (rocksdb_iter_seek(at, prefix, prefix_len); rc == 0 && rocksdb_iter_valid(at); rocksdb_iter_next(at)) {
		size_t key_len;
		size_t len;
		const char *key = rocksdb_iter_key(at, &key_len);
		const uint8_t *bytes = (const uint8_t *)rocksdb_iter_value(at, &len);
		char *terminated;

		if (key_len < prefix_len || memcmp(key, prefix, prefix_len) != 0)
			break;
		terminated = strndup(key, key_len);
		rc = terminated ? fn(arg, terminated, bytes, len) : FB_E_NO_MEMORY;
		free(terminated);
	}
	return fb_store_scan_finish(store, at, rc);
}

int fb_store_get_meta(struct fb_store *store, const char *key, struct fb_buf *ret_bytes)
{
	char *error = NULL;
	size_t len = 0;
	char *value;
	int rc;

	if (!fb_store_enter(store))
		return FB_E_IO;
	value = rocksdb_get_cf(
		store->db, store->read_options, store->families[FB_STORE_META], key, strlen(key), &len, &error);
	fb_store_leave(store);
	rc = fb_store_read_error(store, error);
	if (rc != 0)
		return rc;
	if (value == NULL)
		return FB_E_NOT_FOUND;
	fb_buf_add(ret_bytes, value, len);
	rocksdb_free(value);
	return ret_bytes->failed ? FB_E_NO_MEMORY : 0;
}

static uint64_t property(struct fb_store *store, enum fb_store_family family, const char *name)
{
	uint64_t value = 0;

	if (rocksdb_property_int_cf(store->db, store->families[family], name, &value) != 0)
		return 0;
	return value;
}

void fb_store_stats(struct fb_store *store, struct fb_store_stats *ret)
{
	*ret = (struct fb_store_stats){
		.commits = atomic_load_explicit(&store->commits, memory_order_relaxed),
		.commit_errors = atomic_load_explicit(&store->commit_errors, memory_order_relaxed),
		.reopens = atomic_load_explicit(&store->reopens, memory_order_relaxed),
		.torn_bytes = store->torn_bytes,
		.written_ms = store->written_ms,
		.set_aside_files = store->set_aside,
	};
	pthread_mutex_lock(&store->damage_lock);
	ret->damage_cnt = store->damage_cnt;
	memcpy(ret->damage, store->damage, sizeof(ret->damage));
	pthread_mutex_unlock(&store->damage_lock);
	if (!fb_store_enter(store))
		return;
	ret->result_rows_estimate = property(store, FB_STORE_RESULTS, "rocksdb.estimate-num-keys");
	for (int i = FB_STORE_RAW; i < FB_STORE_FAMILY_CNT; i++) {
		ret->disk_bytes += property(store, (enum fb_store_family)i, "rocksdb.total-sst-files-size");
		ret->memtable_bytes += property(store, (enum fb_store_family)i, "rocksdb.cur-size-all-mem-tables");
		ret->write_stall |= property(store, (enum fb_store_family)i, "rocksdb.is-write-stopped") != 0 ||
			property(store, (enum fb_store_family)i, "rocksdb.actual-delayed-write-rate") != 0;
	}
	fb_store_leave(store);
}
