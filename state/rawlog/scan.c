/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a lane: its files span by span, then its tail.
 *
 * What it sees is fixed at the start, under the log's lock: the spans, an iterator over files and
 * one over the tail. RocksDB's iterators keep what they saw, so blocks that move from the tail into
 * a file meanwhile, or that retention deletes, are read all the same and once.
 *
 * Damage is found by RocksDB's checksums (its error ends the iterator until it seeks on) and by the
 * block's own. Sequence numbers tell where the next block is looked for.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "state/rawlog/rawlog_private.h"

struct fb_rawlog_scan {
	struct fb_rawlog *log;
	struct fb_rawlog_range range;
	struct fb_rawlog_span *spans; /* those that the range touches; the tail last */
	uint32_t span_cnt;
	uint32_t span; /* being read */
	bool has_tail;
	bool in_span;  /* the iterator stands in it */
	bool in_block; /* fb_rawlog_scan_datagram */
	bool headers_only;
	uint64_t next_seq; /* of the span: everything below was read, skipped or counted */
	struct fb_store_raw_iter *files;
	struct fb_store_raw_iter *tail;
	struct fb_block_header header;
	struct fb_block_reader reader;
	struct fb_rawlog_damage damage;
};

/* Ranges of a block or a span. */
struct extent {
	uint64_t first_seq, last_seq;
	int64_t first_ns, last_ns;
	int64_t min_ms, max_ms;
	struct fb_event_times_by by;
};

static bool touches(const struct fb_rawlog_range *range, const struct extent *extent)
{
	return extent->last_seq >= range->from_seq && extent->first_seq <= range->to_seq &&
	       extent->last_ns >= range->from_ns && extent->first_ns <= range->to_ns &&
	       (!fb_event_times_hold(extent->by, range->event_times_by) ||
		       (extent->max_ms >= range->from_ms && extent->min_ms <= range->to_ms));
}

static bool touches_span(const struct fb_rawlog_range *range, const struct fb_rawlog_span *span)
{
	return touches(range, &(struct extent){span->first_seq, span->last_seq, span->first_arrival_ns,
				      span->last_arrival_ns, span->min_event_ms, span->max_event_ms,
				      span->event_times_by});
}

static bool touches_block(const struct fb_rawlog_range *range, const struct fb_block_header *header)
{
	return touches(range, &(struct extent){header->first_seq, header->last_seq,
				      header->first_arrival_ns, header->last_arrival_ns,
				      header->min_event_ms, header->max_event_ms, header->event_times_by});
}

static int choose_spans(struct fb_rawlog_scan *scan)
{
	const struct lane *lane =
		fb_rawlog_find_lane(scan->log, scan->range.stream, scan->range.core);

	if (lane == NULL)
		return 0;
	scan->spans = malloc((lane->end - lane->first + 1) * sizeof(*scan->spans));
	if (scan->spans == NULL)
		return FB_E_NO_MEMORY;
	for (uint32_t i = lane->first; i < lane->end; i++)
		if (touches_span(&scan->range, &lane->spans[i]))
			scan->spans[scan->span_cnt++] = lane->spans[i];
	if (lane->tail.block_cnt > 0 && touches_span(&scan->range, &lane->tail)) {
		scan->spans[scan->span_cnt++] = lane->tail;
		scan->has_tail = true;
	}
	return 0;
}

int fb_rawlog_scan_create(
	struct fb_rawlog *log, const struct fb_rawlog_range *range, struct fb_rawlog_scan **ret)
{
	struct fb_rawlog_scan *scan = calloc(1, sizeof(*scan));
	int rc;

	if (scan == NULL)
		return FB_E_NO_MEMORY;
	scan->log = log;
	scan->range = *range;
	pthread_mutex_lock(&log->lock);
	rc = choose_spans(scan);
	if (rc == 0)
		rc = fb_store_raw_iter_create(log->store,
			range->headers_only ? FB_STORE_RAW_READ_HEADERS : FB_STORE_RAW_READ, &scan->files);
	if (rc == 0)
		rc = fb_store_raw_iter_create(log->store, FB_STORE_TAIL_READ, &scan->tail);
	pthread_mutex_unlock(&log->lock);
	if (rc != 0) {
		fb_rawlog_scan_destroy(scan);
		return rc;
	}
	*ret = scan;
	return 0;
}

void fb_rawlog_scan_destroy(struct fb_rawlog_scan *scan)
{
	if (scan == NULL)
		return;
	fb_store_raw_iter_destroy(scan->files);
	fb_store_raw_iter_destroy(scan->tail);
	fb_block_close(&scan->reader);
	free(scan->spans);
	free(scan);
}

const struct fb_rawlog_damage *fb_rawlog_scan_damage(const struct fb_rawlog_scan *scan)
{
	return &scan->damage;
}

/* ---- damage ---- */

static void count_damage(struct fb_rawlog_scan *scan, uint64_t blocks, uint64_t first_seq,
	uint64_t last_seq, const char *what)
{
	struct fb_rawlog_damage *all = &scan->log->damage;

	scan->damage.block_cnt += blocks;
	scan->damage.datagram_cnt += last_seq - first_seq + 1;
	snprintf(scan->damage.last, sizeof(scan->damage.last),
		"core %" PRIu32 ", datagrams %" PRIu64 " to %" PRIu64 ": %s", scan->range.core,
		first_seq, last_seq, what);
	pthread_mutex_lock(&scan->log->lock);
	all->block_cnt += blocks;
	all->datagram_cnt += last_seq - first_seq + 1;
	memcpy(all->last, scan->damage.last, sizeof(all->last));
	pthread_mutex_unlock(&scan->log->lock);
}

/* ---- walking ---- */

static const struct fb_rawlog_span *current(const struct fb_rawlog_scan *scan)
{
	return &scan->spans[scan->span];
}

static struct fb_store_raw_iter *iter_of(const struct fb_rawlog_scan *scan)
{
	return scan->has_tail && scan->span + 1 == scan->span_cnt ? scan->tail : scan->files;
}

/* The file is gone that had the rest of the span: it was damaged, and the store has set it aside. */
static void count_missing(struct fb_rawlog_scan *scan)
{
	const struct fb_rawlog_span *span = current(scan);

	if (scan->next_seq <= span->last_seq)
		count_damage(scan, scan->next_seq == span->first_seq ? span->block_cnt : 1, scan->next_seq, span->last_seq,
			"their file is not there any more");
}

static void leave_span(struct fb_rawlog_scan *scan)
{
	scan->span++;
	scan->in_span = false;
}

/* A file that cannot be read is damage like any other: what is behind it is not. */
static int as_damage(int rc)
{
	return rc == FB_E_IO ? FB_E_CORRUPT : rc;
}

static int seek(struct fb_rawlog_scan *scan, uint64_t seq, enum fb_store_raw_part part)
{
	struct fb_store_raw_key key = {
		.stream = scan->range.stream, .core = scan->range.core, .seq = seq, .part = part};

	return as_damage(fb_store_raw_iter_seek(iter_of(scan), &key));
}

static int next(struct fb_rawlog_scan *scan)
{
	return as_damage(fb_store_raw_iter_next(iter_of(scan)));
}

/* Where the iterator stands; FB_E_NOT_FOUND if that is outside the span. */
static int look(const struct fb_rawlog_scan *scan, struct fb_store_raw_key *ret_key,
	const uint8_t **ret_bytes, size_t *ret_len)
{
	fb_store_raw_iter_get(iter_of(scan), ret_key, ret_bytes, ret_len);
	return ret_key->stream == scan->range.stream && ret_key->core == scan->range.core &&
			       ret_key->seq <= current(scan)->last_seq
		       ? 0
		       : FB_E_NOT_FOUND;
}

/* The block of `seq` is unreadable, and how far it reaches is not known: up to the next header that
 * is readable. */
static void skip_unknown(struct fb_rawlog_scan *scan, uint64_t seq, const char *what)
{
	const struct fb_rawlog_span *span = current(scan);
	struct fb_store_raw_key key;
	const uint8_t *bytes;
	size_t len;
	int rc = seek(scan, seq, FB_STORE_RAW_BLOCK + 1);

	/* The header of the next is in a RocksDB block of its own: usually it is whole. */
	if (rc == 0 && look(scan, &key, &bytes, &len) == 0 && key.seq > seq) {
		count_damage(scan, 1, scan->next_seq, key.seq - 1, what);
		scan->next_seq = key.seq;
		return;
	}
	count_damage(scan, 1, scan->next_seq, span->last_seq, what);
	leave_span(scan);
}

/*
 * The next header at or behind next_seq whose block touches the range: in scan->header, and the
 * iterator stands on it. FB_E_NOT_FOUND: the span is used up. FB_E_CORRUPT: damage was counted,
 * look again.
 */
static int find_header(struct fb_rawlog_scan *scan)
{
	struct fb_store_raw_key key;
	const uint8_t *bytes;
	size_t len;
	int rc = scan->in_span && !scan->headers_only
			 ? next(scan)
			 : seek(scan, scan->next_seq, FB_STORE_RAW_HEADER);

	scan->in_span = false;
	if (rc == 0)
		rc = look(scan, &key, &bytes, &len);
	if (rc == FB_E_CORRUPT) {
		/* The header's own RocksDB block is bad. Its copy in front of the block still
		 * tells. */
		rc = seek(scan, scan->next_seq, FB_STORE_RAW_BLOCK);
		if (rc == 0)
			rc = look(scan, &key, &bytes, &len);
		if (rc == FB_E_CORRUPT || (rc == 0 && key.seq != scan->next_seq)) {
			skip_unknown(scan, scan->next_seq, "header damaged");
			return FB_E_CORRUPT;
		}
	}
	if (rc != 0)
		return rc;
	rc = fb_block_header_read(bytes, len, &scan->header);
	if (rc != 0 || scan->header.first_seq != key.seq) {
		skip_unknown(scan, key.seq,
			rc == FB_E_UNSUPPORTED ? "made by a later version" : "header damaged");
		return FB_E_CORRUPT;
	}
	scan->next_seq = scan->header.last_seq + 1;
	return 0;
}

/* The next header of the range, over spans. */
static int next_header(struct fb_rawlog_scan *scan)
{
	while (scan->span < scan->span_cnt) {
		int rc;

		if (!scan->in_span)
			scan->next_seq = FB_MAX(scan->next_seq, current(scan)->first_seq);
		rc = find_header(scan);
		if (rc == FB_E_CORRUPT)
			continue;
		if (rc == FB_E_NOT_FOUND) {
			count_missing(scan);
			leave_span(scan);
			continue;
		}
		if (rc != 0)
			return rc;
		if (touches_block(&scan->range, &scan->header))
			return 0;
	}
	return FB_E_NOT_FOUND;
}

int fb_rawlog_scan_header(struct fb_rawlog_scan *scan, struct fb_block_header *ret)
{
	int rc;

	scan->headers_only = true;
	rc = next_header(scan);
	if (rc == 0)
		*ret = scan->header;
	return rc;
}

/* From a header to its block. */
static int open_block(struct fb_rawlog_scan *scan)
{
	struct fb_store_raw_key key;
	const uint8_t *bytes;
	size_t len;
	int rc;

	fb_store_raw_iter_get(iter_of(scan), &key, &bytes, &len);
	rc = key.part == FB_STORE_RAW_HEADER ? next(scan) : 0;
	if (rc == 0)
		fb_store_raw_iter_get(iter_of(scan), &key, &bytes, &len);
	if (rc == FB_E_NOT_FOUND ||
		(rc == 0 && (key.part != FB_STORE_RAW_BLOCK || key.seq != scan->header.first_seq)))
		return FB_E_CORRUPT;
	if (rc == 0)
		rc = fb_block_open(&scan->reader, bytes, len);
	scan->in_span = rc == 0;
	return rc;
}

int fb_rawlog_scan_block(struct fb_rawlog_scan *scan, struct fb_block_reader **ret)
{
	for (;;) {
		int rc = next_header(scan);

		if (rc == 0)
			rc = open_block(scan);
		if (rc == 0) {
			*ret = &scan->reader;
			return 0;
		}
		if (rc != FB_E_CORRUPT && rc != FB_E_UNSUPPORTED)
			return rc;
		count_damage(scan, 1, scan->header.first_seq, scan->header.last_seq,
			rc == FB_E_UNSUPPORTED ? "made by a later version" : "block damaged");
	}
}

static bool in_range(const struct fb_rawlog_range *range, const struct fb_block_datagram *datagram)
{
	return datagram->seq >= range->from_seq && datagram->seq <= range->to_seq &&
	       datagram->arrival_ns >= range->from_ns && datagram->arrival_ns <= range->to_ns;
}

int fb_rawlog_scan_datagram(struct fb_rawlog_scan *scan, struct fb_block_datagram *ret)
{
	for (;;) {
		struct fb_block_reader *reader;
		int rc = scan->in_block ? fb_block_next(&scan->reader, ret) : FB_E_NOT_FOUND;

		if (rc == 0 && in_range(&scan->range, ret))
			return 0;
		if (rc == 0)
			continue;
		if (rc == FB_E_CORRUPT)
			count_damage(scan, 1, scan->header.first_seq, scan->header.last_seq,
				"block damaged");
		scan->in_block = false;
		rc = fb_rawlog_scan_block(scan, &reader);
		if (rc != 0)
			return rc;
		scan->in_block = true;
	}
}
