/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Client of the appliance's API: HTTP and JSON over its Unix socket, by libcurl. A script can do
 * the same: curl --unix-socket /run/forebay/forebay.sock http://appliance/v1/status
 *
 * An answer outside 200–299 says why in JSON:
 *   {"error": "NOT_FOUND", "message": "…", "hint": "…",
 *    "diagnostics": [{"severity": "error", "line": 1, "column": 2, "length": 3,
 *                     "message": "…", "hint": "…"}]}
 *
 * error is a name of config/tables/error.def; hint and diagnostics may be missing. One thread per
 * client.
 */
#pragma once

#include "control/cli/cli.h"

struct fb_client;

/* Does not connect yet. FB_E_NO_MEMORY. */
int fb_client_open(const char *socket, struct fb_client **ret) FB_MUST_CHECK;
void fb_client_close(struct fb_client *client);

/*
 * One request. method: "GET", "POST", "PUT", "DELETE". path: from the first slash on, escaped
 * (fb_client_escape). body may be NULL. *ret_json: the answer's body, a new reference, NULL where
 * there is none. Any status is success here. FB_E_UNREACHABLE: no socket, or nobody listens.
 * FB_E_PERMISSION: the socket may not be opened. FB_E_CORRUPT: the answer is no JSON. FB_E_TIMEOUT.
 * FB_E_IO: it broke off. Text for the user: fb_client_error.
 */
int fb_client_call(struct fb_client *client, const char *method, const char *path,
	const json_t *body, long *ret_status, json_t **ret_json) FB_MUST_CHECK;
/* The last failure in words; valid until the next call. */
const char *fb_client_error(const struct fb_client *client);
/* Bounds the next calls; 0 = none. Preset 30000. */
void fb_client_set_timeout_ms(struct fb_client *client, uint32_t timeout_ms);

/* text as one piece of a path or query, percent-escaped (RFC 3986); appended to out
 * (config/base/buf.h). */
struct fb_buf;
void fb_client_escape(const char *text, struct fb_buf *out);

/*
 * What most commands want: the call, and its errors and warnings told to the user. FB_EXIT_DONE:
 * *ret_json is the answer (a new reference; NULL where there was no body). FB_EXIT_REFUSED: the
 * appliance said no; with -o json its answer then goes to cli->out as it is, and one line to
 * cli->err. FB_EXIT_UNREACHABLE: none answers.
 */
int fb_client_ask(struct fb_cli *cli, struct fb_client *client, const char *method,
	const char *path, const json_t *body, json_t **ret_json) FB_MUST_CHECK;
/* A request about a file: diagnostics of the answer are then shown with its name, the line and a
 * caret. */
struct fb_client_file {
	const char *name;
	const char *text; /* terminated */
};
/* NULL: none. Stays set until changed; the texts must live as long. */
void fb_client_set_file(struct fb_client *client, const struct fb_client_file *file);
