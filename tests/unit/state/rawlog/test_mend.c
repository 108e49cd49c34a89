/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store with a history, and damage to one of its files at a time: it opens and what it gives is right, or it is refused by the
 * file's name, and then the repair keeps every datagram that was in a file of the raw log.
 */
#include <dirent.h>
#include <sys/stat.h>

#include "state/rawlog/rawlog.h"
#include "tests/unit/state/store/folder.h"
#include "traffic.h"

#define FILES 6
#define DATAGRAMS_PER_FILE 60
#define TAIL_DATAGRAMS 90
#define DATAGRAMS (FILES * DATAGRAMS_PER_FILE + TAIL_DATAGRAMS)
#define ROWS 600
#define SLICES 40
#define NOTES 30

static struct traffic traffic = {.seed = 11, .len_max = 900};

/* ---- making it ---- */

static void release(void *arg, uint8_t *bytes)
{
	(void)arg;
	free(bytes);
}

static void append(struct fb_rawlog_appender *appender, uint64_t from, uint64_t to)
{
	struct fb_block_fill fill = {0};

	for (uint64_t seq = from; seq < to; seq++) {
		struct fb_block_datagram datagram = traffic_make(&traffic, seq);

		if (fill.bytes == NULL)
			fb_block_begin(&fill, malloc(FB_BLOCK_BYTES), 1, 0);
		cr_assert(fb_block_try_add(&fill, &datagram));
		if (seq % 30 == 29) {
			cr_assert_eq(fb_rawlog_append(appender, &fill), 0);
			fill.bytes = NULL;
		}
	}
	cr_assert_null(fill.bytes);
}

static void row_text(uint64_t seq, char text[200])
{
	snprintf(text, 200, "row %llu of %0100llx", (unsigned long long)seq, (unsigned long long)traffic_random(seq));
}

static void put_rest(struct fb_store *store, uint64_t third)
{
	struct fb_store_batch *batch = fb_store_batch_create(store);
	char text[200];
	char key[32];

	for (uint64_t seq = third * ROWS / 3; seq < (third + 1) * ROWS / 3; seq++) {
		row_text(seq, text);
		fb_store_put_result(batch, 1, seq, text, strlen(text));
	}
	/* Written anew each time: an old file must not shine through. */
	for (uint32_t i = 0; i < SLICES; i++) {
		row_text(third, text);
		fb_store_put_slice(batch, 1, i, 0, text, strlen(text));
	}
	for (uint32_t i = 0; i < NOTES; i++) {
		row_text(third, text);
		snprintf(key, sizeof(key), "pipeline/%u", i);
		fb_store_put_meta(batch, key, text, strlen(text));
	}
	cr_assert_eq(fb_store_commit(batch, true), 0);
	fb_store_batch_destroy(batch);
}

/* In memory: it is copied and opened some hundred times. */
static void make(char path[64])
{
	struct fb_rawlog_appender_conf conf = {.stream = 1, .codec = FB_BLOCK_LZ4, .release = release};

	strcpy(path, "/dev/shm/fb-mend-XXXXXX");
	if (mkdtemp(path) == NULL)
		folder_make(path);
	else
		strcat(path, "/store");
	for (uint64_t third = 0; third < 3; third++) {
		struct fb_store *store = store_open(path);
		struct fb_rawlog_appender *appender;
		struct fb_rawlog *log;
		uint32_t id;

		cr_assert_eq(fb_rawlog_open(store, &log), 0);
		cr_assert_eq(fb_rawlog_stream_id(log, "people", true, &id), 0);
		cr_assert_eq(id, 1u);
		cr_assert_eq(fb_rawlog_appender_create(log, &conf, &appender), 0);
		for (uint64_t file = third * FILES / 3; file < (third + 1) * FILES / 3; file++) {
			append(appender, file * DATAGRAMS_PER_FILE, (file + 1) * DATAGRAMS_PER_FILE);
			cr_assert_eq(fb_rawlog_roll(appender, NULL), 0);
		}
		put_rest(store, third);
		if (third == 2) {
			append(appender, FILES * DATAGRAMS_PER_FILE, DATAGRAMS - 30);
			cr_assert_eq(fb_rawlog_flush(appender, NULL), 0);
			append(appender, DATAGRAMS - 30, DATAGRAMS);
			cr_assert_eq(fb_rawlog_flush(appender, NULL), 0);
		}
		fb_rawlog_appender_destroy(appender);
		fb_rawlog_close(log);
		fb_store_close(store);
	}
}

/* ---- looking at it ---- */

struct seen {
	uint64_t rows, slices, notes;
	uint64_t newest; /* which third slices and notes are of: all of the same */
};

static int see_row(void *arg, uint64_t seq, const uint8_t *row, size_t len)
{
	struct seen *seen = arg;
	char text[200];

	row_text(seq, text);
	cr_assert_eq(len, strlen(text));
	cr_assert_eq(memcmp(row, text, len), 0, "row %llu", (unsigned long long)seq);
	seen->rows++;
	return 0;
}

static void see_third(struct seen *seen, const uint8_t *bytes, size_t len)
{
	char text[200];

	for (uint64_t third = 0; third < 3; third++) {
		row_text(third, text);
		if (len == strlen(text) && memcmp(bytes, text, len) == 0) {
			cr_assert(seen->newest == third || seen->slices + seen->notes == 0, "of different times");
			seen->newest = third;
			return;
		}
	}
	cr_assert_fail("a slice or note that was never written");
}

static int see_slice(void *arg, int64_t start_ms, uint32_t part, const uint8_t *bytes, size_t len)
{
	struct seen *seen = arg;

	see_third(seen, bytes, len);
	seen->slices++;
	return 0;
}

static int see_note(void *arg, const char *key, const uint8_t *bytes, size_t len)
{
	struct seen *seen = arg;

	see_third(seen, bytes, len);
	seen->notes++;
	return 0;
}

/* What is read is right; how many datagrams are there, *ret_damaged: how many are counted as damaged. */
static uint64_t read_log(struct fb_store *store, uint64_t *ret_damaged)
{
	struct fb_rawlog_range range = FB_RAWLOG_RANGE_ALL(1, 0);
	struct fb_block_datagram datagram;
	struct fb_rawlog_scan *scan;
	struct fb_rawlog *log;
	uint64_t cnt = 0;

	cr_assert_eq(fb_rawlog_open(store, &log), 0);
	cr_assert_eq(fb_rawlog_scan_create(log, &range, &scan), 0);
	for (uint64_t last = 0; fb_rawlog_scan_datagram(scan, &datagram) == 0; last = datagram.seq) {
		cr_assert(cnt == 0 || datagram.seq > last);
		traffic_expect(&traffic, datagram.seq, &datagram);
		cnt++;
	}
	*ret_damaged = fb_rawlog_scan_damage(scan)->datagram_cnt;
	fb_rawlog_scan_destroy(scan);
	fb_rawlog_close(log);
	return cnt;
}

/* It has opened. True: nothing of it is missing. */
static bool look(struct fb_store *store, const char *what, bool is_tearing)
{
	bool reported = fb_store_report(store)[0] != '\0';
	struct seen seen = {0};
	uint64_t damaged;
	int rc = fb_store_scan_results(store, 1, 0, false, see_row, &seen);

	cr_assert(rc == 0 || rc == FB_E_CORRUPT);
	cr_assert(rc == FB_E_CORRUPT || seen.rows == ROWS || is_tearing, "%s: %llu rows", what, (unsigned long long)seen.rows);
	cr_assert_eq(fb_store_scan_slices(store, 1, see_slice, &seen), 0);
	cr_assert_eq(fb_store_scan_meta(store, "pipeline/", see_note, &seen), 0);
	cr_assert(seen.newest == 2 || is_tearing, "%s: what was replaced is there again", what);
	cr_assert(seen.slices == SLICES && seen.notes == NOTES, "%s: slices or notes are missing", what);

	uint64_t there = read_log(store, &damaged);

	/* The oldest file of a lane is forgotten with its note, as after retention. */
	if (reported && there + DATAGRAMS_PER_FILE == DATAGRAMS)
		damaged = DATAGRAMS_PER_FILE;
	if (!is_tearing)
		cr_assert_eq(there + damaged, DATAGRAMS, "%s: %llu datagrams and %llu damaged", what, (unsigned long long)there,
			(unsigned long long)damaged);
	if (strstr(what, "MANIFEST") == NULL)
		cr_assert_leq(damaged, DATAGRAMS_PER_FILE, "%s: %llu damaged", what, (unsigned long long)damaged);
	if (is_tearing && (there < DATAGRAMS || seen.newest < 2))
		cr_assert(reported || (there + damaged == DATAGRAMS && seen.newest == 2),
			"%s: something is missing, and nothing was said", what);
	return there == DATAGRAMS && seen.rows == ROWS && seen.newest == 2;
}

static int count_note(void *arg, const char *key, const uint8_t *bytes, size_t len)
{
	++*(int *)arg;
	return 0;
}

/* All datagrams of files that are whole are there. */
static void repair(const char *path, const char *what, const char *message)
{
	struct fb_buf report = {0};
	uint64_t damaged;
	int given_up = 0;
	int rc = fb_store_repair(path, count_note, &given_up, &report);

	cr_assert_eq(rc, 0, "%s: %s: %s", what, fb_strerror(rc), report.p);

	struct fb_store *store = store_open(path);
	uint64_t there = read_log(store, &damaged);

	cr_assert_geq(there, (FILES - 1) * DATAGRAMS_PER_FILE, "%s (%s): only %llu datagrams are left: %s", what, message,
		(unsigned long long)there, report.p);
	fb_store_close(store);
	fb_buf_fini(&report);
}

/* ---- damage ---- */

static void copy(const char *from, const char *to)
{
	char command[400];

	snprintf(command, sizeof(command), "rm -rf %s* && cp -a %s %s", to, from, to);
	cr_assert_eq(system(command), 0);
}

static bool is_a_file(const char *folder, const char *name, off_t *ret_size)
{
	char path[400];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
		return false;
	*ret_size = st.st_size;
	return true;
}

static void flip(const char *folder, const char *name, off_t at)
{
	char path[400];
	FILE *file;
	int byte;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "r+");
	fseek(file, at, SEEK_SET);
	byte = fgetc(file);
	fseek(file, at, SEEK_SET);
	fputc(byte ^ (1 << at % 8), file);
	cr_assert_eq(fclose(file), 0);
}

static void cut(const char *folder, const char *name, off_t at)
{
	char path[400];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	cr_assert_eq(truncate(path, at), 0);
}

struct tally {
	int cases, whole, partly, refused, set_aside;
};

static void try_one(const char *path, const char *file, off_t at, bool is_tearing, struct tally *tally)
{
	struct fb_buf message = {0};
	struct fb_store *store = NULL;
	char what[320];
	int rc = store_try_open(path, false, &message, &store);

	snprintf(what, sizeof(what), "%s, byte %lld", file, (long long)at);
	tally->cases++;
	if (rc == 0) {
		tally->set_aside += strstr(fb_store_report(store), "set aside") != NULL;
		/* In the last write of a log a flipped byte cannot be told from one that was torn. */
		++*(look(store, what, is_tearing || strstr(file, ".log")) ? &tally->whole : &tally->partly);
		fb_store_close(store);
	} else {
		cr_assert(rc == FB_E_CORRUPT || rc == FB_E_IO, "%s: %s: %s", what, fb_strerror(rc), message.p);
		cr_assert(message.p != NULL && strstr(message.p, "--repair") != NULL, "%s: %s", what, message.p);
		cr_assert(strstr(message.p, ".sst") || strstr(message.p, ".log") || strstr(message.p, "MANIFEST") ||
				strstr(message.p, "CURRENT"),
			"%s: names no file: %s", what, message.p);
		tally->refused++;
		repair(path, what, message.p);
	}
	fb_buf_fini(&message);
}

static void try_all(uint32_t per_file, bool is_tearing, const char *only, struct tally *tally)
{
	char whole[64];
	char path[80];
	struct dirent *entry;
	off_t size;
	DIR *folder;

	make(whole);
	snprintf(path, sizeof(path), "%s-copy", whole);
	folder = opendir(whole);
	while ((entry = readdir(folder)) != NULL) {
		if (!is_a_file(whole, entry->d_name, &size) || strstr(entry->d_name, only) == NULL)
			continue;
		for (uint32_t i = 0; i < per_file; i++) {
			/* One in three near the end, where footers and indexes are. */
			off_t near = size < 1500 ? size : 1500;
			uint64_t random = traffic_random((uint64_t)size * 977 + i);
			off_t at = i % 3 == 2 ? size - 1 - (off_t)(random % (uint64_t)near) : (off_t)(random % (uint64_t)size);

			copy(whole, path);
			(is_tearing ? cut : flip)(path, entry->d_name, at);
			try_one(path, entry->d_name, at, is_tearing, tally);
		}
	}
	closedir(folder);
	copy(whole, path);
	folder_remove(whole);
}

Test(mend, a_flipped_byte_in_any_file_costs_that_file_or_is_refused, .timeout = 240)
{
	struct tally tally = {0};

	try_all(8, false, "", &tally);
	cr_log_info("%d flips: %d cost nothing, %d a part, %d were refused and repaired; %d files were set aside", tally.cases,
		tally.whole, tally.partly, tally.refused, tally.set_aside);
	cr_assert_gt(tally.whole, 0);
	cr_assert_gt(tally.partly, 0);
	cr_assert_gt(tally.refused, 0);
	cr_assert_gt(tally.set_aside, 0);
}

Test(mend, a_log_that_ends_anywhere_gives_what_was_whole, .timeout = 120)
{
	struct tally tally = {0};

	try_all(40, true, ".log", &tally);
	cr_assert_eq(tally.refused, 0);
	cr_assert_gt(tally.partly, 10);
}

Test(mend, a_data_file_that_ends_anywhere_is_set_aside_or_refused, .timeout = 120)
{
	struct tally tally = {0};

	try_all(4, true, ".sst", &tally);
	cr_assert_gt(tally.set_aside, 10);
	cr_assert_gt(tally.refused, 10);
}

Test(mend, a_manifest_that_ends_anywhere_is_no_other_store, .timeout = 120)
{
	struct tally tally = {0};

	try_all(20, true, "MANIFEST", &tally);
	cr_assert_gt(tally.refused, 10);
}

Test(mend, a_store_without_current_is_not_made_anew)
{
	struct fb_buf message = {0};
	struct fb_store *store = NULL;
	char name[100];
	char path[64];

	make(path);
	snprintf(name, sizeof(name), "%s/CURRENT", path);
	cr_assert_eq(unlink(name), 0);
	cr_assert_eq(store_try_open(path, false, &message, &store), FB_E_CORRUPT);
	cr_assert_not_null(strstr(message.p, "CURRENT is missing"));
	repair(path, "CURRENT", message.p);
	fb_buf_fini(&message);
	folder_remove(path);
}
