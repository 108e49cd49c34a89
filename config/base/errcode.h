/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Error codes. A function that can fail returns 0 or one negative code of config/tables/error.def; its
 * results come back through ret_ pointers, which are untouched on failure.
 */
#pragma once

#include "config/base/macro.h"

enum fb_err {
	FB_OK = 0,
#define FB_ERROR(name, code, text) FB_E_##name = (code),
#include "config/tables/error.def"
#undef FB_ERROR
};

/* The text of a code; a static string, also for 0 and for unknown codes. Any thread. */
const char *fb_strerror(int err);
/* The name of a code without prefix ("NOT_FOUND"), for JSON; a static string. Any thread. */
const char *fb_errname(int err);
/* The code nearest to an errno value; never 0. */
int fb_err_from_errno(int errnum);
