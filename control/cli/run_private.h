/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of `forebay run`.
 *
 *   cmd_run.c     the command: its options, the file, what it is run with
 *   run_paths.c   which file is a table
 *   run_pass.c    one reading of a source, with its queries; rows of constants
 *   run_tables.h, run_output.h, run_summary.h   what those are made of
 *
 * One thread. Functions that return a code have said what is wrong.
 */
#pragma once

#include "config/sql/sql.h"
#include "control/cli/cli.h"
#include "control/replay/replay.h"

struct fb_run_args {
	struct fb_cli_texts sources;
	uint64_t threads;
	uint64_t state_mb;
	uint64_t block_bytes;
	uint32_t rows;
	uint32_t mode;
	bool strict;
	bool quiet;
};

enum fb_run_rows { FB_RUN_ROWS_AUTO, FB_RUN_ROWS_TABLE, FB_RUN_ROWS_CSV, FB_RUN_ROWS_JSON };
enum fb_run_mode { FB_RUN_MODE_FILE, FB_RUN_MODE_STREAMING, FB_RUN_MODE_BATCH };

/* A run of a file. */
struct fb_run {
	struct fb_cli *cli;
	const struct fb_run_args *args;
	struct fb_plan *plan;
	struct fb_diags diags;
	const char *name;
	uint32_t threads;
	uint64_t state_bytes;
	bool batch;
	bool reads_stdin; /* something does: it cannot be read twice */
	json_t *passes;   /* their summaries, with -o json */
};

/* In the place of a path, of a table that makes its rows. */
#define FB_RUN_GENERATED "(generated)"

/* What stands for a table: a path, "-", FB_RUN_GENERATED. NULL: nothing, said in diags. */
const char *fb_run_path(struct fb_run *run, const struct fb_table *table);
/* Every --source must name a table of the file. An exit code. */
int fb_run_check_mappings(struct fb_run *run);
/* Runs the queries of the plan, in the order of the file. An exit code. */
int fb_run_passes(struct fb_run *run);
