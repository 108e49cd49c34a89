/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata columns: what connectors know of a record beside its fields. Semantics 2.1. */
#include "config/sql/bind.h"

/* The type is the one in Flink. */
static const struct metadata {
	const char *connector;
	const char *key;
	struct fb_type type;
} metadata_keys[] = {
	{"kafka", "topic", {.kind = FB_T_VARCHAR, .length = FB_STRING_LENGTH, .not_null = true}},
	{"kafka", "partition", {.kind = FB_T_INT, .not_null = true}},
	{"kafka", "offset", {.kind = FB_T_BIGINT, .not_null = true}},
	{"kafka", "timestamp", {.kind = FB_T_TIMESTAMP_LTZ, .precision = 3, .not_null = true}},
	{"kafka", "timestamp-type",
		{.kind = FB_T_VARCHAR, .length = FB_STRING_LENGTH, .not_null = true}},
	{"kafka", "headers", {.kind = FB_T_NULL}}, /* a MAP: release 2 */
	{"kafka", "leader-epoch", {.kind = FB_T_INT}},
	{"filesystem", "file.path",
		{.kind = FB_T_VARCHAR, .length = FB_STRING_LENGTH, .not_null = true}},
	{"filesystem", "file.name",
		{.kind = FB_T_VARCHAR, .length = FB_STRING_LENGTH, .not_null = true}},
	{"filesystem", "file.size", {.kind = FB_T_BIGINT, .not_null = true}},
	{"filesystem", "file.modification-time",
		{.kind = FB_T_TIMESTAMP_LTZ, .precision = 3, .not_null = true}},
};

/* Flink casts metadata to the declared type, where that can be done at all. */
static bool check_metadata_type(struct fb_binder *b, const struct fb_ast_column *ast,
	const struct metadata *metadata, struct fb_type declared)
{
	char have[FB_TYPE_TEXT_BYTES], want[FB_TYPE_TEXT_BYTES];
	bool to_ltz = declared.kind == FB_T_TIMESTAMP || declared.kind == FB_T_TIMESTAMP_LTZ;

	if (metadata->type.kind == FB_T_NULL) {
		fb_bind_error(b, ast->name->place, "leave the column out",
			"metadata '%s' is a MAP, which comes with release 2", metadata->key);
		return false;
	}
	declared.not_null = false;
	if (fb_type_cast_rule(metadata->type, declared) != FB_CAST_NO ||
		(metadata->type.kind == FB_T_TIMESTAMP_LTZ && to_ltz))
		return true;
	fb_bind_error(b, ast->type->place,
		fb_arena_printf(b->arena, "declare it as %s", fb_type_format(metadata->type, want)),
		"metadata '%s' is no %s", metadata->key, fb_type_format(declared, have));
	return false;
}

bool fb_bind_metadata(struct fb_binder *b, const struct fb_ast_table *table, const struct fb_ast_column *ast,
	const struct fb_table_column *column, struct fb_type *ret_type, bool *ret_readable)
{
	const char *connector = NULL;

	for (const struct fb_ast_option *option = table->options.first; option != NULL;
		option = option->next)
		if (fb_str_eq(option->key, FB_STR("connector")))
			connector = fb_arena_strdup(b->arena, option->value);
	for (size_t i = 0; i < FB_ARRAY_LEN(metadata_keys); i++)
		if (connector != NULL && strcmp(metadata_keys[i].connector, connector) == 0 &&
			strcmp(metadata_keys[i].key, column->metadata_key) == 0) {
			*ret_type = metadata_keys[i].type;
			*ret_readable = strcmp(connector, "filesystem") == 0;
			return check_metadata_type(b, ast, &metadata_keys[i], column->type);
		}
	fb_bind_error(b, ast->name->place, "write c T METADATA FROM 'key'",
		"connector '%.60s' has no metadata '%.100s'", connector ? connector : "",
		column->metadata_key);
	return false;
}
