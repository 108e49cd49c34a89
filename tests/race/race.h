/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the race tests share. Each hammers an object from the threads that its header allows, with
 * contents that show a torn, lost, doubled or early message. Run under ThreadSanitizer, which sees
 * what the checks do not hit by chance.
 */
#pragma once

#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "config/base/errcode.h"

/* splitmix64 (Steele, Lea, Flood: OOPSLA 2014): word `i` of message `seq`. */
static inline uint64_t race_word(uint64_t seq, uint64_t i)
{
	uint64_t z = (seq * 31 + i + 1) * 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static inline pthread_t race_start(void *(*run)(void *), void *arg)
{
	pthread_t thread;

	cr_assert_eq(pthread_create(&thread, NULL, run, arg), 0);
	return thread;
}

static inline void race_join(pthread_t thread)
{
	cr_assert_eq(pthread_join(thread, NULL), 0);
}
