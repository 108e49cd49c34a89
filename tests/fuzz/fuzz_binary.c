/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as datagrams of fixed binary records, by any layout: the counters add up, every record
 * is framed once, texts lie inside of their payload, and how many payloads are read before a batch
 * is finished makes no difference. Byte 0: header. Byte 1: size of a record. Bytes 2 to 5: where
 * the fields are, and of what types. Byte 6: where the payload is cut into two.
 */
#include <stdlib.h>

#include "config/base/buf.h"
#include "dataplane/format/binary.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FIELDS 4
#define HEAD 7

static const struct {
	struct fb_type column;
	enum fb_layout_type type;
} pairs[] = {{{.kind = FB_T_BIGINT}, FB_LAYOUT_INT64}, {{.kind = FB_T_BIGINT}, FB_LAYOUT_UINT64},
	{{.kind = FB_T_INT}, FB_LAYOUT_UINT16}, {{.kind = FB_T_BOOLEAN}, FB_LAYOUT_INT8},
	{{.kind = FB_T_DOUBLE}, FB_LAYOUT_FLOAT32}, {{.kind = FB_T_DOUBLE}, FB_LAYOUT_FLOAT64},
	{{.kind = FB_T_VARCHAR}, FB_LAYOUT_TEXT}, {{.kind = FB_T_VARBINARY}, FB_LAYOUT_BYTES}};

struct input {
	struct fb_layout layout;
	struct fb_layout_field fields[FIELDS];
	struct fb_table table;
	struct fb_table_column columns[FIELDS];
	const struct fb_table_column *column_list[FIELDS];
	struct fb_type types[FIELDS];
	uint8_t *payloads[2];
	uint32_t lens[2];
};

static void choose_layout(struct input *input, const uint8_t *data)
{
	static const char *const names[FIELDS] = {"a", "b", "c", "d"};

	*input = (struct input){.layout = {.record_bytes = 8 + data[1] % 64,
					.fields = input->fields,
					.field_cnt = FIELDS}};
	input->table = (struct fb_table){.name = "t",
		.columns = input->columns,
		.fields = input->column_list,
		.field_cnt = FIELDS,
		.column_cnt = FIELDS};
	for (uint16_t i = 0; i < FIELDS; i++) {
		struct fb_layout_field *field = &input->fields[i];
		uint32_t pair = data[2 + i] % FB_ARRAY_LEN(pairs);
		uint32_t bytes = fb_layout_type_bytes(pairs[pair].type);

		input->types[i] = pairs[pair].column;
		bytes = bytes ? bytes : 1 + data[2 + i] / 8 % 8;
		*field = (struct fb_layout_field){.name = (char *)(uintptr_t)names[i],
			.type = pairs[pair].type,
			.big_endian = data[2 + i] & 64,
			.bytes = bytes,
			.offset = data[2 + i] / 4 % (input->layout.record_bytes - bytes + 1)};
		input->columns[i] = (struct fb_table_column){
			.name = names[i], .type = input->types[i], .field = i};
		input->column_list[i] = &input->columns[i];
	}
	if (data[0] & 1) {
		input->layout.header_bytes = 1 + data[0] / 16;
		input->layout.has_magic = data[0] & 2;
		input->layout.magic_value = 'M';
		input->layout.has_count = data[0] & 4;
		input->layout.has_sequence = data[0] & 8;
		input->layout.magic = input->layout.count = input->layout.sequence =
			(struct fb_layout_field){.type = FB_LAYOUT_UINT8, .bytes = 1};
		input->layout.count.offset = input->layout.header_bytes / 2;
		input->layout.sequence.offset = input->layout.header_bytes - 1;
	}
}

/* With as much behind it as a decoder may read, and not a byte more. */
static uint8_t *padded(const void *bytes, size_t len)
{
	uint8_t *copy = malloc(len + FB_PAYLOAD_PAD_BYTES);

	if (copy == NULL)
		abort();
	memcpy(copy, bytes, len);
	memset(copy + len, 1, FB_PAYLOAD_PAD_BYTES);
	return copy;
}

struct run {
	struct fb_decoder *decoder;
	struct fb_batch batch;
	struct fb_buf trace;
};

static void trace_text(const struct input *input, struct fb_str text, struct fb_buf *out)
{
	bool inside = text.len == 0;

	for (int i = 0; i < 2; i++)
		inside |= text.p >= (char *)input->payloads[i] &&
			  text.p + text.len <= (char *)input->payloads[i] + input->lens[i];
	if (!inside)
		abort();
	fb_buf_printf(out, "%u <", text.len);
	fb_buf_add(out, text.p, text.len);
	fb_buf_add_text(out, "> ");
}

static void take_batch(const struct input *input, struct run *run)
{
	const struct fb_batch *batch = &run->batch;

	fb_decoder_finish(run->decoder, &run->batch);
	for (uint32_t i = 0; i < batch->sel_cnt; i++) {
		uint32_t row = batch->sel[i];

		if (row >= batch->row_cnt)
			abort();
		for (uint32_t c = 0; c < FIELDS; c++) {
			uint64_t bits;

			if (fb_type_phys(input->types[c]) == FB_PHYS_STR) {
				trace_text(input, batch->columns[c].str[row], &run->trace);
				continue;
			}
			memcpy(&bits, &batch->columns[c].i64[row], sizeof(bits));
			fb_buf_printf(&run->trace, "%llx ", (unsigned long long)bits);
		}
		fb_buf_add_char(&run->trace, '\n');
	}
}

/* together: both payloads in one batch, as far as they fit. */
static void decode(const struct input *input, bool together, struct run *run)
{
	struct fb_decoder_conf conf = {.table = &input->table, .layout = &input->layout};

	*run = (struct run){0};
	if (fb_decoder_create(&conf, &run->decoder) != 0 ||
		fb_batch_init(&run->batch, input->types, FIELDS, NULL) != 0)
		abort();
	for (int i = 0; i < 2; i++) {
		uint32_t pos = 0;

		while (!fb_decoder_add(run->decoder, input->payloads[i], input->lens[i], &pos)) {
			if (fb_decoder_pending(run->decoder) == 0 || pos > input->lens[i])
				abort();
			take_batch(input, run);
		}
		if (!together || i == 1)
			take_batch(input, run);
	}
}

static void check_sums(const struct input *input, const struct run *run)
{
	const struct fb_decode_counters *counters = fb_decoder_counters(run->decoder);
	uint64_t sum = counters->decoded;
	uint64_t most = 2;

	for (uint32_t i = 0; i < FB_REC_CNT; i++)
		sum += counters->rejected[i];
	for (int i = 0; i < 2; i++)
		most += input->lens[i] / input->layout.record_bytes;
	if (sum != counters->records || counters->payloads != 2 || counters->records > most)
		abort();
}

static void run_fini(struct run *run)
{
	fb_decoder_destroy(run->decoder);
	fb_batch_fini(&run->batch);
	fb_buf_fini(&run->trace);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input;
	struct run together;
	struct run apart;

	if (size < HEAD || size > 1u << 20)
		return 0;
	choose_layout(&input, data);
	input.lens[0] = (uint32_t)((size - HEAD) * data[6] / 255);
	input.lens[1] = (uint32_t)(size - HEAD) - input.lens[0];
	input.payloads[0] = padded(data + HEAD, input.lens[0]);
	input.payloads[1] = padded(data + HEAD + input.lens[0], input.lens[1]);
	decode(&input, true, &together);
	decode(&input, false, &apart);
	check_sums(&input, &together);
	if (memcmp(fb_decoder_counters(together.decoder), fb_decoder_counters(apart.decoder),
		    sizeof(struct fb_decode_counters)) != 0 ||
		together.trace.len != apart.trace.len ||
		(apart.trace.len > 0 &&
			memcmp(together.trace.p, apart.trace.p, apart.trace.len) != 0))
		abort();
	run_fini(&together);
	run_fini(&apart);
	free(input.payloads[0]);
	free(input.payloads[1]);
	return 0;
}
