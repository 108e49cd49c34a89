/* SPDX-License-Identifier: Apache-2.0 */
#include "config/base/buf.h"
#include "control/cli/commands.h"
#include "control/cli/remote.h"

struct drain_args {
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
		.at = offsetof(struct drain_args, timeout_s),
		.help = "how long the sinks may take"},
};

static int run(struct fb_cli *cli, const void *args)
{
	const struct drain_args *drain = args;
	struct fb_buf path = {0};
	json_t *json;
	int code;

	fb_buf_add_text(&path, "/v1/pipelines/");
	fb_client_escape(cli->argv[0], &path);
	fb_buf_add_text(&path, "/drain");
	code = fb_remote_post_long(cli, &path, drain->timeout_s, &json);
	if (json != NULL)
		fprintf(cli->out,
			"%s: drained: all windows have fired, all rows are with their sinks\n",
			cli->argv[0]);
	json_decref(json);
	return code;
}

static const struct fb_cli_example examples[] = {
	{"drain cities --timeout 60", "fire what is open, and wait up to a minute for the sinks"},
};

const struct fb_cli_command fb_cmd_drain = {
	.name = "drain",
	.summary = "end a pipeline's input: all windows fire, all sinks are emptied",
	.operands = "PIPELINE",
	.operands_min = 1,
	.operands_max = 1,
	.remote = true,
	.about = "Like the end of a bounded source: the watermark goes to infinity, also for "
		 "windows that are not over. The pipeline takes no more records afterwards; its "
		 "results stay readable until it is dropped.",
	.options = options,
	.option_cnt = FB_ARRAY_LEN(options),
	.examples = examples,
	.example_cnt = FB_ARRAY_LEN(examples),
	.args_bytes = sizeof(struct drain_args),
	.run = run,
};
