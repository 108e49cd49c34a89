-- rule: W14
-- about: rows without event time are dropped and counted; Flink's stream fails, its batch drops
-- oracle: flink-batch
CREATE TABLE nulltime (k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
WITH ('connector'='filesystem', 'path'='${data}/nulltime.csv', 'format'='csv', 'csv.null-literal'='NULL');
CREATE TABLE sink (ws TIMESTAMP(3), k STRING, n BIGINT, total INT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, k, COUNT(*), SUM(v)
FROM TABLE(TUMBLE(TABLE nulltime, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, k;
