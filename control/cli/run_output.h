/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the rows of a query of `forebay run` go: to the sink of its INSERT, by the sink's own code, or for a SELECT alone
 * to cli->out. One thread.
 */
#pragma once

#include "config/base/buf.h"
#include "config/sql/plan.h"
#include "control/cli/cli.h"

enum fb_run_form { FB_RUN_TABLE, FB_RUN_CSV, FB_RUN_JSON };

struct fb_run_output;

struct fb_run_output_conf {
	const struct fb_query_plan *query;
	uint32_t number;        /* of the query in the file, from 1 */
	const char *pipeline;   /* name */
	enum fb_run_form form;  /* of SELECTs */
	int64_t zone_offset_ms; /* in a table instants are shown on this wall clock, as Flink's client does */
};

/* FB_E_CONFIG, FB_E_UNSUPPORTED, …: the words are in message. */
int fb_run_output_open(struct fb_cli *cli, const struct fb_run_output_conf *conf, struct fb_buf *message,
	struct fb_run_output **ret) FB_MUST_CHECK;
/* Encoded rows one behind the other (dataplane/operator/row.h), of the select list's types. */
int fb_run_output_put(struct fb_run_output *output, const uint8_t *bytes, size_t len, struct fb_buf *message) FB_MUST_CHECK;
/* All rows to where they belong for good; after this only close. */
int fb_run_output_finish(struct fb_run_output *output, struct fb_buf *message) FB_MUST_CHECK;
/* What was not finished is given up. */
void fb_run_output_close(struct fb_run_output *output);
