/* SPDX-License-Identifier: Apache-2.0 */
/* Damaged files, foreign folders, full disks: errors with words, never a crash. */
#include "folder.h"

#include <dirent.h>
#include <rocksdb/c.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static int ignore_result(void *arg, uint64_t seq, const uint8_t *row, size_t len)
{
	++*(uint64_t *)arg;
	return 0;
}

/* Enough rows for a data file, which opening the store again makes of the log. */
static void fill(const char *path)
{
	struct fb_store *store = store_open(path);
	struct fb_store_batch *batch = fb_store_batch_create(store);
	char row[1000];

	for (uint64_t seq = 0; seq < 2000; seq++) {
		for (size_t i = 0; i < sizeof(row); i++)
			row[i] = (char)(seq * 31 + i * i);
		fb_store_put_result(batch, 1, seq, row, sizeof(row));
	}
	cr_assert_eq(fb_store_commit(batch, true), 0);
	fb_store_batch_destroy(batch);
	fb_store_close(store);
	fb_store_close(store_open(path));
}

/* Flips bytes in the middle of each file with this ending; how many there were. */
static int damage(const char *path, const char *ending, bool cut)
{
	DIR *folder = opendir(path);
	int cnt = 0;

	for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
		size_t len = strlen(entry->d_name);
		char name[512];
		struct stat st;

		if (len < strlen(ending) || (strcmp(entry->d_name + len - strlen(ending), ending) != 0 &&
						    strncmp(entry->d_name, ending, strlen(ending)) != 0))
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		cr_assert_eq(stat(name, &st), 0);
		if (st.st_size < 100)
			continue;
		cnt++;
		if (cut) {
			cr_assert_eq(truncate(name, st.st_size / 2), 0);
			continue;
		}

		FILE *file = fopen(name, "r+");

		for (long at = st.st_size / 3; at < st.st_size * 2 / 3; at += 97) {
			fseek(file, at, SEEK_SET);

			int c = fgetc(file);

			fseek(file, at, SEEK_SET);
			fputc(c ^ 0x55, file);
		}
		fclose(file);
	}
	closedir(folder);
	return cnt;
}

/* Opening or reading must fail; what the code may be, and that it says something. */
static void expect_damage(const char *path)
{
	struct fb_buf message = {0};
	struct fb_store *store = NULL;
	uint64_t rows = 0;
	int rc = store_try_open(path, false, &message, &store);

	if (rc != 0) {
		cr_assert_gt(message.len, 0);
		cr_assert_null(store);
	} else {
		rc = fb_store_scan_results(store, 1, 0, false, ignore_result, &rows);
		fb_store_close(store);
	}
	cr_assert(rc == FB_E_CORRUPT || rc == FB_E_IO, "%s", fb_strerror(rc));
	fb_buf_fini(&message);
}

Test(store_damage, flipped_bytes_in_data_files_are_noticed)
{
	char path[64];
	folder_make(path);
	fill(path);
	cr_assert_gt(damage(path, ".sst", false), 0);
	expect_damage(path);
	folder_remove(path);
}

/* ---- what is read when it is opened ---- */

static void put_rows(const char *path, uint64_t from_seq, uint64_t to_seq)
{
	struct fb_store *store = store_open(path);
	struct fb_store_batch *batch = fb_store_batch_create(store);
	uint8_t row[4096];

	for (uint64_t seq = from_seq; seq < to_seq; seq++) {
		for (size_t i = 0; i < sizeof(row); i++)
			row[i] = (uint8_t)rand();
		fb_store_put_result(batch, 1, seq, row, sizeof(row));
	}
	cr_assert_eq(fb_store_commit(batch, true), 0);
	fb_store_batch_destroy(batch);
	fb_store_close(store);
	fb_store_close(store_open(path)); /* makes a file of them */
}

/* The data file that has the rows: all others are small. */
static void find_rows(const char *path, char name[512])
{
	DIR *folder = opendir(path);
	off_t largest = 0;
	struct stat st;

	for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
		char candidate[512];

		snprintf(candidate, sizeof(candidate), "%s/%s", path, entry->d_name);
		if (strstr(candidate, ".sst") == NULL || stat(candidate, &st) != 0 || st.st_size <= largest)
			continue;
		largest = st.st_size;
		strcpy(name, candidate);
	}
	closedir(folder);
	cr_assert_gt(largest, 1000000);
}

static void overwrite(const char *name, long from, long len, int byte)
{
	FILE *file = fopen(name, "r+");

	cr_assert_not_null(file);
	fseek(file, from, SEEK_SET);
	for (long i = 0; i < len; i++)
		fputc(byte, file);
	fclose(file);
}

static int ignore_note(void *arg, const char *key, const uint8_t *bytes, size_t len)
{
	return 0;
}

/* store.path may be written so. */
Test(store_damage, a_path_with_a_slash_at_its_end_is_repaired)
{
	struct fb_buf report = {0};
	char path[64], with_slash[72];

	folder_make(path);
	fill(path);
	cr_assert_gt(damage(path, "MANIFEST", false), 0);
	snprintf(with_slash, sizeof(with_slash), "%s/", path);
	cr_assert_eq(fb_store_repair(with_slash, ignore_note, NULL, &report), 0, "%s", report.p);
	fb_buf_fini(&report);
	fb_store_close(store_open(path));
	folder_remove(path);
}

/* What keeps growing is not read through at every start, but the newest of it is. */
Test(store_damage, old_results_are_read_when_they_are_needed, .timeout = 60)
{
	struct fb_store *store;
	uint64_t rows = 0;
	char path[64], name[512];

	folder_make(path);
	put_rows(path, 0, 1000);
	find_rows(path, name);
	put_rows(path, 1000, 11000);
	overwrite(name, 2000000, 9000, 'x');
	store = store_open(path);
	cr_assert_eq(fb_store_scan_results(store, 1, 5000, false, ignore_result, &rows), 0);
	cr_assert_eq(rows, 6000);
	cr_assert_eq(fb_store_scan_results(store, 1, 0, false, ignore_result, &rows), FB_E_CORRUPT);
	fb_store_close(store);

	find_rows(path, name);
	overwrite(name, 20000000, 9000, 'x');
	cr_assert_eq(store_try_open(path, false, NULL, &store), FB_E_CORRUPT);
	folder_remove(path);
}

/* ---- the log ---- */

#define BLOCK_BYTES 32768
/* A row that makes a write of one block of the log: 7 bytes of its own, 12 of a batch, 18 of an entry. */
#define BLOCK_ROW_BYTES (BLOCK_BYTES - 37)

static int is_next(void *arg, uint64_t seq, const uint8_t *row, size_t len)
{
	cr_assert_eq(seq, (*(uint64_t *)arg)++);
	return 0;
}

/* Zeros where a write begins are passed over by RocksDB, which would go on behind them. */
Test(store_damage, a_block_of_the_log_that_was_not_written_ends_it)
{
	static const uint8_t row[BLOCK_ROW_BYTES] = {1};
	struct fb_store_batch *batch;
	struct fb_store *store;
	uint64_t rows = 0;
	char path[64], name[512] = "";
	struct stat st;

	folder_make(path);
	fb_store_close(store_open(path));
	store = store_open(path);
	batch = fb_store_batch_create(store);
	for (uint64_t seq = 0; seq < 8; seq++) {
		fb_store_put_result(batch, 1, seq, row, sizeof(row));
		cr_assert_eq(fb_store_commit(batch, false), 0);
	}
	fb_store_batch_destroy(batch);
	fb_store_close(store);
	for (int number = 1; number < 100; number++) {
		char candidate[512];

		snprintf(candidate, sizeof(candidate), "%s/%06d.log", path, number);
		if (stat(candidate, &st) == 0 && st.st_size > 0)
			strcpy(name, candidate);
	}
	cr_assert_eq(stat(name, &st), 0);
	cr_assert_eq(st.st_size, 8 * BLOCK_BYTES);
	overwrite(name, 3 * BLOCK_BYTES, BLOCK_BYTES, 0);
	store = store_open(path);
	cr_assert_not_null(strstr(fb_store_report(store), "not written whole"));
	cr_assert_eq(fb_store_scan_results(store, 1, 0, false, is_next, &rows), 0);
	cr_assert_eq(rows, 3);
	fb_store_close(store);
	folder_remove(path);
}

Test(store_damage, cut_data_files_are_noticed)
{
	char path[64];
	folder_make(path);
	fill(path);
	cr_assert_gt(damage(path, ".sst", true), 0);
	expect_damage(path);
	folder_remove(path);
}

Test(store_damage, a_damaged_manifest_is_noticed)
{
	char path[64];
	folder_make(path);
	fill(path);
	cr_assert_gt(damage(path, "MANIFEST", false), 0);
	expect_damage(path);
	folder_remove(path);
}

Test(store_damage, another_format_is_refused_in_words)
{
	uint32_t format = FB_STORE_FORMAT + 1;
	char path[64];
	folder_make(path);
	struct fb_store *store = store_open(path);
	struct fb_store_batch *batch = fb_store_batch_create(store);
	struct fb_buf message = {0};

	fb_store_put_meta(batch, "format", &format, sizeof(format));
	cr_assert_eq(fb_store_commit(batch, true), 0);
	fb_store_batch_destroy(batch);
	fb_store_close(store);
	store = NULL;
	cr_assert_eq(store_try_open(path, false, &message, &store), FB_E_UNSUPPORTED);
	cr_assert_not_null(strstr(message.p, "format 2"));
	cr_assert_null(store);
	fb_buf_fini(&message);
	folder_remove(path);
}

/* A later version's store has column families that this one does not know. */
Test(store_damage, unknown_column_families_are_refused)
{
	static const char *const names[] = {"default", "raw", "slices", "results", "meta", "tail", "windows"};
	char path[64];
	folder_make(path);
	fb_store_close(store_open(path));

	rocksdb_options_t *options = rocksdb_options_create();
	const rocksdb_options_t *all[7] = {options, options, options, options, options, options, options};
	rocksdb_column_family_handle_t *handles[8];
	char *error = NULL;
	rocksdb_t *db = rocksdb_open_column_families(options, path, 7, names, all, handles, &error);

	cr_assert_null(error);
	handles[7] = rocksdb_create_column_family(db, options, "epochs", &error);
	cr_assert_null(error);
	for (int i = 0; i < 8; i++)
		rocksdb_column_family_handle_destroy(handles[i]);
	rocksdb_close(db);
	rocksdb_options_destroy(options);

	struct fb_store *store = NULL;
	struct fb_buf message = {0};

	cr_assert_eq(store_try_open(path, false, &message, &store), FB_E_UNSUPPORTED);
	cr_assert_not_null(strstr(message.p, "epochs"));
	fb_buf_fini(&message);
	folder_remove(path);
}

Test(store_damage, impossible_paths_are_errors_with_words)
{
	char path[64];
	char below[80];
	struct fb_store *store = NULL;
	struct fb_buf message = {0};
	folder_make(path);

	FILE *file = fopen(path, "w"); /* a file where the folder should be */

	fclose(file);
	snprintf(below, sizeof(below), "%s/deeper", path);
	cr_assert_lt(store_try_open(below, false, &message, &store), 0);
	cr_assert_gt(message.len, 0);
	fb_buf_clear(&message);
	cr_assert_lt(store_try_open(path, false, &message, &store), 0);
	cr_assert_gt(message.len, 0);
	fb_buf_clear(&message);
	cr_assert_eq(store_try_open("", false, &message, &store), FB_E_INVALID);
	cr_assert_lt(store_try_open("/nonexistent/store", true, &message, &store), 0);
	cr_assert_null(store);
	fb_buf_fini(&message);
	folder_remove(path);
}

/*
 * A write that fails inside RocksDB: the file size limit of the process stands for a disk that breaks. Afterwards the store
 * opens itself anew, and what was committed before is there.
 */
static int child_with_limit(const char *path)
{
	struct fb_store *store = store_open(path);
	struct fb_store_batch *batch = fb_store_batch_create(store);
	struct rlimit limit = {.rlim_cur = 1 << 20, .rlim_max = RLIM_INFINITY};
	static char row[100000];
	uint64_t seq = 0;
	uint64_t rows = 0;
	int rc = 0;

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 10;
	for (int i = 0; i < 100 && rc == 0; i++) {
		fb_store_put_result(batch, 1, seq, row, sizeof(row));
		rc = fb_store_commit(batch, true);
		seq += rc == 0;
	}
	if (rc != FB_E_IO || strlen(fb_store_batch_error(batch)) == 0 || seq == 0)
		return 11;
	limit.rlim_cur = RLIM_INFINITY;
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 12;
	for (int i = 0; i < 50 && rc != 0; i++) {
		usleep(100000);
		fb_store_put_result(batch, 1, seq, row, sizeof(row));
		rc = fb_store_commit(batch, true);
	}
	if (rc != 0)
		return 13;
	if (fb_store_scan_results(store, 1, 0, false, ignore_result, &rows) != 0 || rows != seq + 1)
		return 14;

	struct fb_store_stats stats;

	fb_store_stats(store, &stats);
	if (stats.reopens < 1 || stats.commit_errors < 1)
		return 15;
	fb_store_batch_destroy(batch);
	fb_store_close(store);
	return 0;
}

Test(store_damage, a_failed_write_is_an_error_and_later_ones_succeed, .timeout = 60)
{
	char path[64];
	int status;
	folder_make(path);

	pid_t pid = fork();

	if (pid == 0)
		_exit(child_with_limit(path));
	waitpid(pid, &status, 0);
	cr_assert(WIFEXITED(status), "killed by signal %d", WTERMSIG(status));
	cr_assert_eq(WEXITSTATUS(status), 0, "exit %d", WEXITSTATUS(status));
	folder_remove(path);
}

/* A disk of 64 MB in a mount namespace of its own; 77: not permitted. */
static int child_with_full_disk(const char *path)
{
	char ballast[96];
	char *row = malloc(100000);
	struct fb_store *store;
	struct fb_store_batch *batch;
	struct fb_store_stats stats;
	uint64_t seq = 0;
	uint64_t rows = 0;
	int rc = 0;

	mkdir(path, 0700);
	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
		mount("tmpfs", path, "tmpfs", 0, "size=64m") != 0)
		return 77;
	snprintf(ballast, sizeof(ballast), "%s/ballast", path);

	FILE *file = fopen(ballast, "w");

	for (int i = 0; i < 100000; i++)
		row[i] = (char)random();
	for (int i = 0; i < 200; i++)
		fwrite(row, 1, 100000, file);
	fclose(file);
	snprintf(ballast, sizeof(ballast), "%s/store", path);
	store = store_open(ballast);
	batch = fb_store_batch_create(store);
	for (int i = 0; i < 1000 && rc == 0; i++) {
		fb_store_put_result(batch, 1, seq, row, 100000);
		rc = fb_store_commit(batch, false);
		seq += rc == 0;
	}
	if (rc != FB_E_FULL || strstr(fb_store_batch_error(batch), "full") == NULL)
		return 11;
	/* Cursors and deletes still go: they are what makes room. */
	fb_store_put_meta(batch, "cursor/1", &seq, sizeof(seq));
	if (fb_store_commit(batch, true) != 0)
		return 12;
	fb_store_delete_results(batch, 1, 0, 1);
	if (fb_store_commit(batch, true) != 0)
		return 13;
	snprintf(ballast, sizeof(ballast), "%s/ballast", path);
	unlink(ballast);
	fb_store_put_result(batch, 1, seq, row, 100000);
	if (fb_store_commit(batch, true) != 0)
		return 14;
	fb_store_stats(store, &stats);
	if (stats.reopens != 0) /* it never came to an error of RocksDB */
		return 15;
	if (fb_store_scan_results(store, 1, 0, false, ignore_result, &rows) != 0 || rows != seq)
		return 16;
	fb_store_batch_destroy(batch);
	fb_store_close(store);
	free(row);
	return 0;
}

Test(store_damage, a_full_disk_is_a_state_that_ends, .timeout = 60)
{
	char path[64];
	int status;
	folder_make(path);

	pid_t pid = fork();

	if (pid == 0)
		_exit(child_with_full_disk(path));
	waitpid(pid, &status, 0);
	folder_remove(path);
	cr_assert(WIFEXITED(status), "killed by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status) == 77)
		cr_skip_test("mounting is not permitted");
	cr_assert_eq(WEXITSTATUS(status), 0, "exit %d", WEXITSTATUS(status));
}
