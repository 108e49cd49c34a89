/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/base/buf.h"
#include "config/base/calendar.h"
#include "control/cli/lines.h"
#include "control/cli/sender.h"

/* A file that holds text, read from its start. */
static int file_of(const char *text, size_t len)
{
	FILE *file = tmpfile();
	int fd = dup(fileno(file));

	cr_assert_eq(fwrite(text, 1, len, file), len);
	fflush(file);
	lseek(fd, 0, SEEK_SET);
	fclose(file);
	return fd;
}

/* All payloads of a text, joined by '|'. */
static char *cut(
	const char *text, size_t len, struct fb_lines_conf conf, struct fb_lines_counters *ret)
{
	struct fb_payload payloads[3];
	struct fb_lines *lines;
	struct fb_buf out = {0};
	int fd = file_of(text, len), n;

	cr_assert_eq(fb_lines_open(&conf, NULL, fd, &lines), 0);
	while ((n = fb_lines_next(lines, payloads, 3, UINT64_MAX)) > 0)
		for (int i = 0; i < n; i++) {
			fb_buf_add(&out, payloads[i].p, payloads[i].len);
			fb_buf_add_char(&out, '|');
		}
	cr_assert_eq(n, 0);
	*ret = *fb_lines_counters(lines);
	fb_lines_close(lines);
	close(fd);
	fb_buf_add_text(&out, "");
	return out.p;
}

Test(lines, by_count_and_by_bytes)
{
	struct fb_lines_counters counters;
	char *text = cut("a\nb\nc\nd\ne", 9, (struct fb_lines_conf){2, 100}, &counters);

	cr_assert_str_eq(text, "a\nb\n|c\nd\n|e|", "the last line may lack its newline");
	cr_assert_eq(counters.records, 5);
	cr_assert_eq(counters.payloads, 3);
	cr_assert_eq(counters.bytes, 9);
	free(text);
	text = cut("aaa\nbbb\ncccccccccccc\nd\n", 23, (struct fb_lines_conf){0, 8}, &counters);
	cr_assert_str_eq(
		text, "aaa\nbbb\n|cccccccccccc\n|d\n|", "a line over the bound goes alone");
	cr_assert_eq(counters.too_long, 0);
	free(text);
	text = cut("aaa\nbbb\nccc\n", 12, (struct fb_lines_conf){3, 8}, &counters);
	cr_assert_str_eq(text, "aaa\nbbb\n|ccc\n|");
	cr_assert_eq(counters.cut_by_size, 1);
	free(text);
	text = cut("", 0, (struct fb_lines_conf){3, 8}, &counters);
	cr_assert_str_eq(text, "");
	free(text);
	text = cut("\n\na\n", 4, (struct fb_lines_conf){1, 8}, &counters);
	cr_assert_str_eq(text, "\n|\n|a\n|", "an empty line is a record");
	free(text);
}

Test(lines, what_no_datagram_carries_is_left_out_and_counted)
{
	static const size_t lengths[] = {65506, 65507, 1 << 20, 3 << 20};

	for (size_t i = 0; i < FB_ARRAY_LEN(lengths); i++) {
		size_t len = lengths[i] + 5;
		char *input = malloc(len + 1), *text;
		struct fb_lines_counters counters;
		bool fits = lengths[i] + 1 <= FB_LINES_PAYLOAD_MAX;

		memset(input, 'x', len);
		memcpy(input, "a\n", 2);
		memcpy(input + 2 + lengths[i], "\nb\n", 3);
		text = cut(input, len, (struct fb_lines_conf){10, 1472}, &counters);
		cr_expect_eq(counters.too_long, !fits, "%zu", lengths[i]);
		cr_expect_eq(counters.records, 2 + fits, "%zu", lengths[i]);
		if (!fits)
			cr_expect(strcmp(text, "a\n|b\n|") == 0 || strcmp(text, "a\nb\n|") == 0);
		free(text);
		free(input);
	}
}

/* Every line comes out once and in order, over many blocks. */
Test(lines, nothing_lost_between_blocks)
{
	struct fb_people_conf conf = {.records = 30000, .seed = 1, .rate = 1000, .keys = 10};
	struct fb_people *people;
	size_t room = conf.records * 200, len, joined = 0;
	char *all = malloc(room), *text;
	struct fb_lines_counters counters;

	cr_assert_eq(fb_people_create(&conf, &people), 0);
	len = fb_people_fill(people, all, room, NULL);
	cr_assert_eq(fb_people_position(people), conf.records);
	cr_assert_gt(len, 3 << 20);
	fb_people_destroy(people);
	text = cut(all, len, (struct fb_lines_conf){7, 65507}, &counters);
	cr_assert_eq(counters.records, conf.records);
	cr_assert_eq(counters.payloads, (conf.records + 6) / 7);
	for (const char *p = text; *p; p++)
		if (*p != '|')
			cr_assert_eq(*p, all[joined++]);
	cr_assert_eq(joined, len);
	free(text);
	free(all);
}

/* ---- sending, over loopback ---- */

static int receiver(struct fb_endpoint *ret)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	struct timeval wait = {.tv_usec = 200000};
	int fd = socket(AF_INET, SOCK_DGRAM, 0), bytes = 1 << 22;

	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	getsockname(fd, (struct sockaddr *)&address, &len);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	*ret = (struct fb_endpoint){INADDR_LOOPBACK, ntohs(address.sin_port)};
	return fd;
}

Test(sender, several_sources)
{
	struct fb_payload payload = {.p = "x\ny\n", .len = 4, .records = 2};
	struct sockaddr_in from;
	struct fb_endpoint to;
	struct fb_sender sender;
	uint16_t ports[4] = {0};
	uint32_t different = 0;
	int fd = receiver(&to);
	char text[16];

	cr_assert_eq(fb_sender_open(&sender, &to, 3, 0), 0);
	cr_assert_geq(fb_sender_path_bytes(&sender), 1472);
	for (int i = 0; i < 6; i++)
		cr_assert_eq(fb_sender_send(&sender, &payload, 1), 0);
	for (int i = 0; i < 6; i++) {
		socklen_t len = sizeof(from);
		uint32_t p = 0;

		cr_assert_eq(
			recvfrom(fd, text, sizeof(text), 0, (struct sockaddr *)&from, &len), 4);
		while (p < different && ports[p] != from.sin_port)
			p++;
		if (p == different)
			ports[different++] = from.sin_port;
	}
	cr_assert_eq(different, 3);
	cr_assert_eq(sender.counters.records, 12);
	cr_assert_eq(sender.counters.datagrams, 6);
	cr_assert_eq(sender.counters.bytes, 24);
	fb_sender_close(&sender);
	close(fd);
}

Test(sender, refused_is_counted_and_gone_on)
{
	struct fb_payload payload = {.p = "x\n", .len = 2, .records = 1};
	struct fb_endpoint to;
	struct fb_sender sender;

	close(receiver(&to)); /* a port that nobody has now */
	cr_assert_eq(fb_sender_open(&sender, &to, 1, 0), 0);
	for (int i = 0; i < 10; i++)
		cr_assert_eq(fb_sender_send(&sender, &payload, 1), 0);
	cr_assert_eq(sender.counters.records, 10);
	cr_assert_gt(sender.counters.refused, 0);
	fb_sender_close(&sender);
}

/* 20,000 a second for a quarter of a second; a busy machine may make it slower, nothing makes it
 * faster. */
Test(sender, pace_is_kept)
{
	struct fb_payload payloads[FB_SENDER_BATCH];
	struct fb_endpoint to;
	struct fb_sender sender;
	int fd = receiver(&to);
	int64_t start = fb_clock_monotonic_ns(), now = start;
	uint64_t most = 0;

	for (uint32_t i = 0; i < FB_SENDER_BATCH; i++)
		payloads[i] = (struct fb_payload){.p = "x\n", .len = 2, .records = 1};
	cr_assert_eq(fb_sender_open(&sender, &to, 1, 20000), 0);
	while (sender.counters.records < 5000) {
		uint64_t may = fb_sender_wait(&sender, &now);

		most = FB_MAX(most, may);
		cr_assert_eq(fb_sender_send(&sender, payloads,
				     (uint32_t)FB_MIN(may, (uint64_t)FB_SENDER_BATCH)),
			0);
	}
	double seconds = (double)(fb_clock_monotonic_ns() - start) / 1e9;

	cr_assert_leq(most, 20, "a burst is at most a millisecond's");
	cr_assert_geq(seconds, 0.245);
	cr_assert_leq(seconds, 5.0);
	fb_sender_close(&sender);
	close(fd);
}
