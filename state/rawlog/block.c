/* SPDX-License-Identifier: Apache-2.0 */
#include "state/rawlog/block.h"

#include <lz4.h>
#include <stdlib.h>
#include <xxhash.h>
#include <zstd.h>

#define MAGIC 0x42524246u /* "FBRB" */
#define DATAGRAM_BYTES 16 /* without address and payload */

const char *fb_block_codec_name(enum fb_block_codec codec)
{
	static const char *const names[] = {"none", "lz4", "zstd"};

	return codec < FB_BLOCK_CODEC_CNT ? names[codec] : "unknown";
}

/* Where each field lies; the machine is little-endian, as everything here. */
struct disk_header {
	uint32_t magic;
	uint16_t version;
	uint8_t codec;
	uint8_t address_bytes;
	uint32_t stream;
	uint32_t core;
	uint64_t first_seq;
	uint64_t last_seq;
	int64_t first_arrival_ns;
	int64_t last_arrival_ns;
	int64_t min_event_ms;
	int64_t max_event_ms;
	int64_t watermark_ms;
	uint32_t datagram_cnt;
	uint32_t plain_bytes;
	uint32_t stored_bytes;
	uint32_t payload_bytes;
	uint64_t body_hash;
	uint64_t event_definition;
	uint64_t event_fields;
	uint64_t zero;
	uint64_t header_hash;
};

struct disk_datagram {
	uint32_t after_ns;
	uint32_t seq_delta;
	uint16_t source_port;
	uint16_t len;
	uint8_t port;
	uint8_t queue;
	uint16_t zero;
};

_Static_assert(sizeof(struct disk_header) == FB_BLOCK_HEADER_BYTES, "as in block.h");
_Static_assert(offsetof(struct disk_header, header_hash) == 120, "as in block.h");
_Static_assert(sizeof(struct disk_datagram) == DATAGRAM_BYTES, "as in block.h");
_Static_assert(
	__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "fields are written as they lie in memory");

/* ---- filling ---- */

void fb_block_begin(struct fb_block_fill *fill, uint8_t *bytes, uint32_t stream, uint32_t core)
{
	*fill = (struct fb_block_fill){
		.bytes = bytes,
		.used = FB_BLOCK_HEADER_BYTES,
		.header = {.stream = stream,
			.core = core,
			.address_bytes = 4,
			.min_event_ms = FB_TIME_MIN,
			.max_event_ms = FB_TIME_MAX,
			.watermark_ms = FB_TIME_MIN},
	};
}

/* Whether the numbers of a datagram can be told from those of the first. */
static bool follows(
	const struct fb_block_header *header, const struct fb_block_datagram *datagram, bool ipv4)
{
	return datagram->seq > header->last_seq &&
	       datagram->seq - header->first_seq <= UINT32_MAX &&
	       datagram->arrival_ns >= header->last_arrival_ns &&
	       (uint64_t)datagram->arrival_ns - (uint64_t)header->first_arrival_ns <= UINT32_MAX &&
	       (ipv4 || header->address_bytes == 16);
}

bool fb_block_try_add(struct fb_block_fill *fill, const struct fb_block_datagram *datagram)
{
	struct fb_block_header *header = &fill->header;
	bool ipv4 = fb_block_is_ipv4(datagram->source);
	struct disk_datagram disk;

	if (header->datagram_cnt == 0) {
		header->first_seq = datagram->seq;
		header->first_arrival_ns = datagram->arrival_ns;
		header->watermark_ms = datagram->watermark_ms;
		header->address_bytes = ipv4 ? 4 : 16;
	} else if (!follows(header, datagram, ipv4)) {
		return false;
	}
	if (fill->used + DATAGRAM_BYTES + header->address_bytes + datagram->len > FB_BLOCK_BYTES)
		return false;
	disk = (struct disk_datagram){
		.after_ns = (uint32_t)(datagram->arrival_ns - header->first_arrival_ns),
		.seq_delta = (uint32_t)(datagram->seq - header->first_seq),
		.source_port = datagram->source_port,
		.len = (uint16_t)datagram->len,
		.port = datagram->port,
		.queue = datagram->queue,
	};
	memcpy(fill->bytes + fill->used, &disk, sizeof(disk));
	fill->used += sizeof(disk);
	memcpy(fill->bytes + fill->used, datagram->source + 16 - header->address_bytes,
		header->address_bytes);
	fill->used += header->address_bytes;
	memcpy(fill->bytes + fill->used, datagram->data, datagram->len);
	fill->used += datagram->len;
	header->last_seq = datagram->seq;
	header->last_arrival_ns = datagram->arrival_ns;
	header->payload_bytes += datagram->len;
	header->datagram_cnt++;
	return true;
}

void fb_block_note_event_times(struct fb_block_fill *fill, struct fb_event_times_by by, int64_t min_ms,
	int64_t max_ms)
{
	fill->header.event_times_by = by;
	fill->header.min_event_ms = min_ms;
	fill->header.max_event_ms = max_ms;
}

/* 0: it did not become smaller. */
static int compress(enum fb_block_codec codec, int level, const uint8_t *from, uint32_t len,
	uint8_t *to, uint32_t *ret_len)
{
	size_t cap = FB_BLOCK_SEALED_MAX - FB_BLOCK_HEADER_BYTES;
	size_t stored = 0;

	if (codec == FB_BLOCK_LZ4) {
		stored = (size_t)LZ4_compress_fast(
			(const char *)from, (char *)to, (int)len, (int)cap, FB_MAX(level, 1));
	} else if (codec == FB_BLOCK_ZSTD) {
		stored = ZSTD_compress(to, cap, from, len, level ? level : ZSTD_CLEVEL_DEFAULT);
		if (ZSTD_isError(stored))
			return FB_E_NO_MEMORY; /* the room is there: nothing else can go wrong */
	}
	*ret_len = stored < len ? (uint32_t)stored : 0;
	return 0;
}

static void sign(const struct fb_block_header *header, uint8_t *block)
{
	struct disk_header disk = {
		.magic = MAGIC,
		.version = FB_BLOCK_VERSION,
		.codec = (uint8_t)header->codec,
		.address_bytes = (uint8_t)header->address_bytes,
		.stream = header->stream,
		.core = header->core,
		.first_seq = header->first_seq,
		.last_seq = header->last_seq,
		.first_arrival_ns = header->first_arrival_ns,
		.last_arrival_ns = header->last_arrival_ns,
		.min_event_ms = header->min_event_ms,
		.max_event_ms = header->max_event_ms,
		.watermark_ms = header->watermark_ms,
		.datagram_cnt = header->datagram_cnt,
		.plain_bytes = header->plain_bytes,
		.stored_bytes = header->stored_bytes,
		.payload_bytes = header->payload_bytes,
		.body_hash = XXH3_64bits(block + FB_BLOCK_HEADER_BYTES, header->stored_bytes),
		.event_definition = header->event_times_by.definition,
		.event_fields = header->event_times_by.fields,
	};

	disk.header_hash = XXH3_64bits(&disk, offsetof(struct disk_header, header_hash));
	memcpy(block, &disk, sizeof(disk));
}

int fb_block_seal(struct fb_block_fill *fill, enum fb_block_codec codec, int level, uint8_t *out,
	const uint8_t **ret_bytes, size_t *ret_len)
{
	struct fb_block_header *header = &fill->header;
	uint8_t *block = fill->bytes;
	uint32_t stored = 0;
	int rc;

	header->plain_bytes = fill->used - FB_BLOCK_HEADER_BYTES;
	if (codec != FB_BLOCK_NONE) {
		rc = compress(codec, level, block + FB_BLOCK_HEADER_BYTES, header->plain_bytes,
			out + FB_BLOCK_HEADER_BYTES, &stored);
		if (rc != 0)
			return rc;
	}
	header->codec = stored ? codec : FB_BLOCK_NONE;
	header->stored_bytes = stored ? stored : header->plain_bytes;
	if (stored)
		block = out;
	sign(header, block);
	*ret_bytes = block;
	*ret_len = FB_BLOCK_HEADER_BYTES + header->stored_bytes;
	fill->bytes = NULL;
	return 0;
}

/* ---- reading ---- */

/* What no writer of this version would have put there, though the checksum is right. */
static bool is_sound(const struct disk_header *disk)
{
	return disk->codec < FB_BLOCK_CODEC_CNT &&
	       (disk->address_bytes == 4 || disk->address_bytes == 16) && disk->datagram_cnt > 0 &&
	       disk->first_seq <= disk->last_seq &&
	       disk->last_seq - disk->first_seq >= disk->datagram_cnt - 1 &&
	       disk->first_arrival_ns <= disk->last_arrival_ns &&
	       disk->plain_bytes <= FB_BLOCK_BYTES - FB_BLOCK_HEADER_BYTES &&
	       disk->stored_bytes <= disk->plain_bytes &&
	       (disk->codec != FB_BLOCK_NONE || disk->stored_bytes == disk->plain_bytes) &&
	       disk->plain_bytes ==
		       (uint64_t)disk->datagram_cnt * (DATAGRAM_BYTES + disk->address_bytes) +
			       disk->payload_bytes;
}

int fb_block_header_read(const uint8_t *bytes, size_t len, struct fb_block_header *ret)
{
	struct disk_header disk;

	if (len < sizeof(disk))
		return FB_E_CORRUPT;
	memcpy(&disk, bytes, sizeof(disk));
	if (disk.magic != MAGIC ||
		disk.header_hash != XXH3_64bits(&disk, offsetof(struct disk_header, header_hash)))
		return FB_E_CORRUPT;
	if (disk.version != FB_BLOCK_VERSION)
		return FB_E_UNSUPPORTED;
	if (!is_sound(&disk))
		return FB_E_CORRUPT;
	*ret = (struct fb_block_header){
		.codec = (enum fb_block_codec)disk.codec,
		.address_bytes = disk.address_bytes,
		.stream = disk.stream,
		.core = disk.core,
		.first_seq = disk.first_seq,
		.last_seq = disk.last_seq,
		.first_arrival_ns = disk.first_arrival_ns,
		.last_arrival_ns = disk.last_arrival_ns,
		.min_event_ms = disk.min_event_ms,
		.max_event_ms = disk.max_event_ms,
		.event_times_by = {disk.event_definition, disk.event_fields},
		.watermark_ms = disk.watermark_ms,
		.datagram_cnt = disk.datagram_cnt,
		.plain_bytes = disk.plain_bytes,
		.stored_bytes = disk.stored_bytes,
		.payload_bytes = disk.payload_bytes,
		.body_hash = disk.body_hash,
	};
	return 0;
}

static int need_plain(struct fb_block_reader *reader, uint32_t bytes)
{
	uint8_t *plain;

	if (reader->plain_cap >= bytes)
		return 0;
	plain = realloc(reader->plain, bytes);
	if (plain == NULL)
		return FB_E_NO_MEMORY;
	reader->plain = plain;
	reader->plain_cap = bytes;
	return 0;
}

/* What is not compressed is copied too: the pad behind it is a promise that a database's buffer
 * does not make. */
static int unpack(struct fb_block_reader *reader, const uint8_t *stored)
{
	const struct fb_block_header *header = &reader->header;
	int rc = need_plain(reader, header->plain_bytes + FB_BLOCK_PAD_BYTES);
	size_t len = header->plain_bytes;

	if (rc != 0)
		return rc;
	if (header->codec == FB_BLOCK_NONE) {
		memcpy(reader->plain, stored, len);
	} else if (header->codec == FB_BLOCK_LZ4) {
		int got = LZ4_decompress_safe((const char *)stored, (char *)reader->plain,
			(int)header->stored_bytes, (int)header->plain_bytes);

		len = got < 0 ? SIZE_MAX : (size_t)got;
	} else {
		len = ZSTD_decompress(
			reader->plain, header->plain_bytes, stored, header->stored_bytes);
	}
	if (len != header->plain_bytes)
		return FB_E_CORRUPT;
	memset(reader->plain + len, 0, FB_BLOCK_PAD_BYTES);
	reader->body = reader->plain;
	return 0;
}

int fb_block_open(struct fb_block_reader *reader, const uint8_t *bytes, size_t len)
{
	const uint8_t *stored = bytes + FB_BLOCK_HEADER_BYTES;
	int rc = fb_block_header_read(bytes, len, &reader->header);

	reader->body = NULL;
	reader->at = 0;
	reader->datagrams = 0;
	if (rc != 0)
		return rc;
	if (len - FB_BLOCK_HEADER_BYTES != reader->header.stored_bytes ||
		XXH3_64bits(stored, reader->header.stored_bytes) != reader->header.body_hash)
		return FB_E_CORRUPT;
	return unpack(reader, stored);
}

int fb_block_next(struct fb_block_reader *reader, struct fb_block_datagram *ret)
{
	const struct fb_block_header *header = &reader->header;
	uint32_t left = header->plain_bytes - reader->at;
	const uint8_t *at = reader->body + reader->at;
	uint32_t fixed = DATAGRAM_BYTES + header->address_bytes;
	struct disk_datagram disk;

	if (left == 0 && reader->datagrams == header->datagram_cnt)
		return FB_E_NOT_FOUND;
	if (left < fixed || reader->datagrams == header->datagram_cnt)
		return FB_E_CORRUPT;
	memcpy(&disk, at, sizeof(disk));
	if (left - fixed < disk.len || disk.seq_delta > header->last_seq - header->first_seq)
		return FB_E_CORRUPT;
	*ret = (struct fb_block_datagram){
		.seq = header->first_seq + disk.seq_delta,
		.arrival_ns = (int64_t)((uint64_t)header->first_arrival_ns + disk.after_ns),
		.watermark_ms = header->watermark_ms,
		.source_port = disk.source_port,
		.port = disk.port,
		.queue = disk.queue,
		.len = disk.len,
		.data = at + fixed,
	};
	memset(ret->source + 10, 0xff, header->address_bytes == 4 ? 2 : 0);
	memcpy(ret->source + 16 - header->address_bytes, at + DATAGRAM_BYTES,
		header->address_bytes);
	reader->at += fixed + disk.len;
	reader->datagrams++;
	return 0;
}

void fb_block_close(struct fb_block_reader *reader)
{
	free(reader->plain);
	*reader = (struct fb_block_reader){0};
}
