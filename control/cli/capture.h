/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capture files: datagrams as Ethernet frames with right IPv4 and UDP checksums (RFC 791, RFC 768),
 * in the classic pcap format (draft-ietf-opsawg-pcap, nanosecond form is not used), which a
 * net_pcap port reads, or in pcapng (draft-ietf-opsawg-pcapng), which keeps nanoseconds. One
 * thread.
 */
#pragma once

#include "config/base/buf.h"
#include "config/base/errcode.h"

#define FB_CAPTURE_FRAME_EXTRA 42 /* Ethernet, IPv4 and UDP headers */

struct fb_capture_flow {
	uint8_t dst_mac[6];
	uint8_t src_mac[6];
	uint32_t dst_ip; /* host byte order */
	uint32_t src_ip;
	uint16_t dst_port;
	uint16_t src_port;
};

/* The file header, then one call per datagram; time is microseconds since 1970, 0 to 2^32 seconds.
 */
void fb_capture_begin(struct fb_buf *out);
void fb_capture_add(struct fb_buf *out, const struct fb_capture_flow *flow, int64_t time_us,
	struct fb_str payload);

/* The same in pcapng; time is nanoseconds since 1970, from 0 on. */
void fb_capture_ng_begin(struct fb_buf *out);
void fb_capture_ng_add(struct fb_buf *out, const struct fb_capture_flow *flow, int64_t time_ns,
	struct fb_str payload);
