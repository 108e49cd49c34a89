/* SPDX-License-Identifier: Apache-2.0 */
#include "control/replay/partitions.h"

#include <stdlib.h>

int fb_partitions_init(struct fb_partitions *partitions, uint32_t cnt, int64_t idle_timeout_ms)
{
	*partitions = (struct fb_partitions){
		.cnt = cnt, .burst = cnt, .idle_ns = idle_timeout_ms * 1000000, .global_ms = FB_TIME_MIN};
	partitions->at = calloc(cnt, sizeof(*partitions->at));
	if (partitions->at == NULL)
		return FB_E_NO_MEMORY;
	for (uint32_t i = 0; i < cnt; i++)
		partitions->at[i] = (struct fb_partition){.own_ms = FB_TIME_MIN,
			.arrival_ns = INT64_MIN,
			.others_ms = FB_TIME_MAX,
			.before_ms = FB_TIME_MIN};
	return 0;
}

void fb_partitions_fini(struct fb_partitions *partitions)
{
	free(partitions->at);
	*partitions = (struct fb_partitions){0};
}

/* Of the active ones; FB_TIME_MAX: there is none. */
static int64_t minimum(const struct fb_partitions *partitions, uint32_t except)
{
	int64_t least = FB_TIME_MAX;

	for (uint32_t i = 0; i < partitions->cnt; i++)
		if (i != except && partitions->at[i].active)
			least = FB_MIN(least, partitions->at[i].own_ms);
	return least;
}

/* If all are idle nothing moves (rule M8). */
static void raise_global(struct fb_partitions *partitions)
{
	int64_t least = minimum(partitions, partitions->cnt);

	if (least != FB_TIME_MAX)
		partitions->global_ms = FB_MAX(partitions->global_ms, least);
}

static void end_burst(struct fb_partitions *partitions)
{
	if (partitions->burst == partitions->cnt)
		return;
	partitions->at[partitions->burst].active = true;
	partitions->burst = partitions->cnt;
	raise_global(partitions);
}

/* Who has been silent for too long by now, in the order in which they left. */
static void leave_idle(struct fb_partitions *partitions, int64_t now_ns)
{
	for (;;) {
		struct fb_partition *first = NULL;

		for (uint32_t i = 0; i < partitions->cnt; i++)
			if (partitions->at[i].active && (first == NULL || partitions->at[i].arrival_ns < first->arrival_ns))
				first = &partitions->at[i];
		if (first == NULL || first->arrival_ns >= now_ns - partitions->idle_ns)
			return;
		first->active = false;
		raise_global(partitions);
	}
}

void fb_partitions_begin(struct fb_partitions *partitions, uint32_t lane, int64_t arrival_ns)
{
	struct fb_partition *partition = &partitions->at[lane];

	end_burst(partitions);
	if (partitions->idle_ns > 0)
		leave_idle(partitions, arrival_ns);
	partition->others_ms = minimum(partitions, lane);
	partition->before_ms = partitions->global_ms;
	partition->arrival_ns = arrival_ns;
	partitions->burst = lane;
}

void fb_partitions_advance(struct fb_partitions *partitions, uint32_t lane, int64_t watermark_ms)
{
	partitions->at[lane].own_ms = FB_MAX(partitions->at[lane].own_ms, watermark_ms);
}
