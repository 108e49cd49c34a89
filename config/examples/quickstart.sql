-- People arrive as CSV lines; every ten seconds of event time: how many per city, and how old.
-- On a cluster this reads the Kafka topic. On the appliance the stream `people` is bound to a UDP port.

SET 'pipeline.name' = 'quickstart';
SET 'execution.checkpointing.interval' = '2 s';

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

CREATE TABLE city_counts (
  window_start TIMESTAMP(3),
  window_end TIMESTAMP(3),
  city STRING,
  people_cnt BIGINT,
  age_min INT,
  age_max INT,
  age_avg DOUBLE
) WITH (
  'connector' = 'filesystem',
  'path' = 'file:///tmp/forebay-quickstart/city_counts',
  'format' = 'csv'
);

CREATE TABLE totals (
  window_start TIMESTAMP(3),
  people_cnt BIGINT,
  age_avg DOUBLE
) WITH (
  'connector' = 'print'
);

-- Both read the source once.
EXECUTE STATEMENT SET
BEGIN
  INSERT INTO city_counts
  SELECT window_start, window_end, city,
         COUNT(*) AS people_cnt,
         MIN(age) AS age_min,
         MAX(age) AS age_max,
         AVG(CAST(age AS DOUBLE)) AS age_avg
  FROM TABLE(TUMBLE(TABLE people, DESCRIPTOR(ts), INTERVAL '10' SECOND))
  GROUP BY window_start, window_end, city;

  INSERT INTO totals
  SELECT window_start, COUNT(*) AS people_cnt, AVG(CAST(age AS DOUBLE)) AS age_avg
  FROM TABLE(TUMBLE(TABLE people, DESCRIPTOR(ts), INTERVAL '10' SECOND))
  GROUP BY window_start, window_end;
END;
