/* SPDX-License-Identifier: Apache-2.0 */
/* Options that must go together: what is key and what is value of a message, the characters of CSV.
 */
#include "config/sql/datagen.h"
#include "config/sql/options.h"

static uint16_t find_field(const struct fb_table *table, struct fb_str name)
{
	uint16_t i = 0;

	while (i < table->field_cnt && !fb_str_eq(fb_str_from(table->fields[i]->name), name))
		i++;
	return i;
}

/* Which columns the key has: bits into `in_key`. */
static bool read_key_fields(struct fb_binder *b, const struct fb_table *table,
	const struct fb_option *fields, bool *in_key)
{
	for (const char *at = fields->value; *at != 0;) {
		struct fb_str name = {at, (uint32_t)strcspn(at, ";")};
		uint16_t field = find_field(table, name);

		if (field == table->field_cnt) {
			fb_bind_error(b, fields->place,
				"columns of the record, with ; between them",
				"'key.fields' names '%.*s', which is no column",
				(int)FB_MIN(name.len, 100u), name.p);
			return false;
		}
		in_key[field] = true;
		at += name.len + (at[name.len] == ';');
	}
	return true;
}

/* 'raw' is bytes as they are, so there is one column of them. */
static bool check_raw(
	struct fb_binder *b, const struct fb_option *format, const char *part, uint32_t column_cnt)
{
	if (format == NULL || strcmp(format->value, "raw") != 0 || column_cnt == 1)
		return true;
	fb_bind_error(b, format->place, "declare one column of the type BYTES or STRING",
		"format 'raw' takes one column, the %s has %u", part, column_cnt);
	return false;
}

/* What goes into the key and what into the value of a message. */
static bool check_parts(struct fb_binder *b, const struct fb_table *table)
{
	const struct fb_option *fields = fb_option_written(table, "key.fields");
	const struct fb_option *format = fb_option_written(table, "key.format");
	const struct fb_option *include = fb_option_written(table, "value.fields-include");
	const struct fb_option *value = fb_option_written(table, "format");
	bool *in_key = FB_ARENA_ARRAY(b->arena, bool, (size_t)table->field_cnt + 1);
	bool except = include != NULL && strcmp(include->value, "EXCEPT_KEY") == 0;
	uint32_t key_cnt = 0;

	if ((fields != NULL) != (format != NULL)) {
		fb_bind_error(b, fields ? fields->place : format->place, NULL,
			"'key.fields' and 'key.format' go together");
		return false;
	}
	if (in_key == NULL || (fields != NULL && !read_key_fields(b, table, fields, in_key)))
		return false;
	for (uint16_t i = 0; i < table->field_cnt; i++)
		key_cnt += in_key[i];
	if (except && key_cnt == table->field_cnt) {
		fb_bind_error(b, include->place, "leave a column out of 'key.fields'",
			"no column is left for the value");
		return false;
	}
	if (table->format != NULL && strcmp(table->format, "raw") == 0 && table->field_cnt == 1 &&
		fb_type_phys(table->fields[0]->type) != FB_PHYS_STR) {
		fb_bind_error(b, (value ? value : fb_option_written(table, "value.format"))->place,
			"declare one column of the type BYTES or STRING",
			"format 'raw' takes text or bytes, no numbers");
		return false;
	}
	return (fields == NULL || check_raw(b, format, "key", key_cnt)) &&
	       check_raw(b, value ? value : fb_option_written(table, "value.format"), "value",
		       table->field_cnt - table->partition_key_cnt - (except ? key_cnt : 0));
}

static bool is_set(const struct fb_table *table, const char *key)
{
	const char *value = fb_table_option(table, key);

	return value != NULL && fb_str_is(fb_str_from(value), "true");
}

static bool check_json(struct fb_binder *b, const struct fb_table *table)
{
	static const char key[] = "json.fail-on-missing-field";
	const struct fb_option *written = fb_option_written(table, key);

	if (!is_set(table, key) || !is_set(table, "json.ignore-parse-errors"))
		return true;
	written = written ? written : fb_option_written(table, "value.json.fail-on-missing-field");
	fb_bind_error(b, written ? written->place : (struct fb_place){0}, NULL,
		"'json.fail-on-missing-field' and 'json.ignore-parse-errors' exclude each other");
	return false;
}

static bool check_csv(struct fb_binder *b, const struct fb_table *table)
{
	const char *delimiter = fb_table_option(table, "csv.field-delimiter");
	const char *quote = fb_table_option(table, "csv.quote-character");
	const char *disabled = fb_table_option(table, "csv.disable-quote-character");

	if (quote != NULL && disabled != NULL && fb_str_is(fb_str_from(disabled), "true")) {
		fb_bind_error(b, table->place, NULL,
			"'csv.quote-character' and 'csv.disable-quote-character' exclude each "
			"other");
		return false;
	}
	if (strcmp(delimiter ? delimiter : ",", quote ? quote : "\"") == 0) {
		fb_bind_error(b, table->place, NULL,
			"'csv.field-delimiter' and 'csv.quote-character' are the same");
		return false;
	}
	return true;
}

/* "fields.NAME.key": the number of the column; field_cnt: there is none. */
static uint16_t field_of(const struct fb_table *table, const char *key)
{
	const char *dot = strrchr(key, '.');

	return find_field(table, (struct fb_str){key + 7, (uint32_t)(dot - key) - 7});
}

static bool check_datagen(struct fb_binder *b, const struct fb_table *table)
{
	struct fb_datagen_field field;
	const char *key;

	for (uint16_t i = 0; i < table->option_cnt; i++) {
		const struct fb_option *written = &table->options[i];

		if (strncmp(written->key, "fields.", 7) != 0 || field_of(table, written->key) < table->field_cnt)
			continue;
		fb_bind_error(b, written->place, "name a column that is neither computed nor metadata",
			"'%.100s' is of no column of the table", written->key);
		return false;
	}
	for (uint16_t i = 0; i < table->field_cnt; i++) {
		const char *problem = fb_datagen_read(table, i, &field, &key);
		const struct fb_option *written = NULL;

		if (problem == NULL)
			continue;
		written = fb_option_written(
			table, fb_arena_printf(b->arena, "fields.%s.%s", table->fields[i]->name, key ? key : "kind"));
		fb_bind_error(b, written ? written->place : table->place, NULL, "column '%s' cannot be generated so: %s",
			table->fields[i]->name, problem);
		return false;
	}
	return true;
}

bool fb_options_check_parts(struct fb_binder *b, const struct fb_table *table)
{
	if (table->format != NULL && strcmp(table->format, "csv") == 0 && !check_csv(b, table))
		return false;
	if (table->format != NULL && strcmp(table->format, "json") == 0 && !check_json(b, table))
		return false;
	if (strcmp(table->connector, "datagen") == 0)
		return check_datagen(b, table);
	return check_parts(b, table);
}
