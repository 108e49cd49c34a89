/* SPDX-License-Identifier: Apache-2.0 */
#include "config/base/buf.h"
#include "config/base/errcode.h"
#include "control/cli/commands.h"
#include "control/cli/remote.h"

static int run(struct fb_cli *cli, const void *args)
{
	struct fb_buf path = {0};
	json_t *json = NULL;
	int code;

	fb_buf_add_text(&path, "/v1/pipelines/");
	fb_client_escape(cli->argv[0], &path);
	if (path.failed)
		code = fb_cli_fail(cli, FB_EXIT_REFUSED, NULL, "%s", fb_strerror(FB_E_NO_MEMORY));
	else
		code = fb_remote_ask(cli, "DELETE", path.p, NULL, &json);
	if (code == FB_EXIT_DONE && cli->output == FB_OUTPUT_JSON)
		fb_cli_print_json(cli, json);
	else if (code == FB_EXIT_DONE)
		fprintf(cli->out, "%s: dropped\n", cli->argv[0]);
	json_decref(json);
	fb_buf_fini(&path);
	return code;
}

static const struct fb_cli_example examples[] = {
	{"drop cities", "windows that are open, and rows that no sink has taken, are gone"},
};

const struct fb_cli_command fb_cmd_drop = {
	.name = "drop",
	.summary = "stop a pipeline and remove its state and results",
	.operands = "PIPELINE",
	.operands_min = 1,
	.operands_max = 1,
	.remote = true,
	.about = "What the sinks have taken stays there. To let windows fire and sinks take "
		 "everything first, drain the pipeline before.",
	.examples = examples,
	.example_cnt = FB_ARRAY_LEN(examples),
	.run = run,
};
