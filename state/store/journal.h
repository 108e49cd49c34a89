/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks through a write-ahead log of RocksDB before RocksDB does, and through its manifest, which is written in the same way.
 * RocksDB takes up what stands before the first damage and says nothing of the rest; a block of zeros is none to it, and it goes
 * on behind. Whether the damage was a write that a power cut tore, or something that was durable and has gone bad since, is told
 * here.
 *
 * Format: RocksDB wiki, "Write Ahead Log File Format", db/log_format.h: blocks of 32 KiB of records that have a checksum
 * (CRC-32C, masked) and say whether they are the first, a middle or the last part of a write.
 */
#pragma once

#include "config/base/errcode.h"

struct fb_store_journal {
	uint64_t size;       /* bytes of the file; zeros at its end do not count */
	uint64_t good_bytes; /* up to the end of the last write before the first damage */
	bool goes_on;        /* whole records follow behind the damage */
	/* 0: not known */
	uint64_t first_sequence; /* RocksDB's number of the first write of a log */
	uint64_t last_sequence;  /* that a manifest knows of */
};

enum fb_store_journal_kind { FB_STORE_LOG, FB_STORE_MANIFEST };

/* FB_E_IO (errno tells), FB_E_NO_MEMORY. */
int fb_store_journal_check(const char *path, enum fb_store_journal_kind kind, struct fb_store_journal *ret) FB_MUST_CHECK;
