/* SPDX-License-Identifier: Apache-2.0 */
/* Making a decoder of binary records: which field feeds which column. */
#include "dataplane/format/binary.h"

#include <stdio.h>
#include <stdlib.h>

static const struct fb_layout_field *find_field(const struct fb_layout *layout, const char *name)
{
	for (uint32_t i = 0; i < layout->field_cnt; i++)
		if (strcmp(layout->fields[i].name, name) == 0)
			return &layout->fields[i];
	return NULL;
}

/* Bits of an integer's magnitude: what the column has, and what the field needs. */
static bool integer_fits(enum fb_type_kind kind, enum fb_layout_type type)
{
	static const uint8_t column_bits[] = {
		[FB_T_TINYINT] = 7, [FB_T_SMALLINT] = 15, [FB_T_INT] = 31, [FB_T_BIGINT] = 63};
	uint32_t bits = fb_layout_type_bytes(type) * 8;

	if (type > FB_LAYOUT_UINT64)
		return false;
	if (type == FB_LAYOUT_UINT64)
		return kind == FB_T_BIGINT;
	return column_bits[kind] >= (type >= FB_LAYOUT_UINT8 ? bits : bits - 1);
}

static bool feeds(struct fb_type type, enum fb_layout_type field)
{
	switch (type.kind) {
	case FB_T_BOOLEAN:
		return field == FB_LAYOUT_INT8 || field == FB_LAYOUT_UINT8;
	case FB_T_TINYINT:
	case FB_T_SMALLINT:
	case FB_T_INT:
	case FB_T_BIGINT:
		return integer_fits((enum fb_type_kind)type.kind, field);
	case FB_T_FLOAT:
		return field == FB_LAYOUT_FLOAT32;
	case FB_T_DOUBLE:
		return field == FB_LAYOUT_FLOAT32 || field == FB_LAYOUT_FLOAT64;
	case FB_T_CHAR:
	case FB_T_VARCHAR:
		return field == FB_LAYOUT_TEXT;
	case FB_T_BINARY:
	case FB_T_VARBINARY:
		return field == FB_LAYOUT_BYTES;
	case FB_T_DATE:
		return field == FB_LAYOUT_INT32;
	case FB_T_TIMESTAMP:
	case FB_T_TIMESTAMP_LTZ:
		return field == FB_LAYOUT_INT64;
	default:
		return false;
	}
}

static const char *wanted(struct fb_type type)
{
	switch (type.kind) {
	case FB_T_FLOAT:
		return "float32";
	case FB_T_DOUBLE:
		return "float32 or float64";
	case FB_T_CHAR:
	case FB_T_VARCHAR:
		return "text";
	case FB_T_BINARY:
	case FB_T_VARBINARY:
		return "bytes";
	case FB_T_BOOLEAN:
		return "int8 or uint8";
	case FB_T_DATE:
		return "int32: days since 1970";
	case FB_T_TIMESTAMP:
	case FB_T_TIMESTAMP_LTZ:
		return "int64: milliseconds since 1970, microseconds above precision 3";
	case FB_T_DECIMAL:
		return "no field; declare the column BIGINT or DOUBLE";
	default:
		return "an integer that is not wider";
	}
}

bool fb_layout_fits(const struct fb_layout *layout, const struct fb_table *table,
	const uint64_t *needed, char message[FB_LAYOUT_MESSAGE_BYTES])
{
	char type[FB_TYPE_TEXT_BYTES];

	for (uint16_t i = 0; i < table->field_cnt; i++) {
		const struct fb_table_column *column = table->fields[i];
		const struct fb_layout_field *field = find_field(layout, column->name);

		if (needed != NULL && !(needed[i / 64] >> (i % 64) & 1))
			continue;
		if (field == NULL) {
			snprintf(message, FB_LAYOUT_MESSAGE_BYTES,
				"column '%s' has no field in the layout at line %u", column->name,
				layout->line);
			return false;
		}
		if (!feeds(column->type, field->type)) {
			snprintf(message, FB_LAYOUT_MESSAGE_BYTES,
				"column '%s' of type %s cannot take the %s of the layout at line "
				"%u; it takes %s",
				column->name, fb_type_format(column->type, type),
				fb_layout_type_names[field->type], field->line,
				wanted(column->type));
			return false;
		}
	}
	return true;
}

static void destroy(struct fb_decoder *decoder)
{
	free(fb_binary_of(decoder)->columns);
}

int fb_binary_create(const struct fb_decoder_conf *conf, struct fb_decoder **ret)
{
	char message[FB_LAYOUT_MESSAGE_BYTES];
	struct fb_binary_decoder *decoder;
	struct fb_decoder *base;
	int rc;

	if (!fb_layout_fits(conf->layout, conf->table, conf->needed, message))
		return FB_E_UNSUPPORTED;
	rc = fb_decoder_alloc(conf, sizeof(*decoder), &base);
	if (rc != 0)
		return rc;
	decoder = fb_binary_of(base);
	base->add = fb_binary_add;
	base->finish = fb_binary_finish;
	base->destroy = destroy;
	decoder->layout = conf->layout;
	decoder->columns = calloc(base->column_cnt + 1u, sizeof(*decoder->columns));
	if (decoder->columns == NULL) {
		fb_decoder_destroy(base);
		return FB_E_NO_MEMORY;
	}
	for (uint32_t c = 0; c < base->column_cnt; c++) {
		uint16_t field = base->columns[c].field;

		decoder->columns[c] = (struct fb_binary_column){.column = field,
			.type = base->columns[c].type,
			.field = *find_field(conf->layout, conf->table->fields[field]->name)};
	}
	*ret = base;
	return 0;
}
