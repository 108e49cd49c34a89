/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts that are not plain ASCII. Jackson reads bytes to UTF-16 and Flink writes that as UTF-8: so
 * a sequence of bytes is judged by its form alone, longer ones than needed are taken, halves of
 * surrogate pairs may come from escapes and bytes alike, and one that stays alone becomes '?'.
 * Hot: no allocation, no system call.
 */
#include "dataplane/format/json.h"

/* ---- UTF-16 to UTF-8 ---- */

static void put_byte(struct fb_json_units *units, uint32_t c)
{
	units->full |= !fb_decoder_scratch_put(units->decoder, (char)c);
}

/* ASCII as Jackson escapes it in a text. */
static void put_quoted(struct fb_json_units *units, uint32_t c)
{
	static const char short_escapes[32] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};

	if (c == '"' || c == '\\') {
		put_byte(units, '\\');
		put_byte(units, c);
	} else if (c >= 32) {
		put_byte(units, c);
	} else if (short_escapes[c]) {
		put_byte(units, '\\');
		put_byte(units, (uint8_t)short_escapes[c]);
	} else {
		put_byte(units, '\\');
		put_byte(units, 'u');
		put_byte(units, '0');
		put_byte(units, '0');
		put_byte(units, (uint32_t)'0' + (c >> 4));
		put_byte(units, (uint8_t) "0123456789ABCDEF"[c & 15]);
	}
}

static void put_character(struct fb_json_units *units, uint32_t c)
{
	if (c < 0x80) {
		if (units->quoting)
			put_quoted(units, c);
		else
			put_byte(units, c);
	} else if (c < 0x800) {
		put_byte(units, 0xc0 | c >> 6);
		put_byte(units, 0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		put_byte(units, 0xe0 | c >> 12);
		put_byte(units, 0x80 | (c >> 6 & 0x3f));
		put_byte(units, 0x80 | (c & 0x3f));
	} else {
		put_byte(units, 0xf0 | c >> 18);
		put_byte(units, 0x80 | (c >> 12 & 0x3f));
		put_byte(units, 0x80 | (c >> 6 & 0x3f));
		put_byte(units, 0x80 | (c & 0x3f));
	}
}

void fb_json_put_unit(struct fb_json_units *units, uint32_t unit)
{
	uint32_t high = units->high;

	units->high = 0;
	if (high != 0 && unit >> 10 == 0xdc00 >> 10) {
		put_character(units, 0x10000 + ((high & 0x3ff) << 10) + (unit & 0x3ff));
		return;
	}
	if (high != 0)
		put_character(units, '?');
	if (unit >> 10 == 0xd800 >> 10)
		units->high = unit;
	else
		put_character(units, unit >> 10 == 0xdc00 >> 10 ? '?' : unit);
}

void fb_json_end_units(struct fb_json_units *units)
{
	if (units->high != 0)
		put_character(units, '?');
	units->high = 0;
}

/* ---- the bytes of a text ---- */

static uint32_t hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return (uint32_t)(c - '0');
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10 : 16;
}

/* The escape at p, behind its backslash: how many bytes, 0 for none. */
static uint32_t read_escape(const char *p, uint32_t len, uint32_t *ret_unit)
{
	static const char meant[128] = {['"'] = '"',
		['\\'] = '\\',
		['/'] = '/',
		['b'] = '\b',
		['f'] = '\f',
		['n'] = '\n',
		['r'] = '\r',
		['t'] = '\t'};
	uint32_t unit = 0;

	if (len == 0 || (uint8_t)p[0] > 127)
		return 0;
	if (p[0] != 'u') {
		*ret_unit = (uint8_t)meant[(uint8_t)p[0]];
		return *ret_unit != 0;
	}
	if (len < 5)
		return 0;
	for (uint32_t i = 1; i < 5; i++) {
		uint32_t digit = hex_value(p[i]);

		if (digit > 15)
			return 0;
		unit = unit << 4 | digit;
	}
	*ret_unit = unit;
	return 5;
}

/* Bytes of the sequence that begins with p[0] > 0x7f, by its form alone; 0: it is none. */
static uint32_t sequence_len(const uint8_t *p, uint32_t len)
{
	uint32_t want = p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : p[0] >> 3 == 30 ? 4 : 0;

	if (want > len)
		return 0;
	for (uint32_t i = 1; i < want; i++)
		if (p[i] >> 6 != 2)
			return 0;
	return want;
}

/* The shortest form of a character that is no surrogate: UTF-8 as it should be. */
static bool is_canonical(const uint8_t *p, uint32_t len)
{
	switch (len) {
	case 2:
		return p[0] >= 0xc2;
	case 3:
		return (p[0] > 0xe0 || p[1] >= 0xa0) && (p[0] != 0xed || p[1] < 0xa0);
	default:
		return p[0] < 0xf4 ? p[0] > 0xf0 || p[1] >= 0x90 : p[0] == 0xf4 && p[1] < 0x90;
	}
}

static void put_sequence(struct fb_json_units *units, const uint8_t *p, uint32_t len)
{
	int32_t c;

	if (len == 2) {
		fb_json_put_unit(units, (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu));
	} else if (len == 3) {
		fb_json_put_unit(units, (p[0] & 0xfu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu));
	} else {
		/* What is no pair becomes what the same operations make of it in Java. */
		c = (int32_t)((p[0] & 7u) << 18 | (p[1] & 0x3fu) << 12 | (p[2] & 0x3fu) << 6 |
			      (p[3] & 0x3fu)) -
		    0x10000;
		fb_json_put_unit(units, (0xd800u | (uint32_t)(c >> 10)) & 0xffff);
		fb_json_put_unit(units, 0xdc00u | ((uint32_t)c & 0x3ff));
	}
}

void fb_json_put_text(struct fb_json_units *units, struct fb_str raw)
{
	for (uint32_t i = 0; i < raw.len;) {
		const uint8_t *p = (const uint8_t *)raw.p + i;
		uint32_t unit = 0;
		uint32_t len;

		if (*p == '\\') {
			i += 1 + read_escape(raw.p + i + 1, raw.len - i - 1, &unit);
			fb_json_put_unit(units, unit);
		} else if (*p > 127) {
			len = sequence_len(p, raw.len - i);
			put_sequence(units, p, len);
			i += len;
		} else {
			fb_json_put_unit(units, *p);
			i++;
		}
	}
	fb_json_end_units(units);
}

uint32_t fb_json_text(struct fb_json_decoder *decoder, bool wanted, struct fb_str *text)
{
	struct fb_json_units units = {.decoder = &decoder->base};
	uint32_t from = decoder->base.scratch_len;
	bool differs = false;

	for (uint32_t i = 0; i < text->len;) {
		const uint8_t *p = (const uint8_t *)text->p + i;
		uint32_t len = 1;
		uint32_t unit;

		if (*p == '\\') {
			len = read_escape(text->p + i + 1, text->len - i - 1, &unit);
			differs = true;
			i++;
		} else if (*p > 127) {
			len = sequence_len(p, text->len - i);
			differs |= len != 0 && !is_canonical(p, len);
		}
		if (len == 0)
			return FB_REC_JSON;
		i += len;
	}
	if (!differs || !wanted)
		return 0;
	fb_json_put_text(&units, *text);
	if (units.full)
		return FB_REC_CNT;
	*text = (struct fb_str){decoder->base.scratch + from, decoder->base.scratch_len - from};
	return 0;
}
