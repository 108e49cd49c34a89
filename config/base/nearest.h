/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean": the known name that a user most likely meant. Any thread. */
#pragma once

#include "config/base/str.h"

/*
 * The nearest of cnt names to `word` if it is near enough to be meant, by edit distance in which
 * two swapped letters count once (Damerau, Levenshtein; restricted form); NULL otherwise. Case is
 * ignored.
 */
const char *fb_nearest_name(struct fb_str word, const char *const *names, size_t cnt);
