/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounded queue of fixed-size messages by value between one producer and one consumer: mailbox
 * and reports of a worker. No stock of messages has to travel back, because a slot is free again
 * when its message has been copied out.
 */
#pragma once

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "config/base/errcode.h"

struct fb_mail_ring {
	uint8_t *slots;
	uint32_t mask;
	uint32_t item_bytes;
	FB_CACHE_ALIGNED _Atomic uint32_t head; /* written by the producer */
	FB_CACHE_ALIGNED _Atomic uint32_t tail; /* written by the consumer */
};

/* cap: a power of two. FB_E_NO_MEMORY. */
static inline int fb_mail_ring_init(struct fb_mail_ring *ring, uint32_t cap, uint32_t item_bytes)
{
	*ring = (struct fb_mail_ring){
		.slots = calloc(cap, item_bytes), .mask = cap - 1, .item_bytes = item_bytes};
	return ring->slots ? 0 : FB_E_NO_MEMORY;
}

static inline void fb_mail_ring_fini(struct fb_mail_ring *ring)
{
	free(ring->slots);
	ring->slots = NULL;
}

/* Producer only. False: full. */
static inline bool fb_mail_ring_put(struct fb_mail_ring *ring, const void *item)
{
	uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);

	if (head - atomic_load_explicit(&ring->tail, memory_order_acquire) > ring->mask)
		return false;
	memcpy(ring->slots + (size_t)(head & ring->mask) * ring->item_bytes, item,
		ring->item_bytes);
	atomic_store_explicit(&ring->head, head + 1, memory_order_release);
	return true;
}

/* Consumer only. False: empty. */
static inline bool fb_mail_ring_take(struct fb_mail_ring *ring, void *ret_item)
{
	uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);

	if (tail == atomic_load_explicit(&ring->head, memory_order_acquire))
		return false;
	memcpy(ret_item, ring->slots + (size_t)(tail & ring->mask) * ring->item_bytes,
		ring->item_bytes);
	atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
	return true;
}
