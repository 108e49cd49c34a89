/* SPDX-License-Identifier: Apache-2.0 */
/* Shape of the tree against the settings table. */
#include "config/appliance/check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/base/errcode.h"
#include "config/base/nearest.h"

#define NAMES_MAX 32

struct checker {
	struct fb_document *document;
	char where[FB_SETTING_PATH_BYTES * 2]; /* path of what is being checked */
};

static void complain(struct checker *checker, const yaml_node_t *node, const char *hint,
	const char *fmt, ...) FB_PRINTF(4, 5);
static void complain(
	struct checker *checker, const yaml_node_t *node, const char *hint, const char *fmt, ...)
{
	struct fb_diags *diags = checker->document->diags;
	char text[512];
	va_list args;

	if (diags->error_cnt >= FB_CHECK_ERRORS_MAX)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fb_diags_add(diags, FB_ERROR_SEVERITY, fb_document_place(checker->document, node), hint,
		"%s", text);
}

static const char *kind_of(const yaml_node_t *node)
{
	return node->type == YAML_SEQUENCE_NODE  ? "a list"
	       : node->type == YAML_MAPPING_NODE ? "a mapping"
						 : "a value";
}

bool fb_check_has_control(struct fb_str text)
{
	for (uint32_t i = 0; i < text.len; i++)
		if ((unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f)
			return true;
	return false;
}

/* A scalar with something in it; `empty_ok`: or written "". */
static bool is_value(
	struct checker *checker, const yaml_node_t *node, const char *want, bool empty_ok)
{
	if (node->type != YAML_SCALAR_NODE) {
		complain(checker, node, NULL, "%s has to be %s, not %s", checker->where, want,
			kind_of(node));
		return false;
	}
	struct fb_str text = fb_node_text(node);

	if (text.len == 0 && (fb_node_is_plain(node) || !empty_ok)) {
		complain(checker, node,
			empty_ok ? "leave the line out for the default, or write \"\" for none"
				 : "leave the line out for the default",
			"%s has no value", checker->where);
		return false;
	}
	if (fb_check_has_control(text)) {
		complain(checker, node, NULL, "%s has a line break or control character in it",
			checker->where);
		return false;
	}
	return true;
}

/* Digits only: libcyaml would take 0x10, 010 and 1x as well. */
static bool is_number(struct checker *checker, const yaml_node_t *node, uint64_t min, uint64_t max,
	const char *unit)
{
	char want[80];
	uint64_t value = 0;
	bool good = true;

	snprintf(want, sizeof(want), "a number from %" PRIu64 " to %" PRIu64 "%s%s", min, max,
		unit[0] ? " " : "", unit);
	if (!is_value(checker, node, want, false))
		return false;
	struct fb_str text = fb_node_text(node);

	for (uint32_t i = 0; i < text.len && good; i++)
		good = text.p[i] >= '0' && text.p[i] <= '9';
	if (!good || !fb_node_is_plain(node) || (text.len > 1 && text.p[0] == '0')) {
		complain(checker, node,
			good ? "without quotes and leading zeros" : "digits only, without unit",
			"%s has to be %s, not '%.*s'", checker->where, want,
			(int)FB_MIN(text.len, 60u), text.p);
		return false;
	}
	for (uint32_t i = 0; i < text.len; i++)
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, (uint64_t)(text.p[i] - '0'), &value))
			value = UINT64_MAX, i = text.len;
	if (value < min || value > max) {
		complain(checker, node, NULL, "%s has to be %s, not %.*s", checker->where, want,
			(int)FB_MIN(text.len, 60u), text.p);
		return false;
	}
	return true;
}

static void check_word(struct checker *checker, const yaml_node_t *node, const char *const *words)
{
	struct fb_setting as_words = {.type = FB_SETTING_WORD, .words = words, .unit = ""};
	char want[FB_SETTING_BOUNDS_BYTES], hint[64];
	const char *near;
	uint32_t cnt = 0;

	fb_setting_bounds(&as_words, want);
	if (!is_value(checker, node, want, false))
		return;
	struct fb_str text = fb_node_text(node);

	for (; words[cnt]; cnt++)
		if (fb_str_eq(text, fb_str_from(words[cnt])))
			return;
	near = fb_nearest_name(text, words, cnt);
	if (near)
		snprintf(hint, sizeof(hint), "did you mean %s?", near);
	complain(checker, node, near ? hint : NULL, "%s has to be %s, not '%.*s'", checker->where,
		want, (int)FB_MIN(text.len, 60u), text.p);
}

/* libcyaml takes every text for true that it does not know. */
static void check_switch(struct checker *checker, const yaml_node_t *node)
{
	if (!is_value(checker, node, "true or false", false))
		return;
	struct fb_str text = fb_node_text(node);

	if (!fb_node_is_plain(node) ||
		(!fb_str_eq(text, FB_STR("true")) && !fb_str_eq(text, FB_STR("false"))))
		complain(checker, node, NULL, "%s has to be true or false, not '%.*s'",
			checker->where, (int)FB_MIN(text.len, 60u), text.p);
}

static void check_text(struct checker *checker, const yaml_node_t *node, uint64_t min, uint64_t max)
{
	if (!is_value(checker, node, "text", min == 0))
		return;
	if (node->data.scalar.length < min || node->data.scalar.length > max)
		complain(checker, node, NULL,
			"%s has to be text of %" PRIu64 " to %" PRIu64 " bytes, not %zu",
			checker->where, min, max, node->data.scalar.length);
}

static void check_list(
	struct checker *checker, const yaml_node_t *node, const struct fb_setting *setting)
{
	bool numbers = setting->type == FB_SETTING_NUMBERS;
	size_t where_len = strlen(checker->where);
	const yaml_node_t *entry;
	uint32_t cnt = 0;

	if (node->type != YAML_SEQUENCE_NODE) {
		complain(checker, node, numbers ? "as in [1, 2, 3]" : "as in [10.9.0.1/24]",
			"%s has to be a list, not %s", checker->where, kind_of(node));
		return;
	}
	for (; (entry = fb_document_entry(checker->document, node, cnt)) != NULL; cnt++) {
		snprintf(checker->where + where_len, sizeof(checker->where) - where_len, "[%u]",
			cnt);
		if (cnt >= setting->max)
			break;
		if (numbers)
			is_number(checker, entry, 0, 1023, "");
		else
			check_text(checker, entry, 1, 256);
	}
	checker->where[where_len] = '\0';
	if (cnt < setting->min || entry)
		complain(checker, node, NULL, "%s has to have %" PRIu64 " to %" PRIu64 " entries",
			checker->where, setting->min, setting->max);
}

static void check_properties(
	struct checker *checker, const yaml_node_t *node, const struct fb_setting *setting)
{
	if (node->type != YAML_MAPPING_NODE) {
		complain(checker, node, "as in bootstrap.servers: broker:9092",
			"%s has to be a mapping, not %s", checker->where, kind_of(node));
		return;
	}
	yaml_node_pair_t *start = node->data.mapping.pairs.start,
			 *top = node->data.mapping.pairs.top;

	if ((uint64_t)(top - start) > setting->max) {
		complain(checker, node, NULL, "%s has more than %" PRIu64 " keys", checker->where,
			setting->max);
		return;
	}
	for (yaml_node_pair_t *pair = start; pair < top; pair++) {
		const yaml_node_t *key = fb_document_node(checker->document, pair->key);

		if (!is_value(checker, key, "a key", false))
			continue;
		check_text(checker, fb_document_node(checker->document, pair->value), 0, 8000);
		for (yaml_node_pair_t *before = start; before < pair; before++) {
			const yaml_node_t *other = fb_document_node(checker->document, before->key);

			if (other->type == YAML_SCALAR_NODE &&
				fb_str_eq(fb_node_text(other), fb_node_text(key)))
				complain(checker, key, NULL, "%s: key '%.*s' stands there twice",
					checker->where,
					(int)FB_MIN(key->data.scalar.length, (size_t)60),
					key->data.scalar.value);
		}
	}
}

static void check_setting(
	struct checker *checker, const yaml_node_t *node, const struct fb_setting *setting)
{
	switch (setting->type) {
	case FB_SETTING_TEXT:
		check_text(checker, node, setting->min, setting->max);
		break;
	case FB_SETTING_WORD:
	case FB_SETTING_CHOICE:
		check_word(checker, node, setting->words);
		break;
	case FB_SETTING_NUMBER:
		is_number(checker, node, setting->min, setting->max, setting->unit);
		break;
	case FB_SETTING_SWITCH:
		check_switch(checker, node);
		break;
	case FB_SETTING_TEXTS:
	case FB_SETTING_NUMBERS:
		check_list(checker, node, setting);
		break;
	case FB_SETTING_PROPERTIES:
		check_properties(checker, node, setting);
		break;
	case FB_SETTING_LAYOUT: /* as a whole, see load_layouts */
		break;
	}
}

/* ---- mappings ---- */

/* The keys that may stand in a section, those of the top with the other sections. */
static uint32_t known_keys(enum fb_section_id id, const char *names[NAMES_MAX])
{
	uint32_t cnt = 0;

	for (uint32_t i = 0; i < fb_setting_cnt && cnt < NAMES_MAX; i++)
		if (fb_settings[i].section == id)
			names[cnt++] = fb_settings[i].key;
	for (uint32_t i = 1; id == FB_SECTION_APPLIANCE && i < FB_SECTION_CNT && cnt < NAMES_MAX;
		i++)
		names[cnt++] = fb_sections[i].key;
	return cnt;
}

static void unknown_key(
	struct checker *checker, const yaml_node_t *key, const char *const *names, uint32_t cnt)
{
	struct fb_str text = fb_node_text(key);
	const char *near = fb_nearest_name(text, names, cnt);
	char hint[512];
	size_t len;

	if (near) {
		snprintf(hint, sizeof(hint), "did you mean %s?", near);
	} else {
		len = (size_t)snprintf(hint, sizeof(hint), "known here: ");
		for (uint32_t i = 0; i < cnt && len < sizeof(hint); i++)
			len += (size_t)snprintf(
				hint + len, sizeof(hint) - len, "%s%s", i ? ", " : "", names[i]);
	}
	complain(checker, key, hint, "unknown key '%.*s'%s%s", (int)FB_MIN(text.len, 60u), text.p,
		checker->where[0] ? " in " : "", checker->where);
}

/* Every key of a mapping is known, and stands there once. */
static void check_keys(struct checker *checker, const yaml_node_t *mapping, enum fb_section_id id)
{
	const char *names[NAMES_MAX];
	bool seen[NAMES_MAX] = {false};
	uint32_t cnt = known_keys(id, names), i;

	for (yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
		pair < mapping->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = fb_document_node(checker->document, pair->key);

		if (key->type != YAML_SCALAR_NODE) {
			complain(
				checker, key, NULL, "a key has to be a word, not %s", kind_of(key));
			continue;
		}
		for (i = 0; i < cnt; i++)
			if (fb_str_eq(fb_node_text(key), fb_str_from(names[i])))
				break;
		if (i == cnt)
			unknown_key(checker, key, names, cnt);
		else if (seen[i])
			complain(checker, key, NULL, "key '%s' stands there twice", names[i]);
		else
			seen[i] = true;
	}
}

static void check_mapping(
	struct checker *checker, const yaml_node_t *mapping, enum fb_section_id id)
{
	size_t where_len = strlen(checker->where);

	if (mapping->type != YAML_MAPPING_NODE) {
		complain(checker, mapping, "keys and values, as in the output of forebayd --sample",
			"%s has to be a mapping, not %s", where_len ? checker->where : "the file",
			kind_of(mapping));
		return;
	}
	check_keys(checker, mapping, id);
	for (uint32_t i = 0; i < fb_setting_cnt; i++) {
		const struct fb_setting *setting = &fb_settings[i];
		const yaml_node_t *node;

		if (setting->section != id)
			continue;
		node = fb_document_get(checker->document, mapping, setting->key, NULL);
		if (node) {
			snprintf(checker->where + where_len, sizeof(checker->where) - where_len,
				"%s%s", where_len ? "." : "", setting->key);
			check_setting(checker, node, setting);
			checker->where[where_len] = '\0';
		} else if (setting->preset == NULL) {
			complain(checker, mapping, setting->help, "%s has no %s", checker->where,
				setting->key);
		}
	}
}

static void check_section(struct checker *checker, const yaml_node_t *node, enum fb_section_id id)
{
	const struct fb_section *section = &fb_sections[id];
	const yaml_node_t *entry;
	uint32_t i = 0;

	snprintf(checker->where, sizeof(checker->where), "%s", section->key);
	if (section->kind == FB_SECTION_MAPPING) {
		check_mapping(checker, node, id);
		return;
	}
	if (node->type != YAML_SEQUENCE_NODE) {
		complain(checker, node, "each entry begins with a dash",
			"%s has to be a list, not %s", section->key, kind_of(node));
		return;
	}
	for (; (entry = fb_document_entry(checker->document, node, i)) != NULL && i < section->max;
		i++) {
		snprintf(checker->where, sizeof(checker->where), "%s[%u]", section->key, i);
		check_mapping(checker, entry, id);
	}
	if (entry)
		complain(checker, node, NULL, "%s has more than %u entries", section->key,
			section->max);
}

int fb_check_shape(struct fb_document *document)
{
	struct checker checker = {.document = document};
	size_t errors_before = document->diags->error_cnt;

	if (document->root == NULL) {
		fb_diags_add(document->diags, FB_ERROR_SEVERITY, (struct fb_place){1, 0, 0},
			"forebayd --sample writes one with every setting", "the file is empty");
		return FB_E_CONFIG;
	}
	check_mapping(&checker, document->root, FB_SECTION_APPLIANCE);
	for (uint32_t id = 1; id < FB_SECTION_CNT; id++) {
		const yaml_node_t *node =
			fb_document_get(document, document->root, fb_sections[id].key, NULL);

		if (node)
			check_section(&checker, node, (enum fb_section_id)id);
	}
	return document->diags->error_cnt > errors_before ? FB_E_CONFIG : 0;
}
