/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digits of other scripts. Java's Integer.parseInt and BigDecimal take whatever Character.digit(char, 10) does: the decimal
 * digits (category Nd) of the Basic Multilingual Plane, here those of Unicode 13, which JDK 17 has; mixed as one likes.
 * Double.parseDouble takes ASCII alone. Hot: no allocation.
 */
#include "dataplane/format/convert.h"

/* The zeros; nine more follow each. */
static const uint16_t zeros[] = {0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6, 0x0c66, 0x0ce6,
	0x0d66, 0x0de6, 0x0e50, 0x0ed0, 0x0f20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0,
	0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10};

/* The value of the character at p, or -1; *ret_len: its bytes. */
static int digit_at(const uint8_t *p, uint32_t left, uint32_t *ret_len)
{
	uint32_t c;

	*ret_len = p[0] >> 5 == 6 ? 2 : 3;
	if ((p[0] >> 5 != 6 && p[0] >> 4 != 14) || left < *ret_len || p[1] >> 6 != 2 || p[*ret_len - 1] >> 6 != 2)
		return -1;
	c = *ret_len == 2 ? (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu) : (p[0] & 0xfu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
	for (uint32_t i = 0; i < FB_ARRAY_LEN(zeros); i++)
		if (c - zeros[i] < 10)
			return (int)(c - zeros[i]);
	return -1;
}

bool fb_convert_digits(struct fb_str text, char room[FB_CONVERT_DIGITS_MAX], struct fb_str *ret)
{
	const uint8_t *p = (const uint8_t *)text.p;
	uint32_t cnt = 0;
	bool any = false;

	for (uint32_t at = 0; at < text.len;) {
		uint32_t len = 1;
		int digit = p[at] - '0';

		if (p[at] > 0x7f) {
			digit = digit_at(p + at, text.len - at, &len);
			any = true;
			if (digit < 0)
				return false;
		}
		if (cnt == FB_CONVERT_DIGITS_MAX)
			return false;
		room[cnt++] = (char)('0' + digit);
		at += len;
	}
	*ret = (struct fb_str){room, cnt};
	return any;
}
