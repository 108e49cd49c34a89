/* SPDX-License-Identifier: Apache-2.0 */
/* Routes of the API: what is asked, and its answer. No sockets here. */
#pragma once

#include <jansson.h>

#include "control/pipeline/engine.h"
#include "control/recompute/recompute.h"

#define FB_API_BODY_MAX (2u << 20)

struct fb_api_request {
	struct fb_engine *engine;
	struct fb_recompute *recompute;
	const struct fb_appliance *appliance;
	const char *method;
	const char *path; /* unescaped, without query */
	const char *name; /* the variable part of the path; NULL if the route has none */
	const char *body;
	size_t body_len;
	bool read_only; /* came over TCP */
	/* Value of a query parameter; NULL if missing. */
	const char *(*parameter)(void *arg, const char *key);
	void *parameter_arg;
};

struct fb_api_answer {
	int status;
	json_t *json;       /* a reference of the answer's own; NULL: text */
	struct fb_buf text; /* if json is NULL */
	const char *content_type;
	char allow[32]; /* with 405 */
};

/* Always fills an answer. */
void fb_api_route(struct fb_api_request *request, struct fb_api_answer *answer);
void fb_api_answer_fini(struct fb_api_answer *answer);
/* An error answer. hint may be NULL. */
void fb_api_error(struct fb_api_answer *answer, int status, int code, const char *hint,
	const char *fmt, ...) FB_PRINTF(5, 6);
