/* SPDX-License-Identifier: Apache-2.0 */
#include "config/base/buf.h"
#include "control/cli/commands.h"
#include "control/cli/remote.h"

struct checkpoint_args {
	uint64_t timeout_s;
};

static const struct fb_cli_option options[] = {
	{.name = "timeout",
		.letter = 't',
		.type = FB_ARG_U64,
		.value = "SECONDS",
		.preset = "30",
		.min = 1,
		.max = 3600,
		.at = offsetof(struct checkpoint_args, timeout_s),
		.help = "how long it may take"},
};

static void show(struct fb_cli *cli, json_t *pipelines)
{
	size_t i;
	json_t *pipeline;

	json_array_foreach(pipelines, i, pipeline)
	{
		const char *name = fb_remote_text(pipeline, "name");

		if (strcmp(fb_remote_text(pipeline, "state"), "running") != 0 ||
			(cli->argc > 0 && strcmp(name, cli->argv[0]) != 0))
			continue;
		fprintf(cli->out, "%s: written, %s in %.0f ms\n", name,
			fb_remote_bytes(fb_remote_u64(pipeline, "checkpoint.bytes"),
				(char[FB_REMOTE_TEXT_BYTES]){0}),
			1e3 * fb_remote_real(pipeline, "checkpoint.duration_seconds"));
	}
}

static int run(struct fb_cli *cli, const void *args)
{
	const struct checkpoint_args *checkpoint = args;
	struct fb_buf path = {0};
	json_t *json;
	int code;

	fb_buf_add_text(&path, "/v1");
	if (cli->argc > 0) {
		fb_buf_add_text(&path, "/pipelines/");
		fb_client_escape(cli->argv[0], &path);
	}
	fb_buf_add_text(&path, "/checkpoint");
	code = fb_remote_post_long(cli, &path, checkpoint->timeout_s, &json);
	if (json != NULL)
		show(cli, json);
	json_decref(json);
	return code;
}

static const struct fb_cli_example examples[] = {
	{"checkpoint", "of every pipeline that runs, before work on the machine"},
	{"checkpoint cities", "of one"},
};

const struct fb_cli_command fb_cmd_checkpoint = {
	.name = "checkpoint",
	.summary = "write the state of pipelines to the store now",
	.operands = "[PIPELINE]",
	.operands_min = 0,
	.operands_max = 1,
	.remote = true,
	.about = "What a start after a crash takes up: open windows, watermarks, counters, and where "
		 "they are in the raw log; all of a pipeline or nothing. It is done by itself every "
		 "execution.checkpointing.interval, with SESSION windows at most 16 times in a gap; reception goes on "
		 "meanwhile.",
	.options = options,
	.option_cnt = FB_ARRAY_LEN(options),
	.examples = examples,
	.example_cnt = FB_ARRAY_LEN(examples),
	.args_bytes = sizeof(struct checkpoint_args),
	.run = run,
};
