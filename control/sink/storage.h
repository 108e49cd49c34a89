/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files by path, local or in HDFS (WebHDFS), for a sink and its thread. What a function has done is
 * durable when it returns. Errors carry their words in message; FB_E_UNREACHABLE and such may pass,
 * see webhdfs.h.
 */
#pragma once

#include "config/base/buf.h"
#include "config/base/errcode.h"

struct fb_webhdfs;

struct fb_storage {
	struct fb_webhdfs *hdfs; /* NULL: local; owned by the sink */
};

/* With all folders above. Also fine if it is there. */
int fb_storage_mkdirs(
	const struct fb_storage *storage, const char *folder, struct fb_buf *message) FB_MUST_CHECK;
/* Creates or overwrites. A file that could not be written whole is gone again (local). */
int fb_storage_put(const struct fb_storage *storage, const char *path, const struct fb_buf *text,
	struct fb_buf *message) FB_MUST_CHECK;
/* In one folder. FB_E_NOT_FOUND: there is no `from` (HDFS: or `to` is there already). */
int fb_storage_rename(const struct fb_storage *storage, const char *from, const char *to,
	struct fb_buf *message) FB_MUST_CHECK;
/* 0: it is there; FB_E_NOT_FOUND. */
int fb_storage_stat(
	const struct fb_storage *storage, const char *path, struct fb_buf *message) FB_MUST_CHECK;
