/* SPDX-License-Identifier: Apache-2.0 */
#include "config/base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCK_BYTES 16384

struct fb_arena_block {
	struct fb_arena_block *next;
	size_t used;
	size_t cap;
	_Alignas(16) char bytes[];
};

void fb_arena_fini(struct fb_arena *arena)
{
	struct fb_arena_block *block = arena->head;

	while (block != NULL) {
		struct fb_arena_block *next = block->next;

		free(block);
		block = next;
	}
	*arena = (struct fb_arena){0};
}

void *fb_arena_alloc(struct fb_arena *arena, size_t bytes)
{
	size_t need = (bytes + 15) & ~(size_t)15;
	struct fb_arena_block *block = arena->head;

	if (block == NULL || block->cap - block->used < need) {
		size_t cap = FB_MAX(need, (size_t)BLOCK_BYTES);

		block = calloc(1, sizeof(*block) + cap);
		if (block == NULL) {
			arena->failed = true;
			return NULL;
		}
		block->cap = cap;
		block->next = arena->head;
		arena->head = block;
	}

	void *at = block->bytes + block->used;

	block->used += need;
	return at;
}

char *fb_arena_strdup(struct fb_arena *arena, struct fb_str text)
{
	char *copy = fb_arena_alloc(arena, (size_t)text.len + 1);

	if (copy != NULL && text.len)
		memcpy(copy, text.p, text.len);
	return copy;
}

char *fb_arena_printf(struct fb_arena *arena, const char *fmt, ...)
{
	va_list args;
	va_list again;

	va_start(args, fmt);
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, fmt, args);
	char *text = len < 0 ? NULL : fb_arena_alloc(arena, (size_t)len + 1);

	if (text != NULL)
		vsnprintf(text, (size_t)len + 1, fmt, again);
	va_end(again);
	va_end(args);
	return text;
}
