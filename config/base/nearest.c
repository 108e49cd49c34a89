/* SPDX-License-Identifier: Apache-2.0 */
#include "config/base/nearest.h"

#include <ctype.h>

#define WORD_MAX 48

static bool same_letter(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static uint32_t distance(struct fb_str a, struct fb_str b)
{
	uint32_t rows[3][WORD_MAX + 1];

	for (uint32_t j = 0; j <= b.len; j++)
		rows[0][j] = j;
	for (uint32_t i = 1; i <= a.len; i++) {
		uint32_t *row = rows[i % 3];
		const uint32_t *up = rows[(i + 2) % 3];
		const uint32_t *up2 = rows[(i + 1) % 3];

		row[0] = i;
		for (uint32_t j = 1; j <= b.len; j++) {
			uint32_t best = FB_MIN(up[j] + 1, row[j - 1] + 1);

			best = FB_MIN(best, up[j - 1] + !same_letter(a.p[i - 1], b.p[j - 1]));
			if (i > 1 && j > 1 && same_letter(a.p[i - 1], b.p[j - 2]) &&
				same_letter(a.p[i - 2], b.p[j - 1]))
				best = FB_MIN(best, up2[j - 2] + 1);
			row[j] = best;
		}
	}
	return rows[a.len % 3][b.len];
}

const char *fb_nearest_name(struct fb_str word, const char *const *names, size_t cnt)
{
	/* One slip in a short word, one more for every four letters; never a word that is all new.
	 */
	uint32_t best_distance = FB_MIN(word.len, 2 + word.len / 4);
	const char *best = NULL;

	if (word.len > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < cnt; i++) {
		struct fb_str name = fb_str_from(names[i]);
		uint32_t d = name.len > WORD_MAX ? UINT32_MAX : distance(word, name);

		if (d < best_distance) {
			best_distance = d;
			best = names[i];
		}
	}
	return best;
}
