/* SPDX-License-Identifier: Apache-2.0 */
/* forebay.1 (mdoc) and the bash completion, from the descriptors. */
#include <string.h>

#include "config/base/buf.h"
#include "control/cli/cli.h"

#ifndef FB_MANUAL_DATE
#define FB_MANUAL_DATE "November 23, 2026"
#endif

/* Columns of an input line; mandoc's style. */
#define LINE_MAX_BYTES 78

/* One word so that roff prints it as it is. A macro name as a word of its own would be run on macro
 * lines: \& hides it. */
static void add_word(const char *word, size_t len, bool macro_line, struct fb_buf *out)
{
	if (len && (word[0] == '.' || word[0] == '\'' || macro_line))
		fb_buf_add_text(out, "\\&");
	for (size_t i = 0; i < len; i++) {
		if (word[i] == '\\')
			fb_buf_add_text(out, "\\e");
		else if (word[i] == '-')
			fb_buf_add_text(out, "\\-");
		else if (word[i] == '"')
			fb_buf_add_text(out, "\\(dq");
		else
			fb_buf_add_char(out, word[i]);
	}
}

/* A text on the line that is being written; macro lines cannot be broken. */
static void put_text(const char *text, bool macro_line, FILE *out)
{
	struct fb_buf line = {0};

	while (*text) {
		size_t word = strcspn(text, " ");

		add_word(text, word, macro_line, &line);
		text += word;
		if (*text == ' ')
			fb_buf_add_char(&line, *text++);
	}
	fputs(line.p ? line.p : "", out);
	fb_buf_fini(&line);
}

/* A paragraph, each sentence begins a line as mdoc wants it; `first` and `after` stand around it.
 */
static void put_paragraph(
	const char *first, const char *text, size_t len, const char *after, FILE *out)
{
	const char *end = text + len;
	size_t at = strlen(first);

	fputs(first, out);
	while (text < end) {
		size_t word = FB_MIN(strcspn(text, " \n"), (size_t)(end - text));
		size_t blanks = FB_MIN(strspn(text + word, " \n"), (size_t)(end - text) - word);
		bool is_last = text + word + blanks == end;
		bool ends_sentence = word > 0 && text[word - 1] == '.';
		struct fb_buf escaped = {0};

		add_word(text, word, false, &escaped);
		if (at > 0 && at + 1 + escaped.len + strlen(after) > LINE_MAX_BYTES) {
			fputc('\n', out);
			at = 0;
		}
		at += escaped.len + (at > 0);
		fprintf(out, "%s%s", at > escaped.len ? " " : "", escaped.p ? escaped.p : "");
		if (ends_sentence && !is_last) {
			fputc('\n', out);
			at = 0;
		}
		fb_buf_fini(&escaped);
		text += word + blanks;
	}
	fprintf(out, "%s\n", after);
}

static void put_paragraphs(const char *text, FILE *out)
{
	while (*text) {
		const char *end = strstr(text, "\n\n");
		size_t len = end ? (size_t)(end - text) : strlen(text);

		put_paragraph("", text, len, "", out);
		text += len + (end ? 2 : 0);
		if (*text)
			fputs(".Pp\n", out);
	}
}

static void put_option(const struct fb_cli_option *option, FILE *out)
{
	struct fb_buf help = {0};

	fputs(".It ", out);
	if (option->letter)
		fprintf(out, "Fl %c , ", option->letter);
	fprintf(out, "Fl \\-");
	put_text(option->name, false, out);
	if (option->value) {
		fputs(" Ar ", out);
		put_text(option->value, true, out);
	}
	fputc('\n', out);
	fb_buf_add_text(&help, option->help);
	if (option->required)
		fb_buf_add_text(&help, " (required)");
	if (option->type == FB_ARG_TEXTS)
		fb_buf_add_text(&help, "; may be given several times");
	for (uint32_t i = 0; option->type == FB_ARG_CHOICE && option->choices[i]; i++)
		fb_buf_printf(&help, "%s%s", i ? ", " : ": ", option->choices[i]);
	put_paragraph("", help.p ? help.p : "", help.len, ".", out);
	fb_buf_fini(&help);
	if (option->preset) {
		fputs("Default: ", out);
		put_text(option->preset, false, out);
		fputs(".\n", out);
	}
}

static void put_options(const struct fb_cli_option *options, uint32_t cnt, FILE *out)
{
	if (cnt == 0)
		return;
	fputs(".Bl -tag -width Ds\n", out);
	for (uint32_t i = 0; i < cnt; i++)
		put_option(&options[i], out);
	fputs(".El\n", out);
}

static void put_command(const struct fb_cli_command *command, FILE *out)
{
	fprintf(out, ".Ss %s\n.Nm forebay\n.Cm %s\n", command->name, command->name);
	if (command->option_cnt)
		fputs(".Op Ar options\n", out);
	if (command->operands) {
		fputs(".Ar ", out);
		put_text(command->operands, true, out);
		fputc('\n', out);
	}
	fputs(".Pp\n", out);
	put_paragraph("", command->summary, strlen(command->summary), ".", out);
	if (command->about) {
		fputs(".Pp\n", out);
		put_paragraphs(command->about, out);
	}
	if (command->columns) {
		fputs(".Pp\n", out);
		put_paragraph("Prints:", command->columns, strlen(command->columns), ".", out);
	}
	put_options(command->options, command->option_cnt, out);
	for (uint32_t i = 0; i < command->example_cnt; i++) {
		fputs(".Pp\n", out);
		put_paragraph("Example,", command->examples[i].what,
			strlen(command->examples[i].what), ":", out);
		fputs(".Dl forebay ", out);
		put_text(command->examples[i].line, true, out);
		fputc('\n', out);
	}
}

static void put_commands(bool remote, FILE *out)
{
	for (uint32_t i = 0; fb_cli_commands[i]; i++)
		if (fb_cli_commands[i]->remote == remote && !fb_cli_commands[i]->hidden)
			put_command(fb_cli_commands[i], out);
}

void fb_cli_write_manual(FILE *out)
{
	fputs(".\\\" SPDX-License-Identifier: Apache-2.0\n"
	      ".\\\" Written by forebay help --man from the descriptors of the commands.\n"
	      ".Dd " FB_MANUAL_DATE "\n.Dt FOREBAY 1\n.Os\n"
	      ".Sh NAME\n.Nm forebay\n.Nd windowed SQL over records straight off the network card\n"
	      ".Sh SYNOPSIS\n.Nm forebay\n.Op Ar options\n.Ar command\n.Op Ar arguments\n"
	      ".Sh DESCRIPTION\n"
	      "The command line of a forebay appliance, see\n.Xr forebayd 8 .\n"
	      "Some commands are clients of the appliance's HTTP and JSON interface on its Unix\n"
	      "socket and need it; the others work alone, on any machine.\n"
	      "Answers go to standard output; errors, hints and progress to standard error.\n"
	      ".Pp\nOptions of every command:\n",
		out);
	put_options(fb_cli_common_options, fb_cli_common_option_cnt, out);
	fputs(".Sh COMMANDS THAT NEED THE APPLIANCE\n", out);
	put_commands(true, out);
	fputs(".Sh COMMANDS THAT NEED NONE\n", out);
	put_commands(false, out);
	fputs(".Sh ENVIRONMENT\n.Bl -tag -width FOREBAY_SOCKET\n"
	      ".It Ev FOREBAY_SOCKET\nSocket of the appliance, where\n.Fl \\-socket\nis not "
	      "given.\n"
	      ".It Ev NO_COLOR\nNo colours, if set to anything.\n.El\n"
	      ".Sh FILES\n.Bl -tag -width Ds\n.It Pa " FB_CLI_SOCKET
	      "\nSocket of the appliance.\n.El\n"
	      ".Sh EXIT STATUS\n.Bl -tag -width Ds -compact\n"
	      ".It 0\nDone.\n"
	      ".It 1\nRefused by the appliance, a file is not valid, or the work failed.\n"
	      ".It 2\nWrong usage.\n"
	      ".It 3\nNo appliance answers.\n.El\n"
	      ".Sh SEE ALSO\n.Xr forebayd 8\n",
		out);
}

/* ---- bash completion ---- */

static void put_words(const struct fb_cli_option *options, uint32_t cnt, FILE *out)
{
	for (uint32_t i = 0; i < cnt; i++)
		fprintf(out, " --%s", options[i].name);
}

/* case "$command $previous": the values of a choice. */
static void put_choice_cases(
	const char *command, const struct fb_cli_option *options, uint32_t cnt, FILE *out)
{
	for (uint32_t i = 0; i < cnt; i++) {
		if (options[i].type != FB_ARG_CHOICE)
			continue;
		fprintf(out, "\t\"%s --%s\"", command, options[i].name);
		if (options[i].letter)
			fprintf(out, " | \"%s -%c\"", command, options[i].letter);
		fputs(") words=\"", out);
		for (uint32_t v = 0; options[i].choices[v]; v++)
			fprintf(out, "%s%s", v ? " " : "", options[i].choices[v]);
		fputs("\" ;;\n", out);
	}
}

void fb_cli_write_completion(FILE *out)
{
	fputs("# SPDX-License-Identifier: Apache-2.0\n"
	      "# Written by forebay help --completion from the descriptors of the commands.\n"
	      "_forebay() {\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
	      "\tlocal command= words= files=y i\n"
	      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	      "\t\tcase ${COMP_WORDS[i]} in\n"
	      "\t\t-o | --print | --socket) ((i++)) ;;\n"
	      "\t\t-*) ;;\n"
	      "\t\t*) command=${COMP_WORDS[i]}; break ;;\n"
	      "\t\tesac\n"
	      "\tdone\n"
	      "\tcase \"$command $prev\" in\n",
		out);
	for (uint32_t i = 0; fb_cli_commands[i]; i++) {
		const struct fb_cli_command *command = fb_cli_commands[i];

		put_choice_cases(command->name, command->options, command->option_cnt, out);
		put_choice_cases(
			command->name, fb_cli_common_options, fb_cli_common_option_cnt, out);
	}
	fputs("\t*) case $command in\n\t\t\"\") words=\"", out);
	for (uint32_t i = 0; fb_cli_commands[i]; i++)
		fprintf(out, "%s ", fb_cli_commands[i]->name);
	put_words(fb_cli_common_options, fb_cli_common_option_cnt, out);
	fputs("\" ;;\n", out);
	for (uint32_t i = 0; fb_cli_commands[i]; i++) {
		const struct fb_cli_command *command = fb_cli_commands[i];

		fprintf(out, "\t\t%s) words=\"", command->name);
		put_words(command->options, command->option_cnt, out);
		put_words(fb_cli_common_options, fb_cli_common_option_cnt, out);
		fputs("\" ;;\n", out);
	}
	fputs("\t\tesac ;;\n\tesac\n\tcase $command in\n", out);
	/* Where a command takes names of pipelines or commands, files would mislead. */
	for (uint32_t i = 0; fb_cli_commands[i]; i++) {
		const struct fb_cli_command *command = fb_cli_commands[i];

		if (command->remote && (!command->operands || !strstr(command->operands, "FILE")))
			fprintf(out, "\t%s) files= ;;\n", command->name);
	}
	fputs("\tesac\n"
	      "\tif [[ -n $words && ( $cur == -* || -z $command || $words != *--* ) ]]; then\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	      "\telif [[ -n $files ]]; then\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	      "\tfi\n"
	      "}\n"
	      "complete -o filenames -F _forebay forebay\n",
		out);
}
