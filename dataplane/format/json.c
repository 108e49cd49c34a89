/* SPDX-License-Identifier: Apache-2.0 */
/* Making a JSON decoder: options, names, memory, kernels. */
#include "dataplane/format/json.h"

#include <stdlib.h>

#include "dataplane/format/option.h"

static void choose_kernels(struct fb_json_decoder *decoder, enum fb_isa isa)
{
	switch (isa) {
	case FB_ISA_AVX512:
		decoder->scan_fn = fb_json_scan_avx512;
		decoder->take_fn = fb_json_take_avx512;
		break;
	case FB_ISA_AVX2:
		decoder->scan_fn = fb_json_scan_avx2;
		decoder->take_fn = fb_json_take_avx2;
		break;
	default:
		decoder->scan_fn = fb_json_scan_scalar;
		decoder->take_fn = fb_json_take_scalar;
		break;
	}
}

static void set_options(struct fb_json_decoder *decoder, const struct fb_table *table)
{
	const char *standard = fb_table_option(table, "json.timestamp-format.standard");
	bool iso = standard != NULL && strcasecmp(standard, "ISO-8601") == 0;
	bool lines = decoder->base.framing == FB_FRAMING_NEWLINE;

	decoder->base.rules = iso ? FB_TEXT_JSON_ISO : FB_TEXT_JSON_SQL;
	decoder->base.ignore_errors = fb_option_is_true(table, "json.ignore-parse-errors");
	decoder->fail_on_missing = fb_option_is_true(table, "json.fail-on-missing-field");
	decoder->line_end = lines ? '\n' : '"';
	decoder->blanks = 1ull << ' ' | 1ull << '\t' | 1ull << '\r' | (lines ? 0 : 1ull << '\n');
}

/* A copy with as many bytes behind it as a comparison may read. */
static bool copy_name(struct fb_json_name *name, const char *text)
{
	size_t len = strlen(text);
	char *copy = calloc(1, len + FB_PAYLOAD_PAD_BYTES);

	if (copy == NULL)
		return false;
	memcpy(copy, text, len);
	name->text = (struct fb_str){copy, (uint32_t)len};
	name->head = fb_json_name_head(name->text);
	return true;
}

static int add_names(struct fb_json_decoder *decoder, const struct fb_table *table)
{
	uint32_t cnt = decoder->base.column_cnt;
	uint32_t size = 16;

	while (size < cnt * 4)
		size *= 2;
	decoder->name_mask = size - 1;
	decoder->names = calloc(cnt + 1u, sizeof(*decoder->names));
	decoder->name_table = calloc(size, sizeof(*decoder->name_table));
	decoder->seen = calloc(cnt + 1u, sizeof(*decoder->seen));
	if (decoder->names == NULL || decoder->name_table == NULL || decoder->seen == NULL)
		return FB_E_NO_MEMORY;
	for (uint32_t c = 0; c < cnt; c++) {
		struct fb_json_name *name = &decoder->names[c];
		uint32_t slot;

		if (!copy_name(name, table->fields[decoder->base.columns[c].field]->name))
			return FB_E_NO_MEMORY;
		slot = fb_json_name_hash(name->head, name->text.len);
		while (decoder->name_table[slot & decoder->name_mask] != 0)
			slot++;
		decoder->name_table[slot & decoder->name_mask] = (uint16_t)(c + 1);
	}
	return 0;
}

static int add_columns(struct fb_json_decoder *decoder)
{
	for (uint32_t c = 0; c < decoder->base.column_cnt; c++) {
		struct fb_decoder_column *column = &decoder->base.columns[c];

		column->kinds = calloc(FB_BATCH_ROWS, 1);
		if (column->kinds == NULL)
			return FB_E_NO_MEMORY;
		decoder->decimals |= column->type.kind == FB_T_DECIMAL;
		decoder->shapes_off |=
			column->type.kind == FB_T_BINARY || column->type.kind == FB_T_VARBINARY;
	}
	return 0;
}

static int add_shapes(struct fb_json_decoder *decoder)
{
	uint32_t cnt = decoder->base.column_cnt;

	for (uint32_t i = 0; i < FB_JSON_SHAPES; i++) {
		struct fb_json_shape *shape = &decoder->shapes[i];

		shape->pick_cnt = cnt;
		shape->picks = calloc(cnt + 1u, sizeof(*shape->picks));
		if (shape->picks == NULL)
			return FB_E_NO_MEMORY;
		for (uint32_t c = 0; c < cnt; c++) {
			shape->picks[c].refs = decoder->base.columns[c].refs;
			shape->picks[c].kinds = decoder->base.columns[c].kinds;
		}
	}
	return 0;
}

static int add_scan(struct fb_json_decoder *decoder)
{
	decoder->positions =
		aligned_alloc(64, (FB_JSON_POSITIONS + FB_JSON_POSITION_PAD) * sizeof(uint32_t));
	decoder->blocks = calloc(FB_JSON_BLOCKS, 1);
	return decoder->positions != NULL && decoder->blocks != NULL ? 0 : FB_E_NO_MEMORY;
}

static void destroy(struct fb_decoder *base)
{
	struct fb_json_decoder *decoder = fb_json_of(base);

	for (uint32_t c = 0; decoder->names != NULL && c < base->column_cnt; c++)
		free((char *)(uintptr_t)decoder->names[c].text.p);
	for (uint32_t i = 0; i < FB_JSON_SHAPES; i++)
		free(decoder->shapes[i].picks);
	free(decoder->names);
	free(decoder->name_table);
	free(decoder->seen);
	free(decoder->positions);
	free(decoder->blocks);
}

int fb_json_create(const struct fb_decoder_conf *conf, struct fb_decoder **ret)
{
	struct fb_json_decoder *decoder;
	struct fb_decoder *base;
	int rc = fb_decoder_alloc(conf, sizeof(*decoder), &base);

	if (rc != 0)
		return rc;
	decoder = fb_json_of(base);
	base->add = fb_json_add;
	base->finish = fb_column_finish;
	base->destroy = destroy;
	choose_kernels(decoder, conf->isa);
	set_options(decoder, conf->table);
	rc = add_scan(decoder);
	if (rc == 0)
		rc = add_columns(decoder);
	if (rc == 0)
		rc = add_names(decoder, conf->table);
	if (rc == 0)
		rc = add_shapes(decoder);
	if (rc != 0) {
		fb_decoder_destroy(base);
		return rc;
	}
	*ret = base;
	return 0;
}
