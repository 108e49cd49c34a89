/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The raw-log tap. The mbuf of a datagram whose stream is kept goes to the writer as it is, when
 * the readers are done with its burst. What the writer has to know goes with it as a note.
 *
 * The note takes the place of the packet's own headers, which net has read and nobody needs any
 * more: an Ethernet, an IPv4 and a UDP header are 42 bytes, right before the payload, in the line
 * that was touched last. So it costs no copy, no memory and no further line. The mbuf's data are
 * then the payload alone.
 *
 * The first datagram of a stream in each burst has in front of its note what a reader of the stream saw of the event times of
 * the burst. That lies in the headroom, one more line once a burst; where there is none, nothing is known.
 *
 * The taker owns the mbuf and frees it.
 */
#pragma once

#include <string.h>

#include <rte_mbuf.h>

#include "config/base/macro.h"

enum fb_tap_burst_kind {
	FB_TAP_BURST_SAME,    /* as the datagram of the stream before */
	FB_TAP_BURST_KNOWN,   /* another begins, whose event times are in front of the note */
	FB_TAP_BURST_UNKNOWN, /* another begins, and no reader can tell */
};

/* Of the records of a stream in one burst; dataplane/operator/reader.h says what definition and fields are. */
struct fb_tap_burst {
	uint64_t definition; /* 0: not known */
	uint64_t fields;
	int64_t oldest_ms; /* oldest > newest: no record had one */
	int64_t newest_ms;
};

struct fb_tap_note {
	uint64_t seq; /* of the stream on this worker; every datagram has one, also one that the tap
			 had no room for */
	uint64_t arrival_tsc; /* of the poll that received it; imported: ns since 1970 */
	int64_t watermark_ms; /* of the stream's first reader, as it came; FB_TIME_MIN: none */
	uint32_t source_ip;   /* host byte order */
	uint16_t source_port;
	uint16_t stream; /* as in fb_worker_stream */
	uint8_t queue;
	uint8_t burst; /* enum fb_tap_burst_kind */
	bool imported; /* from a capture, with the time of the capture */
	uint8_t zero[5];
};

_Static_assert(sizeof(struct fb_tap_note) == 40, "not more than 14 + 20 + 8 bytes of headers");

static inline void fb_tap_write(
	struct rte_mbuf *mbuf, uint8_t *payload, uint32_t len, const struct fb_tap_note *note)
{
	memcpy(payload - sizeof(*note), note, sizeof(*note));
	mbuf->data_off = (uint16_t)(payload - (uint8_t *)mbuf->buf_addr);
	mbuf->data_len = (uint16_t)len;
	mbuf->pkt_len = len;
}

/* Whether there is room in front of the note, which is where fb_tap_write puts it. */
static inline bool fb_tap_has_room(const struct rte_mbuf *mbuf, const uint8_t *payload)
{
	return (size_t)(payload - (const uint8_t *)mbuf->buf_addr) >= sizeof(struct fb_tap_note) + sizeof(struct fb_tap_burst);
}

static inline void fb_tap_write_burst(uint8_t *payload, const struct fb_tap_burst *burst)
{
	memcpy(payload - sizeof(struct fb_tap_note) - sizeof(*burst), burst, sizeof(*burst));
}

/* With FB_TAP_BURST_KNOWN only. */
static inline struct fb_tap_burst fb_tap_read_burst(const struct rte_mbuf *mbuf)
{
	struct fb_tap_burst burst;

	memcpy(&burst, rte_pktmbuf_mtod(mbuf, const uint8_t *) - sizeof(struct fb_tap_note) - sizeof(burst), sizeof(burst));
	return burst;
}

static inline struct fb_tap_note fb_tap_read(const struct rte_mbuf *mbuf)
{
	struct fb_tap_note note;

	memcpy(&note, rte_pktmbuf_mtod(mbuf, const uint8_t *) - sizeof(note), sizeof(note));
	return note;
}
