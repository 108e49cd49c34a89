/* SPDX-License-Identifier: Apache-2.0 */
/* A run as a whole: making it, taking from the cores. */
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include "control/replay/file_source.h"
#include "control/replay/replay_private.h"

#define BLOCK_BYTES (64 << 10) /* stays in the cache between reading and parsing */
#define BLOCK_BYTES_MIN (4 << 10)
/* So that a block is one batch nearly always: FB_BATCH_ROWS, with room for lines that are shorter than the mean. */
#define BLOCK_LINES (FB_BATCH_ROWS - 64)
/* As batch: so many parts that came are looked through for what is of one window, more where there are many. */
#define GATHER_PARTS_MIN 128u
#define GATHER_PARTS_MAX 1024u
#define PROGRESS_NS 100000000
#define TAKE_NS 20000000 /* windows are looked for that often, also when no slice comes */

/* ---- making it ---- */

static int say(struct fb_replay *replay, int rc, const char *what)
{
	if (replay->message->len == 0)
		fb_buf_add_text(replay->message, what);
	return rc;
}

static int open_queries(struct fb_replay *replay)
{
	const struct fb_replay_conf *conf = replay->conf;
	uint32_t windowed = 0;
	uint32_t inputs = 1; /* most of a query: each has a pool in the readers of its side */
	uint64_t share;
	int rc = 0;

	replay->queries = calloc(conf->query_cnt, sizeof(*replay->queries));
	if (replay->queries == NULL)
		return FB_E_NO_MEMORY;
	for (uint32_t i = 0; rc == 0 && i < conf->query_cnt; i++) {
		struct fb_query_out *query = &replay->queries[i];
		bool plain = conf->queries[i]->window.kind == FB_WINDOW_NONE;

		query->replay = replay;
		query->index = i;
		query->plan = conf->queries[i];
		query->types = calloc(query->plan->select_cnt + 1u, sizeof(*query->types));
		if (query->types == NULL)
			return FB_E_NO_MEMORY;
		for (uint32_t c = 0; c < query->plan->select_cnt; c++)
			query->types[c] = query->plan->select[c]->type;
		replay->has_plain |= plain;
		replay->has_windows |= !plain;
		windowed += !plain;
		if (!plain)
			rc = fb_slice_layout_create(fb_query_first_level(query->plan), &query->layout);
		inputs = FB_MAX(inputs, fb_query_input_cnt(query->plan));
	}
	/* One half for the cores, one for windows that are put together from several cores. */
	for (uint32_t i = 0; i < conf->query_cnt; i++)
		replay->queries[i].published_ms = FB_TIME_MIN;
	share = conf->state_bytes / FB_MAX(windowed, 1u);
	replay->pool_bytes = share / 2 / replay->thread_cnt / (replay->side_cnt > 1 ? 1 : replay->reader_cnt) / inputs;
	for (uint32_t i = 0; rc == 0 && i < conf->query_cnt; i++)
		if (replay->queries[i].layout != NULL)
			rc = fb_windows_open(&replay->queries[i], share / 2);
	return rc;
}

static int open_reader(struct fb_replay *replay, const struct fb_side *side, struct fb_reader **ret)
{
	const struct fb_replay_conf *conf = replay->conf;
	struct fb_reader_conf reader = {
		.source = side->table,
		.queries = side->first_levels,
		.branches = side->branches,
		.layouts = side->layouts,
		.query_cnt = side->query_cnt,
		.framing = replay->log ? replay->log->framing : FB_FRAMING_FILE,
		.record_layout = replay->log ? replay->log->record_layout : NULL,
		.isa = conf->isa,
		.state_bytes = replay->pool_bytes,
		.output_bytes = FB_REPLAY_PAGE_BYTES,
		.watermark_ms = FB_TIME_MIN,
		/* Of several lanes it is the watermark of all that counts: core_run.c. */
		.grids = replay->grids,
		.grid_cnt = replay->parted ? 0 : replay->grid_cnt,
		.grows = true,
	};

	return fb_reader_create(&reader, ret);
}

static int open_core(struct fb_replay *replay, struct fb_core *core)
{
	int rc = 0;

	core->readers = calloc(replay->reader_cnt, sizeof(*core->readers));
	core->units = calloc(replay->side_cnt, sizeof(*core->units));
	core->ended = calloc(replay->side_cnt, sizeof(*core->ended));
	core->unit = core->units;
	if (core->readers == NULL || core->units == NULL || core->ended == NULL)
		return FB_E_NO_MEMORY;
	for (; rc == 0 && core->reader_cnt < replay->reader_cnt; core->reader_cnt += rc == 0)
		rc = open_reader(replay, fb_core_side_of(core, core->reader_cnt), &core->readers[core->reader_cnt]);
	return rc;
}

/* As batch there is no watermark but the last. */
static int open_grids(struct fb_replay *replay)
{
	const struct fb_replay_conf *conf = replay->conf;

	replay->grids = calloc((size_t)conf->query_cnt * FB_CASCADE_MAX, sizeof(*replay->grids));
	if (replay->grids == NULL)
		return FB_E_NO_MEMORY;
	for (uint32_t i = 0; !conf->batch && i < conf->query_cnt; i++)
		replay->grid_cnt += fb_assembly_grids(conf->queries[i], replay->grids + replay->grid_cnt);
	return 0;
}

static int open_cores(struct fb_replay *replay)
{
	const struct fb_replay_conf *conf = replay->conf;
	int rc = open_grids(replay);

	replay->cores = aligned_alloc(FB_CACHE_LINE_BYTES, replay->thread_cnt * sizeof(*replay->cores));
	if (replay->cores == NULL)
		return FB_E_NO_MEMORY;
	memset(replay->cores, 0, replay->thread_cnt * sizeof(*replay->cores));
	for (uint32_t i = 0; rc == 0 && i < replay->thread_cnt; i++) {
		struct fb_core *core = &replay->cores[i];

		core->replay = replay;
		core->index = i;
		core->watermark_ms = FB_TIME_MIN;
		core->pace.percent = conf->budget.cpu_percent;
		pthread_cond_init(&core->returned, NULL);
		replay->core_cnt++;
		rc = open_core(replay, core);
	}
	return rc;
}

static bool skips_first_line(const struct fb_table *source)
{
	const char *value = fb_table_option(source, "csv.ignore-first-line");

	return value != NULL && strcasecmp(value, "true") == 0;
}

/* A window function without GROUP BY makes many rows of a record: so fewer records at once. */
uint32_t fb_replay_unit_bytes(const struct fb_replay_conf *conf)
{
	int64_t windows = 1;

	for (uint32_t i = 0; i < conf->query_cnt; i++) {
		const struct fb_window *window = &conf->queries[i]->assigner;

		if (window->kind != FB_WINDOW_NONE)
			windows = FB_MAX(windows, window->size_ms / window->step_ms);
	}
	return (uint32_t)FB_MAX(BLOCK_BYTES / windows, BLOCK_BYTES_MIN);
}

static int open_files(struct fb_replay *replay, const struct fb_side *side, struct fb_unit_source **ret)
{
	const struct fb_replay_conf *conf = replay->conf;
	struct fb_input_conf input = {.path = side->path,
		.skip_first_line = skips_first_line(side->table),
		.block_bytes = conf->block_bytes ? conf->block_bytes : fb_replay_unit_bytes(conf)};
	struct fb_csv_lines lines;
	bool windows = false;

	for (uint32_t i = 0; i < conf->query_cnt; i++)
		windows |= conf->queries[i]->window.kind != FB_WINDOW_NONE;
	if (windows && !conf->batch && conf->threads > 1 && conf->block_bytes == 0)
		input.block_lines = BLOCK_LINES;
	input.lines = fb_csv_lines_of(side->table, &lines) ? &lines : NULL;
	return fb_file_source_open(&input, replay->message, ret);
}

/* Whether a record is late depends on the sessions that its own lane has open (rule M6). */
static bool has_session(const struct fb_replay_conf *conf)
{
	bool any = false;

	for (uint32_t i = 0; i < conf->query_cnt; i++)
		any |= fb_query_first_level(conf->queries[i])->window.kind == FB_WINDOW_SESSION;
	return any;
}

static int open_replay(struct fb_replay *replay, const struct fb_replay_input *input)
{
	const struct fb_replay_conf *conf = replay->conf;
	bool by_lane = replay->log != NULL && !conf->batch && has_session(conf);
	struct fb_unit_source *units;
	int rc = fb_sides_open(replay);

	for (uint32_t i = 0; rc == 0 && i < replay->side_cnt; i++)
		rc = input->open(replay, &replay->sides[i], &replay->sides[i].units);
	if (rc != 0)
		return say(replay, rc, fb_strerror(rc));
	units = replay->sides[0].units;
	replay->thread_cnt = by_lane ? 1 : conf->threads;
	replay->reader_cnt = by_lane ? units->lane_cnt : replay->side_cnt;
	units->by_lane = by_lane;
	rc = open_queries(replay);
	replay->ordered = replay->has_windows && !conf->batch && replay->thread_cnt > 1;
	replay->parted = replay->has_windows && !conf->batch && units->lane_cnt > 1;
	if (rc == 0)
		fb_sides_assign(replay);
	if (rc == 0)
		rc = fb_partitions_init(&replay->partitions, units->lane_cnt, units->idle_timeout_ms);
	if (rc == 0)
		rc = open_cores(replay);
	if (rc == 0 && input->restore != NULL)
		rc = input->restore(replay);
	if (rc == 0)
		return 0;
	return say(replay, rc,
		rc == FB_E_UNSUPPORTED ? "the operators cannot run this query yet"
		: rc == FB_E_FULL      ? "windows that were open when it stopped need more memory than the state budget"
				       : fb_strerror(rc));
}

static void close_replay(struct fb_replay *replay)
{
	/* Lent slices go back first: closing a query returns them to the lists of the cores. */
	for (uint32_t i = 0; replay->queries != NULL && i < replay->conf->query_cnt; i++)
		fb_windows_close(&replay->queries[i]);
	for (uint32_t i = 0; i < replay->core_cnt; i++) {
		struct fb_core *core = &replay->cores[i];

		while (core->returned_parts != NULL) {
			struct fb_part *next = core->returned_parts->next;

			free(core->returned_parts);
			core->returned_parts = next;
		}
		for (uint32_t r = 0; r < core->reader_cnt; r++)
			fb_reader_destroy(core->readers[r]);
		free(core->readers);
		for (uint32_t k = 0; core->units != NULL && k < replay->side_cnt; k++)
			replay->sides[k].units->ops->fini(replay->sides[k].units, &core->units[k]);
		free(core->units);
		free(core->ended);
		pthread_cond_destroy(&core->returned);
	}
	for (uint32_t i = 0; replay->queries != NULL && i < replay->conf->query_cnt; i++) {
		fb_slice_layout_destroy(replay->queries[i].layout);
		fb_buf_fini(&replay->queries[i].rows);
		free(replay->queries[i].types);
	}
	fb_sides_close(replay);
	fb_partitions_fini(&replay->partitions);
	free(replay->grids);
	free(replay->cores);
	free(replay->queries);
	fb_replay_numbers_fini(&replay->base);
}

/* ---- taking ---- */

int fb_replay_give(struct fb_query_out *query, const struct fb_replay_rows *rows)
{
	struct fb_replay *replay = query->replay;
	int rc = fb_replay_is_cancelled(replay) ? FB_E_CANCELLED : replay->conf->rows(replay->conf->arg, rows);

	if (rc == 0) {
		query->numbers.result_rows += rows->row_cnt;
		replay->result_rows += rows->row_cnt;
	}
	return rc;
}

static void wake_cores(struct fb_replay *replay)
{
	pthread_mutex_lock(&replay->lock);
	for (uint32_t i = 0; i < replay->core_cnt; i++)
		pthread_cond_signal(&replay->cores[i].returned);
	pthread_mutex_unlock(&replay->lock);
}

/* What many batches have of one window becomes one part, and goes back to the cores: else it would cost a slice for each. */
static void gather(struct fb_replay *replay)
{
	for (uint32_t i = 0; i < replay->conf->query_cnt; i++) {
		struct fb_query_out *query = &replay->queries[i];

		if (query->assembly == NULL || query->fresh_parts < FB_MAX(query->gather_at, GATHER_PARTS_MIN))
			continue;
		query->fresh_parts = 0;
		query->gather_at = FB_MIN(fb_assembly_gather(query->assembly) / 16, GATHER_PARTS_MAX);
	}
}

static int take_parts(struct fb_replay *replay, struct fb_part *parts)
{
	uint64_t seen[FB_REPLAY_THREADS_MAX] = {0};
	bool any = parts != NULL;
	int rc = 0;

	while (parts != NULL) {
		struct fb_part *next = parts->next;

		if (rc == 0 && parts->slice != NULL) {
			seen[parts->core->index]++;
			replay->queries[parts->query].fresh_parts++;
			rc = fb_windows_add(&replay->queries[parts->query], parts);
		} else {
			if (rc == 0)
				rc = fb_windows_mark(replay, parts->mark_ms);
			free(parts); /* after a failure its core's pool goes as a whole */
		}
		parts = next;
	}
	if (rc == 0 && replay->conf->batch)
		gather(replay);
	for (uint32_t i = 0; i < replay->core_cnt; i++)
		atomic_fetch_add(&replay->cores[i].parts_seen, seen[i]);
	if (any)
		wake_cores(replay);
	return rc;
}

/* The rows of one unit to the caller, query by query. */
static int put_unit(struct fb_replay *replay, struct fb_rows_of_unit *unit)
{
	const uint32_t *queries = replay->sides[0].queries; /* rows without windows are of a run with one side */
	int rc = 0;

	for (struct fb_row_page *page = unit->pages; rc == 0 && page != NULL; page = page->next)
		rc = fb_replay_give(&replay->queries[queries[page->query]],
			&(struct fb_replay_rows){
				.query = queries[page->query], .row_cnt = page->row_cnt, .bytes = page->bytes, .len = page->len});
	fb_core_return_pages(unit->core, unit->pages);
	free(unit);
	return rc;
}

/* In the order of the units' numbers, whatever order they come in. */
static int take_rows(struct fb_replay *replay, struct fb_rows_of_unit *units)
{
	int rc = 0;

	while (units != NULL) {
		struct fb_rows_of_unit *next = units->next;
		struct fb_rows_of_unit **link = &replay->rows_waiting;

		while (*link != NULL && (*link)->seq < units->seq)
			link = &(*link)->next;
		units->next = *link;
		*link = units;
		units = next;
	}
	while (rc == 0 && replay->rows_waiting != NULL && replay->rows_waiting->seq == replay->next_seq) {
		struct fb_rows_of_unit *unit = replay->rows_waiting;

		replay->rows_waiting = unit->next;
		replay->next_seq++;
		rc = put_unit(replay, unit);
	}
	return rc;
}

static int64_t watermark_of_all(struct fb_replay *replay, bool *ret_done)
{
	int64_t watermark = FB_TIME_MAX;

	*ret_done = true;
	for (uint32_t i = 0; i < replay->core_cnt; i++) {
		/* Done first: a core that is has told its last watermark. And that is read once: FB_MIN would look a second
		 * time, and might find more than it has compared. */
		bool core_done = atomic_load(&replay->cores[i].done);
		int64_t own = atomic_load(&replay->cores[i].watermark_ms);

		*ret_done &= core_done;
		watermark = FB_MIN(watermark, own);
	}
	return watermark;
}

/* Waits for something to come; what is there, all at once. */
static void wait_for_cores(struct fb_replay *replay, struct fb_part **ret_parts, struct fb_rows_of_unit **ret_rows, bool wait)
{
	pthread_mutex_lock(&replay->lock);
	if (wait && replay->parts_head == NULL && replay->rows_head == NULL) {
		struct timespec until;

		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += replay->epoch ? FB_MIN(TAKE_NS, (int64_t)replay->log->epoch_ms * 1000000) : TAKE_NS;
		if (until.tv_nsec >= 1000000000) {
			until.tv_sec++;
			until.tv_nsec -= 1000000000;
		}
		pthread_cond_timedwait(&replay->arrived, &replay->lock, &until);
	}
	*ret_parts = replay->parts_head;
	*ret_rows = replay->rows_head;
	replay->parts_head = NULL;
	replay->parts_tail = &replay->parts_head;
	replay->rows_head = NULL;
	replay->rows_tail = &replay->rows_head;
	pthread_mutex_unlock(&replay->lock);
}

static void tell_progress(struct fb_replay *replay, int64_t *next_ns)
{
	int64_t now = fb_clock_monotonic_ns();
	struct fb_replay_progress progress;
	bool known = true;

	if (replay->conf->progress == NULL || now < *next_ns)
		return;
	*next_ns = now + PROGRESS_NS;
	progress = (struct fb_replay_progress){.result_rows = replay->result_rows};
	for (uint32_t i = 0; i < replay->side_cnt; i++) {
		const struct fb_unit_source *units = replay->sides[i].units;
		uint64_t total = units->ops->total_bytes(units);

		progress.bytes += units->ops->taken_bytes(units);
		known &= total > 0;
		progress.total_bytes += total;
	}
	if (!known)
		progress.total_bytes = 0;
	for (uint32_t i = 0; i < replay->core_cnt; i++)
		progress.records += atomic_load_explicit(&replay->cores[i].records, memory_order_relaxed);
	replay->conf->progress(replay->conf->arg, &progress);
}

/* Cores that wait for room hear of it: what did not come back by now is needed on. */
static void tell_published(struct fb_replay *replay, int64_t watermark_ms)
{
	if (atomic_load(&replay->published_ms) == watermark_ms)
		return;
	atomic_store(&replay->published_ms, watermark_ms);
	wake_cores(replay);
}

static int publish(struct fb_replay *replay, int64_t watermark_ms)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < replay->conf->query_cnt; i++)
		if (replay->queries[i].assembly != NULL)
			rc = fb_windows_publish(&replay->queries[i], watermark_ms);
	tell_published(replay, watermark_ms);
	return rc;
}

static int take_lists(struct fb_replay *replay, bool wait)
{
	struct fb_part *parts;
	struct fb_rows_of_unit *rows;
	int rc, rows_rc;

	wait_for_cores(replay, &parts, &rows, wait);
	rc = take_parts(replay, parts);
	rows_rc = take_rows(replay, rows);
	return rc ? rc : rows_rc;
}

/* One round. A watermark is read before the lists: what it completes is in them by then. */
static int take(struct fb_replay *replay, bool *done)
{
	int64_t watermark = watermark_of_all(replay, done);
	int rc = fb_replay_is_cancelled(replay) ? FB_E_CANCELLED : take_lists(replay, !*done);

	fb_pace_rest(&replay->pace, &replay->stop);
	return rc ? rc : publish(replay, watermark);
}

/* ---- epochs ---- */

/* True: all cores are at the barrier, or (ret_ended) some have come to the end. */
static bool all_parked(struct fb_replay *replay, bool *ret_ended)
{
	bool all = true;

	*ret_ended = false;
	pthread_mutex_lock(&replay->lock);
	for (uint32_t i = 0; i < replay->core_cnt; i++) {
		bool done = atomic_load(&replay->cores[i].done);

		*ret_ended |= done;
		all &= done || replay->cores[i].parked;
	}
	pthread_mutex_unlock(&replay->lock);
	return all;
}

/* Of the rows so far, with no core at work: as batch, what no record to come can be older than. */
static int64_t watermark_at_barrier(const struct fb_replay *replay)
{
	int64_t floor;

	if (!replay->conf->batch)
		return fb_replay_watermark(replay);
	floor = replay->sides[0].units->ops->floor_ms(replay->sides[0].units);
	return floor == FB_TIME_MIN || floor == FB_TIME_MAX ? FB_TIME_MIN : floor - FB_REPLAY_FLOOR_MS;
}

/* At the end there is no epoch any more: what is left comes with it. */
static int come_to_epoch(struct fb_replay *replay)
{
	bool ended, done;
	int rc = 0;

	atomic_store(&replay->pausing, true);
	wake_cores(replay);
	while (rc == 0 && !all_parked(replay, &ended))
		rc = atomic_load(&replay->stop) ? FB_E_CANCELLED : take(replay, &done);
	if (rc == 0)
		rc = take_lists(replay, false);
	if (rc == 0 && !ended)
		rc = publish(replay, watermark_at_barrier(replay));
	for (uint32_t i = 0; rc == 0 && !ended && i < replay->conf->query_cnt; i++)
		if (replay->queries[i].assembly != NULL)
			fb_assembly_gather(replay->queries[i].assembly);
	if (rc == 0 && !ended)
		rc = replay->epoch(replay);
	atomic_store(&replay->pausing, false);
	wake_cores(replay);
	return rc;
}

static bool is_epoch_due(struct fb_replay *replay)
{
	int64_t now = fb_clock_monotonic_ns();
	int64_t at = replay->epoch_at_ns;

	if (replay->epoch == NULL || now < at)
		return false;
	replay->epoch_at_ns = now + (int64_t)replay->log->epoch_ms * 1000000;
	return at > 0;
}

static int run_cores(struct fb_replay *replay)
{
	int64_t next_ns = 0;
	bool done = false;
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < replay->core_cnt; i++) {
		rc = pthread_create(&replay->cores[i].thread, NULL, fb_core_main, &replay->cores[i]) ? FB_E_NO_MEMORY : 0;
		replay->cores[i].started = rc == 0;
	}
	while (rc == 0 && !done) {
		tell_progress(replay, &next_ns);
		rc = is_epoch_due(replay) ? come_to_epoch(replay) : take(replay, &done);
	}
	if (rc != 0)
		fb_replay_stop(replay);
	for (uint32_t i = 0; i < replay->core_cnt; i++)
		if (replay->cores[i].started)
			pthread_join(replay->cores[i].thread, NULL);
	for (uint32_t i = 0; i < replay->core_cnt; i++)
		if (replay->cores[i].rc != 0 && (rc == 0 || rc == FB_E_CANCELLED))
			rc = fb_replay_is_cancelled(replay) ? FB_E_CANCELLED : replay->cores[i].rc;
	return rc;
}

/* After a failure: what no one has taken. */
static void drop_lists(struct fb_replay *replay)
{
	struct fb_part *parts;
	struct fb_rows_of_unit *lists[2];

	wait_for_cores(replay, &parts, &lists[0], false);
	lists[1] = replay->rows_waiting;
	while (parts != NULL) {
		struct fb_part *next = parts->next;

		free(parts);
		parts = next;
	}
	for (int i = 0; i < 2; i++)
		while (lists[i] != NULL) {
			struct fb_rows_of_unit *next = lists[i]->next;

			free(lists[i]);
			lists[i] = next;
		}
}

/* ---- the run ---- */

static int explain_full(struct fb_replay *replay)
{
	for (uint32_t c = 0; c < replay->core_cnt; c++)
		for (uint32_t r = 0; r < replay->cores[c].reader_cnt; r++) {
			struct fb_reader *reader = replay->cores[c].readers[r];

			for (uint32_t i = 0; i < fb_reader_query_cnt(reader); i++)
				if (fb_reader_query_counters(reader, i)->disposition[FB_REC_OUTPUT_FULL] > 0)
					return say(replay, FB_E_FULL, "a unit gives more bytes of rows than there is room for");
		}
	return say(replay, FB_E_FULL, "the groups of open windows need more memory than the state budget");
}

/* What went wrong, in words; the input has its own. */
static int explain_failure(struct fb_replay *replay, int rc)
{
	if (replay->message->len > 0)
		return rc;
	for (uint32_t i = 0; rc != FB_E_CANCELLED && i < replay->side_cnt; i++) {
		struct fb_unit_source *units = replay->sides[i].units;

		if (units != NULL && units->ops->error(units)[0] != '\0')
			return say(replay, rc, units->ops->error(units));
	}
	return rc == FB_E_FULL ? explain_full(replay) : say(replay, rc, fb_strerror(rc));
}

int fb_replay_run_input(const struct fb_replay_conf *conf, const struct fb_replay_input *input, struct fb_buf *message,
	struct fb_replay_numbers *ret)
{
	struct fb_replay replay = {.conf = conf, .log = input->log, .epoch = input->epoch, .message = message};
	pthread_condattr_t monotonic;
	int rc;

	*ret = (struct fb_replay_numbers){0};
	replay.parts_tail = &replay.parts_head;
	replay.rows_tail = &replay.rows_head;
	replay.published_ms = FB_TIME_MIN;
	replay.pace.percent = conf->budget.cpu_percent;
	pthread_mutex_init(&replay.lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&replay.arrived, &monotonic);
	pthread_condattr_destroy(&monotonic);
	rc = open_replay(&replay, input);
	if (rc == 0) {
		rc = run_cores(&replay);
		drop_lists(&replay);
		if (rc != 0)
			explain_failure(&replay, rc);
		if (fb_numbers_sum(&replay, ret) != 0 && rc == 0)
			rc = say(&replay, FB_E_NO_MEMORY, fb_strerror(FB_E_NO_MEMORY));
	}
	close_replay(&replay);
	pthread_cond_destroy(&replay.arrived);
	pthread_mutex_destroy(&replay.lock);
	return rc;
}

int fb_replay_run(const struct fb_replay_conf *conf, struct fb_buf *message, struct fb_replay_numbers *ret)
{
	return fb_replay_run_input(conf, &(struct fb_replay_input){.open = open_files}, message, ret);
}
