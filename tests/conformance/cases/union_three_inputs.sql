-- rule: M3, 2.1 Queries
-- about: windows over a union of three tables, no record late; columns take the type that holds all, names are those of the first
CREATE TABLE patient (k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE)
WITH ('connector'='filesystem', 'path'='${data}/late.csv', 'format'='csv');
CREATE TABLE visits (who STRING, n BIGINT, at_time TIMESTAMP(3), WATERMARK FOR at_time AS at_time - INTERVAL '20' MINUTE)
WITH ('connector'='filesystem', 'path'='${data}/visits.csv', 'format'='csv');
CREATE TABLE again (k VARCHAR(10), v SMALLINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '15' MINUTE)
WITH ('connector'='filesystem', 'path'='${data}/late.csv', 'format'='csv');
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), k STRING, n BIGINT, total BIGINT, top BIGINT) WITH (${sink:sink});
CREATE VIEW everything AS SELECT k, v, ts FROM patient UNION ALL SELECT who, n, at_time FROM visits UNION ALL SELECT k, v, ts FROM again;
INSERT INTO sink SELECT window_start, window_end, k, COUNT(*), SUM(v), MAX(v)
FROM TABLE(TUMBLE(TABLE everything, DESCRIPTOR(ts), INTERVAL '20' SECOND))
GROUP BY window_start, window_end, k;
