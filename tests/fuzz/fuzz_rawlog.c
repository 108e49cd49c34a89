/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a block of the raw log. Checksums would keep the fuzzer out: the first byte says
 * whether they are made right first, so that what is behind them is tried with bytes that only a
 * bug or an attacker could have signed. A block that opens gives exactly the datagrams and bytes
 * that its header promises, or says that it is damaged.
 */
#include <stdlib.h>
#include <xxhash.h>

#include "state/rawlog/block.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void sign(uint8_t *block, size_t len)
{
	uint64_t hash;

	if (len < FB_BLOCK_HEADER_BYTES)
		return;
	hash = XXH3_64bits(block + FB_BLOCK_HEADER_BYTES, len - FB_BLOCK_HEADER_BYTES);
	memcpy(block + 88, &hash, sizeof(hash));
	hash = XXH3_64bits(block, 120);
	memcpy(block + 120, &hash, sizeof(hash));
}

static void read_all(struct fb_block_reader *reader)
{
	struct fb_block_datagram datagram;
	uint64_t payload = 0;
	uint64_t sum = 0;
	uint32_t cnt = 0;
	int rc;

	while ((rc = fb_block_next(reader, &datagram)) == 0) {
		cnt++;
		payload += datagram.len;
		/* The pad is readable, too. */
		for (uint32_t i = 0; i < datagram.len + FB_BLOCK_PAD_BYTES; i++)
			sum += datagram.data[i];
		if (datagram.seq < reader->header.first_seq ||
			datagram.seq > reader->header.last_seq)
			abort();
	}
	if (rc == FB_E_NOT_FOUND &&
		(cnt != reader->header.datagram_cnt || payload != reader->header.payload_bytes))
		abort();
	if (rc != FB_E_NOT_FOUND && rc != FB_E_CORRUPT)
		abort();
	if (sum == UINT64_MAX)
		abort(); /* keeps the loop */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fb_block_reader reader = {0};
	struct fb_block_header header;
	uint8_t *block;
	int rc;

	if (size < 1 || size > FB_BLOCK_SEALED_MAX)
		return 0;
	block = malloc(size); /* its own, so that the sanitizer sees its end */
	memcpy(block, data + 1, size - 1);
	if (data[0] & 1)
		sign(block, size - 1);
	rc = fb_block_open(&reader, block, size - 1);
	if (rc == 0) {
		if (fb_block_header_read(block, size - 1, &header) != 0 ||
			header.datagram_cnt != reader.header.datagram_cnt)
			abort();
		read_all(&reader);
	} else if (rc != FB_E_CORRUPT && rc != FB_E_UNSUPPORTED) {
		abort();
	}
	fb_block_close(&reader);
	free(block);
	return 0;
}
