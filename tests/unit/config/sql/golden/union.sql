CREATE TABLE people (id INT, city STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
  WITH ('connector' = 'udp', 'port' = '5000', 'format' = 'csv');
CREATE TABLE cars (city VARCHAR(20), wheels SMALLINT) WITH ('connector' = 'udp', 'port' = '5001', 'format' = 'csv');
CREATE TABLE o (x BIGINT, y VARCHAR(12)) WITH ('connector' = 'filesystem', 'path' = '/out', 'format' = 'csv');
CREATE VIEW all_of AS SELECT id, city FROM people UNION ALL SELECT wheels, city FROM cars;
-- plain queries, a hint, constants: three queries and one row
INSERT INTO o /*+ OPTIONS('path' = '/out/other') */
  SELECT id * 2, city FROM all_of WHERE id > 3
  UNION ALL SELECT id, city FROM people /*+ OPTIONS('csv.field-delimiter' = ';') */
  UNION ALL VALUES (1, 'one'), (2, 'two');
-- windows of two kinds
INSERT INTO o
  SELECT COUNT(*), city FROM TABLE(TUMBLE(TABLE people, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
  GROUP BY window_start, window_end, city
  UNION ALL
  SELECT MAX(id), city FROM TABLE(HOP(TABLE people, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '1' HOUR))
  GROUP BY window_start, window_end, city;
-- named queries, each sees those before it; a missing column is NULL
INSERT INTO o (y)
  WITH a AS (SELECT id AS n, city FROM people), b (m, c, d) AS (SELECT n + 1, a.* FROM a)
  SELECT d FROM b WHERE c < 10 AND m > 2;
INSERT INTO o (y, x) SELECT 'sum', 1 + 2;
