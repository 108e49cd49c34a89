/* SPDX-License-Identifier: Apache-2.0 */
/* config/tables/setting.def as data: what the rest of the room reads to parse, check, map and
 * describe. */
#pragma once

#include "config/appliance/appliance.h"

enum fb_section_id {
	FB_SECTION_APPLIANCE, /* the top of the file */
#define FB_SECTION(id, member, kind, max, help) FB_SECTION_##id,
#include "config/tables/setting.def"
	FB_SECTION_CNT,
};

enum fb_section_kind { FB_SECTION_MAPPING, FB_SECTION_LIST };

struct fb_section {
	const char *key; /* "" for the top */
	enum fb_section_kind kind;
	uint32_t max; /* entries of a list */
	const char *help;
	uint32_t at; /* offset in struct fb_appliance: of the mapping, or of the list's pointer */
	uint32_t bytes;    /* of the mapping, or of an entry */
	uint32_t count_at; /* offset of a list's count */
};

enum fb_setting_type {
	FB_SETTING_TEXT,
	FB_SETTING_WORD,
	FB_SETTING_CHOICE,
	FB_SETTING_NUMBER,
	FB_SETTING_SWITCH,
	FB_SETTING_TEXTS,
	FB_SETTING_NUMBERS,
	FB_SETTING_PROPERTIES,
	FB_SETTING_LAYOUT,
};

enum fb_setting_when { FB_SETTING_RESTART, FB_SETTING_LIVE };

struct fb_setting {
	enum fb_section_id section;
	const char *key;
	enum fb_setting_type type;
	uint64_t min, max;
	const char *preset; /* NULL: required; fb_setting_none: nothing */
	const char *const *words;
	const char *unit;
	enum fb_setting_when when;
	const char *help;
	uint32_t at;       /* offset in its section's mapping or entry */
	uint32_t bytes;    /* of the member */
	uint32_t count_at; /* offset of a list's count, in the same */
};

extern const char fb_setting_none[];
extern const struct fb_section fb_sections[FB_SECTION_CNT];
extern const struct fb_setting fb_settings[];
extern const uint32_t fb_setting_cnt;

static inline bool fb_setting_is_list(const struct fb_setting *setting)
{
	return setting->type >= FB_SETTING_TEXTS && setting->type != FB_SETTING_LAYOUT;
}

/* "store.path", "ports[].queues". */
#define FB_SETTING_PATH_BYTES 80
void fb_setting_path(const struct fb_setting *setting, char path[FB_SETTING_PATH_BYTES]);
/* What may stand there, in words: "8 to 65536", "auto, avx512, avx2 or scalar", "text". */
#define FB_SETTING_BOUNDS_BYTES 128
void fb_setting_bounds(const struct fb_setting *setting, char text[FB_SETTING_BOUNDS_BYTES]);
