/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a record of CSV spans lines, a cut by line ends (input.h) may be wrong. Almost never is: so each core decodes its block as
 * it was cut, and what the decoder has seen on its way says whether there was a quote at all. Then the blocks pass in the order of
 * their numbers, and hand on where the next record really begins:
 *
 *   it begins where the block does, no quote or only paired ones inside    the cut was right, at no cost
 *   it begins elsewhere, or there is more to quotes                        the block is walked from there, record by record
 *                                                                          (csv_extent.h), cut anew and decoded again
 *
 * So a file without quotes is read as fast as before, and one with line ends in values as one core can walk it.
 */
#pragma once

#include "control/replay/input.h"
#include "control/replay/turn.h"
#include "dataplane/format/decoder.h"

struct fb_cut {
	struct fb_turn turn;
	uint64_t start; /* offset of the first record that begins behind all blocks before; written by the core whose turn it is */
};

void fb_cut_init(struct fb_cut *cut);
void fb_cut_fini(struct fb_cut *cut);
/*
 * Waits for the block's turn and passes it. seen: in all of the block. 1: it was cut anew, what was made of it is wrong; 0: it
 * stays, or nothing waits any more; FB_E_NO_MEMORY.
 */
int fb_cut_settle(struct fb_cut *cut, struct fb_input *input, struct fb_block *block, enum fb_decoder_seen seen) FB_MUST_CHECK;
/* Nobody waits any more: the run has failed. Any thread. */
void fb_cut_break(struct fb_cut *cut);
