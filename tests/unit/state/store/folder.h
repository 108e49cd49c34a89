/* SPDX-License-Identifier: Apache-2.0 */
/* A store in a folder of its own for each test. */
#pragma once

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "state/store/store.h"

/* "/tmp/…/store": the parent is new and empty. */
static inline void folder_make(char path[64])
{
	strcpy(path, "/tmp/fb-store-XXXXXX");
	cr_assert_not_null(mkdtemp(path));
	strcat(path, "/store");
}

static inline void folder_remove(const char *path)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%.*s'", (int)(strlen(path) - strlen("/store")), path);
	cr_assert_eq(system(command), 0);
}

static inline struct fb_store *store_open(const char *path)
{
	struct fb_store_conf conf = {.path = path};
	struct fb_buf message = {0};
	struct fb_store *store = NULL;
	int rc = fb_store_open(&conf, &message, &store);

	cr_assert_eq(rc, 0, "%s: %s", fb_strerror(rc), message.p ? message.p : "");
	fb_buf_fini(&message);
	return store;
}

static inline int store_try_open(const char *path, bool read_only, struct fb_buf *message, struct fb_store **ret)
{
	struct fb_store_conf conf = {.path = path, .read_only = read_only};

	return fb_store_open(&conf, message, ret);
}
