/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL text to typed plan, and plan to words. Any thread, no global state; nothing is printed.
 */
#pragma once

#include <stdio.h>

#include "config/base/buf.h"
#include "config/sql/plan.h"

/*
 * Parses and binds one file. On success *ret_plan is the caller's (fb_plan_destroy); warnings may
 * be in diags. FB_E_SYNTAX: the text is wrong or asks for what is not supported; each place is in
 * diags. FB_E_NO_MEMORY. `file` is the name for messages; `text` need not be terminated.
 */
int fb_sql_plan(const char *file, struct fb_str text, struct fb_diags *diags,
	struct fb_plan **ret_plan) FB_MUST_CHECK;
/* The same for `forebay run`: a SELECT alone is a query too, named select_1 …, with sink NULL; a 'path' may be relative. */
int fb_sql_plan_run(const char *file, struct fb_str text, struct fb_diags *diags,
	struct fb_plan **ret_plan) FB_MUST_CHECK;
void fb_plan_destroy(struct fb_plan *plan);
/*
 * May the plan's tables be read and written here? What option.def marks LATER is a right file for
 * another engine, and not yet for this one; FILES is for `forebay run`, which says so by `files`.
 * FB_E_UNSUPPORTED: each place is in diags.
 */
int fb_sql_check_start(
	const struct fb_plan *plan, bool files, struct fb_diags *diags) FB_MUST_CHECK;

/*
 * What a query will do, in words and in the order of the data: source, pushed-down columns, filter,
 * window and lateness rule, slices, keys with their bytes, aggregates, state bytes per key, HAVING,
 * select list, sink.
 */
void fb_explain_query(const struct fb_query_plan *query, struct fb_buf *out);
/* The settings, every query that runs, and what the file asks about itself. */
void fb_explain_plan(const struct fb_plan *plan, struct fb_buf *out);
/* One answer, with its last newline: who runs a file prints them in the order of the plan. */
void fb_explain_answer(const struct fb_answer *answer, struct fb_buf *out);
/* An expression as SQL text, columns by name. names[i] is the name of input i. */
void fb_explain_expr(const struct fb_expr *expr, const char *const *names, struct fb_buf *out);
