/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The WITH clause against config/tables/option.def. CREATE TABLE judges keys and values; what a
 * table may do as source or as sink is judged where it is used, since the text does not say before.
 */
#include "config/sql/options.h"

#include <stdlib.h>

#include "config/base/buf.h"
#include "config/base/nearest.h"
#include "config/sql/literal.h"

#define NO FB_STATUS_NO
#define WORKS FB_STATUS_WORKS
#define BOUND FB_STATUS_BOUND
#define NO_EFFECT FB_STATUS_NO_EFFECT
#define FILES FB_STATUS_FILES
#define LATER FB_STATUS_LATER
#define PLANNED FB_STATUS_PLANNED
#define RELEASE2 FB_STATUS_RELEASE2

enum kind { TEXT, BOOL, INT, COUNT, DURATION, BYTES, CHAR, ENUM, FORMAT, NAME, PATH, PORT };

static const struct fb_connector_row connectors[] = {
#define FB_CONNECTOR(name, source, sink, has_format, text) {name, {source, sink}, has_format},
#include "config/tables/option.def"
};

static const struct fb_connector_row formats[] = {
#define FB_FORMAT(name, source, sink, text) {name, {source, sink}, false},
#include "config/tables/option.def"
};

static const struct fb_option_row options[] = {
#define FB_OPTION(owner, key, kind, values, default_, source, sink, text) \
	{owner, key, kind, values, default_, {source, sink}, text},
#include "config/tables/option.def"
};

const char *fb_table_option(const struct fb_table *table, const char *key)
{
	const char *with_prefix = NULL;

	for (uint16_t i = 0; i < table->option_cnt; i++) {
		const char *written = table->options[i].key;

		if (strcmp(written, key) == 0)
			return table->options[i].value;
		if (strncmp(written, "value.", 6) == 0 && strcmp(written + 6, key) == 0)
			with_prefix = table->options[i].value;
	}
	return with_prefix;
}

static const struct fb_connector_row *find_named(
	const struct fb_connector_row *list, size_t cnt, const char *name)
{
	for (size_t i = 0; i < cnt; i++)
		if (strcmp(list[i].name, name) == 0)
			return &list[i];
	return NULL;
}

const struct fb_connector_row *fb_connector_row(const char *name)
{
	return find_named(connectors, FB_ARRAY_LEN(connectors), name);
}

const struct fb_connector_row *fb_format_row(const char *name)
{
	return find_named(formats, FB_ARRAY_LEN(formats), name);
}

/* "properties.*" and "fields.#.kind" are patterns. */
static bool key_matches(const char *pattern, const char *key)
{
	size_t len = strlen(pattern);
	const char *hole = strchr(pattern, '#');

	if (pattern[len - 1] == '*')
		return strncmp(pattern, key, len - 1) == 0 && key[len - 1] != 0;
	if (hole == NULL)
		return strcmp(pattern, key) == 0;

	size_t head = (size_t)(hole - pattern), tail = strlen(hole + 1), key_len = strlen(key);

	return key_len > head + tail && strncmp(pattern, key, head) == 0 &&
	       strcmp(key + key_len - tail, hole + 1) == 0;
}

const struct fb_option_row *fb_option_row(const struct fb_table *table, const char *key)
{
	const char *owners[2] = {table->connector, table->format};

	for (size_t i = 0; i < FB_ARRAY_LEN(options); i++) {
		const struct fb_option_row *option = &options[i];

		for (int j = 0; j < 2; j++) {
			const char *bare = j == 1 && strncmp(key, "value.", 6) == 0 ? key + 6 : key;

			if (owners[j] != NULL && strcmp(option->owner, owners[j]) == 0 &&
				key_matches(option->key, bare))
				return option;
		}
	}
	return NULL;
}

const struct fb_option *fb_option_written(const struct fb_table *table, const char *key)
{
	for (uint16_t i = 0; i < table->option_cnt; i++)
		if (strcmp(table->options[i].key, key) == 0)
			return &table->options[i];
	return NULL;
}

bool fb_option_is_format(const struct fb_option_row *option)
{
	return option->kind == FORMAT;
}

bool fb_option_is_preset(const struct fb_option_row *option, const char *value)
{
	int64_t written, preset;

	if (option->kind == DURATION)
		return fb_literal_duration(fb_str_from(value), &written) == 0 &&
		       fb_literal_duration(fb_str_from(option->preset), &preset) == 0 &&
		       written == preset;
	return option->preset[0] != 0 && fb_str_is(fb_str_from(value), option->preset);
}

/* ---- values ---- */

static bool check_enum(
	struct fb_binder *b, const struct fb_option *written, const struct fb_option_row *option)
{
	const char *at = option->values;
	size_t value_len = strlen(written->value);

	if (at[0] == 0)
		return true;
	while (*at != 0) {
		bool planned = *at == '!';
		size_t len;

		at += planned;
		len = strcspn(at, "|");
		if (len == value_len && strncmp(at, written->value, len) == 0) {
			if (planned)
				fb_bind_planned(b, written->place, NULL, "'%s' = '%s'",
					written->key, written->value);
			return !planned;
		}
		at += len + (at[len] == '|');
	}

	char *words = fb_arena_strdup(b->arena, fb_str_from(option->values));
	struct fb_buf list = {0};

	for (char *word = words; word != NULL && *word != 0; word++)
		if (*word == '|')
			fb_buf_add_text(&list, ", ");
		else if (*word != '!')
			fb_buf_add_char(&list, *word);
	fb_bind_error(b, written->place,
		fb_arena_printf(b->arena, "one of %s", list.p ? list.p : ""),
		"'%s' cannot be '%.100s'", written->key, written->value);
	fb_buf_fini(&list);
	return false;
}

static bool is_path(const char *value)
{
	if (strncmp(value, "hdfs://", 7) == 0)
		return value[7] != 0 && strchr(value + 7, '/') != NULL;
	if (strncmp(value, "file:///", 8) == 0)
		return value[8] != 0;
	return value[0] == '/' && value[1] != 0;
}

static bool is_character(const char *value)
{
	/* Flink takes "\t" written out, too. */
	return strlen(value) == 1 || strcmp(value, "\\t") == 0;
}

static const char *value_problem(const struct fb_option_row *option, const char *value)
{
	struct fb_str text = fb_str_from(value);
	int64_t number;

	switch (option->kind) {
	case BOOL:
		return fb_str_is(text, "true") || fb_str_is(text, "false")
			       ? NULL
			       : "write 'true' or 'false'";
	case INT:
		return fb_literal_integer(text, &number) == 0 ? NULL : "write a whole number";
	case COUNT:
		return fb_literal_integer(text, &number) == 0 && number >= 1
			       ? NULL
			       : "write a whole number from 1 on";
	case DURATION:
		return fb_literal_duration(text, &number) == 0
			       ? NULL
			       : "write a duration: '10 s', '500 ms', '1 min'";
	case BYTES:
		return fb_literal_bytes(text, &number) == 0 ? NULL : "write a size: '128MB'";
	case PORT:
		return fb_literal_integer(text, &number) == 0 && number >= 1 && number <= 65535
			       ? NULL
			       : "write a port: 1 to 65535";
	case CHAR:
		return is_character(value) ? NULL : "write one character (ASCII)";
	case NAME:
		return value[0] != 0 && strlen(value) < 200 && strchr(value, '/') == NULL &&
				       strcmp(value, ".") != 0 && strcmp(value, "..") != 0
			       ? NULL
			       : "write the name of a file, without /";
	case PATH:
		return is_path(value) ? NULL
				      : "write 'file:///folder' or 'hdfs://host:port/folder'";
	default:
		return NULL;
	}
}

/* `written` names a format; what it may do is judged where the table is used. */
static bool check_format(struct fb_binder *b, const struct fb_option *written)
{
	const char *names[FB_ARRAY_LEN(formats)];
	const struct fb_connector_row *format = fb_format_row(written->value);
	const char *near;

	if (format != NULL && format->role[FB_ROLE_SOURCE] == RELEASE2) {
		fb_bind_error(
			b, written->place, NULL, "format '%s' comes with release 2", format->name);
		return false;
	}
	if (format != NULL)
		return true;
	for (size_t i = 0; i < FB_ARRAY_LEN(formats); i++)
		names[i] = formats[i].name;
	near = fb_nearest_name(fb_str_from(written->value), names, FB_ARRAY_LEN(names));
	fb_bind_error(b, written->place,
		near ? fb_arena_printf(b->arena, "did you mean '%s'?", near)
		     : "formats: csv, json, avro, raw",
		"there is no format '%.100s'", written->value);
	return false;
}

static bool check_option(
	struct fb_binder *b, const struct fb_table *table, const struct fb_option *written)
{
	const struct fb_option_row *option;
	const char *problem;

	if (strcmp(written->key, "connector") == 0)
		return true;
	option = fb_option_row(table, written->key);
	if (option == NULL) {
		const char *names[FB_ARRAY_LEN(options)];
		size_t cnt = 0;

		for (size_t i = 0; i < FB_ARRAY_LEN(options); i++)
			if (strcmp(options[i].owner, table->connector) == 0 ||
				(table->format != NULL &&
					strcmp(options[i].owner, table->format) == 0))
				names[cnt++] = options[i].key;

		const char *near = fb_nearest_name(fb_str_from(written->key), names, cnt);
		const char *part = strrchr(written->key, '.');

		/* csv.delimiter: the word is right, and something in front of it is missing. */
		for (size_t i = 0; near == NULL && part != NULL && strlen(part) > 4 && i < cnt; i++)
			if (strstr(names[i], part + 1) != NULL)
				near = names[i];
		fb_bind_error(b, written->place,
			near ? fb_arena_printf(b->arena, "did you mean '%s'?", near) : NULL,
			"connector '%s'%s%s%s has no option '%.100s'", table->connector,
			table->format ? " with format '" : "", table->format ? table->format : "",
			table->format ? "'" : "", written->key);
		return false;
	}
	if (option->kind == ENUM)
		return check_enum(b, written, option);
	if (option->kind == FORMAT)
		return check_format(b, written);
	problem = value_problem(option, written->value);
	/* Where forebay is run by hand there is a current folder. */
	if (option->kind == PATH && b->for_run && written->value[0] != 0 &&
		strstr(written->value, "://") == NULL)
		problem = NULL;
	if (problem != NULL)
		fb_bind_error(b, written->place, problem, "'%s' cannot be '%.100s'", written->key,
			written->value);
	return problem == NULL;
}

/* ---- CREATE TABLE ---- */

static bool require(
	struct fb_binder *b, const struct fb_table *table, const char *key, struct fb_place at)
{
	if (fb_option_written(table, key) != NULL)
		return true;
	fb_bind_error(b, at, fb_arena_printf(b->arena, "add '%s' = '…' to its WITH", key),
		"connector '%s' needs option '%s'", table->connector, key);
	return false;
}

static bool check_required(struct fb_binder *b, const struct fb_table *table, struct fb_place at)
{
	if (strcmp(table->connector, "kafka") == 0) {
		const struct fb_option *pattern = fb_option_written(table, "topic-pattern");

		if (pattern != NULL && fb_option_written(table, "topic") != NULL) {
			fb_bind_error(b, pattern->place, NULL,
				"'topic' and 'topic-pattern' exclude each other");
			return false;
		}
		return (pattern != NULL || require(b, table, "topic", at)) &&
		       require(b, table, "properties.bootstrap.servers", at);
	}
	if (strcmp(table->connector, "filesystem") == 0)
		return require(b, table, "path", at);
	if (strcmp(table->connector, "udp") == 0)
		return require(b, table, "port", at);
	return true;
}

static bool find_connector(struct fb_binder *b, struct fb_table *table, struct fb_place at)
{
	const struct fb_option *written = fb_option_written(table, "connector");
	const char *names[FB_ARRAY_LEN(connectors)];

	if (written == NULL) {
		fb_bind_error(b, at, "write WITH ('connector' = 'kafka', …)",
			"the table has no option 'connector'");
		return false;
	}
	for (size_t i = 0; i < FB_ARRAY_LEN(connectors); i++)
		names[i] = connectors[i].name;
	table->connector = written->value;

	const struct fb_connector_row *connector = fb_connector_row(written->value);

	if (connector == NULL) {
		const char *near =
			fb_nearest_name(fb_str_from(written->value), names, FB_ARRAY_LEN(names));

		fb_bind_error(b, written->place,
			near ? fb_arena_printf(b->arena, "did you mean '%s'?", near)
			     : "connectors: kafka, filesystem, udp, print, blackhole",
			"there is no connector '%.100s'", written->value);
		return false;
	}
	if (connector->role[FB_ROLE_SOURCE] == RELEASE2) {
		fb_bind_error(b, written->place, NULL, "connector '%s' comes with release 2",
			connector->name);
		return false;
	}
	if (connector->role[FB_ROLE_SOURCE] == PLANNED) {
		fb_bind_planned(b, written->place, NULL, "connector '%s'", connector->name);
		return false;
	}
	return true;
}

static bool find_format(struct fb_binder *b, struct fb_table *table, struct fb_place at)
{
	const struct fb_option *written = fb_option_written(table, "format");
	const struct fb_option *value = fb_option_written(table, "value.format");

	if (!fb_connector_row(table->connector)->has_format)
		return true;
	if (written != NULL && value != NULL) {
		fb_bind_error(
			b, value->place, NULL, "'format' and 'value.format' exclude each other");
		return false;
	}
	written = written ? written : value;
	if (written == NULL)
		return require(b, table, "format", at);
	table->format = written->value;
	return check_format(b, written);
}

static int compare_key(const void *a, const void *b)
{
	const struct fb_option *x = *(const struct fb_option *const *)a;
	const struct fb_option *y = *(const struct fb_option *const *)b;
	int order = strcmp(x->key, y->key);

	return order ? order : (x > y) - (x < y);
}

static bool check_twice(struct fb_binder *b, const struct fb_table *table)
{
	const struct fb_option **sorted =
		FB_ARENA_ARRAY(b->arena, const struct fb_option *, (size_t)table->option_cnt + 1);

	if (sorted == NULL)
		return false;
	for (uint16_t i = 0; i < table->option_cnt; i++)
		sorted[i] = &table->options[i];
	qsort(sorted, table->option_cnt, sizeof(*sorted), compare_key);
	for (uint16_t i = 1; i < table->option_cnt; i++) {
		if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0) {
			fb_bind_error(b, sorted[i]->place, NULL, "option '%.100s' is given twice",
				sorted[i]->key);
			return false;
		}
	}
	return true;
}

struct fb_option *fb_options_copy(
	struct fb_binder *b, const struct fb_ast_options *list, uint32_t cnt)
{
	struct fb_option *copies =
		FB_ARENA_ARRAY(b->arena, struct fb_option, (size_t)cnt + list->cnt + 1);

	if (copies == NULL)
		return NULL;
	for (const struct fb_ast_option *at = list->first; at != NULL; at = at->next, cnt++) {
		struct fb_place place = at->key_place;

		if (place.line == at->value_place.line)
			place.length =
				at->value_place.column + at->value_place.length - place.column;
		copies[cnt] = (struct fb_option){.key = fb_arena_strdup(b->arena, at->key),
			.value = fb_arena_strdup(b->arena, at->value),
			.place = place};
		if (copies[cnt].key == NULL || copies[cnt].value == NULL)
			return NULL;
	}
	return copies;
}

bool fb_options_check(struct fb_binder *b, struct fb_table *table, struct fb_place at)
{
	bool ok;

	if (!check_twice(b, table) || !find_connector(b, table, at) || !find_format(b, table, at))
		return false;
	ok = true;
	for (uint16_t i = 0; i < table->option_cnt; i++)
		ok = check_option(b, table, &table->options[i]) && ok;
	if (!ok || !check_required(b, table, at))
		return false;
	return fb_options_check_parts(b, table);
}
