/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows for people and for scripts from one writer: an aligned table, or a JSON array of objects.
 * (It is called a listing in names: a table is what SQL declares.) Cells are added one after the
 * other; a row is complete when it has as many as there are columns. One thread.
 *
 *   static const struct fb_listing_column columns[] = {
 *           {"QUERY", "query", FB_ALIGN_LEFT},
 *           {"ROWS", "rows", FB_ALIGN_RIGHT},
 *   };
 *   struct fb_listing *list = fb_listing_create(columns, FB_ARRAY_LEN(columns));
 *   fb_listing_add_text(list, "cities");
 *   fb_listing_add_uint(list, 42);
 *   int rc = fb_listing_write(list, cli);
 *   fb_listing_destroy(list);
 */
#pragma once

#include "control/cli/cli.h"

enum fb_align { FB_ALIGN_LEFT, FB_ALIGN_RIGHT };

struct fb_listing_column {
	const char *header; /* upper case by custom */
	const char *key;    /* name in JSON */
	enum fb_align align;
};

struct fb_listing;

/* The columns are copied (not their texts). NULL: out of memory; all functions below take a NULL
 * table. */
struct fb_listing *fb_listing_create(const struct fb_listing_column *columns, uint32_t column_cnt);
void fb_listing_destroy(struct fb_listing *listing);

/*
 * Text: NULL is a JSON null and shown as "-". Tables show it as fb_text_clean leaves it.
 * Real: digits behind the point, in the table; not finite is null. Bool: yes, no in the table.
 */
void fb_listing_add_text(struct fb_listing *listing, const char *text);
void fb_listing_add_int(struct fb_listing *listing, int64_t value);
void fb_listing_add_uint(struct fb_listing *listing, uint64_t value);
void fb_listing_add_bool(struct fb_listing *listing, bool value);
void fb_listing_add_real(struct fb_listing *listing, double value, unsigned digits);
/* Any JSON value; arrays and objects as compact text in the table. Takes a reference of its own.
 * NULL: null. */
void fb_listing_add_json(struct fb_listing *listing, json_t *value);
/*
 * One row from a JSON object: each column's cell is what its key names; "stats.packets" goes down
 * into objects. What is not there is null.
 */
void fb_listing_add_object(struct fb_listing *listing, json_t *object);
uint32_t fb_listing_rows(const struct fb_listing *listing);

/* The table to cli->out. On a terminal that is too narrow, texts of a last column that is aligned
 * left go on below, under their own column. */
void fb_listing_show(const struct fb_listing *listing, struct fb_cli *cli);
/* As -o says, to cli->out; a table without rows prints its header only. Returns FB_EXIT_DONE, or
 * FB_EXIT_REFUSED when memory ran out (said on cli->err). */
int fb_listing_write(const struct fb_listing *listing, struct fb_cli *cli);
/* The two forms by themselves. JSON: a new reference; NULL when out of memory. */
void fb_listing_print(const struct fb_listing *listing, bool color, FILE *out);
json_t *fb_listing_to_json(const struct fb_listing *listing);

/* Puts a question mark for every control character (C0, DEL, and C1 in UTF-8), in place: what came
 * over a network is not to move the cursor. text may be NULL; returns it. */
char *fb_text_clean(char *text);
/* Columns that UTF-8 text takes on a terminal; broken bytes count as one each. */
uint32_t fb_text_width(const char *text);
