-- rule: 2.1 Scalar functions
-- about: LIKE '' matches the empty text only
-- oracle: spark Flink's LIKE '' is true of every text
CREATE TABLE people (
  id BIGINT, name STRING, age INT, gender STRING, birthday DATE, email STRING, phone STRING, address STRING, city STRING, country STRING,
  ts TIMESTAMP(3)
) WITH ('connector'='filesystem', 'path'='${data}/people.csv', 'format'='csv');
CREATE TABLE sink (id BIGINT, a BOOLEAN, b BOOLEAN) WITH (${sink:sink});
INSERT INTO sink SELECT id, phone LIKE '', name LIKE '' FROM people WHERE phone <> '';
