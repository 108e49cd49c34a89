/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new store of what a damaged one still has of the raw log.
 *
 * A file of the raw log says by itself that it was made to be taken in (its property of an external file), and what it holds; so
 * neither the manifest nor any other file is needed for it. Tail and notes come from the damaged store as far as RocksDB opens
 * it and can read.
 */
#include "state/store/store_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "config/base/calendar.h"

#define BATCH_BYTES (8u << 20)

struct repair {
	struct fb_store old; /* opened to be read; db NULL: it cannot be */
	struct fb_store *store;
	struct fb_store_batch *batch;
	fb_store_meta_fn give_up;
	void *arg;
	struct fb_buf *report;
};

/* ---- the folder ---- */

/* RocksDB holds a lock of this file while a database is open. */
static bool is_in_use(const char *path)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char name[4200];
	bool used;
	int fd;

	snprintf(name, sizeof(name), "%s/LOCK", path);
	fd = open(name, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return false;
	used = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
	close(fd);
	return used;
}

/* PATH.damaged-YYYYMMDDTHHMMSS */
static int move_aside(const char *path, char aside[4096], struct fb_buf *report)
{
	time_t now = time(NULL);
	size_t len = strlen(path);
	struct tm utc;
	char stamp[32];

	gmtime_r(&now, &utc);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%S", &utc);
	while (len > 1 && path[len - 1] == '/')
		len--;
	snprintf(aside, 4096, "%.*s.damaged-%s", (int)len, path, stamp);
	if (rename(path, aside) != 0) {
		int rc = fb_err_from_errno(errno);

		fb_buf_printf(report, "cannot rename %s to %s: %s%s\n", path, aside, strerror(errno),
			errno == EBUSY ? " (a mount point has to stay: move what is in it into a folder of it, and let store.path name that)"
				       : "");
		return rc;
	}
	fb_buf_printf(report, "the damaged store is in %s; delete it when it is not needed any more\n", aside);
	return 0;
}

/* ---- files of the raw log ---- */

/* False: it is no file of the raw log, or it is damaged. */
static bool take_file(struct repair *repair, const char *name)
{
	struct fb_store *store = repair->store;
	rocksdb_ingestexternalfileoptions_t *options = rocksdb_ingestexternalfileoptions_create();
	char from[4200];
	char to[4200];
	const char *const files[] = {to};
	char *error = NULL;

	snprintf(from, sizeof(from), "%s/%s", repair->old.path, name);
	snprintf(to, sizeof(to), "%s/incoming/%s", store->path, name);
	if (link(from, to) != 0)
		return false;
	rocksdb_ingestexternalfileoptions_set_move_files(options, 1);
	rocksdb_ingest_external_file_cf(store->db, store->families[FB_STORE_RAW], files, 1, options, &error);
	rocksdb_ingestexternalfileoptions_destroy(options);
	unlink(to);
	return fb_store_error(error, NULL) == 0;
}

static int take_files(struct repair *repair)
{
	char incoming[4200];
	struct dirent **entries;
	uint64_t taken = 0;
	uint64_t left = 0;
	int cnt = scandir(repair->old.path, &entries, NULL, NULL);

	if (cnt < 0)
		return fb_err_from_errno(errno);
	snprintf(incoming, sizeof(incoming), "%s/incoming", repair->store->path);
	if (mkdir(incoming, 0750) != 0 && errno != EEXIST)
		cnt = 0;
	for (int i = 0; i < cnt; i++) {
		const char *ending = strstr(entries[i]->d_name, ".sst");

		if (ending != NULL && ending[4] == '\0')
			++*(take_file(repair, entries[i]->d_name) ? &taken : &left);
		free(entries[i]);
	}
	free(entries);
	fb_buf_printf(repair->report,
		"%llu files of the raw log were taken over; %llu others stay there: rows, slices and notes, and what is damaged\n",
		(unsigned long long)taken, (unsigned long long)left);
	return 0;
}

/* ---- tail and notes ---- */

static int commit_if_large(struct repair *repair, bool last)
{
	uint64_t bytes = repair->batch->row_bytes + repair->batch->meta_bytes;

	return bytes >= BATCH_BYTES || (last && bytes > 0) ? fb_store_commit(repair->batch, true) : 0;
}

/* What raw log and engine need to go on counting where they were. */
static bool is_taken_over(const char *key)
{
	static const char *const prefixes[] = {"raw/", "lane/", "run", "next_query_id"};

	for (uint32_t i = 0; i < FB_ARRAY_LEN(prefixes); i++)
		if (strncmp(key, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

static int take_note(struct repair *repair, const char *key, size_t key_len, const char *bytes, size_t len)
{
	char *name = strndup(key, key_len);
	int rc;

	if (name == NULL)
		return FB_E_NO_MEMORY;
	if (is_taken_over(name)) {
		fb_store_put_meta(repair->batch, name, bytes, len);
		rc = commit_if_large(repair, false);
	} else {
		rc = repair->give_up(repair->arg, name, (const uint8_t *)bytes, len);
	}
	free(name);
	return rc;
}

static int take_family(struct repair *repair, enum fb_store_family family, const char *what)
{
	rocksdb_iterator_t *at =
		rocksdb_create_iterator_cf(repair->old.db, repair->old.read_options, repair->old.families[family]);
	char *error = NULL;
	uint64_t cnt = 0;
	int rc = 0;

	for (rocksdb_iter_seek_to_first(at); rc == 0 && rocksdb_iter_valid(at); rocksdb_iter_next(at)) {
		size_t key_len;
		size_t len;
		const char *key = rocksdb_iter_key(at, &key_len);
		const char *bytes = rocksdb_iter_value(at, &len);

		if (family == FB_STORE_META) {
			rc = take_note(repair, key, key_len, bytes, len);
		} else {
			fb_store_put(repair->batch, family, key, key_len, bytes, len);
			rc = commit_if_large(repair, false);
		}
		cnt++;
	}
	rocksdb_iter_get_error(at, &error);
	rocksdb_iter_destroy(at);
	if (rc == 0)
		rc = commit_if_large(repair, true);
	if (error != NULL)
		fb_buf_printf(repair->report, "%s could not be read beyond %llu entries: %s\n", what, (unsigned long long)cnt, error);
	FB_IGNORE(fb_store_error(error, NULL)); /* it is said; what could be read is there */
	return rc;
}

static int take_notes(struct repair *repair)
{
	struct fb_buf words = {0};
	int rc;

	repair->old.unit_bytes = repair->store->unit_bytes;
	repair->old.read_options = rocksdb_readoptions_create();
	/* As in damage.c. What a file has already the raw log drops from the tail by itself. */
	rocksdb_readoptions_set_ignore_range_deletions(repair->old.read_options, 1);
	if (fb_store_open_database(&repair->old, FB_STORE_LENIENT_READ, &words) != 0) {
		repair->old.db = NULL;
		fb_buf_printf(repair->report, "its notes, and what was not in a file of the raw log yet, cannot be read: %s\n",
			words.p ? words.p : "");
		rc = 0;
	} else {
		rc = take_family(repair, FB_STORE_META, "notes");
		if (rc == 0)
			rc = take_family(repair, FB_STORE_TAIL, "what was not in a file of the raw log yet");
		fb_store_close_database(&repair->old);
	}
	rocksdb_readoptions_destroy(repair->old.read_options);
	fb_buf_fini(&words);
	return rc;
}

int fb_store_repair(const char *path, fb_store_meta_fn give_up, void *arg, struct fb_buf *report)
{
	struct fb_store_conf conf = {.path = path};
	struct repair repair = {.give_up = give_up, .arg = arg, .report = report};
	char aside[4096];
	int rc;

	if (is_in_use(path)) {
		fb_buf_printf(report, "%s is in use by a running forebayd: stop it first\n", path);
		return FB_E_BUSY;
	}
	rc = fb_store_open(&conf, report, &repair.store);
	if (rc == 0) {
		fb_buf_printf(report, "%s%s opens: there is nothing to repair\n", fb_store_report(repair.store), path);
		fb_store_close(repair.store);
		return 0;
	}
	fb_buf_add_text(report, "\n");
	if (rc != FB_E_CORRUPT && rc != FB_E_IO)
		return rc;
	rc = move_aside(path, aside, report);
	if (rc == 0)
		rc = fb_store_open(&conf, report, &repair.store);
	if (rc != 0)
		return rc;
	repair.old.path = aside;
	repair.batch = fb_store_batch_create(repair.store);
	rc = repair.batch ? take_files(&repair) : FB_E_NO_MEMORY;
	if (rc == 0)
		rc = take_notes(&repair);
	fb_store_batch_destroy(repair.batch);
	fb_store_close(repair.store);
	return rc;
}
