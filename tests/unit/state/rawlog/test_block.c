/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks: what goes in comes out, whatever the codec; and what is damaged does not. */
#include "traffic.h"

struct sealed {
	uint8_t *filled;
	uint8_t *out;
	const uint8_t *bytes;
	size_t len;
	uint32_t cnt;
};

static struct sealed seal(
	struct traffic *traffic, uint64_t first, uint32_t cnt, enum fb_block_codec codec)
{
	struct sealed sealed = {
		.filled = malloc(FB_BLOCK_BYTES), .out = malloc(FB_BLOCK_SEALED_MAX)};
	struct fb_block_fill fill;

	fb_block_begin(&fill, sealed.filled, 7, 3);
	for (; sealed.cnt < cnt; sealed.cnt++) {
		struct fb_block_datagram datagram = traffic_make(traffic, first + sealed.cnt);

		if (!fb_block_try_add(&fill, &datagram))
			break;
	}
	cr_assert_eq(fb_block_seal(&fill, codec, 0, sealed.out, &sealed.bytes, &sealed.len), 0);
	return sealed;
}

static void drop(struct sealed *sealed)
{
	free(sealed->filled);
	free(sealed->out);
}

static void expect_all(struct traffic *traffic, uint64_t first, const struct sealed *sealed)
{
	struct fb_block_reader reader = {0};
	struct fb_block_datagram datagram;

	cr_assert_eq(fb_block_open(&reader, sealed->bytes, sealed->len), 0);
	cr_assert_eq(reader.header.datagram_cnt, sealed->cnt);
	cr_assert_eq(reader.header.stream, 7u);
	cr_assert_eq(reader.header.core, 3u);
	cr_assert_eq(reader.header.first_seq, first);
	cr_assert_eq(reader.header.last_seq, first + sealed->cnt - 1);
	cr_assert_eq(reader.header.first_arrival_ns, 1700000000000000000 + (int64_t)first * 1000);
	cr_assert_eq(reader.header.watermark_ms, 1700000000000 + (int64_t)first);
	for (uint32_t i = 0; i < sealed->cnt; i++) {
		cr_assert_eq(fb_block_next(&reader, &datagram), 0);
		traffic_expect(traffic, first + i, &datagram);
	}
	cr_assert_eq(fb_block_next(&reader, &datagram), FB_E_NOT_FOUND);
	fb_block_close(&reader);
}

Test(block, every_codec_gives_back_what_was_added)
{
	for (int codec = FB_BLOCK_NONE; codec < FB_BLOCK_CODEC_CNT; codec++)
		for (uint64_t seed = 1; seed <= 6; seed++) {
			struct traffic traffic = {.seed = seed,
				.text = seed % 2 == 0,
				.len_max = seed % 3 == 0 ? 3 : TRAFFIC_PAYLOAD_MAX};
			struct sealed sealed =
				seal(&traffic, seed * 1000, (uint32_t)(seed * 97), codec);

			expect_all(&traffic, seed * 1000, &sealed);
			drop(&sealed);
		}
}

Test(block, a_full_block_refuses_the_next_and_loses_nothing)
{
	struct traffic traffic = {.seed = 5, .len_max = 1400};
	struct sealed sealed = seal(&traffic, 0, UINT32_MAX, FB_BLOCK_LZ4);

	cr_assert_gt(sealed.cnt, 1000u);
	expect_all(&traffic, 0, &sealed);
	/* Random bytes do not become smaller: stored as they are, where they were filled. */
	cr_assert_eq(sealed.bytes, sealed.filled);
	drop(&sealed);
}

Test(block, compression_is_worth_it)
{
	struct traffic traffic = {.seed = 5, .len_max = 1400, .text = true};

	for (int codec = FB_BLOCK_LZ4; codec <= FB_BLOCK_ZSTD; codec++) {
		struct sealed sealed = seal(&traffic, 0, UINT32_MAX, codec);

		cr_assert_lt(sealed.len, FB_BLOCK_BYTES / 4);
		drop(&sealed);
	}
}

Test(block, the_first_ipv6_address_begins_another_block)
{
	struct traffic traffic = {.seed = 5, .len_max = 100, .ipv6 = true};
	struct sealed sealed = seal(&traffic, 1, 100, FB_BLOCK_NONE);

	cr_assert_eq(sealed.cnt, 6u); /* 1 to 6; the seventh is IPv6 */
	expect_all(&traffic, 1, &sealed);
	drop(&sealed);
	sealed = seal(&traffic, 7, 100, FB_BLOCK_NONE);
	cr_assert_eq(sealed.cnt, 100u); /* and IPv4 goes along */
	expect_all(&traffic, 7, &sealed);
	drop(&sealed);
}

Test(block, what_its_numbers_cannot_hold_is_refused)
{
	uint8_t *bytes = malloc(FB_BLOCK_BYTES);
	struct fb_block_fill fill;
	struct fb_block_datagram first = {
		.seq = 100, .arrival_ns = 5000000000, .len = 3, .data = (const uint8_t *)"abc"};
	struct fb_block_datagram next;

	fb_block_map_ipv4(first.source, 1);
	fb_block_begin(&fill, bytes, 1, 1);
	cr_assert(fb_block_try_add(&fill, &first));
	next = first;
	cr_assert_not(fb_block_try_add(&fill, &next), "the same sequence number twice");
	next.seq = 101;
	next.arrival_ns = 4999999999;
	cr_assert_not(fb_block_try_add(&fill, &next), "the clock was set back");
	next.arrival_ns = 5000000000 + (1ll << 32);
	cr_assert_not(fb_block_try_add(&fill, &next), "more than 4.29 s after the first");
	next.arrival_ns = 5000000000 + (1ll << 32) - 1;
	next.seq = 100 + (1ull << 32);
	cr_assert_not(fb_block_try_add(&fill, &next), "a gap too wide");
	next.seq = 100 + (1ull << 32) - 1;
	cr_assert(fb_block_try_add(&fill, &next));
	free(bytes);
}

/* The block that damage is done to: small, so that every byte of it can be. */
static struct sealed small_block(enum fb_block_codec codec)
{
	static struct traffic traffic = {.seed = 9, .len_max = 40, .text = true};

	return seal(&traffic, 40, 12, codec);
}

Test(block, every_flipped_byte_is_noticed)
{
	for (int codec = FB_BLOCK_NONE; codec < FB_BLOCK_CODEC_CNT; codec++) {
		struct sealed sealed = small_block(codec);
		uint8_t *copy = malloc(sealed.len);
		struct fb_block_reader reader = {0};
		struct fb_block_header header;

		memcpy(copy, sealed.bytes, sealed.len);
		for (size_t at = 0; at < sealed.len; at++)
			for (int bit = 0; bit < 8; bit++) {
				copy[at] ^= (uint8_t)(1 << bit);
				cr_assert_eq(fb_block_open(&reader, copy, sealed.len), FB_E_CORRUPT,
					"byte %zu bit %d", at, bit);
				if (at < FB_BLOCK_HEADER_BYTES)
					cr_assert_eq(
						fb_block_header_read(copy, sealed.len, &header),
						FB_E_CORRUPT);
				copy[at] ^= (uint8_t)(1 << bit);
			}
		cr_assert_eq(fb_block_open(&reader, copy, sealed.len), 0);
		fb_block_close(&reader);
		free(copy);
		drop(&sealed);
	}
}

Test(block, a_torn_end_is_noticed_wherever_it_is)
{
	for (int codec = FB_BLOCK_NONE; codec < FB_BLOCK_CODEC_CNT; codec++) {
		struct sealed sealed = small_block(codec);
		struct fb_block_reader reader = {0};
		uint8_t *more = calloc(1, sealed.len + 1);

		for (size_t len = 0; len < sealed.len; len++) {
			/* Exactly so many bytes, so that the sanitizer sees a read behind them. */
			uint8_t *copy = malloc(len ? len : 1);

			memcpy(copy, sealed.bytes, len);
			cr_assert_eq(
				fb_block_open(&reader, copy, len), FB_E_CORRUPT, "%zu bytes", len);
			free(copy);
		}
		memcpy(more, sealed.bytes, sealed.len);
		cr_assert_eq(fb_block_open(&reader, more, sealed.len + 1), FB_E_CORRUPT,
			"a byte too many");
		fb_block_close(&reader);
		free(more);
		drop(&sealed);
	}
}
