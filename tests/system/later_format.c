/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a store one of the next format: later_format FOLDER. */
#include <stdio.h>

#include "state/store/store.h"

int main(int argc, char **argv)
{
	struct fb_store_conf conf = {.path = argc == 2 ? argv[1] : ""};
	const uint32_t format = FB_STORE_FORMAT + 1;
	struct fb_store_batch *batch;
	struct fb_buf message = {0};
	struct fb_store *store;
	int rc = fb_store_open(&conf, &message, &store);

	if (rc == 0) {
		batch = fb_store_batch_create(store);
		fb_store_put_meta(batch, "format", &format, sizeof(format));
		rc = fb_store_commit(batch, true);
		fb_store_batch_destroy(batch);
		fb_store_close(store);
	}
	if (rc != 0)
		fprintf(stderr, "%s: %s\n", conf.path, message.p ? message.p : fb_strerror(rc));
	fb_buf_fini(&message);
	return rc != 0;
}
