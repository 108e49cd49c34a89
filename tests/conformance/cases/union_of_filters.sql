-- rule: M1, M5, 2.1 Queries
-- about: two filters of one table, with late records: the watermark is that of the table, also of records that no side takes
-- oracle: hand Flink reads the table once for each side, one file after the other as it happens: of the first side nothing is late then
-- include: late
CREATE VIEW sides AS SELECT k, v, ts FROM late WHERE k = 'a' UNION ALL SELECT k, v * 100, ts FROM late WHERE k = 'c' OR v < 3;
CREATE TABLE sink (ws TIMESTAMP(3), k STRING, n BIGINT, total INT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, k, COUNT(*), SUM(v)
FROM TABLE(TUMBLE(TABLE sides, DESCRIPTOR(ts), INTERVAL '10' SECOND)) WHERE v <> 1 GROUP BY window_start, window_end, k;
