/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of a run, and which queries the readers of each have. */
#include <stdlib.h>

#include "control/replay/replay_private.h"

static int make_room(struct fb_side *side, uint32_t cnt)
{
	side->queries = calloc(cnt + 1u, sizeof(*side->queries));
	side->first_levels = calloc(cnt + 1u, sizeof(*side->first_levels));
	side->branches = calloc(cnt + 1u, sizeof(*side->branches));
	side->layouts = calloc(cnt + 1u, sizeof(*side->layouts));
	return side->queries && side->first_levels && side->branches && side->layouts ? 0 : FB_E_NO_MEMORY;
}

static int list_queries(struct fb_replay *replay)
{
	const struct fb_replay_conf *conf = replay->conf;
	uint32_t cnt = 0;

	for (uint32_t i = 0; i < conf->query_cnt; i++)
		cnt += fb_query_input_cnt(conf->queries[i]);
	for (uint32_t s = 0; s < replay->side_cnt; s++) {
		struct fb_side *side = &replay->sides[s];

		if (make_room(side, cnt) != 0)
			return FB_E_NO_MEMORY;
		for (uint32_t i = 0; i < conf->query_cnt; i++)
			for (uint32_t k = 0; k < fb_query_input_cnt(conf->queries[i]); k++) {
				const struct fb_query_plan *first = fb_query_first_level(conf->queries[i]);
				const struct fb_query_plan *input = fb_query_input(conf->queries[i], k);

				if (input->source != side->source)
					continue;
				side->first_levels[side->query_cnt] = first;
				side->branches[side->query_cnt] = input == first ? NULL : input;
				side->queries[side->query_cnt++] = i;
			}
	}
	return 0;
}

int fb_sides_open(struct fb_replay *replay)
{
	const struct fb_replay_conf *conf = replay->conf;
	uint32_t cnt = conf->other_cnt + 1;

	replay->sides = aligned_alloc(FB_CACHE_LINE_BYTES, cnt * sizeof(*replay->sides));
	if (replay->sides == NULL)
		return FB_E_NO_MEMORY;
	memset(replay->sides, 0, cnt * sizeof(*replay->sides));
	for (uint32_t i = 0; i < cnt; i++) {
		struct fb_side *side = &replay->sides[i];

		side->source = i == 0 ? conf->source : conf->others[i - 1].source;
		side->table = i == 0 ? conf->read_as : conf->others[i - 1].read_as;
		side->path = i == 0 ? conf->path : conf->others[i - 1].path;
		if (side->table == NULL)
			side->table = side->source;
		atomic_init(&side->watermark_ms, FB_TIME_MIN);
		fb_order_init(&side->order);
		replay->side_cnt++;
	}
	return list_queries(replay);
}

void fb_sides_assign(struct fb_replay *replay)
{
	for (uint32_t s = 0; s < replay->side_cnt; s++)
		for (uint32_t i = 0; i < replay->sides[s].query_cnt; i++)
			replay->sides[s].layouts[i] = replay->queries[replay->sides[s].queries[i]].layout;
}

void fb_sides_close(struct fb_replay *replay)
{
	for (uint32_t i = 0; i < replay->side_cnt; i++) {
		struct fb_side *side = &replay->sides[i];

		if (side->units != NULL)
			side->units->ops->close(side->units);
		fb_order_fini(&side->order);
		free(side->queries);
		free(side->first_levels);
		free(side->branches);
		free(side->layouts);
	}
	free(replay->sides);
}
