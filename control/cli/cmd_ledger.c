/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "config/tables/disposition.h"
#include "control/cli/commands.h"
#include "control/cli/remote.h"
#include "control/cli/table.h"

static void show_lines(struct fb_cli *cli, json_t *lines)
{
	static const struct fb_listing_column columns[] = {
		{"OF", "scope", FB_ALIGN_LEFT},
		{"EQUATION", "equation", FB_ALIGN_LEFT},
		{"LEFT", "left", FB_ALIGN_RIGHT},
		{"", "sign", FB_ALIGN_LEFT},
		{"RIGHT", "right", FB_ALIGN_RIGHT},
		{"UNDER WAY", "in_flight", FB_ALIGN_RIGHT},
	};
	struct fb_listing *listing = fb_listing_create(columns, FB_ARRAY_LEN(columns));
	char text[FB_REMOTE_TEXT_BYTES];
	size_t i;
	json_t *line;

	json_array_foreach(lines, i, line)
	{
		fb_listing_add_text(listing, fb_remote_text(line, "scope"));
		fb_listing_add_text(listing, fb_remote_text(line, "equation"));
		fb_listing_add_text(listing, fb_remote_count(fb_remote_u64(line, "left"), text));
		fb_listing_add_text(listing, fb_remote_bool(line, "balanced") ? "=" : "NOT =");
		fb_listing_add_text(listing, fb_remote_count(fb_remote_u64(line, "right"), text));
		fb_listing_add_text(
			listing, fb_remote_count(fb_remote_u64(line, "in_flight"), text));
	}
	fb_listing_print(listing, cli->color, cli->out);
	fb_listing_destroy(listing);
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
		fb_listing_print(listing, cli->color, cli->out);
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
		fprintf(cli->out, "\nthe ledger %s\n", balanced ? "balances" : "DOES NOT BALANCE");
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
	.columns = "UNDER WAY is what was seen to move while the numbers were read; more may not "
		   "be missing.",
	.examples = examples,
	.example_cnt = FB_ARRAY_LEN(examples),
	.run = run,
};
