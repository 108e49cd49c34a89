/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What users of other dialects most likely meant: advice for errors whose place alone does not help. Static texts. Private to
 * this room.
 */
#pragma once

#include "config/base/str.h"

/*
 * `at`: where all[0 …] stops making sense, with the word `word`. wants_text: nothing but a text can stand there. NULL: no
 * advice.
 */
const char *fb_mistake_syntax(struct fb_str all, uint32_t at, struct fb_str word, bool wants_text);
/* A function that Flink does not have. */
const char *fb_mistake_function(struct fb_str name);
