/* SPDX-License-Identifier: Apache-2.0 */
/* Options of a format as decoder and writer read them; the binder has checked their form. */
#pragma once

#include "config/sql/plan.h"

bool fb_option_is_true(const struct fb_table *table, const char *key);
/* One ASCII character, or "\t" written out as Flink takes it. `missing`: what counts where the
 * option is not set. */
uint8_t fb_option_char(const struct fb_table *table, const char *key, uint8_t missing);
