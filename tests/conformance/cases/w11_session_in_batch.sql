-- rule: W11
-- about: as batch, rows that the stream drops as late are in
-- oracle: hand Flink's batch refuses the function; these are the sessions by rule W9 of all rows, and Spark's
SET 'execution.runtime-mode' = 'batch';
CREATE TABLE visits (k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND)
WITH ('connector'='filesystem', 'path'='${data}/visits.csv', 'format'='csv');
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), k STRING, n BIGINT, total INT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, window_end, k, COUNT(*), SUM(v)
FROM TABLE(SESSION(TABLE visits PARTITION BY k, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, k;
