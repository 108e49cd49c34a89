/* SPDX-License-Identifier: Apache-2.0 */
/* log against a server that has two cores' datagrams and gives two a page. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/base/macro.h"
#include "server.h"

#define PAGE 2

/* Payloads of core 0 and 1; one with a terminal's escape, one that is no UTF-8, one without line
 * end. */
static const char *const payloads[2][6] = {
	{"a,1\n", "b,2\nc,3\n", "\033[31mred\n", "\377\376", "last", NULL},
	{"x,1\n", "y,2\n", NULL}};

static uint64_t parameter(const char *query, const char *key, uint64_t missing)
{
	const char *at = strstr(query, key);

	return at ? strtoull(at + strlen(key), NULL, 10) : missing;
}

static json_t *hex(const char *payload)
{
	char text[64];

	for (size_t i = 0; i <= strlen(payload); i++)
		snprintf(text + 2 * i, 3, "%02x", (unsigned char)payload[i]);
	text[2 * strlen(payload)] = '\0';
	return json_string(text);
}

static json_t *datagrams(
	uint64_t core, uint64_t from, uint64_t limit, uint64_t *ret_next, bool *ret_end)
{
	json_t *array = json_array();

	for (*ret_next = from;
		payloads[core][*ret_next] && json_array_size(array) < FB_MIN(limit, PAGE);
		(*ret_next)++)
		json_array_append_new(array,
			json_pack("{s:I, s:I, s:s, s:s, s:I, s:o}", "seq", (json_int_t)*ret_next,
				"arrival_ns",
				(json_int_t)(1767225600123456789 + (json_int_t)*ret_next),
				"watermark", "none", "source", "10.9.0.2", "source_port",
				(json_int_t)4000, "payload", hex(payloads[core][*ret_next])));
	*ret_end = payloads[core][*ret_next] == NULL;
	return array;
}

static json_t *span(int core, int first, int last)
{
	return json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:s, s:s, s:b}", "core", core, "first_seq",
		first, "last_seq", last, "datagrams", last - first + 1, "payload_bytes", 2000,
		"stored_bytes", 1000, "from", "2026-01-01 00:00:00.123", "to",
		"2026-01-01 00:00:01.000", "tail", first > 0);
}

static int answer(struct server *server, const char *method, const char *path, const char *query,
	json_t *body, json_t **ret_json)
{
	uint64_t core = parameter(query, "core=", 0);
	uint64_t next;
	bool end;

	if (strcmp(path, "/v1/log") == 0) {
		json_t *stream =
			json_pack("{s:s, s:[o]}", "table", "people", "lanes", span(0, 0, 4));

		json_object_set_new(json_array_get(json_object_get(stream, "lanes"), 0), "blocks",
			json_integer(2));
		*ret_json = json_pack("{s:[o]}", "streams", stream);
	} else if (strcmp(path, "/v1/log/people") == 0) {
		*ret_json = json_pack("{s:s, s:{s:s, s:i}, s:s, s:[o, o, o]}", "table", "people",
			"destination", "address", "10.9.0.1/24", "udp_port", 5000, "framing",
			server->arg == (void *)2 ? "binary" : "newline", "spans",
			span(0, 0, 2), span(0, 3, 4), span(1, 0, 1));
	} else if (strcmp(path, "/v1/log/people/datagrams") == 0) {
		json_t *array = datagrams(core, parameter(query, "from_seq=", 0),
			parameter(query, "limit=", 1000), &next, &end);

		*ret_json = json_pack("{s:I, s:b, s:o, s:{s:i}}", "next_seq", (json_int_t)next,
			"end", end, "datagrams", array, "damage", "datagrams",
			server->arg == (void *)1 && core == 1 && end ? 7 : 0);
	} else {
		*ret_json = json_pack("{s:s, s:s}", "error", "NOT_FOUND", "message",
			"the raw log has nothing of it");
		return 404;
	}
	return 200;
}

static void ask(struct run *run, const char *line, void *damaged)
{
	struct server server;

	*run = (struct run){0};
	server_start(&server, answer, damaged);
	run->socket = server.socket;
	run_line(run, line);
	server_stop(&server);
}

Test(log, list_is_a_line_per_lane_and_per_file)
{
	struct run run;

	ask(&run, "log list", NULL);
	cr_expect_eq(run.code, FB_EXIT_DONE);
	cr_expect_not_null(strstr(run.out, "people     0       2          5"), "%s", run.out);
	run_fini(&run);
	ask(&run, "log list people", NULL);
	cr_expect_eq(run.code, FB_EXIT_DONE);
	cr_expect_not_null(strstr(run.out, "file"), "%s", run.out);
	cr_expect_not_null(strstr(run.out, "tail"));
	run_fini(&run);
}

Test(log, show_is_a_line_per_datagram_and_moves_no_cursor)
{
	struct run run;

	ask(&run, "log show people --limit 3", NULL);
	cr_expect_eq(run.code, FB_EXIT_DONE);
	cr_expect_str_eq(run.out,
		" 0          0  2026-01-01 00:00:00.123456         10.9.0.2:4000      4  a,1 \n"
		" 0          1  2026-01-01 00:00:00.123456         10.9.0.2:4000      8  b,2 c,3 \n"
		" 0          2  2026-01-01 00:00:00.123456         10.9.0.2:4000      9  ?[31mred "
		"\n"
		" 1          0  2026-01-01 00:00:00.123456         10.9.0.2:4000      4  x,1 \n"
		" 1          1  2026-01-01 00:00:00.123456         10.9.0.2:4000      4  y,2 \n",
		"%s", run.out);
	run_fini(&run);
}

Test(log, payload_is_what_came_core_after_core_over_pages)
{
	struct run run;

	ask(&run, "log export people --format payload", NULL);
	cr_expect_eq(run.code, FB_EXIT_DONE);
	cr_expect_str_eq(run.out, "a,1\nb,2\nc,3\n\033[31mred\n\377\376\nlast\nx,1\ny,2\n");
	run_fini(&run);
	ask(&run, "log export people --format payload --core 1", NULL);
	cr_expect_str_eq(run.out, "x,1\ny,2\n");
	run_fini(&run);
}

Test(log, json_keeps_what_is_no_text_in_hexadecimal)
{
	struct run run;
	json_t *line;

	ask(&run, "log export people --format json --core 0", NULL);
	cr_expect_eq(run.code, FB_EXIT_DONE);
	line = json_loads(run.out, JSON_DISABLE_EOF_CHECK, NULL);
	cr_assert_not_null(line, "%s", run.out);
	cr_expect_str_eq(json_string_value(json_object_get(line, "payload")), "a,1\n");
	cr_expect_eq(json_integer_value(json_object_get(line, "arrival_ns")), 1767225600123456789);
	json_decref(line);
	cr_expect_not_null(strstr(run.out, "\"payload_hex\":\"fffe\""), "%s", run.out);
	run_fini(&run);
}

static uint32_t word(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

/* draft-ietf-opsawg-pcapng, sections 4.1 to 4.3. */
Test(log, pcapng_has_a_frame_for_each_datagram)
{
	char path[] = "/tmp/fb-log-XXXXXX";
	char line[128];
	uint8_t bytes[4096];
	size_t len, at = 0;
	uint32_t frames = 0;
	struct run run;
	FILE *file;
	int fd = mkstemp(path);

	cr_assert_geq(fd, 0);
	snprintf(line, sizeof(line), "log export people --file %s", path);
	ask(&run, line, NULL);
	cr_expect_eq(run.code, FB_EXIT_DONE);
	cr_expect_not_null(strstr(run.err, "7 datagrams exported"), "%s", run.err);
	run_fini(&run);
	file = fdopen(fd, "rb");
	len = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	remove(path);
	cr_assert_eq(word(bytes), 0x0a0d0d0au);
	cr_assert_eq(word(bytes + 8), 0x1a2b3c4du);
	while (at < len) {
		uint32_t size = word(bytes + at + 4);

		cr_assert_eq(size % 4, 0u);
		cr_assert_leq(at + size, len);
		cr_assert_eq(word(bytes + at + size - 4), size);
		if (word(bytes + at) == 6) {
			uint64_t ns = (uint64_t)word(bytes + at + 12) << 32 | word(bytes + at + 16);

			cr_assert_eq(ns / 1000, 1767225600123456u);
			if (frames == 0) {
				cr_assert_eq(word(bytes + at + 20), 42u + 4u);
				cr_assert_eq(memcmp(bytes + at + 28 + 42, "a,1\n", 4), 0);
			}
			frames++;
		}
		at += size;
	}
	cr_assert_eq(at, len);
	cr_assert_eq(frames, 7u);
}

Test(log, damage_is_told)
{
	struct run run;

	ask(&run, "log export people --format payload", (void *)1);
	cr_expect_eq(run.code, FB_EXIT_DONE);
	cr_expect_str_eq(run.err, "! 7 datagrams are in damaged blocks and were skipped\n");
	run_fini(&run);
}

static void put_declaration(char path[64], const char *sql)
{
	FILE *file;

	strcpy(path, "/tmp/fb-log.XXXXXX.sql");
	file = fdopen(mkstemps(path, 4), "w");
	cr_assert_not_null(file);
	fputs(sql, file);
	fclose(file);
}

Test(log, records_are_decoded_by_the_declaration)
{
	char path[64], line[160];
	struct run run;

	put_declaration(path, "CREATE TABLE people (k STRING, n INT, twice AS n * 2) "
			      "WITH ('connector'='udp', 'port'='5000', 'format'='csv') -- and no semicolon");
	snprintf(line, sizeof(line), "log export people --table %s --format csv", path);
	ask(&run, line, NULL);
	cr_expect_eq(run.code, FB_EXIT_DONE);
	cr_expect_str_eq(run.out, "a,1,2\nb,2,4\nc,3,6\nx,1,2\ny,2,4\n");
	cr_expect_str_eq(run.err, "! 3 of 8 records are malformed and were left out: 3 arity\n");
	run_fini(&run);
	snprintf(line, sizeof(line), "log export people --core 1 --table %s --format json", path);
	ask(&run, line, NULL);
	cr_expect_str_eq(run.out, "{\"k\":\"x\",\"n\":1,\"twice\":2}\n{\"k\":\"y\",\"n\":2,\"twice\":4}\n");
	run_fini(&run);
	ask(&run, line, (void *)2);
	cr_expect_eq(run.code, FB_EXIT_REFUSED);
	cr_expect_not_null(strstr(run.err, "records of 'people' are binary"), "%s", run.err);
	run_fini(&run);
	unlink(path);
	/* Errors of the file are told with their place. */
	put_declaration(path, "CREATE TABLE people (k STRING, n INT) WITH ('connector'='udp', 'port'='x', 'format'='csv');");
	snprintf(line, sizeof(line), "log export people --table %s --format csv", path);
	ask(&run, line, NULL);
	cr_expect_eq(run.code, FB_EXIT_REFUSED);
	cr_expect_not_null(strstr(run.err, ":1:64: error: 'port' cannot be 'x'"), "%s", run.err);
	run_fini(&run);
	unlink(path);
}

Test(log, wrong_usage_says_what_is_meant)
{
	static const struct {
		const char *line, *words;
	} wrong[] = {
		{"log frobnicate", "list, show or export"},
		{"log show", "which stream"},
		{"log export", "which stream"},
		{"log export people --format csv", "add --table FILE.sql"},
		{"log export people --table x.sql", "add --format csv, or json"},
		{"log show people --core x", "--core 'x' is no number"},
		{"log show people --from yesterday", "--from 'yesterday' is no time"},
	};
	struct run run;

	for (size_t i = 0; i < FB_ARRAY_LEN(wrong); i++) {
		ask(&run, wrong[i].line, NULL);
		cr_expect_eq(run.code, FB_EXIT_USAGE, "%s", wrong[i].line);
		cr_expect_not_null(
			strstr(run.err, wrong[i].words), "%s: %s", wrong[i].line, run.err);
		run_fini(&run);
	}
	ask(&run, "log show others", NULL);
	cr_expect_eq(run.code, FB_EXIT_REFUSED);
	cr_expect_not_null(strstr(run.err, "nothing of it"), "%s", run.err);
	run_fini(&run);
}
