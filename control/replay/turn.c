/* SPDX-License-Identifier: Apache-2.0 */
#include "control/replay/turn.h"

/* A block before is mostly through within that; on a machine with less cores than threads waiting is for the kernel. */
#define SPINS 200

void fb_turn_init(struct fb_turn *turn)
{
	atomic_init(&turn->next, 0);
	atomic_init(&turn->waiting, 0);
	atomic_init(&turn->broken, false);
	pthread_mutex_init(&turn->lock, NULL);
	pthread_cond_init(&turn->changed, NULL);
}

void fb_turn_fini(struct fb_turn *turn)
{
	pthread_mutex_destroy(&turn->lock);
	pthread_cond_destroy(&turn->changed);
}

static bool is_turn(struct fb_turn *turn, uint64_t seq)
{
	return atomic_load(&turn->next) == seq || atomic_load(&turn->broken);
}

bool fb_turn_enter(struct fb_turn *turn, uint64_t seq)
{
	for (int i = 0; i < SPINS && !is_turn(turn, seq); i++)
		__builtin_ia32_pause();
	if (!is_turn(turn, seq)) {
		pthread_mutex_lock(&turn->lock);
		atomic_fetch_add(&turn->waiting, 1);
		while (!is_turn(turn, seq))
			pthread_cond_wait(&turn->changed, &turn->lock);
		atomic_fetch_sub(&turn->waiting, 1);
		pthread_mutex_unlock(&turn->lock);
	}
	return !atomic_load(&turn->broken);
}

static void wake(struct fb_turn *turn)
{
	if (atomic_load(&turn->waiting) == 0)
		return;
	pthread_mutex_lock(&turn->lock);
	pthread_cond_broadcast(&turn->changed);
	pthread_mutex_unlock(&turn->lock);
}

void fb_turn_pass(struct fb_turn *turn, uint64_t seq)
{
	atomic_store(&turn->next, seq + 1);
	wake(turn);
}

void fb_turn_break(struct fb_turn *turn)
{
	atomic_store(&turn->broken, true);
	wake(turn);
}
