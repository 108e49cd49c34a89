/* SPDX-License-Identifier: Apache-2.0 */
#include "control/cli/replay_job.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/base/calendar.h"
#include "config/base/errcode.h"
#include "control/cli/progress.h"
#include "control/cli/remote.h"
#include "control/cli/rows.h"

#define POLL_FIRST_NS 20000000
#define POLL_MAX_NS 200000000
#define PAGE_ROWS 2000

struct watching {
	struct fb_cli *cli;
	struct fb_client *client;
	const struct fb_replay_watch *watch;
	struct fb_progress progress;
	json_t *job;
	size_t query;  /* whose rows are shown now: one after the other */
	uint64_t next; /* the first row of it that is not shown */
	struct fb_rows_printer printer;
};

/* ---- interrupts ---- */

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

/* A second one ends the command at once. */
static void catch_interrupts(struct sigaction *before)
{
	struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND};

	interrupted = 0;
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, before);
}

/* ---- asking ---- */

static int ask(struct watching *watching, const char *method, const char *what, json_t **ret)
{
	struct fb_buf path = {0};
	int code;

	fb_buf_printf(&path, "/v1/replays/%" PRIu64 "%s", watching->watch->id, what);
	code = path.failed ? fb_cli_fail(watching->cli, FB_EXIT_REFUSED, NULL, "%s", fb_strerror(FB_E_NO_MEMORY))
			   : fb_client_ask(watching->cli, watching->client, method, path.p, NULL, ret);
	fb_buf_fini(&path);
	return code;
}

static int look(struct watching *watching)
{
	json_t *job = NULL;
	int code = ask(watching, "GET", "", &job);

	if (code == FB_EXIT_DONE) {
		json_decref(watching->job);
		watching->job = job;
	}
	return code;
}

static bool is_at_work(json_t *job)
{
	const char *state = fb_remote_text(job, "state");

	return strcmp(state, "running") == 0 || strcmp(state, "delivering") == 0;
}

/* ---- rows ---- */

static int ask_page(struct watching *watching, const char *what, json_t **ret)
{
	json_t *query = json_array_get(fb_remote_at(watching->job, "queries"), watching->query);
	struct fb_buf path = {0};
	int code;

	fb_buf_printf(&path, "/%s?from=%" PRIu64 "&limit=%d&query=", what, watching->next, PAGE_ROWS);
	fb_client_escape(fb_remote_text(query, "name"), &path);
	code = path.failed ? FB_EXIT_REFUSED : ask(watching, "GET", path.p, ret);
	fb_buf_fini(&path);
	return code;
}

/* Where a file has several queries, which one the rows below are of. */
static void put_title(struct watching *watching)
{
	json_t *queries = fb_remote_at(watching->job, "queries");
	json_t *query = json_array_get(queries, watching->query);

	if (json_array_size(queries) < 2 || watching->cli->output == FB_OUTPUT_JSON || watching->printer.headed)
		return;
	fprintf(watching->cli->out, "%s%s:\n", watching->query ? "\n" : "", fb_remote_text(query, "name"));
}

/* Of the query at hand what there is. */
static int show_rows(struct watching *watching, uint64_t end)
{
	int code = FB_EXIT_DONE;

	while (code == FB_EXIT_DONE && watching->next < end && !ferror(watching->cli->out)) {
		json_t *page = NULL;
		size_t cnt;

		code = ask_page(watching, "rows", &page);
		cnt = json_array_size(fb_remote_at(page, "rows"));
		if (code == FB_EXIT_DONE) {
			fb_progress_end(&watching->progress);
			put_title(watching);
			fb_rows_print(&watching->printer, page, 0, cnt);
			watching->next = fb_remote_u64(page, "next_seq");
		}
		json_decref(page);
		if (cnt == 0)
			break;
	}
	return code;
}

static void next_query(struct watching *watching)
{
	fb_rows_fini(&watching->printer);
	watching->query++;
	watching->next = 0;
}

/* Heads where there was no row. */
static int show_heads(struct watching *watching)
{
	json_t *page = NULL;
	int code = watching->printer.headed ? FB_EXIT_DONE : ask_page(watching, "rows", &page);

	if (page != NULL) {
		fb_progress_end(&watching->progress);
		put_title(watching);
		fb_rows_print_heads(&watching->printer, page);
	}
	json_decref(page);
	return code;
}

/* Rows are printed here when no sink gets them, and the job is not about differences. */
static bool prints_rows(json_t *job)
{
	return fb_remote_text(job, "into")[0] == '\0' && !fb_remote_bool(job, "verify");
}

static int show_new_rows(struct watching *watching)
{
	json_t *queries = fb_remote_at(watching->job, "queries");
	bool done = strcmp(fb_remote_text(watching->job, "state"), "done") == 0;
	int code = FB_EXIT_DONE;

	while (code == FB_EXIT_DONE && prints_rows(watching->job) && watching->query < json_array_size(queries)) {
		json_t *query = json_array_get(queries, watching->query);

		code = show_rows(watching, fb_remote_u64(query, "rows"));
		if (!done && !fb_remote_bool(query, "finished"))
			break;
		if (code == FB_EXIT_DONE)
			code = show_heads(watching);
		next_query(watching);
	}
	return code;
}

/* ---- differences ---- */

static void add_side(json_t *rows, json_t *difference, const char *side, const char *mark, bool with_bounds)
{
	json_t *row = json_deep_copy(fb_remote_at(difference, side));

	if (!json_is_array(row)) {
		json_decref(row);
		return;
	}
	json_array_insert_new(row, 0, json_sprintf("%s %s", mark, fb_remote_text(difference, "difference")));
	if (with_bounds) {
		json_array_insert_new(row, 1, json_incref(fb_remote_at(difference, "window_start")));
		json_array_insert_new(row, 2, json_incref(fb_remote_at(difference, "window_end")));
	}
	json_array_append_new(rows, row);
}

static json_t *column(const char *name)
{
	return json_pack("{s:s, s:b}", "name", name, "number", 0);
}

/* As a difference of texts shows it: "-" what is published, "+" what it should be. */
static void print_differences(struct watching *watching, json_t *page)
{
	json_t *columns = fb_remote_at(page, "columns");
	json_t *rows = json_array();
	json_t *table = json_pack("{s:O, s:O}", "columns", columns, "rows", rows);
	bool with_bounds = !fb_remote_bool(page, "rows_have_bounds");
	json_t *difference;
	size_t i;

	json_array_insert_new(columns, 0, column("difference"));
	if (with_bounds) {
		json_array_insert_new(columns, 1, column("window start"));
		json_array_insert_new(columns, 2, column("window end"));
	}
	json_array_foreach(fb_remote_at(page, "rows"), i, difference)
	{
		if (watching->cli->output == FB_OUTPUT_JSON) {
			json_dumpf(difference, watching->cli->out, JSON_COMPACT | JSON_PRESERVE_ORDER);
			fputc('\n', watching->cli->out);
			continue;
		}
		add_side(rows, difference, "published", "-", with_bounds);
		add_side(rows, difference, "recomputed", "+", with_bounds);
	}
	if (watching->cli->output != FB_OUTPUT_JSON) {
		put_title(watching);
		fb_rows_print(&watching->printer, table, 0, json_array_size(rows));
	}
	json_decref(rows);
	json_decref(table);
}

static int show_differences(struct watching *watching)
{
	json_t *queries = fb_remote_at(watching->job, "queries");
	int code = FB_EXIT_DONE;

	watching->query = 0;
	watching->next = 0;
	while (code == FB_EXIT_DONE && watching->query < json_array_size(queries)) {
		json_t *page = NULL;
		size_t cnt;

		code = ask_page(watching, "differences", &page);
		cnt = json_array_size(fb_remote_at(page, "rows"));
		if (cnt > 0)
			print_differences(watching, page);
		watching->next = fb_remote_u64(page, "next_seq");
		json_decref(page);
		if (cnt == 0)
			next_query(watching);
	}
	return code;
}

/* ---- summary ---- */

static const char *plural(uint64_t cnt)
{
	return cnt == 1 ? "" : "s";
}

static void put_counts(FILE *out, const char *head, json_t *counts)
{
	char text[FB_REMOTE_TEXT_BYTES];
	const char *between = head;
	const char *label;
	json_t *value;

	json_object_foreach(counts, label, value)
	{
		fprintf(out, "%s%s %s", between, fb_remote_count((uint64_t)json_integer_value(value), text), label);
		between = ", ";
	}
	if (between != head)
		fputc('\n', out);
}

static void put_verification(FILE *out, json_t *job, json_t *query)
{
	json_t *numbers = fb_remote_at(query, "verification");
	char a[FB_REMOTE_TEXT_BYTES], b[FB_REMOTE_TEXT_BYTES], c[FB_REMOTE_TEXT_BYTES];
	uint64_t windows = fb_remote_u64(numbers, "windows");
	uint64_t different = fb_remote_u64(numbers, "different_windows");
	uint64_t unpublished = fb_remote_u64(numbers, "unpublished_windows");
	uint64_t expired = fb_remote_u64(numbers, "expired_windows");

	fprintf(out, "  %s: %s window%s compared with what '%s' has published", fb_remote_text(query, "name"),
		fb_remote_count(windows, a), plural(windows), fb_remote_text(job, "against"));
	if (different == 0)
		fputs(": no difference\n", out);
	else
		fprintf(out, ", %s differ%s: %s rows changed, %s missing, %s extra\n", fb_remote_count(different, a),
			different == 1 ? "s" : "", fb_remote_count(fb_remote_u64(numbers, "changed_rows"), a),
			fb_remote_count(fb_remote_u64(numbers, "missing_rows"), b),
			fb_remote_count(fb_remote_u64(numbers, "extra_rows"), c));
	if (unpublished > 0)
		fprintf(out, "    %s window%s not published yet: left out\n", fb_remote_count(unpublished, a), plural(unpublished));
	if (expired > 0)
		fprintf(out, "    %s window%s whose published rows are gone (store.results_retention_s): left out\n",
			fb_remote_count(expired, a), plural(expired));
	if (fb_remote_bool(job, "publish_corrections"))
		fprintf(out, "    %s row%s published as corrections\n", fb_remote_count(fb_remote_u64(numbers, "corrected_rows"), a),
			plural(fb_remote_u64(numbers, "corrected_rows")));
}

static void put_query(FILE *out, json_t *job, json_t *query)
{
	char a[FB_REMOTE_TEXT_BYTES], b[FB_REMOTE_TEXT_BYTES];
	uint64_t rows = fb_remote_u64(query, "result_rows");

	if (!fb_remote_bool(query, "finished"))
		return;
	if (fb_remote_bool(job, "verify"))
		put_verification(out, job, query);
	else
		fprintf(out, "  %s: %s row%s", fb_remote_text(query, "name"), fb_remote_count(rows, a), plural(rows));
	if (!fb_remote_bool(job, "verify") && fb_remote_bool(query, "windowed"))
		fprintf(out, " of %s window%s", fb_remote_count(fb_remote_u64(query, "windows"), b),
			plural(fb_remote_u64(query, "windows")));
	if (fb_remote_text(job, "into")[0] != '\0')
		fprintf(out, "%s into '%s', %s delivered", fb_remote_bool(job, "verify") ? "   " : "", fb_remote_text(job, "into"),
			fb_remote_count(fb_remote_u64(query, "delivery.delivered"), a));
	if (!fb_remote_bool(job, "verify") || fb_remote_text(job, "into")[0] != '\0')
		fputc('\n', out);
	put_counts(out, "    records: ", fb_remote_at(query, "dispositions"));
}

void fb_replay_summary(struct fb_cli *cli, json_t *job)
{
	double seconds = fb_remote_real(job, "seconds");
	uint64_t records = fb_remote_u64(job, "records");
	uint64_t missing = fb_remote_u64(job, "missing_datagrams");
	uint64_t damaged = fb_remote_u64(job, "damaged_datagrams");
	char a[FB_REMOTE_TEXT_BYTES];
	FILE *out = cli->err;
	json_t *query;
	size_t i;

	fprintf(out, "replay %" PRIu64 " %s: %s record%s in %.3f s (%.2f M/s), as %s\n", fb_remote_u64(job, "id"),
		fb_remote_text(job, "state"), fb_remote_count(records, a), plural(records), seconds,
		seconds > 0 ? (double)records / seconds / 1e6 : 0, fb_remote_text(job, "as"));
	put_counts(out, "  malformed: ", fb_remote_at(job, "malformed"));
	if (missing > 0)
		fprintf(out, "  ! %s datagram%s of it are not in the raw log any more\n", fb_remote_count(missing, a), plural(missing));
	if (damaged > 0)
		fprintf(out, "  ! %s datagram%s of it cannot be read: the raw log is damaged there\n", fb_remote_count(damaged, a),
			plural(damaged));
	json_array_foreach(fb_remote_at(job, "queries"), i, query)
	{
		put_query(out, job, query);
	}
}

/* ---- the end ---- */

static uint64_t differences(json_t *job)
{
	uint64_t cnt = 0;
	json_t *query;
	size_t i;

	json_array_foreach(fb_remote_at(job, "queries"), i, query)
	{
		cnt += fb_remote_u64(query, "verification.differences");
	}
	return cnt;
}

static int judge(struct watching *watching)
{
	struct fb_cli *cli = watching->cli;
	json_t *job = watching->job;
	const char *state = fb_remote_text(job, "state");
	char hint[96];

	if (strcmp(state, "failed") == 0) {
		snprintf(hint, sizeof(hint), "`forebay replay resume %" PRIu64 "` goes on from where it was", watching->watch->id);
		return fb_cli_fail(cli, FB_EXIT_REFUSED, hint, "replay %" PRIu64 " failed: %s", watching->watch->id,
			fb_remote_text(job, "error"));
	}
	if (strcmp(state, "cancelled") == 0)
		return fb_cli_fail(cli, FB_EXIT_REFUSED, NULL, "replay %" PRIu64 " was cancelled", watching->watch->id);
	if (!watching->watch->quiet && cli->output == FB_OUTPUT_JSON) {
		fflush(cli->out);
		json_dumpf(job, cli->err, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
		fputc('\n', cli->err);
	} else if (!watching->watch->quiet) {
		fflush(cli->out);
		fb_replay_summary(cli, job);
	}
	return differences(job) > 0 && !fb_remote_bool(job, "publish_corrections") ? FB_EXIT_REFUSED : FB_EXIT_DONE;
}

static int leave(struct watching *watching)
{
	uint64_t id = watching->watch->id;
	json_t *answer = NULL;
	int code = FB_EXIT_REFUSED;

	fb_progress_end(&watching->progress);
	if (watching->watch->on_interrupt == FB_REPLAY_LEAVE) {
		fprintf(watching->cli->err, "replay %" PRIu64 " goes on: `forebay replay attach %" PRIu64 "`\n", id, id);
		return FB_EXIT_DONE;
	}
	if (ask(watching, "DELETE", "", &answer) == FB_EXIT_DONE)
		code = fb_cli_fail(watching->cli, FB_EXIT_REFUSED, NULL, "replay %" PRIu64 " was cancelled", id);
	json_decref(answer);
	return code;
}

static void show_progress(struct watching *watching)
{
	if (!watching->watch->quiet)
		fb_progress_update(&watching->progress, fb_remote_u64(watching->job, "records"),
			fb_remote_real(watching->job, "share"), fb_clock_monotonic_ns());
}

static int follow(struct watching *watching)
{
	struct timespec pause = {.tv_nsec = POLL_FIRST_NS};
	int code = look(watching);

	while (code == FB_EXIT_DONE && is_at_work(watching->job) && !interrupted) {
		show_progress(watching);
		code = show_new_rows(watching);
		nanosleep(&pause, NULL);
		pause.tv_nsec = FB_MIN(pause.tv_nsec * 2, (long)POLL_MAX_NS);
		if (code == FB_EXIT_DONE && !interrupted)
			code = look(watching);
	}
	if (interrupted)
		return leave(watching);
	if (code == FB_EXIT_DONE)
		code = show_new_rows(watching);
	fb_progress_end(&watching->progress);
	if (code == FB_EXIT_DONE && differences(watching->job) > 0)
		code = show_differences(watching);
	return code == FB_EXIT_DONE ? judge(watching) : code;
}

int fb_replay_watch(struct fb_cli *cli, const struct fb_replay_watch *watch)
{
	struct watching watching = {.cli = cli, .watch = watch, .printer = {.cli = cli}};
	struct sigaction before;
	int code;

	if (fb_client_open(cli->socket, &watching.client) != 0)
		return fb_cli_fail(cli, FB_EXIT_REFUSED, NULL, "%s", fb_strerror(FB_E_NO_MEMORY));
	fb_progress_start(&watching.progress, cli->err, "replayed", "records", 0);
	catch_interrupts(&before);
	code = follow(&watching);
	sigaction(SIGINT, &before, NULL);
	fb_progress_end(&watching.progress);
	fb_rows_fini(&watching.printer);
	json_decref(watching.job);
	fb_client_close(watching.client);
	return code;
}
