/* SPDX-License-Identifier: Apache-2.0 */
#include "control/replay/pace.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "config/base/macro.h"

#define REST_MIN_NS 2000000    /* shorter ones are saved up */
#define REST_MAX_NS 20000000   /* the thread looks up that often */
#define CREDIT_NS 100000000    /* what was not used for longer than that is forfeited */
#define IOPRIO_WHO_PROCESS 1   /* linux/ioprio.h is not where all distributions can find it */
#define IOPRIO_BEST_EFFORT_LAST (2 << 13 | 7)

static int64_t cpu_ns(void)
{
	struct timespec used;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
}

void fb_pace_rest(struct fb_pace *pace, const _Atomic bool *stop)
{
	int64_t now, used, rest;

	if (pace->percent == 0 || pace->percent >= 100)
		return;
	now = fb_clock_monotonic_ns();
	used = cpu_ns();
	rest = pace->wall_ns + (used - pace->cpu_ns) * 100 / pace->percent - now;
	if (pace->wall_ns == 0 || rest < -CREDIT_NS) {
		pace->wall_ns = now;
		pace->cpu_ns = used;
		return;
	}
	while (rest >= REST_MIN_NS && !atomic_load_explicit(stop, memory_order_relaxed)) {
		struct timespec pause = {.tv_nsec = FB_MIN(rest, (int64_t)REST_MAX_NS)};

		nanosleep(&pause, NULL);
		rest -= pause.tv_nsec;
	}
}

void fb_pace_give_way(void)
{
	FB_IGNORE(setpriority(PRIO_PROCESS, (id_t)gettid(), 19));
	FB_IGNORE(syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_BEST_EFFORT_LAST));
}
