/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that lives and dies together: plans, settings, parse trees. One thread. Blocks are zeroed.
 * A request that cannot be met returns NULL and sets `failed`; parsers check that once, at the end.
 */
#pragma once

#include "config/base/str.h"

struct fb_arena {
	struct fb_arena_block *head;
	bool failed;
};

void fb_arena_fini(struct fb_arena *arena);
/* Zeroed and aligned to 16 bytes. */
void *fb_arena_alloc(struct fb_arena *arena, size_t bytes);
/* A terminated copy. */
char *fb_arena_strdup(struct fb_arena *arena, struct fb_str text);
char *fb_arena_printf(struct fb_arena *arena, const char *fmt, ...) FB_PRINTF(2, 3);

#define FB_ARENA_NEW(arena, type) ((type *)fb_arena_alloc((arena), sizeof(type)))
#define FB_ARENA_ARRAY(arena, type, n) ((type *)fb_arena_alloc((arena), sizeof(type) * (n)))
