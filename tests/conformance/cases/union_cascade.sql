-- rule: M3, W13
-- about: a window over the windows of a union, and the same windows once more
CREATE TABLE patient (k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE)
WITH ('connector'='filesystem', 'path'='${data}/late.csv', 'format'='csv');
CREATE TABLE visits (k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE)
WITH ('connector'='filesystem', 'path'='${data}/visits.csv', 'format'='csv');
CREATE VIEW everything AS SELECT k, v, ts FROM patient UNION ALL SELECT k, v, ts FROM visits;
CREATE VIEW tens AS SELECT window_start AS s, window_end AS e, window_time AS wt, k, COUNT(*) AS n, SUM(v) AS total
FROM TABLE(TUMBLE(TABLE everything, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, window_time, k;
CREATE TABLE sink (ws TIMESTAMP(3), k STRING, n BIGINT, windows BIGINT) WITH (${sink:sink});
CREATE TABLE tops (ws TIMESTAMP(3), top BIGINT, k BIGINT) WITH (${sink:tops});
EXECUTE STATEMENT SET BEGIN
INSERT INTO sink SELECT window_start, k, SUM(n), COUNT(*)
FROM TABLE(TUMBLE(TABLE tens, DESCRIPTOR(wt), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, k;
INSERT INTO tops SELECT window_start, MAX(n), COUNT(k) FROM (
  SELECT window_start, window_end, k, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE everything, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, k)
GROUP BY window_start, window_end;
END;
