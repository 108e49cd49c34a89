/* SPDX-License-Identifier: Apache-2.0 */
/* Making a decoder: which format, and the memory that all of them have. */
#include <stdlib.h>

#include "dataplane/format/binary.h"

static bool needs(const struct fb_decoder_conf *conf, uint32_t field)
{
	return conf->needed == NULL || (conf->needed[field / 64] >> (field % 64) & 1);
}

static int add_columns(struct fb_decoder *decoder, const struct fb_decoder_conf *conf)
{
	const struct fb_table *table = conf->table;

	decoder->columns = calloc(table->field_cnt + 1u, sizeof(*decoder->columns));
	decoder->column_of_field = calloc(table->field_cnt + 1u, sizeof(*decoder->column_of_field));
	if (decoder->columns == NULL || decoder->column_of_field == NULL)
		return FB_E_NO_MEMORY;
	for (uint16_t i = 0; i < table->field_cnt; i++) {
		struct fb_decoder_column *column = &decoder->columns[decoder->column_cnt];

		decoder->column_of_field[i] = -1;
		if (!needs(conf, i))
			continue;
		column->field = i;
		column->type = table->fields[i]->type;
		if (column->type.kind == FB_T_INTERVAL)
			return FB_E_UNSUPPORTED;
		column->refs = calloc(FB_BATCH_ROWS, sizeof(*column->refs));
		if (column->refs == NULL)
			return FB_E_NO_MEMORY;
		decoder->column_of_field[i] = (int16_t)decoder->column_cnt++;
	}
	return 0;
}

static void choose_kernels(struct fb_decoder *decoder, enum fb_isa isa)
{
	switch (isa) {
	case FB_ISA_AVX512:
		decoder->integers = fb_column_integers_avx512;
		decoder->timestamps = fb_column_timestamps_avx512;
		break;
	case FB_ISA_AVX2:
		decoder->integers = fb_column_integers_avx2;
		decoder->timestamps = fb_column_timestamps_avx2;
		break;
	default:
		decoder->integers = fb_column_integers_scalar;
		decoder->timestamps = fb_column_timestamps_scalar;
		break;
	}
}

int fb_decoder_alloc(const struct fb_decoder_conf *conf, size_t bytes, struct fb_decoder **ret)
{
	struct fb_decoder *decoder = aligned_alloc(64, (bytes + 63) / 64 * 64);
	int rc;

	if (decoder == NULL)
		return FB_E_NO_MEMORY;
	memset(decoder, 0, bytes);
	choose_kernels(decoder, conf->isa);
	/* A record that spans lines is CSV's alone. */
	decoder->framing = conf->framing == FB_FRAMING_DATAGRAM ? FB_FRAMING_DATAGRAM : FB_FRAMING_NEWLINE;
	decoder->field_cnt = conf->table->field_cnt;
	decoder->rejected = calloc(FB_BATCH_ROWS, 1);
	decoder->scratch_cap = FB_DECODER_SCRATCH_BYTES;
	decoder->scratch = calloc(1, FB_DECODER_SCRATCH_BYTES + FB_PAYLOAD_PAD_BYTES);
	rc = decoder->rejected && decoder->scratch ? add_columns(decoder, conf) : FB_E_NO_MEMORY;
	if (rc != 0) {
		fb_decoder_destroy(decoder);
		return rc;
	}
	*ret = decoder;
	return 0;
}

static int raw_create(const struct fb_decoder_conf *conf, struct fb_decoder **ret)
{
	struct fb_decoder *decoder;
	int rc;

	if (conf->table->field_cnt != 1 ||
		fb_type_phys(conf->table->fields[0]->type) != FB_PHYS_STR)
		return FB_E_UNSUPPORTED;
	rc = fb_decoder_alloc(conf, sizeof(*decoder), &decoder);
	if (rc != 0)
		return rc;
	decoder->add = fb_raw_add;
	decoder->finish = fb_column_finish;
	*ret = decoder;
	return 0;
}

static const struct {
	const char *name;
	int (*create)(const struct fb_decoder_conf *conf, struct fb_decoder **ret);
} formats[] = {
	{"csv", fb_csv_create},
	{"json", fb_json_create},
	{"raw", raw_create},
};

int fb_decoder_create(const struct fb_decoder_conf *conf, struct fb_decoder **ret)
{
	if (conf->table->field_cnt == 0)
		return FB_E_UNSUPPORTED;
	if (conf->layout != NULL)
		return fb_binary_create(conf, ret);
	if (conf->table->format == NULL)
		return FB_E_UNSUPPORTED;
	for (size_t i = 0; i < FB_ARRAY_LEN(formats); i++)
		if (strcmp(conf->table->format, formats[i].name) == 0)
			return formats[i].create(conf, ret);
	return FB_E_UNSUPPORTED;
}

void fb_decoder_destroy(struct fb_decoder *decoder)
{
	if (decoder == NULL)
		return;
	if (decoder->destroy != NULL)
		decoder->destroy(decoder);
	for (uint32_t i = 0; decoder->columns != NULL && i < decoder->field_cnt; i++) {
		free(decoder->columns[i].refs);
		free(decoder->columns[i].kinds);
	}
	free(decoder->columns);
	free(decoder->column_of_field);
	free(decoder->rejected);
	free(decoder->scratch);
	free(decoder);
}

const struct fb_decode_counters *fb_decoder_counters(const struct fb_decoder *decoder)
{
	return &decoder->counters;
}

uint32_t fb_decoder_pending(const struct fb_decoder *decoder)
{
	return decoder->row_cnt;
}
