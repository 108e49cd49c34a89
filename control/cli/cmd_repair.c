/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "config/base/buf.h"
#include "config/base/errcode.h"
#include "control/cli/commands.h"
#include "control/cli/remote.h"
#include "control/cli/replay_job.h"

struct repair_args {
	int64_t from, to;
	bool detach;
	bool quiet;
};

static const struct fb_cli_option options[] = {
	{.name = "from",
		.type = FB_ARG_TIME,
		.value = "TIME",
		.at = offsetof(struct repair_args, from),
		.help = "windows that begin then or later; else from the first"},
	{.name = "to",
		.type = FB_ARG_TIME,
		.value = "TIME",
		.at = offsetof(struct repair_args, to),
		.help = "windows that end then or before; else to the last"},
	{.name = "detach",
		.letter = 'd',
		.type = FB_ARG_FLAG,
		.at = offsetof(struct repair_args, detach),
		.help = "leave it to the appliance and return at once"},
	{.name = "quiet",
		.letter = 'q',
		.type = FB_ARG_FLAG,
		.at = offsetof(struct repair_args, quiet),
		.help = "no progress and no summary"},
};

static int create(struct fb_cli *cli, const struct repair_args *args, uint64_t *ret_id)
{
	struct fb_buf path = {0};
	json_t *body = json_pack("{s:o, s:o}", "from", args->from ? json_integer(args->from) : json_null(), "to",
		args->to ? json_integer(args->to) : json_null());
	json_t *json = NULL;
	int code;

	fb_buf_add_text(&path, "/v1/pipelines/");
	fb_client_escape(cli->argv[0], &path);
	fb_buf_add_text(&path, "/repair");
	code = path.failed ? fb_cli_fail(cli, FB_EXIT_REFUSED, NULL, "%s", fb_strerror(FB_E_NO_MEMORY))
			   : fb_remote_ask(cli, "POST", path.p, body, &json);
	*ret_id = fb_remote_u64(json, "id");
	json_decref(body);
	json_decref(json);
	fb_buf_fini(&path);
	return code;
}

static int run(struct fb_cli *cli, const void *args)
{
	const struct repair_args *repair = args;
	struct fb_replay_watch watch = {.quiet = repair->quiet, .on_interrupt = FB_REPLAY_CANCEL};
	int code = create(cli, repair, &watch.id);

	if (code != FB_EXIT_DONE)
		return code;
	if (cli->output == FB_OUTPUT_JSON && (watch.id == 0 || repair->detach)) {
		json_t *json = json_pack("{s:o}", "id", watch.id ? json_integer((json_int_t)watch.id) : json_null());

		fb_cli_print_json(cli, json);
		json_decref(json);
	} else if (watch.id == 0) {
		fprintf(cli->out, "%s: no record came late since the last repair\n", cli->argv[0]);
	} else if (repair->detach) {
		fprintf(cli->out, "replay %" PRIu64 " repairs %s: `forebay replay attach %" PRIu64 "`\n", watch.id, cli->argv[0],
			watch.id);
	} else {
		return fb_replay_watch(cli, &watch);
	}
	return FB_EXIT_DONE;
}

static const struct fb_cli_example examples[] = {
	{"repair cities", "windows of cities that late records belong to are computed again and corrected"},
};

const struct fb_cli_command fb_cmd_repair = {
	.name = "repair",
	.summary = "correct published windows that records came late for",
	.operands = "PIPELINE",
	.operands_min = 1,
	.operands_max = 1,
	.remote = true,
	.about = "A late record is in the raw log, but in no window. If any came since the last repair, the windows of the pipeline "
		 "are computed again from the log as batch, where nothing is late, and what differs is published as "
		 "forebay replay --publish-corrections does it. SET 'forebay.late-repair.interval' = '1 h' in the file of the "
		 "pipeline does it by itself. With --from or --to the next repair is for all of them still.",
	.columns = "the rows that differed, - as they were published, + as they are now",
	.args_bytes = sizeof(struct repair_args),
	.options = options,
	.option_cnt = FB_ARRAY_LEN(options),
	.examples = examples,
	.example_cnt = FB_ARRAY_LEN(examples),
	.run = run,
};
