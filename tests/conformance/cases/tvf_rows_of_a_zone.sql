-- rule: W2, W12, 2.1 Window TVFs
-- about: TIMESTAMP_LTZ: start and end are local wall clock, window_time is an instant; Flink gives the same as batch and as stream
-- oracle: flink-batch
SET 'table.local-time-zone' = 'GMT+05:30';
CREATE TABLE zoned (k STRING, v INT, ts TIMESTAMP_LTZ(3), WATERMARK FOR ts AS ts)
WITH ('connector'='filesystem', 'path'='${data}/zoned.csv', 'format'='csv');
CREATE TABLE sink (k STRING, v INT, ws TIMESTAMP(3), we TIMESTAMP(3), wt TIMESTAMP_LTZ(3)) WITH (${sink:sink});
INSERT INTO sink SELECT k, v, window_start, window_end, window_time FROM TABLE(HOP(TABLE zoned, DESCRIPTOR(ts), INTERVAL '12' HOUR, INTERVAL '1' DAY));
