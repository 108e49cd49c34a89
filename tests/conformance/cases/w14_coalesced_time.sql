-- rule: W14
-- about: the portable form: a computed time that is never NULL
CREATE TABLE nulltime (k STRING, v INT, t STRING, ts AS COALESCE(TO_TIMESTAMP(t), TO_TIMESTAMP('2026-01-01 00:00:00')),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
WITH ('connector'='filesystem', 'path'='${data}/nulltime.csv', 'format'='csv', 'csv.null-literal'='NULL');
CREATE TABLE sink (ws TIMESTAMP(3), k STRING, n BIGINT, total INT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, k, COUNT(*), SUM(v)
FROM TABLE(TUMBLE(TABLE nulltime, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, k;
