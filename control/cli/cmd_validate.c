/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "config/appliance/appliance.h"
#include "config/base/errcode.h"
#include "config/sql/sql.h"
#include "control/cli/commands.h"
#include "control/cli/sources.h"
#include "control/cli/table.h"

#define HOLDS_BYTES 96

/* "1 port, ", "4 ports" */
#define COUNT(n, what) (unsigned)(n), (n) == 1 ? what : what "s"

static int check_sql(
	const struct fb_source_file *file, struct fb_diags *diags, char holds[HOLDS_BYTES])
{
	struct fb_plan *plan = NULL;
	int rc = fb_sql_plan(file->name, file->text, diags, &plan);

	if (rc != 0)
		return rc;
	snprintf(holds, HOLDS_BYTES, "%u %s, %u %s", COUNT(plan->table_cnt, "table"),
		(unsigned)plan->query_cnt, plan->query_cnt == 1 ? "query" : "queries");
	fb_plan_destroy(plan);
	return 0;
}

static int check_appliance(
	const struct fb_source_file *file, struct fb_diags *diags, char holds[HOLDS_BYTES])
{
	struct fb_appliance *appliance = NULL;
	int rc = fb_appliance_parse(file->name, file->text, diags, &appliance);

	if (rc != 0)
		return rc;
	snprintf(holds, HOLDS_BYTES, "%u %s, %u %s, %u %s", COUNT(appliance->ports_count, "port"),
		COUNT(appliance->streams_count, "stream"),
		COUNT(appliance->cores.workers_count, "worker"));
	fb_appliance_destroy(appliance);
	return 0;
}

static const struct fb_listing_column columns[] = {
	{"FILE", "file", FB_ALIGN_LEFT},
	{"KIND", "kind", FB_ALIGN_LEFT},
	{"VALID", "valid", FB_ALIGN_LEFT},
	{"ERRORS", "errors", FB_ALIGN_RIGHT},
	{"WARNINGS", "warnings", FB_ALIGN_RIGHT},
	{"HOLDS", "holds", FB_ALIGN_LEFT},
};

/* One file: its row is added, its diagnostics are printed or, for JSON, added to `diagnostics`. */
static int validate(
	struct fb_cli *cli, const char *path, struct fb_listing *listing, json_t *diagnostics)
{
	struct fb_source_file file;
	struct fb_diags diags;
	char holds[HOLDS_BYTES] = "";
	int code = fb_source_open(cli, path, &file);
	int rc;

	if (code != FB_EXIT_DONE)
		return code;
	fb_diags_init(&diags, path);
	rc = file.is_sql ? check_sql(&file, &diags, holds) : check_appliance(&file, &diags, holds);
	if (rc != 0 && diags.error_cnt == 0)
		code = fb_cli_fail(cli, FB_EXIT_REFUSED, NULL, "%s: %s", path, fb_strerror(rc));
	else if (rc != 0)
		code = FB_EXIT_REFUSED;
	fb_listing_add_text(listing, path);
	fb_listing_add_text(listing, file.is_sql ? "pipeline" : "appliance");
	fb_listing_add_bool(listing, rc == 0);
	fb_listing_add_uint(listing, diags.error_cnt);
	fb_listing_add_uint(listing, fb_source_warnings(&diags));
	fb_listing_add_text(listing, holds[0] ? holds : NULL);
	json_array_append_new(diagnostics, fb_source_diags_json(&diags));
	if (cli->output == FB_OUTPUT_TABLE)
		fb_diags_print(&diags, file.text.p, cli->err);
	fb_diags_fini(&diags);
	fb_source_close(&file);
	return code;
}

/* The rows as JSON, each with its diagnostics. */
static void print_json(
	struct fb_cli *cli, const struct fb_listing *listing, const json_t *diagnostics)
{
	json_t *rows = fb_listing_to_json(listing);
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		json_object_set(row, "diagnostics", json_array_get(diagnostics, i));
	}
	fb_cli_print_json(cli, rows);
	json_decref(rows);
}

static int run(struct fb_cli *cli, const void *args)
{
	struct fb_listing *listing = fb_listing_create(columns, FB_ARRAY_LEN(columns));
	json_t *diagnostics = json_array();
	int code = FB_EXIT_DONE;

	for (uint32_t i = 0; i < cli->argc; i++) {
		int file_code = validate(cli, cli->argv[i], listing, diagnostics);

		code = FB_MAX(code, file_code);
		if (file_code == FB_EXIT_USAGE)
			break;
	}
	if (code != FB_EXIT_USAGE) {
		if (cli->output == FB_OUTPUT_JSON)
			print_json(cli, listing, diagnostics);
		else
			fb_listing_write(listing, cli);
	}
	json_decref(diagnostics);
	fb_listing_destroy(listing);
	return code;
}

static const struct fb_cli_example examples[] = {
	{"validate /etc/forebay/forebay.yaml pipeline.sql", "both files, before they are used"},
};

const struct fb_cli_command fb_cmd_validate = {
	.name = "validate",
	.summary =
		"check appliance files (.yaml) and pipeline files (.sql) without running anything",
	.operands = "FILE...",
	.operands_min = 1,
	.operands_max = UINT32_MAX,
	.about = "Each error is told with its file, line and column, the line itself and what to "
		 "write instead. The exit code is "
		 "1 if any file is not valid. A warning says what is right but has no effect here, "
		 "or is "
		 "planned: then `forebay apply` and `forebay run` refuse it by name.",
	.columns = "a row for each file: kind, whether it is valid, errors, warnings, and what it "
		   "holds",
	.examples = examples,
	.example_cnt = FB_ARRAY_LEN(examples),
	.run = run,
};
