/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fixed binary records: a datagram is a header, where the layout has one, and whole records behind
 * each other (config/appliance/layout.h). Columns are found by the names of the layout's fields.
 *
 *   column                        field
 *   TINYINT … BIGINT              int or uint that is not wider in range; uint64 in BIGINT too:
 * what is above its range is FB_REC_NUMBER BOOLEAN                       int8, uint8: 0 is false
 *   FLOAT; DOUBLE                 float32; float32, float64
 *   CHAR, VARCHAR                 text: up to its first zero byte
 *   BINARY, VARBINARY             bytes
 *   DATE                          int32: days since 1970
 *   TIMESTAMP(p), TIMESTAMP_LTZ   int64: milliseconds since 1970 for p <= 3, else microseconds
 */
#pragma once

#include "config/appliance/layout.h"
#include "dataplane/format/decoder_private.h"

struct fb_binary_column {
	uint32_t column; /* of the batch */
	struct fb_type type;
	struct fb_layout_field field;
};

struct fb_binary_decoder {
	struct fb_decoder base; /* first: fb_binary_of() */
	const struct fb_layout *layout;
	struct fb_binary_column *columns; /* base.column_cnt */
	const uint8_t *records[FB_BATCH_ROWS];
	bool sequence_known;
	uint64_t sequence_next;
};

static inline struct fb_binary_decoder *fb_binary_of(struct fb_decoder *decoder)
{
	return (struct fb_binary_decoder *)decoder;
}

int fb_binary_create(const struct fb_decoder_conf *conf, struct fb_decoder **ret) FB_MUST_CHECK;
bool fb_binary_add(struct fb_decoder *decoder, const uint8_t *data, uint32_t len, uint32_t *pos);
void fb_binary_finish(struct fb_decoder *decoder, struct fb_batch *batch);
