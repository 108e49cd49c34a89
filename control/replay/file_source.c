/* SPDX-License-Identifier: Apache-2.0 */
#include "control/replay/file_source.h"

#include <stdlib.h>

#include "config/base/calendar.h"
#include "control/replay/cut.h"
#include "control/replay/replay.h"

struct file_source {
	struct fb_unit_source base;
	struct fb_input *input;
	struct fb_cut cut;
	struct fb_csv_lines lines;
};

static struct fb_input *input_of(const struct fb_unit_source *source)
{
	return ((const struct file_source *)source)->input;
}

static void show(struct fb_unit *unit)
{
	unit->payload = (struct fb_payload){.data = unit->block.data, .len = unit->block.len};
	unit->bytes = unit->block.len;
}

static int next(struct fb_unit_source *source, struct fb_unit *unit)
{
	int rc;

	unit->block.lines = unit->records;
	rc = fb_input_next(input_of(source), &unit->block);
	if (rc != 1)
		return rc;
	unit->seq = unit->block.seq;
	show(unit);
	unit->pieces[0] = (struct fb_piece){.payloads = &unit->payload, .cnt = 1};
	unit->piece_cnt = 1;
	unit->floor_ms = FB_TIME_MIN;
	return 1;
}

static void fini(struct fb_unit_source *source, struct fb_unit *unit)
{
	(void)source;
	fb_block_fini(&unit->block);
}

static void stop(struct fb_unit_source *source)
{
	fb_cut_break(&((struct file_source *)source)->cut); /* else nobody waits but for the disk */
}

static int settle(struct fb_unit_source *base, struct fb_unit *unit, enum fb_decoder_seen seen, uint32_t pos)
{
	struct file_source *source = (struct file_source *)base;
	const struct fb_block *block = &unit->block;
	int rc;

	if (!block->walked && fb_csv_first_quoted(&source->lines, block->data + pos, block->len - pos) != NULL)
		seen = FB_SEEN_IRREGULAR;
	rc = fb_cut_settle(&source->cut, source->input, &unit->block, seen);
	show(unit);
	return rc;
}

static uint64_t taken_bytes(const struct fb_unit_source *source)
{
	return fb_input_taken_bytes(input_of(source));
}

static uint64_t total_bytes(const struct fb_unit_source *source)
{
	return fb_input_total_bytes(input_of(source));
}

static const char *error(struct fb_unit_source *source)
{
	return fb_input_error(input_of(source));
}

static void numbers(const struct fb_unit_source *source, struct fb_replay_numbers *numbers)
{
	numbers->file_cnt += fb_input_file_cnt(input_of(source));
	numbers->input_bytes += fb_input_taken_bytes(input_of(source));
}

static void close(struct fb_unit_source *source)
{
	fb_input_close(input_of(source));
	fb_cut_fini(&((struct file_source *)source)->cut);
	free(source);
}

int fb_file_source_open(const struct fb_input_conf *conf, struct fb_buf *message, struct fb_unit_source **ret)
{
	static const struct fb_unit_ops by_lines = {next, fini, stop, NULL, taken_bytes, total_bytes, NULL, error, numbers, close};
	static const struct fb_unit_ops spanning = {next, fini, stop, settle, taken_bytes, total_bytes, NULL, error, numbers, close};
	struct file_source *source = aligned_alloc(_Alignof(struct file_source), sizeof(*source));
	struct fb_input_conf input = *conf;
	int rc;

	if (source == NULL)
		return FB_E_NO_MEMORY;
	*source = (struct file_source){0};
	if (conf->lines != NULL) {
		source->lines = *conf->lines;
		input.lines = &source->lines;
	}
	rc = fb_input_open(&input, message, &source->input);
	if (rc != 0) {
		free(source);
		return rc;
	}
	fb_cut_init(&source->cut);
	source->base = (struct fb_unit_source){.ops = conf->lines ? &spanning : &by_lines, .lane_cnt = 1};
	*ret = &source->base;
	return 0;
}
