/* SPDX-License-Identifier: Apache-2.0 */
#include "control/sink/sink.h"

#include <string.h>

#include "control/sink/sinks.h"

static const struct fb_sink_ops *const sinks[] = {
	&fb_sink_kafka,
	&fb_sink_filesystem,
	&fb_sink_print,
	&fb_sink_blackhole,
};

const struct fb_sink_ops *fb_sink_find(const char *connector)
{
	for (size_t i = 0; i < FB_ARRAY_LEN(sinks); i++)
		if (strcmp(sinks[i]->connector, connector) == 0)
			return sinks[i];
	return NULL;
}
