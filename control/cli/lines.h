/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records in datagrams: cuts a stream of lines (a generator's, a file's, standard input's) into
 * payloads of whole lines, without copying them. One thread.
 */
#pragma once

#include "control/cli/people.h"

#define FB_LINES_PAYLOAD_MAX 65507 /* UDP over IPv4: 65535 - 20 - 8 */

struct fb_lines;

/* What a payload may hold: it ends before the record that would go over either bound. */
struct fb_lines_conf {
	uint32_t records_max; /* 0 = as many as fit */
	uint32_t bytes_max;   /* 1 to FB_LINES_PAYLOAD_MAX */
};

struct fb_lines_counters {
	uint64_t records;
	uint64_t payloads;
	uint64_t bytes;      /* of payloads */
	uint64_t read_bytes; /* of the input, for the progress */
	uint64_t too_long;   /* lines that no datagram can carry: left out */
	uint64_t
		cut_by_size; /* payloads with fewer than records_max records because of bytes_max */
};

/* From a generator (which stays the caller's), or from an open file descriptor (not closed here).
 * FB_E_NO_MEMORY. */
int fb_lines_open(const struct fb_lines_conf *conf, struct fb_people *people, int fd,
	struct fb_lines **ret) FB_MUST_CHECK;
void fb_lines_close(struct fb_lines *lines);

/*
 * Up to `want` payloads with at most records_max records in all; valid until the next call. Returns
 * how many, 0 at the end. FB_E_IO: reading failed (errno is set).
 */
struct fb_payload {
	const char *p;
	uint32_t len;
	uint32_t records;
};
int fb_lines_next(struct fb_lines *lines, struct fb_payload *payloads, uint32_t want,
	uint64_t records_max) FB_MUST_CHECK;
const struct fb_lines_counters *fb_lines_counters(const struct fb_lines *lines);
