/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conformance cases through the raw log: replay-cases FILE.sql…
 *
 * The records of each source table of a case are put into a raw log, as one lane and as two, and replayed. What forebay run makes
 * of the files is compared with Flink's rows elsewhere (tests/conformance/run); here
 *
 *   as stream, one lane     rows and numbers are those of the files as stream
 *   as stream, two lanes    rows and numbers do not depend on the number of cores
 *   as batch, any lanes     rows are those of the files as batch
 *   both                    what batch counts more than stream is what came late: to the record, and, if nothing did for any
 *                           window, the rows are the same
 *
 * Prints a line for each source; exit 1 if any of it does not hold.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/sql/sql.h"
#include "control/replay/files.h"
#include "control/replay/replay_log.h"
#include "dataplane/operator/row.h"
#include "state/rawlog/rawlog.h"

#define QUERIES_MAX 16
#define LINES_PER_DATAGRAM 3
#define BLOCK_DATAGRAMS 20
#define STATE_BYTES (512ull << 20)

struct rows {
	char **text;
	size_t cnt, cap;
};

struct outcome {
	const struct fb_query_plan *const *queries;
	struct rows rows[QUERIES_MAX];
	struct fb_replay_numbers numbers;
};

struct source {
	const char *name; /* of the case */
	const struct fb_table *table;
	const struct fb_query_plan *queries[QUERIES_MAX];
	uint32_t query_cnt;
	const char *path;
	bool has_session;
};

static int failures;

static void fail(const struct source *source, const char *what)
{
	printf("failed %s %s: %s\n", source->name, source->table->name, what);
	failures++;
}

/* ---- rows ---- */

static char *text_of(const struct fb_query_plan *query, const struct fb_value *values)
{
	struct fb_buf line = {0};

	for (uint16_t i = 0; i < query->select_cnt; i++) {
		const struct fb_value *value = &values[i];

		if (value->is_null) {
			fb_buf_add_text(&line, "NULL|");
			continue;
		}
		switch (fb_type_phys(query->select[i]->type)) {
		case FB_PHYS_STR:
			fb_buf_printf(&line, "%.*s|", (int)value->str.len, value->str.p);
			break;
		case FB_PHYS_F64: /* sums come in any order */
			fb_buf_printf(&line, "%.10g|", value->f64);
			break;
		case FB_PHYS_I128:
			fb_buf_printf(&line, "%llx:%llx|", (unsigned long long)((fb_u128)value->i128 >> 64),
				(unsigned long long)value->i128);
			break;
		default:
			fb_buf_printf(&line, "%lld|", (long long)value->i64);
		}
	}
	return line.p;
}

static int take(void *arg, const struct fb_replay_rows *got)
{
	struct outcome *outcome = arg;
	const struct fb_query_plan *query = outcome->queries[got->query];
	struct rows *rows = &outcome->rows[got->query];
	struct fb_type types[256];
	struct fb_value values[256];

	for (uint16_t i = 0; i < query->select_cnt; i++)
		types[i] = query->select[i]->type;
	for (size_t at = 0; at < got->len;) {
		int64_t used = fb_row_decode(got->bytes + at, got->len - at, types, query->select_cnt, values);

		if (used <= 0)
			return FB_E_INTERNAL;
		at += (size_t)used;
		if (rows->cnt == rows->cap) {
			rows->cap = FB_MAX(rows->cap * 2, (size_t)256);
			rows->text = realloc(rows->text, rows->cap * sizeof(char *));
		}
		rows->text[rows->cnt++] = text_of(query, values);
	}
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool same_rows(struct outcome *a, struct outcome *b, uint32_t query)
{
	struct rows *x = &a->rows[query], *y = &b->rows[query];

	qsort(x->text, x->cnt, sizeof(char *), by_text);
	qsort(y->text, y->cnt, sizeof(char *), by_text);
	for (size_t i = 0; i < FB_MIN(x->cnt, y->cnt); i++)
		if (strcmp(x->text[i], y->text[i]) != 0) {
			printf("  %s against %s\n", x->text[i], y->text[i]);
			return false;
		}
	if (x->cnt != y->cnt)
		printf("  %zu rows against %zu\n", x->cnt, y->cnt);
	return x->cnt == y->cnt;
}

static void drop(struct outcome *outcome)
{
	for (int q = 0; q < QUERIES_MAX; q++) {
		for (size_t i = 0; i < outcome->rows[q].cnt; i++)
			free(outcome->rows[q].text[i]);
		free(outcome->rows[q].text);
	}
	fb_replay_numbers_fini(&outcome->numbers);
	*outcome = (struct outcome){0};
}

/* ---- runs ---- */

static int run(const struct source *source, const struct fb_replay_log *log, bool batch, uint32_t threads, struct outcome *ret)
{
	struct fb_replay_conf conf = {.source = source->table,
		.queries = source->queries,
		.query_cnt = source->query_cnt,
		.path = source->path,
		.batch = batch,
		.threads = threads,
		.state_bytes = STATE_BYTES,
		.isa = fb_isa_detect(),
		.rows = take,
		.arg = ret};
	struct fb_buf message = {0};
	struct fb_buf what = {0};
	int rc;

	*ret = (struct outcome){.queries = source->queries};
	rc = log ? fb_replay_run_log(&conf, log, &message, &ret->numbers) : fb_replay_run(&conf, &message, &ret->numbers);
	if (rc != 0)
		fail(source, message.p ? message.p : fb_strerror(rc));
	else if (!fb_replay_balanced(&ret->numbers, &what))
		fail(source, what.p);
	fb_buf_fini(&message);
	fb_buf_fini(&what);
	return rc;
}

static uint64_t late(const struct outcome *outcome, uint32_t query)
{
	return outcome->numbers.queries[query].counters.disposition[FB_REC_LATE];
}

static void compare(const struct source *source, struct outcome *got, struct outcome *want, const char *what)
{
	for (uint32_t q = 0; q < source->query_cnt; q++) {
		const struct fb_query_counters *x = &got->numbers.queries[q].counters;
		const struct fb_query_counters *y = &want->numbers.queries[q].counters;

		if (!same_rows(got, want, q))
			fail(source, what);
		else if (memcmp(x->disposition, y->disposition, sizeof(x->disposition)) != 0 ||
			x->late_row_windows != y->late_row_windows)
			fail(source, what);
	}
}

/* Batch counts what stream counts, and what came late; a record that was late for some windows only is in both. */
static void compare_modes(const struct source *source, struct outcome *stream, struct outcome *batch)
{
	for (uint32_t q = 0; q < source->query_cnt; q++) {
		const struct fb_query_counters *x = &stream->numbers.queries[q].counters;
		const struct fb_query_counters *y = &batch->numbers.queries[q].counters;

		if (y->disposition[FB_REC_ACCEPTED] - x->disposition[FB_REC_ACCEPTED] != late(stream, q) || late(batch, q) != 0)
			fail(source, "batch less stream is not what came late");
		if (x->late_row_windows == 0 && !source->has_session && !same_rows(stream, batch, q))
			fail(source, "nothing came late, and batch has other rows than stream");
	}
}

/* ---- the log ---- */

static void release(void *arg, uint8_t *bytes)
{
	(void)arg;
	free(bytes);
}

struct lane {
	struct fb_rawlog_appender *appender;
	struct fb_block_fill fill;
	uint64_t seq;
};

static int put(struct lane *lane, uint32_t stream, uint32_t core, int64_t arrival_ns, const struct fb_buf *payload)
{
	struct fb_block_datagram datagram = {.seq = lane->seq++,
		.arrival_ns = arrival_ns,
		.watermark_ms = FB_TIME_MIN,
		.len = (uint32_t)payload->len,
		.data = (const uint8_t *)payload->p};
	int rc = 0;

	fb_block_map_ipv4(datagram.source, 1);
	if (lane->fill.bytes != NULL && lane->fill.header.datagram_cnt >= BLOCK_DATAGRAMS)
		rc = fb_rawlog_append(lane->appender, &lane->fill);
	if (rc != 0 || (lane->fill.bytes != NULL && fb_block_try_add(&lane->fill, &datagram)))
		return rc;
	if (lane->fill.bytes != NULL)
		rc = fb_rawlog_append(lane->appender, &lane->fill);
	fb_block_begin(&lane->fill, malloc(FB_BLOCK_BYTES), stream, core);
	return rc == 0 && fb_block_try_add(&lane->fill, &datagram) ? 0 : FB_E_INVALID;
}

/* The lines of a file as datagrams of all lanes in turn, two in a burst. */
static bool put_lines(struct lane *lanes, uint32_t lane_cnt, uint32_t stream, const char *text, size_t len, bool skip_first,
	int64_t *arrival_ns)
{
	struct fb_buf payload = {0};
	uint32_t lines = 0, made = 0;
	bool ok = true;

	for (size_t at = 0; ok && at < len;) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t next = end ? (size_t)(end - text) + 1 : len;

		if (!skip_first) {
			fb_buf_add(&payload, text + at, next - at);
			lines++;
		}
		skip_first = false;
		at = next;
		if (lines < LINES_PER_DATAGRAM && at < len)
			continue;
		*arrival_ns += made % 2 == 0 ? 1000 : 0;
		ok = payload.len == 0 || put(&lanes[made / 2 % lane_cnt], stream, made / 2 % lane_cnt, *arrival_ns, &payload) == 0;
		made++;
		lines = 0;
		fb_buf_clear(&payload);
	}
	fb_buf_fini(&payload);
	return ok;
}

static bool read_file(const char *path, struct fb_buf *ret)
{
	FILE *in = fopen(path, "rb");
	char bytes[65536];
	size_t got;

	if (in == NULL)
		return false;
	while ((got = fread(bytes, 1, sizeof(bytes), in)) > 0)
		fb_buf_add(ret, bytes, got);
	fclose(in);
	return !ret->failed;
}

static bool skips_first_line(const struct fb_table *table)
{
	const char *value = fb_table_option(table, "csv.ignore-first-line");

	return value != NULL && strcmp(value, "true") == 0;
}

static bool fill_log(struct fb_rawlog *log, const struct source *source, uint32_t lane_cnt, uint32_t *ret_stream)
{
	struct fb_buf message = {0}, name = {0};
	struct fb_files files = {0};
	struct lane lanes[2] = {0};
	int64_t arrival_ns = 1700000000000000000;
	bool ok = fb_files_list(source->path, &files, &message) == 0;

	fb_buf_printf(&name, "%s/%s/%u", source->name, source->table->name, lane_cnt);
	ok = ok && fb_rawlog_stream_id(log, name.p, true, ret_stream) == 0;
	for (uint32_t i = 0; ok && i < lane_cnt; i++)
		ok = fb_rawlog_appender_create(log,
			     &(struct fb_rawlog_appender_conf){
				     .stream = *ret_stream, .core = i, .codec = FB_BLOCK_LZ4, .release = release},
			     &lanes[i].appender) == 0;
	for (uint32_t i = 0; ok && i < files.cnt; i++) {
		struct fb_buf text = {0};

		ok = read_file(files.paths[i], &text) &&
		     put_lines(lanes, lane_cnt, *ret_stream, text.p, text.len, skips_first_line(source->table), &arrival_ns);
		fb_buf_fini(&text);
	}
	for (uint32_t i = 0; i < lane_cnt; i++) {
		if (lanes[i].fill.bytes != NULL)
			ok = fb_rawlog_append(lanes[i].appender, &lanes[i].fill) == 0 && ok;
		if (lanes[i].appender != NULL)
			ok = fb_rawlog_flush(lanes[i].appender, NULL) == 0 && ok;
		fb_rawlog_appender_destroy(lanes[i].appender);
	}
	fb_files_free(&files);
	fb_buf_fini(&message);
	fb_buf_fini(&name);
	return ok;
}

/* ---- a source ---- */

static void check_lanes(const struct source *source, struct fb_rawlog *raw, uint32_t lane_cnt, struct outcome *files)
{
	struct fb_replay_log log = {.log = raw, .framing = FB_FRAMING_NEWLINE, .from_ns = INT64_MIN, .to_ns = INT64_MAX};
	struct outcome stream = {0}, again = {0}, batch = {0};

	if (!fill_log(raw, source, lane_cnt, &log.stream)) {
		fail(source, "its records cannot be put into a log");
		return;
	}
	if (run(source, &log, false, 1, &stream) == 0 && run(source, &log, false, 3, &again) == 0 &&
		run(source, &log, true, 2, &batch) == 0) {
		if (lane_cnt == 1)
			compare(source, &stream, &files[0], "as stream the log has other rows than the files");
		if (lane_cnt == 1 || !source->has_session)
			compare(source, &again, &stream, "as stream several cores have other rows than one");
		compare(source, &batch, &files[1], "as batch the log has other rows than the files");
		compare_modes(source, &stream, &batch);
	}
	drop(&stream);
	drop(&again);
	drop(&batch);
}

/* Why a source cannot be in a log; NULL: it can. */
static const char *why_not(const struct source *source)
{
	const struct fb_table *table = source->table;
	struct fb_buf message = {0}, text = {0};
	struct fb_files files = {0};
	const char *why = NULL;

	if (strcmp(table->connector, "filesystem") != 0 || source->path == NULL)
		return "no files";
	for (uint32_t q = 0; q < source->query_cnt; q++)
		for (uint16_t i = table->field_cnt; i < fb_table_input_cnt(table); i++)
			if (fb_query_needs_field(fb_query_first_level(source->queries[q]), i))
				return "metadata of files";
	if (fb_files_list(source->path, &files, &message) != 0 || files.cnt == 0)
		why = "no files";
	for (uint32_t i = 0; why == NULL && i < files.cnt; i++) {
		fb_buf_clear(&text);
		if (!read_file(files.paths[i], &text) || text.len == 0)
			why = "an empty file";
		else if (text.len >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0)
			why = "a file with a mark of its encoding";
		for (size_t at = 0, quotes = 0; why == NULL && strcmp(table->format, "csv") == 0 && at < text.len; at++) {
			/* What could quote or escape is enough to leave it out. */
			quotes += text.p[at] == '"' || text.p[at] == '\'' || text.p[at] == '\\';
			if (text.p[at] == '\n' && quotes % 2 != 0)
				why = "a record that spans lines, or may";
			quotes = text.p[at] == '\n' ? 0 : quotes;
		}
	}
	fb_files_free(&files);
	fb_buf_fini(&message);
	fb_buf_fini(&text);
	return why;
}

static void check_source(const struct source *source, struct fb_rawlog *raw)
{
	struct outcome files[2] = {0};
	const char *why = why_not(source);
	int before = failures;

	if (why != NULL) {
		printf("left out %s %s: %s\n", source->name, source->table->name, why);
		return;
	}
	if (run(source, NULL, false, 1, &files[0]) == 0 && run(source, NULL, true, 1, &files[1]) == 0)
		for (uint32_t lanes = 1; lanes <= 2; lanes++)
			check_lanes(source, raw, lanes, files);
	if (failures == before) {
		uint64_t came_late = 0;

		for (uint32_t q = 0; q < source->query_cnt; q++)
			came_late += late(&files[0], q);
		printf("checked %s %s: %llu records, %llu late\n", source->name, source->table->name,
			(unsigned long long)files[0].numbers.decode.records, (unsigned long long)came_late);
	}
	drop(&files[0]);
	drop(&files[1]);
}

/* ---- a case ---- */

static bool is_of(const struct source *source, const struct fb_query_plan *query)
{
	const struct fb_query_plan *first = fb_query_first_level(query);

	return query->source != NULL && first->branch_cnt == 0 && first->source == source->table;
}

static void check_plan(const char *name, const struct fb_plan *plan, struct fb_rawlog *raw)
{
	for (uint16_t t = 0; t < plan->table_cnt; t++) {
		struct source source = {.name = name, .table = plan->tables[t]};

		for (uint16_t q = 0; q < plan->query_cnt && source.query_cnt < QUERIES_MAX; q++) {
			if (!is_of(&source, plan->queries[q]))
				continue;
			source.queries[source.query_cnt++] = plan->queries[q];
			for (const struct fb_query_plan *level = plan->queries[q]; level != NULL; level = level->upstream)
				source.has_session |= level->window.kind == FB_WINDOW_SESSION;
		}
		if (source.query_cnt == 0)
			continue;
		source.path = fb_table_option(source.table, "path");
		if (source.path != NULL && strncmp(source.path, "file:", 5) == 0)
			source.path += strncmp(source.path, "file://", 7) == 0 ? 7 : 5;
		check_source(&source, raw);
	}
}

static void check_file(const char *path, struct fb_rawlog *raw)
{
	const char *slash = strrchr(path, '/');
	struct fb_buf text = {0};
	struct fb_diags diags;
	struct fb_plan *plan = NULL;

	fb_diags_init(&diags, path);
	if (read_file(path, &text) && fb_sql_plan_run(path, (struct fb_str){text.p, (uint32_t)text.len}, &diags, &plan) == 0) {
		check_plan(slash ? slash + 1 : path, plan, raw);
		fb_plan_destroy(plan);
	} else {
		printf("left out %s: not a plan\n", path);
	}
	fb_diags_fini(&diags);
	fb_buf_fini(&text);
}

int main(int argc, char **argv)
{
	char folder[] = "/tmp/fb-replay-cases-XXXXXX";
	struct fb_buf path = {0}, command = {0}, message = {0};
	struct fb_store *store = NULL;
	struct fb_rawlog *raw = NULL;

	if (mkdtemp(folder) == NULL)
		return 1;
	fb_buf_printf(&path, "%s/store", folder);
	if (fb_store_open(&(struct fb_store_conf){.path = path.p}, &message, &store) != 0 || fb_rawlog_open(store, &raw) != 0) {
		fprintf(stderr, "replay-cases: %s\n", message.p ? message.p : "no log");
		failures++;
	}
	for (int i = 1; raw != NULL && i < argc; i++)
		check_file(argv[i], raw);
	fb_rawlog_close(raw);
	fb_store_close(store);
	fb_buf_printf(&command, "rm -rf '%s'", folder);
	if (system(command.p) != 0)
		failures++;
	fb_buf_fini(&path);
	fb_buf_fini(&command);
	fb_buf_fini(&message);
	return failures > 0;
}
