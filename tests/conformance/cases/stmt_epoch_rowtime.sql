-- rule: 2.1 Statements, W12
-- about: a rowtime from milliseconds since the epoch; some are NULL, so Flink runs as batch (W14)
-- oracle: flink-batch
SET 'table.local-time-zone' = 'UTC';
CREATE TABLE times (id INT, ts TIMESTAMP(3), dt DATE, n BIGINT, rt AS TO_TIMESTAMP_LTZ(n, 3), WATERMARK FOR rt AS rt - INTERVAL '60' DAY)
WITH ('connector'='filesystem', 'path'='${data}/times.csv', 'format'='csv', 'csv.null-literal'='NULL');
CREATE VIEW known AS SELECT * FROM times WHERE n IS NOT NULL;
CREATE TABLE sink (ws TIMESTAMP(3), c BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE known, DESCRIPTOR(rt), INTERVAL '1' DAY)) GROUP BY window_start, window_end;
