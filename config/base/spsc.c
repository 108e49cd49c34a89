/* SPDX-License-Identifier: Apache-2.0 */
#include "config/base/spsc.h"

#include <stdlib.h>

int fb_spsc_init(struct fb_spsc *ring, uint32_t cap)
{
	uint32_t slots = 2;

	while (slots < cap && slots < 1u << 30)
		slots *= 2;
	*ring = (struct fb_spsc){.mask = slots - 1, .slots = calloc(slots, sizeof(void *))};
	return ring->slots ? 0 : FB_E_NO_MEMORY;
}

void fb_spsc_fini(struct fb_spsc *ring)
{
	free(ring->slots);
	ring->slots = NULL;
}
