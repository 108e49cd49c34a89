/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame of `forebay`: one command per file, each with an argument struct of its own and one
 * descriptor row. From the descriptors come the argument parser, all help texts, the man page and
 * the bash completion.
 *
 * A command `foo` is written in cmd_foo.c:
 *
 *   struct foo_args {
 *           const char *query;
 *           bool all;
 *   };
 *   static const struct fb_cli_option options[] = {
 *           {.name = "query", .letter = 'q', .type = FB_ARG_TEXT, .value = "NAME",
 *            .at = offsetof(struct foo_args, query), .help = "only this query"},
 *           {.name = "all", .type = FB_ARG_FLAG,
 *            .at = offsetof(struct foo_args, all), .help = "old ones too"},
 *   };
 *   static int run(struct fb_cli *cli, const void *args)
 *   {
 *           const struct foo_args *foo = args;
 *           …
 *           return FB_EXIT_DONE;
 *   }
 *   const struct fb_cli_command fb_cmd_foo = {.name = "foo", .summary = "…", .run = run, …};
 *
 * and listed in commands.h, cli.c and meson.build. Everything runs in the one thread of main().
 *
 * A command prints its answer to cli->out and everything else (errors, hints, progress) to
 * cli->err. It never calls exit(); it returns one of enum fb_cli_exit.
 */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "config/base/diag.h"
#include "config/base/str.h"

enum fb_cli_exit {
	FB_EXIT_DONE = 0,
	FB_EXIT_REFUSED = 1, /* the appliance said no, a file is not valid, or the work failed */
	FB_EXIT_USAGE = 2,   /* wrong command line */
	FB_EXIT_UNREACHABLE = 3, /* no appliance answers */
};

enum fb_cli_output { FB_OUTPUT_TABLE, FB_OUTPUT_JSON };

#define FB_CLI_SOCKET "/run/forebay/forebay.sock"

/* What every command gets. Set by the frame from the common options; read by the command. */
struct fb_cli {
	FILE *out;
	FILE *err;
	enum fb_cli_output output;
	const char *socket; /* --socket, else $FOREBAY_SOCKET, else FB_CLI_SOCKET */
	bool color;         /* cli->out is a terminal that shows colours, and neither --no-color nor
			       $NO_COLOR */
	bool unicode;       /* the locale is UTF-8, and the terminal, if it is one, has the glyphs */
	uint32_t width;     /* columns of the terminal; 0: no terminal, lines are not bounded */
	const char *const *argv; /* what is left beside the options */
	uint32_t argc;
	const struct fb_cli_command *command;
};

enum fb_cli_type {
	FB_ARG_FLAG,   /* bool; takes no value */
	FB_ARG_TEXT,   /* const char *; NULL where not given and without preset */
	FB_ARG_U64,    /* uint64_t in [min, max]; digits, may end in k, M or G (1000s) */
	FB_ARG_TIME,   /* int64_t, ms since 1970 UTC; see fb_cli_parse_time */
	FB_ARG_CHOICE, /* uint32_t: index into choices */
	FB_ARG_TEXTS,  /* struct fb_cli_texts; may be given several times */
};

#define FB_CLI_TEXTS_MAX 32
struct fb_cli_texts {
	const char *at[FB_CLI_TEXTS_MAX];
	uint32_t cnt;
};

struct fb_cli_option {
	const char *name; /* long name without dashes */
	char letter;      /* short name; 0 = none */
	enum fb_cli_type type;
	bool required;
	uint32_t at;                /* offset in the argument struct */
	const char *value;          /* what the help calls the value: "N", "FILE" */
	const char *preset;         /* default, as it would be typed; NULL: stays zero */
	uint64_t min, max;          /* FB_ARG_U64; max 0 = no bound */
	const char *const *choices; /* FB_ARG_CHOICE, NULL-terminated */
	const char *help;           /* one line, without period */
};

struct fb_cli_example {
	const char *line; /* without the leading "forebay " */
	const char *what; /* one line */
};

struct fb_cli_command {
	const char *name;
	const char *summary;  /* one line, without period */
	const char *operands; /* "FILE…", "PIPELINE [QUERY]"; NULL: none */
	uint32_t operands_min;
	uint32_t operands_max; /* UINT32_MAX = any */
	bool remote;           /* asks the appliance; otherwise works alone */
	bool hidden;           /* not in the lists (completion and man page writers) */
	const char *about;     /* paragraphs for help and man page, parted by "\n\n"; may be NULL */
	const char *columns;   /* what it prints, in words; may be NULL */
	uint32_t args_bytes;   /* sizeof its argument struct */
	const struct fb_cli_option *options;
	uint32_t option_cnt;
	const struct fb_cli_example *examples;
	uint32_t example_cnt;
	int (*run)(struct fb_cli *cli, const void *args);
};

/* The options that every command knows; they may stand before or behind the command's name. */
struct fb_cli_common {
	uint32_t output;
	const char *socket;
	bool no_color;
	bool help;
};
struct fb_cli_operands {
	const char **at;
	uint32_t cnt;
};

extern const struct fb_cli_option fb_cli_common_options[];
extern const uint32_t fb_cli_common_option_cnt;

/* All commands in the order of the help; NULL-terminated. */
extern const struct fb_cli_command *const fb_cli_commands[];
const struct fb_cli_command *fb_cli_find(const char *name);

/* The program: parses, runs, returns the exit code. */
int fb_cli_main(int argc, char **argv);

/*
 * Parses argv[0…argc) (without the program's name) with the options of `command` and the common
 * ones into args and common. What is left goes to operands (room for argc). With command NULL only
 * the common options are known, and it stops at the first operand: that and all behind it are the
 * operands. FB_E_INVALID: *ret_error is text for the user, hint included, to be freed. Presets are
 * set first; texts point into argv or are static.
 */
int fb_cli_parse(const struct fb_cli_command *command, int argc, char **argv, void *args,
	struct fb_cli_common *common, struct fb_cli_operands *operands,
	char **ret_error) FB_MUST_CHECK;

/* "yyyy-MM-dd[ HH:mm[:ss[.SSS]]]" to ms since 1970, UTC; T may stand for the blank, Z behind it.
 * FB_E_INVALID. */
int fb_cli_parse_time(const char *text, int64_t *ret_ms) FB_MUST_CHECK;

/* ---- for commands ---- */

/* "forebay NAME: MESSAGE" and a hint line (may be NULL) to cli->err; returns `code`, so that a
 * command can return it. */
int fb_cli_fail(struct fb_cli *cli, enum fb_cli_exit code, const char *hint, const char *fmt, ...)
	FB_PRINTF(4, 5);
/* Indented JSON and a newline to cli->out. The reference stays the caller's. */
void fb_cli_print_json(struct fb_cli *cli, const json_t *json);
/* A file's bytes, at most max_bytes, terminated; "-" is stdin. FB_E_IO, FB_E_NOT_FOUND, FB_E_FULL
 * (too long). */
int fb_cli_read_file(
	const char *path, size_t max_bytes, char **ret_text, size_t *ret_len) FB_MUST_CHECK;

/* ---- from the descriptors ---- */

void fb_cli_help_all(FILE *out);
void fb_cli_help_command(const struct fb_cli_command *command, FILE *out);
void fb_cli_write_manual(FILE *out);     /* forebay.1, mdoc */
void fb_cli_write_completion(FILE *out); /* bash */
