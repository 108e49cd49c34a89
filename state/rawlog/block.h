/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A block of the raw log: datagrams of one stream as one core received them, in that order.
 * Little-endian.
 *
 *   header, FB_BLOCK_HEADER_BYTES:
 *      0 magic "FBRB"       4 version u16, codec u8, address bytes u8 (4 or 16)
 *      8 stream u32        12 core u32
 *     16 first sequence    24 last sequence              u64
 *     32 first arrival     40 last arrival               i64, ns since 1970
 *     48 event time from   56 to                         i64, ms; FB_TIME_MIN and FB_TIME_MAX: not known
 *     64 watermark as the first datagram came            i64, ms; FB_TIME_MIN: none yet
 *     72 datagrams u32     76 body bytes, plain u32      80 body bytes as stored u32    84 payload bytes u32
 *     88 XXH3 of the body as stored u64
 *     96 definition of the event times u64              104 fields u64: see below; both 0: not known
 *    112 zero, 8 bytes    120 XXH3 of the header before this
 *   body (stored as the codec says), per datagram:
 *      0 ns since the first arrival u32                   4 sequence number minus the first u32
 *      8 source UDP port u16                             10 payload bytes u16
 *     12 port of the appliance u8   13 queue u8          14 zero u16
 *     16 source address, then the payload
 *
 * Sequence numbers count the datagrams of one stream on one core from its first, over restarts,
 * those that were dropped before the log too: a gap is a loss, and its size is known. (stream,
 * core, sequence) names a position for good.
 *
 * Checksums tell damage, not malice; nevertheless no length in a block is trusted before it was
 * compared with what is there.
 */
#pragma once

#include "config/base/calendar.h"
#include "config/base/errcode.h"

#define FB_BLOCK_HEADER_BYTES 128
#define FB_BLOCK_VERSION 1
/* Capacity of a block that is being filled: header, body. A datagram of 64 KiB always fits into an
 * empty one. */
#define FB_BLOCK_BYTES (1u << 20)
#define FB_BLOCK_PAYLOAD_MAX 65507u

/*
 * Whose event times a range is of. To the log both are numbers; dataplane/operator/event_time.h
 * makes them.
 *
 * A range holds for whoever has the same definition and needs at least these fields: a record that a
 * reader rejects for a field that another does not look at is in the range of the other only.
 */
struct fb_event_times_by {
	uint64_t definition; /* 0: not known */
	uint64_t fields;     /* bit i: field i of the record had to be readable */
};

static inline bool fb_event_times_hold(struct fb_event_times_by noted, struct fb_event_times_by want)
{
	return noted.definition != 0 && noted.definition == want.definition &&
	       (noted.fields & ~want.fields) == 0;
}

enum fb_block_codec { FB_BLOCK_NONE, FB_BLOCK_LZ4, FB_BLOCK_ZSTD, FB_BLOCK_CODEC_CNT };

const char *fb_block_codec_name(enum fb_block_codec codec);

struct fb_block_header {
	enum fb_block_codec codec;
	uint32_t address_bytes;
	uint32_t stream;
	uint32_t core;
	uint64_t first_seq;
	uint64_t last_seq;
	int64_t first_arrival_ns;
	int64_t last_arrival_ns;
	int64_t min_event_ms;
	int64_t max_event_ms;
	struct fb_event_times_by event_times_by; /* definition 0 where the range is not known */
	int64_t watermark_ms;
	uint32_t datagram_cnt;
	uint32_t plain_bytes;
	uint32_t stored_bytes;
	uint32_t payload_bytes;
	uint64_t body_hash;
};

struct fb_block_datagram {
	uint64_t seq;
	int64_t arrival_ns;
	int64_t watermark_ms; /* given when adding; not stored for each */
	uint8_t source[16];   /* IPv6, or IPv4 mapped into it (RFC 4291, 2.5.5.2) */
	uint16_t source_port; /* host byte order */
	uint8_t port;         /* index of the port in the appliance file */
	uint8_t queue;
	uint32_t len;
	const uint8_t *data;
};

static inline void fb_block_map_ipv4(uint8_t address[16], uint32_t ip)
{
	memset(address, 0, 10);
	memset(address + 10, 0xff, 2);
	for (int i = 0; i < 4; i++)
		address[12 + i] = (uint8_t)(ip >> (24 - 8 * i));
}

static inline bool fb_block_is_ipv4(const uint8_t address[16])
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(address, prefix, sizeof(prefix)) == 0;
}

/* ---- filling: one thread; memory is the caller's ---- */

struct fb_block_fill {
	uint8_t *bytes; /* FB_BLOCK_BYTES; NULL: none is open */
	uint32_t used;  /* of it, header included */
	struct fb_block_header header;
};

/* Takes `bytes` until the block is sealed. */
void fb_block_begin(struct fb_block_fill *fill, uint8_t *bytes, uint32_t stream, uint32_t core);
/*
 * Copies a datagram. False: it does not belong into this block (no room; the clock was set back; a
 * gap beyond what the numbers hold; the first IPv6 address): seal and begin another, which takes
 * it. payload <= FB_BLOCK_PAYLOAD_MAX.
 */
bool fb_block_try_add(struct fb_block_fill *fill, const struct fb_block_datagram *datagram);
/* What a reader of the stream saw of its event times while it was filled. min > max: no record had one. */
void fb_block_note_event_times(struct fb_block_fill *fill, struct fb_event_times_by by, int64_t min_ms,
	int64_t max_ms);

/* Bytes that fb_block_seal may write for a block. */
#define FB_BLOCK_SEALED_MAX (FB_BLOCK_BYTES + FB_BLOCK_BYTES / 128 + 1024)

/*
 * Compresses and signs. The sealed block is in `out` (FB_BLOCK_SEALED_MAX bytes), or, not
 * compressed (codec none, or it would not have become smaller), where it was filled: *ret_bytes
 * tells. FB_E_NO_MEMORY (zstd).
 */
int fb_block_seal(struct fb_block_fill *fill, enum fb_block_codec codec, int level, uint8_t *out,
	const uint8_t **ret_bytes, size_t *ret_len) FB_MUST_CHECK;

/* ---- reading: any thread ---- */

/* Decodes a header. FB_E_CORRUPT; FB_E_UNSUPPORTED (made by a later version). */
int fb_block_header_read(
	const uint8_t *bytes, size_t len, struct fb_block_header *ret) FB_MUST_CHECK;

struct fb_block_reader {
	struct fb_block_header header;
	const uint8_t *body;
	uint32_t at;
	uint32_t datagrams;
	uint8_t *plain; /* own memory, kept from block to block */
	uint32_t plain_cap;
};

/*
 * Checks a whole block (header, checksum), unpacks it and stands before its first datagram.
 * Payloads are the reader's, until its next open or close, with FB_BLOCK_PAD_BYTES readable behind
 * them. FB_E_CORRUPT; FB_E_UNSUPPORTED; FB_E_NO_MEMORY.
 */
#define FB_BLOCK_PAD_BYTES 64
int fb_block_open(struct fb_block_reader *reader, const uint8_t *bytes, size_t len) FB_MUST_CHECK;
/* The next datagram. FB_E_NOT_FOUND: no more; FB_E_CORRUPT: the body is not what the header says.
 */
int fb_block_next(struct fb_block_reader *reader, struct fb_block_datagram *ret) FB_MUST_CHECK;
void fb_block_close(struct fb_block_reader *reader);
