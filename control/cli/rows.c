/* SPDX-License-Identifier: Apache-2.0 */
#include "control/cli/rows.h"

#include <stdlib.h>
#include <string.h>

#include "control/cli/remote.h"
#include "control/cli/table.h"

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

/* NULL is shown as such, since an empty text is a value. Texts came over the network. */
static char *cell_text(json_t *value)
{
	if (json_is_null(value))
		return strdup("NULL");
	if (json_is_string(value))
		return fb_text_clean(strdup(json_string_value(value)));
	if (json_is_real(value))
		return real_text(json_real_value(value));
	return json_dumps(value, JSON_ENCODE_ANY);
}

static void put_cell(struct fb_rows_printer *printer, uint32_t column, const char *text)
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

void fb_rows_fini(struct fb_rows_printer *printer)
{
	for (uint32_t c = 0; c < printer->column_cnt; c++)
		free(printer->names[c]);
	*printer = (struct fb_rows_printer){.cli = printer->cli};
}

static bool has_columns(const struct fb_rows_printer *printer, json_t *columns)
{
	if (printer->column_cnt != FB_MIN(json_array_size(columns), (size_t)FB_ROWS_COLUMNS_MAX))
		return false;
	for (uint32_t c = 0; c < printer->column_cnt; c++) {
		const char *name = fb_remote_text(json_array_get(columns, c), "name");

		if (printer->names[c] == NULL || strcmp(printer->names[c], name) != 0)
			return false;
	}
	return true;
}

/* New heads where another pipeline has come under the same name. */
static void take_columns(struct fb_rows_printer *printer, json_t *columns)
{
	size_t i;
	json_t *column;

	if (has_columns(printer, columns))
		return;
	fb_rows_fini(printer);
	json_array_foreach(columns, i, column)
	{
		if (i == FB_ROWS_COLUMNS_MAX)
			break;
		printer->names[i] = strdup(fb_remote_text(column, "name"));
		printer->number[i] = fb_remote_bool(column, "number");
		printer->widths[i] = fb_text_width(printer->names[i] ? printer->names[i] : "");
		printer->column_cnt++;
	}
}

static void put_heads(struct fb_rows_printer *printer)
{
	if (printer->headed || printer->column_cnt == 0)
		return;
	printer->headed = true;
	fputs(printer->cli->color ? "\033[1m" : "", printer->cli->out);
	for (uint32_t c = 0; c < printer->column_cnt; c++)
		put_cell(printer, c, printer->names[c] ? printer->names[c] : "");
	fputs(printer->cli->color ? "\033[0m" : "", printer->cli->out);
}

static void print_table(struct fb_rows_printer *printer, json_t *page, size_t skip, size_t end)
{
	json_t *rows = fb_remote_at(page, "rows");

	take_columns(printer, fb_remote_at(page, "columns"));
	for (size_t i = skip; i < end; i++)
		for (uint32_t c = 0; c < printer->column_cnt; c++) {
			char *text = cell_text(json_array_get(json_array_get(rows, i), c));

			printer->widths[c] = FB_MAX(printer->widths[c], fb_text_width(text ? text : ""));
			free(text);
		}
	put_heads(printer);
	for (size_t i = skip; i < end; i++)
		for (uint32_t c = 0; c < printer->column_cnt; c++) {
			char *text = cell_text(json_array_get(json_array_get(rows, i), c));

			put_cell(printer, c, text ? text : "");
			free(text);
		}
	fflush(printer->cli->out);
}

/* One object per row and line: what a script that follows can read. */
static void print_objects(struct fb_cli *cli, json_t *page, size_t skip, size_t end)
{
	json_t *columns = fb_remote_at(page, "columns");
	json_t *rows = fb_remote_at(page, "rows");

	for (size_t i = skip; i < end; i++) {
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

void fb_rows_print(struct fb_rows_printer *printer, json_t *page, size_t skip, size_t end)
{
	if (printer->cli->output == FB_OUTPUT_JSON)
		print_objects(printer->cli, page, skip, end);
	else
		print_table(printer, page, skip, end);
}

void fb_rows_print_heads(struct fb_rows_printer *printer, json_t *page)
{
	if (printer->cli->output == FB_OUTPUT_JSON)
		return;
	take_columns(printer, fb_remote_at(page, "columns"));
	put_heads(printer);
}
