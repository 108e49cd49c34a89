/* SPDX-License-Identifier: Apache-2.0 */
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/cli/commands.h"
#include "control/cli/run_private.h"
#include "control/cli/sources.h"
#include "dataplane/operator/slice.h"

/* ---- the file ---- */

/* SHOW, DESCRIBE, EXPLAIN. */
static void print_answers(struct fb_run *run)
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

static void decide(struct fb_run *run)
{
	const struct fb_run_args *args = run->args;

	run->threads = args->threads ? (uint32_t)args->threads : default_threads();
	run->state_bytes = args->state_mb ? args->state_mb << 20 : default_state_bytes();
	run->batch = args->mode == FB_RUN_MODE_BATCH || (args->mode == FB_RUN_MODE_FILE && run->plan->settings.batch_mode);
	run->name = run->plan->settings.pipeline_name ? run->plan->settings.pipeline_name : run->plan->file;
	fb_slice_seed();
}

/* Before anything is read: every source has its file. */
static void check_sources(struct fb_run *run)
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
			FB_IGNORE(fb_run_path(run, source));
		}
	free(seen);
}

static int run_plan(struct fb_run *run)
{
	int code = fb_run_check_mappings(run);

	if (code != FB_EXIT_DONE)
		return code;
	FB_IGNORE(fb_sql_check_start(run->plan, true, &run->diags));
	check_sources(run);
	if (run->diags.error_cnt > 0)
		return FB_EXIT_REFUSED;
	decide(run);
	print_answers(run);
	run->passes = json_array();
	code = fb_run_passes(run);
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
	struct fb_run run = {.cli = cli, .args = args};
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
		.at = offsetof(struct fb_run_args, sources),
		.value = "TABLE=PATH",
		.help = "the file or folder that stands for a source table of any connector; - is standard input"},
	{.name = "threads",
		.letter = 'j',
		.type = FB_ARG_U64,
		.at = offsetof(struct fb_run_args, threads),
		.value = "N",
		.max = FB_REPLAY_THREADS_MAX,
		.min = 1,
		.help = "cores to use; else all there are"},
	{.name = "state-mb",
		.type = FB_ARG_U64,
		.at = offsetof(struct fb_run_args, state_mb),
		.value = "N",
		.min = 1,
		.max = 1 << 24,
		.help = "memory for groups of open windows, in MiB; else half of the machine's"},
	{.name = "mode",
		.type = FB_ARG_CHOICE,
		.at = offsetof(struct fb_run_args, mode),
		.value = "MODE",
		.preset = "file",
		.choices = mode_words,
		.help = "execution.runtime-mode, or what the file sets"},
	{.name = "rows",
		.type = FB_ARG_CHOICE,
		.at = offsetof(struct fb_run_args, rows),
		.value = "FORM",
		.preset = "auto",
		.choices = rows_words,
		.help = "how rows of a SELECT are printed; auto is json with -o json, else table"},
	{.name = "strict",
		.type = FB_ARG_FLAG,
		.at = offsetof(struct fb_run_args, strict),
		.help = "exit code 1 if a record is malformed or an expression fails"},
	{.name = "block-bytes",
		.type = FB_ARG_U64,
		.at = offsetof(struct fb_run_args, block_bytes),
		.value = "N",
		.min = 1,
		.max = 64 << 20,
		.help = "how much of a file a core takes at once; rows do not depend on it"},
	{.name = "quiet",
		.letter = 'q',
		.type = FB_ARG_FLAG,
		.at = offsetof(struct fb_run_args, quiet),
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
	.args_bytes = sizeof(struct fb_run_args),
	.options = options,
	.option_cnt = FB_ARRAY_LEN(options),
	.examples = examples,
	.example_cnt = FB_ARRAY_LEN(examples),
	.run = run_file,
};
