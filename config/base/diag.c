/* SPDX-License-Identifier: Apache-2.0 */
#include "config/base/diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void fb_diags_init(struct fb_diags *diags, const char *file)
{
	*diags = (struct fb_diags){.file = strdup(file ? file : "-")};
}

void fb_diags_fini(struct fb_diags *diags)
{
	for (size_t i = 0; i < diags->cnt; i++) {
		free(diags->items[i].message);
		free(diags->items[i].hint);
	}
	free(diags->items);
	free(diags->file);
	*diags = (struct fb_diags){0};
}

void fb_diags_add(struct fb_diags *diags, enum fb_severity severity, struct fb_place place,
	const char *hint, const char *fmt, ...)
{
	if (severity == FB_ERROR_SEVERITY)
		diags->error_cnt++;
	if (diags->cnt == diags->cap) {
		size_t cap = diags->cap ? diags->cap * 2 : 8;
		struct fb_diag *items = realloc(diags->items, cap * sizeof(*items));

		if (items == NULL)
			return;
		diags->items = items;
		diags->cap = cap;
	}

	char *message = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&message, fmt, args) < 0)
		message = NULL;
	va_end(args);
	diags->items[diags->cnt++] = (struct fb_diag){
		.severity = severity,
		.place = place,
		.message = message,
		.hint = hint ? strdup(hint) : NULL,
	};
}

/* Start and length of a line that counts from 1; false if the text has fewer. */
static bool find_line(const char *text, uint32_t line, const char **ret_start, int *ret_len)
{
	const char *start = text;

	for (uint32_t at = 1; at < line; at++) {
		start = strchr(start, '\n');
		if (start == NULL)
			return false;
		start++;
	}
	*ret_start = start;
	*ret_len = (int)strcspn(start, "\r\n");
	return true;
}

static void print_caret(const struct fb_place *place, const char *text, FILE *out)
{
	const char *start;
	int len;

	if (text == NULL || place->line == 0 || !find_line(text, place->line, &start, &len))
		return;
	fprintf(out, "%5u | %.*s\n", place->line, len, start);
	if (place->column == 0)
		return;
	fputs("      | ", out);
	/* Tabs are repeated, so that the caret stands under its place whatever their width. */
	for (uint32_t i = 1; i < place->column; i++)
		fputc(i <= (uint32_t)len && start[i - 1] == '\t' ? '\t' : ' ', out);
	fputc('^', out);
	for (uint32_t i = 1; i < place->length && place->column + i <= (uint32_t)len; i++)
		fputc('~', out);
	fputc('\n', out);
}

static int compare_place(const void *a, const void *b)
{
	const struct fb_diag *x = *(const struct fb_diag *const *)a;
	const struct fb_diag *y = *(const struct fb_diag *const *)b;

	if (x->place.line != y->place.line)
		return x->place.line < y->place.line ? -1 : 1;
	if (x->place.column != y->place.column)
		return x->place.column < y->place.column ? -1 : 1;
	return x < y ? -1 : x > y;
}

void fb_diags_print(const struct fb_diags *diags, const char *text, FILE *out)
{
	static const char *const names[] = {
		[FB_NOTE] = "note", [FB_WARNING] = "warning", [FB_ERROR_SEVERITY] = "error"};
	const struct fb_diag **sorted = malloc(diags->cnt * sizeof(*sorted));

	for (size_t i = 0; sorted != NULL && i < diags->cnt; i++)
		sorted[i] = &diags->items[i];
	if (sorted != NULL)
		qsort(sorted, diags->cnt, sizeof(*sorted), compare_place);

	for (size_t i = 0; i < diags->cnt; i++) {
		const struct fb_diag *diag = sorted ? sorted[i] : &diags->items[i];

		fprintf(out, "%s:", diags->file);
		if (diag->place.line)
			fprintf(out, "%u:", diag->place.line);
		if (diag->place.column)
			fprintf(out, "%u:", diag->place.column);
		fprintf(out, " %s: %s\n", names[diag->severity],
			diag->message ? diag->message : "(out of memory)");
		print_caret(&diag->place, text, out);
		if (diag->hint)
			fprintf(out, "        hint: %s\n", diag->hint);
	}
	free(sorted);
}
