/* SPDX-License-Identifier: Apache-2.0 */
#include "control/cli/commands.h"

struct help_args {
	bool man;
	bool completion;
};

static const struct fb_cli_option options[] = {
	{.name = "man",
		.type = FB_ARG_FLAG,
		.at = offsetof(struct help_args, man),
		.help = "the manual page forebay(1) in mdoc"},
	{.name = "completion",
		.type = FB_ARG_FLAG,
		.at = offsetof(struct help_args, completion),
		.help = "the completion for bash; source it"},
};

static int run(struct fb_cli *cli, const void *arg)
{
	const struct help_args *args = arg;
	const struct fb_cli_command *command;

	if (args->man) {
		fb_cli_write_manual(cli->out);
	} else if (args->completion) {
		fb_cli_write_completion(cli->out);
	} else if (cli->argc == 0) {
		fb_cli_help_all(cli->out);
	} else {
		command = fb_cli_find(cli->argv[0]);
		if (command == NULL)
			return fb_cli_fail(cli, FB_EXIT_USAGE, "forebay help lists them",
				"there is no command '%s'", cli->argv[0]);
		fb_cli_help_command(command, cli->out);
	}
	return FB_EXIT_DONE;
}

static const struct fb_cli_example examples[] = {
	{"help send", "what send does and which options it has"},
	{"help --completion > ~/.local/share/bash-completion/completions/forebay",
		"completion for this user"},
};

const struct fb_cli_command fb_cmd_help = {
	.name = "help",
	.summary = "list the commands, or say what one does",
	.operands = "[COMMAND]",
	.operands_max = 1,
	.args_bytes = sizeof(struct help_args),
	.options = options,
	.option_cnt = FB_ARRAY_LEN(options),
	.examples = examples,
	.example_cnt = FB_ARRAY_LEN(examples),
	.run = run,
};
