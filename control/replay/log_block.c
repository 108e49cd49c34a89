/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "config/base/calendar.h"
#include "control/replay/log_source_private.h"

/* An open fetch keeps files and store as they are, and costs next to nothing beside a block: so each has its own. */
static int fetch(struct log_source *source, struct raw_block *block)
{
	struct fb_rawlog_fetch *fetch;
	int rc = fb_rawlog_fetch_create(source->conf.log->log, &fetch);

	if (rc != 0)
		return rc;
	rc = fb_rawlog_fetch_block(fetch, &block->header, &block->reader);
	fb_rawlog_fetch_destroy(fetch);
	return rc;
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

int fb_raw_block_unpack(struct log_source *source, struct log_lane *lane, struct raw_block *block)
{
	const struct fb_log_plan_conf *range = &lane->plan.conf;
	struct fb_block_datagram datagram;
	int rc = fetch(source, block);

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
