/* SPDX-License-Identifier: Apache-2.0 */
/* Help texts, from the descriptors. */
#include <string.h>

#include "config/base/buf.h"
#include "control/cli/cli.h"

#define WIDTH 92

/* Text from `column` on, wrapped at blanks; what follows the first line is indented to the column.
 */
static void print_wrapped(const char *text, unsigned column, FILE *out)
{
	unsigned at = column;

	while (*text) {
		size_t word = strcspn(text, " ");

		if (at > column && at + 1 + word > WIDTH) {
			fprintf(out, "\n%*s", (int)column, "");
			at = column;
		} else if (at > column) {
			fputc(' ', out);
			at++;
		}
		fwrite(text, 1, word, out);
		at += (unsigned)word;
		text += word + strspn(text + word, " ");
	}
	fputc('\n', out);
}

/* Paragraphs parted by an empty line. */
static void print_paragraphs(const char *text, FILE *out)
{
	while (*text) {
		const char *end = strstr(text, "\n\n");
		size_t len = end ? (size_t)(end - text) : strlen(text);
		struct fb_buf paragraph = {0};

		fb_buf_add(&paragraph, text, len);
		fputc('\n', out);
		if (paragraph.p)
			print_wrapped(paragraph.p, 0, out);
		fb_buf_fini(&paragraph);
		text += len + (end ? 2 : 0);
	}
}

static void add_help(const struct fb_cli_option *option, struct fb_buf *buf)
{
	fb_buf_add_text(buf, option->help);
	if (option->required)
		fb_buf_add_text(buf, " (required)");
	if (option->type == FB_ARG_CHOICE) {
		fb_buf_add_text(buf, ": ");
		for (uint32_t i = 0; option->choices[i]; i++)
			fb_buf_printf(buf, "%s%s", i ? ", " : "", option->choices[i]);
	}
	if (option->type == FB_ARG_TEXTS)
		fb_buf_add_text(buf, "; may be given several times");
	if (option->preset)
		fb_buf_printf(buf, " [%s]", option->preset);
}

static void print_options(
	const char *title, const struct fb_cli_option *options, uint32_t cnt, FILE *out)
{
	if (cnt == 0)
		return;
	fprintf(out, "\n%s:\n", title);
	for (uint32_t i = 0; i < cnt; i++) {
		struct fb_buf left = {0}, right = {0};

		if (options[i].letter)
			fb_buf_printf(&left, "  -%c, --%s", options[i].letter, options[i].name);
		else
			fb_buf_printf(&left, "      --%s", options[i].name);
		if (options[i].value)
			fb_buf_printf(&left, " %s", options[i].value);
		add_help(&options[i], &right);
		if (left.p && right.p) {
			fprintf(out, "%-30s  ", left.p);
			if (left.len > 30)
				fprintf(out, "\n%32s", "");
			print_wrapped(right.p, 32, out);
		}
		fb_buf_fini(&left);
		fb_buf_fini(&right);
	}
}

static void list_commands(bool remote, FILE *out)
{
	for (uint32_t i = 0; fb_cli_commands[i]; i++) {
		const struct fb_cli_command *command = fb_cli_commands[i];

		if (command->remote != remote || command->hidden)
			continue;
		fprintf(out, "  %-10s  ", command->name);
		print_wrapped(command->summary, 14, out);
	}
}

void fb_cli_help_all(FILE *out)
{
	fputs("forebay: windowed SQL over records straight off the network card\n\n"
	      "usage: forebay [OPTIONS] COMMAND [ARGUMENTS]\n\n"
	      "commands that need the appliance; they ask it over its socket:\n",
		out);
	list_commands(true, out);
	fputs("\ncommands that need none: no appliance, network card or root:\n", out);
	list_commands(false, out);
	print_options(
		"options of every command", fb_cli_common_options, fb_cli_common_option_cnt, out);
	fputs("\nexit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 no appliance answers\n"
	      "forebay COMMAND --help tells more; see also forebay(1), forebayd(8)\n",
		out);
}

void fb_cli_help_command(const struct fb_cli_command *command, FILE *out)
{
	fprintf(out, "forebay %s: ", command->name);
	print_wrapped(command->summary, (unsigned)strlen(command->name) + 10, out);
	fprintf(out, "\nusage: forebay %s%s%s%s\n", command->name,
		command->option_cnt ? " [OPTIONS]" : "", command->operands ? " " : "",
		command->operands ? command->operands : "");
	if (command->about)
		print_paragraphs(command->about, out);
	if (command->columns) {
		fputs("\nprints: ", out);
		print_wrapped(command->columns, 8, out);
	}
	print_options("options", command->options, command->option_cnt, out);
	print_options(
		"options of every command", fb_cli_common_options, fb_cli_common_option_cnt, out);
	if (command->example_cnt)
		fputs("\nexamples:\n", out);
	for (uint32_t i = 0; i < command->example_cnt; i++)
		fprintf(out, "  # %s\n  forebay %s\n", command->examples[i].what,
			command->examples[i].line);
	fprintf(out, "\n%s\n",
		command->remote ? "This command asks the appliance over its socket."
				: "This command works alone: it needs no appliance.");
}
