/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows for people and for scripts from one writer: an aligned table, or a JSON array of objects.
 * Cells are added one after the other; a row is complete when it has as many as there are columns. One thread.
 *
 *   static const struct fb_table_column columns[] = {{"QUERY", "query", FB_ALIGN_LEFT}, {"ROWS", "rows", FB_ALIGN_RIGHT}};
 *   struct fb_table *table = fb_table_create(columns, FB_ARRAY_LEN(columns));
 *   fb_table_add_text(table, "cities");
 *   fb_table_add_uint(table, 42);
 *   fb_table_write(table, cli);
 *   fb_table_destroy(table);
 */
#pragma once

#include "control/cli/cli.h"

enum fb_align { FB_ALIGN_LEFT, FB_ALIGN_RIGHT };

struct fb_table_column {
	const char *header; /* upper case by custom */
	const char *key;    /* name in JSON */
	enum fb_align align;
};

struct fb_table;

/* The columns are copied (not their texts). NULL: out of memory; all functions below take a NULL table. */
struct fb_table *fb_table_create(const struct fb_table_column *columns, uint32_t column_cnt);
void fb_table_destroy(struct fb_table *table);

/* NULL is a JSON null and shown as "-". Control characters are shown as "?" in tables. */
void fb_table_add_text(struct fb_table *table, const char *text);
void fb_table_add_int(struct fb_table *table, int64_t value);
void fb_table_add_uint(struct fb_table *table, uint64_t value);
void fb_table_add_real(struct fb_table *table, double value, unsigned digits); /* digits behind the point, in the table */
void fb_table_add_bool(struct fb_table *table, bool value);                    /* yes, no */
/* Any JSON value; arrays and objects as compact text in the table. Takes a reference of its own. NULL: null. */
void fb_table_add_json(struct fb_table *table, json_t *value);
/*
 * One row from a JSON object: each column's cell is what its key names; "stats.packets" goes down into objects.
 * What is not there is null.
 */
void fb_table_add_object(struct fb_table *table, json_t *object);
uint32_t fb_table_rows(const struct fb_table *table);

/* As -o says, to cli->out; a table without rows prints its header only. Out of memory is said on cli->err. */
int fb_table_write(const struct fb_table *table, struct fb_cli *cli);
/* The two forms by themselves. JSON: a new reference; NULL when out of memory. */
void fb_table_print(const struct fb_table *table, bool color, FILE *out);
json_t *fb_table_to_json(const struct fb_table *table);

/* Columns that UTF-8 text takes on a terminal; broken bytes count as one each. */
uint32_t fb_text_width(const char *text);
