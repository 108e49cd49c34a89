/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an operator has to hear of: the changes between two ledgers as log lines. Every line is
 * about a change, and losses that go on are told at most every ten seconds, so that the log stays
 * short while something is wrong.
 */
#pragma once

#include "control/pipeline/engine.h"

struct fb_watch;

struct fb_watch *fb_watch_create(void);
void fb_watch_destroy(struct fb_watch *watch);
/* Call once a second or so. One thread. */
void fb_watch_look(struct fb_watch *watch, const struct fb_ledger *ledger);
/* The whole ledger, line by line: at the end of a run. */
void fb_watch_log_ledger(const struct fb_ledger *ledger);
