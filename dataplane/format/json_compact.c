/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An object or array in a text column: what Jackson's tree model prints of it. No blanks; of
 * members with one name the first one's place and the last one's value; numbers with a fraction or
 * exponent as Double.toString, or, where the query reads a DECIMAL, as BigDecimal without trailing
 * zeros.
 *
 * The input is valid: json_record.c has checked it. Hot: no allocation, no system call.
 */
#include "dataplane/format/json.h"

#include <math.h>

/* Objects with more members keep all of them: looking for equal names costs the square. */
#define MEMBERS_COMPARED 64

static const char *skip_blanks(const char *p)
{
	while ((uint8_t)*p <= ' ')
		p++;
	return p;
}

static const char *text_end(const char *p)
{
	for (p++; *p != '"'; p++)
		p += *p == '\\';
	return p + 1;
}

static bool ends_scalar(char c)
{
	return (uint8_t)c <= ' ' || c == ',' || c == '}' || c == ']';
}

/* End of the value whose first byte is *p. */
static const char *value_end(const char *p)
{
	uint32_t depth = 0;

	if (*p == '"')
		return text_end(p);
	if (*p != '{' && *p != '[') {
		while (!ends_scalar(*p))
			p++;
		return p;
	}
	do {
		if (*p == '"') {
			p = text_end(p);
			continue;
		}
		depth += *p == '{' || *p == '[';
		depth -= *p == '}' || *p == ']';
		p++;
	} while (depth > 0);
	return p;
}

static void put(struct fb_json_units *units, const char *text, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		units->full |= !fb_decoder_scratch_put(units->decoder, text[i]);
}

/* A word with its minus, or without. */
static void put_signed(struct fb_json_units *units, const char *word, bool negative)
{
	put(units, negative ? word : word + 1, (uint32_t)strlen(word) - !negative);
}

/* ---- numbers ---- */

#define DIGITS_MAX FB_JSON_NUMBER_DIGITS_MAX

/* 0.DIGITS * 10^exponent; no zeros at the ends; cnt 0: zero. */
struct number {
	char digits[DIGITS_MAX + 1];
	uint32_t cnt;
	int64_t exponent;
	bool negative;
	bool is_integer; /* neither point nor exponent */
};

static void read_number(struct fb_str text, struct number *number)
{
	int64_t written = 0;
	bool negative = false;
	bool point = false;
	uint32_t i = text.p[0] == '-';

	number->cnt = 0;
	number->exponent = 0;
	number->negative = i;
	number->is_integer = true;
	for (; i < text.len && (text.p[i] | 0x20) != 'e'; i++) {
		if (text.p[i] == '.') {
			point = true;
			number->is_integer = false;
			continue;
		}
		number->exponent += !point && (number->cnt > 0 || text.p[i] != '0');
		number->exponent -= point && number->cnt == 0 && text.p[i] == '0';
		if (number->cnt > 0 || text.p[i] != '0')
			number->digits[number->cnt++] = text.p[i];
	}
	if (i < text.len) {
		number->is_integer = false;
		i++;
		negative = text.p[i] == '-';
		i += text.p[i] == '-' || text.p[i] == '+';
		for (; i < text.len; i++)
			written = FB_MIN(written * 10 + (text.p[i] - '0'), (int64_t)1000000000000);
	}
	number->exponent += negative ? -written : written;
	while (number->cnt > 0 && number->digits[number->cnt - 1] == '0')
		number->cnt--;
}

static void put_decimal_int(struct fb_json_units *units, int64_t value)
{
	char text[24];
	uint32_t at = sizeof(text);
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	do
		text[--at] = (char)('0' + rest % 10);
	while ((rest /= 10) != 0);
	if (value < 0)
		text[--at] = '-';
	put(units, text + at, (uint32_t)sizeof(text) - at);
}

/* Digits with a point behind the first `before` of them; before < 1: zeros come first. */
static void put_plain(struct fb_json_units *units, const struct number *number, int64_t before)
{
	if (before <= 0) {
		put(units, "0.", 2);
		for (int64_t i = before; i < 0; i++)
			put(units, "0", 1);
		put(units, number->digits, number->cnt);
		return;
	}
	for (uint32_t i = 0; i < number->cnt || i < before; i++) {
		if (i == before)
			put(units, ".", 1);
		put(units, i < number->cnt ? &number->digits[i] : "0", 1);
	}
}

/* BigDecimal.stripTrailingZeros().toString() */
static void put_big_decimal(struct fb_json_units *units, const struct number *number)
{
	int64_t scale = number->cnt - number->exponent;

	if (number->cnt == 0) {
		put(units, "0", 1);
		return;
	}
	if (number->negative)
		put(units, "-", 1);
	if (scale >= 0 && number->exponent - 1 >= -6) {
		put_plain(units, number, number->exponent);
		return;
	}
	put(units, number->digits, 1);
	if (number->cnt > 1) {
		put(units, ".", 1);
		put(units, number->digits + 1, number->cnt - 1);
	}
	put(units, "E", 1);
	if (number->exponent > 0)
		put(units, "+", 1);
	put_decimal_int(units, number->exponent - 1);
}

static double value_of(const struct number *number)
{
	char text[DIGITS_MAX + 32];
	uint32_t len = 0;
	int64_t exponent = number->exponent;
	uint64_t rest;
	double value = 0;

	text[len++] = '.';
	memcpy(text + len, number->digits, number->cnt);
	len += number->cnt;
	text[len++] = 'e';
	text[len++] = exponent < 0 ? '-' : '+';
	rest = exponent < 0 ? 0 - (uint64_t)exponent : (uint64_t)exponent;
	for (uint64_t unit = 1000000000000; unit > 0; unit /= 10)
		text[len++] = (char)('0' + rest / unit % 10);
	(void)fb_convert_double((struct fb_str){text, len}, false, &value);
	return value;
}

/* The number's own digits, HALF_UP to `cnt`. */
static void round_number(const struct number *number, uint32_t cnt, struct number *ret)
{
	memcpy(ret->digits, number->digits, cnt);
	ret->cnt = cnt;
	ret->exponent = number->exponent;
	ret->negative = number->negative;
	if (number->digits[cnt] >= '5') {
		while (ret->cnt > 0 && ret->digits[ret->cnt - 1] == '9')
			ret->cnt--;
		if (ret->cnt > 0) {
			ret->digits[ret->cnt - 1]++;
		} else {
			ret->digits[ret->cnt++] = '1';
			ret->exponent++;
		}
	}
	while (ret->cnt > 0 && ret->digits[ret->cnt - 1] == '0')
		ret->cnt--;
}

/*
 * Double.toString: the fewest digits that read back as the same double. They are found among the
 * roundings of the text's own digits: 15 of these always read back, 17 nearly always.
 */
static void put_double(struct fb_json_units *units, const struct number *number)
{
	struct number shorter;
	double value = value_of(number);

	if (value == 0) {
		put_signed(units, "-0.0", number->negative);
		return;
	}
	if (isinf(value)) { /* JSON has no word for it: a text */
		put(units, "\"", 1);
		put_signed(units, "-Infinity", number->negative);
		put(units, "\"", 1);
		return;
	}
	for (uint32_t cnt = 1; cnt <= 17 && cnt < number->cnt; cnt++) {
		round_number(number, cnt, &shorter);
		if (value_of(&shorter) == value) {
			number = &shorter;
			break;
		}
	}
	if (number->negative)
		put(units, "-", 1);
	if (value >= 1e-3 && value < 1e7) {
		put_plain(units, number, number->exponent);
		if (number->cnt <= number->exponent)
			put(units, ".0", 2);
		return;
	}
	put(units, number->digits, 1);
	put(units, ".", 1);
	put(units, number->cnt > 1 ? number->digits + 1 : "0", FB_MAX(number->cnt - 1, 1u));
	put(units, "E", 1);
	put_decimal_int(units, number->exponent - 1);
}

/* Not inlined: its memory shall not be in every frame of the recursion. */
__attribute__((noinline)) static void put_number(
	struct fb_json_units *units, struct fb_str text, bool decimals)
{
	struct number number;

	read_number(text, &number);
	if (number.is_integer && number.cnt == 0)
		put(units, "0", 1); /* -0, too */
	else if (number.is_integer)
		put(units, text.p, text.len);
	else if (decimals)
		put_big_decimal(units, &number);
	else
		put_double(units, &number);
}

/* ---- values ---- */

/* Equal as they are written: names that differ only by escapes are taken for two. */
static bool same_name(const char *a, const char *b)
{
	size_t len = (size_t)(text_end(a) - a);

	return memcmp(a, b, len) == 0;
}

/* Value of the last member called like the first one at `name`; NULL: an earlier member is, so this
 * one is not to be written. */
static const char *last_value(const char *object, const char *name)
{
	const char *p = object + 1;
	const char *value = NULL;

	for (;;) {
		const char *at = skip_blanks(p);

		p = skip_blanks(text_end(at)) + 1;
		if (same_name(at, name)) {
			if (at < name)
				return NULL;
			value = skip_blanks(p);
		}
		p = skip_blanks(value_end(skip_blanks(p)));
		if (*p++ != ',')
			return value;
	}
}

static uint32_t count_members(const char *object)
{
	const char *p = skip_blanks(object + 1);
	uint32_t cnt = 0;

	if (*p == '}')
		return 0;
	for (;; cnt++) {
		p = skip_blanks(text_end(skip_blanks(p))) + 1;
		p = skip_blanks(value_end(skip_blanks(p)));
		if (*p++ != ',')
			return cnt + 1;
	}
}

static const char *put_value(struct fb_json_units *units, const char *p, bool decimals);

static void put_text(struct fb_json_units *units, const char *p)
{
	put(units, "\"", 1);
	units->quoting = true;
	fb_json_put_text(units, (struct fb_str){p + 1, (uint32_t)(text_end(p) - p) - 2});
	units->quoting = false;
	put(units, "\"", 1);
}

static const char *put_object(struct fb_json_units *units, const char *object, bool decimals)
{
	uint32_t cnt = count_members(object);
	const char *p = skip_blanks(object + 1);
	bool first = true;

	put(units, "{", 1);
	for (uint32_t i = 0; i < cnt && !units->full; i++) {
		const char *name = skip_blanks(p);
		const char *own = skip_blanks(skip_blanks(text_end(name)) + 1);
		const char *value =
			cnt > 1 && cnt <= MEMBERS_COMPARED ? last_value(object, name) : own;

		if (value != NULL) {
			if (!first)
				put(units, ",", 1);
			first = false;
			put_text(units, name);
			put(units, ":", 1);
			put_value(units, value, decimals);
		}
		p = skip_blanks(value_end(own)) + (i + 1 < cnt);
	}
	put(units, "}", 1);
	return p + 1;
}

static const char *put_array(struct fb_json_units *units, const char *p, bool decimals)
{
	p = skip_blanks(p + 1);
	put(units, "[", 1);
	while (*p != ']' && !units->full) {
		p = skip_blanks(put_value(units, p, decimals));
		if (*p == ',') {
			put(units, ",", 1);
			p = skip_blanks(p + 1);
		}
	}
	put(units, "]", 1);
	return p + 1;
}

/* Returns the end of the value; nothing that counts where the scratch is full. */
static const char *put_value(struct fb_json_units *units, const char *p, bool decimals)
{
	const char *end;

	if (units->full)
		return p;
	if (*p == '{')
		return put_object(units, p, decimals);
	if (*p == '[')
		return put_array(units, p, decimals);
	end = value_end(p);
	if (*p == '"')
		put_text(units, p);
	else if (*p == '-' || (*p >= '0' && *p <= '9'))
		put_number(units, (struct fb_str){p, (uint32_t)(end - p)}, decimals);
	else
		put(units, p, (uint32_t)(end - p));
	return end;
}

uint32_t fb_json_compact(struct fb_json_decoder *decoder, struct fb_str *text)
{
	struct fb_json_units units = {.decoder = &decoder->base};
	uint32_t from = decoder->base.scratch_len;

	put_value(&units, text->p, decoder->decimals);
	if (units.full)
		return FB_REC_CNT;
	*text = (struct fb_str){decoder->base.scratch + from, decoder->base.scratch_len - from};
	return 0;
}
