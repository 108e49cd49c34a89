/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Damage, when a store is opened. store.h says what is put right and what is refused.
 *
 * RocksDB opens up to 16 files at once and refuses the database if one of them has a bad footer, index or length. Opened without
 * its paranoid checks it leaves such a file until it is read; so it can be told to give it up. That is done with files of `raw`
 * only: their keys are written once, nothing lies below them.
 */
#include "state/store/store_private.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SET_ASIDE_MAX 1000
#define READAHEAD_BYTES (2u << 20)
#define NEWEST_BYTES (32u << 20) /* of rows, and of windows, of each query: a fraction of a second */

/* ---- names ---- */

/* The data file that a text of RocksDB is about: "NUMBER.sst"; false: none is named. */
static bool named_file(const char *text, char name[32])
{
	for (const char *at = strstr(text, ".sst"); at != NULL; at = strstr(at + 1, ".sst")) {
		const char *from = at;

		while (from > text && from[-1] >= '0' && from[-1] <= '9')
			from--;
		if (at - from > 0 && at - from < 20) {
			snprintf(name, 32, "%.*s.sst", (int)(at - from), from);
			return true;
		}
	}
	return false;
}

/* ---- files of the raw log ---- */

static enum fb_store_family family_of(const rocksdb_livefiles_t *files, int at)
{
	const char *name = rocksdb_livefiles_column_family_name(files, at);

	for (int i = 0; i < FB_STORE_FAMILY_CNT; i++)
		if (strcmp(fb_store_family_names[i], name) == 0)
			return (enum fb_store_family)i;
	return FB_STORE_FAMILY_CNT;
}

/* rocksdb_livefiles names are "/NUMBER.sst". */
static const char *name_of(const rocksdb_livefiles_t *files, int at)
{
	const char *name = rocksdb_livefiles_name(files, at);

	return name[0] == '/' ? name + 1 : name;
}

static enum fb_store_family family_of_file(struct fb_store *store, const char *name)
{
	const rocksdb_livefiles_t *files = rocksdb_livefiles(store->db);
	enum fb_store_family family = FB_STORE_FAMILY_CNT;

	for (int i = 0; i < rocksdb_livefiles_count(files); i++)
		if (strcmp(name_of(files, i), name) == 0)
			family = family_of(files, i);
	rocksdb_livefiles_destroy(files);
	return family;
}

static void count_set_aside(struct fb_store *store)
{
	char path[4200];
	const struct dirent *entry;
	DIR *folder;

	snprintf(path, sizeof(path), "%s/damaged", store->path);
	folder = opendir(path);
	while (folder != NULL && (entry = readdir(folder)) != NULL)
		store->set_aside += fb_store_file_number(entry->d_name, ".sst") > 0;
	if (folder != NULL)
		closedir(folder);
}

/* RocksDB does not always say which file it is that it cannot open; false: all can be. */
static bool find_unreadable(struct fb_store *store, char name[32])
{
	const rocksdb_livefiles_t *files = rocksdb_livefiles(store->db);
	rocksdb_readoptions_t *options = rocksdb_readoptions_create();
	bool found = false;

	rocksdb_readoptions_set_ignore_range_deletions(options, 1); /* see read_all */

	for (int i = 0; i < rocksdb_livefiles_count(files) && !found; i++) {
		rocksdb_iterator_t *at;
		char *error = NULL;
		size_t len;
		const char *key = rocksdb_livefiles_smallestkey(files, i, &len);
		enum fb_store_family family = family_of(files, i);

		if (family == FB_STORE_FAMILY_CNT || store->families[family] == NULL)
			continue;
		at = rocksdb_create_iterator_cf(store->db, options, store->families[family]);
		rocksdb_iter_seek(at, key, len);
		rocksdb_iter_get_error(at, &error);
		rocksdb_iter_destroy(at);
		found = error != NULL;
		if (found)
			snprintf(name, 32, "%.31s", name_of(files, i));
		rocksdb_free(error);
	}
	rocksdb_livefiles_destroy(files);
	rocksdb_readoptions_destroy(options);
	return found;
}

/* A second name for it, before RocksDB removes the first. A file that is not there any more has none. */
static int link_aside(const struct fb_store *store, const char *name, struct fb_buf *message)
{
	char from[4200];
	char to[4200];

	snprintf(to, sizeof(to), "%s/damaged", store->path);
	if (mkdir(to, 0750) != 0 && errno != EEXIST)
		goto fail;
	snprintf(to, sizeof(to), "%s/damaged/%s", store->path, name);
	snprintf(from, sizeof(from), "%s/%s", store->path, name);
	if (link(from, to) == 0 || errno == EEXIST || errno == ENOENT)
		return 0;
fail:
	fb_buf_printf(message, "cannot set a damaged file aside as %s: %s", to, strerror(errno));
	return fb_err_from_errno(errno);
}

static int give_up_file(struct fb_store *store, const char *name, struct fb_buf *message)
{
	int rc = fb_store_open_database(store, FB_STORE_LENIENT, message);

	if (rc == 0)
		rc = link_aside(store, name, message);
	if (rc == 0) {
		rocksdb_delete_file(store->db, name);
		if (family_of_file(store, name) != FB_STORE_FAMILY_CNT) {
			fb_buf_printf(message, "RocksDB does not give up its damaged file %s", name);
			rc = FB_E_CORRUPT;
		}
	}
	fb_store_close_database(store);
	return rc;
}

/* Nothing is written before it is known what the file is. FB_E_CORRUPT: it is none of the raw log. */
static int set_aside(struct fb_store *store, const char *words, struct fb_buf *message)
{
	enum fb_store_family family = FB_STORE_FAMILY_CNT;
	char name[32] = "";
	int rc = fb_store_open_database(store, FB_STORE_LENIENT_READ, NULL);

	if (rc == 0) {
		if (named_file(words, name) || find_unreadable(store, name))
			family = family_of_file(store, name);
		fb_store_close_database(store);
	}
	store->db = NULL;
	if (family != FB_STORE_RAW) {
		if (family < FB_STORE_FAMILY_CNT)
			fb_buf_printf(message, "its file %s (%s) is damaged: ", name, fb_store_family_names[family]);
		fb_buf_printf(message, "%s" FB_STORE_REPAIR_WORDS, words);
		return FB_E_CORRUPT;
	}
	rc = give_up_file(store, name, message);
	if (rc == 0)
		fb_buf_printf(&store->report,
			"file %s of the raw log is damaged and was set aside in %s/damaged; its datagrams are lost: %s\n", name,
			store->path, words);
	return rc;
}

int fb_store_open_mending(struct fb_store *store, struct fb_buf *message)
{
	int rc = FB_E_CORRUPT;

	for (int tries = 0; rc == FB_E_CORRUPT && tries < SET_ASIDE_MAX; tries++) {
		struct fb_buf words = {0};

		rc = fb_store_open_database(store, FB_STORE_STRICT, &words);
		if (rc != 0)
			store->db = NULL;
		if (rc == FB_E_CORRUPT) {
			rc = set_aside(store, words.p, message);
			fb_buf_fini(&words);
			if (rc != 0)
				return rc;
			rc = FB_E_CORRUPT; /* again */
			continue;
		}
		if (rc != 0)
			fb_buf_add(message, words.p, words.len);
		fb_buf_fini(&words);
	}
	if (rc == FB_E_CORRUPT)
		fb_buf_printf(message, "more than %d of its files are damaged" FB_STORE_REPAIR_WORDS, SET_ASIDE_MAX);
	count_set_aside(store);
	return rc;
}

const char *fb_store_report(const struct fb_store *store)
{
	return store->report.p ? store->report.p : "";
}

/* ---- after it was opened ---- */

static int refuse_family(enum fb_store_family family, char *error, struct fb_buf *message)
{
	char name[32];

	if (error == NULL)
		return 0;
	if (named_file(error, name))
		fb_buf_printf(message, "its file %s (%s) is damaged: ", name, fb_store_family_names[family]);
	else
		fb_buf_printf(message, "what it holds of %s is damaged: ", fb_store_family_names[family]);

	int rc = fb_store_error(error, message);

	if (rc == FB_E_CORRUPT)
		fb_buf_add_text(message, FB_STORE_REPAIR_WORDS);
	return rc;
}

/*
 * Without range tombstones: RocksDB with its assertions on aborts where it meets damage while it looks for what they cover.
 * That is why results are read here, too, and not when they are needed.
 */
static rocksdb_iterator_t *verify_begin(struct fb_store *store, enum fb_store_family family)
{
	rocksdb_readoptions_t *options = rocksdb_readoptions_create();
	rocksdb_iterator_t *at;

	rocksdb_readoptions_set_ignore_range_deletions(options, 1);
	rocksdb_readoptions_set_fill_cache(options, 0);
	rocksdb_readoptions_set_readahead_size(options, READAHEAD_BYTES);
	at = rocksdb_create_iterator_cf(store->db, options, store->families[family]);
	rocksdb_readoptions_destroy(options);
	return at;
}

static int verify_finish(rocksdb_iterator_t *at, enum fb_store_family family, struct fb_buf *message)
{
	char *error = NULL;

	rocksdb_iter_get_error(at, &error);
	rocksdb_iter_destroy(at);
	return refuse_family(family, error, message);
}

static int read_all(struct fb_store *store, enum fb_store_family family, struct fb_buf *message)
{
	rocksdb_iterator_t *at = verify_begin(store, family);

	for (rocksdb_iter_seek_to_first(at); rocksdb_iter_valid(at); rocksdb_iter_next(at))
		;
	return verify_finish(at, family, message);
}

/* From the last entry of a query back, up to NEWEST_BYTES; then `at` is at the last one of the query before. */
static void read_newest_of_query(rocksdb_iterator_t *at)
{
	char query[sizeof(uint32_t)];
	uint64_t bytes = 0;
	size_t key_len;
	size_t len;
	const char *key = rocksdb_iter_key(at, &key_len);

	memcpy(query, key, sizeof(query));
	do {
		rocksdb_iter_value(at, &len);
		bytes += key_len + len;
		rocksdb_iter_prev(at);
		if (!rocksdb_iter_valid(at))
			return;
		key = rocksdb_iter_key(at, &key_len);
		if (memcmp(key, query, sizeof(query)) != 0)
			return;
	} while (bytes < NEWEST_BYTES);
	/* No key is as short: it is in front of all of the query. */
	rocksdb_iter_seek_for_prev(at, query, sizeof(query));
}

/* A start must not take longer the more was published. The newest of each query are what sinks go on with. */
static int read_newest(struct fb_store *store, enum fb_store_family family, struct fb_buf *message)
{
	rocksdb_iterator_t *at = verify_begin(store, family);

	rocksdb_iter_seek_to_last(at);
	while (rocksdb_iter_valid(at))
		read_newest_of_query(at);
	return verify_finish(at, family, message);
}

int fb_store_verify(struct fb_store *store, struct fb_buf *message)
{
	static const enum fb_store_family whole[] = {FB_STORE_META, FB_STORE_SLICES, FB_STORE_TAIL};
	static const enum fb_store_family newest[] = {FB_STORE_RESULTS, FB_STORE_WINDOWS};
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < FB_ARRAY_LEN(whole); i++)
		rc = read_all(store, whole[i], message);
	for (uint32_t i = 0; rc == 0 && i < FB_ARRAY_LEN(newest); i++)
		rc = read_newest(store, newest[i], message);
	return rc;
}
