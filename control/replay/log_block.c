/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "config/base/calendar.h"
#include "control/replay/log_source_private.h"

#define FETCH_NS 1000000000 /* so long may what a core reads with keep files and store as they are */

/* A core has one fetch for all lanes, newer than the headers that it is asked for by. */
static int get_fetch(struct log_source *source, struct fb_unit *unit, bool anew)
{
	int64_t now = fb_clock_monotonic_ns();

	if (unit->fetch != NULL && !anew && now < unit->fetch_until_ns)
		return 0;
	fb_rawlog_fetch_destroy(unit->fetch);
	unit->fetch = NULL;
	unit->fetch_until_ns = now + FETCH_NS;
	return fb_rawlog_fetch_create(source->conf.log->log, &unit->fetch);
}

static int fetch(struct log_source *source, struct raw_block *block, struct fb_unit *unit)
{
	int rc = get_fetch(source, unit, false);

	if (rc == 0)
		rc = fb_rawlog_fetch_block(unit->fetch, &block->header, &block->reader);
	/* It may have come, or moved to a file, after the fetch was made. */
	if (rc != FB_E_NOT_FOUND)
		return rc;
	rc = get_fetch(source, unit, true);
	return rc ? rc : fb_rawlog_fetch_block(unit->fetch, &block->header, &block->reader);
}

static int reserve(struct raw_block *block)
{
	uint32_t cnt = block->header.datagram_cnt;
	struct fb_payload *payloads;

	if (cnt <= block->cap)
		return 0;
	payloads = realloc(block->payloads, cnt * sizeof(*payloads));
	if (payloads == NULL)
		return FB_E_NO_MEMORY;
	block->payloads = payloads;
	block->cap = cnt;
	return 0;
}

int fb_raw_block_unpack(struct log_source *source, struct log_lane *lane, struct raw_block *block, struct fb_unit *unit)
{
	const struct fb_log_plan_conf *range = &lane->plan.conf;
	struct fb_block_datagram datagram;
	int rc = fetch(source, block, unit);

	if (rc == 0)
		rc = reserve(block);
	if (rc != 0)
		return rc;
	while ((rc = fb_block_next(&block->reader, &datagram)) == 0) {
		if (datagram.seq < range->from_seq || datagram.seq > range->to_seq || datagram.arrival_ns < range->from_ns ||
			datagram.arrival_ns > range->to_ns)
			continue;
		block->payloads[block->cnt++] = (struct fb_payload){.data = datagram.data,
			.len = datagram.len,
			.after_ns = (uint32_t)(datagram.arrival_ns - block->header.first_arrival_ns),
			.seq_delta = (uint32_t)(datagram.seq - block->header.first_seq)};
	}
	return rc == FB_E_NOT_FOUND ? 0 : rc;
}

void fb_raw_block_free(struct raw_block *block)
{
	fb_block_close(&block->reader);
	free(block->payloads);
	free(block);
}
