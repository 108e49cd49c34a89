/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions over columns against what Flink 2.2.0 gave for them (flink/expressions.txt, made by
 * flink/Record.java): type, each row's value, what is refused and what fails.
 */
#include "harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/base/calendar.h"

#define FIELDS_MAX 64

struct recorded {
	char zone[32];
	char *columns; /* of CREATE TABLE */
	char *csv;
	char *known; /* deviations */
	uint32_t case_cnt;
};

static char *read_file(const char *name)
{
	char path[512];
	struct fb_buf text = {0};
	size_t got;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", FLINK_FOLDER, name);
	file = fopen(path, "rb");
	cr_assert_not_null(file, "%s", path);
	do {
		char *room = fb_buf_reserve(&text, 65536);

		got = fread(room, 1, 65536, file);
		text.len += got;
	} while (got > 0);
	fclose(file);
	fb_buf_add_char(&text, '\0');
	return text.p;
}

/* ---- our value in the recorded form ---- */

static void add_escaped(struct fb_buf *out, struct fb_str text)
{
	fb_buf_add_char(out, '\'');
	for (uint32_t i = 0; i < text.len; i++) {
		static const char plain[] = "\\|\n\t", escaped[] = "\\pnt";
		const char *at = strchr(plain, text.p[i]);

		if (at == NULL || text.p[i] == '\0') {
			fb_buf_add_char(out, text.p[i]);
			continue;
		}
		fb_buf_add_char(out, '\\');
		fb_buf_add_char(out, escaped[at - plain]);
	}
}

static void add_recorded(struct fb_buf *out, struct fb_type type, const struct fb_value *value)
{
	char text[FB_TIME_TEXT_BYTES];
	int64_t days;

	if (value->is_null) {
		fb_buf_add_text(out, "NULL");
		return;
	}
	switch (type.kind) {
	case FB_T_BOOLEAN:
		fb_buf_add_text(out, value->i64 ? "true" : "false");
		break;
	case FB_T_CHAR:
	case FB_T_VARCHAR:
		add_escaped(out, value->str);
		break;
	case FB_T_BINARY:
	case FB_T_VARBINARY:
		fb_buf_add_char(out, 'x');
		for (uint32_t i = 0; i < value->str.len; i++)
			fb_buf_printf(out, "%02x", (unsigned char)value->str.p[i]);
		break;
	case FB_T_DECIMAL: {
		char digits[FB_DECIMAL_TEXT_BYTES];

		fb_buf_add(out, digits, fb_decimal_format(value->i128, type.scale, digits));
		break;
	}
	case FB_T_DATE:
	case FB_T_TIMESTAMP:
	case FB_T_TIMESTAMP_LTZ:
		days = type.kind == FB_T_DATE
			       ? value->i64
			       : fb_floor_div(value->i64, 86400 * fb_type_ticks_per_s(type));
		if (fb_civil_from_days(days).year > 9999)
			fb_buf_add_char(out, '+');
		if (type.kind == FB_T_DATE)
			fb_date_format(days, text);
		else
			fb_time_format_us(
				type.precision <= 3 ? value->i64 * 1000 : value->i64, 6, text);
		fb_buf_add_text(out, text);
		break;
	default:
		fb_buf_printf(out, "%lld", (long long)value->i64);
		break;
	}
}

static bool same(struct fb_type type, const struct fb_value *value, const char *want)
{
	struct fb_buf text = {0};
	bool equal;

	if (!value->is_null && fb_type_phys(type) == FB_PHYS_F64) {
		double number = strcmp(want, "NaN") == 0 ? NAN : strtod(want, NULL);

		if (type.kind == FB_T_FLOAT)
			number = (double)(float)number;
		return memcmp(&number, &value->f64, sizeof(number)) == 0 ||
		       (isnan(number) && isnan(value->f64));
	}
	add_recorded(&text, type, value);
	fb_buf_add_char(&text, '\0');
	equal = strcmp(text.p, want) == 0;
	if (!equal)
		cr_log_info("got %s, want %s", text.p, want);
	fb_buf_fini(&text);
	return equal;
}

/* ---- one expression ---- */

static int plan_case(const struct recorded *at, const char *expression, struct fb_diags *diags,
	struct fb_plan **ret)
{
	char *sql = NULL;
	int rc;

	cr_assert_geq(asprintf(&sql,
			      "SET 'table.local-time-zone' = '%s';\nCREATE TABLE t (%s) WITH ('connector'='udp', "
			      "'port'='5000', 'format'='csv', 'csv.null-literal'='NULL');\n"
			      "EXPLAIN SELECT %s AS z FROM t;",
			      at->zone, at->columns, expression),
		0);
	rc = fb_sql_plan("case.sql", fb_str_from(sql), diags, ret);
	free(sql);
	return rc;
}

/* deviations.txt: where Flink is silently wrong, as "expression TAB row". */
static bool deviates(const char *known, const char *expression, uint32_t row)
{
	char line[512];

	snprintf(line, sizeof(line), "\n%s\t%u\n", expression, row);
	return strstr(known, line) != NULL;
}

static void check_rows(struct instance *run, struct fb_type type, const char *known,
	const char *expression, char *values)
{
	struct fb_row_page *page;
	struct fb_value value;
	uint32_t row_cnt = 0;

	while ((page = fb_reader_take_rows(run->reader, true)) != NULL) {
		size_t pos = 0;

		for (uint32_t row = 0; row < page->row_cnt; row++, row_cnt++) {
			const char *want = strsep(&values, "|");
			int64_t used = fb_row_decode(page->bytes + pos, page->len - pos, &type, 1, &value);

			cr_assert_gt(used, 0);
			cr_assert_not_null(want, "%s", expression);
			pos += (size_t)used;
			cr_expect_neq(same(type, &value, want), deviates(known, expression, row_cnt + 1),
				"DEVIATES\t%s\t%u", expression, row_cnt + 1);
		}
		fb_reader_return_rows(run->reader, page);
	}
	cr_expect_null(values, "%s: only %u rows", expression, row_cnt);
}

static void check_case(struct recorded *at, char *line)
{
	const char *expression = strsep(&line, "\t");
	const char *type = strsep(&line, "\t");
	struct fb_diags diags;
	struct planned planned = {.query_cnt = 1};
	struct instance run;
	char name[FB_TYPE_TEXT_BYTES];
	int rc;

	fb_diags_init(&diags, "case.sql");
	rc = plan_case(at, expression, &diags, &planned.plan);
	at->case_cnt++;
	/* What fails for each row may be refused when planned. */
	if (rc == 0 || strcmp(type, "FAILS") != 0)
		cr_expect_eq(rc == 0, strcmp(type, "REFUSED") != 0, "%s: %s", expression,
			rc == 0 ? "not refused" : diags.items[0].message);
	fb_diags_fini(&diags);
	if (rc != 0)
		return;
	planned.queries[0] = planned.plan->explains[0];

	struct fb_type have = planned.queries[0]->select[0]->type;

	have.not_null = false;
	run = instance_open(&planned, NULL);
	feed(&run, at->csv);
	if (strcmp(type, "FAILS") == 0) {
		cr_expect_gt(count_of(&run, 0, FB_REC_EXPRESSION), 0, "%s", expression);
	} else if (strcmp(type, "REFUSED") != 0) {
		cr_expect_str_eq(fb_type_format(have, name), type, "%s is %s, not %s", expression, name, type);
		check_rows(&run, have, at->known, expression, line);
	}
	expect_ledger(&run, 0);
	instance_close(&run);
	fb_plan_destroy(planned.plan);
}

Test(flink, expressions)
{
	struct recorded at = {0};
	char *text = read_file("expressions.txt");
	char *rest = text, *line;

	at.known = read_file("deviations.txt");
	while ((line = strsep(&rest, "\n")) != NULL) {
		if (line[0] == '#' || line[0] == '\0')
			continue;
		if (strncmp(line, "zone ", 5) == 0) {
			snprintf(at.zone, sizeof(at.zone), "%s", line + 5);
		} else if (strncmp(line, "table ", 6) == 0) {
			char *file = strstr(line, " | ");

			*file = '\0';
			free(at.csv);
			at.columns = line + 6;
			at.csv = read_file(file + 3);
		} else {
			check_case(&at, line);
		}
	}
	cr_expect_gt(at.case_cnt, 400);
	free(at.csv);
	free(at.known);
	free(text);
}
