/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/base/buf.h"
#include "config/base/calendar.h"
#include "config/base/errcode.h"
#include "control/cli/capture.h"
#include "control/cli/commands.h"
#include "control/cli/log_records.h"
#include "control/cli/progress.h"
#include "control/cli/remote.h"
#include "control/cli/table.h"

#define PAGE_DATAGRAMS 4000
#define TIMEOUT_MS 120000

enum { FORMAT_PCAPNG, FORMAT_PAYLOAD, FORMAT_JSON, FORMAT_CSV };
static const char *const formats[] = {"pcapng", "payload", "json", "csv", NULL};

struct log_args {
	bool blocks;
	const char *core;
	const char *from;
	const char *to;
	uint64_t limit;
	uint32_t format;
	const char *table;
	const char *file;
};

static const struct fb_cli_option options[] = {
	{.name = "blocks",
		.letter = 'b',
		.type = FB_ARG_FLAG,
		.at = offsetof(struct log_args, blocks),
		.help = "list TABLE: every block, not only files"},
	{.name = "core",
		.letter = 'c',
		.type = FB_ARG_TEXT,
		.value = "N",
		.at = offsetof(struct log_args, core),
		.help = "only what this worker has received; else one after the other"},
	{.name = "from",
		.type = FB_ARG_TEXT,
		.value = "TIME",
		.at = offsetof(struct log_args, from),
		.help = "what arrived from then on, UTC"},
	{.name = "to",
		.type = FB_ARG_TEXT,
		.value = "TIME",
		.at = offsetof(struct log_args, to),
		.help = "what arrived until then, UTC"},
	{.name = "limit",
		.letter = 'l',
		.type = FB_ARG_U64,
		.value = "N",
		.min = 1,
		.at = offsetof(struct log_args, limit),
		.help = "at most N blocks or datagrams of each core; show: 20 without it"},
	{.name = "format",
		.letter = 'F',
		.type = FB_ARG_CHOICE,
		.value = "FORMAT",
		.preset = "pcapng",
		.choices = formats,
		.at = offsetof(struct log_args, format),
		.help = "export: pcapng (frames for Wireshark), payload (bytes as they came, a "
			"line end where there "
			"is none), json (a line per datagram; with --table per record), csv (a line per record, with --table)"},
	{.name = "table",
		.letter = 't',
		.type = FB_ARG_TEXT,
		.value = "FILE.sql",
		.at = offsetof(struct log_args, table),
		.help = "export: decode the records by the CREATE TABLE of the stream in this file"},
	{.name = "file",
		.letter = 'f',
		.type = FB_ARG_TEXT,
		.value = "FILE",
		.preset = "-",
		.at = offsetof(struct log_args, file),
		.help = "export: where to; - is standard output"},
};

/* A walk over datagrams: what each is given to. */
struct walk {
	struct fb_cli *cli;
	const struct log_args *args;
	const char *table;
	json_t *stream; /* of GET /v1/log/TABLE */
	FILE *out;
	struct fb_buf text; /* of one page, on its way out */
	struct fb_buf payload;
	struct fb_progress progress;
	bool has_progress;
	struct fb_capture_flow flow;
	uint64_t done;
	uint64_t damaged;
	struct fb_log_records *records; /* with --table */
	int records_code;
	void (*each)(struct walk *walk, uint64_t core, json_t *datagram);
};

static int add_times(struct fb_cli *cli, const struct log_args *args, struct fb_buf *path)
{
	const struct {
		const char *text, *name, *key;
	} times[] = {{args->from, "from", "from_ms"}, {args->to, "to", "to_ms"}};

	for (size_t i = 0; i < FB_ARRAY_LEN(times); i++) {
		int64_t ms;

		if (times[i].text == NULL)
			continue;
		if (fb_cli_parse_time(times[i].text, &ms) != 0)
			return fb_cli_fail(cli, FB_EXIT_USAGE, "as in \"2026-01-31 14:05:00\", UTC",
				"--%s '%s' is no time", times[i].name, times[i].text);
		fb_buf_printf(path, "&%s=%" PRId64, times[i].key, ms);
	}
	return FB_EXIT_DONE;
}

static void add_path(struct fb_buf *path, const char *table)
{
	fb_buf_add_text(path, "/v1/log/");
	fb_client_escape(table, path);
}

/* ---- list ---- */

static void show_bytes(struct fb_listing *listing, json_t *object, const char *key)
{
	char text[FB_REMOTE_TEXT_BYTES];

	fb_listing_add_text(listing, fb_remote_bytes(fb_remote_u64(object, key), text));
}

static void show_count(struct fb_listing *listing, json_t *object, const char *key)
{
	char text[FB_REMOTE_TEXT_BYTES];

	fb_listing_add_text(listing, fb_remote_count(fb_remote_u64(object, key), text));
}

static int list_streams(struct fb_cli *cli)
{
	static const struct fb_listing_column columns[] = {
		{"STREAM", "table", FB_ALIGN_LEFT},
		{"CORE", "core", FB_ALIGN_RIGHT},
		{"BLOCKS", "blocks", FB_ALIGN_RIGHT},
		{"DATAGRAMS", "datagrams", FB_ALIGN_RIGHT},
		{"BYTES", "payload_bytes", FB_ALIGN_RIGHT},
		{"ON DISK", "stored_bytes", FB_ALIGN_RIGHT},
		{"FROM", "from", FB_ALIGN_LEFT},
		{"TO", "to", FB_ALIGN_LEFT},
	};
	struct fb_listing *listing;
	json_t *log = NULL, *stream, *lane;
	size_t i, l;
	int code = fb_remote_view(cli, "/v1/log", &log);

	if (code != FB_EXIT_DONE || log == NULL)
		return code;
	listing = fb_listing_create(columns, FB_ARRAY_LEN(columns));
	json_array_foreach(fb_remote_at(log, "streams"), i, stream)
	{
		json_array_foreach(fb_remote_at(stream, "lanes"), l, lane)
		{
			fb_listing_add_text(listing, fb_remote_text(stream, "table"));
			fb_listing_add_uint(listing, fb_remote_u64(lane, "core"));
			show_count(listing, lane, "blocks");
			show_count(listing, lane, "datagrams");
			show_bytes(listing, lane, "payload_bytes");
			show_bytes(listing, lane, "stored_bytes");
			fb_listing_add_text(listing, fb_remote_text(lane, "from"));
			fb_listing_add_text(listing, fb_remote_text(lane, "to"));
		}
	}
	if (fb_listing_rows(listing) > 0)
		fb_listing_show(listing, cli);
	else
		fputs("the raw log is empty: retention_age_s or retention_mb of a stream in the "
		      "appliance file keeps it\n",
			cli->out);
	fb_listing_destroy(listing);
	json_decref(log);
	return FB_EXIT_DONE;
}

static void add_span(struct fb_listing *listing, json_t *span, bool blocks)
{
	const char *watermark = fb_remote_text(span, "watermark");

	fb_listing_add_uint(listing, fb_remote_u64(span, "core"));
	fb_listing_add_uint(listing, fb_remote_u64(span, "first_seq"));
	fb_listing_add_uint(listing, fb_remote_u64(span, "last_seq"));
	show_count(listing, span, "datagrams");
	show_bytes(listing, span, "stored_bytes");
	if (blocks)
		fb_listing_add_text(listing, fb_remote_text(span, "compression"));
	else
		fb_listing_add_text(listing, fb_remote_bool(span, "tail") ? "tail" : "file");
	fb_listing_add_text(listing, fb_remote_text(span, "from"));
	fb_listing_add_text(listing, fb_remote_text(span, "to"));
	fb_listing_add_text(listing, *watermark ? watermark : NULL);
}

/* Files of the stream, or blocks of one core. */
static int list_spans(struct fb_cli *cli, const struct log_args *args)
{
	static const struct fb_listing_column columns[] = {
		{"CORE", "core", FB_ALIGN_RIGHT},
		{"FIRST", "first_seq", FB_ALIGN_RIGHT},
		{"LAST", "last_seq", FB_ALIGN_RIGHT},
		{"DATAGRAMS", "datagrams", FB_ALIGN_RIGHT},
		{"ON DISK", "stored_bytes", FB_ALIGN_RIGHT},
		{"IN", "in", FB_ALIGN_LEFT},
		{"FROM", "from", FB_ALIGN_LEFT},
		{"TO", "to", FB_ALIGN_LEFT},
		{"WATERMARK", "watermark", FB_ALIGN_LEFT},
	};
	struct fb_buf path = {0};
	struct fb_listing *listing;
	json_t *stream = NULL, *span;
	size_t i;
	int code;

	add_path(&path, cli->argv[1]);
	fb_buf_printf(&path, "?blocks=%d&core=%s", args->blocks, args->core ? args->core : "0");
	if (args->limit > 0)
		fb_buf_printf(&path, "&limit=%" PRIu64, args->limit);
	code = add_times(cli, args, &path);
	if (code == FB_EXIT_DONE)
		code = fb_remote_view(cli, path.p, &stream);
	fb_buf_fini(&path);
	if (code != FB_EXIT_DONE || stream == NULL)
		return code;
	listing = fb_listing_create(columns, FB_ARRAY_LEN(columns));
	json_array_foreach(fb_remote_at(stream, args->blocks ? "blocks" : "spans"), i, span)
	{
		add_span(listing, span, args->blocks);
	}
	fb_listing_show(listing, cli);
	fb_listing_destroy(listing);
	json_decref(stream);
	return FB_EXIT_DONE;
}

/* ---- datagrams ---- */

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static struct fb_str payload_of(struct walk *walk, json_t *datagram)
{
	const char *hex = fb_remote_text(datagram, "payload");

	fb_buf_clear(&walk->payload);
	for (; digit(hex[0]) >= 0 && digit(hex[1]) >= 0; hex += 2)
		fb_buf_add_char(&walk->payload, (char)(digit(hex[0]) << 4 | digit(hex[1])));
	return (struct fb_str){walk->payload.p ? walk->payload.p : "", (uint32_t)walk->payload.len};
}

static int64_t arrival_of(json_t *datagram)
{
	return json_integer_value(fb_remote_at(datagram, "arrival_ns"));
}

static void each_pcapng(struct walk *walk, uint64_t core, json_t *datagram)
{
	struct in_addr source = {0};

	/* An IPv6 source has no place in an IPv4 frame: 0.0.0.0. */
	if (inet_pton(AF_INET, fb_remote_text(datagram, "source"), &source) == 1)
		walk->flow.src_ip = ntohl(source.s_addr);
	else
		walk->flow.src_ip = 0;
	walk->flow.src_port = (uint16_t)fb_remote_u64(datagram, "source_port");
	fb_capture_ng_add(
		&walk->text, &walk->flow, arrival_of(datagram), payload_of(walk, datagram));
}

static void each_payload(struct walk *walk, uint64_t core, json_t *datagram)
{
	struct fb_str payload = payload_of(walk, datagram);

	fb_buf_add(&walk->text, payload.p, payload.len);
	if (payload.len > 0 && payload.p[payload.len - 1] != '\n')
		fb_buf_add_char(&walk->text, '\n');
}

static void each_json(struct walk *walk, uint64_t core, json_t *datagram)
{
	struct fb_str payload = payload_of(walk, datagram);
	json_t *text = json_stringn(payload.p, payload.len);
	char *line;

	json_object_set_new(datagram, "core", json_integer((json_int_t)core));
	if (text != NULL) { /* UTF-8: as it is; else it stays hexadecimal under its own name */
		json_object_set_new(datagram, "payload", text);
	} else {
		json_object_set(datagram, "payload_hex", json_object_get(datagram, "payload"));
		json_object_del(datagram, "payload");
	}
	line = json_dumps(datagram, JSON_COMPACT);
	if (line != NULL) {
		fb_buf_add_text(&walk->text, line);
		fb_buf_add_char(&walk->text, '\n');
	}
	free(line);
}

static void each_line(struct walk *walk, uint64_t core, json_t *datagram)
{
	struct fb_str payload = payload_of(walk, datagram);
	char time[FB_TIME_TEXT_BYTES];
	char *text = strndup(payload.p, payload.len);
	size_t len;

	for (char *p = text; p != NULL && *p != '\0'; p++)
		if (*p == '\n')
			*p = ' ';
	fb_time_format_us(arrival_of(datagram) / 1000, 6, time);
	len = walk->text.len;
	fb_buf_printf(&walk->text, "%2" PRIu64 " %10" PRIu64 "  %s  %15s:%-5" PRIu64 " %5zu  ",
		core, fb_remote_u64(datagram, "seq"), time, fb_remote_text(datagram, "source"),
		fb_remote_u64(datagram, "source_port"), (size_t)payload.len);
	fb_buf_add_text(&walk->text, text ? fb_text_clean(text) : "");
	/* A terminal shows a line of each; a pipe gets all of it. */
	if (walk->cli->width > 0 && walk->text.len - len > walk->cli->width)
		walk->text.len = len + walk->cli->width;
	fb_buf_add_char(&walk->text, '\n');
	free(text);
}

static void each_record(struct walk *walk, uint64_t core, json_t *datagram)
{
	if (walk->records_code == FB_EXIT_DONE)
		walk->records_code = fb_log_records_add(walk->records, payload_of(walk, datagram));
}

static int write_out(struct walk *walk)
{
	bool bad = walk->text.failed ||
		   (walk->text.len > 0 && fwrite(walk->text.p, 1, walk->text.len, walk->out) != walk->text.len);

	fb_buf_clear(&walk->text);
	return bad ? fb_cli_fail(
			     walk->cli, FB_EXIT_REFUSED, NULL, "cannot write: %s", strerror(errno))
		   : FB_EXIT_DONE;
}

/* One page; *from moves on, *ret_end: it was the last. */
static int walk_page(struct walk *walk, struct fb_client *client, uint64_t core, uint64_t limit,
	uint64_t *from, bool *ret_end)
{
	struct fb_buf path = {0};
	json_t *page = NULL, *datagram;
	size_t i;
	int code;

	add_path(&path, walk->table);
	fb_buf_printf(&path, "/datagrams?core=%" PRIu64 "&from_seq=%" PRIu64 "&limit=%" PRIu64,
		core, *from, limit);
	code = add_times(walk->cli, walk->args, &path);
	if (code == FB_EXIT_DONE)
		code = fb_client_ask(walk->cli, client, "GET", path.p, NULL, &page);
	fb_buf_fini(&path);
	if (code != FB_EXIT_DONE)
		return code;
	json_array_foreach(fb_remote_at(page, "datagrams"), i, datagram)
	{
		walk->each(walk, core, datagram);
	}
	walk->done += i;
	walk->damaged += fb_remote_u64(page, "damage.datagrams");
	*from = fb_remote_u64(page, "next_seq");
	*ret_end = fb_remote_bool(page, "end");
	json_decref(page);
	return walk->records_code == FB_EXIT_DONE ? write_out(walk) : walk->records_code;
}

static int walk_core(struct walk *walk, struct fb_client *client, uint64_t core)
{
	uint64_t limit = walk->args->limit ? walk->args->limit : UINT64_MAX;
	uint64_t before = walk->done;
	uint64_t from = 0;
	bool end = false;
	int code = FB_EXIT_DONE;

	while (code == FB_EXIT_DONE && !end && walk->done - before < limit) {
		code = walk_page(walk, client, core,
			FB_MIN(limit - (walk->done - before), (uint64_t)PAGE_DATAGRAMS), &from,
			&end);
		if (walk->has_progress)
			fb_progress_update(
				&walk->progress, walk->done, -1, fb_clock_monotonic_ns());
	}
	return code;
}

static bool core_is_wanted(const struct walk *walk, uint64_t core)
{
	return walk->args->core == NULL || strtoull(walk->args->core, NULL, 10) == core;
}

/* Core after core, each in the order of arrival. */
static int walk_all(struct walk *walk)
{
	json_t *spans = fb_remote_at(walk->stream, "spans"), *span;
	uint64_t last = UINT64_MAX;
	struct fb_client *client;
	int code = FB_EXIT_DONE;
	size_t i;

	if (fb_client_open(walk->cli->socket, &client) != 0)
		return fb_cli_fail(
			walk->cli, FB_EXIT_REFUSED, NULL, "%s", fb_strerror(FB_E_NO_MEMORY));
	fb_client_set_timeout_ms(client, TIMEOUT_MS);
	json_array_foreach(spans, i, span)
	{
		uint64_t core = fb_remote_u64(span, "core");

		if (core == last || !core_is_wanted(walk, core) || code != FB_EXIT_DONE)
			continue;
		last = core;
		code = walk_core(walk, client, core);
	}
	fb_client_close(client);
	if (walk->has_progress)
		fb_progress_end(&walk->progress);
	if (code == FB_EXIT_DONE && walk->damaged > 0)
		fprintf(walk->cli->err,
			"! %" PRIu64 " datagrams are in damaged blocks and were skipped\n",
			walk->damaged);
	return code;
}

static int begin_walk(struct walk *walk)
{
	struct fb_buf path = {0};
	char address[64];
	struct in_addr ip = {0};
	int code;

	add_path(&path, walk->table);
	code = fb_remote_ask(walk->cli, "GET", path.p, NULL, &walk->stream);
	fb_buf_fini(&path);
	if (code != FB_EXIT_DONE)
		return code;
	snprintf(address, sizeof(address), "%s",
		fb_remote_text(walk->stream, "destination.address"));
	address[strcspn(address, "/")] = '\0';
	if (inet_pton(AF_INET, address, &ip) != 1)
		ip.s_addr = 0;
	walk->flow = (struct fb_capture_flow){
		/* MACs are not kept: locally administered ones stand for both sides. */
		.dst_mac = {2, 0, 0, 0, 0, 2},
		.src_mac = {2, 0, 0, 0, 0, 1},
		.dst_ip = ntohl(ip.s_addr),
		.dst_port = (uint16_t)fb_remote_u64(walk->stream, "destination.udp_port"),
	};
	return FB_EXIT_DONE;
}

static void end_walk(struct walk *walk)
{
	fb_log_records_close(walk->records);
	json_decref(walk->stream);
	fb_buf_fini(&walk->text);
	fb_buf_fini(&walk->payload);
}

static int show(struct fb_cli *cli, const struct log_args *given)
{
	struct log_args args = *given;
	struct walk walk = {.cli = cli, .args = &args, .table = cli->argv[1], .out = cli->out};
	int code = begin_walk(&walk);

	args.limit = args.limit ? args.limit : 20;
	walk.each = cli->output == FB_OUTPUT_JSON ? each_json : each_line;
	if (code == FB_EXIT_DONE)
		code = walk_all(&walk);
	end_walk(&walk);
	return code;
}

/* What the records are decoded by. The walk has begun. */
static int open_records(struct walk *walk, struct fb_cli *cli)
{
	const char *framing = fb_remote_text(walk->stream, "framing");
	struct fb_log_records_conf conf = {.file = walk->args->table,
		.table = walk->table,
		.framing = framing[0] != '\0' ? framing : "newline", /* no longer in the appliance file */
		.form = walk->args->format == FORMAT_CSV ? FB_RUN_CSV : FB_RUN_JSON};

	if (strcmp(framing, "binary") == 0)
		return fb_cli_fail(cli, FB_EXIT_REFUSED, "--format payload gives the bytes",
			"records of '%s' are binary: their layout is in the appliance file", walk->table);
	return fb_log_records_open(cli, &conf, &walk->records);
}

static int export_to(struct fb_cli *cli, const struct log_args *args, FILE *out, bool to_file)
{
	static void (*const each[])(struct walk *, uint64_t, json_t *) = {
		each_pcapng, each_payload, each_json, each_record};
	struct fb_cli to = *cli; /* rows of records go there */
	struct walk walk = {.cli = cli,
		.args = args,
		.table = cli->argv[1],
		.out = out,
		.each = args->table ? each_record : each[args->format],
		.has_progress = to_file};
	int code = begin_walk(&walk);
	json_t *span;
	size_t i;

	to.out = out;
	if (code == FB_EXIT_DONE && args->table != NULL)
		code = open_records(&walk, &to);
	if (code == FB_EXIT_DONE && args->format == FORMAT_PCAPNG)
		fb_capture_ng_begin(&walk.text);
	if (code == FB_EXIT_DONE && to_file) {
		uint64_t total = 0;

		json_array_foreach(fb_remote_at(walk.stream, "spans"), i, span)
		{
			total += fb_remote_u64(span, "datagrams");
		}
		fb_progress_start(&walk.progress, cli->err, "exported", "datagrams",
			args->limit || args->from || args->to || args->core ? 0 : total);
	}
	if (code == FB_EXIT_DONE)
		code = walk_all(&walk);
	if (code == FB_EXIT_DONE)
		code = walk.records ? fb_log_records_finish(walk.records) : write_out(&walk);
	if (code == FB_EXIT_DONE && to_file)
		fprintf(cli->err, "%" PRIu64 " datagrams exported\n", walk.done);
	end_walk(&walk);
	return code;
}

static int export(struct fb_cli *cli, const struct log_args *args)
{
	bool to_file = strcmp(args->file, "-") != 0;
	bool records = args->format == FORMAT_CSV || args->format == FORMAT_JSON;
	FILE *out;
	int code;

	if (args->table != NULL && !records)
		return fb_cli_fail(cli, FB_EXIT_USAGE, "add --format csv, or json", "--table is for records");
	if (args->table == NULL && args->format == FORMAT_CSV)
		return fb_cli_fail(cli, FB_EXIT_USAGE, "add --table FILE.sql, which has the CREATE TABLE",
			"--format csv is of records, and nothing says what they are");
	out = to_file ? fopen(args->file, "we") : cli->out;
	if (out == NULL)
		return fb_cli_fail(cli, FB_EXIT_REFUSED, NULL, "cannot write %s: %s", args->file,
			strerror(errno));
	if (!to_file && args->format == FORMAT_PCAPNG && isatty(fileno(out)))
		return fb_cli_fail(cli, FB_EXIT_USAGE,
			"give --file FILE, or pipe it: forebay log export TABLE | tshark -r -",
			"a capture is nothing for a terminal");
	code = export_to(cli, args, out, to_file);
	if (to_file && fclose(out) != 0 && code == FB_EXIT_DONE)
		code = fb_cli_fail(cli, FB_EXIT_REFUSED, NULL, "cannot write %s: %s", args->file,
			strerror(errno));
	return code;
}

static int run(struct fb_cli *cli, const void *args)
{
	const struct log_args *log = args;
	const char *verb = cli->argv[0];

	if (log->core != NULL &&
		(log->core[0] == '\0' || log->core[strspn(log->core, "0123456789")] != '\0'))
		return fb_cli_fail(cli, FB_EXIT_USAGE, "`forebay log list` shows them",
			"--core '%s' is no number", log->core);
	if (strcmp(verb, "list") == 0)
		return cli->argc > 1 ? list_spans(cli, log) : list_streams(cli);
	if (strcmp(verb, "show") != 0 && strcmp(verb, "export") != 0)
		return fb_cli_fail(
			cli, FB_EXIT_USAGE, "list, show or export", "unknown: log %s", verb);
	if (cli->argc < 2)
		return fb_cli_fail(cli, FB_EXIT_USAGE, "`forebay log list` shows the streams",
			"log %s of which stream?", verb);
	return strcmp(verb, "show") == 0 ? show(cli, log) : export(cli, log);
}

static const struct fb_cli_example examples[] = {
	{"log list", "streams that are kept: how much, from when to when"},
	{"log show people --limit 5",
		"the oldest five datagrams of each core, with source and arrival"},
	{"log export people --file people.pcapng", "all of it for Wireshark"},
	{"log export people --format payload | forebay run --mode batch --source people=- q.sql",
		"a query over what was kept, without late records"},
	{"log export people --format payload --from \"2026-01-01 08:00\" >people.csv",
		"the records as they came"},
	{"log export people --table pipeline.sql --format csv >people.csv",
		"the records as columns: what SELECT * FROM people would print"},
};

const struct fb_cli_command fb_cmd_log = {
	.name = "log",
	.summary = "list, show and export what the raw log has kept",
	.operands = "list|show|export [TABLE]",
	.operands_min = 1,
	.operands_max = 2,
	.remote = true,
	.about = "The raw log keeps every datagram of the streams that have a retention in the "
		 "appliance file, in the order "
		 "in which each worker (core) received them. Numbers are of one stream on one "
		 "core; a gap is a datagram that "
		 "could not be kept, which status and ledger count.",
	.columns = "list: a line per stream and core, or with TABLE per file; 'tail' is what is "
		   "not in a file of its own yet. "
		   "show: core, number, arrival (UTC), source, bytes, payload",
	.args_bytes = sizeof(struct log_args),
	.options = options,
	.option_cnt = FB_ARRAY_LEN(options),
	.examples = examples,
	.example_cnt = FB_ARRAY_LEN(examples),
	.run = run,
};
