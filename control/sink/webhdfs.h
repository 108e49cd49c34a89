/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of HDFS over WebHDFS (Apache Hadoop, "WebHDFS REST API"), by libcurl. One object per thread.
 * FB_E_UNREACHABLE: NameNode or DataNode away, or the NameNode in safe mode: try again later. FB_E_REFUSED: an answer that
 * will stay the same; its words are in message.
 */
#pragma once

#include "config/base/buf.h"
#include "config/base/errcode.h"

struct fb_webhdfs;

/* base: "http://namenode:9870"; user may be NULL. Does not connect yet. */
int fb_webhdfs_open(const char *base, const char *user, struct fb_webhdfs **ret) FB_MUST_CHECK;
void fb_webhdfs_close(struct fb_webhdfs *hdfs);

int fb_webhdfs_mkdirs(struct fb_webhdfs *hdfs, const char *path, struct fb_buf *message) FB_MUST_CHECK;
/* Creates or overwrites a file with these bytes. */
int fb_webhdfs_put(struct fb_webhdfs *hdfs, const char *path, const void *bytes, size_t len, struct fb_buf *message)
	FB_MUST_CHECK;
/* FB_E_EXISTS: the NameNode did nothing (it says so with 200 and false): `to` is there already, or `from` is not. */
int fb_webhdfs_rename(struct fb_webhdfs *hdfs, const char *from, const char *to, struct fb_buf *message) FB_MUST_CHECK;
/* FB_E_NOT_FOUND. */
int fb_webhdfs_stat(struct fb_webhdfs *hdfs, const char *path, struct fb_buf *message) FB_MUST_CHECK;
/* Also fine if there is no such file. */
int fb_webhdfs_delete(struct fb_webhdfs *hdfs, const char *path, struct fb_buf *message) FB_MUST_CHECK;
