/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Binary columns of CSV and JSON are Base64, as Jackson's TextNode.binaryValue() reads it (variant MIME-NO-LINEFEEDS): blanks
 * and control characters between groups of four are passed over, the last group must be padded. Hot: no allocation.
 */
#include "dataplane/format/decoder_private.h"

static uint32_t sextet(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26u;
	if (c >= '0' && c <= '9')
		return c - '0' + 52u;
	return c == '+' ? 62 : c == '/' ? 63 : 64;
}

uint32_t fb_decoder_base64(struct fb_decoder *decoder, struct fb_str *text)
{
	const uint8_t *p = (const uint8_t *)text->p;
	uint32_t from = decoder->scratch_len;
	char *out = decoder->scratch + from;

	if (decoder->scratch_cap - from < text->len)
		return FB_REC_CNT;
	for (uint32_t i = 0; i < text->len;) {
		uint32_t a;
		uint32_t b;
		uint32_t c;
		uint32_t d;
		bool padded;

		if (p[i] <= ' ') {
			i++;
			continue;
		}
		if (text->len - i < 4)
			return FB_REC_BASE64;
		a = sextet(p[i]);
		b = sextet(p[i + 1]);
		c = sextet(p[i + 2]);
		d = sextet(p[i + 3]);
		padded = p[i + 3] == '=';
		if (a > 63 || b > 63 || (c > 63 && !(p[i + 2] == '=' && padded)) ||
			(d > 63 && !padded))
			return FB_REC_BASE64;
		*out++ = (char)(a << 2 | b >> 4);
		if (c < 64)
			*out++ = (char)(b << 4 | c >> 2);
		if (d < 64)
			*out++ = (char)(c << 6 | d);
		i += 4;
	}
	*text = (struct fb_str){decoder->scratch + from, (uint32_t)(out - decoder->scratch) - from};
	decoder->scratch_len = from + text->len;
	return 0;
}
