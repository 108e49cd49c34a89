/* SPDX-License-Identifier: Apache-2.0 */
/* Published numbers: one core writes, several threads read. Every number of a snapshot is of the
 * same moment. */
#include "dataplane/worker/worker_private.h"
#include "tests/race/race.h"

#define MOMENTS 800
#define READERS 3

static struct fb_worker *worker;
static _Atomic bool over;

/* All numbers follow from the moment. */
static void set_numbers(struct fb_worker_snapshot *numbers, uint64_t moment)
{
	numbers->polls = race_word(moment, 0);
	numbers->empty_polls = moment;
	numbers->bursts = race_word(moment, 2);
	numbers->busy_cycles = race_word(moment, 3);
	numbers->report_ring_full = race_word(moment, 4);
	for (uint64_t i = 0; i < FB_NET_STREAM_MAX; i++)
		numbers->streams[i] = (struct fb_stream_counters){race_word(moment, 10 * i),
			race_word(moment, 10 * i + 1), race_word(moment, 10 * i + 2)};
	for (uint64_t i = 0; i < FB_WORKER_READER_MAX; i++) {
		numbers->readers[i].own_watermark_ms = (int64_t)race_word(moment, 1000 + i);
		numbers->readers[i].active = moment & 1;
		numbers->readers[i].queries[15].rows_waiting = race_word(moment, 2000 + i);
	}
}

static uint64_t count_wrong(
	const struct fb_worker_snapshot *got, struct fb_worker_snapshot *expected)
{
	uint64_t wrong = 0;

	set_numbers(expected, got->empty_polls);
	wrong += got->polls != expected->polls;
	wrong += got->bursts != expected->bursts;
	wrong += got->busy_cycles != expected->busy_cycles;
	wrong += got->report_ring_full != expected->report_ring_full;
	wrong += memcmp(got->streams, expected->streams, sizeof(got->streams)) != 0;
	wrong += memcmp(got->readers, expected->readers, sizeof(got->readers)) != 0;
	return wrong;
}

static void *read_numbers(void *arg)
{
	struct fb_worker_snapshot *got = calloc(1, sizeof(*got));
	struct fb_worker_snapshot *expected = calloc(1, sizeof(*expected));
	uint64_t *wrong = arg;
	uint64_t last = 0;
	bool last_round;

	do {
		last_round = atomic_load(&over);
		fb_worker_snapshot(worker, got);
		*wrong += count_wrong(got, expected);
		*wrong += got->empty_polls < last; /* back in time */
		*wrong += got->published != got->empty_polls;
		last = got->empty_polls;
	} while (!last_round);
	*wrong += last != MOMENTS; /* what was published last is seen at last */
	free(got);
	free(expected);
	return NULL;
}

TestSuite(snapshot, .timeout = 100);

Test(snapshot, every_number_is_of_the_same_moment)
{
	uint64_t wrong[READERS] = {0};
	pthread_t readers[READERS];

	cr_assert_eq(fb_worker_create(&(struct fb_worker_conf){.index = 0}, &worker), 0);
	worker->slot_end = FB_WORKER_READER_MAX;
	set_numbers(&worker->numbers, 0);
	memcpy(&worker->snapshot, &worker->numbers, sizeof(worker->snapshot));
	for (int i = 0; i < READERS; i++)
		readers[i] = race_start(read_numbers, &wrong[i]);
	for (uint64_t moment = 1; moment <= MOMENTS; moment++) {
		set_numbers(&worker->numbers, moment);
		fb_worker_publish(worker);
		if (moment % 8 == 0)
			sched_yield();
	}
	atomic_store(&over, true);
	for (int i = 0; i < READERS; i++) {
		race_join(readers[i]);
		cr_assert_eq(wrong[i], 0, "reader %d: %lu", i, wrong[i]);
	}
	fb_worker_destroy(worker);
}
