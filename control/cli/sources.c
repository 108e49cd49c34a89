/* SPDX-License-Identifier: Apache-2.0 */
#include "control/cli/sources.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/base/errcode.h"

static bool ends_with(const char *text, const char *ending)
{
	size_t len = strlen(text), n = strlen(ending);

	return len >= n && strcasecmp(text + len - n, ending) == 0;
}

int fb_source_open(struct fb_cli *cli, const char *path, struct fb_source_file *ret)
{
	bool is_stdin = strcmp(path, "-") == 0;
	bool is_sql = is_stdin || ends_with(path, ".sql");
	char *text;
	size_t len;
	int rc;

	if (!is_sql && !ends_with(path, ".yaml") && !ends_with(path, ".yml"))
		return fb_cli_fail(cli, FB_EXIT_USAGE,
			"a pipeline ends in .sql, an appliance file in .yaml or .yml",
			"%s: neither by its name", path);
	rc = fb_cli_read_file(path, FB_SOURCE_BYTES_MAX, &text, &len);
	if (rc == FB_E_FULL)
		return fb_cli_fail(cli, FB_EXIT_REFUSED, NULL, "%s: longer than %u bytes", path,
			FB_SOURCE_BYTES_MAX);
	if (rc != 0)
		return fb_cli_fail(cli, FB_EXIT_REFUSED, NULL, "%s: %s", path, fb_strerror(rc));
	*ret = (struct fb_source_file){.name = is_stdin ? "<stdin>" : path,
		.text = {text, (uint32_t)len},
		.is_sql = is_sql};
	return FB_EXIT_DONE;
}

void fb_source_close(struct fb_source_file *file)
{
	free((char *)(uintptr_t)file->text.p);
	file->text = (struct fb_str){0};
}

json_t *fb_source_diags_json(const struct fb_diags *diags)
{
	static const char *const names[] = {
		[FB_NOTE] = "note", [FB_WARNING] = "warning", [FB_ERROR_SEVERITY] = "error"};
	json_t *array = json_array();

	for (size_t i = 0; i < diags->cnt; i++) {
		const struct fb_diag *diag = &diags->items[i];
		json_t *item = json_pack("{s:s, s:i, s:i, s:i, s:s}", "severity",
			names[diag->severity], "line", (int)diag->place.line, "column",
			(int)diag->place.column, "length", (int)diag->place.length, "message",
			diag->message ? diag->message : "");

		if (item && diag->hint)
			json_object_set_new(item, "hint", json_string(diag->hint));
		json_array_append_new(array, item);
	}
	return array;
}

uint64_t fb_source_warnings(const struct fb_diags *diags)
{
	uint64_t cnt = 0;

	for (size_t i = 0; i < diags->cnt; i++)
		cnt += diags->items[i].severity == FB_WARNING;
	return cnt;
}
