CREATE TABLE people (
  id BIGINT, name STRING, age INT, gender STRING, birthday DATE, email STRING, phone STRING, address STRING, city STRING, country STRING,
  ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem', 'path'='${data}/people.csv', 'format'='csv');
