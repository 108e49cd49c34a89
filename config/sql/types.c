/* SPDX-License-Identifier: Apache-2.0 */
#include "config/sql/typing.h"

#include <stdio.h>

#include "config/sql/plan.h"

const char *fb_type_format(struct fb_type type, char text[FB_TYPE_TEXT_BYTES])
{
	static const char *const names[FB_T_KIND_CNT] = {
		[FB_T_NULL] = "NULL",
		[FB_T_BOOLEAN] = "BOOLEAN",
		[FB_T_TINYINT] = "TINYINT",
		[FB_T_SMALLINT] = "SMALLINT",
		[FB_T_INT] = "INT",
		[FB_T_BIGINT] = "BIGINT",
		[FB_T_FLOAT] = "FLOAT",
		[FB_T_DOUBLE] = "DOUBLE",
		[FB_T_DECIMAL] = "DECIMAL",
		[FB_T_CHAR] = "CHAR",
		[FB_T_VARCHAR] = "VARCHAR",
		[FB_T_BINARY] = "BINARY",
		[FB_T_VARBINARY] = "VARBINARY",
		[FB_T_DATE] = "DATE",
		[FB_T_TIMESTAMP] = "TIMESTAMP",
		[FB_T_TIMESTAMP_LTZ] = "TIMESTAMP_LTZ",
		[FB_T_INTERVAL] = "INTERVAL DAY TO SECOND",
	};
	const char *name = type.kind < FB_T_KIND_CNT ? names[type.kind] : "?";
	const char *null = type.not_null ? " NOT NULL" : "";

	switch (type.kind) {
	case FB_T_DECIMAL:
		snprintf(text, FB_TYPE_TEXT_BYTES, "%s(%u, %u)%s", name, type.precision, type.scale,
			null);
		break;
	case FB_T_VARCHAR:
	case FB_T_VARBINARY:
		if (type.length == FB_STRING_LENGTH) {
			snprintf(text, FB_TYPE_TEXT_BYTES, "%s%s",
				type.kind == FB_T_VARCHAR ? "STRING" : "BYTES", null);
			break;
		}
		/* fall through */
	case FB_T_CHAR:
	case FB_T_BINARY:
		snprintf(text, FB_TYPE_TEXT_BYTES, "%s(%u)%s", name, type.length, null);
		break;
	case FB_T_TIMESTAMP:
	case FB_T_TIMESTAMP_LTZ:
		snprintf(text, FB_TYPE_TEXT_BYTES, "%s(%u)%s", name, type.precision, null);
		break;
	default:
		snprintf(text, FB_TYPE_TEXT_BYTES, "%s%s", name, null);
		break;
	}
	return text;
}

bool fb_type_same(struct fb_type a, struct fb_type b)
{
	if (a.kind != b.kind)
		return false;
	switch (a.kind) {
	case FB_T_DECIMAL:
		return a.precision == b.precision && a.scale == b.scale;
	case FB_T_CHAR:
	case FB_T_VARCHAR:
	case FB_T_BINARY:
	case FB_T_VARBINARY:
		return a.length == b.length;
	case FB_T_TIMESTAMP:
	case FB_T_TIMESTAMP_LTZ:
		return a.precision == b.precision;
	default:
		return true;
	}
}

bool fb_type_same_values(struct fb_type a, struct fb_type b)
{
	if (fb_type_is_text(a) && fb_type_is_text(b))
		return true;
	if (fb_type_is_timestamp(a) && a.kind == b.kind)
		return fb_type_ticks_per_s(a) == fb_type_ticks_per_s(b);
	return fb_type_same(a, b);
}

struct fb_decimal_type fb_type_decimal(struct fb_type type)
{
	static const uint8_t digits[] = {
		[FB_T_TINYINT] = 3, [FB_T_SMALLINT] = 5, [FB_T_INT] = 10, [FB_T_BIGINT] = 19};

	if (type.kind == FB_T_DECIMAL)
		return (struct fb_decimal_type){type.precision, type.scale};
	return (struct fb_decimal_type){digits[type.kind], 0};
}

/* Numbers only. Two of one width: the first decides, which is how FLOAT * DOUBLE comes to be FLOAT.
 */
static struct fb_type common_number(struct fb_type a, struct fb_type b)
{
	if (fb_type_is_float(a))
		return b.kind == FB_T_DECIMAL ? fb_type_of(FB_T_DOUBLE) : a;
	if (fb_type_is_float(b))
		return a.kind == FB_T_DECIMAL ? fb_type_of(FB_T_DOUBLE) : b;
	if (a.kind == FB_T_DECIMAL || b.kind == FB_T_DECIMAL)
		return fb_type_of_decimal(
			fb_decimal_type_common(fb_type_decimal(a), fb_type_decimal(b)));
	return a.kind > b.kind ? a : b;
}

bool fb_type_common(struct fb_type a, struct fb_type b, struct fb_type *ret_type)
{
	struct fb_type type;

	if (a.kind == FB_T_NULL || b.kind == FB_T_NULL) {
		type = a.kind == FB_T_NULL ? b : a;
	} else if (fb_type_is_numeric(a) && fb_type_is_numeric(b)) {
		type = common_number(a, b);
	} else if ((fb_type_is_text(a) && fb_type_is_text(b)) ||
		   (fb_type_is_binary(a) && fb_type_is_binary(b))) {
		uint8_t varying = fb_type_is_text(a) ? FB_T_VARCHAR : FB_T_VARBINARY;

		type = a.kind == varying ? a : b;
		if (a.length != b.length)
			type.kind = varying;
		type.length = FB_MAX(a.length, b.length);
	} else if (a.kind == b.kind) {
		type = a;
		type.precision = FB_MAX(a.precision, b.precision);
		type.length = FB_MAX(a.length, b.length);
	} else {
		return false;
	}
	type.not_null = a.not_null && b.not_null;
	*ret_type = type;
	return true;
}

bool fb_type_comparable(struct fb_type a, struct fb_type b, struct fb_type *ret_type)
{
	struct fb_type type;
	bool a_moment = a.kind == FB_T_DATE || a.kind == FB_T_TIMESTAMP;
	bool b_moment = b.kind == FB_T_DATE || b.kind == FB_T_TIMESTAMP;

	if ((a_moment && fb_type_is_text(b)) || (b_moment && fb_type_is_text(a))) {
		*ret_type = a_moment ? a : b;
		ret_type->not_null = false;
		return true;
	}
	if (fb_type_is_timestamp(a) && fb_type_is_timestamp(b) && a.kind != b.kind) {
		type = a.kind == FB_T_TIMESTAMP_LTZ ? a : b;
		type.precision = FB_MAX(a.precision, b.precision);
		type.not_null = a.not_null && b.not_null;
		*ret_type = type;
		return true;
	}
	if (!fb_type_common(a, b, &type))
		return false;
	if (fb_type_is_float(type) && (a.kind == FB_T_DOUBLE || b.kind == FB_T_DOUBLE))
		type.kind = FB_T_DOUBLE;
	*ret_type = type;
	return true;
}

bool fb_type_casts_silently(struct fb_type from, struct fb_type to)
{
	if (from.kind == FB_T_NULL)
		return true;
	switch (to.kind) {
	case FB_T_TINYINT:
	case FB_T_SMALLINT:
	case FB_T_INT:
	case FB_T_BIGINT:
		return fb_type_is_integer(from) && from.kind <= to.kind;
	case FB_T_FLOAT:
		return fb_type_is_numeric(from) && from.kind != FB_T_DOUBLE;
	case FB_T_DOUBLE:
	case FB_T_DECIMAL:
		return fb_type_is_numeric(from);
	case FB_T_VARCHAR:
		return fb_type_is_text(from);
	case FB_T_VARBINARY:
		return fb_type_is_binary(from);
	case FB_T_DATE:
		return from.kind == FB_T_DATE || from.kind == FB_T_TIMESTAMP;
	case FB_T_TIMESTAMP:
	case FB_T_TIMESTAMP_LTZ:
		return fb_type_is_timestamp(from);
	default:
		return from.kind == to.kind;
	}
}

/* TIMESTAMP and TIMESTAMP_LTZ stand with DATE and text; numbers and BOOLEAN with text. */
enum fb_cast_rule fb_type_cast_rule(struct fb_type from, struct fb_type to)
{
	bool from_moment = from.kind == FB_T_DATE || fb_type_is_timestamp(from);
	bool to_moment = to.kind == FB_T_DATE || fb_type_is_timestamp(to);

	if (to.kind == FB_T_NULL || to.kind == FB_T_INTERVAL || from.kind == FB_T_INTERVAL)
		return FB_CAST_NO;
	if ((to.kind == FB_T_CHAR || to.kind == FB_T_BINARY) && to.length > FB_CAST_CHAR_MAX)
		return FB_CAST_PLANNED;
	if (from.kind == FB_T_NULL || from.kind == to.kind)
		return FB_CAST_YES;
	if (fb_type_is_binary(from) || fb_type_is_binary(to))
		return (fb_type_is_binary(from) || fb_type_is_text(from)) &&
				       (fb_type_is_binary(to) || fb_type_is_text(to))
			       ? FB_CAST_YES
			       : FB_CAST_NO;
	if (fb_type_is_text(from) || fb_type_is_text(to))
		return FB_CAST_YES;
	return from_moment == to_moment ? FB_CAST_YES : FB_CAST_NO;
}
