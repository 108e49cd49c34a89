/* SPDX-License-Identifier: Apache-2.0 */
/* Whose event times are whose. */
#include <xxhash.h>

#include "dataplane/operator/reader.h"

static void add_inputs(const struct fb_expr *expr, uint64_t *fields, bool *beyond)
{
	if (expr->op == FB_OP_INPUT && expr->input < 64)
		*fields |= 1ull << expr->input;
	else if (expr->op == FB_OP_INPUT)
		*beyond = true;
	for (uint32_t i = 0; i < expr->arg_cnt; i++)
		add_inputs(expr->args[i], fields, beyond);
}

static uint64_t hash_layout(const struct fb_layout *layout, uint64_t seed)
{
	uint64_t head[] = {layout->record_bytes, layout->header_bytes, layout->has_magic, layout->has_sequence, layout->has_count,
		layout->has_magic ? layout->magic_value : 0};
	uint64_t hash = XXH3_64bits_withSeed(head, sizeof(head), seed);

	for (uint32_t i = 0; i < layout->field_cnt; i++) {
		const struct fb_layout_field *field = &layout->fields[i];
		uint64_t numbers[] = {(uint64_t)field->type, field->big_endian, field->offset, field->bytes};

		hash = XXH3_64bits_withSeed(numbers, sizeof(numbers), hash);
		if (field->name != NULL)
			hash = XXH3_64bits_withSeed(field->name, strlen(field->name), hash);
	}
	return hash;
}

struct fb_event_definition fb_event_definition_of(const struct fb_reader_conf *conf)
{
	struct fb_event_definition definition = {0};
	const struct fb_table_column *column;
	uint32_t words = (conf->source->field_cnt + 63u) / 64;
	bool beyond = false;

	if (!conf->source->has_watermark)
		return definition;
	column = &conf->source->columns[conf->source->rowtime];
	for (uint32_t i = 0; i < conf->query_cnt; i++) {
		const struct fb_query_plan *plan =
			conf->branches && conf->branches[i] ? conf->branches[i] : conf->queries[i];

		definition.fields |= words > 0 ? plan->fields_needed[0] : 0;
		for (uint32_t w = 1; w < words; w++)
			beyond |= plan->fields_needed[w] != 0;
	}
	if (column->kind == FB_COLUMN_COMPUTED)
		add_inputs(column->value, &definition.fields, &beyond);
	else
		add_inputs(&(struct fb_expr){.op = FB_OP_INPUT, .input = column->field}, &definition.fields, &beyond);
	/* Fields that a number of 64 bits cannot tell of: no two readers are known to be alike. */
	if (beyond)
		return (struct fb_event_definition){0};
	definition.hash = fb_table_time_fingerprint(conf->source);
	if (conf->record_layout != NULL)
		definition.hash = hash_layout(conf->record_layout, definition.hash);
	else
		definition.hash = XXH3_64bits_withSeed(&conf->framing, sizeof(conf->framing), definition.hash);
	return definition;
}
