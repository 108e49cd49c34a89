/* SPDX-License-Identifier: Apache-2.0 */
#include "config/base/shortest.h"

#include <math.h>
#include <stdlib.h>

/* ---- integers as long as they must be: 2^1074 * 10^17 and a little room ---- */

#define LIMBS 40

struct big {
	uint32_t cnt; /* limbs used; the highest is not 0 */
	uint32_t limb[LIMBS];
};

static void big_set(struct big *x, uint64_t value)
{
	x->limb[0] = (uint32_t)value;
	x->limb[1] = (uint32_t)(value >> 32);
	x->cnt = value >> 32 ? 2 : value != 0;
}

static void big_multiply(struct big *x, uint32_t by)
{
	uint64_t carry = 0;

	for (uint32_t i = 0; i < x->cnt; i++) {
		carry += (uint64_t)x->limb[i] * by;
		x->limb[i] = (uint32_t)carry;
		carry >>= 32;
	}
	if (carry != 0)
		x->limb[x->cnt++] = (uint32_t)carry;
}

static void big_power_of_ten(struct big *x, int exponent)
{
	for (; exponent >= 9; exponent -= 9)
		big_multiply(x, 1000000000);
	for (; exponent > 0; exponent--)
		big_multiply(x, 10);
}

static void big_shift(struct big *x, uint32_t bits)
{
	uint32_t limbs = bits / 32;

	big_multiply(x, 1u << bits % 32);
	if (limbs == 0 || x->cnt == 0)
		return;
	memmove(x->limb + limbs, x->limb, x->cnt * sizeof(*x->limb));
	memset(x->limb, 0, limbs * sizeof(*x->limb));
	x->cnt += limbs;
}

static int big_compare(const struct big *a, const struct big *b)
{
	if (a->cnt != b->cnt)
		return a->cnt < b->cnt ? -1 : 1;
	for (uint32_t i = a->cnt; i-- > 0;)
		if (a->limb[i] != b->limb[i])
			return a->limb[i] < b->limb[i] ? -1 : 1;
	return 0;
}

static void big_add(struct big *x, const struct big *y)
{
	uint64_t carry = 0;
	uint32_t cnt = FB_MAX(x->cnt, y->cnt);

	for (uint32_t i = 0; i < cnt; i++) {
		carry += (uint64_t)(i < x->cnt ? x->limb[i] : 0) + (i < y->cnt ? y->limb[i] : 0);
		x->limb[i] = (uint32_t)carry;
		carry >>= 32;
	}
	x->cnt = cnt;
	if (carry != 0)
		x->limb[x->cnt++] = (uint32_t)carry;
}

/* x >= y */
static void big_subtract(struct big *x, const struct big *y)
{
	int64_t borrow = 0;

	for (uint32_t i = 0; i < x->cnt; i++) {
		borrow += (int64_t)x->limb[i] - (i < y->cnt ? y->limb[i] : 0);
		x->limb[i] = (uint32_t)borrow;
		borrow >>= 32;
	}
	while (x->cnt > 0 && x->limb[x->cnt - 1] == 0)
		x->cnt--;
}

/* The quotient, a digit; x becomes the rest. */
static uint32_t big_take_digit(struct big *x, const struct big *by)
{
	uint32_t digit = 0;

	for (; big_compare(x, by) >= 0; digit++)
		big_subtract(x, by);
	return digit;
}

/* ---- digits ---- */

/* value = r/s; what reads back as value lies between (r - low)/s and (r + high)/s. */
struct state {
	struct big r, s, low, high;
	bool even; /* then the borders read back, too */
};

static int compare_sum(const struct big *a, const struct big *b, const struct big *to)
{
	struct big sum = *a;

	big_add(&sum, b);
	return big_compare(&sum, to);
}

static bool above_border(const struct state *at)
{
	int order = compare_sum(&at->r, &at->high, &at->s);

	return at->even ? order >= 0 : order > 0;
}

static bool below_border(const struct state *at)
{
	int order = big_compare(&at->r, &at->low);

	return at->even ? order <= 0 : order < 0;
}

/* Scaled so that value = 0.d… * 10^exponent, which is returned. */
static int begin(double value, bool single, struct state *at)
{
	int mantissa_bits = single ? 24 : 53;
	int least = single ? -149 : -1074; /* exponent of the smallest number */
	int exponent, decimal;
	double fraction = frexp(value, &exponent);
	uint64_t mantissa = (uint64_t)ldexp(fraction, mantissa_bits);
	bool narrow; /* a power of two: the number below is nearer than the one above */

	exponent -= mantissa_bits;
	if (exponent < least) {
		mantissa >>= least - exponent;
		exponent = least;
	}
	narrow = mantissa == 1ull << (mantissa_bits - 1) && exponent > least;
	at->even = mantissa % 2 == 0;
	big_set(&at->r, mantissa);
	big_set(&at->s, 1);
	big_set(&at->low, 1);
	if (exponent >= 0) {
		big_shift(&at->r, (uint32_t)exponent);
		big_shift(&at->low, (uint32_t)exponent);
	} else {
		big_shift(&at->s, (uint32_t)-exponent);
	}
	/* In halves of the distance to the next number; in quarters where it is narrow below. */
	at->high = at->low;
	big_multiply(&at->r, narrow ? 4 : 2);
	big_multiply(&at->s, narrow ? 4 : 2);
	big_multiply(&at->high, narrow ? 2 : 1);

	decimal = (int)ceil((exponent + (int)(64 - __builtin_clzll(mantissa)) - 1) *
				    0.30102999566398119521 -
			    1e-10);
	if (decimal >= 0) {
		big_power_of_ten(&at->s, decimal);
	} else {
		big_power_of_ten(&at->r, -decimal);
		big_power_of_ten(&at->low, -decimal);
		big_power_of_ten(&at->high, -decimal);
	}
	if (above_border(at)) { /* the estimate may be one too small */
		big_multiply(&at->s, 10);
		decimal++;
	}
	return decimal;
}

static uint32_t next_digit(struct state *at)
{
	big_multiply(&at->r, 10);
	big_multiply(&at->low, 10);
	big_multiply(&at->high, 10);
	return big_take_digit(&at->r, &at->s);
}

/* Whether what is left is more than a half, or a half behind an odd digit. */
static bool rounds_up(const struct state *at, uint32_t digit)
{
	int order = compare_sum(&at->r, &at->r, &at->s);

	return order > 0 || (order == 0 && digit % 2 != 0);
}

static void carry_up(struct fb_digits *ret)
{
	uint32_t i = ret->cnt;

	while (i > 0 && ret->digit[i - 1] == '9')
		i--;
	if (i == 0) {
		ret->digit[0] = '1';
		ret->exponent++;
		i = 1;
	} else {
		ret->digit[i - 1]++;
	}
	ret->cnt = i;
}

/* Java looks among two digits where one is enough: 4.9E-324, not 5E-324. */
static void two_digits(double value, bool single, struct fb_digits *ret)
{
	struct state at;
	uint32_t digit;

	ret->exponent = begin(value, single, &at);
	digit = next_digit(&at);
	if (digit == 0) { /* 9.8E-45, whose one digit is 1E-44 */
		ret->exponent--;
		digit = next_digit(&at);
	}
	ret->digit[0] = (char)('0' + digit);
	digit = next_digit(&at);
	ret->digit[1] = (char)('0' + digit);
	ret->cnt = 2;
	if (rounds_up(&at, digit))
		carry_up(ret);
	if (ret->cnt == 2 && ret->digit[1] == '0')
		ret->cnt = 1;
}

static void exact_digits(double value, bool single, struct fb_digits *ret)
{
	struct state at;

	ret->exponent = begin(value, single, &at);
	ret->cnt = 0;
	for (;;) {
		uint32_t digit = next_digit(&at);
		bool below = below_border(&at), above = above_border(&at);

		ret->digit[ret->cnt++] = (char)('0' + digit);
		if (!below && !above)
			continue;
		if (above && (!below || rounds_up(&at, digit)))
			carry_up(ret);
		break;
	}
	if (ret->cnt == 1)
		two_digits(value, single, ret);
}

/* Digits of an integer without its last zeros. */
static void integer_digits(uint64_t value, struct fb_digits *ret)
{
	char reversed[20];
	uint32_t cnt = 0, first = 0;

	do
		reversed[cnt++] = (char)('0' + value % 10);
	while ((value /= 10) != 0);
	while (first + 1 < cnt && reversed[first] == '0')
		first++;
	ret->exponent += (int32_t)cnt;
	ret->cnt = cnt - first;
	for (uint32_t i = 0; i < ret->cnt; i++)
		ret->digit[i] = reversed[cnt - 1 - i];
}

/*
 * Most numbers in data have few digits. What has up to 15 is no other number's shortest text, and
 * one division of exact numbers tells whether it is this one's.
 */
static bool few_digits(double value, struct fb_digits *ret)
{
	static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};

	if (value >= 1e15 || value < 1e-5)
		return false;
	for (uint32_t places = 0; places < FB_ARRAY_LEN(powers); places++) {
		double scaled = value * powers[places];
		uint64_t integer = (uint64_t)(scaled + 0.5);

		if (scaled >= 1e15)
			return false;
		if ((double)integer / powers[places] != value)
			continue;
		ret->exponent = -(int32_t)places;
		integer_digits(integer, ret);
		return true;
	}
	return false;
}

void fb_shortest_digits(double value, bool single, struct fb_digits *ret)
{
	if (value == 0)
		*ret = (struct fb_digits){.digit = "0", .cnt = 1, .exponent = 1};
	else if (single || !few_digits(value, ret))
		exact_digits(value, single, ret);
}

/* ---- text ---- */

static uint32_t put_word(char *text, const char *word)
{
	uint32_t len = (uint32_t)strlen(word);

	memcpy(text, word, len);
	return len;
}

static uint32_t put_plain(char *text, const struct fb_digits *digits)
{
	int32_t cnt = (int32_t)digits->cnt;
	uint32_t len = 0;

	if (digits->exponent <= 0) {
		text[len++] = '0';
		text[len++] = '.';
		for (int32_t i = digits->exponent; i < 0; i++)
			text[len++] = '0';
		memcpy(text + len, digits->digit, digits->cnt);
		return len + digits->cnt;
	}
	for (int32_t i = 0; i < FB_MAX(cnt, digits->exponent + 1); i++) {
		if (i == digits->exponent)
			text[len++] = '.';
		text[len++] = i < cnt ? digits->digit[i] : '0';
	}
	return len;
}

static uint32_t put_scientific(char *text, const struct fb_digits *digits)
{
	int32_t exponent = digits->exponent - 1;
	uint32_t len = 0;

	text[len++] = digits->digit[0];
	text[len++] = '.';
	if (digits->cnt == 1)
		text[len++] = '0';
	for (uint32_t i = 1; i < digits->cnt; i++)
		text[len++] = digits->digit[i];
	text[len++] = 'E';
	if (exponent < 0)
		text[len++] = '-';
	exponent = abs(exponent);
	for (int32_t unit = 100; unit > 0; unit /= 10)
		if (exponent >= unit || unit == 1)
			text[len++] = (char)('0' + exponent / unit % 10);
	return len;
}

/* Double.toString: plain between 1e-3 and 1e7, else d.dddE±n; always a digit behind the point. */
uint32_t fb_double_format(double value, bool single, char text[FB_DOUBLE_TEXT_BYTES])
{
	struct fb_digits digits;
	uint32_t len = 0;

	if (value != value)
		return put_word(text, "NaN");
	if (signbit(value))
		text[len++] = '-';
	value = fabs(value);
	if (isinf(value))
		return len + put_word(text + len, "Infinity");
	fb_shortest_digits(value, single, &digits);
	if (value == 0 || (value >= 1e-3 && value < 1e7))
		return len + put_plain(text + len, &digits);
	return len + put_scientific(text + len, &digits);
}

/* ---- decimal numbers ---- */

enum fb_decimal_result fb_decimal_from_double(
	double value, bool single, struct fb_decimal_type to, fb_i128 *ret)
{
	char text[FB_DOUBLE_TEXT_BYTES];

	if (!isfinite(value))
		return FB_DECIMAL_INVALID;
	return fb_decimal_from_text(
		(struct fb_str){text, fb_double_format(value, single, text)}, to, ret);
}

bool fb_double_round(double value, bool single, int32_t places, double *ret)
{
	char text[FB_DOUBLE_TEXT_BYTES + 8];
	struct fb_digits digits;
	int64_t kept;
	int32_t exponent;
	uint32_t len = 0;

	if (!isfinite(value))
		return false;
	fb_shortest_digits(fabs(value), single, &digits);
	kept = (int64_t)digits.exponent + places;
	if (kept >= (int64_t)digits.cnt) {
		*ret = value == 0 ? 0 : value; /* -0 has no sign in BigDecimal */
		return true;
	}
	if (kept < 0 || (kept == 0 && digits.digit[0] < '5')) {
		*ret = 0;
		return true;
	}

	bool up = digits.digit[kept] >= '5';

	digits.cnt = (uint32_t)kept;
	if (up)
		carry_up(&digits);
	/* The digits as an integer, and where its point is: no locale matters. */
	if (value < 0)
		text[len++] = '-';
	memcpy(text + len, digits.digit, digits.cnt);
	len += digits.cnt;
	exponent = digits.exponent - (int32_t)digits.cnt;
	text[len++] = 'e';
	text[len++] = exponent < 0 ? '-' : '+';
	exponent = abs(exponent);
	for (int32_t unit = 100; unit > 0; unit /= 10)
		text[len++] = (char)('0' + exponent / unit % 10);
	text[len] = '\0';
	*ret = single ? (double)strtof(text, NULL) : strtod(text, NULL);
	return true;
}
