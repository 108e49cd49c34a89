/* SPDX-License-Identifier: Apache-2.0 */
#include "dataplane/format/value_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/base/calendar.h"
#include "dataplane/format/writer.h"

/* Digits and decimal exponent of the shortest text that reads back: value = 0.DIGITS * 10^exponent. */
static int shortest(double value, bool single, char digits[24], int *ret_exponent)
{
	char text[40];
	int max = single ? 9 : 17;

	for (int precision = 1; precision <= max; precision++) {
		snprintf(text, sizeof(text), "%.*e", precision - 1, value);
		if (single ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value)
			break;
	}

	int cnt = 0;
	const char *p = text;

	for (; *p != 'e'; p++)
		if (*p != '.')
			digits[cnt++] = *p;
	*ret_exponent = atoi(p + 1) + 1;
	while (cnt > 1 && digits[cnt - 1] == '0')
		cnt--;
	digits[cnt] = '\0';
	return cnt;
}

/* Double.toString: plain between 1e-3 and 1e7, else d.dddE±n; always a digit behind the point. */
void fb_text_double(double value, bool single, struct fb_buf *out)
{
	char digits[24];
	int exponent;

	if (isnan(value)) {
		fb_buf_add_text(out, "NaN");
		return;
	}
	if (signbit(value))
		fb_buf_add_char(out, '-');
	value = fabs(value);
	if (isinf(value)) {
		fb_buf_add_text(out, "Infinity");
		return;
	}
	if (value == 0) {
		fb_buf_add_text(out, "0.0");
		return;
	}

	int cnt = shortest(value, single, digits, &exponent);

	if (value >= 1e-3 && value < 1e7) {
		if (exponent <= 0) {
			fb_buf_add_text(out, "0.");
			for (int i = exponent; i < 0; i++)
				fb_buf_add_char(out, '0');
			fb_buf_add(out, digits, (size_t)cnt);
			return;
		}
		for (int i = 0; i < FB_MAX(cnt, exponent + 1); i++) {
			if (i == exponent)
				fb_buf_add_char(out, '.');
			fb_buf_add_char(out, i < cnt ? digits[i] : '0');
		}
		return;
	}
	fb_buf_printf(out, "%c.%sE%d", digits[0], cnt > 1 ? digits + 1 : "0", exponent - 1);
}

void fb_text_decimal(fb_i128 value, uint32_t scale, bool strip, struct fb_buf *out)
{
	char digits[48];
	int cnt = 0;
	unsigned __int128 rest = value < 0 ? -(unsigned __int128)value : (unsigned __int128)value;
	int32_t shown = (int32_t)scale;

	if (value < 0)
		fb_buf_add_char(out, '-');
	if (strip && rest == 0) {
		fb_buf_add_char(out, '0');
		return;
	}
	while (strip && rest % 10 == 0) {
		rest /= 10;
		shown--;
	}
	do
		digits[cnt++] = (char)('0' + (int)(rest % 10));
	while ((rest /= 10) != 0);

	/* BigDecimal.toString: scientific where the scale is negative or the exponent below -6. */
	int32_t exponent = cnt - 1 - shown;

	if (shown < 0 || exponent < -6) {
		fb_buf_add_char(out, digits[cnt - 1]);
		if (cnt > 1)
			fb_buf_add_char(out, '.');
		for (int i = cnt - 2; i >= 0; i--)
			fb_buf_add_char(out, digits[i]);
		fb_buf_printf(out, "E%+d", exponent);
		return;
	}
	while (cnt <= shown)
		digits[cnt++] = '0';
	for (int i = cnt - 1; i >= 0; i--) {
		fb_buf_add_char(out, digits[i]);
		if (i == shown && shown > 0)
			fb_buf_add_char(out, '.');
	}
}

static int64_t micros(struct fb_type type, int64_t value)
{
	return type.precision <= 3 ? value * 1000 : value;
}

void fb_text_timestamp(struct fb_type type, int64_t value, char separator, struct fb_buf *out)
{
	char text[FB_TIME_TEXT_BYTES];
	size_t len = fb_time_format_us(micros(type, value), 6, text);

	while (text[len - 1] == '0')
		len--;
	if (text[len - 1] == '.')
		len--;
	/* The trimming stops at the point: a time that ends in zeros keeps them. */
	text[strcspn(text, " ")] = separator;
	fb_buf_add(out, text, len);
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
		fb_buf_add(out, text, fb_time_format_us(micros(type, value->i64), FB_MIN(type.precision, (uint8_t)6), text));
		break;
	default:
		fb_buf_printf(out, "%lld", (long long)value->i64);
		break;
	}
}
