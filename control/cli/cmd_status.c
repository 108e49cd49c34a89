/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <string.h>

#include "control/cli/commands.h"
#include "control/cli/remote.h"
#include "control/cli/table.h"

static void add_count(struct fb_listing *listing, uint64_t value)
{
	char text[FB_REMOTE_TEXT_BYTES];

	fb_listing_add_text(listing, fb_remote_count(value, text));
}

static void add_bytes(struct fb_listing *listing, uint64_t value)
{
	char text[FB_REMOTE_TEXT_BYTES];

	fb_listing_add_text(listing, fb_remote_bytes(value, text));
}

/* A listing with a blank line before it; nothing if it has no rows. */
static void show(struct fb_cli *cli, struct fb_listing *listing)
{
	if (fb_listing_rows(listing) > 0) {
		fputc('\n', cli->out);
		fb_listing_print(listing, cli->color, cli->out);
	}
	fb_listing_destroy(listing);
}

/* Sum of an object of counts, without the keys given. */
static uint64_t sum_but(json_t *counts, const char *but)
{
	const char *key;
	json_t *value;
	uint64_t sum = 0;

	json_object_foreach(counts, key, value) if (but == NULL || strcmp(key, but) != 0) sum +=
		(uint64_t)json_integer_value(value);
	return sum;
}

/* ---- what is wrong comes first ---- */

static void warn(struct fb_cli *cli, const char *fmt, ...) FB_PRINTF(2, 3);
static void warn(struct fb_cli *cli, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fputs(cli->color ? "\033[1;33m! " : "! ", cli->out);
	vfprintf(cli->out, fmt, args);
	fputs(cli->color ? "\033[0m\n" : "\n", cli->out);
	va_end(args);
}

static void warn_of_query(struct fb_cli *cli, const char *pipeline, json_t *query)
{
	char text[FB_REMOTE_TEXT_BYTES];
	const char *name = fb_remote_text(query, "name");
	uint64_t refused = fb_remote_u64(query, "dispositions.state_full") +
			   fb_remote_u64(query, "dispositions.output_full");

	if (fb_remote_bool(query, "delivery.waiting"))
		warn(cli, "sink of %s/%s is waiting: %s; %s rows wait in the store", pipeline, name,
			fb_remote_text(query, "delivery.message"),
			fb_remote_count(fb_remote_u64(query, "delivery.pending"), text));
	if (refused > 0)
		warn(cli, "%s/%s has refused %s records: its memory is used up", pipeline, name,
			fb_remote_count(refused, text));
	if (fb_remote_u64(query, "sum_overflows") > 0)
		warn(cli, "%s/%s: %s sums have wrapped", pipeline, name,
			fb_remote_count(fb_remote_u64(query, "sum_overflows"), text));
}

static void warn_of_all(struct fb_cli *cli, json_t *status)
{
	char text[FB_REMOTE_TEXT_BYTES];
	size_t i, q;
	json_t *item, *query;

	if (fb_remote_bool(status, "unclean_start"))
		warn(cli, "the run before this one did not stop in order: windows that were open "
			  "then are lost");
	if (*fb_remote_text(status, "store_error"))
		warn(cli, "store: %s; results wait in memory",
			fb_remote_text(status, "store_error"));
	json_array_foreach(fb_remote_at(status, "ports"), i, item)
	{
		uint64_t lost = fb_remote_u64(item, "stats.missed_packets") +
				fb_remote_u64(item, "stats.no_mbuf");

		if (!fb_remote_bool(item, "link_up"))
			warn(cli, "port %s: link is down", fb_remote_text(item, "name"));
		if (lost > 0)
			warn(cli, "port %s: %s packets were lost before they could be received",
				fb_remote_text(item, "name"), fb_remote_count(lost, text));
	}
	json_array_foreach(fb_remote_at(status, "pipelines"), i, item)
		json_array_foreach(fb_remote_at(item, "queries"), q, query)
			warn_of_query(cli, fb_remote_text(item, "name"), query);
}

/* ---- tables ---- */

static void show_ports(struct fb_cli *cli, json_t *ports)
{
	static const struct fb_listing_column columns[] = {
		{"PORT", "port", FB_ALIGN_LEFT},
		{"DEVICE", "device", FB_ALIGN_LEFT},
		{"LINK", "link", FB_ALIGN_LEFT},
		{"QUEUES", "queues", FB_ALIGN_RIGHT},
		{"PACKETS", "packets", FB_ALIGN_RIGHT},
		{"BYTES", "bytes", FB_ALIGN_RIGHT},
		{"LOST", "lost", FB_ALIGN_RIGHT},
		{"NOT TAKEN", "not_taken", FB_ALIGN_RIGHT},
	};
	struct fb_listing *listing = fb_listing_create(columns, FB_ARRAY_LEN(columns));
	size_t i;
	json_t *port;

	json_array_foreach(ports, i, port)
	{
		json_t *counts = fb_remote_at(port, "dispositions");

		fb_listing_add_text(listing, fb_remote_text(port, "name"));
		fb_listing_add_text(listing, fb_remote_text(port, "device"));
		fb_listing_add_text(listing, fb_remote_bool(port, "link_up") ? "up" : "down");
		add_count(listing, fb_remote_u64(port, "queues"));
		add_count(listing, fb_remote_u64(port, "stats.received_packets"));
		add_bytes(listing, fb_remote_u64(port, "stats.received_bytes"));
		add_count(listing, fb_remote_u64(port, "stats.missed_packets") +
					   fb_remote_u64(port, "stats.no_mbuf") +
					   fb_remote_u64(port, "stats.rx_errors"));
		add_count(listing, sum_but(counts, "stream") -
					   fb_remote_u64(counts, "arp_answered") -
					   fb_remote_u64(counts, "echo_answered"));
	}
	show(cli, listing);
}

static void show_streams(struct fb_cli *cli, json_t *streams)
{
	static const struct fb_listing_column columns[] = {
		{"STREAM", "stream", FB_ALIGN_LEFT},
		{"PORT", "port", FB_ALIGN_LEFT},
		{"UDP", "udp_port", FB_ALIGN_RIGHT},
		{"DATAGRAMS", "datagrams", FB_ALIGN_RIGHT},
		{"BYTES", "bytes", FB_ALIGN_RIGHT},
		{"UNREAD", "unread", FB_ALIGN_RIGHT},
	};
	struct fb_listing *listing = fb_listing_create(columns, FB_ARRAY_LEN(columns));
	size_t i;
	json_t *stream;

	json_array_foreach(streams, i, stream)
	{
		fb_listing_add_text(listing, fb_remote_text(stream, "table"));
		fb_listing_add_text(listing, fb_remote_text(stream, "port"));
		fb_listing_add_uint(listing, fb_remote_u64(stream, "udp_port"));
		add_count(listing, fb_remote_u64(stream, "datagrams"));
		add_bytes(listing, fb_remote_u64(stream, "bytes"));
		add_count(listing, fb_remote_u64(stream, "unread_datagrams"));
	}
	show(cli, listing);
}

static void show_workers(struct fb_cli *cli, json_t *workers)
{
	static const struct fb_listing_column columns[] = {
		{"WORKER", "worker", FB_ALIGN_RIGHT},
		{"CORE", "core", FB_ALIGN_RIGHT},
		{"PACKETS", "packets", FB_ALIGN_RIGHT},
		{"BUSY", "busy", FB_ALIGN_RIGHT},
		{"LONGEST GAP", "gap", FB_ALIGN_RIGHT},
	};
	struct fb_listing *listing = fb_listing_create(columns, FB_ARRAY_LEN(columns));
	size_t i;
	json_t *worker;

	json_array_foreach(workers, i, worker)
	{
		double busy = fb_remote_real(worker, "busy_seconds");
		double all = busy + fb_remote_real(worker, "idle_seconds");
		char text[FB_REMOTE_TEXT_BYTES];

		fb_listing_add_uint(listing, fb_remote_u64(worker, "index"));
		fb_listing_add_uint(listing, fb_remote_u64(worker, "core"));
		add_count(listing, fb_remote_u64(worker, "packets"));
		snprintf(text, sizeof(text), "%.1f %%", all > 0 ? 100 * busy / all : 0);
		fb_listing_add_text(listing, text);
		snprintf(text, sizeof(text), "%.0f us", fb_remote_real(worker, "longest_gap_us"));
		fb_listing_add_text(listing, text);
	}
	show(cli, listing);
}

static void show_pipelines(struct fb_cli *cli, json_t *pipelines)
{
	static const struct fb_listing_column columns[] = {
		{"PIPELINE", "pipeline", FB_ALIGN_LEFT},
		{"STATE", "state", FB_ALIGN_LEFT},
		{"STREAM", "stream", FB_ALIGN_LEFT},
		{"RECORDS", "records", FB_ALIGN_RIGHT},
		{"MALFORMED", "malformed", FB_ALIGN_RIGHT},
		{"WATERMARK", "watermark", FB_ALIGN_LEFT},
	};
	struct fb_listing *listing = fb_listing_create(columns, FB_ARRAY_LEN(columns));
	size_t i;
	json_t *pipeline;

	json_array_foreach(pipelines, i, pipeline)
	{
		const char *watermark = fb_remote_text(pipeline, "watermark");

		fb_listing_add_text(listing, fb_remote_text(pipeline, "name"));
		fb_listing_add_text(listing, fb_remote_text(pipeline, "state"));
		fb_listing_add_text(listing, fb_remote_text(pipeline, "stream"));
		add_count(listing, fb_remote_u64(pipeline, "decode.records"));
		add_count(listing, sum_but(fb_remote_at(pipeline, "decode.rejected"), NULL));
		fb_listing_add_text(listing, *watermark ? watermark : NULL);
	}
	show(cli, listing);
}

static void show_queries(struct fb_cli *cli, json_t *pipelines)
{
	static const struct fb_listing_column columns[] = {
		{"QUERY", "query", FB_ALIGN_LEFT},
		{"ACCEPTED", "accepted", FB_ALIGN_RIGHT},
		{"LATE", "late", FB_ALIGN_RIGHT},
		{"OTHER", "other", FB_ALIGN_RIGHT},
		{"WINDOWS", "windows", FB_ALIGN_RIGHT},
		{"ROWS", "rows", FB_ALIGN_RIGHT},
		{"SINK", "sink", FB_ALIGN_LEFT},
		{"DELIVERED", "delivered", FB_ALIGN_RIGHT},
		{"PENDING", "pending", FB_ALIGN_RIGHT},
	};
	struct fb_listing *listing = fb_listing_create(columns, FB_ARRAY_LEN(columns));
	size_t i, q;
	json_t *pipeline, *query;

	json_array_foreach(pipelines, i, pipeline)
		json_array_foreach(fb_remote_at(pipeline, "queries"), q, query)
	{
		uint64_t accepted = fb_remote_u64(query, "dispositions.accepted");
		uint64_t late = fb_remote_u64(query, "dispositions.late");
		char name[256];

		snprintf(name, sizeof(name), "%s/%s", fb_remote_text(pipeline, "name"),
			fb_remote_text(query, "name"));
		fb_listing_add_text(listing, name);
		add_count(listing, accepted);
		add_count(listing, late);
		add_count(listing, sum_but(fb_remote_at(query, "dispositions"), "accepted") - late);
		add_count(listing, fb_remote_u64(query, "windows"));
		add_count(listing, fb_remote_u64(query, "result_rows"));
		fb_listing_add_text(listing, fb_remote_text(query, "connector"));
		add_count(listing, fb_remote_u64(query, "delivery.delivered"));
		add_count(listing, fb_remote_u64(query, "delivery.pending"));
	}
	show(cli, listing);
}

static int run(struct fb_cli *cli, const void *args)
{
	char text[FB_REMOTE_TEXT_BYTES];
	json_t *status;
	int code = fb_remote_view(cli, "/v1/status", &status);

	if (status == NULL)
		return code;
	fprintf(cli->out, "%s: forebay %s, %s kernels, up %s, store %s\n",
		fb_remote_text(status, "name"), fb_remote_text(status, "version"),
		fb_remote_text(status, "kernels"),
		fb_remote_span(fb_remote_real(status, "uptime_seconds"), text),
		fb_remote_bytes(fb_remote_u64(status, "store.disk_bytes") +
					fb_remote_u64(status, "store.memtable_bytes"),
			(char[FB_REMOTE_TEXT_BYTES]){0}));
	warn_of_all(cli, status);
	show_ports(cli, fb_remote_at(status, "ports"));
	show_streams(cli, fb_remote_at(status, "streams"));
	show_workers(cli, fb_remote_at(status, "workers"));
	show_pipelines(cli, fb_remote_at(status, "pipelines"));
	show_queries(cli, fb_remote_at(status, "pipelines"));
	if (json_array_size(fb_remote_at(status, "pipelines")) == 0)
		fputs("\nno pipeline yet: forebay apply FILE.sql\n", cli->out);
	json_decref(status);
	return code;
}

static const struct fb_cli_example examples[] = {
	{"status", "everything at a glance; what is wrong comes first"},
	{"status -o json", "every counter, for scripts"},
};

const struct fb_cli_command fb_cmd_status = {
	.name = "status",
	.summary = "show ports, streams, workers, pipelines and sinks",
	.remote = true,
	.columns = "LOST are packets that could not be received; NOT TAKEN those that are no "
		   "stream's (forebay ledger says "
		   "why). UNREAD are datagrams that no pipeline read. OTHER are records that WHERE "
		   "dropped or that were "
		   "refused. PENDING rows are in the store and not yet with the sink.",
	.examples = examples,
	.example_cnt = FB_ARRAY_LEN(examples),
	.run = run,
};
