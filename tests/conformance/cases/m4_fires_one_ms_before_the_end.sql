-- rule: M4, M2
-- about: a window fires when the watermark reaches its end - 1 ms, after the very row; the next row of it is late
CREATE TABLE firing (k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
WITH ('connector'='filesystem', 'path'='${data}/firing.csv', 'format'='csv');
CREATE TABLE sink (ws TIMESTAMP(3), n BIGINT, total INT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, COUNT(*), SUM(v)
FROM TABLE(TUMBLE(TABLE firing, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
