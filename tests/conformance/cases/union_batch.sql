-- rule: M3, M11
-- about: windows over a union of two tables as batch: nothing is late
-- include: late
SET 'execution.runtime-mode' = 'batch';
CREATE TABLE visits (k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
WITH ('connector'='filesystem', 'path'='${data}/visits.csv', 'format'='csv');
CREATE VIEW everything AS SELECT k, v, ts FROM late UNION ALL SELECT k, v, ts FROM visits WHERE k <> 'u1';
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), n BIGINT, total INT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, window_end, COUNT(*), SUM(v)
FROM TABLE(HOP(TABLE everything, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '30' SECOND)) GROUP BY window_start, window_end;
