/* SPDX-License-Identifier: Apache-2.0 */
#include "control/cli/sender.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "config/base/calendar.h"

#define SEND_BUFFER_BYTES (4 << 20)
#define HEADERS_BYTES 28       /* IPv4 and UDP */
#define WAIT_NO_ROOM_NS 200000 /* for the kernel's queue to drain */

static int fail(struct fb_sender *sender, const char *what)
{
	snprintf(sender->error, sizeof(sender->error), "%s: %s", what, strerror(errno));
	return FB_E_IO;
}

static int open_socket(struct fb_sender *sender, const struct fb_endpoint *to)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons(to->port),
		.sin_addr.s_addr = htonl(to->ip)};
	int bytes = SEND_BUFFER_BYTES, yes = 1;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return fail(sender, "socket");
	sender->sockets[sender->socket_cnt++] = fd;
	/* Both only help: the kernel may allow less, and a broadcast address is rare. */
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &yes, sizeof(yes));
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
		return fail(sender, "connect");
	return 0;
}

int fb_sender_open(
	struct fb_sender *sender, const struct fb_endpoint *to, uint32_t sources, uint64_t pace)
{
	*sender = (struct fb_sender){.pace = pace, .filled_ns = fb_clock_monotonic_ns()};
	sender->depth = (double)pace / 1000;
	sender->sockets = calloc(sources, sizeof(*sender->sockets));
	if (sender->sockets == NULL)
		return FB_E_NO_MEMORY;
	for (uint32_t i = 0; i < sources; i++) {
		int rc = open_socket(sender, to);

		if (rc != 0) {
			fb_sender_close(sender);
			return rc;
		}
	}
	/* Otherwise each sleep is stretched by 50 us. */
	prctl(PR_SET_TIMERSLACK, 1000ul);
	return 0;
}

void fb_sender_close(struct fb_sender *sender)
{
	for (uint32_t i = 0; i < sender->socket_cnt; i++)
		close(sender->sockets[i]);
	free(sender->sockets);
	sender->sockets = NULL;
	sender->socket_cnt = 0;
}

uint32_t fb_sender_path_bytes(const struct fb_sender *sender)
{
	int mtu = 0;
	socklen_t len = sizeof(mtu);

	if (getsockopt(sender->sockets[0], IPPROTO_IP, IP_MTU, &mtu, &len) != 0 ||
		mtu <= HEADERS_BYTES)
		mtu = 1500;
	return FB_MIN((uint32_t)mtu - HEADERS_BYTES, (uint32_t)FB_LINES_PAYLOAD_MAX);
}

static void sleep_ns(int64_t ns)
{
	struct timespec time = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};

	clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
}

uint64_t fb_sender_wait(struct fb_sender *sender, int64_t *ret_now_ns)
{
	int64_t now = fb_clock_monotonic_ns();

	if (sender->pace == 0) {
		*ret_now_ns = now;
		return UINT64_MAX;
	}
	for (;;) {
		double earned = (double)(now - sender->filled_ns) * (double)sender->pace / 1e9;
		/* A quarter of a burst is worth a system call; a debt of a large datagram has to be
		 * paid off first. */
		double enough = FB_MAX(sender->depth / 4, 1.0);

		sender->tokens = FB_MIN(sender->tokens + earned, FB_MAX(sender->depth, 1.0));
		sender->filled_ns = now;
		if (sender->tokens >= enough) {
			*ret_now_ns = now;
			return (uint64_t)sender->tokens;
		}
		double wait_ns = (enough - sender->tokens) * 1e9 / (double)sender->pace;

		/* At most a second at once, so that an interrupt is noticed. */
		sleep_ns((int64_t)FB_MIN(wait_ns + 1, 1e9));
		now = fb_clock_monotonic_ns();
		if (sender->tokens < enough && wait_ns > 1e9) {
			*ret_now_ns = now;
			return 0;
		}
	}
}

/* What a failed send means: true to try the same datagram again. *ret_rc: set where sending cannot
 * go on. */
static bool take_error(struct fb_sender *sender, bool *ret_skip, int *ret_rc)
{
	*ret_skip = false;
	switch (errno) {
	case EINTR:
		return true;
	case ENOBUFS:
	case EAGAIN:
		sender->counters.no_room++;
		sleep_ns(WAIT_NO_ROOM_NS);
		return true;
	case ECONNREFUSED: /* an ICMP answer to an earlier datagram; this one has not gone out */
		sender->counters.refused++;
		return true;
	case EMSGSIZE:
		sender->counters.too_long++;
		*ret_skip = true;
		return true;
	default:
		*ret_rc = fail(sender, "send");
		return false;
	}
}

int fb_sender_send(struct fb_sender *sender, const struct fb_payload *payloads, uint32_t cnt)
{
	struct mmsghdr messages[FB_SENDER_BATCH];
	struct iovec pieces[FB_SENDER_BATCH];
	int fd = sender->sockets[sender->turn++ % sender->socket_cnt];
	uint32_t at = 0;

	cnt = FB_MIN(cnt, (uint32_t)FB_SENDER_BATCH);
	for (uint32_t i = 0; i < cnt; i++) {
		/* sendmmsg reads only: the const is the interface's loss. */
		pieces[i] = (struct iovec){(void *)(uintptr_t)payloads[i].p, payloads[i].len};
		messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &pieces[i], .msg_iovlen = 1}};
	}
	while (at < cnt) {
		int n = sendmmsg(fd, messages + at, cnt - at, 0);
		bool skip = false;
		int rc = 0;

		if (n < 0 && !take_error(sender, &skip, &rc))
			return rc;
		for (int i = 0; i < n; i++) {
			sender->counters.records += payloads[at + (uint32_t)i].records;
			sender->counters.bytes += payloads[at + (uint32_t)i].len;
			sender->counters.datagrams++;
		}
		if (n > 0 || skip) {
			uint32_t done = skip ? 1 : (uint32_t)n;

			for (uint32_t i = 0; i < done; i++)
				sender->tokens -= payloads[at + i].records;
			at += done;
		}
	}
	return 0;
}
