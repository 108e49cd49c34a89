/* SPDX-License-Identifier: Apache-2.0 */
/* replay and repair: what is asked of the appliance, and what is shown of a job that it has. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server.h"

/* A job that has rows 0 … 2 after two looks, and is done after four. */
struct job {
	uint32_t looks;
	const char *end; /* its last state */
	bool verify;
	bool publish;
	uint64_t differences;
	json_t *created;
};

static json_t *job_json(struct job *job)
{
	bool done = job->looks >= 4;
	uint64_t rows = job->looks >= 2 && !job->verify ? 3 : 0;
	json_t *query = json_pack("{s:s, s:b, s:b, s:I, s:I, s:I, s:{s:I}, s:{s:I, s:I, s:I, s:I, s:I, s:I}}", "name", "cities",
		"windowed", 1, "finished", done, "rows", (json_int_t)rows, "result_rows", (json_int_t)3, "windows", (json_int_t)2,
		"dispositions", "accepted", (json_int_t)1000, "verification", "windows", (json_int_t)2, "different_windows",
		(json_int_t)(job->differences > 0), "changed_rows", (json_int_t)job->differences, "missing_rows", (json_int_t)0,
		"differences", (json_int_t)job->differences, "corrected_rows", (json_int_t)(job->publish ? job->differences : 0));

	return json_pack("{s:i, s:s, s:s, s:s, s:f, s:i, s:f, s:s, s:s, s:b, s:b, s:[o]}", "id", 7, "state",
		done ? job->end : "running", "error", "the disk is full", "as", "batch", "share", 0.25 * job->looks, "records", 1000,
		"seconds", 0.5, "into", "", "against", "cities", "verify", job->verify, "publish_corrections", job->publish, "queries",
		query);
}

static uint64_t parameter(const char *query, const char *key)
{
	const char *at = strstr(query, key);

	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

#define COLUMNS "\"columns\": [{\"name\": \"city\", \"number\": false}, {\"name\": \"n\", \"number\": true}]"

static json_t *rows_json(uint64_t from)
{
	json_t *page = json_loads("{" COLUMNS "}", 0, NULL);
	json_t *rows = json_array();

	for (uint64_t i = from; i < 3; i++)
		json_array_append_new(rows, json_pack("[s, I]", i == 1 ? "Oslo" : "Rome", (json_int_t)i));
	json_object_set_new(page, "rows", rows);
	json_object_set_new(page, "next_seq", json_integer(3));
	return page;
}

static json_t *differences_json(uint64_t from)
{
	return json_loads(from > 0 ? "{" COLUMNS ", \"rows\": [], \"next_seq\": 1}"
				   : "{" COLUMNS ", \"rows_have_bounds\": false, \"next_seq\": 1, \"rows\": [{\"difference\": \"changed\","
				     "\"window_start\": \"10:00\", \"window_end\": \"11:00\", \"published\": [\"Rome\", 1],"
				     "\"recomputed\": [\"Rome\", 2]}]}",
		0, NULL);
}

static int answer(struct server *server, const char *method, const char *path, const char *query, json_t *body, json_t **ret_json)
{
	struct job *job = server->arg;

	if (strcmp(method, "POST") == 0) {
		job->created = json_deep_copy(body);
		*ret_json = strstr(path, "/pipelines/done/") ? json_pack("{s:n}", "id") : json_pack("{s:i}", "id", 7);
		return 201;
	}
	if (strcmp(method, "DELETE") == 0) {
		*ret_json = json_pack("{s:i, s:s}", "id", 7, "state", "cancelled");
		return 200;
	}
	if (strcmp(path, "/v1/replays") == 0)
		*ret_json = json_pack("[o]", job_json(job));
	else if (strstr(path, "/rows"))
		*ret_json = rows_json(parameter(query, "from="));
	else if (strstr(path, "/differences"))
		*ret_json = differences_json(parameter(query, "from="));
	else {
		job->looks++;
		*ret_json = job_json(job);
	}
	return 200;
}

struct fixture {
	struct server server;
	struct run run;
	char file[32];
};

static void ask(struct fixture *f, struct job *job, const char *line)
{
	char full[512];
	int fd;

	*f = (struct fixture){.file = "/tmp/fb-replay-XXXXXX.sql"};
	fd = mkstemps(f->file, 4);
	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, "SELECT 1;", 9), 9);
	close(fd);
	server_start(&f->server, answer, job);
	f->run.socket = f->server.socket;
	snprintf(full, sizeof(full), line, f->file);
	run_line(&f->run, full);
}

static void end(struct fixture *f, struct job *job)
{
	run_fini(&f->run);
	server_stop(&f->server);
	unlink(f->file);
	json_decref(job->created);
}

Test(replay, rows_are_printed_and_the_job_is_summed_up)
{
	struct job job = {.end = "done"};
	struct fixture f;

	ask(&f, &job, "replay %s --as batch --from 2026-01-01 --threads 2 --io-mb 5 --cpu 30");
	cr_expect_eq(f.run.code, FB_EXIT_DONE);
	cr_expect_str_eq(f.run.out, "city  n\nRome  0\nOslo  1\nRome  2\n", "%s", f.run.out);
	cr_expect_str_eq(f.run.err,
		"replay 7 done: 1,000 records in 0.500 s (0.00 M/s), as batch\n"
		"  cities: 3 rows of 2 windows\n"
		"    records: 1,000 accepted\n",
		"%s", f.run.err);
	cr_expect_str_eq(json_string_value(json_object_get(job.created, "sql")), "SELECT 1;");
	cr_expect_str_eq(json_string_value(json_object_get(job.created, "as")), "batch");
	cr_expect_eq(json_integer_value(json_object_get(job.created, "from")), 1767225600000);
	cr_expect(json_is_null(json_object_get(job.created, "to")));
	cr_expect_eq(json_integer_value(json_object_get(job.created, "threads")), 2);
	cr_expect_eq(json_integer_value(json_object_get(job.created, "io_mb")), 5);
	cr_expect_eq(json_integer_value(json_object_get(job.created, "cpu")), 30);
	cr_expect_null(json_object_get(job.created, "into"));
	cr_expect(json_is_false(json_object_get(job.created, "verify")));
	end(&f, &job);
}

Test(replay, rows_as_json_are_an_object_a_line)
{
	struct job job = {.end = "done"};
	struct fixture f;

	ask(&f, &job, "replay %s -q -o json");
	cr_expect_str_eq(f.run.out, "{\"city\":\"Rome\",\"n\":0}\n{\"city\":\"Oslo\",\"n\":1}\n{\"city\":\"Rome\",\"n\":2}\n", "%s",
		f.run.out);
	cr_expect_str_eq(f.run.err, "");
	end(&f, &job);
}

Test(replay, differences_are_shown_and_told_by_the_exit_code)
{
	struct job job = {.end = "done", .verify = true, .differences = 1};
	struct fixture f;

	ask(&f, &job, "replay %s --verify");
	cr_expect_eq(f.run.code, FB_EXIT_REFUSED);
	cr_expect_str_eq(f.run.out,
		"difference  window start  window end  city  n\n"
		"- changed   10:00         11:00       Rome  1\n"
		"+ changed   10:00         11:00       Rome  2\n",
		"%s", f.run.out);
	cr_expect_not_null(strstr(f.run.err,
		"  cities: 2 windows compared with what 'cities' has published, 1 differs: 1 rows changed, 0 missing, 0 extra\n"));
	cr_expect(json_is_true(json_object_get(job.created, "verify")));
	end(&f, &job);
}

Test(replay, corrected_differences_are_no_failure)
{
	struct job job = {.end = "done", .verify = true, .publish = true, .differences = 1};
	struct fixture f;

	ask(&f, &job, "repair cities");
	cr_expect_eq(f.run.code, FB_EXIT_DONE);
	cr_expect_not_null(strstr(f.server.asked, "POST /v1/pipelines/cities/repair\n"));
	cr_expect_not_null(strstr(f.run.err, "1 row published as corrections\n"), "%s", f.run.err);
	end(&f, &job);
}

Test(replay, no_difference_is_said)
{
	struct job job = {.end = "done", .verify = true};
	struct fixture f;

	ask(&f, &job, "replay attach 7");
	cr_expect_eq(f.run.code, FB_EXIT_DONE);
	cr_expect_str_eq(f.run.out, "");
	cr_expect_not_null(strstr(f.run.err, "has published: no difference\n"), "%s", f.run.err);
	end(&f, &job);
}

Test(replay, a_failed_job_says_why_and_what_to_do)
{
	struct job job = {.end = "failed"};
	struct fixture f;

	ask(&f, &job, "replay attach 7 -q");
	cr_expect_eq(f.run.code, FB_EXIT_REFUSED);
	cr_expect_str_eq(f.run.err,
		"forebay replay: replay 7 failed: the disk is full\n"
		"  hint: `forebay replay resume 7` goes on from where it was\n",
		"%s", f.run.err);
	end(&f, &job);
}

Test(replay, jobs)
{
	struct job job = {.end = "done"};
	struct fixture f;

	ask(&f, &job, "replay %s --detach");
	cr_expect_str_eq(f.run.out, "replay 7 runs: `forebay replay attach 7` shows what it makes\n", "%s", f.run.out);
	end(&f, &job);
	job = (struct job){.end = "done"};
	ask(&f, &job, "replay cancel 7");
	cr_expect_str_eq(f.run.out, "replay 7: cancelled\n", "%s", f.run.out);
	cr_expect_str_eq(f.server.asked, "DELETE /v1/replays/7\n");
	end(&f, &job);
	job = (struct job){.end = "done"};
	ask(&f, &job, "replay list");
	cr_expect_not_null(strstr(f.run.out, "running"), "%s", f.run.out);
	end(&f, &job);
	job = (struct job){.end = "done"};
	ask(&f, &job, "repair done");
	cr_expect_str_eq(f.run.out, "done: no record came late since the last repair\n", "%s", f.run.out);
	end(&f, &job);
}

Test(replay, wrong_usage)
{
	static const char *const lines[] = {"replay", "replay attach", "replay cancel x", "replay some.sql more", "replay a.txt",
		"replay a.sql --as never", "replay a.sql --cpu 0", "repair"};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct run run = {.socket = "/nonexistent"};

		run_line(&run, lines[i]);
		cr_expect_eq(run.code, FB_EXIT_USAGE, "%s: %d, %s", lines[i], run.code, run.err);
		run_fini(&run);
	}
}
