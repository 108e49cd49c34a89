/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the store: shared by store.c (open, write) and scan.c (read). */
#pragma once

#include <rocksdb/c.h>
#include <stdatomic.h>

#include "state/store/store.h"

enum fb_store_family {
	FB_STORE_DEFAULT, /* RocksDB insists on it; unused */
	FB_STORE_RAW,
	FB_STORE_SLICES,
	FB_STORE_RESULTS,
	FB_STORE_META,
	FB_STORE_FAMILY_CNT,
};

struct fb_store {
	rocksdb_t *db;
	rocksdb_column_family_handle_t *families[FB_STORE_FAMILY_CNT];
	rocksdb_writeoptions_t *write_options;
	rocksdb_writeoptions_t *sync_options;
	rocksdb_readoptions_t *read_options;
	_Atomic uint64_t commits;
	_Atomic uint64_t commit_errors;
};

struct fb_store_batch {
	struct fb_store *store;
	rocksdb_writebatch_t *writes;
};

#define FB_STORE_RESULT_KEY_BYTES 12
#define FB_STORE_SLICE_KEY_BYTES 16

void fb_store_result_key(uint8_t key[FB_STORE_RESULT_KEY_BYTES], uint32_t query_id, uint64_t seq);
void fb_store_slice_key(uint8_t key[FB_STORE_SLICE_KEY_BYTES], uint32_t query_id, int64_t start_ms, uint32_t part);

/* Frees a status text of RocksDB; 0 for NULL, else the code nearest to it, its words appended to message. */
int fb_store_error(char *text, struct fb_buf *message);
