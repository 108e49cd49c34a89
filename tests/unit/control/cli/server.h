/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small HTTP server on a Unix socket in a folder of its own, that answers what a test tells it,
 * and the commands of `forebay` run against it as main() would run them.
 */
#pragma once

#include <jansson.h>
#include <pthread.h>

#include "control/cli/cli.h"

struct MHD_Daemon;
struct server;

/* Fills the answer to one request. query: of the URL, as it was sent, "" without. *ret_json is
 * taken over. */
typedef int (*server_fn)(struct server *server, const char *method, const char *path,
	const char *query, json_t *body, json_t **ret_json);

struct server {
	char folder[40];
	char socket[64];
	server_fn answer;
	void *arg;
	/* What was asked, a line each: "GET /v1/status\n". */
	char asked[16384];
	json_t *body; /* of the last request that had one */
	struct MHD_Daemon *daemon;
	pthread_mutex_t lock;
};

void server_start(struct server *server, server_fn answer, void *arg);
void server_stop(struct server *server);

/* How a command is run, and what it said. */
struct run {
	const char *socket;
	uint32_t width;
	bool color, unicode;
	int code;
	char *out, *err;
};

/* line: the arguments, parted by single blanks. */
void run_line(struct run *run, const char *line);
void run_fini(struct run *run);
