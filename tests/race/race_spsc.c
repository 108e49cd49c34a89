/* SPDX-License-Identifier: Apache-2.0 */
/* Pointer rings: parcels go there, come back by a second ring, and are written anew: ownership both
 * ways. */
#include "config/base/spsc.h"
#include "tests/race/race.h"

#define PARCELS 100000
#define STOCK 64
#define WORDS 12 /* two cache lines */

struct parcel {
	uint64_t words[WORDS];
};

struct road {
	struct fb_spsc there, back;
	uint32_t cap;
	uint64_t wrong;
	uint64_t came;
};

static void *consume(void *arg)
{
	struct road *road = arg;

	while (road->came < PARCELS) {
		struct parcel *parcel;
		void *item = road; /* must stay so while there is nothing */

		if (!fb_spsc_poll(&road->there, &item)) {
			road->wrong += item != road;
			sched_yield();
			continue;
		}
		parcel = item;
		for (uint64_t i = 0; i < WORDS; i++) {
			road->wrong += parcel->words[i] != race_word(road->came, i);
			parcel->words[i] = 0;
		}
		road->came++;
		road->wrong += fb_spsc_count(&road->there) > road->cap;
		while (!fb_spsc_try_publish(&road->back, parcel))
			sched_yield();
	}
	return NULL;
}

static void hammer(uint32_t cap)
{
	struct road *road = aligned_alloc(64, sizeof(*road));
	struct parcel *stock[STOCK];
	uint32_t stock_cnt = STOCK;
	uint64_t unclean = 0;
	pthread_t consumer;
	void *item;

	cr_assert_not_null(road);
	memset(road, 0, sizeof(*road));
	road->cap = cap;
	cr_assert_eq(fb_spsc_init(&road->there, cap), 0);
	cr_assert_eq(fb_spsc_init(&road->back, STOCK), 0);
	for (uint32_t i = 0; i < STOCK; i++)
		stock[i] = calloc(1, sizeof(struct parcel));
	consumer = race_start(consume, road);
	for (uint64_t seq = 0; seq < PARCELS;) {
		while (fb_spsc_poll(&road->back, &item)) {
			stock[stock_cnt] = item;
			for (uint64_t i = 0; i < WORDS; i++)
				unclean += stock[stock_cnt]->words[i] != 0;
			stock_cnt++;
		}
		if (stock_cnt == 0) {
			sched_yield();
			continue;
		}
		for (uint64_t i = 0; i < WORDS; i++)
			stock[stock_cnt - 1]->words[i] = race_word(seq, i);
		if (fb_spsc_try_publish(&road->there, stock[stock_cnt - 1])) {
			stock_cnt--;
			seq++;
		} else {
			sched_yield();
		}
	}
	race_join(consumer);
	while (fb_spsc_poll(&road->back, &item))
		stock[stock_cnt++] = item;
	cr_assert_eq(road->wrong, 0);
	cr_assert_eq(unclean, 0, "what the consumer wrote last has come back");
	cr_assert_eq(road->came, PARCELS);
	cr_assert_eq(stock_cnt, STOCK, "every parcel came back once");
	cr_assert_eq(fb_spsc_count(&road->there), 0);
	for (uint32_t i = 0; i < STOCK; i++)
		free(stock[i]);
	fb_spsc_fini(&road->there);
	fb_spsc_fini(&road->back);
	free(road);
}

/* Nothing but the ring orders the two: a slot that is written too early is seen. */
static void *consume_numbers(void *arg)
{
	struct road *road = arg;

	while (road->came < PARCELS) {
		void *item;

		if (!fb_spsc_poll(&road->there, &item)) {
			sched_yield();
			continue;
		}
		road->wrong += (uint64_t)item != race_word(road->came, 0);
		road->came++;
	}
	return NULL;
}

static void hammer_numbers(uint32_t cap)
{
	struct road *road = aligned_alloc(64, sizeof(*road));
	pthread_t consumer;

	cr_assert_not_null(road);
	memset(road, 0, sizeof(*road));
	cr_assert_eq(fb_spsc_init(&road->there, cap), 0);
	consumer = race_start(consume_numbers, road);
	for (uint64_t seq = 0; seq < PARCELS; seq++)
		while (!fb_spsc_try_publish(&road->there, (void *)race_word(seq, 0)))
			sched_yield();
	race_join(consumer);
	cr_assert_eq(road->wrong, 0);
	cr_assert_eq(road->came, PARCELS);
	fb_spsc_fini(&road->there);
	free(road);
}

TestSuite(spsc, .timeout = 100);

Test(spsc, numbers)
{
	hammer_numbers(2);
	hammer_numbers(64);
}

/* Always full or empty: each step waits for the other side's. */
Test(spsc, of_two)
{
	hammer(2);
}

Test(spsc, of_sixteen)
{
	hammer(16);
}

Test(spsc, larger_than_the_stock)
{
	hammer(1024);
}

/* Bursts: published and taken many at once, of sizes that never fit together. */
static void *consume_bursts(void *arg)
{
	struct road *road = arg;
	void *items[48];

	while (road->came < PARCELS) {
		uint32_t cnt = fb_spsc_poll_many(&road->there, items, 1 + (uint32_t)(road->came % 48));

		if (cnt == 0)
			sched_yield();
		for (uint32_t i = 0; i < cnt; i++)
			road->wrong += (uint64_t)items[i] != race_word(road->came++, 0);
	}
	return NULL;
}

static void hammer_bursts(uint32_t cap)
{
	struct road *road = aligned_alloc(64, sizeof(*road));
	uint64_t promised = 0;
	pthread_t consumer;

	cr_assert_not_null(road);
	memset(road, 0, sizeof(*road));
	cr_assert_eq(fb_spsc_init(&road->there, cap), 0);
	consumer = race_start(consume_bursts, road);
	for (uint64_t seq = 0; seq < PARCELS;) {
		uint32_t cnt = (uint32_t)FB_MIN(1 + seq % 32, PARCELS - seq);
		void *items[32];
		uint32_t taken;
		bool room = fb_spsc_has_room(&road->there, cnt);

		for (uint32_t i = 0; i < cnt; i++)
			items[i] = (void *)race_word(seq + i, 0);
		taken = fb_spsc_publish_many(&road->there, items, cnt);
		promised += room && taken < cnt;
		seq += taken;
		if (taken == 0)
			sched_yield();
	}
	race_join(consumer);
	cr_assert_eq(road->wrong, 0);
	cr_assert_eq(promised, 0, "room that was there is not taken away by anybody");
	cr_assert_eq(road->came, PARCELS);
	fb_spsc_fini(&road->there);
	free(road);
}

Test(spsc, bursts)
{
	hammer_bursts(1);
	hammer_bursts(16);
	hammer_bursts(1024);
}
