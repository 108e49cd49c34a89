/* SPDX-License-Identifier: Apache-2.0 */
/* Making a decoder: options, memory, kernel. The hot functions are in decoder_hot.c. */
#include <stdlib.h>

#include "dataplane/format/csv.h"
#include "dataplane/format/option.h"

/* Room for the unescaped fields of a whole batch of the largest datagrams; a batch ends early when
 * it is used up. */
#define SCRATCH_BYTES (256u * 1024)

static void set_options(struct fb_decoder *decoder, const struct fb_table *table)
{
	const char *null_literal = fb_table_option(table, "csv.null-literal");

	decoder->chars.delimiter = fb_option_char(table, "csv.field-delimiter", ',');
	decoder->quoting = !fb_option_is_true(table, "csv.disable-quote-character");
	decoder->chars.quote = decoder->quoting ? fb_option_char(table, "csv.quote-character", '"')
						: decoder->chars.delimiter;
	decoder->chars.escape = fb_option_char(table, "csv.escape-character", decoder->chars.quote);
	decoder->escaping = fb_table_option(table, "csv.escape-character") != NULL;
	decoder->comments = fb_option_is_true(table, "csv.allow-comments");
	decoder->ignore_errors = fb_option_is_true(table, "csv.ignore-parse-errors");
	decoder->null_set = null_literal != NULL;
	if (null_literal != NULL)
		decoder->null_literal = fb_str_from(null_literal);
}

static fb_csv_scan_fn choose_scan(enum fb_isa isa)
{
	switch (isa) {
	case FB_ISA_AVX512:
		return fb_csv_scan_avx512;
	case FB_ISA_AVX2:
		return fb_csv_scan_avx2;
	default:
		return fb_csv_scan_scalar;
	}
}

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
	decoder->field_cnt = table->field_cnt; /* before the first failure: destroy() goes by it */
	for (uint16_t i = 0; i < table->field_cnt; i++) {
		struct fb_csv_column *column = &decoder->columns[decoder->column_cnt];

		decoder->column_of_field[i] = -1;
		if (!needs(conf, i))
			continue;
		column->field = i;
		column->type = table->fields[i]->type;
		if (column->type.kind == FB_T_DECIMAL || column->type.kind == FB_T_BINARY ||
			column->type.kind == FB_T_VARBINARY || column->type.kind == FB_T_INTERVAL)
			return FB_E_UNSUPPORTED;
		column->refs = calloc(FB_BATCH_ROWS, sizeof(*column->refs));
		if (column->refs == NULL)
			return FB_E_NO_MEMORY;
		decoder->column_of_field[i] = (int16_t)decoder->column_cnt++;
	}
	decoder->all_needed = decoder->column_cnt == table->field_cnt;
	return 0;
}

int fb_decoder_create(const struct fb_decoder_conf *conf, struct fb_decoder **ret)
{
	struct fb_decoder *decoder;
	int rc;

	if (conf->table->format == NULL || strcmp(conf->table->format, "csv") != 0 ||
		conf->table->field_cnt == 0)
		return FB_E_UNSUPPORTED;
	decoder = calloc(1, sizeof(*decoder));
	if (decoder == NULL)
		return FB_E_NO_MEMORY;
	set_options(decoder, conf->table);
	decoder->scan = choose_scan(conf->isa);
	decoder->framing = conf->framing;
	decoder->positions =
		aligned_alloc(64, (FB_CSV_POSITIONS + FB_CSV_POSITION_PAD) * sizeof(uint32_t));
	decoder->rejected = calloc(FB_BATCH_ROWS, 1);
	decoder->scratch_cap = SCRATCH_BYTES;
	decoder->scratch = calloc(1, SCRATCH_BYTES + FB_PAYLOAD_PAD_BYTES);
	rc = decoder->positions && decoder->rejected && decoder->scratch
		     ? add_columns(decoder, conf)
		     : FB_E_NO_MEMORY;
	if (rc != 0) {
		fb_decoder_destroy(decoder);
		return rc;
	}
	*ret = decoder;
	return 0;
}

void fb_decoder_destroy(struct fb_decoder *decoder)
{
	if (decoder == NULL)
		return;
	for (uint32_t i = 0; decoder->columns != NULL && i < decoder->field_cnt; i++)
		free(decoder->columns[i].refs);
	free(decoder->columns);
	free(decoder->column_of_field);
	free(decoder->positions);
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
