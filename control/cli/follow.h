/* SPDX-License-Identifier: Apache-2.0 */
/* Looks on while a pipeline reads its history, until it is live. One thread. */
#pragma once

#include "control/cli/client.h"

/*
 * replaces: it is to take another one's place first (control/pipeline/replace.h).
 *
 * Progress goes to cli->err. FB_EXIT_DONE: it is live; FB_EXIT_REFUSED: it is gone; FB_EXIT_UNREACHABLE. Whoever interrupts this leaves the
 * pipeline to go on.
 */
int fb_follow_backfill(struct fb_cli *cli, struct fb_client *client, const char *pipeline, bool replaces) FB_MUST_CHECK;
