/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layout of fixed binary records, as a stream of the appliance file declares it:
 *
 *   layout:
 *     record_bytes: 64
 *     byte_order: little                  # of all fields, unless one says otherwise
 *     header:                             # in front of the records of a datagram; may be left out
 *       bytes: 16
 *       magic: {offset: 0, type: uint32, value: 1178745393}
 *       sequence: {offset: 4, type: uint32, counts: datagrams}     # or records
 *       count: {offset: 8, type: uint16}  # of the records that follow
 *     fields:
 *       - {name: id, type: int64, offset: 0}
 *       - {name: city, type: text, offset: 8, bytes: 16}
 *       - {name: ts, type: int64, offset: 24, byte_order: big}
 *
 * A stream with a layout decodes by it, whatever format its table names. Immutable once loaded.
 */
#pragma once

#include "config/base/diag.h"
#include "config/base/str.h"

enum fb_layout_type {
	FB_LAYOUT_INT8,
	FB_LAYOUT_INT16,
	FB_LAYOUT_INT32,
	FB_LAYOUT_INT64,
	FB_LAYOUT_UINT8,
	FB_LAYOUT_UINT16,
	FB_LAYOUT_UINT32,
	FB_LAYOUT_UINT64,
	FB_LAYOUT_FLOAT32,
	FB_LAYOUT_FLOAT64,
	FB_LAYOUT_TEXT,  /* ends with its first zero byte, or is as long as the field */
	FB_LAYOUT_BYTES, /* all of the field */
	FB_LAYOUT_TYPE_CNT,
};

struct fb_layout_field {
	char *name; /* column of the table; NULL: of the header */
	enum fb_layout_type type;
	bool big_endian;
	uint32_t offset;
	uint32_t bytes;
	uint32_t line; /* in the appliance file */
};

struct fb_layout {
	uint32_t record_bytes;
	uint32_t line;
	struct fb_layout_field *fields;
	uint32_t field_cnt;
	uint32_t header_bytes; /* 0: none; then none of the following */
	bool has_magic;
	bool has_sequence;
	bool has_count;
	bool sequence_counts_records; /* else datagrams */
	uint64_t magic_value;
	struct fb_layout_field magic; /* unsigned integers all three */
	struct fb_layout_field sequence;
	struct fb_layout_field count;
};

/* "int8", …, as the file writes them. */
extern const char *const fb_layout_type_names[FB_LAYOUT_TYPE_CNT + 1];
/* Bytes of a value; 0 for text and bytes, whose fields say so. */
uint32_t fb_layout_type_bytes(enum fb_layout_type type);

#define FB_LAYOUT_RECORD_BYTES_MAX 9000
#define FB_LAYOUT_FIELDS_MAX 512

struct fb_document;
struct yaml_node_s;

/*
 * Reads and checks the node of a `layout:` key; `where` is its path, for messages. FB_E_CONFIG:
 * what is wrong is in the document's diags, with line and key. FB_E_NO_MEMORY.
 */
int fb_layout_load(struct fb_document *document, const struct yaml_node_s *node, const char *where,
	struct fb_layout **ret) FB_MUST_CHECK;
void fb_layout_destroy(struct fb_layout *layout);
