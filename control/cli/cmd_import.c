/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/base/buf.h"
#include "config/base/calendar.h"
#include "control/cli/commands.h"
#include "control/cli/progress.h"
#include "control/cli/remote.h"

#define LOOK_NS 100000000

struct import_args {
	const char *stream;
	uint64_t rate;
	const char *speed;
	bool quiet;
	bool cancel;
};

static const struct fb_cli_option options[] = {
	{.name = "stream",
		.letter = 's',
		.type = FB_ARG_TEXT,
		.value = "TABLE",
		.at = offsetof(struct import_args, stream),
		.help = "take every UDP datagram as one of this stream, whatever address and port it was sent to; else "
			"those that the first port of the appliance would take"},
	{.name = "rate",
		.letter = 'r',
		.type = FB_ARG_U64,
		.value = "N",
		.preset = "0",
		.max = 1000000000ull,
		.at = offsetof(struct import_args, rate),
		.help = "packets a second, evenly; 0 is as fast as it goes"},
	{.name = "speed",
		.type = FB_ARG_TEXT,
		.value = "X",
		.at = offsetof(struct import_args, speed),
		.help = "keep the capture's own pace, X times as fast: 1 is as it was"},
	{.name = "cancel",
		.type = FB_ARG_FLAG,
		.at = offsetof(struct import_args, cancel),
		.help = "end the import under way; what it has given stays"},
	{.name = "quiet",
		.type = FB_ARG_FLAG,
		.at = offsetof(struct import_args, quiet),
		.help = "no progress"},
};

static int ask(struct fb_cli *cli, const char *method, const char *path, json_t **ret)
{
	json_t *json = NULL;
	int code = fb_remote_ask(cli, method, path, NULL, &json);

	*ret = code == FB_EXIT_DONE ? json : NULL;
	return code;
}

/* Until it is not running any more; *json is the last look. */
static int follow(struct fb_cli *cli, bool quiet, json_t **json)
{
	struct timespec pause = {.tv_nsec = LOOK_NS};
	struct fb_progress progress;
	int code = FB_EXIT_DONE;

	if (!quiet)
		fb_progress_start(&progress, cli->err, "imported", "packets", 0);
	while (code == FB_EXIT_DONE && strcmp(fb_remote_text(*json, "state"), "running") == 0) {
		double bytes = (double)fb_remote_u64(*json, "file_bytes");

		if (!quiet)
			fb_progress_update(&progress, fb_remote_u64(*json, "packets"),
				bytes > 0 ? (double)fb_remote_u64(*json, "read_bytes") / bytes : 0, fb_clock_monotonic_ns());
		nanosleep(&pause, NULL);
		json_decref(*json);
		code = ask(cli, "GET", "/v1/import", json);
	}
	if (!quiet)
		fb_progress_end(&progress);
	return code;
}

static void show(struct fb_cli *cli, json_t *json)
{
	char text[FB_REMOTE_TEXT_BYTES];
	const char *label;
	json_t *value;

	fprintf(cli->out, "%s: %s, %s packets in %.1f s", fb_remote_text(json, "path"), fb_remote_text(json, "state"),
		fb_remote_count(fb_remote_u64(json, "packets"), text), fb_remote_real(json, "seconds"));
	if (*fb_remote_text(json, "from"))
		fprintf(cli->out, ", captured from %s to %s", fb_remote_text(json, "from"), fb_remote_text(json, "to"));
	fputc('\n', cli->out);
	json_object_foreach(fb_remote_at(json, "dispositions"), label, value)
	{
		if (json_integer_value(value) > 0)
			fprintf(cli->out, "  %-14s %s\n", label, fb_remote_count((uint64_t)json_integer_value(value), text));
	}
	if (fb_remote_u64(json, "oversized") > 0)
		fprintf(cli->out, "  %-14s %s\n", "oversized", fb_remote_count(fb_remote_u64(json, "oversized"), text));
}

static int end(struct fb_cli *cli, json_t *json)
{
	if (cli->output == FB_OUTPUT_JSON)
		fb_cli_print_json(cli, json);
	else if (json_is_object(json))
		show(cli, json);
	else
		fprintf(cli->out, "nothing was imported since the start\n");
	if (*fb_remote_text(json, "error"))
		return fb_cli_fail(cli, FB_EXIT_REFUSED, "what came before that is in", "%s", fb_remote_text(json, "error"));
	return FB_EXIT_DONE;
}

static int make_path(struct fb_cli *cli, const struct import_args *import, struct fb_buf *path)
{
	char own[PATH_MAX];

	if (realpath(cli->argv[0], own) == NULL)
		return fb_cli_fail(cli, FB_EXIT_REFUSED, NULL, "%s: %s", cli->argv[0], strerror(errno));
	fb_buf_add_text(path, "/v1/import?path=");
	fb_client_escape(own, path);
	fb_buf_printf(path, "&rate=%" PRIu64, import->rate);
	if (import->stream != NULL) {
		fb_buf_add_text(path, "&stream=");
		fb_client_escape(import->stream, path);
	}
	if (import->speed != NULL) {
		char *rest;
		double speed = strtod(import->speed, &rest);

		if (rest == import->speed || *rest != '\0' || !(speed > 0) || speed > 1e9)
			return fb_cli_fail(cli, FB_EXIT_USAGE, NULL, "--speed takes a number above 0, not '%s'", import->speed);
		fb_buf_printf(path, "&speed=%.9g", speed);
	}
	return FB_EXIT_DONE;
}

static int run(struct fb_cli *cli, const void *args)
{
	const struct import_args *import = args;
	struct fb_buf path = {0};
	json_t *json = NULL;
	int code = FB_EXIT_DONE;

	if (cli->argc > 0 && !import->cancel)
		code = make_path(cli, import, &path);
	if (code == FB_EXIT_DONE)
		code = ask(cli, import->cancel ? "DELETE" : cli->argc > 0 ? "POST" : "GET", path.p ? path.p : "/v1/import", &json);
	if (code == FB_EXIT_DONE && cli->argc > 0)
		code = follow(cli, import->quiet, &json);
	if (code == FB_EXIT_DONE)
		code = end(cli, json);
	json_decref(json);
	fb_buf_fini(&path);
	return code;
}

static const struct fb_cli_example examples[] = {
	{"import monday.pcapng", "as fast as it goes"},
	{"import monday.pcap --stream people --speed 60", "an hour of the capture in a minute"},
	{"import", "how far the one under way is, or how the last one ended"},
};

const struct fb_cli_command fb_cmd_import = {
	.name = "import",
	.summary = "take in the packets of a capture file",
	.operands = "[FILE]",
	.operands_min = 0,
	.operands_max = 1,
	.remote = true,
	.about = "The packets of a pcap or pcapng file (Ethernet) go through the same classification, raw log and pipelines as "
		 "those of a port, with the times of the capture as their arrival (one that is still to come becomes now). The "
		 "appliance reads the file itself, and "
		 "waits where it has no room: none is lost to overload. Live packets are received meanwhile. Retention by age "
		 "counts from the import. Interrupting the command does not end the import; --cancel does.",
	.columns = "packets by what became of them",
	.options = options,
	.option_cnt = FB_ARRAY_LEN(options),
	.examples = examples,
	.example_cnt = FB_ARRAY_LEN(examples),
	.args_bytes = sizeof(struct import_args),
	.run = run,
};
