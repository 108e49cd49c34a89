/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connector 'datagen' in a run: a thread writes the rows as CSV lines into a pipe, which is then read as any other is. So
 * generated records go the way of all records: framing, decoding, the ledger.
 *
 * Random values differ from run to run, as in Flink. One control thread.
 */
#pragma once

#include "config/base/errcode.h"
#include "config/sql/plan.h"

struct fb_datagen;

/* Rows begin to come at once. The table must end (fb_datagen_row_cnt) and outlive it. FB_E_NO_MEMORY, FB_E_IO, … */
int fb_datagen_open(const struct fb_table *table, struct fb_datagen **ret) FB_MUST_CHECK;
/* What to read it as: the table's columns with format CSV; and from where: a path. Both live until it is closed. */
const struct fb_table *fb_datagen_table(const struct fb_datagen *datagen);
const char *fb_datagen_path(const struct fb_datagen *datagen);
/* When nothing reads it any more. */
void fb_datagen_close(struct fb_datagen *datagen);
