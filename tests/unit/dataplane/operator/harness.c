/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "config/base/calendar.h"
#include "config/base/decimal.h"
#include "dataplane/operator/expr.h"

struct planned plan_sql(const char *prelude, const char *sql)
{
	struct planned planned = {0};
	struct fb_diags diags;
	char *text;
	int err;

	cr_assert_geq(asprintf(&text, "%s%s", prelude, sql), 0);
	fb_diags_init(&diags, "test.sql");
	err = fb_sql_plan("test.sql", fb_str_from(text), &diags, &planned.plan);
	cr_assert_eq(err, 0, "%s\n%s", sql, diags.cnt ? diags.items[0].message : "");
	planned.query_cnt = planned.plan->explain_cnt;
	cr_assert(planned.query_cnt > 0 && planned.query_cnt <= QUERY_MAX);
	for (uint32_t i = 0; i < planned.query_cnt; i++) {
		planned.queries[i] = planned.plan->explains[i];
		if (planned.queries[i]->window.kind != FB_WINDOW_NONE)
			cr_assert_eq(
				fb_slice_layout_create(fb_query_first_level(planned.queries[i]),
					&planned.layouts[i]), 0,
				"%s", sql);
	}
	fb_diags_fini(&diags);
	free(text);
	return planned;
}

void planned_fini(struct planned *planned)
{
	for (uint32_t i = 0; i < planned->query_cnt; i++)
		fb_slice_layout_destroy(planned->layouts[i]);
	fb_plan_destroy(planned->plan);
}

/* ---- rows ---- */

static void rows_take(struct rows *rows, char *text)
{
	if (rows->cnt == rows->cap) {
		rows->cap = rows->cap ? 2 * rows->cap : 64;
		rows->text = realloc(rows->text, rows->cap * sizeof(*rows->text));
		cr_assert_not_null(rows->text);
	}
	rows->text[rows->cnt++] = text;
}

void rows_add(struct rows *rows, const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	cr_assert_geq(vasprintf(&text, fmt, args), 0);
	va_end(args);
	rows_take(rows, text);
}

static int compare_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void rows_sort(struct rows *rows)
{
	if (rows->cnt > 1)
		qsort(rows->text, rows->cnt, sizeof(*rows->text), compare_text);
}

void rows_expect_equal(struct rows *got, struct rows *want, const char *what)
{
	rows_sort(got);
	rows_sort(want);
	for (size_t i = 0; i < got->cnt && i < want->cnt; i++)
		cr_assert_str_eq(got->text[i], want->text[i], "%s: row %zu is %s, not %s", what, i,
			got->text[i], want->text[i]);
	cr_assert_eq(got->cnt, want->cnt, "%s: %zu rows, not %zu; first too many or missing: %s",
		what, got->cnt, want->cnt,
		got->cnt > want->cnt ? got->text[want->cnt] : want->text[got->cnt]);
}

void rows_expect(struct rows *got, ...)
{
	struct rows want = {0};
	va_list args;
	const char *text;

	va_start(args, got);
	while ((text = va_arg(args, const char *)) != NULL)
		rows_add(&want, "%s", text);
	va_end(args);
	rows_expect_equal(got, &want, "answer");
	rows_fini(&want);
	rows_fini(got);
}

void rows_fini(struct rows *rows)
{
	for (size_t i = 0; i < rows->cnt; i++)
		free(rows->text[i]);
	free(rows->text);
	*rows = (struct rows){0};
}

/* ---- readers ---- */

struct instance instance_open(const struct planned *planned, const struct instance_conf *given)
{
	static const struct instance_conf usual;
	const struct instance_conf *with = given ? given : &usual;
	struct instance at = {.planned = planned};
	const struct fb_query_plan *first_levels[QUERY_MAX];
	struct fb_reader_conf conf = {
		.source = planned->queries[0]->source,
		.queries = first_levels,
		.layouts = (const struct fb_slice_layout *const *)planned->layouts,
		.query_cnt = planned->query_cnt,
		.framing = FB_FRAMING_NEWLINE,
		.isa = with->isa,
		.grids = with->grids,
		.grid_cnt = with->grid_cnt,
		.state_bytes = with->state_bytes ? with->state_bytes : 8u << 20,
		.output_bytes = with->output_bytes ? with->output_bytes : 1u << 20,
		.watermark_ms = with->restarts ? with->watermark_ms : FB_TIME_MIN,
	};

	for (uint32_t i = 0; i < planned->query_cnt; i++)
		first_levels[i] = fb_query_first_level(planned->queries[i]);
	cr_assert_eq(fb_reader_create(&conf, &at.reader), 0);
	return at;
}

void instance_close(struct instance *at)
{
	fb_reader_destroy(at->reader);
}

void feed_bytes(struct instance *at, const char *csv, size_t len)
{
	uint8_t *payload = malloc(len + FB_PAYLOAD_PAD_BYTES);

	cr_assert_not_null(payload);
	memcpy(payload, csv, len);
	memset(payload + len, ',', FB_PAYLOAD_PAD_BYTES);
	fb_reader_feed(at->reader, payload, (uint32_t)len);
	fb_reader_flush(at->reader);
	/* Whoever still points here reads this. */
	memset(payload, '#', len);
	free(payload);
}

void feed(struct instance *at, const char *csv)
{
	feed_bytes(at, csv, strlen(csv));
}

/* ---- answers ---- */

static void add_value(struct fb_buf *out, struct fb_type type, const struct fb_value *value)
{
	char decimal[FB_DECIMAL_TEXT_BYTES];

	if (value->is_null) {
		fb_buf_add_text(out, "NULL");
		return;
	}
	switch (fb_type_phys(type)) {
	case FB_PHYS_F64:
		/* The sign of a NaN says nothing. */
		if (value->f64 != value->f64)
			fb_buf_add_text(out, "nan");
		else
			fb_buf_printf(out, "%.17g", value->f64);
		break;
	case FB_PHYS_STR:
		fb_buf_add(out, value->str.p, value->str.len);
		break;
	case FB_PHYS_I128:
		fb_buf_add(out, decimal, fb_decimal_format(value->i128, type.scale, decimal));
		break;
	default:
		fb_buf_printf(out, "%lld", (long long)value->i64);
		break;
	}
}

static struct fb_value value_of(const struct fb_column *column, struct fb_type type, uint32_t row)
{
	struct fb_value value = {.is_null = !fb_column_is_valid(column, row)};

	if (value.is_null)
		return value;
	if (fb_type_phys(type) == FB_PHYS_STR)
		value.str = column->str[row];
	else if (fb_type_phys(type) == FB_PHYS_I128)
		value.i128 = column->i128[row];
	else
		value.i64 = column->i64[row];
	return value;
}

static void add_row(struct rows *rows, struct fb_buf *line)
{
	fb_buf_add(line, "", 0);
	rows_add(rows, "%s", line->p ? line->p : "");
	fb_buf_clear(line);
}

void rows_of_slice(
	const struct fb_query_plan *query, const struct fb_slice *slice, struct rows *rows)
{
	int64_t start = fb_slice_start_ms(slice);
	struct fb_program *select[64];
	struct fb_type types[128];
	struct fb_batch batch;
	struct fb_buf line = {0};
	uint64_t cursor = 0;
	uint64_t rounds = 0;
	uint32_t cnt = fb_slice_group_types(query, types, FB_ARRAY_LEN(types));

	cr_assert_eq(fb_batch_init(&batch, types, cnt, NULL), 0);
	cr_assert_leq(query->select_cnt, FB_ARRAY_LEN(select));
	for (uint32_t i = 0; i < query->select_cnt; i++)
		cr_assert_eq(fb_program_create(query->select[i], &select[i]), 0);
	while (fb_slice_groups(slice, start, start + query->window.size_ms, &cursor, &batch, NULL)) {
		const struct fb_column *columns[64];
		uint64_t failed[FB_BATCH_WORDS] = {0};

		cr_assert_leq(rounds++, fb_slice_group_cnt(slice) / FB_BATCH_ROWS,
			"the walk does not end");
		for (uint32_t i = 0; i < query->select_cnt; i++)
			columns[i] = fb_program_run(select[i], &batch, failed);
		for (uint32_t at = 0; at < batch.sel_cnt; at++) {
			for (uint32_t i = 0; i < query->select_cnt; i++) {
				struct fb_value value =
					value_of(columns[i], query->select[i]->type, batch.sel[at]);

				fb_buf_add(&line, "|", i > 0);
				add_value(&line, query->select[i]->type, &value);
			}
			add_row(rows, &line);
		}
	}
	for (uint32_t i = 0; i < query->select_cnt; i++)
		fb_program_destroy(select[i]);
	fb_batch_fini(&batch);
	fb_buf_fini(&line);
}

static void take_sealed(struct instance *at, uint32_t query, struct rows *rows)
{
	struct fb_slice *slice;
	uint32_t number;

	while ((slice = fb_reader_take_sealed(at->reader, &number)) != NULL) {
		if (number == query)
			rows_of_slice(at->planned->queries[number], slice, rows);
		fb_reader_return_slice(at->reader, number, slice);
	}
}

struct rows take_fired(struct instance *at, uint32_t query)
{
	struct rows rows = {0};

	fb_reader_set_watermark(at->reader, fb_reader_own_watermark(at->reader));
	take_sealed(at, query, &rows);
	return rows;
}

struct rows take_all(struct instance *at)
{
	struct rows rows = {0};

	fb_reader_flush(at->reader);
	fb_reader_set_watermark(at->reader, FB_TIME_MAX);
	take_sealed(at, 0, &rows);
	return rows;
}

struct rows take_plain(struct instance *at, uint32_t number)
{
	const struct fb_query_plan *query = at->planned->queries[number];
	struct fb_type types[64];
	struct fb_value values[64];
	struct fb_row_page *page;
	struct fb_buf line = {0};
	struct rows rows = {0};

	cr_assert_leq(query->select_cnt, 64);
	for (uint32_t i = 0; i < query->select_cnt; i++)
		types[i] = query->select[i]->type;
	while ((page = fb_reader_take_rows(at->reader, true)) != NULL) {
		size_t pos = 0;

		for (uint32_t row = 0; page->query == number && row < page->row_cnt; row++) {
			int64_t used = fb_row_decode(page->bytes + pos, page->len - pos, types,
				query->select_cnt, values);

			cr_assert_gt(used, 0);
			pos += (size_t)used;
			for (uint32_t i = 0; i < query->select_cnt; i++) {
				fb_buf_add(&line, "|", i > 0);
				add_value(&line, types[i], &values[i]);
			}
			add_row(&rows, &line);
		}
		cr_assert(page->query != number || pos == page->len);
		fb_reader_return_rows(at->reader, page);
	}
	fb_buf_fini(&line);
	return rows;
}

uint64_t count_of(struct instance *at, uint32_t query, enum fb_record_disposition disposition)
{
	return fb_reader_query_counters(at->reader, query)->disposition[disposition];
}

void expect_ledger(struct instance *at, uint32_t query)
{
	const struct fb_query_counters *counters = fb_reader_query_counters(at->reader, query);
	const struct fb_decode_counters *decode = fb_reader_decode_counters(at->reader);
	uint64_t sum = 0;
	uint64_t rejected = 0;

	for (int i = 0; i < FB_REC_CNT; i++) {
		sum += counters->disposition[i];
		rejected += decode->rejected[i];
	}
	cr_assert_eq(sum, decode->decoded, "dispositions %lu, decoded %lu", sum, decode->decoded);
	cr_assert_eq(decode->records, decode->decoded + rejected);
	if (at->planned->layouts[query] != NULL)
		cr_assert_eq(counters->disposition[FB_REC_ACCEPTED],
			counters->sealed_rows + counters->open_rows);
	else
		cr_assert_eq(counters->disposition[FB_REC_ACCEPTED] + counters->extra_rows,
			counters->rows_out + counters->rows_waiting);
}

struct rows answer(const char *prelude, const char *sql, const char *csv)
{
	struct planned planned = plan_sql(prelude, sql);
	struct instance at = instance_open(&planned, NULL);
	struct rows rows;

	feed(&at, csv);
	rows = planned.layouts[0] != NULL ? take_all(&at) : take_plain(&at, 0);
	expect_ledger(&at, 0);
	instance_close(&at);
	planned_fini(&planned);
	return rows;
}

/* ---- small things ---- */

uint64_t random_next(struct random *random)
{
	random->state ^= random->state >> 12;
	random->state ^= random->state << 25;
	random->state ^= random->state >> 27;
	return random->state * 0x2545f4914f6cdd1du;
}

uint64_t random_below(struct random *random, uint64_t bound)
{
	return (random_next(random) >> 11) % bound;
}

const char *time_text(int64_t ms, char text[32])
{
	int64_t rest = ((ms % 1000) + 1000) % 1000;
	time_t seconds = (time_t)((ms - rest) / 1000);
	struct tm tm;
	size_t len;

	gmtime_r(&seconds, &tm);
	len = strftime(text, 32, "%Y-%m-%d %H:%M:%S", &tm);
	snprintf(text + len, 32 - len, ".%03d", (int)rest);
	return text;
}
