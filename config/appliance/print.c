/* SPDX-License-Identifier: Apache-2.0 */
/* The settings table for people: sample file, help, and a section of forebayd(8). */
#include <string.h>

#include "config/appliance/setting.h"

/* What stands behind a required key of the sample: the sample is a valid file. */
static const struct {
	const char *path;
	const char *value;
} examples[] = {
	{"ports[].name", "p0"},
	{"ports[].device", "net_tap0,iface=forebay0"},
	{"ports[].addresses", "[10.90.0.1/24]"},
	{"ports[].mac", "\"02:00:00:00:00:02\""},
	{"streams[].table", "people"},
	{"streams[].port", "p0"},
	{"streams[].udp_port", "5000"},
	{"streams[].layout",
		"{record_bytes: 64, fields: [{name: id, type: int64, offset: 0}]} # more in "
		"forebayd(8)"},
	{"kafka.properties", "{bootstrap.servers: \"127.0.0.1:9092\"}"},
	{"hdfs.webhdfs", "http://127.0.0.1:9870"},
	{"hdfs.user", "hdfs"},
};

static const char *example_of(const struct fb_setting *setting)
{
	char path[FB_SETTING_PATH_BYTES];

	fb_setting_path(setting, path);
	for (size_t i = 0; i < FB_ARRAY_LEN(examples); i++)
		if (strcmp(examples[i].path, path) == 0)
			return examples[i].value;
	return setting->preset ? setting->preset : "";
}

/* What has no default and need not be there stands in a comment. Addresses are what everybody sets.
 */
static bool is_active(const struct fb_setting *setting)
{
	return setting->preset != fb_setting_none || setting->type == FB_SETTING_TEXTS;
}

static bool section_is_active(enum fb_section_id id)
{
	for (uint32_t i = 0; i < fb_setting_cnt; i++)
		if (fb_settings[i].section == id && is_active(&fb_settings[i]))
			return true;
	return false;
}

/* indent: in front of the comment; dash: in front of the key, as wide as the indent. */
static void print_setting(
	const struct fb_setting *setting, const char *indent, const char *dash, FILE *out)
{
	char bounds[FB_SETTING_BOUNDS_BYTES];
	bool list = setting->type == FB_SETTING_NUMBERS;

	fb_setting_bounds(setting, bounds);
	fprintf(out, "%s# %s; %s\n", indent, setting->help, bounds);
	fprintf(out, "%s%s%s: %s%s%s\n", dash, is_active(setting) ? "" : "# ", setting->key,
		list ? "[" : "", example_of(setting), list ? "]" : "");
}

static void print_section(enum fb_section_id id, FILE *out)
{
	const struct fb_section *section = &fb_sections[id];
	bool is_list = section->kind == FB_SECTION_LIST;
	const char *indent = section->key[0] == '\0' ? "" : is_list ? "    " : "  ";
	bool first = true;

	if (section->key[0])
		fprintf(out, "\n# %s\n%s%s:\n", section->help, section_is_active(id) ? "" : "# ",
			section->key);
	for (uint32_t i = 0; i < fb_setting_cnt; i++) {
		if (fb_settings[i].section != id)
			continue;
		print_setting(&fb_settings[i], indent, is_list && first ? "  - " : indent, out);
		first = false;
	}
}

void fb_appliance_print_sample(FILE *out)
{
	fputs("# forebay appliance file: every setting. What has a default shows it and may be "
	      "left out.\n\n",
		out);
	for (uint32_t id = 0; id < FB_SECTION_CNT; id++)
		print_section((enum fb_section_id)id, out);
}

static const char *preset_text(const struct fb_setting *setting)
{
	if (setting->preset == NULL)
		return "required";
	return setting->preset == fb_setting_none ? "none" : setting->preset;
}

void fb_appliance_print_help(FILE *out)
{
	for (uint32_t i = 0; i < fb_setting_cnt; i++) {
		char path[FB_SETTING_PATH_BYTES], bounds[FB_SETTING_BOUNDS_BYTES];

		fb_setting_path(&fb_settings[i], path);
		fb_setting_bounds(&fb_settings[i], bounds);
		fprintf(out, "%-32s %s [%s]%s\n%34s%s\n", path, bounds,
			preset_text(&fb_settings[i]),
			fb_settings[i].when == FB_SETTING_LIVE ? " (live)" : "", "",
			fb_settings[i].help);
	}
}

/* mdoc: what roff would read as its own is hidden. */
static void put_roff(const char *text, FILE *out)
{
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else
			fputc(*text, out);
	}
}

void fb_appliance_print_manual(FILE *out)
{
	for (uint32_t id = 0; id < FB_SECTION_CNT; id++) {
		const struct fb_section *section = &fb_sections[id];

		fprintf(out, ".Ss %s\n", section->key[0] ? section->key : "Top of the file");
		if (section->key[0]) {
			put_roff(section->kind == FB_SECTION_LIST ? "A list: " : "", out);
			put_roff(section->help, out);
			fputs(".\n", out);
		}
		fputs(".Bl -tag -width Ds\n", out);
		for (uint32_t i = 0; i < fb_setting_cnt; i++) {
			const struct fb_setting *setting = &fb_settings[i];
			char bounds[FB_SETTING_BOUNDS_BYTES];

			if (setting->section != id)
				continue;
			fb_setting_bounds(setting, bounds);
			fprintf(out, ".It Cm %s : ", setting->key);
			put_roff(bounds, out);
			fputc('\n', out);
			put_roff(setting->help, out);
			fputs(".\n", out);
			fputs(setting->preset ? "Default: " : "This key is ", out);
			put_roff(preset_text(setting), out);
			fputs(".\n", out);
		}
		fputs(".El\n", out);
	}
}
