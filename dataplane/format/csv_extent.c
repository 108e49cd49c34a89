/* SPDX-License-Identifier: Apache-2.0 */
/* Hot: no allocation, no system call. */
#include "dataplane/format/csv_extent.h"

#include <string.h>

const uint8_t *fb_csv_first_quoted(const struct fb_csv_lines *lines, const uint8_t *data, size_t len)
{
	const uint8_t *quote = lines->quoting ? memchr(data, lines->quote, len) : NULL;
	const uint8_t *escape = NULL;

	if (lines->escaping)
		escape = memchr(data, lines->escape, quote ? (size_t)(quote - data) : len);
	return escape ? escape : quote;
}

/* Behind the first line end at or behind `at`; len: there is none. */
static size_t line_end(const uint8_t *data, size_t len, size_t at)
{
	const uint8_t *found = memchr(data + at, '\n', len - at);

	return found ? (size_t)(found - data) + 1 : len;
}

static bool is_comment(const struct fb_csv_lines *lines, const uint8_t *data, size_t len)
{
	size_t at = 0;

	while (lines->comments && at < len && data[at] == ' ')
		at++;
	return lines->comments && at < len && data[at] == '#';
}

/* The closing quote of the field that is open at `at`; len: there is none. */
static size_t closing_quote(const struct fb_csv_lines *lines, const uint8_t *data, size_t len, size_t at)
{
	while (at < len) {
		if (!lines->escaping) {
			const uint8_t *found = memchr(data + at, lines->quote, len - at);

			if (found == NULL)
				return len;
			at = (size_t)(found - data);
		} else if (data[at] != lines->quote) {
			at += data[at] == lines->escape ? 2 : 1;
			continue;
		}
		if (at + 1 == len || data[at + 1] != lines->quote)
			return at;
		at += 2;
	}
	return len;
}

/*
 * The quoted field that begins at `at`. Returns where its delimiter or line end stands; len, if it ends with the data; or
 * SIZE_MAX if it is not closed as it should be. *ret_open: nothing that is there closes it.
 */
static size_t skip_quoted(const struct fb_csv_lines *lines, const uint8_t *data, size_t len, size_t at, bool *ret_open)
{
	at = closing_quote(lines, data, len, at + 1);
	if (at >= len) {
		*ret_open = true;
		return SIZE_MAX;
	}
	at++;
	while (at < len && data[at] <= ' ' && data[at] != lines->delimiter && data[at] != '\n')
		at++;
	return at == len || data[at] == lines->delimiter || data[at] == '\n' ? at : SIZE_MAX;
}

static size_t skip_plain(const struct fb_csv_lines *lines, const uint8_t *data, size_t len, size_t at)
{
	while (at < len && data[at] != lines->delimiter && data[at] != '\n')
		at += lines->escaping && data[at] == lines->escape ? 2 : 1;
	return at < len ? at : len;
}

/* Field by field. *ret_open: what is behind the data may decide. */
static size_t extent(const struct fb_csv_lines *lines, const uint8_t *data, size_t len, bool *ret_open)
{
	for (size_t at = 0;;) {
		bool quoted = lines->quoting && at < len && data[at] == lines->quote;
		size_t next = quoted ? skip_quoted(lines, data, len, at, ret_open) : skip_plain(lines, data, len, at);

		if (next == SIZE_MAX)
			return line_end(data, len, at);
		*ret_open |= next == len;
		if (next == len)
			return len;
		if (data[next] == '\n')
			return next + 1;
		at = next + 1;
	}
}

size_t fb_csv_extent(const struct fb_csv_lines *lines, const uint8_t *data, size_t len, bool whole, bool *ret_open)
{
	size_t end = line_end(data, len, 0);
	bool open = false;

	if (!is_comment(lines, data, end) && fb_csv_first_quoted(lines, data, end) != NULL)
		end = extent(lines, data, len, &open);
	open |= end == len && (len == 0 || data[len - 1] != '\n');
	*ret_open = open && !whole;
	return end;
}
