/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Datagrams of the raw log as records: decoded as the workers do, by the table's declaration in a pipeline file, and printed as
 * `SELECT * FROM t` would print them. One thread.
 */
#pragma once

#include "control/cli/cli.h"
#include "control/cli/run_output.h"

struct fb_log_records;

struct fb_log_records_conf {
	const char *file;   /* .sql with the CREATE TABLE */
	const char *table;  /* = the stream */
	const char *framing; /* "newline" or "datagram" */
	enum fb_run_form form; /* FB_RUN_CSV or FB_RUN_JSON */
};

/* Rows go to cli->out. Not FB_EXIT_DONE: said. */
int fb_log_records_open(struct fb_cli *cli, const struct fb_log_records_conf *conf, struct fb_log_records **ret) FB_MUST_CHECK;
/* The payload is copied. Not FB_EXIT_DONE: said. */
int fb_log_records_add(struct fb_log_records *records, struct fb_str payload) FB_MUST_CHECK;
/* What waits is written; standard error is told how many records are malformed, and why. Not FB_EXIT_DONE: said. */
int fb_log_records_finish(struct fb_log_records *records) FB_MUST_CHECK;
void fb_log_records_close(struct fb_log_records *records);
