/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/control/pipeline/lab.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dataplane/format/writer.h"

static void path_of(const struct lab *lab, const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", lab->folder, name);
}

static void open_captures(struct lab *lab)
{
	/* libpcap's file header: magic, 2.4, zone, accuracy, snap length, Ethernet. */
	static const uint32_t head[] = {0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1};

	for (uint32_t i = 0; i < lab->capture_cnt; i++) {
		char name[32];
		char path[128];

		snprintf(name, sizeof(name), "%u.pcap", i);
		path_of(lab, name, path);
		lab->captures[i] = fopen(path, "we");
		cr_assert_not_null(lab->captures[i]);
		fwrite(head, sizeof(head), 1, lab->captures[i]);
	}
}

void lab_make(struct lab *lab, uint32_t capture_cnt)
{
	*lab = (struct lab){.folder = "/tmp/fb-engine-XXXXXX", .capture_cnt = capture_cnt};
	cr_assert_not_null(mkdtemp(lab->folder));
	open_captures(lab);
}

void lab_clear(struct lab *lab)
{
	for (uint32_t i = 0; i < lab->capture_cnt; i++)
		fclose(lab->captures[i]);
	open_captures(lab);
}

void lab_remove(struct lab *lab)
{
	char command[128];

	for (uint32_t i = 0; i < lab->capture_cnt; i++)
		fclose(lab->captures[i]);
	snprintf(command, sizeof(command), "rm -rf '%s'", lab->folder);
	cr_assert_eq(system(command), 0);
}

static void put16(uint8_t *p, uint16_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

void lab_datagram(struct lab *lab, uint32_t capture, uint16_t port, const char *text)
{
	lab_bytes(lab, capture, port, text, strlen(text));
}

void lab_bytes(struct lab *lab, uint32_t capture, uint16_t port, const void *bytes, size_t len)
{
	uint8_t packet[2048] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 9, 8, 0, 0x45};
	uint32_t record[4] = {0};
	uint32_t sum = 0;

	cr_assert_leq(len, sizeof(packet) - 42);
	put16(packet + 16, (uint16_t)(28 + len));
	packet[22] = 64;
	packet[23] = 17;
	memcpy(packet + 26, (uint8_t[]){10, 9, 0, 2, 10, 9, 0, 1}, 8);
	for (int i = 14; i < 34; i += 2)
		sum += (uint32_t)(packet[i] << 8 | packet[i + 1]);
	sum = (sum & 0xffff) + (sum >> 16);
	put16(packet + 24, (uint16_t) ~(sum + (sum >> 16)));
	put16(packet + 34, 40000);
	put16(packet + 36, port);
	put16(packet + 38, (uint16_t)(8 + len)); /* checksum 0: none, RFC 768 */
	memcpy(packet + 42, bytes, len);
	record[2] = record[3] = (uint32_t)(42 + len);
	fwrite(record, sizeof(record), 1, lab->captures[capture]);
	fwrite(packet, 42 + len, 1, lab->captures[capture]);
}

/* ---- the child ---- */

static struct fb_appliance *appliance_of(const struct lab *lab)
{
	struct fb_buf text = {0};
	struct fb_diags diags;
	struct fb_appliance *appliance = NULL;

	fb_buf_printf(&text,
		"name: lab\nstore: {path: %s/store}\nhttp: {socket: %s/s, listen: \"\"}\n",
		lab->folder, lab->folder);
	fb_buf_printf(
		&text, "cores: {main: 0, workers: [1%s]}\n", lab->capture_cnt > 1 ? ", 0" : "");
	/* Workers share cores here: nothing is measured. */
	fb_buf_printf(&text, "memory: {packet_mb: 16, state_mb: 16, output_mb: 4}\nports:\n  - "
			     "name: p0\n    device: \"net_pcap0");
	for (uint32_t i = 0; i < lab->capture_cnt; i++)
		fb_buf_printf(&text, ",rx_pcap=%s/%u.pcap", lab->folder, i);
	fb_buf_printf(&text,
		"\"\n    addresses: [10.9.0.1/24]\n    queues: %u\n    promiscuous: true\n",
		lab->capture_cnt);
	fb_buf_add_text(&text, "streams:\n  - {table: people, port: p0, udp_port: 5000}\n"
			       "  - {table: trucks, port: p0, udp_port: 5001}\n"
			       "  - {table: logged, port: p0, udp_port: 5004, retention_mb: 100}\n"
			       "  - table: readings\n"
			       "    port: p0\n"
			       "    udp_port: 5002\n"
			       "    layout:\n"
			       "      record_bytes: 20\n"
			       "      header: {bytes: 2, sequence: {offset: 1, type: uint8}, magic: "
			       "{offset: 0, type: uint8, value: 77}}\n"
			       "      fields:\n"
			       "        - {name: ts, type: int64, offset: 0, byte_order: big}\n"
			       "        - {name: city, type: text, offset: 8, bytes: 6}\n"
			       "        - {name: age, type: uint16, offset: 14}\n"
			       "        - {name: id, type: int32, offset: 16}\n");
	fb_diags_init(&diags, "lab.yaml");
	if (fb_appliance_parse("lab.yaml", (struct fb_str){text.p, (uint32_t)text.len}, &diags,
		    &appliance) != 0)
		fb_diags_print(&diags, text.p, stderr);
	fb_diags_fini(&diags);
	fb_buf_fini(&text);
	cr_assert_not_null(appliance);
	return appliance;
}

static void child(struct lab *lab, lab_body body, void *arg)
{
	struct fb_appliance *appliance = appliance_of(lab);
	struct fb_engine *engine = NULL;
	struct fb_ledger ledger;
	struct fb_diags diags;

	fb_diags_init(&diags, "lab.yaml");
	if (fb_engine_start(appliance, &diags, &engine) != 0) {
		fb_diags_print(&diags, NULL, stderr);
		_exit(3);
	}
	body(lab, engine, arg);
	cr_assert_eq(fb_engine_stop(engine, 2000, &ledger), 0);
	if (!ledger.balanced)
		_exit(4);
	fb_ledger_fini(&ledger);
	fb_diags_fini(&diags);
	fb_appliance_destroy(appliance);
}

void lab_run(struct lab *lab, lab_body body, void *arg)
{
	int status;
	pid_t pid;

	for (uint32_t i = 0; i < lab->capture_cnt; i++)
		fflush(lab->captures[i]);
	fflush(NULL);
	pid = fork();
	cr_assert_geq(pid, 0);
	if (pid == 0) {
		child(lab, body, arg);
		exit(0); /* with the sanitizers' checks */
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0,
		"the run of the engine ended with status %x (exit 3: no start, 4: ledger, 5: a "
		"check, 6: too slow)",
		status);
}

_Noreturn void lab_fail(const char *file, int line, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fprintf(stderr, "%s:%d: ", file, line);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	_exit(5);
}

int lab_try_apply(struct fb_engine *engine, const char *name, const char *sql, char message[512])
{
	struct fb_buf full = {0};
	struct fb_diags diags;
	int rc;

	fb_diags_init(&diags, "lab.sql");
	rc = fb_engine_apply(engine, name, "lab.sql", fb_str_from(sql), &diags, &full);
	snprintf(message, 512, "%s",
		diags.cnt > 0 && diags.items[0].message ? diags.items[0].message : "");
	LAB_CHECK(
		(rc != 0) == (diags.error_cnt > 0), "code %d, but %zu errors", rc, diags.error_cnt);
	LAB_CHECK(rc != 0 || strcmp(full.p, name) == 0, "applied as %s", full.p);
	fb_buf_fini(&full);
	fb_diags_fini(&diags);
	return rc;
}

void lab_apply(struct fb_engine *engine, const char *name, const char *sql)
{
	char message[512];
	int rc = lab_try_apply(engine, name, sql, message);

	LAB_CHECK(rc == 0, "%s: %s", fb_strerror(rc), message);
}

void lab_receive(struct fb_engine *engine)
{
	struct fb_diags diags;

	fb_diags_init(&diags, "lab.yaml");
	LAB_CHECK(fb_engine_receive(engine, &diags) == 0, "the port does not start");
	fb_diags_fini(&diags);
}

/* Records framed by pipeline 0. */
static uint64_t check(struct fb_engine *engine)
{
	struct fb_engine_view view;
	struct fb_ledger ledger;
	uint64_t records;

	LAB_CHECK(fb_engine_view(engine, &view) == 0, "no view");
	LAB_CHECK(fb_ledger_make(&view, &ledger) == 0, "no ledger");
	for (uint32_t i = 0; i < ledger.line_cnt; i++)
		LAB_CHECK(ledger.lines[i].balanced, "%s: %s: %lu against %lu, %lu in flight",
			ledger.lines[i].scope, ledger.lines[i].name, ledger.lines[i].left,
			ledger.lines[i].right, ledger.lines[i].in_flight);
	records = ledger.view.pipeline_cnt ? ledger.view.pipelines[0].decode.records : 0;
	fb_ledger_fini(&ledger);
	return records;
}

void lab_check_ledger(struct fb_engine *engine)
{
	check(engine);
}

void lab_wait_records(struct fb_engine *engine, uint64_t records)
{
	struct timespec pause = {.tv_nsec = 10000000};

	for (int i = 0; i < 2000; i++) {
		uint64_t now = check(engine);

		if (now == records)
			return;
		LAB_CHECK(now < records, "%lu records, but only %lu were sent", now, records);
		nanosleep(&pause, NULL);
	}
	_exit(6);
}

static int save_row(
	void *arg, const struct fb_query_plan *plan, uint64_t seq, const struct fb_value *values)
{
	FILE *out = arg;

	for (uint32_t i = 0; i < plan->select_cnt; i++) {
		struct fb_buf text = {0};

		if (!values[i].is_null)
			fb_value_format(plan->sink->fields[i]->type, &values[i], &text);
		fprintf(out, "%s%s", i ? "," : "", values[i].is_null ? "NULL" : text.p);
		fb_buf_fini(&text);
	}
	fputc('\n', out);
	return 0;
}

void lab_save_rows(struct lab *lab, struct fb_engine *engine, const char *pipeline,
	const char *query, const char *name)
{
	char path[128];
	FILE *out;

	path_of(lab, name, path);
	out = fopen(path, "ae");
	LAB_CHECK(out != NULL, "no file");
	LAB_CHECK(
		fb_engine_results(engine, pipeline, query, UINT64_MAX, 1000000, save_row, out) == 0,
		"no results");
	fclose(out);
}

char *lab_sorted(struct lab *lab, const char *name)
{
	char command[192];
	char *text = calloc(1, 1u << 20);
	FILE *pipe;
	size_t len;

	snprintf(command, sizeof(command), "LC_ALL=C sort '%s/%s' 2>/dev/null", lab->folder, name);
	pipe = popen(command, "re");
	cr_assert(text != NULL && pipe != NULL);
	len = fread(text, 1, (1u << 20) - 1, pipe);
	text[len] = '\0';
	pclose(pipe);
	return text;
}
