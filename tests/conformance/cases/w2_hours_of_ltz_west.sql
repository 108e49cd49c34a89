-- rule: W2
-- about: a zone west of Greenwich, sliding windows
-- oracle: flink-batch Flink's stream loses rows where the zone of a TIMESTAMP_LTZ is not UTC, as it does with an offset
SET 'table.local-time-zone' = 'GMT-03:30';
CREATE TABLE zoned (k STRING, v INT, ts TIMESTAMP_LTZ(3), WATERMARK FOR ts AS ts)
WITH ('connector'='filesystem', 'path'='${data}/zoned.csv', 'format'='csv');
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), k STRING, n BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, window_end, k, COUNT(*)
FROM TABLE(HOP(TABLE zoned, DESCRIPTOR(ts), INTERVAL '12' HOUR, INTERVAL '1' DAY)) GROUP BY window_start, window_end, k;
