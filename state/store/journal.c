/* SPDX-License-Identifier: Apache-2.0 */
#include "state/store/journal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 32768u
#define SECTOR_BYTES 512u
#define HEADER_BYTES 7u /* checksum u32, length u16, type u8 */
#define LOG_NUMBER_BYTES 4u
#define MASK_DELTA 0xa282ead8u
#define POLYNOMIAL 0x82f63b78u /* CRC-32C, reflected */

enum record_type { TYPE_NONE, TYPE_FULL, TYPE_FIRST, TYPE_MIDDLE, TYPE_LAST, TYPE_RECYCLED, TYPE_MAX = 8 };

struct walk {
	uint32_t table[256];
	struct fb_store_journal *found;
	enum fb_store_journal_kind kind;
	bool damaged;
	bool in_write; /* a first part has come, the last has not */
	bool hole;     /* a block ended with zeros in the place of records */
	bool torn;     /* the damage is bytes that were never written */
};

static void make_table(uint32_t table[256])
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i;

		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
		table[i] = crc;
	}
}

static uint32_t masked_crc(const struct walk *walk, const uint8_t *bytes, size_t len)
{
	uint32_t crc = ~0u;

	for (size_t i = 0; i < len; i++)
		crc = crc >> 8 ^ walk->table[(crc ^ bytes[i]) & 0xff];
	crc = ~crc;
	return (crc >> 15 | crc << 17) + MASK_DELTA;
}

static bool is_zero(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

/* After a power cut a sector that had not been written reads as zeros, and later ones may be there. */
static bool has_zero_sector(const uint8_t *block, uint32_t from, uint32_t len)
{
	for (uint32_t at = (from + SECTOR_BYTES - 1) / SECTOR_BYTES * SECTOR_BYTES; at < len; at += SECTOR_BYTES)
		if (is_zero(block + at, FB_MIN(SECTOR_BYTES, len - at)))
			return true;
	return false;
}

/* Length of the whole record at `bytes`; 0: there is none. */
static uint32_t record_bytes(const struct walk *walk, const uint8_t *bytes, uint32_t left)
{
	uint32_t crc;
	uint16_t len;

	if (left < HEADER_BYTES)
		return 0;
	memcpy(&crc, bytes, sizeof(crc));
	memcpy(&len, bytes + 4, sizeof(len));
	if (bytes[6] == TYPE_NONE || bytes[6] > TYPE_MAX || HEADER_BYTES + len > left)
		return 0;
	return masked_crc(walk, bytes + 6, len + 1u) == crc ? HEADER_BYTES + len : 0;
}

/* Whether a part fits to those before it, and whether a write ends with it. */
static bool takes_part(struct walk *walk, uint8_t type, bool *ret_end)
{
	uint8_t part = type >= TYPE_RECYCLED ? (uint8_t)(type - LOG_NUMBER_BYTES) : type;
	bool begins = part == TYPE_FULL || part == TYPE_FIRST;

	*ret_end = part == TYPE_FULL || part == TYPE_LAST;
	if (begins == walk->in_write)
		return false;
	walk->in_write = !*ret_end;
	return true;
}

/* ---- what is in it ---- */

static bool get_varint(const uint8_t **at, const uint8_t *end, uint64_t *ret)
{
	*ret = 0;
	for (int shift = 0; *at < end && shift < 64; shift += 7) {
		uint8_t byte = *(*at)++;

		*ret |= (uint64_t)(byte & 0x7f) << shift;
		if ((byte & 0x80) == 0)
			return true;
	}
	return false;
}

/* Tags of db/version_edit.h that come before the files of an edit. */
enum edit_tag { TAG_COMPARATOR = 1, TAG_LOG_NUMBER = 2, TAG_NEXT_FILE = 3, TAG_LAST_SEQUENCE = 4, TAG_PREV_LOG = 9 };

static void read_edit(struct fb_store_journal *found, const uint8_t *at, const uint8_t *end)
{
	uint64_t tag, value;

	while (get_varint(&at, end, &tag) && get_varint(&at, end, &value)) {
		if (tag == TAG_COMPARATOR && value <= (uint64_t)(end - at))
			at += value;
		else if (tag == TAG_LAST_SEQUENCE)
			found->last_sequence = FB_MAX(found->last_sequence, value);
		else if (tag != TAG_LOG_NUMBER && tag != TAG_NEXT_FILE && tag != TAG_PREV_LOG)
			return;
	}
}

/* The first part of a write; a batch begins with the number of its first entry, u64. */
static void read_begin(struct walk *walk, const uint8_t *bytes, size_t len)
{
	if (walk->kind == FB_STORE_MANIFEST)
		read_edit(walk->found, bytes, bytes + len);
	else if (walk->found->first_sequence == 0 && len >= sizeof(uint64_t))
		memcpy(&walk->found->first_sequence, bytes, sizeof(uint64_t));
}

/* ---- walking ---- */

/* In the block of the damage lengths are not to be trusted: a record may begin at any byte. */
static void look_behind(struct walk *walk, const uint8_t *block, uint32_t from, uint32_t len)
{
	for (uint32_t at = from; at + HEADER_BYTES < len && !walk->found->goes_on; at++)
		walk->found->goes_on = record_bytes(walk, block + at, len - at) > HEADER_BYTES;
}

static void walk_block(struct walk *walk, const uint8_t *block, uint32_t len, uint64_t offset)
{
	uint32_t at = 0;

	if (walk->damaged) {
		/* Every block begins with a record. */
		walk->found->goes_on |= !walk->torn && record_bytes(walk, block, len) > HEADER_BYTES;
		return;
	}
	/* RocksDB passes over zeros that begin where a record could. What lies behind them is later than what is missing. */
	if (walk->hole && !is_zero(block, len)) {
		walk->damaged = walk->torn = true;
		walk->found->goes_on = walk->kind == FB_STORE_MANIFEST; /* each of its edits was durable before the next */
		return;
	}
	while (at + HEADER_BYTES <= len) {
		uint32_t bytes = record_bytes(walk, block + at, len - at);
		bool end = false;

		if (bytes == 0 || !takes_part(walk, block[at + 6], &end)) {
			walk->hole = is_zero(block + at, len - at);
			if (walk->hole)
				return;
			walk->damaged = true;
			walk->torn = has_zero_sector(block, at, len);
			if (!walk->torn)
				look_behind(walk, block, at + 1, len);
			return;
		}
		if (block[at + 6] == TYPE_FULL || block[at + 6] == TYPE_FIRST)
			read_begin(walk, block + at + HEADER_BYTES, bytes - HEADER_BYTES);
		at += bytes;
		if (end)
			walk->found->good_bytes = offset + at;
	}
}

static int walk_file(struct walk *walk, FILE *file)
{
	uint8_t *block = malloc(BLOCK_BYTES);
	uint64_t offset = 0;
	size_t len;

	if (block == NULL)
		return FB_E_NO_MEMORY;
	while ((len = fread(block, 1, BLOCK_BYTES, file)) > 0) {
		for (size_t i = len; i > 0; i--)
			if (block[i - 1] != 0) {
				walk->found->size = offset + i;
				break;
			}
		walk_block(walk, block, (uint32_t)len, offset);
		offset += len;
	}
	/* A record may end with zeros. */
	walk->found->size = FB_MAX(walk->found->size, walk->found->good_bytes);
	free(block);
	return ferror(file) ? FB_E_IO : 0;
}

int fb_store_journal_check(const char *path, enum fb_store_journal_kind kind, struct fb_store_journal *ret)
{
	struct fb_store_journal found = {0};
	struct walk walk = {.found = &found, .kind = kind};
	FILE *file = fopen(path, "re");
	int rc;

	if (file == NULL)
		return FB_E_IO;
	make_table(walk.table);
	rc = walk_file(&walk, file);
	fclose(file);
	if (rc == 0)
		*ret = found;
	return rc;
}
