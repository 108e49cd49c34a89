/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of one query, written out by the layout that dataplane/operator/row.h names, and differences as text. */
#pragma once

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "config/sql/sql.h"
#include "control/recompute/keyed.h"

#define LAB_SOURCE                                                                                       \
	"CREATE TABLE people (city STRING, age INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH "      \
	"('connector'='udp', 'port'='5000', 'format'='csv');"                                            \
	"CREATE TABLE w (ws TIMESTAMP(3), we TIMESTAMP(3), city STRING, n BIGINT, a DOUBLE) WITH "       \
	"('connector'='blackhole');"

#define LAB_TUMBLE                                                                                       \
	LAB_SOURCE "INSERT INTO w SELECT window_start, window_end, city, COUNT(*), AVG(CAST(age AS "     \
		   "DOUBLE)) FROM TABLE(TUMBLE(TABLE people, DESCRIPTOR(ts), INTERVAL '10' SECOND)) "    \
		   "GROUP BY window_start, window_end, city;"

#define LAB_SESSION                                                                                      \
	LAB_SOURCE "INSERT INTO w SELECT window_start, window_end, city, COUNT(*), AVG(CAST(age AS "     \
		   "DOUBLE)) FROM TABLE(SESSION(TABLE people PARTITION BY city, DESCRIPTOR(ts), "        \
		   "INTERVAL '5' SECOND)) GROUP BY window_start, window_end, city;"

static inline struct fb_plan *lab_plan(const char *sql)
{
	struct fb_diags diags;
	struct fb_plan *plan = NULL;
	int rc;

	fb_diags_init(&diags, "lab.sql");
	rc = fb_sql_plan("lab.sql", fb_str_from(sql), &diags, &plan);
	cr_assert_eq(rc, 0, "%s", diags.cnt ? diags.items[0].message : "");
	fb_diags_fini(&diags);
	return plan;
}

/* (ws, we, city, n, a); a < 0: NULL. Times in seconds. */
static inline void lab_row(struct fb_buf *out, int64_t ws, int64_t we, const char *city, int64_t n, double a)
{
	struct fb_buf row = {0};
	uint32_t city_len = (uint32_t)strlen(city);
	uint8_t nulls = a < 0 ? 1 << 4 : 0;
	uint32_t len;

	ws *= 1000;
	we *= 1000;
	fb_buf_add(&row, &nulls, 1);
	fb_buf_add(&row, &ws, 8);
	fb_buf_add(&row, &we, 8);
	fb_buf_add(&row, &city_len, 4);
	fb_buf_add(&row, city, city_len);
	fb_buf_add(&row, &n, 8);
	if (a >= 0)
		fb_buf_add(&row, &a, 8);
	len = (uint32_t)row.len;
	fb_buf_add(out, &len, 4);
	fb_buf_add(out, row.p, row.len);
	fb_buf_fini(&row);
}

/* City and n of a row: what tells rows of a test apart. */
static inline void lab_name(struct fb_buf *out, const struct fb_keyed_row *row)
{
	uint32_t len;
	int64_t n;

	if (row == NULL) {
		fb_buf_add_text(out, "-");
		return;
	}
	memcpy(&len, row->bytes + 21, 4);
	memcpy(&n, row->bytes + 25 + len, 8);
	fb_buf_printf(out, "%.*s %lld", (int)len, (const char *)row->bytes + 25, (long long)n);
}

/* fb_difference_fn into a struct fb_buf. */
static inline int lab_difference(void *arg, enum fb_difference kind, const struct fb_keyed_row *published,
	const struct fb_keyed_row *recomputed)
{
	static const char *const names[] = {"missing", "extra", "changed"};

	fb_buf_printf(arg, "%s: ", names[kind]);
	lab_name(arg, published);
	fb_buf_add_text(arg, " | ");
	lab_name(arg, recomputed);
	fb_buf_add_text(arg, "\n");
	return 0;
}
