/* SPDX-License-Identifier: Apache-2.0 */
#include "control/replay/cut.h"

void fb_cut_init(struct fb_cut *cut)
{
	cut->start = 0;
	fb_turn_init(&cut->turn);
}

void fb_cut_fini(struct fb_cut *cut)
{
	fb_turn_fini(&cut->turn);
}

void fb_cut_break(struct fb_cut *cut)
{
	fb_turn_break(&cut->turn);
}

int fb_cut_settle(struct fb_cut *cut, struct fb_input *input, struct fb_block *block, enum fb_decoder_seen seen)
{
	uint64_t start;
	uint64_t end = block->end;
	int rc = 0;

	if (!fb_turn_enter(&cut->turn, block->seq))
		return 0;
	start = block->from == 0 ? 0 : cut->start;
	if (block->walked) {
		start = block->start; /* nothing to doubt */
	} else if (start >= block->to) {
		end = start;
	} else if (start != block->start || seen == FB_SEEN_IRREGULAR) {
		end = fb_input_walk(input, block, start, block->to);
	}
	cut->start = end;
	fb_turn_pass(&cut->turn, block->seq);
	if (start != block->start || end != block->end)
		rc = fb_input_recut(input, block, start, end);
	return rc;
}
