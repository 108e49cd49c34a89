/* SPDX-License-Identifier: Apache-2.0 */
#include "dataplane/operator/slice_private.h"

#include <stdlib.h>
#include <sys/mman.h>

#define HUGE_PAGE_BYTES (2u << 20)

static int create(uint64_t bytes, bool touch, struct fb_slice_pool **ret)
{
	struct fb_slice_pool *pool = calloc(1, sizeof(*pool));
	uint64_t page_cnt = FB_MAX((bytes + FB_PAGE_BYTES - 1) / FB_PAGE_BYTES + 1, (uint64_t)4);
	void *base;

	if (pool == NULL)
		return FB_E_NO_MEMORY;
	/* References are 32 bits in units of 8 bytes. */
	page_cnt = FB_MIN(page_cnt, (uint64_t)UINT32_MAX / FB_PAGE_UNITS);
	/* One huge page more, so that the base can be aligned to one. */
	pool->mapped_bytes = page_cnt * FB_PAGE_BYTES + HUGE_PAGE_BYTES;
	pool->pages = calloc(page_cnt, sizeof(*pool->pages));
	base = mmap(NULL, pool->mapped_bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (pool->pages == NULL || base == MAP_FAILED) {
		if (base != MAP_FAILED)
			munmap(base, pool->mapped_bytes);
		free(pool->pages);
		free(pool);
		return FB_E_NO_MEMORY;
	}
	pool->base = (uint64_t *)(((uintptr_t)base + HUGE_PAGE_BYTES - 1) &
				  ~(uintptr_t)(HUGE_PAGE_BYTES - 1));
	pool->mapping = base;
	/* Advice only: where the kernel has no huge pages the pool works with small ones. */
	FB_IGNORE(madvise(pool->base, page_cnt * FB_PAGE_BYTES, MADV_HUGEPAGE));
	for (uint64_t i = 0; touch && i < page_cnt * FB_PAGE_BYTES; i += 4096)
		((volatile char *)pool->base)[i] = 0;
	pool->page_cnt = (uint32_t)page_cnt;
	/* Page 0 is never handed out, so that reference 0 means "none". */
	pool->free_cnt = pool->page_cnt - 1;
	pool->free_head = 1;
	for (uint32_t i = 0; i < pool->page_cnt; i++)
		pool->pages[i].next = i + 1 < pool->page_cnt ? i + 1 : FB_NO_PAGE;
	*ret = pool;
	return 0;
}

int fb_slice_pool_create(uint64_t bytes, struct fb_slice_pool **ret)
{
	return create(bytes, false, ret);
}

int fb_slice_pool_create_touched(uint64_t bytes, struct fb_slice_pool **ret)
{
	return create(bytes, true, ret);
}

void fb_slice_pool_destroy(struct fb_slice_pool *pool)
{
	if (pool == NULL)
		return;
	munmap(pool->mapping, pool->mapped_bytes);
	free(pool->pages);
	free(pool);
}

uint64_t fb_slice_pool_bytes(const struct fb_slice_pool *pool)
{
	return (uint64_t)pool->page_cnt * FB_PAGE_BYTES;
}

uint64_t fb_slice_pool_used_bytes(const struct fb_slice_pool *pool)
{
	return (uint64_t)(pool->page_cnt - 1 - pool->free_cnt) * FB_PAGE_BYTES;
}
