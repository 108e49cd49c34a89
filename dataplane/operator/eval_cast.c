/* SPDX-License-Identifier: Apache-2.0 */
/* CAST, TRY_CAST, TO_TIMESTAMP: by semantics 1.3 and 1.4. Hot; texts are read and written without
 * the C library's stdio. */
#include <math.h>

#include "config/base/calendar.h"
#include "dataplane/format/convert.h"
#include "dataplane/operator/expr_private.h"

/* ---- text to value ---- */

static struct fb_str trim(struct fb_str text)
{
	while (text.len && (uint8_t)text.p[0] <= ' ') {
		text.p++;
		text.len--;
	}
	while (text.len && (uint8_t)text.p[text.len - 1] <= ' ')
		text.len--;
	return text;
}

/* '1.5' is 1: digits behind the point are read and dropped. */
static bool text_to_integer(struct fb_str text, uint8_t kind, int64_t *ret)
{
	static const int64_t max[] = {[FB_T_TINYINT] = INT8_MAX,
		[FB_T_SMALLINT] = INT16_MAX,
		[FB_T_INT] = INT32_MAX,
		[FB_T_BIGINT] = INT64_MAX};
	bool negative;
	bool any = false;
	uint64_t value = 0;
	uint32_t at;

	text = trim(text);
	negative = text.len && text.p[0] == '-';
	at = text.len && (text.p[0] == '-' || text.p[0] == '+');
	for (; at < text.len && text.p[at] >= '0' && text.p[at] <= '9'; at++, any = true)
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, (uint64_t)(text.p[at] - '0'), &value))
			return false;
	if (at < text.len && text.p[at] == '.')
		for (at++; at < text.len && text.p[at] >= '0' && text.p[at] <= '9'; at++)
			any = true;
	if (!any || at != text.len || value > (uint64_t)max[kind] + negative)
		return false;
	*ret = negative ? (int64_t)(0 - value) : (int64_t)value;
	return true;
}

static bool equals_word(struct fb_str text, const char *word)
{
	if (text.len != strlen(word))
		return false;
	for (uint32_t i = 0; i < text.len; i++)
		if ((text.p[i] | 0x20) != word[i] && text.p[i] != word[i])
			return false;
	return true;
}

static bool text_to_boolean(struct fb_str text, int64_t *ret)
{
	static const char *const yes[] = {"t", "true", "y", "yes", "1"};
	static const char *const no[] = {"f", "false", "n", "no", "0"};

	text = trim(text);
	for (uint32_t i = 0; i < FB_ARRAY_LEN(yes); i++) {
		if (equals_word(text, yes[i]) || equals_word(text, no[i])) {
			*ret = equals_word(text, yes[i]);
			return true;
		}
	}
	return false;
}

struct scanner {
	const char *at;
	const char *end;
};

/* One up to `max` digits. */
static bool digits(struct scanner *in, int min, int max, uint32_t *ret)
{
	uint32_t value = 0;
	int cnt = 0;

	for (; cnt < max && in->at < in->end && *in->at >= '0' && *in->at <= '9'; cnt++)
		value = value * 10 + (uint32_t)(*in->at++ - '0');
	*ret = value;
	return cnt >= min;
}

static bool character(struct scanner *in, char c)
{
	if (in->at == in->end || *in->at != c)
		return false;
	in->at++;
	return true;
}

/* TO_TIMESTAMP and CAST: one-digit fields and a bare date are taken, a day beyond its month's end
 * is the end. */
static bool text_to_micros(struct fb_str text, int64_t *ret)
{
	uint32_t year, month, day, hour = 0, minute = 0, second = 0;
	uint32_t micros = 0;

	text = trim(text);

	struct scanner in = {text.p, text.p + text.len};

	if (!digits(&in, 4, 4, &year) || !character(&in, '-') || !digits(&in, 1, 2, &month) ||
		!character(&in, '-') || !digits(&in, 1, 2, &day))
		return false;
	if (in.at < in.end) {
		if (!character(&in, ' ') || !digits(&in, 1, 2, &hour) || !character(&in, ':') ||
			!digits(&in, 1, 2, &minute) || !character(&in, ':') ||
			!digits(&in, 1, 2, &second))
			return false;
		if (character(&in, '.')) {
			int cnt = 0;

			for (; cnt < 9 && in.at < in.end && *in.at >= '0' && *in.at <= '9';
				cnt++, in.at++)
				micros = cnt < 6 ? micros * 10 + (uint32_t)(*in.at - '0') : micros;
			for (; cnt < 6; cnt++)
				micros *= 10;
		}
	}
	if (in.at != in.end || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 ||
		minute > 59 || second > 59)
		return false;
	day = FB_MIN(day, fb_days_in_month((int32_t)year, month));
	*ret = (fb_days_from_civil((int32_t)year, month, day) * 86400 + hour * 3600 + minute * 60 +
		       second) *
		       1000000 +
	       micros;
	return true;
}

/* Micros to the unit of a timestamp type; digits beyond its precision are cut off. */
static int64_t to_unit(int64_t micros, struct fb_type type)
{
	static const int64_t units[] = {1000000, 100000, 10000, 1000, 100, 10, 1};

	micros -= fb_floor_mod(micros, units[FB_MIN(type.precision, (uint8_t)6)]);
	return type.precision <= 3 ? fb_floor_div(micros, 1000) : micros;
}

static bool text_to(struct fb_str text, struct fb_type type, struct fb_column *out, uint32_t row)
{
	int64_t micros;

	switch (type.kind) {
	case FB_T_BOOLEAN:
		return text_to_boolean(text, &out->i64[row]);
	case FB_T_FLOAT:
	case FB_T_DOUBLE:
		return fb_convert_double(text, type.kind == FB_T_FLOAT, &out->f64[row]) ==
		       FB_CONVERTED;
	case FB_T_DATE:
		if (!text_to_micros(text, &micros))
			return false;
		out->i64[row] = fb_floor_div(micros, FB_MS_PER_DAY * 1000);
		return true;
	case FB_T_TIMESTAMP:
	case FB_T_TIMESTAMP_LTZ:
		if (!text_to_micros(text, &micros))
			return false;
		out->i64[row] = to_unit(micros, type);
		return true;
	default:
		return text_to_integer(text, type.kind, &out->i64[row]);
	}
}

/* ---- value to text ---- */

static uint32_t put_number(char *out, int64_t value, uint32_t min_digits)
{
	char reversed[24];
	uint32_t cnt = 0;
	uint32_t len = 0;
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	do
		reversed[cnt++] = (char)('0' + rest % 10);
	while ((rest /= 10) != 0 || cnt < min_digits);
	if (value < 0)
		out[len++] = '-';
	while (cnt > 0)
		out[len++] = reversed[--cnt];
	return len;
}

static uint32_t put_date(char *out, int64_t days)
{
	struct fb_civil civil = fb_civil_from_days(days);
	uint32_t len = put_number(out, civil.year, 4);

	out[len++] = '-';
	len += put_number(out + len, civil.month, 2);
	out[len++] = '-';
	return len + put_number(out + len, civil.day, 2);
}

/* All digits of the precision are printed (semantics 1.4: the CAST printer). */
static uint32_t put_timestamp(char *out, struct fb_type type, int64_t value)
{
	static const int64_t units[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
	int64_t micros = type.precision <= 3 ? value * 1000 : value;
	int64_t days = fb_floor_div(micros, FB_MS_PER_DAY * 1000);
	int64_t rest = micros - days * FB_MS_PER_DAY * 1000;
	int64_t second = rest / 1000000;
	uint32_t len = put_date(out, days);

	out[len++] = ' ';
	len += put_number(out + len, second / 3600, 2);
	out[len++] = ':';
	len += put_number(out + len, second / 60 % 60, 2);
	out[len++] = ':';
	len += put_number(out + len, second % 60, 2);
	if (type.precision == 0)
		return len;
	out[len++] = '.';
	return len + put_number(out + len, rest % 1000000 / units[type.precision], type.precision);
}

static void to_text(struct fb_node *node, struct fb_type from, int64_t value, uint32_t row)
{
	char *out = node->text + (size_t)row * node->text_bytes;
	uint32_t len;

	switch (from.kind) {
	case FB_T_BOOLEAN:
		node->own.str[row] = value ? FB_STR("TRUE") : FB_STR("FALSE");
		return;
	case FB_T_DATE:
		len = put_date(out, value);
		break;
	case FB_T_TIMESTAMP:
	case FB_T_TIMESTAMP_LTZ:
		len = put_timestamp(out, from, value);
		break;
	default:
		len = put_number(out, value, 1);
		break;
	}
	node->own.str[row] = (struct fb_str){out, len};
}

/* CHAR(n) and VARCHAR(n) are cut to n characters (UTF-8 code points), CHAR(n) is filled up with
 * blanks. */
static struct fb_str fit(const struct fb_node *node, struct fb_str text, uint32_t row)
{
	struct fb_type to = node->expr->type;
	char *out = node->text + (size_t)row * node->text_bytes;
	uint32_t cnt = 0;

	if (text.len <= to.length && to.kind != FB_T_CHAR)
		return text;
	for (uint32_t i = 0; i < text.len; i++)
		if ((text.p[i] & 0xc0) != 0x80 && cnt++ == to.length)
			return (struct fb_str){text.p, i};
	/* Bytes that are no UTF-8 may be more than four to a character: such a text stays as it is.
	 */
	if (to.kind != FB_T_CHAR || cnt == to.length ||
		text.len + (to.length - cnt) > node->text_bytes)
		return text;
	memmove(out, text.p, text.len);
	memset(out + text.len, ' ', to.length - cnt);
	return (struct fb_str){out, text.len + (to.length - cnt)};
}

/* ---- numbers and times ---- */

/* Saturates at the width; NaN is 0 (semantics 1.3). */
static int64_t double_to_integer(double value, uint8_t kind)
{
	static const double low[] = {[FB_T_TINYINT] = INT32_MIN,
		[FB_T_SMALLINT] = INT32_MIN,
		[FB_T_INT] = INT32_MIN,
		[FB_T_BIGINT] = INT64_MIN};

	if (value != value)
		return 0;
	if (value <= low[kind])
		return kind == FB_T_BIGINT ? INT64_MIN : fb_wrap_integer(INT32_MIN, kind);
	if (kind == FB_T_BIGINT && value >= 0x1p63)
		return INT64_MAX;
	if (kind != FB_T_BIGINT && value >= INT32_MAX)
		return fb_wrap_integer(INT32_MAX, kind);
	/* Java goes through int for the two narrow types: they wrap. */
	return fb_wrap_integer((int64_t)value, kind);
}

static int64_t integer_to(int64_t value, struct fb_type from, struct fb_type to)
{
	if (to.kind == FB_T_BOOLEAN)
		return value != 0;
	if (fb_type_is_timestamp(to) && from.kind == FB_T_DATE)
		return value * 86400 * fb_type_ticks_per_s(to);
	if (fb_type_is_timestamp(to) && fb_type_is_timestamp(from))
		return to_unit(from.precision <= 3 ? value * 1000 : value, to);
	if (to.kind == FB_T_DATE && fb_type_is_timestamp(from))
		return fb_floor_div(value, 86400 * fb_type_ticks_per_s(from));
	return fb_wrap_integer(value, to.kind);
}

static bool cast_row(
	struct fb_node *node, const struct fb_column *from, struct fb_type from_type, uint32_t row)
{
	struct fb_type to = node->expr->type;
	bool to_double = fb_type_phys(to) == FB_PHYS_F64;

	switch (fb_type_phys(from_type)) {
	case FB_PHYS_STR:
		if (fb_type_phys(to) != FB_PHYS_STR)
			return text_to(from->str[row], to, &node->own, row);
		node->own.str[row] = fit(node, from->str[row], row);
		return true;
	case FB_PHYS_F64:
		if (to_double)
			node->own.f64[row] = to.kind == FB_T_FLOAT ? (double)(float)from->f64[row]
								   : from->f64[row];
		else if (to.kind == FB_T_BOOLEAN)
			node->own.i64[row] = from->f64[row] != 0;
		else
			node->own.i64[row] = double_to_integer(from->f64[row], to.kind);
		return true;
	default:
		if (fb_type_phys(to) == FB_PHYS_STR) {
			to_text(node, from_type, from->i64[row], row);
			node->own.str[row] = fit(node, node->own.str[row], row);
		} else if (to_double)
			node->own.f64[row] = to.kind == FB_T_FLOAT ? (double)(float)from->i64[row]
								   : (double)from->i64[row];
		else
			node->own.i64[row] = integer_to(from->i64[row], from_type, to);
		return true;
	}
}

void fb_eval_cast(const struct fb_eval *eval, struct fb_node *node)
{
	const struct fb_column *from = node->args[0]->value;
	struct fb_type from_type = node->args[0]->expr->type;

	fb_node_valid_all(node);
	for (uint32_t i = 0; i < eval->batch->sel_cnt; i++) {
		uint32_t row = eval->batch->sel[i];

		if (!fb_column_is_valid(from, row) || cast_row(node, from, from_type, row))
			continue;
		if (node->expr->op == FB_OP_CAST) {
			fb_fail_row(eval, row);
		} else {
			node->own.has_null = true;
			fb_column_set_valid(&node->own, row, false);
		}
	}
}

/* 0000-01-01 00:00:00.000 to 9999-12-31 23:59:59.999; beyond is NULL (Flink,
 * DateTimeUtils.toTimestampData). */
static bool number_to_millis(int64_t number, int64_t factor, int64_t *ret)
{
	return !__builtin_mul_overflow(number, factor, ret) && *ret >= -62167219200000 &&
	       *ret <= 253402300799999;
}

void fb_eval_time(const struct fb_eval *eval, struct fb_node *node)
{
	const struct fb_column *from = node->args[0]->value;
	bool text = node->expr->op == FB_OP_TO_TIMESTAMP;
	int64_t factor = text || node->args[1]->expr->literal.i64 == 3 ? 1 : 1000;

	fb_node_valid_all(node);
	for (uint32_t i = 0; i < eval->batch->sel_cnt; i++) {
		uint32_t row = eval->batch->sel[i];
		int64_t value = 0;
		bool known;

		if (!fb_column_is_valid(from, row))
			continue;
		if (text) {
			known = text_to_micros(from->str[row], &value);
			value = to_unit(value, node->expr->type);
		} else {
			known = number_to_millis(from->i64[row], factor, &value);
		}
		node->own.i64[row] = value;
		if (!known) {
			node->own.has_null = true;
			fb_column_set_valid(&node->own, row, false);
		}
	}
}
