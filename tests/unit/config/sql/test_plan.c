/* SPDX-License-Identifier: Apache-2.0 */
/* What a valid text means: the plan's fields, and the words of explain where they show more at
 * once. */
#include "harness.h"

/* ---- expressions: one EXPLAIN SELECT each, compared with the first line of `select` ---- */

struct meaning {
	const char *sql; /* of the one item */
	const char *select;
};

/* clang-format off */
static const struct meaning meanings[] = {
	/* typing of arithmetic: semantics 1.3 */
	{"a / 2 AS z", "a / 2 AS z INT"},
	{"y + s AS z", "CAST(y AS SMALLINT) + s AS z SMALLINT"},
	{"y + y AS z", "y + y AS z TINYINT"},
	{"s * a AS z", "CAST(s AS INT) * a AS z INT"},
	{"a - b AS z", "CAST(a AS BIGINT) - b AS z BIGINT"},
	{"id + 1 AS z", "id + 1 AS z BIGINT NOT NULL"},
	{"id + a AS z", "id + CAST(a AS BIGINT) AS z BIGINT"},
	{"a + d AS z", "CAST(a AS DOUBLE) + d AS z DOUBLE"},
	{"f * d AS z", "f * CAST(d AS FLOAT) AS z FLOAT"},
	{"d * f AS z", "d * CAST(f AS DOUBLE) AS z DOUBLE"},
	{"b * f AS z", "CAST(b AS FLOAT) * f AS z FLOAT"},
	{"d * 1.5 AS z", "d * 1.5E0 AS z DOUBLE"},
	{"f * 1.5 AS z", "CAST(f AS DOUBLE) * 1.5E0 AS z DOUBLE"},
	{"d * 2 AS z", "d * 2E0 AS z DOUBLE"},
	{"MOD(b, a) AS z", "CAST(b % CAST(a AS BIGINT) AS INT) AS z INT"},
	{"a % b AS z", "CAST(a AS BIGINT) % b AS z BIGINT"},
	{"MOD(a, s) AS z", "CAST(a % CAST(s AS INT) AS SMALLINT) AS z SMALLINT"},
	{"-a AS z", "-a AS z INT"},
	{"- - a AS z", "-(-a) AS z INT"},
	{"a - (b - 1) AS z", "CAST(a AS BIGINT) - (b - 1) AS z BIGINT"},
	{"a - 1 - 2 AS z", "a - 1 - 2 AS z INT"},
	{"(a + 1) * 2 AS z", "(a + 1) * 2 AS z INT"},
	{"-(a + 1) AS z", "-(a + 1) AS z INT"},
	/* literals */
	{"2147483647 AS z", "2147483647 AS z INT NOT NULL"},
	{"2147483648 AS z", "2147483648 AS z BIGINT NOT NULL"},
	{"-2147483648 AS z", "-2147483648 AS z BIGINT NOT NULL"},
	{"9223372036854775807 AS z", "9223372036854775807 AS z BIGINT NOT NULL"},
	{"1.5E0 AS z", "1.5E0 AS z DOUBLE NOT NULL"},
	{"1E-10 AS z", "1E-10 AS z DOUBLE NOT NULL"},
	{"CAST(0.1 AS DOUBLE) AS z", "1E-1 AS z DOUBLE NOT NULL"},
	{"'it''s' AS z", "'it''s' AS z CHAR(4) NOT NULL"},
	{"'äöü' AS z", "'äöü' AS z CHAR(3) NOT NULL"},
	{"TRUE AS z", "TRUE AS z BOOLEAN NOT NULL"},
	{"DATE '1969-12-31' AS z", "DATE '1969-12-31' AS z DATE NOT NULL"},
	{"TIMESTAMP '1969-12-31 23:59:59.5' AS z", "TIMESTAMP '1969-12-31 23:59:59.5' AS z TIMESTAMP(1) NOT NULL"},
	{"TIMESTAMP '2024-02-29 12:00:00' AS z", "TIMESTAMP '2024-02-29 12:00:00' AS z TIMESTAMP(0) NOT NULL"},
	{"TIMESTAMP '2024-02-29 12:00:00.123456' AS z", "TIMESTAMP '2024-02-29 12:00:00.123456' AS z TIMESTAMP(6) NOT NULL"},
	{"CAST(NULL AS INT) AS z", "NULL AS z INT"},
	/* comparison */
	{"a = 5 AS z", "a = 5 AS z BOOLEAN"},
	{"id = 5 AS z", "id = 5 AS z BOOLEAN NOT NULL"},
	{"a <> b AS z", "CAST(a AS BIGINT) <> b AS z BOOLEAN"},
	{"y < 300 AS z", "CAST(y AS INT) < 300 AS z BOOLEAN"},
	{"f = d AS z", "CAST(f AS DOUBLE) = d AS z BOOLEAN"},
	{"a >= f AS z", "CAST(a AS FLOAT) >= f AS z BOOLEAN"},
	{"d > 1.5 AS z", "d > 1.5E0 AS z BOOLEAN"},
	{"f > 1.5 AS z", "CAST(f AS DOUBLE) > 1.5E0 AS z BOOLEAN"},
	{"n = v AS z", "n = v AS z BOOLEAN"},
	{"n = 'x' AS z", "n = 'x' AS z BOOLEAN"},
	{"ts < t6 AS z", "CAST(ts AS TIMESTAMP(6)) < t6 AS z BOOLEAN"},
	{"ts < TIMESTAMP '2024-01-01 00:00:00' AS z", "ts < TIMESTAMP '2024-01-01 00:00:00.000' AS z BOOLEAN"},
	{"a = NULL AS z", "a = NULL AS z BOOLEAN"},
	{"a BETWEEN 1 AND b AS z", "a >= 1 AND CAST(a AS BIGINT) <= b AS z BOOLEAN"},
	{"a NOT BETWEEN 1 AND 2 AS z", "NOT (a >= 1 AND a <= 2) AS z BOOLEAN"},
	{"a BETWEEN SYMMETRIC 2 AND 1 AS z", "a >= 2 AND a <= 1 OR a >= 1 AND a <= 2 AS z BOOLEAN"},
	{"a IN (1, 2, NULL) AS z", "a = 1 OR a = 2 OR a = NULL AS z BOOLEAN"},
	{"a IN (1) AS z", "a = 1 AS z BOOLEAN"},
	{"n NOT IN ('x', 'y') AS z", "NOT (n = 'x' OR n = 'y') AS z BOOLEAN"},
	/* three-valued logic */
	{"a = 1 OR ok AND NOT ok AS z", "a = 1 OR ok AND NOT ok AS z BOOLEAN"},
	{"(a = 1 OR ok) AND ok AS z", "(a = 1 OR ok) AND ok AS z BOOLEAN"},
	{"NOT a = 1 AS z", "NOT a = 1 AS z BOOLEAN"},
	{"a IS NULL AS z", "a IS NULL AS z BOOLEAN NOT NULL"},
	{"a + 1 IS NOT NULL AS z", "a + 1 IS NOT NULL AS z BOOLEAN NOT NULL"},
	{"ok IS TRUE AS z", "COALESCE(ok, FALSE) AS z BOOLEAN NOT NULL"},
	{"ok IS NOT TRUE AS z", "NOT COALESCE(ok, FALSE) AS z BOOLEAN NOT NULL"},
	{"ok IS FALSE AS z", "NOT COALESCE(ok, TRUE) AS z BOOLEAN NOT NULL"},
	{"ok IS NOT FALSE AS z", "COALESCE(ok, TRUE) AS z BOOLEAN NOT NULL"},
	{"ok IS UNKNOWN AS z", "ok IS NULL AS z BOOLEAN NOT NULL"},
	{"ok IS NOT UNKNOWN AS z", "ok IS NOT NULL AS z BOOLEAN NOT NULL"},
	{"a IS NOT DISTINCT FROM s AS z", "COALESCE(a = CAST(s AS INT), FALSE) OR a IS NULL AND s IS NULL AS z BOOLEAN NOT NULL"},
	{"a IS DISTINCT FROM 1 AS z", "NOT (COALESCE(a = 1, FALSE) OR a IS NULL AND 1 IS NULL) AS z BOOLEAN NOT NULL"},
	/* casts and functions */
	{"CAST(n AS BIGINT) AS z", "CAST(n AS BIGINT) AS z BIGINT"},
	{"CAST(id AS STRING) AS z", "CAST(id AS STRING) AS z STRING NOT NULL"},
	{"TRY_CAST(id AS INT) AS z", "TRY_CAST(id AS INT) AS z INT"},
	{"CAST(a AS INT) AS z", "a AS z INT"},
	{"CAST(v AS STRING) AS z", "CAST(v AS STRING) AS z STRING"},
	{"CAST(n AS VARCHAR(3)) AS z", "CAST(n AS VARCHAR(3)) AS z VARCHAR(3)"},
	{"CAST(t6 AS TIMESTAMP(3)) AS z", "CAST(t6 AS TIMESTAMP(3)) AS z TIMESTAMP(3)"},
	{"CAST(ts AS DATE) AS z", "CAST(ts AS DATE) AS z DATE"},
	{"COALESCE(a, 0) AS z", "COALESCE(a, 0) AS z INT NOT NULL"},
	{"COALESCE(a, b) AS z", "COALESCE(CAST(a AS BIGINT), b) AS z BIGINT"},
	{"COALESCE(d, 1.5) AS z", "COALESCE(d, 1.5E0) AS z DOUBLE NOT NULL"},
	{"COALESCE(n, 'unknown') AS z", "COALESCE(n, 'unknown') AS z STRING NOT NULL"},
	{"IFNULL(v, 'unknown place') AS z", "COALESCE(v, 'unknown place') AS z VARCHAR(13) NOT NULL"},
	{"COALESCE(NULL, a) AS z", "COALESCE(NULL, a) AS z INT"},
	{"TO_TIMESTAMP(n) AS z", "TO_TIMESTAMP(n) AS z TIMESTAMP(3)"},
	/* moments and intervals */
	{"ts - INTERVAL '1' DAY AS z", "ts - INTERVAL '1' DAY AS z TIMESTAMP(3)"},
	{"t6 + INTERVAL '0.5' SECOND AS z", "t6 + INTERVAL '0.500' SECOND AS z TIMESTAMP(6)"},
	{"INTERVAL '90' MINUTE + ts AS z", "ts + INTERVAL '90' MINUTE AS z TIMESTAMP(3)"},
	{"ts + INTERVAL '1 02:03:04.5' DAY TO SECOND AS z", "ts + INTERVAL '93784.500' SECOND AS z TIMESTAMP(3)"},
	{"ts + INTERVAL '01:30' HOUR TO MINUTE AS z", "ts + INTERVAL '90' MINUTE AS z TIMESTAMP(3)"},
	{"ts + INTERVAL -'10' SECOND AS z", "ts + INTERVAL '-10' SECOND AS z TIMESTAMP(3)"},
	{"ts + INTERVAL '-10' SECOND AS z", "ts + INTERVAL '-10' SECOND AS z TIMESTAMP(3)"},
	{"ts + INTERVAL '120' SECOND(3) AS z", "ts + INTERVAL '2' MINUTE AS z TIMESTAMP(3)"},
	{"dt + INTERVAL '2' DAY AS z", "dt + INTERVAL '2' DAY AS z DATE"},
	/* names */
	{"c AS z", "a + 1 AS z INT"},
	{"t.a AS `group`", "a AS group INT"},
};
/* clang-format on */

Test(plan, expressions_mean_what_flink_says)
{
	for (size_t i = 0; i < FB_ARRAY_LEN(meanings); i++) {
		char sql[512];

		snprintf(sql, sizeof(sql), "EXPLAIN SELECT %s FROM t;", meanings[i].sql);

		struct planned planned = plan_ok(PRELUDE, sql);
		const char *select = explain_line(&planned, "select");

		cr_expect_str_eq(
			select, meanings[i].select, "%s\n   is: %s", meanings[i].sql, select);
		planned_fini(&planned);
	}
}

/* ---- settings ---- */

Test(plan, settings_and_their_defaults)
{
	struct planned planned = plan_ok(PRELUDE, "EXPLAIN SELECT a FROM t;");
	const struct fb_sql_settings *settings = &planned.plan->settings;

	cr_expect_null(settings->pipeline_name);
	cr_expect_eq(settings->checkpoint_interval_ms, 10000);
	cr_expect_eq(settings->source_idle_timeout_ms, 0);
	cr_expect_not(settings->zone_is_set);
	cr_expect_not(settings->batch_mode);
	planned_fini(&planned);

	planned = plan_ok(PRELUDE,
		"SET 'pipeline.name' = 'x y'; SET 'execution.checkpointing.interval' = '2min';"
		"SET 'table.exec.source.idle-timeout' = '500 ms'; SET 'execution.runtime-mode' = "
		"'BATCH';"
		"SET 'table.local-time-zone' = 'GMT-03:30'; EXPLAIN SELECT a FROM t;");
	settings = &planned.plan->settings;
	cr_expect_str_eq(settings->pipeline_name, "x y");
	cr_expect_eq(settings->checkpoint_interval_ms, 120000);
	cr_expect_eq(settings->source_idle_timeout_ms, 500);
	cr_expect_eq(settings->zone_offset_ms, -12600000);
	cr_expect(settings->zone_is_set);
	cr_expect(settings->batch_mode);
	cr_expect_eq(planned.diags.cnt, 0);
	planned_fini(&planned);

	planned = plan_ok(PRELUDE,
		"SET 'pipeline.name' = 'x'; SET 'table.local-time-zone' = 'UTC'; RESET "
		"'pipeline.name';"
		"SET 'execution.checkpointing.interval' = '1 s'; EXPLAIN SELECT a FROM t;");
	cr_expect_null(planned.plan->settings.pipeline_name);
	cr_expect(planned.plan->settings.zone_is_set);
	cr_expect_eq(planned.plan->settings.checkpoint_interval_ms, 1000);
	planned_fini(&planned);

	planned = plan_ok(PRELUDE,
		"SET 'execution.checkpointing.interval' = '1 s'; RESET; EXPLAIN SELECT a FROM t;");
	cr_expect_eq(planned.plan->settings.checkpoint_interval_ms, 10000);
	planned_fini(&planned);
}

Test(plan, keys_without_effect_warn_once)
{
	struct planned planned = plan_ok(PRELUDE,
		"SET 'parallelism.default' = '4'; SET 'parallelism.default' = '5';"
		"SET 'table.optimizer.agg-phase-strategy' = 'ONE_PHASE';"
		"SET 'table.exec.mini-batch.enabled' = 'true'; EXPLAIN SELECT a FROM t;");

	cr_assert_eq(planned.diags.cnt, 3);
	for (size_t i = 0; i < 3; i++)
		cr_expect_eq(planned.diags.items[i].severity, FB_WARNING);
	cr_expect_str_eq(
		planned.diags.items[0].message, "setting 'parallelism.default' has no effect here");
	planned_fini(&planned);
}

/* ---- tables ---- */

Test(plan, a_table_as_declared)
{
	struct planned planned = plan_ok("",
		"CREATE TEMPORARY TABLE IF NOT EXISTS q (\n"
		"  k STRING COMMENT 'the key', n1 BOOLEAN, n2 TINYINT, n3 SMALLINT, n4 INTEGER, n5 "
		"BIGINT NULL, n6 FLOAT,\n"
		"  n7 DOUBLE PRECISION, n8 NUMERIC(10, 2), n9 CHARACTER(3), n10 CHAR VARYING(7), "
		"n11 BINARY(2), n12 VARBINARY(9),\n"
		"  n13 BYTES, n14 DATE, n15 TIMESTAMP, n16 TIMESTAMP(0) WITHOUT TIME ZONE,\n"
		"  n17 TIMESTAMP(3) WITH LOCAL TIME ZONE NOT NULL, n18 AS n4 * 2 COMMENT 'twice', "
		"n19 BIGINT METADATA FROM 'offset' VIRTUAL,\n"
		"  `select` INT NOT NULL, CONSTRAINT pk PRIMARY KEY (k) NOT ENFORCED, WATERMARK "
		"FOR n17 AS n17\n"
		") COMMENT 'all types' WITH ('connector' = 'kafka', 'topic' = 'a;b', "
		"'properties.bootstrap.servers' = 'h:1',\n"
		"  'properties.x' = 'it''s', 'value.format' = 'csv', 'value.csv.field-delimiter' = "
		"';');");
	const struct fb_table *table = planned.plan->tables[0];
	static const char *const types[] = {"STRING NOT NULL", "BOOLEAN", "TINYINT", "SMALLINT",
		"INT", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL(10, 2)", "CHAR(3)", "VARCHAR(7)",
		"BINARY(2)", "VARBINARY(9)", "BYTES", "DATE", "TIMESTAMP(6)", "TIMESTAMP(0)",
		"TIMESTAMP_LTZ(3) NOT NULL", "INT", "BIGINT", "INT NOT NULL"};
	char text[FB_TYPE_TEXT_BYTES];

	cr_assert_eq(planned.plan->table_cnt, 1);
	cr_assert_eq(table->column_cnt, FB_ARRAY_LEN(types));
	for (size_t i = 0; i < FB_ARRAY_LEN(types); i++)
		cr_expect_str_eq(fb_type_format(table->columns[i].type, text), types[i], "%s",
			table->columns[i].name);
	cr_expect_eq(table->field_cnt, 19);
	cr_expect_str_eq(table->fields[18]->name, "select");
	cr_expect_eq(table->fields[18]->field, 18);
	cr_expect_eq(table->columns[18].kind, FB_COLUMN_COMPUTED);
	cr_expect_eq(table->columns[18].value->op, FB_OP_MUL);
	cr_expect_eq(table->columns[19].kind, FB_COLUMN_METADATA);
	cr_expect_str_eq(table->columns[19].metadata_key, "offset");
	cr_expect_eq(table->primary_key_cnt, 1);
	cr_expect_eq(table->primary_key[0], 0);
	cr_expect(table->has_watermark);
	cr_expect_eq(table->rowtime, 17);
	cr_expect_eq(table->watermark_delay_ms, 0);
	cr_expect_str_eq(table->connector, "kafka");
	cr_expect_str_eq(table->format, "csv");
	cr_expect_str_eq(fb_table_option(table, "properties.x"), "it's");
	cr_expect_str_eq(fb_table_option(table, "csv.field-delimiter"), ";");
	cr_expect_str_eq(fb_table_option(table, "format"), "csv");
	cr_expect_null(fb_table_option(table, "x"));
	cr_expect_eq(table->place.line, 1);
	cr_expect_eq(table->place.column, 38);
	planned_fini(&planned);
}

Test(plan, the_watermark_of_a_computed_column)
{
	struct planned planned =
		plan_ok("", "CREATE TABLE s (n STRING, x INT, ts AS TO_TIMESTAMP(n), WATERMARK FOR "
			    "ts AS ts - INTERVAL '1:30' MINUTE TO SECOND)"
			    "WITH ('connector' = 'udp', 'port' = '5000', 'format' = 'csv');"
			    "CREATE TABLE o (c BIGINT) WITH ('connector' = 'print');"
			    "INSERT INTO o SELECT COUNT(*) FROM TUMBLE(TABLE s, DESCRIPTOR(ts), "
			    "INTERVAL '10' SECOND) "
			    "GROUP BY window_start, window_end;");
	const struct fb_query_plan *query = first_query(&planned);

	cr_expect_eq(query->source->watermark_delay_ms, 90000);
	cr_expect_eq(query->time->op, FB_OP_TO_TIMESTAMP);
	cr_expect(fb_query_needs_field(query, 0));
	cr_expect_not(fb_query_needs_field(query, 1));
	planned_fini(&planned);
}

Test(plan, if_not_exists_keeps_the_first)
{
	struct planned planned =
		plan_ok(PRELUDE, "CREATE TABLE IF NOT EXISTS nw (z DATE) WITH ('connector' = "
				 "'print'); CREATE VIEW IF NOT EXISTS nw AS SELECT b FROM t;"
				 "EXPLAIN SELECT a FROM nw;");

	cr_expect_eq(planned.plan->table_cnt, 4);
	planned_fini(&planned);
}

/* ---- plain queries ---- */

Test(plan, a_plain_query)
{
	struct planned planned =
		plan_ok(PRELUDE, "INSERT INTO w SELECT ts, n, a FROM t WHERE a > 5 AND b < 3;");
	const struct fb_query_plan *query = first_query(&planned);

	cr_expect_eq(planned.plan->query_cnt, 1);
	cr_expect_str_eq(query->name, "w");
	cr_expect_eq(query->window.kind, FB_WINDOW_NONE);
	cr_expect_null(query->time);
	cr_expect_eq(query->key_cnt + query->agg_cnt, 0);
	cr_expect_null(query->having);
	cr_assert_eq(query->select_cnt, 3);
	cr_expect_eq(query->select[0]->op, FB_OP_INPUT);
	cr_expect_eq(query->select[0]->input, 11);
	cr_expect_eq(query->select[2]->op, FB_OP_CAST);
	cr_expect_eq(query->select[2]->type.kind, FB_T_BIGINT);
	cr_expect_str_eq(query->select_names[2], "x");
	cr_expect_eq(query->filter->op, FB_OP_AND);
	cr_expect_eq(query->fields_needed[0], 1u << 1 | 1u << 4 | 1u << 7 | 1u << 11);
	cr_expect_eq(query->place.line, 3);
	planned_fini(&planned);
}

Test(plan, columns_of_insert_are_put_in_order)
{
	struct planned planned = plan_ok(PRELUDE, "INSERT INTO w (x, w) SELECT a, ts FROM t;");
	const struct fb_query_plan *query = first_query(&planned);

	cr_expect_eq(query->select[0]->input, 11);
	cr_expect_eq(query->select[1]->op, FB_OP_LITERAL);
	cr_expect(query->select[1]->literal.is_null);
	cr_expect_eq(query->select[1]->type.kind, FB_T_VARCHAR);
	cr_expect_eq(query->select[2]->op, FB_OP_CAST);
	planned_fini(&planned);
}

Test(plan, nesting_dissolves)
{
	struct planned planned = plan_ok(PRELUDE,
		"CREATE TEMPORARY VIEW v1 (k, z) AS SELECT n, a + 1 FROM t AS q WHERE q.a > 0;\n"
		"EXPLAIN WITH c1 AS (SELECT k, z * 2 AS zz FROM v1 WHERE z < 100), c2 (m) AS "
		"(SELECT zz FROM c1)\n"
		"SELECT r.m FROM (SELECT m FROM c2 WHERE m <> 7) r;");

	cr_expect_str_eq(
		explain_line(&planned, "filter"), "a > 0 AND a + 1 < 100 AND (a + 1) * 2 <> 7");
	cr_expect_str_eq(explain_line(&planned, "select"), "(a + 1) * 2 AS m INT");
	cr_expect_str_eq(explain_line(&planned, "columns"), "1 of 16 decoded: a");
	planned_fini(&planned);
}

Test(plan, stars)
{
	struct planned planned = plan_ok(PRELUDE,
		"EXPLAIN SELECT *, nw.*, a AS z FROM nw; EXPLAIN SELECT x.* FROM nw x (k, l);");

	cr_expect_eq(planned.plan->explains[0]->select_cnt, 5);
	cr_expect_str_eq(planned.plan->explains[0]->select_names[4], "z");
	cr_expect_str_eq(planned.plan->explains[1]->select_names[1], "l");
	cr_expect_str_eq(planned.plan->explains[0]->name, "explain_1");
	cr_expect_str_eq(planned.plan->explains[1]->name, "explain_2");
	cr_expect_null(planned.plan->explains[0]->sink);
	planned_fini(&planned);
}

Test(plan, unread_columns_may_be_of_any_type)
{
	struct planned planned = plan_ok(PRELUDE,
		"CREATE VIEW all_of_it AS SELECT * FROM t; EXPLAIN SELECT a FROM all_of_it;");

	cr_expect_str_eq(explain_line(&planned, "select"), "a INT");
	planned_fini(&planned);
}

Test(plan, statement_sets_and_names)
{
	static const char *const texts[] = {
		"EXECUTE STATEMENT SET BEGIN INSERT INTO p SELECT a FROM t; INSERT INTO p SELECT b "
		"FROM t; END;",
		"BEGIN STATEMENT SET; INSERT INTO p SELECT a FROM t; INSERT INTO p SELECT b FROM "
		"t; END;",
		"BEGIN STATEMENT SET; INSERT INTO p SELECT a FROM t; INSERT INTO p SELECT b FROM "
		"t; END",
	};

	for (size_t i = 0; i < FB_ARRAY_LEN(texts); i++) {
		struct planned planned = plan_ok(PRELUDE, texts[i]);

		cr_assert_eq(planned.plan->query_cnt, 2);
		cr_expect_str_eq(planned.plan->queries[0]->name, "p");
		cr_expect_str_eq(planned.plan->queries[1]->name, "p_2");
		planned_fini(&planned);
	}

	struct planned planned =
		plan_ok(PRELUDE, "CREATE TABLE p_2 (x BIGINT) WITH ('connector' = 'print'); INSERT "
				 "INTO p_2 SELECT a FROM t;"
				 "INSERT INTO p SELECT a FROM t; INSERT INTO p SELECT a FROM t; "
				 "EXPLAIN INSERT INTO p SELECT a FROM t;");

	cr_expect_str_eq(planned.plan->queries[2]->name, "p_3");
	cr_expect_eq(planned.plan->explain_cnt, 1);
	cr_expect_eq(planned.plan->query_cnt, 3);
	planned_fini(&planned);
}

Test(plan, comments_and_quotes)
{
	struct planned planned =
		plan_ok(PRELUDE, "-- a comment; with a semicolon\n/* and ' another * / */ explain "
				 "/**/ select /***/ `a` -- tail\n"
				 "from `t` where n <> ';--/*' AND n <> '''';;;");

	cr_expect_str_eq(explain_line(&planned, "filter"), "n <> ';--/*' AND n <> ''''");
	planned_fini(&planned);
}

/* ---- windowed queries ---- */

Test(plan, a_windowed_query)
{
	struct planned planned = plan_ok(PRELUDE,
		"INSERT INTO w SELECT window_start, n, SUM(a) + COUNT(*) FROM " TUMBLE_T
		" WHERE b > 0 "
		"GROUP BY window_start, n, window_end HAVING AVG(a) > 2 AND SUM(a) < 100;");
	const struct fb_query_plan *query = first_query(&planned);

	cr_expect_eq(query->window.kind, FB_WINDOW_TUMBLE);
	cr_expect_eq(query->window.size_ms, 60000);
	cr_expect_eq(query->window.step_ms, 60000);
	cr_expect_eq(query->window.offset_ms, 0);
	cr_expect_eq(query->time->op, FB_OP_INPUT);
	cr_expect_eq(query->time->input, 11);
	cr_expect_eq(query->time_shift_ms, 0);
	cr_assert_eq(query->key_cnt, 1);
	cr_expect_eq(query->keys[0]->input, 7);
	cr_assert_eq(query->agg_cnt, 3, "SUM(a) is there once");
	cr_expect_eq(query->aggs[0].func, FB_AGG_SUM);
	cr_expect_eq(query->aggs[0].type.kind, FB_T_INT);
	cr_expect_eq(query->aggs[1].func, FB_AGG_COUNT_STAR);
	cr_expect_null(query->aggs[1].arg);
	cr_expect_eq(query->aggs[2].func, FB_AGG_AVG);
	cr_expect_eq(query->aggs[2].type.kind, FB_T_INT);
	/* select: window_start; key; CAST(agg 0) + agg 1 */
	cr_expect_eq(query->select[0]->input, FB_GROUP_WINDOW_START);
	cr_expect_eq(query->select[1]->input, FB_GROUP_KEYS);
	cr_expect_eq(query->select[2]->op, FB_OP_ADD);
	cr_expect_eq(query->select[2]->args[0]->args[0]->input, FB_GROUP_KEYS + 1);
	cr_expect_eq(query->select[2]->args[1]->input, FB_GROUP_KEYS + 2);
	cr_expect_eq(query->having->op, FB_OP_AND);
	cr_expect_eq(query->fields_needed[0], 1u << 1 | 1u << 4 | 1u << 7 | 1u << 11);
	planned_fini(&planned);
}

/* Rule W13: a level of its own for each window; the rows of one are the records of the next. */
Test(plan, a_cascade)
{
	struct planned planned = plan_ok(PRELUDE,
		"CREATE VIEW ones AS SELECT window_time AS rt, n, SUM(a) AS s FROM " TUMBLE_T
		" WHERE b > 0 GROUP BY window_start, window_end, window_time, n;"
		"INSERT INTO w SELECT window_end, n, SUM(s) FROM TABLE(HOP(TABLE ones, DESCRIPTOR(rt), "
		"INTERVAL '1' HOUR, INTERVAL '2' HOUR)) WHERE s > 5 GROUP BY window_start, window_end, n;");
	const struct fb_query_plan *query = first_query(&planned);
	const struct fb_query_plan *below = query->upstream;

	cr_assert_not_null(below);
	cr_expect_eq(fb_query_level_cnt(query), 2);
	cr_expect_eq(fb_query_first_level(query), below);
	cr_expect_null(below->upstream);
	cr_expect_null(below->sink);
	cr_expect_eq(below->source, query->source);
	cr_expect_eq(below->window.size_ms, 60000);
	cr_expect_not_null(below->filter);
	cr_assert_eq(below->select_cnt, 3);
	cr_expect_eq(below->select[0]->input, FB_GROUP_WINDOW_TIME);
	cr_expect_str_eq(below->select_names[2], "s");
	cr_expect_eq(below->fields_needed[0], 1u << 1 | 1u << 4 | 1u << 7 | 1u << 11);
	cr_expect_eq(query->window.kind, FB_WINDOW_HOP);
	cr_expect_eq(query->time->input, 0);
	cr_expect_eq(query->filter->args[0]->input, 2);
	cr_expect_eq(query->keys[0]->input, 1);
	cr_expect_eq(query->aggs[0].arg->input, 2);
	cr_expect_eq(query->fields_needed[0], 7);
	cr_expect_neq(query->fingerprint, below->fingerprint);
	planned_fini(&planned);
}

/* Rule M3: what the sides read and select are plans of their own; groups are over the rows of all. */
Test(plan, a_window_over_a_union)
{
	struct planned planned = plan_ok(PRELUDE,
		"CREATE VIEW u AS SELECT a AS x, n AS k, ts, d FROM t WHERE b > 0 UNION ALL SELECT id, v, ts, d FROM t "
		"UNION ALL SELECT 1, 'k', ts, f FROM t;"
		"INSERT INTO w SELECT window_end, k, SUM(x) FROM " 
		"TABLE(HOP(TABLE u, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '1' HOUR)) WHERE x > 5 "
		"GROUP BY window_start, window_end, k;");
	const struct fb_query_plan *query = first_query(&planned);
	const struct fb_query_plan *side;

	cr_assert_eq(planned.plan->query_cnt, 1);
	cr_assert_eq(query->branch_cnt, 3);
	cr_expect_eq(fb_query_input_cnt(query), 3);
	cr_expect_null(query->upstream);
	cr_expect_eq(query->window.kind, FB_WINDOW_HOP);
	cr_expect_eq(query->time->input, 2);
	cr_expect_eq(query->keys[0]->input, 1);
	cr_expect_eq(query->filter->args[0]->input, 0);
	cr_expect_eq(query->aggs[0].arg->input, 0);
	cr_expect_eq(query->aggs[0].arg->type.kind, FB_T_BIGINT);
	cr_expect_eq(query->fields_needed[0], 1u << 0 | 1u << 1 | 1u << 2);
	side = fb_query_input(query, 0);
	cr_expect_str_eq(side->source->name, "t");
	cr_expect_eq(side->filter->op, FB_OP_GT);
	cr_expect_eq(side->window.kind, FB_WINDOW_NONE);
	cr_expect_eq(side->select_cnt, 4);
	cr_expect_eq(side->select[0]->op, FB_OP_CAST);
	/* d is not read above */
	cr_expect_eq(side->fields_needed[0], 1u << 1 | 1u << 4 | 1u << 7 | 1u << 11);
	side = fb_query_input(query, 1);
	cr_expect_null(side->filter);
	cr_expect_str_eq(side->select_names[1], "k");
	cr_expect_eq(side->fields_needed[0], 1u << 0 | 1u << 8 | 1u << 11);
	cr_expect_eq(fb_query_input(query, 2)->fields_needed[0], 1u << 11);
	cr_expect_not(query->keys[0]->type.not_null);
	planned_fini(&planned);
}

/* Of two queries over one union each has its own branches: they read other columns. */
Test(plan, branches_are_of_one_query)
{
	struct planned planned = plan_ok(PRELUDE,
		"CREATE VIEW u AS SELECT a, b, ts FROM t UNION ALL SELECT a, b, ts FROM t;"
		"INSERT INTO p SELECT SUM(a) FROM TUMBLE(TABLE u, DESCRIPTOR(ts), INTERVAL '1' MINUTE)" BY_WINDOW ";"
		"INSERT INTO p SELECT SUM(b) FROM TUMBLE(TABLE u, DESCRIPTOR(ts), INTERVAL '1' MINUTE)" BY_WINDOW ";");

	cr_expect_eq(fb_query_input(planned.plan->queries[0], 0)->fields_needed[0], 1u << 1 | 1u << 11);
	cr_expect_eq(fb_query_input(planned.plan->queries[1], 0)->fields_needed[0], 1u << 4 | 1u << 11);
	cr_expect_neq(planned.plan->queries[0]->fingerprint, planned.plan->queries[1]->fingerprint);
	planned_fini(&planned);
}

/* Without GROUP BY each side is a query of its own. */
Test(plan, a_union_of_rows_of_windows)
{
	struct planned planned = plan_ok(PRELUDE,
		"CREATE VIEW u AS SELECT a, ts FROM t WHERE b > 0 UNION ALL SELECT a + 1, ts FROM t;"
		"INSERT INTO p SELECT a FROM TUMBLE(TABLE u, DESCRIPTOR(ts), INTERVAL '1' MINUTE) WHERE a > 2;");

	cr_assert_eq(planned.plan->query_cnt, 2);
	for (int i = 0; i < 2; i++) {
		cr_expect_eq(planned.plan->queries[i]->branch_cnt, 0);
		cr_expect_eq(planned.plan->queries[i]->assigner.kind, FB_WINDOW_TUMBLE);
	}
	cr_expect_eq(planned.plan->queries[0]->filter->op, FB_OP_AND);
	cr_expect_eq(planned.plan->queries[1]->filter->op, FB_OP_GT);
	planned_fini(&planned);
}

/* The same window again: TUMBLE of a step over window_time, which nobody selected; its start is a key. */
Test(plan, a_cascade_over_the_same_window)
{
	struct planned planned = plan_ok(PRELUDE,
		"INSERT INTO w SELECT s, MAX(n), COUNT(*) FROM (SELECT window_start AS s, window_end AS e, n, a "
		"FROM TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '30' SECOND)) GROUP BY "
		"window_start, window_end, n, a) GROUP BY e, s;");
	const struct fb_query_plan *query = first_query(&planned);
	const struct fb_query_plan *below = query->upstream;

	cr_assert_not_null(below);
	cr_expect_eq(below->window.size_ms, 30000);
	cr_assert_eq(below->select_cnt, 5);
	cr_expect_eq(below->select[4]->input, FB_GROUP_WINDOW_TIME);
	cr_expect_eq(query->window.kind, FB_WINDOW_TUMBLE);
	cr_expect_eq(query->window.size_ms, 10000);
	cr_expect_eq(query->time->input, 4);
	cr_assert_eq(query->key_cnt, 1);
	cr_expect_eq(query->keys[0]->input, 0);
	cr_expect_eq(query->select[0]->input, FB_GROUP_KEYS);
	planned_fini(&planned);
}

struct window_case {
	const char *tvf;
	enum fb_window_kind kind;
	int64_t step_ms, size_ms, offset_ms;
};

Test(plan, windows_by_place_and_by_name)
{
	static const struct window_case cases[] = {
		{"HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '5' MINUTE)",
			FB_WINDOW_HOP, 60000, 300000, 0},
		{"HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '5' MINUTE, INTERVAL "
		 "'-10' SECOND)",
			FB_WINDOW_HOP, 60000, 300000, 50000},
		{"HOP(DATA => TABLE t, TIMECOL => DESCRIPTOR(ts), SLIDE => INTERVAL '1' MINUTE, "
		 "SIZE => INTERVAL '5' MINUTE, `OFFSET` => INTERVAL '90' SECOND)",
			FB_WINDOW_HOP, 60000, 300000, 30000},
		{"CUMULATE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '5' MINUTE)",
			FB_WINDOW_CUMULATE, 60000, 300000, 0},
		/* A window of CUMULATE repeats after its size, not after a step. */
		{"CUMULATE(SIZE => INTERVAL '5' MINUTE, STEP => INTERVAL '1' MINUTE, `OFFSET` => "
		 "INTERVAL '2' MINUTE, TIMECOL => DESCRIPTOR(ts), DATA => TABLE t)",
			FB_WINDOW_CUMULATE, 60000, 300000, 120000},
		{"TUMBLE(DATA => TABLE t, TIMECOL => DESCRIPTOR(ts), SIZE => INTERVAL '1' HOUR)",
			FB_WINDOW_TUMBLE, 3600000, 3600000, 0},
		{"SESSION(TABLE t, DESCRIPTOR(ts), INTERVAL '30' MINUTE)", FB_WINDOW_SESSION,
			1800000, 1800000, 0},
		{"SESSION(DATA => TABLE t, TIMECOL => DESCRIPTOR(ts), GAP => INTERVAL '30' MINUTE)",
			FB_WINDOW_SESSION, 1800000, 1800000, 0},
	};

	for (size_t i = 0; i < FB_ARRAY_LEN(cases); i++) {
		char sql[512];

		snprintf(sql, sizeof(sql), "EXPLAIN SELECT COUNT(*) FROM TABLE(%s)" BY_WINDOW ";",
			cases[i].tvf);

		struct planned planned = plan_ok(PRELUDE, sql);
		const struct fb_window *window = &first_query(&planned)->window;

		cr_expect_eq(window->kind, cases[i].kind, "%s", cases[i].tvf);
		cr_expect_eq(window->step_ms, cases[i].step_ms, "%s", cases[i].tvf);
		cr_expect_eq(window->size_ms, cases[i].size_ms, "%s", cases[i].tvf);
		cr_expect_eq(window->offset_ms, cases[i].offset_ms, "%s", cases[i].tvf);
		planned_fini(&planned);
	}
}

/* Rule W12: window_start is wall clock; window_time is of the time column's type. */
Test(plan, w12_window_time_of_an_instant)
{
	struct planned planned = plan_ok("",
		"SET 'table.local-time-zone' = '+02:00'; CREATE TABLE s (n BIGINT, l AS "
		"TO_TIMESTAMP_LTZ(n, 3), WATERMARK FOR l AS l) WITH ('connector'='udp', "
		"'port'='1', 'format'='csv'); EXPLAIN SELECT window_start, window_time FROM "
		"TUMBLE(TABLE s, DESCRIPTOR(l), INTERVAL '1' DAY) GROUP BY window_start, "
		"window_end, window_time;");
	const struct fb_query_plan *query = first_query(&planned);

	cr_expect_eq(query->select[0]->type.kind, FB_T_TIMESTAMP);
	cr_expect_eq(query->select[1]->type.kind, FB_T_TIMESTAMP_LTZ);
	cr_expect_eq(query->select[1]->type.precision, 3);
	planned_fini(&planned);
}

Test(plan, m8_idle_timeout_of_a_table)
{
	struct planned planned = plan_ok("",
		"CREATE TABLE s (n BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH "
		"('connector'='kafka', 'topic'='x', 'properties.bootstrap.servers'='h:1', "
		"'format'='csv', 'scan.watermark.idle-timeout'='30 s'); EXPLAIN SELECT COUNT(*) "
		"FROM TUMBLE(TABLE s, DESCRIPTOR(ts), INTERVAL '1' DAY)" BY_WINDOW ";");

	cr_expect_str_eq(explain_line(&planned, "idle"),
		"a queue silent for 30 s does not hold the watermark back (M8)");
	planned_fini(&planned);
}

Test(plan, explain_states_the_lateness_rule)
{
	struct planned planned = plan_ok(PRELUDE,
		"EXPLAIN SELECT COUNT(*) FROM HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE, "
		"INTERVAL '1' HOUR)" BY_WINDOW ";");

	cr_expect_str_eq(explain_line(&planned, "window"),
		"HOP of 1 h every 1 min over ts, from 1970-01-01 00:00 (W1)");
	cr_expect_str_eq(
		explain_line(&planned, "late"), "a record counts for those of its windows that "
						"have not fired; when all have fired it");
	cr_expect_str_eq(
		explain_line(&planned, "slices"), "of 1 min, 60 per window; a record updates 1");
	planned_fini(&planned);
}

Test(plan, explain_states_the_lateness_rule_of_sessions)
{
	struct planned planned = plan_ok(PRELUDE,
		"EXPLAIN SELECT n, COUNT(*) FROM SESSION(TABLE t PARTITION BY n, DESCRIPTOR(ts), "
		"INTERVAL '30' MINUTE)" BY_WINDOW ", n;");

	cr_expect_str_eq(
		explain_line(&planned, "window"), "SESSION with gaps above 30 min over ts (W9)");
	cr_expect_str_eq(explain_line(&planned, "late"),
		"a record that joins a session of its key that has not fired is kept, however old it is;");
	planned_fini(&planned);
}

struct agg_type {
	const char *agg;
	const char *type;
};

Test(plan, types_of_aggregates)
{
	static const struct agg_type types[] = {
		{"COUNT(*)", "BIGINT NOT NULL"},
		{"COUNT(n)", "BIGINT NOT NULL"},
		{"SUM(y)", "TINYINT"},
		{"SUM(s)", "SMALLINT"},
		{"SUM(a)", "INT"},
		{"SUM(b)", "BIGINT"},
		{"SUM(id)", "BIGINT NOT NULL"},
		{"SUM(f)", "FLOAT"},
		{"SUM(d)", "DOUBLE"},
		{"AVG(y)", "TINYINT"},
		{"AVG(a)", "INT"},
		{"AVG(f)", "FLOAT"},
		{"AVG(CAST(a AS DOUBLE))", "DOUBLE"},
		{"MIN(n)", "STRING"},
		{"MAX(v)", "VARCHAR(10)"},
		{"MIN(dt)", "DATE"},
		{"MAX(ts)", "TIMESTAMP(3)"},
		{"MAX(ok)", "BOOLEAN"},
		{"MIN(id)", "BIGINT NOT NULL"},
		{"COUNT(DISTINCT n)", "BIGINT NOT NULL"},
		{"SUM(DISTINCT id)", "BIGINT NOT NULL"},
		{"COUNT(*) FILTER (WHERE a > 3)", "BIGINT NOT NULL"},
		{"COUNT(DISTINCT n) FILTER (WHERE a > 3 OR b IS NULL)", "BIGINT NOT NULL"},
		/* Nothing may pass. */
		{"MIN(id) FILTER (WHERE a > 3)", "BIGINT"},
		{"SUM(id) FILTER (WHERE ok)", "BIGINT"},
	};

	for (size_t i = 0; i < FB_ARRAY_LEN(types); i++) {
		char sql[256], want[128];

		snprintf(sql, sizeof(sql), "EXPLAIN SELECT %s AS z FROM " TUMBLE_T BY_WINDOW ";",
			types[i].agg);
		snprintf(want, sizeof(want), "%s %s", types[i].agg, types[i].type);

		struct planned planned = plan_ok(PRELUDE, sql);

		cr_expect_str_eq(explain_line(&planned, "aggregates"), want);
		planned_fini(&planned);
	}
}

/* What differs in DISTINCT or FILTER is another aggregate; MIN and MAX are the same with DISTINCT.
 */
Test(plan, aggregates_are_shared_by_the_same)
{
	struct planned planned = plan_ok(PRELUDE,
		"EXPLAIN SELECT COUNT(n), COUNT(DISTINCT n), COUNT(n) FILTER (WHERE a > 3), "
		"COUNT(n) "
		"FILTER (WHERE a > 4), COUNT(DISTINCT n) FILTER (WHERE a > 3), COUNT(n) FILTER "
		"(WHERE a > 3), MIN(n), MIN(DISTINCT n), COUNT(DISTINCT n) FROM " TUMBLE_T BY_WINDOW
		";");
	const struct fb_query_plan *query = planned.plan->explains[0];

	cr_assert_eq(query->agg_cnt, 6);
	cr_expect(query->aggs[1].distinct);
	cr_expect_not_null(query->aggs[2].filter);
	cr_expect_not(query->aggs[5].distinct);
	cr_expect_str_eq(explain_line(&planned, "state"), "about 64 bytes per open window");
	/* The condition's column is decoded too. */
	cr_expect_eq(query->fields_needed[0], 1u << 1 | 1u << 7 | 1u << 11);
	planned_fini(&planned);
}

Test(plan, groups_by_expressions)
{
	struct planned planned = plan_ok(PRELUDE,
		"EXPLAIN SELECT a / 10 * 10 AS decade, MAX(a / 10) - a / 10 AS z, window_end, "
		"COALESCE(n, 'x') AS nn, window_time "
		"FROM " TUMBLE_T
		" GROUP BY a / 10, window_start, window_end, window_time, COALESCE(n, 'x');");
	const struct fb_query_plan *query = first_query(&planned);

	cr_assert_eq(query->key_cnt, 2);
	cr_expect_eq(query->select[0]->args[0]->input, FB_GROUP_KEYS);
	cr_expect_eq(query->select[1]->args[0]->input, FB_GROUP_KEYS + 2);
	cr_expect_eq(query->select[1]->args[1]->input, FB_GROUP_KEYS);
	cr_expect_eq(query->select[2]->input, FB_GROUP_WINDOW_END);
	cr_expect_eq(query->select[3]->input, FB_GROUP_KEYS + 1);
	cr_expect_eq(query->select[4]->input, FB_GROUP_WINDOW_TIME);
	cr_expect(query->select[3]->type.not_null);
	planned_fini(&planned);
}

Test(plan, where_over_groups_joins_having)
{
	struct planned planned = plan_ok(PRELUDE,
		"CREATE VIEW per_minute AS SELECT window_start AS ws, n, COUNT(*) AS cnt "
		"FROM " TUMBLE_T " GROUP BY window_start, window_end, n HAVING COUNT(*) > 1;"
		"INSERT INTO w SELECT ws, n, cnt * 2 FROM per_minute WHERE cnt < 10 AND ws > "
		"TIMESTAMP '2024-01-01 00:00:00';");

	cr_expect_str_eq(explain_line(&planned, "having"),
		"COUNT(*) > 1 AND (COUNT(*) < 10 AND window_start > TIMESTAMP '2024-01-01 "
		"00:00:00.000')");
	cr_expect_eq(first_query(&planned)->filter, NULL);
	planned_fini(&planned);
}

Test(plan, named_arguments_and_offset)
{
	struct planned planned =
		plan_ok(PRELUDE, "CREATE VIEW renamed AS SELECT ts AS t0, a FROM t;"
				 "EXPLAIN SELECT COUNT(*) AS z FROM TABLE(TUMBLE(SIZE => INTERVAL "
				 "'1' HOUR, DATA => TABLE renamed, "
				 "`OFFSET` => INTERVAL '-16' MINUTE, TIMECOL => DESCRIPTOR(t0))) "
				 "AS q GROUP BY q.window_start, q.window_end;");
	const struct fb_query_plan *query = first_query(&planned);

	/* W5: floor-mod of -16 min by one hour */
	cr_expect_eq(query->window.offset_ms, 44 * 60000);
	cr_assert_eq(planned.diags.cnt, 1);
	cr_expect_eq(planned.diags.items[0].severity, FB_WARNING);
	cr_expect_str_eq(planned.diags.items[0].message,
		"Flink streaming loses rows when the offset is not 0 (FLINK-36664, rule W5)");
	planned_fini(&planned);

	planned = plan_ok(PRELUDE, "EXPLAIN SELECT COUNT(*) AS z FROM TUMBLE(TABLE t, "
				   "DESCRIPTOR(ts), INTERVAL '10' MINUTE, "
				   "INTERVAL '-16' MINUTE)" BY_WINDOW ";");
	cr_expect_eq(first_query(&planned)->window.offset_ms, 4 * 60000);
	cr_expect_eq(planned.diags.cnt, 2, "and longer than the window");
	planned_fini(&planned);
}

Test(plan, windows_of_local_time)
{
	struct planned planned =
		plan_ok("", "SET 'table.local-time-zone' = 'GMT+08:00';"
			    "CREATE TABLE s (n BIGINT, l AS TO_TIMESTAMP_LTZ(n, 3), WATERMARK FOR "
			    "l AS l) WITH ('connector' = 'udp', "
			    "'port' = '1', 'format' = 'csv');"
			    "EXPLAIN SELECT window_start, COUNT(*) AS z FROM TUMBLE(TABLE s, "
			    "DESCRIPTOR(l), INTERVAL '1' DAY)" BY_WINDOW ";");
	const struct fb_query_plan *query = first_query(&planned);

	cr_expect_eq(query->time_shift_ms, 8 * 3600000);
	cr_expect_eq(query->time->type.kind, FB_T_TIMESTAMP_LTZ);
	cr_expect_str_eq(explain_line(&planned, "window"),
		"TUMBLE 1 day over TO_TIMESTAMP_LTZ(n, 3), from "
		"1970-01-01 00:00 of UTC+08:00 (W1)");
	planned_fini(&planned);
}

Test(plan, explain_in_full)
{
	struct planned planned = plan_ok(PRELUDE,
		"SET 'pipeline.name' = 'demo'; SET 'table.exec.source.idle-timeout' = '1 s';"
		"INSERT INTO w SELECT window_start, n, COUNT(*) FROM " TUMBLE_T
		" WHERE a > 5 GROUP BY window_start, window_end, n HAVING MAX(n) <> 'x';");

	cr_expect_str_eq(planned.explain.p,
		"pipeline demo\n"
		"  mode        streaming\n"
		"  commit      files become visible every 10 s\n"
		"  idle        a queue silent for 1 s does not hold the watermark back (M8)\n"
		"\n"
		"query w\n"
		"  source      t (kafka, csv)\n"
		"  columns     3 of 16 decoded: a, n, ts\n"
		"  watermark   highest ts seen minus 5 s, after each record; of several queues the "
		"lowest counts (M1, M3)\n"
		"  filter      a > 5\n"
		"  window      TUMBLE 1 min over ts, from 1970-01-01 00:00 (W1)\n"
		"  fires       once, when the watermark reaches window_end - 1 ms (M4)\n"
		"  late        a record whose window has fired is dropped and counted as late "
		"(M5);\n"
		"              one without event time is dropped and counted as null_time (W14)\n"
		"  slices      of 1 min, 1 per window; a record updates 1\n"
		"  keys        n STRING\n"
		"  aggregates  COUNT(*) BIGINT NOT NULL\n"
		"              MAX(n) STRING\n"
		"  state       about 48 bytes per key and open window, 16 of them key; long texts "
		"come on top\n"
		"  having      MAX(n) <> 'x'\n"
		"  select      window_start AS w TIMESTAMP(3) NOT NULL\n"
		"              n AS k STRING\n"
		"              COUNT(*) AS x BIGINT NOT NULL\n"
		"  sink        w (blackhole)\n");
	planned_fini(&planned);
}

/* ---- fingerprint ---- */

static uint64_t fingerprint(const char *sql)
{
	struct planned planned = plan_ok(PRELUDE, sql);
	uint64_t value = first_query(&planned)->fingerprint;

	planned_fini(&planned);
	return value;
}

Test(plan, fingerprints_tell_queries_apart)
{
	static const char *const texts[] = {
		"INSERT INTO p SELECT a FROM t;",
		"INSERT INTO p SELECT b FROM t;",
		"INSERT INTO p SELECT a FROM t WHERE a > 1;",
		"INSERT INTO p SELECT a FROM t WHERE a > 2;",
		"INSERT INTO p SELECT a FROM t WHERE n = 'x';",
		"INSERT INTO p SELECT a FROM t WHERE n = 'y';",
		"INSERT INTO p SELECT COUNT(*) FROM " TUMBLE_T BY_WINDOW ";",
		"INSERT INTO p SELECT COUNT(a) FROM " TUMBLE_T BY_WINDOW ";",
		"INSERT INTO p SELECT COUNT(*) FROM " TUMBLE_T BY_WINDOW ", n;",
		"INSERT INTO p SELECT COUNT(*) FROM TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '2' "
		"MINUTE)" BY_WINDOW ";",
	};

	for (size_t i = 0; i < FB_ARRAY_LEN(texts); i++)
		for (size_t j = 0; j < i; j++)
			cr_expect_neq(fingerprint(texts[i]), fingerprint(texts[j]), "%s\n%s",
				texts[i], texts[j]);
	cr_expect_eq(fingerprint("INSERT INTO p SELECT a FROM t WHERE a > 1;"),
		fingerprint("-- as before\n insert into `p`\n select t.a from t where (a) > 1"));
}

/* ---- the examples ---- */

Test(plan, warnings_have_their_place)
{
	struct planned planned =
		plan_ok(PRELUDE, "CREATE TABLE q (x BIGINT) WITH "
				 "('connector'='filesystem','path'='/x','format'='csv',\n"
				 "  'sink.parallelism'='4'); INSERT INTO q SELECT a FROM t;");

	cr_assert_eq(planned.diags.cnt, 1);
	cr_expect_eq(planned.diags.items[0].severity, FB_WARNING);
	cr_expect_str_eq(planned.diags.items[0].message,
		"option 'sink.parallelism' of a sink has no effect");
	cr_expect_eq(planned.diags.items[0].place.line, 4);
	cr_expect_eq(planned.diags.items[0].place.column, 3);
	cr_expect_eq(planned.diags.items[0].place.length, 22);
	planned_fini(&planned);
	planned = plan_ok(PRELUDE, "EXPLAIN SELECT a FROM t WHERE a <> NULL;");
	cr_assert_eq(planned.diags.cnt, 1);
	cr_expect_str_eq(planned.diags.items[0].message, "a comparison with NULL is never TRUE");
	cr_expect_str_eq(planned.diags.items[0].hint, "write IS NULL, or IS NOT NULL");
	planned_fini(&planned);
}
