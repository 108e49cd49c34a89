/* SPDX-License-Identifier: Apache-2.0 */
#include "control/pipeline/import.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <rte_mbuf.h>

#include "config/base/calendar.h"
#include "control/pipeline/engine_private.h"
#include "dataplane/worker/import.h"

#define WAIT_NS 200000      /* for room: short against the time in which a ring empties */
#define PAUSE_NS 20000000   /* between two looks whether it is to end */
#define SETTLE_NS 5000000000
#define WORKER 0u           /* it has the first queue of each port */

struct fb_import {
	struct fb_engine *engine;
	struct fb_port *port;
	uint32_t stream; /* UINT32_MAX: as on the port */
	pcap_t *file;
	uint64_t packets_per_s;
	double speed;
	pthread_t thread;
	bool joinable;
	_Atomic bool quit;
	_Atomic bool active;
	_Atomic bool cancelled;
	_Atomic uint64_t packets, oversized, read_bytes;
	_Atomic int64_t first_ns, last_ns;
	_Atomic uint64_t all_packets; /* of all imports */
	uint64_t file_bytes;
	int64_t begun_ns;
	_Atomic int64_t ended_ns; /* monotonic */
	uint64_t before[FB_PKT_CNT]; /* dispositions of earlier imports */
	uint64_t from_seq[FB_NET_STREAM_MAX]; /* in the raw log */
	int64_t at_ns;
	char path[256];
	char stream_name[128];
	pthread_mutex_t lock; /* error */
	char error[256];
};

static void sleep_ns(int64_t ns)
{
	struct timespec pause = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};

	nanosleep(&pause, NULL);
}

/* ---- the thread ---- */

static struct rte_mbuf *get_buffer(struct fb_import *import)
{
	for (;;) {
		struct rte_mbuf *packet = rte_pktmbuf_alloc(import->port->pool);

		if (packet != NULL || atomic_load(&import->quit))
			return packet;
		sleep_ns(WAIT_NS);
	}
}

/* When this packet is due; what it waits for is looked at often. */
static void pace(struct fb_import *import, int64_t time_ns)
{
	int64_t due = import->begun_ns;

	if (import->packets_per_s > 0)
		due += (int64_t)((double)atomic_load(&import->packets) * 1e9 / (double)import->packets_per_s);
	if (import->speed > 0)
		due = FB_MAX(due, import->begun_ns + (int64_t)((double)(time_ns - atomic_load(&import->first_ns)) / import->speed));
	for (int64_t left; !atomic_load(&import->quit) && (left = due - fb_clock_monotonic_ns()) > 0;)
		sleep_ns(FB_MIN(left, (int64_t)PAUSE_NS));
}

/* False: it is to end, or there is no more memory. */
static bool give(struct fb_import *import, const uint8_t *bytes, uint32_t len, int64_t time_ns)
{
	struct rte_mbuf *packet = get_buffer(import);
	char *room;

	if (packet == NULL)
		return false;
	room = len <= UINT16_MAX ? rte_pktmbuf_append(packet, (uint16_t)len) : NULL;
	if (room == NULL) {
		rte_pktmbuf_free(packet);
		atomic_fetch_add(&import->oversized, 1);
		return true;
	}
	memcpy(room, bytes, len);
	/* Counted before it can be classified: the ledger is never behind. */
	atomic_fetch_add(&import->packets, 1);
	atomic_fetch_add(&import->all_packets, 1);
	while (!fb_worker_try_import(import->engine->workers[WORKER], packet, time_ns)) {
		if (atomic_load(&import->quit)) {
			rte_pktmbuf_free(packet);
			atomic_fetch_sub(&import->packets, 1);
			atomic_fetch_sub(&import->all_packets, 1);
			return false;
		}
		sleep_ns(WAIT_NS);
	}
	return true;
}

static void say(struct fb_import *import, const char *what, const char *why)
{
	pthread_mutex_lock(&import->lock);
	snprintf(import->error, sizeof(import->error), "%s%s", what, why);
	pthread_mutex_unlock(&import->lock);
}

/*
 * Ns since 1970. A time to come is no time of arrival: until it is there, retention by age would keep everything behind it, and
 * who reads the log up to now would wait. It becomes now.
 */
static int64_t arrival_of(const struct pcap_pkthdr *header)
{
	int64_t now_ns = fb_clock_realtime_ns();

	if (header->ts.tv_sec > now_ns / 1000000000)
		return now_ns;
	/* With nanosecond precision tv_usec holds nanoseconds. */
	return FB_MIN((int64_t)FB_MAX(header->ts.tv_sec, 0) * 1000000000 + header->ts.tv_usec, now_ns);
}

static void read_file(struct fb_import *import)
{
	struct pcap_pkthdr *header;
	const uint8_t *bytes;
	int rc;

	while (!atomic_load(&import->quit) && (rc = pcap_next_ex(import->file, &header, &bytes)) != PCAP_ERROR_BREAK) {
		int64_t time_ns;
		long at = ftell(pcap_file(import->file));

		if (rc < 0) {
			say(import, "the file cannot be read on: ", pcap_geterr(import->file));
			return;
		}
		time_ns = arrival_of(header);
		if (atomic_load(&import->first_ns) == 0)
			atomic_store(&import->first_ns, time_ns);
		pace(import, time_ns);
		if (!give(import, bytes, header->caplen, time_ns))
			return;
		atomic_store(&import->last_ns, time_ns);
		if (at > 0)
			atomic_store(&import->read_bytes, (uint64_t)at);
	}
}

static bool is_taken(struct fb_import *import)
{
	struct fb_worker_snapshot *now = malloc(sizeof(*now));
	bool taken = now == NULL;

	if (now != NULL) {
		fb_worker_snapshot(import->engine->workers[WORKER], now);
		taken = fb_worker_import_waiting(import->engine->workers[WORKER]) == 0 &&
			now->imported.packets >= atomic_load(&import->all_packets);
	}
	free(now);
	return taken;
}

/* The raw log is told which datagrams have another's times; to_seq UINT64_MAX: all from here on. */
static void note_in_log(struct fb_import *import, bool ended)
{
	struct fb_engine *engine = import->engine;
	struct fb_worker_snapshot *now = malloc(sizeof(*now));

	if (now != NULL)
		fb_worker_snapshot(engine->workers[WORKER], now);
	for (uint32_t i = 0; now != NULL && i < FB_MIN(engine->appliance->streams_count, (uint32_t)FB_NET_STREAM_MAX); i++) {
		uint64_t seq = engine->first_seqs[WORKER][i] + now->streams[i].datagrams;
		uint32_t id;

		if (!engine->streams[i].kept || engine->streams[i].port != import->port ||
			(import->stream != UINT32_MAX && import->stream != i) ||
			fb_rawlog_stream_id(fb_keeper_log(engine->keeper), engine->appliance->streams[i].table, false, &id) != 0)
			continue;
		if (!ended)
			import->from_seq[i] = seq;
		/* Without the note retention takes them sooner: no reason to leave the capture out. */
		FB_IGNORE(fb_rawlog_note_import(fb_keeper_log(engine->keeper), id, WORKER, import->from_seq[i],
			ended ? FB_MAX(seq, import->from_seq[i] + 1) - 1 : UINT64_MAX, import->at_ns));
	}
	free(now);
}

static void *import_main(void *arg)
{
	struct fb_import *import = arg;
	int64_t until;

	note_in_log(import, false);
	read_file(import);
	until = fb_clock_monotonic_ns() + SETTLE_NS;
	while (!is_taken(import) && (!atomic_load(&import->quit) || fb_clock_monotonic_ns() < until))
		sleep_ns(WAIT_NS);
	if (is_taken(import))
		note_in_log(import, true);
	pcap_close(import->file);
	import->file = NULL;
	atomic_store(&import->ended_ns, fb_clock_monotonic_ns());
	atomic_store(&import->active, false);
	return NULL;
}

/* ---- begin and end ---- */

static int open_file(struct fb_import *import, const char *path, struct fb_buf *message)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	struct stat st;
	int link;

	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) {
		int rc = errno == ENOENT || errno == EACCES ? fb_err_from_errno(errno) : FB_E_NOT_FOUND;

		fb_buf_printf(message, "%s: %s", path, stat(path, &st) != 0 ? strerror(errno) : "is no regular file");
		return rc;
	}
	import->file = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, error);
	if (import->file == NULL) {
		fb_buf_printf(message, "%s: is no capture that can be read: %s", path, error);
		return FB_E_UNSUPPORTED;
	}
	link = pcap_datalink(import->file);
	if (link != DLT_EN10MB) {
		const char *name = pcap_datalink_val_to_name(link);

		fb_buf_printf(message, "%s: its link type is %s, but only Ethernet (EN10MB) is taken", path, name ? name : "unknown");
		pcap_close(import->file);
		return FB_E_UNSUPPORTED;
	}
	import->file_bytes = (uint64_t)st.st_size;
	return 0;
}

static int choose_target(struct fb_import *import, const char *stream, struct fb_buf *message)
{
	struct fb_engine *engine = import->engine;

	import->stream = UINT32_MAX;
	import->port = engine->port_cnt > 0 ? engine->ports[0] : NULL;
	for (uint32_t i = 0; stream != NULL && i < engine->appliance->streams_count; i++)
		if (strcmp(engine->appliance->streams[i].table, stream) == 0) {
			import->stream = i;
			import->port = (struct fb_port *)(uintptr_t)engine->streams[i].port;
		}
	if (import->port == NULL || (stream != NULL && import->stream == UINT32_MAX)) {
		fb_buf_printf(message, "the appliance file has no stream '%s'", stream ? stream : "");
		return FB_E_NOT_FOUND;
	}
	return fb_worker_import_begin(engine->workers[WORKER], import->port, import->stream);
}

static void reset(struct fb_import *import, const struct fb_import_conf *conf)
{
	struct fb_worker_snapshot *now = malloc(sizeof(*now));

	atomic_store(&import->quit, false);
	atomic_store(&import->cancelled, false);
	atomic_store(&import->packets, 0);
	atomic_store(&import->oversized, 0);
	atomic_store(&import->read_bytes, 0);
	atomic_store(&import->first_ns, 0);
	atomic_store(&import->last_ns, 0);
	import->packets_per_s = conf->packets_per_s;
	import->speed = conf->speed;
	import->begun_ns = fb_clock_monotonic_ns();
	import->at_ns = fb_clock_realtime_ns();
	import->error[0] = '\0';
	snprintf(import->path, sizeof(import->path), "%s", conf->path);
	snprintf(import->stream_name, sizeof(import->stream_name), "%s", conf->stream ? conf->stream : "");
	if (now != NULL) {
		fb_worker_snapshot(import->engine->workers[WORKER], now);
		memcpy(import->before, now->imported.disposition, sizeof(import->before));
	}
	free(now);
}

int fb_engine_import(struct fb_engine *engine, const struct fb_import_conf *conf, struct fb_buf *message)
{
	struct fb_import *import;
	int rc = 0;

	fb_engine_lock(engine);
	if (engine->import == NULL) {
		engine->import = calloc(1, sizeof(*engine->import));
		if (engine->import != NULL) {
			engine->import->engine = engine;
			pthread_mutex_init(&engine->import->lock, NULL);
		}
	}
	import = engine->import;
	if (import == NULL) {
		rc = FB_E_NO_MEMORY;
	} else if (atomic_load(&import->active)) {
		fb_buf_printf(message, "%s is being imported", import->path);
		rc = FB_E_BUSY;
	}
	if (rc == 0 && import->joinable) {
		pthread_join(import->thread, NULL);
		import->joinable = false;
	}
	if (rc == 0)
		rc = open_file(import, conf->path, message);
	if (rc == 0) {
		rc = choose_target(import, conf->stream, message);
		if (rc == 0) {
			reset(import, conf);
			atomic_store(&import->active, true);
			rc = pthread_create(&import->thread, NULL, import_main, import) == 0 ? 0 : FB_E_NO_MEMORY;
			import->joinable = rc == 0;
		}
		if (rc != 0) {
			atomic_store(&import->active, false);
			pcap_close(import->file);
		}
	}
	fb_engine_unlock(engine);
	return rc;
}

void fb_engine_import_cancel(struct fb_engine *engine)
{
	struct fb_import *import;

	fb_engine_lock(engine);
	import = engine->import;
	if (import != NULL && atomic_load(&import->active)) {
		atomic_store(&import->cancelled, true);
		atomic_store(&import->quit, true);
	}
	fb_engine_unlock(engine);
	/* It never takes the engine's lock: the worker goes on taking. */
	while (import != NULL && atomic_load(&import->active))
		sleep_ns(WAIT_NS);
}

void fb_import_fini(struct fb_engine *engine)
{
	struct fb_import *import = engine->import;

	if (import == NULL)
		return;
	fb_engine_import_cancel(engine);
	if (import->joinable)
		pthread_join(import->thread, NULL);
	import->joinable = false;
}

void fb_import_destroy(struct fb_engine *engine)
{
	if (engine->worker_cnt > 0)
		fb_worker_import_end(engine->workers[WORKER]);
	if (engine->import == NULL)
		return;
	pthread_mutex_destroy(&engine->import->lock);
	free(engine->import);
	engine->import = NULL;
}

void fb_import_view(struct fb_engine *engine, const struct fb_net_counters *counters, struct fb_import_view *view)
{
	struct fb_import *import = engine->import;

	*view = (struct fb_import_view){.all = *counters};
	if (import == NULL || import->path[0] == '\0')
		return;
	view->any = true;
	view->active = atomic_load(&import->active);
	view->cancelled = atomic_load(&import->cancelled);
	memcpy(view->path, import->path, sizeof(view->path));
	memcpy(view->stream, import->stream_name, sizeof(view->stream));
	pthread_mutex_lock(&import->lock);
	memcpy(view->error, import->error, sizeof(view->error));
	pthread_mutex_unlock(&import->lock);
	view->file_bytes = import->file_bytes;
	view->read_bytes = atomic_load(&import->read_bytes);
	view->packets = atomic_load(&import->packets);
	view->oversized = atomic_load(&import->oversized);
	view->first_ns = atomic_load(&import->first_ns);
	view->last_ns = atomic_load(&import->last_ns);
	view->seconds = (double)((view->active ? fb_clock_monotonic_ns() : atomic_load(&import->ended_ns)) - import->begun_ns) / 1e9;
	view->all_packets = atomic_load(&import->all_packets);
	for (int i = 0; i < FB_PKT_CNT; i++)
		view->disposition[i] = counters->disposition[i] - import->before[i];
}
