/* SPDX-License-Identifier: Apache-2.0 */
/* From blocks to units. */
#include "control/replay/log_source_private.h"

#include "dataplane/format/batch.h"

#define UNIT_RECORDS (FB_BATCH_ROWS - 64) /* so that a unit is one batch nearly always */
#define FIRST_UNIT_BYTES 16384u           /* before anything is known of the records */

static uint64_t unit_bytes(const struct log_source *source)
{
	if (source->conf.unit_bytes > 0)
		return source->conf.unit_bytes;
	if (source->learnt_records == 0)
		return FIRST_UNIT_BYTES;
	return FB_MIN(FB_MAX(source->learnt_bytes * UNIT_RECORDS / source->learnt_records, (uint64_t)1), (uint64_t)source->conf.unit_bytes_max);
}

/* Bursts of several lanes, merged: as batch, and with one lane, blocks come whole. */
static bool merges(const struct log_source *source)
{
	return source->base.lane_cnt > 1 && !source->conf.batch && source->conf.has_windows;
}

/* When the next of a lane came; of a block that is not unpacked yet: at the earliest. */
static int next_arrival(struct log_source *source, struct log_lane *lane, int64_t *ret_ns)
{
	const struct fb_block_header *header;
	int rc;

	if (lane->head != NULL) {
		bool exact = merges(source) && lane->head->state == RAW_BLOCK_READY;

		*ret_ns = exact ? fb_raw_block_arrival(lane->head, lane->head->cut) : lane->head->header.first_arrival_ns;
		return 0;
	}
	rc = fb_log_plan_peek(&lane->plan, &header);
	if (rc == 0)
		*ret_ns = header->first_arrival_ns;
	return rc;
}

int fb_log_turn(struct log_source *source, struct log_lane **ret_lane, struct raw_block **ret_block)
{
	int64_t first_ns = INT64_MAX;

	*ret_lane = NULL;
	for (uint32_t i = 0; i < source->base.lane_cnt; i++) {
		struct log_lane *lane = &source->lanes[i];
		int64_t arrival_ns = 0;
		int rc = next_arrival(source, lane, &arrival_ns);

		if (rc == FB_E_NOT_FOUND)
			continue;
		if (rc != 0)
			return rc;
		/* A burst is not interrupted. */
		if (merges(source) && i == source->last_lane && arrival_ns == source->last_arrival_ns) {
			*ret_lane = lane;
			break;
		}
		if (*ret_lane == NULL || arrival_ns < first_ns) {
			*ret_lane = lane;
			first_ns = arrival_ns;
		}
	}
	*ret_block = *ret_lane ? (*ret_lane)->head : NULL;
	return 0;
}

void fb_log_put(struct log_source *source, struct raw_block *block)
{
	if (--block->users > 0)
		return;
	block->next = source->free;
	source->free = block;
}

void fb_log_leave(struct log_source *source, struct log_lane *lane, struct raw_block *block)
{
	lane->head = block->next;
	if (lane->head == NULL)
		lane->tail = &lane->head;
	source->ahead--;
	fb_log_put(source, block);
}

/* Payloads of a block until the unit is full; with `burst_only` not beyond those of one time. */
static void take(struct log_source *source, struct log_lane *lane, struct raw_block *block, struct fb_unit *unit, uint64_t want,
	bool burst_only)
{
	uint32_t number = (uint32_t)(lane - source->lanes);
	int64_t arrival_ns = fb_raw_block_arrival(block, block->cut);
	struct fb_piece *piece = &unit->pieces[unit->piece_cnt++];
	uint64_t bytes = 0;

	*piece = (struct fb_piece){.payloads = &block->payloads[block->cut],
		.lane = number,
		.begins = source->last_lane != number || source->last_arrival_ns != arrival_ns,
		.arrival_ns = arrival_ns,
		.memory = block};
	do {
		bytes += block->payloads[block->cut].len;
		block->cut++;
		piece->cnt++;
	} while (block->cut < block->cnt && unit->bytes + bytes < want &&
		 (!burst_only || fb_raw_block_arrival(block, block->cut) == arrival_ns));
	lane->next_seq = block->header.first_seq + block->payloads[block->cut - 1].seq_delta + 1;
	block->users++;
	unit->bytes += bytes;
	source->last_lane = number;
	source->last_arrival_ns = arrival_ns;
	source->numbers.datagrams += piece->cnt;
	if (block->cut == block->cnt)
		fb_log_leave(source, lane, block);
}

int fb_log_cut(struct log_source *source, struct fb_unit *unit)
{
	uint64_t want = unit_bytes(source);
	struct log_lane *lane;
	struct raw_block *block;
	int rc;

	unit->seq = source->seq++;
	unit->piece_cnt = 0;
	unit->bytes = 0;
	do {
		uint32_t before = source->last_lane;

		rc = fb_log_turn(source, &lane, &block);
		if (rc != 0 || block == NULL || block->state != RAW_BLOCK_READY)
			break;
		if (unit->piece_cnt > 0 && source->base.by_lane && before != (uint32_t)(lane - source->lanes))
			break;
		unit->floor_ms = block->floor_ms;
		take(source, lane, block, unit, want, merges(source));
	} while (merges(source) && unit->bytes < want && unit->piece_cnt < FB_UNIT_PIECES_MAX);
	return rc;
}
