/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/cli/capture.h"
#include "control/cli/commands.h"
#include "control/cli/endpoint.h"
#include "control/cli/lines.h"
#include "control/cli/people_options.h"

#define BLOCK_BYTES (1u << 18) /* stays in the L2 cache between making and writing */
#define PAYLOADS 64

enum format { FORMAT_CSV, FORMAT_JSON, FORMAT_PCAP };

struct generate_args {
	struct fb_people_args people;
	const char *output;
	uint32_t format;
	const char *to;
	uint64_t records_per_datagram;
	uint64_t datagram_bytes;
};

static const char *const format_words[] = {"csv", "json", "pcap", NULL};

static const struct fb_cli_option options[] = {
	FB_PEOPLE_OPTIONS(struct generate_args, people),
	{.name = "output",
		.letter = 'f',
		.type = FB_ARG_TEXT,
		.value = "FILE",
		.preset = "-",
		.at = offsetof(struct generate_args, output),
		.help = "where to; - is standard output"},
	{.name = "format",
		.type = FB_ARG_CHOICE,
		.value = "FORMAT",
		.preset = "csv",
		.choices = format_words,
		.at = offsetof(struct generate_args, format),
		.help = "lines, or a capture file of CSV datagrams"},
	{.name = "to",
		.type = FB_ARG_TEXT,
		.value = "HOST:PORT",
		.preset = "10.90.0.1:5000",
		.at = offsetof(struct generate_args, to),
		.help = "pcap: whom the datagrams are addressed to"},
	{.name = "records-per-datagram",
		.type = FB_ARG_U64,
		.value = "N",
		.preset = "10",
		.min = 1,
		.max = 10000,
		.at = offsetof(struct generate_args, records_per_datagram),
		.help = "pcap: records in a datagram"},
	{.name = "datagram-bytes",
		.type = FB_ARG_U64,
		.value = "MAX",
		.preset = "1472",
		.min = 1,
		.max = FB_LINES_PAYLOAD_MAX,
		.at = offsetof(struct generate_args, datagram_bytes),
		.help = "pcap: a datagram ends before it grows longer"},
};

static const struct fb_cli_example examples[] = {
	{"generate --records 1M --disorder 1500 --output people.csv",
		"a million records, up to 1.5 s out of order"},
	{"generate --records 20k --malformed 137 --seed 5",
		"exactly 137 of the lines are malformed"},
	{"generate --format pcap --to 10.90.0.1:5000 --output people.pcap",
		"input for a net_pcap port"},
};

static int write_all(int fd, const char *p, size_t len)
{
	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return FB_E_IO;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int write_lines(struct fb_people *people, int fd)
{
	char *block = malloc(BLOCK_BYTES);
	size_t len;
	int rc = block ? 0 : FB_E_NO_MEMORY;

	while (rc == 0 && (len = fb_people_fill(people, block, BLOCK_BYTES, NULL)) > 0)
		rc = write_all(fd, block, len);
	free(block);
	return rc;
}

/* Event time of a datagram's last record; the format knows no time before 1970. */
static int64_t frame_time_us(const struct fb_people_args *people, uint64_t records)
{
	return FB_MAX(people->start_ms, 0) * 1000 +
	       (int64_t)((unsigned __int128)(records - 1) * 1000000 / people->rate);
}

/* Frames carry the event time, and come from four senders in turn, so that several queues get a
 * share. */
static int write_capture(struct fb_lines *lines, const struct fb_people_args *people,
	const struct fb_endpoint *to, int fd)
{
	struct fb_capture_flow flow = {
		.dst_mac = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		.src_mac = {0x02, 0, 0, 0, 0, 0x01},
		.dst_ip = to->ip,
		.src_ip = to->ip ^ 3, /* a neighbour */
		.dst_port = to->port,
	};
	struct fb_payload payloads[PAYLOADS];
	struct fb_buf out = {0};
	uint64_t records = 0;
	uint32_t sender = 0;
	int rc = 0, n;

	fb_capture_begin(&out);
	while (rc == 0 && (n = fb_lines_next(lines, payloads, PAYLOADS, UINT64_MAX)) > 0) {
		for (int i = 0; i < n; i++) {
			records += payloads[i].records;
			flow.src_port = (uint16_t)(40000 + sender++ % 4);
			fb_capture_add(&out, &flow, frame_time_us(people, records),
				(struct fb_str){payloads[i].p, payloads[i].len});
		}
		rc = out.failed ? FB_E_NO_MEMORY : write_all(fd, out.p, out.len);
		fb_buf_clear(&out);
	}
	if (rc == 0 && out.len) /* no record at all: the header alone */
		rc = write_all(fd, out.p, out.len);
	fb_buf_fini(&out);
	return rc;
}

static int write_pcap(struct fb_cli *cli, const struct generate_args *args,
	struct fb_people *people, int fd, int *ret_rc)
{
	struct fb_lines_conf conf = {.records_max = (uint32_t)args->records_per_datagram,
		.bytes_max = (uint32_t)args->datagram_bytes};
	struct fb_endpoint to;
	struct fb_lines *lines;
	int code = fb_endpoint_parse(cli, args->to, &to);

	if (code != FB_EXIT_DONE)
		return code;
	*ret_rc = fb_lines_open(&conf, people, -1, &lines);
	if (*ret_rc == 0) {
		*ret_rc = write_capture(lines, &args->people, &to, fd);
		fb_lines_close(lines);
	}
	return FB_EXIT_DONE;
}

static int run(struct fb_cli *cli, const void *arg)
{
	const struct generate_args *args = arg;
	bool to_stdout = strcmp(args->output, "-") == 0;
	struct fb_people *people;
	int code = fb_people_open(cli, &args->people,
		args->format == FORMAT_JSON ? FB_PEOPLE_JSON : FB_PEOPLE_CSV, &people);
	int fd, rc = 0;

	if (code != FB_EXIT_DONE)
		return code;
	fd = to_stdout ? STDOUT_FILENO
		       : open(args->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0) {
		code = fb_cli_fail(
			cli, FB_EXIT_REFUSED, NULL, "%s: %s", args->output, strerror(errno));
	} else {
		if (args->format == FORMAT_PCAP)
			code = write_pcap(cli, args, people, fd, &rc);
		else
			rc = write_lines(people, fd);
		if (!to_stdout && close(fd) != 0 && rc == 0)
			rc = FB_E_IO;
		if (rc != 0)
			code = fb_cli_fail(cli, FB_EXIT_REFUSED, NULL, "%s: %s", args->output,
				rc == FB_E_IO ? strerror(errno) : fb_strerror(rc));
	}
	fb_people_destroy(people);
	return code;
}

const struct fb_cli_command fb_cmd_generate = {
	.name = "generate",
	.summary = "make synthetic people records, the same for the same seed",
	.about = "Writes records of about 130 bytes: id, name, age, gender, birthday, email, "
		 "phone, address, city, country "
		 "and the event time ts. No headers. Every value follows from the seed and the "
		 "record's number.\n\n"
		 "Without --disorder event times never fall; with it a watermark delay of at least "
		 "as much makes no "
		 "record late. Malformed lines have, in turn, a field too many, a quote that is "
		 "not closed, an age that is no "
		 "number, or a time that is no time; a query that reads neither age nor ts does "
		 "not see the last two.",
	.args_bytes = sizeof(struct generate_args),
	.options = options,
	.option_cnt = FB_ARRAY_LEN(options),
	.examples = examples,
	.example_cnt = FB_ARRAY_LEN(examples),
	.run = run,
};
