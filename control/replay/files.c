/* SPDX-License-Identifier: Apache-2.0 */
#include "control/replay/files.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>

#define DEPTH_MAX 32 /* of folders: a link may lead in a circle */

/* Flink unpacks files with these endings while it reads them. */
static const char *const packed[] = {".gz", ".gzip", ".deflate", ".bz2", ".xz", ".zst"};

static int say(struct fb_buf *message, const char *path, int rc, const char *what)
{
	fb_buf_printf(message, "%s: %s", path, what);
	return rc;
}

static bool is_packed(const char *path)
{
	size_t len = strlen(path);

	for (size_t i = 0; i < FB_ARRAY_LEN(packed); i++)
		if (len > strlen(packed[i]) && strcasecmp(path + len - strlen(packed[i]), packed[i]) == 0)
			return true;
	return false;
}

static int add(struct fb_files *files, const char *path, const struct stat *info, struct fb_buf *message)
{
	if (is_packed(path))
		return say(message, path, FB_E_UNSUPPORTED, "compressed files come with release 2; unpack it, or pipe it in");
	if (files->cnt == files->cap) {
		uint32_t cap = FB_MAX(files->cap * 2, 16u);
		char **bigger = realloc(files->paths, cap * sizeof(*bigger));

		if (bigger == NULL)
			return FB_E_NO_MEMORY;
		files->paths = bigger;
		files->cap = cap;
	}
	files->paths[files->cnt] = strdup(path);
	if (files->paths[files->cnt] == NULL)
		return FB_E_NO_MEMORY;
	files->cnt++;
	files->unsized |= info == NULL || !S_ISREG(info->st_mode);
	files->bytes += info ? (uint64_t)info->st_size : 0;
	return 0;
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && entry->d_name[0] != '_';
}

/* By bytes, not by the locale: the order decides what is late. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int list(const char *path, int depth, struct fb_files *files, struct fb_buf *message)
{
	struct dirent **entries;
	struct stat info;
	int cnt;
	int rc = 0;

	if (stat(path, &info) != 0)
		return say(message, path, errno == ENOENT ? FB_E_NOT_FOUND : fb_err_from_errno(errno), strerror(errno));
	if (!S_ISDIR(info.st_mode))
		return add(files, path, &info, message);
	if (depth == DEPTH_MAX)
		return say(message, path, FB_E_UNSUPPORTED, "folders are nested more than 32 deep");
	cnt = scandir(path, &entries, visible, by_name);
	if (cnt < 0)
		return say(message, path, fb_err_from_errno(errno), strerror(errno));
	for (int i = 0; i < cnt; i++) {
		struct fb_buf name = {0};
		size_t len = strlen(path);

		fb_buf_printf(&name, "%s%s%s", path, len > 0 && path[len - 1] == '/' ? "" : "/", entries[i]->d_name);
		if (rc == 0)
			rc = name.failed ? FB_E_NO_MEMORY : list(name.p, depth + 1, files, message);
		fb_buf_fini(&name);
		free(entries[i]);
	}
	free(entries);
	return rc;
}

int fb_files_list(const char *path, struct fb_files *ret, struct fb_buf *message)
{
	struct fb_files files = {0};
	int rc = strcmp(path, "-") == 0 ? add(&files, path, NULL, message) : list(path, 0, &files, message);

	if (rc != 0) {
		fb_files_free(&files);
		return rc;
	}
	if (files.unsized)
		files.bytes = 0;
	*ret = files;
	return 0;
}

void fb_files_free(struct fb_files *files)
{
	for (uint32_t i = 0; i < files->cnt; i++)
		free(files->paths[i]);
	free(files->paths);
	*files = (struct fb_files){0};
}
