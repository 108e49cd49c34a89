/* SPDX-License-Identifier: Apache-2.0 */
#include "control/recompute/keyed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/operator/row.h"

#define REAL_TOLERANCE 1e-9

/* ---- which columns are the key ---- */

static bool has_aggregate(const struct fb_query_plan *plan, const struct fb_expr *expr)
{
	if (expr->op == FB_OP_INPUT)
		return expr->input >= FB_GROUP_KEYS + plan->key_cnt;
	for (uint16_t i = 0; i < expr->arg_cnt; i++)
		if (has_aggregate(plan, expr->args[i]))
			return true;
	return false;
}

/* A column that is an input as it is; -1: none is. */
static int32_t column_of(const struct fb_query_plan *plan, uint16_t input)
{
	for (uint16_t i = 0; i < plan->select_cnt; i++)
		if (plan->select[i]->op == FB_OP_INPUT && plan->select[i]->input == input)
			return i;
	return -1;
}

int fb_row_keys_init(struct fb_row_keys *keys, const struct fb_query_plan *plan)
{
	*keys = (struct fb_row_keys){
		.plan = plan,
		.types = calloc(plan->select_cnt + 1u, sizeof(*keys->types)),
		.is_key = calloc(plan->select_cnt + 1u, sizeof(*keys->is_key)),
		.values = calloc(2u * plan->select_cnt + 1u, sizeof(*keys->values)),
		.unique = true,
		.start_column = column_of(plan, FB_GROUP_WINDOW_START),
		.end_column = column_of(plan, FB_GROUP_WINDOW_END),
	};
	if (keys->types == NULL || keys->is_key == NULL || keys->values == NULL) {
		fb_row_keys_fini(keys);
		return FB_E_NO_MEMORY;
	}
	for (uint16_t i = 0; i < plan->select_cnt; i++) {
		keys->types[i] = plan->select[i]->type;
		keys->is_key[i] = !has_aggregate(plan, plan->select[i]);
		keys->has_reals |= fb_type_phys(keys->types[i]) == FB_PHYS_F64;
	}
	for (uint16_t k = 0; k < plan->key_cnt; k++)
		keys->unique &= column_of(plan, (uint16_t)(FB_GROUP_KEYS + k)) >= 0;
	/* Sessions of a key are told apart by their bounds. */
	if (plan->window.kind == FB_WINDOW_SESSION)
		keys->unique &= keys->start_column >= 0 && keys->end_column >= 0;
	return 0;
}

void fb_row_keys_fini(struct fb_row_keys *keys)
{
	free(keys->types);
	free(keys->is_key);
	free(keys->values);
	*keys = (struct fb_row_keys){0};
}

int fb_row_keys_bounds(const struct fb_row_keys *keys, const uint8_t *bytes, size_t len, int64_t *ret_start_ms,
	int64_t *ret_end_ms)
{
	int64_t used = fb_row_decode(bytes, len, keys->types, keys->plan->select_cnt, keys->values);

	if (used < 0 || keys->start_column < 0 || keys->end_column < 0)
		return used < 0 ? (int)used : FB_E_INVALID;
	*ret_start_ms = keys->values[keys->start_column].i64;
	*ret_end_ms = keys->values[keys->end_column].i64;
	return 0;
}

/* ---- rows ---- */

static uint32_t value_bytes(struct fb_type type, const struct fb_value *value, const void **ret)
{
	switch (fb_type_phys(type)) {
	case FB_PHYS_STR:
		*ret = value->str.p;
		return value->str.len;
	case FB_PHYS_I128:
		*ret = &value->i128;
		return sizeof(value->i128);
	default:
		*ret = &value->i64;
		return sizeof(value->i64);
	}
}

/* Each key column: its length, all ones for NULL, and its bytes. Returns the length of it all. */
static uint32_t put_key(const struct fb_row_keys *keys, uint8_t *out)
{
	uint32_t at = 0;

	for (uint16_t i = 0; i < keys->plan->select_cnt; i++) {
		const struct fb_value *value = &keys->values[i];
		const void *bytes = NULL;
		uint32_t len;

		if (!keys->is_key[i])
			continue;
		len = value->is_null ? 0 : value_bytes(keys->types[i], value, &bytes);
		if (out != NULL) {
			uint32_t head = value->is_null ? UINT32_MAX : len;

			memcpy(out + at, &head, sizeof(head));
			if (len > 0)
				memcpy(out + at + sizeof(head), bytes, len);
		}
		at += (uint32_t)sizeof(uint32_t) + len;
	}
	return at;
}

static int make_room(struct fb_keyed_rows *rows, size_t more)
{
	size_t cap = FB_MAX(rows->cap * 2, rows->cnt + more + 64);
	struct fb_keyed_row *at;

	if (rows->cnt + more <= rows->cap)
		return 0;
	at = realloc(rows->at, cap * sizeof(*at));
	if (at == NULL)
		return FB_E_NO_MEMORY;
	rows->at = at;
	rows->cap = cap;
	return 0;
}

int fb_keyed_add(struct fb_keyed_rows *rows, const struct fb_row_keys *keys, enum fb_store_change change,
	const uint8_t *bytes, size_t len)
{
	int64_t used = fb_row_decode(bytes, len, keys->types, keys->plan->select_cnt, keys->values);
	uint32_t key_len;
	uint8_t *copy;

	if (used < 0 || (size_t)used != len)
		return FB_E_CORRUPT;
	if (make_room(rows, 1) != 0)
		return FB_E_NO_MEMORY;
	key_len = put_key(keys, NULL);
	copy = fb_arena_alloc(&rows->arena, len + key_len);
	if (copy == NULL)
		return FB_E_NO_MEMORY;
	memcpy(copy, bytes, len);
	put_key(keys, copy + len);
	rows->at[rows->cnt++] = (struct fb_keyed_row){
		.key = copy + len, .key_len = key_len, .bytes = copy, .len = (uint32_t)len, .change = change};
	rows->sorted = false;
	return 0;
}

void fb_keyed_clear(struct fb_keyed_rows *rows)
{
	fb_arena_fini(&rows->arena);
	free(rows->at);
	*rows = (struct fb_keyed_rows){0};
}

static int compare_bytes(const uint8_t *a, uint32_t a_len, const uint8_t *b, uint32_t b_len)
{
	int order = memcmp(a, b, FB_MIN(a_len, b_len));

	return order ? order : (a_len > b_len) - (a_len < b_len);
}

static int compare_keys(const struct fb_keyed_row *a, const struct fb_keyed_row *b)
{
	return compare_bytes(a->key, a->key_len, b->key, b->key_len);
}

static int compare_rows(const void *one, const void *other)
{
	const struct fb_keyed_row *a = one;
	const struct fb_keyed_row *b = other;
	int order = compare_keys(a, b);

	return order ? order : compare_bytes(a->bytes, a->len, b->bytes, b->len);
}

static void sort(struct fb_keyed_rows *rows)
{
	if (!rows->sorted && rows->cnt > 1)
		qsort(rows->at, rows->cnt, sizeof(*rows->at), compare_rows);
	rows->sorted = true;
}

/* ---- groups: rows of both sides that have one key ---- */

struct side {
	const struct fb_keyed_row *at;
	size_t left;
	size_t cnt; /* of the group */
};

static void measure(struct side *side, const struct fb_keyed_row *key)
{
	side->cnt = 0;
	while (side->cnt < side->left && compare_keys(&side->at[side->cnt], key) == 0)
		side->cnt++;
}

/* The next key of either side. */
static bool next_group(struct side *a, struct side *b)
{
	const struct fb_keyed_row *key;

	a->at += a->cnt;
	a->left -= a->cnt;
	b->at += b->cnt;
	b->left -= b->cnt;
	if (a->left == 0 && b->left == 0)
		return false;
	key = b->left == 0 || (a->left > 0 && compare_keys(a->at, b->at) <= 0) ? a->at : b->at;
	measure(a, key);
	measure(b, key);
	return true;
}

/* ---- corrections ---- */

/* Both in the order of their bytes: a deletion takes one of the rows that are equal to it. */
static bool is_deleted(const struct fb_keyed_row *row, const struct side *changes, size_t *at)
{
	for (; *at < changes->cnt; (*at)++) {
		const struct fb_keyed_row *change = &changes->at[*at];
		int order = change->change == FB_STORE_DELETE ? compare_bytes(change->bytes, change->len, row->bytes, row->len) : -1;

		if (order >= 0) {
			*at += order == 0;
			return order == 0;
		}
	}
	return false;
}

/* An update takes the place of the one row that its key has. */
static void apply_group(const struct side *old, const struct side *changes, struct fb_keyed_rows *out)
{
	bool updated = false;
	size_t at = 0;

	for (size_t i = 0; i < changes->cnt; i++)
		updated |= changes->at[i].change == FB_STORE_UPDATE;
	for (size_t i = 0; i < old->cnt && !updated; i++)
		if (!is_deleted(&old->at[i], changes, &at))
			out->at[out->cnt++] = old->at[i];
	for (size_t i = 0; i < changes->cnt; i++)
		if (changes->at[i].change != FB_STORE_DELETE) {
			out->at[out->cnt] = changes->at[i];
			out->at[out->cnt++].change = FB_STORE_INSERT;
		}
}

/* The arena's memory goes over, too: rows point into it. */
static int move_memory(struct fb_keyed_rows *to, struct fb_keyed_rows *from)
{
	for (size_t i = 0; i < from->cnt; i++) {
		struct fb_keyed_row *row = &from->at[i];
		uint8_t *copy = fb_arena_alloc(&to->arena, (size_t)row->len + row->key_len);

		if (copy == NULL)
			return FB_E_NO_MEMORY;
		memcpy(copy, row->bytes, row->len);
		memcpy(copy + row->len, row->key, row->key_len);
		row->bytes = copy;
		row->key = copy + row->len;
	}
	return 0;
}

int fb_keyed_apply(struct fb_keyed_rows *rows, struct fb_keyed_rows *correction)
{
	struct fb_keyed_rows out = {0};
	struct side old, changes;
	int rc = make_room(&out, rows->cnt + correction->cnt);

	if (rc == 0)
		rc = move_memory(rows, correction);
	if (rc != 0) {
		free(out.at);
		return rc;
	}
	sort(rows);
	sort(correction);
	old = (struct side){.at = rows->at, .left = rows->cnt};
	changes = (struct side){.at = correction->at, .left = correction->cnt};
	while (next_group(&old, &changes))
		apply_group(&old, &changes, &out);
	free(rows->at);
	rows->at = out.at;
	rows->cnt = out.cnt;
	rows->cap = out.cap;
	rows->sorted = false;
	fb_keyed_clear(correction);
	return 0;
}

/* ---- differences ---- */

static bool is_near(double a, double b)
{
	return a == b || (isnan(a) && isnan(b)) || fabs(a - b) <= REAL_TOLERANCE * fmax(fabs(a), fabs(b));
}

static bool rows_are_equal(const struct fb_row_keys *keys, const struct fb_keyed_row *a, const struct fb_keyed_row *b)
{
	uint16_t cnt = keys->plan->select_cnt;
	struct fb_value *one = keys->values;
	struct fb_value *other = keys->values + cnt;

	if (compare_bytes(a->bytes, a->len, b->bytes, b->len) == 0)
		return true;
	if (!keys->has_reals || fb_row_decode(a->bytes, a->len, keys->types, cnt, one) < 0 ||
		fb_row_decode(b->bytes, b->len, keys->types, cnt, other) < 0)
		return false;
	for (uint16_t i = 0; i < cnt; i++) {
		const void *x = NULL, *y = NULL;
		uint32_t len;

		if (one[i].is_null != other[i].is_null)
			return false;
		if (one[i].is_null)
			continue;
		if (fb_type_phys(keys->types[i]) == FB_PHYS_F64) {
			if (!is_near(one[i].f64, other[i].f64))
				return false;
			continue;
		}
		len = value_bytes(keys->types[i], &one[i], &x);
		if (len != value_bytes(keys->types[i], &other[i], &y) || (len > 0 && memcmp(x, y, len) != 0))
			return false;
	}
	return true;
}

/* Several rows with one key: what is on both sides goes away in pairs, equal rows being neighbours. */
static int compare_several(const struct side *published, const struct side *recomputed, fb_difference_fn fn, void *arg)
{
	size_t a = 0, b = 0;
	int rc = 0;

	while (rc == 0 && (a < published->cnt || b < recomputed->cnt)) {
		const struct fb_keyed_row *one = &published->at[a];
		const struct fb_keyed_row *other = &recomputed->at[b];
		int order = a == published->cnt    ? 1
			    : b == recomputed->cnt ? -1
						   : compare_bytes(one->bytes, one->len, other->bytes, other->len);

		if (order < 0)
			rc = fn(arg, FB_DIFFERENCE_EXTRA, one, NULL);
		else if (order > 0)
			rc = fn(arg, FB_DIFFERENCE_MISSING, NULL, other);
		a += order <= 0;
		b += order >= 0;
	}
	return rc;
}

int fb_keyed_compare(struct fb_keyed_rows *published, struct fb_keyed_rows *recomputed, const struct fb_row_keys *keys,
	fb_difference_fn fn, void *arg)
{
	struct side a, b;
	int rc = 0;

	sort(published);
	sort(recomputed);
	a = (struct side){.at = published->at, .left = published->cnt};
	b = (struct side){.at = recomputed->at, .left = recomputed->cnt};
	while (rc == 0 && next_group(&a, &b)) {
		if (a.cnt != 1 || b.cnt != 1 || !keys->unique)
			rc = compare_several(&a, &b, fn, arg);
		else if (!rows_are_equal(keys, a.at, b.at))
			rc = fn(arg, FB_DIFFERENCE_CHANGED, a.at, b.at);
	}
	return rc;
}
