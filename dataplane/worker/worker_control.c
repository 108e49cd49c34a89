/* SPDX-License-Identifier: Apache-2.0 */
/* A worker as the control plane sees it: making it, its lcore, mail, reports and the published
 * numbers. */
#include "dataplane/worker/import.h"
#include "dataplane/worker/worker_private.h"

#include <errno.h>
#include <sys/prctl.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_lcore.h>
#include <rte_pause.h>

#include "config/base/calendar.h"

#define EMPTY_BEFORE_PAUSE 64
#define EMPTY_BEFORE_SLEEP 4096
#define SLEEP_STEP_US 10

/* DPDK rounds its TSC frequency to 10 MHz: seconds of drift an hour. Measured once against
 * CLOCK_MONOTONIC instead. */
static uint64_t tsc_per_ms(void)
{
	static uint64_t measured;

	if (measured == 0) {
		struct timespec pause = {.tv_nsec = 20000000};
		int64_t ns = fb_clock_monotonic_ns();
		uint64_t tsc = rte_rdtsc();

		nanosleep(&pause, NULL);
		ns = fb_clock_monotonic_ns() - ns;
		measured = (rte_rdtsc() - tsc) * 1000000 / (uint64_t)ns;
	}
	return measured;
}

double fb_worker_tsc_hz(void)
{
	return (double)tsc_per_ms() * 1000;
}

int fb_worker_create(const struct fb_worker_conf *conf, struct fb_worker **ret)
{
	if (conf->queue_cnt > FB_WORKER_QUEUE_MAX || conf->stream_cnt > FB_NET_STREAM_MAX ||
		conf->index >= FB_WORKER_MAX)
		return FB_E_FULL;

	struct fb_worker *worker = aligned_alloc(
		FB_CACHE_LINE_BYTES, (sizeof(*worker) + FB_CACHE_LINE_BYTES - 1) /
					     FB_CACHE_LINE_BYTES * FB_CACHE_LINE_BYTES);
	int rc;

	if (worker == NULL)
		return FB_E_NO_MEMORY;
	memset(worker, 0, sizeof(*worker));
	worker->index = conf->index;
	worker->core = conf->core;
	worker->idle_sleep_us = conf->idle_sleep_us;
	worker->paused = conf->paused;
	worker->queue_cnt = conf->queue_cnt;
	worker->stream_cnt = conf->stream_cnt;
	worker->tsc_per_ms = tsc_per_ms();
	worker->last_tsc = rte_rdtsc();
	worker->slept = true; /* the time until its first poll is no gap */
	worker->numbers.net_cnt = conf->queue_cnt;
	for (uint32_t i = 0; i < conf->stream_cnt; i++) {
		worker->streams[i] = conf->streams[i];
		worker->taps[i] = (struct tap_stream){
			.kept = conf->streams[i].kept && conf->tap_cap > 0,
			.first_seq = conf->tap_seqs ? conf->tap_seqs[i] : 0,
			.next_seq = conf->tap_seqs ? conf->tap_seqs[i] : 0,
			.watermark_ms = FB_TIME_MIN,
			.seen_ms = FB_TIME_MIN,
		};
		worker->has_tap |= worker->taps[i].kept;
		worker->tap_back_off |= worker->taps[i].kept && conf->streams[i].back_off;
	}
	rc = worker->has_tap ? fb_spsc_init(&worker->tap, conf->tap_cap) : 0;
	if (rc == 0)
		rc = fb_spsc_init(&worker->import, FB_WORKER_IMPORT_CAP);
	if (rc == 0)
		rc = fb_mail_ring_init(&worker->mail, FB_WORKER_MAIL_CAP, sizeof(struct fb_mail));
	if (rc == 0)
		rc = fb_mail_ring_init(
			&worker->reports, FB_WORKER_MAIL_CAP, sizeof(struct fb_report));
	for (uint32_t q = 0; rc == 0 && q < conf->queue_cnt; q++) {
		worker->queues[q] = conf->queues[q];
		fb_net_init(&worker->nets[q], conf->queues[q].port, conf->queues[q].queue);
		for (uint32_t i = 0; rc == 0 && i < conf->stream_cnt; i++)
			if (conf->streams[i].port == conf->queues[q].port)
				rc = fb_net_bind(&worker->nets[q], conf->streams[i].udp_port, i);
	}
	if (rc != 0) {
		fb_worker_destroy(worker);
		return rc;
	}
	*ret = worker;
	return 0;
}

void fb_worker_destroy(struct fb_worker *worker)
{
	if (worker == NULL)
		return;
	fb_mail_ring_fini(&worker->mail);
	fb_mail_ring_fini(&worker->reports);
	if (worker->has_tap)
		fb_spsc_fini(&worker->tap);
	fb_spsc_fini(&worker->import);
	free(worker);
}

/*
 * The one system call of a running worker: after thousands of empty polls it sleeps, a little
 * longer each time. A ring of 1024 descriptors covers the longest sleep at a million packets a
 * second.
 */
static void back_off(struct fb_worker *worker, uint64_t *empty)
{
	if (++*empty < EMPTY_BEFORE_PAUSE)
		return;
	if (*empty < EMPTY_BEFORE_SLEEP || worker->idle_sleep_us == 0) {
		rte_pause();
		return;
	}

	uint64_t us = FB_MIN(
		(*empty - EMPTY_BEFORE_SLEEP + 1) * SLEEP_STEP_US, (uint64_t)worker->idle_sleep_us);
	struct timespec pause = {.tv_nsec = (long)us * 1000};

	nanosleep(&pause, NULL);
	worker->numbers.sleeps++;
	worker->slept = true;
}

static int worker_main(void *arg)
{
	struct fb_worker *worker = arg;
	uint64_t empty = 0;

	worker->last_tsc = rte_rdtsc();
	prctl(PR_SET_TIMERSLACK, 1); /* else 50 us are added to every sleep */
	while (!worker->stopped || worker->waiting_cnt > 0) {
		if (fb_worker_poll(worker))
			empty = 0;
		else
			back_off(worker, &empty);
	}
	return 0;
}

int fb_worker_start(struct fb_worker *worker)
{
	int rc = rte_eal_remote_launch(worker_main, worker, worker->core);

	worker->launched = rc == 0;
	return rc == 0 ? 0 : rc == -EBUSY ? FB_E_BUSY : FB_E_INVALID;
}

struct fb_spsc *fb_worker_tap(struct fb_worker *worker)
{
	return &worker->tap;
}

void fb_worker_join(struct fb_worker *worker)
{
	if (worker->launched)
		rte_eal_wait_lcore(worker->core);
	worker->launched = false;
}

int fb_worker_send(struct fb_worker *worker, const struct fb_mail *mail)
{
	if (mail->slot >= FB_WORKER_READER_MAX ||
		(mail->kind == FB_MAIL_READER_ADD && mail->stream >= worker->stream_cnt))
		return FB_E_INVALID;
	return fb_mail_ring_put(&worker->mail, mail) ? 0 : FB_E_AGAIN;
}

bool fb_worker_receive(struct fb_worker *worker, struct fb_report *ret_report)
{
	return fb_mail_ring_take(&worker->reports, ret_report);
}

/* ---- snapshots: a seqlock whose data are relaxed atomic words (Boehm, MSPC 2012) ---- */

typedef uint64_t __attribute__((may_alias)) word;

_Static_assert(sizeof(struct fb_worker_snapshot) % sizeof(word) == 0, "copied by words");
_Static_assert(sizeof(struct fb_reader_snapshot) % sizeof(word) == 0, "copied by words");

static void store_words(void *to, const void *from, size_t bytes)
{
	for (size_t i = 0; i < bytes / sizeof(word); i++)
		__atomic_store_n((word *)to + i, ((const word *)from)[i], __ATOMIC_RELAXED);
}

static void load_words(void *to, const void *from, size_t bytes)
{
	for (size_t i = 0; i < bytes / sizeof(word); i++)
		((word *)to)[i] = __atomic_load_n((const word *)from + i, __ATOMIC_RELAXED);
}

static void collect(struct fb_worker *worker)
{
	struct fb_worker_snapshot *numbers = &worker->numbers;

	for (uint32_t q = 0; q < worker->queue_cnt; q++)
		numbers->net[q] = worker->nets[q].counters;
	numbers->imported = worker->import_net.counters;
	for (uint32_t i = 0; i < worker->slot_end; i++) {
		struct reader_slot *slot = &worker->slots[i];
		struct fb_reader_snapshot *reader = &numbers->readers[i];

		reader->used = slot->reader != NULL;
		if (!reader->used)
			continue;
		reader->own_watermark_ms = fb_reader_own_watermark(slot->reader);
		reader->watermark_ms = fb_reader_watermark(slot->reader);
		reader->active = slot->line == FB_LINE_ACTIVE;
		reader->datagrams = slot->datagrams;
		reader->decode = *fb_reader_decode_counters(slot->reader);
		reader->query_cnt = slot->query_cnt;
		for (uint32_t q = 0; q < reader->query_cnt; q++)
			reader->queries[q] = *fb_reader_query_counters(slot->reader, q);
	}
}

void fb_worker_publish(struct fb_worker *worker)
{
	struct fb_worker_snapshot *to = &worker->snapshot;
	const struct fb_worker_snapshot *from = &worker->numbers;
	uint32_t seq = atomic_load_explicit(&worker->snapshot_seq, memory_order_relaxed);

	worker->numbers.published++;
	collect(worker);
	atomic_store_explicit(&worker->snapshot_seq, seq + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	/* Readers beyond slot_end were never used: most of the snapshot need not be copied. */
	store_words(to, from, offsetof(struct fb_worker_snapshot, readers));
	store_words(to->readers, from->readers, worker->slot_end * sizeof(from->readers[0]));
	atomic_store_explicit(&worker->snapshot_seq, seq + 2, memory_order_release);
}

void fb_worker_snapshot(const struct fb_worker *worker, struct fb_worker_snapshot *ret)
{
	uint32_t before;
	uint32_t after;

	do {
		before = atomic_load_explicit(&worker->snapshot_seq, memory_order_acquire);
		load_words(ret, &worker->snapshot, sizeof(*ret));
		atomic_thread_fence(memory_order_acquire);
		after = atomic_load_explicit(&worker->snapshot_seq, memory_order_relaxed);
	} while (before != after || before % 2 != 0);
}
