-- Windows to Kafka: one JSON message per country and minute, keyed by country, for adults only.

SET 'pipeline.name' = 'people_to_kafka';

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

CREATE TABLE country_minutes (
  country STRING,
  window_start TIMESTAMP(3),
  window_end TIMESTAMP(3),
  people_cnt BIGINT,
  id_max BIGINT
) WITH (
  'connector' = 'kafka',
  'topic' = 'country_minutes',
  'properties.bootstrap.servers' = 'localhost:9092',
  'key.format' = 'csv',
  'key.fields' = 'country',
  'value.format' = 'json',
  'sink.delivery-guarantee' = 'at-least-once'
);

CREATE VIEW adults AS
SELECT id, country, ts FROM people WHERE age >= 18 AND country IS NOT NULL;

INSERT INTO country_minutes
SELECT country, window_start, window_end, COUNT(*), MAX(id)
FROM TABLE(TUMBLE(DATA => TABLE adults, TIMECOL => DESCRIPTOR(ts), SIZE => INTERVAL '1' MINUTE))
GROUP BY window_start, window_end, country
HAVING COUNT(*) > 1;
