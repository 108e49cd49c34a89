/* SPDX-License-Identifier: Apache-2.0 */
#include "control/cli/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define BLOCK_BYTES \
	(1u << 20) /* several of the longest payloads, so that one always fits behind a refill */

struct fb_lines {
	struct fb_lines_conf conf;
	struct fb_people *people; /* or */
	int fd;
	bool ended;
	bool skipping; /* inside a line that is too long */
	size_t at;     /* next byte to hand out */
	size_t len;    /* bytes in block */
	struct fb_lines_counters counters;
	char block[BLOCK_BYTES];
};

int fb_lines_open(
	const struct fb_lines_conf *conf, struct fb_people *people, int fd, struct fb_lines **ret)
{
	struct fb_lines *lines = malloc(sizeof(*lines));

	if (lines == NULL)
		return FB_E_NO_MEMORY;
	*lines = (struct fb_lines){.conf = *conf, .people = people, .fd = fd};
	*ret = lines;
	return 0;
}

void fb_lines_close(struct fb_lines *lines)
{
	free(lines);
}

const struct fb_lines_counters *fb_lines_counters(const struct fb_lines *lines)
{
	return &lines->counters;
}

/* Moves what is left to the front and fills up behind it. */
static int refill(struct fb_lines *lines)
{
	size_t got;

	memmove(lines->block, lines->block + lines->at, lines->len - lines->at);
	lines->len -= lines->at;
	lines->at = 0;
	if (lines->people) {
		got = fb_people_fill(
			lines->people, lines->block + lines->len, BLOCK_BYTES - lines->len, NULL);
	} else {
		ssize_t n;

		do
			n = read(lines->fd, lines->block + lines->len, BLOCK_BYTES - lines->len);
		while (n < 0 && errno == EINTR);
		if (n < 0)
			return FB_E_IO;
		got = (size_t)n;
	}
	lines->ended = got == 0;
	lines->len += got;
	lines->counters.read_bytes += got;
	return 0;
}

/* Length of the line at `at` with its newline; 0: not whole in the block yet. */
static size_t line_at(const struct fb_lines *lines, size_t at)
{
	const char *end = memchr(lines->block + at, '\n', lines->len - at);

	if (end)
		return (size_t)(end - (lines->block + at)) + 1;
	return lines->ended ? lines->len - at : 0; /* the last may lack its newline */
}

/* Passes over the (rest of a) line that no datagram can carry. */
static void skip_line(struct fb_lines *lines, size_t len)
{
	if (!lines->skipping)
		lines->counters.too_long++;
	lines->skipping = len == 0;
	lines->at = len ? lines->at + len : lines->len;
}

/* The next payload out of the block; false: more has to be read first. */
static bool cut(struct fb_lines *lines, uint32_t records_max, struct fb_payload *ret)
{
	struct fb_payload payload = {.p = lines->block + lines->at};

	for (;;) {
		size_t left = lines->len - lines->at - payload.len;
		size_t len = line_at(lines, lines->at + payload.len);

		if (len == 0 && left > FB_LINES_PAYLOAD_MAX) {
			if (payload.len)
				break;
			skip_line(lines, 0);
			return false;
		}
		if (len == 0) {
			if (!lines->ended)
				return false;
			break;
		}
		if (payload.len == 0 && (lines->skipping || len > FB_LINES_PAYLOAD_MAX)) {
			skip_line(lines, len);
			payload.p = lines->block + lines->at;
			continue;
		}
		/* A first record goes out whatever bytes_max says: IP fragments it. */
		if (payload.len && payload.len + len > lines->conf.bytes_max) {
			lines->counters.cut_by_size += payload.records < lines->conf.records_max;
			break;
		}
		payload.len += (uint32_t)len;
		if (++payload.records == records_max)
			break;
	}
	if (payload.records == 0)
		return false;
	lines->at += payload.len;
	*ret = payload;
	return true;
}

int fb_lines_next(
	struct fb_lines *lines, struct fb_payload *payloads, uint32_t want, uint64_t records_max)
{
	uint32_t n = 0;

	while (n < want && records_max > 0) {
		uint32_t bound = lines->conf.records_max ? lines->conf.records_max : UINT32_MAX;

		if (cut(lines, bound, &payloads[n])) {
			lines->counters.records += payloads[n].records;
			lines->counters.payloads++;
			lines->counters.bytes += payloads[n].len;
			/* A payload is never shortened for records_max: the last one may go over
			 * it. */
			records_max -= FB_MIN(records_max, (uint64_t)payloads[n].records);
			n++;
		} else if (n > 0 || lines->ended) {
			break; /* what was cut points into the block */
		} else {
			int rc = refill(lines);

			if (rc != 0)
				return rc;
		}
	}
	return (int)n;
}
