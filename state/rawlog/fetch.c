/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single blocks by their headers, for several threads that share the blocks of a range among them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "state/rawlog/rawlog_private.h"

struct fb_rawlog_fetch {
	struct fb_rawlog *log;
	struct fb_store_raw_iter *files;
	struct fb_store_raw_iter *tail;
};

int fb_rawlog_fetch_create(struct fb_rawlog *log, struct fb_rawlog_fetch **ret)
{
	struct fb_rawlog_fetch *fetch = calloc(1, sizeof(*fetch));
	int rc;

	if (fetch == NULL)
		return FB_E_NO_MEMORY;
	fetch->log = log;
	pthread_mutex_lock(&log->lock);
	rc = fb_store_raw_iter_create(log->store, FB_STORE_RAW_READ_HEADERS, &fetch->files);
	if (rc == 0)
		rc = fb_store_raw_iter_create(log->store, FB_STORE_TAIL_READ, &fetch->tail);
	pthread_mutex_unlock(&log->lock);
	if (rc != 0) {
		fb_rawlog_fetch_destroy(fetch);
		return rc;
	}
	*ret = fetch;
	return 0;
}

void fb_rawlog_fetch_destroy(struct fb_rawlog_fetch *fetch)
{
	if (fetch == NULL)
		return;
	fb_store_raw_iter_destroy(fetch->files);
	fb_store_raw_iter_destroy(fetch->tail);
	free(fetch);
}

static int find(struct fb_store_raw_iter *iter, const struct fb_store_raw_key *want,
	const uint8_t **ret_bytes, size_t *ret_len)
{
	struct fb_store_raw_key key;
	int rc = fb_store_raw_iter_seek(iter, want);

	if (rc != 0)
		return rc;
	fb_store_raw_iter_get(iter, &key, ret_bytes, ret_len);
	return key.stream == want->stream && key.core == want->core && key.seq == want->seq &&
			       key.part == want->part
		       ? 0
		       : FB_E_NOT_FOUND;
}

static void count_damage(struct fb_rawlog *log, const struct fb_block_header *header, const char *what)
{
	pthread_mutex_lock(&log->lock);
	log->damage.block_cnt++;
	log->damage.datagram_cnt += header->datagram_cnt;
	snprintf(log->damage.last, sizeof(log->damage.last),
		"core %" PRIu32 ", datagrams %" PRIu64 " to %" PRIu64 ": %s", header->core,
		header->first_seq, header->last_seq, what);
	pthread_mutex_unlock(&log->lock);
}

int fb_rawlog_fetch_block(struct fb_rawlog_fetch *fetch, const struct fb_block_header *header,
	struct fb_block_reader *reader)
{
	struct fb_store_raw_key key = {.stream = header->stream,
		.core = header->core,
		.seq = header->first_seq,
		.part = FB_STORE_RAW_BLOCK};
	const uint8_t *bytes;
	size_t len;
	int rc = find(fetch->files, &key, &bytes, &len);

	/* What was in the tail may have become a file since its header was read, never the other way round. */
	if (rc == FB_E_NOT_FOUND)
		rc = find(fetch->tail, &key, &bytes, &len);
	if (rc == 0)
		rc = fb_block_open(reader, bytes, len);
	/* A file that cannot be read is damage like any other: what is behind it is not. */
	if (rc == FB_E_IO)
		rc = FB_E_CORRUPT;
	if (rc == FB_E_CORRUPT || rc == FB_E_UNSUPPORTED) {
		count_damage(fetch->log, header,
			rc == FB_E_UNSUPPORTED ? "made by a later version" : "block damaged");
		return FB_E_CORRUPT;
	}
	return rc;
}
