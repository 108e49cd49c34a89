/* SPDX-License-Identifier: Apache-2.0 */
#include "control/sink/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/sink/webhdfs.h"

static int io_error(const char *what, const char *path, struct fb_buf *message)
{
	int rc = fb_err_from_errno(errno);

	fb_buf_printf(message, "cannot %s %s: %s", what, path, strerror(errno));
	return rc;
}

static int make_local_folder(const char *folder, struct fb_buf *message)
{
	char part[4096];
	size_t len = strlen(folder);

	if (len >= sizeof(part))
		return FB_E_INVALID;
	for (size_t i = 1; i <= len; i++) {
		if (folder[i] != '/' && folder[i] != '\0')
			continue;
		memcpy(part, folder, i);
		part[i] = '\0';
		if (mkdir(part, 0777) != 0 && errno != EEXIST)
			return io_error("create folder", part, message);
	}
	return 0;
}

int fb_storage_mkdirs(const struct fb_storage *storage, const char *folder, struct fb_buf *message)
{
	return storage->hdfs ? fb_webhdfs_mkdirs(storage->hdfs, folder, message)
			     : make_local_folder(folder, message);
}

static int write_local(const char *path, const struct fb_buf *text, struct fb_buf *message)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	size_t at = 0;
	int rc = 0;

	if (fd < 0)
		return io_error("create", path, message);
	while (rc == 0 && at < text->len) {
		ssize_t written = write(fd, text->p + at, text->len - at);

		if (written > 0)
			at += (size_t)written;
		else if (errno != EINTR)
			rc = io_error("write", path, message);
	}
	if (rc == 0 && fsync(fd) != 0)
		rc = io_error("sync", path, message);
	close(fd);
	if (rc != 0)
		unlink(path);
	return rc;
}

int fb_storage_put(const struct fb_storage *storage, const char *path, const struct fb_buf *text,
	struct fb_buf *message)
{
	return storage->hdfs ? fb_webhdfs_put(storage->hdfs, path, text->p, text->len, message)
			     : write_local(path, text, message);
}

/* The name is durable when its folder is. */
static int sync_folder_of(const char *path, struct fb_buf *message)
{
	char folder[4096];
	const char *slash = strrchr(path, '/');
	int fd;
	int rc = 0;

	if (slash == NULL ||
		snprintf(folder, sizeof(folder), "%.*s", slash == path ? 1 : (int)(slash - path),
			path) >= (int)sizeof(folder))
		return FB_E_INVALID;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		rc = io_error("sync", folder, message);
	if (fd >= 0)
		close(fd);
	return rc;
}

int fb_storage_rename(
	const struct fb_storage *storage, const char *from, const char *to, struct fb_buf *message)
{
	int rc;

	if (storage->hdfs != NULL) {
		rc = fb_webhdfs_rename(storage->hdfs, from, to, message);
		return rc == FB_E_EXISTS ? FB_E_NOT_FOUND : rc;
	}
	return rename(from, to) != 0 ? io_error("rename", from, message)
				     : sync_folder_of(to, message);
}

int fb_storage_stat(const struct fb_storage *storage, const char *path, struct fb_buf *message)
{
	if (storage->hdfs != NULL)
		return fb_webhdfs_stat(storage->hdfs, path, message);
	return access(path, F_OK) == 0 ? 0
	       : errno == ENOENT       ? FB_E_NOT_FOUND
				       : io_error("look for", path, message);
}
