/* SPDX-License-Identifier: Apache-2.0 */
#include "config/sql/datagen.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "config/base/buf.h"
#include "config/base/decimal.h"
#include "config/sql/bind.h"
#include "config/sql/literal.h"
#include "config/sql/typing.h"

#define LENGTH 100 /* of a STRING or BYTES */
#define ROWS_PER_SECOND 10000

/* The options of one column while they are read. */
struct reading {
	const struct fb_table *table;
	const char *name;
	struct fb_datagen_field *field;
	const char *problem;
	const char *key; /* that it is about */
};

static const char *option(const struct reading *r, const char *key)
{
	struct fb_buf full = {0};
	const char *value;

	fb_buf_printf(&full, "fields.%s.%s", r->name, key);
	value = full.failed ? NULL : fb_table_option(r->table, full.p);
	fb_buf_fini(&full);
	return value;
}

static void fail(struct reading *r, const char *key, const char *problem)
{
	if (r->problem != NULL)
		return;
	r->problem = problem;
	r->key = key;
}

static void allow_only(struct reading *r, const char *const *allowed, size_t cnt)
{
	static const char *const all[] = {"min", "max", "length", "var-len", "max-past", "start", "end", "null-rate"};

	for (size_t i = 0; i < FB_ARRAY_LEN(all); i++) {
		bool found = false;

		for (size_t j = 0; j < cnt; j++)
			found |= strcmp(all[i], allowed[j]) == 0;
		if (!found && option(r, all[i]) != NULL)
			fail(r, all[i], "a column of this type and kind has no such option");
	}
}

#define ALLOW_ONLY(r, ...)                                             \
	do {                                                           \
		static const char *const allowed[] = {__VA_ARGS__};    \
		allow_only(r, allowed, FB_ARRAY_LEN(allowed));         \
	} while (0)

static bool read_integer(struct reading *r, const char *key, int64_t *value)
{
	const char *text = option(r, key);
	struct fb_str digits = fb_str_from(text ? text : "");
	bool negative = digits.len > 0 && digits.p[0] == '-';

	if (text == NULL)
		return false;
	if (negative && fb_str_is(digits, "-9223372036854775808")) {
		*value = INT64_MIN;
		return true;
	}
	if (negative) {
		digits.p++;
		digits.len--;
	}
	if (fb_literal_integer(digits, value) != 0)
		fail(r, key, "write a whole number");
	else if (negative)
		*value = -*value;
	return true;
}

static void read_double(struct reading *r, const char *key, double *value)
{
	const char *text = option(r, key);
	char *end;

	if (text == NULL)
		return;
	*value = strtod(text, &end);
	if (end == text || *end != '\0' || !isfinite(*value))
		fail(r, key, "write a number");
}

static void read_decimal(struct reading *r, const char *key, fb_i128 *value)
{
	const char *text = option(r, key);
	struct fb_decimal_type type = {r->field->type.precision, r->field->type.scale};

	if (text != NULL && fb_decimal_from_text(fb_str_from(text), type, value) != FB_DECIMAL_DONE)
		fail(r, key, "write a number that the column can hold");
}

/* ---- by type ---- */

static void integer_range(enum fb_type_kind kind, int64_t *min, int64_t *max)
{
	int bits = kind == FB_T_TINYINT ? 8 : kind == FB_T_SMALLINT ? 16 : kind == FB_T_INT ? 32 : 64;

	*max = (int64_t)(UINT64_MAX >> (65 - bits));
	*min = -*max - 1;
}

static void read_integers(struct reading *r)
{
	struct fb_datagen_field *field = r->field;
	int64_t least, most;

	ALLOW_ONLY(r, "min", "max", "null-rate");
	integer_range((enum fb_type_kind)field->type.kind, &least, &most);
	field->min = least;
	field->max = most;
	read_integer(r, "min", &field->min);
	read_integer(r, "max", &field->max);
	if (field->min < least || field->min > most)
		fail(r, "min", "the column cannot hold this number");
	if (field->max < least || field->max > most)
		fail(r, "max", "the column cannot hold this number");
	if (field->min > field->max)
		fail(r, option(r, "max") ? "max" : "min", "min is above max");
}

static void read_doubles(struct reading *r)
{
	bool single = r->field->type.kind == FB_T_FLOAT;

	ALLOW_ONLY(r, "min", "max", "null-rate");
	/* Float.MIN_VALUE and Double.MIN_VALUE are the smallest above 0. */
	r->field->min_f64 = single ? (double)FLT_TRUE_MIN : DBL_TRUE_MIN;
	r->field->max_f64 = single ? (double)FLT_MAX : DBL_MAX;
	read_double(r, "min", &r->field->min_f64);
	read_double(r, "max", &r->field->max_f64);
	if (r->field->min_f64 > r->field->max_f64)
		fail(r, option(r, "max") ? "max" : "min", "min is above max");
}

static void read_decimals(struct reading *r)
{
	struct fb_datagen_field *field = r->field;

	ALLOW_ONLY(r, "min", "max", "null-rate");
	field->max_i128 = 1;
	for (int i = 0; i < field->type.precision; i++)
		field->max_i128 *= 10;
	field->max_i128--;
	field->min_i128 = -field->max_i128;
	read_decimal(r, "min", &field->min_i128);
	read_decimal(r, "max", &field->max_i128);
	if (field->min_i128 > field->max_i128)
		fail(r, option(r, "max") ? "max" : "min", "min is above max");
}

static void read_length(struct reading *r)
{
	struct fb_datagen_field *field = r->field;
	bool fixed = field->type.kind == FB_T_CHAR || field->type.kind == FB_T_BINARY;
	const char *var_len = option(r, "var-len");
	int64_t length = field->type.length == FB_STRING_LENGTH ? LENGTH : field->type.length;

	ALLOW_ONLY(r, "length", "var-len", "null-rate");
	if (fixed && option(r, "length") != NULL)
		fail(r, "length", "CHAR and BINARY have the length that they were declared with");
	if (fixed && var_len != NULL)
		fail(r, "var-len", "CHAR and BINARY have the length that they were declared with");
	read_integer(r, "length", &length);
	if (length < 1 || length > (int64_t)field->type.length)
		fail(r, "length", "the column cannot be so long");
	if (length > FB_DATAGEN_LENGTH_MAX)
		fail(r, option(r, "length") ? "length" : NULL, "a generated text has at most 65535 characters");
	field->length = (uint32_t)length;
	field->var_len = var_len != NULL && fb_str_is(fb_str_from(var_len), "true");
}

static void read_times(struct reading *r)
{
	const char *past = option(r, "max-past");

	ALLOW_ONLY(r, "max-past", "null-rate");
	if (past != NULL && fb_literal_duration(fb_str_from(past), &r->field->max_past_ms) != 0)
		fail(r, "max-past", "write a duration: '10 s', '1 min'");
}

static void read_sequence(struct reading *r)
{
	struct fb_datagen_field *field = r->field;
	int64_t least = INT64_MIN, most = INT64_MAX;

	if (!fb_type_is_integer(field->type) && !fb_type_is_text(field->type) && !fb_type_is_float(field->type)) {
		fail(r, "kind", "there are sequences of integers, FLOAT, DOUBLE and texts only");
		return;
	}
	ALLOW_ONLY(r, "start", "end");
	if (!read_integer(r, "start", &field->min))
		fail(r, NULL, "a sequence needs its 'start'");
	if (!read_integer(r, "end", &field->max))
		fail(r, NULL, "a sequence needs its 'end'");
	if (fb_type_is_integer(field->type))
		integer_range((enum fb_type_kind)field->type.kind, &least, &most);
	if (field->min < least || field->min > most)
		fail(r, "start", "the column cannot hold this number");
	if (field->max < least || field->max > most)
		fail(r, "end", "the column cannot hold this number");
	if (field->min > field->max)
		fail(r, "end", "the end is before the start");
	else if ((uint64_t)field->max - (uint64_t)field->min >= INT64_MAX)
		fail(r, "end", "the sequence is too long");
}

static void read_random(struct reading *r)
{
	switch (r->field->type.kind) {
	case FB_T_CHAR:
	case FB_T_VARCHAR:
	case FB_T_BINARY:
	case FB_T_VARBINARY:
		read_length(r);
		break;
	case FB_T_FLOAT:
	case FB_T_DOUBLE:
		read_doubles(r);
		break;
	case FB_T_DECIMAL:
		read_decimals(r);
		break;
	case FB_T_TIMESTAMP:
	case FB_T_TIMESTAMP_LTZ:
		read_times(r);
		break;
	case FB_T_BOOLEAN:
	case FB_T_DATE:
		ALLOW_ONLY(r, "null-rate");
		break;
	default:
		read_integers(r);
	}
	read_double(r, "null-rate", &r->field->null_rate);
	if (r->field->null_rate < 0 || r->field->null_rate > 1)
		fail(r, "null-rate", "write a number from 0 to 1");
}

const char *fb_datagen_read(const struct fb_table *table, uint16_t number, struct fb_datagen_field *ret, const char **ret_key)
{
	struct fb_datagen_field field = {.type = table->fields[number]->type};
	struct reading r = {.table = table, .name = table->fields[number]->name, .field = &field};
	const char *kind = option(&r, "kind");

	field.sequence = kind != NULL && fb_str_is(fb_str_from(kind), "sequence");
	if (field.sequence)
		read_sequence(&r);
	else
		read_random(&r);
	if (ret_key != NULL)
		*ret_key = r.key;
	if (r.problem == NULL)
		*ret = field;
	return r.problem;
}

int64_t fb_datagen_row_cnt(const struct fb_table *table)
{
	const char *written = fb_table_option(table, "number-of-rows");
	struct fb_datagen_field field;
	int64_t cnt = INT64_MAX;
	bool ends = written != NULL && fb_literal_integer(fb_str_from(written), &cnt) == 0;

	for (uint16_t i = 0; i < table->field_cnt; i++) {
		if (fb_datagen_read(table, i, &field, NULL) != NULL || !field.sequence)
			continue;
		cnt = FB_MIN(cnt, (int64_t)((uint64_t)field.max - (uint64_t)field.min) + 1);
		ends = true;
	}
	return ends ? cnt : -1;
}

int64_t fb_datagen_rows_per_second(const struct fb_table *table)
{
	const char *written = fb_table_option(table, "rows-per-second");
	int64_t rate = ROWS_PER_SECOND;

	return written != NULL && fb_literal_integer(fb_str_from(written), &rate) == 0 ? rate : ROWS_PER_SECOND;
}
