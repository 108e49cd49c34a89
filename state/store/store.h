/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store: RocksDB behind six column families, and the only code that calls it.
 *
 *   raw      key: stream, core, sequence number, part   value: a block of raw datagrams, or its header (state/rawlog)
 *   tail     the same keys: blocks too few for a file of their own yet
 *   slices   key: query id, window start, part          value: bytes of fb_slice_export
 *   results  key: query id, sequence number             value: one row (fb_row_encode)
 *   windows  key: query id, first sequence number       value: which rows of results are one window (fb_store_window)
 *   meta     key: text                                  value: bytes: pipelines, watermarks, cursors, counters
 *
 * Integers in keys are big-endian with the sign bit flipped, so that byte order is numeric order. All writes of one batch
 * become visible and durable together. Functions may be called from any control thread; they may block for
 * tens of milliseconds and are never called from a poll-mode core.
 *
 * Disk full is a state, not the end: while less than a reserve is free (256 MB, less on small disks) rows and slices are
 * refused with FB_E_FULL; deletes and meta still go. When there is room again commits succeed again. After an error of the
 * disk the database is opened anew by a later commit, at most once a second; meanwhile every call returns FB_E_IO.
 */
#pragma once

#include "config/base/buf.h"
#include "config/base/errcode.h"

#define FB_STORE_FORMAT 1

struct fb_store;
struct fb_store_batch;

struct fb_store_conf {
	const char *path; /* folder; created if missing */
	bool read_only;
};

/*
 * FB_E_IO, FB_E_BUSY (another process has it), FB_E_CORRUPT, FB_E_UNSUPPORTED (format of another version). Which file it is
 * about, what was said by RocksDB and what can be done is put into `message` (may be NULL).
 *
 * Damage. A write that was torn at the end of the log (power cut) is dropped. A file of the raw log that cannot be opened is
 * set aside in the folder "damaged": it costs its own blocks. Both are said in fb_store_report. What else cannot be read
 * (meta, slices, tail; the newest 32 MiB of each query's results; a manifest; the middle of the log) would be rows that are wrong
 * if it was left out: then it is FB_E_CORRUPT, and fb_store_repair is the way out. Older results and blocks of raw are read when
 * they are needed: FB_E_CORRUPT by then, counted in fb_store_stats.
 */
int fb_store_open(const struct fb_store_conf *conf, struct fb_buf *message, struct fb_store **ret) FB_MUST_CHECK;
/* What was put right when it was opened, a line each; "": nothing was. */
const char *fb_store_report(const struct fb_store *store);
void fb_store_close(struct fb_store *store);

/* One atomic write. A batch belongs to one thread; commit empties it, whether it succeeds or not. NULL: no memory. */
struct fb_store_batch *fb_store_batch_create(struct fb_store *store);
void fb_store_batch_destroy(struct fb_store_batch *batch);
/* sync: durable on return (fsync of the log). FB_E_IO, FB_E_FULL (disk). On failure nothing was written. */
int fb_store_commit(struct fb_store_batch *batch, bool sync) FB_MUST_CHECK;
/* What RocksDB said to the last commit; "" if it went well. */
const char *fb_store_batch_error(const struct fb_store_batch *batch);
/* Forgets what was put since the last commit. */
void fb_store_batch_clear(struct fb_store_batch *batch);

void fb_store_put_result(struct fb_store_batch *batch, uint32_t query_id, uint64_t seq, const void *row, size_t len);
void fb_store_put_slice(struct fb_store_batch *batch, uint32_t query_id, int64_t start_ms, uint32_t part,
	const void *bytes, size_t len);
void fb_store_delete_slice(struct fb_store_batch *batch, uint32_t query_id, int64_t start_ms, uint32_t part);
void fb_store_put_meta(struct fb_store_batch *batch, const char *key, const void *bytes, size_t len);
void fb_store_delete_meta(struct fb_store_batch *batch, const char *key);
/* Removes results [from, to) of a query, and the windows that begin among them. */
void fb_store_delete_results(struct fb_store_batch *batch, uint32_t query_id, uint64_t from_seq, uint64_t to_seq);
/*
 * Rows [first_seq, first_seq + row_cnt) of a query were published together: a window, or a round of sessions. Revision 0 is how a
 * window was published first, all of its rows inserts. What a correction appends has the next revision: first the rows that are no
 * more (as they were), then those that take the place of the row with their key, then new ones.
 */
struct fb_store_window {
	uint64_t first_seq;
	uint64_t row_cnt; /* > 0 */
	int64_t start_ms; /* SESSION: of the earliest of the round */
	int64_t end_ms;   /* SESSION: of the latest */
	uint64_t revision;
	uint64_t delete_cnt;
	uint64_t update_cnt;
};

enum fb_store_change { FB_STORE_INSERT, FB_STORE_UPDATE, FB_STORE_DELETE };

/* What a row of the window is. */
static inline enum fb_store_change fb_store_window_change(const struct fb_store_window *window, uint64_t seq)
{
	uint64_t at = seq - window->first_seq;

	return at < window->delete_cnt                         ? FB_STORE_DELETE
	       : at < window->delete_cnt + window->update_cnt ? FB_STORE_UPDATE
							      : FB_STORE_INSERT;
}

/* In the batch that has the last of its rows. */
void fb_store_put_window(struct fb_store_batch *batch, uint32_t query_id, const struct fb_store_window *window);
/* Removes slices and results of a query. */
void fb_store_delete_query(struct fb_store_batch *batch, uint32_t query_id);

/* The callback returns 0 to go on, anything else to stop with that value. Bytes are valid during the call only. */
typedef int (*fb_store_result_fn)(void *arg, uint64_t seq, const uint8_t *row, size_t len);
typedef int (*fb_store_slice_fn)(void *arg, int64_t start_ms, uint32_t part, const uint8_t *bytes, size_t len);
typedef int (*fb_store_meta_fn)(void *arg, const char *key, const uint8_t *bytes, size_t len);

/* Rows with from_seq <= seq, ascending (or, reverse, seq <= from_seq descending). */
int fb_store_scan_results(struct fb_store *store, uint32_t query_id, uint64_t from_seq, bool reverse,
	fb_store_result_fn fn, void *arg) FB_MUST_CHECK;
/* Windows that have rows at or behind from_seq, ascending. */
typedef int (*fb_store_window_fn)(void *arg, const struct fb_store_window *window);
int fb_store_scan_windows(struct fb_store *store, uint32_t query_id, uint64_t from_seq, fb_store_window_fn fn,
	void *arg) FB_MUST_CHECK;
int fb_store_scan_slices(struct fb_store *store, uint32_t query_id, fb_store_slice_fn fn, void *arg) FB_MUST_CHECK;
int fb_store_scan_meta(struct fb_store *store, const char *prefix, fb_store_meta_fn fn, void *arg) FB_MUST_CHECK;
/* FB_E_NOT_FOUND. Appends to ret_bytes. */
int fb_store_get_meta(struct fb_store *store, const char *key, struct fb_buf *ret_bytes) FB_MUST_CHECK;

/*
 * A new store in the place of one that fb_store_open refuses as damaged: with the files of its raw log, and tail, notes and
 * counters as far as they can be read. Rows, slices and pipelines are not taken over: `give_up` gets what meta had of them. The
 * damaged store is renamed to PATH.damaged-TIME, in which the files taken over are as well (hard links). `report` gets a line for
 * each thing that is kept or lost. 0 also when there is nothing to repair; FB_E_BUSY: a forebayd runs on it.
 */
int fb_store_repair(const char *path, fb_store_meta_fn give_up, void *arg, struct fb_buf *report) FB_MUST_CHECK;

/*
 * ---- raw blocks ----
 *
 * `raw` is written by whole files only: each is filled in key order, ingested with one call, never compacted, and goes as a
 * whole. `tail` takes blocks through the log, so that few bytes are durable soon without a file for each.
 */
enum fb_store_raw_part {
	FB_STORE_RAW_HEADER, /* small; lies apart from the block, so that headers are read without blocks */
	FB_STORE_RAW_BLOCK,
};

struct fb_store_raw_key {
	uint32_t stream;
	uint32_t core;
	uint64_t seq;
	enum fb_store_raw_part part;
};

/* Part of a batch. */
void fb_store_put_tail(struct fb_store_batch *batch, const struct fb_store_raw_key *key, const void *bytes, size_t len);
/* Removes tail keys of a stream and core below seq. */
void fb_store_delete_tail(struct fb_store_batch *batch, uint32_t stream, uint32_t core, uint64_t below_seq);

struct fb_store_raw_file;

/* One thread. Keys are added in ascending order. FB_E_FULL: the reserve is reached; the file is to be aborted. FB_E_IO. */
int fb_store_raw_file_create(struct fb_store *store, struct fb_store_raw_file **ret) FB_MUST_CHECK;
int fb_store_raw_file_add(struct fb_store_raw_file *file, const struct fb_store_raw_key *key, const void *bytes,
	size_t len) FB_MUST_CHECK;
/* Durable and visible on return, or (any failure) not there at all. The file is gone either way. */
int fb_store_raw_file_ingest(struct fb_store_raw_file *file, struct fb_buf *message) FB_MUST_CHECK;
void fb_store_raw_file_abort(struct fb_store_raw_file *file);
/* Deletes the files that hold nothing but keys of [from_seq, below_seq) of a stream and core. Readers at work keep theirs. */
int fb_store_delete_raw_files(struct fb_store *store, uint32_t stream, uint32_t core, uint64_t from_seq,
	uint64_t below_seq) FB_MUST_CHECK;

/*
 * Reads raw or tail. What it sees is what was there when it was made. One thread. After FB_E_CORRUPT it can seek to a key
 * behind the damage. An open iterator keeps the store from being opened anew: not for longer than a read takes.
 */
struct fb_store_raw_iter;

enum fb_store_raw_read { FB_STORE_RAW_READ, FB_STORE_RAW_READ_HEADERS, FB_STORE_TAIL_READ };

int fb_store_raw_iter_create(struct fb_store *store, enum fb_store_raw_read what, struct fb_store_raw_iter **ret)
	FB_MUST_CHECK;
void fb_store_raw_iter_destroy(struct fb_store_raw_iter *iter);
/* To the first entry at or behind the key. FB_E_NOT_FOUND: no more; FB_E_CORRUPT; FB_E_IO. */
int fb_store_raw_iter_seek(struct fb_store_raw_iter *iter, const struct fb_store_raw_key *key) FB_MUST_CHECK;
int fb_store_raw_iter_next(struct fb_store_raw_iter *iter) FB_MUST_CHECK;
/* Where it is; after a 0 only. The bytes are valid until it moves. */
void fb_store_raw_iter_get(const struct fb_store_raw_iter *iter, struct fb_store_raw_key *ret_key,
	const uint8_t **ret_bytes, size_t *ret_len);

/* What buffers and files are measured in: 32 MiB, less on small disks (1 MiB on one of 64 MiB). */
uint64_t fb_store_unit_bytes(const struct fb_store *store);

struct fb_store_stats {
	uint64_t disk_bytes;
	uint64_t memtable_bytes;
	uint64_t result_rows_estimate;
	uint64_t write_stall;      /* 1: RocksDB holds writes back */
	uint64_t commits;
	uint64_t commit_errors;
	uint64_t reopens; /* times it was opened anew after an error */
	uint64_t torn_bytes;      /* of its log, dropped when it was opened */
	int64_t written_ms;       /* wall clock of the last write to its log before it was opened; 0: not known */
	uint64_t set_aside_files; /* in the folder "damaged", by this start or an earlier one */
	uint64_t damage_cnt;      /* reads that met damage since it was opened */
	char damage[256];         /* the last of them, in words */
};

void fb_store_stats(struct fb_store *store, struct fb_store_stats *ret);
