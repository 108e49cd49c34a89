/* SPDX-License-Identifier: Apache-2.0 */
/* DECIMAL against Python's decimal module (decimal_cases.py), and cases that Flink 2.2.0 itself gave. */
#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/base/decimal.h"
#include "config/base/shortest.h"

static fb_i128 read_i128(const char *text)
{
	bool negative = *text == '-';
	fb_i128 value = 0;

	for (text += negative; *text; text++)
		value = value * 10 + (*text - '0');
	return negative ? -value : value;
}

static const char *show(enum fb_decimal_result result, fb_i128 value, char text[64])
{
	uint32_t len;

	if (result != FB_DECIMAL_DONE)
		return result == FB_DECIMAL_OVERFLOW ? "NULL" : "INVALID";
	len = fb_decimal_format(value, 0, text);
	text[len] = '\0';
	return text;
}

struct numbers {
	char operation[8], a[64], b[64], expected[64];
	struct fb_decimal_type x, y, to;
};

static enum fb_decimal_result compute(const struct numbers *n, fb_i128 *ret)
{
	fb_i128 a = read_i128(n->a), b = read_i128(n->b);
	uint32_t s = n->x.scale, t = n->y.scale;

	switch (n->operation[0]) {
	case 'a':
		return fb_decimal_add(a, s, b, t, n->to, ret) ? FB_DECIMAL_DONE : FB_DECIMAL_OVERFLOW;
	case 's':
		return fb_decimal_add(a, s, -b, t, n->to, ret) ? FB_DECIMAL_DONE
							       : FB_DECIMAL_OVERFLOW;
	case 'd':
		return fb_decimal_div(a, s, b, t, n->to, ret);
	case 'r':
		return fb_decimal_rescale(a, s, n->to, ret) ? FB_DECIMAL_DONE : FB_DECIMAL_OVERFLOW;
	default:
		if (n->operation[1] == 'o')
			return fb_decimal_mod(a, s, b, t, n->to, ret);
		return fb_decimal_mul(a, s, b, t, n->to, ret) ? FB_DECIMAL_DONE : FB_DECIMAL_OVERFLOW;
	}
}

static struct fb_decimal_type type_of_result(const struct numbers *n)
{
	switch (n->operation[0]) {
	case 'a':
	case 's':
		return fb_decimal_type_add(n->x, n->y);
	case 'd':
		return fb_decimal_type_div(n->x, n->y);
	case 'r':
		return n->y;
	default:
		return n->operation[1] == 'o' ? fb_decimal_type_mod(n->x, n->y)
					      : fb_decimal_type_mul(n->x, n->y);
	}
}

Test(decimal, types_and_values_are_those_of_exact_arithmetic)
{
	static const char *const cases[] = {
#include "decimal_cases.inc"
	};
	uint32_t nulls = 0, invalid = 0;

	for (size_t i = 0; i < FB_ARRAY_LEN(cases); i++) {
		unsigned p, s, q, t, u, v;
		struct numbers n;
		char text[64];
		fb_i128 value = 4711;

		cr_assert_eq(sscanf(cases[i], "%7s %u %u %63s %u %u %63s %u %u %63s", n.operation, &p, &s,
				     n.a, &q, &t, n.b, &u, &v, n.expected),
			10);
		n.x = (struct fb_decimal_type){(uint8_t)p, (uint8_t)s};
		n.y = (struct fb_decimal_type){(uint8_t)q, (uint8_t)t};
		n.to = type_of_result(&n);
		cr_assert(n.to.precision == u && n.to.scale == v, "%s: DECIMAL(%u, %u)", cases[i],
			n.to.precision, n.to.scale);

		enum fb_decimal_result result = compute(&n, &value);

		cr_assert_str_eq(show(result, value, text), n.expected, "%s: %s", cases[i], text);
		cr_assert(result == FB_DECIMAL_DONE || value == 4711, "untouched on failure");
		nulls += result == FB_DECIMAL_OVERFLOW;
		invalid += result == FB_DECIMAL_INVALID;
	}
	cr_assert(FB_ARRAY_LEN(cases) == 5000 && nulls > 100 && invalid > 100,
		"%u NULL, %u invalid: the cases reach the edges", nulls, invalid);
}

Test(decimal, order_needs_no_common_scale)
{
	fb_i128 most = fb_decimal_power(38) - 1;

	cr_assert_eq(fb_decimal_compare(15, 1, 150, 2), 0);
	cr_assert_lt(fb_decimal_compare(149, 2, 15, 1), 0);
	cr_assert_gt(fb_decimal_compare(-149, 2, -15, 1), 0);
	cr_assert_lt(fb_decimal_compare(-1, 0, 1, 38), 0);
	cr_assert_gt(fb_decimal_compare(most, 0, most, 38), 0, "10^38 apart: 256 bits");
	cr_assert_lt(fb_decimal_compare(-most, 0, -most, 38), 0);
}

Test(decimal, floor_ceil_and_round)
{
	static const struct {
		int value;
		uint8_t scale;
		int32_t digits;
		const char *expected; /* unscaled */
	} cases[] = {{12345, 2, 1, "1235"}, {-12345, 2, 1, "-1235"}, {12345, 2, 0, "123"},
		{12345, 2, -1, "120"}, {12345, 2, -2, "100"}, {55555, 2, -3, "1000"}, {55, 2, -3, "0"},
		{12345, 2, 5, "12345"}, {999, 2, 1, "100"}, {12345, 2, -400, "0"}};

	cr_assert(fb_decimal_floor(-105, 2) == -2 && fb_decimal_floor(105, 2) == 1);
	cr_assert(fb_decimal_ceil(-105, 2) == -1 && fb_decimal_ceil(105, 2) == 2);
	cr_assert(fb_decimal_floor(-200, 2) == -2 && fb_decimal_ceil(200, 2) == 2);
	for (size_t i = 0; i < FB_ARRAY_LEN(cases); i++) {
		struct fb_decimal_type type = {5, cases[i].scale};
		char text[64];
		fb_i128 value;

		cr_assert(fb_decimal_round(cases[i].value, cases[i].scale, cases[i].digits,
			fb_decimal_type_round(type, cases[i].digits), &value));
		cr_assert_str_eq(show(FB_DECIMAL_DONE, value, text), cases[i].expected,
			"ROUND(%d, %d): %s", cases[i].value, cases[i].digits, text);
	}
}

Test(decimal, text_is_read_as_BigDecimal_reads_it)
{
	static const struct {
		const char *text;
		struct fb_decimal_type to;
		const char *expected; /* unscaled */
	} cases[] = {{"1.5", {10, 2}, "150"}, {"-1.005", {10, 2}, "-101"}, {"+.5", {3, 1}, "5"},
		{"5.", {3, 1}, "50"}, {"1e3", {10, 0}, "1000"}, {"1.5E-3", {10, 3}, "2"},
		{"0.00000000000000000000000000000000000000000000000000001", {10, 2}, "0"},
		{"00000000000000000000000000000000000000000000000000001", {10, 2}, "100"},
		{"99999999999999999999999999999999999999", {38, 0},
			"99999999999999999999999999999999999999"},
		{"99999999999999999999999999999999999999.4", {38, 0},
			"99999999999999999999999999999999999999"},
		{"99999999999999999999999999999999999999.5", {38, 0}, "NULL"},
		{"9999999999999999999999999999999999999.95", {38, 1},
			"NULL"},
		{"1e38", {38, 0}, "NULL"}, {"1e999999999", {38, 0}, "NULL"}, {"1e-999999999", {38, 38}, "0"},
		{"0e999999999", {38, 0}, "0"}, {"100000000000000000000000000000000000000000e-30", {38, 2}, "10000000000000"},
		{"9.95", {2, 1}, "NULL"}, {"", {2, 1}, "INVALID"}, {".", {2, 1}, "INVALID"},
		{"-", {2, 1}, "INVALID"}, {"1..5", {2, 1}, "INVALID"}, {"1e", {2, 1}, "INVALID"},
		{"1e+", {2, 1}, "INVALID"}, {"e1", {2, 1}, "INVALID"}, {" 1", {2, 1}, "INVALID"},
		{"1x", {2, 1}, "INVALID"}, {"--1", {2, 1}, "INVALID"}, {"NaN", {2, 1}, "INVALID"}};

	for (size_t i = 0; i < FB_ARRAY_LEN(cases); i++) {
		char text[64];
		fb_i128 value = 0;
		enum fb_decimal_result result =
			fb_decimal_from_text(fb_str_from(cases[i].text), cases[i].to, &value);

		cr_assert_str_eq(show(result, value, text), cases[i].expected, "'%s'", cases[i].text);
	}
}

Test(decimal, numbers_to_and_from_doubles_and_integers)
{
	fb_i128 wide = ((fb_i128)1 << 64) * 10 + 75; /* (2^64 * 10 + 75) / 10 = 2^64 + 7.5 */

	cr_assert_eq(fb_decimal_to_integer(-199, 2), -1);
	cr_assert_eq(fb_decimal_to_integer(wide, 1), 7, "wraps as Java's longValue");
	cr_assert_eq(fb_decimal_to_double(-12345, (struct fb_decimal_type){10, 2}), -123.45);
	cr_assert_eq(fb_decimal_to_double(read_i128("12345678901234567890123456789"),
			     (struct fb_decimal_type){38, 20}),
		123456789.01234567890123456789);
	cr_assert_eq(fb_decimal_to_double(1, (struct fb_decimal_type){38, 38}), 1e-38);
	cr_assert_eq(fb_decimal_digits(0), 1);
	cr_assert_eq(fb_decimal_digits(-(fb_decimal_power(38) - 1)), 38);
}

Test(decimal, text_plain_and_stripped)
{
	static const struct {
		const char *value;
		uint32_t scale;
		const char *plain, *stripped;
	} cases[] = {{"1000", 2, "10.00", "1E+1"}, {"850496000", 2, "8504960.00", "8.50496E+6"},
		{"0", 2, "0.00", "0"}, {"5", 2, "0.05", "0.05"}, {"-5", 0, "-5", "-5"},
		{"-1", 10, "-0.0000000001", "-1E-10"}, {"123", 9, "0.000000123", "1.23E-7"},
		{"1230", 9, "0.000001230", "0.00000123"},
		{"-99999999999999999999999999999999999999", 38,
			"-0.99999999999999999999999999999999999999",
			"-0.99999999999999999999999999999999999999"},
		{"-9999999999999999999999999999999999999", 38,
			"-0.09999999999999999999999999999999999999",
			"-0.09999999999999999999999999999999999999"},
		{"10000000000000000000000000000000000000", 0, "10000000000000000000000000000000000000",
			"1E+37"},
		{"1000000000000000000", 0, "1000000000000000000", "1E+18"},
		{"1000000000000000001", 0, "1000000000000000001", "1000000000000000001"}};

	for (size_t i = 0; i < FB_ARRAY_LEN(cases); i++) {
		char text[FB_DECIMAL_TEXT_BYTES + 1];
		fb_i128 value = read_i128(cases[i].value);

		text[fb_decimal_format(value, cases[i].scale, text)] = '\0';
		cr_assert_str_eq(text, cases[i].plain);
		text[fb_decimal_format_stripped(value, cases[i].scale, text)] = '\0';
		cr_assert_str_eq(text, cases[i].stripped);
	}
}

/* The same numbers by trying: the fewest digits with which the C library reads the number back. */
Test(shortest, digits_are_those_that_trying_finds)
{
	uint64_t random = 38;

	for (int i = 0; i < 20000; i++) {
		static const double units[] = {1, 10, 100, 1000, 1e6, 1e9};
		bool single = i % 2;
		char want[64], text[64];
		int digits = 2;
		double value;

		random = random * 6364136223846793005u + 1442695040888963407u;
		if (i % 3 == 0)
			value = (double)(random >> 36) / units[i / 3 % 6];
		else
			memcpy(&value, &random, sizeof(value));
		value = fabs(single ? (double)(float)value : value);
		if (!isfinite(value))
			continue;
		do
			snprintf(want, sizeof(want), "%.*e", digits - 1, value);
		while ((single ? strtof(want, NULL) != (float)value : strtod(want, NULL) != value) &&
			digits++ < 17);

		uint32_t len = fb_double_format(value, single, text);

		text[len] = '\0';
		cr_assert_eq(single ? (double)strtof(text, NULL) : strtod(text, NULL), value, "%s", text);
		/* Digits alone, without point, zeros around and exponent. */
		char pure[2][64];

		for (int side = 0; side < 2; side++) {
			const char *from = side ? text : want;
			uint32_t cnt = 0;

			for (; *from && *from != 'e' && *from != 'E'; from++)
				if (*from != '.' && (cnt > 0 || *from != '0'))
					pure[side][cnt++] = *from;
			while (cnt > 0 && pure[side][cnt - 1] == '0')
				cnt--;
			pure[side][cnt] = '\0';
		}
		cr_assert_str_eq(pure[1], pure[0], "%a", value);
	}
}

/* Java 19 and later; the last two are where a power of two leaves the number below nearer. */
Test(shortest, text_is_Javas)
{
	static const struct {
		double value;
		bool single;
		const char *text;
	} cases[] = {{0, false, "0.0"}, {-0.0, false, "-0.0"}, {1, false, "1.0"}, {0.1, false, "0.1"},
		{1e7, false, "1.0E7"}, {9999999, false, "9999999.0"}, {1e-3, false, "0.001"},
		{9.99e-4, false, "9.99E-4"}, {4.9e-324, false, "4.9E-324"}, {2e23, false, "2.0E23"},
		{1.7976931348623157e308, false, "1.7976931348623157E308"}, {-INFINITY, false, "-Infinity"},
		{NAN, true, "NaN"}, {1.4e-45, true, "1.4E-45"}, {9.8e-45, true, "9.8E-45"},
		{3.4028234663852886e38, true, "3.4028235E38"}, {0x1p-44, false, "5.684341886080802E-14"},
		{0x1p554, false, "5.896816288783659E166"}};

	for (size_t i = 0; i < FB_ARRAY_LEN(cases); i++) {
		char text[FB_DOUBLE_TEXT_BYTES + 1];
		double value = cases[i].single ? (double)(float)cases[i].value : cases[i].value;

		text[fb_double_format(value, cases[i].single, text)] = '\0';
		cr_assert_str_eq(text, cases[i].text, "%s, not %s", text, cases[i].text);
	}
}

/* ROUND of a double and CAST to DECIMAL go through the shortest text: Flink 2.2.0. */
Test(shortest, rounding_is_of_the_text)
{
	static const struct {
		double value;
		int32_t digits;
		double want;
	} cases[] = {{2.25, 1, 2.3}, {-2.75, 1, -2.8}, {1.005, 2, 1.01}, {0.1, 5, 0.1}, {999.95, 1, 1000},
		{4.9e-324, 1, 0}, {1.7976931348623157e308, 1, 1.7976931348623157e308}, {15, -1, 20},
		{14.9, -1, 10}, {0.5, 0, 1}, {-0.0, 0, 0}, {5, -1, 10}, {5, -2, 0}, {-0.05, 1, -0.1}};
	fb_i128 value;

	for (size_t i = 0; i < FB_ARRAY_LEN(cases); i++) {
		double got;

		cr_assert(fb_double_round(cases[i].value, false, cases[i].digits, &got));
		cr_assert(got == cases[i].want && (got != 0 || !signbit(got)), "%g to %d: %g", cases[i].value,
			cases[i].digits, got);
	}
	cr_assert(!fb_double_round(NAN, false, 1, &(double){0}));
	cr_assert_eq(fb_decimal_from_double(1.005, false, (struct fb_decimal_type){5, 2}, &value),
		FB_DECIMAL_DONE);
	cr_assert(value == 101);
	cr_assert_eq(fb_decimal_from_double(1e5, false, (struct fb_decimal_type){5, 2}, &value),
		FB_DECIMAL_OVERFLOW);
	cr_assert_eq(fb_decimal_from_double(INFINITY, false, (struct fb_decimal_type){5, 2}, &value),
		FB_DECIMAL_INVALID);
}
