/* SPDX-License-Identifier: Apache-2.0 */
/* A replay job of the appliance, watched from the command line: progress, rows, differences, summary. One thread. */
#pragma once

#include "control/cli/client.h"

enum fb_replay_on_interrupt {
	FB_REPLAY_CANCEL, /* the job ends with the command */
	FB_REPLAY_LEAVE,  /* it goes on */
};

struct fb_replay_watch {
	uint64_t id;
	bool quiet; /* no progress and no summary */
	enum fb_replay_on_interrupt on_interrupt;
};

/*
 * Until the job has ended: its rows to cli->out as they come, then its differences; progress and summary to cli->err.
 * FB_EXIT_DONE; FB_EXIT_REFUSED: it failed, was cancelled, or rows differ and were not corrected.
 */
int fb_replay_watch(struct fb_cli *cli, const struct fb_replay_watch *watch) FB_MUST_CHECK;
/* The job as it is: one line of state, and what fb_replay_watch says at the end. */
void fb_replay_summary(struct fb_cli *cli, json_t *job);
