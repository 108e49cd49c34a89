/* SPDX-License-Identifier: Apache-2.0 */
/* Making a CSV decoder: options, memory, kernel. */
#include "dataplane/format/csv.h"

#include <stdlib.h>

#include "dataplane/format/option.h"

static void set_options(struct fb_csv_decoder *decoder, const struct fb_table *table)
{
	const char *null_literal = fb_table_option(table, "csv.null-literal");

	decoder->chars.delimiter = fb_option_char(table, "csv.field-delimiter", ',');
	decoder->quoting = !fb_option_is_true(table, "csv.disable-quote-character");
	decoder->chars.quote = decoder->quoting ? fb_option_char(table, "csv.quote-character", '"')
						: decoder->chars.delimiter;
	decoder->chars.escape = fb_option_char(table, "csv.escape-character", decoder->chars.quote);
	decoder->escaping = fb_table_option(table, "csv.escape-character") != NULL;
	decoder->comments = fb_option_is_true(table, "csv.allow-comments");
	decoder->base.ignore_errors = fb_option_is_true(table, "csv.ignore-parse-errors");
	decoder->null_set = null_literal != NULL;
	if (null_literal != NULL)
		decoder->null_literal = fb_str_from(null_literal);
}

bool fb_csv_lines_of(const struct fb_table *table, struct fb_csv_lines *ret)
{
	if (table->format == NULL || strcmp(table->format, "csv") != 0)
		return false;
	*ret = (struct fb_csv_lines){
		.delimiter = fb_option_char(table, "csv.field-delimiter", ','),
		.quote = fb_option_char(table, "csv.quote-character", '"'),
		.escape = fb_option_char(table, "csv.escape-character", '\\'),
		.quoting = !fb_option_is_true(table, "csv.disable-quote-character"),
		.escaping = fb_table_option(table, "csv.escape-character") != NULL,
		.comments = fb_option_is_true(table, "csv.allow-comments"),
	};
	return ret->quoting || ret->escaping;
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

static void destroy(struct fb_decoder *decoder)
{
	if (fb_csv_of(decoder)->positions != NULL)
		free(fb_csv_of(decoder)->positions - FB_CSV_POSITION_FRONT);
}

int fb_csv_create(const struct fb_decoder_conf *conf, struct fb_decoder **ret)
{
	struct fb_csv_decoder *decoder;
	struct fb_decoder *base;
	int rc = fb_decoder_alloc(conf, sizeof(*decoder), &base);

	if (rc != 0)
		return rc;
	decoder = fb_csv_of(base);
	base->add = fb_csv_add;
	base->finish = fb_column_finish;
	base->destroy = destroy;
	base->rules = FB_TEXT_CSV;
	set_options(decoder, conf->table);
	decoder->spans_lines = conf->framing == FB_FRAMING_FILE && fb_csv_lines_of(conf->table, &decoder->lines);
	decoder->scan = choose_scan(conf->isa);
	for (uint32_t i = 0; i < base->column_cnt; i++)
		decoder->binary |= fb_type_is_binary(base->columns[i].type);
	decoder->all_needed = base->column_cnt == conf->table->field_cnt;
	decoder->positions = aligned_alloc(64,
		(FB_CSV_POSITION_FRONT + FB_CSV_POSITIONS + FB_CSV_POSITION_PAD) * sizeof(uint32_t));
	if (decoder->positions == NULL) {
		fb_decoder_destroy(base);
		return FB_E_NO_MEMORY;
	}
	decoder->positions += FB_CSV_POSITION_FRONT;
	*ret = base;
	return 0;
}
