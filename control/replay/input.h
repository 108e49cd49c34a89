/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of a table as blocks of whole lines, for several threads at once. Blocks are numbered in the order of the
 * bytes: file after file, and within a file from its begin to its end. A block never spans two files.
 *
 * A file is cut by offsets: the block of [from, to) has the lines that begin there. So a thread finds its block by
 * itself, and none waits for another. It reads the block into its own buffer, which stays in its cache: for a file in the
 * page cache that costs less than the page faults of a mapping. What has no offsets (a pipe, standard input) is read under a lock, and copied no more than once.
 *
 * Where records may span lines (conf.lines), that cut is a guess: cut.h says who puts it right, for which the file is mapped
 * (mapped.h). A small one, or one that cannot be, is then read as a pipe is, record by record, and needs no guess.
 *
 * Reading ahead: the kernel is asked for the bytes behind as soon as they are not in the page cache. For a file that is
 * cached that costs next to nothing.
 *
 * fb_input_next may be called from any thread, each with its own block; the rest belongs to the control thread.
 */
#pragma once

#include "config/base/buf.h"
#include "config/base/errcode.h"
#include "dataplane/format/csv_extent.h"

#define FB_INPUT_LINE_MAX (64u << 20) /* a longer line is an error: FB_E_FULL */

struct fb_input_conf {
	const char *path;       /* file, folder, or "-" for standard input */
	bool skip_first_line;   /* of each file */
	uint32_t block_bytes;   /* about so long; > 0 */
	bool no_map;            /* with `lines`: do without a mapping */
	const struct fb_csv_lines *lines; /* records may span lines, by these rules; NULL: a record is a line */
	uint32_t block_lines;   /* > 0: and short enough to hold hardly ever more lines, as learnt from those before */
};

struct fb_input;
struct file;

/* A file as Flink's filesystem connector describes it; lives until the input is closed. */
struct fb_input_facts {
	struct fb_str path; /* "/folder/name": Flink leaves the scheme out */
	struct fb_str name;
	int64_t size;        /* 0: it has none (a pipe) */
	int64_t modified_ms; /* since 1970 */
};

/* A thread's block; zeroed before the first use. */
struct fb_block {
	uint64_t seq; /* 0 … */
	const uint8_t *data;
	uint32_t len;   /* 0: no line begins in it */
	uint32_t lines; /* set by the thread when it is through: what the next ones are sized by */
	uint8_t *buffer;
	size_t cap;
	struct file *file; /* that it is a part of */
	const struct fb_input_facts *facts; /* of its file */
	/* Of a mapped file whose records may span lines; offsets. */
	uint64_t from, to;   /* it has the records that begin there … */
	uint64_t start, end; /* … which are those, if the first one is where the cut has guessed it; with the header line */
	bool walked;         /* of the others: no guess */
};

/*
 * Lists the files: a folder's in the order of their names, sub-folders where their names stand; names that begin with '.' or
 * '_' are left out, as Flink does. Nothing is read yet. FB_E_NOT_FOUND, FB_E_IO, FB_E_PERMISSION, FB_E_UNSUPPORTED
 * (compressed, by its ending); the words are in message.
 */
int fb_input_open(const struct fb_input_conf *conf, struct fb_buf *message, struct fb_input **ret) FB_MUST_CHECK;
void fb_input_close(struct fb_input *input);

/*
 * The next block; its bytes are valid until the block's next use, with FB_PAYLOAD_PAD_BYTES readable behind. 1: there
 * is one. 0: the end. Negative: reading failed, fb_input_error has the words; every later call fails too. A file that
 * became shorter shows when its block is put back, by the next call.
 */
int fb_input_next(struct fb_input *input, struct fb_block *block) FB_MUST_CHECK;
void fb_block_fini(struct fb_block *block);

/* Of a block that is not walked: the first record that begins at or behind `to`, if one begins at `start`. The block's thread. */
uint64_t fb_input_walk(const struct fb_input *input, const struct fb_block *block, uint64_t start, uint64_t to);
/* The block is [start, end) of its file. 1, or FB_E_NO_MEMORY. The block's thread. */
int fb_input_recut(struct fb_input *input, struct fb_block *block, uint64_t start, uint64_t end) FB_MUST_CHECK;

/* Any thread. */
uint64_t fb_input_total_bytes(const struct fb_input *input); /* 0: not known */
uint64_t fb_input_taken_bytes(const struct fb_input *input);
uint32_t fb_input_file_cnt(const struct fb_input *input);
/* After a failure: "people.csv: input/output error". */
const char *fb_input_error(const struct fb_input *input);
