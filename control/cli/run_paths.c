/* SPDX-License-Identifier: Apache-2.0 */
/* Which file is a table: --source, its path, or rows that it makes. */
#include <stdlib.h>
#include <string.h>

#include "config/base/nearest.h"
#include "config/sql/datagen.h"
#include "control/cli/run_private.h"
#include "control/replay/datagen.h"

static const char *mapped_path(const struct fb_run *run, const char *table)
{
	size_t len = strlen(table);

	for (uint32_t i = 0; i < run->args->sources.cnt; i++) {
		const char *text = run->args->sources.at[i];

		if (strncmp(text, table, len) == 0 && text[len] == '=')
			return text + len + 1;
	}
	return NULL;
}

static void no_file(struct fb_run *run, const struct fb_table *table, struct fb_place place, const char *why)
{
	struct fb_buf hint = {0};

	fb_buf_printf(&hint, "say which file or folder stands for it: --source %s=PATH", table->name);
	fb_diags_add(&run->diags, FB_ERROR_SEVERITY, place, hint.p, "%s", why);
	fb_buf_fini(&hint);
}

static bool is_generated(const struct fb_table *table)
{
	return strcmp(table->connector, "datagen") == 0;
}

const char *fb_run_path(struct fb_run *run, const struct fb_table *table)
{
	const char *mapped = mapped_path(run, table->name);
	const char *path = fb_table_option(table, "path");
	struct fb_place place = table->place;

	for (uint16_t i = 0; i < table->option_cnt; i++)
		if (strcmp(table->options[i].key, "path") == 0)
			place = table->options[i].place;
	if (is_generated(table)) {
		if (mapped == NULL && fb_datagen_row_cnt(table) >= 0)
			return FB_RUN_GENERATED;
		fb_diags_add(&run->diags, FB_ERROR_SEVERITY, place,
			mapped ? "declare it with another connector, and a format" : "add 'number-of-rows', or a column of the kind 'sequence'",
			mapped ? "table '%s' makes its rows: it has no format that a file could be read with"
			       : "table '%s' never ends, and a run is over input that does",
			table->name);
		return NULL;
	}
	if (mapped != NULL)
		return mapped;
	if (strcmp(table->connector, "filesystem") != 0) {
		no_file(run, table, place, "the table is fed by another connector; a run reads files");
		return NULL;
	}
	if (strncmp(path, "file://", 7) == 0)
		path += 7;
	else if (strncmp(path, "file:", 5) == 0)
		path += 5;
	if (strstr(path, "://") != NULL) {
		no_file(run, table, place, "a run reads local files");
		return NULL;
	}
	return path;
}

int fb_run_check_mappings(struct fb_run *run)
{
	const struct fb_plan *plan = run->plan;
	const char *names[64];

	for (uint32_t i = 0; i < run->args->sources.cnt; i++) {
		const char *text = run->args->sources.at[i];
		const char *equals = strchr(text, '=');
		struct fb_str name = {text, equals ? (uint32_t)(equals - text) : 0};
		uint32_t cnt = 0;
		bool found = false;

		if (equals == NULL || equals == text || equals[1] == '\0')
			return fb_cli_fail(run->cli, FB_EXIT_USAGE, "write it as --source TABLE=PATH", "--source '%s' names no table",
				text);
		for (uint16_t t = 0; t < plan->table_cnt; t++) {
			found |= fb_str_eq(name, fb_str_from(plan->tables[t]->name));
			if (cnt < FB_ARRAY_LEN(names))
				names[cnt++] = plan->tables[t]->name;
		}
		if (found)
			continue;

		const char *near = fb_nearest_name(name, names, cnt);
		struct fb_buf hint = {0};

		if (near != NULL)
			fb_buf_printf(&hint, "did you mean %s?", near);
		fb_cli_fail(run->cli, FB_EXIT_USAGE, hint.p, "--source: the file has no table '%.*s'", (int)name.len, name.p);
		fb_buf_fini(&hint);
		return FB_EXIT_USAGE;
	}
	return FB_EXIT_DONE;
}
