/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdlib.h>
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
		fb_listing_show(listing, cli);
	}
	fb_listing_destroy(listing);
}

/* Sum of an object of counts, without the keys given. */
static uint64_t sum_but(json_t *counts, const char *but)
{
	const char *key;
	json_t *value;
	uint64_t sum = 0;

	json_object_foreach(counts, key, value)
	{
		if (but == NULL || strcmp(key, but) != 0)
			sum += (uint64_t)json_integer_value(value);
	}
	return sum;
}

/* ---- what is wrong comes first ---- */

static void warn(struct fb_cli *cli, const char *fmt, ...) FB_PRINTF(2, 3);
static void warn(struct fb_cli *cli, const char *fmt, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	/* What a broker or a gateway answered is part of it. */
	fprintf(cli->out, cli->color ? "\033[1;33m! %s\033[0m\n" : "! %s\n",
		text ? fb_text_clean(text) : "?");
	free(text);
}

static void warn_of_port(struct fb_cli *cli, json_t *port)
{
	static const struct {
		const char *counter, *why;
	} losses[] = {
		{"stats.missed_packets",
			"missed: the workers did not keep up (more queues and workers, or a lower "
			"rate)"},
		{"stats.no_mbuf", "lost: no packet buffer was free (memory.packet_mb)"},
		{"stats.rx_errors", "lost: the device reports errors of reception"},
	};
	const char *name = fb_remote_text(port, "name");
	char text[FB_REMOTE_TEXT_BYTES];

	if (!fb_remote_bool(port, "link_up"))
		warn(cli, "port %s: link is down", name);
	for (size_t i = 0; i < FB_ARRAY_LEN(losses); i++) {
		uint64_t lost = fb_remote_u64(port, losses[i].counter);

		if (lost > 0)
			warn(cli, "port %s: %s packets %s", name, fb_remote_count(lost, text),
				losses[i].why);
	}
}

static void warn_of_stream(struct fb_cli *cli, json_t *stream)
{
	static const struct {
		const char *reason, *why;
	} losses[] = {
		{"ring_full", "the hand-over was full (cores.main is too busy; memory.packet_mb)"},
		{"disk_slow", "the disk is slower than the wire (memory.rawlog_mb, retention_compression)"},
		{"disk_full", "the disk is full (retention_mb, retention_when_full)"},
		{"disk_error", "the store has refused them"},
	};
	json_t *counts = fb_remote_at(stream, "raw.dispositions");
	char text[FB_REMOTE_TEXT_BYTES];

	for (size_t i = 0; i < FB_ARRAY_LEN(losses); i++)
		if (fb_remote_u64(counts, losses[i].reason) > 0)
			warn(cli, "raw log of %s: %s datagrams are not in it: %s", fb_remote_text(stream, "table"),
				fb_remote_count(fb_remote_u64(counts, losses[i].reason), text), losses[i].why);
}

static void warn_of_query(struct fb_cli *cli, const char *pipeline, json_t *query)
{
	char text[FB_REMOTE_TEXT_BYTES];
	const char *name = fb_remote_text(query, "name");
	const char *message = fb_remote_text(query, "delivery.message");
	uint64_t state_full = fb_remote_u64(query, "dispositions.state_full");
	uint64_t output_full = fb_remote_u64(query, "dispositions.output_full");
	uint64_t overflows = fb_remote_u64(query, "sum_overflows");
	uint64_t dropped = fb_remote_u64(query, "dropped_groups");

	if (fb_remote_bool(query, "delivery.waiting"))
		warn(cli, "sink of %s/%s is waiting: %s; %s rows wait in the store", pipeline, name,
			*message ? message : "it takes nothing",
			fb_remote_count(fb_remote_u64(query, "delivery.pending"), text));
	if (state_full > 0)
		warn(cli,
			"%s/%s has refused %s records of new groups: its state is full "
			"(memory.state_mb)",
			pipeline, name, fb_remote_count(state_full, text));
	if (output_full > 0)
		warn(cli,
			"%s/%s has refused %s rows: the store did not take the earlier ones "
			"(memory.output_mb)",
			pipeline, name, fb_remote_count(output_full, text));
	if (overflows > 0)
		warn(cli, "%s/%s: %s sums have wrapped", pipeline, name,
			fb_remote_count(overflows, text));
	if (dropped > 0)
		warn(cli, "%s/%s: %s groups gave no row: HAVING or the select list failed",
			pipeline, name, fb_remote_count(dropped, text));
}

static void warn_of_checkpoint(struct fb_cli *cli, json_t *pipeline)
{
	const char *error = fb_remote_text(pipeline, "checkpoint.error");
	uint64_t recovered = fb_remote_u64(pipeline, "checkpoint.recovered_datagrams");
	char text[FB_REMOTE_TEXT_BYTES];

	if (*error)
		warn(cli, "%s: the last checkpoint was %s", fb_remote_text(pipeline, "name"), error);
	if (recovered > 0)
		warn(cli, "%s: %s datagrams were read again from the raw log in %.1f s",
			fb_remote_text(pipeline, "name"), fb_remote_count(recovered, text),
			fb_remote_real(pipeline, "checkpoint.recovery_seconds"));
}

static void warn_of_unclean(struct fb_cli *cli, json_t *status)
{
	char text[FB_REMOTE_TEXT_BYTES];
	json_t *stream;
	size_t i;

	warn(cli, FB_REMOTE_UNCLEAN);
	warn(cli, "its store was last written at %s; %s bytes of that were not whole", fb_remote_text(status, "store.written"),
		fb_remote_count(fb_remote_u64(status, "store.torn_bytes"), text));
	json_array_foreach(fb_remote_at(status, "streams"), i, stream)
	{
		if (*fb_remote_text(stream, "log_end"))
			warn(cli, "stream %s: its raw log ended at %s; what came after that (store.raw_flush_ms, and one flush) is lost",
				fb_remote_text(stream, "table"), fb_remote_text(stream, "log_end"));
	}
}

static void warn_of_backfill(struct fb_cli *cli, json_t *pipeline)
{
	json_t *backfill = fb_remote_at(pipeline, "backfill");
	const char *error = fb_remote_text(backfill, "error");
	uint64_t missing = fb_remote_u64(backfill, "missing_datagrams");
	char text[FB_REMOTE_TEXT_BYTES];

	if (*error)
		warn(cli, "%s: its history does not go on: %s; it is tried again", fb_remote_text(pipeline, "name"), error);
	if (missing > 0)
		warn(cli, "%s: %s datagrams of its history are not in the raw log any more", fb_remote_text(pipeline, "name"),
			fb_remote_count(missing, text));
}

static void warn_of_all(struct fb_cli *cli, json_t *status)
{
	uint64_t commit_errors = fb_remote_u64(status, "store.commit_errors");
	const char *store_error = fb_remote_text(status, "store_error");
	char text[FB_REMOTE_TEXT_BYTES];
	size_t i, q;
	json_t *item, *query;

	if (fb_remote_bool(status, "unclean_start"))
		warn_of_unclean(cli, status);
	if (fb_remote_u64(status, "store.set_aside_files") > 0)
		warn(cli, "store: %s damaged files of the raw log were set aside in its folder 'damaged'",
			fb_remote_count(fb_remote_u64(status, "store.set_aside_files"), text));
	if (fb_remote_u64(status, "store.damaged_reads") > 0)
		warn(cli, "store: %s reads met damage, the last: %s",
			fb_remote_count(fb_remote_u64(status, "store.damaged_reads"), text), fb_remote_text(status, "store.damage"));
	if (*store_error)
		warn(cli, "store: %s; results wait in memory", store_error);
	else if (commit_errors > 0)
		warn(cli, "store: %s commits have failed since the start; the last one did not",
			fb_remote_count(commit_errors, text));
	if (fb_remote_bool(status, "store.write_stall"))
		warn(cli, "store: writes are held back; the disk does not keep up");
	if (*fb_remote_text(status, "raw_error"))
		warn(cli, "raw log: %s; it is tried again", fb_remote_text(status, "raw_error"));
	if (fb_remote_u64(status, "raw_damage.blocks") > 0)
		warn(cli, "raw log: %s damaged blocks were skipped, the last: %s",
			fb_remote_count(fb_remote_u64(status, "raw_damage.blocks"), text),
			fb_remote_text(status, "raw_damage.last"));
	json_array_foreach(fb_remote_at(status, "ports"), i, item)
	{
		warn_of_port(cli, item);
	}
	json_array_foreach(fb_remote_at(status, "streams"), i, item)
	{
		warn_of_stream(cli, item);
	}
	json_array_foreach(fb_remote_at(status, "pipelines"), i, item)
	{
		warn_of_checkpoint(cli, item);
		warn_of_backfill(cli, item);
		json_array_foreach(fb_remote_at(item, "queries"), q, query)
		{
			warn_of_query(cli, fb_remote_text(item, "name"), query);
		}
	}
}

/* ---- tables ---- */

static void show_ports(struct fb_cli *cli, json_t *ports)
{
	static const struct fb_listing_column columns[] = {
		{"PORT", "port", FB_ALIGN_LEFT},
		{"LINK", "link", FB_ALIGN_LEFT},
		{"QUEUES", "queues", FB_ALIGN_RIGHT},
		{"PACKETS", "packets", FB_ALIGN_RIGHT},
		{"BYTES", "bytes", FB_ALIGN_RIGHT},
		{"LOST", "lost", FB_ALIGN_RIGHT},
		{"NOT TAKEN", "not_taken", FB_ALIGN_RIGHT},
		{"DEVICE", "device", FB_ALIGN_LEFT},
	};
	struct fb_listing *listing = fb_listing_create(columns, FB_ARRAY_LEN(columns));
	size_t i;
	json_t *port;

	json_array_foreach(ports, i, port)
	{
		json_t *counts = fb_remote_at(port, "dispositions");

		fb_listing_add_text(listing, fb_remote_text(port, "name"));
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
		fb_listing_add_text(listing, fb_remote_text(port, "device"));
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

/* Streams that are kept. */
static void show_raw(struct fb_cli *cli, json_t *streams)
{
	static const struct fb_listing_column columns[] = {
		{"RAW LOG", "stream", FB_ALIGN_LEFT},
		{"DATAGRAMS", "datagrams", FB_ALIGN_RIGHT},
		{"ON DISK", "stored_bytes", FB_ALIGN_RIGHT},
		{"RATIO", "ratio", FB_ALIGN_RIGHT},
		{"NOT KEPT", "dropped", FB_ALIGN_RIGHT},
		{"FROM", "from", FB_ALIGN_LEFT},
		{"TO", "to", FB_ALIGN_LEFT},
	};
	struct fb_listing *listing = fb_listing_create(columns, FB_ARRAY_LEN(columns));
	size_t i;
	json_t *stream;

	json_array_foreach(streams, i, stream)
	{
		json_t *raw = fb_remote_at(stream, "raw");
		uint64_t stored = fb_remote_u64(raw, "stored_bytes");
		char text[FB_REMOTE_TEXT_BYTES] = "";

		if (!json_is_object(raw))
			continue;
		fb_listing_add_text(listing, fb_remote_text(stream, "table"));
		add_count(listing, fb_remote_u64(raw, "stored_datagrams"));
		add_bytes(listing, stored);
		if (stored > 0)
			snprintf(text, sizeof(text), "%.1f",
				(double)fb_remote_u64(raw, "stored_payload_bytes") / (double)stored);
		fb_listing_add_text(listing, stored ? text : NULL);
		add_count(listing, sum_but(fb_remote_at(raw, "dispositions"), "logged"));
		fb_listing_add_text(listing, stored ? fb_remote_text(raw, "from") : NULL);
		fb_listing_add_text(listing, stored ? fb_remote_text(raw, "to") : NULL);
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

/* Its age; the rest is in the JSON. */
static void add_checkpoint(struct fb_listing *listing, json_t *pipeline)
{
	json_t *checkpoint = fb_remote_at(pipeline, "checkpoint");
	char age[FB_REMOTE_TEXT_BYTES];
	char text[FB_REMOTE_TEXT_BYTES + 8];

	snprintf(text, sizeof(text), "%s ago",
		fb_remote_span(fb_remote_real(checkpoint, "age_seconds"), age));
	fb_listing_add_text(listing, fb_remote_u64(checkpoint, "count") > 0 ? text : NULL);
}

/* "running", "backfilling 43 %" */
static void add_state(struct fb_listing *listing, json_t *pipeline)
{
	json_t *backfill = fb_remote_at(pipeline, "backfill");
	char text[64];

	if (backfill == NULL) {
		fb_listing_add_text(listing, fb_remote_text(pipeline, "state"));
		return;
	}
	/* Not 100 before it is over. */
	snprintf(text, sizeof(text), "%s %d %%", fb_remote_text(pipeline, "state"),
		FB_MIN((int)(fb_remote_real(backfill, "share") * 100), 99));
	fb_listing_add_text(listing, text);
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
		{"CHECKPOINT", "checkpoint", FB_ALIGN_LEFT},
	};
	struct fb_listing *listing = fb_listing_create(columns, FB_ARRAY_LEN(columns));
	size_t i;
	json_t *pipeline;

	json_array_foreach(pipelines, i, pipeline)
	{
		const char *watermark = fb_remote_text(pipeline, "watermark");

		fb_listing_add_text(listing, fb_remote_text(pipeline, "name"));
		add_state(listing, pipeline);
		fb_listing_add_text(listing, fb_remote_text(pipeline, "stream"));
		add_count(listing, fb_remote_u64(pipeline, "decode.records"));
		add_count(listing, sum_but(fb_remote_at(pipeline, "decode.rejected"), NULL));
		fb_listing_add_text(listing, *watermark ? watermark : NULL);
		add_checkpoint(listing, pipeline);
	}
	show(cli, listing);
}

static void add_name(struct fb_listing *listing, const char *pipeline, const char *name)
{
	char text[256];

	snprintf(text, sizeof(text), "%s/%s", pipeline, name);
	fb_listing_add_text(listing, text);
}

static void add_query(struct fb_listing *listing, const char *pipeline, json_t *query)
{
	json_t *counts = fb_remote_at(query, "dispositions");
	uint64_t late = fb_remote_u64(counts, "late");

	add_name(listing, pipeline, fb_remote_text(query, "name"));
	add_count(listing, fb_remote_u64(counts, "accepted"));
	add_count(listing, late);
	add_count(listing, sum_but(counts, "accepted") - late);
	if (fb_remote_bool(query, "windowed"))
		add_count(listing, fb_remote_u64(query, "windows"));
	else
		fb_listing_add_text(listing, NULL);
	add_count(listing, fb_remote_u64(query, "result_rows"));
}

static void add_sink(struct fb_listing *listing, const char *pipeline, json_t *query)
{
	const char *last = fb_remote_text(query, "delivery.last_ok");

	add_name(listing, pipeline, fb_remote_text(query, "sink"));
	fb_listing_add_text(listing, fb_remote_text(query, "connector"));
	fb_listing_add_text(listing, fb_remote_bool(query, "delivery.waiting") ? "WAITING" : "ok");
	add_count(listing, fb_remote_u64(query, "delivery.delivered"));
	add_count(listing, fb_remote_u64(query, "delivery.pending"));
	fb_listing_add_text(listing, *last ? last : NULL);
}

static void show_queries(struct fb_cli *cli, json_t *pipelines)
{
	static const struct fb_listing_column query_columns[] = {
		{"QUERY", "query", FB_ALIGN_LEFT},
		{"ACCEPTED", "accepted", FB_ALIGN_RIGHT},
		{"LATE", "late", FB_ALIGN_RIGHT},
		{"OTHER", "other", FB_ALIGN_RIGHT},
		{"WINDOWS", "windows", FB_ALIGN_RIGHT},
		{"ROWS", "rows", FB_ALIGN_RIGHT},
	};
	static const struct fb_listing_column sink_columns[] = {
		{"SINK", "sink", FB_ALIGN_LEFT},
		{"KIND", "kind", FB_ALIGN_LEFT},
		{"STATE", "state", FB_ALIGN_LEFT},
		{"DELIVERED", "delivered", FB_ALIGN_RIGHT},
		{"PENDING", "pending", FB_ALIGN_RIGHT},
		{"LAST TAKEN", "last", FB_ALIGN_LEFT},
	};
	struct fb_listing *queries = fb_listing_create(query_columns, FB_ARRAY_LEN(query_columns));
	struct fb_listing *sinks = fb_listing_create(sink_columns, FB_ARRAY_LEN(sink_columns));
	size_t i, q;
	json_t *pipeline, *query;

	json_array_foreach(pipelines, i, pipeline)
	{
		json_array_foreach(fb_remote_at(pipeline, "queries"), q, query)
		{
			add_query(queries, fb_remote_text(pipeline, "name"), query);
			add_sink(sinks, fb_remote_text(pipeline, "name"), query);
		}
	}
	show(cli, queries);
	show(cli, sinks);
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
	show_raw(cli, fb_remote_at(status, "streams"));
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
	.about = "What is wrong stands first, in lines that begin with an exclamation mark: lost "
		 "packets, a link that is down, sinks that wait, errors of the store, a full "
		 "memory, a start after a crash.",
	.columns = "LOST are packets that could not be received; NOT TAKEN those that are no "
		   "stream's (forebay ledger says why). UNREAD are datagrams that no pipeline "
		   "read. OTHER are records that WHERE dropped or that were refused. PENDING rows "
		   "are in the store and not yet with the sink",
	.examples = examples,
	.example_cnt = FB_ARRAY_LEN(examples),
	.run = run,
};
