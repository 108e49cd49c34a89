/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is refused, with its words and its place. The place stands in the text between « and »,
 * which are taken out before the text is planned: so line, column and length of the caret are
 * checked for every case.
 */
#include "harness.h"

#include <stdlib.h>

struct refusal {
	const char *sql;
	const char *message;
	const char *hint; /* part of it; NULL: not looked at */
};

#define KAFKA "'connector'='kafka','topic'='t','properties.bootstrap.servers'='h:1','format'='csv'"
#define ONES                                                                                     \
	"CREATE VIEW ones AS SELECT window_start AS s, window_end AS e, window_time AS rt, "     \
	"window_time + INTERVAL '1' SECOND AS later, a AS x FROM " TUMBLE_T BY_WINDOW            \
	", window_time, a; "
#define CHATS                                                                                    \
	"CREATE VIEW chats AS SELECT window_start AS s, window_end AS e, window_time AS rt "     \
	"FROM TABLE(SESSION(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE))" BY_WINDOW            \
	", window_time; "
#define MARK 2 /* bytes of « and » in UTF-8 */

static struct fb_place take_marks(char *text)
{
	char *open = strstr(text, "«");
	struct fb_place place = {1, 1, 0};

	cr_assert_not_null(open, "%s", text);
	memmove(open, open + MARK, strlen(open + MARK) + 1);

	char *close = strstr(text, "»");

	cr_assert_not_null(close, "%s", text);
	memmove(close, close + MARK, strlen(close + MARK) + 1);
	place.length = (uint32_t)(close - open);
	for (const char *at = text; at < open; at++) {
		place.column = *at == '\n' ? 1 : place.column + 1;
		place.line += *at == '\n';
	}
	return place;
}

static void check(const char *prelude, const struct refusal *refusal)
{
	char *text = NULL;

	cr_assert_geq(asprintf(&text, "%s%s", prelude, refusal->sql), 0);

	struct fb_place place = take_marks(text);
	struct planned planned = plan_text("", text);
	const struct fb_diag *diag = NULL;

	cr_assert_eq(planned.err, FB_E_SYNTAX, "not refused: %s", refusal->sql);
	for (size_t i = 0; i < planned.diags.cnt && diag == NULL; i++)
		if (planned.diags.items[i].severity == FB_ERROR_SEVERITY)
			diag = &planned.diags.items[i];
	cr_assert_not_null(diag);
	cr_expect_eq(planned.diags.error_cnt, 1, "more than one error: %s", refusal->sql);
	cr_expect_str_eq(
		diag->message, refusal->message, "%s\n   is: %s", refusal->sql, diag->message);
	cr_expect(diag->place.line == place.line && diag->place.column == place.column &&
			  diag->place.length == place.length,
		"%s\n   at %u:%u+%u, not %u:%u+%u", refusal->sql, diag->place.line,
		diag->place.column, diag->place.length, place.line, place.column, place.length);
	if (refusal->hint != NULL)
		cr_expect(diag->hint != NULL && strstr(diag->hint, refusal->hint) != NULL,
			"%s\n   hint: %s", refusal->sql, diag->hint ? diag->hint : "none");
	planned_fini(&planned);
	free(text);
}

/* clang-format off */
static const struct refusal settings[] = {
	{"SET «'pipeline.nam'» = 'x';", "there is no setting 'pipeline.nam'", "did you mean 'pipeline.name'?"},
	{"SET 'table.local-time-zone' = «'Europe/Berlin'»;", "zone 'Europe/Berlin' has no fixed offset; zones with daylight saving come with release 2 (rule W3)", "GMT+08:00"},
	{"SET 'table.local-time-zone' = «'GMT+19:00'»;", "zone 'GMT+19:00' has no fixed offset; zones with daylight saving come with release 2 (rule W3)", NULL},
	{"SET 'execution.checkpointing.interval' = «'10 parsecs'»;", "'10 parsecs' is no duration", "10 s"},
	{"SET 'execution.checkpointing.interval' = «'1 ms'»;", "'execution.checkpointing.interval' must be at least 10 ms", NULL},
	{"SET 'execution.checkpointing.interval' = «'99999999999999 d'»;", "'99999999999999 d' is no duration", NULL},
	{"SET 'execution.runtime-mode' = «'automatic'»;", "there is no runtime mode 'automatic'", "batch"},
	{"SET 'pipeline.name' = «''»;", "a pipeline needs a name", NULL},
	{"«SET»;", "SET alone lists settings, which a pipeline file cannot", NULL},
	{"SET «x» = 3;", "the key of SET is written in quotes", "SET 'key' = 'value'"},
	{"RESET «'nope'»;", "there is no setting 'nope'", NULL},
	{"EXPLAIN SELECT a FROM nw; «SET 'pipeline.name' = 'late'»;", "a setting cannot change behind an INSERT or EXPLAIN", "in front of"},
	{"EXPLAIN SELECT a FROM nw; «RESET»;", "a setting cannot change behind an INSERT or EXPLAIN", NULL},
};

static const struct refusal words[] = {
	{"INSERT INTO p «SELEC» a FROM t;", "unexpected 'SELEC'", "did you mean SELECT?"},
	{"INSERT INTO p SELECT a FORM «t»;", "unexpected 't'", "did you mean FROM instead of FORM?"},
	{"INSERT INTO p SELECT a b «c» FROM t;", "unexpected 'c'", NULL},
	{"EXPLAIN SELECT a FROM t WHERE a =«=» 'x';", "unexpected '='", "one = compares"},
	{"CREATE TABLE q (x INT,«)» WITH ('connector'='print');", "unexpected ')'", "the comma in front of it is one too many"},
	{"EXPLAIN SELECT a, «FROM» t;", "'FROM' is a reserved word and no bare name", "the comma in front of it is one too many"},
	{"CREATE TABLE q (x INT) WITH («connector»='print');", "unexpected 'connector', expected text", "'connector' = 'kafka'"},
	{"SET «table».local = 'x';", "'table' is a reserved word and no bare name", "SET 'key' = 'value'"},
	{"«TRUNCATE» TABLE t;", "unexpected 'TRUNCATE'", "empty the sink itself"},
	{"EXPLAIN SELECT a FROM t; «STOP» JOB 'x';", "unexpected 'STOP'", "forebay drop"},
	{"INSERT INTO p SELECT a FROM t WHERE«;»", "unexpected ';'", NULL},
	{"INSERT INTO p SELECT a AS «value» FROM t;", "'value' is a reserved word and no bare name", "`value`"},
	{"CREATE TABLE q («bytes» INT) WITH ('connector'='print');", "'bytes' is a reserved word and no bare name", "`bytes`"},
	{"CREATE TABLE q («one» INT) WITH ('connector'='print');", "'one' is a reserved word and no bare name", NULL},
	{"CREATE TABLE q («dec» INT) WITH ('connector'='print');", "'dec' is a reserved word and no bare name", NULL},
	{"EXPLAIN SELECT «\"a\"» FROM t;", "double quotes have no meaning here", "backticks"},
	{"EXPLAIN SELECT a FROM t WHERE n = «U&'\\0041'»;", "text with unicode escapes (U&'…') is not supported", NULL},
	{"EXPLAIN SELECT a FROM t WHERE bin = «X'00'»;", "binary and national texts (X'…', N'…') are not supported", NULL},
	{"EXPLAIN SELECT «'abc\n»", "text is not closed", "close it with '"},
	{"EXPLAIN SELECT «`abc\n»", "quoted name is not closed", NULL},
	{"«/* not closed»", "comment is not closed", "*/"},
	{"EXPLAIN SELECT «1a» FROM t;", "neither a number nor a name", NULL},
	{"EXPLAIN SELECT a «?» FROM t;", "'?' has no meaning here", NULL},
};

static const struct refusal statements[] = {
	{"«SELECT a FROM t»;", "a SELECT alone has nowhere to put its rows", "INSERT INTO sink"},
	{"«SHOW CATALOGS»;", "SHOW CATALOGS is not supported", "SHOW TABLES"},
	{"SHOW CREATE «VIEW» t;", "SHOW CREATE VIEW is not supported", "DESCRIBE"},
	{"SHOW CREATE TABLE «nope»;", "there is no table or view 'nope'", NULL},
	{"CREATE VIEW z AS SELECT a FROM nw; SHOW CREATE TABLE «z»;", "'z' is a view", "DESCRIBE"},
	{"DESCRIBE «nope»;", "there is no table or view 'nope'", NULL},
	{"DESC «x.t»;", "there is one catalog and one database: default_catalog.default_database", NULL},
	{"«ALTER» TABLE t ADD x INT;", "ALTER comes with release 2", NULL},
	{"CREATE «FUNCTION» f AS 'x';", "CREATE FUNCTION comes with release 2", NULL},
	{"CREATE TABLE q «LIKE» t;", "CREATE TABLE … LIKE comes with release 2", NULL},
	{"CREATE TABLE q WITH ('connector'='print') «AS» SELECT a FROM t;", "CREATE TABLE … AS SELECT comes with release 2", NULL},
	{"CREATE «DATABASE» x;", "CREATE DATABASE is not supported", NULL},
	{"«USE» CATALOG x;", "USE is not supported: there is one catalog and one database", NULL},
	{"«DELETE» FROM t;", "DELETE is not supported: results are only added", NULL},
	{"INSERT «OVERWRITE» p SELECT a FROM t;", "INSERT OVERWRITE comes with release 2", NULL},
	{"INSERT INTO p «PARTITION» (x=1) SELECT a FROM t;", "INSERT INTO … PARTITION comes with release 2", NULL},
	{"INSERT INTO «p» VALUES (1, 2);", "sink 'p' takes 1 column, the query gives 2", NULL},
	{"INSERT INTO p VALUES (1), «(1, 2)»;", "VALUES: this row has 2 values, the first has 1", NULL},
	{"INSERT INTO p VALUES (1), («'x'»);", "column 1 of VALUES is CHAR(1) here and INT before", "CAST"},
	{"INSERT INTO p VALUES («'x'»);", "column 1 'x' of sink 'p' is BIGINT, the query gives CHAR(1)", NULL},
	{"INSERT INTO p VALUES («a»);", "there is no column 'a'", NULL},
	{"INSERT INTO p VALUES («COUNT(*)»);", "COUNT cannot stand in VALUES", NULL},
	{"INSERT INTO p /*+ «OPTION»('print-identifier' = 'x') */ SELECT a FROM t;", "there is no hint 'OPTION'", "OPTIONS('key' = 'value')"},
	{"INSERT INTO p /*+ OPTIONS(«'print-identifer' = 'x'») */ SELECT a FROM t;", "connector 'print' has no option 'print-identifer'", "did you mean 'print-identifier'?"},
	{"INSERT INTO p /*+ OPTIONS(«'connector' = 'blackhole'») */ SELECT a FROM t;", "a hint cannot change the connector", NULL},
	{"INSERT INTO p SELECT a FROM t /*+ OPTIONS('topic' = 'y'), «OPTIONS('topic' = 'z')» */;", "a table takes one hint", NULL},
	{"INSERT INTO p SELECT a FROM t /*+ OPTIONS(«'csv.quote-character' = 'ab'») */;", "'csv.quote-character' cannot be 'ab'", NULL},
	{"CREATE VIEW z AS SELECT a FROM t; INSERT INTO p SELECT a FROM z «/*+ OPTIONS('topic' = 'y') */»;", "'z' is no table: only tables have options", NULL},
	{"INSERT INTO p SELECT «/*+» BROADCAST(t) */ a FROM t;", "a hint behind SELECT is not supported", NULL},
	{"CREATE TEMPORARY TABLE t (a INT) WITH ('connector'='print'); DROP TABLE «t»;", "'t' is temporary", "DROP TEMPORARY TABLE"},
	{"DROP TEMPORARY TABLE «t»;", "there is no temporary table 't'", NULL},
	{"EXPLAIN «ESTIMATED_COST» SELECT a FROM t;", "explain details (ESTIMATED_COST) are not supported", NULL},
	{"DROP TABLE «nope»;", "there is no table 'nope'", "IF EXISTS"},
	{"DROP VIEW «t»;", "'t' is no view", "DROP TABLE"},
	{"DROP TABLE t; EXPLAIN SELECT a FROM «t»;", "there is no table or view 't'", NULL},
	{"CREATE VIEW z AS SELECT a FROM t; DROP TABLE t; EXPLAIN SELECT a FROM «z»;", "view 'z' reads a table that was dropped", NULL},
	{"CREATE VIEW «t» AS SELECT a FROM nw;", "'t' is there already", "IF NOT EXISTS"},
	{"CREATE VIEW z («x, y») AS SELECT a FROM nw;", "2 names for 1 column", NULL},
	{"CREATE VIEW z AS SELECT «aa» FROM nw; EXPLAIN SELECT a FROM z;", "there is no column 'aa'", "did you mean a?"},
	{"EXECUTE STATEMENT SET BEGIN INSERT INTO p SELECT «q» FROM t; END;", "there is no column 'q'", NULL},
};

static const struct refusal tables[] = {
	{"CREATE TABLE q (x «MAP»<INT, INT>) WITH ('connector'='print');", "type MAP comes with release 2", NULL},
	{"CREATE TABLE q (x «ROW»<a INT>) WITH ('connector'='print');", "type ROW comes with release 2", NULL},
	{"CREATE TABLE q (x «ARRAY»<INT>) WITH ('connector'='print');", "types ARRAY and MULTISET comes with release 2", NULL},
	{"CREATE TABLE q (x «TIME») WITH ('connector'='print');", "type TIME comes with release 2", NULL},
	{"CREATE TABLE q (x «LONG») WITH ('connector'='print');", "no type is named 'LONG'", "BIGINT"},
	{"CREATE TABLE q (x «DECIMAL(39)») WITH ('connector'='print');", "DECIMAL has 1 to 38 digits", NULL},
	{"CREATE TABLE q (x «DECIMAL(3, 4)») WITH ('connector'='print');", "DECIMAL cannot have more digits behind the point than in all", NULL},
	{"CREATE TABLE q (x «TIMESTAMP(9)») WITH ('connector'='print');", "TIMESTAMP has at most 6 digits of a fraction", NULL},
	{"CREATE TABLE q (x «TIMESTAMP_LTZ») WITH ('connector'='print');", "TIMESTAMP_LTZ has at most 3 digits of a fraction here, and 6 if none are given", "TIMESTAMP_LTZ(3)"},
	{"CREATE TABLE q (x TIMESTAMP(3) «WITH TIME» ZONE) WITH ('connector'='print');", "TIMESTAMP WITH TIME ZONE is not supported", NULL},
	{"CREATE TABLE q (x «CHAR(0)») WITH ('connector'='print');", "a length is at least 1", NULL},
	{"CREATE TABLE q (x INT, «x» INT) WITH ('connector'='print');", "column 'x' is there already", NULL},
	{"CREATE TABLE q (x INT, «PRIMARY KEY (x)») WITH ('connector'='print');", "a PRIMARY KEY cannot be enforced", "NOT ENFORCED"},
	{"CREATE TABLE q (x INT, PRIMARY KEY («z») NOT ENFORCED) WITH ('connector'='print');", "PRIMARY KEY names 'z', which is no physical column", NULL},
	{"CREATE TABLE q (x INT PRIMARY KEY NOT ENFORCED, «PRIMARY KEY (x) NOT ENFORCED») WITH ('connector'='print');", "a table has one PRIMARY KEY", NULL},
	{"CREATE TABLE q (x INT «UNIQUE») WITH ('connector'='print');", "UNIQUE is not supported", NULL},
	{"CREATE TABLE q (ts TIMESTAMP(6), WATERMARK FOR «ts» AS ts) WITH ('connector'='print');", "the watermark column must be TIMESTAMP(3) or TIMESTAMP_LTZ(3), this is TIMESTAMP(6)", "TIMESTAMP(3)"},
	{"CREATE TABLE q (ts STRING, WATERMARK FOR «ts» AS ts) WITH ('connector'='print');", "the watermark column must be TIMESTAMP(3) or TIMESTAMP_LTZ(3), this is STRING", "TO_TIMESTAMP"},
	{"CREATE TABLE q (ts TIMESTAMP(3), WATERMARK FOR ts AS «ts + INTERVAL '1' SECOND») WITH ('connector'='print');", "a watermark is its column, or its column minus an INTERVAL", NULL},
	{"CREATE TABLE q (ts TIMESTAMP(3), WATERMARK FOR ts AS ts - «INTERVAL '-1' SECOND») WITH ('connector'='print');", "the delay of a watermark cannot be negative", NULL},
	{"CREATE TABLE q (ts TIMESTAMP(3), WATERMARK FOR «tt» AS tt) WITH ('connector'='print');", "there is no column 'tt'", NULL},
	{"CREATE TABLE q (ts TIMESTAMP(3), WATERMARK FOR ts AS ts, «WATERMARK FOR ts AS ts») WITH ('connector'='print');", "a table has one WATERMARK", NULL},
	{"CREATE TABLE q (x INT, y AS x + 1, z AS «y» + 1) WITH ('connector'='print');", "there is no column 'y'", NULL},
	{"CREATE TABLE q (x INT, y AS «SUM(x)») WITH ('connector'='print');", "SUM cannot stand in a computed column", NULL},
	{"CREATE TABLE q (x INT, y AS «PROCTIME()») WITH ('connector'='print');", "function PROCTIME comes with release 2", NULL},
	{"CREATE TABLE «q» (y AS 1) WITH ('connector'='print');", "a table needs a physical column", NULL},
	{"CREATE TABLE q (x INT, ts STRING METADATA FROM 'timestamp', o «DATE» METADATA FROM 'offset' VIRTUAL, u TIMESTAMP(3) METADATA FROM 'timestamp') WITH (" KAFKA ");", "metadata 'offset' is no DATE", "declare it as BIGINT"},
	{"CREATE TABLE q (x INT, «h» STRING METADATA FROM 'headers') WITH (" KAFKA ");", "metadata 'headers' is a MAP, which comes with release 2", NULL},
	{"CREATE TABLE q (x INT, «h» STRING METADATA FROM 'topic') WITH ('connector'='udp','port'='1','format'='csv');", "connector 'udp' has no metadata 'topic'", NULL},
	{"CREATE TABLE q (x INT, «y» INT METADATA FROM 'nope') WITH (" KAFKA ");", "connector 'kafka' has no metadata 'nope'", NULL},
	{"CREATE TABLE q (x INT, a INT METADATA FROM 'offset', «b» BIGINT METADATA FROM 'offset') WITH (" KAFKA ");", "columns 'a' and 'b' are both metadata 'offset'", "make one of them a computed column over the other"},
	{"CREATE TABLE q (x INT) «PARTITIONED BY (x)» WITH ('connector'='filesystem','path'='/x','format'='csv');", "a column must be left for the files", NULL},
	{"CREATE TABLE q (x INT, y INT) PARTITIONED BY («z») WITH ('connector'='filesystem','path'='/x','format'='csv');", "PARTITIONED BY names 'z', which is no physical column", NULL},
	{"CREATE TABLE q (x INT, y AS x + 1) PARTITIONED BY («y») WITH ('connector'='filesystem','path'='/x','format'='csv');", "PARTITIONED BY names 'y', which is no physical column", NULL},
	{"CREATE TABLE q (x INT, y INT, z INT) PARTITIONED BY (y, «y») WITH ('connector'='filesystem','path'='/x','format'='csv');", "a column is in PARTITIONED BY twice", NULL},
	{"CREATE TABLE q (x INT, y BYTES) «PARTITIONED BY (y)» WITH ('connector'='filesystem','path'='/x','format'='csv');", "BYTES has no name as a folder", NULL},
	{"CREATE TABLE q (x INT, y INT) «PARTITIONED BY (y)» WITH (" KAFKA ");", "connector 'kafka' has no partitions; 'filesystem' has", NULL},
	{"CREATE TABLE q (x INT, y INT) PARTITIONED BY (y) WITH ('connector'='filesystem','path'='/x','format'='csv'); INSERT INTO p «SELECT» x FROM q;", "reading table 'q', which is partitioned, is planned, not yet here", NULL},
	{"CREATE TABLE «q» (x INT);", "the table has no option 'connector'", NULL},
	{"CREATE TABLE «q» (x INT) WITH ('format'='csv');", "the table has no option 'connector'", NULL},
};

static const struct refusal options[] = {
	{"CREATE TABLE q (x INT) WITH ('connector'='filesystem','path'='/x','format'='csv',«'csv.delimiter'=';'»);", "connector 'filesystem' with format 'csv' has no option 'csv.delimiter'", "did you mean 'csv.field-delimiter'?"},
	{"CREATE TABLE «q» (x INT) WITH ('connector'='filesystem','format'='csv');", "connector 'filesystem' needs option 'path'", "add 'path' = "},
	{"CREATE TABLE q (x INT) WITH ('connector'='datagen',«'fields.y.kind'='random'»);", "'fields.y.kind' is of no column of the table", NULL},
	{"CREATE TABLE q (x INT) WITH ('connector'='datagen',«'fields.x.length'='3'»);", "column 'x' cannot be generated so: a column of this type and kind has no such option", NULL},
	{"CREATE TABLE q (x INT) WITH ('connector'='datagen','fields.x.max'='5',«'fields.x.min'='z'»);", "column 'x' cannot be generated so: write a whole number", NULL},
	{"CREATE TABLE q (x BIGINT) WITH ('connector'='datagen',«'fields.x.min'='-z'»);", "column 'x' cannot be generated so: write a whole number", NULL},
	{"CREATE TABLE q (x TINYINT) WITH ('connector'='datagen',«'fields.x.max'='128'»);", "column 'x' cannot be generated so: the column cannot hold this number", NULL},
	{"CREATE TABLE q (x INT) WITH ('connector'='datagen',«'fields.x.kind'='sequence'»,'fields.x.start'='3');", "column 'x' cannot be generated so: a sequence needs its 'end'", NULL},
	{"CREATE TABLE q (x INT) WITH ('connector'='datagen','fields.x.kind'='sequence','fields.x.start'='3',«'fields.x.end'='2'»);", "column 'x' cannot be generated so: the end is before the start", NULL},
	{"CREATE TABLE q (x FLOAT) WITH ('connector'='datagen',«'fields.x.null-rate'='1.5'»);", "column 'x' cannot be generated so: write a number from 0 to 1", NULL},
	{"CREATE TABLE q (x INT) WITH («'connector'='kafa'»);", "there is no connector 'kafa'", "did you mean 'kafka'?"},
	{"CREATE TABLE q (x INT) WITH («'connector'='upsert-kafka'»);", "connector 'upsert-kafka' comes with release 2", NULL},
	{"CREATE TABLE q (x INT) WITH («'connector'='hbase-2.2'»);", "connector 'hbase-2.2' comes with release 2", NULL},
	{"CREATE TABLE q (x INT) WITH ('connector'='datagen', «'rows-per-second'='0'»);", "'rows-per-second' cannot be '0'", "from 1 on"},
	{"CREATE TABLE «q» (x INT) WITH ('connector'='kafka','topic'='t','format'='csv');", "connector 'kafka' needs option 'properties.bootstrap.servers'", NULL},
	{"CREATE TABLE «q» (x INT) WITH ('connector'='kafka','properties.bootstrap.servers'='h:1','format'='csv');", "connector 'kafka' needs option 'topic'", NULL},
	{"CREATE TABLE «q» (x INT) WITH ('connector'='filesystem','path'='/x');", "connector 'filesystem' needs option 'format'", NULL},
	{"CREATE TABLE «q» (x INT) WITH ('connector'='udp','format'='csv');", "connector 'udp' needs option 'port'", NULL},
	{"CREATE TABLE q (x INT) WITH ('connector'='udp','format'='csv',«'port'='70000'»);", "'port' cannot be '70000'", "65535"},
	{"CREATE TABLE q (x INT) WITH ('connector'='filesystem','format'='csv',«'path'='s3://x'»);", "'path' cannot be 's3://x'", "hdfs://"},
	{"CREATE TABLE q (x INT) WITH ('connector'='print',«'format'='csv'»);", "connector 'print' has no option 'format'", NULL},
	{"CREATE TABLE q (x INT) WITH ('connector'='filesystem','path'='/x',«'format'='parquet'»);", "format 'parquet' comes with release 2", NULL},
	{"CREATE TABLE q (x INT) WITH ('connector'='filesystem','path'='/x',«'format'='cvs'»);", "there is no format 'cvs'", "'csv'"},
	{"CREATE TABLE q (x INT) WITH (" KAFKA ",«'csv.field-delimter'=';'»);", "connector 'kafka' with format 'csv' has no option 'csv.field-delimter'", "did you mean 'csv.field-delimiter'?"},
	{"CREATE TABLE q (x INT) WITH (" KAFKA ",«'json.ignore-parse-errors'='true'»);", "connector 'kafka' with format 'csv' has no option 'json.ignore-parse-errors'", NULL},
	{"CREATE TABLE q (x INT) WITH ('connector'='udp','port'='1','format'='json','json.ignore-parse-errors'='true',«'json.fail-on-missing-field'='true'»);", "'json.fail-on-missing-field' and 'json.ignore-parse-errors' exclude each other", NULL},
	{"CREATE TABLE q (x INT) WITH (" KAFKA ",«'csv.ignore-parse-errors'='maybe'»);", "'csv.ignore-parse-errors' cannot be 'maybe'", "true"},
	{"CREATE TABLE q (x INT) WITH (" KAFKA ",«'csv.field-delimiter'='ab'»);", "'csv.field-delimiter' cannot be 'ab'", "one character"},
	{"CREATE TABLE q (x INT) WITH (" KAFKA ",«'scan.startup.mode'='earliest'»);", "'scan.startup.mode' cannot be 'earliest'", "earliest-offset"},
	{"CREATE TABLE q (x INT) WITH (" KAFKA ",«'sink.delivery-guarantee'='exactly-once'»);", "'sink.delivery-guarantee' = 'exactly-once' is planned, not yet here", NULL},
	{"CREATE TABLE q (x INT) WITH (" KAFKA ",«'topic-pattern'='x'»);", "'topic' and 'topic-pattern' exclude each other", NULL},
	{"CREATE TABLE q (x INT) WITH (" KAFKA ",«'topic'='x'»);", "option 'topic' is given twice", NULL},
	{"CREATE TABLE q (x INT) WITH (" KAFKA ",«'value.format'='csv'»);", "'format' and 'value.format' exclude each other", NULL},
	{"CREATE TABLE q (x INT) WITH (" KAFKA ",«'key.fields'='x'»);", "'key.fields' and 'key.format' go together", NULL},
	{"CREATE TABLE q (x INT) WITH (" KAFKA ",'key.format'='csv',«'key.fields'='z'»);", "'key.fields' names 'z', which is no column", NULL},
	{"CREATE TABLE q (x INT) WITH ('connector'='udp','port'='1',«'format'='raw'»);", "format 'raw' takes text or bytes, no numbers", "one column"},
	{"CREATE TABLE q (x INT, y INT) WITH ('connector'='udp','port'='1',«'format'='raw'»);", "format 'raw' takes one column, the value has 2", "one column"},
	{"CREATE TABLE q (x INT, y INT) WITH ('connector'='kafka','topic'='t','properties.bootstrap.servers'='h:1',«'key.format'='raw'»,'key.fields'='x;y','value.format'='csv');", "format 'raw' takes one column, the key has 2", NULL},
	{"CREATE TABLE q (x INT) WITH (" KAFKA ",'key.format'='csv','key.fields'='x',«'value.fields-include'='EXCEPT_KEY'»);", "no column is left for the value", NULL},
	{"CREATE TABLE q (x INT) WITH (" KAFKA ",«'key.format'='cvs'»,'key.fields'='x');", "there is no format 'cvs'", "did you mean 'csv'?"},
	{"CREATE TABLE q (x INT, y INT) PARTITIONED BY (y) WITH ('connector'='filesystem','path'='/x','format'='csv',«'sink.partition-commit.trigger'='partition-time'»);", "'sink.partition-commit.trigger' = 'partition-time' is planned, not yet here", NULL},
	{"CREATE TABLE q (x INT, y INT) PARTITIONED BY (y) WITH ('connector'='filesystem','path'='/x','format'='csv',«'sink.partition-commit.policy.kind'='metastore'»);", "'sink.partition-commit.policy.kind' cannot be 'metastore'", "success-file"},
	{"CREATE TABLE q (x INT, y INT) PARTITIONED BY (y) WITH ('connector'='filesystem','path'='/x','format'='csv',«'sink.partition-commit.success-file.name'='../up'»);", "'sink.partition-commit.success-file.name' cannot be '../up'", "without /"},
	{"CREATE TABLE q (x INT, y INT) PARTITIONED BY (y) WITH ('connector'='filesystem','path'='/x','format'='csv',«'sink.partition-commit.delay'='1 h'»,'auto-compaction'='FALSE','partition.time-extractor.kind'='default'); INSERT INTO q VALUES (1, 2);", "option 'sink.partition-commit.delay' of a sink is planned, not yet here", NULL},
	{"CREATE TABLE q (x INT, b BYTES) WITH (" KAFKA "); CREATE TABLE «q» (x INT) WITH (" KAFKA ");", "'q' is there already", "IF NOT EXISTS"},
	{"INSERT INTO p SELECT «NULL» FROM t;", "a bare NULL has no type", "CAST(NULL AS INT)"},
	{"INSERT INTO p VALUES («NULL»);", "a bare NULL has no type", NULL},
	{"CREATE TABLE q (x INT) WITH (" KAFKA ",«'scan.parallelism'='0'»);", "'scan.parallelism' cannot be '0'", NULL},
	{"CREATE TABLE q (x INT) WITH ('connector'='filesystem','path'='/x','format'='csv',«'auto-compaction'='true'»); INSERT INTO q SELECT a FROM t;", "option 'auto-compaction' of a sink is planned, not yet here", NULL},
	{"CREATE TABLE q (x INT) WITH ('connector'='kafka',«'topic'='t;u'»,'properties.bootstrap.servers'='h','format'='csv'); INSERT INTO q SELECT a FROM t;", "a Kafka sink writes to one 'topic'", NULL},
	{"INSERT INTO p «SELECT» x FROM p;", "table 'p' cannot be a source: connector 'print' is only a sink", NULL},
	{"INSERT INTO «nw» SELECT a, n FROM t;", "table 'nw' cannot be a sink: connector 'udp' is only a source", NULL},
};

static const struct refusal queries[] = {
	{"INSERT INTO p SELECT «aa» FROM t;", "there is no column 'aa'", "did you mean a?"},
	{"INSERT INTO p SELECT a FROM «tt»;", "there is no table or view 'tt'", "did you mean t?"},
	{"INSERT INTO p SELECT a FROM «x.t»;", "there is one catalog and one database: default_catalog.default_database", NULL},
	{"INSERT INTO p SELECT a FROM (SELECT a FROM t) AS z WHERE «t.a» > 1;", "there is no column 't.a'", "FROM has no 't'"},
	{"INSERT INTO p SELECT «x» FROM (SELECT a AS x, b AS x FROM t);", "column 'x' is there twice", NULL},
	{"INSERT INTO p SELECT a FROM t «ORDER» BY a;", "ORDER BY comes with release 2", NULL},
	{"INSERT INTO p SELECT a FROM t «LIMIT» 5;", "LIMIT comes with release 2", NULL},
	{"INSERT INTO p SELECT «DISTINCT» a FROM t;", "SELECT DISTINCT comes with release 2", NULL},
	{"INSERT INTO p SELECT t.a FROM t «JOIN» nw ON t.a = nw.a;", "JOIN comes with release 2", NULL},
	{"INSERT INTO p SELECT t.a FROM t «LEFT» JOIN nw ON t.a = nw.a;", "JOIN comes with release 2", NULL},
	{"INSERT INTO p SELECT t.a FROM t«,» nw;", "a join (several tables in FROM) comes with release 2", NULL},
	{"INSERT INTO p SELECT a FROM t «UNION ALL» SELECT b, a FROM t;", "UNION ALL of 1 and 2 columns", NULL},
	{"INSERT INTO p SELECT a FROM t UNION ALL SELECT «n» FROM t;", "column 1 of UNION ALL is STRING here and INT before", "CAST"},
	{"INSERT INTO p SELECT a FROM t UNION ALL SELECT b FROM t UNION ALL SELECT «ok» FROM t;", "column 1 of UNION ALL is BOOLEAN here and BIGINT before", NULL},
	{"CREATE VIEW u AS SELECT a, ts FROM t UNION ALL SELECT a + 1, ts FROM t; INSERT INTO p SELECT COUNT(*) FROM «SESSION(TABLE u, DESCRIPTOR(ts), INTERVAL '1' MINUTE)»" BY_WINDOW ";", "SESSION over a UNION ALL is planned, not yet here", NULL},
	{"CREATE VIEW u AS SELECT a, ts FROM t UNION ALL SELECT a + 1, ts FROM t; CREATE VIEW m AS SELECT window_time AS wt FROM TUMBLE(TABLE u, DESCRIPTOR(ts), INTERVAL '1' MINUTE)" BY_WINDOW ", window_time; INSERT INTO p SELECT COUNT(*) FROM «SESSION(TABLE m, DESCRIPTOR(wt), INTERVAL '1' MINUTE)»" BY_WINDOW ";", "SESSION over a UNION ALL is planned, not yet here", NULL},
	{"CREATE VIEW u AS SELECT a, ts FROM t UNION ALL SELECT a + 1, ts FROM t; INSERT INTO p SELECT «a» FROM TUMBLE(TABLE u, DESCRIPTOR(ts), INTERVAL '1' MINUTE)" BY_WINDOW ";", "column 'a' is neither in GROUP BY nor inside an aggregate", NULL},
	{"CREATE VIEW u AS SELECT a, ts FROM t UNION ALL SELECT a, t6 FROM t; INSERT INTO p SELECT COUNT(*) FROM TUMBLE(TABLE u, DESCRIPTOR(«ts»), INTERVAL '1' MINUTE)" BY_WINDOW ";", "'ts' is not the time column of every side of the UNION ALL", "WATERMARK"},
	{"CREATE TABLE still (a INT, ts TIMESTAMP(3)) WITH (" KAFKA "); CREATE VIEW u AS SELECT a, ts FROM t UNION ALL SELECT a, ts FROM still; INSERT INTO p SELECT COUNT(*) FROM TUMBLE(TABLE u, DESCRIPTOR(«ts»), INTERVAL '1' MINUTE)" BY_WINDOW ";", "table 'still' has no WATERMARK, so its windows would never end", "CREATE TABLE still"},
	{"CREATE VIEW u AS SELECT ts FROM t UNION ALL VALUES (TIMESTAMP '2024-01-01 00:00:00.000'); INSERT INTO p SELECT COUNT(*) FROM «TUMBLE(TABLE u, DESCRIPTOR(ts), INTERVAL '1' MINUTE)»" BY_WINDOW ";", "rows of VALUES have no time column", "WATERMARK"},
	{ONES "CREATE VIEW u AS SELECT rt FROM ones UNION ALL SELECT rt FROM ones; INSERT INTO p SELECT COUNT(*) FROM «TUMBLE(TABLE u, DESCRIPTOR(rt), INTERVAL '1' HOUR)»" BY_WINDOW ";", "a window over a UNION ALL of windows is planned, not yet here", NULL},
	{"CREATE VIEW u AS SELECT ts FROM t UNION ALL SELECT ts FROM " TUMBLE_T "; INSERT INTO p SELECT COUNT(*) FROM «TUMBLE(TABLE u, DESCRIPTOR(ts), INTERVAL '1' HOUR)»" BY_WINDOW ";", "a window function over a UNION ALL of others is planned, not yet here", NULL},
	{"CREATE VIEW c AS VALUES (1, TIMESTAMP '2024-01-01 00:00:00'); INSERT INTO p SELECT COUNT(*) FROM TUMBLE(TABLE c, DESCRIPTOR(«EXPR$1»), INTERVAL '1' MINUTE)" BY_WINDOW ";", "rows of VALUES have no time column", "WATERMARK"},
	{"INSERT INTO p SELECT a FROM t UNION «SELECT» b FROM t;", "UNION without ALL is not supported and not planned", "UNION ALL"},
	{"INSERT INTO p SELECT a FROM t UNION «DISTINCT» SELECT b FROM t;", "UNION without ALL is not supported and not planned", "UNION ALL"},
	{"INSERT INTO p SELECT a FROM t «EXCEPT» SELECT b FROM t;", "EXCEPT is not supported and not planned", NULL},
	{"INSERT INTO p SELECT a FROM t «INTERSECT» SELECT b FROM t;", "INTERSECT is not supported and not planned", NULL},
	{"INSERT INTO p SELECT COUNT(*) FROM t GROUP BY «GROUPING» SETS ((a), (n));", "GROUPING SETS comes with release 2", NULL},
	{"INSERT INTO p SELECT a FROM t «QUALIFY» a = 1;", "QUALIFY comes with release 2", NULL},
	{"INSERT INTO p SELECT a FROM t «OFFSET» 5;", "OFFSET comes with release 2", NULL},
	{"INSERT INTO p SELECT a FROM t «FETCH» FIRST 5 ROWS ONLY;", "FETCH comes with release 2", NULL},
	{"INSERT INTO p SELECT a FROM t «MATCH_RECOGNIZE» (PATTERN (A));", "MATCH_RECOGNIZE is not supported and not planned", NULL},
	{"INSERT INTO p SELECT «*»;", "a * needs FROM", NULL},
	{"INSERT INTO p SELECT «a»;", "there is no column 'a'", NULL},
	{"INSERT INTO p SELECT a FROM t WHERE x.«*» > 1;", "unexpected '*'", NULL},
	{"INSERT INTO p SELECT «z.*» FROM t;", "FROM has no 'z'", NULL},
	{"INSERT INTO p SELECT a FROM TABLE(«t»);", "TABLE(…) takes a window table function", NULL},
	{"INSERT INTO p SELECT a FROM t WHERE «a»;", "WHERE must be BOOLEAN, this is INT", NULL},
	{"INSERT INTO p SELECT a FROM t WHERE «SUM(a)» > 3;", "SUM cannot stand in WHERE", "HAVING"},
	{"INSERT INTO p SELECT «COUNT(*)» FROM t;", "an aggregate without a window comes with release 2", "TUMBLE"},
	{"INSERT INTO p SELECT COUNT(*) FROM t «GROUP BY a»;", "GROUP BY without a window comes with release 2", "TUMBLE"},
	{"INSERT INTO p SELECT COUNT(*) FROM t «GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE)»;", "GROUP BY without a window comes with release 2", "TUMBLE"},
	{"INSERT INTO p SELECT a FROM t WHERE a «IN» (SELECT a FROM nw);", "IN (SELECT …) comes with release 2", NULL},
	{"INSERT INTO p SELECT a FROM t WHERE «EXISTS» (SELECT a FROM nw);", "EXISTS comes with release 2", NULL},
	{"INSERT INTO p SELECT «(SELECT» a FROM nw) FROM t;", "a subquery inside an expression comes with release 2", NULL},
	{"INSERT INTO p SELECT SUM(a) «OVER» (PARTITION BY n) FROM t;", "OVER (…) comes with release 2", NULL},
};

static const struct refusal windows[] = {
	{"INSERT INTO p SELECT COUNT(*) FROM SESSION(TABLE t PARTITION BY n, DESCRIPTOR(ts), INTERVAL '1' MINUTE) «GROUP BY window_start, window_end»;", "GROUP BY over SESSION must hold the columns of PARTITION BY", "all columns"},
	{"INSERT INTO p SELECT COUNT(*) FROM SESSION(TABLE t PARTITION BY n, DESCRIPTOR(ts), INTERVAL '1' MINUTE)" BY_WINDOW ", n, «a»;", "a key of GROUP BY that is not in PARTITION BY of SESSION is planned, not yet here", "PARTITION BY"},
	{"INSERT INTO p SELECT COUNT(*) FROM SESSION(TABLE t PARTITION BY «z», DESCRIPTOR(ts), INTERVAL '1' MINUTE)" BY_WINDOW ";", "there is no column 'z'", NULL},
	{"INSERT INTO p SELECT COUNT(*) FROM SESSION(TABLE t, DESCRIPTOR(ts), «INTERVAL '0' SECOND»)" BY_WINDOW ";", "the gap of a window must be above 0", NULL},
	{"INSERT INTO p SELECT COUNT(*) FROM SESSION(TABLE t, DESCRIPTOR(ts), INTERVAL '1' SECOND, «INTERVAL '1' SECOND»)" BY_WINDOW ";", "SESSION takes 3 arguments", NULL},
	{"INSERT INTO p SELECT COUNT(*) FROM TABLE(«TUMBEL»(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE))" BY_WINDOW ";", "there is no table function 'TUMBEL'", NULL},
	{"INSERT INTO p SELECT COUNT(*) FROM TUMBLE(TABLE t, DESCRIPTOR(ts), «INTERVAL '120' SECOND»)" BY_WINDOW ";", "'120': an interval of SECOND has 2 digits: write a larger unit, or SECOND(3)", NULL},
	{"INSERT INTO p SELECT COUNT(*) FROM TUMBLE(TABLE t, DESCRIPTOR(ts), «INTERVAL '1' MONTH»)" BY_WINDOW ";", "'1': months and years have no fixed length: write DAY, HOUR, MINUTE or SECOND", NULL},
	{"INSERT INTO p SELECT COUNT(*) FROM TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' «MINUTES»)" BY_WINDOW ";", "'MINUTES' is no unit of an interval", "singular"},
	{"INSERT INTO p SELECT COUNT(*) FROM TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL «1» MINUTE)" BY_WINDOW ";", "the value of an interval is written in quotes", NULL},
	{"INSERT INTO p SELECT COUNT(*) FROM TUMBLE(TABLE t, DESCRIPTOR(ts), «INTERVAL '0' MINUTE»)" BY_WINDOW ";", "the size of a window must be above 0", NULL},
	{"INSERT INTO p SELECT COUNT(*) FROM TUMBLE(TABLE t, DESCRIPTOR(ts), «INTERVAL '-1' MINUTE»)" BY_WINDOW ";", "the size of a window must be above 0", NULL},
	{"INSERT INTO p SELECT COUNT(*) FROM TUMBLE(TABLE t, DESCRIPTOR(ts), «60»)" BY_WINDOW ";", "the size of a window is an INTERVAL literal", NULL},
	{"INSERT INTO p SELECT COUNT(*) FROM TUMBLE(TABLE t, DESCRIPTOR(«t6»), INTERVAL '1' MINUTE)" BY_WINDOW ";", "'t6' is not the time column of table 't'", "name ts"},
	{"INSERT INTO p SELECT COUNT(*) FROM TUMBLE(TABLE nw, DESCRIPTOR(«a»), INTERVAL '1' MINUTE)" BY_WINDOW ";", "table 'nw' has no WATERMARK, so its windows would never end", "WATERMARK FOR a"},
	{"INSERT INTO p SELECT COUNT(*) FROM TUMBLE(TABLE t, «ts», INTERVAL '1' MINUTE)" BY_WINDOW ";", "the time column of a window is named by DESCRIPTOR", NULL},
	{"INSERT INTO p SELECT COUNT(*) FROM «TUMBLE(TABLE t, DESCRIPTOR(ts))»" BY_WINDOW ";", "TUMBLE needs the argument SIZE", "TUMBLE(TABLE t, DESCRIPTOR(ts), size[, offset])"},
	{"INSERT INTO p SELECT COUNT(*) FROM TUMBLE(DATA => TABLE t, TIMECOL => DESCRIPTOR(ts), «SIZ» => INTERVAL '1' MINUTE)" BY_WINDOW ";", "TUMBLE has no argument 'SIZ'", "did you mean SIZE?"},
	{"INSERT INTO p SELECT COUNT(*) FROM TUMBLE(DATA => TABLE t, «DESCRIPTOR(ts)», INTERVAL '1' MINUTE)" BY_WINDOW ";", "arguments are either all named or none", NULL},
	{"INSERT INTO p SELECT COUNT(*) FROM HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '2' MINUTE, «INTERVAL '5' MINUTE»)" BY_WINDOW ";", "the size must be a multiple of the slide: 300000 ms is none of 120000 ms", "rule W6"},
	{"INSERT INTO p SELECT COUNT(*) FROM HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '5' MINUTE, «INTERVAL '1' MINUTE»)" BY_WINDOW ";", "the size must be a multiple of the slide: 60000 ms is none of 300000 ms", "the slide comes first, then the size"},
	{"INSERT INTO p SELECT COUNT(*) FROM HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '2' MINUTE, «INTERVAL '5' MINUTE»)" BY_WINDOW ";", "the size must be a multiple of the slide: 300000 ms is none of 120000 ms", "rule W6"},
	{"INSERT INTO p SELECT COUNT(*) FROM CUMULATE(TABLE t, DESCRIPTOR(ts), INTERVAL '2' MINUTE, «INTERVAL '5' MINUTE»)" BY_WINDOW ";", "the size must be a multiple of the step: 300000 ms is none of 120000 ms", "rule W7"},
	{"INSERT INTO p SELECT COUNT(*) FROM HOP(TABLE t, DESCRIPTOR(ts), «INTERVAL '0' MINUTE», INTERVAL '1' MINUTE)" BY_WINDOW ";", "the slide of a window must be above 0", NULL},
	{"INSERT INTO p SELECT COUNT(*) FROM «HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE)»" BY_WINDOW ";", "HOP needs the argument SIZE", "slide, size"},
	{"INSERT INTO p SELECT COUNT(*) FROM HOP(DATA => TABLE t, TIMECOL => DESCRIPTOR(ts), «STEP» => INTERVAL '1' MINUTE, SIZE => INTERVAL '5' MINUTE)" BY_WINDOW ";", "HOP has no argument 'STEP'", NULL},
	{"INSERT INTO p SELECT COUNT(*) FROM TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '1' SECOND, «INTERVAL '1' SECOND»)" BY_WINDOW ";", "TUMBLE takes 3 arguments or 4", NULL},
	{"INSERT INTO p SELECT COUNT(*) FROM HOP(TABLE t PARTITION BY «n», DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '5' MINUTE)" BY_WINDOW ";", "only SESSION takes PARTITION BY", "GROUP BY"},
	{"INSERT INTO p SELECT COUNT(*) FROM «BUMBLE»(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE)" BY_WINDOW ";", "there is no table function 'BUMBLE'", "HOP, CUMULATE"},
	{"INSERT INTO p SELECT COUNT(*) FROM " TUMBLE_T " «GROUP BY window_start»;", "GROUP BY over a window must hold window_start and window_end", NULL},
	{"INSERT INTO p SELECT «COUNT(*)» FROM " TUMBLE_T ";", "GROUP BY over a window must hold window_start and window_end", NULL},
	{"INSERT INTO p SELECT a FROM «SESSION(TABLE t PARTITION BY a, DESCRIPTOR(ts), INTERVAL '1' MINUTE)»;", "SESSION without GROUP BY is planned, not yet here", "PARTITION BY"},
	{ONES "INSERT INTO p SELECT s FROM «TUMBLE(TABLE ones, DESCRIPTOR(rt), INTERVAL '1' HOUR)»;", "a window function without GROUP BY over the result of a window is planned, not yet here", "GROUP BY"},
	{"INSERT INTO p SELECT «a» FROM " TUMBLE_T BY_WINDOW ";", "column 'a' is neither in GROUP BY nor inside an aggregate", "MIN or MAX"},
	{"INSERT INTO p SELECT COUNT(*) FROM " TUMBLE_T BY_WINDOW " HAVING «window_time» > TIMESTAMP '2024-01-01 00:00:00';", "window_time is not in GROUP BY", NULL},
	{"INSERT INTO p SELECT COUNT(*) FROM " TUMBLE_T " WHERE a > 1 AND «window_start > ts»" BY_WINDOW ";", "a condition of WHERE that compares window columns with others is planned, not yet here", "HAVING"},
	{"INSERT INTO p SELECT COUNT(a) FILTER (WHERE «b») FROM " TUMBLE_T BY_WINDOW ";", "FILTER must be BOOLEAN, this is BIGINT", NULL},
	{"INSERT INTO p SELECT COUNT(a) FILTER (WHERE «SUM(b)» > 3) FROM " TUMBLE_T BY_WINDOW ";", "an aggregate cannot stand inside another", NULL},
	{"INSERT INTO p SELECT COUNT(a) FILTER (WHERE «window_start > TIMESTAMP '2024-01-01 00:00:00'») FROM " TUMBLE_T BY_WINDOW ";", "an aggregate over window columns is planned, not yet here", NULL},
	{"INSERT INTO p SELECT COUNT(DISTINCT «COUNT(*)») FROM " TUMBLE_T BY_WINDOW ";", "an aggregate cannot stand inside another", NULL},
	{"INSERT INTO p SELECT «SUM(DISTINCT n)» FROM " TUMBLE_T BY_WINDOW ";", "SUM takes numbers, this is STRING", NULL},
	{"INSERT INTO p SELECT SUM(«COUNT(*)») FROM " TUMBLE_T BY_WINDOW ";", "an aggregate cannot stand inside another", NULL},
	{"INSERT INTO p SELECT «SUM(n)» FROM " TUMBLE_T BY_WINDOW ";", "SUM takes numbers, this is STRING", NULL},
	{"INSERT INTO p SELECT «SUM(*)» FROM " TUMBLE_T BY_WINDOW ";", "SUM(*): only COUNT takes *", NULL},
	{"INSERT INTO p SELECT COUNT(*) FROM " TUMBLE_T BY_WINDOW ", «1»;", "GROUP BY does not count columns", NULL},
	{"INSERT INTO p SELECT a AS z, COUNT(*) FROM " TUMBLE_T BY_WINDOW ", «z»;", "there is no column 'z'", "not names given in SELECT"},
	{"INSERT INTO p SELECT COUNT(*) FROM " TUMBLE_T BY_WINDOW ", «CUBE» (a);", "GROUP BY CUBE and ROLLUP comes with release 2", NULL},
	{"INSERT INTO p SELECT «SUM(x)» FROM (SELECT window_start, COUNT(*) AS x FROM " TUMBLE_T BY_WINDOW ");", "GROUP BY over a window must hold window_start and window_end", NULL},
	{"INSERT INTO p SELECT SUM(x) FROM (SELECT window_start AS s, window_end AS e, COUNT(*) AS x FROM " TUMBLE_T BY_WINDOW ") «GROUP BY s»;", "GROUP BY over a window must hold window_start and window_end", NULL},
	{ONES "INSERT INTO p SELECT COUNT(*) FROM TABLE(TUMBLE(TABLE ones, DESCRIPTOR(«s»), INTERVAL '1' HOUR)) GROUP BY window_start, window_end;", "'s' is no time column: of the result of a window only window_time is one (rule W13)", "window_time"},
	{ONES "INSERT INTO p SELECT COUNT(*) FROM TABLE(TUMBLE(TABLE ones, DESCRIPTOR(«later»), INTERVAL '1' HOUR)) GROUP BY window_start, window_end;", "'later' is no time column: of the result of a window only window_time is one (rule W13)", NULL},
	{ONES "INSERT INTO p SELECT «x», COUNT(*) FROM TABLE(TUMBLE(TABLE ones, DESCRIPTOR(rt), INTERVAL '1' HOUR)) GROUP BY window_start, window_end;", "column 'x' is neither in GROUP BY nor inside an aggregate", NULL},
	{CHATS "INSERT INTO p SELECT COUNT(*) FROM TABLE(«SESSION(TABLE chats, DESCRIPTOR(rt), INTERVAL '1' HOUR)») GROUP BY window_start, window_end;", "SESSION over the result of SESSION is planned, not yet here", NULL},
	{CHATS "INSERT INTO p «SELECT» COUNT(*) FROM (SELECT * FROM chats) GROUP BY s, e;", "a second GROUP BY over the windows of SESSION is planned, not yet here", NULL},
	{ONES "INSERT INTO p «SELECT» COUNT(*) FROM (SELECT * FROM ones UNION ALL SELECT * FROM ones) GROUP BY s, e;", "GROUP BY over a UNION ALL is planned, not yet here", NULL},
	{"INSERT INTO p SELECT «TUMBLE_START(ts, INTERVAL '1' MINUTE)» FROM t;", "function TUMBLE_START comes with release 2", NULL},
};

static const struct refusal expressions[] = {
	{"EXPLAIN SELECT «LENGTH(a)» FROM t;", "there is no function LENGTH", "CHAR_LENGTH"},
	{"EXPLAIN SELECT «nvl(a, a)» FROM t;", "there is no function nvl", "COALESCE"},
	{"EXPLAIN SELECT «ts + 5» FROM t;", "cannot compute TIMESTAMP(3) + INT", "INTERVAL"},
	{"EXPLAIN SELECT DATE_FORMAT(ts, «'YYYY-MM-dd'») FROM t;", "Y is the year of a week, which depends on the country: write yyyy for that of the day", NULL},
	{"EXPLAIN SELECT «COUNT(DISTINCT bin)» FROM " TUMBLE_T BY_WINDOW ";", "DISTINCT cannot take BYTES", "STRING"},
	{"EXPLAIN SELECT «m» FROM t;", "reading metadata column 'm' is planned, not yet here", NULL},
	{"EXPLAIN SELECT «*» FROM t;", "reading metadata column 'm' is planned, not yet here", NULL},
	{"EXPLAIN SELECT «1E999» FROM t;", "number is out of range", NULL},
	{"EXPLAIN SELECT «n = 5» FROM t;", "cannot compare STRING with INT", "CAST"},
	{"EXPLAIN SELECT «5 <> v» FROM t;", "cannot compare INT with VARCHAR(10)", NULL},
	{"EXPLAIN SELECT dt > «'yesterday'» FROM t;", "'yesterday' is no DATE", "DATE '2024-01-31'"},
	{"EXPLAIN SELECT ts = «'2024-01-31 25:00:00'» FROM t;", "'2024-01-31 25:00:00' is no TIMESTAMP(3)", NULL},
	{"EXPLAIN SELECT «ts > dt» FROM t;", "cannot compare TIMESTAMP(3) with DATE", "CAST"},
	{"EXPLAIN SELECT «a = '1'» FROM t;", "cannot compare INT with CHAR(1)", "CAST"},
	{"EXPLAIN SELECT «b = n» FROM t;", "cannot compare BIGINT with STRING", "CAST"},
	{"EXPLAIN SELECT «a % d» FROM t;", "% and MOD take exact numbers, not FLOAT or DOUBLE", "DECIMAL"},
	{"EXPLAIN SELECT «NULL + a» FROM t;", "cannot compute NULL + INT", NULL},
	{"EXPLAIN SELECT «99999999999999999999» FROM t;", "99999999999999999999 is too large for BIGINT", ".0"},
	{"EXPLAIN SELECT n LIKE «'a_\\b'» FROM t;", "wrong use of the ESCAPE character in the pattern", NULL},
	{"EXPLAIN SELECT «ts + 1» FROM t;", "cannot compute TIMESTAMP(3) + INT", NULL},
	{"EXPLAIN SELECT «ts - ts» FROM t;", "cannot compute TIMESTAMP(3) - TIMESTAMP(3)", NULL},
	{"EXPLAIN SELECT ts + «INTERVAL '123' MONTH» FROM t;", "'123': an interval of MONTH has fewer digits: write MONTH(3)", NULL},
	{"EXPLAIN SELECT ts + «INTERVAL '1-12' YEAR TO MONTH» FROM t;", "'1-12': not of the form YEAR TO MONTH: '1-6'", NULL},
	{"EXPLAIN SELECT «a + INTERVAL '1' MONTH» FROM t;", "months are added to a DATE or TIMESTAMP, this is INT", NULL},
	{"EXPLAIN SELECT «n || a» FROM t;", "cannot join STRING || INT", "CAST it to STRING"},
	{"EXPLAIN SELECT CONCAT(n, «a») FROM t;", "CONCAT takes text here, this is INT", "CAST it to STRING"},
	{"EXPLAIN SELECT CONCAT(n, «NULL») FROM t;", "CONCAT cannot take a NULL without type", "CAST(NULL AS"},
	{"EXPLAIN SELECT UPPER(«a») FROM t;", "UPPER takes text here, this is INT", NULL},
	{"EXPLAIN SELECT SUBSTRING(n, «b») FROM t;", "SUBSTRING takes an INT here, this is BIGINT", NULL},
	{"EXPLAIN SELECT SUBSTRING(n FROM «1.5») FROM t;", "SUBSTRING takes an INT here, this is DECIMAL(2, 1)", NULL},
	{"EXPLAIN SELECT ABS(«n») FROM t;", "ABS takes a number, this is STRING", "CAST it to a number"},
	{"EXPLAIN SELECT «FLOOR(ts)» FROM t;", "FLOOR of a time needs a unit", "FLOOR(ts TO HOUR)"},
	{"EXPLAIN SELECT FLOOR(«d» TO DAY) FROM t;", "FLOOR takes a DATE or TIMESTAMP, this is DOUBLE", NULL},
	{"EXPLAIN SELECT FLOOR(ts TO «fortnight») FROM t;", "'fortnight' is no unit of time", "YEAR"},
	{"EXPLAIN SELECT «ABS(ts TO DAY)» FROM t;", "only FLOOR and CEIL take a unit: FLOOR(ts TO HOUR)", NULL},
	{"EXPLAIN SELECT ROUND(d, «a») FROM t;", "the second argument of ROUND is a literal", "number of digits"},
	{"EXPLAIN SELECT CASE WHEN «a» THEN 1 END FROM t;", "WHEN must be BOOLEAN, this is INT", "compare"},
	{"EXPLAIN SELECT CASE WHEN ok THEN 1 ELSE «'x'» END FROM t;", "CASE of INT and CHAR(1) NOT NULL", "CAST one"},
	{"EXPLAIN SELECT CASE WHEN ok THEN ts ELSE «dt» END FROM t;", "CASE of TIMESTAMP(3) and DATE", NULL},
	{"EXPLAIN SELECT CASE a WHEN «'x'» THEN 1 END FROM t;", "cannot compare INT with CHAR(1)", NULL},
	{"EXPLAIN SELECT CASE WHEN ok THEN «NULL» END FROM t;", "CASE of nothing but NULL", "CAST(NULL AS"},
	{"EXPLAIN SELECT IF(ok, a, «NULL») FROM t;", "IF cannot take a NULL without type", "CAST(NULL AS"},
	{"EXPLAIN SELECT IF(«a», 1, 2) FROM t;", "what IF asks must be BOOLEAN, this is INT", NULL},
	{"EXPLAIN SELECT COALESCE(ts, «'2024-01-01'») FROM t;", "COALESCE of TIMESTAMP(3) and CHAR(10) NOT NULL", NULL},
	{"EXPLAIN SELECT n LIKE «a» FROM t;", "LIKE takes text here, this is INT", NULL},
	{"EXPLAIN SELECT n LIKE 'a' ESCAPE «'!!'» FROM t;", "ESCAPE is a literal of one character", NULL},
	{"EXPLAIN SELECT n LIKE «'a!b'» ESCAPE '!' FROM t;", "wrong use of the ESCAPE character in the pattern", NULL},
	{"EXPLAIN SELECT TO_TIMESTAMP(n, «n») FROM t;", "the pattern of TO_TIMESTAMP is a literal", "yyyy-MM-dd"},
	{"EXPLAIN SELECT DATE_FORMAT(ts, «'yyyy-rr'») FROM t;", "the pattern has an unknown letter; text is put in quotes: ''T''", NULL},
	{"EXPLAIN SELECT DATE_FORMAT(ts, «'yyyy''T'») FROM t;", "a quote of the pattern is not closed", NULL},
	{"EXPLAIN SELECT DATE_FORMAT(ts, «'ddd'») FROM t;", "the pattern repeats a letter too often", NULL},
	{"EXPLAIN SELECT DATE_FORMAT(«dt», 'yyyy') FROM t;", "DATE_FORMAT takes a TIMESTAMP, this is DATE", NULL},
	{"EXPLAIN SELECT EXTRACT(«fortnight» FROM ts) FROM t;", "'fortnight' is no unit of time", NULL},
	{"EXPLAIN SELECT YEAR(«n») FROM t;", "YEAR takes a DATE or TIMESTAMP, this is STRING", NULL},
	{"EXPLAIN SELECT «UNIX_TIMESTAMP()» FROM t;", "UNIX_TIMESTAMP() without a text is not in the subset", NULL},
	{"EXPLAIN SELECT SPLIT_INDEX(n, «a», 1) FROM t;", "a separator by number is a literal from 1 to 127", "','"},
	{"EXPLAIN SELECT «UPER(n)» FROM t;", "there is no function UPER", "UPPER"},
	{"EXPLAIN SELECT «SPLIT_INDX(n, ',', 1)» FROM t;", "there is no function SPLIT_INDX", "SPLIT_INDEX"},
	{"EXPLAIN SELECT «SPLIT_INDEX(n)» FROM t;", "SPLIT_INDEX takes 3 arguments, not 1", NULL},
	{"EXPLAIN SELECT «ok = 1» FROM t;", "cannot compare BOOLEAN with INT", NULL},
	{"EXPLAIN SELECT a IN (1, «'x'») FROM t;", "cannot compare INT with CHAR(1)", NULL},
	{"EXPLAIN SELECT «n + 1» FROM t;", "cannot compute STRING + INT", "CAST the text"},
	{"EXPLAIN SELECT «ts - ts» FROM t;", "cannot compute TIMESTAMP(3) - TIMESTAMP(3)", NULL},
	{"EXPLAIN SELECT «-n» FROM t;", "only numbers have a sign, this is STRING", NULL},
	{"EXPLAIN SELECT NOT «a» FROM t;", "what NOT negates must be BOOLEAN, this is INT", NULL},
	{"EXPLAIN SELECT ok AND «a» FROM t;", "a side of AND must be BOOLEAN, this is INT", NULL},
	{"EXPLAIN SELECT «a» IS TRUE FROM t;", "what IS TRUE, FALSE or UNKNOWN asks about must be BOOLEAN, this is INT", NULL},
	{"EXPLAIN SELECT n «SIMILAR» TO 'x' FROM t;", "SIMILAR TO is not supported", NULL},
	{"EXPLAIN SELECT TO_TIMESTAMP(«a») FROM t;", "TO_TIMESTAMP takes text, this is INT", "TO_TIMESTAMP_LTZ"},
	{"EXPLAIN SELECT TO_TIMESTAMP_LTZ(a, «6») FROM t;", "the second argument of TO_TIMESTAMP_LTZ is 0 or 3", NULL},
	{"EXPLAIN SELECT «COUNTT(n)» FROM t;", "there is no function COUNTT", "did you mean COUNT?"},
	{"EXPLAIN SELECT «MOD(a)» FROM t;", "MOD takes 2 arguments, not 1", NULL},
	{"EXPLAIN SELECT COALESCE(a, «n») FROM t;", "COALESCE of INT and STRING", NULL},
	{"EXPLAIN SELECT «CAST(a AS BYTES)» FROM t;", "cannot cast INT to BYTES", NULL},
	{"EXPLAIN SELECT «CAST(n AS CHAR(1025))» FROM t;", "CAST from STRING to CHAR(1025) is planned, not yet here", NULL},
	{"EXPLAIN SELECT «CAST(ts AS BIGINT)» FROM t;", "cannot cast TIMESTAMP(3) to BIGINT", NULL},
	{"EXPLAIN SELECT «CAST(a AS TIMESTAMP(3))» FROM t;", "cannot cast INT to TIMESTAMP(3)", "TO_TIMESTAMP_LTZ"},
	{"EXPLAIN SELECT CAST(«ts» AS TIMESTAMP_LTZ(3)) FROM t;", "TIMESTAMP_LTZ needs a time zone that is set", "SET"},
	{"EXPLAIN SELECT a FROM t WHERE dt = «DATE '2024-02-30'»;", "'2024-02-30' is no date", NULL},
	{"EXPLAIN SELECT a FROM t WHERE ts = «TIMESTAMP '2024-02-01 24:00:00'»;", "'2024-02-01 24:00:00' is no timestamp", NULL},
	{"EXPLAIN SELECT a FROM t WHERE ts = «TIME» '12:00:00';", "type TIME comes with release 2", NULL},
	{"EXPLAIN SELECT «l» FROM t;", "TIMESTAMP_LTZ needs a time zone that is set", "table.local-time-zone"},
	{"EXPLAIN SELECT «TO_TIMESTAMP_LTZ(a, 3)» FROM t;", "TIMESTAMP_LTZ needs a time zone that is set", NULL},
	{"EXPLAIN SELECT ts FROM t WHERE ts > ts - «INTERVAL '1' DAY TO MONTH»;", "'1': there is no interval of DAY TO MONTH", NULL},
	{"EXPLAIN SELECT ts FROM t WHERE ts > ts - «INTERVAL '1 25:00' DAY TO MINUTE»;", "'1 25:00': not of the form DAY TO MINUTE", NULL},
	{"EXPLAIN SELECT «ROW»(1, 2) FROM t;", "a row value comes with release 2", NULL},
	{"EXPLAIN SELECT n«[»1] FROM t;", "an array or map element comes with release 2", NULL},
};

static const struct refusal sinks[] = {
	{"CREATE TABLE outlet (a STRING) WITH ('connector'='print'); INSERT INTO «outlets» SELECT a FROM t;", "there is no table 'outlets'", "did you mean outlet?"},
	{"INSERT INTO «nope» SELECT a FROM t;", "there is no table 'nope'", NULL},
	{"CREATE VIEW z AS SELECT a FROM t; INSERT INTO «z» SELECT a FROM t;", "'z' is a view", NULL},
	{"INSERT INTO «p» SELECT a, b FROM t;", "sink 'p' takes 1 column, the query gives 2", "query: (a INT, b BIGINT); sink: (x BIGINT)"},
	{"INSERT INTO p SELECT «n» FROM t;", "column 1 'x' of sink 'p' is BIGINT, the query gives STRING", "query: (n STRING); sink: (x BIGINT)"},
	{"INSERT INTO p SELECT «f * d» FROM t;", "column 1 'x' of sink 'p' is BIGINT, the query gives FLOAT", NULL},
	{"INSERT INTO w SELECT ts, «a», b FROM t;", "column 2 'k' of sink 'w' is STRING, the query gives INT", NULL},
	{"INSERT INTO w SELECT «dt», n, b FROM t;", "column 1 'w' of sink 'w' is TIMESTAMP(3), the query gives DATE", NULL},
	{"INSERT INTO p («y») SELECT a FROM t;", "table 'p' has no physical column 'y'", NULL},
	{"INSERT INTO w (x, «x») SELECT a, a FROM t;", "column 'x' is written twice", NULL},
	{"CREATE TABLE q (k STRING, x BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector'='print'); INSERT INTO q SELECT «n», b FROM t;", "column 'k' of sink 'q' is NOT NULL, the query may give NULL (Flink would fail at run time)", "COALESCE"},
	{"CREATE TABLE q (k STRING NOT NULL, x BIGINT) WITH ('connector'='print'); INSERT INTO q («x») SELECT b FROM t;", "column 'k' of sink 'q' is NOT NULL and not in the list", NULL},
	{"CREATE TABLE q (x INT, m STRING METADATA FROM 'topic' VIRTUAL) WITH (" KAFKA "); INSERT INTO «q» SELECT a, n FROM t;", "sink 'q' takes 1 column, the query gives 2", NULL},
	{"CREATE TABLE q (x INT, m STRING METADATA FROM 'topic') WITH (" KAFKA "); INSERT INTO «q» SELECT a, n FROM t;", "writing metadata column 'm' is planned, not yet here", NULL},
	{"CREATE TABLE q (x INT) WITH ('connector'='print'); INSERT INTO q SELECT «b» FROM t;", "column 1 'x' of sink 'q' is INT, the query gives BIGINT", NULL},
};
/* clang-format on */

#define CHECK_ALL(table)                                 \
	for (size_t i = 0; i < FB_ARRAY_LEN(table); i++) \
	check(PRELUDE, &(table)[i])

Test(refuse, settings)
{
	CHECK_ALL(settings);
}

Test(refuse, words)
{
	CHECK_ALL(words);
}

Test(refuse, statements)
{
	CHECK_ALL(statements);
}

Test(refuse, tables)
{
	CHECK_ALL(tables);
}

Test(refuse, options)
{
	CHECK_ALL(options);
}

Test(refuse, queries)
{
	CHECK_ALL(queries);
}

Test(refuse, windows)
{
	CHECK_ALL(windows);
}

Test(refuse, expressions)
{
	CHECK_ALL(expressions);
}

Test(refuse, sinks)
{
	CHECK_ALL(sinks);
}
