/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends payloads over UDP at a steady pace: connected sockets, sendmmsg, a token bucket on the
 * monotonic clock whose bursts are at most about a millisecond. One thread.
 */
#pragma once

#include <sys/socket.h>
#include <netinet/in.h>

#include "control/cli/endpoint.h"
#include "control/cli/lines.h"

#define FB_SENDER_SOURCES_MAX 1024
#define FB_SENDER_BATCH 64

struct fb_sender_counters {
	uint64_t records;
	uint64_t datagrams;
	uint64_t bytes;   /* of payload */
	uint64_t no_room; /* times that the kernel had no buffer (ENOBUFS, EAGAIN): waited and tried
			     again */
	uint64_t refused; /* times that the receiver's host said "port unreachable": gone on */
	uint64_t too_long; /* datagrams that the path does not carry (EMSGSIZE): not sent */
};

struct fb_sender {
	int *sockets; /* one per source port, used in turn */
	uint32_t socket_cnt;
	uint32_t turn;
	uint64_t pace;     /* records per second; 0 = as fast as it goes */
	double tokens;     /* records that may go now */
	double depth;      /* most of them */
	int64_t filled_ns; /* when tokens was right */
	struct fb_sender_counters counters;
	char error[160];
};

/* FB_E_IO: a socket cannot be had or connected; text in error. FB_E_NO_MEMORY. */
int fb_sender_open(struct fb_sender *sender, const struct fb_endpoint *to, uint32_t sources,
	uint64_t pace) FB_MUST_CHECK;
void fb_sender_close(struct fb_sender *sender);
/* Payload bytes that a datagram may have on this path without being fragmented. */
uint32_t fb_sender_path_bytes(const struct fb_sender *sender);

/* How many records may go now: waits until it is some. *ret_now_ns: the clock then. */
uint64_t fb_sender_wait(struct fb_sender *sender, int64_t *ret_now_ns);
/*
 * Sends up to FB_SENDER_BATCH payloads from the next source and takes their records from the
 * bucket; goes on behind what only delays. FB_E_IO: it cannot go on (no route, not permitted); text
 * in error.
 */
int fb_sender_send(
	struct fb_sender *sender, const struct fb_payload *payloads, uint32_t cnt) FB_MUST_CHECK;
