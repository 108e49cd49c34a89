/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as CSV payloads, by any options and column types: every instruction set gives the same
 * rows and counters, the counters add up, texts lie inside their payload or the decoder, and rows
 * that the writer writes are read back as they were. As a file: its records are the same together and alone. Byte 0: options.
 * Byte 1: number and types of the columns. Byte 2: where the payload is cut into two.
 */
#include <stdlib.h>

#include "config/base/buf.h"
#include "dataplane/format/csv.h"
#include "dataplane/format/writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define COLUMN_MAX 4

enum choice {
	DATAGRAM = 1,
	NULL_LITERAL = 2,
	IGNORE_ERRORS = 4,
	ESCAPE = 8,
	COMMENTS = 16,
	NO_QUOTES = 32,
	SEMICOLON = 64,
	NOT_ALL_NEEDED = 128,
};

static const struct fb_option options[] = {
	{.key = "csv.null-literal", .value = "null"},
	{.key = "csv.ignore-parse-errors", .value = "true"},
	{.key = "csv.escape-character", .value = "\\"},
	{.key = "csv.allow-comments", .value = "true"},
	{.key = "csv.disable-quote-character", .value = "true"},
	{.key = "csv.field-delimiter", .value = ";"},
};

static const struct fb_type types[] = {
	{.kind = FB_T_VARCHAR},
	{.kind = FB_T_BIGINT},
	{.kind = FB_T_TIMESTAMP, .precision = 3},
	{.kind = FB_T_DOUBLE},
	{.kind = FB_T_DATE},
	{.kind = FB_T_BOOLEAN},
	{.kind = FB_T_TIMESTAMP_LTZ, .precision = 3},
	{.kind = FB_T_TIMESTAMP, .precision = 6},
	{.kind = FB_T_FLOAT},
	{.kind = FB_T_SMALLINT, .not_null = true},
	{.kind = FB_T_VARBINARY},
};

struct input {
	uint8_t choices;
	struct fb_table table;
	struct fb_table_column columns[COLUMN_MAX];
	const struct fb_table_column *fields[COLUMN_MAX];
	struct fb_type types[COLUMN_MAX];
	struct fb_option options[FB_ARRAY_LEN(options)];
	uint64_t needed;
	uint8_t *payloads[2];
	uint32_t lens[2];
};

static void choose_table(struct input *input, uint8_t choices, uint8_t columns)
{
	*input = (struct input){.choices = choices};
	input->table = (struct fb_table){.name = "t",
		.format = "csv",
		.columns = input->columns,
		.fields = input->fields,
		.options = input->options,
		.field_cnt = 1 + columns % COLUMN_MAX,
		.column_cnt = 1 + columns % COLUMN_MAX};
	for (uint16_t i = 0; i < input->table.field_cnt; i++) {
		input->types[i] = types[(columns / COLUMN_MAX + i) % FB_ARRAY_LEN(types)];
		input->columns[i] =
			(struct fb_table_column){.name = "c", .type = input->types[i], .field = i};
		input->fields[i] = &input->columns[i];
	}
	input->needed = choices & NOT_ALL_NEEDED ? 5 : 15;
	input->needed &= (1u << input->table.field_cnt) - 1;
	for (uint32_t i = 0; i < FB_ARRAY_LEN(options); i++)
		if (choices & (NULL_LITERAL << i))
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

static struct fb_value get_value(const struct fb_column *column, struct fb_type type, uint32_t row)
{
	struct fb_value value = {.is_null = !fb_column_is_valid(column, row)};

	if (value.is_null)
		return value;
	if (fb_type_phys(type) == FB_PHYS_STR)
		value.str = column->str[row];
	else if (fb_type_phys(type) == FB_PHYS_F64)
		value.f64 = column->f64[row];
	else
		value.i64 = column->i64[row];
	return value;
}

static void trace_value(struct fb_type type, const struct fb_value *value, struct fb_buf *out)
{
	if (value->is_null)
		fb_buf_add_text(out, "NULL ");
	else if (fb_type_phys(type) == FB_PHYS_STR)
		fb_buf_printf(out, "%u <%.*s> ", value->str.len, (int)value->str.len, value->str.p);
	else if (fb_type_phys(type) == FB_PHYS_F64)
		fb_buf_printf(out, "%a ", value->f64);
	else
		fb_buf_printf(out, "%lld ", (long long)value->i64);
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
			if (input->needed >> c & 1) {
				struct fb_value value = get_value(
					&batch->columns[c], input->types[c], batch->sel[i]);

				if (value.is_null && input->types[c].not_null)
					abort();
				trace_value(input->types[c], &value, &run->trace);
			}
		fb_buf_add_char(&run->trace, '\n');
	}
}

static void run_init(
	struct run *run, const struct input *input, enum fb_framing framing, enum fb_isa isa)
{
	struct fb_decoder_conf conf = {
		.table = &input->table, .needed = &input->needed, .framing = framing, .isa = isa};

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

static void check_sums(const struct run *run)
{
	const struct fb_decode_counters *counters = fb_decoder_counters(run->decoder);
	uint64_t sum = counters->decoded;

	for (uint32_t i = 0; i < FB_REC_CNT; i++)
		sum += counters->rejected[i];
	if (sum != counters->records || counters->payloads != 2)
		abort();
}

/* A row as the writer writes it is one record with the same values. */
static void check_read_back(const struct input *input, const struct run *run, uint32_t row)
{
	struct fb_value values[COLUMN_MAX];
	struct fb_writer *writer;
	struct input again = *input;
	struct run other;
	struct fb_buf want = {0};
	struct fb_buf text = {0};
	uint32_t pos = 0;

	for (uint32_t c = 0; c < input->table.field_cnt; c++) {
		values[c] = get_value(&run->batch.columns[c], input->types[c], row);
		trace_value(input->types[c], &values[c], &want);
		/* Without a literal NULL reads back as empty. */
		if (values[c].is_null && !(input->choices & NULL_LITERAL))
			goto done;
		/* With one, bytes whose Base64 it is read back as NULL, as with Flink. */
		if (input->choices & NULL_LITERAL && input->types[c].kind == FB_T_VARBINARY &&
			fb_str_eq(values[c].str, FB_STR("\x9e\xe9\x65")))
			goto done;
	}
	fb_buf_add_char(&want, '\n');
	if (fb_writer_create(&input->table, &writer) != 0)
		abort();
	fb_writer_row(writer, values, &text);
	fb_writer_destroy(writer);
	if (text.len == 0)
		goto done; /* one empty text: not a record */
	if (memmem(text.p, text.len, "\xef\xbf\xbd", 3) != NULL)
		goto done; /* what was no UTF-8 is it now */
	again.payloads[0] = again.payloads[1] = padded(text.p, text.len);
	again.lens[0] = again.lens[1] = (uint32_t)text.len;
	run_init(&other, &again, FB_FRAMING_DATAGRAM, fb_isa_detect());
	if (!fb_decoder_add(other.decoder, again.payloads[0], again.lens[0], &pos))
		abort();
	take_batch(&again, &other);
	if (other.trace.len != want.len || memcmp(other.trace.p, want.p, want.len) != 0)
		abort();
	run_fini(&other);
	free(again.payloads[0]);
done:
	fb_buf_fini(&want);
	fb_buf_fini(&text);
}

static void decode(const struct input *input, enum fb_isa isa, struct run *run)
{
	enum fb_framing framing =
		input->choices & DATAGRAM ? FB_FRAMING_DATAGRAM : FB_FRAMING_NEWLINE;

	run_init(run, input, framing, isa);
	for (int i = 0; i < 2; i++) {
		uint32_t pos = 0;

		while (!fb_decoder_add(run->decoder, input->payloads[i], input->lens[i], &pos)) {
			if (fb_decoder_pending(run->decoder) == 0 || pos > input->lens[i])
				abort();
			take_batch(input, run);
		}
	}
	take_batch(input, run);
	check_sums(run);
}

static void feed(const struct input *input, struct run *run, const uint8_t *data, uint32_t len)
{
	for (uint32_t pos = 0; !fb_decoder_add(run->decoder, data, len, &pos);)
		take_batch(input, run);
}

/* Records of a file: all at once they are what they are one by one, each as long as it is said to be. */
static void check_file(struct input *input, const uint8_t *data, uint32_t len)
{
	struct fb_csv_lines lines;
	struct run all, each;
	uint32_t taken = 0;
	bool open;

	if (!fb_csv_lines_of(&input->table, &lines))
		return;
	free(input->payloads[0]);
	free(input->payloads[1]);
	input->payloads[0] = padded(data, len);
	input->payloads[1] = padded(data, 0);
	input->lens[0] = len;
	input->lens[1] = 0;
	run_init(&all, input, FB_FRAMING_FILE, fb_isa_detect());
	feed(input, &all, input->payloads[0], len);
	feed(input, &all, input->payloads[1], 0);
	take_batch(input, &all);
	check_sums(&all);
	run_init(&each, input, FB_FRAMING_FILE, FB_ISA_SCALAR);
	while (taken < len) {
		uint32_t extent = (uint32_t)fb_csv_extent(&lines, input->payloads[0] + taken, len - taken, true, &open);

		if (extent == 0 || extent > len - taken || open)
			abort();
		feed(input, &each, input->payloads[0] + taken, extent);
		taken += extent;
	}
	take_batch(input, &each);
	if (all.trace.len != each.trace.len ||
		(all.trace.len > 0 && memcmp(all.trace.p, each.trace.p, all.trace.len) != 0) ||
		fb_decoder_counters(all.decoder)->records != fb_decoder_counters(each.decoder)->records)
		abort();
	run_fini(&all);
	run_fini(&each);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input;
	struct run plain;

	if (size < 3 || size > 1u << 20)
		return 0;
	choose_table(&input, data[0], data[1]);
	input.lens[0] = (uint32_t)((size - 3) * data[2] / 255);
	input.lens[1] = (uint32_t)(size - 3) - input.lens[0];
	input.payloads[0] = padded(data + 3, input.lens[0]);
	input.payloads[1] = padded(data + 3 + input.lens[0], input.lens[1]);
	decode(&input, FB_ISA_SCALAR, &plain);
	for (enum fb_isa isa = FB_ISA_AVX2; isa <= fb_isa_detect(); isa++) {
		struct run run;

		decode(&input, isa, &run);
		if (memcmp(fb_decoder_counters(plain.decoder), fb_decoder_counters(run.decoder),
			    sizeof(struct fb_decode_counters)) != 0 ||
			plain.trace.len != run.trace.len ||
			(run.trace.len > 0 &&
				memcmp(plain.trace.p, run.trace.p, run.trace.len) != 0))
			abort();
		run_fini(&run);
	}
	if (!(input.choices & (NOT_ALL_NEEDED | NO_QUOTES)))
		for (uint32_t i = 0; i < FB_MIN(plain.batch.sel_cnt, 4u); i++)
			check_read_back(&input, &plain, plain.batch.sel[i]);
	run_fini(&plain);
	check_file(&input, data + 3, (uint32_t)(size - 3));
	free(input.payloads[0]);
	free(input.payloads[1]);
	return 0;
}
