/* SPDX-License-Identifier: Apache-2.0 */
/* What lies in the folder of a store, looked at before RocksDB does: it would put right in its own way what is not all there. */
#include "state/store/store_private.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/base/calendar.h"
#include "state/store/journal.h"

uint64_t fb_store_file_number(const char *name, const char *ending)
{
	char *end;
	unsigned long long number = strtoull(name, &end, 10);

	return end != name && strcmp(end, ending) == 0 ? number : 0;
}

struct folder_content {
	uint64_t logs[256]; /* numbers of write-ahead logs, ascending */
	uint32_t log_cnt;
	bool has_current;
	bool has_data;
	bool has_files;
};

static void add_log(struct folder_content *content, uint64_t number)
{
	uint32_t at = content->log_cnt;

	if (at == FB_ARRAY_LEN(content->logs))
		return;
	for (; at > 0 && content->logs[at - 1] > number; at--)
		content->logs[at] = content->logs[at - 1];
	content->logs[at] = number;
	content->log_cnt++;
}

static void look_into(const struct fb_store *store, struct folder_content *content)
{
	DIR *folder = opendir(store->path);
	const struct dirent *entry;

	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		uint64_t log = fb_store_file_number(entry->d_name, ".log");

		if (log > 0)
			add_log(content, log);
		content->has_current |= strcmp(entry->d_name, "CURRENT") == 0;
		content->has_files |= fb_store_file_number(entry->d_name, ".sst") > 0;
		content->has_data |= log > 0 || content->has_files || strncmp(entry->d_name, "MANIFEST-", 9) == 0;
	}
	if (folder != NULL)
		closedir(folder);
}

static int64_t written_ms(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000 : 0;
}

static int refuse_log(uint64_t number, const struct fb_store_journal *log, const char *path, struct fb_buf *message)
{
	char time[FB_TIME_TEXT_BYTES];

	fb_time_format_us(written_ms(path) * 1000, 0, time);
	fb_buf_printf(message,
		"its log %06llu.log is damaged at byte %llu of %llu, in the middle of what was written until %s UTC" FB_STORE_REPAIR_WORDS,
		(unsigned long long)number, (unsigned long long)log->good_bytes, (unsigned long long)log->size, time);
	return FB_E_CORRUPT;
}

static int check_journal(const char *path, enum fb_store_journal_kind kind, struct fb_store_journal *ret, struct fb_buf *message)
{
	int rc = fb_store_journal_check(path, kind, ret);

	if (rc != 0)
		fb_buf_printf(message, "cannot read %s: %s", path, rc == FB_E_IO ? strerror(errno) : fb_strerror(rc));
	return rc;
}

/* RocksDB drops it by itself mostly, but not where zeros stand for a write: what it takes up then would have a gap. */
static int drop_torn(struct fb_store *store, uint64_t number, const struct fb_store_journal *log, const char *path,
	struct fb_buf *message)
{
	if (truncate(path, (off_t)log->good_bytes) != 0) {
		int rc = fb_err_from_errno(errno);

		fb_buf_printf(message, "cannot cut %s where it was not written whole: %s", path, strerror(errno));
		return rc;
	}
	store->torn_bytes += log->size - log->good_bytes;
	fb_buf_printf(&store->report, "the last %llu of %llu bytes of its log %06llu.log were not written whole and are dropped\n",
		(unsigned long long)(log->size - log->good_bytes), (unsigned long long)log->size, (unsigned long long)number);
	return 0;
}

static int look_at_log(struct fb_store *store, uint64_t number, bool is_last, uint64_t *first_sequence, struct fb_buf *message)
{
	struct fb_store_journal log;
	char path[4200];
	int rc;

	snprintf(path, sizeof(path), "%s/%06llu.log", store->path, (unsigned long long)number);
	rc = check_journal(path, FB_STORE_LOG, &log, message);
	if (rc != 0)
		return rc;
	store->written_ms = FB_MAX(store->written_ms, written_ms(path));
	if (*first_sequence == 0)
		*first_sequence = log.first_sequence;
	if (log.good_bytes == log.size)
		return 0;
	/* What was torn is at the end of the last one; nothing was written behind it. */
	if (log.goes_on || !is_last)
		return refuse_log(number, &log, path, message);
	return drop_torn(store, number, &log, path, message);
}

/*
 * A manifest that ends early is a store of an earlier time, whose logs are gone. It shows in the numbers of writes: those of the
 * logs go on where the manifest ends, or earlier.
 */
static int look_at_manifest(const struct fb_store *store, uint64_t first_sequence, struct fb_buf *message)
{
	struct fb_store_journal manifest;
	char path[4300];
	char name[64] = "";
	FILE *file;
	int rc;

	snprintf(path, sizeof(path), "%s/CURRENT", store->path);
	file = fopen(path, "re");
	if (file == NULL || fgets(name, sizeof(name), file) == NULL)
		name[0] = '\0';
	if (file != NULL)
		fclose(file);
	name[strcspn(name, "\n")] = '\0';
	if (strncmp(name, "MANIFEST-", 9) != 0) {
		fb_buf_add_text(message, "its file CURRENT is damaged: it names no manifest" FB_STORE_REPAIR_WORDS);
		return FB_E_CORRUPT;
	}
	snprintf(path, sizeof(path), "%s/%s", store->path, name);
	if (access(path, R_OK) != 0) {
		fb_buf_printf(message, "its file CURRENT names %s, which cannot be read: %s" FB_STORE_REPAIR_WORDS, name, strerror(errno));
		return FB_E_CORRUPT;
	}
	rc = check_journal(path, FB_STORE_MANIFEST, &manifest, message);
	if (rc != 0)
		return rc;
	if (manifest.goes_on || first_sequence > manifest.last_sequence + 1) {
		fb_buf_printf(message, "its %s is damaged at byte %llu: it is %s" FB_STORE_REPAIR_WORDS, name,
			(unsigned long long)manifest.good_bytes,
			manifest.goes_on ? "not the last thing that was written" : "of an earlier time than the log");
		return FB_E_CORRUPT;
	}
	return 0;
}

/* Those that every store has had from the first: RocksDB would make what is missing anew, and empty. */
static int look_at_families(const struct fb_store *store, struct fb_buf *message)
{
	rocksdb_options_t *options = rocksdb_options_create();
	char *error = NULL;
	size_t cnt = 0;
	char **names = rocksdb_list_column_families(options, store->path, &cnt, &error);
	int rc = 0;

	rocksdb_options_destroy(options);
	if (error != NULL) {
		if (names != NULL)
			rocksdb_list_column_families_destroy(names, cnt);
		fb_buf_add_text(message, "its manifest cannot be read: ");
		rc = fb_store_error(error, message);
		fb_buf_add_text(message, FB_STORE_REPAIR_WORDS);
		return rc;
	}
	for (int family = 0; rc == 0 && family <= FB_STORE_TAIL; family++) {
		bool found = false;

		for (size_t i = 0; i < cnt; i++)
			found |= strcmp(names[i], fb_store_family_names[family]) == 0;
		if (!found) {
			fb_buf_printf(message, "its MANIFEST ends too early: '%s' is missing" FB_STORE_REPAIR_WORDS,
				fb_store_family_names[family]);
			rc = FB_E_CORRUPT;
		}
	}
	rocksdb_list_column_families_destroy(names, cnt);
	return rc;
}

int fb_store_look_at_files(struct fb_store *store, struct fb_buf *message)
{
	struct folder_content content = {0};
	uint64_t first_sequence = 0;
	int rc = 0;

	look_into(store, &content);
	if (!content.has_data)
		return 0;
	/* RocksDB would make an empty database of it and remove all data files. */
	if (!content.has_current) {
		fb_buf_add_text(message, "has data files, but its file CURRENT is missing" FB_STORE_REPAIR_WORDS);
		return FB_E_CORRUPT;
	}
	for (uint32_t i = 0; i < content.log_cnt && rc == 0; i++)
		rc = look_at_log(store, content.logs[i], i + 1 == content.log_cnt, &first_sequence, message);
	if (rc == 0 && content.has_files)
		rc = look_at_manifest(store, first_sequence, message);
	return rc || !content.has_files ? rc : look_at_families(store, message);
}
