/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the store: open.c (open, open anew), look.c, damage.c, repair.c, store.c (write), scan.c (read), raw.c (blocks), window.c. */
#pragma once

#include <pthread.h>
#include <rocksdb/c.h>
#include <stdatomic.h>

#include "config/base/buf.h"
#include "state/store/store.h"

enum fb_store_family {
	FB_STORE_DEFAULT, /* RocksDB insists on it; unused */
	FB_STORE_RAW,
	FB_STORE_SLICES,
	FB_STORE_RESULTS,
	FB_STORE_META,
	FB_STORE_TAIL,
	FB_STORE_WINDOWS,
	FB_STORE_FAMILY_CNT,
};

struct fb_store {
	/* Read side: whoever uses db or families. Write side: opening anew. */
	pthread_rwlock_t gate;
	rocksdb_t *db; /* NULL: closed after an error, not open again yet */
	rocksdb_column_family_handle_t *families[FB_STORE_FAMILY_CNT];
	rocksdb_writeoptions_t *write_options;
	rocksdb_writeoptions_t *sync_options;
	rocksdb_readoptions_t *read_options;
	char *path;
	bool read_only;
	_Atomic uint64_t file_cnt; /* of raw files made: their names */
	uint64_t unit_bytes;        /* what buffers and the reserve are measured in: by the size of the disk */
	_Atomic bool failed;        /* RocksDB takes no more writes until it is opened anew */
	_Atomic int64_t reopen_ns;  /* not before this */
	_Atomic uint64_t commits;
	_Atomic uint64_t commit_errors;
	_Atomic uint64_t reopens;
	/* what was met when it was opened (damage.c) */
	struct fb_buf report;
	uint64_t torn_bytes;
	int64_t written_ms;
	uint64_t set_aside;
	pthread_mutex_t damage_lock; /* the rest */
	uint64_t damage_cnt;
	char damage[256];
};

struct fb_store_batch {
	struct fb_store *store;
	rocksdb_writebatch_t *writes;
	uint64_t row_bytes;  /* of results and slices */
	uint64_t meta_bytes;
	bool closed;         /* something was put while the database was closed */
	char error[256];     /* of the last commit */
};

#define FB_STORE_RESULT_KEY_BYTES 12
#define FB_STORE_SLICE_KEY_BYTES 16
#define FB_STORE_RAW_KEY_BYTES 17

void fb_store_result_key(uint8_t key[FB_STORE_RESULT_KEY_BYTES], uint32_t query_id, uint64_t seq);
void fb_store_slice_key(uint8_t key[FB_STORE_SLICE_KEY_BYTES], uint32_t query_id, int64_t start_ms, uint32_t part);

/* store.c: puts and deletes of one batch. */
void fb_store_put(struct fb_store_batch *batch, enum fb_store_family family, const void *key, size_t key_len,
	const void *bytes, size_t len);
void fb_store_delete_range(struct fb_store_batch *batch, enum fb_store_family family, const uint8_t *from,
	const uint8_t *to, size_t key_bytes);
/* raw.c: the options of `raw`, for the database and for the files that it takes in. */
rocksdb_options_t *fb_store_raw_options(void);
/* raw.c: files that a crash left before they were taken in. */
void fb_store_clean_incoming(const struct fb_store *store);

/* scan.c. NULL: the database is closed after an error. Else the gate is held until finish. */
rocksdb_iterator_t *fb_store_scan_begin(struct fb_store *store, enum fb_store_family family);
/* What made the iterator stop: its end (rc), or a damaged or unreadable file. */
int fb_store_scan_finish(struct fb_store *store, rocksdb_iterator_t *at, int rc);

/* Frees a status text of RocksDB; 0 for NULL, else the code nearest to it, its words appended to message. */
int fb_store_error(char *text, struct fb_buf *message);
/* The same of a read; damage is counted, and its words are kept. */
int fb_store_read_error(struct fb_store *store, char *text);

/* open.c: how the database is opened. Lenient: files that cannot be opened are no error until they are read. */
enum fb_store_open { FB_STORE_STRICT, FB_STORE_LENIENT, FB_STORE_LENIENT_READ };

int fb_store_open_database(struct fb_store *store, enum fb_store_open how, struct fb_buf *message) FB_MUST_CHECK;
void fb_store_close_database(struct fb_store *store);
extern const char *const fb_store_family_names[FB_STORE_FAMILY_CNT];

#define FB_STORE_REPAIR_WORDS "; `forebayd --repair` keeps the raw log and starts everything else anew"

/* look.c. Number of a file named NUMBER.ENDING; 0: it is none. */
uint64_t fb_store_file_number(const char *name, const char *ending);
/* look.c, before the database is opened: a store that is not all there, or whose log has damage in its middle, is refused. */
int fb_store_look_at_files(struct fb_store *store, struct fb_buf *message) FB_MUST_CHECK;
/* damage.c. Opens it; files of the raw log that keep RocksDB from it are set aside. */
int fb_store_open_mending(struct fb_store *store, struct fb_buf *message) FB_MUST_CHECK;
/* Reads everything but `raw` once; of results and windows the newest of each query. */
int fb_store_verify(struct fb_store *store, struct fb_buf *message) FB_MUST_CHECK;

/* Takes the read side of the gate; false (and not taken): the database is closed. */
bool fb_store_enter(struct fb_store *store);
void fb_store_leave(struct fb_store *store);
/* Bytes that may be written; into_reserve: what makes room again (deletes, cursors) may use half of the reserve. */
uint64_t fb_store_room(const struct fb_store *store, bool into_reserve);
/* After an error: opens anew if it is time and nobody reads. */
void fb_store_try_reopen(struct fb_store *store);
