/* SPDX-License-Identifier: Apache-2.0 */
#include "control/sink/gather.h"

#include <stdlib.h>

/* FNV-1a: most rows go where the row before went, so this is not hot. */
static uint64_t hash_of(const char *text)
{
	uint64_t hash = 14695981039346656037u;

	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * 1099511628211u;
	return hash;
}

static int add_folder(struct fb_gather *gather, uint64_t hash)
{
	struct fb_gathered *added;

	if (gather->cnt == FB_GATHER_MAX)
		return FB_E_FULL;
	if (gather->at == NULL)
		gather->at = calloc(FB_GATHER_MAX, sizeof(*gather->at));
	if (gather->at == NULL)
		return FB_E_NO_MEMORY;
	added = &gather->at[gather->cnt];
	*added = (struct fb_gathered){.folder = strdup(gather->path.p), .hash = hash};
	if (added->folder == NULL)
		return FB_E_NO_MEMORY;
	gather->last = gather->cnt++;
	return 0;
}

int fb_gather_find(struct fb_gather *gather, const struct fb_table *table,
	const struct fb_value *values, const char *default_name, struct fb_gathered **ret)
{
	uint64_t hash;
	uint32_t i = 0;
	int rc = 0;

	fb_buf_clear(&gather->path);
	fb_partition_path(table, values, default_name, &gather->path);
	fb_buf_add_char(&gather->path, '\0');
	if (gather->path.failed)
		return FB_E_NO_MEMORY;
	if (gather->last >= gather->cnt ||
		strcmp(gather->at[gather->last].folder, gather->path.p) != 0) {
		hash = hash_of(gather->path.p);
		while (i < gather->cnt &&
			(gather->at[i].hash != hash ||
				strcmp(gather->at[i].folder, gather->path.p) != 0))
			i++;
		if (i < gather->cnt)
			gather->last = i;
		else
			rc = add_folder(gather, hash);
	}
	if (rc == 0)
		*ret = &gather->at[gather->last];
	return rc;
}

void fb_gather_clear(struct fb_gather *gather)
{
	for (uint32_t i = 0; i < gather->cnt; i++) {
		free(gather->at[i].folder);
		fb_buf_fini(&gather->at[i].text);
	}
	gather->cnt = gather->last = 0;
	gather->bytes = 0;
}

void fb_gather_fini(struct fb_gather *gather)
{
	fb_gather_clear(gather);
	free(gather->at);
	gather->at = NULL;
	fb_buf_fini(&gather->path);
}
