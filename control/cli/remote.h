/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands that ask the appliance share: one request, and reading its JSON. One thread. */
#pragma once

#include "config/base/buf.h"
#include "control/cli/client.h"

/* One request on a connection of its own; errors are told to the user. *ret_json is the caller's.
 */
int fb_remote_ask(struct fb_cli *cli, const char *method, const char *path, const json_t *body,
	json_t **ret_json) FB_MUST_CHECK;
/* The same for a GET whose answer is printed as it is with -o json; *ret_json is then NULL. */
int fb_remote_view(struct fb_cli *cli, const char *path, json_t **ret_json) FB_MUST_CHECK;

/*
 * POST to a path with "?timeout_ms=" behind it, for what may take `timeout_s`: the appliance is to say that it took
 * too long, not the socket. The answer is printed as it is with -o json. *ret_json: else, on success; or NULL. Frees
 * `path`.
 */
int fb_remote_post_long(struct fb_cli *cli, struct fb_buf *path, uint64_t timeout_s, json_t **ret_json) FB_MUST_CHECK;

/* "a.b.c" from an object; 0, "" or false where it is not there. */
uint64_t fb_remote_u64(json_t *json, const char *path);
double fb_remote_real(json_t *json, const char *path);
const char *fb_remote_text(json_t *json, const char *path);
bool fb_remote_bool(json_t *json, const char *path);
json_t *fb_remote_at(json_t *json, const char *path);

/* What an unclean start means, for people. */
#define FB_REMOTE_UNCLEAN \
	"the run before this one did not stop in order: what came after its last checkpoints was " \
	"read again from the raw log where a stream is kept, and is lost where it is not"

#define FB_REMOTE_TEXT_BYTES 48
/* "1,234,567"; returns text. */
const char *fb_remote_count(uint64_t value, char text[FB_REMOTE_TEXT_BYTES]);
/* "12.8 MB": powers of 1000. */
const char *fb_remote_bytes(uint64_t value, char text[FB_REMOTE_TEXT_BYTES]);
/* "4 s", "3 min 20 s", "5 h 2 min", "12 d 4 h". */
const char *fb_remote_span(double seconds, char text[FB_REMOTE_TEXT_BYTES]);
