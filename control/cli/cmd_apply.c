/* SPDX-License-Identifier: Apache-2.0 */
#include "config/base/errcode.h"
#include "control/cli/commands.h"
#include "control/cli/follow.h"
#include "control/cli/remote.h"
#include "control/cli/sources.h"

struct apply_args {
	const char *name;
	const char *from;
	uint64_t history_rate;
	bool replace;
	bool no_wait;
};

static const struct fb_cli_option options[] = {
	{.name = "name",
		.letter = 'n',
		.type = FB_ARG_TEXT,
		.value = "NAME",
		.at = offsetof(struct apply_args, name),
		.help = "name of the pipeline; else SET 'pipeline.name', else the file's name"},
	{.name = "from",
		.letter = 'f',
		.type = FB_ARG_TEXT,
		.value = "TIME",
		.at = offsetof(struct apply_args, from),
		.help = "begin with what the raw log has since then: begin, -2h, or a time in UTC"},
	{.name = "replace",
		.type = FB_ARG_FLAG,
		.at = offsetof(struct apply_args, replace),
		.help = "take the place of the running pipeline of this name, at an exact record"},
	{.name = "history-rate",
		.type = FB_ARG_U64,
		.value = "BYTES",
		.preset = "0",
		.at = offsetof(struct apply_args, history_rate),
		.help = "at most so many bytes of history a second; 0: as fast as it goes"},
	{.name = "no-wait",
		.type = FB_ARG_FLAG,
		.at = offsetof(struct apply_args, no_wait),
		.help = "do not look on until the history is read"},
};

static json_t *body_of(const struct fb_source_file *file, const struct apply_args *args)
{
	return json_pack("{s:s#, s:s, s:s*, s:s*, s:b, s:I}", "sql", file->text.p, (int)file->text.len, "file", file->name,
		"name", args->name, "from", args->from, "replace", args->replace, "bytes_per_second", (json_int_t)args->history_rate);
}

static int apply(struct fb_cli *cli, struct fb_client *client, const char *path, const struct apply_args *args)
{
	struct fb_source_file file;
	json_t *body = NULL;
	json_t *json = NULL;
	int code = fb_source_open(cli, path, &file);

	if (code != FB_EXIT_DONE)
		return code;
	if (!file.is_sql) {
		code = fb_cli_fail(cli, FB_EXIT_USAGE,
			"the appliance file takes effect when forebayd starts",
			"%s is no pipeline file (.sql)", path);
	} else if ((body = body_of(&file, args)) == NULL) {
		code = fb_cli_fail(cli, FB_EXIT_REFUSED, NULL, "%s is not UTF-8", path);
	} else {
		fb_client_set_file(
			client, &(struct fb_client_file){.name = file.name, .text = file.text.p});
		code = fb_client_ask(cli, client, "POST", "/v1/pipelines", body, &json);
	}
	if (code == FB_EXIT_DONE && cli->output == FB_OUTPUT_JSON)
		fb_cli_print_json(cli, json);
	else if (code == FB_EXIT_DONE)
		fprintf(cli->out, "%s: applied\n", fb_remote_text(json, "name"));
	fb_client_set_file(client, NULL);
	if (code == FB_EXIT_DONE && (args->from != NULL || args->replace) && !args->no_wait && cli->output != FB_OUTPUT_JSON) {
		fflush(cli->out);
		code = fb_follow_backfill(cli, client, fb_remote_text(json, "name"), args->replace);
	}
	json_decref(body);
	json_decref(json);
	fb_source_close(&file);
	return code;
}

static int run(struct fb_cli *cli, const void *args)
{
	const struct apply_args *options_of = args;
	struct fb_client *client;
	int code = FB_EXIT_DONE;

	if (options_of->name != NULL && cli->argc > 1)
		return fb_cli_fail(cli, FB_EXIT_USAGE, NULL, "--name is for one file");
	if (fb_client_open(cli->socket, &client) != 0)
		return fb_cli_fail(cli, FB_EXIT_REFUSED, NULL, "%s", fb_strerror(FB_E_NO_MEMORY));
	/* The exit code tells of the first that was refused. */
	for (uint32_t i = 0; i < cli->argc; i++) {
		int one = apply(cli, client, cli->argv[i], options_of);

		code = code == FB_EXIT_DONE ? one : code;
	}
	fb_client_close(client);
	return code;
}

static const struct fb_cli_example examples[] = {
	{"apply cities.sql", "plan and start the pipeline of a file"},
	{"apply --name test cities.sql", "the same beside the first, under another name"},
	{"apply --from -2h cities.sql", "begin with what came in the last two hours, then go on live"},
	{"apply --replace cities.sql", "another definition takes over; each window is published by one of them"},
};

const struct fb_cli_command fb_cmd_apply = {
	.name = "apply",
	.summary = "start the pipelines of SQL files",
	.operands = "FILE.sql...",
	.operands_min = 1,
	.operands_max = UINT32_MAX,
	.remote = true,
	.about = "The appliance plans the file, opens its sinks and feeds it from the stream of "
		 "its source table. A refused file changes nothing, and does not keep the others "
		 "back; what is wrong is shown with line, column and a caret. FILE may be - for "
		 "standard input.\n\n"
		 "With --from the pipeline reads the raw log of its stream first, from that time of "
		 "arrival on, and then goes over to live at an exact datagram: none is missing, none "
		 "counts twice. The command looks on until then; Ctrl-C leaves the pipeline to go on, "
		 "forebay status says how far it is, and forebay drop ends it. A stop or crash of the "
		 "appliance on the way is no harm: the next start goes on.\n\n"
		 "With --replace the new definition runs beside the running one, as NAME~new, and reads "
		 "the raw log (all of it, or from --from on) without publishing. When it has caught up it "
		 "takes over at an exact datagram: windows that were complete by then, and rows of records "
		 "before it, are the old one's, all others the new one's. History is not published a second "
		 "time. Results of the old one go when its sinks have them. forebay drop NAME~new leaves "
		 "the running one as it is.",
	.options = options,
	.option_cnt = FB_ARRAY_LEN(options),
	.examples = examples,
	.example_cnt = FB_ARRAY_LEN(examples),
	.args_bytes = sizeof(struct apply_args),
	.run = run,
};
