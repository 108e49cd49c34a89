/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "config/base/buf.h"
#include "config/base/errcode.h"
#include "control/cli/capture.h"
#include "control/cli/client.h"
#include "control/cli/progress.h"
#include "control/cli/table.h"

/* ---- arguments ---- */

struct args {
	bool all;
	const char *name;
	uint64_t limit;
	int64_t from;
	uint32_t kind;
};

static const char *const kinds[] = {"small", "large", NULL};
static const struct fb_cli_option options[] = {
	{.name = "all",
		.letter = 'a',
		.type = FB_ARG_FLAG,
		.at = offsetof(struct args, all),
		.help = "h"},
	{.name = "name",
		.letter = 'n',
		.type = FB_ARG_TEXT,
		.value = "NAME",
		.at = offsetof(struct args, name),
		.help = "h"},
	{.name = "limit",
		.letter = 'l',
		.type = FB_ARG_U64,
		.value = "N",
		.preset = "100",
		.min = 1,
		.max = 5000000,
		.at = offsetof(struct args, limit),
		.help = "h"},
	{.name = "from",
		.type = FB_ARG_TIME,
		.value = "TIME",
		.at = offsetof(struct args, from),
		.help = "h"},
	{.name = "kind",
		.type = FB_ARG_CHOICE,
		.value = "KIND",
		.preset = "large",
		.choices = kinds,
		.at = offsetof(struct args, kind),
		.help = "h"},
};
static const struct fb_cli_command command = {.name = "cmd",
	.summary = "s",
	.operands = "FILE [MORE]",
	.operands_min = 1,
	.operands_max = 2,
	.args_bytes = sizeof(struct args),
	.options = options,
	.option_cnt = FB_ARRAY_LEN(options)};

struct parsed {
	struct args args;
	struct fb_cli_common common;
	const char *operands[16];
	uint32_t operand_cnt;
	char *error;
	int rc;
};

static struct parsed parse(const struct fb_cli_command *cmd, ...)
{
	struct parsed parsed = {0};
	struct fb_cli_operands operands = {.at = parsed.operands};
	char *argv[16];
	int argc = 0;
	va_list list;

	va_start(list, cmd);
	while ((argv[argc] = va_arg(list, char *)) != NULL)
		argc++;
	va_end(list);
	parsed.rc = fb_cli_parse(
		cmd, argc, argv, &parsed.args, &parsed.common, &operands, &parsed.error);
	parsed.operand_cnt = operands.cnt;
	return parsed;
}

Test(arguments, all_forms)
{
	struct parsed p = parse(&command, "-a", "--name=x", "file", "--limit", "5k", "-ojson",
		"--kind", "small", "--from", "2026-01-31 12:00:00.5", "--socket", "/s", NULL);

	cr_assert_eq(p.rc, 0, "%s", p.error);
	cr_assert(p.args.all);
	cr_assert_str_eq(p.args.name, "x");
	cr_assert_eq(p.args.limit, 5000);
	cr_assert_eq(p.args.kind, 0);
	cr_assert_eq(p.args.from, 1769860800500);
	cr_assert_eq(p.common.output, FB_OUTPUT_JSON);
	cr_assert_str_eq(p.common.socket, "/s");
	cr_assert_eq(p.operand_cnt, 1);
	cr_assert_str_eq(p.operands[0], "file");
}

Test(arguments, presets_and_double_dash)
{
	struct parsed p = parse(&command, "-", "--", "--all", NULL);

	cr_assert_eq(p.rc, 0, "%s", p.error);
	cr_assert_not(p.args.all);
	cr_assert_eq(p.args.limit, 100);
	cr_assert_eq(p.args.kind, 1);
	cr_assert_null(p.args.name);
	cr_assert_eq(p.operand_cnt, 2);
	cr_assert_str_eq(p.operands[1], "--all");
}

Test(arguments, without_command_the_rest_is_left_alone)
{
	struct parsed p = parse(NULL, "--socket", "/s", "send", "--bogus", "-o", "json", NULL);

	cr_assert_eq(p.rc, 0, "%s", p.error);
	cr_assert_str_eq(p.common.socket, "/s");
	cr_assert_eq(p.operand_cnt, 4);
	cr_assert_str_eq(p.operands[0], "send");
	cr_assert_eq(p.common.output, FB_OUTPUT_TABLE, "options behind the name are the command's");
}

static void refused(struct parsed p, const char *what, const char *hint)
{
	cr_assert_eq(p.rc, FB_E_INVALID);
	cr_expect_not_null(strstr(p.error, what), "no '%s' in: %s", what, p.error);
	cr_expect_not_null(strstr(p.error, hint), "no '%s' in: %s", hint, p.error);
	free(p.error);
}

Test(arguments, what_is_wrong_is_named_with_a_hint)
{
	refused(parse(&command, "--limt", "3", "f", NULL), "unknown option --limt", "--limit");
	refused(parse(&command, "--soket", "3", "f", NULL), "--soket", "--socket");
	refused(parse(&command, "-z", "f", NULL), "unknown option -z", "cmd --help");
	refused(parse(&command, "--xyzzyplugh", NULL), "--xyzzyplugh", "cmd --help");
	refused(parse(&command, "f", "--limit", NULL), "--limit needs a value", "--limit N");
	refused(parse(&command, "f", "--limit", "x", NULL), "needs a number, not 'x'", "digits");
	refused(parse(&command, "f", "--limit", "", NULL), "needs a number", "digits");
	refused(parse(&command, "f", "--limit", "-5", NULL), "needs a number", "digits");
	refused(parse(&command, "f", "--limit", "5kk", NULL), "needs a number", "digits");
	refused(parse(&command, "f", "--limit", "99999999999999999999", NULL), "needs a number",
		"digits");
	refused(parse(&command, "f", "--limit", "20000000000G", NULL), "needs a number", "digits");
	refused(parse(&command, "f", "--limit", "0", NULL), "out of range", "at least 1");
	refused(parse(&command, "f", "--limit", "6M", NULL), "out of range", "at most 5000000");
	refused(parse(&command, "f", "--kind", "big", NULL), "'big'", "small, large");
	refused(parse(&command, "f", "--from", "today", NULL), "needs a time", "2026-01-31");
	refused(parse(&command, "f", "--all=yes", NULL), "--all", "takes no value");
	refused(parse(&command, NULL), "FILE [MORE] is missing", "forebay cmd");
	refused(parse(&command, "a", "b", "c", NULL), "'c' is one argument too many",
		"forebay cmd");
}

Test(arguments, help_needs_nothing_else)
{
	struct parsed p = parse(&command, "--help", NULL);

	cr_assert_eq(p.rc, 0);
	cr_assert(p.common.help);
}

Test(arguments, times)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {{"1970-01-01", 0}, {"1970-01-01 00:01", 60000},
		{"2000-02-29T23:59:59.999Z", 951868799999}, {"1969-12-31 23:59:59.5", -500}};
	static const char *const bad[] = {"", "2026", "2026-13-01", "2026-02-29", "2026-00-01",
		"2026-01-00", "2026-01-01 24:00", "2026-01-01 1:00", "2026-01-01 00:60",
		"2026-01-01 00:00:00.", "2026-01-01 00:00:00.1234", "2026-01-01 ", "2026-01-01x",
		"26-01-01"};
	int64_t ms;

	for (size_t i = 0; i < FB_ARRAY_LEN(good); i++) {
		cr_assert_eq(fb_cli_parse_time(good[i].text, &ms), 0, "%s", good[i].text);
		cr_expect_eq(ms, good[i].ms, "%s: %ld", good[i].text, ms);
	}
	for (size_t i = 0; i < FB_ARRAY_LEN(bad); i++)
		cr_expect_eq(fb_cli_parse_time(bad[i], &ms), FB_E_INVALID, "%s", bad[i]);
}

/* Every row of every command can be shown and typed: no two options of one name, presets that
 * parse. */
Test(arguments, descriptors_are_sound)
{
	for (uint32_t c = 0; fb_cli_commands[c]; c++) {
		const struct fb_cli_command *cmd = fb_cli_commands[c];
		struct fb_cli_common common = {0};
		struct fb_cli_operands operands = {.at = calloc(1, sizeof(char *))};
		void *args = calloc(1, cmd->args_bytes + 1);
		char *help[] = {(char[]){"--help"}};
		char *error = NULL;

		cr_expect_not_null(cmd->run, "%s", cmd->name);
		cr_expect_leq(cmd->option_cnt, 64, "%s", cmd->name);
		cr_expect_eq(fb_cli_parse(cmd, 1, help, args, &common, &operands, &error), 0,
			"%s: %s", cmd->name, error);
		for (uint32_t i = 0; i < cmd->option_cnt; i++) {
			const struct fb_cli_option *option = &cmd->options[i];

			cr_expect_not_null(option->help, "%s --%s", cmd->name, option->name);
			cr_expect_eq(option->value == NULL, option->type == FB_ARG_FLAG, "%s --%s",
				cmd->name, option->name);
			cr_expect_lt(
				option->at, cmd->args_bytes, "%s --%s", cmd->name, option->name);
			for (uint32_t j = 0; j < i; j++) {
				cr_expect_str_neq(
					option->name, cmd->options[j].name, "%s", cmd->name);
				cr_expect(
					!option->letter || option->letter != cmd->options[j].letter,
					"%s -%c", cmd->name, option->letter);
			}
			for (uint32_t j = 0; j < fb_cli_common_option_cnt; j++) {
				cr_expect_str_neq(option->name, fb_cli_common_options[j].name, "%s",
					cmd->name);
				cr_expect(!option->letter ||
						  option->letter != fb_cli_common_options[j].letter,
					"%s -%c", cmd->name, option->letter);
			}
		}
		free(args);
		free(operands.at);
	}
}

/* ---- listings ---- */

static const struct fb_listing_column columns[] = {{"NAME", "name", FB_ALIGN_LEFT},
	{"N", "stats.n", FB_ALIGN_RIGHT}, {"OK", "ok", FB_ALIGN_LEFT}};

static char *printed(const struct fb_listing *listing)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	fb_listing_print(listing, false, out);
	fclose(out);
	return text;
}

Test(listing, aligned_table_and_json_from_the_same_rows)
{
	struct fb_listing *list = fb_listing_create(columns, FB_ARRAY_LEN(columns));
	char *text;
	json_t *json;

	fb_listing_add_text(list, "Z\xc3\xbcrich");
	fb_listing_add_uint(list, 1234567);
	fb_listing_add_bool(list, true);
	fb_listing_add_text(list, NULL);
	fb_listing_add_int(list, -1);
	fb_listing_add_bool(list, false);
	fb_listing_add_text(list, "a\nb\033[1m");
	fb_listing_add_real(list, 1.25, 1);
	fb_listing_add_text(list, "x");
	cr_assert_eq(fb_listing_rows(list), 3);
	text = printed(list);
	cr_assert_str_eq(text, "NAME           N  OK\n"
			       "Z\xc3\xbcrich   1234567  yes\n"
			       "-             -1  no\n"
			       "a?b?[1m      1.2  x\n");
	json = fb_listing_to_json(list);
	cr_assert_eq(json_array_size(json), 3);
	cr_assert_eq(
		json_integer_value(json_object_get(json_array_get(json, 0), "stats.n")), 1234567);
	cr_assert(json_is_null(json_object_get(json_array_get(json, 1), "name")));
	cr_assert(json_is_false(json_object_get(json_array_get(json, 1), "ok")));
	cr_assert_str_eq(
		json_string_value(json_object_get(json_array_get(json, 2), "name")), "a\nb\033[1m");
	json_decref(json);
	free(text);
	fb_listing_destroy(list);
}

Test(listing, rows_from_json_objects)
{
	struct fb_listing *list = fb_listing_create(columns, FB_ARRAY_LEN(columns));
	json_t *object =
		json_pack("{s:s, s:{s:i}, s:[i,i]}", "name", "p0", "stats", "n", 7, "ok", 1, 2);
	char *text;

	fb_listing_add_object(list, object);
	fb_listing_add_object(list, NULL);
	json_decref(object);
	text = printed(list);
	cr_assert_str_eq(text, "NAME  N  OK\np0    7  [1,2]\n-     -  -\n");
	free(text);
	fb_listing_destroy(list);
}

Test(listing, empty_and_null)
{
	struct fb_listing *list = fb_listing_create(columns, FB_ARRAY_LEN(columns));
	char *text = printed(list);
	json_t *json = fb_listing_to_json(list);

	cr_assert_str_eq(text, "NAME  N  OK\n");
	cr_assert_eq(json_array_size(json), 0);
	json_decref(json);
	free(text);
	fb_listing_destroy(list);
	fb_listing_add_text(NULL, "x");
	fb_listing_destroy(NULL);
}

/* On a terminal the last column's text goes on under itself; in a pipe lines are whole. */
Test(listing, last_column_fits_the_terminal)
{
	static const struct fb_listing_column narrow[] = {
		{"N", "n", FB_ALIGN_RIGHT}, {"TEXT", "text", FB_ALIGN_LEFT}};
	static const struct {
		uint32_t width;
		const char *shown;
	} cases[] = {
		{0, "N  TEXT\n1  one two three four five\n2  0123456789abcdefghij\n"},
		{26, "N  TEXT\n1  one two three four five\n2  0123456789abcdefghij\n"},
		{22, "N  TEXT\n1  one two three four\n   five\n2  0123456789abcdefghi\n   j\n"},
		{19, "N  TEXT\n1  one two three\n   four five\n2  0123456789abcdef\n   ghij\n"},
		/* Too narrow for more than a word. */
		{18, "N  TEXT\n1  one two three four five\n2  0123456789abcdefghij\n"},
	};
	struct fb_listing *listing = fb_listing_create(narrow, 2);

	fb_listing_add_uint(listing, 1);
	fb_listing_add_text(listing, "one two three four five");
	fb_listing_add_uint(listing, 2);
	fb_listing_add_text(listing, "0123456789abcdefghij");
	for (size_t i = 0; i < FB_ARRAY_LEN(cases); i++) {
		char *text;
		size_t len;
		struct fb_cli cli = {.out = open_memstream(&text, &len), .width = cases[i].width};

		fb_listing_show(listing, &cli);
		fclose(cli.out);
		cr_expect_str_eq(text, cases[i].shown, "%u:\n%s", cases[i].width, text);
		free(text);
	}
	fb_listing_destroy(listing);
}

Test(listing, control_characters)
{
	static const struct {
		const char *text, *clean;
	} cases[] = {
		{"", ""},
		{"a\tb\r\n\x7f", "a?b???"},
		{"\x1b[31m", "?[31m"},
		{"\xc2\x9b"
		 "2J\xc2\x80\xc2\x9f",
			"?2J??"},
		/* Beside that block UTF-8 stays, and a cut character at the end too. */
		{"\xc2\xa0\xc3\xbc\xe2\x82\xac", "\xc2\xa0\xc3\xbc\xe2\x82\xac"},
		{"\xc2", "\xc2"},
	};

	for (size_t i = 0; i < FB_ARRAY_LEN(cases); i++) {
		char *text = strdup(cases[i].text);

		cr_expect_str_eq(fb_text_clean(text), cases[i].clean, "case %zu", i);
		free(text);
	}
	cr_expect_null(fb_text_clean(NULL));
}

Test(listing, width_of_text)
{
	cr_assert_eq(fb_text_width(""), 0);
	cr_assert_eq(fb_text_width("abc"), 3);
	cr_assert_eq(fb_text_width("S\xc3\xa3o"), 3);
	cr_assert_eq(fb_text_width("\xe6\x9d\xb1\xe4\xba\xac"), 4, "two wide characters");
	cr_assert_eq(fb_text_width("e\xcc\x81"), 1, "a combining accent");
	cr_assert_eq(fb_text_width("\xff\xc3"), 2, "broken bytes");
}

/* ---- small things ---- */

Test(progress, grouped_numbers)
{
	char room[27];

	cr_assert_str_eq(fb_grouped(0, room), "0");
	cr_assert_str_eq(fb_grouped(999, room), "999");
	cr_assert_str_eq(fb_grouped(1000, room), "1,000");
	cr_assert_str_eq(fb_grouped(UINT64_MAX, room), "18,446,744,073,709,551,615");
}

Test(client, escape)
{
	struct fb_buf out = {0};

	fb_client_escape("a/b c?\xc3\xbc~-", &out);
	cr_assert_str_eq(out.p, "a%2Fb%20c%3F%C3%BC~-");
	fb_buf_fini(&out);
}

Test(client, nobody_there)
{
	struct fb_client *client;
	json_t *json;
	long status;

	cr_assert_eq(fb_client_open("/nonexistent/forebay.sock", &client), 0);
	cr_assert_eq(fb_client_call(client, "GET", "/v1/status", NULL, &status, &json),
		FB_E_UNREACHABLE);
	cr_assert_not_null(strstr(fb_client_error(client), "/nonexistent/forebay.sock"));
	fb_client_close(client);
}

static uint32_t sum(const uint8_t *p, size_t len, uint32_t from)
{
	for (size_t i = 0; i < len; i++)
		from += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (from >> 16)
		from = (from & 0xffff) + (from >> 16);
	return from;
}

/* Checksums as a receiver checks them: header or datagram with its checksum in place sums to ffff
 * (RFC 1071). */
Test(capture, frames_have_right_checksums)
{
	struct fb_capture_flow flow = {.dst_mac = {1, 2, 3, 4, 5, 6},
		.dst_ip = 0x0a5a0001,
		.src_ip = 0x0a5a0002,
		.dst_port = 5000,
		.src_port = 40000};
	static const char *const payloads[] = {"", "a", "ab", "odd length"};

	for (size_t i = 0; i < FB_ARRAY_LEN(payloads); i++) {
		struct fb_buf out = {0};
		const uint8_t *frame;
		size_t len = strlen(payloads[i]);

		fb_capture_begin(&out);
		cr_assert_eq(out.len, 24);
		fb_capture_add(&out, &flow, 1500000, fb_str_from(payloads[i]));
		cr_assert_eq(out.len, 24 + 16 + FB_CAPTURE_FRAME_EXTRA + len);
		cr_assert_eq((uint8_t)out.p[24], 1, "seconds");
		frame = (const uint8_t *)out.p + 24 + 16;
		cr_assert_eq(sum(frame + 14, 20, 0), 0xffff);
		cr_assert_eq(sum(frame + 34, 8 + len, sum(frame + 26, 8, 17 + 8 + (uint32_t)len)),
			0xffff);
		cr_assert_arr_eq(frame + 42, payloads[i], len);
		fb_buf_fini(&out);
	}
}
