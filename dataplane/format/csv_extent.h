/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a record of a CSV file ends. A file is a stream of characters to Jackson, and so to Flink: a line end inside quotes, or
 * behind an escape character, belongs to the value. (The stream of datagrams is another matter: there a record ends at its
 * line end, so that what one sender does wrong damages no other record.)
 *
 * A quote counts only as the first byte of a field. Where its field is not closed as it should be (behind the closing quote
 * blanks at most, then a delimiter or a line end), Flink's job fails; here the record is malformed, and ends with the line in
 * which the quote stands: a stray quote damages its own line, not the rest of the file.
 */
#pragma once

#include "config/sql/plan.h"

struct fb_csv_lines {
	uint8_t delimiter;
	uint8_t quote;
	uint8_t escape;
	bool quoting;
	bool escaping;
	bool comments; /* csv.allow-comments: no quote counts in a line that begins with '#' */
};

/* The options of a table. False: a record is always a line (no CSV, or neither quotes nor escapes). Control thread. */
bool fb_csv_lines_of(const struct fb_table *table, struct fb_csv_lines *ret);

/* The first byte that may make more of a record than its line; NULL: there is none. Hot. */
const uint8_t *fb_csv_first_quoted(const struct fb_csv_lines *lines, const uint8_t *data, size_t len);

/*
 * Bytes of the record that begins at data[0], with its line end; len: it ends with the data. `whole`: nothing comes behind
 * data[0, len). Else *ret_open says that what comes behind may decide: then ask again with more. Hot.
 */
size_t fb_csv_extent(const struct fb_csv_lines *lines, const uint8_t *data, size_t len, bool whole, bool *ret_open);
