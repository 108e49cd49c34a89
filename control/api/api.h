/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The appliance's API: HTTP and JSON over a Unix socket, and read-only over TCP where http.listen
 * says so. README.md lists the routes; routes.c has them in one table. Errors are {"error": NAME,
 * "message": …, "hint": …, "diagnostics": […]}.
 */
#pragma once

#include "control/pipeline/engine.h"
#include "control/recompute/recompute.h"

struct fb_api;

/*
 * Starts to answer. A stale socket file (nobody listens) is replaced. FB_E_BUSY: another appliance
 * listens there, or the TCP port is taken; FB_E_PERMISSION; FB_E_IO. Words in diags.
 */
int fb_api_start(struct fb_engine *engine, struct fb_recompute *recompute, const struct fb_appliance *appliance,
	struct fb_diags *diags, struct fb_api **ret) FB_MUST_CHECK;
/* Waits for requests that are being answered, removes the socket. */
void fb_api_stop(struct fb_api *api);
