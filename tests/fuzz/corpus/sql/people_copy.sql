-- The plain copy: no window, row by row, some columns of some people to HDFS.

SET 'pipeline.name' = 'people_copy';
SET 'execution.checkpointing.interval' = '10 s';

CREATE TABLE people (
  id BIGINT,
  name STRING,
  age INT,
  gender STRING,
  birthday DATE,
  email STRING,
  phone STRING,
  address STRING,
  city STRING,
  country STRING,
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'kafka',
  'topic' = 'people',
  'properties.bootstrap.servers' = 'localhost:9092',
  'properties.group.id' = 'forebay',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'csv'
);

CREATE TABLE grown_ups (
  id BIGINT,
  name STRING,
  age BIGINT,
  birthday DATE,
  city STRING,
  ts TIMESTAMP(3)
) WITH (
  'connector' = 'filesystem',
  'path' = 'hdfs://localhost:8020/forebay/grown_ups',
  'format' = 'csv'
);

INSERT INTO grown_ups
SELECT id, name, age, birthday, city, ts
FROM people
WHERE age BETWEEN 18 AND 120 AND city NOT IN ('Atlantis', 'El Dorado');
