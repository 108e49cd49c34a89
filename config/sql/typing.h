/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about types alone: which go together, which are cast to which. Private to this room.
 * Semantics 1.3. */
#pragma once

#include "config/sql/types.h"

#define FB_STRING_LENGTH 2147483647u

static inline struct fb_type fb_type_of(enum fb_type_kind kind)
{
	return (struct fb_type){.kind = (uint8_t)kind};
}

static inline bool fb_type_is_text(struct fb_type type)
{
	return type.kind == FB_T_CHAR || type.kind == FB_T_VARCHAR;
}

static inline bool fb_type_is_float(struct fb_type type)
{
	return type.kind == FB_T_FLOAT || type.kind == FB_T_DOUBLE;
}

static inline bool fb_type_is_numeric(struct fb_type type)
{
	return type.kind >= FB_T_TINYINT && type.kind <= FB_T_DECIMAL;
}

/* DECIMAL(precision, scale) that holds all of an exact number's type: INT is DECIMAL(10, 0). */
struct fb_decimal_type fb_type_decimal(struct fb_type type);

static inline struct fb_type fb_type_of_decimal(struct fb_decimal_type type)
{
	return (struct fb_type){
		.kind = FB_T_DECIMAL, .precision = type.precision, .scale = type.scale};
}

/* Equal but for NOT NULL. */
bool fb_type_same(struct fb_type a, struct fb_type b);
/* Equal in memory and in meaning, so that no CAST is needed: texts of any length, timestamps of one
 * unit. */
bool fb_type_same_values(struct fb_type a, struct fb_type b);

/* The type that + - * / COALESCE and IN bring both sides to (Calcite's "least restrictive"); NOT
 * NULL if both are. */
bool fb_type_common(struct fb_type a, struct fb_type b, struct fb_type *ret_type);
/* The type in which = < > … compare: as for arithmetic, but FLOAT with DOUBLE compare as DOUBLE,
 * and a text with a DATE or TIMESTAMP as that (it is read; bad text is NULL). */
bool fb_type_comparable(struct fb_type a, struct fb_type b, struct fb_type *ret_type);

/* May INSERT put a value of `from` into a column of `to` without being told? NULLs are another
 * matter. */
bool fb_type_casts_silently(struct fb_type from, struct fb_type to);
enum fb_cast_rule {
	FB_CAST_NO,      /* Flink refuses it too */
	FB_CAST_PLANNED, /* Flink can, we cannot yet */
	FB_CAST_YES,
};
enum fb_cast_rule fb_type_cast_rule(struct fb_type from, struct fb_type to);
