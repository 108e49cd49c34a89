/* SPDX-License-Identifier: Apache-2.0 */
/* HOST:PORT as it is typed: "10.9.0.1:5000", "sensor-gw:5000". IPv4; the appliance takes no other
 * yet. */
#pragma once

#include "control/cli/cli.h"

struct fb_endpoint {
	uint32_t ip; /* host byte order */
	uint16_t port;
};

/* What is wrong is told to the user as wrong usage of --to. FB_EXIT_DONE or another exit. */
int fb_endpoint_parse(struct fb_cli *cli, const char *text, struct fb_endpoint *ret) FB_MUST_CHECK;
