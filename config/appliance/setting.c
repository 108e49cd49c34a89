/* SPDX-License-Identifier: Apache-2.0 */
#include "config/appliance/setting.h"

#include <stdio.h>
#include <string.h>

const char fb_setting_none[] = "";

/* The C type that holds a section's members. */
#define FB_OWNER_APPLIANCE struct fb_appliance
#define FB_OWNER_STORE __typeof__(((struct fb_appliance *)0)->store)
#define FB_OWNER_HTTP __typeof__(((struct fb_appliance *)0)->http)
#define FB_OWNER_CORES __typeof__(((struct fb_appliance *)0)->cores)
#define FB_OWNER_MEMORY __typeof__(((struct fb_appliance *)0)->memory)
#define FB_OWNER_REPLAY __typeof__(((struct fb_appliance *)0)->replay)
#define FB_OWNER_PORTS struct fb_port_conf
#define FB_OWNER_STREAMS struct fb_stream_conf
#define FB_OWNER_KAFKA __typeof__(((struct fb_appliance *)0)->kafka)
#define FB_OWNER_HDFS __typeof__(((struct fb_appliance *)0)->hdfs)

/* Only lists have a count beside them. */
#define COUNT_MAPPING(owner, member) 0
#define COUNT_LIST(owner, member) offsetof(owner, member##_count)
#define COUNT_TEXT COUNT_MAPPING
#define COUNT_WORD COUNT_MAPPING
#define COUNT_CHOICE COUNT_MAPPING
#define COUNT_NUMBER COUNT_MAPPING
#define COUNT_SWITCH COUNT_MAPPING
#define COUNT_TEXTS COUNT_LIST
#define COUNT_NUMBERS COUNT_LIST
#define COUNT_PROPERTIES COUNT_LIST
#define COUNT_LAYOUT COUNT_MAPPING

const struct fb_section fb_sections[FB_SECTION_CNT] = {
	[FB_SECTION_APPLIANCE] = {.key = "",
		.kind = FB_SECTION_MAPPING,
		.bytes = sizeof(struct fb_appliance),
		.help = ""},
#define FB_SECTION(id, member, kind_, max_, help_)                      \
	[FB_SECTION_##id] = {                                           \
		.key = #member,                                         \
		.kind = FB_SECTION_##kind_,                             \
		.max = (max_),                                          \
		.help = (help_),                                        \
		.at = offsetof(struct fb_appliance, member),            \
		.bytes = sizeof(FB_OWNER_##id),                         \
		.count_at = COUNT_##kind_(struct fb_appliance, member), \
	},
#include "config/tables/setting.def"
};

#define FB_NONE fb_setting_none
#define FB_WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

const struct fb_setting fb_settings[] = {
#define FB_SETTING(id, member, type_, min_, max_, preset_, words_, unit_, when_, help_) \
	{                                                                               \
		.section = FB_SECTION_##id,                                             \
		.key = #member,                                                         \
		.type = FB_SETTING_##type_,                                             \
		.min = (min_),                                                          \
		.max = (max_),                                                          \
		.preset = (preset_),                                                    \
		.words = (words_),                                                      \
		.unit = (unit_),                                                        \
		.when = FB_SETTING_##when_,                                             \
		.help = (help_),                                                        \
		.at = offsetof(FB_OWNER_##id, member),                                  \
		.bytes = sizeof(((FB_OWNER_##id *)0)->member),                          \
		.count_at = COUNT_##type_(FB_OWNER_##id, member),                       \
	},
#include "config/tables/setting.def"
};
const uint32_t fb_setting_cnt = FB_ARRAY_LEN(fb_settings);

void fb_setting_path(const struct fb_setting *setting, char path[FB_SETTING_PATH_BYTES])
{
	const struct fb_section *section = &fb_sections[setting->section];

	snprintf(path, FB_SETTING_PATH_BYTES, "%s%s%s%s", section->key,
		section->kind == FB_SECTION_LIST ? "[]" : "", section->key[0] ? "." : "",
		setting->key);
}

static void put_words(const char *const *words, char text[FB_SETTING_BOUNDS_BYTES])
{
	size_t len = 0;

	text[0] = '\0';
	for (uint32_t i = 0; words[i] && len < FB_SETTING_BOUNDS_BYTES; i++) {
		const char *gap = i == 0 ? "" : words[i + 1] ? ", " : " or ";

		len += (size_t)snprintf(
			text + len, FB_SETTING_BOUNDS_BYTES - len, "%s%s", gap, words[i]);
	}
}

void fb_setting_bounds(const struct fb_setting *setting, char text[FB_SETTING_BOUNDS_BYTES])
{
	unsigned long long min = setting->min, max = setting->max;

	switch (setting->type) {
	case FB_SETTING_TEXT:
		snprintf(text, FB_SETTING_BOUNDS_BYTES, "text");
		break;
	case FB_SETTING_WORD:
	case FB_SETTING_CHOICE:
		put_words(setting->words, text);
		break;
	case FB_SETTING_NUMBER:
		snprintf(text, FB_SETTING_BOUNDS_BYTES, "%llu to %llu%s%s", min, max,
			setting->unit[0] ? " " : "", setting->unit);
		break;
	case FB_SETTING_SWITCH:
		snprintf(text, FB_SETTING_BOUNDS_BYTES, "true or false");
		break;
	case FB_SETTING_TEXTS:
		snprintf(text, FB_SETTING_BOUNDS_BYTES, "a list of %llu to %llu texts", min, max);
		break;
	case FB_SETTING_NUMBERS:
		snprintf(text, FB_SETTING_BOUNDS_BYTES, "a list of %llu to %llu numbers", min, max);
		break;
	case FB_SETTING_PROPERTIES:
		snprintf(text, FB_SETTING_BOUNDS_BYTES, "a mapping of at most %llu keys to values",
			max);
		break;
	case FB_SETTING_LAYOUT:
		snprintf(text, FB_SETTING_BOUNDS_BYTES,
			"a mapping of record_bytes, byte_order, header and fields");
		break;
	}
}
