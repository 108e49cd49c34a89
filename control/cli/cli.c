/* SPDX-License-Identifier: Apache-2.0 */
#include "control/cli/cli.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "config/base/buf.h"
#include "config/base/errcode.h"
#include "config/base/nearest.h"
#include "control/cli/commands.h"

/* Every command, in the order of the help. */
const struct fb_cli_command *const fb_cli_commands[] = {
	/* ask the appliance */
	&fb_cmd_apply,
	&fb_cmd_status,
	&fb_cmd_windows,
	&fb_cmd_ledger,
	&fb_cmd_log,
	&fb_cmd_replay,
	&fb_cmd_repair,
	&fb_cmd_import,
	&fb_cmd_checkpoint,
	&fb_cmd_drain,
	&fb_cmd_drop,
	/* work alone */
	&fb_cmd_validate,
	&fb_cmd_explain,
	&fb_cmd_run,
	&fb_cmd_generate,
	&fb_cmd_send,
	&fb_cmd_version,
	&fb_cmd_help,
	NULL,
};

const struct fb_cli_command *fb_cli_find(const char *name)
{
	for (uint32_t i = 0; fb_cli_commands[i]; i++)
		if (strcmp(fb_cli_commands[i]->name, name) == 0)
			return fb_cli_commands[i];
	return NULL;
}

int fb_cli_fail(struct fb_cli *cli, enum fb_cli_exit code, const char *hint, const char *fmt, ...)
{
	va_list args;

	/* What was said so far stands before the error where both go to one place. */
	fflush(cli->out);
	fprintf(cli->err, "forebay %s: ", cli->command->name);
	va_start(args, fmt);
	vfprintf(cli->err, fmt, args);
	va_end(args);
	fputc('\n', cli->err);
	if (hint)
		fprintf(cli->err, "  hint: %s\n", hint);
	return code;
}

void fb_cli_print_json(struct fb_cli *cli, const json_t *json)
{
	json_dumpf(json, cli->out, JSON_INDENT(2) | JSON_ENCODE_ANY | JSON_PRESERVE_ORDER);
	fputc('\n', cli->out);
}

int fb_cli_read_file(const char *path, size_t max_bytes, char **ret_text, size_t *ret_len)
{
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *in = is_stdin ? stdin : fopen(path, "rb");
	struct fb_buf buf = {0};
	int rc = 0;

	if (in == NULL)
		return errno == ENOENT ? FB_E_NOT_FOUND : fb_err_from_errno(errno);
	while (rc == 0) {
		size_t room = 65536;
		char *p = fb_buf_reserve(&buf, room);
		size_t got = p ? fread(p, 1, room, in) : 0;

		buf.len += got;
		if (p == NULL)
			rc = FB_E_NO_MEMORY;
		else if (ferror(in)) /* a folder opens, but does not read */
			rc = FB_E_IO;
		else if (buf.len > max_bytes)
			rc = FB_E_FULL;
		else if (got < room)
			break;
	}
	if (!is_stdin)
		fclose(in);
	if (rc != 0) {
		fb_buf_fini(&buf);
		return rc;
	}
	buf.p[buf.len] = '\0'; /* the buffer keeps room for it */
	*ret_text = buf.p;
	*ret_len = buf.len;
	return 0;
}

static bool wants_color(const struct fb_cli_common *common)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return !common->no_color && (no_color == NULL || no_color[0] == '\0') && term &&
	       strcmp(term, "dumb") != 0 && isatty(STDOUT_FILENO);
}

/* Asked without changing the program's own locale, so that numbers keep their point. */
static bool has_unicode(void)
{
	const char *term = getenv("TERM");
	locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	bool yes = locale != (locale_t)0 && strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;

	if (locale != (locale_t)0)
		freelocale(locale);
	/* The console of the kernel has UTF-8, but no glyph for the marks. */
	if (isatty(STDOUT_FILENO) &&
		(term == NULL || strcmp(term, "dumb") == 0 || strcmp(term, "linux") == 0))
		return false;
	return yes;
}

static uint32_t terminal_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
		return 0;
	return size.ws_col;
}

static const char *socket_path(const struct fb_cli_common *common)
{
	const char *path = getenv("FOREBAY_SOCKET");

	if (common->socket)
		return common->socket;
	return path && path[0] != '\0' ? path : FB_CLI_SOCKET;
}

static int unknown_command(const char *name)
{
	const char *names[64];
	uint32_t cnt = 0;

	for (uint32_t i = 0; fb_cli_commands[i] && cnt < FB_ARRAY_LEN(names); i++)
		names[cnt++] = fb_cli_commands[i]->name;

	const char *near = fb_nearest_name(fb_str_from(name), names, cnt);

	fprintf(stderr, "forebay: there is no command '%s'", name);
	if (near)
		fprintf(stderr, "; did you mean %s?\n", near);
	else
		fputs("; forebay help lists them\n", stderr);
	return FB_EXIT_USAGE;
}

static int usage_error(const char *command, char *error)
{
	fprintf(stderr, "forebay%s%s: %s\n", command ? " " : "", command ? command : "",
		error ? error : fb_strerror(FB_E_NO_MEMORY));
	free(error);
	return FB_EXIT_USAGE;
}

static int run_command(const struct fb_cli_command *command, const struct fb_cli_operands *operands,
	const struct fb_cli_common *common, const void *args)
{
	struct fb_cli cli = {
		.out = stdout,
		.err = stderr,
		.output = (enum fb_cli_output)common->output,
		.socket = socket_path(common),
		.color = wants_color(common),
		.unicode = has_unicode(),
		.width = terminal_width(),
		.argv = operands->at,
		.argc = operands->cnt,
		.command = command,
	};
	int code;

	if (common->help) {
		fb_cli_help_command(command, stdout);
		code = FB_EXIT_DONE;
	} else {
		code = command->run(&cli, args);
	}
	/* A full disk behind `> file` shows only now. */
	if ((fflush(stdout) != 0 || ferror(stdout)) && code == FB_EXIT_DONE)
		return fb_cli_fail(&cli, FB_EXIT_REFUSED, NULL, "cannot write the output: %s",
			strerror(errno));
	return code;
}

static int parse_and_run(const struct fb_cli_command *command, const struct fb_cli_operands *words,
	struct fb_cli_common *common)
{
	struct fb_cli_operands operands = {.at = calloc(words->cnt + 1, sizeof(*operands.at))};
	void *args = calloc(1, FB_MAX(command->args_bytes, 1u));
	char *error = NULL;
	int code;

	if (operands.at == NULL || args == NULL)
		code = usage_error(command->name, NULL);
	else if (fb_cli_parse(command, (int)words->cnt - 1, (char **)(words->at + 1), args, common,
			 &operands, &error) != 0)
		code = usage_error(command->name, error);
	else
		code = run_command(command, &operands, common, args);
	free(args);
	free(operands.at);
	return code;
}

int fb_cli_main(int argc, char **argv)
{
	struct fb_cli_operands words = {.at = calloc((size_t)argc + 1, sizeof(*words.at))};
	struct fb_cli_common common = {0};
	char *error = NULL;
	int code;

	if (words.at == NULL ||
		fb_cli_parse(NULL, argc - 1, argv + 1, NULL, &common, &words, &error) != 0) {
		code = usage_error(NULL, error);
	} else if (words.cnt == 0) {
		fb_cli_help_all(stdout);
		code = FB_EXIT_DONE;
	} else {
		const struct fb_cli_command *command = fb_cli_find(words.at[0]);

		code = command ? parse_and_run(command, &words, &common)
			       : unknown_command(words.at[0]);
	}
	free(words.at);
	return code;
}
