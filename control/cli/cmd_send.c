/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/base/calendar.h"
#include "control/cli/commands.h"
#include "control/cli/people_options.h"
#include "control/cli/progress.h"
#include "control/cli/sender.h"

struct send_args {
	struct fb_people_args people;
	const char *to;
	const char *file;
	bool generate;
	uint32_t format;
	uint64_t records_per_datagram;
	uint64_t datagram_bytes;
	uint64_t pace;
	uint64_t sources;
	bool quiet;
};

static const char *const format_words[] = {"csv", "json", NULL}; /* enum fb_people_format */

static const struct fb_cli_option options[] = {
	{.name = "to",
		.type = FB_ARG_TEXT,
		.value = "HOST:PORT",
		.required = true,
		.at = offsetof(struct send_args, to),
		.help = "where to send"},
	{.name = "file",
		.letter = 'f',
		.type = FB_ARG_TEXT,
		.value = "FILE",
		.at = offsetof(struct send_args, file),
		.help = "send the lines of FILE; - is standard input, which is also taken without "
			"--file"},
	{.name = "generate",
		.type = FB_ARG_FLAG,
		.at = offsetof(struct send_args, generate),
		.help = "send the records that forebay generate makes with the same options"},
	{.name = "format",
		.type = FB_ARG_CHOICE,
		.value = "FORMAT",
		.preset = "csv",
		.choices = format_words,
		.at = offsetof(struct send_args, format),
		.help = "with --generate: CSV lines or JSON lines"},
	{.name = "records-per-datagram",
		.type = FB_ARG_U64,
		.value = "N",
		.max = 10000,
		.at = offsetof(struct send_args, records_per_datagram),
		.help = "records in a datagram, fewer where they would not fit; 10 if "
			"--datagram-bytes is not given"},
	{.name = "datagram-bytes",
		.type = FB_ARG_U64,
		.value = "MAX",
		.max = FB_LINES_PAYLOAD_MAX,
		.at = offsetof(struct send_args, datagram_bytes),
		.help = "a datagram ends before it grows longer; else what the path carries in one "
			"piece"},
	{.name = "pace",
		.letter = 'p',
		.type = FB_ARG_U64,
		.value = "N",
		.preset = "0",
		.max = 1000000000ull,
		.at = offsetof(struct send_args, pace),
		.help = "records sent a second, evenly; 0 is as fast as it goes"},
	{.name = "sources",
		.type = FB_ARG_U64,
		.value = "N",
		.preset = "1",
		.min = 1,
		.max = FB_SENDER_SOURCES_MAX,
		.at = offsetof(struct send_args, sources),
		.help = "different source ports, used in turn"},
	{.name = "quiet",
		.letter = 'q',
		.type = FB_ARG_FLAG,
		.at = offsetof(struct send_args, quiet),
		.help = "no progress"},
	FB_PEOPLE_OPTIONS(struct send_args, people),
};

static const struct fb_cli_example examples[] = {
	{"send --generate --records 2M --pace 200k --to 10.90.0.1:5000",
		"two million records at 200,000 a second"},
	{"send --file people.csv --datagram-bytes 8972 --sources 16 --to 10.9.0.1:5000",
		"a file, in jumbo frames, for RSS"},
};

static volatile sig_atomic_t stopped;

static void stop(int signal_number)
{
	stopped = 1;
}

struct sending {
	const struct send_args *args;
	struct fb_people *people; /* NULL: a file */
	int fd;
	uint64_t file_bytes; /* 0 = not known */
	struct fb_lines *lines;
	struct fb_sender sender;
	double seconds;
};

static int open_input(struct fb_cli *cli, struct sending *sending)
{
	const struct send_args *args = sending->args;
	struct stat status;

	if (args->generate && args->file)
		return fb_cli_fail(
			cli, FB_EXIT_USAGE, NULL, "--generate and --file exclude each other");
	if (args->generate)
		return fb_people_open(cli, &args->people, (enum fb_people_format)args->format,
			&sending->people);
	if (args->file == NULL && isatty(STDIN_FILENO))
		return fb_cli_fail(cli, FB_EXIT_USAGE,
			"--generate makes records, --file FILE reads them, or pipe them in",
			"nothing to send");
	if (args->file == NULL || strcmp(args->file, "-") == 0)
		sending->fd = STDIN_FILENO;
	else
		sending->fd = open(args->file, O_RDONLY | O_CLOEXEC);
	if (sending->fd < 0 || fstat(sending->fd, &status) != 0)
		return fb_cli_fail(
			cli, FB_EXIT_REFUSED, NULL, "%s: %s", args->file, strerror(errno));
	if (S_ISREG(status.st_mode))
		sending->file_bytes = (uint64_t)status.st_size;
	return FB_EXIT_DONE;
}

static int open_output(struct fb_cli *cli, struct sending *sending)
{
	const struct send_args *args = sending->args;
	struct fb_lines_conf conf = {.records_max = (uint32_t)args->records_per_datagram,
		.bytes_max = (uint32_t)args->datagram_bytes};
	struct fb_endpoint to;
	int code = fb_endpoint_parse(cli, args->to, &to);
	int rc;

	if (code != FB_EXIT_DONE)
		return code;
	rc = fb_sender_open(&sending->sender, &to, (uint32_t)args->sources, args->pace);
	if (rc != 0)
		return fb_cli_fail(cli, FB_EXIT_REFUSED, NULL, "%s: %s", args->to,
			rc == FB_E_IO ? sending->sender.error : fb_strerror(rc));
	if (conf.records_max == 0 && conf.bytes_max == 0)
		conf.records_max = 10;
	if (conf.bytes_max == 0)
		conf.bytes_max = fb_sender_path_bytes(&sending->sender);
	rc = fb_lines_open(&conf, sending->people, sending->fd, &sending->lines);
	if (rc != 0)
		return fb_cli_fail(cli, FB_EXIT_REFUSED, NULL, "%s", fb_strerror(rc));
	return FB_EXIT_DONE;
}

static double share_done(const struct sending *sending)
{
	if (sending->file_bytes)
		return (double)fb_lines_counters(sending->lines)->bytes /
		       (double)sending->file_bytes;
	return sending->people ? (double)sending->sender.counters.records /
					 (double)sending->args->people.records
			       : -1;
}

static int pump(struct fb_cli *cli, struct sending *sending)
{
	struct fb_payload payloads[FB_SENDER_BATCH];
	struct fb_progress progress;
	int64_t now = fb_clock_monotonic_ns(), start = now;
	int code = FB_EXIT_DONE;

	fb_progress_start(&progress, cli->err, "sent", "records", 0);
	while (!stopped) {
		uint64_t may = fb_sender_wait(&sending->sender, &now);
		int n = may ? fb_lines_next(sending->lines, payloads, FB_SENDER_BATCH, may) : 0;

		if (n < 0) {
			code = fb_cli_fail(cli, FB_EXIT_REFUSED, NULL, "%s: %s",
				sending->args->file ? sending->args->file : "standard input",
				strerror(errno));
			break;
		}
		if (n == 0 && may)
			break;
		if (n && fb_sender_send(&sending->sender, payloads, (uint32_t)n) != 0) {
			fb_progress_end(&progress);
			code = fb_cli_fail(cli, FB_EXIT_REFUSED, NULL, "%s: %s", sending->args->to,
				sending->sender.error);
			break;
		}
		if (!sending->args->quiet)
			fb_progress_update(&progress, sending->sender.counters.records,
				share_done(sending), now);
	}
	fb_progress_end(&progress);
	sending->seconds = (double)(fb_clock_monotonic_ns() - start) / 1e9;
	return code;
}

static void print_summary(struct fb_cli *cli, const struct sending *sending)
{
	const struct fb_sender_counters *counters = &sending->sender.counters;
	const struct fb_lines_counters *lines = fb_lines_counters(sending->lines);
	double rate = sending->seconds > 0 ? (double)counters->records / sending->seconds : 0;
	char a[27], b[27], c[27];

	if (cli->output == FB_OUTPUT_JSON) {
		json_t *json = json_pack("{s:I, s:I, s:I, s:f, s:f, s:I, s:I, s:I, s:b}", "records",
			(json_int_t)counters->records, "datagrams", (json_int_t)counters->datagrams,
			"bytes", (json_int_t)counters->bytes, "seconds", sending->seconds, "rate",
			rate, "no_room", (json_int_t)counters->no_room, "refused",
			(json_int_t)counters->refused, "left_out",
			(json_int_t)(lines->too_long + counters->too_long), "interrupted",
			(int)stopped);

		fb_cli_print_json(cli, json);
		json_decref(json);
	} else {
		fprintf(cli->out,
			"sent %s records in %s datagrams, %.1f MB, in %.2f s: %s records/s%s\n",
			fb_grouped(counters->records, a), fb_grouped(counters->datagrams, b),
			(double)counters->bytes / 1e6, sending->seconds,
			fb_grouped((uint64_t)rate, c), stopped ? " (interrupted)" : "");
	}
	if (counters->refused)
		fprintf(cli->err,
			"  %s times the receiver's host said: port unreachable; nobody listens "
			"there\n",
			fb_grouped(counters->refused, a));
	if (lines->too_long + counters->too_long)
		fprintf(cli->err, "  %s lines or datagrams were too long to be sent\n",
			fb_grouped(lines->too_long + counters->too_long, a));
	if (lines->cut_by_size && sending->args->records_per_datagram)
		fprintf(cli->err,
			"  %s datagrams hold fewer records than asked: more would not fit; see "
			"--datagram-bytes\n",
			fb_grouped(lines->cut_by_size, a));
}

static int run(struct fb_cli *cli, const void *arg)
{
	struct sigaction action = {.sa_handler = stop};
	struct sending sending = {.args = arg, .fd = -1};
	int code = open_input(cli, &sending);

	if (code == FB_EXIT_DONE)
		code = open_output(cli, &sending);
	if (code == FB_EXIT_DONE) {
		sigaction(SIGINT, &action, NULL);
		sigaction(SIGTERM, &action, NULL);
		code = pump(cli, &sending);
		print_summary(cli, &sending);
		if (stopped && code == FB_EXIT_DONE)
			code = FB_EXIT_REFUSED;
	}
	fb_lines_close(sending.lines);
	fb_sender_close(&sending.sender);
	fb_people_destroy(sending.people);
	if (sending.fd > STDIN_FILENO)
		close(sending.fd);
	return code;
}

const struct fb_cli_command fb_cmd_send = {
	.name = "send",
	.summary = "send records over UDP from an ordinary socket, at a steady pace",
	.about = "Cuts lines into datagrams of whole records and sends them from this machine's "
		 "own network stack: a file's, "
		 "standard input's, or those that forebay generate makes. A line per second tells "
		 "on standard error how "
		 "far it is, or a bar on a terminal.\n\n"
		 "UDP does not say what arrived: compare with forebay ledger on the appliance.",
	.columns = "records, datagrams, payload bytes, seconds and rate",
	.args_bytes = sizeof(struct send_args),
	.options = options,
	.option_cnt = FB_ARRAY_LEN(options),
	.examples = examples,
	.example_cnt = FB_ARRAY_LEN(examples),
	.run = run,
};
