/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file in memory, for what may need any part of it: records that span lines.
 *
 * A mapped file that becomes shorter answers a read behind its new end with SIGBUS. While a file is mapped this room has that
 * signal: in one of its files a page of zeros takes the place, and fb_mapped_is_whole says no from then on; anywhere else
 * the signal does what it did before.
 *
 * Any thread may read; opening and closing: any thread, FB_MAPPED_MAX at once in the process.
 */
#pragma once

#include "config/base/errcode.h"

#define FB_MAPPED_MAX 64

struct fb_mapped;

/* FB_E_UNSUPPORTED: this file cannot be mapped, or too many are; read it instead. */
int fb_mapped_open(int fd, uint64_t size, struct fb_mapped **ret) FB_MUST_CHECK;
void fb_mapped_close(struct fb_mapped *mapped);

/* Readable to the end of the page that the file ends in: fb_mapped_readable bytes. */
const uint8_t *fb_mapped_bytes(const struct fb_mapped *mapped);
uint64_t fb_mapped_readable(const struct fb_mapped *mapped);
/* False: some of the bytes read were not the file's. */
bool fb_mapped_is_whole(const struct fb_mapped *mapped);
