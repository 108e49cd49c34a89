/* SPDX-License-Identifier: Apache-2.0 */
/* The tables that one reading of `forebay run` is of: one, or those of a UNION ALL below a window. One thread. */
#pragma once

#include "config/base/buf.h"
#include "control/replay/datagen.h"
#include "control/replay/replay.h"

struct fb_run_tables {
	uint32_t cnt;
	struct fb_replay_table at[FB_UNION_MAX]; /* .path is the caller's */
	struct fb_datagen *generated[FB_UNION_MAX];
};

/* Those of the query, each once, in the order of its inputs. */
void fb_run_tables_list(const struct fb_query_plan *query, struct fb_run_tables *ret);
/* Whether two queries read the same ones, and so are read together. */
bool fb_run_tables_same(const struct fb_query_plan *a, const struct fb_query_plan *b);
/* "people", or "people, cars". */
void fb_run_tables_name(const struct fb_replay_table *tables, uint32_t cnt, struct fb_buf *out);
/* Connector datagen: their rows begin to be made. */
int fb_run_tables_open(struct fb_run_tables *tables) FB_MUST_CHECK;
void fb_run_tables_close(struct fb_run_tables *tables);
/* The metadata column of the table that a query reads; NULL: none. */
const char *fb_run_tables_metadata(const struct fb_table *table, const struct fb_query_plan *query);
