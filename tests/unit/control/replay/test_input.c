/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks: whatever their size, whoever reads them, they are the lines of the files, whole and in order. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/replay/input.h"
#include "dataplane/format/batch.h"

static char folder[64];
static volatile uint64_t touched; /* so that reads are not left out */

static void make_folder(void)
{
	strcpy(folder, "/tmp/fb-input.XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
}

static void remove_folder(void)
{
	struct fb_buf command = {0};

	fb_buf_printf(&command, "rm -r '%s'", folder);
	cr_assert_eq(system(command.p), 0);
	fb_buf_fini(&command);
}

TestSuite(input, .init = make_folder, .fini = remove_folder);

static const char *put(const char *name, const char *text, size_t len)
{
	static char path[8][256];
	static unsigned next;
	char *to = path[next++ % 8];
	FILE *out;

	snprintf(to, sizeof(path[0]), "%s/%s", folder, name);
	out = fopen(to, "wb");
	cr_assert_not_null(out);
	cr_assert_eq(fwrite(text, 1, len, out), len);
	fclose(out);
	return to;
}

static struct fb_input *open_input(const struct fb_input_conf *conf)
{
	struct fb_buf message = {0};
	struct fb_input *input = NULL;

	cr_assert_eq(fb_input_open(conf, &message, &input), 0, "%s", message.p);
	fb_buf_fini(&message);
	return input;
}

/* All blocks one behind the other; each must begin with a line and end with one, and have its number. */
static struct fb_buf read_all(const struct fb_input_conf *conf)
{
	struct fb_input *input = open_input(conf);
	struct fb_block block = {0};
	struct fb_buf all = {0};
	uint64_t seq = 0;
	int rc;

	while ((rc = fb_input_next(input, &block)) == 1) {
		cr_assert_eq(block.seq, seq++);
		for (uint32_t i = 0; i < FB_PAYLOAD_PAD_BYTES; i++)
			touched += ((const volatile uint8_t *)block.data)[block.len + i];
		/* A "|" between blocks may only stand where a line has ended. */
		if (block.len > 0 && all.len > 0)
			cr_assert(all.p[all.len - 1] == '\n' || all.p[all.len - 1] == '|');
		fb_buf_add(&all, block.data, block.len);
		for (uint32_t i = 0; i < block.len; i++)
			block.lines += block.data[i] == '\n';
	}
	cr_assert_eq(rc, 0, "%s", fb_input_error(input));
	fb_block_fini(&block);
	fb_input_close(input);
	fb_buf_add(&all, "", 1);
	all.len--;
	return all;
}

static void expect(const struct fb_input_conf *conf, const char *want)
{
	struct fb_buf got = read_all(conf);

	cr_assert_str_eq(got.p, want, "blocks of %u bytes, %u lines", conf->block_bytes, conf->block_lines);
	fb_buf_fini(&got);
}

Test(input, any_block_size_gives_the_same_bytes)
{
	static const char *const texts[] = {"a\n", "a", "\n", "\n\n\n", "one\ntwo\nthree", "one\r\n\r\ntwo\r\n",
		"a line that is much longer than any of the blocks that it is read in\nx\n", "1\n22\n333\n4444\n55555\n"};

	for (size_t t = 0; t < FB_ARRAY_LEN(texts); t++) {
		const char *path = put("lines", texts[t], strlen(texts[t]));

		for (uint32_t bytes = 1; bytes < 80; bytes++) {
			expect(&(struct fb_input_conf){.path = path, .block_bytes = bytes}, texts[t]);
			expect(&(struct fb_input_conf){.path = path, .block_bytes = 1000, .block_lines = bytes}, texts[t]);
		}
	}
}

Test(input, a_folder_is_its_visible_files_by_name)
{
	char path[128];

	put("b", "b1\nb2\n", 6);
	put("a", "a1\na2\n", 6);
	put(".hidden", "no\n", 3);
	put("_SUCCESS", "no\n", 3);
	put("empty", "", 0);
	snprintf(path, sizeof(path), "%s/aa", folder);
	cr_assert_eq(mkdir(path, 0700), 0);
	put("aa/z", "z1\n", 3);
	put("aa/_z", "no\n", 3);
	for (uint32_t bytes = 1; bytes < 8; bytes++) {
		expect(&(struct fb_input_conf){.path = folder, .block_bytes = bytes}, "a1\na2\nz1\nb1\nb2\n");
		expect(&(struct fb_input_conf){.path = folder, .block_bytes = bytes, .skip_first_line = true}, "a2\nb2\n");
	}
}

Test(input, a_file_without_last_newline_does_not_run_into_the_next)
{
	struct fb_input_conf conf = {.path = folder, .block_bytes = 100};
	struct fb_input *input;
	struct fb_block block = {0};

	put("a", "a1", 2);
	put("b", "b1", 2);
	input = open_input(&conf);
	cr_assert_eq(fb_input_total_bytes(input), 4);
	cr_assert_eq(fb_input_next(input, &block), 1);
	cr_assert(block.len == 2 && memcmp(block.data, "a1", 2) == 0);
	cr_assert_eq(fb_input_next(input, &block), 1);
	cr_assert(block.len == 2 && memcmp(block.data, "b1", 2) == 0);
	cr_assert_eq(fb_input_next(input, &block), 0);
	cr_assert_eq(fb_input_taken_bytes(input), 4);
	fb_block_fini(&block);
	fb_input_close(input);
}

Test(input, the_mark_of_utf8_is_no_data)
{
	const char *path = put("marked", "\xef\xbb\xbfhead\nx\n", 10);

	expect(&(struct fb_input_conf){.path = path, .block_bytes = 1}, "head\nx\n");
	expect(&(struct fb_input_conf){.path = path, .block_bytes = 100, .skip_first_line = true}, "x\n");
}

struct writer {
	int fd;
	const char *text;
	size_t step;
};

static void *write_slowly(void *arg)
{
	const struct writer *writer = arg;
	size_t len = strlen(writer->text);

	for (size_t at = 0; at < len; at += writer->step)
		cr_assert_gt(write(writer->fd, writer->text + at, FB_MIN(writer->step, len - at)), 0);
	close(writer->fd);
	return NULL;
}

Test(input, a_pipe_gives_the_same_whatever_comes_at_once)
{
	const char *text = "first\nsecond line\n\nthe fourth, which is longer\nlast without newline";

	for (size_t step = 1; step < 40; step += 3) {
		for (uint32_t bytes = 1; bytes < 100; bytes += 9) {
			int ends[2];
			char path[64];
			struct writer writer;
			pthread_t thread;

			cr_assert_eq(pipe(ends), 0);
			snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
			writer = (struct writer){ends[1], text, step};
			cr_assert_eq(pthread_create(&thread, NULL, write_slowly, &writer), 0);
			expect(&(struct fb_input_conf){.path = path, .block_bytes = bytes}, text);
			pthread_join(thread, NULL);
			close(ends[0]);
		}
	}
}

Test(input, what_cannot_be_read_is_named)
{
	struct fb_buf message = {0};
	struct fb_input *input = NULL;
	struct fb_input_conf conf = {.path = "/nonexistent/x", .block_bytes = 10};

	cr_assert_eq(fb_input_open(&conf, &message, &input), FB_E_NOT_FOUND);
	cr_assert_not_null(strstr(message.p, "/nonexistent/x"));
	fb_buf_clear(&message);
	conf.path = put("people.csv.gz", "x", 1);
	cr_assert_eq(fb_input_open(&conf, &message, &input), FB_E_UNSUPPORTED);
	cr_assert_not_null(strstr(message.p, "compressed"));
	fb_buf_fini(&message);
}

Test(input, a_file_that_becomes_shorter_fails)
{
	const char *path = put("shrinks", "1\n2\n3\n4\n", 8);
	struct fb_input *input = open_input(&(struct fb_input_conf){.path = path, .block_bytes = 2});
	struct fb_block block = {0};

	cr_assert_eq(fb_input_next(input, &block), 1);
	cr_assert_eq(truncate(path, 2), 0);
	cr_assert_lt(fb_input_next(input, &block), 0);
	cr_assert_not_null(strstr(fb_input_error(input), "shorter"));
	cr_assert_lt(fb_input_next(input, &block), 0, "it stays so");
	fb_block_fini(&block);
	fb_input_close(input);
}

/* ---- files large enough to be mapped ---- */

#define LARGE_BYTES (3u << 20)

/* Lines of 0 to 199 bytes; the file ends `over` bytes into a page. */
static const char *put_large(char **ret_text, uint32_t over)
{
	size_t len = LARGE_BYTES + over;
	char *text = malloc(len + 1);
	uint32_t state = 7;

	cr_assert_not_null(text);
	for (size_t at = 0, left = 0; at < len; at++, left--) {
		if (left == 0) {
			state = state * 1103515245 + 12345;
			left = 1 + (state >> 16) % 200;
		}
		text[at] = left == 1 ? '\n' : (char)('a' + at % 26);
	}
	text[len] = '\0';
	*ret_text = text;
	return put("large", text, len);
}

Test(input, a_mapped_file_gives_what_a_read_one_gives)
{
	/* Ends right at a page, just before one (no room behind the last block), and in the middle. */
	static const uint32_t overs[] = {0, 4095, 4096 - FB_PAYLOAD_PAD_BYTES, 1000};
	static const uint32_t sizes[] = {90, 700, 65536, 1u << 20, 8u << 20};

	for (size_t o = 0; o < FB_ARRAY_LEN(overs); o++) {
		char *text;
		const char *path = put_large(&text, overs[o]);

		for (size_t s = 0; s < FB_ARRAY_LEN(sizes); s++)
			for (int no_map = 0; no_map < 2; no_map++) {
				struct fb_input_conf conf = {.path = path, .block_bytes = sizes[s], .no_map = no_map};
				struct fb_buf got;

				got = read_all(&conf);
				cr_assert_eq(got.len, LARGE_BYTES + overs[o]);
				cr_assert_eq(memcmp(got.p, text, got.len), 0);
				fb_buf_fini(&got);
				conf.skip_first_line = true;
				got = read_all(&conf);
				cr_assert_eq(got.len, strlen(strchr(text, '\n') + 1));
				cr_assert_eq(memcmp(got.p, strchr(text, '\n') + 1, got.len), 0);
				fb_buf_fini(&got);
			}
		free(text);
	}
}

struct share {
	struct fb_input *input;
	uint64_t bytes, sum;
};

static void *take_share(void *arg)
{
	struct share *share = arg;
	struct fb_block block = {0};

	while (fb_input_next(share->input, &block) == 1) {
		share->bytes += block.len;
		for (uint32_t i = 0; i < block.len; i++)
			share->sum += block.data[i] * (uint64_t)(block.seq % 7 + 1) / (block.seq % 7 + 1);
	}
	fb_block_fini(&block);
	return NULL;
}

Test(input, threads_share_the_blocks)
{
	char *text;
	const char *path = put_large(&text, 77);
	uint64_t want = 0;

	for (const char *p = text; *p; p++)
		want += (uint8_t)*p;
	for (int no_map = 0; no_map < 2; no_map++) {
		struct share shares[4] = {0};
		pthread_t threads[4];
		uint64_t bytes = 0, sum = 0;

		shares[0].input = open_input(&(struct fb_input_conf){.path = path, .block_bytes = 5000, .no_map = no_map});
		for (int i = 0; i < 4; i++) {
			shares[i].input = shares[0].input;
			cr_assert_eq(pthread_create(&threads[i], NULL, take_share, &shares[i]), 0);
		}
		for (int i = 0; i < 4; i++) {
			pthread_join(threads[i], NULL);
			bytes += shares[i].bytes;
			sum += shares[i].sum;
		}
		cr_assert_eq(bytes, LARGE_BYTES + 77);
		cr_assert_eq(sum, want);
		fb_input_close(shares[0].input);
	}
	free(text);
}

/* Not a crash, and not zeros taken for data in silence: the next call says so. */
Test(input, a_mapped_file_that_becomes_shorter_fails)
{
	char *text;
	const char *path = put_large(&text, 0);
	struct fb_input *input = open_input(&(struct fb_input_conf){.path = path, .block_bytes = 2u << 20});
	struct fb_block block = {0};

	cr_assert_eq(fb_input_next(input, &block), 1);
	cr_assert_eq(truncate(path, 8192), 0);
	for (uint32_t i = 0; i < block.len; i++)
		touched += block.data[i];
	cr_assert_lt(fb_input_next(input, &block), 0);
	cr_assert_not_null(strstr(fb_input_error(input), "shorter"));
	fb_block_fini(&block);
	fb_input_close(input);
	free(text);
}

static volatile sig_atomic_t bus_errors;

static void count_bus_error(int number)
{
	(void)number;
	bus_errors++;
}

Test(input, another_bus_error_does_what_it_did_before)
{
	char *text;
	const char *path = put_large(&text, 0);
	struct fb_input *input;
	struct fb_block block = {0};

	cr_assert_neq(signal(SIGBUS, count_bus_error), SIG_ERR);
	input = open_input(&(struct fb_input_conf){.path = path, .block_bytes = 4096});
	cr_assert_eq(fb_input_next(input, &block), 1);
	cr_assert_eq(bus_errors, 0);
	raise(SIGBUS);
	cr_assert_eq(bus_errors, 1);
	fb_block_fini(&block);
	fb_input_close(input);
	cr_assert_eq(signal(SIGBUS, SIG_DFL), count_bus_error, "it is left as it was found");
	free(text);
}
