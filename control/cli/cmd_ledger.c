/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "config/tables/disposition.h"
#include "control/cli/commands.h"
#include "control/cli/remote.h"
#include "control/cli/table.h"

/* Columns of a term's name; more than the longest name of today. */
#define TERM_WIDTH 56

/* One side of an equation, or what is missing to it: "  ✓  received      6,000". */
static void put_term(struct fb_cli *cli, const char *mark, const char *sign, const char *term,
	size_t term_len, uint64_t value)
{
	char text[FB_REMOTE_TEXT_BYTES];
	char name[256];

	snprintf(name, sizeof(name), "%s%.*s", sign, (int)term_len, term);
	fprintf(cli->out, "  %s  %-*s  %15s\n", mark, TERM_WIDTH, fb_text_clean(name),
		fb_remote_count(value, text));
}

/* A line for each side. What is under way was seen to move while the numbers were read. */
static void put_equation(struct fb_cli *cli, json_t *line)
{
	const char *equation = fb_remote_text(line, "equation");
	const char *equals = strstr(equation, " = ");
	size_t left_len = equals ? (size_t)(equals - equation) : strlen(equation);
	const char *right_name = equals ? equals + 3 : "";
	uint64_t left = fb_remote_u64(line, "left");
	uint64_t right = fb_remote_u64(line, "right");
	uint64_t in_flight = fb_remote_u64(line, "in_flight");
	bool balanced = fb_remote_bool(line, "balanced");
	const char *mark = cli->unicode ? (balanced ? "\u2713" : "\u2717") : balanced ? "ok" : "NO";
	/* Under a mark of the same width. */
	const char *blank = cli->unicode ? " " : "  ";
	char colored[32];

	snprintf(colored, sizeof(colored), "\033[%sm%s\033[0m", balanced ? "32" : "1;31", mark);
	put_term(cli, cli->color ? colored : mark, "", equation, left_len, left);
	put_term(cli, blank, "= ", right_name, strlen(right_name), right);
	if (in_flight > 0)
		put_term(cli, blank, "+ ", "under way", 9, in_flight);
	if (!balanced && left > right + in_flight)
		put_term(cli, blank, "  ", "TOO FEW BY", 10, left - right - in_flight);
	else if (!balanced)
		put_term(cli, blank, "  ", "TOO MANY BY", 11, right + in_flight - left);
}

/* The equations, under what they are of. */
static void show_lines(struct fb_cli *cli, json_t *lines)
{
	const char *scope = "";
	char head[300];
	size_t i;
	json_t *line;

	json_array_foreach(lines, i, line)
	{
		if (strcmp(scope, fb_remote_text(line, "scope")) != 0) {
			scope = fb_remote_text(line, "scope");
			snprintf(head, sizeof(head), "%s", scope);
			fprintf(cli->out, cli->color ? "\033[1m%s\033[0m\n" : "%s\n",
				fb_text_clean(head));
		}
		put_equation(cli, line);
	}
}

static const char *text_of(const struct fb_disposition *table, size_t cnt, const char *label)
{
	for (size_t i = 0; i < cnt; i++)
		if (strcmp(table[i].label, label) == 0)
			return table[i].text;
	return "";
}

/* Every reason that has a count. */
static void add_reasons(struct fb_listing *listing, const char *scope, json_t *counts,
	const struct fb_disposition *table, size_t table_cnt)
{
	char text[FB_REMOTE_TEXT_BYTES];
	const char *label;
	json_t *value;

	json_object_foreach(counts, label, value)
	{
		if (json_integer_value(value) == 0)
			continue;
		fb_listing_add_text(listing, scope);
		fb_listing_add_text(
			listing, fb_remote_count((uint64_t)json_integer_value(value), text));
		fb_listing_add_text(listing, label);
		fb_listing_add_text(listing, text_of(table, table_cnt, label));
	}
}

static void show_reasons(struct fb_cli *cli, json_t *ledger)
{
	static const struct fb_listing_column columns[] = {
		{"OF", "scope", FB_ALIGN_LEFT},
		{"COUNT", "count", FB_ALIGN_RIGHT},
		{"DISPOSITION", "disposition", FB_ALIGN_LEFT},
		{"WHAT IT MEANS", "text", FB_ALIGN_LEFT},
	};
	struct fb_listing *listing = fb_listing_create(columns, FB_ARRAY_LEN(columns));
	char scope[300];
	size_t i, q;
	json_t *item, *query;

	json_array_foreach(fb_remote_at(ledger, "ports"), i, item)
	{
		snprintf(scope, sizeof(scope), "port %s", fb_remote_text(item, "name"));
		add_reasons(listing, scope, fb_remote_at(item, "dispositions"),
			fb_packet_dispositions, FB_PKT_CNT);
	}
	json_array_foreach(fb_remote_at(ledger, "streams"), i, item)
	{
		snprintf(scope, sizeof(scope), "stream %s", fb_remote_text(item, "table"));
		add_reasons(listing, scope, fb_remote_at(item, "raw.dispositions"), fb_raw_dispositions,
			FB_RAW_CNT);
	}
	json_array_foreach(fb_remote_at(ledger, "pipelines"), i, item)
	{
		snprintf(scope, sizeof(scope), "pipeline %s", fb_remote_text(item, "name"));
		add_reasons(listing, scope, fb_remote_at(item, "decode.rejected"),
			fb_record_dispositions, FB_REC_CNT);
		json_array_foreach(fb_remote_at(item, "queries"), q, query)
		{
			snprintf(scope, sizeof(scope), "query %s/%s", fb_remote_text(item, "name"),
				fb_remote_text(query, "name"));
			add_reasons(listing, scope, fb_remote_at(query, "dispositions"),
				fb_record_dispositions, FB_REC_CNT);
		}
	}
	if (fb_listing_rows(listing) > 0) {
		fputc('\n', cli->out);
		fb_listing_show(listing, cli);
	}
	fb_listing_destroy(listing);
}

static int run(struct fb_cli *cli, const void *args)
{
	json_t *ledger = NULL;
	int code = fb_remote_ask(cli, "GET", "/v1/ledger", NULL, &ledger);
	bool balanced;

	if (code != FB_EXIT_DONE)
		return code;
	balanced = fb_remote_bool(ledger, "balanced");
	if (cli->output == FB_OUTPUT_JSON) {
		fb_cli_print_json(cli, ledger);
	} else {
		show_lines(cli, fb_remote_at(ledger, "lines"));
		show_reasons(cli, ledger);
		fprintf(cli->out, "\n%sthe ledger %s\n",
			fb_remote_bool(ledger, "unclean_start") ? "! " FB_REMOTE_UNCLEAN "\n" : "",
			balanced ? "balances" : "DOES NOT BALANCE");
	}
	json_decref(ledger);
	return balanced ? FB_EXIT_DONE : FB_EXIT_REFUSED;
}

static const struct fb_cli_example examples[] = {
	{"ledger", "both sides of every equation, and every reason that has a count"},
	{"ledger >/dev/null || alert", "1 if a packet or record is not accounted for"},
};

const struct fb_cli_command fb_cmd_ledger = {
	.name = "ledger",
	.summary = "show that every packet and record is accounted for",
	.remote = true,
	.about = "Each equation compares counts that were made in different places. Exit code 1: "
		 "one does not hold.",
	.columns = "both sides of every equation, a line each; 'under way' is what was seen to "
		   "move while the numbers were read, more may not be missing. Below, every "
		   "disposition that has a count",
	.examples = examples,
	.example_cnt = FB_ARRAY_LEN(examples),
	.run = run,
};
