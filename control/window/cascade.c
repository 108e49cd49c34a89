/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A level above the first of a cascade: rows of the windows below are its records. They go through a reader
 * without decoder, the one that cores have for records, into slices, and these into the assembly like
 * slices of a core. Nothing here is of the store: what a failure leaves is taken up by the next call.
 */
#include <stdlib.h>
#include <string.h>

#include "control/window/assembly_private.h"

/* A reader has room for 1024 open slices, and a batch opens 512 at most. */
#define OPEN_SLICES_MANY 512
#define OPEN_SLICES_FEW 256

uint32_t fb_assembly_pool_cnt(const struct fb_query_plan *plan)
{
	return 2 * fb_query_level_cnt(plan) - 1;
}

struct fb_assembly *fb_cascade_first(struct fb_assembly *assembly)
{
	while (assembly->cascade.below != NULL)
		assembly = assembly->cascade.below;
	return assembly;
}

/* ---- making it ---- */

static void release(void *arg, struct fb_slice *slice, uint32_t from)
{
	struct fb_assembly *assembly = arg;

	(void)from;
	fb_reader_return_slice(assembly->cascade.reader, 0, slice);
}

static int open_reader(struct fb_assembly *assembly)
{
	struct cascade *cascade = &assembly->cascade;
	const struct fb_slice_layout *layouts[1] = {cascade->layout};
	struct fb_reader_conf conf = {
		.queries = &assembly->conf.plan,
		.layouts = layouts,
		.query_cnt = 1,
		.isa = assembly->conf.isa,
		.state_bytes = assembly->conf.pool_bytes,
		.watermark_ms = FB_TIME_MIN,
		.grows = true,
	};

	return fb_reader_create(&conf, &cascade->reader);
}

int fb_cascade_open(struct fb_assembly *assembly)
{
	struct fb_assembly_conf below = assembly->conf;
	struct cascade *cascade = &assembly->cascade;
	int rc;

	below.plan = assembly->conf.plan->upstream;
	cascade->watermark_ms = FB_TIME_MIN;
	cascade->inputs = calloc(below.plan->select_cnt + 1u, sizeof(*cascade->inputs));
	rc = cascade->inputs == NULL ? FB_E_NO_MEMORY
				     : fb_slice_layout_create(assembly->conf.plan, &cascade->layout);
	if (rc != 0)
		return rc;
	assembly->conf.layout = cascade->layout;
	assembly->conf.release = release;
	assembly->conf.arg = assembly;
	rc = open_reader(assembly);
	if (rc == 0)
		rc = fb_assembly_create(&below, &cascade->below);
	if (rc == 0)
		cascade->below->above = assembly;
	return rc;
}

/* After the parts: they lie in the reader's pool, and have the layout. */
void fb_cascade_close(struct fb_assembly *assembly)
{
	struct cascade *cascade = &assembly->cascade;

	fb_assembly_destroy(cascade->below);
	fb_reader_destroy(cascade->reader);
	fb_slice_layout_destroy(cascade->layout);
	free(cascade->inputs);
	free(cascade->marks);
}

/* ---- marks ---- */

/* Ends of windows below are a step apart: only then, and with a gap of some steps, are two rows a gap apart. */
static bool wants_marks(const struct fb_query_plan *plan)
{
	return plan->upstream != NULL && plan->window.kind == FB_WINDOW_SESSION &&
	       plan->window.size_ms % plan->upstream->window.step_ms == 0;
}

uint32_t fb_assembly_grids(const struct fb_query_plan *plan, struct fb_reader_grid *grids)
{
	uint32_t cnt = 0;

	for (; plan->upstream != NULL; plan = plan->upstream)
		if (wants_marks(plan))
			grids[cnt++] = (struct fb_reader_grid){
				.step_ms = plan->upstream->window.step_ms,
				.offset_ms = plan->upstream->window.offset_ms - 2 - plan->upstream->time_shift_ms,
			};
	return cnt;
}

static int add_mark(struct cascade *cascade, int64_t watermark_ms)
{
	if (cascade->mark_cnt == cascade->mark_cap) {
		size_t cap = FB_MAX(2 * cascade->mark_cap, (size_t)64);
		int64_t *marks = realloc(cascade->marks, cap * sizeof(*marks));

		if (marks == NULL)
			return FB_E_NO_MEMORY;
		cascade->marks = marks;
		cascade->mark_cap = cap;
	}
	cascade->marks[cascade->mark_cnt++] = watermark_ms;
	return 0;
}

int fb_assembly_mark(struct fb_assembly *assembly, int64_t watermark_ms)
{
	int rc = 0;

	for (; rc == 0 && assembly != NULL; assembly = assembly->cascade.below)
		if (wants_marks(assembly->conf.plan))
			rc = add_mark(&assembly->cascade, watermark_ms);
	return rc;
}

/* Whether the watermark took this value; this and older ones are not asked for again. */
static bool take_mark(struct cascade *cascade, int64_t watermark_ms)
{
	bool found = false;
	size_t kept = 0;

	for (size_t i = 0; i < cascade->mark_cnt; i++) {
		found |= cascade->marks[i] == watermark_ms;
		if (cascade->marks[i] > watermark_ms)
			cascade->marks[kept++] = cascade->marks[i];
	}
	cascade->mark_cnt = kept;
	return found;
}

/* ---- slices ---- */

typedef struct fb_slice *(*take_fn)(struct fb_reader *reader, uint32_t *ret_query);

/* FB_E_NO_MEMORY: the slice is held, and is the next one to be added. */
static int add_slices(struct fb_assembly *assembly, take_fn take, uint64_t cnt)
{
	struct cascade *cascade = &assembly->cascade;
	uint32_t query;

	for (; cnt > 0; cnt--) {
		int rc;

		if (cascade->held == NULL)
			cascade->held = take(cascade->reader, &query);
		if (cascade->held == NULL)
			break;
		rc = fb_part_take(assembly, cascade->held, 0);
		if (rc != 0)
			return rc;
		cascade->held = NULL;
	}
	return 0;
}

int fb_cascade_close_slices(struct fb_assembly *assembly)
{
	if (!fb_reader_can_checkpoint(assembly->cascade.reader))
		return FB_E_FULL;
	return add_slices(assembly, fb_reader_take_checkpoint, UINT64_MAX);
}

/* Many windows at once: the end of input, or sessions, which come in no order. */
static int add_excess(struct fb_assembly *assembly)
{
	uint64_t open = fb_reader_query_counters(assembly->cascade.reader, 0)->open_slices;

	return open > OPEN_SLICES_MANY ? add_slices(assembly, fb_reader_take_open, open - OPEN_SLICES_FEW) : 0;
}

/* ---- the watermark ---- */

/*
 * What the level below has published everything up to, as an instant, when it has nothing more at this watermark.
 * Sessions come out later than they end: all to come end at the limit or later, so have a window_time of
 * limit - 1 at least.
 */
static int64_t published_up_to(const struct fb_assembly *below, int64_t watermark_ms)
{
	int64_t own = below->cascade.below ? below->cascade.watermark_ms : watermark_ms;

	if (!fb_assembly_is_session(below) || own == FB_TIME_MIN || own == FB_TIME_MAX)
		return own;
	return fb_session_limit(below, own) - 2 - below->conf.plan->time_shift_ms;
}

/* Slices first: what is complete by the watermark must be there when it is seen. */
static int pass_watermark(struct fb_assembly *assembly, int64_t watermark_ms)
{
	struct cascade *cascade = &assembly->cascade;
	int rc;

	fb_reader_set_watermark(cascade->reader, watermark_ms);
	rc = add_slices(assembly, fb_reader_take_sealed, UINT64_MAX);
	if (rc == 0)
		cascade->watermark_ms = FB_MAX(cascade->watermark_ms, watermark_ms);
	return rc;
}

/* What finds no room is told to nobody: then a row exactly a gap behind a session that has fired may join it. */
static void recall(struct fb_assembly *assembly)
{
	if (assembly->cascade.recalls)
		FB_IGNORE(fb_session_recall(assembly, assembly->cascade.reader, 0));
	assembly->cascade.recalls = false;
}

/* ---- rows ---- */

static void feed(struct fb_assembly *assembly, const struct fb_assembly_rows *rows)
{
	struct cascade *cascade = &assembly->cascade;
	uint16_t sel[FB_BATCH_ROWS];
	struct fb_batch batch = {.sel_cnt = rows->sel_cnt,
		.sel = sel,
		.columns = cascade->inputs,
		.column_cnt = assembly->conf.plan->upstream->select_cnt};

	if (rows->sel_cnt == 0)
		return;
	memcpy(sel, rows->sel, rows->sel_cnt * sizeof(*sel));
	batch.row_cnt = sel[rows->sel_cnt - 1] + 1u;
	for (uint32_t i = 0; i < batch.column_cnt; i++)
		cascade->inputs[i] = *rows->columns[i];
	fb_reader_run_rows(cascade->reader, &batch);
	cascade->rows_in += rows->sel_cnt;
}

/* The window that the level below has begun. */
static int begin_window(struct fb_assembly *assembly)
{
	struct cascade *cascade = &assembly->cascade;
	int64_t before_ms = cascade->window.end_ms - 2 - cascade->below->conf.plan->time_shift_ms;
	int rc = 0;

	if (take_mark(cascade, before_ms))
		rc = pass_watermark(assembly, before_ms);
	cascade->feeding = rc == 0;
	if (rc != 0)
		fb_assembly_abort(cascade->below);
	return rc;
}

/* All of its rows are in. */
static int finish_window(struct fb_assembly *assembly)
{
	struct cascade *cascade = &assembly->cascade;
	struct fb_assembly *below = cascade->below;
	uint64_t finished = fb_assembly_finish(below);
	int64_t up_to_ms = cascade->watermark_ms;
	int rc;

	cascade->feeding = false;
	if (below->cascade.below == NULL)
		below->skipped_rows += finished;
	/*
	 * Windows come by their ends; the sessions of a round in any order. Not - 1: what the watermark did between this
	 * window and the next is not known, and a session may end 1 ms behind this row.
	 */
	if (!fb_assembly_is_session(below))
		up_to_ms = cascade->window.end_ms - 2 - below->conf.plan->time_shift_ms;
	rc = pass_watermark(assembly, up_to_ms);
	return rc ? rc : 1;
}

int fb_cascade_feed(struct fb_assembly *assembly, uint32_t *batches)
{
	struct fb_assembly *below = assembly->cascade.below;
	struct fb_assembly_rows rows;

	for (;;) {
		if (*batches == 0)
			return FB_E_AGAIN;
		--*batches;
		if (!fb_assembly_read(below, &rows))
			return finish_window(assembly);
		feed(assembly, &rows);
		below->rows_out += rows.sel_cnt;
		below->dropped_groups += rows.failed;
		below->wrapped_sums += rows.wrapped;
		/* A slice that could not be added is held, and the first one at the end of the window. */
		FB_IGNORE(add_excess(assembly));
	}
}

static int pass_published(struct fb_assembly *assembly, int64_t watermark_ms)
{
	struct cascade *cascade = &assembly->cascade;
	int64_t up_to_ms = published_up_to(cascade->below, watermark_ms);
	int rc;

	if (up_to_ms <= cascade->watermark_ms && cascade->held == NULL)
		return 0;
	rc = pass_watermark(assembly, up_to_ms);
	return rc ? rc : 1;
}

int fb_cascade_advance(struct fb_assembly *assembly, int64_t watermark_ms, uint32_t *batches)
{
	struct cascade *cascade = &assembly->cascade;
	int rc;

	if (!cascade->feeding) {
		rc = fb_level_begin(cascade->below, watermark_ms, batches, &cascade->window);
		if (rc == 0)
			return pass_published(assembly, watermark_ms);
		if (rc == 1)
			rc = begin_window(assembly);
		if (rc != 0)
			return rc;
	}
	recall(assembly);
	return fb_cascade_feed(assembly, batches);
}

/* ---- over a restart ---- */

/* In the store a level is its watermark, what the one below has published, the number of its marks, and these. */
struct stored_level {
	int64_t watermark_ms;
	int64_t below_done_ms;
	uint64_t mark_cnt;
};

void fb_cascade_export(const struct fb_assembly *assembly, struct fb_buf *out)
{
	const struct cascade *cascade = &assembly->cascade;
	struct stored_level level = {cascade->watermark_ms, cascade->below->done_ms, cascade->mark_cnt};

	fb_buf_add(out, &level, sizeof(level));
	if (cascade->mark_cnt > 0)
		fb_buf_add(out, cascade->marks, cascade->mark_cnt * sizeof(*cascade->marks));
}

int fb_cascade_import(struct fb_assembly *assembly, const uint8_t *bytes, size_t len)
{
	struct cascade *cascade = &assembly->cascade;
	struct stored_level level;
	int64_t mark_ms;
	int rc = 0;

	if (cascade->below == NULL || len < sizeof(level))
		return FB_E_CORRUPT;
	memcpy(&level, bytes, sizeof(level));
	bytes += sizeof(level);
	len -= sizeof(level);
	if (len % sizeof(mark_ms) != 0 || level.mark_cnt != len / sizeof(mark_ms))
		return FB_E_CORRUPT;
	cascade->watermark_ms = level.watermark_ms;
	fb_reader_set_watermark(cascade->reader, level.watermark_ms);
	fb_level_skip_to(cascade->below, level.below_done_ms);
	for (uint64_t i = 0; rc == 0 && i < level.mark_cnt; i++) {
		memcpy(&mark_ms, bytes + i * sizeof(mark_ms), sizeof(mark_ms));
		rc = add_mark(cascade, mark_ms);
	}
	return rc;
}
