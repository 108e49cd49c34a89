/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Result rows as the API has them, page by page: {"columns": [{"name", "number"}], "rows": [[…]]}, for people under heads that
 * stay where they are, for scripts an object a line. One thread.
 */
#pragma once

#include "control/cli/cli.h"

#define FB_ROWS_COLUMNS_MAX 256

/* Begins as {.cli = cli}. */
struct fb_rows_printer {
	struct fb_cli *cli;
	uint32_t column_cnt;
	uint32_t widths[FB_ROWS_COLUMNS_MAX];
	bool number[FB_ROWS_COLUMNS_MAX];
	char *names[FB_ROWS_COLUMNS_MAX];
	bool headed;
};

/*
 * Rows [skip, end) of the page. As a table (and not with -o json): widths only grow, so that what follows stays under its heads;
 * other columns get new heads. NULL stands for a NULL, since an empty text is a value.
 */
void fb_rows_print(struct fb_rows_printer *printer, json_t *page, size_t skip, size_t end);
/* The heads alone, where there is no row. */
void fb_rows_print_heads(struct fb_rows_printer *printer, json_t *page);
void fb_rows_fini(struct fb_rows_printer *printer);
