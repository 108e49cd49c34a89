/* SPDX-License-Identifier: Apache-2.0 */
#include "dataplane/format/value_text.h"

#include <stdlib.h>

#include "config/base/calendar.h"
#include "config/base/shortest.h"
#include "dataplane/format/writer.h"

void fb_text_double(double value, bool single, struct fb_buf *out)
{
	char text[FB_DOUBLE_TEXT_BYTES];

	fb_buf_add(out, text, fb_double_format(value, single, text));
}

void fb_text_decimal(fb_i128 value, uint32_t scale, bool strip, struct fb_buf *out)
{
	char text[FB_DECIMAL_TEXT_BYTES];

	fb_buf_add(out, text,
		strip ? fb_decimal_format_stripped(value, scale, text)
		      : fb_decimal_format(value, scale, text));
}

void fb_text_base64(struct fb_str bytes, struct fb_buf *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (uint32_t i = 0; i < bytes.len; i += 3) {
		uint32_t left = bytes.len - i;
		uint32_t bits = (uint32_t)(uint8_t)bytes.p[i] << 16;

		bits |= left > 1 ? (uint32_t)(uint8_t)bytes.p[i + 1] << 8 : 0;
		bits |= left > 2 ? (uint8_t)bytes.p[i + 2] : 0;
		fb_buf_add_char(out, digits[bits >> 18]);
		fb_buf_add_char(out, digits[bits >> 12 & 63]);
		fb_buf_add_char(out, left > 1 ? digits[bits >> 6 & 63] : '=');
		fb_buf_add_char(out, left > 2 ? digits[bits & 63] : '=');
	}
}

void fb_text_date(int64_t days, struct fb_buf *out)
{
	struct fb_civil civil = fb_civil_from_days(days);

	if (civil.year < 0 || civil.year > 9999)
		fb_buf_add_char(out, civil.year < 0 ? '-' : '+');
	fb_buf_printf(out, "%04d-%02u-%02u", abs(civil.year), civil.month, civil.day);
}

/* Days, and microseconds within the day: all of int64 milliseconds would not fit into microseconds.
 */
static int64_t split(struct fb_type type, int64_t value, int64_t *ret_micros)
{
	int64_t per_second = fb_type_ticks_per_s(type);
	int64_t rest = value % (per_second * 86400);

	*ret_micros = (rest < 0 ? rest + per_second * 86400 : rest) * (1000000 / per_second);
	return fb_floor_div(value, per_second * 86400);
}

/* HH:mm:ss and so many digits of the fraction. */
static size_t clock_format(int64_t micros, unsigned digits, char text[FB_TIME_TEXT_BYTES])
{
	size_t date_len = sizeof("1970-01-01 ") - 1;
	size_t len = fb_time_format_us(micros, digits, text) - date_len;

	memmove(text, text + date_len, len + 1);
	return len;
}

void fb_text_timestamp(struct fb_type type, int64_t value, char separator, struct fb_buf *out)
{
	char text[FB_TIME_TEXT_BYTES];
	int64_t micros;
	int64_t days = split(type, value, &micros);
	size_t len = clock_format(micros, 6, text);

	/* The trimming stops at the point: a time that ends in zeros keeps them. */
	while (text[len - 1] == '0')
		len--;
	if (text[len - 1] == '.')
		len--;
	fb_text_date(days, out);
	fb_buf_add_char(out, separator);
	fb_buf_add(out, text, len);
}

/* All digits of the type's precision: the CAST printer of semantics 1.4. */
static void cast_timestamp(struct fb_type type, int64_t value, struct fb_buf *out)
{
	char text[FB_TIME_TEXT_BYTES];
	int64_t micros;
	int64_t days = split(type, value, &micros);

	fb_buf_add(out, text, fb_date_format(days, text));
	fb_buf_add_char(out, ' ');
	fb_buf_add(out, text, clock_format(micros, FB_MIN(type.precision, (uint8_t)6), text));
}

void fb_value_format(struct fb_type type, const struct fb_value *value, struct fb_buf *out)
{
	char text[FB_TIME_TEXT_BYTES];

	if (value->is_null) {
		fb_buf_add_text(out, "NULL");
		return;
	}
	switch (type.kind) {
	case FB_T_BOOLEAN:
		fb_buf_add_text(out, value->i64 ? "TRUE" : "FALSE");
		break;
	case FB_T_FLOAT:
	case FB_T_DOUBLE:
		fb_text_double(value->f64, type.kind == FB_T_FLOAT, out);
		break;
	case FB_T_DECIMAL:
		fb_text_decimal(value->i128, type.scale, false, out);
		break;
	case FB_T_CHAR:
	case FB_T_VARCHAR:
	case FB_T_BINARY:
	case FB_T_VARBINARY:
		fb_buf_add(out, value->str.p, value->str.len);
		break;
	case FB_T_DATE:
		fb_buf_add(out, text, fb_date_format(value->i64, text));
		break;
	case FB_T_TIMESTAMP:
	case FB_T_TIMESTAMP_LTZ:
		cast_timestamp(type, value->i64, out);
		break;
	default:
		fb_buf_printf(out, "%lld", (long long)value->i64);
		break;
	}
}
