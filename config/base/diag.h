/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Diagnostics: what is wrong with a text that a user wrote, where, and what to write instead.
 * Parsers collect them here and go on where they can; only the program's main decides to print or to exit.
 *
 * An object belongs to one thread. Texts are copied; file names and hints too.
 */
#pragma once

#include <stdio.h>

#include "config/base/macro.h"

enum fb_severity { FB_NOTE, FB_WARNING, FB_ERROR_SEVERITY };

/* A place in a text file. Line and column count from 1; 0 = not known. Columns count bytes. */
struct fb_place {
	uint32_t line;
	uint32_t column;
	uint32_t length; /* bytes to underline; 0 is shown as 1 */
};

struct fb_diag {
	enum fb_severity severity;
	struct fb_place place;
	char *message; /* without trailing period or newline */
	char *hint;    /* what to do; NULL if there is nothing to add */
};

struct fb_diags {
	char *file; /* name shown in front of each position */
	struct fb_diag *items;
	size_t cnt;
	size_t cap;
	size_t error_cnt;
};

void fb_diags_init(struct fb_diags *diags, const char *file);
void fb_diags_fini(struct fb_diags *diags);
/* Adds one. hint may be NULL. Running out of memory drops the text but still counts the error. */
void fb_diags_add(struct fb_diags *diags, enum fb_severity severity, struct fb_place place,
	const char *hint, const char *fmt, ...) FB_PRINTF(5, 6);
/*
 * Prints all, in the order of their positions, as
 *   FILE:LINE:COLUMN: error: MESSAGE
 *    12 | the line
 *       |     ^~~~
 *       hint: …
 * text is the file's content (for the line and the caret) and may be NULL.
 */
void fb_diags_print(const struct fb_diags *diags, const char *text, FILE *out);
