/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include "dataplane/format/value_text.h"

#include <stdlib.h>

static const struct {
	const char *name;
	struct fb_type type;
} type_names[] = {
	{"BOOLEAN", {.kind = FB_T_BOOLEAN}},
	{"TINYINT", {.kind = FB_T_TINYINT}},
	{"SMALLINT", {.kind = FB_T_SMALLINT}},
	{"INT", {.kind = FB_T_INT}},
	{"BIGINT", {.kind = FB_T_BIGINT}},
	{"FLOAT", {.kind = FB_T_FLOAT}},
	{"DOUBLE", {.kind = FB_T_DOUBLE}},
	{"DECIMAL(10,2)", {.kind = FB_T_DECIMAL, .precision = 10, .scale = 2}},
	{"DECIMAL(38,18)", {.kind = FB_T_DECIMAL, .precision = 38, .scale = 18}},
	{"DECIMAL(38,0)", {.kind = FB_T_DECIMAL, .precision = 38}},
	{"CHAR(2)", {.kind = FB_T_CHAR, .length = 2}},
	{"STRING", {.kind = FB_T_VARCHAR, .length = INT32_MAX}},
	{"BYTES", {.kind = FB_T_VARBINARY, .length = INT32_MAX}},
	{"DATE", {.kind = FB_T_DATE}},
	{"TIMESTAMP(0)", {.kind = FB_T_TIMESTAMP, .precision = 0}},
	{"TIMESTAMP(1)", {.kind = FB_T_TIMESTAMP, .precision = 1}},
	{"TIMESTAMP(3)", {.kind = FB_T_TIMESTAMP, .precision = 3}},
	{"TIMESTAMP(4)", {.kind = FB_T_TIMESTAMP, .precision = 4}},
	{"TIMESTAMP(6)", {.kind = FB_T_TIMESTAMP, .precision = 6}},
	{"TIMESTAMP_LTZ(3)", {.kind = FB_T_TIMESTAMP_LTZ, .precision = 3}},
};

static void add_field(struct table *table, char *word)
{
	uint16_t at = table->table.field_cnt++;
	bool needed = word[0] != '-';
	size_t len;

	word += !needed;
	len = strlen(word);
	cr_assert_lt(at, FIELD_MAX);

	bool not_null = word[len - 1] == '!';

	word[len - not_null] = '\0';
	for (size_t i = 0; i < FB_ARRAY_LEN(type_names); i++)
		if (strcmp(type_names[i].name, word) == 0)
			table->types[at] = type_names[i].type;
	cr_assert_neq(table->types[at].kind, FB_T_NULL, "no type %s", word);
	table->types[at].not_null = not_null;

	static const char *const names[FIELD_MAX] = {"f0", "f1", "f2", "f3", "f4", "f5", "f6", "f7",
		"f8", "f9", "f10", "f11", "f12", "f13", "f14", "f15"};

	table->columns[at] =
		(struct fb_table_column){.name = names[at], .type = table->types[at], .field = at};
	table->fields[at] = &table->columns[at];
	table->needed |= (uint64_t)needed << at;
}

void table_init(struct table *table, const char *format, const char *types, const char *options)
{
	char *rest = NULL;
	char *word;

	memset(table, 0, sizeof(*table));
	table->table = (struct fb_table){.name = "t",
		.format = format,
		.columns = table->columns,
		.fields = table->fields,
		.options = table->options};
	cr_assert_lt(
		snprintf(table->text, sizeof(table->text), "%s", types), (int)sizeof(table->text));
	for (word = strtok_r(table->text, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		add_field(table, word);
	table->table.column_cnt = table->table.field_cnt;
	cr_assert_lt(snprintf(table->text, sizeof(table->text), "%s", options ? options : ""),
		(int)sizeof(table->text));
	for (word = strtok_r(table->text, "\n", &rest); word; word = strtok_r(NULL, "\n", &rest)) {
		char *value = strchr(word, '=');

		*value++ = '\0';
		cr_assert_lt(table->table.option_cnt, OPTION_MAX);
		table->options[table->table.option_cnt++] =
			(struct fb_option){.key = word, .value = value};
	}
}

struct payload payload_make(const void *bytes, uint32_t len, uint32_t align, uint8_t pad)
{
	/* Ends where the promised padding ends, so that AddressSanitizer sees the first byte too
	 * much. */
	struct payload payload = {.len = len};
	void *memory = NULL;

	cr_assert_eq(posix_memalign(&memory, 64, align + len + FB_PAYLOAD_PAD_BYTES), 0);
	payload.memory = memory;
	payload.data = payload.memory + align;
	memcpy(payload.data, bytes, len);
	memset(payload.data + len, pad, FB_PAYLOAD_PAD_BYTES);
	return payload;
}

void payload_free(struct payload *payload)
{
	free(payload->memory);
}

void stepper_init(struct stepper *stepper, const struct table *table, enum fb_framing framing,
	enum fb_isa isa)
{
	struct fb_decoder_conf conf = {.table = &table->table,
		.needed = &table->needed,
		.framing = framing,
		.isa = isa,
		.layout = table->layout};

	cr_assert_eq(fb_decoder_create(&conf, &stepper->decoder), 0);
	cr_assert_eq(fb_batch_init(
			     &stepper->batch, table->types, table->table.field_cnt, &table->needed),
		0);
}

void stepper_fini(struct stepper *stepper)
{
	fb_decoder_destroy(stepper->decoder);
	fb_batch_fini(&stepper->batch);
}

/* Texts point into a payload that is being decoded, or into the decoder. */
static void check_text(const struct fb_decoder *decoder, struct fb_str text,
	const struct payload *payloads, uint32_t cnt)
{
	bool inside = text.len == 0 ||
		      (text.p >= decoder->scratch &&
			      text.p + text.len <= decoder->scratch + decoder->scratch_cap);

	for (uint32_t i = 0; i < cnt && !inside; i++)
		inside = text.p >= (const char *)payloads[i].data &&
			 text.p + text.len <= (const char *)payloads[i].data + payloads[i].len;
	cr_assert(inside, "a text of %u bytes outside of its payload", text.len);
}

static void print_value(
	const struct fb_column *column, struct fb_type type, uint32_t row, struct fb_buf *out)
{
	if (!fb_column_is_valid(column, row))
		fb_buf_add_char(out, '~');
	else if (fb_type_phys(type) == FB_PHYS_STR)
		fb_buf_add(out, column->str[row].p, column->str[row].len);
	else if (fb_type_phys(type) == FB_PHYS_F64)
		fb_buf_printf(out, "%.17g", column->f64[row]);
	else if (fb_type_phys(type) == FB_PHYS_I128)
		fb_text_decimal(column->i128[row], 0, false, out);
	else
		fb_buf_printf(out, "%lld", (long long)column->i64[row]);
}

static void take_batch(const struct table *table, struct stepper *stepper,
	const struct payload *payloads, uint32_t cnt, struct fb_buf *out)
{
	const struct fb_batch *batch = &stepper->batch;
	uint32_t pending = fb_decoder_pending(stepper->decoder);

	fb_decoder_finish(stepper->decoder, &stepper->batch);
	cr_assert_eq(fb_decoder_pending(stepper->decoder), 0);
	cr_assert_eq(batch->row_cnt, pending);
	cr_assert_leq(batch->sel_cnt, batch->row_cnt);
	for (uint32_t c = 0; c < batch->column_cnt; c++)
		for (uint32_t row = 0; row < batch->row_cnt && table->needed >> c & 1; row++)
			if (fb_type_phys(table->types[c]) == FB_PHYS_STR)
				check_text(stepper->decoder, batch->columns[c].str[row], payloads,
					cnt);
	for (uint32_t i = 0; i < batch->sel_cnt; i++) {
		bool first = true;

		cr_assert(i == 0 || batch->sel[i] > batch->sel[i - 1]);
		cr_assert_lt(batch->sel[i], batch->row_cnt);
		for (uint32_t c = 0; c < batch->column_cnt; c++) {
			if (!(table->needed >> c & 1))
				continue;
			if (!first)
				fb_buf_add_char(out, '|');
			first = false;
			print_value(&batch->columns[c], table->types[c], batch->sel[i], out);
		}
		fb_buf_add_char(out, '\n');
	}
}

struct decoded decode(const struct table *table, enum fb_framing framing, enum fb_isa isa,
	const struct payload *payloads, uint32_t cnt)
{
	struct decoded decoded = {0};
	struct stepper stepper;
	uint64_t bytes = 0;
	uint64_t sum = 0;

	stepper_init(&stepper, table, framing, isa);
	for (uint32_t i = 0; i < cnt; i++) {
		uint32_t pos = 0;

		while (!fb_decoder_add(stepper.decoder, payloads[i].data, payloads[i].len, &pos)) {
			cr_assert_gt(fb_decoder_pending(stepper.decoder), 0,
				"refused, but there is nothing to finish");
			cr_assert_leq(pos, payloads[i].len);
			take_batch(table, &stepper, payloads, cnt, &decoded.rows);
		}
		cr_assert_eq(pos, payloads[i].len);
		bytes += payloads[i].len;
	}
	take_batch(table, &stepper, payloads, cnt, &decoded.rows);
	decoded.counters = *fb_decoder_counters(stepper.decoder);
	for (uint32_t i = 0; i < FB_REC_CNT; i++)
		sum += decoded.counters.rejected[i];
	cr_assert_eq(decoded.counters.records, decoded.counters.decoded + sum);
	cr_assert_eq(decoded.counters.payloads, cnt);
	cr_assert_eq(decoded.counters.payload_bytes, bytes);
	cr_assert_not_null(fb_buf_reserve(&decoded.rows, 1));
	decoded.rows.p[decoded.rows.len] = '\0';
	stepper_fini(&stepper);
	return decoded;
}

void decoded_free(struct decoded *decoded)
{
	fb_buf_fini(&decoded->rows);
}

uint32_t isa_cnt(void)
{
	return (uint32_t)fb_isa_detect() + 1;
}
