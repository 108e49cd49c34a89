-- rule: M3, 1.3 COUNT(DISTINCT x)
-- about: different values over both inputs, HAVING, FILTER, CUMULATE
CREATE TABLE patient (k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE)
WITH ('connector'='filesystem', 'path'='${data}/late.csv', 'format'='csv');
CREATE TABLE visits (k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE)
WITH ('connector'='filesystem', 'path'='${data}/visits.csv', 'format'='csv');
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), keys_seen BIGINT, vs BIGINT, small_vs BIGINT, total INT) WITH (${sink:sink});
INSERT INTO sink WITH everything AS (SELECT k, v, ts FROM patient UNION ALL SELECT k, v, ts FROM visits)
SELECT window_start, window_end, COUNT(DISTINCT k), COUNT(DISTINCT v), COUNT(DISTINCT v) FILTER (WHERE v < 10), SUM(v)
FROM TABLE(CUMULATE(TABLE everything, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '30' SECOND))
GROUP BY window_start, window_end HAVING COUNT(*) > 3;
