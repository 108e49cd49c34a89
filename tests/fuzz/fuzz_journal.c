/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a log or manifest of RocksDB: looked through to the end, and what is said of it lies inside of it. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "state/store/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("journal", 0);
	char path[64];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (int kind = FB_STORE_LOG; kind <= FB_STORE_MANIFEST; kind++) {
		struct fb_store_journal journal;

		if (fb_store_journal_check(path, (enum fb_store_journal_kind)kind, &journal) != 0)
			abort();
		if (journal.size > size || journal.good_bytes > journal.size || (journal.goes_on && journal.good_bytes == journal.size))
			abort();
	}
	close(fd);
	return 0;
}
