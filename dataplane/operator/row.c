/* SPDX-License-Identifier: Apache-2.0 */
#include "dataplane/operator/row.h"

#include "config/base/errcode.h"

static inline uint32_t fixed_bytes(struct fb_type type)
{
	return fb_type_phys(type) == FB_PHYS_I128 ? 16 : 8;
}

uint32_t fb_row_bytes(const struct fb_column *const *columns, const struct fb_type *types,
	uint32_t cnt, uint32_t row)
{
	uint32_t bytes = (uint32_t)sizeof(uint32_t) + (cnt + 7) / 8;

	for (uint32_t i = 0; i < cnt; i++) {
		if (!fb_column_is_valid(columns[i], row))
			continue;
		bytes += fb_type_phys(types[i]) == FB_PHYS_STR
				 ? (uint32_t)sizeof(uint32_t) + columns[i]->str[row].len
				 : fixed_bytes(types[i]);
	}
	return bytes;
}

uint32_t fb_row_encode(const struct fb_column *const *columns, const struct fb_type *types,
	uint32_t cnt, uint32_t row, uint8_t *out)
{
	uint8_t *nulls = out + sizeof(uint32_t);
	uint8_t *at = nulls + (cnt + 7) / 8;

	memset(nulls, 0, (cnt + 7) / 8);
	for (uint32_t i = 0; i < cnt; i++) {
		if (!fb_column_is_valid(columns[i], row)) {
			nulls[i / 8] |= (uint8_t)(1u << (i % 8));
			continue;
		}
		switch (fb_type_phys(types[i])) {
		case FB_PHYS_STR: {
			struct fb_str text = columns[i]->str[row];

			memcpy(at, &text.len, sizeof(text.len));
			memcpy(at + sizeof(text.len), text.p, text.len);
			at += sizeof(text.len) + text.len;
			break;
		}
		case FB_PHYS_I128:
			memcpy(at, &columns[i]->i128[row], 16);
			at += 16;
			break;
		default:
			memcpy(at, &columns[i]->i64[row], 8);
			at += 8;
			break;
		}
	}

	uint32_t len = (uint32_t)(at - out - sizeof(uint32_t));

	memcpy(out, &len, sizeof(len));
	return len + (uint32_t)sizeof(len);
}

int64_t fb_row_decode(const uint8_t *bytes, size_t len, const struct fb_type *types, uint32_t cnt,
	struct fb_value *ret_values)
{
	const uint8_t *nulls = bytes + sizeof(uint32_t);
	const uint8_t *at = nulls + (cnt + 7) / 8;
	const uint8_t *end;
	uint32_t row_len;

	if (len < sizeof(row_len))
		return FB_E_CORRUPT;
	memcpy(&row_len, bytes, sizeof(row_len));
	if (row_len > len - sizeof(row_len) || row_len < (cnt + 7) / 8)
		return FB_E_CORRUPT;
	end = bytes + sizeof(row_len) + row_len;
	for (uint32_t i = 0; i < cnt; i++) {
		struct fb_value *value = &ret_values[i];
		uint32_t need = fixed_bytes(types[i]);

		*value = (struct fb_value){.is_null = nulls[i / 8] >> (i % 8) & 1};
		if (value->is_null)
			continue;
		if (fb_type_phys(types[i]) == FB_PHYS_STR) {
			if ((size_t)(end - at) < sizeof(value->str.len))
				return FB_E_CORRUPT;
			memcpy(&value->str.len, at, sizeof(value->str.len));
			at += sizeof(value->str.len);
			need = value->str.len;
			value->str.p = (const char *)at;
		}
		if ((size_t)(end - at) < need)
			return FB_E_CORRUPT;
		if (fb_type_phys(types[i]) != FB_PHYS_STR)
			memcpy(&value->i128, at, need);
		at += need;
	}
	return at == end ? (int64_t)(row_len + sizeof(row_len)) : FB_E_CORRUPT;
}
