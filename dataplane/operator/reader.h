/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reader is one source table as one core sees it: decoder, column batch, watermark, and the
 * queries that read it. It is the whole of stream processing without packets: the worker feeds it
 * from mbufs, replay and `forebay run` from blocks, tests from strings.
 *
 * Watermark (rules M1–M5): a partition's own watermark is the running maximum of event time minus
 * delay, NONE until that is above 0. A row is judged against min(own before this row, the other
 * partitions'), never below what was already global. Rows that WHERE drops advance it too.
 * end_of_input makes it +infinity.
 *
 * Threads: create, destroy and the counters' snapshot: control. Everything marked hot: the core
 * that owns it.
 */
#pragma once

#include "config/base/calendar.h"
#include "config/sql/plan.h"
#include "dataplane/format/decoder.h"
#include "dataplane/operator/slice.h"

/* Instants offset_ms + n * step_ms. */
struct fb_reader_grid {
	int64_t step_ms;
	int64_t offset_ms;
};

#define FB_READER_MARKS_MAX 65536

struct fb_reader_conf {
	const struct fb_table *source; /* NULL: rows are given, not decoded (fb_reader_run_rows) */
	const struct fb_query_plan *const
		*queries; /* all with this source; they outlive the reader */
	/* Per query: the branch of a UNION ALL that reads this source, whose rows are the query's
	 * records; an entry may be NULL, and the array: the source's own. */
	const struct fb_query_plan *const *branches;
	const struct fb_slice_layout *const *layouts; /* per query; NULL entry for a plain one */
	uint32_t query_cnt;
	enum fb_framing framing;
	const struct fb_layout *record_layout; /* of binary records; NULL: the source's format */
	enum fb_isa isa;
	uint64_t state_bytes;  /* budget of each windowed query */
	uint64_t output_bytes; /* budget of row pages of each plain query */
	int64_t watermark_ms; /* global watermark to start from: FB_TIME_MIN, or what a restart kept
			       */
	/* The own watermark's values that lie on one of these are told by fb_reader_take_marks. */
	const struct fb_reader_grid *grids;
	uint32_t grid_cnt;
	bool grows; /* state is mapped as it is used, not at once: for readers that may wait for the
		       kernel */
};

/*
 * How a reader computes event time (the raw log notes it beside ranges of event times): `hash` of the time's expression,
 * format and framing, and the fields that have to be readable for a record to count. A range holds for whoever has the same
 * hash and needs at least these fields. hash 0: it cannot be told.
 */
struct fb_event_definition {
	uint64_t hash;
	uint64_t fields;
};
/* Of the reader that would be made of this, if one of its queries has windows. Control thread. */
struct fb_event_definition fb_event_definition_of(const struct fb_reader_conf *conf);

/* Where the records of one query went. decoded of the reader = the sum of disposition. */
struct fb_query_counters {
	uint64_t disposition[FB_REC_CNT];
	uint64_t late_row_windows; /* (row, window) pairs that came late; >= disposition[LATE] (rule
				      M5) */
	uint64_t sum_overflows;    /* SUM that wrapped at BIGINT (semantics 1.3); control adds those that wrapped at a narrower type */
	uint64_t slices_sealed;
	uint64_t sealed_rows; /* rows inside the slices handed over, sealed or (take_open) still
				 open */
	uint64_t open_slices;
	uint64_t open_rows; /* rows inside the open ones: accepted = sealed_rows + open_rows */
	uint64_t open_groups;
	uint64_t state_used_bytes;
	uint64_t rows_out;     /* plain query: rows in pages handed over */
	uint64_t rows_waiting; /* plain query: rows in pages not taken yet */
	uint64_t extra_rows;   /* of a window function without GROUP BY: beyond one for each accepted
				  record: accepted + extra_rows = rows_out + rows_waiting */
};

/* Encoded rows (dataplane/operator/row.h) of a plain query, on their way to the store. */
struct fb_row_page {
	struct fb_row_page *next; /* free list of the owner */
	uint32_t query;           /* index in the reader */
	uint32_t row_cnt;
	uint32_t len; /* bytes used */
	uint32_t cap;
	uint8_t bytes[];
};

struct fb_reader;

int fb_reader_create(const struct fb_reader_conf *conf, struct fb_reader **ret) FB_MUST_CHECK;
void fb_reader_destroy(struct fb_reader *reader);

/* Before anything is fed, or after a flush: the partition's own watermark goes on from here. */
void fb_reader_resume(struct fb_reader *reader, int64_t own_ms);

/*
 * Before anything is fed, SESSION: what an earlier reader knew of sessions that are not published yet, so that a late record
 * that touches one is kept (rule M6). The sessions are copied. FB_E_FULL: no room for them; FB_E_NO_MEMORY.
 */
int fb_reader_remember(struct fb_reader *reader, uint32_t query, const struct fb_slice *sessions) FB_MUST_CHECK;

uint32_t fb_reader_query_cnt(const struct fb_reader *reader);

/*
 * Metadata column `input` (field_cnt …) of all records fed from here on; one that no query reads is passed over. A text must
 * last as long as the records.
 */
void fb_reader_set_metadata(struct fb_reader *reader, uint16_t input, struct fb_value value);
/* Hot. The minimum of the other active partitions' watermarks; FB_TIME_MAX if there is none. Before
 * feeding. */
void fb_reader_set_others(struct fb_reader *reader, int64_t watermark_ms);
/* Hot. One payload; padding and lifetime as in decoder.h, until the next flush. */
void fb_reader_feed(struct fb_reader *reader, const uint8_t *data, uint32_t len);
/* Hot. Runs what is waiting; afterwards no pointer into a payload is held. */
void fb_reader_flush(struct fb_reader *reader);
/*
 * Hot. Feeding and flushing in steps, for a core that has every n-th block of one partition and learns only
 * between the steps what came in the blocks before (control/replay):
 *
 *   add      as fb_decoder_add, from *pos on; false: the batch is full, decode and run, then go on
 *   decode   converts what was added; returns the watermark that its rows make: FB_TIME_MIN none
 *   run      the queries over what was decoded; own_ms: the partition's watermark before its first row
 */
bool fb_reader_add(struct fb_reader *reader, const uint8_t *data, uint32_t len, uint32_t *pos);
int64_t fb_reader_decode(struct fb_reader *reader);
void fb_reader_run(struct fb_reader *reader, int64_t own_ms);
/* Hot. For the step between: what the decoder has seen (decoder.h), and decoding anew after the payload was cut otherwise. */
enum fb_decoder_seen fb_reader_take_seen(struct fb_reader *reader);
void fb_reader_forget(struct fb_reader *reader, const struct fb_decode_counters *before);
/*
 * Hot. The same when one batch has records of several partitions, in the order in which they came (control/replay):
 *
 *   pending    records added since the last decode: the number of the next one
 *   newest     the watermark that records [from, to) of what was decoded make; FB_TIME_MIN: none
 *   run_parts  in place of run: records up to parts[0].end, then to parts[1].end, …, the last of which is pending, are each
 *              judged by the watermarks of their part, own_ms being those before its first record
 *
 * With windows only (a reader that tracks no event time has no newest). The reader's own watermark has no meaning then.
 */
struct fb_reader_part {
	uint32_t end;
	int64_t own_ms;
	int64_t others_ms;
	int64_t global_ms;
};
uint32_t fb_reader_pending(const struct fb_reader *reader);
int64_t fb_reader_newest(const struct fb_reader *reader, uint32_t from, uint32_t to);
void fb_reader_run_parts(struct fb_reader *reader, const struct fb_reader_part *parts, uint32_t cnt);
/*
 * Hot. Of a reader without source: runs the queries over rows that somebody else made, columns as the
 * queries' inputs. They are judged against the global watermark, which rows do not move. The batch is
 * the caller's, and is not changed.
 */
void fb_reader_run_rows(struct fb_reader *reader, const struct fb_batch *rows);
/*
 * Hot. Values that the own watermark took, record by record, and that lie on a grid of the configuration: at most one a
 * record, in rising order. FB_READER_MARKS_MAX have room until they are taken. The array is valid until the next run.
 */
uint32_t fb_reader_take_marks(struct fb_reader *reader, const int64_t **ret_marks);
/* Hot. The first of them; false: there is none. */
bool fb_reader_take_mark(struct fb_reader *reader, int64_t *ret_mark_ms);
/* Hot. This partition's own watermark after the last flush. */
int64_t fb_reader_own_watermark(const struct fb_reader *reader);
/* Hot. hash 0 where it tracks no event time. */
struct fb_event_definition fb_reader_event_definition(const struct fb_reader *reader);
/* Hot. The oldest and newest event time of all records flushed since the last call; oldest > newest: none had one. */
void fb_reader_take_event_times(struct fb_reader *reader, int64_t *ret_oldest_ms, int64_t *ret_newest_ms);
/* Hot. Raises the global watermark (a lower one is ignored): slices that it completes can be taken.
 */
void fb_reader_set_watermark(struct fb_reader *reader, int64_t watermark_ms);
int64_t fb_reader_watermark(const struct fb_reader *reader);
/* Hot. The next sealed slice of any query, oldest first; NULL: no more. It is the caller's until
 * returned. */
struct fb_slice *fb_reader_take_sealed(struct fb_reader *reader, uint32_t *ret_query);
/* Hot. The next open slice, complete or not: to keep it across a stop, or to have its memory back. NULL: no more. */
struct fb_slice *fb_reader_take_open(struct fb_reader *reader, uint32_t *ret_query);
/*
 * Hot. The same for a checkpoint: what comes afterwards is judged as if the slice were still open. Of SESSION the reader looks
 * into it for three gaps more, and it takes that long until its memory is free; so it can be done only while those are not
 * too many, and a quarter of the budget is free.
 */
struct fb_slice *fb_reader_take_checkpoint(struct fb_reader *reader, uint32_t *ret_query);
bool fb_reader_can_checkpoint(const struct fb_reader *reader);
/* Hot. A page of rows that is full, or with `any` also one that is not. NULL: none. The caller's
 * until returned. */
struct fb_row_page *fb_reader_take_rows(struct fb_reader *reader, bool any);
/* Hot. Whether the rows of a burst of plain queries have room: what may wait, waits for it. */
bool fb_reader_has_room(const struct fb_reader *reader);
void fb_reader_return_slice(struct fb_reader *reader, uint32_t query, struct fb_slice *slice);
void fb_reader_return_rows(struct fb_reader *reader, struct fb_row_page *page);

/* Hot. Current numbers; the caller copies them to where others may read (worker/counters.h). Decode
 * counters: with a source only. */
const struct fb_decode_counters *fb_reader_decode_counters(const struct fb_reader *reader);
const struct fb_query_counters *fb_reader_query_counters(struct fb_reader *reader, uint32_t query);
