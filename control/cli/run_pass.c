/* SPDX-License-Identifier: Apache-2.0 */
/* The queries of a plan, pass by pass. */
#include <stdlib.h>
#include <string.h>

#include "config/base/calendar.h"
#include "control/cli/progress.h"
#include "control/cli/run_output.h"
#include "control/cli/run_private.h"
#include "control/cli/run_summary.h"
#include "control/cli/run_tables.h"
#include "dataplane/operator/values.h"

/* One reading of a source, with its queries. */
struct pass {
	struct fb_run *run;
	struct fb_run_tables tables;
	struct fb_buf name; /* of the tables */
	struct fb_run_pass summary;
	const struct fb_query_plan **queries;
	struct fb_run_output **outputs;
	struct fb_buf message; /* of a sink */
	struct fb_progress progress;
};

/* ---- a pass ---- */

static int take_rows(void *arg, const struct fb_replay_rows *rows)
{
	struct pass *pass = arg;

	return rows->len == 0 ? 0 : fb_run_output_put(pass->outputs[rows->query], rows->bytes, rows->len, &pass->message);
}

static void show_progress(void *arg, const struct fb_replay_progress *progress)
{
	struct pass *pass = arg;

	fb_progress_update(&pass->progress, progress->records,
		progress->total_bytes ? (double)progress->bytes / (double)progress->total_bytes : -1,
		fb_clock_monotonic_ns());
}

static int open_outputs(struct pass *pass)
{
	const struct fb_run *run = pass->run;
	enum fb_run_form form = run->args->rows == FB_RUN_ROWS_CSV ? FB_RUN_CSV
				: run->args->rows == FB_RUN_ROWS_JSON ||
					(run->args->rows == FB_RUN_ROWS_AUTO && run->cli->output == FB_OUTPUT_JSON)
			? FB_RUN_JSON
			: FB_RUN_TABLE;

	for (uint32_t i = 0; i < pass->summary.query_cnt; i++) {
		struct fb_run_output_conf conf = {.query = pass->queries[i], .pipeline = run->name, .form = form,
			.zone_offset_ms = run->plan->settings.zone_offset_ms};

		for (uint16_t q = 0; q < run->plan->query_cnt; q++)
			if (run->plan->queries[q] == pass->queries[i])
				conf.number = q + 1u;
		if (fb_run_output_open(run->cli, &conf, &pass->message, &pass->outputs[i]) != 0)
			return fb_cli_fail(run->cli, FB_EXIT_REFUSED, NULL, "%s: %s", pass->queries[i]->name, pass->message.p);
	}
	return FB_EXIT_DONE;
}

static int finish_outputs(struct pass *pass)
{
	for (uint32_t i = 0; i < pass->summary.query_cnt; i++) {
		int rc = fb_run_output_finish(pass->outputs[i], &pass->message);

		if (rc != 0)
			return fb_cli_fail(pass->run->cli, FB_EXIT_REFUSED, NULL, "%s: %s", pass->queries[i]->name,
				pass->message.len ? pass->message.p : fb_strerror(rc));
	}
	return FB_EXIT_DONE;
}

static uint64_t malformed(const struct fb_replay_numbers *numbers)
{
	uint64_t cnt = 0;

	for (int d = 0; d < FB_REC_CNT; d++)
		cnt += numbers->decode.rejected[d];
	return cnt;
}

/* Records and groups of the query with most: queries of one source may fail on the same records. */
static uint64_t failed_expressions(const struct fb_replay_numbers *numbers)
{
	uint64_t most = 0;

	for (uint32_t q = 0; q < numbers->query_cnt; q++) {
		const struct fb_replay_query *query = &numbers->queries[q];
		uint64_t cnt = query->counters.disposition[FB_REC_EXPRESSION] + query->dropped_groups;

		for (uint32_t i = 1; i < query->level_cnt; i++)
			cnt += query->levels[i].counters.disposition[FB_REC_EXPRESSION];
		if (cnt > most)
			most = cnt;
	}
	return most;
}

static int judge(struct pass *pass)
{
	struct fb_run *run = pass->run;
	struct fb_buf what = {0};
	int code = FB_EXIT_DONE;

	if (!fb_replay_balanced(&pass->summary.numbers, &what))
		code = fb_cli_fail(run->cli, FB_EXIT_REFUSED, NULL, "the ledger does not add up: %s", what.p);
	else if (run->args->strict && malformed(&pass->summary.numbers) > 0)
		code = fb_cli_fail(run->cli, FB_EXIT_REFUSED, "Flink's job would have failed at the first",
			"%s: %llu records are malformed (--strict)", pass->name.p,
			(unsigned long long)malformed(&pass->summary.numbers));
	else if (run->args->strict && failed_expressions(&pass->summary.numbers) > 0)
		code = fb_cli_fail(run->cli, FB_EXIT_REFUSED,
			"Flink's job would have failed at the first; TRY_CAST gives NULL instead",
			"%s: an expression failed on %llu records or groups (--strict)", pass->name.p,
			(unsigned long long)failed_expressions(&pass->summary.numbers));
	fb_buf_fini(&what);
	return code;
}

static void summarise(struct pass *pass)
{
	struct fb_run *run = pass->run;

	if (run->cli->output == FB_OUTPUT_JSON)
		json_array_append_new(run->passes, fb_run_summary_json(&pass->summary));
	else if (!run->args->quiet)
		fb_run_summary_print(run->cli, &pass->summary);
}

static int read_tables(struct pass *pass)
{
	struct fb_run *run = pass->run;
	struct fb_run_tables *tables = &pass->tables;
	struct fb_replay_conf conf = {.queries = pass->queries,
		.query_cnt = pass->summary.query_cnt,
		.others = tables->at + 1,
		.other_cnt = tables->cnt - 1,
		.batch = run->batch,
		.threads = pass->summary.threads,
		.state_bytes = run->state_bytes,
		.block_bytes = (uint32_t)run->args->block_bytes,
		.isa = fb_isa_detect(),
		.rows = take_rows,
		.progress = run->args->quiet ? NULL : show_progress,
		.arg = pass};
	struct fb_buf message = {0};
	int64_t started_ns = fb_clock_monotonic_ns();
	int code = FB_EXIT_DONE;
	int rc = fb_run_tables_open(tables);

	if (rc != 0) {
		fb_run_tables_close(tables);
		return fb_cli_fail(run->cli, FB_EXIT_REFUSED, NULL, "%s: %s", pass->name.p, fb_strerror(rc));
	}
	conf.source = tables->at[0].source;
	conf.read_as = tables->at[0].read_as;
	conf.path = tables->at[0].path;
	fb_progress_start(&pass->progress, run->cli->err, "read", "records", 0);
	rc = fb_replay_run(&conf, &message, &pass->summary.numbers);
	for (uint32_t i = 0; i < tables->cnt; i++)
		if (tables->generated[i] != NULL)
			tables->at[i].path = FB_RUN_GENERATED;
	fb_run_tables_close(tables);
	fb_progress_end(&pass->progress);
	pass->summary.seconds = (double)(fb_clock_monotonic_ns() - started_ns) / 1e9;
	if (rc != 0 && pass->message.len > 0)
		code = fb_cli_fail(run->cli, FB_EXIT_REFUSED, NULL, "%s: %s", pass->name.p, pass->message.p);
	else if (rc != 0)
		code = fb_cli_fail(run->cli, FB_EXIT_REFUSED, rc == FB_E_FULL ? "give it more with --state-mb" : NULL,
			"%s: %s", pass->name.p, message.p ? message.p : fb_strerror(rc));
	fb_buf_fini(&message);
	if (code == FB_EXIT_DONE)
		code = finish_outputs(pass);
	if (rc == 0)
		summarise(pass);
	return code == FB_EXIT_DONE ? judge(pass) : code;
}

/*
 * Whether a record of a session is late depends on the sessions of its key that are open (rule M6), and a thread knows
 * those of its own blocks only. As batch nothing is late.
 */
static uint32_t threads_for(const struct fb_run *run, const struct fb_query_plan *const *queries, uint32_t query_cnt)
{
	for (uint32_t i = 0; !run->batch && i < query_cnt; i++)
		if (fb_query_first_level(queries[i])->window.kind == FB_WINDOW_SESSION)
			return 1;
	return run->threads;
}

/* What stands for each table of the pass; standard input once, and without metadata. */
static int find_paths(struct pass *pass)
{
	struct fb_run *run = pass->run;

	for (uint32_t i = 0; i < pass->tables.cnt; i++) {
		struct fb_replay_table *table = &pass->tables.at[i];

		table->path = fb_run_path(run, table->source);
		if (strcmp(table->path, "-") != 0)
			continue;
		if (run->reads_stdin)
			return fb_cli_fail(run->cli, FB_EXIT_REFUSED, "put the records into a file",
				"standard input cannot be read twice");
		for (uint32_t q = 0; q < pass->summary.query_cnt; q++) {
			const char *key = fb_run_tables_metadata(table->source, pass->queries[q]);

			if (key != NULL)
				return fb_cli_fail(run->cli, FB_EXIT_REFUSED, "put the records into a file",
					"standard input has no '%s'", key);
		}
		run->reads_stdin = true;
	}
	return FB_EXIT_DONE;
}

static int run_pass(struct fb_run *run, const struct fb_query_plan *const *queries, uint32_t query_cnt)
{
	struct pass pass = {.run = run,
		.summary = {.query_cnt = query_cnt, .batch = run->batch},
		.queries = calloc(query_cnt, sizeof(*pass.queries)),
		.outputs = calloc(query_cnt, sizeof(*pass.outputs))};
	int code;

	fb_run_tables_list(queries[0], &pass.tables);
	fb_run_tables_name(pass.tables.at, pass.tables.cnt, &pass.name);
	if (pass.queries == NULL || pass.outputs == NULL || pass.name.failed) {
		free(pass.queries);
		free(pass.outputs);
		fb_buf_fini(&pass.name);
		return fb_cli_fail(run->cli, FB_EXIT_REFUSED, NULL, "%s", fb_strerror(FB_E_NO_MEMORY));
	}
	memcpy(pass.queries, queries, query_cnt * sizeof(*pass.queries));
	pass.summary.threads = threads_for(run, queries, query_cnt);
	pass.summary.queries = pass.queries;
	pass.summary.tables = pass.tables.at;
	pass.summary.table_cnt = pass.tables.cnt;
	code = find_paths(&pass);
	if (code == FB_EXIT_DONE)
		code = open_outputs(&pass);
	if (code == FB_EXIT_DONE)
		code = read_tables(&pass);
	for (uint32_t i = 0; i < query_cnt; i++)
		fb_run_output_close(pass.outputs[i]);
	fb_replay_numbers_fini(&pass.summary.numbers);
	fb_buf_fini(&pass.message);
	fb_buf_fini(&pass.name);
	free(pass.queries);
	free(pass.outputs);
	return code;
}

/* ---- rows of constants ---- */

static int put_constant(void *arg, const uint8_t *bytes, uint32_t len)
{
	struct pass *pass = arg;

	return fb_run_output_put(pass->outputs[0], bytes, len, &pass->message);
}

/* INSERT … VALUES and SELECT without FROM: nothing is read. */
static int run_constants(struct fb_run *run, const struct fb_query_plan *query)
{
	struct fb_run_output *output = NULL;
	struct pass pass = {.run = run, .summary = {.query_cnt = 1}, .queries = &query, .outputs = &output};
	uint32_t row = 0;
	int code = open_outputs(&pass);
	int rc = code == FB_EXIT_DONE ? fb_values_run(query, put_constant, &pass, &row) : 0;

	if (rc == FB_E_INVALID)
		code = fb_cli_fail(run->cli, FB_EXIT_REFUSED, "a division by zero, or a CAST of text: TRY_CAST gives NULL",
			"%s: row %u of the constants cannot be computed", query->name, row + 1);
	else if (rc != 0)
		code = fb_cli_fail(run->cli, FB_EXIT_REFUSED, NULL, "%s: %s", query->name,
			pass.message.len ? pass.message.p : fb_strerror(rc));
	if (code == FB_EXIT_DONE)
		code = finish_outputs(&pass);
	fb_run_output_close(output);
	fb_buf_fini(&pass.message);
	return code;
}

/*
 * In the order of the file. INSERTs of one source read it together (a statement set reads its source once); a SELECT reads
 * it by itself, so that its rows stand together.
 */
int fb_run_passes(struct fb_run *run)
{
	const struct fb_plan *plan = run->plan;
	const struct fb_query_plan **together = calloc(plan->query_cnt + 1u, sizeof(*together));
	bool *done = calloc(plan->query_cnt + 1u, sizeof(*done));
	int code = FB_EXIT_DONE;

	if (together == NULL || done == NULL)
		code = fb_cli_fail(run->cli, FB_EXIT_REFUSED, NULL, "%s", fb_strerror(FB_E_NO_MEMORY));
	for (uint16_t i = 0; code == FB_EXIT_DONE && i < plan->query_cnt; i++) {
		uint32_t cnt = 0;

		if (done[i])
			continue;
		if (plan->queries[i]->source == NULL) {
			code = run_constants(run, plan->queries[i]);
			continue;
		}
		together[cnt++] = plan->queries[i];
		for (uint16_t j = (uint16_t)(i + 1); plan->queries[i]->sink != NULL && j < plan->query_cnt; j++)
			if (!done[j] && plan->queries[j]->sink != NULL && plan->queries[j]->source != NULL &&
				fb_run_tables_same(plan->queries[j], plan->queries[i])) {
				together[cnt++] = plan->queries[j];
				done[j] = true;
			}
		code = run_pass(run, together, cnt);
	}
	free(together);
	free(done);
	return code;
}
