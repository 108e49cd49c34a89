-- rule: M3, 2.1 Queries
-- about: windows over a union of two tables of one file: the watermark is the smaller of both, so rows in time for the longer delay are kept.
-- Flink reads the two in parallel, in no fixed order; all rows are in time here, whatever the order
CREATE TABLE patient (k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE)
WITH ('connector'='filesystem', 'path'='${data}/late.csv', 'format'='csv');
CREATE TABLE visits (k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE)
WITH ('connector'='filesystem', 'path'='${data}/visits.csv', 'format'='csv');
CREATE VIEW everything AS SELECT k, v, ts FROM patient UNION ALL SELECT k, v * 100, ts FROM visits;
CREATE TABLE sink (ws TIMESTAMP(3), k STRING, n BIGINT, total INT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, k, COUNT(*), SUM(v)
FROM TABLE(TUMBLE(TABLE everything, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, k;
