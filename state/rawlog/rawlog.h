/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The raw log: every datagram of the streams that are kept, in arrival order per core, in blocks
 * (block.h), in the store.
 *
 * A lane is one stream on one core: its blocks have keys (stream, core, first sequence number),
 * ascending for good.
 *
 *   append -> pending (memory) --flush--> tail (the store's log, synced)   few bytes: no file for each
 *                                  \----> span (an SST file, ingested)     many, or the tail has grown to a file
 *
 * What a power cut or kill takes is what was pending: at most what came since the last flush began.
 * A span is one file: its ranges are known without opening it, and retention deletes it as a whole,
 * oldest first.
 *
 * After a crash a file that was ingested but not yet noted is noted at the next open, a tail that
 * it holds already is dropped, and one that was not ingested is removed: at every instant each
 * flushed block is in the log exactly once.
 *
 * Threads: control threads only. An appender belongs to one thread at a time; everything else may
 * be called from any.
 */
#pragma once

#include "state/rawlog/block.h"
#include "state/store/store.h"

struct fb_rawlog;
struct fb_rawlog_appender;
struct fb_rawlog_scan;

/* Ranges of some blocks of a lane. As it lies in the store, little-endian. */
struct fb_rawlog_span {
	uint32_t stream;
	uint32_t core;
	uint64_t first_seq;
	uint64_t last_seq;
	int64_t first_arrival_ns;
	int64_t last_arrival_ns;
	int64_t min_event_ms; /* FB_TIME_MIN, FB_TIME_MAX: not known for all of it */
	int64_t max_event_ms;
	int64_t watermark_ms; /* as the first datagram came */
	uint64_t block_cnt;
	uint64_t datagram_cnt;
	uint64_t payload_bytes;
	uint64_t stored_bytes;
	struct fb_event_times_by event_times_by; /* notes of earlier versions end before it: not known */
};

/* What could not be read. */
struct fb_rawlog_damage {
	uint64_t block_cnt;    /* at least: of a file that cannot be opened, all of its blocks */
	uint64_t datagram_cnt; /* as headers and neighbours tell */
	char last[160];        /* the last one, in words */
};

/*
 * Reads what is there and puts right what a crash left. The store must outlive it. FB_E_NO_MEMORY,
 * FB_E_IO, FB_E_CORRUPT (notes in meta; damaged blocks are no error but counted).
 */
int fb_rawlog_open(struct fb_store *store, struct fb_rawlog **ret) FB_MUST_CHECK;
/* After its appenders and scans. */
void fb_rawlog_close(struct fb_rawlog *log);

/* The number of a stream, by its table: the same for good. Made and made durable if there is none
 * and `make`. FB_E_NOT_FOUND. */
int fb_rawlog_stream_id(
	struct fb_rawlog *log, const char *table, bool make, uint32_t *ret_id) FB_MUST_CHECK;
/* Every stream that was ever kept, in order of their numbers. The callback returns 0 to go on. */
typedef int (*fb_rawlog_stream_fn)(void *arg, uint32_t id, const char *table);
int fb_rawlog_streams(struct fb_rawlog *log, fb_rawlog_stream_fn fn, void *arg) FB_MUST_CHECK;
/* The spans of a stream, lane by lane, oldest first, the tail of each lane last (is_tail). */
typedef int (*fb_rawlog_span_fn)(void *arg, const struct fb_rawlog_span *span, bool is_tail);
int fb_rawlog_spans(
	struct fb_rawlog *log, uint32_t stream, fb_rawlog_span_fn fn, void *arg) FB_MUST_CHECK;
/* Everything of a stream (or, core given, a lane) as one; FB_E_NOT_FOUND: nothing. first/last_seq
 * are a lane's only. */
#define FB_RAWLOG_ALL_CORES UINT32_MAX
int fb_rawlog_total(struct fb_rawlog *log, uint32_t stream, uint32_t core,
	struct fb_rawlog_span *ret) FB_MUST_CHECK;
/* Damage met since it was opened, by all scans. */
void fb_rawlog_damage(struct fb_rawlog *log, struct fb_rawlog_damage *ret);

/* ---- retention ---- */

struct fb_rawlog_retention {
	int64_t age_ns; /* spans whose newest datagram is older go (of imported ones: came before); 0: no limit */
	uint64_t bytes; /* as stored, of the whole stream; 0: no limit */
};

/*
 * Datagrams of a capture have the capture's times: their age counts from when they came into the log. Those of a lane from from_seq
 * to to_seq (UINT64_MAX: an import that goes on) did at at_ns. Said again with the same from_seq, it replaces what was said.
 */
int fb_rawlog_note_import(struct fb_rawlog *log, uint32_t stream, uint32_t core, uint64_t from_seq, uint64_t to_seq,
	int64_t at_ns) FB_MUST_CHECK;

/* Deletes whole files, oldest first. *ret_deleted (may be NULL) adds up what went. */
int fb_rawlog_retain(struct fb_rawlog *log, uint32_t stream,
	const struct fb_rawlog_retention *retention, int64_t now_ns,
	struct fb_rawlog_span *ret_deleted) FB_MUST_CHECK;
/* The oldest file of a stream; FB_E_NOT_FOUND: it has none. What makes room when the disk is full.
 */
int fb_rawlog_delete_oldest(struct fb_rawlog *log, uint32_t stream) FB_MUST_CHECK;

/* ---- appending ---- */

struct fb_rawlog_appender_conf {
	uint32_t stream;
	uint32_t core;
	enum fb_block_codec codec;
	int level;           /* of the codec; 0: its default (lz4: acceleration) */
	int64_t tail_age_ns; /* a tail older than this becomes a file; 0: 300 s */
	/* Gives back the memory of a block that was appended. Called by append or flush or destroy.
	 */
	void (*release)(void *arg, uint8_t *bytes);
	void *arg;
};

struct fb_rawlog_appender_stats {
	uint64_t logged_datagrams; /* durable */
	uint64_t logged_bytes;     /* of payload */
	uint64_t stored_bytes;
	uint64_t pending_datagrams;
	uint64_t pending_bytes;
	uint64_t block_cnt;
	uint64_t file_cnt;
	uint64_t tail_commits;
	uint64_t flush_errors;
	uint64_t flush_ns; /* time spent in flushes */
};

int fb_rawlog_appender_create(struct fb_rawlog *log, const struct fb_rawlog_appender_conf *conf,
	struct fb_rawlog_appender **ret) FB_MUST_CHECK;
/* What is pending is lost. */
void fb_rawlog_appender_destroy(struct fb_rawlog_appender *appender);
/* The sequence number after the last one in the log: where a lane goes on after a restart. */
uint64_t fb_rawlog_appender_next_seq(const struct fb_rawlog_appender *appender);
/*
 * Compresses and takes a filled block with at least one datagram, whose numbers follow those
 * before. Its memory is released, now or after the flush, in any case; `fill` may lie in it and is
 * not touched after that. FB_E_NO_MEMORY: its datagrams are lost, and the caller counts them.
 */
int fb_rawlog_append(struct fb_rawlog_appender *appender, struct fb_block_fill *fill) FB_MUST_CHECK;
/*
 * Makes everything appended durable. FB_E_FULL, FB_E_IO, …: it stays pending, and the next flush
 * tries again. message (may be NULL) says why.
 */
int fb_rawlog_flush(struct fb_rawlog_appender *appender, struct fb_buf *message) FB_MUST_CHECK;
/* The tail becomes a file, too. */
int fb_rawlog_roll(struct fb_rawlog_appender *appender, struct fb_buf *message) FB_MUST_CHECK;
/* More is pending than a flush should write: flush, or discard if that fails. */
bool fb_rawlog_is_heavy(const struct fb_rawlog_appender *appender);
/* Gives up what is pending. */
void fb_rawlog_discard(
	struct fb_rawlog_appender *appender, uint64_t *ret_datagrams, uint64_t *ret_bytes);
/* Any thread. */
void fb_rawlog_appender_stats(
	const struct fb_rawlog_appender *appender, struct fb_rawlog_appender_stats *ret);

/* ---- reading ---- */

struct fb_rawlog_range {
	uint32_t stream;
	uint32_t core;
	uint64_t from_seq; /* inclusive; 0 and UINT64_MAX: all */
	uint64_t to_seq;
	int64_t from_ns; /* arrival, inclusive; INT64_MIN and INT64_MAX: all */
	int64_t to_ns;
	int64_t from_ms; /* event time, inclusive; FB_TIME_MIN and FB_TIME_MAX: all */
	int64_t to_ms;
	struct fb_event_times_by event_times_by; /* whose; blocks that do not tell of it are in the range */
	bool headers_only; /* fb_rawlog_scan_header only: nothing is read ahead */
};

#define FB_RAWLOG_RANGE_ALL(stream_, core_)            \
	((struct fb_rawlog_range){.stream = (stream_), \
		.core = (core_),                       \
		.to_seq = UINT64_MAX,                  \
		.from_ns = INT64_MIN,                  \
		.to_ns = INT64_MAX,                    \
		.from_ms = FB_TIME_MIN,                \
		.to_ms = FB_TIME_MAX})

/* Sees what was flushed before it was made. Spans and blocks that the range does not touch are not
 * read. One thread. */
int fb_rawlog_scan_create(struct fb_rawlog *log, const struct fb_rawlog_range *range,
	struct fb_rawlog_scan **ret) FB_MUST_CHECK;
void fb_rawlog_scan_destroy(struct fb_rawlog_scan *scan);
/*
 * The next block that may hold datagrams of the range, in order; its reader stands before the first
 * and is the scan's, until the next call. FB_E_NOT_FOUND: no more. Damage is skipped and counted,
 * never an error; FB_E_NO_MEMORY.
 */
int fb_rawlog_scan_block(struct fb_rawlog_scan *scan, struct fb_block_reader **ret) FB_MUST_CHECK;
/* The same, but only the header, without reading the block. Not to be mixed with the above on one
 * scan. */
int fb_rawlog_scan_header(struct fb_rawlog_scan *scan, struct fb_block_header *ret) FB_MUST_CHECK;
/* The next datagram of the range itself, over blocks. FB_E_NOT_FOUND: no more. */
int fb_rawlog_scan_datagram(
	struct fb_rawlog_scan *scan, struct fb_block_datagram *ret) FB_MUST_CHECK;
const struct fb_rawlog_damage *fb_rawlog_scan_damage(const struct fb_rawlog_scan *scan);

/* ---- single blocks ---- */

/*
 * For threads that share the blocks of a range: one finds headers (fb_rawlog_scan_header), each
 * reads blocks of them. Sees what was flushed before it was made, so it is made after the header
 * was read; it keeps the store from being opened anew, so it is not for long. One thread. FB_E_NO_MEMORY, FB_E_IO.
 */
struct fb_rawlog_fetch;
int fb_rawlog_fetch_create(struct fb_rawlog *log, struct fb_rawlog_fetch **ret) FB_MUST_CHECK;
void fb_rawlog_fetch_destroy(struct fb_rawlog_fetch *fetch);
/*
 * Opens the block of a header in the caller's reader (which it closes). FB_E_NOT_FOUND: retention
 * has deleted it. FB_E_CORRUPT: it cannot be read, which is counted as damage of the log.
 * FB_E_NO_MEMORY, FB_E_IO.
 */
int fb_rawlog_fetch_block(struct fb_rawlog_fetch *fetch, const struct fb_block_header *header,
	struct fb_block_reader *reader) FB_MUST_CHECK;
