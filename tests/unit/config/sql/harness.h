/* SPDX-License-Identifier: Apache-2.0 */
/* What the SQL tests share: tables to ask about, and a plan from a text. */
#pragma once

#include <criterion/criterion.h>

#include "config/base/errcode.h"
#include "config/sql/sql.h"

/* Two lines: what is asked stands from line 3 on. */
#define PRELUDE                                                                                    \
	"CREATE TABLE t (id BIGINT NOT NULL, a INT, s SMALLINT, y TINYINT, b BIGINT, d DOUBLE, f " \
	"FLOAT, n STRING, "                                                                        \
	"v VARCHAR(10), ok BOOLEAN, dt DATE, ts TIMESTAMP(3), t6 TIMESTAMP(6), l "                 \
	"TIMESTAMP_LTZ(3), "                                                                       \
	"dec1 DECIMAL(10, 2), bin BYTES, c AS a + 1, m STRING METADATA FROM 'topic' VIRTUAL, "     \
	"WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'kafka', 'topic' = "    \
	"'x', "                                                                                    \
	"'properties.bootstrap.servers' = 'h:1', 'format' = 'csv');\n"                             \
	"CREATE TABLE nw (a INT, n STRING) WITH ('connector' = 'udp', 'port' = '5000', 'format' "  \
	"= 'csv'); "                                                                               \
	"CREATE TABLE p (x BIGINT) WITH ('connector' = 'print'); "                                 \
	"CREATE TABLE w (w TIMESTAMP(3), k STRING, x BIGINT) WITH ('connector' = 'blackhole');\n"

#define TUMBLE_T "TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE))"
#define BY_WINDOW " GROUP BY window_start, window_end"

struct planned {
	char *text;
	struct fb_diags diags;
	struct fb_plan *plan; /* NULL: refused */
	int err;
	struct fb_buf explain;
};

/* prelude: PRELUDE or "". */
struct planned plan_text(const char *prelude, const char *sql);
/* The same; fails the test if the text is refused. Explain is filled. */
struct planned plan_ok(const char *prelude, const char *sql);
void planned_fini(struct planned *planned);
/* The line of explain that starts with this label, without it; "" if there is none. Static memory.
 */
const char *explain_line(const struct planned *planned, const char *label);
/* The first query, be it of an INSERT or of an EXPLAIN. */
const struct fb_query_plan *first_query(const struct planned *planned);
