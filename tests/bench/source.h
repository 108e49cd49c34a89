/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A port that hands out prepared packets as fast as they are asked for: net_null without reception of its own, an RX
 * callback that gives out mbufs of a fixed set in turn, and a mempool whose free does nothing, so that the code under
 * test frees its packets as it would with a NIC behind it.
 *
 * The packets are UDP datagrams of CSV people records with an event time that goes on: while a packet is handed out,
 * the time text (and, with many keys, the key text) of its records is written anew. That cost is the source's, and is part
 * of the receive-and-touch limit too.
 */
#pragma once

#include <stdint.h>

#include "dataplane/port/port.h"

#define FB_SOURCE_UDP_PORT 5000
#define FB_SOURCE_RECORDS_PER_PACKET 10
#define FB_SOURCE_SQL                                                                              \
	"SET 'table.local-time-zone' = 'UTC';\n"                                                   \
	"CREATE TABLE people (id BIGINT, name STRING, age INT, gender STRING, birthday DATE, email STRING,\n" \
	"  phone STRING, address STRING, city STRING, country STRING, ts TIMESTAMP(3),\n"          \
	"  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND)\n"                                        \
	"WITH ('connector'='udp', 'port'='5000', 'format'='csv');\n"

struct fb_source_conf {
	uint32_t packet_cnt; /* mbufs: 4096 keep their headers in L2 */
	uint32_t key_cnt;    /* cities; above 100 the key text is drawn anew for every record */
	uint64_t records_per_window;
};

struct fb_source;

/* Starts EAL on core 0 of the process and makes the port; prints and exits on failure (a bench may). */
struct fb_source *fb_source_create(const struct fb_source_conf *conf);
const struct fb_port *fb_source_port(const struct fb_source *source);
/* Average bytes of payload per record. */
double fb_source_record_bytes(const struct fb_source *source);
/* Changes the set in place: same packets, other keys or pace. */
void fb_source_configure(struct fb_source *source, const struct fb_source_conf *conf);
