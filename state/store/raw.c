/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The column families of the raw log.
 *
 * A file for `raw` is written in the folder "incoming" beside the database's own files and then
 * moved in. Its RocksDB blocks are tiny, so that each entry has one of its own: a header is found
 * and read without the block of a megabyte behind it.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "state/store/store_private.h"

#define ENTRY_BYTES 64             /* a data block is closed once it holds more */
#define READAHEAD_BYTES (2u << 20) /* the best of those tried, and 32 MiB the worst */

/* ---- keys ---- */

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

static void encode_key(uint8_t bytes[FB_STORE_RAW_KEY_BYTES], const struct fb_store_raw_key *key)
{
	put_be32(bytes, key->stream);
	put_be32(bytes + 4, key->core);
	put_be64(bytes + 8, key->seq);
	bytes[16] = (uint8_t)key->part;
}

static bool decode_key(const uint8_t *bytes, size_t len, struct fb_store_raw_key *ret)
{
	uint32_t stream;
	uint32_t core;
	uint64_t seq;

	if (len != FB_STORE_RAW_KEY_BYTES)
		return false;
	memcpy(&stream, bytes, sizeof(stream));
	memcpy(&core, bytes + 4, sizeof(core));
	memcpy(&seq, bytes + 8, sizeof(seq));
	*ret = (struct fb_store_raw_key){
		.stream = __builtin_bswap32(stream),
		.core = __builtin_bswap32(core),
		.seq = __builtin_bswap64(seq),
		.part = (enum fb_store_raw_part)bytes[16],
	};
	return true;
}

/* ---- options ---- */

rocksdb_options_t *fb_store_raw_options(void)
{
	rocksdb_options_t *options = rocksdb_options_create();
	rocksdb_block_based_table_options_t *table = rocksdb_block_based_options_create();

	rocksdb_block_based_options_set_block_size(table, ENTRY_BYTES);
	/* Nothing is read twice, and a block of a megabyte would push out what is. */
	rocksdb_block_based_options_set_no_block_cache(table, 1);
	rocksdb_options_set_block_based_table_factory(options, table);
	rocksdb_block_based_options_destroy(table);
	rocksdb_options_set_compression(options, rocksdb_no_compression);
	rocksdb_options_set_disable_auto_compactions(options, 1);
	rocksdb_options_set_write_buffer_size(options, 64u << 10); /* never written to */
	return options;
}

/* ---- tail ---- */

void fb_store_put_tail(struct fb_store_batch *batch, const struct fb_store_raw_key *key,
	const void *bytes, size_t len)
{
	uint8_t at[FB_STORE_RAW_KEY_BYTES];

	encode_key(at, key);
	fb_store_put(batch, FB_STORE_TAIL, at, sizeof(at), bytes, len);
}

void fb_store_delete_tail(
	struct fb_store_batch *batch, uint32_t stream, uint32_t core, uint64_t below_seq)
{
	uint8_t from[FB_STORE_RAW_KEY_BYTES];
	uint8_t to[FB_STORE_RAW_KEY_BYTES];

	encode_key(from, &(struct fb_store_raw_key){.stream = stream, .core = core});
	encode_key(
		to, &(struct fb_store_raw_key){.stream = stream, .core = core, .seq = below_seq});
	fb_store_delete_range(batch, FB_STORE_TAIL, from, to, sizeof(from));
}

/* ---- files ---- */

struct fb_store_raw_file {
	struct fb_store *store;
	rocksdb_options_t *options;
	rocksdb_envoptions_t *env;
	rocksdb_sstfilewriter_t *writer;
	uint64_t entry_cnt;
	char path[4096];
};

static void incoming_folder(const struct fb_store *store, char *path, size_t len)
{
	snprintf(path, len, "%s/incoming", store->path);
}

void fb_store_clean_incoming(const struct fb_store *store)
{
	char path[4096];
	struct dirent *entry;
	DIR *folder;

	incoming_folder(store, path, sizeof(path));
	folder = opendir(path);
	while (folder != NULL && (entry = readdir(folder)) != NULL)
		if (strstr(entry->d_name, ".sst") != NULL)
			unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder != NULL)
		closedir(folder);
}

int fb_store_raw_file_create(struct fb_store *store, struct fb_store_raw_file **ret)
{
	struct fb_store_raw_file *file;
	size_t len = strlen(store->path);
	char *error = NULL;
	int rc;

	fb_store_try_reopen(store);
	if (fb_store_room(store, false) == 0)
		return FB_E_FULL;
	if (len + 64 > sizeof(file->path))
		return FB_E_INVALID;
	file = calloc(1, sizeof(*file));
	if (file == NULL)
		return FB_E_NO_MEMORY;
	incoming_folder(store, file->path, sizeof(file->path));
	if (mkdir(file->path, 0750) != 0 && errno != EEXIST) {
		rc = fb_err_from_errno(errno);
		free(file);
		return rc;
	}
	len = strlen(file->path);
	snprintf(file->path + len, sizeof(file->path) - len, "/%llu.sst",
		(unsigned long long)atomic_fetch_add(&store->file_cnt, 1));
	file->store = store;
	file->options = fb_store_raw_options();
	file->env = rocksdb_envoptions_create();
	file->writer = rocksdb_sstfilewriter_create(file->env, file->options);
	rocksdb_sstfilewriter_open(file->writer, file->path, &error);
	rc = fb_store_error(error, NULL);
	if (rc != 0) {
		fb_store_raw_file_abort(file);
		return rc;
	}
	*ret = file;
	return 0;
}

int fb_store_raw_file_add(struct fb_store_raw_file *file, const struct fb_store_raw_key *key,
	const void *bytes, size_t len)
{
	uint8_t at[FB_STORE_RAW_KEY_BYTES];
	char *error = NULL;

	if (fb_store_room(file->store, false) < len)
		return FB_E_FULL;
	encode_key(at, key);
	rocksdb_sstfilewriter_put(file->writer, (const char *)at, sizeof(at), bytes, len, &error);
	file->entry_cnt++;
	return fb_store_error(error, NULL);
}

static int ingest(struct fb_store_raw_file *file, struct fb_buf *message)
{
	struct fb_store *store = file->store;
	const char *const files[] = {file->path};
	rocksdb_ingestexternalfileoptions_t *options;
	char *error = NULL;

	rocksdb_sstfilewriter_finish(file->writer, &error); /* with fsync */
	if (error != NULL)
		return fb_store_error(error, message);
	if (!fb_store_enter(store))
		return FB_E_IO;
	options = rocksdb_ingestexternalfileoptions_create();
	rocksdb_ingestexternalfileoptions_set_move_files(options, 1);
	rocksdb_ingest_external_file_cf(
		store->db, store->families[FB_STORE_RAW], files, 1, options, &error);
	rocksdb_ingestexternalfileoptions_destroy(options);
	fb_store_leave(store);
	return fb_store_error(error, message);
}

int fb_store_raw_file_ingest(struct fb_store_raw_file *file, struct fb_buf *message)
{
	int rc = file->entry_cnt > 0 ? ingest(file, message) : 0;

	fb_store_raw_file_abort(file);
	return rc;
}

void fb_store_raw_file_abort(struct fb_store_raw_file *file)
{
	if (file == NULL)
		return;
	rocksdb_sstfilewriter_destroy(file->writer);
	rocksdb_envoptions_destroy(file->env);
	rocksdb_options_destroy(file->options);
	unlink(file->path); /* no more there once it was moved in */
	free(file);
}

int fb_store_delete_raw_files(struct fb_store *store, uint32_t stream, uint32_t core,
	uint64_t from_seq, uint64_t below_seq)
{
	uint8_t from[FB_STORE_RAW_KEY_BYTES];
	uint8_t to[FB_STORE_RAW_KEY_BYTES];
	char *error = NULL;

	if (from_seq >= below_seq)
		return 0;
	/* Both ends belong to the range. */
	encode_key(
		from, &(struct fb_store_raw_key){.stream = stream, .core = core, .seq = from_seq});
	encode_key(to, &(struct fb_store_raw_key){.stream = stream,
			       .core = core,
			       .seq = below_seq - 1,
			       .part = FB_STORE_RAW_BLOCK});
	if (!fb_store_enter(store))
		return FB_E_IO;
	rocksdb_delete_file_in_range_cf(store->db, store->families[FB_STORE_RAW],
		(const char *)from, sizeof(from), (const char *)to, sizeof(to), &error);
	fb_store_leave(store);
	return fb_store_error(error, NULL);
}

uint64_t fb_store_unit_bytes(const struct fb_store *store)
{
	return store->unit_bytes;
}

/* ---- reading ---- */

struct fb_store_raw_iter {
	struct fb_store *store;
	rocksdb_readoptions_t *options;
	rocksdb_iterator_t *at;
};

int fb_store_raw_iter_create(
	struct fb_store *store, enum fb_store_raw_read what, struct fb_store_raw_iter **ret)
{
	struct fb_store_raw_iter *iter = calloc(1, sizeof(*iter));
	enum fb_store_family family = what == FB_STORE_TAIL_READ ? FB_STORE_TAIL : FB_STORE_RAW;

	if (iter == NULL)
		return FB_E_NO_MEMORY;
	if (!fb_store_enter(store)) {
		free(iter);
		return FB_E_IO;
	}
	iter->store = store;
	iter->options = rocksdb_readoptions_create();
	rocksdb_readoptions_set_fill_cache(iter->options, 0);
	/* A walk over headers skips what lies between them: reading ahead would read just that. */
	if (what == FB_STORE_RAW_READ)
		rocksdb_readoptions_set_readahead_size(iter->options, READAHEAD_BYTES);
	iter->at = rocksdb_create_iterator_cf(store->db, iter->options, store->families[family]);
	*ret = iter;
	return 0;
}

void fb_store_raw_iter_destroy(struct fb_store_raw_iter *iter)
{
	if (iter == NULL)
		return;
	rocksdb_iter_destroy(iter->at);
	rocksdb_readoptions_destroy(iter->options);
	fb_store_leave(iter->store);
	free(iter);
}

static int where(const struct fb_store_raw_iter *iter)
{
	char *error = NULL;
	int rc;

	if (rocksdb_iter_valid(iter->at))
		return 0;
	rocksdb_iter_get_error(iter->at, &error);
	rc = fb_store_read_error(iter->store, error);
	return rc ? rc : FB_E_NOT_FOUND;
}

int fb_store_raw_iter_seek(struct fb_store_raw_iter *iter, const struct fb_store_raw_key *key)
{
	uint8_t at[FB_STORE_RAW_KEY_BYTES];

	encode_key(at, key);
	rocksdb_iter_seek(iter->at, (const char *)at, sizeof(at));
	return where(iter);
}

int fb_store_raw_iter_next(struct fb_store_raw_iter *iter)
{
	if (!rocksdb_iter_valid(iter->at))
		return where(iter);
	rocksdb_iter_next(iter->at);
	return where(iter);
}

void fb_store_raw_iter_get(const struct fb_store_raw_iter *iter, struct fb_store_raw_key *ret_key,
	const uint8_t **ret_bytes, size_t *ret_len)
{
	size_t key_len;
	const uint8_t *key = (const uint8_t *)rocksdb_iter_key(iter->at, &key_len);

	*ret_key = (struct fb_store_raw_key){
		.stream = UINT32_MAX, .core = UINT32_MAX, .seq = UINT64_MAX};
	FB_IGNORE(decode_key(
		key, key_len, ret_key)); /* another length was never written: beyond every stream */
	*ret_bytes = (const uint8_t *)rocksdb_iter_value(iter->at, ret_len);
}
