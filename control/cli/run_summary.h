/* SPDX-License-Identifier: Apache-2.0 */
/* What `forebay run` says at its end: words or JSON to cli->err. One thread. */
#pragma once

#include "control/cli/cli.h"
#include "control/replay/replay.h"

/* One source that was read, or several of a UNION ALL, with the queries that read it. */
struct fb_run_pass {
	const struct fb_replay_table *tables;
	uint32_t table_cnt;
	const struct fb_query_plan *const *queries;
	uint32_t query_cnt;
	uint32_t threads;
	bool batch;
	double seconds;
	struct fb_replay_numbers numbers;
};

void fb_run_summary_print(struct fb_cli *cli, const struct fb_run_pass *pass);
/* A new reference. */
json_t *fb_run_summary_json(const struct fb_run_pass *pass);
