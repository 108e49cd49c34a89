/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answer as a slow and obvious program gives it: a map from the text of a group to its
 * aggregates, row by row, by semantics 1.1 to 1.3 and nothing of the room's. It makes the records
 * too, and their CSV text.
 */
#pragma once

#include "harness.h"

#define ORACLE_TEXT_MAX 64

/* What a record has in the columns of ORACLE_SOURCE. */
struct record {
	bool k_null, g_null, a_null, b_null, d_null, s_null, ts_null;
	char k[ORACLE_TEXT_MAX];
	int64_t g;
	int32_t a;
	int64_t b;
	double d; /* a dyadic fraction: sums do not depend on their order */
	char s[ORACLE_TEXT_MAX];
	int64_t ts;
};

#define ORACLE_SOURCE(delay)                                                           \
	"CREATE TABLE s (k STRING, g BIGINT, a INT, b BIGINT, d DOUBLE, s STRING, ts " \
	"TIMESTAMP(3), WATERMARK FOR ts AS ts - "                                      \
	"INTERVAL " delay                                                              \
	") WITH ('connector'='udp', 'port'='5000', 'format'='csv', 'csv.null-literal'='~');\n"
#define ORACLE_SQL                                                                                \
	"EXPLAIN SELECT window_start, k, g, COUNT(*), COUNT(a), SUM(a), MIN(a), MAX(a), AVG(a), " \
	"SUM(b), AVG(b), MIN(b), "                                                                \
	"COUNT(d), SUM(d), MIN(d), MAX(d), COUNT(s), MIN(s), MAX(s) FROM TABLE(TUMBLE(TABLE s, "  \
	"DESCRIPTOR(ts), "                                                                        \
	"INTERVAL '10' SECOND)) WHERE a <> 13 OR b > 0 GROUP BY window_start, window_end, k, g;"

struct records {
	struct record *at;
	size_t cnt;
};

struct records_conf {
	size_t cnt;
	uint64_t seed;
	uint64_t key_cnt;
	int64_t span_ms;   /* how far event times go on in all */
	int64_t jitter_ms; /* how far they come out of order */
	bool nulls;
};

struct records records_make(const struct records_conf *conf);
void records_fini(struct records *records);
/* CSV text of records [from, to). */
void records_csv(const struct records *records, size_t from, size_t to, struct fb_buf *out);
/* The rows of ORACLE_SQL, and how many records were late, filtered, without time. */
struct oracle_counts {
	uint64_t accepted, filtered, late, null_time, sum_overflows;
};
struct rows oracle_answer(
	const struct records *records, int64_t delay_ms, struct oracle_counts *ret_counts);
