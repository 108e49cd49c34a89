/* SPDX-License-Identifier: Apache-2.0 */
/* The collector thread: packets from the taps into blocks. It waits for nothing but packets. */
#include <time.h>

#include <rte_cycles.h>
#include <rte_mbuf.h>

#include "config/base/calendar.h"
#include "control/rawlog/keeper_private.h"
#include "dataplane/worker/tap.h"

#define IDLE_WAIT_NS 500000
#define CLOCK_READ_TSC_MAX 20000 /* longer: this thread was held between the two clocks */
#define CLOCK_JITTER_NS 1000000000

/* Where the two clocks stood at one moment. */
struct instant {
	uint64_t tsc;
	int64_t ns;
};

static struct instant read_clocks(void)
{
	struct instant now = {0};

	for (int i = 0; i < 5; i++) {
		uint64_t before = rte_rdtsc();

		now.ns = fb_clock_realtime_ns();
		now.tsc = rte_rdtsc();
		if (now.tsc - before < CLOCK_READ_TSC_MAX)
			break;
	}
	return now;
}

/* Small steps back are noise of reading two clocks; a large one is a clock that was set, and is
 * taken as it is. */
static int64_t arrival_of(const struct fb_keeper *keeper, struct keeper_lane *lane,
	const struct instant *now, uint64_t tsc)
{
	int64_t ns = now->ns - (int64_t)((double)(int64_t)(now->tsc - tsc) * keeper->ns_per_tsc);

	if (ns < lane->last_arrival_ns && lane->last_arrival_ns - ns < CLOCK_JITTER_NS)
		ns = lane->last_arrival_ns;
	lane->last_arrival_ns = ns;
	return ns;
}

/* ---- event times ---- */

static void read_burst(struct keeper_lane *lane, const struct rte_mbuf *mbuf, enum fb_tap_burst_kind kind)
{
	if (kind == FB_TAP_BURST_KNOWN)
		lane->burst = fb_tap_read_burst(mbuf);
	else if (kind == FB_TAP_BURST_UNKNOWN)
		lane->burst.definition = 0;
}

/* A block's times are known if those of all its bursts are, and in the same way. They hold for who needs the fields of all. */
static void add_times(struct keeper_lane *lane)
{
	struct fb_tap_burst *times = &lane->open->times;
	bool first = lane->open->fill.header.datagram_cnt == 1;

	if (first)
		*times = lane->burst;
	else if (times->definition != lane->burst.definition)
		times->definition = 0;
	times->fields |= lane->burst.fields;
	times->oldest_ms = FB_MIN(times->oldest_ms, lane->burst.oldest_ms);
	times->newest_ms = FB_MAX(times->newest_ms, lane->burst.newest_ms);
}

static bool add_datagram(struct keeper_lane *lane, const struct fb_block_datagram *datagram)
{
	if (!fb_block_try_add(&lane->open->fill, datagram))
		return false;
	add_times(lane);
	return true;
}

/* ---- blocks ---- */

static void seal(struct fb_keeper *keeper, struct keeper_lane *lane)
{
	struct keeper_buffer *buffer = lane->open;
	const struct fb_tap_burst *times = &buffer->times;

	if (times->definition != 0)
		fb_block_note_event_times(&buffer->fill, (struct fb_event_times_by){times->definition, times->fields},
			times->oldest_ms, times->newest_ms);
	lane->open = NULL;
	buffer->next = NULL;
	pthread_mutex_lock(&keeper->lock);
	*keeper->queue_end = buffer;
	keeper->queue_end = &buffer->next;
	pthread_cond_signal(&keeper->filled);
	pthread_mutex_unlock(&keeper->lock);
}

static bool begin_block(struct fb_keeper *keeper, struct keeper_lane *lane)
{
	struct keeper_buffer *buffer = keeper_get_buffer(keeper);

	if (buffer == NULL)
		return false;
	buffer->lane = lane;
	buffer->begun_ns = fb_clock_monotonic_ns();
	fb_block_begin(&buffer->fill, buffer->bytes, lane->stream_id, lane->worker);
	lane->open = buffer;
	return true;
}

/* False: it has to wait for memory (back-off), and with it everything behind it on its tap. */
static bool collect(struct fb_keeper *keeper, uint32_t worker, const struct rte_mbuf *mbuf,
	const struct instant *now)
{
	struct fb_tap_note note = fb_tap_read(mbuf);
	struct keeper_lane *lane = keeper->by_stream[note.stream * keeper->worker_cnt + worker];
	struct fb_block_datagram datagram = {
		.seq = note.seq,
		.arrival_ns = note.imported ? (int64_t)note.arrival_tsc
					    : arrival_of(keeper, lane, now, note.arrival_tsc),
		.watermark_ms = note.watermark_ms,
		.source_port = note.source_port,
		.port = lane->port,
		.queue = note.queue,
		.len = rte_pktmbuf_data_len(mbuf),
		.data = rte_pktmbuf_mtod(mbuf, const uint8_t *),
	};

	fb_block_map_ipv4(datagram.source, note.source_ip);
	read_burst(lane, mbuf, note.burst);
	if (lane->open != NULL) {
		if (add_datagram(lane, &datagram))
			return true;
		seal(keeper, lane);
	}
	if (!begin_block(keeper, lane)) {
		/* A capture can wait: its tap fills, and the worker takes no more of it. */
		if (lane->conf->retention_when_slow == FB_RAW_BACK_OFF || note.imported)
			return false;
		keeper_drop(lane, FB_RAW_DISK_SLOW, 1, datagram.len);
		return true;
	}
	FB_IGNORE(add_datagram(lane, &datagram)); /* an empty one takes any datagram */
	return true;
}

static void count_taken(struct fb_keeper *keeper, uint32_t worker, const struct keeper_tap *tap)
{
	for (uint32_t i = 0; i < tap->cnt; i++) {
		struct fb_tap_note note = fb_tap_read(tap->packets[i]);
		struct keeper_lane *lane =
			keeper->by_stream[note.stream * keeper->worker_cnt + worker];

		keeper_count(&lane->taken_datagrams, 1);
		keeper_count(&lane->taken_bytes,
			rte_pktmbuf_data_len((struct rte_mbuf *)tap->packets[i]));
	}
}

static bool drain_tap(struct fb_keeper *keeper, uint32_t worker)
{
	struct keeper_tap *tap = &keeper->taps[worker];
	struct instant now;
	uint32_t begin;

	if (tap->at == tap->cnt) {
		tap->cnt = fb_spsc_poll_many(tap->ring, tap->packets, FB_KEEPER_TAP_BATCH);
		tap->at = 0;
		count_taken(keeper, worker, tap);
	}
	if (tap->cnt == tap->at)
		return false;
	now = read_clocks();
	begin = tap->at;
	for (uint32_t i = tap->at; i < FB_MIN(tap->cnt, tap->at + 4); i++)
		rte_prefetch0(rte_pktmbuf_mtod((struct rte_mbuf *)tap->packets[i], void *));
	while (tap->at < tap->cnt && collect(keeper, worker, tap->packets[tap->at], &now))
		tap->at++;
	rte_pktmbuf_free_bulk((struct rte_mbuf **)&tap->packets[begin], tap->at - begin);
	return tap->at > begin;
}

/* Half of the flush interval is for filling, the rest for the disk. */
static void seal_old(struct fb_keeper *keeper, bool all)
{
	int64_t now = fb_clock_monotonic_ns();

	for (uint32_t i = 0; i < keeper->lane_cnt; i++) {
		struct keeper_lane *lane = &keeper->lanes[i];

		if (lane->open != NULL &&
			(all || now - lane->open->begun_ns >= keeper->flush_ns / 2))
			seal(keeper, lane);
	}
}

void *keeper_collect(void *arg)
{
	struct fb_keeper *keeper = arg;
	struct timespec pause = {.tv_nsec = IDLE_WAIT_NS};

	for (;;) {
		bool quit = atomic_load_explicit(&keeper->quit, memory_order_acquire);
		bool busy = false;
		bool waiting = false;

		for (uint32_t w = 0; w < keeper->worker_cnt; w++) {
			busy |= drain_tap(keeper, w);
			waiting |= keeper->taps[w].at < keeper->taps[w].cnt;
		}
		/* The workers have stopped before quit is said: an empty round was the last. */
		if (quit && !busy && !waiting)
			break;
		seal_old(keeper, false);
		if (!busy)
			nanosleep(&pause, NULL);
	}
	seal_old(keeper, true);
	pthread_mutex_lock(&keeper->lock);
	atomic_store(&keeper->taps_empty, true);
	pthread_cond_signal(&keeper->filled);
	pthread_mutex_unlock(&keeper->lock);
	return NULL;
}
