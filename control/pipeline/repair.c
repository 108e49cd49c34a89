/* SPDX-License-Identifier: Apache-2.0 */
/* What `forebayd --repair` does: the store's repair, and the SQL of the pipelines that it gives up, in files to be applied again. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "control/pipeline/engine_private.h"

struct given_up {
	const char *path; /* of the store */
	struct fb_buf *report;
};

/* A text behind its length (persist.c); false: it is not all there. */
static bool take_text(const uint8_t **at, size_t *left, struct fb_str *ret)
{
	uint64_t len;

	if (*left < sizeof(len))
		return false;
	memcpy(&len, *at, sizeof(len));
	if (len > *left - sizeof(len) || len > UINT32_MAX)
		return false;
	*ret = (struct fb_str){(const char *)*at + sizeof(len), (uint32_t)len};
	*at += sizeof(len) + len;
	*left -= sizeof(len) + len;
	return true;
}

static void write_sql(const struct given_up *given_up, const char *name, struct fb_str sql)
{
	char path[4600];
	FILE *file;
	bool written;

	snprintf(path, sizeof(path), "%s.%.400s.sql", given_up->path, name);
	file = fopen(path, "we");
	written = file != NULL && fwrite(sql.p, 1, sql.len, file) == sql.len;
	if (file != NULL)
		written &= fclose(file) == 0;
	if (written)
		fb_buf_printf(given_up->report, "pipeline %s is given up with its rows and open windows; its SQL is in %s\n", name, path);
	else
		fb_buf_printf(given_up->report, "pipeline %s is given up; its SQL could not be written to %s: %s\n", name, path,
			strerror(errno));
}

static int give_up(void *arg, const char *key, const uint8_t *bytes, size_t len)
{
	const struct given_up *given_up = arg;
	const size_t state_and_time = 2 * sizeof(uint64_t);
	struct fb_str file, sql;

	if (strncmp(key, "pipeline/", 9) != 0 || len < state_and_time)
		return 0;
	bytes += state_and_time;
	len -= state_and_time;
	if (take_text(&bytes, &len, &file) && take_text(&bytes, &len, &sql) && strchr(key + 9, '/') == NULL)
		write_sql(given_up, key + 9, sql);
	return 0;
}

int fb_engine_repair(const struct fb_appliance *appliance, struct fb_buf *report)
{
	struct given_up given_up = {.path = appliance->store.path, .report = report};

	return fb_store_repair(appliance->store.path, give_up, &given_up, report);
}
