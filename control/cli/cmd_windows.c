/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/base/buf.h"
#include "config/base/errcode.h"
#include "control/cli/commands.h"
#include "control/cli/remote.h"
#include "control/cli/rows.h"

#define POLL_NS 300000000
#define PAGE_ROWS 500

struct windows_args {
	const char *query;
	uint64_t limit;
	bool follow;
	uint64_t rows;
};

static const struct fb_cli_option options[] = {
	{.name = "query",
		.letter = 'q',
		.type = FB_ARG_TEXT,
		.value = "NAME",
		.at = offsetof(struct windows_args, query),
		.help = "which query of the pipeline: its sink's table; else the first"},
	{.name = "limit",
		.letter = 'l',
		.type = FB_ARG_U64,
		.value = "N",
		.preset = "20",
		.min = 1,
		.max = 100000,
		.at = offsetof(struct windows_args, limit),
		.help = "the last N rows; with --follow: where to begin"},
	{.name = "follow",
		.letter = 'f',
		.type = FB_ARG_FLAG,
		.at = offsetof(struct windows_args, follow),
		.help = "go on with rows as they come, until interrupted"},
	{.name = "rows",
		.type = FB_ARG_U64,
		.value = "N",
		.min = 1,
		.at = offsetof(struct windows_args, rows),
		.help = "with --follow: end after N rows"},
};

/* Up to `limit` rows below row `before`, as the API has them: [first_seq, next_seq), 0 where there
 * are none. */
static int ask_page(struct fb_cli *cli, struct fb_client *client,
	const struct windows_args *windows, uint64_t before, uint64_t limit, json_t **ret)
{
	struct fb_buf path = {0};
	int code;

	fb_buf_printf(&path, "/v1/windows?limit=%" PRIu64, limit);
	if (before != UINT64_MAX)
		fb_buf_printf(&path, "&before=%" PRIu64, before);
	if (cli->argc > 0) {
		fb_buf_add_text(&path, "&pipeline=");
		fb_client_escape(cli->argv[0], &path);
	}
	if (windows->query != NULL) {
		fb_buf_add_text(&path, "&query=");
		fb_client_escape(windows->query, &path);
	}
	code = path.failed
		       ? fb_cli_fail(cli, FB_EXIT_REFUSED, NULL, "%s", fb_strerror(FB_E_NO_MEMORY))
		       : fb_client_ask(cli, client, "GET", path.p, NULL, ret);
	fb_buf_fini(&path);
	return code;
}

/* ---- revisions ---- */

/* "1 +U": the revision, and what the row is, as Flink marks a change. */
static json_t *revision_of(json_t *windows, uint64_t seq)
{
	size_t i;
	json_t *window;

	json_array_foreach(windows, i, window)
	{
		uint64_t at = seq - fb_remote_u64(window, "first_seq");
		uint64_t deletes = fb_remote_u64(window, "deletes");
		uint64_t revision = fb_remote_u64(window, "revision");
		const char *kind = at < deletes ? "-D" : at < deletes + fb_remote_u64(window, "updates") ? "+U" : "+I";

		if (seq < fb_remote_u64(window, "first_seq") || at >= fb_remote_u64(window, "rows"))
			continue;
		return revision > 0 ? json_sprintf("%" PRIu64 " %s", revision, kind) : json_string("0");
	}
	return json_string("0");
}

/* Where windows were corrected, which revision a row is of stands in front of it. */
static void mark_revisions(json_t *page)
{
	json_t *windows = fb_remote_at(page, "windows");
	json_t *window, *row;
	bool corrected = false;
	size_t i;

	json_array_foreach(windows, i, window)
	{
		corrected |= fb_remote_u64(window, "revision") > 0;
	}
	if (!corrected)
		return;
	json_array_insert_new(
		fb_remote_at(page, "columns"), 0, json_pack("{s:s, s:b}", "name", "revision", "number", 0));
	json_array_foreach(fb_remote_at(page, "rows"), i, row)
	{
		json_array_insert_new(row, 0, revision_of(windows, fb_remote_u64(page, "first_seq") + i));
	}
}

/* ---- following ---- */

struct follower {
	struct fb_cli *cli;
	struct fb_client *client;
	const struct windows_args *windows;
	struct fb_rows_printer *printer;
	uint64_t next;  /* the first row that has not been shown */
	uint64_t shown; /* rows */
};

/* What of a page is new; --rows is kept to the row. */
static void show_page(struct follower *follower, json_t *page)
{
	const struct windows_args *windows = follower->windows;
	uint64_t first = fb_remote_u64(page, "first_seq");
	size_t end = json_array_size(fb_remote_at(page, "rows"));
	size_t skip =
		first < follower->next ? (size_t)FB_MIN(follower->next - first, (uint64_t)end) : 0;

	if (windows->rows > 0 && end - skip > windows->rows - follower->shown)
		end = skip + (size_t)(windows->rows - follower->shown);
	if (end == skip)
		return;
	mark_revisions(page);
	fb_rows_print(follower->printer, page, skip, end);
	follower->shown += end - skip;
	follower->next = fb_remote_u64(page, "next_seq");
}

/* Shows the rows below `before`; *ret_some: there were any. */
static int show_below(struct follower *follower, uint64_t before, uint64_t limit, bool *ret_some)
{
	json_t *page = NULL;
	int code =
		ask_page(follower->cli, follower->client, follower->windows, before, limit, &page);

	if (code == FB_EXIT_DONE) {
		uint64_t next = fb_remote_u64(page, "next_seq");

		*ret_some = next > follower->next;
		if (*ret_some)
			show_page(follower, page);
	}
	json_decref(page);
	return code;
}

/* One question whether there is anything new, and the pages that it takes to show it. */
static int catch_up(struct follower *follower)
{
	json_t *page = NULL;
	int code =
		ask_page(follower->cli, follower->client, follower->windows, UINT64_MAX, 1, &page);
	uint64_t end = code == FB_EXIT_DONE ? fb_remote_u64(page, "next_seq") : 0;
	bool some = true;

	json_decref(page);
	if (end > 0 && end < follower->next) {
		/* Rows are numbered from the start again: it is another pipeline. */
		fputs("forebay windows: the pipeline was applied anew\n", follower->cli->err);
		follower->next = 0;
	}
	while (code == FB_EXIT_DONE && follower->next < end && !ferror(follower->cli->out) &&
		(follower->windows->rows == 0 || follower->shown < follower->windows->rows)) {
		code = show_below(follower, follower->next + PAGE_ROWS, PAGE_ROWS, &some);
		/* Retention has removed what would have come next. */
		if (code == FB_EXIT_DONE && !some) {
			code = show_below(follower, UINT64_MAX, PAGE_ROWS, &some);
			break;
		}
	}
	return code;
}

static int follow(struct follower *follower)
{
	const struct windows_args *windows = follower->windows;
	struct timespec pause = {.tv_nsec = POLL_NS};
	bool some;
	int code = show_below(follower, UINT64_MAX, windows->limit, &some);

	while (code == FB_EXIT_DONE && !ferror(follower->cli->out) &&
		(windows->rows == 0 || follower->shown < windows->rows)) {
		nanosleep(&pause, NULL);
		code = catch_up(follower);
	}
	return code;
}

static int show_last(struct fb_cli *cli, struct fb_client *client,
	const struct windows_args *windows, struct fb_rows_printer *printer)
{
	json_t *page = NULL;
	int code = ask_page(cli, client, windows, UINT64_MAX, windows->limit, &page);
	size_t cnt = json_array_size(fb_remote_at(page, "rows"));

	if (code == FB_EXIT_DONE && cli->output == FB_OUTPUT_JSON)
		fb_cli_print_json(cli, page);
	else if (code == FB_EXIT_DONE && cnt == 0)
		fputs("no window is complete yet\n", cli->err);
	else if (code == FB_EXIT_DONE) {
		mark_revisions(page);
		fb_rows_print(printer, page, 0, cnt);
	}
	json_decref(page);
	return code;
}

static int run(struct fb_cli *cli, const void *args)
{
	const struct windows_args *windows = args;
	struct fb_rows_printer printer = {.cli = cli};
	struct follower follower = {.cli = cli, .windows = windows, .printer = &printer};
	int code;

	if (windows->rows > 0 && !windows->follow)
		return fb_cli_fail(cli, FB_EXIT_USAGE, "--limit N shows the last N rows",
			"--rows goes with --follow");
	if (fb_client_open(cli->socket, &follower.client) != 0)
		return fb_cli_fail(cli, FB_EXIT_REFUSED, NULL, "%s", fb_strerror(FB_E_NO_MEMORY));
	code = windows->follow ? follow(&follower)
			       : show_last(cli, follower.client, windows, &printer);
	fb_rows_fini(&printer);
	fb_client_close(follower.client);
	return code;
}

static const struct fb_cli_example examples[] = {
	{"windows", "the last rows of the first pipeline"},
	{"windows cities --query totals --follow", "the rows of one query as they come"},
	{"windows cities --follow --rows 100 -o json",
		"the next 100 rows, one JSON object per line"},
};

const struct fb_cli_command fb_cmd_windows = {
	.name = "windows",
	.summary = "show result rows, newest last",
	.operands = "[PIPELINE]",
	.operands_max = 1,
	.remote = true,
	.about = "Rows are shown from the store, whether the sink has taken them or not. NULL "
		 "stands "
		 "for a NULL; an empty text is empty.\n\nWith --follow it goes on until it is "
		 "interrupted, or --rows are there; with -o json it then prints an object per row "
		 "and line.\n\nWhere windows were corrected (forebay replay, forebay repair) a column 'revision' stands in "
		 "front: 0, or the revision with +I for a new row, +U for one that takes the place of the row with its key, "
		 "-D for one that is no more.",
	.columns = "the columns of the query's sink table",
	.options = options,
	.option_cnt = FB_ARRAY_LEN(options),
	.examples = examples,
	.example_cnt = FB_ARRAY_LEN(examples),
	.args_bytes = sizeof(struct windows_args),
	.run = run,
};
