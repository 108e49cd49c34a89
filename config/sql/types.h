/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL types as Flink names them (semantics 1.3, 1.4, 2.1), and how a value of each lies in memory.
 */
#pragma once

#include "config/base/decimal.h"

enum fb_type_kind {
	FB_T_NULL, /* the type of a bare NULL literal; never a column's */
	FB_T_BOOLEAN,
	FB_T_TINYINT,
	FB_T_SMALLINT,
	FB_T_INT,
	FB_T_BIGINT,
	FB_T_FLOAT,
	FB_T_DOUBLE,
	FB_T_DECIMAL,
	FB_T_CHAR,
	FB_T_VARCHAR, /* STRING is VARCHAR(2147483647) */
	FB_T_BINARY,
	FB_T_VARBINARY, /* BYTES is VARBINARY(2147483647) */
	FB_T_DATE,
	FB_T_TIMESTAMP,
	FB_T_TIMESTAMP_LTZ,
	FB_T_INTERVAL, /* DAY TO SECOND; literals only */
	FB_T_KIND_CNT,
};

struct fb_type {
	uint8_t kind;      /* enum fb_type_kind */
	bool not_null;     /* declared or derived NOT NULL */
	uint8_t precision; /* DECIMAL 1–38; TIMESTAMP 0–6 */
	uint8_t scale;     /* DECIMAL */
	uint32_t length;   /* CHAR, VARCHAR, BINARY, VARBINARY */
};

/*
 * Representation in a column. There are only four, so that kernels are few:
 *   I64   BOOLEAN 0/1; integers, kept wrapped to their width; DATE as days; TIMESTAMP(p) as
 *         milliseconds where p <= 3 and as microseconds above; INTERVAL as milliseconds
 *   F64   DOUBLE; FLOAT, rounded to single after every operation
 *   I128  DECIMAL, unscaled
 *   STR   CHAR, VARCHAR, BINARY, VARBINARY: struct fb_str into memory that outlives the batch
 */
enum fb_phys { FB_PHYS_I64, FB_PHYS_F64, FB_PHYS_I128, FB_PHYS_STR };

static inline enum fb_phys fb_type_phys(struct fb_type type)
{
	switch (type.kind) {
	case FB_T_FLOAT:
	case FB_T_DOUBLE:
		return FB_PHYS_F64;
	case FB_T_DECIMAL:
		return FB_PHYS_I128;
	case FB_T_CHAR:
	case FB_T_VARCHAR:
	case FB_T_BINARY:
	case FB_T_VARBINARY:
		return FB_PHYS_STR;
	default:
		return FB_PHYS_I64;
	}
}

static inline bool fb_type_is_timestamp(struct fb_type type)
{
	return type.kind == FB_T_TIMESTAMP || type.kind == FB_T_TIMESTAMP_LTZ;
}

/* Units per second of the I64 of a timestamp type. */
static inline int64_t fb_type_ticks_per_s(struct fb_type type)
{
	return type.precision <= 3 ? 1000 : 1000000;
}

static inline bool fb_type_is_binary(struct fb_type type)
{
	return type.kind == FB_T_BINARY || type.kind == FB_T_VARBINARY;
}

static inline bool fb_type_is_integer(struct fb_type type)
{
	return type.kind >= FB_T_TINYINT && type.kind <= FB_T_BIGINT;
}

/* One value; which member counts is said by the physical type. */
struct fb_value {
	bool is_null;
	union {
		int64_t i64;
		double f64;
		fb_i128 i128;
		struct fb_str str;
	};
};

#define FB_TYPE_TEXT_BYTES 64
/* "DECIMAL(10, 2) NOT NULL" as Flink prints it; returns text. */
const char *fb_type_format(struct fb_type type, char text[FB_TYPE_TEXT_BYTES]);
