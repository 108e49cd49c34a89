/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of lines; the list of files is files.c. */
#include "control/replay/input.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "control/replay/files.h"
#include "control/replay/mapped.h"
#include "dataplane/format/batch.h"

#define FIRST_BLOCK_BYTES 16384u /* before anything is known of the lines */
#define TAIL_BYTES 1024u         /* behind a block, for the end of its last line */
#define AHEAD_BYTES (32u << 20)
#define MAPPED_MIN_BYTES (1u << 20) /* smaller files are read: a mapping costs more than the copy */

struct file {
	const char *path;
	uint64_t size;
	int fd;
	bool has_offsets;
	struct fb_mapped *mapped; /* NULL: it is read */
	_Atomic uint32_t users; /* blocks being read, and one while more may begin */
	const struct fb_input_facts *facts;
	_Atomic uint64_t asked; /* the kernel is reading ahead up to here */
};

struct fb_input {
	struct fb_input_conf conf;
	struct fb_files files;
	struct fb_facts *facts; /* of each file, from when it is opened */
	uint64_t total_bytes; /* 0: not known */
	pthread_mutex_t lock; /* of what follows */
	uint32_t at;          /* file */
	struct file *open;    /* NULL: at is not open yet */
	uint64_t offset;
	uint64_t seq;
	struct fb_buf carry; /* of a pipe: the beginning of the next line */
	bool first_line_due; /* of a pipe */
	uint64_t learnt_lines;
	uint64_t learnt_bytes;
	int failed;
	struct fb_buf error;
	_Atomic uint64_t taken_bytes;
};

/* With the memory of its path. */
struct fb_facts {
	struct fb_input_facts facts;
	char *path;
};

/* ---- errors ---- */

/* Under the lock. */
static int fail(struct fb_input *input, const char *path, int rc, const char *what)
{
	if (input->failed == 0)
		fb_buf_printf(&input->error, "%s: %s", path, what);
	input->failed = rc;
	return rc;
}

static int fail_unlocked(struct fb_input *input, const char *path, int rc, const char *what)
{
	pthread_mutex_lock(&input->lock);
	fail(input, path, rc, what);
	pthread_mutex_unlock(&input->lock);
	return rc;
}

const char *fb_input_error(const struct fb_input *input)
{
	return input->error.p ? input->error.p : "";
}

/* ---- files ---- */

static void put_file(struct file *file)
{
	if (atomic_fetch_sub(&file->users, 1) != 1)
		return;
	fb_mapped_close(file->mapped);
	if (file->fd > STDERR_FILENO)
		close(file->fd);
	free(file);
}

/* What is known of the file that is being opened. */
static const struct fb_input_facts *describe(struct fb_input *input, const struct stat *info)
{
	struct fb_facts *known = &input->facts[input->at];
	const char *path = input->files.paths[input->at];
	char *absolute = path[0] == '/' ? NULL : realpath(path, NULL);

	/* As it was written, if that is where it is from anywhere. */
	known->path = absolute ? absolute : strdup(path);
	if (known->path == NULL)
		return NULL;
	known->facts = (struct fb_input_facts){.path = fb_str_from(known->path),
		.name = fb_str_from(strrchr(known->path, '/') ? strrchr(known->path, '/') + 1 : known->path),
		.size = S_ISREG(info->st_mode) ? info->st_size : 0,
		.modified_ms = info->st_mtim.tv_sec * 1000 + info->st_mtim.tv_nsec / 1000000};
	return &known->facts;
}

static int open_file(struct fb_input *input)
{
	const char *path = input->files.paths[input->at];
	bool is_stdin = strcmp(path, "-") == 0;
	struct file *file = calloc(1, sizeof(*file));
	struct stat info;

	if (file == NULL)
		return fail(input, path, FB_E_NO_MEMORY, fb_strerror(FB_E_NO_MEMORY));
	file->path = path;
	file->users = 1;
	file->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (file->fd < 0 || fstat(file->fd, &info) != 0) {
		int error = errno;

		put_file(file);
		return fail(input, path, fb_err_from_errno(error), strerror(error));
	}
	file->facts = describe(input, &info);
	if (file->facts == NULL) {
		put_file(file);
		return fail(input, path, FB_E_NO_MEMORY, fb_strerror(FB_E_NO_MEMORY));
	}
	/* Standard input may be a file that was read in part: taken as it comes. */
	file->has_offsets = S_ISREG(info.st_mode) && !is_stdin;
	file->size = file->has_offsets ? (uint64_t)info.st_size : 0;
	if (file->has_offsets)
		FB_IGNORE(posix_fadvise(file->fd, 0, 0, POSIX_FADV_SEQUENTIAL));
	/* What cannot be mapped is read as a pipe is. */
	if (input->conf.lines != NULL && file->size >= MAPPED_MIN_BYTES && !input->conf.no_map)
		FB_IGNORE(fb_mapped_open(file->fd, file->size, &file->mapped));
	if (input->conf.lines != NULL && file->mapped == NULL)
		file->has_offsets = false;
	input->open = file;
	input->offset = 0;
	input->first_line_due = input->conf.skip_first_line;
	fb_buf_clear(&input->carry);
	return 0;
}

static void leave_file(struct fb_input *input)
{
	put_file(input->open);
	input->open = NULL;
	input->at++;
}

/* ---- blocks ---- */

static uint64_t block_bytes(const struct fb_input *input)
{
	uint64_t bytes;

	if (input->conf.block_lines == 0)
		return input->conf.block_bytes;
	if (input->learnt_lines == 0)
		return FB_MIN(FIRST_BLOCK_BYTES, input->conf.block_bytes);
	bytes = input->learnt_bytes * input->conf.block_lines / input->learnt_lines;
	return FB_MIN(FB_MAX(bytes, (uint64_t)1), (uint64_t)input->conf.block_bytes);
}

static bool grow(struct fb_block *block, size_t bytes)
{
	uint8_t *bigger;

	if (bytes + FB_PAYLOAD_PAD_BYTES <= block->cap)
		return true;
	bytes = FB_MAX(bytes + FB_PAYLOAD_PAD_BYTES, block->cap * 2);
	bigger = realloc(block->buffer, bytes);
	if (bigger == NULL)
		return false;
	block->buffer = bigger;
	block->cap = bytes;
	return true;
}

void fb_block_fini(struct fb_block *block)
{
	if (block->file != NULL)
		put_file(block->file);
	free(block->buffer);
	*block = (struct fb_block){0};
}

/* "\xef\xbb\xbf" in front of a file is a mark of its encoding, not data. */
static uint32_t mark_len(const uint8_t *data, uint64_t len)
{
	return len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

/* Bytes in front of the first record of a file: of data[from, end), which begins with the file where from is 0. */
static uint64_t first_line(const struct fb_input *input, const uint8_t *data, uint64_t from, uint64_t end)
{
	uint64_t start = from == 0 ? mark_len(data, end) : 0;
	const uint8_t *found;

	if (from > 0 || !input->conf.skip_first_line)
		return start;
	if (input->conf.lines != NULL) {
		bool open;

		return start + fb_csv_extent(input->conf.lines, data + start, end - start, true, &open);
	}
	found = memchr(data + start, '\n', end - start);
	return found ? (uint64_t)(found - data) + 1 : end;
}

static void set_data(struct fb_block *block, uint64_t from, uint64_t to)
{
	block->data = block->buffer + from;
	block->len = (uint32_t)(to - from);
	memset(block->buffer + to, 0, FB_PAYLOAD_PAD_BYTES);
}

/* No line begins in it; it may never have had a buffer. */
static void set_empty(struct fb_block *block)
{
	static const uint8_t nothing[FB_PAYLOAD_PAD_BYTES];

	block->data = nothing;
	block->len = 0;
}

/* ---- a file with offsets ---- */

/* Half of what was asked for is used up: whoever sees that first asks the kernel for more. */
static void ask_ahead(struct file *file, uint64_t offset)
{
	uint64_t end = offset + AHEAD_BYTES;
	uint64_t asked = atomic_load_explicit(&file->asked, memory_order_relaxed);

	if (asked < end - AHEAD_BYTES / 2 && atomic_compare_exchange_strong(&file->asked, &asked, end)) {
		uint64_t start = FB_MAX(asked, offset);

		FB_IGNORE(posix_fadvise(file->fd, (off_t)start, (off_t)(end - start), POSIX_FADV_WILLNEED));
	}
}

/* Reads [offset, offset + len) to `to`; less only at the end of what the file had when it was opened. */
static int read_at(struct file *file, uint8_t *to, uint64_t len, uint64_t offset)
{
	uint64_t done = 0;

	while (done < len) {
		struct iovec part = {to + done, len - done};
		ssize_t got = preadv2(file->fd, &part, 1, (off_t)(offset + done), RWF_NOWAIT);

		if (got < 0 && (errno == EAGAIN || errno == EOPNOTSUPP)) {
			ask_ahead(file, offset + done);
			got = pread(file->fd, part.iov_base, part.iov_len, (off_t)(offset + done));
		}
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fb_err_from_errno(errno);
		if (got == 0)
			return FB_E_CORRUPT;
		done += (uint64_t)got;
	}
	return 0;
}

/*
 * The lines that begin in [from, to): behind the first newline at or behind from - 1, up to and with the first at or behind
 * to - 1.
 */
static int read_lines(struct fb_input *input, struct file *file, struct fb_block *block, uint64_t from, uint64_t to)
{
	uint64_t base = from > 0 ? from - 1 : 0;
	uint64_t len = FB_MIN(to + TAIL_BYTES, file->size) - base;
	uint64_t have = 0;
	uint64_t start = 0;
	const uint8_t *found;

	for (;;) {
		int rc = grow(block, len) ? read_at(file, block->buffer + have, len - have, base + have) : FB_E_NO_MEMORY;

		if (rc != 0)
			return fail_unlocked(input, file->path, rc,
				rc == FB_E_CORRUPT ? "became shorter while it was read" : fb_strerror(rc));
		have = len;
		if (from > 0 && start == 0) {
			found = memchr(block->buffer, '\n', to - base);
			start = found ? (uint64_t)(found - block->buffer) + 1 : to - base;
			if (base + start >= to) { /* a line goes on through the whole block, or to its end */
				block->start = block->end = to;
				set_empty(block);
				return 1;
			}
		}

		uint64_t at = to - 1 - base;

		found = memchr(block->buffer + at, '\n', have - at);
		if (found != NULL || base + have == file->size)
			break;
		if (have - at > FB_INPUT_LINE_MAX)
			return fail_unlocked(input, file->path, FB_E_FULL, "a line is longer than 64 MiB");
		len = FB_MIN(have + FB_MAX(have - at, (uint64_t)TAIL_BYTES), file->size - base);
	}

	uint64_t end = found ? (uint64_t)(found - block->buffer) + 1 : have;

	block->start = base + start;
	block->end = base + end;
	set_data(block, start + (from == 0 ? first_line(input, block->buffer, 0, end) : 0), end);
	return 1;
}

/* The block is [start, end) of its file, whole lines, without what is in front of the first record. */
static int set_mapped(struct fb_input *input, struct file *file, struct fb_block *block, uint64_t start, uint64_t end)
{
	const uint8_t *bytes = fb_mapped_bytes(file->mapped);

	block->start = start;
	if (start == 0 && end > 0) {
		/* A header may span lines, and the cut that was guessed. */
		start = first_line(input, bytes, 0, input->conf.lines ? FB_MIN(file->size, FB_INPUT_LINE_MAX) : end);
		end = FB_MAX(start, end);
	}
	block->end = end;
	if (start == end) {
		set_empty(block);
		return 1;
	}
	block->data = bytes + start;
	block->len = (uint32_t)(end - start);
	if (end + FB_PAYLOAD_PAD_BYTES <= fb_mapped_readable(file->mapped))
		return 1;
	/* The last page has no room behind: the block goes into the buffer. */
	if (!grow(block, end - start))
		return fail_unlocked(input, file->path, FB_E_NO_MEMORY, fb_strerror(FB_E_NO_MEMORY));
	memcpy(block->buffer, bytes + start, end - start);
	set_data(block, 0, end - start);
	return 1;
}

/* The first block: a header may span lines, and the end of what is read. */
static int map_first(struct fb_input *input, struct file *file, struct fb_block *block, uint64_t to)
{
	const uint8_t *bytes = fb_mapped_bytes(file->mapped);
	const uint8_t *found = memchr(bytes + to - 1, '\n', file->size - to + 1);
	uint64_t end = found ? (uint64_t)(found - bytes) + 1 : file->size;

	if (end > FB_INPUT_LINE_MAX + to)
		return fail_unlocked(input, file->path, FB_E_FULL, "a line is longer than 64 MiB");
	return set_mapped(input, file, block, 0, end);
}

int fb_input_recut(struct fb_input *input, struct fb_block *block, uint64_t start, uint64_t end)
{
	return set_mapped(input, block->file, block, start, end);
}

/* ---- records that span lines ---- */

/* Of the records from `at` on the first that begins at or behind `to`; or that is not at its end when the data is. */
static uint64_t walk(const struct fb_csv_lines *lines, const uint8_t *data, uint64_t at, uint64_t to, uint64_t len, bool whole)
{
	bool open = false;

	while (at < to && !open) {
		const uint8_t *quoted = fb_csv_first_quoted(lines, data + at, to - at);
		/* The lines in front of the first quote are records. */
		const uint8_t *line = memrchr(data + at, '\n', (quoted ? (uint64_t)(quoted - data) : to) - at);
		uint64_t extent;

		if (line != NULL)
			at = (uint64_t)(line - data) + 1;
		if (at == to)
			break;
		extent = fb_csv_extent(
			lines, data + at, FB_MIN(len - at, (uint64_t)FB_INPUT_LINE_MAX), whole || len - at > FB_INPUT_LINE_MAX, &open);
		at += open ? 0 : extent;
	}
	return at;
}

uint64_t fb_input_walk(const struct fb_input *input, const struct fb_block *block, uint64_t start, uint64_t to)
{
	const uint8_t *bytes = fb_mapped_bytes(block->file->mapped);
	uint64_t size = block->file->size;

	if (start == 0)
		start = mark_len(bytes, size);
	return walk(input->conf.lines, bytes, start, to, size, true);
}

/* ---- a pipe ---- */

/* Where the last record ends that is at its end; 0: none is. */
static uint64_t last_end(const struct fb_input *input, const uint8_t *data, uint64_t len)
{
	const uint8_t *found = memrchr(data, '\n', len);

	if (found == NULL || input->conf.lines == NULL)
		return found ? (uint64_t)(found - data) + 1 : 0;
	len = (uint64_t)(found - data) + 1;
	return walk(input->conf.lines, data, input->offset == 0 ? mark_len(data, len) : 0, len, len, false);
}

/* Reads until there are `want` bytes and a whole record, or the end: *ret_end. Negative: reading failed. */
static int fill(struct fb_input *input, struct fb_block *block, uint64_t want, uint64_t *len, uint64_t *ret_end, bool *at_end)
{
	*ret_end = 0;
	while (!*at_end) {
		/* Twice as much each time: a record that is long is not looked through again for every piece of it. */
		uint64_t room = FB_MAX(want > *len ? want - *len : *len, (uint64_t)TAIL_BYTES);
		ssize_t got;

		*ret_end = *len >= want ? last_end(input, block->buffer, *len) : 0;
		if (*ret_end > 0)
			return 0;
		if (*len > FB_INPUT_LINE_MAX)
			return fail(input, input->open->path, FB_E_FULL, "a line is longer than 64 MiB");
		if (!grow(block, *len + room))
			return fail(input, input->open->path, FB_E_NO_MEMORY, fb_strerror(FB_E_NO_MEMORY));
		got = read(input->open->fd, block->buffer + *len, room);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(input, input->open->path, fb_err_from_errno(errno), strerror(errno));
		*at_end = got == 0;
		*len += (uint64_t)got;
	}
	*ret_end = *len;
	return 0;
}

/* Under the lock. */
static int read_pipe(struct fb_input *input, struct fb_block *block)
{
	uint64_t want = block_bytes(input);
	uint64_t len = input->carry.len;
	uint64_t start = 0;
	bool at_end = false;
	uint64_t end;

	if (!grow(block, FB_MAX(len, want)))
		return fail(input, input->open->path, FB_E_NO_MEMORY, fb_strerror(FB_E_NO_MEMORY));
	if (len > 0)
		memcpy(block->buffer, input->carry.p, len);

	int rc = fill(input, block, want, &len, &end, &at_end);

	if (rc != 0)
		return rc;
	fb_buf_clear(&input->carry);
	fb_buf_add(&input->carry, block->buffer + end, len - end);
	if (input->carry.failed)
		return fail(input, input->open->path, FB_E_NO_MEMORY, fb_strerror(FB_E_NO_MEMORY));
	atomic_fetch_add(&input->taken_bytes, end);
	if (input->first_line_due)
		start = first_line(input, block->buffer, input->offset, end);
	else if (input->offset == 0)
		start = mark_len(block->buffer, end);
	input->first_line_due = false;
	input->offset += end;
	set_data(block, start, end);
	block->walked = true;
	if (at_end)
		leave_file(input);
	return 1;
}

/* ---- either ---- */

/* The block's bytes are not needed any more. */
static int put_block(struct fb_input *input, struct fb_block *block)
{
	struct file *file = block->file;
	int rc = 0;

	block->file = NULL;
	if (file != NULL && file->mapped != NULL && !fb_mapped_is_whole(file->mapped))
		rc = fail_unlocked(input, file->path, FB_E_CORRUPT, "became shorter while it was read");
	if (file != NULL)
		put_file(file);
	return rc;
}

int fb_input_next(struct fb_input *input, struct fb_block *block)
{
	struct file *file;
	uint64_t from;
	uint64_t to;
	int rc = put_block(input, block);

	if (rc != 0)
		return rc;
	pthread_mutex_lock(&input->lock);
	input->learnt_lines += block->lines;
	input->learnt_bytes += block->lines > 0 ? block->len : 0;
	block->lines = 0;
	block->walked = false;
	block->start = block->end = 0;
	rc = input->failed;
	/* Empty files have no block. */
	while (rc == 0 && input->at < input->files.cnt) {
		rc = input->open ? 0 : open_file(input);
		if (rc == 0 && input->open->has_offsets && input->open->size == 0)
			leave_file(input);
		else
			break;
	}
	if (rc != 0 || input->at == input->files.cnt) {
		pthread_mutex_unlock(&input->lock);
		return rc;
	}
	block->seq = input->seq++;
	file = input->open;
	block->facts = file->facts;
	if (!file->has_offsets) {
		rc = read_pipe(input, block);
		pthread_mutex_unlock(&input->lock);
		return rc;
	}
	from = input->offset;
	to = FB_MIN(from + block_bytes(input), file->size);
	input->offset = to;
	atomic_fetch_add(&file->users, 1);
	if (to == file->size)
		leave_file(input);
	pthread_mutex_unlock(&input->lock);
	block->file = file;
	block->from = from;
	block->to = to;
	rc = file->mapped && from == 0 ? map_first(input, file, block, to) : read_lines(input, file, block, from, to);
	atomic_fetch_add_explicit(&input->taken_bytes, to - from, memory_order_relaxed);
	return rc;
}

uint64_t fb_input_total_bytes(const struct fb_input *input)
{
	return input->total_bytes;
}

uint64_t fb_input_taken_bytes(const struct fb_input *input)
{
	return atomic_load_explicit(&input->taken_bytes, memory_order_relaxed);
}

uint32_t fb_input_file_cnt(const struct fb_input *input)
{
	return input->files.cnt;
}

int fb_input_open(const struct fb_input_conf *conf, struct fb_buf *message, struct fb_input **ret)
{
	struct fb_input *input = calloc(1, sizeof(*input));
	int rc = input ? fb_files_list(conf->path, &input->files, message) : FB_E_NO_MEMORY;

	if (rc != 0) {
		free(input);
		return rc;
	}
	input->conf = *conf;
	input->facts = calloc(input->files.cnt + 1u, sizeof(*input->facts));
	if (input->facts == NULL) {
		fb_files_free(&input->files);
		free(input);
		return FB_E_NO_MEMORY;
	}
	input->total_bytes = input->files.bytes;
	pthread_mutex_init(&input->lock, NULL);
	*ret = input;
	return 0;
}

void fb_input_close(struct fb_input *input)
{
	if (input == NULL)
		return;
	if (input->open != NULL)
		put_file(input->open);
	pthread_mutex_destroy(&input->lock);
	for (uint32_t i = 0; i < input->files.cnt; i++)
		free(input->facts[i].path);
	free(input->facts);
	fb_files_free(&input->files);
	fb_buf_fini(&input->carry);
	fb_buf_fini(&input->error);
	free(input);
}
