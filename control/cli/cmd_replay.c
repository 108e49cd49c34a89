/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/base/buf.h"
#include "config/base/calendar.h"
#include "config/base/errcode.h"
#include "control/cli/commands.h"
#include "control/cli/remote.h"
#include "control/cli/replay_job.h"
#include "control/cli/sources.h"
#include "control/cli/table.h"

struct replay_args {
	int64_t from, to;
	uint32_t as;
	const char *into;
	bool verify;
	const char *against;
	bool publish;
	uint64_t threads, io_mb, cpu;
	bool detach;
	bool quiet;
};

static const char *const as_words[] = {"file", "stream", "batch", NULL};

static const struct fb_cli_option options[] = {
	{.name = "from",
		.type = FB_ARG_TIME,
		.value = "TIME",
		.at = offsetof(struct replay_args, from),
		.help = "windows that begin then or later (UTC, or the file's time zone); else from the first"},
	{.name = "to",
		.type = FB_ARG_TIME,
		.value = "TIME",
		.at = offsetof(struct replay_args, to),
		.help = "windows that end then or before; else to the last"},
	{.name = "as",
		.type = FB_ARG_CHOICE,
		.value = "MODE",
		.preset = "file",
		.choices = as_words,
		.at = offsetof(struct replay_args, as),
		.help = "stream: late records as they were live; batch: none is late; file: as execution.runtime-mode says"},
	{.name = "into",
		.letter = 'i',
		.type = FB_ARG_TEXT,
		.value = "SINK",
		.at = offsetof(struct replay_args, into),
		.help = "a sink table of the file that the appliance delivers the rows to; else they are printed"},
	{.name = "verify",
		.type = FB_ARG_FLAG,
		.at = offsetof(struct replay_args, verify),
		.help = "compare with what the running pipeline has published, and show what differs"},
	{.name = "against",
		.type = FB_ARG_TEXT,
		.value = "PIPELINE",
		.at = offsetof(struct replay_args, against),
		.help = "which pipeline; else the one of the file's name"},
	{.name = "publish-corrections",
		.type = FB_ARG_FLAG,
		.at = offsetof(struct replay_args, publish),
		.help = "publish what differs: as new rows of the pipeline's results, to its sinks"},
	{.name = "threads",
		.letter = 'j',
		.type = FB_ARG_U64,
		.value = "N",
		.min = 1,
		.max = 256,
		.at = offsetof(struct replay_args, threads),
		.help = "threads of the job; else replay.threads of the appliance file"},
	{.name = "io-mb",
		.type = FB_ARG_U64,
		.value = "N",
		.min = 1,
		.max = 1000000,
		.at = offsetof(struct replay_args, io_mb),
		.help = "MB a second that it reads at most; else replay.read_mb_s"},
	{.name = "cpu",
		.type = FB_ARG_U64,
		.value = "PCT",
		.min = 1,
		.max = 100,
		.at = offsetof(struct replay_args, cpu),
		.help = "percent of a core that each thread takes at most; else replay.cpu_percent"},
	{.name = "detach",
		.letter = 'd',
		.type = FB_ARG_FLAG,
		.at = offsetof(struct replay_args, detach),
		.help = "leave it to the appliance and return at once"},
	{.name = "quiet",
		.letter = 'q',
		.type = FB_ARG_FLAG,
		.at = offsetof(struct replay_args, quiet),
		.help = "no progress and no summary"},
};

/* ---- a file ---- */

static json_t *time_of(int64_t ms)
{
	return ms ? json_integer(ms) : json_null();
}

static json_t *body_of(const struct replay_args *args, const struct fb_source_file *file)
{
	return json_pack("{s:s#, s:s, s:o, s:o, s:s, s:s*, s:b, s:s*, s:b, s:I, s:I, s:I}", "sql", file->text.p,
		(int)file->text.len, "file", file->name, "from", time_of(args->from), "to", time_of(args->to), "as",
		as_words[args->as], "into", args->into, "verify", args->verify, "against", args->against, "publish_corrections",
		args->publish, "threads", (json_int_t)args->threads, "io_mb", (json_int_t)args->io_mb, "cpu",
		(json_int_t)args->cpu);
}

static int create(struct fb_cli *cli, const struct replay_args *args, uint64_t *ret_id)
{
	struct fb_source_file file;
	struct fb_client *client = NULL;
	json_t *body = NULL;
	json_t *json = NULL;
	int code = fb_source_open(cli, cli->argv[0], &file);

	if (code != FB_EXIT_DONE)
		return code;
	if (!file.is_sql)
		code = fb_cli_fail(cli, FB_EXIT_USAGE, NULL, "%s is no pipeline file (.sql)", cli->argv[0]);
	else if ((body = body_of(args, &file)) == NULL)
		code = fb_cli_fail(cli, FB_EXIT_REFUSED, NULL, "%s is not UTF-8", cli->argv[0]);
	else if (fb_client_open(cli->socket, &client) != 0)
		code = fb_cli_fail(cli, FB_EXIT_REFUSED, NULL, "%s", fb_strerror(FB_E_NO_MEMORY));
	if (code == FB_EXIT_DONE) {
		fb_client_set_file(client, &(struct fb_client_file){.name = file.name, .text = file.text.p});
		code = fb_client_ask(cli, client, "POST", "/v1/replays", body, &json);
	}
	*ret_id = fb_remote_u64(json, "id");
	if (client != NULL)
		fb_client_close(client);
	json_decref(body);
	json_decref(json);
	fb_source_close(&file);
	return code;
}

static int start(struct fb_cli *cli, const struct replay_args *args)
{
	struct fb_replay_watch watch = {.quiet = args->quiet, .on_interrupt = FB_REPLAY_CANCEL};
	int code = create(cli, args, &watch.id);

	if (code != FB_EXIT_DONE)
		return code;
	if (!args->detach)
		return fb_replay_watch(cli, &watch);
	if (cli->output == FB_OUTPUT_JSON)
		fprintf(cli->out, "{\"id\": %" PRIu64 "}\n", watch.id);
	else
		fprintf(cli->out, "replay %" PRIu64 " runs: `forebay replay attach %" PRIu64 "` shows what it makes\n", watch.id,
			watch.id);
	return FB_EXIT_DONE;
}

/* ---- jobs ---- */

static int list(struct fb_cli *cli)
{
	static const struct fb_listing_column columns[] = {
		{"ID", "id", FB_ALIGN_RIGHT},
		{"STATE", "state", FB_ALIGN_LEFT},
		{"WHAT", "what", FB_ALIGN_LEFT},
		{"AS", "as", FB_ALIGN_LEFT},
		{"DONE", "done", FB_ALIGN_RIGHT},
		{"RECORDS", "records", FB_ALIGN_RIGHT},
		{"TIME", "time", FB_ALIGN_RIGHT},
		{"CREATED", "created", FB_ALIGN_LEFT},
		{"FILE", "name", FB_ALIGN_LEFT},
	};
	struct fb_listing *listing;
	json_t *jobs = NULL;
	json_t *job;
	size_t i;
	int code = fb_remote_view(cli, "/v1/replays", &jobs);

	if (jobs == NULL)
		return code;
	listing = fb_listing_create(columns, FB_ARRAY_LEN(columns));
	json_array_foreach(jobs, i, job)
	{
		char text[FB_REMOTE_TEXT_BYTES];
		char share[16];

		fb_listing_add_json(listing, fb_remote_at(job, "id"));
		fb_listing_add_text(listing, fb_remote_text(job, "state"));
		fb_listing_add_text(listing, fb_remote_bool(job, "repair")                   ? "repair"
					     : fb_remote_bool(job, "publish_corrections") ? "correct"
					     : fb_remote_bool(job, "verify")              ? "verify"
					     : fb_remote_text(job, "into")[0] != '\0'     ? "into a sink"
											  : "rows");
		fb_listing_add_text(listing, fb_remote_text(job, "as"));
		snprintf(share, sizeof(share), "%.0f %%", 100 * fb_remote_real(job, "share"));
		fb_listing_add_text(listing, share);
		fb_listing_add_text(listing, fb_remote_count(fb_remote_u64(job, "records"), text));
		fb_listing_add_text(listing, fb_remote_span(fb_remote_real(job, "seconds"), text));
		fb_listing_add_text(listing, fb_remote_text(job, "created"));
		fb_listing_add_text(listing, fb_remote_text(job, "name"));
	}
	fb_listing_show(listing, cli);
	fb_listing_destroy(listing);
	json_decref(jobs);
	return code;
}

static int cancel(struct fb_cli *cli, uint64_t id)
{
	char path[64];
	json_t *json = NULL;
	int code;

	snprintf(path, sizeof(path), "/v1/replays/%" PRIu64, id);
	code = fb_remote_ask(cli, "DELETE", path, NULL, &json);
	if (code == FB_EXIT_DONE && cli->output == FB_OUTPUT_JSON)
		fb_cli_print_json(cli, json);
	else if (code == FB_EXIT_DONE)
		fprintf(cli->out, "replay %" PRIu64 ": %s\n", id, fb_remote_text(json, "state"));
	json_decref(json);
	return code;
}

static int resume(struct fb_cli *cli, const struct replay_args *args, uint64_t id)
{
	struct fb_replay_watch watch = {.id = id, .quiet = args->quiet, .on_interrupt = FB_REPLAY_LEAVE};
	char path[64];
	json_t *json = NULL;
	int code;

	snprintf(path, sizeof(path), "/v1/replays/%" PRIu64 "/resume", id);
	code = fb_remote_ask(cli, "POST", path, NULL, &json);
	json_decref(json);
	return code == FB_EXIT_DONE && !args->detach ? fb_replay_watch(cli, &watch) : code;
}

static int of_job(struct fb_cli *cli, const struct replay_args *args, const char *verb)
{
	struct fb_replay_watch watch = {.quiet = args->quiet, .on_interrupt = FB_REPLAY_LEAVE};
	const char *text = cli->argc > 1 ? cli->argv[1] : "";

	if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0')
		return fb_cli_fail(cli, FB_EXIT_USAGE, "`forebay replay list` shows their numbers", "replay %s of which job?", verb);
	watch.id = strtoull(text, NULL, 10);
	if (strcmp(verb, "attach") == 0)
		return fb_replay_watch(cli, &watch);
	return strcmp(verb, "cancel") == 0 ? cancel(cli, watch.id) : resume(cli, args, watch.id);
}

static int run(struct fb_cli *cli, const void *args)
{
	const struct replay_args *replay = args;
	const char *verb = cli->argv[0];

	if (strcmp(verb, "list") == 0)
		return list(cli);
	if (strcmp(verb, "attach") == 0 || strcmp(verb, "cancel") == 0 || strcmp(verb, "resume") == 0)
		return of_job(cli, replay, verb);
	if (cli->argc > 1)
		return fb_cli_fail(cli, FB_EXIT_USAGE, "a file, list, attach ID, cancel ID or resume ID", "unknown: replay %s", verb);
	return start(cli, replay);
}

static const struct fb_cli_example examples[] = {
	{"replay query.sql --from \"2026-01-01 08:00\" --to \"2026-01-01 09:00\"",
		"the windows of an hour, printed; any query of a stream that is kept"},
	{"replay cities.sql --as stream --verify", "1 if what pipeline cities has published is not what its records give"},
	{"replay cities.sql --as batch --publish-corrections", "what came late goes into the results of cities, and to its sinks"},
	{"replay history.sql --into archive --detach", "rows to a sink of the file, while one does something else"},
	{"replay list", "jobs: at work, and ended in the last day"},
	{"replay attach 3", "progress and rows of one; Ctrl-C leaves it running"},
};

const struct fb_cli_command fb_cmd_replay = {
	.name = "replay",
	.summary = "compute a SQL file over the raw log, compare with what was published, correct it",
	.operands = "FILE.sql|list|attach ID|cancel ID|resume ID",
	.operands_min = 1,
	.operands_max = 2,
	.remote = true,
	.about =
		"Any SQL file whose source is a stream that is kept, with the operators that run live. As stream the records are late "
		"that were late live; as batch none is, and every window is whole. The difference is what came late."
		"\n\n"
		"It is a job of the appliance: at low priority, beside the cores of the workers where there are others, within a "
		"budget (section replay of the appliance file), so that reception is not disturbed. It outlives a restart and goes on "
		"by itself. Ctrl-C cancels the one in the foreground; with --detach it runs by itself, and attach shows its rows and "
		"its progress. A job that has ended is forgotten after store.results_retention_s, or with cancel; one that has failed "
		"(a full disk) goes on with resume."
		"\n\n"
		"--verify compares window by window with the published rows of the pipeline: a row is changed, missing (it should "
		"have been published) or extra (it should not). Left out are windows that are not published yet, or whose rows are "
		"gone. Exit code 1: there are differences."
		"\n\n"
		"--publish-corrections appends what differs to the results of the pipeline, with the next revision of the window. "
		"Kafka gets headers 'revision' and 'change' (insert, update, delete); with key.format the corrected row has the key of "
		"the one it replaces, and a row that is no more is a tombstone, if key.fields are those of the window and of its "
		"groups. Files can take nothing back: they get the corrected "
		"rows behind the old ones, and of a row that is no more nothing. print shows +U and -D as Flink does. What was "
		"corrected is not corrected again.",
	.columns = "the rows of the file's queries; with --verify those that differ, - as published, + as recomputed. With -o json an "
		   "object a line, and the job on standard error",
	.args_bytes = sizeof(struct replay_args),
	.options = options,
	.option_cnt = FB_ARRAY_LEN(options),
	.examples = examples,
	.example_cnt = FB_ARRAY_LEN(examples),
	.run = run,
};
