/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/base/buf.h"
#include "control/cli/commands.h"
#include "control/cli/remote.h"
#include "control/cli/table.h"

#define POLL_NS 300000000
#define PAGE_ROWS 500
#define COLUMNS_MAX 256

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
		.help = "the last N rows"},
	{.name = "follow",
		.letter = 'f',
		.type = FB_ARG_FLAG,
		.at = offsetof(struct windows_args, follow),
		.help = "go on with rows as they come, until interrupted"},
	{.name = "rows",
		.type = FB_ARG_U64,
		.value = "N",
		.at = offsetof(struct windows_args, rows),
		.help = "with --follow: end after N rows"},
};

/* A page of rows [first_seq, next_seq) as the API has them. */
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
	code = fb_client_ask(cli, client, "GET", path.p, NULL, ret);
	fb_buf_fini(&path);
	return code;
}

/* ---- printing ---- */

struct printer {
	struct fb_cli *cli;
	uint32_t column_cnt;
	uint32_t widths[COLUMNS_MAX];
	bool number[COLUMNS_MAX];
	char *names[COLUMNS_MAX];
	bool headed;
};

/* The fewest digits that read back as the same number. */
static char *real_text(double value)
{
	char text[40];

	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	return strdup(text);
}

/* NULL is shown as such, since an empty text is a value. */
static char *cell_text(json_t *value)
{
	if (json_is_null(value))
		return strdup("NULL");
	if (json_is_string(value))
		return strdup(json_string_value(value));
	if (json_is_real(value))
		return real_text(json_real_value(value));
	return json_dumps(value, JSON_ENCODE_ANY);
}

static void put_cell(struct printer *printer, uint32_t column, const char *text)
{
	uint32_t width = fb_text_width(text);
	uint32_t gap = printer->widths[column] > width ? printer->widths[column] - width : 0;
	bool last = column + 1 == printer->column_cnt;

	if (printer->number[column])
		fprintf(printer->cli->out, "%*s%s", (int)gap, "", text);
	else
		fprintf(printer->cli->out, "%s%*s", text, last ? 0 : (int)gap, "");
	fputs(last ? "\n" : "  ", printer->cli->out);
}

static void take_columns(struct printer *printer, json_t *columns)
{
	size_t i;
	json_t *column;

	if (printer->column_cnt > 0)
		return;
	json_array_foreach(columns, i, column)
	{
		if (i == COLUMNS_MAX)
			break;
		printer->names[i] = strdup(fb_remote_text(column, "name"));
		printer->number[i] = fb_remote_bool(column, "number");
		printer->widths[i] = fb_text_width(printer->names[i]);
		printer->column_cnt++;
	}
}

/* Rows from `skip` on. Widths only grow, so that what follows stays under its heads. */
static void print_rows(struct printer *printer, json_t *page, size_t skip)
{
	json_t *rows = fb_remote_at(page, "rows");
	size_t cnt = json_array_size(rows);

	take_columns(printer, fb_remote_at(page, "columns"));
	for (size_t i = skip; i < cnt; i++)
		for (uint32_t c = 0; c < printer->column_cnt; c++) {
			char *text = cell_text(json_array_get(json_array_get(rows, i), c));

			printer->widths[c] =
				FB_MAX(printer->widths[c], fb_text_width(text ? text : ""));
			free(text);
		}
	if (!printer->headed && printer->column_cnt > 0) {
		printer->headed = true;
		for (uint32_t c = 0; c < printer->column_cnt; c++)
			put_cell(printer, c, printer->names[c]);
	}
	for (size_t i = skip; i < cnt; i++)
		for (uint32_t c = 0; c < printer->column_cnt; c++) {
			char *text = cell_text(json_array_get(json_array_get(rows, i), c));

			put_cell(printer, c, text ? text : "");
			free(text);
		}
	fflush(printer->cli->out);
}

/* One object per row and line: what a script that follows can read. */
static void print_objects(struct fb_cli *cli, json_t *page, size_t skip)
{
	json_t *columns = fb_remote_at(page, "columns");
	json_t *rows = fb_remote_at(page, "rows");

	for (size_t i = skip; i < json_array_size(rows); i++) {
		json_t *object = json_object();
		char *text;

		for (size_t c = 0; c < json_array_size(columns); c++)
			json_object_set(object, fb_remote_text(json_array_get(columns, c), "name"),
				json_array_get(json_array_get(rows, i), c));
		text = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER);
		fprintf(cli->out, "%s\n", text ? text : "");
		free(text);
		json_decref(object);
	}
	fflush(cli->out);
}

/* ---- following ---- */

static int follow(struct fb_cli *cli, struct fb_client *client, const struct windows_args *windows,
	struct printer *printer)
{
	struct timespec pause = {.tv_nsec = POLL_NS};
	uint64_t next = 0; /* the first row that has not been shown */
	uint64_t shown = 0;
	json_t *page = NULL;
	int code = ask_page(cli, client, windows, UINT64_MAX, windows->limit, &page);

	while (code == FB_EXIT_DONE) {
		uint64_t first = fb_remote_u64(page, "first_seq");
		size_t cnt = json_array_size(fb_remote_at(page, "rows"));
		size_t skip = first < next ? (size_t)FB_MIN(next - first, (uint64_t)cnt) : 0;
		bool more = cnt > skip;

		if (more) {
			if (cli->output == FB_OUTPUT_JSON)
				print_objects(cli, page, skip);
			else
				print_rows(printer, page, skip);
			next = fb_remote_u64(page, "next_seq");
			shown += cnt - skip;
		}
		json_decref(page);
		page = NULL;
		if (windows->rows > 0 && shown >= windows->rows)
			break;
		if (!more)
			nanosleep(&pause, NULL);
		code = ask_page(
			cli, client, windows, next + PAGE_ROWS, more ? PAGE_ROWS : 1, &page);
		/* One row is the question whether there is anything new. */
		if (code == FB_EXIT_DONE && !more && fb_remote_u64(page, "next_seq") > next) {
			json_decref(page);
			page = NULL;
			code = ask_page(cli, client, windows, next + PAGE_ROWS, PAGE_ROWS, &page);
		}
	}
	json_decref(page);
	return code;
}

static int run(struct fb_cli *cli, const void *args)
{
	const struct windows_args *windows = args;
	struct printer printer = {.cli = cli};
	struct fb_client *client;
	json_t *page = NULL;
	int code;

	if (fb_client_open(cli->socket, &client) != 0)
		return fb_cli_fail(cli, FB_EXIT_REFUSED, NULL, "out of memory");
	if (windows->follow) {
		code = follow(cli, client, windows, &printer);
	} else {
		code = ask_page(cli, client, windows, UINT64_MAX, windows->limit, &page);
		if (code == FB_EXIT_DONE && cli->output == FB_OUTPUT_JSON)
			fb_cli_print_json(cli, page);
		else if (code == FB_EXIT_DONE && json_array_size(fb_remote_at(page, "rows")) == 0)
			fputs("no window is complete yet\n", cli->out);
		else if (code == FB_EXIT_DONE)
			print_rows(&printer, page, 0);
		json_decref(page);
	}
	for (uint32_t c = 0; c < printer.column_cnt; c++)
		free(printer.names[c]);
	fb_client_close(client);
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
	.about = "Rows are shown from the store, whether the sink has taken them or not.",
	.options = options,
	.option_cnt = FB_ARRAY_LEN(options),
	.examples = examples,
	.example_cnt = FB_ARRAY_LEN(examples),
	.args_bytes = sizeof(struct windows_args),
	.run = run,
};
