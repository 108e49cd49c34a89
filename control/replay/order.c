/* SPDX-License-Identifier: Apache-2.0 */
#include "control/replay/order.h"

/* A block before is mostly through within that; on a machine with less cores than threads waiting is for the kernel. */
#define SPINS 200

void fb_order_init(struct fb_order *order)
{
	atomic_init(&order->turn, 0);
	atomic_init(&order->waiting, 0);
	atomic_init(&order->broken, false);
	order->watermark_ms = FB_TIME_MIN;
	pthread_mutex_init(&order->lock, NULL);
	pthread_cond_init(&order->changed, NULL);
}

void fb_order_fini(struct fb_order *order)
{
	pthread_mutex_destroy(&order->lock);
	pthread_cond_destroy(&order->changed);
}

static bool is_turn(struct fb_order *order, uint64_t seq)
{
	return atomic_load(&order->turn) == seq || atomic_load(&order->broken);
}

int64_t fb_order_enter(struct fb_order *order, uint64_t seq)
{
	for (int i = 0; i < SPINS && !is_turn(order, seq); i++)
		__builtin_ia32_pause();
	if (!is_turn(order, seq)) {
		pthread_mutex_lock(&order->lock);
		atomic_fetch_add(&order->waiting, 1);
		while (!is_turn(order, seq))
			pthread_cond_wait(&order->changed, &order->lock);
		atomic_fetch_sub(&order->waiting, 1);
		pthread_mutex_unlock(&order->lock);
	}
	return atomic_load(&order->broken) ? FB_TIME_MAX : order->watermark_ms;
}

static void wake(struct fb_order *order)
{
	if (atomic_load(&order->waiting) == 0)
		return;
	pthread_mutex_lock(&order->lock);
	pthread_cond_broadcast(&order->changed);
	pthread_mutex_unlock(&order->lock);
}

void fb_order_pass(struct fb_order *order, uint64_t seq, int64_t watermark_ms)
{
	order->watermark_ms = FB_MAX(order->watermark_ms, watermark_ms);
	atomic_store(&order->turn, seq + 1);
	wake(order);
}

void fb_order_break(struct fb_order *order)
{
	atomic_store(&order->broken, true);
	wake(order);
}
