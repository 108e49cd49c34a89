/* SPDX-License-Identifier: Apache-2.0 */
/* A unit through the reader of a core. */
#include "control/replay/replay_private.h"

/* A reader has room for 1024, and a batch opens 512 at most: with so many, the oldest are handed over as they are, down to the
 * lower number. */
#define OPEN_SLICES_MANY 512
#define OPEN_SLICES_FEW 256

/* Records of one piece in a batch. */
struct share {
	const struct fb_piece *piece;
	bool begins; /* with them the piece does */
	uint32_t end;
};

/* How far a unit has come into batches. */
struct walk {
	uint32_t piece;
	uint32_t payload; /* of the piece */
	uint32_t pos;     /* in the payload */
	uint32_t begun;   /* pieces of which something was looked at */
	struct share shares[FB_UNIT_PIECES_MAX];
	uint32_t share_cnt;
};

/* ---- handing over ---- */

static bool give_marks(struct fb_core *core, struct fb_reader *reader)
{
	const int64_t *marks;
	uint32_t cnt = fb_reader_take_marks(reader, &marks);
	bool given = true;

	for (uint32_t i = 0; given && i < cnt; i++)
		given = fb_core_give_mark(core, marks[i]);
	return given;
}

/*
 * Open slices beyond what a reader can have: many windows at once, as batch, or with a long delay. Windows that get more of them
 * later are put together from several slices of one core.
 */
static bool give_oldest(struct fb_core *core, struct fb_reader *reader)
{
	const struct fb_replay *replay = core->replay;
	uint32_t query_cnt = fb_reader_query_cnt(reader);
	uint64_t excess = 0;
	uint32_t query;

	for (uint32_t i = 0; i < query_cnt; i++) {
		uint64_t open = fb_reader_query_counters(reader, i)->open_slices;

		if (open > OPEN_SLICES_MANY)
			excess = FB_MAX(excess, open - OPEN_SLICES_FEW);
	}
	/* They come query by query: of each, what the one with the most has too many. */
	for (uint32_t i = 0; excess > 0 && i < query_cnt; i++)
		for (uint64_t n = 0; n < excess; n++) {
			struct fb_slice *slice = fb_reader_take_open(reader, &query);

			if (slice == NULL)
				return true;
			if (!fb_core_give_slice(core, replay->sides[core->side].queries[query], slice))
				return false;
		}
	return true;
}

static bool give_sealed(struct fb_core *core, uint32_t reader, int64_t watermark_ms)
{
	const struct fb_side *side = fb_core_side_of(core, reader);
	struct fb_slice *slice;
	uint32_t query;

	fb_reader_set_watermark(core->readers[reader], watermark_ms);
	while ((slice = fb_reader_take_sealed(core->readers[reader], &query)) != NULL)
		if (!fb_core_give_slice(core, side->queries[query], slice))
			return false;
	return true;
}

/* What is complete by this watermark, of all readers of the side. */
static bool give_all_sealed(struct fb_core *core, int64_t watermark_ms)
{
	bool several = core->replay->side_cnt > 1;

	for (uint32_t i = 0; i < core->reader_cnt; i++)
		if ((!several || i == core->side) && !give_sealed(core, i, watermark_ms))
			return false;
	return true;
}

static void collect_pages(struct fb_core *core, struct fb_reader *reader, bool any)
{
	struct fb_row_page *page;

	while ((page = fb_reader_take_rows(reader, any)) != NULL) {
		page->next = NULL;
		*core->pages_tail = page;
		core->pages_tail = &page->next;
		core->pages_out++;
	}
}

/* ---- batches ---- */

/* Adds what comes next until the batch is full. True: the unit is through. */
static bool fill(struct fb_core *core, struct fb_reader *reader, struct walk *walk)
{
	const struct fb_unit *unit = core->unit;

	for (walk->share_cnt = 0; walk->piece < unit->piece_cnt; walk->piece++, walk->payload = 0) {
		const struct fb_piece *piece = &unit->pieces[walk->piece];
		struct share *share = &walk->shares[walk->share_cnt++];
		bool added = true;

		*share = (struct share){.piece = piece, .begins = walk->begun == walk->piece};
		walk->begun = walk->piece + 1;
		while (walk->payload < piece->cnt) {
			const struct fb_payload *payload = &piece->payloads[walk->payload];

			added = fb_reader_add(reader, payload->data, payload->len, &walk->pos);
			if (!added)
				break;
			walk->payload++;
			walk->pos = 0;
		}
		share->end = fb_reader_pending(reader);
		if (!added)
			return false;
	}
	return true;
}

/* The watermark of several lanes took a new value: is it one that a level above waits for? */
static void mark_global(struct fb_core *core, int64_t before_ms)
{
	struct fb_replay *replay = core->replay;
	int64_t global = replay->partitions.global_ms;

	for (uint32_t g = 0; global != before_ms && g < replay->grid_cnt; g++)
		if (fb_floor_mod(global - replay->grids[g].offset_ms, replay->grids[g].step_ms) == 0) {
			core->marks_lost |= !fb_core_give_mark(core, global);
			return;
		}
}

/* What each share of the decoded batch is judged by, and what comes of it for those behind. In the order of units. */
static void judge(struct fb_core *core, struct fb_reader *reader, const struct walk *walk, struct fb_reader_part *parts)
{
	struct fb_partitions *partitions = &core->replay->partitions;
	uint32_t from = 0;

	for (uint32_t i = 0; i < walk->share_cnt; i++) {
		const struct share *share = &walk->shares[i];
		uint32_t lane = share->piece->lane;
		const struct fb_partition *partition = &partitions->at[lane];
		int64_t before_ms = partitions->global_ms;

		if (share->begins && share->piece->begins) {
			fb_partitions_begin(partitions, lane, share->piece->arrival_ns);
			mark_global(core, before_ms);
		}
		parts[i] = (struct fb_reader_part){.end = share->end,
			.own_ms = partition->own_ms,
			.others_ms = partition->others_ms,
			.global_ms = partition->before_ms};
		fb_partitions_advance(partitions, lane, fb_reader_newest(reader, from, share->end));
		from = share->end;
	}
}

/* Of several lanes. Returns the global watermark after the unit; FB_TIME_MAX: the run has failed. */
static int64_t run_parts(struct fb_core *core, struct fb_reader *reader)
{
	struct fb_replay *replay = core->replay;
	struct fb_order *order = &replay->sides[core->side].order;
	struct fb_reader_part parts[FB_UNIT_PIECES_MAX];
	struct walk walk = {0};
	int64_t global = FB_TIME_MIN;
	bool all = false;

	for (bool first = true; !all; first = false) {
		all = fill(core, reader, &walk);
		fb_reader_decode(reader);
		if (first && replay->ordered && fb_order_enter(order, core->unit->seq) == FB_TIME_MAX)
			return FB_TIME_MAX;
		judge(core, reader, &walk, parts);
		global = replay->partitions.global_ms;
		if (all && replay->ordered)
			fb_order_pass(order, core->unit->seq, global);
		fb_reader_run_parts(reader, parts, walk.share_cnt);
		collect_pages(core, reader, false);
		core->slices_lost |= !give_oldest(core, reader);
	}
	return global;
}

static void run_batch(struct fb_core *core, struct fb_reader *reader, int64_t before_ms)
{
	fb_reader_run(reader, before_ms);
	core->marks_lost |= !give_marks(core, reader);
	collect_pages(core, reader, false);
	core->slices_lost |= !give_oldest(core, reader);
}

/*
 * The first batch of the unit is decoded, and again if the unit did not begin or end with a record. Returns the watermark that its
 * rows make; *ret_all: it is all of the unit.
 */
static int64_t decode_first(struct fb_core *core, struct fb_reader *reader, struct walk *walk, bool *ret_all)
{
	struct fb_unit_source *source = core->replay->sides[core->side].units;
	struct fb_decode_counters before;
	int64_t newest;
	int rc;

	if (source->ops->settle != NULL)
		before = *fb_reader_decode_counters(reader);
	*ret_all = fill(core, reader, walk);
	newest = fb_reader_decode(reader);
	if (source->ops->settle == NULL)
		return newest;
	rc = source->ops->settle(source, core->unit, fb_reader_take_seen(reader), *ret_all ? core->unit->payload.len : walk->pos);
	core->unit_rc = rc < 0 ? rc : 0;
	if (rc != 1)
		return newest;
	*walk = (struct walk){0};
	fb_reader_forget(reader, &before);
	*ret_all = fill(core, reader, walk);
	newest = fb_reader_decode(reader);
	FB_IGNORE(fb_reader_take_seen(reader));
	return newest;
}

/* Of one lane: own watermark as it stands, or as the order says. Returns it as it is after the unit; FB_TIME_MAX as above. */
static int64_t run_whole(struct fb_core *core, struct fb_reader *reader)
{
	struct fb_replay *replay = core->replay;
	struct fb_order *order = &replay->sides[core->side].order;
	struct walk walk = {0};
	bool all;
	int64_t newest = decode_first(core, reader, &walk, &all);
	int64_t before = fb_reader_own_watermark(reader);

	if (core->unit_rc != 0)
		return FB_TIME_MAX;
	if (replay->ordered) {
		before = fb_order_enter(order, core->unit->seq);
		if (before == FB_TIME_MAX)
			return FB_TIME_MAX;
		/* Mostly the unit is one batch: then the next core may go on while this one runs its own. */
		if (all)
			fb_order_pass(order, core->unit->seq, newest);
	}
	run_batch(core, reader, before);
	if (all)
		return fb_reader_own_watermark(reader);
	while (!all) {
		all = fill(core, reader, &walk);
		fb_reader_decode(reader);
		run_batch(core, reader, fb_reader_own_watermark(reader));
	}
	if (replay->ordered)
		fb_order_pass(order, core->unit->seq, fb_reader_own_watermark(reader));
	return fb_reader_own_watermark(reader);
}

/* ---- units ---- */

/* What found no room: then the rows would be wrong, and the run ends before they are published. */
static int check_room(struct fb_core *core, struct fb_reader *reader)
{
	for (uint32_t i = 0; i < fb_reader_query_cnt(reader); i++) {
		const struct fb_query_counters *counters = fb_reader_query_counters(reader, i);

		if (counters->disposition[FB_REC_STATE_FULL] > 0 || counters->disposition[FB_REC_OUTPUT_FULL] > 0)
			return FB_E_FULL;
	}
	return core->marks_lost || core->slices_lost ? FB_E_NO_MEMORY : 0;
}

void fb_core_begin(struct fb_core *core)
{
	for (uint32_t i = 0; core->replay->conf->batch && i < core->reader_cnt; i++)
		fb_reader_set_others(core->readers[i], FB_TIME_MIN);
}

/* As batch what is older than all to come is complete before the unit, as stream what its watermark says is after it. */
static int seal(struct fb_core *core, int64_t watermark_ms)
{
	struct fb_side *side = &core->replay->sides[core->side];
	int64_t lowest = FB_TIME_MAX;

	if (!core->replay->has_windows || watermark_ms == FB_TIME_MIN)
		return 0;
	if (!give_all_sealed(core, watermark_ms))
		return FB_E_NO_MEMORY;
	/* It only says what to read next: that another core stores a lower one does no harm. */
	atomic_store_explicit(&side->watermark_ms, watermark_ms, memory_order_relaxed);
	for (uint32_t i = 0; i < core->reader_cnt; i++)
		lowest = FB_MIN(lowest, fb_reader_watermark(core->readers[i]));
	atomic_store(&core->watermark_ms, lowest);
	return 0;
}

/* A unit of files has one file. */
static void set_metadata(struct fb_core *core, struct fb_reader *reader)
{
	const struct fb_table *source = core->replay->sides[core->side].table;
	const struct fb_input_facts *facts = core->unit->block.facts;

	if (source->metadata_cnt == 0 || core->facts == facts)
		return;
	core->facts = facts;
	for (uint16_t i = source->field_cnt; i < fb_table_input_cnt(source); i++) {
		const char *key = source->fields[i]->metadata_key;
		struct fb_value value = {0};

		if (strcmp(key, "file.path") == 0)
			value.str = facts->path;
		else if (strcmp(key, "file.name") == 0)
			value.str = facts->name;
		else
			value.i64 = strcmp(key, "file.size") == 0 ? facts->size : facts->modified_ms;
		fb_reader_set_metadata(reader, i, value);
	}
}

static struct fb_reader *reader_of(const struct fb_core *core)
{
	const struct fb_unit *unit = core->unit;

	if (core->replay->side_cnt > 1)
		return core->readers[core->side];
	return core->readers[core->reader_cnt > 1 && unit->piece_cnt > 0 ? unit->pieces[0].lane : 0];
}

int fb_core_run(struct fb_core *core)
{
	struct fb_replay *replay = core->replay;
	struct fb_unit *unit = core->unit;
	struct fb_reader *reader = reader_of(core);
	uint64_t before = fb_reader_decode_counters(reader)->records;
	struct fb_row_page *pages = NULL;
	int64_t watermark;
	int rc = 0;

	core->pages_tail = &pages;
	set_metadata(core, reader);
	if (replay->conf->batch && unit->floor_ms > FB_TIME_MIN)
		rc = seal(core, unit->floor_ms - FB_REPLAY_FLOOR_MS);
	watermark = replay->parted ? run_parts(core, reader) : run_whole(core, reader);
	rc = rc ? rc : core->unit_rc;
	rc = rc ? rc : check_room(core, reader);
	if (rc != 0)
		return rc;
	unit->records = (uint32_t)(fb_reader_decode_counters(reader)->records - before);
	atomic_store_explicit(&core->records, core->records + unit->records, memory_order_relaxed);
	if (replay->has_plain) {
		collect_pages(core, reader, true);
		if (!fb_core_give_rows(core, pages))
			return FB_E_NO_MEMORY;
	}
	/* FB_TIME_MAX: the run has failed elsewhere. */
	return replay->conf->batch || watermark == FB_TIME_MAX ? 0 : seal(core, watermark);
}

int fb_core_give_open(struct fb_core *core)
{
	struct fb_slice *slice;
	uint32_t query;

	/* In a batch nothing is late, and nothing frees what a reader looks into before the end. */
	for (uint32_t i = 0; i < core->reader_cnt; i++)
		while ((slice = core->replay->conf->batch ? fb_reader_take_open(core->readers[i], &query)
							   : fb_reader_take_checkpoint(core->readers[i], &query)) != NULL)
			if (!fb_core_give_slice(core, fb_core_side_of(core, i)->queries[query], slice))
				return FB_E_NO_MEMORY;
	return 0;
}

int fb_core_end_side(struct fb_core *core)
{
	return core->replay->side_cnt > 1 ? seal(core, FB_TIME_MAX) : 0;
}

int fb_core_end(struct fb_core *core)
{
	for (uint32_t i = 0; i < core->reader_cnt; i++)
		if (!give_sealed(core, i, FB_TIME_MAX))
			return FB_E_NO_MEMORY;
	return 0;
}
