/* SPDX-License-Identifier: Apache-2.0 */
/* The sinks that there are; listed in sink.c. */
#pragma once

#include "control/sink/sink.h"

extern const struct fb_sink_ops fb_sink_kafka;
extern const struct fb_sink_ops fb_sink_filesystem;
extern const struct fb_sink_ops fb_sink_print;
extern const struct fb_sink_ops fb_sink_blackhole;
