/* SPDX-License-Identifier: Apache-2.0 */
/* The files behind a path, as Flink's filesystem source finds them. One thread. */
#pragma once

#include "config/base/buf.h"
#include "config/base/errcode.h"

struct fb_files {
	char **paths;
	uint32_t cnt;
	uint32_t cap;
	uint64_t bytes; /* of all; 0: one of them has no size (a pipe) */
	bool unsized;
};

/* See fb_input_open. */
int fb_files_list(const char *path, struct fb_files *ret, struct fb_buf *message) FB_MUST_CHECK;
void fb_files_free(struct fb_files *files);
