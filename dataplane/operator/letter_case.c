/* SPDX-License-Identifier: Apache-2.0 */
/* UPPER and LOWER of UTF-8 as Java's String does it: full case mapping, with the final sigma. Hot. */
#include "config/base/errcode.h"
#include "dataplane/operator/expr_private.h"

enum direction { UPPER, LOWER, DIRECTION_CNT };

struct run {
	uint32_t first, last;
	int32_t step, add;
};

struct longer {
	uint32_t code;
	const char *text;
};

/* The table's rows of one direction: those of the other become empty. */
#define RUN_IF_UPPER_UPPER(...) {__VA_ARGS__},
#define RUN_IF_UPPER_LOWER(...)
#define RUN_IF_LOWER_LOWER(...) {__VA_ARGS__},
#define RUN_IF_LOWER_UPPER(...)

static const struct run upper_runs[] = {
#define FB_CASE_RUN(direction, ...) RUN_IF_UPPER_##direction(__VA_ARGS__)
#define FB_CASE_LONG(direction, ...)
#include "dataplane/operator/letter_case.def"
#undef FB_CASE_RUN
#undef FB_CASE_LONG
};

static const struct run lower_runs[] = {
#define FB_CASE_RUN(direction, ...) RUN_IF_LOWER_##direction(__VA_ARGS__)
#define FB_CASE_LONG(direction, ...)
#include "dataplane/operator/letter_case.def"
#undef FB_CASE_RUN
#undef FB_CASE_LONG
};

static const struct longer upper_longer[] = {
#define FB_CASE_RUN(direction, ...)
#define FB_CASE_LONG(direction, ...) RUN_IF_UPPER_##direction(__VA_ARGS__)
#include "dataplane/operator/letter_case.def"
#undef FB_CASE_RUN
#undef FB_CASE_LONG
};

static const struct longer lower_longer[] = {
#define FB_CASE_RUN(direction, ...)
#define FB_CASE_LONG(direction, ...) RUN_IF_LOWER_##direction(__VA_ARGS__)
#include "dataplane/operator/letter_case.def"
#undef FB_CASE_RUN
#undef FB_CASE_LONG
};

/* ---- UTF-8 ---- */

/* One character at text[at]; what is no UTF-8 is one byte and stays. */
static uint32_t decode(struct fb_str text, uint32_t at, uint32_t *ret_code)
{
	const uint8_t *p = (const uint8_t *)text.p + at;
	uint32_t left = text.len - at;
	uint32_t len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	uint32_t code;

	*ret_code = p[0];
	if (p[0] < 0xc0 || len > left)
		return 1;
	code = p[0] & (0xffu >> (len + 1));
	for (uint32_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 1;
		code = code << 6 | (p[i] & 0x3f);
	}
	*ret_code = code;
	return len;
}

static uint32_t encode(uint32_t code, char out[4])
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3f));
	out[2] = (char)(0x80 | (code >> 6 & 0x3f));
	out[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

/* ---- mapping ---- */

/* What is to be added; 0: the character has no other case. */
static int32_t find_run(const struct run *runs, size_t cnt, uint32_t code)
{
	size_t low = 0;

	while (cnt > 0) {
		size_t half = cnt / 2;

		if (code > runs[low + half].last) {
			low += half + 1;
			cnt -= half + 1;
		} else if (code < runs[low + half].first) {
			cnt = half;
		} else {
			const struct run *run = &runs[low + half];

			return (code - run->first) % (uint32_t)run->step == 0 ? run->add : 0;
		}
	}
	return 0;
}

static const char *find_longer(bool upper, uint32_t code)
{
	const struct longer *rows = upper ? upper_longer : lower_longer;
	size_t cnt = upper ? FB_ARRAY_LEN(upper_longer) : FB_ARRAY_LEN(lower_longer);

	for (size_t i = 0; i < cnt; i++)
		if (rows[i].code == code)
			return rows[i].text;
	return NULL;
}

static int32_t find(bool upper, uint32_t code)
{
	if (code < 0x80) {
		if (upper)
			return code >= 'a' && code <= 'z' ? -32 : 0;
		return code >= 'A' && code <= 'Z' ? 32 : 0;
	}
	return upper ? find_run(upper_runs, FB_ARRAY_LEN(upper_runs), code)
		     : find_run(lower_runs, FB_ARRAY_LEN(lower_runs), code);
}

static bool is_cased(uint32_t code)
{
	return find(true, code) != 0 || find(false, code) != 0 || find_longer(true, code) != NULL;
}

/* Marks that the search for a neighbouring letter looks past. */
static bool is_ignored(uint32_t code)
{
	return code == '\'' || code == '.' || code == ':' || code == '^' || code == '`' || code == 0xad ||
	       code == 0xb7 || code == 0x2019 || (code >= 0x300 && code <= 0x36f);
}

/* A sigma at the end of a word: a letter in front, none behind. */
static bool is_final(struct fb_str text, uint32_t at, uint32_t behind)
{
	uint32_t code = 0;
	bool letter_before = false;

	for (uint32_t i = at; i > 0 && !letter_before;) {
		do
			i--;
		while (i > 0 && ((uint8_t)text.p[i] & 0xc0) == 0x80);
		decode(text, i, &code);
		if (is_ignored(code))
			continue;
		letter_before = is_cased(code);
		break;
	}
	while (letter_before && behind < text.len) {
		behind += decode(text, behind, &code);
		if (!is_ignored(code))
			return !is_cased(code);
	}
	return letter_before;
}

static uint32_t change_ascii(struct fb_str text, bool upper, char *out)
{
	uint8_t first = upper ? 'a' : 'A';
	uint32_t at = 0;

	for (; at < text.len && (uint8_t)text.p[at] < 0x80; at++) {
		uint8_t c = (uint8_t)text.p[at];

		out[at] = (char)((uint8_t)(c - first) < 26 ? c ^ 0x20 : c);
	}
	return at;
}

uint32_t fb_text_change_case(struct fb_str text, bool upper, char *out, uint32_t cap)
{
	uint32_t at, len;

	if (text.len > cap)
		return UINT32_MAX;
	at = len = change_ascii(text, upper, out);
	while (at < text.len) {
		char mapped[4];
		uint32_t code;
		uint32_t width = decode(text, at, &code);
		const char *from = text.p + at;
		const char *longer = width > 1 ? find_longer(upper, code) : NULL;
		uint32_t from_len = width;
		int32_t add = width > 1 || code < 0x80 ? find(upper, code) : 0;

		if (longer != NULL) {
			from = longer;
			from_len = (uint32_t)strlen(longer);
		} else if (!upper && code == 0x3a3 && is_final(text, at, at + width)) {
			from = "\317\202";
		} else if (add != 0) {
			from_len = encode((uint32_t)((int32_t)code + add), mapped);
			from = mapped;
		}
		if (len + from_len > cap)
			return UINT32_MAX;
		memcpy(out + len, from, from_len);
		len += from_len;
		at += width;
	}
	return len;
}
