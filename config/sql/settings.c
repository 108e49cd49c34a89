/* SPDX-License-Identifier: Apache-2.0 */
/* SET and RESET: every key that is known, and what it does. Semantics 2.1. */
#include "config/base/nearest.h"
#include "config/sql/bind.h"
#include "config/sql/literal.h"

#include "config/base/calendar.h"

enum key {
	KEY_RUNTIME_MODE,
	KEY_ZONE,
	KEY_IDLE_TIMEOUT,
	KEY_CHECKPOINT,
	KEY_NAME,
	KEY_LATE_REPAIR,
	KEY_NO_EFFECT,
};

struct setting {
	const char *name; /* one that ends in * stands for all that start so */
	enum key key;
};

static const struct setting settings[] = {
	{"execution.runtime-mode", KEY_RUNTIME_MODE},
	{"table.local-time-zone", KEY_ZONE},
	{"table.exec.source.idle-timeout", KEY_IDLE_TIMEOUT},
	{"execution.checkpointing.interval", KEY_CHECKPOINT},
	{"pipeline.name", KEY_NAME},
	{"forebay.late-repair.interval", KEY_LATE_REPAIR},
	{"parallelism.default", KEY_NO_EFFECT},
	{"pipeline.auto-watermark-interval", KEY_NO_EFFECT},
	{"table.exec.mini-batch.*", KEY_NO_EFFECT},
	{"table.optimizer.*", KEY_NO_EFFECT},
	{"state.backend.type", KEY_NO_EFFECT},
	{"table.exec.state.ttl", KEY_NO_EFFECT},
};

#define CHECKPOINT_DEFAULT_MS 10000
#define CHECKPOINT_MIN_MS 10
#define LATE_REPAIR_MIN_MS 1000

static const struct setting *find_setting(struct fb_str key)
{
	for (size_t i = 0; i < FB_ARRAY_LEN(settings); i++) {
		size_t len = strlen(settings[i].name);

		if (settings[i].name[len - 1] == '*'
				? key.len >= len && memcmp(key.p, settings[i].name, len - 1) == 0
				: fb_str_eq(key, fb_str_from(settings[i].name)))
			return &settings[i];
	}
	return NULL;
}

static const struct setting *need_setting(struct fb_binder *b, const struct fb_ast_option *option)
{
	const struct setting *setting = find_setting(option->key);
	const char *names[FB_ARRAY_LEN(settings)];
	const char *near;

	if (setting != NULL)
		return setting;
	for (size_t i = 0; i < FB_ARRAY_LEN(settings); i++)
		names[i] = settings[i].name;
	near = fb_nearest_name(option->key, names, FB_ARRAY_LEN(names));
	fb_bind_error(b, option->key_place,
		near ? fb_arena_printf(b->arena, "did you mean '%s'?", near) : NULL,
		"there is no setting '%.*s'", (int)FB_MIN(option->key.len, 100u), option->key.p);
	return NULL;
}

/* A setting holds for the whole pipeline; one that changes between two queries would lie to one of
 * them. */
static bool check_order(struct fb_binder *b, struct fb_place at)
{
	if (b->first_query.line == 0)
		return true;
	fb_bind_error(b, at, "move it in front of the first query",
		"a setting cannot change behind an INSERT or EXPLAIN");
	return false;
}

/* ±hh:mm */
static bool read_offset(struct fb_str text, int64_t *ret_ms)
{
	int hours, minutes;

	if (text.len != 6 || (text.p[0] != '+' && text.p[0] != '-') || text.p[3] != ':')
		return false;
	for (int i = 1; i < 6; i++)
		if (i != 3 && (text.p[i] < '0' || text.p[i] > '9'))
			return false;
	hours = (text.p[1] - '0') * 10 + text.p[2] - '0';
	minutes = (text.p[4] - '0') * 10 + text.p[5] - '0';
	if (minutes > 59 || hours * 60 + minutes > 18 * 60)
		return false;
	*ret_ms = (hours * 60 + minutes) * 60000LL * (text.p[0] == '-' ? -1 : 1);
	return true;
}

static void set_zone(struct fb_binder *b, const struct fb_ast_option *option)
{
	struct fb_str value = option->value;
	int64_t offset = 0;

	if (!fb_str_eq(value, FB_STR("UTC")) && !fb_str_eq(value, FB_STR("GMT")) &&
		!fb_str_eq(value, FB_STR("Etc/UTC"))) {
		bool gmt = value.len > 3 && memcmp(value.p, "GMT", 3) == 0;

		if (!read_offset(
			    gmt ? (struct fb_str){value.p + 3, value.len - 3} : value, &offset)) {
			fb_bind_error(b, option->value_place,
				"write 'UTC', or an offset such as 'GMT+08:00'",
				"zone '%.*s' has no fixed offset; zones with daylight saving come "
				"with release 2 (rule W3)",
				(int)FB_MIN(value.len, 60u), value.p);
			return;
		}
		if (!gmt)
			fb_bind_warn(b, option->value_place,
				fb_arena_printf(
					b->arena, "write 'GMT%.*s'", (int)value.len, value.p),
				"Flink refuses a zone without GMT in front");
	}
	if (b->zone_used && offset != b->plan->settings.zone_offset_ms) {
		fb_bind_error(b, option->value_place, "write SET in front of CREATE TABLE",
			"a column in front was computed with another time zone");
		return;
	}
	b->plan->settings.zone_offset_ms = offset;
	b->plan->settings.zone_is_set = true;
}

static bool read_duration(
	struct fb_binder *b, const struct fb_ast_option *option, int64_t min_ms, int64_t *ret_ms)
{
	int64_t ms;

	if (fb_literal_duration(option->value, &ms) != 0) {
		fb_bind_error(b, option->value_place, "write '10 s', '500 ms', '1 min'",
			"'%.*s' is no duration", (int)FB_MIN(option->value.len, 60u),
			option->value.p);
		return false;
	}
	if (ms < min_ms) {
		fb_bind_error(b, option->value_place, NULL, "'%.*s' must be at least %lld ms",
			(int)option->key.len, option->key.p, (long long)min_ms);
		return false;
	}
	*ret_ms = ms;
	return true;
}

static void warn_no_effect(
	struct fb_binder *b, const struct setting *setting, const struct fb_ast_option *option)
{
	uint32_t bit = 1u << (setting - settings);

	if (b->warned_keys & bit)
		return;
	b->warned_keys |= bit;
	fb_bind_warn(b, option->key_place, NULL, "setting '%.*s' has no effect here",
		(int)FB_MIN(option->key.len, 100u), option->key.p);
}

static void set_runtime_mode(struct fb_binder *b, const struct fb_ast_option *option)
{
	if (fb_str_is(option->value, "streaming") || fb_str_is(option->value, "batch"))
		b->plan->settings.batch_mode = fb_str_is(option->value, "batch");
	else
		fb_bind_error(b, option->value_place, "write 'streaming' or 'batch'",
			"there is no runtime mode '%.*s'", (int)FB_MIN(option->value.len, 60u),
			option->value.p);
}

void fb_bind_set(struct fb_binder *b, const struct fb_ast_statement *statement)
{
	const struct fb_ast_option *option = &statement->option;
	const struct setting *setting = need_setting(b, option);
	struct fb_sql_settings *to = &b->plan->settings;

	if (setting == NULL)
		return;
	if (setting->key == KEY_NO_EFFECT) {
		warn_no_effect(b, setting, option);
		return;
	}
	if (!check_order(b, statement->place))
		return;
	switch (setting->key) {
	case KEY_RUNTIME_MODE:
		set_runtime_mode(b, option);
		break;
	case KEY_ZONE:
		set_zone(b, option);
		break;
	case KEY_IDLE_TIMEOUT:
		if (!read_duration(b, option, 0, &to->source_idle_timeout_ms))
			return;
		break;
	case KEY_CHECKPOINT:
		if (!read_duration(b, option, CHECKPOINT_MIN_MS, &to->checkpoint_interval_ms))
			return;
		break;
	case KEY_LATE_REPAIR:
		if (!read_duration(b, option, LATE_REPAIR_MIN_MS, &to->late_repair_interval_ms))
			return;
		break;
	default:
		if (option->value.len == 0)
			fb_bind_error(b, option->value_place, NULL, "a pipeline needs a name");
		else
			to->pipeline_name = fb_arena_strdup(b->arena, option->value);
		break;
	}
}

static void reset_key(struct fb_sql_settings *to, enum key key)
{
	switch (key) {
	case KEY_RUNTIME_MODE:
		to->batch_mode = false;
		break;
	case KEY_ZONE:
		to->zone_offset_ms = 0;
		to->zone_is_set = false;
		break;
	case KEY_IDLE_TIMEOUT:
		to->source_idle_timeout_ms = 0;
		break;
	case KEY_CHECKPOINT:
		to->checkpoint_interval_ms = CHECKPOINT_DEFAULT_MS;
		break;
	case KEY_NAME:
		to->pipeline_name = NULL;
		break;
	case KEY_LATE_REPAIR:
		to->late_repair_interval_ms = 0;
		break;
	default:
		break;
	}
}

void fb_bind_reset(struct fb_binder *b, const struct fb_ast_statement *statement)
{
	const struct fb_ast_option *option = &statement->option;

	if (option->key.p != NULL) {
		const struct setting *setting = need_setting(b, option);

		if (setting != NULL &&
			(setting->key == KEY_NO_EFFECT || check_order(b, statement->place)))
			reset_key(&b->plan->settings, setting->key);
		return;
	}
	if (!check_order(b, statement->place))
		return;
	for (size_t i = 0; i < FB_ARRAY_LEN(settings); i++)
		reset_key(&b->plan->settings, settings[i].key);
}
