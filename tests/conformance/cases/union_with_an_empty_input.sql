-- rule: M3, M10
-- about: an input without records ends at once, and does not hold the other back
CREATE TABLE nothing (k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
WITH ('connector'='filesystem', 'path'='${data}/none.csv', 'format'='csv');
CREATE TABLE patient (k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '10' MINUTE)
WITH ('connector'='filesystem', 'path'='${data}/late.csv', 'format'='csv');
CREATE VIEW everything AS SELECT * FROM nothing UNION ALL SELECT * FROM patient;
CREATE TABLE sink (ws TIMESTAMP(3), k STRING, n BIGINT, total INT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, k, COUNT(*), SUM(v)
FROM TABLE(TUMBLE(TABLE everything, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, k;
