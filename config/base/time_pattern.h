/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns of dates and times as Flink's functions take them. There are two kinds, and they differ:
 *
 *   FORMATTER  java.time.format.DateTimeFormatter: DATE_FORMAT of a TIMESTAMP, TO_TIMESTAMP. Reads
 *              what the pattern says and nothing else; a day beyond its month's end is the end.
 *   SIMPLE     java.text.SimpleDateFormat, lenient: FROM_UNIXTIME, UNIX_TIMESTAMP, TO_DATE, DATE_FORMAT
 *              of a text. Numbers may be of any length and beyond their range (2023-02-31 is 03-03);
 *              what is behind the pattern's end is not read.
 *
 * Letters: G y u M L d D E a H h K k m s S, FORMATTER also A n N Q q; texts in English. Those of
 * weeks, zones and optional parts are refused. Dates before 1582-10-15 are Julian in SIMPLE, but for
 * the day of the year.
 *
 * A pattern points into its text, which must outlive it. Reading and writing are pure and fit for a
 * poll-mode core.
 */
#pragma once

#include "config/base/str.h"

#define FB_PATTERN_ITEMS_MAX 64

enum fb_pattern_kind { FB_PATTERN_FORMATTER, FB_PATTERN_SIMPLE };

struct fb_pattern_item {
	char letter; /* 0: text */
	uint8_t cnt; /* of the letter */
	struct fb_str text;
};

struct fb_time_pattern {
	enum fb_pattern_kind kind;
	int32_t century_from; /* SIMPLE: the hundred years that yy means begin here */
	uint32_t cnt;
	struct fb_pattern_item items[FB_PATTERN_ITEMS_MAX];
};

/* NULL if it is one; else what is wrong, a static text. `ret` then holds nothing. */
const char *fb_time_pattern_init(
	struct fb_time_pattern *ret, enum fb_pattern_kind kind, struct fb_str text);

/* Bytes written, or UINT32_MAX: more than `cap`. */
uint32_t fb_time_pattern_format(
	const struct fb_time_pattern *pattern, int64_t us, char *out, uint32_t cap);
/* Fields that the pattern lacks are those of 1970-01-01 00:00:00. False: not of the pattern. */
bool fb_time_pattern_parse(
	const struct fb_time_pattern *pattern, struct fb_str text, int64_t *ret_us);
