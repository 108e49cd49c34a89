/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run of the raw log at a barrier as bytes, and back. They are this machine's: a run is resumed by the version that wrote them.
 *
 *     head, lanes, partitions, numbers, per query: numbers, parts (fb_assembly_export)
 */
#pragma once

#include "control/replay/log_source.h"
#include "control/replay/replay_private.h"

/* Of the log's `resume`: fills source->resume with lanes that are the caller's. FB_E_CORRUPT, FB_E_CONFIG: said in message. */
int fb_epoch_lanes(struct fb_replay *replay, struct fb_replay_lane **ret_lanes, struct fb_log_source_conf *source) FB_MUST_CHECK;
/* The rest of it, into a run that is made and not started; after fb_epoch_lanes. */
int fb_epoch_restore(struct fb_replay *replay) FB_MUST_CHECK;
/* Gives the caller an epoch. */
int fb_epoch_take(struct fb_replay *replay) FB_MUST_CHECK;
