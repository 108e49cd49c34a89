/* SPDX-License-Identifier: Apache-2.0 */
#include "config/base/decimal.h"

#include <stdlib.h>

#define DIGITS FB_DECIMAL_DIGITS_MAX

/* ---- 256 bits ---- */

struct wide {
	fb_u128 hi, lo;
};

#define E18 1000000000000000000ull

static const uint64_t small_powers[] = {1ull, 10ull, 100ull, 1000ull, 10000ull, 100000ull,
	1000000ull, 10000000ull, 100000000ull, 1000000000ull, 10000000000ull, 100000000000ull,
	1000000000000ull, 10000000000000ull, 100000000000000ull, 1000000000000000ull,
	10000000000000000ull, 100000000000000000ull, E18, E18 * 10};

static inline fb_u128 power(uint32_t exponent)
{
	if (exponent < 20)
		return small_powers[exponent];
	return (fb_u128)small_powers[19] * small_powers[exponent - 19];
}

fb_i128 fb_decimal_power(uint32_t exponent)
{
	return (fb_i128)power(exponent);
}

static inline fb_u128 magnitude(fb_i128 value)
{
	return value < 0 ? 0 - (fb_u128)value : (fb_u128)value;
}

static struct wide multiply(fb_u128 a, fb_u128 b)
{
	uint64_t a0 = (uint64_t)a, a1 = (uint64_t)(a >> 64);
	uint64_t b0 = (uint64_t)b, b1 = (uint64_t)(b >> 64);
	fb_u128 low = (fb_u128)a0 * b0;
	fb_u128 mid = (fb_u128)a1 * b0 + (low >> 64);
	fb_u128 mid2 = (fb_u128)a0 * b1 + (uint64_t)mid;

	return (struct wide){
		.hi = (fb_u128)a1 * b1 + (mid >> 64) + (mid2 >> 64),
		.lo = mid2 << 64 | (uint64_t)low,
	};
}

/* A half of the quotient: the estimate from the divisor's upper half is at most two too large. */
static uint64_t divide_digit(fb_u128 top, uint64_t next, fb_u128 by, fb_u128 *ret_rest)
{
	uint64_t by1 = (uint64_t)(by >> 64), by0 = (uint64_t)by;
	fb_u128 digit = top / by1, rest = top % by1;

	while (digit >> 64 != 0 || (fb_u128)(uint64_t)digit * by0 > (rest << 64 | next)) {
		digit--;
		rest += by1;
		if (rest >> 64 != 0)
			break;
	}
	*ret_rest = (top << 64 | next) - digit * by;
	return (uint64_t)digit;
}

/* hi:lo by `by`, where hi < by (Knuth, volume 2, 4.3.1, algorithm D, with digits of 64 bits). */
static fb_u128 divide_low(fb_u128 hi, fb_u128 lo, fb_u128 by, fb_u128 *ret_rest)
{
	uint64_t q1, q0;
	int shift;

	if (by >> 64 == 0) {
		fb_u128 top = hi << 64 | lo >> 64;
		fb_u128 rest = (top % by) << 64 | (uint64_t)lo;

		*ret_rest = rest % by;
		return (top / by) << 64 | (uint64_t)(rest / by);
	}
	shift = __builtin_clzll((uint64_t)(by >> 64));
	by <<= shift;
	if (shift > 0)
		hi = hi << shift | lo >> (128 - shift);
	lo <<= shift;
	q1 = divide_digit(hi, (uint64_t)(lo >> 64), by, &hi);
	q0 = divide_digit(hi, (uint64_t)lo, by, &hi);
	*ret_rest = hi >> shift;
	return (fb_u128)q1 << 64 | q0;
}

static struct wide divide(struct wide value, fb_u128 by, fb_u128 *ret_rest)
{
	struct wide quotient = {0};

	if (value.hi != 0) {
		quotient.hi = value.hi / by;
		value.hi %= by;
		quotient.lo = divide_low(value.hi, value.lo, by, ret_rest);
	} else {
		quotient.lo = value.lo / by;
		*ret_rest = value.lo % by;
	}
	return quotient;
}

static struct wide add(struct wide a, struct wide b)
{
	struct wide sum = {a.hi + b.hi, a.lo + b.lo};

	sum.hi += sum.lo < a.lo;
	return sum;
}

static struct wide subtract(struct wide a, struct wide b)
{
	struct wide difference = {a.hi - b.hi, a.lo - b.lo};

	difference.hi -= a.lo < b.lo;
	return difference;
}

static bool is_below(struct wide a, struct wide b)
{
	return a.hi != b.hi ? a.hi < b.hi : a.lo < b.lo;
}

/* Where a quotient is cut: up from the half on. */
static bool rounds_up(fb_u128 rest, fb_u128 by)
{
	return rest >= by - rest;
}

/* Digits of scale `from` to a value of `to`, HALF_UP. */
static bool settle(
	struct wide value, bool negative, uint32_t from, struct fb_decimal_type to, fb_i128 *ret)
{
	fb_u128 limit = power(to.precision);

	while (from > to.scale) {
		/* The digit that decides is in the last cut, whatever went before. */
		uint32_t step = FB_MIN(from - to.scale, (uint32_t)DIGITS);
		fb_u128 rest;

		value = divide(value, power(step), &rest);
		from -= step;
		if (from == to.scale)
			value = add(value, (struct wide){0, rounds_up(rest, power(step))});
		else if (value.hi == 0 && value.lo == 0)
			break;
	}
	if (value.hi != 0)
		return false;
	if (from < to.scale) {
		value = multiply(value.lo, power(to.scale - from));
		if (value.hi != 0)
			return false;
	}
	if (value.lo >= limit)
		return false;
	*ret = negative ? -(fb_i128)value.lo : (fb_i128)value.lo;
	return true;
}

uint32_t fb_decimal_digits(fb_i128 value)
{
	fb_u128 rest = magnitude(value);
	uint32_t cnt = 1;

	while (cnt <= DIGITS && rest >= power(cnt))
		cnt++;
	return cnt;
}

/* ---- types of results ---- */

/* Above 38 digits the scale gives way, but not below 6. */
static struct fb_decimal_type adjust(int precision, int scale)
{
	if (precision > DIGITS) {
		int before = precision - scale;

		scale = FB_MAX(DIGITS - before, FB_MIN(scale, 6));
		precision = DIGITS;
	}
	return (struct fb_decimal_type){(uint8_t)precision, (uint8_t)scale};
}

struct fb_decimal_type fb_decimal_type_add(struct fb_decimal_type a, struct fb_decimal_type b)
{
	int scale = FB_MAX(a.scale, b.scale);

	return adjust(FB_MAX(a.precision - a.scale, b.precision - b.scale) + scale + 1, scale);
}

struct fb_decimal_type fb_decimal_type_mul(struct fb_decimal_type a, struct fb_decimal_type b)
{
	return adjust(a.precision + b.precision + 1, a.scale + b.scale);
}

struct fb_decimal_type fb_decimal_type_div(struct fb_decimal_type a, struct fb_decimal_type b)
{
	int scale = FB_MAX(6, a.scale + b.precision + 1);

	return adjust(a.precision - a.scale + b.scale + scale, scale);
}

struct fb_decimal_type fb_decimal_type_mod(struct fb_decimal_type a, struct fb_decimal_type b)
{
	int scale = FB_MAX(a.scale, b.scale);

	return adjust(FB_MIN(a.precision - a.scale, b.precision - b.scale) + scale, scale);
}

struct fb_decimal_type fb_decimal_type_round(struct fb_decimal_type a, int32_t digits)
{
	int before = a.precision - a.scale;

	if (digits >= a.scale)
		return a;
	if (digits < 0)
		return (struct fb_decimal_type){(uint8_t)FB_MIN(DIGITS, 1 + before), 0};
	/* Rounding up may need a digit more in front: 9.9 becomes 10. */
	return (struct fb_decimal_type){
		(uint8_t)FB_MIN(DIGITS, 1 + before + digits), (uint8_t)digits};
}

struct fb_decimal_type fb_decimal_type_common(struct fb_decimal_type a, struct fb_decimal_type b)
{
	int before = FB_MAX(a.precision - a.scale, b.precision - b.scale);
	int scale = FB_MIN(FB_MAX(a.scale, b.scale), DIGITS - before);

	return (struct fb_decimal_type){(uint8_t)(before + scale), (uint8_t)scale};
}

/* ---- arithmetic ---- */

bool fb_decimal_rescale(fb_i128 value, uint32_t scale, struct fb_decimal_type to, fb_i128 *ret)
{
	return settle((struct wide){0, magnitude(value)}, value < 0, scale, to, ret);
}

bool fb_decimal_add(fb_i128 a, uint32_t a_scale, fb_i128 b, uint32_t b_scale,
	struct fb_decimal_type to, fb_i128 *ret)
{
	uint32_t scale = FB_MAX(a_scale, b_scale);
	struct wide x, y;
	fb_i128 sum;

	if (a_scale == b_scale && !__builtin_add_overflow(a, b, &sum))
		return fb_decimal_rescale(sum, scale, to, ret);
	x = multiply(magnitude(a), power(scale - a_scale));
	y = multiply(magnitude(b), power(scale - b_scale));
	if ((a < 0) == (b < 0))
		return settle(add(x, y), a < 0, scale, to, ret);
	if (is_below(x, y))
		return settle(subtract(y, x), b < 0, scale, to, ret);
	return settle(subtract(x, y), a < 0, scale, to, ret);
}

bool fb_decimal_mul(fb_i128 a, uint32_t a_scale, fb_i128 b, uint32_t b_scale,
	struct fb_decimal_type to, fb_i128 *ret)
{
	return settle(multiply(magnitude(a), magnitude(b)), (a < 0) != (b < 0), a_scale + b_scale,
		to, ret);
}

/* value * 10^exponent, which is below 2^256. */
static struct wide raise(fb_u128 value, uint32_t exponent)
{
	uint32_t first = FB_MIN(exponent, (uint32_t)DIGITS);
	struct wide result = multiply(value, power(first));
	struct wide upper = multiply(result.hi, power(exponent - first));

	result = multiply(result.lo, power(exponent - first));
	result.hi += upper.lo;
	return result;
}

enum fb_decimal_result fb_decimal_div(fb_i128 a, uint32_t a_scale, fb_i128 b, uint32_t b_scale,
	struct fb_decimal_type to, fb_i128 *ret)
{
	fb_u128 by = magnitude(b), rest;
	uint32_t shift;
	struct wide quotient;

	if (b == 0)
		return FB_DECIMAL_INVALID;
	if (a == 0) {
		*ret = 0;
		return FB_DECIMAL_DONE;
	}
	/* So far to the left that the quotient has 38 digits, or one less: then once more. */
	shift = DIGITS - fb_decimal_digits(a) + fb_decimal_digits(b) - 1;
	quotient = divide(raise(magnitude(a), shift), by, &rest);
	if (quotient.lo < power(DIGITS - 1)) {
		shift++;
		quotient = divide(raise(magnitude(a), shift), by, &rest);
	}
	quotient.lo += rounds_up(rest, by);
	if (shift + a_scale < b_scale) {
		/* A value with zeros behind its 38 digits: 10^38 and more. */
		return FB_DECIMAL_OVERFLOW;
	}
	return settle(quotient, (a < 0) != (b < 0), shift + a_scale - b_scale, to, ret)
		       ? FB_DECIMAL_DONE
		       : FB_DECIMAL_OVERFLOW;
}

enum fb_decimal_result fb_decimal_mod(fb_i128 a, uint32_t a_scale, fb_i128 b, uint32_t b_scale,
	struct fb_decimal_type to, fb_i128 *ret)
{
	uint32_t scale = FB_MAX(a_scale, b_scale);
	struct wide x = multiply(magnitude(a), power(scale - a_scale));
	struct wide y = multiply(magnitude(b), power(scale - b_scale));
	struct wide quotient;
	fb_u128 rest;

	if (b == 0)
		return FB_DECIMAL_INVALID;
	if (y.hi != 0) {
		/* Then it is b that was scaled, and a, which was not, is below. */
		rest = x.lo;
	} else {
		quotient = divide(x, y.lo, &rest);
		/* Java's remainder with 38 digits: "division impossible". */
		while (quotient.hi != 0 || quotient.lo >= power(DIGITS)) {
			fb_u128 digit;

			quotient = divide(quotient, 10, &digit);
			if (digit != 0)
				return FB_DECIMAL_INVALID;
		}
	}
	return settle((struct wide){0, rest}, a < 0, scale, to, ret) ? FB_DECIMAL_DONE
								     : FB_DECIMAL_OVERFLOW;
}

int fb_decimal_compare(fb_i128 a, uint32_t a_scale, fb_i128 b, uint32_t b_scale)
{
	uint32_t scale = FB_MAX(a_scale, b_scale);
	struct wide x, y;
	int order;

	if (a_scale == b_scale || (a < 0) != (b < 0))
		return (a > b) - (a < b);
	x = multiply(magnitude(a), power(scale - a_scale));
	y = multiply(magnitude(b), power(scale - b_scale));
	order = is_below(y, x) - is_below(x, y);
	return a < 0 ? -order : order;
}

fb_i128 fb_decimal_floor(fb_i128 value, uint32_t scale)
{
	fb_i128 by = (fb_i128)power(scale);

	return value / by - (value % by < 0);
}

fb_i128 fb_decimal_ceil(fb_i128 value, uint32_t scale)
{
	fb_i128 by = (fb_i128)power(scale);

	return value / by + (value % by > 0);
}

bool fb_decimal_round(
	fb_i128 value, uint32_t scale, int32_t digits, struct fb_decimal_type to, fb_i128 *ret)
{
	fb_u128 by, rest, whole = magnitude(value);
	uint32_t cut;

	if (digits >= 0)
		return fb_decimal_rescale(value, scale, to, ret);
	/* In front of the point: to a multiple of 10^-digits. */
	if (digits < -DIGITS || (cut = scale + (uint32_t)-digits) > DIGITS) {
		*ret = 0;
		return true;
	}
	by = power(cut);
	rest = whole % by;
	whole = whole / by + rounds_up(rest, by);

	struct wide result = multiply(whole, power((uint32_t)-digits));

	return settle(result, value < 0, 0, to, ret);
}

/* ---- to and from other types ---- */

int64_t fb_decimal_to_integer(fb_i128 value, uint32_t scale)
{
	return (int64_t)(value / (fb_i128)power(scale));
}

double fb_decimal_to_double(fb_i128 value, struct fb_decimal_type type)
{
	char text[FB_DECIMAL_TEXT_BYTES + 8];
	uint32_t len;

	if (type.precision <= 18)
		return (double)(int64_t)value / (double)small_powers[type.scale];
	/* Without a point, so that no locale matters; the C library rounds once. */
	len = fb_decimal_format(value, 0, text);
	text[len++] = 'e';
	text[len++] = '-';
	text[len++] = (char)('0' + type.scale / 10);
	text[len++] = (char)('0' + type.scale % 10);
	text[len] = '\0';
	return strtod(text, NULL);
}

struct digits {
	fb_u128 value; /* the first 38, without leading zeros */
	int64_t exponent;
	uint32_t cnt;
	uint32_t next; /* the digit behind them: it decides the rounding */
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits with at most one point. Returns where they end; 0: there are none. */
static uint32_t read_digits(struct fb_str text, uint32_t at, struct digits *digits)
{
	bool point = false, any = false, beyond = false;

	for (; at < text.len; at++) {
		char c = text.p[at];

		if (c == '.' && !point) {
			point = true;
			continue;
		}
		if (!is_digit(c))
			break;
		any = true;
		digits->exponent -= point;
		if (digits->cnt == 0 && c == '0')
			continue;
		if (digits->cnt < DIGITS) {
			digits->value = digits->value * 10 + (fb_u128)(c - '0');
			digits->cnt++;
			continue;
		}
		if (!beyond)
			digits->next = (uint32_t)(c - '0');
		beyond = true;
		digits->exponent++;
	}
	return any ? at : 0;
}

static bool read_exponent(struct fb_str text, uint32_t at, int64_t *exponent)
{
	bool negative;
	int64_t value = 0;

	if (at == text.len)
		return true;
	if ((text.p[at] | 0x20) != 'e')
		return false;
	at++;
	negative = at < text.len && text.p[at] == '-';
	at += at < text.len && (text.p[at] == '-' || text.p[at] == '+');
	if (at == text.len)
		return false;
	for (; at < text.len && is_digit(text.p[at]); at++)
		value = value < INT32_MAX ? value * 10 + (text.p[at] - '0') : value;
	*exponent += negative ? -value : value;
	return at == text.len && value <= INT32_MAX;
}

enum fb_decimal_result fb_decimal_from_text(
	struct fb_str text, struct fb_decimal_type to, fb_i128 *ret)
{
	struct digits digits = {0};
	bool negative = text.len > 0 && text.p[0] == '-';
	uint32_t at = text.len > 0 && (text.p[0] == '-' || text.p[0] == '+');
	struct wide value;
	int64_t cut;

	at = read_digits(text, at, &digits);
	if (at == 0 || !read_exponent(text, at, &digits.exponent))
		return FB_DECIMAL_INVALID;
	if (digits.cnt == 0) {
		*ret = 0;
		return FB_DECIMAL_DONE;
	}
	value = (struct wide){0, digits.value};
	cut = -digits.exponent - to.scale; /* digits that go */
	if (cut > 2 * DIGITS) {
		*ret = 0;
		return FB_DECIMAL_DONE;
	}
	if (cut < -DIGITS)
		return FB_DECIMAL_OVERFLOW;
	if (cut == 0 && digits.next >= 5)
		value.lo++;
	else if (cut < 0)
		value = multiply(value.lo, power((uint32_t)-cut)); /* then nothing was left out */
	return settle(value, negative, (uint32_t)FB_MAX(cut, 0) + to.scale, to, ret)
		       ? FB_DECIMAL_DONE
		       : FB_DECIMAL_OVERFLOW;
}

/* ---- text ---- */

/* Last digit first. */
static uint32_t reversed_digits(fb_u128 value, char digits[DIGITS + 2])
{
	uint32_t cnt = 0;

	do {
		uint64_t part = (uint64_t)value;
		uint32_t until = cnt + 18;

		if (value < E18) {
			value = 0;
		} else {
			part = (uint64_t)(value % E18);
			value /= E18;
		}
		do
			digits[cnt++] = (char)('0' + part % 10);
		while ((part /= 10) != 0 || (value != 0 && cnt < until));
	} while (value != 0);
	return cnt;
}

uint32_t fb_decimal_format(fb_i128 value, uint32_t scale, char text[FB_DECIMAL_TEXT_BYTES])
{
	char digits[DIGITS + 2];
	uint32_t cnt = reversed_digits(magnitude(value), digits);
	uint32_t len = 0;

	if (value < 0)
		text[len++] = '-';
	while (cnt <= scale)
		digits[cnt++] = '0';
	while (cnt > 0) {
		text[len++] = digits[--cnt];
		if (cnt == scale && scale > 0)
			text[len++] = '.';
	}
	return len;
}

uint32_t fb_decimal_format_stripped(fb_i128 value, uint32_t scale, char text[FB_DECIMAL_TEXT_BYTES])
{
	char digits[DIGITS + 2];
	int shown = (int)scale, exponent;
	uint32_t cnt, len = 0;

	if (value == 0) {
		text[0] = '0';
		return 1;
	}
	while (value % 10 == 0) {
		value /= 10;
		shown--;
	}
	cnt = reversed_digits(magnitude(value), digits);
	exponent = (int)cnt - 1 - shown;
	if (shown >= 0 && exponent >= -6)
		return fb_decimal_format(value, (uint32_t)shown, text);
	if (value < 0)
		text[len++] = '-';
	text[len++] = digits[--cnt];
	if (cnt > 0)
		text[len++] = '.';
	while (cnt > 0)
		text[len++] = digits[--cnt];
	text[len++] = 'E';
	text[len++] = exponent < 0 ? '-' : '+';
	exponent = abs(exponent);
	if (exponent >= 10)
		text[len++] = (char)('0' + exponent / 10);
	text[len++] = (char)('0' + exponent % 10);
	return len;
}
