/* SPDX-License-Identifier: Apache-2.0 */
/* Fixed binary records against a reading that goes field by field, byte by byte. */
#include <stdlib.h>

#include "dataplane/format/binary.h"
#include "harness.h"

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* A column of each type that a field can feed. */
static const struct pair {
	const char *column;
	enum fb_layout_type field;
	uint32_t bytes;
} pairs[] = {{"TINYINT", FB_LAYOUT_INT8, 1}, {"SMALLINT", FB_LAYOUT_INT8, 1},
	{"INT", FB_LAYOUT_INT8, 1}, {"BIGINT", FB_LAYOUT_INT8, 1}, {"BOOLEAN", FB_LAYOUT_INT8, 1},
	{"BOOLEAN", FB_LAYOUT_UINT8, 1}, {"SMALLINT", FB_LAYOUT_UINT8, 1},
	{"INT", FB_LAYOUT_UINT8, 1}, {"SMALLINT", FB_LAYOUT_INT16, 2}, {"INT", FB_LAYOUT_INT16, 2},
	{"INT", FB_LAYOUT_UINT16, 2}, {"INT", FB_LAYOUT_INT32, 4}, {"BIGINT", FB_LAYOUT_INT32, 4},
	{"BIGINT", FB_LAYOUT_UINT32, 4}, {"BIGINT", FB_LAYOUT_INT64, 8},
	{"BIGINT", FB_LAYOUT_UINT64, 8}, {"FLOAT", FB_LAYOUT_FLOAT32, 4},
	{"DOUBLE", FB_LAYOUT_FLOAT32, 4}, {"DOUBLE", FB_LAYOUT_FLOAT64, 8},
	{"STRING", FB_LAYOUT_TEXT, 3}, {"STRING", FB_LAYOUT_TEXT, 8},
	{"CHAR(2)", FB_LAYOUT_TEXT, 20}, {"BYTES", FB_LAYOUT_BYTES, 5},
	{"DATE", FB_LAYOUT_INT32, 4}, {"TIMESTAMP(3)", FB_LAYOUT_INT64, 8},
	{"TIMESTAMP(6)", FB_LAYOUT_INT64, 8}, {"TIMESTAMP_LTZ(3)", FB_LAYOUT_INT64, 8}};

static bool pair_is_allowed(const char *column, enum fb_layout_type field)
{
	for (uint32_t i = 0; i < FB_ARRAY_LEN(pairs); i++)
		if (strcmp(pairs[i].column, column) == 0 && pairs[i].field == field)
			return true;
	return false;
}

/* ---- which columns which fields feed ---- */

Test(binary, columns_take_fields_of_their_type_and_no_others)
{
	static const char *const columns[] = {"TINYINT", "SMALLINT", "INT", "BIGINT", "BOOLEAN",
		"FLOAT", "DOUBLE", "STRING", "CHAR(2)", "BYTES", "DATE", "TIMESTAMP(3)",
		"TIMESTAMP(6)", "TIMESTAMP_LTZ(3)", "DECIMAL(10,2)"};

	for (uint32_t c = 0; c < FB_ARRAY_LEN(columns); c++)
		for (int type = 0; type < FB_LAYOUT_TYPE_CNT; type++) {
			struct fb_layout_field field = {.name = (char *)(uintptr_t) "f0",
				.type = (enum fb_layout_type)type,
				.bytes = 8,
				.line = 17};
			struct fb_layout layout = {
				.record_bytes = 8, .fields = &field, .field_cnt = 1};
			char message[FB_LAYOUT_MESSAGE_BYTES] = "";
			bool wider = strcmp(columns[c], "BIGINT") == 0 && type <= FB_LAYOUT_UINT64;
			struct table table;

			table_init(&table, "csv", columns[c], NULL);
			cr_expect_eq(fb_layout_fits(&layout, &table.table, NULL, message),
				pair_is_allowed(columns[c], (enum fb_layout_type)type) || wider,
				"%s from %s: %s", columns[c], fb_layout_type_names[type], message);
			if (message[0])
				cr_expect_not_null(strstr(message, "line 17"), "%s", message);
		}
}

Test(binary, a_needed_column_without_a_field_is_told)
{
	struct fb_layout_field field = {
		.name = (char *)(uintptr_t) "f1", .type = FB_LAYOUT_INT32, .bytes = 4};
	struct fb_layout layout = {.record_bytes = 8, .fields = &field, .field_cnt = 1, .line = 9};
	char message[FB_LAYOUT_MESSAGE_BYTES];
	struct fb_decoder *decoder = NULL;
	struct table table;

	table_init(&table, "csv", "INT INT", NULL);
	cr_assert_not(fb_layout_fits(&layout, &table.table, NULL, message));
	cr_assert_str_eq(message, "column 'f0' has no field in the layout at line 9");

	struct fb_decoder_conf conf = {
		.table = &table.table, .needed = &table.needed, .layout = &layout};

	cr_assert_eq(fb_decoder_create(&conf, &decoder), FB_E_UNSUPPORTED);
	table_init(&table, "csv", "-INT INT", NULL);
	cr_assert(fb_layout_fits(&layout, &table.table, &table.needed, message));
}

/* ---- reading ---- */

#define FIELDS 6

struct setting {
	struct table table;
	struct fb_layout layout;
	struct fb_layout_field fields[FIELDS];
	const char *columns[FIELDS];
};

static void choose_setting(struct setting *setting, uint64_t *state)
{
	static char names[FIELDS][4] = {"f0", "f1", "f2", "f3", "f4", "f5"};
	struct fb_buf types = {0};
	uint32_t at = (uint32_t)(next_random(state) % 3);

	memset(setting, 0, sizeof(*setting));
	for (uint32_t i = 0; i < FIELDS; i++) {
		const struct pair *pair = &pairs[next_random(state) % FB_ARRAY_LEN(pairs)];

		setting->columns[i] = pair->column;
		setting->fields[i] = (struct fb_layout_field){.name = names[i],
			.type = pair->field,
			.bytes = pair->bytes,
			.offset = at,
			.big_endian = next_random(state) % 2};
		at += pair->bytes + (uint32_t)(next_random(state) % 2);
		fb_buf_printf(&types, "%s%s ", i > 0 && next_random(state) % 4 == 0 ? "-" : "",
			pair->column);
	}
	setting->layout =
		(struct fb_layout){.record_bytes = at + (uint32_t)(next_random(state) % 5),
			.fields = setting->fields,
			.field_cnt = FIELDS};
	if (next_random(state) % 2) {
		setting->layout.header_bytes = 12;
		setting->layout.has_magic = true;
		setting->layout.magic = (struct fb_layout_field){
			.type = FB_LAYOUT_UINT32, .bytes = 4, .big_endian = next_random(state) % 2};
		setting->layout.magic_value = 0x46425231;
		setting->layout.has_count = next_random(state) % 2;
		setting->layout.count = (struct fb_layout_field){
			.type = FB_LAYOUT_UINT16, .bytes = 2, .offset = 6, .big_endian = true};
	}
	table_init(&setting->table, "csv", types.p, NULL);
	fb_buf_fini(&types);
}

static uint64_t read_plainly(const struct fb_layout_field *field, const uint8_t *record)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < field->bytes; i++) {
		uint32_t at = field->big_endian ? i : field->bytes - 1 - i;

		value = value * 256 + record[field->offset + at];
	}
	return value;
}

/* False: the record is refused. */
static bool print_field(
	const struct setting *setting, uint32_t i, const uint8_t *record, struct fb_buf *line)
{
	const struct fb_layout_field *field = &setting->fields[i];
	const uint8_t *p = record + field->offset;
	uint64_t bits = field->bytes <= 8 ? read_plainly(field, record) : 0;
	uint32_t small = (uint32_t)bits;
	uint32_t len = 0;
	double real;
	float single;

	switch (field->type) {
	case FB_LAYOUT_TEXT:
		while (len < field->bytes && p[len] != 0)
			len++;
		fb_buf_add(line, (const char *)p, len);
		return true;
	case FB_LAYOUT_BYTES:
		fb_buf_add(line, (const char *)p, field->bytes);
		return true;
	case FB_LAYOUT_FLOAT32:
		memcpy(&single, &small, sizeof(single));
		fb_buf_printf(line, "%.17g", (double)single);
		return true;
	case FB_LAYOUT_FLOAT64:
		memcpy(&real, &bits, sizeof(real));
		fb_buf_printf(line, "%.17g", real);
		return true;
	case FB_LAYOUT_INT8:
		bits = (uint64_t)(int64_t)(int8_t)bits;
		break;
	case FB_LAYOUT_INT16:
		bits = (uint64_t)(int64_t)(int16_t)bits;
		break;
	case FB_LAYOUT_INT32:
		bits = (uint64_t)(int64_t)(int32_t)bits;
		break;
	case FB_LAYOUT_UINT64:
		if (bits > INT64_MAX)
			return false;
		break;
	default:
		break;
	}
	if (strcmp(setting->columns[i], "BOOLEAN") == 0)
		bits = bits != 0;
	fb_buf_printf(line, "%lld", (long long)bits);
	return true;
}

static void read_datagram(const struct setting *setting, const uint8_t *data, uint32_t len,
	struct fb_buf *rows, uint64_t rejected[FB_REC_CNT])
{
	const struct fb_layout *layout = &setting->layout;
	uint32_t at = layout->header_bytes;

	if (len == 0)
		return;
	if (at > 0 && (len < at || read_plainly(&layout->magic, data) != layout->magic_value ||
			      (layout->has_count && read_plainly(&layout->count, data) !=
							    (len - at) / layout->record_bytes))) {
		rejected[FB_REC_HEADER]++;
		return;
	}
	for (; len - at >= layout->record_bytes; at += layout->record_bytes) {
		struct fb_buf line = {0};
		bool ok = true;
		bool first = true;

		for (uint32_t i = 0; i < FIELDS; i++) {
			if (!(setting->table.needed >> i & 1))
				continue;
			if (!first)
				fb_buf_add_char(&line, '|');
			first = false;
			ok = print_field(setting, i, data + at, &line) && ok;
		}
		fb_buf_add_char(&line, '\n');
		if (ok)
			fb_buf_add(rows, line.p, line.len);
		else
			rejected[FB_REC_NUMBER]++;
		fb_buf_fini(&line);
	}
	rejected[FB_REC_REMAINDER] += at < len;
}

static void fill_datagram(
	const struct setting *setting, uint8_t *data, uint32_t len, uint64_t *state)
{
	const struct fb_layout *layout = &setting->layout;
	bool right = next_random(state) % 8 != 0;

	for (uint32_t i = 0; i < len; i++)
		data[i] = next_random(state) % 4 ? (uint8_t)next_random(state) : 0;
	if (layout->header_bytes == 0 || len < layout->header_bytes)
		return;
	for (uint32_t i = 0; i < 4; i++)
		data[layout->magic.big_endian ? 3 - i : i] = (uint8_t)(0x46425231 >> i * 8);
	data[6] = (uint8_t)((len - 12) / layout->record_bytes >> 8);
	data[7] = (uint8_t)((len - 12) / layout->record_bytes + !right);
	data[0] ^= next_random(state) % 16 == 0;
}

Test(binary, is_the_reading_byte_by_byte)
{
	uint64_t state = 0x62696e617279;

	for (int i = 0; i < 3000; i++) {
		struct fb_buf rows = {0};
		uint64_t rejected[FB_REC_CNT] = {0};
		struct setting setting;
		struct payload payloads[5];
		struct decoded decoded;
		bool same;

		choose_setting(&setting, &state);
		for (int p = 0; p < 5; p++) {
			uint8_t data[9000];
			uint32_t records = (uint32_t)(next_random(&state) % (i % 8 ? 4 : 40));
			uint32_t len =
				setting.layout.header_bytes + records * setting.layout.record_bytes;

			if (next_random(&state) % 4 == 0)
				len += (uint32_t)(next_random(&state) %
						  setting.layout.record_bytes);
			len = next_random(&state) % 16 ? len : len / 2;
			len = FB_MIN(len, (uint32_t)sizeof(data));
			fill_datagram(&setting, data, len, &state);
			payloads[p] =
				payload_make(data, len, (uint32_t)(next_random(&state) % 64), 0);
			read_datagram(&setting, payloads[p].data, len, &rows, rejected);
		}
		setting.table.layout = &setting.layout;
		decoded = decode(&setting.table, FB_FRAMING_DATAGRAM, fb_isa_detect(), payloads, 5);
		same = rows.len == decoded.rows.len &&
		       memcmp(rows.p ? rows.p : "", decoded.rows.p, rows.len) == 0;
		cr_assert(same, "%u fields: %.*s\nnot %.*s", FIELDS, (int)decoded.rows.len,
			decoded.rows.p, (int)rows.len, rows.p ? rows.p : "");
		for (uint32_t r = 0; r < FB_REC_CNT; r++)
			cr_assert_eq(decoded.counters.rejected[r], rejected[r], "%s",
				fb_record_dispositions[r].label);
		decoded_free(&decoded);
		for (int p = 0; p < 5; p++)
			payload_free(&payloads[p]);
		fb_buf_fini(&rows);
	}
}

/* ---- sequence ---- */

struct step {
	uint8_t sequence; /* of one byte, so that it wraps */
	uint64_t gaps, lost, late;
};

static void check_steps(const struct step *steps, size_t cnt, bool records)
{
	struct fb_layout_field field = {
		.name = (char *)(uintptr_t) "f0", .type = FB_LAYOUT_INT8, .bytes = 1};
	struct fb_layout layout = {.record_bytes = 1,
		.fields = &field,
		.field_cnt = 1,
		.header_bytes = 1,
		.has_sequence = true,
		.sequence_counts_records = records,
		.sequence = {.type = FB_LAYOUT_UINT8, .bytes = 1}};
	struct stepper stepper;
	struct table table;

	table_init(&table, "csv", "TINYINT", NULL);
	table.layout = &layout;
	stepper_init(&stepper, &table, FB_FRAMING_DATAGRAM, FB_ISA_SCALAR);
	for (size_t i = 0; i < cnt; i++) {
		const struct fb_decode_counters *counters = fb_decoder_counters(stepper.decoder);
		uint8_t bytes[3 + FB_PAYLOAD_PAD_BYTES] = {steps[i].sequence, 1, 2};
		uint32_t pos = 0;

		cr_assert(fb_decoder_add(stepper.decoder, bytes, 3, &pos));
		fb_decoder_finish(stepper.decoder, &stepper.batch);
		cr_expect_eq(counters->sequence_gaps, steps[i].gaps, "step %zu", i);
		cr_expect_eq(counters->sequence_lost, steps[i].lost, "step %zu", i);
		cr_expect_eq(counters->sequence_late, steps[i].late, "step %zu", i);
		cr_expect_eq(counters->decoded, 2 * (i + 1));
	}
	stepper_fini(&stepper);
}

Test(binary, gaps_in_the_sequence_are_counted)
{
	static const struct step datagrams[] = {{250, 0, 0, 0}, {251, 0, 0, 0}, {254, 1, 2, 0},
		{253, 1, 2, 1}, {255, 1, 2, 1}, {0, 1, 2, 1}, {0, 1, 2, 2}, {5, 2, 6, 2}};
	static const struct step records[] = {
		{250, 0, 0, 0}, {252, 0, 0, 0}, {254, 0, 0, 0}, {0, 0, 0, 0}, {6, 1, 4, 0}};

	check_steps(datagrams, FB_ARRAY_LEN(datagrams), false);
	check_steps(records, FB_ARRAY_LEN(records), true);
}
