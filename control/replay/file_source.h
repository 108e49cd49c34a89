/* SPDX-License-Identifier: Apache-2.0 */
/* Files as a unit source: each block of lines is a unit. */
#pragma once

#include "control/replay/unit.h"

/* As fb_input_open; conf->lines: where records may span lines (cut.h), copied. */
int fb_file_source_open(const struct fb_input_conf *conf, struct fb_buf *message, struct fb_unit_source **ret) FB_MUST_CHECK;
