/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replay jobs over the API.
 *
 *   POST   /v1/replays                    {"sql", "file", "from", "to", "as": "file"|"stream"|"batch", "into", "verify", "against",
 *                                         "publish_corrections", "threads", "io_mb", "cpu"}: all but sql may be missing; 201 with
 *                                         its id, or an error with diagnostics
 *   GET    /v1/replays, /v1/replays/ID    state, progress, numbers
 *   GET    /v1/replays/ID/rows            ?query=&from=&limit=: rows that are in the store for good; go on with next_seq
 *   GET    /v1/replays/ID/differences     the same of rows that differ from what is published
 *   POST   /v1/replays/ID/resume          one that has failed goes on
 *   DELETE /v1/replays/ID                 one at work is cancelled, one that has ended forgotten
 *   POST   /v1/pipelines/NAME/repair      {"from", "to", "threads", "io_mb", "cpu"}: a job for its late records; id null: none came
 *                                         since the last repair
 *
 * Times are "yyyy-MM-dd HH:mm:ss.SSS" or milliseconds since 1970, of windows, as window_start and window_end have them.
 */
#pragma once

#include "control/api/routes.h"

void fb_api_post_replay(struct fb_api_request *request, struct fb_api_answer *answer);
void fb_api_get_replays(struct fb_api_request *request, struct fb_api_answer *answer);
void fb_api_get_replay(struct fb_api_request *request, struct fb_api_answer *answer);
void fb_api_get_replay_rows(struct fb_api_request *request, struct fb_api_answer *answer);
void fb_api_get_replay_differences(struct fb_api_request *request, struct fb_api_answer *answer);
void fb_api_resume_replay(struct fb_api_request *request, struct fb_api_answer *answer);
void fb_api_delete_replay(struct fb_api_request *request, struct fb_api_answer *answer);
void fb_api_post_repair(struct fb_api_request *request, struct fb_api_answer *answer);

json_t *fb_json_replay(const struct fb_replay_job_view *job);
