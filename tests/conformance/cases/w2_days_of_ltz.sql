-- rule: W2, W12
-- about: TIMESTAMP_LTZ: days start at local midnight, and the window columns are local wall clock
-- oracle: flink-batch Flink's stream loses rows where the zone of a TIMESTAMP_LTZ is not UTC, as it does with an offset
SET 'table.local-time-zone' = 'GMT+05:30';
CREATE TABLE zoned (k STRING, v INT, ts TIMESTAMP_LTZ(3), WATERMARK FOR ts AS ts)
WITH ('connector'='filesystem', 'path'='${data}/zoned.csv', 'format'='csv');
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), n BIGINT, total INT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, window_end, COUNT(*), SUM(v)
FROM TABLE(TUMBLE(TABLE zoned, DESCRIPTOR(ts), INTERVAL '1' DAY)) GROUP BY window_start, window_end;
