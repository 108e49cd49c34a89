/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's log: lines on standard error, with systemd's priority prefix under systemd and a
 * time elsewhere. Any thread. */
#pragma once

#include "config/base/diag.h"

enum fb_log_level { FB_LOG_ERROR, FB_LOG_WARNING, FB_LOG_INFO, FB_LOG_DEBUG };

void fb_log_open(enum fb_log_level level);
/* "error", "warning", "info", "debug"; false: none of them. */
bool fb_log_level_parse(const char *name, enum fb_log_level *ret_level);
void fb_log(enum fb_log_level level, const char *fmt, ...) FB_PRINTF(2, 3);
/* Every diagnostic as it would be printed for a person; text may be NULL. */
void fb_log_diags(const struct fb_diags *diags, const char *text);
