/* SPDX-License-Identifier: Apache-2.0 */
#include "config/appliance/schema.h"

#include <cyaml/cyaml.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/base/errcode.h"

#define FIELDS_MAX 96 /* settings, sections, and an end for each section */
#define WORDS_MAX 16

struct schema {
	cyaml_schema_value_t top;
	cyaml_schema_value_t text;   /* entry of a list of texts */
	cyaml_schema_value_t number; /* entry of a list of numbers */
	cyaml_schema_value_t entries[FB_SECTION_CNT];
	cyaml_schema_field_t fields[FIELDS_MAX];
	cyaml_strval_t words[WORDS_MAX];
	uint32_t field_cnt;
	uint32_t word_cnt;
};

static const cyaml_strval_t *add_words(
	struct schema *schema, const char *const *words, uint32_t *ret_cnt)
{
	const cyaml_strval_t *start = &schema->words[schema->word_cnt];
	uint32_t cnt = 0;

	for (; words[cnt] && schema->word_cnt < WORDS_MAX; cnt++)
		schema->words[schema->word_cnt++] = (cyaml_strval_t){words[cnt], cnt};
	*ret_cnt = cnt;
	return start;
}

static cyaml_schema_field_t setting_field(struct schema *schema, const struct fb_setting *setting)
{
	cyaml_schema_field_t field = {.key = setting->key, .data_offset = setting->at};
	cyaml_schema_value_t *value = &field.value;

	value->flags = CYAML_FLAG_OPTIONAL;
	value->data_size = setting->bytes;
	switch (setting->type) {
	case FB_SETTING_TEXT:
	case FB_SETTING_WORD:
		*value = schema->text;
		value->flags |= CYAML_FLAG_OPTIONAL;
		break;
	case FB_SETTING_CHOICE:
		value->type = CYAML_ENUM;
		value->flags |= CYAML_FLAG_STRICT;
		value->enumeration.strings =
			add_words(schema, setting->words, &value->enumeration.count);
		break;
	case FB_SETTING_NUMBER:
		value->type = CYAML_UINT;
		break;
	case FB_SETTING_SWITCH:
		value->type = CYAML_BOOL;
		break;
	case FB_SETTING_TEXTS:
	case FB_SETTING_NUMBERS:
		value->type = CYAML_SEQUENCE;
		value->flags |= CYAML_FLAG_POINTER;
		value->data_size =
			setting->type == FB_SETTING_TEXTS ? sizeof(char *) : sizeof(uint32_t);
		value->sequence.entry =
			setting->type == FB_SETTING_TEXTS ? &schema->text : &schema->number;
		value->sequence.max = CYAML_UNLIMITED;
		field.count_offset = setting->count_at;
		field.count_size = sizeof(uint32_t);
		break;
	case FB_SETTING_PROPERTIES: /* libcyaml has no free keys: read from the tree, see
				       load_properties and load_layouts */
	case FB_SETTING_LAYOUT:
		value->type = CYAML_IGNORE;
		value->data_size = 0;
		break;
	}
	return field;
}

static cyaml_schema_field_t section_field(
	struct schema *schema, enum fb_section_id id, const cyaml_schema_field_t *fields)
{
	const struct fb_section *section = &fb_sections[id];
	cyaml_schema_field_t field = {.key = section->key, .data_offset = section->at};
	cyaml_schema_value_t mapping = {
		.type = CYAML_MAPPING, .data_size = section->bytes, .mapping.fields = fields};

	if (section->kind == FB_SECTION_MAPPING) {
		field.value = mapping;
		field.value.flags = CYAML_FLAG_OPTIONAL;
		return field;
	}
	schema->entries[id] = mapping;
	field.count_offset = section->count_at;
	field.count_size = sizeof(uint32_t);
	field.value = (cyaml_schema_value_t){
		.type = CYAML_SEQUENCE,
		.flags = CYAML_FLAG_OPTIONAL | CYAML_FLAG_POINTER,
		.data_size = section->bytes,
		.sequence = {.entry = &schema->entries[id], .max = CYAML_UNLIMITED},
	};
	return field;
}

/* The fields of one section, ended; the top's are those of its settings and its sections. */
static const cyaml_schema_field_t *add_section(struct schema *schema, enum fb_section_id id,
	const cyaml_schema_field_t *const *of_sections)
{
	const cyaml_schema_field_t *start = &schema->fields[schema->field_cnt];

	for (uint32_t i = 0; i < fb_setting_cnt; i++)
		if (fb_settings[i].section == id)
			schema->fields[schema->field_cnt++] =
				setting_field(schema, &fb_settings[i]);
	for (uint32_t s = 1; of_sections && s < FB_SECTION_CNT; s++)
		schema->fields[schema->field_cnt++] =
			section_field(schema, (enum fb_section_id)s, of_sections[s]);
	schema->field_cnt++; /* zeroed: CYAML_FIELD_END */
	return start;
}

static struct schema *schema_create(void)
{
	const cyaml_schema_field_t *of_sections[FB_SECTION_CNT] = {NULL};
	struct schema *schema;

	/* Settings, one field per section at the top, and an end for each section. */
	if (fb_setting_cnt + 2 * FB_SECTION_CNT > FIELDS_MAX)
		return NULL;
	schema = calloc(1, sizeof(*schema));
	if (schema == NULL)
		return NULL;
	schema->text = (cyaml_schema_value_t){.type = CYAML_STRING,
		.flags = CYAML_FLAG_POINTER,
		.data_size = sizeof(char),
		.string = {.max = CYAML_UNLIMITED}};
	schema->number = (cyaml_schema_value_t){.type = CYAML_UINT, .data_size = sizeof(uint32_t)};
	for (uint32_t s = 1; s < FB_SECTION_CNT; s++)
		of_sections[s] = add_section(schema, (enum fb_section_id)s, NULL);
	schema->top = (cyaml_schema_value_t){
		.type = CYAML_MAPPING,
		.flags = CYAML_FLAG_POINTER,
		.data_size = sizeof(struct fb_appliance),
		.mapping.fields = add_section(schema, FB_SECTION_APPLIANCE, of_sections),
	};
	return schema;
}

/* ---- presets ---- */

static int set_numbers(const struct fb_setting *setting, char *base)
{
	uint32_t *numbers = malloc(sizeof(*numbers));

	if (numbers == NULL)
		return FB_E_NO_MEMORY;
	*numbers = (uint32_t)strtoul(
		setting->preset, NULL, 10); /* the table's presets have one entry */
	*(uint32_t **)(void *)(base + setting->at) = numbers;
	*(uint32_t *)(void *)(base + setting->count_at) = 1;
	return 0;
}

static int set_preset(const struct fb_setting *setting, char *base)
{
	void *at = base + setting->at;
	uint64_t number;

	if (setting->preset == NULL || setting->preset == fb_setting_none)
		return 0;
	switch (setting->type) {
	case FB_SETTING_TEXT:
	case FB_SETTING_WORD:
		*(char **)at = strdup(setting->preset);
		return *(char **)at ? 0 : FB_E_NO_MEMORY;
	case FB_SETTING_CHOICE:
		for (uint32_t i = 0; setting->words[i]; i++)
			if (strcmp(setting->words[i], setting->preset) == 0)
				memcpy(at, &i, sizeof(i));
		return 0;
	case FB_SETTING_NUMBER:
		number = strtoull(setting->preset, NULL, 10);
		memcpy(at, &number, setting->bytes); /* little endian, as everything here */
		return 0;
	case FB_SETTING_SWITCH:
		*(bool *)at = strcmp(setting->preset, "true") == 0;
		return 0;
	case FB_SETTING_NUMBERS:
		return set_numbers(setting, base);
	case FB_SETTING_TEXTS:
	case FB_SETTING_PROPERTIES:
	case FB_SETTING_LAYOUT:
		return 0;
	}
	return FB_E_INTERNAL;
}

static int set_presets_of(const struct fb_document *document, enum fb_section_id id,
	const yaml_node_t *mapping, char *base)
{
	int rc = 0;

	for (uint32_t i = 0; i < fb_setting_cnt && rc == 0; i++)
		if (fb_settings[i].section == id &&
			fb_document_get(document, mapping, fb_settings[i].key, NULL) == NULL)
			rc = set_preset(&fb_settings[i], base);
	return rc;
}

static int set_presets(const struct fb_document *document, struct fb_appliance *appliance)
{
	char *top = (char *)appliance;
	int rc = set_presets_of(document, FB_SECTION_APPLIANCE, document->root, top);

	for (uint32_t s = 1; s < FB_SECTION_CNT && rc == 0; s++) {
		const struct fb_section *section = &fb_sections[s];
		const yaml_node_t *node =
			fb_document_get(document, document->root, section->key, NULL);
		enum fb_section_id id = (enum fb_section_id)s;

		if (section->kind == FB_SECTION_MAPPING) {
			rc = set_presets_of(document, id, node, top + section->at);
			continue;
		}
		char *entries = *(char **)(void *)(top + section->at);
		uint32_t cnt = *(uint32_t *)(void *)(top + section->count_at);

		for (uint32_t i = 0; i < cnt && rc == 0; i++)
			rc = set_presets_of(document, id, fb_document_entry(document, node, i),
				entries + (size_t)i * section->bytes);
	}
	return rc;
}

/* ---- kafka.properties ---- */

static int load_properties(const struct fb_document *document, struct fb_appliance *appliance)
{
	const yaml_node_t *section = fb_document_get(document, document->root, "kafka", NULL);
	const yaml_node_t *node = fb_document_get(document, section, "properties", NULL);
	yaml_node_pair_t *pair = node ? node->data.mapping.pairs.start : NULL;
	size_t cnt = node ? (size_t)(node->data.mapping.pairs.top - pair) : 0;

	if (cnt == 0)
		return 0;
	appliance->kafka.properties = calloc(cnt, sizeof(*appliance->kafka.properties));
	if (appliance->kafka.properties == NULL)
		return FB_E_NO_MEMORY;
	for (; pair < node->data.mapping.pairs.top; pair++) {
		struct fb_property *property =
			&appliance->kafka.properties[appliance->kafka.properties_count++];
		struct fb_str key = fb_node_text(fb_document_node(document, pair->key));
		struct fb_str value = fb_node_text(fb_document_node(document, pair->value));

		property->key = strndup(key.p, key.len);
		property->value = strndup(value.p, value.len);
		if (property->key == NULL || property->value == NULL)
			return FB_E_NO_MEMORY;
	}
	return 0;
}

/* ---- streams[].layout ---- */

static int load_layouts(struct fb_document *document, struct fb_appliance *appliance)
{
	const yaml_node_t *streams = fb_document_get(document, document->root, "streams", NULL);
	int result = 0;

	for (uint32_t i = 0; i < appliance->streams_count; i++) {
		const yaml_node_t *node = fb_document_get(
			document, fb_document_entry(document, streams, i), "layout", NULL);
		char where[64];
		int rc;

		if (node == NULL)
			continue;
		snprintf(where, sizeof(where), "streams[%u].layout", i);
		rc = fb_layout_load(document, node, where, &appliance->streams[i].layout);
		if (rc != 0)
			result = rc;
	}
	return result;
}

/* ---- libcyaml ---- */

/* Keeps its first words: those behind them are the backtrace. */
static void take_log(cyaml_log_t level, void *ctx, const char *fmt, va_list args)
{
	char *text = ctx;

	if (level == CYAML_LOG_ERROR && text && text[0] == '\0')
		vsnprintf(text, 200, fmt, args);
}

static int map(struct fb_document *document, const struct schema *schema, struct fb_appliance **ret)
{
	char text[200] = "";
	const cyaml_config_t config = {.log_fn = take_log,
		.log_ctx = text,
		.mem_fn = cyaml_mem,
		.log_level = CYAML_LOG_ERROR,
		.flags = CYAML_CFG_NO_ALIAS};
	cyaml_data_t *data = NULL;
	cyaml_err_t err = cyaml_load_data((const uint8_t *)document->text.p, document->text.len,
		&config, &schema->top, &data, NULL);

	if (err == CYAML_ERR_OOM)
		return FB_E_NO_MEMORY;
	if (err != CYAML_OK) {
		text[strcspn(text, "\n")] = '\0';
		fb_diags_add(document->diags, FB_ERROR_SEVERITY, (struct fb_place){0}, NULL,
			"libcyaml: %s: %s", cyaml_strerror(err), text);
		return FB_E_INTERNAL;
	}
	if (data == NULL) /* nothing but presets */
		data = calloc(1, sizeof(struct fb_appliance));
	if (data == NULL)
		return FB_E_NO_MEMORY;
	*ret = data;
	return 0;
}

int fb_schema_load(struct fb_document *document, struct fb_appliance **ret)
{
	struct schema *schema = schema_create();
	struct fb_appliance *appliance = NULL;
	int rc = schema ? map(document, schema, &appliance) : FB_E_NO_MEMORY;

	free(schema);
	if (rc == 0)
		rc = set_presets(document, appliance);
	if (rc == 0)
		rc = load_properties(document, appliance);
	if (rc == 0)
		rc = load_layouts(document, appliance);
	if (rc != 0) {
		fb_schema_free(appliance);
		return rc;
	}
	*ret = appliance;
	return 0;
}

void fb_schema_free(struct fb_appliance *appliance)
{
	const cyaml_config_t config = {.mem_fn = cyaml_mem, .log_level = CYAML_LOG_ERROR};
	struct schema *schema;

	if (appliance == NULL)
		return;
	free(appliance->file);
	for (uint32_t i = 0; i < appliance->kafka.properties_count; i++) {
		free(appliance->kafka.properties[i].key);
		free(appliance->kafka.properties[i].value);
	}
	free(appliance->kafka.properties);
	for (uint32_t i = 0; i < appliance->streams_count; i++) {
		fb_layout_destroy(appliance->streams[i].layout);
		appliance->streams[i].layout = NULL;
	}
	schema = schema_create();
	if (schema) /* else it stays: out of memory while freeing */
		cyaml_free(&config, &schema->top, appliance, 0);
	free(schema);
}
