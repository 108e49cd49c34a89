/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values to text: one row as Flink's CSV or JSON format writes it (semantics 1.4, 1.5). Used by
 * sinks, the CLI and tests; not on a poll-mode core.
 */
#pragma once

#include "config/base/buf.h"
#include "config/sql/plan.h"

struct fb_writer;

/*
 * By table->format and its options; names and types are table->fields. The table must outlive the
 * writer. FB_E_UNSUPPORTED: no writer for the format, or a column is binary; FB_E_NO_MEMORY.
 */
int fb_writer_create(const struct fb_table *table, struct fb_writer **ret) FB_MUST_CHECK;
void fb_writer_destroy(struct fb_writer *writer);
/* Appends one row without line end. values are in the order of table->fields. */
void fb_writer_row(struct fb_writer *writer, const struct fb_value *values, struct fb_buf *out);

/* One value for people (tables of the CLI, the print sink): as Flink's CAST to STRING prints it;
 * NULL as "NULL". */
void fb_value_format(struct fb_type type, const struct fb_value *value, struct fb_buf *out);
