/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "config/base/errcode.h"
#include "config/sql/sql.h"
#include "control/cli/commands.h"
#include "control/cli/sources.h"

/* What the file asks about itself stands behind its queries, in the order of the file. */
static void add_answers(const struct fb_plan *plan, json_t *list)
{
	for (uint32_t i = 0; i < plan->answer_cnt; i++) {
		struct fb_buf text = {0};

		fb_explain_answer(&plan->answers[i], &text);
		json_array_append_new(list,
			json_pack("{s:s, s:s}", "statement", plan->answers[i].statement, "answer",
				text.p ? text.p : ""));
		fb_buf_fini(&text);
	}
}

static int print_plan(struct fb_cli *cli, const struct fb_plan *plan)
{
	struct fb_buf text = {0};
	json_t *queries;

	if (cli->output == FB_OUTPUT_TABLE) {
		fb_explain_plan(plan, &text);
		if (text.p)
			fwrite(text.p, 1, text.len, cli->out);
		if (text.len && text.p[text.len - 1] != '\n')
			fputc('\n', cli->out);
		fb_buf_fini(&text);
		return FB_EXIT_DONE;
	}
	queries = json_array();
	for (uint32_t i = 0; i < plan->query_cnt; i++) {
		const struct fb_query_plan *query = plan->queries[i];

		fb_buf_clear(&text);
		fb_explain_query(query, &text);
		json_array_append_new(queries,
			json_pack("{s:s, s:s?, s:s?, s:b, s:s}", "query", query->name, "source",
				query->source ? query->source->name : NULL, "sink",
				query->sink ? query->sink->name : NULL,
				"windowed", query->time != NULL, "explain", text.p ? text.p : ""));
	}
	add_answers(plan, queries);
	fb_cli_print_json(cli, queries);
	json_decref(queries);
	fb_buf_fini(&text);
	return FB_EXIT_DONE;
}

static int run(struct fb_cli *cli, const void *args)
{
	struct fb_source_file file;
	struct fb_diags diags;
	struct fb_plan *plan = NULL;
	int code = fb_source_open(cli, cli->argv[0], &file);
	int rc;

	if (code != FB_EXIT_DONE)
		return code;
	if (!file.is_sql) {
		fb_source_close(&file);
		return fb_cli_fail(cli, FB_EXIT_USAGE, "forebay validate checks appliance files",
			"%s is no pipeline file (.sql)", cli->argv[0]);
	}
	fb_diags_init(&diags, file.name);
	/* What the appliance takes, and what a run does beside that: SELECTs, relative paths. */
	rc = fb_sql_plan_run(file.name, file.text, &diags, &plan);
	fb_diags_print(&diags, file.text.p, cli->err);
	if (rc == 0)
		code = print_plan(cli, plan);
	else if (diags.error_cnt)
		code = FB_EXIT_REFUSED;
	else
		code = fb_cli_fail(
			cli, FB_EXIT_REFUSED, NULL, "%s: %s", file.name, fb_strerror(rc));
	fb_plan_destroy(plan);
	fb_diags_fini(&diags);
	fb_source_close(&file);
	return code;
}

static const struct fb_cli_example examples[] = {
	{"explain pipeline.sql", "what each INSERT of the file will do"},
};

const struct fb_cli_command fb_cmd_explain = {
	.name = "explain",
	.summary = "say what a pipeline file will do, in the order of the data",
	.operands = "FILE.sql",
	.operands_min = 1,
	.operands_max = 1,
	.about = "For each query: source, columns that are read, filter, window and when a record "
		 "is late, slices, keys, "
		 "aggregates with their bytes, select list and sink; a SELECT alone is what `forebay run` "
		 "makes of it. Then what the file asks about "
		 "itself: SHOW TABLES, SHOW CREATE TABLE, DESCRIBE, EXPLAIN, as Flink prints it.",
	.examples = examples,
	.example_cnt = FB_ARRAY_LEN(examples),
	.run = run,
};
