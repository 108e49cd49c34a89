/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Result rows as bytes: what a query puts out, what the store keeps, what the sinks read.
 *
 * Layout, little-endian: u32 length of what follows; NULL bitmap of ceil(n/8) bytes (bit set =
 * NULL); then per column that is not NULL: I64 and F64 8 bytes, I128 16 bytes, STR u32 length and
 * bytes. The types are the plan's.
 */
#pragma once

#include "config/base/buf.h"
#include "config/sql/types.h"
#include "dataplane/format/batch.h"

/* Bytes that row `row` needs; columns[i] is of types[i]. Hot. */
uint32_t fb_row_bytes(const struct fb_column *const *columns, const struct fb_type *types,
	uint32_t cnt, uint32_t row);
/* Writes it; returns the bytes written. Hot. */
uint32_t fb_row_encode(const struct fb_column *const *columns, const struct fb_type *types,
	uint32_t cnt, uint32_t row, uint8_t *out);
/*
 * Reads one row from bytes [0, len). Strings in ret_values point into `bytes`. Returns the bytes
 * used, or FB_E_CORRUPT if they are no row of these types.
 */
int64_t fb_row_decode(const uint8_t *bytes, size_t len, const struct fb_type *types, uint32_t cnt,
	struct fb_value *ret_values) FB_MUST_CHECK;
