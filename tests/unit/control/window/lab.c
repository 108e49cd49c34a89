/* SPDX-License-Identifier: Apache-2.0 */
#include "lab.h"

#include <stdio.h>
#include <stdlib.h>

#include "config/base/calendar.h"

/* Hundreds of slices may be open at once where rows come very late: each takes two pages at least. */
#define READER_BYTES (32u << 20)

/* ---- driving ---- */

static void release(void *arg, struct fb_slice *slice, uint32_t from)
{
	struct lab *lab = arg;

	fb_reader_return_slice(lab->at[from].reader, 0, slice);
}

static void open_assembly(struct lab *lab)
{
	struct fb_assembly_conf conf = {.plan = lab->planned.queries[0],
		.layout = lab->planned.layouts[0],
		.pool_bytes = lab->pool_bytes ? lab->pool_bytes : 64u << 20,
		.release = release,
		.arg = lab};

	cr_assert_eq(fb_assembly_create(&conf, &lab->assembly), 0);
}

static void open_readers(struct lab *lab)
{
	struct fb_reader_grid grids[FB_CASCADE_MAX];
	struct instance_conf conf = {.restarts = lab->store.has_epoch, .state_bytes = READER_BYTES, .grids = grids};

	conf.grid_cnt = fb_assembly_grids(lab->planned.queries[0], grids);
	lab->marks = conf.grid_cnt > 0;
	cr_assert(!lab->marks || lab->partition_cnt == 1);
	for (uint32_t i = 0; i < lab->partition_cnt; i++) {
		conf.watermark_ms = lab->store.watermark_ms[i];
		lab->at[i] = instance_open(&lab->planned, &conf);
		if (lab->store.has_epoch)
			fb_reader_resume(lab->at[i].reader, lab->store.own_ms[i]);
	}
}

static void open_lab(struct lab *lab, const char *prelude, const char *sql, uint32_t partition_cnt)
{
	lab->planned = plan_sql(prelude, sql);
	lab->partition_cnt = partition_cnt;
	lab->last_end_ms = lab->store.done_ms = FB_TIME_MIN;
	open_readers(lab);
	open_assembly(lab);
}

void lab_open_cascade(struct lab *lab, const char *delay, const char *view, const char *tvf, uint32_t partition_cnt)
{
	char *prelude, *sql;

	cr_assert_geq(asprintf(&prelude,
			      "CREATE TABLE s (k STRING, v BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS "
			      "ts - INTERVAL %s) WITH ('connector'='udp', 'port'='5000', "
			      "'format'='csv');\nCREATE VIEW below AS %s;\n",
			      delay, view),
		0);
	cr_assert_geq(asprintf(&sql,
			      "EXPLAIN SELECT window_start, window_end, k, COUNT(*), SUM(v), MIN(v), "
			      "MAX(v) FROM TABLE(%s) GROUP BY k, window_start, window_end;",
			      tvf),
		0);
	open_lab(lab, prelude, sql, partition_cnt);
	free(prelude);
	free(sql);
}

void lab_open(struct lab *lab, const char *delay, const char *tvf, uint32_t partition_cnt)
{
	char *prelude, *sql;

	cr_assert_geq(asprintf(&prelude,
			      "CREATE TABLE s (k STRING, v BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS "
			      "ts - INTERVAL %s) WITH ('connector'='udp', 'port'='5000', "
			      "'format'='csv');\n",
			      delay),
		0);
	cr_assert_geq(asprintf(&sql,
			      "EXPLAIN SELECT window_start, window_end, k, COUNT(*), SUM(v), MIN(v), "
			      "MAX(v) FROM TABLE(%s) GROUP BY k, window_start, window_end;",
			      tvf),
		0);
	open_lab(lab, prelude, sql, partition_cnt);
	free(prelude);
	free(sql);
}

static void close_all(struct lab *lab)
{
	fb_assembly_destroy(lab->assembly);
	for (uint32_t i = 0; i < lab->partition_cnt; i++)
		instance_close(&lab->at[i]);
}

void lab_close(struct lab *lab)
{
	close_all(lab);
	for (size_t i = 0; i < lab->store.cnt; i++)
		fb_buf_fini(&lab->store.parts[i].bytes);
	free(lab->store.parts);
	rows_fini(&lab->rows);
	planned_fini(&lab->planned);
}

/* ---- the store ---- */

static struct lab_part *find_part(struct lab_store *store, struct fb_assembly_part name)
{
	for (size_t i = 0; i < store->cnt; i++)
		if (store->parts[i].name.start_ms == name.start_ms && store->parts[i].name.number == name.number)
			return &store->parts[i];
	return NULL;
}

static void delete_part(void *arg, struct fb_assembly_part name)
{
	struct lab_store *store = arg;
	struct lab_part *part = find_part(store, name);

	cr_assert_not_null(part, "what goes was there");
	fb_buf_fini(&part->bytes);
	*part = store->parts[--store->cnt];
}

struct epoch {
	struct lab_store *store;
	uint32_t cnt; /* parts written; not: where levels stand */
};

static int put_part(void *arg, struct fb_assembly_part name, const uint8_t *bytes, size_t len)
{
	struct epoch *epoch = arg;
	struct lab_store *store = epoch->store;
	struct lab_part *part = find_part(store, name);

	if (part == NULL && store->cnt == store->cap) {
		store->cap = 2 * store->cap + 16;
		store->parts = realloc(store->parts, store->cap * sizeof(*store->parts));
		cr_assert_not_null(store->parts);
	}
	if (part == NULL) {
		part = &store->parts[store->cnt++];
		*part = (struct lab_part){.name = name};
		epoch->cnt++;
	}
	fb_buf_clear(&part->bytes);
	fb_buf_add(&part->bytes, bytes, len);
	return 0;
}

/* ---- windows ---- */

static void add_rows(struct lab *lab, const struct fb_assembly_rows *rows)
{
	const struct fb_column *const *c = rows->columns;

	for (uint32_t i = 0; i < rows->sel_cnt; i++) {
		uint32_t at = rows->sel[i];

		rows_add(&lab->rows, "%lld|%lld|%.*s|%lld|%lld|%lld|%lld", (long long)c[0]->i64[at],
			(long long)c[1]->i64[at], (int)c[2]->str[at].len, c[2]->str[at].p,
			(long long)c[3]->i64[at], (long long)c[4]->i64[at],
			(long long)c[5]->i64[at], (long long)c[6]->i64[at]);
	}
}

/* A few batches at a time, as the engine does it. */
static int begin(struct lab *lab, int64_t watermark_ms, struct fb_assembly_window *window)
{
	int rc;

	do
		rc = fb_assembly_try_begin(lab->assembly, watermark_ms, 3, window);
	while (rc == FB_E_AGAIN);
	return rc;
}

static void publish(struct lab *lab, int64_t watermark_ms)
{
	struct fb_assembly_window window;
	struct fb_assembly_rows rows;
	int rc;

	while ((rc = begin(lab, watermark_ms, &window)) == 1) {
		cr_assert(fb_assembly_is_reading(lab->assembly));
		if (lab->planned.queries[0]->window.kind != FB_WINDOW_SESSION)
			cr_assert_gt(window.end_ms, lab->last_end_ms,
				"windows come in the order of ends");
		cr_assert_gt(window.done_ms, lab->store.done_ms);
		if (lab->dies_in > 0 && --lab->dies_in == 0) {
			FB_IGNORE(fb_assembly_read(lab->assembly, &rows));
			lab->dead = true;
			return;
		}
		/* A store that fails: what was read is read again. */
		if (lab->windows % 5 == 3) {
			FB_IGNORE(fb_assembly_read(lab->assembly, &rows));
			fb_assembly_abort(lab->assembly);
			cr_assert_eq(fb_assembly_begin(lab->assembly, watermark_ms, &window), 1);
		}
		lab->last_end_ms = FB_MAX(lab->last_end_ms, window.end_ms);
		while (fb_assembly_read(lab->assembly, &rows))
			add_rows(lab, &rows);
		lab->store.done_ms = window.done_ms;
		fb_assembly_stale(lab->assembly, false, delete_part, &lab->store);
		lab->finished_rows += fb_assembly_finish(lab->assembly);
		lab->windows++;
	}
	cr_assert_eq(rc, 0);
	lab->finished_rows += fb_assembly_take_skipped(lab->assembly);
}

static void take_marks(struct lab *lab)
{
	const int64_t *marks;
	uint32_t cnt = fb_reader_take_marks(lab->at[0].reader, &marks);

	for (uint32_t i = 0; i < cnt; i++)
		cr_assert_eq(fb_assembly_mark(lab->assembly, marks[i]), 0);
}

/* Rows between levels: each has one disposition, and late is none of them. */
static void expect_levels(struct lab *lab)
{
	struct fb_assembly_level level;
	uint64_t rows = 0;

	for (uint32_t i = 0; i < fb_query_level_cnt(lab->planned.queries[0]); i++) {
		uint64_t sum = 0;

		fb_assembly_level(lab->assembly, i, &level);
		for (int d = 0; d < FB_REC_CNT; d++)
			sum += level.counters.disposition[d];
		cr_expect_eq(level.rows_in, i ? rows : 0);
		cr_expect_eq(level.counters.disposition[FB_REC_ACCEPTED], level.counters.sealed_rows);
		cr_expect_eq(level.rows_in, sum);
		cr_expect_eq(level.counters.disposition[FB_REC_LATE], 0);
		cr_expect_eq(level.counters.disposition[FB_REC_STATE_FULL], 0);
		cr_expect_eq(level.counters.late_row_windows, 0);
		if (i > 0)
			cr_expect_eq(level.counters.sealed_rows + level.kept_rows, level.finished_rows);
		cr_expect_eq(level.waiting_rows, 0);
		rows = level.rows_out;
	}
}

static void hand_over(struct lab *lab, int64_t watermark_ms, bool open)
{
	struct fb_slice *slice;
	uint32_t query;

	for (uint32_t i = 0; i < lab->partition_cnt; i++) {
		struct fb_reader *reader = lab->at[i].reader;

		fb_reader_set_watermark(reader, watermark_ms);
		while ((slice = fb_reader_take_sealed(reader, &query)) != NULL)
			cr_assert_eq(fb_assembly_add(lab->assembly, slice, i), 0);
		while (open && (slice = fb_reader_take_checkpoint(reader, &query)) != NULL)
			cr_assert_eq(fb_assembly_add(lab->assembly, slice, i), 0);
	}
}

static int64_t minimum(const struct lab *lab, uint32_t except)
{
	int64_t least = FB_TIME_MAX;

	for (uint32_t i = 0; i < lab->partition_cnt; i++)
		if (i != except)
			least = FB_MIN(least, fb_reader_own_watermark(lab->at[i].reader));
	return least;
}

void lab_feed(struct lab *lab, uint32_t partition, const char *csv)
{
	if (lab->dead)
		return;
	fb_reader_set_others(lab->at[partition].reader, minimum(lab, partition));
	feed(&lab->at[partition], csv);
	if (lab->marks)
		take_marks(lab);
	for (uint32_t i = 0; i < lab->partition_cnt; i++)
		fb_reader_set_watermark(lab->at[i].reader, minimum(lab, UINT32_MAX));
	if (lab->lazy)
		return;
	hand_over(lab, minimum(lab, UINT32_MAX), false);
	publish(lab, minimum(lab, UINT32_MAX));
}

void lab_end(struct lab *lab)
{
	uint64_t accepted = lab_count(lab, FB_REC_ACCEPTED);

	for (uint32_t i = 0; i < lab->partition_cnt; i++)
		expect_ledger(&lab->at[i], 0);
	hand_over(lab, FB_TIME_MAX, false);
	publish(lab, FB_TIME_MAX);
	expect_levels(lab);
	cr_expect(fb_assembly_is_empty(lab->assembly));
	cr_expect_eq(fb_assembly_waiting_rows(lab->assembly), 0);
	cr_expect_eq(fb_assembly_used_bytes(lab->assembly), 0, "pages are missing");
	for (uint32_t i = 0; i < lab->partition_cnt; i++) {
		const struct fb_query_counters *counters =
			fb_reader_query_counters(lab->at[i].reader, 0);

		cr_expect_eq(counters->state_used_bytes, 0, "pages of a reader are missing");
		cr_expect_eq(counters->open_rows, 0);
	}
	cr_expect_geq(lab->finished_rows, accepted, "records are missing");
}

uint32_t lab_checkpoint(struct lab *lab)
{
	struct epoch epoch = {.store = &lab->store};

	if (lab->dead)
		return 0;
	for (uint32_t i = 0; i < lab->partition_cnt; i++)
		cr_assert(fb_reader_can_checkpoint(lab->at[i].reader));
	hand_over(lab, minimum(lab, UINT32_MAX), true);
	cr_assert_eq(fb_assembly_settle(lab->assembly, UINT32_MAX), 0);
	fb_assembly_gather(lab->assembly);
	for (uint32_t i = 0; i < lab->partition_cnt; i++) {
		lab->store.own_ms[i] = fb_reader_own_watermark(lab->at[i].reader);
		lab->store.watermark_ms[i] = fb_reader_watermark(lab->at[i].reader);
		if (fb_query_first_level(lab->planned.queries[0])->window.kind != FB_WINDOW_SESSION)
			cr_assert_eq(fb_reader_query_counters(lab->at[i].reader, 0)->state_used_bytes, 0,
				"a slice is still lent");
	}
	lab->store.has_epoch = true;
	/* As one batch of the store: what goes first, so that a name that stays the same is written. */
	fb_assembly_stale(lab->assembly, true, delete_part, &lab->store);
	cr_assert_eq(fb_assembly_export(lab->assembly, put_part, &epoch), 0);
	fb_assembly_kept(lab->assembly);
	return epoch.cnt;
}

void lab_crash(struct lab *lab)
{
	close_all(lab);
	/* Hashes do not outlive the process: the next one has another seed. */
	fb_slice_seed();
	lab->dead = false;
	open_readers(lab);
	open_assembly(lab);
	fb_assembly_skip_to(lab->assembly, lab->store.done_ms);
	for (size_t i = 0; i < lab->store.cnt; i++)
		cr_assert_eq(fb_assembly_import(lab->assembly, lab->store.parts[i].name,
				     (const uint8_t *)lab->store.parts[i].bytes.p, lab->store.parts[i].bytes.len),
			0);
	for (uint32_t i = 0; i < lab->partition_cnt; i++)
		cr_assert_eq(fb_assembly_recall(lab->assembly, lab->at[i].reader, 0), 0);
}

void lab_restart(struct lab *lab)
{
	FB_IGNORE(lab_checkpoint(lab));
	lab_crash(lab);
}

uint64_t lab_count(struct lab *lab, enum fb_record_disposition disposition)
{
	uint64_t cnt = 0;

	for (uint32_t i = 0; i < lab->partition_cnt; i++)
		cnt += count_of(&lab->at[i], 0, disposition);
	return cnt;
}

uint64_t lab_late_pairs(struct lab *lab)
{
	uint64_t cnt = 0;

	for (uint32_t i = 0; i < lab->partition_cnt; i++)
		cnt += fb_reader_query_counters(lab->at[i].reader, 0)->late_row_windows;
	return cnt;
}
