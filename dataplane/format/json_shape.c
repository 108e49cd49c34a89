/* SPDX-License-Identifier: Apache-2.0 */
/* A record that was read the long way, as a shape for those that come. Hot: no allocation. */
#include "dataplane/format/json.h"

/* Positions of the record, as far as they are used up. */
struct walk {
	const uint8_t *data;
	const uint32_t *positions;
	uint32_t at; /* number of the next */
};

/* Bytes [from, to) as the next run. False: it is no run for a kernel. */
static bool add_run(
	struct fb_json_shape *shape, struct walk *walk, uint32_t from, uint32_t to, bool scalar)
{
	struct fb_json_run *run = &shape->runs[shape->run_cnt];
	uint32_t len = to - from;

	if (shape->run_cnt == FB_JSON_RUN_MAX || len == 0 || len > FB_JSON_RUN_BYTES)
		return false;
	*run = (struct fb_json_run){.mask = len == 64 ? ~0ull : (1ull << len) - 1,
		.anchor = walk->at,
		.lead = walk->positions[walk->at] - from,
		.len = len,
		.scalar = scalar};
	memcpy(run->bytes, walk->data + from, len);
	while (walk->at < shape->quote_cnt && walk->positions[walk->at] < to)
		walk->at++;
	shape->run_cnt++;
	return run->lead <= len;
}

static void set_pick(
	struct fb_json_shape *shape, const struct walk *walk, const struct fb_json_member *member)
{
	struct fb_json_pick *pick;

	if (member->column < 0)
		return;
	pick = &shape->picks[member->column];
	pick->run = (int32_t)shape->run_cnt - 1;
	pick->quote = walk->at - 1;
}

static bool build(struct fb_json_decoder *decoder, struct fb_json_shape *shape, struct walk *walk,
	uint32_t start, uint32_t end)
{
	uint32_t from = start;

	for (uint32_t i = 0; i < shape->pick_cnt; i++)
		shape->picks[i].run = -1;
	for (uint32_t i = 0; i < decoder->member_cnt; i++) {
		const struct fb_json_member *member = &decoder->members[i];

		if (!add_run(shape, walk, from, member->value + member->is_text, !member->is_text))
			return false;
		set_pick(shape, walk, member);
		from = member->end - member->is_text;
	}
	return add_run(shape, walk, from, end, false);
}

/* Shapes that never fit are not worth their learning: after each one the next is further away. */
static bool is_time(struct fb_json_decoder *decoder)
{
	if (decoder->learn_wait > 0) {
		decoder->learn_wait--;
		return false;
	}
	decoder->learn_pause = FB_MIN(decoder->learn_pause * 2 + 1, 1023u);
	decoder->learn_wait = decoder->learn_pause;
	return true;
}

void fb_json_learn(struct fb_json_decoder *decoder, uint32_t start, uint32_t first, uint32_t end)
{
	struct fb_json_shape *shape = &decoder->shapes[decoder->shape_next];
	struct walk walk = {decoder->data, decoder->positions + first, 0};
	bool newline = decoder->base.framing == FB_FRAMING_NEWLINE;

	if (decoder->shapes_off || decoder->member_cnt >= FB_JSON_RUN_MAX || !is_time(decoder))
		return;
	shape->run_cnt = 0;
	shape->quote_cnt = decoder->next - first - newline;
	shape->end_bytes = newline;
	if (!build(decoder, shape, &walk, start, end)) {
		shape->run_cnt = 0;
		return;
	}
	decoder->shape = decoder->shape_next;
	decoder->shape_next = (decoder->shape_next + 1) % FB_JSON_SHAPES;
}
