/* SPDX-License-Identifier: Apache-2.0 */
/* A run as a whole: making it, taking from the cores, numbers. */
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include "control/replay/replay_private.h"

#define BLOCK_BYTES (64 << 10) /* stays in the cache between reading and parsing */
#define BLOCK_BYTES_MIN (4 << 10)
/* So that a block is one batch nearly always: FB_BATCH_ROWS, with room for lines that are shorter than the mean. */
#define BLOCK_LINES (FB_BATCH_ROWS - 64)
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
	uint64_t share;
	int rc = 0;

	replay->queries = calloc(conf->query_cnt, sizeof(*replay->queries));
	replay->first_levels = calloc(conf->query_cnt, sizeof(*replay->first_levels));
	if (replay->queries == NULL || replay->first_levels == NULL)
		return FB_E_NO_MEMORY;
	for (uint32_t i = 0; rc == 0 && i < conf->query_cnt; i++) {
		struct fb_query_out *query = &replay->queries[i];
		bool plain = conf->queries[i]->window.kind == FB_WINDOW_NONE;

		query->replay = replay;
		query->index = i;
		query->plan = conf->queries[i];
		replay->first_levels[i] = fb_query_first_level(query->plan);
		query->types = calloc(query->plan->select_cnt + 1u, sizeof(*query->types));
		if (query->types == NULL)
			return FB_E_NO_MEMORY;
		for (uint32_t c = 0; c < query->plan->select_cnt; c++)
			query->types[c] = query->plan->select[c]->type;
		replay->has_plain |= plain;
		replay->has_windows |= !plain;
		windowed += !plain;
		if (!plain)
			rc = fb_slice_layout_create(replay->first_levels[i], &query->layout);
	}
	/* One half for the cores, one for windows that are put together from several cores. */
	share = conf->state_bytes / FB_MAX(windowed, 1u);
	replay->pool_bytes = share / 2 / conf->threads;
	for (uint32_t i = 0; rc == 0 && i < conf->query_cnt; i++)
		if (replay->queries[i].layout != NULL)
			rc = fb_windows_open(&replay->queries[i], share / 2);
	return rc;
}

static int open_core(struct fb_replay *replay, struct fb_core *core, const struct fb_slice_layout *const *layouts)
{
	const struct fb_replay_conf *conf = replay->conf;
	struct fb_reader_grid *grids = calloc((size_t)conf->query_cnt * FB_CASCADE_MAX, sizeof(*grids));
	struct fb_reader_conf reader = {
		.source = conf->source,
		.queries = replay->first_levels,
		.layouts = layouts,
		.query_cnt = conf->query_cnt,
		.framing = FB_FRAMING_FILE,
		.isa = conf->isa,
		.state_bytes = replay->pool_bytes,
		.output_bytes = FB_REPLAY_PAGE_BYTES,
		.watermark_ms = FB_TIME_MIN,
		.grids = grids,
		.grows = true,
	};
	int rc;

	if (grids == NULL)
		return FB_E_NO_MEMORY;
	/* As batch there is no watermark but the last. */
	for (uint32_t i = 0; !conf->batch && i < conf->query_cnt; i++)
		reader.grid_cnt += fb_assembly_grids(conf->queries[i], grids + reader.grid_cnt);
	rc = fb_reader_create(&reader, &core->reader);
	free(grids);
	return rc;
}

static int open_cores(struct fb_replay *replay)
{
	const struct fb_replay_conf *conf = replay->conf;
	const struct fb_slice_layout **layouts = calloc(conf->query_cnt, sizeof(*layouts));
	int rc = 0;

	replay->cores = calloc(conf->threads, sizeof(*replay->cores));
	if (layouts == NULL || replay->cores == NULL) {
		free(layouts);
		return FB_E_NO_MEMORY;
	}
	for (uint32_t i = 0; i < conf->query_cnt; i++)
		layouts[i] = replay->queries[i].layout;
	for (uint32_t i = 0; rc == 0 && i < conf->threads; i++) {
		struct fb_core *core = &replay->cores[i];

		core->replay = replay;
		core->index = i;
		core->watermark_ms = FB_TIME_MIN;
		pthread_cond_init(&core->returned, NULL);
		replay->core_cnt++;
		rc = open_core(replay, core, layouts);
	}
	free(layouts);
	return rc;
}

static bool skips_first_line(const struct fb_table *source)
{
	const char *value = fb_table_option(source, "csv.ignore-first-line");

	return value != NULL && strcasecmp(value, "true") == 0;
}

/* A window function without GROUP BY makes many rows of a record: so fewer records at once. */
static uint32_t block_bytes(const struct fb_replay_conf *conf)
{
	int64_t windows = 1;

	for (uint32_t i = 0; i < conf->query_cnt; i++) {
		const struct fb_window *window = &conf->queries[i]->assigner;

		if (window->kind != FB_WINDOW_NONE)
			windows = FB_MAX(windows, window->size_ms / window->step_ms);
	}
	return (uint32_t)FB_MAX(BLOCK_BYTES / windows, BLOCK_BYTES_MIN);
}

static int open_replay(struct fb_replay *replay)
{
	const struct fb_replay_conf *conf = replay->conf;
	struct fb_input_conf input = {.path = conf->path,
		.skip_first_line = skips_first_line(conf->source),
		.block_bytes = conf->block_bytes ? conf->block_bytes : block_bytes(conf)};
	int rc = open_queries(replay);

	if (rc == 0)
		rc = open_cores(replay);
	if (rc != 0)
		return say(replay, rc, rc == FB_E_UNSUPPORTED ? "the operators cannot run this query yet" : fb_strerror(rc));
	replay->ordered = replay->has_windows && !conf->batch && conf->threads > 1;
	if (replay->ordered && conf->block_bytes == 0)
		input.block_lines = BLOCK_LINES;
	replay->spans_lines = fb_csv_lines_of(conf->source, &replay->lines);
	input.lines = replay->spans_lines ? &replay->lines : NULL;
	rc = fb_input_open(&input, replay->message, &replay->input);
	return rc == 0 ? 0 : say(replay, rc, fb_strerror(rc));
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
		fb_reader_destroy(core->reader);
		fb_block_fini(&core->block);
		pthread_cond_destroy(&core->returned);
	}
	for (uint32_t i = 0; replay->queries != NULL && i < replay->conf->query_cnt; i++) {
		fb_slice_layout_destroy(replay->queries[i].layout);
		fb_buf_fini(&replay->queries[i].rows);
		free(replay->queries[i].types);
	}
	fb_input_close(replay->input);
	free(replay->cores);
	free(replay->queries);
	free(replay->first_levels);
}

/* ---- taking ---- */

int fb_query_out_flush(struct fb_query_out *query)
{
	struct fb_replay *replay = query->replay;
	int rc = 0;

	if (query->row_cnt > 0)
		rc = replay->conf->rows(replay->conf->arg, query->index, (const uint8_t *)query->rows.p, query->rows.len,
			query->row_cnt);
	if (rc == 0) {
		query->numbers.result_rows += query->row_cnt;
		replay->result_rows += query->row_cnt;
	}
	query->row_cnt = 0;
	fb_buf_clear(&query->rows);
	return rc;
}

static int take_parts(struct fb_replay *replay, struct fb_part *parts)
{
	int rc = 0;

	while (parts != NULL) {
		struct fb_part *next = parts->next;

		if (rc == 0 && parts->slice != NULL) {
			rc = fb_windows_add(&replay->queries[parts->query], parts);
		} else {
			if (rc == 0)
				rc = fb_windows_mark(replay, parts->mark_ms);
			free(parts); /* after a failure its core's pool goes as a whole */
		}
		parts = next;
	}
	return rc;
}

/* The rows of one block to the caller, query by query. */
static int put_block(struct fb_replay *replay, struct fb_rows_of_block *block)
{
	int rc = 0;

	for (struct fb_row_page *page = block->pages; rc == 0 && page != NULL; page = page->next) {
		struct fb_query_out *query = &replay->queries[page->query];

		rc = replay->conf->rows(replay->conf->arg, page->query, page->bytes, page->len, page->row_cnt);
		if (rc == 0) {
			query->numbers.result_rows += page->row_cnt;
			replay->result_rows += page->row_cnt;
		}
	}
	fb_core_return_pages(block->core, block->pages);
	free(block);
	return rc;
}

/* In the order of the blocks' numbers, whatever order they come in. */
static int take_rows(struct fb_replay *replay, struct fb_rows_of_block *blocks)
{
	int rc = 0;

	while (blocks != NULL) {
		struct fb_rows_of_block *next = blocks->next;
		struct fb_rows_of_block **link = &replay->rows_waiting;

		while (*link != NULL && (*link)->seq < blocks->seq)
			link = &(*link)->next;
		blocks->next = *link;
		*link = blocks;
		blocks = next;
	}
	while (rc == 0 && replay->rows_waiting != NULL && replay->rows_waiting->seq == replay->next_seq) {
		struct fb_rows_of_block *block = replay->rows_waiting;

		replay->rows_waiting = block->next;
		replay->next_seq++;
		rc = put_block(replay, block);
	}
	return rc;
}

static int64_t watermark_of_all(struct fb_replay *replay, bool *ret_done)
{
	int64_t watermark = FB_TIME_MAX;

	*ret_done = true;
	for (uint32_t i = 0; i < replay->core_cnt; i++) {
		/* Read once: FB_MIN would look a second time, and might find more than it has compared. */
		int64_t own = atomic_load(&replay->cores[i].watermark_ms);

		*ret_done &= atomic_load(&replay->cores[i].done);
		watermark = FB_MIN(watermark, own);
	}
	return watermark;
}

/* Waits for something to come; what is there, all at once. */
static void wait_for_cores(struct fb_replay *replay, struct fb_part **ret_parts, struct fb_rows_of_block **ret_rows, bool wait)
{
	pthread_mutex_lock(&replay->lock);
	if (wait && replay->parts_head == NULL && replay->rows_head == NULL) {
		struct timespec until;

		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += TAKE_NS;
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

	if (replay->conf->progress == NULL || now < *next_ns)
		return;
	*next_ns = now + PROGRESS_NS;
	progress = (struct fb_replay_progress){.bytes = fb_input_taken_bytes(replay->input),
		.total_bytes = fb_input_total_bytes(replay->input),
		.result_rows = replay->result_rows};
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
	pthread_mutex_lock(&replay->lock);
	for (uint32_t i = 0; i < replay->core_cnt; i++)
		pthread_cond_signal(&replay->cores[i].returned);
	pthread_mutex_unlock(&replay->lock);
}

/* One round. A watermark is read before the lists: what it completes is in them by then. */
static int take(struct fb_replay *replay, bool *done)
{
	int64_t watermark = watermark_of_all(replay, done);
	struct fb_part *parts;
	struct fb_rows_of_block *rows;
	int rc, rows_rc;

	wait_for_cores(replay, &parts, &rows, !*done);
	rc = take_parts(replay, parts);
	rows_rc = take_rows(replay, rows);
	rc = rc ? rc : rows_rc;
	for (uint32_t i = 0; rc == 0 && i < replay->conf->query_cnt; i++)
		if (replay->queries[i].assembly != NULL)
			rc = fb_windows_publish(&replay->queries[i], watermark);
	tell_published(replay, watermark);
	return rc;
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
		rc = take(replay, &done);
	}
	if (rc != 0)
		fb_replay_stop(replay);
	for (uint32_t i = 0; i < replay->core_cnt; i++)
		if (replay->cores[i].started)
			pthread_join(replay->cores[i].thread, NULL);
	for (uint32_t i = 0; i < replay->core_cnt; i++)
		rc = rc ? rc : replay->cores[i].rc;
	return rc;
}

/* After a failure: what no one has taken. */
static void drop_lists(struct fb_replay *replay)
{
	struct fb_part *parts;
	struct fb_rows_of_block *lists[2];

	wait_for_cores(replay, &parts, &lists[0], false);
	lists[1] = replay->rows_waiting;
	while (parts != NULL) {
		struct fb_part *next = parts->next;

		free(parts);
		parts = next;
	}
	for (int i = 0; i < 2; i++)
		while (lists[i] != NULL) {
			struct fb_rows_of_block *next = lists[i]->next;

			free(lists[i]);
			lists[i] = next;
		}
}

/* ---- numbers ---- */

/* Both kinds of counters are nothing but u64. */
static void add_counters(void *to, const void *from, size_t bytes)
{
	for (size_t i = 0; i < bytes / sizeof(uint64_t); i++)
		((uint64_t *)to)[i] += ((const uint64_t *)from)[i];
}

_Static_assert(sizeof(struct fb_decode_counters) % sizeof(uint64_t) == 0, "nothing but u64");
_Static_assert(sizeof(struct fb_query_counters) % sizeof(uint64_t) == 0, "nothing but u64");

static int sum_up(struct fb_replay *replay, struct fb_replay_numbers *ret)
{
	uint32_t query_cnt = replay->conf->query_cnt;
	struct fb_replay_numbers numbers = {.file_cnt = fb_input_file_cnt(replay->input),
		.input_bytes = fb_input_taken_bytes(replay->input),
		.watermark_ms = replay->order.watermark_ms,
		.query_cnt = query_cnt,
		.queries = calloc(query_cnt, sizeof(*numbers.queries))};

	if (numbers.queries == NULL)
		return FB_E_NO_MEMORY;
	for (uint32_t q = 0; q < query_cnt; q++) {
		fb_windows_levels(&replay->queries[q]);
		numbers.queries[q] = replay->queries[q].numbers;
	}
	for (uint32_t i = 0; i < replay->core_cnt; i++) {
		struct fb_reader *reader = replay->cores[i].reader;

		add_counters(&numbers.decode, fb_reader_decode_counters(reader), sizeof(numbers.decode));
		numbers.watermark_ms = FB_MAX(numbers.watermark_ms, fb_reader_own_watermark(reader));
		for (uint32_t q = 0; q < query_cnt; q++)
			add_counters(&numbers.queries[q].counters, fb_reader_query_counters(reader, q),
				sizeof(numbers.queries[q].counters));
	}
	*ret = numbers;
	return 0;
}

void fb_replay_numbers_fini(struct fb_replay_numbers *numbers)
{
	free(numbers->queries);
	*numbers = (struct fb_replay_numbers){0};
}

static bool equation(uint64_t left, uint64_t right, const char *what, struct fb_buf *ret_what)
{
	if (left != right && ret_what != NULL)
		fb_buf_printf(ret_what, "%s: %llu against %llu; ", what, (unsigned long long)left, (unsigned long long)right);
	return left == right;
}

/* Rows between the levels of a cascade: each has a disposition, none is late, and all went through windows. */
static bool levels_balanced(const struct fb_replay_query *query, struct fb_buf *ret_what)
{
	bool ok = true;

	for (uint32_t i = 1; i < query->level_cnt; i++) {
		const struct fb_assembly_level *level = &query->levels[i];
		const struct fb_query_counters *counters = &level->counters;
		uint64_t sum = 0;

		for (int d = 0; d < FB_REC_CNT; d++)
			sum += counters->disposition[d];
		ok &= equation(query->levels[i - 1].rows_out, level->rows_in, "rows of a level = records of the next", ret_what);
		ok &= equation(level->rows_in, sum, "records of a level = sum of dispositions", ret_what);
		ok &= equation(counters->disposition[FB_REC_LATE], 0, "late between levels = none", ret_what);
		ok &= equation(counters->disposition[FB_REC_ACCEPTED], counters->sealed_rows + counters->open_rows,
			"accepted by a level = in slices", ret_what);
		ok &= equation(counters->sealed_rows, level->finished_rows + level->waiting_rows,
			"in slices of a level = in its windows", ret_what);
		ok &= equation(level->waiting_rows, 0, "waiting in a level = none", ret_what);
	}
	return ok;
}

bool fb_replay_balanced(const struct fb_replay_numbers *numbers, struct fb_buf *ret_what)
{
	const struct fb_decode_counters *decode = &numbers->decode;
	uint64_t rejected = 0;
	bool ok = true;

	for (int d = 0; d < FB_REC_CNT; d++)
		rejected += decode->rejected[d];
	ok &= equation(decode->records, decode->decoded + rejected, "records = decoded + malformed", ret_what);
	for (uint32_t q = 0; q < numbers->query_cnt; q++) {
		const struct fb_replay_query *query = &numbers->queries[q];
		const struct fb_query_counters *counters = &query->counters;
		uint64_t sum = 0;

		for (int d = 0; d < FB_REC_CNT; d++)
			sum += counters->disposition[d];
		ok &= equation(decode->decoded, sum, "decoded = sum of dispositions", ret_what);
		ok &= equation(counters->disposition[FB_REC_ACCEPTED] + counters->extra_rows,
			counters->sealed_rows + counters->open_rows + counters->rows_out + counters->rows_waiting,
			"accepted + rows of further windows = rows in slices + rows out", ret_what);
		ok &= equation(counters->sealed_rows, query->window_rows, "rows in slices = rows in windows", ret_what);
		if (counters->rows_out > 0)
			ok &= equation(counters->rows_out, query->result_rows, "rows out = result rows", ret_what);
		ok &= levels_balanced(query, ret_what);
	}
	return ok;
}

/* ---- the run ---- */

static int explain_full(struct fb_replay *replay)
{
	for (uint32_t i = 0; i < replay->conf->query_cnt; i++) {
		uint64_t refused = 0;

		for (uint32_t c = 0; c < replay->core_cnt; c++)
			refused += fb_reader_query_counters(replay->cores[c].reader, i)->disposition[FB_REC_OUTPUT_FULL];
		if (refused > 0)
			return say(replay, FB_E_FULL, "a block gives more bytes of rows than there is room for");
	}
	return say(replay, FB_E_FULL, "the groups of open windows need more memory than the state budget");
}

/* What went wrong, in words; the input has its own. */
static int explain_failure(struct fb_replay *replay, int rc)
{
	if (replay->message->len > 0)
		return rc;
	if (replay->input != NULL && fb_input_error(replay->input)[0] != '\0')
		return say(replay, rc, fb_input_error(replay->input));
	return rc == FB_E_FULL ? explain_full(replay) : say(replay, rc, fb_strerror(rc));
}

int fb_replay_run(const struct fb_replay_conf *conf, struct fb_buf *message, struct fb_replay_numbers *ret)
{
	struct fb_replay replay = {.conf = conf, .message = message};
	pthread_condattr_t monotonic;
	int rc;

	*ret = (struct fb_replay_numbers){0};
	replay.parts_tail = &replay.parts_head;
	replay.rows_tail = &replay.rows_head;
	replay.published_ms = FB_TIME_MIN;
	fb_order_init(&replay.order);
	fb_cut_init(&replay.cut);
	pthread_mutex_init(&replay.lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&replay.arrived, &monotonic);
	pthread_condattr_destroy(&monotonic);
	rc = open_replay(&replay);
	if (rc == 0) {
		rc = run_cores(&replay);
		drop_lists(&replay);
		if (rc != 0)
			explain_failure(&replay, rc);
		if (sum_up(&replay, ret) != 0 && rc == 0)
			rc = say(&replay, FB_E_NO_MEMORY, fb_strerror(FB_E_NO_MEMORY));
	}
	close_replay(&replay);
	pthread_cond_destroy(&replay.arrived);
	pthread_mutex_destroy(&replay.lock);
	fb_cut_fini(&replay.cut);
	fb_order_fini(&replay.order);
	return rc;
}
