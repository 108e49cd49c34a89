/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounded queue of pointers between one producer and one consumer thread, lock-free and wait-free.
 * It is how a poll-mode core and the control plane pass ownership: mailbox, reports, returned memory.
 * (Lamport's ring with cached indices: Giacomoni et al., FastForward, PPoPP 2008, discuss the family.)
 *
 * Why not rte_ring: the CLI, `forebay run` and the tests of format and operator use this without DPDK.
 *
 * Ordering: what the producer wrote before publishing an item is visible to the consumer that polls it.
 */
#pragma once

#include <stdatomic.h>

#include "config/base/errcode.h"

struct fb_spsc {
	FB_CACHE_ALIGNED uint32_t mask;
	void **slots;
	/* producer's line: written by the producer, head is read by the consumer */
	FB_CACHE_ALIGNED _Atomic uint32_t head;
	uint32_t tail_seen;
	/* consumer's line: written by the consumer, tail is read by the producer */
	FB_CACHE_ALIGNED _Atomic uint32_t tail;
	uint32_t head_seen;
};

/* cap is rounded up to a power of two. FB_E_NO_MEMORY. Not on a poll-mode core. */
int fb_spsc_init(struct fb_spsc *ring, uint32_t cap) FB_MUST_CHECK;
/* Items still inside are not freed. */
void fb_spsc_fini(struct fb_spsc *ring);

/* Producer only. False: full, the item stays the caller's. */
static inline bool fb_spsc_try_publish(struct fb_spsc *ring, void *item)
{
	uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);

	if (head - ring->tail_seen > ring->mask) {
		ring->tail_seen = atomic_load_explicit(&ring->tail, memory_order_acquire);
		if (head - ring->tail_seen > ring->mask)
			return false;
	}
	ring->slots[head & ring->mask] = item;
	atomic_store_explicit(&ring->head, head + 1, memory_order_release);
	return true;
}

/*
 * Producer only. Publishes the first of cnt items that fit, with one store; returns how many. The rest stay the
 * caller's.
 */
static inline uint32_t fb_spsc_publish_many(struct fb_spsc *ring, void *const *items, uint32_t cnt)
{
	uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);

	if (ring->mask + 1 - (head - ring->tail_seen) < cnt) {
		ring->tail_seen = atomic_load_explicit(&ring->tail, memory_order_acquire);
		cnt = FB_MIN(cnt, ring->mask + 1 - (head - ring->tail_seen));
	}
	for (uint32_t i = 0; i < cnt; i++)
		ring->slots[(head + i) & ring->mask] = items[i];
	atomic_store_explicit(&ring->head, head + cnt, memory_order_release);
	return cnt;
}

/* Producer only. Whether so many would fit now. */
static inline bool fb_spsc_has_room(struct fb_spsc *ring, uint32_t cnt)
{
	uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);

	if (ring->mask + 1 - (head - ring->tail_seen) >= cnt)
		return true;
	ring->tail_seen = atomic_load_explicit(&ring->tail, memory_order_acquire);
	return ring->mask + 1 - (head - ring->tail_seen) >= cnt;
}

/* Consumer only. Up to cap items at once; returns how many. */
static inline uint32_t fb_spsc_poll_many(struct fb_spsc *ring, void **ret_items, uint32_t cap)
{
	uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	uint32_t cnt;

	if (ring->head_seen - tail < cap)
		ring->head_seen = atomic_load_explicit(&ring->head, memory_order_acquire);
	cnt = FB_MIN(ring->head_seen - tail, cap);
	for (uint32_t i = 0; i < cnt; i++)
		ret_items[i] = ring->slots[(tail + i) & ring->mask];
	atomic_store_explicit(&ring->tail, tail + cnt, memory_order_release);
	return cnt;
}

/* Consumer only. False: empty, *ret_item untouched. */
static inline bool fb_spsc_poll(struct fb_spsc *ring, void **ret_item)
{
	uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);

	if (tail == ring->head_seen) {
		ring->head_seen = atomic_load_explicit(&ring->head, memory_order_acquire);
		if (tail == ring->head_seen)
			return false;
	}
	*ret_item = ring->slots[tail & ring->mask];
	atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
	return true;
}

/* Items inside, as seen by either side: a lower bound for the consumer, an upper one for the producer. */
static inline uint32_t fb_spsc_count(const struct fb_spsc *ring)
{
	uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);

	return atomic_load_explicit(&ring->head, memory_order_acquire) - tail;
}
