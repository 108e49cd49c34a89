/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A unit is what a core takes at once: some payloads, mostly about as many records as a batch has, that follow those of the
 * unit before. Where they come from is a unit source: files (file_source.c) or the raw log (log_source.c).
 *
 * A unit has pieces: payloads of one lane (partition) that came at one time. A file, or a log of one lane, or any input as
 * batch, has one piece a unit, and what a piece says of lane and burst does not matter.
 */
#pragma once

#include "config/base/buf.h"
#include "control/replay/input.h"
#include "dataplane/format/decoder.h"

#define FB_UNIT_PIECES_MAX 64

struct fb_replay_numbers;

struct fb_payload {
	const uint8_t *data; /* with FB_PAYLOAD_PAD_BYTES readable behind it */
	uint32_t len;
	uint32_t after_ns;  /* of a log: since the first arrival of its block */
	uint32_t seq_delta; /* and since its first sequence number */
};

struct fb_piece {
	const struct fb_payload *payloads;
	uint32_t cnt;
	uint32_t lane;
	bool begins; /* a burst, which ends where the next one begins */
	int64_t arrival_ns;
	void *memory; /* the source's */
};

/* A core's; zeroed before the first use. */
struct fb_unit {
	uint64_t seq; /* 0 … */
	uint32_t piece_cnt; /* 0: nothing in it */
	struct fb_piece pieces[FB_UNIT_PIECES_MAX];
	uint64_t bytes;   /* of payload */
	uint32_t records; /* set by the core when it is through: what the next ones are sized by */
	int64_t floor_ms; /* batch: no record of this unit or a later one is older; FB_TIME_MIN: not known */
	/* of files */
	struct fb_block block;
	struct fb_payload payload;
};

struct fb_unit_source;

struct fb_unit_ops {
	/* The next unit, when the one before is not needed any more. 1: there is one; 0: the end; negative: it failed (error has
	 * the words), and every later call fails too. Any thread, each with its own unit. */
	int (*next)(struct fb_unit_source *source, struct fb_unit *unit);
	void (*fini)(struct fb_unit_source *source, struct fb_unit *unit);
	/* Whoever waits in next is to come back. Any thread. */
	void (*stop)(struct fb_unit_source *source);
	/* NULL: units are always whole records. Else, when the first batch of a unit was decoded: `seen` in the part of it before
	 * `pos`. 1: it is cut anew, and what was decoded is wrong; 0: it stays; negative: failed. */
	int (*settle)(struct fb_unit_source *source, struct fb_unit *unit, enum fb_decoder_seen seen, uint32_t pos);
	/* Any thread. */
	uint64_t (*taken_bytes)(const struct fb_unit_source *source);
	uint64_t (*total_bytes)(const struct fb_unit_source *source);
	/* Batch: of everything that is in no unit yet, as unit.floor_ms; FB_TIME_MAX: nothing is left. While no core is at work.
	 * NULL: never asked for. */
	int64_t (*floor_ms)(struct fb_unit_source *source);
	const char *(*error)(struct fb_unit_source *source);
	/* When all cores are through. */
	void (*numbers)(const struct fb_unit_source *source, struct fb_replay_numbers *numbers);
	void (*close)(struct fb_unit_source *source);
};

/* The first member of each kind. */
struct fb_unit_source {
	const struct fb_unit_ops *ops;
	uint32_t lane_cnt;       /* 1: what a piece says of lane and burst does not matter */
	bool by_lane;            /* set before the first unit: units of one lane each */
	int64_t idle_timeout_ms; /* of lanes; 0: never */
};
