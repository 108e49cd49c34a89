-- What Flink 2.2.0 prints for the same statements is in show.txt, but for the names in front of each answer and for
-- connector and options, which Flink's 'datagen' had.
CREATE TABLE t (
  id BIGINT NOT NULL COMMENT 'the id', a INT, n VARCHAR(10), s STRING, ts TIMESTAMP(3),
  c AS a + 1, c3 AS CAST(a AS BIGINT), c4 AS a * (id + 2) - 1, c6 AS TO_TIMESTAMP(s), c7 AS COALESCE(a, 0),
  c8 AS a BETWEEN 1 AND 2, c10 AS NOT (a = 1 OR a = 2), c11 AS a IN (1, 2, 3), c12 AS -a, c15 AS ts + INTERVAL '1' DAY,
  c16 AS TO_TIMESTAMP_LTZ(id, 3), c18 AS DATE '2024-01-01', c20 AS a / 2 * 3, c21 AS a - (a - 1), c22 AS 1.5e0,
  c23 AS TRUE, c25 AS n IS DISTINCT FROM s,
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND, PRIMARY KEY (id) NOT ENFORCED
) COMMENT 'hello ''x''' WITH ('connector' = 'udp', 'port' = '5000', 'format' = 'csv');
CREATE TABLE t2 (id BIGINT, `a b` STRING, dt STRING, WATERMARK FOR w AS w, w AS TO_TIMESTAMP(dt)) PARTITIONED BY (dt)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/x', 'format' = 'csv');
CREATE TEMPORARY TABLE tt (b BYTES, v VARBINARY(5), bb BINARY(3), c CHAR, l TIMESTAMP_LTZ(3), f FLOAT, ti TIMESTAMP,
  bo BOOLEAN, CONSTRAINT pk PRIMARY KEY (c, f) NOT ENFORCED) WITH ('connector' = 'print');
CREATE VIEW v AS SELECT id, a + 1 AS b, 'x' FROM t;
CREATE TEMPORARY VIEW vv (p, q) AS SELECT id, a FROM t;
SHOW TABLES; SHOW VIEWS;
DESCRIBE t; DESC t2; DESCRIBE tt; DESCRIBE v; DESCRIBE default_catalog.default_database.vv;
SHOW CREATE TABLE t; SHOW CREATE TABLE t2; SHOW CREATE TABLE default_database.tt;
-- a temporary table hides the permanent one of its name
CREATE TEMPORARY TABLE t (x INT COMMENT 'x', p STRING METADATA FROM 'topic' VIRTUAL COMMENT 'y', q AS x COMMENT 'z') COMMENT ''
  WITH ('connector' = 'kafka', 'topic' = 't', 'properties.bootstrap.servers' = 'h:1', 'format' = 'csv');
DESCRIBE t; SHOW CREATE TABLE t;
DROP TEMPORARY TABLE t;
DROP VIEW IF EXISTS nope; DROP TEMPORARY VIEW vv; DROP VIEW v; DROP TEMPORARY TABLE tt; DROP TABLE t2; DROP TABLE t;
SHOW TABLES; SHOW VIEWS;
CREATE VIEW u2 AS SELECT * FROM (VALUES (1, 'a'), (CAST(2 AS BIGINT), 'abc')) AS q(x, y);
DESCRIBE u2;
CREATE VIEW u5 AS SELECT CAST(1 AS FLOAT) AS x, CAST('a' AS VARCHAR(3)) AS y, CAST(NULL AS INT) AS z
  UNION ALL SELECT CAST(1 AS DOUBLE), CAST('a' AS STRING), CAST(1 AS BIGINT);
DESCRIBE u5;
