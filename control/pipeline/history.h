/* SPDX-License-Identifier: Apache-2.0 */
/* From where in the raw log a pipeline begins. */
#pragma once

#include "control/pipeline/engine_private.h"

/* Whether a plan can begin with history: with SESSION, on any level, it cannot. The reason is in diags. FB_E_UNSUPPORTED. */
int fb_history_check(const struct pipeline *pipeline, struct fb_diags *diags) FB_MUST_CHECK;
/*
 * Sets source_run.lanes to where the log is at an arrival time (INT64_MIN: its beginning). Locked; waits for the log's next flush and
 * lets go of the lock meanwhile. A log that begins later is a warning. FB_E_NOT_FOUND: a stream is not kept; FB_E_INVALID: the time
 * is to come; FB_E_TIMEOUT: the log cannot be written at the moment.
 */
int fb_history_find(struct fb_engine *engine, struct pipeline *pipeline, int64_t from_ns, struct fb_diags *diags) FB_MUST_CHECK;
