/* SPDX-License-Identifier: Apache-2.0 */
/* The argument parser. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "config/base/buf.h"
#include "config/base/calendar.h"
#include "config/base/errcode.h"
#include "config/base/nearest.h"
#include "control/cli/cli.h"

static const char *const output_words[] = {"table", "json", NULL};

const struct fb_cli_option fb_cli_common_options[] = {
	{.name = "print",
		.letter = 'o',
		.type = FB_ARG_CHOICE,
		.at = offsetof(struct fb_cli_common, output),
		.value = "FORM",
		.preset = "table",
		.choices = output_words,
		.help = "print an aligned table or JSON"},
	{.name = "socket",
		.type = FB_ARG_TEXT,
		.at = offsetof(struct fb_cli_common, socket),
		.value = "PATH",
		.help = "socket of the appliance (else $FOREBAY_SOCKET, else " FB_CLI_SOCKET ")"},
	{.name = "no-color",
		.type = FB_ARG_FLAG,
		.at = offsetof(struct fb_cli_common, no_color),
		.help = "no colours, on a terminal too ($NO_COLOR does the same)"},
	{.name = "help",
		.letter = 'h',
		.type = FB_ARG_FLAG,
		.at = offsetof(struct fb_cli_common, help),
		.help = "say what the command does and which options it has"},
};
const uint32_t fb_cli_common_option_cnt = FB_ARRAY_LEN(fb_cli_common_options);

#define NAMES_MAX 64

struct parser {
	const struct fb_cli_command *command;
	void *args;
	struct fb_cli_common *common;
	uint64_t seen; /* the command's options by index, for `required` */
	struct fb_buf error;
};

static const struct fb_cli_option *options_of(
	const struct fb_cli_command *command, uint32_t *ret_cnt)
{
	*ret_cnt = command ? command->option_cnt : 0;
	return command ? command->options : NULL;
}

/* Finds by long name (letter 0) or by letter; *ret_base is the struct that it belongs to. */
static const struct fb_cli_option *find_option(
	struct parser *parser, struct fb_str name, char letter, void **ret_base)
{
	uint32_t cnt;
	const struct fb_cli_option *own = options_of(parser->command, &cnt);

	for (uint32_t i = 0; i < cnt + fb_cli_common_option_cnt; i++) {
		bool is_own = i < cnt;
		const struct fb_cli_option *option =
			is_own ? &own[i] : &fb_cli_common_options[i - cnt];

		if (letter ? option->letter != letter : !fb_str_eq(fb_str_from(option->name), name))
			continue;
		*ret_base = is_own ? parser->args : (void *)parser->common;
		if (is_own)
			parser->seen |= 1ull << i;
		return option;
	}
	return NULL;
}

static const char *nearest_option(const struct parser *parser, struct fb_str name)
{
	const char *names[NAMES_MAX];
	uint32_t cnt, n = 0;
	const struct fb_cli_option *own = options_of(parser->command, &cnt);

	for (uint32_t i = 0; i < cnt && n < NAMES_MAX; i++)
		names[n++] = own[i].name;
	for (uint32_t i = 0; i < fb_cli_common_option_cnt && n < NAMES_MAX; i++)
		names[n++] = fb_cli_common_options[i].name;
	return fb_nearest_name(name, names, n);
}

static void unknown_option(struct parser *parser, const char *word, struct fb_str name)
{
	const char *near = name.len > 1 ? nearest_option(parser, name) : NULL;

	fb_buf_printf(&parser->error, "unknown option %s", word);
	if (near)
		fb_buf_printf(&parser->error, "; did you mean --%s?", near);
	else if (parser->command)
		fb_buf_printf(&parser->error, "; forebay %s --help lists the options",
			parser->command->name);
	else
		fb_buf_add_text(&parser->error, "; options of a command stand behind its name");
}

static bool parse_number(const char *text, uint64_t *ret)
{
	uint64_t value = 0, unit = 1;
	const char *p = text;

	if (!isdigit((unsigned char)*p))
		return false;
	for (; isdigit((unsigned char)*p); p++)
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
			return false;
	if (*p == 'k')
		unit = 1000;
	else if (*p == 'M')
		unit = 1000000;
	else if (*p == 'G')
		unit = 1000000000;
	if (unit > 1)
		p++;
	if (*p != '\0' || __builtin_mul_overflow(value, unit, &value))
		return false;
	*ret = value;
	return true;
}

/* Digits of one part of a time; false unless there are exactly `digits` of them. */
static bool take_digits(const char **p, int digits, int32_t *ret)
{
	int32_t value = 0;

	for (int i = 0; i < digits; i++, (*p)++) {
		if (!isdigit((unsigned char)**p))
			return false;
		value = value * 10 + (**p - '0');
	}
	*ret = value;
	return true;
}

static bool take_char(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

int fb_cli_parse_time(const char *text, int64_t *ret_ms)
{
	int32_t year, month, day, hour = 0, minute = 0, second = 0, ms = 0;
	const char *p = text;

	if (!take_digits(&p, 4, &year) || !take_char(&p, '-') || !take_digits(&p, 2, &month) ||
		!take_char(&p, '-') || !take_digits(&p, 2, &day))
		return FB_E_INVALID;
	if (*p == ' ' || *p == 'T') {
		p++;
		if (!take_digits(&p, 2, &hour) || !take_char(&p, ':') ||
			!take_digits(&p, 2, &minute))
			return FB_E_INVALID;
		if (take_char(&p, ':') && !take_digits(&p, 2, &second))
			return FB_E_INVALID;
		if (take_char(&p, '.')) {
			int32_t digit, weight = 100;

			if (!isdigit((unsigned char)*p))
				return FB_E_INVALID;
			for (; isdigit((unsigned char)*p); weight /= 10) {
				if (weight == 0 || !take_digits(&p, 1, &digit))
					return FB_E_INVALID;
				ms += digit * weight;
			}
		}
		if (*p == 'Z')
			p++;
	}
	if (*p != '\0' || month < 1 || month > 12 || day < 1 ||
		(uint32_t)day > fb_days_in_month(year, (uint32_t)month) || hour > 23 ||
		minute > 59 || second > 59)
		return FB_E_INVALID;
	*ret_ms = fb_days_from_civil(year, (uint32_t)month, (uint32_t)day) * FB_MS_PER_DAY +
		  ((int64_t)(hour * 60 + minute) * 60 + second) * 1000 + ms;
	return 0;
}

static void say_choices(struct fb_buf *error, const struct fb_cli_option *option)
{
	for (uint32_t i = 0; option->choices[i]; i++)
		fb_buf_printf(error, "%s%s", i ? ", " : "", option->choices[i]);
}

static int set_choice(
	struct parser *parser, const struct fb_cli_option *option, uint32_t *at, const char *text)
{
	for (uint32_t i = 0; option->choices[i]; i++) {
		if (strcmp(option->choices[i], text) == 0) {
			*at = i;
			return 0;
		}
	}
	fb_buf_printf(&parser->error, "--%s cannot be '%s'; it is one of ", option->name, text);
	say_choices(&parser->error, option);
	return FB_E_INVALID;
}

static int set_number(
	struct parser *parser, const struct fb_cli_option *option, uint64_t *at, const char *text)
{
	uint64_t max = option->max ? option->max : UINT64_MAX;
	uint64_t value;

	if (!parse_number(text, &value)) {
		fb_buf_printf(&parser->error,
			"--%s needs a number, not '%s'; write digits, with k, M or G for "
			"thousands, "
			"millions, billions",
			option->name, text);
		return FB_E_INVALID;
	}
	if (value < option->min || value > max) {
		fb_buf_printf(
			&parser->error, "--%s %s is out of range; it is at ", option->name, text);
		if (value < option->min)
			fb_buf_printf(
				&parser->error, "least %llu", (unsigned long long)option->min);
		else
			fb_buf_printf(&parser->error, "most %llu", (unsigned long long)max);
		return FB_E_INVALID;
	}
	*at = value;
	return 0;
}

static int add_text(struct parser *parser, const struct fb_cli_option *option,
	struct fb_cli_texts *at, const char *text)
{
	if (at->cnt == FB_CLI_TEXTS_MAX) {
		fb_buf_printf(&parser->error, "--%s can be given %d times at most", option->name,
			FB_CLI_TEXTS_MAX);
		return FB_E_INVALID;
	}
	at->at[at->cnt++] = text;
	return 0;
}

/* text is NULL for a flag. */
static int set_value(
	struct parser *parser, const struct fb_cli_option *option, void *base, const char *text)
{
	void *at = (char *)base + option->at;

	switch (option->type) {
	case FB_ARG_FLAG:
		*(bool *)at = true;
		return 0;
	case FB_ARG_TEXT:
		*(const char **)at = text;
		return 0;
	case FB_ARG_U64:
		return set_number(parser, option, at, text);
	case FB_ARG_CHOICE:
		return set_choice(parser, option, at, text);
	case FB_ARG_TEXTS:
		return add_text(parser, option, at, text);
	case FB_ARG_TIME:
		if (fb_cli_parse_time(text, at) == 0)
			return 0;
		fb_buf_printf(&parser->error,
			"--%s needs a time, not '%s'; write it as \"2026-01-31 12:00:00\" (UTC)",
			option->name, text);
		return FB_E_INVALID;
	}
	return FB_E_INTERNAL;
}

static int set_presets(struct parser *parser)
{
	uint32_t cnt;
	const struct fb_cli_option *own = options_of(parser->command, &cnt);

	for (uint32_t i = 0; i < cnt; i++)
		if (own[i].preset && set_value(parser, &own[i], parser->args, own[i].preset) != 0)
			return FB_E_INVALID;
	return 0;
}

/* One option word, perhaps with its value in the next; returns how many words it took, or an error.
 */
static int parse_option(struct parser *parser, int left, char **argv)
{
	const char *word = argv[0];
	bool is_long = word[1] == '-';
	const char *name = word + 1 + is_long;
	const char *inside = is_long ? strchr(name, '=') : word[2] ? word + 2 : NULL;
	struct fb_str name_str = {
		name, is_long && inside ? (uint32_t)(inside - name) : (uint32_t)strlen(name)};
	void *base = NULL;
	const struct fb_cli_option *option =
		find_option(parser, name_str, is_long ? '\0' : word[1], &base);

	if (option == NULL) {
		unknown_option(parser, word, name_str);
		return FB_E_INVALID;
	}
	if (option->type == FB_ARG_FLAG) {
		if (inside) {
			fb_buf_printf(&parser->error, "--%s takes no value", option->name);
			return FB_E_INVALID;
		}
		return set_value(parser, option, base, NULL) ? FB_E_INVALID : 1;
	}
	if (inside)
		return set_value(parser, option, base, inside + is_long) ? FB_E_INVALID : 1;
	if (left < 2) {
		fb_buf_printf(&parser->error, "--%s needs a value: --%s %s", option->name,
			option->name, option->value);
		return FB_E_INVALID;
	}
	return set_value(parser, option, base, argv[1]) ? FB_E_INVALID : 2;
}

/* What the descriptor asks for, once everything is read. */
static int check_complete(struct parser *parser, const struct fb_cli_operands *operands)
{
	const struct fb_cli_command *command = parser->command;

	for (uint32_t i = 0; i < command->option_cnt; i++) {
		const struct fb_cli_option *option = &command->options[i];

		if (option->required && !(parser->seen >> i & 1)) {
			fb_buf_printf(&parser->error, "--%s %s is missing: %s", option->name,
				option->value, option->help);
			return FB_E_INVALID;
		}
	}
	if (operands->cnt < command->operands_min) {
		fb_buf_printf(&parser->error, "%s is missing; usage: forebay %s %s",
			command->operands, command->name, command->operands);
		return FB_E_INVALID;
	}
	if (operands->cnt > command->operands_max) {
		fb_buf_printf(&parser->error,
			"'%s' is one argument too many; usage: forebay %s%s%s",
			operands->at[command->operands_max], command->name,
			command->operands ? " " : "", command->operands ? command->operands : "");
		return FB_E_INVALID;
	}
	return 0;
}

static int parse_words(
	struct parser *parser, int argc, char **argv, struct fb_cli_operands *operands)
{
	bool only_operands = false;

	for (int i = 0; i < argc;) {
		const char *word = argv[i];
		int taken = 1;

		if (!only_operands && strcmp(word, "--") == 0) {
			only_operands = true;
		} else if (!only_operands && word[0] == '-' && word[1] != '\0') {
			taken = parse_option(parser, argc - i, argv + i);
			if (taken < 0)
				return taken;
		} else {
			operands->at[operands->cnt++] = word;
			only_operands |= parser->command == NULL;
		}
		i += taken;
	}
	if (parser->command && !parser->common->help)
		return check_complete(parser, operands);
	return 0;
}

int fb_cli_parse(const struct fb_cli_command *command, int argc, char **argv, void *args,
	struct fb_cli_common *common, struct fb_cli_operands *operands, char **ret_error)
{
	struct parser parser = {.command = command, .args = args, .common = common};
	int rc = set_presets(&parser);

	operands->cnt = 0;
	if (rc == 0)
		rc = parse_words(&parser, argc, argv, operands);
	if (rc == 0) {
		fb_buf_fini(&parser.error);
		return 0;
	}
	*ret_error = parser.error.p ? parser.error.p : strdup(fb_strerror(FB_E_NO_MEMORY));
	return FB_E_INVALID;
}
