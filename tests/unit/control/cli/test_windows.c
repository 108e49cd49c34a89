/* SPDX-License-Identifier: Apache-2.0 */
/* windows, once and following, against a store of rows that grows, is cut and is replaced while it
 * is read. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "config/base/macro.h"
#include "server.h"

/* Rows [first, end) exist; row n is [n, "text n"]. What step() does comes before the answer to each
 * request. */
struct rows {
	uint64_t first, end;
	uint32_t requests;
	void (*step)(struct rows *rows, uint32_t request);
	const char *second_column;
	bool dropped;
};

static uint64_t parameter(const char *query, const char *key, uint64_t missing)
{
	const char *at = strstr(query, key);

	return at ? strtoull(at + strlen(key), NULL, 10) : missing;
}

/* As control/api/routes.c has it: up to `limit` rows below `before`, oldest first; columns only
 * with rows. */
static int answer_rows(struct server *server, const char *method, const char *path,
	const char *query, json_t *body, json_t **ret_json)
{
	struct rows *rows = server->arg;

	if (rows->step)
		rows->step(rows, rows->requests);
	rows->requests++;
	if (rows->dropped) {
		*ret_json = json_pack(
			"{s:s, s:s}", "error", "NOT_FOUND", "message", "there is no pipeline 'a'");
		return 404;
	}
	uint64_t before = parameter(query, "before=", UINT64_MAX);
	uint64_t limit = parameter(query, "limit=", 20);
	uint64_t end = FB_MAX(FB_MIN(before, rows->end), rows->first);
	uint64_t from = end - FB_MIN(limit, end - rows->first);
	json_t *columns, *array = json_array();

	for (uint64_t n = from; n < end; n++)
		json_array_append_new(
			array, json_pack("[I, o]", (json_int_t)n, json_sprintf("text %d", (int)n)));
	columns = end == from
			  ? json_array()
			  : json_pack("[{s:s, s:b}, {s:s, s:b}]", "name", "n", "number", 1, "name",
				    rows->second_column ? rows->second_column : "t", "number", 0);
	*ret_json = json_pack("{s:s, s:I, s:I, s:o, s:o}", "pipeline", "a", "first_seq",
		(json_int_t)(end > from ? from : 0), "next_seq", (json_int_t)(end > from ? end : 0),
		"columns", columns, "rows", array);
	return 200;
}

static void show(struct server *server, struct run *run, struct rows *rows, const char *line)
{
	server_start(server, answer_rows, rows);
	run->socket = server->socket;
	run_line(run, line);
	server_stop(server);
}

Test(windows, last_rows_under_aligned_heads)
{
	struct rows rows = {.first = 0, .end = 1001};
	struct server server;
	struct run run = {0};

	show(&server, &run, &rows, "windows a --query q/1 --limit 3");
	cr_expect_eq(run.code, FB_EXIT_DONE);
	cr_expect_str_eq(server.asked, "GET /v1/windows?limit=3&pipeline=a&query=q/1\n");
	cr_expect_str_eq(run.out, "   n  t\n"
				  " 998  text 998\n"
				  " 999  text 999\n"
				  "1000  text 1000\n");
	run_fini(&run);
}

Test(windows, without_rows_nothing_is_on_standard_output)
{
	struct rows rows = {0};
	struct server server;
	struct run run = {0};

	show(&server, &run, &rows, "windows");
	cr_expect_eq(run.code, FB_EXIT_DONE);
	cr_expect_str_eq(server.asked, "GET /v1/windows?limit=20\n");
	cr_expect_str_eq(run.out, "");
	cr_expect_str_eq(run.err, "no window is complete yet\n");
	run_fini(&run);
}

static int answer_corrected(struct server *server, const char *method, const char *path,
	const char *query, json_t *body, json_t **ret_json)
{
	*ret_json = json_loads("{\"first_seq\": 4, \"next_seq\": 8, \"columns\": [{\"name\": \"n\", \"number\": true}],"
			       "\"rows\": [[1], [2], [3], [4]], \"windows\": ["
			       "{\"first_seq\": 3, \"rows\": 2, \"revision\": 0, \"deletes\": 0, \"updates\": 0},"
			       "{\"first_seq\": 5, \"rows\": 3, \"revision\": 2, \"deletes\": 1, \"updates\": 1}]}",
		0, NULL);
	return 200;
}

Test(windows, corrected_rows_say_their_revision)
{
	struct server server;
	struct run run = {0};

	server_start(&server, answer_corrected, NULL);
	run.socket = server.socket;
	run_line(&run, "windows");
	cr_expect_str_eq(run.out,
		"revision  n\n"
		"0         1\n"
		"2 -D      2\n"
		"2 +U      3\n"
		"2 +I      4\n",
		"%s", run.out);
	run_fini(&run);
	server_stop(&server);
}

static int answer_json(struct server *server, const char *method, const char *path,
	const char *query, json_t *body, json_t **ret_json)
{
	*ret_json = json_incref(server->arg);
	return 200;
}

#define VALUES                                                                            \
	"{\"pipeline\": \"a\", \"first_seq\": 0, \"next_seq\": 2, \"columns\": ["         \
	"{\"name\": \"city\", \"number\": false}, {\"name\": \"avg\", \"number\": true}," \
	"{\"name\": \"ok\", \"number\": false}], \"rows\": ["                             \
	"[\"M\\u00fcnchen\", 0.1, true], [\"\\u001b]0;x\\u0007\\u009b2J\", null, null]]}"

/* Numbers to the right, NULL told apart from empty text, and a sender's bytes move no cursor. */
Test(windows, values)
{
	struct server server;
	struct run run = {0};
	json_t *json = json_loads(VALUES, 0, NULL);

	server_start(&server, answer_json, json);
	run.socket = server.socket;
	run_line(&run, "windows");
	cr_expect_str_eq(run.out,
		"city        avg  ok\n"
		"M\xc3\xbcnchen     0.1  true\n"
		"?]0;x??2J  NULL  NULL\n",
		"%s", run.out);
	run_fini(&run);
	run_line(&run, "windows -o json");
	json_t *got = json_loads(run.out, 0, NULL);

	cr_expect(json_equal(got, json), "%s", run.out);
	json_decref(got);
	run_fini(&run);
	server_stop(&server);
	json_decref(json);
}

/* ---- following ---- */

/* Every number of `text` that begins a line is the one behind the last, from `from` to `to`. */
static void expect_run(const char *text, uint64_t from, uint64_t to)
{
	uint64_t want = from;

	for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
		char *end;
		uint64_t n = strtoull(line, &end, 10);

		if (end == line)
			continue; /* the heads */
		cr_assert_eq(n, want, "row %zu where %zu should be:\n%.2000s", (size_t)n,
			(size_t)want, text);
		want++;
	}
	cr_assert_eq(want, to, "ends before %zu, not before %zu", (size_t)want, (size_t)to);
}

static uint32_t count(const char *text, const char *part)
{
	uint32_t cnt = 0;

	for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part))
		cnt++;
	return cnt;
}

/* Nothing first; then a few rows, then more than a page at once. */
static void grow(struct rows *rows, uint32_t request)
{
	if (request == 2)
		rows->end = 3;
	if (request == 5)
		rows->end = 1700;
}

Test(windows, follows_without_gap_or_repetition)
{
	struct rows rows = {.step = grow};
	struct server server;
	struct run run = {0};

	show(&server, &run, &rows, "windows a --follow --rows 1690");
	cr_expect_eq(run.code, FB_EXIT_DONE);
	/* --rows is kept to the row. */
	expect_run(run.out, 0, 1690);
	cr_expect_eq(count(run.out, "  t\n"), 1, "heads once");
	cr_expect_str_eq(run.err, "");
	run_fini(&run);
}

Test(windows, follows_from_the_last_rows_on)
{
	struct rows rows = {.end = 100, .step = grow};
	struct server server;
	struct run run = {0};

	/* The old ones count too, and no more than wanted are shown. */
	show(&server, &run, &rows, "windows --follow --limit 10 --rows 4");
	cr_expect_eq(run.code, FB_EXIT_DONE);
	expect_run(run.out, 90, 94);
	run_fini(&run);
}

static void replace(struct rows *rows, uint32_t request)
{
	if (request == 1) {
		rows->end = 2;
		rows->second_column = "other";
	}
}

/* Dropped and applied again, with other columns: rows count from the start. */
Test(windows, follows_a_pipeline_that_is_applied_anew)
{
	struct rows rows = {.end = 50, .step = replace};
	struct server server;
	struct run run = {0};

	show(&server, &run, &rows, "windows --follow --limit 2 --rows 4");
	cr_expect_eq(run.code, FB_EXIT_DONE);
	cr_expect_str_eq(
		run.out, " n  t\n48  text 48\n49  text 49\nn  other\n0  text 0\n1  text 1\n");
	cr_expect_str_eq(run.err, "forebay windows: the pipeline was applied anew\n");
	run_fini(&run);
}

static void cut(struct rows *rows, uint32_t request)
{
	if (request == 1) {
		rows->first = 5000;
		rows->end = 5003;
	}
}

/* Retention has removed rows before they were asked for: it goes on with what there is. */
Test(windows, follows_over_rows_that_are_gone)
{
	for (uint64_t end = 0; end <= 10; end += 10) {
		struct rows rows = {.end = end, .step = cut};
		struct server server;
		struct run run = {0};
		char line[64];

		snprintf(line, sizeof(line), "windows --follow --limit 10 --rows %d", (int)end + 3);
		show(&server, &run, &rows, line);
		cr_expect_eq(run.code, FB_EXIT_DONE);
		cr_expect_not_null(
			strstr(run.out, "5000  text 5000\n5001  text 5001\n5002  text 5002\n"),
			"%s", run.out);
		run_fini(&run);
	}
}

Test(windows, follows_as_an_object_per_line)
{
	struct rows rows = {.step = grow};
	struct server server;
	struct run run = {0};

	show(&server, &run, &rows, "windows --follow --rows 3 -o json");
	cr_expect_eq(run.code, FB_EXIT_DONE);
	cr_expect_str_eq(run.out, "{\"n\":0,\"t\":\"text 0\"}\n"
				  "{\"n\":1,\"t\":\"text 1\"}\n"
				  "{\"n\":2,\"t\":\"text 2\"}\n");
	run_fini(&run);
}

static void drop(struct rows *rows, uint32_t request)
{
	rows->dropped = request == 1;
}

Test(windows, follows_until_the_pipeline_is_dropped)
{
	struct rows rows = {.end = 1, .step = drop};
	struct server server;
	struct run run = {0};

	show(&server, &run, &rows, "windows a --follow");
	cr_expect_eq(run.code, FB_EXIT_REFUSED);
	cr_expect_str_eq(run.out, "n  t\n0  text 0\n");
	cr_expect_str_eq(run.err, "forebay windows: there is no pipeline 'a'\n");
	run_fini(&run);
}
