-- rule: M5
-- about: a delay of a minute: nothing is late
CREATE TABLE late (k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' MINUTE)
WITH ('connector'='filesystem', 'path'='${data}/late.csv', 'format'='csv');
CREATE TABLE sink (ws TIMESTAMP(3), k STRING, n BIGINT, total INT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, k, COUNT(*), SUM(v)
FROM TABLE(TUMBLE(TABLE late, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, k;
