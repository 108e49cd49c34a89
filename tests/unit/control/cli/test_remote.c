/* SPDX-License-Identifier: Apache-2.0 */
/* apply, status, ledger, drain and drop over a real Unix socket; the JSON is the API's
 * (control/api/view_json.c). */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/base/macro.h"
#include "server.h"

/* One answer to whatever is asked. */
struct canned {
	int status;
	json_t *json;
};

static int answer_canned(struct server *server, const char *method, const char *path,
	const char *query, json_t *body, json_t **ret_json)
{
	struct canned *canned = server->arg;

	*ret_json = json_incref(canned->json);
	return canned->status;
}

/* Runs a line against a server that answers `text` (JSON). */
static void ask(
	struct server *server, struct run *run, const char *line, int status, const char *text)
{
	json_error_t error;
	struct canned canned = {status, json_loads(text, 0, &error)};

	cr_assert_not_null(canned.json, "%s at %d:%d", error.text, error.line, error.column);
	server_start(server, answer_canned, &canned);
	run->socket = server->socket;
	run_line(run, line);
	json_incref(server->body); /* to be looked at after the stop */
	json_t *kept = server->body;

	server_stop(server);
	server->body = kept;
	json_decref(canned.json);
}

static bool has(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

static size_t longest_line(const char *text)
{
	size_t longest = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");

		longest = FB_MAX(longest, len);
		text += len + (text[len] == '\n');
	}
	return longest;
}

/* ---- apply ---- */

static void write_file(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	cr_assert_not_null(out);
	fputs(text, out);
	fclose(out);
}

static void temporary(char path[64], const char *text)
{
	snprintf(path, 64, "/tmp/forebay-cli-XXXXXX.sql");
	int fd = mkstemps(path, 4);

	cr_assert_geq(fd, 0);
	close(fd);
	write_file(path, text);
}

static const char *body_text(const struct server *server, const char *key)
{
	const char *text = json_string_value(json_object_get(server->body, key));

	return text ? text : "(none)";
}

Test(apply, sends_text_file_and_name)
{
	char path[64], line[128];
	struct server server;
	struct run run = {0};

	temporary(path, "SELECT '\xc3\xbc';\n");
	snprintf(line, sizeof(line), "apply --name test %s", path);
	ask(&server, &run, line, 201, "{\"name\": \"test\", \"diagnostics\": []}");
	cr_expect_eq(run.code, FB_EXIT_DONE, "%s", run.err);
	cr_expect_str_eq(run.out, "test: applied\n");
	cr_expect_str_eq(run.err, "");
	cr_expect_str_eq(server.asked, "POST /v1/pipelines\n");
	cr_expect_str_eq(body_text(&server, "sql"), "SELECT '\xc3\xbc';\n");
	cr_expect_str_eq(body_text(&server, "file"), path);
	cr_expect_str_eq(body_text(&server, "name"), "test");
	json_decref(server.body);
	run_fini(&run);

	/* Without --name the file's own name counts: nothing is sent. */
	snprintf(line, sizeof(line), "apply %s", path);
	ask(&server, &run, line, 201, "{\"name\": \"x\"}");
	cr_expect_null(json_object_get(server.body, "name"));
	json_decref(server.body);
	run_fini(&run);
	unlink(path);
}

#define REFUSAL                                                                                 \
	"{\"error\": \"SYNTAX\", \"message\": \"unexpected 'SELEC'\", \"diagnostics\": ["       \
	"{\"severity\": \"error\", \"file\": \"f\", \"line\": 2, \"column\": 3, \"length\": 5," \
	" \"message\": \"unexpected 'SELEC'\", \"hint\": \"did you mean SELECT?\"}]}"

/* The very text that `validate` prints for the same diagnostic; the message is not said twice. */
Test(apply, a_refusal_has_line_and_caret_once)
{
	char path[64], line[128], want[512];
	struct server server;
	struct run run = {0};

	temporary(path, "-- a\n  SELEC 1;\n");
	snprintf(line, sizeof(line), "apply %s", path);
	snprintf(want, sizeof(want),
		"%s:2:3: error: unexpected 'SELEC'\n"
		"    2 |   SELEC 1;\n"
		"      |   ^~~~~\n"
		"        hint: did you mean SELECT?\n",
		path);
	ask(&server, &run, line, 422, REFUSAL);
	cr_expect_eq(run.code, FB_EXIT_REFUSED);
	cr_expect_str_eq(run.err, want);
	cr_expect_str_eq(run.out, "");
	json_decref(server.body);
	run_fini(&run);
	unlink(path);
}

/* A script reads standard output, also when it is refused. */
Test(apply, a_refusal_as_json)
{
	char path[64], line[128];
	struct server server;
	struct run run = {0};

	temporary(path, "SELEC 1;\n");
	snprintf(line, sizeof(line), "apply -o json %s", path);
	ask(&server, &run, line, 422, REFUSAL);
	cr_expect_eq(run.code, FB_EXIT_REFUSED);
	json_t *got = json_loads(run.out, 0, NULL), *want = json_loads(REFUSAL, 0, NULL);

	cr_expect(json_equal(got, want), "%s", run.out);
	cr_expect_str_eq(run.err, "forebay apply: unexpected 'SELEC'\n");
	json_decref(got);
	json_decref(want);
	json_decref(server.body);
	run_fini(&run);
	unlink(path);
}

Test(apply, warnings_of_what_was_applied)
{
	char path[64], line[128];
	struct server server;
	struct run run = {0};

	temporary(path, "SELECT 1;\n");
	snprintf(line, sizeof(line), "apply %s", path);
	ask(&server, &run, line, 201,
		"{\"name\": \"a\", \"diagnostics\": [{\"severity\": \"warning\", \"line\": 1, "
		"\"column\": 8,"
		" \"length\": 1, \"message\": \"a constant\"}]}");
	cr_expect_eq(run.code, FB_EXIT_DONE);
	cr_expect_str_eq(run.out, "a: applied\n");
	cr_expect(has(run.err, ":1:8: warning: a constant\n"), "%s", run.err);
	cr_expect(has(run.err, "SELECT 1;\n      |        ^\n"), "%s", run.err);
	json_decref(server.body);
	run_fini(&run);
	unlink(path);
}

/* Refuses the first, takes the second. */
static int answer_in_turn(struct server *server, const char *method, const char *path,
	const char *query, json_t *body, json_t **ret_json)
{
	int *turn = server->arg;

	if ((*turn)++ == 0) {
		*ret_json = json_loads(REFUSAL, 0, NULL);
		return 422;
	}
	*ret_json = json_pack("{s:s}", "name", "second");
	return 201;
}

Test(apply, one_refused_file_does_not_keep_the_others_back)
{
	char one[64], two[64], line[256];
	struct server server;
	struct run run = {0};
	int turn = 0;

	temporary(one, "SELEC 1;\n");
	temporary(two, "SELECT 1;\n");
	snprintf(line, sizeof(line), "apply %s %s", one, two);
	server_start(&server, answer_in_turn, &turn);
	run.socket = server.socket;
	run_line(&run, line);
	server_stop(&server);
	cr_expect_eq(turn, 2);
	cr_expect_eq(run.code, FB_EXIT_REFUSED);
	cr_expect_str_eq(run.out, "second: applied\n");
	cr_expect(has(run.err, one), "%s", run.err);
	cr_expect(!has(run.err, two), "%s", run.err);
	run_fini(&run);
	unlink(one);
	unlink(two);
}

/* Nothing is asked: the socket does not exist, and yet it is not 3. */
Test(apply, wrong_usage)
{
	static const struct {
		const char *line, *says;
		int code;
	} cases[] = {
		{"apply", "", FB_EXIT_USAGE},
		{"apply --name x a.sql b.sql", "--name is for one file", FB_EXIT_USAGE},
		{"apply forebay.yaml", "", FB_EXIT_REFUSED},
		{"apply /nonexistent/a.sql", "not found", FB_EXIT_REFUSED},
		{"apply notes.txt", ".sql", FB_EXIT_USAGE},
	};

	for (size_t i = 0; i < FB_ARRAY_LEN(cases); i++) {
		struct run run = {.socket = "/nonexistent/s"};

		run_line(&run, cases[i].line);
		cr_expect_eq(run.code, cases[i].code, "%s: %d", cases[i].line, run.code);
		cr_expect(has(run.err, cases[i].says), "%s: %s", cases[i].line, run.err);
		cr_expect_gt(strlen(run.err), 0);
		run_fini(&run);
	}
}

/* ---- drain, drop ---- */

Test(drain, asks_with_its_timeout)
{
	struct server server;
	struct run run = {0};

	ask(&server, &run, "drain a --timeout 7", 200, "{\"name\": \"a\", \"state\": \"drained\"}");
	cr_expect_eq(run.code, FB_EXIT_DONE);
	cr_expect_str_eq(server.asked, "POST /v1/pipelines/a/drain?timeout_ms=7000\n");
	cr_expect(has(run.out, "a: drained"), "%s", run.out);
	run_fini(&run);

	ask(&server, &run, "drain a", 504,
		"{\"error\": \"TIMEOUT\", \"message\": \"'a' was not drained within 30000 ms\", "
		"\"hint\": \"rows stay\"}");
	cr_expect_eq(run.code, FB_EXIT_REFUSED);
	cr_expect_str_eq(server.asked, "POST /v1/pipelines/a/drain?timeout_ms=30000\n");
	cr_expect_str_eq(run.out, "");
	cr_expect_str_eq(
		run.err, "forebay drain: 'a' was not drained within 30000 ms\n  hint: rows stay\n");
	run_fini(&run);
}

Test(drop, names_are_escaped)
{
	struct server server;
	struct run run = {0};

	ask(&server, &run, "drop a%b?c", 200, "{\"name\": \"a%b?c\", \"state\": \"dropped\"}");
	cr_expect_eq(run.code, FB_EXIT_DONE, "%s", run.err);
	cr_expect_str_eq(server.asked, "DELETE /v1/pipelines/a%b?c\n");
	cr_expect_str_eq(run.out, "a%b?c: dropped\n");
	run_fini(&run);

	/* Not a way up in the path. */
	ask(&server, &run, "drop ..", 404,
		"{\"error\": \"NOT_FOUND\", \"message\": \"there is no pipeline '..'\"}");
	cr_expect_str_eq(server.asked, "DELETE /v1/pipelines/..\n");
	cr_expect_eq(run.code, FB_EXIT_REFUSED);
	run_fini(&run);
}

Test(remote, usage_and_nobody_there)
{
	static const struct {
		const char *line;
		int code;
	} cases[] = {
		{"drop", FB_EXIT_USAGE},
		{"drop a b", FB_EXIT_USAGE},
		{"drain a --timeout 0", FB_EXIT_USAGE},
		{"status a", FB_EXIT_USAGE},
		{"windows --limit 0", FB_EXIT_USAGE},
		{"windows --rows 3", FB_EXIT_USAGE},
		{"drop a", FB_EXIT_UNREACHABLE},
		{"drain a", FB_EXIT_UNREACHABLE},
		{"status", FB_EXIT_UNREACHABLE},
		{"ledger", FB_EXIT_UNREACHABLE},
		{"ledger -o json", FB_EXIT_UNREACHABLE},
		{"windows", FB_EXIT_UNREACHABLE},
		{"windows --follow", FB_EXIT_UNREACHABLE},
	};

	for (size_t i = 0; i < FB_ARRAY_LEN(cases); i++) {
		struct run run = {.socket = "/nonexistent/s"};

		run_line(&run, cases[i].line);
		cr_expect_eq(run.code, cases[i].code, "%s: %d", cases[i].line, run.code);
		cr_expect_str_eq(run.out, "", "%s", cases[i].line);
		cr_expect_gt(strlen(run.err), 0, "%s", cases[i].line);
		run_fini(&run);
	}
}

/* ---- status ---- */

#define STATUS_HEAD                                                                        \
	"{\"name\": \"box\", \"version\": \"0.1.0\", \"kernels\": \"avx2\", \"started\": " \
	"\"2026-01-01 00:00:00.000\","                                                     \
	" \"uptime_seconds\": 93784.0,"
#define STORE_CALM                                                                        \
	"\"store\": {\"disk_bytes\": 1500000000, \"memtable_bytes\": 0, \"commits\": 3, " \
	"\"commit_errors\": 0,"                                                           \
	" \"write_stall\": false}"

static const char calm[] = STATUS_HEAD
	"\"unclean_start\": false, \"store_error\": null,"
	"\"ports\": [{\"name\": \"p0\", \"device\": \"0000:01:00.0\", \"queues\": 2, \"link_up\": "
	"true,"
	" \"stats\": {\"received_packets\": 1234567, \"received_bytes\": 98765432, "
	"\"missed_packets\": 0, \"no_mbuf\": 0,"
	"  \"rx_errors\": 0}, \"dispositions\": {\"stream\": 1234500, \"arp_answered\": 3, "
	"\"arp_other\": 4,"
	"  \"udp_port\": 60}}],"
	"\"streams\": [{\"table\": \"people\", \"port\": \"p0\", \"udp_port\": 5000, "
	"\"datagrams\": 1234500, \"bytes\": 1,"
	" \"unread_datagrams\": 0}],"
	"\"workers\": [{\"index\": 0, \"core\": 7, \"packets\": 1234567, \"busy_seconds\": 25.0, "
	"\"idle_seconds\": 75.0,"
	" \"longest_gap_us\": 12.4}],"
	"\"pipelines\": [{\"name\": \"cities\", \"state\": \"running\", \"stream\": \"people\","
	" \"watermark\": null, \"decode\": {\"records\": 12345000, \"rejected\": {\"arity\": 2, "
	"\"number\": 3}},"
	" \"checkpoint\": {\"count\": 9, \"age_seconds\": 2.4, \"bytes\": 1100000, "
	"\"duration_seconds\": 0.0031, \"error\": \"\", \"recovered_datagrams\": 0},"
	" \"queries\": [{\"name\": \"totals\", \"sink\": \"totals\", \"connector\": \"print\", "
	"\"windowed\": true,"
	"  \"dispositions\": {\"accepted\": 100, \"late\": 20, \"filtered\": 3}, \"windows\": 4, "
	"\"result_rows\": 5,"
	"  \"delivery\": {\"delivered\": 5, \"pending\": 0, \"waiting\": false, \"message\": \"\", "
	"\"last_ok\": null}}]}]," STORE_CALM "}";

/* The line that begins with `head`, blanks squeezed. */
static const char *row(const char *text, const char *head, char line[256])
{
	size_t n = 0;
	const char *at = text;

	while (at && strncmp(at, head, strlen(head)) != 0) {
		at = strchr(at, '\n');
		at += at != NULL;
	}
	for (; at && *at && *at != '\n' && n < 255; at++)
		if (*at != ' ' || (n && line[n - 1] != ' '))
			line[n++] = *at;
	line[n] = '\0';
	return line;
}

Test(status, rows_for_people)
{
	struct server server;
	struct run run = {0};
	char line[256];

	ask(&server, &run, "status", 200, calm);
	cr_expect_eq(run.code, FB_EXIT_DONE);
	cr_expect_str_eq(server.asked, "GET /v1/status\n");
	cr_expect(has(run.out, "box: forebay 0.1.0, avx2 kernels, up 1 d 2 h, store 1.5 GB\n"),
		"%s", run.out);
	/* NOT TAKEN: what is neither a stream's nor answered. */
	cr_expect_str_eq(row(run.out, "p0", line), "p0 up 2 1,234,567 98.8 MB 0 64 0000:01:00.0");
	cr_expect_str_eq(row(run.out, "people", line), "people p0 5000 1,234,500 1 B 0");
	cr_expect(has(run.out, " 7  1,234,567  25.0 %"), "%s", run.out);
	cr_expect_str_eq(row(run.out, "cities ", line), "cities running people 12,345,000 5 - 2 s ago");
	cr_expect_str_eq(row(run.out, "cities/", line), "cities/totals 100 20 3 4 5");
	cr_expect(has(run.out, "cities/totals  print  ok"), "%s", run.out);
	/* Nothing is wrong, so nothing says so. */
	cr_expect(!has(run.out, "!"), "%s", run.out);
	cr_expect(!has(run.out, "\033"), "%s", run.out);
	cr_expect_str_eq(run.err, "");
	cr_expect_leq(longest_line(run.out), 80);
	run_fini(&run);
}

Test(status, as_json_is_the_answer_as_it_is)
{
	struct server server;
	struct run run = {0};
	json_t *want = json_loads(calm, 0, NULL);

	ask(&server, &run, "status -o json", 200, calm);
	json_t *got = json_loads(run.out, 0, NULL);

	cr_expect(json_equal(got, want), "%s", run.out);
	cr_expect_str_eq(run.err, "");
	json_decref(got);
	json_decref(want);
	run_fini(&run);
}

static const char trouble[] = STATUS_HEAD
	"\"unclean_start\": true, \"store_error\": \"no space left\","
	"\"ports\": [{\"name\": \"p0\", \"device\": \"d\", \"queues\": 1, \"link_up\": false,"
	" \"stats\": {\"missed_packets\": 1200, \"no_mbuf\": 30, \"rx_errors\": 4}, "
	"\"dispositions\": {}}],"
	"\"streams\": [], \"workers\": [],"
	"\"pipelines\": [{\"name\": \"a\", \"state\": \"running\", \"queries\": [{\"name\": \"q\", "
	"\"sink\": \"q\","
	" \"connector\": \"kafka\", \"windowed\": true, \"dispositions\": {\"state_full\": 7, "
	"\"output_full\": 8},"
	" \"sum_overflows\": 2, \"dropped_groups\": 9, \"delivery\": {\"pending\": 4321, "
	"\"waiting\": true,"
	" \"message\": \"broker\\u001b[2J\\nsays \\u009bno\"}}]}],"
	"\"store\": {\"disk_bytes\": 0, \"memtable_bytes\": 0, \"commit_errors\": 1, "
	"\"write_stall\": true}}";

Test(status, what_is_wrong_stands_first)
{
	static const char *const says[] = {
		"! the run before this one did not stop in order",
		"! store: no space left; results wait in memory\n",
		"! store: writes are held back",
		"! port p0: link is down\n",
		"! port p0: 1,200 packets missed: ",
		"! port p0: 30 packets lost: no packet buffer was free (memory.packet_mb)\n",
		"! port p0: 4 packets lost: ",
		/* What a broker says does not move the cursor, nor begins a line. */
		"! sink of a/q is waiting: broker?[2J?says ?no; 4,321 rows wait in the store\n",
		"! a/q has refused 7 records of new groups: its state is full (memory.state_mb)\n",
		"! a/q has refused 8 rows: ",
		"! a/q: 2 sums have wrapped\n",
		"! a/q: 9 groups gave no row",
	};
	struct server server;
	struct run run = {0};

	ask(&server, &run, "status", 200, trouble);
	cr_expect_eq(run.code, FB_EXIT_DONE);
	const char *table = strstr(run.out, "PORT");

	for (size_t i = 0; i < FB_ARRAY_LEN(says); i++) {
		const char *at = strstr(run.out, says[i]);

		cr_expect_not_null(at, "'%s' in:\n%s", says[i], run.out);
		cr_expect(at < table, "%s", says[i]);
	}
	cr_expect(has(run.out, "a/q   kafka  WAITING"), "%s", run.out);
	run_fini(&run);
}

Test(status, nothing_applied_yet)
{
	struct server server;
	struct run run = {0};

	ask(&server, &run, "status", 200, STATUS_HEAD "\"ports\": [], \"pipelines\": []}");
	cr_expect_eq(run.code, FB_EXIT_DONE);
	cr_expect(has(run.out, "no pipeline yet: forebay apply FILE.sql\n"), "%s", run.out);
	run_fini(&run);
}

/* Members that a newer or older appliance does not have, or of another type: no crash. */
Test(status, another_shape)
{
	static const char *const answers[] = {"{}", "[]",
		"{\"ports\": 3, \"pipelines\": {\"a\": 1}}",
		"{\"ports\": [null, 1, []], \"pipelines\": [{\"queries\": [7]}]}",
		"{\"store\": \"x\"}"};

	for (size_t i = 0; i < FB_ARRAY_LEN(answers); i++) {
		struct server server;
		struct run run = {0};

		ask(&server, &run, "status", 200, answers[i]);
		cr_expect_eq(run.code, FB_EXIT_DONE, "%s", answers[i]);
		run_fini(&run);
		ask(&server, &run, "ledger", 200, answers[i]);
		cr_expect_eq(run.code, FB_EXIT_REFUSED, "%s", answers[i]);
		run_fini(&run);
	}
}

/* ---- ledger ---- */

#define LEDGER_REST                                                                               \
	"\"ports\": [{\"name\": \"p0\", \"dispositions\": {\"stream\": 90, \"arp_answered\": 0, " \
	"\"ip_checksum\": 10}}],"                                                                 \
	"\"pipelines\": [{\"name\": \"a\", \"decode\": {\"rejected\": {\"arity\": 0, \"quote\": " \
	"11}},"                                                                                   \
	" \"queries\": [{\"name\": \"q\", \"dispositions\": {\"accepted\": 1000, \"late\": 25, "  \
	"\"filtered\": 0}}]}]}"

static const char balanced[] = "{\"balanced\": true, \"unclean_start\": false, \"lines\": ["
			       "{\"scope\": \"port p0\", \"equation\": \"classified = sum of "
			       "dispositions\", \"left\": 100, \"right\": 100,"
			       " \"in_flight\": 0, \"balanced\": true},"
			       "{\"scope\": \"port p0\", \"equation\": \"received = classified by "
			       "workers\", \"left\": 1003, \"right\": 1000,"
			       " \"in_flight\": 3, \"balanced\": true}]," LEDGER_REST;

static const char unbalanced[] = "{\"balanced\": false, \"unclean_start\": true, \"lines\": ["
				 "{\"scope\": \"query a/q\", \"equation\": \"decoded = sum of "
				 "dispositions\", \"left\": 1030, \"right\": 1025,"
				 " \"in_flight\": 0, \"balanced\": false},"
				 "{\"scope\": \"query a/q\", \"equation\": \"result rows = "
				 "delivered + pending\", \"left\": 5, \"right\": 7,"
				 " \"in_flight\": 0, \"balanced\": false}]," LEDGER_REST;

Test(ledger, both_sides_and_every_reason)
{
	struct server server;
	struct run run = {.unicode = true, .width = 80};
	char line[256];

	ask(&server, &run, "ledger", 200, balanced);
	cr_expect_eq(run.code, FB_EXIT_DONE);
	cr_expect_str_eq(server.asked, "GET /v1/ledger\n");
	/* The scope once, above its equations. */
	cr_expect_eq(strncmp(run.out, "port p0\n  \u2713  classified ", 24), 0, "%s", run.out);
	cr_expect_str_eq(row(run.out, "  \u2713  received", line), "\u2713 received 1,003");
	cr_expect_str_eq(
		row(run.out, "     = classified by", line), "= classified by workers 1,000");
	cr_expect_str_eq(row(run.out, "     + under way", line), "+ under way 3");
	cr_expect_str_eq(row(run.out, "port p0  ", line), "port p0 90 stream datagram of a stream");
	cr_expect(has(run.out, "10  ip_checksum  IPv4 header checksum wrong\n"), "%s", run.out);
	cr_expect(has(run.out, "11  quote "), "%s", run.out);
	cr_expect(has(run.out, "25  late "), "%s", run.out);
	cr_expect(!has(run.out, "filtered") && !has(run.out, "arity"), "%s", run.out);
	cr_expect(has(run.out, "\nthe ledger balances\n"), "%s", run.out);
	/* Bytes are a bound of columns. */
	cr_expect_leq(longest_line(run.out), 80 + 2);
	run_fini(&run);
}

Test(ledger, what_does_not_balance_is_an_exit_code)
{
	struct server server;
	struct run run = {0};
	char line[256];

	ask(&server, &run, "ledger", 200, unbalanced);
	cr_expect_eq(run.code, FB_EXIT_REFUSED);
	cr_expect(has(run.out, "query a/q\n  NO  decoded "), "%s", run.out);
	cr_expect_str_eq(row(run.out, "        TOO FEW BY", line), "TOO FEW BY 5");
	cr_expect_str_eq(row(run.out, "        TOO MANY BY", line), "TOO MANY BY 2");
	cr_expect(has(run.out, "the ledger DOES NOT BALANCE\n"), "%s", run.out);
	cr_expect(has(run.out, "! the run before this one did not stop in order"), "%s", run.out);
	/* No mark where there is no UTF-8. */
	for (const char *p = run.out; *p; p++)
		cr_assert((unsigned char)*p < 0x80, "%s", run.out);
	run_fini(&run);

	ask(&server, &run, "ledger -o json", 200, unbalanced);
	cr_expect_eq(run.code, FB_EXIT_REFUSED);
	json_t *got = json_loads(run.out, 0, NULL), *want = json_loads(unbalanced, 0, NULL);

	cr_expect(json_equal(got, want), "%s", run.out);
	json_decref(got);
	json_decref(want);
	run_fini(&run);
}
