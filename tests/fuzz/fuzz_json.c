/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as JSON payloads, by any options and column types: every instruction set gives the same
 * rows and counters, the counters add up, texts lie inside their payload or the decoder, and a
 * decoder that has learned shapes from one payload reads the other one as a fresh decoder does.
 * Byte 0: options. Byte 1: number and types of the columns. Byte 2: where the payload is cut into
 * two.
 */
#include <stdlib.h>

#include "config/base/buf.h"
#include "dataplane/format/json.h"
#include "dataplane/format/value_text.h"
#include "dataplane/format/writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define COLUMN_MAX 4

enum choice { DATAGRAM = 1, IGNORE_ERRORS = 2, FAIL_ON_MISSING = 4, ISO = 8, NOT_ALL_NEEDED = 16 };

static const struct fb_option options[] = {
	{.key = "json.ignore-parse-errors", .value = "true"},
	{.key = "json.fail-on-missing-field", .value = "true"},
	{.key = "json.timestamp-format.standard", .value = "ISO-8601"},
};

static const struct fb_type types[] = {
	{.kind = FB_T_VARCHAR},
	{.kind = FB_T_BIGINT},
	{.kind = FB_T_TIMESTAMP, .precision = 3},
	{.kind = FB_T_DOUBLE},
	{.kind = FB_T_DATE},
	{.kind = FB_T_BOOLEAN},
	{.kind = FB_T_TIMESTAMP_LTZ, .precision = 3},
	{.kind = FB_T_DECIMAL, .precision = 20, .scale = 4},
	{.kind = FB_T_VARBINARY},
	{.kind = FB_T_FLOAT},
	{.kind = FB_T_SMALLINT, .not_null = true},
};

static const char *const names[COLUMN_MAX] = {"a", "b", "city", "much_longer_name"};

struct input {
	struct fb_table table;
	struct fb_table_column columns[COLUMN_MAX];
	const struct fb_table_column *fields[COLUMN_MAX];
	struct fb_type types[COLUMN_MAX];
	struct fb_option options[FB_ARRAY_LEN(options)];
	uint64_t needed;
	enum fb_framing framing;
	uint8_t *payloads[2];
	uint32_t lens[2];
};

static void choose_table(struct input *input, uint8_t choices, uint8_t columns)
{
	*input = (struct input){
		.framing = choices & DATAGRAM ? FB_FRAMING_DATAGRAM : FB_FRAMING_NEWLINE};
	input->table = (struct fb_table){.name = "t",
		.format = "json",
		.columns = input->columns,
		.fields = input->fields,
		.options = input->options,
		.field_cnt = 1 + columns % COLUMN_MAX,
		.column_cnt = 1 + columns % COLUMN_MAX};
	for (uint16_t i = 0; i < input->table.field_cnt; i++) {
		input->types[i] = types[(columns / COLUMN_MAX + i) % FB_ARRAY_LEN(types)];
		input->columns[i] = (struct fb_table_column){
			.name = names[i], .type = input->types[i], .field = i};
		input->fields[i] = &input->columns[i];
	}
	input->needed = choices & NOT_ALL_NEEDED ? 5 : 15;
	input->needed &= (1u << input->table.field_cnt) - 1;
	for (uint32_t i = 0; i < FB_ARRAY_LEN(options); i++)
		if (choices & (IGNORE_ERRORS << i))
			input->options[input->table.option_cnt++] = options[i];
}

/* With as much behind it as a decoder may read, and not a byte more. */
static uint8_t *padded(const void *bytes, size_t len)
{
	uint8_t *copy = malloc(len + FB_PAYLOAD_PAD_BYTES);

	if (copy == NULL)
		abort();
	memcpy(copy, bytes, len);
	memset(copy + len, '"', FB_PAYLOAD_PAD_BYTES);
	return copy;
}

struct run {
	struct fb_decoder *decoder;
	struct fb_batch batch;
	struct fb_buf trace; /* all rows */
};

static void check_place(const struct input *input, const struct run *run, struct fb_str text)
{
	const char *scratch = run->decoder->scratch;
	bool inside =
		text.len == 0 ||
		(text.p >= scratch && text.p + text.len <= scratch + run->decoder->scratch_cap);

	for (int i = 0; i < 2; i++)
		inside |= text.p >= (char *)input->payloads[i] &&
			  text.p + text.len <= (char *)input->payloads[i] + input->lens[i];
	if (!inside)
		abort();
}

static void trace_value(
	const struct fb_column *column, struct fb_type type, uint32_t row, struct fb_buf *out)
{
	if (!fb_column_is_valid(column, row)) {
		if (type.not_null)
			abort();
		fb_buf_add_text(out, "NULL ");
	} else if (fb_type_phys(type) == FB_PHYS_STR) {
		fb_buf_printf(out, "%u <", column->str[row].len);
		fb_buf_add(out, column->str[row].p, column->str[row].len);
		fb_buf_add_text(out, "> ");
	} else if (fb_type_phys(type) == FB_PHYS_F64) {
		fb_buf_printf(out, "%a ", column->f64[row]);
	} else if (fb_type_phys(type) == FB_PHYS_I128) {
		fb_text_decimal(column->i128[row], type.scale, false, out);
	} else {
		fb_buf_printf(out, "%lld ", (long long)column->i64[row]);
	}
}

static void take_batch(const struct input *input, struct run *run)
{
	const struct fb_batch *batch = &run->batch;

	fb_decoder_finish(run->decoder, &run->batch);
	if (batch->sel_cnt > batch->row_cnt || batch->row_cnt > FB_BATCH_ROWS)
		abort();
	for (uint32_t c = 0; c < batch->column_cnt; c++)
		for (uint32_t row = 0; row < batch->row_cnt && input->needed >> c & 1; row++)
			if (fb_type_phys(input->types[c]) == FB_PHYS_STR)
				check_place(input, run, batch->columns[c].str[row]);
	for (uint32_t i = 0; i < batch->sel_cnt; i++) {
		if (batch->sel[i] >= batch->row_cnt ||
			(i > 0 && batch->sel[i] <= batch->sel[i - 1]))
			abort();
		for (uint32_t c = 0; c < batch->column_cnt; c++)
			if (input->needed >> c & 1)
				trace_value(&batch->columns[c], input->types[c], batch->sel[i],
					&run->trace);
		fb_buf_add_char(&run->trace, '\n');
	}
}

static void run_init(struct run *run, const struct input *input, enum fb_isa isa)
{
	struct fb_decoder_conf conf = {.table = &input->table,
		.needed = &input->needed,
		.framing = input->framing,
		.isa = isa};

	*run = (struct run){0};
	if (fb_decoder_create(&conf, &run->decoder) != 0 ||
		fb_batch_init(&run->batch, input->types, input->table.field_cnt, &input->needed) !=
			0)
		abort();
}

static void run_fini(struct run *run)
{
	fb_decoder_destroy(run->decoder);
	fb_batch_fini(&run->batch);
	fb_buf_fini(&run->trace);
}

static void decode(const struct input *input, int which, struct run *run)
{
	uint32_t pos = 0;

	while (!fb_decoder_add(run->decoder, input->payloads[which], input->lens[which], &pos)) {
		if (fb_decoder_pending(run->decoder) == 0 || pos > input->lens[which])
			abort();
		take_batch(input, run);
	}
	take_batch(input, run);
}

static void check_sums(const struct run *run)
{
	const struct fb_decode_counters *counters = fb_decoder_counters(run->decoder);
	uint64_t sum = counters->decoded;

	for (uint32_t i = 0; i < FB_REC_CNT; i++)
		sum += counters->rejected[i];
	if (sum != counters->records || counters->payloads != 2)
		abort();
}

/* Each payload by a decoder of its own. */
static void decode_apart(const struct input *input, struct fb_buf *trace)
{
	for (int i = 0; i < 2; i++) {
		struct run run;

		run_init(&run, input, FB_ISA_SCALAR);
		decode(input, i, &run);
		fb_buf_add(trace, run.trace.p ? run.trace.p : "", run.trace.len);
		run_fini(&run);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input;
	struct fb_buf apart = {0};
	struct fb_decode_counters first = {0};

	if (size < 3 || size > 1u << 20)
		return 0;
	choose_table(&input, data[0], data[1]);
	input.lens[0] = (uint32_t)((size - 3) * data[2] / 255);
	input.lens[1] = (uint32_t)(size - 3) - input.lens[0];
	input.payloads[0] = padded(data + 3, input.lens[0]);
	input.payloads[1] = padded(data + 3 + input.lens[0], input.lens[1]);
	decode_apart(&input, &apart);
	for (enum fb_isa isa = FB_ISA_SCALAR; isa <= fb_isa_detect(); isa++) {
		struct run run;

		run_init(&run, &input, isa);
		decode(&input, 0, &run);
		decode(&input, 1, &run);
		check_sums(&run);
		if (isa == FB_ISA_SCALAR)
			first = *fb_decoder_counters(run.decoder);
		if (memcmp(&first, fb_decoder_counters(run.decoder), sizeof(first)) != 0 ||
			apart.len != run.trace.len ||
			(apart.len > 0 && memcmp(apart.p, run.trace.p, apart.len) != 0))
			abort();
		run_fini(&run);
	}
	fb_buf_fini(&apart);
	free(input.payloads[0]);
	free(input.payloads[1]);
	return 0;
}
