/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, closing and writing. Reading is in scan.c. */
#include "state/store/store_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const family_names[FB_STORE_FAMILY_CNT] = {"default", "raw", "slices", "results", "meta"};

int fb_store_error(char *text, struct fb_buf *message)
{
	int rc = FB_E_IO;

	if (text == NULL)
		return 0;
	/* RocksDB's status texts begin with the kind of the status. */
	if (strstr(text, "lock hold by") != NULL || strstr(text, "While lock file") != NULL)
		rc = FB_E_BUSY;
	else if (strncmp(text, "Corruption", 10) == 0)
		rc = FB_E_CORRUPT;
	else if (strstr(text, "No space left") != NULL)
		rc = FB_E_FULL;
	else if (strstr(text, "Permission denied") != NULL)
		rc = FB_E_PERMISSION;
	else if (strncmp(text, "Invalid argument", 16) == 0)
		rc = FB_E_CORRUPT;
	if (message != NULL)
		fb_buf_add_text(message, text);
	rocksdb_free(text);
	return rc;
}

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

/* ---- open ---- */

static rocksdb_options_t *database_options(void)
{
	rocksdb_options_t *options = rocksdb_options_create();

	rocksdb_options_set_create_if_missing(options, 1);
	rocksdb_options_set_create_missing_column_families(options, 1);
	rocksdb_options_set_max_background_jobs(options, 2);
	rocksdb_options_set_max_log_file_size(options, 4u << 20);
	rocksdb_options_set_keep_log_file_num(options, 4);
	rocksdb_options_set_max_total_wal_size(options, 256u << 20);
	rocksdb_options_set_bytes_per_sync(options, 1u << 20);
	rocksdb_options_set_wal_bytes_per_sync(options, 1u << 20);
	/* Statistics are asked for by properties; dumping them every ten minutes only fills the log. */
	rocksdb_options_set_stats_dump_period_sec(options, 0);
	return options;
}

static rocksdb_options_t *family_options(enum fb_store_family family)
{
	rocksdb_options_t *options = rocksdb_options_create();

	rocksdb_options_set_compression(options, rocksdb_lz4_compression);
	rocksdb_options_set_write_buffer_size(options, family == FB_STORE_RESULTS ? 32u << 20 : 8u << 20);
	rocksdb_options_set_max_write_buffer_number(options, 4);
	/* Results are written once in key order and deleted in ranges: deep levels would only copy them. */
	if (family == FB_STORE_RESULTS || family == FB_STORE_RAW)
		rocksdb_options_set_level_compaction_dynamic_level_bytes(options, 1);
	return options;
}

static int make_folder(const char *path, struct fb_buf *message)
{
	char part[4096];
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof(part))
		return FB_E_INVALID;
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0750) != 0 && errno != EEXIST) {
			fb_buf_printf(message, "cannot create folder %s: %s", part, strerror(errno));
			return fb_err_from_errno(errno);
		}
	}
	return 0;
}

/* A store of another format is refused before anything is written into it. */
static int check_format(struct fb_store *store, bool read_only, struct fb_buf *message)
{
	struct fb_buf value = {0};
	int rc = fb_store_get_meta(store, "format", &value);
	uint32_t format = FB_STORE_FORMAT;

	if (rc == FB_E_NOT_FOUND && !read_only) {
		struct fb_store_batch *batch = fb_store_batch_create(store);

		if (batch == NULL)
			return FB_E_NO_MEMORY;
		fb_store_put_meta(batch, "format", &format, sizeof(format));
		rc = fb_store_commit(batch, true);
		fb_store_batch_destroy(batch);
	} else if (rc == 0) {
		if (value.len == sizeof(format))
			memcpy(&format, value.p, sizeof(format));
		if (value.len != sizeof(format) || format != FB_STORE_FORMAT) {
			fb_buf_printf(message,
				"was written in format %u; this version reads format %u: use the version that wrote it, or "
				"another store.path",
				format, FB_STORE_FORMAT);
			rc = FB_E_UNSUPPORTED;
		}
	}
	fb_buf_fini(&value);
	return rc;
}

static int open_database(struct fb_store *store, const struct fb_store_conf *conf, struct fb_buf *message)
{
	rocksdb_options_t *options = database_options();
	rocksdb_options_t *families[FB_STORE_FAMILY_CNT];
	char *error = NULL;

	for (int i = 0; i < FB_STORE_FAMILY_CNT; i++)
		families[i] = family_options((enum fb_store_family)i);
	if (conf->read_only)
		store->db = rocksdb_open_for_read_only_column_families(options, conf->path, FB_STORE_FAMILY_CNT,
			family_names, (const rocksdb_options_t *const *)families, store->families, 0, &error);
	else
		store->db = rocksdb_open_column_families(options, conf->path, FB_STORE_FAMILY_CNT, family_names,
			(const rocksdb_options_t *const *)families, store->families, &error);
	for (int i = 0; i < FB_STORE_FAMILY_CNT; i++)
		rocksdb_options_destroy(families[i]);
	rocksdb_options_destroy(options);
	return fb_store_error(error, message);
}

int fb_store_open(const struct fb_store_conf *conf, struct fb_buf *message, struct fb_store **ret)
{
	struct fb_buf own = {0};
	struct fb_store *store = calloc(1, sizeof(*store));
	int rc = store == NULL ? FB_E_NO_MEMORY : 0;

	if (message == NULL)
		message = &own;
	if (rc == 0 && !conf->read_only)
		rc = make_folder(conf->path, message);
	if (rc == 0)
		rc = open_database(store, conf, message);
	if (rc == 0) {
		store->write_options = rocksdb_writeoptions_create();
		store->sync_options = rocksdb_writeoptions_create();
		rocksdb_writeoptions_set_sync(store->sync_options, 1);
		store->read_options = rocksdb_readoptions_create();
		rc = check_format(store, conf->read_only, message);
	}
	fb_buf_fini(&own);
	if (rc != 0) {
		fb_store_close(store);
		return rc;
	}
	*ret = store;
	return 0;
}

void fb_store_close(struct fb_store *store)
{
	if (store == NULL)
		return;
	for (int i = 0; store->db != NULL && i < FB_STORE_FAMILY_CNT; i++)
		rocksdb_column_family_handle_destroy(store->families[i]);
	if (store->db != NULL)
		rocksdb_close(store->db);
	if (store->write_options != NULL) {
		rocksdb_writeoptions_destroy(store->write_options);
		rocksdb_writeoptions_destroy(store->sync_options);
		rocksdb_readoptions_destroy(store->read_options);
	}
	free(store);
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
	rocksdb_writebatch_destroy(batch->writes);
	free(batch);
}

int fb_store_commit(struct fb_store_batch *batch, bool sync)
{
	struct fb_store *store = batch->store;
	char *error = NULL;

	rocksdb_write(store->db, sync ? store->sync_options : store->write_options, batch->writes, &error);
	rocksdb_writebatch_clear(batch->writes);
	atomic_fetch_add_explicit(error ? &store->commit_errors : &store->commits, 1, memory_order_relaxed);
	return fb_store_error(error, NULL);
}

void fb_store_put_result(struct fb_store_batch *batch, uint32_t query_id, uint64_t seq, const void *row, size_t len)
{
	uint8_t key[FB_STORE_RESULT_KEY_BYTES];

	fb_store_result_key(key, query_id, seq);
	rocksdb_writebatch_put_cf(
		batch->writes, batch->store->families[FB_STORE_RESULTS], (const char *)key, sizeof(key), row, len);
}

void fb_store_put_slice(
	struct fb_store_batch *batch, uint32_t query_id, int64_t start_ms, uint32_t part, const void *bytes, size_t len)
{
	uint8_t key[FB_STORE_SLICE_KEY_BYTES];

	fb_store_slice_key(key, query_id, start_ms, part);
	rocksdb_writebatch_put_cf(
		batch->writes, batch->store->families[FB_STORE_SLICES], (const char *)key, sizeof(key), bytes, len);
}

void fb_store_delete_slice(struct fb_store_batch *batch, uint32_t query_id, int64_t start_ms, uint32_t part)
{
	uint8_t key[FB_STORE_SLICE_KEY_BYTES];

	fb_store_slice_key(key, query_id, start_ms, part);
	rocksdb_writebatch_delete_cf(
		batch->writes, batch->store->families[FB_STORE_SLICES], (const char *)key, sizeof(key));
}

void fb_store_put_meta(struct fb_store_batch *batch, const char *key, const void *bytes, size_t len)
{
	rocksdb_writebatch_put_cf(
		batch->writes, batch->store->families[FB_STORE_META], key, strlen(key), bytes, len);
}

void fb_store_delete_meta(struct fb_store_batch *batch, const char *key)
{
	rocksdb_writebatch_delete_cf(batch->writes, batch->store->families[FB_STORE_META], key, strlen(key));
}

static void delete_range(struct fb_store_batch *batch, enum fb_store_family family, const uint8_t *from, const uint8_t *to,
	size_t key_bytes)
{
	rocksdb_writebatch_delete_range_cf(batch->writes, batch->store->families[family], (const char *)from, key_bytes,
		(const char *)to, key_bytes);
}

void fb_store_delete_results(struct fb_store_batch *batch, uint32_t query_id, uint64_t from_seq, uint64_t to_seq)
{
	uint8_t from[FB_STORE_RESULT_KEY_BYTES];
	uint8_t to[FB_STORE_RESULT_KEY_BYTES];

	if (from_seq >= to_seq)
		return;
	fb_store_result_key(from, query_id, from_seq);
	fb_store_result_key(to, query_id, to_seq);
	delete_range(batch, FB_STORE_RESULTS, from, to, sizeof(from));
}

void fb_store_delete_query(struct fb_store_batch *batch, uint32_t query_id)
{
	uint8_t from[FB_STORE_SLICE_KEY_BYTES];
	uint8_t to[FB_STORE_SLICE_KEY_BYTES];

	fb_store_delete_results(batch, query_id, 0, UINT64_MAX);
	fb_store_slice_key(from, query_id, INT64_MIN, 0);
	fb_store_slice_key(to, query_id, INT64_MAX, UINT32_MAX);
	delete_range(batch, FB_STORE_SLICES, from, to, sizeof(from));
}
