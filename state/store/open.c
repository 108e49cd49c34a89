/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening, closing, and opening again after a write that failed.
 *
 * Disk full. RocksDB as Debian builds it has its assertions on, and a full disk runs into one of them (a second append to its
 * own log file after a failed one aborts the process: WritableFileWriter::AssertFalseAndGetStatusForPrevError). So the disk is
 * never let run full from here: commits are refused while less than a reserve is free, and RocksDB's log is in memory.
 * When it reports an error nevertheless, the database takes no more writes until it is opened anew (an error of its write-ahead
 * log is final for an open database): that is done here, under the write side of `gate`, as soon as there is room.
 */
#include "state/store/store_private.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "config/base/calendar.h"

#define REOPEN_INTERVAL_NS 1000000000
#define MIB (1ull << 20)
#define OPEN_FILES_MAX 1024

const char *const fb_store_family_names[FB_STORE_FAMILY_CNT] = {"default", "raw", "slices", "results", "meta", "tail",
	"windows"};

int fb_store_error(char *text, struct fb_buf *message)
{
	int rc = FB_E_IO;

	if (text == NULL)
		return 0;
	/* RocksDB's status texts begin with the kind of the status; the C API hands out nothing but the text. */
	if (strstr(text, "lock hold by") != NULL || strstr(text, "While lock file") != NULL)
		rc = FB_E_BUSY;
	else if (strncmp(text, "Corruption", 10) == 0)
		rc = FB_E_CORRUPT;
	else if (strstr(text, "No space left") != NULL)
		rc = FB_E_FULL;
	else if (strstr(text, "Permission denied") != NULL)
		rc = FB_E_PERMISSION;
	else if (strstr(text, "olumn famil") != NULL)
		rc = FB_E_UNSUPPORTED; /* a later version made one that this one does not know, or it is no store of ours */
	else if (strncmp(text, "Invalid argument", 16) == 0)
		rc = FB_E_CORRUPT;
	if (message != NULL)
		fb_buf_add_text(message, text);
	rocksdb_free(text);
	return rc;
}

int fb_store_read_error(struct fb_store *store, char *text)
{
	struct fb_buf words = {0};
	int rc = fb_store_error(text, &words);

	if (rc == FB_E_CORRUPT) {
		pthread_mutex_lock(&store->damage_lock);
		store->damage_cnt++;
		snprintf(store->damage, sizeof(store->damage), "%s", words.p ? words.p : "");
		pthread_mutex_unlock(&store->damage_lock);
	}
	fb_buf_fini(&words);
	return rc;
}

/* ---- room on the disk ---- */

#define RESERVE_UNITS 8 /* write-ahead log, memtables on their way to a file, and the file of one compaction */

static uint64_t free_bytes(const char *path, uint64_t *ret_total)
{
	struct statvfs fs;

	if (statvfs(path, &fs) != 0)
		return 0;
	if (ret_total != NULL)
		*ret_total = (uint64_t)fs.f_blocks * fs.f_frsize;
	return (uint64_t)fs.f_bavail * fs.f_frsize;
}

uint64_t fb_store_room(const struct fb_store *store, bool into_reserve)
{
	uint64_t reserve = RESERVE_UNITS * store->unit_bytes / (into_reserve ? 2 : 1);
	uint64_t left = free_bytes(store->path, NULL);

	return left > reserve ? left - reserve : 0;
}

/* 32 MiB on any real disk; small ones (tests, containers) get buffers that fit. */
static uint64_t choose_unit(const char *path)
{
	uint64_t total = 0;

	free_bytes(path, &total);
	return FB_MIN(FB_MAX(total / 64, MIB), 32 * MIB);
}

/* ---- open ---- */

static rocksdb_options_t *database_options(const struct fb_store *store)
{
	rocksdb_options_t *options = rocksdb_options_create();

	rocksdb_options_set_create_if_missing(options, 1);
	rocksdb_options_set_create_missing_column_families(options, 1);
	rocksdb_options_set_max_background_jobs(options, 2);
	/* The raw log has many files that are rarely read: they are opened when they are. */
	rocksdb_options_set_max_open_files(options, OPEN_FILES_MAX);
	/* Errors come back from calls, numbers from properties. */
	rocksdb_options_set_info_log_level(options, 4);
	rocksdb_options_set_stats_dump_period_sec(options, 0);
	rocksdb_options_set_max_total_wal_size(options, 4 * store->unit_bytes);
	rocksdb_options_set_bytes_per_sync(options, MIB);
	rocksdb_options_set_wal_bytes_per_sync(options, MIB);
	return options;
}

static rocksdb_options_t *family_options(const struct fb_store *store, enum fb_store_family family)
{
	rocksdb_options_t *options;

	if (family == FB_STORE_RAW)
		return fb_store_raw_options();
	options = rocksdb_options_create();
	/* Blocks are compressed already, or are not to be. */
	rocksdb_options_set_compression(
		options, family == FB_STORE_TAIL ? rocksdb_no_compression : rocksdb_lz4_compression);
	rocksdb_options_set_write_buffer_size(
		options, family == FB_STORE_RESULTS || family == FB_STORE_TAIL ? store->unit_bytes : store->unit_bytes / 4);
	rocksdb_options_set_max_write_buffer_number(options, 4);
	rocksdb_options_set_target_file_size_base(options, store->unit_bytes);
	/* Results are written once in key order and deleted in ranges: deep levels would only copy them. */
	if (family == FB_STORE_RESULTS)
		rocksdb_options_set_level_compaction_dynamic_level_bytes(options, 1);
	return options;
}

static int make_folder(const char *path, struct fb_buf *message)
{
	char part[4096];
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof(part)) {
		fb_buf_add_text(message, len ? "path is too long" : "path is empty");
		return FB_E_INVALID;
	}
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0750) != 0 && errno != EEXIST) {
			int rc = fb_err_from_errno(errno);

			fb_buf_printf(message, "cannot create folder %s: %s", part, strerror(errno));
			return rc;
		}
	}
	return 0;
}

/* A store of another format is refused before anything is written into it. */
static int check_format(struct fb_store *store, bool read_only, struct fb_buf *message)
{
	struct fb_buf value = {0};
	int rc = fb_store_get_meta(store, "format", &value);
	uint32_t format = 0;

	if (rc == FB_E_NOT_FOUND && !read_only) {
		struct fb_store_batch *batch = fb_store_batch_create(store);

		if (batch == NULL)
			return FB_E_NO_MEMORY;
		format = FB_STORE_FORMAT;
		fb_store_put_meta(batch, "format", &format, sizeof(format));
		rc = fb_store_commit(batch, true);
		fb_store_batch_destroy(batch);
	} else if (rc == FB_E_NOT_FOUND) {
		fb_buf_add_text(message, "is a RocksDB database, but not a store of forebay");
		rc = FB_E_UNSUPPORTED;
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

/*
 * RocksDB insists on a text log, writes its head whatever the level is, and aborts if that fails (top of this file): it gets one in
 * memory that nobody sees. Empty: there is no such place.
 */
static void make_log_folder(char path[64])
{
	strcpy(path, "/dev/shm/forebay-XXXXXX");
	if (mkdtemp(path) == NULL)
		path[0] = '\0';
}

static void hide_log_folder(const char *path)
{
	DIR *folder = path[0] ? opendir(path) : NULL;
	const struct dirent *entry;

	while (folder != NULL && (entry = readdir(folder)) != NULL)
		unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder != NULL)
		closedir(folder);
	rmdir(path);
}

/* What is only read is not given the families that it lacks: those at the end, of later versions. */
static int families_there(const struct fb_store *store, const rocksdb_options_t *options)
{
	char *error = NULL;
	size_t cnt = 0;
	char **names = rocksdb_list_column_families(options, store->path, &cnt, &error);

	rocksdb_free(error);
	if (names == NULL)
		return FB_STORE_FAMILY_CNT;
	rocksdb_list_column_families_destroy(names, cnt);
	return cnt > 0 && cnt < FB_STORE_FAMILY_CNT ? (int)cnt : FB_STORE_FAMILY_CNT;
}

int fb_store_open_database(struct fb_store *store, enum fb_store_open how, struct fb_buf *message)
{
	rocksdb_options_t *options = database_options(store);
	rocksdb_options_t *families[FB_STORE_FAMILY_CNT];
	char log_folder[64];
	char *error = NULL;

	make_log_folder(log_folder);
	if (log_folder[0] != '\0')
		rocksdb_options_set_db_log_dir(options, log_folder);
	rocksdb_options_set_paranoid_checks(options, how == FB_STORE_STRICT);
	for (int i = 0; i < FB_STORE_FAMILY_CNT; i++)
		families[i] = family_options(store, (enum fb_store_family)i);
	if (store->read_only || how == FB_STORE_LENIENT_READ)
		store->db = rocksdb_open_for_read_only_column_families(options, store->path, families_there(store, options),
			fb_store_family_names, (const rocksdb_options_t *const *)families, store->families, 0, &error);
	else
		store->db = rocksdb_open_column_families(options, store->path, FB_STORE_FAMILY_CNT, fb_store_family_names,
			(const rocksdb_options_t *const *)families, store->families, &error);
	for (int i = 0; i < FB_STORE_FAMILY_CNT; i++)
		rocksdb_options_destroy(families[i]);
	rocksdb_options_destroy(options);
	hide_log_folder(log_folder);
	return fb_store_error(error, message);
}

static int check_room(const struct fb_store *store, struct fb_buf *message)
{
	if (fb_store_room(store, true) > 0)
		return 0;
	fb_buf_printf(message, "only %llu MB are free on its disk; at least %llu MB are needed",
		(unsigned long long)(free_bytes(store->path, NULL) / MIB),
		(unsigned long long)(RESERVE_UNITS * store->unit_bytes / 2 / MIB));
	return FB_E_FULL;
}

static int open_at(struct fb_store *store, const struct fb_store_conf *conf, struct fb_buf *message)
{
	int rc = conf->read_only ? 0 : make_folder(conf->path, message);

	if (rc != 0)
		return rc;
	store->read_only = conf->read_only;
	store->path = strdup(conf->path);
	store->write_options = rocksdb_writeoptions_create();
	store->sync_options = rocksdb_writeoptions_create();
	rocksdb_writeoptions_set_sync(store->sync_options, 1);
	store->read_options = rocksdb_readoptions_create();
	if (store->path == NULL)
		return FB_E_NO_MEMORY;
	store->unit_bytes = choose_unit(store->path);
	rc = store->read_only ? 0 : check_room(store, message);
	if (!store->read_only)
		fb_store_clean_incoming(store);
	if (rc == 0 && !store->read_only)
		rc = fb_store_look_at_files(store, message);
	if (rc == 0)
		rc = store->read_only ? fb_store_open_database(store, FB_STORE_STRICT, message)
				      : fb_store_open_mending(store, message);
	if (rc == 0 && !store->read_only)
		rc = fb_store_verify(store, message);
	return rc ? rc : check_format(store, conf->read_only, message);
}

int fb_store_open(const struct fb_store_conf *conf, struct fb_buf *message, struct fb_store **ret)
{
	struct fb_buf own = {0};
	struct fb_store *store = calloc(1, sizeof(*store));
	int rc;

	if (store == NULL)
		return FB_E_NO_MEMORY;
	pthread_rwlock_init(&store->gate, NULL);
	pthread_mutex_init(&store->damage_lock, NULL);
	rc = open_at(store, conf, message ? message : &own);
	fb_buf_fini(&own);
	if (rc != 0) {
		fb_store_close(store);
		return rc;
	}
	*ret = store;
	return 0;
}

void fb_store_close_database(struct fb_store *store)
{
	if (store->db == NULL)
		return;
	for (int i = 0; i < FB_STORE_FAMILY_CNT; i++) {
		if (store->families[i] != NULL)
			rocksdb_column_family_handle_destroy(store->families[i]);
		store->families[i] = NULL;
	}
	rocksdb_close(store->db);
	store->db = NULL;
}

void fb_store_close(struct fb_store *store)
{
	if (store == NULL)
		return;
	fb_store_close_database(store);
	if (store->write_options != NULL) {
		rocksdb_writeoptions_destroy(store->write_options);
		rocksdb_writeoptions_destroy(store->sync_options);
		rocksdb_readoptions_destroy(store->read_options);
	}
	pthread_rwlock_destroy(&store->gate);
	pthread_mutex_destroy(&store->damage_lock);
	fb_buf_fini(&store->report);
	free(store->path);
	free(store);
}

/* ---- after an error ---- */

bool fb_store_enter(struct fb_store *store)
{
	pthread_rwlock_rdlock(&store->gate);
	if (store->db != NULL)
		return true;
	pthread_rwlock_unlock(&store->gate);
	return false;
}

void fb_store_leave(struct fb_store *store)
{
	pthread_rwlock_unlock(&store->gate);
}

void fb_store_try_reopen(struct fb_store *store)
{
	int64_t now = fb_clock_monotonic_ns();

	if (!atomic_load(&store->failed) || now < atomic_load(&store->reopen_ns) || fb_store_room(store, false) == 0)
		return;
	/* A thread that commits inside a scan holds the read side itself: then it is for the next to do. */
	if (pthread_rwlock_trywrlock(&store->gate) != 0)
		return;
	if (atomic_load(&store->failed)) {
		fb_store_close_database(store);
		atomic_store(&store->reopen_ns, now + REOPEN_INTERVAL_NS);
		if (fb_store_open_database(store, FB_STORE_STRICT, NULL) == 0) {
			atomic_store(&store->failed, false);
			atomic_fetch_add_explicit(&store->reopens, 1, memory_order_relaxed);
		} else {
			store->db = NULL;
		}
	}
	pthread_rwlock_unlock(&store->gate);
}
