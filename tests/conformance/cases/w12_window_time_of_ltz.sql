-- rule: W12
-- about: window_time of a TIMESTAMP_LTZ is a TIMESTAMP_LTZ
-- oracle: flink-batch Flink's stream loses rows where the zone of a TIMESTAMP_LTZ is not UTC, as it does with an offset
SET 'table.local-time-zone' = 'GMT+02:00';
CREATE TABLE zoned (k STRING, v INT, ts TIMESTAMP_LTZ(3), WATERMARK FOR ts AS ts)
WITH ('connector'='filesystem', 'path'='${data}/zoned.csv', 'format'='csv');
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), wt TIMESTAMP_LTZ(3), n BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, window_end, window_time, COUNT(*)
FROM TABLE(TUMBLE(TABLE zoned, DESCRIPTOR(ts), INTERVAL '1' DAY)) GROUP BY window_start, window_end, window_time;
