/* SPDX-License-Identifier: Apache-2.0 */
#include "control/replay/mapped.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct fb_mapped {
	uint8_t *bytes;
	uint64_t size; /* of the mapping: whole pages */
	uint32_t slot;
	_Atomic bool broken;
};

/* What the handler may look at: it can come at any time, on any thread. */
static _Atomic(struct fb_mapped *) slots[FB_MAPPED_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of what follows */
static uint32_t open_cnt;
static struct sigaction before;

static uint64_t page_bytes(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Async-signal-safe: atomics, sysconf and mmap, which is a plain system call on Linux. */
static void on_bus_error(int number, siginfo_t *info, void *context)
{
	uintptr_t at = (uintptr_t)info->si_addr;

	for (uint32_t i = 0; i < FB_MAPPED_MAX; i++) {
		struct fb_mapped *mapped = atomic_load(&slots[i]);
		uint64_t page = page_bytes();

		if (mapped == NULL || at < (uintptr_t)mapped->bytes || at >= (uintptr_t)mapped->bytes + mapped->size)
			continue;
		atomic_store(&mapped->broken, true);
		if (mmap((void *)(at / page * page), page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED)
			return;
	}
	/* Not ours. The instruction is run again, and ends as it would have without us; a signal that was sent is sent again. */
	sigaction(SIGBUS, &before, NULL);
	if (info->si_code <= 0)
		raise(number);
}

static bool take_slot(struct fb_mapped *mapped)
{
	bool found = false;

	pthread_mutex_lock(&lock);
	for (uint32_t i = 0; i < FB_MAPPED_MAX && !found; i++) {
		if (atomic_load(&slots[i]) != NULL)
			continue;
		if (open_cnt++ == 0) {
			struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};

			sigaction(SIGBUS, &action, &before);
		}
		mapped->slot = i;
		atomic_store(&slots[i], mapped);
		found = true;
	}
	pthread_mutex_unlock(&lock);
	return found;
}

static void leave_slot(const struct fb_mapped *mapped)
{
	pthread_mutex_lock(&lock);
	atomic_store(&slots[mapped->slot], NULL);
	if (--open_cnt == 0)
		sigaction(SIGBUS, &before, NULL);
	pthread_mutex_unlock(&lock);
}

int fb_mapped_open(int fd, uint64_t size, struct fb_mapped **ret)
{
	struct fb_mapped *mapped = calloc(1, sizeof(*mapped));
	uint64_t page = page_bytes();
	void *bytes;

	if (mapped == NULL)
		return FB_E_NO_MEMORY;
	bytes = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (bytes == MAP_FAILED) {
		free(mapped);
		return FB_E_UNSUPPORTED;
	}
	mapped->bytes = bytes;
	mapped->size = (size + page - 1) / page * page;
	FB_IGNORE(madvise(bytes, mapped->size, MADV_SEQUENTIAL));
	if (!take_slot(mapped)) {
		munmap(bytes, mapped->size);
		free(mapped);
		return FB_E_UNSUPPORTED;
	}
	*ret = mapped;
	return 0;
}

void fb_mapped_close(struct fb_mapped *mapped)
{
	if (mapped == NULL)
		return;
	leave_slot(mapped);
	munmap(mapped->bytes, mapped->size);
	free(mapped);
}

const uint8_t *fb_mapped_bytes(const struct fb_mapped *mapped)
{
	return mapped->bytes;
}

uint64_t fb_mapped_readable(const struct fb_mapped *mapped)
{
	return mapped->size;
}

bool fb_mapped_is_whole(const struct fb_mapped *mapped)
{
	return !atomic_load(&mapped->broken);
}
