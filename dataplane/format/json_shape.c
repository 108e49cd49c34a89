/* SPDX-License-Identifier: Apache-2.0 */
/* A record that was read the long way, as a shape for those that come. Hot: no allocation. */
#include "dataplane/format/json.h"

/* Positions of the record, as far as they are used up. */
struct walk {
	const uint8_t *data;
	const uint32_t *positions;
	uint32_t quote_cnt;
	uint32_t at; /* number of the next */
};

static struct fb_json_spot spot_of(const struct walk *walk, uint32_t offset)
{
	return (struct fb_json_spot){walk->at, (int32_t)(offset - walk->positions[walk->at])};
}

/* Bytes [from, to) between two values, as pieces; spots count from the first position in them. */
static bool add_pieces(
	struct fb_json_shape *shape, const struct walk *walk, uint32_t from, uint32_t to)
{
	while (from < to) {
		struct fb_json_piece *piece = &shape->pieces[shape->piece_cnt];
		uint32_t len = FB_MIN(to - from, (uint32_t)FB_JSON_PIECE_BYTES);

		if (shape->piece_cnt == FB_JSON_PIECE_MAX)
			return false;
		memset(piece, 0, sizeof(*piece));
		memcpy(piece->bytes, walk->data + from, len);
		memset(piece->mask, 0xff, len);
		shape->spots[shape->piece_cnt++] = spot_of(walk, from);
		from += len;
	}
	return true;
}

/* The bytes in front of a value, or behind the last one. What follows a position by more than a
 * piece may not be read. */
static bool add_run(struct fb_json_shape *shape, struct walk *walk, uint32_t from, uint32_t to)
{
	if (from >= to || to - from > 2 * FB_JSON_PIECE_BYTES || !add_pieces(shape, walk, from, to))
		return false;
	return shape->spots[shape->piece_cnt - 1].offset <= FB_JSON_PIECE_BYTES;
}

static void pass_run(struct walk *walk, uint32_t to)
{
	while (walk->at < walk->quote_cnt && walk->positions[walk->at] < to)
		walk->at++;
}

static bool add_member(struct fb_json_shape *shape, struct walk *walk, uint32_t *from,
	const struct fb_json_member *member)
{
	struct fb_json_pick ignored;
	struct fb_json_pick *pick = member->column < 0 ? &ignored : &shape->picks[member->column];
	uint32_t to = member->value + member->is_text;
	struct fb_json_gap *gap = &shape->gaps[shape->gap_cnt];

	if (!add_run(shape, walk, *from, to))
		return false;
	gap->start = spot_of(walk, to);
	pass_run(walk, to);
	*from = member->end - member->is_text;
	if (member->is_text) {
		pick->what = FB_JSON_QUOTED;
		pick->at = walk->at - 1;
	} else {
		gap->end = spot_of(walk, *from);
		pick->what = FB_JSON_SCALAR;
		pick->at = shape->gap_cnt++;
	}
	return true;
}

static bool build(struct fb_json_decoder *decoder, struct fb_json_shape *shape, struct walk *walk,
	uint32_t start, uint32_t end)
{
	uint32_t from = start;

	shape->piece_cnt = 0;
	shape->gap_cnt = 0;
	shape->quote_cnt = walk->quote_cnt;
	for (uint32_t i = 0; i < shape->pick_cnt; i++)
		shape->picks[i].what = FB_JSON_ABSENT;
	for (uint32_t i = 0; i < decoder->member_cnt; i++)
		if (!add_member(shape, walk, &from, &decoder->members[i]))
			return false;
	if (!add_run(shape, walk, from, end))
		return false;
	shape->end = spot_of(walk, end);
	return true;
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
	bool newline = decoder->base.framing == FB_FRAMING_NEWLINE;
	struct walk walk = {
		decoder->data, decoder->positions + first, decoder->next - first - newline, 0};

	if (decoder->shapes_off || decoder->member_cnt >= FB_JSON_MEMBER_MAX || !is_time(decoder))
		return;
	shape->end_bytes = newline;
	if (!build(decoder, shape, &walk, start, end)) {
		shape->piece_cnt = 0;
		return;
	}
	decoder->shape = decoder->shape_next;
	decoder->shape_next = (decoder->shape_next + 1) % FB_JSON_SHAPES;
}
