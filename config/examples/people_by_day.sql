-- Children and the old apart, each day's in a folder of its own, with a line of where they come from: one INSERT of several
-- sides, a partitioned sink, constants. `forebay explain` shows the query that each side becomes, and what DESCRIBE prints.
SET 'execution.checkpointing.interval' = '30 s';

CREATE TABLE people (
  id BIGINT, name STRING, age INT, gender STRING, birthday DATE, email STRING,
  phone STRING, address STRING, city STRING, country STRING, ts TIMESTAMP(3)
) WITH ('connector' = 'udp', 'port' = '5000', 'format' = 'csv', 'csv.ignore-parse-errors' = 'true');

CREATE TABLE ages (id BIGINT, name STRING, kind STRING, `day` STRING)
COMMENT 'folders kind=…/day=…/, as Flink names them'
PARTITIONED BY (kind, `day`)
WITH ('connector' = 'filesystem', 'path' = 'file:///var/lib/forebay/ages', 'format' = 'csv');

CREATE VIEW dated AS SELECT id, name, age, CAST(CAST(ts AS DATE) AS STRING) AS d FROM people WHERE ts IS NOT NULL;

DESCRIBE ages;

INSERT INTO ages
  SELECT id, name, 'child', d FROM dated WHERE age < 18
  UNION ALL
  SELECT id, name, 'old', d FROM dated WHERE age >= 70
  UNION ALL
  VALUES (0, 'written by people_by_day.sql', 'note', CAST(NULL AS STRING));
