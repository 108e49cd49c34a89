/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Criterion under ThreadSanitizer. Criterion maps the memory that it shares with its test processes
 * at a random fixed address between 2000 0000 0000 and 7f00 0000 0000, where ThreadSanitizer
 * (x86-64) keeps its shadow: it aborts with "Could not initialize inheritable arena". Here such
 * addresses are moved to the 512 GB below 7f00 0000 0000 that are the program's.
 */
#if defined(__SANITIZE_THREAD__)
#include <linux/mman.h> /* sys/mman.h would rename mmap */
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ARENA_FIRST 0x200000000000u
#define PROGRAM_FIRST 0x7e8000000000u
#define PROGRAM_BYTES 0x007000000000u

/* Called before ThreadSanitizer is up, by itself. */
#define BARE __attribute__((no_sanitize_thread))

void *__interceptor_mmap(
	void *address, size_t bytes, int protection, int flags, int fd, off_t offset);
void *mmap(void *address, size_t bytes, int protection, int flags, int fd, off_t offset);
void *mmap64(void *address, size_t bytes, int protection, int flags, int fd, off_t offset);
int mincore(void *address, size_t bytes, unsigned char *pages);

BARE static void *move(void *address)
{
	uintptr_t at = (uintptr_t)address;

	return at >= ARENA_FIRST && at < PROGRAM_FIRST
		       ? (void *)(PROGRAM_FIRST + at % PROGRAM_BYTES)
		       : address;
}

BARE void *mmap(void *address, size_t bytes, int protection, int flags, int fd, off_t offset)
{
	/* The arena alone is of a file, shared and at a fixed address. */
	if ((flags & MAP_FIXED) && (flags & MAP_SHARED) && fd >= 0)
		address = move(address);
	return __interceptor_mmap(address, bytes, protection, flags, fd, offset);
}

BARE void *mmap64(void *address, size_t bytes, int protection, int flags, int fd, off_t offset)
{
	return mmap(address, bytes, protection, flags, fd, offset);
}

/* It looks before it maps; nobody else here does. */
BARE int mincore(void *address, size_t bytes, unsigned char *pages)
{
	return (int)syscall(SYS_mincore, move(address), bytes, pages);
}
#else
typedef int fb_no_thread_sanitizer; /* an empty file is not ISO C */
#endif
