/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch into fragments of sessions (rules W9, W10, M6). Hot.
 *
 * Event time is cut into buckets as long as the gap. Records of one key in one bucket are always of one
 * session, so a slice per bucket, with the least and greatest time of each key, is all that is needed of
 * them: one update per record as for other windows, and sessions are chains of fragments in neighbouring
 * buckets whose distance is at most the gap. The control plane joins them when their time is over.
 *
 * What a core must know itself is whether a record is late, which depends on the sessions of its key: a
 * record counts as long as it touches one that has not fired. A record ahead of the watermark by more
 * than a millisecond touches none that has fired, so for those nothing is asked. For others the fragments
 * of their key are looked up, in open slices and in those that were handed over less than two gaps ago,
 * which are watched for this purpose. `start` of a fragment hands on how far back its session goes when
 * earlier fragments are not watched any more.
 *
 * A record that touches a session which has fired begins a new one although they overlap. It goes into
 * another generation of its bucket, with `block`, the end of what has fired, and `born`, the watermark
 * when it came: it is not of the session of a fragment that is older and ends at its block or before.
 *
 * At a checkpoint open slices are handed over too, and watched: what comes next of the same bucket goes
 * to a slice of its own, and is of the same session, since nothing of a bucket has fired before it is over.
 * After a restart a core remembers the sessions that had not been published: they lie in a slice that is
 * looked into whichever bucket is asked for, since a session may be longer than a bucket.
 *
 * Times are instants here; only buckets are of wall clock. The control plane reads slices while they are
 * watched; `start` is the only word that is written then, and of no use to it.
 */
#include "dataplane/operator/reader_private.h"
#include "dataplane/operator/window.h"

struct key {
	uint64_t hash;
	struct fb_key_view view;
	uint64_t words[FB_KEY_WORDS_MAX];
	const char *texts[FB_KEY_MAX];
};

static void key_of(const struct fb_key_batch *keys, const struct fb_slice_layout *layout,
	uint32_t row, struct key *key)
{
	key->hash = keys->hashes[row];
	for (uint32_t w = 0; w < layout->key_words; w++)
		key->words[w] = keys->words[w][row];
	for (uint32_t k = 0; k < layout->key_cnt; k++)
		key->texts[k] = keys->texts[k][row];
	key->view = (struct fb_key_view){key->words, key->texts};
}

/* ---- fragments of a key ---- */

/* Walks the fragments of a key in one bucket: open slices first, then watched ones, and what is
 * remembered. */
struct walk {
	const struct fb_query_run *query;
	const struct key *key;
	int64_t start_ms;
	uint32_t at; /* in open; then, less open_cnt, in past */
};

static struct walk walk_bucket(
	const struct fb_query_run *query, const struct key *key, int64_t start_ms)
{
	struct fb_slice_place place = {start_ms, start_ms + query->plan->window.size_ms, 0};

	return (struct walk){query, key, start_ms, fb_window_lower_bound(query, place)};
}

static uint64_t *walk_next(struct walk *walk)
{
	const struct fb_query_run *query = walk->query;

	while (walk->at < query->open_cnt + query->past_cnt) {
		bool is_open = walk->at < query->open_cnt;
		const struct fb_slice *slice = is_open ? query->open[walk->at]
						       : query->past[walk->at - query->open_cnt];
		uint64_t *entry;

		if (is_open && slice->start_ms != walk->start_ms) {
			walk->at = query->open_cnt;
			continue;
		}
		walk->at++;
		if (slice->start_ms != walk->start_ms && !slice->remembered)
			continue;
		entry = fb_table_get(slice, walk->key->hash, &walk->key->view);
		if (entry != NULL && entry[query->layout->rows_word] > 0)
			return entry;
	}
	return NULL;
}

static inline int64_t end_of(const struct fb_query_run *query, const uint64_t *entry)
{
	return fb_entry_time_max(query->layout, entry) + query->plan->window.size_ms;
}

/* Whether what ends at `end_ms`, and came at `born_ms`, had fired when the fragment came. */
static inline bool blocks(const struct fb_query_run *query, const uint64_t *entry, int64_t born_ms,
	int64_t end_ms)
{
	return fb_entry_session_block(query->layout, entry) >= end_ms &&
	       born_ms < fb_entry_session_born(query->layout, entry);
}

static inline int64_t bucket_of(const struct fb_query_run *query, int64_t time_ms)
{
	return fb_window_slice_start(&query->plan->window, time_ms + query->plan->time_shift_ms);
}

/* End of the session that the fragment is part of, as far as it goes on from there. */
static int64_t session_end(
	const struct fb_query_run *query, const struct key *key, const uint64_t *entry)
{
	int64_t gap = query->plan->window.size_ms;
	int64_t bucket_ms = bucket_of(query, fb_entry_time_max(query->layout, entry));
	int64_t end = end_of(query, entry);
	int64_t born = fb_entry_session_born(query->layout, entry);

	for (bool more = true; more; bucket_ms += gap) {
		more = false;
		/* The bucket itself once more: another generation may go on where this one ends. */
		for (int64_t start = bucket_ms; start <= bucket_ms + gap; start += gap) {
			struct walk walk = walk_bucket(query, key, start);
			uint64_t *next;

			while ((next = walk_next(&walk)) != NULL) {
				if (fb_entry_time_min(query->layout, next) > end ||
					end_of(query, next) <= end ||
					blocks(query, next, born, end))
					continue;
				end = end_of(query, next);
				born = FB_MAX(born, fb_entry_session_born(query->layout, next));
				more = true;
			}
		}
	}
	return end;
}

/* ---- how far back a session goes ---- */

/* Fragments after this one that its session goes on with begin as early as it does. */
static void hand_on(const struct fb_query_run *query, const struct key *key, int64_t bucket_ms,
	int64_t last_ms, int64_t start_ms, int64_t born_ms)
{
	int64_t gap = query->plan->window.size_ms;

	for (bool more = true; more;) {
		struct walk walk = walk_bucket(query, key, bucket_ms += gap);
		uint64_t *next;

		more = false;
		while ((next = walk_next(&walk)) != NULL) {
			if (fb_entry_time_min(query->layout, next) > last_ms + gap ||
				blocks(query, next, born_ms, last_ms + gap) ||
				fb_entry_session_start(query->layout, next) <= start_ms)
				continue;
			fb_entry_set_session_start(query->layout, next, start_ms);
			last_ms = FB_MAX(last_ms, fb_entry_time_max(query->layout, next));
			more = true;
		}
	}
}

/* A record joins `entry` of its bucket, which is as it was before: both ways along the chain. */
static void link_up(const struct fb_query_run *query, const struct key *key, int64_t bucket_ms,
	uint64_t *entry, int64_t time_ms)
{
	const struct fb_slice_layout *layout = query->layout;
	int64_t gap = query->plan->window.size_ms;
	int64_t start = FB_MIN(fb_entry_session_start(layout, entry), time_ms);
	int64_t last = entry[layout->rows_word] > 0
			       ? FB_MAX(time_ms, fb_entry_time_max(layout, entry))
			       : time_ms;

	for (int64_t at = bucket_ms - gap; at <= bucket_ms; at += gap) {
		struct walk walk = walk_bucket(query, key, at);
		uint64_t *other;

		while ((other = walk_next(&walk)) != NULL) {
			if (other == entry || fb_entry_time_max(layout, other) + gap < time_ms ||
				fb_entry_time_min(layout, other) > time_ms + gap ||
				blocks(query, entry, fb_entry_session_born(layout, other),
					end_of(query, other)))
				continue;
			start = FB_MIN(start, fb_entry_session_start(layout, other));
			/* What was handed over of this bucket goes on with what this does. */
			last = FB_MAX(last, fb_entry_time_max(layout, other));
		}
	}
	fb_entry_set_session_start(layout, entry, start);
	hand_on(query, key, bucket_ms, last, start, fb_entry_session_born(layout, entry));
}

/* Records inside of what the fragment spans already change no session. */
static void link_rows(const struct fb_reader *reader, const struct fb_query_run *query,
	const struct fb_session_batch *rows, int64_t bucket_ms, const uint16_t *sel,
	uint32_t sel_cnt)
{
	const struct fb_slice_layout *layout = query->layout;
	const struct fb_key_batch *keys = reader->keys;
	bool followed = query->past_cnt > 0 ||
			query->open[query->open_cnt - 1]->start_ms > bucket_ms;
	struct key key;

	for (uint32_t i = 0; i < sel_cnt; i++) {
		uint64_t *entry = keys->entries[sel[i]];
		int64_t time = rows->times->i64[sel[i]];

		if (entry == NULL)
			continue;

		bool fresh = entry[layout->rows_word] == 0;

		if (!fresh && time >= fb_entry_time_min(layout, entry) &&
			(time <= fb_entry_time_max(layout, entry) || !followed))
			continue;
		key_of(keys, layout, sel[i], &key);
		link_up(query, &key, bucket_ms, entry, time);
	}
}

/* ---- updates ---- */

/* What new fragments get. */
struct birth {
	int64_t block_ms;
	int64_t born_ms;
};

static void update(struct fb_reader *reader, struct fb_query_run *query,
	const struct fb_session_batch *rows, struct fb_slice *slice, struct birth birth,
	const uint16_t *sel, uint32_t sel_cnt)
{
	struct fb_key_batch *keys = reader->keys;
	uint32_t placed;

	if (slice == NULL) {
		fb_count(query, FB_REC_STATE_FULL, sel_cnt);
		return;
	}
	fb_key_batch_begin(keys);
	keys->find(slice, sel, sel_cnt, keys);
	for (uint32_t i = 0; birth.born_ms != FB_TIME_MIN && i < sel_cnt; i++) {
		uint64_t *entry = keys->entries[sel[i]];

		if (entry == NULL || entry[query->layout->rows_word] > 0)
			continue;
		entry[query->layout->session_word + 1] = (uint64_t)birth.block_ms;
		entry[query->layout->session_word + 2] = (uint64_t)birth.born_ms;
	}
	link_rows(reader, query, rows, slice->start_ms, sel, sel_cnt);
	placed = fb_state_update(
		slice, rows->args, sel, sel_cnt, keys, &query->counters.sum_overflows);
	fb_count(query, FB_REC_ACCEPTED, placed);
	for (uint32_t i = 0; placed < sel_cnt && i < sel_cnt; i++)
		if (keys->refused[sel[i]])
			fb_count(query, (enum fb_record_disposition)keys->refused[sel[i]], 1);
}

/* Records ahead of the watermark: bucket by bucket. */
static void run_ahead(struct fb_reader *reader, struct fb_query_run *query,
	const struct fb_session_batch *rows, uint16_t *sel, uint32_t sel_cnt)
{
	int64_t gap = query->plan->window.size_ms;

	while (sel_cnt > 0) {
		int64_t bucket = bucket_of(query, rows->times->i64[sel[0]]);
		int64_t from = bucket - query->plan->time_shift_ms;
		uint16_t same[FB_BATCH_ROWS];
		uint32_t same_cnt = 0;
		uint32_t kept = 0;

		for (uint32_t i = 0; i < sel_cnt; i++) {
			int64_t time = rows->times->i64[sel[i]];

			if (time >= from && time - from < gap)
				same[same_cnt++] = sel[i];
			else
				sel[kept++] = sel[i];
		}
		sel_cnt = kept;
		update(reader, query, rows,
			fb_window_get_slice(query, (struct fb_slice_place){bucket, bucket + gap, 0}),
			(struct birth){FB_TIME_MIN, FB_TIME_MIN}, same, same_cnt);
	}
}

/* ---- records behind the watermark ---- */

struct touched {
	bool open;         /* a session that has not fired */
	int64_t fired_end; /* the last end of those that have; FB_TIME_MIN: none */
	int64_t start;     /* of all that are open, with the record */
	bool hand_on;      /* tell them */
};

static void touch(const struct fb_query_run *query, const struct key *key, int64_t bucket_ms,
	int64_t time_ms, int64_t watermark_ms, struct touched *touched)
{
	int64_t gap = query->plan->window.size_ms;
	struct walk walk = walk_bucket(query, key, bucket_ms);
	uint64_t *entry;

	while ((entry = walk_next(&walk)) != NULL) {
		int64_t end;

		if (fb_entry_session_start(query->layout, entry) > time_ms + gap ||
			end_of(query, entry) < time_ms)
			continue;
		end = session_end(query, key, entry);
		if (end - 1 <= watermark_ms) {
			touched->fired_end = FB_MAX(touched->fired_end, end);
			continue;
		}
		touched->open = true;
		touched->start = FB_MIN(
			touched->start, fb_entry_session_start(query->layout, entry));
		if (touched->hand_on)
			fb_entry_set_session_start(query->layout, entry, touched->start);
	}
}

/* Buckets from the one before the record's to the newest: an old record may be in the middle of a long
 * session. */
static void touch_all(const struct fb_query_run *query, const struct key *key, int64_t bucket_ms,
	int64_t time_ms, int64_t watermark_ms, struct touched *touched)
{
	int64_t gap = query->plan->window.size_ms;
	int64_t last_ms = FB_TIME_MIN;

	for (uint32_t i = 0; i < query->open_cnt + query->past_cnt; i++) {
		const struct fb_slice *slice = i < query->open_cnt
						       ? query->open[i]
						       : query->past[i - query->open_cnt];

		/* Generations of one bucket are walked at once. */
		if (slice->start_ms < bucket_ms - gap || slice->start_ms == last_ms)
			continue;
		last_ms = slice->start_ms;
		touch(query, key, last_ms, time_ms, watermark_ms, touched);
	}
}

static bool is_past(const struct fb_query_run *query, int64_t bucket_ms, uint32_t generation)
{
	for (uint32_t i = 0; i < query->past_cnt; i++)
		if (query->past[i]->start_ms == bucket_ms &&
			query->past[i]->generation == generation)
			return true;
	return false;
}

/* The generation that the record can go to: not handed over, and its fragment there, if any, is of no
 * session that the record must not join. */
static struct fb_slice *choose(struct fb_query_run *query, const struct key *key, int64_t bucket_ms,
	int64_t fired_end)
{
	int64_t gap = query->plan->window.size_ms;

	for (uint32_t generation = 0;; generation++) {
		struct fb_slice *slice;
		uint64_t *entry;

		if (is_past(query, bucket_ms, generation))
			continue;
		slice = fb_window_get_slice(
			query, (struct fb_slice_place){bucket_ms, bucket_ms + gap, generation});
		if (slice == NULL)
			return NULL;
		entry = fb_table_get(slice, key->hash, &key->view);
		if (entry == NULL || entry[query->layout->rows_word] == 0 ||
			fired_end == FB_TIME_MIN ||
			fb_entry_session_block(query->layout, entry) >= fired_end)
			return slice;
	}
}

/*
 * A record of a long session may be so old that fragments which it touches are not watched any more. Those
 * of other sessions have fired, and ended by this: the record must be kept from them too.
 */
static int64_t unseen_end(
	const struct fb_reader *reader, const struct fb_query_run *query, int64_t time_ms)
{
	int64_t end = reader->global_ms;

	if (end == FB_TIME_MIN || end == FB_TIME_MAX)
		return FB_TIME_MIN;
	end -= query->plan->window.size_ms - 1;
	return time_ms <= end ? end : FB_TIME_MIN;
}

static void run_behind(struct fb_reader *reader, struct fb_query_run *query,
	const struct fb_session_batch *rows, uint16_t row)
{
	int64_t time = rows->times->i64[row];
	int64_t watermark = reader->before_ms[row];
	int64_t bucket = bucket_of(query, time);
	struct touched touched = {.fired_end = unseen_end(reader, query, time), .start = time};
	struct key key;

	key_of(reader->keys, query->layout, row, &key);
	touch_all(query, &key, bucket, time, watermark, &touched);
	if (!touched.open && time + query->plan->window.size_ms - 1 <= watermark) {
		fb_count(query, FB_REC_LATE, 1);
		query->counters.late_row_windows++;
		return;
	}
	if (touched.open) {
		touched.hand_on = true;
		touch_all(query, &key, bucket, time, watermark, &touched);
	}
	update(reader, query, rows, choose(query, &key, bucket, touched.fired_end),
		(struct birth){touched.fired_end, watermark}, &row, 1);
}

/* ---- a batch ---- */

void fb_session_run(
	struct fb_reader *reader, struct fb_query_run *query, const struct fb_session_batch *rows)
{
	struct fb_batch *batch = rows->batch;
	int64_t after = FB_MAX(reader->global_ms, FB_MIN(reader->batch_own_ms, reader->others_ms));
	uint32_t begin = 0;

	/* Time + 1 ms: a session that ends right there has fired, and would still touch. */
	if (rows->min_ms - 1 > after) {
		run_ahead(reader, query, rows, batch->sel, batch->sel_cnt);
		return;
	}
	fb_watermarks_before(reader);
	for (uint32_t i = 0; i < batch->sel_cnt; i++) {
		uint16_t row = batch->sel[i];

		if (rows->times->i64[row] - 1 > reader->before_ms[row])
			continue;
		run_ahead(reader, query, rows, batch->sel + begin, i - begin);
		run_behind(reader, query, rows, row);
		begin = i + 1;
	}
	run_ahead(reader, query, rows, batch->sel + begin, batch->sel_cnt - begin);
}

/* ---- handed over ---- */

bool fb_session_has_room(const struct fb_query_run *query)
{
	return query->past_cnt + query->open_cnt <= FB_OPEN_SLICES_MAX / 2 &&
	       query->pool->free_cnt >= query->pool->page_cnt / 4;
}

void fb_session_watch(struct fb_query_run *query, struct fb_slice *slice)
{
	if (query->past_cnt == FB_OPEN_SLICES_MAX)
		return;
	slice->watched = true;
	query->past[query->past_cnt++] = slice;
}

/* Three gaps after the begin of a bucket no record that counts by its own time can touch what is in it: the
 * last session of it ended before two gaps, and such a record is less than a gap behind the watermark. */
void fb_session_unwatch(const struct fb_reader *reader, struct fb_query_run *query)
{
	int64_t watermark = fb_window_clock(query->plan, reader->global_ms);
	uint32_t kept = 0;

	for (uint32_t i = 0; i < query->past_cnt; i++) {
		struct fb_slice *slice = query->past[i];

		if (slice->start_ms + 3 * query->plan->window.size_ms - 2 > watermark) {
			query->past[kept++] = slice;
			continue;
		}
		slice->watched = false;
		if (slice->returned)
			fb_slice_close(slice);
	}
	query->past_cnt = kept;
}
