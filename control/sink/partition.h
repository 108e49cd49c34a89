/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder of a row in a partitioned table: "dt=2024-01-01/city=Oslo", as Flink's filesystem sink
 * names it (its classes RowDataPartitionComputer and PartitionPathUtils, and runs of 2.2): texts as
 * they are, numbers as Java prints them, a DATE as days since 1970 and a TIMESTAMP as
 * 2024-01-01T10:20[:30[.120]], since it takes what it holds, not what it shows; NULL and
 * '' as the default name. Characters that file systems or URLs mind are %XX.
 */
#pragma once

#include "config/base/buf.h"
#include "config/sql/plan.h"

/* values are in the order of table->fields. Appends the path, without slashes around it. Any
 * thread. */
void fb_partition_path(const struct fb_table *table, const struct fb_value *values,
	const char *default_name, struct fb_buf *out);
