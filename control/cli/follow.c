/* SPDX-License-Identifier: Apache-2.0 */
#include "control/cli/follow.h"

#include <string.h>
#include <time.h>

#include "config/base/buf.h"
#include "config/base/calendar.h"
#include "control/cli/progress.h"
#include "control/cli/remote.h"

#define ASK_NS 200000000
#define NOT_FOUND 404

struct follow {
	struct fb_cli *cli;
	struct fb_client *client;
	const char *pipeline;
	bool replaces; /* it has not taken over yet: it is called NAME~new */
	struct fb_progress progress;
	uint64_t datagrams;
};

static void path_of(const struct follow *follow, struct fb_buf *path)
{
	struct fb_buf name = {0};

	fb_buf_printf(&name, "%s%s", follow->pipeline, follow->replaces ? "~new" : "");
	fb_buf_add_text(path, "/v1/pipelines/");
	fb_client_escape(name.p, path);
	fb_buf_fini(&name);
}

/* One look; *ret_live: it is at its end. */
static int look(struct follow *follow, bool *ret_live)
{
	struct fb_buf path = {0};
	json_t *json = NULL;
	json_t *backfill;
	long status = 0;
	int rc;

	path_of(follow, &path);
	rc = fb_client_call(follow->client, "GET", path.p, NULL, &status, &json);
	fb_buf_fini(&path);
	if (rc != 0)
		return fb_cli_fail(follow->cli, FB_EXIT_UNREACHABLE, "the pipeline goes on without this command", "%s",
			fb_client_error(follow->client));
	if (status == NOT_FOUND && !follow->replaces)
		return fb_cli_fail(follow->cli, FB_EXIT_REFUSED, NULL, "'%s' was dropped", follow->pipeline);
	if (status == NOT_FOUND)
		follow->replaces = false;
	backfill = fb_remote_at(json, "backfill");
	if (backfill != NULL) {
		follow->datagrams = fb_remote_u64(backfill, "datagrams");
		fb_progress_update(&follow->progress, follow->datagrams, fb_remote_real(backfill, "share"),
			fb_clock_monotonic_ns());
	} else if (status != NOT_FOUND) {
		follow->datagrams = FB_MAX(follow->datagrams, fb_remote_u64(json, "backfilled_datagrams"));
		*ret_live = true;
	}
	json_decref(json);
	return FB_EXIT_DONE;
}

static void tell_end(const struct follow *follow, int64_t begun_ns)
{
	char count[FB_REMOTE_TEXT_BYTES], span[FB_REMOTE_TEXT_BYTES];

	fprintf(follow->cli->out, "%s: live, after %s datagrams of history in %s\n", follow->pipeline,
		fb_remote_count(follow->datagrams, count),
		fb_remote_span((double)(fb_clock_monotonic_ns() - begun_ns) / 1e9, span));
}

int fb_follow_backfill(struct fb_cli *cli, struct fb_client *client, const char *pipeline, bool replaces)
{
	struct follow follow = {.cli = cli, .client = client, .pipeline = pipeline, .replaces = replaces};
	struct timespec pause = {.tv_nsec = ASK_NS};
	int64_t begun_ns = fb_clock_monotonic_ns();
	bool live = false;
	int code = FB_EXIT_DONE;

	fb_progress_start(&follow.progress, cli->err, "read", "datagrams of history", 0);
	while (code == FB_EXIT_DONE && !live) {
		nanosleep(&pause, NULL);
		code = look(&follow, &live);
	}
	fb_progress_end(&follow.progress);
	if (live)
		tell_end(&follow, begun_ns);
	return code;
}
