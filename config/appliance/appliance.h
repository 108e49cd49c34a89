/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The appliance file: which ports, streams, cores, store and services this server has. YAML, read
 * through libcyaml into this struct; every key, bound, default and help text comes from
 * config/tables/setting.def.
 *
 * An appliance is immutable once loaded; any thread may read it.
 */
#pragma once

#include <stdio.h>

#include "config/appliance/layout.h"
#include "config/base/diag.h"
#include "config/base/isa.h"
#include "config/base/str.h"

enum fb_checksum_policy {
	FB_CHECKSUM_DROP,  /* wrong IPv4 or UDP checksum: dropped and counted */
	FB_CHECKSUM_COUNT, /* counted as wrong, but taken */
};

enum fb_raw_compression { FB_RAW_COMPRESSION_NONE, FB_RAW_COMPRESSION_LZ4, FB_RAW_COMPRESSION_ZSTD };

enum fb_raw_when_slow { FB_RAW_DROP_NEWEST, FB_RAW_BACK_OFF };

enum fb_raw_when_full { FB_RAW_DELETE_OLDEST, FB_RAW_STOP };

struct fb_port_conf {
	char *name;
	char *device;     /* PCI address "0000:03:00.0", or a vdev string "net_tap0,iface=fb0" */
	char **addresses; /* IPv4 with prefix, "10.9.0.1/24" */
	uint32_t addresses_count;
	char *mac;       /* NULL: the device's own */
	uint32_t queues; /* = worker cores that poll it */
	uint32_t mtu;    /* bytes of IP packet */
	uint32_t rx_descriptors;
	enum fb_checksum_policy checksum;
	bool promiscuous;
	bool force; /* take it even if it carries the machine's default route */
};

struct fb_stream_conf {
	char *table; /* source table of the SQL files */
	char *port;  /* name of a port */
	uint32_t udp_port;
	char *framing;                  /* "newline" or "datagram"; without a layout */
	struct fb_layout *layout;       /* of fixed binary records; NULL: the table's format */
	uint32_t queue_idle_timeout_ms; /* a queue silent for so long does not hold the watermark
					   back; 0 = never */
	/* the raw log; age and size both 0: the stream is not kept */
	uint64_t retention_age_s;
	uint64_t retention_mb; /* as stored */
	enum fb_raw_compression retention_compression;
	enum fb_raw_when_slow retention_when_slow;
	enum fb_raw_when_full retention_when_full;
};

static inline bool fb_stream_is_kept(const struct fb_stream_conf *stream)
{
	return stream->retention_age_s > 0 || stream->retention_mb > 0;
}

struct fb_property {
	char *key;
	char *value;
};

struct fb_appliance {
	char *file;
	char *name;
	struct {
		char *path;
		uint64_t results_retention_s; /* delivered results are kept so long for `forebay
						 windows` */
		uint32_t raw_flush_ms;
	} store;
	struct {
		char *socket; /* path of the Unix socket of the API */
		char *listen; /* "127.0.0.1:9471": API (read only) and /metrics over TCP; empty:
				 none */
	} http;
	struct {
		uint32_t main; /* core of the control plane */
		uint32_t *workers;
		uint32_t workers_count;
		uint32_t idle_sleep_us; /* longest micro-sleep of an idle worker; 0 = poll always */
	} cores;
	struct {
		uint32_t packet_mb; /* mbuf memory */
		uint32_t state_mb;  /* budget of each windowed query on each core */
		uint32_t output_mb; /* budget of row pages of each plain query on each core */
		uint32_t rawlog_mb; /* blocks between the wire and the raw log */
		bool hugepages;
	} memory;
	struct {
		uint32_t threads;
		uint32_t read_mb_s; /* 0: no limit */
		uint32_t cpu_percent;
		uint64_t state_mb;
	} replay; /* budget of a job, unless it is given another */
	char *kernels; /* auto, avx512, avx2, scalar */
	struct fb_port_conf *ports;
	uint32_t ports_count;
	struct fb_stream_conf *streams;
	uint32_t streams_count;
	struct {
		struct fb_property
			*properties; /* for every kafka sink; a table's properties.* win */
		uint32_t properties_count;
	} kafka;
	struct {
		char *webhdfs; /* "http://namenode:9870": WebHDFS of the cluster that hdfs:// paths
				  mean */
		char *user;
	} hdfs;
};

/*
 * Loads and checks a file. On success *ret is the caller's (fb_appliance_destroy). FB_E_CONFIG:
 * what is wrong is in diags, with line and key. FB_E_IO: the file cannot be read (in diags too).
 */
int fb_appliance_load(
	const char *path, struct fb_diags *diags, struct fb_appliance **ret) FB_MUST_CHECK;
/* The same from memory; `file` is the name for messages. */
int fb_appliance_parse(const char *file, struct fb_str text, struct fb_diags *diags,
	struct fb_appliance **ret) FB_MUST_CHECK;
void fb_appliance_destroy(struct fb_appliance *appliance);

/* A commented sample of every setting with its default, made from the table. */
void fb_appliance_print_sample(FILE *out);
/* One line per setting: key, type, bounds, default, help. */
void fb_appliance_print_help(FILE *out);
/* The same as the list of settings in forebayd(8), in mdoc. */
void fb_appliance_print_manual(FILE *out);
