/* SPDX-License-Identifier: Apache-2.0 */
/* The files that commands are about: a pipeline (.sql) or an appliance (.yaml, .yml), by the
 * ending. */
#pragma once

#include "control/cli/cli.h"

#define FB_SOURCE_BYTES_MAX (4u << 20)

struct fb_source_file {
	const char *name;   /* the path as typed, or "<stdin>" */
	struct fb_str text; /* terminated too */
	bool is_sql;
};

/*
 * Reads a file; "-" is standard input, taken as SQL. What goes wrong is told to the user:
 * FB_EXIT_USAGE for another ending, FB_EXIT_REFUSED where it cannot be read. FB_EXIT_DONE: close
 * it.
 */
int fb_source_open(struct fb_cli *cli, const char *path, struct fb_source_file *ret) FB_MUST_CHECK;
void fb_source_close(struct fb_source_file *file);

/* Diagnostics in the form of the API: [{"severity", "line", "column", "length", "message",
 * "hint"}]; a new reference. */
json_t *fb_source_diags_json(const struct fb_diags *diags);
uint64_t fb_source_warnings(const struct fb_diags *diags);
