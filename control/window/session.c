/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SESSION: fragments of all cores to sessions (rule W9).
 *
 * Cores hand over the fragments of a bucket of event time when the watermark has passed it. When it has
 * passed one more on all of them, a round joins: all fragments at hand are sorted by key; those of a key
 * whose distance is at most the gap are one session, whichever core they are from. A session is whole when
 * it ended before the first bucket that is not complete: no fragment to come can touch it. It goes to a
 * slice; what may still go on goes to another one, and is a fragment of the next round. All that are whole
 * are read as one window. So a session comes out at most a gap after its end, and a round costs as much as
 * there are keys.
 *
 * A round's limit says all of what was published: sessions that end before it are, and what comes later ends
 * there or behind it, for a record is late when it would not. So a run that reads the same records again after
 * a crash leaves out what ends before the limit of the last round that was published, however its own rounds
 * fall.
 *
 * A fragment with a `block` came when sessions of its key that overlap it had fired (dataplane/operator/
 * session.c): it joins no older one that ends at its block or before. Fragments are taken in the
 * order in which they came, so that each sees sessions as they were.
 */
#include <stdlib.h>
#include <string.h>

#include "control/window/assembly_private.h"
#include "dataplane/operator/fragment.h"

/* Sessions of one key: where one goes is said when all its fragments are known. */
struct session {
	int64_t first_ms;
	int64_t last_ms;
	int64_t block_ms;
	int64_t born_ms;
	uint32_t into;         /* the session that it was joined to; its own number: none */
	struct fb_slice *slice;
};

struct round {
	struct fb_assembly *assembly;
	int64_t limit_ms; /* wall clock: what ends before is whole */
	uint32_t part_cnt;
	struct part **parts;
	struct fb_fragment *fragments;
	size_t fragment_cnt;
	uint32_t *session_of; /* of the fragments of a key */
	struct session *sessions;
	uint32_t session_cnt;
	struct fb_slice ***targets; /* per part, per group */
	/* Results: a key that has several sessions at once is in several slices. */
	struct fb_slice **whole;
	struct fb_slice **open;
	uint32_t whole_cnt;
	uint32_t open_cnt;
	int64_t first_start_ms, last_end_ms; /* of whole sessions */
	uint64_t dropped_rows; /* in sessions that were published by an earlier run */
};

static int by_key(const void *a, const void *b)
{
	const struct fb_fragment *x = a;
	const struct fb_fragment *y = b;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	if (x->born_ms != y->born_ms)
		return x->born_ms < y->born_ms ? -1 : 1;
	if (x->first_ms != y->first_ms)
		return x->first_ms < y->first_ms ? -1 : 1;
	return 0;
}

/* ---- sessions of a key ---- */

static int64_t gap_of(const struct round *round)
{
	return round->assembly->conf.plan->window.size_ms;
}

/* Whether `old` had fired when `young` came. */
static bool blocks(const struct session *young, const struct session *old, int64_t gap)
{
	return old->last_ms + gap <= young->block_ms && old->born_ms < young->born_ms;
}

static bool joins(const struct round *round, const struct session *a, const struct session *b)
{
	int64_t gap = gap_of(round);

	return a->first_ms <= b->last_ms + gap && b->first_ms <= a->last_ms + gap &&
	       !blocks(a, b, gap) && !blocks(b, a, gap);
}

/* The fragment is a session at first; then it takes in all that it joins. */
static uint32_t add_session(struct round *round, const struct fb_fragment *fragment)
{
	uint32_t number = round->session_cnt++;
	struct session *mine = &round->sessions[number];

	*mine = (struct session){
		.first_ms = fragment->first_ms,
		.last_ms = fragment->last_ms,
		.block_ms = fragment->block_ms,
		.born_ms = fragment->born_ms,
		.into = number};
	for (uint32_t i = 0; i < number; i++) {
		struct session *other = &round->sessions[i];

		if (other->into != i || !joins(round, mine, other))
			continue;
		other->into = number;
		mine->first_ms = FB_MIN(mine->first_ms, other->first_ms);
		mine->last_ms = FB_MAX(mine->last_ms, other->last_ms);
		mine->block_ms = FB_MAX(mine->block_ms, other->block_ms);
		mine->born_ms = FB_MAX(mine->born_ms, other->born_ms);
	}
	return number;
}

static struct fb_slice *get_slice(
	struct round *round, struct fb_slice **slices, uint32_t *cnt, uint32_t number)
{
	if (number == *cnt) {
		slices[number] = fb_slice_open(
			round->assembly->pool, round->assembly->conf.layout, round->limit_ms);
		if (slices[number] == NULL)
			return NULL;
		++*cnt;
	}
	return slices[number];
}

static bool is_whole(const struct round *round, int64_t end)
{
	return round->limit_ms == FB_TIME_MAX || end < round->limit_ms;
}

/*
 * The n-th session of a key goes to the n-th slice, whole ones and others apart. What an earlier run published goes to
 * none.
 */
static int place_sessions(struct round *round)
{
	int64_t shift = round->assembly->conf.plan->time_shift_ms;
	uint32_t whole = 0;
	uint32_t open = 0;

	for (uint32_t i = 0; i < round->session_cnt; i++) {
		struct session *session = &round->sessions[i];
		int64_t end = session->last_ms + gap_of(round) + shift;

		if (session->into != i || (is_whole(round, end) && end < round->assembly->done_ms))
			continue;
		if (is_whole(round, end)) {
			session->slice = get_slice(round, round->whole, &round->whole_cnt, whole++);
			round->first_start_ms =
				FB_MIN(round->first_start_ms, session->first_ms + shift);
			round->last_end_ms = FB_MAX(round->last_end_ms, end);
		} else {
			session->slice = get_slice(round, round->open, &round->open_cnt, open++);
		}
		if (session->slice == NULL)
			return FB_E_FULL;
	}
	return 0;
}

/* Fragments [0, cnt) are of one key. */
static int join_key(struct round *round, const struct fb_fragment *fragments, uint32_t cnt)
{
	int rc;

	round->session_cnt = 0;
	for (uint32_t i = 0; i < cnt; i++)
		round->session_of[i] = add_session(round, &fragments[i]);
	rc = place_sessions(round);
	for (uint32_t i = 0; rc == 0 && i < cnt; i++) {
		uint32_t at = round->session_of[i];

		while (round->sessions[at].into != at)
			at = round->sessions[at].into;
		round->targets[fragments[i].slice][fragments[i].number] = round->sessions[at].slice;
		if (round->sessions[at].slice == NULL)
			round->dropped_rows += fragments[i].rows;
	}
	return rc;
}

/* Keys of one hash are one, but for the rarest of chances: then those of the first key come first. */
static uint32_t same_keys(const struct round *round, struct fb_fragment *fragments, uint32_t cnt)
{
	uint32_t same = 1;

	for (uint32_t i = 1; i < cnt; i++) {
		struct fb_fragment fragment = fragments[i];

		if (!fb_fragment_same_key(round->parts[fragments[0].slice]->slice, &fragments[0],
			    round->parts[fragment.slice]->slice, &fragment))
			continue;
		/* The order of the others does not matter before their own turn; of these it holds. */
		memmove(&fragments[same + 1], &fragments[same], (i - same) * sizeof(fragment));
		fragments[same++] = fragment;
	}
	return same;
}

static int join_all(struct round *round)
{
	int rc = 0;

	qsort(round->fragments, round->fragment_cnt, sizeof(*round->fragments), by_key);
	for (size_t at = 0; rc == 0 && at < round->fragment_cnt;) {
		uint32_t cnt = 1;

		while (at + cnt < round->fragment_cnt &&
			round->fragments[at + cnt].hash == round->fragments[at].hash)
			cnt++;
		if (cnt > 1)
			cnt = same_keys(round, round->fragments + at, cnt);
		rc = join_key(round, round->fragments + at, cnt);
		at += cnt;
	}
	return rc;
}

/* ---- a round ---- */

static void close_round(struct round *round, bool failed)
{
	for (uint32_t i = 0; failed && i < round->whole_cnt; i++)
		fb_slice_close(round->whole[i]);
	for (uint32_t i = 0; failed && i < round->open_cnt; i++)
		fb_slice_close(round->open[i]);
	for (uint32_t i = 0; round->targets != NULL && i < round->part_cnt; i++)
		free(round->targets[i]);
	free(round->targets);
	free(round->parts);
	free(round->fragments);
	free(round->session_of);
	free(round->sessions);
	free(round->whole);
	free(round->open);
}

static int open_round(struct round *round)
{
	size_t group_cnt = 0;
	uint32_t at = 0;

	for (const struct part *part = round->assembly->parts; part != NULL; part = part->next) {
		round->part_cnt++;
		group_cnt += fb_slice_group_cnt(part->slice);
	}
	round->parts = calloc(round->part_cnt + 1, sizeof(*round->parts));
	round->targets = calloc(round->part_cnt + 1, sizeof(*round->targets));
	round->fragments = calloc(group_cnt + 1, sizeof(*round->fragments));
	round->session_of = calloc(round->part_cnt + 1, sizeof(*round->session_of));
	round->sessions = calloc(round->part_cnt + 1, sizeof(*round->sessions));
	round->whole = calloc(round->part_cnt + 1, sizeof(*round->whole));
	round->open = calloc(round->part_cnt + 1, sizeof(*round->open));
	if (!round->parts || !round->targets || !round->fragments || !round->session_of ||
		!round->sessions || !round->whole || !round->open)
		return FB_E_NO_MEMORY;
	for (struct part *part = round->assembly->parts; part != NULL; part = part->next) {
		round->parts[at] = part;
		round->targets[at] =
			calloc(fb_slice_group_cnt(part->slice) + 1, sizeof(struct fb_slice *));
		if (round->targets[at] == NULL)
			return FB_E_NO_MEMORY;
		round->fragment_cnt += fb_fragment_list(
			part->slice, at, round->fragments + round->fragment_cnt);
		at++;
	}
	return 0;
}

static int add_parts(struct round *round, struct fb_slice **slices, uint32_t cnt, bool whole,
	struct part **ret_parts)
{
	for (uint32_t i = 0; i < cnt; i++) {
		struct part *part = calloc(1, sizeof(*part));

		if (part == NULL)
			return FB_E_NO_MEMORY;
		*part = (struct part){.next = *ret_parts,
			.slice = slices[i],
			.from = FB_PART_OWN,
			.changed = true,
			.start_ms = whole ? round->first_start_ms : round->limit_ms,
			.first_end_ms = round->limit_ms,
			.last_end_ms = whole ? round->last_end_ms : round->limit_ms,
			.whole = whole};
		*ret_parts = part;
	}
	return 0;
}

/* The new parts take the place of the old ones, and their names in the store. */
static void replace_parts(struct fb_assembly *assembly, struct part *parts)
{
	struct stored_name *names = NULL;

	while (assembly->parts != NULL) {
		struct part *part = assembly->parts;
		struct stored_name **tail = &part->names;

		assembly->parts = part->next;
		while (*tail != NULL)
			tail = &(*tail)->next;
		*tail = names;
		names = part->names;
		part->names = NULL;
		fb_part_free(assembly, part);
	}
	assembly->parts = parts;
	if (parts != NULL)
		parts->names = names;
	else
		fb_names_published(assembly, names);
}

static int run_round(struct fb_assembly *assembly, int64_t limit_ms)
{
	struct round round = {.assembly = assembly,
		.limit_ms = limit_ms,
		.first_start_ms = FB_TIME_MAX,
		.last_end_ms = FB_TIME_MIN};
	struct part *parts = NULL;
	int rc = open_round(&round);

	if (rc == 0)
		rc = join_all(&round);
	for (uint32_t i = 0; rc == 0 && i < round.part_cnt; i++)
		rc = fb_slice_scatter(round.parts[i]->slice, round.targets[i]);
	if (rc == 0)
		rc = add_parts(&round, round.open, round.open_cnt, false, &parts);
	if (rc == 0)
		rc = add_parts(&round, round.whole, round.whole_cnt, true, &parts);
	close_round(&round, rc != 0);
	if (rc == 0) {
		replace_parts(assembly, parts);
		assembly->joined_ms = limit_ms;
		assembly->fresh = false;
		assembly->finished_rows += round.dropped_rows;
		if (assembly->cascade.below == NULL)
			assembly->skipped_rows += round.dropped_rows;
		return 0;
	}
	while (parts != NULL) {
		struct part *part = parts;

		parts = part->next;
		free(part);
	}
	return rc;
}

/* Wall clock from which on buckets are not complete on all cores. */
int64_t fb_session_limit(const struct fb_assembly *assembly, int64_t watermark_ms)
{
	const struct fb_query_plan *plan = assembly->conf.plan;
	int64_t clock = fb_window_clock(plan, watermark_ms);

	if (clock == FB_TIME_MIN || clock == FB_TIME_MAX)
		return clock;
	return fb_window_slice_start(&plan->window, clock + 1);
}

static struct part *next_whole(struct part *part)
{
	while (part != NULL && !part->whole)
		part = part->next;
	return part;
}

int fb_session_begin(struct fb_assembly *assembly, int64_t watermark_ms)
{
	struct part *part = next_whole(assembly->parts);

	if (part == NULL) {
		int64_t limit = fb_session_limit(assembly, watermark_ms);
		bool due = limit > assembly->joined_ms ||
			   (limit == FB_TIME_MAX && assembly->fresh);
		int rc;

		if (assembly->parts == NULL || limit == FB_TIME_MIN || !due)
			return 0;
		rc = run_round(assembly, limit);
		if (rc != 0)
			return rc;
		part = next_whole(assembly->parts);
		if (part == NULL)
			return 0;
	}
	assembly->part = part;
	assembly->slice = part->slice;
	/* At the end of input there is no limit: what goes on after it would not be known from what was published. */
	assembly->window = (struct fb_assembly_window){.start_ms = part->start_ms,
		.end_ms = part->last_end_ms,
		.done_ms = assembly->joined_ms == FB_TIME_MAX ? part->last_end_ms + 1 : assembly->joined_ms};
	return 1;
}

bool fb_session_next_slice(struct fb_assembly *assembly)
{
	struct part *part = next_whole(assembly->part->next);

	if (part == NULL)
		return false;
	assembly->part = part;
	assembly->slice = part->slice;
	assembly->cursor = 0;
	return true;
}

uint64_t fb_session_finish(struct fb_assembly *assembly)
{
	struct part **link = &assembly->parts;
	uint64_t rows = 0;

	while (*link != NULL) {
		struct part *part = *link;

		if (!part->whole) {
			link = &part->next;
			continue;
		}
		*link = part->next;
		rows += fb_slice_row_cnt(part->slice);
		fb_part_free(assembly, part);
	}
	assembly->done_ms = FB_MAX(assembly->done_ms, assembly->window.done_ms);
	return rows;
}

/* ---- a restart ---- */

int fb_session_recall(struct fb_assembly *assembly, struct fb_reader *reader, uint32_t query)
{
	int rc = 0;

	if (!fb_assembly_is_session(assembly))
		return 0;
	/* Joined, so that a reader knows how far back each goes. None is whole yet. Without room they are told one by one. */
	if (assembly->parts != NULL && assembly->fresh)
		FB_IGNORE(run_round(assembly, FB_TIME_MIN));
	for (const struct part *part = assembly->parts; rc == 0 && part != NULL; part = part->next)
		rc = fb_reader_remember(reader, query, part->slice);
	return rc;
}
