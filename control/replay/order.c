/* SPDX-License-Identifier: Apache-2.0 */
#include "control/replay/order.h"

void fb_order_init(struct fb_order *order)
{
	order->watermark_ms = FB_TIME_MIN;
	fb_turn_init(&order->turn);
}

void fb_order_fini(struct fb_order *order)
{
	fb_turn_fini(&order->turn);
}

int64_t fb_order_enter(struct fb_order *order, uint64_t seq)
{
	return fb_turn_enter(&order->turn, seq) ? order->watermark_ms : FB_TIME_MAX;
}

void fb_order_pass(struct fb_order *order, uint64_t seq, int64_t watermark_ms)
{
	order->watermark_ms = FB_MAX(order->watermark_ms, watermark_ms);
	fb_turn_pass(&order->turn, seq);
}

void fb_order_break(struct fb_order *order)
{
	fb_turn_break(&order->turn);
}
