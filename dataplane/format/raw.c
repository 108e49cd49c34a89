/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Format 'raw': a table of one column, whose value is all of a line or datagram as it is. Text and
 * bytes only; a datagram may be empty, a line, too. Hot: no allocation, no system call.
 */
#include "dataplane/format/decoder_private.h"

static bool add_value(struct fb_decoder *decoder, const uint8_t *data, uint32_t len)
{
	if (decoder->row_cnt == FB_BATCH_ROWS)
		return false;
	if (decoder->column_cnt > 0)
		decoder->columns[0].refs[decoder->row_cnt] =
			(struct fb_str){(const char *)data, len};
	fb_decoder_put_row(decoder, 0);
	return true;
}

bool fb_raw_add(struct fb_decoder *decoder, const uint8_t *data, uint32_t len, uint32_t *pos)
{
	if (decoder->framing == FB_FRAMING_DATAGRAM) {
		if (!add_value(decoder, data, len))
			return false;
		*pos = len;
		return true;
	}
	while (*pos < len) {
		const uint8_t *line = data + *pos;
		const uint8_t *end = memchr(line, '\n', len - *pos);
		uint32_t line_len = end ? (uint32_t)(end - line) : len - *pos;

		if (!add_value(
			    decoder, line, line_len - (line_len > 0 && line[line_len - 1] == '\r')))
			return false;
		*pos += line_len + (end != NULL);
	}
	return true;
}
