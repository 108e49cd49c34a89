/* SPDX-License-Identifier: Apache-2.0 */
#include "control/cli/follow.h"

#include <string.h>
#include <time.h>

#include "config/base/buf.h"
#include "config/base/calendar.h"
#include "control/cli/progress.h"
#include "control/cli/remote.h"

#define ASK_NS 200000000

static int ask(struct fb_cli *cli, struct fb_client *client, const char *path, json_t **ret_json)
{
	struct timespec pause = {.tv_nsec = ASK_NS};

	nanosleep(&pause, NULL);
	return fb_client_ask(cli, client, "GET", path, NULL, ret_json);
}

static void tell_end(struct fb_cli *cli, const char *pipeline, uint64_t datagrams, int64_t begun_ns)
{
	char count[FB_REMOTE_TEXT_BYTES], span[FB_REMOTE_TEXT_BYTES];

	fprintf(cli->out, "%s: live, after %s datagrams of history in %s\n", pipeline, fb_remote_count(datagrams, count),
		fb_remote_span((double)(fb_clock_monotonic_ns() - begun_ns) / 1e9, span));
}

int fb_follow_backfill(struct fb_cli *cli, struct fb_client *client, const char *pipeline)
{
	int64_t begun_ns = fb_clock_monotonic_ns();
	struct fb_progress progress;
	struct fb_buf path = {0};
	uint64_t datagrams = 0;
	bool live = false;
	int code = FB_EXIT_DONE;

	fb_buf_add_text(&path, "/v1/pipelines/");
	fb_client_escape(pipeline, &path);
	fb_progress_start(&progress, cli->err, "read", "datagrams of history", 0);
	while (code == FB_EXIT_DONE && !live) {
		json_t *json = NULL;
		json_t *backfill;

		code = ask(cli, client, path.p, &json);
		backfill = fb_remote_at(json, "backfill");
		live = code == FB_EXIT_DONE && backfill == NULL;
		if (backfill != NULL) {
			datagrams = fb_remote_u64(backfill, "datagrams");
			fb_progress_update(
				&progress, datagrams, fb_remote_real(backfill, "share"), fb_clock_monotonic_ns());
		} else if (live) {
			datagrams = FB_MAX(datagrams, fb_remote_u64(json, "backfilled_datagrams"));
		}
		json_decref(json);
	}
	fb_progress_end(&progress);
	fb_buf_fini(&path);
	if (live)
		tell_end(cli, pipeline, datagrams, begun_ns);
	return code;
}
