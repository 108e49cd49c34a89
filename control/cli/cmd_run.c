/* SPDX-License-Identifier: Apache-2.0 */
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config/base/calendar.h"
#include "config/base/errcode.h"
#include "config/base/nearest.h"
#include "config/sql/datagen.h"
#include "config/sql/sql.h"
#include "control/cli/commands.h"
#include "control/cli/progress.h"
#include "control/cli/run_output.h"
#include "control/cli/run_summary.h"
#include "control/cli/run_tables.h"
#include "control/cli/sources.h"
#include "control/replay/datagen.h"
#include "dataplane/operator/values.h"

struct run_args {
	struct fb_cli_texts sources;
	uint64_t threads;
	uint64_t state_mb;
	uint64_t block_bytes;
	uint32_t rows;
	uint32_t mode;
	bool strict;
	bool quiet;
};

enum rows_choice { ROWS_AUTO, ROWS_TABLE, ROWS_CSV, ROWS_JSON };
enum mode_choice { MODE_FILE, MODE_STREAMING, MODE_BATCH };

/* A run of a file. */
struct run {
	struct fb_cli *cli;
	const struct run_args *args;
	const char *file;
	struct fb_plan *plan;
	struct fb_diags diags;
	const char *name;
	uint32_t threads;
	uint64_t state_bytes;
	bool batch;
	bool reads_stdin;
	json_t *passes;
};

/* One reading of a source, with its queries. */
struct pass {
	struct run *run;
	struct fb_run_tables tables;
	struct fb_buf name; /* of the tables */
	struct fb_run_pass summary;
	const struct fb_query_plan **queries;
	struct fb_run_output **outputs;
	struct fb_buf message; /* of a sink */
	struct fb_progress progress;
};

/* ---- which file is a table ---- */

static const char *mapped_path(const struct run *run, const char *table)
{
	size_t len = strlen(table);

	for (uint32_t i = 0; i < run->args->sources.cnt; i++) {
		const char *text = run->args->sources.at[i];

		if (strncmp(text, table, len) == 0 && text[len] == '=')
			return text + len + 1;
	}
	return NULL;
}

static void no_file(struct run *run, const struct fb_table *table, struct fb_place place, const char *why)
{
	struct fb_buf hint = {0};

	fb_buf_printf(&hint, "say which file or folder stands for it: --source %s=PATH", table->name);
	fb_diags_add(&run->diags, FB_ERROR_SEVERITY, place, hint.p, "%s", why);
	fb_buf_fini(&hint);
}

/* In the place of a path. */
#define GENERATED "(generated)"

static bool is_generated(const struct fb_table *table)
{
	return strcmp(table->connector, "datagen") == 0;
}

/* NULL: none, said in diags. */
static const char *path_of(struct run *run, const struct fb_table *table)
{
	const char *mapped = mapped_path(run, table->name);
	const char *path = fb_table_option(table, "path");
	struct fb_place place = table->place;

	for (uint16_t i = 0; i < table->option_cnt; i++)
		if (strcmp(table->options[i].key, "path") == 0)
			place = table->options[i].place;
	if (is_generated(table)) {
		if (mapped == NULL && fb_datagen_row_cnt(table) >= 0)
			return GENERATED;
		fb_diags_add(&run->diags, FB_ERROR_SEVERITY, place,
			mapped ? "declare it with another connector, and a format" : "add 'number-of-rows', or a column of the kind 'sequence'",
			mapped ? "table '%s' makes its rows: it has no format that a file could be read with"
			       : "table '%s' never ends, and a run is over input that does",
			table->name);
		return NULL;
	}
	if (mapped != NULL)
		return mapped;
	if (strcmp(table->connector, "filesystem") != 0) {
		no_file(run, table, place, "the table is fed by another connector; a run reads files");
		return NULL;
	}
	if (strncmp(path, "file://", 7) == 0)
		path += 7;
	else if (strncmp(path, "file:", 5) == 0)
		path += 5;
	if (strstr(path, "://") != NULL) {
		no_file(run, table, place, "a run reads local files");
		return NULL;
	}
	return path;
}

/* Every --source must name a table of the file. */
static int check_mappings(struct run *run)
{
	const struct fb_plan *plan = run->plan;
	const char *names[64];

	for (uint32_t i = 0; i < run->args->sources.cnt; i++) {
		const char *text = run->args->sources.at[i];
		const char *equals = strchr(text, '=');
		struct fb_str name = {text, equals ? (uint32_t)(equals - text) : 0};
		uint32_t cnt = 0;
		bool found = false;

		if (equals == NULL || equals == text || equals[1] == '\0')
			return fb_cli_fail(run->cli, FB_EXIT_USAGE, "write it as --source TABLE=PATH", "--source '%s' names no table",
				text);
		for (uint16_t t = 0; t < plan->table_cnt; t++) {
			found |= fb_str_eq(name, fb_str_from(plan->tables[t]->name));
			if (cnt < FB_ARRAY_LEN(names))
				names[cnt++] = plan->tables[t]->name;
		}
		if (found)
			continue;

		const char *near = fb_nearest_name(name, names, cnt);
		struct fb_buf hint = {0};

		if (near != NULL)
			fb_buf_printf(&hint, "did you mean %s?", near);
		fb_cli_fail(run->cli, FB_EXIT_USAGE, hint.p, "--source: the file has no table '%.*s'", (int)name.len, name.p);
		fb_buf_fini(&hint);
		return FB_EXIT_USAGE;
	}
	return FB_EXIT_DONE;
}

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
	const struct run *run = pass->run;
	enum fb_run_form form = run->args->rows == ROWS_CSV ? FB_RUN_CSV
				: run->args->rows == ROWS_JSON ||
					(run->args->rows == ROWS_AUTO && run->cli->output == FB_OUTPUT_JSON)
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
	struct run *run = pass->run;
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
	struct run *run = pass->run;

	if (run->cli->output == FB_OUTPUT_JSON)
		json_array_append_new(run->passes, fb_run_summary_json(&pass->summary));
	else if (!run->args->quiet)
		fb_run_summary_print(run->cli, &pass->summary);
}

static int read_tables(struct pass *pass)
{
	struct run *run = pass->run;
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
			tables->at[i].path = GENERATED;
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
static uint32_t threads_for(const struct run *run, const struct fb_query_plan *const *queries, uint32_t query_cnt)
{
	for (uint32_t i = 0; !run->batch && i < query_cnt; i++)
		if (fb_query_first_level(queries[i])->window.kind == FB_WINDOW_SESSION)
			return 1;
	return run->threads;
}

/* What stands for each table of the pass; standard input once, and without metadata. */
static int find_paths(struct pass *pass)
{
	struct run *run = pass->run;

	for (uint32_t i = 0; i < pass->tables.cnt; i++) {
		struct fb_replay_table *table = &pass->tables.at[i];

		table->path = path_of(run, table->source);
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

static int run_pass(struct run *run, const struct fb_query_plan *const *queries, uint32_t query_cnt)
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
static int run_constants(struct run *run, const struct fb_query_plan *query)
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
static int run_passes(struct run *run)
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

/* ---- the file ---- */

/* SHOW, DESCRIBE, EXPLAIN. */
static void print_answers(struct run *run)
{
	for (uint32_t i = 0; i < run->plan->answer_cnt; i++) {
		struct fb_buf text = {0};

		fb_explain_answer(&run->plan->answers[i], &text);
		if (text.p != NULL)
			fwrite(text.p, 1, text.len, run->cli->out);
		fb_buf_fini(&text);
	}
}

static uint32_t default_threads(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	return (uint32_t)FB_MIN(FB_MAX(CPU_COUNT(&set), 1), FB_REPLAY_THREADS_MAX);
}

static uint64_t default_state_bytes(void)
{
	return (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE) / 2;
}

static void decide(struct run *run)
{
	const struct run_args *args = run->args;

	run->threads = args->threads ? (uint32_t)args->threads : default_threads();
	run->state_bytes = args->state_mb ? args->state_mb << 20 : default_state_bytes();
	run->batch = args->mode == MODE_BATCH || (args->mode == MODE_FILE && run->plan->settings.batch_mode);
	run->name = run->plan->settings.pipeline_name ? run->plan->settings.pipeline_name : run->plan->file;
	fb_slice_seed();
}

/* Before anything is read: every source has its file. */
static void check_sources(struct run *run)
{
	uint32_t cap = 0;
	uint32_t cnt = 0;
	const struct fb_table **seen;

	for (uint16_t i = 0; i < run->plan->query_cnt; i++)
		cap += fb_query_input_cnt(run->plan->queries[i]);
	seen = calloc(cap + 1u, sizeof(*seen));
	for (uint16_t i = 0; seen != NULL && i < run->plan->query_cnt; i++)
		for (uint32_t k = 0; k < fb_query_input_cnt(run->plan->queries[i]); k++) {
			const struct fb_table *source = fb_query_input(run->plan->queries[i], k)->source;
			uint32_t at = 0;

			while (at < cnt && seen[at] != source)
				at++;
			if (at < cnt || source == NULL)
				continue;
			seen[cnt++] = source;
			FB_IGNORE(path_of(run, source));
		}
	free(seen);
}

static int run_plan(struct run *run)
{
	int code = check_mappings(run);

	if (code != FB_EXIT_DONE)
		return code;
	FB_IGNORE(fb_sql_check_start(run->plan, true, &run->diags));
	check_sources(run);
	if (run->diags.error_cnt > 0)
		return FB_EXIT_REFUSED;
	decide(run);
	print_answers(run);
	run->passes = json_array();
	code = run_passes(run);
	if (run->cli->output == FB_OUTPUT_JSON && !run->args->quiet) {
		fflush(run->cli->out);
		json_dumpf(run->passes, run->cli->err, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
		fputc('\n', run->cli->err);
	}
	json_decref(run->passes);
	return code;
}

static int run_file(struct fb_cli *cli, const void *args)
{
	struct run run = {.cli = cli, .args = args};
	struct fb_source_file file;
	size_t shown;
	int code = fb_source_open(cli, cli->argv[0], &file);
	int rc;

	if (code != FB_EXIT_DONE)
		return code;
	if (!file.is_sql) {
		fb_source_close(&file);
		return fb_cli_fail(cli, FB_EXIT_USAGE, NULL, "%s is no pipeline file (.sql)", cli->argv[0]);
	}
	run.reads_stdin = strcmp(cli->argv[0], "-") == 0;
	fb_diags_init(&run.diags, file.name);
	rc = fb_sql_plan_run(file.name, file.text, &run.diags, &run.plan);
	fb_diags_print(&run.diags, file.text.p, cli->err);
	shown = run.diags.cnt;
	if (rc == 0) {
		code = run_plan(&run);
		/* What was found out since. */
		if (run.diags.cnt > shown) {
			struct fb_diags rest = run.diags;

			rest.items += shown;
			rest.cnt -= shown;
			fb_diags_print(&rest, file.text.p, cli->err);
		}
	} else if (run.diags.error_cnt > 0) {
		code = FB_EXIT_REFUSED;
	} else {
		code = fb_cli_fail(cli, FB_EXIT_REFUSED, NULL, "%s: %s", file.name, fb_strerror(rc));
	}
	fb_plan_destroy(run.plan);
	fb_diags_fini(&run.diags);
	fb_source_close(&file);
	return code;
}

/* ---- descriptor ---- */

static const char *const rows_words[] = {"auto", "table", "csv", "json", NULL};
static const char *const mode_words[] = {"file", "streaming", "batch", NULL};

static const struct fb_cli_option options[] = {
	{.name = "source",
		.letter = 's',
		.type = FB_ARG_TEXTS,
		.at = offsetof(struct run_args, sources),
		.value = "TABLE=PATH",
		.help = "the file or folder that stands for a source table of any connector; - is standard input"},
	{.name = "threads",
		.letter = 'j',
		.type = FB_ARG_U64,
		.at = offsetof(struct run_args, threads),
		.value = "N",
		.max = FB_REPLAY_THREADS_MAX,
		.min = 1,
		.help = "cores to use; else all there are"},
	{.name = "state-mb",
		.type = FB_ARG_U64,
		.at = offsetof(struct run_args, state_mb),
		.value = "N",
		.min = 1,
		.max = 1 << 24,
		.help = "memory for groups of open windows, in MiB; else half of the machine's"},
	{.name = "mode",
		.type = FB_ARG_CHOICE,
		.at = offsetof(struct run_args, mode),
		.value = "MODE",
		.preset = "file",
		.choices = mode_words,
		.help = "execution.runtime-mode, or what the file sets"},
	{.name = "rows",
		.type = FB_ARG_CHOICE,
		.at = offsetof(struct run_args, rows),
		.value = "FORM",
		.preset = "auto",
		.choices = rows_words,
		.help = "how rows of a SELECT are printed; auto is json with -o json, else table"},
	{.name = "strict",
		.type = FB_ARG_FLAG,
		.at = offsetof(struct run_args, strict),
		.help = "exit code 1 if a record is malformed or an expression fails"},
	{.name = "block-bytes",
		.type = FB_ARG_U64,
		.at = offsetof(struct run_args, block_bytes),
		.value = "N",
		.min = 1,
		.max = 64 << 20,
		.help = "how much of a file a core takes at once; rows do not depend on it"},
	{.name = "quiet",
		.letter = 'q',
		.type = FB_ARG_FLAG,
		.at = offsetof(struct run_args, quiet),
		.help = "no progress and no summary"},
};

static const struct fb_cli_example examples[] = {
	{"run query.sql", "INSERTs go to their sinks, rows of SELECTs are printed"},
	{"run pipeline.sql --source people=people.csv", "a pipeline made for a NIC or for Kafka, over a file"},
	{"generate --records 1M | forebay run pipeline.sql --source people=-", "over what another program writes"},
	{"run query.sql --mode batch --threads 1 -o json", "no late records; summary and rows as JSON"},
};

const struct fb_cli_command fb_cmd_run = {
	.name = "run",
	.summary = "run a pipeline file over files: no appliance, network card or root",
	.operands = "FILE.sql",
	.operands_min = 1,
	.operands_max = 1,
	.about = "The same operators as on the appliance, over input that ends. A source table is the files of its 'path' "
		 "(connector filesystem: a file, or a folder's files in the order of their names, without those that begin "
		 "with . or _), the rows that connector datagen makes, or what --source names for it. INSERTs of one source read it together; each SELECT reads it by "
		 "itself, and its rows are printed."
		 "\n\n"
		 "As a stream (the default) a record is late by the newest event time of all records before it in the files of its "
		 "table. "
		 "As batch none is late. The rows do not depend on the number of threads."
		 "\n\n"
		 "A summary goes to standard error: records, malformed ones by reason, late ones, rows and rates. The exit code "
		 "is 1 if the input cannot be read, a sink fails, or the groups of open windows need more memory than "
		 "--state-mb.",
	.columns = "the rows of each SELECT; with -o json one object a line, and the summary as JSON",
	.args_bytes = sizeof(struct run_args),
	.options = options,
	.option_cnt = FB_ARRAY_LEN(options),
	.examples = examples,
	.example_cnt = FB_ARRAY_LEN(examples),
	.run = run_file,
};
