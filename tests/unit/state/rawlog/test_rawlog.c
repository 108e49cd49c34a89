/* SPDX-License-Identifier: Apache-2.0 */
/* The log over a real store: what was flushed is there, once, in order, over restarts, crashes,
 * retention and damage. */
#include <dirent.h>
#include <sys/stat.h>

#include "state/rawlog/rawlog.h"
#include "tests/unit/state/store/folder.h"
#include "traffic.h"

struct lab {
	char path[64];
	struct fb_store *store;
	struct fb_rawlog *log;
	struct fb_rawlog_appender *appender;
	struct fb_block_fill fill;
	struct traffic traffic;
	uint32_t stream;
	uint32_t core;
	uint32_t block_datagrams; /* a block is sealed after so many; 0: when it is full */
	uint64_t next;            /* of the datagrams sent */
	int released;
	int taken;
};

static void release(void *arg, uint8_t *bytes)
{
	struct lab *lab = arg;

	lab->released++;
	free(bytes);
}

static void lab_open(struct lab *lab)
{
	lab->store = store_open(lab->path);
	cr_assert_eq(fb_rawlog_open(lab->store, &lab->log), 0);
}

static void lab_append(struct lab *lab, enum fb_block_codec codec)
{
	struct fb_rawlog_appender_conf conf = {.stream = lab->stream,
		.core = lab->core,
		.codec = codec,
		.release = release,
		.arg = lab};

	cr_assert_eq(fb_rawlog_appender_create(lab->log, &conf, &lab->appender), 0);
	lab->next = fb_rawlog_appender_next_seq(lab->appender);
}

static void lab_make(struct lab *lab, enum fb_block_codec codec)
{
	*lab = (struct lab){.traffic = {.seed = 3, .len_max = 1000}, .block_datagrams = 50};
	folder_make(lab->path);
	lab_open(lab);
	cr_assert_eq(fb_rawlog_stream_id(lab->log, "people", true, &lab->stream), 0);
	lab_append(lab, codec);
}

static void seal_block(struct lab *lab)
{
	if (lab->fill.bytes != NULL)
		cr_assert_eq(fb_rawlog_append(lab->appender, &lab->fill), 0);
}

static void send(struct lab *lab, uint32_t cnt)
{
	for (uint32_t i = 0; i < cnt; i++) {
		struct fb_block_datagram datagram = traffic_make(&lab->traffic, lab->next++);

		if (lab->fill.bytes != NULL && fb_block_try_add(&lab->fill, &datagram)) {
			if (lab->block_datagrams > 0 &&
				lab->fill.header.datagram_cnt >= lab->block_datagrams)
				seal_block(lab);
			continue;
		}
		seal_block(lab);
		fb_block_begin(&lab->fill, malloc(FB_BLOCK_BYTES), lab->stream, lab->core);
		lab->taken++;
		cr_assert(fb_block_try_add(&lab->fill, &datagram));
	}
	seal_block(lab);
}

static void flush(struct lab *lab)
{
	cr_assert_eq(fb_rawlog_flush(lab->appender, NULL), 0);
}

static void roll(struct lab *lab)
{
	cr_assert_eq(fb_rawlog_roll(lab->appender, NULL), 0);
}

/* As after kill -9: what is pending is gone. */
static void lab_close(struct lab *lab)
{
	fb_rawlog_appender_destroy(lab->appender);
	lab->appender = NULL;
	fb_rawlog_close(lab->log);
	fb_store_close(lab->store);
	cr_assert_eq(lab->released, lab->taken, "memory of blocks that was not given back");
}

static void lab_end(struct lab *lab)
{
	lab_close(lab);
	folder_remove(lab->path);
}

/* Everything from `first`, without a gap, up to `end`; returns how many blocks were damaged. */
static void expect_range(
	struct lab *lab, const struct fb_rawlog_range *range, uint64_t first, uint64_t end)
{
	struct fb_rawlog_scan *scan;
	struct fb_block_datagram datagram;
	uint64_t seq = first;
	int rc;

	cr_assert_eq(fb_rawlog_scan_create(lab->log, range, &scan), 0);
	while ((rc = fb_rawlog_scan_datagram(scan, &datagram)) == 0)
		traffic_expect(&lab->traffic, seq++, &datagram);
	cr_assert_eq(rc, FB_E_NOT_FOUND);
	cr_assert_eq(seq, end, "up to %llu instead of %llu", (unsigned long long)seq,
		(unsigned long long)end);
	cr_assert_eq(fb_rawlog_scan_damage(scan)->block_cnt, 0u, "%s",
		fb_rawlog_scan_damage(scan)->last);
	fb_rawlog_scan_destroy(scan);
}

static void expect_all(struct lab *lab, uint64_t first, uint64_t end)
{
	struct fb_rawlog_range range = FB_RAWLOG_RANGE_ALL(lab->stream, lab->core);

	expect_range(lab, &range, first, end);
}

Test(rawlog, tail_and_files_are_read_as_one)
{
	for (int codec = FB_BLOCK_NONE; codec < FB_BLOCK_CODEC_CNT; codec++) {
		struct lab lab;

		lab_make(&lab, codec);
		expect_all(&lab, 0, 0);
		send(&lab, 120);
		expect_all(&lab, 0, 0); /* pending is nobody's yet */
		flush(&lab);
		expect_all(&lab, 0, 120);
		send(&lab, 30);
		flush(&lab);
		expect_all(&lab, 0, 150);
		roll(&lab);
		expect_all(&lab, 0, 150);
		send(&lab, 500);
		roll(&lab);
		send(&lab, 7);
		flush(&lab);
		expect_all(&lab, 0, 657);
		lab_end(&lab);
	}
}

Test(rawlog, a_restart_goes_on_where_the_log_ends)
{
	struct lab lab;

	lab_make(&lab, FB_BLOCK_LZ4);
	for (int run = 0; run < 6; run++) {
		send(&lab, 100);
		if (run % 2)
			roll(&lab);
		else
			flush(&lab);
		send(&lab, 60); /* lost: never flushed */
		lab_close(&lab);
		lab_open(&lab);
		lab_append(&lab, FB_BLOCK_LZ4);
		cr_assert_eq(lab.next, (uint64_t)(run + 1) * 100);
		expect_all(&lab, 0, lab.next);
	}
	lab_end(&lab);
}

Test(rawlog, much_at_once_becomes_a_file_without_the_tail)
{
	struct fb_rawlog_appender_stats stats;
	struct lab lab;

	lab_make(&lab, FB_BLOCK_NONE);
	lab.block_datagrams = 0;
	send(&lab, 10);
	flush(&lab);
	send(&lab, 40000); /* 20 MB */
	flush(&lab);
	fb_rawlog_appender_stats(lab.appender, &stats);
	cr_assert_eq(stats.file_cnt, 1u);
	cr_assert_eq(stats.tail_commits, 1u);
	cr_assert_eq(stats.logged_datagrams, 40010u);
	cr_assert_eq(stats.pending_datagrams, 0u);
	expect_all(&lab, 0, 40010);
	lab_close(&lab);
	lab_open(&lab);
	expect_all(&lab, 0, 40010);
	lab_end(&lab);
}

/* Key order is what makes lanes and streams apart. */
Test(rawlog, lanes_do_not_mix)
{
	struct lab a, b;

	lab_make(&a, FB_BLOCK_LZ4);
	b = a;
	b.traffic.seed = 77;
	b.core = 1;
	b.released = b.taken = 0;
	lab_append(&b, FB_BLOCK_ZSTD);
	for (int i = 0; i < 5; i++) {
		send(&a, 100);
		send(&b, 30);
		flush(&a);
		if (i % 2)
			roll(&b);
		else
			flush(&b);
	}
	roll(&a);
	expect_all(&a, 0, 500);
	expect_all(&b, 0, 150);
	fb_rawlog_appender_destroy(b.appender);
	lab_end(&a);
}

Test(rawlog, streams_keep_their_numbers)
{
	struct lab lab;
	uint32_t id, again;

	lab_make(&lab, FB_BLOCK_LZ4);
	cr_assert_eq(fb_rawlog_stream_id(lab.log, "alerts", false, &id), FB_E_NOT_FOUND);
	cr_assert_eq(fb_rawlog_stream_id(lab.log, "alerts", true, &id), 0);
	cr_assert_neq(id, lab.stream);
	lab_close(&lab);
	lab_open(&lab);
	cr_assert_eq(fb_rawlog_stream_id(lab.log, "alerts", false, &again), 0);
	cr_assert_eq(again, id);
	cr_assert_eq(fb_rawlog_stream_id(lab.log, "people", true, &again), 0);
	cr_assert_eq(again, lab.stream);
	lab_end(&lab);
}

Test(rawlog, ranges_of_time_and_sequence)
{
	struct fb_rawlog_range range;
	struct lab lab;

	lab_make(&lab, FB_BLOCK_LZ4);
	for (int i = 0; i < 4; i++) {
		send(&lab, 250);
		roll(&lab);
	}
	send(&lab, 100);
	flush(&lab);
	for (uint64_t from = 0; from < 1100; from += 73)
		for (uint64_t to = from; to < 1100; to += 211) {
			range = FB_RAWLOG_RANGE_ALL(lab.stream, lab.core);
			range.from_seq = from;
			range.to_seq = to;
			expect_range(&lab, &range, from, to + 1);
			range = FB_RAWLOG_RANGE_ALL(lab.stream, lab.core);
			range.from_ns = 1700000000000000000 + (int64_t)from * 1000;
			range.to_ns = 1700000000000000000 + (int64_t)to * 1000;
			expect_range(&lab, &range, from, to + 1);
		}
	range.from_ns = INT64_MIN;
	range.to_ns = 1600000000000000000;
	expect_range(&lab, &range, 0, 0);
	lab_end(&lab);
}

static void count_headers(struct lab *lab, const struct fb_rawlog_range *range,
	uint32_t *ret_blocks, uint64_t *ret_datagrams)
{
	struct fb_rawlog_scan *scan;
	struct fb_block_header header;

	*ret_blocks = 0;
	*ret_datagrams = 0;
	cr_assert_eq(fb_rawlog_scan_create(lab->log, range, &scan), 0);
	while (fb_rawlog_scan_header(scan, &header) == 0) {
		(*ret_blocks)++;
		*ret_datagrams += header.datagram_cnt;
	}
	fb_rawlog_scan_destroy(scan);
}

Test(rawlog, event_times_prune_where_they_are_known)
{
	struct fb_event_times_by noted = {.definition = 77, .fields = 0x3};
	struct fb_rawlog_range range;
	uint32_t blocks;
	uint64_t datagrams;
	struct lab lab;

	lab_make(&lab, FB_BLOCK_LZ4);
	for (int i = 0; i < 10; i++) {
		struct fb_block_datagram datagram = traffic_make(&lab.traffic, lab.next++);

		fb_block_begin(&lab.fill, malloc(FB_BLOCK_BYTES), lab.stream, lab.core);
		lab.taken++;
		cr_assert(fb_block_try_add(&lab.fill, &datagram));
		if (i != 5) /* of one nobody knew */
			fb_block_note_event_times(&lab.fill, noted, i * 1000, i * 1000 + 999);
		seal_block(&lab);
		if (i == 4)
			roll(&lab);
	}
	flush(&lab);
	range = FB_RAWLOG_RANGE_ALL(lab.stream, lab.core);
	range.from_ms = 2500;
	range.to_ms = 3100;
	range.event_times_by = (struct fb_event_times_by){.definition = 77, .fields = 0x7};
	count_headers(&lab, &range, &blocks, &datagrams);
	cr_assert_eq(blocks, 3u, "blocks 2, 3 and the unknown 5, not %u", blocks);
	range.event_times_by.fields = 0x5;
	count_headers(&lab, &range, &blocks, &datagrams);
	cr_assert_eq(blocks, 10u, "who does not need field 1 may count records that the noting reader did not");
	range.event_times_by.definition = 78;
	count_headers(&lab, &range, &blocks, &datagrams);
	cr_assert_eq(blocks, 10u, "times of another definition say nothing");
	lab_end(&lab);
}

/* ---- crashes ---- */

/* Between a file's ingestion and its note: the state that a kill leaves there is made by hand. */
Test(rawlog, a_file_without_note_is_taken_up_and_its_tail_dropped)
{
	struct fb_rawlog_span total;
	struct fb_store_raw_iter *iter;
	struct fb_store_raw_file *file;
	struct fb_store_raw_key at = {0};
	struct lab lab;
	int rc;

	lab_make(&lab, FB_BLOCK_LZ4);
	send(&lab, 300);
	flush(&lab);
	cr_assert_eq(fb_store_raw_file_create(lab.store, &file), 0);
	cr_assert_eq(fb_store_raw_iter_create(lab.store, FB_STORE_TAIL_READ, &iter), 0);
	for (rc = fb_store_raw_iter_seek(iter, &at); rc == 0; rc = fb_store_raw_iter_next(iter)) {
		const uint8_t *bytes;
		size_t len;

		fb_store_raw_iter_get(iter, &at, &bytes, &len);
		cr_assert_eq(fb_store_raw_file_add(file, &at, bytes, len), 0);
	}
	fb_store_raw_iter_destroy(iter);
	cr_assert_eq(fb_store_raw_file_ingest(file, NULL), 0);
	for (int i = 0; i < 3; i++) {
		lab_close(&lab);
		lab_open(&lab);
		lab_append(&lab, FB_BLOCK_LZ4);
		cr_assert_eq(lab.next, 300u);
		expect_all(&lab, 0, 300);
		cr_assert_eq(fb_rawlog_total(lab.log, lab.stream, lab.core, &total), 0);
		cr_assert_eq(total.datagram_cnt, 300u);
	}
	send(&lab, 50);
	roll(&lab);
	expect_all(&lab, 0, 350);
	lab_end(&lab);
}

Test(rawlog, a_file_that_was_not_taken_in_is_removed)
{
	struct fb_store_raw_file *file;
	struct fb_store_raw_key key = {.stream = 1};
	char path[128];
	struct lab lab;

	lab_make(&lab, FB_BLOCK_LZ4);
	send(&lab, 100);
	flush(&lab);
	cr_assert_eq(fb_store_raw_file_create(lab.store, &file), 0);
	cr_assert_eq(fb_store_raw_file_add(file, &key, "half", 4), 0);
	snprintf(path, sizeof(path), "%s/incoming/0.sst", lab.path);
	cr_assert_eq(access(path, F_OK), 0);
	lab_close(&lab);
	lab_open(&lab);
	cr_assert_neq(access(path, F_OK), 0);
	expect_all(&lab, 0, 100);
	fb_store_raw_file_abort(file);
	lab_end(&lab);
}

/* ---- retention ---- */

static uint64_t first_seq(struct lab *lab)
{
	struct fb_rawlog_span total;

	cr_assert_eq(fb_rawlog_total(lab->log, lab->stream, lab->core, &total), 0);
	return total.first_seq;
}

static void ten_files(struct lab *lab)
{
	lab_make(lab, FB_BLOCK_NONE);
	for (int i = 0; i < 10; i++) {
		send(lab, 100);
		roll(lab);
	}
}

static uint32_t sst_files(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	uint32_t cnt = 0;

	while ((entry = readdir(folder)) != NULL)
		cnt += strstr(entry->d_name, ".sst") != NULL;
	closedir(folder);
	return cnt;
}

Test(rawlog, retention_by_bytes_deletes_whole_files_oldest_first)
{
	struct fb_rawlog_retention retention = {0};
	struct fb_rawlog_span total, deleted = {0};
	struct lab lab;
	uint32_t files;

	ten_files(&lab);
	files = sst_files(lab.path);
	cr_assert_eq(fb_rawlog_retain(lab.log, lab.stream, &retention, INT64_MAX, &deleted), 0);
	cr_assert_eq(deleted.block_cnt, 0u, "no limit, nothing goes");
	cr_assert_eq(fb_rawlog_total(lab.log, lab.stream, lab.core, &total), 0);
	retention.bytes = total.stored_bytes / 2;
	cr_assert_eq(fb_rawlog_retain(lab.log, lab.stream, &retention, 0, &deleted), 0);
	cr_assert_eq(fb_rawlog_total(lab.log, lab.stream, lab.core, &total), 0);
	cr_assert_leq(total.stored_bytes, retention.bytes);
	cr_assert_gt(total.stored_bytes, retention.bytes / 2);
	cr_assert_eq(total.first_seq % 100, 0u);
	cr_assert_eq(deleted.last_seq + 1, total.first_seq);
	cr_assert_eq(sst_files(lab.path), files - deleted.datagram_cnt / 100);
	expect_all(&lab, total.first_seq, 1000);
	lab_close(&lab);
	lab_open(&lab);
	expect_all(&lab, total.first_seq, 1000);
	lab_end(&lab);
}

Test(rawlog, retention_by_age_goes_by_the_newest_of_a_file)
{
	struct fb_rawlog_retention retention = {.age_ns = 1000000};
	struct lab lab;

	ten_files(&lab);
	/* Datagram n arrived at n us. Now is 1350 us: those before 350 us are too old, so files 0–2
	 * are. */
	cr_assert_eq(
		fb_rawlog_retain(lab.log, lab.stream, &retention, 1700000000001350000, NULL), 0);
	cr_assert_eq(first_seq(&lab), 300u);
	cr_assert_eq(fb_rawlog_delete_oldest(lab.log, lab.stream), 0);
	cr_assert_eq(first_seq(&lab), 400u);
	expect_all(&lab, 400, 1000);
	lab_end(&lab);
}

static int count_note(void *arg, const char *key, const uint8_t *bytes, size_t len)
{
	++*(int *)arg;
	return 0;
}

/* Ten files of a capture: their age counts from the import, over a restart, and for its datagrams alone. */
Test(rawlog, retention_by_age_of_a_capture_goes_by_its_import)
{
	const int64_t imported = 1800000000000000000;
	struct fb_rawlog_retention retention = {.age_ns = 1000000};
	struct fb_rawlog_span total;
	struct lab lab;
	int notes = 0;

	ten_files(&lab);
	cr_assert_eq(fb_rawlog_note_import(lab.log, lab.stream, lab.core, 250, UINT64_MAX, imported), 0);
	cr_assert_eq(fb_rawlog_note_import(lab.log, lab.stream, lab.core, 250, 649, imported), 0);
	lab_close(&lab);
	lab_open(&lab);
	cr_assert_eq(fb_rawlog_retain(lab.log, lab.stream, &retention, imported + 999999, NULL), 0);
	cr_assert_eq(first_seq(&lab), 200u, "the file in which the capture begins is as young as it");
	cr_assert_eq(fb_rawlog_retain(lab.log, lab.stream, &retention, imported + 1000001, NULL), 0);
	cr_assert_eq(fb_rawlog_total(lab.log, lab.stream, lab.core, &total), FB_E_NOT_FOUND, "then all are old");
	cr_assert_eq(fb_store_scan_meta(lab.store, "raw/import/", count_note, &notes), 0);
	cr_assert_eq(notes, 0, "the import is forgotten with its last file");
	lab_end(&lab);
}

/* Positions name a datagram for good: also after the last file of a lane is gone. */
Test(rawlog, an_empty_lane_knows_where_it_ended)
{
	struct lab lab;

	ten_files(&lab);
	while (fb_rawlog_delete_oldest(lab.log, lab.stream) == 0)
		;
	lab_close(&lab);
	lab_open(&lab);
	lab_append(&lab, FB_BLOCK_NONE);
	cr_assert_eq(lab.next, 1000u);
	lab_end(&lab);
}

Test(rawlog, a_reader_at_work_keeps_what_retention_deletes)
{
	struct fb_rawlog_range range;
	struct fb_rawlog_scan *scan;
	struct fb_block_datagram datagram;
	struct lab lab;
	uint64_t seq = 0;

	ten_files(&lab);
	range = FB_RAWLOG_RANGE_ALL(lab.stream, lab.core);
	cr_assert_eq(fb_rawlog_scan_create(lab.log, &range, &scan), 0);
	for (; seq < 150; seq++) {
		cr_assert_eq(fb_rawlog_scan_datagram(scan, &datagram), 0);
		traffic_expect(&lab.traffic, seq, &datagram);
	}
	while (fb_rawlog_delete_oldest(lab.log, lab.stream) == 0)
		;
	for (; seq < 1000; seq++) {
		cr_assert_eq(fb_rawlog_scan_datagram(scan, &datagram), 0);
		traffic_expect(&lab.traffic, seq, &datagram);
	}
	fb_rawlog_scan_destroy(scan);
	expect_all(&lab, 0, 0);
	lab_end(&lab);
}

/* Nor does it miss or double what moves from the tail into a file while it reads. */
Test(rawlog, a_reader_at_work_sees_the_tail_that_it_found)
{
	struct fb_rawlog_range range;
	struct fb_rawlog_scan *scan;
	struct fb_block_datagram datagram;
	struct lab lab;
	uint64_t seq = 0;

	lab_make(&lab, FB_BLOCK_LZ4);
	send(&lab, 200);
	flush(&lab);
	range = FB_RAWLOG_RANGE_ALL(lab.stream, lab.core);
	cr_assert_eq(fb_rawlog_scan_create(lab.log, &range, &scan), 0);
	send(&lab, 100);
	roll(&lab);
	while (fb_rawlog_scan_datagram(scan, &datagram) == 0)
		traffic_expect(&lab.traffic, seq++, &datagram);
	cr_assert_eq(seq, 200u);
	fb_rawlog_scan_destroy(scan);
	lab_end(&lab);
}

Test(rawlog, discarded_blocks_leave_a_gap_that_numbers_tell)
{
	struct fb_rawlog_range range;
	struct fb_rawlog_scan *scan;
	struct fb_block_datagram datagram;
	struct lab lab;
	uint64_t datagrams, bytes, seq = 0;

	lab_make(&lab, FB_BLOCK_LZ4);
	send(&lab, 100);
	flush(&lab);
	send(&lab, 100);
	fb_rawlog_discard(lab.appender, &datagrams, &bytes);
	cr_assert_eq(datagrams, 100u);
	cr_assert_gt(bytes, 0u);
	send(&lab, 100);
	flush(&lab);
	range = FB_RAWLOG_RANGE_ALL(lab.stream, lab.core);
	cr_assert_eq(fb_rawlog_scan_create(lab.log, &range, &scan), 0);
	while (fb_rawlog_scan_datagram(scan, &datagram) == 0) {
		seq = seq == 100 ? 200 : seq;
		traffic_expect(&lab.traffic, seq++, &datagram);
	}
	cr_assert_eq(seq, 300u);
	fb_rawlog_scan_destroy(scan);
	lab_end(&lab);
}

/* ---- damage ---- */

/* The one file of the lab that holds these bytes, and where. */
static bool find_bytes(
	const char *folder, const uint8_t *bytes, size_t len, char path[160], long *ret_at)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	bool found = false;

	while (!found && (entry = readdir(dir)) != NULL) {
		uint8_t *text;
		const uint8_t *at;
		size_t size;
		FILE *file;

		if (strstr(entry->d_name, ".sst") == NULL)
			continue;
		snprintf(path, 160, "%s/%.40s", folder, entry->d_name);
		file = fopen(path, "rb");
		fseek(file, 0, SEEK_END);
		size = (size_t)ftell(file);
		rewind(file);
		text = malloc(size);
		cr_assert_eq(fread(text, 1, size, file), size);
		fclose(file);
		at = memmem(text, size, bytes, len);
		if (at != NULL)
			*ret_at = at - text;
		found = at != NULL;
		free(text);
	}
	closedir(dir);
	return found;
}

static void flip(const char *path, long at)
{
	FILE *file = fopen(path, "r+b");
	int byte;

	fseek(file, at, SEEK_SET);
	byte = fgetc(file);
	fseek(file, at, SEEK_SET);
	fputc(byte ^ 0x10, file);
	cr_assert_eq(fclose(file), 0);
}

/* Reads all; *ret_missing: datagrams of [0, end) that did not come. What comes has to be right. */
static struct fb_rawlog_damage read_damaged(struct lab *lab, uint64_t end, uint64_t *ret_missing)
{
	struct fb_rawlog_range range = FB_RAWLOG_RANGE_ALL(lab->stream, lab->core);
	struct fb_rawlog_damage damage;
	struct fb_rawlog_scan *scan;
	struct fb_block_datagram datagram;
	uint64_t cnt = 0, last = 0;

	cr_assert_eq(fb_rawlog_scan_create(lab->log, &range, &scan), 0);
	while (fb_rawlog_scan_datagram(scan, &datagram) == 0) {
		cr_assert(cnt == 0 || datagram.seq > last);
		last = datagram.seq;
		traffic_expect(&lab->traffic, datagram.seq, &datagram);
		cnt++;
	}
	damage = *fb_rawlog_scan_damage(scan);
	fb_rawlog_scan_destroy(scan);
	*ret_missing = end - cnt;
	return damage;
}

Test(rawlog, a_damaged_block_is_skipped_and_counted_and_no_other)
{
	struct fb_block_datagram victim;
	struct fb_rawlog_damage damage;
	char path[160];
	uint64_t missing;
	struct lab lab;
	long at;

	ten_files(&lab);
	lab_close(&lab);
	do /* one long enough to be told from others */
		victim = traffic_make(&lab.traffic, 320 + lab.next++ % 20);
	while (victim.len < 100);
	cr_assert(find_bytes(lab.path, victim.data, victim.len, path, &at));
	flip(path, at + 50);
	lab_open(&lab);
	damage = read_damaged(&lab, 1000, &missing);
	cr_assert_eq(missing, 50u, "%llu are missing", (unsigned long long)missing);
	cr_assert_eq(damage.block_cnt, 1u);
	cr_assert_eq(damage.datagram_cnt, 50u);
	cr_assert_not_null(strstr(damage.last, "300 to 349"), "%s", damage.last);
	fb_rawlog_damage(lab.log, &damage);
	cr_assert_eq(damage.block_cnt, 1u);
	lab_end(&lab);
}

/* Every class of byte of a file: entries, RocksDB's index, properties and footer. */
Test(rawlog, flipped_bytes_all_over_a_file_cost_no_more_than_that_file)
{
	struct fb_block_datagram victim;
	char whole[64];
	char path[160];
	char command[400];
	struct lab lab;
	struct stat status;
	int set_aside = 0;
	long at;

	ten_files(&lab);
	lab_close(&lab);
	do
		victim = traffic_make(&lab.traffic, 320 + lab.next++ % 20);
	while (victim.len < 100);
	strcpy(whole, lab.path);
	cr_assert(find_bytes(whole, victim.data, victim.len, path, &at));
	cr_assert_eq(stat(path, &status), 0);
	for (long byte = 1; byte<status.st_size; byte += byte> status.st_size - 3000 ? 41 : 1999) {
		struct fb_rawlog_damage damage;
		uint64_t missing;

		flip(path, byte);
		snprintf(lab.path, sizeof(lab.path), "%.40s/../copy", whole);
		snprintf(command, sizeof(command), "rm -rf %s && cp -a %s %s", lab.path, whole, lab.path);
		cr_assert_eq(system(command), 0);
		lab_open(&lab);
		set_aside += strstr(fb_store_report(lab.store), "set aside") != NULL;
		damage = read_damaged(&lab, 1000, &missing);
		cr_assert_leq(missing, 100u, "byte %ld: %llu are missing", byte, (unsigned long long)missing);
		cr_assert_eq(damage.datagram_cnt, missing, "byte %ld: %llu missing, %llu counted", byte,
			(unsigned long long)missing, (unsigned long long)damage.datagram_cnt);
		fb_rawlog_close(lab.log);
		fb_store_close(lab.store);
		flip(path, byte);
	}
	cr_assert_gt(set_aside, 0);
	strcpy(lab.path, whole);
	lab_open(&lab);
	expect_all(&lab, 0, 1000);
	lab_end(&lab);
}

/* Random work, against a model that is one number: what was flushed. */
Test(rawlog, any_order_of_flush_roll_retention_and_restart, .timeout = 120)
{
	for (uint64_t seed = 1; seed <= 8; seed++) {
		struct lab lab;
		uint64_t flushed = 0, first = 0;

		lab_make(&lab, (enum fb_block_codec)(seed % 3));
		lab.traffic.seed = seed;
		lab.traffic.len_max = 200;
		for (uint64_t step = 0; step < 60; step++) {
			uint64_t what = traffic_random(seed * 1000 + step) % 10;

			lab.block_datagrams = 1 + (uint32_t)(traffic_random(step) % 60);
			if (what < 4) {
				send(&lab, 1 + (uint32_t)(traffic_random(seed + step) % 300));
			} else if (what < 7) {
				flush(&lab);
				flushed = lab.next;
			} else if (what == 7) {
				roll(&lab);
				flushed = lab.next;
			} else if (what == 8) {
				if (fb_rawlog_delete_oldest(lab.log, lab.stream) == 0) {
					struct fb_rawlog_span total;

					first = fb_rawlog_total(
							lab.log, lab.stream, lab.core, &total) == 0
							? total.first_seq
							: flushed;
				}
			} else {
				lab_close(&lab);
				lab_open(&lab);
				lab_append(&lab, (enum fb_block_codec)(step % 3));
				cr_assert_eq(lab.next, flushed);
			}
			expect_all(&lab, first, flushed);
		}
		lab_end(&lab);
	}
}
