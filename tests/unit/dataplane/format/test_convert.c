/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Field text to value: semantics 1.4 and 1.5. The values were taken from runs of Flink 2.2.0's CSV
 * format on JDK 17 with the same text; random ones are compared with the C library.
 */
#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "config/base/calendar.h"

struct value {
	const char *type;
	const char *text;
	const char *value; /* NULL: refused */
};

static void expect_value(const struct value *value, const struct fb_column *column, uint32_t row)
{
	if (strcmp(value->type, "DOUBLE") == 0 || strcmp(value->type, "FLOAT") == 0) {
		bool single = value->type[0] == 'F';
		double want =
			single ? (double)strtof(value->value, NULL) : strtod(value->value, NULL);
		double got = column->f64[row];

		cr_expect((isnan(want) && isnan(got)) || memcmp(&want, &got, sizeof(want)) == 0,
			"%s <%s> is %.17g, not %s", value->type, value->text, got, value->value);
	} else {
		cr_expect_eq(column->i64[row], strtoll(value->value, NULL, 10),
			"%s <%s> is %lld, not %s", value->type, value->text,
			(long long)column->i64[row], value->value);
	}
}

/* One line each, in a column of the type; with csv.ignore-parse-errors the refused ones are NULL.
 */
static void check_type(
	const char *type, const struct value *values, size_t cnt, bool ignore, enum fb_isa isa)
{
	enum fb_record_disposition disposition =
		strstr(type, "DATE") || strstr(type, "TIMESTAMP") ? FB_REC_DATETIME : FB_REC_NUMBER;
	struct fb_buf text = {0};
	struct table table;
	struct stepper stepper;
	struct payload payload;
	uint32_t pos = 0;
	uint32_t row = 0;
	uint32_t taken = 0;
	uint64_t refused = 0;

	for (size_t i = 0; i < cnt; i++)
		if (strcmp(values[i].type, type) == 0)
			fb_buf_printf(&text, "%s\n", values[i].text);
	payload = payload_make(text.p, (uint32_t)text.len, 3, '7');
	table_init(&table, "csv", type, ignore ? "csv.ignore-parse-errors=true" : NULL);
	stepper_init(&stepper, &table, FB_FRAMING_NEWLINE, isa);
	cr_assert(fb_decoder_add(stepper.decoder, payload.data, payload.len, &pos));
	fb_decoder_finish(stepper.decoder, &stepper.batch);
	for (size_t i = 0; i < cnt; i++) {
		const struct fb_batch *batch = &stepper.batch;

		if (strcmp(values[i].type, type) != 0)
			continue;

		bool selected = taken < batch->sel_cnt && batch->sel[taken] == row;
		bool valid = fb_column_is_valid(&batch->columns[0], row);

		taken += selected;
		refused += values[i].value == NULL;
		cr_expect_eq(selected, ignore || values[i].value, "%s <%s>", type, values[i].text);
		cr_expect_eq(valid || !ignore, values[i].value || !ignore, "%s <%s>", type,
			values[i].text);
		if (selected && valid && values[i].value)
			expect_value(&values[i], &batch->columns[0], row);
		row++;
	}
	cr_expect_eq(row, stepper.batch.row_cnt);
	cr_expect_eq(fb_decoder_counters(stepper.decoder)->rejected[disposition],
		ignore ? 0 : refused, "%s", type);
	cr_expect_eq(fb_decoder_counters(stepper.decoder)->null_fields, ignore ? refused : 0, "%s",
		type);
	stepper_fini(&stepper);
	payload_free(&payload);
	fb_buf_fini(&text);
}

static void check_values(const struct value *values, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		/* Each type once. */
		bool seen = false;

		for (size_t j = 0; j < i; j++)
			seen |= strcmp(values[i].type, values[j].type) == 0;
		for (uint32_t isa = 0; isa < isa_cnt() && !seen; isa++) {
			check_type(values[i].type, values, cnt, false, isa);
			check_type(values[i].type, values, cnt, true, isa);
		}
	}
}

/* clang-format off */
Test(convert, integers)
{
	static const struct value values[] = {
		{"TINYINT", "127", "127"},
		{"TINYINT", "-128", "-128"},
		{"TINYINT", "128", NULL},
		{"TINYINT", "-129", NULL},
		{"SMALLINT", "32767", "32767"},
		{"SMALLINT", "-32768", "-32768"},
		{"SMALLINT", "32768", NULL},
		{"SMALLINT", "-32769", NULL},
		{"INT", "2147483647", "2147483647"},
		{"INT", "", NULL},
		{"INT", "0", "0"},
		{"INT", "12345678", "12345678"},
		{"INT", "123456789", "123456789"},
		/* Digits of any script, mixed; not those that are two chars in UTF-16, and not letters. */
		{"INT", "\xd9\xa3", "3"},
		{"INT", "-\xe0\xa5\xa7" "2\xef\xbc\x93", "-123"},
		{"BIGINT", " +\xd9\xa9\xd9\xa9 ", "99"},
		{"TINYINT", "\xe1\xa5\x8f", "9"},
		{"TINYINT", "\xe1\xa5\x90", NULL},
		{"INT", "\xf0\x9d\x9f\x8f", NULL},
		{"INT", "1\xc3\xa4", NULL},
		{"INT", "\xd9", NULL},
		{"DOUBLE", "\xd9\xa3", NULL},
		{"INT", "1234567x", NULL},
		{"INT", "/", NULL},
		{"INT", ":", NULL},
		{"INT", "1234:678", NULL},
		{"BIGINT", "9223372036854775807", "9223372036854775807"},
		{"BIGINT", "18446744073709551616", NULL},
		{"BIGINT", "18446744073709551617", NULL},
		{"INT", "2147483648", NULL},
		{"INT", "-2147483648", "-2147483648"},
		{"INT", "-2147483649", NULL},
		{"INT", "+5", "5"},
		{"INT", "+-5", NULL},
		{"INT", "-", NULL},
		{"INT", "00000000000000000000005", "5"},
		{"INT", "1.0", NULL},
		{"INT", "1e3", NULL},
		{"INT", " \t5\001", "5"},
		{"INT", "\302\2405", NULL},
		{"INT", "5L", NULL},
		{"INT", "0x10", NULL},
		{"INT", "1_000", NULL},
		{"INT", "-0", "0"},
		{"BIGINT", "9223372036854775808", NULL},
		{"BIGINT", "-9223372036854775808", "-9223372036854775808"},
		{"BIGINT", "-9223372036854775809", NULL},
		{"BIGINT", "99999999999999999999", NULL},
	};

	check_values(values, FB_ARRAY_LEN(values));
}

Test(convert, floating_point)
{
	static const struct value values[] = {
		{"DOUBLE", "1.5d", "1.5"},
		{"DOUBLE", "1.5D", "1.5"},
		{"DOUBLE", " 1 ", "1.0"},
		{"DOUBLE", "", NULL},
		{"DOUBLE", "Infinity", "Infinity"},
		{"DOUBLE", "-Infinity", "-Infinity"},
		{"DOUBLE", "+Infinity", "Infinity"},
		{"DOUBLE", "NaN", "NaN"},
		{"DOUBLE", "-NaN", "NaN"},
		{"DOUBLE", "+NaN", "NaN"},
		{"DOUBLE", "infinity", NULL},
		{"DOUBLE", "-0", "-0.0"},
		{"DOUBLE", "0x1.8p3", "12.0"},
		{"DOUBLE", "-0x1p-1", "-0.5"},
		{"DOUBLE", "0X.8P1f", "1.0"},
		{"DOUBLE", "0x1.00000000000008p0", "1.0"},
		{"DOUBLE", "0x1.00000000000008000000000000000000001p0", "1.0000000000000002"},
		{"DOUBLE", "1e22", "1e22"},
		{"DOUBLE", "1e23", "1e23"},
		{"DOUBLE", "4.9e-324", "4.9e-324"},
		{"DOUBLE", "2.4703282292062327e-324", "0.0"},
		{"DOUBLE", "2.4703282292062328e-324", "4.9e-324"},
		{"DOUBLE", "1.7976931348623158e308", "1.7976931348623157e308"},
		{"DOUBLE", "1.7976931348623159e308", "Infinity"},
		{"FLOAT", "1.5f", "1.5"},
		{"FLOAT", "0.1", "0.1"},
		{"FLOAT", "1e3F", "1000.0"},
		{"FLOAT", "-Infinity", "-Infinity"},
		{"FLOAT", "0x1p-1", "0.5"},
		{"DOUBLE", "0x18", NULL},
		{"DOUBLE", "0xp1", NULL},
		{"DOUBLE", "0x.p1", NULL},
		{"DOUBLE", "0x1.p+1d", "2.0"},
		{"DOUBLE", ".", NULL},
		{"DOUBLE", "1.", "1.0"},
		{"DOUBLE", ".5", "0.5"},
		{"DOUBLE", "1e", NULL},
		{"DOUBLE", "1e+", NULL},
		{"DOUBLE", "1ee5", NULL},
		{"DOUBLE", "1.5dd", NULL},
		{"DOUBLE", "1.5fd", NULL},
		{"DOUBLE", "1.5L", NULL},
		{"DOUBLE", "1e400", "Infinity"},
		{"DOUBLE", "-1e-400", "-0.0"},
		{"DOUBLE", "1e99999999999", "Infinity"},
		{"DOUBLE", "0e99999999999", "0.0"},
		{"DOUBLE", "1e-99999999999", "0.0"},
		{"DOUBLE", "1 2", NULL},
		{"DOUBLE", "1..5", NULL},
		{"DOUBLE", "nan", NULL},
		{"DOUBLE", "Infinityd", NULL},
		{"DOUBLE", "-", NULL},
		{"DOUBLE", "--1", NULL},
		{"DOUBLE", "d", NULL},
		{"DOUBLE", "9007199254740993", "9.007199254740992E15"},
		{"DOUBLE", "0.1000000000000000055511151231257827021181583404541015625000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001", "0.1"},
		{"DOUBLE", "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001", "1.0"},
		{"DOUBLE", "1.0000000000000001110223024625156540423631668090820312500000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001", "1.0000000000000002"},
		{"DOUBLE", "1.00000000000000011102230246251565404236316680908203125000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000", "1.0"},
		{"DOUBLE", "1e\001", NULL},
		{"DOUBLE", "1e1e1", NULL},
		{"FLOAT", "16777217", "1.6777216E7"},
		{"FLOAT", "1.00000017881393432617187499", "1.0000001"},
		{"FLOAT", "1.00000017881393432617187500", "1.0000002"},
		{"FLOAT", "1.00000017881393432617187501", "1.0000002"},
		{"FLOAT", "3.4028236e38", "Infinity"},
	};

	check_values(values, FB_ARRAY_LEN(values));
}

/* Never fails: all but true, in any case, is false. */
Test(convert, booleans)
{
	static const struct value values[] = {
		{"BOOLEAN", "true", "1"}, {"BOOLEAN", "TRUE", "1"}, {"BOOLEAN", " True ", "1"}, {"BOOLEAN", "t", "0"},
		{"BOOLEAN", "", "0"}, {"BOOLEAN", "1", "0"}, {"BOOLEAN", "truE", "1"}, {"BOOLEAN", "false", "0"},
		{"BOOLEAN", "yes", "0"}, {"BOOLEAN", "truee", "0"}, {"BOOLEAN", "4rue", "0"}, {"BOOLEAN", "T\022UE", "0"},
	};

	check_values(values, FB_ARRAY_LEN(values));
}

/* java.sql.Date.valueOf: nothing is trimmed, days roll over, and before 15 October 1582 the calendar is Julian. */
Test(convert, dates)
{
	static const struct value values[] = {
		{"DATE", "1970-01-01", "0"},
		{"DATE", "2024-02-29", "19782"},
		{"DATE", "", NULL},
		{"DATE", "2023-01-", NULL},
		{"DATE", "2023-1-", NULL},
		{"DATE", "2023/01/01", NULL},
		{"DATE", "202a-01-01", NULL},
		{"DATE", "-2023-1-1", NULL},
		{"DATE", "++20-01-01", NULL},
		{"DATE", "2023-++-01", NULL},
		{"DATE", "2023-02-31", "19419"},
		{"DATE", "2023-2-3", "19391"},
		{"DATE", "1582-10-10", "-141422"},
		{"DATE", "1582-10-04", "-141438"},
		{"DATE", "1582-10-05", "-141427"},
		{"DATE", "1582-10-14", "-141418"},
		{"DATE", "1582-10-15", "-141427"},
		{"DATE", " 2023-01-01", NULL},
		{"DATE", "2023-01-01 ", NULL},
		{"DATE", "2023-13-01", NULL},
		{"DATE", "2023-00-01", NULL},
		{"DATE", "2023-01-00", NULL},
		{"DATE", "2023-01-32", NULL},
		{"DATE", "23-01-01", NULL},
		{"DATE", "12023-01-01", NULL},
		{"DATE", "2023-001-01", NULL},
		{"DATE", "2023-01-001", NULL},
		{"DATE", "+202-1-1", "-645749"},
		{"DATE", "2023-+1-+5", "19362"},
		{"DATE", "2023--1-5", NULL},
		{"DATE", "2023-1--5", NULL},
		{"DATE", "2023-+-1", NULL},
		{"DATE", "1500-02-29", NULL},
		{"DATE", "1500-02-30", "-171605"},
		{"DATE", "1500-02-31", "-171604"},
		{"DATE", "1500-02-28", "-171606"},
		{"DATE", "1500-03-01", "-171605"},
		{"DATE", "1501-02-29", "-171240"},
		{"DATE", "1501-02-30", "-171239"},
		{"DATE", "1504-02-30", "-170144"},
		{"DATE", "1100-04-31", "-317641"},
		{"DATE", "1582-09-31", "-141441"},
		{"DATE", "0000-01-01", "-719162"},
		{"DATE", "0000-02-29", NULL},
		{"DATE", "0000-02-30", "-719103"},
		{"DATE", "0001-01-01", "-719162"},
		{"DATE", "0004-02-29", "-718008"},
		{"DATE", "0100-02-29", NULL},
		{"DATE", "0099-02-29", "-683309"},
		{"DATE", "0000-12-31", "-718798"},
		{"DATE", "9999-12-31", "2932896"},
		{"DATE", "2023-04-31", "19478"},
		{"DATE", "2024-02-30", "19783"},
		{"DATE", "2023-01-01 00:00:00", NULL},
		{"DATE", "1582-10-31", "-141411"},
		{"DATE", "0000-02-31", "-719102"},
		{"DATE", "0001-02-29", "-719103"},
		{"DATE", "1300-02-30", "-244653"},
		{"DATE", "0000-+2-28", "-719104"},
	};

	check_values(values, FB_ARRAY_LEN(values));
}

/* Blanks are trimmed, days to 31 are clamped, 24:00:00 alone rolls, digits beyond the precision are cut off. */
Test(convert, timestamps)
{
	static const struct value values[] = {
		{"TIMESTAMP(3)", "2023-02-29 10:00:00", "1677578400000"},
		{"TIMESTAMP(3)", "2023-02-30 10:00:00.5", "1677578400500"},
		{"TIMESTAMP(3)", "2023-02-32 10:00:00", NULL},
		{"TIMESTAMP(3)", "2023-04-31 10:00:00", "1682848800000"},
		{"TIMESTAMP(3)", "2023-01-01 24:00:00", "1672617600000"},
		{"TIMESTAMP(3)", "2023-01-01 24:00:00.000", "1672617600000"},
		{"TIMESTAMP(3)", "2023-01-01 24:00:00.000000001", NULL},
		{"TIMESTAMP(3)", "2023-01-01 24:00:01", NULL},
		{"TIMESTAMP(3)", "2023-01-01 25:00:00", NULL},
		{"TIMESTAMP(3)", "2023-01-01 00:60:00", NULL},
		{"TIMESTAMP(3)", "2023-01-01 00:00:60", NULL},
		{"TIMESTAMP(3)", "2023-01-01 00:00:00.", "1672531200000"},
		{"TIMESTAMP(3)", "2023-01-01 00:00:00.123456789", "1672531200123"},
		{"TIMESTAMP(3)", "2023-01-01 00:00:00.1234567891", NULL},
		{"TIMESTAMP(3)", "2023-01-01 00:00", NULL},
		{"TIMESTAMP(3)", "2023-01-01", NULL},
		{"TIMESTAMP(3)", "2023-01-01T00:00:00", NULL},
		{"TIMESTAMP(3)", "2023-1-01 00:00:00", NULL},
		{"TIMESTAMP(3)", " \t2023-01-01 00:00:00 ", "1672531200000"},
		{"TIMESTAMP(3)", "2023-01-01 00:00:00Z", NULL},
		{"TIMESTAMP(3)", "2023-01-01  00:00:00", NULL},
		{"TIMESTAMP(3)", "1969-12-31 23:59:59.9996", "-1"},
		{"TIMESTAMP(3)", "0000-01-01 00:00:00", "-62167219200000"},
		{"TIMESTAMP(3)", "-0001-01-01 00:00:00", "-62198755200000"},
		{"TIMESTAMP(3)", "+12023-01-01 00:00:00", "317242051200000"},
		{"TIMESTAMP(3)", "+2023-01-01 00:00:00", NULL},
		{"TIMESTAMP(3)", "12023-01-01 00:00:00", NULL},
		{"TIMESTAMP(3)", "-0000-01-01 00:00:00", NULL},
		{"TIMESTAMP(3)", "-12345-01-01 00:00:00", "-451737734400000"},
		/* Flink runs over here. */
		{"TIMESTAMP(3)", "+292278994-01-01 00:00:00", "9223372017129600000"},
		{"TIMESTAMP(3)", "9999-12-31 24:00:00", "253402300800000"},
		{"TIMESTAMP(3)", "-2023-01-01 00:00:00", "-126006883200000"},
		{"TIMESTAMP(3)", "+0001-01-01 00:00:00", NULL},
		{"TIMESTAMP(3)", "-01-01-01 00:00:00", NULL},
		{"TIMESTAMP(3)", "+999999999-12-31 24:00:00", NULL},
		{"TIMESTAMP(3)", "+9999999999-12-31 23:00:00", NULL},
		{"TIMESTAMP(3)", "+02023-12-31 23:00:00", "1704063600000"},
		{"TIMESTAMP(3)", "-02023-12-31 23:00:00", "-125975350800000"},
		{"TIMESTAMP(6)", "2023-01-01 00:00:00.123456789", "1672531200123456"},
		{"TIMESTAMP_LTZ(3)", "2023-01-01 00:00:00Z", "1672531200000"},
		{"TIMESTAMP_LTZ(3)", "2023-01-01 00:00:00.5Z", "1672531200500"},
		{"TIMESTAMP_LTZ(3)", "2023-01-01 00:00:00", NULL},
		{"TIMESTAMP_LTZ(3)", "2023-01-01 00:00:00z", NULL},
		{"TIMESTAMP_LTZ(3)", "2023-01-01 24:00:00Z", "1672617600000"},
		{"TIMESTAMP_LTZ(3)", "2023-01-01 00:00:00 Z", NULL},
		{"TIMESTAMP_LTZ(3)", "2023-01-01 00:00:00.Z", "1672531200000"},
		{"TIMESTAMP_LTZ(3)", "2023-01-01 00:00:00Z", "1672531200000"},
		{"TIMESTAMP_LTZ(3)", "2023-01-01 00:00:00.5Z", "1672531200500"},
		{"TIMESTAMP_LTZ(3)", "2023-01-01 00:00:00", NULL},
		{"TIMESTAMP_LTZ(3)", "2023-01-01 00:00:00z", NULL},
		{"TIMESTAMP_LTZ(3)", "2023-01-01 24:00:00Z", "1672617600000"},
		{"TIMESTAMP_LTZ(3)", "2023-01-01 00:00:00 Z", NULL},
		{"TIMESTAMP_LTZ(3)", "2023-01-01 00:00:00.Z", "1672531200000"},
		{"TIMESTAMP(0)", "1969-12-31 23:59:59.9996", "-1000"},
		{"TIMESTAMP(1)", "1969-12-31 23:59:59.99", "-100"},
		{"TIMESTAMP(4)", "1969-12-31 23:59:59.99999", "-100"},
		{"TIMESTAMP(3)", "2024-05-06 07:08:09.123", "1714979289123"},
		{"TIMESTAMP(3)", "2024-05-06 07:08:59.999", "1714979339999"},
		{"TIMESTAMP(3)", "2024-05-06 07:08:60.000", NULL},
		{"TIMESTAMP(3)", "2024-05-06 07:08:0a.000", NULL},
		{"TIMESTAMP(3)", "2024-05-06 07:08:00;000", NULL},
		{"TIMESTAMP(3)", "2024-05-06 07:0::00.000", NULL},
		{"TIMESTAMP(3)", "2024-05-06 24:00:00.000", "1715040000000"},
		{"TIMESTAMP(3)", "2024-05-06 24:00:00.001", NULL},
		{"TIMESTAMP(3)", "2024-05-06 24:00:01.000", NULL},
		{"TIMESTAMP(3)", "2024-05-06 23:59:00.000", "1715039940000"},
		{"TIMESTAMP(3)", "2024-05-06 23:59:59.999", "1715039999999"},
		{"TIMESTAMP(3)", "2024-05-32 23:59:59.999", NULL},
		{"TIMESTAMP(3)", "2024-13-01 23:59:59.999", NULL},
		{"TIMESTAMP(3)", "2024-00-01 23:59:59.999", NULL},
		{"TIMESTAMP(3)", "2024-01-00 23:59:59.999", NULL},
		{"TIMESTAMP(6)", "2024-05-06 07:08:09.123456", "1714979289123456"},
		{"TIMESTAMP(6)", "1969-12-31 23:59:59.999999", "-1"},
		/* Further than the column's microseconds reach: Flink's years do, its milliseconds run over. */
		{"TIMESTAMP(6)", "+999999999-01-01 00:00:00", NULL},
		{"TIMESTAMP(6)", "-999999999-01-01 00:00:00", NULL},
		{"TIMESTAMP(3)", "+999999999-01-01 00:00:00", NULL},
		{"TIMESTAMP(3)", "-999999999-01-01 00:00:00", NULL},
	};

	check_values(values, FB_ARRAY_LEN(values));
}
/* clang-format on */

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Runs of equal minutes take another way than the first of them: both must give what the C library
 * gives. */
Test(convert, random_timestamps_are_those_of_the_c_library)
{
	uint64_t state = 0x7465737473;
	struct table table;
	struct stepper stepper;

	table_init(&table, "csv", "TIMESTAMP(3)", NULL);
	stepper_init(&stepper, &table, FB_FRAMING_NEWLINE, fb_isa_detect());
	for (int round = 0; round < 100; round++) {
		int64_t want[400];
		struct fb_buf text = {0};
		struct payload payload;
		uint32_t pos = 0;

		for (int i = 0; i < 400; i++) {
			/* Years 1600 to 2500. */
			int64_t base =
				-11676096000000 + (int64_t)(next_random(&state) % 28401408000000);

			want[i] = i > 0 && next_random(&state) % 8 != 0
					  ? fb_floor_div(want[i - 1], 60000) * 60000 +
						    (int64_t)(next_random(&state) % 60000)
					  : base;

			time_t seconds = (time_t)fb_floor_div(want[i], 1000);
			struct tm tm;
			char date[64];

			gmtime_r(&seconds, &tm);
			strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &tm);
			fb_buf_printf(&text, "%s.%03d\n", date, (int)fb_floor_mod(want[i], 1000));
		}
		payload = payload_make(text.p, (uint32_t)text.len, 0, '\n');
		cr_assert(fb_decoder_add(stepper.decoder, payload.data, payload.len, &pos));
		fb_decoder_finish(stepper.decoder, &stepper.batch);
		cr_assert_eq(stepper.batch.sel_cnt, 400);
		for (int i = 0; i < 400; i++)
			cr_assert_eq(stepper.batch.columns[0].i64[i], want[i]);
		payload_free(&payload);
		fb_buf_fini(&text);
	}
	stepper_fini(&stepper);
}

Test(convert, random_numbers_are_those_of_the_c_library)
{
	uint64_t state = 0x6e756d62657273;

	for (int i = 0; i < 100000; i++) {
		uint64_t bits = next_random(&state);
		char text[64 + FB_PAYLOAD_PAD_BYTES] = {0};
		double want;
		double got = 0;
		float single;
		int len;

		memcpy(&want, &bits, sizeof(want));
		if (i % 2)
			want = (double)(int64_t)(bits >> (bits & 63)) / 1000;
		if (!isfinite(want))
			continue;
		len = snprintf(text, 64, i % 3 ? "%.17g" : "%.6f", want);
		if (len >= 64)
			continue;
		want = strtod(text, NULL);
		cr_assert_eq(fb_convert_double((struct fb_str){text, (uint32_t)len}, false, &got),
			FB_CONVERTED, "%s", text);
		cr_assert_eq(memcmp(&want, &got, sizeof(want)), 0, "%s is %.17g", text, got);
		single = strtof(text, NULL);
		cr_assert_eq(fb_convert_double((struct fb_str){text, (uint32_t)len}, true, &got),
			FB_CONVERTED, "%s", text);
		cr_assert_eq((double)single, got, "%s is %.17g", text, got);

		int64_t number;

		len = snprintf(text, 64, "%lld", (long long)(int64_t)bits >> (bits & 63));
		cr_assert_eq(fb_convert_integer(
				     (struct fb_str){text, (uint32_t)len}, FB_T_BIGINT, &number),
			FB_CONVERTED);
		cr_assert_eq(number, (int64_t)bits >> (bits & 63), "%s", text);
	}
}

Test(convert, a_number_may_be_long)
{
	/* 1 + 2^-53 is halfway to the next double; what is 900 digits behind it decides. */
	static const char half[] = "1.00000000000000011102230246251565404236316680908203125";
	char text[2000 + FB_PAYLOAD_PAD_BYTES] = {0};
	double value = 0;
	uint32_t len = (uint32_t)snprintf(text, sizeof(text), "%s%0900d", half, 0);

	cr_assert_eq(fb_convert_double((struct fb_str){text, len}, false, &value), FB_CONVERTED);
	cr_assert_eq(value, 1.0);
	text[len - 1] = '1';
	cr_assert_eq(fb_convert_double((struct fb_str){text, len}, false, &value), FB_CONVERTED);
	cr_assert_eq(value, 1.0000000000000002);
	memset(text, '9', 1500);
	cr_assert_eq(fb_convert_double((struct fb_str){text, 1500}, false, &value), FB_CONVERTED);
	cr_assert(isinf(value));
	memcpy(text + 1500, "e-1500", 7);
	cr_assert_eq(fb_convert_double((struct fb_str){text, 1506}, false, &value), FB_CONVERTED);
	cr_assert_eq(value, 1.0);
}
