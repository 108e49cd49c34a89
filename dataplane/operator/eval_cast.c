/* SPDX-License-Identifier: Apache-2.0 */
/* CAST and TRY_CAST by semantics 1.3 and 1.4. Hot; texts are read and written without the C
 * library's stdio. */
#include "config/base/calendar.h"
#include "config/base/shortest.h"
#include "config/base/time_text.h"
#include "dataplane/format/convert.h"
#include "dataplane/operator/expr_private.h"

/* ---- text to value ---- */

static struct fb_str trim(struct fb_str text)
{
	while (text.len && text.p[0] == ' ') {
		text.p++;
		text.len--;
	}
	while (text.len && text.p[text.len - 1] == ' ')
		text.len--;
	return text;
}

/* '1.5' is 1: digits behind the point are read and dropped; '.' is 0. */
static bool text_to_integer(struct fb_str text, uint8_t kind, int64_t *ret)
{
	static const int64_t max[] = {[FB_T_TINYINT] = INT8_MAX,
		[FB_T_SMALLINT] = INT16_MAX,
		[FB_T_INT] = INT32_MAX,
		[FB_T_BIGINT] = INT64_MAX};
	bool negative;
	uint64_t value = 0;
	uint32_t at;

	text = trim(text);
	negative = text.len && text.p[0] == '-';
	at = text.len && (text.p[0] == '-' || text.p[0] == '+');
	if (at == text.len)
		return false;
	for (; at < text.len && text.p[at] >= '0' && text.p[at] <= '9'; at++)
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, (uint64_t)(text.p[at] - '0'), &value))
			return false;
	if (at < text.len && text.p[at] == '.')
		for (at++; at < text.len && text.p[at] >= '0' && text.p[at] <= '9';)
			at++;
	if (at != text.len || value > (uint64_t)max[kind] + negative)
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

	for (uint32_t i = 0; i < FB_ARRAY_LEN(yes); i++) {
		if (equals_word(text, yes[i]) || equals_word(text, no[i])) {
			*ret = equals_word(text, yes[i]);
			return true;
		}
	}
	return false;
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
		return fb_date_from_text(text, &out->i64[row]);
	case FB_T_TIMESTAMP:
	case FB_T_TIMESTAMP_LTZ:
		if (!fb_time_from_text(text, &micros))
			return false;
		out->i64[row] = to_unit(micros, type);
		return true;
	default:
		return text_to_integer(text, type.kind, &out->i64[row]);
	}
}

/* ---- value to text ---- */

static uint32_t put_number(char *out, int64_t value)
{
	char reversed[20];
	uint32_t cnt = 0, len = 0;
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	do
		reversed[cnt++] = (char)('0' + rest % 10);
	while ((rest /= 10) != 0);
	if (value < 0)
		out[len++] = '-';
	while (cnt > 0)
		out[len++] = reversed[--cnt];
	return len;
}

/* All digits of the precision are printed (semantics 1.4: the CAST printer). */
static uint32_t put_timestamp(char *out, struct fb_type type, int64_t value)
{
	int64_t per_second = fb_type_ticks_per_s(type);
	int64_t days = fb_floor_div(value, per_second * 86400);
	int64_t rest = (value - days * per_second * 86400) * (1000000 / per_second);

	return fb_time_to_text(days, rest, type.precision, out);
}

static void to_text(
	struct fb_node *node, const struct fb_column *from, struct fb_type from_type, uint32_t row)
{
	char *out = fb_node_room(node);

	switch (from_type.kind) {
	case FB_T_BOOLEAN:
		node->own.str[row] = from->i64[row] ? FB_STR("TRUE") : FB_STR("FALSE");
		break;
	case FB_T_DATE:
		fb_node_keep(node, row, fb_date_to_text(from->i64[row], out));
		break;
	case FB_T_TIMESTAMP:
	case FB_T_TIMESTAMP_LTZ:
		fb_node_keep(node, row, put_timestamp(out, from_type, from->i64[row]));
		break;
	case FB_T_FLOAT:
	case FB_T_DOUBLE:
		fb_node_keep(node, row,
			fb_double_format(from->f64[row], from_type.kind == FB_T_FLOAT, out));
		break;
	case FB_T_DECIMAL:
		fb_cast_from_decimal(node, from->i128[row], from_type, row);
		break;
	default:
		fb_node_keep(node, row, put_number(out, from->i64[row]));
		break;
	}
}

/* BINARY(n) and VARBINARY(n) are cut to n bytes, BINARY(n) is filled up with zeros. */
static void fit_bytes(struct fb_node *node, struct fb_str bytes, uint32_t row)
{
	struct fb_type to = node->expr->type;
	char *out = fb_node_room(node);

	bytes.len = FB_MIN(bytes.len, to.length);
	node->own.str[row] = bytes;
	if (to.kind != FB_T_BINARY || bytes.len == to.length)
		return;
	memmove(out, bytes.p, bytes.len);
	memset(out + bytes.len, 0, to.length - bytes.len);
	fb_node_keep(node, row, to.length);
}

/* CHAR(n) and VARCHAR(n) are cut to n characters (UTF-8 code points), CHAR(n) is filled up with
 * blanks. */
static void fit(struct fb_node *node, struct fb_str text, uint32_t row)
{
	struct fb_type to = node->expr->type;
	char *out = fb_node_room(node);
	uint32_t cnt = 0;

	node->own.str[row] = text;
	if (to.kind == FB_T_BINARY || to.kind == FB_T_VARBINARY) {
		fit_bytes(node, text, row);
		return;
	}
	if (text.len <= to.length && to.kind != FB_T_CHAR)
		return;
	for (uint32_t i = 0; i < text.len; i++)
		if ((text.p[i] & 0xc0) != 0x80 && cnt++ == to.length) {
			node->own.str[row].len = i;
			return;
		}
	/* Bytes that are no UTF-8 may be more than four to a character: such a text stays as it is.
	 */
	if (to.kind != FB_T_CHAR || cnt == to.length ||
		text.len + (to.length - cnt) > node->text_row_bytes)
		return;
	memmove(out, text.p, text.len);
	memset(out + text.len, ' ', to.length - cnt);
	fb_node_keep(node, row, text.len + (to.length - cnt));
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
		return to_unit(fb_to_micros(value, from), to);
	if (to.kind == FB_T_DATE && fb_type_is_timestamp(from))
		return fb_floor_div(value, 86400 * fb_type_ticks_per_s(from));
	return fb_wrap_integer(value, to.kind);
}

/* False: the row fails. *ret_null: its value is NULL, and no failure. */
static bool cast_row(struct fb_node *node, const struct fb_column *from, struct fb_type from_type,
	uint32_t row, bool *ret_null)
{
	struct fb_type to = node->expr->type;
	enum fb_phys to_phys = fb_type_phys(to);
	enum fb_phys from_phys = fb_type_phys(from_type);

	if (to_phys == FB_PHYS_I128)
		return fb_cast_to_decimal(node, from, from_type, row, ret_null);
	if (to_phys == FB_PHYS_STR) {
		if (from_phys == FB_PHYS_STR)
			node->own.str[row] = from->str[row];
		else
			to_text(node, from, from_type, row);
		fit(node, node->own.str[row], row);
		return true;
	}
	switch (from_phys) {
	case FB_PHYS_STR:
		return text_to(from->str[row], to, &node->own, row);
	case FB_PHYS_I128:
		fb_cast_from_decimal(node, from->i128[row], from_type, row);
		return true;
	default:
		node->own.i64[row] = integer_to(from->i64[row], from_type, to);
		return true;
	}
}

/* What never fails and never is NULL, over whole columns. False: something else. */
static bool cast_numbers(const struct fb_eval *eval, struct fb_node *node,
	const struct fb_column *from, struct fb_type from_type)
{
	struct fb_type to = node->expr->type;
	uint32_t cnt = eval->batch->row_cnt;
	bool from_double = fb_type_phys(from_type) == FB_PHYS_F64;
	double *f64 = node->own.f64;
	int64_t *i64 = node->own.i64;

	if (fb_type_phys(from_type) > FB_PHYS_F64 || fb_type_phys(to) > FB_PHYS_F64 ||
		(!from_double && fb_type_phys(to) == FB_PHYS_I64))
		return false;
	if (fb_type_phys(to) == FB_PHYS_F64) {
		if (from_double)
			memcpy(f64, from->f64, cnt * sizeof(*f64));
		else
			for (uint32_t row = 0; row < cnt; row++)
				f64[row] = (double)from->i64[row];
		/* Of an integer at once: through double it would be rounded twice. */
		if (to.kind == FB_T_FLOAT)
			for (uint32_t row = 0; row < cnt; row++)
				f64[row] = from_double ? (double)(float)f64[row]
						       : (double)(float)from->i64[row];
	} else if (to.kind == FB_T_BOOLEAN) {
		for (uint32_t row = 0; row < cnt; row++)
			i64[row] = from->f64[row] != 0;
	} else {
		for (uint32_t row = 0; row < cnt; row++)
			i64[row] = double_to_integer(from->f64[row], to.kind);
	}
	return true;
}

/* Between TIMESTAMP and TIMESTAMP_LTZ: the zone's offset is added. */
static void change_clock(const struct fb_eval *eval, struct fb_node *node)
{
	const int64_t *from = node->args[0]->value->i64;
	uint64_t offset = (uint64_t)node->args[1]->expr->literal.i64 *
			  (uint64_t)(fb_type_ticks_per_s(node->expr->type) / 1000);

	for (uint32_t row = 0; row < eval->batch->row_cnt; row++)
		node->own.i64[row] = (int64_t)((uint64_t)from[row] + offset);
}

void fb_eval_cast(const struct fb_eval *eval, struct fb_node *node)
{
	const struct fb_column *from = node->args[0]->value;
	struct fb_type from_type = node->args[0]->expr->type;
	bool arg_may_fail = node->args[0]->may_fail;

	fb_node_valid_all(node);
	node->text_used = 0;
	if (node->arg_cnt == 2) {
		change_clock(eval, node);
		return;
	}
	if (cast_numbers(eval, node, from, from_type))
		return;
	for (uint32_t i = 0; i < eval->batch->sel_cnt; i++) {
		uint32_t row = eval->batch->sel[i];
		bool null = false;

		if (!fb_column_is_valid(from, row) ||
			(FB_UNLIKELY(arg_may_fail) && fb_node_has_failed(node->args[0], row)))
			continue;
		if (cast_row(node, from, from_type, row, &null) && !null)
			continue;
		if (null || node->expr->op == FB_OP_TRY_CAST)
			fb_node_set_null(node, row);
		else
			fb_fail_row(eval, row);
	}
}
